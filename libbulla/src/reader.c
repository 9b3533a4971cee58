/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader's side: one question and its answer, bare or in a session.
 */
#include "libbulla/src/reader_inside.h"

#include "bulla/cursor.h"

#define HEAD 3 /* of what is wrapped in an answer: status 2, order 1 */

void bulla_reader_open(struct bulla_reader *reader, const struct bulla_transport *transport, const struct bulla_reader_setup *setup)
{
    *reader = (struct bulla_reader){.transport = transport, .setup = *setup};
    struct bulla_reader_setup *s = &reader->setup;
    s->slot_us = s->slot_us ? s->slot_us : BULLA_LINK_SLOT_US;
    s->window = s->window ? s->window : BULLA_READER_WINDOW;
    s->tries = s->tries ? s->tries : BULLA_READER_TRIES;
    s->patience_ms = s->patience_ms ? s->patience_ms : BULLA_READER_PATIENCE_MS;
}

void bulla_reader_leave(struct bulla_reader *reader)
{
    bulla_session_end(&reader->session);
    reader->in_session = false;
}

/* ---- frames ---- */

static bool is_from(const struct bulla_frame *frame, const struct bulla_frame *asked)
{
    return frame->session == asked->session && frame->code == asked->code && frame->address.maker == asked->address.maker &&
           frame->address.serial == asked->address.serial;
}

enum bulla_status reader_receive(struct bulla_reader *reader, uint64_t until_ms, uint8_t bytes[BULLA_FRAME_MAX], struct bulla_frame *frame)
{
    const struct bulla_transport *t = reader->transport;
    struct bulla_fault fault;
    uint64_t now_ms = t->ops->now_ms(t->context);
    int n = t->ops->receive(t->context, bytes, BULLA_FRAME_MAX, now_ms < until_ms ? (uint32_t)(until_ms - now_ms) : 0);
    if (n == BULLA_TRANSPORT_NONE)
        return BULLA_MORE;
    if (n < 0)
        return n == BULLA_TRANSPORT_FAILED ? BULLA_FAILED : BULLA_DAMAGED;
    return bulla_frame_decode_from_seal((struct bulla_bytes){bytes, (size_t)n}, BULLA_START_ANY, frame, &fault) == BULLA_OK ? BULLA_OK
                                                                                                                            : BULLA_DAMAGED;
}

bool reader_send(struct bulla_reader *reader, const struct bulla_frame *frame)
{
    uint8_t bytes[BULLA_FRAME_MAX];
    size_t n = 0;
    struct bulla_fault fault;
    const struct bulla_transport *t = reader->transport;
    (void)!bulla_frame_encode_to_seal(frame, bytes, sizeof bytes, &n, &fault); /* the link's longest data fit */
    return t->ops->send(t->context, (struct bulla_bytes){bytes, n});
}

/* Sends it and waits for its answer; what else comes is passed over. MORE: silence; DAMAGED: nothing but noise. */
static enum bulla_status exchange(struct bulla_reader *reader, const struct bulla_frame *frame, uint8_t bytes[BULLA_FRAME_MAX],
                                  struct bulla_frame *answer)
{
    const struct bulla_transport *t = reader->transport;
    enum bulla_status heard = BULLA_MORE;
    if (!reader_send(reader, frame))
        return BULLA_FAILED;
    uint64_t until_ms = t->ops->now_ms(t->context) + reader->setup.patience_ms;
    for (;;) {
        enum bulla_status status = reader_receive(reader, until_ms, bytes, answer);
        if (status == BULLA_OK && is_from(answer, frame))
            return BULLA_OK;
        if (status == BULLA_MORE)
            return heard;
        if (status == BULLA_FAILED)
            return status;
        if (status == BULLA_DAMAGED)
            heard = status;
    }
}

static struct bulla_frame frame_to(const struct bulla_reader *reader, const struct bulla_address *seal, uint8_t code,
                                   struct bulla_bytes data)
{
    return (struct bulla_frame){.start = BULLA_START_FFFF, .code = code, .session = reader->setup.session, .address = *seal, .data = data};
}

/* ---- an answer ---- */

static enum bulla_status take_refusal(struct bulla_reader *reader, struct bulla_bytes data)
{
    if (data.len != 2)
        return BULLA_DAMAGED;
    reader->nack = data.at[0];
    reader->refusal = data.at[1];
    return BULLA_REFUSED;
}

static enum bulla_status take(struct bulla_reader *reader, uint16_t status, uint8_t code, struct bulla_bytes data,
                              struct bulla_link_message *answer, uint8_t room[BULLA_FRAME_MAX])
{
    struct bulla_link_message m;
    struct bulla_fault fault;
    if (status & BULLA_REPLY_REFUSED)
        return take_refusal(reader, data);
    if (bulla_link_decode(code, BULLA_PART_ANSWER, data, &m, &fault) != BULLA_OK)
        return BULLA_DAMAGED;
    if (m.rest.len)
        bulla_copy(room, m.rest.at, m.rest.len);
    m.rest.at = room;
    *answer = m;
    return BULLA_OK;
}

static enum bulla_status ask_bare(struct bulla_reader *reader, const struct bulla_address *seal, uint8_t code, struct bulla_bytes data,
                                  struct bulla_link_message *answer, uint8_t room[BULLA_FRAME_MAX])
{
    const struct bulla_frame frame = frame_to(reader, seal, code, data);
    uint8_t bytes[BULLA_FRAME_MAX];
    struct bulla_frame got;
    enum bulla_status status = exchange(reader, &frame, bytes, &got);
    return status == BULLA_OK ? take(reader, got.status, code, got.data, answer, room) : status;
}

/* What a frame carries, unwrapped. Its first bytes are the status and the order that it answers. */
static enum bulla_status unwrap(struct bulla_reader *reader, const struct bulla_frame *got, uint8_t code, uint8_t plain[BULLA_RECORD_MAX],
                                size_t *n)
{
    uint8_t header[BULLA_LINK_HEADER];
    enum bulla_doubt doubt;
    bulla_link_header(got, header);
    enum bulla_status status =
        bulla_session_unwrap(&reader->session, (struct bulla_bytes){header, sizeof header}, got->data, plain, BULLA_RECORD_MAX, n, &doubt);
    reader->doubt = (uint8_t)doubt;
    if (status != BULLA_OK)
        return status == BULLA_FAILED ? BULLA_FAILED : BULLA_DAMAGED;
    return *n >= HEAD && plain[2] == code ? BULLA_OK : BULLA_DAMAGED;
}

static enum bulla_status ask_wrapped(struct bulla_reader *reader, const struct bulla_address *seal, uint8_t code, struct bulla_bytes data,
                                     struct bulla_link_message *answer, uint8_t room[BULLA_FRAME_MAX])
{
    uint8_t plain[BULLA_RECORD_MAX], record[BULLA_RECORD_MAX], header[BULLA_LINK_HEADER], bytes[BULLA_FRAME_MAX];
    struct bulla_frame frame = frame_to(reader, seal, BULLA_ORDER_WRAPPED, (struct bulla_bytes){record, 0}), got;
    enum bulla_doubt doubt;
    plain[0] = code;
    bulla_copy(plain + 1, data.at, data.len);
    bulla_link_header(&frame, header);
    if (bulla_session_wrap(&reader->session, (struct bulla_bytes){header, sizeof header}, (struct bulla_bytes){plain, 1 + data.len}, record,
                           sizeof record, &frame.data.len, &doubt) != BULLA_OK)
        return BULLA_FAILED;
    enum bulla_status status = exchange(reader, &frame, bytes, &got);
    size_t n;
    if (status == BULLA_OK)
        status = unwrap(reader, &got, code, plain, &n);
    if (status != BULLA_OK)
        return status;
    return take(reader, (uint16_t)((unsigned)plain[0] << 8 | plain[1]), code, (struct bulla_bytes){plain + HEAD, n - HEAD}, answer, room);
}

/* What changes something each time is asked once: an answer that was lost would be taken for a refusal. */
static unsigned tries_of(const struct bulla_reader *reader, uint8_t code)
{
    static const uint8_t once[] = {BULLA_ORDER_SEAL, BULLA_ORDER_UNSEAL, BULLA_ORDER_RETURN, BULLA_ORDER_RETIRE, BULLA_ORDER_COMMISSION};
    for (size_t i = 0; i < sizeof once; i++)
        if (once[i] == code)
            return 1;
    return reader->setup.tries;
}

enum bulla_status bulla_reader_ask(struct bulla_reader *reader, const struct bulla_address *seal, const struct bulla_link_message *ask,
                                   struct bulla_link_message *answer, uint8_t room[BULLA_FRAME_MAX], uint8_t *belief)
{
    uint8_t data[BULLA_FRAME_MAX];
    struct bulla_bytes asked = {data, 0};
    struct bulla_fault fault;
    bool wrapped = reader->in_session && seal->maker == reader->with.maker && seal->serial == reader->with.serial;
    enum bulla_status status = bulla_link_encode(ask, data, sizeof data, &asked.len, &fault);
    if (status != BULLA_OK) {
        reader->nack = BULLA_NACK_PARAMETER;
        reader->refusal = 0;
        return BULLA_REFUSED;
    }
    for (unsigned tries = tries_of(reader, ask->code); tries > 0; tries--) {
        status = (wrapped ? ask_wrapped : ask_bare)(reader, seal, ask->code, asked, answer, room);
        if (status != BULLA_MORE && status != BULLA_DAMAGED)
            break;
    }
    if (status == BULLA_OK && belief)
        *belief = wrapped ? BULLA_BELIEF_PROVEN : BULLA_BELIEF_CLAIMED;
    return status;
}

/* ---- sessions ---- */

static enum bulla_status doubted(struct bulla_reader *reader, enum bulla_status status, enum bulla_doubt doubt)
{
    reader->doubt = (uint8_t)doubt;
    bulla_reader_leave(reader);
    return status == BULLA_FAILED ? BULLA_FAILED : BULLA_DAMAGED;
}

/* The answer to the call is taken, the proof sent, and its answer looked at: the first record. */
static enum bulla_status shake_hands(struct bulla_reader *reader, const struct bulla_address *seal, const struct bulla_moment *moment,
                                     struct bulla_bytes call)
{
    uint8_t bytes[BULLA_FRAME_MAX], message[BULLA_SESSION_MESSAGE_MAX], plain[BULLA_RECORD_MAX];
    struct bulla_frame frame = frame_to(reader, seal, BULLA_ORDER_HELLO, call), got;
    enum bulla_doubt doubt = BULLA_DOUBT_GOOD;
    size_t n;
    enum bulla_status status = exchange(reader, &frame, bytes, &got);
    if (status != BULLA_OK)
        return status;
    if (got.status & BULLA_REPLY_REFUSED) {
        bulla_reader_leave(reader);
        return take_refusal(reader, got.data);
    }
    status = bulla_session_prove(&reader->session, moment, got.data, message, sizeof message, &n, &doubt);
    if (status != BULLA_OK)
        return doubted(reader, status, doubt);
    reader->with = *seal;
    reader->in_session = true;
    if (n == 0)
        return BULLA_OK;
    frame = frame_to(reader, seal, BULLA_ORDER_PROVE, (struct bulla_bytes){message, n});
    status = exchange(reader, &frame, bytes, &got);
    if (status == BULLA_OK)
        status = unwrap(reader, &got, BULLA_ORDER_PROVE, plain, &n);
    if (status != BULLA_OK)
        bulla_reader_leave(reader);
    return status;
}

enum bulla_status bulla_reader_session(struct bulla_reader *reader, const struct bulla_address *seal, const struct bulla_moment *moment)
{
    enum bulla_status status = BULLA_FAILED;
    bulla_reader_leave(reader);
    if (!reader->setup.party)
        return doubted(reader, BULLA_REFUSED, BULLA_DOUBT_KIND);
    for (unsigned tries = reader->setup.tries; tries > 0; tries--) {
        uint8_t call[BULLA_SESSION_MESSAGE_MAX];
        size_t n;
        enum bulla_doubt doubt;
        bulla_session_init(&reader->session, reader->setup.party);
        status = bulla_session_call(&reader->session, bulla_authority_seal(seal->maker, seal->serial), call, sizeof call, &n, &doubt);
        if (status != BULLA_OK)
            return doubted(reader, status, doubt);
        status = shake_hands(reader, seal, moment, (struct bulla_bytes){call, n});
        if (status != BULLA_MORE)
            break;
    }
    return status;
}

enum bulla_status bulla_reader_session_shared(struct bulla_reader *reader, const struct bulla_address *seal,
                                              const struct bulla_shared_key *key)
{
    static const struct bulla_moment any = {BULLA_TIME_NONE, BULLA_TIME_NONE, false};
    uint8_t call[BULLA_SESSION_MESSAGE_MAX];
    size_t n;
    enum bulla_doubt doubt;
    bulla_reader_leave(reader);
    if (!reader->setup.party)
        return doubted(reader, BULLA_REFUSED, BULLA_DOUBT_KIND);
    bulla_session_init(&reader->session, reader->setup.party);
    enum bulla_status status = bulla_session_call_shared(&reader->session, key, call, sizeof call, &n, &doubt);
    if (status != BULLA_OK)
        return doubted(reader, status, doubt);
    return shake_hands(reader, seal, &any, (struct bulla_bytes){call, n});
}
