/* SPDX-License-Identifier: Apache-2.0
 *
 * As much of an HTTP client as the load bench needs: blocking requests to prepare seals and journeys, and the live
 * stream read piece by piece.
 */
#ifndef BENCH_LOAD_HTTP_H
#define BENCH_LOAD_HTTP_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct load_url {
    char host[128], port[8], path[256];
};

static inline bool load_url_get(const char *text, struct load_url *url)
{
    *url = (struct load_url){.port = "80", .path = "/"};
    if (sscanf(text, "http://%127[^:/]:%7[0-9]%255s", url->host, url->port, url->path) >= 2)
        return true;
    return sscanf(text, "http://%127[^:/]%255s", url->host, url->path) >= 1;
}

static inline int load_connect(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int fd = -1;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    for (struct addrinfo *a = found; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

/* POSTs JSON; returns the status, or -1. *retry_s is set on 429. */
static inline int load_post(const struct load_url *url, const char *path, const char *key, const char *body, unsigned *retry_s)
{
    char buffer[4096];
    int fd = load_connect(url->host, url->port), status = -1;
    if (fd < 0)
        return -1;
    int n = snprintf(buffer, sizeof buffer,
                     "POST %s HTTP/1.1\r\nHost: %s:%s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                     path, url->host, url->port, key, strlen(body), body);
    if (n > 0 && (size_t)n < sizeof buffer && send(fd, buffer, (size_t)n, MSG_NOSIGNAL) == n) {
        ssize_t got = recv(fd, buffer, sizeof buffer - 1, 0);
        buffer[got > 0 ? got : 0] = 0;
        const char *retry = strcasestr(buffer, "retry-after: ");
        *retry_s = retry ? (unsigned)atoi(retry + 13) : 1;
        if (got <= 0 || sscanf(buffer, "HTTP/1.%*c %d", &status) != 1)
            status = -1;
        if (status >= 400 && status != 429)
            fprintf(stderr, "POST %s: %.*s\n", path, (int)(got > 600 ? 600 : got), buffer);
    }
    close(fd);
    return status;
}

/* Waits as long as a 429 asks. */
static inline bool load_post_patiently(const struct load_url *url, const char *path, const char *key, const char *body)
{
    unsigned retry_s = 1;
    int status;
    while ((status = load_post(url, path, key, body, &retry_s)) == 429)
        sleep(retry_s ? retry_s : 1);
    return status == 200 || status == 201 || status == 409; /* 409: it is there from a run before */
}

/* --- the live stream --- */
struct load_stream {
    int fd;
    bool headers_over, chunked;
    size_t chunk_left;
    char line[65536];
    size_t n;
    bool alarm; /* the event at hand is an alarm */
};

static inline bool load_stream_open(struct load_stream *s, const struct load_url *url, const char *key)
{
    char request[1024];
    *s = (struct load_stream){.fd = load_connect(url->host, url->port)};
    int n =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%s\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n\r\n",
                 url->path, url->host, url->port, key);
    return s->fd >= 0 && send(s->fd, request, (size_t)n, MSG_NOSIGNAL) == n;
}

static inline void load_stream_line(struct load_stream *s, void (*alarm)(void *, const char *data), void *context)
{
    s->line[s->n] = 0;
    if (s->n && s->line[s->n - 1] == '\r')
        s->line[--s->n] = 0;
    if (strncmp(s->line, "event:", 6) == 0)
        s->alarm = strstr(s->line, "alarm") != NULL;
    else if (s->alarm && strncmp(s->line, "data:", 5) == 0)
        alarm(context, s->line + 5);
    else if (s->n == 0)
        s->alarm = false;
    s->n = 0;
}

/* One character of the response: its head, a chunk's length line, or the text. False: the answer is not 200. */
static inline bool load_stream_put(struct load_stream *s, char c, void (*alarm)(void *, const char *data), void *context)
{
    bool text = s->headers_over && (!s->chunked || s->chunk_left > 0);
    static __thread char head[256];
    static __thread size_t n_head;
    if (text) {
        s->chunk_left -= s->chunked;
        if (c == '\n')
            load_stream_line(s, alarm, context);
        else if (s->n < sizeof s->line - 1)
            s->line[s->n++] = c;
        return true;
    }
    if (c != '\n') {
        if (c != '\r' && n_head < sizeof head - 1)
            head[n_head++] = c;
        return true;
    }
    head[n_head] = 0;
    n_head = 0;
    if (s->headers_over) {
        s->chunk_left = strtoul(head, NULL, 16); /* the empty line behind a chunk gives 0 and is passed over */
    } else if (!head[0]) {
        s->headers_over = true;
    } else if (strncmp(head, "HTTP/", 5) == 0 && !strstr(head, " 200")) {
        fprintf(stderr, "live stream: expected 200, got %s\n", head);
        return false;
    } else if (strcasestr(head, "transfer-encoding: chunked")) {
        s->chunked = true;
    }
    return true;
}

#endif
