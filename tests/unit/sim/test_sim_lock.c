// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/lock.h"

#define N_OF(a) (sizeof(a) / sizeof(a)[0])

struct row {
    enum sim_action action;
    const char *text;
    enum sim_lock_event event;
    enum sim_rope rope;
    enum sim_motor motor;
};

static void play(struct sim_lock *lock, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(sim_lock_act(lock, rows[i].action, rows[i].text, 1000 * (int64_t)i), rows[i].event);
        assert_int_equal(lock->rope, rows[i].rope);
        assert_int_equal(lock->motor, rows[i].motor);
    }
}

static struct sim_lock sealed(void)
{
    struct sim_lock lock;
    sim_lock_init(&lock, "481516");
    assert_true(sim_lock_add_card(&lock, 4711));
    assert_int_equal(sim_lock_act(&lock, SIM_ACT_INSERT, "", 0), SIM_LOCK_AUTO_LOCKED);
    assert_true(sim_lock_sealed(&lock));
    return lock;
}

static void opens_and_closes_by_the_table(void **state)
{
    static const struct row rows[] = {
        {SIM_ACT_PULL, "", SIM_LOCK_NOTHING, SIM_ROPE_IN, SIM_MOTOR_LOCKED}, /* the bolt holds it */
        {SIM_ACT_CARD, "0000000099", SIM_LOCK_CARD_UNKNOWN, SIM_ROPE_IN, SIM_MOTOR_LOCKED},
        {SIM_ACT_STATIC, "000000", SIM_LOCK_STATIC_WRONG, SIM_ROPE_IN, SIM_MOTOR_LOCKED},
        {SIM_ACT_DYNAMIC, "", SIM_LOCK_DYNAMIC_WRONG, SIM_ROPE_IN, SIM_MOTOR_LOCKED}, /* none was made: "" opens nothing */
        {SIM_ACT_CARD, "0000004711", SIM_LOCK_CARD_OK, SIM_ROPE_IN, SIM_MOTOR_UNLOCKED},
        {SIM_ACT_PULL, "", SIM_LOCK_PULLED, SIM_ROPE_OUT, SIM_MOTOR_UNLOCKED},
        {SIM_ACT_REMOTE_LOCK, "", SIM_LOCK_LOCK_REFUSED, SIM_ROPE_OUT, SIM_MOTOR_UNLOCKED},
        {SIM_ACT_CUT, "", SIM_LOCK_NOTHING, SIM_ROPE_OUT, SIM_MOTOR_UNLOCKED}, /* what hangs loose is not cut open */
        {SIM_ACT_INSERT, "", SIM_LOCK_AUTO_LOCKED, SIM_ROPE_IN, SIM_MOTOR_LOCKED},
        {SIM_ACT_STATIC, "481516", SIM_LOCK_STATIC_OK, SIM_ROPE_IN, SIM_MOTOR_UNLOCKED},
        {SIM_ACT_REMOTE_LOCK, "", SIM_LOCK_REMOTE_LOCKED, SIM_ROPE_IN, SIM_MOTOR_LOCKED},
        {SIM_ACT_REMOTE, "", SIM_LOCK_REMOTE_OK, SIM_ROPE_IN, SIM_MOTOR_UNLOCKED},
    };
    struct sim_lock lock = sealed();
    (void)state;
    play(&lock, rows, N_OF(rows));
}

static void a_cut_rope_stays_cut(void **state)
{
    static const struct row rows[] = {
        {SIM_ACT_CUT, "", SIM_LOCK_ROPE_CUT, SIM_ROPE_CUT, SIM_MOTOR_LOCKED},
        {SIM_ACT_CUT, "", SIM_LOCK_NOTHING, SIM_ROPE_CUT, SIM_MOTOR_LOCKED},
        {SIM_ACT_INSERT, "", SIM_LOCK_NOTHING, SIM_ROPE_CUT, SIM_MOTOR_LOCKED},
        {SIM_ACT_CARD, "4711", SIM_LOCK_CARD_OK, SIM_ROPE_CUT, SIM_MOTOR_UNLOCKED},
        {SIM_ACT_PULL, "", SIM_LOCK_NOTHING, SIM_ROPE_CUT, SIM_MOTOR_UNLOCKED},
    };
    struct sim_lock lock = sealed();
    (void)state;
    play(&lock, rows, N_OF(rows));
    assert_int_equal(lock.cuts, 1);
    assert_false(sim_lock_sealed(&lock));
}

static void a_stuck_motor_opens_for_nobody(void **state)
{
    static const struct row rows[] = {
        {SIM_ACT_JAM, "", SIM_LOCK_MOTOR_STUCK, SIM_ROPE_IN, SIM_MOTOR_STUCK},
        {SIM_ACT_CARD, "4711", SIM_LOCK_MOTOR_STUCK, SIM_ROPE_IN, SIM_MOTOR_STUCK},
        {SIM_ACT_STATIC, "481516", SIM_LOCK_MOTOR_STUCK, SIM_ROPE_IN, SIM_MOTOR_STUCK},
        {SIM_ACT_STATIC, "1", SIM_LOCK_STATIC_WRONG, SIM_ROPE_IN, SIM_MOTOR_STUCK},
        {SIM_ACT_REMOTE, "", SIM_LOCK_MOTOR_STUCK, SIM_ROPE_IN, SIM_MOTOR_STUCK},
    };
    struct sim_lock lock = sealed();
    (void)state;
    play(&lock, rows, N_OF(rows));
}

static void wrong_tries_count_until_a_right_one(void **state)
{
    struct sim_lock lock = sealed();
    (void)state;
    for (unsigned i = 1; i <= 6; i++) {
        assert_int_equal(sim_lock_act(&lock, SIM_ACT_STATIC, "nope", 0), SIM_LOCK_STATIC_WRONG);
        assert_int_equal(lock.wrong_tries, i);
    }
    assert_int_equal(sim_lock_act(&lock, SIM_ACT_STATIC, "481516", 0), SIM_LOCK_STATIC_OK);
    assert_int_equal(lock.wrong_tries, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_and_closes_by_the_table),
        cmocka_unit_test(a_cut_rope_stays_cut),
        cmocka_unit_test(a_stuck_motor_opens_for_nobody),
        cmocka_unit_test(wrong_tries_count_until_a_right_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
