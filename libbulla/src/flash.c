/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/flash.h"

#define CHUNK 32u

struct bulla_flash bulla_flash_part(const struct bulla_flash *flash, uint32_t first, uint32_t n)
{
    struct bulla_flash part = *flash;
    part.first += first;
    part.n_sectors = n;
    return part;
}

static bool inside(const struct bulla_flash *flash, uint32_t at, uint32_t n)
{
    uint32_t size = flash->sector_size * flash->n_sectors;
    return at <= size && n <= size - at;
}

static uint32_t on_chip(const struct bulla_flash *flash, uint32_t at)
{
    return flash->first * flash->sector_size + at;
}

enum bulla_status bulla_flash_read(const struct bulla_flash *flash, uint32_t at, uint8_t *to, uint32_t n)
{
    if (!inside(flash, at, n) || !flash->ops->read(flash->context, on_chip(flash, at), to, n))
        return BULLA_FAILED;
    return BULLA_OK;
}

enum bulla_status bulla_flash_erase(const struct bulla_flash *flash, uint32_t sector)
{
    if (sector >= flash->n_sectors || !flash->ops->erase(flash->context, flash->first + sector))
        return BULLA_FAILED;
    return BULLA_OK;
}

/* Whether the n bytes there are those at `expected`, or erased when it is NULL. */
static enum bulla_status same(const struct bulla_flash *flash, uint32_t at, const uint8_t *expected, uint32_t n, bool *is)
{
    uint8_t chunk[CHUNK];
    unsigned differs = 0;
    for (uint32_t done = 0; done < n; done += CHUNK) {
        uint32_t len = n - done < CHUNK ? n - done : CHUNK;
        enum bulla_status status = bulla_flash_read(flash, at + done, chunk, len);
        if (status != BULLA_OK)
            return status;
        for (uint32_t i = 0; i < len; i++)
            differs |= chunk[i] ^ (expected ? expected[done + i] : (unsigned)BULLA_FLASH_ERASED);
    }
    *is = differs == 0;
    return BULLA_OK;
}

enum bulla_status bulla_flash_blank(const struct bulla_flash *flash, uint32_t at, uint32_t n, bool *blank)
{
    return same(flash, at, NULL, n, blank);
}

enum bulla_status bulla_flash_put(const struct bulla_flash *flash, uint32_t at, const uint8_t *from, uint32_t n)
{
    bool is = false;
    enum bulla_status status = bulla_flash_blank(flash, at, n, &is);
    if (status != BULLA_OK)
        return status;
    if (!is)
        return BULLA_DAMAGED;
    if (!flash->ops->program(flash->context, on_chip(flash, at), from, n))
        return BULLA_FAILED;
    status = same(flash, at, from, n, &is);
    return status == BULLA_OK && !is ? BULLA_FAILED : status;
}
