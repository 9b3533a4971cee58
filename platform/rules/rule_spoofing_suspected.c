/* SPDX-License-Identifier: Apache-2.0
 *
 * The position seems to be made up: at least two independent signs within two hours. Each of them alone happens in honest life. Signs:
 * a confirmed jump; fixes that stay in one place while the receiver says it moves, or from which it jumps to where it had driven
 * meanwhile; a jump that leads back to the route from where nothing but the fixes had left it; a step of the clock; a fix that the mobile
 * cells, another seal of the vehicle or a reader contradicts; a fix from fewer satellites than a fix takes, or from more than there
 * are in view. An announced start explains a step of the clock.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "platform/rules/rule.h"

#define FRESH_MS         (10 * PLAN_MINUTE_MS) /* two fixes that can be held against each other */
#define START_MS         (10 * PLAN_MINUTE_MS)
#define CLOCKS_S         300.0  /* a reader's clock and the seal's may differ by so much */
#define CELL_M           3000.0 /* beyond a cell's own accuracy, where it is given too small */
#define SATELLITES_LEAST 3
#define SATELLITES_MOST  60
#define FROZEN_FIXES     4
#define FROZEN_M         300.0                /* one place: further than noise goes, less than a vehicle in motion */
#define FROZEN_FOR_MS    (3 * PLAN_MINUTE_MS) /* and so long at least, while by its own speed it would have driven */
#define FROZEN_DRIVEN_M  3000.0
#define FROZEN_STEP_MS   (15 * PLAN_MINUTE_MS) /* beyond that a speed tells nothing of the way */
#define FROZEN_CMH       2000                  /* what moves slower may go to and fro */
#define STALE_MS         (8 * PLAN_MINUTE_MS)
#define FAST             0.7                   /* of the highest speed: nobody drives so for minutes, as the crow flies */
#define OFF_FIXES        4                     /* that had left the route, */
#define OFF_MS           (10 * PLAN_MINUTE_MS) /* for so long */
#define AGREE            3                     /* fixes that agree on a new place */
#define STOOD_MS         (15 * PLAN_MINUTE_MS)
#define DRIVEN_KMH       10.0

enum sign { JUMP, FROZEN, RETURN, CLOCK, CELL, OTHER, SITE, SKY, SIGNS };

struct sign_seen {
    int64_t since_ms, at_ms; /* first and last time of a run; at_ms 0: not seen */
    char id[BULLA_ID_SIZE];  /* the first */
};

struct spoofing {
    sheet_slot slot;
    struct sign_seen signs[SIGNS];
    uint8_t cells, others, skies; /* in a row: one of them alone may be noise */
    bool clock_right;
    int64_t started_ms;          /* last announced start, 0: none */
    struct position_point fix;   /* last satellite fix that was believed; id "" : none */
    struct position_point site;  /* last reading */
    uint32_t same, same_moving;  /* satellite fixes in one place, and those with a speed */
    double driven_m;             /* meanwhile, by that speed */
    struct position_point place; /* the first of them */
    int64_t same_ms;             /* the newest */
    int32_t lat_e7, lon_e7;      /* the last place, as it was said, and when first: a receiver without sky says it again, */
    int64_t first_ms;            /* for some minutes, speed and all */
    struct position_point stood; /* the first fix of where it stands; id "" : none */
    int64_t stood_until_ms;      /* the last one there that may be no old one: one that says the same again may be so by STALE_MS */
    struct position_point left;  /* the first fix elsewhere, which could not be reached from there */
    uint32_t n_left;             /* those that agree with it */
    uint32_t n_off;              /* fixes in a row off the route, */
    struct position_point off;   /* the first of them and */
    struct position_point newest_off;
    uint32_t n_back; /* and then on it, by a way that is too far for the time */
    struct position_point back;
};

enum { WINDOW, LEAST, FROZEN_FOR };
static const struct rule_parameter parameters[] = {
    {"window", "min", 120, NULL}, {"signs", "", 2, NULL}, {"frozen_for", "min", 10, NULL}, {NULL, NULL, 0, NULL}};

static const char *const words[SIGNS] = {[JUMP] = "a jump",
                                         [FROZEN] = "a frozen position while moving",
                                         [RETURN] = "back on the route by a jump",
                                         [CLOCK] = "a clock step",
                                         [CELL] = "cells say otherwise",
                                         [OTHER] = "another seal says otherwise",
                                         [SITE] = "a reading says otherwise",
                                         [SKY] = "impossible satellites"};

static void note_at(struct spoofing *s, const struct rule_input *in, enum sign sign, int64_t at_ms, const char *id)
{
    struct sign_seen *seen = &s->signs[sign];
    if (!seen->at_ms || in->at_ms - seen->at_ms > rule_ms(in->plan, &rule_spoofing_suspected, WINDOW)) {
        seen->since_ms = at_ms;
        memcpy(seen->id, id, sizeof seen->id);
    }
    seen->at_ms = in->at_ms;
}

static void note(struct spoofing *s, const struct rule_input *in, enum sign sign)
{
    note_at(s, in, sign, in->at_ms, in->entry->id);
}

/* Whether two points, each right by its accuracy and more, are too far apart for one vehicle. */
static bool contradict(const struct rule_input *in, const struct position_point *a, const struct position_point *b, double more_s,
                       double more_m)
{
    if (!a->id[0] || !b->id[0])
        return false;
    double took_ms = (double)(a->at_ms > b->at_ms ? a->at_ms - b->at_ms : b->at_ms - a->at_ms);
    double reach = in->plan->speed_max_ms * (took_ms / 1000 + more_s) + a->accuracy_m + b->accuracy_m + more_m;
    return took_ms <= FRESH_MS && geometry_rough(a->lat_e7 / 1e7, a->lon_e7 / 1e7, b->lat_e7 / 1e7, b->lon_e7 / 1e7) > reach;
}

static struct position_point point_of(const struct entry *e)
{
    struct position_point p = {.at_ms = e->at_ms,
                               .first_ms = e->at_ms,
                               .device_ms = BULLA_TIME_NONE,
                               .lat_e7 = e->lat_e7,
                               .lon_e7 = e->lon_e7,
                               .accuracy_m = e->accuracy_m};
    memcpy(p.id, e->id, sizeof p.id);
    return p;
}

static void watch_clock(struct spoofing *s, const struct rule_input *in)
{
    const struct entry *e = in->entry;
    bool wrong = e->flags & ENTRY_CLOCK_WRONG;
    if (entry_is(e, BULLA_EVENT_STARTUP))
        s->started_ms = in->at_ms;
    bool started = s->started_ms && in->at_ms - s->started_ms <= START_MS;
    if (wrong && s->clock_right && !started && (e->flags & ENTRY_FIX))
        note(s, in, CLOCK);
    if (e->device_ms != BULLA_TIME_NONE)
        s->clock_right = !wrong;
}

static bool again(struct spoofing *s, const struct entry *e)
{
    if (s->same && s->lat_e7 == e->lat_e7 && s->lon_e7 == e->lon_e7)
        return e->at_ms - s->first_ms <= STALE_MS;
    s->lat_e7 = e->lat_e7;
    s->lon_e7 = e->lon_e7;
    s->first_ms = e->at_ms;
    return false;
}

static void watch_frozen(struct spoofing *s, const struct rule_input *in)
{
    const struct entry *e = in->entry;
    double metres = geometry_rough(s->place.lat_e7 / 1e7, s->place.lon_e7 / 1e7, entry_lat(e), entry_lon(e));
    int64_t step_ms = e->at_ms - s->same_ms;
    if (s->same == 0 || metres > FROZEN_M) {
        s->same = s->same_moving = 0;
        s->driven_m = 0;
        s->place = point_of(e);
    } else if (e->speed_cmh > FROZEN_CMH && step_ms <= FROZEN_STEP_MS) {
        s->driven_m += e->speed_cmh / 360.0 * (double)step_ms / 1000;
    }
    s->same++;
    s->same_ms = e->at_ms;
    s->same_moving += e->speed_cmh > FROZEN_CMH;
    int64_t span_ms = in->at_ms - s->place.at_ms;
    bool driven = s->driven_m >= FROZEN_DRIVEN_M && span_ms >= FROZEN_FOR_MS;
    if (s->same >= FROZEN_FIXES && s->same_moving >= FROZEN_FIXES - 1 &&
        (driven || span_ms >= rule_ms(in->plan, &rule_spoofing_suspected, FROZEN_FOR)))
        note_at(s, in, FROZEN, s->place.at_ms, s->place.id);
}

/* From where it stood to where it can only be if it had driven all the while. */
static bool was_driving(const struct rule_input *in, double metres, int64_t span_ms)
{
    double hours = (double)span_ms / 3.6e6;
    return span_ms >= STOOD_MS && metres / 1000 >= DRIVEN_KMH * hours && metres <= FAST * in->plan->speed_max_ms * hours * 3600;
}

/* The jump leads back to the route, as far as the fixes had left it, but for what was driven along it. */
static bool leads_back(const struct rule_input *in, double metres)
{
    const struct plan *plan = in->plan;
    const struct position_point *from = &in->position->from;
    const struct fix *to = &in->position->fix[0];
    if (!plan->line || to->off_route_m > plan->corridor_m)
        return false;
    double off_m = geometry_line_distance(plan->line, from->lat_e7 / 1e7, from->lon_e7 / 1e7);
    double along_m = in->entry->speed_cmh > 0 ? in->entry->speed_cmh / 360.0 * (double)(to->at_ms - from->at_ms) / 1000 : 0;
    return off_m > plan->corridor_m + from->accuracy_m && fabs(metres - sqrt(off_m * off_m + along_m * along_m)) < 0.25 * metres;
}

static void watch_jump(struct spoofing *s, const struct rule_input *in)
{
    const struct position_point *from = &in->position->from;
    const struct fix *to = &in->position->fix[0];
    double metres = geometry_rough(from->lat_e7 / 1e7, from->lon_e7 / 1e7, to->lat, to->lon);
    note_at(s, in, JUMP, to->at_ms, to->id);
    if (leads_back(in, metres))
        note_at(s, in, RETURN, to->at_ms, to->id);
}

static void stand_at(struct spoofing *s, const struct position_point *p)
{
    s->stood = *p;
    s->stood_until_ms = p->at_ms;
    s->n_left = 0;
}

static double between(const struct position_point *a, const struct position_point *b)
{
    return geometry_rough(a->lat_e7 / 1e7, a->lon_e7 / 1e7, b->lat_e7 / 1e7, b->lon_e7 / 1e7);
}

static bool on_route(const struct rule_input *in, const struct position_point *p)
{
    const struct plan *plan = in->plan;
    return plan->line && geometry_line_distance(plan->line, p->lat_e7 / 1e7, p->lon_e7 / 1e7) - p->accuracy_m <= plan->corridor_m;
}

/* It said for long enough that it stood, and then three times that it is where it can only be if it had driven all the while. */
static void watch_stand(struct spoofing *s, const struct rule_input *in)
{
    struct position_point p = point_of(in->entry);
    double metres = between(&s->stood, &p), seconds = (double)(p.at_ms - s->stood_until_ms) / 1000;
    bool could_go = metres <= FAST * in->plan->speed_max_ms * seconds + s->stood.accuracy_m + p.accuracy_m + FROZEN_M;
    if (s->stood.id[0] && metres <= FROZEN_M) {
        int64_t until_ms = p.at_ms - (s->first_ms < p.at_ms ? STALE_MS : 0);
        s->stood_until_ms = until_ms > s->stood_until_ms ? until_ms : s->stood_until_ms;
        s->n_left = 0;
    } else if (!s->stood.id[0] || (s->n_left == 0 && (could_go || p.at_ms - s->stood.at_ms < STOOD_MS)) ||
               (s->n_left && !position_reachable(in->plan, &s->left, &p))) {
        stand_at(s, &p);
    } else if (s->n_left++ == 0) {
        s->left = p;
    } else if (s->n_left == AGREE) {
        bool surely = !could_go || on_route(in, &s->left); /* a wild fix on leaving a halt lies anywhere */
        if (surely && was_driving(in, between(&s->stood, &s->left), s->left.at_ms - s->stood.at_ms)) {
            note_at(s, in, FROZEN, s->stood.at_ms, s->stood.id);
            note_at(s, in, JUMP, s->left.at_ms, s->left.id);
        }
        stand_at(s, &p);
    }
}

/* It had left the route by its fixes, one after the other, for minutes; and is back on it at once, and stays. */
static void watch_back(struct spoofing *s, const struct rule_input *in)
{
    const struct plan *plan = in->plan;
    struct position_point p = point_of(in->entry);
    if (!plan->line)
        return;
    size_t n = in->position->n_fixes;
    double off_m = n ? in->position->fix[n - 1].off_route_m : geometry_line_distance(plan->line, p.lat_e7 / 1e7, p.lon_e7 / 1e7);
    if (off_m - p.accuracy_m > plan->corridor_m) {
        bool goes_on = s->n_off && position_reachable(plan, &s->newest_off, &p);
        if (!goes_on)
            s->off = p;
        s->n_off = goes_on ? s->n_off + 1 : 1;
        s->newest_off = p;
        s->n_back = 0;
        return;
    }
    if (s->n_back && !position_reachable(plan, &s->back, &p))
        s->n_back = 0;
    bool left = s->n_off >= OFF_FIXES && s->newest_off.at_ms - s->off.at_ms >= OFF_MS;
    double seconds = (double)(p.at_ms - s->newest_off.at_ms) / 1000;
    bool jumped =
        left && between(&s->newest_off, &p) > FAST * plan->speed_max_ms * seconds + s->newest_off.accuracy_m + p.accuracy_m + FROZEN_M;
    if (s->n_back == 0 && !jumped) {
        s->n_off = 0;
        return;
    }
    if (s->n_back++ == 0)
        s->back = p;
    if (s->n_back < AGREE)
        return;
    note_at(s, in, JUMP, s->back.at_ms, s->back.id);
    note_at(s, in, RETURN, s->back.at_ms, s->back.id);
    s->n_off = s->n_back = 0;
}

/* A fix of the satellites: what does everything else say of it? */
static void watch_fix(struct spoofing *s, const struct rule_input *in)
{
    const struct entry *e = in->entry;
    const struct company *c = in->company;
    if (!again(s, e) && !(e->flags & ENTRY_DOUBT)) {
        watch_frozen(s, in);
        watch_stand(s, in);
        watch_back(s, in);
    }
    s->skies =
        e->satellites && (e->satellites < SATELLITES_LEAST || e->satellites > SATELLITES_MOST) ? (uint8_t)(s->skies + (s->skies < 9)) : 0;
    if (s->skies > 1)
        note(s, in, SKY);
    if (in->position->jumped)
        watch_jump(s, in);
    if (in->position->n_fixes == 0)
        return;
    s->fix = point_of(e);
    if (contradict(in, &s->fix, &s->site, CLOCKS_S, 0))
        note(s, in, SITE);
    if (c->n_with + c->n_apart)
        s->others = c->n_with ? 0 : (uint8_t)(s->others + (s->others < 9));
    if (s->others > 1 && c->n_apart)
        note(s, in, OTHER);
}

static void watch_cells(struct spoofing *s, const struct rule_input *in)
{
    struct position_point cell = point_of(in->entry);
    s->cells = contradict(in, &s->fix, &cell, 0, CELL_M) ? (uint8_t)(s->cells + (s->cells < 9)) : 0;
    if (s->cells > 1)
        note(s, in, CELL);
}

static void watch(struct spoofing *s, const struct rule_input *in)
{
    const struct entry *e = in->entry;
    if (e->note && (e->flags & ENTRY_SITE) && entry_is(e, BULLA_EVENT_READ)) {
        s->site = point_of(e);
        if (contradict(in, &s->fix, &s->site, CLOCKS_S, 0))
            note(s, in, SITE);
    }
    if (e->note)
        return;
    watch_clock(s, in);
    if ((e->flags & ENTRY_FIX) && !(e->flags & ENTRY_CELL))
        watch_fix(s, in);
    else if (e->flags & ENTRY_FIX)
        watch_cells(s, in);
}

/* The signs that stand, oldest first. */
static size_t standing(const struct spoofing *s, const struct rule_input *in, enum sign order[SIGNS])
{
    size_t n = 0;
    for (enum sign i = 0; i < SIGNS; i++) {
        if (!s->signs[i].at_ms || in->at_ms - s->signs[i].at_ms > rule_ms(in->plan, &rule_spoofing_suspected, WINDOW))
            continue;
        size_t k = n++;
        for (; k > 0 && s->signs[order[k - 1]].since_ms > s->signs[i].since_ms; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    return n;
}

static void tell(const struct spoofing *s, const struct rule_input *in, const enum sign *order, size_t n)
{
    char list[ALARM_WHY_SIZE] = "";
    size_t used = 0;
    for (size_t i = 0; i < n && used < sizeof list; i++) {
        char at[BULLA_TIME_TEXT];
        bulla_time_put(at, s->signs[order[i]].since_ms);
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s at %.5s", i ? ", " : "", words[order[i]], at + 11);
        sheet_evidence(in->sheet, s->slot, s->signs[order[i]].id);
    }
    sheet_why(in->sheet, s->slot, "The position seems false: %s", list);
}

static void step(void *state, const struct rule_input *in)
{
    struct spoofing *s = state;
    enum sign order[SIGNS];
    if (!in->entry)
        return;
    struct sign_seen before[SIGNS];
    memcpy(before, s->signs, sizeof before);
    watch(s, in);
    size_t n = standing(s, in, order);
    if (n == 0)
        sheet_end(in->sheet, &s->slot, in->at_ms);
    if (n < rule_value(in->plan, &rule_spoofing_suspected, LEAST))
        return;
    bool fresh = false;
    for (size_t i = 0; i < n; i++)
        fresh |= s->signs[order[i]].since_ms != before[order[i]].since_ms;
    if (!sheet_open(in->sheet, s->slot)) {
        s->slot = rule_raise(in, ALARM_SPOOFING_SUSPECTED, s->signs[order[0]].since_ms);
        fresh = true;
    }
    if (fresh)
        tell(s, in, order, n);
}

const struct rule rule_spoofing_suspected = {
    .kind = ALARM_SPOOFING_SUSPECTED, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct spoofing), .step = step};
