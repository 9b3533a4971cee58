/* SPDX-License-Identifier: Apache-2.0
 *
 * The links whose carrier is switched (bulla/keyed.h): a reader's keyed carrier, and what a passive seal reflects of it, which
 * is a thousand times weaker than the carrier that it stands on.
 *
 *   bytes -> front (filter) -> track (the carrier's phase is taken off) -> find (preambles, of any rate) -> demod -> correct
 *
 * Both directions are one problem: every bit is a step between two levels in the middle of what is looked at. To a seal the
 * step is in the middle of a Manchester bit. From a seal it is where two bits meet: FM0 changes there always, so the last half of a
 * bit and the first half of the next one are opposites, and each such step can be decided for itself; what is best there needs no search
 * through states. A step does not see the carrier, however strong it is. A bit of FM0 is one when the steps before and behind it differ.
 */
#ifndef MODEM_KEYED_H
#define MODEM_KEYED_H

#include <stdbool.h>

#include "bulla/keyed.h"
#include "reader/modem/link.h"

enum modem_keyed_number { MODEM_KEYED_FHSS, MODEM_KEYED_NARROW915, MODEM_KEYED_N };

struct modem_keyed {
    enum bulla_keyed_link forward, back;
};

extern const struct modem_keyed modem_keyed_links[MODEM_KEYED_N]; /* by the number of their link */

struct modem_keyed_sum { /* over all samples before a place */
    double re, im, square;
};

/* ---- the carrier ---- */

#define MODEM_KEYED_DEEP_BPS 30000 /* F 9: the least rate of fhss with an index of 99 % */
#define MODEM_KEYED_SHALLOW  0.8   /* of the carrier while it is low, with an index of 11 % (1.94 dB) */

#define MODEM_KEYED_BLOCK_S 150e-6
#define MODEM_KEYED_LAG     4      /* samples: a carrier up to an eighth of the working rate off is found */
#define MODEM_KEYED_AROUND  4      /* blocks on either side by which its frequency is known */
#define MODEM_KEYED_KEPT    262144 /* samples: more than the longest frame */
#define MODEM_KEYED_MORE    16384

struct modem_keyed_block {
    double lag_re, lag_im, part_re, part_im;
};

struct modem_keyed_trace {
    double work_hz;
    size_t block; /* samples of one */
    /* what waits for the blocks behind it */
    float *re, *im;
    size_t n_raw;
    struct modem_keyed_block blocks[2 * MODEM_KEYED_AROUND + 1];
    size_t n_blocks;
    double phase, turns; /* turns: phase of the last block's middle; what the carrier turns a sample there */
    bool begun;
    /* what is known: sums[i] is over the first i samples that are kept; the first one of these is number `at` */
    struct modem_keyed_sum *sums;
    size_t n;
    uint64_t at;
    double last_turns; /* of the carrier a sample, at the end */
    float *carrier;    /* the same by block, in the order of time, so that a frame knows its own */
    size_t n_carrier;
};

/* False: no memory. */
bool modem_keyed_trace_open(struct modem_keyed_trace *trace, double work_hz);
void modem_keyed_trace_close(struct modem_keyed_trace *trace);
/* At most MODEM_KEYED_MORE samples. */
void modem_keyed_trace_feed(struct modem_keyed_trace *trace, const int16_t *x, size_t n);
void modem_keyed_trace_forget(struct modem_keyed_trace *trace, size_t n); /* the first n samples */

/* The sums up to a place, which is within. */
struct modem_keyed_sum modem_keyed_sum_to(const struct modem_keyed_trace *trace, double place);

/* ---- preambles ---- */

#define MODEM_KEYED_RATES_MAX 80
#define MODEM_KEYED_EDGES_MAX 40

struct modem_keyed_look { /* a preamble or its begin at one rate: where its level changes, in samples, and by how much */
    size_t n;
    uint16_t places[MODEM_KEYED_EDGES_MAX];
    int8_t weights[MODEM_KEYED_EDGES_MAX];
    double tilt;
};

struct modem_keyed_rate {
    double half; /* samples of a half bit */
    struct modem_keyed_look whole;
};

#define MODEM_KEYED_STRETCH     2048 /* samples in which preambles may begin, that are looked at at once */
#define MODEM_KEYED_FOUND_MAX   16   /* preambles in them */
#define MODEM_KEYED_GATE_ROOM   4096
#define MODEM_KEYED_GATE_LEVELS 3 /* all samples, every second one, every fourth one */

struct modem_keyed_gate {
    const struct modem_kernels *kernels;
    size_t n[MODEM_KEYED_GATE_LEVELS];
    float re[MODEM_KEYED_GATE_LEVELS][MODEM_KEYED_GATE_ROOM], im[MODEM_KEYED_GATE_LEVELS][MODEM_KEYED_GATE_ROOM];
    float square[MODEM_KEYED_GATE_LEVELS][MODEM_KEYED_GATE_ROOM];
    float sum_re[MODEM_KEYED_GATE_ROOM], sum_im[MODEM_KEYED_GATE_ROOM], over[MODEM_KEYED_GATE_ROOM];
};

/* Looks at n samples of the trace from there on, or as many as there is room for. */
void modem_keyed_gate_begin(struct modem_keyed_gate *gate, const struct modem_keyed_trace *trace, size_t from, size_t n);
/* Places among the first n at which a preamble may begin whose half bits are so long; returns how many. */
size_t modem_keyed_gate_run(struct modem_keyed_gate *gate, double half, bool from_seal, size_t n, float most, uint16_t *hits,
                            size_t most_hits);

struct modem_keyed_finder {
    enum bulla_keyed_link link;
    bool from_seal;
    size_t halves, lead, first_part; /* half bits of what is looked for, of it before the preamble, and without what follows the sync */
    double dependent;                /* samples that have the noise of one */
    size_t n_rates;
    struct modem_keyed_rate rates[MODEM_KEYED_RATES_MAX];
    struct modem_keyed_gate gate;
};

struct modem_keyed_sync {
    enum bulla_keyed_link link;
    double begin;  /* of the preamble, in the trace; from a seal of the sync, behind the quiet bits */
    double half;   /* samples of a half bit */
    double re, im; /* from the middle between both levels to the high one */
    float share;   /* of what changes there, that the preamble explains: 0 to 1 */
};

void modem_keyed_finder_begin(struct modem_keyed_finder *finder, enum bulla_keyed_link link, double work_hz,
                              const struct modem_kernels *kernels);
/* Samples that must be there behind a place at which a preamble is looked for. */
size_t modem_keyed_finder_needs(const struct modem_keyed_finder *finder);
/* Preambles that begin in n samples (at most MODEM_KEYED_STRETCH) from there on, the likeliest one in each part of them; returns how
 * many. What the finder needs must be there behind them, and 6 half bits before them. */
size_t modem_keyed_find(struct modem_keyed_finder *finder, const struct modem_keyed_trace *trace, size_t from, size_t n,
                        struct modem_keyed_sync syncs[MODEM_KEYED_FOUND_MAX]);

/* ---- bits ---- */

#define MODEM_KEYED_BITS_MAX (8 * BULLA_FRAME_MAX)

struct modem_keyed_demod {
    size_t n;                             /* bits */
    uint8_t bytes[BULLA_FRAME_MAX];       /* as decided */
    float soft[MODEM_KEYED_BITS_MAX + 1]; /* of a bit; from a seal of the step behind it: MODEM_ORDER_PAIRS */
    double begin, half, end;              /* as in the sync, by all bits; and where the last one ends */
    double ebn0;
};

/* False: the trace ends before. */
bool modem_keyed_demod(struct modem_keyed_demod *demod, const struct modem_keyed_trace *trace, const struct modem_keyed_sync *sync,
                       size_t n_bits);

/* ---- theory ---- */

/* The part of frames that are lost at best, at that energy of a bit over the noise density (a number, not dB), with hard bits and
 * perfect synchronisation. Of a bit to a seal it is half the carrier's, where its levels differ by all of it, so that a receiver without
 * the carrier's phase has orthogonal signals; of one from a seal, that of what changes. */
double modem_keyed_theory(bool from_seal, size_t n_bytes, double ebn0);
double modem_keyed_theory_noncoherent(size_t n_bytes, double ebn0); /* to a seal, 99 % */

/* ---- transmitter ---- */

double modem_keyed_seconds(const struct modem_wave *wave);
double modem_keyed_before(const struct modem_wave *wave);
double modem_keyed_bit_s(const struct modem_wave *wave);
void modem_keyed_add(const struct modem_wave *wave, double rate_hz, double edge, float *iq, size_t n);

#endif
