/* SPDX-License-Identifier: Apache-2.0
 *
 * A view of bytes that somebody else owns, and the four memory functions that a freestanding compiler
 * may call anyway. A view is valid for the length of the call it is passed to, unless its owner says more.
 */
#ifndef BULLA_BYTES_H
#define BULLA_BYTES_H

#include "bulla/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

BULLA_BEGIN

struct bulla_bytes {
    const uint8_t *at;
    size_t len;
};

#define bulla_copy(to, from, n) __builtin_memcpy((to), (from), (n))
#define bulla_move(to, from, n) __builtin_memmove((to), (from), (n))
#define bulla_fill(to, byte, n) __builtin_memset((to), (byte), (n))
#define bulla_compare(a, b, n) __builtin_memcmp((a), (b), (n))
#define bulla_length(text) __builtin_strlen(text)

/* True when the view holds exactly the characters of `text`. */
bool bulla_bytes_is(struct bulla_bytes bytes, const char *text);

/* True when two NUL-terminated texts are equal. */
bool bulla_text_is(const char *a, const char *b);

/* Copies `from` into `to[size]` as a NUL-terminated text, cut to fit; bytes outside 0x20-0x7E become '?'. */
void bulla_text_put(char *to, size_t size, struct bulla_bytes from);

/* Hex text <-> bytes. Reading accepts either case and wants an even count: false when it is not hex. */
void bulla_hex_put(char *to, const uint8_t *from, size_t n);
bool bulla_hex_get(uint8_t *to, const char *from, size_t n_bytes);

BULLA_END

#endif
