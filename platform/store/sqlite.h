/* SPDX-License-Identifier: Apache-2.0
 *
 * The SQLite back end: a data directory with
 *   bulla.db           records: journeys, alarms, users ... and the damaged messages
 *   segments/NNNNNN.db observations (history.h)
 *   tracks.db          packed tracks, and which days are to be packed (sqlite_tracks.h)
 *   lock               held while a program has the directory open
 *
 * Records: one connection writes, under a mutex; reads take connections from a pool and see the last commit.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "platform/store/sqlite_tracks.h"

struct store_sqlite {
    struct store base;
    const struct store_disk *disk;
    char folder[STORE_PATH_SIZE];
    int lock; /* of the lock file, by the disk */
    char found[1600];
    struct store_history *history;
    pthread_mutex_t writing;
    struct store_db *writer; /* of bulla.db */
    int log_asked;           /* length of its log when the keeper was last asked to move it; guarded by `writing` */
    struct store_pool readers;
    struct sqlite_tracks tracks;
    unsigned partitions; /* 0: none are fixed, one process alone; guarded by `writing` */
};

/* Opens DIRECTORY[?options] on another disk than the machine's; the disk outlives the store. NULL with a sentence in
 * why[size]. */
struct store *store_sqlite_open_on(const struct store_disk *disk, const char *rest, char *why, size_t size);
/* On a stepped disk: one piece of the work that a thread of the store does otherwise (segments made ready and closed,
 * write-ahead logs moved). False: nothing is left to do. */
bool store_sqlite_step(struct store *store);

static inline struct store_sqlite *store_sqlite_of(struct store *store)
{
    return (struct store_sqlite *)store;
}

#endif
