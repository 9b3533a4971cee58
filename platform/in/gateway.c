/* SPDX-License-Identifier: Apache-2.0
 *
 * The filling batch and its hand-over between the loop thread and the engine thread; orders; life. Peers are in peers.c,
 * sockets in net_uv.c.
 */
#include "platform/in/gateway_internal.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static void random_of(struct gateway *g, uint8_t *to, size_t n)
{
    if (g->host.random)
        g->host.random(g->host.host, to, n);
    else if (RAND_bytes(to, (int)n) != 1)
        abort(); /* without randomness no authentication code may be given out */
}

static void wake_loop(struct gateway *g)
{
    if (g->net.wake)
        g->net.wake(g->net.net);
}

/* --- the filling batch --- */

/* Also when nobody knows yet how long these would take: alarms must not wait behind more. */
static bool filled_up(const struct gateway *g)
{
    const struct batch *b = g->filling;
    return b->n_rows >= LIMIT_BATCH_ROWS || b->n_bytes >= LIMIT_BATCH_BYTES || (!g->shed.told && b->n_rows >= g->shed.most_rows);
}

void gateway_lock(struct gateway *g)
{
    pthread_mutex_lock(&g->mutex);
}

/* Back-pressure: while the disk is behind, sockets are not read and their senders wait. */
void gateway_unlock(struct gateway *g)
{
    bool something = !batch_empty(g->filling);
    bool pause = !g->paused && !g->stopping && filled_up(g);
    g->paused |= pause;
    pthread_mutex_unlock(&g->mutex);
    if (pause) {
        g->counts.stalled++;
        g->net.reading(g->net.net, false);
    }
    if (something)
        pthread_cond_signal(&g->filled);
}

static void read_on(struct gateway *g)
{
    pthread_mutex_lock(&g->mutex);
    bool room = g->paused ? !filled_up(g) : g->filling->n_rows * 2 < g->shed.most_rows;
    bool resume = (g->paused || g->held) && room && !g->stopping;
    if (resume)
        g->paused = g->held = false;
    pthread_mutex_unlock(&g->mutex);
    if (resume)
        g->net.reading(g->net.net, true);
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

static void measure(struct gateway *g, int64_t now_ms)
{
    size_t rows = g->filling->n_rows, waiting = rows;
    if (g->ahead_most) /* what waits for the store counts as if it waited here */
        waiting = (size_t)((double)(rows + g->ahead) * (double)g->shed.most_rows / (double)g->ahead_most);
    shed_measure(&g->shed, waiting > rows ? waiting : rows, rows ? gateway_real(g, now_ms - g->filling->rows[0].o.received_ms) : 0,
                 gateway_real(g, now_ms));
}

struct batch *gateway_take(struct gateway *g, unsigned wait_ms)
{
    pthread_mutex_lock(&g->mutex);
    if (wait_ms > 0)
        wait_for_rows(g, wait_ms);
    g->woken = false;
    /* A commit costs the same for one row as for a thousand: when messages come fast, let some gather. */
    if (wait_ms > 0 && g->last_rows > 64 && g->filling->n_rows < LIMIT_BATCH_ROWS / 2 && !g->stopping) {
        pthread_mutex_unlock(&g->mutex);
        nanosleep(&(struct timespec){0, LIMIT_COMMIT_MS * 1000000L}, NULL);
        pthread_mutex_lock(&g->mutex);
    }
    struct batch *taken = NULL, *fresh = NULL;
    int64_t now_ms = clock_now(&g->clock);
    measure(g, now_ms);
    if (!batch_empty(g->filling) && (fresh = spare_batch(g))) {
        taken = g->filling;
        taken->taken_ms = g->taken_ms = now_ms;
        fresh->number = ++g->last_batch;
        g->filling = fresh;
        g->last_rows = taken->n_rows;
        atomic_store(&taken->users, g->deaf ? 1 : 2); /* the engine thread, and the loop thread for its replies */
    } else {
        g->last_rows = 0;
    }
    if ((g->paused || g->held) && taken && !g->deaf)
        wake_loop(g);
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
    batch_tell(b);
    pthread_mutex_lock(&g->mutex);
    bool deaf = g->deaf;
    if (!deaf) {
        b->next = NULL;
        *g->stored_end = b;
        g->stored_end = &b->next;
        wake_loop(g);
    }
    pthread_mutex_unlock(&g->mutex);
    if (deaf && atomic_load(&b->users) == 2)
        give_back(g, b); /* the share of the loop thread, which will not come for it */
}

void gateway_done(struct gateway *g, struct batch *b)
{
    pthread_mutex_lock(&g->mutex);
    int64_t took_ms = gateway_real(g, clock_now(&g->clock) - b->taken_ms),
            rows_ms = b->rows_ms >= 0 && b->rows_ms < took_ms ? b->rows_ms : took_ms;
    shed_cost(&g->shed, b->n_rows, rows_ms, took_ms - rows_ms, LIMIT_BATCH_ROWS);
    pthread_mutex_unlock(&g->mutex);
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
        struct bulla_bytes parts[16];
        size_t n = 0;
        for (; i < b->n_replies && n < 16 && b->replies[i].peer == number; i++)
            parts[n++] = (struct bulla_bytes){b->bytes + b->replies[i].at, b->replies[i].len};
        struct peer *p = gateway_peer(g, number);
        if (p)
            gateway_send(g, p, parts, n);
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
bool gateway_send_command(struct gateway *g, struct order *order)
{
    struct proto_args args;
    uint8_t bytes[4096];
    struct peer *p = gateway_speaker(g, order->seal);
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
    return gateway_send(g, p, &(struct bulla_bytes){bytes, w.len}, 1);
}

static void run_orders(struct gateway *g, struct order *orders)
{
    while (orders) {
        struct order *order = orders;
        orders = order->next;
        if (order->name[0]) {
            char args[sizeof order->args];
            memcpy(args, order->args, sizeof args);
            bool carried = !gateway_speaker(g, order->seal) && gateway_carry_order(g, order);
            bool sent = !carried && gateway_send_command(g, order);
            if (sent && strcmp(order->name, "interval") == 0)
                gateway_interval_sent(g, order->seal, args);
            OPENSSL_cleanse(args, sizeof args);
            gateway_lock(g);
            if (!carried)
                gateway_note(g, sent ? NOTE_SENT : NOTE_UNSENT, order->seal, order->command);
            gateway_unlock(g);
        } else { /* the seal's set-up changed */
            struct peer *p = gateway_speaker(g, order->seal);
            if (p)
                p->profile_known = false;
        }
        OPENSSL_cleanse(order, sizeof *order); /* it may hold a password */
        free(order);
    }
}

void gateway_release(struct gateway *g)
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

void gateway_step(struct gateway *g, int64_t now_ms)
{
    pthread_mutex_lock(&g->mutex);
    struct order *orders = g->orders;
    bool stopping = g->stopping;
    g->deaf = stopping; /* from here on nobody would come for more */
    g->orders = NULL;
    g->orders_end = &g->orders;
    pthread_mutex_unlock(&g->mutex);
    gateway_release(g);
    run_orders(g, orders);
    if (stopping) {
        gateway_close_all(g);
        return;
    }
    if (now_ms >= g->sweep_due_ms || now_ms < g->sweep_due_ms - LIMIT_SWEEP_MS) { /* a clock may be set back */
        gateway_sweep(g, now_ms);
        g->sweep_due_ms = now_ms + LIMIT_SWEEP_MS;
    }
    gateway_slow_down(g, now_ms);
    read_on(g);
}

void gateway_turn(struct gateway *g)
{
    gateway_step(g, clock_now(&g->clock));
}

static void put_order(struct gateway *g, struct order *order)
{
    pthread_mutex_lock(&g->mutex);
    bool deaf = g->deaf;
    if (!deaf) {
        order->next = NULL;
        *g->orders_end = order;
        g->orders_end = &order->next;
        wake_loop(g);
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

static void destroy(struct gateway *g)
{
    batch_free(g->filling);
    while (g->spare) {
        struct batch *b = g->spare;
        g->spare = b->next;
        batch_free(b);
    }
    if (g->net.free)
        g->net.free(g->net.net);
    gateway_listeners_free(g);
    gateway_quotas_free(g);
    pthread_mutex_destroy(&g->mutex);
    pthread_cond_destroy(&g->filled);
    free(g);
}

struct gateway *gateway_new_over(const struct gateway_host *host, struct clock clock, const struct gateway_net *net)
{
    struct gateway *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->host = *host;
    g->clock = clock;
    g->filling = batch_new();
    g->stored_end = &g->stored;
    g->orders_end = &g->orders;
    shed_init(&g->shed, LIMIT_BATCH_ROWS);
    g->peer_host =
        (struct peer_host){g, filling, profile_of, gateway_route, gateway_judge, gateway_shed, random_of, &g->counts, &g->reassembly_total};
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->filled, NULL);
    if (net)
        g->net = *net;
    if (!g->filling || (!net && !net_uv_new(g, &g->net))) {
        destroy(g);
        return NULL;
    }
    return g;
}

void gateway_pace(struct gateway *g, double pace)
{
    g->pace = pace;
}

struct gateway *gateway_new(const struct gateway_host *host, struct clock clock)
{
    return gateway_new_over(host, clock, NULL);
}

bool gateway_start(struct gateway *g)
{
    g->sweep_due_ms = clock_now(&g->clock) + LIMIT_SWEEP_MS;
    return !g->net.start || g->net.start(g->net.net);
}

void gateway_stop(struct gateway *g)
{
    pthread_mutex_lock(&g->mutex);
    bool again = g->stopping;
    g->stopping = true;
    if (!again)
        wake_loop(g);
    pthread_mutex_unlock(&g->mutex);
    if (again)
        return;
    pthread_cond_signal(&g->filled);
    if (g->net.stop)
        g->net.stop(g->net.net);
    else
        gateway_turn(g);
}

void gateway_free(struct gateway *g)
{
    if (!g)
        return;
    gateway_stop(g);
    gateway_routes_free(g);
    gateway_owed_free(g);
    destroy(g);
}

/* Single words written by one thread: a reader may see one a moment late, never torn. */
__attribute__((no_sanitize("thread"))) struct gateway_counts gateway_counts(const struct gateway *g)
{
    struct gateway_counts counts = g->counts;
    counts.level = shed_level(&g->shed);
    counts.interval_ms = (uint64_t)g->shed.interval_ms;
    counts.most_rows = g->shed.most_rows;
    return counts;
}
