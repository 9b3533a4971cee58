/* SPDX-License-Identifier: Apache-2.0
 *
 * A disk on which each write takes long, for a program that knows nothing of it (LD_PRELOAD): every pwrite takes as many
 * microseconds more as SLOW_WRITE_US says. Unlike a slow fsync it costs the more the more is written, as a weak disk does.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>

typedef ssize_t (*pwrite_fn)(int, const void *, size_t, off_t);

static void wait_as_told(void)
{
    const char *text = getenv("SLOW_WRITE_US");
    long us = text ? strtol(text, NULL, 10) : 0;
    if (us > 0)
        nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    pwrite_fn real = (pwrite_fn)dlsym(RTLD_NEXT, "pwrite");
    wait_as_told();
    return real(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at)
{
    pwrite_fn real = (pwrite_fn)dlsym(RTLD_NEXT, "pwrite64");
    wait_as_told();
    return real(fd, bytes, n, at);
}
