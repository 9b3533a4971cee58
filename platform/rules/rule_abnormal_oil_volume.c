/* SPDX-License-Identifier: Apache-2.0
 *
 * A tank loses more than waves, temperature, slope and its own engine explain (tank.h). Silent where it may be filled or
 * emptied: origin, destination, zones of refuelling and handling; and while it is open under supervision. Two evaluations in
 * a row make an alarm; it is over when the level has stayed for 10 min.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/rules/rule.h"
#include "platform/rules/tank.h"
#include "platform/rules/zones.h"

#define TANKS        4    /* that a limit without a sensor watches; without any limit it is the first that is heard */
#define SLOPE        3000 /* thousandths of a degree */
#define ACCELERATION 300  /* thousandths of g */
#define COLDEST      (-60000)
#define HOTTEST      84000
#define QUIET_MS     (10 * PLAN_MINUTE_MS)
#define STANDING_MS  (2 * PLAN_MINUTE_MS)

struct watched {
    bool used;
    sheet_slot slot;
    uint32_t falling;       /* evaluations in a row */
    int32_t before, lowest; /* of the alarm */
    int64_t since_ms, quiet_ms;
    char sensor[sizeof((struct entry_sensor *)0)->id];
    char first[BULLA_ID_SIZE];
    struct tank tank;
};

enum parameter { FALL };

static const struct rule_parameter parameters[] = {
    {"fall", "%", TANK_FALL_PERCENT, NULL},     {"within", "min", 30, NULL, true},
    {"waves", "min", 10, NULL, true},           {"expansion", "1/K", TANK_EXPANSION, NULL, true},
    {"burns", "L/h", TANK_BURNS_L, NULL, true}, {"slope", "degrees", 3, NULL, true},
    {"acceleration", "g", 0.3, NULL, true},     {NULL, NULL, 0, NULL}};

static size_t tanks_of(const struct plan *plan)
{
    const struct journey *j = plan->journey;
    size_t n = 0;
    for (size_t i = 0; i < j->n_limits; i++)
        if (j->limits[i].kind == BULLA_SENSOR_OIL)
            n += j->limits[i].sensor[0] ? 1 : TANKS;
    return n ? n : 1;
}

static size_t size(const struct plan *plan)
{
    return tanks_of(plan) * sizeof(struct watched);
}

static struct watched *tank_of(struct watched *list, size_t n, const char *sensor)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].used && strcmp(list[i].sensor, sensor) == 0)
            return &list[i];
        if (list[i].used)
            continue;
        list[i].used = true;
        memcpy(list[i].sensor, sensor, sizeof list[i].sensor);
        return &list[i];
    }
    return NULL;
}

/* Whether it may be filled or emptied here and now. */
static bool excused(const struct rule_input *in)
{
    const struct lock_where *w = in->where;
    const struct plan *p = in->plan;
    if (in->held->state == LOCK_OPEN && in->held->authorised)
        return true;
    if (!w->known)
        return false;
    return (p->has_origin && geometry_place_side(&p->origin, w->lat, w->lon, w->accuracy_m) != SURELY_OUTSIDE) ||
           (p->has_destination && geometry_place_side(&p->destination, w->lat, w->lon, w->accuracy_m) != SURELY_OUTSIDE) ||
           (zones_at(p, w->lat, w->lon, w->accuracy_m).near & (ZONE_BIT(REFUELLING) | ZONE_BIT(HANDLING)));
}

/* On a slope, or while it brakes or turns, a level is not that of a vessel that stands. Some sensors of acceleration count
 * gravity in, and say about 1 g all the time. */
static bool leaning(const struct entry *e)
{
    for (size_t i = 0; i < e->n_sensors; i++) {
        int size = abs(e->sensors[i].milli);
        if (e->sensors[i].kind == BULLA_SENSOR_TILT && size > SLOPE)
            return true;
        if (e->sensors[i].kind == BULLA_SENSOR_ACCELERATION && size > ACCELERATION && size < 1000 - ACCELERATION)
            return true;
    }
    return false;
}

/* The temperature of the tank's own sensor, else of the device's or of the one that is called the cargo's; never that of any probe
 * in the air. What no oil has is a sensor that failed (-127 and 85 C are what a one-wire probe says then). */
static void take_temperature(struct watched *s, const struct entry *e)
{
    const struct entry_sensor *found = NULL;
    for (size_t i = 0; i < e->n_sensors; i++) {
        const struct entry_sensor *t = &e->sensors[i];
        bool own = strcmp(t->id, s->sensor) == 0, shared = !t->id[0] || strcmp(t->id, "cargo") == 0;
        if (t->kind == BULLA_SENSOR_TEMPERATURE && t->milli > COLDEST && t->milli < HOTTEST && (own || (shared && !found)))
            found = t;
        if (found && own)
            break;
    }
    if (found)
        tank_warm(&s->tank, found->milli);
}

static void tell(struct watched *s, const struct rule_input *in, const struct tank_fall *fall)
{
    char span[RULE_SPAN_TEXT];
    s->lowest = fall->now;
    double lost = (double)s->before - fall->now;
    sheet_why(in->sheet, s->slot, "%s%s fell by %.0f L (%.1f %%) to %.0f L within %s, net of waves and temperature",
              s->sensor[0] ? "Tank " : "The tank", s->sensor, lost / 1000, s->before > 0 ? 100 * lost / s->before : 0, fall->now / 1000.0,
              rule_span(span, in->at_ms - s->since_ms));
}

static void fell(struct watched *s, const struct rule_input *in, const struct tank_fall *fall)
{
    s->quiet_ms = 0;
    if (s->slot) {
        if ((double)s->lowest - fall->now > s->before * 0.002) /* not at every value: each is a change that is told */
            tell(s, in, fall);
        return;
    }
    if (s->falling++ == 0) {
        s->since_ms = fall->since_ms;
        s->before = fall->before;
        memcpy(s->first, in->entry->id, sizeof s->first);
        return;
    }
    s->slot = rule_raise(in, ALARM_ABNORMAL_OIL_VOLUME, fall->onset_ms);
    sheet_evidence(in->sheet, s->slot, s->first);
    tell(s, in, fall);
}

static void take(struct watched *s, const struct rule_input *in, int32_t milli)
{
    struct tank_fall fall = {0};
    bool driving = in->where->known && !stay_holds(in->stay, in->at_ms, STANDING_MS, INT64_MAX);
    take_temperature(s, in->entry);
    if (tank_step(&s->tank, in->at_ms, milli, driving, rule_value(in->plan, &rule_abnormal_oil_volume, FALL), &fall)) {
        fell(s, in, &fall);
        return;
    }
    s->falling = 0;
    s->quiet_ms = s->quiet_ms ? s->quiet_ms : in->at_ms;
    if (s->slot && in->at_ms - s->quiet_ms >= QUIET_MS)
        sheet_end(in->sheet, &s->slot, s->quiet_ms);
}

static void step(void *state, const struct rule_input *in)
{
    struct watched *list = state;
    const struct entry *e = in->entry;
    size_t n = e && e->n_sensors ? tanks_of(in->plan) : 0;
    for (size_t i = 0; n && i < e->n_sensors; i++) {
        const struct entry_sensor *level = &e->sensors[i];
        struct watched *s = level->kind == BULLA_SENSOR_OIL && level->milli >= 0 ? tank_of(list, n, level->id) : NULL;
        if (!s)
            continue;
        if (excused(in)) {
            tank_forget(&s->tank);
            sheet_end(in->sheet, &s->slot, in->at_ms);
            s->falling = 0;
        } else if (!leaning(e) && !entry_is(e, BULLA_EVENT_SENSOR_FAULT)) {
            take(s, in, level->milli);
        }
    }
}

const struct rule rule_abnormal_oil_volume = {
    .kind = ALARM_ABNORMAL_OIL_VOLUME, .scope = RULE_OF_SEAL, .parameters = parameters, .size = size, .step = step};
