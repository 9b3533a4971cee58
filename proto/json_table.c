/* SPDX-License-Identifier: Apache-2.0
 *
 * What a device may say in JSON: one table. A message is the form of docs/observation.md; smart containers say the same in one
 * level ("temperature": 4.5); network servers put such a level into an object of their own, beside their names and times.
 *
 *   observation           {"device", "time", "counter", "stored", "fix": {...}, "state": {...}, "power": {...}, "events": [...], ...}
 *   container             {"device", "time", "door", "latitude", "longitude", "temperature", "humidity", "power", ...}
 *   The Things Stack v3   {"end_device_ids": {"device_id", "dev_eui"},
 *                          "uplink_message": {"f_cnt", "received_at", "decoded_payload": container}}
 *   ChirpStack v4         {"deviceInfo": {"devEui"}, "time", "fCnt", "object": container}
 */
#include "proto/json_device.h"

#define TABLE(name, list) static const struct json_table name = {list, sizeof list / sizeof *list}
#define AT(member)        offsetof(struct bulla_observation, member)
#define IN(type, member)  offsetof(struct type, member)

/* ---- values of their own kind ---- */

static enum bulla_status read_time(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    char text[40];
    int64_t time_ms = json_value_text(value, text, sizeof text) ? bulla_time_get(text) : BULLA_TIME_NONE;
    if (time_ms == BULLA_TIME_NONE) {
        return json_member_fail(r, m, value->text);
    }
    r->o->time_ms = time_ms;
    return BULLA_OK;
}

static enum bulla_status read_lat(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    r->has_lat = true;
    return json_member_number(r, m, value);
}

static enum bulla_status read_lon(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    r->has_lon = true;
    return json_member_number(r, m, value);
}

static enum bulla_status read_valid(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    r->has_valid = true;
    return json_member_flag(r, m, value);
}

static enum bulla_status read_device(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    char text[BULLA_PROTOCOL_SIZE + BULLA_DEVICE_SIZE] = {0};
    const size_t prefix = m->size; /* of "json:" */
    if (!json_value_text(value, text, sizeof text) || bulla_compare(text, "json:", prefix) != 0 ||
        !proto_json_is_device((struct bulla_bytes){(const uint8_t *)text + prefix, bulla_length(text + prefix)}) ||
        (r->device[0] && !bulla_text_is(r->device, text + prefix))) {
        return json_member_fail(r, m, value->text);
    }
    bulla_copy(r->device, text + prefix, bulla_length(text + prefix) + 1);
    return BULLA_OK;
}

/* What a network server names is in either case of letters there. */
static enum bulla_status read_network(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    char text[BULLA_DEVICE_SIZE];
    if (!json_value_text(value, text, sizeof text) ||
        !proto_json_is_device((struct bulla_bytes){(const uint8_t *)text, bulla_length(text)})) {
        return json_member_fail(r, m, value->text);
    }
    char *to = m->size ? r->eui : r->network;
    for (size_t i = 0; i < sizeof text; i++) {
        to[i] = m->size && text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + ('a' - 'A')) : text[i];
        if (!text[i]) {
            break;
        }
    }
    return BULLA_OK;
}

static enum bulla_status refuse(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    return json_member_fail(r, m, value->text);
}

static enum bulla_status read_protocol(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    return value->kind == PROTO_JSON_STRING && bulla_bytes_is(value->text, "json") ? BULLA_OK : json_member_fail(r, m, value->text);
}

static enum bulla_status read_words(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    struct proto_json_walk walk = proto_json_open(value->text);
    struct proto_json_value key, word;
    uint64_t *to = (uint64_t *)(void *)((uint8_t *)r->base + m->at);
    if (value->kind != PROTO_JSON_ARRAY) {
        return json_member_fail(r, m, value->text);
    }
    while (proto_json_next(&walk, &key, &word)) {
        char text[40];
        int event = json_value_text(&word, text, sizeof text) ? bulla_event_from(text) : -1;
        if (event < 0) {
            return json_member_fail(r, m, word.text);
        }
        *to |= BULLA_EVENT_BIT(event);
    }
    return BULLA_OK;
}

/* ---- the observation's own objects ---- */

/* clang-format off */
static const struct json_member fix_members[] = {
    {"lat", "fix.lat", read_lat, "degrees from -90 to 90", BULLA_HAS_FIX, AT(lat_e7), 4, 7, -900000000, 900000000},
    {"lon", "fix.lon", read_lon, "degrees from -180 to 180", BULLA_HAS_FIX, AT(lon_e7), 4, 7, -1800000000, 1800000000},
    {"valid", "fix.valid", read_valid, "true or false", 0, AT(fix_valid)},
    {"speed_kmh", "fix.speed_kmh", json_member_number, "a number from 0 to 2000000", BULLA_HAS_SPEED, AT(speed_cmh), 4, 2, 0, 200000000},
    {"course_deg", "fix.course_deg", json_member_number, "degrees from 0 to 360", BULLA_HAS_COURSE, AT(course_cdeg), 4, 2, 0, 36000},
    {"altitude_m", "fix.altitude_m", json_member_number, "a number from -20000000 to 20000000", BULLA_HAS_ALTITUDE, AT(altitude_cm), 4, 2, -2000000000, 2000000000},
    {"satellites", "fix.satellites", json_member_number, "a number from 0 to 255", BULLA_HAS_SATELLITES, AT(satellites), 1, 0, 0, 255},
    {"accuracy_m", "fix.accuracy_m", json_member_number, "a number from 0 to 20000000", BULLA_HAS_ACCURACY, AT(accuracy_m), 4, 0, 0, 20000000},
};
TABLE(fix_table, fix_members);

#define STATE_MEMBERS(at, inside) \
    {"shackle", inside "shackle", json_member_word, "in, out or cut", 0, at(shackle), .word = bulla_shackle_from, .null = BULLA_SHACKLE_UNKNOWN}, \
    {"motor", inside "motor", json_member_word, "locked, unlocked or stuck", 0, at(motor), .word = bulla_motor_from, .null = BULLA_MOTOR_UNKNOWN}, \
    {"cover", inside "cover", json_member_word, "closed or open", 0, at(cover), .word = bulla_cover_from, .null = BULLA_COVER_UNKNOWN}, \
    {"door", inside "door", json_member_word, "closed or open", 0, at(door), .word = bulla_cover_from, .null = BULLA_COVER_UNKNOWN}
#define SEAL_STATE(name, inside, at) {name, inside name, json_member_word, "sealed, open or unlocked-closed", 0, at(seal), .word = bulla_seal_state_from, .null = BULLA_SEAL_UNKNOWN}
#define IN_STATE(member) IN(bulla_state, member)
#define IN_OBSERVATION(member) AT(state.member)

static const struct json_member state_members[] = {SEAL_STATE("seal", "state.", IN_STATE), STATE_MEMBERS(IN_STATE, "state.")};
TABLE(state_table, state_members);

#define PERCENT(name, field) {name, field, json_member_number, "a number from 0 to 100", BULLA_HAS_PERCENT, AT(percent), 1, 0, 0, 100}
#define VOLTS(name, field) {name, field, json_member_number, "a number from 0 to 1000000", BULLA_HAS_VOLTS, AT(millivolts), 4, 3, 0, 1000000000}
static const struct json_member power_members[] = {
    PERCENT("percent", "power.percent"), VOLTS("volts", "power.volts"),
    {"charging", "power.charging", json_member_flag, "true or false", BULLA_HAS_CHARGING, AT(charging)},
};
TABLE(power_table, power_members);

static const struct json_member unlock_members[] = {
    {"channel", "unlock.channel", json_member_word, "a word of docs/observation.md", 0, IN(bulla_unlock, channel), .word = bulla_channel_from},
    {"verdict", "unlock.verdict", json_member_word, "accepted, refused or unknown", 0, IN(bulla_unlock, verdict), .word = bulla_verdict_from},
    {"reason", "unlock.reason", json_member_word, "a word of docs/observation.md", 0, IN(bulla_unlock, reason), .word = bulla_reason_from, .null = BULLA_REASON_UNKNOWN},
    {"tries", "unlock.tries", json_member_number, "a number from 0 to 255", 0, IN(bulla_unlock, tries), 1, 0, 0, 255},
    {"fence", "unlock.fence", json_member_number, "a number from 0 to 255", 0, IN(bulla_unlock, fence), 1, 0, 0, 255},
    {"credential", "unlock.credential", json_member_text, "at most 23 bytes", 0, IN(bulla_unlock, credential), BULLA_CREDENTIAL_SIZE},
};
TABLE(unlock_table, unlock_members);

static const struct json_member result_members[] = {
    {"command", "result.command", json_member_text, "at most 11 bytes", 0, IN(bulla_result, command), sizeof(((struct bulla_result *)0)->command)},
    {"serial", "result.serial", json_member_number, "a number from -1 to 2147483647", 0, IN(bulla_result, serial), 4, 0, -1, INT32_MAX},
    {"verdict", "result.verdict", json_member_word, "accepted, refused or unknown", 0, IN(bulla_result, verdict), .word = bulla_verdict_from},
    {"text", "result.text", json_member_text, "at most 79 bytes", 0, IN(bulla_result, text), sizeof(((struct bulla_result *)0)->text)},
};
TABLE(result_table, result_members);
/* clang-format on */

static enum bulla_status read_unlock(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    r->o->has |= BULLA_HAS_UNLOCK;
    return json_member_object(r, m, value);
}

static enum bulla_status read_result(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    r->o->has |= BULLA_HAS_RESULT;
    r->o->result = (struct bulla_result){.serial = -1};
    enum bulla_status status = json_member_object(r, m, value);
    if (status == BULLA_OK && !r->o->result.command[0]) {
        return proto_fail(r->link, BULLA_INSANE, "result.command", "the command's name", (struct bulla_bytes){NULL, 0});
    }
    bulla_observation_add_event(r->o, BULLA_EVENT_COMMAND_RESULT);
    return status;
}

/* ---- lists ---- */

struct sensor_read { /* what a sensor's object says, before it is known whether all of it is there */
    struct bulla_sensor sensor;
    bool known;
};

static enum bulla_status read_value(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    ((struct sensor_read *)r->base)->known = true;
    return json_member_number(r, m, value);
}

/* clang-format off */
static const struct json_member sensor_members[] = {
    {"id", "sensors[].id", json_member_text, "at most 15 bytes", 0, IN(sensor_read, sensor.id), sizeof(((struct bulla_sensor *)0)->id)},
    {"kind", "sensors[].kind", json_member_word, "a sensor kind of docs/observation.md", 0, IN(sensor_read, sensor.kind), .word = bulla_sensor_from},
    {"value", "sensors[].value", read_value, "a number from -2147483 to 2147483", 0, IN(sensor_read, sensor.milli), 4, 3, -2147483000, 2147483000},
};
TABLE(sensor_table, sensor_members);

static const struct json_member cell_members[] = {
    {"mcc", "cells[].mcc", json_member_number, "a number from 0 to 65535", 0, IN(bulla_cell, mcc), 2, 0, 0, UINT16_MAX},
    {"mnc", "cells[].mnc", json_member_number, "a number from 0 to 65535", 0, IN(bulla_cell, mnc), 2, 0, 0, UINT16_MAX},
    {"lac", "cells[].lac", json_member_number, "a number from 0 to 4294967295", 0, IN(bulla_cell, lac), 4, 0, 0, UINT32_MAX},
    {"cid", "cells[].cid", json_member_number, "a number from 0 to 4294967295", 0, IN(bulla_cell, cid), 4, 0, 0, UINT32_MAX},
};
TABLE(cell_table, cell_members);

static const struct json_member sublock_members[] = {
    {"id", "sublocks[].id", json_member_text, "at most 15 bytes", 0, IN(bulla_sublock, id), sizeof(((struct bulla_sublock *)0)->id)},
    {"state", "sublocks[].state", json_member_object, "an object", 0, IN(bulla_sublock, state), .inside = &state_table},
    {"events", "sublocks[].events", read_words, "a list of events of docs/observation.md", 0, IN(bulla_sublock, events)},
    {"percent", "sublocks[].percent", json_member_number, "a number from 0 to 100", 0, IN(bulla_sublock, percent), 1, 0, 0, 100},
    {"lost", "sublocks[].lost", json_member_flag, "true or false", 0, IN(bulla_sublock, lost)},
};
TABLE(sublock_table, sublock_members);
/* clang-format on */

static enum bulla_status sensor_item(struct json_reading *r, const struct json_member *m, struct bulla_bytes object)
{
    struct sensor_read read = {{{0}, 0, 0}, false};
    r->base = &read;
    enum bulla_status status = json_members_read(r, &sensor_table, object);
    if (status != BULLA_OK) {
        return status;
    }
    if (!read.sensor.kind || r->o->n_sensors == BULLA_SENSORS_MAX) {
        return json_member_fail(r, m, object);
    }
    if (read.known) { /* null: the sensor said that it does not know */
        bulla_observation_add_sensor(r->o, read.sensor.id, (enum bulla_sensor_kind)read.sensor.kind, read.sensor.milli);
    }
    return BULLA_OK;
}

static enum bulla_status cell_item(struct json_reading *r, const struct json_member *m, struct bulla_bytes object)
{
    struct bulla_cell cell = {0};
    (void)m;
    r->base = &cell;
    enum bulla_status status = json_members_read(r, &cell_table, object);
    if (status == BULLA_OK) {
        bulla_observation_add_cell(r->o, cell.mcc, cell.mnc, cell.lac, cell.cid);
    }
    return status;
}

static enum bulla_status sublock_item(struct json_reading *r, const struct json_member *m, struct bulla_bytes object)
{
    struct bulla_sublock *sub = bulla_observation_add_sublock(r->o, "");
    r->base = sub;
    enum bulla_status status = json_members_read(r, &sublock_table, object);
    if (status == BULLA_OK && !sub->id[0]) {
        return json_member_fail(r, m, object);
    }
    if (sub->state.seal == BULLA_SEAL_NONE) {
        sub->state.seal = (uint8_t)bulla_seal_from((enum bulla_shackle)sub->state.shackle, (enum bulla_motor)sub->state.motor);
    }
    return status;
}

static enum bulla_status read_sensors(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    return json_items_read(r, m, value, BULLA_SENSORS_MAX, sensor_item);
}

static enum bulla_status read_cells(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    return json_items_read(r, m, value, BULLA_CELLS_MAX, cell_item);
}

static enum bulla_status read_sublocks(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    return json_items_read(r, m, value, BULLA_SUBLOCKS_MAX, sublock_item);
}

/* ---- in one level: sensors ---- */

static enum bulla_status read_reading(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    int64_t milli;
    if (!proto_json_fixed(value, m->decimals, &milli) || milli < m->min || milli > m->max || r->o->n_sensors == BULLA_SENSORS_MAX) {
        return json_member_fail(r, m, value->text);
    }
    bulla_observation_add_sensor(r->o, "", (enum bulla_sensor_kind)m->null, (int32_t)milli);
    return BULLA_OK;
}

/* 1, 0, or -1: of "on", true and 1, or their contraries. */
static int switch_of(const struct proto_json_value *value, const char *on, const char *off)
{
    bool word = value->kind == PROTO_JSON_WORD, number = value->kind == PROTO_JSON_NUMBER, text = value->kind == PROTO_JSON_STRING;
    if ((word && bulla_bytes_is(value->text, "true")) || (number && bulla_bytes_is(value->text, "1")) ||
        (text && bulla_bytes_is(value->text, on))) {
        return 1;
    }
    return (word && bulla_bytes_is(value->text, "false")) || (number && bulla_bytes_is(value->text, "0")) ||
                   (text && bulla_bytes_is(value->text, off))
               ? 0
               : -1;
}

/* An object is the battery, as in docs/observation.md; anything else the supply of a refrigerated container. */
static enum bulla_status read_power(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    int on = switch_of(value, "on", "off");
    if (value->kind == PROTO_JSON_OBJECT) {
        return json_member_object(r, m, value);
    }
    if (on < 0 || r->o->n_sensors == BULLA_SENSORS_MAX) {
        return json_member_fail(r, m, value->text);
    }
    bulla_observation_add_sensor(r->o, "", BULLA_SENSOR_POWER, on * 1000);
    return BULLA_OK;
}

static enum bulla_status read_opening(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    int open = switch_of(value, "open", "close");
    if (open < 0) {
        return json_member_word(r, m, value);
    }
    *((uint8_t *)r->base + m->at) = open ? BULLA_COVER_OPEN : BULLA_COVER_CLOSED;
    return BULLA_OK;
}

/* ---- messages ---- */

/* clang-format off */
#define SENSOR(name, kind, decimals) \
    {name, name, read_reading, "a number from -2147483 to 2147483", 0, 0, 0, decimals, -2147483000, 2147483000, .null = BULLA_SENSOR_##kind}
#define OPENING(name) {name, name, read_opening, "true or false, open or closed", 0, AT(state.door), .word = bulla_cover_from, .null = BULLA_COVER_UNKNOWN}
#define FIX(name, read, expected, has, member, size, decimals, min, max) {name, name, read, expected, has, AT(member), size, decimals, min, max}
#define LAT(name) FIX(name, read_lat, "degrees from -90 to 90", BULLA_HAS_FIX, lat_e7, 4, 7, -900000000, 900000000)
#define LON(name) FIX(name, read_lon, "degrees from -180 to 180", BULLA_HAS_FIX, lon_e7, 4, 7, -1800000000, 1800000000)
#define TIME(name) {name, name, read_time, "a time like 2026-01-31T08:00:00Z", BULLA_HAS_TIME}
#define COUNTER(name) {name, name, json_member_number, "a number from 0 to 999999999999999999", BULLA_HAS_COUNTER, AT(counter), 8, 0, 0, 999999999999999999}

/* What a container, a sensor or a decoder of LoRaWAN payloads says in one level. Makers differ in the words: one line each. */
#define LEVEL \
    STATE_MEMBERS(IN_OBSERVATION, ""), OPENING("door_open"), OPENING("magnet_status"), OPENING("DOOR_OPEN_STATUS"), \
    LAT("latitude"), LON("longitude"), \
    FIX("altitude", json_member_number, "a number from -20000000 to 20000000", BULLA_HAS_ALTITUDE, altitude_cm, 4, 2, -2000000000, 2000000000), \
    FIX("speed", json_member_number, "a number from 0 to 2000000", BULLA_HAS_SPEED, speed_cmh, 4, 2, 0, 200000000), \
    FIX("heading", json_member_number, "degrees from 0 to 360", BULLA_HAS_COURSE, course_cdeg, 4, 2, 0, 36000), \
    FIX("accuracy", json_member_number, "a number from 0 to 20000000", BULLA_HAS_ACCURACY, accuracy_m, 4, 0, 0, 20000000), \
    PERCENT("battery", "battery"), VOLTS("battery_voltage", "battery_voltage"), VOLTS("BatV", "BatV"), \
    SENSOR("temperature", TEMPERATURE, 3), SENSOR("TempC_SHT", TEMPERATURE, 3), SENSOR("humidity", HUMIDITY, 3), SENSOR("Hum_SHT", HUMIDITY, 3), \
    SENSOR("pressure", PRESSURE, 3), SENSOR("barometric_pressure", PRESSURE, 2) /* hPa */, SENSOR("light", LIGHT, 3), SENSOR("illuminance", LIGHT, 3), \
    SENSOR("shock", SHOCK, 3), SENSOR("acceleration", ACCELERATION, 3), SENSOR("tilt", TILT, 3), SENSOR("orientation", TILT, 3), \
    SENSOR("voc", VOC, 3), SENSOR("tvoc", VOC, 3), \
    TIME("time"), COUNTER("counter"), \
    {"stored", "stored", json_member_flag, "true or false", 0, AT(stored)}, \
    {"power", "power", read_power, "on or off, or an object", .inside = &power_table}, \
    {"events", "events", read_words, "a list of events of docs/observation.md", 0, AT(events)}

static const struct json_member level_members[] = {LEVEL};
TABLE(level_table, level_members);

static const struct json_member tts_names[] = {
    {"dev_eui", "end_device_ids.dev_eui", read_network, PROTO_JSON_NAME_EXPECTED, .size = 1},
    {"device_id", "end_device_ids.device_id", read_network, PROTO_JSON_NAME_EXPECTED},
};
TABLE(tts_names_table, tts_names);

static const struct json_member tts_uplink[] = {
    {"f_cnt", "uplink_message.f_cnt", json_member_number, "a number from 0 to 4294967295", BULLA_HAS_COUNTER, AT(counter), 8, 0, 0, UINT32_MAX},
    {"received_at", "uplink_message.received_at", read_time, "a time like 2026-01-31T08:00:00Z", BULLA_HAS_TIME},
    {"decoded_payload", "uplink_message.decoded_payload", json_member_object, "an object", .inside = &level_table},
};
TABLE(tts_uplink_table, tts_uplink);

static const struct json_member chirpstack_names[] = {
    {"devEui", "deviceInfo.devEui", read_network, PROTO_JSON_NAME_EXPECTED, .size = 1},
};
TABLE(chirpstack_names_table, chirpstack_names);

static const struct json_member message_members[] = {
    {"seal", "seal", read_device, "json: and the same " PROTO_JSON_NAME_EXPECTED, .size = 5},
    {"device", "device", read_device, PROTO_JSON_NAME_EXPECTED ", once", .size = 0},
    {"protocol", "protocol", read_protocol, "json"},
    {"note", "note", refuse, "nothing: a device says nothing for others"},
    {"fix", "fix", json_member_object, "an object", .inside = &fix_table},
    {"state", "state", json_member_object, "an object", 0, AT(state), .inside = &state_table},
    {"unlock", "unlock", read_unlock, "an object", 0, AT(unlock), .inside = &unlock_table},
    {"result", "result", read_result, "an object", 0, AT(result), .inside = &result_table},
    {"fence", "fence", json_member_number, "a number from 0 to 255", BULLA_HAS_FENCE, AT(fence), 1, 0, 0, 255},
    {"wake", "wake", json_member_number, "a number from 0 to 255", BULLA_HAS_WAKE, AT(wake), 1, 0, 0, 255},
    {"sensors", "sensors[]", read_sensors, "at most 12 objects with a kind and a value"},
    {"cells", "cells[]", read_cells, "at most 6 objects"},
    {"sublocks", "sublocks[]", read_sublocks, "at most 8 objects with an id"},
    {"end_device_ids", "end_device_ids", json_member_object, "an object", .inside = &tts_names_table},
    {"uplink_message", "uplink_message", json_member_object, "an object", .inside = &tts_uplink_table},
    {"deviceInfo", "deviceInfo", json_member_object, "an object", .inside = &chirpstack_names_table},
    {"object", "object", json_member_object, "an object", .inside = &level_table},
    COUNTER("fCnt"),
    LEVEL,
};
/* clang-format on */
_Static_assert(sizeof message_members / sizeof *message_members <= 64, "json_members_read() notes what it has seen in 64 bits");

const struct json_table json_message_table = {message_members, sizeof message_members / sizeof *message_members};
