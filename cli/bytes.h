/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes of what a seal stores, as they come to a subcommand: a file of them, or of hexadecimal digits.
 */
#ifndef CLI_BYTES_H
#define CLI_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bulla/bytes.h"

/* The whole file ("-": standard input), heap; NULL after telling stderr. */
uint8_t *cli_bytes_read(const char *name, size_t *n);

/* Bytes that are nothing but hexadecimal digits, an even count of them, and white space become what they say, in place. */
bool cli_bytes_unhex(uint8_t *all, size_t *n);

/* What a word says in hexadecimal; else the file of that name. Heap; NULL after telling stderr. */
uint8_t *cli_bytes_of(const char *word, size_t *n);

/* In hexadecimal, a line; or as they are. */
void cli_bytes_print(struct bulla_bytes bytes, bool raw);

#endif
