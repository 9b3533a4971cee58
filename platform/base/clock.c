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

struct clock clock_system(void)
{
    return (struct clock){system_now, 0};
}
