/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/text.h"

#define NUMBER_DIGITS_MAX 18
#define FIXED_DIGITS_MAX  9

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

bool proto_text_is_digits(struct bulla_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.at[i])) {
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
        if (!is_digit(text.at[i])) {
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
        if (!is_digit(at[i])) {
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
    while (whole < left && whole <= FIXED_DIGITS_MAX && is_digit(at[whole])) {
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
    *bad |= !is_digit(at[0]) || !is_digit(at[1]);
    return (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
}

bool proto_text_date(struct bulla_bytes text, struct bulla_calendar *calendar)
{
    const uint8_t *at = text.at;
    if (text.len != 10 || at[4] != '-' || at[7] != '-') {
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
