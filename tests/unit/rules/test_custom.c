/* SPDX-License-Identifier: Apache-2.0
 *
 * Alarms that an officer defined as data, and parameters of the built-in rules that a run sets. [WCO-7.2-B1] [WCO-13.3-2]
 */
#include "platform/model/json.h"
#include "tests/unit/rules/scene.h"

static struct definition define(const char *json)
{
    char why[MODEL_WHY_SIZE] = "";
    json_error_t error;
    json_t *body = json_loads(json, 0, &error);
    struct definition d;
    if (!body)
        print_error("%s in %s\n", error.text, json);
    assert_non_null(body);
    if (!definition_from_json(body, &d, why))
        fail_msg("%s", why);
    json_decref(body);
    strcpy(d.id, "D1");
    d.on = true;
    d.since_ms = SCENE_START - 1000;
    return d;
}

/* What stands at the end, as scene_expect writes it, when the engine goes by this ruling from the start. */
static void expect(struct scene *s, const struct ruling *ruling, double until, const char *want)
{
    char got[2000] = "";
    size_t n = 0;
    struct engine *engine = engine_new(&(struct engine_host){.host = s, .on_alarm = scene_count});
    s->n_alarms = 0;
    s->raised = s->changed = s->withdrawn = 0;
    assert_true(engine_ruling_put(engine, ruling, SCENE_START));
    assert_true(engine_journey_put(engine, s->journey, SCENE_START));
    for (size_t i = 0; i < s->n; i++) {
        engine_tick(engine, s->observations[i].received_ms - 1);
        engine_observe(engine, &s->observations[i]);
    }
    engine_tick(engine, scene_time(until));
    engine_standing(engine, "J1", scene_collect, s);
    engine_free(engine);
    qsort(s->alarms, s->n_alarms, sizeof *s->alarms, scene_order);
    for (size_t i = 0; i < s->n_alarms; i++)
        n += (size_t)snprintf(got + n, sizeof got - n, "%s%s@%g/%d", i ? " " : "", alarm_kind_text(s->alarms[i].kind),
                              (double)(s->alarms[i].onset_ms - SCENE_START) / 60000, s->alarms[i].grade);
    assert_string_equal(got, want);
}

static void expect_defined(struct scene *s, const char *json, double until, const char *want)
{
    struct definition d = define(json);
    struct ruling *ruling = ruling_new(&d, 1);
    expect(s, ruling, until, want);
    ruling_free(ruling);
}

static struct bulla_observation *fast(struct bulla_observation *o, double kmh)
{
    o->has |= BULLA_HAS_SPEED;
    o->speed_cmh = (int32_t)(kmh * 100);
    return o;
}

/* A day's drive: out, fast from 10 to 20 km, a rest of 30 min in the stop, and on. */
static struct scene *drive(void)
{
    struct scene *s = scene_new();
    for (int i = 0; i <= 30; i++)
        fast(scene_at(s, i, i * 1000), i >= 10 && i < 20 ? 95 : 60);
    double m = scene_stand(s, 31, 30000, 30);
    for (int i = 0; i < 10; i++)
        fast(scene_at(s, m + i, 31000 + i * 1000), 60);
    return s;
}

static void one_condition(void **state)
{
    (void)state;
    static const struct {
        const char *when, *want;
    } rows[] = {
        {"{\"field\":\"speed\",\"op\":\">\",\"value\":90}", "custom@10/2"},
        {"{\"field\":\"speed\",\"op\":\">\",\"value\":95}", ""},
        {"{\"field\":\"speed\",\"op\":\">=\",\"value\":95}", "custom@10/2"},
        {"{\"field\":\"stay\",\"op\":\">\",\"value\":25}", "custom@57/2"},
        {"{\"field\":\"place\",\"op\":\"inside\",\"value\":{\"name\":\"half way\",\"lat\":50,\"lon\":30.418435,\"radius_m\":300}}",
         "custom@30/2"},
        {"{\"field\":\"place\",\"op\":\"outside\",\"value\":{\"lat\":50,\"lon\":30,\"radius_m\":5500}}", "custom@6/2"},
        {"{\"field\":\"time_of_day\",\"op\":\"between\",\"value\":\"08:30-08:40\"}", "custom@30/2"},
        {"{\"field\":\"time_of_day\",\"op\":\"between\",\"value\":\"22:00-08:05\"}", "custom@0/2"},
        {"{\"field\":\"time_of_day\",\"op\":\"between\",\"value\":\"22:00-07:00\"}", ""},
        {"{\"field\":\"mode\",\"op\":\"is\",\"value\":\"rail\"}", ""},
        {"{\"field\":\"mode\",\"op\":\"is-not\",\"value\":\"rail\"}", "custom@0/2"},
        {"{\"field\":\"regime\",\"op\":\"is\",\"value\":\"internal\"}", "custom@0/2"},
        {"{\"field\":\"state\",\"op\":\"is\",\"value\":\"sealed\"}", "custom@0/2"},
        {"{\"field\":\"state\",\"op\":\"is\",\"value\":\"open\"}", ""},
        {"{\"field\":\"cargo\",\"op\":\"contains\",\"value\":\"Cigar\"}", "custom@0/2"},
        {"{\"field\":\"hs\",\"op\":\"begins\",\"value\":\"2402\"}", "custom@0/2"},
        {"{\"field\":\"hs\",\"op\":\"begins\",\"value\":\"0220\"}", ""},
        {"{\"field\":\"carrier\",\"op\":\"is\",\"value\":\"C7\"}", "custom@0/2"},
        {"{\"field\":\"off_route\",\"op\":\">\",\"value\":100}", ""},
        {"{\"field\":\"sealed_for\",\"op\":\">=\",\"value\":0.5}", "custom@30/2"},
        {"{\"field\":\"silence\",\"op\":\">\",\"value\":15}", "custom@87/2"},
        {"{\"field\":\"zone\",\"op\":\"inside\",\"value\":\"queue\"}", "custom@20/2"},
        {"{\"field\":\"event\",\"op\":\"is\",\"value\":\"door-opened\"}", "custom@15/2"},
        {"{\"field\":\"temperature\",\"op\":\">\",\"value\":8}", "custom@12/2"},
        {"{\"field\":\"temperature\",\"op\":\"<\",\"value\":-20}", "custom@12/2"},
        {"{\"field\":\"battery\",\"op\":\"<\",\"value\":50}", "custom@14/2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char json[400];
        struct scene *s = drive();
        strcpy(s->journey->cargo, "2402.20 cigarettes");
        strcpy(s->journey->carrier, "C7");
        s->journey->battery_percent = -1;
        s->journey->zones[s->journey->n_zones++] = (struct zone){.duty = ZONE_QUEUE, .place = scene_place(20000, 200, 0)};
        bulla_observation_add_event(&s->observations[15], BULLA_EVENT_DOOR_OPENED);
        bulla_observation_add_sensor(&s->observations[12], "front", BULLA_SENSOR_TEMPERATURE, 8500);
        bulla_observation_add_sensor(&s->observations[12], "rear", BULLA_SENSOR_TEMPERATURE, -21000);
        s->observations[14].has |= BULLA_HAS_PERCENT;
        s->observations[14].percent = 40;
        snprintf(json, sizeof json, "{\"name\":\"N\",\"grade\":2,\"when\":%s,\"cooldown_minutes\":600}", rows[i].when);
        expect_defined(s, json, 100, rows[i].want);
        scene_free(s);
    }
}

/* Fast or slow, at night, outside of the port: as deep as an officer thinks. */
static void joined(void **state)
{
    (void)state;
    struct scene *s = drive();
    expect_defined(s,
                   "{\"name\":\"Fast near the end\",\"grade\":3,\"when\":{\"all\":[{\"field\":\"speed\",\"op\":\">\",\"value\":90},"
                   "{\"any\":[{\"field\":\"mode\",\"op\":\"is\",\"value\":\"rail\"},{\"field\":\"time_of_day\",\"op\":\"between\","
                   "\"value\":\"08:15-09:00\"}]}]}}",
                   100, "custom@15/3");
    assert_string_equal(s->alarms[0].rule, "D1");
    assert_string_equal(s->alarms[0].why, "Fast near the end: speed 95 km/h, 08:15 UTC");
    assert_string_equal(s->alarms[0].evidence[0], "o15");
    assert_int_equal(s->alarms[0].ended_ms, scene_time(20));
    scene_free(s);
}

/* Minutes count between what is known at both ends; what is not known ends nothing and begins nothing. */
static void for_some_minutes(void **state)
{
    (void)state;
    static const struct {
        int minutes;
        const char *want;
    } rows[] = {{9, "custom@10/1"}, {10, ""}};
    for (size_t i = 0; i < 2; i++) {
        char json[200];
        struct scene *s = drive();
        snprintf(json, sizeof json, "{\"name\":\"N\",\"when\":{\"field\":\"speed\",\"op\":\">\",\"value\":90},\"for_minutes\":%d}",
                 rows[i].minutes);
        expect_defined(s, json, 100, rows[i].want);
        scene_free(s);
    }
    struct scene *s = scene_new();
    fast(scene_at(s, 0, 0), 95);
    expect_defined(s, "{\"name\":\"N\",\"when\":{\"field\":\"speed\",\"op\":\">\",\"value\":90},\"for_minutes\":20}", 100, "");
    fast(scene_at(s, 30, 30000), 95);
    expect_defined(s, "{\"name\":\"N\",\"when\":{\"field\":\"speed\",\"op\":\">\",\"value\":90},\"for_minutes\":20}", 100, "custom@0/1");
    scene_free(s);
}

static void rest_before_it_comes_again(void **state)
{
    (void)state;
    static const struct {
        const char *more, *want;
    } rows[] = {{"", "custom@3/1 custom@9/1 custom@15/1 custom@21/1"}, {",\"cooldown_minutes\":10", "custom@3/1 custom@15/1"}};
    for (size_t i = 0; i < 2; i++) {
        char json[200];
        struct scene *s = scene_new();
        scene_drive(s, 0, 0, 25000);
        for (size_t k = 3; k < 25; k += 6)
            bulla_observation_add_event(&s->observations[k], BULLA_EVENT_DOOR_OPENED);
        snprintf(json, sizeof json, "{\"name\":\"N\",\"when\":{\"field\":\"event\",\"op\":\"is\",\"value\":\"door-opened\"}%s}",
                 rows[i].more);
        expect_defined(s, json, 30, rows[i].want);
        scene_free(s);
    }
}

/* A definition judges from when it was switched on, what is known by then included; what it found stands when it is switched off, and ends.
 */
static void on_and_off(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    for (int i = 0; i < 60; i++)
        fast(scene_at(s, i, i * 1000), i % 10 < 5 ? 95 : 60);
    struct definition two[2] = {define("{\"name\":\"A\",\"when\":{\"field\":\"speed\",\"op\":\">\",\"value\":90}}"),
                                define("{\"name\":\"B\",\"when\":{\"field\":\"silence\",\"op\":\">\",\"value\":30}}")};
    strcpy(two[1].id, "D0"); /* before the other in the order of ids */
    two[0].since_ms = two[1].since_ms = scene_time(20.5);
    struct ruling *none = ruling_new(NULL, 0), *one = ruling_new(two, 1), *both = ruling_new(two, 2);
    struct engine *engine = engine_new(&(struct engine_host){.host = s, .on_alarm = scene_count});
    assert_true(engine_journey_put(engine, s->journey, SCENE_START));
    for (int i = 0; i < 60; i++) {
        engine_observe(engine, &s->observations[i]);
        if (i == 24) /* late: an entry of its time was judged without it */
            assert_true(engine_ruling_put(engine, one, scene_time(24.1)));
        if (i == 34)
            assert_true(engine_ruling_put(engine, both, scene_time(34.1)));
        if (i == 41)
            assert_true(engine_ruling_put(engine, none, scene_time(41.5)));
    }
    scene_run(s, 0);
    s->n_alarms = 0;
    engine_standing(engine, "J1", scene_collect, s);
    assert_int_equal(s->n_alarms, 3);
    static const double onset[] = {20.5, 30, 40}, ended[] = {25, 35, 41.5};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(s->alarms[i].onset_ms, scene_time(onset[i]));
        assert_int_equal(s->alarms[i].ended_ms, scene_time(ended[i]));
        assert_string_equal(s->alarms[i].rule, "D1");
    }
    struct bulla_observation late = s->observations[59]; /* a rewind does not bring back what is switched off */
    late.time_ms = scene_time(10.5);
    late.received_ms = scene_time(70);
    strcpy(late.id, "late");
    engine_observe(engine, &late);
    s->n_alarms = 0;
    engine_standing(engine, "J1", scene_collect, s);
    assert_int_equal(s->n_alarms, 3);
    assert_int_equal(s->alarms[2].ended_ms, scene_time(41.5));
    engine_free(engine);
    ruling_free(none);
    ruling_free(one);
    ruling_free(both);
    scene_free(s);
}

/* The same data under other values of the built-in rules' parameters. */
static void parameters_of_a_run(void **state)
{
    (void)state;
    static const struct {
        const char *parameter;
        double value;
        const char *want;
    } rows[] = {
        {"signal_lost.limit", 20, "signal_lost@62/2"},
        {"overtime_stay.limit", 0, NULL},
        {"route_deviation.corridor", 300, "route_deviation@12/2"},
        {"route_deviation.span", 5, ""},
        {"signal_lost.limits", 5, NULL},
        {"nothing.limit", 5, NULL},
        {"illegal_stay.limit", -1, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[200] = "";
        struct scene *s = scene_new();
        s->journey->silence_minutes = 100; /* a run goes before the journey */
        for (int k = 0; k <= 42; k++)
            scene_aside(s, k, k * 1000, k >= 12 && k < 16 ? 400 : 0);
        struct ruling *ruling = ruling_new(NULL, 0);
        assert_int_equal(ruling_set(ruling, rows[i].parameter, rows[i].value, why, sizeof why), rows[i].want != NULL);
        if (rows[i].want)
            expect(s, ruling, 90, rows[i].want);
        else
            assert_non_null(strstr(why, rows[i].parameter));
        ruling_free(ruling);
        scene_free(s);
    }
}

/* What of the rules on cargo and places a run can set: it goes before the journey and before the defaults. */
static void parameters_of_cargo_and_places(void **state)
{
    (void)state;
    static const struct {
        const char *parameter;
        double value;
        const char *want;
    } rows[] = {
        {"clock_error.nothing", 1, NULL},
        {"temperature.max", 5, NULL},
        {"abnormal_oil_volume.waves", 5, NULL},
        {"low_battery.limit", 20, "shock@5/1 illegal_stay@20/2 power_failure@25/2"}, /* as without */
        {"shock.limit", 20, "illegal_stay@20/2 power_failure@25/2"},
        {"power_failure.longer_than", 90, "shock@5/1 illegal_stay@20/2"},
        {"illegal_stay.limit_in_border_strip", 18, "shock@5/1 power_failure@25/2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[200] = "";
        struct scene *s = scene_new();
        s->journey->zones[0] = (struct zone){ZONE_BORDER_STRIP, scene_place(20000, 1000, 12)};
        s->journey->n_zones = 1;
        s->journey->limits[0] = (struct journey_limit){.kind = BULLA_SENSOR_SHOCK, .min = NAN, .max = 10};
        s->journey->n_limits = 1;
        double m = scene_stand(s, scene_drive(s, 0, 0, 19000), 20000, 15);
        bulla_observation_add_sensor(&s->observations[5], "", BULLA_SENSOR_SHOCK, 15000);
        bulla_observation_add_sensor(scene_message(s, 25), "", BULLA_SENSOR_POWER, 0);
        scene_drive(s, m + 1, 21000, 40000);
        struct ruling *ruling = ruling_new(NULL, 0);
        assert_int_equal(ruling_set(ruling, rows[i].parameter, rows[i].value, why, sizeof why), rows[i].want != NULL);
        if (rows[i].want)
            expect(s, ruling, 90, rows[i].want);
        ruling_free(ruling);
        scene_free(s);
    }
}

SCENE_TESTS(cmocka_unit_test(parameters_of_cargo_and_places), cmocka_unit_test(one_condition), cmocka_unit_test(joined),
            cmocka_unit_test(for_some_minutes), cmocka_unit_test(rest_before_it_comes_again), cmocka_unit_test(on_and_off),
            cmocka_unit_test(parameters_of_a_run))
