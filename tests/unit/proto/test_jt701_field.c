/* SPDX-License-Identifier: Apache-2.0
 *
 * Protocol jt701 against messages from the field and the examples of the vendor's manual, where they are at
 * hand: BULLA_SHARED, or ../shared beside the tree. Skipped elsewhere.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/wire.h"

extern const struct proto proto_jt701;

#define LINE_MAX_BYTES 65536
#define REPLY_MAX      64

static void open_wire(struct wire *wire)
{
    wire_open(wire, &proto_jt701, NULL, bulla_time_get(WIRE_NOW));
}

static FILE *corpus(const char *name)
{
    char path[1000];
    const char *shared = getenv("BULLA_SHARED");
    snprintf(path, sizeof path, "%s%s/corpus/%s.jsonl", shared ? shared : BULLA_SOURCE_DIR, shared ? "" : "/../shared", name);
    return fopen(path, "r");
}

/* Calls f for each row; skips the test with a word when the file is not there. */
static void each_row(const char *name, void (*f)(const json_t *row))
{
    FILE *file = corpus(name);
    char *line = malloc(LINE_MAX_BYTES);
    if (!file) {
        free(line);
        print_message("%s.jsonl is not at hand (BULLA_SHARED)\n", name);
        skip();
    }
    size_t rows = 0;
    while (fgets(line, LINE_MAX_BYTES, file)) {
        json_t *row = json_loads(line, 0, NULL);
        assert_non_null(row);
        f(row);
        json_decref(row);
        rows++;
    }
    assert_true(rows > 0);
    fclose(file);
    free(line);
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static size_t row_bytes(const json_t *row, const char *name, uint8_t *to)
{
    const char *message = text_of(row, name);
    if (!message) {
        return 0;
    }
    if (strcmp(text_of(row, "encoding"), "text") == 0) {
        memcpy(to, message, strlen(message));
        return strlen(message);
    }
    assert_true(bulla_hex_get(to, message, strlen(message) / 2));
    return strlen(message) / 2;
}

static void near(const char *id, const char *what, const json_t *expected, const json_t *got, double factor, double tolerance)
{
    if (!expected) {
        return;
    }
    if (!json_is_number(got) || fabs(json_number_value(expected) - json_number_value(got) * factor) > tolerance) {
        fail_msg("%s: %s: expected %f, got %f", id, what, json_number_value(expected), json_number_value(got) * factor);
    }
}

static void flagged(const char *id, const char *what, const json_t *expected, const json_t *state, const char *member, const char *yes)
{
    const char *got = text_of(state, member);
    if (expected && (!got || json_is_true(expected) != (strcmp(got, yes) == 0))) {
        fail_msg("%s: %s: expected %d, got %s", id, what, json_is_true(expected), got ? got : "nothing");
    }
}

static void compare_time(const char *id, const json_t *expected, const json_t *o)
{
    const char *got = text_of(o, "time");
    if (expected && (!got || strncmp(json_string_value(expected), got, 19) != 0)) {
        fail_msg("%s: time: expected %s, got %s", id, json_string_value(expected), got ? got : "nothing");
    }
}

static void compare_event(const char *id, const json_t *event, const json_t *o)
{
    const json_t *unlock = json_object_get(o, "unlock");
    const char *card = text_of(event, "card");
    if (card && strcmp(card, "0000000000") != 0 && json_integer_value(json_object_get(event, "source")) != 3) {
        assert_non_null(unlock);
        assert_string_equal(text_of(unlock, "credential"), card);
    }
    near(id, "serial", json_object_get(event, "serial"), json_object_get(o, "counter"), 1, 0);
}

static const json_t *sensor_of(const json_t *o, const char *kind)
{
    size_t i;
    const json_t *sensor;
    json_array_foreach(json_object_get(o, "sensors"), i, sensor)
    {
        if (strcmp(text_of(sensor, "kind"), kind) == 0) {
            return json_object_get(sensor, "value");
        }
    }
    return NULL;
}

static void compare_sensor(const char *id, const json_t *sensor, const json_t *o)
{
    near(id, "index", json_object_get(sensor, "index"), json_object_get(o, "counter"), 1, 0);
    near(id, "voltage", json_object_get(sensor, "sensorVoltage"), sensor_of(o, "battery-voltage"), 1, 1e-6);
    near(id, "rssi", json_object_get(sensor, "sensorRssi"), sensor_of(o, "rssi"), 1, 1e-6);
    near(id, "temperature", json_object_get(sensor, "temperature"), sensor_of(o, "temperature"), 1, 1e-6);
    near(id, "humidity", json_object_get(sensor, "humidity"), sensor_of(o, "humidity"), 1, 1e-6);
}

static void compare_position(const char *id, const json_t *p, const json_t *o)
{
    const json_t *fix = json_object_get(o, "fix");
    const json_t *lock = json_object_get(p, "lock");
    const json_t *state = json_object_get(o, "state");
    const json_t *speed = json_object_get(p, "speedKnots");
    compare_time(id, json_object_get(p, "fixTime") ? json_object_get(p, "fixTime") : json_object_get(p, "time"), o);
    near(id, "latitude", json_object_get(p, "latitude"), json_object_get(fix, "lat"), 1, 1e-5);
    near(id, "longitude", json_object_get(p, "longitude"), json_object_get(fix, "lon"), 1, 1e-5);
    near(id, "speed", speed, json_object_get(fix, "speed_kmh"), 1 / 1.852, 0.2);
    near(id, "course", json_object_get(p, "course"), json_object_get(fix, "course_deg"), 1, 1);
    const json_t *percent = json_object_get(json_object_get(o, "power"), "percent");
    near(id, "battery", json_object_get(p, "batteryPercent"), percent ? percent : sensor_of(o, "battery"), 1, 0);
    if (json_object_get(p, "valid")) {
        assert_true(json_equal(json_object_get(p, "valid"), json_object_get(fix, "valid")));
    }
    const json_t *flags = lock ? lock : p;
    flagged(id, "rope", json_object_get(flags, "ropeInserted"), state, "shackle", "in");
    flagged(id, "motor", json_object_get(flags, "motorLocked"), state, "motor", "locked");
    flagged(id, "cover", json_object_get(flags, "backCoverClosed"), state, "cover", "closed");
    size_t events = json_array_size(json_object_get(o, "events")) - (json_is_true(json_object_get(flags, "lbs")) ? 1u : 0u);
    if (json_object_get(flags, "alarms")) {
        assert_int_equal(json_array_size(json_object_get(flags, "alarms")), events);
    }
    compare_sensor(id, json_object_get(p, "sensor"), o);
    compare_event(id, json_object_get(p, "event"), o);
}

static void compare_acks(const char *id, const json_t *row, const struct wire *wire)
{
    const json_t *acks = json_object_get(row, "ack");
    size_t i;
    const json_t *ack;
    assert_int_equal(json_array_size(acks), json_array_size(wire->replies));
    json_array_foreach(acks, i, ack)
    {
        const char *hex = json_string_value(json_array_get(wire->replies, i));
        char got[REPLY_MAX] = "";
        assert_true(bulla_hex_get((uint8_t *)got, hex, strlen(hex) / 2));
        if (!json_is_true(json_object_get(row, "ackVolatile")) && strcmp(got, text_of(ack, "message")) != 0) {
            fail_msg("%s: answer: expected %s, got %s", id, text_of(ack, "message"), got);
        }
    }
}

static void compare_row(const json_t *row, const struct wire *wire)
{
    const char *id = text_of(row, "id");
    const json_t *expects = json_object_get(row, "expects");
    const json_t *positions = json_object_get(expects, "positions");
    const json_t *first = json_array_get(wire->observations, 0);
    if (!first || wire->n || wire->skipped) {
        fail_msg("%s: %s", id, wire->error);
    }
    assert_string_equal(text_of(first, "seal") + strlen("jt701:"), text_of(expects, "deviceId"));
    if (!positions) { /* of the manual, flat; or nothing to decode */
        compare_position(id, expects, first);
    } else {
        assert_int_equal(json_array_size(positions), json_array_size(wire->observations));
    }
    for (size_t i = 0; i < json_array_size(positions); i++) {
        compare_position(id, json_array_get(positions, i), json_array_get(wire->observations, i));
    }
    compare_acks(id, row, wire);
}

static void feed_and_compare(const json_t *row, const uint8_t *bytes, size_t first, size_t n)
{
    struct wire wire;
    open_wire(&wire);
    wire_feed(&wire, bytes, first, 0);
    wire_feed(&wire, bytes + first, n - first, 0);
    compare_row(row, &wire);
    wire_close(&wire);
}

static void message_row(const json_t *row)
{
    static const char *const forms[] = {"message", "wire"};
    for (size_t form = 0; form < 2; form++) {
        uint8_t bytes[4096];
        struct wire wire;
        size_t n = row_bytes(row, forms[form], bytes);
        for (size_t first = 1; first <= n; first++) {
            feed_and_compare(row, bytes, first, n);
        }
        if (n) {
            open_wire(&wire);
            assert_int_equal(wire_decode(&wire, bytes, n, true), BULLA_OK);
            compare_row(row, &wire);
            wire_close(&wire);
        }
    }
}

static void test_field_messages(void **state)
{
    (void)state;
    each_row("jt600", message_row);
}

static void test_manual_messages(void **state)
{
    (void)state;
    each_row("jt701_manual", message_row);
}

static void stream_row(const json_t *row)
{
    const json_t *expects = json_object_get(row, "expects");
    const json_t *frames = json_object_get(expects, "frames");
    uint8_t bytes[8192];
    size_t n = row_bytes(row, "message", bytes);
    for (size_t piece = 0; piece < 70; piece++) {
        struct wire wire;
        open_wire(&wire);
        wire_feed(&wire, bytes, n, piece);
        assert_int_equal(wire.n, 0);
        if (frames) {
            assert_int_equal(json_array_size(frames), json_array_size(wire.observations));
            assert_int_equal(wire.skipped, 0);
        } else {
            assert_true(wire.skipped > 0);
        }
        for (size_t i = 0; i < json_array_size(frames); i++) {
            compare_position(text_of(row, "id"), json_array_get(frames, i), json_array_get(wire.observations, i));
        }
        wire_close(&wire);
    }
}

static void test_field_streams(void **state)
{
    (void)state;
    each_row("jt701_streams", stream_row);
}

/* ---- commands of the manual ---- */

static const char *const commands[][2] = {
    /* row, our command; NULL: a report, or an answer that the platform gives by itself */
    {"c01", "firmware"},
    {"c02", "interval seconds=60 minutes=30"},
    {"c03", "interval-query"},
    {"c04", "server host=47.112.122.222 port=10001 apn=internet user=gprs password=gprs"},
    {"c05", "server-backup host=jt701.jointcontrols.com port=10001 apn=CMNET"},
    {"c06", "tracking on=1"},
    {"c07", "time time=2020-07-15T16:43:28Z"},
    {"c08", "cards-enrol on=1"},
    {"c09", NULL},
    {"c10",
     "cards-add cards=2124750;2153582;15451297;6734739;6688921;7742247;8104563;8104852;8153513;6033341;31;32;33;34;35;36;37;38;39;40"},
    {"c11", "cards-remove cards=2124750;2153582;15451297"},
    {"c12", "cards-query group=1"},
    {"c13", "cards-clear"},
    {"c14", "unlock password=888888"},
    {"c15", "password-set new=12#aAM old=888888"},
    {"c16", "password-query"},
    {"c17", "unlock-dynamic password=223457"},
    {"c18", "dynamic-password on=1 inside-fence=0"},
    {"c19", "dynamic-password-query"},
    {"c20", "dynamic-password-query"},
    {"c21", "channels sms=1 gprs=1 rfid=1 serial=1 ble=1"},
    {"c22", "restart"},
    {"c23", "sleep"},
    {"c24", "alarms rope-cut=1 unknown-card=1 long-unlock=1 wrong-password=1 vibration=1 fence-in=1 fence-out=1 low-battery=1 cover-open=1 "
            "motor-stuck=1"},
    {"c25", "low-battery percent=30"},
    {"c26", "long-unlock minutes=120"},
    {"c27", "fence fence=10 on=1 name=area10"},
    {"c28", "fence-delete fence=3"},
    {"c29", "fence-done"},
    {"c30", "card-fence on=1"},
    {"c31", "acknowledge serial=123"},
    {"c32", "acknowledge-password password=113271"},
    {"c33", "power-key on=1"},
};

static void encode(struct wire *wire, const char *line, char *out, size_t size)
{
    char words[1024];
    struct proto_args args = {0};
    struct bulla_writer w = bulla_writer_over((uint8_t *)out, size - 1);
    snprintf(words, sizeof words, "%s", line);
    char *save = NULL;
    char *name = strtok_r(words, " ", &save);
    for (char *word; (word = strtok_r(NULL, " ", &save));) {
        char *value = strchr(word, '=');
        *value = '\0';
        args.arg[args.n++] = (struct proto_arg){word, value + 1};
    }
    if (proto_jt701.encode(&wire->link, "8130630001", name, &args, &w) != BULLA_OK) {
        fail_msg("%s: %s", line, wire->link.error);
    }
    out[w.len] = '\0';
}

/* What the device answers is a verdict on the command that the table names. */
static void compare_answer(struct wire *wire, const char *row, const char *line, const char *response)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line, " "), line);
    const struct proto_command *command = proto_command_find(&proto_jt701, name);
    assert_non_null(command);
    assert_true(!command->answers == !response);
    if (!response) {
        return;
    }
    wire_clear(wire);
    wire_feed(wire, (const uint8_t *)response, strlen(response), 0);
    const json_t *result = json_object_get(json_array_get(wire->observations, 0), "result");
    if (!result || strcmp(text_of(result, "command"), command->answers) != 0 || strcmp(text_of(result, "verdict"), "accepted") != 0) {
        fail_msg("%s: %s: expected a verdict on %s", row, response, command->answers);
    }
}

static void command_row(const json_t *row)
{
    const char *id = text_of(row, "id");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char out[2048];
        struct wire wire;
        if (strcmp(id + strlen(id) - 3, commands[i][0]) != 0) {
            continue;
        }
        open_wire(&wire);
        if (commands[i][1]) {
            encode(&wire, commands[i][1], out, sizeof out);
            assert_string_equal(out, text_of(row, "message"));
            compare_answer(&wire, id, commands[i][1], text_of(json_object_get(row, "expects"), "response"));
        } else {
            wire_feed(&wire, (const uint8_t *)text_of(row, "message"), strlen(text_of(row, "message")), 0);
            assert_string_equal(json_string_value(json_array_get(json_object_get(json_array_get(wire.observations, 0), "events"), 0)),
                                "enrolment");
        }
        wire_close(&wire);
        return;
    }
    fail_msg("%s: no command for this row", id);
}

static void test_manual_commands(void **state)
{
    (void)state;
    each_row("jt701_commands", command_row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_field_messages),
        cmocka_unit_test(test_manual_messages),
        cmocka_unit_test(test_field_streams),
        cmocka_unit_test(test_manual_commands),
    };
    return cmocka_run_group_tests_name("jt701 field", tests, NULL, NULL);
}
