/* SPDX-License-Identifier: Apache-2.0
 *
 * What P-256 and SM2 have in common: points in 33 bytes, scalars in 32, signatures as r and s.
 */
#ifndef SUITE_CURVE_H
#define SUITE_CURVE_H

#include <openssl/ec.h>

#include "suite/parts.h"

#define CURVE_SCALAR 32

/* A secret scalar of 1 to n - 2, by whatever `context` fills, and its point. FAILED also when the source gives none in many tries. */
enum bulla_status curve_pair(void *context, int nid, uint8_t secret[BULLA_SECRET], uint8_t *public_key);

/* REFUSED: no such scalar. */
enum bulla_status curve_public(int nid, const uint8_t secret[BULLA_SECRET], uint8_t *public_key);

/* A key of OpenSSL's; `secret` may be NULL. NULL: no such key. */
EVP_PKEY *curve_key(const char *type, int nid, const uint8_t *secret, const uint8_t *public_key);

/* r and s behind each other <-> DER. */
bool curve_signature_get(const uint8_t *der, size_t n, uint8_t signature[BULLA_SIGNATURE]);
int curve_signature_put(const uint8_t signature[BULLA_SIGNATURE], uint8_t **der);

#endif
