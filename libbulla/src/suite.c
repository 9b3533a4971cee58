/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/suite.h"

#define INNER 0x36
#define OUTER 0x5C

void bulla_wipe(void *at, size_t n)
{
    volatile uint8_t *bytes = at;
    while (n-- > 0)
        *bytes++ = 0;
}

bool bulla_same_secret(const uint8_t *a, const uint8_t *b, size_t n)
{
    volatile uint8_t differs = 0; /* or the compiler may leave the loop early */
    for (size_t i = 0; i < n; i++)
        differs = (uint8_t)(differs | (a[i] ^ b[i]));
    return (1u & ((differs - 1u) >> 8)) != 0;
}

static enum bulla_status hmac_of_digest(const struct bulla_suite *suite, struct bulla_bytes key, const struct bulla_bytes *parts, size_t n,
                                        uint8_t mac[BULLA_HASH])
{
    uint8_t block[BULLA_HASH_BLOCK] = {0}, hash[BULLA_HASH];
    struct bulla_bytes all[BULLA_PARTS_MAX + 1] = {{block, sizeof block}};
    enum bulla_status status = BULLA_OK;
    if (key.len > sizeof block)
        status = suite->digest(suite->context, &key, 1, block);
    else if (key.len > 0)
        bulla_copy(block, key.at, key.len);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] ^= INNER;
    for (size_t i = 0; i < n; i++)
        all[i + 1] = parts[i];
    if (status == BULLA_OK)
        status = suite->digest(suite->context, all, n + 1, hash);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] ^= INNER ^ OUTER;
    all[1] = (struct bulla_bytes){hash, sizeof hash};
    if (status == BULLA_OK)
        status = suite->digest(suite->context, all, 2, mac);
    bulla_wipe(block, sizeof block);
    return status;
}

enum bulla_status bulla_suite_hmac(const struct bulla_suite *suite, struct bulla_bytes key, const struct bulla_bytes *parts, size_t n,
                                   uint8_t mac[BULLA_HASH])
{
    uint8_t made[BULLA_HASH];
    if (n > BULLA_PARTS_MAX)
        return BULLA_REFUSED;
    enum bulla_status status = suite->hmac ? suite->hmac(suite->context, key, parts, n, made) : hmac_of_digest(suite, key, parts, n, made);
    if (status == BULLA_OK)
        bulla_copy(mac, made, sizeof made);
    bulla_wipe(made, sizeof made);
    return status;
}

enum bulla_status bulla_suite_extract(const struct bulla_suite *suite, struct bulla_bytes salt, struct bulla_bytes secret,
                                      uint8_t key[BULLA_HASH])
{
    return bulla_suite_hmac(suite, salt, &secret, 1, key);
}

enum bulla_status bulla_suite_expand(const struct bulla_suite *suite, const uint8_t key[BULLA_HASH], struct bulla_bytes info, uint8_t *to,
                                     size_t n)
{
    static const uint8_t first = 1;
    const struct bulla_bytes parts[] = {info, {&first, 1}};
    uint8_t made[BULLA_HASH];
    if (n > sizeof made)
        return BULLA_REFUSED;
    enum bulla_status status = bulla_suite_hmac(suite, (struct bulla_bytes){key, BULLA_HASH}, parts, 2, made);
    if (status == BULLA_OK)
        bulla_copy(to, made, n);
    bulla_wipe(made, sizeof made);
    return status;
}

enum bulla_status bulla_suite_key_id(const struct bulla_suite *suite, const uint8_t public_key[BULLA_PUBLIC], uint8_t id[BULLA_KEY_ID])
{
    const struct bulla_bytes key = {public_key, BULLA_PUBLIC};
    uint8_t hash[BULLA_HASH];
    enum bulla_status status = suite->digest(suite->context, &key, 1, hash);
    if (status == BULLA_OK)
        bulla_copy(id, hash, BULLA_KEY_ID);
    return status;
}
