/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void told_clear(struct told *told)
{
    free(told->drafts);
    *told = (struct told){0};
}

void told_alarm(const struct plan *plan, const struct draft *d, struct alarm *out)
{
    memset(out, 0, sizeof *out);
    snprintf(out->journey, sizeof out->journey, "%s", plan->journey->id);
    snprintf(out->seal, sizeof out->seal, "%s", plan->journey->seals[d->seal]);
    out->kind = (enum alarm_kind)d->kind;
    snprintf(out->rule, sizeof out->rule, "%s", d->rule);
    out->grade = d->grade;
    out->onset_ms = d->onset_ms;
    out->raised_ms = d->raised_ms;
    out->changed_ms = d->raised_ms;
    out->ended_ms = d->ended_ms;
    out->count = d->count;
    out->n_evidence = d->n_evidence;
    memcpy(out->evidence, d->evidence, sizeof out->evidence);
    snprintf(out->why, sizeof out->why, "%s%.170s", d->partial ? "Judged without older data: " : "", d->why);
    sheet_whole_text(out->why);
    out->has_position = d->has_position;
    out->lat = d->lat;
    out->lon = d->lon;
    alarm_name(out);
}

static bool same_alarm(const struct draft *a, const struct draft *b)
{
    return a->kind == b->kind && a->seal == b->seal && a->onset_ms == b->onset_ms && strcmp(a->rule, b->rule) == 0;
}

static bool same_words(const struct draft *a, const struct draft *b)
{
    if (a->grade != b->grade || a->count != b->count || a->ended_ms != b->ended_ms || a->n_evidence != b->n_evidence ||
        a->has_position != b->has_position || a->partial != b->partial || strcmp(a->why, b->why) != 0)
        return false;
    for (size_t i = 0; i < a->n_evidence; i++)
        if (strcmp(a->evidence[i], b->evidence[i]) != 0)
            return false;
    return true;
}

bool draft_is_past(const struct draft *d, const struct ruling *ruling)
{
    const struct definition *definition = d->kind == ALARM_CUSTOM ? ruling_find(ruling, d->rule) : NULL;
    return d->kind == ALARM_CUSTOM && (!definition || d->onset_ms < definition->since_ms);
}

static struct draft *find(const struct told *told, const struct draft *d)
{
    for (size_t i = 0; i < told->n; i++)
        if (same_alarm(&told->drafts[i], d))
            return &told->drafts[i];
    return NULL;
}

static bool on_sheet(const struct sheet *sheet, const struct draft *d)
{
    for (size_t i = 0; i < sheet->n; i++)
        if (!sheet->drafts[i].dropped && same_alarm(&sheet->drafts[i], d))
            return true;
    return false;
}

static bool grow(struct told *told)
{
    if (told->n < told->capacity)
        return true;
    size_t capacity = told->capacity ? told->capacity * 2 : 4;
    struct draft *drafts = realloc(told->drafts, capacity * sizeof *drafts);
    if (!drafts)
        return false;
    told->drafts = drafts;
    told->capacity = capacity;
    return true;
}

static void tell(const struct engine_host *host, enum engine_change change, const struct alarm *alarm)
{
    if (host->on_alarm)
        host->on_alarm(host->host, change, alarm);
}

static int64_t raised_at(const struct draft *d, const struct told_when *when)
{
    if (when->loaded || (d->by_timer && d->known_ms > when->before_ms))
        return d->known_ms < when->now_ms ? d->known_ms : when->now_ms;
    return when->now_ms;
}

static void withdraw(struct told *told, size_t i, const struct plan *plan, const struct told_when *when, const struct engine_host *host)
{
    struct alarm alarm;
    char at[BULLA_TIME_TEXT], was[ALARM_WHY_SIZE];
    struct draft d = told->drafts[i];
    memmove(&told->drafts[i], &told->drafts[i + 1], (--told->n - i) * sizeof *told->drafts);
    told_alarm(plan, &d, &alarm);
    bulla_time_put(at, when->now_ms);
    memcpy(was, d.why, sizeof was);
    snprintf(alarm.why, sizeof alarm.why, "%s at %s disproved it. It said: %.120s",
             when->changed ? "A change of the journey" : "Data that arrived", at, was);
    sheet_whole_text(alarm.why);
    alarm.state = ALARM_STATE_WITHDRAWN;
    alarm.changed_ms = when->now_ms;
    tell(host, ENGINE_WITHDRAWN, &alarm);
}

static void add(struct told *told, const struct draft *d, const struct plan *plan, const struct told_when *when,
                const struct engine_host *host, struct engine_counts *counts)
{
    if (!grow(told))
        return;
    struct draft fresh = *d;
    fresh.raised_ms = raised_at(d, when);
    size_t at = told->n++;
    for (; at > 0 && told->drafts[at - 1].raised_ms > fresh.raised_ms; at--)
        told->drafts[at] = told->drafts[at - 1];
    told->drafts[at] = fresh;
    counts->raised++;
    struct alarm alarm;
    told_alarm(plan, &fresh, &alarm);
    tell(host, ENGINE_RAISED, &alarm);
}

static void change(struct draft *known, const struct draft *d, const struct plan *plan, const struct told_when *when,
                   const struct engine_host *host)
{
    int64_t raised_ms = known->raised_ms;
    *known = *d;
    known->raised_ms = raised_ms;
    struct alarm alarm;
    told_alarm(plan, known, &alarm);
    alarm.changed_ms = when->now_ms;
    tell(host, ENGINE_CHANGED, &alarm);
}

void told_reseat(struct told *told, const struct plan *from, const struct plan *to, const struct told_when *when,
                 const struct engine_host *host, struct engine_counts *counts)
{
    for (size_t i = told->n; i-- > 0;) {
        int seal = plan_seal(to, from->journey->seals[told->drafts[i].seal]);
        if (seal >= 0) {
            told->drafts[i].seal = (uint8_t)seal;
        } else {
            counts->withdrawn++;
            withdraw(told, i, from, when, host);
        }
    }
}

void told_update(struct told *told, const struct sheet *sheet, const struct plan *plan, const struct told_when *when,
                 const struct engine_host *host, struct engine_counts *counts)
{
    for (size_t i = told->n; i-- > 0;)
        if (!on_sheet(sheet, &told->drafts[i]) && !draft_is_past(&told->drafts[i], plan->ruling)) {
            counts->withdrawn++;
            withdraw(told, i, plan, when, host);
        }
    for (size_t i = 0; i < sheet->n; i++) {
        const struct draft *d = &sheet->drafts[i];
        if (d->dropped)
            continue;
        struct draft *known = find(told, d);
        if (!known)
            add(told, d, plan, when, host, counts);
        else if (!same_words(known, d))
            change(known, d, plan, when, host);
    }
}
