/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/cargo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/rules/change.h"

#define SHARED  6 /* probes without a limit of their own that may be outside of one limit at the same time */
#define CHANGES 4 /* probes whose changes are watched by one such limit */

struct outside { /* a probe beyond a limit */
    bool used, above;
    uint8_t limit;
    sheet_slot slot;
    int64_t since_ms, last_ms, told_ms;
    int32_t milli, worst;
    double sum; /* thousandths times minutes */
    char probe[sizeof((struct entry_sensor *)0)->id];
    char first[BULLA_ID_SIZE];
};

struct changing { /* a probe whose changes are limited */
    bool used;
    uint8_t limit;
    sheet_slot slot;
    char probe[sizeof((struct entry_sensor *)0)->id];
    struct change change;
};

/* --- where the state lies: first what may be outside, then what may change --- */

struct places {
    size_t outside, changing;
};

static struct places places_of(const struct cargo_kind *kind, const struct plan *plan)
{
    const struct journey *j = plan->journey;
    struct places n = {0};
    for (size_t i = 0; i < j->n_limits; i++) {
        const struct journey_limit *l = &j->limits[i];
        if (l->kind != kind->sensor)
            continue;
        if (!isnan(l->min) || !isnan(l->max))
            n.outside += l->sensor[0] ? 1 : SHARED;
        if (l->change > 0)
            n.changing += l->sensor[0] ? 1 : CHANGES;
    }
    return n;
}

size_t cargo_size(const struct cargo_kind *kind, const struct plan *plan)
{
    struct places n = places_of(kind, plan);
    return n.outside * sizeof(struct outside) + n.changing * sizeof(struct changing);
}

/* What one step works on. */
struct cargo {
    const struct cargo_kind *kind;
    const struct rule_input *in;
    struct places n;
    struct outside *outside;
    struct changing *changing;
};

static const struct journey_limit *limit_at(const struct cargo *c, size_t i)
{
    return &c->in->plan->journey->limits[i];
}

/* --- beyond a limit --- */

static double unit(int32_t milli)
{
    return milli / 1000.0;
}

static double beyond(const struct journey_limit *l, bool above, int32_t milli)
{
    return above ? milli - l->max * 1000 : l->min * 1000 - milli;
}

/* Another probe that the same alarm stands for: those that go outside at one moment are one alarm. */
static struct outside *companion(const struct cargo *c, const struct outside *s)
{
    for (size_t i = 0; i < c->n.outside; i++)
        if (&c->outside[i] != s && c->outside[i].used && c->outside[i].slot == s->slot)
            return &c->outside[i];
    return NULL;
}

static void tell(const struct cargo *c, struct outside *s)
{
    const struct journey_limit *l = limit_at(c, s->limit);
    const char *unit_text = c->kind->unit;
    char span[RULE_SPAN_TEXT];
    s->told_ms = s->last_ms;
    sheet_why(c->in->sheet, s->slot, "%s%s%s %s %g %s for %s, %s %g %s, %.0f %s%s", c->kind->noun, s->probe[0] ? " of " : "", s->probe,
              s->above ? "above" : "below", s->above ? l->max : l->min, unit_text, rule_span(span, s->last_ms - s->since_ms),
              s->above ? "up to" : "down to", unit(s->worst), unit_text, s->sum / 1000, c->kind->product,
              companion(c, s) ? ", others with it" : "");
}

/* The alarm that stands already for this moment: of another probe, or of a change that was too fast. */
static void join(const struct cargo *c, struct outside *s)
{
    for (size_t i = 0; i < c->n.outside && !s->slot; i++)
        if (c->outside[i].used && c->outside[i].since_ms == s->since_ms)
            s->slot = c->outside[i].slot;
    for (size_t i = 0; i < c->n.changing && !s->slot; i++) {
        const struct draft *d = sheet_open(c->in->sheet, c->changing[i].slot);
        if (!d || d->onset_ms != s->since_ms)
            continue;
        s->slot = c->changing[i].slot;
        c->changing[i].slot = 0;
    }
    struct draft *d = sheet_open(c->in->sheet, s->slot);
    if (d)
        d->count++;
}

static void raise(const struct cargo *c, struct outside *s)
{
    s->slot = rule_raise(c->in, c->kind->alarm, s->since_ms);
    struct draft *d = sheet_open(c->in->sheet, s->slot);
    if (d)
        d->n_evidence = 0;
    else
        join(c, s);
    sheet_evidence(c->in->sheet, s->slot, s->first);
    sheet_evidence(c->in->sheet, s->slot, c->in->entry->id);
    tell(c, s);
}

static void begin(const struct cargo *c, struct outside *s, const struct entry_sensor *e, size_t limit, bool above)
{
    *s = (struct outside){.used = true,
                          .above = above,
                          .limit = (uint8_t)limit,
                          .since_ms = c->in->at_ms,
                          .last_ms = c->in->at_ms,
                          .milli = e->milli,
                          .worst = e->milli};
    memcpy(s->probe, e->id, sizeof s->probe);
    memcpy(s->first, c->in->entry->id, sizeof s->first);
}

static void end(const struct cargo *c, struct outside *s)
{
    struct outside *other = s->slot ? companion(c, s) : NULL;
    if (s->slot && !other) {
        tell(c, s);
        sheet_end(c->in->sheet, &s->slot, c->in->at_ms);
    }
    *s = (struct outside){0};
    if (other)
        tell(c, other);
}

/* The area between value and limit since the last value. */
static void add(const struct cargo *c, struct outside *s, int32_t milli)
{
    const struct journey_limit *l = limit_at(c, s->limit);
    double before = fmax(beyond(l, s->above, s->milli), 0), now = fmax(beyond(l, s->above, milli), 0);
    s->sum += (before + now) / 2 * (double)(c->in->at_ms - s->last_ms) / (double)PLAN_MINUTE_MS;
    s->last_ms = c->in->at_ms;
    s->milli = milli;
    if (s->above ? milli > s->worst : milli < s->worst)
        s->worst = milli;
}

static void go_on(const struct cargo *c, struct outside *s, int32_t milli)
{
    const struct journey_limit *l = limit_at(c, s->limit);
    add(c, s, milli);
    if (beyond(l, s->above, milli) <= (s->slot ? -1000 * rule_value(c->in->plan, c->kind->rule, CARGO_INSIDE_BY) : 0)) {
        end(c, s);
        return;
    }
    int64_t span_ms = s->last_ms - s->since_ms;
    if (!s->slot && span_ms > l->for_minutes * PLAN_MINUTE_MS)
        raise(c, s);
    else if (s->slot && span_ms >= 2 * (s->told_ms - s->since_ms)) /* not at every value: each is a change that is told */
        tell(c, s);
}

static struct outside *outside_of(const struct cargo *c, size_t limit, const char *probe)
{
    for (size_t i = 0; i < c->n.outside; i++)
        if (c->outside[i].used && c->outside[i].limit == limit && strcmp(c->outside[i].probe, probe) == 0)
            return &c->outside[i];
    return NULL;
}

static struct outside *free_place(const struct cargo *c)
{
    for (size_t i = 0; i < c->n.outside; i++)
        if (!c->outside[i].used)
            return &c->outside[i];
    return NULL;
}

static void judge(const struct cargo *c, const struct entry_sensor *e, size_t limit)
{
    const struct journey_limit *l = limit_at(c, limit);
    struct outside *s = outside_of(c, limit, e->id);
    if (s)
        go_on(c, s, e->milli);
    bool above = beyond(l, true, e->milli) > 0, below = beyond(l, false, e->milli) > 0; /* NAN: no limit on that side */
    if (outside_of(c, limit, e->id) || !(above || below) || !(s = free_place(c)))
        return;
    begin(c, s, e, limit, above);
    if (l->for_minutes == 0)
        raise(c, s);
}

/* --- too fast a change --- */

static struct changing *changing_of(const struct cargo *c, size_t limit, const char *probe)
{
    struct changing *oldest = NULL;
    for (size_t i = 0; i < c->n.changing; i++) {
        struct changing *here = &c->changing[i];
        if (here->used && here->limit == limit && strcmp(here->probe, probe) == 0)
            return here;
        if (!here->slot && (!oldest || here->change.last_ms < oldest->change.last_ms)) /* an unused one has 0 */
            oldest = here;
    }
    if (!oldest)
        return NULL;
    *oldest = (struct changing){.used = true, .limit = (uint8_t)limit};
    memcpy(oldest->probe, probe, sizeof oldest->probe);
    return oldest;
}

static void tell_change(const struct cargo *c, const struct changing *s, const struct change_found *found)
{
    const struct journey_limit *l = limit_at(c, s->limit);
    const char *unit_text = c->kind->unit;
    char span[RULE_SPAN_TEXT];
    sheet_evidence(c->in->sheet, s->slot, found->id);
    sheet_evidence(c->in->sheet, s->slot, c->in->entry->id);
    sheet_why(c->in->sheet, s->slot, "%s%s%s %s by %g %s within %s (limit %g %s in %d min)", c->kind->noun, s->probe[0] ? " of " : "",
              s->probe, found->by > 0 ? "rose" : "fell", unit(abs(found->by)), unit_text, rule_span(span, found->span_ms), l->change,
              unit_text, (int)l->change_minutes);
}

static void watch(const struct cargo *c, const struct entry_sensor *e, size_t limit)
{
    const struct journey_limit *l = limit_at(c, limit);
    struct changing *s = changing_of(c, limit, e->id);
    struct change_found found;
    if (!s)
        return;
    bool too_far = change_step(&s->change, c->in->at_ms, e->milli, c->in->entry->id, l->change_minutes * PLAN_MINUTE_MS,
                               (int32_t)(l->change * 1000), &found);
    if (!too_far) {
        sheet_end(c->in->sheet, &s->slot, c->in->at_ms);
        return;
    }
    if (s->slot)
        return;
    s->slot = rule_raise(c->in, c->kind->alarm, found.onset_ms);
    struct draft *d = sheet_open(c->in->sheet, s->slot);
    if (!d)
        return; /* the value is also beyond a limit, and that alarm began with it */
    d->n_evidence = 0;
    tell_change(c, s, &found);
}

/* --- the values of an entry --- */

static bool failed(const struct cargo_kind *kind, int32_t milli)
{
    for (size_t i = 0; i < sizeof kind->sentinel / sizeof *kind->sentinel; i++)
        if (kind->sentinel[i] != 0 && milli == kind->sentinel[i])
            return true;
    return milli < kind->least || milli > kind->most;
}

static bool has_own(const struct journey *j, const struct entry_sensor *e)
{
    for (size_t i = 0; i < j->n_limits; i++)
        if (j->limits[i].kind == e->kind && j->limits[i].sensor[0] && strcmp(j->limits[i].sensor, e->id) == 0)
            return true;
    return false;
}

static void take(const struct cargo *c, const struct entry_sensor *e)
{
    const struct journey *j = c->in->plan->journey;
    bool own = has_own(j, e);
    for (size_t i = 0; i < j->n_limits; i++) {
        const struct journey_limit *l = &j->limits[i];
        if (l->kind != c->kind->sensor || (own ? strcmp(l->sensor, e->id) != 0 : l->sensor[0] != 0))
            continue;
        if (!isnan(l->min) || !isnan(l->max))
            judge(c, e, i);
        if (l->change > 0)
            watch(c, e, i);
    }
}

void cargo_step(const struct cargo_kind *kind, void *state, const struct rule_input *in)
{
    const struct entry *e = in->entry;
    bool opened = in->held->state == LOCK_OPEN && in->held->authorised; /* under supervision: the door lets the weather in */
    if (!e || opened || entry_is(e, BULLA_EVENT_SENSOR_FAULT))
        return;
    struct cargo c = {.kind = kind, .in = in, .n = places_of(kind, in->plan), .outside = state};
    c.changing = (struct changing *)(void *)(c.outside + c.n.outside);
    for (size_t i = 0; i < e->n_sensors; i++)
        if (e->sensors[i].kind == kind->sensor && !failed(kind, e->sensors[i].milli))
            take(&c, &e->sensors[i]);
}
