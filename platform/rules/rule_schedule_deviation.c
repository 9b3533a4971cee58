/* SPDX-License-Identifier: Apache-2.0
 *
 * A planned point is passed, or will be, too long before or after its time. Late: surely passed too late, or expected too
 * late in two estimates 5 min apart, an eighth of the time left granted, or not known to be passed when its time is over.
 * Early: surely passed too early; what is only expected to be early may still wait. One delay is one alarm with a count of
 * the points that it cost; over when the next point is expected in time again, or all are passed.
 */
#include <string.h>

#include "platform/rules/progress.h"
#include "platform/rules/rule.h"

#define SPARE 0.125

enum parameter { TOLERANCE, SPARED, CONFIRMS };

struct schedule {
    sheet_slot slot;
    bool expected;       /* too late, in the last estimate */
    bool early;          /* the open alarm is of that kind */
    uint8_t missed;      /* points whose time is over, a timer told so: index of the newest plus one */
    int64_t expected_ms; /* since when */
    char first[BULLA_ID_SIZE];
    struct progress progress;
};

static const struct rule_parameter parameters[] = {{"tolerance", "min", 60, "points[].tolerance_minutes", true},
                                                   {"spare_of_time_left", "", SPARE, NULL},
                                                   {"confirmed_after", "min", 5, NULL},
                                                   {NULL, NULL, 0, NULL}};

static size_t size(const struct plan *plan)
{
    const struct journey *j = plan->journey;
    for (size_t i = 0; i < j->n_points; i++)
        if (j->points[i].planned_ms != BULLA_TIME_NONE)
            return sizeof(struct schedule) + j->n_points * sizeof(struct progress_pass);
    return 0;
}

static struct progress_pass *passes_of(const struct schedule *s)
{
    return (struct progress_pass *)(uintptr_t)(s + 1);
}

static int64_t latest(const struct journey_point *p)
{
    return p->planned_ms + p->tolerance_minutes * PLAN_MINUTE_MS;
}

/* The planned point that comes next: behind the last that was passed. n_points: none. */
static size_t next_of(const struct schedule *s, const struct journey *j)
{
    const struct progress_pass *passes = passes_of(s);
    size_t next = 0;
    for (size_t i = 0; i < j->n_points; i++)
        next = passes[i].at_ms ? i + 1 : next;
    while (next < j->n_points && j->points[next].planned_ms == BULLA_TIME_NONE)
        next++;
    return next;
}

/* --- what is told --- */

static const char *name_of(const struct journey_point *p)
{
    return p->place.name[0] ? p->place.name : "a point without a name";
}

static bool raise(struct schedule *s, const struct rule_input *in, int64_t onset_ms, bool early)
{
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (d) {
        d->count++;
        sheet_touch(in->sheet);
        if (in->entry)
            sheet_evidence(in->sheet, s->slot, in->entry->id);
        return false;
    }
    s->early = early;
    s->slot = rule_raise(in, ALARM_SCHEDULE_DEVIATION, onset_ms);
    return true;
}

static void tell_passed(const struct schedule *s, const struct rule_input *in, size_t i)
{
    const struct journey_point *p = &in->plan->journey->points[i];
    int64_t at_ms = passes_of(s)[i].at_ms, off_ms = at_ms - p->planned_ms;
    char at[BULLA_TIME_TEXT], span[RULE_SPAN_TEXT];
    bulla_time_put(at, at_ms);
    sheet_why(in->sheet, s->slot, "%.60s was passed at %s, %s %s its time (tolerance %d min)", name_of(p), at,
              rule_span(span, off_ms < 0 ? -off_ms : off_ms), off_ms < 0 ? "before" : "after", (int)p->tolerance_minutes);
}

static void tell_expected(const struct schedule *s, const struct rule_input *in, const struct journey_point *p, int64_t eta_ms)
{
    char at[BULLA_TIME_TEXT], span[RULE_SPAN_TEXT];
    bulla_time_put(at, eta_ms);
    sheet_why(in->sheet, s->slot, "%.60s is expected at %s, %s after its time (tolerance %d min)", name_of(p), at,
              rule_span(span, eta_ms - p->planned_ms), (int)p->tolerance_minutes);
}

/* --- what happens --- */

static void fire(struct schedule *s, const struct rule_input *in)
{
    const struct journey *j = in->plan->journey;
    size_t i = next_of(s, j);
    char by[BULLA_TIME_TEXT];
    s->missed = (uint8_t)(i + 1);
    if (s->slot && !s->early)
        return; /* it is late already, and that is known */
    sheet_end(in->sheet, &s->slot, in->at_ms);
    bulla_time_put(by, latest(&j->points[i]));
    raise(s, in, latest(&j->points[i]), false);
    sheet_why(in->sheet, s->slot, "%.60s is not known to be passed by %s, %d min after its time", name_of(&j->points[i]), by,
              (int)j->points[i].tolerance_minutes);
}

static void note_pass(struct schedule *s, const struct rule_input *in, size_t i)
{
    const struct journey_point *p = &in->plan->journey->points[i];
    const struct progress_pass *pass = &passes_of(s)[i];
    int64_t tolerance_ms = p->tolerance_minutes * PLAN_MINUTE_MS;
    bool late = pass->after_ms > p->planned_ms + tolerance_ms, early = pass->before_ms < p->planned_ms - tolerance_ms;
    if (!late && !early) {
        const struct draft *d = sheet_open(in->sheet, s->slot);
        if (d && d->onset_ms >= pass->at_ms) /* nobody had listened, and it was in time */
            sheet_drop(in->sheet, &s->slot);
        sheet_end(in->sheet, &s->slot, pass->at_ms);
        return;
    }
    if (s->slot && s->early != early)
        sheet_end(in->sheet, &s->slot, pass->at_ms);
    raise(s, in, pass->at_ms, early);
    tell_passed(s, in, i);
}

static void note_passes(struct schedule *s, const struct rule_input *in, const struct progress_pass *before)
{
    const struct journey *j = in->plan->journey;
    bool passed = false;
    for (size_t i = 0; i < j->n_points; i++) {
        if (before[i].at_ms || !passes_of(s)[i].at_ms)
            continue;
        passed = true;
        if (j->points[i].planned_ms != BULLA_TIME_NONE)
            note_pass(s, in, i);
    }
    if (!passed)
        return;
    s->expected = false;
    if (next_of(s, j) == j->n_points)
        sheet_end(in->sheet, &s->slot, in->at_ms);
}

static void predict(struct schedule *s, const struct rule_input *in)
{
    const struct journey *j = in->plan->journey;
    size_t next = next_of(s, j);
    double along_m = next < j->n_points ? in->plan->point_along[next] : -1;
    int64_t eta_ms = along_m >= 0 ? progress_eta(&s->progress, along_m, 0) : BULLA_TIME_NONE;
    if (eta_ms == BULLA_TIME_NONE || s->missed == next + 1)
        return;
    if (eta_ms <= latest(&j->points[next])) {
        s->expected = false;
        if (s->slot && !s->early)
            sheet_end(in->sheet, &s->slot, in->at_ms);
        return;
    }
    if (progress_eta(&s->progress, along_m, rule_value(in->plan, &rule_schedule_deviation, SPARED)) <= latest(&j->points[next]) ||
        (s->slot && !s->early))
        return;
    if (!s->expected) {
        s->expected = true;
        s->expected_ms = in->at_ms;
        memcpy(s->first, in->entry->id, sizeof s->first);
    }
    if (in->at_ms - s->expected_ms < rule_ms(in->plan, &rule_schedule_deviation, CONFIRMS))
        return;
    sheet_end(in->sheet, &s->slot, in->at_ms);
    raise(s, in, s->expected_ms, false);
    sheet_evidence(in->sheet, s->slot, s->first);
    tell_expected(s, in, &j->points[next], eta_ms);
}

static void step(void *state, const struct rule_input *in)
{
    struct schedule *s = state;
    struct progress_pass before[JOURNEY_POINTS_MAX];
    if (!in->entry) {
        fire(s, in);
        return;
    }
    for (size_t i = 0; i < in->position->n_fixes; i++) {
        memcpy(before, passes_of(s), in->plan->journey->n_points * sizeof *before);
        progress_step(&s->progress, in->plan, &in->position->fix[i], passes_of(s));
        note_passes(s, in, before);
        predict(s, in);
    }
}

/* A millisecond after: it may be passed at that very moment. */
static int64_t due(const void *state, const struct plan *plan)
{
    const struct schedule *s = state;
    size_t next = next_of(s, plan->journey);
    return next == plan->journey->n_points || s->missed == next + 1 ? RULE_NO_TIMER : latest(&plan->journey->points[next]) + 1;
}

const struct rule rule_schedule_deviation = {
    .kind = ALARM_SCHEDULE_DEVIATION, .scope = RULE_OF_VEHICLE, .parameters = parameters, .size = size, .step = step, .due = due};
