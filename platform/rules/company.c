/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/company.h"

#include <math.h>

#define FRESH_MS (10 * PLAN_MINUTE_MS)
#define CLOCK_S  60.0   /* two devices' clocks may differ by so much and be right */
#define LORRY_M  300.0  /* ends of a lorry with its trailer, in two streets of a yard */
#define TRAIN_M  1500.0 /* ends of a train or a ship */

void company_meet(struct company *company, const struct plan *plan, const struct position_point *mine, const struct position_point *theirs,
                  size_t other)
{
    if (theirs->at_ms == BULLA_TIME_NONE || mine->at_ms - theirs->at_ms > FRESH_MS || theirs->at_ms - mine->at_ms > FRESH_MS)
        return;
    double seconds = fabs((double)(mine->at_ms - theirs->at_ms)) / 1000 + CLOCK_S;
    double reach = plan->speed_max_ms * seconds + mine->accuracy_m + theirs->accuracy_m;
    reach += plan->journey->mode == JOURNEY_MODE_ROAD ? LORRY_M : TRAIN_M;
    double metres = geometry_rough(mine->lat_e7 / 1e7, mine->lon_e7 / 1e7, theirs->lat_e7 / 1e7, theirs->lon_e7 / 1e7);
    if (metres <= reach) {
        company->n_with++;
        return;
    }
    if (company->n_apart++ > 0 && metres <= company->metres)
        return;
    company->other = (uint8_t)other;
    company->metres = metres;
    company->theirs = *theirs;
}
