/* SPDX-License-Identifier: Apache-2.0
 *
 * Ahead: how many rows a node has accepted that the store does not have yet, and how many it may have. An alarm waits behind them,
 * so there may be as many as the store takes in AHEAD_TARGET_MS, by what rows cost in the transactions of this node (ahead_fits(); the
 * others have the same store).
 *
 *   ahead_put       a parcel was put into the outbox
 *   ahead_applied   the store has a partition's parcels up to a number
 *   ahead_look      how many wait, and how many may
 *
 * Of partitions that another node holds that is known once a second, too late to count by. So rows are counted in the partitions
 * that this node itself applies (`own`), and taken to be spread evenly over all.
 *
 * Rows of parcels that an earlier run of the node put are not known here. Nor are those beyond AHEAD_PARCELS_MOST: the store stands
 * still then, and there is no limit anyway. Time is an argument. Ingest thread.
 */
#ifndef AHEAD_H
#define AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AHEAD_TARGET_MS    100 /* from being sent to the store */
#define AHEAD_ROWS_FIRST   32  /* until it is known how fast the store is */
#define AHEAD_ROWS_LEAST   16
#define AHEAD_ROWS_MOST    100000
#define AHEAD_PARCELS_MOST 65536 /* remembered, of all partitions */
#define AHEAD_OWN_MS       3000  /* a partition is one's own for so long after it was applied here */

struct ahead;

struct ahead *ahead_new(unsigned partitions);
void ahead_free(struct ahead *ahead);

void ahead_put(struct ahead *ahead, unsigned partition, uint64_t number, uint32_t rows);
void ahead_applied(struct ahead *ahead, unsigned partition, uint64_t number, bool own, int64_t now_ms);

struct ahead_view {
    size_t rows, most; /* that wait for the store, and may; of all partitions */
};
/* `fits`: rows that the store takes in AHEAD_TARGET_MS, 0: not known yet. */
struct ahead_view ahead_look(const struct ahead *ahead, size_t fits, int64_t now_ms);

/* What the last transactions with rows cost, the newest counting most. Zero: none yet. Engine thread. */
struct ahead_cost {
    double rows, ms;
};
void ahead_spent(struct ahead_cost *cost, size_t rows, int64_t took_ms);
size_t ahead_fits(const struct ahead_cost *cost); /* rows in AHEAD_TARGET_MS, 0: not known */

#endif
