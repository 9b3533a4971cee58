/* SPDX-License-Identifier: Apache-2.0
 *
 * The content of one file of the simulated disk: what programs see, what is durable, and what a power cut makes of them.
 */
#include "sim/disk_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sim_file *sim_file_new(void)
{
    struct sim_file *file = calloc(1, sizeof *file);
    if (file)
        file->refs = 1;
    return file;
}

static void keep_sector(struct sim_file *file, size_t sector)
{
    free(file->before[sector]);
    file->before[sector] = NULL;
    file->lost[sector] = false;
}

void sim_file_release(struct sim_file *file)
{
    if (!file || --file->refs > 0)
        return;
    for (size_t i = 0; i < file->sectors; i++)
        free(file->before[i]);
    if (file->shm)
        sim_shm_release(file->shm);
    free(file->before);
    free(file->lost);
    free(file->changed);
    free(file->bytes);
    free(file);
}

static bool reserve(struct sim_file *file, size_t size)
{
    size_t sectors = (size + SIM_SECTOR - 1) / SIM_SECTOR;
    if (sectors > file->sectors) {
        size_t more = sectors + sectors / 2 + 16;
        uint8_t **before = realloc(file->before, more * sizeof *before);
        if (before)
            file->before = before;
        bool *lost = before ? realloc(file->lost, more * sizeof *lost) : NULL;
        if (lost)
            file->lost = lost;
        uint8_t *bytes = lost ? realloc(file->bytes, more * SIM_SECTOR) : NULL;
        if (!bytes)
            return false;
        file->bytes = bytes;
        memset(before + file->sectors, 0, (more - file->sectors) * sizeof *before);
        memset(lost + file->sectors, 0, (more - file->sectors) * sizeof *lost);
        memset(bytes + file->capacity, 0, more * SIM_SECTOR - file->capacity);
        file->sectors = more;
        file->capacity = more * SIM_SECTOR;
    }
    return true;
}

/* A sector is about to be changed: what is durable is put aside. */
static bool put_aside(struct sim_file *file, size_t sector)
{
    file->lost[sector] = false; /* written again, it will be synced again */
    if (file->before[sector])
        return true;
    if (file->n_changed == file->changed_size) {
        size_t size = file->changed_size * 2 + 64;
        uint32_t *grown = realloc(file->changed, size * sizeof *grown);
        if (!grown)
            return false;
        file->changed = grown;
        file->changed_size = size;
    }
    uint8_t *copy = malloc(SIM_SECTOR);
    if (!copy)
        return false;
    memcpy(copy, file->bytes + sector * SIM_SECTOR, SIM_SECTOR);
    file->before[sector] = copy;
    file->changed[file->n_changed++] = (uint32_t)sector;
    return true;
}

static bool put_aside_range(struct sim_file *file, size_t from, size_t until)
{
    for (size_t s = from / SIM_SECTOR; s * SIM_SECTOR < until; s++)
        if (!put_aside(file, s))
            return false;
    return true;
}

bool sim_disk_count_call(struct sim_disk *disk)
{
    if (disk->crash_after > 0 && --disk->crash_after == 0)
        disk->down = true;
    return disk->down;
}

static void take_time(struct sim_disk *disk, uint32_t most_us)
{
    if (most_us)
        disk->took_us += 1 + sim_random_below(&disk->random, most_us);
}

uint64_t sim_disk_used(const struct sim_disk *disk)
{
    uint64_t used = 0;
    for (size_t i = 0; i < disk->n_names; i++)
        used += disk->names[i]->now ? disk->names[i]->now->size : 0;
    return used;
}

static int refuse_write(struct sim_disk *disk, const struct sim_file *file, size_t end)
{
    if (disk->faults.write_error > 0 && sim_random_chance(&disk->random, disk->faults.write_error)) {
        disk->counts.write_errors++;
        return EIO;
    }
    if (disk->faults.bytes_most && end > file->size && sim_disk_used(disk) + (end - file->size) > disk->faults.bytes_most) {
        disk->counts.full++;
        return ENOSPC;
    }
    return 0;
}

int sim_file_write(struct sim_disk *disk, struct sim_file *file, const void *bytes, size_t n, size_t at)
{
    if (disk->down)
        return EIO;
    int refused = refuse_write(disk, file, at + n);
    if (refused)
        return refused;
    size_t end = at + n, from = at < file->size ? at : file->size;
    if (!reserve(file, end) || !put_aside_range(file, from, end))
        return ENOMEM;
    disk->counts.writes++;
    take_time(disk, disk->faults.write_us);
    size_t written = n;
    if (sim_disk_count_call(disk)) /* cut off in the middle of this one */
        written = sim_random_below(&disk->random, (uint32_t)n + 1);
    memcpy(file->bytes + at, bytes, written);
    if (end > file->size) {
        file->size = end;
        file->size_changed = true;
    }
    if (file->n_changed && sim_random_chance(&disk->random, SIM_WRITE_BACK)) {
        size_t i = sim_random_below(&disk->random, (uint32_t)file->n_changed);
        size_t sector = file->changed[i];
        if (!file->lost[sector]) {
            keep_sector(file, sector);
            file->changed[i] = file->changed[--file->n_changed];
            size_t covers = (sector + 1) * SIM_SECTOR < file->size ? (sector + 1) * SIM_SECTOR : file->size;
            file->safe_size = file->safe_size > covers ? file->safe_size : covers;
        }
    }
    return disk->down ? EIO : 0;
}

int sim_file_truncate(struct sim_disk *disk, struct sim_file *file, size_t size)
{
    if (disk->down)
        return EIO;
    if (size > file->size)
        return EINVAL;
    if (!put_aside_range(file, size, file->size))
        return ENOMEM;
    memset(file->bytes + size, 0, file->size - size);
    file->size_changed = file->size_changed || size != file->size;
    file->size = size;
    disk->counts.writes++;
    return sim_disk_count_call(disk) ? EIO : 0;
}

static void sync_all(struct sim_file *file)
{
    size_t left = 0;
    for (size_t i = 0; i < file->n_changed; i++) {
        size_t sector = file->changed[i];
        if (file->lost[sector])
            file->changed[left++] = (uint32_t)sector; /* the system thinks that it has written it */
        else
            keep_sector(file, sector);
    }
    file->n_changed = left;
    file->safe_size = file->size;
    file->size_changed = false;
}

/* What was under way is given up: programs may go on seeing it, but it will not be written. */
static void fail_sync(struct sim_disk *disk, struct sim_file *file)
{
    bool seen = sim_random_chance(&disk->random, 0.5);
    size_t left = 0;
    disk->counts.sync_errors++;
    for (size_t i = 0; i < file->n_changed; i++) {
        size_t sector = file->changed[i];
        bool came_through = sim_random_chance(&disk->random, 0.5);
        if (came_through) {
            keep_sector(file, sector);
        } else if (!seen) {
            memcpy(file->bytes + sector * SIM_SECTOR, file->before[sector], SIM_SECTOR);
            keep_sector(file, sector);
        } else {
            file->lost[sector] = true;
            file->changed[left++] = (uint32_t)sector;
        }
    }
    file->n_changed = left;
}

int sim_file_sync(struct sim_disk *disk, struct sim_file *file)
{
    if (disk->down)
        return EIO;
    disk->counts.syncs++;
    take_time(disk, disk->faults.sync_us);
    if (sim_disk_count_call(disk))
        return EIO;
    if (disk->faults.sync_error > 0 && sim_random_chance(&disk->random, disk->faults.sync_error)) {
        fail_sync(disk, file);
        return EIO;
    }
    sync_all(file);
    return 0;
}

static void cut_sector(struct sim_disk *disk, struct sim_file *file, size_t sector, double chance)
{
    uint8_t *now = file->bytes + sector * SIM_SECTOR, *before = file->before[sector];
    if (file->lost[sector] || !sim_random_chance(&disk->random, chance)) {
        memcpy(now, before, SIM_SECTOR);
        disk->counts.sectors_lost++;
    } else if (sim_random_chance(&disk->random, 0.1)) {
        size_t at = sim_random_below(&disk->random, SIM_SECTOR);
        memcpy(now + at, before + at, SIM_SECTOR - at);
        disk->counts.sectors_torn++;
    }
    keep_sector(file, sector);
}

void sim_file_cut(struct sim_disk *disk, struct sim_file *file)
{
    static const double chances[] = {0, 0.5, 0.9, 1};
    double chance = chances[sim_random_below(&disk->random, 4)];
    for (size_t i = 0; i < file->n_changed; i++)
        cut_sector(disk, file, file->changed[i], chance);
    file->n_changed = 0;
    if (file->size_changed && file->size != file->safe_size) {
        size_t low = file->size < file->safe_size ? file->size : file->safe_size;
        size_t high = file->size < file->safe_size ? file->safe_size : file->size;
        size_t sectors = (high - low) / SIM_SECTOR;
        size_t kept = chance <= 0   ? file->safe_size
                      : chance >= 1 ? file->size
                                    : low + sim_random_below(&disk->random, (uint32_t)sectors + 1) * SIM_SECTOR;
        if (kept < file->size)
            memset(file->bytes + kept, 0, file->size - kept);
        file->size = kept;
    }
    file->safe_size = file->size;
    file->size_changed = false;
}

bool sim_file_copy_safe(const struct sim_file *from, struct sim_file *to)
{
    to->folder = from->folder;
    if (!reserve(to, from->safe_size))
        return false;
    size_t kept = from->safe_size < from->capacity ? from->safe_size : from->capacity;
    if (kept > 0) /* an empty file has no bytes at all */
        memcpy(to->bytes, from->bytes, kept);
    for (size_t i = 0; i < from->n_changed; i++) {
        size_t at = (size_t)from->changed[i] * SIM_SECTOR;
        if (at < from->safe_size)
            memcpy(to->bytes + at, from->before[from->changed[i]], SIM_SECTOR);
    }
    to->size = to->safe_size = from->safe_size;
    return true;
}
