/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests that run on each back end: with BULLA_TEST_STORE=postgres on a PostgreSQL database of their own (tests/support/pg.h),
 * else on a SQLite directory. Their SQL, where they need any, is of both dialects.
 */
#ifndef STORE_BOTH_H
#define STORE_BOTH_H

#include "store_support.h"

#include "platform/store/pg.h"
#include "platform/store/sqlite.h"
#include "tests/support/pg.h"

extern const struct store_backend store_postgres, store_postgresql;
static const struct store_backend *const BOTH[] = {&store_sqlite, &store_postgres, &store_postgresql, NULL};

struct test_place { /* where a test's store is */
    char folder[64];
    char url[300];
};

static inline void place_make(struct test_place *place)
{
    make_temporary(place->folder);
    if (pg_test_wanted()) {
        pg_test_create(place->url, sizeof place->url);
    } else {
        snprintf(place->url, sizeof place->url, "sqlite:%s", place->folder);
    }
}

static inline void place_remove(struct test_place *place)
{
    if (pg_test_wanted()) {
        pg_test_drop(place->url);
    }
    remove_folder(place->folder);
}

/* options: behind the URL where the store is SQLite. */
static inline struct store *place_open_with(const struct test_place *place, const char *options)
{
    char url[400], why[600] = "";
    snprintf(url, sizeof url, "%s%s", place->url, pg_test_wanted() ? "" : options);
    struct store *store = store_open(BOTH, url, why, sizeof why);
    if (!store) {
        fail_msg("store_open: %s", why);
    }
    return store;
}

static inline struct store *place_open(const struct test_place *place)
{
    return place_open_with(place, "");
}

/* Runs SQL of both dialects past the port; the outcome, with store_error(). */
static inline int run_sql(struct store *store, const char *sql)
{
    if (!pg_test_wanted()) {
        return store_db_run(store_sqlite_of(store)->writer, sql);
    }
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store_pg_of(store), &conn);
    return outcome ? outcome : pg_write_end(store_pg_of(store), conn, pg_script(conn, sql, "a test"), NULL);
}

/* The number that a SELECT gives; of a store in PostgreSQL. */
static inline int64_t ask_number_of(struct store *store, const char *sql)
{
    char text[600];
    snprintf(text, sizeof text, "SELECT (%s)::bigint", sql);
    struct pg_conn *conn = NULL;
    assert_int_equal(pg_read_begin(store_pg_of(store), &conn), 0);
    PGresult *r = pg_run_once(conn, text, NULL, "a test");
    assert_non_null(r);
    int64_t number = pg_long(r, 0, 0);
    PQclear(r);
    pg_read_end(store_pg_of(store), conn);
    return number;
}

/* The number that a SELECT gives. */
static inline int64_t ask_number(struct store *store, const char *sql)
{
    int64_t number = 0;
    if (pg_test_wanted()) {
        return ask_number_of(store, sql);
    }
    assert_int_equal(store_db_number(store_sqlite_of(store)->writer, sql, 0, &number), 0);
    return number;
}

#endif
