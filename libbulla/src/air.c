/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/air.h"

#include "bulla/bits.h"

static const struct bulla_air airs[BULLA_AIR_N] = {
#define X(name, number, ...) [number] = {__VA_ARGS__},
    BULLA_AIR_TABLE(X)
#undef X
};

const struct bulla_air *bulla_air_of(enum bulla_air_link link)
{
    return &airs[link];
}

int bulla_air_from(const char *text)
{
    for (int i = 0; i < BULLA_AIR_N; i++)
        if (bulla_text_is(airs[i].text, text))
            return i;
    return -1;
}

#define FRAME_BEGINS 0x40
#define FRAME_HEAD   4 /* bytes after which the length of either kind is known */
#define BLOCK_BEGINS 1 /* in the first four bits */
#define BLOCK_MORE   106u

size_t bulla_air_needs(struct bulla_bytes so_far, bool from_seal)
{
    if (so_far.len == 0)
        return 1;
    if (so_far.at[0] == FRAME_BEGINS)
        return so_far.len < FRAME_HEAD ? FRAME_HEAD : bulla_frame_length(so_far, from_seal);
    if (!from_seal || so_far.at[0] >> 4 != BLOCK_BEGINS)
        return 0;
    size_t n = BULLA_BLOCK_SIZE;
    for (size_t more = BLOCK_MORE; n < BULLA_CHAIN_SIZE && so_far.len >= n && bulla_bits_at(so_far.at, more, 1); n += BULLA_BLOCK_SIZE)
        more = 8 * n;
    return n;
}

static uint32_t bits_a_byte(bool stop_bit)
{
    return stop_bit ? 9 : 8;
}

uint32_t bulla_air_ns(enum bulla_air_link link, size_t n_bytes, bool stop_bit)
{
    const struct bulla_air *air = &airs[link];
    return air->cycles * (air->high_ns + air->low_ns) + air->sync_high_ns + air->sync_low_ns +
           (uint32_t)n_bytes * bits_a_byte(stop_bit) * 2 * air->half_ns;
}

/* ---- transmitting ---- */

void bulla_air_send(struct bulla_air_sender *sender, enum bulla_air_link link, struct bulla_bytes bytes, bool stop_bit)
{
    *sender = (struct bulla_air_sender){.link = (uint8_t)link, .stop_bit = stop_bit, .bytes = bytes};
}

static unsigned bit_of(const struct bulla_air_sender *s, size_t bit)
{
    size_t a_byte = bits_a_byte(s->stop_bit);
    return bit % a_byte < 8 ? (unsigned)s->bytes.at[bit / a_byte] >> bit % a_byte & 1u : 0;
}

/* The i-th piece of the frame, a half of the preamble, of the sync or of a bit. False: there are fewer. */
static bool piece(const struct bulla_air_sender *s, uint32_t i, struct bulla_air_run *run)
{
    const struct bulla_air *air = &airs[s->link];
    if (i < 2 * air->cycles) {
        *run = i % 2 == 0 ? (struct bulla_air_run){true, air->high_ns} : (struct bulla_air_run){false, air->low_ns};
        return true;
    }
    i -= 2 * air->cycles;
    if (i < 2) {
        *run = i == 0 ? (struct bulla_air_run){true, air->sync_high_ns} : (struct bulla_air_run){false, air->sync_low_ns};
        return true;
    }
    i -= 2;
    if (i >= s->bytes.len * bits_a_byte(s->stop_bit) * 2)
        return false;
    struct bulla_line line = {BULLA_LINE_MANCHESTER, 0};
    unsigned halves = bulla_line_put(&line, bit_of(s, i / 2));
    *run = (struct bulla_air_run){i % 2 == 0 ? halves >> 1 : halves & 1, air->half_ns};
    return true;
}

bool bulla_air_next(struct bulla_air_sender *sender, struct bulla_air_run *run)
{
    struct bulla_air_run next;
    if (!piece(sender, sender->at, run))
        return false;
    while (piece(sender, ++sender->at, &next) && next.high == run->high)
        run->ns += next.ns;
    return true;
}

/* ---- receiving ---- */

enum state { PREAMBLE, SYNC, DATA, OVER };

#define LEAST_HEARD  12    /* runs of the preamble that must be heard before a sync counts: the rest may be lost */
#define PREAMBLE_NS  30000 /* of a run, as sent */
#define PREAMBLE_OFF 6000  /* by which it may differ: a clock 5 % off and the edges */
#define SYNC_OFF     5900  /* half of what lies between the two syncs, nearly */
#define SYNC_LOW_NS  54000
#define HALF_NS      18000
#define LONGEST_NS   1000000 /* more is silence all the same */

void bulla_air_listen(struct bulla_air_receiver *receiver, bool stop_bit)
{
    *receiver = (struct bulla_air_receiver){.stop_bit = stop_bit};
}

static bool near_to(uint32_t ns, uint32_t wanted, uint32_t off)
{
    return ns + off >= wanted && ns <= wanted + off;
}

/* By the clock of whoever sent, as its preamble showed it. */
static uint32_t by_its_clock(const struct bulla_air_receiver *r, uint32_t ns)
{
    return (uint32_t)((uint64_t)ns * PREAMBLE_NS * r->n_heard / r->heard_ns);
}

static void start_over(struct bulla_air_receiver *r)
{
    bulla_air_listen(r, r->stop_bit);
}

static void hear_preamble(struct bulla_air_receiver *r, struct bulla_air_run run)
{
    if (near_to(run.ns, PREAMBLE_NS, PREAMBLE_OFF)) {
        /* The clock is that of the last runs: what came before may have been noise, or a ramp. */
        if (r->n_heard >= 2 * LEAST_HEARD) {
            r->heard_ns /= 2;
            r->n_heard /= 2;
        }
        r->heard_ns += run.ns;
        r->n_heard++;
        return;
    }
    if (r->n_heard < LEAST_HEARD) {
        start_over(r);
        return;
    }
    uint32_t ns = by_its_clock(r, run.ns);
    for (uint8_t link = 0; link < BULLA_AIR_N; link++) {
        if (near_to(ns, airs[link].sync_high_ns, SYNC_OFF)) {
            r->link = link;
            r->inverted = !run.high;
            r->state = SYNC;
            return;
        }
    }
    start_over(r);
}

/* Takes a half bit (1 high). OK: the frame is whole. */
static enum bulla_status take_half(struct bulla_air_receiver *r, unsigned half)
{
    if (!r->pending) {
        r->pending = (uint8_t)(half + 2);
        return BULLA_MORE;
    }
    struct bulla_line line = {BULLA_LINE_MANCHESTER, 0};
    int bit = bulla_line_get(&line, (r->pending - 2u) << 1 | half);
    unsigned in_byte = r->n_bits % bits_a_byte(r->stop_bit), byte = r->n_bits / bits_a_byte(r->stop_bit);
    if (bit == BULLA_LINE_VIOLATION || (in_byte == 8 && bit != 0))
        return BULLA_DAMAGED;
    r->pending = 0;
    if (in_byte < 8)
        r->bytes[byte] = (uint8_t)((in_byte == 0 ? 0 : r->bytes[byte]) | (unsigned)bit << in_byte);
    r->n_bits++;
    if (r->n_bits % bits_a_byte(r->stop_bit) != 0)
        return BULLA_MORE;
    size_t needs = bulla_air_needs((struct bulla_bytes){r->bytes, byte + 1u}, airs[r->link].from_seal);
    return needs == 0 ? BULLA_DAMAGED : needs <= byte + 1u ? BULLA_OK : BULLA_MORE;
}

/* What one level says in a frame: one half bit or two; more only where the frame ends, since nobody transmits after it. */
static enum bulla_status take_run(struct bulla_air_receiver *r, bool high, uint32_t ns)
{
    uint32_t halves = (ns + HALF_NS / 2) / HALF_NS;
    enum bulla_status status = BULLA_MORE;
    for (uint32_t i = 0; i < halves && i < 3 && status == BULLA_MORE; i++)
        status = take_half(r, high != r->inverted);
    return halves == 0 ? BULLA_DAMAGED : status;
}

static enum bulla_status hear_sync(struct bulla_air_receiver *r, struct bulla_air_run run)
{
    uint32_t ns = by_its_clock(r, run.ns);
    if (!near_to(ns, SYNC_LOW_NS, SYNC_OFF) && !near_to(ns, SYNC_LOW_NS + HALF_NS, SYNC_OFF))
        return BULLA_DAMAGED;
    r->state = DATA;
    return ns > SYNC_LOW_NS + HALF_NS / 2 ? take_half(r, 0) : BULLA_MORE;
}

enum bulla_status bulla_air_hear(struct bulla_air_receiver *receiver, struct bulla_air_run run, struct bulla_bytes *frame)
{
    enum bulla_status status = BULLA_MORE;
    if (receiver->state == OVER)
        start_over(receiver);
    if (run.ns > LONGEST_NS)
        run.ns = LONGEST_NS;
    if (receiver->state == PREAMBLE)
        hear_preamble(receiver, run);
    else if (receiver->state == SYNC)
        status = hear_sync(receiver, run);
    else
        status = take_run(receiver, run.high, by_its_clock(receiver, run.ns));
    if (status == BULLA_OK)
        *frame = (struct bulla_bytes){receiver->bytes, receiver->n_bits / bits_a_byte(receiver->stop_bit)};
    if (status != BULLA_MORE)
        receiver->state = OVER;
    return status;
}
