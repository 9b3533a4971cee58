/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/model/json_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_read_fail(struct json_reader *r, const char *name, const char *expected, const json_t *got)
{
    if (r->why[0])
        return;
    char *text = got ? json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    snprintf(r->why, MODEL_WHY_SIZE, "%s%s%s: expected %s, got %.60s", r->inside, r->inside[0] ? "." : "", name, expected,
             text ? text : "nothing");
    free(text);
}

static const json_t *member(const struct json_reader *r, const char *name)
{
    const json_t *value = json_object_get(r->object, name);
    return value && !json_is_null(value) ? value : NULL;
}

bool json_read_is_null(const struct json_reader *r, const char *name)
{
    const json_t *value = json_object_get(r->object, name);
    return value && json_is_null(value);
}

bool json_read_has(const struct json_reader *r, const char *name)
{
    return member(r, name) != NULL;
}

const char *json_read_text(struct json_reader *r, const char *name, const char *fallback)
{
    const json_t *value = member(r, name);
    if (!value)
        return fallback;
    if (json_is_string(value))
        return json_string_value(value);
    json_read_fail(r, name, "a text", value);
    return fallback;
}

double json_read_number(struct json_reader *r, const char *name, double min, double max, double fallback)
{
    const json_t *value = member(r, name);
    if (!value)
        return fallback;
    if (json_is_number(value)) {
        double number = json_number_value(value);
        if (number >= min && number <= max)
            return number;
    }
    char expected[64];
    snprintf(expected, sizeof expected, "a number from %g to %g", min, max);
    json_read_fail(r, name, expected, value);
    return fallback;
}

int64_t json_read_integer(struct json_reader *r, const char *name, int64_t min, int64_t max, int64_t fallback)
{
    const json_t *value = member(r, name);
    if (!value)
        return fallback;
    if (json_is_integer(value) && json_integer_value(value) >= min && json_integer_value(value) <= max)
        return json_integer_value(value);
    char expected[80];
    snprintf(expected, sizeof expected, "a whole number from %lld to %lld", (long long)min, (long long)max);
    json_read_fail(r, name, expected, value);
    return fallback;
}

bool json_read_bool(struct json_reader *r, const char *name, bool fallback)
{
    const json_t *value = member(r, name);
    if (!value)
        return fallback;
    if (!json_is_boolean(value))
        json_read_fail(r, name, "true or false", value);
    return json_is_true(value);
}

int64_t json_read_time(struct json_reader *r, const char *name)
{
    const json_t *value = member(r, name);
    if (!value)
        return BULLA_TIME_NONE;
    int64_t time_ms = json_is_string(value) ? bulla_time_get(json_string_value(value)) : BULLA_TIME_NONE;
    if (time_ms == BULLA_TIME_NONE)
        json_read_fail(r, name, "a time like 2026-01-31T08:00:00Z", value);
    return time_ms;
}

int json_read_word(struct json_reader *r, const char *name, int (*from)(const char *))
{
    const json_t *value = member(r, name);
    if (!value)
        return -1;
    int number = json_is_string(value) ? from(json_string_value(value)) : -1;
    if (number < 0)
        json_read_fail(r, name, "a word of its list", value);
    return number;
}

void json_read_into(struct json_reader *r, const char *name, char *to, size_t size)
{
    const char *text = json_read_text(r, name, NULL);
    if (!text)
        return;
    if (strlen(text) >= size) {
        char expected[48];
        snprintf(expected, sizeof expected, "at most %zu bytes", size - 1);
        json_read_fail(r, name, expected, member(r, name));
        return;
    }
    memcpy(to, text, strlen(text) + 1);
}

const json_t *json_read_object(struct json_reader *r, const char *name)
{
    const json_t *value = member(r, name);
    if (value && !json_is_object(value)) {
        json_read_fail(r, name, "an object", value);
        return NULL;
    }
    return value;
}

const json_t *json_read_array(struct json_reader *r, const char *name)
{
    const json_t *value = member(r, name);
    if (value && !json_is_array(value)) {
        json_read_fail(r, name, "an array", value);
        return NULL;
    }
    return value;
}

void json_put_text(json_t *object, const char *name, const char *text)
{
    if (text[0])
        json_object_set_new(object, name, json_string(text));
}

json_t *json_text(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

json_t *json_time(int64_t time_ms)
{
    if (time_ms == BULLA_TIME_NONE)
        return json_null();
    char text[BULLA_TIME_TEXT];
    bulla_time_put(text, time_ms);
    return json_string(text);
}
