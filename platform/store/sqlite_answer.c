// SPDX-License-Identifier: Apache-2.0
// Answers given under an Idempotency-Key, and the claims before them.

#include "platform/store/sqlite_calls.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_KEPT_MS (INT64_C(24) * 3600 * 1000)

static int forget_answers(struct store_db *db, int64_t now_ms)
{
    sqlite3_stmt *s = store_db_prepare(db, "DELETE FROM answer WHERE time_ms < ?");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, now_ms - ANSWER_KEPT_MS);
    return store_db_step(db, s, "writing an answer");
}

static int write_answer(struct store_db *db, const char *key, int status, const char *body, int64_t now_ms)
{
    sqlite3_stmt *s =
        store_db_prepare(db, "INSERT INTO answer (key, status, body, time_ms) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE "
                             "SET status = excluded.status, body = excluded.body WHERE answer.status < 100");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, key);
    sqlite3_bind_int(s, 2, status);
    store_db_bind_text(s, 3, body);
    sqlite3_bind_int64(s, 4, now_ms);
    int outcome = store_db_step(db, s, "writing an answer");
    sqlite3_clear_bindings(s);
    if (!outcome && sqlite3_changes(db->handle) == 0) {
        outcome = store_fail(STORE_CONFLICT, "this Idempotency-Key has an answer already");
    }
    return outcome;
}

int sqlite_answer_put(struct store *base, const char *key, int status, const char *body, int64_t now_ms)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = forget_answers(db, now_ms);
    outcome = outcome ? outcome : write_answer(db, key, status, body, now_ms);
    return sqlite_write_end(store, outcome, NULL);
}

/* Runs a statement on a key, a text and times; *changed is how many rows it touched. */
static int run(struct store_db *db, const char *sql, const char *key, const char *claim, const int64_t times[2], int *changed)
{
    sqlite3_stmt *s = store_db_prepare(db, sql);
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, key);
    store_db_bind_text(s, 2, claim);
    for (int i = 0; i < 2 && times; i++) {
        sqlite3_bind_int64(s, 3 + i, times[i]);
    }
    int outcome = store_db_step(db, s, "writing a claim");
    sqlite3_clear_bindings(s);
    *changed = sqlite3_changes(db->handle);
    return outcome;
}

int sqlite_answer_mark(struct store_db *db, const struct store_carried *carried)
{
    int changed = 0;
    int outcome = run(db, "UPDATE answer SET status = 1 WHERE key = ? AND body = ? AND status IN (0, 1)", carried->key, carried->claim,
                      NULL, &changed);
    return !outcome && !changed ? store_fail(STORE_CONFLICT, STORE_CLAIM_LOST) : outcome;
}

int sqlite_answer_claim(struct store *base, const char *key, const char *claim, int64_t now_ms)
{
    struct store_sqlite *store = store_sqlite_of(base);
    const int64_t times[2] = {now_ms, STORE_CLAIM_MS};
    int changed = 0;
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = forget_answers(db, now_ms);
    outcome = outcome ? outcome
                      : run(db,
                            "INSERT INTO answer (key, status, body, time_ms) VALUES (?1, 0, ?2, ?3) ON CONFLICT (key) DO UPDATE SET "
                            "body = excluded.body, time_ms = excluded.time_ms WHERE answer.status = 0 AND abs(answer.time_ms - ?3) > ?4",
                            key, claim, times, &changed);
    outcome = !outcome && !changed ? store_fail(STORE_CONFLICT, "this Idempotency-Key is in use") : outcome;
    return sqlite_write_end(store, outcome, NULL);
}

int sqlite_answer_release(struct store *base, const char *key, const char *claim)
{
    struct store_sqlite *store = store_sqlite_of(base);
    int changed = 0;
    struct store_db *db = sqlite_write_begin(store);
    return db ? sqlite_write_end(store, run(db, "DELETE FROM answer WHERE key = ? AND body = ? AND status = 0", key, claim, NULL, &changed),
                                 NULL)
              : store_outcome();
}

static int get_answer(struct store_db *db, const char *key, int *status, char **body)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT status, body FROM answer WHERE key = ?");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, key);
    int code = sqlite3_step(s);
    int outcome = code == SQLITE_ROW    ? 0
                  : code == SQLITE_DONE ? store_fail(STORE_NOT_FOUND, "this Idempotency-Key has no answer yet")
                                        : store_db_fail(db, "reading an answer");
    char *copy = outcome ? NULL : strdup((const char *)sqlite3_column_text(s, 1));
    if (!outcome && !copy) {
        outcome = store_fail(STORE_FAILED, "reading an answer: out of memory");
    }
    if (!outcome) {
        *status = sqlite3_column_int(s, 0);
        *body = copy;
    }
    sqlite3_reset(s);
    return outcome;
}

int sqlite_answer_get(struct store *base, const char *key, int *status, char **body)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = NULL;
    int outcome = store_pool_take(&store->readers, &db);
    if (!outcome) {
        outcome = get_answer(db, key, status, body);
        store_pool_put(&store->readers, db);
    }
    return outcome;
}
