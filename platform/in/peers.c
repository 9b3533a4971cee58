/* SPDX-License-Identifier: Apache-2.0
 *
 * The peers of a gateway: they come, speak, are answered and go; the limits in number and in time. What the
 * network tells (net.h) arrives here. Loop thread alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/limits.h"
#include "platform/base/log.h"
#include "platform/in/gateway_internal.h"

struct peer *gateway_peer(struct gateway *g, uint64_t number)
{
    struct peer *p;
    HASH_FIND(hh, g->peers, &number, sizeof number, p);
    return p;
}

void gateway_peer_add(struct gateway *g, struct peer *p)
{
    HASH_ADD(hh, g->peers, number, sizeof p->number, p);
}

void gateway_peer_remove(struct gateway *g, struct peer *p)
{
    HASH_DELETE(hh, g->peers, p);
}

/* --- counting connections by address --- */

static bool address_enter(struct gateway *g, const char *address)
{
    struct address_entry *e;
    HASH_FIND_STR(g->addresses, address, e);
    if (!e) {
        e = calloc(1, sizeof *e);
        if (!e)
            return false;
        snprintf(e->address, sizeof e->address, "%s", address);
        HASH_ADD_STR(g->addresses, address, e);
    }
    if (e->connections >= LIMIT_CONNECTIONS_PER_ADDRESS)
        return false;
    e->connections++;
    return true;
}

static void address_leave(struct gateway *g, const char *address)
{
    struct address_entry *e;
    HASH_FIND_STR(g->addresses, address, e);
    if (e && --e->connections == 0) {
        HASH_DEL(g->addresses, e);
        free(e);
    }
}

/* --- coming and going --- */

struct peer *gateway_opened(struct listener *l, const char *address, void *socket)
{
    struct gateway *g = l->gateway;
    static struct log_gate gate;
    if (g->counts.connections >= LIMIT_CONNECTIONS || !address_enter(g, address)) {
        g->counts.refused_connections++;
        log_gated(&gate, LOG_WARN, "in", "a connection from %s was refused: too many connections are open", address);
        return NULL;
    }
    struct peer *p = peer_new(&g->peer_host, l->proto, ++g->last_number, clock_now(&g->clock));
    if (!p) {
        address_leave(g, address);
        return NULL;
    }
    snprintf(p->address, sizeof p->address, "%s", address);
    p->listener = l;
    p->socket = socket;
    g->counts.accepted++;
    g->counts.connections++;
    gateway_peer_add(g, p);
    return p;
}

void gateway_close_peer(struct gateway *g, struct peer *p)
{
    if (p->closing)
        return;
    p->closing = true;
    g->counts.closed++;
    gateway_lock(g);
    gateway_unroute(g, p);
    gateway_unlock(g);
    gateway_peer_remove(g, p);
    if (p->packets) {
        HASH_DELETE(by_address, p->listener->senders, p);
        p->listener->n_senders--;
        g->counts.udp_peers--;
    } else {
        g->counts.connections--;
        address_leave(g, p->address);
        g->net.close(g->net.net, p->socket);
    }
    if (!p->busy)
        peer_free(p);
}

void gateway_hung_up(struct peer *p)
{
    gateway_close_peer(p->host->gateway, p);
}

/* --- what they say --- */

static void feed(struct gateway *g, struct peer *p, const uint8_t *at, size_t n)
{
    p->busy = true;
    gateway_release(g);
    gateway_lock(g);
    bool keep = p->closing || peer_feed(p, at, n, clock_now(&g->clock)) || p->packets;
    bool hold = keep && !p->closing && g->net.hold && !p->packets && gateway_greedy(g, p);
    g->held |= hold;
    gateway_unlock(g);
    if (hold) {
        g->counts.held++;
        g->net.hold(g->net.net, p->socket);
    }
    if (!keep)
        gateway_close_peer(g, p);
    p->busy = false;
    if (p->closing)
        peer_free(p);
}

void gateway_bytes(struct peer *p, const uint8_t *at, size_t n)
{
    feed(p->host->gateway, p, at, n);
}

/* The table keeps the order of their last packets: the first is silent longest. */
static struct peer *sender(struct listener *l, const struct net_address *from)
{
    struct gateway *g = l->gateway;
    struct peer *p;
    HASH_FIND(by_address, l->senders, from, sizeof *from, p);
    if (p) {
        HASH_DELETE(by_address, l->senders, p);
        HASH_ADD(by_address, l->senders, from, sizeof p->from, p);
        return p;
    }
    if (l->n_senders >= LIMIT_UDP_PEERS)
        gateway_close_peer(g, l->senders);
    p = peer_new(&g->peer_host, l->proto, ++g->last_number, clock_now(&g->clock));
    if (!p)
        return NULL;
    p->packets = true;
    p->listener = l;
    p->from = *from;
    g->net.name(from, p->address);
    HASH_ADD(by_address, l->senders, from, sizeof p->from, p);
    l->n_senders++;
    g->counts.udp_peers++;
    gateway_peer_add(g, p);
    return p;
}

void gateway_packet(struct listener *l, const struct net_address *from, const uint8_t *at, size_t n)
{
    struct gateway *g = l->gateway;
    g->counts.udp_packets++;
    struct peer *p = sender(l, from);
    if (!p) {
        g->counts.refused_connections++;
        return;
    }
    feed(g, p, at, n);
}

/* --- what they are told --- */

bool gateway_send(struct gateway *g, struct peer *p, const struct bulla_bytes *parts, size_t n)
{
    if (p->closing)
        return false;
    enum net_sent sent =
        p->packets ? g->net.send_packet(g->net.net, p->listener->socket, &p->from, parts, n) : g->net.send(g->net.net, p->socket, parts, n);
    if (sent == NET_SENT) {
        for (size_t i = 0; i < n; i++)
            g->counts.bytes_out += parts[i].len;
        return true;
    }
    g->counts.dropped_replies += n;
    if (sent == NET_FULL) {
        g->counts.closed_write++;
        gateway_close_peer(g, p);
    }
    return false;
}

/* --- listeners --- */

unsigned gateway_listen(struct gateway *g, const char *protocol, const char *transport, const char *address, unsigned port, char *why,
                        size_t size)
{
    bool automatic = strcmp(protocol, "auto") == 0;
    const struct proto *proto = automatic ? NULL : proto_find(protocol);
    if (!proto && !automatic) {
        snprintf(why, size, "protocol: expected one of `bulla decode --help`, got \"%s\"", protocol);
        return 0;
    }
    struct listener *l = calloc(1, sizeof *l);
    if (!l) {
        snprintf(why, size, "out of memory");
        return 0;
    }
    l->gateway = g;
    l->proto = proto;
    l->udp = strcmp(transport, "udp") == 0;
    l->port = port;
    l->socket = g->net.listen(g->net.net, l, l->udp, address, &l->port, why, size);
    if (!l->socket) {
        free(l);
        return 0;
    }
    char name[GATEWAY_TENANT_SIZE];
    snprintf(name, sizeof name, "%s/%s", protocol, transport);
    HASH_FIND_STR(g->quotas, name, l->quota);
    l->next = g->listeners;
    g->listeners = l;
    return l->port;
}

void gateway_listeners(const struct gateway *g, void (*each)(void *context, const char *protocol, const char *transport, unsigned port),
                       void *context)
{
    for (const struct listener *l = g->listeners; l; l = l->next)
        each(context, l->proto ? l->proto->name : "auto", l->udp ? "udp" : "tcp", l->port);
}

void gateway_listeners_free(struct gateway *g)
{
    while (g->listeners) {
        struct listener *l = g->listeners;
        g->listeners = l->next;
        free(l);
    }
    struct address_entry *e, *next;
    HASH_ITER(hh, g->addresses, e, next)
    {
        HASH_DEL(g->addresses, e);
        free(e);
    }
}

/* --- limits in time --- */

static bool overdue(struct gateway *g, const struct peer *p, int64_t now_ms)
{
    if (p->packets)
        return gateway_real(g, now_ms - p->heard_ms) > LIMIT_UDP_PEER_IDLE_MS;
    if (p->messages == 0 && gateway_real(g, now_ms - p->opened_ms) > LIMIT_FIRST_MESSAGE_MS) {
        g->counts.closed_slow++;
        return true;
    }
    if (p->partial_since_ms && gateway_real(g, now_ms - p->partial_since_ms) > LIMIT_PARTIAL_MS) {
        g->counts.closed_slow++;
        return true;
    }
    if (gateway_real(g, now_ms - p->heard_ms) > LIMIT_IDLE_MS) {
        g->counts.closed_idle++;
        return true;
    }
    return false;
}

void gateway_sweep(struct gateway *g, int64_t now_ms)
{
    struct peer *p, *next;
    HASH_ITER(hh, g->peers, p, next)
    {
        if (overdue(g, p, now_ms))
            gateway_close_peer(g, p);
    }
}

void gateway_close_all(struct gateway *g)
{
    if (g->closed)
        return;
    g->closed = true;
    g->net.unlisten(g->net.net);
    struct peer *p, *next;
    HASH_ITER(hh, g->peers, p, next)
    {
        gateway_close_peer(g, p);
    }
}
