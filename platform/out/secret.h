/* SPDX-License-Identifier: Apache-2.0
 *
 * Random secrets, their digests, and passwords (Argon2id, encoded form).
 */
#ifndef OUT_SECRET_H
#define OUT_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define OUT_SECRET_SIZE 44 /* 256 bits in base64url, with the NUL */
#define OUT_DIGEST_SIZE 39 /* the first 224 bits of a SHA-256 in base64url: fits an id */

bool out_secret_new(char secret[OUT_SECRET_SIZE]);
void out_secret_digest(const char *secret, char digest[OUT_DIGEST_SIZE]);
/* n bytes in base64url without padding; `to` holds (n * 4 + 2) / 3 + 1. And back: the number of bytes, -1: not base64url. */
void out_base64_put(char *to, const unsigned char *from, size_t n);
long out_base64_get(unsigned char *to, size_t size, const char *from);
void out_sha256_hex(const void *bytes, size_t n, char hex[65]);
bool out_secret_same(const char *a, const char *b); /* in a time that tells nothing */

/* A one-time password that can be read out: groups of letters and digits without look-alikes, 80 bits. */
bool out_password_new(char *password, size_t size);
bool out_password_hash(const char *password, char encoded[160]);
bool out_password_verify(const char *encoded, const char *password);

#endif
