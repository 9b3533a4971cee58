// SPDX-License-Identifier: Apache-2.0
// The packed observation: see pack.h for the layout.

#include "platform/store/pack.h"

#include <string.h>

enum {
    VERSION = 1,
    /* low bits of byte 0 */
    FLAG_STORED = 1,
    FLAG_FIX_VALID = 2,
    FLAG_UNKNOWN = 4,
    FLAG_PROOF = 8,
    /* byte 1 */
    FLAG_STATE = 1,
    FLAG_EVENTS = 2,
    FLAG_CHARGING = 4,
    FLAG_SENSORS = 8,
    FLAG_CELLS = 16,
    FLAG_SUBLOCKS = 32,
    FLAGS_KNOWN = 63,
};

static void put_varint(struct bulla_writer *w, uint64_t value)
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

static uint64_t get_varint(struct bulla_cursor *c)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t b = bulla_cursor_get_u8(c);
        if (shift == 63 && b > 1) {
            break;
        }
        value |= (uint64_t)(b & 0x7F) << shift;
        if (!(b & 0x80)) {
            return value;
        }
    }
    c->failed = true;
    return 0;
}

static uint64_t get_bounded(struct bulla_cursor *c, uint64_t most)
{
    uint64_t value = get_varint(c);
    if (value > most) {
        c->failed = true;
        return 0;
    }
    return value;
}

static void put_zigzag(struct bulla_writer *w, int64_t value)
{
    put_varint(w, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

static int64_t get_zigzag(struct bulla_cursor *c)
{
    uint64_t value = get_varint(c);
    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

static int32_t get_zigzag_32(struct bulla_cursor *c)
{
    int64_t value = get_zigzag(c);
    if (value < INT32_MIN || value > INT32_MAX) {
        c->failed = true;
        return 0;
    }
    return (int32_t)value;
}

static void put_text(struct bulla_writer *w, const char *text, size_t size)
{
    size_t n = strnlen(text, size - 1);
    bulla_writer_put_u8(w, (uint8_t)n);
    bulla_writer_put(w, text, n);
}

static void get_text(struct bulla_cursor *c, char *to, size_t size)
{
    struct bulla_bytes text = bulla_cursor_take(c, bulla_cursor_get_u8(c));
    if (!text.at || text.len >= size || memchr(text.at, 0, text.len)) {
        c->failed = true;
        return;
    }
    memcpy(to, text.at, text.len);
    to[text.len] = '\0';
}

static void put_state(struct bulla_writer *w, const struct bulla_state *s)
{
    if ((s->seal | s->shackle | s->motor | s->cover | s->door) <= 7) {
        bulla_writer_put_u16(w, (uint16_t)(s->seal << 12 | s->shackle << 9 | s->motor << 6 | s->cover << 3 | s->door));
        return;
    }
    uint8_t wide[6] = {0x80, s->seal, s->shackle, s->motor, s->cover, s->door};
    bulla_writer_put(w, wide, sizeof wide);
}

static struct bulla_state get_state(struct bulla_cursor *c)
{
    struct bulla_state s;
    uint8_t first = bulla_cursor_get_u8(c);
    if (first & 0x80) {
        s.seal = bulla_cursor_get_u8(c);
        s.shackle = bulla_cursor_get_u8(c);
        s.motor = bulla_cursor_get_u8(c);
        s.cover = bulla_cursor_get_u8(c);
        s.door = bulla_cursor_get_u8(c);
        return s;
    }
    unsigned bits = (unsigned)first << 8 | bulla_cursor_get_u8(c);
    s.seal = bits >> 12 & 7;
    s.shackle = bits >> 9 & 7;
    s.motor = bits >> 6 & 7;
    s.cover = bits >> 3 & 7;
    s.door = bits & 7;
    return s;
}

static bool is_state_said(const struct bulla_state *s)
{
    return (s->seal | s->shackle | s->motor | s->cover | s->door) != 0;
}

static void put_numbers(struct bulla_writer *w, const struct bulla_observation *o, uint32_t known)
{
    if (known & BULLA_HAS_COUNTER) {
        put_zigzag(w, o->counter);
    }
    if (known & BULLA_HAS_FIX) {
        bulla_writer_put_u32(w, (uint32_t)o->lat_e7);
        bulla_writer_put_u32(w, (uint32_t)o->lon_e7);
    }
    if (known & BULLA_HAS_SPEED) {
        put_zigzag(w, o->speed_cmh);
    }
    if (known & BULLA_HAS_COURSE) {
        put_varint(w, (uint32_t)o->course_cdeg);
    }
    if (known & BULLA_HAS_ALTITUDE) {
        put_zigzag(w, o->altitude_cm);
    }
    if (known & BULLA_HAS_SATELLITES) {
        bulla_writer_put_u8(w, o->satellites);
    }
    if (known & BULLA_HAS_ACCURACY) {
        put_zigzag(w, o->accuracy_m);
    }
    if (known & BULLA_HAS_PERCENT) {
        bulla_writer_put_u8(w, o->percent);
    }
    if (known & BULLA_HAS_VOLTS) {
        put_zigzag(w, o->millivolts);
    }
    if (known & BULLA_HAS_FENCE) {
        bulla_writer_put_u8(w, o->fence);
    }
    if (known & BULLA_HAS_WAKE) {
        bulla_writer_put_u8(w, o->wake);
    }
}

static void get_numbers(struct bulla_cursor *c, struct bulla_observation *o, uint32_t known)
{
    if (known & BULLA_HAS_COUNTER) {
        o->counter = get_zigzag(c);
    }
    if (known & BULLA_HAS_FIX) {
        o->lat_e7 = (int32_t)bulla_cursor_get_u32(c);
        o->lon_e7 = (int32_t)bulla_cursor_get_u32(c);
    }
    if (known & BULLA_HAS_SPEED) {
        o->speed_cmh = get_zigzag_32(c);
    }
    if (known & BULLA_HAS_COURSE) {
        o->course_cdeg = (int32_t)(uint32_t)get_bounded(c, UINT32_MAX);
    }
    if (known & BULLA_HAS_ALTITUDE) {
        o->altitude_cm = get_zigzag_32(c);
    }
    if (known & BULLA_HAS_SATELLITES) {
        o->satellites = bulla_cursor_get_u8(c);
    }
    if (known & BULLA_HAS_ACCURACY) {
        o->accuracy_m = get_zigzag_32(c);
    }
    if (known & BULLA_HAS_PERCENT) {
        o->percent = bulla_cursor_get_u8(c);
    }
    if (known & BULLA_HAS_VOLTS) {
        o->millivolts = get_zigzag_32(c);
    }
    if (known & BULLA_HAS_FENCE) {
        o->fence = bulla_cursor_get_u8(c);
    }
    if (known & BULLA_HAS_WAKE) {
        o->wake = bulla_cursor_get_u8(c);
    }
}

static void put_unlock(struct bulla_writer *w, const struct bulla_unlock *u)
{
    uint8_t b[5] = {u->channel, u->verdict, u->reason, u->tries, u->fence};
    bulla_writer_put(w, b, sizeof b);
    put_text(w, u->credential, sizeof u->credential);
}

static void get_unlock(struct bulla_cursor *c, struct bulla_unlock *u)
{
    u->channel = bulla_cursor_get_u8(c);
    u->verdict = bulla_cursor_get_u8(c);
    u->reason = bulla_cursor_get_u8(c);
    u->tries = bulla_cursor_get_u8(c);
    u->fence = bulla_cursor_get_u8(c);
    get_text(c, u->credential, sizeof u->credential);
}

static void put_result(struct bulla_writer *w, const struct bulla_result *r)
{
    put_text(w, r->command, sizeof r->command);
    put_zigzag(w, r->serial);
    bulla_writer_put_u8(w, r->verdict);
    put_text(w, r->text, sizeof r->text);
}

static void get_result(struct bulla_cursor *c, struct bulla_result *r)
{
    get_text(c, r->command, sizeof r->command);
    r->serial = get_zigzag_32(c);
    r->verdict = bulla_cursor_get_u8(c);
    get_text(c, r->text, sizeof r->text);
}

static void put_sensors(struct bulla_writer *w, const struct bulla_observation *o)
{
    bulla_writer_put_u8(w, o->n_sensors);
    for (size_t i = 0; i < o->n_sensors; i++) {
        put_text(w, o->sensors[i].id, sizeof o->sensors[i].id);
        bulla_writer_put_u8(w, o->sensors[i].kind);
        put_zigzag(w, o->sensors[i].milli);
    }
}

static uint8_t get_count(struct bulla_cursor *c, uint8_t most)
{
    uint8_t n = bulla_cursor_get_u8(c);
    if (n == 0 || n > most) { /* an empty array has no flag */
        c->failed = true;
        return 0;
    }
    return n;
}

static void get_sensors(struct bulla_cursor *c, struct bulla_observation *o)
{
    o->n_sensors = get_count(c, BULLA_SENSORS_MAX);
    for (size_t i = 0; i < o->n_sensors; i++) {
        get_text(c, o->sensors[i].id, sizeof o->sensors[i].id);
        o->sensors[i].kind = bulla_cursor_get_u8(c);
        o->sensors[i].milli = get_zigzag_32(c);
    }
}

static void put_cells(struct bulla_writer *w, const struct bulla_observation *o)
{
    bulla_writer_put_u8(w, o->n_cells);
    for (size_t i = 0; i < o->n_cells; i++) {
        put_varint(w, o->cells[i].mcc);
        put_varint(w, o->cells[i].mnc);
        put_varint(w, o->cells[i].lac);
        put_varint(w, o->cells[i].cid);
    }
}

static void get_cells(struct bulla_cursor *c, struct bulla_observation *o)
{
    o->n_cells = get_count(c, BULLA_CELLS_MAX);
    for (size_t i = 0; i < o->n_cells; i++) {
        o->cells[i].mcc = (uint16_t)get_bounded(c, UINT16_MAX);
        o->cells[i].mnc = (uint16_t)get_bounded(c, UINT16_MAX);
        o->cells[i].lac = (uint32_t)get_bounded(c, UINT32_MAX);
        o->cells[i].cid = (uint32_t)get_bounded(c, UINT32_MAX);
    }
}

static void put_sublocks(struct bulla_writer *w, const struct bulla_observation *o)
{
    bulla_writer_put_u8(w, o->n_sublocks);
    for (size_t i = 0; i < o->n_sublocks; i++) {
        const struct bulla_sublock *s = &o->sublocks[i];
        put_text(w, s->id, sizeof s->id);
        put_state(w, &s->state);
        bulla_writer_put_u8(w, s->lost);
        bulla_writer_put_u8(w, s->percent);
        put_varint(w, s->events);
    }
}

static void get_sublocks(struct bulla_cursor *c, struct bulla_observation *o)
{
    o->n_sublocks = get_count(c, BULLA_SUBLOCKS_MAX);
    for (size_t i = 0; i < o->n_sublocks; i++) {
        struct bulla_sublock *s = &o->sublocks[i];
        get_text(c, s->id, sizeof s->id);
        s->state = get_state(c);
        s->lost = bulla_cursor_get_u8(c) != 0;
        s->percent = bulla_cursor_get_u8(c);
        s->events = get_varint(c);
    }
}

static void put_note(struct bulla_writer *w, const struct bulla_note *n)
{
    put_text(w, n->by, sizeof n->by);
    put_text(w, n->about, sizeof n->about);
    put_text(w, n->text, sizeof n->text);
}

static void get_note(struct bulla_cursor *c, struct bulla_note *n)
{
    get_text(c, n->by, sizeof n->by);
    get_text(c, n->about, sizeof n->about);
    get_text(c, n->text, sizeof n->text);
}

static uint8_t first_byte(const struct bulla_observation *o, uint32_t known)
{
    return (uint8_t)(VERSION << 4 | (o->stored ? FLAG_STORED : 0) | (known & BULLA_HAS_FIX && o->fix_valid ? FLAG_FIX_VALID : 0) |
                     (o->unknown ? FLAG_UNKNOWN : 0) | (o->proof ? FLAG_PROOF : 0));
}

static uint8_t second_byte(const struct bulla_observation *o, uint32_t known)
{
    return (uint8_t)((is_state_said(&o->state) ? FLAG_STATE : 0) | (o->events ? FLAG_EVENTS : 0) |
                     (known & BULLA_HAS_CHARGING && o->charging ? FLAG_CHARGING : 0) | (o->n_sensors ? FLAG_SENSORS : 0) |
                     (o->n_cells ? FLAG_CELLS : 0) | (o->n_sublocks ? FLAG_SUBLOCKS : 0));
}

static void put_groups(struct bulla_writer *w, const struct bulla_observation *o, uint32_t known, uint8_t flags)
{
    if (flags & FLAG_STATE) {
        put_state(w, &o->state);
    }
    if (flags & FLAG_EVENTS) {
        put_varint(w, o->events);
    }
    if (known & BULLA_HAS_UNLOCK) {
        put_unlock(w, &o->unlock);
    }
    if (known & BULLA_HAS_RESULT) {
        put_result(w, &o->result);
    }
    if (flags & FLAG_SENSORS) {
        put_sensors(w, o);
    }
    if (flags & FLAG_CELLS) {
        put_cells(w, o);
    }
    if (flags & FLAG_SUBLOCKS) {
        put_sublocks(w, o);
    }
    if (known & BULLA_HAS_NOTE) {
        put_note(w, &o->note);
    }
}

static void get_groups(struct bulla_cursor *c, struct bulla_observation *o, uint32_t known, uint8_t flags)
{
    if (flags & FLAG_STATE) {
        o->state = get_state(c);
    }
    if (flags & FLAG_EVENTS) {
        o->events = get_varint(c);
    }
    if (known & BULLA_HAS_UNLOCK) {
        get_unlock(c, &o->unlock);
    }
    if (known & BULLA_HAS_RESULT) {
        get_result(c, &o->result);
    }
    if (flags & FLAG_SENSORS) {
        get_sensors(c, o);
    }
    if (flags & FLAG_CELLS) {
        get_cells(c, o);
    }
    if (flags & FLAG_SUBLOCKS) {
        get_sublocks(c, o);
    }
    if (known & BULLA_HAS_NOTE) {
        get_note(c, &o->note);
    }
}

size_t store_pack_put(uint8_t to[STORE_PACK_MAX], const struct bulla_observation *o)
{
    struct bulla_writer w = bulla_writer_over(to, STORE_PACK_MAX);
    uint32_t known = o->has & ~o->unknown;
    uint8_t flags = second_byte(o, known);
    bulla_writer_put_u8(&w, first_byte(o, known));
    bulla_writer_put_u8(&w, flags);
    put_varint(&w, o->has);
    if (o->unknown) {
        put_varint(&w, o->unknown);
    }
    if (o->proof) {
        bulla_writer_put_u8(&w, o->proof);
    }
    put_numbers(&w, o, known);
    put_groups(&w, o, known, flags);
    return w.len;
}

struct heading { /* the first bytes of a packed observation */
    uint8_t first, second;
    uint32_t has, unknown;
    uint8_t proof;
};

static struct heading get_heading(struct bulla_cursor *c)
{
    struct heading h = {0};
    h.first = bulla_cursor_get_u8(c);
    h.second = bulla_cursor_get_u8(c);
    h.has = (uint32_t)get_bounded(c, UINT32_MAX);
    if (h.first & FLAG_UNKNOWN) {
        h.unknown = (uint32_t)get_bounded(c, UINT32_MAX);
    }
    if (h.first & FLAG_PROOF) {
        h.proof = bulla_cursor_get_u8(c);
    }
    if (h.first >> 4 != VERSION || h.second & ~FLAGS_KNOWN) {
        c->failed = true;
    }
    return h;
}

bool store_pack_get(struct bulla_bytes packed, int64_t at_ms, struct bulla_observation *out)
{
    struct bulla_cursor c = bulla_cursor_over(packed.at, packed.len);
    struct heading h = get_heading(&c);
    if (c.failed) {
        return false;
    }
    struct bulla_observation o;
    bulla_observation_init(&o, "");
    uint32_t known = h.has & ~h.unknown;
    o.has = h.has;
    o.unknown = h.unknown;
    o.proof = h.proof;
    o.stored = (h.first & FLAG_STORED) != 0;
    o.fix_valid = (h.first & FLAG_FIX_VALID) != 0;
    o.charging = (h.second & FLAG_CHARGING) != 0;
    if (known & BULLA_HAS_TIME) {
        o.time_ms = at_ms;
    }
    get_numbers(&c, &o, known);
    get_groups(&c, &o, known, h.second);
    if (c.failed || c.left) {
        return false;
    }
    *out = o;
    return true;
}
