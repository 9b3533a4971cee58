/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/keyed.h"

static const struct bulla_keyed rows[BULLA_KEYED_N] = {
#define X(name, number, ...) [number] = {__VA_ARGS__},
    BULLA_KEYED_TABLE(X)
#undef X
};

#define CODE_BITS 5
static const uint8_t code[CODE_BITS] = {0, 0, 0, 1, 0};

/* Half bits of either preamble, the first one in the most significant bit of its width. */
#define HEAD_FORWARD UINT32_C(0x2AAAA)    /* 10, nine times */
#define HEAD_RETURN  UINT32_C(0x0CCCC2AD) /* 00 00, 11 00 four times, 00, 10 10 10 11 01 */

const struct bulla_keyed *bulla_keyed_of(enum bulla_keyed_link link)
{
    return &rows[link];
}

int bulla_keyed_from(const char *text)
{
    for (int i = 0; i < BULLA_KEYED_N; i++)
        if (bulla_text_is(rows[i].text, text))
            return i;
    return -1;
}

static uint32_t head_bits(uint8_t link)
{
    return rows[link].from_seal ? BULLA_KEYED_HEAD_RETURN : BULLA_KEYED_HEAD_FORWARD;
}

unsigned bulla_keyed_head(enum bulla_keyed_link link, unsigned half)
{
    uint32_t halves = rows[link].from_seal ? HEAD_RETURN : HEAD_FORWARD;
    return halves >> (2 * head_bits((uint8_t)link) - 1 - half) & 1u;
}

/* Where a half bit ends, rounded once. */
static uint64_t halves_ns(uint32_t bps, uint64_t n)
{
    return (n * 500000000u + bps / 2) / bps;
}

uint64_t bulla_keyed_ns(enum bulla_keyed_link link, uint32_t bps, size_t n_bytes)
{
    return halves_ns(bps, 2 * (head_bits((uint8_t)link) + 8 * (uint64_t)n_bytes));
}

uint32_t bulla_keyed_turn_round_ns(uint32_t bps)
{
    return (uint32_t)halves_ns(bps, 32);
}

/* ---- channels ---- */

static const struct bulla_keyed_plan plans[BULLA_KEYED_PLAN_N] = {
#define X(name, number, ...) [number] = {__VA_ARGS__},
    BULLA_KEYED_PLAN_TABLE(X)
#undef X
};

const struct bulla_keyed_plan *bulla_keyed_plan_of(enum bulla_keyed_plan_number plan)
{
    return &plans[plan];
}

int bulla_keyed_plan_from(const char *text)
{
    for (int i = 0; i < BULLA_KEYED_PLAN_N; i++)
        if (bulla_text_is(plans[i].text, text))
            return i;
    return -1;
}

uint32_t bulla_keyed_channel_hz(enum bulla_keyed_plan_number plan, unsigned channel)
{
    return channel < plans[plan].channels ? plans[plan].first_hz + channel * plans[plan].spacing_hz : 0;
}

int bulla_keyed_hop(enum bulla_keyed_plan_number plan, unsigned sequence, uint64_t ms)
{
    const struct bulla_keyed_plan *p = &plans[plan];
    if (p->stay_ms == 0 || sequence == 0 || sequence >= p->channels)
        return -1;
    /* Channels are a prime number, so steps of any length visit all of them. */
    return (int)(ms / p->stay_ms % p->channels * sequence % p->channels);
}

uint32_t bulla_keyed_hop_left_ms(enum bulla_keyed_plan_number plan, uint64_t ms)
{
    uint32_t stay = plans[plan].stay_ms;
    return stay == 0 ? 0 : stay - (uint32_t)(ms % stay);
}

/* ---- transmitting ---- */

bool bulla_keyed_send(struct bulla_keyed_sender *sender, enum bulla_keyed_link link, uint32_t bps, struct bulla_bytes bytes)
{
    if (bps < rows[link].least_bps || bps > rows[link].most_bps)
        return false;
    *sender = (struct bulla_keyed_sender){.link = (uint8_t)link, .bps = bps, .bytes = bytes};
    sender->line.code = rows[link].from_seal ? BULLA_LINE_FM0 : BULLA_LINE_MANCHESTER;
    sender->line.level = (uint8_t)bulla_keyed_head(link, 2 * head_bits(sender->link) - 1);
    return true;
}

/* The level of the half bit that comes next, which must be asked for once. False: there is none. */
static bool level_of(struct bulla_keyed_sender *s, bool *high)
{
    uint32_t head = 2 * head_bits(s->link);
    if (s->at < head) {
        *high = bulla_keyed_head((enum bulla_keyed_link)s->link, s->at) != 0;
        return true;
    }
    uint32_t half = s->at - head, bit = half / 2;
    if (bit >= 8 * s->bytes.len)
        return false;
    struct bulla_line line = s->line;
    unsigned halves = bulla_line_put(&line, (unsigned)s->bytes.at[bit / 8] >> (7 - bit % 8) & 1u);
    *high = half % 2 == 0 ? halves >> 1 : halves & 1u;
    if (half % 2 == 1)
        s->line = line;
    return true;
}

bool bulla_keyed_next(struct bulla_keyed_sender *sender, struct bulla_air_run *run)
{
    struct bulla_keyed_sender s = *sender;
    uint64_t begin = halves_ns(s.bps, s.at);
    bool high, next;
    if (!level_of(&s, &high))
        return false;
    do {
        s.at++;
        *sender = s;
    } while (level_of(&s, &next) && next == high);
    run->high = high;
    run->ns = (uint32_t)(halves_ns(sender->bps, sender->at) - begin);
    return true;
}

/* ---- receiving ---- */

enum state { PREAMBLE, CODE, DATA, OVER };

#define LEAST_FORWARD 8 /* runs that must be heard before a mark counts */
#define LEAST_RETURN  5
#define MOST_HEARD    32       /* runs that the clock is taken from: what came before may have been noise */
#define LONGEST_NS    10000000 /* more is silence all the same */
#define FIRST_BYTE    0x40     /* of all that goes to a seal: its mark is the first one in it */

void bulla_keyed_listen(struct bulla_keyed_receiver *receiver, enum bulla_keyed_link link)
{
    *receiver = (struct bulla_keyed_receiver){.link = (uint8_t)link};
}

/* Half bits that a run of the sync has. */
static uint32_t sync_halves(const struct bulla_keyed_receiver *r)
{
    return rows[r->link].from_seal ? 2 : 1;
}

uint32_t bulla_keyed_rate(const struct bulla_keyed_receiver *r)
{
    if (r->state == PREAMBLE)
        return 0;
    return (uint32_t)((UINT64_C(500000000) * sync_halves(r) * r->n_heard + r->heard_ns / 2) / r->heard_ns);
}

/* To a quarter of it: a run of one half and one of two are told apart, a duty cycle of 45 % is none. */
static bool near_to(uint64_t ns, uint64_t wanted)
{
    return 4 * ns >= 3 * wanted && 4 * ns <= 5 * wanted;
}

static bool rate_may_be(const struct bulla_keyed_receiver *r)
{
    uint64_t halves = UINT64_C(500000000) * sync_halves(r) * r->n_heard * 50;
    return halves <= (uint64_t)r->heard_ns * rows[r->link].most_bps * 51 && halves >= (uint64_t)r->heard_ns * rows[r->link].least_bps * 49;
}

static void begin_with(struct bulla_keyed_receiver *r, struct bulla_air_run run)
{
    bulla_keyed_listen(r, (enum bulla_keyed_link)r->link);
    r->n_heard = 1;
    r->heard_ns = run.ns;
}

/* The run that ends the sync. To a seal it is low for two halves: of the last zero the second one, of the first one the first one.
 * From a seal it has four: a one, and one that begins without a change. */
static void take_mark(struct bulla_keyed_receiver *r, struct bulla_air_run run)
{
    bool from_seal = rows[r->link].from_seal;
    r->inverted = from_seal && run.high;
    r->state = from_seal ? CODE : DATA;
    r->line = (struct bulla_line){from_seal ? BULLA_LINE_FM0 : BULLA_LINE_MANCHESTER, 0};
    if (!from_seal) {
        r->n_bits = 1; /* the zero before it */
        r->pending = 2;
    }
}

static void hear_preamble(struct bulla_keyed_receiver *r, struct bulla_air_run run)
{
    unsigned least = rows[r->link].from_seal ? LEAST_RETURN : LEAST_FORWARD;
    uint64_t all = (uint64_t)run.ns * r->n_heard;
    if (r->n_heard > 0 && near_to(all, r->heard_ns)) {
        if (r->n_heard >= MOST_HEARD) {
            r->heard_ns /= 2;
            r->n_heard /= 2;
        }
        r->heard_ns += run.ns;
        r->n_heard++;
        return;
    }
    bool mark = r->n_heard >= least && near_to(all, 2 * (uint64_t)r->heard_ns) && (rows[r->link].from_seal || !run.high) && rate_may_be(r);
    if (mark)
        take_mark(r, run);
    else
        begin_with(r, run);
}

/* Takes a half bit (1 high, of the right polarity). OK: the frame is whole. */
static enum bulla_status take_half(struct bulla_keyed_receiver *r, unsigned half)
{
    if (!r->pending) {
        r->pending = (uint8_t)(half + 2);
        return BULLA_MORE;
    }
    int bit = bulla_line_get(&r->line, (r->pending - 2u) << 1 | half);
    r->pending = 0;
    if (bit == BULLA_LINE_VIOLATION)
        return BULLA_DAMAGED;
    if (r->state == CODE) {
        if (bit != code[r->n_code])
            return BULLA_DAMAGED;
        r->state = ++r->n_code == CODE_BITS ? DATA : CODE;
        return BULLA_MORE;
    }
    unsigned byte = r->n_bits / 8u, in_byte = r->n_bits % 8u;
    r->bytes[byte] = (uint8_t)((in_byte == 0 ? 0u : (unsigned)r->bytes[byte]) | (unsigned)bit << (7 - in_byte));
    r->n_bits++;
    if (in_byte < 7)
        return BULLA_MORE;
    bool from_seal = rows[r->link].from_seal;
    if (!from_seal && r->bytes[0] != FIRST_BYTE)
        return BULLA_DAMAGED;
    size_t needs = bulla_air_needs((struct bulla_bytes){r->bytes, byte + 1u}, from_seal);
    return needs == 0 ? BULLA_DAMAGED : needs <= byte + 1u ? BULLA_OK : BULLA_MORE;
}

/* One half bit or two; more only where the frame ends, since the carrier stays and a seal falls silent. */
static enum bulla_status take_run(struct bulla_keyed_receiver *r, struct bulla_air_run run)
{
    uint64_t a_half = (uint64_t)r->n_heard * sync_halves(r), halves = (2 * run.ns * a_half + r->heard_ns) / (2 * (uint64_t)r->heard_ns);
    enum bulla_status status = halves == 0 ? BULLA_DAMAGED : BULLA_MORE;
    for (uint64_t i = 0; i < halves && i < 3 && status == BULLA_MORE; i++)
        status = take_half(r, run.high != r->inverted);
    return status;
}

enum bulla_status bulla_keyed_hear(struct bulla_keyed_receiver *receiver, struct bulla_air_run run, struct bulla_bytes *frame)
{
    enum bulla_status status = BULLA_MORE;
    if (run.ns > LONGEST_NS)
        run.ns = LONGEST_NS;
    if (receiver->state == OVER)
        bulla_keyed_listen(receiver, (enum bulla_keyed_link)receiver->link);
    if (receiver->state == PREAMBLE)
        hear_preamble(receiver, run);
    else
        status = take_run(receiver, run);
    if (status == BULLA_OK)
        *frame = (struct bulla_bytes){receiver->bytes, receiver->n_bits / 8u};
    if (status != BULLA_MORE)
        receiver->state = OVER;
    return status;
}
