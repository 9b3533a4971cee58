/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/parts.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

enum bulla_status suite_status(bool good, enum bulla_status other)
{
    if (!good)
        ERR_clear_error();
    return good ? BULLA_OK : other;
}

enum bulla_status suite_fill(void *context, uint8_t *to, size_t n)
{
    const struct bulla_host_random *random = context;
    return random->fill(random->context, to, n);
}

/* ---- digests ---- */

static enum bulla_status digest_of(const EVP_MD *md, const struct bulla_bytes *parts, size_t n, uint8_t *digest)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;
    for (size_t i = 0; i < n && good; i++)
        good = EVP_DigestUpdate(ctx, parts[i].at, parts[i].len) == 1;
    good = good && EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return suite_status(good, BULLA_FAILED);
}

enum bulla_status suite_sha256(void *context, const struct bulla_bytes *parts, size_t n, uint8_t digest[BULLA_HASH])
{
    (void)context;
    return digest_of(EVP_sha256(), parts, n, digest);
}

enum bulla_status suite_sm3(void *context, const struct bulla_bytes *parts, size_t n, uint8_t digest[BULLA_HASH])
{
    (void)context;
    return digest_of(EVP_sm3(), parts, n, digest);
}

static enum bulla_status hmac_of(const char *digest, struct bulla_bytes key, const struct bulla_bytes *parts, size_t n, uint8_t *to)
{
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)digest, 0),
                                 OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    bool good = ctx && EVP_MAC_init(ctx, key.len > 0 ? key.at : (const uint8_t *)"", key.len, params) == 1;
    size_t len;
    for (size_t i = 0; i < n && good; i++)
        good = EVP_MAC_update(ctx, parts[i].at, parts[i].len) == 1;
    good = good && EVP_MAC_final(ctx, to, &len, BULLA_HASH) == 1;
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
    return suite_status(good, BULLA_FAILED);
}

enum bulla_status suite_sha256_hmac(void *context, struct bulla_bytes key, const struct bulla_bytes *parts, size_t n,
                                    uint8_t mac[BULLA_HASH])
{
    (void)context;
    return hmac_of("SHA256", key, parts, n, mac);
}

enum bulla_status suite_sm3_hmac(void *context, struct bulla_bytes key, const struct bulla_bytes *parts, size_t n, uint8_t mac[BULLA_HASH])
{
    (void)context;
    return hmac_of("SM3", key, parts, n, mac);
}

/* ---- AES-GCM ---- */

static enum bulla_status gcm_seal(const EVP_CIPHER *cipher, const struct bulla_aead *aead, uint8_t *to)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len;
    bool good = ctx && EVP_EncryptInit_ex(ctx, cipher, NULL, aead->key, aead->nonce) == 1; /* its nonce has 12 bytes by itself */
    if (aead->associated.len > 0)
        good = good && EVP_EncryptUpdate(ctx, NULL, &len, aead->associated.at, (int)aead->associated.len) == 1;
    if (aead->text.len > 0)
        good = good && EVP_EncryptUpdate(ctx, to, &len, aead->text.at, (int)aead->text.len) == 1;
    good = good && EVP_EncryptFinal_ex(ctx, to + aead->text.len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, BULLA_TAG, to + aead->text.len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return suite_status(good, BULLA_FAILED);
}

static enum bulla_status gcm_open(const EVP_CIPHER *cipher, const struct bulla_aead *aead, uint8_t *to)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    size_t n = aead->text.len - BULLA_TAG;
    uint8_t tag[BULLA_TAG];
    int len;
    bulla_copy(tag, aead->text.at + n, sizeof tag);
    bool good = ctx && EVP_DecryptInit_ex(ctx, cipher, NULL, aead->key, aead->nonce) == 1;
    if (aead->associated.len > 0)
        good = good && EVP_DecryptUpdate(ctx, NULL, &len, aead->associated.at, (int)aead->associated.len) == 1;
    if (n > 0)
        good = good && EVP_DecryptUpdate(ctx, to, &len, aead->text.at, (int)n) == 1;
    good = good && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, BULLA_TAG, tag) == 1;
    bool ours = good && EVP_DecryptFinal_ex(ctx, to + n, &len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return suite_status(ours, good ? BULLA_REFUSED : BULLA_FAILED);
}

enum bulla_status suite_aes128_seal(void *context, const struct bulla_aead *aead, uint8_t *to)
{
    (void)context;
    return gcm_seal(EVP_aes_128_gcm(), aead, to);
}

enum bulla_status suite_aes128_open(void *context, const struct bulla_aead *aead, uint8_t *to)
{
    (void)context;
    return gcm_open(EVP_aes_128_gcm(), aead, to);
}

enum bulla_status suite_aes256_seal(void *context, const struct bulla_aead *aead, uint8_t *to)
{
    (void)context;
    return gcm_seal(EVP_aes_256_gcm(), aead, to);
}

enum bulla_status suite_aes256_open(void *context, const struct bulla_aead *aead, uint8_t *to)
{
    (void)context;
    return gcm_open(EVP_aes_256_gcm(), aead, to);
}
