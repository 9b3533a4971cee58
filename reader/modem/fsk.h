/* SPDX-License-Identifier: Apache-2.0
 *
 * The family of wco433 and wco2450 (bulla/packet.h): packets in binary FSK, with or without a Gaussian filter, whose deviation is half of
 * the bit rate (h = 1). A bit then turns the carrier by half a turn whichever it is, so the phase between bits is known, and bits
 * are read coherently one by one; what the Gaussian filter lets reach into a bit's neighbours is a trellis of four states.
 *
 *   bytes -> intake, front -> detect (preambles) -> fsk_sync (carrier, place, clock) -> fsk_demod (bits) -> correct -> frame
 *
 * Here: what all of it shares, the shape of a bit. A bit's waveform is a matter of itself and its two neighbours: 8 patterns,
 * numbered 4 * before + 2 * bit + after (a one is the upper tone).
 */
#ifndef MODEM_FSK_H
#define MODEM_FSK_H

#include "bulla/packet.h"
#include "reader/modem/link.h"
#include "reader/modem/tone.h"

#define MODEM_FSK_PATTERNS 8
#define MODEM_FSK_STEPS    64 /* places in a bit that the table of its shape has */

struct modem_fsk_shape {
    const struct bulla_packet *packet;
    /* Waveform of each pattern, from where the phase would be without neighbours at the bit's begin. */
    float re[MODEM_FSK_STEPS][MODEM_FSK_PATTERNS], im[MODEM_FSK_STEPS][MODEM_FSK_PATTERNS];
    float slope[MODEM_FSK_PATTERNS]; /* turns from its begin to its end: what a shift by a whole bit would do to the phase */
};

void modem_fsk_shape_make(struct modem_fsk_shape *shape, const struct bulla_packet *packet);

/* By how many turns the waveform of a one has gone, at `bits` after its begin (before: less than 0): 0 long before, 0.5 long after;
 * for any other rate of deviation in the same proportion. */
double modem_fsk_turned(const struct bulla_packet *packet, double bits);

/* Chance of a wrong bit at that energy of a bit over noise density: coherently with perfect synchronisation, by the distance between
 * packets that differ in one bit; and of two orthogonal tones, each bit by itself without its phase. */
double modem_fsk_theory(const struct modem_fsk_shape *shape, double ebn0);
double modem_fsk_theory_noncoherent(double ebn0);

/* The bits of a packet on the air, 0 or 1 each; returns how many. */
#define MODEM_FSK_BITS_MAX (BULLA_PACKET_PREAMBLE_BITS + BULLA_PACKET_SYNC_BITS + 8 * BULLA_PACKET_BODY_MAX)
size_t modem_fsk_bits(struct bulla_bytes payload, bool to_seal, uint8_t bits[MODEM_FSK_BITS_MAX]);

#define MODEM_FSK_HEAD (BULLA_PACKET_PREAMBLE_BITS + BULLA_PACKET_SYNC_BITS) /* bits that are known */

double modem_fsk_seconds(const struct modem_wave *wave);
void modem_fsk_add(const struct modem_wave *wave, double rate_hz, double edge, float *iq, size_t n);

#endif
