/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of any kind in SQLite, by their description (record.h): insert, update, get, list.
 */
#ifndef STORE_SQLITE_RECORDS_H
#define STORE_SQLITE_RECORDS_H

#include "platform/store/record.h"
#include "platform/store/sqlite.h"

/* The writing connection, in a transaction, until sqlite_write_end(), which adds the audit entry (NULL: none) when
 * `outcome` is 0, commits or rolls back, and returns what came of it. begin: NULL with store_error() set. */
struct store_db *sqlite_write_begin(struct store_sqlite *store);
int sqlite_write_end(struct store_sqlite *store, int outcome, const struct audit *audit);

/* Inside a transaction: marks the claim that this thread carries. */
int sqlite_answer_mark(struct store_db *db, const struct store_carried *carried);

/* Between these, what this thread writes is one transaction (store.h). */
int sqlite_group_begin(struct store *base);
int sqlite_group_end(struct store *base);

/* Inside a transaction. version 0 inserts, else updates where the stored version is that one. */
int sqlite_record_write(struct store_db *db, const struct record_table *table, const void *record, int64_t version);
int sqlite_record_insert(struct store_db *db, const struct record_table *table, const void *record);

/* Why an update of that version changed no row: NOT_FOUND or CONFLICT, with the sentence. */
int sqlite_record_explain(struct store_db *db, const struct record_table *table, const char *id, int64_t version);

/* One transaction: write, audit; then the record's version is the new one. */
int sqlite_record_put(struct store_sqlite *store, const struct record_table *table, void *record, const struct audit *audit);
/* By a column that is unique. *out is untouched unless 0. */
int sqlite_record_get(struct store_sqlite *store, const struct record_table *table, const char *column, const char *value, void *out);

/* Calls `each` for one page. `load`, when not NULL, turns the row into the record itself (journeys are heap). */
typedef int (*sqlite_load_fn)(struct store_db *db, sqlite3_stmt *row, store_each_fn each, void *context);
int sqlite_record_list(struct store_sqlite *store, const struct record_table *table, const struct store_query *q, sqlite_load_fn load,
                       store_each_fn each, void *context, char next[120]);

/* Calls `each` with `record` filled from each row of the statement, whose columns are the fields; `value` is its only
 * parameter, if it has one. */
int sqlite_each(struct store_sqlite *store, const char *sql, const char *value, const struct record_field *fields, void *record,
                size_t size, store_each_fn each, void *context);

/* Binds each field to the parameters from `parameter` on, `reads` them from the columns from `column` on. */
int sqlite_fields_bind(sqlite3_stmt *s, int parameter, const struct record_field *fields, const void *record);
int sqlite_fields_read(sqlite3_stmt *s, int column, const struct record_field *fields, void *record);

struct sqlite_text { /* SQL being put together */
    char at[4096];
    size_t len;
};
void sqlite_text_add(struct sqlite_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "a, b, c", each after `prefix` */
void sqlite_text_add_fields(struct sqlite_text *text, const char *prefix, const struct record_field *fields);

#endif
