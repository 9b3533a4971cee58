/* SPDX-License-Identifier: Apache-2.0
 *
 * A clock is calibrated and runs for a day. For bulla/clock.h bulla/time.h
 *
 * prints: 2026-03-01T08:00:00Z, wrong by at most 2010 ms
 */
#include <bulla/clock.h>
#include <stdio.h>

int main(void)
{
    struct bulla_clock clock;
    char text[BULLA_TIME_TEXT];
    uint32_t hz = bulla_crystal_usual.hz, counter = 0;
    bulla_clock_init(&clock, counter);
    bulla_clock_calibrate(&clock, bulla_time_get("2026-02-28T08:00:00Z"), 10);
    for (unsigned hour = 0; hour < 24; hour++)
        bulla_clock_tick(&clock, &bulla_crystal_usual, counter += 3600 * hz, 25000);
    bulla_time_put(text, bulla_clock_now(&clock));
    printf("%s, wrong by at most %lld ms\n", text, (long long)bulla_clock_bound(&clock));
    return 0;
}
