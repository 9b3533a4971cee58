// SPDX-License-Identifier: Apache-2.0
// Which fixes of a track remain when it is thinned.

#include "platform/store/track.h"

enum { MOVING_CMH = 300, STEERING_CMH = 500, TURN_CDEG = 3000 };

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int track_compare(const struct track_fix *a, const struct track_fix *b)
{
    const int64_t left[] = {a->at_ms,       a->lat_e7,     a->lon_e7,  a->speed_cmh,         a->course_cdeg,
                            a->accuracy_m, a->percent, a->temperature_milli, a->flags, a->state};
    const int64_t right[] = {b->at_ms,       b->lat_e7,     b->lon_e7,  b->speed_cmh,         b->course_cdeg,
                             b->accuracy_m, b->percent, b->temperature_milli, b->flags, b->state};
    int order = 0;
    for (size_t i = 0; i < sizeof left / sizeof *left && order == 0; i++) {
        order = compare_numbers(left[i], right[i]);
    }
    return order;
}

/* 0: not said */
static int motion(const struct track_fix *f)
{
    return f->speed_cmh == TRACK_UNKNOWN ? 0 : f->speed_cmh >= MOVING_CMH ? 2 : 1;
}

/* Something changed between two fixes that follow each other. */
static bool is_change(const struct track_fix *a, const struct track_fix *b)
{
    const uint8_t kinds = TRACK_FIX | TRACK_VALID | TRACK_CELL;
    bool moved = motion(a) && motion(b) && motion(a) != motion(b);
    return moved || ((a->flags ^ b->flags) & kinds) != 0 || (a->state && b->state && a->state != b->state);
}

static bool is_turn(const struct track_fix *kept, const struct track_fix *f)
{
    if (f->course_cdeg == TRACK_UNKNOWN || kept->course_cdeg == TRACK_UNKNOWN || f->speed_cmh < STEERING_CMH) {
        return false;
    }
    int64_t by = ((int64_t)f->course_cdeg - kept->course_cdeg) % 36000;
    by = by < 0 ? -by : by;
    by = by > 18000 ? 36000 - by : by;
    return by > TURN_CDEG;
}

size_t track_thin(struct track_fix *fixes, size_t n, uint32_t step_s)
{
    if (n == 0 || step_s == 0) {
        return n;
    }
    size_t kept = 1;
    for (size_t i = 1; i < n; i++) {
        const struct track_fix *last = &fixes[kept - 1];
        const struct track_fix *f = &fixes[i];
        bool keep = i + 1 == n || f->at_ms - last->at_ms >= (int64_t)step_s * 1000 || (f->flags & TRACK_EVENTFUL) || is_change(last, f) ||
                    is_change(f, &fixes[i + 1]) || is_turn(last, f);
        if (keep) {
            fixes[kept++] = *f;
        }
    }
    return kept;
}
