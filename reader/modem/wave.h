/* SPDX-License-Identifier: Apache-2.0
 *
 * A transmitter: a frame of a link (reader/modem/link.h) as samples of the carrier around its nominal frequency. FSK has
 * continuous phase, high is the upper tone; raised-cosine ramps before and after, at the tone that follows or was before.
 */
#ifndef MODEM_WAVE_H
#define MODEM_WAVE_H

#include "bulla/air.h"

struct modem_link;

struct modem_wave {
    const struct modem_link *link; /* NULL: iso433 */
    bool to_seal;                  /* else it is from one */
    struct bulla_bytes bytes;      /* the caller's */
    bool stop_bit, inverted;
    double offset_hz;
    double clock;       /* how much longer than nominal everything takes: 1.05 is 5 % slow */
    double ramp_s;      /* each of the two; 0: none */
    double phase_turns; /* of the carrier at the first edge */
    double amplitude;
    double deviation_hz; /* 0: that of the link */
    /* of links that switch their carrier: */
    double low;       /* of a reader's carrier while it is low; 0: 0.01, an index of 99 % */
    double depth;     /* of a seal's answer over the carrier that it reflects; 0: 0.1 */
    double tag_turns; /* phase of that to the carrier's */
    double after_s;   /* for which the carrier stays behind an order; 0: 400 us */
    bool bare;        /* an answer without the carrier, which is another wave's */
};

/* From the begin of the ramp to the end of the other one. */
double modem_wave_seconds(const struct modem_wave *wave);

/* How much of it is before the first edge. */
double modem_wave_before(const struct modem_wave *wave);

/* How long a carrier of its amplitude must be to have the energy of one of its bits. */
double modem_wave_bit_s(const struct modem_wave *wave);

/* Adds the part of the wave that lies in iq[n] (pairs of floats) at that rate; its first edge is `edge` samples behind iq[0]
 * and may lie before or behind it all. */
void modem_wave_add(const struct modem_wave *wave, double rate_hz, double edge, float *iq, size_t n);

#endif
