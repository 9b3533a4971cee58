/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated flash chip behind bulla/flash.h that enforces the rules of the port and can lose power, fail or
 * rot on demand.
 *
 * A program that is not whole aligned words, that meets a word which is no longer erased, or an access outside
 * the chip counts in `broken`; tests assert that it stays 0. Steps count programmed bytes and erases: with
 * `cut_at` = n, power goes in the nth step, which is left torn (from the seed), and every call fails from then
 * until nor_power(). With `fail_at` = n, the nth call fails: half of such programs and erases have been done.
 */
#ifndef TESTS_NOR_H
#define TESTS_NOR_H

#include "bulla/flash.h"
#include "tests/support/random.h"

#define NOR_SECTORS_MAX 64

struct nor {
    uint8_t *bytes; /* the caller's, sector_size * n_sectors */
    uint32_t sector_size, n_sectors;
    struct random random;
    uint64_t steps, cut_at, calls, fail_at; /* 0: never */
    bool off;
    unsigned broken;
    uint64_t bytes_read, bytes_programmed, erases;
    uint32_t wear[NOR_SECTORS_MAX];
};

/* All erased, no fault planned. */
void nor_init(struct nor *nor, uint8_t *bytes, uint32_t sector_size, uint32_t n_sectors, uint64_t seed);

/* The whole chip as an area. */
struct bulla_flash nor_flash(struct nor *nor);

/* Power is back and no fault is planned. */
void nor_power(struct nor *nor);

static inline void nor_flip(struct nor *nor, uint32_t bit)
{
    nor->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

#endif
