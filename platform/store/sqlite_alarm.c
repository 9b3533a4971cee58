// SPDX-License-Identifier: Apache-2.0
// Alarms: what rules know and what people do are written apart; and the files that people attach.

#include "platform/store/sqlite_calls.h"
#include "platform/store/sqlite_work.h"

#include <stdlib.h>
#include <string.h>

/* What rules know. The life changes only where later facts do: withdrawn unless a person has resolved it, raised again
 * when it was withdrawn. `version` counts the changes of the life, so that an officer's answer is not refused because
 * the count of attempts grew meanwhile. */
static const char FOUND[] = "UPDATE alarm SET grade = ?2, raised_ms = ?3, ended_ms = ?4, evidence = ?5, count = ?6, why = ?7, has_position "
                            "= ?8, lat = ?9, lon = ?10,"
                            " version = version + (CASE WHEN ?11 = 4 THEN state < 3 ELSE state = 4 END),"
                            " state = CASE WHEN ?11 = 4 AND state < 3 THEN 4 WHEN ?11 <> 4 AND state = 4 THEN 0 ELSE state END,"
                            " changed_ms = max(changed_ms, ?12) WHERE id = ?1";
_Static_assert(ALARM_STATE_RAISED == 0 && ALARM_STATE_RESOLVED == 3 && ALARM_STATE_WITHDRAWN == 4, "the numbers above are stored");

static int update_found(struct store_db *db, const struct alarm *alarm)
{
    sqlite3_stmt *s = store_db_prepare(db, FOUND);
    int outcome = s ? sqlite_fields_bind(s, 1, record_found_fields, alarm) : store_outcome();
    if (!outcome) {
        outcome = store_db_step(db, s, "writing an alarm");
        sqlite3_clear_bindings(s);
    }
    return outcome;
}

static int write_found(struct store_db *db, const struct alarm *alarm)
{
    int outcome = update_found(db, alarm);
    if (!outcome && sqlite3_changes(db->handle) == 0) {
        outcome = sqlite_record_write(db, &record_alarm, alarm, 0);
    }
    return outcome;
}

int sqlite_alarm_found(struct store *base, const struct alarm *alarms, size_t n)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = n > 0 ? sqlite_write_begin(store) : NULL;
    if (!db) {
        return n > 0 ? store_outcome() : 0;
    }
    int outcome = 0;
    for (size_t i = 0; i < n && !outcome; i++) {
        outcome = write_found(db, &alarms[i]);
        outcome = outcome ? outcome : sqlite_change(store, db, STORE_CHANGED_ALARM, alarms[i].id);
    }
    return sqlite_write_end(store, outcome, NULL);
}

/* What people do: nothing that rules know, which may have changed since the caller read it. */
static int write_life(struct store_db *db, const struct alarm *alarm)
{
    sqlite3_stmt *s =
        store_db_prepare(db, "UPDATE alarm SET version = version + 1, state = ?, finding = ?, handler = ?, patrol = ?, note = ?, "
                             "changed_ms = ? WHERE id = ? AND version = ?");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int(s, 1, (int)alarm->state);
    sqlite3_bind_int(s, 2, (int)alarm->finding);
    store_db_bind_text(s, 3, alarm->handler);
    store_db_bind_text(s, 4, alarm->patrol);
    store_db_bind_text(s, 5, alarm->note);
    sqlite3_bind_int64(s, 6, alarm->changed_ms);
    store_db_bind_text(s, 7, alarm->id);
    sqlite3_bind_int64(s, 8, alarm->version);
    int outcome = store_db_step(db, s, "writing an alarm");
    sqlite3_clear_bindings(s);
    if (!outcome && sqlite3_changes(db->handle) == 0) {
        outcome = sqlite_record_explain(db, &record_alarm, alarm->id, alarm->version);
    }
    return outcome;
}

int sqlite_alarm_put(struct store *base, struct alarm *alarm, const struct audit *audit)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = alarm->version ? write_life(db, alarm) : sqlite_record_write(db, &record_alarm, alarm, 0);
    outcome = outcome ? outcome : sqlite_change(store, db, STORE_CHANGED_ALARM, alarm->id);
    outcome = sqlite_write_end(store, outcome, audit);
    alarm->version += outcome == 0;
    return outcome;
}

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

static int write_file(struct store_db *db, const struct store_file *file)
{
    sqlite3_stmt *s = store_db_prepare(db, "INSERT INTO file (id, alarm, name, type, user, added_ms, size) VALUES (?, ?, ?, ?, ?, ?, ?)");
    int outcome = s ? sqlite_fields_bind(s, 1, record_file_fields, file) : store_outcome();
    if (outcome) {
        return outcome;
    }
    if (sqlite3_step(s) != SQLITE_DONE) {
        int code = sqlite3_extended_errcode(db->handle);
        outcome = code == SQLITE_CONSTRAINT_UNIQUE       ? store_fail(STORE_CONFLICT, "the alarm has this file already")
                  : code == SQLITE_CONSTRAINT_FOREIGNKEY ? store_fail(STORE_NOT_FOUND, "alarm %s does not exist", file->alarm)
                                                         : store_db_fail(db, "writing a file");
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
    sqlite3_stmt *s = store_db_prepare(db, "SELECT file.id, alarm, name, type, user, added_ms, size, bytes FROM file JOIN file_content ON "
                                           "file_content.id = file.id WHERE file.id = ? ORDER BY number LIMIT 1");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, id);
    int code = sqlite3_step(s);
    int outcome = code == SQLITE_ROW    ? sqlite_fields_read(s, 0, record_file_fields, &file)
                  : code == SQLITE_DONE ? store_fail(STORE_NOT_FOUND, "file %s does not exist", id)
                                        : store_db_fail(db, "reading a file");
    outcome = outcome ? outcome : copy_content(s, 7, content);
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

int sqlite_files(struct store *base, const char *alarm, store_each_fn each, void *context)
{
    struct store_file file;
    return sqlite_each(store_sqlite_of(base),
                       "SELECT id, alarm, name, type, user, added_ms, size FROM file WHERE alarm = ? ORDER BY number DESC", alarm,
                       record_file_fields, &file, sizeof file, each, context);
}
