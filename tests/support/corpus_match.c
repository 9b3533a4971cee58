/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares what a protocol said with a row's expectation: device, time, position, lock, attempt, answer. The
 * corpus writes 0 where a message says nothing of speed, course or altitude, so a missing value equals 0.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/corpus.h"
#include "tests/support/wire.h"

#define DEGREE_TOLERANCE    1e-5
#define COURSE_TOLERANCE    1.0
#define SPEED_TOLERANCE_KMH (0.2 * 1.852)
#define TIME_TOLERANCE_MS   1000

struct why {
    char *at;
    size_t size;
};

static bool differ(struct why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool differ(struct why *why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->at, why->size, format, arguments);
    va_end(arguments);
    return false;
}

static json_t *get(const json_t *json, const char *key)
{
    return json_object_get(json, key);
}

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(get(json, key));
    return text ? text : "";
}

/* ---- one position against one observation ---- */

static bool match_number(struct why *why, const char *name, const json_t *expected, const json_t *got, double tolerance)
{
    if (!json_is_number(expected)) {
        return true;
    }
    double e = json_number_value(expected), g = json_number_value(got);
    if (!json_is_number(got) && e != 0) {
        return differ(why, "%s: expected %.9g, got nothing", name, e);
    }
    return fabs(e - g) <= tolerance ? true : differ(why, "%s: expected %.9g, got %.9g", name, e, g);
}

static bool match_time(struct why *why, const json_t *expected, const json_t *o)
{
    const char *e = json_string_value(get(expected, "fixTime"));
    e = e ? e : json_string_value(get(expected, "deviceTime"));
    const char *g = json_string_value(get(o, "time"));
    if (!e || strncmp(e, "2000-01-01T00:", 14) == 0) { /* the second is a clock that was never set */
        return true;
    }
    if (!g) {
        return differ(why, "time: expected %s, got nothing", e);
    }
    int64_t apart = bulla_time_get(e) - bulla_time_get(g);
    return llabs(apart) <= TIME_TOLERANCE_MS ? true : differ(why, "time: expected %s, got %s", e, g);
}

static bool match_speed(struct why *why, const json_t *expected, const json_t *fix)
{
    const json_t *knots = get(expected, "speedKnots");
    if (!json_is_number(knots)) {
        return true;
    }
    double e = json_number_value(knots) * 1.852, g = json_number_value(get(fix, "speed_kmh"));
    return fabs(e - g) <= SPEED_TOLERANCE_KMH ? true : differ(why, "speed_kmh: expected %.3f, got %.3f", e, g);
}

static bool match_course(struct why *why, const json_t *expected, const json_t *fix)
{
    double e = json_number_value(get(expected, "course")), g = json_number_value(get(fix, "course_deg"));
    double apart = fabs(fmod(e - g + 540, 360) - 180);
    return apart <= COURSE_TOLERANCE ? true : differ(why, "course_deg: expected %.1f, got %.1f", e, g);
}

static bool match_fix(struct why *why, const json_t *expected, const json_t *o)
{
    const json_t *fix = get(o, "fix");
    if (json_is_true(get(expected, "outdated")) || !get(expected, "latitude")) {
        return true;
    }
    if (!json_is_object(fix)) {
        return differ(why, "fix: expected one, got nothing");
    }
    if (get(expected, "valid") && json_is_true(get(expected, "valid")) != json_is_true(get(fix, "valid"))) {
        return differ(why, "fix.valid: expected %s", json_is_true(get(expected, "valid")) ? "true" : "false");
    }
    return match_number(why, "fix.lat", get(expected, "latitude"), get(fix, "lat"), DEGREE_TOLERANCE) &&
           match_number(why, "fix.lon", get(expected, "longitude"), get(fix, "lon"), DEGREE_TOLERANCE) && match_speed(why, expected, fix) &&
           match_course(why, expected, fix);
}

static bool has_event(const json_t *o, const char *name)
{
    const json_t *events = get(o, "events");
    for (size_t i = 0; i < json_array_size(events); i++) {
        if (strcmp(json_string_value(json_array_get(events, i)), name) == 0) {
            return true;
        }
    }
    return false;
}

/* Flags of a row's `lock` that are states: which member of `state` shows them, and how. */
static const struct {
    const char *flag, *member, *when_true, *when_false;
} states[] = {
    {"ropeInserted", "shackle", "in", "out"},
    {"motorLocked", "motor", "locked", "unlocked"},
    {"backCoverClosed", "cover", "closed", "open"},
    {"coverClosed", "cover", "closed", "open"},
    {"ropeOut", "shackle", "out", "in"},
    {"motorUnlocked", "motor", "unlocked", "locked"},
};

/* Alarms of a row's `lock`, as flags of their own or as words in `alarms`. */
static const struct {
    const char *word, *event;
} alarms[] = {
    {"ropeCut", "rope-cut"},
    {"vibration", "vibration"},
    {"unlockedTooLong", "unlocked-too-long"},
    {"wrongPassword", "wrong-password-repeated"},
    {"illegalCard", "unknown-card"},
    {"lowBattery", "low-battery"},
    {"coverOpened", "cover-opened"},
    {"motorStuck", "motor-stuck"},
};

static bool match_state(struct why *why, const json_t *lock, const json_t *o, size_t i)
{
    const json_t *flag = get(lock, states[i].flag);
    if (!json_is_boolean(flag)) {
        return true;
    }
    const char *e = json_is_true(flag) ? states[i].when_true : states[i].when_false;
    const char *g = text_of(get(o, "state"), states[i].member);
    bool worse = strcmp(g, "cut") == 0 || strcmp(g, "stuck") == 0;
    return strcmp(e, g) == 0 || worse ? true : differ(why, "state.%s: expected %s, got %s", states[i].member, e, *g ? g : "nothing");
}

static bool listed(const json_t *lock, const char *word)
{
    const json_t *words = get(lock, "alarms");
    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *text = json_string_value(json_array_get(words, i));
        if (text && strcmp(text, word) == 0) {
            return true;
        }
    }
    return json_is_true(get(lock, word));
}

static bool match_lock(struct why *why, const json_t *expected, const json_t *o)
{
    const json_t *lock = get(expected, "lock");
    for (size_t i = 0; lock && i < sizeof states / sizeof *states; i++) {
        if (!match_state(why, lock, o, i)) {
            return false;
        }
    }
    bool all_said = get(lock, "alarms") != NULL; /* a list is complete, single flags are not */
    for (size_t i = 0; lock && i < sizeof alarms / sizeof *alarms; i++) {
        bool e = listed(lock, alarms[i].word), said = e || all_said || get(lock, alarms[i].word);
        if (said && e != has_event(o, alarms[i].event)) {
            return differ(why, "events: expected %s%s", e ? "" : "no ", alarms[i].event);
        }
    }
    return true;
}

/* A lock event by its source and verification (protocol's table): what became of the attempt. */
static bool match_attempt(struct why *why, const json_t *expected, const json_t *o)
{
    const json_t *event = get(expected, "event");
    if (!json_is_object(event)) {
        return true;
    }
    static const char *const channels[] = {"", "card", "card", "", "platform-static", "", "platform-dynamic", "ble"};
    json_int_t source = json_integer_value(get(event, "source")), verified = json_integer_value(get(event, "verification"));
    const char *channel = source >= 0 && source < 8 ? channels[source] : "";
    const json_t *unlock = get(o, "unlock");
    if (!*channel) {
        return source == 5 && !has_event(o, "auto-locked") ? differ(why, "events: expected auto-locked") : true;
    }
    if (strcmp(text_of(unlock, "channel"), channel) != 0) {
        return differ(why, "unlock.channel: expected %s, got \"%s\"", channel, text_of(unlock, "channel"));
    }
    bool accepted = source == 7 ? json_integer_value(get(event, "passwordOk")) == 1 : source != 2 && verified != 0 && verified != 99;
    const char *verdict = accepted ? "accepted" : "refused";
    if (strcmp(text_of(unlock, "verdict"), verdict) != 0) {
        return differ(why, "unlock.verdict: expected %s, got \"%s\"", verdict, text_of(unlock, "verdict"));
    }
    const char *card = text_of(event, "card");
    bool is_card = *card && strspn(card, "0") != strlen(card);
    return !is_card || strcmp(text_of(unlock, "credential"), card) == 0
               ? true
               : differ(why, "unlock.credential: expected %s, got \"%s\"", card, text_of(unlock, "credential"));
}

static bool match_cell(struct why *why, const json_t *expected, const json_t *o)
{
    const json_t *cell = get(expected, "cell");
    const json_t *got = json_array_get(get(o, "cells"), 0);
    static const char *const members[] = {"mcc", "mnc", "lac", "cid"};
    for (size_t i = 0; json_is_object(cell) && get(cell, "mcc") && i < 4; i++) {
        if (get(cell, members[i]) && json_integer_value(get(cell, members[i])) != json_integer_value(get(got, members[i]))) {
            return differ(why, "cells[0].%s: expected %lld, got %lld", members[i], (long long)json_integer_value(get(cell, members[i])),
                          (long long)json_integer_value(get(got, members[i])));
        }
    }
    return true;
}

static bool match_sensor(struct why *why, const json_t *expected, const json_t *o)
{
    const json_t *sensor = get(expected, "sensor");
    static const char *const kinds[] = {"temperature", "humidity"};
    for (size_t k = 0; json_is_object(sensor) && k < 2; k++) {
        const json_t *e = get(sensor, kinds[k]);
        const json_t *g = NULL;
        for (size_t i = 0; i < json_array_size(get(o, "sensors")); i++) {
            const json_t *one = json_array_get(get(o, "sensors"), i);
            g = strcmp(text_of(one, "kind"), kinds[k]) == 0 ? get(one, "value") : g;
        }
        if (json_is_number(e) && !match_number(why, kinds[k], e, g, 0.01)) {
            return false;
        }
    }
    return true;
}

static bool match_position(struct why *why, const json_t *expected, const json_t *o)
{
    return match_time(why, expected, o) && match_fix(why, expected, o) && match_lock(why, expected, o) && match_attempt(why, expected, o) &&
           match_cell(why, expected, o) && match_sensor(why, expected, o);
}

/* ---- a row ---- */

/* Each expected position has its observation, in order; other observations may stand between. */
static bool match_positions(struct why *why, const json_t *positions, const struct wire *wire)
{
    size_t from = 0, n = json_array_size(wire->observations);
    for (size_t i = 0; i < json_array_size(positions); i++) {
        char first[300] = "";
        bool found = false;
        for (size_t at = from; at < n && !found; at++) {
            found = match_position(why, json_array_get(positions, i), json_array_get(wire->observations, at));
            from = found ? at + 1 : from;
            if (!found && !first[0]) {
                snprintf(first, sizeof first, "%s", why->at);
            }
        }
        if (!found) {
            return differ(why, "position %zu of %zu: %s (%zu observations, decoder: %s)", i + 1, json_array_size(positions),
                          first[0] ? first : "no observation", n, wire->error);
        }
    }
    return true;
}

static bool match_device(struct why *why, const json_t *expects, const struct wire *wire)
{
    const char *device = json_string_value(get(expects, "deviceId"));
    char seal[80];
    if (!device || json_array_size(wire->observations) == 0) {
        return true;
    }
    snprintf(seal, sizeof seal, "%s:%s", wire->proto->name, device);
    const char *got = text_of(json_array_get(wire->observations, 0), "seal");
    if (strcmp(seal, got) == 0) {
        return true;
    }
    const char *digits = strchr(got, ':') + 1; /* a phone number may be written with its leading zeros */
    return strcmp(digits + strspn(digits, "0"), device + strspn(device, "0")) == 0 ? true
                                                                                   : differ(why, "seal: expected %s, got %s", seal, got);
}

static bool no_fix(struct why *why, const struct wire *wire)
{
    for (size_t i = 0; i < json_array_size(wire->observations); i++) {
        if (json_is_true(get(get(json_array_get(wire->observations, i), "fix"), "valid"))) {
            return differ(why, "observations: expected none with a fix");
        }
    }
    return true;
}

/* Rows of the maker's manual have one flat object: the same facts in the other form. */
static json_t *flat_position(const json_t *expects)
{
    if (!get(expects, "time") && !get(expects, "gatewayTime")) {
        return json_array();
    }
    json_t *position = json_copy((json_t *)expects);
    json_object_set(position, "fixTime", get(expects, get(expects, "time") ? "time" : "gatewayTime"));
    json_object_del(position, "event");
    if (get(expects, "ropeInserted")) {
        json_object_set(position, "lock", (json_t *)expects);
    }
    if (get(expects, "verification")) {
        json_t *event = json_copy((json_t *)expects);
        json_object_set(event, "source", get(expects, "event"));
        json_object_set_new(position, "event", event);
    }
    return json_pack("[o]", position);
}

/* A list of wifi stations of GT06 ends without a check value: what the corpus takes for one are its last cells. */
static bool lacks_check_value(const struct corpus_row *row)
{
    bool wifi = row->n > 3 && (row->bytes[3] == 0x17 || row->bytes[3] == 0x69) && row->bytes[2] < 0x17;
    return strcmp(row->proto->name, "gt06") == 0 && wifi;
}

bool corpus_is_damaged(const struct corpus_row *row)
{
    if (lacks_check_value(row)) {
        return false;
    }
    return strcmp(text_of(get(row->json, "strict"), "result"), "rejected") == 0 || json_is_false(get(row->json, "checksumOk"));
}

static bool match_said(struct why *why, const struct corpus_row *row, const struct wire *wire)
{
    const json_t *expects = get(row->json, "expects");
    const char *result = text_of(expects, "result");
    if (corpus_is_damaged(row) || (strcmp(result, "malformed") == 0 && strcmp(row->set, "jt701_streams") != 0)) {
        bool silent = json_array_size(wire->replies) == 0 && json_array_size(wire->observations) == 0;
        return silent ? true : differ(why, "damaged: expected no observation and no answer");
    }
    if (!match_device(why, expects, wire)) {
        return false;
    }
    if (strcmp(result, "positions") == 0) {
        return match_positions(why, get(expects, "positions"), wire);
    }
    if (strcmp(result, "frames") == 0) {
        size_t n = json_array_size(get(expects, "frames"));
        return json_array_size(wire->outcomes) == n ? true
                                                    : differ(why, "frames: expected %zu, got %zu", n, json_array_size(wire->outcomes));
    }
    if (strcmp(result, "null") == 0) {
        return no_fix(why, wire);
    }
    if (strcmp(row->set, "jt701_manual") == 0) {
        json_t *positions = flat_position(expects);
        bool good = match_positions(why, positions, wire);
        json_decref(positions);
        return good;
    }
    return true;
}

/* ---- answers ---- */

/* Takes JT/T 808 escapes out, and blots out what differs from platform to platform: serial and check value,
 * and of a registration's answer the authentication code. */
static size_t blot(uint8_t *at, size_t n)
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++) {
        bool escape = at[i] == 0x7D && i + 1 < n && (at[i + 1] == 1 || at[i + 1] == 2); /* rows may stand un-escaped */
        at[to++] = escape ? (uint8_t)(at[i + 1] == 1 ? 0x7D : 0x7E) : at[i];
        i += escape;
    }
    if (to < 15) {
        return to;
    }
    size_t header = at[3] & 0x40 ? 17 : 12; /* of the un-framed message: with or without version byte and long number */
    if (to < header + 3) {
        return to;
    }
    at[header - 1] = at[header] = 0;
    if (at[1] == 0x81 && at[2] == 0x00) {
        at[3] &= 0xFC;
        at[4] = 0;
        return header + 4;
    }
    at[to - 2] = 0;
    return to;
}

static char *masked(const struct corpus_row *row, const char *hex)
{
    uint8_t bytes[2100];
    size_t n = strlen(hex) / 2;
    if (n > sizeof bytes - 1 || !bulla_hex_get(bytes, hex, n)) {
        return strdup(hex);
    }
    if (strcmp(row->proto->name, "jt808") == 0 && bytes[0] == 0x7E) {
        n = blot(bytes, n);
    }
    char *text = malloc(2 * n + 1);
    if (text) {
        bulla_hex_put(text, bytes, n);
    }
    return text;
}

static char *hex_of(const json_t *ack)
{
    const char *message = text_of(ack, "message");
    if (strcmp(text_of(ack, "encoding"), "hex") == 0) {
        return strdup(message);
    }
    const char *hole = strstr(message, "<config>"); /* no configuration is set in these tests */
    size_t n = strlen(message), head = hole ? (size_t)(hole - message) : n;
    char *hex = malloc(2 * n + 1);
    if (hex) {
        bulla_hex_put(hex, (const uint8_t *)message, head);
    }
    if (hex && hole) {
        bulla_hex_put(hex + 2 * head, (const uint8_t *)hole + 8, n - head - 8);
    }
    return hex;
}

/* An old lock and a new one are acknowledged differently; before the device has told which it is, both words
 * are sent, and the one that is not meant for it does nothing. */
static bool may_be_extra(const struct corpus_row *row, const char *hex)
{
    static const char p46[] = "2850343629";
    return strcmp(row->proto->name, "jt701") == 0 && strcmp(hex, p46) == 0;
}

static bool match_answer(struct why *why, const struct corpus_row *row, const json_t *ack, const char *got)
{
    char *expected = hex_of(ack);
    char *e = expected ? masked(row, expected) : NULL, *g = masked(row, got);
    bool good = e && g && strcmp(e, g) == 0;
    if (!good) {
        differ(why, "answer: expected %s, got %s", expected, got);
    }
    free(expected);
    free(e);
    free(g);
    return good;
}

bool corpus_part(const struct corpus_row *row, json_int_t *total, json_int_t *k)
{
    const json_t *packet = get(get(get(row->json, "expects"), "header"), "packet");
    *total = json_integer_value(json_array_get(packet, 0));
    *k = json_integer_value(json_array_get(packet, 1));
    return json_is_array(packet);
}

bool corpus_match_answer(const struct corpus_row *row, size_t n, const char *got, char *why, size_t size)
{
    struct why reason = {why, size};
    return match_answer(&reason, row, json_array_get(get(row->json, "ack"), n), got);
}

static bool match_answers(struct why *why, const struct corpus_row *row, const struct wire *wire)
{
    const json_t *acks = get(row->json, "ack");
    size_t n = json_array_size(acks), at = 0;
    /* The source of jt808_other answers nothing at all, that of t800x no position, which the maker lets a device ask for. */
    bool silent_row = n == 0 && (strcmp(row->set, "jt808_other") == 0 || strcmp(row->set, "t800x") == 0);
    bool volatile_row = json_is_true(get(row->json, "ackVolatile"));
    json_int_t total, part;
    if (!json_is_array(acks) || silent_row || corpus_is_damaged(row) || corpus_part(row, &total, &part)) { /* a part: see test_reassembly */
        return true;
    }
    for (size_t i = 0; i < json_array_size(wire->replies); i++) {
        const char *got = json_string_value(json_array_get(wire->replies, i));
        if (at < n && (volatile_row || match_answer(why, row, json_array_get(acks, at), got))) {
            at++;
        } else if (!may_be_extra(row, got)) {
            return at < n ? false : differ(why, "answer: expected %zu, got also %s", n, got);
        }
    }
    return at == n ? true : differ(why, "answer: expected %zu, got %zu (first %s)", n, at, text_of(json_array_get(acks, at), "message"));
}

bool corpus_match(const struct corpus_row *row, const struct wire *wire, char *why, size_t size)
{
    struct why reason = {why, size};
    return match_said(&reason, row, wire) && match_answers(&reason, row, wire);
}
