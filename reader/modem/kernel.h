/* SPDX-License-Identifier: Apache-2.0
 *
 * The few loops in which a receiver spends its time, as a table of functions: one row for each kind of processor, chosen
 * when a receiver starts (modem_kernels_best()). The integer ones give the same bits on every row.
 *
 * Samples on their way to the filter lie in pairs: I0 I1 Q0 Q1, I2 I3 Q2 Q3 ...; behind it one by one: I0 Q0 I1 Q1.
 */
#ifndef MODEM_KERNEL_H
#define MODEM_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#define MODEM_SCALE 4096 /* full scale of what a filter takes and gives */
#define MODEM_BLOCK 8    /* samples whose lag products are summed up at once */
#define MODEM_TONE  16   /* samples of one tone that are correlated at once */

struct modem_filter {
    unsigned decimation;    /* one sample out for so many in */
    unsigned n;             /* taps of either phase, a multiple of 8 */
    const int16_t *taps[2]; /* in pairs, each twice: h0 h1 h0 h1 h2 h3 h2 h3; [1] for outputs that begin at an odd sample */
};

struct modem_lag { /* sums over a block, an array each: x[n] conj(x[n - lag]), and |x[n]|^2 */
    int32_t *re, *im, *energy;
};

struct modem_sum {
    float re, im;
};

struct modem_steps {               /* what a carrier that is switched does at many places at once (reader/modem/keyed_gate.c) */
    const float *sum_re, *sum_im;  /* of what changes */
    const float *re, *im, *square; /* sums of all samples before a place */
    size_t reach;                  /* places to where it ends */
    float each, most;              /* one over so many samples; what is compared with */
};

struct modem_kernels {
    const char *name;
    /* n bytes (a multiple of 32), each of them ^ flip, * 32, - bias[0] (I) or bias[1] (Q). */
    void (*pairs)(int16_t *to, const uint8_t *from, size_t n, uint8_t flip, const int16_t bias[2]);
    /* n outputs (a multiple of 4) from `from`, which has n * decimation + taps + 1 samples. */
    void (*filter)(const struct modem_filter *filter, const int16_t *from, int16_t *to, size_t n);
    void (*lag)(const int16_t *x, size_t lag, size_t n_blocks, const struct modem_lag *to);
    void (*split)(float *re, float *im, const int16_t *from, size_t n); /* samples become floats, parts apart */
    /* The sum of a conj(b) over n samples. */
    struct modem_sum (*correlate)(const float *a_re, const float *a_im, const float *b_re, const float *b_im, size_t n);
    /* The same over MODEM_TONE samples with two tones at once. A tone is MODEM_TONE real and as many imaginary parts. */
    void (*tones)(const float *re, const float *im, const float *one, const float *two, struct modem_sum sums[2]);
    /* Two half bits against each other at n places in the sums c, then doubled so many times: places[1] is one half bit, places[2] two,
     * places[3] the next double ... In a there is room for places[2 + doublings] - places[2] more. */
    void (*ladder)(float *a, const float *c, const size_t *places, size_t doublings, size_t n);
    /* |what changes|^2 less `most` times the energy of all that does not stay the same, at n places. */
    void (*steps)(const struct modem_steps *steps, float *over, size_t n);
};

extern const struct modem_kernels modem_kernels_plain;
#if defined(__x86_64__)
extern const struct modem_kernels modem_kernels_sse2, modem_kernels_avx2, modem_kernels_avx512;
#elif defined(__aarch64__)
extern const struct modem_kernels modem_kernels_neon;
#endif

/* The fastest that this processor can run; or the one of that name (NULL: none here). */
const struct modem_kernels *modem_kernels_best(void);
const struct modem_kernels *modem_kernels_named(const char *name);

#endif
