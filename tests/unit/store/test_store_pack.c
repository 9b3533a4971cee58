// SPDX-License-Identifier: Apache-2.0
// The packed observation: every field comes back; any bytes are safe.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/store/pack.h"

enum { ROUNDS = 200000, HOSTILE = 300000 };

static uint64_t seed = UINT64_C(0x5EA15EA15EA15EA1);

static uint64_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Numbers of every length, the ends of their range among them. */
static int64_t any_long(void)
{
    uint64_t value = any() >> any() % 64;
    return any() % 16 == 0 ? (any() & 1 ? INT64_MAX : INT64_MIN) : (int64_t)(any() & 1 ? value : ~value);
}

static int32_t any_int(void)
{
    uint32_t value = (uint32_t)any() >> any() % 32;
    return any() % 16 == 0 ? (any() & 1 ? INT32_MAX : INT32_MIN) : (int32_t)(any() & 1 ? value : ~value);
}

static uint8_t any_byte(void)
{
    return (uint8_t)(any() % 4 == 0 ? any() : any() % 5);
}

static void any_text(char *to, size_t size)
{
    size_t n = any() % size;
    memset(to, 0, size);
    for (size_t i = 0; i < n; i++) {
        to[i] = (char)(1 + any() % 255);
    }
}

static struct bulla_state any_state(void)
{
    return (struct bulla_state){any_byte(), any_byte(), any_byte(), any_byte(), any_byte()};
}

static void any_arrays(struct bulla_observation *o)
{
    o->n_sensors = any() % 2 ? (uint8_t)(any() % (BULLA_SENSORS_MAX + 1)) : 0;
    o->n_cells = any() % 2 ? (uint8_t)(any() % (BULLA_CELLS_MAX + 1)) : 0;
    o->n_sublocks = any() % 2 ? (uint8_t)(any() % (BULLA_SUBLOCKS_MAX + 1)) : 0;
    for (size_t i = 0; i < o->n_sensors; i++) {
        any_text(o->sensors[i].id, sizeof o->sensors[i].id);
        o->sensors[i].kind = any_byte();
        o->sensors[i].milli = any_int();
    }
    for (size_t i = 0; i < o->n_cells; i++) {
        o->cells[i] = (struct bulla_cell){(uint16_t)any(), (uint16_t)any(), (uint32_t)any_int(), (uint32_t)any_int()};
    }
    for (size_t i = 0; i < o->n_sublocks; i++) {
        any_text(o->sublocks[i].id, sizeof o->sublocks[i].id);
        o->sublocks[i].state = any_state();
        o->sublocks[i].lost = any() & 1;
        o->sublocks[i].percent = any_byte();
        o->sublocks[i].events = (uint64_t)any_long();
    }
}

/* An observation of any content, what is not said zero as a decoder leaves it. */
static void any_observation(struct bulla_observation *o)
{
    memset(o, 0, sizeof *o);
    bulla_observation_init(o, "");
    o->has = (uint32_t)(any() & any() & 0xFFFF) | (uint32_t)(any() % 8 == 0 ? any() : 0);
    o->unknown = any() % 4 == 0 ? (uint32_t)any() & o->has : 0;
    uint32_t known = o->has & ~o->unknown;
    o->stored = any() & 1;
    o->proof = any() % 3 == 0 ? any_byte() : 0;
    o->state = any() % 2 ? any_state() : (struct bulla_state){0};
    o->events = any() % 2 ? (uint64_t)any_long() : 0;
#define WHERE(bit, field, value)                                                                                                           \
    if (known & (bit)) {                                                                                                                   \
        field = value;                                                                                                                     \
    }
    WHERE(BULLA_HAS_TIME, o->time_ms, any_long())
    WHERE(BULLA_HAS_COUNTER, o->counter, any_long())
    WHERE(BULLA_HAS_FIX, o->fix_valid, any() & 1)
    WHERE(BULLA_HAS_FIX, o->lat_e7, any_int())
    WHERE(BULLA_HAS_FIX, o->lon_e7, any_int())
    WHERE(BULLA_HAS_SPEED, o->speed_cmh, any_int())
    WHERE(BULLA_HAS_COURSE, o->course_cdeg, any_int())
    WHERE(BULLA_HAS_ALTITUDE, o->altitude_cm, any_int())
    WHERE(BULLA_HAS_SATELLITES, o->satellites, any_byte())
    WHERE(BULLA_HAS_ACCURACY, o->accuracy_m, any_int())
    WHERE(BULLA_HAS_PERCENT, o->percent, any_byte())
    WHERE(BULLA_HAS_VOLTS, o->millivolts, any_int())
    WHERE(BULLA_HAS_CHARGING, o->charging, any() & 1)
    WHERE(BULLA_HAS_FENCE, o->fence, any_byte())
    WHERE(BULLA_HAS_WAKE, o->wake, any_byte())
    if (known & BULLA_HAS_UNLOCK) {
        o->unlock = (struct bulla_unlock){any_byte(), any_byte(), any_byte(), any_byte(), any_byte(), ""};
        any_text(o->unlock.credential, sizeof o->unlock.credential);
    }
    if (known & BULLA_HAS_RESULT) {
        any_text(o->result.command, sizeof o->result.command);
        any_text(o->result.text, sizeof o->result.text);
        o->result.serial = any_int();
        o->result.verdict = any_byte();
    }
    if (known & BULLA_HAS_NOTE) {
        any_text(o->note.by, sizeof o->note.by);
        any_text(o->note.about, sizeof o->note.about);
        any_text(o->note.text, sizeof o->note.text);
    }
    any_arrays(o);
}

static void every_field_comes_back(void **state)
{
    (void)state;
    static struct bulla_observation in, out;
    uint8_t packed[STORE_PACK_MAX], again[STORE_PACK_MAX];
    size_t longest = 0;
    for (int i = 0; i < ROUNDS; i++) {
        any_observation(&in);
        size_t len = store_pack_put(packed, &in);
        memset(&out, 0xEE, sizeof out);
        memset(&out.result, 0, sizeof out - offsetof(struct bulla_observation, result)); /* what is not said is not written */
        if (!store_pack_get((struct bulla_bytes){packed, len}, in.time_ms, &out)) {
            fail_msg("round %d: %zu bytes do not unpack", i, len);
        }
        longest = len > longest ? len : longest;
        size_t len_again = store_pack_put(again, &out);
        assert_int_equal(len_again, len);
        assert_memory_equal(packed, again, len);
        /* the struct itself: all before the arrays, then each array up to its count */
        assert_memory_equal(&in, &out, offsetof(struct bulla_observation, result));
        assert_memory_equal(in.cells, out.cells, in.n_cells * sizeof in.cells[0]);
        if (in.has & ~in.unknown & BULLA_HAS_RESULT) {
            assert_string_equal(in.result.command, out.result.command);
            assert_string_equal(in.result.text, out.result.text);
            assert_int_equal(in.result.serial, out.result.serial);
            assert_int_equal(in.result.verdict, out.result.verdict);
        }
        if (in.has & ~in.unknown & BULLA_HAS_NOTE) {
            assert_string_equal(in.note.by, out.note.by);
            assert_string_equal(in.note.about, out.note.about);
            assert_string_equal(in.note.text, out.note.text);
        }
        for (size_t s = 0; s < in.n_sensors; s++) {
            assert_string_equal(in.sensors[s].id, out.sensors[s].id);
            assert_int_equal(in.sensors[s].kind, out.sensors[s].kind);
            assert_int_equal(in.sensors[s].milli, out.sensors[s].milli);
        }
        for (size_t s = 0; s < in.n_sublocks; s++) {
            assert_string_equal(in.sublocks[s].id, out.sublocks[s].id);
            assert_memory_equal(&in.sublocks[s].state, &out.sublocks[s].state, sizeof in.sublocks[s].state);
            assert_int_equal(in.sublocks[s].lost, out.sublocks[s].lost);
            assert_int_equal(in.sublocks[s].percent, out.sublocks[s].percent);
            assert_true(in.sublocks[s].events == out.sublocks[s].events);
        }
    }
    assert_true(longest < STORE_PACK_MAX);
}

static void the_largest_fits(void **state)
{
    (void)state;
    static struct bulla_observation in, out;
    uint8_t packed[STORE_PACK_MAX];
    memset(&in, 0xFF, sizeof in); /* every number at its longest; texts without an end */
    in.unknown = 0;
    in.n_sensors = BULLA_SENSORS_MAX;
    in.n_cells = BULLA_CELLS_MAX;
    in.n_sublocks = BULLA_SUBLOCKS_MAX;
    in.counter = INT64_MIN;
    in.speed_cmh = in.altitude_cm = in.accuracy_m = in.millivolts = in.result.serial = INT32_MIN;
    in.stored = in.fix_valid = in.charging = true;
    for (size_t i = 0; i < BULLA_SENSORS_MAX; i++) {
        in.sensors[i].milli = INT32_MIN;
    }
    for (size_t i = 0; i < BULLA_SUBLOCKS_MAX; i++) {
        in.sublocks[i].lost = true;
    }
    size_t len = store_pack_put(packed, &in);
    assert_true(len < STORE_PACK_MAX);
    assert_true(store_pack_get((struct bulla_bytes){packed, len}, 0, &out));
    assert_int_equal(strlen(out.result.text), sizeof out.result.text - 1);
}

/* Accepted bytes must make an observation whose own packing unpacks to the same; refused ones must leave it alone. */
static void try_hostile(const uint8_t *bytes, size_t len)
{
    static struct bulla_observation out, again;
    uint8_t packed[STORE_PACK_MAX], twice[STORE_PACK_MAX];
    uint8_t *exact = malloc(len ? len : 1); /* so that a read behind the end is seen */
    memcpy(exact, bytes, len);
    memset(&out, 0x5A, sizeof out);
    if (store_pack_get((struct bulla_bytes){exact, len}, 1, &out)) {
        size_t n = store_pack_put(packed, &out);
        assert_true(store_pack_get((struct bulla_bytes){packed, n}, 1, &again));
        assert_int_equal(store_pack_put(twice, &again), n);
        assert_memory_equal(packed, twice, n);
        assert_true(out.n_sensors <= BULLA_SENSORS_MAX && out.n_cells <= BULLA_CELLS_MAX && out.n_sublocks <= BULLA_SUBLOCKS_MAX);
    } else {
        for (size_t i = 0; i < sizeof out; i++) {
            assert_int_equal(((uint8_t *)&out)[i], 0x5A);
        }
    }
    free(exact);
}

static void hostile_bytes_are_safe(void **state)
{
    (void)state;
    static struct bulla_observation in;
    uint8_t bytes[STORE_PACK_MAX];
    for (int i = 0; i < HOSTILE; i++) {
        size_t len;
        if (any() % 4) { /* a true one, spoiled */
            any_observation(&in);
            len = store_pack_put(bytes, &in);
            bytes[any() % len] = (uint8_t)any();
            len = any() % 2 ? len : any() % (len + 1);
        } else {
            len = any() % 64;
            for (size_t at = 0; at < len; at++) {
                bytes[at] = (uint8_t)any();
            }
            bytes[0] = (uint8_t)(0x10 | (bytes[0] & 0x0F));
        }
        if (i % 16 == 0 || len < 200) {
            try_hostile(bytes, len);
        }
    }
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    static struct bulla_observation in, out;
    uint8_t bytes[STORE_PACK_MAX + 1] = {0};
    for (int i = 0; i < 300; i++) {
        any_observation(&in);
        size_t len = store_pack_put(bytes, &in);
        for (size_t cut = 0; cut < len; cut++) {
            assert_false(store_pack_get((struct bulla_bytes){bytes, cut}, 0, &out));
        }
        bytes[len] = 0;
        assert_false(store_pack_get((struct bulla_bytes){bytes, len + 1}, 0, &out)); /* one more */
    }
}

static void a_position_report_is_small(void **state)
{
    (void)state;
    struct bulla_observation o;
    uint8_t packed[STORE_PACK_MAX];
    bulla_observation_init(&o, "jt701");
    o.has = BULLA_HAS_TIME | BULLA_HAS_COUNTER | BULLA_HAS_FIX | BULLA_HAS_SPEED | BULLA_HAS_COURSE | BULLA_HAS_ALTITUDE |
            BULLA_HAS_SATELLITES | BULLA_HAS_PERCENT | BULLA_HAS_VOLTS | BULLA_HAS_CHARGING;
    o.counter = 4711;
    o.fix_valid = true;
    o.lat_e7 = -12863890;
    o.lon_e7 = 368172230;
    o.speed_cmh = 5230;
    o.course_cdeg = 12300;
    o.altitude_cm = 166100;
    o.satellites = 11;
    o.percent = 87;
    o.millivolts = 3920;
    o.state = (struct bulla_state){BULLA_SEAL_SEALED, BULLA_SHACKLE_IN, BULLA_MOTOR_LOCKED, BULLA_COVER_CLOSED, 0};
    size_t len = store_pack_put(packed, &o);
    print_message("a position report packs to %zu bytes\n", len);
    assert_true(len <= 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back), cmocka_unit_test(the_largest_fits),           cmocka_unit_test(hostile_bytes_are_safe),
        cmocka_unit_test(every_cut_is_refused),   cmocka_unit_test(a_position_report_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
