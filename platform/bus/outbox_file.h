/* SPDX-License-Identifier: Apache-2.0
 *
 * Within the outbox: its file, and what is known of it in memory.
 *
 *   about     id, witness (inode and time of birth of the file that the id belongs to)
 *   owner     id of the store that its parcels are for; made by the first outbox_belong()
 *   shelf     a row a partition: last and dropped, the newest number written and the newest forgotten; base, which is taken
 *             from both when they are told to others (outbox_renew()); rows and bytes of what is kept
 *   parcel    place = partition * OUTBOX_SPAN + number; taken_ms, rows, bytes
 *
 * With the place as rowid each partition's parcels lie together in order, and no index is kept beside them.
 */
#ifndef BUS_OUTBOX_FILE_H
#define BUS_OUTBOX_FILE_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "platform/bus/outbox.h"

#define OUTBOX_SPAN         (INT64_C(1) << 40) /* numbers in one partition */
#define OUTBOX_PATH_SIZE    512
#define OUTBOX_ERROR_SIZE   400
#define OUTBOX_WITNESS_SIZE 64

struct outbox_shelf {
    /* Read by outbox_counts() from other threads. */
    _Atomic uint64_t last, dropped; /* as written in the file */
    _Atomic uint64_t rows, bytes;
    _Atomic int64_t oldest_ms;
    uint64_t base;
    /* of the put that is being written */
    uint64_t new_parcels, new_rows, new_bytes;
};

enum outbox_statement {
    OUTBOX_BEGIN,
    OUTBOX_COMMIT,
    OUTBOX_INSERT,
    OUTBOX_SHELVE,
    OUTBOX_READ,
    OUTBOX_SUM,
    OUTBOX_DELETE,
    OUTBOX_STATEMENTS
};

struct outbox {
    sqlite3 *db;
    sqlite3_stmt *statements[OUTBOX_STATEMENTS];
    char path[OUTBOX_PATH_SIZE], id[OUTBOX_ID_SIZE], error[OUTBOX_ERROR_SIZE];
    unsigned partitions;
    bool durable; /* commits are fsynced now */
    uint64_t bytes_most;
    struct outbox_options options;
    _Atomic uint64_t put, dropped;
    struct outbox_shelf shelves[];
};

static inline int64_t outbox_place(unsigned partition, uint64_t number)
{
    return (int64_t)partition * OUTBOX_SPAN + (int64_t)number;
}

/* Sets the sentence of outbox_error() from SQLite's last failure and returns the outcome for it. */
int outbox_fail(struct outbox *outbox, const char *doing);
int outbox_say(struct outbox *outbox, int outcome, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The statement, reset. Never NULL: all are prepared when the file is opened. */
sqlite3_stmt *outbox_statement(struct outbox *outbox, enum outbox_statement which);
/* Steps a statement that gives no rows, and resets it. */
int outbox_step(struct outbox *outbox, sqlite3_stmt *statement, const char *doing);
/* Not durable: when power fails before the next durable commit, the change may be undone. */
int outbox_begin(struct outbox *outbox, bool durable);
/* Commits when `outcome` is 0, else rolls back; returns what came of it. */
int outbox_end(struct outbox *outbox, int outcome);
/* Looks up when the oldest kept parcel of a partition was taken. */
int outbox_find_oldest(struct outbox *outbox, unsigned partition);

/* outbox_open() but for the allocation: opens or makes the file and reads what it knows. 0, or the outcome with outbox_error(). */
int outbox_file_open(struct outbox *outbox, const char *folder);
void outbox_file_close(struct outbox *outbox);
/* The store that it was last said to be for; "" before the first time. */
int outbox_file_owner(struct outbox *outbox, char store[OUTBOX_ID_SIZE]);
int outbox_file_own(struct outbox *outbox, const char *store);
/* Gives a new id, and the shelves new bases, in one transaction. */
int outbox_file_renew(struct outbox *outbox);

#endif
