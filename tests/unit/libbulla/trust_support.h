/* SPDX-License-Identifier: Apache-2.0
 *
 * A reader, a seal and their owner, for tests of what they say to each other: real suites, random bytes that are the same
 * in each run, and a suite in between whose nth call fails.
 */
#ifndef TESTS_TRUST_SUPPORT_H
#define TESTS_TRUST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/session.h"
#include "bulla/ticket.h"
#include "suite/suite.h"
#include "tests/support/random.h"

#define NOW_S     UINT32_C(1774000000)
#define NOW_MS    (INT64_C(1000) * NOW_S)
#define READER_ID UINT64_C(0x0102030405060708)
#define MAKER     0x4A11
#define SERIAL    0xC0FFEE01u
#define SEAL_ID   bulla_authority_seal(MAKER, SERIAL)

/* ---- a suite whose nth call fails ---- */

struct faulty {
    struct bulla_suite under;
    unsigned calls, fail_at; /* 0: none fails */
    enum bulla_status how;
};

/* True when this call fails: then it has written something useless. */
static inline bool faulty_fails(struct faulty *faulty, uint8_t *to, size_t n)
{
    if (++faulty->calls != faulty->fail_at)
        return false;
    memset(to, 0xEE, n);
    return true;
}

static inline enum bulla_status faulty_random(void *context, uint8_t *to, size_t n)
{
    struct faulty *faulty = context;
    return faulty_fails(faulty, to, n) ? faulty->how : faulty->under.random(faulty->under.context, to, n);
}

static inline enum bulla_status faulty_digest(void *context, const struct bulla_bytes *parts, size_t n, uint8_t *to)
{
    struct faulty *faulty = context;
    return faulty_fails(faulty, to, BULLA_HASH) ? faulty->how : faulty->under.digest(faulty->under.context, parts, n, to);
}

static inline enum bulla_status faulty_hmac(void *context, struct bulla_bytes key, const struct bulla_bytes *parts, size_t n, uint8_t *to)
{
    struct faulty *faulty = context;
    return faulty_fails(faulty, to, BULLA_HASH) ? faulty->how : faulty->under.hmac(faulty->under.context, key, parts, n, to);
}

static inline enum bulla_status faulty_seal(void *context, const struct bulla_aead *aead, uint8_t *to)
{
    struct faulty *faulty = context;
    return faulty_fails(faulty, to, aead->text.len) ? faulty->how : faulty->under.seal(faulty->under.context, aead, to);
}

static inline enum bulla_status faulty_open(void *context, const struct bulla_aead *aead, uint8_t *to)
{
    struct faulty *faulty = context;
    return faulty_fails(faulty, to, aead->text.len - BULLA_TAG) ? faulty->how : faulty->under.open(faulty->under.context, aead, to);
}

static inline enum bulla_status faulty_pair(void *context, uint8_t *secret, uint8_t *public_key)
{
    struct faulty *faulty = context;
    return faulty_fails(faulty, secret, BULLA_SECRET) ? faulty->how : faulty->under.pair(faulty->under.context, secret, public_key);
}

static inline enum bulla_status faulty_agree(void *context, const struct bulla_agreement *agreement, uint8_t *shared)
{
    struct faulty *faulty = context;
    return faulty_fails(faulty, shared, BULLA_SHARED) ? faulty->how : faulty->under.agree(faulty->under.context, agreement, shared);
}

static inline enum bulla_status faulty_sign(void *context, const uint8_t *secret, const uint8_t *digest, uint8_t *signature)
{
    struct faulty *faulty = context;
    return faulty_fails(faulty, signature, BULLA_SIGNATURE) ? faulty->how
                                                            : faulty->under.sign(faulty->under.context, secret, digest, signature);
}

static inline enum bulla_status faulty_verify(void *context, const uint8_t *public_key, const uint8_t *digest, const uint8_t *signature)
{
    struct faulty *faulty = context;
    uint8_t nothing;
    return faulty_fails(faulty, &nothing, 1) ? faulty->how : faulty->under.verify(faulty->under.context, public_key, digest, signature);
}

static inline struct bulla_suite faulty_over(struct faulty *faulty)
{
    struct bulla_suite suite = {faulty->under.id,
                                faulty->under.name,
                                faulty->under.key_size,
                                faulty->under.agree_size,
                                faulty,
                                faulty_random,
                                faulty_digest,
                                faulty_hmac,
                                faulty_seal,
                                faulty_open,
                                faulty_pair,
                                faulty_agree,
                                faulty_sign,
                                faulty_verify};
    return suite;
}

/* ---- who takes part ---- */

static inline enum bulla_status world_fill(void *context, uint8_t *to, size_t n)
{
    random_fill(context, to, n);
    return BULLA_OK;
}

struct keys {
    uint8_t secret[BULLA_SECRET], public_key[BULLA_PUBLIC];
};

struct world {
    struct random random;
    struct bulla_host_random source;
    struct faulty faulty[2]; /* of the two sides */
    struct bulla_suite suite[2];
    struct keys owner, stranger, key[2];
    struct bulla_authority authority[2];
    uint8_t certificate[2][BULLA_AUTHORITY_SIZE];
    struct bulla_trust trust;
    bool all_withdrawn;
    struct bulla_shared_key shared;
    struct bulla_party party[2];
    struct bulla_doubts doubts[2];
    struct bulla_moment moment[2];
};

static inline bool world_issuer(void *context, unsigned kind, const uint8_t id[BULLA_KEY_ID], uint8_t public_key[BULLA_PUBLIC])
{
    struct world *world = context;
    uint8_t own[BULLA_KEY_ID];
    (void)kind;
    assert_int_equal(bulla_suite_key_id(&world->faulty[0].under, world->owner.public_key, own), BULLA_OK);
    if (memcmp(own, id, sizeof own) != 0)
        return false;
    memcpy(public_key, world->owner.public_key, BULLA_PUBLIC);
    return true;
}

static inline bool world_withdrawn(void *context, const struct bulla_authority *authority)
{
    struct world *world = context;
    return world->all_withdrawn && authority->subject != 0;
}

static inline bool world_shared(void *context, const uint8_t id[BULLA_KEY_ID], struct bulla_shared_key *key)
{
    struct world *world = context;
    if (memcmp(id, world->shared.id, BULLA_KEY_ID) != 0)
        return false;
    *key = world->shared;
    key->subject = READER_ID;
    return true;
}

/* Signs what is in world->authority[side] anew. */
static inline void world_certify(struct world *world, enum bulla_side side, const struct keys *issuer)
{
    struct bulla_fault fault;
    struct bulla_authority *authority = &world->authority[side];
    memcpy(authority->public_key, world->key[side].public_key, BULLA_PUBLIC);
    assert_int_equal(bulla_authority_sign(&world->faulty[side].under, issuer->secret, issuer->public_key, authority), BULLA_OK);
    assert_int_equal(bulla_authority_encode(authority, world->certificate[side], &fault), BULLA_OK);
}

static inline void world_make(struct world *world, unsigned suite_id, uint64_t seed)
{
    *world = (struct world){.random = {seed}};
    world->source = (struct bulla_host_random){world_fill, &world->random};
    for (unsigned side = 0; side < 2; side++) {
        world->faulty[side].how = BULLA_FAILED;
        assert_int_equal(bulla_host_suite_make(suite_id, &world->source, &world->faulty[side].under), BULLA_OK);
        world->suite[side] = faulty_over(&world->faulty[side]);
        world->moment[side] = (struct bulla_moment){NOW_MS, NOW_MS - 1000, true};
    }
    const struct bulla_suite *suite = &world->faulty[0].under;
    struct keys *all[] = {&world->owner, &world->stranger, &world->key[0], &world->key[1]};
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(bulla_host_key_make(suite, all[i]->secret, all[i]->public_key), BULLA_OK);
    world->authority[0] = (struct bulla_authority){.kind = BULLA_AUTHORITY_READER,
                                                   .subject = READER_ID,
                                                   .rights = BULLA_RIGHT_READ | BULLA_RIGHT_SEAL,
                                                   .from_s = NOW_S - 1000,
                                                   .until_s = NOW_S + 1000};
    world->authority[1] =
        (struct bulla_authority){.kind = BULLA_AUTHORITY_SEAL, .subject = SEAL_ID, .from_s = NOW_S - 1000, .until_s = NOW_S + 1000};
    world->trust = (struct bulla_trust){world, world_issuer, world_withdrawn};
    world->shared = (struct bulla_shared_key){.n = 32, .rights = BULLA_RIGHT_READ | BULLA_RIGHT_UNSEAL, .subject = SEAL_ID};
    random_fill(&world->random, world->shared.id, BULLA_KEY_ID);
    random_fill(&world->random, world->shared.bytes, sizeof world->shared.bytes);
    for (unsigned side = 0; side < 2; side++) {
        world_certify(world, (enum bulla_side)side, &world->owner);
        world->party[side] = (struct bulla_party){.side = (enum bulla_side)side,
                                                  .subject = side ? SEAL_ID : READER_ID,
                                                  .certificate = {world->certificate[side], BULLA_AUTHORITY_SIZE},
                                                  .secret = world->key[side].secret,
                                                  .suite = &world->suite[side],
                                                  .trust = &world->trust,
                                                  .shared = world_shared,
                                                  .context = world,
                                                  .doubts = &world->doubts[side]};
    }
}

static inline uint32_t world_doubts(const struct world *world, unsigned side)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < BULLA_DOUBTS; i++)
        n += world->doubts[side].n[i];
    return n;
}

/* ---- handshakes ---- */

struct message {
    uint8_t bytes[BULLA_RECORD_MAX];
    size_t n;
};

static inline struct bulla_bytes message_view(const struct message *message)
{
    return (struct bulla_bytes){message->bytes, message->n};
}

struct talk {
    struct world *world;
    struct bulla_session session[2];
    struct message call, answer, proof;
    enum bulla_doubt doubt;
};

static inline void talk_begin(struct talk *talk, struct world *world)
{
    *talk = (struct talk){.world = world};
    bulla_session_init(&talk->session[0], &world->party[0]);
    bulla_session_init(&talk->session[1], &world->party[1]);
}

static inline enum bulla_status talk_call(struct talk *talk)
{
    return bulla_session_call(&talk->session[0], SEAL_ID, talk->call.bytes, sizeof talk->call.bytes, &talk->call.n, &talk->doubt);
}

static inline enum bulla_status talk_answer(struct talk *talk)
{
    return bulla_session_answer(&talk->session[1], message_view(&talk->call), talk->answer.bytes, sizeof talk->answer.bytes,
                                &talk->answer.n, &talk->doubt);
}

static inline enum bulla_status talk_prove(struct talk *talk)
{
    return bulla_session_prove(&talk->session[0], &talk->world->moment[0], message_view(&talk->answer), talk->proof.bytes,
                               sizeof talk->proof.bytes, &talk->proof.n, &talk->doubt);
}

static inline enum bulla_status talk_accept(struct talk *talk)
{
    return bulla_session_accept(&talk->session[1], &talk->world->moment[1], message_view(&talk->proof), &talk->doubt);
}

/* Up to and with a step: 1 call, 2 answer, 3 prove, 4 accept. */
static inline void talk_until(struct talk *talk, struct world *world, unsigned step)
{
    enum bulla_status (*const steps[])(struct talk *) = {talk_call, talk_answer, talk_prove, talk_accept};
    talk_begin(talk, world);
    for (unsigned i = 0; i < step; i++)
        assert_int_equal(steps[i](talk), BULLA_OK);
}

/* The same with a shared key: 1 call, 2 answer, 3 prove. */
static inline void talk_shared_until(struct talk *talk, struct world *world, unsigned step)
{
    talk_begin(talk, world);
    assert_int_equal(bulla_session_call_shared(&talk->session[0], &world->shared, talk->call.bytes, sizeof talk->call.bytes, &talk->call.n,
                                               &talk->doubt),
                     BULLA_OK);
    if (step > 1)
        assert_int_equal(talk_answer(talk), BULLA_OK);
    if (step > 2)
        assert_int_equal(talk_prove(talk), BULLA_OK);
}

static inline enum bulla_status talk_wrap(struct talk *talk, unsigned from, const char *text, struct message *record)
{
    return bulla_session_wrap(&talk->session[from], (struct bulla_bytes){(const uint8_t *)"head", 4},
                              (struct bulla_bytes){(const uint8_t *)text, strlen(text)}, record->bytes, sizeof record->bytes, &record->n,
                              &talk->doubt);
}

static inline enum bulla_status talk_unwrap(struct talk *talk, unsigned at, const struct message *record, struct message *got)
{
    return bulla_session_unwrap(&talk->session[at], (struct bulla_bytes){(const uint8_t *)"head", 4}, message_view(record), got->bytes,
                                sizeof got->bytes, &got->n, &talk->doubt);
}

/* Something said in that direction arrives. */
static inline void talk_say(struct talk *talk, unsigned from, const char *text)
{
    struct message record, got;
    assert_int_equal(talk_wrap(talk, from, text, &record), BULLA_OK);
    assert_int_equal(record.n, strlen(text) + BULLA_RECORD_OVERHEAD);
    assert_int_equal(talk_unwrap(talk, 1 - from, &record, &got), BULLA_OK);
    assert_int_equal(got.n, strlen(text));
    assert_memory_equal(got.bytes, text, got.n);
}

#endif
