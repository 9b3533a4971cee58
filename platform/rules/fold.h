/* SPDX-License-Identifier: Apache-2.0
 *
 * Fold: all rules over one journey, entry after entry in their order, with the timers between them. Its state is one block
 * of bytes: the vehicle (where it is, whether it stands, its rules), then each seal (its fixes, its lock, its rules).
 */
#ifndef RULES_FOLD_H
#define RULES_FOLD_H

#include "platform/rules/rule.h"

struct fold;

/* Bytes of the state for that journey. */
size_t fold_size(const struct plan *plan);
void fold_init(struct fold *fold, const struct plan *plan);

/* The state as it is where other definitions are judged: theirs begins, the others' goes on. */
void fold_move(struct fold *to, const struct plan *into, const struct fold *from, const struct plan *out_of);

/* Fires what is due before e->at_ms, then takes the entry in. */
void fold_entry(struct fold *fold, const struct plan *plan, const struct entry *e, struct sheet *sheet);

/* Fires what is due up to and at now_ms. */
void fold_time(struct fold *fold, const struct plan *plan, int64_t now_ms, struct sheet *sheet);

/* RULE_NO_TIMER: nothing waits. */
int64_t fold_due(const struct fold *fold);

/* Whether an authorised opening ended the supervision of a seal. */
bool fold_ended(const struct fold *fold, const struct plan *plan, size_t seal);

#endif
