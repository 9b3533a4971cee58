/* SPDX-License-Identifier: Apache-2.0
 *
 * The SQLite back end: a data directory with
 *   bulla.db           records: journeys, alarms, users ... and the damaged messages
 *   segments/NNNNNN.db observations (history.h)
 *   lock               held while a program has the directory open
 *
 * Records: one connection writes, under a mutex; reads take connections from a pool and see the last commit.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "platform/store/history.h"

struct store_sqlite {
    struct store base;
    char folder[STORE_PATH_SIZE];
    int lock; /* descriptor of the lock file */
    char found[1600];
    struct store_history *history;
    pthread_mutex_t writing;
    struct store_db *writer; /* of bulla.db */
    struct store_pool readers;
};

static inline struct store_sqlite *store_sqlite_of(struct store *store)
{
    return (struct store_sqlite *)store;
}

#endif
