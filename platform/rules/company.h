/* SPDX-License-Identifier: Apache-2.0
 *
 * Company: whether the seals of one journey move together. A fix of one is held against the last of each other. Surely apart is
 * only what no vehicle can have driven in the time between, accuracies and the length of a train granted. Away is more: where two
 * fixes of one seal and the one of the other between them came as they were made, so that their times are right to a minute, what
 * no vehicle would drive on the way from the first to the second. Old fixes, and those that a receiver only repeats, say nothing.
 */
#ifndef RULES_COMPANY_H
#define RULES_COMPANY_H

#include "platform/rules/position.h"

struct company {
    uint8_t n_with, n_apart;      /* other seals with a fresh fix: those it may be with, those it surely is not with */
    uint16_t off, close;          /* other seals, a bit each: surely apart or away; where this one is, as near as fixes can tell */
    bool undecided;               /* there are others that may be either */
    uint8_t other;                /* with off: the one farthest off, */
    double metres;                /* by so much, */
    struct position_point theirs; /* as it said here */
    bool away;                    /* and it is away */
};

/* Holds seal `other` against `mine`; both with their newest fix. Doubted: the clock of one of them was wrong of late; then only those
 * that came as they were made tell. */
void company_meet(struct company *company, const struct plan *plan, const struct position *mine, const struct position *theirs,
                  size_t other, bool doubted);

#endif
