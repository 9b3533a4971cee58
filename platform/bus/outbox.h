/* SPDX-License-Identifier: Apache-2.0
 *
 * The outbox: the disk of record of a node that devices reach. What was accepted is written here and fsynced before the
 * device is acknowledged, and stays until the store has it, whatever happens to brokers, other nodes or the database.
 *
 * One SQLite file. Parcels are numbered 1, 2, 3 ... in each partition, without a gap; with the outbox's own id they are
 * known everywhere: a worker applies a parcel once, and sees when one is missing. An outbox that was lost or restored gets a
 * new id: a file that was copied back is noticed by its inode and time of birth; one that was rolled back in place (a
 * snapshot of the whole disk) only by the store, which knows higher numbers than outbox_last(): call outbox_renew() then, before
 * anything is sent.
 *
 * Not thread-safe but for outbox_counts(): one lock in the caller.
 */
#ifndef BUS_OUTBOX_H
#define BUS_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bulla/cursor.h"

#define OUTBOX_ID_SIZE     27
#define OUTBOX_PARCEL_MOST (767 * 1024) /* bytes of one parcel: it must fit into a message of the bus */

struct outbox;

struct outbox_parcel {
    unsigned partition;
    uint64_t number; /* out of outbox_put() */
    int64_t taken_ms;
    uint32_t rows; /* observations in it, for counting */
    bool news;     /* it must be sent at once (sender_put()); not kept */
    struct bulla_bytes bytes;
};

struct outbox_options {
    unsigned partitions;
    const char *vfs;     /* of SQLite; NULL: the machine's */
    uint64_t bytes_most; /* of parcels kept; more are refused, and then devices are not acknowledged. 0: LIMIT_OUTBOX_BYTES */
    /* Fills a new id, OUTBOX_ID_SIZE with its end; NULL: a ULID of the machine's clock and randomness. */
    void (*new_id)(void *context, char id[OUTBOX_ID_SIZE]);
    void *context;
};

enum outbox_outcome { OUTBOX_OK = 0, OUTBOX_FULL = 1, OUTBOX_FOREIGN = 2, OUTBOX_FAILED = -1, OUTBOX_NO_SPACE = -2 };

/* Opens or makes FOLDER/outbox.db. NULL with a sentence in why[size]. */
struct outbox *outbox_open(const char *folder, const struct outbox_options *options, char *why, size_t size);
void outbox_close(struct outbox *outbox);              /* NULL is fine */
const char *outbox_id(const struct outbox *outbox);    /* valid until outbox_close(); outbox_renew() changes it */
const char *outbox_error(const struct outbox *outbox); /* of the last call that failed */

/* Says for which store it is from now on, by that one's id. An empty outbox of another store becomes this one's under a new id;
 * OUTBOX_FOREIGN: parcels that another store has not confirmed are in it, and nothing was changed. */
int outbox_belong(struct outbox *outbox, const char *store);

/* Writes parcels in one transaction; when it returns OUTBOX_OK they are durable and numbered. All or nothing. */
int outbox_put(struct outbox *outbox, struct outbox_parcel *parcels, size_t n);

/* The parcels of a partition with a number greater than `after`, in order, until `most_bytes` of them or the end; at least one when
 * there is one. */
int outbox_read(struct outbox *outbox, unsigned partition, uint64_t after, size_t most_bytes,
                void (*each)(void *context, const struct outbox_parcel *parcel), void *context);

/* Takes a new id; what is kept is numbered 1, 2, 3 ... anew in each partition. For an outbox whose last numbers are lower than what the
 * store has of its id: its next numbers would be taken for parcels that were applied long ago. And for one whose store has lost what it had
 * confirmed (a backup was restored): its next number there will not come again. */
int outbox_renew(struct outbox *outbox);

/* Forgets a partition's parcels up to a number: the store has them. */
int outbox_drop(struct outbox *outbox, unsigned partition, uint64_t number);

uint64_t outbox_last(const struct outbox *outbox, unsigned partition);   /* newest number, 0: never one */
uint64_t outbox_oldest(const struct outbox *outbox, unsigned partition); /* oldest kept, 0: none */

struct outbox_counts {
    uint64_t parcels, rows, bytes; /* kept now */
    int64_t oldest_ms;             /* when the oldest kept was taken, 0: none */
    uint64_t put, dropped;         /* rows since the start */
};
struct outbox_counts outbox_counts(const struct outbox *outbox);

#endif
