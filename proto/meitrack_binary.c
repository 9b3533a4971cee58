/* SPDX-License-Identifier: Apache-2.0
 *
 * Meitrack: reports in binary. Numbers are little-endian, times are seconds since 2000-01-01T00:00:00Z, degrees are
 * signed millionths.
 *
 * CCC: a head of 8 bytes {version 2, length of a record 2, how many wait in the device 4}, then records of 52 bytes:
 *
 *   0  1  event          14  1  satellites       23  2  altitude, m         37  2  area
 *   1  4  latitude       15  1  signal, CSQ      25  4  mileage, m          39  2  cell
 *   5  4  longitude      16  2  speed, km/h      29  4  run time, s         41  2  inputs and outputs
 *   9  4  time           18  2  course           33  2  mcc                 43  2  analog input
 *  13  1  1: fix         20  2  HDOP, 0.1        35  2  mnc                 45  2  battery, 0.01 V
 *                                                                           47  2  supply, in a scale of the model; 49 3 fences
 *
 * CCE: {how many wait 4, number of records 2}, then records {length 2, number of values 2, four groups}. A group is a
 * number of values and the values: each a tag, of two bytes where the first is FE, and one, two, four bytes, or in
 * the last group a length and as many bytes.
 *
 *   1    01 event              05  1: fix           06 satellites       07 signal, CSQ
 *        47 lock: 2 locked, 1 unlocked, 0 not said  FE69 battery, %
 *   2    08 speed, km/h        09 course            0B altitude, m      19 battery, 0.01 V
 *        1A supply, 0.01 V     40 event
 *   4    02 latitude           03 longitude         04 time             0C mileage, m       25 card
 *   any  0E 0F 10 12 13 cell: mcc 2, mnc 2, area 2, cell 4, dBm 2       2A to 31 temperature: sensor 1, 0.01 C 2
 *        FE73 tag: version, name, MAC 6, battery %, 1/256 C 2, 1/256 % 2, limits
 *        FEA8 three batteries: there 1, % 1
 */
#include "proto/field.h"
#include "proto/meitrack.h"

#define EPOCH_S       INT64_C(946684800) /* 2000-01-01T00:00:00Z */
#define FIXED_HEAD    8
#define FIXED_RECORD  52
#define LOCK_UNLOCKED 1
#define LOCK_LOCKED   2
#define TAG_MORE      0xFE
#define BATTERIES     3
#define MAC_LEN       6

/* ---- little-endian numbers ---- */

static uint32_t get_le(struct bulla_cursor *c, size_t n)
{
    struct bulla_bytes b = bulla_cursor_take(c, n);
    uint32_t value = 0;
    for (size_t i = b.len; i > 0; i--) {
        value = value << 8 | b.at[i - 1];
    }
    return value;
}

static int32_t get_signed_le(struct bulla_cursor *c, size_t n)
{
    uint32_t value = get_le(c, n);
    return n == 2 ? (int16_t)(uint16_t)value : (int32_t)value;
}

/* ---- a record ---- */

struct record {
    struct proto_link *link;
    struct bulla_observation o;
    int32_t lat_e6, lon_e6;
    bool has_lat, has_lon, valid;
    unsigned event;
    enum bulla_status status; /* of the first value that cannot be true */
};

static void put_number(struct record *r, const struct proto_field *to, int64_t value)
{
    if (r->status == BULLA_OK) {
        r->status = proto_field_put(r->link, to, value, &r->o);
    }
}

static void put_time(struct record *r, uint32_t seconds)
{
    proto_field_put_time(r->link, (EPOCH_S + seconds) * 1000, &r->o);
}

/* A network without a country is none. */
static void put_cell(struct record *r, struct bulla_cursor *c, size_t cell_len)
{
    uint16_t mcc = (uint16_t)get_le(c, 2), mnc = (uint16_t)get_le(c, 2);
    uint32_t area = get_le(c, 2), cell = get_le(c, cell_len);
    if (!c->failed && mcc) {
        bulla_observation_add_cell(&r->o, mcc, mnc, area, cell);
    }
}

static enum bulla_status record_end(struct record *r)
{
    if (r->status == BULLA_OK && r->has_lat && r->has_lon) {
        r->status = proto_field_put_place(r->link, r->lat_e6 * INT64_C(10), r->lon_e6 * INT64_C(10), r->valid, &r->o);
    }
    meitrack_put_event(&r->o, r->event);
    return r->status;
}

/* Of numbers in both kinds of records. */
static const struct proto_field satellites = {0, "satellites", PROTO_TO_SATELLITES};
static const struct proto_field signal_csq = {0, "signal", PROTO_TO_SENSOR, BULLA_SENSOR_CSQ};
static const struct proto_field speed = {0, "speed", PROTO_TO_SPEED};
static const struct proto_field course = {0, "course", PROTO_TO_COURSE};
static const struct proto_field altitude = {0, "altitude", PROTO_TO_ALTITUDE};
static const struct proto_field mileage = {0, "mileage", PROTO_TO_SENSOR, BULLA_SENSOR_MILEAGE};
static const struct proto_field battery = {0, "battery", PROTO_TO_VOLTS};
static const struct proto_field percent = {0, "battery", PROTO_TO_PERCENT};
static const struct proto_field supply = {0, "supply", PROTO_TO_SENSOR, BULLA_SENSOR_SUPPLY};

/* ---- records of one layout ---- */

static enum bulla_status fixed_record(struct record *r, struct bulla_cursor *c)
{
    r->event = bulla_cursor_get_u8(c);
    r->lat_e6 = get_signed_le(c, 4);
    r->lon_e6 = get_signed_le(c, 4);
    r->has_lat = r->has_lon = true;
    put_time(r, get_le(c, 4));
    r->valid = bulla_cursor_get_u8(c) == 1;
    put_number(r, &satellites, bulla_cursor_get_u8(c));
    put_number(r, &signal_csq, bulla_cursor_get_u8(c) * INT64_C(1000));
    put_number(r, &speed, get_le(c, 2) * INT64_C(100));
    put_number(r, &course, get_le(c, 2) * INT64_C(100));
    bulla_cursor_skip(c, 2);
    put_number(r, &altitude, get_signed_le(c, 2) * INT64_C(100));
    put_number(r, &mileage, get_le(c, 4));
    bulla_cursor_skip(c, 4);
    put_cell(r, c, 2);
    bulla_cursor_skip(c, 4);
    put_number(r, &battery, get_le(c, 2) * INT64_C(10));
    return record_end(r);
}

/* All records, or nothing: read twice, and emitted only when all of them are good. */
static enum bulla_status fixed_records(struct proto_link *link, const struct meitrack_message *m, struct bulla_cursor c, bool emit)
{
    while (c.left) {
        struct record r = {.link = link};
        struct bulla_bytes bytes = bulla_cursor_take(&c, FIXED_RECORD);
        struct bulla_cursor record = bulla_cursor_over(bytes.at, bytes.len);
        meitrack_begin(m, &r.o);
        enum bulla_status status = fixed_record(&r, &record);
        if (status != BULLA_OK) {
            return status;
        }
        if (emit) {
            link->emit(link->host, &r.o);
        }
    }
    return BULLA_OK;
}

enum bulla_status meitrack_fixed_decode(struct proto_link *link, const struct meitrack_message *m, uint16_t *n_records)
{
    struct bulla_cursor c = bulla_cursor_over(m->body.at, m->body.len);
    bulla_cursor_skip(&c, 2);
    uint32_t size = get_le(&c, 2);
    bulla_cursor_skip(&c, 4);
    if (c.failed || size != FIXED_RECORD || c.left % FIXED_RECORD != 0) {
        return proto_fail_number(link, BULLA_DAMAGED, "records", "a head of 8 bytes and records of 52", (int64_t)m->body.len);
    }
    enum bulla_status status = fixed_records(link, m, c, false);
    if (status == BULLA_OK) {
        *n_records = (uint16_t)(c.left / FIXED_RECORD);
        status = fixed_records(link, m, c, true);
    }
    return status;
}

/* ---- tagged values ---- */

static void read_event(struct record *r, uint16_t tag, struct bulla_cursor *c)
{
    (void)tag;
    r->event = get_le(c, c->left);
}

static void read_fix(struct record *r, uint16_t tag, struct bulla_cursor *c)
{
    (void)tag;
    r->valid = bulla_cursor_get_u8(c) != 0;
}

/* 0 and what is not known say nothing of the motor. */
static void read_lock(struct record *r, uint16_t tag, struct bulla_cursor *c)
{
    (void)tag;
    uint8_t lock = bulla_cursor_get_u8(c);
    if (lock == 0) {
        return;
    }
    r->o.state.motor = lock == LOCK_LOCKED ? BULLA_MOTOR_LOCKED : lock == LOCK_UNLOCKED ? BULLA_MOTOR_UNLOCKED : BULLA_MOTOR_UNKNOWN;
    r->o.state.seal = (uint8_t)bulla_seal_from(BULLA_SHACKLE_NONE, (enum bulla_motor)r->o.state.motor);
}

static void read_angle(struct record *r, uint16_t tag, struct bulla_cursor *c)
{
    bool lat = tag == 2;
    *(lat ? &r->lat_e6 : &r->lon_e6) = get_signed_le(c, 4);
    *(lat ? &r->has_lat : &r->has_lon) = true;
}

static void read_time(struct record *r, uint16_t tag, struct bulla_cursor *c)
{
    (void)tag;
    put_time(r, get_le(c, 4));
}

static void read_card(struct record *r, uint16_t tag, struct bulla_cursor *c)
{
    uint8_t digits[12];
    struct bulla_writer w = bulla_writer_over(digits, sizeof digits);
    uint32_t number = get_le(c, 4);
    (void)tag;
    if (number) {
        bulla_writer_put_decimal(&w, number, 10);
        meitrack_put_card(&r->o, (struct bulla_bytes){digits, w.len});
    }
}

static void read_cell(struct record *r, uint16_t tag, struct bulla_cursor *c)
{
    (void)tag;
    put_cell(r, c, 4);
}

static void read_temperature(struct record *r, uint16_t tag, struct bulla_cursor *c)
{
    const char id[] = {(char)('0' + tag - 0x2A), '\0'};
    bulla_cursor_skip(c, 1);
    int32_t hundredths = get_signed_le(c, 2);
    if (!c->failed) {
        bulla_observation_add_sensor(&r->o, id, BULLA_SENSOR_TEMPERATURE, hundredths * 10);
    }
}

static void read_tag(struct record *r, uint16_t tag, struct bulla_cursor *c)
{
    char id[sizeof r->o.sensors[0].id];
    (void)tag;
    bulla_cursor_skip(c, 1);
    bulla_text_put(id, sizeof id, bulla_cursor_take(c, bulla_cursor_get_u8(c)));
    bulla_cursor_skip(c, MAC_LEN);
    uint8_t level = bulla_cursor_get_u8(c);
    int32_t celsius = get_signed_le(c, 2), humidity = get_signed_le(c, 2);
    if (c->failed) {
        return;
    }
    bulla_observation_add_sensor(&r->o, id, BULLA_SENSOR_BATTERY_PERCENT, level * 1000);
    bulla_observation_add_sensor(&r->o, id, BULLA_SENSOR_TEMPERATURE, celsius * 1000 / 256);
    bulla_observation_add_sensor(&r->o, id, BULLA_SENSOR_HUMIDITY, humidity * 1000 / 256);
}

/* The first is the device's own. */
static void read_batteries(struct record *r, uint16_t tag, struct bulla_cursor *c)
{
    static const struct proto_field rows[BATTERIES] = {
        {0, "battery 1", PROTO_TO_PERCENT},
        {0, "battery 2", PROTO_TO_SENSOR, BULLA_SENSOR_BATTERY_PERCENT, "2"},
        {0, "battery 3", PROTO_TO_SENSOR, BULLA_SENSOR_BATTERY_PERCENT, "3"},
    };
    (void)tag;
    for (size_t i = 0; i < BATTERIES; i++) {
        bool there = bulla_cursor_get_u8(c) > 0;
        uint8_t level = bulla_cursor_get_u8(c);
        if (there && !c->failed) {
            put_number(r, &rows[i], i ? level * 1000 : level);
        }
    }
}

/* Numbers that go as they are, and values that want a function. */
static const struct value {
    uint16_t first, last; /* tags */
    uint8_t size;         /* 0: of the last group */
    bool is_signed;
    uint16_t times;
    const struct proto_field *to;
    void (*read)(struct record *r, uint16_t tag, struct bulla_cursor *c);
} values[] = {
    {0x06, 0x06, 1, false, 1, &satellites, NULL},        {0x07, 0x07, 1, false, 1000, &signal_csq, NULL},
    {0xFE69, 0xFE69, 1, false, 1, &percent, NULL},       {0x08, 0x08, 2, false, 100, &speed, NULL},
    {0x09, 0x09, 2, false, 100, &course, NULL},          {0x0B, 0x0B, 2, true, 100, &altitude, NULL},
    {0x19, 0x19, 2, false, 10, &battery, NULL},          {0x1A, 0x1A, 2, false, 10, &supply, NULL},
    {0x0C, 0x0C, 4, false, 1, &mileage, NULL},           {0x01, 0x01, 1, false, 0, NULL, read_event},
    {0x05, 0x05, 1, false, 0, NULL, read_fix},           {0x47, 0x47, 1, false, 0, NULL, read_lock},
    {0x40, 0x40, 2, false, 0, NULL, read_event},         {0x02, 0x03, 4, false, 0, NULL, read_angle},
    {0x04, 0x04, 4, false, 0, NULL, read_time},          {0x25, 0x25, 4, false, 0, NULL, read_card},
    {0x0E, 0x10, 0, false, 0, NULL, read_cell},          {0x12, 0x13, 0, false, 0, NULL, read_cell},
    {0x2A, 0x31, 0, false, 0, NULL, read_temperature},   {0xFE73, 0xFE73, 0, false, 0, NULL, read_tag},
    {0xFEA8, 0xFEA8, 0, false, 0, NULL, read_batteries},
};

static void read_value(struct record *r, size_t size, uint16_t tag, struct bulla_bytes bytes)
{
    struct bulla_cursor c = bulla_cursor_over(bytes.at, bytes.len);
    for (const struct value *v = values; v < values + sizeof values / sizeof *values; v++) {
        if (v->size != size || tag < v->first || tag > v->last) {
            continue;
        }
        if (v->read) {
            v->read(r, tag, &c);
        } else {
            put_number(r, v->to, (v->is_signed ? get_signed_le(&c, size) : (int64_t)get_le(&c, size)) * v->times);
        }
    }
    if (c.failed && r->status == BULLA_OK) {
        r->status = proto_fail_number(r->link, BULLA_DAMAGED, "value", "as long as its tag says", tag);
    }
}

static enum bulla_status tagged_record(struct record *r, struct bulla_cursor *c)
{
    static const uint8_t sizes[] = {1, 2, 4, 0};
    bulla_cursor_skip(c, 2); /* how many values there are */
    for (size_t group = 0; group < sizeof sizes && c->left; group++) {
        for (unsigned left = bulla_cursor_get_u8(c); left && !c->failed; left--) {
            uint16_t tag = bulla_cursor_get_u8(c);
            if (tag == TAG_MORE) {
                tag = (uint16_t)(TAG_MORE << 8 | bulla_cursor_get_u8(c));
            }
            size_t len = sizes[group] ? sizes[group] : bulla_cursor_get_u8(c);
            struct bulla_bytes bytes = bulla_cursor_take(c, len);
            if (!c->failed) {
                read_value(r, sizes[group], tag, bytes);
            }
        }
    }
    if (c->failed) { /* some firmware gives the network's name a wrong length: what is left then has no meaning */
        return proto_fail_number(r->link, BULLA_DAMAGED, "record", "four groups of values inside its length", (int64_t)c->left);
    }
    return record_end(r);
}

/* As fixed_records(). */
static enum bulla_status tagged_records(struct proto_link *link, const struct meitrack_message *m, struct bulla_cursor c, uint32_t n,
                                        bool emit)
{
    for (; n; n--) {
        struct record r = {.link = link};
        struct bulla_bytes bytes = bulla_cursor_take(&c, get_le(&c, 2));
        struct bulla_cursor record = bulla_cursor_over(bytes.at, bytes.len);
        if (c.failed) {
            return proto_fail_number(link, BULLA_DAMAGED, "records", "as many as the head says, each of its length", n);
        }
        meitrack_begin(m, &r.o);
        enum bulla_status status = tagged_record(&r, &record);
        if (status != BULLA_OK) {
            return status;
        }
        if (emit) {
            link->emit(link->host, &r.o);
        }
    }
    return c.left ? proto_fail_number(link, BULLA_DAMAGED, "records", "nothing behind the last", (int64_t)c.left) : BULLA_OK;
}

enum bulla_status meitrack_tagged_decode(struct proto_link *link, const struct meitrack_message *m)
{
    struct bulla_cursor c = bulla_cursor_over(m->body.at, m->body.len);
    bulla_cursor_skip(&c, 4); /* how many wait in the device */
    uint32_t n = get_le(&c, 2);
    if (c.failed) {
        return proto_fail_number(link, BULLA_DAMAGED, "records", "a head of 6 bytes", (int64_t)m->body.len);
    }
    enum bulla_status status = tagged_records(link, m, c, n, false);
    return status == BULLA_OK ? tagged_records(link, m, c, n, true) : status;
}
