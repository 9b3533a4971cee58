/* SPDX-License-Identifier: Apache-2.0
 *
 * jt701: sub-locks and sensors that speak through a lock by LoRa, "(id,1,SSS,WLNET,5,2," body ")".
 *
 * In the body 28 is written 3D 15, 29 as 3D 14, 2C as 3D 11 and 3D as 3D 00. Un-escaped:
 *   off  size  meaning
 *   0    17    the gateway's position, as in jt701_binary.c
 *   17   6     the sensor's time DDMMYYhhmmss, BCD
 *   23   5     sensor id
 *   28   1     serial, which the answer repeats
 *   29   2     battery, hundredths of a volt
 *   31   1     battery percent
 *   32   1     signal: dBm = -value
 *   33   1     type: 1 temperature and humidity, 4 lock JT709, 5 and 6 valve locks
 *   type 1, 40 bytes in all
 *   34   2     temperature: bits 0-11 tenths of a degree, bits 12-15 not 0: below zero; FFFF none
 *   36   1     humidity percent
 *   37   2     records that wait in the gateway
 *   39   1     state of the gateway
 *   types 4, 5, 6, 41 bytes
 *   34   2     events, bit map by type (below)
 *   36   2     status, not documented; the raw bytes keep it
 *   38   2     openings and closings so far
 *   40   1     state of the gateway
 *
 * Archived messages may stand un-escaped, so both readings are tried, the escaped one first.
 */
#include "proto/jt701.h"

enum offset { SENSOR_TIME = 17, SENSOR_ID = 23, SERIAL = 28, VOLTS = 29, PERCENT = 31, SIGNAL = 32, TYPE = 33, VALUES = 34 };

#define SENSOR_ID_SIZE 5u
#define BODY_MAX       256u
#define TYPE_CLIMATE   1u
#define LOCK_SIZE      41u
#define CLIMATE_SIZE   40u

static unsigned u16_at(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* ---- where the body begins and ends ---- */

/* Size of the body by its type, 0: not known. */
static size_t size_of(uint8_t type)
{
    return type == TYPE_CLIMATE ? CLIMATE_SIZE : type >= 4 && type <= 6 ? LOCK_SIZE : 0;
}

size_t jt701_wlnet_body(const uint8_t *at, size_t n)
{
    static const char word[] = "WLNET,"; /* behind the third comma; the body, behind the sixth */
    size_t commas = 0;
    size_t limit = n < 48 ? n : 48; /* all before the body is short */
    for (size_t i = 0; i < limit && at[i] != ')'; i++) {
        commas += at[i] == ',';
        if (at[i] == ',' && commas == 3 && (n - i < sizeof word || bulla_compare(at + i + 1, word, sizeof word - 1) != 0)) {
            return 0;
        }
        if (commas == 6) {
            return i + 1;
        }
    }
    return 0;
}

/* Length after un-escaping, 0 when an escape is wrong; `to`, of BODY_MAX, may be NULL. */
static size_t unescape(const uint8_t *from, size_t n, uint8_t *to)
{
    size_t len = 0;
    for (size_t i = 0; i < n && len < BODY_MAX; i++) {
        uint8_t c = from[i];
        if (c == 0x3D) {
            c = i + 1 < n ? from[++i] : 0xFF;
            if (c != 0x15 && c != 0x14 && c != 0x11 && c != 0x00) {
                return 0;
            }
            c ^= 0x3D;
        }
        if (to) {
            to[len] = c;
        }
        len++;
    }
    return len;
}

/* What n bytes show of an un-escaped body can be one. */
static bool digits_fit(const uint8_t *body, size_t n)
{
    for (size_t i = 0; i < n && i < SENSOR_ID; i++) {
        bool binary = i == 15 || i == 16;
        if (!binary && (body[i] > 0x9F || (i != 14 && ((body[i] & 15u) > 9 || body[i] > 0x99)))) {
            return false;
        }
    }
    return true;
}

/* `any`: of a type that nobody documented too, whose size is not known. */
static bool fits(const uint8_t *body, size_t n, bool any)
{
    return n >= VALUES && digits_fit(body, n) && (size_of(body[TYPE]) ? size_of(body[TYPE]) == n : any);
}

enum bulla_status jt701_wlnet_end(const uint8_t *body, size_t n, size_t first_close, size_t *end)
{
    uint8_t plain[BODY_MAX];
    *end = first_close;
    if (fits(plain, unescape(body, first_close, plain), true) || fits(body, first_close, false)) {
        return BULLA_OK;
    }
    if (first_close > LOCK_SIZE || !digits_fit(body, n)) {
        return BULLA_DAMAGED;
    }
    size_t size = n > TYPE ? size_of(body[TYPE]) : LOCK_SIZE; /* an un-escaped body that holds a bracket */
    if (n <= size) {
        return BULLA_MORE;
    }
    if (size > first_close && body[size] == ')') {
        *end = size;
        return BULLA_OK;
    }
    return BULLA_DAMAGED;
}

/* ---- what it says ---- */

enum lock_part {
    PART_NONE,
    PART_LOCKED,
    PART_UNLOCKED,
    PART_ROPE_IN,
    PART_ROPE_OUT,
    PART_CUT,
    PART_COVER,
    PART_CLOSED,
    PART_OPEN,
    PART_LOST
};

struct meaning {
    uint8_t bit, part, event;
    bool tamper; /* told of the seal as well, so that rules see it */
};

static const struct meaning lock_meanings[] = {
    /* type 4 */
    {0, PART_LOCKED, BULLA_EVENT_LOCKED, false},     {1, PART_UNLOCKED, BULLA_EVENT_UNLOCKED, false},
    {2, PART_COVER, BULLA_EVENT_COVER_OPENED, true}, {3, PART_UNLOCKED, BULLA_EVENT_UNLOCKED, false},
    {4, PART_CUT, BULLA_EVENT_ROPE_CUT, true},       {5, PART_NONE, BULLA_EVENT_WAKE, false},
    {6, PART_NONE, BULLA_EVENT_STATE_REPORT, false}, {8, PART_ROPE_OUT, BULLA_EVENTS_MAX, false},
    {9, PART_UNLOCKED, BULLA_EVENT_UNLOCKED, false}, {14, PART_LOST, BULLA_EVENT_SUB_LOCK_LOST, true},
};

static const struct meaning valve_meanings[] = {
    /* types 5 and 6 */
    {0, PART_CLOSED, BULLA_EVENT_DOOR_CLOSED, false}, {1, PART_OPEN, BULLA_EVENT_DOOR_OPENED, true},
    {2, PART_NONE, BULLA_EVENT_LOW_BATTERY, false},   {3, PART_NONE, BULLA_EVENT_STATE_REPORT, false},
    {4, PART_NONE, BULLA_EVENT_DEVICE_REMOVED, true}, {5, PART_COVER, BULLA_EVENT_COVER_OPENED, true},
    {6, PART_UNLOCKED, BULLA_EVENT_UNLOCKED, false},  {7, PART_LOCKED, BULLA_EVENT_LOCKED, false},
    {8, PART_UNLOCKED, BULLA_EVENT_UNLOCKED, false},  {9, PART_ROPE_OUT, BULLA_EVENTS_MAX, false},
    {10, PART_ROPE_IN, BULLA_EVENTS_MAX, false},      {11, PART_NONE, BULLA_EVENT_WAKE, false},
    {12, PART_NONE, BULLA_EVENT_WAKE, false},
};

/* Bits of one message have no order: opposites leave the state unknown. */
static void part_put(struct bulla_sublock *lock, enum lock_part part)
{
    struct bulla_state *s = &lock->state;
    switch (part) {
    case PART_LOCKED:
        s->motor = s->motor == BULLA_MOTOR_NONE ? BULLA_MOTOR_LOCKED : BULLA_MOTOR_UNKNOWN;
        break;
    case PART_UNLOCKED:
        s->motor = s->motor == BULLA_MOTOR_NONE || s->motor == BULLA_MOTOR_UNLOCKED ? BULLA_MOTOR_UNLOCKED : BULLA_MOTOR_UNKNOWN;
        break;
    case PART_CUT:
        s->shackle = BULLA_SHACKLE_CUT;
        break;
    case PART_ROPE_OUT:
        s->shackle = s->shackle == BULLA_SHACKLE_NONE ? BULLA_SHACKLE_OUT : s->shackle;
        break;
    case PART_ROPE_IN:
        s->shackle = s->shackle == BULLA_SHACKLE_NONE ? BULLA_SHACKLE_IN : BULLA_SHACKLE_UNKNOWN;
        break;
    case PART_COVER:
        s->cover = BULLA_COVER_OPEN;
        break;
    case PART_CLOSED:
        s->door = BULLA_COVER_CLOSED;
        break;
    case PART_OPEN:
        s->door = s->door == BULLA_COVER_NONE ? BULLA_COVER_OPEN : BULLA_COVER_UNKNOWN;
        break;
    case PART_LOST:
        lock->lost = true;
        break;
    case PART_NONE:
        break;
    }
}

static void sub_lock_decode(const uint8_t *body, const char *id, struct bulla_observation *o)
{
    bool valve = body[TYPE] != 4;
    const struct meaning *map = valve ? valve_meanings : lock_meanings;
    size_t n = valve ? sizeof valve_meanings / sizeof *map : sizeof lock_meanings / sizeof *map;
    unsigned bits = u16_at(body + VALUES);
    struct bulla_sublock *lock = bulla_observation_add_sublock(o, id);
    for (size_t i = 0; lock && i < n; i++) {
        if (!(bits >> map[i].bit & 1u)) {
            continue;
        }
        part_put(lock, (enum lock_part)map[i].part);
        uint64_t event = map[i].event < BULLA_EVENTS_MAX ? BULLA_EVENT_BIT(map[i].event) : 0;
        lock->events |= event;
        o->events |= map[i].tamper ? event : 0;
    }
    if (!lock) {
        return;
    }
    bool locked_alone = lock->state.motor == BULLA_MOTOR_LOCKED && lock->state.shackle == BULLA_SHACKLE_NONE;
    lock->state.seal = locked_alone ? BULLA_SEAL_SEALED : (uint8_t)bulla_seal_from(lock->state.shackle, lock->state.motor);
    lock->percent = body[PERCENT] <= 100 ? body[PERCENT] : 255;
    bulla_observation_add_sensor(o, id, BULLA_SENSOR_COUNT, (int32_t)u16_at(body + VALUES + 4) * 1000);
}

static void climate_decode(const uint8_t *body, const char *id, struct bulla_observation *o)
{
    unsigned raw = u16_at(body + VALUES);
    if (raw != 0xFFFF) {
        int32_t milli = (int32_t)(raw & 0xFFFu) * 100;
        bulla_observation_add_sensor(o, id, BULLA_SENSOR_TEMPERATURE, raw >> 12 ? -milli : milli);
    }
    if (body[VALUES + 2] <= 100) {
        bulla_observation_add_sensor(o, id, BULLA_SENSOR_HUMIDITY, body[VALUES + 2] * 1000);
    }
}

static enum bulla_status body_observe(struct proto_link *link, const uint8_t *body, struct bulla_observation *o)
{
    char id[2 * SENSOR_ID_SIZE + 1];
    enum bulla_status status = jt701_position_decode(link, body, o);
    if (status != BULLA_OK) {
        return status;
    }
    if (o->time_ms == BULLA_TIME_NONE && jt701_time_decode(link, body + SENSOR_TIME, &o->time_ms) != BULLA_OK) {
        return BULLA_INSANE;
    }
    o->has |= BULLA_HAS_COUNTER | (o->time_ms != BULLA_TIME_NONE ? BULLA_HAS_TIME : 0u);
    o->counter = body[SERIAL];
    bulla_hex_put(id, body + SENSOR_ID, SENSOR_ID_SIZE);
    id[2 * SENSOR_ID_SIZE] = '\0';
    bulla_observation_add_sensor(o, id, BULLA_SENSOR_BATTERY_VOLTS, (int32_t)u16_at(body + VOLTS) * 10);
    if (body[PERCENT] <= 100) {
        bulla_observation_add_sensor(o, id, BULLA_SENSOR_BATTERY_PERCENT, body[PERCENT] * 1000);
    }
    bulla_observation_add_sensor(o, id, BULLA_SENSOR_RSSI, -(int32_t)body[SIGNAL] * 1000);
    if (body[TYPE] == TYPE_CLIMATE) {
        climate_decode(body, id, o);
    } else if (size_of(body[TYPE])) {
        sub_lock_decode(body, id, o);
    }
    return BULLA_OK;
}

/* The body as it was meant, in `plain` or in place; {NULL, 0} when it is none. */
static struct bulla_bytes body_of(struct bulla_bytes raw, uint8_t plain[BODY_MAX])
{
    size_t len = unescape(raw.at, raw.len, plain);
    if (fits(plain, len, true)) {
        return (struct bulla_bytes){plain, len};
    }
    return fits(raw.at, raw.len, false) ? raw : (struct bulla_bytes){NULL, 0};
}

enum bulla_status jt701_wlnet_decode(struct proto_link *link, const struct jt701_text *text, struct bulla_bytes raw)
{
    struct bulla_bytes command = text->field[4];
    if (!bulla_bytes_is(command, "5") && !bulla_bytes_is(command, "7")) {
        return jt701_answer_decode(link, text);
    }
    uint8_t plain[BODY_MAX];
    struct bulla_bytes body = body_of(raw, plain);
    if (!body.at) {
        return proto_fail_number(link, BULLA_DAMAGED, "WLNET body", "escapes, digits and length of its type", (int64_t)raw.len);
    }
    struct bulla_observation o;
    jt701_text_begin(text, &o);
    enum bulla_status status = body_observe(link, body.at, &o);
    if (status != BULLA_OK) {
        return status;
    }
    link->emit(link->host, &o);
    jt701_acknowledge(link, "(P69,0,", body.at[SERIAL]);
    return BULLA_OK;
}
