/* SPDX-License-Identifier: Apache-2.0
 *
 * Batch: what came in since the last commit, in order of arrival: observations with the bytes they came
 * from, replies that wait until these are durable, refused messages kept for study, and notes.
 *
 * The loop thread fills one batch while the engine thread stores another; replies are sent by the loop
 * thread once the engine thread says that the batch is stored. Memory grows to the largest batch and is
 * used again.
 */
#ifndef IN_BATCH_H
#define IN_BATCH_H

#include <stdatomic.h>

#include "bulla/observation.h"

struct batch_row {
    struct bulla_observation o;
    size_t raw_at, raw_len; /* in bytes */
    bool news;              /* its message says more than that all is as before: nobody may wait for more of its kind */
};

struct batch_reply {
    uint64_t peer; /* number of the peer that asked */
    size_t at, len;
};

struct batch_damage {
    char protocol[BULLA_PROTOCOL_SIZE];
    char peer[64];
    enum bulla_status outcome;
    char why[120];
    int64_t received_ms;
    size_t raw_at, raw_len;
};

/* Who told rows from inside the program waits to hear that they are durable. Called once, from the thread that stored them. */
struct batch_told {
    void (*done)(void *context, bool stored);
    void *context;
};

enum batch_note_kind { NOTE_CONNECTED, NOTE_DISCONNECTED, NOTE_SENT, NOTE_UNSENT };

struct batch_note {
    enum batch_note_kind kind;
    char seal[BULLA_PROTOCOL_SIZE + BULLA_DEVICE_SIZE];
    char command[40]; /* id, for SENT and UNSENT */
    int32_t serial;
    uint32_t via; /* of a cluster: digest of the node that says so; 0 here */
    int64_t at_ms;
};

struct batch {
    struct batch_row *rows;
    struct batch_reply *replies;
    struct batch_damage *damages;
    struct batch_note *notes;
    struct batch_told *told;
    uint8_t *bytes;
    size_t n_rows, n_replies, n_damages, n_notes, n_told, n_bytes;
    size_t rows_size, replies_size, damages_size, notes_size, told_size, bytes_size;
    bool lost;         /* it could not be stored, and nobody is told otherwise */
    bool failed;       /* out of memory while filling: what did not fit was refused, not lost silently */
    atomic_int users;  /* threads that still read it */
    int64_t taken_ms;  /* by the gateway's clock */
    int64_t rows_ms;   /* what its rows took, of all that was done between taking it and being done; negative: not told */
    uint64_t number;   /* of the gateway's batches */
    struct batch *next;
};

struct batch_mark {
    size_t rows, replies, bytes;
};

struct batch *batch_new(void);
void batch_free(struct batch *batch);
void batch_clear(struct batch *batch);
bool batch_empty(const struct batch *batch);

static inline struct batch_mark batch_mark(const struct batch *b)
{
    return (struct batch_mark){b->n_rows, b->n_replies, b->n_bytes};
}

/* Forgets rows, replies and bytes added since the mark. */
void batch_rewind(struct batch *batch, struct batch_mark mark);

/* Copies bytes in; SIZE_MAX when out of memory. */
size_t batch_put_bytes(struct batch *batch, const void *bytes, size_t n);

/* The next free row with its observation copied in (only the parts in use), or NULL. */
struct batch_row *batch_put_row(struct batch *batch, const struct bulla_observation *o);
bool batch_put_reply(struct batch *batch, uint64_t peer, const uint8_t *bytes, size_t n);
struct batch_damage *batch_put_damage(struct batch *batch);
struct batch_note *batch_put_note(struct batch *batch);
bool batch_put_told(struct batch *batch, void (*done)(void *context, bool stored), void *context);

/* It could not be stored: no reply goes out. */
void batch_lose(struct batch *batch);
/* Tells who waits what became of it. */
void batch_tell(struct batch *batch);

#endif
