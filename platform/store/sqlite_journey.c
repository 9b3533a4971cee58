// SPDX-License-Identifier: Apache-2.0
// Journeys: the record, the index of its seals, and its permissions, which only grow.

#include "platform/store/sqlite_calls.h"
#include "platform/store/sqlite_work.h"

#include <stdlib.h>
#include <string.h>

/* A permission with the same id, seal, credential and beginning is the same one, changed. */
static int write_permission(struct store_db *db, const char *journey, const struct permission *permission)
{
    sqlite3_stmt *s =
        store_db_prepare(db, "INSERT INTO permission (journey, id, seal, credential, from_ms, until_ms, unseals, has_place, place) "
                             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (journey, id, seal, credential, from_ms) DO UPDATE SET "
                             "until_ms = excluded.until_ms, unseals = excluded.unseals, has_place = excluded.has_place, "
                             "place = excluded.place");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, journey);
    int outcome = sqlite_fields_bind(s, 2, record_permission_fields, permission);
    if (outcome) {
        return outcome;
    }
    int code = sqlite3_step(s);
    if (code != SQLITE_DONE) {
        outcome = sqlite3_extended_errcode(db->handle) == SQLITE_CONSTRAINT_FOREIGNKEY
                      ? store_fail(STORE_NOT_FOUND, "journey %s does not exist", journey)
                      : store_db_fail(db, "writing a permission");
    }
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return outcome;
}

static int run_for_journey(struct store_db *db, const char *sql, const char *journey, const char *seal)
{
    sqlite3_stmt *s = store_db_prepare(db, sql);
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, journey);
    if (seal) {
        store_db_bind_text(s, 2, seal);
    }
    return store_db_step(db, s, "writing a journey's seals");
}

static int write_seals(struct store_db *db, const struct journey *journey)
{
    int outcome =
        run_for_journey(db, "DELETE FROM journey_seal WHERE position = (SELECT position FROM journey WHERE id = ?)", journey->id, NULL);
    for (size_t i = 0; i < journey->n_seals && !outcome; i++) {
        outcome = run_for_journey(db, "INSERT OR IGNORE INTO journey_seal (position, seal) SELECT position, ?2 FROM journey WHERE id = ?1",
                                  journey->id, journey->seals[i]);
    }
    return outcome;
}

static int write_all(struct store_db *db, const struct journey *journey)
{
    int outcome = sqlite_record_write(db, &record_journey, journey, journey->version);
    outcome = outcome ? outcome : write_seals(db, journey);
    for (size_t i = 0; i < journey->n_permissions && !outcome; i++) {
        outcome = write_permission(db, journey->id, &journey->permissions[i]);
    }
    return outcome;
}

int sqlite_journey_put(struct store *base, struct journey *journey, const struct audit *audit)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = write_all(db, journey);
    outcome = outcome ? outcome : sqlite_change(store, db, STORE_CHANGED_JOURNEY, journey->id);
    outcome = sqlite_write_end(store, outcome, audit);
    journey->version += outcome == 0;
    return outcome;
}

static int add_permission(struct store_sqlite *store, struct store_db *db, const char *journey, const struct permission *permission)
{
    int outcome = write_permission(db, journey, permission);
    return outcome ? outcome : sqlite_change(store, db, STORE_CHANGED_JOURNEY, journey);
}

int sqlite_permission_add(struct store *base, const char *journey, const struct permission *permission, const struct audit *audit)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    return sqlite_write_end(store, add_permission(store, db, journey, permission), audit);
}

int sqlite_command_order(struct store *base, struct command *command, const struct permission *permission, const struct audit *audit)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = add_permission(store, db, command->journey, permission);
    outcome = outcome ? outcome : sqlite_record_write(db, &record_command, command, 0);
    outcome = outcome ? outcome : sqlite_change(store, db, STORE_CHANGED_COMMAND, command->id);
    outcome = sqlite_write_end(store, outcome, audit);
    command->version += outcome == 0;
    return outcome;
}

static int read_permissions(struct store_db *db, struct journey *journey)
{
    struct sqlite_text sql = {.len = 0};
    sqlite_text_add(&sql, "SELECT ");
    sqlite_text_add_fields(&sql, "", record_permission_fields);
    sqlite_text_add(&sql, " FROM permission WHERE journey = ? ORDER BY from_ms, number");
    sqlite3_stmt *s = store_db_prepare(db, sql.at);
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, journey->id);
    int code, outcome = 0;
    while ((code = sqlite3_step(s)) == SQLITE_ROW && !outcome) {
        struct permission permission = {.id = ""};
        outcome = sqlite_fields_read(s, 0, record_permission_fields, &permission);
        if (!outcome && !journey_add_permission(journey, &permission)) {
            outcome = store_fail(STORE_FAILED, "journey %s: out of memory", journey->id);
        }
    }
    if (!outcome && code != SQLITE_DONE) {
        outcome = store_db_fail(db, "reading permissions");
    }
    sqlite3_reset(s);
    return outcome;
}

/* A row (version, position, fields) as a journey on the heap. */
static int read_journey(struct store_db *db, sqlite3_stmt *row, struct journey **out)
{
    struct journey *journey = journey_new();
    if (!journey) {
        return store_fail(STORE_FAILED, "journey: out of memory");
    }
    int outcome = sqlite_fields_read(row, 2, record_journey.fields, journey);
    journey->version = sqlite3_column_int64(row, 0);
    outcome = outcome ? outcome : read_permissions(db, journey);
    if (outcome) {
        journey_free(journey);
        return outcome;
    }
    *out = journey;
    return 0;
}

static int load(struct store_db *db, sqlite3_stmt *row, store_each_fn each, void *context)
{
    struct journey *journey = NULL;
    int outcome = read_journey(db, row, &journey);
    if (!outcome) {
        each(context, journey);
        journey_free(journey);
    }
    return outcome;
}

int sqlite_journeys(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return sqlite_record_list(store_sqlite_of(base), &record_journey, q, load, each, context, next);
}

static int get(struct store_db *db, const char *id, struct journey **out)
{
    struct sqlite_text sql = {.len = 0};
    sqlite_text_add(&sql, "SELECT version, position, ");
    sqlite_text_add_fields(&sql, "", record_journey.fields);
    sqlite_text_add(&sql, " FROM journey WHERE id = ?");
    sqlite3_stmt *s = store_db_prepare(db, sql.at);
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, id);
    int code = sqlite3_step(s);
    int outcome = code == SQLITE_ROW    ? read_journey(db, s, out)
                  : code == SQLITE_DONE ? store_fail(STORE_NOT_FOUND, "journey %s does not exist", id)
                                        : store_db_fail(db, "reading a journey");
    sqlite3_reset(s);
    return outcome;
}

int sqlite_journey_get(struct store *base, const char *id, struct journey **out)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = NULL;
    int outcome = store_pool_take(&store->readers, &db);
    if (!outcome) {
        outcome = get(db, id, out);
        store_pool_put(&store->readers, db);
    }
    return outcome;
}
