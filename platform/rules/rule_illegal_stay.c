/* SPDX-License-Identifier: Apache-2.0
 *
 * The vehicle has been standing too long where it should not: surely outside of origin, destination and every permitted
 * stop. What standing is, is in stay.h. The stay ends when it moves on.
 */
#include <string.h>

#include "platform/rules/rule.h"

struct unplanned {
    sheet_slot slot;
    int64_t found_ms;
    int64_t until_ms;
};

static const struct rule_parameter parameters[] = {{"limit", "min", 20, "stay_minutes"}, {NULL, NULL, 0, NULL}};

static bool surely_elsewhere(const struct plan *plan, double lat, double lon, double accuracy_m)
{
    const struct journey *j = plan->journey;
    if (plan->has_origin && geometry_place_side(&plan->origin, lat, lon, accuracy_m) != SURELY_OUTSIDE)
        return false;
    if (plan->has_destination && geometry_place_side(&plan->destination, lat, lon, accuracy_m) != SURELY_OUTSIDE)
        return false;
    for (size_t i = 0; i < j->n_stops; i++)
        if (geometry_place_side(&j->stops[i], lat, lon, accuracy_m) != SURELY_OUTSIDE)
            return false;
    return true;
}

/* Arrived by a checkpoint's word, at a destination that has no place. */
static bool arrived(const struct plan *plan, int64_t at_ms)
{
    int64_t arrived_ms = plan->journey->arrived_at_ms;
    return !plan->has_destination && arrived_ms != BULLA_TIME_NONE && at_ms >= arrived_ms;
}

static void step(void *state, const struct rule_input *in)
{
    struct unplanned *s = state;
    if (!in->entry || in->position->n_fixes == 0 || in->plan->stay_ms < 0)
        return;
    const struct stay *stay = in->stay;
    if (s->slot && (stay->n == 0 || stay_since(stay) > s->found_ms))
        sheet_end(in->sheet, &s->slot, s->until_ms);
    s->until_ms = stay->n ? stay_until(stay) : s->until_ms;
    if (s->slot || !stay_holds(stay, in->at_ms, in->plan->stay_ms + 1, 0) || arrived(in->plan, in->at_ms))
        return;
    double lat, lon, accuracy_m;
    stay_place(stay, &lat, &lon, &accuracy_m);
    if (!surely_elsewhere(in->plan, lat, lon, accuracy_m))
        return;
    char span[RULE_SPAN_TEXT];
    s->found_ms = in->at_ms;
    s->slot = rule_raise(in, ALARM_ILLEGAL_STAY, stay_since(stay));
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (!d)
        return;
    d->n_evidence = 0;
    sheet_evidence(in->sheet, s->slot, stay->sample[0].id);
    sheet_evidence(in->sheet, s->slot, in->entry->id);
    sheet_position(in->sheet, s->slot, lat, lon);
    sheet_why(in->sheet, s->slot, "Standing for %s (limit %lld min) at %.5f, %.5f, outside every permitted place, %u fixes",
              rule_span(span, in->at_ms - stay_since(stay)), (long long)(in->plan->stay_ms / PLAN_MINUTE_MS), lat, lon, stay->n_fixes);
}

const struct rule rule_illegal_stay = {
    .kind = ALARM_ILLEGAL_STAY, .scope = RULE_OF_VEHICLE, .parameters = parameters, .state_size = sizeof(struct unplanned), .step = step};
