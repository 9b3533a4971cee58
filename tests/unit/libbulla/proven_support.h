/* SPDX-License-Identifier: Apache-2.0
 *
 * A seal that was made with keys and a reader that has all rights there, in one room.
 */
#ifndef TESTS_PROVEN_SUPPORT_H
#define TESTS_PROVEN_SUPPORT_H

#include "suite/suite.h"
#include "tests/unit/libbulla/air_support.h"

#define READER_ID UINT64_C(0x5EA1)

static struct air air;
static struct bulla_transport transport = {&air_ops, &air};
static struct bulla_reader reader;
static struct bulla_suite suite;
static struct bulla_doubts seal_doubts, reader_doubts;
static uint8_t owner_secret[BULLA_SECRET], owner_public[BULLA_PUBLIC], seal_secret[BULLA_SECRET], reader_secret[BULLA_SECRET];
static uint8_t seal_certificate[BULLA_AUTHORITY_SIZE], reader_certificate[BULLA_AUTHORITY_SIZE];
static const struct bulla_shared_key shared_key = {
    .id = {1, 2, 3, 4}, .bytes = "0123456789abcdef", .n = 16, .rights = BULLA_RIGHT_READ, .subject = READER_ID};

static bool issuer(void *context, unsigned kind, const uint8_t id[BULLA_KEY_ID], uint8_t public_key[BULLA_PUBLIC])
{
    uint8_t own[BULLA_KEY_ID];
    (void)context, (void)kind;
    memcpy(public_key, owner_public, BULLA_PUBLIC);
    return bulla_suite_key_id(&suite, owner_public, own) == BULLA_OK && memcmp(own, id, sizeof own) == 0;
}

static bool shared(void *context, const uint8_t id[BULLA_KEY_ID], struct bulla_shared_key *key)
{
    (void)context;
    *key = shared_key;
    return memcmp(id, shared_key.id, BULLA_KEY_ID) == 0;
}

static const struct bulla_trust trust = {.issuer = issuer};
static struct bulla_party seal_party = {.side = BULLA_SIDE_SEAL,
                                        .subject = UINT64_C(0xBEEF000003E8),
                                        .certificate = {seal_certificate, sizeof seal_certificate},
                                        .secret = seal_secret,
                                        .suite = &suite,
                                        .trust = &trust,
                                        .shared = shared,
                                        .doubts = &seal_doubts};
static struct bulla_party reader_party = {.side = BULLA_SIDE_READER,
                                          .subject = READER_ID,
                                          .certificate = {reader_certificate, sizeof reader_certificate},
                                          .secret = reader_secret,
                                          .suite = &suite,
                                          .trust = &trust,
                                          .shared = shared,
                                          .doubts = &reader_doubts};
static const struct bulla_moment moment = {NOON, BULLA_TIME_NONE, true};

static inline void certify(uint8_t kind, uint64_t subject, uint16_t rights, const uint8_t public_key[BULLA_PUBLIC],
                           uint8_t to[BULLA_AUTHORITY_SIZE])
{
    struct bulla_authority a = {
        .kind = kind, .subject = subject, .rights = rights, .from_s = NOON / 1000 - 86400, .until_s = NOON / 1000 + 864000};
    struct bulla_fault fault;
    memcpy(a.public_key, public_key, BULLA_PUBLIC);
    assert_int_equal(bulla_authority_sign(&suite, owner_secret, owner_public, &a), BULLA_OK);
    assert_int_equal(bulla_authority_encode(&a, to, &fault), BULLA_OK);
}

static inline void give_rights(uint16_t rights)
{
    uint8_t public_key[BULLA_PUBLIC];
    assert_int_equal(bulla_host_key_public(&suite, reader_secret, public_key), BULLA_OK);
    certify(BULLA_AUTHORITY_READER, READER_ID, rights, public_key, reader_certificate);
}

/* One seal with keys, one reader with all rights. */
static inline void begin(uint64_t seed)
{
    const struct bulla_reader_setup setup = {
        .id = 1, .session = 0x77, .spot = {BULLA_NO_COORDINATE, BULLA_NO_COORDINATE}, .party = &reader_party};
    uint8_t public_key[BULLA_PUBLIC];
    assert_int_equal(bulla_host_suite_make(BULLA_SUITE_INTERNATIONAL, &bulla_host_random_system, &suite), BULLA_OK);
    assert_int_equal(bulla_host_key_make(&suite, owner_secret, owner_public), BULLA_OK);
    assert_int_equal(bulla_host_key_make(&suite, seal_secret, public_key), BULLA_OK);
    certify(BULLA_AUTHORITY_SEAL, bulla_authority_seal(0xBEEF, 1000), 0, public_key, seal_certificate);
    assert_int_equal(bulla_host_key_make(&suite, reader_secret, public_key), BULLA_OK);
    give_rights(BULLA_RIGHTS_ALL);
    air_init(&air, 1, BULLA_PROFILE_GBT, true, seed);
    air.seals[0].party = &seal_party;
    bulla_reader_open(&reader, &transport, &setup);
}

static inline struct bulla_bytes ticket(unsigned operation, uint32_t counter, uint8_t bytes[BULLA_TICKET_SIZE])
{
    struct bulla_ticket t = {.operation = (uint8_t)operation,
                             .device = air_address(0),
                             .counter = counter,
                             .from_s = NOON / 1000 - 3600,
                             .until_s = NOON / 1000 + 3600};
    struct bulla_fault fault;
    assert_int_equal(bulla_ticket_sign(&suite, owner_secret, owner_public, &t), BULLA_OK);
    assert_int_equal(bulla_ticket_encode(&t, bytes, &fault), BULLA_OK);
    return (struct bulla_bytes){bytes, BULLA_TICKET_SIZE};
}

static const struct bulla_address seal = {0xBEEF, 1000};

static inline void initialise(void)
{
    int64_t error;
    assert_int_equal(bulla_reader_session(&reader, &seal, &moment), BULLA_OK);
    assert_int_equal(bulla_reader_set_clock(&reader, &seal, NOON, 20, &error), BULLA_OK);
    assert_int_equal(bulla_reader_session(&reader, &seal, &moment), BULLA_OK); /* the first one could only set the clock */
    assert_int_equal(bulla_reader_order(&reader, &seal, BULLA_ORDER_INITIALISE), BULLA_OK);
    assert_int_equal(bulla_reader_set_clock(&reader, &seal, NOON, 20, &error), BULLA_OK);
    assert_int_equal(bulla_reader_write(&reader, &seal, BULLA_AREA_CONTAINER, 0, (struct bulla_bytes){(const uint8_t *)"MSKU9070323", 11}),
                     BULLA_OK);
}

#endif
