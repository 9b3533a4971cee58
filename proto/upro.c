/* SPDX-License-Identifier: Apache-2.0
 *
 * U-Pro, as Kingwo, AY-GPS and others speak it: messages of fields over TCP that end in '#'. A field is a letter and
 * what belongs to it; most are digits, some of vehicles are binary.
 *
 *   *<make>20<0|1><id>,<type><subtype>[...]{&<letter><value>}#     make: two letters; 1: answer *<make>20Y<type><subtype>#
 *
 *   A  34  hhmmss DDMMmmmm DDDMMmmmm f ss cc DDMMYY, UTC. f: bit 0 no fix, 1 north, 2 east; ss: 2 knots; cc: 10 degrees
 *   B  10  status, a digit of four bits each: 5 bit 0 SOS, 2 vibration, 3 moved; 6 bit 2 too fast; 8 bit 1 tampered, 2 supply low
 *   C   8  odometer, digits of four bits: 2 knots for a second
 *   F   4  speed, 0.1 knots                  O   2  satellites, and more
 *   G   6  altitude, 0.1 m                   P  16  cell: mcc 4, mnc 4, area 4 and cell 4 hexadecimal
 *   I   .  n mcc3 mnc2 {area4 cell4 rssi2}   R   4  HQ: signal 2, satellites 2
 *   J   6  sensor, sign (bit 0), 0.1 C       T   2  battery, %
 *   M   3  battery, 0.1 %                    V   4  supply, 0.1 V
 *   M   4  sensor, status, humidity, %       W   .  two digits: bit 2 tampered
 *   N   2  signal, CSQ                       X   .  mcc,mnc,area,cell,rssi{;area,cell,rssi} or groups in brackets
 *   l   .  lock of a NT68: first digit,      Y   .  n mcc3 mnc2 {area4 cell8 rssi2}, or 5: supply, mV
 *          three bits, meaning not known
 *
 * Type GY has no fields: a number 2, a length 2, and with number 4009 the card that was held to the device.
 */
#include "proto/field.h"
#include "proto/text.h"

extern const struct proto proto_upro;

#define END          '#'
#define FIELD_MARK   '&'
#define MESSAGE_MAX  1024
#define ID_AT        6 /* "*HQ200" */
#define MAKE_LEN     4 /* "HQ20" */
#define PLACE_LEN    34
#define STATUS_LEN   10
#define CARD_NUMBER  0x4009
#define KNOT_CMH_100 18520 /* hundredths of the hundredths of a km/h */

enum { FLAG_NO_FIX = 1, FLAG_NORTH = 2, FLAG_EAST = 4 };

struct job {
    struct proto_link *link;
    struct bulla_observation *o;
    bool hq;     /* of Kingwo, whose R is another */
    bool signal; /* R has said it: what N is then is not known */
    bool binary; /* a field of a vehicle has come: what looks like a field behind it may be a part of it */
};

/* ---- frames ---- */

static enum bulla_status probe(const uint8_t *at, size_t n)
{
    static const char form[] = "*aa20b9"; /* a: letter, b: 0 or 1, 9: digit */
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (i == n) {
            return BULLA_MORE;
        }
        bool good = form[i] == 'a'   ? proto_text_is_letter(at[i])
                    : form[i] == 'b' ? at[i] == '0' || at[i] == '1'
                    : form[i] == '9' ? proto_text_is_digit(at[i])
                                     : at[i] == (uint8_t)form[i];
        if (!good) {
            return BULLA_NOT_MINE;
        }
    }
    return BULLA_OK;
}

static enum bulla_status frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    (void)link;
    return proto_frame_until(probe, END, MESSAGE_MAX, at, n, frame);
}

/* ---- parts of a value ---- */

static struct bulla_bytes part(struct bulla_bytes text, size_t from, size_t n)
{
    if (from > text.len || n > text.len - from) {
        return (struct bulla_bytes){NULL, 0};
    }
    return (struct bulla_bytes){text.at + from, n};
}

static bool number(struct bulla_bytes text, size_t from, size_t n, uint64_t *out)
{
    return proto_text_number(part(text, from, n), out);
}

static bool hex(struct bulla_bytes text, size_t from, size_t n, uint64_t *out)
{
    return proto_text_hex(part(text, from, n), out);
}

/* A digit of four bits: 0 to 9 and the six characters behind it. */
static bool nibble(uint8_t c, unsigned *out)
{
    *out = c - (unsigned)'0';
    return *out <= 15;
}

static enum bulla_status damaged(const struct job *job, const char *name, const char *expected, struct bulla_bytes got)
{
    return proto_fail(job->link, BULLA_DAMAGED, name, expected, got);
}

/* ---- fields ---- */

static enum bulla_status read_place(struct job *job, struct bulla_bytes value)
{
    uint64_t lat, lon, flags, speed, course;
    int32_t lat_e7, lon_e7;
    bool good = value.len == PLACE_LEN && number(value, 6, 8, &lat) && number(value, 14, 9, &lon) && number(value, 23, 1, &flags) &&
                number(value, 24, 2, &speed) && number(value, 26, 2, &course);
    if (!good) {
        return damaged(job, "A", "34 digits", value);
    }
    if (!proto_text_degrees((int64_t)lat * 1000, &lat_e7) || !proto_text_degrees((int64_t)lon * 1000, &lon_e7)) {
        return proto_fail(job->link, BULLA_INSANE, "A", "less than 60 minutes", part(value, 6, 17));
    }
    if (course > 36) {
        return proto_fail_number(job->link, BULLA_INSANE, "course", "up to 36 tens of degrees", (int64_t)course);
    }
    enum bulla_status status = proto_field_date(job->link, PROTO_DMY, part(value, 28, 6), part(value, 0, 6), job->o);
    lat_e7 = flags & FLAG_NORTH ? lat_e7 : -lat_e7;
    lon_e7 = flags & FLAG_EAST ? lon_e7 : -lon_e7;
    status = status == BULLA_OK ? proto_field_put_place(job->link, lat_e7, lon_e7, !(flags & FLAG_NO_FIX), job->o) : status;
    if (status == BULLA_OK) {
        job->o->has |= BULLA_HAS_COURSE | BULLA_HAS_SPEED;
        job->o->course_cdeg = (int32_t)(course * 1000 % 36000);
        job->o->speed_cmh = (int32_t)(speed * 2 * KNOT_CMH_100 / 100);
    }
    return status;
}

static enum bulla_status read_status(struct job *job, struct bulla_bytes value)
{
    static const struct {
        uint8_t digit, bit, event;
    } alarms[] = {
        {5, 0, BULLA_EVENT_SOS},       {5, 2, BULLA_EVENT_VIBRATION},    {5, 3, BULLA_EVENT_ILLEGAL_MOVEMENT},
        {6, 2, BULLA_EVENT_OVERSPEED}, {8, 1, BULLA_EVENT_COVER_OPENED}, {8, 2, BULLA_EVENT_LOW_BATTERY},
    };
    unsigned digits[STATUS_LEN];
    for (size_t i = 0; i < STATUS_LEN; i++) {
        if (value.len != STATUS_LEN || !nibble(value.at[i], &digits[i])) {
            return damaged(job, "B", "ten digits of four bits", value);
        }
    }
    for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++) {
        job->o->events |= digits[alarms[i].digit] >> alarms[i].bit & 1 ? BULLA_EVENT_BIT(alarms[i].event) : 0;
    }
    return BULLA_OK;
}

static enum bulla_status read_odometer(struct job *job, struct bulla_bytes value)
{
    uint64_t count = 0;
    for (size_t i = 0; i < value.len; i++) {
        unsigned digit;
        if (value.len > 8 || !nibble(value.at[i], &digit)) {
            return damaged(job, "C", "eight digits of four bits", value);
        }
        count = count << 4 | digit;
    }
    uint64_t metres = count * 2 * 1852 / 3600;
    if (metres <= INT32_MAX) {
        bulla_observation_add_sensor(job->o, "", BULLA_SENSOR_MILEAGE, (int32_t)metres);
    }
    return BULLA_OK;
}

/* Fields that begin with a number. */
static const struct simple {
    char letter;
    uint8_t len; /* another length is another field, 0: any is good */
    uint8_t digits;
    uint16_t times; /* so many units of the observation */
    struct proto_field to;
} simples[] = {
    {'F', 0, 4, 1852, {0, "F, speed", PROTO_TO_SPEED}}, /* hundredths: see read_simple() */
    {'G', 0, 6, 10, {0, "G, altitude", PROTO_TO_ALTITUDE}},
    {'N', 0, 2, 1000, {0, "N, signal", PROTO_TO_SENSOR, BULLA_SENSOR_CSQ}},
    {'O', 0, 2, 1, {0, "O, satellites", PROTO_TO_SATELLITES}},
    {'T', 2, 2, 1, {0, "T, battery", PROTO_TO_PERCENT}},
    {'V', 0, 4, 100, {0, "V, supply", PROTO_TO_SENSOR, BULLA_SENSOR_SUPPLY}},
    {'Y', 5, 5, 1, {0, "Y, supply", PROTO_TO_SENSOR, BULLA_SENSOR_SUPPLY}},
};

static enum bulla_status read_simple(struct job *job, const struct simple *row, struct bulla_bytes value)
{
    uint64_t count;
    if (!number(value, 0, row->digits, &count)) {
        return damaged(job, row->to.name, "digits", value);
    }
    int64_t units = (int64_t)count * row->times;
    return proto_field_put(job->link, &row->to, row->to.to == PROTO_TO_SPEED ? units / 100 : units, job->o);
}

/* A sensor's character, a second one, and digits. */
static enum bulla_status read_temperature(struct job *job, struct bulla_bytes value)
{
    uint64_t tenths;
    unsigned sign;
    if (value.len != 6) {
        return BULLA_OK;
    }
    if (!nibble(value.at[1], &sign) || !number(value, 2, 4, &tenths)) {
        return damaged(job, "J", "a sensor, a sign and four digits", value);
    }
    const char id[] = {(char)value.at[0], '\0'};
    int32_t milli = (int32_t)tenths * 100;
    bulla_observation_add_sensor(job->o, id, BULLA_SENSOR_TEMPERATURE, sign & 1 ? -milli : milli);
    return BULLA_OK;
}

static enum bulla_status read_battery_or_humidity(struct job *job, struct bulla_bytes value)
{
    static const struct proto_field percent = {0, "M, battery", PROTO_TO_PERCENT};
    uint64_t count;
    if (value.len != 3 && value.len != 4) {
        return BULLA_OK;
    }
    if (!number(value, value.len == 3 ? 0 : 2, value.len == 3 ? 3 : 2, &count)) {
        return damaged(job, "M", "digits", value);
    }
    if (value.len == 3) {
        return proto_field_put(job->link, &percent, (int64_t)count / 10, job->o);
    }
    const char id[] = {(char)value.at[0], '\0'};
    bulla_observation_add_sensor(job->o, id, BULLA_SENSOR_HUMIDITY, (int32_t)count * 1000);
    return BULLA_OK;
}

static enum bulla_status read_signal(struct job *job, struct bulla_bytes value)
{
    uint64_t signal, satellites;
    if (!job->hq) {
        return BULLA_OK;
    }
    if (!number(value, 0, 2, &signal) || !number(value, 2, 2, &satellites)) {
        return damaged(job, "R", "four digits", value);
    }
    job->signal = true;
    bulla_observation_add_sensor(job->o, "", BULLA_SENSOR_CSQ, (int32_t)signal * 1000);
    job->o->has |= BULLA_HAS_SATELLITES;
    job->o->satellites = (uint8_t)satellites;
    return BULLA_OK;
}

static enum bulla_status read_tampering(struct job *job, struct bulla_bytes value)
{
    uint64_t bits;
    if (!number(value, 0, 2, &bits)) {
        return damaged(job, "W", "two digits", value);
    }
    job->o->events |= bits & 4 ? BULLA_EVENT_BIT(BULLA_EVENT_COVER_OPENED) : 0;
    return BULLA_OK;
}

/* What the three bits of the lock mean is not known: they are shown, not judged. */
static enum bulla_status read_lock(struct job *job, struct bulla_bytes value)
{
    unsigned digit;
    if (value.len == 0 || !nibble(value.at[0], &digit)) {
        return damaged(job, "l", "a digit of four bits", value);
    }
    bulla_observation_add_sensor(job->o, "lock", BULLA_SENSOR_COUNT, (int32_t)(digit & 7) * 1000);
    return BULLA_OK;
}

/* ---- cells ---- */

/* Some devices name a cell twice, in I and in Y. */
static void add_cell(struct bulla_observation *o, uint64_t mcc, uint64_t mnc, uint64_t area, uint64_t cell)
{
    for (size_t i = 0; i < o->n_cells; i++) {
        if (o->cells[i].mcc == mcc && o->cells[i].mnc == mnc && o->cells[i].lac == area && o->cells[i].cid == cell) {
            return;
        }
    }
    bulla_observation_add_cell(o, (uint16_t)mcc, (uint16_t)mnc, (uint32_t)area, (uint32_t)cell);
}

static enum bulla_status read_packed_cells(struct job *job, const char *name, struct bulla_bytes value, size_t digits)
{
    const size_t each = 4 + digits + 2;
    uint64_t n, mcc, mnc, area, cell;
    if (!number(value, 0, 1, &n) || value.len != 6 + n * each) {
        return BULLA_OK;
    }
    if (!number(value, 1, 3, &mcc) || !number(value, 4, 2, &mnc)) {
        return damaged(job, name, "a country and a network", value);
    }
    for (size_t at = 6; at < value.len; at += each) {
        if (!hex(value, at, 4, &area) || !hex(value, at + 4, digits, &cell)) {
            return damaged(job, name, "cells in hexadecimal", part(value, at, each));
        }
        add_cell(job->o, mcc, mnc, area, cell);
    }
    return BULLA_OK;
}

static enum bulla_status read_short_cells(struct job *job, struct bulla_bytes value)
{
    return read_packed_cells(job, "I", value, 4);
}

static enum bulla_status read_long_cells(struct job *job, struct bulla_bytes value)
{
    return value.len == 5 ? BULLA_OK : read_packed_cells(job, "Y", value, 8);
}

static enum bulla_status read_cell(struct job *job, struct bulla_bytes value)
{
    uint64_t mcc, mnc, area, cell;
    if (value.len < 16) {
        return BULLA_OK;
    }
    if (!number(value, 0, 4, &mcc) || !number(value, 4, 4, &mnc) || !hex(value, 8, 4, &area) || !hex(value, 12, 4, &cell)) {
        return damaged(job, "P", "eight digits and eight in hexadecimal", value);
    }
    add_cell(job->o, mcc, mnc, area, cell);
    return BULLA_OK;
}

static enum bulla_status read_decimal_cells(struct job *job, struct bulla_bytes value)
{
    struct bulla_bytes cells[BULLA_CELLS_MAX], field[5];
    uint64_t mcc = 0, mnc = 0, area, cell;
    if (value.len == 0 || value.at[0] == '(') {
        return BULLA_OK;
    }
    size_t n = proto_text_split(value, ';', cells, BULLA_CELLS_MAX);
    for (size_t i = 0; i < n && i < BULLA_CELLS_MAX; i++) {
        size_t first = i == 0 ? 2 : 0;
        bool good = proto_text_split(cells[i], ',', field, 5) == first + 3;
        good = good && (i || (proto_text_number(field[0], &mcc) && proto_text_number(field[1], &mnc)));
        good = good && proto_text_number(field[first], &area) && proto_text_number(field[first + 1], &cell);
        if (!good || (mcc | mnc) > UINT16_MAX || (area | cell) > UINT32_MAX) {
            return damaged(job, "X", "cells", cells[i]);
        }
        add_cell(job->o, mcc, mnc, area, cell);
    }
    return BULLA_OK;
}

/* ---- messages ---- */

static enum bulla_status read_field(struct job *job, char letter, struct bulla_bytes value)
{
    static const struct {
        char letter;
        enum bulla_status (*read)(struct job *job, struct bulla_bytes value);
    } readers[] = {
        {'A', read_place},         {'B', read_status},      {'C', read_odometer},
        {'I', read_short_cells},   {'J', read_temperature}, {'M', read_battery_or_humidity},
        {'P', read_cell},          {'R', read_signal},      {'W', read_tampering},
        {'X', read_decimal_cells}, {'Y', read_long_cells},  {'l', read_lock},
    };
    if (letter == 'N' && job->signal) {
        return BULLA_OK;
    }
    for (size_t i = 0; i < sizeof simples / sizeof *simples; i++) {
        if (simples[i].letter == letter && (!simples[i].len || simples[i].len == value.len)) {
            return read_simple(job, &simples[i], value);
        }
    }
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (readers[i].letter == letter) {
            return readers[i].read(job, value);
        }
    }
    return BULLA_OK;
}

static bool is_binary(const struct job *job, char letter)
{
    return letter == 'Q' || letter == 'S' || letter == 'U' || (letter == 'R' && !job->hq);
}

static enum bulla_status read_fields(struct job *job, struct bulla_cursor *c)
{
    while (c->left) {
        struct bulla_bytes field = bulla_cursor_take_until(c, FIELD_MARK);
        if (field.len == 0) {
            continue;
        }
        enum bulla_status status = read_field(job, (char)field.at[0], part(field, 1, field.len - 1));
        if (status != BULLA_OK && !job->binary) {
            return status;
        }
        job->binary = job->binary || is_binary(job, (char)field.at[0]);
    }
    return BULLA_OK;
}

/* What was held to the device; what came of it is not said. */
static enum bulla_status read_card(struct job *job, struct bulla_cursor *c)
{
    uint16_t kind = bulla_cursor_get_u16(c);
    struct bulla_bytes text = bulla_cursor_take(c, bulla_cursor_get_u16(c));
    if (c->failed) {
        return proto_fail_number(job->link, BULLA_DAMAGED, "GY", "a number, a length and as many bytes", (int64_t)c->left);
    }
    if (kind != CARD_NUMBER) {
        return BULLA_OK;
    }
    if (!proto_text_is_printable(text)) {
        return damaged(job, "card", "printable characters", text);
    }
    job->o->has |= BULLA_HAS_UNLOCK;
    job->o->unlock.channel = BULLA_CHANNEL_CARD;
    bulla_text_put(job->o->unlock.credential, sizeof job->o->unlock.credential, text);
    return BULLA_OK;
}

struct head {
    struct bulla_bytes make, id, type; /* "HQ20", digits, "BA" */
    bool answer;
};

static enum bulla_status read_head(struct proto_link *link, struct bulla_cursor *c, struct head *head)
{
    struct bulla_bytes whole = {c->at, c->left};
    head->make = part(whole, 1, MAKE_LEN);
    head->answer = whole.at[1 + MAKE_LEN] == '1';
    bulla_cursor_skip(c, ID_AT);
    size_t n = 0;
    while (n < c->left && c->at[n] != ',') {
        n++;
    }
    head->id = bulla_cursor_take(c, n);
    bulla_cursor_skip(c, 1);
    head->type = bulla_cursor_take(c, 2);
    if (c->failed || !proto_text_is_printable(head->type) || head->type.at[0] == FIELD_MARK || head->type.at[1] == FIELD_MARK) {
        return proto_fail(link, BULLA_DAMAGED, "type", "two characters behind the id", whole);
    }
    while (c->left && (proto_text_is_digit(c->at[0]) || proto_text_is_letter(c->at[0]))) {
        bulla_cursor_skip(c, 1);
    }
    return BULLA_OK;
}

static enum bulla_status read_message(struct proto_link *link, struct bulla_bytes text, struct head *head, struct bulla_observation *o)
{
    if (probe(text.at, text.len) != BULLA_OK) {
        return proto_fail(link, BULLA_NOT_MINE, "start", "*, two letters, 20, 0 or 1 and an id", text);
    }
    enum bulla_status status = proto_field_end(link, END, &text);
    struct bulla_cursor c = bulla_cursor_over(text.at, text.len);
    status = status == BULLA_OK ? read_head(link, &c, head) : status;
    status = status == BULLA_OK ? proto_field_device(link, head->id, false, o) : status;
    if (status != BULLA_OK) {
        return status;
    }
    struct job job = {link, o, head->make.at[0] == 'H' && head->make.at[1] == 'Q', false, false};
    bool fields = c.left > 0;
    status = bulla_bytes_is(head->type, "GY") ? read_card(&job, &c) : read_fields(&job, &c);
    if (!o->events) {
        bulla_observation_add_event(o, fields ? BULLA_EVENT_STATE_REPORT : BULLA_EVENT_HEARTBEAT);
    }
    return status;
}

static void answer(struct proto_link *link, const struct head *head)
{
    uint8_t bytes[16];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put_u8(&w, '*');
    bulla_writer_put(&w, head->make.at, head->make.len);
    bulla_writer_put_u8(&w, 'Y');
    bulla_writer_put(&w, head->type.at, head->type.len);
    bulla_writer_put_u8(&w, END);
    link->reply(link->host, bytes, w.len);
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct bulla_observation o;
    struct head head = {0};
    bulla_observation_init(&o, "upro");
    enum bulla_status status = read_message(link, (struct bulla_bytes){at, n}, &head, &o);
    if (status != BULLA_OK) {
        return status;
    }
    link->emit(link->host, &o);
    if (head.answer) {
        answer(link, &head);
    }
    return BULLA_OK;
}

static const struct proto_command commands[] = {{NULL}};

const struct proto proto_upro = {
    .number = 8,
    .name = "upro",
    .title = "Kingwo NT68 and others that speak U-Pro",
    .transports = "tcp",
    .port = 0,
    .state_size = 0,
    .frame_max = MESSAGE_MAX,
    .probe = probe,
    .frame = frame,
    .decode = decode,
    .encode = proto_no_commands,
    .commands = commands,
};
