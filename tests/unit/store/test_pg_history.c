// SPDX-License-Identifier: Apache-2.0
// The history through the port, on PostgreSQL: once each, whatever repeats; in order of time, whatever the clocks say; whole
// or not at all, whatever breaks. The same cases run on SQLite where they do not look behind the port.

#include "store_both.h"

#include <pthread.h>

#define DAY INT64_C(86400000)

static struct test_place place;
static struct store *store;

static int set_up(void **state)
{
    (void)state;
    place_make(&place);
    store = place_open(&place);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    place_remove(&place);
    return 0;
}

static void reopen(void)
{
    store_close(store);
    store = place_open(&place);
}

static struct seen range(const char *seal, int64_t from_ms, int64_t until_ms, size_t limit)
{
    struct seen seen = {0};
    assert_int_equal(store_observations(store, seal, from_ms, until_ms, limit, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(seen.out_of_order, 0);
    return seen;
}

static int append_one(struct store *to, struct sample *s, bool *duplicate)
{
    struct store_row row = {&s->o, {s->raw, s->raw_len}, false};
    int outcome = store_append(to, &row, 1);
    *duplicate = row.duplicate;
    return outcome;
}

static void appended_is_read_back(void **state)
{
    (void)state;
    assert_int_equal(append_samples(store, 0, 500, 5, NULL), STORE_OK);
    assert_int_equal(range("jt701:7500000003", 0, INT64_MAX, 0).n, 100);
    struct seen part = range("jt701:7500000003", T0 + 3000, T0 + 13000, 0);
    assert_int_equal(part.n, 3); /* 3, 8, 13: both ends belong to it */
    assert_int_equal(part.sum, 3 + 8 + 13);
    assert_int_equal(range("jt701:7500000003", 0, INT64_MAX, 7).n, 7);
    assert_int_equal(range("jt701:7500000003", INT64_MIN, INT64_MAX, 0).n, 100);
    assert_int_equal(range("jt701:none", 0, INT64_MAX, 0).n, 0);
}

static void repeats_in_all_ways(void **state)
{
    (void)state;
    size_t duplicates = 0;
    assert_int_equal(append_samples(store, 0, 100, 1, &duplicates), STORE_OK);
    assert_int_equal(duplicates, 0);
    assert_int_equal(append_samples(store, 50, 100, 1, &duplicates), STORE_OK); /* half of them */
    assert_int_equal(duplicates, 50);
    reopen();
    duplicates = 0;
    assert_int_equal(append_samples(store, 0, 150, 1, &duplicates), STORE_OK); /* all, after a restart */
    assert_int_equal(duplicates, 150);
    struct sample twice;
    make_sample(&twice, 900, 1);
    struct store_row rows[2] = {{&twice.o, {twice.raw, twice.raw_len}, false}, {&twice.o, {twice.raw, twice.raw_len}, true}};
    assert_int_equal(store_append(store, rows, 2), STORE_OK); /* in the batch itself */
    assert_false(rows[0].duplicate);
    assert_true(rows[1].duplicate);
    twice.o.received_ms += 3600000; /* again, later */
    bool duplicate = false;
    assert_int_equal(append_one(store, &twice, &duplicate), STORE_OK);
    assert_true(duplicate);
    assert_int_equal(range("jt701:7500000000", 0, INT64_MAX, 0).n, 151);
}

/* Without a time the hour of arrival is in the identity: the same id may come again at any time in it. */
static void repeats_without_a_time(void **state)
{
    (void)state;
    struct sample s;
    bool duplicate = true;
    int64_t hour = T0 - T0 % 3600000;
    make_sample(&s, 1, 1);
    s.o.has &= ~(uint32_t)BULLA_HAS_TIME;
    s.o.time_ms = BULLA_TIME_NONE;
    s.o.received_ms = hour;
    assert_int_equal(append_one(store, &s, &duplicate), STORE_OK);
    assert_false(duplicate);
    for (int64_t later = 1000; later < 3600000; later += 1799000) {
        s.o.received_ms = hour + later;
        assert_int_equal(append_one(store, &s, &duplicate), STORE_OK);
        assert_true(duplicate);
    }
    struct seen seen = {0};
    assert_int_equal(store_observations(store, "jt701:7500000000", hour, hour, 0, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.last_ms, BULLA_TIME_NONE);
}

static void late_data_comes_in_order_of_its_own_time(void **state)
{
    (void)state;
    static const uint64_t FIRST[] = {400, 0, 300, 100, 500, 200}; /* arrival order of blocks */
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(append_samples(store, FIRST[i], 100, 1, NULL), STORE_OK);
    }
    assert_int_equal(range("jt701:7500000000", 0, INT64_MAX, 0).n, 600);
    assert_int_equal(range("jt701:7500000000", T0 + 250000, T0 + 349000, 0).n, 100);
    assert_int_equal(range("jt701:7500000000", 0, INT64_MAX, 450).n, 450);
}

static void see_percent(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    (void)raw;
    size_t used = strlen(context);
    snprintf((char *)context + used, 64 - used, "%d ", o->percent);
}

/* Clocks tell seconds: what came first of one second is first. */
static void equal_times_keep_the_order_of_arrival(void **state)
{
    (void)state;
    struct sample s[6];
    struct store_row rows[6];
    char order[64] = "";
    for (uint64_t i = 0; i < 6; i++) {
        make_sample(&s[i], 1 + i, 1);
        s[i].o.time_ms = T0;
        s[i].o.percent = (uint8_t)(10 + i);
        rows[i] = (struct store_row){&s[i].o, {s[i].raw, s[i].raw_len}, false};
    }
    assert_int_equal(store_append(store, &rows[3], 3), STORE_OK);
    assert_int_equal(store_append(store, &rows[0], 2), STORE_OK);
    assert_int_equal(store_append(store, rows, 3), STORE_OK); /* two of them again */
    assert_int_equal(store_observations(store, "jt701:7500000000", 0, INT64_MAX, 0, see_percent, order), STORE_OK);
    assert_string_equal(order, "13 14 15 10 11 12 ");
}

/* 1970, 2099, long ago, long ahead: found by their time, in order, once each, and no table is made for them. */
static void absurd_times(void **state)
{
    (void)state;
    static const int64_t TIMES[] = {0,        1000,         T0 - 4000 * DAY,        T0 - 93 * DAY,    T0 - 40 * DAY, T0 + 5000,
                                    T0 + DAY, T0 + 3 * DAY, INT64_C(4070908800000), INT64_MAX - 1000, -5 * DAY,      T0 - 92 * DAY};
    enum { N = sizeof TIMES / sizeof *TIMES };
    struct sample s[N];
    for (int again = 0; again < 2; again++) {
        for (uint64_t i = 0; i < N; i++) {
            bool duplicate = false;
            make_sample(&s[i], 1 + i, 1);
            s[i].o.time_ms = TIMES[i];
            s[i].o.received_ms = T0 + (again ? 100 * DAY : 0); /* stored data that comes again long after is the same */
            assert_int_equal(append_one(store, &s[i], &duplicate), STORE_OK);
            assert_int_equal(duplicate, again);
        }
    }
    struct seen seen = {0};
    assert_int_equal(store_observations(store, "jt701:7500000000", INT64_MIN, INT64_MAX, 0, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.n, N);
    assert_int_equal(seen.out_of_order, 0);
    seen = (struct seen){0};
    assert_int_equal(store_observations(store, "jt701:7500000000", -6 * DAY, 500, 0, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.n, 2);
    for (size_t i = 0; i < N; i++) {
        seen = (struct seen){0};
        assert_int_equal(store_observation_get(store, s[i].o.id, see_sample, &seen), STORE_OK);
        assert_int_equal(seen.n, 1);
    }
    if (pg_test_wanted()) {
        assert_int_equal(ask_number(store, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'observation'::regclass"),
                         4); /* -92, -40, 0, and 1 */
    }
}

/* More days than are read at once, and pages of one span. */
static void a_long_span_is_read_in_order(void **state)
{
    (void)state;
    struct sample s;
    bool duplicate = false;
    for (uint64_t day = 0; day < 80; day++) {
        make_sample(&s, 1 + day, 1);
        s.o.time_ms = T0 - (int64_t)(day * 37 % 80) * DAY;
        s.o.received_ms = T0 + 1000;
        assert_int_equal(append_one(store, &s, &duplicate), STORE_OK);
    }
    struct seen seen = {0};
    assert_int_equal(store_observations(store, "jt701:7500000000", T0 - 90 * DAY, T0, 0, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.n, 80);
    assert_int_equal(seen.out_of_order, 0);
    seen = (struct seen){0};
    assert_int_equal(store_observations(store, "jt701:7500000000", T0 - 70 * DAY, T0 - 10 * DAY, 45, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.n, 45);
    assert_int_equal(seen.out_of_order, 0);
    make_sample(&s, 38, 1); /* of the oldest span */
    seen = (struct seen){0};
    reopen();
    assert_int_equal(store_observation_get(store, s.o.id, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.n, 1);
    seen = (struct seen){0};
    assert_int_equal(append_samples(store, 100000, 9000, 1, NULL), STORE_OK); /* more than a page */
    assert_int_equal(range("jt701:7500000000", T0 + 100000000, INT64_MAX, 0).n, 9000);
    assert_int_equal(range("jt701:7500000000", T0 + 100000000, INT64_MAX, 8200).n, 8200);
}

static void one_is_found_by_id(void **state)
{
    (void)state;
    struct sample s;
    bool duplicate = false;
    assert_int_equal(append_samples(store, 0, 1000, 3, NULL), STORE_OK);
    make_sample(&s, 7777, 1);
    snprintf(s.o.id, sizeof s.o.id, "scenario-1/line 12");
    assert_int_equal(append_one(store, &s, &duplicate), STORE_OK);
    struct seen seen = {0};
    assert_int_equal(store_observation_get(store, "scenario-1/line 12", see_sample, &seen), STORE_OK);
    assert_int_equal(seen.n, 1);
    assert_int_equal(append_one(store, &s, &duplicate), STORE_OK);
    assert_true(duplicate);
    make_sample(&s, 499, 3);
    seen = (struct seen){0};
    assert_int_equal(store_observation_get(store, s.o.id, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.sum, 499);
    assert_int_equal(store_observation_get(store, "00000000000000000000000000000000", see_sample, &seen), STORE_NOT_FOUND);
    assert_non_null(strstr(store_error(store), "does not exist"));
}

static void latest_is_the_newest_state_that_can_be_true(void **state)
{
    (void)state;
    for (uint64_t first = 0; first < 3000; first += 500) {
        assert_int_equal(append_samples(store, first, 500, 10, NULL), STORE_OK);
    }
    struct sample s[3];
    for (size_t i = 0; i < 3; i++) {
        make_sample(&s[i], 2500 + i, 10);
        s[i].o.id[0] = 'f';
    }
    s[0].o.time_ms += 73 * 365 * DAY; /* seal 0: says 2099, came before 2990 */
    s[1].o.time_ms += DAY;            /* seal 1: a day ahead, came before 2991 */
    s[2].o.time_ms = T0 - 500 * DAY;  /* seal 2: stored data, arriving last */
    s[2].o.received_ms = T0 + 9999000;
    for (size_t i = 0; i < 3; i++) {
        bool duplicate = false;
        assert_int_equal(append_one(store, &s[i], &duplicate), STORE_OK);
    }
    for (int again = 0; again < 2; again++) {
        struct seen seen = {0};
        assert_int_equal(store_latest(store, see_sample, &seen), STORE_OK);
        assert_int_equal(seen.n, 10);
        assert_int_equal(seen.sum, 10 * 2990 + 45); /* 2990 .. 2999 */
        reopen();
    }
}

/* Over days, a seal with strays alone, and one whose last word was a day ahead of its clock. */
static void latest_over_days(void **state)
{
    (void)state;
    struct sample s;
    bool duplicate;
    for (uint64_t n = 0; n < 200; n++) {
        make_sample(&s, n, 50);
        s.o.time_ms = T0 - (int64_t)(n * 31 % 80) * DAY + (int64_t)n;
        s.o.received_ms = T0 + 1000;
        assert_int_equal(append_one(store, &s, &duplicate), STORE_OK);
    }
    make_sample(&s, 1000, 1);
    snprintf(s.o.device, sizeof s.o.device, "stray");
    s.o.time_ms = 5;
    assert_int_equal(append_one(store, &s, &duplicate), STORE_OK);
    make_sample(&s, 2000, 1);
    snprintf(s.o.device, sizeof s.o.device, "ahead");
    s.o.time_ms = T0 + DAY + DAY / 2;
    s.o.received_ms = T0;
    assert_int_equal(append_one(store, &s, &duplicate), STORE_OK);
    uint64_t sum = 3000;
    for (uint64_t seal = 0; seal < 50; seal++) {
        uint64_t best = seal;
        for (uint64_t n = seal; n < 200; n += 50) {
            int64_t at = -(int64_t)(n * 31 % 80) * DAY + (int64_t)n, best_at = -(int64_t)(best * 31 % 80) * DAY + (int64_t)best;
            best = at > best_at ? n : best;
        }
        sum += best;
    }
    struct seen seen = {0};
    assert_int_equal(store_latest(store, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.n, 52);
    assert_int_equal(seen.sum, sum);
}

static void rows_without_identity_are_refused_whole(void **state)
{
    (void)state;
    struct sample a, b;
    make_sample(&a, 1, 1);
    make_sample(&b, 2, 1);
    b.o.id[0] = '\0';
    struct store_row rows[2] = {{&a.o, {a.raw, a.raw_len}, false}, {&b.o, {b.raw, b.raw_len}, false}};
    assert_int_equal(store_append(store, rows, 2), STORE_FAILED);
    assert_non_null(strstr(store_error(store), "id"));
    assert_int_equal(range("jt701:7500000000", 0, INT64_MAX, 0).n, 0);
}

static void whole_days_are_forgotten(void **state)
{
    (void)state;
    struct sample s;
    bool duplicate = false;
    uint64_t gone = 0;
    for (uint64_t day = 0; day < 10; day++) {
        make_sample(&s, 1 + day, 1);
        s.o.time_ms = T0 - (int64_t)day * DAY;
        s.o.received_ms = s.o.time_ms + 1000;
        assert_int_equal(append_one(store, &s, &duplicate), STORE_OK);
    }
    assert_int_equal(store_history_drop(store, T0 - 5 * DAY, &gone), STORE_OK);
    if (pg_test_wanted()) {
        assert_int_equal(gone, 4); /* 6 .. 9; the fifth's table has rows of after its time */
        struct seen seen = {0};
        assert_int_equal(append_one(store, &s, &duplicate), STORE_OK); /* its table is made again */
        assert_false(duplicate);
        assert_int_equal(store_observations(store, "jt701:7500000000", 0, INT64_MAX, 0, see_sample, &seen), STORE_OK);
        assert_int_equal(seen.n, 7);
    }
}

/* --- PostgreSQL alone --- */

static struct store *second_store(void)
{
    return place_open(&place);
}

/* A lease sees to it that one writes a seal; if two do all the same, it is stored once. */
struct writing {
    struct store *store;
    size_t duplicates;
    int outcome;
};

static void *write_all(void *context)
{
    struct writing *writing = context;
    for (uint64_t first = 0; first < 4000 && !writing->outcome; first += 200) {
        writing->outcome = append_samples(writing->store, first, 200, 7, &writing->duplicates);
    }
    return NULL;
}

static void two_connections_write_the_same(void **state)
{
    (void)state;
    if (!pg_test_wanted()) {
        skip();
    }
    struct store *other = second_store();
    struct writing writing[2] = {{store, 0, 0}, {other, 0, 0}};
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, write_all, &writing[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(writing[i].outcome, 0);
    }
    assert_int_equal(writing[0].duplicates + writing[1].duplicates, 4000);
    assert_int_equal(ask_number(store, "SELECT count(*) FROM observation"), 4000);
    struct seen seen = {0};
    assert_int_equal(store_latest(other, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.n, 7);
    store_close(other);
}

/* The server ends the connection in the middle of work: nothing of it is kept, and the next goes on. */
static void a_connection_breaks_in_the_middle(void **state)
{
    (void)state;
    if (!pg_test_wanted()) {
        skip();
    }
    size_t duplicates = 0;
    assert_int_equal(append_samples(store, 0, 100, 1, NULL), STORE_OK);
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    assert_int_equal(append_samples(store, 100, 100, 1, NULL), STORE_OK);
    assert_true(pg_test_sql(place.url,
                            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND "
                            "pid <> pg_backend_pid()",
                            NULL, 0));
    assert_int_equal(append_samples(store, 200, 100, 1, NULL), STORE_FAILED);
    assert_int_equal(store_work_end(store, true), STORE_FAILED);
    assert_int_equal(range("jt701:7500000000", 0, INT64_MAX, 0).n, 100);
    assert_int_equal(append_samples(store, 0, 300, 1, &duplicates), STORE_OK); /* a seal's number and its day, too */
    assert_int_equal(duplicates, 100);
    assert_int_equal(append_samples(store, 1000, 10, 300, NULL), STORE_OK); /* new seals, beside a broken connection */
    assert_int_equal(range("jt701:7500000000", 0, INT64_MAX, 0).n, 300);
}

/* Undone work leaves seals' days as they were: the latest is right all the same. */
static void undone_work_leaves_nothing(void **state)
{
    (void)state;
    if (!pg_test_wanted()) {
        skip();
    }
    for (int round = 0; round < 4; round++) {
        assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
        assert_int_equal(append_samples(store, 86400 * (uint64_t)round, 100, 10, NULL), STORE_OK);
        assert_int_equal(append_samples(store, 86400 * (uint64_t)round + 100, 100, 10, NULL), STORE_OK);
        struct seen seen = {0};
        assert_int_equal(store_latest(store, see_sample, &seen), STORE_OK); /* it sees itself */
        assert_int_equal(seen.n, 10);
        assert_int_equal(seen.sum, 10 * (86400 * (uint64_t)round + 190) + 45);
        assert_int_equal(store_work_end(store, round % 2), STORE_OK);
    }
    struct seen seen = {0};
    assert_int_equal(store_latest(store, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.n, 10);
    assert_int_equal(seen.sum, 10 * (86400 * 3 + 190) + 45);
    assert_int_equal(ask_number(store, "SELECT count(*) FROM observation"), 400);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(appended_is_read_back),
        T(repeats_in_all_ways),
        T(repeats_without_a_time),
        T(late_data_comes_in_order_of_its_own_time),
        T(equal_times_keep_the_order_of_arrival),
        T(absurd_times),
        T(a_long_span_is_read_in_order),
        T(one_is_found_by_id),
        T(latest_is_the_newest_state_that_can_be_true),
        T(latest_over_days),
        T(rows_without_identity_are_refused_whole),
        T(whole_days_are_forgotten),
        T(two_connections_write_the_same),
        T(a_connection_breaks_in_the_middle),
        T(undone_work_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
