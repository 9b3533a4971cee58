/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of any kind in PostgreSQL, by their description (record.h): insert, update, get, list. The functions of the port
 * that are more than that are here too, each as its namesake in store.h.
 */
#ifndef STORE_PG_RECORDS_H
#define STORE_PG_RECORDS_H

#include "platform/store/pg.h"

struct pg_sql { /* SQL being put together */
    char at[6000];
    size_t len;
};
void pg_sql_add(struct pg_sql *sql, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "a", "b", "c" */
void pg_sql_add_fields(struct pg_sql *sql, const struct record_field *fields);

struct pg_owned { /* values made for the parameters, to be freed after the statement has run */
    void *at[PG_PARAMS_MOST];
    unsigned n;
};
void pg_owned_free(struct pg_owned *owned);
/* Adds a parameter for each field. What is not made here points into the record. */
int pg_fields_add(struct pg_params *p, struct pg_owned *owned, const struct record_field *fields, const void *record);
int pg_fields_read(const PGresult *r, int row, int column, const struct record_field *fields, void *record);

/* Inside a transaction. version 0 inserts, else updates where the stored version is that one. */
int pg_record_write(struct pg_conn *conn, const struct record_table *table, const void *record, int64_t version);
/* Why an update of that version changed no row: NOT_FOUND or CONFLICT, with the sentence. */
int pg_record_explain(struct pg_conn *conn, const struct record_table *table, const char *id, int64_t version);

/* One transaction: write, audit; then the record's version is the new one. */
int pg_record_put(struct store_pg *store, const struct record_table *table, void *record, const struct audit *audit);
/* By a condition on $1 that fits one at most. *out is untouched unless 0. */
int pg_record_get(struct store_pg *store, const struct record_table *table, const char *where, const char *value, void *out);

/* Calls `each` for one page, when no connection is held any more. `load`, when not NULL, gives the page's rows (version,
 * position, fields) itself: first called with `each` NULL while the connection can be asked for more. */
struct pg_page_rows {
    const PGresult *rows;
    int n;
    PGresult *more; /* load's own; cleared by the list */
};
typedef int (*pg_load_fn)(struct pg_conn *conn, struct pg_page_rows *page, store_each_fn each, void *context);
int pg_record_list(struct store_pg *store, const struct record_table *table, const struct store_query *q, pg_load_fn load,
                   store_each_fn each, void *context, char next[120]);
/* Calls `each` with `record` filled from each row of the statement, whose columns are the fields; value: its $1, or NULL. */
int pg_each(struct store_pg *store, const char *sql, const char *value, const struct record_field *fields, void *record, size_t size,
            store_each_fn each, void *context);

/* pg_journey.c */
int pg_journey_put(struct store *base, struct journey *journey, const struct audit *audit);
int pg_journey_get(struct store *base, const char *id, struct journey **out);
int pg_journeys(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int pg_command_order(struct store *base, struct command *command, const struct permission *permission, const struct audit *audit);
int pg_permission_add(struct store *base, const char *journey, const struct permission *permission, const struct audit *audit);

/* pg_alarm.c */
int pg_alarm_found(struct store *base, const struct alarm *alarms, size_t n);
int pg_alarm_put(struct store *base, struct alarm *alarm, const struct audit *audit);

/* pg_files.c */
int pg_file_put(struct store *base, const struct store_file *file, struct bulla_bytes content, const struct audit *audit);
int pg_file_get(struct store *base, const char *id, struct store_file *out, uint8_t **content);
int pg_files(struct store *base, enum store_owner of, const char *id, store_each_fn each, void *context);
int pg_upload_part(struct store *base, struct store_upload *upload, struct bulla_bytes piece);
int pg_upload_read(struct store *base, const struct store_upload *upload, uint8_t **content);
int pg_upload_forget(struct store *base, const char *id, bool record_too);

/* pg_small.c */
int pg_session_put(struct store *base, const struct session *session, const struct audit *audit);
int pg_session_get(struct store *base, const char *id, struct session *out);
int pg_session_drop(struct store *base, const char *id, const struct audit *audit);
int pg_sessions(struct store *base, const char *user, bool keys, store_each_fn each, void *context);
int pg_answer_claim(struct store *base, const char *key, const char *claim, int64_t now_ms);
int pg_answer_release(struct store *base, const char *key, const char *claim);
int pg_answer_put(struct store *base, const char *key, int status, const char *body, int64_t now_ms);
int pg_answer_get(struct store *base, const char *key, int *status, char **body);
int pg_seals_unknown(struct store *base, int64_t before_ms, unsigned limit, void (*each)(void *context, const char *id), void *context,
                     uint64_t *n);
int pg_seal_forget(struct store *base, const char *id);
int pg_setting_put(struct store *base, const char *name, const char *value);
int pg_setting_make(struct store *base, const char *name, const char *value);
int pg_setting_get(struct store *base, const char *name, char *value, size_t size);
int pg_damage_put(struct store *base, const struct store_damage *rows, size_t n);
int pg_damages(struct store *base, unsigned limit, void (*each)(void *context, const struct store_damage *damage), void *context);

/* pg_work.c */
int pg_work_begin(struct store *base, const struct store_lease *leases, size_t n);
int pg_work_end(struct store *base, bool keep);

#endif
