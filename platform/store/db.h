/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection to one SQLite file, with its prepared statements, and a pool of reading connections. All that knows
 * how SQLite is opened, how its failures are named and how files of it are kept lies here.
 *
 * A connection belongs to one thread at a time (SQLITE_OPEN_NOMUTEX); the pool hands them out.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "bulla/bytes.h"
#include "platform/store/disk.h"
#include "platform/store/store_backend.h"

#include <pthread.h>
#include <sqlite3.h>

#define STORE_PATH_SIZE     512
#define STORE_DB_STATEMENTS 64
#define STORE_POOL_IDLE     8

enum store_db_mode {
    STORE_DB_READ,   /* the file must exist */
    STORE_DB_MEND,   /* the same, and SQLite may bring it in order after a crash */
    STORE_DB_RECORD, /* read and write, durable at commit, foreign keys; checkpoints are the owner's work */
    STORE_DB_TRACKS, /* as RECORD, with the pages that packed tracks fit into best (measured: bench_tracks) */
    STORE_DB_APPEND, /* read and write, durable at commit; checkpoints are the owner's work */
};

struct store_db {
    sqlite3 *handle;
    char path[STORE_PATH_SIZE];
    struct {
        char *sql;
        sqlite3_stmt *statement;
    } cache[STORE_DB_STATEMENTS];
    unsigned n_cached, evict;
    int wal_pages; /* length of the write-ahead log after the last commit */
};

/* Opens or, with a writing mode, creates the file. 0, or a store_outcome with store_error() set and *out untouched. */
int store_db_open(const char *path, enum store_db_mode mode, struct store_db **out);
int store_db_open_on(const struct store_disk *disk, const char *path, enum store_db_mode mode, struct store_db **out);
void store_db_close(struct store_db *db); /* NULL is fine */

/* Sets store_error() from SQLite's last failure on this connection and returns the outcome for it. */
int store_db_fail(struct store_db *db, const char *doing);
/* True when SQLite's last failure means that the file's content cannot be relied on. */
bool store_db_is_damaged(struct store_db *db);
/* True when it says nothing of the file: the disk or another program refused something that may go another time. */
bool store_db_is_passing(struct store_db *db);

/* A prepared statement, reset and without bindings, owned by the connection. NULL with store_error() set. */
sqlite3_stmt *store_db_prepare(struct store_db *db, const char *sql);
/* Runs statements that give no rows. */
int store_db_run(struct store_db *db, const char *sql);
/* Steps a statement that gives no rows, and resets it. */
int store_db_step(struct store_db *db, sqlite3_stmt *statement, const char *doing);
/* The first column of the first row, or `otherwise` when there is no row. */
int store_db_number(struct store_db *db, const char *sql, int64_t otherwise, int64_t *out);

int store_db_begin(struct store_db *db);
/* Commits when `outcome` is 0, else rolls back; returns what came of it. */
int store_db_end(struct store_db *db, int outcome);

void store_db_bind_text(sqlite3_stmt *statement, int column, const char *text); /* the text outlives the step */
void store_db_bind_bytes(sqlite3_stmt *statement, int column, struct bulla_bytes bytes);
void store_db_column_text(sqlite3_stmt *statement, int column, char *to, size_t size);
struct bulla_bytes store_db_column_bytes(sqlite3_stmt *statement, int column);

struct store_pool {
    const struct store_disk *disk;
    char path[STORE_PATH_SIZE];
    pthread_mutex_t lock;
    struct store_db *idle[STORE_POOL_IDLE];
    unsigned n_idle, most_idle;
};

void store_pool_init(struct store_pool *pool, const struct store_disk *disk, const char *path, unsigned most_idle);
void store_pool_clear(struct store_pool *pool);
/* A connection for reading that nobody else has until it is put back; never waits, nests without limit. */
int store_pool_take(struct store_pool *pool, struct store_db **out);
void store_pool_put(struct store_pool *pool, struct store_db *db); /* NULL is fine */
/* Closes the connections that nobody holds. */
void store_pool_drain(struct store_pool *pool);

#endif
