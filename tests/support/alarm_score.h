/* SPDX-License-Identifier: Apache-2.0
 *
 * Alarms against the truth: a labelled trip (sim/trip.h) goes through the rule engine as it would have arrived, and what
 * the engine told is matched to the labels.
 *
 *   false   told, and no label allows it; also when it was withdrawn later, for somebody has looked at it by then
 *   missed  a label says it must come, and nothing that stands at the end is it
 *   late    it came, but not within two reporting intervals of the truth (by what was heard of them)
 *
 * Kinds without a rule (rules.def) are not scored, so that a new rule is scored from its first day.
 */
#ifndef TESTS_ALARM_SCORE_H
#define TESTS_ALARM_SCORE_H

#include "platform/rules/engine.h"
#include "sim/random.h"
#include "sim/trip.h"

#define SCORE_KINDS    64
#define SCORE_TOLD_MAX 256
#define SCORE_DELAYS   200000

struct score_told {
    struct alarm alarm; /* as last told */
    bool withdrawn, matched;
};

struct score_trip { /* of one trip */
    struct score_told told[SCORE_TOLD_MAX];
    size_t n_told;
    unsigned n_false, n_missed, n_late;
};

struct score_kind {
    uint64_t must, found, late, false_stood, false_withdrawn;
};

struct score {
    uint64_t trips, with_false, clean_trips, observations, told, withdrawn;
    double km, hours;
    struct score_kind kind[SCORE_KINDS];
    double *delay_s; /* heap: of each found, arrival of the first message that could tell of it to the alarm */
    double *event_s; /* heap: the event itself to the alarm */
    size_t n_delays;
};

bool score_has_rule(enum alarm_kind kind);

/* Takes the trip in its order of arrival, or (order) its n messages of that order, without the clock between them. */
void score_run(const struct trip *trip, const size_t *order, size_t n, struct score_trip *out);

/* Another order of the messages that came first of those with their id: each up to `reach` places from its own. Returns how many. */
size_t score_shuffle(const struct trip *trip, struct sim_random *random, size_t reach, size_t *order);

/* Whether the same alarms stand in both; prints those that do not. Forgets what was withdrawn. */
bool score_same(struct score_trip *a, struct score_trip *b);

/* What each told alarm and each label of it is; calls `each` for those that are wrong (label or told is NULL). */
void score_match(const struct trip *trip, struct score_trip *run, struct score *score,
                 void (*each)(void *context, const char *what, const struct trip_label *label, const struct score_told *told),
                 void *context);
void score_clear(struct score *score);

/* Of delays, 0..1; NAN without any. Sorts them. */
double score_quantile(double *values, size_t n, double share);

#endif
