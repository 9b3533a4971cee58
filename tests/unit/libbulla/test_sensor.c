/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: samples and limits. What a watch reports is compared with what is worked out from all samples at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/sensor.h"
#include "tests/support/random.h"

#define SAMPLES 64
#define ROUNDS  20000
#define BOUNDED 5000

static const struct bulla_sensor_limit cold_chain = {
    .sense = BULLA_SENSE_TEMPERATURE,
    .probe = 2,
    .low = 2000,
    .high = 8000,
    .hysteresis = 500,
    .for_ms = 600000,
    .calm_ms = 300000,
    .alert_ms = 60000,
};

static struct bulla_sensor_step sample(const struct bulla_sensor_limit *limit, struct bulla_sensor_watch *watch, int64_t at, int32_t milli)
{
    struct bulla_sensor_step step;
    assert_int_equal(bulla_sensor_step(limit, watch, at, milli, &step), BULLA_OK);
    return step;
}

/* The nine kinds of the report's chapter 6 and the ranges of 13.6. */
static void the_kinds_have_units_and_ranges(void **state)
{
    (void)state;
    for (unsigned s = 1; s <= BULLA_SENSES; s++) {
        const struct bulla_sense_row *row = bulla_sense_row(s);
        assert_true(row->least < row->greatest);
        if (row->kind) {
            assert_string_equal(row->name, bulla_sensor_text(row->kind));
            assert_string_equal(row->unit, bulla_sensor_unit(row->kind));
        }
    }
    assert_int_equal(bulla_sense_row(BULLA_SENSE_SHOCK)->greatest, 16000);
    assert_null(bulla_sense_row(0));
    assert_null(bulla_sense_row(BULLA_SENSES + 1));
}

static void warm_for_long_enough_is_told_with_its_onset(void **state)
{
    (void)state;
    struct bulla_sensor_watch watch;
    bulla_sensor_init(&watch);
    assert_true(bulla_sensor_next_ms(&cold_chain, &watch) == BULLA_TIME_NONE);
    assert_int_equal(sample(&cold_chain, &watch, 0, 5000).n, 0);
    assert_int_equal(bulla_sensor_next_ms(&cold_chain, &watch), 300000);
    assert_int_equal(sample(&cold_chain, &watch, 300000, 8001).n, 0);
    assert_int_equal(bulla_sensor_next_ms(&cold_chain, &watch), 360000); /* something is going on */
    assert_int_equal(sample(&cold_chain, &watch, 899999, 9500).n, 0);
    struct bulla_sensor_step step = sample(&cold_chain, &watch, 900000, 9000);
    assert_int_equal(step.n, 1);
    assert_int_equal(step.crossing[0].onset_ms, 300000);
    assert_int_equal(step.crossing[0].time_ms, 900000);
    assert_int_equal(step.crossing[0].milli, 9000);
    assert_int_equal(step.crossing[0].extreme, 9500);
    assert_int_equal(step.crossing[0].from, BULLA_SIDE_INSIDE);
    assert_int_equal(step.crossing[0].to, BULLA_SIDE_HIGH);
    assert_int_equal(step.crossing[0].probe, 2);
    assert_int_equal(sample(&cold_chain, &watch, 960000, 7501).n, 0); /* inside, but not by the hysteresis */
    step = sample(&cold_chain, &watch, 1020000, 7500);
    assert_int_equal(step.n, 1);
    assert_int_equal(step.crossing[0].to, BULLA_SIDE_INSIDE);
    assert_int_equal(step.crossing[0].extreme, 9500);
}

static void from_one_side_to_the_other_gives_both(void **state)
{
    (void)state;
    struct bulla_sensor_limit limit = cold_chain;
    struct bulla_sensor_watch watch;
    limit.for_ms = 0;
    bulla_sensor_init(&watch);
    assert_int_equal(sample(&limit, &watch, 1, 9000).n, 1);
    struct bulla_sensor_step step = sample(&limit, &watch, 2, -5000);
    assert_int_equal(step.n, 2);
    assert_int_equal(step.crossing[0].from, BULLA_SIDE_HIGH);
    assert_int_equal(step.crossing[0].extreme, 9000);
    assert_int_equal(step.crossing[1].to, BULLA_SIDE_LOW);
    assert_int_equal(step.crossing[1].extreme, -5000);
    assert_int_equal(sample(&limit, &watch, 3, -6000).n, 0);
    assert_int_equal(sample(&limit, &watch, 4, 2499).n, 0);
    step = sample(&limit, &watch, 5, 2500);
    assert_int_equal(step.n, 1);
    assert_int_equal(step.crossing[0].extreme, -6000);
}

/* [WCO-13.6-18] */
static void what_a_sensor_cannot_measure_is_flagged(void **state)
{
    (void)state;
    struct bulla_sensor_limit limit = {
        .sense = BULLA_SENSE_SHOCK, .low = BULLA_NO_LOW, .high = 4000, .hysteresis = 0, .calm_ms = 1000, .alert_ms = 1000};
    struct bulla_fault fault;
    struct bulla_sensor_watch watch;
    assert_int_equal(bulla_sensor_check(&limit, &fault), BULLA_OK);
    bulla_sensor_init(&watch);
    assert_false(sample(&limit, &watch, 1, 0).saturated); /* rest is no saturation */
    assert_false(sample(&limit, &watch, 2, 15999).saturated);
    struct bulla_sensor_step step = sample(&limit, &watch, 3, 24000);
    assert_true(step.saturated);
    assert_false(sample(&limit, &watch, 4, 5000).saturated); /* still beyond; the peak stays what it was */
    step = sample(&limit, &watch, 5, 3000);
    assert_int_equal(step.n, 1);
    assert_int_equal(step.crossing[0].extreme, 16000);
    assert_true(step.crossing[0].saturated);
    limit = cold_chain;
    bulla_sensor_init(&watch);
    assert_true(sample(&limit, &watch, 1, -60000).saturated);
    assert_int_equal(watch.extreme, -40000);
    limit.sense = BULLA_SENSE_TILT;
    limit.low = BULLA_NO_LOW;
    bulla_sensor_init(&watch);
    struct bulla_sensor_watch before = watch;
    assert_int_equal(bulla_sensor_step(&limit, &watch, 1, 200000, &step), BULLA_INSANE);
    assert_int_equal(bulla_sensor_step(&limit, &watch, 1, -1, &step), BULLA_INSANE);
    assert_memory_equal(&before, &watch, sizeof before);
    assert_false(sample(&limit, &watch, 5, 180000).saturated);
    assert_int_equal(bulla_sensor_step(&limit, &watch, 5, 10, &step), BULLA_INSANE); /* not after the last */
}

static void a_hole_is_no_evidence(void **state)
{
    (void)state;
    struct bulla_sensor_limit limit = cold_chain;
    struct bulla_sensor_watch watch;
    limit.hole_ms = 120000;
    bulla_sensor_init(&watch);
    assert_int_equal(sample(&limit, &watch, -1, 5000).n, 0);
    sample(&limit, &watch, 0, 9000);
    sample(&limit, &watch, 120000, 9000);
    assert_int_equal(watch.since_ms, 0);                         /* just no hole */
    assert_int_equal(sample(&limit, &watch, 900000, 8500).n, 0); /* nobody knows what was in between */
    for (int64_t t = 960000; t < 1500000; t += 60000)
        assert_int_equal(sample(&limit, &watch, t, 9000).n, 0);
    struct bulla_sensor_step step = sample(&limit, &watch, 1500000, 9000);
    assert_int_equal(step.n, 1);
    assert_int_equal(step.crossing[0].onset_ms, 900000);
    assert_int_equal(sample(&limit, &watch, 9000000, 9000).n, 0); /* reported: a hole changes nothing */
    step = sample(&limit, &watch, 9600000, 5000);
    assert_int_equal(step.crossing[0].to, BULLA_SIDE_INSIDE);
}

static void limits_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct bulla_sensor_limit limit;
        const char *field;
    } wrong[] = {
        {{.sense = 0, .low = 0, .high = 1, .calm_ms = 1, .alert_ms = 1}, "sense"},
        {{.sense = 3, .low = BULLA_NO_LOW, .high = BULLA_NO_HIGH, .calm_ms = 1, .alert_ms = 1}, "low"},
        {{.sense = 3, .low = -40001, .high = BULLA_NO_HIGH, .calm_ms = 1, .alert_ms = 1}, "low"},
        {{.sense = 3, .low = BULLA_NO_LOW, .high = 85001, .calm_ms = 1, .alert_ms = 1}, "high"},
        {{.sense = 3, .low = 2000, .high = 8000, .hysteresis = -1, .calm_ms = 1, .alert_ms = 1}, "hysteresis"},
        {{.sense = 3, .low = 2000, .high = 8000, .hysteresis = 3001, .calm_ms = 1, .alert_ms = 1}, "hysteresis"},
        {{.sense = 3, .low = 8000, .high = 2000, .hysteresis = 0, .calm_ms = 1, .alert_ms = 1}, "hysteresis"},
        {{.sense = 3, .low = 80000, .high = BULLA_NO_HIGH, .hysteresis = 5001, .calm_ms = 1, .alert_ms = 1}, "hysteresis"},
        {{.sense = 5, .low = BULLA_NO_LOW, .high = 4000, .hysteresis = 4001, .calm_ms = 1, .alert_ms = 1}, "hysteresis"},
        {{.sense = 3, .low = 2000, .high = 8000, .calm_ms = 1, .alert_ms = 0}, "alert_ms"},
        {{.sense = 3, .low = 2000, .high = 8000, .calm_ms = 1, .alert_ms = 2}, "alert_ms"},
        {{.sense = 3, .low = 2000, .high = 8000, .calm_ms = 9, .alert_ms = 5, .hole_ms = 4}, "hole_ms"},
    };
    struct bulla_fault fault;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(bulla_sensor_check(&wrong[i].limit, &fault), BULLA_INSANE);
        assert_string_equal(fault.field, wrong[i].field);
    }
    assert_int_equal(bulla_sensor_check(&cold_chain, &fault), BULLA_OK);
    struct bulla_sensor_limit limit = cold_chain;
    limit.hole_ms = limit.alert_ms;
    assert_int_equal(bulla_sensor_check(&limit, &fault), BULLA_OK);
    limit.low = BULLA_NO_LOW;
    assert_int_equal(bulla_sensor_check(&limit, &fault), BULLA_OK);
    limit = cold_chain;
    limit.hysteresis = 3000; /* a single value is back */
    assert_int_equal(bulla_sensor_check(&limit, &fault), BULLA_OK);
    limit.high = BULLA_NO_HIGH;
    limit.low = 80000;
    limit.hysteresis = 5000;
    assert_int_equal(bulla_sensor_check(&limit, &fault), BULLA_OK);
    limit.sense = BULLA_SENSE_SHOCK;
    limit.low = BULLA_NO_LOW;
    limit.high = limit.hysteresis = 4000;
    assert_int_equal(bulla_sensor_check(&limit, &fault), BULLA_OK);
}

static struct bulla_sensor_limit some_limit(struct random *random)
{
    struct bulla_sensor_limit limit = {.sense = BULLA_SENSE_TEMPERATURE, .calm_ms = 1, .alert_ms = 1};
    limit.hysteresis = (int32_t)random_below(random, 100);
    limit.low = random_below(random, 4) ? -(int32_t)random_below(random, 300) - 100 : BULLA_NO_LOW;
    limit.high = limit.low == BULLA_NO_LOW || random_below(random, 4) ? (int32_t)random_below(random, 300) + 100 : BULLA_NO_HIGH;
    limit.for_ms = (uint32_t)(random_below(random, 2) * random_below(random, 50));
    return limit;
}

/* The side of each sample first, then its runs: a run that lasts is told once, and its end is told. */
static size_t work_out(const struct bulla_sensor_limit *limit, const int64_t *t, const int32_t *v, struct bulla_crossing *out)
{
    size_t n = 0;
    int side[SAMPLES];
    for (int i = 0, was = 0; i < SAMPLES; i++) {
        int32_t h = limit->hysteresis;
        bool above = limit->high != BULLA_NO_HIGH && v[i] > limit->high - (was == 1 ? h : 0);
        bool below = limit->low != BULLA_NO_LOW && v[i] < limit->low + (was == -1 ? h : 0);
        side[i] = was = above ? 1 : below ? -1 : 0;
    }
    for (int i = 0; i < SAMPLES;) {
        int end = i;
        while (end < SAMPLES && side[end] == side[i])
            end++;
        int told = i;
        while (told < end && t[told] - t[i] < limit->for_ms)
            told++;
        if (side[i] != 0 && told < end) {
            out[n++] = (struct bulla_crossing){.onset_ms = t[i], .time_ms = t[told], .milli = v[told], .to = (int8_t)side[i]};
            if (end < SAMPLES)
                out[n++] = (struct bulla_crossing){.onset_ms = t[end], .time_ms = t[end], .milli = v[end], .from = (int8_t)side[i]};
        }
        i = end;
    }
    return n;
}

static void none_is_lost_and_none_is_invented(void **state)
{
    (void)state;
    struct random random = {16};
    size_t crossings = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct bulla_sensor_limit limit = some_limit(&random);
        struct bulla_fault fault;
        assert_int_equal(bulla_sensor_check(&limit, &fault), BULLA_OK);
        int64_t t[SAMPLES], now = 0;
        int32_t v[SAMPLES], value = 0;
        struct bulla_crossing expected[2 * SAMPLES];
        struct bulla_sensor_watch watch;
        bulla_sensor_init(&watch);
        for (int i = 0; i < SAMPLES; i++) {
            value =
                random_below(&random, 8) ? value + (int32_t)random_below(&random, 201) - 100 : (int32_t)random_below(&random, 1001) - 500;
            t[i] = now += 1 + (int64_t)random_below(&random, 20);
            v[i] = value;
        }
        size_t n = work_out(&limit, t, v, expected), at = 0;
        for (int i = 0; i < SAMPLES; i++) {
            struct bulla_sensor_step step = sample(&limit, &watch, t[i], v[i]);
            for (unsigned k = 0; k < step.n; k++, at++) {
                assert_true(at < n);
                assert_int_equal(step.crossing[k].onset_ms, expected[at].onset_ms);
                assert_int_equal(step.crossing[k].time_ms, expected[at].time_ms);
                assert_int_equal(step.crossing[k].milli, expected[at].milli);
                assert_int_equal(step.crossing[k].from, expected[at].from);
                assert_int_equal(step.crossing[k].to, expected[at].to);
            }
        }
        assert_int_equal(at, n);
        crossings += n;
    }
    assert_true(crossings > ROUNDS);
}

static void a_value_that_trembles_crosses_once(void **state)
{
    (void)state;
    struct random random = {3};
    struct bulla_sensor_limit limit = cold_chain;
    struct bulla_sensor_watch watch;
    limit.for_ms = 0;
    bulla_sensor_init(&watch);
    unsigned n = 0;
    for (int64_t t = 0; t < BOUNDED; t++) /* from 7.501 to 8.499: never inside by the hysteresis */
        n += sample(&limit, &watch, t, 7501 + (int32_t)random_below(&random, 999)).n;
    assert_int_equal(n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kinds_have_units_and_ranges),
        cmocka_unit_test(warm_for_long_enough_is_told_with_its_onset),
        cmocka_unit_test(from_one_side_to_the_other_gives_both),
        cmocka_unit_test(what_a_sensor_cannot_measure_is_flagged),
        cmocka_unit_test(a_hole_is_no_evidence),
        cmocka_unit_test(limits_that_make_no_sense_are_refused),
        cmocka_unit_test(none_is_lost_and_none_is_invented),
        cmocka_unit_test(a_value_that_trembles_crosses_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
