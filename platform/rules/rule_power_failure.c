/* SPDX-License-Identifier: Apache-2.0
 *
 * A refrigerated container has been without power for longer than 30 min. Its sensor says so (0), or the event power-cut.
 * That event lasts with some devices and comes once with others: its absence tells that power is back only after it had
 * come twice in a row.
 */
#include <string.h>

#include "platform/rules/rule.h"

struct power {
    sheet_slot slot;
    bool out, fired;
    uint8_t said; /* reports in a row with the event */
    int64_t since_ms;
    char first[BULLA_ID_SIZE];
};

enum said { UNSAID, OFF, ON };
enum parameter { LONGER_THAN };

static const struct rule_parameter parameters[] = {{"longer_than", "min", 30, NULL}, {NULL, NULL, 0, NULL}};

static enum said what(struct power *s, const struct entry *e)
{
    for (size_t i = 0; i < e->n_sensors; i++)
        if (e->sensors[i].kind == BULLA_SENSOR_POWER)
            return e->sensors[i].milli == 0 ? OFF : ON;
    if (entry_is(e, BULLA_EVENT_POWER_CUT)) {
        s->said = s->said ? 2 : 1;
        return OFF;
    }
    bool lasting = s->said == 2 && (e->flags & ENTRY_FULL);
    return lasting || (e->flags & ENTRY_CHARGING) ? ON : UNSAID;
}

static void fire(struct power *s, const struct rule_input *in)
{
    char since[BULLA_TIME_TEXT];
    s->fired = true;
    bulla_time_put(since, s->since_ms);
    s->slot = rule_raise(in, ALARM_POWER_FAILURE, s->since_ms);
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (!d)
        return;
    d->n_evidence = 0;
    sheet_evidence(in->sheet, s->slot, s->first);
    sheet_why(in->sheet, s->slot, "Without power since %s, for more than %g min", since,
              rule_value(in->plan, &rule_power_failure, LONGER_THAN));
}

static void step(void *state, const struct rule_input *in)
{
    struct power *s = state;
    if (!in->entry) {
        fire(s, in);
        return;
    }
    enum said said = what(s, in->entry);
    if (said == ON) {
        sheet_end(in->sheet, &s->slot, in->at_ms);
        *s = (struct power){0};
    } else if (said == OFF && !s->out) {
        s->out = true;
        s->since_ms = in->at_ms;
        memcpy(s->first, in->entry->id, sizeof s->first);
    }
}

/* A millisecond after: "longer than". */
static int64_t due(const void *state, const struct plan *plan)
{
    const struct power *s = state;
    return s->out && !s->fired ? s->since_ms + rule_ms(plan, &rule_power_failure, LONGER_THAN) + 1 : RULE_NO_TIMER;
}

const struct rule rule_power_failure = {.kind = ALARM_POWER_FAILURE,
                                        .scope = RULE_OF_SEAL,
                                        .parameters = parameters,
                                        .state_size = sizeof(struct power),
                                        .step = step,
                                        .due = due};
