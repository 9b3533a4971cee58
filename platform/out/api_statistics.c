/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts by day, and how journeys passed, from the records themselves.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/out/page.h"
#include "platform/out/passages.h"
#include "platform/out/routes.h"

#define DAY_MS INT64_C(86400000)
#define KINDS  (ALARM_CUSTOM + 1)

struct counts {
    int64_t first_ms; /* midnight of the first day */
    size_t n_days;
    struct {
        unsigned journeys, alarms, grades[4], findings[4];
    } days[OUT_STATISTICS_DAYS_MAX + 1];
    unsigned kinds[KINDS];
    size_t records;
    struct passages *passages;
};

static size_t day_of(const struct counts *c, int64_t time_ms) /* n_days: outside */
{
    if (time_ms < c->first_ms)
        return c->n_days;
    size_t day = (size_t)((time_ms - c->first_ms) / DAY_MS);
    return day < c->n_days ? day : c->n_days;
}

static void count_alarm(void *context, const void *record)
{
    struct counts *c = context;
    const struct alarm *a = record;
    size_t day = day_of(c, a->raised_ms);
    c->records++;
    passages_alarm(c->passages, a);
    if (day == c->n_days || a->state == ALARM_STATE_WITHDRAWN)
        return;
    c->days[day].alarms++;
    c->days[day].grades[a->grade & 3]++;
    c->days[day].findings[a->finding & 3]++;
    c->kinds[(size_t)a->kind < KINDS ? a->kind : 0]++;
}

static void count_journey(void *context, const void *record)
{
    struct counts *c = context;
    const struct journey *j = record;
    size_t day = day_of(c, j->created_ms);
    c->records++;
    if (day < c->n_days) {
        c->days[day].journeys++;
        passages_journey(c->passages, j);
    }
}

static void count_decision(void *context, const void *record)
{
    struct counts *c = context;
    c->records++;
    passages_decision(c->passages, record);
}

typedef int (*list_fn)(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);

/* Goes through all pages of a list, up to the limit. */
static int count_all(struct out_request *r, list_fn list, const char *kind, store_each_fn each, struct counts *c, bool *complete)
{
    struct store_query q = {.limit = OUT_PAGE_MAX, .from_ms = c->first_ms, .until_ms = c->first_ms + (int64_t)c->n_days * DAY_MS};
    char next[120] = "";
    snprintf(q.kind, sizeof q.kind, "%s", kind);
    do {
        int outcome = list(out_store(r), &q, each, c, next);
        if (outcome != STORE_OK)
            return outcome;
        memcpy(q.after, next, sizeof q.after);
    } while (next[0] && c->records < OUT_STATISTICS_RECORDS_MAX);
    *complete &= !next[0];
    return STORE_OK;
}

static json_t *day_json(const struct counts *c, size_t day)
{
    struct bulla_calendar date = bulla_time_to_calendar(c->first_ms + (int64_t)day * DAY_MS);
    char text[32];
    snprintf(text, sizeof text, "%04d-%02u-%02u", date.year, date.month % 100, date.day % 100);
    const unsigned *grades = c->days[day].grades, *findings = c->days[day].findings;
    return json_pack("{s:s, s:i, s:i, s:[i, i, i], s:{s:i, s:i, s:i}}", "day", text, "journeys", c->days[day].journeys, "alarms",
                     c->days[day].alarms, "grades", grades[1], grades[2], grades[3], "findings", "true", findings[ALARM_FINDING_TRUE],
                     "false", findings[ALARM_FINDING_FALSE], "explained", findings[ALARM_FINDING_EXPLAINED]);
}

static void answer(struct out_request *r, const struct counts *c, int64_t from_ms, int64_t until_ms, bool complete)
{
    json_t *days = json_array(), *kinds = json_object();
    for (size_t day = 0; day < c->n_days; day++)
        json_array_append_new(days, day_json(c, day));
    for (unsigned kind = 1; kind < KINDS; kind++)
        if (c->kinds[kind])
            json_object_set_new(kinds, alarm_kind_text(kind), json_integer(c->kinds[kind]));
    out_answer_json(r, 200,
                    json_pack("{s:o, s:o, s:b, s:o, s:o, s:o}", "from", json_time(from_ms), "until", json_time(until_ms), "complete",
                              complete, "days", days, "kinds", kinds, "passages", passages_json(c->passages)));
}

void out_statistics_get(struct out_request *r)
{
    int64_t from_ms, until_ms;
    bool complete = true;
    if (!out_param_time(r, "until", r->now_ms, &until_ms) || !out_param_time(r, "from", until_ms - 29 * DAY_MS, &from_ms) ||
        !out_body_wants(r, from_ms <= until_ms && until_ms - from_ms < OUT_STATISTICS_DAYS_MAX * DAY_MS, "from",
                        "a time before until, by at most 92 days", "another"))
        return;
    struct counts *c = calloc(1, sizeof *c);
    if (!c || !(c->passages = passages_new())) {
        free(c);
        return;
    }
    c->first_ms = from_ms - ((from_ms % DAY_MS) + DAY_MS) % DAY_MS;
    c->n_days = (size_t)((until_ms - c->first_ms) / DAY_MS) + 1;
    int outcome = count_all(r, store_alarms, "", count_alarm, c, &complete);
    if (outcome == STORE_OK)
        outcome = count_all(r, store_journeys, "", count_journey, c, &complete);
    if (outcome == STORE_OK)
        outcome = count_all(r, store_papers, "decision", count_decision, c, &complete);
    if (out_store_ok(r, outcome, "statistics"))
        answer(r, c, from_ms, until_ms, complete);
    passages_free(c->passages);
    free(c);
}
