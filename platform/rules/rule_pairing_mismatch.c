/* SPDX-License-Identifier: Apache-2.0
 *
 * Seal, container and vehicle do not belong together: somebody says so, or the seals of the journey do not move together. Told
 * only when it is certain: three fixes over 10 min, each surely apart from every other seal that was just heard. Of two seals that
 * part, the alarm is the first one's. A recorded transhipment or discharge lets a seal go its own way.
 */
#include <string.h>

#include "platform/rules/rule.h"

struct pairing {
    sheet_slot said, seen;
    uint32_t n; /* fixes apart, in a row */
    int64_t since_ms;
    char first[BULLA_ID_SIZE];
};

enum { FIXES, SPAN };
static const struct rule_parameter parameters[] = {{"fixes", "", 3, NULL}, {"span", "min", 10, NULL}, {NULL, NULL, 0, NULL}};

static void hear(struct pairing *s, const struct rule_input *in)
{
    const struct entry *e = in->entry;
    if (!entry_is(e, BULLA_EVENT_PAIRING_DIFFERS)) {
        if (entry_is(e, BULLA_EVENT_READ))
            sheet_end(in->sheet, &s->said, in->at_ms);
        return;
    }
    struct draft *d = sheet_open(in->sheet, s->said);
    if (d) {
        d->count++;
        sheet_evidence(in->sheet, s->said, e->id);
        sheet_touch(in->sheet);
        return;
    }
    char said[RULE_SAID_TEXT];
    s->said = rule_raise_of(in, ALARM_PAIRING_MISMATCH, e->note->about, in->at_ms);
    sheet_why(in->sheet, s->said, "Not together as planned. %s", rule_said(said, e, BULLA_EVENT_PAIRING_DIFFERS));
}

static void raise(struct pairing *s, const struct rule_input *in)
{
    const struct company *c = in->company;
    char far[RULE_SPAN_TEXT], span[RULE_SPAN_TEXT];
    s->seen = rule_raise(in, ALARM_PAIRING_MISMATCH, s->since_ms);
    sheet_evidence(in->sheet, s->seen, c->theirs.id);
    sheet_evidence(in->sheet, s->seen, s->first);
    sheet_why(in->sheet, s->seen, "Does not move with %s: %s apart, and surely so in %u fixes over %s", in->plan->journey->seals[c->other],
              rule_distance(far, c->metres), s->n, rule_span(span, in->at_ms - s->since_ms));
}

static void compare(struct pairing *s, const struct rule_input *in)
{
    const struct company *c = in->company;
    if (c->n_with + c->n_apart == 0)
        return;
    if (c->n_with > 0) {
        s->n = 0;
        sheet_end(in->sheet, &s->seen, in->at_ms);
        return;
    }
    if (s->n++ == 0) {
        s->since_ms = in->at_ms;
        memcpy(s->first, in->entry->id, sizeof s->first);
    }
    bool others_turn = c->n_apart == 1 && c->other < in->seal;
    bool certain = s->n >= (uint32_t)rule_value(in->plan, &rule_pairing_mismatch, FIXES) &&
                   in->at_ms - s->since_ms >= rule_ms(in->plan, &rule_pairing_mismatch, SPAN);
    if (certain && !others_turn && !sheet_open(in->sheet, s->seen))
        raise(s, in);
}

static void step(void *state, const struct rule_input *in)
{
    struct pairing *s = state;
    if (!in->entry)
        return;
    if (in->entry->note)
        hear(s, in);
    if (entry_is(in->entry, BULLA_EVENT_TRANSHIPPED) || entry_is(in->entry, BULLA_EVENT_DISCHARGED)) {
        s->n = 0;
        sheet_end(in->sheet, &s->seen, in->at_ms);
    }
    compare(s, in);
}

const struct rule rule_pairing_mismatch = {
    .kind = ALARM_PAIRING_MISMATCH, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct pairing), .step = step};
