/* SPDX-License-Identifier: Apache-2.0
 *
 * The vehicle left its corridor: surely outside in at least two consecutive fixes that span at least 2 min. A fix that is
 * not sure changes nothing; neither does one that may lie in origin, destination, a permitted stop or a zone that one may
 * drive to, nor one of a leg by vessel or rail, nor one that only repeats the last. The fixes of one seal make a run: another
 * seal of the journey, on another vehicle by now, does not end it. A forbidden zone is off every route: two fixes surely
 * inside it are enough.
 */
#include <math.h>
#include <string.h>

#include "platform/rules/rule.h"
#include "platform/rules/zones.h"

#define CLEAR_FIXES 2
#define OTHERS_MS   (30 * PLAN_MINUTE_MS) /* a seal that has said nothing for so long leaves the run to the others */
#define CELL_M      20000.0               /* of unknown size: a mast in the country, or one that the data base has in the next town */
#define APART_M     150.0                 /* general rule 6 */

struct entered { /* a forbidden zone; behind the deviation in the state, where the journey has zones */
    sheet_slot slot;
    uint32_t inside, outside; /* fixes in a row */
    uint8_t seal;
    int64_t since_ms, outside_ms;
    double lat, lon;
    char first[BULLA_ID_SIZE];
};

struct deviation {
    sheet_slot slot;
    uint32_t outside, inside; /* fixes of the run; consecutive ones inside since the last outside */
    uint8_t seal;
    int64_t since_ms, last_ms, inside_ms, heard_ms;
    bool standing;              /* by the speed of the first */
    bool still;                 /* all of them are one place */
    bool doubted;               /* a fix before it was outside too, and elsewhere */
    double worst_m, accuracy_m; /* beyond the corridor, and how sure */
    double lat, lon;
    char first[BULLA_ID_SIZE];
};

enum { CORRIDOR, SPAN, FAR, LONG, EDGE, STANDING };
static const struct rule_parameter parameters[] = {{"corridor", "m", 500, "corridor_m"},
                                                   {"span", "min", 2, NULL},
                                                   {"far", "km", 5, NULL},
                                                   {"long", "min", 30, NULL},
                                                   {"edge", "m", 800, NULL},           /* so near, a reflection may do it, which */
                                                   {"edge_standing", "min", 20, NULL}, /* lasts minutes at a place */
                                                   {NULL, NULL, 0, NULL}};

static void tell(struct deviation *s, const struct rule_input *in)
{
    char beyond[RULE_SPAN_TEXT], span[RULE_SPAN_TEXT];
    sheet_why(in->sheet, s->slot, "Outside the %.0f m corridor by up to %s (accuracy %.0f m) for %s, %u fixes", in->plan->corridor_m,
              rule_distance(beyond, s->worst_m), s->accuracy_m, rule_span(span, s->last_ms - s->since_ms), s->outside);
}

static int grade_of(const struct deviation *s, const struct plan *plan)
{
    bool far = s->worst_m - s->accuracy_m > rule_value(plan, &rule_route_deviation, FAR) * 1000;
    return far || s->last_ms - s->since_ms > rule_ms(plan, &rule_route_deviation, LONG) ? 3 : 2;
}

static void raise(struct deviation *s, const struct rule_input *in, const struct fix *f)
{
    struct rule_input as_told = *in;
    as_told.seal = s->seal;
    s->slot = rule_raise(&as_told, ALARM_ROUTE_DEVIATION, s->since_ms);
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (!d)
        return;
    d->n_evidence = 0; /* the first fix outside tells the onset; what confirmed it comes after */
    sheet_evidence(in->sheet, s->slot, s->first);
    sheet_evidence(in->sheet, s->slot, f->id);
    sheet_position(in->sheet, s->slot, s->lat, s->lon);
    sheet_grade(in->sheet, s->slot, grade_of(s, in->plan));
    tell(s, in);
}

/* Two fixes of a vehicle that stands, by its own word, in two places: one of them is a reflection, or both. Not where both are further
 * off the corridor than reflections reach, and not as far from each other. */
static bool contradicts(const struct deviation *s, const struct rule_input *in, const struct fix *f)
{
    if (s->outside != 1 || s->slot || s->doubted || !s->standing || f->moving)
        return false;
    double apart_m = geometry_rough(s->lat, s->lon, f->lat, f->lon);
    double beyond_m = fmin(s->worst_m - s->accuracy_m, f->off_route_m - in->plan->corridor_m - f->accuracy_m);
    bool far = beyond_m > rule_value(in->plan, &rule_route_deviation, EDGE) && apart_m < beyond_m / 2;
    return !far && apart_m > APART_M + s->accuracy_m + f->accuracy_m;
}

/* So near to the corridor that a reflection may do it, which lasts for minutes at a place. */
static bool at_edge(const struct deviation *s, const struct plan *plan)
{
    return s->still && s->worst_m - s->accuracy_m < rule_value(plan, &rule_route_deviation, EDGE);
}

static bool elsewhere(const struct deviation *s, const struct fix *f)
{
    return geometry_rough(s->lat, s->lon, f->lat, f->lon) > APART_M + s->accuracy_m + f->accuracy_m;
}

static void note_outside(struct deviation *s, const struct rule_input *in, const struct fix *f)
{
    bool doubted = contradicts(s, in, f);
    /* What it said while it stood by the edge is no beginning of what it says on driving off. */
    bool stood = s->outside > 2 && s->last_ms - s->since_ms >= rule_ms(in->plan, &rule_route_deviation, SPAN);
    if (doubted || (stood && !s->slot && at_edge(s, in->plan) && elsewhere(s, f)))
        *s = (struct deviation){0};
    double beyond_m = f->off_route_m - in->plan->corridor_m;
    if (s->outside++ == 0) {
        *s = (struct deviation){.outside = 1,
                                .seal = f->seal,
                                .since_ms = f->at_ms,
                                .heard_ms = f->at_ms,
                                .standing = !f->moving,
                                .still = true,
                                .doubted = doubted,
                                .lat = f->lat,
                                .lon = f->lon};
        memcpy(s->first, f->id, sizeof s->first);
    }
    s->inside = 0;
    s->last_ms = f->at_ms;
    if (beyond_m > s->worst_m) {
        s->worst_m = beyond_m;
        s->accuracy_m = f->accuracy_m;
    }
    struct draft *d = sheet_open(in->sheet, s->slot);
    s->still &= !elsewhere(s, f);
    int64_t span_ms = rule_ms(in->plan, &rule_route_deviation, at_edge(s, in->plan) ? STANDING : SPAN);
    if (!d && s->outside >= 2 && s->last_ms - s->since_ms >= span_ms) {
        raise(s, in, f);
    } else if (d && grade_of(s, in->plan) > d->grade) {
        sheet_grade(in->sheet, s->slot, grade_of(s, in->plan));
        sheet_evidence(in->sheet, s->slot, f->id);
        tell(s, in);
    }
}

static void note_inside(struct deviation *s, const struct rule_input *in, const struct fix *f)
{
    if (!s->slot) {
        *s = (struct deviation){0};
        return;
    }
    if (s->inside++ == 0)
        s->inside_ms = f->at_ms;
    if (s->inside < CLEAR_FIXES)
        return;
    tell(s, in);
    sheet_end(in->sheet, &s->slot, s->inside_ms);
    *s = (struct deviation){0};
}

/* --- forbidden zones --- */

static void raise_entered(struct entered *s, const struct rule_input *in, const struct fix *f)
{
    struct rule_input as_told = *in;
    const struct zone *zone = zones_find(in->plan, ZONE_BIT(FORBIDDEN), false, f->lat, f->lon, f->accuracy_m);
    as_told.seal = s->seal;
    s->slot = rule_raise(&as_told, ALARM_ROUTE_DEVIATION, s->since_ms);
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (!d)
        return;
    d->n_evidence = 0;
    sheet_evidence(in->sheet, s->slot, s->first);
    sheet_evidence(in->sheet, s->slot, f->id);
    sheet_position(in->sheet, s->slot, s->lat, s->lon);
    sheet_why(in->sheet, s->slot, "Entered a forbidden zone%s%.80s", zone && zone->place.name[0] ? ": " : "", zone ? zone->place.name : "");
}

static void watch_entered(struct entered *s, const struct rule_input *in, const struct fix *f)
{
    if (f->in_zones & ZONE_BIT(FORBIDDEN)) {
        s->outside = 0;
        if (s->inside++ == 0) {
            s->seal = f->seal;
            s->since_ms = f->at_ms;
            s->lat = f->lat;
            s->lon = f->lon;
            memcpy(s->first, f->id, sizeof s->first);
        }
        if (!s->slot && s->inside == 2)
            raise_entered(s, in, f);
        const struct draft *d = sheet_open(in->sheet, s->slot);
        if (d && d->grade < 3 && f->at_ms - s->since_ms > rule_ms(in->plan, &rule_route_deviation, LONG))
            sheet_grade(in->sheet, s->slot, 3);
    } else if (!(f->near_zones & ZONE_BIT(FORBIDDEN))) {
        if (s->outside++ == 0)
            s->outside_ms = f->at_ms;
        if (s->slot && s->outside < CLEAR_FIXES)
            return;
        sheet_end(in->sheet, &s->slot, s->outside_ms);
        *s = (struct entered){0};
    }
}

/* --- --- */

static size_t size(const struct plan *plan)
{
    return sizeof(struct deviation) + (plan->journey->n_zones ? sizeof(struct entered) : 0);
}

/* Whether the fix belongs to the run: of its seal, or of one that takes over, if it is not known to be elsewhere. */
static bool belongs(struct deviation *s, const struct rule_input *in, const struct fix *f)
{
    if (s->outside == 0 || f->seal == s->seal) {
        s->heard_ms = f->at_ms;
        return true;
    }
    bool parted = (in->apart >> s->seal & 1) && (in->apart >> f->seal & 1) && !(in->gone >> s->seal & 1);
    if (f->at_ms - s->heard_ms <= OTHERS_MS || parted)
        return false;
    if (s->slot) {
        s->seal = f->seal;
        s->heard_ms = f->at_ms;
    } else {
        *s = (struct deviation){0};
    }
    return true;
}

static bool outside(const struct plan *plan, const struct fix *f)
{
    double least_m = f->cell && f->accuracy_m < CELL_M ? CELL_M : f->accuracy_m;
    return f->off_route_m - least_m > plan->corridor_m && !f->near_place;
}

static void step(void *state, const struct rule_input *in)
{
    struct deviation *s = state;
    struct entered *entered = (struct entered *)(void *)(s + 1);
    for (size_t i = 0; in->entry && i < in->position->n_fixes; i++) {
        const struct fix *f = &in->position->fix[i];
        if (in->plan->journey->n_zones)
            watch_entered(entered, in, f);
        if (!in->plan->line || plan_off_road(in->plan, f->at_ms) || f->repeated || !belongs(s, in, f))
            continue;
        if (outside(in->plan, f))
            note_outside(s, in, f);
        else if (f->in_place || f->off_route_m + f->accuracy_m < in->plan->corridor_m)
            note_inside(s, in, f);
    }
}

const struct rule rule_route_deviation = {
    .kind = ALARM_ROUTE_DEVIATION, .scope = RULE_OF_VEHICLE, .parameters = parameters, .size = size, .step = step};
