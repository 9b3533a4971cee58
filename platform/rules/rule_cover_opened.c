/* SPDX-License-Identifier: Apache-2.0
 *
 * The back cover or case was opened. Over when a later report says that it is closed. Seals without a journey (in
 * maintenance) are not looked at by any rule.
 */
#include "platform/rules/rule.h"

struct cover {
    sheet_slot slot;
};

static const struct rule_parameter parameters[] = {{NULL, NULL, 0, NULL}};

static void step(void *state, const struct rule_input *in)
{
    struct cover *s = state;
    if (!in->entry)
        return;
    bool event = entry_is(in->entry, BULLA_EVENT_COVER_OPENED);
    if (!event && in->entry->cover == BULLA_COVER_CLOSED)
        sheet_end(in->sheet, &s->slot, in->at_ms);
    if ((!event && in->entry->cover != BULLA_COVER_OPEN) || s->slot)
        return;
    char at[BULLA_TIME_TEXT];
    bulla_time_put(at, in->at_ms);
    s->slot = rule_raise(in, ALARM_COVER_OPENED, in->at_ms);
    sheet_why(in->sheet, s->slot, event ? "The seal reported its cover opened at %s" : "The cover was first reported open at %s", at);
}

const struct rule rule_cover_opened = {
    .kind = ALARM_COVER_OPENED, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct cover), .step = step};
