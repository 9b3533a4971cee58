/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "platform/out/out_limits.h"
#include "platform/out/throttle.h"

#define START 1000000000

static void delay_doubles(void **state)
{
    struct out_throttle *t = out_throttle_new(64);
    int64_t now = START, expected = 1000;
    (void)state;
    for (int i = 0; i < OUT_TRIES_NAME_FREE; i++) {
        assert_int_equal(out_throttle_wait(t, "name a", now), 0);
        out_throttle_failed(t, "name a", OUT_TRIES_NAME_FREE, OUT_TRIES_NAME_MS, now);
    }
    assert_int_equal(out_throttle_wait(t, "name a", now), 0);
    for (int i = 0; i < 12; i++) {
        out_throttle_failed(t, "name a", OUT_TRIES_NAME_FREE, OUT_TRIES_NAME_MS, now);
        assert_int_equal(out_throttle_wait(t, "name a", now), expected);
        assert_int_equal(out_throttle_wait(t, "name a", now + expected - 1), 1);
        assert_int_equal(out_throttle_wait(t, "name a", now + expected), 0);
        now += expected;
        expected = expected * 2 > OUT_TRIES_NAME_MS ? OUT_TRIES_NAME_MS : expected * 2;
    }
    assert_int_equal(out_throttle_wait(t, "name b", now), 0);
    out_throttle_passed(t, "name a");
    out_throttle_failed(t, "name a", OUT_TRIES_NAME_FREE, OUT_TRIES_NAME_MS, now);
    assert_int_equal(out_throttle_wait(t, "name a", now), 0);
    out_throttle_free(t);
}

static void tries_are_forgotten(void **state)
{
    struct out_throttle *t = out_throttle_new(64);
    (void)state;
    for (int i = 0; i < 20; i++)
        out_throttle_failed(t, "address 192.0.2.1", OUT_TRIES_NAME_FREE, OUT_TRIES_ADDRESS_MS, START);
    assert_int_equal(out_throttle_wait(t, "address 192.0.2.1", START), OUT_TRIES_ADDRESS_MS);
    int64_t later = START + OUT_TRIES_FORGET_MS + 1;
    out_throttle_failed(t, "address 192.0.2.1", OUT_TRIES_NAME_FREE, OUT_TRIES_ADDRESS_MS, later);
    assert_int_equal(out_throttle_wait(t, "address 192.0.2.1", later), 0);
    out_throttle_free(t);
}

static void bucket_fills(void **state)
{
    struct out_throttle *t = out_throttle_new(64);
    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(out_throttle_take(t, "s", 5, 10, START), 0);
    int64_t wait = out_throttle_take(t, "s", 5, 10, START);
    assert_in_range(wait, 200, 201);
    assert_int_equal(out_throttle_take(t, "s", 5, 10, START + wait), 0);
    assert_int_not_equal(out_throttle_take(t, "s", 5, 10, START + wait), 0);
    for (int i = 0; i < 10; i++) /* never more than the burst, however long it was quiet */
        assert_int_equal(out_throttle_take(t, "s", 5, 10, START + 3600000), 0);
    assert_int_not_equal(out_throttle_take(t, "s", 5, 10, START + 3600000), 0);
    out_throttle_free(t);
}

/* Many names push out the quietest, not the busy ones, and never more than the table holds. */
static void full_table_forgets_the_quiet(void **state)
{
    struct out_throttle *t = out_throttle_new(64);
    char name[32];
    int64_t now = START;
    (void)state;
    for (int i = 0; i < 5000; i++, now++) {
        snprintf(name, sizeof name, "name %d", i);
        out_throttle_failed(t, name, OUT_TRIES_NAME_FREE, OUT_TRIES_NAME_MS, now);
        out_throttle_failed(t, "address 198.51.100.7", OUT_TRIES_ADDRESS_FREE, OUT_TRIES_ADDRESS_MS, now);
    }
    assert_int_equal(out_throttle_wait(t, "address 198.51.100.7", now - 1), OUT_TRIES_ADDRESS_MS);
    out_throttle_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delay_doubles),
        cmocka_unit_test(tries_are_forgotten),
        cmocka_unit_test(bucket_fills),
        cmocka_unit_test(full_table_forgets_the_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
