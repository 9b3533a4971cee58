/* SPDX-License-Identifier: Apache-2.0
 *
 * How far a journey has come, for people: rules/travel.h over its stored track.
 */
#include "platform/platform_internal.h"
#include "platform/rules/travel.h"
#include "platform/tracks.h"

#define FIXES_MAX       200000
#define MINUTE_MS       INT64_C(60000)
#define ACCURACY_M      100 /* of a fix of which the track does not know it (rules.md) */
#define ACCURACY_CELL_M 1500

struct reading {
    struct travel *travel;
    size_t source;
    bool failed;
};

static void take(void *context, const struct track_fix *fix, const char *id)
{
    struct reading *r = context;
    int32_t usual_m = fix->flags & TRACK_CELL ? ACCURACY_CELL_M : ACCURACY_M;
    (void)id;
    if (r->failed || !(fix->flags & TRACK_FIX) || !(fix->flags & TRACK_VALID))
        return;
    int32_t accuracy_m = fix->accuracy_m != TRACK_UNKNOWN && fix->accuracy_m > 0 ? fix->accuracy_m : usual_m;
    r->failed = !travel_add(r->travel, r->source, fix->at_ms, fix->lat_e7, fix->lon_e7, accuracy_m);
}

static bool read_track(struct store *store, struct travel *travel)
{
    struct reading r = {.travel = travel};
    int64_t from_ms, until_ms;
    travel_span(travel, &from_ms, &until_ms);
    for (; r.source < travel_sources(travel); r.source++)
        if (tracks_read(store, travel_source(travel, r.source), from_ms, until_ms, FIXES_MAX, take, &r) < 0 || r.failed)
            return false;
    return true;
}

static json_t *minutes_between(int64_t from_ms, int64_t until_ms)
{
    bool known = from_ms != BULLA_TIME_NONE && until_ms != BULLA_TIME_NONE;
    return known ? json_integer((until_ms - from_ms) / MINUTE_MS) : json_null();
}

static json_t *point_json(const struct journey_point *p, int64_t passed_ms, int64_t expected_ms)
{
    int64_t at_ms = passed_ms != BULLA_TIME_NONE ? passed_ms : expected_ms;
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", p->place.name, "planned", json_time(p->planned_ms), "passed",
                     json_time(passed_ms), "expected", json_time(expected_ms), "deviation_minutes", minutes_between(p->planned_ms, at_ms));
}

static json_t *report_json(const struct journey *j, const struct travel_report *r)
{
    json_t *points = json_array();
    for (size_t i = 0; i < j->n_points; i++)
        json_array_append_new(points, point_json(&j->points[i], r->passed_ms[i], r->expected_ms[i]));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "departed", json_time(r->departed_ms), "arrived", json_time(r->arrived_ms),
                     "eta", json_time(r->eta_ms), "along_m", r->on_route ? json_integer((json_int_t)r->along_m) : json_null(), "left_m",
                     r->on_route ? json_integer((json_int_t)r->left_m) : json_null(), "points", points, "transit_minutes",
                     minutes_between(r->departed_ms, r->arrived_ms));
}

json_t *platform_journey_progress(struct platform *p, const struct journey *j)
{
    struct travel_report report;
    if (j->sealed_at_ms == BULLA_TIME_NONE || j->n_seals == 0)
        return json_null();
    struct travel *travel = travel_new(j);
    bool read = travel && read_track(p->store, travel);
    if (read)
        travel_report(travel, &report);
    travel_free(travel);
    return read ? report_json(j, &report) : json_null();
}
