/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress: how far a vehicle has come along its route, what it passed when, and when it will be there. Pure: fixes in their
 * order in, figures out; the rule on schedules keeps one, and whoever shows a journey makes one from its track.
 *
 * A place on the route is looked for near the last one, so that a route that crosses or doubles itself is followed. The time
 * of arrival is what is left at the recent speed of driving, with as much standing as there has been so far. What happened
 * while nobody listened is known only to lie between two fixes.
 */
#ifndef RULES_PROGRESS_H
#define RULES_PROGRESS_H

#include "platform/rules/position.h"

struct progress {
    bool known;             /* along_m is */
    bool departed, arrived; /* surely outside of the origin, surely inside the destination */
    uint32_t lost;          /* fixes in a row that were off the route */
    int64_t at_ms;          /* of the newest fix on the route */
    int64_t fix_ms;         /* of the newest fix */
    int64_t departed_ms, arrived_ms;
    double along_m;
    double drove_m, drove_s;      /* of late: halved with every hour or so of driving */
    double driving_s, standing_s; /* since departure */
};

/* A point that was passed: when, as near as can be told, and surely not before or after. */
struct progress_pass {
    int64_t at_ms, after_ms, before_ms; /* at_ms 0: it was not */
};

/* `passes`: one for each point of the journey, all zero at first; NULL: they are not asked for. */
void progress_step(struct progress *progress, const struct plan *plan, const struct fix *fix, struct progress_pass *passes);

/* When it will have come so far along the route, by the newest fix; BULLA_TIME_NONE: cannot be said (not on the route, or it has
 * hardly driven yet). With `spare` from 0 to 1 that share of the time left is taken off: surely not before. */
int64_t progress_eta(const struct progress *progress, double along_m, double spare);

/* When a point is expected by the newest fix, or BULLA_TIME_NONE. */
int64_t progress_expected(const struct progress *progress, const struct plan *plan, size_t point);

#endif
