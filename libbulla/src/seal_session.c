/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions at the seal: one that is open and one handshake beside it, so that a stranger's call ends nothing. What does not hold is
 * counted and not answered.
 */
#include "bulla/cursor.h"

#include "libbulla/src/seal_inside.h"

#define HEAD 3 /* of what is wrapped in an answer: status 2, order 1 */

const struct bulla_party *bulla_seal_party(const struct bulla_seal *seal)
{
    const struct bulla_seal_ops *ops = seal->board->ops;
    return ops->party && !(seal->device.modes & BULLA_MODE(KEYLESS)) ? ops->party(seal->board->context) : NULL;
}

struct bulla_moment bulla_seal_moment(const struct bulla_seal *seal)
{
    return (struct bulla_moment){bulla_clock_now(&seal->clock), seal->floor_ms, bulla_clock_good(&seal->clock, BULLA_SEAL_CLOCK_MS)};
}

void bulla_seal_proven_time(struct bulla_seal *seal, uint32_t from_s)
{
    int64_t from_ms = (int64_t)from_s * 1000;
    if (from_ms > seal->floor_ms)
        seal->floor_ms = from_ms;
}

/* Which of the counts a doubt belongs to. */
static bool doubted(struct bulla_seal *seal, enum bulla_doubt doubt)
{
    bool late = doubt == BULLA_DOUBT_ORDER || doubt == BULLA_DOUBT_REPLAYED || doubt == BULLA_DOUBT_ENDED;
    bulla_seal_ignore(seal, late ? BULLA_IGNORED_REPLAYED : BULLA_IGNORED_UNPROVEN);
    return false;
}

/* A wrong shared key, and any while it waits: the right one gets the same answer then, so a guess is not confirmed. */
static bool refuse_key(uint16_t *status, uint8_t data[BULLA_FRAME_MAX], size_t *n)
{
    *status = BULLA_REPLY_REFUSED;
    data[0] = BULLA_NACK_AUTHORITY;
    data[1] = BULLA_REFUSAL_PASSWORD;
    *n = 2;
    return true;
}

bool bulla_seal_hello(struct bulla_seal *seal, const struct bulla_frame *frame, uint16_t *status, uint8_t data[BULLA_FRAME_MAX], size_t *n)
{
    uint8_t suite;
    bool by_key;
    const struct bulla_party *party = bulla_seal_party(seal);
    enum bulla_doubt doubt = BULLA_DOUBT_KIND;
    struct bulla_session called;
    if (!party)
        return doubted(seal, doubt);
    by_key = bulla_session_asks(frame->data, &suite, &by_key) && by_key;
    if (by_key && !bulla_seal_tries_may(seal, BULLA_SEAL_TRY_KEY))
        return refuse_key(status, data, n);
    bulla_session_init(&called, party);
    if (bulla_session_answer(&called, frame->data, data, BULLA_FRAME_MAX, n, &doubt) != BULLA_OK) {
        bool wrong = by_key && doubt == BULLA_DOUBT_SIGNATURE && bulla_seal_tries_wrong(seal, BULLA_SEAL_TRY_KEY);
        (void)doubted(seal, doubt);
        if (wrong)
            return refuse_key(status, data, n);
        return false;
    }
    seal->called = called;
    return true;
}

static bool wrap(struct bulla_seal *seal, const struct bulla_frame *frame, struct bulla_bytes plain, uint8_t data[BULLA_FRAME_MAX],
                 size_t *n)
{
    uint8_t header[BULLA_LINK_HEADER];
    enum bulla_doubt doubt;
    bulla_link_header(frame, header);
    return bulla_session_wrap(&seal->open, (struct bulla_bytes){header, sizeof header}, plain, data, BULLA_RECORD_MAX, n, &doubt) ==
           BULLA_OK;
}

static void adopt(struct bulla_seal *seal)
{
    seal->open = seal->called;
    bulla_session_end(&seal->called);
    if (seal->open.shared) /* a call alone may be a recorded one */
        bulla_tries_right(&seal->tries[BULLA_SEAL_TRY_KEY]);
    bulla_seal_proven_time(seal, seal->open.from_s);
}

bool bulla_seal_prove(struct bulla_seal *seal, const struct bulla_frame *frame, uint16_t *bits, uint8_t data[BULLA_FRAME_MAX], size_t *n)
{
    const struct bulla_moment moment = bulla_seal_moment(seal);
    const uint16_t status = bulla_seal_status_word(seal);
    const uint8_t plain[HEAD] = {(uint8_t)(status >> 8), (uint8_t)status, BULLA_ORDER_PROVE};
    enum bulla_doubt doubt = BULLA_DOUBT_ORDER;
    (void)bits;
    if (!bulla_seal_party(seal) || !seal->called.party || bulla_session_accept(&seal->called, &moment, frame->data, &doubt) != BULLA_OK)
        return doubted(seal, doubt);
    adopt(seal);
    return wrap(seal, frame, (struct bulla_bytes){plain, sizeof plain}, data, n);
}

/* By the open session; else by a handshake with a shared key, which its first record opens. */
static bool unwrap(struct bulla_seal *seal, const struct bulla_frame *frame, uint8_t plain[BULLA_RECORD_MAX], size_t *n)
{
    uint8_t header[BULLA_LINK_HEADER];
    const struct bulla_bytes associated = {header, sizeof header};
    enum bulla_doubt doubt = BULLA_DOUBT_ORDER, other;
    bulla_link_header(frame, header);
    if (!bulla_seal_party(seal))
        return doubted(seal, doubt);
    if (seal->open.party && bulla_session_unwrap(&seal->open, associated, frame->data, plain, BULLA_RECORD_MAX, n, &doubt) == BULLA_OK)
        return true;
    if (!seal->called.party || bulla_session_unwrap(&seal->called, associated, frame->data, plain, BULLA_RECORD_MAX, n, &other) != BULLA_OK)
        return doubted(seal, doubt);
    adopt(seal);
    return true;
}

/* What was wrapped, as an order. False: it is none, or not one to be wrapped. */
static bool ask_of(struct bulla_seal *seal, uint16_t session, struct bulla_bytes plain, struct seal_ask *ask, struct seal_answer *answer)
{
    const struct bulla_moment moment = bulla_seal_moment(seal);
    struct bulla_fault fault;
    *ask = (struct seal_ask){.belief = BULLA_BELIEF_PROVEN, .session = session, .who = (uint32_t)seal->open.subject};
    ask->order = plain.len ? bulla_link_order(plain.at[0]) : NULL;
    ask->rights = bulla_session_rights(&seal->open, &moment);
    if (!ask->order || ask->order->code == BULLA_ORDER_WRAPPED)
        return false;
    if (bulla_link_decode(plain.at[0], BULLA_PART_ASK, (struct bulla_bytes){plain.at + 1, plain.len - 1}, &ask->message, &fault) !=
        BULLA_OK)
        *answer = (struct seal_answer){.nack = BULLA_NACK_PARAMETER, .message.code = plain.at[0]};
    else
        bulla_seal_order(seal, ask, answer);
    return true;
}

bool bulla_seal_wrapped(struct bulla_seal *seal, const struct bulla_frame *frame, uint16_t *bits, uint8_t data[BULLA_FRAME_MAX], size_t *n)
{
    uint8_t plain[BULLA_RECORD_MAX], said[HEAD + BULLA_FRAME_MAX];
    struct seal_ask ask;
    struct seal_answer answer;
    uint16_t status;
    size_t len;
    (void)bits; /* a refusal is wrapped as well */
    if (!unwrap(seal, frame, plain, &len))
        return false;
    if (!ask_of(seal, frame->session, (struct bulla_bytes){plain, len}, &ask, &answer)) {
        bulla_seal_ignore(seal, BULLA_IGNORED_UNKNOWN);
        return false;
    }
    if (!bulla_seal_encode(seal, &answer, &status, said + HEAD, &len))
        return false;
    said[0] = (uint8_t)(status >> 8);
    said[1] = (uint8_t)status;
    said[2] = plain[0];
    return wrap(seal, frame, (struct bulla_bytes){said, HEAD + len}, data, n);
}
