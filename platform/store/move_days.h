/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests of observations by day of event time, whatever the order in which they come.
 */
#ifndef STORE_MOVE_DAYS_H
#define STORE_MOVE_DAYS_H

#include "platform/store/image.h"

struct move_day {
    int64_t day; /* since 1970 */
    uint64_t n;
    uint8_t sum[STORE_DIGEST]; /* of the observations' SHA-256, as a number of 256 bits */
    bool touched;              /* written to since it was read back */
};

struct move_days {
    struct move_day *at; /* ascending */
    size_t n, size;
    bool failed; /* out of memory */
};

int64_t move_day_of(const struct bulla_observation *o);
/* The day, made when it is not there; NULL: out of memory. */
struct move_day *move_days_get(struct move_days *days, int64_t day);
void move_days_add(struct move_days *days, const struct bulla_observation *o, struct bulla_bytes raw);
/* SHA-256 over the days that have observations, and how many there are. */
uint64_t move_days_digest(const struct move_days *days, uint8_t to[STORE_DIGEST]);
void move_days_clear(struct move_days *days);

#endif
