/* SPDX-License-Identifier: Apache-2.0
 *
 * How a frame goes through a seal: is it one, is it for this seal, does the order exist, may it come this way; and the frame
 * that answers it.
 */
#include "libbulla/src/seal_inside.h"

static void ignore(struct bulla_seal *seal, enum bulla_ignored what)
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

/* The frame of an answer. What does not fit or has no encoding is not said. */
static void reply(const struct bulla_seal *seal, const struct bulla_frame *asked, const struct seal_answer *answer,
                  struct bulla_seal_reply *to)
{
    uint8_t data[BULLA_FRAME_MAX] = {answer->nack, answer->refusal};
    size_t n = 2;
    struct bulla_fault fault;
    struct bulla_frame frame = {.start = asked->start, .code = asked->code, .session = asked->session, .address = seal->address};
    frame.status = bulla_seal_status_word(seal);
    if (answer->nack)
        frame.status |= BULLA_REPLY_REFUSED;
    else if (bulla_link_encode(&answer->message, data, sizeof data, &n, &fault) != BULLA_OK)
        return;
    frame.data = (struct bulla_bytes){data, n};
    to->slot = answer->slot;
    if (bulla_frame_encode_from_seal(&frame, to->bytes, sizeof to->bytes, &to->n, &fault) != BULLA_OK)
        to->n = 0;
}

static bool is_mine(const struct bulla_seal *seal, const struct bulla_frame *frame)
{
    return frame->to_all || (frame->address.maker == seal->address.maker && frame->address.serial == seal->address.serial);
}

void bulla_seal_hear(struct bulla_seal *seal, struct bulla_bytes bytes, uint32_t now, struct bulla_seal_reply *to)
{
    struct bulla_frame frame;
    struct bulla_fault fault;
    struct seal_ask ask = {.belief = BULLA_BELIEF_CLAIMED};
    struct seal_answer answer;
    to->n = to->slot = 0;
    bulla_seal_tick(seal, now);
    enum bulla_status status = bulla_frame_decode_to_seal(bytes, BULLA_START_ANY, &frame, &fault);
    if (status != BULLA_OK) {
        if (status != BULLA_NOT_MINE)
            ignore(seal, BULLA_IGNORED_DAMAGED);
        return;
    }
    if (!is_mine(seal, &frame))
        return;
    ask.order = bulla_link_order(frame.code);
    ask.to_all = frame.to_all;
    ask.who = frame.session;
    if (!ask.order || (frame.to_all && !ask.order->to_all)) {
        ignore(seal, BULLA_IGNORED_UNKNOWN);
        return;
    }
    if (bulla_seal_settle(seal) != BULLA_OK)
        return;
    status = bulla_link_decode(frame.code, BULLA_PART_ASK, frame.data, &ask.message, &fault);
    if (status == BULLA_OK)
        bulla_seal_order(seal, &ask, &answer);
    else
        answer = (struct seal_answer){.nack = BULLA_NACK_PARAMETER};
    if (frame.to_all && answer.nack) {
        ignore(seal, BULLA_IGNORED_UNKNOWN);
        return;
    }
    if (!answer.silent)
        reply(seal, &frame, &answer, to);
}
