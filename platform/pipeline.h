/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of the platform: who wires it (cli/serve.c, tests, simulations) opens it over a store, adds listeners to its
 * gateway, starts it, and closes it. THE FUNNEL is work.c:
 *
 *   batch -> append -> (replies may go) -> live state, commands, rules -> alarms -> publish
 *
 * One process alone takes batches from its gateway. A node of several (decision 011) puts what its gateway accepts into its
 * outbox (ingest.c) and takes from the bus what belongs to the partitions that it holds (cluster.c); it tells the others what it
 * makes of it (relay.c).
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include "platform/base/clock.h"
#include "platform/bus/bus.h"
#include "platform/in/gateway.h"
#include "platform/in/net.h"
#include "platform/platform.h"

#define PLATFORM_PARTITIONS 64  /* of a new cluster; fixed in its store from then on */
#define PLATFORM_LEASE_MS   4000 /* a node that is silent for so long has its partitions taken by others */

struct platform_options {
    struct clock clock;
    double clock_speed;                     /* of a training clock, which is not the machine's; 0: it is */
    const char *node;                       /* this node's name, 1 .. 63 characters; NULL: "bulla" */
    const char *http;                       /* where its API is, for the list of nodes; NULL: "" */
    const struct bus_backend *const *buses; /* NULL ends them */
    const char *bus;                        /* URL; NULL: no bus, one process alone */
    const char *folder;                     /* of the outbox; needed with a bus */
    const char *vfs;                        /* SQLite's, for the outbox; NULL: the machine's */
    unsigned partitions;                    /* 0: PLATFORM_PARTITIONS */
    int64_t lease_ms;                       /* 0: PLATFORM_LEASE_MS */
    bool stepped;                           /* no threads: the caller calls the turns below */
    const struct gateway_net *net;          /* NULL: the machine's */
    void (*random)(void *host, uint8_t *to, size_t n); /* for the gateway; NULL: the machine's. `host` is the platform */
    unsigned unknown_most;                             /* seal records that nobody entered; 0: LIMIT_UNKNOWN_SEALS */
    uint64_t stream_base;                   /* first number of the live stream less one; 0: from the clock */
};

/* Over an open store, which the caller closes afterwards. NULL with a sentence in why. */
struct platform *platform_open(struct store *store, const struct platform_options *options, char why[MODEL_WHY_SIZE]);

/* The gateway, for adding listeners before platform_start(). */
struct gateway *platform_gateway(struct platform *platform);

/* Where the API came to listen, for the list of nodes. */
void platform_set_http(struct platform *platform, const char *address);

/* One process alone: catches up with the stored observations of the open journeys. Then starts the threads. */
bool platform_start(struct platform *platform, char why[MODEL_WHY_SIZE]);

/* Stops reading, stores what has come in, gives up its partitions, ends the threads, frees everything. NULL is fine. */
void platform_close(struct platform *platform);

/* Whether this is the one node that does what must be done once: it holds the first partition. Any thread. */
bool platform_is_first(void *platform);

/* Told from outside or by another node to leave: it takes no partition and gives up what it holds. */
bool platform_drained(struct platform *platform); /* nothing is held, and the outbox is empty */

/* --- turns, for who drives it without threads (options.stepped). None of them waits. Each returns ms until it should be
 * called again, 0: at once. --- */
unsigned platform_work_turn(struct platform *platform);
unsigned platform_ingest_turn(struct platform *platform); /* with a bus */
unsigned platform_publish_turn(struct platform *platform);
/* The end of a process as a crash has it: memory is freed, nothing is written, nobody is told. */
void platform_abandon(struct platform *platform);

#endif
