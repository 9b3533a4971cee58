/* SPDX-License-Identifier: Apache-2.0
 *
 * The seal refused an order because it had seen it before, because its time was over, or because it was made for another device.
 * What came within 10 min is one alarm with a count. The same message sent again by the device is the same observation and counts
 * once.
 */
#include "platform/rules/rule.h"

struct replayed {
    sheet_slot slot;
    int64_t last_ms;
};

enum { EPISODE };
static const struct rule_parameter parameters[] = {{"episode", "min", 10, NULL}, {NULL, NULL, 0, NULL}};

static const char *what(const struct entry *e)
{
    if (!(e->flags & ENTRY_UNLOCK) || e->verdict == BULLA_VERDICT_ACCEPTED)
        return NULL;
    switch (e->reason) {
    case BULLA_REASON_REPLAYED:
        return "that it had seen before";
    case BULLA_REASON_EXPIRED:
        return "whose time was over";
    case BULLA_REASON_WRONG_DEVICE:
        return "that was made for another device";
    default:
        return NULL;
    }
}

static void step(void *state, const struct rule_input *in)
{
    struct replayed *s = state;
    const struct entry *e = in->entry;
    const char *word = e ? what(e) : NULL;
    if (s->slot && in->at_ms - s->last_ms > rule_ms(in->plan, &rule_replayed_command, EPISODE))
        sheet_end(in->sheet, &s->slot, s->last_ms);
    if (!word)
        return;
    s->last_ms = in->at_ms;
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (d) {
        d->count++;
        sheet_evidence(in->sheet, s->slot, e->id);
        sheet_touch(in->sheet);
        return;
    }
    s->slot = rule_raise(in, ALARM_REPLAYED_COMMAND, in->at_ms);
    sheet_why(in->sheet, s->slot, "The seal refused an order %s (%s%s%s)", word, bulla_channel_text(e->channel),
              e->credential[0] ? " " : "", e->credential);
}

const struct rule rule_replayed_command = {
    .kind = ALARM_REPLAYED_COMMAND, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct replayed), .step = step};
