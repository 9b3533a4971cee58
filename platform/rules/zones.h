/* SPDX-License-Identifier: Apache-2.0
 *
 * Zones: what a place is for, and what the rules therefore leave alone there. A duty is one bit of a set.
 */
#ifndef RULES_ZONES_H
#define RULES_ZONES_H

#include "platform/rules/geometry.h"
#include "platform/rules/plan.h"

#define ZONE_BIT(name) (1u << ZONE_##name)

/* Where one may stand, and drive to from the corridor. */
#define ZONES_TO_STAND (ZONE_BIT(STOP) | ZONE_BIT(QUEUE) | ZONE_BIT(HANDLING) | ZONE_BIT(REFUELLING))
/* Where no contact is expected until the zone's due time. */
#define ZONES_SILENT (ZONE_BIT(DEAD) | ZONE_BIT(SEA_LEG))

struct zones_at {
    uint16_t near; /* of zones that the place is not surely outside of */
    uint16_t in;   /* of zones that it is surely inside of */
};

/* Points at which goods are loaded, discharged or transhipped count as zones where they are handled. */
struct zones_at zones_at(const struct plan *plan, double lat, double lon, double accuracy_m);

/* The zone of one of these duties that the place is surely inside of (or, with `near`, not surely outside of) and whose
 * max_minutes is the largest; NULL: none. A max_minutes of 0 is the largest. */
const struct zone *zones_find(const struct plan *plan, unsigned duties, bool near, double lat, double lon, double accuracy_m);

#endif
