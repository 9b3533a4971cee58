/* SPDX-License-Identifier: Apache-2.0
 *
 * Window: the kept entries of a journey in their order, and the ids of all entries that ever came.
 */
#ifndef RULES_WINDOW_H
#define RULES_WINDOW_H

#include "platform/rules/entry.h"

struct window {
    struct entry *entries;
    size_t n, capacity;
    bool cut; /* something older was let go: */
    struct entry newest_gone;
    uint64_t *seen; /* hashes of ids, open addressing, 0 is empty */
    size_t n_seen, seen_capacity;
};

void window_clear(struct window *window); /* and its entries */

/* Notes an id; false when it was noted before. Out of memory counts as new. */
bool window_note(struct window *window, const char *id);

/* Where the entry belongs, 0 .. n. */
size_t window_place(const struct window *window, const struct entry *e);

/* Takes the entry over, unless it is false: memory is out. */
bool window_put(struct window *window, size_t at, const struct entry *e);
void window_take(struct window *window, size_t at);              /* it is the caller's again */
size_t window_find(const struct window *window, const char *id); /* n: not there */

/* Lets the oldest go. */
void window_let_go(struct window *window, size_t count);

/* True when the entry belongs before something that was let go. */
bool window_too_old(const struct window *window, const struct entry *e);

#endif
