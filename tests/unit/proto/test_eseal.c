/* SPDX-License-Identifier: Apache-2.0
 *
 * eSeal: commands, and the limits of a line. What its messages mean is in tests/vectors/eseal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/eseal.h"
#include "tests/support/wire.h"

static const char *encoded(struct wire *wire, const char *device, const char *command, const struct proto_args *args)
{
    static char text[1200];
    struct bulla_writer out = bulla_writer_over((uint8_t *)text, sizeof text - 1);
    if (proto_eseal.encode(&wire->link, device, command, args, &out) != BULLA_OK) {
        return wire->link.error;
    }
    text[out.len] = '\0';
    return text;
}

static void feed(struct wire *wire, const char *text)
{
    wire_feed(wire, (const uint8_t *)text, strlen(text), 0);
}

static void test_commands(void **state)
{
    (void)state;
    static const struct proto_args none = {0};
    struct proto_args raw = {1, {{"text", "RC-NFC DEL,12"}}};
    struct wire wire;
    wire_open(&wire, &proto_eseal, NULL, 0);
    assert_string_equal(encoded(&wire, "2000007", "unlock", &none), "##S,eSeal,2000007,256,3.0.8,RC-Unlock,E##\r\n");
    assert_string_equal(encoded(&wire, "2000007", "power-off", &none), "##S,eSeal,2000007,256,3.0.8,RC-Power Control,Power OFF,E##\r\n");
    assert_string_equal(encoded(&wire, "2000007", "raw", &raw), "##S,eSeal,2000007,256,3.0.8,RC-NFC DEL,12,E##\r\n");
    wire_close(&wire);
}

static void test_commands_repeat_what_the_device_said_of_itself(void **state)
{
    (void)state;
    static const struct proto_args none = {0};
    struct wire wire;
    wire_open(&wire, &proto_eseal, NULL, 0);
    feed(&wire, "##S,eSeal,2000007,19,3.1.2,Startup OK,1,9,E##\r\n");
    assert_string_equal(encoded(&wire, "2000007", "unlock", &none), "##S,eSeal,2000007,19,3.1.2,RC-Unlock,E##\r\n");
    assert_string_equal(encoded(&wire, "2000008", "unlock", &none), "##S,eSeal,2000008,256,3.0.8,RC-Unlock,E##\r\n");
    wire_close(&wire);
}

static void test_commands_that_would_break_the_line_are_refused(void **state)
{
    (void)state;
    static const struct proto_args none = {0};
    static const char *const texts[] = {"RC-X,E##\r\n##S,eSeal,1,1,1,RC-Unlock", "RC-X\r\n", "Unlock", "RC-", "", "RC-#"};
    struct wire wire;
    wire_open(&wire, &proto_eseal, NULL, 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct proto_args raw = {1, {{"text", texts[i]}}};
        assert_non_null(strstr(encoded(&wire, "1", "raw", &raw), "text: expected RC-"));
    }
    assert_string_equal(encoded(&wire, "1,2", "unlock", &none), "device: expected 1 to 31 digits, got \"1,2\"");
    assert_string_equal(encoded(&wire, "", "unlock", &none), "device: expected 1 to 31 digits, got nothing");
    wire_close(&wire);
}

/* A line of exactly the limit is read, one of a byte more is passed over, and what follows is read either way. */
static void test_limit_of_a_line(void **state)
{
    (void)state;
    static const char head[] = "##S,eSeal,1,1,1,RC-X ACK,", next[] = "\r\n##S,eSeal,2,1,1,RC-Y ACK,,E##";
    for (size_t extra = 0; extra < 3; extra++) {
        char text[ESEAL_LINE_MAX + 200];
        size_t len = ESEAL_LINE_MAX + extra, n = sizeof head - 1;
        memcpy(text, head, n);
        memset(text + n, 'x', len - n - 4);
        memcpy(text + len - 4, ",E##", 4);
        memcpy(text + len, next, sizeof next);
        for (size_t piece = 0; piece < 3; piece++) {
            struct wire wire;
            wire_open(&wire, &proto_eseal, NULL, 0);
            wire_feed(&wire, (const uint8_t *)text, len + sizeof next - 1, piece ? piece * 511 : 1);
            assert_int_equal(json_array_size(wire.observations), extra ? 1 : 2);
            assert_int_equal(wire.n, 0);
            wire_close(&wire);
        }
    }
}

/* A setting from the configuration cannot end the line early. */
static void test_settings_are_cut_at_what_would_break_the_line(void **state)
{
    (void)state;
    struct proto_profile profile = {.settings = "1,2#\r\n,3"};
    struct wire wire;
    wire_open(&wire, &proto_eseal, &profile, 0);
    feed(&wire, "##S,eSeal,1,1,1,Startup,5,2025-01-01,00:00:00,3,V,0N 0E,0,0,Close,0,0:0:0:0,4,-80,E##\n");
    char expected[200];
    static const char answer[] = "##S,eSeal,1,1,1,Startup ACK,5,1,2,E##\r\n";
    bulla_hex_put(expected, (const uint8_t *)answer, sizeof answer - 1);
    assert_string_equal(json_string_value(json_array_get(wire.replies, 0)), expected);
    wire_close(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_commands_repeat_what_the_device_said_of_itself),
        cmocka_unit_test(test_commands_that_would_break_the_line_are_refused),
        cmocka_unit_test(test_limit_of_a_line),
        cmocka_unit_test(test_settings_are_cut_at_what_would_break_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
