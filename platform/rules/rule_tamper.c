/* SPDX-License-Identifier: Apache-2.0
 *
 * Vibration, impact, fall, tilt or light at a seal whose vehicle stands still: on the road they are the road. Silent
 * where goods are handled (origin, destination, zones of handling), where it is not sure that the vehicle stands elsewhere, and
 * while the seal is open by somebody's leave. Vibration alone is a door of the cab or the engine being started: it takes two
 * reports of it within a burst, and one of a device that was woken by its motion sensor is half a report. Damage that somebody
 * saw is tampering wherever it is.
 */
#include <string.h>

#include "platform/rules/rule.h"
#include "platform/rules/zones.h"

#define SHAKEN          4
#define SHAKEN_FRESH_MS (10 * PLAN_MINUTE_MS)
#define BIT(name)       BULLA_EVENT_BIT(BULLA_EVENT_##name)
#define TAMPER_EVENTS   (BIT(VIBRATION) | BIT(IMPACT) | BIT(FALL) | BIT(TILT) | BIT(LIGHT))

struct tamper {
    sheet_slot slot;
    uint32_t shaken, reports; /* halves of them, and how many, from first_ms on */
    int64_t last_ms, first_ms;
    char first[BULLA_ID_SIZE];
};

enum { BURST, STANDING, FRESH };
static const struct rule_parameter parameters[] = {
    {"burst", "min", 10, NULL}, {"standing", "min", 5, NULL}, {"fix_not_older", "min", 60, NULL}, {NULL, NULL, 0, NULL}};

static const char *what(uint64_t events)
{
    static const enum bulla_event order[] = {BULLA_EVENT_IMPACT, BULLA_EVENT_FALL, BULLA_EVENT_TILT, BULLA_EVENT_LIGHT};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (events & BULLA_EVENT_BIT(order[i]))
            return bulla_event_text(order[i]);
    return "vibration";
}

static bool standing_elsewhere(const struct rule_input *in)
{
    /* A message that has no good fix of its own may be the first of the road: its speed is enough of a hint then. */
    if ((in->entry->flags & ENTRY_MOVING) ||
        !stay_holds(in->stay, in->at_ms, rule_ms(in->plan, &rule_tamper, STANDING), rule_ms(in->plan, &rule_tamper, FRESH)))
        return false;
    double lat, lon, accuracy_m;
    stay_place(in->stay, &lat, &lon, &accuracy_m);
    const struct plan *p = in->plan;
    return !(p->has_origin && geometry_place_side(&p->origin, lat, lon, accuracy_m) != SURELY_OUTSIDE) &&
           !(p->has_destination && geometry_place_side(&p->destination, lat, lon, accuracy_m) != SURELY_OUTSIDE) &&
           !(zones_at(p, lat, lon, accuracy_m).near & ZONE_BIT(HANDLING));
}

static void raise(struct tamper *s, const struct rule_input *in, bool again)
{
    char span[RULE_SPAN_TEXT], said[RULE_SAID_TEXT];
    s->slot = rule_raise(in, ALARM_TAMPER, again ? s->first_ms : in->at_ms);
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (!d)
        return;
    d->count = again ? s->reports : 1;
    if (again)
        sheet_evidence(in->sheet, s->slot, s->first);
    if (entry_damage(in->entry) == DAMAGE_SEEN)
        sheet_why(in->sheet, s->slot, "Damage was seen. %s", rule_said(said, in->entry, BULLA_EVENT_DAMAGE_SEEN));
    else
        sheet_why(in->sheet, s->slot, "The seal reported %s%s while the vehicle had been standing for %s", what(in->entry->events),
                  again ? " again" : "", rule_span(span, in->at_ms - stay_since(in->stay)));
    s->shaken = s->reports = 0;
}

static void shake(struct tamper *s, const struct rule_input *in)
{
    if (!stay_holds(in->stay, in->at_ms, rule_ms(in->plan, &rule_tamper, STANDING), SHAKEN_FRESH_MS))
        return; /* it may be on the road since, under no sky */
    if (s->reports++ == 0) {
        s->first_ms = in->at_ms;
        memcpy(s->first, in->entry->id, sizeof s->first);
    }
    s->shaken += entry_is(in->entry, BULLA_EVENT_WAKE) ? 1 : 2;
    if (s->shaken >= SHAKEN)
        raise(s, in, true);
}

static void step(void *state, const struct rule_input *in)
{
    struct tamper *s = state;
    if (s->slot && in->at_ms - s->last_ms > rule_ms(in->plan, &rule_tamper, BURST))
        sheet_end(in->sheet, &s->slot, s->last_ms);
    if (s->reports && in->at_ms - s->first_ms > rule_ms(in->plan, &rule_tamper, BURST))
        s->shaken = s->reports = 0;
    bool seen = in->entry && entry_damage(in->entry) == DAMAGE_SEEN;
    bool felt = in->entry && (in->entry->events & TAMPER_EVENTS) && !in->lock->open_by_leave && standing_elsewhere(in);
    if (!seen && !felt)
        return;
    s->last_ms = in->at_ms;
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (d) {
        d->count++;
        sheet_evidence(in->sheet, s->slot, in->entry->id);
    } else if (seen || (in->entry->events & TAMPER_EVENTS & ~BIT(VIBRATION))) {
        raise(s, in, false);
    } else {
        shake(s, in);
    }
}

const struct rule rule_tamper = {
    .kind = ALARM_TAMPER, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct tamper), .step = step};
