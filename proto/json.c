/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/json.h"

struct reader {
    const uint8_t *at, *end;
};

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t')) {
        r->at++;
    }
}

static bool take(struct reader *r, uint8_t c)
{
    if (r->at >= r->end || *r->at != c) {
        return false;
    }
    r->at++;
    return true;
}

/* ---- strings ---- */

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits, or -1. */
static int32_t take_unit(struct reader *r)
{
    int32_t unit = 0;
    if (r->end - r->at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(*r->at++);
        if (digit < 0) {
            return -1;
        }
        unit = unit << 4 | digit;
    }
    return unit;
}

/* What follows "\u": one code point, made of two halves where it must be; -1 for a lone half. */
static int32_t take_code_point(struct reader *r)
{
    int32_t high = take_unit(r);
    if (high < 0xD800 || high > 0xDFFF) {
        return high;
    }
    if (high > 0xDBFF || !take(r, '\\') || !take(r, 'u')) {
        return -1;
    }
    int32_t low = take_unit(r);
    return low < 0xDC00 || low > 0xDFFF ? -1 : 0x10000 + ((high & 0x3FF) << 10 | (low & 0x3FF));
}

/* What follows "\": a code point, or -1. */
static int32_t take_escape(struct reader *r)
{
    if (r->at >= r->end) {
        return -1;
    }
    switch (*r->at++) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case '/':
        return '/';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        return take_code_point(r);
    default:
        return -1;
    }
}

/* A character of two to four bytes, in its shortest form and inside Unicode. */
static bool take_utf8(struct reader *r)
{
    uint8_t first = *r->at++;
    unsigned more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4 || (size_t)(r->end - r->at) < more) {
        return false;
    }
    uint8_t second = *r->at;
    bool good = !(first == 0xE0 && second < 0xA0) && !(first == 0xED && second > 0x9F) && !(first == 0xF0 && second < 0x90) &&
                !(first == 0xF4 && second > 0x8F);
    for (unsigned i = 0; i < more; i++) {
        good = good && (*r->at++ & 0xC0) == 0x80;
    }
    return good;
}

/* Behind the opening quote. */
static bool take_string(struct reader *r, struct proto_json_value *out)
{
    out->kind = PROTO_JSON_STRING;
    out->escaped = false;
    out->text.at = r->at;
    while (r->at < r->end) {
        r->at += proto_json_run(r->at, r->end);
        if (r->at == r->end) {
            return false;
        }
        uint8_t c = *r->at;
        if (c == '"') {
            out->text.len = (size_t)(r->at++ - out->text.at);
            return true;
        }
        if (c == '\\') {
            out->escaped = true;
            r->at++;
            if (take_escape(r) < 0) {
                return false;
            }
        } else if (c < 0x20 || !take_utf8(r)) {
            return false;
        }
    }
    return false;
}

/* ---- other values ---- */

static size_t take_digits(struct reader *r)
{
    const uint8_t *from = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        r->at++;
    }
    return (size_t)(r->at - from);
}

static bool take_number(struct reader *r)
{
    take(r, '-');
    bool zero = r->at < r->end && *r->at == '0';
    size_t whole = take_digits(r);
    if (whole == 0 || (zero && whole > 1)) {
        return false;
    }
    if (take(r, '.') && take_digits(r) == 0) {
        return false;
    }
    if (take(r, 'e') || take(r, 'E')) {
        if (!take(r, '+')) {
            take(r, '-');
        }
        return take_digits(r) > 0;
    }
    return true;
}

static bool take_word(struct reader *r, const char *word)
{
    size_t n = bulla_length(word);
    if ((size_t)(r->end - r->at) < n || bulla_compare(r->at, word, n) != 0) {
        return false;
    }
    r->at += n;
    return true;
}

static bool take_scalar(struct reader *r, struct proto_json_value *out)
{
    uint8_t c = *r->at;
    if (c == '"') {
        r->at++;
        return take_string(r, out);
    }
    bool number = c == '-' || (c >= '0' && c <= '9');
    out->kind = number ? PROTO_JSON_NUMBER : PROTO_JSON_WORD;
    out->escaped = false;
    out->text.at = r->at;
    bool good = number ? take_number(r) : take_word(r, "true") || take_word(r, "false") || take_word(r, "null");
    out->text.len = (size_t)(r->at - out->text.at);
    return good;
}

/* The key of a member, and its colon. */
static bool take_key(struct reader *r, struct proto_json_value *key)
{
    if (!take(r, '"') || !take_string(r, key)) {
        return false;
    }
    skip_blanks(r);
    bool good = take(r, ':');
    skip_blanks(r);
    return good;
}

/* Passes over a nested object or array with its own small stack, so that no input can exhaust ours. */
static bool skip_nested(struct reader *r)
{
    uint8_t close[PROTO_JSON_DEPTH_MAX - 1]; /* the walk itself is the first level */
    unsigned depth = 0;
    struct proto_json_value ignored;
    bool first = true;
    do {
        skip_blanks(r);
        if (depth && take(r, close[depth - 1])) {
            depth--;
            first = false;
            continue;
        }
        if (depth && !first) {
            if (!take(r, ',')) {
                return false;
            }
            skip_blanks(r);
        }
        if (depth && close[depth - 1] == '}' && !take_key(r, &ignored)) {
            return false;
        }
        if (r->at >= r->end) {
            return false;
        }
        first = *r->at == '{' || *r->at == '[';
        if (!first) {
            if (!take_scalar(r, &ignored)) {
                return false;
            }
        } else if (depth == sizeof close) {
            return false;
        } else {
            close[depth++] = *r->at++ == '{' ? '}' : ']';
        }
    } while (depth);
    return true;
}

static bool take_value(struct reader *r, struct proto_json_value *out)
{
    if (r->at >= r->end) {
        return false;
    }
    if (*r->at != '{' && *r->at != '[') {
        return take_scalar(r, out);
    }
    out->kind = *r->at == '{' ? PROTO_JSON_OBJECT : PROTO_JSON_ARRAY;
    out->escaped = false;
    out->text.at = r->at;
    bool good = skip_nested(r);
    out->text.len = (size_t)(r->at - out->text.at);
    return good;
}

/* ---- walking ---- */

struct proto_json_walk proto_json_open(struct bulla_bytes text)
{
    struct reader r = {text.at, text.at + text.len};
    skip_blanks(&r);
    struct proto_json_walk walk = {r.at, r.end, 0, false, false, false};
    if (take(&r, '{')) {
        walk.close = '}';
    } else if (take(&r, '[')) {
        walk.close = ']';
    } else {
        walk.failed = true;
    }
    walk.at = r.at;
    return walk;
}

static bool finish(struct proto_json_walk *walk, struct reader *r)
{
    skip_blanks(r);
    walk->ended = true;
    walk->failed = r->at != r->end;
    return false;
}

bool proto_json_next(struct proto_json_walk *walk, struct proto_json_value *key, struct proto_json_value *value)
{
    struct reader r = {walk->at, walk->end};
    if (walk->failed || walk->ended) {
        return false;
    }
    skip_blanks(&r);
    if (take(&r, walk->close)) {
        return finish(walk, &r);
    }
    bool good = !walk->started || take(&r, ',');
    skip_blanks(&r);
    if (walk->close == '}') {
        good = good && take_key(&r, key);
    } else {
        key->text = (struct bulla_bytes){NULL, 0};
    }
    good = good && take_value(&r, value);
    walk->started = true;
    walk->failed = !good;
    walk->at = r.at;
    return good;
}

/* ---- characters ---- */

static unsigned put_utf8(uint8_t to[4], int32_t c)
{
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (uint8_t)(0xC0 | c >> 6);
        to[1] = (uint8_t)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (uint8_t)(0xE0 | c >> 12);
        to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        to[2] = (uint8_t)(0x80 | (c & 0x3F));
        return 3;
    }
    to[0] = (uint8_t)(0xF0 | c >> 18);
    to[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
    to[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    to[3] = (uint8_t)(0x80 | (c & 0x3F));
    return 4;
}

struct bulla_bytes proto_json_plain(const struct proto_json_value *value, uint8_t *to, size_t size)
{
    if (value->kind != PROTO_JSON_STRING && value->kind != PROTO_JSON_NUMBER) {
        return (struct bulla_bytes){NULL, 0};
    }
    if (!value->escaped) {
        return value->text;
    }
    struct reader r = {value->text.at, value->text.at + value->text.len};
    size_t n = 0;
    while (r.at < r.end) {
        uint8_t bytes[4];
        unsigned count = 1;
        bytes[0] = *r.at++;
        if (bytes[0] == '\\') {
            count = put_utf8(bytes, take_escape(&r)); /* its form was checked when it was read */
        }
        if (count > size - n) {
            return (struct bulla_bytes){NULL, 0};
        }
        bulla_copy(to + n, bytes, count);
        n += count;
    }
    return (struct bulla_bytes){to, n};
}
