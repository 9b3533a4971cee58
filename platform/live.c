/* SPDX-License-Identifier: Apache-2.0
 *
 * The live state of every seal: a hash table under one lock, written by the engine thread, read by all.
 * Event time decides: an older message never overwrites newer state, and inside a journey a seal that was
 * tampered with never looks secure again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "platform/platform_internal.h"

#define DEFAULT_SILENCE_MINUTES 240
#define AHEAD_MS                300000 /* a device clock this far ahead of ours is not believed (ALARMS.md, general rule 4) */

bool live_init(struct live *live)
{
    return pthread_mutex_init(&live->mutex, NULL) == 0;
}

void live_clear(struct live *live)
{
    struct live_entry *e, *next;
    HASH_ITER(hh, live->entries, e, next)
    {
        HASH_DEL(live->entries, e);
        free(e);
    }
    pthread_mutex_destroy(&live->mutex);
}

static struct live_entry *find(struct live *live, const char *seal)
{
    struct live_entry *e;
    HASH_FIND(hh, live->entries, seal, strlen(seal), e);
    return e;
}

/* The newest change stands last, so that who asks what is new need not look at all. */
static void changed(struct live *live, struct live_entry *e)
{
    e->state.change = ++live->change;
    if (e->next) { /* not the last */
        DL_DELETE(live->changed, e);
        DL_APPEND(live->changed, e);
    }
}

static struct live_entry *find_or_add(struct platform *p, const char *seal)
{
    static struct log_gate gate;
    struct live *live = &p->live;
    struct live_entry *e = find(live, seal);
    if (e)
        return e;
    if (HASH_COUNT(live->entries) >= LIMIT_SEALS) {
        log_gated(&gate, LOG_WARN, "live", "%s is heard but not shown: %d seals are", seal, LIMIT_SEALS);
        return NULL;
    }
    if (!(e = calloc(1, sizeof *e)))
        return NULL;
    snprintf(e->state.seal, sizeof e->state.seal, "%s", seal);
    e->state.heard_ms = e->state.time_ms = e->state.fix_ms = BULLA_TIME_NONE;
    e->own = cluster_mine(p, seal);
    HASH_ADD_KEYPTR(hh, live->entries, e->state.seal, strlen(e->state.seal), e);
    DL_PREPEND(live->changed, e); /* it has not changed yet: behind others it would hide their changes */
    return e;
}

static void set_said(uint8_t *to, uint8_t said)
{
    if (said)
        *to = said;
}

static void take_fix(struct live_seal *s, const struct bulla_observation *o, int64_t time_ms)
{
    if (!bulla_observation_knows(o, BULLA_HAS_FIX) || !o->fix_valid || time_ms < s->fix_ms)
        return;
    s->has_fix = true;
    s->fix_ms = time_ms;
    s->lat = o->lat_e7 / 1e7;
    s->lon = o->lon_e7 / 1e7;
    s->speed_kmh = bulla_observation_knows(o, BULLA_HAS_SPEED) ? o->speed_cmh / 100.0 : 0;
    if (bulla_observation_knows(o, BULLA_HAS_COURSE))
        s->course_deg = o->course_cdeg / 100.0;
    s->accuracy_m = bulla_observation_knows(o, BULLA_HAS_ACCURACY) ? o->accuracy_m : 0;
}

/* A heartbeat tells nothing of the seal and must not make an older report look out of date. */
static bool tells_state(const struct bulla_observation *o)
{
    const struct bulla_state *s = &o->state;
    return s->seal || s->shackle || s->motor || s->cover || s->door || o->has & (BULLA_HAS_PERCENT | BULLA_HAS_CHARGING);
}

static void take_state(struct live_seal *s, const struct bulla_observation *o, int64_t time_ms)
{
    if (!tells_state(o) || time_ms < s->time_ms)
        return;
    s->time_ms = time_ms;
    set_said(&s->seal_state, o->state.seal);
    set_said(&s->shackle, o->state.shackle);
    set_said(&s->motor, o->state.motor);
    set_said(&s->cover, o->state.cover);
    set_said(&s->door, o->state.door);
    if (o->has & BULLA_HAS_PERCENT) {
        s->has_percent = !(o->unknown & BULLA_HAS_PERCENT);
        s->percent = o->percent;
    }
    if (bulla_observation_knows(o, BULLA_HAS_CHARGING))
        s->charging = o->charging;
    s->knowledge = o->proof == BULLA_PROOF_PROVEN ? 2 : 1;
}

/* What others say of a seal is no word of it, unless they read it. */
static bool heard(const struct bulla_observation *o)
{
    return !(o->has & BULLA_HAS_NOTE) || bulla_observation_is(o, BULLA_EVENT_READ);
}

bool live_observe(struct platform *p, const struct bulla_observation *o, const struct supervised *journey)
{
    char seal[MODEL_SEAL_SIZE];
    snprintf(seal, sizeof seal, "%s:%s", o->protocol, o->device);
    int64_t time_ms = bulla_observation_knows(o, BULLA_HAS_TIME) && o->time_ms <= o->received_ms + AHEAD_MS ? o->time_ms : o->received_ms;
    pthread_mutex_lock(&p->live.mutex);
    struct live_entry *e = find_or_add(p, seal);
    bool fresh = e && !e->registered && !e->registering;
    if (e) {
        e->registering |= fresh;
        if (heard(o)) {
            e->state.heard_ms = o->received_ms > e->state.heard_ms ? o->received_ms : e->state.heard_ms;
            take_fix(&e->state, o, time_ms);
            take_state(&e->state, o, time_ms);
        }
        if (journey && e->state.journey[0] == '\0')
            snprintf(e->state.journey, sizeof e->state.journey, "%s", journey->id);
        changed(&p->live, e);
    }
    pthread_mutex_unlock(&p->live.mutex);
    return fresh;
}

void live_connected(struct platform *p, const char *seal, bool connected, uint32_t via)
{
    pthread_mutex_lock(&p->live.mutex);
    struct live_entry *e = find_or_add(p, seal);
    if (e && (connected || e->via == via)) { /* a device that moved to another node is not lost by the first */
        e->state.connected = connected;
        e->via = via;
        changed(&p->live, e);
    }
    pthread_mutex_unlock(&p->live.mutex);
}

void live_source_gone(struct platform *p, uint32_t via)
{
    struct live_entry *e, *next;
    pthread_mutex_lock(&p->live.mutex);
    HASH_ITER(hh, p->live.entries, e, next)
    {
        if (!e->own || e->via != via || !e->state.connected)
            continue;
        e->state.connected = false;
        changed(&p->live, e);
    }
    pthread_mutex_unlock(&p->live.mutex);
}

void live_own(struct platform *p, unsigned partition, bool own)
{
    struct live_entry *e, *next;
    pthread_mutex_lock(&p->live.mutex);
    HASH_ITER(hh, p->live.entries, e, next)
    {
        if (cluster_partition(p, e->state.seal) != partition)
            continue;
        e->own = own;
        changed(&p->live, e); /* the new holder tells all of it */
    }
    pthread_mutex_unlock(&p->live.mutex);
}

static void set_carrier(struct platform *p, struct live_entry *e, const char *carrier)
{
    if (strcmp(e->carrier, carrier) == 0)
        return;
    snprintf(e->carrier, sizeof e->carrier, "%s", carrier);
    gateway_tenants_changed(p->gateway); /* another's quota counts from now on */
}

void live_told(struct platform *p, const struct live_seal *told, const char *carrier)
{
    pthread_mutex_lock(&p->live.mutex);
    struct live_entry *e = find_or_add(p, told->seal);
    if (e) {
        uint64_t change = e->state.change;
        int64_t heard_ms = e->state.heard_ms;
        e->state = *told;
        e->state.change = change;
        e->state.heard_ms = heard_ms > told->heard_ms ? heard_ms : told->heard_ms;
        set_carrier(p, e, carrier);
        changed(&p->live, e);
    }
    pthread_mutex_unlock(&p->live.mutex);
}

bool live_carrier(void *platform, const char *seal, char to[GATEWAY_TENANT_SIZE])
{
    struct platform *p = platform;
    pthread_mutex_lock(&p->live.mutex);
    struct live_entry *e = find(&p->live, seal);
    snprintf(to, GATEWAY_TENANT_SIZE, "%s", e ? e->carrier : "");
    pthread_mutex_unlock(&p->live.mutex);
    return to[0] != '\0';
}

void live_mark_registered(struct platform *p, const char *seal)
{
    pthread_mutex_lock(&p->live.mutex);
    struct live_entry *e = find_or_add(p, seal);
    if (e)
        e->registered = true;
    pthread_mutex_unlock(&p->live.mutex);
}

void live_mark_unregistered(struct platform *p, const char *seal)
{
    pthread_mutex_lock(&p->live.mutex);
    struct live_entry *e = find(&p->live, seal);
    if (e)
        e->registered = e->registering = false;
    pthread_mutex_unlock(&p->live.mutex);
}

void live_bind(struct platform *p, const char *seal, const struct supervised *journey)
{
    pthread_mutex_lock(&p->live.mutex);
    struct live_entry *e = find_or_add(p, seal);
    if (e) {
        const char *id = journey ? journey->id : "";
        if (strcmp(e->state.journey, id) != 0) { /* a new journey starts with a clean sheet */
            e->state.tampered = false;
            e->state.grade = 0;
        }
        snprintf(e->state.journey, sizeof e->state.journey, "%s", id);
        set_carrier(p, e, journey ? journey->carrier : "");
        changed(&p->live, e);
    }
    pthread_mutex_unlock(&p->live.mutex);
}

/* --- grades --- */

struct grades {
    struct {
        char seal[MODEL_SEAL_SIZE];
        int grade;
        bool tampered;
    } of[JOURNEY_SEALS_MAX];
    size_t n;
};

static bool is_tampering(enum alarm_kind kind)
{
    return kind == ALARM_ILLEGAL_OPENING || kind == ALARM_CABLE_CUT || kind == ALARM_BODY_DESTROYED || kind == ALARM_COVER_OPENED;
}

static void grade_one(void *context, const void *record)
{
    struct grades *g = context;
    const struct alarm *a = record;
    size_t i = 0;
    while (i < g->n && strcmp(g->of[i].seal, a->seal) != 0)
        i++;
    if (i == g->n) {
        if (g->n == JOURNEY_SEALS_MAX)
            return;
        snprintf(g->of[g->n++].seal, sizeof g->of[i].seal, "%s", a->seal);
        g->of[i].grade = 0;
        g->of[i].tampered = false;
    }
    if (a->state == ALARM_STATE_WITHDRAWN)
        return; /* but the seal has its row: it may have to lose the grade that this alarm gave it */
    if (a->state != ALARM_STATE_RESOLVED && a->grade > g->of[i].grade)
        g->of[i].grade = a->grade;
    if (is_tampering(a->kind) && a->finding != ALARM_FINDING_FALSE && a->finding != ALARM_FINDING_EXPLAINED)
        g->of[i].tampered = true;
}

void live_grade(struct platform *p, const char *journey)
{
    struct grades g = {.n = 0};
    struct store_query q = {.limit = 1000};
    char next[120];
    snprintf(q.journey, sizeof q.journey, "%s", journey);
    if (store_alarms(p->store, &q, grade_one, &g, next) != STORE_OK)
        return;
    pthread_mutex_lock(&p->live.mutex);
    for (size_t i = 0; i < g.n; i++) {
        struct live_entry *e = find(&p->live, g.of[i].seal);
        if (!e || strcmp(e->state.journey, journey) != 0)
            continue;
        e->state.grade = g.of[i].grade;
        e->state.tampered = g.of[i].tampered;
        changed(&p->live, e);
    }
    pthread_mutex_unlock(&p->live.mutex);
}

/* --- reading --- */

/* A seal that has been silent for longer than its journey allows is not known to be in the state it last told. */
static struct live_seal as_of(const struct live_entry *e, int64_t now_ms)
{
    struct live_seal s = e->state;
    if (s.heard_ms == BULLA_TIME_NONE || now_ms - s.heard_ms > (int64_t)DEFAULT_SILENCE_MINUTES * 60000)
        s.knowledge = 0;
    return s;
}

/* The oldest entry that changed after `since`; those behind it did as well. */
static struct live_entry *first_since(const struct live *live, uint64_t since)
{
    struct live_entry *e = live->changed ? live->changed->prev : NULL, *first = NULL;
    for (; e && e->state.change > since; e = e == live->changed ? NULL : e->prev)
        first = e;
    return first;
}

struct walk {
    uint64_t since;        /* change of the last one that was copied */
    struct live_entry *at; /* that one; entries stay as long as the platform */
};

/* The next ones, as many as there is room for. A few at a time, for whoever writes a report has to wait meanwhile. */
static size_t copy_some(const struct live *live, struct walk *w, int64_t now_ms, struct live_seal *to, size_t room)
{
    bool stays = w->at && w->at->state.change == w->since; /* else it has moved to the end */
    size_t n = 0;
    for (struct live_entry *e = stays ? w->at->next : first_since(live, w->since); e && n < room; e = e->next) {
        to[n++] = as_of(e, now_ms);
        *w = (struct walk){e->state.change, e};
    }
    return n;
}

uint64_t platform_live(struct platform *p, uint64_t since, void (*each)(void *context, const struct live_seal *live), void *context)
{
    enum { SOME = 64 };
    int64_t now_ms = clock_now(&p->clock);
    struct live_seal some[SOME];
    struct walk w = {since, NULL};
    uint64_t newest = 0;
    size_t n = SOME;
    for (bool first = true; n == SOME; first = false) {
        pthread_mutex_lock(&p->live.mutex);
        newest = first ? p->live.change : newest;
        n = copy_some(&p->live, &w, now_ms, some, SOME);
        pthread_mutex_unlock(&p->live.mutex);
        for (size_t i = 0; i < n; i++)
            each(context, &some[i]);
    }
    return newest;
}

bool platform_live_get(struct platform *p, const char *seal, struct live_seal *out)
{
    int64_t now_ms = clock_now(&p->clock);
    pthread_mutex_lock(&p->live.mutex);
    struct live_entry *e = find(&p->live, seal);
    if (e)
        *out = as_of(e, now_ms);
    pthread_mutex_unlock(&p->live.mutex);
    return e != NULL;
}

/* Copied out of the lock, so that making JSON of it holds nobody up. */
struct live_changed *live_changed_since(struct platform *p, uint64_t since, bool own_only, size_t *n, uint64_t *newest)
{
    int64_t now_ms = clock_now(&p->clock);
    size_t most = 0;
    *n = 0;
    pthread_mutex_lock(&p->live.mutex);
    struct live_entry *first = first_since(&p->live, since);
    *newest = p->live.change;
    for (struct live_entry *e = first; e; e = e->next)
        most++;
    struct live_changed *list = most ? malloc(most * sizeof *list) : NULL;
    for (struct live_entry *e = list ? first : NULL; e; e = e->next) {
        if (own_only && !e->own)
            continue;
        list[*n].seal = as_of(e, now_ms);
        memcpy(list[(*n)++].carrier, e->carrier, sizeof e->carrier);
    }
    pthread_mutex_unlock(&p->live.mutex);
    return list;
}
