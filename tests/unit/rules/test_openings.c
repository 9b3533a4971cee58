/* SPDX-License-Identifier: Apache-2.0
 *
 * illegal_opening, cable_cut, body_destroyed, cover_opened: what they must find, and each cell of "silent when".
 */
#include "tests/unit/rules/scene.h"

static void permit(struct scene *s, const char *credential, double from, double until, bool unseals)
{
    struct permission p = {.from_ms = scene_time(from), .until_ms = scene_time(until), .unseals = unseals};
    strcpy(p.id, "T1");
    strcpy(p.credential, credential);
    assert_true(journey_add_permission(s->journey, &p));
}

/* [WCO-7.1-A4] [WCO-3.1-14] [WCO-13.5-R14] */
static void a_change_to_open_is_an_opening(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 10000);
    scene_open(scene_at(s, m, 11000));
    scene_open(scene_at(s, m + 1, 12000)); /* the same, reported again */
    scene_message(s, m + 2)->state.seal = BULLA_SEAL_UNKNOWN;
    scene_open(scene_at(s, m + 3, 14000));
    scene_expect(s, m + 4, "illegal_opening@11/3");
    assert_string_equal(s->alarms[0].evidence[0], "o11");
    assert_int_equal(s->alarms[0].raised_ms, scene_time(11));
    scene_free(s);
}

static void sealed_again_and_opened_again_is_another(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    scene_open(scene_at(s, 11, 11000));
    scene_at(s, 12, 12000);
    scene_open(scene_at(s, 13, 13000));
    scene_expect(s, 14, "illegal_opening@11/3 illegal_opening@13/3");
    assert_int_equal(s->alarms[0].ended_ms, scene_time(12));
    scene_free(s);
}

static void open_in_the_first_report_is_an_opening(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_open(scene_at(s, 1, 0));
    scene_expect(s, 2, "illegal_opening@1/3");
    scene_free(s);
}

static void unlocked_closed_and_derived_states_count(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    struct bulla_observation *o = scene_at(s, 11, 11000);
    o->state.seal = BULLA_SEAL_NONE;
    o->state.motor = BULLA_MOTOR_UNLOCKED;
    scene_expect(s, 12, "illegal_opening@11/3");
    scene_free(s);
}

static void opening_events_count_without_a_state(void **state)
{
    (void)state;
    static const enum bulla_event events[] = {BULLA_EVENT_UNLOCKED, BULLA_EVENT_OPENED_WHILE_SEALED,
                                              BULLA_EVENT_SHACKLE_OPENED_WHILE_SEALED};
    for (size_t i = 0; i < 3; i++) {
        struct scene *s = scene_new();
        scene_drive(s, 0, 0, 10000);
        bulla_observation_add_event(scene_message(s, 11), events[i]);
        scene_expect(s, 12, "illegal_opening@11/3");
        scene_free(s);
    }
}

static void unknown_and_refused_change_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    scene_at(s, 11, 11000)->state = (struct bulla_state){BULLA_SEAL_UNKNOWN, BULLA_SHACKLE_UNKNOWN, BULLA_MOTOR_UNKNOWN, 1, 1};
    scene_attempt(scene_at(s, 12, 12000), "9", BULLA_VERDICT_REFUSED, BULLA_REASON_OUTSIDE_FENCE);
    scene_drive(s, 13, 13000, 16000);
    scene_expect(s, 17, "unlock_refused@12/1");
    scene_free(s);
}

/* [WCO-7.1-A4] [WCO-3.1-14] */
static void a_ticket_holds_from_two_minutes_before(void **state)
{
    (void)state;
    static const struct {
        double from, until;
        const char *want;
    } rows[] = {{5, 10, ""}, {5, 9.5, ""}, {5, 9, ""}, {5, 8.9, "illegal_opening@11/3"}, {11, 12, ""}, {11.1, 12, "illegal_opening@11/3"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene *s = scene_new();
        permit(s, "", rows[i].from, rows[i].until, false);
        scene_drive(s, 0, 0, 10000);
        scene_open(scene_at(s, 11, 11000));
        scene_expect(s, 12, rows[i].want);
        scene_free(s);
    }
}

/* [WCO-3.1-14] */
static void a_ticket_is_for_its_place_and_its_credential(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    permit(s, "", 5, 60, false);
    s->journey->permissions[0].has_place = true;
    s->journey->permissions[0].place = scene_place(30000, 300, 0);
    scene_drive(s, 0, 0, 10000);
    scene_open(scene_at(s, 11, 11000));
    scene_expect(s, 12, "illegal_opening@11/3");
    s->journey->permissions[0].has_place = false;
    scene_expect(s, 12, "");
    strcpy(s->journey->permissions[0].credential, "77");
    scene_expect(s, 12, "illegal_opening@11/3");
    scene_attempt(&s->observations[11], "77", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK);
    scene_expect(s, 12, "");
    scene_free(s);
}

static void a_listed_card_opens_where_it_holds(void **state)
{
    (void)state;
    static const struct {
        double at_m;
        const char *card, *want;
    } rows[] = {{60000, "77", ""}, {30000, "77", ""}, {11000, "77", "illegal_opening@61/3"}, {60000, "78", "illegal_opening@61/3"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene *s = scene_new();
        strcpy(s->journey->credentials[0], "77");
        s->journey->n_credentials = 1;
        scene_drive(s, 61 - rows[i].at_m / 1000, 0, rows[i].at_m - 1000);
        scene_attempt(scene_at(s, 61, rows[i].at_m), rows[i].card, BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK);
        scene_open(scene_at(s, 61.5, rows[i].at_m));
        scene_expect(s, 62, rows[i].want);
        scene_free(s);
    }
}

static void without_a_list_the_locks_word_counts_at_the_ends(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 60000);
    scene_attempt(scene_message(s, m), "5", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK); /* under a roof: no fix */
    scene_open(scene_at(s, m + 1, 60000));
    scene_expect(s, m + 2, "");
    scene_free(s);
    s = scene_new();
    scene_drive(s, 0, 0, 20000);
    scene_attempt(scene_at(s, 21, 21000), "5", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK);
    scene_expect(s, 22, "illegal_opening@21/3");
    scene_free(s);
}

static void the_opening_at_destination_ends_supervision(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->arrive_by_ms = scene_time(500);
    double m = scene_drive(s, 0, 0, 60000);
    scene_open(scene_attempt(scene_at(s, m, 60000), "5", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK));
    scene_at(s, m + 10, 60000)->state.cover = BULLA_COVER_OPEN;
    scene_at(s, m + 20, 60000);
    scene_open(scene_at(s, m + 30, 60000));
    scene_expect(s, 3000, ""); /* no signal lost, no timeout */
    scene_free(s);
}

/* A stop is no place where the lock's own word holds: nothing to wait for. */
static void without_a_list_a_stop_is_the_open_road(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_stand(s, scene_drive(s, 0, 0, 30000), 30000, 8);
    scene_open(scene_attempt(scene_at(s, m, 30000), "5", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK));
    scene_open(scene_at(s, m + 1, 30000));
    scene_expect(s, m + 2, "illegal_opening@41/3");
    assert_int_equal(s->alarms[0].raised_ms, scene_time(m));
    scene_free(s);
}

/* It was forced on the way and never closed; whoever unseals it in the end does so by leave, and what follows is nobody's. */
static void what_stands_open_is_unsealed_all_the_same(void **state)
{
    (void)state;
    for (int listed = 0; listed < 2; listed++) {
        struct scene *s = scene_new();
        if (listed)
            strcpy(s->journey->credentials[s->journey->n_credentials++], "5");
        for (double m = 0; m < 60; m++)
            if (m < 20)
                scene_at(s, m, m * 1000);
            else
                scene_open(scene_at(s, m, m * 1000));
        scene_open(scene_attempt(scene_at(s, 60, 60000), listed ? "5" : "6", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK));
        scene_at(s, 70, 60000);
        scene_open(scene_at(s, 80, 60000));
        scene_expect(s, 300, "illegal_opening@20/3");
        scene_free(s);
    }
}

static void leave_given_in_the_same_second_excuses(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    double m = scene_drive(s, 0, 0, 60000);
    scene_open(scene_at(s, m, 60000));
    scene_open(scene_attempt(scene_at(s, m, 60000), "5", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK));
    scene_expect(s, m + 3, "");
    scene_free(s);
}

static void before_sealing_nothing_is_looked_at(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_open(scene_at(s, -10, 0));
    scene_at(s, 1, 0);
    scene_expect(s, 2, "");
    scene_free(s);
}

static struct bulla_observation *cut(struct bulla_observation *o)
{
    o->state.seal = BULLA_SEAL_OPEN;
    o->state.shackle = BULLA_SHACKLE_CUT;
    return o;
}

/* [WCO-13.5-R16] */
static void a_cut_is_one_alarm_and_no_opening(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    bulla_observation_add_event(cut(scene_at(s, 11, 11000)), BULLA_EVENT_ROPE_CUT);
    cut(scene_at(s, 12, 12000));
    scene_at(s, 13, 13000)->state.shackle = BULLA_SHACKLE_IN; /* a loose end */
    cut(scene_at(s, 14, 14000));
    struct bulla_observation *o = scene_at(s, 15, 15000); /* pulled out afterwards, the motor still locked */
    o->state.seal = BULLA_SEAL_OPEN;
    o->state.shackle = BULLA_SHACKLE_OUT;
    scene_expect(s, 16, "cable_cut@11/3");
    scene_free(s);
}

/* [WCO-13.5-R16] */
static void a_cut_and_an_unlocking_are_two(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    cut(scene_at(s, 11, 11000));
    scene_open(scene_at(s, 12, 12000));
    scene_expect(s, 16, "cable_cut@11/3 illegal_opening@12/3");
    scene_free(s);
}

static void a_new_rope_can_be_cut_again(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    cut(scene_at(s, 11, 11000));
    bulla_observation_add_event(scene_at(s, 12, 12000), BULLA_EVENT_LOCKED);
    cut(scene_at(s, 13, 13000));
    scene_expect(s, 16, "cable_cut@11/3 cable_cut@13/3");
    scene_free(s);
}

/* [WCO-2.3-2] [WCO-13.5-R17] */
static void a_destroyed_body_is_one_alarm_unless_permitted(void **state)
{
    (void)state;
    static const enum bulla_event events[] = {BULLA_EVENT_SHELL_REMOVED, BULLA_EVENT_DEVICE_REMOVED, BULLA_EVENT_DESTROYED};
    for (size_t i = 0; i < 3; i++) {
        struct scene *s = scene_new();
        scene_drive(s, 0, 0, 10000);
        bulla_observation_add_event(scene_at(s, 11, 11000), events[i]);
        bulla_observation_add_event(scene_at(s, 12, 12000), events[(i + 1) % 3]);
        scene_expect(s, 13, "body_destroyed@11/3");
        permit(s, "", 0, 20, false);
        scene_expect(s, 13, "");
        scene_free(s);
    }
}

static void a_cover_is_over_when_it_is_closed(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    scene_at(s, 11, 11000)->state.cover = BULLA_COVER_OPEN;
    bulla_observation_add_event(scene_at(s, 12, 12000), BULLA_EVENT_COVER_OPENED);
    scene_message(s, 13)->state.cover = BULLA_COVER_UNKNOWN;
    scene_at(s, 14, 14000)->state.cover = BULLA_COVER_OPEN;
    scene_at(s, 15, 15000);
    bulla_observation_add_event(scene_at(s, 16, 16000), BULLA_EVENT_COVER_OPENED);
    scene_expect(s, 17, "cover_opened@11/3 cover_opened@16/3");
    scene_free(s);
}

static void a_sub_lock_opens_on_its_own(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    for (int i = 0; i < 4; i++) {
        struct bulla_sublock *sub = bulla_observation_add_sublock(scene_at(s, 11 + i, 11000), "A7");
        sub->state.seal = i ? BULLA_SEAL_OPEN : BULLA_SEAL_SEALED;
        scene_at(s, 11.5 + i, 11000); /* the main lock's own reports say that it is sealed */
    }
    struct bulla_sublock *sub = bulla_observation_add_sublock(scene_at(s, 16, 11000), "B2");
    sub->state.seal = BULLA_SEAL_SEALED;
    sub->state.shackle = BULLA_SHACKLE_CUT;
    scene_expect(s, 17, "illegal_opening@12/3 cable_cut@16/3");
    scene_free(s);
}

SCENE_TESTS(cmocka_unit_test(a_change_to_open_is_an_opening), cmocka_unit_test(sealed_again_and_opened_again_is_another),
            cmocka_unit_test(open_in_the_first_report_is_an_opening), cmocka_unit_test(unlocked_closed_and_derived_states_count),
            cmocka_unit_test(opening_events_count_without_a_state), cmocka_unit_test(unknown_and_refused_change_nothing),
            cmocka_unit_test(a_ticket_holds_from_two_minutes_before), cmocka_unit_test(a_ticket_is_for_its_place_and_its_credential),
            cmocka_unit_test(a_listed_card_opens_where_it_holds), cmocka_unit_test(without_a_list_the_locks_word_counts_at_the_ends),
            cmocka_unit_test(without_a_list_a_stop_is_the_open_road), cmocka_unit_test(what_stands_open_is_unsealed_all_the_same),
            cmocka_unit_test(the_opening_at_destination_ends_supervision), cmocka_unit_test(leave_given_in_the_same_second_excuses),
            cmocka_unit_test(before_sealing_nothing_is_looked_at), cmocka_unit_test(a_cut_is_one_alarm_and_no_opening),
            cmocka_unit_test(a_cut_and_an_unlocking_are_two), cmocka_unit_test(a_new_rope_can_be_cut_again),
            cmocka_unit_test(a_destroyed_body_is_one_alarm_unless_permitted), cmocka_unit_test(a_cover_is_over_when_it_is_closed),
            cmocka_unit_test(a_sub_lock_opens_on_its_own))
