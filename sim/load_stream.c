/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/load_stream.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_SIZE 16384
#define TRIES_MOST  100 /* 429 in a row */

static int connect_to(const struct load_api *api)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int fd = -1;
    if (getaddrinfo(api->host, api->port, &hints, &found) != 0)
        return -1;
    for (struct addrinfo *a = found; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

static void put_access(const struct load_api *api, char *to, size_t size)
{
    if (api->key[0])
        snprintf(to, size, "Authorization: Bearer %s\r\n", api->key);
    else if (api->cookie[0])
        snprintf(to, size, "Cookie: bulla_session=%s\r\nX-CSRF-Token: %s\r\n", api->cookie, api->csrf);
    else
        *to = 0;
}

static bool send_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

static size_t read_all(int fd, char *to, size_t size)
{
    size_t n = 0;
    ssize_t got;
    while (n < size - 1 && (got = recv(fd, to + n, size - 1 - n, 0)) > 0)
        n += (size_t)got;
    to[n] = 0;
    return n;
}

static int post_once(const struct load_api *api, const char *path, const char *body, char *answer, size_t size)
{
    char access[512], head[1024];
    int fd = connect_to(api), status = -1;
    if (fd < 0)
        return -1;
    put_access(api, access, sizeof access);
    int n = snprintf(head, sizeof head,
                     "POST %s HTTP/1.1\r\nHost: %s:%s\r\n%sContent-Type: application/json\r\nContent-Length: %zu\r\n"
                     "Connection: close\r\n\r\n",
                     path, api->host, api->port, access, strlen(body));
    bool sent = n > 0 && (size_t)n < sizeof head && send_all(fd, head, (size_t)n) && send_all(fd, body, strlen(body));
    if (!sent || !read_all(fd, answer, size) || sscanf(answer, "HTTP/1.%*c %d", &status) != 1)
        status = -1;
    close(fd);
    return status;
}

int load_api_post(const struct load_api *api, const char *path, const char *body, char *answer, size_t size)
{
    int status = -1;
    for (int i = 0; i < TRIES_MOST; i++) {
        status = post_once(api, path, body, answer, size);
        if (status != 429)
            break;
        const char *retry = strcasestr(answer, "retry-after: ");
        int seconds = retry ? atoi(retry + 13) : 1;
        sleep(seconds > 0 ? (unsigned)seconds : 1);
    }
    return status;
}

/* The text between a mark and the next of `ends`. */
static bool cut_out(const char *text, const char *mark, const char *ends, char *to, size_t size)
{
    const char *at = strstr(text, mark);
    if (!at)
        return false;
    at += strlen(mark);
    size_t n = strcspn(at, ends);
    if (n == 0 || n >= size)
        return false;
    memcpy(to, at, n);
    to[n] = 0;
    return true;
}

bool load_api_open(struct load_api *api, const char *url, const char *key, const char *user, const char *password, char *why, size_t size)
{
    *api = (struct load_api){.port = "80"};
    if (sscanf(url, "http://%127[^:/]:%7[0-9]", api->host, api->port) < 1) {
        snprintf(why, size, "--http: expected http://host:port, got \"%s\"", url);
        return false;
    }
    if (key) {
        snprintf(api->key, sizeof api->key, "%s", key);
        return true;
    }
    char body[400], *answer = malloc(ANSWER_SIZE);
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"password\":\"%s\"}", user, password ? password : "");
    int status = answer ? load_api_post(api, "/api/v1/session", body, answer, ANSWER_SIZE) : -1;
    bool ok = status == 200 && cut_out(answer, "bulla_session=", ";\r", api->cookie, sizeof api->cookie) &&
              cut_out(answer, "\"csrf\":\"", "\"", api->csrf, sizeof api->csrf);
    if (status < 0)
        snprintf(why, size, "--http: %s:%s does not answer", api->host, api->port);
    else if (!ok)
        snprintf(why, size, "--http: expected to sign in as %s with --password, got status %d", user, status);
    free(answer);
    return ok;
}

/* --- the live stream --- */
bool load_stream_open(struct load_stream *s, const struct load_api *api)
{
    char access[512], request[1024];
    *s = (struct load_stream){.fd = connect_to(api)};
    put_access(api, access, sizeof access);
    int n = snprintf(request, sizeof request, "GET /api/v1/live HTTP/1.1\r\nHost: %s:%s\r\n%sAccept: text/event-stream\r\n\r\n", api->host,
                     api->port, access);
    if (s->fd >= 0 && send_all(s->fd, request, (size_t)n))
        return true;
    load_stream_close(s);
    return false;
}

void load_stream_close(struct load_stream *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

static void take_line(struct load_stream *s, void (*alarm)(void *, const char *data), void *context)
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

/* A line of the answer's head, or of a chunk's length. False: the answer is not 200. */
static bool take_head(struct load_stream *s)
{
    s->head[s->n_head] = 0;
    s->n_head = 0;
    if (s->headers_over)
        s->chunk_left = strtoul(s->head, NULL, 16); /* the empty line behind a chunk gives 0 and is passed over */
    else if (!s->head[0])
        s->headers_over = true;
    else if (strncmp(s->head, "HTTP/", 5) == 0)
        return strstr(s->head, " 200") != NULL;
    else if (strcasestr(s->head, "transfer-encoding: chunked"))
        s->chunked = true;
    return true;
}

static bool take(struct load_stream *s, char c, void (*alarm)(void *, const char *data), void *context)
{
    if (s->headers_over && (!s->chunked || s->chunk_left > 0)) {
        s->chunk_left -= s->chunked;
        if (c == '\n')
            take_line(s, alarm, context);
        else if (s->n < sizeof s->line - 1)
            s->line[s->n++] = c;
        return true;
    }
    if (c == '\n')
        return take_head(s);
    if (c != '\r' && s->n_head < sizeof s->head - 1)
        s->head[s->n_head++] = c;
    return true;
}

bool load_stream_read(struct load_stream *s, void (*alarm)(void *, const char *data), void *context)
{
    char bytes[16384];
    ssize_t n;
    while ((n = recv(s->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        for (ssize_t i = 0; i < n; i++)
            if (!take(s, bytes[i], alarm, context))
                return false;
    return n < 0 && errno == EAGAIN;
}
