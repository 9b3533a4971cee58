/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames on the air: what a seal or a reader transmits as runs of one level, and a receiver of such runs that needs
 * no more than a timer (a radio chip's data pin on a microcontroller). Receivers of samples have the table below as well.
 *
 * A frame of the 433.92 MHz link (ISO/DIS 18185, tables 7 and 8):
 *
 *   preamble   20 cycles, high 30 us, low 30 us
 *   sync       to a seal: high 54 us, low 54 us; from a seal: high 42 us, low 54 us
 *   bytes      Manchester, 18 us a half bit; in their order, the least significant bit of each first
 *
 * The preamble says which way a frame goes. Which tone is "high" the draft leaves open, so both polarities are
 * received. With `stop_bit` every byte is followed by a zero, as other implementations of ISO/IEC 18000-7 are said to do.
 *
 * What follows the sync says itself how long it is: a block and what it chains (bulla/block.h; its identifier is in the
 * first four bits), or a frame with a length (bulla/frame.h; begins with 0x40).
 *
 * Times are nanoseconds, frequencies Hz.
 */
#ifndef BULLA_AIR_H
#define BULLA_AIR_H

#include "bulla/api.h"
#include "bulla/frame.h"
#include "bulla/line.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_AIR_TABLE(X) /* name, number, text, from a seal, carrier, tones from it, half bit; preamble: cycles, high, low; sync: high, low */ \
    X(ISO433_FORWARD, 0, "iso433-forward", false, 433920000, 50000, 18000, 20, 30000, 30000, 54000, 54000)                                      \
    X(ISO433_RETURN,  1, "iso433-return",  true,  433920000, 37500, 18000, 20, 30000, 30000, 42000, 54000)
/* clang-format on */

enum bulla_air_link {
#define X(name, number, ...) BULLA_AIR_##name = number,
    BULLA_AIR_TABLE(X)
#undef X
        BULLA_AIR_N
};

struct bulla_air {
    const char *text;
    bool from_seal;
    uint32_t carrier_hz, deviation_hz;
    uint32_t half_ns; /* of a bit */
    uint32_t cycles, high_ns, low_ns, sync_high_ns, sync_low_ns;
};

/* The row of that link; `link` is one of them. */
const struct bulla_air *bulla_air_of(enum bulla_air_link link);
int bulla_air_from(const char *text); /* -1: none */

/* How many bytes a frame that begins so has at least: more than there are: read on; as many or fewer: that is all
 * of it; 0: nothing that is known begins so. */
size_t bulla_air_needs(struct bulla_bytes so_far, bool from_seal);

/* How long the frame takes from its first edge to the end of its last half bit. */
uint32_t bulla_air_ns(enum bulla_air_link link, size_t n_bytes, bool stop_bit);

struct bulla_air_run {
    bool high;
    uint32_t ns;
};

/* ---- transmitting ---- */

struct bulla_air_sender { /* one frame on its way; the bytes stay the caller's and must last */
    uint8_t link;
    bool stop_bit;
    struct bulla_bytes bytes;
    uint32_t at; /* half bit that comes next, those of the preamble first */
};

void bulla_air_send(struct bulla_air_sender *sender, enum bulla_air_link link, struct bulla_bytes bytes, bool stop_bit);

/* The next run; two runs that follow each other differ in level. False: the frame is over. */
bool bulla_air_next(struct bulla_air_sender *sender, struct bulla_air_run *run);

/* ---- receiving ---- */

struct bulla_air_receiver {
    bool stop_bit;
    uint8_t state;
    uint8_t link;     /* which way the frame goes, once the sync was heard */
    bool inverted;    /* its polarity */
    uint8_t pending;  /* first half of a bit that waits for its second one, + 2; 0: none */
    uint16_t n_heard; /* runs of the preamble */
    uint32_t heard_ns;
    uint16_t n_bits; /* of the frame, stop bits too */
    uint8_t bytes[BULLA_FRAME_MAX];
};

void bulla_air_listen(struct bulla_air_receiver *receiver, bool stop_bit);

/* Feeds what was heard next. MORE: no frame yet. OK: *frame is one, valid until more is fed; `link` and `inverted` say
 * the rest. DAMAGED: a frame began and broke off. The bit clock of the other side may be 5 % off, edges up to 4 us. */
enum bulla_status bulla_air_hear(struct bulla_air_receiver *receiver, struct bulla_air_run run, struct bulla_bytes *frame);

BULLA_END

#endif
