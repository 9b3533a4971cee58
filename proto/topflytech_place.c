/* SPDX-License-Identifier: Apache-2.0
 *
 * Topflytech: reports with a position.
 *
 *   place, 16 bytes      altitude 4, longitude 4, latitude 4 (floats), speed ddd.d km/h, course 2
 *   instead of it cells  highest bit 1: country 2, network 2, cell 4, area 2, three of 2; else country 2, network 2, three of
 *                        area 2 and cell 2; low byte first with mark 23 23
 *   status, 1            bit 7 stored in the device and sent later, 6 a position, 0 to 4 satellites
 *
 *   asset (27 27), 73 bytes and more: types 02 and 04 (alarm)
 *   15 status   16 alarm   17 date   23 place   39 acceleration 5   44 battery %   45 temperature 1   47 battery V/10   48 solar V/10
 *   49 metres 4   53 state 2: bit 15 USB, 3 solar charging   70 lock type
 *
 *   vehicle: types 02 and 04, of the second kind 13 and 14; the columns differ by the analog inputs before them
 *                 status  alarm  metres  battery  date  place  then
 *   23 23, 25 25  24      37     39      43       44    50     66  [battery V/100 2] supply V/100 2
 *   13, 14        24      45     47      51       52    58     74  battery V/100 2, supply V/100 2
 *   26 26         24      33     35      39       40    46     62  supply V/100 2, speed ddd.d km/h
 *
 *   driving, 05 of 25 25 and 26 26: what it was 1, then twice date 6, place, 2
 */
#include "proto/topflytech.h"

#define PLACE_LEN   16
#define ASSET_LEN   73
#define ASSET_LOCK  70
#define DRIVING_LEN 24
#define BCD_NONE    0xFF
#define BCD_BAD     UINT32_MAX

enum { STATUS_STORED = 0x80, STATUS_PLACE = 0x40, STATUS_SATELLITES = 0x1F };

/* ---- numbers ---- */

bool topflytech_float(uint32_t bits, uint32_t scale, int64_t *to)
{
    int exponent = (int)(bits >> 23 & 0xFF);
    uint64_t mantissa = (bits & 0x7FFFFF) | (exponent ? 0x800000u : 0u);
    int shift = (exponent ? exponent : 1) - 150; /* value = mantissa << shift */
    if (exponent == 0xFF || shift > 8) {
        return false; /* from 2^32 on: no altitude, no angle */
    }
    uint64_t value = mantissa * scale; /* 24 bits and 32 */
    if (shift >= 0) {
        value <<= shift;
    } else {
        value = -shift > 62 ? 0 : (value + (UINT64_C(1) << (-shift - 1))) >> -shift;
    }
    if (value > INT64_MAX) {
        return false;
    }
    *to = bits >> 31 ? -(int64_t)value : (int64_t)value;
    return true;
}

/* Packed decimal of n bytes, BCD_BAD where a digit is none. */
static uint32_t get_bcd(struct bulla_cursor *c, size_t n)
{
    uint32_t value = 0;
    bool bad = false;
    for (; n; n--) {
        uint8_t byte = bulla_cursor_get_u8(c);
        bad = bad || byte >> 4 > 9 || (byte & 15) > 9;
        value = value * 100 + (byte >> 4) * 10u + (byte & 15u);
    }
    return bad ? BCD_BAD : value;
}

static uint32_t get_u32_le(struct bulla_cursor *c)
{
    return __builtin_bswap32(bulla_cursor_get_u32(c));
}

static uint16_t get_u16_of(struct bulla_cursor *c, bool le)
{
    uint16_t value = bulla_cursor_get_u16(c);
    return le ? __builtin_bswap16(value) : value;
}

/* ---- time ---- */

enum bulla_status topflytech_date(struct topflytech_call *call, size_t offset)
{
    struct bulla_cursor c = topflytech_from(call, offset), ahead = c;
    uint32_t part[6], any = 0;
    for (size_t i = 0; i < 6; i++) {
        part[i] = get_bcd(&c, 1);
        any |= bulla_cursor_get_u8(&ahead);
    }
    if (c.failed) {
        return topflytech_short(call);
    }
    call->o.has |= BULLA_HAS_TIME;
    if (!any) { /* a clock that was never set */
        call->o.unknown |= BULLA_HAS_TIME;
        return BULLA_OK;
    }
    struct bulla_calendar when = {2000, part[1], part[2], part[3], part[4], part[5], 0};
    when.year += part[0] == BCD_BAD ? 0 : (int)part[0];
    call->o.time_ms = part[0] == BCD_BAD ? BULLA_TIME_NONE : bulla_time_from_calendar(&when);
    if (call->o.time_ms == BULLA_TIME_NONE) {
        return proto_fail_number(call->link, BULLA_INSANE, "date", "a moment of the calendar, its year being", when.year);
    }
    return BULLA_OK;
}

/* ---- place or cells ---- */

static void put_cells(struct topflytech_call *call, struct bulla_cursor c)
{
    bool le = call->mark == TOPFLYTECH_OLD;
    uint16_t country = get_u16_of(&c, le), network = get_u16_of(&c, le);
    if (country == 0xFFFF || (country & 0x7FFF) == 0) {
        return;
    }
    if (country & 0x8000) {
        uint32_t cell = le ? get_u32_le(&c) : bulla_cursor_get_u32(&c);
        bulla_observation_add_cell(&call->o, country & 0x7FFF, network, get_u16_of(&c, le), cell);
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        uint16_t area = get_u16_of(&c, le), cell = get_u16_of(&c, le);
        if (area && area != 0xFFFF) {
            bulla_observation_add_cell(&call->o, country, network, area, cell);
        }
    }
}

static enum bulla_status put_speed(struct topflytech_call *call, struct bulla_cursor *c)
{
    struct bulla_cursor ahead = *c;
    uint16_t raw = bulla_cursor_get_u16(&ahead);
    uint32_t tenths = get_bcd(c, 2);
    if (raw == 0xFFFF) {
        return BULLA_OK;
    }
    if (tenths == BCD_BAD) {
        return proto_fail_number(call->link, BULLA_INSANE, "speed", "four decimal digits", raw);
    }
    call->o.has |= BULLA_HAS_SPEED;
    call->o.speed_cmh = (int32_t)tenths * 10;
    return BULLA_OK;
}

static enum bulla_status put_course(struct topflytech_call *call, struct bulla_cursor *c)
{
    unsigned course = bulla_cursor_get_u16(c);
    if (course == 0xFFFF) {
        return BULLA_OK;
    }
    if (course > 360) {
        return proto_fail_number(call->link, BULLA_INSANE, "course", "at most 360", course);
    }
    call->o.has |= BULLA_HAS_COURSE;
    call->o.course_cdeg = (int32_t)(course % 360) * 100;
    return BULLA_OK;
}

static enum bulla_status put_place(struct topflytech_call *call, struct bulla_cursor *c)
{
    struct bulla_observation *o = &call->o;
    int64_t altitude = 0, lon = 0, lat = 0;
    bool has_altitude = topflytech_float(get_u32_le(c), 100, &altitude);
    uint32_t lon_bits = get_u32_le(c), lat_bits = get_u32_le(c);
    bool has_lon = topflytech_float(lon_bits, 10000000, &lon), has_lat = topflytech_float(lat_bits, 10000000, &lat);
    if (lon_bits == UINT32_MAX && lat_bits == UINT32_MAX) { /* said to be a position, but there is none */
        return BULLA_OK;
    }
    if (!has_lat || !has_lon || lat < -900000000 || lat > 900000000 || lon < -1800000000 || lon > 1800000000) {
        bool bad_lat = !has_lat || lat < -900000000 || lat > 900000000;
        return proto_fail_number(call->link, BULLA_INSANE, bad_lat ? "latitude" : "longitude",
                                 "at most 90 and 180 degrees, the float's bits being", bad_lat ? lat_bits : lon_bits);
    }
    o->has |= BULLA_HAS_FIX;
    o->fix_valid = lat || lon;
    o->lat_e7 = (int32_t)lat;
    o->lon_e7 = (int32_t)lon;
    if (has_altitude && altitude > -1000000 && altitude < 10000000) {
        o->has |= BULLA_HAS_ALTITUDE;
        o->altitude_cm = (int32_t)altitude;
    }
    enum bulla_status status = put_speed(call, c);
    return status == BULLA_OK ? put_course(call, c) : status;
}

enum bulla_status topflytech_place(struct topflytech_call *call, size_t status_offset, size_t place_offset)
{
    struct bulla_cursor c = topflytech_from(call, status_offset);
    uint8_t status = bulla_cursor_get_u8(&c);
    struct bulla_cursor place = topflytech_from(call, place_offset);
    struct bulla_bytes whole = bulla_cursor_take(&place, PLACE_LEN);
    if (c.failed || !whole.at) {
        return topflytech_short(call);
    }
    place = bulla_cursor_over(whole.at, whole.len);
    call->o.stored = (status & STATUS_STORED) != 0;
    call->o.has |= BULLA_HAS_SATELLITES;
    call->o.satellites = status & STATUS_SATELLITES;
    if (!(status & STATUS_PLACE)) {
        put_cells(call, place);
        return BULLA_OK;
    }
    return put_place(call, &place);
}

/* ---- alarms: the byte is two hexadecimal digits that are read as they stand ---- */

#define NONE_OR(event) (1 + (event)) /* 0 in a table: nothing */

static const uint8_t asset_alarms[256] = {
    [0x01] = NONE_OR(BULLA_EVENT_DEVICE_REMOVED),
    [0x02] = NONE_OR(BULLA_EVENT_COVER_OPENED),
    [0x03] = NONE_OR(BULLA_EVENT_SOS),
    [0x04] = NONE_OR(BULLA_EVENT_LIGHT),
    [0x05] = NONE_OR(BULLA_EVENT_FALL),
    [0x06] = NONE_OR(BULLA_EVENT_LOW_BATTERY),
    [0x09] = NONE_OR(BULLA_EVENT_VIBRATION),
    [0x10] = NONE_OR(BULLA_EVENT_IMPACT),
    [0x11] = NONE_OR(BULLA_EVENT_TILT),
    [0x14] = NONE_OR(BULLA_EVENT_FENCE_ENTER),
    [0x15] = NONE_OR(BULLA_EVENT_FENCE_EXIT),
    [0x20] = NONE_OR(BULLA_EVENT_STARTUP),
    [0x66] = NONE_OR(BULLA_EVENT_JAMMING),
    [0x70] = NONE_OR(BULLA_EVENT_OVERSPEED),
    [0x72] = NONE_OR(BULLA_EVENT_ILLEGAL_MOVEMENT),
};

static const uint8_t vehicle_alarms[256] = {
    [0x01] = NONE_OR(BULLA_EVENT_POWER_CUT),        [0x02] = NONE_OR(BULLA_EVENT_LOW_BATTERY), [0x03] = NONE_OR(BULLA_EVENT_SOS),
    [0x04] = NONE_OR(BULLA_EVENT_OVERSPEED),        [0x05] = NONE_OR(BULLA_EVENT_FENCE_ENTER), [0x06] = NONE_OR(BULLA_EVENT_FENCE_EXIT),
    [0x07] = NONE_OR(BULLA_EVENT_ILLEGAL_MOVEMENT), [0x08] = NONE_OR(BULLA_EVENT_VIBRATION),   [0x21] = NONE_OR(BULLA_EVENT_JAMMING),
    [0x24] = NONE_OR(BULLA_EVENT_LOW_BATTERY),
};

void topflytech_alarm(struct topflytech_call *call, uint8_t code, uint64_t *events, struct bulla_state *state)
{
    bool asset = call->mark == TOPFLYTECH_ASSET;
    uint8_t event = asset ? asset_alarms[code] : vehicle_alarms[code];
    if (event) {
        *events |= BULLA_EVENT_BIT(event - 1);
    }
    if (asset && (code == 0x02 || code == 0x22)) {
        state->cover = code == 0x02 ? BULLA_COVER_OPEN : BULLA_COVER_CLOSED;
    }
}

/* ---- the rest of a report ---- */

static void put_percent(struct topflytech_call *call, struct bulla_cursor c)
{
    struct bulla_cursor ahead = c;
    uint8_t raw = bulla_cursor_get_u8(&ahead);
    uint32_t percent = get_bcd(&c, 1);
    if (!c.failed && raw != BCD_NONE && percent != BCD_BAD) {
        call->o.has |= BULLA_HAS_PERCENT;
        call->o.percent = percent ? (uint8_t)percent : 100; /* two digits hold no 100 */
    }
}

void topflytech_volts(struct topflytech_call *call, uint8_t bcd_tenths)
{
    struct bulla_cursor c = bulla_cursor_over(&bcd_tenths, 1);
    uint32_t tenths = get_bcd(&c, 1);
    if (tenths != BCD_BAD) {
        call->o.has |= BULLA_HAS_VOLTS;
        call->o.millivolts = (int32_t)tenths * 100;
    }
}

static void put_metres(struct topflytech_call *call, struct bulla_cursor c)
{
    uint32_t metres = bulla_cursor_get_u32(&c);
    if (!c.failed && metres <= INT32_MAX) {
        bulla_observation_add_sensor(&call->o, "", BULLA_SENSOR_MILEAGE, (int32_t)metres);
    }
}

static void put_acceleration(struct topflytech_call *call, struct bulla_cursor c)
{
    struct bulla_bytes b = bulla_cursor_take(&c, 5);
    if (!b.at || (b.at[0] == 0xFF && b.at[1] == 0xFF)) {
        return;
    }
    /* 1 bit sign (1: positive), 7 bits whole, 4 bits tenths, one axis behind the other */
    int32_t x = (b.at[0] & 0x7F) * 1000 + (b.at[1] >> 4) * 100;
    int32_t y = ((b.at[1] & 7) << 4 | b.at[2] >> 4) * 1000 + (b.at[2] & 15) * 100;
    int32_t z = (b.at[3] & 0x7F) * 1000 + (b.at[4] >> 4) * 100;
    bulla_observation_add_sensor(&call->o, "x", BULLA_SENSOR_ACCELERATION, b.at[0] & 0x80 ? x : -x);
    bulla_observation_add_sensor(&call->o, "y", BULLA_SENSOR_ACCELERATION, b.at[1] & 0x08 ? y : -y);
    bulla_observation_add_sensor(&call->o, "z", BULLA_SENSOR_ACCELERATION, b.at[3] & 0x80 ? z : -z);
}

/* Byte 45 on: temperature, light, battery, solar cell, metres, state. */
static void put_asset_values(struct topflytech_call *call, struct bulla_cursor c)
{
    uint8_t temperature = bulla_cursor_get_u8(&c);
    bulla_cursor_skip(&c, 1);
    uint8_t battery = bulla_cursor_get_u8(&c);
    uint32_t solar = get_bcd(&c, 1);
    put_metres(call, c);
    bulla_cursor_skip(&c, 4);
    uint16_t state = bulla_cursor_get_u16(&c);
    if (temperature != BCD_NONE) {
        int32_t degrees = (temperature & 0x7F) * 1000;
        bulla_observation_add_sensor(&call->o, "", BULLA_SENSOR_TEMPERATURE, temperature & 0x80 ? -degrees : degrees);
    }
    if (battery != BCD_NONE) {
        topflytech_volts(call, battery);
    }
    if (solar != BCD_BAD) {
        bulla_observation_add_sensor(&call->o, "solar", BULLA_SENSOR_SUPPLY, (int32_t)solar * 100);
    }
    call->o.has |= BULLA_HAS_CHARGING;
    call->o.charging = (state & 0x8008) != 0;
}

enum bulla_status topflytech_read_asset(struct topflytech_call *call)
{
    if (call->n < ASSET_LEN) {
        return topflytech_short(call);
    }
    call->alarm = call->at[16];
    enum bulla_status status = topflytech_date(call, 17);
    status = status == BULLA_OK ? topflytech_place(call, 15, 23) : status;
    if (status != BULLA_OK) {
        return status;
    }
    topflytech_alarm(call, call->alarm, &call->o.events, &call->o.state);
    put_percent(call, topflytech_from(call, 44));
    put_acceleration(call, topflytech_from(call, 39));
    put_asset_values(call, topflytech_from(call, 45));
    if (call->at[ASSET_LOCK] || call->self->has_lock) {
        topflytech_lock_type(call, call->at[ASSET_LOCK], false, &call->o.events, &call->o.state);
    }
    return BULLA_OK;
}

struct columns {
    uint8_t alarm, metres, battery, date, place, rest;
};

/* "[battery] supply" in hundredths, or "supply, speed". */
static enum bulla_status put_rest(struct topflytech_call *call, size_t offset)
{
    struct bulla_cursor c = topflytech_from(call, offset);
    if (call->mark != TOPFLYTECH_OBD && c.left >= 4) {
        uint32_t battery = get_bcd(&c, 2);
        if (battery != BCD_BAD) {
            call->o.has |= BULLA_HAS_VOLTS;
            call->o.millivolts = (int32_t)battery * 10;
        }
    }
    if (c.left >= 2) {
        uint32_t supply = get_bcd(&c, 2);
        if (supply != BCD_BAD) {
            bulla_observation_add_sensor(&call->o, "", BULLA_SENSOR_SUPPLY, (int32_t)supply * 10);
        }
    }
    if (call->mark == TOPFLYTECH_OBD) {
        call->o.has &= ~(uint32_t)BULLA_HAS_SPEED; /* what stands with the place is no speed */
        return c.left >= 2 ? put_speed(call, &c) : BULLA_OK;
    }
    return BULLA_OK;
}

enum bulla_status topflytech_read_vehicle(struct topflytech_call *call)
{
    static const struct columns first = {37, 39, 43, 44, 50, 66}, second = {45, 47, 51, 52, 58, 74}, obd = {33, 35, 39, 40, 46, 62};
    bool is_second = call->type == 0x13 || call->type == 0x14;
    const struct columns *at = is_second ? &second : call->mark == TOPFLYTECH_OBD ? &obd : &first;
    if (call->n < at->rest) {
        return topflytech_short(call);
    }
    call->alarm = call->at[at->alarm];
    enum bulla_status status = topflytech_date(call, at->date);
    status = status == BULLA_OK ? topflytech_place(call, 24, at->place) : status;
    status = status == BULLA_OK ? put_rest(call, at->rest) : status;
    if (status != BULLA_OK) {
        return status;
    }
    topflytech_alarm(call, call->alarm, &call->o.events, &call->o.state);
    put_percent(call, topflytech_from(call, at->battery));
    put_metres(call, topflytech_from(call, at->metres));
    return BULLA_OK;
}

static enum bulla_status driving_half(struct topflytech_call *call, size_t offset)
{
    enum bulla_status status = topflytech_date(call, offset);
    struct bulla_cursor c = topflytech_from(call, offset + 6);
    struct bulla_bytes place = bulla_cursor_take(&c, PLACE_LEN);
    if (status != BULLA_OK || !place.at) {
        return status != BULLA_OK ? status : topflytech_short(call);
    }
    c = bulla_cursor_over(place.at, place.len);
    return put_place(call, &c);
}

/* Two moments, two observations: the first is read ahead of the second, so that a bad second leaves nothing said. */
enum bulla_status topflytech_read_driving(struct topflytech_call *call)
{
    struct bulla_observation blank = call->o;
    if (call->n < TOPFLYTECH_HEAD + 1 + 2 * DRIVING_LEN) {
        return topflytech_short(call);
    }
    enum bulla_status status = driving_half(call, TOPFLYTECH_HEAD + 1);
    struct bulla_observation before = call->o;
    call->o = blank;
    status = status == BULLA_OK ? driving_half(call, TOPFLYTECH_HEAD + 1 + DRIVING_LEN) : status;
    if (status != BULLA_OK) {
        return status;
    }
    bulla_observation_add_event(&before, BULLA_EVENT_STATE_REPORT);
    call->link->emit(call->link->host, &before);
    return BULLA_OK;
}

/* 24 and 25: as an asset's report up to the date; wifi stations behind it stay in the raw message. */
enum bulla_status topflytech_read_wifi(struct topflytech_call *call)
{
    struct bulla_cursor c = topflytech_from(call, TOPFLYTECH_HEAD);
    uint8_t status = bulla_cursor_get_u8(&c);
    call->alarm = bulla_cursor_get_u8(&c);
    call->o.stored = (status & STATUS_STORED) != 0;
    topflytech_alarm(call, call->alarm, &call->o.events, &call->o.state);
    return topflytech_date(call, TOPFLYTECH_HEAD + 2);
}
