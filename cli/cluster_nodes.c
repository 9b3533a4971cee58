/* SPDX-License-Identifier: Apache-2.0
 *
 * The nodes of a cluster on this machine: how each is started, and how it is, as its API tells.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/cluster.h"
#include "cli/cluster_http.h"

#define READY_MS 60000
#define POLL_MS  100

/* --- starting --- */

static bool make_node(struct cluster *c, unsigned i, const char *program)
{
    struct cluster_process *p = &c->nodes[i];
    struct cluster_node *at = &c->at[i];
    char name[8], config[CLUSTER_PATH_SIZE];
    snprintf(name, sizeof name, "n%u", i + 1);
    snprintf(config, sizeof config, "%s/%s.json", c->folder, name);
    cluster_process_init(p, name, c->folder, SIGTERM);
    snprintf(p->about, sizeof p->about, "http://127.0.0.1:%u/", at->http);
    /* Secrets stand in the file: a command line can be read by everybody on the machine. */
    if (!cluster_write_file(config, "{\"store\": \"%s\", \"bus\": \"%s\"}\n", c->store_url, c->bus_url))
        return false;
    cluster_process_arg(p, "%s", program);
    cluster_process_arg(p, "serve");
    cluster_process_arg(p, "--config=%s", config);
    cluster_process_arg(p, "--node=%s", name);
    cluster_process_arg(p, "--data=%s/%s", c->folder, name);
    cluster_process_arg(p, "--http=127.0.0.1:%u", at->http);
    cluster_process_arg(p, "--listen=jt701=tcp:%u,jt808=tcp:%u", at->jt701, at->jt808);
    return true;
}

bool cluster_nodes_make(struct cluster *c, unsigned http)
{
    char program[CLUSTER_PATH_SIZE];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n <= 0) {
        cli_say("/proc/self/exe: cannot be read");
        return false;
    }
    program[n] = '\0';
    for (unsigned i = 0; i < c->n_nodes; i++) {
        c->at[i] = (struct cluster_node){http ? http + i : cluster_free_port(), cluster_free_port(), cluster_free_port(), false};
        if (cluster_listens(c->at[i].http)) {
            cli_say("--http: 127.0.0.1:%u is in use; give another, or 0 for any", c->at[i].http);
            return false;
        }
        if (!make_node(c, i, program))
            return false;
    }
    return true;
}

static bool is_ready(const struct cluster *c, unsigned i)
{
    return cluster_http(&(struct cluster_asked){c->at[i].http, "GET", "/readyz", NULL, NULL}, NULL, NULL, 0) == 200;
}

bool cluster_nodes_wait(struct cluster *c)
{
    for (int waited = 0; waited < READY_MS; waited += POLL_MS) {
        unsigned ready = 0;
        for (unsigned i = 0; i < c->n_nodes; i++) {
            c->at[i].ready = c->at[i].ready || is_ready(c, i);
            ready += c->at[i].ready;
            if (c->nodes[i].pid == 0) {
                cluster_process_tail(&c->nodes[i]);
                return false;
            }
        }
        if (ready == c->n_nodes)
            return true;
        if (cluster_pause(c, POLL_MS))
            return false;
    }
    for (unsigned i = 0; i < c->n_nodes; i++)
        if (!c->at[i].ready) {
            cli_say("%s has not become ready within %d s", c->nodes[i].name, READY_MS / 1000);
            cluster_process_tail(&c->nodes[i]);
        }
    return false;
}

void cluster_print_where(const struct cluster *c)
{
    for (unsigned i = 0; i < c->n_nodes; i++)
        printf("  node    %-3s pid %-7d %-30s log %s\n", c->nodes[i].name, (int)c->nodes[i].pid, c->nodes[i].about, c->nodes[i].log);
    for (unsigned i = 0; i < CLUSTER_BROKERS; i++)
        printf("  broker  %-3s pid %-7d %s\n", c->brokers[i].name, (int)c->brokers[i].pid, c->brokers[i].about);
    printf("  store   %-3s pid %-7d %s\n", c->db.name, (int)c->db.pid, c->db.about);
}

/* --- how they are --- */

/* Any node does: sessions are in the store. */
static bool sign_in(struct cluster *c, unsigned port)
{
    json_t *json = json_pack("{s:s, s:s}", "name", "admin", "password", c->password);
    char *body = json ? json_dumps(json, JSON_COMPACT) : NULL;
    struct cluster_asked asked = {port, "POST", "/api/v1/session", NULL, body};
    int status = body ? cluster_http(&asked, NULL, c->cookie, sizeof c->cookie) : 0;
    free(body);
    json_decref(json);
    return status == 200;
}

/* What a node says of the cluster: a new reference, or NULL. */
static json_t *ask(struct cluster *c, unsigned i)
{
    struct cluster_asked asked = {c->at[i].http, "GET", "/api/v1/cluster", c->cookie, NULL};
    json_t *body = NULL;
    int status = cluster_http(&asked, &body, NULL, 0);
    if (status == 401 && sign_in(c, asked.port)) {
        json_decref(body);
        status = cluster_http(&asked, &body, NULL, 0);
    }
    if (status == 200)
        return body;
    json_decref(body);
    return NULL;
}

static json_int_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* A node's entry in the list that some node gave. */
static const json_t *entry_of(const json_t *answer, const char *name)
{
    const json_t *nodes = json_object_get(answer, "nodes");
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const json_t *node = json_array_get(nodes, i);
        const char *text = json_string_value(json_object_get(node, "name"));
        if (text && strcmp(text, name) == 0)
            return node;
    }
    return NULL;
}

static const char *state_of(const struct cluster *c, unsigned i, const json_t *own, const json_t *entry)
{
    if (c->nodes[i].pid == 0)
        return WIFSIGNALED(c->nodes[i].ended) ? "killed" : "stopped";
    if (!own)
        return "starting";
    return json_is_true(json_object_get(entry, "draining")) ? "draining" : "up";
}

static void print_node(const struct cluster *c, unsigned i, const json_t *own, const json_t *any)
{
    const json_t *entry = entry_of(any, c->nodes[i].name), *outbox = json_object_get(own, "outbox");
    char pid[16] = "-", held[24] = "-", backlog[80] = "-";
    if (c->nodes[i].pid)
        snprintf(pid, sizeof pid, "%d", (int)c->nodes[i].pid);
    if (entry)
        snprintf(held, sizeof held, "%lld", (long long)number_of(entry, "partitions"));
    if (json_is_object(outbox))
        snprintf(backlog, sizeof backlog, "%lld messages in %lld parcels", (long long)number_of(outbox, "rows"),
                 (long long)number_of(outbox, "parcels"));
    printf("  %-5s %-9s %-9s %-11s %-30s %s\n", c->nodes[i].name, pid, state_of(c, i, own, entry), held, backlog, c->nodes[i].about);
}

void cluster_print_status(struct cluster *c, struct world *world)
{
    json_t *answers[CLUSTER_NODES_MAX] = {NULL}, *any = NULL;
    for (unsigned i = 0; i < c->n_nodes; i++) {
        answers[i] = c->nodes[i].pid ? ask(c, i) : NULL;
        any = any ? any : answers[i];
    }
    printf("  %-5s %-9s %-9s %-11s %-30s %s\n", "node", "pid", "state", "partitions", "backlog", "workplace");
    for (unsigned i = 0; i < c->n_nodes; i++)
        print_node(c, i, answers[i], any);
    if (any)
        printf("  of %lld partitions; as %s tells\n", (long long)number_of(any, "partitions"),
               json_string_value(json_object_get(any, "node")) ? json_string_value(json_object_get(any, "node")) : "a node");
    for (unsigned i = 0; i < CLUSTER_BROKERS; i++)
        printf("  %-5s %-9d %s\n", c->brokers[i].name, (int)c->brokers[i].pid, c->brokers[i].pid ? c->brokers[i].about : "gone");
    printf("  %-5s %-9d %s\n", c->db.name, (int)c->db.pid, c->db.pid ? c->db.about : "gone");
    if (world) {
        struct world_counts counts = world_counts(world);
        printf("  %u of %u seals are connected; %llu of their messages are acknowledged, %llu wait\n", counts.connected, counts.devices,
               (unsigned long long)counts.acknowledged, (unsigned long long)counts.waiting);
    }
    fflush(stdout);
    for (unsigned i = 0; i < c->n_nodes; i++)
        json_decref(answers[i]);
}
