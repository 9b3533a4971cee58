/* SPDX-License-Identifier: Apache-2.0
 *
 * The event log of a seal: a ring of records of 32 bytes in the sectors of a flash area. Each sector begins with
 * a header (BULLA_LOG_HEADER_TABLE), the rest are slots for records (BULLA_LOG_RECORD_TABLE).
 *
 * A record's counter is its place: counter c lies in slot c modulo the slots of the area, so it is found by one
 * read and never taken for one of another lap. Numbers of slots that were spoilt (power went while a record was
 * written, a bit rotted) are not given again: counters rise, with gaps. They end at 2^32 - 1: then the log is
 * FULL and has to be formatted.
 *
 * Append is durable when it returns BULLA_OK. A record whose append failed or was cut off is whole or absent.
 * When the ring is full the oldest sector is erased; a header is written after the erase, so a sector without
 * one is erased again before use. bulla_log_prepare() erases ahead in quiet times, so that an append made with
 * the last of the battery does not wait for an erase.
 *
 * Opening is a binary search over the headers and one pass over the newest sector; only when a header is
 * damaged are all sectors read. With a damaged header the place of a sector follows from any of its records, so
 * the counter never goes back.
 *
 * Not defended: records that somebody else writes (a check value is no signature), and a torn record whose
 * last bits read now as programmed, now as erased.
 */
#ifndef BULLA_LOG_H
#define BULLA_LOG_H

#include "bulla/api.h"
#include "bulla/flash.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_LOG_RECORD_TABLE(X) /* field, offset, bytes, name, meaning; numbers are big-endian */                    \
    X(FORM,    0,  1,  "form",    "0xB1")                                                                              \
    X(KIND,    1,  1,  "kind",    "what happened; the device's own numbers")                                           \
    X(STATE,   2,  1,  "state",   "the device's state after it; the device's own numbers")                             \
    X(FLAGS,   3,  1,  "flags",   "0x80: the clock was set; the low five bits: bytes of detail in use")                \
    X(COUNTER, 4,  4,  "counter", "never repeats; also says in which slot the record belongs")                         \
    X(TIME,    8,  4,  "time",    "s since 1970 when the clock was set, else since the device started")                \
    X(DETAIL,  12, 16, "detail",  "what belongs to that kind; 0 after the bytes in use")                               \
    X(CHECK,   28, 4,  "check",   "CRC-32 of the bytes before")

#define BULLA_LOG_HEADER_TABLE(X)                                                                                      \
    X(FORM,    0,  4,  "form",    "BLG1")                                                                              \
    X(LAP,     4,  4,  "lap",     "how often the ring has come to this sector, from 1; 0: not yet since the format")   \
    X(START,   8,  4,  "start",   "first counter since the format")                                                    \
    X(SIZE,    12, 4,  "size",    "bytes of a sector")                                                                 \
    X(SECTORS, 16, 4,  "sectors", "sectors of the ring")                                                               \
    X(SPARE,   20, 8,  "spare",   "0")                                                                                 \
    X(CHECK,   28, 4,  "check",   "CRC-32 of the bytes before")
/* clang-format on */

#define BULLA_LOG_SLOT   32
#define BULLA_LOG_DETAIL 16

struct bulla_log_event {
    uint8_t kind, state;
    bool clock_set;
    uint32_t time_s;
    uint8_t n; /* bytes of detail, at most BULLA_LOG_DETAIL */
    uint8_t detail[BULLA_LOG_DETAIL];
};

struct bulla_log_record {
    uint32_t counter;
    struct bulla_log_event event;
};

struct bulla_log {
    struct bulla_flash flash;
    uint32_t start;        /* first counter since the format */
    uint64_t oldest, next; /* counters: the first that is still there, the one after the last */
    uint64_t ready;        /* the first whose sector has to be erased before */
    bool any;              /* there is a newest record */
    struct bulla_log_record newest;
};

struct bulla_log_cursor {
    uint64_t next;        /* the counter to go on from; 0 for all there is */
    uint64_t overwritten; /* counters passed over because their sectors were erased */
    uint32_t unreadable;  /* slots passed over because what is in them is no whole record */
};

/* An empty log whose counters are not below `from`. FULL: no such counters. REFUSED: fewer than two sectors, or no sectors of
 * at least 64 bytes in steps of 32. When it is cut off it must be repeated: until then what is left of the old log opens. */
enum bulla_status bulla_log_format(struct bulla_log *log, const struct bulla_flash *flash, uint32_t from) BULLA_MUST_CHECK;

/* NOT_MINE: no log of this shape. */
enum bulla_status bulla_log_open(struct bulla_log *log, const struct bulla_flash *flash) BULLA_MUST_CHECK;

/* REFUSED: too much detail. FULL: no more counters. FAILED or DAMAGED: not stored; try again. */
enum bulla_status bulla_log_append(struct bulla_log *log, const struct bulla_log_event *event, uint32_t *counter) BULLA_MUST_CHECK;

/* Erases the next sector unless one is ready. REFUSED: with two sectors nothing old would be left. */
enum bulla_status bulla_log_prepare(struct bulla_log *log) BULLA_MUST_CHECK;

/* The next whole record, and the cursor moves past it. MORE: there is none yet. One read of 32 bytes a slot. */
enum bulla_status bulla_log_read(const struct bulla_log *log, struct bulla_log_cursor *cursor,
                                 struct bulla_log_record *record) BULLA_MUST_CHECK;

BULLA_END

#endif
