/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/clock.h"

#define BILLION INT64_C(1000000000)
#define DAY_MS  INT64_C(86400000)

#define AWAY_MAX 100000 /* a thermometer that says more than 100 degrees away is broken */

const struct bulla_crystal bulla_crystal_usual = {32768, 25000, 35};

void bulla_clock_init(struct bulla_clock *clock, uint32_t counter)
{
    *clock = (struct bulla_clock){.base_ms = BULLA_TIME_NONE, .counter = counter};
}

void bulla_clock_lose(struct bulla_clock *clock, uint32_t counter)
{
    int32_t rate = clock->rate_ppb;
    uint32_t violations = clock->violations;
    bulla_clock_init(clock, counter);
    clock->rate_ppb = rate;
    clock->violations = violations;
}

static int64_t slow_ppb(const struct bulla_crystal *crystal, int32_t celsius_milli)
{
    if (celsius_milli == BULLA_NO_TEMPERATURE)
        return 0;
    int64_t away = (int64_t)celsius_milli - crystal->turnover_milli;
    if (away < 0)
        away = -away;
    if (away > AWAY_MAX)
        away = AWAY_MAX;
    return away * away / 1000 * crystal->parabola_ppb / 1000;
}

void bulla_clock_tick(struct bulla_clock *clock, const struct bulla_crystal *crystal, uint32_t counter, int32_t celsius_milli)
{
    uint32_t ticks = counter - clock->counter;
    uint64_t scaled = (uint64_t)ticks * (uint64_t)BILLION + clock->fraction;
    int64_t ns = (int64_t)(scaled / crystal->hz);
    clock->counter = counter;
    clock->fraction = (uint32_t)(scaled % crystal->hz);
    int64_t slow = clock->rate_ppb + slow_ppb(crystal, celsius_milli);
    /* Whole seconds and the rest apart: seconds times parts in 10^9 are nanoseconds, and nothing overflows. */
    int64_t rest = ns % BILLION * slow + clock->carry;
    clock->carry = rest % BILLION;
    clock->elapsed_ns += ns + ns / BILLION * slow + rest / BILLION;
}

int64_t bulla_clock_now(const struct bulla_clock *clock)
{
    return clock->base_ms == BULLA_TIME_NONE ? BULLA_TIME_NONE : clock->base_ms + clock->elapsed_ns / 1000000;
}

int64_t bulla_clock_bound(const struct bulla_clock *clock)
{
    if (clock->base_ms == BULLA_TIME_NONE)
        return INT64_MAX;
    int64_t elapsed_s = clock->elapsed_ns / BILLION;
    return clock->precision_ms + (elapsed_s * BULLA_CLOCK_DAILY_MS + DAY_MS / 1000 - 1) / (DAY_MS / 1000);
}

/* What the comparison says of the crystal. Beyond what a crystal can be wrong by, somebody set a wrong time: nothing to learn. */
static bool learn(struct bulla_clock *clock, const struct bulla_calibration *c)
{
    int64_t most_ms = c->elapsed_ms / (BILLION / BULLA_CLOCK_RATE_MAX);
    if (c->elapsed_ms < BULLA_CLOCK_LEARN_MS || c->error_ms > most_ms || c->error_ms < -most_ms)
        return false;
    int64_t rate = clock->rate_ppb - c->error_ms * BILLION / c->elapsed_ms;
    if (rate > BULLA_CLOCK_RATE_MAX || rate < -BULLA_CLOCK_RATE_MAX)
        return false;
    clock->rate_ppb = (int32_t)rate;
    return true;
}

struct bulla_calibration bulla_clock_calibrate(struct bulla_clock *clock, int64_t true_ms, uint32_t precision_ms)
{
    struct bulla_calibration c = {.first = clock->base_ms == BULLA_TIME_NONE};
    if (!c.first) {
        c.elapsed_ms = clock->elapsed_ns / 1000000;
        c.error_ms = bulla_clock_now(clock) - true_ms;
        int64_t allowed = bulla_clock_bound(clock) + precision_ms;
        c.violated = c.error_ms > allowed || c.error_ms < -allowed;
        clock->violations += c.violated && clock->violations < UINT32_MAX;
        c.learned = learn(clock, &c);
    }
    clock->base_ms = true_ms;
    clock->elapsed_ns = 0;
    clock->carry = 0;
    clock->fraction = 0;
    clock->precision_ms = precision_ms;
    return c;
}
