/* SPDX-License-Identifier: Apache-2.0
 *
 * The device reports that its receiver is jammed; or satellite fixes were lost while the device went on speaking, for 10 min and in
 * four messages that say so themselves (three are enough over 20 min), and the next fix shows that the vehicle drove on meanwhile: under a
 * roof a receiver hears nothing either. Without a next fix it is told after 3 h of such messages. What a device says because it was woken
 * is not counted: it wakes where the vehicle stands, and there may be a roof. Silent where the loss began near origin, destination or a
 * stop, where the way between the two fixes may lead through an announced shadow (tunnel, covered terminal, dead zone, ferry), or with a
 * receiver that reports its own fault; what was said at a time that is in doubt is left out.
 */
#include <stdio.h>
#include <string.h>

#include "platform/rules/rule.h"

/* A receiver that reports its own fault, and a device that was woken. */
#define NO_SAMPLE     (BULLA_EVENT_BIT(BULLA_EVENT_GNSS_FAULT) | BULLA_EVENT_BIT(BULLA_EVENT_WAKE))
#define FEW           3
#define FEW_MS        (20 * PLAN_MINUTE_MS)
#define DRIVEN_MS     25.0   /* metres a second */
#define NEAR_SHADOW_M 2000.0 /* the last fix before a tunnel lies some way before it */

struct spot {
    double lat, lon, accuracy_m;
};

struct jamming {
    sheet_slot slot;
    bool has_fix, quiet;       /* of the last satellite fix; losing it there says nothing */
    uint32_t lost;             /* messages without one since */
    int64_t said_ms;           /* last report of jamming */
    int64_t first_ms, lost_ms; /* first and last message without a fix */
    int64_t fix_ms, heard_ms;  /* of that fix, of the last message */
    int64_t gap_ms;            /* the longest silence since: where it drove then, it may have heard satellites and said nothing */
    struct spot last;          /* its place */
    char id[BULLA_ID_SIZE];
};

enum { LOST_FOR, MESSAGES, MOVING, LOST_AT_ALL, MESSAGES_AT_ALL };
static const struct rule_parameter parameters[] = {{"lost_for", "min", 10, NULL},     {"messages", "", 4, NULL},
                                                   {"moving", "km/h", 30, NULL},      {"lost_at_all", "min", 180, NULL},
                                                   {"messages_at_all", "", 12, NULL}, {NULL, NULL, 0, NULL}};

static double value(const struct rule_input *in, size_t parameter)
{
    return rule_value(in->plan, &rule_jamming_suspected, parameter);
}

/* The way from the one to the other may lead through the place, as far as it is no great detour. */
static bool between(const struct place *place, const struct spot *a, const struct spot *b)
{
    double from_m = geometry_rough(place->lat, place->lon, a->lat, a->lon), to_m = geometry_rough(place->lat, place->lon, b->lat, b->lon);
    double more_m = from_m + to_m - geometry_rough(a->lat, a->lon, b->lat, b->lon);
    return more_m - a->accuracy_m - b->accuracy_m <= 2 * (place->radius_m + NEAR_SHADOW_M);
}

static bool in_shadow(const struct journey *j, const struct spot *a, const struct spot *b)
{
    for (size_t i = 0; i < j->n_zones; i++)
        if ((j->zones[i].duty == ZONE_SHADOW || j->zones[i].duty == ZONE_DEAD || j->zones[i].duty == ZONE_SEA_LEG) &&
            between(&j->zones[i].place, a, b))
            return true;
    for (size_t i = 0; i < j->n_dead_zones; i++)
        if (between(&j->dead_zones[i], a, b))
            return true;
    return false;
}

static void raise(struct jamming *s, const struct rule_input *in, const char *meanwhile)
{
    char span[RULE_SPAN_TEXT];
    s->slot = rule_raise(in, ALARM_JAMMING_SUSPECTED, s->first_ms);
    sheet_evidence(in->sheet, s->slot, s->id);
    sheet_position(in->sheet, s->slot, s->last.lat, s->last.lon);
    sheet_why(in->sheet, s->slot, "Satellite fixes were lost for %s, while %u messages without one came%s",
              rule_span(span, in->at_ms - s->fix_ms), s->lost, meanwhile);
}

static bool is_lost(const struct jamming *s, const struct rule_input *in, size_t at_least)
{
    bool few = s->lost >= FEW && s->lost_ms - s->first_ms >= FEW_MS;
    return !s->slot && s->has_fix && !s->quiet && (s->lost >= value(in, MESSAGES) || few) &&
           s->lost_ms - s->fix_ms >= rule_ms(in->plan, &rule_jamming_suspected, at_least);
}

/* It drove while nothing was received. */
static void judge(struct jamming *s, const struct rule_input *in, const struct fix *f, const struct spot *here)
{
    double metres = geometry_rough(s->last.lat, s->last.lon, f->lat, f->lon), hours = (double)(f->at_ms - s->fix_ms) / 3.6e6;
    char how[80], far[RULE_SPAN_TEXT];
    if (!is_lost(s, in, LOST_FOR) || 2 * s->gap_ms > f->at_ms - s->fix_ms || in_shadow(in->plan->journey, &s->last, here) ||
        metres < value(in, MOVING) * 1000 * hours)
        return;
    snprintf(how, sizeof how, ", and the vehicle drove %s meanwhile", rule_distance(far, metres));
    raise(s, in, how);
}

static void found(struct jamming *s, const struct rule_input *in, const struct fix *f)
{
    bool said = s->said_ms && in->at_ms - s->said_ms <= rule_ms(in->plan, &rule_jamming_suspected, LOST_FOR);
    struct spot here = {f->lat, f->lon, f->accuracy_m};
    judge(s, in, f, &here);
    if (s->slot && !said && !entry_is(in->entry, BULLA_EVENT_JAMMING))
        sheet_end(in->sheet, &s->slot, in->at_ms);
    s->quiet = f->near_place || in_shadow(in->plan->journey, &here, &here);
    s->has_fix = true;
    s->lost = 0;
    s->gap_ms = 0;
    s->fix_ms = f->at_ms;
    s->last = here;
    memcpy(s->id, f->id, sizeof s->id);
}

static void lose(struct jamming *s, const struct rule_input *in)
{
    if (s->lost++ == 0)
        s->first_ms = in->at_ms;
    s->lost_ms = in->at_ms;
    if (s->lost < value(in, MESSAGES_AT_ALL) || !is_lost(s, in, LOST_AT_ALL))
        return;
    struct spot lost = s->last; /* as far as it may have gone by then */
    lost.accuracy_m += DRIVEN_MS * (double)(s->first_ms - s->fix_ms) / 1000;
    if (!in_shadow(in->plan->journey, &lost, &lost))
        raise(s, in, "");
}

static void say(struct jamming *s, const struct rule_input *in)
{
    s->said_ms = in->at_ms;
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (d) {
        d->count++;
        sheet_evidence(in->sheet, s->slot, in->entry->id);
        sheet_touch(in->sheet);
        return;
    }
    s->slot = rule_raise(in, ALARM_JAMMING_SUSPECTED, in->at_ms);
    sheet_why(in->sheet, s->slot, "The device reported that its receiver is jammed");
}

static void step(void *state, const struct rule_input *in)
{
    struct jamming *s = state;
    const struct entry *e = in->entry;
    if (!e || e->note)
        return;
    bool cell = e->flags & ENTRY_CELL, fix = (e->flags & ENTRY_FIX) && !cell;
    if (entry_is(e, BULLA_EVENT_JAMMING))
        say(s, in);
    if (e->flags & ENTRY_DOUBT)
        return; /* it may have been another time, between other fixes */
    if (!(e->flags & ENTRY_STORED)) {
        s->gap_ms = s->heard_ms && e->at_ms - s->heard_ms > s->gap_ms ? e->at_ms - s->heard_ms : s->gap_ms;
        s->heard_ms = e->at_ms;
    }
    s->has_fix &= !fix || in->position->n_fixes > 0; /* one that cannot be believed is heard all the same */
    if (in->position->n_fixes && !cell)
        found(s, in, &in->position->fix[in->position->n_fixes - 1]);
    else if ((cell || (e->flags & ENTRY_NO_FIX)) && !(e->flags & ENTRY_STORED) && !(e->events & NO_SAMPLE))
        lose(s, in);
}

const struct rule rule_jamming_suspected = {
    .kind = ALARM_JAMMING_SUSPECTED, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct jamming), .step = step};
