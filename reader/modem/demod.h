/* SPDX-License-Identifier: Apache-2.0
 *
 * Bits of a frame, coherently: Manchester FSK comes back to the same phase after each bit, so the best that can be done is to
 * correlate with a one and a zero and to take the difference. Phase, carrier, time and clock are followed by two Kalman
 * filters that begin as sure as the preamble left them; time is seen by the phase between high and low tone.
 */
#ifndef MODEM_DEMOD_H
#define MODEM_DEMOD_H

#include "reader/modem/sync.h"

#define MODEM_BITS_MAX (9 * BULLA_FRAME_MAX)

struct modem_follow { /* a value, how fast it changes a bit, and how sure both are */
    double value, rate;
    double p00, p01, p11;
};

struct modem_demod {
    const struct modem_region *region;
    const struct modem_sync *sync;
    struct modem_follow phase;                             /* turns, where the next bit begins */
    struct modem_follow place;                             /* samples */
    double variance;                                       /* of one measurement of phase, rad^2 */
    float amplitude;                                       /* of a bit */
    size_t n;                                              /* bits so far */
    double places[MODEM_BITS_MAX], phases[MODEM_BITS_MAX]; /* where each began */
    float soft[MODEM_BITS_MAX];                            /* above 0: a one; the size is how sure */
};

void modem_demod_begin(struct modem_demod *demod, const struct modem_region *region, const struct modem_sync *sync);

/* Goes on until there are n bits, at most MODEM_BITS_MAX. False: the region ends before. */
bool modem_demod_to(struct modem_demod *demod, size_t n);

#endif
