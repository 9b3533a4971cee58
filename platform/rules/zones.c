/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/zones.h"

#define HANDLED (1u << POINT_LOAD | 1u << POINT_DISCHARGE | 1u << POINT_TRANSHIPMENT)

static void add(struct zones_at *at, unsigned duty, enum geometry_side side)
{
    at->near |= (uint16_t)(side != SURELY_OUTSIDE ? 1u << duty : 0);
    at->in |= (uint16_t)(side == SURELY_INSIDE ? 1u << duty : 0);
}

struct zones_at zones_at(const struct plan *plan, double lat, double lon, double accuracy_m)
{
    const struct journey *j = plan->journey;
    struct zones_at at = {0};
    for (size_t i = 0; i < j->n_zones; i++)
        add(&at, j->zones[i].duty, geometry_place_side(&j->zones[i].place, lat, lon, accuracy_m));
    for (size_t i = 0; i < j->n_points; i++)
        if (HANDLED >> j->points[i].kind & 1)
            add(&at, ZONE_HANDLING, geometry_place_side(&j->points[i].place, lat, lon, accuracy_m));
    return at;
}

static bool longer(const struct zone *z, const struct zone *than)
{
    return !than || (than->place.max_minutes != 0 && (z->place.max_minutes == 0 || z->place.max_minutes > than->place.max_minutes));
}

const struct zone *zones_find(const struct plan *plan, unsigned duties, bool near, double lat, double lon, double accuracy_m)
{
    const struct journey *j = plan->journey;
    const struct zone *found = NULL;
    for (size_t i = 0; i < j->n_zones; i++) {
        const struct zone *z = &j->zones[i];
        if (!(duties >> z->duty & 1) || !longer(z, found))
            continue;
        enum geometry_side side = geometry_place_side(&z->place, lat, lon, accuracy_m);
        if (side == SURELY_INSIDE || (near && side == UNSURE))
            found = z;
    }
    return found;
}
