/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/travel.h"

#include <stdlib.h>

#include "platform/rules/progress.h"
#include "platform/rules/ruling.h"

#define SEEN_MAX 200000

struct seen {
    int64_t at_ms;
    int32_t lat_e7, lon_e7, accuracy_m;
    uint8_t source;
};

struct travel {
    struct ruling *ruling; /* the plan wants one; nothing of the rules is asked */
    struct shelf *shelf;
    struct plan *plan;
    struct seen *seen;
    size_t n, capacity;
};

struct travel *travel_new(const struct journey *journey)
{
    struct travel *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->ruling = ruling_new(NULL, 0);
    t->shelf = shelf_new();
    t->plan = t->ruling && t->shelf ? plan_new(journey, t->shelf, t->ruling) : NULL;
    if (t->plan)
        return t;
    travel_free(t);
    return NULL;
}

void travel_free(struct travel *t)
{
    if (!t)
        return;
    plan_free(t->plan);
    shelf_free(t->shelf);
    ruling_free(t->ruling);
    free(t->seen);
    free(t);
}

size_t travel_sources(const struct travel *t)
{
    return plan_sources(t->plan);
}

const char *travel_source(const struct travel *t, size_t source)
{
    return plan_source_name(t->plan, source);
}

void travel_span(const struct travel *t, int64_t *from_ms, int64_t *until_ms)
{
    *from_ms = t->plan->start_ms;
    *until_ms = t->plan->end_ms;
}

bool travel_add(struct travel *t, size_t source, int64_t at_ms, int32_t lat_e7, int32_t lon_e7, int32_t accuracy_m)
{
    if (t->n == t->capacity) {
        size_t capacity = t->capacity ? t->capacity * 2 : 1024;
        struct seen *seen = t->n < SEEN_MAX ? realloc(t->seen, capacity * sizeof *seen) : NULL;
        if (!seen)
            return false;
        t->seen = seen;
        t->capacity = capacity;
    }
    t->seen[t->n++] = (struct seen){at_ms, lat_e7, lon_e7, accuracy_m, (uint8_t)source};
    return true;
}

static int order(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_time(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    int by = order(x->at_ms, y->at_ms);
    by = by ? by : order(x->source, y->source);
    by = by ? by : order(x->lat_e7, y->lat_e7);
    return by ? by : order(x->lon_e7, y->lon_e7);
}

static bool counts(const struct plan *plan, const struct seen *s, int64_t located_ms)
{
    if (s->at_ms < plan->start_ms || s->at_ms > plan->end_ms)
        return false;
    if (s->source < plan->journey->n_seals)
        return true;
    return plan_carries(plan, s->source, s->at_ms) && (located_ms == BULLA_TIME_NONE || s->at_ms - located_ms > PLAN_CARRIED_MS);
}

static void follow(struct travel *t, struct progress *progress, struct progress_pass *passes)
{
    struct position positions[JOURNEY_SEALS_MAX + JOURNEY_LEGS_MAX];
    int64_t located_ms = BULLA_TIME_NONE;
    for (size_t i = 0; i < sizeof positions / sizeof *positions; i++)
        position_init(&positions[i]);
    if (t->n)
        qsort(t->seen, t->n, sizeof *t->seen, by_time);
    for (size_t i = 0; i < t->n; i++) {
        const struct seen *s = &t->seen[i];
        struct position_news news;
        struct entry e = {.at_ms = s->at_ms, .lat_e7 = s->lat_e7, .lon_e7 = s->lon_e7, .accuracy_m = s->accuracy_m};
        if (!counts(t->plan, s, located_ms))
            continue;
        e.flags = ENTRY_FIX;
        e.seal = s->source;
        position_step(&positions[s->source], t->plan, &e, &news);
        for (size_t k = 0; k < news.n_fixes; k++)
            progress_step(progress, t->plan, &news.fix[k], passes);
        if (news.n_fixes && s->source < t->plan->journey->n_seals)
            located_ms = s->at_ms;
    }
}

void travel_report(struct travel *t, struct travel_report *out)
{
    const struct plan *plan = t->plan;
    struct progress p = {0};
    struct progress_pass passes[JOURNEY_POINTS_MAX] = {0};
    follow(t, &p, passes);
    *out = (struct travel_report){.departed_ms = p.departed ? p.departed_ms : BULLA_TIME_NONE,
                                  .arrived_ms = p.arrived ? p.arrived_ms : BULLA_TIME_NONE,
                                  .eta_ms = p.arrived || plan->length_m <= 0 ? BULLA_TIME_NONE : progress_eta(&p, plan->length_m, 0),
                                  .on_route = p.known,
                                  .along_m = p.along_m,
                                  .left_m = plan->length_m - p.along_m};
    for (size_t i = 0; i < plan->journey->n_points; i++) {
        out->passed_ms[i] = passes[i].at_ms ? passes[i].at_ms : BULLA_TIME_NONE;
        out->expected_ms[i] = passes[i].at_ms ? BULLA_TIME_NONE : progress_expected(&p, plan, i);
    }
}
