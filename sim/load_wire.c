/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/load_wire.h"

#include <stdio.h>
#include <string.h>

#include "bulla/cursor.h"
#include "bulla/time.h"

static void put_time(struct bulla_writer *w, int64_t time_ms, bool year_first)
{
    struct bulla_calendar c = bulla_time_to_calendar(time_ms);
    unsigned year = (unsigned)c.year % 100;
    bulla_writer_put_bcd(w, year_first ? year * 10000 + c.month * 100 + c.day : c.day * 10000 + c.month * 100 + year, 3);
    bulla_writer_put_bcd(w, c.hour * 10000 + c.minute * 100 + c.second, 3);
}

/* --- JT701D --- */
static void jt701_id(char to[LOAD_ID_SIZE], unsigned device)
{
    snprintf(to, LOAD_ID_SIZE, "90%08u", device);
}

/* The course tells apart what has the same serial number in the same second. */
static size_t jt701_message(uint8_t *to, unsigned device, const struct load_report *r)
{
    struct bulla_writer w = bulla_writer_over(to, LOAD_MESSAGE_MAX);
    bulla_writer_put_u8(&w, 0x24);
    bulla_writer_put_bcd(&w, UINT64_C(9000000000) + device, 5);
    bulla_writer_put_u8(&w, 0x19);
    bulla_writer_put_u8(&w, r->stored ? 0x13 : r->cut ? 0x12 : 0x11);
    bulla_writer_put_u16(&w, 52);
    put_time(&w, r->time_ms, false);
    bulla_writer_put_bcd(&w, 1180000 + device % 1000 * 10 + (uint64_t)(r->time_ms / 1000) % 10, 4);
    bulla_writer_put_bcd(&w, 3648000 + device / 1000 * 10 % 1000, 4); /* the last digit goes with the flags */
    bulla_writer_put_u8(&w, 0x0D);                                    /* south, east, fixed */
    bulla_writer_put_u8(&w, 0x12);                                    /* knots */
    bulla_writer_put_u8(&w, (uint8_t)(r->n / 256 % 180));
    bulla_writer_put(&w, "\0\0\0\x2d\x09\0\0\0\0", 9);
    bulla_writer_put_u16(&w, (uint16_t)(r->cut ? 0x20A8 : 0x20E0));
    bulla_writer_put(&w, "\x50\x10\x92\x28\x66\x1f\0\x01\0\0\x0f\x0f\x0f\x0f\x0f\x0f\x0f\x0f\0\0\0\x01\x01", 23);
    bulla_writer_put_u8(&w, (uint8_t)r->n);
    return w.failed ? 0 : w.len;
}

static size_t jt701_answers(const uint8_t *at, size_t n, void (*acked)(void *, unsigned), void *context)
{
    size_t used = 0;
    const uint8_t *close;
    while ((close = memchr(at + used, ')', n - used))) {
        const uint8_t *open = memchr(at + used, '(', (size_t)(close - at) - used);
        unsigned serial = 0;
        if (open && close - open > 7 && memcmp(open, "(P69,0,", 7) == 0) {
            for (const uint8_t *c = open + 7; c < close && *c >= '0' && *c <= '9'; c++)
                serial = serial * 10 + (unsigned)(*c - '0');
            acked(context, serial);
        }
        used = (size_t)(close - at) + 1;
    }
    return used;
}

/* --- JT/T 808, a JT709 --- */
static void jt808_id(char to[LOAD_ID_SIZE], unsigned device)
{
    snprintf(to, LOAD_ID_SIZE, "9000%08u", device);
}

static size_t jt808_escape(uint8_t *to, const struct bulla_writer *plain)
{
    struct bulla_writer out = bulla_writer_over(to, LOAD_MESSAGE_MAX);
    bulla_writer_put_u8(&out, 0x7E);
    for (size_t i = 0; i < plain->len; i++) {
        bool escape = plain->at[i] == 0x7D || plain->at[i] == 0x7E;
        bulla_writer_put_u8(&out, escape ? 0x7D : plain->at[i]);
        if (escape)
            bulla_writer_put_u8(&out, (uint8_t)(plain->at[i] - 0x7C));
    }
    bulla_writer_put_u8(&out, 0x7E);
    return plain->failed || out.failed ? 0 : out.len;
}

static size_t jt808_message(uint8_t *to, unsigned device, const struct load_report *r)
{
    uint8_t bytes[LOAD_MESSAGE_MAX / 2], check = 0;
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put_u16(&w, 0x0200);
    bulla_writer_put_u16(&w, 28 + 3 + 3 + 3 + 4 + 6);
    bulla_writer_put_bcd(&w, UINT64_C(900000000000) + device, 6);
    bulla_writer_put_u16(&w, (uint16_t)r->n);
    bulla_writer_put_u32(&w, 0);
    bulla_writer_put_u32(&w, r->cut ? 0x01140006 : 0x01040006); /* fix, south, GPS; bit 20: rope out */
    bulla_writer_put_u32(&w, 1300000 + device % 1000 * 100 + r->n % 100u);
    bulla_writer_put_u32(&w, 36800000 + device / 1000 * 1000);
    bulla_writer_put_u16(&w, 1000); /* m */
    bulla_writer_put_u16(&w, 333);  /* 0.1 km/h */
    bulla_writer_put_u16(&w, (uint16_t)(r->n / 100 % 360));
    put_time(&w, r->time_ms, true);
    bulla_writer_put(&w, "\xd4\x01\x50\x30\x01\x1f\x31\x01\x09\xf9\x02\0\x07\xfe\x04\0\0\0\x2d", 19);
    for (size_t i = 0; i < w.len; i++)
        check ^= bytes[i];
    bulla_writer_put_u8(&w, check);
    return jt808_escape(to, &w);
}

static void jt808_answer(const uint8_t *at, const uint8_t *end, void (*acked)(void *, unsigned), void *context)
{
    uint8_t plain[64];
    size_t n = 0;
    for (; at < end && n < sizeof plain; at++)
        plain[n++] = (uint8_t)(*at == 0x7D && at + 1 < end ? *++at + 0x7C : *at);
    /* 8001: head 12, then serial, id 0200, result 0, check */
    if (n == 18 && plain[0] == 0x80 && plain[1] == 0x01 && plain[14] == 0x02 && plain[15] == 0 && plain[16] == 0)
        acked(context, (unsigned)plain[12] << 8 | plain[13]);
}

static size_t jt808_answers(const uint8_t *at, size_t n, void (*acked)(void *, unsigned), void *context)
{
    size_t used = 0;
    for (;;) {
        const uint8_t *open = memchr(at + used, 0x7E, n - used);
        const uint8_t *close = open ? memchr(open + 1, 0x7E, (size_t)(at + n - open - 1)) : NULL;
        if (!close)
            return open ? (size_t)(open - at) : n;
        jt808_answer(open + 1, close, acked, context);
        used = (size_t)(close - at) + (close > open + 1); /* two in a row: the second one opens */
    }
}

const struct load_protocol load_protocols[] = {
    {"jt701", "", 256, 64, jt701_id, jt701_message, jt701_answers},
    {"jt808", "JT709", 65536, 96, jt808_id, jt808_message, jt808_answers}, /* the clock of that model is UTC */
    {0},
};

const struct load_protocol *load_protocol_find(const char *name)
{
    for (const struct load_protocol *p = load_protocols; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}
