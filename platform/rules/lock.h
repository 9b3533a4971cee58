/* SPDX-License-Identifier: Apache-2.0
 *
 * Lock: what one seal's lock is known to be, and by whose leave: openings, permissions (tickets, commands, credentials),
 * cuts, and the end of the seal's supervision. What is unknown changes nothing.
 *
 * Where opening is what one expects, an opening that looks forbidden is not told at once. One that somebody claims whose
 * leave hangs on the place (a card of the journey, a command for the destination) is judged by the next fix when that of
 * the message is at odds with where the vehicle was. One of which only the state is known, at the destination, waits for
 * the attempt, which may come minutes later, or hours when the seal's count shows that messages before it are still to come.
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

enum lock_claim {
    CLAIMED_BY_LOCK = 1,    /* the journey lists no cards, and the lock accepted an attempt */
    CLAIMED_BY_CARD = 2,    /* one that the journey lists */
    CLAIMED_BY_COMMAND = 4, /* a command or ticket of the journey covers the time */
};

/* Where the vehicle is, for what a message without a fix of its own says. */
struct lock_where {
    bool known;
    double lat, lon, accuracy_m;
    enum geometry_side origin, destination; /* the last that was sure; UNSURE before the first */
};

/* Of one message: where the vehicle is with it, where it would be without it (where it stood, if it did within the last hour),
 * how far it may have gone if messages before it are missing, what its own fix says, believed or not (not known: it has none), where
 * the fix before the last was, if the message has none, and whether it had a fix that can be believed. */
struct lock_place {
    const struct lock_where *now, *before, *reach, *said, *previous;
    bool fix, stood; /* stood: until this message the vehicle was standing */
    bool lost;       /* and nobody has seen it for so long that it may be anywhere in reach */
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
    int64_t hope_ms;                        /* until then the present opening may turn out permitted; BULLA_TIME_NONE: it is what it is */
    uint8_t outside;                        /* fixes since then, its own included, that say it may not be opened there */
    uint8_t claimed;                        /* by whom, whose leave hangs on the place alone: enum lock_claim, a bit each */
    bool stood, stood_at_destination;       /* and the vehicle had been standing where that leave holds */
    int64_t counter;                        /* the device's own count of its messages, of the last one; negative: not said */
    uint8_t n_sublocks;
    struct entry_sublock sublocks[BULLA_SUBLOCKS_MAX]; /* the locks that speak through this seal, as last known */
};

struct lock_news {
    bool opened;     /* sealed or not known, and now open; by the lock itself */
    bool authorised; /* a permission holds at this moment */
    bool resealed;
    bool open_by_leave;
    bool excused;  /* the opening at this same time turned out to be permitted */
    bool by_cut;   /* open only because its rope was cut */
    bool hoped;    /* with opened: not authorised so far, which lock.hope_ms may still change */
    bool given_up; /* that hope ended: a fix showed the place, or the time is over */
    int64_t hope_ms;
    bool stood;       /* with hoped: where it stood before, it was permitted; only a further fix can tell otherwise */
    const char *word; /* what was said: "open", "unlocked", ... */
};

void lock_init(struct lock *lock);
void lock_step(struct lock *lock, const struct plan *plan, const struct entry *e, const struct lock_place *place, struct lock_news *news);

/* Whether it may be the origin, the destination or a permitted stop. */
bool lock_may_open_here(const struct plan *plan, const struct lock_where *where);

#endif
