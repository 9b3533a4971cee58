/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/packet.h"

#include "bulla/crc.h"

static const struct bulla_packet packets[BULLA_PACKET_N] = {
#define X(name, number, ...) [number] = {__VA_ARGS__},
    BULLA_PACKET_TABLE(X)
#undef X
};

#define PREAMBLE    0xAAu
#define BEFORE_BODY ((BULLA_PACKET_PREAMBLE_BITS + BULLA_PACKET_SYNC_BITS) / 8u) /* bytes */
#define AROUND      3u                                                           /* bytes of a body that are no payload */
#define WHITE_FIRST 0x1FFu
#define SYNC_MASK   0xFFFFFFu
#define WRONG_MOST  2u

const struct bulla_packet *bulla_packet_of(enum bulla_packet_link link)
{
    return &packets[link];
}

int bulla_packet_from(const char *text)
{
    for (int i = 0; i < BULLA_PACKET_N; i++)
        if (bulla_text_is(packets[i].text, text))
            return i;
    return -1;
}

uint32_t bulla_packet_channel_hz(enum bulla_packet_link link, unsigned channel)
{
    const struct bulla_packet *p = &packets[link];
    return channel < p->channels ? p->first_hz + channel * p->step_hz : 0;
}

/* The number of channels is a prime, so that every stride visits all of them. */
int bulla_packet_hop(enum bulla_packet_link link, unsigned sequence, uint32_t step)
{
    const struct bulla_packet *p = &packets[link];
    if (sequence < 1 || sequence >= p->channels)
        return -1;
    return (int)((p->usual + step % p->channels * sequence) % p->channels);
}

uint32_t bulla_packet_bits(size_t n_payload)
{
    return 8 * (uint32_t)(BEFORE_BODY + AROUND + n_payload);
}

/* Eight steps of the shift register; what it gives is its low byte before them. */
static uint8_t next_white(uint16_t *white)
{
    unsigned state = *white;
    uint8_t byte = (uint8_t)state;
    for (unsigned i = 0; i < 8; i++)
        state = state >> 1 | ((state ^ state >> 5) & 1u) << 8;
    *white = (uint16_t)state;
    return byte;
}

void bulla_packet_whiten(size_t at, uint8_t *bytes, size_t n)
{
    uint16_t white = WHITE_FIRST;
    for (size_t i = 0; i < at; i++)
        (void)next_white(&white);
    for (size_t i = 0; i < n; i++)
        bytes[i] ^= next_white(&white);
}

/* ---- transmitting ---- */

enum bulla_status bulla_packet_send(struct bulla_packet_sender *sender, struct bulla_bytes payload, bool to_seal)
{
    if (payload.len < 1 || payload.len > BULLA_PACKET_PAYLOAD_MAX)
        return BULLA_REFUSED;
    uint8_t length = (uint8_t)payload.len;
    uint16_t crc = bulla_crc16(bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){&length, 1}), payload);
    *sender = (struct bulla_packet_sender){
        .payload = payload, .sync = to_seal ? BULLA_PACKET_SYNC_FORWARD : BULLA_PACKET_SYNC_RETURN, .crc = crc, .white = WHITE_FIRST};
    return BULLA_OK;
}

static uint8_t byte_at(struct bulla_packet_sender *s, uint32_t i)
{
    if (i < BULLA_PACKET_PREAMBLE_BITS / 8)
        return PREAMBLE;
    if (i < BEFORE_BODY)
        return (uint8_t)(i + 1 < BEFORE_BODY ? s->sync >> 8 : s->sync);
    uint8_t byte;
    i -= BEFORE_BODY;
    if (i == 0)
        byte = (uint8_t)s->payload.len;
    else if (i <= s->payload.len)
        byte = s->payload.at[i - 1];
    else
        byte = (uint8_t)(i == s->payload.len + 1 ? s->crc >> 8 : s->crc);
    return byte ^ next_white(&s->white);
}

bool bulla_packet_next(struct bulla_packet_sender *sender, bool *bit)
{
    if (sender->at >= bulla_packet_bits(sender->payload.len))
        return false;
    if (sender->at % 8 == 0)
        sender->byte = byte_at(sender, sender->at / 8);
    *bit = sender->byte >> (7 - sender->at % 8) & 1;
    sender->at++;
    return true;
}

/* ---- receiving ---- */

enum state { SEARCH, BODY, OVER };

void bulla_packet_listen(struct bulla_packet_receiver *receiver)
{
    *receiver = (struct bulla_packet_receiver){.last = 0};
}

static unsigned ones(uint32_t bits)
{
    unsigned n = 0;
    for (; bits; bits &= bits - 1)
        n++;
    return n;
}

static void search(struct bulla_packet_receiver *r, bool bit)
{
    static const uint16_t syncs[] = {BULLA_PACKET_SYNC_RETURN, BULLA_PACKET_SYNC_FORWARD};
    r->last = (r->last << 1 | bit) & SYNC_MASK;
    for (unsigned k = 0; k < 2; k++) {
        unsigned wrong = ones(r->last ^ (PREAMBLE << 16 | syncs[k]));
        if (wrong > WRONG_MOST && wrong < BULLA_PACKET_SYNC_BITS + 8 - WRONG_MOST)
            continue;
        bulla_packet_listen(r);
        r->to_seal = k == 1;
        r->inverted = wrong > WRONG_MOST;
        r->white = WHITE_FIRST;
        r->state = BODY;
        return;
    }
}

/* A byte of the body is whole. */
static enum bulla_status take_byte(struct bulla_packet_receiver *r, struct bulla_bytes *payload)
{
    size_t n = r->n_bits / 8u;
    r->body[n - 1] ^= next_white(&r->white);
    if (r->body[0] == 0)
        return BULLA_DAMAGED;
    if (n < r->body[0] + AROUND)
        return BULLA_MORE;
    if (bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){r->body, n}) != 0)
        return BULLA_DAMAGED;
    *payload = (struct bulla_bytes){r->body + 1, r->body[0]};
    return BULLA_OK;
}

enum bulla_status bulla_packet_hear(struct bulla_packet_receiver *receiver, bool bit, struct bulla_bytes *payload)
{
    struct bulla_packet_receiver *r = receiver;
    if (r->state == OVER)
        bulla_packet_listen(r);
    if (r->state == SEARCH) {
        search(r, bit);
        return BULLA_MORE;
    }
    uint8_t *byte = &r->body[r->n_bits / 8];
    *byte = (uint8_t)(*byte << 1 | (bit != r->inverted));
    r->n_bits++;
    enum bulla_status status = r->n_bits % 8 == 0 ? take_byte(r, payload) : BULLA_MORE;
    if (status != BULLA_MORE)
        r->state = OVER;
    return status;
}
