/* SPDX-License-Identifier: Apache-2.0
 *
 * What a seal hears that wants to be trusted: calls, proofs, records, tickets, certificates. The input is a list of steps. A step
 * either is bytes from nowhere, or spoils the message that is awaited, or replays one of before; nothing of that may be taken.
 *
 * X25519 with Ed25519, or SM2, for the first byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/cursor.h"
#include "bulla/session.h"
#include "bulla/ticket.h"
#include "bulla/tries.h"
#include "suite/suite.h"

enum { STEPS_MOST = 24, NOW_S = 1774000000, SEAL = 0x4A11 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

/* ---- a reader, a seal and their owner, made once for each suite ---- */

struct pair {
    bool made;
    uint64_t random;
    struct bulla_host_random source;
    struct bulla_suite suite;
    uint8_t owner[BULLA_SECRET], owner_public[BULLA_PUBLIC], secret[2][BULLA_SECRET];
    uint8_t certificate[2][BULLA_AUTHORITY_SIZE];
    struct bulla_trust trust;
    struct bulla_party party[2];
    struct bulla_doubts doubts[2];
    uint8_t ticket[BULLA_TICKET_SIZE];
};

static struct pair pairs[2];
static const struct bulla_moment moment = {INT64_C(1000) * NOW_S, INT64_C(1000) * NOW_S, true};

static enum bulla_status fill(void *context, uint8_t *to, size_t n)
{
    struct pair *pair = context;
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)((pair->random = pair->random * UINT64_C(6364136223846793005) + 1442695040888963407u) >> 56);
    return BULLA_OK;
}

static bool issuer(void *context, unsigned kind, const uint8_t id[BULLA_KEY_ID], uint8_t public_key[BULLA_PUBLIC])
{
    const struct pair *pair = context;
    uint8_t own[BULLA_KEY_ID];
    (void)kind;
    memcpy(public_key, pair->owner_public, BULLA_PUBLIC);
    return bulla_suite_key_id(&pair->suite, public_key, own) == BULLA_OK && memcmp(own, id, sizeof own) == 0;
}

static bool shared(void *context, const uint8_t id[BULLA_KEY_ID], struct bulla_shared_key *key)
{
    (void)context;
    *key = (struct bulla_shared_key){.id = {'k', 'e', 'y', '1'}, .bytes = {1, 2, 3}, .n = 16, .rights = 1, .subject = 7};
    return memcmp(id, key->id, sizeof key->id) == 0;
}

static void party_make(struct pair *pair, enum bulla_side side)
{
    struct bulla_authority authority = {.kind = side ? BULLA_AUTHORITY_SEAL : BULLA_AUTHORITY_READER,
                                        .subject = side ? SEAL : 7,
                                        .rights = side ? 0 : BULLA_RIGHT_READ,
                                        .until_s = UINT32_MAX};
    struct bulla_fault fault;
    bool good = bulla_host_key_make(&pair->suite, pair->secret[side], authority.public_key) == BULLA_OK &&
                bulla_authority_sign(&pair->suite, pair->owner, pair->owner_public, &authority) == BULLA_OK &&
                bulla_authority_encode(&authority, pair->certificate[side], &fault) == BULLA_OK;
    promise(good, "a certificate is made");
    pair->party[side] = (struct bulla_party){side,
                                             SEAL,
                                             {pair->certificate[side], BULLA_AUTHORITY_SIZE},
                                             pair->secret[side],
                                             &pair->suite,
                                             &pair->trust,
                                             shared,
                                             pair,
                                             &pair->doubts[side]};
}

static struct pair *pair_of(unsigned which)
{
    struct pair *pair = &pairs[which & 1];
    struct bulla_ticket ticket = {.operation = 1, .counter = 9, .until_s = UINT32_MAX};
    struct bulla_fault fault;
    if (pair->made)
        return pair;
    pair->made = true;
    pair->source = (struct bulla_host_random){fill, pair};
    pair->trust = (struct bulla_trust){.context = pair, .issuer = issuer};
    promise(bulla_host_suite_make(which & 1 ? BULLA_SUITE_NATIONAL : BULLA_SUITE_INTERNATIONAL, &pair->source, &pair->suite) == BULLA_OK,
            "a suite");
    promise(bulla_host_key_make(&pair->suite, pair->owner, pair->owner_public) == BULLA_OK, "an owner");
    party_make(pair, BULLA_SIDE_READER);
    party_make(pair, BULLA_SIDE_SEAL);
    promise(bulla_ticket_sign(&pair->suite, pair->owner, pair->owner_public, &ticket) == BULLA_OK &&
                bulla_ticket_encode(&ticket, pair->ticket, &fault) == BULLA_OK,
            "a ticket");
    return pair;
}

/* ---- messages ---- */

struct message {
    uint8_t bytes[BULLA_RECORD_MAX];
    size_t n;
};

struct talk {
    struct bulla_session reader, seal;
    struct message right; /* that the seal awaits; empty: none */
    struct message old;   /* taken before */
    bool small;           /* with a shared key */
};

static struct bulla_bytes view(const struct message *message)
{
    return (struct bulla_bytes){message->bytes, message->n};
}

static void call(struct talk *talk, struct pair *pair)
{
    struct bulla_shared_key key;
    enum bulla_doubt doubt;
    bulla_session_init(&talk->reader, &pair->party[0]);
    (void)shared(NULL, (const uint8_t *)"key1", &key);
    key.subject = SEAL;
    enum bulla_status status =
        talk->small ? bulla_session_call_shared(&talk->reader, &key, talk->right.bytes, sizeof talk->right.bytes, &talk->right.n, &doubt)
                    : bulla_session_call(&talk->reader, SEAL, talk->right.bytes, sizeof talk->right.bytes, &talk->right.n, &doubt);
    promise(status == BULLA_OK, "a reader calls");
}

/* The next thing that the reader says. */
static void say(struct talk *talk)
{
    enum bulla_doubt doubt;
    talk->old = talk->right;
    promise(bulla_session_wrap(&talk->reader, (struct bulla_bytes){NULL, 0}, (struct bulla_bytes){(const uint8_t *)"open", 4},
                               talk->right.bytes, sizeof talk->right.bytes, &talk->right.n, &doubt) == BULLA_OK,
            "a reader says something");
}

static enum bulla_status hear(struct talk *talk, const struct message *message, struct message *to)
{
    enum bulla_doubt doubt = BULLA_DOUBT_GOOD;
    struct bulla_session before = talk->seal;
    enum bulla_status status;
    bool called = talk->seal.state == BULLA_SESSION_CALLED;
    if (talk->seal.state == BULLA_SESSION_FRESH || (called && message->n > 0 && message->bytes[0] == BULLA_SESSION_CALL))
        status = bulla_session_answer(&talk->seal, view(message), to->bytes, sizeof to->bytes, &to->n, &doubt);
    else if (called && !talk->seal.shared)
        status = bulla_session_accept(&talk->seal, &moment, view(message), &doubt);
    else
        status =
            bulla_session_unwrap(&talk->seal, (struct bulla_bytes){NULL, 0}, view(message), to->bytes, sizeof to->bytes, &to->n, &doubt);
    if (status != BULLA_OK) {
        promise(status == BULLA_REFUSED, "what is wrong is refused");
        promise(memcmp(&before, &talk->seal, sizeof before) == 0, "what is refused changes nothing");
        promise(doubt != BULLA_DOUBT_GOOD && *bulla_doubt_text(doubt), "a reason is given");
    }
    return status;
}

/* The right message is taken, and the reader goes on. */
static void go_on(struct talk *talk)
{
    struct message answer = {{0}, 0};
    enum bulla_doubt doubt;
    promise(hear(talk, &talk->right, &answer) == BULLA_OK, "what is right is taken");
    talk->old = talk->right;
    if (talk->reader.state == BULLA_SESSION_CALLING) {
        promise(bulla_session_prove(&talk->reader, &moment, view(&answer), talk->right.bytes, sizeof talk->right.bytes, &talk->right.n,
                                    &doubt) == BULLA_OK,
                "an answer is taken");
        if (!talk->small)
            return;
    }
    say(talk);
}

static void spoil(struct talk *talk, const struct message *message)
{
    struct message to = {{0}, 0};
    struct bulla_session kept = talk->seal;
    bool same = message->n == talk->right.n && memcmp(message->bytes, talk->right.bytes, message->n) == 0;
    uint8_t state = talk->seal.state;
    if (hear(talk, message, &to) != BULLA_OK)
        return;
    if (!same) /* anybody may call, but not with a shared key */
        promise((state == BULLA_SESSION_FRESH || state == BULLA_SESSION_CALLED) && message->bytes[0] == BULLA_SESSION_CALL &&
                    talk->seal.state == BULLA_SESSION_CALLED,
                "only calls are taken from strangers");
    promise(same || bulla_session_rights(&talk->seal, &moment) == 0, "a stranger has no rights");
    talk->seal = kept; /* so that the right one is still awaited */
}

static void steps(struct talk *talk, struct pair *pair, struct bulla_cursor *c)
{
    for (unsigned i = 0; i < STEPS_MOST && c->left > 0; i++) {
        uint8_t what = bulla_cursor_get_u8(c);
        struct message message = talk->right;
        if (what < 0x20) {
            go_on(talk);
            continue;
        }
        if (what < 0x40) {
            message = talk->old;
        } else if (what < 0x60) {
            message.n = bulla_cursor_get_u8(c);
        } else if (what < 0xC0) {
            uint8_t at = bulla_cursor_get_u8(c), with = bulla_cursor_get_u8(c);
            message.bytes[at % sizeof message.bytes] ^= with;
        } else {
            size_t n = bulla_cursor_get_u8(c);
            message.n = n < c->left ? n : c->left;
            memcpy(message.bytes, c->at, message.n);
            bulla_cursor_skip(c, message.n);
            if (what & 1 && message.n > 1) /* a call of this suite, so that what follows is reached */
                message.bytes[0] = what & 2 ? BULLA_SESSION_CALL : BULLA_SESSION_SHARED_CALL, message.bytes[1] = pair->suite.id;
        }
        spoil(talk, &message);
    }
}

/* ---- papers ---- */

static void papers(struct pair *pair, struct bulla_bytes bytes)
{
    struct bulla_authority authority;
    struct bulla_ticket ticket;
    struct bulla_fault fault;
    enum bulla_doubt doubt;
    enum bulla_ticket_refusal refusal;
    uint8_t again[BULLA_TICKET_SIZE], spoilt[BULLA_TICKET_SIZE];
    struct bulla_ticket_facts facts = {.operation = 1, .moment = moment};
    if (bulla_authority_decode(bytes, &authority, &fault) == BULLA_OK)
        promise(bulla_authority_encode(&authority, again, &fault) == BULLA_OK && memcmp(again, bytes.at, bytes.len) == 0,
                "it is written again");
    for (unsigned kind = 0; kind < 4; kind++)
        promise(bulla_authority_check(&pair->suite, &pair->trust, &moment, kind, bytes, &authority, &doubt) == BULLA_REFUSED,
                "nobody signed it");
    if (bulla_ticket_decode(bytes, &ticket, &fault) == BULLA_OK)
        promise(bulla_ticket_encode(&ticket, again, &fault) == BULLA_OK && memcmp(again, bytes.at, bytes.len) == 0, "it is written again");
    promise(bulla_ticket_check(&pair->suite, &pair->trust, &facts, bytes, &ticket, &refusal) == BULLA_REFUSED, "nobody signed it");
    memcpy(spoilt, pair->ticket, sizeof spoilt); /* the right one, with the input over it */
    bool same = true;
    for (size_t i = 0; i + 1 < bytes.len && i < 8; i += 2) {
        spoilt[bytes.at[i] % sizeof spoilt] ^= bytes.at[i + 1];
        same = memcmp(spoilt, pair->ticket, sizeof spoilt) == 0;
    }
    enum bulla_status status =
        bulla_ticket_check(&pair->suite, &pair->trust, &facts, (struct bulla_bytes){spoilt, sizeof spoilt}, &ticket, &refusal);
    promise((status == BULLA_OK) == same, "a changed ticket is refused");
}

static void try_tries(struct bulla_cursor c)
{
    struct bulla_tries tries;
    struct bulla_bytes stored = bulla_cursor_take(&c, BULLA_TRIES_SIZE);
    if (!stored.at)
        return;
    (void)!bulla_tries_decode(stored.at, 0, &tries);
    for (unsigned i = 0; i < 20 && c.left > 0; i++) {
        int64_t now = (int64_t)bulla_cursor_get_u64(&c);
        uint32_t before = tries.wait_ms;
        bool back = now <= tries.seen_ms;
        bool may = bulla_tries_may(&tries, now);
        promise(tries.wait_ms <= BULLA_TRIES_MOST_MS && (!back || tries.wait_ms == before), "a clock that goes back gives nothing");
        bulla_tries_wrong(&tries, now);
        promise(!may || tries.wrong < BULLA_TRIES_FREE || tries.wait_ms >= BULLA_TRIES_FIRST_MS, "after free tries there is a wait");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 1)
        return 0;
    struct pair *pair = pair_of(data[0]);
    struct talk talk = {.small = data[0] & 2};
    struct bulla_cursor c = bulla_cursor_over(data + 1, n - 1);
    if (data[0] & 4) {
        papers(pair, (struct bulla_bytes){data + 1, n - 1});
        try_tries(c);
        return 0;
    }
    pair->random = 1; /* the same input does the same */
    bulla_session_init(&talk.seal, &pair->party[1]);
    call(&talk, pair);
    steps(&talk, pair, &c);
    return 0;
}
