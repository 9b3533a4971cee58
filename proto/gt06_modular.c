/* SPDX-License-Identifier: Apache-2.0
 *
 * GT06: messages that are lists of items, in any order; an item that is not known is passed over by its length.
 *
 *   70  id 2, length 2, data; of container trackers (LL01, CT10)
 *   36  a heartbeat of five bytes, then id 2, length 1, data
 *
 *   id    bytes  data
 *   0009  1      satellites
 *   0011  10     cell: country 2, network 2, area 2, cell 3, strength 1
 *   0018  2      battery, volts / 100
 *   002A  1      low nibble not 0: door open; high nibble not 0: tampered with
 *   002C  4      unix time
 *   0033  18     unix time 4, satellites 1, altitude 2, latitude 4, longitude 4, speed 1, flags 2; zeros: no position
 *   0034  6 up   event 1, unix time 4, length 1, content
 *   006A  1      battery, %
 *   007F  14     tag: address 6, battery mV 2, battery % 1, temperature / 10 2, humidity / 10 2, state 1
 *
 * What happened and what is the case may be of two times: then the event is an observation of its own, before the report.
 */
#include "proto/gt06.h"

#define EVENT_NONE 0xFF

struct happened {
    uint8_t event; /* EVENT_NONE: nothing of note */
    int64_t time_ms;
};

struct item {
    uint16_t id, length; /* length: at least */
    enum bulla_status (*put)(struct gt06_call *call, struct happened *happened);
};

static void put_unix(struct bulla_observation *o, uint32_t seconds)
{
    if (seconds) {
        o->has |= BULLA_HAS_TIME;
        o->time_ms = (int64_t)seconds * 1000;
    }
}

static enum bulla_status put_satellites(struct gt06_call *call, struct happened *happened)
{
    (void)happened;
    call->o.has |= BULLA_HAS_SATELLITES;
    call->o.satellites = bulla_cursor_get_u8(&call->c);
    return BULLA_OK;
}

static enum bulla_status put_cell(struct gt06_call *call, struct happened *happened)
{
    (void)happened;
    uint16_t country = bulla_cursor_get_u16(&call->c), network = bulla_cursor_get_u16(&call->c), area = bulla_cursor_get_u16(&call->c);
    uint32_t cell = bulla_cursor_get_u24(&call->c);
    if (country && area) {
        bulla_observation_add_cell(&call->o, country, network, area, cell);
    }
    return BULLA_OK;
}

static enum bulla_status put_volts(struct gt06_call *call, struct happened *happened)
{
    (void)happened;
    call->o.has |= BULLA_HAS_VOLTS;
    call->o.millivolts = bulla_cursor_get_u16(&call->c) * 10;
    return BULLA_OK;
}

static enum bulla_status put_percent(struct gt06_call *call, struct happened *happened)
{
    (void)happened;
    uint8_t percent = bulla_cursor_get_u8(&call->c);
    if (percent <= 100) {
        call->o.has |= BULLA_HAS_PERCENT;
        call->o.percent = percent;
    }
    return BULLA_OK;
}

static enum bulla_status put_door(struct gt06_call *call, struct happened *happened)
{
    (void)happened;
    uint8_t bits = bulla_cursor_get_u8(&call->c);
    call->o.state.door = bits & 0x0F ? BULLA_COVER_OPEN : BULLA_COVER_CLOSED;
    if (bits & 0xF0) {
        gt06_event(&call->o, BULLA_EVENT_DEVICE_REMOVED);
    }
    return BULLA_OK;
}

/* Only where no position says the time better. */
static enum bulla_status put_clock(struct gt06_call *call, struct happened *happened)
{
    (void)happened;
    uint32_t seconds = bulla_cursor_get_u32(&call->c);
    if (!(call->o.has & BULLA_HAS_TIME)) {
        put_unix(&call->o, seconds);
    }
    return BULLA_OK;
}

static enum bulla_status put_place(struct gt06_call *call, struct happened *happened)
{
    (void)happened;
    struct bulla_cursor *c = &call->c;
    uint32_t seconds = bulla_cursor_get_u32(c);
    uint8_t satellites = bulla_cursor_get_u8(c);
    int16_t altitude = (int16_t)bulla_cursor_get_u16(c);
    uint32_t lat = bulla_cursor_get_u32(c), lon = bulla_cursor_get_u32(c);
    uint8_t speed = bulla_cursor_get_u8(c);
    uint16_t flags = bulla_cursor_get_u16(c);
    put_unix(&call->o, seconds);
    if (!lat && !lon && !flags) {
        return BULLA_OK;
    }
    call->o.has |= BULLA_HAS_SATELLITES | BULLA_HAS_ALTITUDE;
    call->o.satellites = satellites;
    call->o.altitude_cm = altitude * 100;
    return gt06_place(call, lat, lon, speed, flags);
}

static const uint8_t events[64] = {
    /* 0: nothing that is an event here */
    [0x10] = BULLA_EVENT_DOOR_OPENED, [0x12] = BULLA_EVENT_DEVICE_REMOVED, [0x14] = BULLA_EVENT_FENCE_ENTER,
    [0x15] = BULLA_EVENT_FENCE_EXIT,  [0x1A] = BULLA_EVENT_LOW_BATTERY,    [0x1B] = BULLA_EVENT_OVERSPEED,
    [0x1C] = BULLA_EVENT_STARTUP,     [0x1D] = BULLA_EVENT_POWER_OFF,      [0x20] = BULLA_EVENT_VIBRATION,
    [0x21] = BULLA_EVENT_POWER_CUT,   [0x23] = BULLA_EVENT_DEVICE_REMOVED,
};

static enum bulla_status put_event(struct gt06_call *call, struct happened *happened)
{
    uint8_t code = bulla_cursor_get_u8(&call->c);
    uint32_t seconds = bulla_cursor_get_u32(&call->c);
    if (code < sizeof events && events[code]) {
        *happened = (struct happened){events[code], seconds ? (int64_t)seconds * 1000 : BULLA_TIME_NONE};
    }
    return BULLA_OK;
}

static enum bulla_status put_tag(struct gt06_call *call, struct happened *happened)
{
    (void)happened;
    struct bulla_cursor *c = &call->c;
    struct bulla_bytes address = bulla_cursor_take(c, 6);
    char id[13];
    bulla_hex_put(id, address.at, address.len);
    unsigned millivolts = bulla_cursor_get_u16(c), percent = bulla_cursor_get_u8(c);
    int16_t temperature = (int16_t)bulla_cursor_get_u16(c);
    unsigned humidity = bulla_cursor_get_u16(c);
    if (millivolts < 0x7FFF) {
        bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_BATTERY_VOLTS, (int32_t)millivolts);
    }
    if (percent <= 100) {
        bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_BATTERY_PERCENT, (int32_t)percent * 1000);
    }
    bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_TEMPERATURE, temperature * 100);
    if (humidity <= 1000) {
        bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_HUMIDITY, (int32_t)humidity * 100);
    }
    return BULLA_OK;
}

static const struct item items[] = {
    {0x0009, 1, put_satellites}, {0x0011, 10, put_cell}, {0x0018, 2, put_volts},   {0x002A, 1, put_door}, {0x002C, 4, put_clock},
    {0x0033, 18, put_place},     {0x0034, 6, put_event}, {0x006A, 1, put_percent}, {0x007F, 14, put_tag},
};

static enum bulla_status put_item(struct gt06_call *call, uint16_t id, struct bulla_bytes data, struct happened *happened)
{
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        if (items[i].id != id) {
            continue;
        }
        if (data.len < items[i].length) {
            return proto_fail_number(call->link, BULLA_DAMAGED, "item", "the length of its kind, this one being", id);
        }
        struct bulla_cursor rest = call->c;
        call->c = bulla_cursor_over(data.at, data.len);
        enum bulla_status status = items[i].put(call, happened);
        call->c = rest;
        return status;
    }
    return BULLA_OK;
}

static enum bulla_status put_items(struct gt06_call *call, bool long_length, struct happened *happened)
{
    struct bulla_cursor *c = &call->c;
    while (c->left) {
        uint16_t id = bulla_cursor_get_u16(c);
        struct bulla_bytes data = bulla_cursor_take(c, long_length ? bulla_cursor_get_u16(c) : bulla_cursor_get_u8(c));
        if (c->failed) {
            return proto_fail_number(call->link, BULLA_DAMAGED, "item", "as long as it says, this one being", id);
        }
        enum bulla_status status = data.at ? put_item(call, id, data, happened) : BULLA_OK;
        if (status != BULLA_OK) {
            return status;
        }
    }
    return BULLA_OK;
}

/* What happened goes first and has its own moment and nothing else of the report. */
static void tell(struct gt06_call *call, const struct happened *happened)
{
    struct bulla_observation o;
    bulla_observation_init(&o, "gt06");
    bulla_copy(o.device, call->self->device, sizeof o.device);
    o.has = BULLA_HAS_TIME;
    o.time_ms = happened->time_ms;
    gt06_event(&o, happened->event);
    call->link->emit(call->link->host, &o);
}

enum bulla_status gt06_read_modular(struct gt06_call *call)
{
    struct happened happened = {EVENT_NONE, BULLA_TIME_NONE};
    enum bulla_status status = put_items(call, true, &happened);
    if (status != BULLA_OK || happened.event == EVENT_NONE) {
        return status;
    }
    bool has_time = (call->o.has & BULLA_HAS_TIME) != 0;
    if (happened.time_ms != BULLA_TIME_NONE && has_time && happened.time_ms != call->o.time_ms) {
        tell(call, &happened);
        return BULLA_OK;
    }
    if (happened.time_ms != BULLA_TIME_NONE) {
        call->o.has |= BULLA_HAS_TIME;
        call->o.time_ms = happened.time_ms;
    }
    gt06_event(&call->o, happened.event);
    return BULLA_OK;
}

/* 36 is three things: a card's position of 35 bytes, a piece of a photo that was asked for, and this list. */
enum bulla_status gt06_read_status_list(struct gt06_call *call)
{
    struct happened none;
    if (call->m->length == 0x35) {
        return gt06_read_report(call);
    }
    struct bulla_cursor ahead = call->c;
    if (call->self->photo && bulla_cursor_get_u32(&ahead) == call->self->photo) {
        return gt06_read_photo(call);
    }
    uint8_t bits = bulla_cursor_get_u8(&call->c);
    uint8_t level = bulla_cursor_get_u8(&call->c);
    bulla_cursor_skip(&call->c, 1);
    call->alarm = bulla_cursor_get_u8(&call->c);
    bulla_cursor_skip(&call->c, 1);
    if (call->c.failed) {
        return gt06_short(call);
    }
    call->terminal = bits >> 3 & 7;
    call->o.has |= BULLA_HAS_CHARGING;
    call->o.charging = (bits & 4) != 0;
    if (level <= 6) {
        call->o.has |= BULLA_HAS_PERCENT;
        call->o.percent = (uint8_t)(level * 100 / 6);
    }
    gt06_event(&call->o, BULLA_EVENT_HEARTBEAT);
    return put_items(call, false, &none);
}
