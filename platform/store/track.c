// SPDX-License-Identifier: Apache-2.0
// The track block: head, directory, chunks. See track.h for the layout.

#include "platform/store/track.h"

#include "platform/store/track_column.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum {
    MAGIC = 'T',
    VERSION = 1,
    FORM_BITS = 0,
    FORM_VARINTS = 1,
    FORM_ZSTD = 2,
    FLAGS_ALL = 31,
    KNOWN_SHIFT = 5,
    STATE_SHIFT = 10,
    COLUMNS = 8,       /* without the words */
    CHUNK_MOST = 20000 /* bytes of a chunk's columns: at most 9 columns, 240 values, 9 bytes each, with their heads */
};

static uint32_t checksum(const uint8_t *at, size_t n)
{
    static const uint32_t NIBBLES[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
                                         0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        crc ^= at[i];
        crc = crc >> 4 ^ NIBBLES[crc & 15];
        crc = crc >> 4 ^ NIBBLES[crc & 15];
    }
    return ~crc;
}

/* A fuzzer cannot guess checksums: built for one, every checksum fits, so that it gets to what lies behind. */
static bool fits(uint32_t sum, struct bulla_bytes bytes)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    (void)sum;
    (void)bytes;
    return true;
#else
    return sum == checksum(bytes.at, bytes.len);
#endif
}

static bool refuse(char why[96], const char *reason)
{
    snprintf(why, 96, "%s", reason);
    return false;
}

/* The columns of numbers: where each is in a fix, and what it may be. */
static const struct {
    size_t offset;
    int64_t least, most;
} NUMBERS[COLUMNS] = {
    {0, 0, TRACK_DAY_MS - 1}, /* the time, which is not a member */
    {offsetof(struct track_fix, lat_e7), INT32_MIN, INT32_MAX},
    {offsetof(struct track_fix, lon_e7), INT32_MIN, INT32_MAX},
    {offsetof(struct track_fix, speed_cmh), TRACK_UNKNOWN + 1, INT32_MAX},
    {offsetof(struct track_fix, course_cdeg), TRACK_UNKNOWN + 1, INT32_MAX},
    {offsetof(struct track_fix, accuracy_m), TRACK_UNKNOWN + 1, INT32_MAX},
    {offsetof(struct track_fix, percent), TRACK_UNKNOWN + 1, INT32_MAX},
    {offsetof(struct track_fix, temperature_milli), TRACK_UNKNOWN + 1, INT32_MAX},
};

static int32_t *member(struct track_fix *fix, unsigned column)
{
    return (int32_t *)(void *)((uint8_t *)fix + NUMBERS[column].offset);
}

static int32_t number_of(const struct track_fix *fix, unsigned column)
{
    int32_t value;
    memcpy(&value, (const uint8_t *)fix + NUMBERS[column].offset, sizeof value);
    return value;
}

static uint32_t word_of(const struct track_fix *fix)
{
    uint32_t word = (fix->flags & FLAGS_ALL) | (uint32_t)fix->state << STATE_SHIFT;
    for (unsigned column = 3; column < COLUMNS; column++) {
        word |= (uint32_t)(number_of(fix, column) != TRACK_UNKNOWN) << (KNOWN_SHIFT + column - 3);
    }
    return word;
}

/* Whether a fix with this word is in a column. */
static bool has_column(uint32_t word, unsigned column)
{
    return column == 0 || (column <= 2 ? (word & TRACK_FIX) != 0 : (word >> (KNOWN_SHIFT + column - 3) & 1) != 0);
}

static void put_words(struct bulla_writer *w, const uint32_t *words, size_t n)
{
    for (size_t i = 0, run; i < n; i += run) {
        for (run = 1; i + run < n && words[i + run] == words[i]; run++) {
        }
        track_put_varint(w, words[i]);
        track_put_varint(w, run);
    }
}

static size_t put_columns(uint8_t *to, const struct track_fix *fixes, size_t n, int64_t day_ms, bool bits)
{
    struct bulla_writer w = bulla_writer_over(to, CHUNK_MOST);
    uint32_t words[TRACK_CHUNK_FIXES];
    for (size_t i = 0; i < n; i++) {
        words[i] = word_of(&fixes[i]);
    }
    put_words(&w, words, n);
    for (unsigned column = 0; column < COLUMNS; column++) {
        int64_t values[TRACK_CHUNK_FIXES];
        size_t count = 0;
        for (size_t i = 0; i < n; i++) {
            if (has_column(words[i], column)) {
                values[count++] = column ? number_of(&fixes[i], column) : fixes[i].at_ms - day_ms;
            }
        }
        if (count > 0) {
            track_column_put(&w, values, count, bits);
        }
    }
    return w.len;
}

static bool grow(struct track_buffer *out, size_t more)
{
    if (out->size - out->len >= more) {
        return true;
    }
    size_t size = (out->len + more) * 2;
    uint8_t *at = realloc(out->at, size);
    if (at) {
        out->at = at;
        out->size = size;
    }
    return at != NULL;
}

static void put_u32(uint8_t *to, uint32_t value)
{
    const uint8_t b[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    memcpy(to, b, sizeof b);
}

struct packer {
    ZSTD_CCtx *zstd;
    uint8_t bits[CHUNK_MOST], varints[CHUNK_MOST], packed[ZSTD_COMPRESSBOUND(CHUNK_MOST)];
};

static bool put_chunk(struct packer *p, struct track_buffer *out, const struct track_fix *fixes, size_t n, int64_t day_ms)
{
    const uint8_t *best[] = {p->bits, p->varints, p->packed};
    size_t lens[] = {put_columns(p->bits, fixes, n, day_ms, true), put_columns(p->varints, fixes, n, day_ms, false), SIZE_MAX};
    lens[2] = ZSTD_compressCCtx(p->zstd, p->packed, sizeof p->packed, p->varints, lens[1], 1);
    unsigned form = lens[1] < lens[0] ? FORM_VARINTS : FORM_BITS;
    form = !ZSTD_isError(lens[2]) && lens[2] < lens[form] ? FORM_ZSTD : form;
    if (!grow(out, lens[form] + 5)) {
        return false;
    }
    uint8_t *at = out->at + out->len;
    at[4] = (uint8_t)form;
    memcpy(at + 5, best[form], lens[form]);
    put_u32(at, checksum(at + 4, lens[form] + 1));
    out->len += lens[form] + 5;
    return true;
}

static bool are_of_day(int64_t day_ms, const struct track_fix *fixes, size_t n)
{
    bool fine = true;
    for (size_t i = 0; i < n; i++) {
        int64_t at_ms = fixes[i].at_ms;
        fine = fine && at_ms >= day_ms && at_ms - day_ms < TRACK_DAY_MS && (i == 0 || at_ms >= fixes[i - 1].at_ms);
    }
    return fine;
}

/* Where chunk c of `chunks` begins in n fixes. */
static size_t chunk_start(size_t n, size_t chunks, size_t c)
{
    return n * c / chunks;
}

/* Head and directory of the chunks in `body`, whose lengths are lens[chunks]. */
static bool put_head(struct track_buffer *out, int64_t day_ms, const struct track_fix *fixes, size_t n, const size_t *lens, size_t chunks)
{
    if (!grow(out, 48 + chunks * 16)) {
        return false;
    }
    struct bulla_writer w = bulla_writer_over(out->at, out->size);
    bulla_writer_put_u8(&w, MAGIC);
    bulla_writer_put_u8(&w, VERSION);
    track_put_zigzag(&w, day_ms / TRACK_DAY_MS);
    track_put_varint(&w, n);
    track_put_varint(&w, (uint64_t)(fixes[n - 1].at_ms - day_ms));
    int64_t before = day_ms;
    for (size_t c = 0; c < chunks; c++) {
        int64_t first = fixes[chunk_start(n, chunks, c)].at_ms;
        track_put_varint(&w, (uint64_t)(first - before));
        track_put_varint(&w, lens[c]);
        before = first;
    }
    bulla_writer_put_u32(&w, checksum(out->at, w.len));
    out->len = w.len;
    return true;
}

bool track_encode(int64_t day_ms, const struct track_fix *fixes, size_t n, struct track_buffer *out, char why[96])
{
    out->len = 0;
    if (n < 1 || n > TRACK_FIXES_MOST || day_ms != track_day(day_ms) || day_ms / TRACK_DAY_MS > TRACK_DAY_LAST ||
        day_ms / TRACK_DAY_MS < -TRACK_DAY_LAST || !are_of_day(day_ms, fixes, n)) {
        return refuse(why, "expected 1 to 1,048,576 fixes of one day, ascending in time");
    }
    size_t chunks = (n + TRACK_CHUNK_FIXES - 1) / TRACK_CHUNK_FIXES;
    size_t *lens = malloc(chunks * sizeof *lens);
    struct packer *p = malloc(sizeof *p);
    struct track_buffer body = {0};
    bool done = lens && p && (p->zstd = ZSTD_createCCtx()) != NULL;
    for (size_t c = 0; c < chunks && done; c++) {
        size_t from = chunk_start(n, chunks, c), before = body.len;
        done = put_chunk(p, &body, fixes + from, chunk_start(n, chunks, c + 1) - from, day_ms);
        lens[c] = body.len - before;
    }
    done = done && put_head(out, day_ms, fixes, n, lens, chunks) && grow(out, body.len);
    if (done) {
        memcpy(out->at + out->len, body.at, body.len);
        out->len += body.len;
    }
    if (p) {
        ZSTD_freeCCtx(p->zstd);
    }
    free(p);
    free(lens);
    free(body.at);
    return done || refuse(why, "out of memory");
}

static bool get_summary(struct bulla_cursor *c, struct track_summary *s, char why[96])
{
    uint8_t magic = bulla_cursor_get_u8(c), version = bulla_cursor_get_u8(c);
    if (!c->failed && magic == MAGIC && version != VERSION) {
        snprintf(why, 96, "its version is %u, expected %d", version, VERSION);
        return false;
    }
    int64_t day = track_get_zigzag(c);
    s->fixes = (uint32_t)track_get_varint(c, TRACK_FIXES_MOST);
    int64_t last = (int64_t)track_get_varint(c, TRACK_DAY_MS - 1);
    if (c->failed || magic != MAGIC || day < -TRACK_DAY_LAST || day > TRACK_DAY_LAST || s->fixes == 0) {
        return refuse(why, "its head is damaged");
    }
    s->chunks = (s->fixes + TRACK_CHUNK_FIXES - 1) / TRACK_CHUNK_FIXES;
    s->day_ms = day * TRACK_DAY_MS;
    s->last_ms = s->day_ms + last;
    return true;
}

struct chunk {
    int64_t first_ms, next_ms; /* next: first of the one behind, or the last of the block */
    size_t from, n;            /* fixes */
    struct bulla_bytes bytes;
};

/* Goes over the directory without storing it: one cursor in it, one in the chunks. */
struct reader {
    struct track_summary summary;
    struct bulla_cursor directory, chunks;
    size_t c;
    int64_t first_ms;
};

static int64_t next_first(struct reader *r)
{
    int64_t step = (int64_t)track_get_varint(&r->directory, TRACK_DAY_MS - 1);
    return (r->c ? r->first_ms : r->summary.day_ms) + step;
}

static bool open_reader(struct reader *r, struct bulla_bytes block, char why[96])
{
    struct bulla_cursor c = bulla_cursor_over(block.at, block.len);
    if (!get_summary(&c, &r->summary, why)) {
        return false;
    }
    r->directory = c;
    r->c = 0;
    uint64_t total = 0;
    int64_t first = r->summary.day_ms;
    for (size_t i = 0; i < r->summary.chunks && !c.failed; i++) {
        first += (int64_t)track_get_varint(&c, TRACK_DAY_MS - 1);
        total += track_get_varint(&c, CHUNK_MOST + 5);
        r->summary.first_ms = i ? r->summary.first_ms : first;
    }
    size_t head = block.len - c.left;
    uint32_t sum = bulla_cursor_get_u32(&c);
    if (c.failed || !fits(sum, (struct bulla_bytes){block.at, head}) || first > r->summary.last_ms) {
        return refuse(why, "its head is damaged");
    }
    if (total != c.left) {
        snprintf(why, 96, "it has %zu bytes of chunks, expected %llu", c.left, (unsigned long long)total);
        return false;
    }
    r->chunks = c;
    r->first_ms = next_first(r);
    return true;
}

/* The chunk at hand, and on to the next; its bytes end where the directory says. */
static struct chunk next_chunk(struct reader *r)
{
    size_t n = r->summary.fixes, chunks = r->summary.chunks;
    struct chunk chunk = {.first_ms = r->first_ms, .from = chunk_start(n, chunks, r->c)};
    chunk.n = chunk_start(n, chunks, r->c + 1) - chunk.from;
    chunk.bytes = bulla_cursor_take(&r->chunks, (size_t)track_get_varint(&r->directory, CHUNK_MOST + 5));
    r->c++;
    r->first_ms = r->c < chunks ? next_first(r) : r->summary.last_ms;
    chunk.next_ms = r->first_ms;
    return chunk;
}

static bool get_words(struct bulla_cursor *c, uint32_t *words, size_t n)
{
    for (size_t i = 0; i < n && !c->failed;) {
        uint32_t word = (uint32_t)track_get_varint(c, (1u << (STATE_SHIFT + 8)) - 1);
        size_t run = (size_t)track_get_varint(c, n - i);
        c->failed = c->failed || run == 0;
        for (size_t k = 0; k < run; k++) {
            words[i++] = word;
        }
    }
    return !c->failed;
}

static void set_number(struct track_fix *fix, unsigned column, int64_t value, int64_t day_ms)
{
    if (column == 0) {
        fix->at_ms = day_ms + value;
    } else {
        *member(fix, column) = (int32_t)value;
    }
}

static bool get_columns(struct bulla_bytes bytes, struct track_fix *fixes, size_t n, int64_t day_ms, bool bits)
{
    struct bulla_cursor c = bulla_cursor_over(bytes.at, bytes.len);
    uint32_t words[TRACK_CHUNK_FIXES];
    if (!get_words(&c, words, n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        fixes[i] = (struct track_fix){0, 0, 0, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN,
                                      (uint8_t)(words[i] & FLAGS_ALL), (uint8_t)(words[i] >> STATE_SHIFT)};
    }
    for (unsigned column = 0; column < COLUMNS && !c.failed; column++) {
        int64_t values[TRACK_CHUNK_FIXES];
        size_t count = 0, next = 0;
        for (size_t i = 0; i < n; i++) {
            count += has_column(words[i], column);
        }
        if (count > 0) {
            track_column_get(&c, values, count, bits, NUMBERS[column].least, NUMBERS[column].most);
        }
        for (size_t i = 0; i < n && !c.failed; i++) {
            if (has_column(words[i], column)) {
                set_number(&fixes[i], column, values[next++], day_ms);
            }
        }
    }
    return !c.failed && c.left == 0;
}

static const char *get_chunk(const struct chunk *chunk, struct track_fix *fixes, int64_t day_ms)
{
    struct bulla_cursor c = bulla_cursor_over(chunk->bytes.at, chunk->bytes.len);
    uint32_t sum = bulla_cursor_get_u32(&c);
    struct bulla_bytes rest = {c.at, c.left};
    uint8_t form = bulla_cursor_get_u8(&c), plain[CHUNK_MOST];
    struct bulla_bytes columns = {c.at, c.left};
    if (c.failed || !fits(sum, rest)) {
        return "its checksum does not fit";
    }
    if (form == FORM_ZSTD) {
        size_t n = ZSTD_decompress(plain, sizeof plain, columns.at, columns.len);
        if (ZSTD_isError(n)) {
            return "it cannot be decompressed";
        }
        columns = (struct bulla_bytes){plain, n};
    }
    if (form > FORM_ZSTD || !get_columns(columns, fixes, chunk->n, day_ms, form == FORM_BITS)) {
        return "its columns are not whole";
    }
    for (size_t i = 0; i < chunk->n; i++) {
        if (fixes[i].at_ms < (i ? fixes[i - 1].at_ms : chunk->first_ms) || fixes[i].at_ms > chunk->next_ms) {
            return "its times are not in order";
        }
    }
    return NULL;
}

bool track_look(struct bulla_bytes block, struct track_summary *out, char why[96])
{
    struct reader r;
    if (!open_reader(&r, block, why)) {
        return false;
    }
    *out = r.summary;
    return true;
}

bool track_read(struct bulla_bytes block, int64_t from_ms, int64_t until_ms, track_fix_fn each, void *context, char why[96])
{
    struct reader r;
    if (!open_reader(&r, block, why)) {
        return false;
    }
    struct track_fix fixes[TRACK_CHUNK_FIXES];
    while (r.c < r.summary.chunks && r.first_ms <= until_ms) {
        size_t c = r.c;
        struct chunk chunk = next_chunk(&r);
        if (chunk.next_ms < from_ms) {
            continue;
        }
        const char *damage = get_chunk(&chunk, fixes, r.summary.day_ms);
        if (damage) {
            snprintf(why, 96, "chunk %zu of %u is damaged: %s", c + 1, (unsigned)r.summary.chunks, damage);
            return false;
        }
        for (size_t i = 0; i < chunk.n; i++) {
            if (fixes[i].at_ms >= from_ms && fixes[i].at_ms <= until_ms) {
                each(context, &fixes[i]);
            }
        }
    }
    return true;
}
