/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "platform/out/memo.h"

#define NOW INT64_C(1772323200000)

static void policies_are_kept_for_a_moment(void **state)
{
    (void)state;
    struct memo *memo = memo_new();
    uint64_t age;
    int64_t number = 0;
    json_t *body = json_pack("{s:i}", "violation", 12), *got;
    assert_null(memo_policy(memo, "risk", NOW, &number, &age));
    memo_policy_keep(memo, "risk", NOW, body, 3, age);
    got = memo_policy(memo, "risk", NOW + MEMO_POLICY_MS - 1, &number, &age);
    assert_true(got != body && json_equal(got, body) && number == 3);
    json_decref(got);
    assert_null(memo_policy(memo, "phasing", NOW, &number, &age));
    assert_null(memo_policy(memo, "risk", NOW + MEMO_POLICY_MS, &number, &age));
    assert_null(memo_policy(memo, "risk", NOW - 1, &number, &age)); /* the clock was set back */
    memo_policy_forget(memo);
    assert_null(memo_policy(memo, "risk", NOW, &number, &age));
    json_decref(body);
    memo_free(memo);
}

/* Who read the old version and is late does not bring it back. */
static void what_was_read_before_a_change_is_not_kept(void **state)
{
    (void)state;
    struct memo *memo = memo_new();
    uint64_t before, age;
    int64_t number;
    json_t *old = json_pack("{s:i}", "violation", 12);
    assert_null(memo_policy(memo, "risk", NOW, &number, &before));
    memo_policy_forget(memo);
    memo_policy_keep(memo, "risk", NOW, old, 1, before);
    assert_null(memo_policy(memo, "risk", NOW, &number, &age));
    json_decref(old);
    memo_free(memo);
}

static void more_policies_than_there_is_room_for(void **state)
{
    (void)state;
    struct memo *memo = memo_new();
    uint64_t age;
    int64_t number;
    char name[24];
    json_t *body = json_object();
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "policy-%d", i);
        assert_null(memo_policy(memo, name, NOW, &number, &age));
        memo_policy_keep(memo, name, NOW, body, i, age);
    }
    json_t *got = memo_policy(memo, "policy-0", NOW, &number, &age);
    assert_non_null(got);
    json_decref(got);
    json_decref(body);
    memo_free(memo);
}

static void a_past_is_known_by_its_key(void **state)
{
    (void)state;
    struct memo *memo = memo_new();
    struct memo_past past = {.carrier_journeys = 40, .route_violations = 2}, got;
    char key[600];
    assert_false(memo_past(memo, "J1|C|KBA 1|A|B", NOW, &got));
    memo_past_keep(memo, "J1|C|KBA 1|A|B", NOW, &past);
    assert_true(memo_past(memo, "J1|C|KBA 1|A|B", NOW + MEMO_PAST_MS - 1, &got));
    assert_memory_equal(&got, &past, sizeof past);
    assert_false(memo_past(memo, "J1|C|KBA 2|A|B", NOW, &got));
    assert_false(memo_past(memo, "J1|C|KBA 1|A|B", NOW + MEMO_PAST_MS, &got));
    assert_false(memo_past(memo, "", NOW, &got));
    memset(key, 'x', sizeof key);
    key[sizeof key - 1] = '\0';
    memo_past_keep(memo, key, NOW, &past); /* longer than any: not kept */
    assert_false(memo_past(memo, key, NOW, &got));
    for (int i = 0; i < 3 * MEMO_PASTS; i++) {
        snprintf(key, sizeof key, "J%d", i);
        memo_past_keep(memo, key, NOW, &past);
        assert_true(memo_past(memo, key, NOW, &got));
    }
    memo_free(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_are_kept_for_a_moment), cmocka_unit_test(what_was_read_before_a_change_is_not_kept),
        cmocka_unit_test(more_policies_than_there_is_room_for), cmocka_unit_test(a_past_is_known_by_its_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
