/* SPDX-License-Identifier: Apache-2.0
 *
 * unlock_refused, wrong_credential, tamper, malfunction, low_battery, clock_error.
 */
#include "tests/unit/rules/scene.h"

static struct bulla_observation *refused(struct scene *s, double minute, const char *card, enum bulla_reason reason)
{
    return scene_attempt(scene_at(s, minute, 10000), card, BULLA_VERDICT_REFUSED, reason);
}

static void refusals_of_an_episode_are_one_alarm(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    refused(s, 11, "9", BULLA_REASON_OUTSIDE_FENCE);
    refused(s, 15, "9", BULLA_REASON_OUTSIDE_FENCE);
    scene_drive(s, 16, 10000, 20000);
    scene_expect(s, 30, "unlock_refused@11/1");
    assert_int_equal(s->alarms[0].count, 2);
    assert_string_equal(s->alarms[0].evidence[0], "o11");
    refused(s, 40, "9", BULLA_REASON_OUTSIDE_FENCE);
    scene_expect(s, 45, "unlock_refused@11/1 unlock_refused@40/1");
    scene_free(s);
}

static void a_slip_of_the_hand_is_forgiven(void **state)
{
    (void)state;
    static const struct {
        double after;
        const char *card, *want;
    } rows[] = {{1, "5", ""}, {0.5, "5", ""}, {1.1, "5", "unlock_refused@61/1"}, {0.5, "6", "unlock_refused@61/1"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene *s = scene_new();
        scene_drive(s, 0, 0, 60000);
        scene_attempt(scene_at(s, 61, 60000), "5", BULLA_VERDICT_REFUSED, BULLA_REASON_UNKNOWN);
        scene_attempt(scene_at(s, 61 + rows[i].after, 60000), rows[i].card, BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK);
        scene_expect(s, 70, i == 3 ? "" : rows[i].want); /* another card's opening ends the supervision before the minute is over */
        scene_free(s);
    }
}

static void three_refusals_or_an_unknown_card(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    refused(s, 11, "9", BULLA_REASON_OUTSIDE_FENCE);
    refused(s, 14, "9", BULLA_REASON_OUTSIDE_FENCE);
    refused(s, 21.5, "9", BULLA_REASON_OUTSIDE_FENCE); /* the third more than ten minutes after the first */
    scene_expect(s, 22, "unlock_refused@11/1");
    refused(s, 23, "9", BULLA_REASON_OUTSIDE_FENCE);
    scene_expect(s, 24, "unlock_refused@11/1 wrong_credential@14/2");
    scene_free(s);
    s = scene_new();
    refused(s, 11, "666", BULLA_REASON_UNKNOWN_CARD);
    refused(s, 12, "666", BULLA_REASON_UNKNOWN_CARD);
    scene_expect(s, 22, "unlock_refused@11/1 wrong_credential@11/2");
    assert_int_equal(s->alarms[1].count, 2);
    scene_free(s);
    s = scene_new();
    bulla_observation_add_event(scene_at(s, 5, 0), BULLA_EVENT_WRONG_PASSWORD_REPEATED);
    scene_expect(s, 6, "wrong_credential@5/2");
    scene_free(s);
}

static void shaking_counts_while_standing(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 20000);
    bulla_observation_add_event(&s->observations[15], BULLA_EVENT_VIBRATION); /* on the road */
    m = scene_stand(s, m, 20000, 12);
    bulla_observation_add_event(scene_message(s, m), BULLA_EVENT_IMPACT);
    bulla_observation_add_event(scene_at(s, m + 3, 20000), BULLA_EVENT_VIBRATION);
    scene_drive(s, m + 5, 21000, 25000);
    scene_expect(s, m + 10, "tamper@35/2");
    assert_int_equal(s->alarms[0].count, 2);
    scene_free(s);
}

static void shaking_where_goods_are_handled_is_work(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_stand(s, 0, 0, 15);
    bulla_observation_add_event(scene_at(s, m, 0), BULLA_EVENT_TILT);
    scene_expect(s, m + 1, "");
    struct bulla_observation *o = scene_at(s, m + 2, 0); /* and starting up is no tampering either */
    bulla_observation_add_event(o, BULLA_EVENT_VIBRATION);
    scene_expect(s, m + 3, "");
    scene_free(s);
}

/* [WCO-13.5-R15] */
static void what_the_seal_says_of_itself(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 5000);
    scene_at(s, 6, 6000)->state.motor = BULLA_MOTOR_STUCK;
    bulla_observation_add_event(scene_at(s, 6.5, 6000), BULLA_EVENT_MOTOR_STUCK);
    scene_at(s, 7, 7000);
    bulla_observation_add_event(scene_at(s, 8, 8000), BULLA_EVENT_SELF_TEST_FAILED);
    scene_expect(s, 9, "malfunction@6/2 malfunction@8/2");
    scene_free(s);
}

/* [WCO-13.5-R15] */
static void a_sensor_fault_must_last(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    for (int i = 0; i <= 15; i += 5)
        bulla_observation_add_event(scene_at(s, 5 + i, 5000 + i * 1000), BULLA_EVENT_SENSOR_FAULT);
    scene_expect(s, 21, "");
    scene_message(s, 20.5); /* a heartbeat says nothing of sensors */
    bulla_observation_add_event(scene_at(s, 21, 21000), BULLA_EVENT_SENSOR_FAULT);
    scene_expect(s, 22, "malfunction@5/2");
    scene_free(s);
}

static void battery(struct scene *s, double minute, unsigned percent, bool charging)
{
    struct bulla_observation *o = scene_message(s, minute);
    o->has |= BULLA_HAS_PERCENT | BULLA_HAS_CHARGING;
    o->percent = (uint8_t)percent;
    o->charging = charging;
}

/* [WCO-13.5-R18] [WCO-13.5-B3] */
static void battery_needs_two_reports_or_is_empty(void **state)
{
    (void)state;
    static const struct {
        uint8_t percent[6];
        const char *want;
    } rows[] = {
        {{16, 15, 16, 15, 16, 15}, ""},
        {{16, 15, 15, 14, 16, 15}, "low_battery@1/1"},
        {{50, 5, 50, 50, 50, 50}, "low_battery@1/1"},
        {{15, 14, 24, 15, 14, 13}, "low_battery@0/1"},                 /* not cleared at +9 */
        {{15, 14, 25, 15, 14, 13}, "low_battery@0/1 low_battery@3/1"}, /* cleared at +10 */
        {{6, 50, 6, 50, 6, 50}, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene *s = scene_new();
        for (int k = 0; k < 6; k++)
            battery(s, k, rows[i].percent[k], false);
        scene_expect(s, 10, rows[i].want);
        s->journey->battery_percent = -1;
        scene_expect(s, 10, "");
        scene_free(s);
    }
}

/* [WCO-13.5-R18] */
static void a_charging_battery_is_silent(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    battery(s, 1, 4, true);
    battery(s, 2, 5, true);
    scene_expect(s, 10, "");
    battery(s, 3, 9, false);
    scene_expect(s, 10, "");
    battery(s, 4, 9, false);
    scene_expect(s, 10, "low_battery@3/1");
    scene_free(s);
}

static void a_wrong_clock_is_told_and_does_not_date_alarms(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    for (int i = 1; i <= 4; i++) {
        struct bulla_observation *o = scene_at(s, i, i * 1000);
        o->time_ms += INT64_C(86400000) * 365;
        if (i == 4)
            scene_open(o);
    }
    scene_expect(s, 6, "clock_error@1/1 illegal_opening@4/3");
    scene_free(s);
    s = scene_new();
    for (int i = 1; i <= 4; i++)
        scene_at(s, i, i * 1000)->time_ms += 4 * 60000; /* ahead, but within the limit */
    scene_expect(s, 6, "");
    scene_free(s);
}

SCENE_TESTS(cmocka_unit_test(refusals_of_an_episode_are_one_alarm), cmocka_unit_test(a_slip_of_the_hand_is_forgiven),
            cmocka_unit_test(three_refusals_or_an_unknown_card), cmocka_unit_test(shaking_counts_while_standing),
            cmocka_unit_test(shaking_where_goods_are_handled_is_work), cmocka_unit_test(what_the_seal_says_of_itself),
            cmocka_unit_test(a_sensor_fault_must_last), cmocka_unit_test(battery_needs_two_reports_or_is_empty),
            cmocka_unit_test(a_charging_battery_is_silent), cmocka_unit_test(a_wrong_clock_is_told_and_does_not_date_alarms))
