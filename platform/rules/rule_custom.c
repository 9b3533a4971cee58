/* SPDX-License-Identifier: Apache-2.0
 *
 * The alarms that officers defined (model/definition.h), each judged by itself: its conditions hold for its minutes, known to do so
 * at both ends; it is over when they surely hold no more, and cannot come again before its rest is over. A version of a definition
 * judges nothing from before it was switched on.
 */
#include <string.h>

#include "platform/rules/custom.h"
#include "platform/rules/rule.h"

struct custom_one {
    sheet_slot slot;
    bool holding;
    int64_t since_ms, rests_ms; /* rests_ms: no sooner than that again */
    int64_t due_ms;
    char id[BULLA_ID_SIZE]; /* the message since which it holds; "" : a timer */
};

struct custom {
    struct custom_seen seen;
    struct custom_one each[];
};

static const struct rule_parameter parameters[] = {{NULL, NULL, 0, NULL}};

static size_t size(const struct plan *plan)
{
    size_t n = plan->ruling->n;
    return n ? sizeof(struct custom) + n * sizeof(struct custom_one) : 0;
}

static void raise(struct custom_one *one, const struct definition *d, const struct custom_moment *m, const struct rule_input *in)
{
    char found[ALARM_WHY_SIZE];
    custom_tell(d, m, found, sizeof found);
    one->slot = rule_raise_of(in, ALARM_CUSTOM, d->id, one->since_ms);
    sheet_evidence(in->sheet, one->slot, one->id);
    sheet_grade(in->sheet, one->slot, d->grade);
    sheet_why(in->sheet, one->slot, "%s: %s", d->name, found);
}

static void hold(struct custom_one *one, const struct definition *d, const struct custom_moment *m, const struct rule_input *in)
{
    if (!one->holding) {
        one->holding = true;
        one->since_ms = in->at_ms;
        memcpy(one->id, in->entry ? in->entry->id : "", in->entry ? sizeof one->id : 1);
    }
    if (!one->slot && in->at_ms - one->since_ms >= d->for_minutes * PLAN_MINUTE_MS && in->at_ms >= one->rests_ms)
        raise(one, d, m, in);
}

static void let_go(struct custom_one *one, const struct definition *d, const struct rule_input *in)
{
    one->holding = false;
    if (!one->slot)
        return;
    sheet_end(in->sheet, &one->slot, in->at_ms);
    one->rests_ms = in->at_ms + d->cooldown_minutes * PLAN_MINUTE_MS;
}

static int64_t next_of(const struct custom_one *one, const struct definition *d, const struct custom_moment *m)
{
    int64_t next_ms = custom_next(d, m);
    if (one->holding && !one->slot) {
        int64_t for_ms = one->since_ms + d->for_minutes * PLAN_MINUTE_MS;
        for_ms = for_ms > one->rests_ms ? for_ms : one->rests_ms;
        next_ms = for_ms > m->at_ms && for_ms < next_ms ? for_ms : next_ms;
    }
    return next_ms;
}

static void judge(struct custom_one *one, const struct definition *d, const struct custom_moment *m, const struct rule_input *in)
{
    switch (custom_holds(d, m)) {
    case TRUTH_YES:
        hold(one, d, m, in);
        break;
    case TRUTH_NO:
        let_go(one, d, in);
        break;
    case TRUTH_UNKNOWN:
        break;
    }
    one->due_ms = next_of(one, d, m);
}

static void step(void *state, const struct rule_input *in)
{
    struct custom *s = state;
    const struct ruling *ruling = in->plan->ruling;
    custom_see(&s->seen, in->plan, in->entry, in->position);
    struct custom_moment m = {.plan = in->plan, .seen = &s->seen, .stay = in->stay, .entry = in->entry, .at_ms = in->at_ms};
    for (size_t i = 0; i < ruling->n; i++) {
        const struct definition *d = &ruling->definitions[i];
        bool due = in->entry || s->each[i].due_ms <= in->at_ms;
        if (due && in->at_ms >= d->since_ms)
            judge(&s->each[i], d, &m, in);
        else if (due)
            s->each[i].due_ms = d->since_ms;
    }
}

static int64_t due(const void *state, const struct plan *plan)
{
    const struct custom *s = state;
    int64_t next_ms = RULE_NO_TIMER;
    for (size_t i = 0; i < plan->ruling->n; i++) {
        int64_t one_ms = s->each[i].due_ms; /* 0: not judged yet */
        if (one_ms == 0)
            one_ms = plan->ruling->definitions[i].since_ms > plan->start_ms ? plan->ruling->definitions[i].since_ms : plan->start_ms;
        next_ms = one_ms < next_ms ? one_ms : next_ms;
    }
    return next_ms;
}

const struct rule rule_custom = {
    .kind = ALARM_CUSTOM, .scope = RULE_OF_SEAL, .parameters = parameters, .size = size, .step = step, .due = due};

/* --- definitions that come and go --- */

void rule_custom_move(void *to, const struct plan *into, const void *from, const struct plan *out_of)
{
    struct custom *fresh = to;
    const struct custom *old = from;
    if (!size(into) || !size(out_of))
        return;
    fresh->seen = old->seen;
    for (size_t i = 0; i < into->ruling->n; i++)
        for (size_t k = 0; k < out_of->ruling->n; k++)
            if (strcmp(into->ruling->definitions[i].id, out_of->ruling->definitions[k].id) == 0 &&
                into->ruling->definitions[i].since_ms == out_of->ruling->definitions[k].since_ms)
                fresh->each[i] = old->each[k];
}
