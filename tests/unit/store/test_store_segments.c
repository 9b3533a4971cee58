// SPDX-License-Identifier: Apache-2.0
// Segments of the SQLite store: when they are closed, what they leave on the disk, and what becomes of damaged ones.

#include "store_support.h"

#include "platform/store/sqlite.h"

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    make_temporary(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static void settle(struct store *store)
{
    store_history_settle(store_sqlite_of(store)->history);
}

static size_t count_state(struct store *store, enum segment_state state)
{
    struct store_history *history = store_sqlite_of(store)->history;
    size_t n = 0;
    for (size_t i = 0; i < history->n_segments; i++) {
        n += history->segments[i]->state == state;
    }
    return n;
}

static void closed_segments_are_single_files(void **state)
{
    (void)state;
    struct store *store = open_store(folder, "?segment_rows=1000");
    for (uint64_t first = 0; first < 3000; first += 500) {
        assert_int_equal(append_samples(store, first, 500, 20, NULL), STORE_OK);
    }
    settle(store);
    char path[200];
    for (unsigned i = 1; i <= 2; i++) {
        snprintf(path, sizeof path, "%s/segments/%06u.db", folder, i);
        assert_int_equal(access(path, F_OK), 0);
        snprintf(path, sizeof path, "%s/segments/%06u.db-wal", folder, i);
        assert_int_not_equal(access(path, F_OK), 0);
    }
    store_close(store);
}

static void a_day_closes_a_segment(void **state)
{
    (void)state;
    struct store *store = open_store(folder, "?segment_hours=1");
    assert_int_equal(append_samples(store, 0, 10, 1, NULL), STORE_OK);
    assert_int_equal(append_samples(store, 3590, 5, 1, NULL), STORE_OK);
    settle(store);
    assert_int_equal(count_state(store, SEGMENT_CLOSED), 0);
    assert_int_equal(append_samples(store, 3601, 5, 1, NULL), STORE_OK);
    settle(store);
    assert_int_equal(count_state(store, SEGMENT_CLOSED), 1);
    store_close(store);
}

static void spoil(const char *name, long from, size_t n)
{
    char path[200];
    snprintf(path, sizeof path, "%s/segments/%s", folder, name);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, from, SEEK_SET);
    for (size_t i = 0; i < n; i++) {
        fputc(0xA5, file);
    }
    fclose(file);
}

static void a_damaged_segment_is_named_and_the_others_go_on(void **state)
{
    (void)state;
    struct store *store = open_store(folder, "?segment_rows=1000");
    for (uint64_t first = 0; first < 5000; first += 500) {
        assert_int_equal(append_samples(store, first, 500, 10, NULL), STORE_OK);
    }
    settle(store);
    store_close(store);
    spoil("000002.db", 0, 4096);
    spoil("000003.db", 4096 * 8, 4096 * 10); /* opens, but its rows do not read */

    store = open_store(folder, "?segment_rows=1000");
    assert_non_null(strstr(store_recovery(store), "segments/000002.db"));
    struct seen seen = {0};
    assert_int_equal(store_observations(store, "jt701:7500000004", 0, INT64_MAX, 0, see_sample, &seen), STORE_PARTIAL);
    assert_non_null(strstr(store_error(store), "segments/000002.db"));
    assert_non_null(strstr(store_error(store), "segments/000003.db"));
    assert_true(seen.n >= 300 && seen.n < 500);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(store_latest(store, see_sample, &seen), STORE_PARTIAL);
    assert_int_equal(append_samples(store, 5000, 1000, 10, NULL), STORE_OK);
    settle(store);
    store_close(store);
}

static void a_damaged_hot_segment_does_not_stop_the_store(void **state)
{
    (void)state;
    struct store *store = open_store(folder, "");
    assert_int_equal(append_samples(store, 0, 2000, 10, NULL), STORE_OK);
    store_close(store);
    spoil("000001.db", 4096 * 20, 4096);
    store = open_store(folder, "");
    assert_non_null(strstr(store_recovery(store), "segments/000001.db cannot be read to its end"));
    assert_int_equal(append_samples(store, 5000, 10, 10, NULL), STORE_OK);
    struct seen seen = {0};
    assert_int_equal(store_observations(store, "jt701:7500000004", 0, INT64_MAX, 0, see_sample, &seen), STORE_PARTIAL);
    assert_true(seen.n > 1 && seen.n < 201);
    assert_int_equal(seen.wrong, 0);
    store_close(store);
}

static void a_directory_is_opened_once(void **state)
{
    (void)state;
    char url[100], why[300] = "";
    struct store *store = open_store(folder, "");
    snprintf(url, sizeof url, "sqlite:%s", folder);
    assert_null(store_open(BACKENDS, url, why, sizeof why));
    assert_non_null(strstr(why, "in use"));
    assert_null(store_open(BACKENDS, "oracle:x", why, sizeof why));
    assert_non_null(strstr(why, "oracle:x"));
    snprintf(url, sizeof url, "sqlite:%s?segment_rows=1", folder);
    assert_null(store_open(BACKENDS, url, why, sizeof why));
    assert_non_null(strstr(why, "segment_rows"));
    store_close(store);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(closed_segments_are_single_files),
        T(a_day_closes_a_segment),
        T(a_damaged_segment_is_named_and_the_others_go_on),
        T(a_damaged_hot_segment_does_not_stop_the_store),
        T(a_directory_is_opened_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
