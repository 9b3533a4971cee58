/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/rule.h"

#include <stdio.h>
#include <string.h>

const struct rule *const rules[] = {
#define RULE(number, kind) &rule_##kind,
#include "platform/rules/rules.def"
#undef RULE
};
enum { RULE_COUNT = sizeof rules / sizeof *rules };
const size_t rules_count = RULE_COUNT;

_Static_assert(RULE_COUNT <= PLAN_RULES_MAX, "a plan has room for every rule");

void rule_lay_out(struct plan *plan)
{
    plan->vehicle_size = plan->seal_size = 0;
    for (size_t i = 0; i < rules_count; i++) {
        size_t size = rules[i]->size ? rules[i]->size(plan) : rules[i]->state_size;
        plan->rule_size[i] = (uint16_t)((size + 7u) & ~(size_t)7u);
        *(rules[i]->scope == RULE_OF_VEHICLE ? &plan->vehicle_size : &plan->seal_size) += plan->rule_size[i];
    }
}

sheet_slot rule_raise_of(const struct rule_input *in, enum alarm_kind kind, const char *rule, int64_t onset_ms)
{
    int64_t known_ms = in->entry ? in->entry->received_ms : in->at_ms;
    sheet_slot slot = sheet_raise_of(in->sheet, kind, rule, in->seal, onset_ms, known_ms);
    struct draft *d = sheet_open(in->sheet, slot);
    if (!d)
        return 0;
    d->by_timer = !in->entry;
    d->partial = in->entry && (in->entry->flags & ENTRY_OUT_OF_WINDOW);
    if (in->where->known) {
        d->has_position = true;
        d->lat = in->where->lat;
        d->lon = in->where->lon;
    }
    if (in->entry)
        sheet_evidence(in->sheet, slot, in->entry->id);
    return slot;
}

sheet_slot rule_raise(const struct rule_input *in, enum alarm_kind kind, int64_t onset_ms)
{
    return rule_raise_of(in, kind, "", onset_ms);
}

void rule_locate(const struct rule_input *in, sheet_slot slot, const struct fix *fix)
{
    sheet_evidence(in->sheet, slot, fix->id);
    sheet_position(in->sheet, slot, fix->lat, fix->lon);
}

const char *rule_span(char to[RULE_SPAN_TEXT], int64_t ms)
{
    long long s = ms / 1000;
    if (s < 60)
        snprintf(to, RULE_SPAN_TEXT, "%lld s", s);
    else if (s < 3600 && s % 60)
        snprintf(to, RULE_SPAN_TEXT, "%lld min %lld s", s / 60, s % 60);
    else if (s < 3600)
        snprintf(to, RULE_SPAN_TEXT, "%lld min", s / 60);
    else if (s / 60 % 60)
        snprintf(to, RULE_SPAN_TEXT, "%lld h %lld min", s / 3600, s / 60 % 60);
    else
        snprintf(to, RULE_SPAN_TEXT, "%lld h", s / 3600);
    return to;
}

const char *rule_distance(char to[RULE_SPAN_TEXT], double metres)
{
    if (metres < 9999.5)
        snprintf(to, RULE_SPAN_TEXT, "%.0f m", metres);
    else
        snprintf(to, RULE_SPAN_TEXT, "%.1f km", metres / 1000);
    return to;
}

const char *rule_said(char to[RULE_SAID_TEXT], const struct entry *e, enum bulla_event event)
{
    const struct bulla_note *note = e->note;
    const char *by = note ? note->by : "", *about = note ? note->about : "", *text = note ? note->text : "";
    snprintf(to, RULE_SAID_TEXT, "%s%s%s%s%s", by[0] ? by : "Somebody", about[0] ? ", of " : "", about, ": ",
             text[0] ? text : bulla_event_text(event));
    return to;
}

double rule_value(const struct plan *plan, const struct rule *rule, size_t parameter)
{
    return plan->ruling->value[rule->kind][parameter];
}

int64_t rule_ms(const struct plan *plan, const struct rule *rule, size_t parameter)
{
    return (int64_t)(rule_value(plan, rule, parameter) * (double)PLAN_MINUTE_MS);
}
