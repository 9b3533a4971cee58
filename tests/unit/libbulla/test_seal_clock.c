/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: the clock against a simulated crystal, which has an offset, a parabola, and a climate around it.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bulla/clock.h"

#define DAY_MS  INT64_C(86400000)
#define START   INT64_C(1767225600000) /* 2026-01-01 */
#define STEP_MS 60000

struct world {
    double ppm, parabola; /* what this crystal really does */
    double mean, swing;   /* degrees; a day's cycle */
    double phase;         /* oscillations since it began */
    int64_t now_ms;
    bool tells; /* the temperature is told to the clock */
    struct bulla_clock clock;
};

static double celsius(const struct world *w, int64_t at_ms)
{
    return w->mean + w->swing * sin(2 * acos(-1) * (double)(at_ms % DAY_MS) / (double)DAY_MS);
}

static void run(struct world *w, int64_t ms)
{
    for (int64_t end = w->now_ms + ms; w->now_ms < end; w->now_ms += STEP_MS) {
        double c = celsius(w, w->now_ms), away = c - 25;
        w->phase += 32768.0 * STEP_MS / 1000 * (1 + (w->ppm - w->parabola * away * away) / 1e6);
        bulla_clock_tick(&w->clock, &bulla_crystal_usual, (uint32_t)(uint64_t)w->phase,
                         w->tells ? (int32_t)lround(c * 1000) : BULLA_NO_TEMPERATURE);
    }
}

static struct world begin(double ppm, double mean, double swing, bool tells)
{
    struct world w = {.ppm = ppm, .parabola = 0.035, .mean = mean, .swing = swing, .now_ms = START, .tells = tells, .phase = 4e9};
    bulla_clock_init(&w.clock, (uint32_t)(uint64_t)w.phase);
    return w;
}

static int64_t error(const struct world *w)
{
    int64_t wrong = bulla_clock_now(&w->clock) - w->now_ms;
    return wrong < 0 ? -wrong : wrong;
}

/* Thirty days after a calibration, in four climates, with the worst crystal in use and its parabola a tenth off. [GBT-5.1.2] */
static void thirty_days_within_two_seconds_a_day(void **state)
{
    (void)state;
    static const struct {
        double ppm, mean, swing;
    } cases[] = {{20, 25, 0}, {-20, 20, 15}, {20, -15, 15}, {-20, 35, 25}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w = begin(cases[i].ppm, cases[i].mean, cases[i].swing, true);
        w.parabola = 0.0385;
        assert_true(bulla_clock_calibrate(&w.clock, w.now_ms, 100).first);
        run(&w, DAY_MS); /* a day in the depot, then the journey's calibration */
        struct bulla_calibration c = bulla_clock_calibrate(&w.clock, w.now_ms, 100);
        assert_true(c.learned);
        for (int day = 1; day <= 30; day++) {
            run(&w, DAY_MS);
            assert_true(error(&w) <= day * BULLA_CLOCK_DAILY_MS);
            assert_true(error(&w) <= bulla_clock_bound(&w.clock));
        }
        assert_false(bulla_clock_calibrate(&w.clock, w.now_ms, 100).violated);
        assert_int_equal(w.clock.violations, 0);
    }
}

/* The test above has something to say: without the temperature the same clock fails in the cold. */
static void without_the_temperature_the_cold_violates(void **state)
{
    (void)state;
    struct world w = begin(0, -25, 5, false);
    bulla_clock_calibrate(&w.clock, w.now_ms, 100);
    run(&w, 5 * DAY_MS);
    assert_true(error(&w) > 5 * BULLA_CLOCK_DAILY_MS);
    struct bulla_calibration c = bulla_clock_calibrate(&w.clock, w.now_ms, 100);
    assert_true(c.violated);
    assert_true(c.error_ms < 0); /* a cold crystal is slow */
    assert_int_equal(w.clock.violations, 1);
}

/* [GBT-5.1.2] */
static void a_violation_is_flagged_and_corrected(void **state)
{
    (void)state;
    struct world w = begin(40, 25, 0, true);
    bulla_clock_calibrate(&w.clock, w.now_ms, 100);
    run(&w, 2 * DAY_MS);
    struct bulla_calibration c = bulla_clock_calibrate(&w.clock, w.now_ms, 100);
    assert_true(c.violated && c.learned);
    assert_in_range(c.error_ms, 6900, 6925); /* 40 in a million of two days */
    assert_in_range(-w.clock.rate_ppb, 39900, 40100);
    run(&w, 30 * DAY_MS);
    assert_true(error(&w) < 500);
    assert_false(bulla_clock_calibrate(&w.clock, w.now_ms, 100).violated);
}

static void a_clock_that_is_not_set_says_so(void **state)
{
    (void)state;
    struct world w = begin(10, 25, 0, true);
    run(&w, DAY_MS);
    assert_true(bulla_clock_now(&w.clock) == BULLA_TIME_NONE);
    assert_false(bulla_clock_good(&w.clock, INT64_MAX - 1));
    assert_true(bulla_clock_calibrate(&w.clock, w.now_ms, 500).first);
    assert_int_equal(bulla_clock_now(&w.clock), w.now_ms);
    assert_int_equal(bulla_clock_bound(&w.clock), 500);
    assert_true(bulla_clock_good(&w.clock, 500));
    run(&w, 10 * DAY_MS);
    assert_false(bulla_clock_good(&w.clock, 20000));
    assert_true(bulla_clock_good(&w.clock, 20600));
    assert_true(bulla_clock_calibrate(&w.clock, w.now_ms, 500).learned);
    int32_t rate = w.clock.rate_ppb;
    assert_int_not_equal(rate, 0);
    bulla_clock_lose(&w.clock, 7);
    assert_true(bulla_clock_now(&w.clock) == BULLA_TIME_NONE);
    assert_int_equal(w.clock.rate_ppb, rate);
}

/* A wrong time is a violation, and teaches nothing about the crystal; nor does a short one. */
static void a_wrong_reference_teaches_nothing(void **state)
{
    (void)state;
    static const int64_t wrong[] = {3600000, -3600000, INT64_C(900000000000), INT64_C(-900000000000)};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct world w = begin(5, 25, 0, true);
        bulla_clock_calibrate(&w.clock, w.now_ms, 0);
        run(&w, DAY_MS);
        struct bulla_calibration c = bulla_clock_calibrate(&w.clock, w.now_ms + wrong[i], 0);
        assert_true(c.violated && !c.learned);
        assert_int_equal(w.clock.rate_ppb, 0);
    }
    struct world w = begin(100, 25, 0, true);
    bulla_clock_calibrate(&w.clock, w.now_ms, 0);
    run(&w, BULLA_CLOCK_LEARN_MS - STEP_MS);
    struct bulla_calibration c = bulla_clock_calibrate(&w.clock, w.now_ms, 0);
    assert_true(c.violated && !c.learned);
    w.clock.violations = UINT32_MAX;
    run(&w, DAY_MS);
    assert_true(bulla_clock_calibrate(&w.clock, w.now_ms, 0).violated);
    assert_true(w.clock.violations == UINT32_MAX);
    for (int sign = -1; sign <= 1; sign += 2) { /* it would be corrected beyond what a crystal can be */
        w = begin(400 * sign, 25, 0, true);
        bulla_clock_calibrate(&w.clock, w.now_ms, 0);
        run(&w, DAY_MS);
        w.clock.rate_ppb = -200000 * sign;
        assert_false(bulla_clock_calibrate(&w.clock, w.now_ms, 0).learned);
        assert_int_equal(w.clock.rate_ppb, -200000 * sign);
    }
}

/* Two seconds for the day, and what both references may be wrong by: exactly that much is no violation. */
static void the_allowance_is_exact(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2)
        for (int64_t more = 0; more <= 1; more++) {
            struct bulla_clock clock;
            bulla_clock_init(&clock, 0);
            bulla_clock_calibrate(&clock, START, 100);
            bulla_clock_tick(&clock, &bulla_crystal_usual, 32768, BULLA_NO_TEMPERATURE);
            assert_int_equal(bulla_clock_bound(&clock), 101); /* rounded up */
            bulla_clock_tick(&clock, &bulla_crystal_usual, 32768u * 86400, BULLA_NO_TEMPERATURE);
            assert_int_equal(bulla_clock_bound(&clock), 2100);
            struct bulla_calibration c = bulla_clock_calibrate(&clock, START + DAY_MS + sign * (2150 + more), 50);
            assert_int_equal(c.elapsed_ms, DAY_MS);
            assert_int_equal(c.error_ms, -sign * (2150 + more));
            assert_int_equal(c.violated, more);
        }
    struct bulla_clock clock;
    bulla_clock_init(&clock, 0);
    bulla_clock_calibrate(&clock, START, 0);
    bulla_clock_tick(&clock, &bulla_crystal_usual, 32768u * 21600, BULLA_NO_TEMPERATURE);
    assert_true(bulla_clock_calibrate(&clock, START + BULLA_CLOCK_LEARN_MS + 500, 0).learned);
    assert_int_equal(clock.rate_ppb, 23148);
}

static void a_temperature_that_cannot_be_does_no_harm(void **state)
{
    (void)state;
    static const int32_t wild[] = {INT32_MAX, INT32_MIN + 1, 126000, -76000};
    struct bulla_clock expected, clock;
    bulla_clock_init(&expected, 0);
    bulla_clock_calibrate(&expected, START, 0);
    clock = expected;
    bulla_clock_tick(&expected, &bulla_crystal_usual, UINT32_MAX, 125000);
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        struct bulla_clock other = clock;
        bulla_clock_tick(&other, &bulla_crystal_usual, UINT32_MAX, wild[i]);
        assert_true(other.elapsed_ns == expected.elapsed_ns);
    }
}

/* The counter wraps, and however it is cut into ticks the time is the same. */
static void ticks_of_any_length_add_up(void **state)
{
    (void)state;
    static const uint32_t steps[] = {1, 7, 32768, 1000003, UINT32_MAX};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct bulla_clock clock;
        uint32_t counter = UINT32_MAX - 5;
        uint64_t ticks = 0, n = steps[i] < 10 ? 3000000 : 20;
        bulla_clock_init(&clock, counter);
        bulla_clock_calibrate(&clock, 0, 0);
        clock.rate_ppb = 20000;
        for (uint64_t k = 0; k < n; k++) {
            counter += steps[i];
            ticks += steps[i];
            bulla_clock_tick(&clock, &bulla_crystal_usual, counter, 25000);
        }
        double expected = (double)ticks * 1e9 / 32768 * (1 + 20e-6);
        assert_true(fabs((double)clock.elapsed_ns - expected) < 4 + expected * 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thirty_days_within_two_seconds_a_day),      cmocka_unit_test(without_the_temperature_the_cold_violates),
        cmocka_unit_test(a_violation_is_flagged_and_corrected),      cmocka_unit_test(a_clock_that_is_not_set_says_so),
        cmocka_unit_test(a_wrong_reference_teaches_nothing),         cmocka_unit_test(the_allowance_is_exact),
        cmocka_unit_test(a_temperature_that_cannot_be_does_no_harm), cmocka_unit_test(ticks_of_any_length_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
