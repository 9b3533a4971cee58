/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/secret.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "platform/out/out.h"
#include "platform/out/out_limits.h"

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void out_base64_put(char *to, const unsigned char *from, size_t n)
{
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < n; i++) {
        held = held << 8 | from[i];
        for (bits += 8; bits >= 6; bits -= 6)
            *to++ = base64_digits[held >> (bits - 6) & 63];
    }
    if (bits)
        *to++ = base64_digits[held << (6 - bits) & 63];
    *to = '\0';
}

long out_base64_get(unsigned char *to, size_t size, const char *from)
{
    unsigned held = 0, bits = 0;
    size_t n = 0;
    for (; *from; from++) {
        const char *digit = strchr(base64_digits, *from);
        if (!digit)
            return -1;
        held = held << 6 | (unsigned)(digit - base64_digits);
        bits += 6;
        if (bits < 8)
            continue;
        if (n == size)
            return -1;
        bits -= 8;
        to[n++] = (unsigned char)(held >> bits);
    }
    return (long)n;
}

bool out_secret_new(char secret[OUT_SECRET_SIZE])
{
    unsigned char random[32];
    if (RAND_bytes(random, sizeof random) != 1)
        return false;
    out_base64_put(secret, random, sizeof random);
    OPENSSL_cleanse(random, sizeof random);
    return true;
}

static void sha256(const void *bytes, size_t n, unsigned char digest[32])
{
    unsigned length = 32;
    if (EVP_Digest(bytes, n, digest, &length, EVP_sha256(), NULL) != 1)
        memset(digest, 0, 32);
}

void out_secret_digest(const char *secret, char digest[OUT_DIGEST_SIZE])
{
    unsigned char whole[32];
    sha256(secret, strlen(secret), whole);
    out_base64_put(digest, whole, 28);
}

void out_sha256_hex(const void *bytes, size_t n, char hex[65])
{
    unsigned char digest[32];
    sha256(bytes, n, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

bool out_secret_same(const char *a, const char *b)
{
    size_t n = strlen(a);
    return n > 0 && n == strlen(b) && CRYPTO_memcmp(a, b, n) == 0;
}

bool out_password_new(char *password, size_t size)
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789z"; /* 32; no i l o 0 1 */
    unsigned char random[16];
    if (size < 20 || RAND_bytes(random, sizeof random) != 1)
        return false;
    size_t at = 0;
    for (size_t i = 0; i < sizeof random; i++) {
        if (i && i % 4 == 0)
            password[at++] = '-';
        password[at++] = letters[random[i] & 31];
    }
    password[at] = '\0';
    OPENSSL_cleanse(random, sizeof random);
    return true;
}

bool out_password_hash(const char *password, char encoded[160])
{
    unsigned char salt[16];
    return RAND_bytes(salt, sizeof salt) == 1 && argon2id_hash_encoded(OUT_ARGON_PASSES, OUT_ARGON_MEMORY_KIB, OUT_ARGON_LANES, password,
                                                                       strlen(password), salt, sizeof salt, 32, encoded, 160) == ARGON2_OK;
}

bool out_password_verify(const char *encoded, const char *password)
{
    return encoded[0] && argon2id_verify(encoded, password, strlen(password)) == ARGON2_OK;
}

bool out_user_password(struct user *user, const char *password)
{
    char encoded[sizeof user->password];
    if (!out_password_hash(password, encoded))
        return false;
    memcpy(user->password, encoded, sizeof encoded);
    return true;
}
