/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions with a key that both have: two messages. Every HMAC and every key comes of a root that only the two can make.
 */
#include "libbulla/src/session.h"

enum { CALL_SIGNED = 2 + BULLA_KEY_ID + BULLA_SHARED_RANDOM, CALL = CALL_SIGNED + BULLA_SHARED_MAC };
enum { ANSWER_SIGNED = 1 + BULLA_SHARED_RANDOM, ANSWER = ANSWER_SIGNED + BULLA_SHARED_MAC };

_Static_assert(BULLA_SHARED_RANDOM <= BULLA_PUBLIC, "it is remembered where a public key would be");

static enum bulla_doubt root_make(struct bulla_session *next, const struct bulla_shared_key *key)
{
    if (key->n < BULLA_SHARED_KEY_MIN || key->n > BULLA_SHARED_KEY_MAX)
        return BULLA_DOUBT_UNKNOWN;
    next->shared = true;
    next->subject = key->subject;
    next->rights = key->rights;
    next->from_s = 0;
    next->until_s = UINT32_MAX;
    return session_doubt(
        bulla_suite_extract(next->party->suite, session_text("bulla shared 1"), (struct bulla_bytes){key->bytes, key->n}, next->root),
        BULLA_DOUBT_BELOW);
}

/* Over the call, without its own HMAC; the transcript then begins with it. */
static enum bulla_status call_mac(struct bulla_session *next, const uint8_t *call, uint8_t mac[BULLA_HASH])
{
    const struct bulla_suite *suite = next->party->suite;
    const struct bulla_bytes parts[] = {session_text(suite->name), {call, CALL_SIGNED}};
    enum bulla_status status = session_hash(suite, "bulla shared call 1", parts, 2, next->hash);
    const struct bulla_bytes hash = {next->hash, BULLA_HASH};
    return status == BULLA_OK ? bulla_suite_hmac(suite, (struct bulla_bytes){next->root, BULLA_HASH}, &hash, 1, mac) : status;
}

/* Over call, answer without its own HMAC, and who the two are. */
static enum bulla_status answer_mac(struct bulla_session *next, const uint8_t *answer, uint64_t seal, uint8_t mac[BULLA_HASH])
{
    const struct bulla_suite *suite = next->party->suite;
    uint8_t subject[8];
    for (unsigned i = 0; i < sizeof subject; i++)
        subject[i] = (uint8_t)(seal >> (56 - 8 * i));
    const struct bulla_bytes parts[] = {{next->hash, BULLA_HASH}, {answer, ANSWER_SIGNED}, {subject, sizeof subject}};
    enum bulla_status status = session_hash(suite, "bulla shared answer 1", parts, 3, next->hash);
    const struct bulla_bytes hash = {next->hash, BULLA_HASH};
    return status == BULLA_OK ? bulla_suite_hmac(suite, (struct bulla_bytes){next->root, BULLA_HASH}, &hash, 1, mac) : status;
}

static enum bulla_doubt call_make(struct session_step *step, const struct bulla_shared_key *key)
{
    struct bulla_session *next = &step->next;
    const struct bulla_suite *suite = next->party->suite;
    uint8_t mac[BULLA_HASH];
    if (next->party->side != BULLA_SIDE_READER || next->state != BULLA_SESSION_FRESH)
        return BULLA_DOUBT_ORDER;
    enum bulla_doubt why = root_make(next, key);
    if (why != BULLA_DOUBT_GOOD)
        return why;
    step->made[0] = BULLA_SESSION_SHARED_CALL;
    step->made[1] = suite->id;
    bulla_copy(step->made + 2, key->id, BULLA_KEY_ID);
    if (suite->random(suite->context, step->made + 2 + BULLA_KEY_ID, BULLA_SHARED_RANDOM) != BULLA_OK ||
        call_mac(next, step->made, mac) != BULLA_OK)
        return BULLA_DOUBT_BELOW;
    bulla_copy(step->made + CALL_SIGNED, mac, BULLA_SHARED_MAC);
    next->called = key->subject;
    next->state = BULLA_SESSION_CALLING;
    step->n = CALL;
    return BULLA_DOUBT_GOOD;
}

enum bulla_status bulla_session_call_shared(struct bulla_session *session, const struct bulla_shared_key *key, uint8_t *to, size_t size,
                                            size_t *n, enum bulla_doubt *doubt)
{
    struct session_step step = {.next = *session};
    return session_close(session, &step, call_make(&step, key), to, size, n, doubt);
}

enum bulla_doubt session_shared_answer(struct session_step *step, struct bulla_bytes call)
{
    struct bulla_session *next = &step->next;
    const struct bulla_party *party = next->party;
    struct bulla_shared_key key;
    uint8_t mac[BULLA_HASH];
    if (call.len != CALL)
        return BULLA_DOUBT_SHAPE;
    if (!party->shared || !party->shared(party->context, call.at + 2, &key))
        return BULLA_DOUBT_UNKNOWN;
    enum bulla_doubt why = root_make(next, &key);
    bulla_wipe(&key, sizeof key);
    if (why != BULLA_DOUBT_GOOD)
        return why;
    if (call_mac(next, call.at, mac) != BULLA_OK)
        return BULLA_DOUBT_BELOW;
    if (!bulla_same_secret(mac, call.at + CALL_SIGNED, BULLA_SHARED_MAC))
        return BULLA_DOUBT_SIGNATURE;
    step->made[0] = BULLA_SESSION_SHARED_ANSWER;
    if (party->suite->random(party->suite->context, step->made + 1, BULLA_SHARED_RANDOM) != BULLA_OK ||
        answer_mac(next, step->made, party->subject, mac) != BULLA_OK)
        return BULLA_DOUBT_BELOW;
    bulla_copy(step->made + ANSWER_SIGNED, mac, BULLA_SHARED_MAC);
    step->n = ANSWER;
    next->state = BULLA_SESSION_CALLED;
    return session_doubt(session_keys(next), BULLA_DOUBT_BELOW);
}

enum bulla_doubt session_shared_prove(struct session_step *step, struct bulla_bytes answer)
{
    struct bulla_session *next = &step->next;
    uint8_t mac[BULLA_HASH];
    if (answer.len != ANSWER || answer.at[0] != BULLA_SESSION_SHARED_ANSWER)
        return BULLA_DOUBT_SHAPE;
    if (answer_mac(next, answer.at, next->called, mac) != BULLA_OK)
        return BULLA_DOUBT_BELOW;
    if (!bulla_same_secret(mac, answer.at + ANSWER_SIGNED, BULLA_SHARED_MAC))
        return BULLA_DOUBT_SIGNATURE;
    next->state = BULLA_SESSION_OPEN;
    next->proof = BULLA_SESSION_BY_SHARED;
    return session_doubt(session_keys(next), BULLA_DOUBT_BELOW);
}
