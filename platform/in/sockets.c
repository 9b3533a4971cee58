/* SPDX-License-Identifier: Apache-2.0
 *
 * TCP and UDP under the gateway, and the limits in time. Loop thread alone.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/limits.h"
#include "platform/base/log.h"
#include "platform/in/gateway_internal.h"

#define BACKLOG 4096
#define KEEPALIVE_S 60

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

static void put_address(char to[64], const struct sockaddr *from, bool with_port)
{
    char ip[INET6_ADDRSTRLEN] = "?";
    unsigned port = 0;
    if (from->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)from;
        inet_ntop(AF_INET, &in->sin_addr, ip, sizeof ip);
        port = ntohs(in->sin_port);
    } else if (from->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)from;
        inet_ntop(AF_INET6, &in->sin6_addr, ip, sizeof ip);
        port = ntohs(in->sin6_port);
    }
    if (with_port)
        snprintf(to, 64, "%s %u", ip, port);
    else
        snprintf(to, 64, "%s", ip);
}

/* --- TCP --- */

static void on_closed(uv_handle_t *handle)
{
    struct peer *p = handle->data;
    peer_free(p);
}

void gateway_close_peer(struct gateway *g, struct peer *p)
{
    if (p->closing)
        return;
    p->closing = true;
    g->counts.closed++;
    pthread_mutex_lock(&g->mutex);
    gateway_unroute(g, p);
    pthread_mutex_unlock(&g->mutex);
    gateway_peer_remove(g, p);
    if (p->packets) {
        HASH_DELETE(by_address, p->listener->senders, p);
        p->listener->n_senders--;
        g->counts.udp_peers--;
        peer_free(p);
        return;
    }
    g->counts.connections--;
    address_leave(g, p->address);
    uv_close((uv_handle_t *)&p->socket.tcp, on_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct peer *p = handle->data;
    struct gateway *g = p->host->gateway;
    *buf = uv_buf_init(g->buffer, sizeof g->buffer); /* used up before the next read: one serves all */
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct peer *p = stream->data;
    struct gateway *g = p->host->gateway;
    if (n < 0) {
        gateway_close_peer(g, p);
        return;
    }
    if (n == 0)
        return;
    gateway_lock(g);
    bool keep = p->closing || peer_feed(p, (const uint8_t *)buf->base, (size_t)n, clock_now(&g->clock));
    gateway_unlock(g);
    if (!keep)
        gateway_close_peer(g, p);
}

static void refuse(uv_handle_t *handle)
{
    peer_free(handle->data);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct listener *l = server->data;
    struct gateway *g = l->gateway;
    static struct log_gate gate;
    if (status < 0) {
        log_gated(&gate, LOG_WARN, "in", "a connection on port %u could not be accepted: %s", l->port, uv_strerror(status));
        return;
    }
    struct peer *p = peer_new(&g->peer_host, l->proto, ++g->last_number, clock_now(&g->clock));
    if (!p)
        return;
    uv_tcp_init(&g->loop, &p->socket.tcp);
    p->socket.tcp.data = p;
    p->listener = l;
    int accepted = uv_accept(server, (uv_stream_t *)&p->socket.tcp);
    struct sockaddr_storage from;
    int size = sizeof from;
    if (accepted == 0 && uv_tcp_getpeername(&p->socket.tcp, (struct sockaddr *)&from, &size) == 0)
        put_address(p->address, (struct sockaddr *)&from, false);
    if (accepted != 0 || g->counts.connections >= LIMIT_CONNECTIONS || !address_enter(g, p->address)) {
        g->counts.refused_connections++;
        log_gated(&gate, LOG_WARN, "in", "a connection from %s was refused: %s", p->address,
                  accepted ? uv_strerror(accepted) : "too many connections are open");
        uv_close((uv_handle_t *)&p->socket.tcp, refuse);
        return;
    }
    g->counts.accepted++;
    g->counts.connections++;
    gateway_peer_add(g, p);
    uv_tcp_nodelay(&p->socket.tcp, 1);
    uv_tcp_keepalive(&p->socket.tcp, 1, KEEPALIVE_S);
    int room = LIMIT_SEND_BYTES;
    uv_send_buffer_size((uv_handle_t *)&p->socket.tcp, &room);
    if (uv_read_start((uv_stream_t *)&p->socket.tcp, on_alloc, on_read) != 0)
        gateway_close_peer(g, p);
}

struct unsent { /* what the socket did not take at once */
    uv_write_t request;
    uint8_t bytes[];
};

static void on_written(uv_write_t *request, int status)
{
    (void)status; /* an error closes the stream through its reader */
    free(request->data);
}

static bool send_tcp(struct gateway *g, struct peer *p, const uv_buf_t *bufs, unsigned n)
{
    uv_stream_t *stream = (uv_stream_t *)&p->socket.tcp;
    size_t total = 0;
    for (unsigned i = 0; i < n; i++)
        total += bufs[i].len;
    int sent = uv_stream_get_write_queue_size(stream) == 0 ? uv_try_write(stream, bufs, n) : UV_EAGAIN;
    if (sent >= 0 && (size_t)sent == total) {
        g->counts.bytes_out += total;
        return true;
    }
    if (sent < 0 && sent != UV_EAGAIN)
        return false;
    size_t done = sent < 0 ? 0 : (size_t)sent;
    if (uv_stream_get_write_queue_size(stream) + total - done > LIMIT_WRITE_QUEUE_BYTES) {
        g->counts.closed_write++;
        gateway_close_peer(g, p);
        return false;
    }
    struct unsent *u = malloc(sizeof *u + total);
    if (!u)
        return false;
    size_t at = 0;
    for (unsigned i = 0; i < n; at += bufs[i].len, i++)
        memcpy(u->bytes + at, bufs[i].base, bufs[i].len);
    u->request.data = u;
    uv_buf_t rest = uv_buf_init((char *)u->bytes + done, (unsigned)(total - done));
    if (uv_write(&u->request, stream, &rest, 1, on_written) != 0) {
        free(u);
        return false;
    }
    g->counts.bytes_out += total;
    return true;
}

static bool send_udp(struct gateway *g, struct peer *p, const uv_buf_t *bufs, unsigned n)
{
    bool all = true;
    for (unsigned i = 0; i < n; i++) {
        int sent = uv_udp_try_send(&p->listener->socket.udp_socket, &bufs[i], 1, (struct sockaddr *)&p->socket.from);
        if (sent < 0)
            all = false;
        else
            g->counts.bytes_out += (uint64_t)sent;
    }
    return all;
}

bool gateway_send(struct gateway *g, struct peer *p, const uv_buf_t *bufs, unsigned n)
{
    if (p->closing)
        return false;
    bool sent = p->packets ? send_udp(g, p, bufs, n) : send_tcp(g, p, bufs, n);
    if (!sent)
        g->counts.dropped_replies += n;
    return sent;
}

/* --- UDP --- */

static size_t address_size(const struct sockaddr *from)
{
    return from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* The table keeps the order of their last packets: the first is silent longest. */
static struct peer *sender(struct listener *l, const struct sockaddr *from)
{
    struct gateway *g = l->gateway;
    struct sockaddr_storage key;
    struct peer *p;
    memset(&key, 0, sizeof key);
    memcpy(&key, from, address_size(from));
    HASH_FIND(by_address, l->senders, &key, sizeof key, p);
    if (p) {
        HASH_DELETE(by_address, l->senders, p);
        HASH_ADD(by_address, l->senders, socket.from, sizeof key, p);
        return p;
    }
    if (l->n_senders >= LIMIT_UDP_PEERS)
        gateway_close_peer(g, l->senders);
    p = peer_new(&g->peer_host, l->proto, ++g->last_number, clock_now(&g->clock));
    if (!p)
        return NULL;
    p->packets = true;
    p->listener = l;
    p->socket.from = key;
    put_address(p->address, from, true);
    HASH_ADD(by_address, l->senders, socket.from, sizeof key, p);
    l->n_senders++;
    g->counts.udp_peers++;
    gateway_peer_add(g, p);
    return p;
}

static void on_udp_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct listener *l = handle->data;
    *buf = uv_buf_init(l->gateway->buffer, sizeof l->gateway->buffer);
}

static void on_packet(uv_udp_t *socket, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
    struct listener *l = socket->data;
    struct gateway *g = l->gateway;
    if (n <= 0 || !from)
        return;
    g->counts.udp_packets++;
    struct peer *p = sender(l, from);
    if (!p || flags & UV_UDP_PARTIAL) {
        g->counts.refused_connections++;
        return;
    }
    gateway_lock(g);
    peer_feed(p, (const uint8_t *)buf->base, (size_t)n, clock_now(&g->clock));
    gateway_unlock(g);
}

/* --- listeners --- */

static int bind_tcp(struct gateway *g, struct listener *l, const struct sockaddr *at)
{
    struct sockaddr_storage bound;
    int size = sizeof bound;
    uv_tcp_init(&g->loop, &l->socket.tcp);
    l->socket.tcp.data = l;
    int error = uv_tcp_bind(&l->socket.tcp, at, 0);
    if (!error)
        error = uv_listen((uv_stream_t *)&l->socket.tcp, BACKLOG, on_connection);
    if (!error)
        error = uv_tcp_getsockname(&l->socket.tcp, (struct sockaddr *)&bound, &size);
    l->port = error ? 0 : ntohs(((struct sockaddr_in *)&bound)->sin_port); /* the port stands at the same place in IPv6 */
    return error;
}

static int bind_udp(struct gateway *g, struct listener *l, const struct sockaddr *at)
{
    struct sockaddr_storage bound;
    int size = sizeof bound;
    uv_udp_init_ex(&g->loop, &l->socket.udp_socket, AF_UNSPEC);
    l->socket.udp_socket.data = l;
    int error = uv_udp_bind(&l->socket.udp_socket, at, 0);
    int wanted = 8 * 1024 * 1024;
    if (!error)
        uv_recv_buffer_size((uv_handle_t *)&l->socket.udp_socket, &wanted);
    if (!error)
        error = uv_udp_recv_start(&l->socket.udp_socket, on_udp_alloc, on_packet);
    if (!error)
        error = uv_udp_getsockname(&l->socket.udp_socket, (struct sockaddr *)&bound, &size);
    l->port = error ? 0 : ntohs(((struct sockaddr_in *)&bound)->sin_port);
    return error;
}

unsigned gateway_listen(struct gateway *g, const char *protocol, const char *transport, const char *address, unsigned port, char *why, size_t size)
{
    struct sockaddr_storage at;
    bool automatic = strcmp(protocol, "auto") == 0;
    const struct proto *proto = automatic ? NULL : proto_find(protocol);
    if (!proto && !automatic) {
        snprintf(why, size, "protocol: expected one of `bulla decode --help`, got \"%s\"", protocol);
        return 0;
    }
    if (uv_ip4_addr(address, (int)port, (struct sockaddr_in *)&at) != 0 && uv_ip6_addr(address, (int)port, (struct sockaddr_in6 *)&at) != 0) {
        snprintf(why, size, "address: expected an IPv4 or IPv6 address, got \"%s\"", address);
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
    l->next = g->listeners;
    g->listeners = l;
    int error = l->udp ? bind_udp(g, l, (struct sockaddr *)&at) : bind_tcp(g, l, (struct sockaddr *)&at);
    if (error)
        snprintf(why, size, "%s %s:%u for %s: %s", transport, address, port, protocol, uv_strerror(error));
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
        return now_ms - p->heard_ms > LIMIT_UDP_PEER_IDLE_MS;
    if (p->messages == 0 && now_ms - p->opened_ms > LIMIT_FIRST_MESSAGE_MS) {
        g->counts.closed_slow++;
        return true;
    }
    if (p->partial_since_ms && now_ms - p->partial_since_ms > LIMIT_PARTIAL_MS) {
        g->counts.closed_slow++;
        return true;
    }
    if (now_ms - p->heard_ms > LIMIT_IDLE_MS) {
        g->counts.closed_idle++;
        return true;
    }
    return false;
}

static void on_sweep(uv_timer_t *timer)
{
    struct gateway *g = timer->data;
    int64_t now_ms = clock_now(&g->clock);
    struct peer *p, *next;
    HASH_ITER(hh, g->peers, p, next)
    {
        if (overdue(g, p, now_ms))
            gateway_close_peer(g, p);
    }
}

void gateway_sweep_start(struct gateway *g)
{
    uv_timer_init(&g->loop, &g->sweep);
    g->sweep.data = g;
    g->sweeping = true;
    uv_timer_start(&g->sweep, on_sweep, LIMIT_SWEEP_MS, LIMIT_SWEEP_MS);
}

void gateway_close_all(struct gateway *g)
{
    if (g->closed)
        return;
    g->closed = true;
    for (struct listener *l = g->listeners; l; l = l->next)
        if (!uv_is_closing((uv_handle_t *)&l->socket))
            uv_close((uv_handle_t *)&l->socket, NULL);
    struct peer *p, *next;
    HASH_ITER(hh, g->peers, p, next)
    {
        gateway_close_peer(g, p);
    }
    if (g->sweeping)
        uv_close((uv_handle_t *)&g->sweep, NULL);
    uv_close((uv_handle_t *)&g->async, NULL);
}
