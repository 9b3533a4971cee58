/* SPDX-License-Identifier: Apache-2.0
 *
 * The vehicle is not surely inside its destination at `arrive_by`. Silent when a checkpoint recorded the arrival by then.
 */
#include <string.h>

#include "platform/rules/rule.h"

struct timeout {
    sheet_slot slot;
    bool inside, fired, seen;
    uint32_t strays;
    int64_t seen_ms;
    double away_m;
    char last[BULLA_ID_SIZE];
};

static const struct rule_parameter parameters[] = {{"arrive_by", "time", 0, "arrive_by", .fixed = true}, {NULL, NULL, 0, NULL}};

static void fire(struct timeout *s, const struct rule_input *in)
{
    const struct journey *j = in->plan->journey;
    char by[BULLA_TIME_TEXT], seen[BULLA_TIME_TEXT], far[RULE_SPAN_TEXT];
    s->fired = true;
    if (s->inside || (j->arrived_at_ms != BULLA_TIME_NONE && j->arrived_at_ms <= in->at_ms))
        return;
    bulla_time_put(by, in->at_ms);
    s->slot = rule_raise(in, ALARM_JOURNEY_TIMEOUT, in->at_ms);
    sheet_evidence(in->sheet, s->slot, s->last);
    if (s->seen) {
        bulla_time_put(seen, s->seen_ms);
        sheet_why(in->sheet, s->slot, "Not surely inside the destination at %s; the last fix, of %s, was %s from it", by, seen,
                  rule_distance(far, s->away_m));
    } else {
        sheet_why(in->sheet, s->slot, "Not surely inside the destination at %s; no fix since sealing", by);
    }
    if (j->arrived_at_ms != BULLA_TIME_NONE)
        sheet_end(in->sheet, &s->slot, j->arrived_at_ms);
}

static void note(struct timeout *s, const struct rule_input *in, const struct fix *f)
{
    if (s->seen && (f->destination == UNSURE || f->cell))
        return;
    /* One fix outside of a vehicle that has arrived may be a reflection. */
    s->strays = f->destination == SURELY_INSIDE ? 0 : s->strays + !f->repeated;
    if (s->inside && s->strays == 1)
        return;
    s->inside = f->destination == SURELY_INSIDE;
    if (s->inside)
        sheet_end(in->sheet, &s->slot, f->at_ms);
    if (s->fired)
        return;
    const struct place *d = &in->plan->destination;
    double away_m = in->plan->has_destination ? geometry_rough(f->lat, f->lon, d->lat, d->lon) - d->radius_m : 0;
    s->seen = true;
    s->seen_ms = f->at_ms;
    s->away_m = away_m > 0 ? away_m : 0;
    memcpy(s->last, f->id, sizeof s->last);
}

static void step(void *state, const struct rule_input *in)
{
    struct timeout *s = state;
    if (!in->entry) {
        fire(s, in);
        return;
    }
    for (size_t i = 0; i < in->position->n_fixes; i++)
        note(s, in, &in->position->fix[i]);
    /* A message of a clock that lags stands earlier than it was: what counts is when it was heard. */
    bool unplaced = in->entry->flags & ENTRY_UNPLACED, in_time = in->entry->received_ms <= in->plan->journey->arrive_by_ms;
    if (unplaced && in_time && in->where->destination == SURELY_INSIDE)
        s->inside = true;
}

static int64_t due(const void *state, const struct plan *plan)
{
    const struct timeout *s = state;
    int64_t by = plan->journey->arrive_by_ms;
    return s->fired || by == BULLA_TIME_NONE ? RULE_NO_TIMER : by;
}

const struct rule rule_journey_timeout = {.kind = ALARM_JOURNEY_TIMEOUT,
                                          .scope = RULE_OF_VEHICLE,
                                          .parameters = parameters,
                                          .state_size = sizeof(struct timeout),
                                          .step = step,
                                          .due = due};
