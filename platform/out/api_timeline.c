/* SPDX-License-Identifier: Apache-2.0
 *
 * The time line of a journey: alarms, commands, changes by people, and what its seals reported besides where
 * they are; in order of time.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/out/observed.h"
#include "platform/out/routes.h"

#define ROUTINE                                                                                                                            \
    (BULLA_EVENT_BIT(BULLA_EVENT_STATE_REPORT) | BULLA_EVENT_BIT(BULLA_EVENT_HEARTBEAT) | BULLA_EVENT_BIT(BULLA_EVENT_WAKE) |              \
     BULLA_EVENT_BIT(BULLA_EVENT_TIME_REQUEST) | BULLA_EVENT_BIT(BULLA_EVENT_POSITION_CELL) | BULLA_EVENT_BIT(BULLA_EVENT_REGISTRATION) |  \
     BULLA_EVENT_BIT(BULLA_EVENT_VIBRATION) | BULLA_EVENT_BIT(BULLA_EVENT_DYNAMIC_PASSWORD))

static json_t *item(const char *kind, json_t *time, json_t *what)
{
    return json_pack("{s:O, s:s, s:o}", "time", time ? time : json_null(), "kind", kind, kind, what);
}

/* Wraps each of list as an item of its kind with the time in the named member. Takes list. */
static void add_all(json_t *items, json_t *list, const char *kind, const char *time)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        json_array_append_new(items, item(kind, json_object_get(one, time), json_incref(one)));
    }
    json_decref(list);
}

struct reports {
    json_t *items;
    size_t n;
};

static void take_report(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct reports *reports = context;
    (void)raw;
    if (reports->n == OUT_TIMELINE_OBSERVATIONS_MAX || ((o->events & ~ROUTINE) == 0 && !(o->has & BULLA_HAS_UNLOCK)))
        return;
    reports->n++;
    json_t *time = json_time(out_observed_time(o));
    json_array_append_new(reports->items, item("observation", time, observation_to_json(o)));
    json_decref(time);
}

static void take_audit(void *context, const void *record)
{
    json_array_append_new(context, audit_to_json(record));
}

static int add_audits(struct out_request *r, json_t *items, const char *object)
{
    struct store_query q = {.limit = OUT_PAGE_MAX};
    char next[120] = "";
    json_t *list = json_array();
    snprintf(q.object, sizeof q.object, "%s", object);
    int outcome = store_audits(out_store(r), &q, take_audit, list, next);
    add_all(items, list, "change", "time");
    return outcome;
}

static int add_records(struct out_request *r, json_t *items, const struct journey *j)
{
    struct store_query q = {.limit = OUT_PAGE_MAX};
    char next[120] = "";
    size_t i;
    json_t *alarms = json_array(), *commands = json_array(), *alarm;
    memcpy(q.journey, j->id, sizeof q.journey);
    int outcome = out_alarm_find(r, &q, alarms, next);
    if (outcome == STORE_OK)
        outcome = out_command_find(r, &q, commands, next);
    if (outcome == STORE_OK)
        outcome = add_audits(r, items, j->id);
    json_array_foreach(alarms, i, alarm)
    {
        if (outcome == STORE_OK)
            outcome = add_audits(r, items, json_string_value(json_object_get(alarm, "id")));
    }
    add_all(items, alarms, "alarm", "onset");
    add_all(items, commands, "command", "created");
    return outcome;
}

static int by_time(const void *a, const void *b)
{
    const char *x = json_string_value(json_object_get(*(json_t *const *)a, "time"));
    const char *y = json_string_value(json_object_get(*(json_t *const *)b, "time"));
    int64_t t = x ? bulla_time_get(x) : BULLA_TIME_NONE, u = y ? bulla_time_get(y) : BULLA_TIME_NONE;
    return (t > u) - (t < u);
}

/* Takes items. */
static json_t *sorted(json_t *items)
{
    size_t n = json_array_size(items);
    json_t **list = malloc((n ? n : 1) * sizeof *list), *in_order = json_array();
    if (!list)
        return in_order;
    for (size_t i = 0; i < n; i++)
        list[i] = json_array_get(items, i);
    qsort(list, n, sizeof *list, by_time);
    for (size_t i = 0; i < n; i++)
        json_array_append(in_order, list[i]);
    free(list);
    json_decref(items);
    return in_order;
}

void out_journey_timeline(struct out_request *r)
{
    struct journey *j = NULL;
    struct reports reports = {0};
    int64_t from_ms, until_ms;
    if (!out_access_journey(r, r->id, &j))
        return;
    reports.items = json_array();
    out_observed_span(j, r->now_ms, &from_ms, &until_ms);
    int outcome = add_records(r, reports.items, j);
    for (size_t i = 0; i < j->n_seals && outcome == STORE_OK; i++) {
        outcome = store_observations(out_store(r), j->seals[i], from_ms, until_ms, 0, take_report, &reports);
        outcome = outcome == STORE_NOT_FOUND ? STORE_OK : outcome;
    }
    journey_free(j);
    if (out_store_ok(r, outcome, "journey"))
        out_page_all(r, sorted(reports.items));
    else
        json_decref(reports.items);
}
