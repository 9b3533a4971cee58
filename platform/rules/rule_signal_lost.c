/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing heard for too long. Contact of what a seal kept counts by event time: sent later, it fills the gap, and the alarm
 * was none; unless what filled it brings another alarm, for then the silence belongs to it. An announced dead zone and a
 * leg at sea are silent until their due time. What others say of a seal is no contact with it, unless they read it; and a seal that
 * says nothing by itself is never silent.
 */
#include <string.h>

#include "platform/rules/rule.h"

struct signal {
    sheet_slot slot;
    bool begun;           /* something was heard since sealing */
    bool fired;           /* for the present silence */
    bool brought;         /* stored data of the present gap brought another alarm */
    int64_t heard_ms;     /* last contact of any kind, event time */
    int64_t carried_ms;   /* when the vessel or train that carries it was last heard */
    int64_t live_ms;      /* last contact that was heard when it happened */
    int32_t dead_minutes; /* of the zone in which the last fix lies; -1: none */
    bool in_dead_zone;
    char last[BULLA_ID_SIZE], live[BULLA_ID_SIZE];
};

static const struct rule_parameter parameters[] = {{"limit", "min", 240, "silence_minutes"}, {NULL, NULL, 0, NULL}};

static void begin(struct signal *s, const struct plan *plan)
{
    if (s->begun)
        return;
    s->begun = true;
    s->heard_ms = s->live_ms = plan->start_ms;
}

/* On board of a vessel it is heard again at the end of that leg; until the vessel itself is lost, where no end is planned. */
static int64_t due_on_board(const struct signal *s, const struct plan *plan, int64_t by)
{
    const struct journey_leg *leg = plan_leg(plan, by);
    if (!leg || leg->mode != JOURNEY_MODE_VESSEL)
        return by;
    if (leg->until_ms != BULLA_TIME_NONE)
        return leg->until_ms;
    int64_t lost_ms = s->carried_ms + plan->silence_ms;
    return s->carried_ms && lost_ms > by ? lost_ms : by;
}

/* When the silence that began at `from_ms` becomes too long. */
static int64_t due_of(const struct signal *s, const struct plan *plan, int64_t from_ms)
{
    int64_t by = from_ms + plan->silence_ms;
    if (s->in_dead_zone && s->dead_minutes == 0)
        return RULE_NO_TIMER;
    if (s->in_dead_zone && from_ms + s->dead_minutes * PLAN_MINUTE_MS > by)
        by = from_ms + s->dead_minutes * PLAN_MINUTE_MS;
    if (plan->journey->mode == JOURNEY_MODE_VESSEL && plan->journey->arrive_by_ms != BULLA_TIME_NONE && plan->journey->arrive_by_ms > by)
        by = plan->journey->arrive_by_ms;
    return due_on_board(s, plan, by);
}

static void carried(void *state, int64_t at_ms)
{
    struct signal *s = state;
    s->carried_ms = at_ms;
}

/* The onset is that of the live silence, so that records which come in one after the other do not make it wander. */
static void fire(struct signal *s, const struct rule_input *in)
{
    int64_t onset_ms = due_of(s, in->plan, s->live_ms);
    char since[BULLA_TIME_TEXT], told[BULLA_TIME_TEXT];
    bulla_time_put(since, s->live_ms);
    bulla_time_put(told, s->heard_ms);
    s->fired = true;
    s->slot = rule_raise(in, ALARM_SIGNAL_LOST, onset_ms < in->at_ms ? onset_ms : in->at_ms);
    sheet_evidence(in->sheet, s->slot, s->live);
    if (s->heard_ms == s->live_ms) {
        sheet_why(in->sheet, s->slot, "Nothing heard since %s, for more than %lld min", since,
                  (long long)(in->plan->silence_ms / PLAN_MINUTE_MS));
        return;
    }
    sheet_evidence(in->sheet, s->slot, s->last);
    sheet_why(in->sheet, s->slot, "Nothing heard live since %s; stored data tell of it up to %s, and then not for more than %lld min",
              since, told, (long long)(in->plan->silence_ms / PLAN_MINUTE_MS));
}

/* Stored data filled a silence that was too long, and something else had happened in it. */
static void fire_filled(struct signal *s, const struct rule_input *in)
{
    int64_t onset_ms = s->live_ms + in->plan->silence_ms;
    char since[BULLA_TIME_TEXT];
    bulla_time_put(since, s->live_ms);
    sheet_slot slot = rule_raise(in, ALARM_SIGNAL_LOST, onset_ms);
    struct draft *d = sheet_open(in->sheet, slot);
    if (!d)
        return;
    d->n_evidence = 0;
    sheet_evidence(in->sheet, slot, s->live);
    sheet_evidence(in->sheet, slot, in->entry->id);
    sheet_why(in->sheet, slot, "Nothing was heard live since %s for more than %lld min, and stored data of that time brought another alarm",
              since, (long long)(in->plan->silence_ms / PLAN_MINUTE_MS));
    sheet_end(in->sheet, &slot, in->at_ms);
}

static bool others_found(const struct rule_input *in)
{
    for (size_t i = in->n_before; i < in->sheet->n; i++) {
        const struct draft *d = &in->sheet->drafts[i];
        if (!d->by_timer && d->seal == in->seal && !d->dropped)
            return true;
    }
    return false;
}

static void hear(struct signal *s, const struct rule_input *in)
{
    const struct entry *e = in->entry;
    if (!entry_contact(e))
        return;
    sheet_end(in->sheet, &s->slot, in->at_ms);
    s->fired = false;
    s->brought |= (e->flags & ENTRY_STORED) && others_found(in);
    bool long_gap = in->at_ms - s->live_ms > in->plan->silence_ms && due_of(s, in->plan, s->live_ms) < in->at_ms;
    if (s->brought && long_gap && in->at_ms - s->heard_ms <= in->plan->silence_ms) {
        fire_filled(s, in);
        s->brought = false;
    }
    /* What is not marked as kept was said when it was heard, whatever its clock tells: a backlog of such would else make the
     * silence anew with every record. */
    bool stored = e->flags & ENTRY_STORED;
    int64_t contact_ms = !stored && e->received_ms > in->at_ms ? e->received_ms : in->at_ms;
    s->heard_ms = contact_ms > s->heard_ms ? contact_ms : s->heard_ms;
    memcpy(s->last, e->id, sizeof s->last);
    if (!(e->flags & ENTRY_STORED)) {
        s->live_ms = contact_ms > s->live_ms ? contact_ms : s->live_ms;
        s->brought = false;
        memcpy(s->live, e->id, sizeof s->live);
    }
    for (size_t i = 0; i < in->position->n_fixes; i++) {
        s->dead_minutes = in->position->fix[i].dead_minutes;
        s->in_dead_zone = s->dead_minutes >= 0;
    }
}

static void step(void *state, const struct rule_input *in)
{
    struct signal *s = state;
    if (in->plan->silence_ms < 0)
        return;
    if (plan_seal_is_mute(in->plan, in->seal)) {
        s->fired = true; /* there is nothing to wait for */
        return;
    }
    begin(s, in->plan);
    if (in->entry)
        hear(s, in);
    else
        fire(s, in);
}

static int64_t due(const void *state, const struct plan *plan)
{
    const struct signal *s = state;
    if (plan->silence_ms < 0 || s->fired)
        return RULE_NO_TIMER;
    return due_of(s, plan, s->begun ? s->heard_ms : plan->start_ms);
}

const struct rule rule_signal_lost = {.kind = ALARM_SIGNAL_LOST,
                                      .scope = RULE_OF_SEAL,
                                      .parameters = parameters,
                                      .state_size = sizeof(struct signal),
                                      .step = step,
                                      .due = due,
                                      .carried = carried};
