// SPDX-License-Identifier: Apache-2.0
// Observations through the port, on each back end: append once, find again, over segments and restarts.

#include "store_both.h"

#include <pthread.h>

#define MANY             1000000 /* both by 20,000 */
#define MANY_OVER_SOCKET 60000

static struct test_place place;

static int set_up(void **state)
{
    (void)state;
    place_make(&place);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    place_remove(&place);
    return 0;
}

static struct seen range(struct store *store, const char *seal, int64_t from_ms, int64_t until_ms, size_t limit)
{
    struct seen seen = {0};
    assert_int_equal(store_observations(store, seal, from_ms, until_ms, limit, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(seen.out_of_order, 0);
    return seen;
}

/* --- segments, where the store is SQLite --- */

static void settle(struct store *store)
{
    if (!pg_test_wanted()) {
        store_history_settle(store_sqlite_of(store)->history);
    }
}

static void check_closed(struct store *store, size_t expected)
{
    if (pg_test_wanted()) {
        return;
    }
    struct store_history *history = store_sqlite_of(store)->history;
    size_t n = 0;
    for (size_t i = 0; i < history->n_segments; i++) {
        n += history->segments[i]->state == SEGMENT_CLOSED;
    }
    assert_int_equal(n, expected);
}

/* --- appending and reading --- */

/* The tests' PostgreSQL runs without fsync, and the store says that. */
static void check_nothing_found(struct store *store)
{
    const char *expected = pg_test_wanted() ? "fsync is off" : "";
    assert_int_equal(strncmp(store_recovery(store), expected, pg_test_wanted() ? strlen(expected) : 1), 0);
}

static void appended_is_read_back(void **state)
{
    (void)state;
    struct store *store = place_open_with(&place, "");
    check_nothing_found(store);
    assert_int_equal(append_samples(store, 0, 500, 5, NULL), STORE_OK);
    struct seen all = range(store, "jt701:7500000003", 0, INT64_MAX, 0);
    assert_int_equal(all.n, 100);
    struct seen part = range(store, "jt701:7500000003", T0 + 3000, T0 + 13000, 0);
    assert_int_equal(part.n, 3); /* 3, 8, 13: both ends belong to it */
    assert_int_equal(part.sum, 3 + 8 + 13);
    assert_int_equal(range(store, "jt701:7500000003", 0, INT64_MAX, 7).n, 7);
    assert_int_equal(range(store, "jt701:7500000003", INT64_MIN, INT64_MAX, 0).n, 100);
    assert_int_equal(range(store, "jt701:none", 0, INT64_MAX, 0).n, 0);
    store_close(store);
}

static void same_id_is_stored_once(void **state)
{
    (void)state;
    struct store *store = place_open_with(&place, "");
    size_t duplicates = 0;
    assert_int_equal(append_samples(store, 0, 100, 1, &duplicates), STORE_OK);
    assert_int_equal(duplicates, 0);
    assert_int_equal(append_samples(store, 50, 100, 1, &duplicates), STORE_OK);
    assert_int_equal(duplicates, 50);
    struct sample twice;
    make_sample(&twice, 900, 1);
    struct store_row rows[2] = {{&twice.o, {twice.raw, twice.raw_len}, false}, {&twice.o, {twice.raw, twice.raw_len}, false}};
    assert_int_equal(store_append(store, rows, 2), STORE_OK);
    assert_false(rows[0].duplicate);
    assert_true(rows[1].duplicate);
    assert_int_equal(range(store, "jt701:7500000000", 0, INT64_MAX, 0).n, 151);
    store_close(store);
}

static void same_id_is_stored_once_over_segments_and_restarts(void **state)
{
    (void)state;
    struct store *store = place_open_with(&place, "?segment_rows=1000");
    for (uint64_t first = 0; first < 10000; first += 250) {
        assert_int_equal(append_samples(store, first, 250, 20, NULL), STORE_OK);
    }
    settle(store);
    check_closed(store, 9);
    size_t duplicates = 0;
    assert_int_equal(append_samples(store, 0, 10000, 20, &duplicates), STORE_OK);
    assert_int_equal(duplicates, 10000);
    store_close(store);

    store = place_open_with(&place, "?segment_rows=1000");
    check_nothing_found(store);
    duplicates = 0;
    assert_int_equal(append_samples(store, 0, 10100, 20, &duplicates), STORE_OK);
    assert_int_equal(duplicates, 10000);
    struct seen seen = range(store, "jt701:7500000007", 0, INT64_MAX, 0);
    assert_int_equal(seen.n, 505);
    assert_int_equal(range(store, "jt701:7500000007", T0 + 500 * 1000, T0 + 5500 * 1000, 0).n, 250);
    store_close(store);
}

static void late_data_comes_in_order_of_its_own_time(void **state)
{
    (void)state;
    struct store *store = place_open_with(&place, "?segment_rows=100");
    static const uint64_t FIRST[] = {400, 0, 300, 100, 500, 200}; /* arrival order of blocks */
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(append_samples(store, FIRST[i], 100, 1, NULL), STORE_OK);
        if (i == 3) {
            settle(store); /* some closed, some open */
        }
    }
    assert_int_equal(range(store, "jt701:7500000000", 0, INT64_MAX, 0).n, 600);
    assert_int_equal(range(store, "jt701:7500000000", T0 + 250000, T0 + 349000, 0).n, 100);
    assert_int_equal(range(store, "jt701:7500000000", 0, INT64_MAX, 450).n, 450);
    store_close(store);
}

static void one_is_found_by_id(void **state)
{
    (void)state;
    struct store *store = place_open_with(&place, "?segment_rows=1000");
    for (uint64_t first = 0; first < 2500; first += 500) {
        assert_int_equal(append_samples(store, first, 500, 3, NULL), STORE_OK);
    }
    settle(store);
    struct sample text;
    make_sample(&text, 7777, 1);
    snprintf(text.o.id, sizeof text.o.id, "scenario-1/line 12");
    struct store_row row = {&text.o, {text.raw, text.raw_len}, false};
    assert_int_equal(store_append(store, &row, 1), STORE_OK);
    for (uint64_t n = 0; n < 2500; n += 499) {
        struct sample s;
        struct seen seen = {0};
        make_sample(&s, n, 3);
        assert_int_equal(store_observation_get(store, s.o.id, see_sample, &seen), STORE_OK);
        assert_int_equal(seen.n, 1);
        assert_int_equal(seen.sum, n);
        assert_int_equal(seen.wrong, 0);
    }
    struct seen seen = {0};
    assert_int_equal(store_observation_get(store, "scenario-1/line 12", see_sample, &seen), STORE_OK);
    assert_int_equal(seen.n, 1);
    assert_int_equal(store_observation_get(store, "00000000000000000000000000000000", see_sample, &seen), STORE_NOT_FOUND);
    assert_non_null(strstr(store_error(store), "does not exist"));
    row.duplicate = false;
    assert_int_equal(store_append(store, &row, 1), STORE_OK);
    assert_true(row.duplicate);
    store_close(store);
}

static void latest_is_the_newest_state_that_can_be_true(void **state)
{
    (void)state;
    struct store *store = place_open_with(&place, "?segment_rows=1000");
    for (uint64_t first = 0; first < 3000; first += 500) {
        assert_int_equal(append_samples(store, first, 500, 10, NULL), STORE_OK);
    }
    struct sample wrong_clock, late;
    make_sample(&wrong_clock, 2500, 10); /* seal 0; says 2099, came before 2990 */
    wrong_clock.o.time_ms += INT64_C(73) * 365 * 86400 * 1000;
    wrong_clock.o.id[0] = 'f';
    make_sample(&late, 1, 10); /* seal 1; stored data, arriving last */
    late.o.received_ms = T0 + 9999000;
    late.o.id[0] = 'e';
    struct store_row rows[2] = {{&wrong_clock.o, {wrong_clock.raw, wrong_clock.raw_len}, false},
                                {&late.o, {late.raw, late.raw_len}, false}};
    assert_int_equal(store_append(store, rows, 2), STORE_OK);
    for (int again = 0; again < 2; again++) {
        struct seen seen = {0};
        assert_int_equal(store_latest(store, see_sample, &seen), STORE_OK);
        assert_int_equal(seen.n, 10);
        assert_int_equal(seen.sum, 10 * 2990 + 45); /* 2990 .. 2999 */
        settle(store);
        store_close(store);
        store = place_open_with(&place, "?segment_rows=1000");
    }
    store_close(store);
}

static void without_a_time_the_arrival_counts(void **state)
{
    (void)state;
    struct store *store = place_open_with(&place, "");
    struct sample s;
    make_sample(&s, 1, 1);
    s.o.has &= ~(uint32_t)BULLA_HAS_TIME;
    s.o.time_ms = BULLA_TIME_NONE;
    struct store_row row = {&s.o, {s.raw, s.raw_len}, false};
    assert_int_equal(store_append(store, &row, 1), STORE_OK);
    struct seen seen = {0};
    assert_int_equal(store_observations(store, "jt701:7500000000", T0 + 2500, T0 + 2500, 0, see_sample, &seen), STORE_OK);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.last_ms, BULLA_TIME_NONE);
    store_close(store);
}

static void rows_without_identity_are_refused_whole(void **state)
{
    (void)state;
    struct store *store = place_open_with(&place, "");
    struct sample a, b;
    make_sample(&a, 1, 1);
    make_sample(&b, 2, 1);
    b.o.id[0] = '\0';
    struct store_row rows[2] = {{&a.o, {a.raw, a.raw_len}, false}, {&b.o, {b.raw, b.raw_len}, false}};
    assert_int_equal(store_append(store, rows, 2), STORE_FAILED);
    assert_non_null(strstr(store_error(store), "id"));
    assert_int_equal(range(store, "jt701:7500000000", 0, INT64_MAX, 0).n, 0);
    store_close(store);
}

/* A year of one seal's reports, with SQLite in one segment: read back whole from the index in memory, and from the file's own. */
static void very_many_rows_of_one_seal(void **state)
{
    (void)state;
    struct store *store = place_open_with(&place, "?segment_hours=999");
    const uint64_t many = pg_test_wanted() ? MANY_OVER_SOCKET : MANY;
    for (uint64_t first = 0; first < many; first += 20000) {
        assert_int_equal(append_samples(store, first, 20000, 1, NULL), STORE_OK);
    }
    struct seen all = range(store, "jt701:7500000000", 0, INT64_MAX, 0);
    assert_int_equal(all.n, many);
    assert_int_equal(all.sum, many * (many - 1) / 2);
    assert_int_equal(append_samples(store, many, 1, 1, NULL), STORE_OK);
    settle(store);
    check_closed(store, 1);
    assert_int_equal(range(store, "jt701:7500000000", 0, INT64_MAX, 0).n, many + 1);
    assert_int_equal(range(store, "jt701:7500000000", T0 + 40000000, T0 + 40999999, 0).n, 1000);
    store_close(store);
}

struct reading {
    struct store *store;
    volatile bool stop;
    size_t rounds, wrong;
};

static void *read_always(void *context)
{
    struct reading *reading = context;
    while (!__atomic_load_n(&reading->stop, __ATOMIC_RELAXED)) {
        struct seen seen = {0};
        int outcome = store_observations(reading->store, "jt701:7500000001", 0, INT64_MAX, 0, see_sample, &seen);
        reading->wrong += outcome != 0 || seen.wrong || seen.out_of_order;
        outcome = store_latest(reading->store, see_sample, &seen);
        reading->wrong += outcome != 0;
        reading->rounds++;
    }
    return NULL;
}

static void readers_and_the_keeper_run_beside_the_writer(void **state)
{
    (void)state;
    struct store *store = place_open_with(&place, "?segment_rows=500");
    struct reading reading[3] = {{store, false, 0, 0}, {store, false, 0, 0}, {store, false, 0, 0}};
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, read_always, &reading[i]);
    }
    for (uint64_t first = 0; first < 10000; first += 100) {
        assert_int_equal(append_samples(store, first, 100, 10, NULL), STORE_OK);
    }
    for (size_t i = 0; i < 3; i++) {
        __atomic_store_n(&reading[i].stop, true, __ATOMIC_RELAXED);
        pthread_join(threads[i], NULL);
        assert_true(reading[i].rounds > 0);
        assert_int_equal(reading[i].wrong, 0);
    }
    settle(store);
    assert_int_equal(range(store, "jt701:7500000001", 0, INT64_MAX, 0).n, 1000);
    check_closed(store, 19);
    store_close(store);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(appended_is_read_back),
        T(same_id_is_stored_once),
        T(same_id_is_stored_once_over_segments_and_restarts),
        T(late_data_comes_in_order_of_its_own_time),
        T(one_is_found_by_id),
        T(latest_is_the_newest_state_that_can_be_true),
        T(without_a_time_the_arrival_counts),
        T(rows_without_identity_are_refused_whole),
        T(very_many_rows_of_one_seal),
        T(readers_and_the_keeper_run_beside_the_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
