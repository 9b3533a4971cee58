/* SPDX-License-Identifier: Apache-2.0
 *
 * A digest as a table of functions: libbulla has no cryptography of its own, the program or the chip brings it.
 * `state` is `state_size` bytes of the caller, aligned for any type; begin() uses it first, end() last, and
 * whatever end() has written is the digest.
 */
#ifndef BULLA_DIGEST_H
#define BULLA_DIGEST_H

#include "bulla/api.h"
#include "bulla/bytes.h"

BULLA_BEGIN

#define BULLA_DIGEST_MAX 32

/* clang-format off */
#define BULLA_DIGEST_TABLE(X) /* name, number (stored), text, bytes, may it decide */ \
    X(SHA256, 1, "sha256", 32, true)                                                  \
    X(SM3,    2, "sm3",    32, true)                                                  \
    X(MD5,    3, "md5",    16, false) /* of older systems: always beside one that decides */
/* clang-format on */

enum bulla_digest_kind {
#define X(name, number, text, bytes, decides) BULLA_DIGEST_##name = number,
    BULLA_DIGEST_TABLE(X)
#undef X
};

struct bulla_digest {
    uint8_t kind;
    size_t state_size;
    void (*begin)(void *state);
    void (*add)(void *state, struct bulla_bytes bytes);
    void (*end)(void *state, uint8_t *digest);
};

BULLA_END

#endif
