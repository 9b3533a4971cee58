/* SPDX-License-Identifier: Apache-2.0 */
#include "libbulla/src/session.h"

#include "bulla/time.h"
#include "libbulla/src/word.h"

#define SEALED    (BULLA_AUTHORITY_SIZE + BULLA_SIGNATURE) /* certificate and signature */
#define HEAD      2                                        /* form and suite of a call */
#define CALL_MOST (HEAD + BULLA_PUBLIC)

_Static_assert(1 + BULLA_PUBLIC + SEALED + BULLA_TAG == BULLA_SESSION_MESSAGE_MAX, "the longest message is an answer");
_Static_assert(BULLA_SESSION_MESSAGE_MAX <= BULLA_RECORD_MAX, "a message fits where it is made");

/* ---- what all steps share ---- */

void bulla_session_init(struct bulla_session *session, const struct bulla_party *party)
{
    *session = (struct bulla_session){.party = party};
}

void bulla_session_end(struct bulla_session *session)
{
    const struct bulla_party *party = session->party;
    bulla_wipe(session, sizeof *session);
    session->party = party;
    session->state = BULLA_SESSION_OVER;
}

enum bulla_doubt session_doubt(enum bulla_status status, enum bulla_doubt refused)
{
    if (status == BULLA_OK)
        return BULLA_DOUBT_GOOD;
    return status == BULLA_REFUSED ? refused : BULLA_DOUBT_BELOW;
}

enum bulla_status session_close(struct bulla_session *session, struct session_step *step, enum bulla_doubt why, uint8_t *to, size_t size,
                                size_t *n, enum bulla_doubt *doubt)
{
    enum bulla_status status = why == BULLA_DOUBT_BELOW ? BULLA_FAILED : BULLA_REFUSED;
    *doubt = why;
    if (why != BULLA_DOUBT_GOOD) {
        uint32_t *count = &session->party->doubts->n[why];
        *count += *count < UINT32_MAX;
    } else if (step->n > size) {
        status = BULLA_FULL;
    } else {
        status = BULLA_OK;
        *session = step->next;
        *n = step->n;
        if (to) /* a last message has no answer */
            bulla_copy(to, step->made, step->n);
    }
    bulla_wipe(step, sizeof *step);
    return status;
}

enum bulla_status session_hash(const struct bulla_suite *suite, const char *label, const struct bulla_bytes *parts, size_t n,
                               uint8_t hash[BULLA_HASH])
{
    struct bulla_bytes all[BULLA_PARTS_MAX] = {session_text(label)};
    uint8_t made[BULLA_HASH];
    for (size_t i = 0; i < n; i++)
        all[i + 1] = parts[i];
    enum bulla_status status = suite->digest(suite->context, all, n + 1, made);
    if (status == BULLA_OK)
        bulla_copy(hash, made, sizeof made);
    return status;
}

enum bulla_status session_keys(struct bulla_session *session)
{
    static const char *const info[] = {[BULLA_SIDE_READER] = "reader records", [BULLA_SIDE_SEAL] = "seal records"};
    const struct bulla_suite *suite = session->party->suite;
    uint8_t root[BULLA_HASH];
    enum bulla_status status =
        bulla_suite_extract(suite, (struct bulla_bytes){session->hash, BULLA_HASH}, (struct bulla_bytes){session->root, BULLA_HASH}, root);
    for (unsigned side = 0; side < 2 && status == BULLA_OK; side++)
        status = bulla_suite_expand(suite, root, session_text(info[side]), session->key[side], suite->key_size);
    bulla_wipe(root, sizeof root);
    bulla_wipe(session->root, sizeof session->root);
    return status;
}

bool bulla_session_asks(struct bulla_bytes call, uint8_t *suite, bool *shared)
{
    if (call.len < HEAD || (call.at[0] != BULLA_SESSION_CALL && call.at[0] != BULLA_SESSION_SHARED_CALL))
        return false;
    *suite = call.at[1];
    *shared = call.at[0] == BULLA_SESSION_SHARED_CALL;
    return true;
}

/* ---- the transcript ---- */

/* Of call and fresh keys; `reader` and `seal` are those of the two sides. */
static enum bulla_status hash_keys(struct bulla_session *session, const uint8_t *reader, const uint8_t *seal)
{
    const struct bulla_suite *suite = session->party->suite;
    const uint8_t head[] = {BULLA_SESSION_CALL, suite->id};
    const struct bulla_bytes parts[] = {
        session_text(suite->name), {head, sizeof head}, {reader, suite->agree_size}, {seal, suite->agree_size}};
    return session_hash(suite, "bulla session 1", parts, sizeof parts / sizeof *parts, session->hash);
}

static enum bulla_status hash_more(struct bulla_session *session, const char *label, struct bulla_bytes more)
{
    const struct bulla_bytes parts[] = {{session->hash, BULLA_HASH}, more};
    return session_hash(session->party->suite, label, parts, sizeof parts / sizeof *parts, session->hash);
}

static enum bulla_status hash_signed(const struct bulla_session *session, struct bulla_bytes certificate, enum bulla_side signer,
                                     uint8_t digest[BULLA_HASH])
{
    const struct bulla_suite *suite = session->party->suite;
    const struct bulla_bytes parts[] = {session_text(suite->name), {session->hash, BULLA_HASH}, certificate};
    return session_hash(suite, signer == BULLA_SIDE_SEAL ? "bulla seal proof 1" : "bulla reader proof 1", parts,
                        sizeof parts / sizeof *parts, digest);
}

/* The secret that both fresh keys give, made into the root; the transcript of the keys is there. */
static enum bulla_doubt root_agree(struct bulla_session *session, const uint8_t *other)
{
    const struct bulla_suite *suite = session->party->suite;
    const struct bulla_agreement agreement = {session->party->side, session->secret, session->own, other};
    uint8_t shared[BULLA_SHARED];
    enum bulla_doubt why = session_doubt(suite->agree(suite->context, &agreement, shared), BULLA_DOUBT_POINT);
    if (why == BULLA_DOUBT_GOOD)
        why = session_doubt(bulla_suite_extract(suite, (struct bulla_bytes){session->hash, BULLA_HASH},
                                                (struct bulla_bytes){shared, sizeof shared}, session->root),
                            BULLA_DOUBT_BELOW);
    bulla_wipe(shared, sizeof shared);
    bulla_wipe(session->secret, sizeof session->secret);
    return why;
}

/* ---- certificate and signature, sealed ---- */

static const uint8_t first_nonce[BULLA_NONCE]; /* each of these keys seals once */

static const char *const proof_info[] = {[BULLA_SIDE_READER] = "proof", [BULLA_SIDE_SEAL] = "answer"};
static const char *const proof_label[] = {[BULLA_SIDE_READER] = "bulla session 3", [BULLA_SIDE_SEAL] = "bulla session 2"};

/* Behind what is made already; the transcript then has it. */
static enum bulla_status proof_seal(struct session_step *step)
{
    struct bulla_session *next = &step->next;
    const struct bulla_party *party = next->party;
    const struct bulla_suite *suite = party->suite;
    uint8_t plain[SEALED], digest[BULLA_HASH], key[BULLA_HASH];
    struct bulla_aead aead = {key, first_nonce, {next->hash, BULLA_HASH}, {plain, sizeof plain}};
    bulla_copy(plain, party->certificate.at, BULLA_AUTHORITY_SIZE);
    enum bulla_status status = hash_signed(next, party->certificate, party->side, digest);
    if (status == BULLA_OK)
        status = suite->sign(suite->context, party->secret, digest, plain + BULLA_AUTHORITY_SIZE);
    if (status == BULLA_OK)
        status = bulla_suite_expand(suite, next->root, session_text(proof_info[party->side]), key, suite->key_size);
    if (status == BULLA_OK)
        status = suite->seal(suite->context, &aead, step->made + step->n);
    if (status == BULLA_OK)
        status = hash_more(next, proof_label[party->side], aead.text);
    step->n += sizeof plain + BULLA_TAG;
    bulla_wipe(key, sizeof key);
    return status;
}

static enum bulla_doubt proof_judge(struct bulla_session *next, const struct bulla_moment *moment, const uint8_t *plain,
                                    const uint8_t *other)
{
    const struct bulla_party *party = next->party;
    const struct bulla_suite *suite = party->suite;
    enum bulla_side signer = party->side == BULLA_SIDE_READER ? BULLA_SIDE_SEAL : BULLA_SIDE_READER;
    const struct bulla_bytes certificate = {plain, BULLA_AUTHORITY_SIZE};
    struct bulla_authority authority;
    enum bulla_doubt why;
    uint8_t digest[BULLA_HASH];
    if (bulla_authority_check(suite, party->trust, moment, signer == BULLA_SIDE_SEAL ? BULLA_AUTHORITY_SEAL : BULLA_AUTHORITY_READER,
                              certificate, &authority, &why) != BULLA_OK)
        return why;
    if (next->called != 0 && authority.subject != next->called)
        return BULLA_DOUBT_SUBJECT;
    if (bulla_compare(authority.public_key, other, suite->agree_size) == 0)
        return BULLA_DOUBT_KIND; /* one key for both */
    if (hash_signed(next, certificate, signer, digest) != BULLA_OK)
        return BULLA_DOUBT_BELOW;
    enum bulla_status status = suite->verify(suite->context, authority.public_key, digest, plain + BULLA_AUTHORITY_SIZE);
    next->subject = authority.subject;
    next->rights = authority.rights;
    next->from_s = authority.from_s;
    next->until_s = authority.until_s;
    return session_doubt(status, BULLA_DOUBT_SIGNATURE);
}

static enum bulla_doubt proof_open(struct bulla_session *next, const struct bulla_moment *moment, struct bulla_bytes sealed,
                                   const uint8_t *other)
{
    enum bulla_side signer = next->party->side == BULLA_SIDE_READER ? BULLA_SIDE_SEAL : BULLA_SIDE_READER;
    const struct bulla_suite *suite = next->party->suite;
    uint8_t plain[SEALED], key[BULLA_HASH];
    const struct bulla_aead aead = {key, first_nonce, {next->hash, BULLA_HASH}, sealed};
    enum bulla_doubt why =
        session_doubt(bulla_suite_expand(suite, next->root, session_text(proof_info[signer]), key, suite->key_size), BULLA_DOUBT_BELOW);
    if (why == BULLA_DOUBT_GOOD)
        why = session_doubt(suite->open(suite->context, &aead, plain), BULLA_DOUBT_CIPHER);
    if (why == BULLA_DOUBT_GOOD)
        why = proof_judge(next, moment, plain, other);
    if (why == BULLA_DOUBT_GOOD)
        why = session_doubt(hash_more(next, proof_label[signer], (struct bulla_bytes){plain, sizeof plain}), BULLA_DOUBT_BELOW);
    bulla_wipe(key, sizeof key);
    bulla_wipe(plain, sizeof plain);
    return why;
}

static enum bulla_doubt records_open(struct bulla_session *next)
{
    next->state = BULLA_SESSION_OPEN;
    next->proof = BULLA_SESSION_BY_SIGNATURE;
    return session_doubt(session_keys(next), BULLA_DOUBT_BELOW);
}

/* ---- the messages ---- */

static bool can_sign(const struct bulla_party *party)
{
    return party->certificate.len == BULLA_AUTHORITY_SIZE;
}

static enum bulla_doubt call_make(struct session_step *step, uint64_t called)
{
    struct bulla_session *next = &step->next;
    const struct bulla_suite *suite = next->party->suite;
    if (next->party->side != BULLA_SIDE_READER || next->state != BULLA_SESSION_FRESH || !can_sign(next->party))
        return BULLA_DOUBT_ORDER;
    if (suite->pair(suite->context, next->secret, next->own) != BULLA_OK)
        return BULLA_DOUBT_BELOW;
    next->called = called;
    next->state = BULLA_SESSION_CALLING;
    step->made[0] = BULLA_SESSION_CALL;
    step->made[1] = suite->id;
    bulla_copy(step->made + HEAD, next->own, suite->agree_size);
    step->n = (size_t)HEAD + suite->agree_size;
    return BULLA_DOUBT_GOOD;
}

enum bulla_status bulla_session_call(struct bulla_session *session, uint64_t called, uint8_t *to, size_t size, size_t *n,
                                     enum bulla_doubt *doubt)
{
    struct session_step step = {.next = *session};
    return session_close(session, &step, call_make(&step, called), to, size, n, doubt);
}

static enum bulla_doubt answer_make(struct session_step *step, struct bulla_bytes call)
{
    struct bulla_session *next = &step->next;
    const struct bulla_suite *suite = next->party->suite;
    const uint8_t *other = call.at + HEAD;
    if (call.len != (size_t)HEAD + suite->agree_size)
        return BULLA_DOUBT_SHAPE;
    if (!can_sign(next->party))
        return BULLA_DOUBT_KIND;
    if (suite->pair(suite->context, next->secret, next->own) != BULLA_OK)
        return BULLA_DOUBT_BELOW;
    if (hash_keys(next, other, next->own) != BULLA_OK)
        return BULLA_DOUBT_BELOW;
    enum bulla_doubt why = root_agree(next, other);
    if (why != BULLA_DOUBT_GOOD)
        return why;
    next->state = BULLA_SESSION_CALLED;
    step->made[0] = BULLA_SESSION_ANSWER;
    bulla_copy(step->made + 1, next->own, suite->agree_size);
    step->n = 1u + suite->agree_size;
    bulla_copy(next->own, other, suite->agree_size); /* from now on its key is the one to remember */
    return session_doubt(proof_seal(step), BULLA_DOUBT_BELOW);
}

enum bulla_status bulla_session_answer(struct bulla_session *session, struct bulla_bytes call, uint8_t *to, size_t size, size_t *n,
                                       enum bulla_doubt *doubt)
{
    struct session_step step = {.next = {.party = session->party}};
    uint8_t suite;
    bool shared, awaits = session->state == BULLA_SESSION_FRESH || session->state == BULLA_SESSION_CALLED;
    enum bulla_doubt why = BULLA_DOUBT_GOOD;
    if (!bulla_session_asks(call, &suite, &shared))
        why = BULLA_DOUBT_SHAPE;
    else if (session->party->side != BULLA_SIDE_SEAL || !awaits)
        why = BULLA_DOUBT_ORDER;
    else if (suite != session->party->suite->id)
        why = BULLA_DOUBT_SUITE;
    else
        why = shared ? session_shared_answer(&step, call) : answer_make(&step, call);
    return session_close(session, &step, why, to, size, n, doubt);
}

static enum bulla_doubt prove_make(struct session_step *step, const struct bulla_moment *moment, struct bulla_bytes answer)
{
    struct bulla_session *next = &step->next;
    const struct bulla_suite *suite = next->party->suite;
    const size_t head = 1u + suite->agree_size;
    if (answer.len != head + SEALED + BULLA_TAG || answer.at[0] != BULLA_SESSION_ANSWER)
        return BULLA_DOUBT_SHAPE;
    const uint8_t *other = answer.at + 1;
    if (bulla_compare(other, next->own, suite->agree_size) == 0)
        return BULLA_DOUBT_REFLECTED;
    if (hash_keys(next, next->own, other) != BULLA_OK)
        return BULLA_DOUBT_BELOW;
    enum bulla_doubt why = root_agree(next, other);
    if (why == BULLA_DOUBT_GOOD)
        why = proof_open(next, moment, (struct bulla_bytes){answer.at + head, answer.len - head}, other);
    if (why != BULLA_DOUBT_GOOD)
        return why;
    step->made[0] = BULLA_SESSION_PROOF;
    step->n = 1;
    if (proof_seal(step) != BULLA_OK)
        return BULLA_DOUBT_BELOW;
    return records_open(next);
}

enum bulla_status bulla_session_prove(struct bulla_session *session, const struct bulla_moment *moment, struct bulla_bytes answer,
                                      uint8_t *to, size_t size, size_t *n, enum bulla_doubt *doubt)
{
    struct session_step step = {.next = *session};
    enum bulla_doubt why = BULLA_DOUBT_ORDER;
    if (session->state == BULLA_SESSION_CALLING)
        why = session->shared ? session_shared_prove(&step, answer) : prove_make(&step, moment, answer);
    return session_close(session, &step, why, to, size, n, doubt);
}

static enum bulla_doubt accept_make(struct bulla_session *next, const struct bulla_moment *moment, struct bulla_bytes proof)
{
    uint8_t other[BULLA_PUBLIC];
    if (proof.len != 1 + SEALED + BULLA_TAG || proof.at[0] != BULLA_SESSION_PROOF)
        return BULLA_DOUBT_SHAPE;
    bulla_copy(other, next->own, sizeof other);
    enum bulla_doubt why = proof_open(next, moment, (struct bulla_bytes){proof.at + 1, proof.len - 1}, other);
    return why == BULLA_DOUBT_GOOD ? records_open(next) : why;
}

enum bulla_status bulla_session_accept(struct bulla_session *session, const struct bulla_moment *moment, struct bulla_bytes proof,
                                       enum bulla_doubt *doubt)
{
    struct session_step step = {.next = *session};
    size_t n;
    enum bulla_doubt why = BULLA_DOUBT_ORDER;
    if (session->state == BULLA_SESSION_CALLED && !session->shared)
        why = accept_make(&step.next, moment, proof);
    return session_close(session, &step, why, NULL, 0, &n, doubt);
}

/* ---- what it says of itself ---- */

unsigned bulla_session_rights(const struct bulla_session *session, const struct bulla_moment *moment)
{
    enum bulla_doubt doubt;
    if (session->state != BULLA_SESSION_OPEN)
        return 0;
    return bulla_authority_rights(session->rights, session->from_s, session->until_s, moment, &doubt);
}

const char *bulla_session_state_text(unsigned state)
{
    static const struct word words[] = {
#define X(name, number, text) {number, text},
        BULLA_SESSION_STATE_TABLE(X)
#undef X
    };
    return WORD_FIND(words, state);
}

const char *bulla_session_proof_text(unsigned proof)
{
    static const struct word words[] = {
#define X(name, number, text) {number, text},
        BULLA_PROOF_KIND_TABLE(X)
#undef X
    };
    return WORD_FIND(words, proof);
}
