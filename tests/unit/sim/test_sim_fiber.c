// SPDX-License-Identifier: Apache-2.0
// Fibers of the simulation: one runs at a time, in the order in which they are resumed, and each keeps what its thread keeps.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/fiber.h"

static char order[64];
static _Thread_local int mine;

struct work {
    struct sim_fiber *fiber;
    char name;
    int times, kept;
};

static void note(char what)
{
    size_t n = strlen(order);
    order[n] = what;
    order[n + 1] = '\0';
}

static void run(void *context)
{
    struct work *w = context;
    for (int i = 0; i < w->times; i++) {
        mine++;
        note(w->name);
        sim_fiber_stand(w->fiber);
    }
    w->kept = mine;
}

static void they_run_when_they_are_resumed(void **state)
{
    struct work a = {.name = 'a', .times = 2}, b = {.name = 'b', .times = 1};
    (void)state;
    a.fiber = sim_fiber_new(run, &a);
    b.fiber = sim_fiber_new(run, &b);
    assert_string_equal(order, "");
    assert_false(sim_fiber_resume(b.fiber));
    assert_false(sim_fiber_resume(a.fiber));
    note('-');
    assert_false(sim_fiber_resume(a.fiber));
    assert_true(sim_fiber_resume(b.fiber));
    assert_true(sim_fiber_resume(a.fiber));
    assert_string_equal(order, "ba-a");
    assert_int_equal(a.kept, 2);
    assert_int_equal(b.kept, 1);
    assert_int_equal(mine, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(they_run_when_they_are_resumed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
