// SPDX-License-Identifier: Apache-2.0
// A blocked Bloom filter: the key picks a block of 512 bits and seven bits in it.

#include "platform/store/bloom.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64, BITS_A_KEY = 11, PROBES = 7 };

static struct store_bloom *allocate(size_t bytes)
{
    struct store_bloom *bloom = calloc(1, sizeof *bloom + bytes);
    if (bloom) {
        bloom->bytes = bytes;
    }
    return bloom;
}

struct store_bloom *store_bloom_new(size_t keys)
{
    size_t blocks = keys * BITS_A_KEY / (BLOCK * 8) + 1;
    return allocate(blocks * BLOCK);
}

struct store_bloom *store_bloom_from(const uint8_t *bytes, size_t n)
{
    if (n == 0 || n % BLOCK) {
        return NULL;
    }
    struct store_bloom *bloom = allocate(n);
    if (bloom) {
        memcpy(bloom->bits, bytes, n);
    }
    return bloom;
}

static size_t block_of(const struct store_bloom *bloom, struct store_key key)
{
    return (size_t)((unsigned __int128)key.a * (bloom->bytes / BLOCK) >> 64) * BLOCK;
}

void store_bloom_add(struct store_bloom *bloom, struct store_key key)
{
    uint8_t *block = bloom->bits + block_of(bloom, key);
    for (unsigned i = 0; i < PROBES; i++) {
        unsigned bit = (unsigned)(key.b >> (i * 9) & 511);
        block[bit >> 3] |= (uint8_t)(1u << (bit & 7));
    }
}

bool store_bloom_may_have(const struct store_bloom *bloom, struct store_key key)
{
    const uint8_t *block = bloom->bits + block_of(bloom, key);
    for (unsigned i = 0; i < PROBES; i++) {
        unsigned bit = (unsigned)(key.b >> (i * 9) & 511);
        if (!(block[bit >> 3] & 1u << (bit & 7))) {
            return false;
        }
    }
    return true;
}
