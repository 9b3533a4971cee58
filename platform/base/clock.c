/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/base/clock.h"

#include <time.h>

static int64_t system_now(void *host)
{
    (void)host;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t steady_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t paced_now(void *host)
{
    const struct clock_pace *pace = host;
    return pace->from_ms + (int64_t)((double)(steady_us() - pace->began_us) / 1000 * pace->speed);
}

struct clock clock_paced(struct clock_pace *pace, int64_t from_ms, double speed)
{
    *pace = (struct clock_pace){.from_ms = from_ms, .began_us = steady_us(), .speed = speed};
    return (struct clock){paced_now, pace};
}

struct clock clock_system(void)
{
    return (struct clock){system_now, 0};
}
