/* SPDX-License-Identifier: Apache-2.0
 *
 * The shell or the device was removed, the device reports its own destruction, or somebody saw that its body is broken. One alarm:
 * a seal that was destroyed in a journey cannot become whole in it. Silent while a permission holds (authorised removal).
 */
#include "platform/rules/rule.h"

struct body {
    sheet_slot slot;
};

static const struct rule_parameter parameters[] = {{NULL, NULL, 0, NULL}};

static const char *what(const struct entry *e)
{
    if (entry_is(e, BULLA_EVENT_DESTROYED))
        return "its own destruction";
    if (entry_is(e, BULLA_EVENT_SHELL_REMOVED))
        return "its shell removed";
    return entry_is(e, BULLA_EVENT_DEVICE_REMOVED) ? "that it was removed" : NULL;
}

static void step(void *state, const struct rule_input *in)
{
    struct body *s = state;
    const char *word = in->entry ? what(in->entry) : NULL;
    bool seen = in->entry && entry_damage(in->entry) == DAMAGE_DESTROYED;
    if (!(word || seen) || s->slot || in->lock->authorised)
        return;
    char at[BULLA_TIME_TEXT];
    bulla_time_put(at, in->at_ms);
    s->slot = rule_raise(in, ALARM_BODY_DESTROYED, in->at_ms);
    if (!word) {
        char said[RULE_SAID_TEXT];
        sheet_why(in->sheet, s->slot, "Seen destroyed. %s", rule_said(said, in->entry, BULLA_EVENT_DAMAGE_SEEN));
        return;
    }
    sheet_why(in->sheet, s->slot, "The seal reported %s at %s, without a permission", word, at);
}

const struct rule rule_body_destroyed = {
    .kind = ALARM_BODY_DESTROYED, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct body), .step = step};
