/* SPDX-License-Identifier: Apache-2.0
 *
 * Legs by vessel: its AIS position stands in for the silent seal on board.
 */
#include "tests/unit/rules/scene.h"

/* By road to 20 km, from minute 30 on board until minute 900: the road of the scene is then the sea. */
static struct scene *voyage(void)
{
    struct scene *s = scene_new();
    struct journey *j = s->journey;
    j->mode = JOURNEY_MODE_MULTIMODAL;
    j->legs[0] =
        (struct journey_leg){.mode = JOURNEY_MODE_VESSEL, .means = "ais:244660000", .from_ms = scene_time(30), .until_ms = scene_time(900)};
    j->n_legs = 1;
    scene_drive(s, 0, 0, 20000);
    return s;
}

static struct bulla_observation *sail(struct scene *s, double minute, double at_m, double north_m)
{
    struct bulla_observation *o = scene_aside(s, minute, at_m, north_m);
    strcpy(o->protocol, "ais");
    strcpy(o->device, "244660000");
    o->state = (struct bulla_state){0};
    return o;
}

/* From 20 km to the destination within ten hours. */
static double sail_on(struct scene *s, double from, double until)
{
    double m = from;
    for (; m <= until; m += 10)
        sail(s, m, fmin(20000 + (m - 30) * 70, 60000), 200 * sin(m));
    return m;
}

/* [WCO-6-4] A container on a vessel is where the vessel is while its seal is silent. */
static void the_vessel_speaks_for_the_silent_seal(void **state)
{
    (void)state;
    struct scene *s = voyage();
    s->journey->arrive_by_ms = scene_time(700);
    sail_on(s, 30, 690);
    scene_expect(s, 899, "");
    scene_at(s, 898, 60000); /* ashore it is heard again */
    scene_expect(s, 950, "");
    s->journey->n_legs = 0; /* without the leg it is none of the journey's business */
    scene_expect(s, 899, "signal_lost@260/2 journey_timeout@700/2");
    scene_free(s);
}

static void the_end_of_the_leg_is_when_it_should_be_heard(void **state)
{
    (void)state;
    struct scene *s = voyage();
    sail_on(s, 30, 690);
    scene_expect(s, 1000, "signal_lost@900/2");
    s->journey->legs[0].until_ms = BULLA_TIME_NONE; /* no end planned: lost when the vessel is */
    scene_expect(s, 900, "");
    scene_expect(s, 1000, "signal_lost@930/2");
    scene_free(s);
}

static void a_seal_that_speaks_is_believed_before_its_vessel(void **state)
{
    (void)state;
    struct scene *s = voyage();
    s->journey->arrive_by_ms = scene_time(300);
    for (double m = 30; m < 300; m += 10) {
        scene_at(s, m, 20000 + (m - 30) * 70);
        sail(s, m + 1, 60000, 0); /* dead reckoning, far ahead: neither a contradiction nor an arrival */
    }
    scene_expect(s, 310, "journey_timeout@300/2");
    scene_free(s);
}

static void a_vessel_elsewhere_in_time_does_not_count(void **state)
{
    (void)state;
    struct scene *s = voyage();
    s->journey->arrive_by_ms = scene_time(950);
    sail(s, 10, 60000, 0); /* before it took the container on */
    sail(s, 920, 60000, 0);
    scene_expect(s, 960, "signal_lost@900/2 journey_timeout@950/2");
    scene_free(s);
}

static void a_late_report_of_the_vessel_withdraws(void **state)
{
    (void)state;
    struct scene *s = voyage();
    s->journey->arrive_by_ms = scene_time(700);
    sail(s, 690, 60000, 0)->received_ms = scene_time(720);
    scene_expect(s, 715, "");
    s->n--;
    scene_expect(s, 715, "journey_timeout@700/2");
    scene_free(s);
}

static void count_alarm(void *context, enum engine_change change, const struct alarm *alarm)
{
    int *raised = context;
    *raised += change == ENGINE_RAISED && alarm->kind == ALARM_JOURNEY_TIMEOUT;
}

static void one_vessel_carries_many(void **state)
{
    (void)state;
    struct scene *s = voyage();
    int raised = 0;
    struct engine *engine = engine_new(&(struct engine_host){.host = &raised, .on_alarm = count_alarm});
    s->journey->arrive_by_ms = scene_time(700);
    for (int i = 0; i < 50; i++) {
        snprintf(s->journey->id, sizeof s->journey->id, "J%d", i);
        snprintf(s->journey->seals[0], sizeof s->journey->seals[0], "test:%d", i);
        if (i >= 40)
            s->journey->n_legs = 0;
        assert_true(engine_journey_put(engine, s->journey, SCENE_START));
    }
    engine_journey_drop(engine, "J7");
    sail_on(s, 30, 690);
    for (size_t i = 0; i < s->n; i++)
        engine_observe(engine, &s->observations[i]);
    engine_tick(engine, scene_time(800));
    assert_int_equal(raised, 10); /* those that are not on board */
    engine_free(engine);
    scene_free(s);
}

static void a_leg_that_is_added_later_counts_from_its_start(void **state)
{
    (void)state;
    struct scene *s = voyage();
    struct engine *engine = engine_new(&(struct engine_host){.host = s, .on_alarm = scene_count});
    s->journey->legs[0].until_ms = BULLA_TIME_NONE;
    assert_true(engine_journey_put(engine, s->journey, SCENE_START));
    sail_on(s, 30, 400);
    for (size_t i = 0; i < s->n; i++)
        engine_observe(engine, &s->observations[i]);
    engine_tick(engine, scene_time(500));
    assert_int_equal(s->raised, 0);
    s->journey->legs[0].until_ms = scene_time(300); /* it was put ashore earlier than thought */
    assert_true(engine_journey_put(engine, s->journey, scene_time(500)));
    assert_int_equal(s->raised, 1);
    engine_free(engine);
    scene_free(s);
}

SCENE_TESTS(cmocka_unit_test(the_vessel_speaks_for_the_silent_seal), cmocka_unit_test(the_end_of_the_leg_is_when_it_should_be_heard),
            cmocka_unit_test(a_seal_that_speaks_is_believed_before_its_vessel), cmocka_unit_test(a_vessel_elsewhere_in_time_does_not_count),
            cmocka_unit_test(a_late_report_of_the_vessel_withdraws), cmocka_unit_test(one_vessel_carries_many),
            cmocka_unit_test(a_leg_that_is_added_later_counts_from_its_start))
