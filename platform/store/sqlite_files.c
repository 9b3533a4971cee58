// SPDX-License-Identifier: Apache-2.0
// Files that people attach to alarms, journeys and tasks, whole or in pieces.

#include "platform/store/sqlite_calls.h"

#include <stdlib.h>
#include <string.h>

static int write_content(struct store_db *db, const struct store_file *file, struct bulla_bytes content)
{
    sqlite3_stmt *s = store_db_prepare(db, "INSERT OR IGNORE INTO file_content (id, bytes) VALUES (?, ?)");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, file->id);
    store_db_bind_bytes(s, 2, content);
    int outcome = store_db_step(db, s, "writing a file");
    sqlite3_clear_bindings(s);
    return outcome;
}

#define COLUMNS "id, alarm, journey, task, name, type, user, added_ms, size, kind, about, in_seal"

/* What it belongs to must exist. */
static int write_file(struct store_db *db, const struct store_file *file)
{
    sqlite3_stmt *s = store_db_prepare(db, "INSERT INTO file (" COLUMNS ") SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 WHERE "
                                           "(?2 = '' OR EXISTS (SELECT 1 FROM alarm WHERE id = ?2)) AND (?3 = '' OR EXISTS (SELECT 1 FROM "
                                           "journey WHERE id = ?3)) AND (?4 = '' OR EXISTS (SELECT 1 FROM paper WHERE id = ?4))");
    int outcome = s ? sqlite_fields_bind(s, 1, record_file_fields, file) : store_outcome();
    if (outcome) {
        return outcome;
    }
    if (sqlite3_step(s) != SQLITE_DONE) {
        outcome = sqlite3_extended_errcode(db->handle) == SQLITE_CONSTRAINT_UNIQUE
                      ? store_fail(STORE_CONFLICT, "this file is there already")
                      : store_db_fail(db, "writing a file");
    } else if (sqlite3_changes(db->handle) == 0) {
        outcome = store_fail(STORE_NOT_FOUND, "what the file belongs to does not exist: %s%s%s", file->alarm, file->journey, file->task);
    }
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return outcome;
}

int sqlite_file_put(struct store *base, const struct store_file *file, struct bulla_bytes content, const struct audit *audit)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_file sized = *file;
    sized.size = content.len;
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = write_content(db, file, content);
    outcome = outcome ? outcome : write_file(db, &sized);
    return sqlite_write_end(store, outcome, audit);
}

static int copy_content(sqlite3_stmt *s, int column, uint8_t **out)
{
    struct bulla_bytes bytes = store_db_column_bytes(s, column);
    uint8_t *copy = malloc(bytes.len + 1);
    if (!copy) {
        return store_fail(STORE_FAILED, "reading a file: out of memory");
    }
    if (bytes.len > 0) {
        memcpy(copy, bytes.at, bytes.len);
    }
    copy[bytes.len] = 0;
    *out = copy;
    return 0;
}

static int get_file(struct store_db *db, const char *id, struct store_file *out, uint8_t **content)
{
    struct store_file file = {.size = 0};
    sqlite3_stmt *s = store_db_prepare(db, "SELECT file.id, alarm, journey, task, name, type, user, added_ms, size, kind, about, in_seal, "
                                           "bytes FROM file JOIN file_content ON "
                                           "file_content.id = file.id WHERE file.id = ? ORDER BY number LIMIT 1");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, id);
    int code = sqlite3_step(s);
    int outcome = code == SQLITE_ROW    ? sqlite_fields_read(s, 0, record_file_fields, &file)
                  : code == SQLITE_DONE ? store_fail(STORE_NOT_FOUND, "file %s does not exist", id)
                                        : store_db_fail(db, "reading a file");
    outcome = outcome ? outcome : copy_content(s, 12, content);
    if (!outcome) {
        *out = file;
    }
    sqlite3_reset(s);
    return outcome;
}

int sqlite_file_get(struct store *base, const char *id, struct store_file *out, uint8_t **content)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = NULL;
    int outcome = store_pool_take(&store->readers, &db);
    if (!outcome) {
        outcome = get_file(db, id, out, content);
        store_pool_put(&store->readers, db);
    }
    return outcome;
}

int sqlite_files(struct store *base, enum store_owner of, const char *id, store_each_fn each, void *context)
{
    static const char *const SQL[] = {
        [STORE_OF_ALARM] = "SELECT " COLUMNS " FROM file WHERE alarm = ? AND alarm <> '' ORDER BY number DESC",
        [STORE_OF_JOURNEY] = "SELECT " COLUMNS " FROM file WHERE journey = ? AND journey <> '' ORDER BY number DESC",
        [STORE_OF_TASK] = "SELECT " COLUMNS " FROM file WHERE task = ? AND task <> '' ORDER BY number DESC"};
    struct store_file file;
    return sqlite_each(store_sqlite_of(base), SQL[of], id, record_file_fields, &file, sizeof file, each, context);
}

/* --- in pieces --- */

static int write_piece(struct store_db *db, const struct store_upload *upload, struct bulla_bytes piece)
{
    sqlite3_stmt *s = store_db_prepare(db, "INSERT INTO upload_part (upload, at, bytes) VALUES (?, ?, ?)");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, upload->id);
    sqlite3_bind_int64(s, 2, upload->arrived);
    store_db_bind_bytes(s, 3, piece);
    int outcome = store_db_step(db, s, "writing a piece of a file");
    sqlite3_clear_bindings(s);
    return outcome;
}

int sqlite_upload_part(struct store *base, struct store_upload *upload, struct bulla_bytes piece)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_upload after = *upload;
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    after.arrived += (int64_t)piece.len;
    int outcome = sqlite_record_write(db, &record_upload, &after, upload->version);
    outcome = outcome ? outcome : write_piece(db, upload, piece);
    outcome = sqlite_write_end(store, outcome, NULL);
    if (!outcome) {
        *upload = after;
        upload->version++;
    }
    return outcome;
}

static int read_pieces(struct store_db *db, const struct store_upload *upload, uint8_t *to)
{
    int64_t at = 0;
    sqlite3_stmt *s = store_db_prepare(db, "SELECT bytes FROM upload_part WHERE upload = ? ORDER BY at");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, upload->id);
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        struct bulla_bytes bytes = store_db_column_bytes(s, 0);
        if ((int64_t)bytes.len > upload->arrived - at) {
            break;
        }
        memcpy(to + at, bytes.at, bytes.len);
        at += (int64_t)bytes.len;
    }
    int outcome = code != SQLITE_DONE     ? store_db_fail(db, "reading a file's pieces")
                  : at != upload->arrived ? store_fail(STORE_FAILED, "upload %s: expected %lld bytes in its pieces, got %lld", upload->id,
                                                       (long long)upload->arrived, (long long)at)
                                          : 0;
    sqlite3_reset(s);
    return outcome;
}

int sqlite_upload_read(struct store *base, const struct store_upload *upload, uint8_t **content)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = NULL;
    uint8_t *to = malloc((size_t)upload->arrived + 1);
    if (!to) {
        return store_fail(STORE_FAILED, "reading a file's pieces: out of memory");
    }
    int outcome = store_pool_take(&store->readers, &db);
    if (!outcome) {
        outcome = read_pieces(db, upload, to);
        store_pool_put(&store->readers, db);
    }
    if (outcome) {
        free(to);
    } else {
        *content = to;
    }
    return outcome;
}

static int forget(struct store_db *db, const char *sql, const char *id)
{
    sqlite3_stmt *s = store_db_prepare(db, sql);
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, id);
    int outcome = store_db_step(db, s, "forgetting an upload");
    sqlite3_clear_bindings(s);
    return outcome;
}

int sqlite_upload_forget(struct store *base, const char *id, bool record_too)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = forget(db, "DELETE FROM upload_part WHERE upload = ?", id);
    if (!outcome && record_too) {
        outcome = forget(db, "DELETE FROM upload WHERE id = ?", id);
    }
    return sqlite_write_end(store, outcome, NULL);
}
