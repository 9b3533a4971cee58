/* SPDX-License-Identifier: Apache-2.0
 *
 * The history of observations: a folder of segments (segment.h), one of them hot.
 *
 *   writer thread   store_history_append(): the hot segment grows; when it is full or a day old, the spare one that the
 *                   keeper has made ready takes its place, without waiting
 *   keeper thread   makes the spare, builds the indices of segments that are no longer hot, moves the write-ahead log
 *                   into the hot file before it grows long
 *   any thread      reads
 *
 * `lock` guards the list, each segment's state and index, and which is hot. The writer holds it for writing only while
 * it enters a batch that is already durable, so a reader never sees what is not. Readers read no file of a closed segment
 * while they hold it: a closed segment stays closed, and its struct lives as long as the history. One that is dropped leaves
 * the list first, then waits for those that read it (in_use), then loses its file.
 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "platform/store/segment.h"

#define STORE_BLOOMS_MOST 128 /* Bloom filters in memory, each 1.4 MB for a segment of a million rows */

struct store_history_options {
    const struct store_disk *disk;
    uint32_t rows;   /* of a segment */
    int64_t span_ms; /* between the first and the last arrival in a segment */
};

struct store_history_batch { /* the writer's scratch, kept between batches */
    struct history_plan *plans;
    uint32_t *slots; /* of plans by id, for what repeats inside the batch; index + 1 */
    size_t size, slots_size;
};

struct store_history {
    char folder[STORE_PATH_SIZE];
    struct store_history_options options;
    char found[1024];    /* what opening met, for store_recovery() */
    long long log_bytes; /* in write-ahead logs when it was opened */

    pthread_rwlock_t lock;
    struct segment **segments; /* in order of number */
    size_t n_segments, segments_size;
    struct segment *hot;
    struct segment **dropped; /* their memory lives as long as the history: a reader may still know them */
    size_t n_dropped;

    struct store_history_batch batch; /* writer's */
    int log_asked;                    /* writer's: length of the log when the keeper was last asked to move it */

    pthread_mutex_t bloom_lock;
    uint64_t bloom_clock;
    struct segment *blooms[STORE_BLOOMS_MOST]; /* whose filter is in memory */
    size_t n_blooms;

    pthread_t keeper;
    bool keeper_runs;
    pthread_mutex_t making; /* held while a segment is made; guards next_number */
    unsigned next_number;
    pthread_mutex_t work_lock; /* guards what follows; never held during I/O */
    pthread_cond_t work, done;
    bool stop, move_log, busy, close_soon;
    const char *other_log; /* path of a database beside the history whose log is long; NULL: none */
    struct segment *spare;
    uint64_t closed, close_failures, stalls; /* counters; stalls: the writer had to make its segment itself */
};

int store_history_open(const char *folder, const struct store_history_options *options, struct store_history **out);
void store_history_close(struct store_history *history); /* NULL is fine */

int store_history_append(struct store_history *history, struct store_row *rows, size_t n);
int store_history_range(struct store_history *history, const char *seal, int64_t from_ms, int64_t until_ms, size_t limit,
                        store_observation_fn each, void *context);
int store_history_get(struct store_history *history, const char *id, store_observation_fn each, void *context);
int store_history_latest(struct store_history *history, store_observation_fn each, void *context);

/* Drops the closed segments with number below `below` and nothing newer than before_ms; *rows is what was in them. */
int store_history_drop_before(struct store_history *history, int64_t before_ms, unsigned below, uint64_t *rows);

/* Seal and time of what arrived behind a place (segment number, row in it), in order, at most `most`; the place moves on. `each`
 * is called with a lock held: it may not call the history. *more: there is more behind it. */
struct store_place {
    int64_t segment, row;
};
typedef void (*store_arrival_fn)(void *context, const char *seal, int64_t at_ms);
int store_history_arrivals(struct store_history *history, struct store_place *place, uint32_t most, store_arrival_fn each, void *context,
                           bool *more);

/* Waits until the keeper has nothing to do: all segments but the hot one are closed, or could not be. */
void store_history_settle(struct store_history *history);
/* With a stepped disk: one piece of the keeper's work, on the caller's thread. False: nothing is left to do. */
bool store_history_step(struct store_history *history);

/* --- between the files of the history --- */

/* The keeper's thread, from open to close. */
int store_keeper_start(struct store_history *history);
void store_keeper_stop(struct store_history *history);
/* The spare segment, ready to be written; made here when there is none. NULL with store_error() set. */
struct segment *store_keeper_spare(struct store_history *history);
/* Tells the keeper that a segment is to be closed, or that the hot one's log is long. */
void store_keeper_wake(struct store_history *history, bool close, bool move_log);
/* The log of another database is long; its path must outlive the history. */
void store_keeper_move(struct store_history *history, const char *path);

/* Appends a segment to the list: needs the lock, or to be alone. False: out of memory. */
bool store_history_add(struct store_history *history, struct segment *segment);

/* False: a closed segment surely has no such id or seal. */
bool store_history_may_have(struct store_history *history, struct segment *segment, struct store_key key);

#endif
