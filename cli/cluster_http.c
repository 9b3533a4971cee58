/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cluster_http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_MS  2000
#define ANSWER_MAX (256 * 1024)

static struct sockaddr_in loopback(unsigned port)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int dial(unsigned port)
{
    struct sockaddr_in to = loopback(port);
    struct timeval most = {ANSWER_MS / 1000, ANSWER_MS % 1000 * 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

int cluster_listens(unsigned port)
{
    int fd = dial(port);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

unsigned cluster_free_port(void)
{
    struct sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unsigned port = 0;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && getsockname(fd, (struct sockaddr *)&at, &size) == 0)
        port = ntohs(at.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}

static int send_all(int fd, const char *text, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t sent = send(fd, text + at, n - at, MSG_NOSIGNAL);
        if (sent <= 0)
            return 0;
        at += (size_t)sent;
    }
    return 1;
}

static int send_request(int fd, const struct cluster_asked *a)
{
    char *text = NULL, cookie[300] = "";
    if (a->cookie && a->cookie[0])
        snprintf(cookie, sizeof cookie, "Cookie: %s\r\n", a->cookie);
    int n = asprintf(&text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\nAccept: application/json\r\n%s%sContent-Length: %zu\r\n\r\n%s",
                     a->method, a->path, a->port, cookie, a->body ? "Content-Type: application/json\r\n" : "", a->body ? strlen(a->body) : 0,
                     a->body ? a->body : "");
    int sent = n > 0 && send_all(fd, text, (size_t)n);
    if (n > 0)
        free(text);
    return sent;
}

/* Everything until the other side closes. */
static char *receive_all(int fd)
{
    char *text = malloc(ANSWER_MAX + 1);
    size_t n = 0;
    ssize_t got = 0;
    while (text && n < ANSWER_MAX && (got = recv(fd, text + n, ANSWER_MAX - n, 0)) > 0)
        n += (size_t)got;
    if (text)
        text[n] = '\0';
    return text;
}

/* A header's value up to ';' or the line's end. */
static void take_header(const char *head, const char *name, char *to, size_t size)
{
    const char *line = strcasestr(head, name);
    if (!line)
        return;
    line += strlen(name);
    line += strspn(line, " ");
    snprintf(to, size, "%.*s", (int)strcspn(line, ";\r\n"), line);
}

/* The body of an answer, its chunks joined in place. */
static char *body_of(char *answer)
{
    char *at = strstr(answer, "\r\n\r\n"), *to, *body;
    if (!at)
        return NULL;
    *at = '\0';
    body = to = at += 4;
    if (!strcasestr(answer, "Transfer-Encoding: chunked"))
        return body;
    for (;;) {
        char *end = NULL;
        size_t left = strlen(at), n = strtoul(at, &end, 16);
        if (end == at || n == 0 || strncmp(end, "\r\n", 2) != 0 || n > left - (size_t)(end + 2 - at))
            break;
        memmove(to, end + 2, n);
        to += n;
        at = end + 2 + n + (strncmp(end + 2 + n, "\r\n", 2) == 0 ? 2 : 0);
    }
    *to = '\0';
    return body;
}

int cluster_http(const struct cluster_asked *asked, json_t **body, char *cookie, size_t cookie_size)
{
    int fd = dial(asked->port), status = 0;
    if (body)
        *body = NULL;
    if (fd < 0)
        return 0;
    char *answer = send_request(fd, asked) ? receive_all(fd) : NULL;
    char *content = answer ? body_of(answer) : NULL;
    close(fd);
    if (content && sscanf(answer, "HTTP/1.%*d %d", &status) == 1) {
        if (cookie)
            take_header(answer, "\r\nSet-Cookie:", cookie, cookie_size);
        if (body)
            *body = json_loads(content, 0, NULL);
    }
    free(answer);
    return status;
}
