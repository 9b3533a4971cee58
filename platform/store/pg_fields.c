// SPDX-License-Identifier: Apache-2.0
// Moving a record's fields to parameters and from results.

#include "platform/store/pg_records.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pg_sql_add(struct pg_sql *sql, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(sql->at + sql->len, sizeof sql->at - sql->len, format, args);
    va_end(args);
    sql->len += n > 0 ? (size_t)n : 0;
    if (sql->len >= sizeof sql->at) { /* cut text does not compile: the failure shows */
        sql->len = sizeof sql->at - 1;
    }
}

void pg_sql_add_fields(struct pg_sql *sql, const struct record_field *fields)
{
    for (const struct record_field *f = fields; f->name; f++) {
        pg_sql_add(sql, "%s\"%s\"", f == fields ? "" : ", ", f->name);
    }
}

void pg_owned_free(struct pg_owned *owned)
{
    while (owned->n > 0) {
        free(owned->at[--owned->n]);
    }
}

/* Keeps what was made for a parameter; false: nothing was made, or there is no room. */
static bool keep(struct pg_owned *owned, void *made)
{
    if (!made || owned->n == PG_PARAMS_MOST) {
        free(made);
        return false;
    }
    owned->at[owned->n++] = made;
    return true;
}

static int add_text(struct pg_params *p, struct pg_owned *owned, const struct record_field *field, const char *member)
{
    char *ended = memchr(member, '\0', field->size) ? NULL : strndup(member, field->size);
    if (ended && !keep(owned, ended)) {
        return store_fail(STORE_FAILED, "%s: out of memory", field->name);
    }
    pg_param_text(p, ended ? ended : member);
    return 0;
}

static int add_json(struct pg_params *p, struct pg_owned *owned, const struct record_field *field, const void *record)
{
    char *text = record_field_encode(field, record);
    if (!keep(owned, text)) {
        return store_fail(STORE_FAILED, "%s: expected UTF-8 text, got other bytes", field->name);
    }
    pg_param_text(p, text);
    return 0;
}

static int add_route(struct pg_params *p, struct pg_owned *owned, const struct route *route)
{
    size_t n = 0;
    uint8_t *bytes = record_route_encode(route, &n);
    if (!keep(owned, bytes)) {
        return store_fail(STORE_FAILED, "route: out of memory");
    }
    pg_param_bytes(p, (struct bulla_bytes){bytes, n});
    return 0;
}

static int add_field(struct pg_params *p, struct pg_owned *owned, const struct record_field *field, const void *record)
{
    const char *member = (const char *)record + field->offset;
    int32_t narrow;
    int64_t wide;
    double real;
    switch (field->kind) {
    case RECORD_TEXT:
        return add_text(p, owned, field, member);
    case RECORD_INT:
        memcpy(&narrow, member, sizeof narrow);
        pg_param_int(p, narrow);
        return 0;
    case RECORD_LONG:
        memcpy(&wide, member, sizeof wide);
        pg_param_long(p, wide);
        return 0;
    case RECORD_BOOL:
        pg_param_bool(p, *(const bool *)member);
        return 0;
    case RECORD_REAL:
        memcpy(&real, member, sizeof real);
        pg_param_real(p, real);
        return 0;
    case RECORD_TEXTS:
    case RECORD_ONE:
    case RECORD_MANY:
        return add_json(p, owned, field, record);
    case RECORD_ROUTE:
        return add_route(p, owned, (const struct route *)(const void *)member);
    }
    return STORE_FAILED;
}

int pg_fields_add(struct pg_params *p, struct pg_owned *owned, const struct record_field *fields, const void *record)
{
    int outcome = 0;
    for (; fields->name && !outcome; fields++) {
        outcome = add_field(p, owned, fields, record);
    }
    return outcome;
}

static int read_field(const PGresult *r, int row, int column, const struct record_field *field, void *record)
{
    char *member = (char *)record + field->offset;
    int32_t narrow;
    int64_t wide;
    double real;
    bool fits = true;
    switch (field->kind) {
    case RECORD_TEXT:
        snprintf(member, field->size, "%s", pg_text(r, row, column));
        break;
    case RECORD_INT:
        narrow = pg_int(r, row, column);
        memcpy(member, &narrow, sizeof narrow);
        break;
    case RECORD_LONG:
        wide = pg_long(r, row, column);
        memcpy(member, &wide, sizeof wide);
        break;
    case RECORD_BOOL:
        *(bool *)member = pg_bool(r, row, column);
        break;
    case RECORD_REAL:
        real = pg_real(r, row, column);
        memcpy(member, &real, sizeof real);
        break;
    case RECORD_TEXTS:
    case RECORD_ONE:
    case RECORD_MANY:
        fits = record_field_decode(field, pg_text(r, row, column), record);
        break;
    case RECORD_ROUTE:
        fits = record_route_decode(pg_bytes(r, row, column), (struct route *)(void *)member);
        break;
    }
    return fits ? 0 : store_fail(STORE_FAILED, "%s: the stored value cannot be read", field->name);
}

int pg_fields_read(const PGresult *r, int row, int column, const struct record_field *fields, void *record)
{
    int outcome = 0;
    for (; fields->name && !outcome; fields++) {
        outcome = read_field(r, row, column++, fields, record);
    }
    return outcome;
}
