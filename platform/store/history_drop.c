// SPDX-License-Identifier: Apache-2.0
// Forgetting old segments, and telling what arrived since.

#include "platform/store/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The time of its newest row, where no row counts as later than its arrival: all of them arrived before the first of the
 * next segment. */
static int64_t newest_ms(const struct store_history *history, size_t i)
{
    const struct segment *segment = history->segments[i];
    const struct segment *next = history->segments[i + 1];
    bool tells = next->has_base && next->base_ms >= segment->base_ms;
    return tells && next->base_ms < segment->last_ms ? next->base_ms : segment->last_ms;
}

static bool make_room(struct store_history *history)
{
    struct segment **dropped = realloc(history->dropped, (history->n_dropped + 1) * sizeof *dropped);
    if (dropped) {
        history->dropped = dropped;
    }
    return dropped != NULL;
}

/* Takes the oldest segment that can go out of the list. NULL: there is none, or no memory (*outcome). */
static struct segment *take_out(struct store_history *history, int64_t before_ms, unsigned below, int *outcome)
{
    struct segment *found = NULL;
    pthread_rwlock_wrlock(&history->lock);
    for (size_t i = 0; i + 1 < history->n_segments && !found; i++) {
        struct segment *segment = history->segments[i];
        bool idle = segment->state == SEGMENT_CLOSED && !segment->log_kept && segment != history->hot; /* the keeper is done with it */
        if (!idle || segment->number >= below || newest_ms(history, i) >= before_ms) {
            continue;
        }
        if (!make_room(history)) {
            *outcome = store_fail(STORE_FAILED, "dropping %s: out of memory", segment->name);
            break;
        }
        found = segment;
        atomic_store(&found->dropped, true);
        memmove(&history->segments[i], &history->segments[i + 1], (--history->n_segments - i) * sizeof *history->segments);
        history->dropped[history->n_dropped++] = found;
    }
    pthread_rwlock_unlock(&history->lock);
    return found;
}

static void forget_bloom(struct store_history *history, struct segment *segment)
{
    pthread_mutex_lock(&history->bloom_lock);
    for (size_t i = 0; i < history->n_blooms; i++) {
        if (history->blooms[i] == segment) {
            history->blooms[i] = history->blooms[--history->n_blooms];
            free(segment->bloom);
            segment->bloom = NULL;
            break;
        }
    }
    pthread_mutex_unlock(&history->bloom_lock);
}

/* Waits for those that read it; nobody new finds it. */
static int remove_file(struct segment *segment)
{
    pthread_rwlock_wrlock(&segment->in_use);
    store_pool_drain(&segment->readers);
    int code = segment->disk->remove(segment->disk->host, segment->path);
    pthread_rwlock_unlock(&segment->in_use);
    return code && code != ENOENT ? store_fail(STORE_FAILED, "segments/%s cannot be removed: %s", segment->name, strerror(code)) : 0;
}

int store_history_drop_before(struct store_history *history, int64_t before_ms, unsigned below, uint64_t *rows)
{
    int outcome = 0;
    struct segment *segment;
    *rows = 0;
    while (!outcome && (segment = take_out(history, before_ms, below, &outcome)) != NULL) {
        forget_bloom(history, segment);
        outcome = remove_file(segment);
        *rows += outcome ? 0 : (uint64_t)segment->rows;
    }
    return outcome;
}

/* The first segment with this number or a greater one; needs the lock. */
static struct segment *segment_from(const struct store_history *history, int64_t number)
{
    struct segment *found = NULL;
    for (size_t i = history->n_segments; i-- > 0 && history->segments[i]->number >= number;) {
        found = history->segments[i];
    }
    return found;
}

/* Of a segment whose index is in memory; needs the lock. True: all of its rows are behind the place now. */
static bool arrivals_in_memory(const struct segment *segment, struct store_place *place, uint32_t most, store_arrival_fn each, void *context)
{
    const struct store_index *index = segment->index;
    for (; place->row < index->n_rows && most > 0; most--) {
        const struct index_row *row = &index->rows[++place->row];
        if (row->seal) {
            each(context, index->seals[row->seal].name, row->at_ms);
        }
    }
    return place->row >= index->n_rows;
}

/* Of a closed segment: one row for each seal and hour that it has behind the place. */
static int arrivals_in_file(struct segment *segment, struct store_place *place, store_arrival_fn each, void *context)
{
    struct store_db *db = NULL;
    int outcome = store_segment_take(segment, &db);
    if (outcome) {
        return outcome;
    }
    sqlite3_stmt *s = store_db_prepare(db, "SELECT name, min(at) FROM observation o JOIN seal s ON s.n = o.seal WHERE o.n > ? "
                                           "GROUP BY o.seal, (at + ?2 + 86400000000000000) / 3600000"); /* never negative */
    int code = SQLITE_ERROR;
    if (s) {
        sqlite3_bind_int64(s, 1, place->row);
        sqlite3_bind_int64(s, 2, segment->base_ms);
        while ((code = sqlite3_step(s)) == SQLITE_ROW) {
            char name[MODEL_SEAL_SIZE];
            store_db_column_text(s, 0, name, sizeof name);
            each(context, name, (int64_t)((uint64_t)segment->base_ms + (uint64_t)sqlite3_column_int64(s, 1)));
        }
    }
    if (code != SQLITE_DONE) {
        outcome = s ? store_db_fail(db, "reading what arrived") : store_outcome();
    }
    sqlite3_reset(s);
    store_segment_give(segment, db);
    return outcome;
}

int store_history_arrivals(struct store_history *history, struct store_place *place, uint32_t most, store_arrival_fn each, void *context,
                           bool *more)
{
    pthread_rwlock_rdlock(&history->lock);
    if (place->segment > history->hot->number) { /* another history than the one it was a place in: restored from a backup */
        *place = (struct store_place){0, 0};
    }
    struct segment *segment = segment_from(history, place->segment);
    if (segment && segment->number > place->segment) {
        *place = (struct store_place){segment->number, 0};
    }
    bool in_memory = segment && segment->index, hot = segment == history->hot;
    bool closed = segment && segment->state == SEGMENT_CLOSED;
    bool done = in_memory && arrivals_in_memory(segment, place, most, each, context);
    pthread_rwlock_unlock(&history->lock);
    int outcome = closed ? arrivals_in_file(segment, place, each, context) : 0;
    if (outcome && atomic_load(&segment->dropped)) {
        outcome = 0;
    }
    *more = segment && !outcome && !(done && hot);
    if (segment && !outcome && !hot && (done || !in_memory)) {
        *place = (struct store_place){segment->number + 1, 0};
    }
    return outcome;
}
