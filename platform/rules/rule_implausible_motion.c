/* SPDX-License-Identifier: Apache-2.0
 *
 * Fixes that the vehicle cannot have reached: three within 30 min that later fixes did not confirm, or a jump that they
 * did. A single wild fix is only set aside.
 */
#include <string.h>

#include "platform/rules/rule.h"

#define WILD   3
#define WINDOW 1 /* its place among the parameters */

struct motion {
    sheet_slot slot;
    uint32_t n;
    int64_t last_ms;
    struct position_point wild[WILD]; /* newest last */
};

static const struct rule_parameter parameters[] = {
    {"wild_fixes", "", WILD, NULL, .fixed = true}, {"window", "min", 30, NULL}, {NULL, NULL, 0, NULL}};

static void add(struct motion *s, const struct position_point *p)
{
    if (s->n == WILD)
        memmove(s->wild, s->wild + 1, --s->n * sizeof *s->wild);
    s->wild[s->n++] = *p;
}

static void raise(struct motion *s, const struct rule_input *in, int64_t onset_ms)
{
    s->slot = rule_raise(in, ALARM_IMPLAUSIBLE_MOTION, onset_ms);
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (d)
        d->n_evidence = 0;
}

static void note_wild(struct motion *s, const struct rule_input *in, const struct position_point *p)
{
    char span[RULE_SPAN_TEXT];
    add(s, p);
    s->last_ms = p->at_ms;
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (d) {
        d->count++;
        sheet_evidence(in->sheet, s->slot, p->id);
        return;
    }
    if (s->n < WILD || p->at_ms - s->wild[0].at_ms > rule_ms(in->plan, &rule_implausible_motion, WINDOW))
        return;
    raise(s, in, s->wild[0].at_ms);
    for (uint32_t i = 0; i < s->n; i++)
        sheet_evidence(in->sheet, s->slot, s->wild[i].id);
    sheet_position(in->sheet, s->slot, s->wild[0].lat_e7 / 1e7, s->wild[0].lon_e7 / 1e7);
    sheet_why(in->sheet, s->slot, "%d fixes within %s that the vehicle could not have reached (limit %.0f km/h), not confirmed by others",
              WILD, rule_span(span, p->at_ms - s->wild[0].at_ms), in->plan->speed_max_ms * 3.6);
}

static void note_jump(struct motion *s, const struct rule_input *in)
{
    const struct position_point *from = &in->position->from;
    const struct fix *to = &in->position->fix[0];
    s->last_ms = to->at_ms;
    if (sheet_open(in->sheet, s->slot)) {
        sheet_evidence(in->sheet, s->slot, to->id);
        return;
    }
    char far[RULE_SPAN_TEXT], span[RULE_SPAN_TEXT];
    raise(s, in, to->at_ms);
    for (size_t i = 0; i < in->position->n_fixes; i++)
        sheet_evidence(in->sheet, s->slot, in->position->fix[i].id);
    sheet_evidence(in->sheet, s->slot, from->id);
    sheet_position(in->sheet, s->slot, to->lat, to->lon);
    double metres = geometry_distance(from->lat_e7 / 1e7, from->lon_e7 / 1e7, to->lat, to->lon);
    sheet_why(in->sheet, s->slot, "Jumped %s in %s (limit %.0f km/h), and %d fixes agree on the new place", rule_distance(far, metres),
              rule_span(span, to->at_ms - from->at_ms), in->plan->speed_max_ms * 3.6, POSITION_CHAIN);
}

static void step(void *state, const struct rule_input *in)
{
    struct motion *s = state;
    if (!in->entry)
        return;
    if (s->slot && in->at_ms - s->last_ms > rule_ms(in->plan, &rule_implausible_motion, WINDOW))
        sheet_end(in->sheet, &s->slot, s->last_ms);
    for (size_t i = 0; i < in->position->n_wild; i++)
        if (!in->position->wild[i].undated) /* a place at a time that is not known is no motion */
            note_wild(s, in, &in->position->wild[i]);
    if (in->position->jumped)
        note_jump(s, in);
}

const struct rule rule_implausible_motion = {
    .kind = ALARM_IMPLAUSIBLE_MOTION, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct motion), .step = step};
