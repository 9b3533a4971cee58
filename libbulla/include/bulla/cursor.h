/* SPDX-License-Identifier: Apache-2.0
 *
 * Two sticky cursors over bytes that the caller owns: `bulla_cursor` reads, `bulla_writer` writes.
 *
 * Read or write field after field without testing, and test once at the end: after the first field that
 * does not fit, every further call does nothing, reads give zero and `failed` stays set. Multi-byte
 * numbers are big-endian (network order) unless the name says `le`.
 */
#ifndef BULLA_CURSOR_H
#define BULLA_CURSOR_H

#include "bulla/api.h"
#include "bulla/bytes.h"

BULLA_BEGIN

struct bulla_cursor {
    const uint8_t *at;
    size_t left;
    bool failed;
};

static inline struct bulla_cursor bulla_cursor_over(const uint8_t *at, size_t len)
{
    return (struct bulla_cursor){at, len, false};
}

/* The next n bytes as a view, and the cursor moves past them; {NULL, 0} when they are not there. */
static inline struct bulla_bytes bulla_cursor_take(struct bulla_cursor *c, size_t n)
{
    if (c->failed || n > c->left) {
        c->failed = true;
        c->left = 0;
        return (struct bulla_bytes){NULL, 0};
    }
    struct bulla_bytes taken = {c->at, n};
    c->at += n;
    c->left -= n;
    return taken;
}

static inline void bulla_cursor_skip(struct bulla_cursor *c, size_t n)
{
    (void)bulla_cursor_take(c, n);
}

static inline uint8_t bulla_cursor_get_u8(struct bulla_cursor *c)
{
    struct bulla_bytes b = bulla_cursor_take(c, 1);
    return b.at ? b.at[0] : 0;
}

static inline uint16_t bulla_cursor_get_u16(struct bulla_cursor *c)
{
    struct bulla_bytes b = bulla_cursor_take(c, 2);
    return b.at ? (uint16_t)((unsigned)b.at[0] << 8 | b.at[1]) : 0;
}

static inline uint32_t bulla_cursor_get_u24(struct bulla_cursor *c)
{
    struct bulla_bytes b = bulla_cursor_take(c, 3);
    return b.at ? (uint32_t)b.at[0] << 16 | (uint32_t)b.at[1] << 8 | b.at[2] : 0;
}

static inline uint32_t bulla_cursor_get_u32(struct bulla_cursor *c)
{
    struct bulla_bytes b = bulla_cursor_take(c, 4);
    return b.at ? (uint32_t)b.at[0] << 24 | (uint32_t)b.at[1] << 16 | (uint32_t)b.at[2] << 8 | b.at[3] : 0;
}

static inline uint64_t bulla_cursor_get_u64(struct bulla_cursor *c)
{
    uint64_t high = bulla_cursor_get_u32(c);
    return high << 32 | bulla_cursor_get_u32(c);
}

/* n bytes of packed decimal (2n digits, n <= 9) as a number; fails on a nibble above 9. */
uint64_t bulla_cursor_get_bcd(struct bulla_cursor *c, size_t n);

/* The text up to `stop`, which is passed over; the whole rest when `stop` does not occur. */
struct bulla_bytes bulla_cursor_take_until(struct bulla_cursor *c, uint8_t stop);

struct bulla_writer {
    uint8_t *at;
    size_t size;
    size_t len;
    bool failed;
};

static inline struct bulla_writer bulla_writer_over(uint8_t *at, size_t size)
{
    return (struct bulla_writer){at, size, 0, false};
}

static inline void bulla_writer_put(struct bulla_writer *w, const void *bytes, size_t n)
{
    if (w->failed || n > w->size - w->len) {
        w->failed = true;
        return;
    }
    if (n == 0) { /* an empty view may have no address */
        return;
    }
    bulla_copy(w->at + w->len, bytes, n);
    w->len += n;
}

static inline void bulla_writer_put_u8(struct bulla_writer *w, uint8_t value)
{
    bulla_writer_put(w, &value, 1);
}

static inline void bulla_writer_put_u16(struct bulla_writer *w, uint16_t value)
{
    uint8_t b[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    bulla_writer_put(w, b, sizeof b);
}

static inline void bulla_writer_put_u32(struct bulla_writer *w, uint32_t value)
{
    uint8_t b[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    bulla_writer_put(w, b, sizeof b);
}

static inline void bulla_writer_put_u64(struct bulla_writer *w, uint64_t value)
{
    bulla_writer_put_u32(w, (uint32_t)(value >> 32));
    bulla_writer_put_u32(w, (uint32_t)value);
}

static inline void bulla_writer_put_text(struct bulla_writer *w, const char *text)
{
    bulla_writer_put(w, text, bulla_length(text));
}

/* `value` as decimal characters, padded on the left with zeros to at least `width`. */
void bulla_writer_put_decimal(struct bulla_writer *w, uint64_t value, unsigned width);

/* `value` as 2n packed decimal digits. Fails when it has more. */
void bulla_writer_put_bcd(struct bulla_writer *w, uint64_t value, size_t n);

BULLA_END

#endif
