/* SPDX-License-Identifier: Apache-2.0
 *
 * A segment: one file of the history of observations.
 *
 *   open      written to, or waiting to be closed: found by the index in memory
 *   closed    never written again: found by the indices in the file; a Bloom filter tells which ids it cannot hold
 *   damaged   cannot be read, or only in part: reported by name, never written to
 *
 * The history owns the lock that guards `state` and `index`; what is said below to need it, needs it.
 */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "platform/store/bloom.h"
#include "platform/store/db.h"
#include "platform/store/index.h"

#include <stdatomic.h>

#define SEGMENT_HOURS   8192 /* bits: an hour of event time, modulo this */
#define SEGMENT_HOUR_MS INT64_C(3600000)

enum segment_state { SEGMENT_OPEN, SEGMENT_CLOSED, SEGMENT_DAMAGED };

struct segment {
    const struct store_disk *disk;
    unsigned number;
    char name[24], path[STORE_PATH_SIZE];
    enum segment_state state;
    bool has_base;
    bool unborn;         /* loaded, and the program ended before its tables were made: nothing is in it */
    bool log_kept;       /* closed, but its write-ahead log is not put away yet */
    long long log_bytes; /* of the write-ahead log that was there when it was loaded */
    int64_t base_ms;
    struct store_db *writer;          /* open: the history's writer's while it is the hot one, then the keeper's; may be NULL */
    struct store_index *index;        /* open; or damaged, with the rows that could be read */
    int64_t rows, first_ms, last_ms;  /* closed */
    uint8_t hours[SEGMENT_HOURS / 8]; /* closed */
    struct store_bloom *bloom;        /* closed, once it was asked for; guarded by the history's bloom lock */
    uint64_t bloom_used;
    atomic_bool dropped; /* out of the list, its file gone or going: who found it before holds it for empty */
    struct store_pool readers;
    pthread_rwlock_t in_use; /* held for reading while a connection to the file is out */
};

struct segment *store_segment_new(const struct store_disk *disk, const char *folder, unsigned number); /* NULL: out of memory */
void store_segment_free(struct segment *segment);

/* Creates the file and its tables, and opens `writer`. */
int store_segment_create(struct segment *segment, uint32_t rows);
/* Reads what is there: state, and for an open one the index. A file that cannot be read becomes damaged, with
 * the reason in why[size]. Negative: the disk refused what may go another time (no space, a sync that failed): the file may
 * be whole, and nothing may be done without it. */
int store_segment_load(struct segment *segment, uint32_t rows, char *why, size_t size);

/* Builds indices and summary through `writer`, in one transaction; reads `index`, changes no field. */
int store_segment_index_file(const struct segment *segment);
/* Takes over the summary from the file and drops the index: needs the lock. */
int store_segment_become_closed(struct segment *segment, struct store_db *db);
/* Makes a closed one a single file, without write-ahead log; false: somebody reads it now, try later. */
bool store_segment_put_log_away(struct segment *segment);

/* The Bloom filter as the file has it, heap; NULL with store_error() set. */
struct store_bloom *store_segment_read_bloom(struct segment *segment);
/* Looks an id up in a closed file: row number, 0: not there, negative: outcome. */
int64_t store_segment_find(struct segment *segment, const char *id);

/* A connection for reading, held until given back. */
int store_segment_take(struct segment *segment, struct store_db **out);
void store_segment_give(struct segment *segment, struct store_db *db);

static inline uint32_t store_segment_hour(int64_t at_ms)
{
    return (uint32_t)((uint64_t)(at_ms / SEGMENT_HOUR_MS - (at_ms % SEGMENT_HOUR_MS < 0)) % SEGMENT_HOURS);
}

#endif
