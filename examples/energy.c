/* SPDX-License-Identifier: Apache-2.0
 *
 * How long an active seal lasts at 20 C, and whether a journey of ten days is safe on half a battery. For bulla/energy.h
 *
 * prints: 93 days; enough for the journey: yes
 */
#include <bulla/energy.h>
#include <stdio.h>

int main(void)
{
    struct bulla_energy energy;
    struct bulla_fault fault;
    struct bulla_energy_conditions conditions = {.celsius = 20, .interval_s = 600};
    if (bulla_energy_predict(&bulla_duty_active, conditions, &energy, &fault) != BULLA_OK)
        return 1;
    struct bulla_margin margin = bulla_energy_margin(&energy, 50, 240, 20);
    printf("%u days; enough for the journey: %s\n", (unsigned)energy.days, margin.enough ? "yes" : "no");
    return 0;
}
