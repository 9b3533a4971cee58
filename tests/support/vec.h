/* SPDX-License-Identifier: Apache-2.0
 *
 * Vectors: messages with what they mean, as text that people can read and write.
 *
 *   # source: where the bytes come from               first line of each file
 *
 *   name: what the block shows
 *   bytes: HEX            or    text: characters, with C escapes
 *   state-from: NAME      that block of the same file is fed first, on the same link (and its own state-from)
 *   model: settings: zone: now:     how the device is set up, and when the bytes arrive
 *   expect: {"outcome":"ok","observations":[{...}],"replies":["hex"]}
 *
 * A line that begins with blanks goes on with the value before it. Blocks are separated by blank lines; `#`
 * begins a comment. What `expect` gives must be equal, what it leaves out is not compared; numbers are equal
 * within 1e-6; arrays have the same length; the reply "*" is any reply, and "text:..." one of characters.
 */
#ifndef TESTS_VEC_H
#define TESTS_VEC_H

#include <jansson.h>

#include "proto/proto.h"

struct vec_block {
    char *name, *state_from;
    uint8_t *bytes;
    size_t n;
    struct proto_profile profile;
    int64_t now_ms;
    json_t *expect;
    int line;
};

struct vec_file {
    char *path;
    struct vec_block *blocks;
    size_t n;
};

/* Reads a file; NULL with "path:line: field: expected E, got G" in why[size] when it is not one. */
struct vec_file *vec_read(const char *path, char *why, size_t size);
void vec_free(struct vec_file *file);
const struct vec_block *vec_find(const struct vec_file *file, const char *name);

/* True when `got` has all that `expected` has; else "member: expected E, got G" in why[size]. */
bool vec_match(const json_t *expected, const json_t *got, char *why, size_t size);

/* Bytes of a text with C escapes (\r \n \t \0 \\ \" \xNN), in place; false on an unknown escape. */
bool vec_unescape(char *text, size_t *n);

#endif
