/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures over bytes that say what they are: digest(label, name of the suite, bytes), label and name with the zero at
 * their ends, so that no two of them begin alike.
 */
#ifndef SRC_SIGNED_H
#define SRC_SIGNED_H

#include "bulla/suite.h"

static inline enum bulla_status signed_digest(const struct bulla_suite *suite, const char *label, struct bulla_bytes bytes,
                                              uint8_t digest[BULLA_HASH])
{
    const struct bulla_bytes parts[] = {
        {(const uint8_t *)label, bulla_length(label) + 1}, {(const uint8_t *)suite->name, bulla_length(suite->name) + 1}, bytes};
    return suite->digest(suite->context, parts, sizeof parts / sizeof *parts, digest);
}

static inline enum bulla_status signed_make(const struct bulla_suite *suite, const char *label, struct bulla_bytes bytes,
                                            const uint8_t *secret, uint8_t signature[BULLA_SIGNATURE])
{
    uint8_t digest[BULLA_HASH];
    enum bulla_status status = signed_digest(suite, label, bytes, digest);
    return status == BULLA_OK ? suite->sign(suite->context, secret, digest, signature) : status;
}

/* REFUSED: not signed by the owner of that key. */
static inline enum bulla_status signed_check(const struct bulla_suite *suite, const char *label, struct bulla_bytes bytes,
                                             const uint8_t public_key[BULLA_PUBLIC], const uint8_t signature[BULLA_SIGNATURE])
{
    uint8_t digest[BULLA_HASH];
    enum bulla_status status = signed_digest(suite, label, bytes, digest);
    if (status != BULLA_OK)
        return BULLA_FAILED;
    return suite->verify(suite->context, public_key, digest, signature);
}

#endif
