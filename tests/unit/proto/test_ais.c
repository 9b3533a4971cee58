/* SPDX-License-Identifier: Apache-2.0
 *
 * AIS: parts and their time, limits of a line, recognition. What messages mean is in tests/vectors/ais; recorded logs are compared
 * with another decoder in tests/e2e/ais.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/ais.h"
#include "tests/support/wire.h"

static void open_at(struct wire *wire, const char *now)
{
    wire_open(wire, &proto_ais, NULL, bulla_time_get(now));
}

static void feed(struct wire *wire, const char *text)
{
    wire_feed(wire, (const uint8_t *)text, strlen(text), 0);
}

static const char *outcome(const struct wire *wire, size_t i)
{
    return json_string_value(json_array_get(wire->outcomes, i));
}

/* "!" text "*hh": with the sum that it should have. */
static const char *summed(const char *text)
{
    static char line[AIS_LINE_MAX + 200];
    uint8_t sum = 0;
    for (const char *c = text; *c; c++) {
        sum ^= (uint8_t)*c;
    }
    snprintf(line, sizeof line, "!%s*%02X\r\n", text, sum);
    return line;
}

static void part(struct wire *wire, const char *text)
{
    feed(wire, summed(text));
}

#define PART_1 "AIVDM,2,1,3,A,53000000000000000000000000000000000000000000000000000000000,0"
#define PART_2 "AIVDM,2,2,3,A,000000000000,2"

static void test_parts_belong_together_for_five_seconds(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct wire wire;
        open_at(&wire, "2026-01-31T08:00:00Z");
        part(&wire, PART_1);
        wire.link.now_ms += AIS_PARTS_MS + late;
        part(&wire, PART_2);
        assert_string_equal(outcome(&wire, 0), "ok");
        assert_string_equal(outcome(&wire, 1), late ? "damaged" : "ok");
        assert_int_equal(json_array_size(wire.observations), !late);
        wire_close(&wire);
    }
}

/* The platform decodes a message a second time when it has learnt whose it is; another second part later has no first one. */
static void test_last_part_may_be_read_again_at_once_alone(void **state)
{
    (void)state;
    struct wire wire;
    open_at(&wire, "2026-01-31T08:00:00Z");
    part(&wire, PART_1);
    part(&wire, PART_2);
    part(&wire, PART_2);
    assert_int_equal(json_array_size(wire.observations), 2);
    assert_true(json_equal(json_array_get(wire.observations, 0), json_array_get(wire.observations, 1)));
    wire.link.now_ms += 1;
    part(&wire, PART_2);
    assert_string_equal(outcome(&wire, 3), "damaged");
    assert_int_equal(json_array_size(wire.observations), 2);
    wire_close(&wire);
}

/* More messages in parts than there is room for: the oldest gives way, nothing is mixed. */
static void test_oldest_gives_way(void **state)
{
    (void)state;
    struct wire wire;
    char text[] = PART_1, last[] = PART_2;
    open_at(&wire, "2026-01-31T08:00:00Z");
    for (int i = 0; i <= AIS_SLOTS; i++) {
        text[10] = (char)('0' + i);
        part(&wire, text);
        wire.link.now_ms += 10;
    }
    for (int i = AIS_SLOTS; i >= 0; i--) {
        last[10] = (char)('0' + i);
        part(&wire, last);
    }
    assert_int_equal(json_array_size(wire.observations), AIS_SLOTS);
    assert_string_equal(outcome(&wire, 2 * AIS_SLOTS + 1), "damaged");
    wire_close(&wire);
}

/* A line of the longest length is read, what is longer is broken off; what follows is read either way. */
static void test_limit_of_a_line(void **state)
{
    (void)state;
    static const char next[] = "!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A\r\n";
    for (size_t extra = 0; extra < 6; extra++) {
        char text[AIS_LINE_MAX + 100] = "AIVDM,1,1,,A,8", line[AIS_LINE_MAX + 300];
        size_t head = strlen(text);
        memset(text + head, '0', AIS_LINE_MAX - 6 + extra - head); /* "!" and ",0*hh" come to it */
        snprintf(text + AIS_LINE_MAX - 6 + extra, 10, ",0");
        snprintf(line, sizeof line, "%s", summed(text));
        struct wire wire;
        open_at(&wire, "2026-01-31T08:00:00Z");
        feed(&wire, line);
        feed(&wire, next);
        assert_string_equal(outcome(&wire, 0), extra ? "damaged" : "ok");
        assert_int_equal(json_array_size(wire.observations), 1);
        wire_close(&wire);
    }
}

/* A base station's time that is a little behind shows how late the receiver is, for ten minutes; any other says nothing of it. */
static void test_delay_that_a_base_station_shows(void **state)
{
    (void)state;
    static const struct {
        const char *base;
        int64_t later_ms;
        const char *time;
    } rows[] = {
        {"AIVDM,1,1,,A,402E34Av`OWsjPBpOhMqLt100000,0", 0, "2026-01-31T07:59:45Z"},       /* 07:59:50: a minute late */
        {"AIVDM,1,1,,A,402E34Av`OWsjPBpOhMqLt100000,0", 599000, "2026-01-31T08:09:45Z"},  /* 08:10:49 is 08:09:49 there */
        {"AIVDM,1,1,,A,402E34Av`OWsjPBpOhMqLt100000,0", 601000, "2026-01-31T08:10:45Z"},  /* no longer */
        {"AIVDM,1,1,,A,402E34Av`O7sjPBpOhMqLt100000,0", 0, "2026-01-31T08:00:45Z"},       /* a day behind */
        {"AIVDM,1,1,,A,402E34Av`O`sjPBpOhMqLt100000,0", 0, "2026-01-31T08:00:45Z"},       /* an hour ahead */
        {"AIVDM,1,1,,A,402=3400000Ht00000000000,0", 0, "2026-01-31T08:00:45Z"},           /* cut short: damaged */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wire wire;
        open_at(&wire, "2026-01-31T08:00:50Z");
        part(&wire, rows[i].base);
        wire.link.now_ms += rows[i].later_ms;
        part(&wire, "AIVDM,1,1,,A,139Lg00P1sPFD>@N2Vp:TOwJ0000,0"); /* second 45 */
        const json_t *o = json_array_get(wire.observations, json_array_size(wire.observations) - 1);
        assert_string_equal(json_string_value(json_object_get(o, "time")), rows[i].time);
        wire_close(&wire);
    }
}

static enum bulla_status probed(const char *text)
{
    return ais_probe((const uint8_t *)text, strlen(text));
}

static void test_recognition(void **state)
{
    (void)state;
    assert_int_equal(probed("!AIVDM,"), BULLA_OK);
    assert_int_equal(probed("!BSVDO,"), BULLA_OK);
    assert_int_equal(probed("!AIVD"), BULLA_MORE);
    assert_int_equal(probed("\\s:x"), BULLA_OK);
    assert_int_equal(probed("\\"), BULLA_MORE);
    assert_int_equal(probed("\\S:"), BULLA_NOT_MINE);
    assert_int_equal(probed("\\ss"), BULLA_NOT_MINE);
    assert_int_equal(probed("!AIVDX,"), BULLA_NOT_MINE);
    assert_int_equal(probed("!AIVDM;"), BULLA_NOT_MINE);
    assert_int_equal(probed("!1"), BULLA_NOT_MINE);
    assert_int_equal(probed("$GPRMC,"), BULLA_NOT_MINE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_belong_together_for_five_seconds),
        cmocka_unit_test(test_last_part_may_be_read_again_at_once_alone),
        cmocka_unit_test(test_oldest_gives_way),
        cmocka_unit_test(test_limit_of_a_line),
        cmocka_unit_test(test_delay_that_a_base_station_shows),
        cmocka_unit_test(test_recognition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
