// SPDX-License-Identifier: Apache-2.0
// Moving a record's fields to and from a statement.

#include "platform/store/sqlite_records.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sqlite_text_add(struct sqlite_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text->at + text->len, sizeof text->at - text->len, format, args);
    va_end(args);
    text->len += n > 0 ? (size_t)n : 0;
    if (text->len >= sizeof text->at) { /* cut text does not compile: the failure shows */
        text->len = sizeof text->at - 1;
    }
}

void sqlite_text_add_fields(struct sqlite_text *text, const char *prefix, const struct record_field *fields)
{
    for (const struct record_field *f = fields; f->name; f++) {
        sqlite_text_add(text, "%s%s%s", f == fields ? "" : ", ", prefix, f->name);
    }
}

static int bind_json(sqlite3_stmt *s, int parameter, const struct record_field *field, const void *record)
{
    char *text = record_field_encode(field, record);
    if (!text) {
        return store_fail(STORE_FAILED, "%s: expected UTF-8 text, got other bytes", field->name);
    }
    sqlite3_bind_text(s, parameter, text, -1, free);
    return 0;
}

static int bind_route(sqlite3_stmt *s, int parameter, const struct route *route)
{
    size_t n = 0;
    uint8_t *bytes = record_route_encode(route, &n);
    if (!bytes) {
        return store_fail(STORE_FAILED, "route: out of memory");
    }
    sqlite3_bind_blob64(s, parameter, bytes, n, free);
    return 0;
}

static int64_t number_of(const struct record_field *field, const void *member)
{
    int32_t narrow;
    int64_t wide;
    if (field->kind == RECORD_LONG) {
        memcpy(&wide, member, sizeof wide);
        return wide;
    }
    if (field->kind == RECORD_BOOL) {
        return *(const bool *)member;
    }
    memcpy(&narrow, member, sizeof narrow);
    return narrow;
}

static int bind_field(sqlite3_stmt *s, int parameter, const struct record_field *field, const void *record)
{
    const char *member = (const char *)record + field->offset;
    double real;
    switch (field->kind) {
    case RECORD_TEXT:
        sqlite3_bind_text(s, parameter, member, (int)strnlen(member, field->size), SQLITE_STATIC);
        return 0;
    case RECORD_INT:
    case RECORD_LONG:
    case RECORD_BOOL:
        sqlite3_bind_int64(s, parameter, number_of(field, member));
        return 0;
    case RECORD_REAL:
        memcpy(&real, member, sizeof real);
        sqlite3_bind_double(s, parameter, real);
        return 0;
    case RECORD_TEXTS:
    case RECORD_ONE:
    case RECORD_MANY:
        return bind_json(s, parameter, field, record);
    case RECORD_ROUTE:
        return bind_route(s, parameter, (const struct route *)(const void *)member);
    }
    return STORE_FAILED;
}

int sqlite_fields_bind(sqlite3_stmt *s, int parameter, const struct record_field *fields, const void *record)
{
    int outcome = 0;
    for (; fields->name && !outcome; fields++) {
        outcome = bind_field(s, parameter++, fields, record);
    }
    return outcome;
}

static int read_field(sqlite3_stmt *s, int column, const struct record_field *field, void *record)
{
    char *member = (char *)record + field->offset;
    int32_t narrow = sqlite3_column_int(s, column);
    int64_t wide = sqlite3_column_int64(s, column);
    double real = sqlite3_column_type(s, column) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(s, column);
    const char *json;
    bool fits = true;
    switch (field->kind) {
    case RECORD_TEXT:
        store_db_column_text(s, column, member, field->size);
        break;
    case RECORD_INT:
        memcpy(member, &narrow, sizeof narrow);
        break;
    case RECORD_LONG:
        memcpy(member, &wide, sizeof wide);
        break;
    case RECORD_BOOL:
        *(bool *)member = narrow != 0;
        break;
    case RECORD_REAL:
        memcpy(member, &real, sizeof real);
        break;
    case RECORD_TEXTS:
    case RECORD_ONE:
    case RECORD_MANY:
        json = (const char *)sqlite3_column_text(s, column);
        fits = record_field_decode(field, json ? json : "", record);
        break;
    case RECORD_ROUTE:
        fits = record_route_decode(store_db_column_bytes(s, column), (struct route *)(void *)member);
        break;
    }
    return fits ? 0 : store_fail(STORE_FAILED, "%s: the stored value cannot be read", field->name);
}

int sqlite_fields_read(sqlite3_stmt *s, int column, const struct record_field *fields, void *record)
{
    int outcome = 0;
    for (; fields->name && !outcome; fields++) {
        outcome = read_field(s, column++, fields, record);
    }
    return outcome;
}
