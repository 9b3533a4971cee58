/* SPDX-License-Identifier: Apache-2.0
 *
 * Timeline: the entries of one journey in the order of event time, the fold over them, and what was told of it. A late
 * entry rewinds to the last checkpoint before it; then the alarms that stand are compared with those told before.
 *
 * A bounded window of entries is kept. What is older comes from the host's history when it is needed.
 */
#ifndef RULES_TIMELINE_H
#define RULES_TIMELINE_H

#include "platform/rules/engine.h"
#include "platform/rules/fold.h"

struct checkpoint;
struct timeline;

/* Takes over the plan. NULL (and the plan freed) when out of memory. */
struct timeline *timeline_new(struct plan *plan, const struct engine_host *host, struct engine_counts *counts);
void timeline_free(struct timeline *timeline);

/* A changed journey: entries stay, everything is evaluated anew. Takes over the plan. False when out of memory. */
bool timeline_replan(struct timeline *timeline, struct plan *plan, int64_t before_ms, int64_t now_ms);

/* Other definitions of alarms from now on; entries and what else was found stay. False when out of memory: nothing has changed. */
bool timeline_rule(struct timeline *timeline, const struct ruling *ruling, int64_t now_ms);

/* Loads what history has and evaluates it. */
void timeline_load(struct timeline *timeline, int64_t now_ms);

/* No more is looked at; what stands stays. */
void timeline_freeze(struct timeline *timeline);

/* Takes an observation in, to be judged by the next tick. False: it was known already. */
bool timeline_observe(struct timeline *timeline, size_t seal, const struct bulla_observation *o);

/* Judges what was taken in, fires what is due by now, and tells. `before_ms`: the clock when it last did. */
void timeline_tick(struct timeline *timeline, int64_t before_ms, int64_t now_ms);
int64_t timeline_due(const struct timeline *timeline);

const struct plan *timeline_plan(const struct timeline *timeline);
size_t timeline_kept(const struct timeline *timeline);
size_t timeline_bytes(const struct timeline *timeline); /* memory, about */
size_t timeline_standing(const struct timeline *timeline);
void timeline_alarm(const struct timeline *timeline, size_t i, struct alarm *out); /* of those standing, as first raised */

#endif
