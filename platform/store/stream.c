// SPDX-License-Identifier: Apache-2.0
// Reading a segment's rows.

#include "platform/store/stream.h"

#include "platform/store/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t less_base(int64_t time_ms, int64_t base_ms)
{
    int64_t out;
    return __builtin_sub_overflow(time_ms, base_ms, &out) ? (time_ms < 0 ? INT64_MIN : INT64_MAX) : out;
}

static void put_seal(struct bulla_observation *o, const char *seal)
{
    const char *colon = strchr(seal, ':');
    size_t protocol = colon ? (size_t)(colon - seal) : strlen(seal);
    bulla_text_put(o->protocol, sizeof o->protocol, (struct bulla_bytes){(const uint8_t *)seal, protocol});
    snprintf(o->device, sizeof o->device, "%s", colon ? colon + 1 : "");
}

static void put_id(struct bulla_observation *o, sqlite3_stmt *rows)
{
    if (sqlite3_column_type(rows, 0) == SQLITE_BLOB) {
        struct bulla_bytes id = store_db_column_bytes(rows, 0);
        bulla_hex_put(o->id, id.at, id.len < 16 ? id.len : 16);
        o->id[id.len < 16 ? 2 * id.len : 32] = '\0';
    } else {
        store_db_column_text(rows, 0, o->id, sizeof o->id);
    }
}

int store_stream_give(const struct store_stream *stream, const char *seal, store_observation_fn each, void *context)
{
    struct bulla_observation o;
    int64_t at_ms = (int64_t)((uint64_t)stream->base_ms + (uint64_t)sqlite3_column_int64(stream->rows, 1));
    if (!store_pack_get(store_db_column_bytes(stream->rows, 3), at_ms, &o)) {
        return store_fail(STORE_FAILED, "segments/%s is damaged: an observation of %s cannot be unpacked", stream->segment->name, seal);
    }
    o.received_ms = (int64_t)((uint64_t)at_ms + (uint64_t)sqlite3_column_int64(stream->rows, 2));
    put_id(&o, stream->rows);
    put_seal(&o, seal);
    each(context, &o, store_db_column_bytes(stream->rows, 4));
    return 0;
}

static int step(struct store_stream *stream)
{
    int code = sqlite3_step(stream->rows);
    if (code == SQLITE_ROW) {
        stream->at_ms = (int64_t)((uint64_t)stream->base_ms + (uint64_t)sqlite3_column_int64(stream->rows, 1));
        return 0;
    }
    return code == SQLITE_DONE ? STORE_NOT_FOUND : store_db_fail(stream->db, "reading observations");
}

int store_stream_next(struct store_stream *stream)
{
    if (!stream->hits) {
        return step(stream);
    }
    if (stream->next_hit == stream->n_hits) {
        return STORE_NOT_FOUND;
    }
    sqlite3_reset(stream->rows);
    sqlite3_bind_int64(stream->rows, 1, stream->hits[stream->next_hit++].n);
    int outcome = step(stream);
    return outcome == STORE_NOT_FOUND ? store_fail(STORE_FAILED, "segments/%s: a row is gone", stream->segment->name) : outcome;
}

void store_stream_close(struct store_stream *stream)
{
    sqlite3_reset(stream->rows);
    if (stream->db && !sqlite3_get_autocommit(stream->db->handle)) {
        sqlite3_exec(stream->db->handle, "ROLLBACK", NULL, NULL, NULL); /* it has only read */
    }
    store_segment_give(stream->segment, stream->db);
    free(stream->hits);
    *stream = (struct store_stream){0};
}

static int find_hits(struct store_stream *stream, const char *seal, int64_t from_ms, int64_t until_ms)
{
    const struct store_index *index = stream->segment->index;
    uint32_t number = store_index_seal(index, seal);
    if (!number || index->seals[number].first_ms > until_ms || index->seals[number].last_ms < from_ms) {
        return STORE_NOT_FOUND;
    }
    if (!store_index_range(index, number, from_ms, until_ms, &stream->hits, &stream->n_hits)) {
        return store_fail(STORE_FAILED, "reading observations: out of memory");
    }
    if (stream->n_hits == 0) {
        free(stream->hits);
        stream->hits = NULL;
        return STORE_NOT_FOUND;
    }
    return 0;
}

/* One snapshot for all rows: taken at the first step, and thus after the index was read. */
static int prepare_hits(struct store_stream *stream)
{
    int outcome = store_segment_take(stream->segment, &stream->db);
    outcome = outcome ? outcome : store_db_run(stream->db, "BEGIN");
    if (!outcome) {
        stream->rows = store_db_prepare(stream->db, "SELECT id, at, lag, body, raw FROM observation WHERE n = ?");
        outcome = stream->rows ? 0 : store_outcome();
    }
    return outcome;
}

static int prepare_range(struct store_stream *stream, const char *seal, int64_t from_ms, int64_t until_ms)
{
    int outcome = store_segment_take(stream->segment, &stream->db);
    if (outcome) {
        return outcome;
    }
    stream->rows = store_db_prepare(stream->db, "SELECT id, at, lag, body, raw FROM observation WHERE seal = (SELECT n FROM seal WHERE "
                                                "name = ?) AND at BETWEEN ? AND ? ORDER BY at, n");
    if (!stream->rows) {
        return store_outcome();
    }
    store_db_bind_text(stream->rows, 1, seal);
    sqlite3_bind_int64(stream->rows, 2, less_base(from_ms, stream->base_ms));
    sqlite3_bind_int64(stream->rows, 3, less_base(until_ms, stream->base_ms));
    return 0;
}

int store_stream_find(struct segment *segment, const char *seal, int64_t from_ms, int64_t until_ms, struct store_stream *out)
{
    struct store_stream stream = {.segment = segment, .base_ms = segment->base_ms};
    int outcome;
    if (segment->state == SEGMENT_CLOSED) {
        outcome = segment->first_ms > until_ms || segment->last_ms < from_ms ? STORE_NOT_FOUND : 0;
    } else {
        outcome = segment->index ? find_hits(&stream, seal, from_ms, until_ms) : STORE_NOT_FOUND;
    }
    if (!outcome) {
        *out = stream;
    }
    return outcome;
}

int store_stream_open(struct store_stream *stream, const char *seal, int64_t from_ms, int64_t until_ms)
{
    int outcome = stream->hits ? prepare_hits(stream) : prepare_range(stream, seal, from_ms, until_ms);
    outcome = outcome ? outcome : store_stream_next(stream);
    if (outcome) {
        store_stream_close(stream);
    }
    return outcome;
}

int store_stream_row(struct segment *segment, int64_t n, store_observation_fn each, void *context)
{
    struct store_stream stream = {.segment = segment, .base_ms = segment->base_ms};
    int outcome = store_segment_take(segment, &stream.db);
    if (outcome) {
        return outcome;
    }
    stream.rows = store_db_prepare(stream.db, "SELECT id, at, lag, body, raw, name FROM observation JOIN seal ON seal.n = "
                                              "observation.seal WHERE observation.n = ?");
    outcome = stream.rows ? 0 : store_outcome();
    if (!outcome) {
        char seal[MODEL_SEAL_SIZE];
        sqlite3_bind_int64(stream.rows, 1, n);
        outcome = step(&stream);
        if (!outcome) {
            store_db_column_text(stream.rows, 5, seal, sizeof seal);
            outcome = store_stream_give(&stream, seal, each, context);
        }
    }
    store_stream_close(&stream);
    return outcome;
}
