// SPDX-License-Identifier: Apache-2.0
// A share of the simulation that is small enough to be run with every change: a few seeds of both sizes hold, and a seed is the same
// each time, event by event. More: make simulate. That bugs are found: tests/simulate/selftest.sh.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "sim/simulate.h"

static struct simulate_result run(uint64_t seed, unsigned nodes, double days, unsigned faults)
{
    struct simulate_options options = {.seed = seed, .days = days, .nodes = nodes, .faults = faults};
    struct simulate_result result;
    assert_true(simulate_run(&options, &result));
    if (result.failed)
        fail_msg("seed %llu, %u nodes, step %llu: \"%s\" does not hold: %s", (unsigned long long)seed, nodes,
                 (unsigned long long)result.step, result.invariant, result.why);
    return result;
}

static void one_process_holds(void **state)
{
    (void)state;
    const char *text = getenv("BULLA_SIMULATE_SEEDS");
    uint64_t seeds = text ? strtoull(text, NULL, 10) : 6, crashes = 0, acknowledged = 0, alarms = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct simulate_result r = run(seed, 1, 4, SIMULATE_ALL);
        crashes += r.crashes;
        acknowledged += r.acknowledged;
        alarms += r.alarms;
    }
    assert_true(crashes > seeds && acknowledged > 100 * seeds && alarms > seeds);
    print_message("%llu records acknowledged, %llu alarms, %llu crashes\n", (unsigned long long)acknowledged, (unsigned long long)alarms,
                  (unsigned long long)crashes);
}

static void a_cluster_holds(void **state)
{
    (void)state;
    struct simulate_result r = run(5, 3, 0.1, SIMULATE_ALL);
    assert_true(r.rounds == 1 && r.acknowledged > 0 && r.early > 0 && r.stands > 0);
}

static void a_seed_is_the_same_each_time(void **state)
{
    (void)state;
    struct simulate_result first = run(3, 1, 2, SIMULATE_ALL), again = run(3, 1, 2, SIMULATE_ALL), other = run(4, 1, 2, SIMULATE_ALL);
    assert_int_equal(first.steps, again.steps);
    assert_true(first.digest == again.digest);
    assert_true(first.digest != other.digest);
}

static void a_cluster_is_the_same_each_time(void **state)
{
    (void)state;
    struct simulate_result first = run(5, 3, 0.1, SIMULATE_ALL), again = run(5, 3, 0.1, SIMULATE_ALL);
    assert_int_equal(first.steps, again.steps);
    assert_true(first.digest == again.digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_process_holds),
        cmocka_unit_test(a_cluster_holds),
        cmocka_unit_test(a_seed_is_the_same_each_time),
        cmocka_unit_test(a_cluster_is_the_same_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
