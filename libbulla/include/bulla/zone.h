/* SPDX-License-Identifier: Apache-2.0
 *
 * Zones: named areas of a seal's data (the caller's table: id and size), of which a part, a whole one, or several
 * together are replaced at once or not at all. A zone that was never written reads as zeros.
 *
 * The area is two banks of sectors. A bank begins with its header, twice (BULLA_ZONE_BANK_TABLE); then come
 * entries: a head (BULLA_ZONE_HEAD_TABLE), the new bytes padded to whole words, a closing word. A transaction is
 * the entries from one with the flag `first` to one with the flag `commit`; without that it counts for nothing.
 * When a bank is full, or its end is torn, what counts is copied into the other bank, whose header is written
 * last, and this bank is erased: what was replaced or deleted is then gone for good (bulla_zones_compact()).
 *
 * There is no copy in memory: a read goes through all heads of the bank, and through all bytes of the entries
 * that it overlaps, to check them. Opening reads the bank once, and the first sector of the other.
 *
 * Torn and rotten are told apart: bytes are programmed before the closing word, so an entry whose check value is
 * wrong was torn when everything from there on is blank, and rotted otherwise. Rotten data is never replaced by
 * older data in silence: reading it is DAMAGED until the zone is written anew (a head that rots while zones are open
 * spoils reads until the next opening or compaction).
 *
 * After FAILED the old or the new bytes are there; which, is certain after the next write or opening.
 */
#ifndef BULLA_ZONE_H
#define BULLA_ZONE_H

#include "bulla/api.h"
#include "bulla/flash.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_ZONE_BANK_TABLE(X) /* field, offset, bytes, name, meaning; numbers are big-endian */             \
    X(FORM,       0,  4,  "form",       "BZN1")                                                                \
    X(GENERATION, 4,  4,  "generation", "the bank with the later one counts")                                  \
    X(TABLE,      8,  4,  "table",      "CRC-32 of ids and sizes of the zones")                                \
    X(SIZE,       12, 4,  "size",       "bytes of a bank")                                                     \
    X(SPARE,      16, 12, "spare",      "0")                                                                   \
    X(CHECK,      28, 4,  "check",      "CRC-32 of the bytes before")

#define BULLA_ZONE_HEAD_TABLE(X)                                                                               \
    X(FORM,       0,  1,  "form",       "0xD1")                                                                \
    X(FLAGS,      1,  1,  "flags",      "1: first of a transaction; 2: commits it; 4: the zone is lost")       \
    X(ZONE,       2,  1,  "zone",       "its id")                                                              \
    X(SPARE,      3,  1,  "spare",      "0")                                                                   \
    X(OFFSET,     4,  2,  "offset",     "in the zone")                                                         \
    X(LENGTH,     6,  2,  "length",     "of the new bytes; 0 when it only commits")                            \
    X(BYTES,      8,  4,  "bytes",      "CRC-32 of the new bytes")                                             \
    X(CHECK,      12, 4,  "check",      "CRC-32 of the head's bytes before")
/* clang-format on */

#define BULLA_ZONE_ENTRY 24 /* bytes that an entry takes besides the new bytes, rounded up to 8 */
#define BULLA_ZONE_FIRST 64 /* where a bank's entries begin */

struct bulla_zone {
    uint8_t id; /* differs from the others' */
    uint16_t size;
};

struct bulla_zones {
    struct bulla_flash flash;
    const struct bulla_zone *table; /* the caller's, stays where it is */
    uint8_t n;
    uint8_t bank;
    bool other_blank, other_stale; /* the other bank: erased by us; has something in it */
    bool torn;                     /* nothing can be appended to the bank */
    bool lost;                     /* a head has rotted: what came after it is not known */
    bool open;                     /* a transaction, whose entries begin at `begun` */
    uint32_t generation, end, begun;
    uint32_t damaged; /* entries that had rotted when it was opened */
};

/* All zones zero. An even number of sectors. REFUSED: the table is empty, has an id twice or a size of 0, or a bank
 * does not hold all zones and the largest of them once more. */
enum bulla_status bulla_zones_format(struct bulla_zones *zones, const struct bulla_flash *flash, const struct bulla_zone *table,
                                     uint8_t n) BULLA_MUST_CHECK;

/* NOT_MINE: no zones there, or of another table. REFUSED as above. */
enum bulla_status bulla_zones_open(struct bulla_zones *zones, const struct bulla_flash *flash, const struct bulla_zone *table,
                                   uint8_t n) BULLA_MUST_CHECK;

/* REFUSED: no such zone or range. DAMAGED or FAILED: `to` is filled with zeros. */
enum bulla_status bulla_zones_read(const struct bulla_zones *zones, uint8_t id, uint16_t offset, uint8_t *to, uint16_t n) BULLA_MUST_CHECK;

/* A transaction of one write. REFUSED: no such zone or range, no bytes, or a transaction is open. */
enum bulla_status bulla_zones_put(struct bulla_zones *zones, uint8_t id, uint16_t offset, struct bulla_bytes bytes) BULLA_MUST_CHECK;

/* Several writes that count together when commit returns BULLA_OK; until then reads give what was before. A write that is not
 * BULLA_OK or REFUSED ends the transaction. FULL: a bank does not hold it beside the zones. */
enum bulla_status bulla_zones_begin(struct bulla_zones *zones) BULLA_MUST_CHECK;
enum bulla_status bulla_zones_write(struct bulla_zones *zones, uint8_t id, uint16_t offset, struct bulla_bytes bytes) BULLA_MUST_CHECK;
enum bulla_status bulla_zones_commit(struct bulla_zones *zones) BULLA_MUST_CHECK;
static inline void bulla_zones_abort(struct bulla_zones *zones)
{
    zones->open = false;
}

/* Leaves nothing in flash but what reads give. REFUSED: a transaction is open. */
enum bulla_status bulla_zones_compact(struct bulla_zones *zones) BULLA_MUST_CHECK;

BULLA_END

#endif
