/* SPDX-License-Identifier: Apache-2.0
 *
 * The seal's end.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/inside.h"

struct bulla_host_server {
    int listener; /* -1: none */
    bool in_air, is_line;
    struct air air;
    struct stream peers[BULLA_HOST_PEERS]; /* fd -1: free */
    char name[BULLA_HOST_NAME];
    char path[BULLA_HOST_NAME]; /* of a socket to be removed; "" for none */
};

/* Port 0 is any that is free: what it became. */
static void name_tcp(struct bulla_host_server *server, const char *where)
{
    struct sockaddr_storage own = {0};
    socklen_t len = sizeof own;
    const char *colon = strrchr(where, ':');
    unsigned port = 0;
    if (getsockname(server->listener, (struct sockaddr *)&own, &len) == 0) {
        port = ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port : ((struct sockaddr_in *)&own)->sin_port);
    }
    snprintf(server->name, sizeof server->name, "%.*s:%u", (int)(colon - where), where, port);
}

static bool listen_at(struct bulla_host_server *server, const char *where, char *why, size_t size)
{
    snprintf(server->name, sizeof server->name, "%s", where);
    if (strncmp(where, "air:", 4) == 0) {
        server->in_air = true;
        return air_open(&server->air, where + 4, true, why, size);
    }
    if (strcmp(where, "pty") == 0) {
        server->is_line = true;
        server->peers[0].fd = address_pty(server->name, why, size);
        return server->peers[0].fd >= 0;
    }
    server->listener = address_open(where, true, why, size);
    if (server->listener >= 0 && strncmp(where, "unix:", 5) == 0) {
        snprintf(server->path, sizeof server->path, "%s", where + 5);
    } else if (server->listener >= 0) {
        name_tcp(server, where);
    }
    return server->listener >= 0;
}

struct bulla_host_server *bulla_host_listen(const char *where, char *why, size_t size)
{
    struct bulla_host_server *server = calloc(1, sizeof *server);
    if (!server) {
        snprintf(why, size, "out of memory");
        return NULL;
    }
    server->listener = -1;
    for (unsigned i = 0; i < BULLA_HOST_PEERS; i++) {
        server->peers[i].fd = -1;
    }
    if (!listen_at(server, where, why, size)) {
        free(server);
        return NULL;
    }
    return server;
}

void bulla_host_server_close(struct bulla_host_server *server)
{
    if (server->in_air) {
        air_close(&server->air);
    }
    if (server->listener >= 0) {
        close(server->listener);
    }
    if (server->path[0]) {
        unlink(server->path);
    }
    for (unsigned i = 0; i < BULLA_HOST_PEERS; i++) {
        if (server->peers[i].fd >= 0) {
            close(server->peers[i].fd);
        }
    }
    free(server);
}

const char *bulla_host_server_name(const struct bulla_host_server *server)
{
    return server->name;
}

static void add(struct pollfd *fds, size_t max, size_t *n, int fd)
{
    if (fd >= 0 && *n < max) {
        fds[(*n)++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
}

size_t bulla_host_server_fds(const struct bulla_host_server *server, struct pollfd *fds, size_t max)
{
    size_t n = 0;
    if (server->in_air) {
        add(fds, max, &n, server->air.fd);
    }
    add(fds, max, &n, server->listener);
    for (unsigned i = 0; i < BULLA_HOST_PEERS; i++) {
        add(fds, max, &n, server->peers[i].fd);
    }
    return n;
}

static void accept_all(struct bulla_host_server *server)
{
    for (unsigned i = 0; i < BULLA_HOST_PEERS && server->listener >= 0; i++) {
        if (server->peers[i].fd < 0) {
            server->peers[i] = (struct stream){.fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)};
            if (server->peers[i].fd < 0) {
                return;
            }
        }
    }
}

/* A line that nobody holds open reads as an error: it stays. */
static void feed_peer(struct bulla_host_server *server, unsigned i, void (*heard)(void *, unsigned, struct bulla_bytes), void *context)
{
    struct stream *peer = &server->peers[i];
    bool there = stream_fill(peer) || server->is_line;
    for (size_t n = stream_frame(peer, false); n > 0; n = stream_frame(peer, false)) {
        uint8_t frame[BULLA_FRAME_MAX];
        memcpy(frame, peer->bytes, n);
        stream_drop(peer, n);
        heard(context, i, (struct bulla_bytes){frame, n});
    }
    if (!there) {
        close(peer->fd);
        peer->fd = -1;
    }
}

void bulla_host_server_feed(struct bulla_host_server *server, void (*heard)(void *context, unsigned peer, struct bulla_bytes frame),
                            void *context)
{
    uint8_t frame[BULLA_FRAME_MAX];
    uint64_t from_us, to_us;
    for (int n = 0; server->in_air && (n = air_take(&server->air, frame, &from_us, &to_us)) >= 0;) {
        heard(context, 0, (struct bulla_bytes){frame, (size_t)n});
    }
    accept_all(server);
    for (unsigned i = 0; i < BULLA_HOST_PEERS; i++) {
        if (server->peers[i].fd >= 0) {
            feed_peer(server, i, heard, context);
        }
    }
}

bool bulla_host_server_answer(struct bulla_host_server *server, unsigned peer, struct bulla_bytes frame)
{
    if (server->in_air) {
        return air_send(&server->air, frame);
    }
    return server->peers[peer].fd >= 0 && stream_send(server->peers[peer].fd, frame);
}
