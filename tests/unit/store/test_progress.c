// SPDX-License-Identifier: Apache-2.0
// Progress, traces, handing over, changes and tracks through the port, on every back end that several nodes use.

#include "partitions_support.h"

/* --- progress --- */

static void take_number(void *context, const char *source, uint64_t number)
{
    size_t used = strlen(context);
    snprintf((char *)context + used, 100 - used, "%s=%llu ", source, (unsigned long long)number);
}

static void take_partition(void *context, unsigned partition, uint64_t number)
{
    size_t used = strlen(context);
    snprintf((char *)context + used, 100 - used, "%u=%llu ", partition, (unsigned long long)number);
}

static int put(unsigned partition, uint64_t to, const char *source, uint64_t number)
{
    struct store_progress progress = {.partition = partition, .place = to, .number = number, .node = "a"};
    snprintf(progress.source, sizeof progress.source, "%s", source);
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    int outcome = store_progress_put(store, &progress, 1);
    assert_int_equal(store_work_end(store, true), STORE_OK);
    return outcome;
}

static void progress_goes_forward(void **state)
{
    (void)state;
    char text[100] = "";
    uint64_t place_now = 99;
    assert_int_equal(store_progress(other, 5, &place_now, take_number, text), STORE_OK);
    assert_int_equal(place_now, 0);
    assert_int_equal(put(5, 10, "S1", 1), STORE_OK);
    assert_int_equal(put(5, 12, "S2", 1), STORE_OK);
    assert_int_equal(put(5, 13, "S1", 2), STORE_OK);
    assert_int_equal(put(6, 3, "S1", 8), STORE_OK);
    assert_int_equal(put(5, 15, "S1", 2), STORE_OK); /* a parcel that was in the stream twice */
    if (store_work_joins(store)) {
        assert_int_equal(put(5, 15, "S1", 2), STORE_CONFLICT);
        assert_int_equal(put(5, 14, "S1", 3), STORE_CONFLICT);
        assert_int_equal(put(5, 16, "S1", 1), STORE_CONFLICT);
    }
    assert_int_equal(store_progress(other, 5, &place_now, take_number, text), STORE_OK);
    assert_int_equal(place_now, 15);
    assert_string_equal(text, "S1=2 S2=1 ");
    *text = '\0';
    assert_int_equal(store_progress_of(other, "S1", take_partition, text), STORE_OK);
    assert_string_equal(text, "5=2 6=8 ");
}

/* What was applied before its turn is traced, and moves nothing, also beside one that does; its turn comes. */
static void a_hurried_parcel_moves_nothing(void **state)
{
    (void)state;
    char text[100] = "";
    uint64_t now_at = 0;
    struct sample sample;
    struct store_progress trace, progress[2] = {{.place = 7, .source = "S1", .number = 9, .rows = 2, .node = "a", .hurried = true},
                                                {.place = 3, .source = "S1", .number = 1, .rows = 1, .node = "a"}};
    make_sample(&sample, 700, 1);
    progress[0].partition = progress[1].partition = store_partition_of("jt701:7500000000", PARTITIONS);
    struct store_lease lease[STORE_PARTITIONS_MOST];
    unsigned n = 0;
    assert_int_equal(store_clock(store, &progress[0].applied_ms), STORE_OK);
    progress[1].applied_ms = progress[0].applied_ms;
    assert_int_equal(store_partitions_hold(store, "a", 60000, PARTITIONS, lease, &n), STORE_OK);
    assert_int_equal(store_work_begin(store, lease, n), STORE_OK);
    assert_int_equal(append_samples(store, 700, 3, 1, NULL), STORE_OK);
    assert_int_equal(store_progress_put(store, progress, 2), STORE_OK);
    assert_int_equal(store_work_end(store, true), STORE_OK);
    assert_int_equal(store_progress(other, progress[0].partition, &now_at, take_number, text), STORE_OK);
    assert_int_equal(now_at, 3);
    assert_string_equal(text, "S1=1 ");
    assert_int_equal(store_trace(other, sample.o.id, &trace), STORE_OK);
    assert_int_equal(trace.number, 9);
    make_sample(&sample, 702, 1);
    assert_int_equal(store_trace(other, sample.o.id, &trace), STORE_OK);
    assert_int_equal(trace.number, 1);
    for (uint64_t i = 2; i <= 9; i++)
        assert_int_equal(put(progress[0].partition, 2 + i, "S1", i), STORE_OK);
}

/* Two parcels in one work, some of whose rows were stored before. */
static void an_observation_is_traced(void **state)
{
    (void)state;
    struct sample sample;
    struct store_progress trace;
    int64_t now_ms = 0;
    assert_int_equal(store_clock(store, &now_ms), STORE_OK);
    struct store_progress progress[2] = {{.place = 20,
                                          .source = "S1",
                                          .number = 4,
                                          .rows = 10,
                                          .node = "a",
                                          .taken_ms = now_ms - 2,
                                          .published_ms = now_ms - 1,
                                          .applied_ms = now_ms},
                                         {.place = 21,
                                          .source = "S2",
                                          .number = 1,
                                          .rows = 5,
                                          .node = "a",
                                          .taken_ms = now_ms - 2,
                                          .published_ms = now_ms - 1,
                                          .applied_ms = now_ms}};
    make_sample(&sample, 0, 1);
    progress[0].partition = progress[1].partition = store_partition_of("jt701:7500000000", PARTITIONS);
    struct store_lease lease[STORE_PARTITIONS_MOST];
    unsigned n = 0, own = 0;
    assert_int_equal(append_samples(store, 500, 1, 1, NULL), STORE_OK); /* without a parcel */
    assert_int_equal(store_partitions_hold(store, "a", 60000, PARTITIONS, lease, &n), STORE_OK);
    while (lease[own].partition != progress[0].partition) {
        own++;
    }
    assert_int_equal(store_work_begin(store, &lease[own], 1), STORE_OK);
    assert_int_equal(append_samples(store, 0, 10, 1, NULL), STORE_OK);
    assert_int_equal(append_samples(store, 8, 5, 1, NULL), STORE_OK);
    assert_int_equal(store_progress_put(store, progress, 2), STORE_OK);
    assert_int_equal(store_work_end(store, true), STORE_OK);
    static const struct {
        uint64_t sample, number;
        const char *source;
    } WANTED[] = {{0, 4, "S1"}, {9, 4, "S1"}, {10, 1, "S2"}, {12, 1, "S2"}};
    for (size_t i = 0; i < 4; i++) {
        make_sample(&sample, WANTED[i].sample, 1);
        assert_int_equal(store_trace(other, sample.o.id, &trace), STORE_OK);
        assert_string_equal(trace.source, WANTED[i].source);
        assert_int_equal(trace.number, WANTED[i].number);
        assert_int_equal(trace.partition, progress[0].partition);
        assert_int_equal(trace.taken_ms, now_ms - 2);
        assert_int_equal(trace.applied_ms, now_ms);
        assert_string_equal(trace.node, "a");
    }
    make_sample(&sample, 500, 1);
    assert_int_equal(store_trace(other, sample.o.id, &trace), STORE_NOT_FOUND);
    assert_int_equal(store_trace(other, "nothing", &trace), STORE_NOT_FOUND);
}

static void take_change(void *context, enum store_changed kind, const char *id)
{
    size_t used = strlen(context);
    snprintf((char *)context + used, 200 - used, "%d:%s ", (int)kind, id);
}

/* Asks until it is told; what is told is delayed while any other transaction of the server is under way. */
static void hear(struct store *from, char cursor[64], char told[200], const char *wanted)
{
    for (int tries = 0; tries < 500 && !strstr(told, wanted); tries++) {
        assert_int_equal(store_changes(from, cursor, take_change, told), STORE_OK);
        if (!strstr(told, wanted)) {
            wait_ms(10);
        }
    }
    assert_non_null(strstr(told, wanted));
}

/* What is old goes in passing, and nothing else. */
static void what_is_old_is_forgotten(void **state)
{
    (void)state;
    if (!pg_test_wanted()) {
        skip();
    }
    char cursor[64] = "", told[200] = "";
    struct seal seal = {.id = "jt701:1"};
    assert_int_equal(run_sql(store,
                             "INSERT INTO parcel SELECT g, 1, 0, 's', g, g, 'n', 1, 1, 1, 1, bulla_now() - CASE WHEN g < 6 THEN "
                             "259300000 ELSE 0 END FROM generate_series(1, 10) g; INSERT INTO change (kind, id, at_ms) SELECT 1, 'x', "
                             "bulla_now() - CASE WHEN g < 6 THEN 3700000 ELSE 0 END FROM generate_series(1, 10) g"),
                     STORE_OK);
    for (unsigned i = 1; i <= 64; i++) {
        assert_int_equal(put(1, i, "S1", i), STORE_OK);
    }
    assert_int_equal(ask_number(store, "SELECT count(*) FROM parcel"), 5);
    for (int i = 0; i < 6400 && ask_number(store, "SELECT count(*) FROM change") > 5; i++) {
        assert_int_equal(store_changes(store, cursor, take_change, told), STORE_OK);
    }
    assert_int_equal(ask_number(store, "SELECT count(*) FROM change"), 5);
    assert_int_equal(store_seal_put(store, &seal, NULL), STORE_OK);
    hear(store, cursor, told, "1:jt701:1 ");
}

/* --- handing over --- */

static void handed_over_once(void **state)
{
    (void)state;
    struct sample sample;
    unsigned n = 0;
    assert_int_equal(store_handover_take(store, 2, 10, count, &n), STORE_FAILED); /* outside of work */
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    assert_int_equal(append_samples(store, 0, 5, 1, NULL), STORE_OK);
    for (uint64_t i = 0; i < 5; i++) {
        make_sample(&sample, i, 1);
        assert_int_equal(store_handover_put(store, 2, "jt701:7500000000", sample.o.id), STORE_OK);
        assert_int_equal(store_handover_put(store, 2, "jt701:7500000000", sample.o.id), STORE_OK); /* again: once */
    }
    assert_int_equal(store_work_end(store, true), STORE_OK);
    static const unsigned WANTED[] = {3, 3, 2, 0}; /* taken; taken again because the work was undone; the rest; none */
    for (int round = 0; round < 4; round++) {
        struct seen seen = {0};
        assert_int_equal(store_work_begin(other, NULL, 0), STORE_OK);
        assert_int_equal(store_handover_take(other, 2, 3, see_sample, &seen), STORE_OK);
        assert_int_equal(seen.n, WANTED[round]);
        assert_int_equal(seen.wrong, 0);
        assert_int_equal(seen.out_of_order, 0); /* oldest first */
        assert_int_equal(store_work_end(other, round > 0), STORE_OK);
    }
    n = 0;
    assert_int_equal(store_work_begin(other, NULL, 0), STORE_OK);
    assert_int_equal(store_handover_take(other, 3, 10, count, &n), STORE_OK);
    assert_int_equal(store_work_end(other, true), STORE_OK);
    assert_int_equal(n, 0);
}

/* --- changes --- */

static void what_others_changed(void **state)
{
    (void)state;
    char cursor[64] = "", told[200] = "";
    struct seal seal = {.id = "jt701:1"}, quiet = {.id = "jt701:2"};
    struct alarm alarm = alarm_of("A1");
    struct command command = {.id = "C1"};
    assert_int_equal(store_seal_put(store, &seal, NULL), STORE_OK);
    assert_int_equal(store_changes(other, cursor, take_change, told), STORE_OK); /* from now on */
    assert_string_equal(told, "");
    assert_int_equal(store_seal_put(store, &seal, NULL), STORE_OK);
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    assert_int_equal(store_seal_put(store, &quiet, NULL), STORE_OK); /* a worker tells of its own */
    assert_int_equal(store_work_end(store, true), STORE_OK);
    struct journey *journey = journey_new();
    snprintf(journey->id, sizeof journey->id, "J1");
    assert_int_equal(store_journey_put(store, journey, NULL), STORE_OK);
    journey_free(journey);
    assert_int_equal(store_command_put(store, &command, NULL), STORE_OK);
    assert_int_equal(store_alarm_found(store, &alarm, 1), STORE_OK);
    hear(other, cursor, told, "1:jt701:1 0:J1 3:C1 2:A1 ");
    assert_null(strstr(told, "jt701:2"));
    *told = '\0';
    assert_int_equal(store_changes(other, cursor, take_change, told), STORE_OK);
    assert_string_equal(told, "");
    char rubbish[64] = "rubbish";
    assert_int_equal(store_changes(other, rubbish, take_change, told), STORE_FAILED);
    assert_string_equal(rubbish, "rubbish");
}

/* A transaction that began before what was told, and commits after it, is told too. */
static void a_change_that_commits_late(void **state)
{
    (void)state;
    if (!pg_test_wanted()) {
        skip();
    }
    char cursor[64] = "", told[200] = "";
    struct pg_conn *conn = NULL;
    struct seal early = {.id = "late"}, seal = {.id = "young"};
    assert_int_equal(store_seal_put(store, &early, NULL), STORE_OK);
    assert_int_equal(store_changes(other, cursor, take_change, told), STORE_OK);
    assert_int_equal(pg_write_begin(store_pg_of(store), &conn), STORE_OK);
    assert_int_equal(pg_script(conn, "UPDATE seal SET label = 'x' WHERE id = 'late'", "a test"), STORE_OK);
    assert_int_equal(store_seal_put(store, &seal, NULL), STORE_OK); /* younger, and committed before */
    assert_int_equal(store_changes(other, cursor, take_change, told), STORE_OK);
    assert_int_equal(pg_write_end(store_pg_of(store), conn, 0, NULL), STORE_OK);
    hear(other, cursor, told, "1:late 1:young ");
}

static void the_clock_goes(void **state)
{
    (void)state;
    int64_t first = 0, second = 0;
    assert_int_equal(store_clock(store, &first), STORE_OK);
    wait_ms(20);
    assert_int_equal(store_clock(other, &second), STORE_OK);
    assert_in_range(second - first, 19, 5000);
}

/* --- tracks --- */

static void take_track(void *context, const struct store_track *track)
{
    size_t used = strlen(context);
    snprintf((char *)context + used, 300 - used, "%s/%lld=%.*s ", track->seal, (long long)(track->day_ms / 86400000), (int)track->bytes.len,
             (const char *)track->bytes.at);
}

static struct store_track track_of(const char *seal, int64_t day, const char *bytes)
{
    struct store_track track = {.day_ms = day * 86400000,
                                .first_ms = day * 86400000 + 1000,
                                .last_ms = day * 86400000 + 2000,
                                .fixes = 2,
                                .bytes = {(const uint8_t *)bytes, strlen(bytes)}};
    snprintf(track.seal, sizeof track.seal, "%s", seal);
    return track;
}

static void tracks_by_seal_and_day(void **state)
{
    (void)state;
    if (!pg_test_wanted()) {
        skip(); /* its blocks are proven to be blocks, in its own tests */
    }
    char told[300] = "";
    uint64_t gone = 0;
    struct store_track tracks[] = {track_of("b", 20000, "b0"), track_of("a", 20001, "a1"), track_of("a", 20000, "old"),
                                   track_of("a", 20000, "a0"), track_of("c", 20002, "c2"), track_of("a", 20002, "a2")};
    assert_int_equal(store_track_put(store, tracks, 6), STORE_OK);
    assert_int_equal(store_tracks(other, "", INT64_MIN, INT64_MAX, take_track, told), STORE_OK);
    assert_string_equal(told, "a/20000=a0 b/20000=b0 a/20001=a1 a/20002=a2 c/20002=c2 ");
    *told = '\0';
    assert_int_equal(store_tracks(other, "a", tracks[3].last_ms, tracks[1].first_ms, take_track, told), STORE_OK);
    assert_string_equal(told, "a/20000=a0 a/20001=a1 "); /* both ends overlap */
    *told = '\0';
    assert_int_equal(store_tracks(other, "a", tracks[3].last_ms + 1, tracks[1].first_ms - 1, take_track, told), STORE_OK);
    assert_string_equal(told, "");
    struct store_track empty = track_of("a", 20001, "");
    assert_int_equal(store_track_put(store, &empty, 1), STORE_OK);
    assert_int_equal(store_track_drop(store, tracks[0].last_ms + 1, &gone), STORE_OK);
    assert_int_equal(gone, 2);
    assert_int_equal(store_tracks(other, "", 0, INT64_MAX, take_track, told), STORE_OK);
    assert_string_equal(told, "a/20002=a2 c/20002=c2 ");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(progress_goes_forward),    T(an_observation_is_traced), T(a_hurried_parcel_moves_nothing),
        T(handed_over_once),         T(what_others_changed),      T(a_change_that_commits_late),
        T(what_is_old_is_forgotten), T(the_clock_goes),           T(tracks_by_seal_and_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
