/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the bus share: a folder of their own, and parcels whose bytes follow from their partition and a serial.
 */
#ifndef BUS_SUPPORT_H
#define BUS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "platform/bus/outbox.h"

static inline int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline void remove_folder(const char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void make_temporary(char folder[64])
{
    snprintf(folder, 64, "/tmp/bulla-bus-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static inline int64_t machine_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A generator that can be seeded: the same seed, the same test. */
static inline uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline unsigned below(uint64_t *state, unsigned n)
{
    return (unsigned)(next_random(state) % n);
}

/* Length and content of the parcel with this serial. */
static inline size_t fill_bytes(uint8_t *to, size_t most, unsigned partition, uint64_t serial)
{
    uint64_t state = serial * 1000003 + partition;
    size_t len = 16 + (size_t)(next_random(&state) % (most - 16));
    memcpy(to, &serial, sizeof serial);
    for (size_t i = 8; i < len; i++) {
        to[i] = (uint8_t)(state >> (i % 8 * 8));
    }
    return len;
}

static inline void check_bytes(struct bulla_bytes bytes, size_t most, unsigned partition, uint64_t serial)
{
    uint8_t *expected = malloc(most);
    assert_non_null(expected);
    size_t len = fill_bytes(expected, most, partition, serial);
    assert_int_equal(bytes.len, len);
    assert_memory_equal(bytes.at, expected, len);
    free(expected);
}

static inline struct outbox *open_outbox(const char *folder, unsigned partitions)
{
    char why[500] = "";
    struct outbox_options options = {.partitions = partitions};
    struct outbox *outbox = outbox_open(folder, &options, why, sizeof why);
    if (!outbox) {
        fail_msg("outbox_open: %s", why);
    }
    return outbox;
}

#endif
