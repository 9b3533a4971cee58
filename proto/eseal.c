/* SPDX-License-Identifier: Apache-2.0
 *
 * eSeal CT-C: lines of text over TCP, one message a line, nothing but commas between the fields.
 *
 *   ##S,<device type>,<device id>,<customer>,<firmware>,<kind>[,...],E##     then CR LF, LF or nothing
 *
 *   no  field         example                        no  field          example
 *    1  device type   eSeal                          11  position       25.708828N 100.372870W (one field)
 *    2  device id     1000821                        12  course         degrees
 *    3  customer      256                            13  speed          km/h
 *    4  firmware      3.0.6                          14  door           Open | Close
 *    5  kind          Normal, Event-Door ...         15  acceleration   g
 *    6  index         34: counter, acknowledged      16  nfc            0:0:3:0, meaning not known
 *    7  date          2017-08-31                     17  battery        volts
 *    8  time          08:14:40 UTC                   18  rssi           dBm
 *    9  interval      15, unit not known             10  fix            A valid, V not
 *
 * Reports are answered with their own head, "<kind> ACK,<index>", Startup's also with the configuration.
 * Kinds that end in ACK or OK answer the platform and get no answer: fields 6.. are then their arguments.
 *
 * There is no login, no check value and no lock field. Whether the seal is locked is learnt from Event-Lock
 * and Event-RC-Unlock, for the device that the connection speaks for; before that it is unknown, because a
 * closed door alone does not say so.
 */
#include "proto/eseal.h"

#include "proto/text.h"

#define FIELDS_MAX 40

enum field {
    F_MARK,
    F_TYPE,
    F_DEVICE,
    F_CUSTOMER,
    F_FIRMWARE,
    F_KIND,
    F_INDEX,
    F_DATE,
    F_TIME,
    F_INTERVAL,
    F_FIX,
    F_POSITION,
    F_COURSE,
    F_SPEED,
    F_DOOR,
    F_ACCELERATION,
    F_NFC,
    F_BATTERY,
    F_RSSI,
    F_REPORT_COUNT,
};

enum lock { LOCK_UNKNOWN, LOCK_LOCKED, LOCK_UNLOCKED };

struct line {
    size_t n;
    struct bulla_bytes field[FIELDS_MAX];
    const uint8_t *end; /* of the last field */
};

struct kind {
    const char *name;
    uint64_t events;
    enum lock lock; /* what it teaches; LOCK_UNKNOWN: nothing */
};

static const struct kind kinds[] = {
    {"Normal", BULLA_EVENT_BIT(BULLA_EVENT_STATE_REPORT), LOCK_UNKNOWN},
    {"Button-Normal", BULLA_EVENT_BIT(BULLA_EVENT_STATE_REPORT), LOCK_UNKNOWN},
    {"Startup", BULLA_EVENT_BIT(BULLA_EVENT_WAKE) | BULLA_EVENT_BIT(BULLA_EVENT_STARTUP), LOCK_UNKNOWN},
    {"Termination", BULLA_EVENT_BIT(BULLA_EVENT_WAKE) | BULLA_EVENT_BIT(BULLA_EVENT_POWER_OFF), LOCK_UNKNOWN},
    {"Event-Door", 0, LOCK_UNKNOWN},
    {"Event-Shock", BULLA_EVENT_BIT(BULLA_EVENT_VIBRATION), LOCK_UNKNOWN},
    {"Event-Drop", BULLA_EVENT_BIT(BULLA_EVENT_FALL), LOCK_UNKNOWN},
    {"Event-Lock", BULLA_EVENT_BIT(BULLA_EVENT_LOCKED), LOCK_LOCKED},
    {"Event-RC-Unlock", BULLA_EVENT_BIT(BULLA_EVENT_UNLOCKED), LOCK_UNLOCKED},
};

/* An event that a later firmware invents is still a report, and still wants its acknowledgement. */
static const struct kind unknown_event = {"Event-", BULLA_EVENT_BIT(BULLA_EVENT_STATE_REPORT), LOCK_UNKNOWN};

/* ---- reading ---- */

static enum bulla_status read_line(struct proto_link *link, const uint8_t *at, size_t n, struct line *line)
{
    while (n && (at[n - 1] == '\n' || at[n - 1] == '\r')) {
        n--;
    }
    struct bulla_bytes whole = {at, n};
    if (n < ESEAL_MARK_LEN || bulla_compare(at, ESEAL_MARK, ESEAL_MARK_LEN) != 0) {
        return proto_fail(link, BULLA_NOT_MINE, "start", ESEAL_MARK, whole);
    }
    if (n < ESEAL_MARK_LEN + ESEAL_END_LEN || bulla_compare(at + n - ESEAL_END_LEN, ESEAL_END, ESEAL_END_LEN) != 0) {
        return proto_fail(link, BULLA_DAMAGED, "end", ESEAL_END, (struct bulla_bytes){at + n - (n < 20 ? n : 20), n < 20 ? n : 20});
    }
    if (n > ESEAL_LINE_MAX) {
        return proto_fail_number(link, BULLA_DAMAGED, "length", "at most 1024", (int64_t)n);
    }
    for (size_t i = 0; i < n; i++) {
        if (at[i] < 0x20 || at[i] > 0x7E) {
            return proto_fail_number(link, BULLA_DAMAGED, "character", "printable", at[i]);
        }
    }
    line->end = at + n - ESEAL_END_LEN;
    line->n = proto_text_split((struct bulla_bytes){at, n - ESEAL_END_LEN}, ',', line->field, FIELDS_MAX);
    if (line->n <= F_KIND || line->n > FIELDS_MAX) {
        return proto_fail_number(link, BULLA_DAMAGED, "fields", "6 to 40", (int64_t)line->n);
    }
    return BULLA_OK;
}

static enum bulla_status check_head(struct proto_link *link, const struct line *line)
{
    struct bulla_bytes device = line->field[F_DEVICE];
    if (!proto_text_is_digits(device) || device.len >= BULLA_DEVICE_SIZE) {
        return proto_fail(link, BULLA_DAMAGED, "device id", "1 to 31 digits", device);
    }
    if (!proto_text_is_digits(line->field[F_CUSTOMER])) {
        return proto_fail(link, BULLA_DAMAGED, "customer id", "digits", line->field[F_CUSTOMER]);
    }
    return BULLA_OK;
}

static void learn(struct proto_link *link, const struct line *line)
{
    struct eseal *self = link->state;
    if (!bulla_bytes_is(line->field[F_DEVICE], self->device)) {
        bulla_fill(self, 0, sizeof *self);
        bulla_text_put(self->device, sizeof self->device, line->field[F_DEVICE]);
    }
    bulla_text_put(self->type, sizeof self->type, line->field[F_TYPE]);
    bulla_text_put(self->customer, sizeof self->customer, line->field[F_CUSTOMER]);
    bulla_text_put(self->firmware, sizeof self->firmware, line->field[F_FIRMWARE]);
}

static enum bulla_status read_time(struct proto_link *link, const struct line *line, struct bulla_observation *o)
{
    struct bulla_calendar when;
    if (!proto_text_date(line->field[F_DATE], '-', &when)) {
        return proto_fail(link, BULLA_DAMAGED, "date", "YYYY-MM-DD", line->field[F_DATE]);
    }
    if (!proto_text_clock(line->field[F_TIME], &when)) {
        return proto_fail(link, BULLA_DAMAGED, "time", "hh:mm:ss", line->field[F_TIME]);
    }
    o->time_ms = bulla_time_from_calendar(&when);
    if (o->time_ms == BULLA_TIME_NONE) {
        return proto_fail(link, BULLA_INSANE, "date", "a day of the calendar", line->field[F_DATE]);
    }
    o->has |= BULLA_HAS_TIME;
    return BULLA_OK;
}

/* "25.708828N" -> e7; the letter must be one of the two. */
static bool read_angle(struct bulla_bytes text, char positive, char negative, int64_t limit_e7, int32_t *out)
{
    int64_t value;
    if (text.len < 2 || !proto_text_fixed((struct bulla_bytes){text.at, text.len - 1}, 7, &value) || value < 0 || value > limit_e7) {
        return false;
    }
    char letter = (char)text.at[text.len - 1];
    if (letter != positive && letter != negative) {
        return false;
    }
    *out = (int32_t)(letter == positive ? value : -value);
    return true;
}

static enum bulla_status read_position(struct proto_link *link, const struct line *line, struct bulla_observation *o)
{
    struct bulla_bytes fix = line->field[F_FIX];
    if (!bulla_bytes_is(fix, "A") && !bulla_bytes_is(fix, "V")) {
        return proto_fail(link, BULLA_DAMAGED, "fix", "A or V", fix);
    }
    struct bulla_cursor c = bulla_cursor_over(line->field[F_POSITION].at, line->field[F_POSITION].len);
    struct bulla_bytes lat = bulla_cursor_take_until(&c, ' ');
    struct bulla_bytes lon = bulla_cursor_take(&c, c.left);
    if (!read_angle(lat, 'N', 'S', 900000000, &o->lat_e7) || !read_angle(lon, 'E', 'W', 1800000000, &o->lon_e7)) {
        return proto_fail(link, BULLA_INSANE, "position", "0-90N|S 0-180E|W", line->field[F_POSITION]);
    }
    o->has |= BULLA_HAS_FIX;
    o->fix_valid = fix.at[0] == 'A';
    return BULLA_OK;
}

/* A number that a report may leave empty. */
struct optional {
    enum field field;
    const char *name;
    unsigned decimals;
    int64_t min, max;
};

static const struct optional optionals[] = {
    {F_COURSE, "course", 2, 0, 36000},
    {F_SPEED, "speed", 2, 0, 50000},
    {F_BATTERY, "battery", 3, 0, 100000},
    {F_RSSI, "rssi", 3, -200000, 0},
    {F_ACCELERATION, "acceleration", 3, -1000000, 1000000},
};

static void put_optional(struct bulla_observation *o, enum field field, int64_t value)
{
    switch (field) {
    case F_COURSE:
        o->has |= BULLA_HAS_COURSE;
        o->course_cdeg = (int32_t)(value % 36000);
        break;
    case F_SPEED:
        o->has |= BULLA_HAS_SPEED;
        o->speed_cmh = (int32_t)value;
        break;
    case F_BATTERY:
        o->has |= BULLA_HAS_VOLTS;
        o->millivolts = (int32_t)value;
        break;
    default:
        bulla_observation_add_sensor(o, "", field == F_RSSI ? BULLA_SENSOR_RSSI : BULLA_SENSOR_ACCELERATION, (int32_t)value);
        break;
    }
}

static enum bulla_status read_optionals(struct proto_link *link, const struct line *line, struct bulla_observation *o)
{
    for (size_t i = 0; i < sizeof optionals / sizeof *optionals; i++) {
        const struct optional *row = &optionals[i];
        int64_t value;
        if (line->field[row->field].len == 0) {
            continue;
        }
        if (!proto_text_fixed(line->field[row->field], row->decimals, &value)) {
            return proto_fail(link, BULLA_DAMAGED, row->name, "a number", line->field[row->field]);
        }
        if (value < row->min || value > row->max) {
            return proto_fail(link, BULLA_INSANE, row->name, "a possible value", line->field[row->field]);
        }
        put_optional(o, row->field, value);
    }
    return BULLA_OK;
}

static enum bulla_status read_door(struct proto_link *link, const struct line *line, struct bulla_observation *o)
{
    struct bulla_bytes door = line->field[F_DOOR];
    if (bulla_bytes_is(door, "Open")) {
        o->state.door = BULLA_COVER_OPEN;
    } else if (bulla_bytes_is(door, "Close")) {
        o->state.door = BULLA_COVER_CLOSED;
    } else if (door.len) {
        return proto_fail(link, BULLA_DAMAGED, "door", "Open or Close", door);
    }
    return BULLA_OK;
}

/* ---- meaning ---- */

static const struct kind *kind_find(struct bulla_bytes name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (bulla_bytes_is(name, kinds[i].name)) {
            return &kinds[i];
        }
    }
    size_t prefix = bulla_length(unknown_event.name);
    return name.len > prefix && bulla_compare(name.at, unknown_event.name, prefix) == 0 ? &unknown_event : NULL;
}

static enum bulla_seal_state seal_of(enum lock lock, enum bulla_cover door)
{
    if (door == BULLA_COVER_OPEN) {
        return BULLA_SEAL_OPEN;
    }
    switch (lock) {
    case LOCK_LOCKED:
        return BULLA_SEAL_SEALED;
    case LOCK_UNLOCKED:
        return door == BULLA_COVER_CLOSED ? BULLA_SEAL_UNLOCKED_CLOSED : BULLA_SEAL_OPEN;
    default:
        return BULLA_SEAL_UNKNOWN;
    }
}

static void put_result(struct bulla_observation *o, struct bulla_bytes command, struct bulla_bytes text)
{
    o->has |= BULLA_HAS_RESULT;
    o->result.serial = -1;
    o->result.verdict = BULLA_VERDICT_ACCEPTED;
    bulla_text_put(o->result.command, sizeof o->result.command, command);
    bulla_text_put(o->result.text, sizeof o->result.text, text);
    bulla_observation_add_event(o, BULLA_EVENT_COMMAND_RESULT);
}

static void interpret(struct proto_link *link, const struct kind *kind, struct bulla_bytes name, struct bulla_observation *o)
{
    struct eseal *self = link->state;
    bool was_locked = self->lock == LOCK_LOCKED;
    o->events = kind->events;
    if (kind->lock != LOCK_UNKNOWN) {
        self->lock = (uint8_t)kind->lock;
    } else if (o->events & BULLA_EVENT_BIT(BULLA_EVENT_STARTUP)) {
        self->lock = LOCK_UNKNOWN; /* nobody watched while it was off */
    }
    if (bulla_bytes_is(name, "Event-Door") && o->state.door != BULLA_COVER_NONE) {
        bool open = o->state.door == BULLA_COVER_OPEN;
        bulla_observation_add_event(o, open ? BULLA_EVENT_DOOR_OPENED : BULLA_EVENT_DOOR_CLOSED);
        if (open && was_locked) {
            bulla_observation_add_event(o, BULLA_EVENT_OPENED_WHILE_SEALED);
        }
    }
    if (kind->lock == LOCK_UNLOCKED) {
        o->has |= BULLA_HAS_UNLOCK;
        o->unlock.channel = BULLA_CHANNEL_PLATFORM_STATIC;
        o->unlock.verdict = BULLA_VERDICT_ACCEPTED;
        o->unlock.reason = BULLA_REASON_OK;
        put_result(o, (struct bulla_bytes){(const uint8_t *)"RC-Unlock", 9}, name);
    }
    o->state.seal = (uint8_t)seal_of((enum lock)self->lock, (enum bulla_cover)o->state.door);
}

/* The head goes back as it came. A setting that could end the line early is not sent. */
static void acknowledge(struct proto_link *link, const struct line *line)
{
    uint8_t answer[ESEAL_LINE_MAX + 128];
    struct bulla_writer w = bulla_writer_over(answer, sizeof answer);
    const uint8_t *head = line->field[F_MARK].at;
    struct bulla_bytes kind = line->field[F_KIND];
    bulla_writer_put(&w, head, (size_t)(kind.at - head) + kind.len);
    bulla_writer_put_text(&w, " ACK,");
    bulla_writer_put(&w, line->field[F_INDEX].at, line->field[F_INDEX].len);
    if (bulla_bytes_is(kind, "Startup")) {
        bulla_writer_put_text(&w, ",");
        const char *settings = link->profile ? link->profile->settings : "";
        for (const char *c = settings; *c > 0x20 && *c < 0x7F && *c != '#'; c++) {
            bulla_writer_put_u8(&w, (uint8_t)*c);
        }
    }
    bulla_writer_put_text(&w, ESEAL_END "\r\n");
    if (!w.failed && link->reply) {
        link->reply(link->host, answer, w.len);
    }
}

static enum bulla_status decode_report(struct proto_link *link, const struct line *line, const struct kind *kind)
{
    struct bulla_observation o;
    uint64_t index;
    bulla_observation_init(&o, "eseal");
    if (line->n < F_REPORT_COUNT) {
        return proto_fail_number(link, BULLA_DAMAGED, "fields", "19 or more", (int64_t)line->n);
    }
    if (!proto_text_number(line->field[F_INDEX], &index)) {
        return proto_fail(link, BULLA_DAMAGED, "index", "digits", line->field[F_INDEX]);
    }
    enum bulla_status status = read_time(link, line, &o);
    status = status == BULLA_OK ? read_position(link, line, &o) : status;
    status = status == BULLA_OK ? read_optionals(link, line, &o) : status;
    status = status == BULLA_OK ? read_door(link, line, &o) : status;
    if (status != BULLA_OK) {
        return status;
    }
    learn(link, line);
    o.has |= BULLA_HAS_COUNTER;
    o.counter = (int64_t)index;
    bulla_text_put(o.device, sizeof o.device, line->field[F_DEVICE]);
    interpret(link, kind, line->field[F_KIND], &o);
    link->emit(link->host, &o);
    acknowledge(link, line);
    return BULLA_OK;
}

/* "RC-NFC DEL ACK" -> "RC-NFC DEL"; NULL when the kind does not end so. */
static struct bulla_bytes without_ending(struct bulla_bytes kind, const char *ending)
{
    size_t n = bulla_length(ending);
    bool ends = kind.len > n && bulla_compare(kind.at + kind.len - n, ending, n) == 0;
    return ends ? (struct bulla_bytes){kind.at, kind.len - n} : (struct bulla_bytes){NULL, 0};
}

static enum bulla_status decode_answer(struct proto_link *link, const struct line *line)
{
    struct bulla_bytes kind = line->field[F_KIND];
    struct bulla_bytes command = without_ending(kind, " ACK");
    size_t first = F_INDEX;
    if (!command.at) {
        command = without_ending(kind, " OK");
        first = F_DATE; /* behind the index of the start-up that it answers */
    }
    if (!command.at) {
        return proto_fail(link, BULLA_INSANE, "kind", "a report or an answer", kind);
    }
    struct bulla_bytes text = {NULL, 0};
    if (line->n > first) {
        text = (struct bulla_bytes){line->field[first].at, (size_t)(line->end - line->field[first].at)};
    }
    struct bulla_observation o;
    bulla_observation_init(&o, "eseal");
    learn(link, line);
    bulla_text_put(o.device, sizeof o.device, line->field[F_DEVICE]);
    put_result(&o, command, text);
    link->emit(link->host, &o);
    return BULLA_OK;
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct line line;
    enum bulla_status status = read_line(link, at, n, &line);
    status = status == BULLA_OK ? check_head(link, &line) : status;
    if (status != BULLA_OK) {
        return status;
    }
    const struct kind *kind = kind_find(line.field[F_KIND]);
    return kind ? decode_report(link, &line, kind) : decode_answer(link, &line);
}

const struct proto proto_eseal = {
    .number = 3,
    .name = "eseal",
    .title = "eSeal CT-C text protocol",
    .transports = "tcp",
    .port = 10003,
    .state_size = sizeof(struct eseal),
    .frame_max = ESEAL_LINE_MAX + ESEAL_MARK_LEN,
    .probe = eseal_probe,
    .frame = eseal_frame,
    .decode = decode,
    .encode = eseal_encode,
    .commands = eseal_commands,
};
