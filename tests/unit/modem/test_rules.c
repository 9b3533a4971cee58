/* SPDX-License-Identifier: Apache-2.0
 *
 * A transmitter passes the rules of its link and of its region, or is told what stands against it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reader/modem/rules.h"

static const struct {
    const char *what;
    struct modem_emission emission;
    const char *refused; /* NULL: allowed; else a part of the reason */
} cases[] = {
    /* [ISO-T7-F3] [ISO-T8-R3]: the draft's powers, everywhere */
    {"a reader at 5.6 dBm", {"EU", "iso433-forward", .eirp_dbm = 5.6, .duty = 0.05}, NULL},
    {"a reader over it", {"EU", "iso433-forward", .eirp_dbm = 5.7, .duty = 0.05}, "iso433-forward: expected at most 5.6 dBm EIRP, got 5.7"},
    {"a seal at -2.4 dBm", {"EU", "iso433-return", .eirp_dbm = -2.4, .duty = 0.01}, NULL},
    {"a seal over it", {"CN", "iso433-return", .eirp_dbm = -2.3}, "iso433-return: expected at most -2.4 dBm EIRP, got -2.3"},
    {"a seal beside its channel", {"EU", "iso433-return", .hz = 434.3e6, .eirp_dbm = -10}, "expected 433.67 to 434.17 MHz"},
    /* [WCO-4.3-R1] [GBT-5.3]: the region decides */
    {"too long in an hour", {"EU", "iso433-return", .eirp_dbm = -2.4, .duty = 0.11}, "expected at most 10 % of an hour, got 11"},
    {"as long, elsewhere", {"CN", "iso433-return", .eirp_dbm = -2.4, .duty = 0.11}, NULL},
    {"mean power", {"US", "iso433-return", .eirp_dbm = -2.4, .burst_duty = 0.5}, "in the mean of 100 ms, got -8.42"},
    {"mean power of one block", {"US", "iso433-return", .eirp_dbm = -2.4, .burst_duty = 0.0790}, NULL},
    {"peak power", {"US", "iso433-forward", .eirp_dbm = 5.6, .burst_duty = 0.05}, "US, 433.5 to 434.5 MHz: expected at most -0.4 dBm EIRP"},
    {"315 MHz in Europe", {"EU", "iso315", .eirp_dbm = -10}, "EU: nothing is allowed at 315 MHz"},
    {"315 MHz in China", {"CN", "iso315", .eirp_dbm = -2.4}, NULL},
    {"no such region", {"XX", "wco433"}, "expected a region that has rules, got \"XX\""},
    {"no such link", {"EU", "wco"}, "expected a link that has rules, got \"wco\""},
    /* [WCO-4.3-P7] [WCO-4.3-Q4]: +10 dBm, within local rules */
    {"+10 dBm", {"EU", "wco433", .eirp_dbm = 10, .duty = 0.1}, NULL},
    {"over +10 dBm", {"EU", "wco433", .eirp_dbm = 10.5, .duty = 0.1}, "wco433: expected at most 10 dBm"},
    {"+10 dBm, where less is allowed", {"US", "wco433", .eirp_dbm = 10, .burst_duty = 0.01}, "expected at most -0.4 dBm"},
    {"+10 dBm at 2.45 GHz", {"EU", "wco2450", .eirp_dbm = 10}, NULL},
    {"over +10 dBm at 2.45 GHz", {"EU", "wco2450", .eirp_dbm = 11}, "wco2450: expected at most 10 dBm"},
    {"one that stays at 2.45 GHz", {"US", "wco2450", .eirp_dbm = 10, .burst_duty = 1}, "in the mean"},
    {"one that hops", {"US", "wco2450", .eirp_dbm = 10, .burst_duty = 1, .channels = 15, .dwell_s = 0.4}, NULL},
    /* [WCO-4.3-Q1] */
    {"the lower end", {"EU", "wco2450", .hz = 2400.024e6, .eirp_dbm = 0}, NULL},
    {"below it", {"EU", "wco2450", .hz = 2400.0e6, .eirp_dbm = 0}, "expected 2400 to 2483.5 MHz"},
    {"above the upper end", {"EU", "wco2450", .hz = 2483.5e6, .eirp_dbm = 0}, "expected 2400 to 2483.5 MHz"},
    /* [ISO-T3-F1] [ISO-T3-F3] [ISO-T3-F1b] [ISO-T3-F1b2] [ISO-T3-F1d]: 862 to 928 MHz */
    {"region 2 at 36 dBm", {"US", "fhss", .eirp_dbm = 36, .antenna_dbi = 6, .channels = 50, .dwell_s = 0.4}, NULL},
    {"more", {"US", "fhss", .eirp_dbm = 36.5, .antenna_dbi = 7, .channels = 50, .dwell_s = 0.4}, "at most 36 dBm EIRP"},
    {"31 dBm into the antenna",
     {"US", "fhss", .eirp_dbm = 36, .antenna_dbi = 5, .channels = 50, .dwell_s = 0.4},
     "at most 30 dBm before the antenna, got 31"},
    {"49 channels",
     {"US", "fhss", .eirp_dbm = 36, .antenna_dbi = 6, .channels = 49, .dwell_s = 0.4},
     "expected at least 50 channels, got 49"},
    {"2.4 hops a second",
     {"US", "fhss", .eirp_dbm = 36, .antenna_dbi = 6, .channels = 50, .dwell_s = 0.417},
     "at most 0.4 s on one frequency"},
    {"49 channels at 30 dBm", {"US", "fhss", .eirp_dbm = 30, .channels = 49, .dwell_s = 0.4}, NULL},
    {"region 1, now", {"EU", "fhss-fixed", .hz = 869.525e6, .eirp_dbm = 29, .duty = 0.1}, NULL},
    {"region 1, proposed", {"EU", "fhss-fixed", .hz = 865.7e6, .eirp_dbm = 35, .antenna_dbi = 6, .duty = 1}, NULL},
    {"region 1, the last channel", {"EU", "fhss-fixed", .hz = 867.5e6, .eirp_dbm = 35, .antenna_dbi = 6, .duty = 1}, NULL},
    {"region 1, one of the ten that did not become one",
     {"EU", "fhss-fixed", .hz = 866.1e6, .eirp_dbm = 0, .duty = 0.1},
     "nothing is allowed at 866.1 MHz"},
    {"region 1 does not hop",
     {"EU", "fhss", .hz = 865.7e6, .eirp_dbm = 20, .channels = 50, .dwell_s = 0.1},
     "expected a transmitter that stays, got one that hops"},
    {"region 1 has no 915 MHz", {"EU", "fhss", .eirp_dbm = 0, .channels = 50, .dwell_s = 0.1}, "EU: nothing is allowed at 915 MHz"},
    /* [ISO-T5-F3] */
    {"narrowband over 36 dBm", {"US", "narrow915", .eirp_dbm = 37, .antenna_dbi = 7}, "narrow915: expected at most 36 dBm EIRP"},
    {"narrowband, national", {"US", "narrow915", .eirp_dbm = 36, .antenna_dbi = 6, .burst_duty = 1}, "expected at most 18.8 dBm EIRP"},
    {"narrowband, weak", {"US", "narrow915", .eirp_dbm = -1.5, .burst_duty = 1}, NULL},
    {"not a number", {"EU", "iso433-return", .eirp_dbm = NAN}, "expected at most"},
};

static void emissions_pass_or_are_told_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[MODEM_RULES_WHY] = "";
        bool allowed = modem_rules_allow(&cases[i].emission, why);
        if (allowed != !cases[i].refused)
            fail_msg("%s: expected to be %s, got the other: %s", cases[i].what, cases[i].refused ? "refused" : "allowed", why);
        if (!allowed && !strstr(why, cases[i].refused))
            fail_msg("%s: expected the reason \"%s\", got \"%s\"", cases[i].what, cases[i].refused, why);
    }
}

/* Rows make sense by themselves, and each link may be used somewhere. */
static void the_table_is_sane(void **state)
{
    (void)state;
    char why[MODEM_RULES_WHY];
    for (size_t i = 0; i < modem_region_rules_n; i++) {
        const struct modem_region_rule *r = &modem_region_rules[i];
        assert_true(r->low_hz < r->high_hz && r->duty > 0 && r->duty <= 1 && r->bandwidth_hz <= r->high_hz - r->low_hz + 1);
        assert_true(r->mean_dbm == 99 || r->mean_dbm < r->eirp_dbm);
        assert_true((r->hopping == MODEM_HOPS) == (r->channels > 1));
        assert_true(strlen(r->from) > 10);
    }
    for (size_t i = 0; i < modem_link_rules_n; i++) {
        const struct modem_link_rule *l = &modem_link_rules[i];
        bool somewhere = false;
        assert_true(l->default_hz - l->bandwidth_hz / 2 >= l->low_hz && l->default_hz + l->bandwidth_hz / 2 <= l->high_hz);
        for (size_t k = 0; k < modem_region_rules_n; k++) {
            struct modem_emission weak = {modem_region_rules[k].region,
                                          l->link,
                                          .eirp_dbm = -20,
                                          .burst_duty = 0.1,
                                          .duty = 0.001,
                                          .channels = l->hopping == MODEM_HOPS ? 60 : 1,
                                          .dwell_s = 0.1};
            somewhere |= modem_rules_allow(&weak, why);
        }
        if (!somewhere)
            fail_msg("%s: allowed nowhere: %s", l->link, why);
    }
    assert_ptr_equal(modem_link_rule_of("wco433-return"), modem_link_rule_of("wco433"));
    assert_null(modem_link_rule_of("iso433"));
    assert_false(modem_region_known("eu"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(emissions_pass_or_are_told_why),
        cmocka_unit_test(the_table_is_sane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
