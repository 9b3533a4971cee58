// SPDX-License-Identifier: Apache-2.0
// Packed tracks over a real store: the same answer packed or not, late data, thinning, dropping, repeating, crashes.

#include "store_both.h"

#include <pthread.h>
#include <stdatomic.h>

#include "platform/tracks.h"

#define DAY_MS  TRACK_DAY_MS
#define DAY0    (INT64_C(20717) * DAY_MS)
#define HOUR_MS INT64_C(3600000)

struct world {
    struct test_place place;
    struct store *store;
    struct tracks_packer packer;
    uint64_t n; /* observations made */
};

static struct store *open_small(const struct world *w) /* small segments, so that there are many */
{
    char why[600] = "";
    struct test_place place = w->place;
    strcat(place.url, pg_test_wanted() ? "" : "?segment_rows=1000");
    struct store *store = store_open(BOTH, place.url, why, sizeof why);
    if (!store) {
        fail_msg("store_open: %s", why);
    }
    return store;
}

static int begin(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    place_make(&w->place);
    w->store = open_small(w);
    w->packer = (struct tracks_packer){.store = w->store, .policy = tracks_policy_default()};
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;
    store_close(w->store);
    place_remove(&w->place);
    free(w);
    return 0;
}

static void open_again(struct world *w)
{
    store_close(w->store);
    w->store = open_small(w);
    w->packer = (struct tracks_packer){.store = w->store, .policy = w->packer.policy};
}

struct rows {
    struct sample samples[500];
    struct store_row rows[500];
    size_t n;
};

static void write_rows(struct world *w, struct rows *rows)
{
    assert_int_equal(rows->n ? store_append(w->store, rows->rows, rows->n) : 0, 0);
    rows->n = 0;
}

/* One observation; every 7th has no fix, every 50th an event. */
static void say(struct world *w, struct rows *rows, unsigned seal, int64_t at_ms, int64_t received_ms)
{
    struct sample *s = &rows->samples[rows->n];
    make_sample(s, w->n++, 1);
    snprintf(s->o.device, sizeof s->o.device, "75%08u", seal);
    s->o.time_ms = at_ms;
    s->o.received_ms = received_ms;
    s->o.has &= w->n % 7 ? UINT32_MAX : ~(uint32_t)BULLA_HAS_FIX;
    s->o.stored = received_ms - at_ms > HOUR_MS;
    if (w->n % 50 == 0) {
        bulla_observation_add_event(&s->o, BULLA_EVENT_ROPE_CUT);
    }
    rows->rows[rows->n] = (struct store_row){&s->o, {s->raw, s->raw_len}, false};
    if (++rows->n == 500) {
        write_rows(w, rows);
    }
}

/* `seals` report every step_s from day `from` up to and without day `until`. */
static void drive(struct world *w, unsigned seals, int from, int until, int step_s)
{
    static struct rows rows;
    for (int64_t at = DAY0 + from * DAY_MS; at < DAY0 + until * DAY_MS; at += step_s * 1000) {
        for (unsigned seal = 0; seal < seals; seal++) {
            say(w, &rows, seal, at + seal, at + seal + 1500);
        }
    }
    write_rows(w, &rows);
}

static void late(struct world *w, unsigned seal, int64_t at_ms, int64_t received_ms)
{
    static struct rows rows;
    say(w, &rows, seal, at_ms, received_ms);
    write_rows(w, &rows);
    usleep(pg_test_wanted() ? 300000 : 0); /* PostgreSQL looks at what arrived four times a second at most */
}

struct answer {
    struct track_fix *fixes;
    size_t n, size, packed;
};

static void take(void *context, const struct track_fix *fix, const char *id)
{
    struct answer *a = context;
    if (a->n == a->size) {
        a->size = a->size * 2 + 64;
        a->fixes = realloc(a->fixes, a->size * sizeof *a->fixes);
        assert_non_null(a->fixes);
    }
    a->fixes[a->n++] = *fix;
    a->packed += id[0] == '\0';
}

static const char *name_of(unsigned seal)
{
    static char name[2][MODEL_SEAL_SIZE];
    static int next;
    next = !next;
    snprintf(name[next], sizeof name[next], "jt701:75%08u", seal);
    return name[next];
}

static struct answer ask(struct world *w, unsigned seal, int64_t from_ms, int64_t until_ms, size_t limit)
{
    struct answer a = {0};
    int outcome = tracks_read(w->store, name_of(seal), from_ms, until_ms, limit, take, &a);
    if (outcome) {
        fail_msg("tracks_read: %d: %s", outcome, store_error(w->store));
    }
    return a;
}

static void take_observation(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct track_fix fix = tracks_fix(o);
    (void)raw;
    take(context, &fix, o->id);
}

static struct answer ask_observations(struct world *w, unsigned seal, int64_t from_ms, int64_t until_ms, size_t limit)
{
    struct answer a = {0};
    assert_int_equal(store_observations(w->store, name_of(seal), from_ms, until_ms, limit, take_observation, &a), 0);
    return a;
}

static void check_equal(const struct answer *a, const struct answer *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(track_compare(&a->fixes[i], &b->fixes[i]), 0);
    }
}

/* The same as the observations say, over many spans; returns how many of all fixes came from blocks. */
static size_t check_same_answer(struct world *w, unsigned seal)
{
    static const int64_t SPANS[][2] = {{INT64_MIN, INT64_MAX}, {DAY0, DAY0 + DAY_MS - 1}, {DAY0 + 5 * HOUR_MS, DAY0 + 6 * HOUR_MS},
                                       {DAY0 + 20 * HOUR_MS, DAY0 + 30 * HOUR_MS}, {DAY0 + 30 * HOUR_MS, DAY0 + 100 * DAY_MS},
                                       {DAY0 - DAY_MS, DAY0 - 1}, {DAY0 + DAY_MS - 1, DAY0 + DAY_MS}, {DAY0 + 1, DAY0}};
    size_t packed = 0;
    for (size_t i = 0; i < sizeof SPANS / sizeof *SPANS; i++) {
        for (size_t limit = 0; limit < 3; limit++) {
            const size_t limits[] = {0, 1, 100};
            struct answer a = ask(w, seal, SPANS[i][0], SPANS[i][1], limits[limit]);
            struct answer b = ask_observations(w, seal, SPANS[i][0], SPANS[i][1], limits[limit]);
            check_equal(&a, &b);
            packed = i == 0 && limit == 0 ? a.packed : packed;
            free(a.fixes);
            free(b.fixes);
        }
    }
    return packed;
}

static struct tracks_done turn_all(struct world *w, int64_t now_ms)
{
    struct tracks_done done = {0};
    for (int turns = 0; turns == 0 || done.more; turns++) {
        int outcome = tracks_turn(&w->packer, now_ms, 3, &done);
        if (outcome) {
            fail_msg("tracks_turn: %d: %s", outcome, store_error(w->store));
        }
        assert_in_range(turns, 0, 10000);
    }
    return done;
}

static void test_same_answer(void **state)
{
    struct world *w = *state;
    drive(w, 3, 0, 4, 300); /* 4 days, several segments */
    assert_int_equal(check_same_answer(w, 1), 0);
    struct tracks_done done = turn_all(w, DAY0 + 3 * DAY_MS + 5 * HOUR_MS); /* the third day's grace is not over */
    assert_int_equal(done.packed, 6);
    assert_int_equal(done.fixes, 6 * 288);
    for (unsigned seal = 0; seal < 3; seal++) {
        assert_int_equal(check_same_answer(w, seal), 2 * 288);
    }
    done = turn_all(w, DAY0 + 3 * DAY_MS + 6 * HOUR_MS);
    assert_int_equal(done.packed, 3);
    done = turn_all(w, DAY0 + 3 * DAY_MS + 7 * HOUR_MS); /* nothing twice */
    assert_int_equal(done.packed, 0);
    open_again(w);
    done = turn_all(w, DAY0 + 3 * DAY_MS + 8 * HOUR_MS); /* nor after a new start */
    assert_int_equal(done.packed, 0);
    assert_int_equal(check_same_answer(w, 2), 3 * 288);
    struct store_track_size size;
    assert_int_equal(store_track_size(w->store, &size), 0);
    assert_int_equal(size.blocks, 9);
    assert_int_equal(size.fixes, 9 * 288);
    assert_int_equal(size.seals, 3);
    assert_int_equal(size.due, 3); /* the day that goes on */
    assert_int_equal(size.first_day_ms, DAY0);
    assert_int_equal(size.last_day_ms, DAY0 + 2 * DAY_MS);
}

static void test_late(void **state)
{
    struct world *w = *state;
    drive(w, 2, 0, 2, 300);
    int64_t now = DAY0 + 2 * DAY_MS + 6 * HOUR_MS;
    assert_int_equal(turn_all(w, now).packed, 4);
    assert_int_equal(check_same_answer(w, 0), 2 * 288);
    late(w, 0, DAY0 + 7 * HOUR_MS + 1, now + 1000);
    assert_int_equal(check_same_answer(w, 0), 288); /* told from the moment when it is durable */
    assert_int_equal(check_same_answer(w, 1), 2 * 288);
    assert_int_equal(turn_all(w, now + HOUR_MS).packed, 0); /* more may come: it waits */
    late(w, 0, DAY0 + 7 * HOUR_MS + 2, now + HOUR_MS);
    open_again(w);
    assert_int_equal(check_same_answer(w, 0), 288);
    struct tracks_done done = turn_all(w, now + 6 * HOUR_MS);
    assert_int_equal(done.packed, 1);
    assert_int_equal(done.fixes, 290);
    assert_int_equal(check_same_answer(w, 0), 2 * 288 + 2);
    late(w, 0, DAY0 - 100 * DAY_MS, now + 7 * HOUR_MS); /* a day that nobody heard of before */
    assert_int_equal(turn_all(w, now + 8 * HOUR_MS).packed, 1);
    assert_int_equal(check_same_answer(w, 0), 2 * 288 + 3);
}

static void take_due(void *context, const struct store_due *due)
{
    *(struct store_due *)context = *due;
}

/* What arrives between listing what is due and writing the block is not lost. */
static void test_between(void **state)
{
    struct world *w = *state;
    drive(w, 1, 0, 1, 300);
    struct store_due_query q = {.from_ms = INT64_MIN, .until_ms = INT64_MAX, .packed_before_ms = INT64_MAX, .limit = 10};
    struct store_due due = {0};
    assert_int_equal(store_track_due(w->store, &q, take_due, &due), 0);
    struct answer a = ask_observations(w, 0, DAY0, DAY0 + DAY_MS - 1, 0);
    late(w, 0, DAY0 + 1, DAY0 + DAY_MS);
    struct track_buffer block = {0};
    char why[96];
    assert_true(track_encode(DAY0, a.fixes, a.n, &block, why));
    struct store_track track = {.day_ms = DAY0, .first_ms = a.fixes[0].at_ms, .last_ms = a.fixes[a.n - 1].at_ms, .fixes = (uint32_t)a.n,
                                .bytes = {block.at, block.len}, .packed_ms = DAY0 + DAY_MS, .mark = due.mark};
    snprintf(track.seal, sizeof track.seal, "%s", name_of(0));
    struct answer before = ask(w, 0, DAY0, DAY0 + 10, 0); /* a reader looks in between as well */
    assert_int_equal(store_track_put(w->store, &track, 1), 0);
    assert_int_equal(check_same_answer(w, 0), 0);
    assert_int_equal(turn_all(w, DAY0 + 3 * DAY_MS).packed, 1);
    assert_int_equal(check_same_answer(w, 0), 289);
    free(before.fixes);
    free(a.fixes);
    free(block.at);
}

static void test_thin(void **state)
{
    struct world *w = *state;
    drive(w, 2, 0, 1, 10);
    drive(w, 2, 60, 61, 300);
    assert_int_equal(turn_all(w, DAY0 + 62 * DAY_MS).packed, 4);
    assert_int_equal(turn_all(w, DAY0 + 90 * DAY_MS).thinned, 0);
    struct answer before = ask(w, 1, DAY0, DAY0 + DAY_MS - 1, 0);
    assert_int_equal(before.n, 8640);
    int64_t now = DAY0 + 91 * DAY_MS;
    assert_int_equal(turn_all(w, now).thinned, 2);
    assert_int_equal(turn_all(w, now).thinned, 0);
    struct answer after = ask(w, 1, DAY0, DAY0 + DAY_MS - 1, 0), wanted = before;
    wanted.n = track_thin(before.fixes, before.n, 60);
    assert_in_range(wanted.n, 1440, 6000); /* each of the many without a fix shows a change */
    check_equal(&after, &wanted);
    late(w, 1, DAY0 + HOUR_MS + 7, now); /* packed anew, thinned at once */
    assert_int_equal(turn_all(w, now + 7 * HOUR_MS).packed, 1);
    struct answer again = ask(w, 1, DAY0, DAY0 + DAY_MS - 1, 0);
    assert_in_range(again.n, after.n, after.n + 4); /* itself, and what shows the change on both sides */
    free(before.fixes);
    free(after.fixes);
    free(again.fixes);
}

static void test_drop(void **state)
{
    struct world *w = *state;
    w->packer.policy.observations_days = 30;
    w->packer.policy.tracks_days = 100;
    w->packer.policy.thin_days = 0;
    drive(w, 2, 0, 10, 300);
    drive(w, 1, 45, 46, 300);
    struct answer before = ask_observations(w, 1, INT64_MIN, INT64_MAX, 0);
    late(w, 1, DAY0 + 4000 * DAY_MS, DAY0 + 9 * DAY_MS); /* a clock far ahead: keeps nothing, and is kept itself */
    struct tracks_done done = turn_all(w, DAY0 + 46 * DAY_MS);
    assert_int_equal(done.packed, 20 + 1); /* the last day, 45, is not finished; that of the wrong clock is packed */
    assert_in_range(done.observations_dropped, 4000, 5761);
    struct answer after = ask(w, 1, INT64_MIN, DAY0 + 100 * DAY_MS, 0);
    check_equal(&before, &after);
    struct answer far = ask(w, 1, DAY0 + 4000 * DAY_MS, INT64_MAX, 0);
    assert_int_equal(far.n, 1);
    struct answer left = ask_observations(w, 1, INT64_MIN, INT64_MAX, 0);
    assert_true(left.n < before.n / 2);
    /* late data for a day whose observations are gone is added to what is packed */
    late(w, 1, DAY0 + HOUR_MS + 5, DAY0 + 46 * DAY_MS);
    for (int round = 0; round < 2; round++) {
        struct answer both = ask(w, 1, INT64_MIN, DAY0 + 100 * DAY_MS, 0);
        assert_int_equal(both.n, before.n + 1);
        free(both.fixes);
        turn_all(w, DAY0 + 47 * DAY_MS);
        open_again(w);
        w->packer.policy.observations_days = 30;
    }
    assert_int_equal(turn_all(w, DAY0 + 105 * DAY_MS).tracks_dropped, 2 * 5); /* days 0 to 4 */
    struct answer rest = ask(w, 1, DAY0 + DAY_MS, DAY0 + 5 * DAY_MS - 1, 0); /* day 0 has the late one, still in the history */
    assert_int_equal(rest.n, 0);
    free(before.fixes);
    free(after.fixes);
    free(far.fixes);
    free(left.fixes);
    free(rest.fixes);
}

static void spoil(struct world *w, const char *sql)
{
    char command[400];
    snprintf(command, sizeof command, "sqlite3 %s/tracks.db \"%s\"", w->place.folder, sql);
    assert_int_equal(system(command), 0);
}

static void test_damage(void **state)
{
    struct world *w = *state;
    if (pg_test_wanted() || system("command -v sqlite3 >/dev/null")) {
        skip(); /* spoils the file of SQLite */
    }
    drive(w, 1, 0, 2, 300);
    int64_t now = DAY0 + 3 * DAY_MS;
    turn_all(w, now);
    store_close(w->store);
    spoil(w, "UPDATE track SET bytes = substr(bytes, 1, 100) || x'00' || substr(bytes, 102)");
    w->store = open_small(w);
    w->packer = (struct tracks_packer){.store = w->store, .policy = w->packer.policy};
    check_same_answer(w, 0); /* from the observations */
    struct tracks_done done = {0};
    assert_int_equal(tracks_rebuild(&w->packer, now, "", INT64_MIN, INT64_MAX, &done), 0);
    assert_int_equal(done.packed, 2);
    assert_int_equal(done.damaged, 2);
    assert_int_equal(check_same_answer(w, 0), 2 * 288);
}

/* The whole file lost: it is made again from what is there. */
static void test_lost(void **state)
{
    struct world *w = *state;
    if (pg_test_wanted()) {
        skip(); /* there is no such file */
    }
    drive(w, 2, 0, 4, 300);
    int64_t now = DAY0 + 5 * DAY_MS;
    turn_all(w, now);
    store_close(w->store);
    char path[100];
    snprintf(path, sizeof path, "%s/tracks.db", w->place.folder);
    assert_int_equal(unlink(path), 0);
    w->store = open_small(w);
    w->packer = (struct tracks_packer){.store = w->store, .policy = w->packer.policy};
    assert_int_equal(check_same_answer(w, 1), 0);
    assert_int_equal(turn_all(w, now).packed, 8);
    assert_int_equal(check_same_answer(w, 1), 4 * 288);
}

static void test_rebuild_span(void **state)
{
    struct world *w = *state;
    drive(w, 2, 0, 5, 300);
    struct tracks_done done = {0};
    int64_t now = DAY0 + 10 * DAY_MS;
    assert_int_equal(tracks_rebuild(&w->packer, now, name_of(1), DAY0 + DAY_MS, DAY0 + 2 * DAY_MS, &done), 0);
    assert_int_equal(done.packed, 2);
    assert_int_equal(tracks_rebuild(&w->packer, now, "", DAY0 + 4 * DAY_MS, INT64_MAX, &done), 0);
    assert_int_equal(done.packed, 4);
    assert_int_equal(tracks_rebuild(&w->packer, now, "", DAY0 + 6 * DAY_MS, DAY0 + 5 * DAY_MS, &done), 0);
    assert_int_equal(done.packed, 4);
    check_same_answer(w, 1);
}

/* A flood of one seal in one day takes bounded memory and still gives a block. */
static void test_crowded(void **state)
{
    struct world *w = *state;
    store_close(w->store);
    w->store = place_open(&w->place);
    w->packer.store = w->store;
    static struct rows rows;
    for (int i = 0; i < 210000; i++) {
        say(w, &rows, 0, DAY0 + i * 400, DAY0 + i * 400 + 1500);
    }
    write_rows(w, &rows);
    struct tracks_done done = turn_all(w, DAY0 + 2 * DAY_MS);
    assert_int_equal(done.packed, 1);
    assert_int_equal(done.crowded, 1);
    assert_in_range(done.fixes, 80000, 200000);
}

struct race {
    struct world *w;
    atomic_bool stop;
    atomic_int failures;
    size_t wanted;
};

static void *read_on(void *context)
{
    struct race *race = context;
    while (!race->stop) {
        struct answer a = {0};
        int outcome = tracks_read(race->w->store, "jt701:7500000001", INT64_MIN, DAY0 + 100 * DAY_MS, 0, take, &a);
        race->failures += outcome != 0 || a.n != race->wanted;
        free(a.fixes);
        a = (struct answer){0};
        race->failures += store_observations(race->w->store, "jt701:7500000001", INT64_MIN, INT64_MAX, 0, take_observation, &a) != 0;
        free(a.fixes);
    }
    return NULL;
}

/* Readers meet neither an error nor a gap while days are packed and segments dropped under them. */
static void test_readers(void **state)
{
    struct world *w = *state;
    w->packer.policy.observations_days = 30;
    drive(w, 3, 0, 12, 300);
    drive(w, 1, 45, 46, 300);
    struct race race = {.w = w, .wanted = 12 * 288};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, read_on, &race);
    }
    w->packer.policy.thin_days = 0;
    usleep(50000);
    struct tracks_done done = turn_all(w, DAY0 + 46 * DAY_MS);
    usleep(50000);
    race.stop = true;
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(done.observations_dropped > 0);
    assert_int_equal(race.failures, 0);
}

static void test_policy(void **state)
{
    struct world *w = *state;
    struct tracks_policy policy = tracks_policy_default();
    char why[120];
    json_t *good = json_pack("{s:i, s:i}", "observations_days", 0, "thin_step_s", 30);
    assert_true(tracks_policy_read(good, &policy, why));
    assert_int_equal(policy.observations_days, 0);
    assert_int_equal(policy.thin_step_s, 30);
    json_decref(good);
    static const char *const BAD[] = {"{\"observations_days\": 3}", "{\"thin_step_s\": 0}", "{\"grace_h\": \"6\"}", "{\"days\": 6}", "[]",
                                      "{\"thin_days\": -1}", "{\"tracks_days\": 36501}"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        json_t *bad = json_loads(BAD[i], 0, NULL);
        struct tracks_policy was = policy;
        assert_false(tracks_policy_read(bad, &policy, why));
        assert_memory_equal(&was, &policy, sizeof was);
        json_decref(bad);
    }
    assert_int_equal(store_setting_put(w->store, "retention", "{\"tracks_days\": 500}"), 0);
    assert_int_equal(tracks_policy_load(w->store, &policy), 0);
    assert_int_equal(policy.tracks_days, 500);
    assert_int_equal(policy.observations_days, 400);
}

static int64_t day_three(void *host)
{
    (void)host;
    return DAY0 + 3 * DAY_MS;
}

static void test_thread(void **state)
{
    struct world *w = *state;
    drive(w, 2, 0, 2, 600);
    struct clock clock = {day_three, NULL};
    struct tracks_policy policy = tracks_policy_default();
    struct tracks *tracks = tracks_start(w->store, clock, &policy, NULL, NULL);
    assert_non_null(tracks);
    for (int i = 0; i < 500 && tracks_counts(tracks).packed < 4; i++) {
        usleep(10000);
    }
    assert_int_equal(tracks_counts(tracks).packed, 4);
    tracks_stop(tracks);
    assert_int_equal(check_same_answer(w, 1), 2 * 144);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_answer, begin, end),  cmocka_unit_test_setup_teardown(test_late, begin, end),
        cmocka_unit_test_setup_teardown(test_between, begin, end),      cmocka_unit_test_setup_teardown(test_thin, begin, end),
        cmocka_unit_test_setup_teardown(test_drop, begin, end),         cmocka_unit_test_setup_teardown(test_damage, begin, end),
        cmocka_unit_test_setup_teardown(test_lost, begin, end),         cmocka_unit_test_setup_teardown(test_rebuild_span, begin, end),
        cmocka_unit_test_setup_teardown(test_crowded, begin, end),      cmocka_unit_test_setup_teardown(test_readers, begin, end),
        cmocka_unit_test_setup_teardown(test_policy, begin, end),       cmocka_unit_test_setup_teardown(test_thread, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
