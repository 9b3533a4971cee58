/* SPDX-License-Identifier: Apache-2.0
 *
 * Packets: frames of the links whose physical layer the WCO report (4.3) names, 433 MHz GFSK and 2.45 GHz FSK, bit by
 * bit. The report gives frequency, rate and modulation and no more, so deviation and framing are a profile of our own:
 *
 *   preamble  4 bytes  aa aa aa aa
 *   sync      2 bytes  17 b2 from a seal, 59 78 to one
 *   length    1 byte   of the payload, 1 to 255           \
 *   payload            a block, a chain or a frame        | whitened
 *   crc       2 bytes  over length and payload            /
 *
 * Of each byte the most significant bit comes first; a one is the upper tone. The CRC is that of bulla/crc.h from 0xFFFF, high
 * byte first. Whitening is an exclusive or with PN9 (x^9 + x^5 + 1, all ones at first): ff e1 1d 9a ed 85 33 24 ...
 *
 * The deviation is half of the bit rate, so that a bit turns the carrier by half a turn, whichever it is.
 *
 * Frequencies are Hz, rates bits a second.
 */
#ifndef BULLA_PACKET_H
#define BULLA_PACKET_H

#include "bulla/api.h"
#include "bulla/bytes.h"
#include "bulla/status.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_PACKET_TABLE(X) /* name, number, text; channels: the first one, step, how many, default; bits a second, deviation, BT in percent (0: no filter), carrier may be off by */ \
    X(WCO433,  0, "wco433",   434400000,       0,  1,  0, 50000, 25000, 50, 58000)                                       \
    X(WCO2450, 1, "wco2450", 2412750000, 1000000, 59, 29,  9600,  4800,  0, 97670)
/* clang-format on */

enum bulla_packet_link {
#define X(name, number, ...) BULLA_PACKET_##name = number,
    BULLA_PACKET_TABLE(X)
#undef X
        BULLA_PACKET_N
};

struct bulla_packet {
    const char *text;
    uint32_t first_hz, step_hz; /* of the channels */
    uint16_t channels, usual;   /* how many; the one that is used where nothing else was agreed */
    uint32_t rate, deviation_hz;
    uint8_t bt_percent;
    uint32_t offset_hz; /* that a receiver must take, either way */
};

/* The row of that link; `link` is one of them. */
const struct bulla_packet *bulla_packet_of(enum bulla_packet_link link);
int bulla_packet_from(const char *text); /* -1: none */

/* The middle of a channel; 0: the link has no such channel. */
uint32_t bulla_packet_channel_hz(enum bulla_packet_link link, unsigned channel);

/* The channel at a step of a hop sequence. Sequences are numbered from 1 to channels - 1; each visits every channel once, then
 * begins again, from the usual one on; two of them meet once a round. -1: no such sequence; a link with one channel has none. */
int bulla_packet_hop(enum bulla_packet_link link, unsigned sequence, uint32_t step);

#define BULLA_PACKET_PAYLOAD_MAX   255
#define BULLA_PACKET_PREAMBLE_BITS 32
#define BULLA_PACKET_SYNC_BITS     16
#define BULLA_PACKET_SYNC_RETURN   UINT16_C(0x17B2)
#define BULLA_PACKET_SYNC_FORWARD  UINT16_C(0x5978)
#define BULLA_PACKET_BODY_MAX      (1 + BULLA_PACKET_PAYLOAD_MAX + 2) /* length, payload, CRC */

/* Bits on the air for so many bytes of payload, the preamble counted. */
uint32_t bulla_packet_bits(size_t n_payload);

/* Exclusive or of n bytes of a body, from byte `at` of it on, with the sequence that whitens: there and back. */
void bulla_packet_whiten(size_t at, uint8_t *bytes, size_t n);

/* ---- transmitting ---- */

struct bulla_packet_sender { /* one packet on its way; the payload stays the caller's and must last */
    struct bulla_bytes payload;
    uint16_t sync, crc, white;
    uint32_t at; /* the bit that comes next */
    uint8_t byte;
};

/* 1 to 255 bytes. REFUSED: fewer or more. */
enum bulla_status bulla_packet_send(struct bulla_packet_sender *sender, struct bulla_bytes payload, bool to_seal);

/* The next bit. False: the packet is over. */
bool bulla_packet_next(struct bulla_packet_sender *sender, bool *bit);

/* ---- receiving ---- */

struct bulla_packet_receiver {
    uint32_t last; /* bits, while the sync is looked for */
    uint8_t state;
    bool to_seal, inverted;
    uint16_t white;
    uint16_t n_bits; /* of the body */
    uint8_t body[BULLA_PACKET_BODY_MAX];
};

void bulla_packet_listen(struct bulla_packet_receiver *receiver);

/* Feeds the bit that was heard next. MORE: no packet yet. OK: *payload is one, valid until more is fed; `to_seal` and
 * `inverted` say the rest. DAMAGED: a packet whose CRC is wrong, or whose length is 0. Of the last 8 bits of the preamble and
 * the 16 of the sync up to 2 may be wrong. */
enum bulla_status bulla_packet_hear(struct bulla_packet_receiver *receiver, bool bit, struct bulla_bytes *payload);

BULLA_END

#endif
