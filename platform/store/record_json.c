// SPDX-License-Identifier: Apache-2.0
// The fields that one column holds as JSON, and the route's bytes.

#include "platform/store/record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *encode_value(const struct record_field *field, const void *member)
{
    int32_t number;
    int64_t wide;
    double real;
    switch (field->kind) {
    case RECORD_TEXT:
        return json_stringn_nocheck(member, strnlen(member, field->size));
    case RECORD_INT:
        memcpy(&number, member, sizeof number);
        return json_integer(number);
    case RECORD_LONG:
        memcpy(&wide, member, sizeof wide);
        return json_integer(wide);
    case RECORD_BOOL:
        return json_boolean(*(const bool *)member);
    case RECORD_REAL:
        memcpy(&real, member, sizeof real);
        return isfinite(real) ? json_real(real) : json_null();
    default:
        return NULL;
    }
}

static json_t *encode_struct(const struct record_field *fields, const void *at)
{
    json_t *object = json_object();
    for (; fields->name; fields++) {
        json_object_set_new_nocheck(object, fields->name, encode_value(fields, (const char *)at + fields->offset));
    }
    return object;
}

static json_t *encode_element(const struct record_field *field, const void *at)
{
    return field->kind == RECORD_TEXTS ? json_stringn_nocheck(at, strnlen(at, field->size)) : encode_struct(field->fields, at);
}

char *record_field_encode(const struct record_field *field, const void *record)
{
    const char *member = (const char *)record + field->offset;
    json_t *json = field->kind == RECORD_ONE ? encode_struct(field->fields, member) : json_array();
    if (field->kind != RECORD_ONE) {
        size_t count;
        memcpy(&count, (const char *)record + field->count, sizeof count);
        for (size_t i = 0; i < count && i < field->most; i++) {
            json_array_append_new(json, encode_element(field, member + i * field->size));
        }
    }
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

static void decode_value(const struct record_field *field, const json_t *json, void *member)
{
    int32_t number = (int32_t)json_integer_value(json);
    int64_t wide = json_integer_value(json);
    double real = json_is_null(json) ? (double)NAN : json_number_value(json);
    switch (field->kind) {
    case RECORD_TEXT:
        snprintf(member, field->size, "%s", json_is_string(json) ? json_string_value(json) : "");
        break;
    case RECORD_INT:
        memcpy(member, &number, sizeof number);
        break;
    case RECORD_LONG:
        memcpy(member, &wide, sizeof wide);
        break;
    case RECORD_BOOL:
        *(bool *)member = json_is_true(json);
        break;
    case RECORD_REAL:
        memcpy(member, &real, sizeof real);
        break;
    default:
        break;
    }
}

/* A member that the text does not have (it was written before the field existed) stays zero. */
static void decode_struct(const struct record_field *fields, const json_t *json, void *at)
{
    for (; fields->name; fields++) {
        const json_t *value = json_object_get(json, fields->name);
        if (value) {
            decode_value(fields, value, (char *)at + fields->offset);
        }
    }
}

static void decode_array(const struct record_field *field, const json_t *json, void *record)
{
    char *member = (char *)record + field->offset;
    size_t count = json_array_size(json) < field->most ? json_array_size(json) : field->most;
    for (size_t i = 0; i < count; i++) {
        const json_t *element = json_array_get(json, i);
        if (field->kind == RECORD_TEXTS) {
            snprintf(member + i * field->size, field->size, "%s", json_is_string(element) ? json_string_value(element) : "");
        } else {
            decode_struct(field->fields, element, member + i * field->size);
        }
    }
    memcpy((char *)record + field->count, &count, sizeof count);
}

bool record_field_decode(const struct record_field *field, const char *text, void *record)
{
    json_t *json = json_loads(text, 0, NULL);
    bool fits = field->kind == RECORD_ONE ? json_is_object(json) : json_is_array(json);
    if (fits && field->kind == RECORD_ONE) {
        decode_struct(field->fields, json, (char *)record + field->offset);
    } else if (fits) {
        decode_array(field, json, record);
    }
    json_decref(json);
    return fits;
}

static void put_double(uint8_t to[8], double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (unsigned i = 0; i < 8; i++) {
        to[i] = (uint8_t)(bits >> (8 * i));
    }
}

static double get_double(const uint8_t from[8])
{
    uint64_t bits = 0;
    double value;
    for (unsigned i = 0; i < 8; i++) {
        bits |= (uint64_t)from[i] << (8 * i);
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint8_t *record_route_encode(const struct route *route, size_t *n)
{
    uint8_t *bytes = malloc(route->n * 16 + 1);
    for (size_t i = 0; bytes && i < route->n; i++) {
        put_double(bytes + 16 * i, route->lat[i]);
        put_double(bytes + 16 * i + 8, route->lon[i]);
    }
    *n = route->n * 16;
    return bytes;
}

bool record_route_decode(struct bulla_bytes bytes, struct route *route)
{
    size_t n = bytes.len / 16;
    if (bytes.len % 16 || n > PLACE_ROUTE_POINTS_MAX) {
        return false;
    }
    double *lat = malloc((n + 1) * sizeof *lat);
    double *lon = malloc((n + 1) * sizeof *lon);
    if (!lat || !lon || n == 0) {
        free(lat);
        free(lon);
        route->n = 0;
        return n == 0;
    }
    for (size_t i = 0; i < n; i++) {
        lat[i] = get_double(bytes.at + 16 * i);
        lon[i] = get_double(bytes.at + 16 * i + 8);
    }
    route->n = n;
    route->lat = lat;
    route->lon = lon;
    return true;
}
