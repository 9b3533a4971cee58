/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated disk: files in memory, as SQLite's VFS and as the disk port of the store (platform/store/disk.h).
 *
 * A file has what programs see and what would be there after a power cut: a sector of 512 bytes that was written is
 * durable once the file was synced, or earlier, when the system happened to write it back. Names (of files and folders) are durable in
 * the order in which they were made and removed, once their folder was synced. At a power cut each sector that was not synced is,
 * by the seed, the old one, the new one, or torn inside. A process that is killed loses nothing that it wrote.
 *
 * Same seed, same calls: same bytes, same faults. One thread.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "platform/store/disk.h"
#include "sim/random.h"

struct sim_disk;

struct sim_disk_faults { /* probabilities of one call */
    double write_error, sync_error, read_error;
    uint64_t bytes_most;        /* of all files: beyond it the disk is full. 0: never */
    uint32_t write_us, sync_us; /* how long calls take, up to */
};

struct sim_disk_counts {
    uint64_t writes, syncs, power_cuts, kills, write_errors, sync_errors, read_errors, full, sectors_lost, sectors_torn, names_lost, bytes;
};

/* NULL: out of memory. `clock`: of the machine that it is in. */
struct sim_disk *sim_disk_new(uint64_t seed, struct clock clock);
void sim_disk_free(struct sim_disk *disk); /* no handle of it may be open */

const struct store_disk *sim_disk_port(struct sim_disk *disk);
const char *sim_disk_vfs(const struct sim_disk *disk);
void sim_disk_set_faults(struct sim_disk *disk, const struct sim_disk_faults *faults);
/* SQLite draws some numbers (salts of logs) from one generator of the process: it begins anew from this seed. */
void sim_disk_seed_sqlite(uint32_t seed);
struct sim_disk_counts sim_disk_counts(const struct sim_disk *disk);
/* Microseconds that calls took since the last time that this was asked. */
uint64_t sim_disk_took_us(struct sim_disk *disk);

/* The program that used it ends at once: its handles fail from now on and write nothing, its locks are gone, and the disk can be
 * opened anew. power: the machine's power failed. */
void sim_disk_crash(struct sim_disk *disk, bool power);
/* After so many more writes and syncs, power fails by itself, in the middle; 0: not. sim_disk_is_down() tells. Then
 * every call fails until sim_disk_crash(disk, true). */
void sim_disk_crash_after(struct sim_disk *disk, uint64_t calls);
bool sim_disk_is_down(const struct sim_disk *disk);

/* Another disk with what would be there if power failed now and nothing that was not synced had come through. */
struct sim_disk *sim_disk_copy(const struct sim_disk *disk, uint64_t seed);

/* Digest of all that programs see. */
uint64_t sim_disk_digest(const struct sim_disk *disk);

#endif
