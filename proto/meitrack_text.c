/* SPDX-License-Identifier: Apache-2.0
 *
 * Meitrack: reports in text. Some firmware puts one number more before the event.
 *
 *   0  event                      11  mileage, m
 *   1  latitude, signed degrees   12  run time, s
 *   2  longitude                  13  cell: mcc|mnc|area|cell, the last two hexadecimal
 *   3  YYMMDDhhmmss, UTC          14  inputs and outputs, four hexadecimal digits
 *   4  A fix, V none              15  five values with | between: volts of the battery and the supply first, or
 *   5  satellites                     in hexadecimal, the fourth and fifth, in a scale of the model
 *   6  signal, CSQ                16  what belongs to the event: a card with event 37
 *   7  speed, km/h                17  reserved
 *   8  course                     18  version
 *   9  HDOP                       19  fuel
 *  10  altitude, m                20  temperatures, six hexadecimal digits each with | between: sensor, value
 *
 * From field 14 on messages differ from model to model: what is not in this form is not read.
 */
#include "proto/field.h"
#include "proto/meitrack.h"
#include "proto/text.h"

#define FIELDS_MAX   64
#define ANALOG_PARTS 5
#define SENSORS_MAX  8
#define EVENT_CARD   37
#define VERSION_C    3 /* from here on temperatures are hundredths */

enum field {
    EVENT,
    LATITUDE,
    LONGITUDE,
    TIME,
    FIX,
    SATELLITES,
    SIGNAL,
    SPEED,
    COURSE,
    ALTITUDE = 10,
    MILEAGE,
    RUN_TIME,
    CELL,
    ANALOG = 15,
    EVENT_DATA,
    VERSION = 18,
    TEMPERATURES = 20
};

struct report {
    size_t n;
    struct bulla_bytes all[FIELDS_MAX], *field; /* field[EVENT] is the event */
};

static const struct proto_field numbers[] = {
    {SATELLITES, "satellites", PROTO_TO_SATELLITES},
    {SPEED, "speed", PROTO_TO_SPEED},
    {COURSE, "course", PROTO_TO_COURSE},
    {ALTITUDE, "altitude", PROTO_TO_ALTITUDE},
    {SIGNAL, "signal", PROTO_TO_SENSOR, .kind = BULLA_SENSOR_CSQ},
    {MILEAGE, "mileage", PROTO_TO_SENSOR, .kind = BULLA_SENSOR_MILEAGE, .metres = true},
};

/* ---- the fields ---- */

static bool has_point(struct bulla_bytes text)
{
    int64_t value;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '.') {
            return proto_text_fixed(text, 7, &value);
        }
    }
    return false;
}

/* False when these are not the fields of a report. */
static bool split(const struct meitrack_message *m, struct report *r)
{
    r->n = proto_text_split(m->body, ',', r->all, FIELDS_MAX);
    if (r->n > FIELDS_MAX) {
        return false;
    }
    for (size_t first = 0; first < 2 && r->n > first + CELL; first++) {
        r->field = r->all + first;
        if (proto_text_is_digits(r->field[EVENT]) && has_point(r->field[LATITUDE]) && has_point(r->field[LONGITUDE])) {
            r->n -= first;
            return true;
        }
    }
    return false;
}

bool meitrack_is_report(const struct meitrack_message *m)
{
    struct report r;
    return split(m, &r);
}

static struct bulla_bytes field_of(const struct report *r, enum field field)
{
    return field < r->n ? r->field[field] : (struct bulla_bytes){NULL, 0};
}

static enum bulla_status read_time(struct proto_link *link, struct bulla_bytes text, struct bulla_observation *o)
{
    if (text.len != 12) {
        return proto_fail(link, BULLA_DAMAGED, "time", "YYMMDDhhmmss", text);
    }
    return proto_field_date(link, PROTO_YMD, (struct bulla_bytes){text.at, 6}, (struct bulla_bytes){text.at + 6, 6}, o);
}

static enum bulla_status read_place(struct proto_link *link, const struct report *r, struct bulla_observation *o)
{
    struct bulla_bytes fix = r->field[FIX];
    if (!bulla_bytes_is(fix, "A") && !bulla_bytes_is(fix, "V")) {
        return proto_fail(link, BULLA_DAMAGED, "fix", "A or V", fix);
    }
    return proto_field_place(link, r->field[LATITUDE], r->field[LONGITUDE], fix.at[0] == 'A', o);
}

/* "246|1|0065|118A"; 0 and nothing stand for no cell. */
static void put_cell(struct bulla_bytes text, struct bulla_observation *o)
{
    struct bulla_bytes part[4];
    uint64_t mcc, mnc, area, cell;
    if (proto_text_split(text, '|', part, 4) != 4 || !proto_text_number(part[0], &mcc) || !proto_text_number(part[1], &mnc) ||
        !proto_text_hex(part[2], &area) || !proto_text_hex(part[3], &cell)) {
        return;
    }
    if (mcc && mcc <= UINT16_MAX && mnc <= UINT16_MAX && area <= UINT32_MAX && cell <= UINT32_MAX) {
        bulla_observation_add_cell(o, (uint16_t)mcc, (uint16_t)mnc, (uint32_t)area, (uint32_t)cell);
    }
}

/* ---- voltages ---- */

/* Microvolts of one count of the converter, where models are known. */
static const struct model {
    const char *name;
    uint32_t battery_uv, supply_uv; /* 0: has none */
} models[] = {
    {"MVT340", 5859, 46875}, {"MVT380", 5859, 46875}, {"MT90", 1611, 0},       {"T1", 1611, 12891},    {"T3", 1611, 12891},
    {"MVT100", 1611, 12891}, {"MVT600", 1611, 12891}, {"MVT800", 1611, 12891}, {"TC68", 1611, 12891},  {"TC68S", 1611, 12891},
    {"T311", 10000, 10000},  {"T322X", 10000, 10000}, {"T333", 10000, 10000},  {"T355", 10000, 10000},
};

static const struct model *model_of(const struct proto_link *link)
{
    for (size_t i = 0; link->profile && i < sizeof models / sizeof *models; i++) {
        if (bulla_text_is(models[i].name, link->profile->model)) {
            return &models[i];
        }
    }
    return NULL;
}

static enum bulla_status put_volts(struct proto_link *link, int64_t battery_mv, int64_t supply_mv, struct bulla_observation *o)
{
    static const struct proto_field battery = {ANALOG, "battery", PROTO_TO_VOLTS};
    static const struct proto_field supply = {ANALOG, "supply", PROTO_TO_SENSOR, .kind = BULLA_SENSOR_SUPPLY};
    enum bulla_status status = battery_mv < 0 ? BULLA_OK : proto_field_put(link, &battery, battery_mv, o);
    return status != BULLA_OK || supply_mv < 0 ? status : proto_field_put(link, &supply, supply_mv, o);
}

static enum bulla_status read_volts(struct proto_link *link, struct bulla_bytes text, struct bulla_observation *o)
{
    struct bulla_bytes part[ANALOG_PARTS];
    const struct model *model = model_of(link);
    int64_t battery_mv, supply_mv;
    uint64_t battery, supply;
    if (proto_text_split(text, '|', part, ANALOG_PARTS) != ANALOG_PARTS) {
        return BULLA_OK;
    }
    if (has_point(part[0]) && proto_text_fixed(part[0], 3, &battery_mv) && proto_text_fixed(part[1], 3, &supply_mv)) {
        return put_volts(link, battery_mv, supply_mv, o);
    }
    if (!model || !proto_text_hex(part[3], &battery) || battery > UINT16_MAX) {
        return BULLA_OK;
    }
    bool has_supply = model->supply_uv && proto_text_hex(part[4], &supply) && supply <= UINT16_MAX;
    return put_volts(link, (int64_t)(battery * model->battery_uv / 1000), has_supply ? (int64_t)(supply * model->supply_uv / 1000) : -1, o);
}

/* ---- sensors ---- */

static void put_temperature(struct bulla_bytes text, uint64_t version, struct bulla_observation *o)
{
    uint64_t value;
    char id[3];
    if (text.len != 6 || !proto_text_hex(text, &value)) {
        return;
    }
    int16_t raw = (int16_t)(uint16_t)(value & 0xFFFF);
    int32_t whole = (int8_t)(uint8_t)(value >> 8 & 0xFF), parts = (int32_t)(value & 0xFF);
    bulla_text_put(id, sizeof id, (struct bulla_bytes){text.at, 2});
    bulla_observation_add_sensor(o, id, BULLA_SENSOR_TEMPERATURE,
                                 version >= VERSION_C ? raw * 10 : whole * 1000 + (whole < 0 ? -parts : parts) * 10);
}

static void put_temperatures(const struct report *r, struct bulla_observation *o)
{
    struct bulla_bytes sensor[SENSORS_MAX];
    uint64_t version = 0;
    size_t n = proto_text_split(field_of(r, TEMPERATURES), '|', sensor, SENSORS_MAX);
    if (field_of(r, VERSION).len && !proto_text_number(field_of(r, VERSION), &version)) {
        return;
    }
    for (size_t i = 0; i < n && i < SENSORS_MAX; i++) {
        put_temperature(sensor[i], version, o);
    }
}

enum bulla_status meitrack_report_decode(struct proto_link *link, const struct meitrack_message *m)
{
    struct report r;
    struct bulla_observation o;
    uint64_t event;
    if (!split(m, &r) || !proto_text_number(r.field[EVENT], &event)) {
        return proto_fail(link, BULLA_DAMAGED, "report", "an event, a place and a time", m->body);
    }
    meitrack_begin(m, &o);
    enum bulla_status status = read_time(link, r.field[TIME], &o);
    status = status == BULLA_OK ? read_place(link, &r, &o) : status;
    status = status == BULLA_OK ? proto_fields_read(link, numbers, sizeof numbers / sizeof *numbers, r.field, r.n, &o) : status;
    status = status == BULLA_OK ? read_volts(link, field_of(&r, ANALOG), &o) : status;
    if (status != BULLA_OK) {
        return status;
    }
    meitrack_put_event(&o, event <= UINT16_MAX ? (unsigned)event : 0);
    put_cell(r.field[CELL], &o);
    put_temperatures(&r, &o);
    if (event == EVENT_CARD && field_of(&r, EVENT_DATA).len) {
        meitrack_put_card(&o, field_of(&r, EVENT_DATA));
    }
    link->emit(link->host, &o);
    return BULLA_OK;
}
