/* SPDX-License-Identifier: Apache-2.0 */
/* How many rows a node of several lets wait for the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "platform/ahead.h"

enum { PARTITIONS = 8, T0 = 1000000 };

static int begin(void **state)
{
    *state = ahead_new(PARTITIONS);
    return *state ? 0 : -1;
}

static int end(void **state)
{
    ahead_free(*state);
    return 0;
}

static void rows_come_and_go(void **state)
{
    struct ahead *a = *state;
    for (unsigned i = 0; i < PARTITIONS; i++)
        for (uint64_t n = 1; n <= 40; n++)
            ahead_put(a, i, n, 2);
    assert_int_equal(ahead_look(a, 1000, T0).rows, PARTITIONS * 80); /* nothing applied here yet: all are counted */
    for (uint64_t n = 10; n <= 40; n += 10)
        ahead_applied(a, 3, n, true, T0);
    assert_int_equal(ahead_look(a, 1000, T0).rows, 0); /* the one of its own stands for all */
    ahead_applied(a, 4, 20, true, T0);
    assert_int_equal(ahead_look(a, 1000, T0).rows, 40 * PARTITIONS / 2);
    ahead_applied(a, 5, 40, false, T0); /* another node's: told late, not counted by */
    assert_int_equal(ahead_look(a, 1000, T0).rows, 40 * PARTITIONS / 2);
    assert_int_equal(ahead_look(a, 1000, T0 + AHEAD_OWN_MS + 1).rows, (PARTITIONS - 3) * 80 + 40);
    ahead_applied(a, PARTITIONS, 1, true, T0); /* no such partition */
    ahead_put(a, PARTITIONS, 1, 1);
}

/* Numbers go on for ever; what was applied leaves no trace. */
static void a_long_run(void **state)
{
    struct ahead *a = *state;
    for (uint64_t n = 1; n <= 300000; n++) {
        ahead_put(a, 1, n, 3);
        if (n % 7 == 0)
            ahead_applied(a, 1, n - 2, true, T0);
    }
    ahead_applied(a, 1, 300000, true, T0);
    assert_int_equal(ahead_look(a, 1000, T0).rows, 0);
}

static void what_is_remembered_has_a_limit(void **state)
{
    struct ahead *a = *state;
    for (uint64_t n = 1; n <= 2 * AHEAD_PARCELS_MOST; n++)
        ahead_put(a, 1, n, 1);
    assert_int_equal(ahead_look(a, 1000, T0).rows, AHEAD_PARCELS_MOST);
    ahead_applied(a, 1, 2 * AHEAD_PARCELS_MOST, true, T0);
    ahead_put(a, 1, 2 * AHEAD_PARCELS_MOST + 1, 5);
    assert_int_equal(ahead_look(a, 1000, T0).rows, 5 * PARTITIONS);
}

static void limits_have_limits(void **state)
{
    struct ahead *a = *state;
    assert_int_equal(ahead_look(a, 0, T0).most, AHEAD_ROWS_FIRST);
    assert_int_equal(ahead_look(a, 1, T0).most, AHEAD_ROWS_LEAST);
    assert_int_equal(ahead_look(a, SIZE_MAX, T0).most, AHEAD_ROWS_MOST);
}

/* What rows cost, from batch to batch: dear ones close the door within some batches, cheap ones open it. */
static void what_rows_cost(void **state)
{
    (void)state;
    struct ahead_cost cost = {0};
    assert_int_equal(ahead_fits(&cost), 0);
    for (int i = 0; i < 30; i++)
        ahead_spent(&cost, 20, 80); /* 4 ms each */
    assert_int_equal(ahead_fits(&cost), AHEAD_TARGET_MS / 4);
    for (int i = 0; i < 30; i++)
        ahead_spent(&cost, 1000, 30);
    assert_in_range(ahead_fits(&cost), 3000, 3400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_and_go, begin, end),
        cmocka_unit_test_setup_teardown(a_long_run, begin, end),
        cmocka_unit_test_setup_teardown(what_is_remembered_has_a_limit, begin, end),
        cmocka_unit_test_setup_teardown(limits_have_limits, begin, end),
        cmocka_unit_test(what_rows_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
