// SPDX-License-Identifier: Apache-2.0
// Reading the history: a seal's rows over all segments in order of time, one by its id, the latest of every seal.

#include "platform/store/history.h"
#include "platform/store/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct broken {                /* the files that a reading met and could not read; the others' rows are given all the same */
    char names[200], why[200]; /* why: of the first */
};

static void note_broken(struct broken *broken, const struct segment *segment)
{
    size_t used = strlen(broken->names);
    if (atomic_load(&segment->dropped)) {
        return;
    }
    if (!used) {
        snprintf(broken->why, sizeof broken->why, "%s", store_error(NULL));
    }
    if (!strstr(broken->names, segment->name)) {
        snprintf(broken->names + used, sizeof broken->names - used, "%ssegments/%s", used ? ", " : "", segment->name);
    }
}

static int tell_broken(const struct broken *broken)
{
    return broken->names[0] ? store_fail(STORE_PARTIAL, "%s cannot be read (%s); what the others hold is given", broken->names, broken->why)
                            : STORE_OK;
}

struct closed_list { /* the closed segments, newest last, to be read without the lock */
    struct segment **items;
    size_t n;
};

/* Needs the lock for reading. False, and noted: out of memory. */
static bool list_closed(const struct store_history *history, struct closed_list *out, struct broken *broken)
{
    *out = (struct closed_list){malloc((history->n_segments + 1) * sizeof(struct segment *)), 0};
    if (!out->items) {
        store_fail(STORE_FAILED, "out of memory");
        note_broken(broken, history->hot);
        return false;
    }
    for (size_t i = 0; i < history->n_segments; i++) {
        if (history->segments[i]->state == SEGMENT_CLOSED) {
            out->items[out->n++] = history->segments[i];
        }
    }
    return true;
}

static void note_damaged(struct broken *broken, const struct segment *segment)
{
    if (segment->state == SEGMENT_DAMAGED) {
        store_fail(STORE_PARTIAL, "found damaged when the store was opened");
        note_broken(broken, segment);
    }
}

struct streams { /* in order of segments, which is also the order in which connections are taken */
    struct store_stream *items;
    size_t n;
};

/* A stream for every segment that may have rows of the seal, none open yet. */
static int find_streams(struct store_history *history, const char *seal, int64_t from_ms, int64_t until_ms, struct broken *broken,
                        struct streams *out)
{
    pthread_rwlock_rdlock(&history->lock);
    *out = (struct streams){calloc(history->n_segments + 1, sizeof *out->items), 0};
    int outcome = out->items ? 0 : store_fail(STORE_FAILED, "reading observations: out of memory");
    for (size_t i = 0; outcome >= 0 && i < history->n_segments; i++) {
        note_damaged(broken, history->segments[i]);
        outcome = store_stream_find(history->segments[i], seal, from_ms, until_ms, &out->items[out->n]);
        out->n += outcome == 0;
    }
    pthread_rwlock_unlock(&history->lock);
    return outcome < 0 ? outcome : 0;
}

static bool may_have_rows(struct store_history *history, const struct store_stream *stream, struct store_key key)
{
    return stream->hits || store_history_may_have(history, stream->segment, key);
}

/* Opens them; those without rows fall out, those that cannot be read are noted. */
static void open_streams(struct store_history *history, const char *seal, int64_t from_ms, int64_t until_ms, struct broken *broken,
                         struct streams *streams)
{
    struct store_key key = store_key_of_seal(seal);
    size_t n = 0;
    for (size_t i = 0; i < streams->n; i++) {
        struct store_stream stream = streams->items[i];
        struct segment *segment = stream.segment;
        int outcome = may_have_rows(history, &stream, key) ? store_stream_open(&stream, seal, from_ms, until_ms) : STORE_NOT_FOUND;
        if (outcome == 0) {
            streams->items[n++] = stream;
        } else if (outcome < 0) {
            note_broken(broken, segment);
        }
    }
    streams->n = n;
}

static void drop_streams(struct streams *streams)
{
    for (size_t i = 0; i < streams->n; i++) {
        free(streams->items[i].hits);
    }
    free(streams->items);
}

static size_t earliest(const struct store_stream *streams, size_t n)
{
    size_t first = 0;
    for (size_t i = 1; i < n; i++) {
        if (streams[i].at_ms < streams[first].at_ms) {
            first = i;
        }
    }
    return first;
}

static void merge(struct store_stream *streams, size_t n, const char *seal, size_t limit, struct broken *broken, store_observation_fn each,
                  void *context)
{
    size_t given = 0;
    while (n > 0 && (limit == 0 || given < limit)) {
        size_t i = earliest(streams, n);
        int outcome = store_stream_give(&streams[i], seal, each, context);
        if (outcome) {
            note_broken(broken, streams[i].segment);
        } else {
            given++;
        }
        outcome = store_stream_next(&streams[i]);
        if (outcome < 0) {
            note_broken(broken, streams[i].segment);
        }
        if (outcome) {
            store_stream_close(&streams[i]);
            memmove(&streams[i], &streams[i + 1], (--n - i) * sizeof *streams); /* keeps the order of segments for equal times */
        }
    }
    while (n > 0) {
        store_stream_close(&streams[--n]);
    }
}

int store_history_range(struct store_history *history, const char *seal, int64_t from_ms, int64_t until_ms, size_t limit,
                        store_observation_fn each, void *context)
{
    struct broken broken = {"", ""};
    struct streams streams;
    int outcome = find_streams(history, seal, from_ms, until_ms, &broken, &streams);
    if (outcome) {
        drop_streams(&streams);
        return outcome;
    }
    open_streams(history, seal, from_ms, until_ms, &broken, &streams);
    merge(streams.items, streams.n, seal, limit, &broken, each, context); /* closes them */
    free(streams.items);
    return tell_broken(&broken);
}

/* Where an id is among the segments with an index in memory; notes those that are damaged. Lists the closed ones. */
static struct segment *locate_open(struct store_history *history, struct store_key key, struct broken *broken, struct closed_list *closed,
                                   int64_t *row)
{
    struct segment *found = NULL;
    pthread_rwlock_rdlock(&history->lock);
    bool done = list_closed(history, closed, broken);
    for (size_t i = history->n_segments; i-- > 0 && !found && done;) {
        struct segment *segment = history->segments[i];
        *row = segment->index ? store_index_find(segment->index, key) : 0;
        found = *row ? segment : NULL;
        note_damaged(broken, segment);
    }
    pthread_rwlock_unlock(&history->lock);
    return found;
}

static struct segment *locate(struct store_history *history, const char *id, struct broken *broken, int64_t *row)
{
    struct store_key key = store_key_of_id(id);
    struct closed_list closed;
    struct segment *found = locate_open(history, key, broken, &closed, row);
    for (size_t i = closed.n; i-- > 0 && !found;) {
        struct segment *segment = closed.items[i];
        *row = store_history_may_have(history, segment, key) ? store_segment_find(segment, id) : 0;
        if (*row < 0) {
            note_broken(broken, segment);
        }
        found = *row > 0 ? segment : NULL;
    }
    free(closed.items);
    return found;
}

int store_history_get(struct store_history *history, const char *id, store_observation_fn each, void *context)
{
    struct broken broken = {"", ""};
    int64_t row = 0;
    struct segment *segment = locate(history, id, &broken, &row);
    if (segment) {
        return store_stream_row(segment, row, each, context);
    }
    if (broken.names[0]) {
        return store_fail(STORE_FAILED, "observation %s is in no file that can be read; %s cannot", id, broken.names);
    }
    return store_fail(STORE_NOT_FOUND, "observation %s does not exist", id);
}

struct latest { /* the telling row of a seal in one segment */
    char name[MODEL_SEAL_SIZE];
    int64_t at_ms, row;
    struct segment *segment;
};

struct latest_list {
    struct latest *items;
    size_t n, size;
};

static bool add_latest(struct latest_list *list, const struct latest *item)
{
    if (list->n == list->size) {
        size_t size = list->size * 2 + 256;
        struct latest *items = realloc(list->items, size * sizeof *items);
        if (!items) {
            return false;
        }
        list->items = items;
        list->size = size;
    }
    list->items[list->n++] = *item;
    return true;
}

static int latest_of_open(struct latest_list *list, struct segment *segment)
{
    for (uint32_t i = 1; i <= segment->index->n_seals; i++) {
        const struct index_seal *seal = &segment->index->seals[i];
        struct latest item = {.at_ms = seal->latest_ms, .row = seal->latest_row, .segment = segment};
        memcpy(item.name, seal->name, sizeof item.name);
        if (seal->rows > 0 && !add_latest(list, &item)) {
            return store_fail(STORE_FAILED, "reading the latest observations: out of memory");
        }
    }
    return 0;
}

static int latest_of_closed(struct latest_list *list, struct segment *segment)
{
    struct store_db *db = NULL;
    int outcome = store_segment_take(segment, &db);
    if (outcome) {
        return outcome;
    }
    sqlite3_stmt *s = store_db_prepare(db, "SELECT name, latest, latest_at FROM seal WHERE latest IS NOT NULL");
    int code = SQLITE_ERROR;
    while (s && (code = sqlite3_step(s)) == SQLITE_ROW && !outcome) {
        struct latest item = {.row = sqlite3_column_int64(s, 1), .at_ms = sqlite3_column_int64(s, 2), .segment = segment};
        store_db_column_text(s, 0, item.name, sizeof item.name);
        outcome = add_latest(list, &item) ? 0 : store_fail(STORE_FAILED, "reading the latest observations: out of memory");
    }
    if (!outcome && code != SQLITE_DONE) {
        outcome = s ? store_db_fail(db, "reading the latest observations") : store_outcome();
    }
    sqlite3_reset(s);
    store_segment_give(segment, db);
    return outcome;
}

static int by_seal_newest_first(const void *left, const void *right)
{
    const struct latest *a = left;
    const struct latest *b = right;
    int order = strcmp(a->name, b->name);
    if (order == 0) {
        order = a->at_ms != b->at_ms ? (a->at_ms > b->at_ms ? -1 : 1) : (a->segment->number > b->segment->number ? -1 : 1);
    }
    return order;
}

static void collect_latest(struct store_history *history, struct latest_list *list, struct broken *broken)
{
    struct closed_list closed;
    pthread_rwlock_rdlock(&history->lock);
    bool done = list_closed(history, &closed, broken);
    for (size_t i = 0; done && i < history->n_segments; i++) {
        struct segment *segment = history->segments[i];
        note_damaged(broken, segment);
        if (segment->index && latest_of_open(list, segment)) {
            note_broken(broken, segment);
        }
    }
    pthread_rwlock_unlock(&history->lock);
    for (size_t i = 0; i < closed.n; i++) {
        if (latest_of_closed(list, closed.items[i])) {
            note_broken(broken, closed.items[i]);
        }
    }
    free(closed.items);
}

int store_history_latest(struct store_history *history, store_observation_fn each, void *context)
{
    struct latest_list list = {0};
    struct broken broken = {"", ""};
    collect_latest(history, &list, &broken);
    if (list.n > 0) {
        qsort(list.items, list.n, sizeof *list.items, by_seal_newest_first);
    }
    for (size_t i = 0; i < list.n; i++) {
        bool first = i == 0 || strcmp(list.items[i].name, list.items[i - 1].name) != 0;
        if (first && store_stream_row(list.items[i].segment, list.items[i].row, each, context)) {
            note_broken(&broken, list.items[i].segment);
        }
    }
    free(list.items);
    return tell_broken(&broken);
}
