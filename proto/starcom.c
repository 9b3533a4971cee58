/* SPDX-License-Identifier: Apache-2.0
 *
 * Starcom Helios: one message a UDP packet, members with commas between them, in any order behind the first.
 *
 *   |unit=<id>,<key>=<value>,...|  then CR LF or nothing
 *
 *   unit             id, digits                    door arm lock unlock   raw flags: what they stand for is wired by the owner
 *   datetime_actual  YYYY/MM/DD hh:mm:ss, UTC      eventid                number of the owner's event
 *   gps_valid        0|1                           emergency              1 button
 *   latitude longitude altitude                    main_voltage           supply, V
 *   velocity         km/h                          backup_voltage         battery, V; -1.00 and 100.00 mean nothing
 *   heading          degrees                       analog1 2 3            V at the inputs
 *   mileage          km                            satellites
 *
 * Members that are not known here stay in the raw message. There is no answer. No commands are published.
 */
#include "proto/field.h"
#include "proto/text.h"

extern const struct proto proto_starcom;

#define MARK        "|unit="
#define MARK_LEN    (sizeof MARK - 1)
#define END         '|'
#define MESSAGE_MAX 2048
#define MEMBERS_MAX 128

/* clang-format off */
#define KEY_TABLE(X) \
    X(UNIT, "unit") X(TIME, "datetime_actual") X(VALID, "gps_valid") X(LATITUDE, "latitude") X(LONGITUDE, "longitude") \
    X(ALTITUDE, "altitude") X(VELOCITY, "velocity") X(HEADING, "heading") X(MILEAGE, "mileage") X(SATELLITES, "satellites") \
    X(EMERGENCY, "emergency") X(SUPPLY, "main_voltage") X(BATTERY, "backup_voltage") X(DOOR, "door") X(ARM, "arm") X(LOCK, "lock") \
    X(UNLOCK, "unlock") X(EVENT, "eventid") X(ANALOG1, "analog1") X(ANALOG2, "analog2") X(ANALOG3, "analog3")
#define X(name, text) KEY_##name,
enum key { KEY_TABLE(X) KEYS };
#undef X
#define X(name, text) text,
static const char *const keys[] = {KEY_TABLE(X)};
#undef X

static const struct proto_field numbers[] = {
#define NUMBER(key, ...) {KEY_##key, __VA_ARGS__}
#define RAW(key, text) {KEY_##key, text, PROTO_TO_SENSOR, .kind = BULLA_SENSOR_COUNT, .id = text}
    NUMBER(ALTITUDE, "altitude", PROTO_TO_ALTITUDE),
    NUMBER(VELOCITY, "velocity", PROTO_TO_SPEED),
    NUMBER(HEADING, "heading", PROTO_TO_COURSE),
    NUMBER(SATELLITES, "satellites", PROTO_TO_SATELLITES),
    NUMBER(BATTERY, "backup_voltage", PROTO_TO_VOLTS, .loose = true),
    NUMBER(MILEAGE, "mileage", PROTO_TO_SENSOR, .kind = BULLA_SENSOR_MILEAGE),
    NUMBER(SUPPLY, "main_voltage", PROTO_TO_SENSOR, .kind = BULLA_SENSOR_SUPPLY),
    RAW(DOOR, "door"), RAW(ARM, "arm"), RAW(LOCK, "lock"), RAW(UNLOCK, "unlock"), RAW(EVENT, "eventid"),
    RAW(ANALOG1, "analog1"), RAW(ANALOG2, "analog2"), RAW(ANALOG3, "analog3"),
};
/* clang-format on */

static enum bulla_status probe(const uint8_t *at, size_t n)
{
    return proto_probe_mark(MARK, at, n);
}

static enum bulla_status frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    (void)link;
    return proto_frame_until(probe, END, MESSAGE_MAX, at, n, frame);
}

static void put_member(struct bulla_bytes key, struct bulla_bytes value, struct bulla_bytes field[KEYS])
{
    for (size_t i = 0; i < KEYS; i++) {
        if (bulla_bytes_is(key, keys[i]) && !field[i].at) {
            field[i] = value;
        }
    }
}

static enum bulla_status read_members(struct proto_link *link, struct bulla_bytes text, struct bulla_bytes field[KEYS])
{
    struct bulla_bytes member[MEMBERS_MAX];
    if (probe(text.at, text.len) != BULLA_OK) {
        return proto_fail(link, BULLA_NOT_MINE, "start", MARK, text);
    }
    enum bulla_status status = proto_field_end(link, END, &text);
    if (status != BULLA_OK) {
        return status;
    }
    if (text.len < MARK_LEN || !proto_text_is_printable(text)) {
        return proto_fail(link, BULLA_DAMAGED, "characters", "printable ones", text);
    }
    size_t n = proto_text_split((struct bulla_bytes){text.at + 1, text.len - 1}, ',', member, MEMBERS_MAX);
    if (n > MEMBERS_MAX) {
        return proto_fail_number(link, BULLA_DAMAGED, "members", "up to 128", (int64_t)n);
    }
    for (size_t i = 0; i < n; i++) {
        struct bulla_bytes parts[2];
        if (proto_text_split(member[i], '=', parts, 2) != 2) {
            return proto_fail(link, BULLA_DAMAGED, "member", "key=value", member[i]);
        }
        put_member(parts[0], parts[1], field);
    }
    return BULLA_OK;
}

static enum bulla_status read_time(struct proto_link *link, struct bulla_bytes text, struct bulla_observation *o)
{
    struct bulla_calendar when;
    struct bulla_bytes parts[2];
    if (!text.at) {
        return BULLA_OK;
    }
    if (proto_text_split(text, ' ', parts, 2) != 2 || !proto_text_date(parts[0], '/', &when) || !proto_text_clock(parts[1], &when)) {
        return proto_fail(link, BULLA_DAMAGED, "datetime_actual", "YYYY/MM/DD hh:mm:ss", text);
    }
    return proto_field_time(link, &when, o);
}

static enum bulla_status read_place(struct proto_link *link, const struct bulla_bytes field[KEYS], struct bulla_observation *o)
{
    bool valid = false;
    if (!field[KEY_LATITUDE].len || !field[KEY_LONGITUDE].len) {
        return BULLA_OK;
    }
    enum bulla_status status = field[KEY_VALID].at ? proto_field_flag(link, "gps_valid", field[KEY_VALID], &valid) : BULLA_OK;
    return status == BULLA_OK ? proto_field_place(link, field[KEY_LATITUDE], field[KEY_LONGITUDE], valid, o) : status;
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct bulla_bytes field[KEYS] = {{NULL, 0}};
    struct bulla_observation o;
    bulla_observation_init(&o, "starcom");
    enum bulla_status status = read_members(link, (struct bulla_bytes){at, n}, field);
    status = status == BULLA_OK ? proto_field_device(link, field[KEY_UNIT], false, &o) : status;
    status = status == BULLA_OK ? read_time(link, field[KEY_TIME], &o) : status;
    status = status == BULLA_OK ? read_place(link, field, &o) : status;
    status = status == BULLA_OK ? proto_fields_read(link, numbers, sizeof numbers / sizeof *numbers, field, KEYS, &o) : status;
    if (status != BULLA_OK) {
        return status;
    }
    bulla_observation_add_event(&o, bulla_bytes_is(field[KEY_EMERGENCY], "1") ? BULLA_EVENT_SOS : BULLA_EVENT_STATE_REPORT);
    link->emit(link->host, &o);
    return BULLA_OK;
}

static const struct proto_command commands[] = {{NULL}};

const struct proto proto_starcom = {
    .number = 9,
    .name = "starcom",
    .title = "Starcom Helios",
    .transports = "udp tcp",
    .port = 0,
    .state_size = 0,
    .frame_max = MESSAGE_MAX,
    .probe = probe,
    .frame = frame,
    .decode = decode,
    .encode = proto_no_commands,
    .commands = commands,
};
