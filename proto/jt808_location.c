/* SPDX-License-Identifier: Apache-2.0
 *
 * JT/T 808 locations: the 28-byte base, which lock profile and which clock it speaks by, the legacy tail, and the
 * messages that carry locations in bulk.
 */
#include "proto/jt808.h"

#define GMT8_MINUTES  480
#define LEGACY_TAIL   18
#define HOUR_MS       3600000
#define SUSPECT_MS    45000 /* a fresh report is this near to whole hours of error */
#define SUSPECT_HOURS 14
#define LAT_MAX       90000000u
#define LON_MAX       180000000u

enum { /* status DWORD */
       FIX = 1u << 1,
       SOUTH = 1u << 2,
       WEST = 1u << 3,
       LBS_JT709 = 1u << 6,
       GPS_JT709 = 1u << 18,
};

/* ---- whose message, which clock ---- */

enum jt808_model jt808_model_of(const struct jt808_call *c)
{
    const struct proto_profile *profile = c->link->profile;
    enum jt808_model named = profile ? jt808_model_named(profile->model) : JT808_STANDARD;
    return named != JT808_STANDARD ? named : (enum jt808_model)c->state->model;
}

int jt808_zone_minutes(const struct jt808_call *c)
{
    const struct proto_profile *profile = c->link->profile;
    if (profile && profile->has_zone) {
        return profile->zone_minutes;
    }
    enum jt808_model model = jt808_model_of(c);
    return model == JT808_JT709 || model == JT808_JT705 ? 0 : GMT8_MINUTES;
}

int64_t jt808_clock(const uint8_t bcd[6], int zone_minutes)
{
    unsigned field[6];
    unsigned any = 0;
    for (size_t i = 0; i < 6; i++) {
        if (bcd[i] >> 4 > 9 || (bcd[i] & 15) > 9) {
            return BULLA_TIME_NONE;
        }
        field[i] = (unsigned)(bcd[i] >> 4) * 10 + (bcd[i] & 15u);
        any |= field[i];
    }
    if (!any) {
        return BULLA_TIME_NONE;
    }
    struct bulla_calendar calendar = {2000 + (int)field[0], field[1], field[2], field[3], field[4], field[5], 0};
    int64_t time_ms = bulla_time_from_calendar(&calendar);
    return time_ms == BULLA_TIME_NONE ? time_ms : time_ms - (int64_t)zone_minutes * 60000;
}

/* With a clock, the serial is not said: a location that is sent again from the store has another one, and is the same. */
void jt808_put_clock(struct bulla_observation *o, const uint8_t bcd[6], int zone_minutes)
{
    o->time_ms = jt808_clock(bcd, zone_minutes);
    o->has |= BULLA_HAS_TIME;
    if (o->time_ms == BULLA_TIME_NONE) {
        o->unknown |= BULLA_HAS_TIME;
    } else {
        o->has &= ~(uint32_t)BULLA_HAS_COUNTER;
    }
}

/* A report sent at once whose clock is whole hours away: the zone of the profile is wrong, most likely. */
void jt808_judge_zone(const struct jt808_call *c, struct bulla_observation *o)
{
    int64_t now_ms = c->link->now_ms;
    if (now_ms <= 0 || o->stored || o->time_ms == BULLA_TIME_NONE) {
        return;
    }
    int64_t off_ms = now_ms > o->time_ms ? now_ms - o->time_ms : o->time_ms - now_ms;
    int64_t hours = (off_ms + HOUR_MS / 2) / HOUR_MS;
    int64_t rest_ms = off_ms - hours * HOUR_MS;
    if (hours >= 1 && hours <= SUSPECT_HOURS && rest_ms > -SUSPECT_MS && rest_ms < SUSPECT_MS) {
        bulla_observation_add_event(o, BULLA_EVENT_TIME_ZONE_SUSPECT);
    }
}

/* ---- the base ---- */

static uint32_t u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static unsigned u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static bool on_earth(const uint8_t *place)
{
    return u32(place) <= LAT_MAX && u32(place + 4) <= LON_MAX;
}

static void put_fix(struct bulla_observation *o, const uint8_t *place, uint32_t status)
{
    o->has |= BULLA_HAS_FIX;
    if (!on_earth(place)) { /* 0/0, not valid */
        return;
    }
    o->lat_e7 = (int32_t)u32(place) * (status & SOUTH ? -10 : 10);
    o->lon_e7 = (int32_t)u32(place + 4) * (status & WEST ? -10 : 10);
    o->fix_valid = (status & FIX) != 0;
}

void jt808_place(struct bulla_observation *o, const uint8_t *at, uint32_t status)
{
    put_fix(o, at, status);
    unsigned speed = u16(at + 10), course = u16(at + 12);
    o->has |= BULLA_HAS_ALTITUDE | BULLA_HAS_SPEED | BULLA_HAS_COURSE;
    o->altitude_cm = (int16_t)u16(at + 8) * 100;
    o->speed_cmh = (int32_t)speed * 10;
    o->course_cdeg = (int32_t)(course % 360) * 100;
    o->unknown |= (speed == 0xFFFF ? (uint32_t)BULLA_HAS_SPEED : 0) | (course > 360 ? (uint32_t)BULLA_HAS_COURSE : 0);
}

/* JT709: bit 18 or 1 is a satellite fix, else bit 6 a position from cells. */
static void judge_fix_jt709(struct bulla_observation *o, uint32_t status)
{
    o->fix_valid = status & (FIX | GPS_JT709);
    if (!(status & (FIX | GPS_JT709)) && (status & LBS_JT709)) {
        bulla_observation_add_event(o, BULLA_EVENT_POSITION_CELL);
    }
}

/* 18 bytes that are no items: skip 4, odometer km, battery 0.1 V, area, signal, 3 reserved. */
static void put_legacy(struct bulla_observation *o, const uint8_t *tail)
{
    uint32_t km = u32(tail + 4);
    bulla_observation_add_sensor(o, "", BULLA_SENSOR_MILEAGE, km > INT32_MAX / 1000 ? INT32_MAX : (int32_t)(km * 1000));
    o->has |= BULLA_HAS_VOLTS;
    o->millivolts = (int32_t)u16(tail + 8) * 100;
    bulla_observation_add_sensor(o, "", BULLA_SENSOR_CSQ, tail[14] * 1000);
}

bool jt808_location(struct jt808_call *c, struct bulla_bytes body, bool stored, struct bulla_observation *o)
{
    if (body.len < JT808_BASE) {
        return false;
    }
    struct bulla_bytes items = {body.at + JT808_BASE, body.len - JT808_BASE};
    enum jt808_model seen = (enum jt808_model)c->state->model;
    bool whole = jt808_look(items, &seen);
    c->state->model = (uint8_t)seen;

    jt808_begin(c, o);
    o->stored = stored;
    struct jt808_walk w = {c, o, jt808_model_of(c), u32(body.at), u32(body.at + 4), jt808_zone_minutes(c), false, false};
    jt808_place(o, body.at + 8, w.status);
    if (w.model == JT808_JT709 && on_earth(body.at + 8)) {
        judge_fix_jt709(o, w.status);
    }
    if (items.len == LEGACY_TAIL && (!whole || items.at[0] == 0)) { /* no item has the id 0 */
        put_legacy(o, items.at);
    } else {
        jt808_walk(&w, items);
    }
    jt808_alarm_put(&w, c->head.version != 0);
    jt808_status_put(&w);
    jt808_put_clock(o, body.at + 22, w.zone_minutes);
    if (!w.zone_said) {
        jt808_judge_zone(c, o);
    }
    return true;
}

/* ---- messages ---- */

static enum bulla_status too_short(struct jt808_call *c, size_t got)
{
    return proto_fail_number(c->link, BULLA_DAMAGED, "location", "28 bytes or more", (int64_t)got);
}

enum bulla_status jt808_report(struct jt808_call *c)
{
    struct bulla_observation o;
    if (!jt808_location(c, c->body, false, &o)) {
        return too_short(c, c->body.len);
    }
    jt808_emit(c, &o);
    jt808_reply_general(c, JT808_DONE);
    return BULLA_OK;
}

/* The next location of a list, each behind its length of `size` bytes. What does not fit ends the list. */
static struct bulla_bytes next_of(struct bulla_cursor *list, size_t size)
{
    size_t len = size == 2 ? bulla_cursor_get_u16(list) : bulla_cursor_get_u8(list);
    return bulla_cursor_take(list, len);
}

static size_t emit_list(struct jt808_call *c, struct bulla_cursor list, size_t size, size_t limit, bool stored)
{
    size_t n = 0;
    for (size_t i = 0; i < limit && list.left; i++) {
        struct bulla_observation o;
        struct bulla_bytes body = next_of(&list, size);
        if (jt808_location(c, body, stored, &o)) {
            jt808_emit(c, &o);
            n++;
        }
    }
    return n;
}

/* 0x0704: WORD count, BYTE kind (1: what could not be sent at its time), {WORD length, location}. */
enum bulla_status jt808_batch(struct jt808_call *c)
{
    struct bulla_cursor list = bulla_cursor_over(c->body.at, c->body.len);
    size_t count = bulla_cursor_get_u16(&list);
    uint8_t kind = bulla_cursor_get_u8(&list);
    if (list.failed || (!emit_list(c, list, 2, count, kind == 1) && count)) {
        return proto_fail_number(c->link, BULLA_DAMAGED, "batch", "at least one location", (int64_t)c->body.len);
    }
    if (!count) {
        return jt808_bare(c, true);
    }
    jt808_reply_general(c, JT808_DONE);
    return BULLA_OK;
}

/* 0x0210 of HHD locks: {BYTE length, location}; or seven bytes: battery %, clock. */
enum bulla_status jt808_batch_hhd(struct jt808_call *c)
{
    c->state->model = JT808_HHD;
    if (c->body.len == 7) {
        struct bulla_observation o;
        jt808_begin(c, &o);
        o.has |= BULLA_HAS_PERCENT;
        o.percent = c->body.at[0];
        o.unknown |= o.percent > 100 ? (uint32_t)BULLA_HAS_PERCENT : 0;
        jt808_put_clock(&o, c->body.at + 1, jt808_zone_minutes(c));
        bulla_observation_add_event(&o, BULLA_EVENT_HEARTBEAT);
        jt808_emit(c, &o);
    } else if (!emit_list(c, bulla_cursor_over(c->body.at, c->body.len), 1, c->body.len, false)) {
        return proto_fail_number(c->link, BULLA_DAMAGED, "batch", "at least one location", (int64_t)c->body.len);
    }
    jt808_reply_general(c, JT808_DONE);
    return BULLA_OK;
}
