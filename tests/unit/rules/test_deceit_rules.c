/* SPDX-License-Identifier: Apache-2.0
 *
 * What devices pretend: clone_suspected, replayed_command, jamming_suspected, spoofing_suspected.
 */
#include "tests/unit/rules/scene.h"

/* A second device with the same identity: its numbers begin elsewhere. */
static void other_device(struct bulla_observation *o, int64_t ahead)
{
    o->counter += ahead;
}

static void numbers_that_go_to_and_fro(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    for (int i = 0; i < 12; i++)
        if (i % 2)
            other_device(scene_at(s, i, 1000), 700);
        else
            scene_at(s, i, 1000);
    scene_expect(s, 20, "clone_suspected@5/3"); /* the fourth return */
    assert_string_equal(s->alarms[0].why, "Two devices seem to use this identity: message numbers go to and fro between about 4 and 703");
    scene_free(s);
}

/* A restart begins a new series and never comes back to the old one, announced or not; a message that came late does not either. */
static void numbers_of_honest_devices(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 12000);
    for (size_t i = 0; i < s->n; i++)
        s->observations[i].counter = i < 4 ? 900 + (int64_t)i : i < 8 ? (int64_t)i - 4 : 5000 + (int64_t)i;
    scene_expect(s, 20, "");
    for (size_t i = 0; i < s->n; i++)
        s->observations[i].counter = (i % 2 ? 900 : 0) + (int64_t)i;
    scene_expect(s, 20, "clone_suspected@5/3");
    for (size_t i = 0; i < s->n; i++)
        bulla_observation_add_event(&s->observations[i], BULLA_EVENT_STARTUP);
    scene_expect(s, 20, ""); /* it says each time that it began anew */
    for (size_t i = 0; i < s->n; i++) {
        s->observations[i].events = 0;
        s->observations[i].stored = i % 2;
    }
    scene_expect(s, 20, ""); /* stored data have the number of when they were sent */
    scene_free(s);
}

static void two_places_at_once(void **state)
{
    (void)state;
    static const struct {
        double apart_m, step_m;
        const char *want;
    } rows[] = {
        {300000, 150, "implausible_motion@11/1 clone_suspected@17/3"},
        {300000, 0, "implausible_motion@11/1"},     /* a receiver's default place is one number */
        {300000, 90000, "implausible_motion@11/1"}, /* wild fixes do not agree with each other */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene *s = scene_new();
        s->journey->stay_minutes = -1;
        scene_drive(s, 0, 0, 10000);
        for (int k = 0; k < 10; k++)
            if (k % 2 == 0)
                scene_aside(s, 11 + k, 10000, rows[i].apart_m + k / 2 * rows[i].step_m);
            else
                scene_aside(s, 11 + k, 10000 + k, 0);
        scene_expect(s, 30, rows[i].want);
        scene_free(s);
    }
}

static struct bulla_observation *refused(struct scene *s, double minute, enum bulla_reason reason)
{
    return scene_attempt(scene_at(s, minute, 10000), "9", BULLA_VERDICT_REFUSED, reason);
}

static void orders_that_are_not_for_now(void **state)
{
    (void)state;
    static const enum bulla_reason reasons[] = {BULLA_REASON_REPLAYED, BULLA_REASON_EXPIRED, BULLA_REASON_WRONG_DEVICE};
    static const char *const words[] = {"that it had seen before", "whose time was over", "that was made for another device"};
    for (size_t i = 0; i < 3; i++) {
        struct scene *s = scene_new();
        scene_drive(s, 0, 0, 10000);
        refused(s, 11, reasons[i]);
        scene_expect(s, 20, "unlock_refused@11/1 replayed_command@11/3");
        assert_non_null(strstr(s->alarms[1].why, words[i]));
        scene_free(s);
    }
    struct scene *s = scene_new();
    refused(s, 1, BULLA_REASON_REPLAYED);
    s->observations[1] = s->observations[0]; /* the device sends the same message again */
    s->n = 2;
    refused(s, 8, BULLA_REASON_REPLAYED);
    refused(s, 19, BULLA_REASON_REPLAYED); /* a new episode */
    scene_expect(s, 25, "unlock_refused@1/1 replayed_command@1/3 unlock_refused@19/1 replayed_command@19/3");
    assert_int_equal(s->alarms[1].count, 2);
    scene_free(s);
}

/* Reports whose receiver says that it has no fix. */
static void lose_fixes(struct scene *s, double minute, double until)
{
    for (; minute <= until; minute += 2) {
        struct bulla_observation *o = scene_message(s, minute);
        o->has |= BULLA_HAS_FIX;
        o->fix_valid = false;
    }
}

/* [WCO-13.6-19] */
static void a_receiver_that_is_jammed(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 12000);
    bulla_observation_add_event(scene_at(s, 13, 13000), BULLA_EVENT_JAMMING);
    bulla_observation_add_event(scene_message(s, 15), BULLA_EVENT_JAMMING);
    scene_drive(s, 30, 28000, 40000);
    scene_expect(s, 45, "jamming_suspected@13/2"); /* and no signal_lost */
    assert_int_equal(s->alarms[0].count, 2);
    assert_int_equal(s->alarms[0].ended_ms, scene_time(30));
    scene_free(s);
}

static void fixes_that_are_lost_on_the_way(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 12000);
    lose_fixes(s, 13, 40);
    scene_expect(s, 41, ""); /* it may stand under a roof */
    scene_drive(s, 42, 36500, 36500);
    scene_expect(s, 43, "jamming_suspected@13/2");
    assert_string_equal(s->alarms[0].evidence[1], "o12"); /* the last fix */
    assert_string_equal(
        s->alarms[0].why,
        "Satellite fixes were lost for 30 min, while 14 messages without one came, and the vehicle drove 24.5 km meanwhile");
    assert_int_equal(s->alarms[0].ended_ms, scene_time(42));
    s->journey->zones[s->journey->n_zones++] = (struct zone){.duty = ZONE_SHADOW, .place = scene_place(14000, 800, 0)};
    scene_expect(s, 43, ""); /* a tunnel that the map knows */
    scene_free(s);
}

static void fixes_that_are_lost_for_a_reason(void **state)
{
    (void)state;
    struct scene *s = scene_new(); /* at a standstill */
    double m = scene_stand(s, scene_drive(s, 0, 0, 12000), 12000, 8);
    lose_fixes(s, m, m + 40);
    scene_at(s, m + 41, 13000);
    scene_expect(s, m + 42, "");
    lose_fixes(s, m + 43, m + 43 + 182); /* but not for hours */
    s->journey->stay_minutes = -1;
    scene_expect(s, m + 230, "jamming_suspected@66/2");
    scene_free(s);
    s = scene_new(); /* in a stop */
    m = scene_drive(s, 0, 0, 30000);
    lose_fixes(s, m, m + 40);
    scene_expect(s, m + 41, "");
    scene_free(s);
    s = scene_new(); /* the receiver is broken */
    m = scene_drive(s, 0, 0, 12000);
    size_t n = s->n;
    lose_fixes(s, m, m + 40);
    for (; n < s->n; n++)
        bulla_observation_add_event(&s->observations[n], BULLA_EVENT_GNSS_FAULT);
    scene_expect(s, m + 41, "malfunction@13/2");
    scene_free(s);
}

/* Three messages without a fix over 20 min are enough, four over less; those of a device that was woken do not count; and a long
 * silence with three such messages at its end is no loss of satellites. */
static void few_messages_without_a_fix(void **state)
{
    (void)state;
    static const struct {
        double at[5]; /* minutes */
        int n, woken;
        const char *want;
    } rows[] = {{{22, 32, 42}, 3, 0, "jamming_suspected@22/2"},
                {{15, 17, 19}, 3, 0, ""},
                {{15, 18, 21, 24}, 4, 0, "jamming_suspected@15/2"},
                {{15, 18, 21, 24}, 4, 2, ""},
                {{48, 49, 50, 51}, 4, 0, ""}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene *s = scene_new();
        double m = scene_drive(s, 0, 0, 12000);
        for (int k = 0; k < rows[i].n; k++) {
            lose_fixes(s, rows[i].at[k], rows[i].at[k] + 0.1);
            if (k < rows[i].woken)
                bulla_observation_add_event(&s->observations[s->n - 1], BULLA_EVENT_WAKE);
        }
        m = rows[i].at[rows[i].n - 1] + 2;
        scene_at(s, m, 12000 + (m - 12) * 800);
        scene_expect(s, m, rows[i].want);
        s->journey->zones[s->journey->n_zones++] = (struct zone){.duty = ZONE_SHADOW, .place = scene_place(16000, 800, 0)};
        scene_expect(s, m, ""); /* the way between the two fixes may lead through it */
        scene_free(s);
    }
}

static struct bulla_observation *fast(struct bulla_observation *o, double kmh)
{
    o->has |= BULLA_HAS_SPEED;
    o->speed_cmh = (int32_t)(kmh * 100);
    return o;
}

static void freeze(struct scene *s, double minute, double at_m, int fixes)
{
    for (int i = 0; i < fixes; i++)
        fast(scene_at(s, minute + 3 * i, at_m), 60);
}

/* It stands, and then is where it can only be if it had driven all the while. */
static void frozen_until_it_jumps(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->stay_minutes = -1;
    double m = scene_drive(s, 0, 0, 12000);
    m = scene_stand(s, m, 12000, 40);
    scene_drive(s, m, 52000, 55000);
    scene_run(s, m + 5);
    assert_int_equal(s->n_alarms, 2);
    assert_int_equal(s->alarms[0].kind, ALARM_SPOOFING_SUSPECTED);
    assert_string_equal(s->alarms[0].why, "The position seems false: a frozen position while moving at 08:12, a jump at 08:55");
    scene_free(s);
}

/* Off the road, slowly, and back on it at once. */
static void dragged_off(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    for (double m = 0; m < 40; m++)
        fast(scene_aside(s, m, m * 1000, m < 10 ? 0 : (m - 10) * 500), 60);
    for (double m = 40; m < 45; m++)
        fast(scene_at(s, m, m * 1000), 60);
    scene_run(s, 45);
    bool found = false;
    for (size_t i = 0; i < s->n_alarms; i++)
        found |= strcmp(s->alarms[i].why, "The position seems false: a jump at 08:40, back on the route by a jump at 08:40") == 0;
    assert_true(found);
    scene_free(s);
}

static void one_sign_is_none(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->stay_minutes = -1;
    double m = scene_drive(s, 0, 0, 12000);
    freeze(s, m, 12000, 6); /* a tunnel, in which a receiver repeats itself */
    scene_expect(s, 40, "");
    scene_free(s);
}

/* Dragged off the route by and by, and back on it at once; a lorry that left it drives back. */
static void dragged_off_and_back(void **state)
{
    (void)state;
    for (int drives = 0; drives < 2; drives++) {
        struct scene *s = scene_new();
        s->journey->stay_minutes = -1;
        double m = 0;
        for (; m < 15; m += 5)
            scene_at(s, m, m * 800);
        for (int i = 1; i <= 6; i++, m += 5)
            scene_aside(s, m, m * 800, 2000.0 * i);
        for (int i = 5; drives && i > 0; i--, m += 5)
            scene_aside(s, m, 40000, 2000.0 * i);
        for (int i = 0; i < 3; i++, m += 5)
            scene_at(s, m, drives ? 40000 : m * 800);
        scene_run(s, m);
        unsigned told = 0;
        for (size_t i = 0; i < s->n_alarms; i++)
            told += s->alarms[i].kind == ALARM_SPOOFING_SUSPECTED;
        assert_int_equal(told, !drives);
        scene_free(s);
    }
}

static void two_signs_are_one(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->stay_minutes = -1;
    double m = scene_drive(s, 0, 0, 12000);
    freeze(s, m, 12000, 6);
    struct bulla_observation *o = scene_message(s, 27); /* read at 50 km, where the seal says it is not */
    o->has |= BULLA_HAS_NOTE | BULLA_HAS_FIX | BULLA_HAS_ACCURACY;
    o->fix_valid = true;
    o->accuracy_m = 50;
    o->lat_e7 = (int32_t)lround(SCENE_LAT * 1e7);
    o->lon_e7 = (int32_t)lround((SCENE_LON + 50000 / SCENE_LON_M) * 1e7);
    bulla_observation_add_event(o, BULLA_EVENT_READ);
    scene_expect(s, 40, "spoofing_suspected@12/3");
    assert_string_equal(s->alarms[0].why,
                        "The position seems false: a frozen position while moving at 08:12, a reading says otherwise at 08:27");
    scene_free(s);
}

static void each_sign(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->stay_minutes = -1;
    for (double m = 0; m < 20; m++) {
        struct bulla_observation *o = scene_aside(s, m, m * 1000, m >= 15 ? 90000 : 0); /* jumps at 15, 3 fixes confirm at 17 */
        o->has |= BULLA_HAS_SATELLITES;
        o->satellites = m == 14 || m == 13 ? 2 : 8; /* at 14 for the second time */
        if (m == 12)
            o->time_ms += 3 * 60 * 60000; /* its clock steps */
    }
    for (double m = 20; m < 23; m++) { /* and the cells know nothing of the jump */
        struct bulla_observation *o = scene_at(s, m, 20000);
        o->has &= ~(uint32_t)BULLA_HAS_ACCURACY;
        bulla_observation_add_event(o, BULLA_EVENT_POSITION_CELL);
    }
    scene_run(s, 23);
    bool found = false;
    for (size_t i = 0; i < s->n_alarms; i++) {
        if (s->alarms[i].kind != ALARM_SPOOFING_SUSPECTED)
            continue;
        found = true;
        assert_string_equal(s->alarms[i].why,
                            "The position seems false: a clock step at 08:12, impossible satellites at 08:14, a jump at 08:15, "
                            "cells say otherwise at 08:21");
        assert_int_equal(s->alarms[i].n_evidence, 4);
    }
    assert_true(found);
    scene_free(s);
}

SCENE_TESTS(cmocka_unit_test(numbers_that_go_to_and_fro), cmocka_unit_test(numbers_of_honest_devices), cmocka_unit_test(two_places_at_once),
            cmocka_unit_test(orders_that_are_not_for_now), cmocka_unit_test(a_receiver_that_is_jammed),
            cmocka_unit_test(fixes_that_are_lost_on_the_way), cmocka_unit_test(fixes_that_are_lost_for_a_reason),
            cmocka_unit_test(frozen_until_it_jumps), cmocka_unit_test(dragged_off), cmocka_unit_test(one_sign_is_none),
            cmocka_unit_test(dragged_off_and_back), cmocka_unit_test(two_signs_are_one), cmocka_unit_test(few_messages_without_a_fix),
            cmocka_unit_test(each_sign))
