/* SPDX-License-Identifier: Apache-2.0
 *
 * Journeys under supervision, as the engine thread knows them: which seal is in which, their set-up for
 * the gateway, catching up at the start, and the states that movement itself brings (under way, arrived).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/platform_internal.h"
#include "platform/rules/geometry.h"

#define DAY_MS INT64_C(86400000)

static bool supervised(enum journey_state state)
{
    return state == JOURNEY_SEALED || state == JOURNEY_UNDER_WAY || state == JOURNEY_ARRIVED;
}

struct binding *journeys_of(struct platform *p, const char *seal)
{
    struct binding *b;
    HASH_FIND_STR(p->bindings, seal, b);
    return b;
}

static void bind(struct platform *p, const struct journey *j, const char *seal)
{
    struct binding *b = journeys_of(p, seal);
    if (!b) {
        b = calloc(1, sizeof *b);
        if (!b)
            return;
        snprintf(b->seal, sizeof b->seal, "%s", seal);
        HASH_ADD_STR(p->bindings, seal, b);
    }
    snprintf(b->journey, sizeof b->journey, "%s", j->id);
    snprintf(b->carrier, sizeof b->carrier, "%s", j->carrier);
    b->state = j->state;
    b->has_origin = j->has_origin;
    b->has_destination = j->has_destination;
    b->origin = j->origin;
    b->destination = j->destination;
    b->sealed_at_ms = j->sealed_at_ms;
    b->silence_minutes = j->silence_minutes;
    live_bind(p, seal, b);
}

static void unbind(struct platform *p, const char *journey_id, const struct journey *keep)
{
    struct binding *b, *next;
    HASH_ITER(hh, p->bindings, b, next)
    {
        bool kept = false;
        if (strcmp(b->journey, journey_id) != 0)
            continue;
        for (size_t i = 0; keep && i < keep->n_seals; i++)
            kept |= strcmp(keep->seals[i], b->seal) == 0;
        if (kept)
            continue;
        live_bind(p, b->seal, NULL);
        HASH_DEL(p->bindings, b);
        free(b);
    }
}

/* Takes the journey as it now stands; `j` may be NULL when it is gone. */
static void take(struct platform *p, const char *id, const struct journey *j, int64_t now_ms)
{
    bool open = j && supervised(j->state);
    unbind(p, id, open ? j : NULL);
    for (size_t i = 0; open && i < j->n_seals; i++)
        bind(p, j, j->seals[i]);
    if (j && j->state != JOURNEY_DRAFT)
        engine_journey_put(p->engine, j, now_ms);
    if (!j)
        engine_journey_drop(p->engine, id);
    if (open)
        live_grade(p, id);
}

static void publish(struct platform *p, const struct journey *j)
{
    stream_put(p, LIVE_JOURNEY, j->carrier[0] ? AUDIENCE_BOTH : AUDIENCE_OFFICERS, j->carrier,
               json_pack("{s:s, s:s, s:I}", "id", j->id, "state", journey_state_text(j->state), "version", (json_int_t)j->version));
}

/* --- catching up: what the engine would know had it never stopped --- */

struct heard {
    struct bulla_observation *list;
    size_t n, size;
};

static void keep(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct heard *h = context;
    (void)raw;
    if (h->n == h->size) {
        size_t bigger = h->size ? h->size * 2 : 256;
        struct bulla_observation *grown = realloc(h->list, bigger * sizeof *grown);
        if (!grown)
            return;
        h->list = grown;
        h->size = bigger;
    }
    h->list[h->n++] = *o;
}

static int by_arrival(const void *a, const void *b)
{
    const struct bulla_observation *x = a, *y = b;
    return x->received_ms < y->received_ms ? -1 : x->received_ms > y->received_ms;
}

/* Gives the engine a journey's stored observations again. Its alarms have the same identity as before: the store keeps
 * what people did to them, and what was found but not yet written when the process ended is found again. */
static void feed(struct platform *p, const struct journey *j)
{
    struct heard h = {0};
    int64_t from_ms = (j->sealed_at_ms == BULLA_TIME_NONE ? j->created_ms : j->sealed_at_ms) - DAY_MS;
    for (size_t i = 0; i < j->n_seals; i++)
        store_observations(p->store, j->seals[i], from_ms, INT64_MAX, 0, keep, &h);
    if (h.n)
        qsort(h.list, h.n, sizeof *h.list, by_arrival);
    for (size_t i = 0; i < h.n; i++)
        engine_observe(p->engine, &h.list[i]);
    free(h.list);
}

void journeys_changed(struct platform *p, const char *id)
{
    struct journey *j = NULL;
    int got = store_journey_get(p->store, id, &j);
    if (got < 0) {
        log_say(LOG_ERROR, "journeys", "journey %s could not be read: %s", id, store_error(p->store));
        return;
    }
    bool known = false;
    for (size_t i = 0; j && i < j->n_seals; i++) {
        struct binding *b = journeys_of(p, j->seals[i]);
        known |= b && strcmp(b->journey, id) == 0;
    }
    take(p, id, j, clock_now(&p->clock));
    if (j && !known && supervised(j->state))
        feed(p, j); /* entered after its seals began to speak: what they said since sealing counts */
    if (j)
        publish(p, j);
    journey_free(j);
}

struct ids {
    char (*list)[MODEL_ID_SIZE];
    size_t n;
};

static void keep_id(void *context, const void *record)
{
    struct ids *ids = context;
    const struct journey *j = record;
    char(*grown)[MODEL_ID_SIZE] = supervised(j->state) ? realloc(ids->list, (ids->n + 1) * sizeof *grown) : NULL;
    if (!grown)
        return;
    ids->list = grown;
    memcpy(ids->list[ids->n++], j->id, MODEL_ID_SIZE);
}

static void hear(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct platform *p = context;
    char seal[MODEL_SEAL_SIZE];
    (void)raw;
    snprintf(seal, sizeof seal, "%s:%s", o->protocol, o->device);
    if (live_observe(p, o, journeys_of(p, seal))) /* the process ended before its record was written */
        pipeline_register(p, seal);
}

bool journeys_catch_up(struct platform *p, char why[MODEL_WHY_SIZE])
{
    struct ids ids = {0};
    struct store_query q = {.limit = 1000};
    snprintf(q.state, sizeof q.state, "open");
    do {
        if (store_journeys(p->store, &q, keep_id, &ids, q.after) != STORE_OK) {
            snprintf(why, MODEL_WHY_SIZE, "the open journeys could not be read: %s", store_error(p->store));
            free(ids.list);
            return false;
        }
    } while (q.after[0]);
    int64_t began_ms = clock_now(&p->clock);
    for (size_t i = 0; i < ids.n; i++) {
        struct journey *j = NULL;
        if (store_journey_get(p->store, ids.list[i], &j) != STORE_OK)
            continue;
        take(p, j->id, j, j->sealed_at_ms == BULLA_TIME_NONE ? began_ms : j->sealed_at_ms);
        feed(p, j);
        journey_free(j);
    }
    store_latest(p->store, hear, p);
    engine_tick(p->engine, began_ms);
    pipeline_flush_alarms(p);
    for (size_t i = 0; i < ids.n; i++)
        live_grade(p, ids.list[i]);
    if (ids.n)
        log_say(LOG_INFO, "journeys", "%zu open journeys caught up in %lld ms", ids.n, (long long)(clock_now(&p->clock) - began_ms));
    free(ids.list);
    return true;
}

/* --- states that movement brings --- */

static void set_state(struct platform *p, struct binding *b, enum journey_state to)
{
    struct journey *j = NULL;
    if (store_journey_get(p->store, b->journey, &j) != STORE_OK)
        return;
    if (journey_may(j->state, to)) {
        struct audit audit;
        pipeline_audit(p, &audit, "journey.state", j->id);
        snprintf(audit.detail, sizeof audit.detail, "{\"from\":\"%s\",\"to\":\"%s\",\"by\":\"position\"}", journey_state_text(j->state),
                 journey_state_text(to));
        j->state = to;
        if (store_journey_put(p->store, j, &audit) == STORE_OK) {
            for (size_t i = 0; i < j->n_seals; i++) {
                struct binding *other = journeys_of(p, j->seals[i]);
                if (other && strcmp(other->journey, j->id) == 0)
                    other->state = to;
            }
            publish(p, j);
        }
    } else {
        b->state = j->state;
    }
    journey_free(j);
}

void journeys_follow(struct platform *p, struct binding *b, const struct bulla_observation *o)
{
    if (!bulla_observation_knows(o, BULLA_HAS_FIX) || !o->fix_valid || o->stored || b->state > JOURNEY_UNDER_WAY)
        return;
    if (bulla_observation_knows(o, BULLA_HAS_TIME) && o->time_ms < b->sealed_at_ms)
        return;
    double lat = o->lat_e7 / 1e7, lon = o->lon_e7 / 1e7, accuracy_m = geometry_accuracy(o);
    if (b->has_destination && geometry_place_side(&b->destination, lat, lon, accuracy_m) == SURELY_INSIDE)
        set_state(p, b, JOURNEY_ARRIVED);
    else if (b->state == JOURNEY_SEALED && b->has_origin && geometry_place_side(&b->origin, lat, lon, accuracy_m) == SURELY_OUTSIDE)
        set_state(p, b, JOURNEY_UNDER_WAY);
}

void journeys_clear(struct platform *p)
{
    struct binding *b, *next;
    HASH_ITER(hh, p->bindings, b, next)
    {
        HASH_DEL(p->bindings, b);
        free(b);
    }
}

/* --- set-up of seals, for the gateway --- */

static bool special(const struct seal *s)
{
    return s->model[0] || s->has_zone;
}

static void put_profile(struct platform *p, const struct seal *s)
{
    struct profile_entry *e;
    pthread_rwlock_wrlock(&p->profile_lock);
    HASH_FIND_STR(p->profiles, s->id, e);
    if (!special(s) && e) {
        HASH_DEL(p->profiles, e);
        free(e);
    } else if (special(s)) {
        if (!e && (e = calloc(1, sizeof *e))) {
            snprintf(e->seal, sizeof e->seal, "%s", s->id);
            HASH_ADD_STR(p->profiles, seal, e);
        }
        if (e) {
            memset(&e->profile, 0, sizeof e->profile);
            e->profile.has_zone = s->has_zone;
            e->profile.zone_minutes = (int16_t)s->zone_minutes;
            snprintf(e->profile.model, sizeof e->profile.model, "%s", s->model);
        }
    }
    pthread_rwlock_unlock(&p->profile_lock);
}

static void load_one(void *context, const void *record)
{
    struct platform *p = context;
    const struct seal *s = record;
    live_mark_registered(p, s->id);
    if (special(s))
        put_profile(p, s);
}

void profiles_load(struct platform *p)
{
    struct store_query q = {.limit = 1000};
    while (store_seals(p->store, &q, load_one, p, q.after) == STORE_OK && q.after[0])
        ;
}

void profiles_changed(struct platform *p, const char *seal)
{
    struct seal s;
    if (store_seal_get(p->store, seal, &s) != STORE_OK)
        return;
    live_mark_registered(p, seal);
    put_profile(p, &s);
    gateway_profile_changed(p->gateway, seal);
    stream_put(p, LIVE_SEAL, AUDIENCE_OFFICERS, "", seal_to_json(&s));
}

bool profiles_find(void *host, const char *seal, struct proto_profile *out)
{
    struct platform *p = host;
    struct profile_entry *e;
    pthread_rwlock_rdlock(&p->profile_lock);
    HASH_FIND_STR(p->profiles, seal, e);
    if (e)
        *out = e->profile;
    pthread_rwlock_unlock(&p->profile_lock);
    return e != NULL;
}
