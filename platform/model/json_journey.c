/* SPDX-License-Identifier: Apache-2.0
 *
 * Journey <-> JSON: the scenario's journey of DESIGN 6.4, with what the platform adds to it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "platform/model/json_parts.h"

#define DEFAULT_CORRIDOR_M     500.0
#define DEFAULT_CHANGE_MINUTES 30

static json_t *places_json(const struct place *places, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_place(&places[i]));
    return list;
}

static json_t *route_json(const struct route *route)
{
    if (route->n == 0)
        return json_null();
    json_t *points = json_array();
    for (size_t i = 0; i < route->n; i++)
        json_array_append_new(points, json_pack("[f, f]", route->lon[i], route->lat[i]));
    return json_pack("{s:s, s:o}", "type", "LineString", "coordinates", points);
}

static json_t *limits_json(const struct journey *j)
{
    json_t *list = json_array();
    for (size_t i = 0; i < j->n_limits; i++) {
        const struct journey_limit *l = &j->limits[i];
        json_t *limit = json_object();
        json_object_set_new(limit, "kind", json_string(bulla_sensor_text(l->kind)));
        json_object_set_new(limit, "min", isnan(l->min) ? json_null() : json_real(l->min));
        json_object_set_new(limit, "max", isnan(l->max) ? json_null() : json_real(l->max));
        json_object_set_new(limit, "for_minutes", json_integer(l->for_minutes));
        json_put_text(limit, "sensor", l->sensor);
        if (l->change > 0) {
            json_object_set_new(limit, "change", json_real(l->change));
            json_object_set_new(limit, "change_minutes", json_integer(l->change_minutes));
        }
        json_array_append_new(list, limit);
    }
    return list;
}

static json_t *permissions_json(const struct journey *j)
{
    json_t *list = json_array();
    for (size_t i = 0; i < j->n_permissions; i++) {
        const struct permission *p = &j->permissions[i];
        json_t *permission = json_object();
        json_put_text(permission, "id", p->id);
        json_put_text(permission, "seal", p->seal);
        json_put_text(permission, "credential", p->credential);
        json_object_set_new(permission, "from", json_time(p->from_ms));
        json_object_set_new(permission, "until", json_time(p->until_ms));
        json_object_set_new(permission, "unseals", json_boolean(p->unseals));
        if (p->has_place)
            json_object_set_new(permission, "place", json_place(&p->place));
        json_array_append_new(list, permission);
    }
    return list;
}

static void put_texts(json_t *json, const struct journey *j)
{
    json_t *containers = json_array(), *seals = json_array(), *credentials = json_array();
    for (size_t i = 0; i < j->n_containers; i++)
        json_array_append_new(containers, json_string(j->containers[i]));
    for (size_t i = 0; i < j->n_seals; i++)
        json_array_append_new(seals, json_string(j->seals[i]));
    for (size_t i = 0; i < j->n_credentials; i++)
        json_array_append_new(credentials, json_string(j->credentials[i]));
    json_object_set_new(json, "containers", containers);
    json_object_set_new(json, "seals", seals);
    json_object_set_new(json, "credentials", credentials);
    json_object_set_new(json, "carrier", json_string(j->carrier));
    json_object_set_new(json, "administration", json_string(j->administration));
    json_object_set_new(json, "reference", json_string(j->reference));
    json_object_set_new(json, "vehicle", json_string(j->vehicle));
    json_object_set_new(json, "driver", json_string(j->driver));
    json_object_set_new(json, "cargo", json_string(j->cargo));
}

json_t *journey_to_json(const struct journey *j)
{
    json_t *json = json_object();
    json_object_set_new(json, "id", json_string(j->id));
    json_object_set_new(json, "state", json_string(journey_state_text(j->state)));
    json_object_set_new(json, "mode", json_string(journey_mode_text(j->mode)));
    json_object_set_new(json, "regime", json_string(journey_regime_text(j->regime)));
    put_texts(json, j);
    json_object_set_new(json, "created", json_time(j->created_ms));
    json_object_set_new(json, "sealed_at", json_time(j->sealed_at_ms));
    json_object_set_new(json, "depart_by", json_time(j->depart_by_ms));
    json_object_set_new(json, "arrive_by", json_time(j->arrive_by_ms));
    json_object_set_new(json, "arrived_at", json_time(j->arrived_at_ms));
    json_object_set_new(json, "unsealed_at", json_time(j->unsealed_at_ms));
    json_object_set_new(json, "route", route_json(&j->route));
    json_object_set_new(json, "corridor_m", json_real(j->route.corridor_m > 0 ? j->route.corridor_m : DEFAULT_CORRIDOR_M));
    json_object_set_new(json, "origin", j->has_origin ? json_place(&j->origin) : json_null());
    json_object_set_new(json, "destination", j->has_destination ? json_place(&j->destination) : json_null());
    json_object_set_new(json, "stops", places_json(j->stops, j->n_stops));
    json_object_set_new(json, "dead_zones", places_json(j->dead_zones, j->n_dead_zones));
    json_object_set_new(json, "silence_minutes", json_integer(j->silence_minutes));
    json_object_set_new(json, "stay_minutes", json_integer(j->stay_minutes));
    json_object_set_new(json, "battery_percent", json_integer(j->battery_percent));
    json_object_set_new(json, "limits", limits_json(j));
    json_object_set_new(json, "permissions", permissions_json(j));
    json_put_plan(json, j);
    json_object_set_new(json, "version", json_integer(j->version));
    return json;
}

/* --- reading --- */

static size_t read_places(struct json_reader *r, const char *name, struct place *to, size_t max)
{
    const json_t *list = json_read_array(r, name);
    size_t n = json_array_size(list);
    if (n > max) {
        json_read_fail(r, name, "fewer places", json_array_get(list, max));
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        to[i] = json_read_place(json_array_get(list, i), name, r->why);
    return n;
}

/* Reads one [lon, lat, ...] pair; false when it is not one. */
static bool read_point(const json_t *point, double *lat, double *lon)
{
    const json_t *x = json_array_get(point, 0), *y = json_array_get(point, 1);
    if (!json_is_number(x) || !json_is_number(y))
        return false;
    *lon = json_number_value(x);
    *lat = json_number_value(y);
    return true;
}

static void read_route(struct json_reader *r, struct journey *j)
{
    const json_t *route = json_read_object(r, "route");
    j->route.corridor_m = json_read_number(r, "corridor_m", 0, 1e6, DEFAULT_CORRIDOR_M);
    if (!route)
        return;
    struct json_reader inside = {route, "route", r->why};
    const char *type = json_read_text(&inside, "type", "");
    const json_t *points = json_read_array(&inside, "coordinates");
    size_t n = json_array_size(points);
    if (strcmp(type, "LineString") != 0 || n < 2 || n > PLACE_ROUTE_POINTS_MAX) {
        json_read_fail(&inside, strcmp(type, "LineString") ? "type" : "coordinates",
                       strcmp(type, "LineString") ? "LineString" : "2 to 20000 points",
                       strcmp(type, "LineString") ? json_object_get(route, "type") : NULL);
        return;
    }
    double *lat = malloc(n * sizeof *lat), *lon = malloc(n * sizeof *lon);
    bool ok = lat && lon;
    for (size_t i = 0; ok && i < n; i++)
        if (!read_point(json_array_get(points, i), &lat[i], &lon[i])) {
            json_read_fail(&inside, "coordinates", "pairs [longitude, latitude]", json_array_get(points, i));
            ok = false;
        }
    if (ok && !journey_set_route(j, lat, lon, n, j->route.corridor_m))
        json_read_fail(&inside, "coordinates", "memory", NULL);
    free(lat);
    free(lon);
}

static void read_limits(struct json_reader *r, struct journey *j)
{
    const json_t *list = json_read_array(r, "limits");
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct json_reader l = {json_array_get(list, i), "limits[]", r->why};
        int kind = json_read_word(&l, "kind", bulla_sensor_from);
        if (kind < 0 || i >= JOURNEY_LIMITS_MAX) {
            json_read_fail(&l, "kind", kind < 0 ? "a sensor kind" : "at most 16 limits", NULL);
            return;
        }
        struct journey_limit *limit = &j->limits[j->n_limits++];
        *limit = (struct journey_limit){
            .kind = (enum bulla_sensor_kind)kind,
            .min = json_read_number(&l, "min", -1e9, 1e9, NAN),
            .max = json_read_number(&l, "max", -1e9, 1e9, NAN),
            .for_minutes = (int32_t)json_read_integer(&l, "for_minutes", 0, 86400, 10),
            .change = json_read_number(&l, "change", 0, 1e9, 0),
            .change_minutes = (int32_t)json_read_integer(&l, "change_minutes", 1, 1440, DEFAULT_CHANGE_MINUTES),
        };
        json_read_into(&l, "sensor", limit->sensor, sizeof limit->sensor);
    }
}

static void read_permissions(struct json_reader *r, struct journey *j)
{
    const json_t *list = json_read_array(r, "permissions");
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct json_reader p = {json_array_get(list, i), "permissions[]", r->why};
        struct permission permission = {.from_ms = json_read_time(&p, "from"), .until_ms = json_read_time(&p, "until")};
        json_read_into(&p, "id", permission.id, sizeof permission.id);
        json_read_into(&p, "seal", permission.seal, sizeof permission.seal);
        json_read_into(&p, "credential", permission.credential, sizeof permission.credential);
        permission.unseals = json_read_bool(&p, "unseals", false);
        const json_t *place = json_read_object(&p, "place");
        permission.has_place = place != NULL;
        if (place)
            permission.place = json_read_place(place, "permissions[].place", r->why);
        if (permission.from_ms == BULLA_TIME_NONE || permission.until_ms == BULLA_TIME_NONE)
            json_read_fail(&p, "from", "a span of time from, until", NULL);
        else if (!journey_add_permission(j, &permission))
            json_read_fail(&p, "id", "memory", NULL);
    }
}

/* An array of texts into to[max][size]; returns how many. */
static size_t read_texts(struct json_reader *r, const char *name, char *to, size_t size, size_t max)
{
    const json_t *list = json_read_array(r, name);
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_string(item) || json_string_length(item) >= size || n >= max) {
            json_read_fail(r, name, n >= max ? "fewer texts" : "short texts", item);
            return n;
        }
        strcpy(to + n++ * size, json_string_value(item));
    }
    return n;
}

static int word_or(struct json_reader *r, const char *name, int (*from)(const char *), int fallback)
{
    int number = json_read_word(r, name, from);
    return number < 0 ? fallback : number;
}

static void read_head(struct json_reader *r, struct journey *j)
{
    json_read_into(r, "id", j->id, sizeof j->id);
    j->mode = (enum journey_mode)word_or(r, "mode", journey_mode_from, JOURNEY_MODE_ROAD);
    j->regime = (enum journey_regime)word_or(r, "regime", journey_regime_from, JOURNEY_REGIME_INTERNAL);
    json_read_into(r, "carrier", j->carrier, sizeof j->carrier);
    json_read_into(r, "administration", j->administration, sizeof j->administration);
    json_read_into(r, "reference", j->reference, sizeof j->reference);
    json_read_into(r, "vehicle", j->vehicle, sizeof j->vehicle);
    json_read_into(r, "driver", j->driver, sizeof j->driver);
    json_read_into(r, "cargo", j->cargo, sizeof j->cargo);
    j->n_containers = read_texts(r, "containers", j->containers[0], sizeof j->containers[0], JOURNEY_CONTAINERS_MAX);
    j->n_seals = read_texts(r, "seals", j->seals[0], sizeof j->seals[0], JOURNEY_SEALS_MAX);
    j->n_credentials = read_texts(r, "credentials", j->credentials[0], sizeof j->credentials[0], JOURNEY_CREDENTIALS_MAX);
}

static void read_times(struct json_reader *r, struct journey *j)
{
    j->created_ms = json_read_time(r, "created");
    j->sealed_at_ms = json_read_time(r, "sealed_at");
    j->depart_by_ms = json_read_time(r, "depart_by");
    j->arrive_by_ms = json_read_time(r, "arrive_by");
    j->arrived_at_ms = json_read_time(r, "arrived_at");
    j->unsealed_at_ms = json_read_time(r, "unsealed_at");
    /* A scenario does not name a state: sealed when it has a time of sealing. */
    int fallback = j->sealed_at_ms == BULLA_TIME_NONE ? JOURNEY_DRAFT : JOURNEY_SEALED;
    j->state = (enum journey_state)word_or(r, "state", journey_state_from, fallback);
}

static void read_places_of(struct json_reader *r, struct journey *j)
{
    const json_t *origin = json_read_object(r, "origin"), *destination = json_read_object(r, "destination");
    j->has_origin = origin != NULL;
    if (origin)
        j->origin = json_read_place(origin, "origin", r->why);
    j->has_destination = destination != NULL;
    if (destination)
        j->destination = json_read_place(destination, "destination", r->why);
    j->n_stops = read_places(r, "stops", j->stops, PLACE_STOPS_MAX);
    j->n_dead_zones = read_places(r, "dead_zones", j->dead_zones, sizeof j->dead_zones / sizeof *j->dead_zones);
}

struct journey *journey_from_json(const json_t *json, char why[MODEL_WHY_SIZE])
{
    why[0] = '\0';
    struct json_reader r = {json, "", why};
    struct journey *j = journey_new();
    if (!j || !json_is_object(json)) {
        json_read_fail(&r, "journey", "an object", json);
        journey_free(j);
        return NULL;
    }
    read_head(&r, j);
    read_times(&r, j);
    read_route(&r, j);
    read_places_of(&r, j);
    j->silence_minutes = (int32_t)json_read_integer(&r, "silence_minutes", -1, 86400, 0);
    j->stay_minutes = (int32_t)json_read_integer(&r, "stay_minutes", -1, 86400, 0);
    j->battery_percent = (int32_t)json_read_integer(&r, "battery_percent", -1, 100, 0);
    j->version = json_read_integer(&r, "version", 0, INT64_MAX, 0);
    read_limits(&r, j);
    json_read_plan(&r, j);
    const struct journey_profile *profile = journey_profile(j->profile);
    if (profile && !json_read_has(&r, "corridor_m"))
        j->route.corridor_m = profile->corridor_m;
    read_permissions(&r, j);
    if (why[0]) {
        journey_free(j);
        return NULL;
    }
    return j;
}
