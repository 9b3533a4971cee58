/* SPDX-License-Identifier: Apache-2.0
 *
 * Of what the suites of a host are put together. The context of each is its struct bulla_host_random.
 */
#ifndef SUITE_PARTS_H
#define SUITE_PARTS_H

#include <openssl/evp.h>

#include "suite/suite.h"

/* OK, or `other`; OpenSSL's queue of errors is empty after it. */
enum bulla_status suite_status(bool good, enum bulla_status other);

enum bulla_status suite_fill(void *context, uint8_t *to, size_t n);

enum bulla_status suite_sha256(void *context, const struct bulla_bytes *parts, size_t n, uint8_t digest[BULLA_HASH]);
enum bulla_status suite_sm3(void *context, const struct bulla_bytes *parts, size_t n, uint8_t digest[BULLA_HASH]);
enum bulla_status suite_sha256_hmac(void *context, struct bulla_bytes key, const struct bulla_bytes *parts, size_t n,
                                    uint8_t mac[BULLA_HASH]);
enum bulla_status suite_sm3_hmac(void *context, struct bulla_bytes key, const struct bulla_bytes *parts, size_t n, uint8_t mac[BULLA_HASH]);

enum bulla_status suite_aes128_seal(void *context, const struct bulla_aead *aead, uint8_t *to);
enum bulla_status suite_aes128_open(void *context, const struct bulla_aead *aead, uint8_t *to);
enum bulla_status suite_aes256_seal(void *context, const struct bulla_aead *aead, uint8_t *to);
enum bulla_status suite_aes256_open(void *context, const struct bulla_aead *aead, uint8_t *to);
enum bulla_status suite_sm4_seal(void *context, const struct bulla_aead *aead, uint8_t *to);
enum bulla_status suite_sm4_open(void *context, const struct bulla_aead *aead, uint8_t *to);

/* RFC 8032, over a message of any length. */
enum bulla_status suite_ed25519_sign(const uint8_t secret[BULLA_SECRET], struct bulla_bytes message, uint8_t signature[BULLA_SIGNATURE]);
enum bulla_status suite_ed25519_verify(const uint8_t public_key[BULLA_PUBLIC], struct bulla_bytes message,
                                       const uint8_t signature[BULLA_SIGNATURE]);

/* A suite of the table: what libbulla sees, and how signing keys are made. */
struct suite_row {
    struct bulla_suite suite;
    enum bulla_status (*key_make)(void *context, uint8_t secret[BULLA_SECRET], uint8_t public_key[BULLA_PUBLIC]);
    enum bulla_status (*key_public)(const uint8_t secret[BULLA_SECRET], uint8_t public_key[BULLA_PUBLIC]);
};

extern const struct suite_row suite_international, suite_international_256, suite_p256, suite_national;

#endif
