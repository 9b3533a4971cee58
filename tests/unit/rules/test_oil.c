/* SPDX-License-Identifier: Apache-2.0
 *
 * abnormal_oil_volume, on a labelled series: tank lorries on a road of 60 km and back at rest, with waves, braking, heat,
 * slopes, a sensor that drops out, refuelling where it is allowed, and thefts of 3 to 15 % while standing or driving.
 */
#include "tests/unit/rules/scene.h"

#define FULL_L 30000.0

struct dice {
    uint64_t state;
};

static double uniform(struct dice *d)
{
    d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(d->state >> 11) / 9007199254740992.0;
}

struct theft {
    double from, minutes, litres;
};

/* What the sensor says of so much oil at 15 C. */
static struct bulla_observation *level(struct bulla_observation *o, struct dice *d, double litres, double celsius, double waves)
{
    double shown = litres * (1 + 0.00084 * (celsius - 15)) * (1 + waves * sin(6.2831853 * uniform(d))) + 15 * (uniform(d) - 0.5);
    bulla_observation_add_sensor(o, "", BULLA_SENSOR_OIL, (int32_t)lround(shown * 1000));
    bulla_observation_add_sensor(o, "", BULLA_SENSOR_TEMPERATURE, (int32_t)lround((celsius + 0.4 * (uniform(d) - 0.5)) * 1000));
    return o;
}

static double left(const struct theft *t, double minute, double litres)
{
    double share = t->litres > 0 ? fmin(1, fmax(0, (minute - t->from) / t->minutes)) : 0;
    return litres - share * t->litres;
}

/* One trip: 14 min out of the origin, a rest of 90 min on a slope or not, on the road again, slowly. */
static void trip(struct scene *s, struct dice *d, const struct theft *t)
{
    bool slope = uniform(d) < 0.3;
    double at_m = 0, heat = 10 + 20 * uniform(d), litres = FULL_L * (0.4 + 0.6 * uniform(d));
    s->journey->stay_minutes = -1;
    for (double m = 0; m < 260; m += 0.75) {
        bool rests = m >= 20 && m < 110;
        if (!rests)
            at_m = fmin(at_m + 250, 56000);
        double celsius = heat + 10 * sin(m / 260 * 3.14159);
        struct bulla_observation *o = scene_at(s, m, at_m);
        level(o, d, left(t, m, litres), celsius, rests ? 0.001 : 0.03);
        if (rests && slope && m < 60) { /* stands askew for a while */
            o->sensors[0].milli = (int32_t)(o->sensors[0].milli * 0.95);
            bulla_observation_add_sensor(o, "", BULLA_SENSOR_TILT, 4500);
        }
        if (!rests && uniform(d) < 0.05) { /* brakes: the oil runs to the front */
            o->sensors[0].milli = (int32_t)(o->sensors[0].milli * 0.9);
            bulla_observation_add_sensor(o, "", BULLA_SENSOR_ACCELERATION, 400);
        }
        if (uniform(d) < 0.01)
            o->sensors[0].milli = uniform(d) < 0.5 ? 0 : o->sensors[0].milli / 2; /* drops out */
    }
}

/* [WCO-7.1-A6] Labelled series, precision and recall. */
static void thefts_are_found_and_nothing_else(void **state)
{
    (void)state;
    int events = 0, found = 0, alarms = 0, right = 0;
    for (uint64_t k = 0; k < 400; k++) {
        struct scene *s = scene_new();
        struct dice d = {k * 15485863 + 5};
        struct theft t = {0};
        if (k % 2) {
            bool standing = k % 4 == 1;
            t.from = standing ? 62 + 20 * uniform(&d) : 125 + 60 * uniform(&d);
            t.minutes = 5 + 20 * uniform(&d);
            t.litres = FULL_L * (standing ? 0.03 + 0.07 * uniform(&d) : 0.05 + 0.1 * uniform(&d));
        }
        trip(s, &d, &t);
        scene_run(s, 260);
        bool hit = false;
        for (size_t i = 0; i < s->n_alarms; i++) {
            double onset = (double)(s->alarms[i].onset_ms - SCENE_START) / 60000;
            bool good =
                t.litres > 0 && s->alarms[i].kind == ALARM_ABNORMAL_OIL_VOLUME && onset >= t.from - 10 && onset <= t.from + t.minutes + 10;
            alarms++;
            right += good;
            hit |= good;
            if (!good)
                print_message("trip %d: %s at %.1f: %s\n", (int)k, alarm_kind_text(s->alarms[i].kind), onset, s->alarms[i].why);
        }
        if (t.litres > 0 && !hit)
            print_message("trip %d: missed %.0f L in %.0f min from %.0f\n", (int)k, t.litres, t.minutes, t.from);
        events += t.litres > 0;
        found += hit;
        scene_free(s);
    }
    print_message("400 trips, %d thefts: precision %d/%d, recall %d/%d\n", events, right, alarms, found, events);
    assert_true(right * 100 >= alarms * 99);
    assert_true(found * 100 >= events * 98);
}

/* A tank that stands still, from minute 20 on at 20 km: `after` litres from minute 60 on. */
static struct scene *still(double after, double celsius_after)
{
    struct scene *s = scene_new();
    struct dice d = {1};
    s->journey->stay_minutes = -1;
    scene_drive(s, 0, 0, 19000);
    for (double m = 20; m < 120; m += 1)
        level(scene_at(s, m, 20000), &d, m < 60 ? 20000 : after, m < 60 ? 15 : celsius_after, 0);
    return s;
}

static void the_alarm_says_how_much(void **state)
{
    (void)state;
    struct scene *s = still(19000, 15);
    scene_expect(s, 130, "abnormal_oil_volume@60/3");
    assert_non_null(strstr(s->alarms[0].why, "The tank fell by 1002 L (5.0 %) to 19000 L"));
    assert_true(s->alarms[0].ended_ms != BULLA_TIME_NONE);
    assert_int_equal(s->raised, 1);
    scene_free(s);
    s = still(19700, 15); /* 1.5 % */
    scene_expect(s, 130, "");
    scene_free(s);
    s = still(21000, 15);
    scene_expect(s, 130, "");
    scene_free(s);
}

static void what_cools_shrinks(void **state)
{
    (void)state;
    struct scene *s = still(20000, -25); /* 3.4 % less is shown */
    scene_expect(s, 130, "");
    for (size_t i = 0; i < s->n; i++) /* without a temperature it cannot be told from a theft */
        s->observations[i].n_sensors = s->observations[i].n_sensors ? 1 : 0;
    scene_expect(s, 130, "abnormal_oil_volume@60/3");
    scene_free(s);
}

static void a_probe_that_fails_or_hangs_in_the_air_is_not_asked(void **state)
{
    (void)state;
    struct scene *s = still(20000, 15);
    for (size_t i = 60; i < s->n; i++) {
        if (i % 5 == 0)
            s->observations[i].sensors[1].milli = i % 2 ? -127000 : 85000;
        bulla_observation_add_sensor(&s->observations[i], "door", BULLA_SENSOR_TEMPERATURE, -40000);
    }
    scene_expect(s, 130, "");
    scene_free(s);
}

static void it_may_be_emptied_where_that_is_its_work(void **state)
{
    (void)state;
    static const enum zone_duty duties[] = {ZONE_REFUELLING, ZONE_HANDLING, ZONE_STOP};
    for (size_t i = 0; i < 3; i++) {
        struct scene *s = still(12000, 15);
        s->journey->zones[0] = (struct zone){duties[i], scene_place(20000, 500, 0)};
        s->journey->n_zones = 1;
        scene_expect(s, 130, i < 2 ? "" : "abnormal_oil_volume@60/3");
        scene_free(s);
    }
    struct scene *s = still(12000, 15);
    journey_add_permission(s->journey, &(struct permission){.from_ms = scene_time(50), .until_ms = scene_time(70)});
    for (size_t i = 0; i < s->n; i++)
        if (s->observations[i].time_ms >= scene_time(58) && s->observations[i].time_ms < scene_time(75))
            scene_open(&s->observations[i]);
    scene_expect(s, 130, "");
    s->journey->n_permissions = 0;
    scene_expect(s, 130, "illegal_opening@58/3 abnormal_oil_volume@60/3");
    scene_free(s);
}

static void an_engine_burns_what_it_drives(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct dice d = {3};
    for (double m = 0; m < 58; m += 1) /* a tank of 300 L, 35 L an hour: a tenth of it within the hour */
        level(scene_at(s, m, m * 1000), &d, 300 - 35 * m / 60, 15, 0);
    scene_expect(s, 60, "");
    scene_free(s);
}

static void two_tanks_are_two(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->limits[0] = (struct journey_limit){.kind = BULLA_SENSOR_OIL, .min = NAN, .max = NAN};
    s->journey->n_limits = 1;
    s->journey->stay_minutes = -1;
    scene_drive(s, 0, 0, 19000);
    for (double m = 20; m < 120; m += 1) {
        struct bulla_observation *o = scene_at(s, m, 20000);
        bulla_observation_add_sensor(o, "front", BULLA_SENSOR_OIL, 10000000);
        bulla_observation_add_sensor(o, "rear", BULLA_SENSOR_OIL, m < 60 ? 8000000 : 7000000);
    }
    scene_expect(s, 130, "abnormal_oil_volume@60/3");
    assert_non_null(strstr(s->alarms[0].why, "Tank rear fell by 1000 L"));
    scene_free(s);
}

SCENE_TESTS(cmocka_unit_test(thefts_are_found_and_nothing_else), cmocka_unit_test(the_alarm_says_how_much),
            cmocka_unit_test(what_cools_shrinks), cmocka_unit_test(a_probe_that_fails_or_hangs_in_the_air_is_not_asked),
            cmocka_unit_test(it_may_be_emptied_where_that_is_its_work), cmocka_unit_test(an_engine_burns_what_it_drives),
            cmocka_unit_test(two_tanks_are_two))
