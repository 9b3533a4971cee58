/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames of the links whose carrier is switched: ISO/DIS 18185, tables 3 to 6, 862 to 928 MHz. The reader keys its
 * carrier; a passive seal answers by what it reflects of it.
 *
 *   to a seal     Manchester, high is the full carrier, which is there before and after a frame as well
 *                 preamble   9 zeros. It marks no end: a frame begins with 0x40 (bulla/frame.h), so the first one is bit 6
 *                            of its first byte, however many of the zeros were heard
 *   from a seal   FM0, high is one of the two states of its antenna; either polarity is received
 *                 preamble   16 bits: quiet for 2, sync of 8 ones, a violation (a one that begins without a change), and the
 *                            orthogonal code 0 0 0 1 0, whose correlation with the sync is 0 in every phase
 *   bytes         in their order, the most significant bit of each first; blocks and frames as on every other link
 *
 * A bit may take any time within the limits of its row: the preamble says which. Times are nanoseconds, rates bits a second.
 */
#ifndef BULLA_KEYED_H
#define BULLA_KEYED_H

#include "bulla/air.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_KEYED_TABLE(X) /* name, number, text, from a seal; rate: least, nominal, most */ \
    X(FHSS_FORWARD,      0, "fhss-forward",      false,  8000, 40000, 40000) /* above 30 only with an index of 99 %, F 9 */ \
    X(FHSS_RETURN,       1, "fhss-return",       true,  34000, 40000, 46000) /* 15 % either way */                          \
    X(NARROW915_FORWARD, 2, "narrow915-forward", false, 20000, 31250, 40000)                                                \
    X(NARROW915_RETURN,  3, "narrow915-return",  true,  20000, 31250, 40000) /* that of the reader */
/* clang-format on */

enum bulla_keyed_link {
#define X(name, number, ...) BULLA_KEYED_##name = number,
    BULLA_KEYED_TABLE(X)
#undef X
        BULLA_KEYED_N
};

struct bulla_keyed {
    const char *text;
    bool from_seal;
    uint32_t least_bps, nominal_bps, most_bps;
};

#define BULLA_KEYED_HEAD_FORWARD 9 /* bits of the preamble */
#define BULLA_KEYED_HEAD_RETURN  16
#define BULLA_KEYED_QUIET        2 /* of these, before a seal changes anything */

/* The row of that link; `link` is one of them. */
const struct bulla_keyed *bulla_keyed_of(enum bulla_keyed_link link);
int bulla_keyed_from(const char *text); /* -1: none */

/* How long a frame takes from the begin of its preamble, a quiet one too, to the end of its last bit. */
uint64_t bulla_keyed_ns(enum bulla_keyed_link link, uint32_t bps, size_t n_bytes);

/* Between the end of what a reader sends and the begin of an answer at that rate: two bytes. */
uint32_t bulla_keyed_turn_round_ns(uint32_t bps);

/* The level (0 or 1) of a half bit of a link's preamble; `half` counts from its begin and is below twice its bits. */
unsigned bulla_keyed_head(enum bulla_keyed_link link, unsigned half);

/* ---- channels ---- */

/* clang-format off */
#define BULLA_KEYED_PLAN_TABLE(X) /* name, number, text, first channel, spacing, channels, longest stay in ms (0: it does not hop) */ \
    X(REGION1,          0, "region1",          869525000,      0,  1,   0) /* F 1b, now: 869.4 to 869.65 MHz */                       \
    X(REGION1_PROPOSED, 1, "region1-proposed", 865600000, 200000, 10,   0) /* F 1b, proposal: 865.5 to 867.6 MHz, free ones are chosen */ \
    X(REGION2,          2, "region2",          902800000, 400000, 61, 400) /* F 1b, F 1d: 902 to 928 MHz */
/* clang-format on */

enum bulla_keyed_plan_number {
#define X(name, number, ...) BULLA_KEYED_##name = number,
    BULLA_KEYED_PLAN_TABLE(X)
#undef X
        BULLA_KEYED_PLAN_N
};

struct bulla_keyed_plan {
    const char *text;
    uint32_t first_hz, spacing_hz;
    uint16_t channels, stay_ms;
};

const struct bulla_keyed_plan *bulla_keyed_plan_of(enum bulla_keyed_plan_number plan);
int bulla_keyed_plan_from(const char *text); /* -1: none */

/* The middle of a channel, Hz; 0: the plan has no such one. */
uint32_t bulla_keyed_channel_hz(enum bulla_keyed_plan_number plan, unsigned channel);

/* The channel so many ms after a hop sequence began. Sequences are numbered from 1 to channels - 1; each visits every channel once, then
 * begins again, and two of them meet once in that time. -1: no such sequence, or a plan that does not hop. */
int bulla_keyed_hop(enum bulla_keyed_plan_number plan, unsigned sequence, uint64_t ms);

/* How long a frame may still be begun there: until the next hop, in ms. 0: a plan that does not hop. */
uint32_t bulla_keyed_hop_left_ms(enum bulla_keyed_plan_number plan, uint64_t ms);

/* ---- transmitting ---- */

struct bulla_keyed_sender { /* one frame on its way; the bytes stay the caller's and must last */
    uint8_t link;
    uint32_t bps;
    struct bulla_bytes bytes;
    struct bulla_line line; /* behind the bit in `halves` */
    uint8_t halves;         /* of the bit that is on its way */
    uint32_t at;            /* half bit that comes next, those of the preamble first */
};

/* False, and nothing is to be sent: the link is not at that rate. */
bool bulla_keyed_send(struct bulla_keyed_sender *sender, enum bulla_keyed_link link, uint32_t bps, struct bulla_bytes bytes);

/* The next run; two runs that follow each other differ in level. False: the frame is over. The end of n half bits is right to
 * half a nanosecond for every n. */
bool bulla_keyed_next(struct bulla_keyed_sender *sender, struct bulla_air_run *run);

/* ---- receiving ---- */

struct bulla_keyed_receiver {
    uint8_t link, state;
    bool inverted;    /* from a seal: its high is our low */
    uint8_t pending;  /* first half of a bit that waits for its second one, + 2; 0: none */
    uint8_t n_code;   /* bits of the orthogonal code that were heard */
    uint16_t n_heard; /* runs of the preamble */
    uint16_t n_bits;  /* of the frame */
    uint32_t heard_ns;
    struct bulla_line line;
    uint8_t bytes[BULLA_FRAME_MAX];
};

void bulla_keyed_listen(struct bulla_keyed_receiver *receiver, enum bulla_keyed_link link);

/* Feeds what was heard next; runs may have any length. MORE: no frame yet. OK: *frame is one, valid until more is fed. DAMAGED: a
 * frame began, and then there were halves that no bit has, or a code that is another. The next frame can be heard after either.
 * The rate may be 2 % beyond the limits of the link; a run of the preamble may be a quarter longer or shorter than its neighbours. */
enum bulla_status bulla_keyed_hear(struct bulla_keyed_receiver *receiver, struct bulla_air_run run, struct bulla_bytes *frame);

/* The rate of the frame that is heard, as its preamble shows it; 0: there is none. */
uint32_t bulla_keyed_rate(const struct bulla_keyed_receiver *receiver);

BULLA_END

#endif
