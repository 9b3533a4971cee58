/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "platform/rules/told.h"
#include "platform/rules/window.h"

#define WINDOW_ENTRIES   128 /* kept at least, once there were as many; what is older comes from history */
#define CHECKPOINT_EVERY 32
#define CHECKPOINTS_MAX  (2 * WINDOW_ENTRIES / CHECKPOINT_EVERY)
#define DAY_MS           INT64_C(86400000)
#define CLEAN            SIZE_MAX
#define MUST_REWIND      SIZE_MAX

struct checkpoint {
    size_t at; /* entries of the window that are folded in */
    struct fold *fold;
    struct sheet_mark mark;
};

struct timeline {
    struct plan *plan;
    const struct engine_host *host;
    struct engine_counts *counts;
    struct window window;
    struct fold *fold; /* after every entry and every timer due by now */
    struct sheet sheet;
    struct told told;
    struct checkpoint points[CHECKPOINTS_MAX]; /* the first is where the window begins */
    size_t n_points;
    struct checkpoint live; /* before the timers that fired since the last entry; at: 1 when set */
    int64_t live_ms;        /* the latest of them */
    size_t folded;          /* entries of the window that the fold has seen, or MUST_REWIND */
    size_t dirty_from;      /* from here on the window is not as it was folded; CLEAN */
    bool lacking;           /* the window has an entry from before what it let go */
    bool frozen;
};

static size_t state_size(const struct timeline *t)
{
    return fold_size(t->plan);
}

/* --- checkpoints --- */

static void point_clear(struct checkpoint *point)
{
    free(point->fold);
    sheet_mark_clear(&point->mark);
    *point = (struct checkpoint){0};
}

static bool point_take(const struct timeline *t, size_t at, struct checkpoint *out)
{
    struct checkpoint point = {.at = at, .fold = malloc(state_size(t))};
    if (!point.fold || !sheet_mark(&t->sheet, &point.mark)) {
        free(point.fold);
        return false;
    }
    memcpy(point.fold, t->fold, state_size(t));
    *out = point;
    return true;
}

static void point_restore(struct timeline *t, const struct checkpoint *point)
{
    memcpy(t->fold, point->fold, state_size(t));
    sheet_rewind(&t->sheet, &point->mark);
}

static void drop_points(struct timeline *t, size_t kept)
{
    while (t->n_points > kept)
        point_clear(&t->points[--t->n_points]);
}

static void drop_live(struct timeline *t)
{
    point_clear(&t->live);
    t->live_ms = INT64_MIN;
}

/* Lets entries go up to the oldest checkpoint that leaves a full window. */
static void trim(struct timeline *t)
{
    size_t first = 0;
    while (first + 1 < t->n_points && t->window.n - t->points[first + 1].at >= WINDOW_ENTRIES)
        first++;
    if (first == 0)
        return;
    size_t count = t->points[first].at;
    for (size_t i = 0; i < first; i++)
        point_clear(&t->points[i]);
    memmove(t->points, t->points + first, (t->n_points - first) * sizeof *t->points);
    t->n_points -= first;
    for (size_t i = 0; i < t->n_points; i++)
        t->points[i].at -= count;
    window_let_go(&t->window, count);
}

static void mark_progress(struct timeline *t, size_t done)
{
    if (done - t->points[t->n_points - 1].at < CHECKPOINT_EVERY || t->n_points == CHECKPOINTS_MAX)
        return;
    if (point_take(t, done, &t->points[t->n_points]))
        t->n_points++;
}

/* Folds the window's entries from `from` on. */
static void refold(struct timeline *t, size_t from)
{
    for (size_t i = from; i < t->window.n; i++) {
        fold_entry(t->fold, t->plan, &t->window.entries[i], &t->sheet);
        mark_progress(t, i + 1);
    }
}

static void rewind_to(struct timeline *t, size_t at)
{
    size_t k = t->n_points - 1;
    while (k > 0 && t->points[k].at > at)
        k--;
    drop_live(t);
    drop_points(t, k + 1);
    point_restore(t, &t->points[k]);
    t->counts->reworked += t->window.n - t->points[k].at;
    refold(t, t->points[k].at);
}

/* Timers by the clock alone: what was before them is kept, for an entry that comes late for them. */
static void settle(struct timeline *t, int64_t now_ms)
{
    if (fold_due(t->fold) > now_ms)
        return;
    if (!t->live.at && !point_take(t, 1, &t->live))
        return;
    t->live_ms = now_ms;
    fold_time(t->fold, t->plan, now_ms, &t->sheet);
}

static void tell(struct timeline *t, const struct told_when *when)
{
    if (!t->sheet.touched)
        return;
    t->sheet.touched = false;
    told_update(&t->told, &t->sheet, t->plan, when, t->host, t->counts);
}

/* --- a life --- */

/* All from nothing: no entries, no alarms but those told. */
static bool restart(struct timeline *t)
{
    drop_live(t);
    drop_points(t, 0);
    sheet_clear(&t->sheet);
    t->sheet.touched = true;
    free(t->fold);
    t->fold = malloc(state_size(t));
    if (!t->fold)
        return false;
    fold_init(t->fold, t->plan);
    if (!point_take(t, 0, &t->points[0]))
        return false;
    t->n_points = 1;
    t->folded = t->window.n;
    t->dirty_from = t->window.n ? 0 : CLEAN;
    t->lacking = false;
    return true;
}

struct timeline *timeline_new(struct plan *plan, const struct engine_host *host, struct engine_counts *counts)
{
    struct timeline *t = calloc(1, sizeof *t);
    if (!t) {
        plan_free(plan);
        return NULL;
    }
    t->plan = plan;
    t->host = host;
    t->counts = counts;
    if (!restart(t)) {
        timeline_free(t);
        return NULL;
    }
    return t;
}

void timeline_free(struct timeline *t)
{
    if (!t)
        return;
    drop_live(t);
    drop_points(t, 0);
    window_clear(&t->window);
    sheet_clear(&t->sheet);
    told_clear(&t->told);
    free(t->fold);
    plan_free(t->plan);
    free(t);
}

/* --- history --- */

struct loading {
    struct timeline *timeline;
    size_t seal;
    struct entry *entries;
    size_t n, capacity;
    bool failed;
};

static void loading_clear(struct loading *l)
{
    for (size_t i = 0; i < l->n; i++)
        entry_clear(&l->entries[i]);
    free(l->entries);
}

/* False: memory is out, and the entry is the caller's. */
static bool loading_add(struct loading *l, const struct entry *e)
{
    if (l->n == l->capacity) {
        size_t capacity = l->capacity ? l->capacity * 2 : 256;
        struct entry *entries = realloc(l->entries, capacity * sizeof *entries);
        if (!entries) {
            l->failed = true;
            return false;
        }
        l->entries = entries;
        l->capacity = capacity;
    }
    l->entries[l->n++] = *e;
    return true;
}

/* A vessel is heard all year; only while it carries the journey is it kept. */
static bool concerns(const struct timeline *t, const struct entry *e)
{
    return e->seal < t->plan->journey->n_seals || plan_carries(t->plan, e->seal, e->at_ms);
}

static void loading_each(void *context, const struct bulla_observation *o)
{
    struct loading *l = context;
    struct entry e;
    entry_from(l->timeline->plan, l->seal, o, &e);
    if (!concerns(l->timeline, &e) || !loading_add(l, &e))
        entry_clear(&e);
}

/* Everything that history has of the journey's sources. False: it could not be had. */
static bool fetch(struct timeline *t, struct loading *l)
{
    if (!t->host->history)
        return false;
    for (size_t i = 0; i < plan_sources(t->plan); i++) {
        l->seal = i;
        if (!t->host->history(t->host->host, plan_source_name(t->plan, i), t->plan->start_ms - DAY_MS, INT64_MAX, loading_each, l) ||
            l->failed)
            return false;
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    return entry_compare(a, b);
}

/* Puts the fetched entries and those of the window, each id once, into an empty window, folding as they come. */
static bool rebuild(struct timeline *t, struct loading *l)
{
    size_t fetched = l->n;
    for (size_t i = 0; i < t->window.n; i++) {
        struct entry e = t->window.entries[i];
        e.flags &= (uint16_t)~ENTRY_OUT_OF_WINDOW;
        entry_set_time(t->plan, &e);
        loading_add(l, &e);
    }
    if (l->failed) {
        l->n = fetched; /* the window keeps its own */
        return false;
    }
    t->window.n = 0;
    if (l->n)
        qsort(l->entries, l->n, sizeof *l->entries, compare);
    window_clear(&t->window);
    if (!restart(t))
        return false;
    for (size_t i = 0; i < l->n; i++) {
        struct entry *e = &l->entries[i];
        if (!window_note(&t->window, e->id) || !window_put(&t->window, t->window.n, e))
            continue;
        fold_entry(t->fold, t->plan, e, &t->sheet);
        *e = (struct entry){0};
        mark_progress(t, t->window.n);
        trim(t);
    }
    t->counts->reworked += l->n;
    t->folded = t->window.n;
    t->dirty_from = CLEAN;
    return true;
}

void timeline_load(struct timeline *t, int64_t now_ms)
{
    struct loading l = {.timeline = t};
    if (fetch(t, &l))
        rebuild(t, &l);
    loading_clear(&l);
    settle(t, now_ms);
    tell(t, &(struct told_when){.before_ms = INT64_MIN, .now_ms = now_ms, .loaded = true});
}

/* The kept entries of seals that the changed journey still has, under their new numbers. */
static void reseat_window(struct timeline *t, const struct plan *from, const struct plan *to)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->window.n; i++) {
        struct entry e = t->window.entries[i];
        int seal = plan_source(to, plan_source_name(from, e.seal));
        if (seal < 0) {
            entry_clear(&e);
            continue;
        }
        e.seal = (uint8_t)seal;
        t->window.entries[kept++] = e;
    }
    t->window.n = kept;
}

static bool legs_differ(const struct journey *a, const struct journey *b)
{
    for (size_t i = 0; i < a->n_legs && a->n_legs == b->n_legs; i++)
        if (strcmp(a->legs[i].means, b->legs[i].means) != 0 || a->legs[i].from_ms != b->legs[i].from_ms ||
            a->legs[i].until_ms != b->legs[i].until_ms)
            return true;
    return a->n_legs != b->n_legs;
}

/* Whether the changed journey wants what was not kept: of other seals, or of vessels at other times. */
static bool sources_added(const struct plan *from, const struct plan *to)
{
    if (to->n_means && legs_differ(from->journey, to->journey))
        return true;
    for (size_t i = 0; i < plan_sources(to); i++)
        if (plan_source(from, plan_source_name(to, i)) < 0)
            return true;
    return false;
}

bool timeline_replan(struct timeline *t, struct plan *plan, int64_t before_ms, int64_t now_ms)
{
    struct plan *old = t->plan;
    struct loading l = {.timeline = t};
    struct told_when when = {.before_ms = before_ms, .now_ms = now_ms, .changed = true};
    bool added = sources_added(old, plan);
    told_reseat(&t->told, old, plan, &when, t->host, t->counts);
    reseat_window(t, old, plan);
    plan_inherit(plan, old);
    t->plan = plan;
    bool done = (!(t->window.cut || added) || fetch(t, &l)) && rebuild(t, &l);
    if (!done && !l.failed) {
        loading_clear(&l);
        l = (struct loading){.timeline = t}; /* no history: what is kept, as if it were all */
        done = rebuild(t, &l);
    }
    loading_clear(&l);
    plan_free(old);
    t->frozen = false;
    settle(t, now_ms);
    tell(t, &when);
    return done;
}

void timeline_freeze(struct timeline *t)
{
    t->frozen = true;
}

/* --- other definitions --- */

/* What a definition found that is no longer there, or no longer the same, stands, but goes on no more. */
static void end_gone(struct draft *drafts, size_t n, const struct ruling *ruling, int64_t now_ms)
{
    for (size_t i = 0; i < n; i++) {
        struct draft *d = &drafts[i];
        if (d->ended || d->dropped || !draft_is_past(d, ruling))
            continue;
        d->ended = true;
        d->ended_ms = now_ms;
    }
}

static bool move_fold(struct fold **fold, const struct plan *into, const struct plan *out_of, struct fold **old)
{
    struct fold *fresh = malloc(fold_size(into));
    if (!fresh)
        return false;
    fold_move(fresh, into, *fold, out_of);
    *old = *fold;
    *fold = fresh;
    return true;
}

/* All states in the new layout, or none. */
static bool move_folds(struct timeline *t, const struct plan *into)
{
    struct fold **folds[CHECKPOINTS_MAX + 2], *old[CHECKPOINTS_MAX + 2];
    size_t n = 0, done = 0;
    folds[n++] = &t->fold;
    for (size_t i = 0; i < t->n_points; i++)
        folds[n++] = &t->points[i].fold;
    if (t->live.at)
        folds[n++] = &t->live.fold;
    while (done < n && move_fold(folds[done], into, t->plan, &old[done]))
        done++;
    for (size_t i = 0; i < done; i++) {
        struct fold *gone = done == n ? old[i] : *folds[i];
        *folds[i] = done == n ? *folds[i] : old[i];
        free(gone);
    }
    return done == n;
}

/* From where on the entries have something new to tell: all of them when nobody had looked, else those of a new version's time. */
static size_t first_news(const struct timeline *t, const struct ruling *old, const struct ruling *ruling)
{
    int64_t from_ms = INT64_MAX;
    for (size_t i = 0; i < ruling->n; i++) {
        const struct definition *d = &ruling->definitions[i], *was = ruling_find(old, d->id);
        if ((!was || was->since_ms != d->since_ms) && d->since_ms < from_ms)
            from_ms = d->since_ms;
    }
    if (from_ms == INT64_MAX || t->window.n == 0)
        return CLEAN;
    size_t at = 0;
    while (old->n && at < t->window.n && t->window.entries[at].at_ms < from_ms)
        at++;
    return at < t->window.n ? at : CLEAN;
}

bool timeline_rule(struct timeline *t, const struct ruling *ruling, int64_t now_ms)
{
    const struct ruling *old = t->plan->ruling;
    struct plan into = *t->plan;
    into.ruling = ruling;
    rule_lay_out(&into);
    if (!move_folds(t, &into))
        return false;
    ruling_hold(ruling);
    *t->plan = into;
    end_gone(t->sheet.drafts, t->sheet.n, ruling, now_ms);
    for (size_t i = 0; i < t->n_points; i++)
        end_gone(t->points[i].mark.open, t->points[i].mark.n_open, ruling, now_ms);
    end_gone(t->live.mark.open, t->live.mark.n_open, ruling, now_ms);
    t->sheet.touched = true;
    size_t from = first_news(t, old, ruling);
    t->dirty_from = from < t->dirty_from ? from : t->dirty_from;
    ruling_free(old);
    return true;
}

/* --- entries and time --- */

/* The window lacks what came before an entry in it. */
static void fill_window(struct timeline *t)
{
    struct loading l = {.timeline = t};
    if (!fetch(t, &l) || !rebuild(t, &l))
        rewind_to(t, 0);
    loading_clear(&l);
}

/* Folds what was taken in since the last time. */
static void catch_up(struct timeline *t)
{
    size_t from = t->dirty_from;
    if (from == CLEAN)
        return;
    t->dirty_from = CLEAN;
    if (t->lacking) {
        t->lacking = false;
        fill_window(t);
    } else if (from < t->folded) {
        rewind_to(t, from);
    } else {
        if (t->live.at && t->live_ms >= t->window.entries[from].at_ms)
            point_restore(t, &t->live);
        drop_live(t);
        refold(t, from);
    }
    trim(t);
    t->folded = t->window.n;
}

/* Takes the entry over. */
static void take(struct timeline *t, struct entry *e)
{
    bool lacks = window_too_old(&t->window, e);
    if (lacks)
        e->flags |= ENTRY_OUT_OF_WINDOW;
    size_t at = window_place(&t->window, e);
    t->counts->late += at < t->window.n;
    if (!window_put(&t->window, at, e)) {
        entry_clear(e);
        return;
    }
    t->lacking |= lacks;
    t->dirty_from = at < t->dirty_from ? at : t->dirty_from;
}

/* The same observation again. What came first counts: it may have come here second. */
static bool take_again(struct timeline *t, const struct entry *e)
{
    size_t at = window_find(&t->window, e->id);
    if (at == t->window.n || e->received_ms >= t->window.entries[at].received_ms)
        return false;
    struct entry earlier = t->window.entries[at];
    earlier.received_ms = e->received_ms;
    entry_set_time(t->plan, &earlier);
    if (earlier.at_ms == t->window.entries[at].at_ms && earlier.flags == t->window.entries[at].flags) {
        t->window.entries[at].received_ms = e->received_ms;
        return false;
    }
    window_take(&t->window, at);
    if (at < t->folded)
        t->folded = MUST_REWIND;
    t->dirty_from = at < t->dirty_from ? at : t->dirty_from;
    take(t, &earlier);
    return true;
}

bool timeline_observe(struct timeline *t, size_t seal, const struct bulla_observation *o)
{
    if (t->frozen)
        return true;
    struct entry e;
    entry_from(t->plan, seal, o, &e);
    if (!concerns(t, &e)) {
        entry_clear(&e);
        return true;
    }
    bool fresh = window_note(&t->window, e.id);
    if (fresh) {
        t->counts->clock_errors += (e.flags & ENTRY_CLOCK_WRONG) != 0;
        take(t, &e);
        return true;
    }
    take_again(t, &e);
    entry_clear(&e);
    return false;
}

void timeline_tick(struct timeline *t, int64_t before_ms, int64_t now_ms)
{
    if (t->frozen)
        return;
    catch_up(t);
    settle(t, now_ms);
    tell(t, &(struct told_when){.before_ms = before_ms, .now_ms = now_ms});
}

int64_t timeline_due(const struct timeline *t)
{
    return t->frozen ? RULE_NO_TIMER : fold_due(t->fold);
}

/* --- what is to be seen --- */

const struct plan *timeline_plan(const struct timeline *t)
{
    return t->plan;
}

size_t timeline_kept(const struct timeline *t)
{
    return t->window.n;
}

size_t timeline_bytes(const struct timeline *t)
{
    return sizeof *t + t->window.capacity * sizeof *t->window.entries + t->window.seen_capacity * sizeof *t->window.seen +
           (t->n_points + 1) * state_size(t) + (t->sheet.capacity + t->told.capacity) * sizeof(struct draft) + sizeof(struct journey);
}

size_t timeline_standing(const struct timeline *t)
{
    return t->told.n;
}

void timeline_alarm(const struct timeline *t, size_t i, struct alarm *out)
{
    told_alarm(t->plan, &t->told.drafts[i], out);
}
