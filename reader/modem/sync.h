/* SPDX-License-Identifier: Apache-2.0
 *
 * From a place where a preamble may be to all that a demodulator must know: carrier, bit clock, polarity, direction, and to a
 * fraction of a microsecond where the first bit begins. Nothing is assumed of them but that the carrier is within 200 ppm and
 * the clock within 5 %.
 *
 *   1. how long a cycle takes: at which lags of about 5 and 10 cycles the preamble is most like itself
 *   2. the carrier modulo one over a cycle: by how much it is turned there
 *   3. all cycles are laid over each other; which offset, deviation and place in the cycle fit the result best
 *   4. half cycles are correlated one by one; where 40 of them and a sync of either polarity add up to the most, the frame is
 *   5. phase, carrier, time and clock once more, by least squares over the 40 halves
 */
#ifndef MODEM_SYNC_H
#define MODEM_SYNC_H

#include <stdbool.h>

#include "bulla/air.h"
#include "reader/modem/tone.h"

struct modem_sync {
    enum bulla_air_link link;
    bool inverted;
    double edge;              /* first edge of the preamble, in the region */
    double start;             /* where the first bit begins */
    double clock;             /* how much longer than nominal everything takes */
    double carrier;           /* turns a sample */
    double phase;             /* turns, where the first bit begins */
    double deviation;         /* turns a sample */
    float amplitude;          /* of the carrier */
    float noise;              /* variance of a sample, both parts, within the channel */
    float quality;            /* of preamble and sync: energy that they explain, 0 to 1 */
    double ebn0;              /* a bit's energy over the noise density */
    struct modem_tones tones; /* at that carrier */
};

/* `guess`: where the preamble may begin. False: there is none. */
bool modem_sync_find(const struct modem_region *region, double guess, struct modem_sync *sync);

/* Where two or three frames begin at nearly the same time the turn over a cycle is that of none of them: all carriers are tried, a
 * few hundred Hz apart, at the nominal clock. Ten times as long. Returns how many there are, the likeliest first. */
size_t modem_sync_find_all(const struct modem_region *region, double guess, struct modem_sync *syncs, size_t most);

#endif
