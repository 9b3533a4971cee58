/* SPDX-License-Identifier: Apache-2.0
 *
 * The seal itself says that it does not work: motor stuck, self-test failed, or a sensor fault that lasts longer than
 * 15 min. One alarm for each of the three.
 */
#include <string.h>

#include "platform/rules/rule.h"

struct malfunction {
    sheet_slot stuck, failed, fault;
    bool faulty;
    int64_t faulty_ms;
    char first[BULLA_ID_SIZE];
};

enum { FAULT };
static const struct rule_parameter parameters[] = {{"sensor_fault", "min", 15, NULL}, {NULL, NULL, 0, NULL}};

static void raise(sheet_slot *slot, const struct rule_input *in, const char *what)
{
    if (*slot)
        return;
    char at[BULLA_TIME_TEXT];
    bulla_time_put(at, in->at_ms);
    *slot = rule_raise(in, ALARM_MALFUNCTION, in->at_ms);
    sheet_why(in->sheet, *slot, "The seal reported %s at %s", what, at);
}

static void note_fault(struct malfunction *s, const struct rule_input *in)
{
    if (!s->faulty) {
        s->faulty = true;
        s->faulty_ms = in->at_ms;
        memcpy(s->first, in->entry->id, sizeof s->first);
    }
    if (s->fault || in->at_ms - s->faulty_ms <= rule_ms(in->plan, &rule_malfunction, FAULT))
        return;
    char span[RULE_SPAN_TEXT];
    s->fault = rule_raise(in, ALARM_MALFUNCTION, s->faulty_ms);
    sheet_evidence(in->sheet, s->fault, s->first);
    sheet_why(in->sheet, s->fault, "The seal has reported a sensor fault for %s", rule_span(span, in->at_ms - s->faulty_ms));
}

static void step(void *state, const struct rule_input *in)
{
    struct malfunction *s = state;
    const struct entry *e = in->entry;
    if (!e)
        return;
    if (e->motor == BULLA_MOTOR_STUCK || entry_is(e, BULLA_EVENT_MOTOR_STUCK))
        raise(&s->stuck, in, "its motor stuck");
    else if (e->motor == BULLA_MOTOR_LOCKED || e->motor == BULLA_MOTOR_UNLOCKED)
        sheet_end(in->sheet, &s->stuck, in->at_ms);
    if (entry_is(e, BULLA_EVENT_SELF_TEST_FAILED))
        raise(&s->failed, in, "a failed self-test");
    if (entry_is(e, BULLA_EVENT_SENSOR_FAULT) || entry_is(e, BULLA_EVENT_GNSS_FAULT)) {
        note_fault(s, in);
    } else if (e->flags & ENTRY_FULL) {
        sheet_end(in->sheet, &s->fault, in->at_ms);
        s->faulty = false;
    }
}

const struct rule rule_malfunction = {
    .kind = ALARM_MALFUNCTION, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct malfunction), .step = step};
