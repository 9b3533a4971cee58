/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/log.h"

#include "bulla/crc32.h"
#include "bulla/cursor.h"

#define FORM_OF_HEADER UINT32_C(0x424C4731)
#define FORM_OF_RECORD 0xB1
#define CLOCK_SET      0x80
#define TRIES          4 /* slots that an append may find spoilt */

enum {
#define X(field, at, size, name, meaning) RECORD_##field = at,
    BULLA_LOG_RECORD_TABLE(X)
#undef X
#define X(field, at, size, name, meaning) HEADER_##field = at,
        BULLA_LOG_HEADER_TABLE(X)
#undef X
};

/* ---- places ---- */

static uint32_t slots_of_sector(const struct bulla_log *log)
{
    return log->flash.sector_size / BULLA_LOG_SLOT - 1;
}

static uint32_t slots_of_lap(const struct bulla_log *log)
{
    return slots_of_sector(log) * log->flash.n_sectors;
}

static uint32_t sector_of(const struct bulla_log *log, uint64_t counter)
{
    return (uint32_t)(counter % slots_of_lap(log)) / slots_of_sector(log);
}

static uint32_t slot_at(const struct bulla_log *log, uint64_t counter)
{
    uint32_t slot = (uint32_t)(counter % slots_of_sector(log));
    return sector_of(log, counter) * log->flash.sector_size + BULLA_LOG_SLOT * (slot + 1);
}

static uint64_t first_of(const struct bulla_log *log, uint32_t lap, uint32_t sector)
{
    return (uint64_t)(lap - 1) * slots_of_lap(log) + (uint64_t)sector * slots_of_sector(log);
}

static bool shape_good(const struct bulla_flash *flash)
{
    return flash->n_sectors >= 2 && flash->sector_size >= 2 * BULLA_LOG_SLOT && flash->sector_size % BULLA_LOG_SLOT == 0;
}

/* ---- records and headers as bytes ---- */

static void check_put(uint8_t slot[BULLA_LOG_SLOT])
{
    struct bulla_writer check = bulla_writer_over(slot + RECORD_CHECK, BULLA_LOG_SLOT - RECORD_CHECK);
    bulla_writer_put_u32(&check, bulla_crc32(0, (struct bulla_bytes){slot, RECORD_CHECK}));
}

static bool check_good(const uint8_t slot[BULLA_LOG_SLOT])
{
    struct bulla_cursor check = bulla_cursor_over(slot + RECORD_CHECK, BULLA_LOG_SLOT - RECORD_CHECK);
    return bulla_cursor_get_u32(&check) == bulla_crc32(0, (struct bulla_bytes){slot, RECORD_CHECK});
}

static void record_encode(uint8_t slot[BULLA_LOG_SLOT], const struct bulla_log_event *event, uint32_t counter)
{
    struct bulla_writer w = bulla_writer_over(slot, RECORD_DETAIL);
    bulla_writer_put_u8(&w, FORM_OF_RECORD);
    bulla_writer_put_u8(&w, event->kind);
    bulla_writer_put_u8(&w, event->state);
    bulla_writer_put_u8(&w, (uint8_t)((event->clock_set ? CLOCK_SET : 0u) | event->n));
    bulla_writer_put_u32(&w, counter);
    bulla_writer_put_u32(&w, event->time_s);
    bulla_fill(slot + RECORD_DETAIL, 0, BULLA_LOG_DETAIL);
    bulla_copy(slot + RECORD_DETAIL, event->detail, event->n);
    check_put(slot);
}

/* False when it is no whole record. */
static bool record_decode(const uint8_t slot[BULLA_LOG_SLOT], struct bulla_log_record *record)
{
    struct bulla_cursor c = bulla_cursor_over(slot, BULLA_LOG_SLOT);
    struct bulla_log_record got = {0};
    if (bulla_cursor_get_u8(&c) != FORM_OF_RECORD || !check_good(slot))
        return false;
    got.event.kind = bulla_cursor_get_u8(&c);
    got.event.state = bulla_cursor_get_u8(&c);
    unsigned flags = bulla_cursor_get_u8(&c);
    got.event.clock_set = flags & CLOCK_SET;
    got.event.n = flags & 0x1F;
    got.counter = bulla_cursor_get_u32(&c);
    got.event.time_s = bulla_cursor_get_u32(&c);
    if (got.event.n > BULLA_LOG_DETAIL)
        return false;
    bulla_copy(got.event.detail, slot + RECORD_DETAIL, BULLA_LOG_DETAIL);
    *record = got;
    return true;
}

/* What the header of a sector says. */
struct mark {
    bool known;
    uint32_t lap, start;
};

static void header_encode(uint8_t slot[BULLA_LOG_SLOT], const struct bulla_log *log, uint32_t lap)
{
    struct bulla_writer w = bulla_writer_over(slot, BULLA_LOG_SLOT);
    bulla_writer_put_u32(&w, FORM_OF_HEADER);
    bulla_writer_put_u32(&w, lap);
    bulla_writer_put_u32(&w, log->start);
    bulla_writer_put_u32(&w, log->flash.sector_size);
    bulla_writer_put_u32(&w, log->flash.n_sectors);
    bulla_writer_put_u64(&w, 0);
    check_put(slot);
}

static enum bulla_status header_read(const struct bulla_log *log, uint32_t sector, struct mark *mark)
{
    uint8_t slot[BULLA_LOG_SLOT];
    enum bulla_status status = bulla_flash_read(&log->flash, sector * log->flash.sector_size, slot, sizeof slot);
    if (status != BULLA_OK)
        return status;
    struct bulla_cursor c = bulla_cursor_over(slot, sizeof slot);
    bool known = bulla_cursor_get_u32(&c) == FORM_OF_HEADER && check_good(slot);
    mark->lap = bulla_cursor_get_u32(&c);
    mark->start = bulla_cursor_get_u32(&c);
    bool here = bulla_cursor_get_u32(&c) == log->flash.sector_size;
    here &= bulla_cursor_get_u32(&c) == log->flash.n_sectors;
    mark->known = known && here && (mark->lap == 0 || first_of(log, mark->lap, sector) <= UINT32_MAX);
    return BULLA_OK;
}

/* ---- opening ---- */

/* The newest sector, if it has been found. */
struct found {
    bool is;
    uint32_t sector;
    struct mark mark;
    bool next_unknown; /* the sector after it is no sector of the log: an erase was cut off */
};

/* The last sector of the lap that sector 0 is in. Nothing is found when a header on the way is damaged. */
static enum bulla_status newest_search(const struct bulla_log *log, struct found *found)
{
    struct mark first, mark;
    enum bulla_status status = header_read(log, 0, &first);
    if (status != BULLA_OK || !first.known || first.lap == 0)
        return status;
    uint32_t in = 0, past = log->flash.n_sectors;
    while (past - in > 1) {
        uint32_t middle = in + (past - in) / 2;
        status = header_read(log, middle, &mark);
        if (status != BULLA_OK || !mark.known)
            return status;
        if (mark.lap == first.lap)
            in = middle;
        else
            past = middle;
    }
    *found = (struct found){true, in, first, false};
    return BULLA_OK;
}

/* The lap of a sector whose header is damaged, from any record that belongs there. */
static enum bulla_status mark_from_records(const struct bulla_log *log, uint32_t sector, struct mark *mark)
{
    uint32_t n = slots_of_sector(log);
    uint8_t slot[BULLA_LOG_SLOT];
    struct bulla_log_record record;
    for (uint32_t i = 1; i <= n; i++) {
        uint32_t at = sector * log->flash.sector_size + BULLA_LOG_SLOT * i;
        enum bulla_status status = bulla_flash_read(&log->flash, at, slot, sizeof slot);
        if (status != BULLA_OK)
            return status;
        if (record_decode(slot, &record) && slot_at(log, record.counter) == at) {
            *mark = (struct mark){true, record.counter / slots_of_lap(log) + 1, 0};
            return BULLA_OK;
        }
    }
    return BULLA_OK;
}

/* The same by looking at every sector, and into those whose headers are damaged. */
static enum bulla_status newest_scan(const struct bulla_log *log, struct found *found)
{
    uint32_t start = 0;
    bool after_newest_unknown = false, first_unknown = false;
    struct mark mark;
    for (uint32_t sector = 0; sector < log->flash.n_sectors; sector++) {
        enum bulla_status status = header_read(log, sector, &mark);
        if (status == BULLA_OK && !mark.known)
            status = mark_from_records(log, sector, &mark);
        if (status != BULLA_OK)
            return status;
        if (sector == 0)
            first_unknown = !mark.known;
        if (found->is && sector == found->sector + 1)
            after_newest_unknown = !mark.known;
        if (mark.known && mark.start > start)
            start = mark.start;
        if (mark.known && mark.lap > 0 && (!found->is || mark.lap >= found->mark.lap))
            *found = (struct found){true, sector, mark, false};
    }
    found->mark.start = start;
    found->next_unknown = found->sector + 1 == log->flash.n_sectors ? first_unknown : after_newest_unknown;
    return BULLA_OK;
}

/* How many slots of the sector that begins with counter `first` are used: all up to the last that is not blank. */
static enum bulla_status slots_used(const struct bulla_log *log, uint64_t first, uint32_t *n)
{
    uint32_t used = slots_of_sector(log);
    for (; used > 0; used--) {
        bool blank = false;
        enum bulla_status status = bulla_flash_blank(&log->flash, slot_at(log, first + used - 1), BULLA_LOG_SLOT, &blank);
        if (status != BULLA_OK)
            return status;
        if (!blank)
            break;
    }
    *n = used;
    return BULLA_OK;
}

/* Sets `next` and `ready`: the newest sector may have been erased ahead while the one before still has room. */
static enum bulla_status end_find(struct bulla_log *log, uint64_t first)
{
    uint32_t used = 0, n = slots_of_sector(log);
    enum bulla_status status = slots_used(log, first, &used);
    log->next = first + used;
    log->ready = first + n;
    if (status != BULLA_OK || used > 0 || first <= log->start)
        return status;
    status = slots_used(log, first - n, &used);
    log->next = first - n + used;
    return status;
}

/* Reads what is in the slot of that counter; sets *whole when it is its record. */
static enum bulla_status slot_read(const struct bulla_log *log, uint64_t counter, uint8_t slot[BULLA_LOG_SLOT],
                                   struct bulla_log_record *record, bool *whole)
{
    enum bulla_status status = bulla_flash_read(&log->flash, slot_at(log, counter), slot, BULLA_LOG_SLOT);
    struct bulla_log_record got;
    *whole = status == BULLA_OK && record_decode(slot, &got) && got.counter == counter;
    if (*whole)
        *record = got;
    return status;
}

static enum bulla_status newest_read(struct bulla_log *log)
{
    uint8_t slot[BULLA_LOG_SLOT];
    enum bulla_status status = BULLA_OK;
    for (uint64_t counter = log->next; counter > log->oldest && !log->any && status == BULLA_OK; counter--)
        status = slot_read(log, counter - 1, slot, &log->newest, &log->any);
    return status;
}

enum bulla_status bulla_log_open(struct bulla_log *log, const struct bulla_flash *flash)
{
    struct bulla_log got = {.flash = *flash};
    struct found found = {0};
    if (!shape_good(flash))
        return BULLA_NOT_MINE;
    enum bulla_status status = newest_search(&got, &found);
    if (status == BULLA_OK && !found.is)
        status = newest_scan(&got, &found);
    if (status != BULLA_OK)
        return status;
    if (!found.is)
        return BULLA_NOT_MINE;
    uint64_t first = first_of(&got, found.mark.lap, found.sector);
    uint32_t n = slots_of_sector(&got), lap = slots_of_lap(&got);
    got.start = found.mark.start;
    status = end_find(&got, first);
    got.oldest = got.ready > lap ? got.ready - lap : 0;
    if (got.oldest < got.start)
        got.oldest = got.start;
    if (found.next_unknown && got.ready == got.oldest + lap)
        got.oldest += n;
    if (status == BULLA_OK)
        status = newest_read(&got);
    if (status == BULLA_OK)
        *log = got;
    return status;
}

/* ---- writing ---- */

static enum bulla_status sector_begin(const struct bulla_log *log, uint32_t sector, uint32_t lap)
{
    uint8_t slot[BULLA_LOG_SLOT];
    header_encode(slot, log, lap);
    return bulla_flash_put(&log->flash, sector * log->flash.sector_size, slot, sizeof slot);
}

enum bulla_status bulla_log_format(struct bulla_log *log, const struct bulla_flash *flash, uint32_t from)
{
    struct bulla_log made = {.flash = *flash};
    enum bulla_status status = BULLA_OK;
    if (!shape_good(flash))
        return BULLA_REFUSED;
    uint32_t lap = from / slots_of_lap(&made) + (from % slots_of_lap(&made) != 0) + 1;
    uint64_t first = first_of(&made, lap, 0);
    if (first > UINT32_MAX)
        return BULLA_FULL;
    made.start = (uint32_t)first;
    made.oldest = made.next = first;
    made.ready = first + slots_of_sector(&made);
    for (uint32_t i = 0; i < flash->n_sectors && status == BULLA_OK; i++)
        status = bulla_flash_erase(flash, i);
    /* Sector 0 last: what is cut off before it is no log. */
    for (uint32_t i = flash->n_sectors; i > 0 && status == BULLA_OK; i--)
        status = sector_begin(&made, i - 1, i == 1 ? lap : 0);
    if (status == BULLA_OK)
        *log = made;
    return status;
}

/* Erases the oldest sector and makes it the newest. */
static enum bulla_status sector_next(struct bulla_log *log)
{
    uint32_t lap = slots_of_lap(log), sector = sector_of(log, log->ready);
    uint64_t oldest = log->ready + slots_of_sector(log);
    oldest = oldest > lap ? oldest - lap : 0;
    if (log->oldest < oldest)
        log->oldest = oldest;
    enum bulla_status status = bulla_flash_erase(&log->flash, sector);
    if (status == BULLA_OK)
        status = sector_begin(log, sector, (uint32_t)(log->ready / lap) + 1);
    if (status == BULLA_OK)
        log->ready += slots_of_sector(log);
    return status;
}

enum bulla_status bulla_log_append(struct bulla_log *log, const struct bulla_log_event *event, uint32_t *counter)
{
    uint8_t slot[BULLA_LOG_SLOT];
    if (event->n > BULLA_LOG_DETAIL)
        return BULLA_REFUSED;
    enum bulla_status status = BULLA_DAMAGED;
    for (unsigned i = 0; i < TRIES && status == BULLA_DAMAGED; i++) {
        if (log->next > UINT32_MAX)
            return BULLA_FULL;
        status = log->next == log->ready ? sector_next(log) : BULLA_OK;
        if (status != BULLA_OK)
            return status;
        uint32_t number = (uint32_t)log->next++; /* spent, whatever becomes of it */
        record_encode(slot, event, number);
        status = bulla_flash_put(&log->flash, slot_at(log, number), slot, sizeof slot);
        if (status != BULLA_OK)
            continue;
        log->any = record_decode(slot, &log->newest);
        *counter = number;
    }
    return status;
}

enum bulla_status bulla_log_prepare(struct bulla_log *log)
{
    if (log->flash.n_sectors < 3)
        return BULLA_REFUSED;
    if (log->ready - log->next >= slots_of_sector(log) || log->ready > UINT32_MAX)
        return BULLA_OK;
    return sector_next(log);
}

/* ---- reading ---- */

static bool all_erased(const uint8_t slot[BULLA_LOG_SLOT])
{
    unsigned bits = BULLA_FLASH_ERASED;
    for (unsigned i = 0; i < BULLA_LOG_SLOT; i++)
        bits &= slot[i];
    return bits == BULLA_FLASH_ERASED;
}

enum bulla_status bulla_log_read(const struct bulla_log *log, struct bulla_log_cursor *cursor, struct bulla_log_record *record)
{
    uint8_t slot[BULLA_LOG_SLOT];
    struct bulla_log_record got;
    bool whole = false;
    if (cursor->next < log->oldest) {
        cursor->overwritten += log->oldest - cursor->next;
        cursor->next = log->oldest;
    }
    /* The cursor stays before blank slots at the end: after loss of power their counters are given again. */
    for (uint64_t at = cursor->next; at < log->next; at++) {
        enum bulla_status status = slot_read(log, at, slot, &got, &whole);
        if (status != BULLA_OK)
            return status;
        bool spoilt = !whole && !all_erased(slot);
        cursor->unreadable += spoilt;
        if (whole || spoilt)
            cursor->next = at + 1;
        if (whole) {
            *record = got;
            return BULLA_OK;
        }
    }
    return BULLA_MORE;
}
