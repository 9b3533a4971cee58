/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/zone.h"

#include "bulla/crc32.h"
#include "bulla/cursor.h"

#define FORM_OF_BANK  UINT32_C(0x425A4E31)
#define FORM_OF_HEAD  0xD1
#define HEADER_SIZE   32u
#define CLOSING_WORD  0x00 /* all its bytes */
#define CHUNK         64u
#define FLAGS_FIRST   1u
#define FLAGS_COMMIT  2u
#define FLAGS_LOST    4u
#define FLAGS_WHOLE   (FLAGS_FIRST | FLAGS_COMMIT)
#define HEAD_SIZE     16u
#define WORDS(length) (((uint32_t)(length) + 7u) & ~7u)

enum {
#define X(field, at, size, name, meaning) BANK_##field = at,
    BULLA_ZONE_BANK_TABLE(X)
#undef X
#define X(field, at, size, name, meaning) HEAD_##field = at,
        BULLA_ZONE_HEAD_TABLE(X)
#undef X
};

struct entry {
    uint32_t at; /* of the head, in its bank */
    uint8_t flags, zone;
    uint16_t offset, length;
    uint32_t crc;
};

/* ---- places ---- */

static struct bulla_flash bank_flash(const struct bulla_zones *z, unsigned bank)
{
    return bulla_flash_part(&z->flash, bank * (z->flash.n_sectors / 2), z->flash.n_sectors / 2);
}

static uint32_t bank_size(const struct bulla_zones *z)
{
    return z->flash.sector_size * (z->flash.n_sectors / 2);
}

static uint32_t entry_size(uint32_t length)
{
    return BULLA_ZONE_ENTRY + WORDS(length);
}

static uint32_t entry_end(const struct entry *e)
{
    return e->at + entry_size(e->length);
}

static const struct bulla_zone *zone_find(const struct bulla_zones *z, unsigned id)
{
    for (unsigned i = 0; i < z->n; i++)
        if (z->table[i].id == id)
            return &z->table[i];
    return NULL;
}

static bool range_good(const struct bulla_zones *z, unsigned id, size_t offset, size_t n)
{
    const struct bulla_zone *zone = zone_find(z, id);
    return zone && n > 0 && offset <= zone->size && n <= zone->size - offset;
}

static bool shape_good(const struct bulla_zones *z)
{
    uint32_t all = BULLA_ZONE_FIRST, largest = 0;
    for (unsigned i = 0; i < z->n; i++) {
        if (z->table[i].size == 0 || zone_find(z, z->table[i].id) != &z->table[i])
            return false;
        uint32_t size = entry_size(z->table[i].size);
        all += size;
        largest = size > largest ? size : largest;
    }
    return z->n > 0 && z->flash.n_sectors >= 2 && z->flash.n_sectors % 2 == 0 && z->flash.sector_size % BULLA_FLASH_WORD == 0 &&
           all + largest + BULLA_ZONE_ENTRY <= bank_size(z);
}

/* ---- headers and heads as bytes ---- */

static uint32_t table_check(const struct bulla_zones *z)
{
    uint32_t crc = 0;
    for (unsigned i = 0; i < z->n; i++) {
        uint8_t row[] = {z->table[i].id, (uint8_t)(z->table[i].size >> 8), (uint8_t)z->table[i].size};
        crc = bulla_crc32(crc, (struct bulla_bytes){row, sizeof row});
    }
    return crc;
}

static void header_encode(const struct bulla_zones *z, uint32_t generation, uint8_t header[HEADER_SIZE])
{
    struct bulla_writer w = bulla_writer_over(header, HEADER_SIZE);
    bulla_writer_put_u32(&w, FORM_OF_BANK);
    bulla_writer_put_u32(&w, generation);
    bulla_writer_put_u32(&w, table_check(z));
    bulla_writer_put_u32(&w, bank_size(z));
    bulla_writer_put_u64(&w, 0);
    bulla_writer_put_u32(&w, 0);
    bulla_writer_put_u32(&w, bulla_crc32(0, (struct bulla_bytes){header, BANK_CHECK}));
}

/* Sets *there when one of the two headers of the bank is good. */
static enum bulla_status header_read(const struct bulla_zones *z, unsigned bank, uint32_t *generation, bool *there)
{
    struct bulla_flash flash = bank_flash(z, bank);
    uint8_t header[HEADER_SIZE], expected[HEADER_SIZE];
    *there = false;
    for (uint32_t at = 0; at < BULLA_ZONE_FIRST && !*there; at += HEADER_SIZE) {
        enum bulla_status status = bulla_flash_read(&flash, at, header, sizeof header);
        if (status != BULLA_OK)
            return status;
        struct bulla_cursor c = bulla_cursor_over(header + BANK_GENERATION, 4);
        *generation = bulla_cursor_get_u32(&c);
        header_encode(z, *generation, expected);
        *there = bulla_compare(header, expected, sizeof header) == 0;
    }
    return BULLA_OK;
}

static void head_encode(const struct entry *e, uint8_t head[HEAD_SIZE])
{
    struct bulla_writer w = bulla_writer_over(head, HEAD_SIZE);
    bulla_writer_put_u8(&w, FORM_OF_HEAD);
    bulla_writer_put_u8(&w, e->flags);
    bulla_writer_put_u8(&w, e->zone);
    bulla_writer_put_u8(&w, 0);
    bulla_writer_put_u16(&w, e->offset);
    bulla_writer_put_u16(&w, e->length);
    bulla_writer_put_u32(&w, e->crc);
    bulla_writer_put_u32(&w, bulla_crc32(0, (struct bulla_bytes){head, HEAD_CHECK}));
}

/* False when it is no head, or its entry goes beyond the bank. */
static bool head_decode(const struct bulla_zones *z, uint32_t at, const uint8_t head[HEAD_SIZE], struct entry *e)
{
    struct bulla_cursor c = bulla_cursor_over(head, HEAD_SIZE);
    bool good = bulla_cursor_get_u8(&c) == FORM_OF_HEAD;
    e->at = at;
    e->flags = bulla_cursor_get_u8(&c);
    e->zone = bulla_cursor_get_u8(&c);
    bulla_cursor_skip(&c, 1);
    e->offset = bulla_cursor_get_u16(&c);
    e->length = bulla_cursor_get_u16(&c);
    e->crc = bulla_cursor_get_u32(&c);
    good = good && bulla_cursor_get_u32(&c) == bulla_crc32(0, (struct bulla_bytes){head, HEAD_CHECK});
    return good && entry_size(e->length) <= bank_size(z) - at;
}

/* DAMAGED: no head there. */
static enum bulla_status head_read(const struct bulla_zones *z, uint32_t at, struct entry *e)
{
    struct bulla_flash flash = bank_flash(z, z->bank);
    uint8_t head[HEAD_SIZE];
    enum bulla_status status = bulla_flash_read(&flash, at, head, sizeof head);
    if (status != BULLA_OK)
        return status;
    return head_decode(z, at, head, e) ? BULLA_OK : BULLA_DAMAGED;
}

/* ---- reading ---- */

/* What a read wants of a zone, and where it goes. */
struct wanted {
    uint8_t *to;
    uint32_t offset, n;
};

/* Copies what of these bytes, which begin at `offset` of the zone, is wanted. */
static void wanted_copy(const struct wanted *want, const uint8_t *bytes, uint32_t offset, uint32_t n)
{
    uint32_t from = offset > want->offset ? offset : want->offset;
    uint32_t end = offset + n < want->offset + want->n ? offset + n : want->offset + want->n;
    if (from < end)
        bulla_copy(want->to + (from - want->offset), bytes + (from - offset), end - from);
}

/* Reads the entry's bytes, copies what is wanted (NULL: nothing) and sets *whole when the check value is right. */
static enum bulla_status bytes_read(const struct bulla_zones *z, const struct entry *e, const struct wanted *want, bool *whole)
{
    struct bulla_flash flash = bank_flash(z, z->bank);
    uint8_t chunk[CHUNK];
    uint32_t crc = 0;
    for (uint32_t done = 0; done < e->length; done += CHUNK) {
        uint32_t n = e->length - done < CHUNK ? e->length - done : CHUNK;
        enum bulla_status status = bulla_flash_read(&flash, e->at + HEAD_SIZE + done, chunk, n);
        if (status != BULLA_OK)
            return status;
        crc = bulla_crc32(crc, (struct bulla_bytes){chunk, n});
        if (want)
            wanted_copy(want, chunk, e->offset + done, n);
    }
    *whole = crc == e->crc;
    return BULLA_OK;
}

/* Whether the transaction that begins with this entry has been committed. */
static enum bulla_status commits(const struct bulla_zones *z, struct entry e, bool *is)
{
    *is = false;
    while (!(e.flags & FLAGS_COMMIT)) {
        uint32_t at = entry_end(&e);
        if (at >= z->end)
            return BULLA_OK;
        enum bulla_status status = head_read(z, at, &e);
        if (status != BULLA_OK)
            return status;
        if (e.flags & FLAGS_FIRST)
            return BULLA_OK;
    }
    *is = true;
    return BULLA_OK;
}

/* A position in the entries of the bank that count. */
struct walk {
    uint32_t next;
    bool counts; /* the transaction that the last entry belongs to */
};

/* The next entry that counts. MORE: there is none. */
static enum bulla_status walk_step(const struct bulla_zones *z, struct walk *walk, struct entry *e)
{
    while (walk->next < z->end) {
        enum bulla_status status = head_read(z, walk->next, e);
        if (status == BULLA_OK && e->flags & FLAGS_FIRST)
            status = commits(z, *e, &walk->counts);
        if (status != BULLA_OK)
            return status;
        walk->next = entry_end(e);
        if (walk->counts)
            return BULLA_OK;
    }
    return BULLA_MORE;
}

static enum bulla_status gather(const struct bulla_zones *z, uint8_t id, const struct wanted *want)
{
    struct walk walk = {BULLA_ZONE_FIRST, false};
    struct entry e;
    bool bad = false, whole = false;
    enum bulla_status status;
    while ((status = walk_step(z, &walk, &e)) == BULLA_OK) {
        uint32_t end = (uint32_t)e.offset + e.length, want_end = want->offset + want->n;
        if (e.zone != id || e.offset >= want_end || want->offset >= end)
            continue;
        status = bytes_read(z, &e, want, &whole);
        if (status != BULLA_OK)
            return status;
        if (!whole || e.flags & FLAGS_LOST)
            bad = true;
        else if (e.offset <= want->offset && want_end <= end)
            bad = false;
    }
    if (status != BULLA_MORE)
        return status;
    return bad || z->lost ? BULLA_DAMAGED : BULLA_OK;
}

enum bulla_status bulla_zones_read(const struct bulla_zones *zones, uint8_t id, uint16_t offset, uint8_t *to, uint16_t n)
{
    struct wanted want = {to, offset, n};
    if (!range_good(zones, id, offset, n))
        return BULLA_REFUSED;
    bulla_fill(to, 0, n);
    enum bulla_status status = gather(zones, id, &want);
    if (status != BULLA_OK)
        bulla_fill(to, 0, n);
    return status;
}

/* ---- opening ---- */

static enum bulla_status blank_between(const struct bulla_zones *z, uint32_t at, uint32_t end, bool *blank)
{
    struct bulla_flash flash = bank_flash(z, z->bank);
    return bulla_flash_blank(&flash, at, end - at, blank);
}

/* There is no whole entry at z->end; `blank` says whether there is nothing at all behind its head. */
static enum bulla_status end_set(struct bulla_zones *z, bool blank)
{
    bool head_blank = false;
    enum bulla_status status = blank_between(z, z->end, z->end + HEAD_SIZE, &head_blank);
    z->torn = !blank || !head_blank;
    z->lost = !blank && !head_blank;
    z->damaged += z->lost;
    return status == BULLA_OK ? BULLA_MORE : status;
}

/* Takes in the entry at z->end. MORE: there is none any more. */
static enum bulla_status end_step(struct bulla_zones *z)
{
    struct entry e;
    bool whole = false, blank = false;
    if (bank_size(z) - z->end < BULLA_ZONE_ENTRY)
        return BULLA_MORE;
    enum bulla_status status = head_read(z, z->end, &e);
    if (status == BULLA_FAILED)
        return status;
    if (status == BULLA_OK)
        status = bytes_read(z, &e, NULL, &whole);
    if (status == BULLA_OK && whole) {
        z->end = entry_end(&e);
        return BULLA_OK;
    }
    if (status == BULLA_FAILED)
        return status;
    bool head = status == BULLA_OK;
    status = blank_between(z, head ? entry_end(&e) - BULLA_FLASH_WORD : z->end + HEAD_SIZE, bank_size(z), &blank);
    if (status != BULLA_OK)
        return status;
    if (!head || blank)
        return end_set(z, blank);
    z->damaged++; /* the bytes have rotted, the head tells how far they go */
    z->end = entry_end(&e);
    return BULLA_OK;
}

enum bulla_status bulla_zones_open(struct bulla_zones *zones, const struct bulla_flash *flash, const struct bulla_zone *table, uint8_t n)
{
    struct bulla_zones got = {.flash = *flash, .table = table, .n = n, .end = BULLA_ZONE_FIRST};
    uint32_t generation[2] = {0};
    bool there[2] = {false};
    if (!shape_good(&got))
        return BULLA_REFUSED;
    for (unsigned bank = 0; bank < 2; bank++) {
        enum bulla_status status = header_read(&got, bank, &generation[bank], &there[bank]);
        if (status != BULLA_OK)
            return status;
    }
    if (!there[0] && !there[1])
        return BULLA_NOT_MINE;
    got.bank = there[1] && (!there[0] || generation[1] - generation[0] < UINT32_C(0x80000000));
    got.generation = generation[got.bank];
    struct bulla_flash other = bank_flash(&got, !got.bank);
    enum bulla_status status = bulla_flash_blank(&other, 0, other.sector_size, &got.other_stale);
    got.other_stale = !got.other_stale;
    while (status == BULLA_OK)
        status = end_step(&got);
    if (status != BULLA_MORE)
        return status;
    *zones = got;
    return BULLA_OK;
}

/* ---- writing ---- */

/* The first sector last: when it is blank, all of the bank is. */
static enum bulla_status bank_erase(const struct bulla_zones *z, unsigned bank)
{
    struct bulla_flash flash = bank_flash(z, bank);
    enum bulla_status status = BULLA_OK;
    for (uint32_t i = flash.n_sectors; i > 0 && status == BULLA_OK; i--)
        status = bulla_flash_erase(&flash, i - 1);
    return status;
}

/* Erases the bank that counts no more. */
static enum bulla_status other_erase(struct bulla_zones *z)
{
    enum bulla_status status = bank_erase(z, !z->bank);
    z->other_blank = status == BULLA_OK;
    z->other_stale &= !z->other_blank;
    return status;
}

static enum bulla_status headers_put(const struct bulla_zones *z, unsigned bank, uint32_t generation)
{
    struct bulla_flash flash = bank_flash(z, bank);
    uint8_t header[HEADER_SIZE];
    header_encode(z, generation, header);
    enum bulla_status status = bulla_flash_put(&flash, 0, header, sizeof header);
    return status == BULLA_OK ? bulla_flash_put(&flash, HEADER_SIZE, header, sizeof header) : status;
}

/* Programs n bytes, the last word filled up as if it were erased there. */
static enum bulla_status words_put(const struct bulla_flash *flash, uint32_t at, const uint8_t *bytes, uint32_t n)
{
    uint32_t whole = n & ~7u;
    uint8_t last[BULLA_FLASH_WORD];
    enum bulla_status status = whole ? bulla_flash_put(flash, at, bytes, whole) : BULLA_OK;
    if (status != BULLA_OK || whole == n)
        return status;
    bulla_fill(last, BULLA_FLASH_ERASED, sizeof last);
    bulla_copy(last, bytes + whole, n - whole);
    return bulla_flash_put(flash, at + whole, last, sizeof last);
}

static enum bulla_status head_put(const struct bulla_flash *flash, const struct entry *e)
{
    uint8_t head[HEAD_SIZE];
    head_encode(e, head);
    return bulla_flash_put(flash, e->at, head, sizeof head);
}

static enum bulla_status closing_put(const struct bulla_flash *flash, const struct entry *e)
{
    uint8_t word[BULLA_FLASH_WORD];
    bulla_fill(word, CLOSING_WORD, sizeof word);
    return bulla_flash_put(flash, entry_end(e) - BULLA_FLASH_WORD, word, sizeof word);
}

/* ---- copying into the other bank ---- */

/* Sets *used when reads of the zone may give anything but zeros. */
static enum bulla_status zone_used(const struct bulla_zones *z, unsigned id, bool *used)
{
    struct walk walk = {BULLA_ZONE_FIRST, false};
    struct entry e;
    enum bulla_status status = BULLA_OK;
    *used = z->lost;
    while (status == BULLA_OK && !*used) {
        status = walk_step(z, &walk, &e);
        *used = status == BULLA_OK && e.zone == id;
    }
    *used |= status == BULLA_DAMAGED;
    return status == BULLA_FAILED ? status : BULLA_OK;
}

/* Copies a zone as one entry to *at, which moves on. What cannot be read makes it a lost one. */
static enum bulla_status zone_copy(const struct bulla_zones *z, const struct bulla_flash *to, const struct bulla_zone *zone, uint32_t *at)
{
    struct entry e = {.at = *at, .flags = FLAGS_WHOLE, .zone = zone->id, .length = zone->size};
    uint8_t chunk[CHUNK];
    for (uint32_t done = 0; done < zone->size; done += CHUNK) {
        uint32_t n = zone->size - done < CHUNK ? zone->size - done : CHUNK;
        enum bulla_status status = bulla_zones_read(z, zone->id, (uint16_t)done, chunk, (uint16_t)n);
        if (status == BULLA_FAILED)
            return status;
        e.flags |= status == BULLA_DAMAGED ? FLAGS_LOST : 0;
        e.crc = bulla_crc32(e.crc, (struct bulla_bytes){chunk, n});
        status = words_put(to, e.at + HEAD_SIZE + done, chunk, n);
        if (status != BULLA_OK)
            return status;
    }
    *at = entry_end(&e);
    enum bulla_status status = head_put(to, &e);
    return status == BULLA_OK ? closing_put(to, &e) : status;
}

/* Copies the entries of the open transaction as they are. */
static enum bulla_status open_copy(const struct bulla_zones *z, const struct bulla_flash *to, uint32_t at)
{
    struct bulla_flash from = bank_flash(z, z->bank);
    uint8_t word[BULLA_FLASH_WORD];
    enum bulla_status status = BULLA_OK;
    for (uint32_t done = 0; done < z->end - z->begun && status == BULLA_OK; done += sizeof word) {
        status = bulla_flash_read(&from, z->begun + done, word, sizeof word);
        if (status == BULLA_OK)
            status = bulla_flash_put(to, at + done, word, sizeof word);
    }
    return status;
}

static enum bulla_status compact(struct bulla_zones *z)
{
    struct bulla_flash to = bank_flash(z, !z->bank);
    uint32_t at = BULLA_ZONE_FIRST, pending = z->open ? z->end - z->begun : 0;
    enum bulla_status status = z->other_blank ? BULLA_OK : other_erase(z);
    z->other_blank = false;
    for (unsigned i = 0; i < z->n && status == BULLA_OK; i++) {
        bool used = false;
        status = zone_used(z, z->table[i].id, &used);
        if (status == BULLA_OK && used)
            status = zone_copy(z, &to, &z->table[i], &at);
    }
    if (status == BULLA_OK && pending > bank_size(z) - at)
        return BULLA_FULL;
    if (status == BULLA_OK && pending > 0)
        status = open_copy(z, &to, at);
    if (status == BULLA_OK)
        status = headers_put(z, !z->bank, z->generation + 1);
    if (status != BULLA_OK)
        return BULLA_FAILED;
    z->bank = !z->bank;
    z->generation++;
    z->begun = at;
    z->end = at + pending;
    z->torn = z->lost = false;
    z->damaged = 0;
    z->other_stale = true;
    (void)!other_erase(z); /* it stays stale then */
    return BULLA_OK;
}

enum bulla_status bulla_zones_compact(struct bulla_zones *zones)
{
    if (zones->open)
        return BULLA_REFUSED;
    enum bulla_status status = compact(zones);
    return zones->other_stale ? BULLA_FAILED : status;
}

enum bulla_status bulla_zones_format(struct bulla_zones *zones, const struct bulla_flash *flash, const struct bulla_zone *table, uint8_t n)
{
    struct bulla_zones made = {.flash = *flash, .table = table, .n = n, .end = BULLA_ZONE_FIRST, .other_blank = true};
    if (!shape_good(&made))
        return BULLA_REFUSED;
    enum bulla_status status = bank_erase(&made, 1);
    if (status == BULLA_OK)
        status = bank_erase(&made, 0);
    if (status == BULLA_OK)
        status = headers_put(&made, 0, 0);
    if (status == BULLA_OK)
        *zones = made;
    return status;
}

/* ---- transactions ---- */

static enum bulla_status entry_program(const struct bulla_zones *z, struct entry *e, struct bulla_bytes bytes)
{
    struct bulla_flash flash = bank_flash(z, z->bank);
    e->at = z->end;
    e->flags |= z->end == z->begun ? FLAGS_FIRST : 0;
    enum bulla_status status = head_put(&flash, e);
    if (status == BULLA_OK)
        status = words_put(&flash, e->at + HEAD_SIZE, bytes.at, e->length);
    return status == BULLA_OK ? closing_put(&flash, e) : status;
}

/* Room for that entry, and for the one that commits when it does not. */
static bool fits(const struct bulla_zones *z, const struct entry *e)
{
    uint32_t need = entry_size(e->length) + (e->flags & FLAGS_COMMIT ? 0 : BULLA_ZONE_ENTRY);
    return need <= bank_size(z) - z->end;
}

static enum bulla_status entry_put(struct bulla_zones *z, struct entry *e, struct bulla_bytes bytes)
{
    enum bulla_status status = BULLA_DAMAGED; /* what is blank no more counts as torn: once more in the other bank */
    for (unsigned i = 0; i < 2 && status == BULLA_DAMAGED; i++) {
        status = z->torn || !fits(z, e) ? compact(z) : BULLA_OK;
        if (status == BULLA_OK)
            status = fits(z, e) ? entry_program(z, e, bytes) : BULLA_FULL;
        if (status == BULLA_OK)
            z->end = entry_end(e);
        else
            z->torn |= status != BULLA_FULL;
    }
    if (status != BULLA_OK || e->flags & FLAGS_COMMIT)
        z->open = false;
    return status;
}

static struct entry entry_of(unsigned flags, uint8_t id, uint16_t offset, struct bulla_bytes bytes)
{
    return (struct entry){
        .flags = (uint8_t)flags, .zone = id, .offset = offset, .length = (uint16_t)bytes.len, .crc = bulla_crc32(0, bytes)};
}

enum bulla_status bulla_zones_begin(struct bulla_zones *zones)
{
    if (zones->open)
        return BULLA_REFUSED;
    if (zones->other_stale && other_erase(zones) != BULLA_OK)
        return BULLA_FAILED;
    zones->open = true;
    zones->begun = zones->end;
    return BULLA_OK;
}

enum bulla_status bulla_zones_write(struct bulla_zones *zones, uint8_t id, uint16_t offset, struct bulla_bytes bytes)
{
    if (!zones->open || !range_good(zones, id, offset, bytes.len))
        return BULLA_REFUSED;
    struct entry e = entry_of(0, id, offset, bytes);
    return entry_put(zones, &e, bytes);
}

enum bulla_status bulla_zones_commit(struct bulla_zones *zones)
{
    struct bulla_bytes none = {NULL, 0};
    if (!zones->open)
        return BULLA_REFUSED;
    zones->open = zones->end > zones->begun;
    if (!zones->open)
        return BULLA_OK;
    struct entry e = entry_of(FLAGS_COMMIT, 0, 0, none);
    return entry_put(zones, &e, none);
}

enum bulla_status bulla_zones_put(struct bulla_zones *zones, uint8_t id, uint16_t offset, struct bulla_bytes bytes)
{
    if (!range_good(zones, id, offset, bytes.len))
        return BULLA_REFUSED;
    enum bulla_status status = bulla_zones_begin(zones);
    if (status != BULLA_OK)
        return status;
    struct entry e = entry_of(FLAGS_COMMIT, id, offset, bytes);
    return entry_put(zones, &e, bytes);
}
