/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules that a transmitter must pass: those of its link, and those of the region that it stands in (rules.def). A region
 * that is not in the table allows nothing. Powers are EIRP in dBm, frequencies Hz, times s.
 *
 * They are a help against mistakes, no legal advice: regulations change, and a licence may allow more.
 */
#ifndef MODEM_RULES_H
#define MODEM_RULES_H

#include <stdbool.h>
#include <stddef.h>

#define MODEM_RULES_WHY 300

enum modem_hopping { MODEM_STAYS, MODEM_HOPS, MODEM_ANY };

struct modem_link_rule {
    const char *link;
    double low_hz, high_hz, default_hz, eirp_dbm, output_dbm, bandwidth_hz;
    enum modem_hopping hopping;
    const char *from; /* what says so */
};

struct modem_region_rule {
    const char *region;
    enum modem_hopping hopping;
    double low_hz, high_hz, eirp_dbm, mean_dbm, duty, bandwidth_hz, dwell_s;
    unsigned channels;
    const char *from;
};

extern const struct modem_link_rule modem_link_rules[];
extern const size_t modem_link_rules_n;
extern const struct modem_region_rule modem_region_rules[];
extern const size_t modem_region_rules_n;

/* That of a link: by its name, else by what stands before the "-"; NULL: none. */
const struct modem_link_rule *modem_link_rule_of(const char *link);
bool modem_region_known(const char *region);

struct modem_emission {
    const char *region, *link;
    double hz;          /* 0: the link's own */
    double eirp_dbm;    /* in the strongest direction */
    double antenna_dbi; /* of that power */
    double duty;        /* of an hour in which it transmits, what follows included: 0 to 1 */
    double dwell_s;     /* on one frequency before it hops, on `channels` of them */
    unsigned channels;  /* 0 or 1: it stays */
    double burst_duty;  /* of the busiest 100 ms: 0 to 1 */
};

/* False: it is not allowed, and `why` says by what. */
bool modem_rules_allow(const struct modem_emission *emission, char why[MODEM_RULES_WHY]);

#endif
