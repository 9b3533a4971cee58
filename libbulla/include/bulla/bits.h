/* SPDX-License-Identifier: Apache-2.0
 *
 * Fields of bits inside bytes that the caller owns. Bit 0 is the most significant bit of the first byte, and
 * the first bit of a field is its most significant one.
 *
 * `bulla_bits_at` and `bulla_bits_set` reach a field by its place; whoever calls them knows that it lies
 * inside. `bulla_bit_reader` and `bulla_bit_writer` go through a message and stick: after the first field
 * that does not fit (or, in writing, a value wider than its field) further calls do nothing, reads give zero
 * and `failed` stays set, with `at` on the bit where it happened. A field has 1 to 64 bits.
 */
#ifndef BULLA_BITS_H
#define BULLA_BITS_H

#include "bulla/api.h"
#include "bulla/bytes.h"

BULLA_BEGIN

/* The field of `width` bits that begins at bit `at`. */
static inline uint64_t bulla_bits_at(const uint8_t *bytes, size_t at, unsigned width)
{
    const uint8_t *from = bytes + at / 8;
    unsigned left = 8 - (unsigned)(at % 8); /* bits of the first byte that belong to the field or follow it */
    uint64_t value = *from++ & (0xFFu >> (8 - left));
    if (width <= left)
        return value >> (left - width);
    for (width -= left; width >= 8; width -= 8)
        value = value << 8 | *from++;
    return width ? value << width | (unsigned)*from >> (8 - width) : value;
}

/* Writes the low `width` bits of `value` there; the bits around it stay. */
static inline void bulla_bits_set(uint8_t *bytes, size_t at, unsigned width, uint64_t value)
{
    while (width > 0) {
        unsigned in_byte = (unsigned)(at % 8);
        unsigned n = width < 8 - in_byte ? width : 8 - in_byte;
        unsigned shift = 8 - in_byte - n;
        unsigned mask = (0xFFu >> (8 - n)) << shift;
        unsigned bits = (unsigned)(value >> (width - n)) << shift & mask;
        bytes[at / 8] = (uint8_t)((bytes[at / 8] & ~mask) | bits);
        at += n;
        width -= n;
    }
}

struct bulla_bit_reader {
    const uint8_t *bytes;
    size_t at, end; /* in bits */
    bool failed;
};

static inline struct bulla_bit_reader bulla_bit_reader_over(const uint8_t *bytes, size_t n_bits)
{
    return (struct bulla_bit_reader){bytes, 0, n_bits, false};
}

static inline uint64_t bulla_bit_reader_get(struct bulla_bit_reader *r, unsigned width)
{
    if (r->failed || width < 1 || width > 64 || width > r->end - r->at) {
        r->failed = true;
        return 0;
    }
    uint64_t value = bulla_bits_at(r->bytes, r->at, width);
    r->at += width;
    return value;
}

struct bulla_bit_writer {
    uint8_t *bytes;
    size_t at, end;
    bool failed;
};

/* Over bytes whose later bits are not touched before they are written. */
static inline struct bulla_bit_writer bulla_bit_writer_over(uint8_t *bytes, size_t n_bits)
{
    return (struct bulla_bit_writer){bytes, 0, n_bits, false};
}

static inline void bulla_bit_writer_put(struct bulla_bit_writer *w, unsigned width, uint64_t value)
{
    if (w->failed || width < 1 || width > 64 || width > w->end - w->at || (width < 64 && value >> width != 0)) {
        w->failed = true;
        return;
    }
    bulla_bits_set(w->bytes, w->at, width, value);
    w->at += width;
}

BULLA_END

#endif
