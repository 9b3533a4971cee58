/* SPDX-License-Identifier: Apache-2.0
 *
 * Packed tracks of the SQLite back end: tracks.db, a file of its own, whose pages suit its rows and whose writing holds up
 * nobody who writes records.
 *
 * What is due is found by a look at what arrived since the last look (history.h, arrivals), before every answer: so a block
 * is told to be stale from the moment when a later observation is durable.
 *
 * Locks: `writing` first, then the history's. It guards everything here but the pool.
 */
#ifndef STORE_SQLITE_TRACKS_H
#define STORE_SQLITE_TRACKS_H

#include "platform/store/history.h"

struct sqlite_tracks {
    pthread_mutex_t writing;
    struct store_history *history;
    struct store_db *writer; /* NULL: not open */
    struct store_pool readers;
    struct store_place place; /* arrivals before it were looked at */
    int64_t row_kept;         /* place.row as the file has it */
    int64_t mark;
    struct seen *seen; /* of seals: the day that is known to be due */
    uint64_t salt[2];
};

int sqlite_tracks_open(struct sqlite_tracks *tracks, const char *folder, struct store_history *history);
void sqlite_tracks_close(struct sqlite_tracks *tracks);

#endif
