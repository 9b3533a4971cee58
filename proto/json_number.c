/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers of JSON without floating point: digits, and where the point stands among them.
 */
#include "proto/json.h"

#define DIGITS_MAX   18 /* that 64 bits hold whatever they are; what stands behind is less than half of what is kept */
#define EXPONENT_MAX 10000

struct decimal {
    bool minus;
    uint64_t digits;
    unsigned n; /* digits without leading zeros */
    int64_t exponent;
};

static void put_digit(struct decimal *d, uint8_t digit, bool behind_point)
{
    if (d->n >= DIGITS_MAX) {
        d->exponent += !behind_point;
        return;
    }
    d->digits = d->digits * 10 + digit;
    d->n += d->digits != 0;
    d->exponent -= behind_point;
}

/* What the reader has found well-formed. */
static struct decimal take_decimal(struct bulla_bytes text)
{
    struct decimal d = {0};
    bool behind_point = false, minus = false;
    size_t i = 0;
    int64_t exponent = 0;
    for (; i < text.len && text.at[i] != 'e' && text.at[i] != 'E'; i++) {
        if (text.at[i] == '-') {
            d.minus = true;
        } else if (text.at[i] == '.') {
            behind_point = true;
        } else {
            put_digit(&d, (uint8_t)(text.at[i] - '0'), behind_point);
        }
    }
    for (i++; i < text.len; i++) {
        if (text.at[i] == '-') {
            minus = true;
        } else if (text.at[i] != '+' && exponent < EXPONENT_MAX) {
            exponent = exponent * 10 + (text.at[i] - '0');
        }
    }
    d.exponent += minus ? -exponent : exponent;
    return d;
}

/* Divides by 10^places, half away from zero. */
static uint64_t rounded(uint64_t value, int64_t places)
{
    if (places > DIGITS_MAX + 1) {
        return 0;
    }
    for (; places > 1; places--) {
        value /= 10;
    }
    return places == 1 ? (value + 5) / 10 : value;
}

bool proto_json_fixed(const struct proto_json_value *value, unsigned decimals, int64_t *out)
{
    if (value->kind != PROTO_JSON_NUMBER) {
        return false;
    }
    struct decimal d = take_decimal(value->text);
    int64_t places = d.exponent + (int64_t)decimals;
    uint64_t whole = d.digits;
    if (places < 0) {
        whole = rounded(whole, -places);
    }
    for (; places > 0 && whole; places--) {
        if (whole > INT64_MAX / 10) {
            return false;
        }
        whole *= 10;
    }
    *out = d.minus ? -(int64_t)whole : (int64_t)whole;
    return true;
}
