/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: what a seal does in the situations that the documents describe.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/device.h"

#define OK    BULLA_FACT(AUTHORISED)
#define CLOCK BULLA_FACT(CLOCK_GOOD)
#define OUT   BULLA_FACT(SHACKLE_OUT)
#define AFAR  BULLA_FACT(FROM_AFAR)

static struct bulla_device_step last;

static void go(struct bulla_device *device, enum bulla_on event, uint32_t facts)
{
    assert_true(bulla_device_valid(device));
    last = bulla_device_step(device, event, facts);
    if (last.refusal)
        fail_msg("%s in %s: expected it to be done, was refused: %s", bulla_on_text(event), bulla_device_state_text(device->state),
                 bulla_refusal_text(last.refusal));
    *device = last.after;
}

static void refused(struct bulla_device *device, enum bulla_on event, uint32_t facts, enum bulla_refusal why)
{
    struct bulla_device before = *device;
    last = bulla_device_step(device, event, facts);
    assert_string_equal(bulla_refusal_text(last.refusal), bulla_refusal_text(why));
    *device = last.after;
    assert_int_equal(device->refused, before.refused + 1);
    assert_true(device->profile == before.profile && device->state == before.state && device->passage == before.passage);
    assert_true(device->modes == before.modes && device->journeys == before.journeys);
}

static void is(const struct bulla_device *device, enum bulla_device_state state, enum bulla_shows shows)
{
    assert_string_equal(bulla_device_state_text(device->state), bulla_device_state_text(state));
    assert_string_equal(bulla_shows_text(bulla_device_shows(device)), bulla_shows_text(shows));
}

static void does(uint32_t actions)
{
    for (unsigned bit = 0; bulla_act_text(bit)[0]; bit++)
        if (actions >> bit & 1 && !(last.actions >> bit & 1))
            fail_msg("expected the action %s", bulla_act_text(bit));
}

static struct bulla_device new_device(enum bulla_profile profile)
{
    struct bulla_device device;
    memset(&device, 0xA5, sizeof device);
    assert_true(bulla_device_init(&device, profile));
    is(&device, BULLA_DEVICE_STORED, BULLA_SHOWS_NOT_SEALED);
    return device;
}

static struct bulla_device written(enum bulla_profile profile)
{
    struct bulla_device device = new_device(profile);
    if (bulla_profile_row(profile)->has & BULLA_TRAIT_BIT(BULLA_TRAIT_REUSABLE)) {
        go(&device, BULLA_ON_INITIALISE, OK);
        go(&device, BULLA_ON_CALIBRATE, OK | CLOCK);
    }
    go(&device, BULLA_ON_WRITE, OK);
    return device;
}

static struct bulla_device sealed(enum bulla_profile profile)
{
    struct bulla_device device = written(profile);
    go(&device, BULLA_ON_SEAL, OK | CLOCK);
    is(&device, BULLA_DEVICE_SEALED, BULLA_SHOWS_SECURE);
    return device;
}

/* [GBT-7.1.8] */
static void each_use_begins_with_initialising_and_the_clock(void **state)
{
    (void)state;
    struct bulla_device seal = new_device(BULLA_PROFILE_GBT);
    refused(&seal, BULLA_ON_WRITE, OK, BULLA_REFUSAL_STATE);
    refused(&seal, BULLA_ON_SEAL, OK | CLOCK, BULLA_REFUSAL_STATE);
    go(&seal, BULLA_ON_INITIALISE, OK);
    does(BULLA_ACT(CLEAR_DATA));
    refused(&seal, BULLA_ON_WRITE, OK | CLOCK, BULLA_REFUSAL_CLOCK);
    refused(&seal, BULLA_ON_CALIBRATE, OK, BULLA_REFUSAL_CLOCK);
    go(&seal, BULLA_ON_CALIBRATE, OK | CLOCK);
    go(&seal, BULLA_ON_CLOCK_LOST, 0);
    refused(&seal, BULLA_ON_WRITE, OK, BULLA_REFUSAL_CLOCK);
    go(&seal, BULLA_ON_CALIBRATE, OK | CLOCK);
    go(&seal, BULLA_ON_POWER_LOST, 0);
    go(&seal, BULLA_ON_POWER_BACK, 0);
    is(&seal, BULLA_DEVICE_INITIALISED, BULLA_SHOWS_NOT_SEALED);
    go(&seal, BULLA_ON_CALIBRATE, OK | CLOCK);
    go(&seal, BULLA_ON_WRITE, OK);
    refused(&seal, BULLA_ON_SEAL, OK, BULLA_REFUSAL_CLOCK);
    go(&seal, BULLA_ON_SEAL, OK | CLOCK);
    is(&seal, BULLA_DEVICE_SEALED, BULLA_SHOWS_SECURE);
}

/* [GBT-3.2] */
static void the_four_passages_are_told_apart(void **state)
{
    (void)state;
    struct bulla_device seal = written(BULLA_PROFILE_GBT);
    go(&seal, BULLA_ON_SHACKLE_CLOSED, 0);
    assert_int_equal(seal.passage, BULLA_PASSAGE_CLOSED_UNAUTHORISED);
    is(&seal, BULLA_DEVICE_CLOSED, BULLA_SHOWS_NOT_SEALED);
    go(&seal, BULLA_ON_SHACKLE_OPENED, OUT);
    assert_int_equal(seal.passage, BULLA_PASSAGE_OPENED_UNAUTHORISED); /* not a breach: it was never sealed */
    is(&seal, BULLA_DEVICE_WRITTEN, BULLA_SHOWS_NOT_SEALED);
    go(&seal, BULLA_ON_SEAL, OK | CLOCK | OUT);
    is(&seal, BULLA_DEVICE_ARMED, BULLA_SHOWS_NOT_SEALED);
    go(&seal, BULLA_ON_SHACKLE_CLOSED, 0);
    does(BULLA_ACT(RING_CLOSED));
    assert_int_equal(seal.passage, BULLA_PASSAGE_CLOSED_AUTHORISED);
    go(&seal, BULLA_ON_UNSEAL, OK);
    go(&seal, BULLA_ON_SHACKLE_OPENED, OUT);
    does(BULLA_ACT(RING_OPENED));
    assert_int_equal(seal.passage, BULLA_PASSAGE_OPENED_AUTHORISED);
    is(&seal, BULLA_DEVICE_OPENED, BULLA_SHOWS_NOT_SEALED);
    go(&seal, BULLA_ON_SEAL, OK | CLOCK | OUT);
    go(&seal, BULLA_ON_SHACKLE_CLOSED, 0);
    go(&seal, BULLA_ON_SHACKLE_OPENED, OUT);
    does(BULLA_ACT(RING_OPENED));
    assert_int_equal(seal.passage, BULLA_PASSAGE_OPENED_UNAUTHORISED);
    is(&seal, BULLA_DEVICE_TAMPERED_OPEN, BULLA_SHOWS_TAMPERED);
    assert_int_equal(seal.journeys, 1);
}

/* What an officer may do with a seal that was tampered with: open it, add what he found, return it. */
static void tampered_with_stays_so_until_returned(void **state)
{
    (void)state;
    struct bulla_device seal = sealed(BULLA_PROFILE_ACTIVE);
    go(&seal, BULLA_ON_SHACKLE_CUT, OUT);
    does(BULLA_ACT(CLEAR_RANDOM) | BULLA_ACT(REPORT) | BULLA_ACT(REMIND));
    go(&seal, BULLA_ON_SHACKLE_CLOSED, 0);
    assert_int_equal(seal.passage, BULLA_PASSAGE_CLOSED_UNAUTHORISED);
    refused(&seal, BULLA_ON_SEAL, OK | CLOCK, BULLA_REFUSAL_TAMPERED);
    refused(&seal, BULLA_ON_INITIALISE, OK, BULLA_REFUSAL_JOURNEY);
    go(&seal, BULLA_ON_POWER_LOST, 0);
    is(&seal, BULLA_DEVICE_TAMPERED_CLOSED, BULLA_SHOWS_UNKNOWN);
    go(&seal, BULLA_ON_POWER_BACK, 0);
    is(&seal, BULLA_DEVICE_TAMPERED_CLOSED, BULLA_SHOWS_TAMPERED);
    go(&seal, BULLA_ON_UNSEAL, OK);
    go(&seal, BULLA_ON_PERMIT_EXPIRED, 0);
    is(&seal, BULLA_DEVICE_TAMPERED_CLOSED, BULLA_SHOWS_TAMPERED);
    go(&seal, BULLA_ON_UNSEAL, OK);
    go(&seal, BULLA_ON_SHACKLE_OPENED, OUT);
    assert_int_equal(seal.passage, BULLA_PASSAGE_OPENED_AUTHORISED);
    is(&seal, BULLA_DEVICE_TAMPERED_OPEN, BULLA_SHOWS_TAMPERED);
    go(&seal, BULLA_ON_ADD, OK);
    go(&seal, BULLA_ON_RETURN, OK);
    does(BULLA_ACT(CLEAR_DATA));
    is(&seal, BULLA_DEVICE_RETURNED, BULLA_SHOWS_NOT_SEALED);
}

/* Every side of the container, the cover and the body. [GBT-5.1.4] */
static void more_than_the_shackle_is_watched(void **state)
{
    (void)state;
    static const enum bulla_on ways[] = {BULLA_ON_DOOR_OPENED, BULLA_ON_INTRUSION, BULLA_ON_COVER_OPENED, BULLA_ON_BODY_OPENED};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct bulla_device seal = sealed(BULLA_PROFILE_ACTIVE);
        go(&seal, ways[i], 0);
        is(&seal, BULLA_DEVICE_TAMPERED_CLOSED, BULLA_SHOWS_TAMPERED);
        seal = written(BULLA_PROFILE_ACTIVE);
        if (ways[i] == BULLA_ON_BODY_OPENED)
            continue;
        go(&seal, ways[i], 0);
        is(&seal, BULLA_DEVICE_WRITTEN, BULLA_SHOWS_NOT_SEALED);
    }
    struct bulla_device seal = sealed(BULLA_PROFILE_ACTIVE);
    go(&seal, BULLA_ON_UNSEAL, OK);
    go(&seal, BULLA_ON_DOOR_OPENED, 0);
    is(&seal, BULLA_DEVICE_RELEASED, BULLA_SHOWS_NOT_SEALED);
    go(&seal, BULLA_ON_INTRUSION, 0);
    is(&seal, BULLA_DEVICE_TAMPERED_CLOSED, BULLA_SHOWS_TAMPERED);
}

/* [WCO-9.3-G1] */
static void an_opened_body_wipes_the_keys(void **state)
{
    (void)state;
    struct bulla_device seal = sealed(BULLA_PROFILE_ACTIVE);
    go(&seal, BULLA_ON_BODY_OPENED, 0);
    does(BULLA_ACT(WIPE_KEYS));
    refused(&seal, BULLA_ON_UNSEAL, OK, BULLA_REFUSAL_RETIRED);
    refused(&seal, BULLA_ON_RETURN, OK, BULLA_REFUSAL_RETIRED);
    refused(&seal, BULLA_ON_COMMISSION, 0, BULLA_REFUSAL_AUTHORITY);
    go(&seal, BULLA_ON_STATUS, 0);
    go(&seal, BULLA_ON_COMMISSION, OK);
    does(BULLA_ACT(NEW_KEYS) | BULLA_ACT(CLEAR_DATA));
    is(&seal, BULLA_DEVICE_STORED, BULLA_SHOWS_NOT_SEALED);
    refused(&seal, BULLA_ON_COMMISSION, OK, BULLA_REFUSAL_STATE);
    seal = written(BULLA_PROFILE_ACTIVE);
    go(&seal, BULLA_ON_BODY_OPENED, 0);
    does(BULLA_ACT(WIPE_KEYS) | BULLA_ACT(CLEAR_DATA));
    is(&seal, BULLA_DEVICE_RETIRED, BULLA_SHOWS_NOT_SEALED);
    seal = sealed(BULLA_PROFILE_ACTIVE); /* lost on the way, wiped from afar */
    go(&seal, BULLA_ON_RETIRE, OK | AFAR);
    does(BULLA_ACT(WIPE_KEYS) | BULLA_ACT(CLEAR_DATA));
    is(&seal, BULLA_DEVICE_RETIRED, BULLA_SHOWS_NOT_SEALED);
}

/* [WCO-4.1-9] [WCO-9.3-P4] */
static void passive_and_semi_active(void **state)
{
    (void)state;
    for (unsigned profile = BULLA_PROFILE_PASSIVE; profile <= BULLA_PROFILE_SEMI_ACTIVE; profile++) {
        struct bulla_device seal = sealed(profile);
        refused(&seal, BULLA_ON_WRITE, OK, BULLA_REFUSAL_WRITE_ONCE);
        refused(&seal, BULLA_ON_ADD, OK, BULLA_REFUSAL_WRITE_ONCE);
        refused(&seal, BULLA_ON_READ, 0, BULLA_REFUSAL_PASSWORD);
        refused(&seal, BULLA_ON_STATUS, AFAR, BULLA_REFUSAL_CLASS);
        go(&seal, BULLA_ON_READ, OK);
        go(&seal, BULLA_ON_UNSEAL, OK);
        refused(&seal, BULLA_ON_RETURN, OK, BULLA_REFUSAL_SINGLE_USE);
        go(&seal, BULLA_ON_SHACKLE_CUT, OUT);
        is(&seal, BULLA_DEVICE_BROKEN, BULLA_SHOWS_VOID);
        refused(&seal, BULLA_ON_READ, OK, BULLA_REFUSAL_VOID);
        refused(&seal, BULLA_ON_STATUS, OK, BULLA_REFUSAL_VOID);
        refused(&seal, BULLA_ON_SEAL, OK | CLOCK, BULLA_REFUSAL_VOID);
    }
    struct bulla_device passive = written(BULLA_PROFILE_PASSIVE);
    refused(&passive, BULLA_ON_SEAL, OK | OUT, BULLA_REFUSAL_OPEN);
    refused(&passive, BULLA_ON_DOOR_OPENED, 0, BULLA_REFUSAL_PROFILE);
    refused(&passive, BULLA_ON_POWER_LOST, 0, BULLA_REFUSAL_PROFILE);
}

/* [WCO-4.2-4] [WCO-4.2-1] */
static void semi_active_with_and_without_its_battery(void **state)
{
    (void)state;
    struct bulla_device seal = sealed(BULLA_PROFILE_SEMI_ACTIVE);
    go(&seal, BULLA_ON_INTRUSION, 0);
    is(&seal, BULLA_DEVICE_BROKEN, BULLA_SHOWS_VOID);
    refused(&seal, BULLA_ON_POWER_LOST, 0, BULLA_REFUSAL_VOID);
    refused(&seal, BULLA_ON_POWER_BACK, 0, BULLA_REFUSAL_VOID);
    is(&seal, BULLA_DEVICE_BROKEN, BULLA_SHOWS_VOID);
    seal = sealed(BULLA_PROFILE_SEMI_ACTIVE);
    go(&seal, BULLA_ON_POWER_LOST, 0);
    does(BULLA_ACT(SAVE));
    is(&seal, BULLA_DEVICE_SEALED, BULLA_SHOWS_UNKNOWN);
    refused(&seal, BULLA_ON_READ, OK, BULLA_REFUSAL_NO_POWER);
    refused(&seal, BULLA_ON_INTRUSION, 0, BULLA_REFUSAL_NO_POWER);
    go(&seal, BULLA_ON_POWER_BACK, 0);
    is(&seal, BULLA_DEVICE_SEALED, BULLA_SHOWS_UNKNOWN); /* nobody watched */
    go(&seal, BULLA_ON_POWER_LOST, 0);
    go(&seal, BULLA_ON_POWER_BACK, OUT);
    is(&seal, BULLA_DEVICE_BROKEN, BULLA_SHOWS_VOID);
    seal = sealed(BULLA_PROFILE_SEMI_ACTIVE);
    go(&seal, BULLA_ON_POWER_LOST, 0);
    go(&seal, BULLA_ON_SHACKLE_CUT, OUT); /* it breaks, with or without power */
    is(&seal, BULLA_DEVICE_BROKEN, BULLA_SHOWS_VOID);
}

/* [WCO-1-6] [WCO-1-2] */
static void iso_is_read_only_and_never_secure_again(void **state)
{
    (void)state;
    struct bulla_device seal = written(BULLA_PROFILE_ISO);
    go(&seal, BULLA_ON_WRITE, OK); /* not armed yet */
    go(&seal, BULLA_ON_SEAL, OK | OUT);
    refused(&seal, BULLA_ON_WRITE, OK, BULLA_REFUSAL_READ_ONLY);
    go(&seal, BULLA_ON_SHACKLE_CLOSED, 0);
    is(&seal, BULLA_DEVICE_SEALED, BULLA_SHOWS_SECURE);
    refused(&seal, BULLA_ON_WRITE, OK, BULLA_REFUSAL_READ_ONLY);
    refused(&seal, BULLA_ON_ADD, OK, BULLA_REFUSAL_READ_ONLY);
    go(&seal, BULLA_ON_DOOR_OPENED, 0);
    does(BULLA_ACT(CLEAR_RANDOM));
    is(&seal, BULLA_DEVICE_TAMPERED_CLOSED, BULLA_SHOWS_TAMPERED);
    refused(&seal, BULLA_ON_WRITE, OK, BULLA_REFUSAL_READ_ONLY);
    refused(&seal, BULLA_ON_SEAL, OK | CLOCK, BULLA_REFUSAL_SINGLE_USE);
    refused(&seal, BULLA_ON_RETURN, OK, BULLA_REFUSAL_SINGLE_USE);
    assert_int_equal(seal.journeys, 1);
}

/* [WCO-13.5-R1] */
static void gbt_is_sealed_a_thousand_times(void **state)
{
    (void)state;
    struct bulla_device seal = new_device(BULLA_PROFILE_GBT);
    for (unsigned n = 1; n <= 1000; n++) {
        go(&seal, BULLA_ON_INITIALISE, OK);
        does(BULLA_ACT(CLEAR_DATA));
        go(&seal, BULLA_ON_CALIBRATE, OK | CLOCK);
        go(&seal, BULLA_ON_WRITE, OK);
        does(BULLA_ACT(STORE_DATA));
        go(&seal, BULLA_ON_SEAL, OK | CLOCK | OUT);
        go(&seal, BULLA_ON_SHACKLE_CLOSED, 0);
        go(&seal, BULLA_ON_ADD, OK);
        is(&seal, BULLA_DEVICE_SEALED, BULLA_SHOWS_SECURE);
        refused(&seal, BULLA_ON_WRITE, OK, BULLA_REFUSAL_JOURNEY);
        if (n % 7 == 0) {
            go(&seal, BULLA_ON_SHACKLE_CUT, OUT);
        } else {
            go(&seal, BULLA_ON_UNSEAL, OK);
            go(&seal, BULLA_ON_SHACKLE_OPENED, OUT);
        }
        go(&seal, BULLA_ON_RETURN, OK);
        assert_int_equal(seal.journeys, n);
    }
}

static void power_that_went_while_sealed_leaves_a_gap(void **state)
{
    (void)state;
    struct bulla_device seal = sealed(BULLA_PROFILE_ACTIVE);
    go(&seal, BULLA_ON_POWER_BACK, 0); /* it had no time to notice the loss */
    is(&seal, BULLA_DEVICE_SEALED, BULLA_SHOWS_UNKNOWN);
    go(&seal, BULLA_ON_UNSEAL, OK);
    go(&seal, BULLA_ON_PERMIT_EXPIRED, 0);
    is(&seal, BULLA_DEVICE_SEALED, BULLA_SHOWS_UNKNOWN);
    go(&seal, BULLA_ON_UNSEAL, OK);
    go(&seal, BULLA_ON_SHACKLE_OPENED, OUT);
    go(&seal, BULLA_ON_SEAL, OK | CLOCK | OUT);
    go(&seal, BULLA_ON_SHACKLE_CLOSED, 0);
    is(&seal, BULLA_DEVICE_SEALED, BULLA_SHOWS_SECURE); /* an officer saw it and sealed anew */
    go(&seal, BULLA_ON_UNSEAL, OK);
    go(&seal, BULLA_ON_POWER_BACK, 0);
    does(BULLA_ACT(LOCK));
    is(&seal, BULLA_DEVICE_SEALED, BULLA_SHOWS_UNKNOWN);
    go(&seal, BULLA_ON_POWER_BACK, OUT);
    is(&seal, BULLA_DEVICE_TAMPERED_OPEN, BULLA_SHOWS_TAMPERED);
}

static void a_low_battery_begins_no_journey(void **state)
{
    (void)state;
    struct bulla_device seal = written(BULLA_PROFILE_ACTIVE);
    go(&seal, BULLA_ON_BATTERY_LOW, 0);
    does(BULLA_ACT(SAVE) | BULLA_ACT(REPORT));
    go(&seal, BULLA_ON_BATTERY_LOW, 0);
    assert_int_equal(last.actions, 0);
    refused(&seal, BULLA_ON_SEAL, OK | CLOCK, BULLA_REFUSAL_BATTERY);
    refused(&seal, BULLA_ON_UPGRADE, OK, BULLA_REFUSAL_BATTERY);
    go(&seal, BULLA_ON_BATTERY_GOOD, 0);
    go(&seal, BULLA_ON_SEAL, OK | CLOCK);
    go(&seal, BULLA_ON_BATTERY_LOW, 0);
    go(&seal, BULLA_ON_UNSEAL, OK);
    go(&seal, BULLA_ON_SHACKLE_OPENED, OUT);
    go(&seal, BULLA_ON_SEAL, OK | CLOCK | OUT); /* closed is better than open */
    refused(&seal, BULLA_ON_UPGRADE, OK, BULLA_REFUSAL_JOURNEY);
}

/* [WCO-13.6-6] [WCO-4.3-U1] */
static void in_flight_reports_wait_and_alarms_stay(void **state)
{
    (void)state;
    struct bulla_device seal = sealed(BULLA_PROFILE_ACTIVE);
    refused(&seal, BULLA_ON_FLIGHT_BEGIN, 0, BULLA_REFUSAL_AUTHORITY); /* silence is no gift to a thief */
    go(&seal, BULLA_ON_FLIGHT_BEGIN, OK);
    refused(&seal, BULLA_ON_STATUS, OK, BULLA_REFUSAL_QUIET);
    go(&seal, BULLA_ON_SHACKLE_CUT, OUT);
    does(BULLA_ACT(HOLD) | BULLA_ACT(LOG) | BULLA_ACT(REMIND));
    assert_false(last.actions & BULLA_ACT(REPORT));
    go(&seal, BULLA_ON_FLIGHT_END, 0);
    does(BULLA_ACT(REPORT));
    assert_true(seal.modes & BULLA_MODE(ALARM));
    go(&seal, BULLA_ON_RETURN, OK);
    assert_true(seal.modes & BULLA_MODE(ALARM));
    refused(&seal, BULLA_ON_ACKNOWLEDGE, 0, BULLA_REFUSAL_AUTHORITY);
    go(&seal, BULLA_ON_ACKNOWLEDGE, OK | AFAR);
    does(BULLA_ACT(CALM));
    assert_false(seal.modes & BULLA_MODE(ALARM));
    refused(&seal, BULLA_ON_ACKNOWLEDGE, OK, BULLA_REFUSAL_STATE);
    go(&seal, BULLA_ON_FLIGHT_BEGIN, OK);
    go(&seal, BULLA_ON_FLIGHT_END, 0);
    assert_false(last.actions & BULLA_ACT(REPORT)); /* nothing waited */
}

static void what_an_active_seal_does_others_refuse(void **state)
{
    (void)state;
    static const enum bulla_on wanted[] = {BULLA_ON_LOCATE, BULLA_ON_CONFIGURE, BULLA_ON_EXPORT, BULLA_ON_FLIGHT_BEGIN};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct bulla_device seal = sealed(BULLA_PROFILE_ACTIVE);
        go(&seal, wanted[i], OK | AFAR);
        for (unsigned profile = BULLA_PROFILE_PASSIVE; profile <= BULLA_PROFILE_GBT; profile++) {
            seal = sealed(profile);
            refused(&seal, wanted[i], OK, profile == BULLA_PROFILE_GBT ? BULLA_REFUSAL_PROFILE : BULLA_REFUSAL_CLASS);
            go(&seal, BULLA_ON_STATUS, 0);
        }
    }
    struct bulla_device seal = sealed(BULLA_PROFILE_ACTIVE);
    go(&seal, BULLA_ON_LIMIT, 0);
    does(BULLA_ACT(REMIND) | BULLA_ACT(REPORT));
    go(&seal, BULLA_ON_REPORT_DUE, 0);
    does(BULLA_ACT(FIX) | BULLA_ACT(REPORT));
    refused(&seal, BULLA_ON_PERMIT_EXPIRED, 0, BULLA_REFUSAL_STATE);
}

static void what_cannot_be_stepped_is_not_valid(void **state)
{
    (void)state;
    struct bulla_device seal = sealed(BULLA_PROFILE_GBT), wrong;
    assert_false(bulla_device_init(&wrong, 0));
    assert_false(bulla_device_init(&wrong, BULLA_PROFILES + 1));
    assert_true(bulla_device_valid(&seal));
    wrong = seal, wrong.profile = 6;
    assert_false(bulla_device_valid(&wrong));
    wrong = seal, wrong.state = 0;
    assert_false(bulla_device_valid(&wrong));
    wrong = seal, wrong.state = BULLA_DEVICE_STATES + 1;
    assert_false(bulla_device_valid(&wrong));
    wrong = seal, wrong.passage = 5;
    assert_false(bulla_device_valid(&wrong));
    wrong = seal, wrong.modes |= 1;
    assert_false(bulla_device_valid(&wrong));
    assert_int_equal(bulla_device_can(0), 0);
    assert_false(bulla_device_can(BULLA_PROFILE_PASSIVE) & BULLA_ACT(LOG)); /* nobody is awake to write it */
    struct bulla_device worn = sealed(BULLA_PROFILE_GBT);
    worn.refused = UINT32_MAX;
    assert_true(bulla_device_step(&worn, BULLA_ON_LOCATE, OK).after.refused == UINT32_MAX);
}

static void every_number_has_its_text(void **state)
{
    (void)state;
    for (unsigned s = 1; s <= BULLA_DEVICE_STATES; s++)
        assert_true(bulla_device_state_text(s)[0] && bulla_device_state_meaning(s)[0]);
    for (unsigned e = 0; e < BULLA_EVENTS_OF_DEVICE; e++)
        assert_true(bulla_on_text(e)[0]);
    for (unsigned bit = 0; bit < 32; bit++)
        assert_int_equal(bulla_condition_text(bit)[0] != 0, bit != 19); /* 19 is free */
    assert_string_equal(bulla_on_text(BULLA_EVENTS_OF_DEVICE), "");
    assert_string_equal(bulla_on_meaning(BULLA_ON_SEAL), "command: permission to close");
    assert_string_equal(bulla_mode_meaning(BULLA_MODE_AT_OFF), "without power");
    assert_string_equal(bulla_act_meaning(BULLA_ACT_AT_REMIND), "an alarm to be acknowledged");
    assert_string_equal(bulla_passage_text(BULLA_PASSAGE_OPENED_UNAUTHORISED), "opened, not authorised");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_use_begins_with_initialising_and_the_clock),
        cmocka_unit_test(the_four_passages_are_told_apart),
        cmocka_unit_test(tampered_with_stays_so_until_returned),
        cmocka_unit_test(more_than_the_shackle_is_watched),
        cmocka_unit_test(an_opened_body_wipes_the_keys),
        cmocka_unit_test(passive_and_semi_active),
        cmocka_unit_test(semi_active_with_and_without_its_battery),
        cmocka_unit_test(iso_is_read_only_and_never_secure_again),
        cmocka_unit_test(gbt_is_sealed_a_thousand_times),
        cmocka_unit_test(power_that_went_while_sealed_leaves_a_gap),
        cmocka_unit_test(a_low_battery_begins_no_journey),
        cmocka_unit_test(in_flight_reports_wait_and_alarms_stay),
        cmocka_unit_test(what_an_active_seal_does_others_refuse),
        cmocka_unit_test(what_cannot_be_stepped_is_not_valid),
        cmocka_unit_test(every_number_has_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
