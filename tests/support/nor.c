/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/nor.h"

#include <string.h>

/* False: the call fails. *half says whether it does some of its work before. */
static bool enter(struct nor *nor, bool *half)
{
    *half = false;
    if (nor->off)
        return false;
    if (++nor->calls != nor->fail_at)
        return true;
    *half = random_below(&nor->random, 2);
    return false;
}

static bool outside(struct nor *nor, uint32_t at, uint32_t n)
{
    uint32_t size = nor->sector_size * nor->n_sectors;
    bool is = at > size || n > size - at;
    nor->broken += is;
    return is;
}

static bool nor_read(void *context, uint32_t at, uint8_t *to, uint32_t n)
{
    struct nor *nor = context;
    bool half;
    if (!enter(nor, &half) || outside(nor, at, n))
        return false;
    memcpy(to, nor->bytes + at, n);
    nor->bytes_read += n;
    return true;
}

static bool step(struct nor *nor)
{
    nor->off = ++nor->steps == nor->cut_at;
    return !nor->off;
}

static bool nor_program(void *context, uint32_t at, const uint8_t *from, uint32_t n)
{
    struct nor *nor = context;
    bool half;
    bool whole = enter(nor, &half);
    if ((!whole && !half) || outside(nor, at, n))
        return false;
    nor->broken += at % BULLA_FLASH_WORD != 0 || n % BULLA_FLASH_WORD != 0 || n == 0;
    for (uint32_t i = 0; i < n; i++)
        nor->broken += nor->bytes[at + i] != BULLA_FLASH_ERASED;
    uint32_t end = whole ? n : (uint32_t)random_below(&nor->random, n + UINT64_C(1));
    for (uint32_t i = 0; i < end; i++) {
        if (!step(nor)) {
            nor->bytes[at + i] &= from[i] | (uint8_t)random_next(&nor->random);
            return false;
        }
        nor->bytes[at + i] &= from[i];
        nor->bytes_programmed++;
    }
    return whole;
}

/* What an interrupted erase leaves: the old bytes with more bits erased, up to some byte, or anything at all. */
static void erase_torn(struct nor *nor, uint8_t *sector)
{
    uint64_t kind = random_below(&nor->random, 4);
    uint32_t end = (uint32_t)random_below(&nor->random, nor->sector_size + UINT64_C(1));
    for (uint32_t i = 0; i < nor->sector_size; i++) {
        uint8_t byte = (uint8_t)random_next(&nor->random);
        if (kind == 0)
            sector[i] |= byte;
        else if (kind == 1)
            sector[i] = byte;
        else if (i < end)
            sector[i] = BULLA_FLASH_ERASED;
    }
}

static bool nor_erase(void *context, uint32_t sector)
{
    struct nor *nor = context;
    bool half;
    bool whole = enter(nor, &half);
    if ((!whole && !half) || outside(nor, sector * nor->sector_size, nor->sector_size))
        return false;
    uint8_t *bytes = nor->bytes + (size_t)sector * nor->sector_size;
    nor->wear[sector]++;
    nor->erases++;
    if (!step(nor) || !whole) {
        erase_torn(nor, bytes);
        return false;
    }
    memset(bytes, BULLA_FLASH_ERASED, nor->sector_size);
    return true;
}

static const struct bulla_flash_ops ops = {nor_read, nor_program, nor_erase};

void nor_init(struct nor *nor, uint8_t *bytes, uint32_t sector_size, uint32_t n_sectors, uint64_t seed)
{
    memset(nor, 0, sizeof *nor);
    nor->bytes = bytes;
    nor->sector_size = sector_size;
    nor->n_sectors = n_sectors;
    nor->random.state = seed;
    memset(bytes, BULLA_FLASH_ERASED, (size_t)sector_size * n_sectors);
}

struct bulla_flash nor_flash(struct nor *nor)
{
    return (struct bulla_flash){&ops, nor, nor->sector_size, 0, nor->n_sectors};
}

void nor_power(struct nor *nor)
{
    nor->off = false;
    nor->steps = nor->cut_at = nor->calls = nor->fail_at = 0;
}
