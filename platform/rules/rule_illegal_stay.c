/* SPDX-License-Identifier: Apache-2.0
 *
 * The vehicle has been standing too long where it should not: surely outside of origin, destination, every permitted stop
 * and every zone to stand in. In a border strip it may not stand for long. What standing is, is in stay.h. The stay ends
 * when it moves on.
 */
#include <string.h>

#include "platform/rules/rule.h"
#include "platform/rules/zones.h"

#define STRIP_MINUTES 5

struct unplanned {
    sheet_slot slot;
    int64_t found_ms;
    int64_t until_ms;
};

enum parameter { LIMIT, IN_STRIP };

static const struct rule_parameter parameters[] = {
    {"limit", "min", 20, "stay_minutes"}, {"limit_in_border_strip", "min", STRIP_MINUTES, "zones[].max_minutes"}, {NULL, NULL, 0, NULL}};

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
    return !(zones_at(plan, lat, lon, accuracy_m).near & (ZONES_TO_STAND | ZONE_BIT(SEA_LEG)));
}

static int64_t limit_at(const struct plan *plan, double lat, double lon, double accuracy_m, const struct zone **strip)
{
    *strip = zones_find(plan, ZONE_BIT(BORDER_STRIP), false, lat, lon, accuracy_m);
    if (!*strip)
        return plan->stay_ms;
    bool own = (*strip)->place.max_minutes && !plan->ruling->set[ALARM_ILLEGAL_STAY][IN_STRIP];
    int64_t limit_ms = own ? (*strip)->place.max_minutes * PLAN_MINUTE_MS : rule_ms(plan, &rule_illegal_stay, IN_STRIP);
    return limit_ms < plan->stay_ms ? limit_ms : plan->stay_ms;
}

/* Arrived by a checkpoint's word, at a destination that has no place. */
static bool arrived(const struct plan *plan, int64_t at_ms)
{
    int64_t arrived_ms = plan->journey->arrived_at_ms;
    return !plan->has_destination && arrived_ms != BULLA_TIME_NONE && at_ms >= arrived_ms;
}

static void tell(struct unplanned *s, const struct rule_input *in, int64_t limit_ms, const struct zone *strip, double lat, double lon)
{
    const struct stay *stay = in->stay;
    char span[RULE_SPAN_TEXT];
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (!d)
        return;
    d->n_evidence = 0;
    sheet_evidence(in->sheet, s->slot, stay->sample[0].id);
    sheet_evidence(in->sheet, s->slot, in->entry->id);
    sheet_position(in->sheet, s->slot, lat, lon);
    sheet_why(in->sheet, s->slot, "Standing for %s (limit %lld min) at %.5f, %.5f, %s%.40s, %u fixes",
              rule_span(span, in->at_ms - stay_since(stay)), (long long)(limit_ms / PLAN_MINUTE_MS), lat, lon,
              strip ? "in the border strip " : "outside every permitted place", strip ? strip->place.name : "", stay->n_fixes);
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
    if (s->slot || !stay_holds(stay, in->at_ms, 1, 0) || arrived(in->plan, in->at_ms) || plan_off_road(in->plan, in->at_ms))
        return;
    double lat, lon, accuracy_m;
    const struct zone *strip = NULL;
    stay_place(stay, &lat, &lon, &accuracy_m);
    int64_t limit_ms = limit_at(in->plan, lat, lon, accuracy_m, &strip);
    if (!stay_holds(stay, in->at_ms, limit_ms + 1, 0) || !surely_elsewhere(in->plan, lat, lon, accuracy_m))
        return;
    s->found_ms = in->at_ms;
    s->slot = rule_raise(in, ALARM_ILLEGAL_STAY, stay_since(stay));
    tell(s, in, limit_ms, strip, lat, lon);
}

const struct rule rule_illegal_stay = {
    .kind = ALARM_ILLEGAL_STAY, .scope = RULE_OF_VEHICLE, .parameters = parameters, .state_size = sizeof(struct unplanned), .step = step};
