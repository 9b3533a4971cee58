/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated disk as a VFS of SQLite: files, their locks among the connections of one process, and the shared memory of
 * write-ahead logs.
 */
#include "sim/disk_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sim_handle *handle_of(sqlite3_file *file)
{
    return (struct sim_handle *)file;
}

/* A handle of a program that has crashed, or power is off. */
static bool is_dead(const struct sim_handle *h)
{
    return h->generation != h->disk->generation || h->disk->down;
}

static int code_of(int failed, int otherwise)
{
    return failed == ENOSPC ? SQLITE_FULL : failed == ENOMEM ? SQLITE_NOMEM : otherwise;
}

/* --- shared memory --- */

void sim_shm_release(struct sim_shm *shm)
{
    if (--shm->refs > 0)
        return;
    for (int i = 0; i < shm->n_regions; i++)
        free(shm->regions[i]);
    free(shm->regions);
    free(shm);
}

static int shm_open(struct sim_handle *h)
{
    if (h->shm)
        return SQLITE_OK;
    if (is_dead(h))
        return SQLITE_IOERR_SHMOPEN;
    if (!h->file->shm) {
        h->file->shm = calloc(1, sizeof *h->file->shm);
        if (!h->file->shm)
            return SQLITE_NOMEM;
        h->file->shm->refs = 1;
    }
    h->shm = h->file->shm;
    h->shm->refs++;
    h->next_shm = h->shm->handles;
    h->shm->handles = h;
    return SQLITE_OK;
}

static int shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    struct sim_handle *h = handle_of(file);
    *out = NULL;
    int code = shm_open(h);
    if (code != SQLITE_OK)
        return code;
    if (page >= h->shm->n_regions) {
        if (!extend)
            return SQLITE_OK;
        uint8_t **grown = realloc(h->shm->regions, (size_t)(page + 1) * sizeof *grown);
        if (!grown)
            return SQLITE_NOMEM;
        h->shm->regions = grown;
        for (; h->shm->n_regions <= page; h->shm->n_regions++)
            grown[h->shm->n_regions] = calloc(1, (size_t)size);
    }
    *out = h->shm->regions[page];
    return *out ? SQLITE_OK : SQLITE_NOMEM;
}

static int shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    struct sim_handle *h = handle_of(file);
    uint16_t mask = (uint16_t)(((1u << n) - 1) << offset);
    if (flags & SQLITE_SHM_UNLOCK) {
        h->shared &= (uint16_t)~mask;
        h->exclusive &= (uint16_t)~mask;
        return SQLITE_OK;
    }
    if (is_dead(h))
        return SQLITE_IOERR_SHMLOCK;
    for (struct sim_handle *other = h->shm->handles; other; other = other->next_shm) {
        uint16_t against = flags & SQLITE_SHM_SHARED ? other->exclusive : (uint16_t)(other->exclusive | other->shared);
        if (other != h && against & mask)
            return SQLITE_BUSY;
    }
    if (flags & SQLITE_SHM_SHARED)
        h->shared |= mask;
    else
        h->exclusive |= mask;
    return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *file)
{
    (void)file;
}

static int shm_unmap(sqlite3_file *file, int remove)
{
    struct sim_handle *h = handle_of(file);
    if (!h->shm)
        return SQLITE_OK;
    struct sim_handle **at = &h->shm->handles;
    while (*at && *at != h)
        at = &(*at)->next_shm;
    if (*at)
        *at = h->next_shm;
    h->shared = h->exclusive = 0;
    if (!is_dead(h) && h->file->shm == h->shm && (remove || !h->shm->handles)) { /* nobody has it mapped any more */
        sim_shm_release(h->file->shm);
        h->file->shm = NULL;
    }
    sim_shm_release(h->shm);
    h->shm = NULL;
    return SQLITE_OK;
}

/* --- files --- */

static int do_close(sqlite3_file *file)
{
    struct sim_handle *h = handle_of(file);
    shm_unmap(file, 0);
    struct sim_handle **at = &h->file->handles;
    while (*at && *at != h)
        at = &(*at)->next;
    if (*at)
        *at = h->next;
    if (h->delete_on_close && !is_dead(h) && h->path[0])
        sim_disk_set_name(h->disk, h->path, NULL);
    sim_file_release(h->file);
    return SQLITE_OK;
}

static int do_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    struct sim_handle *h = handle_of(file);
    if (is_dead(h))
        return SQLITE_IOERR_READ;
    struct sim_disk *disk = h->disk;
    if (disk->faults.read_error > 0 && sim_random_chance(&disk->random, disk->faults.read_error)) {
        disk->counts.read_errors++;
        return SQLITE_IOERR_READ;
    }
    size_t from = (size_t)at, left = from < h->file->size ? h->file->size - from : 0;
    size_t have = left < (size_t)n ? left : (size_t)n;
    if (have)
        memcpy(to, h->file->bytes + from, have);
    memset((uint8_t *)to + have, 0, (size_t)n - have);
    return have == (size_t)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int do_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
    struct sim_handle *h = handle_of(file);
    if (is_dead(h))
        return SQLITE_IOERR_WRITE;
    int failed = sim_file_write(h->disk, h->file, bytes, (size_t)n, (size_t)at);
    return failed ? code_of(failed, SQLITE_IOERR_WRITE) : SQLITE_OK;
}

static int do_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct sim_handle *h = handle_of(file);
    if (is_dead(h))
        return SQLITE_IOERR_TRUNCATE;
    if ((size_t)size >= h->file->size)
        return SQLITE_OK;
    return sim_file_truncate(h->disk, h->file, (size_t)size) ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int do_sync(sqlite3_file *file, int flags)
{
    struct sim_handle *h = handle_of(file);
    (void)flags;
    if (is_dead(h) || sim_file_sync(h->disk, h->file))
        return SQLITE_IOERR_FSYNC;
    if (h->sync_names) {
        sim_disk_sync_names(h->disk);
        h->sync_names = false;
    }
    return SQLITE_OK;
}

static int do_size(sqlite3_file *file, sqlite3_int64 *out)
{
    struct sim_handle *h = handle_of(file);
    *out = (sqlite3_int64)h->file->size;
    return is_dead(h) ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int level_of_others(const struct sim_handle *h)
{
    int level = SQLITE_LOCK_NONE;
    for (const struct sim_handle *other = h->file->handles; other; other = other->next)
        level = other != h && other->level > level ? other->level : level;
    return level;
}

static int do_lock(sqlite3_file *file, int level)
{
    struct sim_handle *h = handle_of(file);
    if (level <= h->level)
        return SQLITE_OK;
    if (is_dead(h))
        return SQLITE_IOERR_LOCK;
    int others = level_of_others(h);
    if (level == SQLITE_LOCK_SHARED ? others >= SQLITE_LOCK_PENDING : others >= SQLITE_LOCK_RESERVED)
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && others >= SQLITE_LOCK_SHARED) {
        h->level = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    h->level = level;
    return SQLITE_OK;
}

static int do_unlock(sqlite3_file *file, int level)
{
    struct sim_handle *h = handle_of(file);
    h->level = level < h->level ? level : h->level;
    return SQLITE_OK;
}

static int do_check_reserved(sqlite3_file *file, int *out)
{
    *out = level_of_others(handle_of(file)) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

static int do_control(sqlite3_file *file, int what, void *out)
{
    (void)file;
    if (what != SQLITE_FCNTL_LAST_ERRNO)
        return SQLITE_NOTFOUND;
    *(int *)out = 0;
    return SQLITE_OK;
}

static int sector_size(sqlite3_file *file)
{
    (void)file;
    return 4096;
}

static int characteristics(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check_reserved,
    .xFileControl = do_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

/* --- the VFS --- */

static int find_or_make(struct sim_disk *disk, const char *path, int flags, struct sim_file **out)
{
    struct sim_file *file = path ? sim_disk_file(disk, path) : NULL;
    if (file) {
        if (file->folder)
            return SQLITE_CANTOPEN;
        file->refs++;
        *out = file;
        return SQLITE_OK;
    }
    if (!(flags & SQLITE_OPEN_CREATE) || disk->down || (path && !sim_disk_has_folder_of(disk, path)))
        return SQLITE_CANTOPEN;
    file = sim_file_new();
    if (!file || (path && sim_disk_set_name(disk, path, file))) {
        sim_file_release(file);
        return SQLITE_CANTOPEN;
    }
    *out = file;
    return SQLITE_OK;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    struct sim_handle *h = handle_of(file);
    struct sim_disk *disk = vfs->pAppData;
    memset(h, 0, sizeof *h);
    int code = disk->down ? SQLITE_CANTOPEN : find_or_make(disk, path, flags, &h->file);
    if (code != SQLITE_OK)
        return code;
    h->base.pMethods = &methods;
    h->disk = disk;
    h->generation = disk->generation;
    h->sync_names = flags & SQLITE_OPEN_CREATE && flags & (SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL);
    h->delete_on_close = flags & SQLITE_OPEN_DELETEONCLOSE;
    snprintf(h->path, sizeof h->path, "%s", path ? path : "");
    h->next = h->file->handles;
    h->file->handles = h;
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    struct sim_disk *disk = vfs->pAppData;
    if (disk->down)
        return SQLITE_IOERR_DELETE;
    if (!sim_disk_file(disk, path))
        return SQLITE_IOERR_DELETE_NOENT;
    if (sim_disk_set_name(disk, path, NULL))
        return SQLITE_IOERR_DELETE;
    if (sync)
        sim_disk_sync_names(disk);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
    struct sim_file *file = sim_disk_file(vfs->pAppData, path);
    *out = file && (flags != SQLITE_ACCESS_EXISTS || file->size > 0 || file->folder);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
    (void)vfs;
    snprintf(out, (size_t)size, "%s", path);
    return SQLITE_OK;
}

static int vfs_random(sqlite3_vfs *vfs, int n, char *out)
{
    struct sim_disk *disk = vfs->pAppData;
    for (int i = 0; i < n; i++)
        out[i] = (char)sim_random_below(&disk->random, 256);
    return n;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    ((struct sim_disk *)vfs->pAppData)->took_us += (uint64_t)us;
    return us;
}

static int vfs_time_64(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    struct sim_disk *disk = vfs->pAppData;
    *out = INT64_C(210866760000000) + clock_now(&disk->port.clock); /* days from noon, 4714 BC, in ms */
    return SQLITE_OK;
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
    sqlite3_int64 ms;
    vfs_time_64(vfs, &ms);
    *out = (double)ms / 86400000.0;
    return SQLITE_OK;
}

static int vfs_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return 0;
}

bool sim_vfs_register(struct sim_disk *disk)
{
    static unsigned number; /* only a name */
    snprintf(disk->vfs_name, sizeof disk->vfs_name, "sim-%u", ++number);
    disk->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct sim_handle),
        .mxPathname = SIM_PATH_SIZE - 10,
        .zName = disk->vfs_name,
        .pAppData = disk,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_error,
        .xCurrentTimeInt64 = vfs_time_64,
    };
    return sqlite3_vfs_register(&disk->vfs, 0) == SQLITE_OK;
}

void sim_disk_seed_sqlite(uint32_t seed)
{
    sqlite3_initialize();
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, seed ? (int)(seed & 0x7FFFFFFF) : 1, NULL);
}
