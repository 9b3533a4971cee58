/* SPDX-License-Identifier: Apache-2.0
 *
 * The seal's clock: a counter of a crystal's oscillations, made into a date by calibration.
 *
 * GB/T 23678 asks for an error below 2 s a day (5.1.2), which is 23 parts in a million. A tuning-fork crystal is
 * that good at room temperature alone: away from its turnover it is slow by its parabola, 144 ppm at -40 degrees.
 * So whoever ticks the clock tells the temperature, as far as it is known, and each calibration after the first one
 * tells how wrong the crystal itself is; both are corrected from then on.
 *
 * The counter has 32 bits and wraps (at 32768 Hz after 36 hours): the clock is to be ticked at least once within
 * each turn. A clock that was never set, or lost its counter with the power, says so: its time is BULLA_TIME_NONE.
 *
 * A calibration compares before it sets. More than 2 s a day, beside the precision of the reference, is a violation:
 * it is counted, for such a seal wants repair. How wrong the clock may be by now is `bound`: precision and 2 s for
 * each day; a bound above its limit is what makes the clock no longer good.
 */
#ifndef BULLA_CLOCK_H
#define BULLA_CLOCK_H

#include "bulla/api.h"
#include "bulla/time.h"

BULLA_BEGIN

#define BULLA_CLOCK_DAILY_MS 2000
#define BULLA_CLOCK_RATE_MAX INT32_C(500000)   /* parts in 10^9: a crystal that is further off is broken, not to be corrected */
#define BULLA_CLOCK_LEARN_MS INT64_C(21600000) /* a shorter time says too little about the crystal */

#define BULLA_NO_TEMPERATURE INT32_MIN

struct bulla_crystal {
    uint32_t hz;
    int32_t turnover_milli; /* thousandths of a degree C */
    uint32_t parabola_ppb;  /* how much slower for each square degree away from it, parts in 10^9 */
};

/* 32768 Hz, 25 degrees, 35 in 10^9: the usual values of tuning-fork crystals. */
extern const struct bulla_crystal bulla_crystal_usual;

struct bulla_clock {
    int64_t base_ms;       /* the date at calibration; BULLA_TIME_NONE: not set */
    int64_t elapsed_ns;    /* since then, corrected */
    int64_t carry;         /* of the correction: parts of 10^-9 ns */
    uint32_t counter;      /* as last ticked */
    uint32_t fraction;     /* of a nanosecond: ticks * 10^9 modulo hz */
    int32_t rate_ppb;      /* what the crystal is slow by, as learned */
    uint32_t precision_ms; /* of the calibration */
    uint32_t violations;
};

struct bulla_calibration {
    bool first;       /* it was not set: nothing to compare */
    bool violated;    /* wrong by more than 2 s a day */
    bool learned;     /* the rate was corrected */
    int64_t error_ms; /* what it said, less what was true */
    int64_t elapsed_ms;
};

/* Not set; nothing learned. */
void bulla_clock_init(struct bulla_clock *clock, uint32_t counter);

/* The counter stopped or began anew: the date is lost, what was learned of the crystal is not. */
void bulla_clock_lose(struct bulla_clock *clock, uint32_t counter);

void bulla_clock_tick(struct bulla_clock *clock, const struct bulla_crystal *crystal, uint32_t counter, int32_t celsius_milli);

/* Sets it to `true_ms`, as of the last tick. `precision_ms`: how exact that is. */
struct bulla_calibration bulla_clock_calibrate(struct bulla_clock *clock, int64_t true_ms, uint32_t precision_ms);

/* The date at the last tick, or BULLA_TIME_NONE. */
int64_t bulla_clock_now(const struct bulla_clock *clock);

/* How many milliseconds it may be wrong; INT64_MAX when it is not set. */
int64_t bulla_clock_bound(const struct bulla_clock *clock);

static inline bool bulla_clock_good(const struct bulla_clock *clock, int64_t limit_ms)
{
    return bulla_clock_bound(clock) <= limit_ms;
}

BULLA_END

#endif
