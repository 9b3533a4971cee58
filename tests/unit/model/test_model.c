/* SPDX-License-Identifier: Apache-2.0
 *
 * The model: state machines, JSON both ways, what is refused and how, identity.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/sensor.h"
#include "platform/model/identity.h"
#include "platform/model/json.h"

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY, &error);
    if (!json)
        fail_msg("test JSON: %s", error.text);
    return json;
}

static const char observation_text[] =
    "{\"id\":\"a1\",\"seal\":\"jt701:7570101998\",\"protocol\":\"jt701\",\"time\":\"2021-05-03T10:00:00Z\",\"received\":\"2021-05-03T10:00:"
    "02Z\","
    "\"counter\":12,\"stored\":false,\"fix\":{\"lat\":22.584943,\"lon\":113.915825,\"valid\":true,\"speed_kmh\":12.5,\"course_deg\":90,"
    "\"altitude_m\":-3,\"satellites\":9,\"accuracy_m\":null},\"state\":{\"seal\":\"sealed\",\"shackle\":\"in\",\"motor\":\"locked\","
    "\"cover\":\"closed\",\"door\":\"unknown\"},\"power\":{\"percent\":98,\"volts\":3.9,\"charging\":false},\"events\":[\"rope-cut\"],"
    "\"unlock\":{\"channel\":\"card\",\"credential\":\"0012260888\",\"verdict\":\"refused\",\"reason\":\"unknown-card\"},"
    "\"sensors\":[{\"id\":null,\"kind\":\"temperature\",\"value\":28.5,\"unit\":\"C\"}],\"cells\":[{\"mcc\":460,\"mnc\":0,\"lac\":1,"
    "\"cid\":2}],"
    "\"proof\":\"claimed\"}";

/* [the contract's own form] Every member survives the way in and out. */
static void observation_round_trips(void **state)
{
    (void)state;
    char why[MODEL_WHY_SIZE];
    struct bulla_observation o;
    json_t *in = parse(observation_text);
    assert_true(observation_from_json(in, &o, why));
    json_t *out = observation_to_json(&o);
    const char *name;
    json_t *value;
    json_object_foreach(in, name, value)
    {
        json_t *got = json_object_get(out, name);
        if (json_is_object(value)) { /* compare members as numbers, since 90 and 90.0 are the same course */
            const char *inner;
            json_t *expected;
            json_object_foreach(value, inner, expected)
            {
                json_t *is = json_object_get(got, inner);
                if (json_is_number(expected))
                    assert_true(json_number_value(expected) - json_number_value(is) < 1e-9 &&
                                json_number_value(is) - json_number_value(expected) < 1e-9);
                else
                    assert_true(json_equal(expected, is));
            }
        } else {
            if (!json_equal(value, got))
                fail_msg("%s: %s", name, json_dumps(got, JSON_ENCODE_ANY));
        }
    }
    json_decref(in);
    json_decref(out);
}

static void absent_null_and_value_differ(void **state)
{
    (void)state;
    char why[MODEL_WHY_SIZE];
    struct bulla_observation o;
    json_t *json = parse("{\"seal\":\"x:1\",\"power\":{\"percent\":null},\"fix\":{\"lat\":1,\"lon\":2}}");
    assert_true(observation_from_json(json, &o, why));
    assert_true(o.has & BULLA_HAS_PERCENT && o.unknown & BULLA_HAS_PERCENT);
    assert_false(o.has & BULLA_HAS_VOLTS);
    assert_true(bulla_observation_knows(&o, BULLA_HAS_FIX) && o.fix_valid);
    assert_false(bulla_observation_knows(&o, BULLA_HAS_TIME));
    json_decref(json);
}

static void wrong_observations_are_refused_with_the_field(void **state)
{
    (void)state;
    static const struct {
        const char *text, *field;
    } rows[] = {
        {"[]", "observation"},
        {"{}", "seal"},
        {"{\"seal\":\"nocolon\"}", "seal"},
        {"{\"seal\":\"a:b\",\"time\":\"yesterday\"}", "time"},
        {"{\"seal\":\"a:b\",\"fix\":{\"lat\":91,\"lon\":0}}", "fix.lat"},
        {"{\"seal\":\"a:b\",\"fix\":{\"lat\":1}}", "fix.lon"},
        {"{\"seal\":\"a:b\",\"fix\":7}", "fix"},
        {"{\"seal\":\"a:b\",\"events\":[\"exploded\"]}", "events"},
        {"{\"seal\":\"a:b\",\"state\":{\"seal\":\"ajar\"}}", "state.seal"},
        {"{\"seal\":\"a:b\",\"power\":{\"percent\":101}}", "power.percent"},
        {"{\"seal\":\"a:b\",\"counter\":1.5}", "counter"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[MODEL_WHY_SIZE];
        struct bulla_observation o;
        json_t *json = parse(rows[i].text);
        assert_false(observation_from_json(json, &o, why));
        if (strncmp(why, rows[i].field, strlen(rows[i].field)) != 0 || !strstr(why, "expected") || !strstr(why, "got"))
            fail_msg("%s: expected the field %s to be named, got \"%s\"", rows[i].text, rows[i].field, why);
        json_decref(json);
    }
}

static const char journey_text[] =
    "{\"id\":\"J1\",\"seals\":[\"test:1\"],\"mode\":\"road\",\"regime\":\"import\",\"sealed_at\":\"2026-01-01T08:00:00Z\",\"depart_by\":"
    "null,"
    "\"arrive_by\":\"2026-01-01T20:00:00Z\",\"route\":{\"type\":\"LineString\",\"coordinates\":[[30,50],[31,50]]},\"corridor_m\":500,"
    "\"origin\":{\"name\":\"A\",\"lat\":50,\"lon\":30,\"radius_m\":500},\"destination\":{\"name\":\"B\",\"lat\":50,\"lon\":31,\"radius_m\":"
    "500},"
    "\"stops\":[{\"name\":\"S\",\"lat\":50,\"lon\":30.5,\"radius_m\":300,\"max_minutes\":45}],\"silence_minutes\":240,\"stay_minutes\":20,"
    "\"battery_percent\":15,\"limits\":[{\"kind\":\"temperature\",\"min\":2,\"max\":8,\"for_minutes\":10}]}";

static struct journey *journey_of(const char *text, char why[MODEL_WHY_SIZE])
{
    json_t *json = parse(text);
    struct journey *j = journey_from_json(json, why);
    json_decref(json);
    return j;
}

static void journey_round_trips(void **state)
{
    (void)state;
    char why[MODEL_WHY_SIZE];
    struct journey *j = journey_of(journey_text, why);
    assert_non_null(j);
    assert_true(journey_check(j, why, sizeof why));
    assert_int_equal(j->state, JOURNEY_SEALED);
    assert_int_equal(j->route.n, 2);
    assert_true(j->route.lon[1] > 30.9);
    json_t *json = journey_to_json(j);
    struct journey *again = journey_from_json(json, why);
    assert_non_null(again);
    json_t *json_again = journey_to_json(again);
    assert_true(json_equal(json, json_again));
    struct journey *copy = journey_copy(j);
    assert_ptr_not_equal(copy->route.lat, j->route.lat);
    json_decref(json);
    json_decref(json_again);
    journey_free(copy);
    journey_free(again);
    journey_free(j);
}

static const char plan_text[] =
    "{\"id\":\"J\",\"seals\":[\"a:1\"],\"sealed_at\":\"2026-01-01T08:00:00Z\",\"destination\":{\"lat\":1,\"lon\":1},\"profile\":\"eaeu\","
    "\"limits\":[{\"kind\":\"temperature\",\"min\":2,\"max\":8,\"for_minutes\":5,\"sensor\":\"tier3\"},"
    "{\"kind\":\"humidity\",\"change\":12.5,\"change_minutes\":20}],"
    "\"zones\":[%s],\"points\":[{\"name\":\"P\",\"lat\":0.5,\"lon\":1,\"kind\":\"discharge\",\"planned\":\"2026-01-01T09:00:00Z\","
    "\"tolerance_minutes\":15},{\"name\":\"Q\",\"lat\":0.7,\"lon\":1}],"
    "\"legs\":[{\"mode\":\"vessel\",\"means\":\"ais:244660000\",\"from\":\"2026-01-01T09:00:00Z\",\"until\":\"2026-01-02T09:00:00Z\"}]}";

/* Zones of every duty, points, legs, profile and the limits of single probes survive the way in and out. */
static void a_plan_round_trips(void **state)
{
    (void)state;
    char why[MODEL_WHY_SIZE], zones[2000] = "", text[4000];
    size_t n = 0, duties = 0;
    for (unsigned duty = ZONE_STOP; duty <= ZONE_APPROACH; duty++, duties++)
        n += (size_t)snprintf(zones + n, sizeof zones - n,
                              "%s{\"duty\":\"%s\",\"name\":\"Z%u\",\"lat\":1,\"lon\":%u,\"radius_m\":%u,\"max_minutes\":%u}", n ? "," : "",
                              zone_duty_text(duty), duty, duty, 100 * duty, duty);
    snprintf(text, sizeof text, plan_text, zones);
    struct journey *j = journey_of(text, why);
    assert_non_null(j);
    assert_true(journey_check(j, why, sizeof why));
    assert_int_equal(j->n_zones, duties);
    for (unsigned i = 0; i < duties; i++) {
        assert_int_equal(j->zones[i].duty, ZONE_STOP + i);
        assert_int_equal(j->zones[i].place.max_minutes, ZONE_STOP + i);
        assert_true(j->zones[i].place.radius_m > 99.0 * (ZONE_STOP + i));
    }
    assert_string_equal(j->limits[0].sensor, "tier3");
    assert_true(j->limits[0].change == 0);
    assert_true(j->limits[1].change > 12.4 && j->limits[1].change_minutes == 20);
    assert_int_equal(j->points[0].kind, POINT_DISCHARGE);
    assert_int_equal(j->points[1].kind, POINT_PASS);
    assert_int_equal(j->points[1].planned_ms, BULLA_TIME_NONE);
    assert_string_equal(j->legs[0].means, "ais:244660000");
    assert_true(j->route.corridor_m > 49000); /* what the profile says, where the journey does not */
    json_t *json = journey_to_json(j), *json_again;
    struct journey *again = journey_from_json(json, why);
    assert_non_null(again);
    json_again = journey_to_json(again);
    assert_true(json_equal(json, json_again));
    json_decref(json);
    json_decref(json_again);
    journey_free(again);
    strcpy(j->profile, "none");
    assert_false(journey_check(j, why, sizeof why));
    assert_non_null(strstr(why, "profile: expected eaeu or nothing, got \"none\""));
    journey_free(j);
}

/* A duty or a kind that is none, and too many, are refused with the field. */
static void wrong_plans_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *zones, *field;
    } rows[] = {{"{\"duty\":\"picnic\",\"lat\":1,\"lon\":1}", "zones[].duty"},
                {"{\"lat\":1,\"lon\":1}", "zones[].duty"},
                {"{\"duty\":\"queue\",\"lat\":1}", "zones[].lon"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[MODEL_WHY_SIZE], text[4000];
        snprintf(text, sizeof text, plan_text, rows[i].zones);
        assert_null(journey_of(text, why));
        if (strncmp(why, rows[i].field, strlen(rows[i].field)) != 0)
            fail_msg("expected %s to be named, got \"%s\"", rows[i].field, why);
    }
}

/* A journey that cannot be supervised as asked is refused on entry, and the field is named. */
static void impossible_journeys_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *field;
    } rows[] = {
        {"{\"id\":\"J\",\"seals\":[\"a:1\"],\"sealed_at\":\"2026-01-01T08:00:00Z\"}", "route"},
        {"{\"id\":\"J\",\"seals\":[],\"sealed_at\":\"2026-01-01T08:00:00Z\",\"destination\":{\"lat\":1,\"lon\":1}}", "seals"},
        {"{\"id\":\"J\",\"seals\":[\"a:1\"],\"sealed_at\":\"2026-01-01T08:00:00Z\",\"arrive_by\":\"2026-01-01T07:00:00Z\","
         "\"destination\":{\"lat\":1,\"lon\":1}}",
         "arrive_by"},
        {"{\"id\":\"J\",\"seals\":[\"a:1\",\"a:1\"],\"sealed_at\":\"2026-01-01T08:00:00Z\",\"destination\":{\"lat\":1,\"lon\":1}}",
         "seals[1]"},
        {"{\"id\":\"J\",\"seals\":[\"a:1\"],\"sealed_at\":\"2026-01-01T08:00:00Z\",\"destination\":{\"lat\":1,\"lon\":1,\"radius_m\":0}}",
         "destination.radius_m"},
        {"{\"seals\":[\"a:1\"],\"sealed_at\":\"2026-01-01T08:00:00Z\",\"destination\":{\"lat\":1,\"lon\":1}}", "id"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[MODEL_WHY_SIZE];
        struct journey *j = journey_of(rows[i].text, why);
        assert_non_null(j);
        assert_false(journey_check(j, why, sizeof why));
        if (strncmp(why, rows[i].field, strlen(rows[i].field)) != 0)
            fail_msg("expected %s to be named, got \"%s\"", rows[i].field, why);
        journey_free(j);
    }
}

static void permissions_stay_in_order(void **state)
{
    (void)state;
    struct journey *j = journey_new();
    static const int64_t times[] = {50, 10, 30, 20, 40};
    for (size_t i = 0; i < 5; i++)
        assert_true(journey_add_permission(j, &(struct permission){.from_ms = times[i]}));
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(j->permissions[i].from_ms, 10 * (int64_t)(i + 1));
    journey_free(j);
}

/* Every state machine: a state that ends a life has no exit, and every other can reach one that does. */
static void state_machines_are_whole(void **state)
{
    (void)state;
    assert_true(alarm_may(ALARM_STATE_RAISED, ALARM_STATE_RESOLVED));
    assert_false(alarm_may(ALARM_STATE_RESOLVED, ALARM_STATE_RAISED));
    assert_false(alarm_may(ALARM_STATE_ACKNOWLEDGED, ALARM_STATE_RAISED));
    assert_true(alarm_may(ALARM_STATE_WITHDRAWN, ALARM_STATE_RAISED));
    assert_false(journey_may(JOURNEY_RELEASED, JOURNEY_SEALED));
    assert_false(journey_may(JOURNEY_DRAFT, JOURNEY_UNDER_WAY));
    assert_false(command_may(COMMAND_ACCEPTED, COMMAND_REFUSED));
    assert_true(command_may(COMMAND_EXPIRED, COMMAND_ACCEPTED));
    for (unsigned from = JOURNEY_DRAFT; from <= JOURNEY_ARRIVED; from++)
        assert_true(journey_may(from, JOURNEY_CANCELLED));
    for (unsigned from = 0; from <= COMMAND_CANCELLED + 3; from++)
        assert_false(command_may(from, COMMAND_QUEUED)); /* nothing goes back to the queue */
}

static void kinds_are_those_of_the_contract(void **state)
{
    (void)state;
    static const char *const kinds[] = {"illegal_opening",     "cable_cut",   "overlanded",
                                        "abnormal_oil_volume", "clock_error", "unsupervised_gap"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        assert_true(alarm_kind_from(kinds[i]) > 0);
    assert_int_equal(alarm_kind_grade(ALARM_CABLE_CUT), 3);
    assert_int_equal(alarm_kind_from("nonsense"), -1);
}

static void alarm_identity_is_its_four_parts(void **state)
{
    (void)state;
    struct alarm a = {.kind = ALARM_CABLE_CUT, .onset_ms = 1000}, b;
    strcpy(a.journey, "J1");
    strcpy(a.seal, "x:1");
    alarm_name(&a);
    b = a;
    b.grade = 1;
    strcpy(b.why, "other words");
    alarm_name(&b);
    assert_string_equal(a.id, b.id);
    b.onset_ms++;
    alarm_name(&b);
    assert_string_not_equal(a.id, b.id);
}

static void observation_identity(void **state)
{
    (void)state;
    struct identity *identity = identity_new();
    struct bulla_observation a, b;
    bulla_observation_init(&a, "test");
    strcpy(a.device, "1");
    a.has = BULLA_HAS_TIME | BULLA_HAS_COUNTER | BULLA_HAS_FIX;
    a.time_ms = 1000;
    a.counter = 7;
    a.received_ms = 5000;
    identity_name(identity, &a);
    b = a;
    b.received_ms = 99000; /* sent again from the device's memory */
    b.stored = true;
    identity_name(identity, &b);
    assert_string_equal(a.id, b.id);
    b.counter = 8;
    identity_name(identity, &b);
    assert_string_not_equal(a.id, b.id);
    /* Heartbeats say the same for ever and are still each their own. */
    bulla_observation_init(&a, "test");
    strcpy(a.device, "1");
    a.received_ms = 5000;
    identity_name(identity, &a);
    b = a;
    b.received_ms = 6000;
    identity_name(identity, &b);
    assert_string_not_equal(a.id, b.id);
    identity_free(identity);
}

static struct bulla_observation there_and_back(const struct bulla_observation *o)
{
    struct bulla_observation got;
    char why[MODEL_WHY_SIZE];
    json_t *json = observation_to_json(o);
    if (!observation_from_json(json, &got, why))
        fail_msg("%s", why);
    json_decref(json);
    return got;
}

/* [WCO-6-3] Gas above its limit is told once, with its greatest value, and a sample reaches whoever reads it as it was. */
static void voc_is_measured_and_told(void **state)
{
    (void)state;
    const struct bulla_sensor_limit limit = {.sense = BULLA_SENSE_VOC,
                                             .low = BULLA_NO_LOW,
                                             .high = 50000, /* 50 ppm */
                                             .hysteresis = 5000,
                                             .calm_ms = 60000,
                                             .alert_ms = 10000};
    static const int32_t samples[] = {400, 49999, 50001, 83250, 46000, 44000};
    const struct bulla_sense_row *row = bulla_sense_row(BULLA_SENSE_VOC);
    struct bulla_sensor_watch watch;
    struct bulla_sensor_step step;
    struct bulla_fault fault;
    unsigned up = 0, down = 0;
    assert_int_equal(bulla_sensor_check(&limit, &fault), BULLA_OK);
    bulla_sensor_init(&watch);
    for (unsigned i = 0; i < 6; i++) {
        struct bulla_observation o, got;
        bulla_observation_init(&o, "test");
        strcpy(o.device, "1");
        bulla_observation_add_sensor(&o, "hold", (enum bulla_sensor_kind)row->kind, samples[i]);
        got = there_and_back(&o);
        assert_int_equal(got.n_sensors, 1);
        assert_int_equal(got.sensors[0].kind, BULLA_SENSOR_VOC);
        assert_int_equal(got.sensors[0].milli, samples[i]);
        assert_string_equal(got.sensors[0].id, "hold");
        assert_int_equal(bulla_sensor_step(&limit, &watch, 1000 * i, got.sensors[0].milli, &step), BULLA_OK);
        for (unsigned j = 0; j < step.n; j++) {
            up += step.crossing[j].to == BULLA_SIDE_HIGH && i == 2;
            down += step.crossing[j].from == BULLA_SIDE_HIGH && i == 5 && step.crossing[j].extreme == 83250;
        }
    }
    assert_int_equal(up, 1);
    assert_int_equal(down, 1);
}

/* [WCO-4.3-C3] Place, temperature, humidity, shock and security of an active device: each value, at both ends of what its sensor
 * can say, and for each what is not said or not known. */
static void what_active_devices_say_round_trips(void **state)
{
    (void)state;
    static const unsigned senses[] = {BULLA_SENSE_TEMPERATURE, BULLA_SENSE_HUMIDITY, BULLA_SENSE_SHOCK};
    static const uint8_t states[] = {BULLA_SEAL_NONE, BULLA_SEAL_UNKNOWN, BULLA_SEAL_SEALED, BULLA_SEAL_OPEN, BULLA_SEAL_UNLOCKED_CLOSED};
    static const int32_t places[][2] = {{0, 0}, {900000000, 1800000000}, {-900000000, -1799999999}, {-12345678, 367654321}};
    for (unsigned i = 0; i < 5 * 4 * 8; i++) {
        struct bulla_observation o, got;
        bulla_observation_init(&o, "test");
        strcpy(o.device, "1");
        o.has = i / 5 % 4 ? BULLA_HAS_FIX : 0;
        o.state.seal = states[i % 5];
        o.fix_valid = i / 5 % 4 > 0;
        o.lat_e7 = places[i / 5 % 4][0];
        o.lon_e7 = places[i / 5 % 4][1];
        for (unsigned s = 0; s < 3; s++) /* a bit of i / 20 for each: there, or not */
            if (i / 20 >> s & 1) {
                const struct bulla_sense_row *row = bulla_sense_row(senses[s]);
                bulla_observation_add_sensor(&o, NULL, (enum bulla_sensor_kind)row->kind, i % 2 ? row->least : row->greatest);
            }
        got = there_and_back(&o);
        assert_int_equal(got.state.seal, o.state.seal);
        assert_int_equal(got.has & BULLA_HAS_FIX, o.has & BULLA_HAS_FIX);
        if (o.has & BULLA_HAS_FIX) {
            assert_int_equal(got.lat_e7, o.lat_e7);
            assert_int_equal(got.lon_e7, o.lon_e7);
        }
        assert_int_equal(got.n_sensors, o.n_sensors);
        for (unsigned s = 0; s < o.n_sensors; s++) {
            assert_int_equal(got.sensors[s].kind, o.sensors[s].kind);
            assert_int_equal(got.sensors[s].milli, o.sensors[s].milli);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(observation_round_trips),
        cmocka_unit_test(absent_null_and_value_differ),
        cmocka_unit_test(wrong_observations_are_refused_with_the_field),
        cmocka_unit_test(journey_round_trips),
        cmocka_unit_test(a_plan_round_trips),
        cmocka_unit_test(wrong_plans_are_refused),
        cmocka_unit_test(impossible_journeys_are_refused),
        cmocka_unit_test(permissions_stay_in_order),
        cmocka_unit_test(state_machines_are_whole),
        cmocka_unit_test(kinds_are_those_of_the_contract),
        cmocka_unit_test(alarm_identity_is_its_four_parts),
        cmocka_unit_test(observation_identity),
        cmocka_unit_test(voc_is_measured_and_told),
        cmocka_unit_test(what_active_devices_say_round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
