/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of the simulated disk, crashes, and the disk port of the store.
 */
#include "sim/disk_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- names --- */

static size_t place_of(const struct sim_disk *disk, const char *path)
{
    size_t low = 0, high = disk->n_names;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(disk->names[middle]->path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct sim_name *sim_disk_name(const struct sim_disk *disk, const char *path)
{
    size_t i = place_of(disk, path);
    return i < disk->n_names && strcmp(disk->names[i]->path, path) == 0 ? disk->names[i] : NULL;
}

struct sim_file *sim_disk_file(const struct sim_disk *disk, const char *path)
{
    struct sim_name *name = sim_disk_name(disk, path);
    return name ? name->now : NULL;
}

static struct sim_name *add_name(struct sim_disk *disk, const char *path)
{
    size_t i = place_of(disk, path);
    if (disk->n_names == disk->names_size) {
        size_t size = disk->names_size * 2 + 16;
        struct sim_name **grown = realloc(disk->names, size * sizeof(struct sim_name *));
        if (!grown)
            return NULL;
        disk->names = grown;
        disk->names_size = size;
    }
    struct sim_name *name = calloc(1, sizeof *name);
    if (!name)
        return NULL;
    snprintf(name->path, sizeof name->path, "%s", path);
    memmove(disk->names + i + 1, disk->names + i, (disk->n_names - i) * sizeof *disk->names);
    disk->names[i] = name;
    disk->n_names++;
    return name;
}

bool sim_disk_has_folder_of(const struct sim_disk *disk, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return true;
    char above[SIM_PATH_SIZE];
    snprintf(above, sizeof above, "%.*s", (int)(slash - path), path);
    struct sim_file *folder = sim_disk_file(disk, above);
    return folder && folder->folder;
}

int sim_disk_set_name(struct sim_disk *disk, const char *path, struct sim_file *file)
{
    if (disk->down)
        return EIO;
    struct sim_name *name = sim_disk_name(disk, path);
    if (!name && !file)
        return ENOENT;
    if (!name && !(name = add_name(disk, path)))
        return ENOMEM;
    sim_file_release(name->now);
    name->now = file;
    if (file)
        file->refs++;
    name->changed = ++disk->changes;
    if (sim_random_chance(&disk->random, SIM_WRITE_BACK))
        sim_disk_sync_names(disk);
    return 0;
}

static void make_name_safe(struct sim_name *name)
{
    if (name->now)
        name->now->refs++;
    sim_file_release(name->safe);
    name->safe = name->now;
    name->changed = 0;
}

void sim_disk_sync_names(struct sim_disk *disk)
{
    for (size_t i = 0; i < disk->n_names; i++)
        if (disk->names[i]->changed)
            make_name_safe(disk->names[i]);
}

/* --- what is left --- */

static void forget_name(struct sim_disk *disk, size_t i)
{
    sim_file_release(disk->names[i]->now);
    sim_file_release(disk->names[i]->safe);
    free(disk->names[i]);
    memmove(disk->names + i, disk->names + i + 1, (disk->n_names - i - 1) * sizeof *disk->names);
    disk->n_names--;
}

static void drop_missing(struct sim_disk *disk)
{
    for (size_t i = 0; i < disk->n_names;) { /* in order of path: folders come before what is in them */
        struct sim_name *name = disk->names[i];
        if (name->now && sim_disk_has_folder_of(disk, name->path))
            i++;
        else
            forget_name(disk, i);
    }
}

/* Names reach the disk in order: those up to some change are kept. */
static void cut_names(struct sim_disk *disk)
{
    uint64_t first = 0;
    for (size_t i = 0; i < disk->n_names; i++) {
        uint64_t changed = disk->names[i]->changed;
        first = changed && (!first || changed < first) ? changed : first;
    }
    uint64_t until = first ? first + sim_random_below(&disk->random, (uint32_t)(disk->changes - first) + 2) : 0;
    for (size_t i = 0; i < disk->n_names; i++) {
        struct sim_name *name = disk->names[i];
        if (name->changed >= until && name->changed) {
            disk->counts.names_lost++;
            if (name->safe)
                name->safe->refs++;
            sim_file_release(name->now);
            name->now = name->safe;
            name->changed = 0;
        } else if (name->changed) {
            make_name_safe(name);
        }
    }
}

static void leave_handles(struct sim_file *file)
{
    if (file->shm)
        sim_shm_release(file->shm);
    file->shm = NULL;
    file->handles = NULL;
}

void sim_disk_crash(struct sim_disk *disk, bool power)
{
    disk->generation++;
    disk->crash_after = 0;
    disk->down = false;
    memset(disk->locks, 0, sizeof disk->locks);
    for (size_t i = 0; i < disk->n_names; i++) {
        if (disk->names[i]->now)
            leave_handles(disk->names[i]->now);
        if (disk->names[i]->safe)
            leave_handles(disk->names[i]->safe);
    }
    if (!power) {
        disk->counts.kills++;
        return;
    }
    disk->counts.power_cuts++;
    cut_names(disk);
    drop_missing(disk);
    for (size_t i = 0; i < disk->n_names; i++)
        sim_file_cut(disk, disk->names[i]->now);
}

void sim_disk_crash_after(struct sim_disk *disk, uint64_t calls)
{
    disk->crash_after = calls;
}

bool sim_disk_is_down(const struct sim_disk *disk)
{
    return disk->down;
}

struct sim_disk *sim_disk_copy(const struct sim_disk *disk, uint64_t seed)
{
    struct sim_disk *copy = sim_disk_new(seed, disk->port.clock);
    for (size_t i = 0; copy && i < disk->n_names; i++) {
        const struct sim_name *name = disk->names[i];
        struct sim_file *file = name->safe ? sim_file_new() : NULL;
        struct sim_name *to = file && sim_file_copy_safe(name->safe, file) ? add_name(copy, name->path) : NULL;
        if (to)
            to->now = to->safe = file;
        if (to)
            file->refs = 2;
    }
    if (copy)
        drop_missing(copy);
    return copy;
}

uint64_t sim_disk_digest(const struct sim_disk *disk)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < disk->n_names; i++) {
        const struct sim_file *file = disk->names[i]->now;
        for (const char *c = disk->names[i]->path; file && *c; c++)
            h = (h ^ (uint8_t)*c) * UINT64_C(1099511628211);
        for (size_t b = 0; file && b < file->size; b++)
            h = (h ^ file->bytes[b]) * UINT64_C(1099511628211);
    }
    return h;
}

/* --- the port --- */

static int make_folder(void *host, const char *path)
{
    struct sim_disk *disk = host;
    if (sim_disk_file(disk, path))
        return EEXIST;
    if (!sim_disk_has_folder_of(disk, path))
        return ENOENT;
    struct sim_file *folder = sim_file_new();
    if (!folder)
        return ENOMEM;
    folder->folder = true;
    int failed = sim_disk_set_name(disk, path, folder);
    sim_file_release(folder);
    if (!failed && sim_disk_count_call(disk))
        failed = EIO;
    if (!failed)
        sim_disk_sync_names(disk);
    return failed;
}

static int list(void *host, const char *folder, void (*each)(void *context, const char *name), void *context)
{
    struct sim_disk *disk = host;
    size_t n = strlen(folder);
    struct sim_file *file = sim_disk_file(disk, folder);
    if (disk->down || !file || !file->folder)
        return disk->down ? EIO : ENOENT;
    for (size_t i = 0; i < disk->n_names; i++) {
        const char *path = disk->names[i]->path;
        if (disk->names[i]->now && strncmp(path, folder, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/'))
            each(context, path + n + 1);
    }
    return 0;
}

static int remove_file(void *host, const char *path)
{
    struct sim_disk *disk = host;
    return sim_disk_file(disk, path) ? sim_disk_set_name(disk, path, NULL) : ENOENT;
}

static int64_t size_of(void *host, const char *path)
{
    struct sim_file *file = sim_disk_file(host, path);
    return file ? (int64_t)file->size : -1;
}

static int lock(void *host, const char *path, int *out)
{
    struct sim_disk *disk = host;
    int place = -1;
    for (int i = 0; i < (int)(sizeof disk->locks / sizeof *disk->locks); i++) {
        if (disk->locks[i].held && strcmp(disk->locks[i].path, path) == 0)
            return EWOULDBLOCK;
        place = disk->locks[i].held ? place : i;
    }
    if (disk->down || place < 0)
        return disk->down ? EIO : ENOLCK;
    disk->locks[place].held = true;
    snprintf(disk->locks[place].path, SIM_PATH_SIZE, "%s", path);
    *out = (int)(disk->generation * 4) + place;
    return 0;
}

static void unlock(void *host, int lock)
{
    struct sim_disk *disk = host;
    if ((uint64_t)lock / 4 == disk->generation)
        disk->locks[lock % 4].held = false;
}

/* --- life --- */

struct sim_disk *sim_disk_new(uint64_t seed, struct clock clock)
{
    struct sim_disk *disk = calloc(1, sizeof *disk);
    if (!disk)
        return NULL;
    disk->random = sim_random_new(seed);
    disk->port = (struct store_disk){.stepped = true,
                                     .clock = clock,
                                     .host = disk,
                                     .make_folder = make_folder,
                                     .list = list,
                                     .remove = remove_file,
                                     .size = size_of,
                                     .lock = lock,
                                     .unlock = unlock};
    if (!sim_vfs_register(disk)) {
        free(disk);
        return NULL;
    }
    disk->port.vfs = disk->vfs_name;
    return disk;
}

void sim_disk_free(struct sim_disk *disk)
{
    if (!disk)
        return;
    sqlite3_vfs_unregister(&disk->vfs);
    while (disk->n_names > 0)
        forget_name(disk, disk->n_names - 1);
    free(disk->names);
    free(disk);
}

const struct store_disk *sim_disk_port(struct sim_disk *disk)
{
    return &disk->port;
}

const char *sim_disk_vfs(const struct sim_disk *disk)
{
    return disk->vfs_name;
}

void sim_disk_set_faults(struct sim_disk *disk, const struct sim_disk_faults *faults)
{
    disk->faults = *faults;
}

struct sim_disk_counts sim_disk_counts(const struct sim_disk *disk)
{
    struct sim_disk_counts counts = disk->counts;
    counts.bytes = sim_disk_used(disk);
    return counts;
}

uint64_t sim_disk_took_us(struct sim_disk *disk)
{
    uint64_t took = disk->took_us;
    disk->took_us = 0;
    return took;
}
