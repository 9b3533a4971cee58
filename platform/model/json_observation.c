/* SPDX-License-Identifier: Apache-2.0
 *
 * Observation <-> JSON, DESIGN 6.2. Absent: not said; null: said to be unknown.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "platform/model/json_parts.h"

/* A number with `decimals` exact decimals from a whole number of 10^-decimals: 2258494300 e7 -> 22.584943. */
static json_t *scaled(int64_t value, double scale)
{
    return json_real((double)value / scale);
}

static void put_known(json_t *object, const char *name, const struct bulla_observation *o, uint32_t has, json_t *value)
{
    if (!(o->has & has)) {
        json_decref(value);
    } else if (o->unknown & has) {
        json_decref(value);
        json_object_set_new(object, name, json_null());
    } else {
        json_object_set_new(object, name, value);
    }
}

static json_t *fix_json(const struct bulla_observation *o)
{
    json_t *fix = json_object();
    put_known(fix, "lat", o, BULLA_HAS_FIX, scaled(o->lat_e7, 1e7));
    put_known(fix, "lon", o, BULLA_HAS_FIX, scaled(o->lon_e7, 1e7));
    put_known(fix, "valid", o, BULLA_HAS_FIX, json_boolean(o->fix_valid));
    put_known(fix, "speed_kmh", o, BULLA_HAS_SPEED, scaled(o->speed_cmh, 100));
    put_known(fix, "course_deg", o, BULLA_HAS_COURSE, scaled(o->course_cdeg, 100));
    put_known(fix, "altitude_m", o, BULLA_HAS_ALTITUDE, scaled(o->altitude_cm, 100));
    put_known(fix, "satellites", o, BULLA_HAS_SATELLITES, json_integer(o->satellites));
    put_known(fix, "accuracy_m", o, BULLA_HAS_ACCURACY, json_integer(o->accuracy_m));
    return fix;
}

static json_t *state_json(const struct bulla_state *s)
{
    json_t *state = json_object();
    json_put_text(state, "seal", bulla_seal_state_text(s->seal));
    json_put_text(state, "shackle", bulla_shackle_text(s->shackle));
    json_put_text(state, "motor", bulla_motor_text(s->motor));
    json_put_text(state, "cover", bulla_cover_text(s->cover));
    json_put_text(state, "door", bulla_cover_text(s->door));
    return state;
}

static json_t *events_json(uint64_t events)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < BULLA_EVENTS_MAX; i++)
        if (events >> i & 1)
            json_array_append_new(list, json_string(bulla_event_text(i)));
    return list;
}

static json_t *unlock_json(const struct bulla_unlock *u)
{
    json_t *unlock = json_object();
    json_object_set_new(unlock, "channel", json_string(bulla_channel_text(u->channel)));
    json_put_text(unlock, "credential", u->credential);
    json_object_set_new(unlock, "verdict", json_string(bulla_verdict_text(u->verdict)));
    json_put_text(unlock, "reason", bulla_reason_text(u->reason));
    if (u->tries)
        json_object_set_new(unlock, "tries", json_integer(u->tries));
    if (u->fence)
        json_object_set_new(unlock, "fence", json_integer(u->fence));
    return unlock;
}

static json_t *result_json(const struct bulla_result *r)
{
    json_t *result = json_object();
    json_object_set_new(result, "command", json_string(r->command));
    if (r->serial >= 0)
        json_object_set_new(result, "serial", json_integer(r->serial));
    json_object_set_new(result, "verdict", json_string(bulla_verdict_text(r->verdict)));
    json_put_text(result, "text", r->text);
    return result;
}

static json_t *note_json(const struct bulla_note *n)
{
    json_t *note = json_object();
    json_object_set_new(note, "by", json_string(n->by));
    json_put_text(note, "about", n->about);
    json_put_text(note, "text", n->text);
    return note;
}

static json_t *sensors_json(const struct bulla_observation *o)
{
    json_t *list = json_array();
    for (size_t i = 0; i < o->n_sensors; i++) {
        const struct bulla_sensor *s = &o->sensors[i];
        json_t *sensor = json_object();
        json_object_set_new(sensor, "id", s->id[0] ? json_string(s->id) : json_null());
        json_object_set_new(sensor, "kind", json_string(bulla_sensor_text(s->kind)));
        json_object_set_new(sensor, "value", scaled(s->milli, 1000));
        json_object_set_new(sensor, "unit", json_string(bulla_sensor_unit(s->kind)));
        json_array_append_new(list, sensor);
    }
    return list;
}

static json_t *cells_json(const struct bulla_observation *o)
{
    json_t *list = json_array();
    for (size_t i = 0; i < o->n_cells; i++)
        json_array_append_new(list, json_pack("{s:i, s:i, s:I, s:I}", "mcc", o->cells[i].mcc, "mnc", o->cells[i].mnc, "lac",
                                              (json_int_t)o->cells[i].lac, "cid", (json_int_t)o->cells[i].cid));
    return list;
}

static json_t *sublocks_json(const struct bulla_observation *o)
{
    json_t *list = json_array();
    for (size_t i = 0; i < o->n_sublocks; i++) {
        const struct bulla_sublock *s = &o->sublocks[i];
        json_t *sub = json_object();
        json_object_set_new(sub, "id", json_string(s->id));
        json_object_set_new(sub, "state", state_json(&s->state));
        json_object_set_new(sub, "events", events_json(s->events));
        if (s->percent != 255)
            json_object_set_new(sub, "percent", json_integer(s->percent));
        json_object_set_new(sub, "lost", json_boolean(s->lost));
        json_array_append_new(list, sub);
    }
    return list;
}

/* Sets a member unless the object or array is empty. */
static void put_filled(json_t *object, const char *name, json_t *value)
{
    if (json_object_size(value) > 0 || json_array_size(value) > 0)
        json_object_set_new(object, name, value);
    else
        json_decref(value);
}

json_t *observation_to_json(const struct bulla_observation *o)
{
    char seal[MODEL_SEAL_SIZE];
    snprintf(seal, sizeof seal, "%s:%s", o->protocol, o->device);
    json_t *json = json_object();
    json_put_text(json, "id", o->id);
    json_object_set_new(json, "seal", json_string(seal));
    json_object_set_new(json, "protocol", json_string(o->protocol));
    json_object_set_new(json, "time", bulla_observation_knows(o, BULLA_HAS_TIME) ? json_time(o->time_ms) : json_null());
    if (o->received_ms != BULLA_TIME_NONE)
        json_object_set_new(json, "received", json_time(o->received_ms));
    put_known(json, "counter", o, BULLA_HAS_COUNTER, json_integer(o->counter));
    json_object_set_new(json, "stored", json_boolean(o->stored));
    put_filled(json, "fix", fix_json(o));
    put_filled(json, "state", state_json(&o->state));
    json_t *power = json_object();
    put_known(power, "percent", o, BULLA_HAS_PERCENT, json_integer(o->percent));
    put_known(power, "volts", o, BULLA_HAS_VOLTS, scaled(o->millivolts, 1000));
    put_known(power, "charging", o, BULLA_HAS_CHARGING, json_boolean(o->charging));
    put_filled(json, "power", power);
    json_object_set_new(json, "events", events_json(o->events));
    if (o->has & BULLA_HAS_UNLOCK)
        json_object_set_new(json, "unlock", unlock_json(&o->unlock));
    if (o->has & BULLA_HAS_RESULT)
        json_object_set_new(json, "result", result_json(&o->result));
    if (o->has & BULLA_HAS_NOTE)
        json_object_set_new(json, "note", note_json(&o->note));
    put_known(json, "fence", o, BULLA_HAS_FENCE, json_integer(o->fence));
    put_known(json, "wake", o, BULLA_HAS_WAKE, json_integer(o->wake));
    put_filled(json, "sensors", sensors_json(o));
    put_filled(json, "cells", cells_json(o));
    put_filled(json, "sublocks", sublocks_json(o));
    json_object_set_new(json, "proof", json_string(bulla_proof_text(o->proof)));
    return json;
}

/* --- reading --- */

/* Notes whether a member was said: absent, null or a value. True when there is a value to read. */
static bool said(struct json_reader *r, const char *name, struct bulla_observation *o, uint32_t has)
{
    if (json_read_is_null(r, name)) {
        o->has |= has;
        o->unknown |= has;
        return false;
    }
    if (!json_read_has(r, name))
        return false;
    o->has |= has;
    return true;
}

static void read_fix(const json_t *fix, struct bulla_observation *o, char *why)
{
    struct json_reader r = {fix, "fix", why};
    if (json_read_has(&r, "lat") || json_read_has(&r, "lon")) {
        double lat = json_read_number(&r, "lat", -90, 90, NAN);
        double lon = json_read_number(&r, "lon", -180, 180, NAN);
        if (isnan(lat) || isnan(lon)) {
            json_read_fail(&r, isnan(lat) ? "lat" : "lon", "degrees beside the other coordinate", NULL);
            return;
        }
        o->has |= BULLA_HAS_FIX;
        o->lat_e7 = (int32_t)lround(lat * 1e7);
        o->lon_e7 = (int32_t)lround(lon * 1e7);
        o->fix_valid = json_read_bool(&r, "valid", true);
    }
    if (said(&r, "speed_kmh", o, BULLA_HAS_SPEED))
        o->speed_cmh = (int32_t)lround(json_read_number(&r, "speed_kmh", 0, 20000000, 0) * 100);
    if (said(&r, "course_deg", o, BULLA_HAS_COURSE))
        o->course_cdeg = (int32_t)lround(json_read_number(&r, "course_deg", -360, 720, 0) * 100);
    if (said(&r, "altitude_m", o, BULLA_HAS_ALTITUDE))
        o->altitude_cm = (int32_t)lround(json_read_number(&r, "altitude_m", -20000000, 20000000, 0) * 100);
    if (said(&r, "satellites", o, BULLA_HAS_SATELLITES))
        o->satellites = (uint8_t)json_read_integer(&r, "satellites", 0, 255, 0);
    if (said(&r, "accuracy_m", o, BULLA_HAS_ACCURACY))
        o->accuracy_m = (int32_t)lround(json_read_number(&r, "accuracy_m", 0, 20000000, 0));
}

static uint8_t word_or_none(struct json_reader *r, const char *name, int (*from)(const char *), uint8_t unknown)
{
    if (json_read_is_null(r, name))
        return unknown;
    int number = json_read_word(r, name, from);
    return number < 0 ? 0 : (uint8_t)number;
}

static struct bulla_state read_state(const json_t *state, char *why)
{
    struct json_reader r = {state, "state", why};
    return (struct bulla_state){
        .seal = word_or_none(&r, "seal", bulla_seal_state_from, BULLA_SEAL_UNKNOWN),
        .shackle = word_or_none(&r, "shackle", bulla_shackle_from, BULLA_SHACKLE_UNKNOWN),
        .motor = word_or_none(&r, "motor", bulla_motor_from, BULLA_MOTOR_UNKNOWN),
        .cover = word_or_none(&r, "cover", bulla_cover_from, BULLA_COVER_UNKNOWN),
        .door = word_or_none(&r, "door", bulla_cover_from, BULLA_COVER_UNKNOWN),
    };
}

static void read_power(const json_t *power, struct bulla_observation *o, char *why)
{
    struct json_reader r = {power, "power", why};
    if (said(&r, "percent", o, BULLA_HAS_PERCENT))
        o->percent = (uint8_t)lround(json_read_number(&r, "percent", 0, 100, 0));
    if (said(&r, "volts", o, BULLA_HAS_VOLTS))
        o->millivolts = (int32_t)lround(json_read_number(&r, "volts", 0, 1000000, 0) * 1000);
    if (said(&r, "charging", o, BULLA_HAS_CHARGING))
        o->charging = json_read_bool(&r, "charging", false);
}

static uint64_t read_events(const json_t *events, char *why)
{
    struct json_reader r = {NULL, "events", why};
    uint64_t bits = 0;
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *word = json_array_get(events, i);
        int event = json_is_string(word) ? bulla_event_from(json_string_value(word)) : -1;
        if (event < 0)
            json_read_fail(&r, "[]", "an event word", word);
        else
            bits |= BULLA_EVENT_BIT(event);
    }
    return bits;
}

static void read_unlock(const json_t *unlock, struct bulla_observation *o, char *why)
{
    struct json_reader r = {unlock, "unlock", why};
    o->has |= BULLA_HAS_UNLOCK;
    o->unlock.channel = word_or_none(&r, "channel", bulla_channel_from, BULLA_CHANNEL_UNKNOWN);
    o->unlock.verdict = word_or_none(&r, "verdict", bulla_verdict_from, BULLA_VERDICT_UNKNOWN);
    o->unlock.reason = word_or_none(&r, "reason", bulla_reason_from, BULLA_REASON_UNKNOWN);
    o->unlock.tries = (uint8_t)json_read_integer(&r, "tries", 0, 255, 0);
    o->unlock.fence = (uint8_t)json_read_integer(&r, "fence", 0, 255, 0);
    json_read_into(&r, "credential", o->unlock.credential, sizeof o->unlock.credential);
}

static void read_result(const json_t *result, struct bulla_observation *o, char *why)
{
    struct json_reader r = {result, "result", why};
    o->has |= BULLA_HAS_RESULT;
    o->result = (struct bulla_result){.serial = (int32_t)json_read_integer(&r, "serial", -1, INT32_MAX, -1)};
    o->result.verdict = word_or_none(&r, "verdict", bulla_verdict_from, BULLA_VERDICT_UNKNOWN);
    json_read_into(&r, "command", o->result.command, sizeof o->result.command);
    json_read_into(&r, "text", o->result.text, sizeof o->result.text);
}

static void read_note(const json_t *note, struct bulla_observation *o, char *why)
{
    struct json_reader r = {note, "note", why};
    o->has |= BULLA_HAS_NOTE;
    o->note = (struct bulla_note){0};
    json_read_into(&r, "by", o->note.by, sizeof o->note.by);
    json_read_into(&r, "about", o->note.about, sizeof o->note.about);
    json_read_into(&r, "text", o->note.text, sizeof o->note.text);
}

static void read_sensors(const json_t *sensors, struct bulla_observation *o, char *why)
{
    for (size_t i = 0; i < json_array_size(sensors); i++) {
        struct json_reader r = {json_array_get(sensors, i), "sensors[]", why};
        char id[16] = "";
        json_read_into(&r, "id", id, sizeof id);
        int kind = json_read_word(&r, "kind", bulla_sensor_from);
        double value = json_read_number(&r, "value", -2147483, 2147483, NAN);
        if (kind < 0 || isnan(value)) {
            if (!json_read_is_null(&r, "value")) /* null: the sensor said that it does not know */
                json_read_fail(&r, kind < 0 ? "kind" : "value", kind < 0 ? "a sensor kind" : "a number", NULL);
            continue;
        }
        bulla_observation_add_sensor(o, id, (enum bulla_sensor_kind)kind, (int32_t)lround(value * 1000));
    }
}

static void read_cells(const json_t *cells, struct bulla_observation *o, char *why)
{
    for (size_t i = 0; i < json_array_size(cells); i++) {
        struct json_reader r = {json_array_get(cells, i), "cells[]", why};
        bulla_observation_add_cell(o, (uint16_t)json_read_integer(&r, "mcc", 0, 65535, 0), (uint16_t)json_read_integer(&r, "mnc", 0, 65535, 0),
                                   (uint32_t)json_read_integer(&r, "lac", 0, UINT32_MAX, 0),
                                   (uint32_t)json_read_integer(&r, "cid", 0, UINT32_MAX, 0));
    }
}

static void read_sublocks(const json_t *sublocks, struct bulla_observation *o, char *why)
{
    for (size_t i = 0; i < json_array_size(sublocks); i++) {
        struct json_reader r = {json_array_get(sublocks, i), "sublocks[]", why};
        struct bulla_sublock *sub = bulla_observation_add_sublock(o, json_read_text(&r, "id", ""));
        if (!sub)
            return;
        sub->state = read_state(json_read_object(&r, "state"), why);
        sub->events = read_events(json_read_array(&r, "events"), why);
        sub->lost = json_read_bool(&r, "lost", false);
        sub->percent = (uint8_t)json_read_integer(&r, "percent", 0, 100, 255);
    }
}

/* "protocol:device" into its two halves; the protocol member, where given, must agree with it. */
static void read_seal(struct json_reader *r, struct bulla_observation *o)
{
    const char *seal = json_read_text(r, "seal", "");
    const char *colon = strchr(seal, ':');
    size_t n = colon ? (size_t)(colon - seal) : 0;
    if (!colon || n == 0 || n >= sizeof o->protocol || colon[1] == '\0' || strlen(colon + 1) >= sizeof o->device) {
        json_read_fail(r, "seal", "protocol:device", json_object_get(r->object, "seal"));
        return;
    }
    memcpy(o->protocol, seal, n);
    o->protocol[n] = '\0';
    strcpy(o->device, colon + 1);
}

bool observation_from_json(const json_t *json, struct bulla_observation *out, char why[MODEL_WHY_SIZE])
{
    struct bulla_observation o;
    bulla_observation_init(&o, "");
    why[0] = '\0';
    struct json_reader r = {json, "", why};
    if (!json_is_object(json)) {
        json_read_fail(&r, "observation", "an object", json);
        return false;
    }
    read_seal(&r, &o);
    json_read_into(&r, "id", o.id, sizeof o.id);
    if (said(&r, "time", &o, BULLA_HAS_TIME))
        o.time_ms = json_read_time(&r, "time");
    o.received_ms = json_read_time(&r, "received");
    if (said(&r, "counter", &o, BULLA_HAS_COUNTER))
        o.counter = json_read_integer(&r, "counter", 0, INT64_MAX, 0);
    o.stored = json_read_bool(&r, "stored", false);
    if (json_read_object(&r, "fix"))
        read_fix(json_object_get(json, "fix"), &o, why);
    o.state = read_state(json_read_object(&r, "state"), why);
    if (json_read_object(&r, "power"))
        read_power(json_object_get(json, "power"), &o, why);
    o.events = read_events(json_read_array(&r, "events"), why);
    if (json_read_object(&r, "unlock"))
        read_unlock(json_object_get(json, "unlock"), &o, why);
    if (json_read_object(&r, "result"))
        read_result(json_object_get(json, "result"), &o, why);
    if (json_read_object(&r, "note"))
        read_note(json_object_get(json, "note"), &o, why);
    if (said(&r, "fence", &o, BULLA_HAS_FENCE))
        o.fence = (uint8_t)json_read_integer(&r, "fence", 0, 255, 0);
    if (said(&r, "wake", &o, BULLA_HAS_WAKE))
        o.wake = (uint8_t)json_read_integer(&r, "wake", 0, 255, 0);
    read_sensors(json_read_array(&r, "sensors"), &o, why);
    read_cells(json_read_array(&r, "cells"), &o, why);
    read_sublocks(json_read_array(&r, "sublocks"), &o, why);
    int proof = json_read_word(&r, "proof", bulla_proof_from);
    o.proof = proof < 0 ? BULLA_PROOF_CLAIMED : (uint8_t)proof;
    if (why[0])
        return false;
    *out = o;
    return true;
}
