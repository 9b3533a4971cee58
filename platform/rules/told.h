/* SPDX-License-Identifier: Apache-2.0
 *
 * Told: the alarms of a journey that its host knows to stand, and what to tell it when the sheet says otherwise.
 */
#ifndef RULES_TOLD_H
#define RULES_TOLD_H

#include "platform/rules/engine.h"
#include "platform/rules/plan.h"
#include "platform/rules/sheet.h"

struct told {
    struct draft *drafts; /* in order of raising */
    size_t n, capacity;
};

struct told_when {
    int64_t before_ms, now_ms;
    bool loaded;  /* from history: an alarm is as old as what tells it */
    bool changed; /* the journey was, not the data */
};

void told_clear(struct told *told);

/* Tells the host what was raised, changed or withdrawn since. Counts into *counts. */
void told_update(struct told *told, const struct sheet *sheet, const struct plan *plan, const struct told_when *when,
                 const struct engine_host *host, struct engine_counts *counts);

/* The journey got other seals: what was told of one that is no longer there is withdrawn. */
void told_reseat(struct told *told, const struct plan *from, const struct plan *to, const struct told_when *when,
                 const struct engine_host *host, struct engine_counts *counts);

/* Found by a definition that is no longer there, or by an older version of it: what is found now says nothing of it. */
bool draft_is_past(const struct draft *draft, const struct ruling *ruling);

void told_alarm(const struct plan *plan, const struct draft *draft, struct alarm *out);

#endif
