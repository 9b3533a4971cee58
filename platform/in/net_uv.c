/* SPDX-License-Identifier: Apache-2.0
 *
 * The real network: TCP and UDP by libuv, one loop thread. It knows nothing of protocols.
 *
 * One connection gets LIMIT_READ_BYTES of each turn of the loop, so that one that floods is read no more often than the
 * others. While the gateway wants nothing read, connections with something to say leave the poll set one by one, as they speak
 * up, and come back together.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>
#include <uv.h>

#include "platform/base/limits.h"
#include "platform/base/log.h"
#include "platform/in/net.h"

#define BACKLOG 4096
#define KEEPALIVE_S 60
#define WINDOW_MS 20
#define WINDOW_READS 60 /* in a window: above this, the loop rests between turns */

struct net_socket {
    uv_tcp_t tcp;
    struct net_uv *net;
    struct peer *peer;
    uint64_t turn;                  /* it was read in */
    bool waiting;                   /* in the list below: nothing is read */
    struct net_socket *prev, *next;
};

struct net_listener {
    union {
        uv_tcp_t tcp;
        uv_udp_t udp;
    } socket;
    struct net_uv *net;
    struct listener *listener;
    unsigned port;
    bool packets;
    struct net_listener *next;
};

struct net_uv {
    struct gateway *gateway;
    uv_loop_t loop;
    uv_async_t async;
    uv_timer_t timer;
    uv_check_t check;
    pthread_t thread;
    bool running, ended, deaf;
    uint64_t turn;
    unsigned reads;    /* since `window_ms`, by the loop's clock */
    uint64_t window_ms;
    bool busy;         /* reads came fast in the window before */
    struct net_listener *listeners;
    struct net_socket *waiting;
    char buffer[65536]; /* the longest packet; used up before the next read: one serves all */
};

/* --- addresses --- */

static void put_ip(char to[64], const struct sockaddr *from, bool with_port)
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

static void name(const struct net_address *from, char to[64])
{
    struct sockaddr_in6 at;
    memcpy(&at, from->bytes, sizeof at);
    put_ip(to, (const struct sockaddr *)&at, true);
}

/* --- connections --- */

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_socket(void *net, void *socket)
{
    struct net_uv *u = net;
    struct net_socket *s = socket;
    if (s->waiting)
        DL_DELETE(u->waiting, s);
    s->waiting = false;
    s->peer = NULL;
    uv_close((uv_handle_t *)&s->tcp, on_closed);
}

static void hold(void *net, void *socket)
{
    struct net_uv *u = net;
    struct net_socket *s = socket;
    if (s->waiting)
        return;
    uv_read_stop((uv_stream_t *)&s->tcp);
    s->waiting = true;
    DL_APPEND(u->waiting, s);
}

/* An empty buffer: "not now". */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct net_socket *s = handle->data;
    struct net_uv *u = s->net;
    *buf = uv_buf_init(u->buffer, u->deaf || s->turn == u->turn ? 0 : LIMIT_READ_BYTES);
    s->turn = u->turn;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct net_socket *s = stream->data;
    struct net_uv *u = s->net;
    if (n > 0) {
        u->reads++;
        gateway_bytes(s->peer, (const uint8_t *)buf->base, (size_t)n);
    } else if (n == UV_ENOBUFS) {
        if (u->deaf)
            hold(u, s); /* else it has had its share of this turn */
    } else if (n < 0) {
        gateway_hung_up(s->peer);
    }
}

static void refuse(struct net_socket *s)
{
    uv_close((uv_handle_t *)&s->tcp, on_closed);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct net_listener *l = server->data;
    struct net_uv *u = l->net;
    static struct log_gate gate;
    char address[64] = "?";
    struct sockaddr_storage from;
    int size = sizeof from;
    struct net_socket *s = status < 0 ? NULL : calloc(1, sizeof *s);
    if (!s) {
        log_gated(&gate, LOG_WARN, "in", "a connection on port %u could not be accepted: %s", l->port, uv_strerror(status < 0 ? status : UV_ENOMEM));
        return;
    }
    s->net = u;
    uv_tcp_init(&u->loop, &s->tcp);
    s->tcp.data = s;
    int error = uv_accept(server, (uv_stream_t *)&s->tcp);
    if (!error)
        error = uv_tcp_getpeername(&s->tcp, (struct sockaddr *)&from, &size);
    if (!error)
        put_ip(address, (struct sockaddr *)&from, false);
    else
        log_gated(&gate, LOG_WARN, "in", "a connection on port %u could not be accepted: %s", l->port, uv_strerror(error));
    s->peer = error ? NULL : gateway_opened(l->listener, address, s);
    if (!s->peer) {
        refuse(s);
        return;
    }
    uv_tcp_nodelay(&s->tcp, 1);
    uv_tcp_keepalive(&s->tcp, 1, KEEPALIVE_S);
    int room = LIMIT_SEND_BYTES;
    uv_send_buffer_size((uv_handle_t *)&s->tcp, &room);
    if (uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read) != 0)
        gateway_hung_up(s->peer);
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

static enum net_sent queue(struct net_socket *s, const struct bulla_bytes *parts, size_t n, size_t total, size_t done)
{
    uv_stream_t *stream = (uv_stream_t *)&s->tcp;
    if (uv_stream_get_write_queue_size(stream) + total - done > LIMIT_WRITE_QUEUE_BYTES)
        return NET_FULL;
    struct unsent *u = malloc(sizeof *u + total);
    if (!u)
        return NET_DROPPED;
    size_t at = 0;
    for (size_t i = 0; i < n; at += parts[i].len, i++)
        memcpy(u->bytes + at, parts[i].at, parts[i].len);
    u->request.data = u;
    uv_buf_t rest = uv_buf_init((char *)u->bytes + done, (unsigned)(total - done));
    if (uv_write(&u->request, stream, &rest, 1, on_written) != 0) {
        free(u);
        return NET_DROPPED;
    }
    return NET_SENT;
}

#define PARTS_AT_ONCE 16

static enum net_sent send_tcp(void *net, void *socket, const struct bulla_bytes *parts, size_t n)
{
    (void)net;
    struct net_socket *s = socket;
    uv_stream_t *stream = (uv_stream_t *)&s->tcp;
    uv_buf_t bufs[PARTS_AT_ONCE];
    size_t total = 0;
    unsigned tried = 0;
    for (size_t i = 0; i < n; i++) {
        total += parts[i].len;
        if (i < PARTS_AT_ONCE)
            bufs[tried++] = uv_buf_init((char *)(uintptr_t)parts[i].at, (unsigned)parts[i].len);
    }
    int sent = uv_stream_get_write_queue_size(stream) == 0 ? uv_try_write(stream, bufs, tried) : UV_EAGAIN;
    if (sent >= 0 && (size_t)sent == total)
        return NET_SENT;
    if (sent < 0 && sent != UV_EAGAIN)
        return NET_DROPPED;
    return queue(s, parts, n, total, sent < 0 ? 0 : (size_t)sent);
}

/* --- packets --- */

static enum net_sent send_udp(void *net, void *listening, const struct net_address *to, const struct bulla_bytes *parts, size_t n)
{
    (void)net;
    struct net_listener *l = listening;
    struct sockaddr_in6 at;
    enum net_sent all = NET_SENT;
    memcpy(&at, to->bytes, sizeof at);
    for (size_t i = 0; i < n; i++) {
        uv_buf_t buf = uv_buf_init((char *)(uintptr_t)parts[i].at, (unsigned)parts[i].len);
        if (uv_udp_try_send(&l->socket.udp, &buf, 1, (struct sockaddr *)&at) < 0)
            all = NET_DROPPED;
    }
    return all;
}

static void on_udp_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct net_listener *l = handle->data;
    *buf = uv_buf_init(l->net->buffer, sizeof l->net->buffer);
}

static void on_packet(uv_udp_t *socket, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
    struct net_listener *l = socket->data;
    struct net_address key = {{0}};
    if (n <= 0 || !from || flags & UV_UDP_PARTIAL)
        return;
    memcpy(key.bytes, from, from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    gateway_packet(l->listener, &key, (const uint8_t *)buf->base, (size_t)n);
}

/* --- listeners --- */

static void reading(void *net, bool on)
{
    struct net_uv *u = net;
    u->deaf = !on;
    for (struct net_listener *l = u->listeners; l; l = l->next) {
        if (l->packets && l->port && on)
            uv_udp_recv_start(&l->socket.udp, on_udp_alloc, on_packet);
        else if (l->packets && l->port)
            uv_udp_recv_stop(&l->socket.udp);
    }
    while (on && u->waiting) {
        struct net_socket *s = u->waiting;
        DL_DELETE(u->waiting, s);
        s->waiting = false;
        if (uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read) != 0)
            gateway_hung_up(s->peer);
    }
}

static int bind_tcp(struct net_listener *l, const struct sockaddr *at, struct sockaddr *bound, int *size)
{
    uv_tcp_init(&l->net->loop, &l->socket.tcp);
    l->socket.tcp.data = l;
    int error = uv_tcp_bind(&l->socket.tcp, at, 0);
    if (!error)
        error = uv_listen((uv_stream_t *)&l->socket.tcp, BACKLOG, on_connection);
    return error ? error : uv_tcp_getsockname(&l->socket.tcp, bound, size);
}

static int bind_udp(struct net_listener *l, const struct sockaddr *at, struct sockaddr *bound, int *size)
{
    uv_udp_init_ex(&l->net->loop, &l->socket.udp, AF_UNSPEC);
    l->socket.udp.data = l;
    int error = uv_udp_bind(&l->socket.udp, at, 0);
    int wanted = 8 * 1024 * 1024;
    if (!error)
        uv_recv_buffer_size((uv_handle_t *)&l->socket.udp, &wanted);
    if (!error)
        error = uv_udp_recv_start(&l->socket.udp, on_udp_alloc, on_packet);
    return error ? error : uv_udp_getsockname(&l->socket.udp, bound, size);
}

static void *listen_at(void *net, struct listener *listener, bool packets, const char *address, unsigned *port, char *why, size_t size)
{
    struct net_uv *u = net;
    struct sockaddr_storage at, bound;
    int n = sizeof bound;
    if (uv_ip4_addr(address, (int)*port, (struct sockaddr_in *)&at) != 0 && uv_ip6_addr(address, (int)*port, (struct sockaddr_in6 *)&at) != 0) {
        snprintf(why, size, "address: expected an IPv4 or IPv6 address, got \"%s\"", address);
        return NULL;
    }
    struct net_listener *l = calloc(1, sizeof *l);
    if (!l) {
        snprintf(why, size, "out of memory");
        return NULL;
    }
    l->net = u;
    l->listener = listener;
    l->packets = packets;
    int error = packets ? bind_udp(l, (struct sockaddr *)&at, (struct sockaddr *)&bound, &n)
                        : bind_tcp(l, (struct sockaddr *)&at, (struct sockaddr *)&bound, &n);
    l->next = u->listeners; /* also one that failed: its handle must be closed by the loop */
    u->listeners = l;
    if (error) {
        snprintf(why, size, "%s %s:%u: %s", packets ? "udp" : "tcp", address, *port, uv_strerror(error));
        return NULL;
    }
    *port = l->port = ntohs(((struct sockaddr_in *)&bound)->sin_port); /* the port stands at the same place in IPv6 */
    return l;
}

/* --- the loop --- */

static void on_async(uv_async_t *async)
{
    gateway_turn(((struct net_uv *)async->data)->gateway);
}

static void on_timer(uv_timer_t *timer)
{
    gateway_turn(((struct net_uv *)timer->data)->gateway);
}

/* To wake for each message costs more than the message does. When they come fast, the loop rests for a moment between turns, so
 * that one turn finds many; answers wait for the disk much longer. */
static void on_check(uv_check_t *check)
{
    struct net_uv *u = check->data;
    uint64_t now_ms = uv_now(&u->loop);
    u->turn++;
    if (now_ms - u->window_ms >= WINDOW_MS) {
        u->busy = u->reads >= WINDOW_READS;
        u->reads = 0;
        u->window_ms = now_ms;
    }
    if (u->busy)
        nanosleep(&(struct timespec){0, LIMIT_REST_US * 1000L}, NULL);
}

static void unlisten(void *net)
{
    struct net_uv *u = net;
    if (u->ended)
        return;
    u->ended = true;
    for (struct net_listener *l = u->listeners; l; l = l->next)
        uv_close((uv_handle_t *)&l->socket, NULL);
    uv_close((uv_handle_t *)&u->check, NULL);
    uv_close((uv_handle_t *)&u->timer, NULL);
    uv_close((uv_handle_t *)&u->async, NULL);
}

static void *run_loop(void *net)
{
    struct net_uv *u = net;
    pthread_setname_np(pthread_self(), "loop");
    uv_run(&u->loop, UV_RUN_DEFAULT);
    return NULL;
}

static bool start(void *net)
{
    struct net_uv *u = net;
    uv_timer_start(&u->timer, on_timer, LIMIT_SWEEP_MS, LIMIT_SWEEP_MS);
    u->running = pthread_create(&u->thread, NULL, run_loop, u) == 0;
    return u->running;
}

static void wake(void *net)
{
    uv_async_send(&((struct net_uv *)net)->async);
}

static void stop(void *net)
{
    struct net_uv *u = net;
    if (u->running)
        pthread_join(u->thread, NULL);
    else
        uv_run(&u->loop, UV_RUN_DEFAULT);
    u->running = false;
}

static void net_free(void *net)
{
    struct net_uv *u = net;
    uv_loop_close(&u->loop);
    while (u->listeners) {
        struct net_listener *l = u->listeners;
        u->listeners = l->next;
        free(l);
    }
    free(u);
}

bool net_uv_new(struct gateway *gateway, struct gateway_net *out)
{
    struct net_uv *u = calloc(1, sizeof *u);
    if (!u || uv_loop_init(&u->loop) != 0) {
        free(u);
        return false;
    }
    if (uv_async_init(&u->loop, &u->async, on_async) != 0) {
        uv_loop_close(&u->loop);
        free(u);
        return false;
    }
    uv_timer_init(&u->loop, &u->timer);
    uv_check_init(&u->loop, &u->check);
    uv_check_start(&u->check, on_check);
    u->async.data = u->timer.data = u->check.data = u;
    u->gateway = gateway;
    u->turn = 1;
    *out = (struct gateway_net){u, listen_at, send_tcp, send_udp, close_socket, reading, hold, name, unlisten, start, wake, stop, net_free};
    return true;
}
