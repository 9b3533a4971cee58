/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of one seal in one segment, in ascending order of (time, row): from the index in memory while the segment is
 * open, from the file's own when it is closed. Holds a connection until closed.
 */
#ifndef STORE_STREAM_H
#define STORE_STREAM_H

#include "platform/store/segment.h"

struct store_stream {
    struct segment *segment;
    struct store_db *db;
    sqlite3_stmt *rows;
    struct index_hit *hits; /* of an open segment */
    size_t n_hits, next_hit;
    int64_t base_ms, at_ms;
};

/* What the stream will read, without touching a file; needs the history's lock for reading. 0; STORE_NOT_FOUND: surely
 * nothing; negative: out of memory. */
int store_stream_find(struct segment *segment, const char *seal, int64_t from_ms, int64_t until_ms, struct store_stream *out);
/* Opens it, without the lock. 0: it is on its first row; STORE_NOT_FOUND: there is none; negative: the segment cannot be
 * read. Nothing is held unless 0. */
int store_stream_open(struct store_stream *stream, const char *seal, int64_t from_ms, int64_t until_ms);
/* 0: on the next row; STORE_NOT_FOUND: the end; negative: the rest cannot be read. */
int store_stream_next(struct store_stream *stream);
void store_stream_close(struct store_stream *stream);

/* Calls `each` with the row the statement stands on, whose first columns are id, at, lag, body, raw. */
int store_stream_give(const struct store_stream *stream, const char *seal, store_observation_fn each, void *context);

/* One row by its number, with its seal read from the file. */
int store_stream_row(struct segment *segment, int64_t n, store_observation_fn each, void *context);

#endif
