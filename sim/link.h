/* SPDX-License-Identifier: Apache-2.0
 *
 * The department's database as a node reaches it: a store that passes every call on to one store that several nodes of a
 * simulation share, over a connection that can be lost in the middle of work, before a call or after it was done and before its
 * answer came. Before any call the node can be made to stand still, while others go on with the same store.
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

/* Where in a turn a node stands still: before a call of this kind. */
enum sim_stage {
    SIM_STAGE_OTHER,
    SIM_STAGE_BEGIN,    /* what is to be stored was taken, and work has not begun */
    SIM_STAGE_APPEND,   /* of observations, within work */
    SIM_STAGE_PROGRESS, /* all results are written, how far it has come is not */
    SIM_STAGE_END,
    SIM_STAGE_ANY, /* any call, also one outside of work */
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
    bool lost;             /* the connection broke within the work: nothing more of it passes */
    struct store *working; /* where it was begun */
    unsigned depth;        /* calls under way: what is told of records makes calls */
    enum sim_stage stand_before;
    unsigned stand_after;      /* calls of this kind until it stands still; 0: it does not */
    void (*stand)(void *host); /* returns when it goes on */
    void *host;
};

void sim_link_init(struct sim_link *link, struct sim_database *database, unsigned node, uint64_t seed);
/* The database goes: work that was begun there is undone. In the thread that began it. */
void sim_link_break(struct sim_link *link);

#endif
