/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla load --prepare: a seal and a journey for each device, straight into the store or through the API. The corridor of
 * 200 points holds the places that the devices report.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/time.h"
#include "cli/load.h"
#include "platform/base/clock.h"
#include "platform/base/ulid.h"
#include "platform/out/out.h"
#include "sim/load_stream.h"

#define POINTS      200
#define CORRIDOR_M  6000
#define HOUR_MS     3600000
#define BODY_SIZE   16384
#define ANSWER_SIZE 8192
#define TELL_EVERY  10000

/* A bent line around the place of the devices. */
static void make_route(double lat[POINTS], double lon[POINTS])
{
    for (size_t i = 0; i < POINTS; i++) {
        lat[i] = LOAD_LAT + 0.11 - 0.22 * (double)i / POINTS;
        lon[i] = LOAD_LON - 0.01 + 0.01 * (double)(i % 20) / 20;
    }
}

static const struct load_protocol *speaks(const struct load_options *o, unsigned i, char seal[MODEL_SEAL_SIZE], char device[LOAD_ID_SIZE])
{
    const struct load_protocol *protocol = o->protocols[i % o->n_protocols];
    protocol->id(device, o->first + i);
    snprintf(seal, MODEL_SEAL_SIZE, "%s:%s", protocol->name, device);
    return protocol;
}

static void journey_id(char to[MODEL_ID_SIZE], const char *protocol, const char *device)
{
    snprintf(to, MODEL_ID_SIZE, "LOAD-%s-%s", protocol, device);
}

/* --- straight into the store --- */
static int put_journey(struct store *store, const char *id, const char *seal, int64_t now_ms)
{
    double lat[POINTS], lon[POINTS];
    struct journey *j = journey_new();
    if (!j)
        return STORE_FAILED;
    make_route(lat, lon);
    snprintf(j->id, sizeof j->id, "%s", id);
    snprintf(j->seals[j->n_seals++], MODEL_SEAL_SIZE, "%s", seal);
    journey_set_route(j, lat, lon, POINTS, CORRIDOR_M);
    j->state = JOURNEY_UNDER_WAY;
    j->created_ms = j->sealed_at_ms = now_ms - HOUR_MS;
    j->arrive_by_ms = now_ms + 48 * HOUR_MS;
    j->silence_minutes = j->stay_minutes = -1; /* the devices hardly move, and fall silent with the load: openings alone are alarms */
    j->has_origin = j->has_destination = true;
    j->origin = (struct place){.name = "Origin", .lat = LOAD_LAT + 0.31, .lon = LOAD_LON, .radius_m = 500};
    j->destination = (struct place){.name = "Destination", .lat = LOAD_LAT - 0.29, .lon = LOAD_LON, .radius_m = 500};
    int outcome = store_journey_put(store, j, NULL);
    journey_free(j);
    return outcome;
}

static int put_user(struct store *store, const char *name, const char *password, int64_t now_ms)
{
    struct user user = {.role = USER_ROLE_ADMINISTRATOR, .created_ms = now_ms};
    ulid_put(user.id, now_ms);
    snprintf(user.name, sizeof user.name, "%s", name);
    if (!out_user_password(&user, password))
        return STORE_FAILED;
    return store_user_put(store, &user, NULL);
}

static bool stored(struct store *store, int outcome, const char *what)
{
    if (outcome == STORE_OK || outcome == STORE_CONFLICT) /* it is there from a run before */
        return true;
    cli_say("%s: %s", what, store_error(store));
    return false;
}

bool load_prepare_store(const struct cli_context *context, const struct load_options *o, const char *url)
{
    char why[MODEL_WHY_SIZE] = "";
    struct clock clock = clock_system();
    int64_t now_ms = clock_now(&clock);
    struct store *store = store_open(context->stores, url, why, sizeof why);
    if (!store) {
        char shown[600];
        store_url_show(url, shown, sizeof shown);
        cli_say("--store %s: %s", shown, why);
        return false;
    }
    bool ok = !o->password || stored(store, put_user(store, o->user, o->password, now_ms), "user");
    for (unsigned i = 0; ok && i < o->devices; i++) {
        struct seal seal = {.class_ = SEAL_CLASS_ACTIVE, .life = SEAL_LIFE_SEALED, .created_ms = now_ms};
        char device[LOAD_ID_SIZE], id[MODEL_ID_SIZE];
        const struct load_protocol *protocol = speaks(o, i, seal.id, device);
        snprintf(seal.model, sizeof seal.model, "%s", protocol->model);
        journey_id(id, protocol->name, device);
        ok = stored(store, store_seal_put(store, &seal, NULL), seal.id) && stored(store, put_journey(store, id, seal.id, now_ms), id);
        if (i && i % TELL_EVERY == 0 && !o->quiet)
            cli_say("%u of %u seals and journeys are prepared", i, o->devices);
    }
    store_close(store);
    return ok;
}

/* --- through the API --- */
static bool post(const struct load_api *api, const char *path, const char *body, char *answer)
{
    int status = load_api_post(api, path, body, answer, ANSWER_SIZE);
    if (status == 200 || status == 201 || status == 409)
        return true;
    const char *text = strstr(answer, "\r\n\r\n");
    cli_say("POST %s: expected 201, got %d: %.300s", path, status, text ? text + 4 : "");
    return false;
}

static void put_route(char *to, size_t size)
{
    double lat[POINTS], lon[POINTS];
    size_t n = 0;
    make_route(lat, lon);
    for (size_t i = 0; i < POINTS && n < size; i++)
        n += (size_t)snprintf(to + n, size - n, "%s[%.6f,%.6f]", i ? "," : "", lon[i], lat[i]);
}

static bool post_device(const struct load_api *api, const struct load_options *o, unsigned i, const char *route, char *body, char *answer)
{
    char seal[MODEL_SEAL_SIZE], device[LOAD_ID_SIZE], id[MODEL_ID_SIZE], since[BULLA_TIME_TEXT];
    struct clock clock = clock_system();
    const struct load_protocol *protocol = speaks(o, i, seal, device);
    journey_id(id, protocol->name, device);
    bulla_time_put(since, (clock_now(&clock) - HOUR_MS) / 1000 * 1000);
    snprintf(body, BODY_SIZE, "{\"id\":\"%s\",\"class\":\"active\",\"life\":\"sealed\"%s%s%s}", seal,
             protocol->model[0] ? ",\"model\":\"" : "", protocol->model, protocol->model[0] ? "\"" : "");
    if (!post(api, "/api/v1/seals", body, answer))
        return false;
    snprintf(body, BODY_SIZE,
             "{\"id\":\"%s\",\"state\":\"under-way\",\"mode\":\"road\",\"regime\":\"internal\",\"seals\":[\"%s\"],\"sealed_at\":\"%s\","
             "\"silence_minutes\":-1,\"stay_minutes\":-1,\"route\":{\"type\":\"LineString\",\"coordinates\":[%s]},\"corridor_m\":%d,"
             "\"destination\":{\"name\":\"Destination\",\"lat\":%.2f,\"lon\":%.2f,\"radius_m\":500}}",
             id, seal, since, route, CORRIDOR_M, LOAD_LAT - 0.29, LOAD_LON);
    return post(api, "/api/v1/journeys", body, answer);
}

bool load_prepare_api(const struct load_options *o)
{
    struct load_api api;
    char why[256] = "", *route = malloc(BODY_SIZE), *body = malloc(BODY_SIZE), *answer = malloc(ANSWER_SIZE);
    bool ok = route && body && answer && load_api_open(&api, o->http, o->key, o->user, o->password, why, sizeof why);
    if (!ok)
        cli_say("%s", why[0] ? why : "out of memory");
    else
        put_route(route, BODY_SIZE);
    for (unsigned i = 0; ok && i < o->devices; i++)
        ok = post_device(&api, o, i, route, body, answer);
    free(route);
    free(body);
    free(answer);
    return ok;
}
