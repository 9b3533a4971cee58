/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: what holds of a seal whatever comes, on every step that any profile can take.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/random.h"
#include "tests/unit/libbulla/device_walk.h"

#define BIT(state) (1u << BULLA_DEVICE_##state)
#define FEW        200 /* rows at most */
#define MANY_STEPS 1000000

static bool in(unsigned states, unsigned state)
{
    return states >> state & 1;
}

static const unsigned tampered = BIT(TAMPERED_OPEN) | BIT(TAMPERED_CLOSED) | BIT(TAMPERED_RELEASED);

static bool is_command(unsigned event)
{
    return event <= BULLA_ON_ACKNOWLEDGE;
}

static bool same(const struct bulla_device *a, const struct bulla_device *b)
{
    return a->profile == b->profile && a->state == b->state && a->passage == b->passage && a->modes == b->modes &&
           a->journeys == b->journeys;
}

static void a_refusal_changes_only_the_counter(const struct walk_step *w)
{
    assert_int_equal(w->step.after.refused, w->before->refused + (w->step.refusal != BULLA_REFUSAL_NONE));
    if (w->step.refusal == BULLA_REFUSAL_NONE)
        return;
    assert_true(same(w->before, &w->step.after));
    assert_int_equal(w->step.actions & ~(BULLA_ACT(LOG) | BULLA_ACT(REPORT)), 0);
    assert_int_equal(w->step.passage, BULLA_PASSAGE_NONE);
}

/* Only three commands, each with permission, lead out of it, and none of them to a seal that looks secure. */
static void tampered_is_latched(const struct walk_step *w)
{
    if (!in(tampered, w->before->state) || in(tampered, w->step.after.state))
        return;
    assert_true(w->event == BULLA_ON_RETURN || w->event == BULLA_ON_COMMISSION || w->event == BULLA_ON_RETIRE);
    assert_true(w->facts & BULLA_FACT(AUTHORISED));
    assert_false(w->step.after.modes & BULLA_MODE(JOURNEY));
    assert_int_equal(bulla_device_shows(&w->step.after), BULLA_SHOWS_NOT_SEALED);
}

static void broken_is_for_good(const struct walk_step *w)
{
    if (w->before->state != BULLA_DEVICE_BROKEN)
        return;
    assert_int_equal(w->step.refusal, BULLA_REFUSAL_VOID);
    assert_int_equal(bulla_device_shows(&w->step.after), BULLA_SHOWS_VOID);
}

/* How a seal comes to look secure: closed with permission, or a permission to open that nobody used. */
static void secure_is_earned(const struct walk_step *w)
{
    if (bulla_device_shows(&w->step.after) != BULLA_SHOWS_SECURE || bulla_device_shows(w->before) == BULLA_SHOWS_SECURE)
        return;
    if (w->step.passage == BULLA_PASSAGE_CLOSED_AUTHORISED) {
        assert_true(w->event == BULLA_ON_SHACKLE_CLOSED ? w->before->state == BULLA_DEVICE_ARMED
                                                        : w->event == BULLA_ON_SEAL && w->facts & BULLA_FACT(AUTHORISED));
        return;
    }
    assert_int_equal(w->before->state, BULLA_DEVICE_RELEASED);
    assert_false(w->facts & BULLA_FACT(SHACKLE_OUT));
    assert_true(w->event == BULLA_ON_PERMIT_EXPIRED || w->event == BULLA_ON_SEAL);
}

static void secure_means_sealed_and_watched(const struct walk_step *w)
{
    if (bulla_device_shows(&w->step.after) != BULLA_SHOWS_SECURE)
        return;
    assert_int_equal(w->step.after.state, BULLA_DEVICE_SEALED);
    assert_int_equal(w->step.after.modes & (BULLA_MODE(OFF) | BULLA_MODE(GAP)), 0);
    assert_true(w->step.after.modes & BULLA_MODE(JOURNEY));
    assert_false(w->step.after.modes & BULLA_MODE(KEYLESS));
}

static void a_command_needs_permission(const struct walk_step *w)
{
    if (!is_command(w->event) || w->facts & BULLA_FACT(AUTHORISED) || w->event == BULLA_ON_STATUS || w->event == BULLA_ON_FLIGHT_END)
        return;
    assert_int_not_equal(w->step.refusal, BULLA_REFUSAL_NONE);
}

/* Decided outside the table what a breach is: the shackle, a door, a wall, the cover or the body of a sealed seal that has
 * power. */
static void a_breach_is_seen(const struct walk_step *w)
{
    if (in(tampered, w->step.after.state) && !in(tampered, w->before->state))
        assert_int_equal((BULLA_ACT(CLEAR_RANDOM) | BULLA_ACT(REMIND)) & bulla_device_can(w->before->profile) & ~w->step.actions, 0);
    static const uint64_t breaches = UINT64_C(1) << BULLA_ON_SHACKLE_OPENED | UINT64_C(1) << BULLA_ON_SHACKLE_CUT |
                                     UINT64_C(1) << BULLA_ON_DOOR_OPENED | UINT64_C(1) << BULLA_ON_COVER_OPENED |
                                     UINT64_C(1) << BULLA_ON_BODY_OPENED | UINT64_C(1) << BULLA_ON_INTRUSION;
    uint32_t has = bulla_profile_row(w->before->profile)->has;
    if (w->before->state != BULLA_DEVICE_SEALED || !(breaches >> w->event & 1) || w->before->modes & BULLA_MODE(OFF) ||
        !(has & BULLA_TRAIT_BIT(BULLA_TRAIT_POWERED)))
        return;
    if (has & BULLA_TRAIT_BIT(BULLA_TRAIT_VOID)) {
        assert_int_equal(w->step.after.state, BULLA_DEVICE_BROKEN);
        return;
    }
    assert_true(in(tampered, w->step.after.state));
    if (has & BULLA_TRAIT_BIT(BULLA_TRAIT_RANDOM))
        assert_true(w->step.actions & BULLA_ACT(CLEAR_RANDOM));
    if (has & BULLA_FUNCTION_BIT(BULLA_FUNCTION_ALARM))
        assert_true(w->step.after.modes & BULLA_MODE(ALARM));
    assert_true(w->step.actions & BULLA_ACT(LOG));
}

static void flight_is_silent(const struct walk_step *w)
{
    if (w->event == BULLA_ON_FLIGHT_END && !w->step.refusal) {
        assert_int_equal(w->step.after.modes & (BULLA_MODE(QUIET) | BULLA_MODE(HELD)), 0);
        assert_int_equal(w->step.actions & BULLA_ACT(REPORT), w->before->modes & BULLA_MODE(HELD) ? BULLA_ACT(REPORT) : 0);
    }
    if (!(w->before->modes & BULLA_MODE(QUIET)) || w->event == BULLA_ON_FLIGHT_END)
        return;
    assert_int_equal(w->step.actions & (BULLA_ACT(REPORT) | BULLA_ACT(ANSWER)), 0);
    assert_true(w->step.after.modes & BULLA_MODE(QUIET));
    if (w->step.actions & BULLA_ACT(HOLD))
        assert_true(w->step.after.modes & BULLA_MODE(HELD));
    if (w->before->modes & BULLA_MODE(HELD))
        assert_true(w->step.after.modes & BULLA_MODE(HELD));
}

/* What a class or profile lacks it never does. */
static void nobody_does_what_he_cannot(const struct walk_step *w)
{
    static const struct {
        enum bulla_function function;
        uint64_t events;
        uint32_t actions;
    } bound[] = {
        {BULLA_FUNCTION_POSITION, UINT64_C(1) << BULLA_ON_LOCATE, BULLA_ACT(FIX)},
        {BULLA_FUNCTION_CELLULAR, UINT64_C(1) << BULLA_ON_REPORT_DUE, BULLA_ACT(REPORT) | BULLA_ACT(HOLD)},
        {BULLA_FUNCTION_ALARM, UINT64_C(1) << BULLA_ON_ACKNOWLEDGE, BULLA_ACT(REMIND) | BULLA_ACT(CALM)},
        {BULLA_FUNCTION_UPGRADE, UINT64_C(1) << BULLA_ON_UPGRADE, 0},
        {BULLA_FUNCTION_INTERFACE, UINT64_C(1) << BULLA_ON_EXPORT, 0},
    };
    assert_int_equal(w->step.actions & ~bulla_device_can(w->before->profile), 0);
    for (size_t i = 0; i < sizeof bound / sizeof *bound; i++) {
        if (!bulla_profile_refuses(w->before->profile, bound[i].function))
            continue;
        assert_int_equal(w->step.actions & bound[i].actions, 0);
        if (bound[i].events >> w->event & 1)
            assert_int_not_equal(w->step.refusal, BULLA_REFUSAL_NONE);
    }
    if (is_command(w->event) && w->facts & BULLA_FACT(FROM_AFAR) && w->before->profile != BULLA_PROFILE_ACTIVE)
        assert_int_not_equal(w->step.refusal, BULLA_REFUSAL_NONE);
}

/* Keys that are gone come back by commissioning alone, and without them nobody commands. [WCO-9.3-G1] */
static void keys_do_not_come_back(const struct walk_step *w)
{
    if (w->step.refusal == BULLA_REFUSAL_NONE && w->event == BULLA_ON_BODY_OPENED && w->step.after.state != BULLA_DEVICE_BROKEN) {
        assert_true(w->step.after.modes & BULLA_MODE(KEYLESS));
        if (bulla_device_can(w->before->profile) & BULLA_ACT(WIPE_KEYS))
            assert_true(w->step.actions & BULLA_ACT(WIPE_KEYS));
    }
    if (!(w->before->modes & BULLA_MODE(KEYLESS)))
        return;
    if (!(w->step.after.modes & BULLA_MODE(KEYLESS))) {
        assert_int_equal(w->event, BULLA_ON_COMMISSION);
        assert_true(w->step.actions & BULLA_ACT(NEW_KEYS));
    } else if (is_command(w->event) && w->event != BULLA_ON_STATUS && w->event != BULLA_ON_FLIGHT_END) {
        assert_int_not_equal(w->step.refusal, BULLA_REFUSAL_NONE);
    }
}

static void what_serves_once_serves_once(const struct walk_step *w)
{
    uint32_t has = bulla_profile_row(w->before->profile)->has;
    if (has & BULLA_TRAIT_BIT(BULLA_TRAIT_REUSABLE))
        return;
    if (w->before->modes & BULLA_MODE(JOURNEY))
        assert_int_equal(w->step.after.journeys, w->before->journeys);
    bool written = w->before->state != BULLA_DEVICE_STORED;
    if (written && has & BULLA_TRAIT_BIT(BULLA_TRAIT_WRITE_ONCE))
        assert_false(w->step.actions & BULLA_ACT(STORE_DATA));
    if (w->before->modes & BULLA_MODE(JOURNEY))
        assert_false(w->step.actions & BULLA_ACT(STORE_DATA));
}

/* What the seal believes of its shackle is what it last felt there. */
static void the_state_follows_the_shackle(const struct walk_step *w)
{
    static const unsigned closed = BIT(CLOSED) | BIT(SEALED) | BIT(RELEASED) | BIT(TAMPERED_CLOSED) | BIT(TAMPERED_RELEASED);
    static const unsigned open = BIT(WRITTEN) | BIT(ARMED) | BIT(OPENED) | BIT(TAMPERED_OPEN);
    if (w->step.refusal)
        return;
    bool out = w->facts & BULLA_FACT(SHACKLE_OUT);
    if (w->event == BULLA_ON_SHACKLE_OPENED || w->event == BULLA_ON_SHACKLE_CUT || (w->event == BULLA_ON_POWER_BACK && out))
        assert_false(in(closed, w->step.after.state));
    if (w->event == BULLA_ON_SHACKLE_CLOSED || (w->event == BULLA_ON_POWER_BACK && !out))
        assert_false(in(open, w->step.after.state));
    if (w->event == BULLA_ON_SHACKLE_CUT || w->event == BULLA_ON_PERMIT_EXPIRED || w->event == BULLA_ON_POWER_BACK)
        assert_false(in(BIT(ARMED) | BIT(RELEASED) | BIT(TAMPERED_RELEASED), w->step.after.state)); /* no permission outlives these */
}

static void a_journey_begins_with_sealing(const struct walk_step *w)
{
    static const unsigned within =
        BIT(SEALED) | BIT(RELEASED) | BIT(OPENED) | BIT(TAMPERED_OPEN) | BIT(TAMPERED_CLOSED) | BIT(TAMPERED_RELEASED);
    static const unsigned without = BIT(STORED) | BIT(INITIALISED) | BIT(READY) | BIT(WRITTEN) | BIT(RETURNED) | BIT(RETIRED);
    bool journey = w->step.after.modes & BULLA_MODE(JOURNEY);
    if (in(within, w->step.after.state))
        assert_true(journey);
    if (in(without, w->step.after.state))
        assert_false(journey);
    if (journey && !(w->before->modes & BULLA_MODE(JOURNEY)))
        assert_int_equal(w->step.passage, BULLA_PASSAGE_CLOSED_AUTHORISED);
}

static bool acts(const struct walk_step *w, uint32_t action)
{
    return (w->step.actions & action) != 0;
}

static bool could(const struct walk_step *w, uint32_t action)
{
    return (bulla_device_can(w->before->profile) & action) != 0;
}

/* Nothing that was done goes unrecorded, but what only asks or is known already; a passage has its time and place, and
 * what happens to a seal that holds data is told. */
static void what_happens_is_recorded(const struct walk_step *w)
{
    const uint32_t tells = BULLA_ACT(REPORT) | BULLA_ACT(HOLD);
    if (w->step.refusal)
        return;
    bool asks = w->event == BULLA_ON_STATUS || w->event == BULLA_ON_LOCATE || w->event == BULLA_ON_REPORT_DUE;
    bool known = (w->event == BULLA_ON_BATTERY_LOW || w->event == BULLA_ON_BATTERY_GOOD) && w->before->modes == w->step.after.modes;
    if (could(w, BULLA_ACT(LOG)))
        assert_int_equal(acts(w, BULLA_ACT(LOG)), !asks && !known);
    bool opened = w->step.passage == BULLA_PASSAGE_OPENED_AUTHORISED || w->step.passage == BULLA_PASSAGE_OPENED_UNAUTHORISED;
    if (could(w, BULLA_ACT(RING_OPENED)))
        assert_int_equal(acts(w, BULLA_ACT(RING_OPENED)), opened);
    if (could(w, BULLA_ACT(RING_CLOSED)))
        assert_int_equal(acts(w, BULLA_ACT(RING_CLOSED)), !opened && w->step.passage != BULLA_PASSAGE_NONE);
    static const unsigned empty = BIT(STORED) | BIT(INITIALISED) | BIT(READY) | BIT(RETURNED) | BIT(RETIRED);
    bool sensed = w->event >= BULLA_ON_SHACKLE_OPENED && w->event <= BULLA_ON_LIMIT;
    bool happened = !is_command(w->event) && w->event != BULLA_ON_POWER_LOST && !known && !(sensed && in(empty, w->before->state));
    if (could(w, tells) && (happened || w->step.passage))
        assert_true(acts(w, tells));
    assert_int_equal(could(w, BULLA_ACT(SAVE)) && (w->event == BULLA_ON_POWER_LOST || (w->event == BULLA_ON_BATTERY_LOW && !known)),
                     acts(w, BULLA_ACT(SAVE)));
    if (w->event == BULLA_ON_POWER_BACK)
        assert_false(w->step.after.modes & BULLA_MODE(OFF));
}

static void what_is_done_is_answered(const struct walk_step *w)
{
    bool obeyed = w->step.refusal == BULLA_REFUSAL_NONE && is_command(w->event);
    assert_int_equal(acts(w, BULLA_ACT(ANSWER)), obeyed && w->event != BULLA_ON_FLIGHT_END);
    assert_int_equal(acts(w, BULLA_ACT(STORE_DATA)), obeyed && (w->event == BULLA_ON_WRITE || w->event == BULLA_ON_ADD));
    assert_int_equal(acts(w, BULLA_ACT(SET_CLOCK)), obeyed && w->event == BULLA_ON_CALIBRATE);
    assert_int_equal(acts(w, BULLA_ACT(APPLY)), obeyed && (w->event == BULLA_ON_CONFIGURE || w->event == BULLA_ON_UPGRADE));
    assert_int_equal(acts(w, BULLA_ACT(NEW_KEYS)), obeyed && w->event == BULLA_ON_COMMISSION);
    static const unsigned fresh = BIT(STORED) | BIT(INITIALISED) | BIT(RETURNED) | BIT(RETIRED);
    bool begins = obeyed && (w->event == BULLA_ON_COMMISSION || w->event == BULLA_ON_INITIALISE || w->event == BULLA_ON_RETURN ||
                             w->event == BULLA_ON_RETIRE);
    bool lost = !w->step.refusal && w->event == BULLA_ON_BODY_OPENED && w->step.after.state == BULLA_DEVICE_RETIRED;
    if (begins)
        assert_true(in(fresh, w->step.after.state));
    if (could(w, BULLA_ACT(CLEAR_DATA)))
        assert_int_equal(acts(w, BULLA_ACT(CLEAR_DATA)), begins || lost);
    if (could(w, BULLA_ACT(CLEAR_RANDOM)) && !w->step.refusal &&
        (w->step.after.state == BULLA_DEVICE_RETIRED || w->event == BULLA_ON_RETURN))
        assert_true(w->before->state == BULLA_DEVICE_RETIRED || acts(w, BULLA_ACT(CLEAR_RANDOM)));
    bool ends = w->event == BULLA_ON_COMMISSION || w->event == BULLA_ON_RETURN || w->event == BULLA_ON_RETIRE;
    bool uploads = ends || (w->event == BULLA_ON_ADD && w->before->modes & BULLA_MODE(JOURNEY)) ||
                   (w->event == BULLA_ON_UNSEAL &&
                    (w->step.after.state == BULLA_DEVICE_RELEASED || w->step.after.state == BULLA_DEVICE_TAMPERED_RELEASED));
    if (obeyed && uploads && could(w, BULLA_ACT(REPORT)))
        assert_true(acts(w, BULLA_ACT(REPORT)));
    if (obeyed && (ends || w->step.passage == BULLA_PASSAGE_CLOSED_AUTHORISED))
        assert_false(w->step.after.modes & BULLA_MODE(GAP));
    if (obeyed && w->event == BULLA_ON_RETIRE)
        assert_true(w->step.after.modes & BULLA_MODE(KEYLESS));
    if (could(w, BULLA_ACT(FIX)))
        assert_int_equal(acts(w, BULLA_ACT(FIX)),
                         (obeyed && w->event == BULLA_ON_LOCATE) || (!w->step.refusal && w->event == BULLA_ON_REPORT_DUE));
    if (w->step.refusal == BULLA_REFUSAL_AUTHORITY && could(w, BULLA_ACT(REPORT)))
        assert_true(acts(w, BULLA_ACT(LOG)) && acts(w, BULLA_ACT(REPORT)));
    if (obeyed && w->event == BULLA_ON_COMMISSION)
        assert_int_equal(w->step.after.modes & (BULLA_MODE(KEYLESS) | BULLA_MODE(GAP) | BULLA_MODE(ALARM)), 0);
}

/* A permission that runs is stopped when its state is left; the motor follows it. */
static void permissions_run_and_stop(const struct walk_step *w)
{
    static const unsigned runs = BIT(ARMED) | BIT(RELEASED) | BIT(TAMPERED_RELEASED);
    bool before = in(runs, w->before->state), after = in(runs, w->step.after.state);
    if (after && !before)
        assert_true(acts(w, BULLA_ACT(PERMIT_START)));
    if (before && !after && could(w, BULLA_ACT(UNLOCK)))
        assert_true(acts(w, BULLA_ACT(PERMIT_STOP)));
    if (could(w, BULLA_ACT(UNLOCK)) && w->before->state != w->step.after.state) {
        if (w->step.after.state == BULLA_DEVICE_RELEASED || w->step.after.state == BULLA_DEVICE_TAMPERED_RELEASED)
            assert_true(acts(w, BULLA_ACT(UNLOCK)));
        if (w->step.after.state == BULLA_DEVICE_SEALED || (before && w->step.after.state == BULLA_DEVICE_TAMPERED_CLOSED))
            assert_true(acts(w, BULLA_ACT(LOCK)));
    }
}

struct tally {
    bool row[FEW], state[BULLA_DEVICE_STATES + 1], passage[5], refusal[32];
};

static void check(const struct walk_step *w, void *context)
{
    struct tally *tally = context;
    tally->row[w->step.row] = true;
    tally->state[w->step.after.state] = true;
    tally->passage[w->step.passage] = true;
    tally->refusal[w->step.refusal] = true;
    a_refusal_changes_only_the_counter(w);
    tampered_is_latched(w);
    broken_is_for_good(w);
    secure_is_earned(w);
    secure_means_sealed_and_watched(w);
    a_command_needs_permission(w);
    a_breach_is_seen(w);
    flight_is_silent(w);
    nobody_does_what_he_cannot(w);
    keys_do_not_come_back(w);
    what_serves_once_serves_once(w);
    the_state_follows_the_shackle(w);
    a_journey_begins_with_sealing(w);
    what_happens_is_recorded(w);
    what_is_done_is_answered(w);
    permissions_run_and_stop(w);
}

static void every_step_of_every_profile(void **state)
{
    (void)state;
    static struct tally tally;
    for (unsigned profile = 1; profile <= BULLA_PROFILES; profile++) {
        size_t steps = walk_device(profile, check, &tally);
        print_message("%s: %zu steps\n", bulla_profile_row(profile)->name, steps);
        assert_true(steps >= BULLA_EVENTS_OF_DEVICE * 16 * 5);
    }
    size_t n;
    bulla_device_rows(&n);
    assert_true(n <= FEW);
    for (size_t i = 0; i < n; i++)
        if (!tally.row[i])
            fail_msg("row %zu is never taken: another stands before it", i);
    for (unsigned s = 1; s <= BULLA_DEVICE_STATES; s++)
        if (!tally.state[s])
            fail_msg("state %s is never reached", bulla_device_state_text(s));
    for (unsigned p = 0; p < 5; p++)
        assert_true(tally.passage[p]);
    for (unsigned r = 0; bulla_refusal_text(r)[0]; r++)
        if (!tally.refusal[r])
            fail_msg("nothing is refused for %s", bulla_refusal_text(r));
}

/* A seal as its owner sees it, kept beside the table and without it: permission given, shackle in or out, breached or not. */
struct ghost {
    bool sealed, may_open, breached;
};

static void ghost_feels(struct ghost *g, const struct bulla_device *before, const struct walk_step *w)
{
    bool powered = !(before->modes & BULLA_MODE(OFF));
    bool obeyed = w->step.refusal == BULLA_REFUSAL_NONE;
    bool out = w->event == BULLA_ON_SHACKLE_OPENED || w->event == BULLA_ON_SHACKLE_CUT ||
               (w->event == BULLA_ON_POWER_BACK && w->facts & BULLA_FACT(SHACKLE_OUT));
    bool forced = w->event == BULLA_ON_BODY_OPENED || w->event == BULLA_ON_INTRUSION || w->event == BULLA_ON_COVER_OPENED ||
                  (w->event == BULLA_ON_DOOR_OPENED && !g->may_open);
    if (w->event == BULLA_ON_POWER_BACK)
        powered = true;
    if (obeyed && w->event == BULLA_ON_UNSEAL)
        g->may_open = true;
    if (powered && w->event == BULLA_ON_SHACKLE_OPENED && g->may_open) {
        g->sealed = g->may_open = false;
    } else if (powered && g->sealed && (out || forced)) {
        g->breached = true;
    }
    if (obeyed && (w->event == BULLA_ON_PERMIT_EXPIRED || w->event == BULLA_ON_POWER_BACK || w->event == BULLA_ON_SEAL))
        g->may_open = false;
    if (obeyed && (w->event == BULLA_ON_RETURN || w->event == BULLA_ON_COMMISSION || w->event == BULLA_ON_RETIRE))
        *g = (struct ghost){0};
    if (w->step.passage == BULLA_PASSAGE_CLOSED_AUTHORISED)
        g->sealed = true, g->may_open = false;
    if (w->step.passage == BULLA_PASSAGE_OPENED_AUTHORISED)
        g->sealed = false;
}

/* Half the time what leads on to a sealed seal, so that the sequence does not stay among refusals; otherwise anything. */
static enum bulla_on some_event(const struct bulla_device *device, struct random *random)
{
    static const enum bulla_on onward[BULLA_DEVICE_STATES + 1] = {
        [BULLA_DEVICE_STORED] = BULLA_ON_INITIALISE,
        [BULLA_DEVICE_INITIALISED] = BULLA_ON_CALIBRATE,
        [BULLA_DEVICE_READY] = BULLA_ON_WRITE,
        [BULLA_DEVICE_WRITTEN] = BULLA_ON_SEAL,
        [BULLA_DEVICE_ARMED] = BULLA_ON_SHACKLE_CLOSED,
        [BULLA_DEVICE_CLOSED] = BULLA_ON_SEAL,
        [BULLA_DEVICE_SEALED] = BULLA_ON_UNSEAL,
        [BULLA_DEVICE_RELEASED] = BULLA_ON_SHACKLE_OPENED,
        [BULLA_DEVICE_OPENED] = BULLA_ON_SEAL,
        [BULLA_DEVICE_TAMPERED_OPEN] = BULLA_ON_RETURN,
        [BULLA_DEVICE_TAMPERED_CLOSED] = BULLA_ON_UNSEAL,
        [BULLA_DEVICE_TAMPERED_RELEASED] = BULLA_ON_SHACKLE_OPENED,
        [BULLA_DEVICE_RETURNED] = BULLA_ON_INITIALISE,
        [BULLA_DEVICE_RETIRED] = BULLA_ON_COMMISSION,
        [BULLA_DEVICE_BROKEN] = BULLA_ON_STATUS,
    };
    if (random_below(random, 2))
        return (enum bulla_on)random_below(random, BULLA_EVENTS_OF_DEVICE);
    if (device->modes & BULLA_MODE(OFF))
        return BULLA_ON_POWER_BACK;
    if (device->modes & BULLA_MODE(QUIET))
        return BULLA_ON_FLIGHT_END;
    if (device->modes & BULLA_MODE(KEYLESS))
        return BULLA_ON_COMMISSION;
    return device->state == BULLA_DEVICE_STORED && random_below(random, 2) ? BULLA_ON_WRITE : onward[device->state];
}

static size_t wander(unsigned profile, struct random *random, size_t steps)
{
    struct bulla_device device;
    struct ghost ghost = {0};
    static struct tally tally;
    size_t breaches = 0;
    bulla_device_init(&device, profile);
    for (size_t i = 0; i < steps; i++) {
        struct walk_step w = {&device, some_event(&device, random), 0, {{0}}};
        w.facts = (random_below(random, 4) ? BULLA_FACT(AUTHORISED) : 0) | (random_below(random, 4) ? BULLA_FACT(CLOCK_GOOD) : 0) |
                  (random_below(random, 2) ? BULLA_FACT(SHACKLE_OUT) : 0) | (random_below(random, 8) ? 0 : BULLA_FACT(FROM_AFAR));
        w.step = bulla_device_step(&device, w.event, w.facts);
        check(&w, &tally);
        bool was_breached = ghost.breached;
        ghost_feels(&ghost, &device, &w);
        breaches += ghost.breached && !was_breached;
        device = w.step.after;
        if (ghost.breached)
            assert_int_not_equal(bulla_device_shows(&device), BULLA_SHOWS_SECURE);
        if (bulla_profile_row(profile)->has & BULLA_TRAIT_BIT(BULLA_TRAIT_REUSABLE))
            continue;
        if (random_below(random, ghost.breached || device.state == BULLA_DEVICE_BROKEN ? 4 : 256) == 0) { /* a new one off the shelf */
            bulla_device_init(&device, profile);
            ghost = (struct ghost){0};
        }
    }
    return breaches;
}

/* [ISO-3.1] */
static void a_million_events(void **state)
{
    (void)state;
    struct random random = {18185};
    for (unsigned profile = BULLA_PROFILE_SEMI_ACTIVE; profile <= BULLA_PROFILES; profile++) {
        size_t breaches = wander(profile, &random, MANY_STEPS);
        print_message("%s: %zu breaches\n", bulla_profile_row(profile)->name, breaches);
        assert_true(breaches > 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_of_every_profile),
        cmocka_unit_test(a_million_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
