/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: when a seal reports.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/schedule.h"
#include "tests/support/random.h"

#define DAY_MS UINT64_C(86400000)

static const struct bulla_pace usual = {0}, quiet = {.quiet = true}, low = {.low = true}, slow = {.slow = true};

/* [WCO-4.3-C7] */
static void a_setting_out_of_its_range_is_refused(void **state)
{
    (void)state;
    struct bulla_settings settings;
    struct bulla_fault fault;
    bulla_settings_init(&settings);
    for (unsigned s = 0; s < BULLA_SETTINGS; s++) {
        const struct bulla_setting_row *row = bulla_setting_row((enum bulla_setting)s);
        assert_int_equal(settings.value[s], row->usual);
        assert_int_equal(bulla_settings_set(&settings, (enum bulla_setting)s, row->least, &fault), BULLA_OK);
        assert_int_equal(bulla_settings_set(&settings, (enum bulla_setting)s, row->greatest, &fault), BULLA_OK);
        assert_int_equal(bulla_settings_set(&settings, (enum bulla_setting)s, row->least - 1, &fault), BULLA_INSANE);
        assert_int_equal(bulla_settings_set(&settings, (enum bulla_setting)s, row->greatest + 1, &fault), BULLA_INSANE);
        assert_string_equal(fault.field, row->name);
        assert_string_equal(fault.expected, row->range);
        assert_int_equal(settings.value[s], row->greatest);
    }
    assert_string_equal(bulla_setting_row(BULLA_SETTING_INTERVAL)->range, "30 to 86400 s");
}

/* A day in which it wakes up to 20 s late each time: no slot moves. [WCO-4.3-C1] */
static void lateness_does_not_add_up(void **state)
{
    (void)state;
    struct random random = {24};
    static const uint32_t intervals[] = {30, 60, 600, 3600};
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
        struct bulla_settings settings;
        struct bulla_fault fault;
        struct bulla_schedule schedule;
        bulla_settings_init(&settings);
        assert_int_equal(bulla_settings_set(&settings, BULLA_SETTING_INTERVAL, intervals[i], &fault), BULLA_OK);
        bulla_schedule_init(&schedule, 12345);
        uint64_t now = 12345, reports = 0, next = bulla_schedule_step(&schedule, &settings, usual, now).next_ms;
        while (next <= 12345 + DAY_MS) {
            now = next + random_below(&random, 20000);
            struct bulla_due due = bulla_schedule_step(&schedule, &settings, usual, now);
            assert_true(due.report && !due.asked && due.slept == 0);
            reports++;
            assert_int_equal(due.next_ms, 12345 + (reports + 1) * intervals[i] * UINT64_C(1000));
            next = due.next_ms;
        }
        assert_int_equal(reports, DAY_MS / 1000 / intervals[i]);
    }
}

static void what_is_asked_leaves_the_grid_alone(void **state)
{
    (void)state;
    struct bulla_settings settings;
    struct bulla_schedule schedule;
    bulla_settings_init(&settings);
    bulla_schedule_init(&schedule, 0);
    assert_false(bulla_schedule_step(&schedule, &settings, usual, 1000).report);
    bulla_schedule_ask(&schedule, 2000);
    bulla_schedule_ask(&schedule, 9000); /* the first question sets the time */
    struct bulla_due due = bulla_schedule_step(&schedule, &settings, usual, 9000);
    assert_true(due.report && due.asked);
    assert_int_equal(due.by_ms, 12000);
    assert_int_equal(due.next_ms, 600000);
    due = bulla_schedule_step(&schedule, &settings, usual, 9001);
    assert_false(due.report || due.asked);
    bulla_schedule_ask(&schedule, 600000);
    due = bulla_schedule_step(&schedule, &settings, usual, 600000); /* one report serves both */
    assert_true(due.report && due.asked);
    assert_false(bulla_schedule_step(&schedule, &settings, usual, 600001).report);
}

static void flight_holds_one_report(void **state)
{
    (void)state;
    struct bulla_settings settings;
    struct bulla_schedule schedule;
    bulla_settings_init(&settings);
    bulla_schedule_init(&schedule, 0);
    assert_false(bulla_schedule_step(&schedule, &settings, quiet, 1).report);
    assert_false(bulla_schedule_step(&schedule, &settings, usual, 2).report); /* a short flight: nothing was due */
    for (uint64_t now = 60000; now < 36000000; now += 60000)
        assert_false(bulla_schedule_step(&schedule, &settings, quiet, now).report);
    bulla_schedule_ask(&schedule, 36000001);
    assert_false(bulla_schedule_step(&schedule, &settings, quiet, 36000001).report);
    struct bulla_due due = bulla_schedule_step(&schedule, &settings, usual, 36000002);
    assert_true(due.report && due.asked);
    assert_false(bulla_schedule_step(&schedule, &settings, usual, 36000003).report);
}

static void the_interval_changes_from_the_last_slot(void **state)
{
    (void)state;
    struct bulla_settings settings;
    struct bulla_schedule schedule;
    bulla_settings_init(&settings);
    assert_int_equal(bulla_schedule_interval_ms(&settings, usual), 600000);
    assert_int_equal(bulla_schedule_interval_ms(&settings, low), 1800000);
    assert_int_equal(bulla_schedule_interval_ms(&settings, slow), 3600000);
    assert_int_equal(bulla_schedule_interval_ms(&settings, (struct bulla_pace){.slow = true, .low = true}), 10800000);
    bulla_schedule_init(&schedule, 0);
    assert_true(bulla_schedule_step(&schedule, &settings, usual, 600000).report);
    assert_int_equal(bulla_schedule_step(&schedule, &settings, slow, 700000).next_ms, 4200000);
    assert_int_equal(bulla_schedule_step(&schedule, &settings, low, 700000).next_ms, 2400000);
    struct bulla_due due = bulla_schedule_step(&schedule, &settings, usual, 2400000); /* fast again: two slots have gone by */
    assert_true(due.report);
    assert_int_equal(due.slept, 2);
    assert_int_equal(due.next_ms, 3000000);
    assert_int_equal(bulla_schedule_step(&schedule, &settings, usual, 3600001).slept, 1);
    struct bulla_schedule asleep;
    bulla_schedule_init(&asleep, 0);
    assert_int_equal(bulla_schedule_step(&asleep, &settings, usual, UINT64_MAX / 2).slept, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setting_out_of_its_range_is_refused),   cmocka_unit_test(lateness_does_not_add_up),
        cmocka_unit_test(what_is_asked_leaves_the_grid_alone),     cmocka_unit_test(flight_holds_one_report),
        cmocka_unit_test(the_interval_changes_from_the_last_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
