// SPDX-License-Identifier: Apache-2.0
//
// The world on real sockets: one loop in one thread; a TCP connection for each device that can reach its network.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "sim/world_internal.h"

#define BEAT_MS      200  /* how often time is brought up to the clock */
#define STAGGER_MS   2500 /* the first connections are spread over this */
#define RETRY_MS     3000
#define RETRY_MAX_MS 30000
#define SWITCH_MS    500  /* before another address is tried; and as much again at most, so that not all come at once */
#define OUT_SIZE     16384
#define OUT_BACKLOG  65536 /* bytes that wait in a socket before a device holds back */

struct link {
    struct client *client;
    size_t truck, place;
    uv_tcp_t tcp;
    uv_connect_t connecting;
    enum { LINK_CLOSED, LINK_CONNECTING, LINK_OPEN, LINK_CLOSING } state;
    int64_t try_ms, wait_ms; /* clock of the next attempt; wait after a failure */
    size_t refused; /* attempts in a row */
    bool refused_told;
    char in[4096];
};

struct client {
    struct world *world;
    uv_loop_t loop;
    uv_thread_t thread;
    uv_timer_t beat;
    uv_async_t stop;
    struct {
        struct sockaddr_storage address[2]; /* jt701, jt808 */
    } places[WORLD_PLACES_MAX];
    size_t n_places;
    struct link *links;
    bool stopping;
};

struct parcel {
    uv_write_t write;
    struct link *link;
    char bytes[];
};

static int64_t clock_ms(void)
{
    uv_timeval64_t now;
    (void)uv_gettimeofday(&now);
    return now.tv_sec * 1000 + now.tv_usec / 1000;
}

static struct sim_device *device_of(struct link *l)
{
    return world_device(l->client->world, l->truck);
}

/* --- closing --- */
static void on_closed(uv_handle_t *handle)
{
    struct link *l = handle->data;
    l->state = LINK_CLOSED;
}

/* The next address of its list, which differs from seal to seal: those of a node that has gone are spread over the others. */
static void switch_place(struct link *l)
{
    size_t n = l->client->n_places;
    if (n < 2)
        return;
    l->place = (l->place + 1 + l->truck / n % (n - 1)) % n;
    l->wait_ms = SWITCH_MS + (int64_t)(l->truck * SWITCH_MS / l->client->world->n);
}

static void close_link(struct link *l)
{
    if (l->state != LINK_CONNECTING && l->state != LINK_OPEN)
        return;
    if (l->state == LINK_OPEN) {
        sim_device_disconnected(device_of(l));
        atomic_fetch_sub(&l->client->world->connected, 1);
    }
    l->state = LINK_CLOSING;
    l->try_ms = clock_ms() + l->wait_ms;
    l->wait_ms = l->wait_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : l->wait_ms * 2;
    uv_close((uv_handle_t *)&l->tcp, on_closed);
}

/* The other side has gone, or was not there. */
static void lose_link(struct link *l)
{
    if (l->state == LINK_CONNECTING || l->state == LINK_OPEN)
        switch_place(l);
    close_link(l);
}

/* --- sending --- */
static void on_written(uv_write_t *write, int status)
{
    struct parcel *p = write->data;
    struct link *l = p->link;
    free(p);
    if (status < 0)
        lose_link(l);
}

static void flush(struct link *l)
{
    while (l->state == LINK_OPEN && uv_stream_get_write_queue_size((uv_stream_t *)&l->tcp) < OUT_BACKLOG) {
        uint8_t out[OUT_SIZE];
        size_t n = sim_device_send(device_of(l), clock_ms(), out, sizeof out);
        struct parcel *p = n ? malloc(sizeof *p + n) : NULL;
        if (!p)
            return;
        memcpy(p->bytes, out, n);
        p->link = l;
        p->write.data = p;
        uv_buf_t buffer = uv_buf_init(p->bytes, (unsigned)n);
        if (uv_write(&p->write, (uv_stream_t *)&l->tcp, &buffer, 1, on_written) < 0) {
            free(p);
            close_link(l);
        }
    }
}

/* --- receiving --- */
static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct link *l = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(l->in, sizeof l->in);
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct link *l = stream->data;
    if (n < 0) {
        lose_link(l);
        return;
    }
    sim_device_receive(device_of(l), clock_ms(), (const uint8_t *)buffer->base, (size_t)n);
    l->wait_ms = RETRY_MS; /* the platform answers: a later break is tried again soon */
    flush(l);
}

/* --- connecting --- */
static void on_connected(uv_connect_t *request, int status)
{
    struct link *l = request->data;
    if (l->state != LINK_CONNECTING)
        return;
    if (status < 0) {
        if (++l->refused >= l->client->n_places && !l->refused_told) {
            world_tell(l->client->world, WORLD_REFUSED, l->truck, clock_ms(), uv_strerror(status));
            l->refused_told = true;
        }
        lose_link(l);
        return;
    }
    l->refused_told = false;
    l->refused = 0;
    l->state = LINK_OPEN;
    atomic_fetch_add(&l->client->world->connected, 1);
    sim_device_connected(device_of(l), clock_ms());
    if (uv_read_start((uv_stream_t *)&l->tcp, on_room, on_bytes) < 0)
        close_link(l);
    else
        flush(l);
}

static void open_link(struct link *l)
{
    bool jt808 = strcmp(device_of(l)->kind->protocol, "jt808") == 0;
    if (uv_tcp_init(&l->client->loop, &l->tcp) < 0)
        return;
    l->tcp.data = l;
    l->connecting.data = l;
    l->state = LINK_CONNECTING;
    (void)uv_tcp_nodelay(&l->tcp, 1);
    if (uv_tcp_connect(&l->connecting, &l->tcp, (const struct sockaddr *)&l->client->places[l->place].address[jt808], on_connected) < 0)
        close_link(l);
}

static void attend(struct link *l, int64_t now_ms)
{
    bool online = world_online(l->client->world, l->truck);
    if (l->state == LINK_CLOSED && online && now_ms >= l->try_ms)
        open_link(l);
    else if (l->state == LINK_OPEN && (!online || device_of(l)->wants_close))
        close_link(l);
    else
        flush(l);
}

static void on_beat(uv_timer_t *timer)
{
    struct client *c = timer->data;
    uint64_t sent = 0, acknowledged = 0, waiting = 0;
    int64_t now_ms = clock_ms();
    world_until(c->world, now_ms);
    for (size_t i = 0; i < c->world->n; i++) {
        struct sim_device *d = world_device(c->world, i);
        attend(&c->links[i], now_ms);
        sent += d->sent;
        acknowledged += d->acknowledged;
        waiting += sim_device_waiting(d);
    }
    atomic_store(&c->world->sent, sent);
    atomic_store(&c->world->acknowledged, acknowledged);
    atomic_store(&c->world->waiting, waiting);
}

static void on_stop(uv_async_t *async)
{
    struct client *c = async->data;
    c->stopping = true;
    for (size_t i = 0; i < c->world->n; i++)
        close_link(&c->links[i]);
    uv_close((uv_handle_t *)&c->beat, NULL);
    uv_close((uv_handle_t *)&c->stop, NULL);
}

static void run(void *context)
{
    struct client *c = context;
    (void)uv_run(&c->loop, UV_RUN_DEFAULT);
}

/* --- life --- */
static bool address_of(const char *host, unsigned port, struct sockaddr_storage *to)
{
    return port > 0 && port < 65536 &&
           (uv_ip4_addr(host, (int)port, (struct sockaddr_in *)to) == 0 || uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)to) == 0);
}

static bool prepare(struct client *c)
{
    c->links = calloc(c->world->n, sizeof *c->links);
    if (!c->links || uv_loop_init(&c->loop) < 0)
        return false;
    int64_t now_ms = clock_ms();
    for (size_t i = 0; i < c->world->n; i++)
        c->links[i] =
            (struct link){.client = c, .truck = i, .place = i % c->n_places, .wait_ms = RETRY_MS, .try_ms = now_ms + (int64_t)(i * STAGGER_MS / c->world->n)};
    (void)uv_timer_init(&c->loop, &c->beat);
    (void)uv_async_init(&c->loop, &c->stop, on_stop);
    c->beat.data = c->stop.data = c;
    return uv_timer_start(&c->beat, on_beat, 0, BEAT_MS) == 0;
}

static bool read_places(struct client *c, const struct world_place *places, size_t n, char *why, size_t size)
{
    if (n < 1 || n > WORLD_PLACES_MAX) {
        snprintf(why, size, "addresses: expected 1 to %d, got %zu", WORLD_PLACES_MAX, n);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct world_place *p = &places[i];
        if (!address_of(p->host, p->port_jt701, &c->places[i].address[0]) || !address_of(p->host, p->port_jt808, &c->places[i].address[1])) {
            snprintf(why, size, "address: expected a numeric host and two ports, got %s %u %u", p->host, p->port_jt701, p->port_jt808);
            return false;
        }
    }
    c->n_places = n;
    return true;
}

struct client *client_start(struct world *world, const struct world_place *places, size_t n, char *why, size_t size)
{
    struct client *c = calloc(1, sizeof *c);
    if (!c) {
        snprintf(why, size, "out of memory");
        return NULL;
    }
    c->world = world;
    if (!read_places(c, places, n, why, size)) {
        free(c);
        return NULL;
    }
    if (!prepare(c) || uv_thread_create(&c->thread, run, c) != 0) {
        snprintf(why, size, "cannot start the simulated world's thread");
        free(c->links);
        free(c);
        return NULL;
    }
    return c;
}

void client_stop(struct client *c)
{
    if (!c)
        return;
    (void)uv_async_send(&c->stop);
    (void)uv_thread_join(&c->thread);
    (void)uv_loop_close(&c->loop);
    free(c->links);
    free(c);
}
