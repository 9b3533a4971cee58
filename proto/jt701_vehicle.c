/* SPDX-License-Identifier: Apache-2.0
 *
 * jt701: text reports of the vehicle units (JT600 line). Fields count from the word.
 *
 * U01 U02 U03 report, U06 alarm: an alarm number may stand before the date, and then the rest moves by one
 *   1  date DDMMYY      5  N or S              9   course           13  cell       17  serial
 *   2  time hhmmss      6  longitude           10  satellites       14  LAC        18  XOR of all characters between the
 *   3  T fix, F none    7  E or W              11  battery, "32%"   15  CSQ            bracket and this field, two hex digits;
 *   4  latitude         8  speed, unit unknown 12  switches, 0s 1s  16  mileage km     missing on old firmware, other on U06
 *
 * W01 position
 *   1  longitude DDDMM.mmmm   3  latitude DDMM.mmmm   5  A fix, V none   7  time hhmmss             9   course      11  satellites
 *   2  E or W                 4  N or S               6  date DDMMYY     8  speed, unit unknown     10  power %     12  CSQ
 *   13 kind of alert
 *
 * A speed without a unit is said and unknown, unless it is 0. Clocks that are not set begin at 2000-01-01 here
 * too, but these units give no other time, so it is told as it came.
 */
#include "proto/jt701.h"

enum report_field { DATE, TIME, FIX, LATITUDE, SPEED = 7, COURSE, SATELLITES, BATTERY, SWITCHES, CELL, LAC, CSQ, MILEAGE, SERIAL, CHECK };

enum position_field {
    W_LONGITUDE = 1,
    W_EAST,
    W_LATITUDE,
    W_NORTH,
    W_FIX,
    W_DATE,
    W_TIME,
    W_SPEED,
    W_COURSE,
    W_POWER,
    W_SATELLITES,
    W_CSQ
};

struct number {
    uint8_t field, decimals;
    uint32_t max;
    const char *name;
    uint64_t *to;
};

static enum bulla_status numbers_decode(struct proto_link *link, const struct bulla_bytes *field, const struct number *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!jt701_decimal(field[numbers[i].field], numbers[i].decimals, numbers[i].max, numbers[i].to)) {
            return proto_fail(link, BULLA_DAMAGED, numbers[i].name, "a number in its range", field[numbers[i].field]);
        }
    }
    return BULLA_OK;
}

static void motion_put(struct bulla_observation *o, uint64_t speed, uint64_t course_cdeg)
{
    o->has |= BULLA_HAS_SPEED | BULLA_HAS_COURSE;
    o->speed_cmh = 0;
    o->unknown |= speed > 0 ? BULLA_HAS_SPEED : 0u;
    o->course_cdeg = (int32_t)(course_cdeg % 36000);
}

static void percent_put(struct bulla_observation *o, uint64_t percent)
{
    o->has |= BULLA_HAS_PERCENT;
    o->percent = (uint8_t)percent;
}

/* ---- U01, U02, U03, U06 ---- */

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return (c >= 'A' && c <= 'F') ? c - 'A' + 10 : (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}

/* The check value is there when two hexadecimal digits alone follow the serial. */
static enum bulla_status check(struct proto_link *link, const struct jt701_text *text, size_t base)
{
    if (text->n != base + CHECK + 1 || bulla_bytes_is(text->field[text->word], "U06")) {
        return BULLA_OK;
    }
    struct bulla_bytes given = text->field[base + CHECK];
    if (given.len != 2 || hex(given.at[0]) < 0 || hex(given.at[1]) < 0) {
        return BULLA_OK;
    }
    unsigned sum = 0;
    for (const uint8_t *at = text->field[0].at; at < given.at; at++) {
        sum ^= *at;
    }
    if (sum != (unsigned)(hex(given.at[0]) << 4 | hex(given.at[1]))) {
        return proto_fail(link, BULLA_DAMAGED, "check value", "XOR of the characters before it", given);
    }
    return BULLA_OK;
}

static enum bulla_status report_observe(struct proto_link *link, const struct bulla_bytes *field, struct bulla_observation *o)
{
    uint64_t speed, course, satellites, percent, cell, lac, csq, km, serial;
    bool valid;
    struct bulla_bytes battery = field[BATTERY];
    if (!jt701_letter(field[FIX], 'T', 'F', &valid)) {
        return proto_fail(link, BULLA_DAMAGED, "fix", "T or F", field[FIX]);
    }
    enum bulla_status status = jt701_text_time(link, field[DATE], field[TIME], &o->time_ms);
    if (status == BULLA_OK) {
        status = jt701_text_place(link, field + LATITUDE, valid, o);
    }
    const struct number numbers[] = {
        {SPEED, 2, 9999999, "speed", &speed},
        {COURSE, 2, 36000, "course", &course},
        {SATELLITES, 0, 99, "satellites", &satellites},
        {CELL, 0, UINT32_MAX, "cell", &cell},
        {LAC, 0, UINT32_MAX, "LAC", &lac},
        {CSQ, 0, 255, "CSQ", &csq},
        {MILEAGE, 0, UINT32_MAX, "mileage", &km},
        {SERIAL, 0, UINT32_MAX, "serial", &serial},
    };
    if (status == BULLA_OK) {
        status = numbers_decode(link, field, numbers, sizeof numbers / sizeof *numbers);
    }
    if (status != BULLA_OK) {
        return status;
    }
    battery.len -= battery.len > 0 && battery.at[battery.len - 1] == '%';
    if (!jt701_number(battery, 100, &percent)) {
        return proto_fail(link, BULLA_DAMAGED, "battery", "percent", field[BATTERY]);
    }
    o->has |= BULLA_HAS_COUNTER | BULLA_HAS_SATELLITES;
    o->counter = (int64_t)serial;
    o->satellites = (uint8_t)satellites;
    motion_put(o, speed, course);
    percent_put(o, percent);
    if (cell != 0 || lac != 0) {
        bulla_observation_add_cell(o, 0, 0, (uint32_t)lac, (uint32_t)cell);
    }
    jt701_add_csq(o, csq);
    jt701_add_mileage(o, km);
    return BULLA_OK;
}

enum bulla_status jt701_vehicle_decode(struct proto_link *link, const struct jt701_text *text)
{
    bool any;
    size_t base = text->word + 1;
    if (base + FIX < text->n && !jt701_letter(text->field[base + FIX], 'T', 'F', &any)) {
        base++; /* an alarm number */
    }
    if (text->n <= base + SERIAL) {
        return proto_fail_number(link, BULLA_DAMAGED, "vehicle report", "17 fields from the date on", (int64_t)(text->n - text->word));
    }
    enum bulla_status status = check(link, text, base);
    if (status != BULLA_OK) {
        return status;
    }
    struct bulla_observation o;
    jt701_text_begin(text, &o);
    status = report_observe(link, text->field + base, &o);
    if (status != BULLA_OK) {
        return status;
    }
    o.has |= o.time_ms != BULLA_TIME_NONE ? BULLA_HAS_TIME : 0u;
    link->emit(link->host, &o);
    jt701_reply(link, bulla_bytes_is(text->field[text->word], "U06") ? "(S20)" : "(S39)");
    return BULLA_OK;
}

/* ---- W01 ---- */

/* "DDDMM.mmmm" to 10^-7 degree. */
static bool minutes_get(struct bulla_bytes field, unsigned degrees_max, uint64_t *e7)
{
    uint64_t value;
    if (!jt701_decimal(field, 6, UINT64_C(99999999999), &value)) {
        return false;
    }
    uint64_t minutes_e6 = value % 100000000;
    uint64_t degrees = value / 100000000;
    uint64_t result = degrees * 10000000 + (minutes_e6 + 3) / 6;
    if (minutes_e6 >= 60000000 || result > degrees_max * UINT64_C(10000000)) {
        return false;
    }
    *e7 = result;
    return true;
}

static enum bulla_status position_place(struct proto_link *link, const struct bulla_bytes *field, struct bulla_observation *o)
{
    uint64_t lat, lon;
    bool north, east;
    if (!minutes_get(field[W_LONGITUDE], 180, &lon) || !jt701_letter(field[W_EAST], 'E', 'W', &east)) {
        return proto_fail(link, BULLA_DAMAGED, "longitude", "DDDMM.mmmm, E or W", field[W_LONGITUDE]);
    }
    if (!minutes_get(field[W_LATITUDE], 90, &lat) || !jt701_letter(field[W_NORTH], 'N', 'S', &north)) {
        return proto_fail(link, BULLA_DAMAGED, "latitude", "DDMM.mmmm, N or S", field[W_LATITUDE]);
    }
    if (!jt701_letter(field[W_FIX], 'A', 'V', &o->fix_valid)) {
        return proto_fail(link, BULLA_DAMAGED, "fix", "A or V", field[W_FIX]);
    }
    o->has |= BULLA_HAS_FIX;
    o->lat_e7 = north ? (int32_t)lat : -(int32_t)lat;
    o->lon_e7 = east ? (int32_t)lon : -(int32_t)lon;
    return BULLA_OK;
}

enum bulla_status jt701_waypoint_decode(struct proto_link *link, const struct jt701_text *text)
{
    uint64_t speed, course, percent, satellites, csq;
    const struct bulla_bytes *field = text->field + text->word;
    struct bulla_observation o;
    if (text->n - text->word <= W_CSQ) {
        return proto_fail_number(link, BULLA_DAMAGED, "W01", "12 fields behind the word", (int64_t)(text->n - text->word) - 1);
    }
    jt701_text_begin(text, &o);
    enum bulla_status status = position_place(link, field, &o);
    if (status == BULLA_OK) {
        status = jt701_text_time(link, field[W_DATE], field[W_TIME], &o.time_ms);
    }
    const struct number numbers[] = {
        {W_SPEED, 2, 9999999, "speed", &speed}, {W_COURSE, 2, 36000, "course", &course},
        {W_POWER, 0, 100, "power", &percent},   {W_SATELLITES, 0, 99, "satellites", &satellites},
        {W_CSQ, 0, 255, "CSQ", &csq},
    };
    if (status == BULLA_OK) {
        status = numbers_decode(link, field, numbers, sizeof numbers / sizeof *numbers);
    }
    if (status != BULLA_OK) {
        return status;
    }
    o.has |= BULLA_HAS_SATELLITES | (o.time_ms != BULLA_TIME_NONE ? BULLA_HAS_TIME : 0u);
    o.satellites = (uint8_t)satellites;
    motion_put(&o, speed, course);
    percent_put(&o, percent);
    jt701_add_csq(&o, csq);
    link->emit(link->host, &o);
    return BULLA_OK;
}
