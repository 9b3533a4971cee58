/* SPDX-License-Identifier: Apache-2.0
 *
 * The lock opened and nobody had given leave (ALARMS, Seal). What an opening and a permission are, and when an opening may
 * yet turn out permitted, is in lock.h. A rope that was cut is cable_cut's; this rule joins in only when the lock itself
 * opened too.
 */
#include <string.h>

#include "platform/rules/rule.h"

struct waiting { /* an opening that may turn out permitted */
    int64_t at_ms, due_ms;
    double lat, lon;
    bool has_position, stood;
    const char *word; /* static text */
    char credential[BULLA_CREDENTIAL_SIZE];
    char id[BULLA_ID_SIZE];
};

struct opening {
    sheet_slot slot;
    bool waits;
    struct waiting waiting;
};

static const struct rule_parameter parameters[] = {{"permission_before", "min", 2, NULL, .fixed = true}, {NULL, NULL, 0, NULL}};

static void note(struct waiting *w, const struct rule_input *in)
{
    const struct entry *e = in->entry;
    *w = (struct waiting){.at_ms = in->at_ms,
                          .due_ms = in->lock->hope_ms,
                          .lat = in->where->lat,
                          .lon = in->where->lon,
                          .has_position = in->where->known,
                          .stood = in->lock->stood,
                          .word = in->lock->word};
    memcpy(w->id, e->id, sizeof w->id);
    if (entry_accepted(e))
        memcpy(w->credential, e->credential, sizeof w->credential);
}

static void raise(struct opening *s, const struct rule_input *in, const struct waiting *w)
{
    char at[BULLA_TIME_TEXT];
    bulla_time_put(at, w->at_ms);
    s->slot = rule_raise(in, ALARM_ILLEGAL_OPENING, w->at_ms);
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (!d)
        return;
    d->n_evidence = 0;
    sheet_evidence(in->sheet, s->slot, w->id);
    if (w->has_position)
        sheet_position(in->sheet, s->slot, w->lat, w->lon);
    const char *who = w->credential;
    sheet_why(in->sheet, s->slot, "The seal was reported %s at %s without a permission in the 2 min before it%s%s%s", w->word, at,
              who[0] ? " (credential " : "", who, who[0] ? ")" : "");
}

static void give_up(struct opening *s, const struct rule_input *in)
{
    if (!s->waits)
        return;
    s->waits = false;
    raise(s, in, &s->waiting);
}

static void step(void *state, const struct rule_input *in)
{
    struct opening *s = state;
    if (!in->entry) {
        s->waits &= !s->waiting.stood; /* where it stood before, it was permitted, and nothing has said otherwise */
        give_up(s, in);
        return;
    }
    if (in->lock->excused) {
        s->waits = false;
        sheet_drop(in->sheet, &s->slot);
    }
    if (in->lock->given_up || in->lock->resealed || (in->lock->opened && !in->lock->excused))
        give_up(s, in);
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (in->lock->opened && !in->lock->authorised && d) {
        d->count++; /* another part of a seal that is open already */
        sheet_evidence(in->sheet, s->slot, in->entry->id);
    } else if (in->lock->opened && !in->lock->authorised) {
        note(&s->waiting, in);
        s->waits = in->lock->hoped;
        if (!s->waits)
            raise(s, in, &s->waiting);
    }
    if (in->lock->resealed)
        sheet_end(in->sheet, &s->slot, in->at_ms);
}

static int64_t due(const void *state, const struct plan *plan)
{
    const struct opening *s = state;
    (void)plan;
    return s->waits ? s->waiting.due_ms : RULE_NO_TIMER;
}

const struct rule rule_illegal_opening = {.kind = ALARM_ILLEGAL_OPENING,
                                          .scope = RULE_OF_SEAL,
                                          .parameters = parameters,
                                          .state_size = sizeof(struct opening),
                                          .step = step,
                                          .due = due};
