/* SPDX-License-Identifier: Apache-2.0
 *
 * A shared room: each seal is a datagram socket s-NUMBER in the directory, each reader r-NUMBER. Who sends, sends to all of the other
 * side; a socket whose owner is gone is removed.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bulla/cursor.h"
#include "transport/inside.h"

#define BYTE_US     288  /* eight bits of 36 us */
#define PREAMBLE_US 1300 /* 20 x 60 us and the last cycle */
#define NUMBERS     1000 /* tried for a free name */
#define ROOM        (1 << 20)

static bool name_of(const char *folder, const char *file, struct sockaddr_un *name)
{
    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    return snprintf(name->sun_path, sizeof name->sun_path, "%s/%s", folder, file) < (int)sizeof name->sun_path;
}

bool air_open(struct air *air, const char *folder, bool seal, char *why, size_t size)
{
    int room = ROOM;
    *air = (struct air){.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), .seal = seal};
    snprintf(air->folder, sizeof air->folder, "%s", folder);
    setsockopt(air->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    for (unsigned i = 0; i < NUMBERS; i++) {
        struct sockaddr_un name;
        char file[64];
        snprintf(file, sizeof file, "%c-%ld-%u", seal ? 's' : 'r', (long)getpid(), i);
        if (!name_of(folder, file, &name)) {
            errno = ENAMETOOLONG;
            break;
        }
        if (bind(air->fd, (struct sockaddr *)&name, sizeof name) == 0) {
            snprintf(air->own, sizeof air->own, "%s", name.sun_path);
            return true;
        }
        if (errno != EADDRINUSE) {
            break;
        }
    }
    snprintf(why, size, "air:%s: %s", folder, strerror(errno));
    close(air->fd);
    return false;
}

void air_close(struct air *air)
{
    unlink(air->own);
    close(air->fd);
}

static void send_to(const struct air *air, const char *file, const uint8_t *datagram, size_t n)
{
    struct sockaddr_un name;
    if (name_of(air->folder, file, &name) && sendto(air->fd, datagram, n, 0, (struct sockaddr *)&name, sizeof name) < 0 &&
        errno == ECONNREFUSED) {
        unlink(name.sun_path);
    }
}

bool air_send(const struct air *air, struct bulla_bytes frame)
{
    uint8_t datagram[AIR_HEAD + BULLA_FRAME_MAX];
    struct bulla_writer w = bulla_writer_over(datagram, sizeof datagram);
    bulla_writer_put_u64(&w, bulla_host_now_us());
    bulla_writer_put_u32(&w, (uint32_t)(PREAMBLE_US + frame.len * BYTE_US));
    bulla_writer_put(&w, frame.at, frame.len);
    DIR *folder = opendir(air->folder);
    if (!folder || w.failed) {
        if (folder) {
            closedir(folder);
        }
        return false;
    }
    for (const struct dirent *file = readdir(folder); file; file = readdir(folder)) {
        if (strncmp(file->d_name, air->seal ? "r-" : "s-", 2) == 0) {
            send_to(air, file->d_name, datagram, w.len);
        }
    }
    closedir(folder);
    return true;
}

int air_take(const struct air *air, uint8_t frame[BULLA_FRAME_MAX], uint64_t *from_us, uint64_t *to_us)
{
    uint8_t datagram[AIR_HEAD + BULLA_FRAME_MAX];
    ssize_t n = recv(air->fd, datagram, sizeof datagram, 0);
    if (n <= AIR_HEAD) {
        return -1;
    }
    struct bulla_cursor c = bulla_cursor_over(datagram, (size_t)n);
    *from_us = bulla_cursor_get_u64(&c);
    *to_us = *from_us + bulla_cursor_get_u32(&c);
    memcpy(frame, c.at, c.left);
    return (int)c.left;
}
