// SPDX-License-Identifier: Apache-2.0
// A column of a track block: see track.h for the layout.

#include "platform/store/track_column.h"

#include "platform/store/track.h"

/* Rice code: after so many ones the number itself follows, in ESCAPE_BITS. Differences of differences of 32-bit numbers in
 * zigzag take 36. */
enum { ONES_MOST = 20, ESCAPE_BITS = 40, RICE_SHIFT = 3 };
#define VALUE_MOST ((UINT64_C(1) << ESCAPE_BITS) - 1)

void track_put_varint(struct bulla_writer *w, uint64_t value)
{
    uint8_t b[10];
    size_t n = 0;
    while (value > 0x7F) {
        b[n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    b[n++] = (uint8_t)value;
    bulla_writer_put(w, b, n);
}

uint64_t track_get_varint(struct bulla_cursor *c, uint64_t most)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 49; shift += 7) {
        uint8_t b = bulla_cursor_get_u8(c);
        value |= (uint64_t)(b & 0x7F) << shift;
        if (!(b & 0x80)) {
            c->failed = c->failed || value > most;
            return c->failed ? 0 : value;
        }
    }
    c->failed = true;
    return 0;
}

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

void track_put_zigzag(struct bulla_writer *w, int64_t value)
{
    track_put_varint(w, zigzag(value));
}

int64_t track_get_zigzag(struct bulla_cursor *c)
{
    return unzigzag(track_get_varint(c, VALUE_MOST));
}

/* The width follows the numbers: a mean that forgets, so that a stop inside a chunk costs a bit a fix. */
struct rice {
    uint64_t sum; /* of the last 2^RICE_SHIFT or so */
};

static unsigned rice_width(const struct rice *r)
{
    uint64_t mean = r->sum >> RICE_SHIFT;
    return mean ? 63 - (unsigned)__builtin_clzll(mean) : 0;
}

static void rice_learn(struct rice *r, uint64_t value)
{
    r->sum += value - (r->sum >> RICE_SHIFT);
}

static size_t rice_cost(struct rice *r, uint64_t value)
{
    unsigned width = rice_width(r);
    uint64_t ones = value >> width;
    rice_learn(r, value);
    return ones < ONES_MOST ? (size_t)ones + 1 + width : ONES_MOST + ESCAPE_BITS;
}

struct bits_out {
    struct bulla_writer *w;
    uint64_t held;
    unsigned n; /* < 8 between calls */
};

static void put_bits(struct bits_out *b, uint64_t value, unsigned n)
{
    while (n > 0) {
        unsigned take = n < 8 ? n : 8;
        n -= take;
        b->held = b->held << take | (value >> n & ((1u << take) - 1));
        b->n += take;
        if (b->n >= 8) {
            b->n -= 8;
            bulla_writer_put_u8(b->w, (uint8_t)(b->held >> b->n));
        }
    }
}

static void put_rice(struct bits_out *b, struct rice *r, uint64_t value)
{
    unsigned width = rice_width(r);
    uint64_t ones = value >> width;
    if (ones < ONES_MOST) {
        put_bits(b, ((UINT64_C(1) << ones) - 1) << 1, (unsigned)ones + 1);
        put_bits(b, value, width);
    } else {
        put_bits(b, (UINT64_C(1) << ONES_MOST) - 1, ONES_MOST);
        put_bits(b, value, ESCAPE_BITS);
    }
    rice_learn(r, value);
}

struct bits_in {
    struct bulla_cursor *c;
    uint8_t held;
    unsigned n;
};

static unsigned get_bit(struct bits_in *b)
{
    if (b->n == 0) {
        b->held = bulla_cursor_get_u8(b->c);
        b->n = 8;
    }
    return b->held >> --b->n & 1u;
}

static uint64_t get_bits(struct bits_in *b, unsigned n)
{
    uint64_t value = 0;
    while (n > 0) {
        if (b->n == 0) {
            b->held = bulla_cursor_get_u8(b->c);
            b->n = 8;
        }
        unsigned take = n < b->n ? n : b->n;
        b->n -= take;
        n -= take;
        value = value << take | (b->held >> b->n & ((1u << take) - 1));
    }
    return value;
}

static uint64_t get_rice(struct bits_in *b, struct rice *r)
{
    unsigned width = rice_width(r), ones = 0;
    while (ones < ONES_MOST && get_bit(b) && !b->c->failed) {
        ones++;
    }
    uint64_t value = ones < ONES_MOST ? (uint64_t)ones << width | get_bits(b, width) : get_bits(b, ESCAPE_BITS);
    if (value > VALUE_MOST) {
        b->c->failed = true;
        value = 0;
    }
    rice_learn(r, value);
    return value;
}

static uint64_t common_unit(const int64_t *values, size_t n)
{
    uint64_t unit = 0;
    for (size_t i = 1; i < n && unit != 1; i++) {
        int64_t step = values[i] - values[i - 1];
        uint64_t b = (uint64_t)(step < 0 ? -step : step);
        while (b) {
            uint64_t rest = unit % b;
            unit = b;
            b = rest;
        }
    }
    return unit;
}

/* The i-th number of a column, i >= 1, with differences of this order. */
static uint64_t number_at(const int64_t *values, size_t i, int order, int64_t unit)
{
    int64_t step = (values[i] - values[i - 1]) / unit;
    return zigzag(order == 2 && i > 1 ? step - (values[i - 1] - values[i - 2]) / unit : step);
}

static size_t varint_cost(uint64_t value)
{
    return value ? (70 - (size_t)__builtin_clzll(value)) / 7 : 1;
}

static size_t cost(const int64_t *values, size_t n, int order, int64_t unit, bool bits)
{
    struct rice rice = {0};
    size_t sum = 0;
    for (size_t i = 1; i < n; i++) {
        uint64_t number = number_at(values, i, order, unit);
        sum += bits ? rice_cost(&rice, number) : varint_cost(number);
    }
    return sum;
}

void track_column_put(struct bulla_writer *w, const int64_t *values, size_t n, bool bits)
{
    int64_t unit = (int64_t)common_unit(values, n);
    int order = unit == 0 ? 0 : cost(values, n, 2, unit, bits) < cost(values, n, 1, unit, bits) ? 2 : 1;
    bulla_writer_put_u8(w, (uint8_t)order);
    track_put_zigzag(w, values[0]);
    if (order == 0) {
        return;
    }
    track_put_varint(w, (uint64_t)unit);
    struct rice rice = {0};
    struct bits_out out = {w, 0, 0};
    for (size_t i = 1; i < n; i++) {
        uint64_t number = number_at(values, i, order, unit);
        if (bits) {
            put_rice(&out, &rice, number);
        } else {
            track_put_varint(w, number);
        }
    }
    if (out.n > 0) {
        put_bits(&out, 0, 8 - out.n);
    }
}

void track_column_get(struct bulla_cursor *c, int64_t *values, size_t n, bool bits, int64_t least, int64_t most)
{
    uint8_t order = bulla_cursor_get_u8(c);
    int64_t value = track_get_zigzag(c), step = 0;
    int64_t unit = order ? (int64_t)track_get_varint(c, UINT64_C(1) << 33) : 0;
    c->failed = c->failed || order > 2 || value < least || value > most;
    values[0] = value;
    struct rice rice = {0};
    struct bits_in in = {c, 0, 0};
    for (size_t i = 1; i < n && !c->failed; i++) {
        int64_t number = order == 0 ? 0 : unzigzag(bits ? get_rice(&in, &rice) : track_get_varint(c, VALUE_MOST));
        step = order == 2 ? step + number : number;
        /* within 2^40 * 2^33 each: a sum beyond the range is refused before it can grow */
        if (step > (INT64_C(1) << 40) || step < -(INT64_C(1) << 40) || __builtin_mul_overflow(step, unit, &number) ||
            __builtin_add_overflow(value, number, &value) || value < least || value > most) {
            c->failed = true;
            return;
        }
        values[i] = value;
    }
}
