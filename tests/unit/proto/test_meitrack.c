/* SPDX-License-Identifier: Apache-2.0
 *
 * Meitrack: commands, as the maker's documents of the T622 show them, and what models tell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/meitrack.h"
#include "tests/support/wire.h"

#define DEVICE "353358017784062" /* of the documents */

static const char *encoded(const char *device, const char *command, const char *name, const char *value)
{
    static char text[400];
    static struct wire wire;
    struct proto_args args = {name != NULL, {{name, value}}};
    struct bulla_writer out = bulla_writer_over((uint8_t *)text, sizeof text - 1);
    wire.link.state = wire.state;
    if (proto_meitrack.encode(&wire.link, device, command, &args, &out) != BULLA_OK) {
        assert_int_equal(out.len, 0);
        return wire.link.error;
    }
    text[out.len] = '\0';
    return text;
}

static void test_commands_are_those_of_the_maker(void **state)
{
    (void)state;
    assert_string_equal(encoded(DEVICE, "locate", NULL, NULL), "@@Q25,353358017784062,A10*6A\r\n");
    assert_string_equal(encoded(DEVICE, "heartbeat", "minutes", "10"), "@@S28,353358017784062,A11,10*FD\r\n");
    assert_string_equal(encoded(DEVICE, "interval", "seconds", "60"), "@@V27,353358017784062,A12,6*D5\r\n");
    assert_string_equal(encoded(DEVICE, "corner", "degrees", "120"), "@@X29,353358017784062,A13,120*37\r\n");
    assert_string_equal(encoded(DEVICE, "distance", "metres", "1000"), "@@D30,353358017784062,A14,1000*4A\r\n");
    assert_string_equal(encoded(DEVICE, "raw", "text", "B36,480"), "@@M29,353358017784062,B36,480*3B\r\n");
    assert_string_equal(encoded(DEVICE, "picture", "camera", "1"), "@@O46,353358017784062,D03,1,camera_picture.jpg*2C\r\n");
}

static void test_commands_that_no_device_would_take_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *device, *command, *name, *value, *why;
    } rows[] = {
        {"12345", "locate", NULL, NULL, "device: expected 15 digits"},
        {"35335801778406x", "locate", NULL, NULL, "device: expected 15 digits"},
        {DEVICE, "unlock", NULL, NULL, "command: expected one of the meitrack commands, got \"unlock\""},
        {DEVICE, "locate", "seconds", "1", "locate: unknown argument seconds"},
        {DEVICE, "interval", NULL, NULL, "interval: missing argument seconds"},
        {DEVICE, "interval", "seconds", "65", "seconds: expected a multiple of 10, got 65"},
        {DEVICE, "interval", "seconds", "655360", "seconds: expected 0 to 655350"},
        {DEVICE, "corner", "degrees", "360", "degrees: expected 0 to 359"},
        {DEVICE, "raw", "text", "A1", "text: expected three letters or digits"},
        {DEVICE, "raw", "text", "a10", "text: expected three letters or digits"},
        {DEVICE, "raw", "text", "A10X", "text: expected three letters or digits"},
        {DEVICE, "raw", "text", "B91,1,x*00", "text: expected three letters or digits"},
        {DEVICE, "raw", "text", "B91,1,x\r\n", "text: expected three letters or digits"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = encoded(rows[i].device, rows[i].command, rows[i].name, rows[i].value);
        if (strncmp(got, rows[i].why, strlen(rows[i].why)) != 0) {
            fail_msg("%s %s: expected \"%s...\", got \"%s\"", rows[i].command, rows[i].value ? rows[i].value : "", rows[i].why, got);
        }
    }
}

static void test_a_buffer_that_is_too_small_stays_as_it_was_said(void **state)
{
    (void)state;
    struct proto_link link = {0};
    struct proto_args none = {0};
    uint8_t at[20];
    struct bulla_writer out = bulla_writer_over(at, sizeof at);
    assert_int_equal(proto_meitrack.encode(&link, DEVICE, "locate", &none, &out), BULLA_FULL);
}

/* The counts of the converter mean volts only where the model is known. */
static void test_voltages_need_the_model(void **state)
{
    (void)state;
    static const char report[] =
        "$$Q128,353358017784062,AAA,34,22.543176,114.078448,100313093738,A,5,22,2,205,5,-14,0,60,0|0|10133|4110,0000,"
        "149|153|173|2707|914,*91\r\n"; /* of the documents */
    struct wire wire;
    struct proto_profile profile = {.model = "T1"};
    wire_open(&wire, &proto_meitrack, NULL, 0);
    wire_feed(&wire, (const uint8_t *)report, sizeof report - 1, 0);
    assert_int_equal(json_array_size(wire.observations), 1);
    assert_null(json_object_get(json_array_get(wire.observations, 0), "power"));
    assert_null(json_object_get(json_array_get(wire.observations, 0), "cells")); /* country 0 */
    wire_close(&wire);
    wire_open(&wire, &proto_meitrack, &profile, 0);
    wire_feed(&wire, (const uint8_t *)report, sizeof report - 1, 0);
    const json_t *volts = json_object_get(json_object_get(json_array_get(wire.observations, 0), "power"), "volts");
    assert_true(json_number_value(volts) > 16.0 && json_number_value(volts) < 16.1);
    wire_close(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_are_those_of_the_maker),
        cmocka_unit_test(test_commands_that_no_device_would_take_are_refused),
        cmocka_unit_test(test_a_buffer_that_is_too_small_stays_as_it_was_said),
        cmocka_unit_test(test_voltages_need_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
