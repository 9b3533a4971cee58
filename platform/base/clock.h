/* SPDX-License-Identifier: Apache-2.0
 *
 * The clock as an argument: whoever needs the time is given one.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*now_ms)(void *host); /* since 1970-01-01T00:00:00Z */
    void *host;
};

/* The machine's clock. */
struct clock clock_system(void);

static inline int64_t clock_now(const struct clock *clock)
{
    return clock->now_ms(clock->host);
}

#endif
