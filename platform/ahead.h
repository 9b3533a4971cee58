/* SPDX-License-Identifier: Apache-2.0
 *
 * Ahead: how far what a node has accepted is ahead of what the store has of it, and whether that is overload.
 *
 *   ahead_put       a parcel was put into the outbox
 *   ahead_applied   the store has a partition's parcels up to a number; with the same number or 0 too, whenever it was asked
 *   ahead_look      how late the store is, and how many rows may wait
 *
 * Overload is a store that goes on, and has for AHEAD_GOES_MS, but in three quarters of the partitions is AHEAD_LATE_MS behind, or in an
 * eighth for AHEAD_LASTS_MS; and in the last AHEAD_WINDOW_MS took fewer rows than were accepted. A store that is away is none, nor is
 * one that works off what gathered meanwhile: that is what the outbox is for. Nor are the partitions of a node that died, until
 * another has taken them. It is over when no more than an eighth is AHEAD_CALM_MS late. While it lasts, as many rows may wait as the
 * store took in AHEAD_WAIT_MS: news do not wait behind them (sender.h), so that need not be a moment.
 *
 * How fast the store is, is counted, not reckoned from what its transactions cost: what a row costs depends on how many come together,
 * and a bound by costs took a busy healthy cluster for an overloaded one and kept it so.
 *
 * Rows of parcels that an earlier run of the node put are not known here. Those of a partition that come together, and those beyond
 * AHEAD_PARCELS_MOST, are counted as one parcel. Time is an argument. Ingest thread.
 */
#ifndef AHEAD_H
#define AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AHEAD_LATE_MS      3000
#define AHEAD_CALM_MS      1500
#define AHEAD_WINDOW_MS    2000
#define AHEAD_WAIT_MS      2000
#define AHEAD_GOES_MS      3000 /* longer than the window: nothing of a time in which the store stood is in it */
#define AHEAD_LASTS_MS     20000
#define AHEAD_USED_MS      10000 /* a partition counts for so long after a parcel was put */
#define AHEAD_LOOK_MS      50    /* it is reckoned so often */
#define AHEAD_STANDS_MS    2500  /* nothing applied for so long: the store stands still; longer than it takes to ask it, several times */
#define AHEAD_ROWS_LEAST   256   /* may wait in any case */
#define AHEAD_TOGETHER_MS  20
#define AHEAD_PARCELS_MOST 65536 /* remembered one by one, of all partitions */

struct ahead;

struct ahead *ahead_new(unsigned partitions);
void ahead_free(struct ahead *ahead);

void ahead_put(struct ahead *ahead, unsigned partition, uint64_t number, uint32_t rows, int64_t now_ms);
void ahead_applied(struct ahead *ahead, unsigned partition, uint64_t number, int64_t now_ms);

struct ahead_view {
    size_t rows;    /* that wait for the store */
    size_t most;    /* that may, in overload; 0: no limit */
    int64_t lag_ms; /* of half of the partitions; 0: none, or the store stands still */
};
struct ahead_view ahead_look(struct ahead *ahead, int64_t now_ms);

#endif
