/* SPDX-License-Identifier: Apache-2.0
 *
 * How a frame goes through a seal: is it one, is it for this seal, does the order exist, may it come this way; and the frame
 * that answers it.
 */
#include "libbulla/src/seal_inside.h"

void bulla_seal_ignore(struct bulla_seal *seal, enum bulla_ignored what)
{
    seal->counts[what] += seal->counts[what] < UINT32_MAX;
}

uint16_t bulla_seal_status_word(const struct bulla_seal *seal)
{
    enum bulla_shows shows = bulla_device_shows(&seal->device);
    bool service = seal->lock_owed || seal->lost || seal->device.modes & (BULLA_MODE(LOW) | BULLA_MODE(KEYLESS));
    bool alarm = shows == BULLA_SHOWS_TAMPERED || shows == BULLA_SHOWS_VOID;
    return (uint16_t)((service ? BULLA_REPLY_SERVICE : 0) | (alarm ? BULLA_REPLY_ALARM : 0) | (unsigned)seal->device.profile << 3 |
                      (unsigned)shows << 12);
}

bool bulla_seal_encode(const struct bulla_seal *seal, const struct seal_answer *answer, uint16_t *status, uint8_t data[BULLA_FRAME_MAX],
                       size_t *n)
{
    struct bulla_fault fault;
    *status = bulla_seal_status_word(seal);
    if (answer->silent)
        return false;
    if (!answer->nack)
        return bulla_link_encode(&answer->message, data, BULLA_FRAME_MAX, n, &fault) == BULLA_OK;
    *status |= BULLA_REPLY_REFUSED;
    data[0] = answer->nack;
    data[1] = answer->refusal;
    *n = 2;
    return true;
}

static bool is_mine(const struct bulla_seal *seal, const struct bulla_frame *frame)
{
    return frame->to_all || (frame->address.maker == seal->address.maker && frame->address.serial == seal->address.serial);
}

static const struct {
    uint8_t code;
    bool (*hear)(struct bulla_seal *seal, const struct bulla_frame *frame, uint16_t *status, uint8_t data[BULLA_FRAME_MAX], size_t *n);
} sessions[] = {
    {BULLA_ORDER_HELLO, bulla_seal_hello},
    {BULLA_ORDER_PROVE, bulla_seal_prove},
    {BULLA_ORDER_WRAPPED, bulla_seal_wrapped},
};

/* A bare frame. To all, a refusal would meet other refusals on the air: it is counted. */
static bool hear_bare(struct bulla_seal *seal, const struct bulla_frame *frame, uint16_t *status, uint8_t data[BULLA_FRAME_MAX], size_t *n,
                      uint16_t *slot)
{
    struct seal_ask ask = {
        .order = bulla_link_order(frame->code), .belief = BULLA_BELIEF_CLAIMED, .session = frame->session, .who = frame->session};
    struct seal_answer answer;
    struct bulla_fault fault;
    if (bulla_link_decode(frame->code, BULLA_PART_ASK, frame->data, &ask.message, &fault) == BULLA_OK)
        bulla_seal_order(seal, &ask, &answer);
    else
        answer = (struct seal_answer){.nack = BULLA_NACK_PARAMETER};
    if (frame->to_all && answer.nack) {
        bulla_seal_ignore(seal, BULLA_IGNORED_UNKNOWN);
        return false;
    }
    *slot = answer.slot;
    return bulla_seal_encode(seal, &answer, status, data, n);
}

static void hear_mine(struct bulla_seal *seal, const struct bulla_frame *asked, struct bulla_seal_reply *to)
{
    uint8_t data[BULLA_FRAME_MAX];
    size_t n;
    struct bulla_fault fault;
    struct bulla_frame frame = {.start = asked->start, .code = asked->code, .session = asked->session, .address = seal->address};
    bool says = false, bare = true;
    for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++)
        if (sessions[i].code == asked->code) {
            bare = false;
            says = sessions[i].hear(seal, asked, &frame.status, data, &n);
            frame.status |= bulla_seal_status_word(seal);
        }
    if (bare)
        says = hear_bare(seal, asked, &frame.status, data, &n, &to->slot);
    if (!says)
        return;
    frame.data = (struct bulla_bytes){data, n};
    (void)!bulla_frame_encode_from_seal(&frame, to->bytes, sizeof to->bytes, &to->n, &fault); /* what does not fit leaves it silent */
}

void bulla_seal_hear(struct bulla_seal *seal, struct bulla_bytes bytes, uint32_t now, struct bulla_seal_reply *to)
{
    struct bulla_frame frame;
    struct bulla_fault fault;
    to->n = to->slot = 0;
    bulla_seal_tick(seal, now);
    enum bulla_status status = bulla_frame_decode_to_seal(bytes, BULLA_START_ANY, &frame, &fault);
    if (status != BULLA_OK) {
        if (status != BULLA_NOT_MINE)
            bulla_seal_ignore(seal, BULLA_IGNORED_DAMAGED);
        return;
    }
    if (!is_mine(seal, &frame))
        return;
    const struct bulla_link_order *order = bulla_link_order(frame.code);
    if (!order || (frame.to_all && !order->to_all))
        bulla_seal_ignore(seal, BULLA_IGNORED_UNKNOWN);
    else if (bulla_seal_settle(seal) == BULLA_OK)
        hear_mine(seal, &frame, to);
}
