/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: bytes, cursors, time, observation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bulla/cursor.h"
#include "bulla/observation.h"

static void cursor_reads_and_sticks(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07};
    struct bulla_cursor c = bulla_cursor_over(bytes, sizeof bytes);
    assert_int_equal(bulla_cursor_get_u8(&c), 0x01);
    assert_int_equal(bulla_cursor_get_u16(&c), 0x0203);
    assert_int_equal(bulla_cursor_get_u24(&c), 0x040506);
    assert_int_equal(c.left, 1);
    assert_int_equal(bulla_cursor_get_u16(&c), 0);
    assert_true(c.failed);
    assert_int_equal(bulla_cursor_get_u8(&c), 0); /* one byte was left, but the cursor has failed */
}

static void bcd_wants_decimal_digits(void **state)
{
    (void)state;
    const uint8_t good[] = {0x12, 0x34, 0x99};
    const uint8_t bad[] = {0x12, 0x3a};
    struct bulla_cursor c = bulla_cursor_over(good, sizeof good);
    assert_int_equal(bulla_cursor_get_bcd(&c, 3), 123499);
    c = bulla_cursor_over(bad, sizeof bad);
    bulla_cursor_get_bcd(&c, 2);
    assert_true(c.failed);
}

static void take_until_passes_the_mark(void **state)
{
    (void)state;
    const char *text = "ab,,c";
    struct bulla_cursor c = bulla_cursor_over((const uint8_t *)text, 5);
    assert_true(bulla_bytes_is(bulla_cursor_take_until(&c, ','), "ab"));
    assert_true(bulla_bytes_is(bulla_cursor_take_until(&c, ','), ""));
    assert_true(bulla_bytes_is(bulla_cursor_take_until(&c, ','), "c"));
    assert_int_equal(c.left, 0);
    assert_false(c.failed);
}

static void writer_refuses_what_does_not_fit(void **state)
{
    (void)state;
    uint8_t bytes[6];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put_decimal(&w, 7, 3);
    bulla_writer_put_bcd(&w, 1234, 2);
    assert_int_equal(w.len, 5);
    assert_memory_equal(bytes, "007\x12\x34", 5);
    bulla_writer_put_u16(&w, 1);
    assert_true(w.failed);
    assert_int_equal(w.len, 5);
    w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put_bcd(&w, 12345, 2); /* five digits into four */
    assert_true(w.failed);
}

static void hex_and_text(void **state)
{
    (void)state;
    uint8_t bytes[2];
    char text[8];
    assert_true(bulla_hex_get(bytes, "Ff0a", 2));
    assert_memory_equal(bytes, "\xff\x0a", 2);
    assert_false(bulla_hex_get(bytes, "0g00", 2));
    bulla_hex_put(text, bytes, 1);
    assert_string_equal(text, "ff");
    bulla_text_put(text, 4, (struct bulla_bytes){(const uint8_t *)"a\nbcdef", 7});
    assert_string_equal(text, "a?b");
}

/* Against the C library over four centuries, every leap rule included. */
static void time_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t s = -2208988800; s < INT64_C(10413792000); s += 86400 * 13 + 4567) {
        time_t t = (time_t)s;
        struct tm utc;
        gmtime_r(&t, &utc);
        struct bulla_calendar c = bulla_time_to_calendar(s * 1000);
        assert_int_equal(c.year, utc.tm_year + 1900);
        assert_int_equal(c.month, utc.tm_mon + 1);
        assert_int_equal(c.day, utc.tm_mday);
        assert_int_equal(c.hour, utc.tm_hour);
        assert_int_equal(c.minute, utc.tm_min);
        assert_int_equal(c.second, utc.tm_sec);
        assert_int_equal(bulla_time_from_calendar(&c), s * 1000);
    }
}

static void time_text_round_trips_and_refuses(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "2021-02-29T00:00:00Z", "2021-13-01T00:00:00Z", "2021-01-01T24:00:00Z", "2021-01-01 00:00:00Z",
                                        "2021-01-01T00:00:00", "2021-01-01T00:00:00+0100", "2021-01-01T00:00:00.Z", "2021-01-01T00:00:00Zx"};
    char text[BULLA_TIME_TEXT];
    bulla_time_put(text, bulla_time_get("2021-05-03T10:00:00Z"));
    assert_string_equal(text, "2021-05-03T10:00:00Z");
    bulla_time_put(text, bulla_time_get("2024-02-29T23:59:59.25+02:30"));
    assert_string_equal(text, "2024-02-29T21:29:59.250Z");
    assert_int_equal(bulla_time_get("1969-12-31T23:59:59.999Z"), -1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_true(bulla_time_get(wrong[i]) == BULLA_TIME_NONE);
}

static void seal_state_follows_shackle_and_motor(void **state)
{
    (void)state;
    static const struct {
        enum bulla_shackle shackle;
        enum bulla_motor motor;
        enum bulla_seal_state expected;
    } rows[] = {
        {BULLA_SHACKLE_IN, BULLA_MOTOR_LOCKED, BULLA_SEAL_SEALED},   {BULLA_SHACKLE_IN, BULLA_MOTOR_UNLOCKED, BULLA_SEAL_UNLOCKED_CLOSED},
        {BULLA_SHACKLE_OUT, BULLA_MOTOR_LOCKED, BULLA_SEAL_OPEN},    {BULLA_SHACKLE_CUT, BULLA_MOTOR_LOCKED, BULLA_SEAL_OPEN},
        {BULLA_SHACKLE_NONE, BULLA_MOTOR_NONE, BULLA_SEAL_NONE},     {BULLA_SHACKLE_IN, BULLA_MOTOR_STUCK, BULLA_SEAL_UNKNOWN},
        {BULLA_SHACKLE_NONE, BULLA_MOTOR_UNLOCKED, BULLA_SEAL_OPEN}, {BULLA_SHACKLE_IN, BULLA_MOTOR_NONE, BULLA_SEAL_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(bulla_seal_from(rows[i].shackle, rows[i].motor), rows[i].expected);
}

static void words_round_trip(void **state)
{
    (void)state;
#define X(name, number, text) assert_int_equal(bulla_event_from(bulla_event_text(number)), number);
    BULLA_EVENT_TABLE(X)
#undef X
#define X(name, number, text, unit)                                                                                                        \
    assert_int_equal(bulla_sensor_from(text), number);                                                                                     \
    assert_string_equal(bulla_sensor_unit(number), unit);
    BULLA_SENSOR_TABLE(X)
#undef X
    assert_int_equal(bulla_event_from("no-such-event"), -1);
    assert_int_equal(bulla_seal_state_from(""), -1);
    assert_string_equal(bulla_reason_text(200), "unknown");
}

static void arrays_stop_when_full(void **state)
{
    (void)state;
    struct bulla_observation o;
    bulla_observation_init(&o, "test");
    for (int i = 0; i < BULLA_SENSORS_MAX + 3; i++)
        bulla_observation_add_sensor(&o, NULL, BULLA_SENSOR_CSQ, i);
    for (int i = 0; i < BULLA_CELLS_MAX + 3; i++)
        bulla_observation_add_cell(&o, 1, 2, 3, (uint32_t)i);
    for (int i = 0; i < BULLA_SUBLOCKS_MAX; i++)
        assert_non_null(bulla_observation_add_sublock(&o, "x"));
    assert_null(bulla_observation_add_sublock(&o, "x"));
    assert_int_equal(o.n_sensors, BULLA_SENSORS_MAX);
    assert_int_equal(o.n_cells, BULLA_CELLS_MAX);
    assert_string_equal(o.protocol, "test");
    assert_true(o.time_ms == BULLA_TIME_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor_reads_and_sticks),
        cmocka_unit_test(bcd_wants_decimal_digits),
        cmocka_unit_test(take_until_passes_the_mark),
        cmocka_unit_test(writer_refuses_what_does_not_fit),
        cmocka_unit_test(hex_and_text),
        cmocka_unit_test(time_agrees_with_the_c_library),
        cmocka_unit_test(time_text_round_trips_and_refuses),
        cmocka_unit_test(seal_state_follows_shackle_and_motor),
        cmocka_unit_test(words_round_trip),
        cmocka_unit_test(arrays_stop_when_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
