/* SPDX-License-Identifier: Apache-2.0
 *
 * A cipher suite as a table of functions: libbulla has no primitives of its own, the program or the chip brings them.
 *
 *   random    fresh bytes that nobody else can foresee
 *   digest    32 bytes over several parts, as if they stood one after the other (SHA-256, SM3)
 *   hmac      with that digest, RFC 2104; NULL: libbulla makes it of `digest`
 *   seal      AEAD: nonce of 12 bytes, tag of 16 behind the cipher text, associated data (AES-GCM, SM4-GCM)
 *   pair      a fresh pair for one agreement
 *   agree     the secret that two pairs share; the caller says which side it is, for suites whose agreement is
 *             not symmetric (GB/T 32918.3)
 *   sign      a digest of 32 bytes, as the message of the scheme (Ed25519, SM2 with its Z) or as its digest (ECDSA)
 *
 * A private signing key is BULLA_SECRET bytes that only the suite understands: the scalar, or the number of a slot in a
 * secure element. Public keys are BULLA_PUBLIC bytes, those of a suite that needs fewer have zeros behind.
 * Keys that sign never agree, and keys that agree are used once: no function takes the one for the other.
 *
 * Every function may fail. FAILED: what lies below did not do it (no entropy, a broken element), and nothing is known
 * about the data. REFUSED: the data are wrong (a tag, a signature, a point that is on no curve). What was to be written is
 * of no use unless OK; callers hand in memory of their own and wipe it.
 */
#ifndef BULLA_SUITE_H
#define BULLA_SUITE_H

#include "bulla/api.h"
#include "bulla/bytes.h"
#include "bulla/status.h"

BULLA_BEGIN

#define BULLA_HASH       32 /* bytes of a digest and of an HMAC */
#define BULLA_HASH_BLOCK 64 /* that the digest works on: the same in SHA-256 and SM3 */
#define BULLA_KEY_MAX    32 /* of the AEAD */
#define BULLA_NONCE      12
#define BULLA_TAG        16
#define BULLA_SECRET     32 /* private key */
#define BULLA_PUBLIC     33 /* public key: a compressed point, or 32 bytes and a zero */
#define BULLA_SIGNATURE  64
#define BULLA_SHARED     32 /* what an agreement gives */
#define BULLA_KEY_ID     4

/* clang-format off */
#define BULLA_SUITE_TABLE(X) /* suite, number (on the link, in tickets), name (signed), of what it is made */        \
    X(INTERNATIONAL,     1, "x25519-ed25519-sha256-aes128gcm", "X25519, Ed25519, SHA-256, AES-128-GCM")              \
    X(INTERNATIONAL_256, 2, "x25519-ed25519-sha256-aes256gcm", "X25519, Ed25519, SHA-256, AES-256-GCM")              \
    X(P256,              3, "p256-ecdsa-sha256-aes128gcm",     "P-256 (ECDH and ECDSA), SHA-256, AES-128-GCM")       \
    X(NATIONAL,          4, "sm2-sm3-sm4gcm",                  "SM2 (GB/T 32918.2 and .3), SM3, SM4-GCM")
/* clang-format on */

enum bulla_suite_id {
#define X(name, number, text, what) BULLA_SUITE_##name = number,
    BULLA_SUITE_TABLE(X)
#undef X
};

enum bulla_side { BULLA_SIDE_READER = 0, BULLA_SIDE_SEAL = 1 }; /* who calls, who is called */

/* What an AEAD works with. `text` is plain when sealed; when opened, cipher text and tag. */
struct bulla_aead {
    const uint8_t *key; /* key_size bytes */
    const uint8_t *nonce;
    struct bulla_bytes associated, text;
};

/* One side of an agreement; keys of `agree_size` bytes. */
struct bulla_agreement {
    enum bulla_side side;        /* one's own */
    const uint8_t *secret, *own; /* as pair() made them */
    const uint8_t *other;        /* from the other side: agree() checks it */
};

struct bulla_suite {
    uint8_t id;         /* enum bulla_suite_id, or a number of the maker from 128 on */
    const char *name;   /* part of what is signed */
    uint8_t key_size;   /* 16 to BULLA_KEY_MAX */
    uint8_t agree_size; /* bytes of a public key of the agreement, at most BULLA_PUBLIC */
    void *context;
    enum bulla_status (*random)(void *context, uint8_t *to, size_t n);
    enum bulla_status (*digest)(void *context, const struct bulla_bytes *parts, size_t n, uint8_t digest[BULLA_HASH]);
    enum bulla_status (*hmac)(void *context, struct bulla_bytes key, const struct bulla_bytes *parts, size_t n, uint8_t mac[BULLA_HASH]);
    /* Writes text.len + BULLA_TAG bytes. */
    enum bulla_status (*seal)(void *context, const struct bulla_aead *aead, uint8_t *to);
    /* text.len is at least BULLA_TAG. Writes text.len - BULLA_TAG bytes; REFUSED: not sealed with that key, nonce and data. */
    enum bulla_status (*open)(void *context, const struct bulla_aead *aead, uint8_t *to);
    enum bulla_status (*pair)(void *context, uint8_t secret[BULLA_SECRET], uint8_t *public_key);
    /* REFUSED: `other` is no public key, or one with which everybody shares the same. */
    enum bulla_status (*agree)(void *context, const struct bulla_agreement *agreement, uint8_t shared[BULLA_SHARED]);
    enum bulla_status (*sign)(void *context, const uint8_t secret[BULLA_SECRET], const uint8_t digest[BULLA_HASH],
                              uint8_t signature[BULLA_SIGNATURE]);
    /* REFUSED: not signed by the owner of that key, or no key. */
    enum bulla_status (*verify)(void *context, const uint8_t public_key[BULLA_PUBLIC], const uint8_t digest[BULLA_HASH],
                                const uint8_t signature[BULLA_SIGNATURE]);
};

#define BULLA_PARTS_MAX 6 /* that bulla_suite_hmac takes */

/* RFC 2104. REFUSED: more than BULLA_PARTS_MAX parts. */
enum bulla_status bulla_suite_hmac(const struct bulla_suite *suite, struct bulla_bytes key, const struct bulla_bytes *parts, size_t n,
                                   uint8_t mac[BULLA_HASH]) BULLA_MUST_CHECK;

/* RFC 5869 with the suite's digest: extract, and expand to at most one digest (n <= BULLA_HASH). */
enum bulla_status bulla_suite_extract(const struct bulla_suite *suite, struct bulla_bytes salt, struct bulla_bytes secret,
                                      uint8_t key[BULLA_HASH]) BULLA_MUST_CHECK;
enum bulla_status bulla_suite_expand(const struct bulla_suite *suite, const uint8_t key[BULLA_HASH], struct bulla_bytes info, uint8_t *to,
                                     size_t n) BULLA_MUST_CHECK;

/* By what a public key is called: the beginning of the digest of BULLA_PUBLIC bytes. Two may be called alike: it finds, it proves nothing.
 */
enum bulla_status bulla_suite_key_id(const struct bulla_suite *suite, const uint8_t public_key[BULLA_PUBLIC],
                                     uint8_t id[BULLA_KEY_ID]) BULLA_MUST_CHECK;

/* True when n bytes are equal. Time, branches and addresses depend on n alone, so that a guess learns nothing but right or wrong. */
bool bulla_same_secret(const uint8_t *a, const uint8_t *b, size_t n);

/* Zeros that the compiler does not leave out. */
void bulla_wipe(void *at, size_t n);

BULLA_END

#endif
