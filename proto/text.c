/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/text.h"

#define NUMBER_DIGITS_MAX 18
#define FIXED_DIGITS_MAX  9
#define HEX_DIGITS_MAX    16
#define DEGREE_E7         INT64_C(1000000000) /* a degree where degrees stand before two digits of minutes */
#define MINUTE_E7         INT64_C(10000000)

bool proto_text_is_digits(struct bulla_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!proto_text_is_digit(text.at[i])) {
            return false;
        }
    }
    return text.len > 0;
}

bool proto_text_is_printable(struct bulla_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < 0x20 || text.at[i] > 0x7E) {
            return false;
        }
    }
    return text.len > 0;
}

bool proto_text_number(struct bulla_bytes text, uint64_t *out)
{
    uint64_t value = 0;
    if (text.len == 0 || text.len > NUMBER_DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!proto_text_is_digit(text.at[i])) {
            return false;
        }
        value = value * 10 + (text.at[i] - '0');
    }
    *out = value;
    return true;
}

/* The digits behind the point: `decimals` of them count, the next one rounds, the rest must only be digits. */
static bool fraction(const uint8_t *at, size_t n, unsigned decimals, int64_t *value)
{
    bool up = false;
    for (size_t i = 0; i < n; i++) {
        if (!proto_text_is_digit(at[i])) {
            return false;
        }
        if (i < decimals) {
            *value = *value * 10 + (at[i] - '0');
        } else if (i == decimals) {
            up = at[i] >= '5';
        }
    }
    for (size_t i = n; i < decimals; i++) {
        *value *= 10;
    }
    *value += up;
    return true;
}

bool proto_text_fixed(struct bulla_bytes text, unsigned decimals, int64_t *out)
{
    const uint8_t *at = text.at;
    size_t left = text.len, whole = 0;
    bool minus = left && *at == '-';
    if (minus || (left && *at == '+')) {
        at++;
        left--;
    }
    int64_t value = 0;
    while (whole < left && whole <= FIXED_DIGITS_MAX && proto_text_is_digit(at[whole])) {
        value = value * 10 + (at[whole++] - '0');
    }
    bool point = whole < left && at[whole] == '.';
    size_t rest = left - whole - point;
    if (whole > FIXED_DIGITS_MAX || (!point && rest) || whole + rest == 0 || !fraction(at + whole + point, rest, decimals, &value)) {
        return false;
    }
    *out = minus ? -value : value;
    return true;
}

/* Two digits at `at`; fails by setting *bad. */
static unsigned two(const uint8_t *at, bool *bad)
{
    *bad |= !proto_text_is_digit(at[0]) || !proto_text_is_digit(at[1]);
    return (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
}

bool proto_text_date(struct bulla_bytes text, uint8_t separator, struct bulla_calendar *calendar)
{
    const uint8_t *at = text.at;
    if (text.len != 10 || at[4] != separator || at[7] != separator) {
        return false;
    }
    bool bad = false;
    unsigned year = two(at, &bad) * 100 + two(at + 2, &bad);
    unsigned month = two(at + 5, &bad);
    unsigned day = two(at + 8, &bad);
    if (bad) {
        return false;
    }
    calendar->year = (int)year;
    calendar->month = month;
    calendar->day = day;
    return true;
}

bool proto_text_clock(struct bulla_bytes text, struct bulla_calendar *calendar)
{
    const uint8_t *at = text.at;
    if (text.len != 8 || at[2] != ':' || at[5] != ':') {
        return false;
    }
    bool bad = false;
    unsigned hour = two(at, &bad);
    unsigned minute = two(at + 3, &bad);
    unsigned second = two(at + 6, &bad);
    if (bad) {
        return false;
    }
    calendar->hour = hour;
    calendar->minute = minute;
    calendar->second = second;
    calendar->ms = 0;
    return true;
}

bool proto_text_pairs(struct bulla_bytes text, unsigned out[3])
{
    bool bad = text.len != 6;
    for (size_t i = 0; i < 3 && !bad; i++) {
        out[i] = two(text.at + 2 * i, &bad);
    }
    return !bad;
}

bool proto_text_hex(struct bulla_bytes text, uint64_t *out)
{
    uint64_t value = 0;
    if (text.len == 0 || text.len > HEX_DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned letter = (text.at[i] | 0x20u) - 'a';
        if (!proto_text_is_digit(text.at[i]) && letter > 5) {
            return false;
        }
        value = value << 4 | (proto_text_is_digit(text.at[i]) ? text.at[i] - (unsigned)'0' : letter + 10);
    }
    *out = value;
    return true;
}

bool proto_text_degrees(int64_t dddmm_e7, int32_t *out)
{
    int64_t degrees = dddmm_e7 / DEGREE_E7, minutes_e7 = dddmm_e7 % DEGREE_E7;
    if (dddmm_e7 < 0 || degrees > 180 || minutes_e7 >= 60 * MINUTE_E7) {
        return false;
    }
    *out = (int32_t)(degrees * 10000000 + (minutes_e7 + 30) / 60);
    return true;
}

size_t proto_text_split(struct bulla_bytes text, uint8_t separator, struct bulla_bytes *part, size_t max)
{
    size_t n = 0, from = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.at[i] != separator) {
            continue;
        }
        if (n < max) {
            part[n] = (struct bulla_bytes){text.at + from, i - from};
        }
        n++;
        from = i + 1;
    }
    return n;
}
