/* SPDX-License-Identifier: Apache-2.0
 *
 * What looks like an alarm and is none, as the corpus of trips (docs/alarm-quality.md) showed it; and beside each, what is one.
 */
#include "tests/unit/rules/scene.h"

static struct bulla_observation *shaken(struct scene *s, double minute, double at_m, bool woken)
{
    struct bulla_observation *o = scene_at(s, minute, at_m);
    bulla_observation_add_event(o, BULLA_EVENT_VIBRATION);
    if (woken)
        bulla_observation_add_event(o, BULLA_EVENT_WAKE);
    return o;
}

static void one_shake_is_the_drivers_door(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_stand(s, scene_drive(s, 0, 0, 20000), 20000, 12);
    shaken(s, m, 20000, false);
    shaken(s, m + 4, 20000, true); /* the engine is started: the sensor woke the device */
    scene_drive(s, m + 5, 21000, 24000);
    scene_expect(s, m + 10, "");
    shaken(s, m + 9.2, 25000, false); /* on the road */
    scene_expect(s, m + 10, "");
    scene_free(s);
}

static void two_shakes_are_somebody(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_stand(s, scene_drive(s, 0, 0, 20000), 20000, 12);
    shaken(s, m, 20000, false);
    shaken(s, m + 2, 20000, false);
    scene_expect(s, m + 5, "tamper@35/2");
    assert_int_equal(s->alarms[0].count, 2);
    scene_free(s);
}

/* A receiver that lost the sky says its last fix again, to the last digit: it confirms nothing. */
static void a_repeated_fix_confirms_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 20000);
    for (int i = 0; i < 4; i++)
        scene_aside(s, m + i, 21000, 1500);
    scene_drive(s, m + 4, 25000, 30000);
    scene_expect(s, m + 12, "");
    scene_free(s);
    s = scene_new();
    m = scene_drive(s, 0, 0, 20000);
    for (int i = 0; i < 4; i++)
        scene_aside(s, m + i, 21000 + 300 * i, 1500);
    scene_expect(s, m + 5, "route_deviation@21/2");
    scene_free(s);
}

/* Cells of unknown size are off by kilometres in the country; a device that says how far they reach is believed. */
static void cells_prove_no_deviation_nearby(void **state)
{
    (void)state;
    for (int known = 0; known < 2; known++) {
        struct scene *s = scene_new();
        double m = scene_drive(s, 0, 0, 20000);
        for (int i = 0; i < 4; i++) {
            struct bulla_observation *o = scene_aside(s, m + i, 21000 + 1000 * i, 4000 + 100 * i);
            bulla_observation_add_event(o, BULLA_EVENT_POSITION_CELL);
            o->accuracy_m = 1500;
            if (!known)
                o->has &= ~(uint32_t)BULLA_HAS_ACCURACY;
        }
        scene_expect(s, m + 5, known ? "route_deviation@21/2" : "");
        scene_free(s);
    }
}

/* Two seals, of which one goes on with another vehicle: that the other is on its road says nothing of it. */
static void a_second_seal_goes_its_own_way(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    strcpy(s->journey->seals[s->journey->n_seals++], "test:2");
    double m = scene_drive(s, 0, 0, 10000);
    for (int i = 0; i < 12; i++, m++) {
        scene_at(s, m, 11000 + 1000 * i);
        strcpy(scene_aside(s, m + 0.5, 10000, -1200.0 * i)->device, "2");
    }
    scene_expect(s, m, "route_deviation@12.5/3 pairing_mismatch@13.5/3");
    assert_string_equal(s->alarms[0].seal, "test:2");
    scene_free(s);
}

static void arrive(struct scene *s, double north_m, bool back)
{
    scene_drive(s, 0, 0, 59000);
    for (double m = 60; m <= 66; m += 2)
        scene_at(s, m, 60000);
    scene_attempt(scene_open(scene_aside(s, 68, 60000, north_m)), "5", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK);
    scene_open(scene_aside(s, 70, 60000, back ? 0 : north_m));
    scene_open(scene_aside(s, 72, 60000, back ? 0 : north_m + 5));
}

/* Opened by a card of the journey with one fix a kilometre outside of the gate: the next fix decides. */
static void a_disputed_place_waits_for_the_next_fix(void **state)
{
    (void)state;
    for (int back = 0; back < 2; back++) {
        struct scene *s = scene_new();
        strcpy(s->journey->credentials[s->journey->n_credentials++], "5");
        arrive(s, 1500, back);
        scene_expect(s, 140, back ? "" : "illegal_opening@68/3 route_deviation@68/2");
        assert_true(back || s->alarms[0].raised_ms <= scene_time(72));
        scene_free(s);
    }
}

static void a_forced_opening_waits_for_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 59000);
    bulla_observation_add_event(scene_open(scene_at(s, 60, 60000)), BULLA_EVENT_OPENED_WHILE_SEALED);
    scene_expect(s, 61, "illegal_opening@60/3");
    scene_free(s);
}

/* The seal is found open at its destination before the message of the card arrives; and when none ever does. */
static void an_attempt_may_come_later(void **state)
{
    (void)state;
    for (int comes = 0; comes < 2; comes++) {
        struct scene *s = scene_new();
        strcpy(s->journey->credentials[s->journey->n_credentials++], "5");
        double m = scene_stand(s, scene_drive(s, 0, 0, 59000), 60000, 6);
        scene_open(scene_at(s, m, 60000));
        scene_open(scene_at(s, m + 2, 60000));
        if (comes) {
            struct bulla_observation *o = scene_attempt(scene_at(s, m - 0.5, 60000), "5", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK);
            o->received_ms = scene_time(m + 6);
        }
        scene_expect(s, m + 15, comes ? "" : "illegal_opening@68/3");
        assert_int_equal(s->withdrawn, 0);
        scene_free(s);
    }
}

static void lag(struct scene *s, size_t from, double minutes)
{
    for (size_t i = from; i < s->n; i++)
        s->observations[i].time_ms -= (int64_t)(minutes * 60000);
}

/* Local time told as UTC from sealing on: nothing is lost, nothing is silent, and the clock is told. */
static void a_lagging_clock_is_told_and_put_right(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 1, 0, 20000);
    scene_open(scene_at(s, m, 21000));
    scene_stand(s, m + 1, 21000, 30);
    lag(s, 0, 300);
    scene_run(s, m + 40);
    unsigned openings = 0, clocks = 0;
    for (size_t i = 0; i < s->n_alarms; i++) {
        openings += s->alarms[i].kind == ALARM_ILLEGAL_OPENING && s->alarms[i].onset_ms == scene_time(m);
        clocks += s->alarms[i].kind == ALARM_CLOCK_ERROR;
        assert_int_not_equal(s->alarms[i].kind, ALARM_SIGNAL_LOST);
        assert_int_not_equal(s->alarms[i].kind, ALARM_IMPLAUSIBLE_MOTION);
    }
    assert_int_equal(openings, 1);
    assert_int_equal(clocks, 1);
    scene_free(s);
}

/* One message waits in a queue and is heard after the next: the lag is known, and stays so. */
static void a_lagging_clock_stays_known_when_messages_overtake(void **state)
{
    (void)state;
    for (int overtakes = 0; overtakes < 2; overtakes++) {
        struct scene *s = scene_new();
        strcpy(s->journey->credentials[s->journey->n_credentials++], "5");
        double m = scene_stand(s, scene_drive(s, 0, 0, 60000), 60000, 20);
        size_t from = s->n;
        m = scene_stand(s, m, 60000, 10);
        if (overtakes)
            s->observations[s->n - 1].received_ms += 70000; /* is heard after the attempt, as late as the network may be */
        scene_open(scene_attempt(scene_at(s, m, 60000), "5", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK));
        lag(s, from, 60); /* from here on an hour behind: on the road, by its own time */
        scene_run(s, m + 120);
        for (size_t i = 0; i < s->n_alarms; i++)
            assert_int_not_equal(s->alarms[i].kind, ALARM_ILLEGAL_OPENING);
        scene_free(s);
    }
}

/* One wild fix after half an hour without any is believed; the next, back where it stood, shows it, and where the seal is opened. */
static void one_wild_fix_is_known_by_the_next(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    strcpy(s->journey->credentials[s->journey->n_credentials++], "5");
    double m = scene_stand(s, scene_drive(s, 0, 0, 59000), 60000, 6);
    scene_aside(s, m + 30, 60000, 14000);
    scene_open(scene_attempt(scene_at(s, m + 30.6, 60010), "5", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK));
    scene_expect(s, m + 60, "");
    scene_free(s);
}

/* A fix that was set aside does not become a place by being said again. */
static void a_wild_fix_said_again_is_no_motion(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_stand(s, scene_drive(s, 0, 0, 30000), 30000, 4);
    for (int i = 0; i < 4; i++)
        scene_aside(s, m + i, 30000, 6800);
    scene_stand(s, m + 4, 30000, 6);
    scene_expect(s, m + 12, "");
    scene_free(s);
}

/* Parked by the edge of the corridor under reflections, for a while; then it drives off along the road. */
static void what_a_parked_lorry_says_by_the_edge_ends_with_it(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 15000);
    for (int i = 0; i < 8; i++)
        scene_aside(s, m + i, 15000 + i, 640);
    scene_aside(s, m + 8, 15500, 520);
    scene_drive(s, m + 9, 16000, 30000);
    scene_expect(s, m + 25, "");
    scene_free(s);
}

/* A backlog that is not marked as one is behind by less with every message: no clock lags. */
static void a_backlog_is_no_lagging_clock(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 40000);
    for (size_t i = 10; i < 30; i++)
        s->observations[i].received_ms = scene_time(30) + (int64_t)i * 500;
    scene_expect(s, 45, "");
    scene_free(s);
}

static void a_leap_is_told_though_time_would_have_allowed_it(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    for (int i = 1; i <= 4; i++)
        scene_aside(s, 10 + 10 * i, 11000, 70000 + 10 * i); /* 70 km in ten minutes, and then not a step */
    scene_run(s, 55);
    unsigned leaps = 0;
    for (size_t i = 0; i < s->n_alarms; i++)
        leaps += s->alarms[i].kind == ALARM_IMPLAUSIBLE_MOTION && s->alarms[i].onset_ms == scene_time(20);
    assert_int_equal(leaps, 1);
    scene_free(s);
}

/* Parked between walls by the edge of the corridor: two reflections in two directions, and one that stays for minutes. */
static void reflections_of_a_parked_lorry(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 20000);
    static const double north_m[] = {0, 900, 0, 0, 900, 900, 900, 0, 0};
    for (size_t i = 0; i < sizeof north_m / sizeof *north_m; i++, m += 2) {
        struct bulla_observation *o = scene_aside(s, m, 20500 + (double)i, north_m[i]);
        o->has |= BULLA_HAS_SPEED;
        o->speed_cmh = 20;
    }
    scene_expect(s, m, "");
    scene_free(s);
}

/* The clock is put back, and before three messages have shown it, what was kept comes: the counter tells. */
static void a_counter_tells_a_clock_that_was_put_back(void **state)
{
    (void)state;
    for (int counts = 0; counts < 2; counts++) {
        struct scene *s = scene_new();
        double m = scene_drive(s, 0, 0, 40000);
        size_t from = s->n;
        m = scene_drive(s, m, 41000, 48000);
        lag(s, from, 40.5);
        for (size_t i = from + 1; i < s->n; i++) { /* kept, but for the first */
            s->observations[i].stored = true;
            s->observations[i].received_ms = scene_time(m) + (int64_t)i * 500;
        }
        for (size_t i = from; i < s->n && !counts; i++)
            s->observations[i].has &= ~(uint32_t)BULLA_HAS_COUNTER;
        scene_run(s, m + 1);
        unsigned leaps = 0;
        for (size_t i = 0; i < s->n_alarms; i++)
            leaps += s->alarms[i].kind == ALARM_IMPLAUSIBLE_MOTION;
        assert_int_equal(leaps > 0, !counts);
        scene_free(s);
    }
}

/* A slip of the hand under a clock of another year: the network kept the second message longer, the clock counts the seconds. */
static void a_wrong_clock_still_counts_seconds(void **state)
{
    (void)state;
    for (int apart = 0; apart < 2; apart++) {
        struct scene *s = scene_new();
        strcpy(s->journey->credentials[s->journey->n_credentials++], "5");
        double m = scene_stand(s, scene_drive(s, 0, 0, 59000), 60000, 6);
        size_t from = s->n;
        scene_attempt(scene_at(s, m, 60000), "5", BULLA_VERDICT_REFUSED, BULLA_REASON_OUTSIDE_FENCE);
        scene_open(scene_attempt(scene_at(s, m + (apart ? 1.5 : 0.7), 60000), "5", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK));
        s->observations[from + 1].received_ms = scene_time(m + 1.6);
        for (size_t i = from; i < s->n; i++)
            s->observations[i].time_ms += INT64_C(315360000000);
        scene_run(s, m + 20);
        unsigned refused = 0;
        for (size_t i = 0; i < s->n_alarms; i++)
            refused += s->alarms[i].kind == ALARM_UNLOCK_REFUSED;
        assert_int_equal(refused, (unsigned)apart);
        scene_free(s);
    }
}

/* It stood nine kilometres before the gate when its fixes were lost, and is opened by its card half an hour later: the next fix tells. */
static void where_it_stood_is_no_place_after_half_an_hour(void **state)
{
    (void)state;
    for (int there = 0; there < 2; there++) {
        struct scene *s = scene_new();
        strcpy(s->journey->credentials[s->journey->n_credentials++], "5");
        double m = scene_stand(s, scene_drive(s, 0, 0, 51000), 51000, 6);
        struct bulla_observation *o = scene_open(scene_attempt(scene_message(s, m + 30), "5", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK));
        int64_t opened_ms = o->time_ms;
        scene_open(scene_at(s, m + 35, there ? 60000 : 51000));
        scene_open(scene_at(s, m + 37, there ? 60010 : 51010));
        scene_run(s, m + 40);
        unsigned openings = 0;
        for (size_t i = 0; i < s->n_alarms; i++)
            if (s->alarms[i].kind == ALARM_ILLEGAL_OPENING) {
                openings++;
                assert_int_equal(s->alarms[i].onset_ms, opened_ms);
            }
        assert_int_equal(openings, there ? 0 : 1);
        scene_free(s);
    }
}

static unsigned count_of(const struct scene *s, enum alarm_kind kind)
{
    unsigned n = 0;
    for (size_t i = 0; i < s->n_alarms; i++)
        n += s->alarms[i].kind == kind;
    return n;
}

/* Kept while there was no network, under a clock that is nine hours ahead, and sent in one burst: what stands in the burst drove. */
static void a_burst_of_a_wrong_clock_is_no_stay(void **state)
{
    (void)state;
    for (int stands = 0; stands < 2; stands++) {
        struct scene *s = scene_new();
        double m = scene_drive(s, 0, 0, 10000);
        size_t from = s->n;
        m = scene_drive(s, m, 11000, 15000);
        size_t kept = s->n;
        double back = m + 40;
        for (; m < back; m += 2)
            scene_at(s, m, stands ? 16000 + 10 * sin(m) : 16000 + 300 * (m - back + 40));
        for (size_t i = kept; i < s->n; i++) {
            s->observations[i].stored = true;
            s->observations[i].received_ms = scene_time(back) + 700 * (int64_t)(i - kept);
        }
        scene_drive(s, back + 1, 28900, 29900);
        for (size_t i = from; i < s->n; i++)
            s->observations[i].time_ms += INT64_C(32400000);
        scene_run(s, m + 1);
        assert_int_equal(count_of(s, ALARM_ILLEGAL_STAY), (unsigned)stands);
        scene_free(s);
    }
}

/* By leave, under a clock of 1970, but heard only when the leave is long over. */
static void a_kept_opening_of_a_wrong_clock_has_its_own_time(void **state)
{
    (void)state;
    for (int by_leave = 0; by_leave < 2; by_leave++) {
        struct scene *s = scene_new();
        struct permission p = {.from_ms = scene_time(by_leave ? 30 : 60), .until_ms = scene_time(by_leave ? 40 : 70)};
        strcpy(p.id, "T1");
        assert_true(journey_add_permission(s->journey, &p));
        double m = scene_stand(s, scene_drive(s, 0, 0, 29000), 30000, 4);
        bulla_observation_add_event(scene_open(scene_at(s, m, 30000)), BULLA_EVENT_UNLOCKED);
        struct bulla_observation *o = &s->observations[s->n - 1];
        scene_at(s, m + 2, 30000);
        for (size_t i = s->n - 2; i < s->n; i++) {
            s->observations[i].stored = true;
            s->observations[i].received_ms = scene_time(m + 120);
        }
        for (size_t i = 20; i < s->n; i++)
            s->observations[i].time_ms -= SCENE_START;
        scene_run(s, m + 121);
        assert_true(o->received_ms > p.until_ms);
        assert_int_equal(count_of(s, ALARM_ILLEGAL_OPENING), by_leave ? 0 : 1);
        scene_free(s);
    }
}

SCENE_TESTS(cmocka_unit_test(one_shake_is_the_drivers_door), cmocka_unit_test(two_shakes_are_somebody),
            cmocka_unit_test(a_repeated_fix_confirms_nothing), cmocka_unit_test(cells_prove_no_deviation_nearby),
            cmocka_unit_test(a_second_seal_goes_its_own_way), cmocka_unit_test(a_disputed_place_waits_for_the_next_fix),
            cmocka_unit_test(a_forced_opening_waits_for_nothing), cmocka_unit_test(an_attempt_may_come_later),
            cmocka_unit_test(a_lagging_clock_is_told_and_put_right), cmocka_unit_test(a_backlog_is_no_lagging_clock),
            cmocka_unit_test(a_lagging_clock_stays_known_when_messages_overtake), cmocka_unit_test(one_wild_fix_is_known_by_the_next),
            cmocka_unit_test(a_wild_fix_said_again_is_no_motion), cmocka_unit_test(what_a_parked_lorry_says_by_the_edge_ends_with_it),
            cmocka_unit_test(a_leap_is_told_though_time_would_have_allowed_it), cmocka_unit_test(reflections_of_a_parked_lorry),
            cmocka_unit_test(a_counter_tells_a_clock_that_was_put_back), cmocka_unit_test(a_wrong_clock_still_counts_seconds),
            cmocka_unit_test(where_it_stood_is_no_place_after_half_an_hour),
            cmocka_unit_test(a_burst_of_a_wrong_clock_is_no_stay), cmocka_unit_test(a_kept_opening_of_a_wrong_clock_has_its_own_time))
