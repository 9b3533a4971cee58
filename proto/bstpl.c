/* SPDX-License-Identifier: Apache-2.0
 *
 * BSTPL: lines of text over TCP that end in '#', fields with commas between them. No login, no check value, no answer.
 *
 *   BSTPL$<type>,<id>,A|V,DDMMYY,hhmmss,<lat>,N|S|0,<lon>,E|W|0,<km/h>,<km>,<course>,<satellites>,<rest>#
 *
 *   type  1 report  3 supply lost or back  4 battery low  7 too fast  8 box  9 button; 5 6 the way of driving
 *
 *   rest, a lock            and a vehicle
 *   13  box open 0|1        13  signal, CSQ        18  supply, V
 *   14  signal, CSQ         14  box open 0|1       19  altitude, m
 *   15  charging 0|1        15  battery, V         20  reserved
 *   16  ignition 0|1        16  charging 0|1       21  firmware
 *   17  engine 0|1          17  ignition 0|1       22  ICCID
 *   18  locked 0|1                                 23  {rpm,km,fuel,gear,engine C,coolant C}
 *   19  analog, V           22  firmware
 *   20  reserved            23  ICCID
 *   21  battery, V          24  supply, V
 *
 * Without a fix the place is 0 and so are the letters of the hemispheres.
 */
#include "proto/field.h"
#include "proto/text.h"

extern const struct proto proto_bstpl;

#define MARK       "BSTPL$"
#define MARK_LEN   (sizeof MARK - 1)
#define END        '#'
#define LINE_MAX   512
#define FIELDS_MAX 40

enum field { TYPE, DEVICE, FIX, DATE, CLOCK, LATITUDE, NORTH, LONGITUDE, EAST, SPEED, MILEAGE, COURSE, SATELLITES, REST };

enum type { TYPE_REPORT = 1, TYPE_SUPPLY = 3, TYPE_LOW_BATTERY, TYPE_OVERSPEED = 7, TYPE_BOX, TYPE_SOS };

struct line {
    size_t n;
    struct bulla_bytes field[FIELDS_MAX];
};

static const struct proto_field numbers[] = {
    {SPEED, "speed", PROTO_TO_SPEED},
    {COURSE, "course", PROTO_TO_COURSE},
    {SATELLITES, "satellites", PROTO_TO_SATELLITES},
    {MILEAGE, "odometer", PROTO_TO_SENSOR, .kind = BULLA_SENSOR_MILEAGE},
};

struct layout {                            /* of what follows the satellites */
    uint8_t fields, box, charging, locked; /* 0: has none */
    const struct proto_field *numbers;
    size_t n_numbers;
};

static const struct proto_field lock_numbers[] = {
    {REST + 1, "signal", PROTO_TO_SENSOR, .kind = BULLA_SENSOR_CSQ},
    {REST + 2, "charging", PROTO_TO_CHARGING},
    {REST + 8, "battery", PROTO_TO_VOLTS},
    {REST + 11, "supply", PROTO_TO_SENSOR, .kind = BULLA_SENSOR_SUPPLY},
};

static const struct proto_field vehicle_numbers[] = {
    {REST, "signal", PROTO_TO_SENSOR, .kind = BULLA_SENSOR_CSQ},
    {REST + 2, "battery", PROTO_TO_VOLTS},
    {REST + 3, "charging", PROTO_TO_CHARGING},
    {REST + 5, "supply", PROTO_TO_SENSOR, .kind = BULLA_SENSOR_SUPPLY},
    {REST + 6, "altitude", PROTO_TO_ALTITUDE},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct layout lock = {REST + 12, REST, REST + 2, REST + 5, lock_numbers, COUNT(lock_numbers)};
static const struct layout vehicle = {REST + 16, REST + 1, REST + 3, 0, vehicle_numbers, COUNT(vehicle_numbers)};

static enum bulla_status probe(const uint8_t *at, size_t n)
{
    return proto_probe_mark(MARK, at, n);
}

static enum bulla_status frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    (void)link;
    return proto_frame_until(probe, END, LINE_MAX, at, n, frame);
}

static enum bulla_status read_line(struct proto_link *link, struct bulla_bytes text, struct line *line)
{
    if (probe(text.at, text.len) != BULLA_OK) {
        return proto_fail(link, BULLA_NOT_MINE, "start", MARK, text);
    }
    enum bulla_status status = proto_field_end(link, END, &text);
    if (status != BULLA_OK) {
        return status;
    }
    if (!proto_text_is_printable(text)) {
        return proto_fail(link, BULLA_DAMAGED, "characters", "printable ones", text);
    }
    line->n = proto_text_split((struct bulla_bytes){text.at + MARK_LEN, text.len - MARK_LEN}, ',', line->field, FIELDS_MAX);
    if (line->n <= REST || line->n > FIELDS_MAX) {
        return proto_fail_number(link, BULLA_DAMAGED, "fields", "25 or 29", (int64_t)line->n);
    }
    return BULLA_OK;
}

/* The vehicle's line ends with numbers in braces. */
static enum bulla_status layout_of(struct proto_link *link, const struct line *line, const struct layout **out)
{
    bool braces = line->n == vehicle.fields && line->field[REST + 10].len && line->field[REST + 10].at[0] == '{';
    if (!braces && line->n != lock.fields) {
        return proto_fail_number(link, BULLA_DAMAGED, "fields", "25, or 29 with braces", (int64_t)line->n);
    }
    *out = braces ? &vehicle : &lock;
    return BULLA_OK;
}

static bool sign_of(struct bulla_bytes letter, char positive, char negative, int *out)
{
    char c = letter.len == 1 ? (char)letter.at[0] : '\0';
    if (c != positive && c != negative && c != '0') {
        return false;
    }
    *out = c == negative ? -1 : 1;
    return true;
}

static enum bulla_status read_place(struct proto_link *link, const struct line *line, struct bulla_observation *o)
{
    const struct bulla_bytes *field = line->field;
    int north, east;
    if (!bulla_bytes_is(field[FIX], "A") && !bulla_bytes_is(field[FIX], "V")) {
        return proto_fail(link, BULLA_DAMAGED, "fix", "A or V", field[FIX]);
    }
    if (!sign_of(field[NORTH], 'N', 'S', &north)) {
        return proto_fail(link, BULLA_DAMAGED, "north or south", "N, S or 0", field[NORTH]);
    }
    if (!sign_of(field[EAST], 'E', 'W', &east)) {
        return proto_fail(link, BULLA_DAMAGED, "east or west", "E, W or 0", field[EAST]);
    }
    enum bulla_status status = proto_field_place(link, field[LATITUDE], field[LONGITUDE], field[FIX].at[0] == 'A', o);
    o->lat_e7 *= north;
    o->lon_e7 *= east;
    return status;
}

static enum bulla_status read_state(struct proto_link *link, const struct line *line, const struct layout *layout,
                                    struct bulla_observation *o)
{
    bool open = false, locked = false;
    enum bulla_status status = proto_field_flag(link, "box open", line->field[layout->box], &open);
    if (status == BULLA_OK && layout->locked) {
        status = proto_field_flag(link, "locked", line->field[layout->locked], &locked);
        o->state.motor = locked ? BULLA_MOTOR_LOCKED : BULLA_MOTOR_UNLOCKED;
        o->state.seal = (uint8_t)bulla_seal_from(BULLA_SHACKLE_NONE, (enum bulla_motor)o->state.motor);
    }
    o->state.cover = open ? BULLA_COVER_OPEN : BULLA_COVER_CLOSED;
    return status;
}

static void put_events(uint64_t type, struct bulla_observation *o)
{
    const struct {
        bool is;
        enum bulla_event event;
    } events[] = {
        {type == TYPE_REPORT, BULLA_EVENT_STATE_REPORT},
        {type == TYPE_SUPPLY && (o->has & BULLA_HAS_CHARGING) && !o->charging, BULLA_EVENT_POWER_CUT},
        {type == TYPE_LOW_BATTERY, BULLA_EVENT_LOW_BATTERY},
        {type == TYPE_OVERSPEED, BULLA_EVENT_OVERSPEED},
        {type == TYPE_BOX && o->state.cover == BULLA_COVER_OPEN, BULLA_EVENT_COVER_OPENED},
        {type == TYPE_SOS, BULLA_EVENT_SOS},
    };
    for (size_t i = 0; i < COUNT(events); i++) {
        o->events |= events[i].is ? BULLA_EVENT_BIT(events[i].event) : 0;
    }
    if (!o->events) {
        bulla_observation_add_event(o, BULLA_EVENT_STATE_REPORT);
    }
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct line line;
    struct bulla_observation o;
    const struct layout *layout = NULL;
    uint64_t type = 0;
    bulla_observation_init(&o, "bstpl");
    enum bulla_status status = read_line(link, (struct bulla_bytes){at, n}, &line);
    status = status == BULLA_OK ? layout_of(link, &line, &layout) : status;
    if (status == BULLA_OK && (line.field[TYPE].len != 1 || !proto_text_number(line.field[TYPE], &type))) {
        status = proto_fail(link, BULLA_DAMAGED, "type", "a digit", line.field[TYPE]);
    }
    status = status == BULLA_OK ? proto_field_device(link, line.field[DEVICE], true, &o) : status;
    status = status == BULLA_OK ? proto_field_date(link, PROTO_DMY, line.field[DATE], line.field[CLOCK], &o) : status;
    status = status == BULLA_OK ? read_place(link, &line, &o) : status;
    status = status == BULLA_OK ? proto_fields_read(link, numbers, COUNT(numbers), line.field, line.n, &o) : status;
    status = status == BULLA_OK ? proto_fields_read(link, layout->numbers, layout->n_numbers, line.field, line.n, &o) : status;
    status = status == BULLA_OK ? read_state(link, &line, layout, &o) : status;
    if (status != BULLA_OK) {
        return status;
    }
    put_events(type, &o);
    link->emit(link->host, &o);
    return BULLA_OK;
}

static const struct proto_command commands[] = {{NULL}};

const struct proto proto_bstpl = {
    .number = 10,
    .name = "bstpl",
    .title = "BSTPL locks and vehicle units",
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
