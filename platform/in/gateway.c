/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop thread and its hand-over to the engine thread. Sockets are in tcp.c and udp.c.
 */
#include "platform/in/gateway_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#include "platform/base/limits.h"
#include "platform/base/log.h"

static struct batch *filling(struct gateway *g)
{
    return g->filling;
}

static bool profile_of(struct gateway *g, const char *seal, struct proto_profile *out)
{
    return g->host.profile && g->host.profile(g->host.host, seal, out);
}

/* --- routes: which peer speaks for a seal (loop thread) --- */

static void note(struct gateway *g, enum batch_note_kind kind, const char *seal, const char *command, int32_t serial)
{
    struct batch_note *n = batch_put_note(g->filling);
    if (!n)
        return;
    n->kind = kind;
    n->serial = serial;
    n->at_ms = clock_now(&g->clock);
    snprintf(n->seal, sizeof n->seal, "%s", seal);
    snprintf(n->command, sizeof n->command, "%s", command);
}

static void leave_peer(struct gateway *g, struct route_entry *r)
{
    struct peer *p = gateway_peer(g, r->peer);
    if (!p)
        return;
    DL_DELETE(p->routes, r);
    p->n_routes--;
}

static void forget_route(struct gateway *g, struct route_entry *r)
{
    note(g, NOTE_DISCONNECTED, r->seal, "", -1);
    leave_peer(g, r);
    HASH_DEL(g->routes, r);
    free(r);
}

/* A connection may speak for several seals: a lock and those that are heard through it. */
static void route_to(struct gateway *g, struct peer *p, const char *seal)
{
    struct route_entry *r;
    HASH_FIND_STR(g->routes, seal, r);
    if (r && r->peer == p->number)
        return;
    if (r) {
        leave_peer(g, r);
    } else {
        r = calloc(1, sizeof *r);
        if (!r)
            return;
        snprintf(r->seal, sizeof r->seal, "%s", seal);
        HASH_ADD_STR(g->routes, seal, r);
    }
    r->peer = p->number;
    DL_PREPEND(p->routes, r);
    note(g, NOTE_CONNECTED, seal, "", -1);
    if (++p->n_routes > LIMIT_SEALS_PER_CONNECTION)
        forget_route(g, p->routes->prev);
}

void gateway_unroute(struct gateway *g, const struct peer *p)
{
    while (p->routes)
        forget_route(g, p->routes);
}

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

/* --- the filling batch --- */

static void release_stored(struct gateway *g);

/* Whatever is stored is answered first: so there are never more batches than the few that are under way, however long the
 * loop is busy with reading. That may close any peer, also the one that is about to be fed. */
void gateway_lock(struct gateway *g)
{
    pthread_mutex_lock(&g->mutex);
    while (!g->stopping) {
        bool full = g->filling->n_rows >= LIMIT_BATCH_ROWS || g->filling->n_bytes >= LIMIT_BATCH_BYTES;
        if (g->stored) {
            pthread_mutex_unlock(&g->mutex);
            release_stored(g);
            pthread_mutex_lock(&g->mutex);
        } else if (full) { /* back-pressure: while the disk is behind, sockets are not read and their senders wait */
            g->counts.stalled++;
            pthread_cond_signal(&g->filled);
            pthread_cond_wait(&g->emptied, &g->mutex);
        } else {
            break;
        }
    }
}

void gateway_unlock(struct gateway *g)
{
    bool something = !batch_empty(g->filling);
    pthread_mutex_unlock(&g->mutex);
    if (something)
        pthread_cond_signal(&g->filled);
}

static struct batch *spare_batch(struct gateway *g)
{
    struct batch *b = g->spare;
    if (b)
        g->spare = b->next;
    else
        b = batch_new();
    if (b)
        batch_clear(b);
    return b;
}

static void wait_for_rows(struct gateway *g, unsigned wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    until.tv_sec += (time_t)(wait_ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (batch_empty(g->filling) && !g->woken && !g->stopping)
        if (pthread_cond_timedwait(&g->filled, &g->mutex, &until) != 0)
            break;
}

struct batch *gateway_take(struct gateway *g, unsigned wait_ms)
{
    pthread_mutex_lock(&g->mutex);
    wait_for_rows(g, wait_ms);
    g->woken = false;
    /* A commit costs the same for one row as for a thousand: when messages come fast, let some gather. */
    if (g->last_rows > 64 && g->filling->n_rows < LIMIT_BATCH_ROWS / 2 && !g->stopping) {
        pthread_mutex_unlock(&g->mutex);
        nanosleep(&(struct timespec){0, LIMIT_COMMIT_MS * 1000000L}, NULL);
        pthread_mutex_lock(&g->mutex);
    }
    struct batch *taken = NULL, *fresh = NULL;
    if (!batch_empty(g->filling) && (fresh = spare_batch(g))) {
        taken = g->filling;
        g->filling = fresh;
        g->last_rows = taken->n_rows;
        atomic_store(&taken->users, g->deaf ? 1 : 2); /* the engine thread, and the loop thread for its replies */
    } else {
        g->last_rows = 0;
    }
    pthread_cond_broadcast(&g->emptied);
    pthread_mutex_unlock(&g->mutex);
    return taken;
}

static void give_back(struct gateway *g, struct batch *b)
{
    if (atomic_fetch_sub(&b->users, 1) != 1)
        return;
    pthread_mutex_lock(&g->mutex);
    b->next = g->spare;
    g->spare = b;
    pthread_mutex_unlock(&g->mutex);
}

void gateway_stored(struct gateway *g, struct batch *b)
{
    pthread_mutex_lock(&g->mutex);
    bool deaf = g->deaf;
    if (!deaf) {
        b->next = NULL;
        *g->stored_end = b;
        g->stored_end = &b->next;
        uv_async_send(&g->async);
        pthread_cond_signal(&g->emptied); /* the loop thread may be waiting for room */
    }
    pthread_mutex_unlock(&g->mutex);
    if (deaf && atomic_load(&b->users) == 2)
        give_back(g, b); /* the share of the loop thread, which will not come for it */
}

void gateway_done(struct gateway *g, struct batch *b)
{
    give_back(g, b);
}


void gateway_wake(struct gateway *g)
{
    pthread_mutex_lock(&g->mutex);
    g->woken = true;
    pthread_mutex_unlock(&g->mutex);
    pthread_cond_signal(&g->filled);
}

/* --- what the engine thread asks of the loop thread --- */

static void send_replies(struct gateway *g, const struct batch *b)
{
    for (size_t i = 0; i < b->n_replies;) {
        /* All replies for one peer that stand together go out in one write. */
        uint64_t number = b->replies[i].peer;
        uv_buf_t bufs[16];
        unsigned n = 0;
        for (; i < b->n_replies && n < 16 && b->replies[i].peer == number; i++)
            bufs[n++] = uv_buf_init((char *)b->bytes + b->replies[i].at, (unsigned)b->replies[i].len);
        struct peer *p = gateway_peer(g, number);
        if (p)
            gateway_send(g, p, bufs, n);
        else
            g->counts.dropped_replies += n;
    }
}

bool gateway_args(char *text, struct proto_args *out)
{
    out->n = 0;
    for (char *line = strtok_r(text, "\n", &text); line; line = strtok_r(NULL, "\n", &text)) {
        char *equals = strchr(line, '=');
        if (!equals || out->n >= PROTO_ARGS_MAX)
            return false;
        *equals = '\0';
        out->arg[out->n++] = (struct proto_arg){line, equals + 1};
    }
    return true;
}

/* Writes a command to the peer that speaks for its seal; false: there is none, or the protocol refused it. */
static bool send_command(struct gateway *g, struct order *order)
{
    struct route_entry *r;
    struct proto_args args;
    uint8_t bytes[4096];
    HASH_FIND_STR(g->routes, order->seal, r);
    struct peer *p = r ? gateway_peer(g, r->peer) : NULL;
    if (!p || !p->proto || p->closing || !gateway_args(order->args, &args))
        return false;
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    p->link.now_ms = clock_now(&g->clock);
    p->link.error[0] = '\0';
    enum bulla_status status = p->proto->encode(&p->link, strchr(order->seal, ':') + 1, order->name, &args, &w);
    if (status != BULLA_OK || w.failed) {
        log_say(LOG_WARN, "in", "command %s for %s cannot be written: %s", order->name, order->seal, p->link.error);
        return false;
    }
    uv_buf_t buf = uv_buf_init((char *)bytes, (unsigned)w.len);
    return gateway_send(g, p, &buf, 1);
}

static void run_orders(struct gateway *g, struct order *orders)
{
    while (orders) {
        struct order *order = orders;
        orders = order->next;
        if (order->name[0]) {
            bool sent = send_command(g, order);
            pthread_mutex_lock(&g->mutex);
            note(g, sent ? NOTE_SENT : NOTE_UNSENT, order->seal, order->command, -1);
            pthread_mutex_unlock(&g->mutex);
            pthread_cond_signal(&g->filled);
        } else { /* the seal's set-up changed */
            struct route_entry *r;
            HASH_FIND_STR(g->routes, order->seal, r);
            struct peer *p = r ? gateway_peer(g, r->peer) : NULL;
            if (p)
                p->profile_known = false;
        }
        OPENSSL_cleanse(order, sizeof *order); /* it may hold a password */
        free(order);
    }
}

static void release_stored(struct gateway *g)
{
    pthread_mutex_lock(&g->mutex);
    struct batch *stored = g->stored;
    g->stored = NULL;
    g->stored_end = &g->stored;
    pthread_mutex_unlock(&g->mutex);
    while (stored) {
        struct batch *next = stored->next;
        send_replies(g, stored);
        give_back(g, stored);
        stored = next;
    }
}

static void on_async(uv_async_t *async)
{
    struct gateway *g = async->data;
    pthread_mutex_lock(&g->mutex);
    struct order *orders = g->orders;
    bool stopping = g->stopping;
    g->deaf = stopping; /* from here on nobody would come for more */
    g->orders = NULL;
    g->orders_end = &g->orders;
    pthread_mutex_unlock(&g->mutex);
    release_stored(g);
    run_orders(g, orders);
    if (stopping)
        gateway_close_all(g);
}

static void put_order(struct gateway *g, struct order *order)
{
    pthread_mutex_lock(&g->mutex);
    bool deaf = g->deaf;
    if (!deaf) {
        order->next = NULL;
        *g->orders_end = order;
        g->orders_end = &order->next;
        uv_async_send(&g->async);
    }
    pthread_mutex_unlock(&g->mutex);
    if (deaf)
        free(order);
}

void gateway_command(struct gateway *g, const char *seal, const char *command_id, const char *name, const char *args)
{
    struct order *order = calloc(1, sizeof *order);
    if (!order)
        return;
    snprintf(order->seal, sizeof order->seal, "%s", seal);
    snprintf(order->command, sizeof order->command, "%s", command_id);
    snprintf(order->name, sizeof order->name, "%s", name);
    snprintf(order->args, sizeof order->args, "%s", args);
    put_order(g, order);
}

void gateway_profile_changed(struct gateway *g, const char *seal)
{
    struct order *order = calloc(1, sizeof *order);
    if (!order)
        return;
    snprintf(order->seal, sizeof order->seal, "%s", seal);
    put_order(g, order);
}

/* --- life --- */

struct gateway *gateway_new(const struct gateway_host *host, struct clock clock)
{
    struct gateway *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->host = *host;
    g->clock = clock;
    g->filling = batch_new();
    g->stored_end = &g->stored;
    g->orders_end = &g->orders;
    g->peer_host = (struct peer_host){g, filling, profile_of, route_to, &g->counts, &g->reassembly_total};
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->filled, NULL);
    pthread_cond_init(&g->emptied, NULL);
    if (!g->filling || uv_loop_init(&g->loop) != 0 || uv_async_init(&g->loop, &g->async, on_async) != 0) {
        batch_free(g->filling);
        free(g);
        return NULL;
    }
    g->async.data = g;
    return g;
}

static void *run_loop(void *host)
{
    struct gateway *g = host;
    uv_run(&g->loop, UV_RUN_DEFAULT);
    return NULL;
}

bool gateway_start(struct gateway *g)
{
    gateway_sweep_start(g);
    g->running = pthread_create(&g->thread, NULL, run_loop, g) == 0;
    return g->running;
}

void gateway_stop(struct gateway *g)
{
    pthread_mutex_lock(&g->mutex);
    g->stopping = true;
    pthread_cond_broadcast(&g->emptied);
    pthread_cond_broadcast(&g->filled);
    pthread_mutex_unlock(&g->mutex);
    uv_async_send(&g->async);
    if (g->running)
        pthread_join(g->thread, NULL);
    else {
        g->deaf = true;
        gateway_close_all(g);
        uv_run(&g->loop, UV_RUN_DEFAULT);
    }
    g->running = false;
}

void gateway_free(struct gateway *g)
{
    if (!g)
        return;
    uv_loop_close(&g->loop);
    struct route_entry *r, *next;
    HASH_ITER(hh, g->routes, r, next)
    {
        HASH_DEL(g->routes, r);
        free(r);
    }
    batch_free(g->filling);
    while (g->spare) {
        struct batch *b = g->spare;
        g->spare = b->next;
        batch_free(b);
    }
    pthread_mutex_destroy(&g->mutex);
    pthread_cond_destroy(&g->filled);
    pthread_cond_destroy(&g->emptied);
    gateway_listeners_free(g);
    free(g);
}

/* Single words written by one thread: a reader may see one a moment late, never torn. */
__attribute__((no_sanitize("thread"))) struct gateway_counts gateway_counts(const struct gateway *g)
{
    return g->counts;
}
