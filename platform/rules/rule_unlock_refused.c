/* SPDX-License-Identifier: Apache-2.0
 *
 * The seal refused an attempt to open. It waits a minute before it tells: an attempt of the same credential that is then
 * accepted was a slip of the hand. Attempts less than 10 min apart are one episode, with a count.
 */
#include <stdio.h>
#include <string.h>

#include "platform/rules/rule.h"

#define WAITING_MAX 8

struct attempt {
    int64_t at_ms, known_ms;
    uint8_t channel, reason;
    char credential[BULLA_CREDENTIAL_SIZE];
    char id[BULLA_ID_SIZE];
};

struct refusals {
    sheet_slot slot;
    int64_t last_ms;
    uint32_t n;
    struct attempt waiting[WAITING_MAX]; /* in order of time */
};

enum { SECOND_TRY, EPISODE };
static const struct rule_parameter parameters[] = {{"second_try", "min", 1, NULL}, {"episode", "min", 10, NULL}, {NULL, NULL, 0, NULL}};

static void tell(struct refusals *s, const struct rule_input *in, const struct attempt *a)
{
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (!d)
        return;
    char first[BULLA_TIME_TEXT], count[24] = "once";
    bulla_time_put(first, d->onset_ms);
    if (d->count > 1)
        snprintf(count, sizeof count, "%u times", d->count);
    sheet_why(in->sheet, s->slot, "An attempt to open was refused %s from %s (%s%s%s%s%s)", count, first, bulla_channel_text(a->channel),
              a->credential[0] ? " " : "", a->credential, a->reason ? ", " : "", bulla_reason_text(a->reason));
}

static void note(struct refusals *s, const struct rule_input *in, const struct attempt *a)
{
    if (s->slot && a->at_ms - s->last_ms > rule_ms(in->plan, &rule_unlock_refused, EPISODE))
        sheet_end(in->sheet, &s->slot, s->last_ms);
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (d) {
        d->count++;
    } else {
        s->slot = sheet_raise(in->sheet, ALARM_UNLOCK_REFUSED, in->seal, a->at_ms, in->entry ? a->known_ms : in->at_ms);
        d = sheet_open(in->sheet, s->slot);
        if (d)
            d->by_timer = true;
        if (in->where->known)
            sheet_position(in->sheet, s->slot, in->where->lat, in->where->lon);
    }
    s->last_ms = a->at_ms;
    sheet_evidence(in->sheet, s->slot, a->id);
    tell(s, in, a);
}

static void take_first(struct refusals *s)
{
    memmove(s->waiting, s->waiting + 1, --s->n * sizeof *s->waiting);
}

static void add(struct refusals *s, const struct rule_input *in)
{
    if (s->n == WAITING_MAX) {
        struct attempt oldest = s->waiting[0];
        take_first(s);
        note(s, in, &oldest);
    }
    const struct entry *e = in->entry;
    struct attempt *a = &s->waiting[s->n++];
    *a = (struct attempt){.at_ms = in->at_ms, .known_ms = e->received_ms, .channel = e->channel, .reason = e->reason};
    memcpy(a->credential, e->credential, sizeof a->credential);
    memcpy(a->id, e->id, sizeof a->id);
}

/* Attempts by the credential that was now accepted are forgiven. */
static void forgive(struct refusals *s, const struct entry *e)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->n; i++)
        if (strcmp(s->waiting[i].credential, e->credential) != 0 || (!e->credential[0] && s->waiting[i].channel != e->channel))
            s->waiting[kept++] = s->waiting[i];
    s->n = kept;
}

static void step(void *state, const struct rule_input *in)
{
    struct refusals *s = state;
    int64_t second_try_ms = rule_ms(in->plan, &rule_unlock_refused, SECOND_TRY);
    while (s->n > 0 && (in->entry ? in->at_ms - s->waiting[0].at_ms > second_try_ms : in->at_ms - s->waiting[0].at_ms >= second_try_ms)) {
        struct attempt first = s->waiting[0];
        take_first(s);
        note(s, in, &first);
    }
    if (in->entry && entry_accepted(in->entry) && in->lock->authorised)
        forgive(s, in->entry);
    else if (in->entry && entry_refused(in->entry))
        add(s, in);
}

static int64_t due(const void *state, const struct plan *plan)
{
    const struct refusals *s = state;
    return s->n ? s->waiting[0].at_ms + rule_ms(plan, &rule_unlock_refused, SECOND_TRY) : RULE_NO_TIMER;
}

const struct rule rule_unlock_refused = {.kind = ALARM_UNLOCK_REFUSED,
                                         .scope = RULE_OF_SEAL,
                                         .parameters = parameters,
                                         .state_size = sizeof(struct refusals),
                                         .step = step,
                                         .due = due};
