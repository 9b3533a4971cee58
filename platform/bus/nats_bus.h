/* SPDX-License-Identifier: Apache-2.0
 *
 * Within the back end for NATS JetStream: one connection, one lock, one thread of its own (the keeper), and libnats' threads.
 *
 *   stream    BULLA-<store> with the subjects bulla.<store>.p.<partition>; notices go over bulla.<store>.n.<topic>, which no stream keeps.
 *             <store> is the id of the store that this cluster serves: several clusters share an account, and a new store finds
 *             no parcels of an older one
 *   sending   a message with Nats-Msg-Id and a reply subject of its own: a slot. The answer, the loss of the link or
 *             NATS_ANSWER_MS frees the slot and queues its one event. libnats' asynchronous publisher leaves some unresolved.
 *   following a consumer a partition, without acknowledgement, in memory; it is pulled from, NATS_PULL messages a time, so that
 *             nothing comes unasked. When it is silent, gone, or its numbers have a gap, a new one is made after the last place given
 *   early     whoever follows a partition is also subscribed to its subject, past the stream. What this node itself sends for a
 *             partition that it follows does not come back from the broker; it is handed over here
 *   hurried   the same over bulla.<store>.h.<partition>, which no stream keeps
 *   place     incarnation of the stream (24 bits), sequence in it (39 bits). The incarnation stands in the stream's description: the minute
 *             in which it was made, or one more than that of the stream which is missed. So places grow also when a stream is
 *             lost and made anew.
 *
 * The keeper makes and looks over the stream, makes consumers, and watches times. Only it waits for the broker.
 */
#ifndef BUS_NATS_BUS_H
#define BUS_NATS_BUS_H

#include <nats/nats.h>
#include <pthread.h>

#include "platform/base/limits.h"
#include "platform/bus/bus.h"

#define NATS_STREAM_SIZE  40 /* of the stream's name */
#define NATS_PREFIX_SIZE  40 /* of what its subjects begin with */
#define NATS_SUBJECT_SIZE 80
#define NATS_SEQUENCE     39 /* bits */
#define NATS_HOSTS        32
#define NATS_ANSWER_MS    4000
#define NATS_SILENT_MS    3000 /* a pull that shows no sign of life for so long: its consumer is given up */
#define NATS_CREATE_MS    1000 /* a consumer that is not there by then is asked for again */
#define NATS_SOON_MS      300
#define NATS_PULL         64 /* messages, */
#define NATS_PULL_BYTES   (1024 * 1024)
#define NATS_WAIT_MS      2000 /* for the broker's answers about the stream */
#define NATS_LOOK_MS      3000 /* between two looks at the stream */
#define NATS_REPLY_SIZE   128
#define NATS_WHY_SIZE     160
#define NATS_HEALTH_SIZE  600

struct nats_url {
    char text[1024]; /* cut into what follows */
    const char *hosts[NATS_HOSTS];
    int n;
    char urls[NATS_HOSTS][288];
    const char *user, *password, *creds, *ca;
    int replicas; /* 0: as the cluster allows */
    unsigned gib; /* 0: LIMIT_BUS_STREAM_BYTES */
    bool tls;
};
/* Takes a URL apart; false with a sentence, without its password, in why[size]. */
bool nats_url_read(const char *url, struct nats_url *out, char *why, size_t size);

struct nats_event {
    struct nats_event *next;
    enum bus_event_kind kind;
    unsigned partition;
    bool hurried, again;
    uint64_t place, token, generation;
    natsMsg *message; /* of a parcel or a notice */
};

struct nats_queue {
    struct nats_event *first, *end;
    size_t n, bytes;
};

struct nats_slot {
    uint64_t token, serial; /* serial 0: free */
    size_t bytes;
    int64_t until_ms;
};

enum nats_follow_state {
    NATS_IDLE,     /* has a consumer, asks for nothing now */
    NATS_NEEDS,    /* needs a consumer */
    NATS_CREATING, /* has asked for one */
    NATS_PULLING,
};

struct nats_follower {
    bool wanted, doubt; /* doubt: the stream ends before the place that was applied; looked at twice */
    enum nats_follow_state state;
    uint64_t generation; /* of bus_follow() calls: what older ones queued is thrown away */
    uint64_t attempt;    /* of consumers */
    uint64_t last;       /* place */
    uint64_t delivered;  /* the consumer's own count */
    int left;            /* of the pull */
    int64_t heard_ms;
    char consumer[64];
    natsSubscription *copies[2]; /* as they are sent, and hurried ones; of the thread that follows */
};

struct nats_bus {
    struct bus bus;
    struct bus_options options;
    struct nats_url url;
    char stream[NATS_STREAM_SIZE], prefix[NATS_PREFIX_SIZE]; /* prefix: "bulla.<store>." */
    natsOptions *nats_options;
    natsConnection *connection;
    natsSubscription *answers, *notices;
    jsCtx *js;
    char inbox[NATS_REPLY_SIZE / 2];
    pthread_t keeper;
    pthread_mutex_t lock;
    pthread_cond_t keep, taken; /* the keeper has work; something can be taken */
    bool keeper_runs, closing, closed;
    int running;                              /* subscriptions whose thread has not ended */
    bool connected, ready, look_now, refused; /* refused: the stream is not ours, or cannot be made */
    int64_t looked_ms;
    uint64_t incarnation, last_sequence, missed; /* missed: an incarnation that somebody had applied and is not there */
    char why[NATS_WHY_SIZE], health[NATS_HEALTH_SIZE];
    bool healthy;
    struct nats_queue first, parcels; /* parcels that nobody hurries wait in the second */
    unsigned overtaken;               /* so many were taken one after the other while parcels waited */
    bool link_changed, woken, paused;
    struct bus_counts counts;
    struct nats_slot slots[LIMIT_BUS_SENDING_MESSAGES];
    unsigned slots_used, slot_next;
    size_t sending_bytes;
    uint64_t serial;
    struct nats_follower followers[];
};

int64_t nats_now_ms(void); /* monotonic */
struct timespec nats_in_ms(unsigned ms);

#define NATS_PARCELS 'p'
#define NATS_HURRIED 'h'
void nats_subject_put(const struct nats_bus *bus, char to[NATS_SUBJECT_SIZE], char kind, unsigned partition);
/* The partition whose subject of that kind this is; false: it is none of this store's. */
bool nats_subject_get(const struct nats_bus *bus, const char *subject, char kind, unsigned *partition);

/* Connects, or goes on trying, and looks at the stream. False with a sentence in why[size]: this cannot become right by itself. */
bool nats_link_open(struct nats_bus *bus, char *why, size_t size);
void nats_link_close(struct nats_bus *bus);
/* A subscription whose end nats_link_close() waits for. */
natsStatus nats_link_subscribe(struct nats_bus *bus, natsSubscription **to, const char *subject, natsMsgHandler handler);
/* The back end's take. */
size_t nats_take(struct bus *base, unsigned wait_ms, size_t most, bus_event_fn each, void *context);
/* Called by libnats. */
void nats_on_message(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure);
void nats_on_copy(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure);
void nats_on_notice(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure);

/* With the lock: */
void nats_push(struct nats_bus *bus, struct nats_event *event); /* takes the event and its message */
void nats_say_link(struct nats_bus *bus, const char *why);      /* tells bus->connected && bus->ready when it has changed, or `why` has */
void nats_signal(struct nats_bus *bus);                         /* somebody may take */
bool nats_is_full(const struct nats_bus *bus);                  /* no more parcels are to be pulled */
void nats_queue_free(struct nats_bus *bus);
void nats_slot_resolve(struct nats_bus *bus, struct nats_slot *slot, uint64_t sequence); /* 0: not sent */
void nats_resolve_all(struct nats_bus *bus, int64_t now_ms);                             /* as not sent, those whose time has passed */

/* With the lock: takes the message when it is an early or a hurried copy that somebody wants. */
bool nats_follow_copy(struct nats_bus *bus, unsigned partition, natsMsg *message, bool hurried);

/* With the lock: */
void nats_follow_answer(struct nats_bus *bus, const char *what, natsMsg *message); /* c.PARTITION.ATTEMPT or p.PARTITION.ATTEMPT */
bool nats_follow_parcel(struct nats_bus *bus, natsMsg *message);                   /* true: it has taken the message */
void nats_follow_tend(struct nats_bus *bus, int64_t now_ms);                       /* creates, pulls, gives up */
void nats_follow_restart(struct nats_bus *bus);                                    /* all need new consumers */

/* Without the lock, by the keeper (and by open, before it runs): makes the stream or looks it over, and learns its incarnation. */
void nats_stream_look(struct nats_bus *bus);

#endif
