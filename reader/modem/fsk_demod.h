/* SPDX-License-Identifier: Apache-2.0
 *
 * Bits of a packet's body. Each is correlated with its eight patterns, coherently; a Kalman filter follows phase, carrier, place and
 * clock by what the likeliest pattern left of phase (a place that is off shows as a phase that changes sign with the bit). Then
 * forward and backward through a trellis whose states are a bit and the next one, so that every bit has a number that says how
 * sure it is.
 */
#ifndef MODEM_FSK_DEMOD_H
#define MODEM_FSK_DEMOD_H

#include "reader/modem/fsk_sync.h"

#define MODEM_FSK_BODY_MAX (8 * BULLA_PACKET_BODY_MAX)

struct modem_fsk_demod {
    const struct modem_region *region;
    const struct modem_fsk_shape *shape;
    const struct modem_fsk_sync *sync;
    double state[4];                                      /* phase, rad; carrier, rad a bit; place, bits behind the start; bits a bit */
    double sure[4][4];                                    /* their covariance */
    double amplitude;                                     /* of a bit's correlation */
    size_t n;                                             /* bits so far */
    float likely[MODEM_FSK_BODY_MAX][MODEM_FSK_PATTERNS]; /* of each bit: how well each pattern fits */
    float best[MODEM_FSK_BODY_MAX + 1][4];                /* of the ways to (the bit before, this bit) */
    double places[MODEM_FSK_BODY_MAX], phases[MODEM_FSK_BODY_MAX]; /* where each began: samples; turns, as if it were an even one */
    float soft[MODEM_FSK_BODY_MAX];                                /* above 0: a one of the packet; the size is how sure */
    double energy, noise;                                          /* sums over the bits: of the real part, of the imaginary part squared */
};

void modem_fsk_demod_begin(struct modem_fsk_demod *demod, const struct modem_region *region, const struct modem_fsk_shape *shape,
                           const struct modem_fsk_sync *sync);

/* Goes on until there are n bits, at most MODEM_FSK_BODY_MAX, and decides on all of them. False: the region ends before. */
bool modem_fsk_demod_to(struct modem_fsk_demod *demod, size_t n);

/* Energy of a bit over noise density, by all that was demodulated. */
double modem_fsk_demod_ebn0(const struct modem_fsk_demod *demod);

#endif
