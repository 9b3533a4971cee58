// SPDX-License-Identifier: Apache-2.0
// Statements: parameters and results in binary, prepared once a connection.

#include "platform/store/pg_inside.h"

#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Type numbers of PostgreSQL's catalogue (pg_type.dat); they never change. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT4 = 23, OID_TEXT = 25, OID_FLOAT8 = 701 };
enum { STATEMENTS_MOST = 400 }; /* prepared on one connection; others are run without */

struct pg_statement {
    struct pg_statement *next;
    uint64_t hash;
    char name[16];
    char text[];
};

void pg_statements_free(struct pg_conn *conn)
{
    while (conn->statements) {
        struct pg_statement *next = conn->statements->next;
        free(conn->statements);
        conn->statements = next;
    }
}

static void add(struct pg_params *p, Oid type, const char *value, size_t length, int format)
{
    if (p->n < PG_PARAMS_MOST) { /* too many: the statement lacks one and is refused */
        p->types[p->n] = type;
        p->values[p->n] = value;
        p->lengths[p->n] = (int)length;
        p->formats[p->n] = format;
        p->n++;
    }
}

static void add_number(struct pg_params *p, Oid type, const void *big_endian, size_t n)
{
    if (p->n < PG_PARAMS_MOST) {
        memcpy(p->numbers[p->n], big_endian, n);
        add(p, type, (const char *)p->numbers[p->n], n, 1);
    }
}

void pg_param_text(struct pg_params *p, const char *text)
{
    add(p, OID_TEXT, text, 0, 0);
}

void pg_param_long(struct pg_params *p, int64_t value)
{
    uint64_t bits = htobe64((uint64_t)value);
    add_number(p, OID_INT8, &bits, sizeof bits);
}

void pg_param_int(struct pg_params *p, int32_t value)
{
    uint32_t bits = htobe32((uint32_t)value);
    add_number(p, OID_INT4, &bits, sizeof bits);
}

void pg_param_bool(struct pg_params *p, bool value)
{
    uint8_t bit = value;
    add_number(p, OID_BOOL, &bit, sizeof bit);
}

void pg_param_real(struct pg_params *p, double value)
{
    uint64_t bits;
    if (isnan(value)) {
        pg_param_null(p, OID_FLOAT8);
        return;
    }
    memcpy(&bits, &value, sizeof bits);
    bits = htobe64(bits);
    add_number(p, OID_FLOAT8, &bits, sizeof bits);
}

void pg_param_bytes(struct pg_params *p, struct bulla_bytes bytes)
{
    add(p, OID_BYTEA, bytes.len > 0 ? (const char *)bytes.at : "", bytes.len, 1);
}

void pg_param_null(struct pg_params *p, Oid type)
{
    add(p, type, NULL, 0, 1);
}

/* Bytes of the UTF-8 character at `at`; 0: these bytes are none. */
static size_t character(const uint8_t *at)
{
    uint32_t c = at[0];
    size_t n = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
    if (n < 2) {
        return n;
    }
    c &= 0xFFu >> (n + 1);
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
        c = c << 6 | (at[i] & 0x3F);
    }
    bool overlong = (n == 3 && c < 0x800) || (n == 4 && c < 0x10000);
    return overlong || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? 0 : n;
}

/* The first byte that is not UTF-8; NULL: all is. */
static const char *first_wrong(const char *text)
{
    while (*text) {
        size_t n = character((const uint8_t *)text);
        if (n == 0) {
            return text;
        }
        text += n;
    }
    return NULL;
}

char *pg_text_repair(const char *text)
{
    char *copy = first_wrong(text) ? strdup(text) : NULL;
    for (char *at = copy; at && (at = (char *)first_wrong(at));) {
        *at = '?';
    }
    return copy;
}

static uint64_t hash_of(const char *text)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *text; text++) {
        h = (h ^ (uint8_t)*text) * UINT64_C(1099511628211);
    }
    return h;
}

/* The statement prepared, NULL in *out when this connection has enough of them. */
static int prepare(struct pg_conn *conn, const char *sql, const struct pg_params *p, const char *doing, const char **out)
{
    uint64_t hash = hash_of(sql);
    unsigned n = 0;
    *out = NULL;
    for (struct pg_statement *s = conn->statements; s; s = s->next, n++) {
        if (s->hash == hash && !strcmp(s->text, sql)) {
            *out = s->name;
            return 0;
        }
    }
    struct pg_statement *s = n < STATEMENTS_MOST ? malloc(sizeof *s + strlen(sql) + 1) : NULL;
    if (!s) {
        return 0;
    }
    snprintf(s->name, sizeof s->name, "b%u", n);
    PGresult *r = PQprepare(conn->handle, s->name, sql, p ? p->n : 0, p ? p->types : NULL);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
        free(s);
        return pg_fail(conn, r, doing);
    }
    PQclear(r);
    s->hash = hash;
    strcpy(s->text, sql);
    s->next = conn->statements;
    conn->statements = s;
    *out = s->name;
    return 0;
}

static PGresult *run(struct pg_conn *conn, const char *sql, const char *name, const struct pg_params *p)
{
    static const struct pg_params NONE = {.n = 0};
    const char *values[PG_PARAMS_MOST];
    char *copies[PG_PARAMS_MOST];
    PGresult *r;
    p = p ? p : &NONE;
    for (int i = 0; i < p->n; i++) {
        copies[i] = p->formats[i] == 0 && p->values[i] ? pg_text_repair(p->values[i]) : NULL;
        values[i] = copies[i] ? copies[i] : p->values[i];
    }
    if (name) {
        r = PQexecPrepared(conn->handle, name, p->n, values, p->lengths, p->formats, 1);
    } else {
        r = PQexecParams(conn->handle, sql, p->n, p->types, values, p->lengths, p->formats, 1);
    }
    for (int i = 0; i < p->n; i++) {
        free(copies[i]);
    }
    return r;
}

static PGresult *check(struct pg_conn *conn, PGresult *r, const char *doing)
{
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        pg_fail(conn, r, doing);
        return NULL;
    }
    return r;
}

PGresult *pg_run(struct pg_conn *conn, const char *sql, const struct pg_params *p, const char *doing)
{
    const char *name = NULL;
    return prepare(conn, sql, p, doing, &name) ? NULL : check(conn, run(conn, sql, name, p), doing);
}

PGresult *pg_run_once(struct pg_conn *conn, const char *sql, const struct pg_params *p, const char *doing)
{
    return check(conn, run(conn, sql, NULL, p), doing);
}

int pg_do(struct pg_conn *conn, const char *sql, const struct pg_params *p, const char *doing, long *changed)
{
    PGresult *r = pg_run(conn, sql, p, doing);
    if (!r) {
        return store_outcome();
    }
    if (changed) {
        *changed = strtol(PQcmdTuples(r), NULL, 10);
    }
    PQclear(r);
    return 0;
}

int pg_script(struct pg_conn *conn, const char *sql, const char *doing)
{
    PGresult *r = check(conn, PQexec(conn->handle, sql), doing);
    PQclear(r);
    return r ? 0 : store_outcome();
}

const char *pg_text(const PGresult *r, int row, int column)
{
    return PQgetvalue(r, row, column); /* "" for NULL */
}

int64_t pg_long(const PGresult *r, int row, int column)
{
    uint64_t bits = 0;
    if (PQgetlength(r, row, column) == (int)sizeof bits) {
        memcpy(&bits, PQgetvalue(r, row, column), sizeof bits);
    }
    return (int64_t)be64toh(bits);
}

int32_t pg_int(const PGresult *r, int row, int column)
{
    uint32_t bits = 0;
    if (PQgetlength(r, row, column) == (int)sizeof bits) {
        memcpy(&bits, PQgetvalue(r, row, column), sizeof bits);
    }
    return (int32_t)be32toh(bits);
}

bool pg_bool(const PGresult *r, int row, int column)
{
    return PQgetlength(r, row, column) == 1 && *PQgetvalue(r, row, column) != 0;
}

double pg_real(const PGresult *r, int row, int column)
{
    double value;
    if (PQgetisnull(r, row, column)) {
        return (double)NAN;
    }
    uint64_t bits = (uint64_t)pg_long(r, row, column);
    memcpy(&value, &bits, sizeof value);
    return value;
}

struct bulla_bytes pg_bytes(const PGresult *r, int row, int column)
{
    return (struct bulla_bytes){(const uint8_t *)PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column)};
}
