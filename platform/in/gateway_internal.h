/* SPDX-License-Identifier: Apache-2.0
 *
 * The gateway's inside, for gateway.c, peers.c and routes.c alone.
 */
#ifndef IN_GATEWAY_INTERNAL_H
#define IN_GATEWAY_INTERNAL_H

#include <openssl/crypto.h>
#include <pthread.h>

#include "platform/in/peer.h"

struct listener {
    struct gateway *gateway;
    const struct proto *proto; /* NULL: recognise */
    bool udp;
    unsigned port;
    void *socket;         /* the network's */
    struct quota *quota;  /* or NULL */
    struct peer *senders; /* UDP, by address */
    size_t n_senders;
    struct listener *next;
};

#define SLOW_ARGS_SIZE 64

struct route_entry { /* the peer that speaks for a seal */
    char seal[BULLA_PROTOCOL_SIZE + BULLA_DEVICE_SIZE];
    uint64_t peer;
    struct shed_seal memory;
    char interval[SLOW_ARGS_SIZE];   /* arguments of the last interval command sent to it; "": none */
    bool slowed;                     /* it was told to report less often than that */
    struct route_entry *prev, *next; /* of the same peer, newest first */
    UT_hash_handle hh;
};

struct owed { /* a seal that left while it was slowed */
    char seal[BULLA_PROTOCOL_SIZE + BULLA_DEVICE_SIZE];
    char interval[SLOW_ARGS_SIZE];
    UT_hash_handle hh;
};

struct address_entry { /* open connections of one network address */
    char address[64];
    unsigned connections;
    UT_hash_handle hh;
};

struct quota { /* of a tenant or a listener */
    char name[GATEWAY_TENANT_SIZE];
    struct shed_quota bucket;
    uint64_t kept, shed;
    UT_hash_handle hh;
};

struct order { /* asked of the loop thread: a command, or with an empty name a look at the seal's set-up */
    char seal[BULLA_PROTOCOL_SIZE + BULLA_DEVICE_SIZE];
    char command[40];
    char name[24];
    char args[512];
    struct order *next;
};

struct gateway {
    struct gateway_host host;
    struct clock clock;
    double pace; /* how many times as fast as the machine's it goes: for training */
    struct peer_host peer_host;
    struct gateway_net net;
    /* loop thread alone */
    bool closed;
    int64_t sweep_due_ms;
    int64_t slow_due_ms;
    bool intervals_known; /* of some seal */
    struct owed *owed;
    unsigned slow_turns; /* under pressure, one after the other */
    struct peer *peers;
    struct route_entry *routes;
    struct address_entry *addresses;
    struct listener *listeners;
    uint64_t last_number;
    size_t reassembly_total;
    struct gateway_counts counts;
    /* shared, under mutex */
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct batch *filling, *spare;
    size_t ahead, ahead_most; /* gateway_ahead(); ahead_most 0: no limit */
    struct shed shed;
    struct quota *quotas;
    atomic_uint tenants;   /* grows when whose some seals are has changed */
    unsigned every_tenant; /* quota of those that have none of their own, 0: none */
    int64_t taken_ms;      /* when the engine last took a batch */
    uint64_t last_batch;
    struct batch *stored, **stored_end;
    struct order *orders, **orders_end;
    size_t last_rows;
    bool woken, stopping, deaf;     /* deaf: the loop thread takes nothing any more */
    struct gateway_carrier carrier; /* send NULL: none */
    bool paused;                    /* the filling batch is full and the network was asked not to read */
    bool held;                      /* some connections have put so much into the filling batch that they are not read */
};

/* The filling batch may be touched between these; unlocking pauses the network when it has become full. */
void gateway_lock(struct gateway *gateway);
void gateway_unlock(struct gateway *gateway);
/* Answers what is stored. That may close any peer, also one that is about to be fed. */
void gateway_release(struct gateway *gateway);

struct peer *gateway_peer(struct gateway *gateway, uint64_t number);
void gateway_peer_add(struct gateway *gateway, struct peer *peer);
void gateway_peer_remove(struct gateway *gateway, struct peer *peer);

/* routes.c: which peer speaks for a seal; under the lock */
void gateway_note(struct gateway *gateway, enum batch_note_kind kind, const char *seal, const char *command);
void gateway_route(struct gateway *gateway, struct peer *peer, const char *seal);
void gateway_unroute(struct gateway *gateway, const struct peer *peer);
struct peer *gateway_speaker(struct gateway *gateway, const char *seal); /* or NULL */
void gateway_routes_free(struct gateway *gateway);

/* admit.c: what is kept under pressure; under the lock */
enum shed_keep gateway_judge(struct gateway *gateway, struct peer *peer, const struct bulla_observation *o);
void gateway_shed(struct gateway *gateway, struct peer *peer, size_t rows, bool answered);
void gateway_tenant_of(struct gateway *gateway, struct peer *peer, const char *seal);
/* Whether a connection has had its share of the filling batch while others want theirs. */
bool gateway_greedy(const struct gateway *gateway, const struct peer *peer);
void gateway_quotas_free(struct gateway *gateway);

/* slow.c */
void gateway_slow_down(struct gateway *gateway, int64_t now_ms);
void gateway_interval_sent(struct gateway *gateway, const char *seal, const char *args);
void gateway_slow_leave(struct gateway *gateway, const struct route_entry *route);
void gateway_slow_return(struct gateway *gateway, struct route_entry *route);
void gateway_owed_free(struct gateway *gateway);
bool gateway_send_command(struct gateway *gateway, struct order *order);

/* carry.c */
/* Gives the command to the carrier; false: there is none, or it does not reach the seal. What becomes of it is noted later. */
bool gateway_carry_order(struct gateway *gateway, struct order *order);

/* Queues bytes for a peer; false when they were dropped (a peer that does not read is closed). */
bool gateway_send(struct gateway *gateway, struct peer *peer, const struct bulla_bytes *parts, size_t n);
void gateway_close_peer(struct gateway *gateway, struct peer *peer);
void gateway_close_all(struct gateway *gateway);
void gateway_sweep(struct gateway *gateway, int64_t now_ms);
void gateway_listeners_free(struct gateway *gateway);

/* A time or a span of the gateway's clock as one of the machine: what limits in time are about, connections and the store, does not go
 * faster when the clock does. */
static inline int64_t gateway_real(const struct gateway *g, int64_t ms)
{
    return g->pace > 1 ? (int64_t)((double)ms / g->pace) : ms;
}

#endif
