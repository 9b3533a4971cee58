/* SPDX-License-Identifier: Apache-2.0
 *
 * Risk: a score from 0 to 100 with its parts, each with a sentence that a person can check (WCO 9.1 destination, 13.3). Pure: the same
 * facts and weights, the same score. No part is hidden, none is learned.
 */
#ifndef FLOW_RISK_H
#define FLOW_RISK_H

#include "platform/flow/policy.h"

#define RISK_PARTS_MAX 14
#define RISK_GOODS_MAX 8

enum risk_level { RISK_LOW, RISK_MEDIUM, RISK_HIGH };

struct risk_input {
    unsigned carrier_journeys, carrier_violations; /* of the last year; a violation is an alarm of grade 2 or 3 found true */
    unsigned vehicle_violations;
    bool carrier_known;    /* the journey names one */
    bool carrier_registered, registration_kept; /* whether registrations are kept at all */
    char hs[RISK_GOODS_MAX][16]; /* HS or UN codes of the goods */
    size_t n_hs;
    bool dangerous;        /* a UN number among them */
    bool cross_border;
    unsigned route_journeys, route_violations; /* between the same two places */
    unsigned alarms[4];    /* open or found true, by grade */
    unsigned differences;  /* fields that differ from the declaration */
    unsigned skipped;      /* steps of the procedure */
};

struct risk_part {
    const char *name;
    int points;
    char why[120];
};

struct risk {
    int score; /* 0 .. 100 */
    enum risk_level level;
    size_t n_parts;
    struct risk_part parts[RISK_PARTS_MAX];
};

/* `weights` is the policy "risk", or NULL for its default. */
void risk_assess(const struct risk_input *in, const json_t *weights, struct risk *out);

const char *risk_level_text(enum risk_level level);

/* --- back-testing --- */

/* How well scores told beforehand what was found: for each past journey its score and whether something was. Area under the
 * curve (0.5: no better than chance), NAN without both outcomes; and per tenth of the scale how many, and how many of them with something. */
struct risk_past {
    int score;
    bool found;
};
struct risk_backtest {
    size_t n, found;
    double auc;
    unsigned count[10], hits[10];
};
void risk_backtest(const struct risk_past *past, size_t n, struct risk_backtest *out);

#endif
