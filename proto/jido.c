/* SPDX-License-Identifier: Apache-2.0
 *
 * Jido T63: lines of text over TCP that end in '#', fields with commas between them. No login, no answer.
 *
 *   *<imei>,<command>,[A|V,]DDMMYY,hhmmss,DDMM.mmmm,N|S,DDDMM.mmmm,E|W,<rest>,<check>#
 *
 *   command  01 report  03 battery low  04 tampered
 *   check    two hexadecimal digits; how they are made is not known
 *
 *   rest, from the speed on
 *   0  speed, km/h       5  6  signal           9  mode Y|K|N
 *   1  odometer          7  charging 0|1       10  locked 0|1
 *   2  course, degrees   8  battery, %         11 12 13  acceleration
 *   3  altitude, m
 *   4  satellites        or one field of another message
 *
 * Without A or V a message is of a device with a fix.
 */
#include "proto/field.h"
#include "proto/text.h"

extern const struct proto proto_jido;

#define END           '#'
#define LINE_MAX      512
#define FIELDS_MAX    32
#define ID_DIGITS_MIN 10
#define ID_DIGITS_MAX 20
#define PLACE_FIELDS  6 /* from the date on */
#define STATE_FIELDS  14
#define CHECK_DIGITS  2

enum head { DEVICE, COMMAND, FIX };
enum place { DATE, CLOCK, LATITUDE, NORTH, LONGITUDE, EAST };
enum state { SPEED, ODOMETER, COURSE, ALTITUDE, SATELLITES, CHARGING = 7, PERCENT, LOCKED = 10 };

enum command { COMMAND_LOW_BATTERY = 3, COMMAND_TAMPERED };

struct line {
    size_t n;
    struct bulla_bytes field[FIELDS_MAX];
    const struct bulla_bytes *place, *state; /* into field; NULL: has no state */
    bool valid;
};

static const struct proto_field numbers[] = {
    {SPEED, "speed", PROTO_TO_SPEED},
    {ODOMETER, "odometer", PROTO_TO_SENSOR, .kind = BULLA_SENSOR_COUNT, .id = "odometer"}, /* its unit is not known */
    {COURSE, "course", PROTO_TO_COURSE},
    {ALTITUDE, "altitude", PROTO_TO_ALTITUDE},
    {SATELLITES, "satellites", PROTO_TO_SATELLITES},
    {CHARGING, "charging", PROTO_TO_CHARGING},
    {PERCENT, "battery", PROTO_TO_PERCENT},
};

/* '*', the digits of the id, a comma. */
static enum bulla_status probe(const uint8_t *at, size_t n)
{
    size_t digits = 0;
    if (n == 0) {
        return BULLA_MORE;
    }
    while (digits < ID_DIGITS_MAX && digits + 1 < n && proto_text_is_digit(at[digits + 1])) {
        digits++;
    }
    if (at[0] != '*') {
        return BULLA_NOT_MINE;
    }
    if (digits + 1 == n) {
        return BULLA_MORE;
    }
    return digits >= ID_DIGITS_MIN && at[digits + 1] == ',' ? BULLA_OK : BULLA_NOT_MINE;
}

static enum bulla_status frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    (void)link;
    return proto_frame_until(probe, END, LINE_MAX, at, n, frame);
}

static enum bulla_status read_line(struct proto_link *link, struct bulla_bytes text, struct line *line)
{
    if (probe(text.at, text.len) != BULLA_OK) {
        return proto_fail(link, BULLA_NOT_MINE, "start", "* and an id of digits", text);
    }
    enum bulla_status status = proto_field_end(link, END, &text);
    if (status != BULLA_OK) {
        return status;
    }
    if (!proto_text_is_printable(text)) {
        return proto_fail(link, BULLA_DAMAGED, "characters", "printable ones", text);
    }
    line->n = proto_text_split((struct bulla_bytes){text.at + 1, text.len - 1}, ',', line->field, FIELDS_MAX);
    if (line->n <= FIX || line->n > FIELDS_MAX) {
        return proto_fail_number(link, BULLA_DAMAGED, "fields", "10 to 25", (int64_t)line->n);
    }
    bool flagged = bulla_bytes_is(line->field[FIX], "A") || bulla_bytes_is(line->field[FIX], "V");
    line->valid = !flagged || line->field[FIX].at[0] == 'A';
    line->place = line->field + FIX + flagged;
    size_t rest = line->n - (size_t)(line->place - line->field);
    line->state = rest == PLACE_FIELDS + STATE_FIELDS + 1 ? line->place + PLACE_FIELDS : NULL;
    if (!line->state && rest != PLACE_FIELDS + 2) {
        return proto_fail_number(link, BULLA_DAMAGED, "fields", "10 to 24: a place and one or 14 more", (int64_t)line->n);
    }
    return BULLA_OK;
}

static enum bulla_status check_head(struct proto_link *link, const struct line *line, uint64_t *command)
{
    uint64_t check;
    struct bulla_bytes last = line->field[line->n - 1];
    if (last.len != CHECK_DIGITS || !proto_text_hex(last, &check)) {
        return proto_fail(link, BULLA_DAMAGED, "check", "two hexadecimal digits", last);
    }
    if (line->field[COMMAND].len != 2 || !proto_text_number(line->field[COMMAND], command)) {
        return proto_fail(link, BULLA_DAMAGED, "command", "two digits", line->field[COMMAND]);
    }
    return BULLA_OK;
}

static enum bulla_status read_angle(struct proto_link *link, const char *name, struct bulla_bytes text, struct bulla_bytes letter,
                                    const char sides[2], int32_t *out)
{
    int64_t value;
    if (!proto_text_fixed(text, 7, &value) || value < 0) {
        return proto_fail(link, BULLA_DAMAGED, name, "degrees and minutes", text);
    }
    if (letter.len != 1 || (letter.at[0] != (uint8_t)sides[0] && letter.at[0] != (uint8_t)sides[1])) {
        return proto_fail(link, BULLA_DAMAGED, name, sides, letter);
    }
    if (!proto_text_degrees(value, out)) {
        return proto_fail(link, BULLA_INSANE, name, "less than 60 minutes", text);
    }
    *out = letter.at[0] == (uint8_t)sides[0] ? *out : -*out;
    return BULLA_OK;
}

static enum bulla_status read_place(struct proto_link *link, const struct line *line, struct bulla_observation *o)
{
    const struct bulla_bytes *place = line->place;
    int32_t lat_e7, lon_e7;
    enum bulla_status status = proto_field_date(link, PROTO_DMY, place[DATE], place[CLOCK], o);
    status = status == BULLA_OK ? read_angle(link, "latitude", place[LATITUDE], place[NORTH], "NS", &lat_e7) : status;
    status = status == BULLA_OK ? read_angle(link, "longitude", place[LONGITUDE], place[EAST], "EW", &lon_e7) : status;
    return status == BULLA_OK ? proto_field_put_place(link, lat_e7, lon_e7, line->valid, o) : status;
}

static enum bulla_status read_state(struct proto_link *link, const struct line *line, struct bulla_observation *o)
{
    bool locked;
    if (!line->state) {
        return BULLA_OK;
    }
    enum bulla_status status = proto_fields_read(link, numbers, sizeof numbers / sizeof *numbers, line->state, STATE_FIELDS, o);
    status = status == BULLA_OK ? proto_field_flag(link, "locked", line->state[LOCKED], &locked) : status;
    if (status == BULLA_OK) {
        o->state.motor = locked ? BULLA_MOTOR_LOCKED : BULLA_MOTOR_UNLOCKED;
        o->state.seal = (uint8_t)bulla_seal_from(BULLA_SHACKLE_NONE, (enum bulla_motor)o->state.motor);
    }
    return status;
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct line line;
    struct bulla_observation o;
    uint64_t command = 0;
    bulla_observation_init(&o, "jido");
    enum bulla_status status = read_line(link, (struct bulla_bytes){at, n}, &line);
    status = status == BULLA_OK ? check_head(link, &line, &command) : status;
    status = status == BULLA_OK ? proto_field_device(link, line.field[DEVICE], false, &o) : status;
    status = status == BULLA_OK ? read_place(link, &line, &o) : status;
    status = status == BULLA_OK ? read_state(link, &line, &o) : status;
    if (status != BULLA_OK) {
        return status;
    }
    bulla_observation_add_event(&o, command == COMMAND_LOW_BATTERY ? BULLA_EVENT_LOW_BATTERY
                                    : command == COMMAND_TAMPERED  ? BULLA_EVENT_COVER_OPENED
                                                                   : BULLA_EVENT_STATE_REPORT);
    link->emit(link->host, &o);
    return BULLA_OK;
}

static const struct proto_command commands[] = {{NULL}};

const struct proto proto_jido = {
    .number = 11,
    .name = "jido",
    .title = "Jido T63 lock",
    .transports = "tcp",
    .port = 0,
    .state_size = 0,
    .frame_max = LINE_MAX,
    .probe = probe,
    .frame = frame,
    .decode = decode,
    .encode = proto_no_commands,
    .commands = commands,
};
