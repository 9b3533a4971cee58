/* SPDX-License-Identifier: Apache-2.0
 *
 * The sender: brings the outbox's parcels to the bus, in order in each partition, and again until they are acknowledged;
 * and forgets them once the store says that they were applied.
 *
 * One message a partition is under way at a time; it holds every parcel that waited meanwhile, up to BUS_PARCEL_MOST and
 * SENDER_ROWS_MOST, and parcels wait for others for SENDER_GATHER_MS at most; of one with news a copy goes at once. So a
 * partition's stream has the parcels of one source in order of number, whatever fails on the way (a repeat of one that was
 * stored all the same can stand between; workers know it by its number).
 *
 * When the stream has lost what it acknowledged (its nodes lost power together), the numbers that the store has stand still
 * though there are older parcels acknowledged: after SENDER_STALL_MS the partition is sent again from there. First one message
 * of it; and when that one was applied and nothing came after it, all. So a partition that nobody works on for hours does not fill the
 * stream with repeats, and the store that cannot be asked is no stall.
 *
 * Message: "BP", u8 1, u8 length and source, varint published_ms, then parcels: varint number, varint taken_ms, varint rows, varint
 * length, bytes. No thread, no clock, no randomness of its own: time is an argument.
 */
#ifndef BUS_SENDER_H
#define BUS_SENDER_H

#include "platform/bus/bus.h"
#include "platform/bus/outbox.h"

#define SENDER_STALL_MS    15000
#define SENDER_RETRY_MS    250   /* after BUS_UNSENT, or when the bus did not take it */
#define SENDER_GATHER_MS   150   /* plain reports of a partition leave together at the end of each such span */
#define SENDER_GATHER_MOST 64    /* parcels; then they leave at once */
#define SENDER_ROWS_MOST   512 /* observations of a message, but for one parcel of more */
#define SENDER_LOST_MS     60000 /* a bus that has said nothing by then will not: as BUS_UNSENT */

struct sender;

struct sender *sender_new(struct outbox *outbox, struct bus *bus, unsigned partitions);
void sender_free(struct sender *sender);

/* A parcel was put into the outbox: it waits for others of its partition, since a message costs the brokers and its reader as much
 * as fifty reports do. Its device was answered before. With news (its `number` and `bytes` are then needed) a hurried copy goes at once,
 * past what waits for the store; when the bus does not take it, the parcel leaves as soon as the message before it is
 * acknowledged. */
void sender_put(struct sender *sender, const struct outbox_parcel *parcel, int64_t now_ms);
/* Send what is to be sent. Returns ms until it wants to be called again. */
unsigned sender_turn(struct sender *sender, int64_t now_ms);
/* BUS_SENT, BUS_UNSENT and BUS_LINK go here. */
void sender_event(struct sender *sender, const struct bus_event *event, int64_t now_ms);
/* The store has the partition's parcels up to `number`, whether the stream has acknowledged them or not: they are dropped from the outbox
 * (gathered; not at every call). Call it for every partition whenever the store was asked, with the same number or 0 too: that is how a
 * stall is seen. A number that was never put drops nothing and is counted as `ahead`: the outbox is an old copy, see outbox_renew(). */
void sender_applied(struct sender *sender, unsigned partition, uint64_t number, int64_t now_ms);
/* Send a partition again from what the store has: a worker saw a gap. */
void sender_again(struct sender *sender, unsigned partition);

struct sender_counts {
    uint64_t messages, parcels; /* given to the bus */
    uint64_t resent;            /* parcels of these that had been given to it before */
    uint64_t stalls, ahead;
    unsigned under_way;
};
struct sender_counts sender_counts(const struct sender *sender);

/* --- reading a message --- */
struct sender_parcel {
    uint64_t number;
    int64_t taken_ms;
    uint32_t rows;
    struct bulla_bytes bytes;
};
struct sender_message {
    char source[OUTBOX_ID_SIZE];
    int64_t published_ms;
    size_t n;
};
/* Calls `each` for every parcel of a message. False, and nothing called, when the bytes are not exactly one message. */
bool sender_read(struct bulla_bytes message, struct sender_message *out, void (*each)(void *context, const struct sender_parcel *parcel),
                 void *context);

#endif
