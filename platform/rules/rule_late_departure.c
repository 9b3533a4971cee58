/* SPDX-License-Identifier: Apache-2.0
 *
 * The vehicle is not surely outside of its origin at `depart_by`. A fix that is not sure changes nothing.
 */
#include <string.h>

#include "platform/rules/rule.h"

struct departure {
    sheet_slot slot;
    bool out, fired, seen;
    int64_t seen_ms;
    char last[BULLA_ID_SIZE]; /* the fix that said so */
};

static const struct rule_parameter parameters[] = {{"depart_by", "time", 0, "depart_by", .fixed = true}, {NULL, NULL, 0, NULL}};

static bool arrived(const struct journey *j)
{
    return j->arrived_at_ms != BULLA_TIME_NONE && j->arrived_at_ms <= j->depart_by_ms;
}

static void fire(struct departure *s, const struct rule_input *in)
{
    char by[BULLA_TIME_TEXT], seen[BULLA_TIME_TEXT];
    s->fired = true;
    if (s->out || arrived(in->plan->journey))
        return;
    bulla_time_put(by, in->at_ms);
    s->slot = rule_raise(in, ALARM_LATE_DEPARTURE, in->at_ms);
    sheet_evidence(in->sheet, s->slot, s->last);
    if (s->seen) {
        bulla_time_put(seen, s->seen_ms);
        sheet_why(in->sheet, s->slot, "Not surely outside the origin at %s; the last sure fix, of %s, was inside it", by, seen);
    } else {
        sheet_why(in->sheet, s->slot, "Not surely outside the origin at %s; no sure fix since sealing", by);
    }
}

static void step(void *state, const struct rule_input *in)
{
    struct departure *s = state;
    if (!in->entry) {
        fire(s, in);
        return;
    }
    for (size_t i = 0; i < in->position->n_fixes; i++) {
        const struct fix *f = &in->position->fix[i];
        if (f->origin == UNSURE || f->cell)
            continue;
        s->out = f->origin == SURELY_OUTSIDE;
        s->seen = true;
        s->seen_ms = f->at_ms;
        memcpy(s->last, f->id, sizeof s->last);
        if (s->out)
            sheet_end(in->sheet, &s->slot, f->at_ms);
    }
}

static int64_t due(const void *state, const struct plan *plan)
{
    const struct departure *s = state;
    int64_t by = plan->journey->depart_by_ms;
    return s->fired || by == BULLA_TIME_NONE || !plan->has_origin ? RULE_NO_TIMER : by;
}

const struct rule rule_late_departure = {.kind = ALARM_LATE_DEPARTURE,
                                         .scope = RULE_OF_VEHICLE,
                                         .parameters = parameters,
                                         .state_size = sizeof(struct departure),
                                         .step = step,
                                         .due = due};
