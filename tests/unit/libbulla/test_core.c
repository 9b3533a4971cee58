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
    const uint8_t high[] = {0xa1, 0x00};
    c = bulla_cursor_over(high, sizeof high);
    assert_int_equal(bulla_cursor_get_bcd(&c, 1), 0);
    assert_true(c.failed);
    assert_int_equal(c.left, 0); /* nothing is read behind it */
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
    assert_int_equal(w.len, 0);
}

static void decimals_at_their_ends(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put_decimal(&w, 0, 0);
    bulla_writer_put_decimal(&w, UINT64_MAX, 1);
    assert_int_equal(w.len, 21);
    assert_memory_equal(bytes, "018446744073709551615", 21);
    w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put_decimal(&w, 7, 30); /* 20 digits at most */
    assert_int_equal(w.len, 20);
    assert_memory_equal(bytes, "00000000000000000007", 20);
    w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put_bcd(&w, UINT64_MAX, 10);
    assert_memory_equal(bytes, "\x18\x44\x67\x44\x07\x37\x09\x55\x16\x15", 10);
    bulla_writer_put_bcd(&w, 1, 11); /* more digits than a number has */
    assert_true(w.failed);
    assert_int_equal(w.len, 10);
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
    bulla_text_put(text, 0, (struct bulla_bytes){(const uint8_t *)"x", 1}); /* no room, not even for the end */
    assert_string_equal(text, "a?b");
    for (unsigned c = 1; c < 256; c++) { /* every character, in both places of a byte */
        char low[3] = {'0', (char)c, '\0'}, high[3] = {(char)c, '0', '\0'};
        const char *digits = "0123456789abcdef0123456789ABCDEF", *found = strchr(digits, (int)c);
        uint8_t value = found ? (uint8_t)((found - digits) % 16) : 0;
        assert_int_equal(bulla_hex_get(bytes, low, 1), found != NULL);
        assert_true(!found || bytes[0] == value);
        assert_int_equal(bulla_hex_get(bytes, high, 1), found != NULL);
        assert_true(!found || bytes[0] == value << 4);
    }
}

static void outcomes_have_words(void **state)
{
    (void)state;
#define X(name, number, text) assert_string_equal(bulla_status_text(number), text);
    BULLA_STATUS_TABLE(X)
#undef X
    assert_string_equal(bulla_status_text((enum bulla_status)2), "unknown");
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
    static const char *const wrong[] = {"",
                                        "2021-02-29T00:00:00Z",
                                        "2021-13-01T00:00:00Z",
                                        "2021-01-01T24:00:00Z",
                                        "2021-01-01 00:00:00Z",
                                        "2021-01-01T00:00:00",
                                        "2021-01-01T00:00:00+0100",
                                        "2021-01-01T00:00:00.Z",
                                        "2021-01-01T00:00:00Zx"};
    char text[BULLA_TIME_TEXT];
    bulla_time_put(text, bulla_time_get("2021-05-03T10:00:00Z"));
    assert_string_equal(text, "2021-05-03T10:00:00Z");
    bulla_time_put(text, bulla_time_get("2024-02-29T23:59:59.25+02:30"));
    assert_string_equal(text, "2024-02-29T21:29:59.250Z");
    assert_int_equal(bulla_time_get("1969-12-31T23:59:59.999Z"), -1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_true(bulla_time_get(wrong[i]) == BULLA_TIME_NONE);
}

/* Each character of a time is what it has to be: another one, or none, and it is no time. */
static void every_character_of_a_time_counts(void **state)
{
    (void)state;
    static const char *const good[] = {"2026-03-01T08:15:00.123Z", "2026-03-01T08:15:00-02:30"};
    for (unsigned g = 0; g < 2; g++)
        for (size_t at = 0; at < strlen(good[g]); at++)
            for (unsigned c = 0; c < 4; c++) {
                char text[32];
                strcpy(text, good[g]);
                text[at] = "/;\xff"[c]; /* the last one ends it */
                assert_true(bulla_time_get(text) == BULLA_TIME_NONE);
            }
    int64_t ms = bulla_time_get("2026-03-01T08:15:00.123Z");
    assert_true(bulla_time_get("2026-03-01t08:15:00.1239z") == ms); /* small letters; what is less than a millisecond goes */
    assert_true(bulla_time_get("2026-03-01T05:45:00.123-02:30") == ms);
    assert_true(bulla_time_get("2026-03-01T08:15:00.123+23:59") == ms - (INT64_C(24) * 60 - 1) * 60000);
    assert_true(bulla_time_get("2026-03-01T08:15:00+24:00") == BULLA_TIME_NONE);
    assert_true(bulla_time_get("2026-03-01T08:15:00+01:60") == BULLA_TIME_NONE);
}

static void what_is_no_calendar_is_no_time(void **state)
{
    (void)state;
    const struct bulla_calendar good = {2026, 3, 1, 8, 15, 0, 0};
    struct bulla_calendar wrong[] = {good, good, good, good, good, good, good, good, good, good};
    wrong[0].year = 0;
    wrong[1].year = 10000;
    wrong[2].month = 0;
    wrong[3].month = 13;
    wrong[4].day = 0;
    wrong[5].day = 32;
    wrong[6].hour = 24;
    wrong[7].minute = 60;
    wrong[8].second = 60;
    wrong[9].ms = 1000;
    assert_true(bulla_calendar_valid(&good));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(bulla_calendar_valid(&wrong[i]));
        assert_true(bulla_time_from_calendar(&wrong[i]) == BULLA_TIME_NONE);
    }
    static const int leap_years[] = {2000, 2024, 2100, 2026};
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(bulla_calendar_valid(&(struct bulla_calendar){leap_years[i], 2, 29, 0, 0, 0, 0}), i < 2);
}

/* RFC 3339 has four digits for the year; before and after there is no text. */
static void times_that_have_no_text(void **state)
{
    (void)state;
    const int64_t first = INT64_C(-62167219200000), after = INT64_C(253402300800000); /* 0000-01-01, 10000-01-01 */
    char text[BULLA_TIME_TEXT];
    bulla_time_put(text, first);
    assert_string_equal(text, "0000-01-01T00:00:00Z");
    bulla_time_put(text, after - 1);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    const int64_t none[] = {first - 1, after, INT64_MIN, INT64_MAX};
    for (unsigned i = 0; i < 4; i++) {
        strcpy(text, "x");
        bulla_time_put(text, none[i]);
        assert_string_equal(text, "");
    }
    struct bulla_calendar before = bulla_time_to_calendar(first - 1);
    assert_true(before.year == -1 && before.month == 12 && before.day == 31 && before.ms == 999);
}

static void seal_state_follows_shackle_and_motor(void **state)
{
    (void)state;
    static const struct {
        enum bulla_shackle shackle;
        enum bulla_motor motor;
        enum bulla_seal_state expected;
    } rows[] = {
        {BULLA_SHACKLE_IN, BULLA_MOTOR_LOCKED, BULLA_SEAL_SEALED},    {BULLA_SHACKLE_IN, BULLA_MOTOR_UNLOCKED, BULLA_SEAL_UNLOCKED_CLOSED},
        {BULLA_SHACKLE_OUT, BULLA_MOTOR_LOCKED, BULLA_SEAL_OPEN},     {BULLA_SHACKLE_CUT, BULLA_MOTOR_LOCKED, BULLA_SEAL_OPEN},
        {BULLA_SHACKLE_NONE, BULLA_MOTOR_NONE, BULLA_SEAL_NONE},      {BULLA_SHACKLE_IN, BULLA_MOTOR_STUCK, BULLA_SEAL_UNKNOWN},
        {BULLA_SHACKLE_NONE, BULLA_MOTOR_UNLOCKED, BULLA_SEAL_OPEN},  {BULLA_SHACKLE_IN, BULLA_MOTOR_NONE, BULLA_SEAL_UNKNOWN},
        {BULLA_SHACKLE_NONE, BULLA_MOTOR_LOCKED, BULLA_SEAL_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(bulla_seal_from(rows[i].shackle, rows[i].motor), rows[i].expected);
}

/* A word and its number; a number that is never said has none. */
static unsigned words_are(int number, const char *text, int (*from)(const char *), const char *(*to)(unsigned))
{
    assert_string_equal(to((unsigned)number), text);
    assert_int_equal(from(text), *text ? number : -1);
    return 1;
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
#define X(name, number, text) rows += words_are(number, text, from, to);
#define WORDS(noun, TABLE)                                                                                                                 \
    {                                                                                                                                      \
        int (*from)(const char *) = bulla_##noun##_from;                                                                                   \
        const char *(*to)(unsigned) = bulla_##noun##_text;                                                                                 \
        TABLE(X)                                                                                                                           \
    }
    unsigned rows = 0;
    WORDS(seal_state, BULLA_SEAL_TABLE)
    WORDS(shackle, BULLA_SHACKLE_TABLE)
    WORDS(motor, BULLA_MOTOR_TABLE)
    WORDS(cover, BULLA_COVER_TABLE)
    WORDS(proof, BULLA_PROOF_TABLE)
    WORDS(channel, BULLA_CHANNEL_TABLE)
    WORDS(verdict, BULLA_VERDICT_TABLE)
    WORDS(reason, BULLA_REASON_TABLE)
#undef WORDS
#undef X
    assert_true(rows > 30);
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
        cmocka_unit_test(decimals_at_their_ends),
        cmocka_unit_test(hex_and_text),
        cmocka_unit_test(outcomes_have_words),
        cmocka_unit_test(time_agrees_with_the_c_library),
        cmocka_unit_test(time_text_round_trips_and_refuses),
        cmocka_unit_test(every_character_of_a_time_counts),
        cmocka_unit_test(what_is_no_calendar_is_no_time),
        cmocka_unit_test(times_that_have_no_text),
        cmocka_unit_test(seal_state_follows_shackle_and_motor),
        cmocka_unit_test(words_round_trip),
        cmocka_unit_test(arrays_stop_when_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
