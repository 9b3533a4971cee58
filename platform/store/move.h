/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving a whole store into another, of whatever kind, while the platform runs on the first.
 *
 *   rounds   what is there is copied; then again what is new; until a round takes little time
 *   pause    the platform is stopped (the caller does that); the last of it is copied; then both sides are read and compared
 *
 * Records: both sides are read in order of their keys, and what differs is written: so a round that writes nothing is also the
 * proof that they are equal. Observations: in order of arrival from where the last round came to; each side has a digest
 * a day of event time, the sum of the SHA-256 of its observations, whatever their order.
 *
 * What was begun and broken off goes on: the place is kept in the target. A target with anything else in it is refused.
 */
#ifndef STORE_MOVE_H
#define STORE_MOVE_H

#include "platform/store/image.h"

struct move;

struct move_line { /* of the table of what was compared */
    const char *name; /* of a table, or "observations" */
    uint64_t from_rows, to_rows;
    char from_digest[65], to_digest[65]; /* SHA-256 in hexadecimal; of observations: of the days' digests in order */
    bool equal;
};

struct move_options {
    struct store *from; /* of store_look() */
    struct store *to;
    const char *name;   /* of the source, the same when it is begun again */
    int64_t (*now_ms)(void *context);
    void (*say)(void *context, const char *text); /* progress, now and then */
    bool (*stop)(void *context);                  /* asked often: break off */
    void *context;
};

enum { MOVE_STOPPED = 10 }; /* beside the store's outcomes */

/* NULL with a sentence in why[size]: the target is not empty and was not begun from this source, or was finished. */
struct move *move_new(const struct move_options *options, char why[400]);
void move_free(struct move *move); /* NULL is fine */

/* One round; *ms is how long it took, *written what it wrote. Negative with store_error(), or MOVE_STOPPED. */
int move_round(struct move *move, int64_t *ms, uint64_t *written);
/* With nobody writing the source any more: copies the rest. */
int move_rest(struct move *move);
/* Reads back both sides and calls `each` for every line; *equal: all are. Then the target is marked as finished. */
int move_compare(struct move *move, void (*each)(void *context, const struct move_line *line), void *context, bool *equal);
/* Reads back the target's observations ahead of the pause, so that move_compare() has only days to read that were touched
 * since. */
int move_read_back(struct move *move);

#endif
