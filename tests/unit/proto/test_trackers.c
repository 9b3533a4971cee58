/* SPDX-License-Identifier: Apache-2.0
 *
 * The small protocols of trackers: what a message does not say is not there, and what vectors cannot show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/wire.h"

/* The first observation of a text; it lives as long as the wire. */
static const json_t *said(struct wire *wire, const char *protocol, const char *text)
{
    wire_open(wire, proto_find(protocol), NULL, bulla_time_get(WIRE_NOW));
    wire_feed(wire, (const uint8_t *)text, strlen(text), 0);
    const json_t *o = json_array_get(wire->observations, 0);
    if (!o) {
        fail_msg("%s: %s: %s", protocol, text, wire->error);
    }
    return o;
}

static const struct {
    const char *protocol, *text, *absent[4];
} silent[] = {
    {"starcom", "|unit=200017,backup_voltage=-1.00,door=1,lock=1|", {"power", "fix", "state", NULL}},
    {"starcom", "|unit=200017,backup_voltage=100.00|", {"power", "sensors", NULL}},
    {"bstpl",
     "BSTPL$1,QX01,A,090325,110559,1.5,N,2.5,E,50,88,90,12,23,1,03.90,1,1,13.80,421,0,V2.1,8931,{900,12345,40,3,85.0,80.5}#",
     {"state.motor", "state.seal", "power.percent", NULL}},
    {"jido", "*86000000000001234,09,A,090325,110559,0130.0000,N,00230.0000,E,whatever,5A#", {"state", "power", "sensors", NULL}},
    {"upro", "*HQ200862407688000021,BA&l2000#", {"state", "fix", "unlock", NULL}}, /* the lock's bits are not a state */
    {"upro", "*VK200860000000000132,BA&T0783#", {"sensors", "power", NULL}},
    {"upro", "*MG200860000000000132,BA&R2509&O0503#", {"sensors", "power", NULL}},
};

static const json_t *member(const json_t *o, const char *path)
{
    char name[40];
    const char *dot = strchr(path, '.');
    snprintf(name, sizeof name, "%.*s", (int)(dot ? (size_t)(dot - path) : strlen(path)), path);
    const json_t *found = json_object_get(o, name);
    return dot && found ? member(found, dot + 1) : found;
}

static bool empty(const json_t *value)
{
    return !value || (json_is_object(value) && json_object_size(value) == 0) || (json_is_array(value) && json_array_size(value) == 0);
}

static void test_what_is_not_said_is_not_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        struct wire wire;
        const json_t *o = said(&wire, silent[i].protocol, silent[i].text);
        for (size_t k = 0; silent[i].absent[k]; k++) {
            if (!empty(member(o, silent[i].absent[k]))) {
                fail_msg("%s: %s: expected no %s", silent[i].protocol, silent[i].text, silent[i].absent[k]);
            }
        }
        wire_close(&wire);
    }
}

#define BSTPL_REST ",0,0,0,4,0,21,0,0,0,1,00.00,0,03.60,15_V1,8931,00.00#"
#define JIDO_REST  ",E,0,0,0,0,05,28,26,0,050,N,1,0001,0002,0003,5A#"
#define UPRO       "*HQ201860000000000132,BA"

/* Damage in each field, and the name that is told for it. */
static const struct {
    const char *protocol, *text, *field;
} damages[] = {
    {"bstpl", "BSTPL$x,QX01,A,090325,110559,1.5,N,2.5,E" BSTPL_REST, "type: "},
    {"bstpl", "BSTPL$1,QX 01,A,090325,110559,1.5,N,2.5,E" BSTPL_REST, "device id: "},
    {"bstpl", "BSTPL$1,QX01,B,090325,110559,1.5,N,2.5,E" BSTPL_REST, "fix: "},
    {"bstpl", "BSTPL$1,QX01,A,09032,110559,1.5,N,2.5,E" BSTPL_REST, "date: "},
    {"bstpl", "BSTPL$1,QX01,A,090325,11:05,1.5,N,2.5,E" BSTPL_REST, "time: "},
    {"bstpl", "BSTPL$1,QX01,A,090325,110559,1o5,N,2.5,E" BSTPL_REST, "latitude: "},
    {"bstpl", "BSTPL$1,QX01,A,090325,110559,1.5,X,2.5,E" BSTPL_REST, "north or south: "},
    {"bstpl", "BSTPL$1,QX01,A,090325,110559,1.5,N,,E" BSTPL_REST, "longitude: "},
    {"bstpl", "BSTPL$1,QX01,A,090325,110559,1.5,N,2.5," BSTPL_REST, "east or west: "},
    {"bstpl", "BSTPL$1,QX01,A\x07,090325,110559,1.5,N,2.5,E" BSTPL_REST, "characters: "},
    {"bstpl", "BSTPL$1,QX01,A#", "fields: "},
    {"jido", "*86000000000001234,0x,A,090325,110559,0130.0000,N,00230.0000" JIDO_REST, "command: "},
    {"jido", "*86000000000001234,01,A,090325,110559,0130.00-0,N,00230.0000" JIDO_REST, "latitude: "},
    {"jido", "*86000000000001234,01,A,090325,110559,0130.0000,E,00230.0000" JIDO_REST, "latitude: "},
    {"jido", "*86000000000001234,01,A,090325,110559,0130.0000,N,\x01" JIDO_REST, "characters: "},
    {"jido", "*86000000000001234,01#", "fields: "},
    {"starcom", "|unit=200017,velocity=\x01|", "characters: "},
    {"starcom", "|unit=2000x7,velocity=5|", "device id: "},
    {"starcom", "|unit=200017,gps_valid=2,latitude=1,longitude=1|", "gps_valid: "},
    {"upro", UPRO "&B01000000#", "B: "},
    {"upro", UPRO "&C0000@000#", "C: "},
    {"upro", UPRO "&J00x271#", "J: "},
    {"upro", UPRO "&M8x0#", "M: "},
    {"upro", UPRO "&W#", "W: "},
    {"upro", UPRO "&lx#", "l: "},
    {"upro", UPRO "&V12#", "V, supply: "},
    {"upro", UPRO "&I1460x027A00FCB62#", "I: "},
    {"upro", UPRO "&I146000xyzw0FCB62#", "I: "},
    {"upro", UPRO "&P07300000zzd2a94d#", "P: "},
    {"upro", UPRO "&X204,4,1017#", "X: "},
    {"upro", UPRO "&X204,70000,1017,1,-60#", "X: "},
    {"upro", "*HQ201860000000000132x,BA#", "device id: "},
};

static void test_damage_names_its_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct wire wire;
        wire_open(&wire, proto_find(damages[i].protocol), NULL, 0);
        enum bulla_status status = wire_decode(&wire, (const uint8_t *)damages[i].text, strlen(damages[i].text), false);
        bool named = strncmp(wire.error, damages[i].field, strlen(damages[i].field)) == 0;
        bool quiet = json_array_size(wire.observations) == 0 && json_array_size(wire.replies) == 0;
        if (status != BULLA_DAMAGED || !quiet || !named) {
            fail_msg("%s: expected damage of %sgot %s: %s", damages[i].text, damages[i].field, bulla_status_text(status), wire.error);
        }
        wire_close(&wire);
    }
}

/* Fields of other lengths are other fields: they say nothing, and do no harm. */
static void test_fields_of_other_lengths_are_passed_over(void **state)
{
    (void)state;
    static const char *const texts[] = {UPRO "&J271#", UPRO "&M12345#",   UPRO "&I0#", UPRO "&Y123#",
                                        UPRO "&P12#",  UPRO "&X(J0000)#", UPRO "&X#"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct wire wire;
        const json_t *o = said(&wire, "upro", texts[i]);
        assert_true(empty(json_object_get(o, "sensors")) && empty(json_object_get(o, "cells")) && empty(json_object_get(o, "power")));
        wire_close(&wire);
    }
}

/* A line of a file may lack the character that ends it on the wire; a message of a stream may not. */
static void test_the_end_may_be_missing_only_where_it_was_written_down(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"jido", "*86000000000001234,09,A,090325,110559,0130.0000,N,00230.0000,E,whatever,5A"},
        {"starcom", "|unit=200017,velocity=5"},
        {"bstpl", "BSTPL$1,QX01,A,090325,110559,1.5,N,2.5,E,0,0,0,4,0,21,0,0,0,1,00.00,0,03.60,15_V1,8931,00.00"},
        {"upro", "*HQ200860000000000132,BA&R2509"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct wire wire;
        const uint8_t *at = (const uint8_t *)lines[i][1];
        wire_open(&wire, proto_find(lines[i][0]), NULL, 0);
        assert_int_equal(wire_decode(&wire, at, strlen(lines[i][1]), true), BULLA_OK);
        assert_int_equal(wire_decode(&wire, at, strlen(lines[i][1]), false), BULLA_DAMAGED);
        assert_non_null(strstr(wire.error, "end: expected"));
        wire_feed(&wire, at, strlen(lines[i][1]), 0);
        assert_int_equal(wire.n, strlen(lines[i][1])); /* waits */
        wire_close(&wire);
    }
}

/* What never ends is passed over, and the message behind it is read. */
static void test_a_message_without_end_is_passed_over(void **state)
{
    (void)state;
    static const char *const goods[][2] = {
        {"jido", "*86000000000001234,09,A,090325,110559,0130.0000,N,00230.0000,E,whatever,5A#"},
        {"starcom", "|unit=200017,velocity=5|"},
        {"bstpl", "BSTPL$1,QX01,A,090325,110559,1.5,N,2.5,E,0,0,0,4,0,21,0,0,0,1,00.00,0,03.60,15_V1,8931,00.00#"},
        {"upro", "*HQ200860000000000132,BA&R2509#"},
    };
    for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
        struct wire wire;
        char noise[5001];
        memset(noise, 'x', sizeof noise);
        memcpy(noise, goods[i][1], 22); /* begins well */
        wire_open(&wire, proto_find(goods[i][0]), NULL, 0);
        wire_feed(&wire, (const uint8_t *)noise, sizeof noise, 700);
        wire_feed(&wire, (const uint8_t *)goods[i][1], strlen(goods[i][1]), 0);
        assert_int_equal(json_array_size(wire.observations), 1);
        assert_int_equal(wire.n, 0);
        wire_close(&wire);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_said_is_not_there),
        cmocka_unit_test(test_damage_names_its_field),
        cmocka_unit_test(test_fields_of_other_lengths_are_passed_over),
        cmocka_unit_test(test_the_end_may_be_missing_only_where_it_was_written_down),
        cmocka_unit_test(test_a_message_without_end_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
