/* SPDX-License-Identifier: Apache-2.0
 *
 * late_departure, journey_timeout, signal_lost: what fires without a message, and what late data make of it.
 */
#include "tests/unit/rules/scene.h"

static void departure_is_late_until_surely_outside(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->depart_by_ms = scene_time(30);
    scene_stand(s, 0, 0, 28);
    scene_at(s, 29, 805)->accuracy_m = 10; /* not sure */
    scene_expect(s, 30, "late_departure@30/1");
    assert_int_equal(s->alarms[0].raised_ms, scene_time(30));
    scene_at(s, 40, 5000);
    scene_expect(s, 41, "late_departure@30/1");
    assert_int_equal(s->alarms[0].ended_ms, scene_time(40));
    scene_free(s);
}

static void departure_in_time_is_quiet(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->depart_by_ms = scene_time(30);
    scene_at(s, 30, 2000); /* the message of that very moment counts */
    scene_expect(s, 31, "");
    s->journey->depart_by_ms = BULLA_TIME_NONE;
    scene_expect(s, 31, "");
    scene_free(s);
}

/* [WCO-7.1-A5] */
static void timeout_at_the_time_of_arrival(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->arrive_by_ms = scene_time(60);
    scene_drive(s, 0, 0, 40000);
    scene_expect(s, 59, "");
    scene_expect(s, 60, "journey_timeout@60/2");
    s->journey->arrived_at_ms = scene_time(55);
    scene_expect(s, 60, "");
    s->journey->arrived_at_ms = scene_time(70);
    scene_expect(s, 90, "journey_timeout@60/2");
    scene_free(s);
}

static void late_data_that_show_the_arrival_withdraw_the_timeout(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->arrive_by_ms = scene_time(60);
    scene_drive(s, 0, 0, 40000);
    struct bulla_observation *o = scene_at(s, 58, 60000);
    o->received_ms = scene_time(90);
    o->stored = true;
    scene_expect(s, 100, "");
    assert_int_equal(s->raised, 1);
    assert_int_equal(s->withdrawn, 1);
    scene_free(s);
}

/* [WCO-13.5-R11] [WCO-13.5-R19] */
static void silence_is_an_event(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_expect(s, 239, "");
    scene_expect(s, 240, "signal_lost@240/2"); /* never heard at all */
    scene_drive(s, 0, 0, 10000);
    scene_expect(s, 249, "");
    scene_expect(s, 1000, "signal_lost@250/2");
    scene_at(s, 400, 20000);
    scene_expect(s, 500, "signal_lost@250/2");
    assert_int_equal(s->alarms[0].ended_ms, scene_time(400));
    scene_expect(s, 1000, "signal_lost@250/2 signal_lost@640/2");
    s->journey->silence_minutes = 30;
    scene_expect(s, 60, "signal_lost@40/2");
    s->journey->silence_minutes = -1;
    scene_expect(s, 1000, "");
    scene_free(s);
}

static void keep(struct scene *s, double from, double until)
{
    for (double m = from; m < until; m += 10) {
        struct bulla_observation *o = scene_at(s, m, 10000 + m * 100);
        o->stored = true;
        o->received_ms = scene_time(until);
    }
}

/* [WCO-13.5-R19] */
static void stored_data_explain_the_gap(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    keep(s, 20, 300);
    scene_at(s, 300, 40000);
    scene_expect(s, 310, "");
    assert_int_equal(s->withdrawn, 1);
    scene_free(s);
}

static void stored_data_that_leave_a_gap_leave_the_alarm_as_it_was(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    keep(s, 20, 50);
    for (size_t i = 11; i < s->n; i++)
        s->observations[i].received_ms = scene_time(300);
    scene_expect(s, 310, "signal_lost@250/2");
    assert_int_equal(s->raised, 1);
    assert_int_equal(s->withdrawn, 0);
    scene_free(s);
}

static void stored_data_that_bring_an_alarm_do_not(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    keep(s, 20, 300);
    scene_open(&s->observations[20]);
    scene_at(s, 300, 40000);
    scene_expect(s, 310, "illegal_opening@110/3 signal_lost@250/2");
    scene_free(s);
}

/* [WCO-13.5-R19] */
static void an_announced_dead_zone_is_quiet_until_its_due_time(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->dead_zones[0] = scene_place(10000, 2000, 0);
    s->journey->n_dead_zones = 1;
    scene_drive(s, 0, 0, 10000);
    scene_expect(s, 2000, "");
    s->journey->dead_zones[0].max_minutes = 500;
    scene_expect(s, 2000, "signal_lost@510/2");
    s->journey->dead_zones[0].max_minutes = 100; /* shorter than the limit */
    scene_expect(s, 2000, "signal_lost@250/2");
    scene_free(s);
}

SCENE_TESTS(cmocka_unit_test(departure_is_late_until_surely_outside), cmocka_unit_test(departure_in_time_is_quiet),
            cmocka_unit_test(timeout_at_the_time_of_arrival), cmocka_unit_test(late_data_that_show_the_arrival_withdraw_the_timeout),
            cmocka_unit_test(silence_is_an_event), cmocka_unit_test(stored_data_explain_the_gap),
            cmocka_unit_test(stored_data_that_leave_a_gap_leave_the_alarm_as_it_was),
            cmocka_unit_test(stored_data_that_bring_an_alarm_do_not), cmocka_unit_test(an_announced_dead_zone_is_quiet_until_its_due_time))
