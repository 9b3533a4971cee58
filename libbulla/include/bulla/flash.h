/* SPDX-License-Identifier: Apache-2.0
 *
 * Flash: the port through which a seal remembers. The firmware fills in a table of three functions; log, zones
 * and images work on an area of whole sectors and never look beyond it.
 *
 * What the port promises: an erased byte is 0xFF; programming only turns bits from 1 to 0; a function that
 * returns true has done it, durably. What it may do: fail (return false) with anything from nothing to all
 * done; lose power inside a program, which leaves the bytes before that point programmed, one byte with some
 * of its bits, and the rest erased; lose power inside an erase, which leaves any bytes in that sector.
 *
 * What its users promise: they program whole words of 8 bytes, aligned, and each once between two erases. So
 * flash that guards each word with an error code of its own does as well as flash that programs byte by byte.
 *
 * bulla_flash_put() is what they program with: it looks whether the place is blank before and reads back
 * after, because a chip that says "done" may be worn out. Buffers are on the stack and have 32 bytes.
 */
#ifndef BULLA_FLASH_H
#define BULLA_FLASH_H

#include "bulla/api.h"
#include "bulla/bytes.h"
#include "bulla/status.h"

BULLA_BEGIN

#define BULLA_FLASH_WORD   8
#define BULLA_FLASH_ERASED 0xFF

/* `at` and `sector` count from the start of the chip. False: it failed. */
struct bulla_flash_ops {
    bool (*read)(void *context, uint32_t at, uint8_t *to, uint32_t n);
    bool (*program)(void *context, uint32_t at, const uint8_t *from, uint32_t n);
    bool (*erase)(void *context, uint32_t sector);
};

/* An area of the chip; all addresses below count from its start. Copied with `=`. */
struct bulla_flash {
    const struct bulla_flash_ops *ops;
    void *context;
    uint32_t sector_size; /* a multiple of 8 */
    uint32_t first;       /* sector of the chip */
    uint32_t n_sectors;   /* sector_size * (first + n_sectors) is below 2^32 */
};

/* The area of n sectors that begins at sector `first` of this one. */
struct bulla_flash bulla_flash_part(const struct bulla_flash *flash, uint32_t first, uint32_t n);

/* FAILED: the chip, or outside the area. */
enum bulla_status bulla_flash_read(const struct bulla_flash *flash, uint32_t at, uint8_t *to, uint32_t n) BULLA_MUST_CHECK;
enum bulla_status bulla_flash_erase(const struct bulla_flash *flash, uint32_t sector) BULLA_MUST_CHECK;

/* Sets *blank when all n bytes are erased. */
enum bulla_status bulla_flash_blank(const struct bulla_flash *flash, uint32_t at, uint32_t n, bool *blank) BULLA_MUST_CHECK;

/* DAMAGED: the place is not blank, nothing was programmed. FAILED: the chip, or it does not read back. */
enum bulla_status bulla_flash_put(const struct bulla_flash *flash, uint32_t at, const uint8_t *from, uint32_t n) BULLA_MUST_CHECK;

BULLA_END

#endif
