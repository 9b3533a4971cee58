/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/cursor.h"

uint64_t bulla_cursor_get_bcd(struct bulla_cursor *c, size_t n)
{
    struct bulla_bytes b = bulla_cursor_take(c, n);
    uint64_t value = 0;
    for (size_t i = 0; i < b.len; i++) {
        unsigned high = b.at[i] >> 4;
        unsigned low = b.at[i] & 15u;
        if (high > 9 || low > 9) {
            c->failed = true;
            c->left = 0;
            return 0;
        }
        value = value * 100 + high * 10 + low;
    }
    return value;
}

struct bulla_bytes bulla_cursor_take_until(struct bulla_cursor *c, uint8_t stop)
{
    size_t n = 0;
    while (n < c->left && c->at[n] != stop)
        n++;
    struct bulla_bytes taken = bulla_cursor_take(c, n);
    if (c->left > 0)
        bulla_cursor_skip(c, 1);
    return taken;
}

void bulla_writer_put_decimal(struct bulla_writer *w, uint64_t value, unsigned width)
{
    char digits[20]; /* no number has more */
    unsigned n = 0;
    do {
        digits[sizeof digits - ++n] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (n < width && n < sizeof digits)
        digits[sizeof digits - ++n] = '0';
    bulla_writer_put(w, digits + sizeof digits - n, n);
}

void bulla_writer_put_bcd(struct bulla_writer *w, uint64_t value, size_t n)
{
    uint8_t packed[10];
    if (n > sizeof packed) {
        w->failed = true;
        return;
    }
    for (size_t i = n; i-- > 0; value /= 100)
        packed[i] = (uint8_t)(value / 10 % 10 << 4 | value % 10);
    if (value > 0)
        w->failed = true;
    bulla_writer_put(w, packed, n);
}
