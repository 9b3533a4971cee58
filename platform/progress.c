/* SPDX-License-Identifier: Apache-2.0
 *
 * How far a journey has come, for people: the pure fold of rules/progress.h over its stored track.
 */
#include <stdlib.h>

#include "platform/platform_internal.h"
#include "platform/rules/progress.h"
#include "platform/tracks.h"

#define FIXES_MAX       200000
#define ACCURACY_M      100 /* of a fix of which the track does not know it (rules.md) */
#define ACCURACY_CELL_M 1500

struct seen_list {
    struct progress_seen *list;
    size_t n, room;
    uint8_t source;
    bool failed;
};

static void take(void *context, const struct track_fix *fix, const char *id)
{
    struct seen_list *l = context;
    (void)id;
    if (l->failed || !(fix->flags & TRACK_FIX) || !(fix->flags & TRACK_VALID))
        return;
    if (l->n == l->room) {
        size_t room = l->room ? l->room * 2 : 1024;
        struct progress_seen *grown = room > FIXES_MAX * 2 ? NULL : realloc(l->list, room * sizeof *grown);
        if (!grown) {
            l->failed = true;
            return;
        }
        l->list = grown;
        l->room = room;
    }
    int32_t accuracy_m = fix->accuracy_m != TRACK_UNKNOWN && fix->accuracy_m > 0 ? fix->accuracy_m
                         : fix->flags & TRACK_CELL                               ? ACCURACY_CELL_M
                                                                                 : ACCURACY_M;
    l->list[l->n++] = (struct progress_seen){fix->at_ms, fix->lat_e7, fix->lon_e7, accuracy_m, l->source};
}

static int by_time(const void *a, const void *b)
{
    const struct progress_seen *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (int)x->source - (int)y->source;
}

static bool read_track(struct store *store, const struct plan *plan, struct seen_list *l)
{
    for (size_t i = 0; i < plan_sources(plan); i++) {
        l->source = (uint8_t)i;
        int outcome = tracks_read(store, plan_source_name(plan, i), plan->start_ms, plan->end_ms, FIXES_MAX, take, l);
        if (outcome < 0 || l->failed)
            return false;
    }
    if (l->n)
        qsort(l->list, l->n, sizeof *l->list, by_time);
    return true;
}

static json_t *minutes_or_null(bool known, int64_t ms)
{
    return known ? json_integer(ms / PLAN_MINUTE_MS) : json_null();
}

static json_t *point_json(const struct plan *plan, const struct progress *s, const struct progress_pass *pass, size_t i)
{
    const struct journey_point *p = &plan->journey->points[i];
    int64_t passed_ms = pass->at_ms ? pass->at_ms : BULLA_TIME_NONE;
    int64_t expected_ms = pass->at_ms ? BULLA_TIME_NONE : progress_expected(s, plan, i);
    int64_t at_ms = pass->at_ms ? passed_ms : expected_ms;
    bool known = at_ms != BULLA_TIME_NONE && p->planned_ms != BULLA_TIME_NONE;
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", p->place.name, "planned", json_time(p->planned_ms), "passed",
                     json_time(passed_ms), "expected", json_time(expected_ms), "deviation_minutes",
                     minutes_or_null(known, known ? at_ms - p->planned_ms : 0));
}

static json_t *progress_json(const struct plan *plan, const struct progress *s, const struct progress_pass *passes)
{
    json_t *points = json_array();
    for (size_t i = 0; i < plan->journey->n_points; i++)
        json_array_append_new(points, point_json(plan, s, &passes[i], i));
    int64_t eta_ms = s->arrived || plan->length_m <= 0 ? BULLA_TIME_NONE : progress_eta(s, plan->length_m, 0);
    bool over = s->departed && s->arrived && s->arrived_ms > s->departed_ms;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "departed", json_time(s->departed ? s->departed_ms : BULLA_TIME_NONE),
                     "arrived", json_time(s->arrived ? s->arrived_ms : BULLA_TIME_NONE), "eta", json_time(eta_ms), "along_m",
                     s->known ? json_integer((json_int_t)s->along_m) : json_null(), "left_m",
                     s->known ? json_integer((json_int_t)(plan->length_m - s->along_m)) : json_null(), "points", points, "transit_minutes",
                     minutes_or_null(over, over ? s->arrived_ms - s->departed_ms : 0));
}

json_t *platform_journey_progress(struct platform *p, const struct journey *j)
{
    struct seen_list l = {0};
    struct progress progress = {0};
    struct progress_pass passes[JOURNEY_POINTS_MAX] = {0};
    json_t *json = NULL;
    if (j->sealed_at_ms == BULLA_TIME_NONE || j->n_seals == 0)
        return json_null();
    struct shelf *shelf = shelf_new();
    struct plan *plan = shelf ? plan_new(j, shelf) : NULL;
    if (plan && read_track(p->store, plan, &l)) {
        progress_of(plan, l.list, l.n, &progress, passes);
        json = progress_json(plan, &progress, passes);
    }
    free(l.list);
    plan_free(plan);
    shelf_free(shelf);
    return json ? json : json_null();
}
