/* SPDX-License-Identifier: Apache-2.0
 *
 * SM2 as GB/T 32918 has it: signatures (part 2) by OpenSSL, key exchange (part 3) here on OpenSSL's points, for OpenSSL
 * has none. Only the composition is ours: fields, points and SM3 are the library's.
 *
 * The products with secrets are of one point and one scalar, which OpenSSL does by a ladder; the scalars are marked for
 * its constant-time code.
 */
#ifndef SUITE_SM2_H
#define SUITE_SM2_H

#include <openssl/ec.h>

#include "bulla/suite.h"

#define SM2_DEFAULT_ID "1234567812345678" /* GB/T 35276 */

/* One side of an exchange. Scalars of 32 bytes; points as EC_POINT_oct2point takes them. */
struct sm2_side {
    const uint8_t *secret, *fresh_secret;     /* d and r; of the other side NULL */
    struct bulla_bytes public_key, fresh_key; /* P and R */
    struct bulla_bytes id;
};

struct sm2_result {
    uint8_t key[32];
    uint8_t s1[BULLA_HASH]; /* S1 = SB: by which the responder shows that it has the key */
    uint8_t s2[BULLA_HASH]; /* S2 = SA: the initiator */
};

/* GB/T 32918.3, 6.1, with n bytes of key (at most 32). REFUSED: a key of the other side that cannot be, or the point at infinity. */
enum bulla_status sm2_exchange(const EC_GROUP *group, const struct sm2_side *own, const struct sm2_side *other, bool initiator, size_t n,
                               struct sm2_result *result) BULLA_MUST_CHECK;

/* GB/T 32918.2 with SM3, the default id, over a message of any length. */
enum bulla_status sm2_sign(const uint8_t secret[BULLA_SECRET], struct bulla_bytes message,
                           uint8_t signature[BULLA_SIGNATURE]) BULLA_MUST_CHECK;
enum bulla_status sm2_verify(const uint8_t public_key[BULLA_PUBLIC], struct bulla_bytes message,
                             const uint8_t signature[BULLA_SIGNATURE]) BULLA_MUST_CHECK;

#endif
