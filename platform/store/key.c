// SPDX-License-Identifier: Apache-2.0
// Ids as sixteen bytes.

#include "platform/store/key.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

static int nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool store_key_bytes(const char *id, uint8_t to[16])
{
    for (size_t i = 0; i < 16; i++) {
        int high = nibble(id[2 * i]);
        int low = high < 0 ? -1 : nibble(id[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        to[i] = (uint8_t)(high << 4 | low);
    }
    return id[32] == '\0';
}

static struct store_key digest(const char *text)
{
    uint8_t whole[SHA256_DIGEST_LENGTH];
    struct store_key key;
    SHA256((const uint8_t *)text, strlen(text), whole);
    memcpy(&key, whole, sizeof key);
    return key;
}

struct store_key store_key_of_id(const char *id)
{
    uint8_t bytes[16];
    if (!store_key_bytes(id, bytes)) {
        return digest(id);
    }
    struct store_key key;
    memcpy(&key, bytes, sizeof key);
    return key;
}

struct store_key store_key_of_seal(const char *seal)
{
    char text[128];
    snprintf(text, sizeof text, "seal %s", seal);
    return digest(text);
}
