/* SPDX-License-Identifier: Apache-2.0
 *
 * Seal, container and vehicle do not belong together: somebody says so, or the seals of the journey do not move together. Told
 * only when it is certain: three fixes over 10 min, each surely apart from every other seal that was just heard; or three over
 * 2 min, of two places at least of each, where the times are right and the ways are not the same (company.h). Of two seals that
 * part, the alarm is the first one's, whichever of them is heard. A recorded transhipment or discharge lets a seal go its own way.
 */
#include <string.h>

#include "platform/rules/rule.h"

#define TOGETHER    3                     /* fixes in a row that end it, */
#define TOGETHER_MS (30 * PLAN_MINUTE_MS) /* over so long: two vehicles meet on the road */

struct run {                 /* fixes of one seal and another that are apart, in a row */
    uint32_t n, own, theirs; /* fixes of the one, of the other */
    int64_t since_ms;
};

struct pairing { /* of one seal */
    sheet_slot said, seen;
    struct run apart, away;
    char first[BULLA_ID_SIZE];
    uint8_t other;
    uint32_t together;
    int64_t together_ms;
};

enum { FIXES, SPAN, SPAN_AWAY };
static const struct rule_parameter parameters[] = {
    {"fixes", "", 3, NULL}, {"span", "min", 10, NULL}, {"span_away", "min", 2, NULL}, {NULL, NULL, 0, NULL}};

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

static void raise(struct pairing *s, const struct rule_input *in, size_t of, size_t other)
{
    const struct company *c = in->company;
    struct rule_input as_told = *in;
    char far[RULE_SPAN_TEXT], span[RULE_SPAN_TEXT];
    as_told.seal = of;
    s->seen = rule_raise(&as_told, ALARM_PAIRING_MISMATCH, s->apart.since_ms);
    sheet_evidence(in->sheet, s->seen, c->theirs.id);
    sheet_evidence(in->sheet, s->seen, s->first);
    sheet_why(in->sheet, s->seen, "Does not move with %s: %s apart, and surely so in %u fixes over %s", in->plan->journey->seals[other],
              rule_distance(far, c->metres), s->apart.n, rule_span(span, in->at_ms - s->apart.since_ms));
}

static void part(struct pairing *s)
{
    s->apart = s->away = (struct run){0};
}

static void count(struct run *run, int64_t at_ms, bool own)
{
    if (run->n++ == 0)
        run->since_ms = at_ms;
    *(own ? &run->own : &run->theirs) += 1;
}

static bool certain(const struct pairing *s, const struct rule_input *in)
{
    uint32_t fixes = (uint32_t)rule_value(in->plan, &rule_pairing_mismatch, FIXES);
    if (s->away.n >= fixes && s->away.own > 1 && s->away.theirs > 0 &&
        in->at_ms - s->away.since_ms >= rule_ms(in->plan, &rule_pairing_mismatch, SPAN_AWAY))
        return true;
    return s->apart.n >= fixes && in->at_ms - s->apart.since_ms >= rule_ms(in->plan, &rule_pairing_mismatch, SPAN);
}

static void apart(struct pairing *all, const struct rule_input *in)
{
    const struct company *c = in->company;
    bool two = (c->off & (c->off - 1)) == 0, own = !two || c->other > in->seal;
    size_t of = own ? in->seal : c->other, other = own ? c->other : in->seal;
    struct pairing *s = &all[of];
    s->together = 0;
    s->other = (uint8_t)other;
    if (s->apart.n == 0)
        memcpy(s->first, in->entry->id, sizeof s->first);
    count(&s->apart, in->at_ms, own);
    if (c->away)
        count(&s->away, in->at_ms, own);
    if (!sheet_open(in->sheet, s->seen) && certain(s, in))
        raise(s, in, of, other);
}

static void together(struct pairing *s, const struct rule_input *in)
{
    part(s);
    if (s->together++ == 0)
        s->together_ms = in->at_ms;
    if (s->together >= TOGETHER && in->at_ms - s->together_ms >= TOGETHER_MS)
        sheet_end(in->sheet, &s->seen, s->together_ms);
}

static void step(void *state, const struct rule_input *in)
{
    struct pairing *all = state, *s = &all[in->seal];
    if (!in->entry)
        return;
    if (in->entry->note)
        hear(s, in);
    bool leaves = entry_is(in->entry, BULLA_EVENT_TRANSHIPPED) || entry_is(in->entry, BULLA_EVENT_DISCHARGED);
    const struct company *c = in->company;
    for (size_t i = 0; i < in->plan->journey->n_seals; i++)
        if (leaves && (i == in->seal || all[i].other == in->seal)) {
            part(&all[i]);
            sheet_end(in->sheet, &all[i].seen, in->at_ms);
        } else if (c->close && (i == in->seal || (c->close >> i & 1))) {
            together(&all[i], in);
        }
    if (c->off && !c->close && !c->undecided)
        apart(all, in);
}

static size_t size(const struct plan *plan)
{
    return plan->journey->n_seals * sizeof(struct pairing);
}

const struct rule rule_pairing_mismatch = {
    .kind = ALARM_PAIRING_MISMATCH, .scope = RULE_OF_VEHICLE, .parameters = parameters, .size = size, .step = step};
