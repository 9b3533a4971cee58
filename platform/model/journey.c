/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/model/journey.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/model/words.h"

#define ROUTE_SPAN_DEGREES 60.0 /* two neighbouring points further apart than this are a mistake */

MODEL_WORDS(journey_state, JOURNEY_STATE_TABLE)
MODEL_WORDS(journey_mode, JOURNEY_MODE_TABLE)
MODEL_WORDS(journey_regime, JOURNEY_REGIME_TABLE)
MODEL_WORDS(zone_duty, ZONE_DUTY_TABLE)
MODEL_WORDS(point_kind, POINT_KIND_TABLE)

/* EAEU: two reporting periods of two hours missed, that is silence of more than four hours (a report after exactly four is in
 * time); 50 km off the route; a battery below 15 %. */
static const struct journey_profile profiles[] = {
    {.name = "", .silence_ms = INT64_C(240) * 60000, .stay_minutes = 20, .battery_percent = 15, .corridor_m = 500},
    {.name = "eaeu", .silence_ms = INT64_C(2) * 120 * 60000 + 1000, .stay_minutes = 20, .battery_percent = 15, .corridor_m = 50000},
};

const struct journey_profile *journey_profile(const char *name)
{
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

static const unsigned exits[] = {
    [JOURNEY_DRAFT] = 1u << JOURNEY_SEALED | 1u << JOURNEY_CANCELLED,
    [JOURNEY_SEALED] = 1u << JOURNEY_UNDER_WAY | 1u << JOURNEY_ARRIVED | 1u << JOURNEY_RELEASED | 1u << JOURNEY_CANCELLED,
    [JOURNEY_UNDER_WAY] = 1u << JOURNEY_ARRIVED | 1u << JOURNEY_RELEASED | 1u << JOURNEY_CANCELLED,
    [JOURNEY_ARRIVED] = 1u << JOURNEY_RELEASED | 1u << JOURNEY_UNDER_WAY | 1u << JOURNEY_CANCELLED,
    [JOURNEY_RELEASED] = 0,
    [JOURNEY_CANCELLED] = 0,
};

bool journey_may(enum journey_state from, enum journey_state to)
{
    return (size_t)from < sizeof exits / sizeof *exits && (exits[from] >> to & 1u);
}

struct journey *journey_new(void)
{
    struct journey *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->created_ms = j->sealed_at_ms = j->depart_by_ms = j->arrive_by_ms = BULLA_TIME_NONE;
    j->arrived_at_ms = j->unsealed_at_ms = BULLA_TIME_NONE;
    return j;
}

void journey_free(struct journey *j)
{
    if (!j)
        return;
    free(j->route.lat);
    free(j->route.lon);
    free(j->permissions);
    free(j);
}

static void *duplicate(const void *from, size_t size)
{
    void *to = malloc(size ? size : 1);
    if (to && size)
        memcpy(to, from, size);
    return to;
}

struct journey *journey_copy(const struct journey *from)
{
    struct journey *to = malloc(sizeof *to);
    if (!to)
        return NULL;
    *to = *from;
    to->route.lat = to->route.lon = NULL;
    to->permissions = NULL;
    if (from->route.n) {
        to->route.lat = duplicate(from->route.lat, from->route.n * sizeof(double));
        to->route.lon = duplicate(from->route.lon, from->route.n * sizeof(double));
    }
    if (from->n_permissions)
        to->permissions = duplicate(from->permissions, from->n_permissions * sizeof *from->permissions);
    if ((from->route.n && (!to->route.lat || !to->route.lon)) || (from->n_permissions && !to->permissions)) {
        journey_free(to);
        return NULL;
    }
    return to;
}

bool journey_set_route(struct journey *j, const double *lat, const double *lon, size_t n, double corridor_m)
{
    double *new_lat = duplicate(lat, n * sizeof *lat);
    double *new_lon = duplicate(lon, n * sizeof *lon);
    if (!new_lat || !new_lon) {
        free(new_lat);
        free(new_lon);
        return false;
    }
    free(j->route.lat);
    free(j->route.lon);
    j->route = (struct route){n, new_lat, new_lon, corridor_m};
    return true;
}

bool journey_add_permission(struct journey *j, const struct permission *permission)
{
    struct permission *grown = realloc(j->permissions, (j->n_permissions + 1) * sizeof *grown);
    if (!grown)
        return false;
    size_t at = j->n_permissions;
    while (at > 0 && grown[at - 1].from_ms > permission->from_ms)
        at--;
    memmove(grown + at + 1, grown + at, (j->n_permissions - at) * sizeof *grown);
    grown[at] = *permission;
    j->permissions = grown;
    j->n_permissions++;
    return true;
}

struct refusal {
    char *why;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct refusal r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(r.why, r.size, format, args);
    va_end(args);
    return false;
}

static bool check_place(struct refusal r, const char *field, size_t index, const struct place *p)
{
    char name[48];
    snprintf(name, sizeof name, index == SIZE_MAX ? "%s" : "%s[%zu]", field, index);
    if (!(p->lat >= -90 && p->lat <= 90))
        return refuse(r, "%s.lat: expected degrees from -90 to 90, got %g", name, p->lat);
    if (!(p->lon >= -180 && p->lon <= 180))
        return refuse(r, "%s.lon: expected degrees from -180 to 180, got %g", name, p->lon);
    if (!(p->radius_m > 0 && p->radius_m <= 200000))
        return refuse(r, "%s.radius_m: expected metres from 1 to 200000, got %g", name, p->radius_m);
    if (p->max_minutes < 0)
        return refuse(r, "%s.max_minutes: expected 0 or more, got %d", name, (int)p->max_minutes);
    return true;
}

static bool check_route(struct refusal r, const struct route *route)
{
    if (route->n == 0)
        return true;
    if (route->n < 2 || route->n > PLACE_ROUTE_POINTS_MAX)
        return refuse(r, "route: expected 2 to %d points, got %zu", PLACE_ROUTE_POINTS_MAX, route->n);
    if (!(route->corridor_m > 0 && route->corridor_m <= 100000))
        return refuse(r, "corridor_m: expected metres from 1 to 100000, got %g", route->corridor_m);
    for (size_t i = 0; i < route->n; i++) {
        if (!(route->lat[i] >= -90 && route->lat[i] <= 90) || !(route->lon[i] >= -180 && route->lon[i] <= 180))
            return refuse(r, "route[%zu]: expected longitude and latitude in degrees, got %g, %g", i, route->lon[i], route->lat[i]);
        if (i > 0 && fabs(route->lat[i] - route->lat[i - 1]) > ROUTE_SPAN_DEGREES)
            return refuse(r, "route[%zu]: expected a point near the one before, got a step of %g degrees", i,
                          fabs(route->lat[i] - route->lat[i - 1]));
    }
    return true;
}

static bool check_places(struct refusal r, const struct journey *j)
{
    if (j->has_origin && !check_place(r, "origin", SIZE_MAX, &j->origin))
        return false;
    if (j->has_destination && !check_place(r, "destination", SIZE_MAX, &j->destination))
        return false;
    for (size_t i = 0; i < j->n_stops; i++)
        if (!check_place(r, "stops", i, &j->stops[i]))
            return false;
    for (size_t i = 0; i < j->n_dead_zones; i++)
        if (!check_place(r, "dead_zones", i, &j->dead_zones[i]))
            return false;
    for (size_t i = 0; i < j->n_zones; i++)
        if (!check_place(r, "zones", i, &j->zones[i].place))
            return false;
    for (size_t i = 0; i < j->n_points; i++)
        if (!check_place(r, "points", i, &j->points[i].place))
            return false;
    return true;
}

static bool check_order(struct refusal r, const char *before, int64_t before_ms, const char *after, int64_t after_ms)
{
    if (before_ms == BULLA_TIME_NONE || after_ms == BULLA_TIME_NONE || after_ms > before_ms)
        return true;
    char expected[BULLA_TIME_TEXT], got[BULLA_TIME_TEXT];
    bulla_time_put(expected, before_ms);
    bulla_time_put(got, after_ms);
    return refuse(r, "%s: expected a time after %s (%s), got %s", after, before, expected, got);
}

/* The plan's times go on in the order of the way. */
static bool check_plan(struct refusal r, const struct journey *j)
{
    int64_t before_ms = BULLA_TIME_NONE;
    for (size_t i = 0; i < j->n_points; i++) {
        int64_t planned_ms = j->points[i].planned_ms;
        if (!check_order(r, "the point before", before_ms, "points[].planned", planned_ms))
            return false;
        before_ms = planned_ms == BULLA_TIME_NONE ? before_ms : planned_ms;
    }
    for (size_t i = 0; i < j->n_legs; i++)
        if (!check_order(r, "legs[].from", j->legs[i].from_ms, "legs[].until", j->legs[i].until_ms))
            return false;
    return true;
}

static bool check_times(struct refusal r, const struct journey *j)
{
    return check_order(r, "sealed_at", j->sealed_at_ms, "arrive_by", j->arrive_by_ms) &&
           check_order(r, "depart_by", j->depart_by_ms, "arrive_by", j->arrive_by_ms) &&
           check_order(r, "sealed_at", j->sealed_at_ms, "depart_by", j->depart_by_ms) && check_plan(r, j);
}

static bool check_numbers(struct refusal r, const struct journey *j)
{
    if (j->silence_minutes < -1 || j->silence_minutes > 60 * 24 * 60)
        return refuse(r, "silence_minutes: expected -1 (off) to 86400, got %d", (int)j->silence_minutes);
    if (j->stay_minutes < -1 || j->stay_minutes > 60 * 24 * 60)
        return refuse(r, "stay_minutes: expected -1 (off) to 86400, got %d", (int)j->stay_minutes);
    if (j->battery_percent < -1 || j->battery_percent > 100)
        return refuse(r, "battery_percent: expected -1 (off) to 100, got %d", (int)j->battery_percent);
    if (!journey_profile(j->profile))
        return refuse(r, "profile: expected eaeu or nothing, got \"%s\"", j->profile);
    for (size_t i = 0; i < j->n_limits; i++)
        if (j->limits[i].min > j->limits[i].max)
            return refuse(r, "limits[%zu]: expected min below max, got %g and %g", i, j->limits[i].min, j->limits[i].max);
    return true;
}

static bool check_seals(struct refusal r, const struct journey *j)
{
    for (size_t i = 0; i < j->n_seals; i++) {
        if (!strchr(j->seals[i], ':'))
            return refuse(r, "seals[%zu]: expected protocol:device, got \"%s\"", i, j->seals[i]);
        for (size_t k = 0; k < i; k++)
            if (strcmp(j->seals[i], j->seals[k]) == 0)
                return refuse(r, "seals[%zu]: expected each seal once, got \"%s\" again", i, j->seals[i]);
    }
    return true;
}

static bool check_supervised(struct refusal r, const struct journey *j)
{
    if (j->state == JOURNEY_DRAFT || j->state == JOURNEY_CANCELLED)
        return true;
    if (j->n_seals == 0)
        return refuse(r, "seals: expected at least one seal, got none");
    if (j->route.n == 0 && !j->has_destination)
        return refuse(r, "route: expected a route or a destination, got neither");
    if (j->sealed_at_ms == BULLA_TIME_NONE)
        return refuse(r, "sealed_at: expected the time of sealing, got none");
    return true;
}

bool journey_check(const struct journey *j, char *why, size_t size)
{
    struct refusal r = {why, size};
    if (!j->id[0])
        return refuse(r, "id: expected a text, got none");
    return check_seals(r, j) && check_route(r, &j->route) && check_places(r, j) && check_times(r, j) && check_numbers(r, j) &&
           check_supervised(r, j);
}
