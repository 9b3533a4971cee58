/* SPDX-License-Identifier: Apache-2.0
 *
 * A seal reports each ten minutes; it wakes late once. For bulla/schedule.h
 *
 * prints: report at 600 s, next at 1200 s
 * prints: report at 1850 s, next at 2400 s, 1 slept through
 */
#include <bulla/schedule.h>
#include <stdio.h>

int main(void)
{
    struct bulla_schedule schedule;
    struct bulla_settings settings;
    struct bulla_pace pace = {false, false, false};
    bulla_settings_init(&settings);
    bulla_schedule_init(&schedule, 0);
    for (uint64_t ms = 600000; ms <= 1850000; ms += 1250000) {
        struct bulla_due due = bulla_schedule_step(&schedule, &settings, pace, ms);
        printf("report at %llu s, next at %llu s", (unsigned long long)ms / 1000, (unsigned long long)due.next_ms / 1000);
        printf(due.slept ? ", %u slept through\n" : "\n", (unsigned)due.slept);
    }
    return 0;
}
