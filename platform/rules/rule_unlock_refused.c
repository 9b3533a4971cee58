/* SPDX-License-Identifier: Apache-2.0
 *
 * The seal refused an attempt to open. It waits a minute before it tells, and one more for what is on its way: an attempt of the
 * same credential that is accepted within the first was a slip of the hand. Where opening is what one expects, a single attempt waits ten:
 * the message of the second may come minutes later. Attempts less than 10 min apart are one episode, with a count.
 */
#include <stdio.h>
#include <string.h>

#include "platform/rules/rule.h"

#define WAITING_MAX 8
#define WAY_MS      PLAN_MINUTE_MS /* what the message of a second attempt may take, in a queue of the network */

struct attempt {
    int64_t at_ms, known_ms;
    int64_t clock_ms; /* by a clock that is wrong; BULLA_TIME_NONE: it was right */
    uint8_t channel, reason;
    bool expected; /* made where the seal may be opened */
    char credential[BULLA_CREDENTIAL_SIZE];
    char id[BULLA_ID_SIZE];
};

struct refusals {
    sheet_slot slot;
    int64_t last_ms;
    uint32_t n;
    struct attempt waiting[WAITING_MAX]; /* in order of time */
};

enum { SECOND_TRY, EPISODE, LATE };
static const struct rule_parameter parameters[] = {
    {"second_try", "min", 1, NULL}, {"episode", "min", 10, NULL}, {"alone", "min", 10, NULL}, {NULL, NULL, 0, NULL}};

static int64_t wrong_clock_ms(const struct entry *e)
{
    return e->flags & ENTRY_CLOCK_WRONG ? e->device_ms : BULLA_TIME_NONE;
}

/* From the attempt to this entry. A clock that is wrong still counts the seconds, and the network may keep one message longer. */
static int64_t since_ms(const struct attempt *a, const struct rule_input *in)
{
    int64_t by_arrival_ms = in->at_ms - a->at_ms, clock_ms = wrong_clock_ms(in->entry);
    if (clock_ms == BULLA_TIME_NONE || a->clock_ms == BULLA_TIME_NONE || clock_ms < a->clock_ms)
        return by_arrival_ms;
    return clock_ms - a->clock_ms < by_arrival_ms ? clock_ms - a->clock_ms : by_arrival_ms;
}

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
    *a = (struct attempt){
        .at_ms = in->at_ms, .known_ms = e->received_ms, .clock_ms = wrong_clock_ms(e), .channel = e->channel, .reason = e->reason};
    a->expected = lock_may_open_here(in->plan, in->where);
    memcpy(a->credential, e->credential, sizeof a->credential);
    memcpy(a->id, e->id, sizeof a->id);
}

/* Attempts by the credential that was now accepted are forgiven. */
static void forgive(struct refusals *s, const struct rule_input *in)
{
    const struct entry *e = in->entry;
    int64_t second_try_ms = rule_ms(in->plan, &rule_unlock_refused, SECOND_TRY);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->n; i++)
        if (strcmp(s->waiting[i].credential, e->credential) != 0 || (!e->credential[0] && s->waiting[i].channel != e->channel) ||
            since_ms(&s->waiting[i], in) > second_try_ms)
            s->waiting[kept++] = s->waiting[i];
    s->n = kept;
}

/* When the oldest that waits is told. */
static int64_t due_of(const struct refusals *s, const struct plan *plan)
{
    const struct attempt *a = &s->waiting[0];
    bool alone = s->n == 1 && a->expected && !s->slot;
    if (!alone)
        return a->at_ms + rule_ms(plan, &rule_unlock_refused, SECOND_TRY);
    return (a->known_ms > a->at_ms ? a->known_ms : a->at_ms) + rule_ms(plan, &rule_unlock_refused, LATE);
}

static void tell_first(struct refusals *s, const struct rule_input *in)
{
    struct attempt first = s->waiting[0];
    take_first(s);
    note(s, in, &first);
}

static void step(void *state, const struct rule_input *in)
{
    struct refusals *s = state;
    bool opens = in->entry && entry_accepted(in->entry) && (in->lock->authorised || in->lock->hoped);
    if (opens)
        forgive(s, in);
    int64_t told_ms = in->at_ms - WAY_MS;
    while (s->n > 0 && (in->entry ? told_ms > due_of(s, in->plan) : told_ms >= due_of(s, in->plan)))
        tell_first(s, in);
    while (opens && s->n > 0 && in->at_ms - s->waiting[0].at_ms > rule_ms(in->plan, &rule_unlock_refused, SECOND_TRY))
        tell_first(s, in); /* the second attempt is known now, and came too late */
    if (!opens && in->entry && entry_refused(in->entry))
        add(s, in);
}

static int64_t due(const void *state, const struct plan *plan)
{
    const struct refusals *s = state;
    return s->n ? due_of(s, plan) + WAY_MS : RULE_NO_TIMER;
}

const struct rule rule_unlock_refused = {.kind = ALARM_UNLOCK_REFUSED,
                                         .scope = RULE_OF_SEAL,
                                         .parameters = parameters,
                                         .state_size = sizeof(struct refusals),
                                         .step = step,
                                         .due = due};
