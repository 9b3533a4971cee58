/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "platform/model/records.h"
#include "platform/rules/geometry.h"
#include "platform/rules/rule.h"

#define END_RADIUS_M 500.0 /* of the route's end where no place was named */

static const double speed_max_kmh[] = {
    [JOURNEY_MODE_ROAD] = 160, [JOURNEY_MODE_RAIL] = 350, [JOURNEY_MODE_VESSEL] = 70, [JOURNEY_MODE_MULTIMODAL] = 350};

/* 0 is the default, -1 is off (journey.h). */
static int64_t minutes_or(int32_t minutes, int64_t fallback_ms)
{
    return minutes < 0 ? -1 : minutes ? minutes * PLAN_MINUTE_MS : fallback_ms;
}

static void set_limits(struct plan *plan, const struct journey *j)
{
    const struct journey_profile *profile = journey_profile(j->profile);
    if (!profile)
        profile = journey_profile("");
    plan->silence_ms = minutes_or(j->silence_minutes, profile->silence_ms);
    plan->stay_ms = minutes_or(j->stay_minutes, profile->stay_minutes * PLAN_MINUTE_MS);
    plan->battery_percent = j->battery_percent < 0 ? -1 : j->battery_percent ? j->battery_percent : profile->battery_percent;
}

static void set_places(struct plan *plan, const struct journey *j)
{
    plan->has_origin = j->has_origin || j->route.n >= 2;
    plan->has_destination = j->has_destination || j->route.n >= 2;
    double radius_m = j->route.corridor_m > END_RADIUS_M ? j->route.corridor_m : END_RADIUS_M;
    if (j->has_origin)
        plan->origin = j->origin;
    else if (plan->has_origin)
        plan->origin = (struct place){.name = "start of the route", .lat = j->route.lat[0], .lon = j->route.lon[0], .radius_m = radius_m};
    size_t last = j->route.n ? j->route.n - 1 : 0;
    if (j->has_destination)
        plan->destination = j->destination;
    else if (plan->has_destination)
        plan->destination =
            (struct place){.name = "end of the route", .lat = j->route.lat[last], .lon = j->route.lon[last], .radius_m = radius_m};
}

/* Points are planned in the order of the way: each is looked for behind the one before it. */
static bool set_points(struct plan *plan, const struct journey *j)
{
    double from_m = 0;
    plan->length_m = plan->line ? geometry_line_length(plan->line) : 0;
    if (j->n_points == 0)
        return true;
    if (!(plan->point_along = malloc(j->n_points * sizeof *plan->point_along)))
        return false;
    for (size_t i = 0; i < j->n_points; i++) {
        const struct place *p = &j->points[i].place;
        double off_m = INFINITY, at_m = plan->line ? geometry_line_along(plan->line, p->lat, p->lon, from_m, plan->length_m, &off_m) : 0;
        bool on = off_m <= p->radius_m + plan->corridor_m;
        plan->point_along[i] = on ? at_m : -1;
        from_m = on ? at_m : from_m;
    }
    return true;
}

static void set_means(struct plan *plan, const struct journey *j)
{
    for (size_t i = 0; i < j->n_legs; i++)
        if (strchr(j->legs[i].means, ':') && plan_source(plan, j->legs[i].means) < 0)
            plan->means[plan->n_means++] = (uint8_t)i;
}

/* The line has them now. */
static void drop_points(struct route *route)
{
    free(route->lat);
    free(route->lon);
    route->lat = route->lon = NULL;
    route->n = 0;
}

/* A value of the ruling goes before the journey's own. */
static void apply_ruling(struct plan *plan)
{
    const struct ruling *r = plan->ruling;
    if (r->set[ALARM_SIGNAL_LOST][0])
        plan->silence_ms = (int64_t)(r->value[ALARM_SIGNAL_LOST][0] * (double)PLAN_MINUTE_MS);
    if (r->set[ALARM_ILLEGAL_STAY][0])
        plan->stay_ms = (int64_t)(r->value[ALARM_ILLEGAL_STAY][0] * (double)PLAN_MINUTE_MS);
    if (r->set[ALARM_LOW_BATTERY][0])
        plan->battery_percent = (int)r->value[ALARM_LOW_BATTERY][0];
    if (r->set[ALARM_ROUTE_DEVIATION][0])
        plan->corridor_m = r->value[ALARM_ROUTE_DEVIATION][0];
}

struct plan *plan_new(const struct journey *journey, struct shelf *shelf, const struct ruling *ruling)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan || !(plan->journey = journey_copy(journey)) || !(plan->notes = notes_new())) {
        plan_free(plan);
        return NULL;
    }
    const struct journey *j = plan->journey;
    plan->shelf = shelf;
    plan->ruling = ruling_hold(ruling);
    if (j->route.n >= 2 && !(plan->line = shelf_lend(shelf, &j->route))) {
        plan_free(plan);
        return NULL;
    }
    plan->corridor_m = j->route.corridor_m;
    if (!set_points(plan, j)) {
        plan_free(plan);
        return NULL;
    }
    set_places(plan, j);
    drop_points(&plan->journey->route);
    plan->speed_max_ms = speed_max_kmh[(unsigned)j->mode <= JOURNEY_MODE_MULTIMODAL ? j->mode : JOURNEY_MODE_ROAD] / 3.6;
    plan->start_ms = j->sealed_at_ms;
    plan->end_ms = j->unsealed_at_ms == BULLA_TIME_NONE ? INT64_MAX : j->unsealed_at_ms;
    set_limits(plan, j);
    apply_ruling(plan);
    set_means(plan, j);
    rule_lay_out(plan);
    return plan;
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    if (plan->line)
        shelf_back(plan->shelf, plan->line);
    notes_free(plan->notes);
    ruling_free(plan->ruling);
    free(plan->point_along);
    journey_free(plan->journey);
    free(plan);
}

static bool is_on(const struct journey_leg *l, int64_t at_ms)
{
    return (l->from_ms == BULLA_TIME_NONE || l->from_ms <= at_ms) && (l->until_ms == BULLA_TIME_NONE || l->until_ms >= at_ms);
}

const struct journey_leg *plan_leg(const struct plan *plan, int64_t at_ms)
{
    const struct journey *j = plan->journey;
    for (size_t i = 0; i < j->n_legs; i++)
        if (is_on(&j->legs[i], at_ms))
            return &j->legs[i];
    return NULL;
}

bool plan_off_road(const struct plan *plan, int64_t at_ms)
{
    const struct journey_leg *l = plan_leg(plan, at_ms);
    return l && (l->mode == JOURNEY_MODE_VESSEL || l->mode == JOURNEY_MODE_RAIL);
}

size_t plan_sources(const struct plan *plan)
{
    return plan->journey->n_seals + plan->n_means;
}

const char *plan_source_name(const struct plan *plan, size_t source)
{
    const struct journey *j = plan->journey;
    return source < j->n_seals ? j->seals[source] : j->legs[plan->means[source - j->n_seals]].means;
}

int plan_source(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan_sources(plan); i++)
        if (strcmp(plan_source_name(plan, i), name) == 0)
            return (int)i;
    return -1;
}

bool plan_carries(const struct plan *plan, size_t source, int64_t at_ms)
{
    const struct journey *j = plan->journey;
    for (size_t i = 0; i < j->n_legs; i++)
        if (is_on(&j->legs[i], at_ms) && strcmp(j->legs[i].means, plan_source_name(plan, source)) == 0)
            return true;
    return false;
}

int plan_seal(const struct plan *plan, const char *seal)
{
    for (size_t i = 0; i < plan->journey->n_seals; i++)
        if (strcmp(plan->journey->seals[i], seal) == 0)
            return (int)i;
    return -1;
}

void plan_inherit(struct plan *plan, struct plan *old)
{
    struct notes *none = plan->notes;
    plan->notes = old->notes;
    old->notes = none;
}

bool plan_seal_is_mute(const struct plan *plan, size_t seal)
{
    return seal_is_mute(plan->journey->seals[seal]);
}
