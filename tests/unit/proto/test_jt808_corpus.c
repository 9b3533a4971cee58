/* SPDX-License-Identifier: Apache-2.0
 *
 * JT/T 808 against the field corpora, where they are at hand (BULLA_SHARED): each row as a message and as it travels,
 * whole, split at every byte, and between neighbours. Compared: device, time, validity, place, speed, course, lock,
 * outcome, answers (without platform serial and checksum).
 */
#include <math.h>
#include <unistd.h>

#include "tests/unit/proto/jt808_frames.h"

#define KMH_PER_KNOT 1.852

static int failures;

static void complain(json_t *row, const char *what, const char *expected, const char *got)
{
    failures++;
    fprintf(stderr, "%s %s: %s: expected %s, got %s\n", json_string_value(json_object_get(row, "id")),
            json_string_value(json_object_get(row, "msgType")), what, expected, got);
}

static void complain_number(json_t *row, const char *what, double expected, double got)
{
    char a[40], b[40];
    snprintf(a, sizeof a, "%.7f", expected);
    snprintf(b, sizeof b, "%.7f", got);
    complain(row, what, a, b);
}

static json_t *of(json_t *object, const char *a, const char *b)
{
    json_t *inner = json_object_get(object, a);
    return b ? json_object_get(inner, b) : inner;
}

/* ---- one position ---- */

static void near_to(json_t *row, const char *what, json_t *expected, json_t *got, double scale, double tolerance)
{
    if (!json_is_number(expected)) {
        return;
    }
    double e = json_number_value(expected) * scale, g = json_is_number(got) ? json_number_value(got) : NAN;
    if (!(fabs(e - g) <= tolerance)) {
        complain_number(row, what, e, g);
    }
}

/* "2021-11-18T11:26:11.000Z" and "2021-11-18T11:26:11Z" */
static void same_time(json_t *row, const char *expected, json_t *got)
{
    const char *text = json_string_value(got);
    if (expected && (!text || bulla_time_get(text) != bulla_time_get(expected))) {
        complain(row, "time", expected, text ? text : "none");
    }
}

static void same_lock(json_t *row, json_t *lock, json_t *got)
{
    static const struct {
        const char *key, *part, *yes, *no;
    } keys[] = {
        {"ropeOut", "shackle", "out", "in"}, {"motorUnlocked", "motor", "unlocked", "locked"}, {"backCover", "cover", "open", "closed"}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(lock, keys[i].key);
        const char *state = json_string_value(of(got, "state", keys[i].part));
        const char *expected = json_is_true(value) ? keys[i].yes : keys[i].no;
        if (value && (!state || strcmp(state, expected) != 0)) {
            complain(row, keys[i].part, expected, state ? state : "none");
        }
    }
}

static void same_position(json_t *row, json_t *expected, json_t *got)
{
    const char *time = json_string_value(of(expected, "fixTime", NULL));
    same_time(row, time ? time : json_string_value(of(expected, "deviceTime", NULL)), of(got, "time", NULL));
    same_lock(row, of(expected, "lock", NULL), got);
    if (json_is_true(of(expected, "outdated", NULL))) {
        return;
    }
    json_t *valid = of(expected, "valid", NULL);
    if (json_is_boolean(valid) && !json_equal(valid, of(got, "fix", "valid"))) {
        complain(row, "valid", json_is_true(valid) ? "true" : "false", "the opposite");
    }
    near_to(row, "latitude", of(expected, "latitude", NULL), of(got, "fix", "lat"), 1, 1e-5);
    near_to(row, "longitude", of(expected, "longitude", NULL), of(got, "fix", "lon"), 1, 1e-5);
    near_to(row, "speed", of(expected, "speedKnots", NULL), of(got, "fix", "speed_kmh"), KMH_PER_KNOT, 0.2 * KMH_PER_KNOT);
    near_to(row, "course", of(expected, "course", NULL), of(got, "fix", "course_deg"), 1, 1);
    near_to(row, "satellites", of(of(expected, "attributes", NULL), "sat", NULL), of(got, "fix", "satellites"), 1, 0);
    near_to(row, "battery", of(of(expected, "attributes", NULL), "batteryLevel", NULL), of(got, "power", "percent"), 1, 0);
    near_to(row, "volts", of(of(expected, "attributes", NULL), "battery", NULL), of(got, "power", "volts"), 1, 0.011);
    near_to(row, "cell", of(expected, "cell", "cid"), json_object_get(json_array_get(of(got, "cells", NULL), 0), "cid"), 1, 0);
}

/* A location of the strict parser: GMT+8 digits, and what is no place on Earth. */
static void same_location(json_t *row, json_t *expected, json_t *got)
{
    const char *d = json_string_value(of(expected, "raw", "timeBcd"));
    char time[40];
    snprintf(time, sizeof time, "20%.2s-%.2s-%.2sT%.2s:%.2s:%.2s+08:00", d, d + 2, d + 4, d + 6, d + 8, d + 10);
    same_time(row, time, of(got, "time", NULL));
    if (json_is_true(of(expected, "positionInvalid", NULL)) && json_is_true(of(got, "fix", "valid"))) {
        complain(row, "valid", "false", "true");
    }
    same_position(row, expected, got);
}

/* ---- one row ---- */

static bool malformed(json_t *row)
{
    const char *result = json_string_value(of(row, "expects", "result"));
    return json_is_false(of(row, "checksumOk", NULL)) || (result && strcmp(result, "malformed") == 0);
}

static void same_devices(json_t *row, const struct wire *wire)
{
    const char *id = json_string_value(of(row, "expects", "deviceId"));
    const char *phone = json_string_value(of(of(row, "expects", "header"), "phoneBcd", NULL));
    char expected[60];
    if (!id && phone) {
        for (id = phone; *id == '0' && id[1]; id++) {
        }
    }
    snprintf(expected, sizeof expected, "jt808:%s", id ? id : "");
    bool decimal = id && strspn(id, "0123456789") == strlen(id);
    for (size_t i = 0; decimal && i < observed(wire); i++) {
        const char *seal = text_at(json_array_get(wire->observations, i), NULL, "seal");
        if (!seal || strcmp(seal, expected) != 0) {
            complain(row, "device", expected, seal ? seal : "none");
        }
    }
    if (!observed(wire)) {
        complain(row, "observations", "one or more", "none");
    }
}

static void same_observations(json_t *row, const struct wire *wire)
{
    json_t *positions = of(row, "expects", "positions"), *locations = of(row, "expects", "locations");
    json_t *list = json_array_size(positions) ? positions : locations;
    if (json_array_size(list) && json_array_size(list) != observed(wire)) {
        complain_number(row, "observations", (double)json_array_size(list), (double)observed(wire));
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *got = json_array_get(wire->observations, i);
        (list == positions ? same_position : same_location)(row, json_array_get(list, i), got);
    }
}

/* Without platform serial and checksum; a registration also without its code, which must never be the phone. */
static void mask(struct bytes *content)
{
    unsigned id = (unsigned)content->at[0] << 8 | content->at[1];
    bool versioned = content->at[2] & 0x40;
    if (id == 0x4401) {
        return;
    }
    size_t serial = versioned ? 15 : 10;
    content->at[serial] = content->at[serial + 1] = 0;
    if (id == 0x8100) {
        content->n = serial + 5;
        content->at[2] &= 0xFC;
        content->at[3] = 0;
    }
}

/* Recorded answers stand as they travel, or without escapes. */
static struct bytes recorded(const char *hex)
{
    struct bytes b = from_hex(hex);
    uint8_t sum = 0;
    for (size_t i = 1; i + 1 < b.n; i++) {
        sum ^= b.at[i];
    }
    if (sum) {
        return content_of(hex);
    }
    memmove(b.at, b.at + 1, b.n - 1);
    b.n -= 3;
    return b;
}

static bool same_answer(const char *expected, const char *got)
{
    if (expected[0] == '2') { /* text with the time in it */
        struct bytes e = from_hex(expected), g = from_hex(got);
        return e.n == g.n && memcmp(e.at, g.at, e.n - 15) == 0;
    }
    struct bytes e = recorded(expected), g = content_of(got);
    mask(&e);
    mask(&g);
    return e.n == g.n && memcmp(e.at, g.at, e.n) == 0;
}

/* The corpus was answered by a server that says nothing to locations off the Earth, nor to photos, and that takes
 * parts for whole messages. There the protocol description counts. */
static bool answer_by_description(json_t *row)
{
    static const char *const types[] = {"0x0200", "0x0704", "0x0800", "0x0801"};
    const char *type = json_string_value(of(row, "msgType", NULL));
    bool exempt = json_is_array(of(of(row, "expects", "header"), "packet", NULL));
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++) {
        exempt = exempt || (strcmp(type, types[i]) == 0 && json_array_size(of(row, "ack", NULL)) == 0);
    }
    return exempt;
}

static void same_answers(json_t *row, const struct wire *wire)
{
    json_t *acks = of(row, "ack", NULL);
    if (answer_by_description(row)) {
        if (replied(wire) == 0) {
            complain(row, "answers", "one", "none");
        }
        return;
    }
    if (json_array_size(acks) != replied(wire)) {
        complain_number(row, "answers", (double)json_array_size(acks), (double)replied(wire));
        return;
    }
    for (size_t i = 0; i < replied(wire); i++) {
        const char *expected = json_string_value(json_object_get(json_array_get(acks, i), "message"));
        if (!same_answer(expected, reply_at(wire, i))) {
            complain(row, "answer", expected, reply_at(wire, i));
        }
    }
}

static void check(json_t *row, const struct wire *wire)
{
    if (malformed(row)) {
        if (observed(wire) || replied(wire)) {
            complain(row, "damaged", "silence", observed(wire) ? "an observation" : "an answer");
        }
        return;
    }
    same_devices(row, wire);
    same_observations(row, wire);
    same_answers(row, wire);
}

static struct bytes bytes_of(json_t *row, const char *key)
{
    struct bytes b = {.n = 0};
    const char *text = json_string_value(of(row, key, NULL));
    const char *encoding = json_string_value(of(row, "encoding", NULL));
    if (text && encoding && strcmp(encoding, "text") == 0) {
        put(&b, text, strlen(text));
    } else if (text) {
        b = from_hex(text);
    }
    return b;
}

static void open_row(struct wire *wire, json_t *row)
{
    static struct proto_profile profile;
    const char *model = json_string_value(of(row, "model", NULL));
    memset(&profile, 0, sizeof profile);
    snprintf(profile.model, sizeof profile.model, "%s", model ? model : "");
    wire_open(wire, &proto_jt808, &profile, NOW);
}

static void check_message(json_t *row, const struct bytes *b)
{
    struct wire wire;
    open_row(&wire, row);
    uint8_t *exact = malloc(b->n);
    memcpy(exact, b->at, b->n);
    enum bulla_status status = wire_decode(&wire, exact, b->n, true);
    free(exact);
    enum bulla_status expected = malformed(row) ? BULLA_DAMAGED : BULLA_OK;
    if (status != expected) {
        complain(row, "outcome", bulla_status_text(expected), bulla_status_text(status));
        fprintf(stderr, "    %s\n", wire.error);
    }
    check(row, &wire);
    wire_close(&wire);
}

/* What travels: `wire`; or the message when it has no byte that would have been escaped. */
static bool travels(json_t *row, struct bytes *b)
{
    *b = bytes_of(row, json_object_get(row, "wire") ? "wire" : "message");
    for (size_t i = 1; i + 1 < b->n && !json_object_get(row, "wire"); i++) {
        if (b->at[i] == 0x7E || (b->at[i] == 0x7D && (b->at[i + 1] < 1 || b->at[i + 1] > 2))) {
            return false;
        }
    }
    return b->n > 0;
}

static void check_cuts(json_t *row, const struct bytes *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct wire wire;
        open_row(&wire, row);
        wire_feed(&wire, b->at, i, 0);
        wire_feed(&wire, b->at + i, b->n - i, 0);
        check(row, &wire);
        wire_close(&wire);
    }
}

/* heartbeat, row, heartbeat in one piece: the neighbours are heard whatever the row is. */
static void check_glued(json_t *row, const struct bytes *b)
{
    struct bytes stream = wire_of(HEARTBEAT), next = wire_of(HEARTBEAT);
    put(&stream, b->at, b->n);
    put(&stream, next.at, next.n);
    struct wire wire;
    open_row(&wire, row);
    feed(&wire, &stream);
    size_t n = observed(&wire), r = replied(&wire);
    bool heard = n >= 2 && r >= 2;
    for (size_t i = 0; heard && i < n; i += n - 1) {
        heard = strcmp(text_at(json_array_get(wire.observations, i), NULL, "seal"), "jt808:12345678901") == 0;
    }
    if (!heard) {
        complain(row, "neighbours", "two heartbeats heard", "fewer");
    } else {
        json_array_remove(wire.observations, n - 1);
        json_array_remove(wire.observations, 0);
        json_array_remove(wire.replies, r - 1);
        json_array_remove(wire.replies, 0);
        check(row, &wire);
    }
    wire_close(&wire);
}

/* ---- all rows ---- */

static void check_file(const char *name)
{
    char path[600], *line = NULL;
    size_t size = 0, rows = 0, travelling = 0;
    const char *shared = getenv("BULLA_SHARED");
    snprintf(path, sizeof path, "%s/corpus/%s", shared ? shared : BULLA_SOURCE_DIR "/../shared", name);
    FILE *file = fopen(path, "r");
    if (!file) {
        print_message("%s is not here: skipped\n", path);
        skip();
        return;
    }
    failures = 0;
    while (getline(&line, &size, file) > 0) {
        json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
        assert_non_null(row);
        struct bytes message = bytes_of(row, "message"), wire;
        if (!malformed(row) || !json_object_get(row, "wire")) { /* damage is judged as it travels */
            check_message(row, &message);
        }
        if (travels(row, &wire)) {
            check_cuts(row, &wire);
            check_glued(row, &wire);
            travelling++;
        }
        rows++;
        json_decref(row);
    }
    free(line);
    fclose(file);
    print_message("%s: %zu rows, %zu as they travel, %d failures\n", name, rows, travelling, failures);
    assert_true(rows > 0);
    assert_int_equal(failures, 0);
}

static void test_trackers_and_locks(void **state)
{
    (void)state;
    check_file("jt808.jsonl");
}

static void test_other_terminals(void **state)
{
    (void)state;
    check_file("jt808_other.jsonl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trackers_and_locks), cmocka_unit_test(test_other_terminals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
