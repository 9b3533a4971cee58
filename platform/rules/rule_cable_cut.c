/* SPDX-License-Identifier: Apache-2.0
 *
 * The rope, string or shackle was cut. A cut rope does not heal: reports of "in" that come and go are the same cut with a
 * loose end. It is over when the seal locks again, or has said "sealed" for 10 min after having said "cut".
 */
#include "platform/rules/rule.h"

struct cut {
    sheet_slot slot;
    bool was_state, whole;
    int64_t whole_ms; /* first report of a whole rope since the last report of a cut one */
};

enum { WHOLE };
static const struct rule_parameter parameters[] = {{"whole_again_after", "min", 10, NULL}, {NULL, NULL, 0, NULL}};

static void note_cut(struct cut *s, const struct rule_input *in)
{
    bool state = in->entry->shackle == BULLA_SHACKLE_CUT;
    s->was_state |= state;
    s->whole = false;
    if (sheet_open(in->sheet, s->slot))
        return;
    char at[BULLA_TIME_TEXT];
    bulla_time_put(at, in->at_ms);
    s->slot = rule_raise(in, ALARM_CABLE_CUT, in->at_ms);
    sheet_why(in->sheet, s->slot, state ? "The shackle was first reported cut at %s" : "The seal reported its rope cut at %s", at);
}

static void note_whole(struct cut *s, const struct rule_input *in)
{
    const struct entry *e = in->entry;
    bool locked = entry_is(e, BULLA_EVENT_LOCKED) || entry_is(e, BULLA_EVENT_AUTO_LOCKED);
    if (!locked && e->state != BULLA_SEAL_SEALED)
        return;
    if (!s->whole) {
        s->whole = true;
        s->whole_ms = in->at_ms;
    }
    if (locked || (s->was_state && in->at_ms - s->whole_ms >= rule_ms(in->plan, &rule_cable_cut, WHOLE))) {
        sheet_end(in->sheet, &s->slot, s->whole_ms);
        *s = (struct cut){0};
    }
}

static void step(void *state, const struct rule_input *in)
{
    struct cut *s = state;
    if (!in->entry)
        return;
    if (in->entry->shackle == BULLA_SHACKLE_CUT || entry_is(in->entry, BULLA_EVENT_ROPE_CUT))
        note_cut(s, in);
    else if (s->slot)
        note_whole(s, in);
}

const struct rule rule_cable_cut = {
    .kind = ALARM_CABLE_CUT, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct cut), .step = step};
