/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine as its host meets it: what it tells and when, changed journeys, several seals, several journeys, timers.
 */
#include "tests/unit/rules/scene.h"

struct heard {
    char text[4000];
    size_t n;
};

static void hear(void *host, enum engine_change change, const struct alarm *a)
{
    static const char signs[] = {[ENGINE_RAISED] = '+', [ENGINE_CHANGED] = '~', [ENGINE_WITHDRAWN] = '-'};
    struct heard *h = host;
    h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "%c%s/%s ", signs[change], a->journey, alarm_kind_text(a->kind));
}

static struct engine *start(struct heard *h, const struct journey *j)
{
    *h = (struct heard){0};
    struct engine *e = engine_new(&(struct engine_host){.host = h, .on_alarm = hear});
    assert_true(engine_journey_put(e, j, SCENE_START));
    return e;
}

static void observe_all(struct engine *e, const struct scene *s)
{
    for (size_t i = 0; i < s->n; i++)
        engine_observe(e, &s->observations[i]);
}

static void a_late_permission_withdraws(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct heard h;
    struct engine *e = start(&h, s->journey);
    scene_drive(s, 0, 0, 10000);
    scene_open(scene_at(s, 11, 11000));
    observe_all(e, s);
    assert_string_equal(h.text, "+J1/illegal_opening ");
    struct permission p = {.from_ms = scene_time(10), .until_ms = scene_time(12)};
    journey_add_permission(s->journey, &p);
    assert_true(engine_journey_put(e, s->journey, scene_time(20)));
    assert_string_equal(h.text, "+J1/illegal_opening -J1/illegal_opening ");
    engine_free(e);
    scene_free(s);
}

static void a_released_journey_keeps_what_stands_and_finds_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct heard h;
    struct engine *e = start(&h, s->journey);
    scene_drive(s, 0, 0, 10000);
    scene_open(scene_at(s, 11, 11000));
    observe_all(e, s);
    s->journey->state = JOURNEY_RELEASED;
    assert_true(engine_journey_put(e, s->journey, scene_time(20)));
    assert_int_equal(engine_next_due(e), INT64_MAX);
    scene_at(s, 30, 12000)->state.cover = BULLA_COVER_OPEN;
    engine_observe(e, &s->observations[s->n - 1]);
    engine_tick(e, scene_time(5000));
    assert_string_equal(h.text, "+J1/illegal_opening ");
    assert_int_equal(engine_standing(e, "J1", NULL, NULL), 1);
    engine_journey_drop(e, "J1");
    assert_int_equal(engine_standing(e, "", NULL, NULL), 0);
    engine_free(e);
    scene_free(s);
}

static void a_duplicate_counts_once(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct heard h;
    struct engine *e = start(&h, s->journey);
    scene_drive(s, 0, 0, 5000);
    observe_all(e, s);
    observe_all(e, s);
    assert_int_equal(engine_counts(e).duplicates, 6);
    assert_int_equal(engine_counts(e).observations_kept, 6);
    engine_free(e);
    scene_free(s);
}

/* A repetition may come first and the original second: the earlier arrival dates a message whose clock is wrong. */
static void the_earlier_arrival_dates_a_wrong_clock(void **state)
{
    (void)state;
    for (int swap = 0; swap < 2; swap++) {
        struct scene *s = scene_new();
        scene_drive(s, 0, 0, 5000);
        for (int i = 0; i < 2; i++) {
            struct bulla_observation *o = scene_open(scene_message(s, (i ^ swap) ? 20 : 10));
            o->time_ms = SCENE_START + INT64_C(40) * 86400000;
            strcpy(o->id, "again");
            o->counter = 99;
        }
        scene_at(s, 25, 9000);
        scene_expect(s, 30, "illegal_opening@10/3");
        scene_free(s);
    }
}

static void two_seals_of_a_lorry_make_one_deviation(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    strcpy(s->journey->seals[1], "test:2");
    s->journey->n_seals = 2;
    for (int i = 0; i < 40; i++) {
        struct bulla_observation *o = scene_aside(s, i / 2, i / 2 * 1000, i > 12 && i < 24 ? 900 : 0);
        o->device[0] = i % 2 ? '2' : '1';
        if (i == 31)
            scene_open(o);
    }
    scene_expect(s, 21, "route_deviation@6/2 illegal_opening@15/3");
    assert_string_equal(s->alarms[1].seal, "test:2");
    scene_expect(s, 2000, "route_deviation@6/2 illegal_opening@15/3 signal_lost@259/2 signal_lost@259/2");
    scene_free(s);
}

static void a_seal_that_leaves_the_journey_takes_its_alarms(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct heard h;
    strcpy(s->journey->seals[1], "test:2");
    s->journey->n_seals = 2;
    struct engine *e = start(&h, s->journey);
    scene_open(scene_at(s, 1, 0))->device[0] = '2';
    scene_at(s, 1, 0)->state.cover = BULLA_COVER_OPEN;
    observe_all(e, s);
    strcpy(s->journey->seals[0], "test:3"); /* 1 is replaced by 3, and 2 comes first */
    strcpy(s->journey->seals[1], "test:1");
    assert_true(engine_journey_put(e, s->journey, scene_time(5)));
    assert_string_equal(h.text, "+J1/illegal_opening +J1/cover_opened -J1/illegal_opening ");
    engine_free(e);
    scene_free(s);
}

static void consecutive_journeys_of_a_seal_share_its_messages(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct heard h;
    s->journey->unsealed_at_ms = scene_time(30);
    struct engine *e = start(&h, s->journey);
    strcpy(s->journey->id, "J2");
    s->journey->sealed_at_ms = scene_time(40);
    s->journey->unsealed_at_ms = BULLA_TIME_NONE;
    assert_true(engine_journey_put(e, s->journey, SCENE_START));
    scene_at(s, 1, 0);
    scene_open(scene_at(s, 35, 0)); /* between the two: nobody's */
    scene_at(s, 41, 0);
    scene_open(scene_at(s, 45, 0));
    observe_all(e, s);
    assert_string_equal(h.text, "+J2/illegal_opening ");
    engine_tick(e, scene_time(1000)); /* the first is over: only the second misses the signal */
    assert_string_equal(h.text, "+J2/illegal_opening +J2/signal_lost ");
    engine_free(e);
    scene_free(s);
}

static void a_thousand_timers_fire_in_order_and_once(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct heard *h = calloc(1, sizeof *h);
    struct engine *e = engine_new(&(struct engine_host){0});
    for (int i = 0; i < 1000; i++) {
        snprintf(s->journey->id, sizeof s->journey->id, "J%d", i);
        snprintf(s->journey->seals[0], sizeof s->journey->seals[0], "test:%d", i);
        s->journey->silence_minutes = 1 + (i * 7919) % 1000;
        assert_true(engine_journey_put(e, s->journey, SCENE_START));
    }
    int64_t last = 0;
    for (int fired = 0; fired < 1000; fired++) {
        int64_t due = engine_next_due(e);
        assert_true(due >= last && due < INT64_MAX);
        last = due;
        if (fired % 10 == 9)
            engine_tick(e, due);
    }
    engine_tick(e, scene_time(5000));
    engine_tick(e, scene_time(6000));
    assert_int_equal(engine_counts(e).raised, 1000);
    for (int i = 0; i < 1000; i += 3) {
        char id[20];
        snprintf(id, sizeof id, "J%d", i);
        engine_journey_drop(e, id);
    }
    assert_int_equal(engine_counts(e).journeys, 666);
    engine_free(e);
    free(h);
    scene_free(s);
}

static void raising_follows_the_clock(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    scene_open(scene_at(s, 11, 11000))->received_ms = scene_time(50); /* came late */
    scene_expect(s, 60, "illegal_opening@11/3");
    assert_int_equal(s->alarms[0].raised_ms, scene_time(50));
    s->journey->arrive_by_ms = scene_time(55);
    scene_expect(s, 60, "illegal_opening@11/3 journey_timeout@55/2");
    assert_int_equal(s->alarms[1].raised_ms, scene_time(55));
    scene_free(s);
}

SCENE_TESTS(cmocka_unit_test(a_late_permission_withdraws), cmocka_unit_test(a_released_journey_keeps_what_stands_and_finds_nothing),
            cmocka_unit_test(a_duplicate_counts_once), cmocka_unit_test(the_earlier_arrival_dates_a_wrong_clock),
            cmocka_unit_test(two_seals_of_a_lorry_make_one_deviation), cmocka_unit_test(a_seal_that_leaves_the_journey_takes_its_alarms),
            cmocka_unit_test(consecutive_journeys_of_a_seal_share_its_messages), cmocka_unit_test(a_thousand_timers_fire_in_order_and_once),
            cmocka_unit_test(raising_follows_the_clock))
