/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: days of life, against the same sum in floating point, and against what the documents ask.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/energy.h"
#include "tests/support/random.h"

#define ROUNDS 20000

static struct bulla_energy predict(const struct bulla_duty *duty, int32_t celsius, uint32_t interval_s)
{
    struct bulla_energy energy;
    struct bulla_fault fault;
    enum bulla_status status = bulla_energy_predict(duty, (struct bulla_energy_conditions){celsius, interval_s}, &energy, &fault);
    if (status != BULLA_OK)
        fail_msg("%s: expected %s", fault.field, fault.expected);
    return energy;
}

static void print(const struct bulla_duty *duty, int32_t celsius, uint32_t interval_s)
{
    struct bulla_energy e = predict(duty, celsius, interval_s);
    print_message("%s, %d C, report each %u s: %.3f mAh a day (asleep %.3f", duty->name, (int)celsius, (unsigned)interval_s,
                  (double)e.day_nah / 1e6, (double)e.sleep_nah / 1e6);
    for (size_t i = 0; i < BULLA_LOADS_MAX && duty->load[i].name; i++)
        print_message(", %s %.3f", duty->load[i].name, (double)e.load_nah[i] / 1e6);
    print_message(", self-discharge %.3f): %u days%s\n", (double)e.self_discharge_nah / 1e6, (unsigned)e.days,
                  e.by_shelf ? " (shelf)" : "");
}

/* GB/T 23678, 5.1.6: five years without maintenance. WCO report, 13.5: an active seal 45 days, in cold down to -40 degrees;
 * the 70 degrees of its range are the sun's on the shell, not those of 45 days and nights, which 50 stand for here.
 * [WCO-4.2-9] [WCO-4.3-C2] */
static void the_reference_duties_live_as_long_as_asked(void **state)
{
    (void)state;
    print(&bulla_duty_gbt, 20, 0);
    print(&bulla_duty_semi_active, 20, 0);
    for (uint32_t interval = 60; interval <= 3600; interval = interval == 60 ? 300 : interval == 300 ? 600 : interval * 6)
        print(&bulla_duty_active, 20, interval);
    print(&bulla_duty_active, -40, 600);
    print(&bulla_duty_active, 50, 600);
    print(&bulla_duty_active, 70, 600);
    assert_true(predict(&bulla_duty_gbt, 20, 0).days >= 5 * 365);
    assert_true(predict(&bulla_duty_active, 20, 600).days >= 45);
    assert_true(predict(&bulla_duty_active, -40, 600).days >= 45);
    assert_true(predict(&bulla_duty_active, 50, 600).days >= 45);
    assert_true(predict(&bulla_duty_semi_active, 20, 0).days > predict(&bulla_duty_active, 20, 86400).days);
}

static void more_work_and_more_cold_shorten_it(void **state)
{
    (void)state;
    uint32_t longest = 0;
    for (uint32_t interval = 30; interval <= 86400; interval *= 2) {
        uint32_t days = predict(&bulla_duty_active, 20, interval).days;
        assert_true(days > longest);
        longest = days;
    }
    assert_true(predict(&bulla_duty_active, 20, 0).days >= longest);
    for (int32_t c = -40; c < 20; c++)
        assert_true(predict(&bulla_duty_active, c, 600).usable_nah <= predict(&bulla_duty_active, c + 1, 600).usable_nah);
    for (int32_t c = 20; c < 70; c++)
        assert_true(predict(&bulla_duty_active, c, 600).days >= predict(&bulla_duty_active, c + 1, 600).days);
    assert_true(predict(&bulla_duty_gbt, 85, 0).days < predict(&bulla_duty_gbt, 20, 0).days);
}

static double days_in_floating_point(const struct bulla_duty *d, int32_t celsius, uint32_t interval_s)
{
    const struct bulla_chemistry *c = d->chemistry;
    double day_mah = 24.0 * d->sleep_na / 1e6, part = 0;
    for (size_t i = 0; i < BULLA_LOADS_MAX && d->load[i].name; i++) {
        double times = d->load[i].times_milli / 1e3;
        if (d->load[i].a_report)
            times = interval_s ? times * 86400 / interval_s : 0;
        day_mah += d->load[i].current_ua / 1e3 * d->load[i].duration_ms / 3.6e6 * times;
    }
    day_mah += d->capacity_mah * (c->self_discharge_permille / 1e3) / 365 * (celsius > 20 ? pow(2, (celsius - 20) / 10.0) : 1);
    for (unsigned i = 0; i + 1 < BULLA_ENERGY_POINTS; i++)
        if (celsius >= c->celsius[i] && celsius <= c->celsius[i + 1])
            part = c->permille[i] +
                   (double)(c->permille[i + 1] - c->permille[i]) * (celsius - c->celsius[i]) / (c->celsius[i + 1] - c->celsius[i]);
    return fmin(d->capacity_mah * part / 1e3 / day_mah, c->shelf_days);
}

static void whole_numbers_are_exact_enough(void **state)
{
    (void)state;
    static const struct bulla_chemistry *const chemistries[] = {&bulla_thionyl, &bulla_manganese, &bulla_lithium_ion};
    struct random random = {23678};
    for (int round = 0; round < ROUNDS; round++) {
        struct bulla_duty duty = {.name = "any", .chemistry = chemistries[random_below(&random, 3)]};
        duty.capacity_mah = 100 + (uint32_t)random_below(&random, 20000);
        duty.sleep_na = 500 + (uint32_t)random_below(&random, 500000);
        size_t loads = random_below(&random, BULLA_LOADS_MAX + 1);
        for (size_t i = 0; i < loads; i++)
            duty.load[i] = (struct bulla_load){"a load",
                                               1000 + (uint32_t)random_below(&random, 500000),
                                               10 + (uint32_t)random_below(&random, 30000),
                                               1000 * (1 + (uint32_t)random_below(&random, 3)),
                                               random_below(&random, 2) != 0,
                                               ""};
        uint32_t interval = random_below(&random, 8) ? 300 + (uint32_t)random_below(&random, 86100) : 0;
        int32_t celsius = -30 + (int32_t)random_below(&random, 91);
        struct bulla_energy e = predict(&duty, celsius, interval);
        double expected = days_in_floating_point(&duty, celsius, interval);
        assert_true(fabs(e.days - expected) <= 1 + 0.01 * expected);
    }
}

static void a_duty_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct bulla_energy energy = {.days = 77};
    struct bulla_fault fault;
    struct bulla_duty duty = bulla_duty_active;
    assert_int_equal(bulla_energy_predict(&duty, (struct bulla_energy_conditions){-41, 600}, &energy, &fault), BULLA_INSANE);
    assert_string_equal(fault.field, "celsius");
    assert_int_equal(bulla_energy_predict(&duty, (struct bulla_energy_conditions){71, 600}, &energy, &fault), BULLA_INSANE);
    assert_int_equal(bulla_energy_predict(&duty, (struct bulla_energy_conditions){20, 10}, &energy, &fault), BULLA_INSANE);
    assert_string_equal(fault.field, "finding the position");
    struct bulla_chemistry ideal = bulla_thionyl;
    ideal.self_discharge_permille = 0;
    memset(&duty, 0, sizeof duty);
    duty.chemistry = &ideal;
    duty.capacity_mah = 100;
    assert_int_equal(bulla_energy_predict(&duty, (struct bulla_energy_conditions){20, 0}, &energy, &fault), BULLA_INSANE);
    assert_string_equal(fault.field, "duty");
    assert_int_equal(energy.days, 77);
    duty.load[0] = (struct bulla_load){"nothing", 1000, 0, UINT32_MAX, false, ""};
    duty.sleep_na = 1000000;
    assert_int_equal(predict(&duty, 20, 0).days, 4);
}

static void the_margin_of_a_journey(void **state)
{
    (void)state;
    struct bulla_energy e = {.day_nah = 1000000, .usable_nah = 100000000, .days = 100};
    struct bulla_margin m = bulla_energy_margin(&e, 50, 24 * 40, 20);
    assert_int_equal(m.hours_left, 24 * 50);
    assert_int_equal(m.hours_planned, 24 * 40);
    assert_int_equal(m.margin_permille, 250);
    assert_true(m.enough);
    assert_false(bulla_energy_margin(&e, 50, 24 * 42, 20).enough);
    assert_true(bulla_energy_margin(&e, 50, 1000, 20).enough); /* exactly */
    assert_false(bulla_energy_margin(&e, 50, 1001, 20).enough);
    assert_int_equal(bulla_energy_margin(&e, 0, 10, 0).margin_permille, -1000);
    assert_int_equal(bulla_energy_margin(&e, 200, 2400, 0).hours_left, 2400); /* full is full */
    m = bulla_energy_margin(&e, 10, 0, 20);
    assert_true(m.enough && m.margin_permille == INT32_MAX);
    e.by_shelf = true;
    e.days = 40;
    assert_int_equal(bulla_energy_margin(&e, 100, 1, 0).hours_left, 960);
    assert_int_equal(bulla_energy_margin(&e, 10, 1, 0).hours_left, 240);
    e.days = 65535;
    e.usable_nah = UINT64_C(3000000000000);
    e.day_nah = 1;
    assert_int_equal(bulla_energy_margin(&e, 100, 1, 0).margin_permille, 1572839000);
    e.by_shelf = false;
    assert_int_equal(bulla_energy_margin(&e, 100, 1, 0).margin_permille, INT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_duties_live_as_long_as_asked),
        cmocka_unit_test(more_work_and_more_cold_shorten_it),
        cmocka_unit_test(whole_numbers_are_exact_enough),
        cmocka_unit_test(a_duty_that_cannot_be_is_refused),
        cmocka_unit_test(the_margin_of_a_journey),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
