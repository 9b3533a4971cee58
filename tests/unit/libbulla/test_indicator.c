/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: the six indicators, in every state that an active seal reaches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bulla/indicator.h"
#include "tests/unit/libbulla/device_walk.h"

#define OK BULLA_FACT(AUTHORISED)

static void shows(const struct bulla_device *device, uint32_t facts, const char *expected)
{
    char got[BULLA_INDICATORS + 1] = {0};
    for (unsigned i = 0; i < BULLA_INDICATORS; i++)
        got[i] = "-osf"[bulla_indicator_look(device, facts, (enum bulla_indicator)i)];
    assert_string_equal(got, expected);
}

static void go(struct bulla_device *device, enum bulla_on event, uint32_t facts)
{
    struct bulla_device_step step = bulla_device_step(device, event, facts);
    assert_int_equal(step.refusal, BULLA_REFUSAL_NONE);
    *device = step.after;
}

/* Letters: - dark, o lit, s slow, f fast; sealing, unsealing, positioning, networking, alarm, battery. [WCO-4.3-D2] */
static void a_journey_on_the_panel(void **state)
{
    (void)state;
    struct bulla_device seal;
    assert_true(bulla_device_init(&seal, BULLA_PROFILE_ACTIVE));
    shows(&seal, 0, "-----o");
    shows(&seal, BULLA_LIGHT(CHARGING), "-----s");
    shows(&seal, BULLA_LIGHT(FIXING) | BULLA_LIGHT(JOINING), "--ss-o");
    shows(&seal, BULLA_LIGHT(FIXING) | BULLA_LIGHT(FIXED) | BULLA_LIGHT(JOINED), "--oo-o");
    go(&seal, BULLA_ON_INITIALISE, OK);
    go(&seal, BULLA_ON_CALIBRATE, OK | BULLA_FACT(CLOCK_GOOD));
    go(&seal, BULLA_ON_WRITE, OK);
    go(&seal, BULLA_ON_SEAL, OK | BULLA_FACT(CLOCK_GOOD) | BULLA_FACT(SHACKLE_OUT));
    shows(&seal, 0, "f----o");
    go(&seal, BULLA_ON_SHACKLE_CLOSED, 0);
    shows(&seal, 0, "o----o");
    go(&seal, BULLA_ON_BATTERY_LOW, 0);
    shows(&seal, 0, "o----f");
    go(&seal, BULLA_ON_UNSEAL, OK);
    shows(&seal, 0, "-f---f");
    go(&seal, BULLA_ON_SHACKLE_OPENED, BULLA_FACT(SHACKLE_OUT));
    shows(&seal, 0, "-o---f");
    go(&seal, BULLA_ON_SEAL, OK | BULLA_FACT(CLOCK_GOOD));
    go(&seal, BULLA_ON_POWER_LOST, 0);
    shows(&seal, BULLA_LIGHTS, "------");
    go(&seal, BULLA_ON_POWER_BACK, 0);
    shows(&seal, 0, "s----f");
    go(&seal, BULLA_ON_FLIGHT_BEGIN, OK);
    shows(&seal, BULLA_LIGHT(JOINED) | BULLA_LIGHT(JOINING), "s----f");
    go(&seal, BULLA_ON_SHACKLE_CUT, BULLA_FACT(SHACKLE_OUT));
    shows(&seal, 0, "----ff");
    go(&seal, BULLA_ON_FLIGHT_END, 0);
    go(&seal, BULLA_ON_ACKNOWLEDGE, OK);
    shows(&seal, 0, "----of");
    go(&seal, BULLA_ON_RETURN, OK);
    shows(&seal, 0, "-----f");
}

/* [WCO-4.3-U1] */
static void check(const struct walk_step *w, void *context)
{
    unsigned *reminders = context;
    const struct bulla_device *after = &w->step.after;
    enum bulla_look alarm = bulla_indicator_look(after, 0, BULLA_INDICATOR_ALARM);
    if (after->profile != BULLA_PROFILE_ACTIVE || after->modes & BULLA_MODE(OFF)) {
        for (unsigned i = 0; i < BULLA_INDICATORS; i++)
            assert_int_equal(bulla_indicator_look(after, BULLA_LIGHTS, (enum bulla_indicator)i), BULLA_LOOK_DARK);
        return;
    }
    if (bulla_indicator_look(after, 0, BULLA_INDICATOR_SEALING) == BULLA_LOOK_LIT)
        assert_int_equal(bulla_device_shows(after), BULLA_SHOWS_SECURE);
    if (bulla_device_shows(after) == BULLA_SHOWS_TAMPERED)
        assert_int_not_equal(alarm, BULLA_LOOK_DARK);
    /* A reminder ends by acknowledging it, or with the seal's new keys. */
    bool before = bulla_indicator_look(w->before, 0, BULLA_INDICATOR_ALARM) == BULLA_LOOK_FAST;
    if (before && alarm != BULLA_LOOK_FAST)
        assert_true(w->facts & OK && (w->event == BULLA_ON_ACKNOWLEDGE || w->event == BULLA_ON_COMMISSION));
    *reminders += !before && alarm == BULLA_LOOK_FAST;
}

static void the_panel_says_what_the_seal_is(void **state)
{
    (void)state;
    unsigned reminders = 0;
    for (unsigned profile = 1; profile <= BULLA_PROFILES; profile++)
        walk_device(profile, check, &reminders);
    assert_true(reminders > 0);
}

static void looks_differ_in_time(void **state)
{
    (void)state;
    static const unsigned lit_of_2000[] = {0, 2000, 500, 1000};
    for (unsigned look = 0; look < 4; look++) {
        unsigned lit = 0, changes = 0;
        for (uint64_t ms = 0; ms < 2000; ms++) {
            lit += bulla_look_is_lit((enum bulla_look)look, ms);
            changes += bulla_look_is_lit((enum bulla_look)look, ms) != bulla_look_is_lit((enum bulla_look)look, ms + 1);
        }
        assert_int_equal(lit, lit_of_2000[look]);
        assert_int_equal(changes, look == BULLA_LOOK_SLOW ? 2 : look == BULLA_LOOK_FAST ? 8 : 0);
        assert_true(bulla_look_text((enum bulla_look)look)[0]);
    }
    assert_string_equal(bulla_indicator_text(BULLA_INDICATOR_BATTERY), "battery");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_journey_on_the_panel),
        cmocka_unit_test(the_panel_says_what_the_seal_is),
        cmocka_unit_test(looks_differ_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
