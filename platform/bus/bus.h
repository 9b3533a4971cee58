/* SPDX-License-Identifier: Apache-2.0
 *
 * The bus: a port. It carries parcels of accepted observations from the nodes that devices reach to the nodes that hold
 * their partitions, and notices from each node to all others. Back ends are tables of functions (bus_nats.c; the simulation
 * has its own); only main.c names one. One process alone has no bus.
 *
 *   parcels   one stream a partition: replicated, in order of place, kept for days; sent until acknowledged. An
 *             acknowledged parcel is replicated, not necessarily on a disk: the outbox (outbox.h) keeps it until the
 *             store has it.
 *   notices   to all other nodes, at once or never: positions on the map, "send this command".
 *
 *             Who follows a partition also gets an early copy of each parcel as it is sent, at once or never, which is in no
 *             stream yet: so nobody waits while the brokers elect a leader. Parcels know their number; what was applied from a
 *             copy is passed over when the stream brings it.
 *   hurried   a copy of one parcel with news, at once or never, that overtakes all parcels which wait to be taken: an alarm
 *             does not wait behind reports. The stream brings it again.
 *
 * Nothing here waits, but bus_open(), and bus_take() for as long as it is told to. bus_send(), bus_notice() and bus_take() may
 * be called from different threads; bus_take(), bus_follow() and bus_unfollow() by one alone.
 */
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bulla/cursor.h"

struct bus;

enum bus_event_kind {
    BUS_PARCEL, /* partition, place, bytes: the next one of a partition that is followed; place 0: an early copy */
    BUS_SENT,   /* token, place: the stream has acknowledged it */
    BUS_UNSENT, /* token: it has not, and will not: send it again */
    BUS_NOTICE, /* topic, bytes; never one's own */
    BUS_LINK,   /* up: whether the broker can be reached now; `why` says what is wrong */
};

struct bus_event {
    enum bus_event_kind kind;
    unsigned partition;
    uint64_t place; /* grows along a partition, with gaps; never 0 */
    bool hurried;   /* a copy by bus_hurry() */
    bool again;     /* given before: bus_again() */
    uint64_t token;
    char topic[16];
    struct bulla_bytes bytes; /* valid during the call */
    bool up;
    char why[160];
};

typedef void (*bus_event_fn)(void *context, const struct bus_event *event);

#define BUS_STORE_MOST 26
struct bus_options {
    const char *node;  /* this node's name */
    const char *store; /* id of the store that this cluster serves, BUS_STORE_MOST digits and capital letters: its parcels, copies and
                        * notices are kept apart from those of other stores on the same brokers */
    unsigned partitions;
    void (*wake)(void *context); /* something is to be taken; called from any thread. NULL: nobody sleeps */
    void *wake_context;
};

struct bus_counts {
    uint64_t sent, acknowledged, unsent, received, hurried_out, hurried_in, notices_out, notices_in, notices_lost, reconnects;
    uint64_t bytes_out, bytes_in;
    bool up;
};

struct bus_backend {
    const char *scheme; /* "nats" for nats://... */
    struct bus *(*open)(const char *url, const struct bus_options *options, char *why, size_t size);
    void (*close)(struct bus *bus);
    bool (*send)(struct bus *bus, unsigned partition, const char *name, struct bulla_bytes bytes, uint64_t token);
    bool (*follow)(struct bus *bus, unsigned partition, uint64_t after);
    void (*unfollow)(struct bus *bus, unsigned partition);
    void (*pause)(struct bus *bus, bool paused);
    bool (*hurry)(struct bus *bus, unsigned partition, struct bulla_bytes bytes);
    bool (*notice)(struct bus *bus, const char *topic, struct bulla_bytes bytes);
    size_t (*take)(struct bus *bus, unsigned wait_ms, size_t most, bus_event_fn each, void *context);
    struct bus_counts (*counts)(struct bus *bus);
    bool (*health)(struct bus *bus, char *text, size_t size);
};

struct bus { /* a back end's own struct begins with this */
    const struct bus_backend *backend;
    bool again; /* bus_again() was called for the event at hand */
};

/* Opens "nats://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...][?replicas=N]" (more options: nats_url.c; tls:// likewise) by the first of
 * `backends` (NULL ends them) whose scheme fits, and makes the stream where it is missing. Does not fail when the broker cannot be reached
 * now: it goes on trying, and says so in BUS_LINK. NULL with a sentence in why[size]: a wrong URL, a stream of another shape, a cluster too
 * small for its replicas. */
struct bus *bus_open(const struct bus_backend *const *backends, const char *url, const struct bus_options *options, char *why, size_t size);
void bus_close(struct bus *bus); /* NULL is fine */

/* Sends a parcel. `name` is the same whenever the same parcel is sent again, and no other's: within the stream's window
 * a repeat is not stored twice. Later comes BUS_SENT or BUS_UNSENT with the token. False: not now (too much is under way, or
 * there is no link); nothing comes. `bytes` are copied. */
bool bus_send(struct bus *bus, unsigned partition, const char *name, struct bulla_bytes bytes, uint64_t token);

/* Gives the partition's parcels from the first place greater than `after`. A place may be given twice, and then in order
 * again from there (after a fail-over): who applies them compares places. False: no link; ask again. */
bool bus_follow(struct bus *bus, unsigned partition, uint64_t after);
void bus_unfollow(struct bus *bus, unsigned partition);
/* While paused no parcels are given (the store is behind); what is under way is bounded. */
void bus_pause(struct bus *bus, bool paused);

bool bus_notice(struct bus *bus, const char *topic, struct bulla_bytes bytes); /* up to BUS_NOTICE_MOST; false: lost, and counted */
#define BUS_NOTICE_MOST (512 * 1024)
#define BUS_PARCEL_MOST (768 * 1024)

/* Gives a message of parcels to who follows the partition, before all that came by bus_send(). False: not even tried. */
bool bus_hurry(struct bus *bus, unsigned partition, struct bulla_bytes bytes);

/* Gives at most `most` events, waiting up to wait_ms for the first. Returns how many. Parcels of bus_send() come after everything
 * else, but one of them at least among BUS_OVERTAKE_MOST. */
#define BUS_OVERTAKE_MOST 32
size_t bus_take(struct bus *bus, unsigned wait_ms, size_t most, bus_event_fn each, void *context);

/* Within the call for a parcel of bus_send(): not all of it was taken, it is to be given again, before its like. bus_take() ends
 * with it. */
static inline void bus_again(struct bus *bus)
{
    bus->again = true;
}

struct bus_counts bus_counts(struct bus *bus);
/* A sentence or two for the administrator: leader, replicas, what is missing. False: something is wrong. */
bool bus_health(struct bus *bus, char *text, size_t size);

#endif
