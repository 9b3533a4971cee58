/* SPDX-License-Identifier: Apache-2.0
 *
 * route_deviation, illegal_stay, overtime_stay, implausible_motion, and the filter of general rules 5 and 6.
 */
#include "tests/unit/rules/scene.h"

/* [WCO-7.1-A1] [WCO-5-1] [WCO-13.5-B3] */
static void a_detour_is_told_once_with_its_first_fix(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 10000);
    for (int i = 0; i < 8; i++)
        scene_aside(s, m + i, 11000 + i * 1000, i < 2 ? 400 : 900);
    scene_drive(s, m + 8, 19000, 25000);
    scene_expect(s, m + 20, "route_deviation@13/2");
    assert_string_equal(s->alarms[0].evidence[0], "o13");
    assert_int_equal(s->alarms[0].ended_ms, scene_time(19));
    assert_non_null(strstr(s->alarms[0].why, "400 m"));
    assert_non_null(strstr(s->alarms[0].why, "500 m corridor"));
    scene_free(s);
}

/* [WCO-7.1-A1] */
static void one_fix_or_two_minutes_too_few_are_none(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    scene_aside(s, 11, 11000, 900);
    scene_at(s, 12, 12000);
    scene_aside(s, 13, 13000, 900);
    scene_aside(s, 14.9, 14000, 900);
    scene_at(s, 15, 14000);
    scene_expect(s, 20, "");
    scene_free(s);
}

/* [WCO-7.1-A1] */
static void a_poor_fix_changes_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    for (int i = 0; i < 6; i++) {
        struct bulla_observation *o = scene_aside(s, 11 + i, 11000 + i * 1000, 1400);
        o->has &= ~(uint32_t)BULLA_HAS_ACCURACY;
        bulla_observation_add_event(o, BULLA_EVENT_POSITION_CELL);
    }
    scene_expect(s, 20, "");
    scene_aside(s, 18, 17000, 900);
    scene_aside(s, 19, 18000, 900)->accuracy_m = 600; /* neither breaks the run nor counts */
    scene_aside(s, 20, 19000, 900);
    scene_expect(s, 21, "route_deviation@18/2");
    scene_free(s);
}

static void an_invalid_fix_has_no_place(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    for (int i = 0; i < 6; i++)
        scene_aside(s, 11 + i, 11000, 5000)->fix_valid = false;
    scene_expect(s, 20, "");
    scene_free(s);
}

static void permitted_places_beside_the_corridor_are_quiet(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->stops[0] = scene_place(20000, 700, 0);
    s->journey->stops[0].lat += 1500 / SCENE_LAT_M;
    double m = scene_drive(s, 0, 0, 19000);
    for (int i = 0; i < 6; i++)
        scene_aside(s, m + i, 20000 + i * 10, 1500);
    scene_drive(s, m + 6, 21000, 24000);
    scene_expect(s, m + 12, "");
    scene_free(s);
}

static void far_or_long_is_graver(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    for (int i = 1; i < 8; i++)
        scene_aside(s, 10 + i, 10000, i * 1000);
    scene_expect(s, 18, "route_deviation@11/3");
    scene_free(s);
    s = scene_new();
    scene_drive(s, 0, 0, 10000);
    for (int i = 0; i <= 33; i++)
        scene_aside(s, 11 + i, 11000 + i * 1000, 1000);
    scene_expect(s, 45, "route_deviation@11/3");
    scene_free(s);
}

/* [WCO-7.1-A2] */
static void standing_too_long_is_told_from_its_start(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 10000);
    m = scene_stand(s, m, 10500, 30);
    scene_drive(s, m, 12000, 16000);
    scene_expect(s, m + 10, "illegal_stay@11/2");
    assert_string_equal(s->alarms[0].evidence[0], "o11");
    assert_true(s->alarms[0].ended_ms != BULLA_TIME_NONE);
    s->journey->stay_minutes = 35;
    scene_expect(s, m + 10, "");
    s->journey->stay_minutes = -1;
    scene_expect(s, m + 10, "");
    scene_free(s);
}

/* [WCO-7.1-A2] */
static void standing_where_it_may_is_quiet(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_stand(s, 0, 0, 60);
    m = scene_drive(s, m, 1000, 30000);
    m = scene_stand(s, m, 30000, 40);
    m = scene_drive(s, m, 31000, 60000);
    m = scene_stand(s, m, 60000, 60);
    scene_expect(s, m, "");
    scene_free(s);
}

static void a_stray_fix_does_not_split_a_stay(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 10000);
    m = scene_stand(s, m, 10500, 30);
    scene_at(s, m, 10850);
    m = scene_stand(s, m + 1, 10500, 30);
    scene_expect(s, m, "illegal_stay@11/2");
    scene_free(s);
}

static void a_gap_is_standing_only_when_both_ends_agree(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    scene_at(s, 50, 15000);
    scene_at(s, 51, 16000);
    scene_expect(s, 52, "");
    scene_at(s, 90, 16020);
    scene_expect(s, 91, "illegal_stay@51/2");
    scene_free(s);
}

/* [WCO-7.1-A2] */
static void slow_traffic_and_coarse_fixes_are_no_stay(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    for (int i = 0; i < 60; i++)
        scene_at(s, 15 + i, 10000 + i * 40); /* 2.4 km/h */
    for (int i = 0; i < 40; i++)
        scene_aside(s, 80 + i, 13000 + i * 60, 0)->accuracy_m = 1500;
    scene_expect(s, 121, "");
    scene_free(s);
}

/* [WCO-7.1-A3] */
static void a_stop_has_its_limit(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 29000);
    m = scene_stand(s, m, 30000, 52);
    scene_expect(s, m, "overtime_stay@75/1");
    s->journey->stops[0].max_minutes = 0;
    scene_expect(s, m, "");
    scene_free(s);
}

static void wild(struct scene *s, double minute, double north_m)
{
    scene_aside(s, minute, 10000, north_m);
}

static void one_wild_fix_is_only_set_aside(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    wild(s, 10.5, 90000);
    scene_drive(s, 11, 11000, 20000);
    scene_expect(s, 25, "");
    scene_free(s);
}

static void three_wild_fixes_are_an_alarm(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    for (int i = 0; i < 3; i++) {
        wild(s, 11 + i * 5, 90000 + i * 40000);
        scene_drive(s, 11.5 + i * 5, 11000, 14000);
    }
    scene_expect(s, 30, "implausible_motion@11/1");
    assert_int_equal(s->alarms[0].n_evidence, 3);
    scene_free(s);
}

static void a_confirmed_jump_is_an_alarm_and_moves_the_vehicle(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    for (int i = 0; i < 4; i++)
        wild(s, 11 + i, 90000 + i * 100);
    scene_expect(s, 20, "route_deviation@11/3 implausible_motion@11/1");
    scene_free(s);
}

static void a_wild_first_fix_is_forgotten(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    wild(s, 0, 90000);
    scene_drive(s, 1, 0, 10000);
    scene_expect(s, 20, "");
    scene_free(s);
}

SCENE_TESTS(cmocka_unit_test(a_detour_is_told_once_with_its_first_fix), cmocka_unit_test(one_fix_or_two_minutes_too_few_are_none),
            cmocka_unit_test(a_poor_fix_changes_nothing), cmocka_unit_test(an_invalid_fix_has_no_place),
            cmocka_unit_test(permitted_places_beside_the_corridor_are_quiet), cmocka_unit_test(far_or_long_is_graver),
            cmocka_unit_test(standing_too_long_is_told_from_its_start), cmocka_unit_test(standing_where_it_may_is_quiet),
            cmocka_unit_test(a_stray_fix_does_not_split_a_stay), cmocka_unit_test(a_gap_is_standing_only_when_both_ends_agree),
            cmocka_unit_test(slow_traffic_and_coarse_fixes_are_no_stay), cmocka_unit_test(a_stop_has_its_limit),
            cmocka_unit_test(one_wild_fix_is_only_set_aside), cmocka_unit_test(three_wild_fixes_are_an_alarm),
            cmocka_unit_test(a_confirmed_jump_is_an_alarm_and_moves_the_vehicle), cmocka_unit_test(a_wild_first_fix_is_forgotten))
