/* SPDX-License-Identifier: Apache-2.0
 *
 * From a place where a packet's preamble may be to all that a demodulator must know.
 *
 *   1. the carrier modulo one over two bits: by how much what comes two bits later is turned. What is the same one bit later too
 *      is a bare carrier, or data
 *   2. which of the possible carriers, and where bits begin: a preamble has a line at the carrier and one to either side,
 *      with known amplitudes, and phases that tell the place
 *   3. which bit is the first, which sync word, polarity, and roughly the clock: bits are correlated one by one and added up coherently
 *      over six of them at a time
 *   4. phase, carrier, place and clock by least squares over the bits that are known
 */
#ifndef MODEM_FSK_SYNC_H
#define MODEM_FSK_SYNC_H

#include "reader/modem/fsk.h"

struct modem_fsk_sync {
    bool to_seal, inverted;
    uint8_t last;      /* bit of the sync word, as it is in the tones: the upper one is 1 */
    double start;      /* where the body begins, samples of the region */
    double bit;        /* samples */
    double carrier;    /* turns a sample */
    double phase;      /* turns of the carrier at the start, from where the phase would be there without neighbours */
    double clock;      /* how much longer than nominal bits are */
    float amplitude;   /* of a sample */
    double noise;      /* variance of a bit's correlation in one of its parts */
    double sure[4][4]; /* covariance of phase (rad), carrier (rad a bit), place (bits) and clock (bits a bit), at the start */
};

/* `guess`: where the preamble may begin. False: there is none. */
bool modem_fsk_sync_find(const struct modem_region *region, const struct modem_fsk_shape *shape, double guess, struct modem_fsk_sync *sync);

/* Where packets begin together: those of the likely carriers at which one is, at most so many. Returns how many. */
size_t modem_fsk_sync_find_all(const struct modem_region *region, const struct modem_fsk_shape *shape, double guess,
                               struct modem_fsk_sync *syncs, size_t most);

/* Where a bit lies and how its carrier turns. */
struct modem_fsk_place {
    double begin, bit;     /* samples */
    double phase, carrier; /* turns at the begin, turns a sample */
};

/* The correlation of a bit with each of the patterns. False: it is not all in the region. */
bool modem_fsk_correlate(const struct modem_region *region, const struct modem_fsk_shape *shape, const struct modem_fsk_place *place,
                         struct modem_sum sums[MODEM_FSK_PATTERNS]);

#endif
