/* SPDX-License-Identifier: Apache-2.0
 *
 * What the SQLite back end asks of the machine, as data: files through a VFS of SQLite, and the few things that the store
 * does itself. The simulation gives another one (sim/disk.h), on which power fails.
 *
 * Functions return 0 or an errno. Paths are those that the store was opened with, and what it adds.
 */
#ifndef STORE_DISK_H
#define STORE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/base/clock.h"

struct store_disk {
    const char *vfs;                                  /* a name registered with SQLite; NULL: the machine's */
    bool stepped;                                     /* the store starts no thread: store_sqlite_step() does the keeper's work */
    struct clock clock;                               /* the store's own (leases) */
    void *host;                                       /* for the functions below */
    int (*make_folder)(void *host, const char *path); /* when 0 it survives a power cut; EEXIST: it is there */
    int (*list)(void *host, const char *folder, void (*each)(void *context, const char *name), void *context);
    int (*remove)(void *host, const char *path);
    int64_t (*size)(void *host, const char *path);        /* bytes; -1: no such file */
    int (*lock)(void *host, const char *path, int *lock); /* EWOULDBLOCK: another program has it */
    void (*unlock)(void *host, int lock);
};

extern const struct store_disk store_disk_machine;

#endif
