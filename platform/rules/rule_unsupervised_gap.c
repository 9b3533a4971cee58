/* SPDX-License-Identifier: Apache-2.0
 *
 * One administration or procedure handed the seal over, and for more than 2 min nobody took it. Who takes over before the other
 * lets go leaves no gap. The gap begins at the handing over and ends at the taking over.
 */
#include <string.h>

#include "platform/rules/rule.h"

struct gap {
    sheet_slot slot;
    bool open;  /* handed over, not taken */
    bool ahead; /* taken before it was handed over */
    bool told;
    int64_t since_ms;
    char id[BULLA_ID_SIZE]; /* what handed it over */
    char by[BULLA_NOTE_BY_SIZE];
};

enum { LIMIT };
static const struct rule_parameter parameters[] = {{"limit", "min", 2, NULL}, {NULL, NULL, 0, NULL}};

static void raise(struct gap *s, const struct rule_input *in)
{
    char since[BULLA_TIME_TEXT];
    bulla_time_put(since, s->since_ms);
    s->told = true;
    s->slot = rule_raise(in, ALARM_UNSUPERVISED_GAP, s->since_ms);
    sheet_evidence(in->sheet, s->slot, s->id);
    sheet_why(in->sheet, s->slot, "%s handed the seal over at %s, and nobody took it over within %.0f min", s->by[0] ? s->by : "Somebody",
              since, rule_value(in->plan, &rule_unsupervised_gap, LIMIT));
}

static void hand_over(struct gap *s, const struct rule_input *in)
{
    if (s->open)
        return;
    if (s->ahead) {
        s->ahead = false;
        return;
    }
    s->open = true;
    s->told = false;
    s->since_ms = in->at_ms;
    memcpy(s->id, in->entry->id, sizeof s->id);
    memcpy(s->by, in->entry->note->by, sizeof s->by);
}

static void take_over(struct gap *s, const struct rule_input *in)
{
    sheet_evidence(in->sheet, s->slot, in->entry->id);
    sheet_end(in->sheet, &s->slot, in->at_ms);
    s->ahead = !s->open;
    s->open = false;
}

static void step(void *state, const struct rule_input *in)
{
    struct gap *s = state;
    if (!in->entry) {
        raise(s, in);
        return;
    }
    if (!in->entry->note)
        return;
    if (entry_is(in->entry, BULLA_EVENT_TAKEN_OVER))
        take_over(s, in);
    if (entry_is(in->entry, BULLA_EVENT_HANDED_OVER))
        hand_over(s, in);
}

static int64_t due(const void *state, const struct plan *plan)
{
    const struct gap *s = state;
    return s->open && !s->told ? s->since_ms + rule_ms(plan, &rule_unsupervised_gap, LIMIT) : RULE_NO_TIMER;
}

const struct rule rule_unsupervised_gap = {.kind = ALARM_UNSUPERVISED_GAP,
                                           .scope = RULE_OF_SEAL,
                                           .parameters = parameters,
                                           .state_size = sizeof(struct gap),
                                           .step = step,
                                           .due = due};
