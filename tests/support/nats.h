/* SPDX-License-Identifier: Apache-2.0
 *
 * nats-server processes for tests: one, or a JetStream cluster, in a folder of their own under /tmp and on free ports. They die
 * with the test. Failures end the test by cmocka.
 */
#ifndef TESTS_NATS_H
#define TESTS_NATS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define NATS_SERVERS 5

struct nats_servers {
    unsigned n;
    char folder[64];
    unsigned short port[NATS_SERVERS], cluster_port[NATS_SERVERS];
    pid_t pid[NATS_SERVERS]; /* 0: not running */
    const char *user, *password;
};

bool nats_servers_installed(void); /* false: the test is skipped (77) */

/* Starts n servers (1: no cluster) and waits until they answer, and for a cluster until it has a leader. user may be NULL. */
void nats_servers_start(struct nats_servers *servers, unsigned n, const char *user, const char *password);
void nats_servers_start_one(struct nats_servers *servers, unsigned which);         /* again, on the same port and data */
void nats_servers_kill(struct nats_servers *servers, unsigned which);              /* -9 */
void nats_servers_stop(struct nats_servers *servers);                              /* all, and removes the folder */
void nats_servers_url(const struct nats_servers *servers, char *url, size_t size); /* nats://... of all */
double nats_servers_cpu_s(const struct nats_servers *servers);                     /* of those that run */
/* n1 is 0, n2 is 1 ...: the server of this name, or -1. */
int nats_servers_find(const struct nats_servers *servers, const char *name);

#endif
