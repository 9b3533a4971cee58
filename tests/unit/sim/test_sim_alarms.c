// SPDX-License-Identifier: Apache-2.0
// The demo through the project's own rules: the script's incidents are found, and nothing else is.
#include "tests/unit/sim/wire.h"

#include <stdio.h>

#include "platform/rules/engine.h"
#include "sim/world.h"

#define START    INT64_C(1772352000000) /* 2026-03-01T08:00:00Z */
#define JOURNEYS 40

struct scene {
    struct engine *engine;
    int64_t now_ms;
    unsigned n, withdrawn;
    unsigned kinds[64], elsewhere; /* alarms by kind; those on lorries without a part */
};

static void observe(void *context, const struct bulla_observation *from)
{
    struct scene *s = context;
    struct bulla_observation o = *from;
    snprintf(o.id, sizeof o.id, "o%07u", s->n++);
    o.received_ms = s->now_ms;
    engine_observe(s->engine, &o);
}

static void on_alarm(void *host, enum engine_change change, const struct alarm *alarm)
{
    if (change == ENGINE_WITHDRAWN)
        print_message("withdrawn: %s %s: %s\n", alarm_kind_text(alarm->kind), alarm->journey, alarm->why);
    ((struct scene *)host)->withdrawn += change == ENGINE_WITHDRAWN;
}

static void count(void *context, const struct alarm *a)
{
    struct scene *s = context;
    s->kinds[a->kind]++;
    s->elsewhere += strcmp(a->journey, "TR-026007") > 0;
    print_message("%s %s %s: %s\n", alarm_kind_text(a->kind), a->journey, a->seal, a->why);
}

static void play(struct scene *s, uint64_t seed, int seconds)
{
    static struct wire wires[JOURNEYS];
    struct world_options o = {.seed = seed, .journeys = JOURNEYS, .speed = 1, .start_ms = START};
    struct engine_host host = {.host = s, .on_alarm = on_alarm};
    struct world *world = world_new(&o);
    memset(s, 0, sizeof *s);
    memset(wires, 0, sizeof wires);
    s->engine = engine_new(&host);
    for (size_t i = 0; i < JOURNEYS; i++) {
        assert_true(engine_journey_put(s->engine, world_plan(world)->journeys[i], START));
        wires[i].each = observe;
        wires[i].context = s;
    }
    for (s->now_ms = START; s->now_ms <= START + seconds * 1000; s->now_ms += 1000) {
        world_until(world, s->now_ms);
        for (size_t i = 0; i < JOURNEYS; i++) {
            struct sim_device *d = world_device(world, i);
            if (d->connected && !world_online(world, i))
                sim_device_disconnected(d);
            else if (!d->connected && world_online(world, i))
                wire_open(&wires[i], d, s->now_ms);
            if (d->connected)
                wire_run(&wires[i], s->now_ms);
        }
        engine_tick(s->engine, s->now_ms);
    }
    engine_standing(s->engine, "", count, s);
    for (size_t i = 0; i < JOURNEYS; i++)
        wire_close(&wires[i]);
    engine_free(s->engine);
    world_free(world);
}

/* [WCO-4.3-C5] */
static void the_script_is_found_and_nothing_else(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct scene s;
        play(&s, seed, 300);
        assert_int_equal(s.kinds[ALARM_CABLE_CUT], 1);
        assert_int_equal(s.kinds[ALARM_WRONG_CREDENTIAL], 1);
        assert_int_equal(s.kinds[ALARM_ILLEGAL_STAY], 1);
        assert_int_equal(s.kinds[ALARM_LOW_BATTERY], 1);
        assert_int_equal(s.kinds[ALARM_SIGNAL_LOST], 1);
        assert_int_equal(s.kinds[ALARM_ROUTE_DEVIATION], 1);
        assert_int_equal(s.elsewhere, 0);
        unsigned all = 0;
        for (size_t k = 0; k < 64; k++)
            all += s.kinds[k];
        assert_true(all <= 8);
        assert_true(s.withdrawn <= 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_script_is_found_and_nothing_else)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
