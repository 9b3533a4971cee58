/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of `bulla cluster`: a database, three brokers, several nodes, each a process of its own (cluster_process.h).
 *
 *   cluster_services.c  PostgreSQL and NATS: found, given a directory and secrets of their own, started, waited for
 *   cluster_nodes.c     the nodes: started, waited for, asked how they are
 *   cluster.c           the command: the order of things, what is typed, the end
 */
#ifndef CLI_CLUSTER_H
#define CLI_CLUSTER_H

#include "cli/cluster_process.h"
#include "sim/world.h"

#define CLUSTER_BROKERS     3
#define CLUSTER_NODES_MAX   9
#define CLUSTER_SECRET_SIZE 49

struct cluster_node {
    unsigned http, jt701, jt808; /* ports of 127.0.0.1 */
    bool ready;                  /* it was, since it was started */
};

struct cluster {
    char folder[400];
    struct cluster_process db, brokers[CLUSTER_BROKERS], nodes[CLUSTER_NODES_MAX];
    struct cluster_node at[CLUSTER_NODES_MAX];
    unsigned n_nodes;
    unsigned broker_ports[CLUSTER_BROKERS], monitor_ports[CLUSTER_BROKERS];
    char store_url[200], bus_url[400];
    char password[64]; /* of the demo's users */
    char cookie[200];  /* of the session in which the nodes are asked */
    int signals;       /* descriptor of SIGINT, SIGTERM, SIGCHLD */
    bool stopping;
};

/* Waits so long at most, and notices what has ended. True when asked to stop. */
bool cluster_pause(struct cluster *c, int ms);

/* All processes that there are: i from 0 until NULL; the database first, the nodes last. */
struct cluster_process *cluster_process_at(struct cluster *c, unsigned i);

/* --- cluster_services.c; false after telling stderr --- */
bool cluster_secret(char to[CLUSTER_SECRET_SIZE]);
bool cluster_write_file(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool cluster_brokers_start(struct cluster *c);
bool cluster_brokers_wait(struct cluster *c);
bool cluster_db_make(struct cluster *c);
bool cluster_db_wait(struct cluster *c);

/* --- cluster_nodes.c --- */
/* Chooses ports, the first node's HTTP port being `http` (0: any), and writes how each node is to be started. */
bool cluster_nodes_make(struct cluster *c, unsigned http);
/* Waits until all nodes that run are ready; false when one has ended, or after a minute. */
bool cluster_nodes_wait(struct cluster *c);
void cluster_print_where(const struct cluster *c);
void cluster_print_status(struct cluster *c, struct world *world);

#endif
