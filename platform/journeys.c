/* SPDX-License-Identifier: Apache-2.0
 *
 * Journeys under supervision, as the engine thread knows them: which seal is in which, waking those that this node has just
 * come to supervise, and the states that movement itself brings (under way, arrived).
 *
 * A node knows every open journey of which a seal lies in one of its partitions. It judges those whose first seal does; what
 * the seals of others say is handed over (work.c). A journey sleeps until the engine has been given it: that reads all that
 * its seals have said since sealing, so a node that takes over a thousand journeys wakes them one by one, those first that are
 * heard.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#include "platform/platform_internal.h"
#include "platform/rules/geometry.h"

#define WAKE_MS      20              /* a turn gives so much time to sleeping journeys, */
#define WAKE_STEPPED 16              /* or wakes so many where time is simulated */
#define NEWS_MS      INT64_C(120000) /* a journey of which the node before this one may not have heard */

static bool is_supervised(enum journey_state state)
{
    return state == JOURNEY_SEALED || state == JOURNEY_UNDER_WAY || state == JOURNEY_ARRIVED;
}

static struct binding *binding_of(struct platform *p, const char *seal)
{
    struct binding *b;
    HASH_FIND_STR(p->bindings, seal, b);
    return b;
}

struct supervised *journeys_of(struct platform *p, const char *seal)
{
    struct binding *b = binding_of(p, seal);
    return b ? b->of : NULL;
}

static struct supervised *find(struct platform *p, const char *id)
{
    struct supervised *s;
    HASH_FIND_STR(p->journeys, id, s);
    return s;
}

/* --- knowing --- */

static void unbind(struct platform *p, struct binding *b)
{
    LL_DELETE(b->of->bindings, b);
    HASH_DEL(p->bindings, b);
    free(b);
}

static void bind(struct platform *p, struct supervised *s, const char *seal)
{
    struct binding *b = binding_of(p, seal);
    if (b && b->of == s)
        return;
    if (b) /* the newest journey of a seal has it */
        unbind(p, b);
    if (!(b = calloc(1, sizeof *b)))
        return;
    snprintf(b->seal, sizeof b->seal, "%s", seal);
    b->of = s;
    HASH_ADD_STR(p->bindings, seal, b);
    LL_PREPEND(s->bindings, b);
}

static void doze(struct platform *p, struct supervised *s)
{
    s->awake = false;
    s->stirs = false;
    DL_APPEND(p->sleeping, s);
}

static struct supervised **list_of(struct platform *p, const struct supervised *s)
{
    return s->stirs ? &p->stirring : &p->sleeping;
}

static void rouse(struct platform *p, struct supervised *s)
{
    if (s->awake)
        return;
    DL_DELETE(*list_of(p, s), s);
    s->awake = true;
}

static struct supervised *next_sleeper(const struct platform *p)
{
    return p->stirring ? p->stirring : p->sleeping;
}

bool journeys_asleep(const struct platform *p)
{
    return next_sleeper(p) != NULL;
}

void journeys_stir(struct platform *p, struct supervised *s, bool first)
{
    if (s->awake || (s->stirs && !first))
        return;
    DL_DELETE(*list_of(p, s), s);
    s->stirs = true;
    if (first)
        DL_PREPEND(p->stirring, s);
    else
        DL_APPEND(p->stirring, s);
}

bool journeys_may_wake(const struct platform *p)
{
    return p->stepped ? p->n_woken < WAKE_STEPPED : p->woken_us < WAKE_MS * 1000;
}

static void forget(struct platform *p, struct supervised *s)
{
    while (s->bindings) {
        live_bind(p, s->bindings->seal, NULL);
        unbind(p, s->bindings);
    }
    carriers_bind(p, s, NULL);
    rouse(p, s);
    HASH_DEL(p->journeys, s);
    free(s);
}

static bool has_seal(const struct journey *j, const char *seal)
{
    for (size_t i = 0; i < j->n_seals; i++)
        if (strcmp(j->seals[i], seal) == 0)
            return true;
    return false;
}

static bool concerns(const struct platform *p, const struct journey *j)
{
    for (size_t i = 0; i < j->n_seals; i++)
        if (cluster_mine(p, j->seals[i]))
            return true;
    for (size_t i = 0; i < j->n_legs; i++)
        if (strchr(j->legs[i].means, ':') && cluster_mine(p, j->legs[i].means))
            return true;
    return false;
}

/* --- what a seal said before this node heard of its journey --- */

struct said {
    char (*ids)[BULLA_ID_SIZE];
    size_t n, room;
};

static void keep_id(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct said *said = context;
    (void)raw;
    if (said->n == said->room) {
        size_t room = said->room ? 2 * said->room : 16;
        char(*ids)[BULLA_ID_SIZE] = realloc(said->ids, room * sizeof *ids);
        if (!ids)
            return;
        said->ids = ids;
        said->room = room;
    }
    memcpy(said->ids[said->n++], o->id, BULLA_ID_SIZE);
}

/* Who judges may have read the seals' history before this node stored what is in it now, and this node did not know then whom to hand
 * it to. What that one has already it passes over. */
static void hand_over_said(struct platform *p, const struct supervised *s, const char *seal)
{
    struct said said = {0};
    if (store_observations(p->store, seal, s->sealed_at_ms, INT64_MAX, 0, keep_id, &said) < 0)
        log_say(LOG_ERROR, "journeys", "what %s has said in journey %s could not be handed over: %s", seal, s->id, store_error(p->store));
    for (size_t i = 0; i < said.n; i++)
        store_handover_put(p->store, s->home, seal, said.ids[i]);
    if (said.n)
        relay_handover(p, s->home);
    free(said.ids);
}

static void bind_seal(struct platform *p, struct supervised *s, const char *seal, bool news)
{
    const struct binding *b = binding_of(p, seal);
    bool fresh = !b || b->of != s;
    bind(p, s, seal);
    live_bind(p, seal, s);
    if (fresh && news && cluster_mine(p, seal) && !cluster_holds(p, s->home))
        hand_over_said(p, s, seal);
}

/* news: its seals may have spoken before anybody here knew of it. */
static struct supervised *learn(struct platform *p, const struct journey *j, bool news)
{
    struct supervised *s = find(p, j->id);
    if (!s) {
        if (!(s = calloc(1, sizeof *s)))
            return NULL;
        snprintf(s->id, sizeof s->id, "%s", j->id);
        HASH_ADD_STR(p->journeys, id, s);
        doze(p, s);
    }
    snprintf(s->carrier, sizeof s->carrier, "%s", j->carrier);
    s->state = j->state;
    s->has_origin = j->has_origin;
    s->has_destination = j->has_destination;
    s->origin = j->origin;
    s->destination = j->destination;
    s->sealed_at_ms = j->sealed_at_ms;
    s->home = cluster_partition(p, j->seals[0]);
    carriers_bind(p, s, j);
    struct binding *b, *next;
    LL_FOREACH_SAFE(s->bindings, b, next)
    {
        if (has_seal(j, b->seal))
            continue;
        live_bind(p, b->seal, NULL);
        unbind(p, b);
    }
    for (size_t i = 0; i < j->n_seals; i++)
        bind_seal(p, s, j->seals[i], news);
    return s;
}

static void publish(struct platform *p, const struct journey *j,
                    void (*put)(struct platform *, enum live_kind, enum audience, const char *, json_t *))
{
    put(p, LIVE_JOURNEY, j->carrier[0] ? AUDIENCE_BOTH : AUDIENCE_OFFICERS, j->carrier,
        json_pack("{s:s, s:s, s:I}", "id", j->id, "state", journey_state_text(j->state), "version", (json_int_t)j->version));
}

/* --- waking --- */

struct following {
    struct platform *platform;
    struct supervised *journey;
};

static void follow_one(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct following *f = context;
    (void)raw;
    journeys_follow(f->platform, f->journey, o);
}

struct standing {
    struct platform *platform;
    struct alarm *list; /* stored, and found no more */
    size_t n;
    const struct alarm *asked;
    bool found;
};

static void is_standing(void *context, const struct alarm *alarm)
{
    struct standing *s = context;
    s->found |= strcmp(alarm->id, s->asked->id) == 0;
}

static void keep_disproved(void *context, const void *record)
{
    struct standing *s = context;
    const struct alarm *a = record;
    s->asked = a;
    s->found = a->state == ALARM_STATE_WITHDRAWN;
    if (!s->found)
        engine_standing(s->platform->engine, a->journey, is_standing, s);
    struct alarm *grown = s->found ? NULL : realloc(s->list, (s->n + 1) * sizeof *grown);
    if (!grown)
        return;
    s->list = grown;
    s->list[s->n++] = *a;
}

/* Alarms that stand in the store, of what its seals had said when they were found: what came while the journey slept, here or where
 * it was before, may have disproved them. What it revealed the engine has just found again. */
static void withdraw_disproved(struct platform *p, const struct supervised *s)
{
    struct standing disproved = {.platform = p};
    struct store_query q = {.limit = 1000};
    char next[120];
    int64_t now_ms = clock_now(&p->clock);
    snprintf(q.journey, sizeof q.journey, "%s", s->id);
    store_alarms(p->store, &q, keep_disproved, &disproved, next);
    for (size_t i = 0; i < disproved.n; i++) {
        struct alarm *a = &disproved.list[i];
        snprintf(a->why, sizeof a->why, "Data that arrived disproved it");
        a->state = ALARM_STATE_WITHDRAWN;
        a->changed_ms = now_ms;
        work_on_alarm(p, ENGINE_WITHDRAWN, a);
    }
    free(disproved.list);
}

/* A store that does not join what is written may have an observation without what it did to the state of the journey, if the process
 * ended in between. */
static void follow_again(struct platform *p, struct supervised *s, const struct journey *j)
{
    struct following f = {p, s};
    for (size_t i = 0; i < j->n_seals && s->state <= JOURNEY_UNDER_WAY; i++)
        store_observations(p->store, j->seals[i], j->sealed_at_ms, INT64_MAX, 0, follow_one, &f);
}

static bool give(struct platform *p, struct supervised *s, const struct journey *j)
{
    bool catching_up = p->catching_up;
    p->catching_up = true;
    bool done = engine_journey_put(p->engine, j, clock_now(&p->clock));
    if (done && !store_work_joins(p->store))
        follow_again(p, s, j);
    if (done)
        withdraw_disproved(p, s);
    work_flush(p);
    p->catching_up = catching_up;
    rouse(p, s);
    s->judged = done;
    live_grade(p, s->id);
    return done;
}

static bool wake(struct platform *p, struct supervised *s)
{
    struct journey *j = NULL;
    int got = store_journey_get(p->store, s->id, &j);
    if (got < 0)
        return false;
    if (!j || !is_supervised(j->state))
        forget(p, s);
    else
        give(p, s, j);
    journey_free(j);
    return true;
}

bool journeys_wake(struct platform *p, struct supervised *s)
{
    struct timespec began;
    if (s->judged || !cluster_holds(p, s->home)) {
        rouse(p, s);
        return true;
    }
    clock_gettime(CLOCK_MONOTONIC, &began);
    bool woken = wake(p, s);
    p->woken_us += p->stepped ? 0 : elapsed_us(&began);
    p->n_woken++;
    return woken;
}

void journeys_wake_some(struct platform *p)
{
    do {
        if (!journeys_asleep(p) || !journeys_wake(p, next_sleeper(p)))
            break;
    } while (journeys_may_wake(p));
}

/* --- changes --- */

void journeys_changed(struct platform *p, const char *id)
{
    struct journey *j = NULL;
    int got = store_journey_get(p->store, id, &j);
    if (got < 0) {
        log_say(LOG_ERROR, "journeys", "journey %s could not be read: %s", id, store_error(p->store));
        return;
    }
    struct supervised *s = find(p, id);
    bool open = j && is_supervised(j->state) && j->n_seals > 0 && concerns(p, j);
    if (open) {
        if (!(s = learn(p, j, true))) {
            journey_free(j);
            return;
        }
        if (!cluster_holds(p, s->home)) {
            engine_journey_drop(p->engine, id);
            s->judged = false;
            rouse(p, s);
        } else if (s->judged) {
            engine_journey_put(p->engine, j, clock_now(&p->clock));
        } else {
            give(p, s, j); /* entered after its seals began to speak: what they said since sealing counts */
        }
        live_grade(p, id);
    } else if (s) {
        if (j)
            engine_journey_put(p->engine, j, clock_now(&p->clock)); /* ends it: what stands stays */
        work_flush(p);
        engine_journey_drop(p->engine, id);
        forget(p, s);
    }
    if (j)
        publish(p, j, stream_put_here);
    journey_free(j);
}

struct learning {
    struct platform *platform;
    size_t n;
};

static void learn_one(void *context, const void *record)
{
    struct learning *l = context;
    const struct journey *j = record;
    if (!is_supervised(j->state) || j->n_seals == 0 || !concerns(l->platform, j))
        return;
    struct supervised *s = find(l->platform, j->id);
    l->n += s == NULL;
    learn(l->platform, j, clock_now(&l->platform->clock) - j->created_ms < NEWS_MS);
}

bool journeys_learn(struct platform *p)
{
    struct learning l = {p, 0};
    struct store_query q = {.limit = 1000};
    snprintf(q.state, sizeof q.state, "open");
    do {
        if (store_journeys(p->store, &q, learn_one, &l, q.after) != STORE_OK)
            return false;
    } while (q.after[0]);
    struct supervised *s, *next;
    HASH_ITER(hh, p->journeys, s, next)
    {
        if (s->awake && !s->judged && cluster_holds(p, s->home))
            doze(p, s);
    }
    return true;
}

void journeys_forget(struct platform *p)
{
    struct supervised *s, *next;
    HASH_ITER(hh, p->journeys, s, next)
    {
        struct binding *b;
        bool kept = carriers_mine(p, s);
        LL_FOREACH(s->bindings, b)
        kept |= cluster_mine(p, b->seal);
        if (s->judged && !cluster_holds(p, s->home)) { /* another node judges it; woken again if it comes back */
            engine_journey_drop(p->engine, s->id);
            s->judged = false;
        }
        if (!kept)
            forget(p, s);
    }
}

/* --- catching up: what the engine would know had it never stopped --- */

static void hear(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct platform *p = context;
    char seal[MODEL_SEAL_SIZE];
    (void)raw;
    snprintf(seal, sizeof seal, "%s:%s", o->protocol, o->device);
    if (live_observe(p, o, journeys_of(p, seal)) && cluster_mine(p, seal)) /* the process ended before its record was written */
        work_register(p, seal);
}

bool journeys_catch_up(struct platform *p, char why[MODEL_WHY_SIZE])
{
    int64_t began_ms = clock_now(&p->clock);
    if (!journeys_learn(p)) {
        snprintf(why, MODEL_WHY_SIZE, "the open journeys could not be read: %s", store_error(p->store));
        return false;
    }
    while (journeys_asleep(p))
        if (!journeys_wake(p, next_sleeper(p))) {
            snprintf(why, MODEL_WHY_SIZE, "journey %s could not be read: %s", next_sleeper(p)->id, store_error(p->store));
            return false;
        }
    store_latest(p->store, hear, p);
    engine_tick(p->engine, clock_now(&p->clock));
    work_flush(p);
    if (p->journeys)
        log_say(LOG_INFO, "journeys", "%u open journeys caught up in %lld ms", HASH_COUNT(p->journeys),
                (long long)(clock_now(&p->clock) - began_ms));
    return true;
}

/* --- states that movement brings --- */

static void set_state(struct platform *p, struct supervised *s, enum journey_state to)
{
    struct journey *j = NULL;
    if (store_journey_get(p->store, s->id, &j) != STORE_OK)
        return;
    if (journey_may(j->state, to)) {
        struct audit audit;
        pipeline_audit(p, &audit, "journey.state", j->id);
        snprintf(audit.detail, sizeof audit.detail, "{\"from\":\"%s\",\"to\":\"%s\",\"by\":\"position\"}", journey_state_text(j->state),
                 journey_state_text(to));
        j->state = to;
        if (store_journey_put(p->store, j, &audit) == STORE_OK) {
            s->state = to;
            publish(p, j, stream_put);
        }
    } else {
        s->state = j->state;
    }
    journey_free(j);
}

void journeys_follow(struct platform *p, struct supervised *s, const struct bulla_observation *o)
{
    if (!bulla_observation_knows(o, BULLA_HAS_FIX) || !o->fix_valid || o->stored || s->state > JOURNEY_UNDER_WAY)
        return;
    if ((o->has & BULLA_HAS_NOTE) && !bulla_observation_is(o, BULLA_EVENT_READ) && !bulla_observation_is(o, BULLA_EVENT_VEHICLE_SEEN))
        return; /* the place of somebody who speaks of it */
    if (bulla_observation_knows(o, BULLA_HAS_TIME) && o->time_ms < s->sealed_at_ms)
        return;
    double lat = o->lat_e7 / 1e7, lon = o->lon_e7 / 1e7, accuracy_m = geometry_accuracy(o);
    if (s->has_destination && geometry_place_side(&s->destination, lat, lon, accuracy_m) == SURELY_INSIDE)
        set_state(p, s, JOURNEY_ARRIVED);
    else if (s->state == JOURNEY_SEALED && s->has_origin && geometry_place_side(&s->origin, lat, lon, accuracy_m) == SURELY_OUTSIDE)
        set_state(p, s, JOURNEY_UNDER_WAY);
}

void journeys_clear(struct platform *p)
{
    struct supervised *s, *next;
    carriers_clear(p);
    HASH_ITER(hh, p->journeys, s, next)
    {
        while (s->bindings)
            unbind(p, s->bindings);
        HASH_DEL(p->journeys, s);
        free(s);
    }
    p->sleeping = p->stirring = NULL;
}
