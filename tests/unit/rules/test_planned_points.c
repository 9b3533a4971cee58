/* SPDX-License-Identifier: Apache-2.0
 *
 * schedule_deviation, overlanded, and the progress along a route that they and the API share.
 */
#include "platform/rules/progress.h"
#include "platform/rules/ruling.h"
#include "tests/unit/rules/scene.h"

static struct journey_point *point(struct scene *s, enum point_kind kind, double at_m, double minute, int32_t tolerance)
{
    struct journey_point *p = &s->journey->points[s->journey->n_points++];
    *p = (struct journey_point){kind, scene_place(at_m, 300, 0), minute < 0 ? BULLA_TIME_NONE : scene_time(minute), tolerance};
    snprintf(p->place.name, sizeof p->place.name, "P%.0f", at_m / 1000);
    return p;
}

static void in_time_is_quiet(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    point(s, POINT_PASS, 20000, 25, 10);
    point(s, POINT_PASS, 40000, 40, 10);
    point(s, POINT_PASS, 50000, -1, 0);
    point(s, POINT_DISCHARGE, 60000, 55, 10);
    double m = scene_drive(s, 0, 0, 60000);
    scene_expect(s, m + 300, "signal_lost@300/2");
    scene_free(s);
}

/* [WCO-3.1-13] A milestone missed by more than its tolerance is one alarm. */
static void a_delay_is_one_alarm(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->stay_minutes = -1;
    point(s, POINT_PASS, 20000, 20, 10);
    point(s, POINT_PASS, 40000, 40, 10);
    point(s, POINT_PASS, 50000, 50, 70);
    double m = scene_drive(s, 0, 0, 15000);
    m = scene_stand(s, m, 15500, 60);
    m = scene_drive(s, m, 16000, 60000);
    scene_expect(s, 31, "schedule_deviation@30/1"); /* by the clock */
    scene_expect(s, m + 5, "schedule_deviation@30/1");
    assert_int_equal(s->raised, 1);
    assert_true(s->alarms[0].count >= 3);
    assert_non_null(strstr(s->alarms[0].why, "P40 was passed at"));
    assert_true(s->alarms[0].ended_ms != BULLA_TIME_NONE); /* the third is in time */
    s->journey->points[2].tolerance_minutes = 10;
    scene_expect(s, m + 5, "schedule_deviation@30/1");
    assert_true(s->alarms[0].ended_ms >= scene_time(m - 11));
    scene_free(s);
}

static void what_will_be_late_is_told_before(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    point(s, POINT_PASS, 59000, 40, 10);
    for (int i = 0; i < 45; i++) /* half as fast as it should be */
        scene_at(s, i, i * 700);
    scene_expect(s, 25, "schedule_deviation@8/1");
    assert_true(s->alarms[0].raised_ms <= scene_time(13));
    assert_non_null(strstr(s->alarms[0].why, "P59 is expected at 2026-01-01T09:2"));
    scene_free(s);
}

static void a_short_stop_is_no_forecast(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    point(s, POINT_PASS, 59000, 75, 10);
    double m = scene_drive(s, 0, 0, 10000);
    m = scene_stand(s, m, 10000, 8);
    scene_drive(s, m, 11000, 60000);
    scene_expect(s, 80, "");
    scene_free(s);
}

static void too_early_counts_when_it_is_so(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    point(s, POINT_PASS, 30000, 120, 60);
    point(s, POINT_PASS, 55000, 60, 60);
    double m = scene_drive(s, 0, 0, 29000);
    scene_expect(s, m, "");
    m = scene_drive(s, m, 30000, 60000);
    scene_expect(s, m, "schedule_deviation@30/1");
    assert_non_null(strstr(s->alarms[0].why, "1 h 30 min before its time"));
    assert_true(s->alarms[0].ended_ms != BULLA_TIME_NONE);
    scene_free(s);
}

static void what_happened_unheard_accuses_nobody(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    point(s, POINT_PASS, 30000, 32, 10);
    scene_drive(s, 0, 0, 20000);
    scene_expect(s, 59, "schedule_deviation@42/1");
    scene_at(s, 60, 45000);
    scene_expect(s, 61, ""); /* between 20 and 60: it may have been in time */
    assert_int_equal(s->withdrawn, 1);
    scene_at(s, 30, 29800)->received_ms = scene_time(70);
    scene_expect(s, 71, "");
    scene_free(s);
}

/* --- overlanded --- */

static struct bulla_observation *discharged(struct scene *s, double minute, const char *about)
{
    struct bulla_observation *o = scene_message(s, minute);
    o->has |= BULLA_HAS_NOTE;
    memset(&o->note, 0, sizeof o->note);
    strcpy(o->note.by, "crane-7");
    strcpy(o->note.about, about);
    bulla_observation_add_event(o, BULLA_EVENT_DISCHARGED);
    return o;
}

/* [WCO-3.1-16] Discharged where it was not manifested: the alarm names the port that was expected. */
static void a_discharge_elsewhere_names_where_it_was_expected(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    point(s, POINT_DISCHARGE, 40000, -1, 0);
    strcpy(s->journey->points[0].place.name, "Rotterdam");
    strcpy(s->journey->points[0].place.station, "NLRTM");
    scene_drive(s, 0, 0, 15000);
    discharged(s, 20, "DEHAM");
    scene_expect(s, 21, "overlanded@20/2");
    assert_string_equal(s->alarms[0].why, "Discharged at DEHAM, which is not in its plan; expected: Rotterdam");
    discharged(s, 30, "NLRTM");
    scene_expect(s, 31, "overlanded@20/2");
    assert_int_equal(s->alarms[0].ended_ms, scene_time(30));
    point(s, POINT_TRANSHIPMENT, 10000, -1, 0); /* the plan was changed before */
    strcpy(s->journey->points[1].place.station, "DEHAM");
    scene_expect(s, 31, "");
    scene_free(s);
}

static void a_discharge_is_where_it_is_said_or_where_the_vehicle_is(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    point(s, POINT_DISCHARGE, 40000, -1, 0);
    scene_drive(s, 0, 0, 15000);
    discharged(s, 15.5, "");
    scene_expect(s, 16, "overlanded@15.5/2");
    assert_non_null(strstr(s->alarms[0].why, "expected: P40"));
    s->n--;
    discharged(s, 60, ""); /* by then it may be anywhere */
    scene_expect(s, 61, "");
    s->n--;
    bulla_observation_add_event(scene_at(s, 30, 40000), BULLA_EVENT_DISCHARGED);
    scene_expect(s, 31, "");
    bulla_observation_add_event(scene_at(s, 55, 60000), BULLA_EVENT_DISCHARGED); /* the destination is always in the plan */
    scene_expect(s, 56, "");
    bulla_observation_add_event(scene_at(s, 60, 55000), BULLA_EVENT_DISCHARGED);
    scene_expect(s, 61, "overlanded@60/2");
    scene_free(s);
}

/* --- progress --- */

static struct shelf *shelf;
static struct ruling *ruling;

static struct fix fix_at(double minute, double at_m, double north_m)
{
    struct fix f = {
        .at_ms = scene_time(minute), .lat = SCENE_LAT + north_m / SCENE_LAT_M, .lon = SCENE_LON + at_m / SCENE_LON_M, .accuracy_m = 10};
    f.origin = at_m < 790 ? SURELY_INSIDE : SURELY_OUTSIDE;
    f.destination = at_m > 59210 ? SURELY_INSIDE : SURELY_OUTSIDE;
    return f;
}

/* [WCO-3.1-9] How wrong the estimate is half way, on trips with stops that nobody knows of before. */
static void half_way_the_estimate_is_near(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct plan *plan = plan_new(s->journey, shelf, ruling);
    double worst = 0, sum = 0;
    for (int trip = 0; trip < 60; trip++) {
        struct progress p = {0};
        double speed = 500 + 10 * trip, minute = 0, at_m = 0, eta = NAN;
        for (; at_m < 60000; minute += 0.5) {
            struct fix f = fix_at(minute, at_m, 30 * sin(minute));
            progress_step(&p, plan, &f, NULL);
            if (isnan(eta) && at_m >= 30000)
                eta = (double)(progress_eta(&p, plan->length_m, 0) - SCENE_START) / 60000;
            bool rests = fmod(minute, 20) < trip % 7; /* up to six minutes of every twenty */
            at_m += rests ? 0 : speed * (0.9 + 0.2 * sin(minute / 3)) / 2;
        }
        double error = fabs(eta - minute) / (minute / 2);
        worst = fmax(worst, error);
        sum += error;
    }
    print_message("time left, half way: wrong by %.1f %% on average, %.1f %% at worst\n", 100 * sum / 60, 100 * worst);
    assert_true(sum / 60 < 0.10);
    assert_true(worst < 0.30);
    plan_free(plan);
    scene_free(s);
}

/* [WCO-3.1-10] */
static void transit_is_from_leaving_to_arriving(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct plan *plan = plan_new(s->journey, shelf, ruling);
    struct progress p = {0};
    for (int i = 0; i <= 70; i++) {
        struct fix f = fix_at(i, i < 5 ? 100 : (i - 5) * 1000, 0);
        if (i <= 65)
            progress_step(&p, plan, &f, NULL);
    }
    assert_true(p.departed && p.arrived);
    assert_int_equal(p.departed_ms, scene_time(6));
    assert_int_equal(p.arrived_ms, scene_time(65));
    plan_free(plan);
    scene_free(s);
}

static void a_route_that_doubles_itself_is_followed(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double lat[121], lon[121];
    for (int i = 0; i <= 120; i++) { /* 60 km out, and back on the same road */
        lat[i] = SCENE_LAT;
        lon[i] = SCENE_LON + (i <= 60 ? i : 120 - i) * 1000 / SCENE_LON_M;
    }
    assert_true(journey_set_route(s->journey, lat, lon, 121, 500));
    point(s, POINT_PASS, 20000, -1, 0);
    point(s, POINT_PASS, 59000, -1, 0);
    point(s, POINT_PASS, 20000, -1, 0); /* on the way back */
    struct plan *plan = plan_new(s->journey, shelf, ruling);
    assert_true(fabs(plan->point_along[0] - 20000) < 50);
    assert_true(fabs(plan->point_along[2] - 100000) < 200);
    struct progress p = {0};
    struct progress_pass passes[3] = {0};
    for (int i = 0; i <= 110; i++) {
        struct fix f = fix_at(i, i <= 60 ? i * 1000 : (120 - i) * 1000, 400); /* beside the points: they are passed along the way */
        progress_step(&p, plan, &f, passes);
        assert_true(fabs(p.along_m - i * 1000) < 300);
    }
    assert_true(llabs(passes[0].at_ms - scene_time(20)) < 30000);
    assert_true(llabs(passes[2].at_ms - scene_time(100)) < 30000);
    plan_free(plan);
    scene_free(s);
}

static void off_the_route_nothing_is_promised(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct plan *plan = plan_new(s->journey, shelf, ruling);
    struct progress p = {0};
    struct fix f;
    for (int i = 0; i <= 30; i++) {
        f = fix_at(i, i * 1000, 0);
        progress_step(&p, plan, &f, NULL);
    }
    assert_true(progress_eta(&p, plan->length_m, 0) != BULLA_TIME_NONE);
    for (int i = 31; i <= 34; i++) {
        f = fix_at(i, 30000, (i - 30) * 1000);
        progress_step(&p, plan, &f, NULL);
    }
    assert_int_equal(progress_eta(&p, plan->length_m, 0), BULLA_TIME_NONE);
    for (int i = 35; i <= 36; i++) { /* and back on it, somewhere else */
        f = fix_at(i, i * 1000, 0);
        progress_step(&p, plan, &f, NULL);
    }
    assert_true(fabs(p.along_m - 36000) < 100);
    plan_free(plan);
    scene_free(s);
}

static int make_shelf(void **state)
{
    (void)state;
    return (shelf = shelf_new()) && (ruling = ruling_new(NULL, 0)) ? 0 : -1;
}

static int drop_shelf(void **state)
{
    (void)state;
    shelf_free(shelf);
    ruling_free(ruling);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_time_is_quiet),
        cmocka_unit_test(a_delay_is_one_alarm),
        cmocka_unit_test(what_will_be_late_is_told_before),
        cmocka_unit_test(a_short_stop_is_no_forecast),
        cmocka_unit_test(too_early_counts_when_it_is_so),
        cmocka_unit_test(what_happened_unheard_accuses_nobody),
        cmocka_unit_test(a_discharge_elsewhere_names_where_it_was_expected),
        cmocka_unit_test(a_discharge_is_where_it_is_said_or_where_the_vehicle_is),
        cmocka_unit_test(half_way_the_estimate_is_near),
        cmocka_unit_test(transit_is_from_leaving_to_arriving),
        cmocka_unit_test(a_route_that_doubles_itself_is_followed),
        cmocka_unit_test(off_the_route_nothing_is_promised),
    };
    return cmocka_run_group_tests(tests, make_shelf, drop_shelf);
}
