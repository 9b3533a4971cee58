/* SPDX-License-Identifier: Apache-2.0
 *
 * Passages: how long journeys stood at their destination until they were let go, those with nothing odd beside those with an alarm or an
 * examination, and how many were let go unexamined. A pure fold over records, in any order. [WCO 7.1, 8, 9.1]
 */
#ifndef OUT_PASSAGES_H
#define OUT_PASSAGES_H

#include <jansson.h>

#include "platform/model/alarm.h"
#include "platform/model/journey.h"
#include "platform/model/paper.h"

struct passages;

struct passages *passages_new(void); /* NULL: out of memory */
void passages_free(struct passages *p);

/* An alarm that stands, of grade 2 or 3 and not found false, makes its journey an abnormal one. */
void passages_alarm(struct passages *p, const struct alarm *alarm);
/* A paper of kind decision. One to examine makes its journey abnormal, also after it was superseded. */
void passages_decision(struct passages *p, const struct paper *decision);
/* Counted when it has arrived and was let go: unsealed, or decided to be released. */
void passages_journey(struct passages *p, const struct journey *journey);

/* {"clean": {"journeys", "median_minutes", "p90_minutes"}, "abnormal": {...}, "unexamined": n, "examined": n, "regimes": {"transit": n,
 * ...}}; minutes are null when there is no journey. NULL: out of memory, now or before. */
json_t *passages_json(struct passages *p);

#endif
