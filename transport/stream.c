/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "transport/inside.h"

#define FRAME_FIRST 0x40
#define STALE_US    300000 /* a frame whose rest has not come by then is none */
#define SEND_MS     2000

uint64_t bulla_host_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool stream_fill(struct stream *stream)
{
    if (stream->n == sizeof stream->bytes) {
        stream->n = 0; /* nobody has so much to say */
    }
    ssize_t got = read(stream->fd, stream->bytes + stream->n, sizeof stream->bytes - stream->n);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (stream->n == 0) {
        stream->since_us = bulla_host_now_us();
    }
    stream->n += (size_t)got;
    return got > 0;
}

void stream_drop(struct stream *stream, size_t n)
{
    stream->n -= n;
    memmove(stream->bytes, stream->bytes + n, stream->n);
    stream->since_us = bulla_host_now_us();
}

size_t stream_frame(struct stream *stream, bool from_seal)
{
    if (stream->n && bulla_host_now_us() - stream->since_us > STALE_US &&
        bulla_frame_length((struct bulla_bytes){stream->bytes, stream->n}, from_seal) > stream->n) {
        stream_drop(stream, 1);
    }
    while (stream->n && stream->bytes[0] != FRAME_FIRST) {
        stream_drop(stream, 1);
    }
    size_t length = bulla_frame_length((struct bulla_bytes){stream->bytes, stream->n}, from_seal);
    if (length == 0 || length > stream->n) {
        return 0;
    }
    return length;
}

bool stream_send(int fd, struct bulla_bytes bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = write(fd, bytes.at, bytes.len);
        if (sent > 0) {
            bytes.at += sent;
            bytes.len -= (size_t)sent;
            continue;
        }
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        if (errno != EINTR && (errno != EAGAIN || poll(&wait, 1, SEND_MS) <= 0)) {
            return false;
        }
    }
    return true;
}
