/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds where a preamble may be, by its structure: cycles (iso433: 20 of 60 us), so that what comes a cycle later is the same,
 * turned by the carrier's offset. The sum of x[n] conj(x[n - a cycle]) over a preamble, against the energy there, is compared
 * with what noise would reach once in hours. Energy alone triggers nothing; a level needs no time to settle.
 */
#ifndef MODEM_DETECT_H
#define MODEM_DETECT_H

#include <stdbool.h>

#include "reader/modem/kernel.h"

#define MODEM_DETECT_WINDOW_MAX 288 /* blocks of a preamble, less one cycle */
#define MODEM_DETECT_BLOCKS_MAX 1024

struct modem_preamble { /* what is looked for */
    double cycle_s;
    unsigned repeated; /* cycles that have one before them */
    float certainty;   /* noise is above with the probability exp(-this), a window */
    double band_hz;    /* what the channel filter leaves of noise */
    float least_reach; /* of |sum| over energy: what random data reach at times is not looked at */
};

struct modem_candidate {
    uint64_t at;    /* where the preamble may begin, in samples since the begin; a hundred microseconds off, or two */
    float strength; /* |sum|^2 */
};

struct modem_detector {
    const struct modem_kernels *kernels;
    size_t lag, window;     /* samples, blocks */
    float threshold;        /* of |sum|^2 over energy^2 */
    uint64_t n_blocks;      /* seen so far */
    int64_t re, im, energy; /* over the window */
    float floor;            /* power of a sample where there is nothing but noise, about: the least of late */
    bool above;
    struct modem_candidate best; /* while above */
    uint64_t best_block;
    int32_t history[3][MODEM_DETECT_WINDOW_MAX + MODEM_DETECT_BLOCKS_MAX];
};

void modem_detector_begin(struct modem_detector *detector, const struct modem_preamble *preamble, double work_hz,
                          const struct modem_kernels *kernels);

/* Looks at n_blocks (at most MODEM_DETECT_BLOCKS_MAX) more; x has what comes, and `lag` samples before it. Returns how many
 * candidates there were, at most `most`, in the order of time. */
size_t modem_detector_feed(struct modem_detector *detector, const int16_t *x, size_t n_blocks, struct modem_candidate *found, size_t most);

/* The candidate that is still growing, if there is one. */
bool modem_detector_end(struct modem_detector *detector, struct modem_candidate *found);

#endif
