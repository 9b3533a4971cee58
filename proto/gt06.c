/* SPDX-License-Identifier: Apache-2.0
 *
 * GT06: the protocol of Concox and Jimi, and of many others. Binary, over TCP or UDP; numbers are big-endian.
 *
 *   offset  size  field
 *   0       2     mark: 78 78, or 79 79 where the length has two bytes
 *   2       1, 2  length: of type to CRC
 *   +0      1     type
 *   +1      n     body
 *   +1+n    2     serial
 *   +3+n    2     CRC-16/X-25 of length to serial (gt06_crc.c)
 *   +5+n    2     0D 0A
 *
 * Wifi lists (types 17 and 69 of Topin devices) have none of the three last; their length byte counts stations instead:
 *
 *   mark 2, stations 1, type 1, date 6 (BCD), stations of 7, cells 1, country 2, network 1, cells of 5, 0D 0A
 *
 * The device says who it is in its login (01) alone: IMEI 8 bytes BCD, then perhaps type 2 and zone 2 (bits 15 to 4 hours and
 * minutes as a decimal number, bit 3 west). With a zone, all times of the connection are in it; else they are UTC. What comes
 * without a login belongs to nobody and is not answered.
 *
 * The answer is a frame of the same type and serial without a body. Bodies: gt06_report.c has the positions, gt06_modular.c the
 * lists of items, gt06_info.c the rest.
 */
#include "proto/gt06.h"

#define IMEI_BYTES  8
#define IMEI_DIGITS 15

enum { /* bits of a position's flags; 0 to 9 are the course */
       FLAG_NORTH = 1 << 10,
       FLAG_WEST = 1 << 11,
       FLAG_FIX = 1 << 12,
       COURSE_MASK = 0x3FF,
};

typedef enum bulla_status (*reader)(struct gt06_call *call);

enum answer { NONE, ECHO, ECHO_LONG };

struct kind {
    reader read; /* NULL: gt06_read_report */
    uint8_t answer;
};

static enum bulla_status read_login(struct gt06_call *call);

static const struct kind kinds[256] = {
    [GT06_LOGIN] = {read_login, ECHO},
    [0x10] = {NULL, ECHO},
    [0x11] = {NULL, ECHO},
    [0x12] = {NULL, ECHO},
    [0x13] = {NULL, ECHO},
    [0x15] = {gt06_read_string, ECHO},
    [0x16] = {NULL, ECHO},
    [0x17] = {NULL, ECHO},
    [0x18] = {NULL, ECHO},
    [0x19] = {NULL, ECHO},
    [0x1A] = {NULL, ECHO},
    [0x1E] = {NULL, ECHO},
    [0x21] = {gt06_read_answer, NONE},
    [0x22] = {NULL, ECHO},
    [0x23] = {NULL, ECHO},
    [0x24] = {NULL, ECHO},
    [0x25] = {NULL, ECHO},
    [0x26] = {NULL, ECHO},
    [0x27] = {NULL, ECHO},
    [0x28] = {NULL, ECHO},
    [0x2C] = {NULL, ECHO},
    [0x2D] = {NULL, ECHO},
    [0x2E] = {NULL, ECHO},
    [0x31] = {NULL, ECHO},
    [0x32] = {NULL, ECHO_LONG},
    [0x33] = {NULL, ECHO_LONG},
    [GT06_PHOTO] = {gt06_read_photo, NONE},
    [GT06_STATUS_LIST] = {gt06_read_status_list, ECHO},
    [0x37] = {NULL, ECHO},
    [0x39] = {NULL, ECHO},
    [0x61] = {NULL, ECHO},
    [GT06_MODULAR] = {gt06_read_modular, ECHO},
    [0x94] = {gt06_read_info, NONE},
    [0x95] = {gt06_read_camera, ECHO},
    [0xA0] = {NULL, ECHO},
    [0xA1] = {NULL, ECHO},
    [0xA2] = {NULL, ECHO},
    [0xA3] = {NULL, ECHO},
    [0xA4] = {NULL, ECHO},
    [0xA5] = {NULL, ECHO},
    [0xA7] = {NULL, ECHO},
    [0xF1] = {NULL, ECHO},
    [0xF2] = {NULL, ECHO},
};

/* ---- what all messages share ---- */

bool gt06_model(const struct proto_link *link, const char *names)
{
    const char *model = link->profile ? link->profile->model : "";
    size_t n = bulla_length(model);
    struct bulla_cursor c = bulla_cursor_over((const uint8_t *)names, bulla_length(names));
    while (n && c.left) {
        struct bulla_bytes name = bulla_cursor_take_until(&c, ' ');
        if (name.len <= n && bulla_compare(model, name.at, name.len) == 0) {
            return true;
        }
    }
    return false;
}

enum bulla_status gt06_short(struct gt06_call *call)
{
    return proto_fail_number(call->link, BULLA_DAMAGED, "body", "the fields of its type, which are longer", (int64_t)call->m->body.len);
}

static void put_time(struct gt06_call *call, int64_t time_ms)
{
    call->o.has |= BULLA_HAS_TIME;
    call->o.time_ms = time_ms;
    if (time_ms == BULLA_TIME_NONE) {
        call->o.unknown |= BULLA_HAS_TIME;
    }
}

static int64_t zone_ms(const struct gt06_call *call)
{
    const struct proto_profile *profile = call->link->profile;
    return (profile && profile->has_zone ? profile->zone_minutes : call->self->zone_minutes) * INT64_C(60000);
}

enum bulla_status gt06_calendar(struct gt06_call *call, struct bulla_bytes date, int64_t *to)
{
    static const uint8_t never_set[6];
    if (bulla_compare(date.at, never_set, sizeof never_set) == 0) {
        *to = BULLA_TIME_NONE;
        return BULLA_OK;
    }
    struct bulla_calendar when = {2000 + date.at[0], date.at[1], date.at[2], date.at[3], date.at[4], date.at[5], 0};
    int64_t time_ms = date.at[0] > 99 ? BULLA_TIME_NONE : bulla_time_from_calendar(&when);
    if (time_ms == BULLA_TIME_NONE) {
        return proto_fail_number(call->link, BULLA_INSANE, "date", "a moment of the calendar, its year being", when.year);
    }
    *to = time_ms - zone_ms(call);
    return BULLA_OK;
}

enum bulla_status gt06_date(struct gt06_call *call)
{
    struct bulla_bytes date = bulla_cursor_take(&call->c, 6);
    int64_t time_ms;
    if (!date.at) {
        return BULLA_OK; /* the cursor remembers */
    }
    enum bulla_status status = gt06_calendar(call, date, &time_ms);
    if (status == BULLA_OK) {
        put_time(call, time_ms);
    }
    return status;
}

enum bulla_status gt06_unix(struct gt06_call *call)
{
    int64_t seconds = bulla_cursor_get_u32(&call->c);
    if (!call->c.failed) {
        put_time(call, seconds ? seconds * 1000 : BULLA_TIME_NONE);
    }
    return BULLA_OK;
}

enum bulla_status gt06_place(struct gt06_call *call, uint32_t lat, uint32_t lon, unsigned speed_kmh, unsigned flags)
{
    struct bulla_observation *o = &call->o;
    int64_t lat_e7 = ((int64_t)lat * 50 + 4) / 9, lon_e7 = ((int64_t)lon * 50 + 4) / 9; /* of 1/1,800,000 of a degree */
    unsigned course = flags & COURSE_MASK;
    if (lat_e7 > 900000000 || lon_e7 > 1800000000) {
        return proto_fail_number(call->link, BULLA_INSANE, lat_e7 > 900000000 ? "latitude" : "longitude", "at most 90 and 180 degrees",
                                 lat_e7 > 900000000 ? lat : lon);
    }
    o->has |= BULLA_HAS_FIX | BULLA_HAS_SPEED;
    o->fix_valid = (flags & FLAG_FIX) && (lat || lon);
    o->lat_e7 = (int32_t)(flags & FLAG_NORTH ? lat_e7 : -lat_e7);
    o->lon_e7 = (int32_t)(flags & FLAG_WEST ? -lon_e7 : lon_e7);
    o->speed_cmh = (int32_t)speed_kmh * 100;
    if (course > 360 && o->fix_valid) {
        return proto_fail_number(call->link, BULLA_INSANE, "course", "at most 360", course);
    }
    if (course <= 360) {
        o->has |= BULLA_HAS_COURSE;
        o->course_cdeg = (int32_t)(course % 360) * 100;
    }
    return BULLA_OK;
}

/* ---- events ---- */

void gt06_event(struct bulla_observation *o, unsigned event)
{
    bulla_observation_add_event(o, (enum bulla_event)event);
}

#define NO_EVENT 0xFF

/* Bits 3 to 5 of the information byte. */
static const uint8_t terminal_events[8] = {
    NO_EVENT, BULLA_EVENT_VIBRATION,      BULLA_EVENT_POWER_CUT, BULLA_EVENT_LOW_BATTERY, BULLA_EVENT_SOS, NO_EVENT,
    NO_EVENT, BULLA_EVENT_DEVICE_REMOVED,
};

/* The alarm byte. Before the general meaning, that of models with another one. */
static const struct {
    const char *model;
    uint16_t alarm;
    uint8_t event;
} alarm_events[] = {
    {"TR08X", 0x0C, BULLA_EVENT_DEVICE_REMOVED},
    {"LW", 0x18, BULLA_EVENT_IMPACT},
    {"LW", 0x19, NO_EVENT}, /* hard acceleration */
    {NULL, 0x01, BULLA_EVENT_SOS},
    {NULL, 0x02, BULLA_EVENT_POWER_CUT},
    {NULL, 0x03, BULLA_EVENT_VIBRATION},
    {NULL, 0x04, BULLA_EVENT_FENCE_ENTER},
    {NULL, 0x05, BULLA_EVENT_FENCE_EXIT},
    {NULL, 0x06, BULLA_EVENT_OVERSPEED},
    {NULL, 0x09, BULLA_EVENT_ILLEGAL_MOVEMENT},
    {NULL, 0x0C, BULLA_EVENT_STARTUP},
    {NULL, 0x0E, BULLA_EVENT_LOW_BATTERY},
    {NULL, 0x0F, BULLA_EVENT_LOW_BATTERY},
    {NULL, 0x11, BULLA_EVENT_POWER_OFF},
    {NULL, 0x13, BULLA_EVENT_DEVICE_REMOVED},
    {NULL, 0x14, BULLA_EVENT_DOOR_OPENED},
    {NULL, 0x15, BULLA_EVENT_LOW_BATTERY},
    {NULL, 0x17, BULLA_EVENT_JAMMING},
    {NULL, 0x18, BULLA_EVENT_COVER_OPENED},
    {NULL, 0x19, BULLA_EVENT_LOW_BATTERY},
    {NULL, 0x23, BULLA_EVENT_FALL},
    {NULL, 0x25, BULLA_EVENT_DEVICE_REMOVED},
    {NULL, 0x32, BULLA_EVENT_DEVICE_REMOVED},
    {NULL, 0x33, BULLA_EVENT_LOCKED},
    {NULL, 0x34, BULLA_EVENT_UNLOCKED},
    {NULL, 0x107, BULLA_EVENT_JAMMING},
    {NULL, 0x10B, BULLA_EVENT_JAMMING},
};

static unsigned alarm_event(const struct gt06_call *call)
{
    for (size_t i = 0; i < sizeof alarm_events / sizeof *alarm_events; i++) {
        bool fits = alarm_events[i].alarm == call->alarm;
        if (fits && (!alarm_events[i].model || gt06_model(call->link, alarm_events[i].model))) {
            return alarm_events[i].event;
        }
    }
    return NO_EVENT;
}

/* What an event says of the state, where no field of its own does. */
static void put_state(struct bulla_observation *o, unsigned event)
{
    switch (event) {
    case BULLA_EVENT_DOOR_OPENED:
        o->state.door = BULLA_COVER_OPEN;
        break;
    case BULLA_EVENT_COVER_OPENED:
        o->state.cover = BULLA_COVER_OPEN;
        break;
    case BULLA_EVENT_LOCKED:
    case BULLA_EVENT_UNLOCKED:
        o->state.motor = event == BULLA_EVENT_LOCKED ? BULLA_MOTOR_LOCKED : BULLA_MOTOR_UNLOCKED;
        o->state.seal = event == BULLA_EVENT_LOCKED ? BULLA_SEAL_SEALED : BULLA_SEAL_OPEN;
        break;
    default:
        break;
    }
}

void gt06_finish(struct gt06_call *call)
{
    unsigned event = call->alarm > 0 ? alarm_event(call) : NO_EVENT;
    unsigned terminal = call->terminal > 0 ? terminal_events[call->terminal & 7] : NO_EVENT;
    if (event != NO_EVENT) {
        gt06_event(&call->o, event);
        put_state(&call->o, event);
    }
    if (terminal != NO_EVENT) {
        gt06_event(&call->o, terminal);
    }
    if (call->o.events == 0) {
        gt06_event(&call->o, BULLA_EVENT_STATE_REPORT);
    }
    if (!(call->o.has & BULLA_HAS_TIME)) {
        call->o.has |= BULLA_HAS_COUNTER;
        call->o.counter = call->m->serial;
    }
}

/* ---- the session ---- */

static void put_zone(struct gt06 *self, unsigned zone)
{
    int hours_minutes = (int)(zone >> 4);
    int minutes = hours_minutes / 100 * 60 + hours_minutes % 100;
    self->zone_minutes = (int16_t)(zone & 8 ? -minutes : minutes);
}

static enum bulla_status read_login(struct gt06_call *call)
{
    struct bulla_bytes imei = bulla_cursor_take(&call->c, IMEI_BYTES);
    char digits[2 * IMEI_BYTES + 1];
    bool zero = true;
    if (!imei.at) {
        return gt06_short(call);
    }
    bulla_hex_put(digits, imei.at, imei.len);
    for (size_t i = 0; digits[i]; i++) {
        zero = zero && digits[i] == '0';
        if (digits[i] > '9') {
            return proto_fail(call->link, BULLA_INSANE, "IMEI", "digits", (struct bulla_bytes){(uint8_t *)digits, 2 * IMEI_BYTES});
        }
    }
    bulla_cursor_skip(&call->c, 2);
    unsigned zone = bulla_cursor_get_u16(&call->c);
    bool west_of_all = !call->c.failed && (zone >> 4) > 1400;
    if (zero || west_of_all) {
        return proto_fail_number(call->link, BULLA_INSANE, zero ? "IMEI" : "zone", zero ? "a number" : "at most 14 hours", zone >> 4);
    }
    bulla_fill(call->self, 0, sizeof *call->self);
    const char *device = digits[0] == '0' ? digits + 2 * IMEI_BYTES - IMEI_DIGITS : digits;
    bulla_text_put(call->self->device, sizeof call->self->device, (struct bulla_bytes){(const uint8_t *)device, bulla_length(device)});
    if (!call->c.failed) {
        put_zone(call->self, zone);
    }
    gt06_event(&call->o, BULLA_EVENT_REGISTRATION);
    return BULLA_OK;
}

static void answer_time(struct gt06_call *call)
{
    struct bulla_calendar now = bulla_time_to_calendar(call->link->now_ms);
    const uint8_t date[6] = {(uint8_t)(now.year % 100), (uint8_t)now.month,  (uint8_t)now.day,
                             (uint8_t)now.hour,         (uint8_t)now.minute, (uint8_t)now.second};
    gt06_say(call->link, GT06_SHORT, GT06_TIME, call->m->serial, (struct bulla_bytes){date, sizeof date});
}

/* No address is known: the answer that ends the device's asking. */
static void answer_address(struct gt06_call *call)
{
    static const uint8_t unknown[] = "\x0B\0\0\0\0NA&&NA&&0##";
    gt06_say(call->link, GT06_LONG, GT06_ADDRESS_ANSWER, 0, (struct bulla_bytes){unknown, sizeof unknown - 1});
}

static void answer(struct gt06_call *call)
{
    uint8_t type = call->m->type, how = kinds[type].answer;
    if (type == GT06_ADDRESS) {
        answer_address(call);
    } else if (how != NONE && !call->silent) {
        bool large = how == ECHO_LONG && call->m->header == GT06_LONG;
        gt06_say(call->link, large ? GT06_LONG : GT06_SHORT, type, call->m->serial, (struct bulla_bytes){NULL, 0});
    }
}

static void answer_wifi(struct gt06_call *call)
{
    uint8_t bytes[12] = {GT06_SHORT, GT06_SHORT, 0, call->m->type, 0, 0, 0, 0, 0, 0, '\r', '\n'};
    bulla_copy(bytes + 4, call->m->body.at, 6);
    if (call->link->reply) {
        call->link->reply(call->link->host, bytes, sizeof bytes);
    }
}

/* ---- one message ---- */

static enum bulla_status nobody(struct gt06_call *call)
{
    return proto_fail_number(call->link, BULLA_INSANE, "device", "a login before a message of type", call->m->type);
}

static enum bulla_status report(struct gt06_call *call, reader read)
{
    if (!call->self->device[0] && call->m->type != GT06_LOGIN) {
        return nobody(call);
    }
    bulla_observation_init(&call->o, "gt06");
    enum bulla_status status = read(call);
    if (status != BULLA_OK) {
        return status;
    }
    gt06_finish(call);
    bulla_copy(call->o.device, call->self->device, sizeof call->o.device);
    call->link->emit(call->link->host, &call->o);
    return BULLA_OK;
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct gt06_message m;
    enum bulla_status status = gt06_open(link, at, n, &m);
    if (status != BULLA_OK) {
        return status;
    }
    struct gt06_call call; /* not cleared as a whole: the observation is large */
    call.link = link;
    call.self = link->state;
    call.m = &m;
    call.c = bulla_cursor_over(m.body.at, m.body.len);
    call.terminal = call.alarm = -1;
    call.silent = false;
    if (gt06_is_wifi(at, n)) {
        status = report(&call, gt06_read_wifi);
        if (status == BULLA_OK) {
            answer_wifi(&call);
        }
        return status;
    }
    if (m.type == GT06_TIME) { /* asked before the login too */
        answer_time(&call);
        return BULLA_OK;
    }
    if (m.type == GT06_PHOTO && !call.self->device[0]) {
        return gt06_read_photo(&call);
    }
    reader read = kinds[m.type].read;
    status = report(&call, read ? read : gt06_read_report);
    if (status == BULLA_OK) {
        answer(&call);
    }
    return status;
}

const struct proto proto_gt06 = {
    .number = 5,
    .name = "gt06",
    .title = "GT06 of Concox, Jimi and others",
    .transports = "tcp udp",
    .port = 0,
    .state_size = sizeof(struct gt06),
    .frame_max = GT06_FRAME_MAX,
    .probe = gt06_probe,
    .frame = gt06_frame,
    .decode = decode,
    .encode = gt06_encode,
    .commands = gt06_commands,
};
