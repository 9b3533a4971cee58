/* SPDX-License-Identifier: Apache-2.0
 *
 * A cold chain: above -15 C for ten minutes is told. For bulla/sensor.h
 *
 * prints: above since 0 s, known at 600 s, furthest -9000
 */
#include <bulla/sensor.h>
#include <stdio.h>

int main(void)
{
    struct bulla_sensor_limit limit = {.sense = BULLA_SENSE_TEMPERATURE,
                                       .low = BULLA_NO_LOW,
                                       .high = -15000, /* thousandths of a degree */
                                       .hysteresis = 500,
                                       .for_ms = 600000,
                                       .calm_ms = 300000,
                                       .alert_ms = 60000};
    struct bulla_sensor_watch watch;
    struct bulla_sensor_step step;
    struct bulla_fault fault;
    if (bulla_sensor_check(&limit, &fault) != BULLA_OK)
        return 1;
    bulla_sensor_init(&watch);
    for (int64_t ms = 0; ms <= 900000; ms += 300000) {
        if (bulla_sensor_step(&limit, &watch, ms, ms == 300000 ? -9000 : -12000, &step) != BULLA_OK)
            return 1;
        for (unsigned i = 0; i < step.n; i++)
            printf("above since %lld s, known at %lld s, furthest %d\n", (long long)step.crossing[i].onset_ms / 1000,
                   (long long)step.crossing[i].time_ms / 1000, (int)step.crossing[i].extreme);
    }
    return 0;
}
