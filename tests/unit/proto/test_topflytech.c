/* SPDX-License-Identifier: Apache-2.0
 *
 * Topflytech: floats without floating point, commands, lock types. What its messages mean is in tests/vectors/topflytech.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/topflytech.h"
#include "tests/support/wire.h"

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void test_floats(void **state)
{
    (void)state;
    static const float values[] = {0,     1,      -1,     0.5F,       39.25F,   -6.8125F, 179.99999F,   -180,
                                   1e-7F, -1e-7F, 1e-30F, 113.94302F, 8848.86F, 1e6F,     4294967040.0F};
    int64_t got;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        double exact = (double)values[i] * 100;
        assert_true(topflytech_float(bits_of(values[i]), 100, &got));
        assert_true(fabs((double)got - exact) <= 0.5);
        exact = (double)values[i] * 1e7;
        assert_true(topflytech_float(bits_of(values[i]), 10000000, &got));
        assert_true(fabs((double)got - exact) <= 0.5);
    }
    /* every thousandth of an angle, and its mirror */
    for (int i = -180000; i <= 180000; i += 7) {
        float angle = (float)i / 1000;
        assert_true(topflytech_float(bits_of(angle), 10000000, &got));
        assert_true(fabs((double)got - (double)angle * 1e7) <= 0.5);
    }
    assert_false(topflytech_float(bits_of(INFINITY), 100, &got));
    assert_false(topflytech_float(bits_of(-INFINITY), 100, &got));
    assert_false(topflytech_float(bits_of(NAN), 100, &got));
    assert_false(topflytech_float(bits_of(1e20F), 100, &got));
    assert_true(topflytech_float(1, 10000000, &got)); /* the smallest there is */
    assert_int_equal(got, 0);
}

static const char *encoded(struct wire *wire, const char *device, const char *command, const struct proto_args *args)
{
    static char text[600];
    uint8_t bytes[300];
    struct bulla_writer out = bulla_writer_over(bytes, sizeof bytes);
    if (proto_topflytech.encode(&wire->link, device, command, args, &out) != BULLA_OK) {
        assert_int_equal(out.len, 0);
        return wire->link.error;
    }
    bulla_hex_put(text, bytes, out.len);
    return text;
}

static void test_commands(void **state)
{
    (void)state;
    static const uint8_t old_vehicle[] = {0x23, 0x23, 3, 0, 15, 0, 0, 0x08, 0x80, 0x31, 0x68, 0x90, 0x20, 0x29, 0x68};
    static const struct proto_args none = {0};
    struct proto_args on = {1, {{"state", "1"}}}, off = {2, {{"state", "0"}, {"password", "123456"}}}, open = {1, {{"text", "OPEN#"}}};
    struct wire wire;
    wire_open(&wire, &proto_topflytech, NULL, 0);
    assert_string_equal(encoded(&wire, "123456789012345", "relay", &on), "272781001e0001012345678901234501"
                                                                         "52454c41592c303030302c4f6e23");
    assert_string_equal(encoded(&wire, "123456789012345", "relay", &off), "27278100210002012345678901234501"
                                                                          "52454c41592c3132333435362c4f666623");
    assert_string_equal(encoded(&wire, "123456789012345", "version", &none), "27278100180003012345678901234501"
                                                                             "56455253494f4e23");
    assert_string_equal(encoded(&wire, "123456789012345", "unlock", &open), "27278100150004012345678901234501"
                                                                            "4f50454e23");
    wire_feed(&wire, old_vehicle, sizeof old_vehicle, 0); /* from now on its commands bear its mark */
    assert_string_equal(encoded(&wire, "880316890202968", "version", &none), "23238100180001088031689020296801"
                                                                             "56455253494f4e23");
    wire_close(&wire);
}

static void test_commands_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct proto_args none = {0};
    struct proto_args letters = {2, {{"state", "1"}, {"password", "12a4"}}}, two = {1, {{"state", "2"}}}, line = {1, {{"text", "A\r\nB"}}};
    struct wire wire;
    wire_open(&wire, &proto_topflytech, NULL, 0);
    assert_string_equal(encoded(&wire, "123456789012345", "relay", &letters), "password: expected 1 to 8 digits, got nothing");
    assert_string_equal(encoded(&wire, "123456789012345", "relay", &two), "state: expected 0 to 1, got 2");
    assert_non_null(strstr(encoded(&wire, "123456789012345", "raw", &line), "text: expected 1 to 200 printable characters"));
    assert_non_null(strstr(encoded(&wire, "123456789012345", "unlock", &none), "unlock: missing argument text"));
    assert_non_null(strstr(encoded(&wire, "12345678901234567", "version", &none), "device: expected an IMEI of 15 digits"));
    assert_non_null(strstr(encoded(&wire, "x", "version", &none), "device: expected an IMEI of 15 digits"));
    wire_close(&wire);
}

/* All 256 lock types in a message that is about the lock: those of the table say something, none breaks a promise. */
static void test_all_lock_types(void **state)
{
    (void)state;
    unsigned attempts = 0, states = 0;
    for (unsigned code = 0; code < 256; code++) {
        uint8_t at[40] = {0x27, 0x27, 0x17, 0, 40, 0, 1, 0x08, 0x64, 0x11, 0x20, 0x55, 0x58, 0x57, 0x47, 0x24, 1, 2, 3, 4, 5, 0x08};
        struct wire wire;
        memset(at + 22, 0xFF, 16);
        at[38] = (uint8_t)code;
        wire_open(&wire, &proto_topflytech, NULL, 0);
        wire_feed(&wire, at, sizeof at, 0);
        assert_int_equal(json_array_size(wire.observations), 1);
        const json_t *o = json_array_get(wire.observations, 0);
        assert_true(json_array_size(json_object_get(o, "events")) > 0);
        attempts += json_object_get(o, "unlock") != NULL;
        states += json_object_get(json_object_get(o, "state"), "seal") != NULL;
        wire_close(&wire);
    }
    assert_int_equal(attempts, 5 * 7 + 1);
    assert_int_equal(states, 7 + 5 * 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_commands_that_cannot_be_are_refused),
        cmocka_unit_test(test_all_lock_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
