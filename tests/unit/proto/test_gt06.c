/* SPDX-License-Identifier: Apache-2.0
 *
 * GT06: check value, commands, where one message ends and the next begins. What its messages mean is in tests/vectors/gt06.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/gt06.h"
#include "tests/support/wire.h"

static void test_check_value(void **state)
{
    (void)state;
    assert_int_equal(gt06_crc((const uint8_t *)"123456789", 9), 0x906E);
    assert_int_equal(gt06_crc((const uint8_t *)"", 0), 0);
    /* The reference: bit by bit, over every length. */
    uint8_t bytes[64];
    for (size_t n = 0; n <= sizeof bytes; n++) {
        unsigned crc = 0xFFFF;
        for (size_t i = 0; i < n; i++) {
            bytes[i] = (uint8_t)(7 * i + 13 * n);
            crc ^= bytes[i];
            for (int bit = 0; bit < 8; bit++) {
                crc = crc & 1 ? crc >> 1 ^ 0x8408 : crc >> 1;
            }
        }
        assert_int_equal(gt06_crc(bytes, n), crc ^ 0xFFFF);
    }
}

static const char *encoded(struct wire *wire, const char *command, const struct proto_args *args)
{
    static char text[600];
    uint8_t bytes[300];
    struct bulla_writer out = bulla_writer_over(bytes, sizeof bytes);
    if (proto_gt06.encode(&wire->link, "359000000000011", command, args, &out) != BULLA_OK) {
        assert_int_equal(out.len, 0);
        return wire->link.error;
    }
    bulla_hex_put(text, bytes, out.len);
    return text;
}

static void test_commands(void **state)
{
    (void)state;
    static const struct proto_args none = {0};
    struct proto_args relay = {1, {{"state", "1"}}}, raw = {1, {{"text", "sos#"}}};
    struct proto_args server = {2, {{"host", "seals.example.org"}, {"port", "10000"}}};
    struct wire wire;
    wire_open(&wire, &proto_gt06, NULL, 0);
    wire.link.random = NULL; /* then the flag is the serial */
    assert_string_equal(encoded(&wire, "relay", &relay), "787812800c0000000152656c61792c31230001d9f60d0a");
    assert_non_null(strstr(encoded(&wire, "raw", &raw), "78780e800800000002736f73230002"));
    assert_non_null(strstr(encoded(&wire, "unlock", &raw), "736f7323"));
    assert_non_null(strstr(encoded(&wire, "unlock", &none), "unlock: missing argument text")); /* nobody knows its words */
    assert_non_null(strstr(encoded(&wire, "version", &none), "56455253494f4e23"));             /* VERSION# */
    assert_non_null(strstr(encoded(&wire, "server", &server), "5345525645522c312c7365616c732e6578616d706c652e6f72672c31303030302c3023"));
    wire_close(&wire);
}

/* What is sent can be read back, and answers name the command that they answer. */
static void test_frames_of_commands_are_whole(void **state)
{
    (void)state;
    char text[GT06_TEXT_MAX + 1];
    memset(text, 'x', GT06_TEXT_MAX);
    text[GT06_TEXT_MAX] = '\0';
    struct proto_args longest = {1, {{"text", text}}};
    struct wire wire;
    struct gt06_message m;
    uint8_t bytes[300];
    struct bulla_writer out = bulla_writer_over(bytes, sizeof bytes);
    wire_open(&wire, &proto_gt06, NULL, 0);
    assert_int_equal(proto_gt06.encode(&wire.link, "", "raw", &longest, &out), BULLA_OK);
    assert_int_equal(gt06_open(&wire.link, bytes, out.len, &m), BULLA_OK);
    assert_int_equal(m.type, 0x80);
    assert_int_equal(m.serial, 1);
    assert_int_equal(m.body.at[0], 4 + GT06_TEXT_MAX);
    assert_memory_equal(m.body.at + 5, text, GT06_TEXT_MAX);
    struct bulla_writer narrow = bulla_writer_over(bytes, 20);
    assert_int_equal(proto_gt06.encode(&wire.link, "", "raw", &longest, &narrow), BULLA_FULL);
    wire_close(&wire);
}

static void test_commands_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *command, *name, *value, *why;
    } rows[] = {
        {"raw", "text", "", "text: expected 1 to 200 printable characters, got nothing"},
        {"raw", "text", "a\nb", "text: expected 1 to 200 printable characters, got \"a"},
        {"relay", "state", "2", "state: expected 0 to 1, got 2"},
        {"interval", "seconds", "4", "seconds: expected 5 to 18000, got 4"},
        {"heartbeat", "minutes", "0", "minutes: expected 1 to 300, got 0"},
        {"open-sesame", "text", "x", "command: expected one of the list, got \"open-sesame\""},
        {"locate", "text", "x", "locate: unknown argument text"},
        {"interval", "minutes", "4", "interval: missing argument seconds"},
    };
    struct proto_args server = {2, {{"host", "a,b#"}, {"port", "1"}}};
    struct wire wire;
    wire_open(&wire, &proto_gt06, NULL, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct proto_args args = {1, {{rows[i].name, rows[i].value}}};
        const char *why = encoded(&wire, rows[i].command, &args);
        if (!strstr(why, rows[i].why)) {
            assert_string_equal(why, rows[i].why);
        }
    }
    assert_string_equal(encoded(&wire, "server", &server), "host: expected a name or an address, got \"a,b#\"");
    wire_close(&wire);
}

/* A message of the longest length is taken, one of a byte more is not waited for. */
static void test_limit_of_a_message(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        static uint8_t bytes[GT06_FRAME_MAX + 100], body[GT06_LENGTH_MAX];
        struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
        struct wire wire;
        gt06_put(&w, GT06_LONG, 0x9B, 1, (struct bulla_bytes){body, GT06_LENGTH_MAX - GT06_LENGTH_MIN + extra});
        gt06_put(&w, GT06_SHORT, GT06_TIME, 7, (struct bulla_bytes){NULL, 0});
        wire_open(&wire, &proto_gt06, NULL, bulla_time_get(WIRE_NOW));
        wire_feed(&wire, bytes, w.len, 0);
        assert_int_equal(json_array_size(wire.outcomes), 2 - extra);
        assert_int_equal(wire.skipped, extra ? GT06_FRAME_MAX + 1 : 0);
        assert_int_equal(json_array_size(wire.replies), 1); /* what follows is answered either way */
        wire_close(&wire);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_value),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_frames_of_commands_are_whole),
        cmocka_unit_test(test_commands_that_cannot_be_are_refused),
        cmocka_unit_test(test_limit_of_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
