/* SPDX-License-Identifier: Apache-2.0
 *
 * A scene for rule tests: a straight road of 60 km to the east, origin and destination of 800 m at its ends, a stop of
 * 300 m and 45 min half way, a seal that reports. Times are minutes since sealing, places metres along the road.
 */
#ifndef TESTS_RULES_SCENE_H
#define TESTS_RULES_SCENE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/rules/engine.h"

#define SCENE_START  INT64_C(1767254400000) /* 2026-01-01T08:00:00Z */
#define SCENE_MAX    1000
#define SCENE_LAT    50.0
#define SCENE_LON    30.0
#define SCENE_LON_M  71695.8 /* metres of a degree of longitude at 50 degrees */
#define SCENE_LAT_M  111229.0
#define SCENE_ALARMS 32

struct scene {
    struct journey *journey;
    struct bulla_observation observations[SCENE_MAX];
    size_t n;
    struct alarm alarms[SCENE_ALARMS];
    size_t n_alarms;
    unsigned raised, changed, withdrawn;
};

static inline int64_t scene_time(double minute)
{
    return SCENE_START + (int64_t)llround(minute * 60000);
}

static inline struct place scene_place(double at_m, double radius_m, int32_t minutes)
{
    return (struct place){.lat = SCENE_LAT, .lon = SCENE_LON + at_m / SCENE_LON_M, .radius_m = radius_m, .max_minutes = minutes};
}

static inline struct scene *scene_new(void)
{
    struct scene *s = calloc(1, sizeof *s);
    struct journey *j = s->journey = journey_new();
    double lat[61], lon[61];
    for (size_t i = 0; i <= 60; i++) {
        lat[i] = SCENE_LAT;
        lon[i] = SCENE_LON + (double)i * 1000 / SCENE_LON_M;
    }
    strcpy(j->id, "J1");
    strcpy(j->seals[0], "test:1");
    j->n_seals = 1;
    j->state = JOURNEY_SEALED;
    j->sealed_at_ms = SCENE_START;
    j->has_origin = j->has_destination = true;
    j->origin = scene_place(0, 800, 0);
    j->destination = scene_place(60000, 800, 0);
    j->stops[0] = scene_place(30000, 300, 45);
    strcpy(j->stops[0].name, "half way");
    j->n_stops = 1;
    assert_true(journey_set_route(j, lat, lon, 61, 500));
    return s;
}

static inline void scene_free(struct scene *s)
{
    journey_free(s->journey);
    free(s);
}

/* A bare message that says nothing but its time. */
static inline struct bulla_observation *scene_message(struct scene *s, double minute)
{
    assert_true(s->n < SCENE_MAX);
    struct bulla_observation *o = &s->observations[s->n];
    bulla_observation_init(o, "test");
    strcpy(o->device, "1");
    snprintf(o->id, sizeof o->id, "o%zu", s->n);
    o->has = BULLA_HAS_TIME | BULLA_HAS_COUNTER;
    o->counter = (int64_t)s->n++;
    o->time_ms = o->received_ms = scene_time(minute);
    return o;
}

/* A report from the road: sealed, closed, with a fix good to 10 m. */
static inline struct bulla_observation *scene_aside(struct scene *s, double minute, double at_m, double north_m)
{
    struct bulla_observation *o = scene_message(s, minute);
    o->has |= BULLA_HAS_FIX | BULLA_HAS_ACCURACY;
    o->fix_valid = true;
    o->accuracy_m = 10;
    o->lat_e7 = (int32_t)lround((SCENE_LAT + north_m / SCENE_LAT_M) * 1e7);
    o->lon_e7 = (int32_t)lround((SCENE_LON + at_m / SCENE_LON_M) * 1e7);
    o->state = (struct bulla_state){BULLA_SEAL_SEALED, BULLA_SHACKLE_IN, BULLA_MOTOR_LOCKED, BULLA_COVER_CLOSED, BULLA_COVER_NONE};
    return o;
}

static inline struct bulla_observation *scene_at(struct scene *s, double minute, double at_m)
{
    return scene_aside(s, minute, at_m, 0);
}

static inline struct bulla_observation *scene_open(struct bulla_observation *o)
{
    o->state.seal = BULLA_SEAL_OPEN;
    o->state.shackle = BULLA_SHACKLE_OUT;
    o->state.motor = BULLA_MOTOR_UNLOCKED;
    return o;
}

static inline struct bulla_observation *scene_attempt(struct bulla_observation *o, const char *card, enum bulla_verdict verdict,
                                                      enum bulla_reason reason)
{
    o->has |= BULLA_HAS_UNLOCK;
    o->unlock = (struct bulla_unlock){.channel = BULLA_CHANNEL_CARD, .verdict = (uint8_t)verdict, .reason = (uint8_t)reason};
    strcpy(o->unlock.credential, card);
    bulla_observation_add_event(o, verdict == BULLA_VERDICT_ACCEPTED ? BULLA_EVENT_UNLOCKED : BULLA_EVENT_UNLOCK_REFUSED);
    return o;
}

/* A message a minute from one place to another, at 1 km a minute. */
static inline double scene_drive(struct scene *s, double minute, double from_m, double to_m)
{
    for (; from_m <= to_m; from_m += 1000, minute += 1)
        scene_at(s, minute, from_m);
    return minute;
}

static inline double scene_stand(struct scene *s, double minute, double at_m, double minutes)
{
    for (double until = minute + minutes; minute <= until; minute += 2)
        scene_aside(s, minute, at_m + 20 * sin(minute * 7), 20 * cos(minute * 5));
    return minute;
}

static void scene_collect(void *context, const struct alarm *alarm)
{
    struct scene *s = context;
    if (s->n_alarms < SCENE_ALARMS)
        s->alarms[s->n_alarms++] = *alarm;
}

static void scene_count(void *context, enum engine_change change, const struct alarm *alarm)
{
    struct scene *s = context;
    (void)alarm;
    s->raised += change == ENGINE_RAISED;
    s->changed += change == ENGINE_CHANGED;
    s->withdrawn += change == ENGINE_WITHDRAWN;
}

static inline void scene_run(struct scene *s, double until)
{
    struct engine *engine = engine_new(&(struct engine_host){.host = s, .on_alarm = scene_count});
    s->n_alarms = 0;
    s->raised = s->changed = s->withdrawn = 0;
    assert_true(engine_journey_put(engine, s->journey, SCENE_START));
    for (size_t i = 0; i < s->n; i++) {
        engine_tick(engine, s->observations[i].received_ms - 1);
        engine_observe(engine, &s->observations[i]);
    }
    engine_tick(engine, scene_time(until));
    engine_standing(engine, "J1", scene_collect, s);
    engine_free(engine);
}

/* "kind@minute/grade" of what stands, in order of onset, a space between. */
static int scene_order(const void *a, const void *b)
{
    const struct alarm *x = a, *y = b;
    if (x->onset_ms != y->onset_ms)
        return x->onset_ms < y->onset_ms ? -1 : 1;
    return (int)x->kind - (int)y->kind;
}

static inline void scene_expect(struct scene *s, double until, const char *want)
{
    char got[2000] = "";
    size_t n = 0;
    scene_run(s, until);
    qsort(s->alarms, s->n_alarms, sizeof *s->alarms, scene_order);
    for (size_t i = 0; i < s->n_alarms; i++)
        n += (size_t)snprintf(got + n, sizeof got - n, "%s%s@%g/%d", i ? " " : "", alarm_kind_text(s->alarms[i].kind),
                              (double)(s->alarms[i].onset_ms - SCENE_START) / 60000, s->alarms[i].grade);
    assert_string_equal(got, want);
}

#define SCENE_TESTS(...)                                                                                                                   \
    int main(void)                                                                                                                         \
    {                                                                                                                                      \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                                                                   \
        return cmocka_run_group_tests(tests, NULL, NULL);                                                                                  \
    }

#endif
