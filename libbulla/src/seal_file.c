/* SPDX-License-Identifier: Apache-2.0
 *
 * The file that a seal carries. What it is stands in a zone; its bytes lie in an area of their own, sector after sector, erased when
 * their turn comes. How far it has come is stored with each full sector, so after loss of power at most one is sent again.
 */
#include "bulla/cursor.h"

#include "libbulla/src/seal_inside.h"

#define HEAD 8 /* of the zone, before the description */

static bool put_words(const struct bulla_flash *flash, uint32_t at, struct bulla_bytes bytes)
{
    uint8_t last[BULLA_FLASH_WORD];
    size_t whole = bytes.len - bytes.len % sizeof last, rest = bytes.len - whole;
    if (whole && bulla_flash_put(flash, at, bytes.at, (uint32_t)whole) != BULLA_OK)
        return false;
    bulla_fill(last, BULLA_FLASH_ERASED, sizeof last);
    bulla_copy(last, bytes.at + whole, rest);
    return !rest || bulla_flash_put(flash, at + (uint32_t)whole, last, sizeof last) == BULLA_OK;
}

static bool medium_write(void *context, uint32_t offset, struct bulla_bytes bytes)
{
    const struct bulla_seal *seal = context;
    const struct bulla_flash *flash = &seal->board->files;
    while (bytes.len) {
        uint32_t in_sector = offset % flash->sector_size;
        size_t n = bytes.len < flash->sector_size - in_sector ? bytes.len : flash->sector_size - in_sector;
        if ((!in_sector && bulla_flash_erase(flash, offset / flash->sector_size) != BULLA_OK) ||
            !put_words(flash, offset, (struct bulla_bytes){bytes.at, n}))
            return false;
        offset += (uint32_t)n;
        bytes = (struct bulla_bytes){bytes.at + n, bytes.len - n};
    }
    return true;
}

static bool medium_read(void *context, uint32_t offset, uint8_t *to, size_t n)
{
    const struct bulla_seal *seal = context;
    return bulla_flash_read(&seal->board->files, offset, to, (uint32_t)n) == BULLA_OK;
}

/* ---- the zone ---- */

/* What is there of it: nothing, when what it says of itself is none. */
enum bulla_status bulla_seal_file_load(struct bulla_seal *seal)
{
    uint8_t bytes[BULLA_SEAL_FILE_SIZE] = {0};
    struct bulla_cursor c = bulla_cursor_over(bytes, HEAD);
    struct bulla_attachment about;
    struct bulla_fault fault;
    enum bulla_status status = bulla_zones_read(&seal->zones, BULLA_AREA_FILE, 0, bytes, sizeof bytes);
    seal->has_file = false;
    if (status == BULLA_FAILED)
        return status;
    size_t n = bulla_cursor_get_u8(&c);
    bool whole = bulla_cursor_get_u8(&c);
    bulla_cursor_skip(&c, 2);
    uint32_t received = bulla_cursor_get_u32(&c);
    if (n == 0 || bulla_attachment_decode((struct bulla_bytes){bytes + HEAD, n}, &about, &fault) != BULLA_OK)
        return BULLA_OK;
    if (received != about.size) /* what came after it in that sector is there or not: it is sent again */
        received -= received % seal->board->files.sector_size;
    seal->has_file = true;
    seal->file = (struct bulla_transfer){about, received, whole};
    seal->file_stored = received;
    return BULLA_OK;
}

static bool store_progress(struct bulla_seal *seal)
{
    uint8_t bytes[HEAD - 1] = {seal->file.whole};
    struct bulla_writer w = bulla_writer_over(bytes + 3, 4);
    bulla_writer_put_u32(&w, seal->file.received);
    if (bulla_zones_put(&seal->zones, BULLA_AREA_FILE, 1, (struct bulla_bytes){bytes, sizeof bytes}) != BULLA_OK)
        return false; /* a chunk that comes again tries it again */
    seal->file_stored = seal->file.received;
    return true;
}

bool bulla_seal_file_erase(struct bulla_seal *seal)
{
    const struct bulla_flash *flash = &seal->board->files;
    for (uint32_t sector = 0; sector < flash->n_sectors; sector++) {
        bool blank;
        if (bulla_flash_blank(flash, sector * flash->sector_size, flash->sector_size, &blank) != BULLA_OK ||
            (!blank && bulla_flash_erase(flash, sector) != BULLA_OK))
            return false;
    }
    return true;
}

/* ---- orders ---- */

uint8_t bulla_seal_file_begins(struct bulla_seal *seal, struct bulla_bytes about, uint8_t zone[BULLA_SEAL_FILE_SIZE])
{
    const struct bulla_flash *flash = &seal->board->files;
    struct bulla_attachment a;
    struct bulla_fault fault;
    if (bulla_attachment_decode(about, &a, &fault) != BULLA_OK)
        return BULLA_NACK_PARAMETER;
    if (a.size > flash->n_sectors * flash->sector_size)
        return BULLA_NACK_CANNOT_CREATE;
    bulla_fill(zone, 0, BULLA_SEAL_FILE_SIZE);
    zone[0] = (uint8_t)about.len;
    bulla_copy(zone + HEAD, about.at, about.len);
    return 0;
}

/* The board's digest over what is stored; without one of the right kind the reader has to compare for itself. When it differs, nothing was
 * received. */
static void finish(struct bulla_seal *seal)
{
    const struct bulla_medium medium = {seal, medium_write, medium_read};
    const struct bulla_seal_board *board = seal->board;
    struct bulla_fault fault;
    (void)!bulla_transfer_finish(&seal->file, &medium, board->digest, NULL, &board->scratch, &fault);
}

/* A reason to refuse, 0, or SEAL_SILENT: flash did not take it. */
unsigned bulla_seal_file_take(struct bulla_seal *seal, uint32_t offset, struct bulla_bytes chunk)
{
    const struct bulla_medium medium = {seal, medium_write, medium_read};
    const uint32_t sector = seal->board->files.sector_size, before = seal->file.received;
    uint64_t end = (uint64_t)offset + chunk.len;
    struct bulla_fault fault;
    if (end % BULLA_FLASH_WORD && end != seal->file.about.size)
        return BULLA_NACK_PARAMETER;
    enum bulla_status status = bulla_transfer_take(&seal->file, offset, chunk, &medium, &fault);
    if (status == BULLA_REFUSED)
        return offset > before ? BULLA_NACK_SEQUENCE : BULLA_NACK_BOUNDARY;
    if (status != BULLA_OK) { /* some of its words may be there: the sector is begun anew */
        seal->file.received -= seal->file.received % sector;
        return SEAL_SILENT;
    }
    bool ends = seal->file.received == seal->file.about.size, whole = seal->file.whole;
    if (ends && !whole)
        finish(seal);
    bool owed = seal->file.received / sector != seal->file_stored / sector || (ends && seal->file.received != seal->file_stored);
    return (owed || whole != seal->file.whole) && !store_progress(seal) ? SEAL_SILENT : 0;
}

bool bulla_seal_file_read(struct bulla_seal *seal, uint32_t offset, uint8_t *to, size_t *n)
{
    size_t there = offset < seal->file.received ? seal->file.received - offset : 0;
    *n = *n < there ? *n : there;
    return *n == 0 || medium_read(seal, offset, to, *n);
}
