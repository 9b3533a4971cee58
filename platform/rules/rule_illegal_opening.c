/* SPDX-License-Identifier: Apache-2.0
 *
 * The lock opened and nobody had given leave (ALARMS, Seal). What an opening and a permission are is in lock.h. A rope
 * that was cut is cable_cut's; this rule joins in only when the lock itself opened too.
 */
#include "platform/rules/rule.h"

struct opening {
    sheet_slot slot;
};

static const struct rule_parameter parameters[] = {{"permission_before", "min", 2, NULL, .fixed = true}, {NULL, NULL, 0, NULL}};

static void raise(struct opening *s, const struct rule_input *in)
{
    char at[BULLA_TIME_TEXT];
    bulla_time_put(at, in->at_ms);
    s->slot = rule_raise(in, ALARM_ILLEGAL_OPENING, in->at_ms);
    const struct entry *e = in->entry;
    bool unlocked = entry_accepted(e) && e->credential[0];
    sheet_why(in->sheet, s->slot, "The seal was reported %s at %s without a permission in the 2 min before it%s%s%s", in->lock->word, at,
              unlocked ? " (credential " : "", unlocked ? e->credential : "", unlocked ? ")" : "");
}

static void step(void *state, const struct rule_input *in)
{
    struct opening *s = state;
    if (!in->entry)
        return;
    if (in->lock->excused)
        sheet_drop(in->sheet, &s->slot);
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (in->lock->opened && !in->lock->authorised && d) {
        d->count++; /* another part of a seal that is open already */
        sheet_evidence(in->sheet, s->slot, in->entry->id);
    } else if (in->lock->opened && !in->lock->authorised) {
        raise(s, in);
    }
    if (in->lock->resealed)
        sheet_end(in->sheet, &s->slot, in->at_ms);
}

const struct rule rule_illegal_opening = {
    .kind = ALARM_ILLEGAL_OPENING, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct opening), .step = step};
