/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: wrong passwords are counted and made slow. [WCO-9.3-P3]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/tries.h"

#define MINUTE INT64_C(60000)

/* As in the header: five are free, then a minute, doubled each time, an hour at most. [WCO-9.3-P3] */
static void waits_double_up_to_an_hour(void **state)
{
    (void)state;
    static const int64_t minutes[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    struct bulla_tries tries;
    int64_t now = 1000;
    bulla_tries_init(&tries, now);
    for (unsigned i = 0; i < BULLA_TRIES_FREE; i++) {
        assert_true(bulla_tries_may(&tries, now));
        bulla_tries_wrong(&tries, now);
    }
    for (size_t i = 0; i < sizeof minutes / sizeof *minutes; i++) {
        assert_false(bulla_tries_may(&tries, now));
        assert_false(bulla_tries_may(&tries, now + minutes[i] * MINUTE - 1));
        now += minutes[i] * MINUTE;
        assert_true(bulla_tries_may(&tries, now));
        bulla_tries_wrong(&tries, now);
    }
    assert_int_equal(tries.wrong, 14);
    assert_int_equal(tries.total, 14);
}

/* How many guesses somebody has in a year who does not wait longer than he must. */
static void a_year_is_not_enough_to_guess(void **state)
{
    (void)state;
    struct bulla_tries tries;
    const int64_t year = 365 * 24 * 60 * MINUTE;
    unsigned guesses = 0;
    bulla_tries_init(&tries, 0);
    for (int64_t now = 0; now < year; now += MINUTE)
        while (bulla_tries_may(&tries, now)) {
            bulla_tries_wrong(&tries, now);
            guesses++;
        }
    assert_in_range(guesses, 8000, 8800);
}

static void a_right_one_forgets_those_in_a_row(void **state)
{
    (void)state;
    struct bulla_tries tries;
    bulla_tries_init(&tries, 0);
    for (unsigned i = 0; i < 6; i++)
        bulla_tries_wrong(&tries, i < 5 ? 0 : MINUTE);
    assert_true(bulla_tries_may(&tries, 3 * MINUTE));
    bulla_tries_right(&tries);
    assert_int_equal(tries.wrong, 0);
    assert_int_equal(tries.total, 6);
    bulla_tries_wrong(&tries, 3 * MINUTE);
    assert_true(bulla_tries_may(&tries, 3 * MINUTE));
}

/* Who goes on while nothing is tried is counted, but does not lock out the owner for longer. */
static void going_on_does_not_make_the_wait_longer(void **state)
{
    (void)state;
    struct bulla_tries tries;
    bulla_tries_init(&tries, 0);
    for (unsigned i = 0; i < BULLA_TRIES_FREE; i++)
        bulla_tries_wrong(&tries, 0);
    for (int64_t now = 0; now < MINUTE; now += 100)
        bulla_tries_wrong(&tries, now);
    assert_int_equal(tries.wrong, BULLA_TRIES_FREE);
    assert_int_equal(tries.total, BULLA_TRIES_FREE + 600);
    assert_true(bulla_tries_may(&tries, MINUTE));
}

/* Cutting the power, or setting the clock back, gives nothing. */
static void neither_restart_nor_clock_shortens_a_wait(void **state)
{
    (void)state;
    struct bulla_tries tries, again;
    uint8_t bytes[BULLA_TRIES_SIZE];
    bulla_tries_init(&tries, 0);
    for (unsigned i = 0; i < BULLA_TRIES_FREE; i++)
        bulla_tries_wrong(&tries, 0);
    assert_false(bulla_tries_may(&tries, MINUTE / 2));
    bulla_tries_encode(&tries, bytes);
    assert_memory_equal(bytes, "\x00\x05\x00\x00\x00\x05\x00\x00\x75\x30", 10);
    for (int64_t start = -MINUTE; start <= 100 * MINUTE; start += 101 * MINUTE) { /* its clock begins anew, or far ahead */
        assert_int_equal(bulla_tries_decode(bytes, start, &again), BULLA_OK);
        assert_int_equal(again.wrong, 5);
        assert_int_equal(again.total, 5);
        assert_false(bulla_tries_may(&again, start));
        assert_false(bulla_tries_may(&again, start + MINUTE / 2 - 1));
        assert_true(bulla_tries_may(&again, start + MINUTE / 2));
    }
    assert_false(bulla_tries_may(&tries, MINUTE / 2 - 1000));
    assert_false(bulla_tries_may(&tries, INT64_MIN));
    assert_int_equal(tries.wait_ms, MINUTE / 2);
    assert_false(bulla_tries_may(&tries, INT64_MIN + MINUTE / 2 - 1));
    assert_true(bulla_tries_may(&tries, INT64_MAX)); /* and no difference of clocks is too large */
}

static void a_state_that_rotted_waits_longest(void **state)
{
    (void)state;
    struct bulla_tries tries;
    uint8_t bytes[BULLA_TRIES_SIZE] = {0, 0, 0, 0, 0, 0, 0x00, 0x36, 0xEE, 0x80};
    assert_int_equal(bulla_tries_decode(bytes, 0, &tries), BULLA_OK);
    assert_int_equal(tries.wait_ms, BULLA_TRIES_MOST_MS);
    bytes[9]++;
    assert_int_equal(bulla_tries_decode(bytes, 0, &tries), BULLA_DAMAGED);
    assert_int_equal(tries.wait_ms, BULLA_TRIES_MOST_MS);
}

static void counters_stop_at_their_ends(void **state)
{
    (void)state;
    struct bulla_tries tries;
    bulla_tries_init(&tries, 0);
    tries.wrong = UINT16_MAX;
    tries.total = UINT32_MAX;
    bulla_tries_wrong(&tries, 0);
    assert_int_equal(tries.wrong, UINT16_MAX);
    assert_int_equal(tries.total, UINT32_MAX);
    assert_int_equal(tries.wait_ms, BULLA_TRIES_MOST_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_up_to_an_hour),
        cmocka_unit_test(a_year_is_not_enough_to_guess),
        cmocka_unit_test(a_right_one_forgets_those_in_a_row),
        cmocka_unit_test(going_on_does_not_make_the_wait_longer),
        cmocka_unit_test(neither_restart_nor_clock_shortens_a_wait),
        cmocka_unit_test(a_state_that_rotted_waits_longest),
        cmocka_unit_test(counters_stop_at_their_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
