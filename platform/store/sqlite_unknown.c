// SPDX-License-Identifier: Apache-2.0
// Seal records that nobody entered: counted, and forgotten.

#include "platform/store/sqlite_calls.h"

#include <stdio.h>

/* Version 1: as the platform made it. */
#define UNTOUCHED "life = %d AND version = 1 AND journey = '' AND NOT EXISTS (SELECT 1 FROM journey_seal WHERE journey_seal.seal = seal.id)"

static int read_old(struct store_db *db, int64_t before_ms, unsigned limit, void (*each)(void *context, const char *id), void *context)
{
    char sql[320], id[MODEL_SEAL_SIZE];
    snprintf(sql, sizeof sql, "SELECT id FROM seal WHERE " UNTOUCHED " AND position < ? ORDER BY position LIMIT ?", SEAL_LIFE_UNREGISTERED);
    sqlite3_stmt *s = store_db_prepare(db, sql);
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, record_position(before_ms));
    sqlite3_bind_int64(s, 2, limit);
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        store_db_column_text(s, 0, id, sizeof id);
        each(context, id);
    }
    sqlite3_reset(s);
    return code == SQLITE_DONE ? 0 : store_db_fail(db, "reading unknown seals");
}

int sqlite_seals_unknown(struct store *base, int64_t before_ms, unsigned limit, void (*each)(void *context, const char *id), void *context,
                         uint64_t *n)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = NULL;
    char sql[80];
    int64_t count = 0;
    int outcome = store_pool_take(&store->readers, &db);
    if (outcome) {
        return outcome;
    }
    snprintf(sql, sizeof sql, "SELECT count(*) FROM seal WHERE life = %d", SEAL_LIFE_UNREGISTERED);
    outcome = store_db_number(db, sql, 0, &count);
    outcome = outcome ? outcome : read_old(db, before_ms, limit, each, context);
    store_pool_put(&store->readers, db);
    if (!outcome) {
        *n = (uint64_t)count;
    }
    return outcome;
}

static int run(struct store_db *db, const char *sql, const char *id)
{
    sqlite3_stmt *s = store_db_prepare(db, sql);
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, id);
    int outcome = store_db_step(db, s, "forgetting a seal");
    sqlite3_clear_bindings(s);
    return outcome;
}

int sqlite_seal_forget(struct store *base, const char *id)
{
    static const char *const STEPS[] = {"INSERT INTO seal_search (seal_search, rowid, search) SELECT 'delete', position, search FROM seal",
                                        "INSERT INTO seal_words (seal_words, rowid, search) SELECT 'delete', position, search FROM seal",
                                        "DELETE FROM seal"};
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    char sql[400];
    int outcome = 0;
    if (!db) {
        return store_outcome();
    }
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS && !outcome; i++) {
        snprintf(sql, sizeof sql, "%s WHERE id = ? AND " UNTOUCHED, STEPS[i], SEAL_LIFE_UNREGISTERED);
        outcome = run(db, sql, id);
    }
    if (!outcome && sqlite3_changes(db->handle) == 0) {
        outcome = store_fail(STORE_NOT_FOUND, "seal %s is none that may be forgotten", id);
    }
    return sqlite_write_end(store, outcome, NULL);
}
