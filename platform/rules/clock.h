/* SPDX-License-Identifier: Apache-2.0
 *
 * Clock: whether what one seal says was dated by a clock that lags. General rule 4 sees a clock that is ahead, or stands in
 * another year; one that is some hours behind (local time told as UTC, most often) looks like a message that came late. It
 * is told from that by its constancy: three live messages, over at least a minute, behind by the same time. What was kept
 * and is sent in a burst is behind by less with every message.
 *
 * Or by the counter: what was counted and heard later than what it is dated before was said after the clock had been put back.
 *
 * A clock that is ahead or stands in another year is dated by arrival. When live messages have shown by how much it is off, what
 * was kept under it, and comes later than that, is known to be older: its time is put right as well.
 */
#ifndef RULES_CLOCK_H
#define RULES_CLOCK_H

#include "platform/rules/entry.h"

struct clock {
    uint32_t n;                        /* live messages, by arrival, that were behind by lag_ms */
    int64_t lag_ms, first_ms, last_ms; /* arrival of the first and the last of them */
    int64_t counter;                   /* of the last */
    int64_t top, top_ms, top_lag_ms;   /* the highest counter so far, when it was heard, and by how much it was behind then, */
    int64_t below, last;               /* the counter of what is dated before it, and of what was seen last; -1: none */
    int64_t back, back_ms;             /* the clock had been put back by this counter, heard then; INT64_MAX: not known to be */
    int64_t right_ms;                  /* event time of the newest message whose clock was right; BULLA_TIME_NONE: none */
    int64_t put_ms;                    /* the newest event time that was put right */
    struct clock_off {                 /* of a clock that is wrong otherwise */
        uint32_t n;                    /* live messages in a row that were off by the same time */
        int64_t off_ms;                /* arrival less what it said, of the last */
        int64_t device_ms, counter;    /* the newest */
        int64_t first_counter;
    } off;
};

void clock_init(struct clock *clock);

/* Sees the entry. One that was dated by a lagging clock is marked ENTRY_CLOCK_LAGS, and its time put right where that is
 * later than all that was said with a right clock; otherwise it is marked ENTRY_UNPLACED, for its fix belongs to another time
 * than its place in the order. The same when the journey has other seals, whose time would run behind. Of what was kept under a
 * clock that is wrong otherwise said_ms is set, and what is older than what is known says no more that the seal is closed. */
void clock_step(struct clock *clock, const struct plan *plan, struct entry *e);

#endif
