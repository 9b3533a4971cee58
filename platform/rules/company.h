/* SPDX-License-Identifier: Apache-2.0
 *
 * Company: whether the seals of one journey move together. A fix of one is held against the last of each other: apart is only
 * what no vehicle can have driven in the time between, accuracies and the length of a train granted. Old fixes say nothing.
 */
#ifndef RULES_COMPANY_H
#define RULES_COMPANY_H

#include "platform/rules/position.h"

struct company {
    uint8_t n_with, n_apart;      /* other seals with a fresh fix: those it may be with, those it surely is not with */
    uint8_t other;                /* with n_apart: the one farthest off, */
    double metres;                /* by so much, */
    struct position_point theirs; /* as it said here */
};

/* Holds seal `other`, last seen at `theirs`, against `mine`. */
void company_meet(struct company *company, const struct plan *plan, const struct position_point *mine, const struct position_point *theirs,
                  size_t other);

#endif
