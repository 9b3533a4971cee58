/* SPDX-License-Identifier: Apache-2.0
 *
 * A client of rtl_tcp: an RTL-SDR stick of another machine, or of this one. Numbers are big-endian.
 *
 *   from it  12 bytes "RTL0", tuner, how many gains; then cu8 for ever
 *   to it     5 bytes  command, number: 1 frequency, Hz; 2 rate, Hz; 3 gain: 0 automatic, 1 by hand; 4 gain, 0.1 dB; 5 ppm
 *
 * It does not say when it drops samples; a connection that breaks, or is silent for 3 s, is a hole.
 */
#include "reader/source/source_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT     "1234"
#define SILENT_S 3.0
#define HEADER   12

struct rtl_tcp {
    struct source source;
    struct source_device device;
    struct source_loss loss;
    char host[SOURCE_HOST_MAX], port[8];
    int fd;       /* -1: lost */
    bool has_odd; /* half a sample waits */
    uint8_t odd;
    double last_s; /* when bytes came */
};

/* Waits for the socket. 1: ready; 0: 3 s have passed, or somebody said stop; -1: see errno. */
static int wait_for(const struct rtl_tcp *r, short events)
{
    double until = r->source.settings.now_s() + SILENT_S;
    for (;;) {
        struct pollfd on = {.fd = r->fd, .events = events};
        int ready = poll(&on, 1, 100);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return ready;
        if (source_stopped(&r->source) || r->source.settings.now_s() >= until)
            return 0;
    }
}

static bool send_all(struct rtl_tcp *r, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        if (wait_for(r, POLLOUT) <= 0)
            return false;
        ssize_t sent = send(r->fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0 && errno != EINTR && errno != EAGAIN)
            return false;
        bytes += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

static bool command(struct rtl_tcp *r, uint8_t code, double number)
{
    uint32_t bits = number < 0 ? (uint32_t)(int32_t)lrint(number) : (uint32_t)llrint(number);
    const uint8_t bytes[5] = {code, (uint8_t)(bits >> 24), (uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
    return send_all(r, bytes, sizeof bytes);
}

static bool set_up(struct rtl_tcp *r)
{
    const struct source_device *d = &r->device;
    return command(r, 2, d->rate_hz) && command(r, 5, d->ppm) && command(r, 1, d->frequency_hz) && command(r, 3, d->gain_auto ? 0 : 1) &&
           (d->gain_auto || command(r, 4, 10 * d->gain_db));
}

/* A socket that is connected, or -1 and errno. */
static int connected(struct rtl_tcp *r, const struct addrinfo *to)
{
    r->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (r->fd < 0)
        return -1;
    int error = 0;
    socklen_t n = sizeof error;
    if (connect(r->fd, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS)
        error = errno;
    else if (wait_for(r, POLLOUT) <= 0)
        error = ETIMEDOUT;
    else
        getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &n);
    if (error == 0)
        return r->fd;
    close(r->fd);
    r->fd = -1;
    errno = error;
    return -1;
}

static bool has_header(struct rtl_tcp *r, char why[SOURCE_WHY])
{
    uint8_t header[HEADER];
    size_t n = 0;
    while (n < HEADER && wait_for(r, POLLIN) > 0) {
        ssize_t got = recv(r->fd, header + n, HEADER - n, 0);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    if (n == HEADER && memcmp(header, "RTL0", 4) == 0)
        return true;
    source_say(SOURCE_FAILED, why, "rtl_tcp://%s:%s: expected a header of %d bytes that begins with RTL0, got %s", r->host, r->port, HEADER,
               n == HEADER ? "something else"
               : n         ? "less"
                           : "nothing");
    return false;
}

static void hang_up(struct rtl_tcp *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
    r->has_odd = false;
}

static bool dial(struct rtl_tcp *r, char why[SOURCE_WHY])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
    int code = getaddrinfo(r->host, r->port, &hints, &all);
    if (code != 0) {
        source_say(SOURCE_FAILED, why, "rtl_tcp://%s:%s: cannot find the host: %s", r->host, r->port, gai_strerror(code));
        return false;
    }
    r->fd = -1;
    for (struct addrinfo *to = all; to && r->fd < 0; to = to->ai_next)
        connected(r, to);
    int error = errno;
    freeaddrinfo(all);
    if (r->fd < 0) {
        source_say(SOURCE_FAILED, why, "rtl_tcp://%s:%s: cannot connect: %s", r->host, r->port, strerror(error));
        return false;
    }
    if (!has_header(r, why)) {
        hang_up(r);
        return false;
    }
    if (!set_up(r)) {
        source_say(SOURCE_FAILED, why, "rtl_tcp://%s:%s: cannot send commands: %s", r->host, r->port, strerror(errno));
        hang_up(r);
        return false;
    }
    return true;
}

/* Whole samples: half a sample waits for its other half. Returns how many bytes of them there are. */
static size_t whole(struct rtl_tcp *r, uint8_t *bytes, size_t n)
{
    r->has_odd = n % 2 != 0;
    if (r->has_odd)
        r->odd = bytes[n - 1];
    return n - n % 2;
}

static ssize_t rtl_tcp_read(struct source *source, void *to, size_t n, double *gap_s, char why[SOURCE_WHY])
{
    struct rtl_tcp *r = (struct rtl_tcp *)source;
    uint8_t *bytes = to;
    for (;;) {
        if (r->fd < 0) {
            char why_not[SOURCE_WHY] = "";
            if (!source_loss_wait(&r->loss, source, r->device.retry_s)) {
                source_say(SOURCE_FAILED, why, "rtl_tcp://%s:%s: lost, and not found again within %.12g s", r->host, r->port,
                           r->device.retry_s);
                return source_stopped(source) ? 0 : -1;
            }
            dial(r, why_not);
            continue;
        }
        bytes[0] = r->odd;
        size_t before = r->has_odd;
        ssize_t got = wait_for(r, POLLIN) > 0 ? recv(r->fd, bytes + before, n - before, 0) : 0;
        double now = source->settings.now_s();
        if (source_stopped(source))
            return 0;
        if (got > 0) {
            if (r->loss.lost)
                *gap_s = now - r->loss.since_s;
            r->loss.lost = false;
            r->last_s = now;
            size_t all = whole(r, bytes, before + (size_t)got);
            if (all > 0)
                return (ssize_t)all;
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            hang_up(r);
            if (r->loss.lost) /* it came back and gave nothing: the hole goes on, and so does the waiting */
                continue;
            source_loss_begin(&r->loss, now, r->last_s);
        }
    }
}

static void rtl_tcp_close(struct source *source)
{
    hang_up((struct rtl_tcp *)source);
    free(source);
}

/* host, host:port, [address], [address]:port. */
static bool read_host(const char *what, struct rtl_tcp *r)
{
    const char *from = what, *end = what[0] == '[' ? strchr(what, ']') : what + strcspn(what, ":");
    from += what[0] == '[';
    if (!end || end == from)
        return false;
    memcpy(r->host, from, (size_t)(end - from));
    end += what[0] == '[';
    strcpy(r->port, PORT);
    if (*end == '\0')
        return true;
    char *last;
    long port = strtol(end + 1, &last, 10);
    if (*end != ':' || last == end + 1 || *last != '\0' || port < 1 || port > 65535)
        return false;
    strcpy(r->port, end + 1 + strspn(end + 1, "0 +"));
    return true;
}

enum source_result source_rtl_tcp_open(const char *name, const struct source_settings *settings, struct source **source,
                                       char why[SOURCE_WHY])
{
    struct source_device device;
    enum source_result result = source_device_read(name, settings, &device, why);
    if (result != SOURCE_OK)
        return result;
    if (settings->format > MODEM_CU8)
        return source_say(SOURCE_WRONG, why, "%s: expected the format cu8, got %s", name,
                          modem_format_text((enum modem_format)settings->format));
    struct rtl_tcp *r = calloc(1, sizeof *r);
    if (!r)
        return source_say(SOURCE_FAILED, why, "%s: expected memory, got none", name);
    r->source = (struct source){.read = rtl_tcp_read, .close = rtl_tcp_close, .settings = *settings};
    r->source.info =
        (struct source_info){.format = MODEM_CU8, .rate_hz = device.rate_hz, .frequency_hz = device.frequency_hz, .live = true};
    r->device = device;
    r->fd = -1;
    if (!read_host(device.what, r))
        result = source_say(SOURCE_WRONG, why, "%s: expected a host, or HOST:PORT, got \"%s\"", name, device.what);
    else if (!dial(r, why))
        result = SOURCE_FAILED;
    r->last_s = settings->now_s();
    *source = &r->source;
    if (result != SOURCE_OK)
        rtl_tcp_close(&r->source);
    return result;
}
