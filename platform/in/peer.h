/* SPDX-License-Identifier: Apache-2.0
 *
 * Peer: one connection, or one sender of packets. Owns the protocol's state and half messages; turns bytes
 * into rows and replies of the gateway's filling batch. Lives on the loop thread alone.
 */
#ifndef IN_PEER_H
#define IN_PEER_H

#include <uthash.h>

#include "platform/in/gateway.h"
#include "platform/in/net.h"
#include "platform/in/shed.h"

struct peer;
struct listener;

struct peer_host { /* what a peer needs of its gateway */
    struct gateway *gateway;
    struct batch *(*batch)(struct gateway *gateway); /* the batch being filled; locked by the caller of peer_feed */
    bool (*profile)(struct gateway *gateway, const char *seal, struct proto_profile *out);
    void (*route)(struct gateway *gateway, struct peer *peer, const char *seal); /* commands for this seal go to this peer */
    enum shed_keep (*judge)(struct gateway *gateway, struct peer *peer, const struct bulla_observation *o);
    void (*shed)(struct gateway *gateway, struct peer *peer, size_t rows, bool answered); /* a message was: count it */
    void (*random)(struct gateway *gateway, uint8_t *to, size_t n);
    struct gateway_counts *counts;
    size_t *reassembly_total;
};

struct peer {
    uint64_t number;                /* never used again */
    const struct peer_host *host;
    struct listener *listener;
    const struct proto *proto;      /* NULL until recognised */
    struct proto_link link;
    struct proto_profile profile;
    char seal[BULLA_PROTOCOL_SIZE + BULLA_DEVICE_SIZE]; /* who spoke last, "" : nobody yet */
    bool profile_known;
    bool again;                     /* the profile just found out makes this message worth decoding once more */
    struct shed_seal *memory;       /* of the seal that spoke last, in its route; NULL: another connection speaks for it now */
    struct quota *tenant;           /* of that seal; NULL: none */
    unsigned tenants;               /* as of when that was asked: the gateway's number of changes */
    enum shed_keep keep;            /* the message at hand: why it is kept, */
    enum shed_why why;              /* or why not */
    bool unnamed;                   /* its answer does not say for what */
    uint64_t batch;                 /* the batch it put rows into last, */
    size_t batch_rows;              /* and how many */
    bool packets;                   /* UDP: nothing is held between packets */
    bool closing;
    bool busy;                      /* being fed: who closes it now leaves freeing it to the feeder */
    char address[64];
    uint8_t *held;                  /* half a message */
    size_t n_held, held_size;
    int64_t opened_ms, heard_ms, partial_since_ms;
    uint64_t messages;
    uint64_t garbage_bytes, damaged;
    struct route_entry *routes;     /* the seals it speaks for: the gateway's */
    unsigned n_routes;
    size_t reassembly_bytes;
    struct peer_block *blocks;      /* reassembly memory that the protocol holds */
    void *socket;                   /* the network's, of a connection */
    struct net_address from;        /* of packets */
    UT_hash_handle hh;         /* by number */
    UT_hash_handle by_address; /* UDP senders */
};

/* A new peer of a listener; proto NULL: recognise. NULL when out of memory. */
struct peer *peer_new(const struct peer_host *host, const struct proto *proto, uint64_t number, int64_t now_ms);
void peer_free(struct peer *peer);

/* Bytes have come. False: the peer broke a limit and must be closed (counted already). */
bool peer_feed(struct peer *peer, const uint8_t *at, size_t n, int64_t now_ms);

#endif
