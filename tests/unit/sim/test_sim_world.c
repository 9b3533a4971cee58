// SPDX-License-Identifier: Apache-2.0
// The demo's world as a whole: its plan is sound, its lorries move as lorries do, its devices say the same on every run,
// and what goes wrong is what the script says and nothing else.
#include "tests/unit/sim/wire.h"

#include <math.h>

#include "sim/roads.h"
#include "sim/world.h"

#define START    INT64_C(1772352000000) /* 2026-03-01T08:00:00Z */
#define JOURNEYS 40

struct found { /* of one device */
    unsigned cuts, covers, unknown_cards, accepted, low, bad_time, implausible;
    int64_t cut_ms, card_ms, last_ms, first_ms;
    double lat, lon;
    int64_t fix_ms;
    uint8_t percent;
    const struct journey *journey;
    int64_t now_ms;
};

static void watch_motion(struct found *f, const struct bulla_observation *o)
{
    if (!(o->has & BULLA_HAS_FIX) || !o->fix_valid || o->time_ms < f->fix_ms)
        return;
    double lat = o->lat_e7 / 1e7, lon = o->lon_e7 / 1e7, hours = (double)(o->time_ms - f->fix_ms) / 3600000;
    bool jump = f->fix_ms && sim_distance(f->lat, f->lon, lat, lon) / 1000 > 160 * hours + 0.1;
    f->implausible += jump;
    if (!jump) {
        f->lat = lat;
        f->lon = lon;
        f->fix_ms = o->time_ms;
    }
}

static void watch(void *context, const struct bulla_observation *o)
{
    struct found *f = context;
    if (!(o->has & BULLA_HAS_TIME))
        return;
    f->bad_time += o->time_ms > f->now_ms || o->time_ms < f->journey->sealed_at_ms - 60000;
    f->first_ms = f->first_ms && f->first_ms < o->time_ms ? f->first_ms : o->time_ms;
    f->last_ms = o->time_ms > f->last_ms ? o->time_ms : f->last_ms;
    if (bulla_observation_is(o, BULLA_EVENT_ROPE_CUT)) {
        f->cuts++;
        f->cut_ms = o->time_ms;
    }
    f->covers += bulla_observation_is(o, BULLA_EVENT_COVER_OPENED);
    if ((o->has & BULLA_HAS_UNLOCK) && o->unlock.reason == BULLA_REASON_UNKNOWN_CARD) {
        f->unknown_cards++;
        f->card_ms = o->time_ms;
    }
    if ((o->has & BULLA_HAS_UNLOCK) && o->unlock.verdict == BULLA_VERDICT_ACCEPTED) {
        f->accepted++;
        assert_string_equal(o->unlock.credential, f->journey->credentials[0]);
    }
    if (bulla_observation_knows(o, BULLA_HAS_PERCENT))
        f->percent = o->percent;
    watch_motion(f, o);
}

struct run {
    struct world *world;
    struct wire wires[JOURNEYS];
    struct found found[JOURNEYS];
    unsigned long messages, observations, implausible;
};

static struct world_options options_of(uint64_t seed)
{
    return (struct world_options){.seed = seed, .journeys = JOURNEYS, .speed = 1, .start_ms = START};
}

static void serve(struct run *r, size_t i, int64_t now_ms)
{
    struct sim_device *d = world_device(r->world, i);
    r->found[i].now_ms = now_ms;
    if (d->connected && (!world_online(r->world, i) || d->wants_close))
        sim_device_disconnected(d);
    else if (!d->connected && world_online(r->world, i))
        wire_open(&r->wires[i], d, now_ms);
    if (d->connected)
        wire_run(&r->wires[i], now_ms);
}

/* The world from its start on for so many seconds, every device through its decoder. */
static struct run *run(const struct world_options *options, int seconds)
{
    struct run *r = calloc(1, sizeof *r);
    r->world = world_new(options);
    assert_non_null(r->world);
    const struct world_plan *plan = world_plan(r->world);
    for (size_t i = 0; i < JOURNEYS; i++) {
        r->found[i].journey = plan->journeys[i];
        r->wires[i].each = watch;
        r->wires[i].context = &r->found[i];
    }
    for (int64_t now_ms = START; now_ms <= START + seconds * 1000; now_ms += 1000) {
        world_until(r->world, now_ms);
        for (size_t i = 0; i < JOURNEYS; i++)
            serve(r, i, now_ms);
    }
    for (size_t i = 0; i < JOURNEYS; i++) {
        r->messages += r->wires[i].messages;
        r->observations += r->wires[i].observations;
        r->implausible += r->found[i].implausible;
    }
    return r;
}

static void end(struct run *r)
{
    for (size_t i = 0; i < JOURNEYS; i++)
        wire_close(&r->wires[i]);
    world_free(r->world);
    free(r);
}

static void options_out_of_range_are_refused(void **state)
{
    struct world_options o = options_of(1);
    (void)state;
    o.journeys = 0;
    assert_null(world_new(&o));
    o.journeys = WORLD_JOURNEYS_MAX + 1;
    assert_null(world_new(&o));
    o.journeys = 1;
    o.speed = 0.5;
    assert_null(world_new(&o));
    o.speed = 1;
    struct world *world = world_new(&o); /* one lorry is enough, and it is the star */
    assert_non_null(world);
    assert_int_equal(world_devices(world), 1);
    world_free(world);
}

static void the_plan_can_be_supervised(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world_options o = options_of(seed);
        struct world *world = world_new(&o);
        const struct world_plan *p = world_plan(world);
        char why[240] = "";
        assert_int_equal(p->n_journeys, JOURNEYS);
        assert_int_equal(p->n_seals, JOURNEYS);
        assert_true(p->n_stations >= 12 && p->n_parties >= 3);
        for (size_t i = 0; i < p->n_journeys; i++) {
            const struct journey *j = p->journeys[i];
            if (!journey_check(j, why, sizeof why))
                fail_msg("%s: %s", j->id, why);
            assert_string_equal(j->seals[0], p->seals[i].id);
            assert_true(j->sealed_at_ms < START && START < j->arrive_by_ms);
            for (size_t k = 0; k < i; k++)
                assert_string_not_equal(j->seals[0], p->journeys[k]->seals[0]);
        }
        world_free(world);
    }
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    struct world_options one = options_of(7), two = options_of(8);
    struct run *a = run(&one, 90), *b = run(&one, 90), *c = run(&two, 90);
    unsigned different = 0;
    (void)state;
    for (size_t i = 0; i < JOURNEYS; i++) {
        assert_int_equal(a->wires[i].digest, b->wires[i].digest);
        different += a->wires[i].digest != c->wires[i].digest;
    }
    assert_int_equal(different, JOURNEYS);
    end(a);
    end(b);
    end(c);
}

/* How often the world is asked for the time does not matter. */
static void steps_do_not_depend_on_the_caller(void **state)
{
    struct world_options o = options_of(3);
    struct world *fine = world_new(&o), *coarse = world_new(&o);
    (void)state;
    for (int64_t t = START; t <= START + 100000; t += 370)
        world_until(fine, t);
    world_until(fine, START + 100000);
    world_until(coarse, START + 100000);
    for (size_t i = 0; i < JOURNEYS; i++) {
        double a[3], b[3];
        world_truth(fine, i, &a[0], &a[1], &a[2]);
        world_truth(coarse, i, &b[0], &b[1], &b[2]);
        assert_memory_equal(a, b, sizeof a);
    }
    world_free(fine);
    world_free(coarse);
}

static void lorries_move_as_lorries_do(void **state)
{
    struct world_options o = options_of(11);
    struct world *world = world_new(&o);
    double speed[JOURNEYS] = {0}, lat[JOURNEYS], lon[JOURNEYS], sum = 0;
    unsigned moving = 0;
    (void)state;
    world_until(world, START);
    for (size_t i = 0; i < JOURNEYS; i++)
        world_truth(world, i, &lat[i], &lon[i], &speed[i]);
    for (int s = 1; s <= 1800; s++) {
        world_until(world, START + s * 1000);
        for (size_t i = 0; i < JOURNEYS; i++) {
            double la, lo, v;
            world_truth(world, i, &la, &lo, &v);
            assert_true(v <= 90); /* a lorry on these roads */
            assert_true(sim_distance(lat[i], lon[i], la, lo) <= 25.1);
            assert_true(v - speed[i] < 8 && speed[i] - v < 12); /* km/h in a second */
            lat[i] = la;
            lon[i] = lo;
            speed[i] = v;
            sum += v;
            moving += v > 3;
        }
    }
    assert_true(moving > JOURNEYS * 1800 / 3); /* most are on the road, and at a lorry's pace */
    assert_true(sum / moving > 40 && sum / moving < 75);
    world_free(world);
}

static void the_script_is_what_happens(void **state)
{
    struct world_options o = options_of(1);
    struct run *r = run(&o, 300);
    unsigned cuts = 0, covers = 0, cards = 0, accepted = 0, low = 0, silent = 0;
    (void)state;
    for (size_t i = 0; i < JOURNEYS; i++) {
        const struct found *f = &r->found[i];
        assert_int_equal(f->bad_time, 0);
        assert_true(f->first_ms <= f->journey->sealed_at_ms);
        cuts += f->cuts;
        covers += f->covers;
        cards += f->unknown_cards;
        accepted += f->accepted;
        low += f->percent <= 15;
        silent += f->journey->state == JOURNEY_UNDER_WAY && f->last_ms < START - 60 * 60000;
        if (f->cuts)
            assert_true(f->cut_ms > START + 20000 && f->cut_ms < START + 60000);
        if (f->unknown_cards)
            assert_true(f->card_ms > START && f->card_ms < START + 30000);
    }
    assert_int_equal(cuts, 1);
    assert_int_equal(covers, 0);
    assert_true(cards >= 1 && cards <= 2); /* the P45 and the alarm of one attempt */
    assert_int_equal(accepted, 2);         /* one in history, one now: both at their destinations */
    assert_int_equal(low, 1);
    assert_int_equal(silent, 1);
    assert_true(r->implausible <= 3); /* single wild fixes */
    assert_true(r->observations > 5000);
    print_message("%lu messages, %lu observations, %lu wild fixes\n", r->messages, r->observations, r->implausible);
    end(r);
}

static void speed_brings_the_script_forward(void **state)
{
    struct world_options o = options_of(1);
    o.speed = 4;
    struct run *r = run(&o, 20);
    unsigned cuts = 0;
    (void)state;
    for (size_t i = 0; i < JOURNEYS; i++)
        cuts += r->found[i].cuts;
    assert_int_equal(cuts, 1);
    end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_out_of_range_are_refused),   cmocka_unit_test(the_plan_can_be_supervised),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes), cmocka_unit_test(steps_do_not_depend_on_the_caller),
        cmocka_unit_test(lorries_move_as_lorries_do),         cmocka_unit_test(the_script_is_what_happens),
        cmocka_unit_test(speed_brings_the_script_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
