/* SPDX-License-Identifier: Apache-2.0
 *
 * The vehicle stands in a permitted stop, or a zone to stand in, longer than that allows. One without a limit allows any stay.
 */
#include "platform/rules/rule.h"
#include "platform/rules/zones.h"

struct overtime {
    sheet_slot slot;
    int64_t found_ms;
    int64_t until_ms;
};

static const struct rule_parameter parameters[] = {{"limit", "min", 0, "stops[].max_minutes", .fixed = true}, {NULL, NULL, 0, NULL}};

static const struct place *stop_of(const struct plan *plan, double lat, double lon, double accuracy_m)
{
    const struct journey *j = plan->journey;
    const struct place *longest = NULL; /* stops that overlap: the kinder limit */
    for (size_t i = 0; i < j->n_stops; i++) {
        const struct place *p = &j->stops[i];
        if (geometry_place_side(p, lat, lon, accuracy_m) != SURELY_INSIDE)
            continue;
        if (p->max_minutes == 0)
            return NULL;
        if (!longest || p->max_minutes > longest->max_minutes)
            longest = p;
    }
    const struct zone *zone = zones_find(plan, ZONES_TO_STAND, false, lat, lon, accuracy_m);
    if (!zone || (longest && zone->place.max_minutes != 0 && zone->place.max_minutes < longest->max_minutes))
        return longest;
    return zone->place.max_minutes == 0 ? NULL : &zone->place;
}

static void step(void *state, const struct rule_input *in)
{
    struct overtime *s = state;
    const struct stay *stay = in->stay;
    if (!in->entry || in->position->n_fixes == 0)
        return;
    if (s->slot && (stay->n == 0 || stay_since(stay) > s->found_ms))
        sheet_end(in->sheet, &s->slot, s->until_ms);
    s->until_ms = stay->n ? stay_until(stay) : s->until_ms;
    if (s->slot || !stay_holds(stay, in->at_ms, 1, 0))
        return;
    double lat, lon, accuracy_m;
    stay_place(stay, &lat, &lon, &accuracy_m);
    const struct place *stop = stop_of(in->plan, lat, lon, accuracy_m);
    int64_t limit_ms = stop ? stop->max_minutes * PLAN_MINUTE_MS : 0;
    if (!stop || in->at_ms - stay_since(stay) <= limit_ms)
        return;
    char span[RULE_SPAN_TEXT];
    s->found_ms = in->at_ms;
    s->slot = rule_raise(in, ALARM_OVERTIME_STAY, stay_since(stay) + limit_ms);
    sheet_evidence(in->sheet, s->slot, stay->sample[0].id);
    sheet_position(in->sheet, s->slot, lat, lon);
    sheet_why(in->sheet, s->slot, "Standing for %s in the stop %s, which allows %d min", rule_span(span, in->at_ms - stay_since(stay)),
              stop->name[0] ? stop->name : "without a name", (int)stop->max_minutes);
}

const struct rule rule_overtime_stay = {
    .kind = ALARM_OVERTIME_STAY, .scope = RULE_OF_VEHICLE, .parameters = parameters, .state_size = sizeof(struct overtime), .step = step};
