// SPDX-License-Identifier: Apache-2.0
// Writing and getting records of any kind.

#include "platform/store/sqlite_records.h"

#include "platform/store/sqlite_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The group of this thread. */
static _Thread_local struct {
    struct store_sqlite *store; /* NULL: none */
    int outcome;                /* of the first write that failed */
    char why[400];
} group;

enum { LOG_LONG = 1000, LOG_TOO_LONG = 16000 };

struct store_db *sqlite_write_begin(struct store_sqlite *store)
{
    if (group.store == store) {
        return group.outcome || sqlite_work_check(store, store->writer) ? NULL : store->writer;
    }
    pthread_mutex_lock(&store->writing);
    int outcome = store_db_begin(store->writer);
    if (!outcome && sqlite_work_check(store, store->writer)) {
        outcome = store_db_end(store->writer, store_outcome());
    }
    if (outcome) {
        pthread_mutex_unlock(&store->writing);
        sqlite_work_note(store, outcome);
        return NULL;
    }
    return store->writer;
}

static int write_audit(struct store_db *db, const struct audit *audit)
{
    struct audit numbered = *audit;
    int outcome = store_db_number(db, "SELECT coalesce(max(seq), 0) + 1 FROM audit", 1, &numbered.seq);
    return outcome ? outcome : sqlite_record_insert(db, &record_audit, &numbered);
}

/* Moving the log writes each page that changed once more: not while others wait for the writer. */
static void watch_log(struct store_sqlite *store)
{
    struct store_db *db = store->writer;
    if (db->wal_pages < store->log_asked) { /* it began again */
        store->log_asked = 0;
    }
    if (db->wal_pages > LOG_TOO_LONG || (!store->history && db->wal_pages > LOG_LONG)) {
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    } else if (db->wal_pages > store->log_asked + LOG_LONG) {
        store->log_asked = db->wal_pages;
        store_keeper_move(store->history, store->writer->path);
    }
}

int sqlite_write_end(struct store_sqlite *store, int outcome, const struct audit *audit)
{
    if (!outcome && store_carried()->key) {
        outcome = sqlite_answer_mark(store->writer, store_carried());
    }
    if (!outcome && audit) {
        outcome = write_audit(store->writer, audit);
    }
    if (group.store == store) {
        if (outcome && !group.outcome) {
            group.outcome = outcome;
            snprintf(group.why, sizeof group.why, "%s", store_error(&store->base));
        }
        return sqlite_work_note(store, outcome);
    }
    outcome = store_db_end(store->writer, outcome);
    if (!outcome) {
        watch_log(store);
    }
    pthread_mutex_unlock(&store->writing);
    return sqlite_work_note(store, outcome);
}

int sqlite_group_begin(struct store *base)
{
    struct store_sqlite *store = store_sqlite_of(base);
    if (!sqlite_write_begin(store)) {
        return store_outcome();
    }
    group.store = store;
    group.outcome = 0;
    return 0;
}

int sqlite_group_end(struct store *base)
{
    struct store_sqlite *store = store_sqlite_of(base);
    int outcome = group.outcome;
    group.store = NULL;
    outcome = sqlite_write_end(store, outcome, NULL);
    return outcome && group.outcome ? store_fail(outcome, "%s", group.why) : outcome;
}

static int64_t long_at(const void *record, size_t offset)
{
    int64_t value;
    memcpy(&value, (const char *)record + offset, sizeof value);
    return value;
}

/* The first position of the record's time; without a time, of all. */
static int64_t position_from(const struct record_table *table, const void *record)
{
    if (table->time == RECORD_NONE) {
        return 1;
    }
    int64_t time_ms = long_at(record, table->time);
    return record_position(time_ms);
}

static int64_t position_until(const struct record_table *table, int64_t from)
{
    return table->time == RECORD_NONE ? INT64_MAX : from + (INT64_C(1) << RECORD_POSITION_BITS) - 1;
}

static unsigned count_marks(const char *sql)
{
    unsigned n = 0;
    for (; *sql; sql++) {
        n += *sql == '?';
    }
    return n;
}

static size_t count_fields(const struct record_field *fields)
{
    size_t n = 0;
    while (fields[n].name) {
        n++;
    }
    return n;
}

static int fail_write(struct store_db *db, const struct record_table *table)
{
    int code = sqlite3_extended_errcode(db->handle);
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        return store_fail(STORE_CONFLICT, "%s: it exists already, or another has its name", table->noun);
    }
    return store_db_fail(db, "writing");
}

static int run_write(struct store_db *db, const struct record_table *table, sqlite3_stmt *s)
{
    int code = sqlite3_step(s);
    int outcome = code == SQLITE_DONE ? 0 : fail_write(db, table);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s); /* they point into the caller's record */
    return outcome;
}

int sqlite_record_insert(struct store_db *db, const struct record_table *table, const void *record)
{
    struct sqlite_text sql = {.len = 0};
    size_t n = count_fields(table->fields);
    bool versioned = table->version != RECORD_NONE;
    sqlite_text_add(&sql, "INSERT INTO %s (position%s, ", table->name, versioned ? ", version" : "");
    sqlite_text_add_fields(&sql, "", table->fields);
    sqlite_text_add(&sql, "%s) VALUES ((SELECT coalesce(max(position), ?1 - 1) + 1 FROM %s WHERE position BETWEEN ?1 AND ?2)%s",
                    table->also_columns, table->name, versioned ? ", 1" : "");
    for (size_t i = 0; i < n; i++) {
        sqlite_text_add(&sql, ", ?");
    }
    sqlite_text_add(&sql, "%s)", table->also_values);
    sqlite3_stmt *s = store_db_prepare(db, sql.at);
    if (!s) {
        return store_outcome();
    }
    int64_t from = position_from(table, record);
    sqlite3_bind_int64(s, 1, from);
    sqlite3_bind_int64(s, 2, position_until(table, from));
    int outcome = sqlite_fields_bind(s, 3, table->fields, record);
    for (unsigned i = 0; i < count_marks(table->also_values); i++) {
        store_db_bind_text(s, (int)(3 + n + i), (const char *)record + table->also);
    }
    return outcome ? outcome : run_write(db, table, s);
}

int sqlite_record_explain(struct store_db *db, const struct record_table *table, const char *id, int64_t version)
{
    char sql[120];
    int64_t now = 0;
    snprintf(sql, sizeof sql, "SELECT version FROM %s WHERE id = ?", table->name);
    sqlite3_stmt *s = store_db_prepare(db, sql);
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, id);
    int code = sqlite3_step(s);
    now = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    int outcome = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_db_fail(db, "reading");
    sqlite3_reset(s);
    if (outcome) {
        return outcome;
    }
    if (now == 0) {
        return store_fail(STORE_NOT_FOUND, "%s %s does not exist", table->noun, id);
    }
    return store_fail(STORE_CONFLICT, "%s %s: expected version %lld, it is %lld: it was changed meanwhile", table->noun, id,
                      (long long)version, (long long)now);
}

static int update(struct store_db *db, const struct record_table *table, const void *record, int64_t version)
{
    struct sqlite_text sql = {.len = 0};
    const struct record_field *rest = table->fields + 1; /* after the id */
    sqlite_text_add(&sql, "UPDATE %s SET version = version + 1", table->name);
    for (const struct record_field *f = rest; f->name; f++) {
        sqlite_text_add(&sql, ", %s = ?", f->name);
    }
    sqlite_text_add(&sql, " WHERE id = ? AND version = ?");
    sqlite3_stmt *s = store_db_prepare(db, sql.at);
    if (!s) {
        return store_outcome();
    }
    int n = (int)count_fields(rest);
    const char *id = (const char *)record + table->fields[0].offset;
    int outcome = sqlite_fields_bind(s, 1, rest, record);
    store_db_bind_text(s, n + 1, id);
    sqlite3_bind_int64(s, n + 2, version);
    outcome = outcome ? outcome : run_write(db, table, s);
    if (!outcome && sqlite3_changes(db->handle) == 0) {
        outcome = sqlite_record_explain(db, table, id, version);
    }
    return outcome;
}

int sqlite_record_write(struct store_db *db, const struct record_table *table, const void *record, int64_t version)
{
    if (!*((const char *)record + table->fields[0].offset)) {
        return store_fail(STORE_FAILED, "%s: expected an id, got none", table->noun);
    }
    return version == 0 ? sqlite_record_insert(db, table, record) : update(db, table, record, version);
}

static int tell_change(struct store_sqlite *store, struct store_db *db, const struct record_table *table, const char *id)
{
    static const struct {
        const struct record_table *table;
        enum store_changed kind;
    } TOLD[] = {{&record_seal, STORE_CHANGED_SEAL}, {&record_command, STORE_CHANGED_COMMAND}, {&record_rule, STORE_CHANGED_RULE}};
    for (size_t i = 0; i < sizeof TOLD / sizeof *TOLD; i++) {
        if (TOLD[i].table == table) {
            return sqlite_change(store, db, TOLD[i].kind, id);
        }
    }
    return 0;
}

int sqlite_record_put(struct store_sqlite *store, const struct record_table *table, void *record, const struct audit *audit)
{
    int64_t version = long_at(record, table->version);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = sqlite_record_write(db, table, record, version);
    outcome = outcome ? outcome : tell_change(store, db, table, (const char *)record + table->fields[0].offset);
    outcome = sqlite_write_end(store, outcome, audit);
    if (!outcome) {
        version++;
        memcpy((char *)record + table->version, &version, sizeof version);
    }
    return outcome;
}

static int get(struct store_db *db, const struct record_table *table, const char *column, const char *value, void *out)
{
    struct sqlite_text sql = {.len = 0};
    sqlite_text_add(&sql, "SELECT version, ");
    sqlite_text_add_fields(&sql, "", table->fields);
    sqlite_text_add(&sql, " FROM %s WHERE %s = ?", table->name, column);
    sqlite3_stmt *s = store_db_prepare(db, sql.at);
    void *record = s ? calloc(1, table->size) : NULL;
    if (!record) {
        return s ? store_fail(STORE_FAILED, "%s: out of memory", table->noun) : store_outcome();
    }
    store_db_bind_text(s, 1, value);
    int code = sqlite3_step(s);
    int outcome = code == SQLITE_ROW    ? sqlite_fields_read(s, 1, table->fields, record)
                  : code == SQLITE_DONE ? store_fail(STORE_NOT_FOUND, "%s %s does not exist", table->noun, value)
                                        : store_db_fail(db, "reading");
    if (!outcome) {
        int64_t version = sqlite3_column_int64(s, 0);
        memcpy((char *)record + table->version, &version, sizeof version);
        memcpy(out, record, table->size);
    }
    sqlite3_reset(s);
    free(record);
    return outcome;
}

int sqlite_record_get(struct store_sqlite *store, const struct record_table *table, const char *column, const char *value, void *out)
{
    struct store_db *db = NULL;
    int outcome = store_pool_take(&store->readers, &db);
    if (!outcome) {
        outcome = get(db, table, column, value, out);
        store_pool_put(&store->readers, db);
    }
    return outcome;
}
