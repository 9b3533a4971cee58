/* SPDX-License-Identifier: Apache-2.0
 *
 * Travel: how far one journey has come, from all that was seen of it: what its seals said, and the vessels of its legs while those
 * were silent. progress.h over a track, for whoever shows a journey; pure, whatever order it is given in.
 */
#ifndef RULES_TRAVEL_H
#define RULES_TRAVEL_H

#include "platform/model/journey.h"

struct travel;

struct travel *travel_new(const struct journey *journey); /* NULL when out of memory */
void travel_free(struct travel *travel);                  /* NULL is fine */

/* Whose fixes it wants, and of what time. */
size_t travel_sources(const struct travel *travel);
const char *travel_source(const struct travel *travel, size_t source);
void travel_span(const struct travel *travel, int64_t *from_ms, int64_t *until_ms);

/* A valid fix. False when out of memory, or it is one too many. */
bool travel_add(struct travel *travel, size_t source, int64_t at_ms, int32_t lat_e7, int32_t lon_e7, int32_t accuracy_m);

struct travel_report { /* times: BULLA_TIME_NONE is not known */
    int64_t departed_ms, arrived_ms, eta_ms;
    bool on_route; /* along_m and left_m are known */
    double along_m, left_m;
    int64_t passed_ms[JOURNEY_POINTS_MAX], expected_ms[JOURNEY_POINTS_MAX];
};

void travel_report(struct travel *travel, struct travel_report *out);

#endif
