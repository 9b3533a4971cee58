/* SPDX-License-Identifier: Apache-2.0
 *
 * Lock: what one seal's lock is known to be, and by whose leave: openings, permissions (tickets, commands, credentials),
 * cuts, and the end of the seal's supervision. What is unknown changes nothing.
 */
#ifndef RULES_LOCK_H
#define RULES_LOCK_H

#include "platform/rules/position.h"

enum lock_state {
    LOCK_UNKNOWN,
    LOCK_SEALED,
    LOCK_OPEN,
    LOCK_CUT, /* open because its rope was cut: the lock itself has not opened */
};

/* Where the vehicle is, for what a message without a fix of its own says. */
struct lock_where {
    bool known;
    double lat, lon, accuracy_m;
    enum geometry_side origin, destination; /* the last that was sure; UNSURE before the first */
};

struct lock {
    uint8_t state;   /* enum lock_state */
    bool authorised; /* of the current opening */
    bool ended;      /* an authorised opening at destination ended the supervision */
    int64_t opened_ms, ended_ms;
    bool granted; /* an accepted attempt by a credential that holds here, at grant_ms */
    int64_t grant_ms;
    int64_t accepted_ms;                    /* the last accepted attempt, granted or not */
    char credential[BULLA_CREDENTIAL_SIZE]; /* its credential */
    uint8_t n_sublocks;
    struct entry_sublock sublocks[BULLA_SUBLOCKS_MAX]; /* the locks that speak through this seal, as last known */
};

struct lock_news {
    bool opened;     /* sealed or not known, and now open; by the lock itself */
    bool authorised; /* a permission holds at this moment */
    bool resealed;
    bool excused;     /* the opening at this same time turned out to be permitted */
    bool by_cut;      /* open only because its rope was cut */
    const char *word; /* what was said: "open", "unlocked", ... */
};

void lock_init(struct lock *lock);
void lock_step(struct lock *lock, const struct plan *plan, const struct entry *e, const struct lock_where *where, struct lock_news *news);

#endif
