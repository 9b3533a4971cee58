/* SPDX-License-Identifier: Apache-2.0
 *
 * The rule engine: journeys and observations in, alarms out. Alarms are a function of (journey, set of
 * observations, clock), not of arrival order: a late observation brings the state of its journey to what it
 * would have been, from a kept checkpoint; alarms that the completed picture disproves are withdrawn, ones
 * it reveals are raised with their true onset.
 *
 * No I/O, no clock, no randomness: time comes in with each call. Not thread-safe: one owner. The same calls
 * give the same alarms on every machine.
 */
#ifndef RULES_ENGINE_H
#define RULES_ENGINE_H

#include "platform/rules/ruling.h"

struct engine;

enum engine_change {
    ENGINE_RAISED,    /* new */
    ENGINE_CHANGED,   /* grade, count, evidence, why or end became other */
    ENGINE_WITHDRAWN, /* later facts disproved it; alarm->why says how */
};

struct engine_host {
    void *host;
    void (*on_alarm)(void *host, enum engine_change change, const struct alarm *alarm);
    /* Observations of a seal with event time in [from, until], for a late message that is older than the engine's
     * own window: calls `each` for every one, in any order. False: cannot be had now (the engine then works from its
     * window and says so in the alarm). NULL: there is no history. */
    bool (*history)(void *host, const char *seal, int64_t from_ms, int64_t until_ms,
                    void (*each)(void *context, const struct bulla_observation *o), void *context);
    /* False: an observation is judged as it comes. True: those that come at one and the same time of the clock are judged
     * together, at the next later one or at engine_tick, whichever is first; a burst of stored data then raises nothing
     * that its last record takes back. */
    bool together;
};

/* NULL when out of memory. The host functions are called from inside the calls below, never otherwise. */
struct engine *engine_new(const struct engine_host *host);
void engine_free(struct engine *engine);

/* What the rules go by from now on; the defaults before the first. A definition judges from its since_ms on. What one found that is no
 * longer there, or in an older version, stands and has ended. Values of parameters can only be other than before while there is no
 * journey. False: they are, or memory is out (some journeys then go by what was before). */
bool engine_ruling_put(struct engine *engine, const struct ruling *ruling, int64_t now_ms);

/* Takes in a journey or its changed form (route, limits, permissions, times); the engine keeps its own copy. Alarms
 * are evaluated anew where the change matters. A journey that is no longer supervised (released, cancelled) is ended:
 * what stands stays, nothing new is found. Observations seen before are not lost by a change. */
bool engine_journey_put(struct engine *engine, const struct journey *journey, int64_t now_ms);
void engine_journey_drop(struct engine *engine, const char *journey_id);

/* One stored observation, in arrival order; o->received_ms is the clock. The same id twice counts once. Observations
 * of seals without a supervised journey cost a look-up and change nothing. */
void engine_observe(struct engine *engine, const struct bulla_observation *o);

/* Time passes without a message: timers due by now_ms fire. Clock never goes back. */
void engine_tick(struct engine *engine, int64_t now_ms);

/* When engine_tick should be called next, never later than the next timer; INT64_MAX: nothing is waiting. */
int64_t engine_next_due(const struct engine *engine);

/* Alarms that stand (raised and not withdrawn) in a journey, "" for all, in order of raising, ties by id. */
size_t engine_standing(const struct engine *engine, const char *journey_id, void (*each)(void *context, const struct alarm *alarm),
                       void *context);

/* Counters since the start, for /metrics. */
struct engine_counts {
    uint64_t observed, late, reworked, duplicates, raised, withdrawn, clock_errors;
    size_t journeys, seals, observations_kept;
};
struct engine_counts engine_counts(const struct engine *engine);

#endif
