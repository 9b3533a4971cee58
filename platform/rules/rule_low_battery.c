/* SPDX-License-Identifier: Apache-2.0
 *
 * The battery is at or below its limit in two consecutive reports, or at 5 % in one. A seal that is charging is silent.
 * Over at 10 % above the limit, so that a flapping reading is one alarm.
 */
#include <string.h>

#include "platform/rules/rule.h"

#define UNSAID 255

struct battery {
    sheet_slot slot;
    bool low; /* the last report was */
    uint8_t percent;
    int64_t first_ms;
    char first[BULLA_ID_SIZE];
};

enum { LIMIT, EMPTY, CLEAR };
static const struct rule_parameter parameters[] = {
    {"limit", "%", 15, "battery_percent"}, {"empty", "%", 5, NULL}, {"clears_above_limit_by", "%", 10, NULL}, {NULL, NULL, 0, NULL}};

static void raise(struct battery *s, const struct rule_input *in, uint8_t percent)
{
    char at[BULLA_TIME_TEXT];
    bulla_time_put(at, s->first_ms);
    s->slot = rule_raise(in, ALARM_LOW_BATTERY, s->first_ms);
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (!d)
        return;
    d->n_evidence = 0;
    sheet_evidence(in->sheet, s->slot, s->first);
    sheet_evidence(in->sheet, s->slot, in->entry->id);
    if (percent == UNSAID)
        sheet_why(in->sheet, s->slot, "The seal has reported a low battery since %s", at);
    else if (s->first_ms == in->at_ms)
        sheet_why(in->sheet, s->slot, "Battery at %u %% at %s (limit %d %%)", percent, at, in->plan->battery_percent);
    else
        sheet_why(in->sheet, s->slot, "Battery at or below %d %% in two reports from %s, now %u %%", in->plan->battery_percent, at,
                  percent);
}

static void note_low(struct battery *s, const struct rule_input *in, uint8_t percent)
{
    bool second = s->low && in->at_ms > s->first_ms;
    if (!s->low) {
        s->low = true;
        s->first_ms = in->at_ms;
        memcpy(s->first, in->entry->id, sizeof s->first);
    }
    if (!s->slot && (second || percent <= rule_value(in->plan, &rule_low_battery, EMPTY)))
        raise(s, in, percent);
}

static void step(void *state, const struct rule_input *in)
{
    struct battery *s = state;
    const struct entry *e = in->entry;
    if (!e || in->plan->battery_percent < 0)
        return;
    bool says = entry_is(e, BULLA_EVENT_LOW_BATTERY), number = e->flags & ENTRY_PERCENT;
    if (!number && !says)
        return;
    uint8_t percent = number ? e->percent : UNSAID;
    if (number && percent >= in->plan->battery_percent + rule_value(in->plan, &rule_low_battery, CLEAR))
        sheet_end(in->sheet, &s->slot, in->at_ms);
    bool low = number ? percent <= in->plan->battery_percent : says;
    if (!low || (e->flags & ENTRY_CHARGING))
        s->low = false;
    else
        note_low(s, in, percent);
}

const struct rule rule_low_battery = {
    .kind = ALARM_LOW_BATTERY, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct battery), .step = step};
