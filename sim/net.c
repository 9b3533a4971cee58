/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LISTENERS_MOST = 4, PIECE_MOST = 65536 };

struct piece { /* of what waits because the node does not read, or because nothing passes */
    struct piece *next;
    size_t n;
    uint8_t bytes[];
};

struct sim_wire {
    struct sim_net *net;
    unsigned node, port, refs;
    uint64_t life;               /* of the node, when it was opened */
    struct peer *peer;           /* NULL: the gateway has closed it, or has died */
    bool device_has;             /* the device has not closed it */
    bool up_broken, down_broken; /* nothing more is sent this way */
    struct sim_wire_host host;
    int64_t up_us, down_us;         /* when the last piece arrives */
    struct piece *held, **held_end; /* towards the node */
    struct sim_wire *next;
};

struct place {
    struct sim_net *net;
    unsigned number;
    uint64_t life;
    struct {
        struct listener *listener;
        unsigned port;
    } listeners[LISTENERS_MOST];
    size_t n_listeners;
    bool deaf, parted;
    void (*wake)(void *context);
    void *wake_context;
};

struct sim_net {
    struct sim_events *events;
    struct sim_random random;
    struct sim_net_faults faults;
    struct sim_net_counts counts;
    struct place places[SIM_NODES_MOST];
    struct sim_wire *wires;
};

static void free_held(struct sim_wire *w)
{
    while (w->held) {
        struct piece *next = w->held->next;
        free(w->held);
        w->held = next;
    }
    w->held_end = &w->held;
}

static void let_go(struct sim_wire *w)
{
    if (--w->refs > 0)
        return;
    struct sim_wire **at = &w->net->wires;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    free_held(w);
    free(w);
}

static bool is_alive(const struct sim_wire *w)
{
    return w->peer && w->life == w->net->places[w->node].life;
}

static int64_t latency(struct sim_net *net)
{
    return 50 + (net->faults.latency_us ? sim_random_below(&net->random, net->faults.latency_us) : 0);
}

static void wake(struct sim_net *net, unsigned node)
{
    if (net->places[node].wake)
        net->places[node].wake(net->places[node].wake_context);
}

/* --- towards the node --- */

struct flight { /* a piece under way, or the end of the connection */
    struct sim_wire *wire;
    size_t n; /* 0: the end */
    uint8_t bytes[];
};

static void hold(struct sim_wire *w, const uint8_t *at, size_t n)
{
    struct piece *p = malloc(sizeof *p + n);
    if (!p)
        abort();
    p->next = NULL;
    p->n = n;
    if (n)
        memcpy(p->bytes, at, n);
    *w->held_end = p;
    w->held_end = &p->next;
    w->net->counts.held++;
}

static void give_up(struct sim_wire *w, const uint8_t *at, size_t n)
{
    struct sim_net *net = w->net;
    if (!is_alive(w))
        return;
    if (n == 0) {
        struct peer *peer = w->peer;
        gateway_hung_up(peer); /* calls close() */
    } else {
        net->counts.bytes_up += n;
        gateway_bytes(w->peer, at, n);
    }
    wake(net, w->node);
}

static bool is_stopped(const struct sim_wire *w)
{
    const struct place *p = &w->net->places[w->node];
    return p->deaf || p->parted || w->held;
}

static void arrive_up(void *context, uint64_t argument)
{
    struct flight *f = context;
    (void)argument;
    if (is_alive(f->wire) && is_stopped(f->wire))
        hold(f->wire, f->bytes, f->n);
    else
        give_up(f->wire, f->bytes, f->n);
    let_go(f->wire);
    free(f);
}

static void send_up(struct sim_wire *w, const uint8_t *at, size_t n)
{
    struct flight *f = malloc(sizeof *f + n);
    if (!f)
        abort();
    f->wire = w;
    f->n = n;
    if (n)
        memcpy(f->bytes, at, n);
    w->refs++;
    int64_t arrives_us = w->net->events->now_us + latency(w->net);
    w->up_us = arrives_us > w->up_us ? arrives_us : w->up_us + 1;
    sim_events_in(w->net->events, w->up_us - w->net->events->now_us, arrive_up, f, 0);
}

static void give_held_of(struct sim_wire *w)
{
    struct place *p = &w->net->places[w->node];
    w->refs++;
    while (w->held && !p->deaf && !p->parted) {
        struct piece *piece = w->held;
        w->held = piece->next;
        w->held_end = w->held ? w->held_end : &w->held;
        give_up(w, piece->bytes, piece->n);
        free(piece);
    }
}

static void give_held(void *context, uint64_t node)
{
    struct sim_net *net = context;
    for (struct sim_wire *w = net->wires, *next; w; w = next) {
        if (w->node == node)
            give_held_of(w);
        next = w->next;
        if (w->node == node)
            let_go(w);
    }
}

/* What was held back goes on, before what comes meanwhile: a connection keeps the order. */
static void release_held(struct sim_net *net, unsigned node)
{
    sim_events_in(net->events, latency(net), give_held, net, node);
}

/* --- towards the device --- */

static void close_device(struct sim_wire *w)
{
    if (!w->device_has)
        return;
    w->device_has = false;
    w->host.closed(w->host.context);
    let_go(w);
}

static void arrive_down(void *context, uint64_t argument)
{
    struct flight *f = context;
    struct sim_wire *w = f->wire;
    (void)argument;
    if (w->device_has && f->n == 0)
        close_device(w);
    else if (w->device_has && !w->net->places[w->node].parted) {
        w->net->counts.bytes_down += f->n;
        w->host.bytes(w->host.context, f->bytes, f->n);
    }
    let_go(w);
    free(f);
}

static void send_down(struct sim_wire *w, const uint8_t *at, size_t n, int64_t more_us)
{
    struct flight *f = malloc(sizeof *f + n);
    if (!f)
        abort();
    f->wire = w;
    f->n = n;
    if (n)
        memcpy(f->bytes, at, n);
    w->refs++;
    int64_t arrives_us = w->net->events->now_us + latency(w->net) + more_us;
    w->down_us = arrives_us > w->down_us ? arrives_us : w->down_us + 1;
    sim_events_in(w->net->events, w->down_us - w->net->events->now_us, arrive_down, f, 0);
}

/* How long until the other side notices that nobody is there any more. */
static int64_t until_noticed(struct sim_net *net)
{
    return sim_random_chance(&net->random, 0.5) ? 1000 : (int64_t)sim_random_below(&net->random, 180) * 1000000;
}

/* --- the port --- */

static void *do_listen(void *context, struct listener *listener, bool packets, const char *address, unsigned *port, char *why, size_t size)
{
    struct place *p = context;
    (void)address;
    if (packets || p->n_listeners == LISTENERS_MOST) {
        snprintf(why, size, "the simulated network has connections alone, on %d ports", LISTENERS_MOST);
        return NULL;
    }
    p->listeners[p->n_listeners].listener = listener;
    p->listeners[p->n_listeners].port = *port ? *port : 1;
    *port = p->listeners[p->n_listeners].port;
    return &p->listeners[p->n_listeners++];
}

static enum net_sent do_send(void *context, void *socket, const struct bulla_bytes *parts, size_t n)
{
    struct sim_wire *w = socket;
    struct sim_net *net = w->net;
    (void)context;
    for (size_t i = 0; i < n; i++) {
        if (w->down_broken || !w->device_has || !parts[i].len)
            continue;
        if (sim_random_chance(&net->random, net->faults.lose)) { /* cut off in the middle */
            size_t kept = sim_random_below(&net->random, (uint32_t)parts[i].len);
            if (kept)
                send_down(w, parts[i].at, kept, 0);
            w->down_broken = w->up_broken = true;
            net->counts.broken++;
            send_down(w, NULL, 0, until_noticed(net));
            send_up(w, NULL, 0);
            continue;
        }
        send_down(w, parts[i].at, parts[i].len, 0);
    }
    return NET_SENT;
}

static enum net_sent do_send_packet(void *context, void *listening, const struct net_address *to, const struct bulla_bytes *parts, size_t n)
{
    (void)context;
    (void)listening;
    (void)to;
    (void)parts;
    (void)n;
    return NET_DROPPED;
}

static void do_close(void *context, void *socket)
{
    struct sim_wire *w = socket;
    (void)context;
    if (!w->peer)
        return;
    w->peer = NULL;
    free_held(w);
    if (w->device_has && !w->down_broken)
        send_down(w, NULL, 0, 0);
    w->down_broken = true;
    let_go(w);
}

static void do_reading(void *context, bool on)
{
    struct place *p = context;
    p->deaf = !on;
    if (on && !p->parted)
        release_held(p->net, p->number);
}

static void do_name(const struct net_address *from, char to[64])
{
    (void)from;
    snprintf(to, 64, "simulated");
}

static void do_unlisten(void *context)
{
    struct place *p = context;
    p->n_listeners = 0;
}

void sim_net_gateway(struct sim_net *net, unsigned node, void (*wake_fn)(void *context), void *context, struct gateway_net *out)
{
    struct place *p = &net->places[node];
    p->net = net;
    p->number = node;
    p->n_listeners = 0;
    p->deaf = false;
    p->wake = wake_fn;
    p->wake_context = context;
    *out = (struct gateway_net){.net = p,
                                .listen = do_listen,
                                .send = do_send,
                                .send_packet = do_send_packet,
                                .close = do_close,
                                .reading = do_reading,
                                .name = do_name,
                                .unlisten = do_unlisten};
}

void sim_net_node_down(struct sim_net *net, unsigned node)
{
    net->places[node].life++;
    net->places[node].n_listeners = 0;
    net->places[node].wake = NULL;
    net->places[node].deaf = false;
    for (struct sim_wire *w = net->wires, *next; w; w = next) {
        next = w->next;
        if (w->node != node || !w->peer)
            continue;
        w->refs++;
        w->peer = NULL;
        free_held(w);
        if (w->device_has && !w->down_broken)
            send_down(w, NULL, 0, until_noticed(net));
        w->down_broken = true;
        next = w->next;
        let_go(w); /* the gateway's */
        let_go(w);
    }
}

void sim_net_part(struct sim_net *net, unsigned node, bool parted)
{
    net->places[node].parted = parted;
    if (!parted && !net->places[node].deaf)
        release_held(net, node);
}

/* --- the device's side --- */

static struct listener *listener_of(const struct place *p, unsigned port)
{
    for (size_t i = 0; i < p->n_listeners; i++)
        if (p->listeners[i].port == port)
            return p->listeners[i].listener;
    return NULL;
}

struct sim_wire *sim_net_connect(struct sim_net *net, unsigned node, unsigned port, const struct sim_wire_host *host)
{
    struct place *p = &net->places[node];
    struct listener *listener = p->parted ? NULL : listener_of(p, port);
    struct sim_wire *w = listener ? calloc(1, sizeof *w) : NULL;
    if (!w)
        return NULL;
    *w = (struct sim_wire){
        .net = net, .node = node, .port = port, .refs = 2, .life = p->life, .device_has = true, .host = *host, .next = net->wires};
    w->held_end = &w->held;
    net->wires = w;
    w->peer = gateway_opened(listener, "10.0.0.1", w);
    if (!w->peer) {
        w->refs = 1;
        w->device_has = false;
        let_go(w);
        return NULL;
    }
    net->counts.opened++;
    wake(net, node);
    return w;
}

static void damage(struct sim_wire *w, const uint8_t *at, size_t n)
{
    struct sim_net *net = w->net;
    uint8_t copy[PIECE_MOST];
    if (n < 8 || n > sizeof copy)
        return;
    memcpy(copy, at, n);
    /* One byte: a check sum finds that. Not at the ends: it stays a message of its length. */
    copy[4 + sim_random_below(&net->random, (uint32_t)n - 6)] ^= (uint8_t)(1 + sim_random_below(&net->random, 255));
    net->counts.garbled++;
    send_up(w, copy, n);
}

static void cut_up(struct sim_wire *w, const uint8_t *at, size_t n)
{
    struct sim_net *net = w->net;
    size_t kept = sim_random_below(&net->random, (uint32_t)n);
    if (kept)
        send_up(w, at, kept);
    w->up_broken = w->down_broken = true;
    net->counts.broken++;
    send_down(w, NULL, 0, until_noticed(net));
    if (sim_random_chance(&net->random, 0.7)) /* else the gateway finds out by itself that nobody speaks any more */
        send_up(w, NULL, 0);
}

void sim_wire_send(struct sim_wire *w, const uint8_t *at, size_t n)
{
    struct sim_net *net = w->net;
    if (w->up_broken || !n)
        return;
    if (sim_random_chance(&net->random, net->faults.lose)) {
        cut_up(w, at, n);
        return;
    }
    if (w->port == net->faults.garble_port && sim_random_chance(&net->random, net->faults.garble))
        damage(w, at, n);
    if (sim_random_chance(&net->random, net->faults.repeat)) {
        net->counts.repeated++;
        send_up(w, at, n);
    }
    size_t first = sim_random_chance(&net->random, 0.3) ? sim_random_below(&net->random, (uint32_t)n) : 0;
    if (first)
        send_up(w, at, first);
    send_up(w, at + first, n - first);
}

void sim_wire_close(struct sim_wire *w)
{
    if (!w->device_has)
        return;
    w->device_has = false;
    if (!w->up_broken)
        send_up(w, NULL, 0);
    w->up_broken = true;
    let_go(w);
}

/* --- life --- */

struct sim_net *sim_net_new(struct sim_events *events, uint64_t seed)
{
    struct sim_net *net = calloc(1, sizeof *net);
    if (net) {
        net->events = events;
        net->random = sim_random_new(seed);
    }
    return net;
}

void sim_net_free(struct sim_net *net)
{
    while (net && net->wires) {
        struct sim_wire *next = net->wires->next;
        free_held(net->wires);
        free(net->wires);
        net->wires = next;
    }
    free(net);
}

void sim_net_set_faults(struct sim_net *net, const struct sim_net_faults *faults)
{
    net->faults = *faults;
}

struct sim_net_counts sim_net_counts(const struct sim_net *net)
{
    return net->counts;
}
