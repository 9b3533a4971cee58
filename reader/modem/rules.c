/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/rules.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STAYS MODEM_STAYS
#define HOPS  MODEM_HOPS
#define ANY   MODEM_ANY

#define NO_LIMIT_DBM 99

const struct modem_link_rule modem_link_rules[] = {
#define LINK(name, low, high, usual, eirp, output, bandwidth, hopping, from)                                                               \
    {name, low, high, usual, eirp, output, bandwidth, hopping, from},
#define RULE(...)
#include "reader/modem/rules.def"
#undef LINK
#undef RULE
};
const size_t modem_link_rules_n = sizeof modem_link_rules / sizeof *modem_link_rules;

const struct modem_region_rule modem_region_rules[] = {
#define LINK(...)
#define RULE(region, hopping, low, high, eirp, mean, duty, bandwidth, dwell, channels, from)                                               \
    {region, hopping, low, high, eirp, mean, duty, bandwidth, dwell, channels, from},
#include "reader/modem/rules.def"
#undef LINK
#undef RULE
};
const size_t modem_region_rules_n = sizeof modem_region_rules / sizeof *modem_region_rules;

const struct modem_link_rule *modem_link_rule_of(const char *link)
{
    for (size_t i = 0; i < modem_link_rules_n; i++)
        if (strcmp(modem_link_rules[i].link, link) == 0)
            return &modem_link_rules[i];
    size_t n = strcspn(link, "-");
    for (size_t i = 0; i < modem_link_rules_n; i++)
        if (strlen(modem_link_rules[i].link) == n && strncmp(modem_link_rules[i].link, link, n) == 0)
            return &modem_link_rules[i];
    return NULL;
}

bool modem_region_known(const char *region)
{
    for (size_t i = 0; i < modem_region_rules_n; i++)
        if (strcmp(modem_region_rules[i].region, region) == 0)
            return true;
    return false;
}

static bool hops(const struct modem_emission *e)
{
    return e->channels > 1;
}

static bool fits(double hz, double bandwidth_hz, double low_hz, double high_hz)
{
    return hz - bandwidth_hz / 2 >= low_hz - 1 && hz + bandwidth_hz / 2 <= high_hz + 1;
}

static bool link_allows(const struct modem_emission *e, const struct modem_link_rule *l, double hz, char why[MODEM_RULES_WHY])
{
    bool in_band = fits(hz, l->bandwidth_hz, l->low_hz, l->high_hz);
    double output = e->eirp_dbm - e->antenna_dbi;
    if (!in_band)
        snprintf(why, MODEM_RULES_WHY, "%s: expected %.12g to %.12g MHz with %.12g kHz of bandwidth, got %.12g MHz (%s)", l->link,
                 l->low_hz / 1e6, l->high_hz / 1e6, l->bandwidth_hz / 1e3, hz / 1e6, l->from);
    else if (!(e->eirp_dbm <= l->eirp_dbm))
        snprintf(why, MODEM_RULES_WHY, "%s: expected at most %.12g dBm EIRP, got %.12g (%s)", l->link, l->eirp_dbm, e->eirp_dbm, l->from);
    else if (!(output <= l->output_dbm))
        snprintf(why, MODEM_RULES_WHY, "%s: expected at most %.12g dBm before the antenna, got %.12g (%s)", l->link, l->output_dbm, output,
                 l->from);
    else
        return true;
    return false;
}

/* How far an emission gets against a rule of its region; the highest is what is told. */
enum stage { OTHER_BAND, OTHER_USE, TOO_WIDE, TOO_STRONG, TOO_STRONG_IN_MEAN, TOO_LONG, TOO_FEW_CHANNELS, TOO_SLOW, ALLOWED };

static double mean_dbm(const struct modem_emission *e)
{
    return e->eirp_dbm + 20 * log10(fmax(e->burst_duty, 1e-6));
}

static enum stage stage_of(const struct modem_emission *e, const struct modem_region_rule *r, double hz, double bandwidth_hz)
{
    if (!fits(hz, bandwidth_hz, r->low_hz, r->high_hz))
        return OTHER_BAND;
    if (r->hopping != MODEM_ANY && (r->hopping == MODEM_HOPS) != hops(e))
        return OTHER_USE;
    if (bandwidth_hz > r->bandwidth_hz)
        return TOO_WIDE;
    if (!(e->eirp_dbm <= r->eirp_dbm))
        return TOO_STRONG;
    if (r->mean_dbm < NO_LIMIT_DBM && !(mean_dbm(e) <= r->mean_dbm))
        return TOO_STRONG_IN_MEAN;
    if (!(e->duty <= r->duty))
        return TOO_LONG;
    if (e->channels < r->channels)
        return TOO_FEW_CHANNELS;
    if (r->dwell_s > 0 && hops(e) && !(e->dwell_s <= r->dwell_s))
        return TOO_SLOW;
    return ALLOWED;
}

static void say_region(const struct modem_emission *e, const struct modem_region_rule *r, enum stage stage, double hz, double bandwidth_hz,
                       char why[MODEM_RULES_WHY])
{
    char what[120];
    const size_t n = sizeof what;
    switch (stage) {
    case OTHER_USE:
        snprintf(what, n, "expected a transmitter that %s, got one that %s", hops(e) ? "stays" : "hops", hops(e) ? "hops" : "stays");
        break;
    case TOO_WIDE:
        snprintf(what, n, "expected at most %.12g kHz of bandwidth, got %.12g", r->bandwidth_hz / 1e3, bandwidth_hz / 1e3);
        break;
    case TOO_STRONG:
        snprintf(what, n, "expected at most %.12g dBm EIRP, got %.12g", r->eirp_dbm, e->eirp_dbm);
        break;
    case TOO_STRONG_IN_MEAN:
        snprintf(what, n, "expected at most %.12g dBm EIRP in the mean of 100 ms, got %.3g", r->mean_dbm, mean_dbm(e));
        break;
    case TOO_LONG:
        snprintf(what, n, "expected at most %.4g %% of an hour, got %.4g", 100 * r->duty, 100 * e->duty);
        break;
    case TOO_FEW_CHANNELS:
        snprintf(what, n, "expected at least %u channels, got %u", r->channels, e->channels);
        break;
    case TOO_SLOW:
        snprintf(what, n, "expected at most %.12g s on one frequency, got %.12g", r->dwell_s, e->dwell_s);
        break;
    default:
        snprintf(why, MODEM_RULES_WHY, "%s: nothing is allowed at %.12g MHz with %.12g kHz of bandwidth", e->region, hz / 1e6,
                 bandwidth_hz / 1e3);
        return;
    }
    snprintf(why, MODEM_RULES_WHY, "%s, %.12g to %.12g MHz: %s (%s)", e->region, r->low_hz / 1e6, r->high_hz / 1e6, what, r->from);
}

bool modem_rules_allow(const struct modem_emission *emission, char why[MODEM_RULES_WHY])
{
    const struct modem_link_rule *link = modem_link_rule_of(emission->link);
    if (!link) {
        snprintf(why, MODEM_RULES_WHY, "expected a link that has rules, got \"%.40s\"", emission->link);
        return false;
    }
    double hz = emission->hz > 0 ? emission->hz : link->default_hz;
    if (!link_allows(emission, link, hz, why))
        return false;
    if (!modem_region_known(emission->region)) {
        snprintf(why, MODEM_RULES_WHY, "expected a region that has rules, got \"%.40s\"", emission->region);
        return false;
    }
    const struct modem_region_rule *nearest = NULL;
    enum stage far = OTHER_BAND;
    for (size_t i = 0; i < modem_region_rules_n && far != ALLOWED; i++) {
        const struct modem_region_rule *r = &modem_region_rules[i];
        enum stage stage = strcmp(r->region, emission->region) == 0 ? stage_of(emission, r, hz, link->bandwidth_hz) : OTHER_BAND;
        if (stage > far) {
            far = stage;
            nearest = r;
        }
    }
    if (far != ALLOWED)
        say_region(emission, nearest, far, hz, link->bandwidth_hz, why);
    return far == ALLOWED;
}
