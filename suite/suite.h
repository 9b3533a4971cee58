/* SPDX-License-Identifier: Apache-2.0
 *
 * Cipher suites of a host, for bulla/suite.h: OpenSSL 3, and libgcrypt for SM4-GCM, which OpenSSL 3.0 does not have.
 *
 * Where the random bytes come from is an argument. Fresh keys and the bytes of random() come of it, so a test can have
 * them again; the nonces of ECDSA and SM2 signatures are OpenSSL's own.
 *
 * A suite may be used by several threads at a time when its source may.
 */
#ifndef SUITE_SUITE_H
#define SUITE_SUITE_H

#include "bulla/api.h"
#include "bulla/suite.h"

BULLA_BEGIN

struct bulla_host_random {
    enum bulla_status (*fill)(void *context, uint8_t *to, size_t n);
    void *context;
};

/* OpenSSL's, seeded by the operating system. */
extern const struct bulla_host_random bulla_host_random_system;

/* REFUSED: no such suite. `random` stays as long as the suite. */
enum bulla_status bulla_host_suite_make(unsigned id, const struct bulla_host_random *random, struct bulla_suite *suite) BULLA_MUST_CHECK;

/* The number of a suite by its name; 0: none. */
unsigned bulla_host_suite_find(const char *name);

/* A new pair for signing. FAILED: no randomness. REFUSED: not a suite of bulla_host_suite_make(). */
enum bulla_status bulla_host_key_make(const struct bulla_suite *suite, uint8_t secret[BULLA_SECRET],
                                      uint8_t public_key[BULLA_PUBLIC]) BULLA_MUST_CHECK;

/* The public key that belongs to a private one. REFUSED: it is none. */
enum bulla_status bulla_host_key_public(const struct bulla_suite *suite, const uint8_t secret[BULLA_SECRET],
                                        uint8_t public_key[BULLA_PUBLIC]) BULLA_MUST_CHECK;

BULLA_END

#endif
