/* SPDX-License-Identifier: Apache-2.0
 *
 * The device's side of JT/T 808: the Jointech JT709 lock (2013 header, UTC, no login, lock state in vendor status bits)
 * and a lock by the 2019 edition (registration, authentication, GMT+8, the bolt in the status word). The platform's side is
 * proto/jt808*.c; nothing is shared with it on purpose.
 *
 *   7E | escaped( id[2] attributes[2] (2019: version) phone[6|10] serial[2] body xor ) | 7E      escapes 7D01 7D02
 *   0200: alarm[4] status[4] lat[4] lon[4] altitude[2] speed[2] course[2] YYMMDDhhmmss, then {id, len, value}
 *   0704: count[2] kind, then {len[2], body of 0200}: what was kept while there was no connection
 */
#include "sim/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/time.h"

#define EDITION_2019 0x4000u
#define GMT8_MS      (8 * 3600 * 1000)
#define BODY_MAX     1023
#define BATCH_MAX    12

enum {
    MSG_REPLY = 0x0001,
    MSG_HEARTBEAT = 0x0002,
    MSG_REGISTER = 0x0100,
    MSG_AUTHENTICATE = 0x0102,
    MSG_PARAMETERS = 0x0104,
    MSG_LOCATION = 0x0200,
    MSG_LOCATION_ASKED = 0x0201,
    MSG_CONTROLLED = 0x0500,
    MSG_BATCH = 0x0704
};
enum { DONE = 0, FAILED = 1, UNSUPPORTED = 3 };

static bool is_2019(const struct sim_device *d)
{
    return d->kind->version == 1;
}

/* --- framing --- */
static void put_escaped(struct bulla_writer *w, const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (at[i] == 0x7D || at[i] == 0x7E) {
            bulla_writer_put_u8(w, 0x7D);
            bulla_writer_put_u8(w, at[i] == 0x7D ? 1 : 2);
        } else {
            bulla_writer_put_u8(w, at[i]);
        }
    }
}

/* Packed decimal of the id's digits, padded on the left with zeros to n bytes. */
static void put_phone(struct bulla_writer *w, const char *digits, size_t n)
{
    size_t have = strlen(digits), pad = 2 * n > have ? 2 * n - have : 0;
    for (size_t i = 0; i < n; i++) {
        unsigned nibble[2];
        for (size_t k = 0; k < 2; k++)
            nibble[k] = 2 * i + k < pad ? 0 : (unsigned)(digits[2 * i + k - pad] - '0');
        bulla_writer_put_u8(w, (uint8_t)(nibble[0] << 4 | nibble[1]));
    }
}

static void put_message(const struct sim_device *d, unsigned id, uint16_t serial, const uint8_t *body, size_t n, struct bulla_writer *out)
{
    uint8_t plain[BODY_MAX + 32];
    struct bulla_writer w = bulla_writer_over(plain, sizeof plain);
    bulla_writer_put_u16(&w, (uint16_t)id);
    bulla_writer_put_u16(&w, (uint16_t)(n | (is_2019(d) ? EDITION_2019 : 0)));
    if (is_2019(d))
        bulla_writer_put_u8(&w, d->kind->version);
    put_phone(&w, d->id, is_2019(d) ? 10 : 6);
    bulla_writer_put_u16(&w, serial);
    bulla_writer_put(&w, body, n);
    uint8_t check = 0;
    for (size_t i = 0; i < w.len; i++)
        check ^= plain[i];
    bulla_writer_put_u8(&w, check);
    bulla_writer_put_u8(out, 0x7E);
    put_escaped(out, plain, w.len);
    bulla_writer_put_u8(out, 0x7E);
}

static void say(struct sim_device *d, unsigned id, const uint8_t *body, size_t n)
{
    uint8_t bytes[SIM_DEVICE_FRAME_MAX];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    put_message(d, id, d->serial++, body, n, &w);
    sim_device_urgent(d, bytes, w.len);
}

static void say_writer(struct sim_device *d, unsigned id, const struct bulla_writer *body)
{
    say(d, id, body->at, body->len);
}

/* --- location --- */
static void put_time(struct bulla_writer *w, int64_t time_ms)
{
    struct bulla_calendar c = bulla_time_to_calendar(time_ms);
    bulla_writer_put_bcd(w, (unsigned)c.year % 100 * 10000u + c.month * 100u + c.day, 3);
    bulla_writer_put_bcd(w, c.hour * 10000u + c.minute * 100u + c.second, 3);
}

static void put_item(struct bulla_writer *w, unsigned id, unsigned len, uint64_t value)
{
    bulla_writer_put_u8(w, (uint8_t)id);
    bulla_writer_put_u8(w, (uint8_t)len);
    for (unsigned i = len; i-- > 0;)
        bulla_writer_put_u8(w, (uint8_t)(value >> 8 * i));
}

static bool low_battery(const struct sim_device *d, const struct sim_record *r)
{
    return d->low_told && r->at.battery_percent < d->low_battery_percent + 10;
}

static uint32_t position_bits(const struct sim_reading *at)
{
    return (at->fix ? 2u : 0) | (at->lat < 0 ? 4u : 0) | (at->lon < 0 ? 8u : 0) | (at->fix ? 1u << 18 : 0);
}

static void put_base(struct bulla_writer *w, uint32_t alarm, uint32_t status, const struct sim_reading *at, int64_t zone_ms)
{
    bulla_writer_put_u32(w, alarm);
    bulla_writer_put_u32(w, status);
    bulla_writer_put_u32(w, (uint32_t)(fabs(at->lat) * 1e6 + 0.5));
    bulla_writer_put_u32(w, (uint32_t)(fabs(at->lon) * 1e6 + 0.5));
    bulla_writer_put_u16(w, (uint16_t)(int16_t)at->altitude_m);
    bulla_writer_put_u16(w, (uint16_t)(at->speed_kmh * 10 + 0.5));
    bulla_writer_put_u16(w, (uint16_t)((unsigned)(at->course_deg + 0.5) % 360));
    put_time(w, at->time_ms + zone_ms);
}

/* Item 0B of the JT709: type, then card or password and a verdict. 0x65 is what the real lock answers when it opens. */
static void put_lock_item(const struct sim_device *d, const struct sim_record *r, struct bulla_writer *w)
{
    uint32_t card = (uint32_t)strtoul(r->text, NULL, 10);
    if (r->kind != SIM_RECORD_LOCK)
        return;
    if (r->event == SIM_LOCK_CARD_OK) {
        put_item(w, 0x0B, 6, UINT64_C(0x22) << 40 | (uint64_t)card << 8 | 0x65);
    } else if (r->event == SIM_LOCK_CARD_UNKNOWN) {
        put_item(w, 0x0B, 5, UINT64_C(0x23) << 32 | card);
    } else if (r->event == SIM_LOCK_STATIC_OK || r->event == SIM_LOCK_STATIC_WRONG) {
        bulla_writer_put(w, "\x0B\x08\x01", 3);
        bulla_writer_put(w, d->lock.password, 6);
        bulla_writer_put_u8(w, r->event == SIM_LOCK_STATIC_OK ? 0x65 : 0xFF);
    }
}

static void put_jt709(const struct sim_device *d, const struct sim_record *r, struct bulla_writer *w)
{
    const struct sim_reading *at = &r->at;
    bool cover_alarm = r->kind == SIM_RECORD_ALARM && r->event == SIM_ALARM_COVER;
    uint32_t alarm = (low_battery(d, r) ? 1u << 7 : 0) | (cover_alarm ? 1u << 16 : 0);
    uint32_t status = position_bits(at) | (r->cover_open ? 1u << 7 : 0) | (r->rope != SIM_ROPE_IN ? 1u << 20 : 0) |
                      (r->motor != SIM_MOTOR_LOCKED ? 1u << 21 : 0) | (uint32_t)(r->wake & 15) << 24;
    put_base(w, alarm, status, at, 0);
    put_item(w, 0xD4, 1, at->charging ? 0xFF : (uint64_t)(at->battery_percent + 0.5));
    put_item(w, 0xD5, 2, (uint64_t)(340 + at->battery_percent * 0.8));
    put_item(w, 0x30, 1, at->csq);
    put_item(w, 0x31, 1, at->satellites);
    put_item(w, 0xF9, 2, 7);
    put_item(w, 0xFE, 4, (uint64_t)at->mileage_km);
    put_item(w, 0xFD, 2, at->cell.mcc);
    w->at[w->len - 3] = 10; /* the item goes on: length 10 means a two-byte network code */
    bulla_writer_put_u16(w, at->cell.mnc);
    bulla_writer_put_u32(w, at->cell.cid);
    bulla_writer_put_u16(w, at->cell.lac);
    put_lock_item(d, r, w);
}

/* A door lock: bit 12 of the status is its bolt, bit 17 the door behind it; a door that opens behind a closed bolt is the
 * standard's illegal opening. */
static void put_2019(const struct sim_device *d, const struct sim_record *r, struct bulla_writer *w)
{
    const struct sim_reading *at = &r->at;
    uint32_t alarm = (low_battery(d, r) ? 1u << 7 : 0) | (r->rope == SIM_ROPE_CUT ? 1u << 31 : 0);
    uint32_t status = position_bits(at) | (r->motor == SIM_MOTOR_LOCKED ? 1u << 12 : 0) | (r->rope != SIM_ROPE_IN ? 1u << 17 : 0) |
                      (at->speed_kmh > 3 ? 1u << 22 : 0);
    put_base(w, alarm, status, at, GMT8_MS);
    put_item(w, 0x01, 4, (uint64_t)(at->mileage_km * 10));
    put_item(w, 0x30, 1, at->csq);
    put_item(w, 0x31, 1, at->satellites);
    put_item(w, 0xD4, 1, (uint64_t)(at->battery_percent + 0.5));
}

static void put_location(const struct sim_device *d, const struct sim_record *r, struct bulla_writer *w)
{
    (is_2019(d) ? put_2019 : put_jt709)(d, r, w);
}

/* One 0200, or as many kept ones as a 0704 holds. */
static size_t encode(struct sim_device *d, struct sim_record *records, size_t n, struct bulla_writer *out)
{
    uint8_t body[BODY_MAX];
    struct bulla_writer w = bulla_writer_over(body, sizeof body);
    uint16_t serial = records[0].numbered ? records[0].serial : d->serial++;
    size_t taken = 0;
    if (!records[0].stored) {
        put_location(d, &records[0], &w);
        taken = 1;
    } else {
        bulla_writer_put_u16(&w, 0);
        bulla_writer_put_u8(&w, 1);
        for (; taken < n && taken < BATCH_MAX && (taken == 0 || records[taken].numbered == records[0].numbered); taken++) {
            if (records[taken].numbered && records[taken].serial != serial)
                break;
            struct bulla_writer before = w;
            bulla_writer_put_u16(&w, 0);
            put_location(d, &records[taken], &w);
            if (w.failed) {
                w = before;
                break;
            }
            size_t len = w.len - before.len - 2;
            body[before.len] = (uint8_t)(len >> 8);
            body[before.len + 1] = (uint8_t)len;
        }
        body[1] = (uint8_t)taken;
    }
    put_message(d, records[0].stored ? MSG_BATCH : MSG_LOCATION, serial, body, w.len, out);
    for (size_t i = 0; i < taken; i++) {
        records[i].serial = serial;
        records[i].numbered = true;
    }
    return taken;
}

/* --- what the lock does --- */
static void tell_jt709(struct sim_device *d, enum sim_lock_event event, const char *text)
{
    bool card = event == SIM_LOCK_CARD_OK || event == SIM_LOCK_CARD_UNKNOWN;
    bool password = event == SIM_LOCK_STATIC_OK || event == SIM_LOCK_STATIC_WRONG;
    if (event == SIM_LOCK_COVER_OPENED)
        sim_device_record(d, SIM_RECORD_ALARM, SIM_ALARM_COVER, "", 3);
    else if (card || password)
        sim_device_record(d, SIM_RECORD_LOCK, event, text, card ? 6 : 1);
    else
        sim_device_record(d, SIM_RECORD_REPORT, 0, "", 4);
}

static void tell_2019(struct sim_device *d, enum sim_lock_event event, const char *text)
{
    (void)text;
    if (event != SIM_LOCK_CARD_UNKNOWN && event != SIM_LOCK_STATIC_WRONG) /* it has no item for a refusal */
        sim_device_record(d, SIM_RECORD_REPORT, 0, "", 4);
}

/* --- login --- */
static void put_padded(struct bulla_writer *w, const char *text, size_t n)
{
    size_t have = strlen(text) < n ? strlen(text) : n;
    bulla_writer_put(w, text, have);
    for (size_t i = have; i < n; i++)
        bulla_writer_put_u8(w, 0);
}

static void say_register(struct sim_device *d)
{
    uint8_t body[128];
    struct bulla_writer w = bulla_writer_over(body, sizeof body);
    bulla_writer_put_u32(&w, 0); /* province, city: left to the platform */
    put_padded(&w, "BULLASIM", 11);
    put_padded(&w, d->kind->name, 30);
    put_padded(&w, d->id, 30);
    bulla_writer_put_u8(&w, 0); /* not registered as a vehicle: no plate */
    say_writer(d, MSG_REGISTER, &w);
}

static void say_authenticate(struct sim_device *d)
{
    uint8_t body[128];
    struct bulla_writer w = bulla_writer_over(body, sizeof body);
    bulla_writer_put_u8(&w, (uint8_t)strlen(d->authentication));
    bulla_writer_put_text(&w, d->authentication);
    put_padded(&w, d->id, 15);
    put_padded(&w, "1.0", 20);
    say_writer(d, MSG_AUTHENTICATE, &w);
}

static void connected_2019(struct sim_device *d, int64_t now_ms)
{
    (void)now_ms;
    d->heartbeat_due_ms = d->now.time_ms + (int64_t)d->heartbeat_s * 1000;
    if (d->authentication[0])
        say_authenticate(d);
    else
        say_register(d);
}

static void connected_jt709(struct sim_device *d, int64_t now_ms)
{
    char text[64];
    (void)now_ms;
    d->ready = true;
    d->heartbeat_due_ms = d->now.time_ms + (int64_t)d->heartbeat_s * 1000;
    int n = snprintf(text, sizeof text, "(%s,1,001,BASE,2,TIME)", d->id);
    sim_device_urgent(d, text, (size_t)n);
}

static void tick(struct sim_device *d)
{
    if (!d->connected || !d->ready || d->now.time_ms < d->heartbeat_due_ms)
        return;
    say(d, MSG_HEARTBEAT, (const uint8_t *)"", 0);
    d->heartbeat_due_ms = d->now.time_ms + (int64_t)d->heartbeat_s * 1000;
}

/* --- platform to device --- */
struct order { /* a message from the platform */
    uint16_t id, serial;
    struct bulla_cursor body;
};

static void reply(struct sim_device *d, const struct order *o, unsigned result)
{
    uint8_t body[5];
    struct bulla_writer w = bulla_writer_over(body, sizeof body);
    bulla_writer_put_u16(&w, o->serial);
    bulla_writer_put_u16(&w, o->id);
    bulla_writer_put_u8(&w, (uint8_t)result);
    say_writer(d, MSG_REPLY, &w);
}

static void answer_location(struct sim_device *d, unsigned id, const struct order *o)
{
    uint8_t body[BODY_MAX];
    struct bulla_writer w = bulla_writer_over(body, sizeof body);
    struct sim_record r = {.at = d->now,
                           .rope = (uint8_t)d->lock.rope,
                           .motor = (uint8_t)d->lock.motor,
                           .cover_open = d->lock.cover_open,
                           .cuts = d->lock.cuts,
                           .wake = 1};
    bulla_writer_put_u16(&w, o->serial);
    put_location(d, &r, &w);
    say_writer(d, id, &w);
}

static void on_reply(struct sim_device *d, struct order *o)
{
    uint16_t serial = bulla_cursor_get_u16(&o->body), id = bulla_cursor_get_u16(&o->body);
    uint8_t result = bulla_cursor_get_u8(&o->body);
    if (o->body.failed)
        return;
    if (id == MSG_AUTHENTICATE) {
        d->ready = result == 0;
        if (!d->ready) { /* the code is no longer known: register anew */
            d->authentication[0] = 0;
            say_register(d);
        }
    } else if ((id == MSG_LOCATION || id == MSG_BATCH) && (result == 0 || result == 4)) {
        (void)sim_device_acknowledge(d, serial);
    }
}

static void on_registered(struct sim_device *d, struct order *o)
{
    (void)bulla_cursor_get_u16(&o->body);
    uint8_t result = bulla_cursor_get_u8(&o->body);
    if (o->body.failed || result != 0 || o->body.left == 0 || o->body.left >= sizeof d->authentication)
        return;
    memcpy(d->authentication, o->body.at, o->body.left);
    d->authentication[o->body.left] = 0;
    say_authenticate(d);
}

static bool set_parameter(struct sim_device *d, uint32_t id, struct bulla_bytes value)
{
    struct bulla_cursor c = bulla_cursor_over(value.at, value.len);
    uint32_t seconds = value.len == 4 ? bulla_cursor_get_u32(&c) : 0;
    if (id == 0x0001 && seconds)
        d->heartbeat_s = seconds;
    else if (id == 0x0029 && seconds)
        d->interval_s = seconds;
    else if (id == 0x0027 && seconds)
        d->store_parked_s = seconds;
    else
        return id != 0x0001 && id != 0x0029 && id != 0x0027; /* others are kept without effect here */
    return true;
}

static void on_parameters(struct sim_device *d, struct order *o)
{
    bool good = true;
    for (unsigned left = bulla_cursor_get_u8(&o->body); left && !o->body.failed; left--) {
        uint32_t id = bulla_cursor_get_u32(&o->body);
        struct bulla_bytes value = bulla_cursor_take(&o->body, bulla_cursor_get_u8(&o->body));
        if (!o->body.failed)
            good = set_parameter(d, id, value) && good;
    }
    reply(d, o, good && !o->body.failed ? DONE : FAILED);
}

static void on_query(struct sim_device *d, struct order *o)
{
    uint8_t body[40];
    struct bulla_writer w = bulla_writer_over(body, sizeof body);
    const uint32_t values[][2] = {{0x0001, d->heartbeat_s}, {0x0027, d->store_parked_s}, {0x0029, d->interval_s}};
    bulla_writer_put_u16(&w, o->serial);
    bulla_writer_put_u8(&w, 3);
    for (size_t i = 0; i < 3; i++) {
        bulla_writer_put_u32(&w, values[i][0]);
        bulla_writer_put_u8(&w, 4);
        bulla_writer_put_u32(&w, values[i][1]);
    }
    say_writer(d, MSG_PARAMETERS, &w);
}

static void on_control(struct sim_device *d, struct order *o)
{
    uint8_t command = bulla_cursor_get_u8(&o->body);
    reply(d, o, command == 4 || command == 6 ? DONE : UNSUPPORTED);
    d->wants_close = d->wants_close || command == 4 || command == 6;
}

static void on_locate(struct sim_device *d, struct order *o)
{
    answer_location(d, MSG_LOCATION_ASKED, o);
}

static void on_track(struct sim_device *d, struct order *o)
{
    uint16_t interval = bulla_cursor_get_u16(&o->body);
    if (interval)
        d->interval_s = interval;
    reply(d, o, DONE);
}

static void on_vehicle(struct sim_device *d, struct order *o)
{
    unsigned lock;
    if (is_2019(d)) {
        uint16_t count = bulla_cursor_get_u16(&o->body), type = bulla_cursor_get_u16(&o->body);
        lock = bulla_cursor_get_u8(&o->body);
        o->body.failed = o->body.failed || count == 0 || type != 1;
    } else {
        lock = bulla_cursor_get_u8(&o->body) & 1u;
    }
    if (o->body.failed) {
        reply(d, o, FAILED);
        return;
    }
    enum sim_lock_event event = sim_device_act(d, lock ? SIM_ACT_REMOTE_LOCK : SIM_ACT_REMOTE, "");
    reply(d, o, event == SIM_LOCK_REMOTE_OK || event == SIM_LOCK_REMOTE_LOCKED ? DONE : FAILED);
    answer_location(d, MSG_CONTROLLED, o);
}

static void on_text(struct sim_device *d, struct order *o)
{
    reply(d, o, DONE);
}

static const struct handler {
    uint16_t id;
    void (*run)(struct sim_device *d, struct order *o);
} handlers[] = {
    {0x8001, on_reply},   {0x8100, on_registered}, {0x8103, on_parameters}, {0x8104, on_query}, {0x8106, on_query},
    {0x8105, on_control}, {0x8201, on_locate},     {0x8202, on_track},      {0x8300, on_text},  {0x8500, on_vehicle},
};

static bool wants_no_answer(uint16_t id)
{
    return id == 0x8004 || id == 0x8800 || id == 0x8003 || id == 0x8109;
}

static void take_message(struct sim_device *d, const uint8_t *at, size_t n)
{
    uint8_t plain[2048], check = 0;
    size_t len = 0, head = is_2019(d) ? 17 : 12;
    for (size_t i = 0; i < n && len < sizeof plain; i++) {
        bool escape = at[i] == 0x7D && i + 1 < n;
        plain[len++] = escape ? (at[++i] == 1 ? 0x7D : 0x7E) : at[i];
    }
    for (size_t i = 0; i < len; i++)
        check ^= plain[i];
    if (len < head + 1 || check != 0)
        return;
    struct bulla_cursor c = bulla_cursor_over(plain, len - 1);
    struct order o = {.id = bulla_cursor_get_u16(&c)};
    bulla_cursor_skip(&c, head - 4);
    o.serial = bulla_cursor_get_u16(&c);
    o.body = c;
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
        if (handlers[i].id == o.id) {
            handlers[i].run(d, &o);
            return;
        }
    if (!wants_no_answer(o.id))
        reply(d, &o, UNSUPPORTED);
}

/* Text messages (the time) may stand between: they are passed over. */
static size_t receive(struct sim_device *d, int64_t now_ms, const uint8_t *at, size_t n)
{
    (void)now_ms;
    size_t used = 0;
    for (;;) {
        const uint8_t *open = memchr(at + used, 0x7E, n - used);
        if (!open)
            return n;
        const uint8_t *close = memchr(open + 1, 0x7E, (size_t)(at + n - open - 1));
        if (!close)
            return (size_t)(open - at);
        if (close - open > 1)
            take_message(d, open + 1, (size_t)(close - open - 1));
        used = (size_t)(close - at) + (close - open > 1);
    }
}

const struct sim_device_kind sim_device_jt709 = {.name = "JT709",
                                                 .protocol = "jt808",
                                                 .profile = "JT709",
                                                 .window = 96,
                                                 .version = 0,
                                                 .renumbers = true,
                                                 .connected = connected_jt709,
                                                 .tick = tick,
                                                 .tell = tell_jt709,
                                                 .encode = encode,
                                                 .receive = receive};
const struct sim_device_kind sim_device_jt808 = {.name = "EL-2019",
                                                 .protocol = "jt808",
                                                 .profile = "door-lock",
                                                 .window = 96,
                                                 .version = 1,
                                                 .renumbers = true,
                                                 .connected = connected_2019,
                                                 .tick = tick,
                                                 .tell = tell_2019,
                                                 .encode = encode,
                                                 .receive = receive};
