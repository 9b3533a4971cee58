/* SPDX-License-Identifier: Apache-2.0 */
/* When a node of several takes the store for overloaded, and how many rows it then lets wait. [WCO-4.3-C9] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "platform/ahead.h"

enum { PARTITIONS = 8, T0 = 1000000, STEP_MS = 100 };

/* A store that takes `speed` rows a step of each partition that works, and devices that say `rows` in each; with it, or without. */
struct model {
    struct ahead *ahead;
    int64_t now_ms;
    uint64_t put[PARTITIONS], applied[PARTITIONS];
    unsigned rows, speed;
    unsigned others, others_speed; /* so many partitions are of a node that is dead or slow */
    bool away;
    struct ahead_view view;
};

static int begin(void **state)
{
    struct model *m = calloc(1, sizeof *m);
    *state = m;
    m->ahead = ahead_new(PARTITIONS);
    m->now_ms = T0;
    m->rows = 10;
    m->speed = 20;
    return m->ahead ? 0 : -1;
}

static int end(void **state)
{
    struct model *m = *state;
    ahead_free(m->ahead);
    free(m);
    return 0;
}

/* Returns ms in which there was overload. */
static int64_t run(struct model *m, int64_t ms)
{
    int64_t overload_ms = 0;
    for (int64_t until = m->now_ms + ms; m->now_ms < until; m->now_ms += STEP_MS) {
        for (unsigned i = 0; i < PARTITIONS; i++) {
            for (unsigned k = 0; k < m->rows && !(m->view.most && m->view.rows > m->view.most); k++)
                ahead_put(m->ahead, i, ++m->put[i], 1, m->now_ms);
            uint64_t waits = m->put[i] - m->applied[i];
            unsigned speed = m->away ? 0 : i < m->others ? m->others_speed : m->speed;
            m->applied[i] += waits < speed ? waits : speed;
            ahead_applied(m->ahead, i, m->applied[i], m->now_ms);
        }
        m->view = ahead_look(m->ahead, m->now_ms);
        overload_ms += m->view.most ? STEP_MS : 0;
    }
    return overload_ms;
}

static void a_store_that_keeps_up_is_no_overload(void **state)
{
    struct model *m = *state;
    assert_int_equal(run(m, 60000), 0);
    assert_true(m->view.lag_ms <= STEP_MS);
    m->speed = m->rows; /* just so */
    assert_int_equal(run(m, 60000), 0);
}

/* Ten times what it takes: noticed within seconds, and from then on about as much waits as it takes in two seconds. */
static void what_comes_too_fast_is_overload(void **state)
{
    struct model *m = *state;
    run(m, 10000);
    m->rows = 200;
    assert_int_equal(run(m, 3000), 0);
    assert_true(run(m, 2000) > 0);
    size_t waited = m->view.rows;
    assert_true(waited < 5000 / STEP_MS * PARTITIONS * 200);
    assert_int_equal(run(m, 60000), 60000);
    size_t takes = PARTITIONS * 20 * AHEAD_WAIT_MS / STEP_MS;
    assert_in_range(m->view.most, takes * 9 / 10, takes * 11 / 10);
    assert_in_range(m->view.rows, takes / 2, takes * 2);
    assert_in_range(m->view.lag_ms, AHEAD_CALM_MS, AHEAD_LATE_MS);
    m->rows = 10; /* and it ends with the load */
    run(m, 10000);
    assert_int_equal(run(m, 10000), 0);
}

/* Two minutes away, and then worked off while devices go on: nothing is shed. */
static void a_store_that_was_away_is_no_overload(void **state)
{
    struct model *m = *state;
    run(m, 10000);
    m->away = true;
    assert_int_equal(run(m, 120000), 0);
    m->away = false;
    assert_int_equal(run(m, 180000), 0);
    assert_true(m->view.lag_ms <= STEP_MS);
}

/* A node died: half of the partitions stand still for as long as it takes to take them over. */
static void partitions_of_nobody_are_no_overload(void **state)
{
    struct model *m = *state;
    run(m, 10000);
    m->others = PARTITIONS / 2;
    assert_int_equal(run(m, 15000), 0);
    m->others = 0;
    assert_int_equal(run(m, 60000), 0);
}

/* One node of several is slow: that is noticed too, later. */
static void some_partitions_too_slow_is_overload(void **state)
{
    struct model *m = *state;
    run(m, 10000);
    m->others = PARTITIONS / 4;
    m->others_speed = 2;
    assert_int_equal(run(m, AHEAD_LASTS_MS), 0);
    assert_true(run(m, 10000) > 5000);
}

/* More than is remembered one by one is counted all the same, and numbers that nobody put do no harm. */
static void odd_numbers(void **state)
{
    struct model *m = *state;
    ahead_applied(m->ahead, 0, 77, T0);
    ahead_applied(m->ahead, PARTITIONS, 1, T0);
    ahead_put(m->ahead, PARTITIONS, 1, 1, T0);
    assert_int_equal(ahead_look(m->ahead, T0).rows, 0);
    for (uint64_t n = 1; n <= 2 * AHEAD_PARCELS_MOST; n++)
        ahead_put(m->ahead, 1, n, 1, T0 + (int64_t)n * AHEAD_TOGETHER_MS);
    int64_t then_ms = T0 + (int64_t)2 * AHEAD_PARCELS_MOST * AHEAD_TOGETHER_MS;
    assert_int_equal(ahead_look(m->ahead, then_ms).rows, 2 * AHEAD_PARCELS_MOST);
    ahead_applied(m->ahead, 1, 100, then_ms);
    assert_int_equal(ahead_look(m->ahead, then_ms).rows, 2 * AHEAD_PARCELS_MOST - 100);
    ahead_applied(m->ahead, 1, 2 * AHEAD_PARCELS_MOST, then_ms);
    assert_int_equal(ahead_look(m->ahead, then_ms).rows, 0);
    ahead_put(m->ahead, 1, 2 * AHEAD_PARCELS_MOST + 1, 5, then_ms);
    assert_int_equal(ahead_look(m->ahead, T0).rows, 5); /* a clock that is set back */
    assert_int_equal(ahead_look(m->ahead, T0).most, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_store_that_keeps_up_is_no_overload, begin, end),
        cmocka_unit_test_setup_teardown(what_comes_too_fast_is_overload, begin, end),
        cmocka_unit_test_setup_teardown(a_store_that_was_away_is_no_overload, begin, end),
        cmocka_unit_test_setup_teardown(partitions_of_nobody_are_no_overload, begin, end),
        cmocka_unit_test_setup_teardown(some_partitions_too_slow_is_overload, begin, end),
        cmocka_unit_test_setup_teardown(odd_numbers, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
