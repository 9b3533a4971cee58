/* SPDX-License-Identifier: Apache-2.0
 *
 * Record ids: 26 characters of Crockford's base 32, 48 bits of time and 80 of randomness, so that they sort
 * by the time of their making and cannot be guessed.
 */
#ifndef BASE_ULID_H
#define BASE_ULID_H

#include <stdint.h>

#define ULID_SIZE 27

void ulid_put(char to[ULID_SIZE], int64_t now_ms);

#endif
