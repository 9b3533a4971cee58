/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: single steps of a seal that no scenario comes by, written down one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bulla/device.h"

#define OK      BULLA_FACT(AUTHORISED)
#define CLOCK   BULLA_FACT(CLOCK_GOOD)
#define OUT     BULLA_FACT(SHACKLE_OUT)
#define JOURNEY BULLA_MODE(JOURNEY)
#define OFF     BULLA_MODE(OFF)
#define LOW     BULLA_MODE(LOW)
#define LOG     BULLA_ACT(LOG)
#define TELL    (BULLA_ACT(LOG) | BULLA_ACT(REPORT))
#define REPLY   (BULLA_ACT(LOG) | BULLA_ACT(ANSWER))
#define OPENING BULLA_ACT(RING_OPENED)
#define CLOSING BULLA_ACT(RING_CLOSED)
#define STOP    BULLA_ACT(PERMIT_STOP)
#define ALARM   (BULLA_ACT(CLEAR_RANDOM) | BULLA_ACT(REMIND) | STOP | TELL)

#define ANEW (BULLA_ACT(CLEAR_DATA) | BULLA_ACT(NEW_KEYS) | BULLA_ACT(UNLOCK) | BULLA_ACT(CALM) | TELL | REPLY)

struct done {
    enum bulla_device_state state;
    uint32_t modes;
    enum bulla_on event;
    uint32_t facts;
    enum bulla_device_state next;
    uint32_t actions; /* exactly these */
    enum bulla_passage passage;
};

#define IN(state, modes)   BULLA_DEVICE_##state, modes
#define ON(event, facts)   BULLA_ON_##event, facts
#define TO(state, actions) BULLA_DEVICE_##state, actions
#define PASS(passage)      BULLA_PASSAGE_##passage

/* clang-format off */
static const struct done active[] = {
    /* Power is back: where the shackle is says what happened. */
    {IN(TAMPERED_CLOSED, JOURNEY | OFF), ON(POWER_BACK, OUT), TO(TAMPERED_OPEN, ALARM | OPENING), PASS(OPENED_UNAUTHORISED)},
    {IN(TAMPERED_RELEASED, JOURNEY | OFF), ON(POWER_BACK, OUT), TO(TAMPERED_OPEN, ALARM | OPENING), PASS(OPENED_UNAUTHORISED)},
    {IN(TAMPERED_RELEASED, JOURNEY | OFF), ON(POWER_BACK, 0), TO(TAMPERED_CLOSED, BULLA_ACT(LOCK) | STOP | TELL), PASS(NONE)},
    {IN(TAMPERED_OPEN, JOURNEY | OFF), ON(POWER_BACK, 0), TO(TAMPERED_CLOSED, CLOSING | TELL), PASS(CLOSED_UNAUTHORISED)},
    {IN(TAMPERED_OPEN, JOURNEY | OFF), ON(POWER_BACK, OUT), TO(TAMPERED_OPEN, TELL), PASS(NONE)},
    {IN(CLOSED, JOURNEY | OFF), ON(POWER_BACK, OUT), TO(OPENED, OPENING | TELL), PASS(OPENED_UNAUTHORISED)},
    {IN(CLOSED, OFF), ON(POWER_BACK, OUT), TO(WRITTEN, OPENING | TELL), PASS(OPENED_UNAUTHORISED)},
    {IN(CLOSED, OFF), ON(POWER_BACK, 0), TO(CLOSED, TELL), PASS(NONE)},
    {IN(ARMED, JOURNEY | OFF), ON(POWER_BACK, OUT), TO(OPENED, STOP | TELL), PASS(NONE)},
    {IN(ARMED, OFF), ON(POWER_BACK, OUT), TO(WRITTEN, STOP | TELL), PASS(NONE)},
    {IN(ARMED, OFF), ON(POWER_BACK, 0), TO(CLOSED, STOP | CLOSING | TELL), PASS(CLOSED_UNAUTHORISED)},
    {IN(WRITTEN, OFF), ON(POWER_BACK, 0), TO(CLOSED, STOP | CLOSING | TELL), PASS(CLOSED_UNAUTHORISED)},
    {IN(OPENED, JOURNEY | OFF), ON(POWER_BACK, 0), TO(CLOSED, STOP | CLOSING | TELL), PASS(CLOSED_UNAUTHORISED)},
    {IN(READY, OFF), ON(POWER_BACK, CLOCK), TO(READY, TELL), PASS(NONE)},
    {IN(STORED, LOW), ON(BATTERY_LOW, 0), TO(STORED, 0), PASS(NONE)},
    {IN(STORED, 0), ON(BATTERY_GOOD, 0), TO(STORED, 0), PASS(NONE)},

    /* The shackle outside a sealed journey. */
    {IN(CLOSED, JOURNEY), ON(SHACKLE_OPENED, OUT), TO(OPENED, OPENING | TELL), PASS(OPENED_UNAUTHORISED)},
    {IN(CLOSED, JOURNEY), ON(SHACKLE_CUT, OUT), TO(OPENED, OPENING | TELL), PASS(OPENED_UNAUTHORISED)},
    {IN(CLOSED, 0), ON(SHACKLE_CUT, OUT), TO(WRITTEN, OPENING | TELL), PASS(OPENED_UNAUTHORISED)},
    {IN(ARMED, JOURNEY), ON(SHACKLE_CUT, OUT), TO(OPENED, STOP | TELL), PASS(NONE)},
    {IN(ARMED, 0), ON(SHACKLE_CUT, OUT), TO(WRITTEN, STOP | TELL), PASS(NONE)},
    {IN(OPENED, JOURNEY), ON(SHACKLE_CLOSED, 0), TO(CLOSED, CLOSING | TELL), PASS(CLOSED_UNAUTHORISED)},
    {IN(RELEASED, JOURNEY), ON(SHACKLE_CUT, OUT), TO(TAMPERED_OPEN, ALARM | OPENING), PASS(OPENED_UNAUTHORISED)},
    {IN(TAMPERED_CLOSED, JOURNEY), ON(SHACKLE_CUT, OUT), TO(TAMPERED_OPEN, ALARM | OPENING), PASS(OPENED_UNAUTHORISED)},

    /* The body, wherever it is; what needs no action is recorded all the same. */
    {IN(CLOSED, JOURNEY), ON(BODY_OPENED, 0), TO(TAMPERED_CLOSED, ALARM | BULLA_ACT(WIPE_KEYS)), PASS(NONE)},
    {IN(ARMED, JOURNEY), ON(BODY_OPENED, 0), TO(TAMPERED_OPEN, ALARM | BULLA_ACT(WIPE_KEYS)), PASS(NONE)},
    {IN(OPENED, JOURNEY), ON(BODY_OPENED, 0), TO(TAMPERED_OPEN, ALARM | BULLA_ACT(WIPE_KEYS)), PASS(NONE)},
    {IN(TAMPERED_RELEASED, JOURNEY), ON(BODY_OPENED, 0), TO(TAMPERED_CLOSED, ALARM | BULLA_ACT(WIPE_KEYS) | BULLA_ACT(LOCK)), PASS(NONE)},
    {IN(OPENED, JOURNEY), ON(DOOR_OPENED, 0), TO(OPENED, TELL), PASS(NONE)},
    {IN(SEALED, JOURNEY), ON(DOOR_CLOSED, 0), TO(SEALED, TELL), PASS(NONE)},
    {IN(STORED, 0), ON(SHACKLE_CLOSED, 0), TO(STORED, LOG), PASS(NONE)},
    {IN(STORED, 0), ON(LIMIT, 0), TO(STORED, LOG), PASS(NONE)},
    {IN(SEALED, JOURNEY), ON(CLOCK_LOST, 0), TO(SEALED, TELL), PASS(NONE)},

    /* Permissions that are taken back or run out. */
    {IN(RELEASED, JOURNEY), ON(SEAL, OK), TO(SEALED, BULLA_ACT(LOCK) | STOP | REPLY), PASS(NONE)},
    {IN(RELEASED, JOURNEY), ON(PERMIT_EXPIRED, OUT), TO(OPENED, STOP | OPENING | TELL), PASS(OPENED_AUTHORISED)},
    {IN(RELEASED, JOURNEY), ON(UNSEAL, OK), TO(RELEASED, BULLA_ACT(UNLOCK) | BULLA_ACT(PERMIT_START) | REPLY | TELL), PASS(NONE)},
    {IN(ARMED, 0), ON(PERMIT_EXPIRED, 0), TO(CLOSED, STOP | CLOSING | TELL), PASS(CLOSED_UNAUTHORISED)},
    {IN(ARMED, 0), ON(PERMIT_EXPIRED, OUT), TO(WRITTEN, STOP | TELL), PASS(NONE)},
    {IN(ARMED, JOURNEY), ON(PERMIT_EXPIRED, OUT), TO(OPENED, STOP | TELL), PASS(NONE)},
    {IN(ARMED, 0), ON(UNSEAL, OK | OUT), TO(WRITTEN, STOP | REPLY), PASS(NONE)},
    {IN(ARMED, JOURNEY), ON(UNSEAL, OK | OUT), TO(OPENED, STOP | REPLY), PASS(NONE)},
    {IN(CLOSED, 0), ON(UNSEAL, OK), TO(WRITTEN, BULLA_ACT(UNLOCK) | REPLY), PASS(NONE)},
    {IN(CLOSED, JOURNEY), ON(UNSEAL, OK), TO(OPENED, BULLA_ACT(UNLOCK) | REPLY), PASS(NONE)},
    {IN(TAMPERED_RELEASED, JOURNEY), ON(PERMIT_EXPIRED, OUT), TO(TAMPERED_OPEN, STOP | OPENING | TELL), PASS(OPENED_AUTHORISED)},
    {IN(CLOSED, JOURNEY), ON(SEAL, OK | CLOCK), TO(SEALED, BULLA_ACT(LOCK) | STOP | CLOSING | TELL | REPLY), PASS(CLOSED_AUTHORISED)},

    {IN(CLOSED, JOURNEY | LOW), ON(SEAL, OK | CLOCK), TO(SEALED, BULLA_ACT(LOCK) | STOP | CLOSING | TELL | REPLY), PASS(CLOSED_AUTHORISED)},

    /* Commands at other times than usual. */
    {IN(TAMPERED_OPEN, JOURNEY | BULLA_MODE(KEYLESS)), ON(COMMISSION, OK), TO(STORED, ANEW), PASS(NONE)},
    {IN(TAMPERED_RELEASED, JOURNEY | BULLA_MODE(KEYLESS)), ON(COMMISSION, OK), TO(STORED, ANEW), PASS(NONE)},
    {IN(SEALED, JOURNEY), ON(CALIBRATE, OK | CLOCK), TO(SEALED, BULLA_ACT(SET_CLOCK) | REPLY), PASS(NONE)},
    {IN(CLOSED, 0), ON(WRITE, OK), TO(CLOSED, BULLA_ACT(STORE_DATA) | REPLY), PASS(NONE)},
    {IN(WRITTEN, 0), ON(ADD, OK), TO(WRITTEN, BULLA_ACT(STORE_DATA) | REPLY), PASS(NONE)},
    {IN(CLOSED, 0), ON(INITIALISE, OK), TO(INITIALISED, BULLA_ACT(CLEAR_DATA) | REPLY), PASS(NONE)},
    {IN(RETURNED, 0), ON(UPGRADE, OK), TO(RETURNED, BULLA_ACT(APPLY) | REPLY), PASS(NONE)},
    {IN(STORED, 0), ON(READ, OK), TO(STORED, REPLY), PASS(NONE)},
    {IN(STORED, 0), ON(FLIGHT_END, 0), TO(STORED, LOG), PASS(NONE)},
    {IN(TAMPERED_CLOSED, JOURNEY), ON(RETURN, OK),
     TO(RETURNED, BULLA_ACT(CLEAR_RANDOM) | BULLA_ACT(CLEAR_DATA) | BULLA_ACT(UNLOCK) | TELL | REPLY), PASS(NONE)},
};

static const struct {
    enum bulla_profile profile;
    enum bulla_device_state state;
    uint32_t modes;
    enum bulla_on event;
    uint32_t facts;
    enum bulla_refusal why;
} refused[] = {
    {BULLA_PROFILE_GBT, IN(SEALED, JOURNEY), ON(ACKNOWLEDGE, OK), BULLA_REFUSAL_PROFILE},
    {BULLA_PROFILE_ISO, IN(SEALED, JOURNEY), ON(ACKNOWLEDGE, OK), BULLA_REFUSAL_CLASS},
    {BULLA_PROFILE_ISO, IN(SEALED, JOURNEY), ON(CALIBRATE, OK | CLOCK), BULLA_REFUSAL_PROFILE},
    {BULLA_PROFILE_ISO, IN(SEALED, JOURNEY), ON(CLOCK_LOST, 0), BULLA_REFUSAL_PROFILE},
    {BULLA_PROFILE_GBT, IN(SEALED, JOURNEY), ON(FLIGHT_END, 0), BULLA_REFUSAL_PROFILE},
    {BULLA_PROFILE_GBT, IN(SEALED, JOURNEY), ON(READ, 0), BULLA_REFUSAL_AUTHORITY},
    {BULLA_PROFILE_ISO, IN(STORED, 0), ON(RETIRE, OK), BULLA_REFUSAL_SINGLE_USE},
    {BULLA_PROFILE_PASSIVE, IN(STORED, 0), ON(INITIALISE, OK), BULLA_REFUSAL_SINGLE_USE},
    {BULLA_PROFILE_ACTIVE, IN(CLOSED, JOURNEY), ON(SEAL, OK | CLOCK | OUT), BULLA_REFUSAL_OPEN},
    {BULLA_PROFILE_ACTIVE, IN(RELEASED, JOURNEY), ON(SEAL, OK | OUT), BULLA_REFUSAL_OPEN},
    {BULLA_PROFILE_ACTIVE, IN(OPENED, JOURNEY), ON(SEAL, OK | OUT), BULLA_REFUSAL_CLOCK},
    {BULLA_PROFILE_ACTIVE, IN(CLOSED, LOW), ON(SEAL, OK | CLOCK), BULLA_REFUSAL_BATTERY},
    {BULLA_PROFILE_ACTIVE, IN(INITIALISED, 0), ON(SEAL, OK), BULLA_REFUSAL_CLOCK},
    {BULLA_PROFILE_ACTIVE, IN(SEALED, JOURNEY), ON(SEAL, OK | CLOCK), BULLA_REFUSAL_STATE},
    {BULLA_PROFILE_ACTIVE, IN(SEALED, JOURNEY), ON(RETURN, OK), BULLA_REFUSAL_STATE},
    {BULLA_PROFILE_ACTIVE, IN(RETIRED, BULLA_MODE(KEYLESS)), ON(INITIALISE, OK), BULLA_REFUSAL_RETIRED},
    {BULLA_PROFILE_ACTIVE, IN(RELEASED, JOURNEY), ON(WRITE, OK), BULLA_REFUSAL_JOURNEY},
    {BULLA_PROFILE_ACTIVE, IN(SEALED, JOURNEY | BULLA_MODE(QUIET)), ON(UNSEAL, OK), BULLA_REFUSAL_QUIET},
    {BULLA_PROFILE_ACTIVE, IN(SEALED, JOURNEY | OFF), ON(SHACKLE_OPENED, OUT), BULLA_REFUSAL_NO_POWER},
    {BULLA_PROFILE_SEMI_ACTIVE, IN(CLOSED, 0), ON(WRITE, OK), BULLA_REFUSAL_WRITE_ONCE},
};

/* Each command, permitted and with a good clock and the shackle in, in each state: a seal of write-once, of ISO, and one
 * that is used again. A letter a state, in the order of their numbers, and then armed and closed within a journey:
 * . done, s state, c clock, j journey, w write-once, r read-only, u single-use, v void, t tampered, k retired, - not reached. */
static const struct {
    enum bulla_on event;
    const char *write_once, *iso, *reusable;
} commands[] = {
    {BULLA_ON_COMMISSION, "u--uuuu-----v----", "u--uuuu--uu---u--", "ssssssssssssvs.ss"},
    {BULLA_ON_INITIALISE, "u--uuuu-----v----", "u--uuuu--uu---u--", "....s.jjjjjjv.kjj"},
    {BULLA_ON_WRITE, ".--wwww-----v----", ".--.r.r--rr---k--", "sc..s.jjjjjjvskjj"},
    {BULLA_ON_ADD, "s--wwww-----v----", "s--.r.r--rr---k--", "sss.........vsk.."},
    {BULLA_ON_SEAL, "s--.s.s-----v----", "s--.s.s--uu---k--", "scs.s.s..tttvsks."},
    {BULLA_ON_UNSEAL, "s--s...-----v----", "s--s...--ss---k--", "ssss....ss..vsk.."},
    {BULLA_ON_RETURN, "u--uuuu-----v----", "u--uuuu--uu---u--", "sss.s.ss...svsks."},
    {BULLA_ON_RETIRE, "u--uuuu-----v----", "u--uuuu--uu---u--", "............v.k.."},
    {BULLA_ON_READ, ".--....-----v----", ".--....--..---k--", "............v.k.."},
};
/* clang-format on */

static void what_is_done(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof active / sizeof *active; i++) {
        const struct done *c = &active[i];
        struct bulla_device device = {.profile = BULLA_PROFILE_ACTIVE, .state = (uint8_t)c->state, .modes = c->modes};
        struct bulla_device_step step = bulla_device_step(&device, c->event, c->facts);
        if (step.refusal || step.after.state != c->next || step.actions != c->actions || step.passage != c->passage)
            fail_msg("case %zu, %s on %s: expected %s, actions %#x, %s; got %s, %#x, %s, refused for %s", i,
                     bulla_device_state_text(c->state), bulla_on_text(c->event), bulla_device_state_text(c->next), (unsigned)c->actions,
                     bulla_passage_text(c->passage), bulla_device_state_text(step.after.state), (unsigned)step.actions,
                     bulla_passage_text(step.passage), bulla_refusal_text(step.refusal));
        assert_false(step.after.modes & OFF);
    }
}

static void what_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct bulla_device device = {
            .profile = (uint8_t)refused[i].profile, .state = (uint8_t)refused[i].state, .modes = refused[i].modes};
        enum bulla_refusal got = bulla_device_step(&device, refused[i].event, refused[i].facts).refusal;
        if (got != refused[i].why)
            fail_msg("case %zu, %s on %s: expected a refusal for %s, got %s", i, bulla_device_state_text(refused[i].state),
                     bulla_on_text(refused[i].event), bulla_refusal_text(refused[i].why), bulla_refusal_text(got));
    }
}

static void check_command(unsigned profile, enum bulla_on event, const char *expected)
{
    static const char letters[] = ".CPsapwruvtjcob0kq";
    for (unsigned i = 0; expected[i]; i++) {
        unsigned number = i < BULLA_DEVICE_STATES ? i + 1 : i - BULLA_DEVICE_STATES + BULLA_DEVICE_ARMED;
        bool journey = i >= BULLA_DEVICE_STATES || (number >= BULLA_DEVICE_SEALED && number <= BULLA_DEVICE_TAMPERED_RELEASED);
        struct bulla_device device = {.profile = (uint8_t)profile, .state = (uint8_t)number, .modes = journey ? JOURNEY : 0};
        if (number == BULLA_DEVICE_RETIRED)
            device.modes = BULLA_MODE(KEYLESS);
        char got = letters[bulla_device_step(&device, event, OK | CLOCK).refusal];
        if (expected[i] != '-' && got != expected[i])
            fail_msg("%s, %s in %s: expected %c, got %c", bulla_profile_row(profile)->name, bulla_on_text(event),
                     bulla_device_state_text(number), expected[i], got);
    }
}

static void each_command_in_each_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        check_command(BULLA_PROFILE_PASSIVE, commands[i].event, commands[i].write_once);
        check_command(BULLA_PROFILE_SEMI_ACTIVE, commands[i].event, commands[i].write_once);
        check_command(BULLA_PROFILE_ISO, commands[i].event, commands[i].iso);
        check_command(BULLA_PROFILE_GBT, commands[i].event, commands[i].reusable);
        check_command(BULLA_PROFILE_ACTIVE, commands[i].event, commands[i].reusable);
    }
}

/* Passive and semi-active seals break in stock, when written, and when closed; not by what comes before closing. */
static void what_breaks(void **state)
{
    (void)state;
    static const struct {
        enum bulla_device_state state;
        enum bulla_on event;
        uint32_t facts;
        bool breaks;
    } ways[] = {
        {BULLA_DEVICE_STORED, ON(SHACKLE_CUT, OUT), true},    {BULLA_DEVICE_STORED, ON(BODY_OPENED, 0), true},
        {BULLA_DEVICE_WRITTEN, ON(SHACKLE_CUT, OUT), true},   {BULLA_DEVICE_ARMED, ON(SHACKLE_CUT, OUT), true},
        {BULLA_DEVICE_ARMED, ON(BODY_OPENED, 0), true},       {BULLA_DEVICE_CLOSED, ON(SHACKLE_CUT, OUT), true},
        {BULLA_DEVICE_CLOSED, ON(SHACKLE_OPENED, OUT), true}, {BULLA_DEVICE_CLOSED, ON(POWER_BACK, OUT), true},
        {BULLA_DEVICE_SEALED, ON(POWER_BACK, OUT), true},     {BULLA_DEVICE_STORED, ON(SHACKLE_OPENED, OUT), false},
        {BULLA_DEVICE_WRITTEN, ON(POWER_BACK, OUT), false},   {BULLA_DEVICE_CLOSED, ON(POWER_BACK, 0), false},
        {BULLA_DEVICE_CLOSED, ON(COVER_OPENED, 0), false},    {BULLA_DEVICE_WRITTEN, ON(DOOR_OPENED, 0), false},
        {BULLA_DEVICE_ARMED, ON(SHACKLE_CLOSED, 0), false},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct bulla_device device = {.profile = BULLA_PROFILE_SEMI_ACTIVE, .state = (uint8_t)ways[i].state};
        struct bulla_device_step step = bulla_device_step(&device, ways[i].event, ways[i].facts);
        if ((step.after.state == BULLA_DEVICE_BROKEN) != ways[i].breaks)
            fail_msg("%s on %s: expected it %s", bulla_device_state_text(ways[i].state), bulla_on_text(ways[i].event),
                     ways[i].breaks ? "to break" : "not to break");
        assert_int_equal(step.refusal, BULLA_REFUSAL_NONE);
    }
}

/* Seals without motor, rings or reports: the same step does less. */
static void a_seal_does_what_it_can(void **state)
{
    (void)state;
    struct bulla_device iso = {.profile = BULLA_PROFILE_ISO, .state = BULLA_DEVICE_SEALED, .modes = JOURNEY};
    assert_int_equal(bulla_device_step(&iso, BULLA_ON_SHACKLE_CUT, OUT).actions, BULLA_ACT(CLEAR_RANDOM) | STOP | LOG);
    struct bulla_device gbt = {.profile = BULLA_PROFILE_GBT, .state = BULLA_DEVICE_SEALED, .modes = JOURNEY};
    assert_int_equal(bulla_device_step(&gbt, BULLA_ON_SHACKLE_CUT, OUT).actions, OPENING | STOP | LOG);
    struct bulla_device passive = {.profile = BULLA_PROFILE_PASSIVE, .state = BULLA_DEVICE_WRITTEN};
    assert_int_equal(bulla_device_step(&passive, BULLA_ON_SEAL, OK).actions, STOP | BULLA_ACT(ANSWER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_done), cmocka_unit_test(what_is_refused),         cmocka_unit_test(each_command_in_each_state),
        cmocka_unit_test(what_breaks),  cmocka_unit_test(a_seal_does_what_it_can),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
