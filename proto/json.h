/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict JSON reader (RFC 8259, UTF-8) for protocols that speak JSON: no heap, no tree. The values are
 * views of the message; nested ones are walked when somebody wants them.
 *
 *   struct proto_json_walk walk = proto_json_open(message);
 *   while (proto_json_next(&walk, &key, &value)) ...
 *   if (walk.failed) damaged
 *
 * A walk checks everything it passes, nested values too: after it ended without `failed`, all of the text
 * was one well-formed object or array.
 */
#ifndef PROTO_JSON_H
#define PROTO_JSON_H

#include "bulla/bytes.h"

#define PROTO_JSON_DEPTH_MAX 8

enum proto_json_kind { PROTO_JSON_STRING, PROTO_JSON_NUMBER, PROTO_JSON_WORD /* true false null */, PROTO_JSON_OBJECT, PROTO_JSON_ARRAY };

struct proto_json_value {
    enum proto_json_kind kind;
    bool escaped;            /* a string in which \ stands */
    struct bulla_bytes text; /* string: what is between the quotes; others: all their characters */
};

struct proto_json_walk {
    const uint8_t *at, *end;
    uint8_t close; /* '}' or ']' */
    bool started, ended, failed;
};

/* How many bytes from `at` are plain characters of a string: ASCII, neither quote nor \ nor control. Eight at a
 * time, because most strings are shorter than that and their ends cannot be predicted. */
static inline size_t proto_json_run(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *from = at;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        bulla_copy(&word, at, 8);
        uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
        uint64_t hits = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((word - ones * 0x20) & ~word) | word;
        if (hits & tops) {
            return (size_t)(at - from) + (size_t)__builtin_ctzll(hits & tops) / 8;
        }
    }
#endif
    while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') {
        at++;
    }
    return (size_t)(at - from);
}

/* Opens an object or array. Anything else gives a walk that has failed. White space around it is allowed. */
struct proto_json_walk proto_json_open(struct bulla_bytes text);

/* The next member of an object (key and value) or item of an array (key is {NULL, 0}); false at the end or on failure. */
bool proto_json_next(struct proto_json_walk *walk, struct proto_json_value *key, struct proto_json_value *value);

/* The characters of a string or number, escapes resolved into to[size]; {NULL, 0} when it is neither, or too long. */
struct bulla_bytes proto_json_plain(const struct proto_json_value *value, uint8_t *to, size_t size);

/* A number as a whole number of 10^-decimals, exactly, rounded half away from zero: 28.5 with three is 28500, 2.85e1 too.
 * False when it is no number, or does not fit. */
bool proto_json_fixed(const struct proto_json_value *value, unsigned decimals, int64_t *out);

#endif
