/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/company.h"

#include <math.h>

#define FRESH_MS (10 * PLAN_MINUTE_MS)
#define CLOCK_S  60.0   /* two devices' clocks may differ by so much and be right */
#define LORRY_M  300.0  /* ends of a lorry with its trailer, in two streets of a yard */
#define TRAIN_M  1500.0 /* ends of a train or a ship */

#define BETWEEN_MS (20 * PLAN_MINUTE_MS) /* two fixes between which a vehicle goes from the one to the other */
#define PROMPT_S   75.0                  /* the most by which two prompt fixes are dated wrong */
#define WALLS_M    700.0                 /* reflections of both receivers, beside the length of a lorry */
#define BEND       0.5                   /* a road between two fixes is so much longer than straight */
#define DRIVEN_MS  25.0                  /* metres a second, between two fixes of one place */

static double between(const struct position_point *a, const struct position_point *b)
{
    return geometry_rough(a->lat_e7 / 1e7, a->lon_e7 / 1e7, b->lat_e7 / 1e7, b->lon_e7 / 1e7);
}

static double length_m(const struct plan *plan)
{
    return plan->journey->mode == JOURNEY_MODE_ROAD ? LORRY_M : TRAIN_M;
}

static bool tells(const struct position_point *p)
{
    return p->at_ms != BULLA_TIME_NONE && p->prompt && !p->repeated && !p->cell;
}

/* The other's fix lies between two of this one, and not on the way from the one to the other. */
static bool is_away(const struct plan *plan, const struct position *mine, const struct position_point *theirs)
{
    const struct position_point *from = &mine->before, *to = &mine->last;
    if (!tells(from) || !tells(to) || !tells(theirs) || theirs->at_ms < from->at_ms || theirs->at_ms > to->at_ms ||
        to->at_ms - from->at_ms > BETWEEN_MS)
        return false;
    double way_m = between(from, to), seconds = fmax(1, (double)(to->at_ms - from->at_ms) / 1000);
    double accuracy_m = fmax(from->accuracy_m, to->accuracy_m) + theirs->accuracy_m;
    double more_m = between(from, theirs) + between(theirs, to) - way_m;
    double granted_m = 2 * (length_m(plan) + WALLS_M + accuracy_m + PROMPT_S * way_m / seconds) + BEND * way_m;
    return more_m > granted_m;
}

void company_meet(struct company *company, const struct plan *plan, const struct position *mine, const struct position *theirs,
                  size_t other, bool doubted)
{
    const struct position_point *here = &mine->last, *there = &theirs->last;
    if (here->at_ms == BULLA_TIME_NONE || there->at_ms == BULLA_TIME_NONE)
        return;
    double apart_ms = fabs((double)(here->at_ms - there->at_ms)), metres = between(here, there), near_m = length_m(plan);
    bool near = apart_ms <= FRESH_MS, fresh = near && !doubted;
    near_m += here->accuracy_m + there->accuracy_m;
    bool apart = fresh && metres > near_m + plan->speed_max_ms * (apart_ms / 1000 + CLOCK_S), away = is_away(plan, mine, there);
    if (fresh)
        *(apart ? &company->n_apart : &company->n_with) += 1;
    near &= !doubted || (here->prompt && there->prompt);
    bool off = apart || away, close = near && metres <= near_m + WALLS_M + DRIVEN_MS * apart_ms / 1000;
    company->undecided |= fresh && !off && !close;
    company->close |= (uint16_t)((!off && close) << other);
    if (!off || (company->off && metres <= company->metres)) {
        company->off |= (uint16_t)(off << other);
        return;
    }
    company->off |= (uint16_t)(1u << other);
    company->other = (uint8_t)other;
    company->metres = metres;
    company->theirs = *there;
    company->away = away;
}
