// SPDX-License-Identifier: Apache-2.0
// The sender: a lane a partition; each lane has at most one message under way.

#include "platform/bus/sender_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TURN_MS = 1000,     /* the longest sleep */
    DROP_MS = 1000,     /* what was applied is dropped this often, */
    DROP_PARCELS = 512, /* or when it is so much */
    AGAIN_MS = 1000,    /* between two times that a partition is sent again because a worker asks */
    BACKOFF_MOST = 4,   /* stalls are looked for 2, 4, 8, 16 times as rarely while nothing moves */
    NAME_SIZE = 128,
};

_Static_assert(OUTBOX_PARCEL_MOST + 128 <= BUS_PARCEL_MOST, "every parcel fits into a message");

struct lane {
    uint64_t applied; /* the store has up to here */
    uint64_t acked;   /* the stream has acknowledged up to here; sending goes on after it. Never below applied */
    uint64_t high;    /* the highest number ever given to the bus */
    uint64_t token;   /* of the message under way, 0: none; it has first .. last, which a repeat has too */
    uint64_t first, last;
    uint64_t probed;      /* last number of the one message that was sent again in a stall, 0: none */
    uint64_t again_until; /* a repeat that a worker asked for has not come this far yet */
    int64_t waits_ms;     /* since when a parcel waits for others, 0: none does */
    int64_t sent_ms, retry_ms, since_ms, asked_ms, again_ms, dropped_ms;
    unsigned round; /* how often it was sent again: such messages have other names, else the stream would know them */
    unsigned backoff;
    bool probing; /* the next message goes on after applied, the later ones after acked */
    bool under_probe;
    bool hurry;  /* something that waits is news */
    bool stale;  /* what is under way was sent before the lane went back */
    bool repeat; /* first .. last must be sent again as they are */
};

struct sender {
    struct outbox *outbox;
    struct bus *bus;
    unsigned partitions, next; /* next: the lane that may send first */
    uint64_t serial;
    int64_t now_ms, offset_ms, blocked_ms;
    struct sender_counts counts;
    struct bulla_writer writer; /* of the message being built */
    uint64_t until;             /* parcels after this number stay out of it */
    uint64_t first, last, rows;
    size_t n;
    uint8_t *buffer;
    struct lane lanes[];
};

struct sender *sender_new(struct outbox *outbox, struct bus *bus, unsigned partitions)
{
    struct sender *sender = calloc(1, sizeof *sender + partitions * sizeof sender->lanes[0]);
    uint8_t *buffer = malloc(BUS_PARCEL_MOST);
    if (!sender || !buffer) {
        free(sender);
        free(buffer);
        return NULL;
    }
    sender->outbox = outbox;
    sender->bus = bus;
    sender->partitions = partitions;
    sender->buffer = buffer;
    sender->now_ms = INT64_MIN;
    for (unsigned i = 0; i < partitions; i++) {
        uint64_t oldest = outbox_oldest(outbox, i);
        sender->lanes[i].applied = sender->lanes[i].acked = oldest ? oldest - 1 : outbox_last(outbox, i);
    }
    return sender;
}

void sender_free(struct sender *sender)
{
    if (sender) {
        free(sender->buffer);
        free(sender);
    }
}

struct sender_counts sender_counts(const struct sender *sender)
{
    return sender->counts;
}

/* The time as the lanes know it: it never goes back when the machine's clock is set. */
static int64_t time_of(struct sender *sender, int64_t now_ms)
{
    if (sender->now_ms == INT64_MIN) {
        sender->now_ms = now_ms;
    }
    if (now_ms + sender->offset_ms < sender->now_ms) {
        sender->offset_ms = sender->now_ms - now_ms;
    }
    sender->now_ms = now_ms + sender->offset_ms;
    return sender->now_ms;
}

/* --- sending --- */

static void add_parcel(void *context, const struct outbox_parcel *parcel)
{
    struct sender *sender = context;
    if (parcel->number > sender->until || (sender->n > 0 && parcel->number != sender->last + 1)) {
        return;
    }
    bool fits = sender->n == 0 || sender->rows + parcel->rows <= SENDER_ROWS_MOST;
    if (!fits || !sender_message_add(&sender->writer, parcel)) {
        sender->until = 0; /* full: nothing more, not even a small one */
        return;
    }
    sender->rows += parcel->rows;
    if (sender->n++ == 0) {
        sender->first = parcel->number;
    }
    sender->last = parcel->number;
}

/* The message of what waits after a number. False when there is none, or it cannot be read now. */
static bool build(struct sender *sender, unsigned partition, uint64_t after, int64_t published_ms)
{
    const struct lane *lane = &sender->lanes[partition];
    sender->writer = bulla_writer_over(sender->buffer, BUS_PARCEL_MOST);
    sender->until = lane->repeat && lane->first == after + 1 ? lane->last : UINT64_MAX;
    sender->n = sender->rows = 0;
    sender_message_begin(&sender->writer, outbox_id(sender->outbox), published_ms);
    size_t room = sender->writer.size - sender->writer.len;
    return outbox_read(sender->outbox, partition, after, room, add_parcel, sender) == OUTBOX_OK && sender->n > 0;
}

static void note_sent(struct sender *sender, struct lane *lane)
{
    uint64_t known = lane->high >= sender->first ? (lane->high < sender->last ? lane->high : sender->last) - sender->first + 1 : 0;
    sender->counts.messages++;
    sender->counts.parcels += sender->n;
    sender->counts.resent += known;
    sender->counts.under_way++;
    lane->first = sender->first;
    lane->last = sender->last;
    lane->high = lane->high > sender->last ? lane->high : sender->last;
    lane->sent_ms = sender->now_ms;
    lane->waits_ms = 0;
    lane->hurry = false;
    lane->under_probe = lane->probing;
    lane->stale = lane->repeat = false;
}

/* Spans end at the same moment in all lanes, so that one turn sends what all have gathered. */
static int64_t gathered_ms(const struct lane *lane)
{
    return (lane->waits_ms / SENDER_GATHER_MS + 1) * SENDER_GATHER_MS;
}

/* Whether what waits may wait longer. What the bus has had before, or did not fit into the last message, does not. */
static bool gathers(const struct sender *sender, unsigned partition)
{
    const struct lane *lane = &sender->lanes[partition];
    return lane->waits_ms && !lane->hurry && !lane->probing && !lane->repeat && sender->now_ms < gathered_ms(lane) &&
           outbox_last(sender->outbox, partition) - lane->acked < SENDER_GATHER_MOST && lane->high <= lane->acked;
}

/* Sends a lane's next message. False: the bus takes nothing now. */
static bool send_lane(struct sender *sender, unsigned partition, int64_t published_ms)
{
    struct lane *lane = &sender->lanes[partition];
    uint64_t after = lane->probing ? lane->applied : lane->acked;
    if (lane->token || sender->now_ms < lane->retry_ms || outbox_last(sender->outbox, partition) <= after || gathers(sender, partition)) {
        return true;
    }
    if (!build(sender, partition, after, published_ms)) {
        lane->retry_ms = sender->now_ms + SENDER_RETRY_MS;
        return true;
    }
    char name[NAME_SIZE];
    uint64_t token = ++sender->serial << 16 | partition;
    snprintf(name, sizeof name, "%s-%u-%llu-%llu-%u", outbox_id(sender->outbox), partition, (unsigned long long)sender->first,
             (unsigned long long)sender->last, lane->round);
    if (!bus_send(sender->bus, partition, name, (struct bulla_bytes){sender->buffer, sender->writer.len}, token)) {
        return false;
    }
    lane->token = token;
    note_sent(sender, lane);
    return true;
}

/* --- what comes back --- */

static void close_token(struct sender *sender, struct lane *lane)
{
    lane->token = 0;
    sender->counts.under_way--;
}

static void unsent(struct sender *sender, struct lane *lane)
{
    close_token(sender, lane);
    lane->repeat = !lane->stale;
    lane->retry_ms = sender->now_ms + SENDER_RETRY_MS;
}

static void acknowledged(struct sender *sender, struct lane *lane)
{
    close_token(sender, lane);
    sender->blocked_ms = 0;
    if (lane->stale) {
        return;
    }
    if (lane->under_probe) {
        lane->probed = lane->last;
        lane->probing = false;
        lane->since_ms = sender->now_ms;
    } else if (lane->acked <= lane->applied) {
        lane->since_ms = sender->now_ms;
    }
    lane->acked = lane->acked > lane->last ? lane->acked : lane->last;
}

void sender_event(struct sender *sender, const struct bus_event *event, int64_t now_ms)
{
    time_of(sender, now_ms);
    if (event->kind == BUS_LINK) {
        sender->blocked_ms = 0;
        return;
    }
    unsigned partition = (unsigned)(event->token & 0xFFFF);
    if ((event->kind != BUS_SENT && event->kind != BUS_UNSENT) || partition >= sender->partitions || !event->token ||
        sender->lanes[partition].token != event->token) {
        return; /* of a message that was given up, or told twice */
    }
    (event->kind == BUS_SENT ? acknowledged : unsent)(sender, &sender->lanes[partition]);
}

/* --- what the store has --- */

/* Sends a lane again from what the store has. */
static void go_back(struct sender *sender, struct lane *lane)
{
    lane->again_until = lane->acked;
    lane->acked = lane->applied;
    lane->probed = 0;
    lane->probing = lane->repeat = false;
    lane->stale = lane->token != 0;
    lane->again_ms = sender->now_ms;
    lane->round++;
}

static void look_for_stall(struct sender *sender, struct lane *lane)
{
    if (sender->now_ms - lane->asked_ms > SENDER_STALL_MS / 2) {
        lane->since_ms = sender->now_ms; /* the store has not been asked for long: nothing is known */
    }
    if (lane->acked <= lane->applied || lane->probing || sender->now_ms - lane->since_ms < (int64_t)SENDER_STALL_MS << lane->backoff) {
        return;
    }
    sender->counts.stalls++;
    lane->since_ms = sender->now_ms;
    lane->backoff += lane->backoff < BACKOFF_MOST;
    if (lane->probed == lane->applied && lane->probed) {
        go_back(sender, lane);
    } else {
        lane->probing = true;
        lane->round++;
    }
}

static int drop(struct sender *sender, unsigned partition)
{
    struct lane *lane = &sender->lanes[partition];
    lane->dropped_ms = sender->now_ms;
    return outbox_drop(sender->outbox, partition, lane->applied);
}

static uint64_t to_drop(const struct sender *sender, unsigned partition)
{
    uint64_t oldest = outbox_oldest(sender->outbox, partition), applied = sender->lanes[partition].applied;
    return oldest && oldest <= applied ? applied - oldest + 1 : 0;
}

void sender_applied(struct sender *sender, unsigned partition, uint64_t number, int64_t now_ms)
{
    if (partition >= sender->partitions) {
        return;
    }
    struct lane *lane = &sender->lanes[partition];
    time_of(sender, now_ms);
    if (number > outbox_last(sender->outbox, partition)) {
        sender->counts.ahead++;
        return;
    }
    if (lane->token && !lane->stale && number >= lane->last) {
        acknowledged(sender, lane); /* an early copy was applied before the stream said anything */
    }
    if (number > lane->applied) {
        lane->applied = number;
        lane->since_ms = sender->now_ms;
        lane->backoff = 0;
        lane->acked = lane->acked > number ? lane->acked : number;
        lane->probing = lane->probing && lane->acked > number;
    } else {
        look_for_stall(sender, lane);
    }
    lane->asked_ms = sender->now_ms;
    if (to_drop(sender, partition) >= DROP_PARCELS) {
        drop(sender, partition);
    }
}

void sender_again(struct sender *sender, unsigned partition)
{
    if (partition >= sender->partitions) {
        return;
    }
    struct lane *lane = &sender->lanes[partition];
    int64_t since = sender->now_ms - lane->again_ms;
    /* Messages from before the repeat show the same gap to the worker until it comes to the repeat. */
    bool repeating = lane->again_ms && (since < AGAIN_MS || (lane->acked < lane->again_until && since < SENDER_STALL_MS));
    if (lane->acked > lane->applied && !repeating) {
        go_back(sender, lane);
    }
}

/* --- the turn --- */

static unsigned sooner(unsigned wait, int64_t ms)
{
    return ms < 1 ? 1 : ms < (int64_t)wait ? (unsigned)ms : wait;
}

/* What a lane has to do besides sending; returns when it wants to be looked at again. */
static unsigned tend_lane(struct sender *sender, unsigned partition, unsigned wait)
{
    struct lane *lane = &sender->lanes[partition];
    if (lane->token && sender->now_ms - lane->sent_ms >= SENDER_LOST_MS) {
        unsent(sender, lane);
    }
    if (to_drop(sender, partition)) {
        if (sender->now_ms - lane->dropped_ms >= DROP_MS) {
            drop(sender, partition);
        } else {
            wait = sooner(wait, lane->dropped_ms + DROP_MS - sender->now_ms);
        }
    }
    if (!lane->token && lane->retry_ms > sender->now_ms) {
        wait = sooner(wait, lane->retry_ms - sender->now_ms);
    }
    if (!lane->token && gathers(sender, partition)) {
        wait = sooner(wait, gathered_ms(lane) - sender->now_ms);
    }
    return wait;
}

static bool hurry(struct sender *sender, const struct outbox_parcel *parcel, int64_t published_ms)
{
    sender->writer = bulla_writer_over(sender->buffer, BUS_PARCEL_MOST);
    sender_message_begin(&sender->writer, outbox_id(sender->outbox), published_ms);
    return sender_message_add(&sender->writer, parcel) &&
           bus_hurry(sender->bus, parcel->partition, (struct bulla_bytes){sender->buffer, sender->writer.len});
}

void sender_put(struct sender *sender, const struct outbox_parcel *parcel, int64_t now_ms)
{
    if (parcel->partition >= sender->partitions) {
        return;
    }
    struct lane *lane = &sender->lanes[parcel->partition];
    time_of(sender, now_ms);
    lane->hurry |= parcel->news && !hurry(sender, parcel, now_ms);
    if (!lane->waits_ms) {
        lane->waits_ms = sender->now_ms ? sender->now_ms : 1;
    }
}

unsigned sender_turn(struct sender *sender, int64_t now_ms)
{
    unsigned wait = TURN_MS, start = sender->next;
    time_of(sender, now_ms);
    for (unsigned i = 0; i < sender->partitions; i++) {
        wait = tend_lane(sender, i, wait);
    }
    for (unsigned i = 0; i < sender->partitions && sender->now_ms >= sender->blocked_ms; i++) {
        unsigned partition = (start + i) % sender->partitions;
        if (!send_lane(sender, partition, now_ms)) {
            sender->blocked_ms = sender->now_ms + SENDER_RETRY_MS;
            sender->next = partition; /* it comes first the next time */
        }
    }
    if (sender->blocked_ms > sender->now_ms) {
        wait = sooner(wait, sender->blocked_ms - sender->now_ms);
    }
    return wait;
}
