/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/engine.h"

#include <stdlib.h>
#include <string.h>

#include "platform/rules/timeline.h"

#define NO_SOURCE  SIZE_MAX
#define LINKS_EACH (JOURNEY_SEALS_MAX + JOURNEY_LEGS_MAX + 1)

/* A journey under supervision, in the table of journeys, in the heap of timers, and linked from each of its sources. */
struct member {
    struct timeline *timeline;
    size_t heap_at;
    int64_t due_ms;
    struct member *next_waiting; /* took observations in that were not judged yet */
    bool waiting;
};

struct link {
    struct member *member; /* NULL: the place is empty, or `gone` */
    bool gone;
    uint64_t hash;
    size_t source; /* which of the plan's; NO_SOURCE: this is the journey's own id */
};

struct engine {
    struct engine_host host;
    struct engine_counts counts;
    int64_t clock_ms;
    int64_t judged_ms; /* the clock at the last judgement */
    struct member *waiting;
    struct member **heap; /* earliest timer first; holds every journey */
    size_t n, capacity;
    struct shelf *shelf;
    const struct ruling *ruling;
    struct link *links; /* by source, open addressing, capacity a power of two */
    size_t n_links, links_capacity;
};

/* --- heap of timers --- */

static void heap_set(struct engine *engine, size_t at, struct member *m)
{
    engine->heap[at] = m;
    m->heap_at = at;
}

static void heap_fix(struct engine *engine, struct member *m)
{
    size_t at = m->heap_at;
    for (; at > 0 && engine->heap[(at - 1) / 2]->due_ms > m->due_ms; at = (at - 1) / 2)
        heap_set(engine, at, engine->heap[(at - 1) / 2]);
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < engine->n && engine->heap[child + 1]->due_ms < engine->heap[child]->due_ms)
            child++;
        if (child >= engine->n || engine->heap[child]->due_ms >= m->due_ms)
            break;
        heap_set(engine, at, engine->heap[child]);
        at = child;
    }
    heap_set(engine, at, m);
}

static void refresh(struct engine *engine, struct member *m)
{
    int64_t due_ms = timeline_due(m->timeline);
    if (due_ms == m->due_ms)
        return;
    m->due_ms = due_ms;
    heap_fix(engine, m);
}

/* Each contact puts a timer off: the heap learns of it when the old time comes. */
static void refresh_earlier(struct engine *engine, struct member *m)
{
    if (timeline_due(m->timeline) < m->due_ms)
        refresh(engine, m);
}

/* --- seals --- */

static uint64_t hash_text(uint64_t h, const char *text)
{
    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * UINT64_C(1099511628211);
    return h;
}

static uint64_t hash_seal(const char *seal)
{
    uint64_t h = hash_text(UINT64_C(14695981039346656037), seal);
    return h ^ h >> 29;
}

static uint64_t hash_device(const struct bulla_observation *o)
{
    uint64_t h = hash_text(UINT64_C(14695981039346656037), o->protocol);
    h = hash_text(hash_text(h, ":"), o->device);
    return h ^ h >> 29;
}

static bool is_seal(const char *seal, const struct bulla_observation *o)
{
    size_t n = strlen(o->protocol);
    return strncmp(seal, o->protocol, n) == 0 && seal[n] == ':' && strcmp(seal + n + 1, o->device) == 0;
}

static void link_put(struct link *links, size_t capacity, const struct link *link)
{
    size_t i = link->hash & (capacity - 1);
    while (links[i].member)
        i = (i + 1) & (capacity - 1);
    links[i] = *link;
}

static bool links_grow(struct engine *engine)
{
    if ((engine->n_links + LINKS_EACH) * 2 < engine->links_capacity)
        return true;
    size_t live = 0, capacity = 64;
    for (size_t i = 0; i < engine->links_capacity; i++)
        live += engine->links[i].member != NULL;
    while (capacity < (live + LINKS_EACH) * 4)
        capacity *= 2;
    struct link *links = calloc(capacity, sizeof *links);
    if (!links)
        return false;
    for (size_t i = 0; i < engine->links_capacity; i++)
        if (engine->links[i].member)
            link_put(links, capacity, &engine->links[i]);
    free(engine->links);
    engine->links = links;
    engine->links_capacity = capacity;
    engine->n_links = live;
    return true;
}

/* A journey is found by its id in the same table: under a word that no seal can be, for a seal has a colon. */
static uint64_t hash_journey(const char *id)
{
    uint64_t h = hash_text(UINT64_C(14695981039346656037), "journey ");
    h = hash_text(h, id);
    return h ^ h >> 29;
}

static void unlink_one(struct engine *engine, const struct member *m, uint64_t hash)
{
    size_t mask = engine->links_capacity - 1;
    for (size_t i = hash & mask; engine->links[i].member || engine->links[i].gone; i = (i + 1) & mask)
        if (engine->links[i].member == m && engine->links[i].hash == hash)
            engine->links[i] = (struct link){.gone = true};
}

static void unlink_member(struct engine *engine, const struct member *m)
{
    const struct plan *plan = timeline_plan(m->timeline);
    unlink_one(engine, m, hash_journey(plan->journey->id));
    for (size_t i = 0; i < plan_sources(plan); i++)
        unlink_one(engine, m, hash_seal(plan_source_name(plan, i)));
}

static void link_one(struct engine *engine, struct member *m, uint64_t hash, size_t source)
{
    link_put(engine->links, engine->links_capacity, &(struct link){.member = m, .hash = hash, .source = source});
    engine->n_links++;
}

static void link_member(struct engine *engine, struct member *m)
{
    const struct plan *plan = timeline_plan(m->timeline);
    link_one(engine, m, hash_journey(plan->journey->id), NO_SOURCE);
    for (size_t i = 0; i < plan_sources(plan); i++)
        link_one(engine, m, hash_seal(plan_source_name(plan, i)), i);
}

/* --- journeys --- */

static struct member *find(const struct engine *engine, const char *id)
{
    uint64_t hash = hash_journey(id);
    size_t mask = engine->links_capacity - 1;
    if (engine->links_capacity == 0)
        return NULL;
    for (size_t i = hash & mask; engine->links[i].member || engine->links[i].gone; i = (i + 1) & mask) {
        const struct link *link = &engine->links[i];
        if (link->member && link->hash == hash && link->source == NO_SOURCE &&
            strcmp(timeline_plan(link->member->timeline)->journey->id, id) == 0)
            return link->member;
    }
    return NULL;
}

struct engine *engine_new(const struct engine_host *host)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return NULL;
    if (!(engine->shelf = shelf_new()) || !(engine->ruling = ruling_new(NULL, 0))) {
        shelf_free(engine->shelf);
        free(engine);
        return NULL;
    }
    engine->host = *host;
    engine->clock_ms = engine->judged_ms = INT64_MIN;
    return engine;
}

static void member_free(struct member *m)
{
    timeline_free(m->timeline);
    free(m);
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    for (size_t i = 0; i < engine->n; i++)
        member_free(engine->heap[i]);
    free(engine->heap);
    free(engine->links);
    shelf_free(engine->shelf);
    ruling_free(engine->ruling);
    free(engine);
}

static void judge(struct engine *engine, struct member *m, int64_t before_ms)
{
    timeline_tick(m->timeline, before_ms, engine->clock_ms);
    refresh_earlier(engine, m);
}

/* Judges what waits, at the present clock. */
static void judge_waiting(struct engine *engine)
{
    while (engine->waiting) {
        struct member *m = engine->waiting;
        engine->waiting = m->next_waiting;
        m->waiting = false;
        judge(engine, m, engine->judged_ms);
    }
}

static void wait(struct engine *engine, struct member *m)
{
    if (m->waiting)
        return;
    m->waiting = true;
    m->next_waiting = engine->waiting;
    engine->waiting = m;
}

/* Moves the clock on, after what waits for its present time; returns where it stood. */
static int64_t advance(struct engine *engine, int64_t now_ms)
{
    int64_t before_ms = engine->clock_ms;
    if (now_ms > engine->clock_ms) {
        judge_waiting(engine);
        engine->judged_ms = before_ms;
        engine->clock_ms = now_ms;
    }
    return before_ms;
}

static bool heap_add(struct engine *engine, struct member *m)
{
    if (engine->n == engine->capacity) {
        size_t capacity = engine->capacity ? engine->capacity * 2 : 16;
        struct member **heap = realloc(engine->heap, capacity * sizeof(struct member *));
        if (!heap)
            return false;
        engine->heap = heap;
        engine->capacity = capacity;
    }
    m->due_ms = INT64_MAX;
    heap_set(engine, engine->n++, m);
    return true;
}

static bool add(struct engine *engine, const struct journey *journey)
{
    struct member *m = calloc(1, sizeof *m);
    struct plan *plan = m ? plan_new(journey, engine->shelf, engine->ruling) : NULL;
    m = plan ? m : (free(m), NULL);
    if (!m)
        return false;
    m->timeline = timeline_new(plan, &engine->host, &engine->counts);
    if (!m->timeline || !links_grow(engine) || !heap_add(engine, m)) {
        member_free(m);
        return false;
    }
    link_member(engine, m);
    timeline_load(m->timeline, engine->clock_ms);
    refresh(engine, m);
    return true;
}

static bool change(struct engine *engine, struct member *m, const struct journey *journey, int64_t before_ms)
{
    struct plan *plan = links_grow(engine) ? plan_new(journey, engine->shelf, engine->ruling) : NULL;
    if (!plan)
        return false;
    unlink_member(engine, m);
    bool done = timeline_replan(m->timeline, plan, before_ms, engine->clock_ms);
    link_member(engine, m);
    refresh(engine, m);
    return done;
}

static bool supervised(const struct journey *j)
{
    return (j->state == JOURNEY_SEALED || j->state == JOURNEY_UNDER_WAY || j->state == JOURNEY_ARRIVED) &&
           j->sealed_at_ms != BULLA_TIME_NONE && j->n_seals > 0;
}

bool engine_journey_put(struct engine *engine, const struct journey *journey, int64_t now_ms)
{
    judge_waiting(engine);
    int64_t before_ms = advance(engine, now_ms);
    struct member *m = find(engine, journey->id);
    if (!supervised(journey)) {
        if (m) {
            timeline_freeze(m->timeline);
            refresh(engine, m);
        }
        return true;
    }
    return m ? change(engine, m, journey, before_ms) : add(engine, journey);
}

void engine_journey_drop(struct engine *engine, const char *journey_id)
{
    judge_waiting(engine);
    struct member *m = find(engine, journey_id);
    if (!m)
        return;
    unlink_member(engine, m);
    struct member *last = engine->heap[--engine->n];
    if (last != m) {
        heap_set(engine, m->heap_at, last);
        heap_fix(engine, last);
    }
    member_free(m);
}

/* Every timer may have changed: the heap is built anew, one after the other. */
static void heap_build(struct engine *engine)
{
    size_t n = engine->n;
    for (engine->n = 0; engine->n < n;) {
        struct member *m = engine->heap[engine->n++];
        m->due_ms = timeline_due(m->timeline);
        heap_fix(engine, m);
    }
}

bool engine_ruling_put(struct engine *engine, const struct ruling *ruling, int64_t now_ms)
{
    judge_waiting(engine);
    int64_t before_ms = advance(engine, now_ms);
    bool done = engine->n == 0 || memcmp(ruling->value, engine->ruling->value, sizeof ruling->value) == 0;
    if (!done)
        return false;
    for (size_t i = 0; i < engine->n; i++) {
        struct timeline *t = engine->heap[i]->timeline;
        done = timeline_rule(t, ruling, engine->clock_ms) && done;
        timeline_tick(t, before_ms, engine->clock_ms);
    }
    heap_build(engine);
    ruling_hold(ruling);
    ruling_free(engine->ruling);
    engine->ruling = ruling;
    return done;
}

/* --- what comes in --- */

void engine_observe(struct engine *engine, const struct bulla_observation *o)
{
    int64_t before_ms = advance(engine, o->received_ms);
    engine->counts.observed++;
    if (engine->links_capacity == 0)
        return;
    uint64_t hash = hash_device(o);
    size_t mask = engine->links_capacity - 1;
    for (size_t i = hash & mask; engine->links[i].member || engine->links[i].gone; i = (i + 1) & mask) {
        struct link *link = &engine->links[i];
        if (link->gone || link->hash != hash || link->source == NO_SOURCE ||
            !is_seal(plan_source_name(timeline_plan(link->member->timeline), link->source), o))
            continue;
        struct member *m = link->member;
        if (!timeline_observe(m->timeline, link->source, o))
            engine->counts.duplicates++;
        if (engine->host.together)
            wait(engine, m);
        else
            judge(engine, m, before_ms);
    }
}

void engine_tick(struct engine *engine, int64_t now_ms)
{
    judge_waiting(engine);
    int64_t before_ms = advance(engine, now_ms);
    while (engine->n && engine->heap[0]->due_ms <= engine->clock_ms) {
        struct member *m = engine->heap[0];
        timeline_tick(m->timeline, before_ms, engine->clock_ms);
        refresh(engine, m);
        if (m->due_ms <= engine->clock_ms)
            break; /* out of memory: the next tick tries again */
    }
}

int64_t engine_next_due(const struct engine *engine)
{
    if (engine->waiting)
        return engine->clock_ms;
    return engine->n ? engine->heap[0]->due_ms : INT64_MAX;
}

/* --- what is to be seen --- */

struct listed {
    const struct timeline *timeline;
    size_t i;
    int64_t raised_ms;
    char id[ALARM_ID_SIZE];
};

static int by_raising(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    if (x->raised_ms != y->raised_ms)
        return x->raised_ms < y->raised_ms ? -1 : 1;
    return strcmp(x->id, y->id);
}

static size_t list(const struct engine *engine, const char *journey_id, struct listed *out)
{
    size_t n = 0;
    struct alarm alarm;
    for (size_t i = 0; i < engine->n; i++) {
        const struct timeline *t = engine->heap[i]->timeline;
        if (journey_id[0] && strcmp(timeline_plan(t)->journey->id, journey_id) != 0)
            continue;
        for (size_t k = 0; k < timeline_standing(t); k++, n++) {
            if (!out)
                continue;
            timeline_alarm(t, k, &alarm);
            out[n] = (struct listed){.timeline = t, .i = k, .raised_ms = alarm.raised_ms};
            memcpy(out[n].id, alarm.id, sizeof out[n].id);
        }
    }
    return n;
}

size_t engine_standing(const struct engine *engine, const char *journey_id, void (*each)(void *context, const struct alarm *alarm),
                       void *context)
{
    size_t n = list(engine, journey_id, NULL);
    struct listed *listed = n && each ? malloc(n * sizeof *listed) : NULL;
    if (!listed)
        return each ? 0 : n;
    list(engine, journey_id, listed);
    qsort(listed, n, sizeof *listed, by_raising);
    for (size_t i = 0; i < n; i++) {
        struct alarm alarm;
        timeline_alarm(listed[i].timeline, listed[i].i, &alarm);
        each(context, &alarm);
    }
    free(listed);
    return n;
}

struct engine_counts engine_counts(const struct engine *engine)
{
    struct engine_counts counts = engine->counts;
    counts.journeys = engine->n;
    counts.seals = counts.observations_kept = 0;
    for (size_t i = 0; i < engine->n; i++) {
        counts.seals += timeline_plan(engine->heap[i]->timeline)->journey->n_seals;
        counts.observations_kept += timeline_kept(engine->heap[i]->timeline);
    }
    return counts;
}
