/* SPDX-License-Identifier: Apache-2.0
 *
 * A track block: what one seal said in one day (UTC) of where it was, in about 3 to 8 bytes a fix, so that a part of the
 * day is read without decoding the rest. Pure: bytes in, bytes out.
 *
 *   head      'T' · version (1) · zigzag day number · varint fixes · varint last (ms of the day)
 *   directory for each chunk: varint first (ms since the first of the chunk before) · varint length
 *   u32       CRC-32 of head and directory (big-endian, like every fixed number here)
 *   chunks    for each: u32 CRC-32 of what follows · form · columns
 *
 * There are ceil(fixes / 240) chunks, as equal as can be: chunk c of C holds the fixes [fixes*c/C, fixes*(c+1)/C).
 *   form      0 columns in bits (adaptive Rice) · 1 columns in varints · 2 those, compressed by zstd level 1; the smallest is taken
 *   column 0  runs: varint word, varint how many times. Word: flags (low 5 bits), 5 bits for what is known of columns 4 .. 8,
 *             state (8 bits)
 *   column 1 .. 8  ms of the day · lat · lon · speed · course · accuracy · percent · temperature, each of the fixes that know it:
 *             order (0 all the same, 1 differences, 2 differences of differences) · zigzag first · varint unit (of the
 *             differences, not with order 0) · the rest in zigzag, divided by the unit
 *
 * A fix's order among those with the same time is kept. The same fixes give the same bytes (with the same zstd).
 */
#ifndef STORE_TRACK_H
#define STORE_TRACK_H

#include "bulla/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACK_DAY_MS       INT64_C(86400000)
#define TRACK_UNKNOWN      INT32_MIN
#define TRACK_CHUNK_FIXES  240
#define TRACK_FIXES_MOST   (1u << 20) /* of a block */
#define TRACK_DAY_LAST     INT64_C(200000) /* day numbers lie in -TRACK_DAY_LAST .. TRACK_DAY_LAST: years 1422 to 2517 */

enum track_flag { /* stored: never reuse a bit */
    TRACK_FIX = 1,      /* lat and lon are known */
    TRACK_VALID = 2,    /* and the device holds them for true and fresh */
    TRACK_STORED = 4,   /* kept by the device and sent later */
    TRACK_CELL = 8,     /* a position from radio cells */
    TRACK_EVENTFUL = 16 /* something happened: more than a report of where and how */
};

struct track_fix {
    int64_t at_ms;
    int32_t lat_e7, lon_e7; /* 0 without TRACK_FIX */
    int32_t speed_cmh, course_cdeg, accuracy_m, percent, temperature_milli; /* TRACK_UNKNOWN: not known */
    uint8_t flags, state; /* enum track_flag; enum bulla_seal_state */
};

struct track_buffer { /* heap, grows; free(at) */
    uint8_t *at;
    size_t len, size;
};

/* Writes the block of fixes[n], ascending in time and all of that day (00:00 UTC, a multiple of TRACK_DAY_MS), n 1 ..
 * TRACK_FIXES_MOST. False, with the reason in why: they are not, or no memory. */
bool track_encode(int64_t day_ms, const struct track_fix *fixes, size_t n, struct track_buffer *out, char why[96]);

struct track_summary {
    int64_t day_ms, first_ms, last_ms;
    uint32_t fixes, chunks;
};
/* What the head says. False, with the reason in why: the bytes are damaged. */
bool track_look(struct bulla_bytes block, struct track_summary *out, char why[96]);

typedef void (*track_fix_fn)(void *context, const struct track_fix *fix);
/* Gives the fixes in [from, until], ascending; decodes the chunks that overlap and no other. False, with the reason in why:
 * a chunk or the head is damaged, and no fix of that chunk and of those behind it was given. Safe on any bytes. */
bool track_read(struct bulla_bytes block, int64_t from_ms, int64_t until_ms, track_fix_fn each, void *context, char why[96]);

/* Thins fixes[n] in place to about one in step_s seconds; returns how many remain. What remains always: the first and the
 * last; those with an event; both sides of every change of state, of whether there is a fix and whether it is valid, and of
 * standing and moving (3 km/h); a course that differs by more than 30 degrees from that of the last one kept, at 5 km/h or
 * more. Doing it again changes nothing. step_s 0: nothing is taken out. */
size_t track_thin(struct track_fix *fixes, size_t n, uint32_t step_s);

/* Total order: by time, then by everything else. 0 exactly when they are the same. */
int track_compare(const struct track_fix *a, const struct track_fix *b);

/* 00:00 UTC of the day that a time lies in. Times that no day of a track can have give one that none can have either. */
static inline int64_t track_day(int64_t at_ms)
{
    const int64_t far = INT64_C(1) << 60;
    at_ms = at_ms > far ? far : at_ms < -far ? -far : at_ms;
    int64_t rest = at_ms % TRACK_DAY_MS;
    return at_ms - rest - (rest < 0 ? TRACK_DAY_MS : 0);
}

static inline bool track_day_fits(int64_t day_ms)
{
    return day_ms >= -TRACK_DAY_LAST * TRACK_DAY_MS && day_ms <= TRACK_DAY_LAST * TRACK_DAY_MS;
}

#endif
