/* SPDX-License-Identifier: Apache-2.0
 *
 * X25519 (RFC 7748), Ed25519 (RFC 8032), SHA-256, AES-GCM with 128 or 256 bits.
 */
#include "suite/parts.h"

#define RAW 32

static enum bulla_status raw_public(int type, const uint8_t *secret, uint8_t *public_key)
{
    size_t n = RAW;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(type, NULL, secret, RAW);
    bool good = key && EVP_PKEY_get_raw_public_key(key, public_key, &n) == 1;
    EVP_PKEY_free(key);
    return suite_status(good, BULLA_FAILED);
}

static enum bulla_status pair(void *context, uint8_t secret[BULLA_SECRET], uint8_t *public_key)
{
    enum bulla_status status = suite_fill(context, secret, BULLA_SECRET);
    return status == BULLA_OK ? raw_public(EVP_PKEY_X25519, secret, public_key) : status;
}

static enum bulla_status agree(void *context, const struct bulla_agreement *agreement, uint8_t shared[BULLA_SHARED])
{
    (void)context;
    size_t n = BULLA_SHARED;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, agreement->secret, RAW);
    EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, agreement->other, RAW);
    EVP_PKEY_CTX *ctx = own ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    bool good = ctx && other && EVP_PKEY_derive_init(ctx) == 1;
    /* It fails when the secret is zero: then the other's key is one of the few with which all share the same. */
    bool ours = good && EVP_PKEY_derive_set_peer(ctx, other) == 1 && EVP_PKEY_derive(ctx, shared, &n) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(own);
    EVP_PKEY_free(other);
    return suite_status(ours, good ? BULLA_REFUSED : BULLA_FAILED);
}

enum bulla_status suite_ed25519_sign(const uint8_t secret[BULLA_SECRET], struct bulla_bytes message, uint8_t signature[BULLA_SIGNATURE])
{
    size_t n = BULLA_SIGNATURE;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, RAW);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(ctx, signature, &n, message.at, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return suite_status(good, BULLA_FAILED);
}

enum bulla_status suite_ed25519_verify(const uint8_t public_key[BULLA_PUBLIC], struct bulla_bytes message,
                                       const uint8_t signature[BULLA_SIGNATURE])
{
    if (public_key[RAW] != 0) /* or one key would have many forms */
        return BULLA_REFUSED;
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, RAW);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1;
    bool ours = good && EVP_DigestVerify(ctx, signature, BULLA_SIGNATURE, message.at, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return suite_status(ours, good ? BULLA_REFUSED : BULLA_FAILED);
}

static enum bulla_status sign(void *context, const uint8_t secret[BULLA_SECRET], const uint8_t digest[BULLA_HASH],
                              uint8_t signature[BULLA_SIGNATURE])
{
    (void)context;
    return suite_ed25519_sign(secret, (struct bulla_bytes){digest, BULLA_HASH}, signature);
}

static enum bulla_status verify(void *context, const uint8_t public_key[BULLA_PUBLIC], const uint8_t digest[BULLA_HASH],
                                const uint8_t signature[BULLA_SIGNATURE])
{
    (void)context;
    return suite_ed25519_verify(public_key, (struct bulla_bytes){digest, BULLA_HASH}, signature);
}

static enum bulla_status key_public(const uint8_t secret[BULLA_SECRET], uint8_t public_key[BULLA_PUBLIC])
{
    public_key[RAW] = 0;
    return raw_public(EVP_PKEY_ED25519, secret, public_key);
}

static enum bulla_status key_make(void *context, uint8_t secret[BULLA_SECRET], uint8_t public_key[BULLA_PUBLIC])
{
    enum bulla_status status = suite_fill(context, secret, BULLA_SECRET);
    return status == BULLA_OK ? key_public(secret, public_key) : status;
}

const struct suite_row suite_international = {{BULLA_SUITE_INTERNATIONAL, "x25519-ed25519-sha256-aes128gcm", 16, RAW, NULL, suite_fill,
                                               suite_sha256, suite_sha256_hmac, suite_aes128_seal, suite_aes128_open, pair, agree, sign,
                                               verify},
                                              key_make,
                                              key_public};

const struct suite_row suite_international_256 = {{BULLA_SUITE_INTERNATIONAL_256, "x25519-ed25519-sha256-aes256gcm", 32, RAW, NULL,
                                                   suite_fill, suite_sha256, suite_sha256_hmac, suite_aes256_seal, suite_aes256_open, pair,
                                                   agree, sign, verify},
                                                  key_make,
                                                  key_public};
