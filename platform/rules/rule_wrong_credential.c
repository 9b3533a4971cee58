/* SPDX-License-Identifier: Apache-2.0
 *
 * A card that the seal does not know, or three refused attempts within 10 min (the seal's own count of wrong tries and its
 * "wrong password repeated" included). Onset is the first attempt of them.
 */
#include <string.h>

#include "platform/rules/rule.h"

#define TRIES  3
#define WINDOW 1 /* its place among the parameters */

struct
try {
    int64_t at_ms;
    char id[BULLA_ID_SIZE];
};

struct wrong {
    sheet_slot slot;
    uint32_t n; /* of the last tries, newest last */
    int64_t last_ms;
    struct try tries[TRIES];
};

static const struct rule_parameter parameters[] = {
    {"tries", "", TRIES, NULL, .fixed = true}, {"window", "min", 10, NULL}, {NULL, NULL, 0, NULL}};

static bool says_unknown_card(const struct entry *e)
{
    return entry_is(e, BULLA_EVENT_UNKNOWN_CARD) || (entry_refused(e) && e->reason == BULLA_REASON_UNKNOWN_CARD);
}

static bool says_repeated(const struct entry *e)
{
    return entry_is(e, BULLA_EVENT_WRONG_PASSWORD_REPEATED) ||
           (entry_refused(e) && (e->tries >= TRIES || e->reason == BULLA_REASON_TOO_MANY_TRIES));
}

static void add(struct wrong *s, const struct rule_input *in)
{
    if (s->n == TRIES)
        memmove(s->tries, s->tries + 1, --s->n * sizeof *s->tries);
    s->tries[s->n].at_ms = in->at_ms;
    memcpy(s->tries[s->n++].id, in->entry->id, sizeof s->tries[0].id);
}

static void raise(struct wrong *s, const struct rule_input *in, bool three)
{
    const struct entry *e = in->entry;
    int64_t onset_ms = three ? s->tries[0].at_ms : in->at_ms;
    char span[RULE_SPAN_TEXT];
    s->slot = rule_raise(in, ALARM_WRONG_CREDENTIAL, onset_ms);
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (!d)
        return;
    d->count = three ? TRIES : 1;
    for (uint32_t i = 0; three && i < s->n; i++)
        sheet_evidence(in->sheet, s->slot, s->tries[i].id);
    if (says_unknown_card(e))
        sheet_why(in->sheet, s->slot, "A card that the seal does not know was held to it%s%s", e->credential[0] ? ": " : "", e->credential);
    else if (three)
        sheet_why(in->sheet, s->slot, "%d attempts to open were refused within %s", TRIES, rule_span(span, in->at_ms - onset_ms));
    else
        sheet_why(in->sheet, s->slot, "The seal reported repeated wrong attempts to open it");
}

static void step(void *state, const struct rule_input *in)
{
    struct wrong *s = state;
    const struct entry *e = in->entry;
    if (s->slot && in->at_ms - s->last_ms > rule_ms(in->plan, &rule_wrong_credential, WINDOW))
        sheet_end(in->sheet, &s->slot, s->last_ms);
    if (!e || !(entry_refused(e) || says_unknown_card(e) || says_repeated(e)))
        return;
    add(s, in);
    s->last_ms = in->at_ms;
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (d) {
        d->count++;
        sheet_evidence(in->sheet, s->slot, e->id);
        return;
    }
    bool three = s->n == TRIES && in->at_ms - s->tries[0].at_ms <= rule_ms(in->plan, &rule_wrong_credential, WINDOW);
    if (three || says_unknown_card(e) || says_repeated(e))
        raise(s, in, three);
}

const struct rule rule_wrong_credential = {
    .kind = ALARM_WRONG_CREDENTIAL, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct wrong), .step = step};
