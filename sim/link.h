/* SPDX-License-Identifier: Apache-2.0
 *
 * The department's database as a node reaches it: a store that passes every call on to one store that several nodes of a
 * simulation share, over a connection that can be lost in the middle of work, before a call or after it was done and before its
 * answer came.
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "platform/store/store_backend.h"
#include "sim/random.h"

struct sim_database {
    struct store *store; /* NULL: it is down */
    void *host;
    /* Told when a node has written the progress of a partition, which must be under the newest epoch. */
    void (*wrote)(void *host, unsigned node, const struct store_lease *lease);
    /* Told of rows that the store has said are durable. */
    void (*appended)(void *host, const struct store_row *rows, size_t n);
};

struct sim_link {
    struct store base;
    struct sim_database *database;
    struct sim_random random;
    unsigned node;
    bool cut;           /* nothing passes */
    uint64_t cut_after; /* calls until it is cut, in the middle; 0: not */
    double lose_answer; /* chance that a write is done and said to have failed */
    uint64_t calls, failures;
    struct store_lease leases[STORE_PARTITIONS_MOST]; /* of the work under way */
    size_t n_leases;
    bool in_work;
    struct store *working; /* where it was begun */
};

void sim_link_init(struct sim_link *link, struct sim_database *database, unsigned node, uint64_t seed);

#endif
