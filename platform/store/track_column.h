/* SPDX-License-Identifier: Apache-2.0
 *
 * One column of a chunk of a track block (track.h): whole numbers in as few bytes as differences and two codes give.
 */
#ifndef STORE_TRACK_COLUMN_H
#define STORE_TRACK_COLUMN_H

#include "bulla/cursor.h"

void track_put_varint(struct bulla_writer *w, uint64_t value);
uint64_t track_get_varint(struct bulla_cursor *c, uint64_t most); /* above it, the cursor fails */
void track_put_zigzag(struct bulla_writer *w, int64_t value);
int64_t track_get_zigzag(struct bulla_cursor *c); /* of 40 bits; more fails */

/* Values of 32 bits, n 1 .. TRACK_CHUNK_FIXES. bits: adaptive Rice code, else varints. */
void track_column_put(struct bulla_writer *w, const int64_t *values, size_t n, bool bits);
/* Fails the cursor when the bytes are not n values in least .. most. */
void track_column_get(struct bulla_cursor *c, int64_t *values, size_t n, bool bits, int64_t least, int64_t most);

#endif
