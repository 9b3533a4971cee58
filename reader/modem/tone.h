/* SPDX-License-Identifier: Apache-2.0
 *
 * Correlation with a tone over any stretch of a frame. Phases are in turns, frequencies in turns a sample, places in samples
 * and fractions of them.
 */
#ifndef MODEM_TONE_H
#define MODEM_TONE_H

#include <math.h>

#include "reader/modem/kernel.h"

/* A stretch of what was received, parts apart. There are MODEM_TONE samples of nothing behind it. */
struct modem_region {
    const float *re, *im;
    size_t n;
    double work_hz;
    const struct modem_kernels *kernels;
};

struct modem_tones { /* two tones, each for 0 to MODEM_TONE samples */
    double high, low;
    float table[2][MODEM_TONE + 1][2 * MODEM_TONE];
};

void modem_tones_set(struct modem_tones *tones, double high, double low);

/* Sums over the samples in [from, to) with the high tone and the low one, either of phase zero at `from`. False, and nothing:
 * these lie not all in the region. */
int modem_tones_over(const struct modem_region *region, const struct modem_tones *tones, double from, double to, struct modem_sum sums[2]);

struct modem_line {
    double at_0, slope;
};

/* The straight line through values[n] at 0, 1, 2 ...; n is 2 at least. */
struct modem_line modem_line_through(const double *values, size_t n);

#define MODEM_TURN_STEPS 2048
extern struct modem_sum modem_turns[MODEM_TURN_STEPS];
void modem_turns_fill(void); /* before the first turn; every receiver does */

/* e^(2 pi i turns), to 0.002; up to 65,000 turns either way. */
static inline struct modem_sum modem_turn(double turns)
{
    return modem_turns[(uint64_t)(int64_t)((turns + 65536) * MODEM_TURN_STEPS + 0.5) % MODEM_TURN_STEPS];
}

static inline struct modem_sum modem_times(struct modem_sum a, struct modem_sum b)
{
    return (struct modem_sum){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static inline struct modem_sum modem_plus(struct modem_sum a, struct modem_sum b)
{
    return (struct modem_sum){a.re + b.re, a.im + b.im};
}

static inline float modem_square(struct modem_sum a)
{
    return a.re * a.re + a.im * a.im;
}

/* -0.5 to 0.5 turns. */
static inline double modem_angle(struct modem_sum a)
{
    return atan2f(a.im, a.re) * (0.5 / M_PI);
}

static inline double modem_wrapped(double turns)
{
    return turns - rint(turns);
}

#endif
