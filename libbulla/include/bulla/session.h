/* SPDX-License-Identifier: Apache-2.0
 *
 * Session: a reader and a seal prove to each other who they are, agree on keys, and wrap what they say after that.
 *
 *   1 call     reader -> seal   form 11, suite 1, fresh public key
 *   2 answer   seal -> reader   form 12, fresh public key, sealed: certificate 121, signature 64
 *   3 proof    reader -> seal   form 13, sealed: certificate 121, signature 64
 *
 * at most 38, 235 and 202 bytes. Signatures are over the transcript so far (name of the suite, all that was said
 * before, one's own certificate); certificates and signatures travel sealed, so a listener learns no identity from them. Keys of records
 * come of the whole transcript: who changed any bit of it, or believed in another suite or partner, has other keys. Fresh keys are
 * forgotten when the handshake ends: who steals a signing key later cannot read what was said.
 *
 * For a seal that cannot afford signatures (form 21, 22), with a key of at least 16 random bytes that both have:
 *
 *   1 call     reader -> seal   form 21, suite 1, key id 4, random 16, HMAC 16
 *   2 answer   seal -> reader   form 22, random 16, HMAC 16
 *
 * The reader has proven itself with its first record; until then the seal wraps nothing. `proof` says which of the two it
 * was. Such a session has no secrecy after the key is stolen, and a guessable key can be guessed from one recorded call:
 * passwords are not such keys.
 *
 *   record     counter 4, cipher text, tag 16: 20 bytes more than what is wrapped
 *
 * Each direction has its key and its counter, from 1 on; the nonce is made of both. A record must be newer than the newest
 * one that was unwrapped; gaps are allowed, for frames get lost. The frame's header goes in as associated data. When a
 * counter has come to its end nothing more can be said in that direction: begin another session.
 *
 * Whatever is wrong changes nothing but a counter (struct bulla_doubts, the caller's, which lives longer): a handshake goes on to wait
 * for the right message, an open session stays open. A refused message deserves no answer. A call from a
 * stranger must not end an open session: keep that one and begin the new handshake in another struct.
 */
#ifndef BULLA_SESSION_H
#define BULLA_SESSION_H

#include "bulla/api.h"
#include "bulla/authority.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_SESSION_FORM_TABLE(X) /* form, first byte, longest message, name */ \
    X(CALL,          0x11, 35,  "call")                                           \
    X(ANSWER,        0x12, 235, "answer")                                         \
    X(PROOF,         0x13, 202, "proof")                                          \
    X(SHARED_CALL,   0x21, 38,  "shared-call")                                    \
    X(SHARED_ANSWER, 0x22, 33,  "shared-answer")

#define BULLA_SESSION_STATE_TABLE(X) \
    X(FRESH,   0, "fresh")           /* initialised */                                  \
    X(CALLING, 1, "calling")         /* reader: waits for the answer */                 \
    X(CALLED,  2, "called")          /* seal: waits for the proof, or for the first record of a shared session */ \
    X(OPEN,    3, "open")                                                               \
    X(OVER,    4, "over")            /* keys are wiped */

#define BULLA_PROOF_KIND_TABLE(X) /* how the other side is proven */ \
    X(NOBODY,    0, "nobody")                                        \
    X(SHARED,    1, "shared-key")                                    \
    X(SIGNATURE, 2, "signature")
/* clang-format on */

#define BULLA_SESSION_MESSAGE_MAX 235
#define BULLA_SHARED_KEY_MIN      16
#define BULLA_SHARED_KEY_MAX      32
#define BULLA_SHARED_RANDOM       16
#define BULLA_SHARED_MAC          16
#define BULLA_RECORD_OVERHEAD     20
#define BULLA_RECORD_MAX          255 /* wrapped */

enum bulla_session_form {
#define X(name, number, most, text) BULLA_SESSION_##name = number,
    BULLA_SESSION_FORM_TABLE(X)
#undef X
};

enum bulla_session_state {
#define X(name, number, text) BULLA_SESSION_##name = number,
    BULLA_SESSION_STATE_TABLE(X)
#undef X
};

enum bulla_session_proof {
#define X(name, number, text) BULLA_SESSION_BY_##name = number,
    BULLA_PROOF_KIND_TABLE(X)
#undef X
};

struct bulla_shared_key {
    uint8_t id[BULLA_KEY_ID]; /* said in clear: choose it at random */
    uint8_t bytes[BULLA_SHARED_KEY_MAX];
    uint8_t n;        /* BULLA_SHARED_KEY_MIN to _MAX */
    uint16_t rights;  /* of a reader that has it */
    uint64_t subject; /* the other side: of a seal's key the reader, of a reader's the seal */
};

/* What one side brings. All of it is the caller's and stays as long as the session. */
struct bulla_party {
    enum bulla_side side;
    uint64_t subject;               /* one's own number, as in the certificate */
    struct bulla_bytes certificate; /* one's own; none: only shared keys */
    const uint8_t *secret;          /* that signs for it */
    const struct bulla_suite *suite;
    const struct bulla_trust *trust;
    /* A shared key by its id; false or NULL: none. */
    bool (*shared)(void *context, const uint8_t id[BULLA_KEY_ID], struct bulla_shared_key *key);
    void *context;
    struct bulla_doubts *doubts;
};

struct bulla_session {
    const struct bulla_party *party;
    uint8_t state;                 /* enum bulla_session_state */
    bool shared;                   /* with a shared key */
    uint8_t proof;                 /* enum bulla_session_proof: NOBODY until the other side has proven itself */
    uint16_t rights;               /* reader's, as the seal sees them */
    uint64_t called;               /* reader: who must answer; 0: whoever does */
    uint64_t subject;              /* the other side */
    uint32_t from_s, until_s;      /* its certificate; of a shared key 0 and the maximum */
    uint32_t sent, received;       /* counters of the newest records */
    uint8_t hash[BULLA_HASH];      /* of the transcript */
    uint8_t root[BULLA_HASH];      /* from which keys are derived */
    uint8_t secret[BULLA_SECRET];  /* of the fresh pair */
    uint8_t own[BULLA_PUBLIC];     /* its public key; of shared sessions the random part */
    uint8_t key[2][BULLA_KEY_MAX]; /* of records, by enum bulla_side of the sender */
};

void bulla_session_init(struct bulla_session *session, const struct bulla_party *party);

/* Wipes the keys; the state is over. */
void bulla_session_end(struct bulla_session *session);

/* The suite that a call asks for, and whether with a shared key: for a seal that has several. False: no call. */
bool bulla_session_asks(struct bulla_bytes call, uint8_t *suite, bool *shared);

/* All below: *n and the bytes only when OK. REFUSED: why is in *doubt, counted, and nothing else is changed. FAILED: the suite,
 * BULLA_DOUBT_BELOW, counted; a reader's call may be made again after bulla_session_init(). FULL: `size` is below the message. Counters
 * of `doubts` are those of the party. */

/* Reader, fresh: message 1. `called`: the seal that must answer (bulla_authority_seal()), 0 for whoever answers. */
enum bulla_status bulla_session_call(struct bulla_session *session, uint64_t called, uint8_t *to, size_t size, size_t *n,
                                     enum bulla_doubt *doubt) BULLA_MUST_CHECK;
/* Reader, fresh: message 1 with a shared key. */
enum bulla_status bulla_session_call_shared(struct bulla_session *session, const struct bulla_shared_key *key, uint8_t *to, size_t size,
                                            size_t *n, enum bulla_doubt *doubt) BULLA_MUST_CHECK;
/* Seal, fresh or called: takes either message 1, makes message 2. */
enum bulla_status bulla_session_answer(struct bulla_session *session, struct bulla_bytes call, uint8_t *to, size_t size, size_t *n,
                                       enum bulla_doubt *doubt) BULLA_MUST_CHECK;
/* Reader, calling: takes message 2; the session is open. Makes message 3; with a shared key there is none and *n is 0. */
enum bulla_status bulla_session_prove(struct bulla_session *session, const struct bulla_moment *moment, struct bulla_bytes answer,
                                      uint8_t *to, size_t size, size_t *n, enum bulla_doubt *doubt) BULLA_MUST_CHECK;
/* Seal, called: takes message 3; the session is open. What it answers is its first record: the reader knows by it. */
enum bulla_status bulla_session_accept(struct bulla_session *session, const struct bulla_moment *moment, struct bulla_bytes proof,
                                       enum bulla_doubt *doubt) BULLA_MUST_CHECK;

/* Open: what is said, wrapped: plain.len + BULLA_RECORD_OVERHEAD bytes, at most BULLA_RECORD_MAX (else FULL). */
enum bulla_status bulla_session_wrap(struct bulla_session *session, struct bulla_bytes associated, struct bulla_bytes plain, uint8_t *to,
                                     size_t size, size_t *n, enum bulla_doubt *doubt) BULLA_MUST_CHECK;
/* Open, or called with a shared key. `to` may not overlap the record. */
enum bulla_status bulla_session_unwrap(struct bulla_session *session, struct bulla_bytes associated, struct bulla_bytes record, uint8_t *to,
                                       size_t size, size_t *n, enum bulla_doubt *doubt) BULLA_MUST_CHECK;

/* Rights of a proven reader at this moment: none when the session is not open or the certificate's time is over. */
unsigned bulla_session_rights(const struct bulla_session *session, const struct bulla_moment *moment);

const char *bulla_session_state_text(unsigned state);
const char *bulla_session_proof_text(unsigned proof);

BULLA_END

#endif
