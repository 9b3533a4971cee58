/* SPDX-License-Identifier: Apache-2.0
 *
 * The network port: what the gateway asks of a network, and what a network tells the gateway. net_uv.c is the
 * real one, with a loop thread of its own; a simulated or test network fills the same table, leaves start, wake and
 * stop NULL, and its owner calls gateway_step() instead.
 *
 *   network -> gateway_opened() gateway_bytes() gateway_hung_up() gateway_packet()
 *   gateway -> send() send_packet() close() reading()
 *
 * All of it happens on one thread: the loop thread, or that of the owner who steps. The gateway may call close() and
 * send() of any socket from inside of what it is told. After close() the gateway knows the socket no more, and
 * nothing may be told about it.
 */
#ifndef IN_NET_H
#define IN_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "bulla/bytes.h"

struct gateway;
struct listener;
struct peer;

struct net_address { /* a sender of packets, in the network's own terms; what is not used is zero */
    uint8_t bytes[32];
};

enum net_sent {
    NET_SENT,    /* gone, or waiting in the network's own queue */
    NET_DROPPED, /* not sent; the peer may live on */
    NET_FULL,    /* LIMIT_WRITE_QUEUE_BYTES wait already: the gateway closes the peer */
};

struct gateway_net {
    void *net;
    /* Listens for connections, or for packets; what comes is told with this `listener`. *port 0 lets the network choose and is
     * set. The network's own handle, or NULL with a sentence in why[size]. */
    void *(*listen)(void *net, struct listener *listener, bool packets, const char *address, unsigned *port, char *why, size_t size);
    enum net_sent (*send)(void *net, void *socket, const struct bulla_bytes *parts, size_t n);
    /* Each part is a packet. `listening`: what listen() gave. */
    enum net_sent (*send_packet)(void *net, void *listening, const struct net_address *to, const struct bulla_bytes *parts, size_t n);
    void (*close)(void *net, void *socket);
    /* False: nothing more may be told by gateway_bytes() and gateway_packet() until true; closing and opening may. */
    void (*reading)(void *net, bool on);
    /* Nothing more may be told of this connection until reading(true). May be NULL: then it goes on. */
    void (*hold)(void *net, void *socket);
    void (*name)(const struct net_address *from, char to[64]); /* for people */
    void (*unlisten)(void *net);                               /* all listeners; nothing is told any more */

    /* Of a network with a thread of its own; it calls gateway_turn() when woken and every LIMIT_SWEEP_MS. */
    bool (*start)(void *net);
    void (*wake)(void *net);  /* from any thread */
    void (*stop)(void *net);  /* joins the thread, which ends by itself after unlisten() */
    void (*free)(void *net);  /* may be NULL */
};

/* A connection: who it is from now on, or NULL: refused, the network closes it. `address`: without port. */
struct peer *gateway_opened(struct listener *listener, const char *address, void *socket);
/* The peer may be closed inside (see close()). */
void gateway_bytes(struct peer *peer, const uint8_t *at, size_t n);
/* The other side has gone; close() is called. */
void gateway_hung_up(struct peer *peer);
void gateway_packet(struct listener *listener, const struct net_address *from, const uint8_t *at, size_t n);
/* gateway_step() by the gateway's own clock. */
void gateway_turn(struct gateway *gateway);

/* The real network. NULL when out of memory. Its `net` is freed by free(). */
bool net_uv_new(struct gateway *gateway, struct gateway_net *out);

#endif
