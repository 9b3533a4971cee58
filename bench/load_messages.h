/* SPDX-License-Identifier: Apache-2.0
 *
 * The cheapest possible device for each protocol: one report with a serial number, one opening, and the serial numbers
 * out of the platform's acknowledgements. Positions walk, so that no two messages are alike.
 */
#ifndef BENCH_LOAD_MESSAGES_H
#define BENCH_LOAD_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bulla/cursor.h"
#include "bulla/time.h"

#define LOAD_MESSAGE_MAX 256

struct load_protocol {
    const char *name;
    void (*id)(char to[32], unsigned device);
    /* Writes the device's message; `cut` makes it an opening. Returns its bytes. */
    size_t (*message)(uint8_t *to, unsigned device, uint16_t serial, int64_t now_ms, bool cut);
    /* Takes acknowledgements from bytes, calling acked for each; returns the bytes used up. */
    size_t (*answers)(const uint8_t *at, size_t n, void (*acked)(void *context, uint16_t serial), void *context);
};

static inline void load_time(struct bulla_writer *w, int64_t now_ms, bool year_first)
{
    struct bulla_calendar c = bulla_time_to_calendar(now_ms);
    unsigned year = (unsigned)c.year % 100;
    bulla_writer_put_bcd(w, year_first ? year * 10000 + c.month * 100 + c.day : c.day * 10000 + c.month * 100 + year, 3);
    bulla_writer_put_bcd(w, c.hour * 10000 + c.minute * 100 + c.second, 3);
}

/* --- JT701D --- */
static inline void load_jt701_id(char to[32], unsigned device)
{
    snprintf(to, 32, "90%08u", device);
}

static inline size_t load_jt701_message(uint8_t *to, unsigned device, uint16_t serial, int64_t now_ms, bool cut)
{
    struct bulla_writer w = bulla_writer_over(to, LOAD_MESSAGE_MAX);
    bulla_writer_put_u8(&w, 0x24);
    bulla_writer_put_bcd(&w, UINT64_C(9000000000) + device, 5);
    bulla_writer_put_u8(&w, 0x19);
    bulla_writer_put_u8(&w, cut ? 0x12 : 0x11);
    bulla_writer_put_u16(&w, 52);
    load_time(&w, now_ms, false);
    bulla_writer_put_bcd(&w, 1180000 + device % 1000 * 10 + (uint64_t)(now_ms / 1000) % 10, 4);
    bulla_writer_put_bcd(&w, 3648000 + device / 1000 * 10 % 1000, 4); /* the last digit goes with the flags */
    bulla_writer_put_u8(&w, 0x0D);                                    /* south, east, fixed */
    bulla_writer_put(&w, "\x12\x98\0\0\0\x2d\x09\0\0\0\0", 11);
    bulla_writer_put_u16(&w, (uint16_t)(cut ? 0x20A8 : 0x20E0));
    bulla_writer_put(&w, "\x50\x10\x92\x28\x66\x1f\0\x01\0\0\x0f\x0f\x0f\x0f\x0f\x0f\x0f\x0f\0\0\0\x01\x01", 23);
    bulla_writer_put_u8(&w, (uint8_t)serial);
    return w.failed ? 0 : w.len;
}

static inline size_t load_jt701_answers(const uint8_t *at, size_t n, void (*acked)(void *, uint16_t), void *context)
{
    size_t used = 0;
    const uint8_t *close;
    while ((close = memchr(at + used, ')', n - used))) {
        const uint8_t *open = memchr(at + used, '(', (size_t)(close - at) - used);
        unsigned serial = 0;
        if (open && close - open > 7 && memcmp(open, "(P69,0,", 7) == 0) {
            for (const uint8_t *c = open + 7; c < close; c++)
                serial = serial * 10 + (unsigned)(*c - '0');
            acked(context, (uint16_t)serial);
        }
        used = (size_t)(close - at) + 1;
    }
    return used;
}

/* --- JT/T 808, a JT709 --- */
static inline void load_jt808_id(char to[32], unsigned device)
{
    snprintf(to, 32, "9000%08u", device);
}

static inline size_t load_jt808_message(uint8_t *to, unsigned device, uint16_t serial, int64_t now_ms, bool cut)
{
    uint8_t plain[LOAD_MESSAGE_MAX / 2], check = 0;
    struct bulla_writer w = bulla_writer_over(plain, sizeof plain), out = bulla_writer_over(to, LOAD_MESSAGE_MAX);
    bulla_writer_put_u16(&w, 0x0200);
    bulla_writer_put_u16(&w, 28 + 3 + 3 + 3 + 4 + 6);
    bulla_writer_put_bcd(&w, UINT64_C(900000000000) + device, 6);
    bulla_writer_put_u16(&w, serial);
    bulla_writer_put_u32(&w, 0);
    bulla_writer_put_u32(&w, cut ? 0x01140006 : 0x01040006); /* fix, south, GPS; bit 20: rope out */
    bulla_writer_put_u32(&w, 1300000 + device % 1000 * 100 + serial % 100u); /* several in one second are still different fixes */
    bulla_writer_put_u32(&w, 36800000 + device / 1000 * 1000);
    bulla_writer_put(&w, "\x03\xe8\x01\x4d\x01\x30", 6); /* 1000 m, 33.3 km/h, 304 degrees */
    load_time(&w, now_ms, true);
    bulla_writer_put(&w, "\xd4\x01\x50\x30\x01\x1f\x31\x01\x09\xf9\x02\0\x07\xfe\x04\0\0\0\x2d", 19);
    for (size_t i = 0; i < w.len; i++)
        check ^= plain[i];
    bulla_writer_put_u8(&w, check);
    bulla_writer_put_u8(&out, 0x7E);
    for (size_t i = 0; i < w.len; i++) {
        bool escape = plain[i] == 0x7D || plain[i] == 0x7E;
        bulla_writer_put_u8(&out, escape ? 0x7D : plain[i]);
        if (escape)
            bulla_writer_put_u8(&out, (uint8_t)(plain[i] - 0x7C));
    }
    bulla_writer_put_u8(&out, 0x7E);
    return w.failed || out.failed ? 0 : out.len;
}

static inline void load_jt808_answer(const uint8_t *at, const uint8_t *end, void (*acked)(void *, uint16_t), void *context)
{
    uint8_t plain[64];
    size_t n = 0;
    for (; at < end && n < sizeof plain; at++)
        plain[n++] = (uint8_t)(*at == 0x7D && at + 1 < end ? *++at + 0x7C : *at);
    /* 8001: head 12, then serial, id 0200, result 0, check */
    if (n == 18 && plain[0] == 0x80 && plain[1] == 0x01 && plain[14] == 0x02 && plain[15] == 0 && plain[16] == 0)
        acked(context, (uint16_t)(plain[12] << 8 | plain[13]));
}

static inline size_t load_jt808_answers(const uint8_t *at, size_t n, void (*acked)(void *, uint16_t), void *context)
{
    size_t used = 0;
    for (;;) {
        const uint8_t *open = memchr(at + used, 0x7E, n - used);
        const uint8_t *close = open ? memchr(open + 1, 0x7E, (size_t)(at + n - open - 1)) : NULL;
        if (!close)
            return open ? (size_t)(open - at) : n;
        load_jt808_answer(open + 1, close, acked, context);
        used = (size_t)(close - at) + (close > open + 1); /* two in a row: the second one opens */
    }
}

static const struct load_protocol load_protocols[] = {
    {"jt701", load_jt701_id, load_jt701_message, load_jt701_answers},
    {"jt808", load_jt808_id, load_jt808_message, load_jt808_answers},
};

#endif
