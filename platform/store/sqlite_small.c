// SPDX-License-Identifier: Apache-2.0
// Sessions and keys, settings, damaged messages.

#include "platform/store/sqlite_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAMAGES_KEPT = 100000 };
#define SESSION_KEPT_MS (INT64_C(24) * 3600 * 1000) /* after its end */

int sqlite_each(struct store_sqlite *store, const char *sql, const char *value, const struct record_field *fields, void *record,
                size_t size, store_each_fn each, void *context)
{
    struct store_db *db = NULL;
    int outcome = store_pool_take(&store->readers, &db);
    if (outcome) {
        return outcome;
    }
    sqlite3_stmt *s = store_db_prepare(db, sql);
    outcome = s ? 0 : store_outcome();
    if (s && sqlite3_bind_parameter_count(s) > 0) {
        store_db_bind_text(s, 1, value);
    }
    int code = SQLITE_DONE;
    while (!outcome && (code = sqlite3_step(s)) == SQLITE_ROW) {
        memset(record, 0, size);
        outcome = sqlite_fields_read(s, 0, fields, record);
        if (!outcome) {
            each(context, record);
        }
    }
    if (!outcome && code != SQLITE_DONE) {
        outcome = store_db_fail(db, "reading");
    }
    sqlite3_reset(s);
    store_pool_put(&store->readers, db);
    return outcome;
}

/* Ended sessions go when a new one comes; keys (expires_ms 0 or less: never) stay until dropped. */
static int forget_sessions(struct store_db *db, int64_t now_ms)
{
    sqlite3_stmt *s = store_db_prepare(db, "DELETE FROM session WHERE expires_ms > 0 AND expires_ms < ? AND NOT key");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, now_ms - SESSION_KEPT_MS);
    return store_db_step(db, s, "writing a session");
}

static int write_session(struct store_db *db, const struct session *session)
{
    sqlite3_stmt *s = store_db_prepare(
        db, "INSERT INTO session (id, user, csrf, key, label, scopes, created_ms, expires_ms, used_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET user = excluded.user, csrf = excluded.csrf, "
            "key = excluded.key, label = excluded.label, scopes = excluded.scopes, expires_ms = excluded.expires_ms, "
            "used_ms = excluded.used_ms");
    int outcome = s ? sqlite_fields_bind(s, 1, record_session_fields, session) : store_outcome();
    if (!outcome) {
        outcome = store_db_step(db, s, "writing a session");
        sqlite3_clear_bindings(s);
    }
    return outcome;
}

int sqlite_session_put(struct store *base, const struct session *session, const struct audit *audit)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int64_t now_ms = session->used_ms > session->created_ms ? session->used_ms : session->created_ms;
    int outcome = forget_sessions(db, now_ms);
    outcome = outcome ? outcome : write_session(db, session);
    return sqlite_write_end(store, outcome, audit);
}

struct one {
    struct session *out;
    size_t n;
};

static void take_one(void *context, const void *record)
{
    struct one *one = context;
    *one->out = *(const struct session *)record;
    one->n++;
}

#define SESSION_COLUMNS "SELECT id, user, csrf, key, label, scopes, created_ms, expires_ms, used_ms FROM session "

int sqlite_session_get(struct store *base, const char *id, struct session *out)
{
    struct session session;
    struct one one = {out, 0};
    int outcome = sqlite_each(store_sqlite_of(base), SESSION_COLUMNS "WHERE id = ?", id, record_session_fields, &session, sizeof session,
                              take_one, &one);
    return !outcome && one.n == 0 ? store_fail(STORE_NOT_FOUND, "the session does not exist") : outcome;
}

int sqlite_session_drop(struct store *base, const char *id, const struct audit *audit)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    sqlite3_stmt *s = store_db_prepare(db, "DELETE FROM session WHERE id = ?");
    int outcome = s ? 0 : store_outcome();
    if (!outcome) {
        store_db_bind_text(s, 1, id);
        outcome = store_db_step(db, s, "dropping a session");
    }
    if (!outcome && sqlite3_changes(db->handle) == 0) {
        outcome = store_fail(STORE_NOT_FOUND, "the session does not exist");
    }
    return sqlite_write_end(store, outcome, audit);
}

int sqlite_sessions(struct store *base, const char *user, bool keys, store_each_fn each, void *context)
{
    static const char *const SQL[2][2] = {
        {SESSION_COLUMNS "WHERE NOT key ORDER BY number DESC", SESSION_COLUMNS "WHERE user = ? AND NOT key ORDER BY number DESC"},
        {SESSION_COLUMNS "WHERE key ORDER BY number DESC", SESSION_COLUMNS "WHERE user = ? AND key ORDER BY number DESC"}};
    struct session session;
    return sqlite_each(store_sqlite_of(base), SQL[keys][*user != '\0'], user, record_session_fields, &session, sizeof session, each,
                       context);
}

static int write_setting(struct store *base, const char *sql, const char *name, const char *value)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    sqlite3_stmt *s = store_db_prepare(db, sql);
    int outcome = s ? 0 : store_outcome();
    if (!outcome) {
        store_db_bind_text(s, 1, name);
        store_db_bind_text(s, 2, value);
        outcome = store_db_step(db, s, "writing a setting");
        sqlite3_clear_bindings(s);
    }
    return sqlite_write_end(store, outcome, NULL);
}

int sqlite_setting_put(struct store *base, const char *name, const char *value)
{
    return write_setting(base, "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                         name, value);
}

int sqlite_setting_make(struct store *base, const char *name, const char *value)
{
    return write_setting(base, "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, value);
}

static int get_setting(struct store_db *db, const char *name, char *value, size_t size)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT value FROM setting WHERE name = ?");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, name);
    int code = sqlite3_step(s);
    int outcome = code == SQLITE_ROW    ? 0
                  : code == SQLITE_DONE ? store_fail(STORE_NOT_FOUND, "setting %s does not exist", name)
                                        : store_db_fail(db, "reading a setting");
    if (!outcome && (size_t)sqlite3_column_bytes(s, 0) >= size) {
        outcome = store_fail(STORE_FAILED, "setting %s: expected at most %zu bytes, it has %d", name, size - 1, sqlite3_column_bytes(s, 0));
    }
    if (!outcome) {
        store_db_column_text(s, 0, value, size);
    }
    sqlite3_reset(s);
    return outcome;
}

int sqlite_setting_get(struct store *base, const char *name, char *value, size_t size)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = NULL;
    int outcome = store_pool_take(&store->readers, &db);
    if (!outcome) {
        outcome = get_setting(db, name, value, size);
        store_pool_put(&store->readers, db);
    }
    return outcome;
}

static int write_damage(struct store_db *db, const struct store_damage *damage)
{
    sqlite3_stmt *s = store_db_prepare(db, "INSERT INTO damage (number, received_ms, protocol, peer, outcome, why, raw) VALUES "
                                           "((SELECT coalesce(max(number), 0) + 1 FROM damage), ?, ?, ?, ?, ?, ?)");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, damage->received_ms);
    store_db_bind_text(s, 2, damage->protocol);
    store_db_bind_text(s, 3, damage->peer);
    store_db_bind_text(s, 4, damage->outcome);
    store_db_bind_text(s, 5, damage->why);
    store_db_bind_bytes(s, 6, damage->raw);
    int outcome = store_db_step(db, s, "writing a damaged message");
    sqlite3_clear_bindings(s);
    return outcome;
}

static int forget_damages(struct store_db *db)
{
    sqlite3_stmt *s = store_db_prepare(db, "DELETE FROM damage WHERE number <= (SELECT max(number) FROM damage) - ?");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int(s, 1, DAMAGES_KEPT);
    return store_db_step(db, s, "writing a damaged message");
}

int sqlite_damage_put(struct store *base, const struct store_damage *rows, size_t n)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = n > 0 ? sqlite_write_begin(store) : NULL;
    if (!db) {
        return n > 0 ? store_outcome() : 0;
    }
    int outcome = 0;
    for (size_t i = 0; i < n && !outcome; i++) {
        outcome = write_damage(db, &rows[i]);
    }
    outcome = outcome ? outcome : forget_damages(db);
    return sqlite_write_end(store, outcome, NULL);
}

static void give_damage(sqlite3_stmt *s, void (*each)(void *context, const struct store_damage *damage), void *context)
{
    struct store_damage damage = {.received_ms = sqlite3_column_int64(s, 0), .raw = store_db_column_bytes(s, 5)};
    store_db_column_text(s, 1, damage.protocol, sizeof damage.protocol);
    store_db_column_text(s, 2, damage.peer, sizeof damage.peer);
    store_db_column_text(s, 3, damage.outcome, sizeof damage.outcome);
    store_db_column_text(s, 4, damage.why, sizeof damage.why);
    each(context, &damage);
}

int sqlite_damages(struct store *base, unsigned limit, void (*each)(void *context, const struct store_damage *damage), void *context)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = NULL;
    int outcome = store_pool_take(&store->readers, &db);
    if (outcome) {
        return outcome;
    }
    sqlite3_stmt *s =
        store_db_prepare(db, "SELECT received_ms, protocol, peer, outcome, why, raw FROM damage ORDER BY number DESC LIMIT ?");
    int code = SQLITE_ERROR;
    if (s) {
        sqlite3_bind_int64(s, 1, limit);
        while ((code = sqlite3_step(s)) == SQLITE_ROW) {
            give_damage(s, each, context);
        }
    }
    outcome = code == SQLITE_DONE ? 0 : s ? store_db_fail(db, "reading damaged messages") : store_outcome();
    sqlite3_reset(s);
    store_pool_put(&store->readers, db);
    return outcome;
}
