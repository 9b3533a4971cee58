/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: a long trip of a seal, beside what it was without any fault. Power goes at every programmed byte and in every erase
 * of it; every call of flash, of randomness and of the motor fails once. Nothing that was acknowledged is lost, nothing is done by half.
 *
 * BULLA_CUTS=all: at every byte. Else at every seventh, beginning with another one in each step.
 */
#include <stdlib.h>

#include "tests/unit/libbulla/seal_support.h"

#define LOG_MAX 160

enum kind { ORDER, PERMIT, CLOCK, WRITE, EVENT, WAIT, READ };

struct step {
    enum kind kind;
    uint8_t what;   /* order, zone or event */
    uint16_t where; /* offset, surface, seconds */
    int shackle;    /* before it: 0 in, 1 out, -1 as it is */
    const char *text;
};

/* Two journeys with all that may happen: the second is tampered with through each surface. */
static const struct step trip[] = {
    {ORDER, BULLA_ORDER_INITIALISE, 0, 1, NULL},
    {CLOCK, 0, 0, -1, NULL},
    {WRITE, BULLA_AREA_CONTAINER, 0, -1, "MSKU9070323"},
    {WRITE, BULLA_AREA_CARGO, 40, -1, "furniture"},
    {WRITE, BULLA_AREA_LABEL, 0, -1, "MSKU9070323\x5e\xed"},
    {PERMIT, BULLA_ORDER_SEAL, 0, -1, NULL},
    {EVENT, BULLA_ON_SHACKLE_CLOSED, 0, 0, NULL},
    {WAIT, 0, 3600, -1, NULL},
    {WRITE, BULLA_AREA_NODES, 0, -1, "YV20260101130000SHANGHAI"},
    {READ, BULLA_AREA_CARGO, 0, -1, NULL},
    {EVENT, BULLA_ON_LIMIT, 0, -1, NULL},
    {PERMIT, BULLA_ORDER_UNSEAL, 0, -1, NULL},
    {EVENT, BULLA_ON_SHACKLE_OPENED, 0, 1, NULL},
    {PERMIT, BULLA_ORDER_SEAL, 0, -1, NULL},
    {EVENT, BULLA_ON_SHACKLE_CLOSED, 0, 0, NULL},
    {PERMIT, BULLA_ORDER_UNSEAL, 0, -1, NULL},
    {EVENT, BULLA_ON_SHACKLE_OPENED, 0, 1, NULL},
    {ORDER, BULLA_ORDER_RETURN, 0, -1, NULL},
    {ORDER, BULLA_ORDER_INITIALISE, 0, -1, NULL},
    {CLOCK, 0, 0, -1, NULL},
    {WRITE, BULLA_AREA_CONTAINER, 0, -1, "CSQU3054383"},
    {PERMIT, BULLA_ORDER_SEAL, 0, -1, NULL},
    {EVENT, BULLA_ON_SHACKLE_CLOSED, 0, 0, NULL},
    {EVENT, BULLA_ON_INTRUSION, BULLA_SURFACE_ROOF, -1, NULL},
    {EVENT, BULLA_ON_INTRUSION, BULLA_SURFACE_FLOOR, -1, NULL},
    {EVENT, BULLA_ON_DOOR_OPENED, BULLA_SURFACE_LEFT_DOOR, -1, NULL},
    {EVENT, BULLA_ON_SHACKLE_CUT, 0, 1, NULL},
    {WRITE, BULLA_AREA_NODES, 58, -1, "IC20260102080000HAMBURG"},
    {ORDER, BULLA_ORDER_RETURN, 0, -1, NULL},
};
#define N_STEPS (sizeof trip / sizeof *trip)

struct mark { /* how it is after a step */
    struct bulla_device device;
    uint32_t events;
    size_t n_log;
    uint8_t zones[29 + 88 + 249 + 357 + 464 + 13];
};

#define EVERY 7

static unsigned every = EVERY;
static struct bench bench, before;
static struct mark marks[N_STEPS + 1];
static struct bulla_seal_note log_of_trip[LOG_MAX];

/* Whether it was acknowledged. */
static bool take(const struct step *step)
{
    if (step->shackle >= 0)
        bench.out = step->shackle;
    bench_wait(&bench, 1000);
    switch (step->kind) {
    case ORDER:
        return bench_order(&bench, step->what).nack == 0;
    case PERMIT:
        return bench_permit(&bench, step->what).nack == 0;
    case CLOCK:
        return bench_set_clock(&bench, NOON).nack == 0;
    case WRITE:
        return bench_write(&bench, step->what, step->where, step->text, strlen(step->text)).nack == 0;
    case READ:
        return bench_ask(&bench, &(struct bulla_link_message){.code = BULLA_ORDER_READ_MEMORY, .value = {step->what, 0, 100}}).nack == 0;
    case EVENT:
        return bench_event(&bench, step->what, step->where) == BULLA_OK;
    case WAIT:
        bench_wait(&bench, step->where * 1000u);
        return bulla_seal_turn(&bench.seal, bench.now) > 0;
    }
    return false;
}

static void look(struct mark *mark)
{
    static const uint8_t areas[] = {BULLA_AREA_INHERENT, BULLA_AREA_CONTAINER, BULLA_AREA_SECURITY,
                                    BULLA_AREA_CARGO,    BULLA_AREA_NODES,     BULLA_AREA_LABEL};
    static const uint16_t sizes[] = {29, 88, 249, 357, 464, 13};
    size_t at = 0;
    static struct bulla_seal_note notes[LOG_MAX];
    mark->device = bench.seal.device;
    mark->events = bench.seal.events;
    mark->n_log = bench_log(&bench, notes, LOG_MAX);
    for (size_t i = 0; i < sizeof areas; at += sizes[i++])
        assert_int_equal(bulla_zones_read(&bench.seal.zones, areas[i], 0, mark->zones + at, sizes[i]), BULLA_OK);
}

static void go_once(void)
{
    bench_init(&bench, 7);
    bench_start(&bench, BULLA_PROFILE_GBT);
    nor_power(&bench.nor);
    look(&marks[0]);
    for (size_t i = 0; i < N_STEPS; i++) {
        assert_true(take(&trip[i]));
        look(&marks[i + 1]);
    }
    assert_int_equal(bench_log(&bench, log_of_trip, LOG_MAX), marks[N_STEPS].n_log);
    assert_int_equal(marks[N_STEPS].n_log, N_STEPS - 1); /* all but the waiting */
    assert_int_equal(bench.nor.broken, 0);
}

static void assert_note(const struct bulla_seal_note *got, const struct bulla_seal_note *expected)
{
    assert_int_equal(got->on, expected->on);
    assert_int_equal(got->before, expected->before);
    assert_int_equal(got->state, expected->state);
    assert_int_equal(got->passage, expected->passage);
    assert_int_equal(got->surface, expected->surface);
    assert_int_equal(got->who, expected->who);
    assert_int_equal(got->clock_set, expected->clock_set);
    assert_int_equal(got->time_s, expected->time_s);
}

/* Everything is as after step `done`, and the log is the trip's up to there, with nothing twice. `back`: it then noted that power
 * came back, which may have changed the state. */
static void assert_as_after(size_t done, bool back)
{
    static struct bulla_seal_note notes[LOG_MAX];
    static struct mark now;
    const struct mark *then = &marks[done];
    look(&now);
    assert_int_equal(bench_log(&bench, notes, LOG_MAX), then->n_log + back);
    for (size_t i = 0; i < then->n_log; i++)
        assert_note(&notes[i], &log_of_trip[i]);
    assert_memory_equal(now.zones, then->zones, sizeof now.zones);
    assert_int_equal(now.events, then->events + back);
    if (back) {
        assert_int_equal(notes[then->n_log].on, BULLA_ON_POWER_BACK);
        assert_int_equal(notes[then->n_log].before, then->device.state);
        assert_int_equal(now.device.state, notes[then->n_log].state);
    } else {
        assert_int_equal(now.device.state, then->device.state);
        assert_int_equal(now.device.modes, then->device.modes);
    }
    if (bulla_device_shows(&bench.seal.device) == BULLA_SHOWS_SECURE) /* never after a gap */
        assert_false(back);
}

/* What follows a decision is made up for: the motor, and the deleting for good. */
static void assert_caught_up(void)
{
    const char *deleted = "furniture";
    unsigned state = bench.seal.device.state;
    if (state == BULLA_DEVICE_SEALED || state == BULLA_DEVICE_RETURNED)
        assert_int_equal(bench.moved_to, state == BULLA_DEVICE_SEALED);
    if (state != BULLA_DEVICE_RETURNED && state != BULLA_DEVICE_INITIALISED)
        return;
    assert_null(memmem(bench.chip, sizeof bench.chip, deleted, strlen(deleted)));
}

/* Power came back: it is as before the step or as after it; as after it, when that was acknowledged. */
static void come_back(size_t i, bool acknowledged)
{
    assert_int_equal(bench_restart(&bench), BULLA_OK);
    uint32_t events = bench.seal.events - 1;
    assert_true(events == marks[i].events || events == marks[i + 1].events);
    if (acknowledged)
        assert_int_equal(events, marks[i + 1].events);
    assert_as_after(events == marks[i + 1].events ? i + 1 : i, true);
    assert_caught_up();
    assert_int_equal(bench.nor.broken, 0);
}

/* [WCO-4.3-B1] [WCO-1-1] */
static void power_may_go_at_any_moment_of_a_trip(void **state)
{
    (void)state;
    unsigned cuts = 0, kept = 0;
    go_once();
    bench_init(&bench, 7);
    bench_start(&bench, BULLA_PROFILE_GBT);
    for (size_t i = 0; i < N_STEPS; i++) {
        nor_power(&bench.nor);
        before = bench;
        for (uint64_t cut = 1 + i % every;; cut += every) {
            bench = before;
            bench.nor.random.state = cut;
            bench.nor.cut_at = cut;
            bool acknowledged = take(&trip[i]);
            if (!bench.nor.off && bench.nor.steps < cut)
                break;
            cuts++;
            come_back(i, acknowledged);
            kept += bench.seal.events - 1 == marks[i + 1].events;
        }
    }
    assert_true(cuts > 5000 / every);
    assert_true(kept > 1000 / every && kept < cuts); /* those cut off in the log, and those before the commit */
}

/* Power also goes while it comes back. */
static void power_may_go_while_it_comes_back(void **state)
{
    (void)state;
    unsigned cuts = 0;
    go_once();
    bench_init(&bench, 7);
    bench_start(&bench, BULLA_PROFILE_GBT);
    for (size_t i = 0; i < N_STEPS; i++) {
        nor_power(&bench.nor);
        before = bench;
        static struct bench torn;
        bench.nor.cut_at = 300;
        bool acknowledged = take(&trip[i]);
        torn = bench;
        for (uint64_t cut = 1 + i % every;; cut += every) {
            bench = torn;
            nor_power(&bench.nor);
            bench.nor.random.state = cut;
            bench.nor.cut_at = cut;
            if (bulla_seal_start(&bench.seal, &bench.board, NULL, bench.now) == BULLA_OK)
                break;
            cuts++;
            assert_int_equal(bench_restart(&bench), BULLA_OK);
            uint32_t events = bench.seal.events - 1;
            if (events != marks[i].events && events != marks[i + 1].events) { /* it had noted that power was back, and notes it again */
                events--;
                assert_true(events == marks[i].events || events == marks[i + 1].events);
            }
            if (acknowledged)
                assert_true(events == marks[i + 1].events);
        }
        bench = before;
        assert_true(take(&trip[i]));
    }
    assert_true(cuts > 5000 / every);
}

/* The nth call of flash fails, for every n: what happened to it is done in the next turn, and an order is not answered unless it is done.
 */
static void any_call_of_flash_may_fail(void **state)
{
    (void)state;
    unsigned failed = 0, silent = 0;
    go_once();
    bench_init(&bench, 7);
    bench_start(&bench, BULLA_PROFILE_GBT);
    for (size_t i = 0; i < N_STEPS; i++) {
        nor_power(&bench.nor);
        before = bench;
        for (uint64_t nth = 1;; nth++) {
            bench = before;
            bench.nor.random.state = nth;
            bench.nor.fail_at = nth;
            bool acknowledged = take(&trip[i]);
            if (bench.nor.calls < nth)
                break;
            failed++;
            silent += !acknowledged;
            nor_power(&bench.nor);
            (void)bulla_seal_turn(&bench.seal, bench.now);
            assert_false(bench.seal.stale);
            bool done = bench.seal.events == marks[i + 1].events;
            assert_true(done || bench.seal.events == marks[i].events);
            if (acknowledged || trip[i].kind == EVENT)
                assert_true(done);
            assert_as_after(done ? i + 1 : i, false);
            assert_int_equal(bench.nor.broken, 0);
        }
    }
    assert_true(failed > 1000 && silent > 500);
}

int main(void)
{
    const char *cuts = getenv("BULLA_CUTS");
    if (cuts && strcmp(cuts, "all") == 0)
        every = 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_may_go_at_any_moment_of_a_trip),
        cmocka_unit_test(power_may_go_while_it_comes_back),
        cmocka_unit_test(any_call_of_flash_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
