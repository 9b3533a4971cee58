/* SPDX-License-Identifier: Apache-2.0
 *
 * What an officer does to an alarm reaches the carrier's live stream also where its journey is not supervised: at another node, or
 * after its end.
 */
#include "tests/unit/store/store_both.h"

#include "platform/pipeline.h"

#define SEAL "jt701:7570101998"

static int64_t now(void *host)
{
    (void)host;
    return T0;
}

static void make_records(struct store *store)
{
    struct journey *j = journey_new();
    snprintf(j->id, sizeof j->id, "J");
    snprintf(j->carrier, sizeof j->carrier, "ours");
    j->state = JOURNEY_RELEASED;
    j->created_ms = j->sealed_at_ms = T0;
    j->n_seals = 1;
    snprintf(j->seals[0], sizeof j->seals[0], SEAL);
    assert_int_equal(store_journey_put(store, j, NULL), STORE_OK);
    journey_free(j);
    struct alarm a = {.id = "A",
                      .journey = "J",
                      .seal = SEAL,
                      .kind = ALARM_CABLE_CUT,
                      .grade = 3,
                      .onset_ms = T0,
                      .raised_ms = T0,
                      .ended_ms = BULLA_TIME_NONE,
                      .why = "The cable was cut",
                      .changed_ms = T0};
    assert_int_equal(store_alarm_found(store, &a, 1), STORE_OK);
}

static bool heard(struct platform *p, const char *carrier, const char *words)
{
    char text[4000];
    uint64_t after = 0;
    bool lost = false;
    size_t n = platform_live_read(p, &after, carrier, text, sizeof text - 1, &lost);
    text[n] = '\0';
    return strstr(text, words) != NULL;
}

static void the_carrier_is_told(void **state)
{
    (void)state;
    struct test_place place;
    char why[MODEL_WHY_SIZE] = "";
    struct alarm a;
    place_make(&place);
    struct store *store = place_open(&place);
    make_records(store);
    struct platform *p = platform_open(store, &(struct platform_options){.clock = {now, NULL}, .stepped = true}, why);
    assert_non_null(p);
    assert_true(platform_start(p, why));
    assert_int_equal(store_alarm_get(store, "A", &a), STORE_OK);
    a.state = ALARM_STATE_ACKNOWLEDGED;
    snprintf(a.note, sizeof a.note, "for officers alone");
    assert_int_equal(store_alarm_put(store, &a, NULL), STORE_OK);
    platform_alarm_changed(p, "A");
    platform_work_turn(p);
    assert_true(heard(p, NULL, "for officers alone"));
    assert_true(heard(p, "ours", "\"state\":\"acknowledged\""));
    assert_false(heard(p, "ours", "for officers alone"));
    assert_false(heard(p, "theirs", "acknowledged"));
    platform_close(p);
    store_close(store);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_carrier_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
