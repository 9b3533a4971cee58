/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "transport/inside.h"

#define BACKLOG 16

static int fail(int fd, char *why, size_t size, const char *where)
{
    snprintf(why, size, "%s: %s", where, strerror(errno));
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

/* A socket that nobody listens on any more is in the way of a new one. */
static void remove_dead(const struct sockaddr_un *name)
{
    struct stat about;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    if (stat(name->sun_path, &about) == 0 && S_ISSOCK(about.st_mode) && connect(fd, (const struct sockaddr *)name, sizeof *name) != 0 &&
        errno == ECONNREFUSED) {
        unlink(name->sun_path);
    }
    close(fd);
}

static int open_unix(const char *path, bool listens, char *why, size_t size)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path) {
        errno = ENAMETOOLONG;
        return fail(-1, why, size, path);
    }
    strcpy(name.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listens) {
        remove_dead(&name);
    }
    int got = listens ? bind(fd, (struct sockaddr *)&name, sizeof name) : connect(fd, (struct sockaddr *)&name, sizeof name);
    if (got != 0 || (listens && listen(fd, BACKLOG) != 0)) {
        return fail(fd, why, size, path);
    }
    return fd;
}

static int open_tcp_address(const struct addrinfo *a, bool listens)
{
    int yes = 1;
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    int got = listens ? bind(fd, a->ai_addr, a->ai_addrlen) : connect(fd, a->ai_addr, a->ai_addrlen);
    if (got != 0 || (listens && listen(fd, BACKLOG) != 0) || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int open_tcp(const char *where, bool listens, char *why, size_t size)
{
    char host[BULLA_HOST_NAME];
    const char *colon = strrchr(where, ':');
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = listens ? AI_PASSIVE : 0}, *list = NULL;
    if (!colon || (size_t)(colon - where) >= sizeof host) {
        snprintf(why, size, "tcp:%s: expected tcp:HOST:PORT", where);
        return -1;
    }
    memcpy(host, where, (size_t)(colon - where));
    host[colon - where] = '\0';
    int error = getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &list);
    if (error != 0) {
        snprintf(why, size, "tcp:%s: %s", where, gai_strerror(error));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = open_tcp_address(a, listens);
    }
    freeaddrinfo(list);
    return fd < 0 ? fail(-1, why, size, where) : fd;
}

static const struct {
    int baud;
    speed_t speed;
} speeds[] = {{9600, B9600}, {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200}, {230400, B230400}};

static bool make_raw(int fd, int baud)
{
    struct termios line;
    if (tcgetattr(fd, &line) != 0) {
        return false;
    }
    cfmakeraw(&line);
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
        if (speeds[i].baud == baud) {
            cfsetspeed(&line, speeds[i].speed);
            return tcsetattr(fd, TCSANOW, &line) == 0;
        }
    }
    errno = EINVAL;
    return false;
}

int address_line(const char *where, char *why, size_t size)
{
    char device[BULLA_HOST_NAME];
    int baud = 115200;
    if (sscanf(where, "%127[^:]:%d", device, &baud) < 1) {
        snprintf(why, size, "serial:%s: expected serial:DEVICE[:BAUD]", where);
        return -1;
    }
    int fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || !make_raw(fd, baud)) {
        return fail(fd, why, size, where);
    }
    return fd;
}

int address_pty(char name[BULLA_HOST_NAME], char *why, size_t size)
{
    char device[BULLA_HOST_NAME - 8];
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, device, sizeof device) != 0 || !make_raw(fd, 115200)) {
        return fail(fd, why, size, "pty");
    }
    snprintf(name, BULLA_HOST_NAME, "serial:%s", device);
    return fd;
}

int address_open(const char *where, bool listens, char *why, size_t size)
{
    if (strncmp(where, "unix:", 5) == 0) {
        return open_unix(where + 5, listens, why, size);
    }
    if (strncmp(where, "tcp:", 4) == 0) {
        return open_tcp(where + 4, listens, why, size);
    }
    if (!listens && strncmp(where, "serial:", 7) == 0) {
        return address_line(where + 7, why, size);
    }
    snprintf(why, size, "\"%s\": expected unix:PATH, tcp:HOST:PORT, air:DIRECTORY or %s", where, listens ? "pty" : "serial:DEVICE");
    return -1;
}
