/* SPDX-License-Identifier: Apache-2.0
 *
 * The device's clock was not plausible (general rule 4) in three messages, or lagged in three (clock.h). A message with a
 * right time that was heard before them, and stands behind them only by the wrong clock's order, does not end it.
 */
#include <string.h>

#include "platform/rules/rule.h"

#define MESSAGES 3
#define OFF_MS   (5 * PLAN_MINUTE_MS)

struct wrong_clock {
    sheet_slot slot;
    uint32_t wrong, right;      /* messages; right ones in a row */
    int64_t first_ms, heard_ms; /* heard_ms: arrival of the last wrong one */
    char first[BULLA_ID_SIZE];
};

static const struct rule_parameter parameters[] = {
    {"off", "min", 5, NULL, .fixed = true}, {"messages", "", MESSAGES, NULL, .fixed = true}, {NULL, NULL, 0, NULL}};

static void step(void *state, const struct rule_input *in)
{
    struct wrong_clock *s = state;
    const struct entry *e = in->entry;
    if (!e || e->device_ms == BULLA_TIME_NONE)
        return;
    if (!(e->flags & ENTRY_CLOCK_WRONG)) {
        s->right += !(e->flags & ENTRY_STORED) && e->received_ms > s->heard_ms && e->received_ms - e->device_ms <= OFF_MS;
        if (s->right >= MESSAGES) {
            sheet_end(in->sheet, &s->slot, in->at_ms);
            *s = (struct wrong_clock){0};
        }
        return;
    }
    s->right = 0;
    s->heard_ms = e->received_ms > s->heard_ms ? e->received_ms : s->heard_ms;
    if (s->wrong++ == 0) {
        s->first_ms = in->at_ms;
        memcpy(s->first, e->id, sizeof s->first);
        if (e->flags & ENTRY_CLOCK_LAGS)
            s->wrong = MESSAGES; /* it takes as many to see one lag */
    }
    if (s->wrong != MESSAGES)
        return;
    char said[BULLA_TIME_TEXT], came[BULLA_TIME_TEXT];
    bulla_time_put(said, e->device_ms);
    bulla_time_put(came, e->received_ms);
    s->slot = rule_raise(in, ALARM_CLOCK_ERROR, s->first_ms);
    sheet_evidence(in->sheet, s->slot, s->first);
    sheet_why(in->sheet, s->slot, "The device's clock was off in %d messages: it said %s in one that came at %s", MESSAGES, said, came);
}

const struct rule rule_clock_error = {
    .kind = ALARM_CLOCK_ERROR, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct wrong_clock), .step = step};
