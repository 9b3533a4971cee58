/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/request.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platform/model/words.h"

MODEL_WORDS(out_scope, OUT_SCOPE_TABLE)

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Bytes of the UTF-8 sequence at p, 0 when it is none (RFC 3629: shortest form, no surrogates). */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char low, high, second_low, second_high, bytes;
    } forms[] = {{0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
                 {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
                 {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (p[0] < forms[i].low || p[0] > forms[i].high)
            continue;
        size_t n = forms[i].bytes;
        if (n > left || (n > 1 && (p[1] < forms[i].second_low || p[1] > forms[i].second_high)))
            return 0;
        for (size_t k = 2; k < n; k++)
            if ((p[k] & 0xC0) != 0x80)
                return 0;
        return n;
    }
    return 0;
}

bool out_text_is_utf8(const char *text, size_t n)
{
    for (size_t at = 0; at < n;) {
        size_t step = utf8_length((const unsigned char *)text + at, n - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

bool out_text_unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        char c = *from;
        if (c == '%') {
            int high = hex_digit(from[1]), low = high < 0 ? -1 : hex_digit(from[2]);
            if (low < 0)
                return false;
            c = (char)(high << 4 | low);
            from += 2;
        }
        if ((unsigned char)c < 0x20 || c == 0x7F)
            return false;
        *to++ = c;
    }
    *to = '\0';
    return out_text_is_utf8(text, (size_t)(to - text));
}

/* Cuts "a=1&b=2" into params; a plus sign is a space there. */
static bool split_query(struct out_request *r, char *query)
{
    for (char *save = NULL, *pair = strtok_r(query, "&", &save); pair; pair = strtok_r(NULL, "&", &save)) {
        if (r->n_params == OUT_PARAMS_MAX)
            return false;
        for (char *c = pair; *c; c++)
            if (*c == '+')
                *c = ' ';
        char *value = strchr(pair, '=');
        if (value)
            *value++ = '\0';
        if (!out_text_unescape(pair) || (value && !out_text_unescape(value)))
            return false;
        r->params[r->n_params++] = (struct out_param){pair, value ? value : ""};
    }
    return true;
}

struct out_request *out_request_new(struct out *out, const char *target, bool whole)
{
    struct out_request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->out = out;
    r->target = strdup(strlen(target) > OUT_TARGET_MAX ? "/" : target);
    if (!r->target) {
        free(r);
        return NULL;
    }
    r->bad_target = !whole || strlen(target) > OUT_TARGET_MAX || target[0] != '/';
    char *query = strchr(r->target, '?');
    if (query)
        *query++ = '\0';
    r->path = r->target;
    if ((query && !split_query(r, query)) || !out_text_is_utf8(r->path, strlen(r->path)))
        r->bad_target = true;
    return r;
}

void out_request_free(struct out_request *r)
{
    if (!r)
        return;
    if (r->answer)
        MHD_destroy_response(r->answer);
    json_decref(r->json);
    json_decref(r->names);
    if (r->body)
        explicit_bzero(r->body, r->body_len); /* it may hold a password */
    free(r->body);
    free(r->target);
    explicit_bzero(&r->user, sizeof r->user);
    free(r);
}

const char *out_request_header(const struct out_request *r, const char *name)
{
    return r->connection ? MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name) : NULL;
}

const char *out_request_param(const struct out_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_params; i++)
        if (strcmp(r->params[i].name, name) == 0)
            return r->params[i].value;
    return NULL;
}

bool out_request_append(struct out_request *r, const char *bytes, size_t n)
{
    if (n > r->body_max - r->body_len)
        return false;
    if (r->body_len + n > r->body_room) {
        size_t room = r->body_room ? r->body_room * 2 : 4096;
        while (room < r->body_len + n)
            room *= 2;
        uint8_t *body = realloc(r->body, room);
        if (!body)
            return false;
        r->body = body;
        r->body_room = room;
    }
    memcpy(r->body + r->body_len, bytes, n);
    r->body_len += n;
    return true;
}

bool out_body_wants(struct out_request *r, bool condition, const char *field, const char *expected, const char *got)
{
    if (!condition)
        out_problem_field(r, 422, field, expected, got);
    return condition;
}

static const char *body_text(struct out_request *r, const char *name, size_t min, size_t max, bool needed)
{
    const json_t *value = json_object_get(r->json, name);
    if (!needed && (!value || json_is_null(value)))
        return "";
    char expected[48];
    snprintf(expected, sizeof expected, "a text of %zu to %zu bytes", min, max);
    size_t length = json_string_length(value);
    if (json_is_string(value) && length >= min && length <= max && strlen(json_string_value(value)) == length)
        return json_string_value(value);
    out_problem_field(r, 422, name, expected,
                      !value                   ? "nothing"
                      : !json_is_string(value) ? "another type"
                      : length < min           ? "less"
                                               : "more");
    return NULL;
}

const char *out_body_text(struct out_request *r, const char *name, size_t min, size_t max)
{
    return body_text(r, name, min, max, true);
}

const char *out_body_optional(struct out_request *r, const char *name, size_t max)
{
    return body_text(r, name, 0, max, false);
}

bool out_param_number(struct out_request *r, const char *name, int64_t min, int64_t max, int64_t fallback, int64_t *out)
{
    const char *text = out_request_param(r, name);
    if (!text) {
        *out = fallback;
        return true;
    }
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*text && (isdigit((unsigned char)*text) || *text == '-') && !*end && !errno && value >= min && value <= max) {
        *out = value;
        return true;
    }
    char expected[64];
    snprintf(expected, sizeof expected, "a whole number from %lld to %lld", (long long)min, (long long)max);
    out_problem_field(r, 400, name, expected, text);
    return false;
}

bool out_param_time(struct out_request *r, const char *name, int64_t fallback, int64_t *out)
{
    const char *text = out_request_param(r, name);
    int64_t value = text ? bulla_time_get(text) : fallback;
    if (text && value == BULLA_TIME_NONE) {
        out_problem_field(r, 400, name, "a time like 2026-01-31T08:00:00Z", text);
        return false;
    }
    *out = value;
    return true;
}

bool out_param_text(struct out_request *r, const char *name, char *to, size_t size)
{
    const char *text = out_request_param(r, name);
    if (text && strlen(text) >= size) {
        char expected[32];
        snprintf(expected, sizeof expected, "at most %zu bytes", size - 1);
        out_problem_field(r, 400, name, expected, "more");
        return false;
    }
    if (text)
        memcpy(to, text, strlen(text) + 1);
    return true;
}

bool out_param_word(struct out_request *r, const char *name, int (*from)(const char *), char *to, size_t size)
{
    const char *text = out_request_param(r, name);
    if (!text || from(text) >= 0)
        return out_param_text(r, name, to, size);
    out_problem_field(r, 400, name, "a word of its list", text);
    return false;
}
