/* SPDX-License-Identifier: Apache-2.0
 *
 * Jointech JT705, JT705A, JT702: 0x5501 (now) and 0x5502 (stored). The header has one byte of serial; the clock is
 * UTC; answered with 0x4401, only when attribute bit 15 asks for it.
 *
 *   0  date DDMMYY, time hhmmss       BCD
 *   6  latitude DDMMmmmm BCD 4, longitude DDDMMmmmm and a nibble of flags BCD 5 (bit 0 fix, 1 north, 2 east)
 *  15  speed (knots), course x 2, GSM signal, satellites
 *  19  mileage DWORD km, battery % (AA, AB: charging), cell DWORD, LAC WORD
 *  30  product (1, 2 older; 3: JT705), status WORD, alarm WORD, items {id, length, value}
 */
#include "proto/jt808.h"

#define BASE        35
#define REPLY       0x4401
#define CHARGING    0xAA
#define CHARGED     0xAB
#define FIX         1u
#define NORTH       2u
#define EAST        4u
#define PRODUCT_705 3
#define LAT_MAX     900000000 /* 1e-7 degree */
#define LON_MAX     1800000000

/* Degrees x 1e7 from minutes with `digits` decimals: whole degrees x 100 + minutes, packed. */
static int64_t degrees(uint64_t packed, uint64_t minute_units)
{
    uint64_t whole = packed / (100 * minute_units);
    uint64_t minutes = packed % (100 * minute_units);
    return (int64_t)(whole * 10000000 + (minutes * 10000000 + 30 * minute_units) / (60 * minute_units));
}

static void put_time(struct bulla_observation *o, const uint8_t *at, int zone_minutes)
{
    uint8_t ordered[6] = {at[2], at[1], at[0], at[3], at[4], at[5]}; /* DDMMYY -> YYMMDD */
    jt808_put_clock(o, ordered, zone_minutes);
}

/* What is no place on Earth stays 0/0, not valid. */
static void put_fix(struct bulla_observation *o, struct bulla_cursor c)
{
    uint64_t lat = bulla_cursor_get_bcd(&c, 4);
    struct bulla_bytes rest = bulla_cursor_take(&c, 5);
    o->has |= BULLA_HAS_FIX;
    if (c.failed) {
        return;
    }
    unsigned flags = rest.at[4] & 15u;
    struct bulla_cursor front = bulla_cursor_over(rest.at, 4);
    uint64_t lon = bulla_cursor_get_bcd(&front, 4) * 10 + (rest.at[4] >> 4);
    int64_t lat_e7 = degrees(lat, 10000), lon_e7 = degrees(lon, 10000);
    if (front.failed || rest.at[4] >> 4 > 9 || lat_e7 > LAT_MAX || lon_e7 > LON_MAX) {
        return;
    }
    o->lat_e7 = (int32_t)(flags & NORTH ? lat_e7 : -lat_e7);
    o->lon_e7 = (int32_t)(flags & EAST ? lon_e7 : -lon_e7);
    o->fix_valid = flags & FIX;
}

static void put_numbers(struct bulla_observation *o, struct bulla_cursor c)
{
    o->has |= BULLA_HAS_SPEED | BULLA_HAS_COURSE | BULLA_HAS_SATELLITES;
    o->speed_cmh = (bulla_cursor_get_u8(&c) * 1852 + 5) / 10; /* knots */
    o->course_cdeg = bulla_cursor_get_u8(&c) * 2 % 360 * 100;
    bulla_observation_add_sensor(o, "", BULLA_SENSOR_CSQ, bulla_cursor_get_u8(&c) * 1000);
    o->satellites = bulla_cursor_get_u8(&c);
    uint32_t km = bulla_cursor_get_u32(&c);
    bulla_observation_add_sensor(o, "", BULLA_SENSOR_MILEAGE, km > INT32_MAX / 1000 ? INT32_MAX : (int32_t)km * 1000);
    uint8_t battery = bulla_cursor_get_u8(&c);
    if (battery <= 100) {
        o->has |= BULLA_HAS_PERCENT;
        o->percent = battery;
    }
    o->has |= BULLA_HAS_CHARGING;
    o->charging = battery == CHARGING || battery == CHARGED;
}

static void put_alarms(struct bulla_observation *o, uint8_t product, unsigned alarm)
{
    static const struct {
        uint8_t bit, event;
    } bits[] = {{0, BULLA_EVENT_OVERSPEED},   {1, BULLA_EVENT_POWER_CUT},   {2, BULLA_EVENT_VIBRATION},
                {3, BULLA_EVENT_LOW_BATTERY}, {5, BULLA_EVENT_FENCE_ENTER}, {6, BULLA_EVENT_FENCE_EXIT}};
    if (product != PRODUCT_705) {
        if (alarm & 1) {
            bulla_observation_add_event(o, BULLA_EVENT_LOW_BATTERY);
        }
        return;
    }
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        if (alarm >> bits[i].bit & 1) {
            bulla_observation_add_event(o, (enum bulla_event)bits[i].event);
        }
    }
}

/* 0B: type; a card (4 bytes) or a password (6); an even length ends with the result. */
static void put_attempt(struct bulla_observation *o, const uint8_t *at, size_t n)
{
    bool judged = n % 2 == 0;
    size_t secret = n - 1 - judged;
    if (secret == 4 || secret >= 6) {
        jt808_attempt_put(o, at[0], (struct bulla_bytes){at + 1, secret}, secret == 4, judged ? at[n - 1] : -1);
    }
}

struct cell {
    unsigned mcc, mnc;
    uint32_t cid;
    unsigned lac;
};

static void put_item(struct bulla_observation *o, struct cell *cell, uint8_t id, const uint8_t *at, size_t n)
{
    if (id == 0x02 && n == 2) {
        o->has |= BULLA_HAS_ALTITUDE;
        o->altitude_cm = (int16_t)(at[0] << 8 | at[1]) * 100;
    } else if (id == 0x10 && n == 1) {
        o->has |= BULLA_HAS_WAKE;
        o->wake = at[0];
    } else if (id == 0x0A && n == 3) {
        *cell = (struct cell){(unsigned)at[0] << 8 | at[1], at[2], cell->cid, cell->lac};
    } else if (id == 0x0A && n == 4) {
        *cell = (struct cell){(unsigned)at[0] << 8 | at[1], (unsigned)at[2] << 8 | at[3], cell->cid, cell->lac};
    } else if (id == 0x0B && n) {
        put_attempt(o, at, n);
    } else if (id == 0xFC && n == 1) {
        o->has |= BULLA_HAS_FENCE;
        o->fence = at[0];
    }
}

static void put_items(struct bulla_observation *o, struct cell cell, struct bulla_cursor items)
{
    while (items.left >= 2) {
        uint8_t id = bulla_cursor_get_u8(&items);
        size_t n = bulla_cursor_get_u8(&items);
        struct bulla_bytes value = bulla_cursor_take(&items, n);
        if (value.at) {
            put_item(o, &cell, id, value.at, n);
        }
    }
    if (cell.mcc) {
        bulla_observation_add_cell(o, (uint16_t)cell.mcc, (uint16_t)cell.mnc, cell.lac, cell.cid);
    }
}

static void answer(struct jt808_call *c)
{
    if (c->head.attributes & JT808_ANSWER_WANTED) {
        uint8_t body[] = {(uint8_t)(c->head.id >> 8), (uint8_t)c->head.id, 0};
        jt808_reply(c, REPLY, (struct bulla_bytes){body, sizeof body});
    }
}

enum bulla_status jt808_jt705(struct jt808_call *c)
{
    struct bulla_cursor all = bulla_cursor_over(c->body.at, c->body.len);
    struct bulla_bytes base = bulla_cursor_take(&all, BASE);
    if (!base.at) {
        return proto_fail_number(c->link, BULLA_DAMAGED, "location", "35 bytes or more", (int64_t)c->body.len);
    }
    c->state->model = JT808_JT705;
    struct bulla_observation o;
    jt808_begin(c, &o);
    o.stored = c->head.id == JT808_JT705_STORED;
    put_time(&o, base.at, jt808_zone_minutes(c));
    put_fix(&o, bulla_cursor_over(base.at + 6, 9));
    put_numbers(&o, bulla_cursor_over(base.at + 15, 9));
    struct bulla_cursor tail = bulla_cursor_over(base.at + 24, BASE - 24);
    struct cell cell = {.cid = bulla_cursor_get_u32(&tail)};
    cell.lac = bulla_cursor_get_u16(&tail);
    uint8_t product = bulla_cursor_get_u8(&tail);
    bulla_cursor_skip(&tail, 2); /* status: only bit 5, the motor, has a name, and which way it points is not documented */
    o.state.motor = BULLA_MOTOR_UNKNOWN;
    o.state.seal = BULLA_SEAL_UNKNOWN;
    put_alarms(&o, product, bulla_cursor_get_u16(&tail));
    put_items(&o, cell, all);
    jt808_judge_zone(c, &o);
    jt808_emit(c, &o);
    answer(c);
    return BULLA_OK;
}
