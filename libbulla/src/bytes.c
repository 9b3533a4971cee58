/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/bytes.h"

bool bulla_bytes_is(struct bulla_bytes bytes, const char *text)
{
    return bulla_length(text) == bytes.len && (bytes.len == 0 || bulla_compare(bytes.at, text, bytes.len) == 0);
}

bool bulla_text_is(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

void bulla_text_put(char *to, size_t size, struct bulla_bytes from)
{
    if (size == 0)
        return;
    size_t n = from.len < size - 1 ? from.len : size - 1;
    for (size_t i = 0; i < n; i++)
        to[i] = from.at[i] >= 0x20 && from.at[i] <= 0x7E ? (char)from.at[i] : '?';
    to[n] = '\0';
}

void bulla_hex_put(char *to, const uint8_t *from, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        to[2 * i] = digits[from[i] >> 4];
        to[2 * i + 1] = digits[from[i] & 15];
    }
    to[2 * n] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool bulla_hex_get(uint8_t *to, const char *from, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        int high = hex_value(from[2 * i]);
        int low = high < 0 ? -1 : hex_value(from[2 * i + 1]);
        if (low < 0)
            return false;
        to[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
