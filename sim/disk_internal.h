/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated disk's inside, for disk.c (names, contents, power cuts) and disk_vfs.c (what SQLite asks).
 */
#ifndef SIM_DISK_INTERNAL_H
#define SIM_DISK_INTERNAL_H

#include <sqlite3.h>
#include <stddef.h>

#include "sim/disk.h"

#define SIM_SECTOR     512
#define SIM_PATH_SIZE  600
#define SIM_WRITE_BACK 0.05 /* chance that the system writes something back before it is told to */

struct sim_shm { /* shared memory of a write-ahead log; outlives the file's handles of a crashed program */
    uint8_t **regions;
    int n_regions, refs;
    struct sim_handle *handles;
};

struct sim_file {
    uint8_t *bytes;
    size_t size, capacity; /* what programs see */
    size_t safe_size;
    uint8_t **before;  /* by sector: the durable content where it is another, else NULL */
    bool *lost;        /* by sector: a sync failed, and the system has given it up; only with `before` */
    uint32_t *changed; /* the sectors with `before` */
    size_t n_changed, changed_size, sectors;
    bool size_changed, folder;
    int refs; /* names, durable names, handles */
    struct sim_handle *handles;
    struct sim_shm *shm;
};

struct sim_name {
    char path[SIM_PATH_SIZE];
    struct sim_file *now, *safe; /* NULL: it does not exist */
    uint64_t changed;            /* number of the change that is not durable yet; 0: none */
};

struct sim_lock {
    char path[SIM_PATH_SIZE];
    bool held;
};

struct sim_disk {
    sqlite3_vfs vfs;
    char vfs_name[24];
    struct store_disk port;
    struct sim_random random;
    struct sim_disk_faults faults;
    struct sim_disk_counts counts;
    struct sim_name **names; /* in order of path */
    size_t n_names, names_size;
    uint64_t changes;    /* of names, so far */
    uint64_t generation; /* grows with each crash */
    uint64_t crash_after, took_us;
    bool down;
    struct sim_lock locks[4];
};

struct sim_handle { /* an open file of SQLite */
    sqlite3_file base;
    struct sim_disk *disk;
    struct sim_file *file;
    uint64_t generation;
    int level;       /* SQLITE_LOCK_... */
    bool sync_names; /* the first sync makes its name durable too, as SQLite's unix VFS does */
    bool delete_on_close;
    char path[SIM_PATH_SIZE];
    struct sim_handle *next; /* of the file */
    struct sim_shm *shm;
    struct sim_handle *next_shm;
    uint16_t shared, exclusive; /* slots of the shared memory */
};

/* disk.c */
struct sim_name *sim_disk_name(const struct sim_disk *disk, const char *path); /* NULL: never seen */
struct sim_file *sim_disk_file(const struct sim_disk *disk, const char *path); /* as programs see it; NULL: none */
/* Makes or (file NULL) removes a name. 0 or an errno. */
int sim_disk_set_name(struct sim_disk *disk, const char *path, struct sim_file *file);
bool sim_disk_has_folder_of(const struct sim_disk *disk, const char *path);
void sim_disk_sync_names(struct sim_disk *disk);

uint64_t sim_disk_used(const struct sim_disk *disk);

/* disk_file.c */
struct sim_file *sim_file_new(void);
void sim_file_release(struct sim_file *file);
/* One more call that reaches the disk; true: power has failed. */
bool sim_disk_count_call(struct sim_disk *disk);
/* What a power cut leaves of a file. */
void sim_file_cut(struct sim_disk *disk, struct sim_file *file);
/* What is surely durable of it. False: out of memory. */
bool sim_file_copy_safe(const struct sim_file *from, struct sim_file *to);
/* These fail by the seed. 0 or an errno. */
int sim_file_write(struct sim_disk *disk, struct sim_file *file, const void *bytes, size_t n, size_t at);
int sim_file_truncate(struct sim_disk *disk, struct sim_file *file, size_t size);
int sim_file_sync(struct sim_disk *disk, struct sim_file *file);

/* disk_vfs.c */
bool sim_vfs_register(struct sim_disk *disk);
void sim_shm_release(struct sim_shm *shm);

#endif
