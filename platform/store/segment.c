// SPDX-License-Identifier: Apache-2.0
// A segment's file: creating, loading, closing, looking up.

#include "platform/store/segment.h"

#include "platform/store/migrations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, ROWS_MOST = 1 << 26 };

struct segment *store_segment_new(const struct store_disk *disk, const char *folder, unsigned number)
{
    struct segment *segment = calloc(1, sizeof *segment);
    if (!segment) {
        store_fail(STORE_FAILED, "segment %06u: out of memory", number);
        return NULL;
    }
    segment->disk = disk;
    segment->number = number;
    snprintf(segment->name, sizeof segment->name, "%06u.db", number);
    snprintf(segment->path, sizeof segment->path, "%s/%s", folder, segment->name);
    store_pool_init(&segment->readers, disk, segment->path, 4);
    pthread_rwlock_init(&segment->in_use, NULL);
    return segment;
}

void store_segment_free(struct segment *segment)
{
    if (segment) {
        store_db_close(segment->writer);
        store_pool_clear(&segment->readers);
        pthread_rwlock_destroy(&segment->in_use);
        store_index_free(segment->index);
        free(segment->bloom);
        free(segment);
    }
}

int store_segment_create(struct segment *segment, uint32_t rows)
{
    segment->index = store_index_new(rows);
    if (!segment->index) {
        return store_fail(STORE_FAILED, "%s: out of memory", segment->name);
    }
    struct store_db *db = NULL;
    int outcome = store_db_open_on(segment->disk, segment->path, STORE_DB_APPEND, &db);
    if (!outcome) {
        outcome = store_db_begin(db);
    }
    if (!outcome) {
        outcome = store_db_end(db, store_db_run(db, store_sql_segment_001));
    }
    if (outcome) {
        store_db_close(db);
        segment->disk->remove(segment->disk->host, segment->path); /* nothing is in it yet */
        return outcome;
    }
    segment->writer = db;
    return 0;
}

static int load_seals(struct segment *segment, struct store_db *db)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT n, name FROM seal ORDER BY n");
    int code;
    if (!s) {
        return store_outcome();
    }
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        int64_t number = sqlite3_column_int64(s, 0);
        char name[MODEL_SEAL_SIZE];
        store_db_column_text(s, 1, name, sizeof name);
        if (number < 1 || number > ROWS_MOST) {
            break;
        }
        while (segment->index->n_seals + 1 < number) { /* a number that was given in a batch that failed */
            if (!store_index_add_seal(segment->index, "\x01")) {
                break;
            }
        }
        uint32_t given = store_index_add_seal(segment->index, name);
        if (given != number) {
            break;
        }
        segment->index->seals[given].on_disk = true;
    }
    int outcome = code == SQLITE_DONE  ? 0
                  : code == SQLITE_ROW ? store_fail(STORE_FAILED, "its seals are not whole")
                                       : store_db_fail(db, "reading");
    sqlite3_reset(s);
    return outcome;
}

static struct store_key key_of_column(sqlite3_stmt *s, int column)
{
    if (sqlite3_column_type(s, column) == SQLITE_BLOB && sqlite3_column_bytes(s, column) == 16) {
        struct store_key key;
        memcpy(&key, sqlite3_column_blob(s, column), sizeof key);
        return key;
    }
    const char *text = (const char *)sqlite3_column_text(s, column);
    return store_key_of_id(text ? text : "");
}

static bool load_row(struct segment *segment, sqlite3_stmt *s)
{
    int64_t n = sqlite3_column_int64(s, 0);
    int64_t seal = sqlite3_column_int64(s, 2);
    struct store_index *index = segment->index;
    if (n <= index->n_rows || n > ROWS_MOST || seal < 1 || seal > index->n_seals ||
        !store_index_reserve(index, (uint32_t)n - index->n_rows)) {
        return false;
    }
    int64_t at_ms = (int64_t)((uint64_t)segment->base_ms + (uint64_t)sqlite3_column_int64(s, 3));
    store_index_add(index, (uint32_t)n, key_of_column(s, 1), (uint32_t)seal, at_ms, sqlite3_column_int64(s, 4));
    return true;
}

static int load_rows(struct segment *segment, struct store_db *db)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT n, id, seal, at, lag FROM observation ORDER BY n");
    if (!s) {
        return store_outcome();
    }
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW && load_row(segment, s)) {
    }
    int outcome = code == SQLITE_DONE  ? 0
                  : code == SQLITE_ROW ? store_fail(STORE_FAILED, "row %lld cannot be true", (long long)sqlite3_column_int64(s, 0))
                                       : store_db_fail(db, "reading");
    sqlite3_reset(s);
    return outcome;
}

static int load_open(struct segment *segment, struct store_db *db, uint32_t rows)
{
    segment->index = store_index_new(rows);
    if (!segment->index) {
        return store_fail(STORE_FAILED, "out of memory");
    }
    int outcome = load_seals(segment, db);
    return outcome ? outcome : load_rows(segment, db);
}

static bool has_log(struct store_db *db)
{
    sqlite3_stmt *s = store_db_prepare(db, "PRAGMA journal_mode");
    bool wal = s && sqlite3_step(s) == SQLITE_ROW && !strcmp((const char *)sqlite3_column_text(s, 0), "wal");
    sqlite3_reset(s);
    return wal;
}

static int load_file(struct segment *segment, struct store_db *db, uint32_t rows)
{
    int64_t version = 0, closed = 0, none = 0;
    int outcome = store_db_number(db, "PRAGMA user_version", 0, &version);
    if (!outcome && version == 0) {
        outcome = store_db_number(db, "SELECT count(*) FROM sqlite_schema", 0, &none);
        segment->unborn = !outcome && none == 0;
    }
    if (outcome || segment->unborn) {
        return outcome;
    }
    if (version != FORMAT) {
        return store_fail(STORE_FAILED, "its format is %lld, expected %d", (long long)version, FORMAT);
    }
    outcome = store_db_number(db, "SELECT value FROM meta WHERE name = 'base'", INT64_MIN, &segment->base_ms);
    segment->has_base = segment->base_ms != INT64_MIN;
    if (!outcome) {
        outcome = store_db_number(db, "SELECT count(*) FROM meta WHERE name = 'hours'", 0, &closed);
    }
    if (outcome) {
        return outcome;
    }
    if (!segment->has_base) {
        outcome = store_db_number(db, "SELECT count(*) FROM observation", 0, &none);
        segment->base_ms = 0;
        outcome = !outcome && none ? store_fail(STORE_FAILED, "it has no base time") : outcome;
    }
    if (outcome) {
        return outcome;
    }
    segment->log_kept = has_log(db);
    return closed ? store_segment_become_closed(segment, db) : load_open(segment, db, rows);
}

int store_segment_load(struct segment *segment, uint32_t rows, char *why, size_t size)
{
    struct store_db *db = NULL;
    char log[STORE_PATH_SIZE + 8];
    snprintf(log, sizeof log, "%s-wal", segment->path);
    int64_t bytes = segment->disk->size(segment->disk->host, log);
    segment->log_bytes = bytes > 0 ? (long long)bytes : 0;
    int outcome = store_db_open_on(segment->disk, segment->path, STORE_DB_MEND, &db);
    if (!outcome) {
        outcome = load_file(segment, db, rows);
    }
    bool passing = outcome && db && store_db_is_passing(db);
    store_db_close(db);
    if (passing) {
        return outcome;
    }
    if (outcome) {
        segment->state = SEGMENT_DAMAGED;
        snprintf(why, size, "segments/%s cannot be read%s: %s", segment->name, segment->index ? " to its end" : "", store_error(NULL));
    }
    return 0;
}

static int put_seals(const struct segment *segment, struct store_db *db)
{
    sqlite3_stmt *s = store_db_prepare(db, "UPDATE seal SET latest = ?, latest_at = ?, first_at = ?, last_at = ? WHERE n = ?");
    int outcome = s ? 0 : store_outcome();
    for (uint32_t n = 1; n <= segment->index->n_seals && !outcome; n++) {
        const struct index_seal *seal = &segment->index->seals[n];
        if (seal->rows > 0) {
            sqlite3_bind_int64(s, 1, seal->latest_row);
            sqlite3_bind_int64(s, 2, seal->latest_ms);
            sqlite3_bind_int64(s, 3, seal->first_ms);
            sqlite3_bind_int64(s, 4, seal->last_ms);
            sqlite3_bind_int64(s, 5, n);
            outcome = store_db_step(db, s, "closing");
        }
    }
    return outcome;
}

static int put_meta(struct store_db *db, const char *name, int64_t number, struct bulla_bytes bytes)
{
    sqlite3_stmt *s = store_db_prepare(db, "INSERT INTO meta (name, value) VALUES (?, ?)");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, name);
    if (bytes.at) {
        store_db_bind_bytes(s, 2, bytes);
    } else {
        sqlite3_bind_int64(s, 2, number);
    }
    return store_db_step(db, s, "closing");
}

static void mark_hours(const struct store_index *index, uint8_t hours[SEGMENT_HOURS / 8])
{
    memset(hours, 0, SEGMENT_HOURS / 8);
    for (uint32_t n = 1; n <= index->n_rows; n++) {
        if (index->rows[n].seal) {
            uint32_t hour = store_segment_hour(index->rows[n].at_ms);
            hours[hour / 8] |= (uint8_t)(1u << hour % 8);
        }
    }
}

static int put_bloom(const struct store_index *index, struct store_db *db)
{
    struct store_bloom *bloom = store_bloom_new((size_t)index->n_rows + index->n_seals);
    if (!bloom) {
        return store_fail(STORE_FAILED, "closing a segment: out of memory");
    }
    for (uint32_t n = 1; n <= index->n_rows; n++) {
        store_bloom_add(bloom, index->rows[n].key);
    }
    for (uint32_t n = 1; n <= index->n_seals; n++) {
        store_bloom_add(bloom, store_key_of_seal(index->seals[n].name));
    }
    int outcome = put_meta(db, "bloom", 0, (struct bulla_bytes){bloom->bits, bloom->bytes});
    free(bloom);
    return outcome;
}

static int put_summary(const struct segment *segment, struct store_db *db)
{
    const struct store_index *index = segment->index;
    const struct bulla_bytes none = {NULL, 0};
    uint8_t hours[SEGMENT_HOURS / 8];
    mark_hours(index, hours);
    int outcome = put_meta(db, "rows", index->n_rows, none);
    outcome = outcome ? outcome : put_meta(db, "first", index->first_ms, none);
    outcome = outcome ? outcome : put_meta(db, "last", index->last_ms, none);
    outcome = outcome ? outcome : put_bloom(index, db);
    return outcome ? outcome : put_meta(db, "hours", 0, (struct bulla_bytes){hours, sizeof hours});
}

int store_segment_index_file(const struct segment *segment)
{
    struct store_db *db = segment->writer;
    int outcome = store_db_begin(db);
    if (outcome) {
        return outcome;
    }
    outcome = store_db_run(db, store_sql_segment_close);
    outcome = outcome ? outcome : put_seals(segment, db);
    outcome = outcome ? outcome : put_summary(segment, db);
    return store_db_end(db, outcome);
}

static int read_hours(struct segment *segment, struct store_db *db)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT value FROM meta WHERE name = 'hours'");
    if (!s) {
        return store_outcome();
    }
    int outcome = sqlite3_step(s) == SQLITE_ROW ? 0 : store_db_fail(db, "reading");
    struct bulla_bytes hours = outcome ? (struct bulla_bytes){NULL, 0} : store_db_column_bytes(s, 0);
    if (!outcome && hours.len != sizeof segment->hours) {
        outcome = store_fail(STORE_FAILED, "its summary is not whole");
    }
    if (!outcome) {
        memcpy(segment->hours, hours.at, hours.len);
    }
    sqlite3_reset(s);
    return outcome;
}

int store_segment_become_closed(struct segment *segment, struct store_db *db)
{
    int outcome = store_db_number(db, "SELECT value FROM meta WHERE name = 'rows'", 0, &segment->rows);
    outcome = outcome ? outcome : store_db_number(db, "SELECT value FROM meta WHERE name = 'first'", 0, &segment->first_ms);
    outcome = outcome ? outcome : store_db_number(db, "SELECT value FROM meta WHERE name = 'last'", 0, &segment->last_ms);
    outcome = outcome ? outcome : read_hours(segment, db);
    if (!outcome) {
        segment->state = SEGMENT_CLOSED;
        store_index_free(segment->index);
        segment->index = NULL;
    }
    return outcome;
}

static bool leave_wal(struct store_db *db)
{
    sqlite3_busy_timeout(db->handle, 0);
    sqlite3_stmt *s = store_db_prepare(db, "PRAGMA journal_mode=DELETE");
    bool left = s && sqlite3_step(s) == SQLITE_ROW && !strcmp((const char *)sqlite3_column_text(s, 0), "delete");
    sqlite3_reset(s);
    return left;
}

bool store_segment_put_log_away(struct segment *segment)
{
    bool done = false;
    if (pthread_rwlock_trywrlock(&segment->in_use) == 0) {
        store_pool_drain(&segment->readers);
        if (segment->writer || store_db_open_on(segment->disk, segment->path, STORE_DB_APPEND, &segment->writer) == 0) {
            done = leave_wal(segment->writer);
        }
        if (done) { /* until then it stays open: with the disk full, readers need what it has mapped */
            store_db_close(segment->writer);
            segment->writer = NULL;
        }
        pthread_rwlock_unlock(&segment->in_use);
    }
    return done;
}

int store_segment_take(struct segment *segment, struct store_db **out)
{
    pthread_rwlock_rdlock(&segment->in_use);
    int outcome = store_pool_take(&segment->readers, out);
    if (outcome) {
        pthread_rwlock_unlock(&segment->in_use);
    }
    return outcome;
}

void store_segment_give(struct segment *segment, struct store_db *db)
{
    if (db) {
        store_pool_put(&segment->readers, db);
        pthread_rwlock_unlock(&segment->in_use);
    }
}

struct store_bloom *store_segment_read_bloom(struct segment *segment)
{
    struct store_db *db = NULL;
    struct store_bloom *bloom = NULL;
    if (store_segment_take(segment, &db)) {
        return NULL;
    }
    sqlite3_stmt *s = store_db_prepare(db, "SELECT value FROM meta WHERE name = 'bloom'");
    if (s && sqlite3_step(s) == SQLITE_ROW) {
        struct bulla_bytes bytes = store_db_column_bytes(s, 0);
        bloom = store_bloom_from(bytes.at, bytes.len);
    }
    if (!bloom) {
        store_fail(STORE_FAILED, "segments/%s: its filter cannot be read", segment->name);
    }
    sqlite3_reset(s);
    store_segment_give(segment, db);
    return bloom;
}

int64_t store_segment_find(struct segment *segment, const char *id)
{
    struct store_db *db = NULL;
    uint8_t bytes[16];
    int outcome = store_segment_take(segment, &db);
    if (outcome) {
        return outcome;
    }
    int64_t found;
    sqlite3_stmt *s = store_db_prepare(db, "SELECT n FROM observation WHERE substr(id, 1, 5) = substr(?1, 1, 5) AND id = ?1");
    if (s) {
        if (store_key_bytes(id, bytes)) {
            store_db_bind_bytes(s, 1, (struct bulla_bytes){bytes, sizeof bytes});
        } else {
            store_db_bind_text(s, 1, id);
        }
        int code = sqlite3_step(s);
        found = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : code == SQLITE_DONE ? 0 : store_db_fail(db, "looking an id up");
        sqlite3_reset(s);
    } else {
        found = store_outcome();
    }
    store_segment_give(segment, db);
    return found;
}
