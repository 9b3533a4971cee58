/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of a session, by its keys. The newest counters are all that changes.
 */
#include "libbulla/src/session.h"

#include "bulla/cursor.h"

enum { COUNTER = 4 };

_Static_assert(COUNTER + BULLA_TAG == BULLA_RECORD_OVERHEAD, "what a record has beside what is said");

/* Seven zeros, who sends, its counter. */
static void nonce_make(uint8_t nonce[BULLA_NONCE], unsigned sender, uint32_t counter)
{
    struct bulla_writer w = bulla_writer_over(nonce, BULLA_NONCE);
    bulla_writer_put_u64(&w, sender);
    bulla_writer_put_u32(&w, counter);
}

static enum bulla_doubt record_make(struct session_step *step, struct bulla_bytes associated, struct bulla_bytes plain)
{
    struct bulla_session *next = &step->next;
    const struct bulla_suite *suite = next->party->suite;
    uint8_t nonce[BULLA_NONCE];
    const struct bulla_aead aead = {next->key[next->party->side], nonce, associated, plain};
    if (next->state == BULLA_SESSION_OVER || next->sent == UINT32_MAX)
        return BULLA_DOUBT_ENDED;
    if (next->state != BULLA_SESSION_OPEN)
        return BULLA_DOUBT_ORDER;
    struct bulla_writer w = bulla_writer_over(step->made, COUNTER);
    bulla_writer_put_u32(&w, ++next->sent);
    nonce_make(nonce, next->party->side, next->sent);
    step->n = plain.len + BULLA_RECORD_OVERHEAD;
    return session_doubt(suite->seal(suite->context, &aead, step->made + COUNTER), BULLA_DOUBT_BELOW);
}

enum bulla_status bulla_session_wrap(struct bulla_session *session, struct bulla_bytes associated, struct bulla_bytes plain, uint8_t *to,
                                     size_t size, size_t *n, enum bulla_doubt *doubt)
{
    struct session_step step = {.next = *session};
    if (plain.len > BULLA_RECORD_MAX - BULLA_RECORD_OVERHEAD || plain.len + BULLA_RECORD_OVERHEAD > size) {
        bulla_wipe(&step, sizeof step);
        *doubt = BULLA_DOUBT_GOOD;
        return BULLA_FULL;
    }
    return session_close(session, &step, record_make(&step, associated, plain), to, size, n, doubt);
}

static enum bulla_doubt record_open(struct session_step *step, struct bulla_bytes associated, struct bulla_bytes record)
{
    struct bulla_session *next = &step->next;
    const struct bulla_suite *suite = next->party->suite;
    const unsigned sender = next->party->side == BULLA_SIDE_READER ? BULLA_SIDE_SEAL : BULLA_SIDE_READER;
    uint8_t nonce[BULLA_NONCE];
    if (next->state == BULLA_SESSION_OVER)
        return BULLA_DOUBT_ENDED;
    if (next->state != BULLA_SESSION_OPEN && !(next->state == BULLA_SESSION_CALLED && next->shared))
        return BULLA_DOUBT_ORDER;
    if (record.len < BULLA_RECORD_OVERHEAD || record.len > BULLA_RECORD_MAX)
        return BULLA_DOUBT_SHAPE;
    struct bulla_cursor c = bulla_cursor_over(record.at, record.len);
    uint32_t counter = bulla_cursor_get_u32(&c);
    if (counter <= next->received)
        return BULLA_DOUBT_REPLAYED;
    nonce_make(nonce, sender, counter);
    const struct bulla_aead aead = {next->key[sender], nonce, associated, {record.at + COUNTER, record.len - COUNTER}};
    enum bulla_doubt why = session_doubt(suite->open(suite->context, &aead, step->made), BULLA_DOUBT_CIPHER);
    step->n = record.len - BULLA_RECORD_OVERHEAD;
    next->received = counter;
    if (next->state == BULLA_SESSION_CALLED) { /* the first record proves who has the shared key */
        next->state = BULLA_SESSION_OPEN;
        next->proof = BULLA_SESSION_BY_SHARED;
    }
    return why;
}

enum bulla_status bulla_session_unwrap(struct bulla_session *session, struct bulla_bytes associated, struct bulla_bytes record, uint8_t *to,
                                       size_t size, size_t *n, enum bulla_doubt *doubt)
{
    struct session_step step = {.next = *session};
    return session_close(session, &step, record_open(&step, associated, record), to, size, n, doubt);
}
