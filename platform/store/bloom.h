/* SPDX-License-Identifier: Apache-2.0
 *
 * A Bloom filter over 16-byte keys that are already digests, in blocks of 64 bytes: one memory access a question.
 * It tells "surely not in it" or "perhaps"; with 11 bits a key, about 1 of 100 strangers gets "perhaps".
 */
#ifndef STORE_BLOOM_H
#define STORE_BLOOM_H

#include "platform/store/key.h"

#include <stddef.h>

struct store_bloom {
    size_t bytes; /* a multiple of 64 */
    uint8_t bits[];
};

struct store_bloom *store_bloom_new(size_t keys); /* NULL: out of memory; free() */
/* From stored bytes, taking a copy. NULL when the length is not one that store_bloom_new() makes, or out of memory. */
struct store_bloom *store_bloom_from(const uint8_t *bytes, size_t n);
void store_bloom_add(struct store_bloom *bloom, struct store_key key);
bool store_bloom_may_have(const struct store_bloom *bloom, struct store_key key);

#endif
