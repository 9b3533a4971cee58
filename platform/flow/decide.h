/* SPDX-License-Identifier: Apache-2.0
 *
 * Inspect or release (WCO 8, "alarms have grades that decide"; 9.1 destination): from risk, lock status, supervision, alarms and integrity.
 * Pure. What is not known is said to be missing, and blocks automatic release.
 */
#ifndef FLOW_DECIDE_H
#define FLOW_DECIDE_H

#include "platform/flow/risk.h"

/* clang-format off */
#define DECIDE_LOCK_TABLE(X)        X(UNKNOWN, 0, "unknown") X(SEALED, 1, "sealed") X(OPEN, 2, "open") X(UNSEALED, 3, "unsealed-by-permission")
#define DECIDE_SUPERVISION_TABLE(X) X(UNKNOWN, 0, "unknown") X(COMPLETE, 1, "complete") X(GAPS, 2, "gaps") X(READINGS, 3, "by-readings")
#define DECIDE_INTEGRITY_TABLE(X)   X(UNKNOWN, 0, "unknown") X(WHOLE, 1, "whole") X(VIOLATED, 2, "violated")
/* clang-format on */
#define X(name, number, text) DECIDE_LOCK_##name = number,
enum decide_lock { DECIDE_LOCK_TABLE(X) };
#undef X
#define X(name, number, text) DECIDE_SUPERVISION_##name = number,
enum decide_supervision { DECIDE_SUPERVISION_TABLE(X) };
#undef X
#define X(name, number, text) DECIDE_INTEGRITY_##name = number,
enum decide_integrity { DECIDE_INTEGRITY_TABLE(X) };
#undef X

struct decide_input {
    bool risk_known;
    struct risk risk;
    enum decide_lock lock;
    enum decide_supervision supervision;
    enum decide_integrity integrity;
    bool alarms_known;
    unsigned open[4];      /* open alarms by grade */
    unsigned found_true;   /* alarms of grade 2 and 3 found true */
    unsigned differences;  /* fields that differ and are not explained */
    unsigned skipped;      /* steps */
    enum seal_class seal_class;
    enum journey_mode mode;
    enum journey_regime regime;
};

#define DECIDE_REASONS_MAX 10
#define DECIDE_MISSING_MAX 5

struct decided {
    bool inspect;
    bool may_release_itself; /* the policy allows release without a person, and nothing is missing */
    size_t n_reasons, n_missing;
    char reasons[DECIDE_REASONS_MAX][160];
    const char *missing[DECIDE_MISSING_MAX]; /* "risk" "lock" "supervision" "alarms" "integrity" */
};

/* `grades` is the policy "grade-table", `automatic` "automatic-release"; NULL: their defaults. */
void decide(const struct decide_input *in, const json_t *grades, const json_t *automatic, struct decided *out);

const char *decide_lock_text(unsigned value);
const char *decide_supervision_text(unsigned value);
const char *decide_integrity_text(unsigned value);

#endif
