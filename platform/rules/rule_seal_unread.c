/* SPDX-License-Identifier: Apache-2.0
 *
 * The vehicle passed a checkpoint, and within 15 min nothing read its seal. It passed when somebody saw it there, or when a fix lay
 * surely inside a point that the journey is to be checked at. A reading up to 15 min before counts as well: at a gate the seal may be
 * read before the plate. Silent while the reader of that place is known to be down.
 */
#include <string.h>

#include "platform/rules/rule.h"

struct unread {
    sheet_slot slot[JOURNEY_SEALS_MAX];
    int64_t read_ms[JOURNEY_SEALS_MAX]; /* last reading; 0: none */
    bool pending, down;
    int16_t point;     /* of the journey; -1: somebody saw it */
    uint32_t entered;  /* points that were entered, a bit each */
    int64_t passed_ms; /* last passing */
    char id[BULLA_ID_SIZE];
    char where[BULLA_NOTE_ABOUT_SIZE];   /* of the passing, as who saw it says */
    char down_at[BULLA_NOTE_ABOUT_SIZE]; /* "" : everywhere */
};

enum { LIMIT };
static const struct rule_parameter parameters[] = {{"limit", "min", 15, NULL}, {NULL, NULL, 0, NULL}};

static int64_t limit_of(const struct plan *plan)
{
    return rule_ms(plan, &rule_seal_unread, LIMIT);
}

/* One passing is told by several: by whoever comes first. */
static void pass(struct unread *s, const struct rule_input *in, int64_t at_ms, const char *id, const char *where, int point)
{
    if (s->pending || (s->passed_ms && at_ms - s->passed_ms <= limit_of(in->plan)))
        return;
    s->pending = true;
    s->passed_ms = at_ms;
    s->point = (int16_t)point;
    memcpy(s->id, id, sizeof s->id);
    strncpy(s->where, where, sizeof s->where - 1);
}

static void watch_points(struct unread *s, const struct rule_input *in)
{
    const struct journey *j = in->plan->journey;
    for (size_t i = 0; i < in->position->n_fixes; i++) {
        const struct fix *f = &in->position->fix[i];
        for (size_t p = 0; p < j->n_points; p++) {
            if (j->points[p].kind != POINT_CHECKPOINT || (s->entered >> p & 1) ||
                geometry_place_side(&j->points[p].place, f->lat, f->lon, f->accuracy_m) != SURELY_INSIDE)
                continue;
            s->entered |= 1u << p;
            pass(s, in, f->at_ms, f->id, "", (int)p);
        }
    }
}

static bool same_place(const struct unread *s, const char *about)
{
    return !s->down_at[0] || !about[0] || strcmp(s->down_at, about) == 0;
}

static void hear(struct unread *s, const struct rule_input *in)
{
    const struct entry *e = in->entry;
    if (entry_is(e, BULLA_EVENT_READER_DOWN)) {
        s->down = true;
        memcpy(s->down_at, e->note->about, sizeof s->down_at);
    }
    if (entry_is(e, BULLA_EVENT_READ)) {
        s->read_ms[in->seal] = in->at_ms;
        sheet_end(in->sheet, &s->slot[in->seal], in->at_ms);
        s->down = s->down && !same_place(s, e->note->about);
    }
    if (entry_is(e, BULLA_EVENT_VEHICLE_SEEN) || entry_is(e, BULLA_EVENT_READ_FAILED))
        pass(s, in, in->at_ms, e->id, e->note->about, -1);
}

static const char *name_of(const struct unread *s, const struct plan *plan)
{
    if (s->point < 0)
        return s->where[0] ? s->where : "a checkpoint";
    const char *name = plan->journey->points[s->point].place.name;
    return name[0] ? name : "a planned checkpoint";
}

/* Time is up: whose seal was not read near the passing? */
static void judge(struct unread *s, const struct rule_input *in)
{
    char at[BULLA_TIME_TEXT];
    int64_t limit_ms = limit_of(in->plan);
    const char *station = s->point < 0 ? s->where : in->plan->journey->points[s->point].place.station;
    s->pending = false;
    if (s->down && same_place(s, station))
        return;
    bulla_time_put(at, s->passed_ms);
    for (size_t i = 0; i < in->plan->journey->n_seals; i++) {
        if ((in->gone >> i & 1) || (s->read_ms[i] && s->read_ms[i] >= s->passed_ms - limit_ms) || s->slot[i])
            continue;
        struct rule_input one = *in;
        one.seal = i;
        s->slot[i] = rule_raise(&one, ALARM_SEAL_UNREAD, s->passed_ms);
        sheet_evidence(in->sheet, s->slot[i], s->id);
        sheet_why(in->sheet, s->slot[i], "The vehicle passed %.60s at %s, and its seal was not read within %.0f min", name_of(s, in->plan),
                  at, rule_value(in->plan, &rule_seal_unread, LIMIT));
    }
}

static void step(void *state, const struct rule_input *in)
{
    struct unread *s = state;
    if (!in->entry) {
        judge(s, in);
        return;
    }
    watch_points(s, in);
    if (in->entry->note)
        hear(s, in);
}

static int64_t due(const void *state, const struct plan *plan)
{
    const struct unread *s = state;
    return s->pending ? s->passed_ms + limit_of(plan) : RULE_NO_TIMER;
}

const struct rule rule_seal_unread = {.kind = ALARM_SEAL_UNREAD,
                                      .scope = RULE_OF_VEHICLE,
                                      .parameters = parameters,
                                      .state_size = sizeof(struct unread),
                                      .step = step,
                                      .due = due};
