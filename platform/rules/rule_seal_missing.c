/* SPDX-License-Identifier: Apache-2.0
 *
 * An officer or a gate did not find the seal where it should be. One alarm until a reader reads it again.
 */
#include "platform/rules/rule.h"

struct missing {
    sheet_slot slot;
};

static const struct rule_parameter parameters[] = {{NULL, NULL, 0, NULL}};

static void step(void *state, const struct rule_input *in)
{
    struct missing *s = state;
    const struct entry *e = in->entry;
    if (!e)
        return;
    if (!entry_is(e, BULLA_EVENT_SEAL_MISSING)) {
        if (entry_is(e, BULLA_EVENT_READ))
            sheet_end(in->sheet, &s->slot, in->at_ms);
        return;
    }
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (d) {
        d->count++;
        sheet_evidence(in->sheet, s->slot, e->id);
        sheet_touch(in->sheet);
        return;
    }
    char said[RULE_SAID_TEXT];
    s->slot = rule_raise(in, ALARM_SEAL_MISSING, in->at_ms);
    sheet_why(in->sheet, s->slot, "The seal was not found in its place. %s", rule_said(said, e, BULLA_EVENT_SEAL_MISSING));
}

const struct rule rule_seal_missing = {
    .kind = ALARM_SEAL_MISSING, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct missing), .step = step};
