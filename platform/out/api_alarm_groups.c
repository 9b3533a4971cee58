/* SPDX-License-Identifier: Apache-2.0
 *
 * Open alarms, those of one cause together (platform/model/group.h), so that a person is asked once. They are put together anew for each
 * request, from those that the user may know of: nothing is kept that could be behind, and every node says the same.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "platform/model/group.h"
#include "platform/out/page.h"
#include "platform/out/routes.h"

#define TIE_SIZE 120

/* Where a group stands in the list: what group_alarms() orders by, the tie being its earliest alarm. */
struct place_in_list {
    int grade;
    size_t journeys;
    int64_t from_ms;
    char first[ALARM_ID_SIZE];
};

struct grouping {
    struct out_alarms alarms;
    bool more; /* there are older ones that were not read */
    struct station *stations;
    size_t n_stations;
    struct group_item *items;
    char (*station)[MODEL_ID_SIZE]; /* of each alarm; "" : none, or it does not matter */
    struct groups groups;
};

struct wanted {
    int grade, cause; /* 0, -1: any */
    char journey[MODEL_ID_SIZE];
};

/* --- reading --- */

static int read_open(struct out_request *r, const struct store_query *asked, struct grouping *g)
{
    struct store_query q = {.limit = OUT_PAGE_MAX, .state = "open"};
    int outcome;
    memcpy(q.carrier, asked->carrier, sizeof q.carrier);
    do
        outcome = out_alarms_read(r, &q, &g->alarms, q.after);
    while (outcome == STORE_OK && q.after[0] && g->alarms.n < OUT_GROUPED_ALARMS_MAX);
    g->more = q.after[0] || g->alarms.n > OUT_GROUPED_ALARMS_MAX || g->alarms.failed;
    if (g->alarms.n > OUT_GROUPED_ALARMS_MAX)
        g->alarms.n = OUT_GROUPED_ALARMS_MAX;
    return outcome;
}

static void take_station(void *context, const void *record)
{
    struct grouping *g = context;
    memcpy(&g->stations[g->n_stations++], record, sizeof *g->stations);
}

static void read_stations(struct out_request *r, struct grouping *g)
{
    struct store_query q = {.limit = OUT_PAGE_MAX};
    char next[120];
    g->stations = calloc(OUT_PAGE_MAX, sizeof *g->stations);
    if (g->stations)
        (void)store_stations(out_store(r), &q, take_station, g, next); /* without them they are not put together, and stand alone */
}

/* Where it happened; of a journey that never left, where it was to begin. */
static void find_station(struct out_request *r, struct grouping *g, size_t i)
{
    const struct alarm *a = &g->alarms.list[i];
    struct journey *j = NULL;
    if (!group_needs_station(a))
        return;
    if (!g->stations)
        read_stations(r, g);
    const char *at = group_station(g->stations, g->n_stations, a);
    if (!at && a->kind == ALARM_LATE_DEPARTURE && store_journey_get(out_store(r), a->journey, &j) == STORE_OK && j->has_origin)
        at = j->origin.station;
    snprintf(g->station[i], sizeof g->station[i], "%s", at ? at : "");
    journey_free(j);
}

/* Which batch a seal is of no record says yet: seals that fail alike are found when one does. */
static bool put_together(struct out_request *r, struct grouping *g)
{
    size_t n = g->alarms.n;
    g->items = calloc(n + 1, sizeof *g->items);
    g->station = calloc(n + 1, sizeof *g->station);
    for (size_t i = 0; i < n && g->items && g->station; i++) {
        find_station(r, g, i);
        g->items[i] = (struct group_item){.alarm = &g->alarms.list[i], .station = g->station[i]};
    }
    return g->items && g->station && group_alarms(g->items, n, &g->groups);
}

static void grouping_clear(struct grouping *g)
{
    groups_clear(&g->groups);
    free(g->items);
    free(g->station);
    free(g->stations);
    out_alarms_clear(&g->alarms);
}

/* --- order --- */

static struct place_in_list place_of(const struct grouping *g, const struct group *group)
{
    struct place_in_list at = {.grade = group->grade, .journeys = group->journeys, .from_ms = group->from_ms};
    for (size_t i = 0; i < group->n; i++) {
        const struct alarm *a = &g->alarms.list[group->member[i]];
        if (a->onset_ms == group->from_ms && (!at.first[0] || strcmp(a->id, at.first) < 0))
            memcpy(at.first, a->id, sizeof at.first);
    }
    return at;
}

static bool is_behind(const struct place_in_list *a, const struct place_in_list *b)
{
    if (a->grade != b->grade)
        return a->grade < b->grade;
    if (a->journeys != b->journeys)
        return a->journeys < b->journeys;
    if (a->from_ms != b->from_ms)
        return a->from_ms > b->from_ms;
    return strcmp(a->first, b->first) > 0;
}

static void write_place(const struct place_in_list *at, char to[TIE_SIZE])
{
    snprintf(to, TIE_SIZE, "%d %zu %" PRId64 " %s", at->grade, at->journeys, at->from_ms, at->first);
}

static bool read_place(struct out_request *r, const char *text, struct place_in_list *at)
{
    *at = (struct place_in_list){.grade = INT32_MAX};
    if (!text[0] || sscanf(text, "%d %zu %" SCNd64 " %39s", &at->grade, &at->journeys, &at->from_ms, at->first) == 4)
        return true;
    out_problem_field(r, 400, "cursor", "the next of the page before", out_request_param(r, "cursor"));
    return false;
}

/* --- writing --- */

static bool is_wanted(const struct grouping *g, const struct group *group, const struct wanted *w)
{
    bool touches = !w->journey[0];
    for (size_t i = 0; i < group->n && !touches; i++)
        touches = strcmp(g->alarms.list[group->member[i]].journey, w->journey) == 0;
    return touches && (!w->grade || group->grade == w->grade) && (w->cause < 0 || (int)group->cause == w->cause);
}

static json_t *member_json(const struct alarm *a)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:o, s:o, s:s}", "id", a->id, "kind", alarm_kind_text(a->kind), "grade", a->grade, "journey",
                     a->journey, "seal", a->seal[0] ? json_string(a->seal) : json_null(), "onset", json_time(a->onset_ms), "state",
                     alarm_state_text(a->state));
}

static json_t *group_json(struct out_request *r, struct grouping *g, const struct group *group)
{
    const char *station = g->station[group->member[0]];
    bool placed = group->has_position && !out_access_is_carrier(r); /* as with its alarms */
    json_t *members = json_array();
    int raised = 0;
    for (size_t i = 0; i < group->n; i++) {
        const struct alarm *a = &g->alarms.list[group->member[i]];
        raised += a->state == ALARM_STATE_RAISED;
        json_array_append_new(members, member_json(a));
    }
    return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "cause", group_cause_text(group->cause), "sentence",
                     group_cause_sentence(group->cause), "grade", group->grade, "alarms", (int)group->n, "raised", raised, "journeys",
                     (int)group->journeys, "from", json_time(group->from_ms), "until", json_time(group->until_ms), "position",
                     placed ? json_pack("{s:f, s:f}", "lat", group->lat, "lon", group->lon) : json_null(), "station",
                     group->cause == GROUP_STATION && station[0] ? json_string(station) : json_null(), "root",
                     out_alarms_json(r, &g->alarms, group->member[0]), "members", members);
}

static void answer(struct out_request *r, struct grouping *g, const struct store_query *q, const struct wanted *w)
{
    struct place_in_list after;
    char next[TIE_SIZE] = "";
    if (!read_place(r, q->after, &after))
        return;
    json_t *items = json_array();
    size_t n = 0;
    for (size_t i = 0; i < g->groups.n; i++) {
        const struct group *group = &g->groups.group[i];
        struct place_in_list at = place_of(g, group);
        if (!is_wanted(g, group, w) || !is_behind(&at, &after))
            continue;
        if (n++ == q->limit) {
            write_place(&after, next);
            break;
        }
        json_array_append_new(items, group_json(r, g, group));
        after = at;
    }
    json_t *body = json_pack("{s:i, s:b}", "alarms", (int)g->alarms.n, "complete", !g->more);
    out_page_answer_in(r, body, items, next);
}

void out_alarm_groups(struct out_request *r)
{
    struct store_query q = {0};
    struct grouping g = {0};
    struct wanted w = {.cause = -1};
    int64_t grade = 0;
    char cause[24] = "";
    if (!out_page_query(r, &q) || !out_param_number(r, "grade", 1, 3, 0, &grade) ||
        !out_param_word(r, "cause", group_cause_from, cause, sizeof cause) || !out_param_text(r, "journey", w.journey, sizeof w.journey))
        return;
    w.grade = (int)grade;
    w.cause = cause[0] ? group_cause_from(cause) : -1;
    int outcome = read_open(r, &q, &g);
    if (out_store_ok(r, outcome, "alarm")) {
        if (put_together(r, &g))
            answer(r, &g, &q, &w);
        else
            out_answer_json(r, 200, NULL); /* out of memory */
    }
    grouping_clear(&g);
}
