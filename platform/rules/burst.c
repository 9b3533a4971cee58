/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/burst.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "platform/rules/zones.h"

#define STANDING_MS (5 * PLAN_MINUTE_MS)
#define FRESH_MS    (60 * PLAN_MINUTE_MS)

/* The limit of that sensor in thousandths; negative: off. */
static double limit_of(const struct burst_kind *kind, const struct plan *plan, const char *sensor)
{
    const struct journey *j = plan->journey;
    double usual = rule_value(plan, kind->rule, BURST_LIMIT), limit = usual;
    if (plan->ruling->set[kind->alarm][BURST_LIMIT])
        return limit * 1000; /* a run goes before the journey */
    for (size_t i = 0; i < j->n_limits; i++) {
        const struct journey_limit *l = &j->limits[i];
        if (l->kind != kind->sensor || isnan(l->max) || (l->sensor[0] && strcmp(l->sensor, sensor) != 0))
            continue;
        limit = l->max == 0 ? usual : l->max;
        if (l->sensor[0])
            break; /* its own */
    }
    return limit * 1000;
}

static bool handled_here(const struct rule_input *in)
{
    const struct lock_where *w = in->where;
    if (!w->known)
        return false;
    const struct plan *p = in->plan;
    return (p->has_origin && geometry_place_side(&p->origin, w->lat, w->lon, w->accuracy_m) != SURELY_OUTSIDE) ||
           (p->has_destination && geometry_place_side(&p->destination, w->lat, w->lon, w->accuracy_m) != SURELY_OUTSIDE) ||
           (zones_at(p, w->lat, w->lon, w->accuracy_m).near & ZONE_BIT(HANDLING));
}

static bool on_the_road(const struct rule_input *in)
{
    return (in->entry->flags & ENTRY_MOVING) || !stay_holds(in->stay, in->at_ms, STANDING_MS, FRESH_MS);
}

/* The value furthest above its limit; NULL: none is. */
static const struct entry_sensor *worst_of(const struct burst_kind *kind, const struct rule_input *in, double *limit)
{
    const struct entry *e = in->entry;
    const struct entry_sensor *worst = NULL;
    for (size_t i = 0; i < e->n_sensors; i++) {
        const struct entry_sensor *s = &e->sensors[i];
        double here = s->kind == kind->sensor ? limit_of(kind, in->plan, s->id) : -1;
        if (here < 0 || fabs((double)s->milli) <= here || (worst && abs(s->milli) <= abs(worst->milli)))
            continue;
        worst = s;
        *limit = here;
    }
    return worst;
}

static void tell(const struct burst_kind *kind, struct burst *s, const struct rule_input *in, const struct entry_sensor *value,
                 double limit)
{
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (!d || (d->why[0] && (!value || abs(value->milli) <= s->peak)))
        return;
    if (!value) {
        sheet_why(in->sheet, s->slot, "The seal reported %s", kind->noun);
        return;
    }
    s->peak = abs(value->milli);
    sheet_why(in->sheet, s->slot, "Measured %s of %g %s%s%s (limit %g %s)", kind->noun, s->peak / 1000.0, kind->unit,
              value->id[0] ? " at " : "", value->id, limit / 1000, kind->unit);
}

void burst_step(const struct burst_kind *kind, struct burst *s, const struct rule_input *in)
{
    double limit = 0;
    if (s->slot && in->at_ms - s->last_ms > rule_ms(in->plan, kind->rule, BURST_PAUSE))
        sheet_end(in->sheet, &s->slot, s->last_ms);
    if (!in->entry || entry_is(in->entry, BULLA_EVENT_SENSOR_FAULT))
        return;
    const struct entry_sensor *value = worst_of(kind, in, &limit);
    bool said = (in->entry->events & kind->events) && !(kind->road && !on_the_road(in));
    int grade = kind->grade ? kind->grade(in) : alarm_kind_grade(kind->alarm);
    if (!(value || said) || grade == 0 || (kind->work && handled_here(in)))
        return;
    s->last_ms = in->at_ms;
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (d) {
        d->count++;
        sheet_evidence(in->sheet, s->slot, in->entry->id);
    } else {
        s->peak = 0;
        s->slot = rule_raise(in, kind->alarm, in->at_ms);
        sheet_grade(in->sheet, s->slot, grade);
        d = sheet_open(in->sheet, s->slot);
    }
    if (d && grade > d->grade)
        sheet_grade(in->sheet, s->slot, grade);
    tell(kind, s, in, value, limit);
}
