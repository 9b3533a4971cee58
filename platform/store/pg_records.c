// SPDX-License-Identifier: Apache-2.0
// Writing and getting records of any kind.

#include "platform/store/pg_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES = 20 };

static int64_t long_at(const void *record, size_t offset)
{
    int64_t value;
    memcpy(&value, (const char *)record + offset, sizeof value);
    return value;
}

/* The first position of the record's time; 0 without a time. */
static int64_t position_from(const struct record_table *table, const void *record)
{
    int64_t time_ms = table->time == RECORD_NONE ? 0 : long_at(record, table->time);
    return record_position(time_ms);
}

/* A sequence tells apart the records of one ms without anybody waiting for another's transaction; it begins again after a
 * million, so a position may be taken, and the next is tried. Records without a time are counted. */
static void write_insert(const struct record_table *table, struct pg_sql *sql)
{
    bool versioned = table->version != RECORD_NONE;
    pg_sql_add(sql, "INSERT INTO \"%s\" (position%s, ", table->name, versioned ? ", version" : "");
    pg_sql_add_fields(sql, table->fields);
    if (table->time == RECORD_NONE) {
        pg_sql_add(sql, ") VALUES ($1 + greatest(nextval('%s_position'), (SELECT coalesce(max(position), 0) + 1 FROM \"%s\"))", table->name,
                   table->name);
    } else {
        pg_sql_add(sql, ") VALUES ($1 + (nextval('%s_position') & %d)", table->name, (1 << RECORD_POSITION_BITS) - 1);
    }
    pg_sql_add(sql, "%s", versioned ? ", 1" : "");
    int n = 1;
    for (const struct record_field *f = table->fields; f->name; f++) {
        pg_sql_add(sql, ", $%d", ++n);
    }
    pg_sql_add(sql, ") ON CONFLICT (position) DO NOTHING");
}

/* Runs it until a position is free. */
static int run_insert(struct pg_conn *conn, const struct record_table *table, const char *sql, const struct pg_params *p)
{
    long changed = 0;
    int outcome = 0;
    for (int i = 0; i < TRIES && !outcome && changed == 0; i++) {
        outcome = pg_do(conn, sql, p, table->noun, &changed);
    }
    if (outcome == STORE_CONFLICT && !strcmp(conn->state, "23505")) {
        return store_fail(STORE_CONFLICT, "%s: it exists already, or another has its name", table->noun);
    }
    if (!outcome && changed == 0) {
        return store_fail(STORE_FAILED, "%s: too many of the same millisecond", table->noun);
    }
    return outcome;
}

static int insert(struct pg_conn *conn, const struct record_table *table, const void *record)
{
    struct pg_sql sql = {.len = 0};
    struct pg_params p = {.n = 0};
    struct pg_owned owned = {.n = 0};
    write_insert(table, &sql);
    pg_param_long(&p, position_from(table, record));
    int outcome = pg_fields_add(&p, &owned, table->fields, record);
    outcome = outcome ? outcome : run_insert(conn, table, sql.at, &p);
    pg_owned_free(&owned);
    return outcome;
}

/* Whoever writes an entry holds this until he has committed, so that numbers have no gap and come in order. Being taken last
 * of all in every transaction, it is held for one commit, and nobody waits in a circle. */
#define AUDIT_LOCK "SELECT pg_advisory_xact_lock(47768435, 'audit'::regclass::oid::bigint::bit(32)::integer)"

int pg_audit_write(struct pg_conn *conn, const struct audit *audit)
{
    struct audit numbered = *audit;
    int outcome = pg_do(conn, AUDIT_LOCK, NULL, "writing the audit", NULL);
    PGresult *r = outcome ? NULL : pg_run(conn, "SELECT coalesce(max(seq), 0) + 1 FROM audit", NULL, "writing the audit");
    if (!r) {
        return store_outcome();
    }
    numbered.seq = pg_long(r, 0, 0);
    PQclear(r);
    return insert(conn, &record_audit, &numbered);
}

int pg_record_explain(struct pg_conn *conn, const struct record_table *table, const char *id, int64_t version)
{
    char sql[120];
    struct pg_params p = {.n = 0};
    snprintf(sql, sizeof sql, "SELECT version FROM \"%s\" WHERE id = $1", table->name);
    pg_param_text(&p, id);
    PGresult *r = pg_run(conn, sql, &p, "reading");
    if (!r) {
        return store_outcome();
    }
    int64_t now = PQntuples(r) > 0 ? pg_long(r, 0, 0) : 0;
    PQclear(r);
    if (now == 0) {
        return store_fail(STORE_NOT_FOUND, "%s %s does not exist", table->noun, id);
    }
    return store_fail(STORE_CONFLICT, "%s %s: expected version %lld, it is %lld: it was changed meanwhile", table->noun, id,
                      (long long)version, (long long)now);
}

static int update(struct pg_conn *conn, const struct record_table *table, const void *record, int64_t version)
{
    struct pg_sql sql = {.len = 0};
    struct pg_params p = {.n = 0};
    struct pg_owned owned = {.n = 0};
    const char *id = (const char *)record + table->fields[0].offset;
    long changed = 0;
    pg_param_text(&p, id);
    pg_param_long(&p, version);
    int outcome = pg_fields_add(&p, &owned, table->fields + 1, record);
    pg_sql_add(&sql, "UPDATE \"%s\" SET version = version + 1", table->name);
    int n = 2;
    for (const struct record_field *f = table->fields + 1; f->name; f++) {
        pg_sql_add(&sql, ", \"%s\" = $%d", f->name, ++n);
    }
    pg_sql_add(&sql, " WHERE id = $1 AND version = $2");
    outcome = outcome ? outcome : pg_do(conn, sql.at, &p, table->noun, &changed);
    pg_owned_free(&owned);
    if (outcome == STORE_CONFLICT && !strcmp(conn->state, "23505")) {
        return store_fail(STORE_CONFLICT, "%s: another has its name", table->noun);
    }
    return !outcome && changed == 0 ? pg_record_explain(conn, table, id, version) : outcome;
}

int pg_record_write(struct pg_conn *conn, const struct record_table *table, const void *record, int64_t version)
{
    if (!*((const char *)record + table->fields[0].offset)) {
        return store_fail(STORE_FAILED, "%s: expected an id, got none", table->noun);
    }
    return version == 0 ? insert(conn, table, record) : update(conn, table, record, version);
}

int pg_record_put(struct store_pg *store, const struct record_table *table, void *record, const struct audit *audit)
{
    int64_t version = long_at(record, table->version);
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = pg_write_end(store, conn, pg_record_write(conn, table, record, version), audit);
    if (!outcome) {
        version++;
        memcpy((char *)record + table->version, &version, sizeof version);
    }
    return outcome;
}

static int take_row(const PGresult *r, const struct record_table *table, const char *value, void *out)
{
    if (PQntuples(r) == 0) {
        return store_fail(STORE_NOT_FOUND, "%s %s does not exist", table->noun, value);
    }
    void *record = calloc(1, table->size);
    if (!record) {
        return store_fail(STORE_FAILED, "%s: out of memory", table->noun);
    }
    int outcome = pg_fields_read(r, 0, 1, table->fields, record);
    if (!outcome) {
        int64_t version = pg_long(r, 0, 0);
        memcpy((char *)record + table->version, &version, sizeof version);
        memcpy(out, record, table->size);
    }
    free(record);
    return outcome;
}

int pg_record_get(struct store_pg *store, const struct record_table *table, const char *where, const char *value, void *out)
{
    struct pg_sql sql = {.len = 0};
    struct pg_params p = {.n = 0};
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    pg_param_text(&p, value);
    pg_sql_add(&sql, "SELECT version, ");
    pg_sql_add_fields(&sql, table->fields);
    pg_sql_add(&sql, " FROM \"%s\" WHERE %s", table->name, where);
    PGresult *r = pg_run(conn, sql.at, &p, "reading");
    outcome = r ? take_row(r, table, value, out) : store_outcome();
    PQclear(r);
    pg_read_end(store, conn);
    return outcome;
}
