/* SPDX-License-Identifier: Apache-2.0
 *
 * Sixteen bytes that stand for a text id: the bytes themselves when it is 32 lower-case hexadecimal characters (all ids
 * that the platform gives), else the head of its SHA-256.
 */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include <stdbool.h>
#include <stdint.h>

struct store_key {
    uint64_t a, b;
};

struct store_key store_key_of_id(const char *id);
struct store_key store_key_of_seal(const char *seal); /* never that of an id */

/* The sixteen bytes of a 32-character id; false when it is not one and must be kept as text. */
bool store_key_bytes(const char *id, uint8_t to[16]);

static inline bool store_key_is(struct store_key x, struct store_key y)
{
    return x.a == y.a && x.b == y.b;
}

#endif
