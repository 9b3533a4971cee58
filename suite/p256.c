/* SPDX-License-Identifier: Apache-2.0
 *
 * P-256: ECDH (its x coordinate), ECDSA over a digest of SHA-256; AES-128-GCM.
 */
#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include "suite/curve.h"

#define NID NID_X9_62_prime256v1

static enum bulla_status pair(void *context, uint8_t secret[BULLA_SECRET], uint8_t *public_key)
{
    return curve_pair(context, NID, secret, public_key);
}

static enum bulla_status key_public(const uint8_t secret[BULLA_SECRET], uint8_t public_key[BULLA_PUBLIC])
{
    return curve_public(NID, secret, public_key);
}

static enum bulla_status agree(void *context, const struct bulla_agreement *agreement, uint8_t shared[BULLA_SHARED])
{
    (void)context;
    size_t n = BULLA_SHARED;
    EVP_PKEY *own = curve_key("EC", NID, agreement->secret, agreement->own);
    EVP_PKEY *other = curve_key("EC", NID, NULL, agreement->other); /* NULL: no point of the curve */
    EVP_PKEY_CTX *ctx = own ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    bool good = ctx && EVP_PKEY_derive_init(ctx) == 1;
    bool ours = good && other && EVP_PKEY_derive_set_peer(ctx, other) == 1 && EVP_PKEY_derive(ctx, shared, &n) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(own);
    EVP_PKEY_free(other);
    return suite_status(ours, good ? BULLA_REFUSED : BULLA_FAILED);
}

static enum bulla_status sign(void *context, const uint8_t secret[BULLA_SECRET], const uint8_t digest[BULLA_HASH],
                              uint8_t signature[BULLA_SIGNATURE])
{
    (void)context;
    uint8_t public_key[BULLA_PUBLIC], der[80];
    size_t n = sizeof der;
    enum bulla_status status = key_public(secret, public_key);
    if (status != BULLA_OK)
        return status;
    EVP_PKEY *key = curve_key("EC", NID, secret, public_key);
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    bool good = ctx && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, der, &n, digest, BULLA_HASH) == 1 &&
                curve_signature_get(der, n, signature);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return suite_status(good, BULLA_FAILED);
}

static enum bulla_status verify(void *context, const uint8_t public_key[BULLA_PUBLIC], const uint8_t digest[BULLA_HASH],
                                const uint8_t signature[BULLA_SIGNATURE])
{
    (void)context;
    uint8_t *der = NULL;
    EVP_PKEY *key = curve_key("EC", NID, NULL, public_key);
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    int n = curve_signature_put(signature, &der);
    bool ours = ctx && n > 0 && EVP_PKEY_verify_init(ctx) == 1 && EVP_PKEY_verify(ctx, der, (size_t)n, digest, BULLA_HASH) == 1;
    OPENSSL_free(der);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return suite_status(ours, BULLA_REFUSED);
}

const struct suite_row suite_p256 = {{BULLA_SUITE_P256, "p256-ecdsa-sha256-aes128gcm", 16, BULLA_PUBLIC, NULL, suite_fill, suite_sha256,
                                      suite_sha256_hmac, suite_aes128_seal, suite_aes128_open, pair, agree, sign, verify},
                                     pair,
                                     key_public};
