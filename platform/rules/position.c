/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/position.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "platform/rules/zones.h"

#define CLOCK_STEP_S 1.0 /* devices tell whole seconds */
#define EVERYDAY     0.6 /* of the highest speed */
#define LATE_MS      (5 * PLAN_MINUTE_MS)
#define PROMPT_MS    PLAN_MINUTE_MS
#define EARLY_MS     INT64_C(15000)
#define REPEATED_MS  (10 * PLAN_MINUTE_MS)
#define BACK_M       300.0 /* one place, as far as a parked receiver wanders */

void position_init(struct position *position)
{
    memset(position, 0, sizeof *position);
    position->last.at_ms = position->before.at_ms = BULLA_TIME_NONE;
}

/* Of two messages with a wrong clock, which may have come in one burst, the clock's own difference counts. */
static double elapsed_s(const struct position_point *a, const struct position_point *b)
{
    double seconds = fabs((double)(b->at_ms - a->first_ms)) / 1000.0;
    if (a->device_ms == BULLA_TIME_NONE || b->device_ms == BULLA_TIME_NONE)
        return seconds;
    return fmax(seconds, fabs((double)(b->device_ms - a->device_ms)) / 1000.0);
}

static double size_m(const struct position_point *p)
{
    return p->cell && p->accuracy_m < POSITION_CELL_M ? POSITION_CELL_M : p->accuracy_m;
}

/* Whether the vehicle can have gone from a to b at that part of its highest speed, both accuracies granted. */
static bool reachable_at(const struct plan *plan, const struct position_point *a, const struct position_point *b, double part)
{
    double seconds = elapsed_s(a, b) + CLOCK_STEP_S;
    double reach = part * plan->speed_max_ms * seconds + size_m(a) + size_m(b);
    double lat1 = a->lat_e7 / 1e7, lon1 = a->lon_e7 / 1e7, lat2 = b->lat_e7 / 1e7, lon2 = b->lon_e7 / 1e7;
    double rough = geometry_rough(lat1, lon1, lat2, lon2);
    if (rough < 10000 || rough < reach * 0.99)
        return rough <= reach;
    return geometry_distance(lat1, lon1, lat2, lon2) <= reach;
}

bool position_reachable(const struct plan *plan, const struct position_point *a, const struct position_point *b)
{
    return reachable_at(plan, a, b, 1);
}

static enum geometry_side side_of(bool has, const struct place *place, const struct fix *f)
{
    return has ? geometry_place_side(place, f->lat, f->lon, f->accuracy_m) : SURELY_OUTSIDE;
}

static void locate_stops(const struct journey *j, struct fix *f)
{
    f->stop = -1;
    for (size_t i = 0; i < j->n_stops; i++) {
        enum geometry_side side = side_of(true, &j->stops[i], f);
        f->near_place |= side != SURELY_OUTSIDE;
        if (side == SURELY_INSIDE && f->stop < 0)
            f->stop = (int16_t)i;
    }
    f->dead_minutes = -1;
    for (size_t i = 0; i < j->n_dead_zones; i++)
        if (f->dead_minutes < 0 && side_of(true, &j->dead_zones[i], f) != SURELY_OUTSIDE)
            f->dead_minutes = j->dead_zones[i].max_minutes;
}

static void locate_zones(const struct plan *plan, struct fix *f)
{
    struct zones_at at = zones_at(plan, f->lat, f->lon, f->accuracy_m);
    f->near_zones = at.near;
    f->in_zones = at.in;
    f->near_place |= (at.near & (ZONES_TO_STAND | ZONE_BIT(APPROACH) | ZONE_BIT(SEA_LEG))) != 0;
    if (f->dead_minutes < 0 && (at.near & ZONES_SILENT))
        f->dead_minutes = zones_find(plan, ZONES_SILENT, true, f->lat, f->lon, f->accuracy_m)->place.max_minutes;
}

static void locate(const struct plan *plan, const struct position_point *p, size_t seal, struct fix *f)
{
    *f =
        (struct fix){.at_ms = p->at_ms, .lat = p->lat_e7 / 1e7, .lon = p->lon_e7 / 1e7, .accuracy_m = p->accuracy_m, .seal = (uint8_t)seal};
    memcpy(f->id, p->id, sizeof f->id);
    f->cell = p->cell;
    f->moving = p->moving;
    f->repeated = p->repeated;
    f->origin = (uint8_t)side_of(plan->has_origin, &plan->origin, f);
    f->destination = (uint8_t)side_of(plan->has_destination, &plan->destination, f);
    f->near_place = f->origin != SURELY_OUTSIDE || f->destination != SURELY_OUTSIDE;
    locate_stops(plan->journey, f);
    locate_zones(plan, f);
    f->in_place = f->origin == SURELY_INSIDE || f->destination == SURELY_INSIDE || f->stop >= 0 || (f->in_zones & ZONES_TO_STAND);
    f->off_route_m = plan->line ? geometry_line_distance(plan->line, f->lat, f->lon) : -1;
}

static void give_up_aside(struct position *position, struct position_news *news)
{
    for (uint32_t i = 0; i < position->n_aside; i++)
        news->wild[news->n_wild++] = position->aside[i];
    position->n_aside = 0;
}

static void believe(struct position *position, const struct plan *plan, const struct position_point *p, size_t seal,
                    struct position_news *news)
{
    if (!p->repeated)
        position->before = position->last;
    position->last = *p;
    locate(plan, p, seal, &news->fix[news->n_fixes++]);
}

/* Three fixes agree with each other and not with what was believed before. Where they agree with the fix before that, at an
 * everyday speed, or there was none, the believed one was itself the wild one. */
static void confirm(struct position *position, const struct plan *plan, size_t seal, struct position_news *news)
{
    if (position->before.at_ms == BULLA_TIME_NONE || reachable_at(plan, &position->before, &position->aside[0], EVERYDAY)) {
        news->wild[news->n_wild++] = position->last;
    } else {
        bool by_arrival = (position->last.device_ms == BULLA_TIME_NONE) != (position->aside[0].device_ms == BULLA_TIME_NONE);
        news->jumped = !by_arrival; /* of one that is dated by its arrival nobody knows how long it took */
        news->from = position->last;
    }
    uint32_t n = position->n_aside;
    position->n_aside = 0;
    for (uint32_t i = 0; i < n; i++)
        believe(position, plan, &position->aside[i], seal, news);
}

static bool same_place(const struct position_point *a, const struct position_point *b)
{
    return a->lat_e7 == b->lat_e7 && a->lon_e7 == b->lon_e7;
}

static void note_repeated(const struct position_point *before, struct position_point *p)
{
    if (before->at_ms == BULLA_TIME_NONE || !same_place(before, p))
        return;
    p->first_ms = before->first_ms > p->at_ms - REPEATED_MS ? before->first_ms : p->at_ms - REPEATED_MS;
    p->repeated = before->first_ms >= p->at_ms - REPEATED_MS;
}

static void set_aside(struct position *position, const struct plan *plan, const struct position_point *p, size_t seal,
                      struct position_news *news)
{
    if (position->n_aside && !position_reachable(plan, &position->aside[position->n_aside - 1], p))
        give_up_aside(position, news);
    position->aside[position->n_aside++] = *p;
    if (position->n_aside == POSITION_CHAIN)
        confirm(position, plan, seal, news);
}

/* With time any place can be reached: a fix that goes on from those set aside, and not from what is believed, is of theirs. */
static bool agrees_aside(const struct position *position, const struct plan *plan, const struct position_point *p)
{
    return position->n_aside && !p->cell && reachable_at(plan, &position->aside[position->n_aside - 1], p, EVERYDAY) &&
           !reachable_at(plan, &position->last, p, EVERYDAY);
}

/* With n_aside: what was set aside, said again, agrees with nothing; nor does time make it a place that was reached. */
static bool repeats_aside(const struct position *position, const struct position_point *p)
{
    const struct position_point *newest = &position->aside[position->n_aside - 1];
    return same_place(newest, p) && p->at_ms - newest->at_ms < REPEATED_MS;
}

/* Where it was before a single fix that it cannot have come from: that one was the wild one. */
static bool is_back(const struct position *position, const struct position_point *p)
{
    const struct position_point *before = &position->before;
    if (position->n_aside || before->at_ms == BULLA_TIME_NONE || p->cell || before->cell)
        return false;
    return geometry_rough(before->lat_e7 / 1e7, before->lon_e7 / 1e7, p->lat_e7 / 1e7, p->lon_e7 / 1e7) <=
           BACK_M + before->accuracy_m + p->accuracy_m;
}

static void come_back(struct position *position, const struct plan *plan, const struct position_point *p, size_t seal,
                      struct position_news *news)
{
    news->wild[news->n_wild++] = position->last;
    position->last = position->before;
    believe(position, plan, p, seal, news);
}

void position_step(struct position *position, const struct plan *plan, const struct entry *e, struct position_news *news)
{
    size_t seal = e->seal < plan->journey->n_seals ? e->seal : 0; /* a vessel speaks for the first */
    news->n_fixes = news->n_wild = 0;
    news->jumped = false;
    if (!(e->flags & ENTRY_FIX) || (e->flags & ENTRY_UNPLACED))
        return;
    struct position_point p = {.at_ms = e->at_ms,
                               .first_ms = e->at_ms,
                               .device_ms = e->flags & ENTRY_CLOCK_WRONG ? e->device_ms : BULLA_TIME_NONE,
                               .lat_e7 = e->lat_e7,
                               .lon_e7 = e->lon_e7,
                               .accuracy_m = e->accuracy_m,
                               .moving = (e->flags & ENTRY_MOVING) || e->speed_cmh == ENTRY_NO_SPEED,
                               .cell = entry_unsized(e)};
    memcpy(p.id, e->id, sizeof p.id);
    p.undated = (e->flags & ENTRY_CLOCK_WRONG) || (!(e->flags & ENTRY_STORED) && e->received_ms - e->at_ms > LATE_MS);
    p.prompt =
        !(e->flags & (ENTRY_STORED | ENTRY_CLOCK_WRONG)) && e->received_ms - e->at_ms <= PROMPT_MS && e->at_ms - e->received_ms <= EARLY_MS;
    note_repeated(&position->last, &p);
    if (position->n_aside && repeats_aside(position, &p))
        return;
    if (position->last.at_ms != BULLA_TIME_NONE && position->last.undated && !p.undated && position->n_aside == 0 &&
        position->before.at_ms != BULLA_TIME_NONE && !position_reachable(plan, &position->last, &p)) {
        come_back(position, plan, &p, seal, news); /* that one was at another time */
        return;
    }
    if (position->last.at_ms != BULLA_TIME_NONE && is_back(position, &p) && !position_reachable(plan, &position->last, &p)) {
        come_back(position, plan, &p, seal, news);
        return;
    }
    if (position->last.at_ms != BULLA_TIME_NONE && (!position_reachable(plan, &position->last, &p) || agrees_aside(position, plan, &p))) {
        set_aside(position, plan, &p, seal, news);
        return;
    }
    give_up_aside(position, news);
    believe(position, plan, &p, seal, news);
}
