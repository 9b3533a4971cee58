// SPDX-License-Identifier: Apache-2.0
// How far each partition has come, and what brought an observation.

#include "platform/store/sqlite_work.h"

#include "platform/store/sqlite_records.h"

#include <stdio.h>

#define PARCEL_KEPT_MS (INT64_C(3) * 24 * 3600 * 1000)

static int write_place(struct store_db *db, const struct store_progress *p)
{
    sqlite3_stmt *s = store_db_prepare(db, "UPDATE partition SET place = ? WHERE number = ?");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, (int64_t)p->place);
    sqlite3_bind_int64(s, 2, p->partition);
    int outcome = store_db_step(db, s, "writing progress");
    if (!outcome && sqlite3_changes(db->handle) == 0) {
        outcome = store_fail(STORE_FAILED, "progress: partition %u does not exist", p->partition);
    }
    return outcome;
}

static int write_number(struct store_db *db, const struct store_progress *p)
{
    sqlite3_stmt *s = p->source[0] ? store_db_prepare(db, "INSERT INTO progress (partition, source, number) VALUES (?, ?, ?) "
                                                          "ON CONFLICT DO UPDATE SET number = excluded.number")
                                   : NULL;
    if (!s) {
        return p->source[0] ? store_outcome() : 0;
    }
    sqlite3_bind_int64(s, 1, p->partition);
    store_db_bind_text(s, 2, p->source);
    sqlite3_bind_int64(s, 3, (int64_t)p->number);
    int outcome = store_db_step(db, s, "writing progress");
    sqlite3_clear_bindings(s);
    return outcome;
}

static int write_parcel(struct store_db *db, const struct store_progress *p)
{
    sqlite3_stmt *s = store_db_prepare(db, "INSERT INTO parcel (partition, place, source, number, node, rows, taken_ms, published_ms, "
                                           "applied_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, p->partition);
    sqlite3_bind_int64(s, 2, (int64_t)p->place);
    store_db_bind_text(s, 3, p->source);
    sqlite3_bind_int64(s, 4, (int64_t)p->number);
    store_db_bind_text(s, 5, p->node);
    sqlite3_bind_int64(s, 6, p->rows);
    sqlite3_bind_int64(s, 7, p->taken_ms);
    sqlite3_bind_int64(s, 8, p->published_ms);
    sqlite3_bind_int64(s, 9, p->applied_ms);
    int outcome = store_db_step(db, s, "writing progress");
    sqlite3_clear_bindings(s);
    return outcome;
}

struct bringing {
    struct store_db *db;
    int64_t parcel;
    int outcome;
};

static void write_brought(void *context, const char *id)
{
    struct bringing *bringing = context;
    if (bringing->outcome) {
        return;
    }
    sqlite3_stmt *s = store_db_prepare(bringing->db, "INSERT OR IGNORE INTO brought (observation, parcel) VALUES (?, ?)");
    if (!s) {
        bringing->outcome = store_outcome();
        return;
    }
    store_db_bind_text(s, 1, id);
    sqlite3_bind_int64(s, 2, bringing->parcel);
    bringing->outcome = store_db_step(bringing->db, s, "writing progress");
    sqlite3_clear_bindings(s);
}

static int forget_parcels(struct store_db *db, int64_t now_ms)
{
    sqlite3_stmt *s = store_db_prepare(db, "DELETE FROM parcel WHERE applied_ms < ?");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, now_ms - PARCEL_KEPT_MS);
    return store_db_step(db, s, "writing progress");
}

static int write_one(struct store_sqlite *store, struct store_db *db, const struct store_progress *p)
{
    int outcome = p->hurried ? 0 : write_place(db, p);
    outcome = outcome || p->hurried ? outcome : write_number(db, p);
    outcome = outcome || !p->rows ? outcome : write_parcel(db, p);
    if (!outcome && p->rows) {
        struct bringing bringing = {db, sqlite3_last_insert_rowid(db->handle), 0};
        sqlite_work_brought(store, p->rows, write_brought, &bringing);
        outcome = bringing.outcome;
    }
    return outcome;
}

int sqlite_progress_put(struct store *base, const struct store_progress *progress, size_t n)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = n > 0 ? sqlite_write_begin(store) : NULL;
    if (!db) {
        return n > 0 ? store_outcome() : 0;
    }
    int outcome = 0;
    for (size_t i = 0; i < n && !outcome; i++) {
        outcome = write_one(store, db, &progress[i]);
    }
    outcome = outcome ? outcome : forget_parcels(db, clock_now(&store->disk->clock));
    return sqlite_write_end(store, outcome, NULL);
}

static int read_numbers(struct store_db *db, unsigned partition, void (*each)(void *context, const char *source, uint64_t number),
                        void *context)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT source, number FROM progress WHERE partition = ? ORDER BY source");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, partition);
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        char source[MODEL_ID_SIZE];
        store_db_column_text(s, 0, source, sizeof source);
        if (each) {
            each(context, source, (uint64_t)sqlite3_column_int64(s, 1));
        }
    }
    int outcome = code == SQLITE_DONE ? 0 : store_db_fail(db, "reading progress");
    sqlite3_reset(s);
    return outcome;
}

static int read_place(struct store_db *db, unsigned partition, uint64_t *place)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT place FROM partition WHERE number = ?");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, partition);
    int code = sqlite3_step(s);
    int outcome = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_db_fail(db, "reading progress");
    *place = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return outcome;
}

int sqlite_progress(struct store *base, unsigned partition, uint64_t *place,
                    void (*each)(void *context, const char *source, uint64_t number), void *context)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = NULL;
    uint64_t found = 0;
    int outcome = store_pool_take(&store->readers, &db);
    if (outcome) {
        return outcome;
    }
    outcome = read_place(db, partition, &found);
    outcome = outcome ? outcome : read_numbers(db, partition, each, context);
    store_pool_put(&store->readers, db);
    if (!outcome && place) {
        *place = found;
    }
    return outcome;
}

int sqlite_progress_of(struct store *base, const char *source, void (*each)(void *context, unsigned partition, uint64_t number),
                       void *context)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = NULL;
    int outcome = store_pool_take(&store->readers, &db);
    if (outcome) {
        return outcome;
    }
    sqlite3_stmt *s = store_db_prepare(db, "SELECT partition, number FROM progress WHERE source = ? ORDER BY partition");
    int code = SQLITE_ERROR;
    if (s) {
        store_db_bind_text(s, 1, source);
        while ((code = sqlite3_step(s)) == SQLITE_ROW) {
            each(context, (unsigned)sqlite3_column_int(s, 0), (uint64_t)sqlite3_column_int64(s, 1));
        }
    }
    outcome = code == SQLITE_DONE ? 0 : s ? store_db_fail(db, "reading progress") : store_outcome();
    sqlite3_reset(s);
    store_pool_put(&store->readers, db);
    return outcome;
}

static int read_trace(struct store_db *db, const char *observation, struct store_progress *out)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT partition, place, number, rows, taken_ms, published_ms, applied_ms, source, node FROM "
                                           "brought JOIN parcel ON key = parcel WHERE observation = ?");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, observation);
    int code = sqlite3_step(s);
    int outcome = code == SQLITE_ROW ? 0
                  : code == SQLITE_DONE
                      ? store_fail(STORE_NOT_FOUND, "observation %s: what brought it is not known (any more)", observation)
                      : store_db_fail(db, "reading progress");
    if (!outcome) {
        *out = (struct store_progress){.partition = (unsigned)sqlite3_column_int(s, 0),
                                       .place = (uint64_t)sqlite3_column_int64(s, 1),
                                       .number = (uint64_t)sqlite3_column_int64(s, 2),
                                       .rows = (uint32_t)sqlite3_column_int64(s, 3),
                                       .taken_ms = sqlite3_column_int64(s, 4),
                                       .published_ms = sqlite3_column_int64(s, 5),
                                       .applied_ms = sqlite3_column_int64(s, 6)};
        store_db_column_text(s, 7, out->source, sizeof out->source);
        store_db_column_text(s, 8, out->node, sizeof out->node);
    }
    sqlite3_reset(s);
    return outcome;
}

int sqlite_trace(struct store *base, const char *observation, struct store_progress *out)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = NULL;
    int outcome = store_pool_take(&store->readers, &db);
    if (!outcome) {
        outcome = read_trace(db, observation, out);
        store_pool_put(&store->readers, db);
    }
    return outcome;
}
