/* SPDX-License-Identifier: Apache-2.0
 *
 * Seals and a reader in one room: what the reader sends all hear; what two answer in one slot is noise. Time passes only while
 * the reader waits.
 */
#ifndef TESTS_AIR_SUPPORT_H
#define TESTS_AIR_SUPPORT_H

#include "bulla/reader.h"
#include "tests/unit/libbulla/seal_support.h"

#define AIR_SEALS 24

struct air_answer {
    uint64_t at_us;
    size_t n;
    uint8_t bytes[BULLA_FRAME_MAX];
};

struct air {
    struct bench seals[AIR_SEALS];
    size_t n;
    struct air_answer answers[AIR_SEALS];
    size_t n_answers;
    uint64_t now_us;
    struct random random;
    unsigned lose, spoil; /* of a hundred answers */
    unsigned lose_asked;  /* of a hundred questions, at each seal */
    unsigned sent;
    bool broken; /* the transport itself */
    uint8_t last[BULLA_FRAME_MAX];
    size_t last_n;
    void (*meddle)(struct air *air, uint8_t *frame, size_t *n, bool from_seal); /* whoever is between */
};

static inline bool air_send(void *context, struct bulla_bytes frame)
{
    struct air *air = context;
    uint8_t heard[BULLA_FRAME_MAX];
    size_t len = frame.len;
    memcpy(heard, frame.at, len);
    memcpy(air->last, frame.at, len);
    air->last_n = len;
    air->sent++;
    if (air->meddle)
        air->meddle(air, heard, &len, false);
    air->n_answers = 0;
    for (size_t i = 0; i < air->n; i++) {
        struct bench *bench = &air->seals[i];
        bench->now = (uint32_t)(air->now_us * HZ / 1000000);
        if (random_below(&air->random, 100) < air->lose_asked)
            continue;
        bulla_seal_hear(&bench->seal, (struct bulla_bytes){heard, len}, bench->now, &bench->reply);
        if (!bench->reply.n || random_below(&air->random, 100) < air->lose)
            continue;
        struct air_answer *answer = &air->answers[air->n_answers++];
        answer->at_us = air->now_us + 1000 + (uint64_t)bench->reply.slot * BULLA_LINK_SLOT_US;
        answer->n = bench->reply.n;
        memcpy(answer->bytes, bench->reply.bytes, answer->n);
        if (random_below(&air->random, 100) < air->spoil)
            answer->bytes[random_below(&air->random, answer->n)] ^= 0x10;
        if (air->meddle)
            air->meddle(air, answer->bytes, &answer->n, true);
    }
    return !air->broken;
}

static inline int air_receive(void *context, uint8_t *to, size_t size, uint32_t timeout_ms)
{
    struct air *air = context;
    size_t first = 0, together = 0;
    if (air->broken)
        return BULLA_TRANSPORT_FAILED;
    for (size_t i = 1; i < air->n_answers; i++)
        if (air->answers[i].at_us < air->answers[first].at_us)
            first = i;
    uint64_t until_us = air->now_us + timeout_ms * UINT64_C(1000);
    if (!air->n_answers || air->answers[first].at_us > until_us) {
        air->now_us = until_us;
        return BULLA_TRANSPORT_NONE;
    }
    const struct air_answer answer = air->answers[first];
    assert_true(answer.n <= size);
    air->now_us = answer.at_us;
    for (size_t i = air->n_answers; i-- > 0;)
        if (air->answers[i].at_us == answer.at_us) {
            together++;
            air->answers[i] = air->answers[--air->n_answers];
        }
    if (together > 1)
        return BULLA_TRANSPORT_NOISE;
    memcpy(to, answer.bytes, answer.n);
    return (int)answer.n;
}

static inline uint64_t air_now(void *context)
{
    return ((struct air *)context)->now_us / 1000;
}

static const struct bulla_transport_ops air_ops = {air_send, air_receive, air_now};

static inline struct bulla_address air_address(size_t i)
{
    return (struct bulla_address){0xBEEF, (uint32_t)(1000 + i)};
}

/* `n` new seals, each with its own number. */
static inline void air_init(struct air *air, size_t n, unsigned profile, bool proven, uint64_t seed)
{
    memset(air, 0, sizeof *air);
    air->n = n;
    air->random.state = seed;
    air->now_us = 1000000;
    for (size_t i = 0; i < n; i++) {
        struct bulla_seal_make make = bench_make(profile);
        make.address = air_address(i);
        make.proven = proven;
        bench_init(&air->seals[i], seed * 1000 + i);
        air->seals[i].now = (uint32_t)(air->now_us * HZ / 1000000);
        assert_int_equal(bulla_seal_start(&air->seals[i].seal, &air->seals[i].board, &make, air->seals[i].now), BULLA_OK);
    }
}

/* A digest that is quick and no more: real ones are tried where they are made. */
static inline void air_digest_begin(void *state)
{
    memset(state, 0x5A, 32);
}

static inline void air_digest_add(void *state, struct bulla_bytes bytes)
{
    uint8_t *sum = state;
    for (size_t i = 0; i < bytes.len; i++) {
        memmove(sum + 1, sum, 31);
        sum[0] = (uint8_t)((sum[31] ^ bytes.at[i]) * 167u + sum[7] + 1u);
    }
}

static inline void air_digest_end(void *state, uint8_t *digest)
{
    memcpy(digest, state, 32);
}

static const struct bulla_digest air_digest = {BULLA_DIGEST_SHA256, 32, air_digest_begin, air_digest_add, air_digest_end};

#endif
