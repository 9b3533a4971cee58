/* SPDX-License-Identifier: Apache-2.0
 *
 * What a journey is planned to be <-> JSON: places, zones with duties, points with times, legs.
 */
#include <string.h>

#include "platform/model/json_parts.h"

#define DEFAULT_RADIUS_M          500.0
#define DEFAULT_TOLERANCE_MINUTES 60

json_t *json_place(const struct place *p)
{
    json_t *place = json_object();
    json_object_set_new(place, "name", json_string(p->name));
    json_put_text(place, "station", p->station);
    json_object_set_new(place, "lat", json_real(p->lat));
    json_object_set_new(place, "lon", json_real(p->lon));
    json_object_set_new(place, "radius_m", json_real(p->radius_m));
    if (p->max_minutes)
        json_object_set_new(place, "max_minutes", json_integer(p->max_minutes));
    return place;
}

struct place json_read_place(const json_t *json, const char *inside, char *why)
{
    struct json_reader r = {json, inside, why};
    struct place p = {.radius_m = DEFAULT_RADIUS_M};
    json_read_into(&r, "name", p.name, sizeof p.name);
    json_read_into(&r, "station", p.station, sizeof p.station);
    if (!json_read_has(&r, "lat") || !json_read_has(&r, "lon"))
        json_read_fail(&r, json_read_has(&r, "lat") ? "lon" : "lat", "degrees", NULL);
    p.lat = json_read_number(&r, "lat", -90, 90, 0);
    p.lon = json_read_number(&r, "lon", -180, 180, 0);
    p.radius_m = json_read_number(&r, "radius_m", 0, 200000, DEFAULT_RADIUS_M);
    p.max_minutes = (int32_t)json_read_integer(&r, "max_minutes", 0, 86400, 0);
    return p;
}

static json_t *zones_json(const struct journey *j)
{
    json_t *list = json_array();
    for (size_t i = 0; i < j->n_zones; i++) {
        json_t *zone = json_place(&j->zones[i].place);
        json_object_set_new(zone, "duty", json_string(zone_duty_text(j->zones[i].duty)));
        json_array_append_new(list, zone);
    }
    return list;
}

static json_t *points_json(const struct journey *j)
{
    json_t *list = json_array();
    for (size_t i = 0; i < j->n_points; i++) {
        const struct journey_point *p = &j->points[i];
        json_t *point = json_place(&p->place);
        json_object_set_new(point, "kind", json_string(point_kind_text(p->kind)));
        json_object_set_new(point, "planned", json_time(p->planned_ms));
        json_object_set_new(point, "tolerance_minutes", json_integer(p->tolerance_minutes));
        json_array_append_new(list, point);
    }
    return list;
}

static json_t *legs_json(const struct journey *j)
{
    json_t *list = json_array();
    for (size_t i = 0; i < j->n_legs; i++) {
        const struct journey_leg *l = &j->legs[i];
        json_t *leg = json_object();
        json_object_set_new(leg, "mode", json_string(journey_mode_text(l->mode)));
        json_put_text(leg, "means", l->means);
        json_object_set_new(leg, "from", json_time(l->from_ms));
        json_object_set_new(leg, "until", json_time(l->until_ms));
        json_array_append_new(list, leg);
    }
    return list;
}

void json_put_plan(json_t *json, const struct journey *j)
{
    json_object_set_new(json, "profile", json_string(j->profile));
    json_object_set_new(json, "zones", zones_json(j));
    json_object_set_new(json, "points", points_json(j));
    json_object_set_new(json, "legs", legs_json(j));
}

/* The array of that name when it has at most `max` elements, else NULL with an error. */
static const json_t *read_few(struct json_reader *r, const char *name, size_t max)
{
    const json_t *list = json_read_array(r, name);
    if (json_array_size(list) <= max)
        return list;
    json_read_fail(r, name, "fewer of them", json_array_get(list, max));
    return NULL;
}

static void read_zones(struct json_reader *r, struct journey *j)
{
    const json_t *list = read_few(r, "zones", JOURNEY_ZONES_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct json_reader z = {json_array_get(list, i), "zones[]", r->why};
        int duty = json_read_word(&z, "duty", zone_duty_from);
        if (duty < 0)
            json_read_fail(&z, "duty", "a duty of a zone", NULL);
        j->zones[j->n_zones++] = (struct zone){duty < 0 ? 0 : (enum zone_duty)duty, json_read_place(z.object, z.inside, r->why)};
    }
}

static void read_points(struct json_reader *r, struct journey *j)
{
    const json_t *list = read_few(r, "points", JOURNEY_POINTS_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct json_reader p = {json_array_get(list, i), "points[]", r->why};
        int kind = json_read_word(&p, "kind", point_kind_from);
        j->points[j->n_points++] = (struct journey_point){
            .kind = kind < 0 ? POINT_PASS : (enum point_kind)kind,
            .place = json_read_place(p.object, p.inside, r->why),
            .planned_ms = json_read_time(&p, "planned"),
            .tolerance_minutes = (int32_t)json_read_integer(&p, "tolerance_minutes", 0, 86400, DEFAULT_TOLERANCE_MINUTES),
        };
    }
}

static void read_legs(struct json_reader *r, struct journey *j)
{
    const json_t *list = read_few(r, "legs", JOURNEY_LEGS_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct json_reader l = {json_array_get(list, i), "legs[]", r->why};
        struct journey_leg leg = {.from_ms = json_read_time(&l, "from"), .until_ms = json_read_time(&l, "until")};
        int mode = json_read_word(&l, "mode", journey_mode_from);
        if (mode < 0)
            json_read_fail(&l, "mode", "road, rail, vessel", NULL);
        leg.mode = mode < 0 ? JOURNEY_MODE_ROAD : (enum journey_mode)mode;
        json_read_into(&l, "means", leg.means, sizeof leg.means);
        j->legs[j->n_legs++] = leg;
    }
}

void json_read_plan(struct json_reader *r, struct journey *j)
{
    json_read_into(r, "profile", j->profile, sizeof j->profile);
    read_zones(r, j);
    read_points(r, j);
    read_legs(r, j);
}
