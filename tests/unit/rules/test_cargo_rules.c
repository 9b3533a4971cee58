/* SPDX-License-Identifier: Apache-2.0
 *
 * temperature, humidity, pressure, voc, their changes, shock, tilt, light, power_failure.
 */
#include "tests/unit/rules/scene.h"

static void limit(struct scene *s, const struct journey_limit *l)
{
    s->journey->limits[s->journey->n_limits++] = *l;
}

static const struct journey_limit cold = {.kind = BULLA_SENSOR_TEMPERATURE, .min = 2, .max = 8, .for_minutes = 10};

static struct bulla_observation *measure(struct scene *s, double minute, const char *probe, enum bulla_sensor_kind kind, double value)
{
    struct bulla_observation *o = scene_message(s, minute);
    bulla_observation_add_sensor(o, probe, kind, (int32_t)lround(value * 1000));
    return o;
}

static void warm(struct scene *s, double minute, double value)
{
    measure(s, minute, "", BULLA_SENSOR_TEMPERATURE, value);
}

/* [WCO-6-12] Range breach with its duration and degree-minutes. */
static void too_warm_for_too_long_is_told_from_the_first_value(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    limit(s, &cold);
    warm(s, 0, 5);
    warm(s, 5, 9);
    warm(s, 10, 10);
    warm(s, 15, 11);
    scene_expect(s, 15, ""); /* ten minutes are not longer than ten */
    warm(s, 20, 10);
    scene_expect(s, 20, "temperature@5/2");
    assert_string_equal(s->alarms[0].evidence[0], "o1");
    assert_string_equal(s->alarms[0].evidence[1], "o4");
    assert_int_equal(s->alarms[0].raised_ms, scene_time(20));
    warm(s, 25, 8);
    scene_expect(s, 25, "temperature@5/2");
    assert_int_equal(s->alarms[0].ended_ms, BULLA_TIME_NONE); /* at the limit is not inside it */
    warm(s, 30, 7);
    scene_expect(s, 30, "temperature@5/2");
    assert_int_equal(s->alarms[0].ended_ms, scene_time(30));
    /* by hand: 1.5 * 5 + 2.5 * 5 + 2.5 * 5 + 1 * 5 + 0 = 37.5 */
    assert_string_equal(s->alarms[0].why, "Temperature above 8 C for 25 min, up to 11 C, 38 degree-minutes");
    scene_free(s);
}

/* [WCO-13.7-2] */
static void a_value_at_the_limit_does_not_flap(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    limit(s, &cold);
    for (int i = 0; i < 40; i++)
        warm(s, 5 * i, i < 4 ? 8.6 : i % 2 ? 8.1 : 7.9);
    scene_expect(s, 200, "temperature@0/2");
    assert_int_equal(s->raised, 1);
    assert_true(s->changed <= 6);
    scene_free(s);
    s = scene_new(); /* and one that never was outside for long is none */
    limit(s, &cold);
    for (int i = 0; i < 40; i++)
        warm(s, 5 * i, i % 2 ? 8.1 : 7.9);
    scene_expect(s, 200, "");
    scene_free(s);
}

static void a_failed_sensor_is_no_heat(void **state)
{
    (void)state;
    static const double sentinels[] = {-127, 85, 3276.7, -273};
    struct scene *s = scene_new();
    limit(s, &cold);
    for (int i = 0; i < 40; i++)
        warm(s, i, sentinels[i % 4]);
    for (int i = 40; i < 60; i++)
        bulla_observation_add_event(measure(s, i, "", BULLA_SENSOR_TEMPERATURE, 20), BULLA_EVENT_SENSOR_FAULT);
    scene_expect(s, 60, "malfunction@40/2");
    scene_free(s);
}

/* [WCO-13.6-3] */
static void each_probe_has_its_own_limits(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    limit(s, &cold);
    limit(s, &(struct journey_limit){.kind = BULLA_SENSOR_TEMPERATURE, .min = -25, .max = -15, .for_minutes = 0, .sensor = "tier3"});
    for (int i = 0; i < 8; i++) {
        struct bulla_observation *o = measure(s, 5 * i, "tier1", BULLA_SENSOR_TEMPERATURE, 5);
        bulla_observation_add_sensor(o, "tier2", BULLA_SENSOR_TEMPERATURE, i < 2 ? 5000 : 1000);
        bulla_observation_add_sensor(o, "tier3", BULLA_SENSOR_TEMPERATURE, i == 5 ? -14000 : -20000);
    }
    scene_expect(s, 40, "temperature@10/2 temperature@25/2");
    assert_non_null(strstr(s->alarms[0].why, "Temperature of tier2 below 2 C"));
    assert_non_null(strstr(s->alarms[1].why, "Temperature of tier3 above -15 C"));
    scene_free(s);
}

static void probes_that_go_outside_together_are_one_alarm(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    limit(s, &cold);
    for (int i = 0; i < 8; i++) {
        struct bulla_observation *o = measure(s, 5 * i, "a", BULLA_SENSOR_TEMPERATURE, i > 5 ? 5 : 9);
        bulla_observation_add_sensor(o, "b", BULLA_SENSOR_TEMPERATURE, i > 6 ? 5000 : 10000);
    }
    scene_expect(s, 40, "temperature@0/2");
    assert_int_equal(s->alarms[0].count, 2);
    assert_int_equal(s->alarms[0].ended_ms, scene_time(35)); /* when the last of them is inside */
    scene_free(s);
}

static void a_door_opened_under_supervision_lets_the_weather_in(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    limit(s, &cold);
    journey_add_permission(s->journey, &(struct permission){.from_ms = scene_time(9), .until_ms = scene_time(12)});
    warm(s, 5, 5);
    for (int i = 10; i < 40; i += 5)
        bulla_observation_add_sensor(scene_open(scene_at(s, i, 0)), "", BULLA_SENSOR_TEMPERATURE, 20000);
    scene_expect(s, 40, "");
    s->journey->n_permissions = 0;
    scene_expect(s, 40, "illegal_opening@10/3 temperature@10/2");
    scene_free(s);
}

/* [WCO-13.6-5] */
static void humidity_pressure_and_voc_have_limits_too(void **state)
{
    (void)state;
    static const struct {
        enum bulla_sensor_kind kind;
        double good, bad, failed;
        const char *want;
    } cases[] = {{BULLA_SENSOR_HUMIDITY, 60, 90, 110, "humidity@10/2"},
                 {BULLA_SENSOR_PRESSURE, 60, 90, -1, "pressure@10/2"},
                 {BULLA_SENSOR_VOC, 60, 90, -1, "voc@10/2"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene *s = scene_new();
        limit(s, &(struct journey_limit){.kind = cases[i].kind, .min = NAN, .max = 70, .for_minutes = 10});
        for (int m = 0; m < 40; m += 5)
            measure(s, m, "", cases[i].kind, m < 10 || m > 25 ? cases[i].good : m == 15 ? cases[i].failed : cases[i].bad);
        scene_expect(s, 40, cases[i].want);
        assert_int_equal(s->alarms[0].ended_ms, scene_time(30));
        s->journey->n_limits = 0;
        scene_expect(s, 40, "");
        scene_free(s);
    }
}

/* --- changes that are too fast, on a labelled series --- */

static double noise(uint64_t *seed)
{
    double sum = 0;
    for (int i = 0; i < 12; i++) {
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sum += (double)(*seed >> 40) / 16777216.0;
    }
    return sum - 6; /* close to normal, variance 1 */
}

struct verdict {
    int events, found, alarms, right;
};

/* A day of a refrigerated container, a value every 5 min: sensor noise, the compressor's cycle, a slow drift with the sun, single
 * values that stray; and in half of the days one event: the cold air fails and it warms by 9 C within 20 min. */
static void one_day(enum bulla_sensor_kind kind, double scale, uint64_t seed, struct verdict *v)
{
    struct scene *s = scene_new();
    const char *name = kind == BULLA_SENSOR_TEMPERATURE ? "temperature" : "humidity";
    limit(s, &(struct journey_limit){.kind = kind, .min = NAN, .max = NAN, .change = 4 * scale, .change_minutes = 30});
    s->journey->silence_minutes = -1;
    bool event = seed % 2;
    double at = 300 + (double)(seed % 97) * 8;
    uint64_t dice = seed * 77777 + 5;
    for (int m = 0; m < 1440; m += 5) {
        double value = 5 + 0.6 * sin(m / 14.0) + 2 * sin(m / 460.0) + 0.25 * noise(&dice);
        if (event && m >= at)
            value += m - at < 20 ? 9 * (m - at) / 20 : m - at < 120 ? 9 : fmax(0, 9 - (m - at - 120) / 40);
        if (dice % 293 == 0)
            value += 12; /* strays */
        measure(s, m, "", kind, 40 + value * scale);
    }
    scene_run(s, 1440);
    v->events += event;
    bool found = false;
    for (size_t i = 0; i < s->n_alarms; i++) {
        double onset = (double)(s->alarms[i].onset_ms - SCENE_START) / 60000;
        bool right = event && strcmp(alarm_kind_text(s->alarms[i].kind), name) == 0 && onset >= at && onset <= at + 40;
        v->alarms++;
        v->right += right;
        found |= right;
    }
    v->found += found;
    scene_free(s);
}

/* [WCO-3.1-15] Rate of change on a labelled series, with its precision and recall. */
static void a_sudden_change_is_told(void **state)
{
    (void)state;
    static const struct {
        enum bulla_sensor_kind kind;
        double scale;
    } kinds[] = {{BULLA_SENSOR_TEMPERATURE, 1}, {BULLA_SENSOR_HUMIDITY, 4}};
    for (size_t k = 0; k < 2; k++) {
        struct verdict v = {0};
        for (uint64_t day = 0; day < 200; day++)
            one_day(kinds[k].kind, kinds[k].scale, day, &v);
        print_message("%s, change: %d days with an event of 200, precision %d/%d, recall %d/%d\n", bulla_sensor_text(kinds[k].kind),
                      v.events, v.right, v.alarms, v.found, v.events);
        assert_true(v.right * 100 >= v.alarms * 99);
        assert_true(v.found * 100 >= v.events * 99);
    }
}

static void a_change_names_its_size(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    limit(s, &(struct journey_limit){.kind = BULLA_SENSOR_TEMPERATURE, .min = NAN, .max = NAN, .change = 5, .change_minutes = 30});
    for (int i = 0; i < 20; i++)
        warm(s, 5 * i, i < 6 ? 4 : 10);
    scene_expect(s, 100, "temperature@30/2");
    assert_int_equal(s->alarms[0].raised_ms, scene_time(35)); /* the value after it confirms */
    assert_non_null(strstr(s->alarms[0].why, "rose by 6 C"));
    assert_true(s->alarms[0].ended_ms > scene_time(50));
    scene_free(s);
}

/* --- shock, tilt, light --- */

/* [WCO-13.6-4] */
static void shocks_are_told_with_their_peak(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    measure(s, 11, "x", BULLA_SENSOR_SHOCK, 7.9);
    scene_expect(s, 12, "");
    measure(s, 12, "x", BULLA_SENSOR_SHOCK, 9);
    measure(s, 15, "z", BULLA_SENSOR_SHOCK, -12.5);
    scene_at(s, 39, 12000);
    measure(s, 40, "z", BULLA_SENSOR_SHOCK, 8.5);
    scene_expect(s, 41, "shock@12/1 shock@40/1");
    assert_int_equal(s->alarms[0].count, 2);
    assert_string_equal(s->alarms[0].why, "Measured a shock of 12.5 g at z (limit 8 g)");
    limit(s, &(struct journey_limit){.kind = BULLA_SENSOR_SHOCK, .min = NAN, .max = 10});
    scene_expect(s, 41, "shock@15/1");
    s->journey->limits[0].max = -1;
    scene_expect(s, 41, "");
    scene_free(s);
}

static void the_devices_own_word_counts_on_the_road(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 10000);
    bulla_observation_add_event(&s->observations[5], BULLA_EVENT_IMPACT);
    bulla_observation_add_event(&s->observations[8], BULLA_EVENT_TILT);
    scene_expect(s, m, "shock@5/1 tilt@8/1");
    scene_free(s);
}

static void where_goods_are_handled_it_is_work(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    measure(s, 1, "", BULLA_SENSOR_SHOCK, 20);
    s->journey->zones[0] = (struct zone){ZONE_HANDLING, scene_place(20000, 400, 0)};
    s->journey->points[0] =
        (struct journey_point){.kind = POINT_TRANSHIPMENT, .place = scene_place(25000, 400, 0), .planned_ms = BULLA_TIME_NONE};
    s->journey->n_zones = s->journey->n_points = 1;
    scene_at(s, 2, 0);
    measure(s, 3, "", BULLA_SENSOR_TILT, 40);
    double m = scene_drive(s, 4, 1000, 20000);
    bulla_observation_add_sensor(scene_at(s, m, 20000), "", BULLA_SENSOR_SHOCK, 20000);
    scene_drive(s, m + 1, 21000, 25000);
    bulla_observation_add_sensor(scene_at(s, m + 6, 25000), "", BULLA_SENSOR_TILT, -45000);
    scene_expect(s, m + 7, "shock@1/1"); /* before the first fix nobody knows where it is */
    s->journey->n_zones = s->journey->n_points = 0;
    scene_expect(s, m + 7, "shock@1/1 shock@24/1 tilt@30/1");
    scene_free(s);
}

/* [WCO-13.6-2] */
static void light_in_a_sealed_container_is_grave(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 10000);
    measure(s, m, "", BULLA_SENSOR_LIGHT, 15);
    measure(s, m + 1, "", BULLA_SENSOR_LIGHT, 300);
    scene_expect(s, m + 2, "light@12/3");
    scene_free(s);
    s = scene_new();
    journey_add_permission(s->journey, &(struct permission){.from_ms = scene_time(9), .until_ms = scene_time(12)});
    m = scene_drive(s, 0, 0, 9000);
    bulla_observation_add_sensor(scene_open(scene_at(s, m, 10000)), "", BULLA_SENSOR_LIGHT, 500000);
    bulla_observation_add_event(scene_open(scene_at(s, m + 8, 10000)), BULLA_EVENT_LIGHT);
    scene_expect(s, m + 9, "");
    scene_free(s);
    s = scene_new(); /* nothing is known of the lock */
    measure(s, 1, "", BULLA_SENSOR_LIGHT, 300);
    scene_expect(s, 2, "light@1/1");
    scene_free(s);
}

/* --- power --- */

static void half_an_hour_without_power_is_told(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    measure(s, 1, "", BULLA_SENSOR_POWER, 1);
    measure(s, 5, "", BULLA_SENSOR_POWER, 0);
    measure(s, 20, "", BULLA_SENSOR_POWER, 0);
    scene_expect(s, 35, "");
    scene_expect(s, 36, "power_failure@5/2"); /* also when nothing is heard any more */
    measure(s, 60, "", BULLA_SENSOR_POWER, 1);
    scene_expect(s, 61, "power_failure@5/2");
    assert_int_equal(s->alarms[0].ended_ms, scene_time(60));
    measure(s, 30, "", BULLA_SENSOR_POWER, 1)->received_ms = scene_time(70); /* late: it was back in between */
    scene_expect(s, 71, "");
    assert_int_equal(s->withdrawn, 1);
    scene_free(s);
}

static void the_event_of_a_power_cut_lasts_or_comes_once(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    bulla_observation_add_event(scene_at(s, 5, 0), BULLA_EVENT_POWER_CUT);
    for (int i = 10; i < 60; i += 10)
        scene_at(s, i, 0);
    scene_expect(s, 60, "power_failure@5/2");
    scene_free(s);
    s = scene_new();
    for (int i = 5; i < 60; i += 5) /* lasts, and is gone after 20 min */
        scene_at(s, i, 0)->events = i <= 25 ? BULLA_EVENT_BIT(BULLA_EVENT_POWER_CUT) : 0;
    scene_expect(s, 60, "");
    scene_free(s);
}

SCENE_TESTS(cmocka_unit_test(too_warm_for_too_long_is_told_from_the_first_value), cmocka_unit_test(a_value_at_the_limit_does_not_flap),
            cmocka_unit_test(a_failed_sensor_is_no_heat), cmocka_unit_test(each_probe_has_its_own_limits),
            cmocka_unit_test(probes_that_go_outside_together_are_one_alarm),
            cmocka_unit_test(a_door_opened_under_supervision_lets_the_weather_in),
            cmocka_unit_test(humidity_pressure_and_voc_have_limits_too), cmocka_unit_test(a_sudden_change_is_told),
            cmocka_unit_test(a_change_names_its_size), cmocka_unit_test(shocks_are_told_with_their_peak),
            cmocka_unit_test(the_devices_own_word_counts_on_the_road), cmocka_unit_test(where_goods_are_handled_it_is_work),
            cmocka_unit_test(light_in_a_sealed_container_is_grave), cmocka_unit_test(half_an_hour_without_power_is_told),
            cmocka_unit_test(the_event_of_a_power_cut_lasts_or_comes_once))
