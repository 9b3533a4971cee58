/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames of JT/T 808 for its tests, made independently of the code under test.
 */
#ifndef TESTS_JT808_FRAMES_H
#define TESTS_JT808_FRAMES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/wire.h"

extern const struct proto proto_jt808;

#define NOW       INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define BYTES_MAX 8192

struct bytes {
    uint8_t at[BYTES_MAX];
    size_t n;
};

static inline struct bytes from_hex(const char *hex)
{
    struct bytes b = {.n = strlen(hex) / 2};
    assert_true(b.n <= sizeof b.at && bulla_hex_get(b.at, hex, b.n));
    return b;
}

static inline void put(struct bytes *b, const void *at, size_t n)
{
    assert_true(b->n + n <= sizeof b->at);
    memcpy(b->at + b->n, at, n);
    b->n += n;
}

static inline void put_byte(struct bytes *b, unsigned byte)
{
    uint8_t one = (uint8_t)byte;
    put(b, &one, 1);
}

/* Header and body in hex (without delimiters, checksum, escapes) -> what travels. */
static inline struct bytes wire_of(const char *content_hex)
{
    struct bytes content = from_hex(content_hex), out = {.n = 0};
    uint8_t sum = 0;
    for (size_t i = 0; i < content.n; i++) {
        sum ^= content.at[i];
    }
    put_byte(&content, sum);
    put_byte(&out, 0x7E);
    for (size_t i = 0; i < content.n; i++) {
        if (content.at[i] == 0x7D || content.at[i] == 0x7E) {
            put_byte(&out, 0x7D);
            put_byte(&out, content.at[i] - 0x7Cu);
        } else {
            put_byte(&out, content.at[i]);
        }
    }
    put_byte(&out, 0x7E);
    return out;
}

/* Undoes wire_of; fails the test when it is not one frame with a right checksum. */
static inline struct bytes content_of(const char *hex)
{
    struct bytes wire = from_hex(hex), out = {.n = 0};
    assert_int_equal(wire.at[0], 0x7E);
    assert_int_equal(wire.at[wire.n - 1], 0x7E);
    uint8_t sum = 0;
    for (size_t i = 1; i + 1 < wire.n; i++) {
        uint8_t byte = wire.at[i];
        assert_int_not_equal(byte, 0x7E);
        if (byte == 0x7D) {
            byte = (uint8_t)(wire.at[++i] + 0x7C);
        }
        sum ^= byte;
        put_byte(&out, byte);
    }
    assert_int_equal(sum, 0);
    out.n--;
    return out;
}

#define PHONE     "012345678901"
#define HEARTBEAT "00020000" PHONE "0007"
/* 0x0200: fix, 31.5 N 121.25 E, 12 m, 36.0 km/h, 90 degrees, 2025-12-31 16:00:00 GMT+8, odometer, signal, satellites */
#define PLACE                                                                                                                              \
    "01E0A6E0"                                                                                                                             \
    "073A20D0"                                                                                                                             \
    "000C"                                                                                                                                 \
    "0168"                                                                                                                                 \
    "005A"                                                                                                                                 \
    "251231160000"
#define REPORT                                                                                                                             \
    "0200002A" PHONE "0008"                                                                                                                \
    "00000000"                                                                                                                             \
    "00000002" PLACE "010400000064"                                                                                                        \
    "30011F"                                                                                                                               \
    "31010C"

static inline void open_wire(struct wire *wire)
{
    wire_open(wire, &proto_jt808, NULL, NOW);
}

static inline size_t observed(const struct wire *wire)
{
    return json_array_size(wire->observations);
}

static inline size_t replied(const struct wire *wire)
{
    return json_array_size(wire->replies);
}

static inline const char *reply_at(const struct wire *wire, size_t i)
{
    return json_string_value(json_array_get(wire->replies, i));
}

static inline const char *text_at(json_t *object, const char *group, const char *member)
{
    return json_string_value(json_object_get(group ? json_object_get(object, group) : object, member));
}

static inline void feed(struct wire *wire, const struct bytes *b)
{
    wire_feed(wire, b->at, b->n, 0);
}

static inline void feed_hex(struct wire *wire, const char *content_hex)
{
    struct bytes frame = wire_of(content_hex);
    feed(wire, &frame);
}

#endif
