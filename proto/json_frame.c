/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a message of JSON is in a stream: from a brace to the one that closes it.
 */
#include "proto/json_frame.h"

#include "proto/json.h"

/* Where braces close, as far as it can be told without reading all of the grammar. A message that was cut
 * off is noticed by what follows it: an object or a string where none can stand, a control character in a
 * string. */
struct scan {
    unsigned depth;
    uint8_t arrays; /* bit d: level d is an array */
    uint8_t before; /* the last character outside strings that is no blank */
    bool in_string, escaped;
};

enum scanned { GOES_ON, CLOSED, BROKEN };

static bool in_array(const struct scan *s)
{
    return s->depth && (s->arrays >> (s->depth - 1) & 1);
}

static bool may_open(const struct scan *s)
{
    return s->depth == 0 || s->before == ':' || (in_array(s) && (s->before == '[' || s->before == ','));
}

static enum scanned scan_open(struct scan *s, uint8_t c)
{
    if (s->depth == PROTO_JSON_DEPTH_MAX || !may_open(s)) {
        return BROKEN;
    }
    s->arrays = (uint8_t)((s->arrays & ~(1u << s->depth)) | (unsigned)(c == '[') << s->depth);
    s->depth++;
    s->before = c;
    return GOES_ON;
}

static enum scanned scan_close(struct scan *s, uint8_t c)
{
    if (in_array(s) != (c == ']')) {
        return BROKEN;
    }
    s->depth--;
    s->before = c;
    return s->depth ? GOES_ON : CLOSED;
}

static enum scanned scan_outside(struct scan *s, uint8_t c)
{
    switch (c) {
    case '{':
    case '[':
        return scan_open(s, c);
    case '}':
    case ']':
        return scan_close(s, c);
    case '"':
        s->in_string = true;
        return s->before == '"' || s->before == '}' || s->before == ']' ? BROKEN : GOES_ON;
    case ' ':
    case '\t':
    case '\r':
    case '\n':
        return GOES_ON;
    default:
        if (s->before == '"' && c != ':' && c != ',') {
            return BROKEN;
        }
        s->before = c;
        return c < 0x20 || c > 0x7E ? BROKEN : GOES_ON;
    }
}

/* Runs over the inside of a string from at[i]; returns the index behind its closing quote, or where it stops. */
static size_t scan_string(struct scan *s, const uint8_t *at, size_t i, size_t n, bool *broken)
{
    while (i < n) {
        if (!s->escaped) {
            i += proto_json_run(at + i, at + n);
        }
        if (i == n) {
            break;
        }
        uint8_t c = at[i];
        if (s->escaped) {
            s->escaped = false;
        } else if (__builtin_expect(c == '"', 1)) {
            s->in_string = false;
            s->before = '"';
            return i + 1;
        } else if (c == '\\') {
            s->escaped = true;
        } else if (c < 0x20) {
            *broken = true;
            return i;
        }
        i++;
    }
    return n;
}

/* Where to look on after an object that is broken off at at[i]: the last brace in it that is not its first. */
static size_t restart(const uint8_t *at, size_t start, size_t i)
{
    for (size_t last = i; last > start; last--) {
        if (at[last] == '{') {
            return last;
        }
    }
    return i + 1;
}

/* From the brace at[start]: CLOSED with *end behind the closing one, BROKEN with *end where to look on. */
static enum scanned scan_object(const uint8_t *at, size_t start, size_t n, size_t *end)
{
    struct scan s = {0};
    size_t limit = n - start < PROTO_JSON_MESSAGE_MAX ? n : start + PROTO_JSON_MESSAGE_MAX;
    size_t i = start;
    while (i < limit) {
        enum scanned scanned = GOES_ON;
        bool broken = false;
        if (s.in_string) {
            i = scan_string(&s, at, i, limit, &broken);
            if (!s.in_string && limit - i > 1 && (at[i] == ':' || at[i] == ',') && at[i + 1] == '"') { /* the usual way on, in one step */
                s.before = at[i];
                s.in_string = true;
                i += 2;
            }
        } else {
            scanned = scan_outside(&s, at[i]);
            broken = scanned == BROKEN;
            i += !broken;
        }
        if (broken) {
            *end = restart(at, start, i);
            return BROKEN;
        }
        if (scanned == CLOSED) {
            *end = i;
            return CLOSED;
        }
    }
    *end = i;
    return n - start >= PROTO_JSON_MESSAGE_MAX ? BROKEN : GOES_ON;
}

static size_t find_brace(const uint8_t *at, size_t from, size_t n)
{
    while (from < n && at[from] != '{') {
        from++;
    }
    return from;
}

enum bulla_status proto_json_frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    (void)link;
    size_t start = find_brace(at, 0, n);
    while (start < n) {
        size_t end;
        switch (scan_object(at, start, n, &end)) {
        case CLOSED:
            *frame = (struct proto_frame){start, end - start};
            return BULLA_OK;
        case GOES_ON:
            *frame = (struct proto_frame){start, 0};
            return BULLA_MORE;
        default:
            start = find_brace(at, end, n);
        }
    }
    *frame = (struct proto_frame){n, 0};
    return BULLA_MORE;
}
