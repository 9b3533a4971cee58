/* SPDX-License-Identifier: Apache-2.0
 *
 * NIOT: binary frames over TCP. Every frame is answered.
 *
 *   0   2  mark, 58 58
 *   2   1  type; 80 report
 *   3   2  length of what follows, to the end
 *   5   8  IMEI, 16 packed digits, the first is 0
 *   13  .  fields
 *       1  exclusive or of the type and all behind it
 *       1  end, 0D
 *
 *   report
 *   13  6  time, packed YYMMDDhhmmss, UTC   38  1  status C
 *   19  4  latitude, 1/30000 minute         39  1  satellites
 *   23  4  longitude; bit 31: south, west   40  1  battery, 0.1 V
 *   27  2  reserved                         41  2  supply, 0.1 V
 *   29  2  course, packed degrees           43  1  speed limit
 *   31  1  status X: 7 fix, 4-3 supply:     44  1  speed, km/h
 *          2 cut, 1 low                     45  3  reserved
 *   32  4  odometer, m                      48  .  {length 2, type 2, value}; the length counts the type
 *   36  1  status A: 7 clear: ignition,            1  ICCID
 *          6 clear: too fast                       2  status D: 5 removed, 4 tampered; mode, reserved
 *   37  1  status B
 *
 * Answer: 58 58 21 0005 <check of the frame> <its type> 00 <check> 0D.
 */
#include "proto/field.h"

extern const struct proto proto_niot;

#define MARK         0x58
#define END          0x0D
#define TYPE_REPORT  0x80
#define TYPE_ANSWER  0x21
#define HEAD         5 /* mark, type, length */
#define ID_DIGITS    8 /* bytes of them */
#define TAIL         2 /* check value, end */
#define LENGTH_MIN   (ID_DIGITS + TAIL)
#define FRAME_MAX    1024
#define REPORT_MIN   35 /* from the time to what is reserved */
#define CENTURY      2000
#define HUNDREDTHS   100
#define TLV_STATUS_D 2

enum { X_FIX = 0x80, X_SUPPLY_LOW = 0x08, X_SUPPLY_CUT = 0x10, X_SUPPLY = 0x18, A_NOT_FAST = 0x40, D_REMOVED = 0x20, D_TAMPERED = 0x10 };

/* ---- frames ---- */

static size_t length_at(const uint8_t *at)
{
    return (size_t)at[3] << 8 | at[4];
}

static bool is_packed(uint8_t byte)
{
    return byte >> 4 <= 9 && (byte & 15) <= 9;
}

static enum bulla_status probe(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n && i < HEAD + ID_DIGITS; i++) {
        if ((i < 2 && at[i] != MARK) || (i >= HEAD && !is_packed(at[i]))) {
            return BULLA_NOT_MINE;
        }
        if (i == HEAD - 1 && (length_at(at) < LENGTH_MIN || length_at(at) > FRAME_MAX - HEAD)) {
            return BULLA_NOT_MINE;
        }
    }
    return n < HEAD + ID_DIGITS ? BULLA_MORE : BULLA_OK;
}

static uint8_t check_value(const uint8_t *at, size_t n)
{
    uint8_t value = 0;
    for (size_t i = 0; i < n; i++) {
        value ^= at[i];
    }
    return value;
}

/* Over type to check value it is 0. */
static bool is_whole(const uint8_t *at, size_t n)
{
    return n >= HEAD + LENGTH_MIN && n == HEAD + length_at(at) && at[n - 1] == END && check_value(at + 2, n - 3) == 0;
}

/* A frame that is not whole may have swallowed another, or its beginning, which is where this returns; n: it has not. */
static size_t inner_start(const uint8_t *at, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (at[i] == MARK && probe(at + i, n - i) != BULLA_NOT_MINE) {
            return i;
        }
    }
    return n;
}

static enum bulla_status frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    (void)link;
    size_t skip = 0;
    while (skip < n && probe(at + skip, n - skip) == BULLA_NOT_MINE) {
        skip++;
    }
    *frame = (struct proto_frame){skip, 0};
    if (n - skip < HEAD || n - skip < HEAD + length_at(at + skip)) {
        return BULLA_MORE;
    }
    size_t len = HEAD + length_at(at + skip);
    frame->len = is_whole(at + skip, len) ? len : inner_start(at + skip, len);
    return BULLA_OK;
}

/* ---- fields ---- */

static enum bulla_status read_time(struct proto_link *link, struct bulla_cursor *c, struct bulla_observation *o)
{
    struct bulla_bytes packed = {c->at, 6};
    unsigned part[6];
    for (size_t i = 0; i < 6; i++) {
        part[i] = (unsigned)bulla_cursor_get_bcd(c, 1);
    }
    if (c->failed) {
        return proto_fail(link, BULLA_DAMAGED, "time", "packed digits", packed);
    }
    const struct bulla_calendar when = {
        .year = CENTURY + (int)part[0], .month = part[1], .day = part[2], .hour = part[3], .minute = part[4], .second = part[5]};
    return proto_field_time(link, &when, o);
}

/* 1 800 000 a degree. */
static int64_t angle_e7(uint32_t value)
{
    int64_t e7 = ((int64_t)(value & 0x7FFFFFFF) * 50 + 4) / 9;
    return value >> 31 ? -e7 : e7;
}

static enum bulla_status read_place(struct proto_link *link, struct bulla_cursor *c, struct bulla_observation *o)
{
    int64_t lat_e7 = angle_e7(bulla_cursor_get_u32(c));
    int64_t lon_e7 = angle_e7(bulla_cursor_get_u32(c));
    bulla_cursor_skip(c, 2);
    uint64_t course = bulla_cursor_get_bcd(c, 2);
    if (c->failed) {
        return proto_fail(link, BULLA_DAMAGED, "course", "packed digits", (struct bulla_bytes){NULL, 0});
    }
    if (course > 360) {
        return proto_fail_number(link, BULLA_INSANE, "course", "up to 360", (int64_t)course);
    }
    o->has |= BULLA_HAS_COURSE;
    o->course_cdeg = (int32_t)(course % 360) * HUNDREDTHS;
    return proto_field_put_place(link, lat_e7, lon_e7, false, o);
}

static void read_state(struct bulla_cursor *c, struct bulla_observation *o)
{
    uint8_t x = bulla_cursor_get_u8(c);
    uint32_t metres = bulla_cursor_get_u32(c);
    uint8_t a = bulla_cursor_get_u8(c);
    bulla_cursor_skip(c, 2); /* status B, C */
    o->fix_valid = (x & X_FIX) != 0;
    o->satellites = bulla_cursor_get_u8(c);
    o->millivolts = bulla_cursor_get_u8(c) * 100;
    int32_t supply_mv = bulla_cursor_get_u16(c) * 100;
    bulla_cursor_skip(c, 1);
    o->speed_cmh = bulla_cursor_get_u8(c) * HUNDREDTHS;
    bulla_cursor_skip(c, 3);
    o->has |= BULLA_HAS_SATELLITES | BULLA_HAS_VOLTS | BULLA_HAS_SPEED;
    bulla_observation_add_sensor(o, "", BULLA_SENSOR_SUPPLY, supply_mv);
    if (metres <= INT32_MAX) {
        bulla_observation_add_sensor(o, "", BULLA_SENSOR_MILEAGE, (int32_t)metres);
    }
    if ((x & X_SUPPLY) == X_SUPPLY_CUT) {
        bulla_observation_add_event(o, BULLA_EVENT_POWER_CUT);
    } else if ((x & X_SUPPLY) == X_SUPPLY_LOW) {
        bulla_observation_add_event(o, BULLA_EVENT_LOW_BATTERY);
    }
    if (!(a & A_NOT_FAST)) {
        bulla_observation_add_event(o, BULLA_EVENT_OVERSPEED);
    }
}

static enum bulla_status read_extras(struct proto_link *link, struct bulla_cursor *c, struct bulla_observation *o)
{
    while (c->left && !c->failed) {
        uint16_t len = bulla_cursor_get_u16(c);
        struct bulla_bytes extra = bulla_cursor_take(c, len);
        struct bulla_cursor value = bulla_cursor_over(extra.at, extra.len);
        uint16_t type = bulla_cursor_get_u16(&value);
        uint8_t first = bulla_cursor_get_u8(&value);
        if (c->failed || value.failed) {
            return proto_fail_number(link, BULLA_DAMAGED, "extra", "a length that fits", len);
        }
        if (type == TLV_STATUS_D && first & D_REMOVED) {
            bulla_observation_add_event(o, BULLA_EVENT_DEVICE_REMOVED);
        }
        if (type == TLV_STATUS_D && first & D_TAMPERED) {
            bulla_observation_add_event(o, BULLA_EVENT_COVER_OPENED);
        }
    }
    return BULLA_OK;
}

static enum bulla_status read_report(struct proto_link *link, struct bulla_cursor *c, struct bulla_observation *o)
{
    if (c->left < REPORT_MIN) {
        return proto_fail_number(link, BULLA_DAMAGED, "report", "35 bytes or more", (int64_t)c->left);
    }
    enum bulla_status status = read_time(link, c, o);
    status = status == BULLA_OK ? read_place(link, c, o) : status;
    if (status != BULLA_OK) {
        return status;
    }
    read_state(c, o);
    status = read_extras(link, c, o);
    if (!o->events) {
        bulla_observation_add_event(o, BULLA_EVENT_STATE_REPORT);
    }
    return status;
}

/* ---- messages ---- */

static enum bulla_status check_frame(struct proto_link *link, const uint8_t *at, size_t n)
{
    if (n == 0 || probe(at, n) == BULLA_NOT_MINE) {
        return proto_fail(link, BULLA_NOT_MINE, "start", "XX, a length and an IMEI", (struct bulla_bytes){at, n});
    }
    if (n < HEAD + LENGTH_MIN || n != HEAD + length_at(at)) {
        return proto_fail_number(link, n < HEAD && link->whole ? BULLA_MORE : BULLA_DAMAGED, "length", "that of the frame", (int64_t)n);
    }
    if (at[n - 1] != END) {
        return proto_fail_number(link, BULLA_DAMAGED, "end", "13", at[n - 1]);
    }
    if (!is_whole(at, n)) {
        return proto_fail_number(link, BULLA_DAMAGED, "check value", "that of the frame", at[n - 2]);
    }
    return BULLA_OK;
}

static void put_device(struct bulla_cursor *c, struct bulla_observation *o)
{
    struct bulla_writer w = bulla_writer_over((uint8_t *)o->device, sizeof o->device - 1);
    bulla_writer_put_decimal(&w, bulla_cursor_get_bcd(c, ID_DIGITS), 2 * ID_DIGITS - 1);
    o->device[w.len] = '\0';
}

static void answer(struct proto_link *link, const uint8_t *at, size_t n)
{
    uint8_t bytes[] = {MARK, MARK, TYPE_ANSWER, 0, 5, at[n - 2], at[2], 0, 0, END};
    bytes[8] = check_value(bytes + 2, 6);
    link->reply(link->host, bytes, sizeof bytes);
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct bulla_observation o;
    enum bulla_status status = check_frame(link, at, n);
    if (status != BULLA_OK) {
        return status;
    }
    struct bulla_cursor c = bulla_cursor_over(at + HEAD, n - HEAD - TAIL);
    bulla_observation_init(&o, "niot");
    put_device(&c, &o);
    status = at[2] == TYPE_REPORT ? read_report(link, &c, &o) : BULLA_OK;
    if (status != BULLA_OK) {
        return status;
    }
    link->emit(link->host, &o);
    answer(link, at, n);
    return BULLA_OK;
}

static const struct proto_command commands[] = {{NULL}};

const struct proto proto_niot = {
    .number = 12,
    .name = "niot",
    .title = "NIOT trackers",
    .transports = "tcp",
    .port = 0,
    .state_size = 0,
    .frame_max = FRAME_MAX,
    .probe = probe,
    .frame = frame,
    .decode = decode,
    .encode = proto_no_commands,
    .commands = commands,
};
