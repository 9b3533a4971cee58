/* SPDX-License-Identifier: Apache-2.0
 *
 * The clock as an argument: whoever needs the time is given one.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock {
    int64_t (*now_ms)(void *host); /* since 1970-01-01T00:00:00Z */
    void *host;
};

/* The machine's clock. */
struct clock clock_system(void);

/* A clock for training and for simulated months: it begins at from_ms and runs `speed` times as fast as the machine's, never
 * back. `pace` must outlive it. */
struct clock_pace {
    int64_t from_ms, began_us;
    double speed;
};
struct clock clock_paced(struct clock_pace *pace, int64_t from_ms, double speed);

static inline int64_t clock_now(const struct clock *clock)
{
    return clock->now_ms(clock->host);
}

/* Whether a time has come that was set at most `most_ms` ahead: also when the clock was set back since. */
static inline bool clock_due(int64_t due_ms, int64_t now_ms, int64_t most_ms)
{
    return now_ms >= due_ms || due_ms - now_ms > most_ms;
}

#endif
