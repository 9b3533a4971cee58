/* SPDX-License-Identifier: Apache-2.0
 *
 * Zones with duties, legs by other means and profiles: what they make silent, and what they forbid.
 */
#include "tests/unit/rules/scene.h"

static struct zone *zone(struct scene *s, enum zone_duty duty, double at_m, double radius_m, int32_t minutes)
{
    struct zone *z = &s->journey->zones[s->journey->n_zones++];
    *z = (struct zone){duty, scene_place(at_m, radius_m, minutes)};
    snprintf(z->place.name, sizeof z->place.name, "Z%d", (int)duty);
    return z;
}

/* Drives to 20 km, stands there for half an hour, drives on. */
static double stop_at_20(struct scene *s)
{
    double m = scene_drive(s, 0, 0, 19000);
    m = scene_stand(s, m, 20000, 30);
    return scene_drive(s, m, 21000, 25000);
}

static void standing_is_allowed_in_stops_queues_and_where_one_works(void **state)
{
    (void)state;
    static const enum zone_duty quiet[] = {ZONE_STOP, ZONE_QUEUE, ZONE_HANDLING, ZONE_REFUELLING, ZONE_SEA_LEG};
    static const enum zone_duty loud[] = {ZONE_DEAD, ZONE_SHADOW, ZONE_MONITORED, ZONE_APPROACH};
    for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++) {
        struct scene *s = scene_new();
        zone(s, quiet[i], 20000, 400, 0);
        double m = stop_at_20(s);
        scene_expect(s, m, "");
        scene_free(s);
    }
    for (size_t i = 0; i < sizeof loud / sizeof *loud; i++) {
        struct scene *s = scene_new();
        zone(s, loud[i], 20000, 400, 0);
        double m = stop_at_20(s);
        scene_expect(s, m, "illegal_stay@20/2");
        scene_free(s);
    }
}

static void a_zone_to_stand_in_may_have_its_limit(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    zone(s, ZONE_QUEUE, 20000, 400, 15);
    double m = stop_at_20(s);
    scene_expect(s, m, "overtime_stay@35/1");
    assert_non_null(strstr(s->alarms[0].why, "Z2"));
    zone(s, ZONE_REFUELLING, 20000, 400, 60); /* the kinder of two */
    scene_expect(s, m, "");
    scene_free(s);
}

static void in_a_border_strip_one_may_not_stand_for_long(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    zone(s, ZONE_BORDER_STRIP, 20000, 1000, 0);
    double m = scene_drive(s, 0, 0, 19000);
    m = scene_stand(s, m, 20000, 8);
    scene_drive(s, m, 21000, 25000);
    scene_expect(s, m + 5, "illegal_stay@20/2");
    assert_non_null(strstr(s->alarms[0].why, "limit 5 min"));
    assert_non_null(strstr(s->alarms[0].why, "border strip Z3"));
    s->journey->zones[0].place.max_minutes = 12;
    scene_expect(s, m + 5, "");
    s->journey->zones[0].place.max_minutes = 0;
    zone(s, ZONE_STOP, 20000, 300, 0); /* the post in the strip */
    scene_expect(s, m + 5, "");
    scene_free(s);
}

static void an_approach_leaves_the_corridor(void **state)
{
    (void)state;
    static const enum zone_duty quiet[] = {ZONE_APPROACH, ZONE_STOP, ZONE_REFUELLING};
    for (size_t k = 0; k < 4; k++) {
        struct scene *s = scene_new();
        if (k < 3)
            zone(s, quiet[k], 20000, 2500, 0);
        double m = scene_drive(s, 0, 0, 19000);
        for (int i = 0; i < 6; i++)
            scene_aside(s, m + i, 20000, 900 + 100 * i);
        scene_drive(s, m + 8, 21000, 24000);
        scene_expect(s, m + 12, k < 3 ? "" : "route_deviation@20/2");
        scene_free(s);
    }
}

static void a_forbidden_zone_is_off_every_route(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    zone(s, ZONE_FORBIDDEN, 20000, 1500, 0);
    scene_drive(s, 0, 0, 25000);
    scene_expect(s, 30, "route_deviation@19/2");
    assert_string_equal(s->alarms[0].why, "Entered a forbidden zone: Z9");
    assert_string_equal(s->alarms[0].evidence[0], "o19");
    assert_int_equal(s->alarms[0].ended_ms, scene_time(22));
    s->observations[20].has &= ~(uint32_t)BULLA_HAS_ACCURACY; /* one sure fix may be a stray one */
    s->observations[21].has &= ~(uint32_t)BULLA_HAS_FIX;
    bulla_observation_add_event(&s->observations[20], BULLA_EVENT_POSITION_CELL);
    scene_expect(s, 30, "");
    scene_free(s);
    s = scene_new(); /* off its route in the zone: one alarm that names it */
    zone(s, ZONE_FORBIDDEN, 20000, 3000, 0)->place.lat += 3500 / SCENE_LAT_M;
    scene_drive(s, 0, 0, 19000);
    for (int i = 0; i < 45; i++)
        scene_aside(s, 20 + i, 20000, i < 40 ? 2200 : 0);
    s->journey->stay_minutes = -1;
    scene_expect(s, 70, "route_deviation@20/3");
    assert_non_null(strstr(s->alarms[0].why, "forbidden"));
    scene_free(s);
}

static void silence_is_expected_in_dead_zones_and_at_sea(void **state)
{
    (void)state;
    static const enum zone_duty quiet[] = {ZONE_DEAD, ZONE_SEA_LEG, ZONE_SHADOW};
    for (size_t i = 0; i < 3; i++) {
        struct scene *s = scene_new();
        zone(s, quiet[i], 20000, 1500, 600);
        scene_drive(s, 0, 0, 20000);
        scene_expect(s, 20 + 599, i < 2 ? "" : "signal_lost@260/2");
        scene_expect(s, 20 + 601, i < 2 ? "signal_lost@620/2" : "signal_lost@260/2");
        s->journey->zones[0].place.max_minutes = 0;
        scene_expect(s, 5000, i < 2 ? "" : "signal_lost@260/2");
        scene_free(s);
    }
}

static void a_leg_by_rail_or_sea_has_its_own_way_and_stops(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        struct scene *s = scene_new();
        s->journey->mode = JOURNEY_MODE_MULTIMODAL;
        s->journey->legs[0] =
            (struct journey_leg){.mode = (enum journey_mode[]){JOURNEY_MODE_RAIL, JOURNEY_MODE_VESSEL, JOURNEY_MODE_ROAD}[k],
                                 .from_ms = scene_time(5),
                                 .until_ms = scene_time(70)};
        s->journey->n_legs = 1;
        scene_drive(s, 0, 0, 19000);
        for (int i = 0; i < 45; i++)
            scene_aside(s, 20 + i, 20000, 2200);
        scene_expect(s, 69, k < 2 ? "" : "route_deviation@20/3 illegal_stay@20/2");
        scene_free(s);
    }
}

static void a_permitted_stop_of_a_zone_is_where_cards_open(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    strcpy(s->journey->credentials[0], "77");
    s->journey->n_credentials = 1;
    zone(s, ZONE_STOP, 20000, 800, 0);
    scene_drive(s, 0, 0, 20000);
    scene_attempt(scene_open(scene_at(s, 21, 20000)), "77", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK);
    scene_expect(s, 22, "");
    s->journey->zones[0].duty = ZONE_QUEUE;
    scene_expect(s, 22, "illegal_opening@21/3");
    scene_free(s);
}

static void shaking_in_a_zone_of_handling_is_work(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct scene *s = scene_new();
        zone(s, k ? ZONE_HANDLING : ZONE_STOP, 20000, 500, 0);
        double m = scene_drive(s, 0, 0, 19000);
        m = scene_stand(s, m, 20000, 14);
        bulla_observation_add_event(scene_at(s, m, 20000), BULLA_EVENT_IMPACT);
        scene_expect(s, m + 1, k ? "" : "tamper@36/2");
        scene_free(s);
    }
}

/* [WCO-13.5-R11] Silence of 4 h 0 min 1 s alarms once, 3 h 59 min does not; what the device's clock says does not matter. */
static void eaeu_is_silent_for_more_than_four_hours(void **state)
{
    (void)state;
    static const struct {
        double gap_s;
        const char *want;
    } cases[] = {{3 * 3600 + 59 * 60, ""}, {4 * 3600, ""}, {4 * 3600 + 2, "signal_lost@250.017/2"}};
    for (size_t i = 0; i < 3; i++) {
        struct scene *s = scene_new();
        strcpy(s->journey->profile, "eaeu");
        s->journey->route.corridor_m = 50000;
        scene_drive(s, 0, 0, 10000);
        scene_at(s, 10 + cases[i].gap_s / 60, 20000);
        scene_expect(s, 300, cases[i].want);
        s->observations[s->n - 1].time_ms += 3600000; /* a clock that was set forward */
        scene_expect(s, 300, cases[i].want);
        s->observations[s->n - 1].time_ms -= INT64_C(400) * 86400000; /* and one that fell back to its beginning */
        scene_expect(s, 300, cases[i].want);
        strcpy(s->journey->profile, "");
        scene_expect(s, 300, i < 2 ? "" : "signal_lost@250/2");
        scene_free(s);
    }
    struct scene *s = scene_new();
    strcpy(s->journey->profile, "eaeu");
    scene_at(s, 0, 0);
    scene_expect(s, 240, "");
    scene_expect(s, 240 + 1 / 60.0, "signal_lost@240.017/2");
    assert_int_equal(s->raised, 1);
    scene_free(s);
}

SCENE_TESTS(cmocka_unit_test(standing_is_allowed_in_stops_queues_and_where_one_works),
            cmocka_unit_test(a_zone_to_stand_in_may_have_its_limit), cmocka_unit_test(in_a_border_strip_one_may_not_stand_for_long),
            cmocka_unit_test(an_approach_leaves_the_corridor), cmocka_unit_test(a_forbidden_zone_is_off_every_route),
            cmocka_unit_test(silence_is_expected_in_dead_zones_and_at_sea),
            cmocka_unit_test(a_leg_by_rail_or_sea_has_its_own_way_and_stops),
            cmocka_unit_test(a_permitted_stop_of_a_zone_is_where_cards_open), cmocka_unit_test(shaking_in_a_zone_of_handling_is_work),
            cmocka_unit_test(eaeu_is_silent_for_more_than_four_hours))
