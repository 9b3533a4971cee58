/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/correct.h"

#include <math.h>

#include "bulla/crc.h"

#define WEAK_BLOCK    18 /* bits that may be turned */
#define WEAK_FRAME    8
#define WEAK_PACKET   24
#define FEWER         2u                          /* bits that are turned where little can be seen */
#define PACKET_AROUND 3u                          /* bytes of a body that are no payload */
#define BITS_MAX      (8 * (BULLA_FRAME_MAX + 3)) /* of a packet */

unsigned modem_crc_start(const uint8_t *bytes, size_t n, enum bulla_start accepted)
{
    struct bulla_bytes all = {bytes, n};
    if (accepted & BULLA_START_FFFF && bulla_crc16(BULLA_CRC_FFFF, all) == 0)
        return BULLA_START_FFFF;
    return accepted & BULLA_START_0000 && bulla_crc16(BULLA_CRC_0000, all) == 0 ? BULLA_START_0000 : 0;
}

struct weak {
    uint16_t bit; /* on the air; with MODEM_ORDER_PAIRS the first one of two */
    uint16_t syndrome;
    float cost;
};

struct turn {
    uint8_t n, which[MODEM_CORRECT_BITS_MAX];
    float cost;
};

/* What turning each bit (or pair) does to the CRC of the whole, by its place on the air. */
static void syndromes_of(uint16_t *syndromes, size_t n_bytes, enum modem_order order)
{
    uint16_t crc = bulla_crc16_bit(0, 1);
    for (size_t byte = n_bytes; byte-- > 0;)
        for (unsigned bit = 0; bit < 8; bit++) { /* the last one of a byte in the CRC is its least significant one */
            syndromes[8 * byte + (order == MODEM_ORDER_LSB ? bit : 7 - bit)] = crc;
            crc = bulla_crc16_bit(crc, 0);
        }
    for (size_t bit = 0; order == MODEM_ORDER_PAIRS && bit + 1 < 8 * n_bytes; bit++)
        syndromes[bit] ^= syndromes[bit + 1];
}

/* The least sure bits, the least sure one first. */
static size_t weakest(struct weak *weak, size_t most, const float *soft, const uint16_t *syndromes, size_t n_bits)
{
    size_t n = 0;
    for (size_t bit = 0; bit < n_bits; bit++) {
        float cost = fabsf(soft[bit]);
        if (n == most && cost >= weak[most - 1].cost)
            continue;
        size_t at = n < most ? n++ : most - 1;
        for (; at > 0 && weak[at - 1].cost > cost; at--)
            weak[at] = weak[at - 1];
        weak[at] = (struct weak){(uint16_t)bit, syndromes[bit], cost};
    }
    return n;
}

struct search {
    uint8_t *bytes;
    size_t n;
    const struct weak *weak;
    size_t n_weak;
    unsigned most; /* bits at once */
    bool (*sane)(const struct search *search);
    enum bulla_start accepted;
    bool from_seal;
    enum modem_order order;
    struct turn turned, best;
};

static void turn_bit(const struct search *s, unsigned bit)
{
    s->bytes[bit / 8] ^= (uint8_t)(s->order == MODEM_ORDER_LSB ? 1u << bit % 8 : 0x80u >> bit % 8);
}

static void turn_bits(const struct search *s)
{
    for (unsigned i = 0; i < s->turned.n; i++) {
        unsigned bit = s->weak[s->turned.which[i]].bit;
        turn_bit(s, bit);
        if (s->order == MODEM_ORDER_PAIRS && bit + 1 < 8 * s->n)
            turn_bit(s, bit + 1);
    }
}

/* All sets of the weak bits from `from` on, beside those that are turned already, for which the CRC is right. */
static void try_from(struct search *s, size_t from, uint16_t crc)
{
    for (size_t i = from; i < s->n_weak; i++) {
        float cost = s->turned.cost + s->weak[i].cost;
        if (s->best.n > 0 && cost >= s->best.cost)
            return; /* those behind it are no cheaper */
        struct turn before = s->turned;
        s->turned.which[s->turned.n++] = (uint8_t)i;
        s->turned.cost = cost;
        uint16_t left = crc ^ s->weak[i].syndrome;
        if (left == 0) {
            turn_bits(s);
            if (s->sane(s))
                s->best = s->turned;
            turn_bits(s);
        }
        if (s->turned.n < s->most)
            try_from(s, i + 1, left);
        s->turned = before;
    }
}

static bool sane_block(const struct search *s)
{
    struct bulla_block block;
    struct bulla_fault fault;
    struct bulla_bytes bytes = {s->bytes, BULLA_BLOCK_SIZE};
    return bulla_block_decode(bytes, BULLA_READING_TABLE, s->accepted, &block, &fault) == BULLA_OK &&
           (bulla_block_remarks(&block) & ~(unsigned)BULLA_BLOCK_NO_CONTAINER) == 0;
}

static bool sane_frame(const struct search *s)
{
    struct bulla_frame frame;
    struct bulla_fault fault;
    struct bulla_bytes bytes = {s->bytes, s->n};
    enum bulla_status status = s->from_seal ? bulla_frame_decode_from_seal(bytes, s->accepted, &frame, &fault)
                                            : bulla_frame_decode_to_seal(bytes, s->accepted, &frame, &fault);
    return status == BULLA_OK && bulla_order_text(frame.code)[0] != '\0';
}

/* What a packet carries is known, and whole. */
static bool sane_payload(struct bulla_bytes payload, bool from_seal, enum bulla_start accepted)
{
    struct search part = {.bytes = (uint8_t *)payload.at, .n = payload.len, .accepted = accepted, .from_seal = from_seal};
    if (bulla_air_needs(payload, from_seal) != payload.len)
        return false;
    if (payload.at[0] == 0x40)
        return sane_frame(&part);
    struct bulla_chain chain;
    struct bulla_fault fault;
    return sane_block(&part) &&
           (part.n == BULLA_BLOCK_SIZE || bulla_chain_decode(payload, BULLA_READING_TABLE, accepted, &chain, &fault) == BULLA_OK);
}

static bool sane_packet(const struct search *s)
{
    size_t n = s->n - PACKET_AROUND;
    return s->bytes[0] == n && sane_payload((struct bulla_bytes){s->bytes + 1, n}, s->from_seal, s->accepted);
}

static bool sane_packet_with_block(const struct search *s)
{
    return s->bytes[1] >> 4 == 1 && sane_packet(s);
}

static unsigned correct(struct search *s, const float *soft, size_t most_weak)
{
    uint16_t syndromes[BITS_MAX];
    struct weak weak[WEAK_PACKET];
    syndromes_of(syndromes, s->n, s->order);
    s->weak = weak;
    s->n_weak = weakest(weak, most_weak, soft, syndromes, 8 * s->n);
    /* From one start: with two there is twice as much that fits by chance. */
    s->accepted = s->accepted & BULLA_START_FFFF ? BULLA_START_FFFF : BULLA_START_0000;
    uint16_t start = s->accepted == BULLA_START_FFFF ? BULLA_CRC_FFFF : BULLA_CRC_0000;
    try_from(s, 0, bulla_crc16(start, (struct bulla_bytes){s->bytes, s->n}));
    s->turned = s->best;
    turn_bits(s);
    return s->best.n;
}

unsigned modem_correct_block(uint8_t bytes[BULLA_BLOCK_SIZE], const float *soft, enum bulla_start accepted, enum modem_order order)
{
    struct search search = {.bytes = bytes,
                            .n = BULLA_BLOCK_SIZE,
                            .most = MODEM_CORRECT_BITS_MAX - 1,
                            .sane = sane_block,
                            .accepted = accepted,
                            .order = order};
    return correct(&search, soft, WEAK_BLOCK);
}

unsigned modem_correct_frame(uint8_t *bytes, size_t n, const float *soft, bool from_seal, enum bulla_start accepted, enum modem_order order)
{
    struct search search = {
        .bytes = bytes, .n = n, .most = 2, .sane = sane_frame, .accepted = accepted, .from_seal = from_seal, .order = order};
    return correct(&search, soft, WEAK_FRAME);
}

bool modem_sane_packet(const uint8_t *body, size_t n, bool from_seal)
{
    struct search search = {.bytes = (uint8_t *)body, .n = n, .accepted = BULLA_START_FFFF, .from_seal = from_seal};
    return modem_crc_start(body, n, BULLA_START_FFFF) && sane_packet(&search);
}

/* The CRC of what is carried has the same polynomial: what it does not see of the payload the packet's does not see either, so it is
 * the fields that tell right from wrong. A block has many; in the rest of a frame or of a chain any bits are sane. */
unsigned modem_correct_packet(uint8_t *body, size_t n, const float *soft, bool from_seal, unsigned most)
{
    struct search search = {.bytes = body, .n = n, .most = most, .accepted = BULLA_START_FFFF, .from_seal = from_seal};
    unsigned turned = 0;
    search.sane = sane_packet_with_block;
    if (n == BULLA_BLOCK_SIZE + PACKET_AROUND)
        turned = correct(&search, soft, WEAK_PACKET);
    if (turned > 0 || most <= FEWER)
        return turned;
    search.most = most - FEWER;
    search.sane = sane_packet;
    return correct(&search, soft, WEAK_FRAME);
}
