/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/model/group.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "platform/model/words.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DEGREE_M  111195.0
#define RADIANS   0.017453292519943295

static const struct model_word group_words[] = {
#define X(name, number, text, sentence) {number, text},
    GROUP_CAUSE_TABLE(X)
#undef X
};
static const struct model_word group_sentences[] = {
#define X(name, number, text, sentence) {number, sentence},
    GROUP_CAUSE_TABLE(X)
#undef X
};
#define WORDS_N (sizeof group_words / sizeof *group_words)

const char *group_cause_text(unsigned value)
{
    return model_word_text(group_words, WORDS_N, value);
}

int group_cause_from(const char *text)
{
    return model_word_number(group_words, WORDS_N, text);
}

const char *group_cause_sentence(unsigned value)
{
    return model_word_text(group_sentences, WORDS_N, value);
}

/* --- what follows from what, in one journey --- */

#define K(name) (UINT64_C(1) << ALARM_##name)

static const struct chain {
    enum alarm_kind cause;
    uint64_t effects;
    int64_t within_ms; /* the effect begins so long after the cause at most; and not before it by more than a few minutes */
} chains[] = {
    {ALARM_JAMMING_SUSPECTED, K(SIGNAL_LOST) | K(IMPLAUSIBLE_MOTION) | K(SPOOFING_SUSPECTED) | K(MALFUNCTION), 6 * HOUR_MS},
    {ALARM_SPOOFING_SUSPECTED, K(IMPLAUSIBLE_MOTION) | K(ROUTE_DEVIATION) | K(ILLEGAL_STAY) | K(CLOCK_ERROR), 6 * HOUR_MS},
    {ALARM_IMPLAUSIBLE_MOTION, K(ROUTE_DEVIATION) | K(ILLEGAL_STAY), 2 * HOUR_MS},
    {ALARM_LOW_BATTERY, K(SIGNAL_LOST) | K(MALFUNCTION), 48 * HOUR_MS},
    {ALARM_CLOCK_ERROR, K(IMPLAUSIBLE_MOTION), 24 * HOUR_MS},
    {ALARM_TAMPER, K(ILLEGAL_OPENING) | K(CABLE_CUT) | K(COVER_OPENED) | K(BODY_DESTROYED) | K(LIGHT) | K(SHOCK) | K(TILT) | K(SIGNAL_LOST),
     HOUR_MS},
    {ALARM_WRONG_CREDENTIAL, K(UNLOCK_REFUSED) | K(ILLEGAL_OPENING) | K(CABLE_CUT) | K(TAMPER), HOUR_MS},
    {ALARM_ILLEGAL_STAY,
     K(TAMPER) | K(ILLEGAL_OPENING) | K(CABLE_CUT) | K(COVER_OPENED) | K(BODY_DESTROYED) | K(WRONG_CREDENTIAL) | K(UNLOCK_REFUSED) |
         K(LIGHT),
     12 * HOUR_MS},
    {ALARM_ROUTE_DEVIATION, K(ILLEGAL_STAY) | K(JOURNEY_TIMEOUT) | K(SCHEDULE_DEVIATION) | K(SIGNAL_LOST), 12 * HOUR_MS},
    {ALARM_CABLE_CUT, K(ILLEGAL_OPENING) | K(LIGHT) | K(BODY_DESTROYED), 2 * HOUR_MS},
    {ALARM_ILLEGAL_OPENING, K(LIGHT) | K(COVER_OPENED) | K(SEAL_MISSING), 2 * HOUR_MS},
    {ALARM_BODY_DESTROYED, K(SIGNAL_LOST) | K(SEAL_MISSING) | K(MALFUNCTION), 12 * HOUR_MS},
    {ALARM_LATE_DEPARTURE, K(SCHEDULE_DEVIATION) | K(JOURNEY_TIMEOUT), 72 * HOUR_MS},
    {ALARM_SCHEDULE_DEVIATION, K(JOURNEY_TIMEOUT), 72 * HOUR_MS},
    {ALARM_POWER_FAILURE, K(TEMPERATURE) | K(HUMIDITY), 24 * HOUR_MS},
};
#define CHAINS_N  (sizeof chains / sizeof *chains)
#define BEFORE_MS (10 * MINUTE_MS) /* onsets are those of reports: an effect may be told of a little before its cause */

/* --- what several journeys have in common --- */

enum common { COMMON_PLACE, COMMON_STATION, COMMON_BATCH };

static const struct flood {
    enum group_cause cause;
    uint64_t kinds;
    enum common common;
    int64_t within_ms; /* from one to the next */
    double within_m;
    size_t least; /* journeys */
} floods[] = {
    {GROUP_JAMMER, K(JAMMING_SUSPECTED), COMMON_PLACE, HOUR_MS, 15000, 3},
    {GROUP_SPOOFER, K(SPOOFING_SUSPECTED) | K(IMPLAUSIBLE_MOTION), COMMON_PLACE, HOUR_MS, 50000, 3},
    {GROUP_NETWORK, K(SIGNAL_LOST), COMMON_PLACE, 30 * MINUTE_MS, 100000, 4},
    {GROUP_CLOSURE, K(ILLEGAL_STAY) | K(SCHEDULE_DEVIATION) | K(JOURNEY_TIMEOUT), COMMON_PLACE, 2 * HOUR_MS, 20000, 4},
    {GROUP_BATCH, K(MALFUNCTION) | K(LOW_BATTERY) | K(CLOCK_ERROR) | K(SIGNAL_LOST), COMMON_BATCH, 12 * HOUR_MS, 0, 4},
    {GROUP_STATION, K(LATE_DEPARTURE) | K(SEAL_UNREAD) | K(DATA_MISMATCH), COMMON_STATION, 3 * HOUR_MS, 0, 3},
};
#define FLOODS_N (sizeof floods / sizeof *floods)

/* --- sets of items --- */

struct work {
    const struct group_item *items;
    size_t n;
    size_t *order;  /* items by onset, ties by id */
    size_t *parent; /* the sets, by place in the order; the least is the set's name */
    size_t *trial;  /* those of one kind of flood, before it is known whether they are enough */
    uint8_t *cause; /* enum group_cause, of the set's name */
};

static size_t top(size_t *parent, size_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

static void join(size_t *parent, size_t a, size_t b)
{
    a = top(parent, a);
    b = top(parent, b);
    parent[a > b ? a : b] = a < b ? a : b;
}

static const struct alarm *alarm_at(const struct work *w, size_t i)
{
    return w->items[w->order[i]].alarm;
}

static uint64_t bit_of(const struct alarm *a)
{
    return UINT64_C(1) << a->kind;
}

static bool follows(const struct alarm *cause, const struct alarm *effect)
{
    int64_t after_ms = effect->onset_ms - cause->onset_ms;
    for (size_t i = 0; i < CHAINS_N; i++)
        if (chains[i].cause == cause->kind && (chains[i].effects & bit_of(effect)) && after_ms <= chains[i].within_ms &&
            after_ms >= -BEFORE_MS)
            return true;
    return false;
}

static double distance_m(const struct alarm *a, const struct alarm *b)
{
    double dlon = fabs(a->lon - b->lon);
    double x = (dlon > 180 ? 360 - dlon : dlon) * cos((a->lat + b->lat) / 2 * RADIANS), y = a->lat - b->lat;
    return sqrt(x * x + y * y) * DEGREE_M;
}

static bool same_text(const char *a, const char *b)
{
    return a && b && a[0] && strcmp(a, b) == 0;
}

static bool in_common(const struct work *w, const struct flood *f, size_t a, size_t b)
{
    const struct group_item *x = &w->items[w->order[a]], *y = &w->items[w->order[b]];
    switch (f->common) {
    case COMMON_STATION:
        return same_text(x->station, y->station);
    case COMMON_BATCH:
        return same_text(x->batch, y->batch);
    default:
        return x->alarm->has_position && y->alarm->has_position && distance_m(x->alarm, y->alarm) <= f->within_m;
    }
}

/* How many different journeys a trial set has. It is in order of onset, so its members lie behind its name. */
static size_t journeys_of(const struct work *w, size_t *parent, size_t name)
{
    size_t n = 0;
    for (size_t i = name; i < w->n; i++) {
        if (top(parent, i) != name)
            continue;
        bool fresh = true;
        for (size_t k = name; k < i && fresh; k++)
            fresh = top(parent, k) != name || strcmp(alarm_at(w, k)->journey, alarm_at(w, i)->journey) != 0;
        n += fresh;
    }
    return n;
}

/* --- the two ways --- */

static void find_floods(struct work *w, const struct flood *f)
{
    for (size_t i = 0; i < w->n; i++)
        w->trial[i] = i;
    for (size_t i = 0; i < w->n; i++) {
        if (!(f->kinds & bit_of(alarm_at(w, i))) || w->cause[i] != GROUP_ALONE)
            continue;
        for (size_t k = i + 1; k < w->n && alarm_at(w, k)->onset_ms - alarm_at(w, i)->onset_ms <= f->within_ms; k++)
            if ((f->kinds & bit_of(alarm_at(w, k))) && w->cause[k] == GROUP_ALONE && in_common(w, f, i, k))
                join(w->trial, i, k);
    }
    for (size_t i = 0; i < w->n; i++)
        if (top(w->trial, i) == i && (f->kinds & bit_of(alarm_at(w, i))) && w->cause[i] == GROUP_ALONE &&
            journeys_of(w, w->trial, i) >= f->least)
            for (size_t k = i; k < w->n; k++)
                if (top(w->trial, k) == i) {
                    join(w->parent, i, k);
                    w->cause[k] = (uint8_t)f->cause;
                }
}

static int by_journey(const void *a, const void *b, void *context)
{
    const struct work *w = context;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    int by = strcmp(alarm_at(w, x)->journey, alarm_at(w, y)->journey);
    return by ? by : (x > y) - (x < y);
}

/* An episode joins a flood when its cause, or something of the flood, is what it follows from. */
static void find_episodes(struct work *w)
{
    size_t *sorted = w->trial; /* no longer needed for floods */
    for (size_t i = 0; i < w->n; i++)
        sorted[i] = i;
    qsort_r(sorted, w->n, sizeof *sorted, by_journey, w);
    for (size_t from = 0, upto = 0; from < w->n; from = upto) {
        const char *journey = alarm_at(w, sorted[from])->journey;
        while (upto < w->n && strcmp(alarm_at(w, sorted[upto])->journey, journey) == 0)
            upto++;
        for (size_t i = from; i < upto; i++)
            for (size_t k = from; k < upto; k++)
                if (i != k && follows(alarm_at(w, sorted[i]), alarm_at(w, sorted[k])))
                    join(w->parent, sorted[i], sorted[k]);
    }
}

/* --- the result --- */

static bool caused(const struct work *w, size_t name, size_t i)
{
    for (size_t k = name; k < w->n; k++)
        if (k != i && top(w->parent, k) == name && strcmp(alarm_at(w, k)->journey, alarm_at(w, i)->journey) == 0 &&
            follows(alarm_at(w, k), alarm_at(w, i)) && !follows(alarm_at(w, i), alarm_at(w, k)))
            return true;
    return false;
}

/* Of a flood the first that belongs to its cause; of an episode the first that follows from nothing. */
static size_t root_of(const struct work *w, size_t name, enum group_cause cause)
{
    for (size_t i = name; i < w->n; i++)
        if (top(w->parent, i) == name && (cause > GROUP_EPISODE ? w->cause[i] == cause : !caused(w, name, i)))
            return i;
    return name;
}

static enum group_cause cause_of(const struct work *w, size_t name, size_t n)
{
    enum group_cause cause = n > 1 ? GROUP_EPISODE : GROUP_ALONE;
    for (size_t i = name; i < w->n; i++)
        if (top(w->parent, i) == name && w->cause[i] != GROUP_ALONE)
            return (enum group_cause)w->cause[i];
    return cause;
}

static void fill(const struct work *w, size_t name, size_t *member, struct group *g)
{
    *g = (struct group){.member = member, .from_ms = INT64_MAX, .until_ms = INT64_MIN};
    for (size_t i = name; i < w->n; i++)
        g->n += top(w->parent, i) == name;
    g->cause = cause_of(w, name, g->n);
    size_t root = root_of(w, name, g->cause), at = 1;
    member[0] = w->order[root];
    for (size_t i = name; i < w->n; i++) {
        const struct alarm *a = alarm_at(w, i);
        if (top(w->parent, i) != name)
            continue;
        if (i != root)
            member[at++] = w->order[i];
        g->grade = a->grade > g->grade ? a->grade : g->grade;
        g->from_ms = a->onset_ms < g->from_ms ? a->onset_ms : g->from_ms;
        g->until_ms = a->onset_ms > g->until_ms ? a->onset_ms : g->until_ms;
    }
    g->journeys = journeys_of(w, w->parent, name);
    const struct alarm *r = alarm_at(w, root);
    g->has_position = r->has_position;
    g->lat = r->lat;
    g->lon = r->lon;
}

static int by_weight(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->grade != y->grade)
        return x->grade > y->grade ? -1 : 1;
    if (x->journeys != y->journeys)
        return x->journeys > y->journeys ? -1 : 1;
    if (x->from_ms != y->from_ms)
        return x->from_ms < y->from_ms ? -1 : 1;
    return (x->member > y->member) - (x->member < y->member);
}

static int by_onset(const void *a, const void *b, void *context)
{
    const struct group_item *items = context;
    const struct alarm *x = items[*(const size_t *)a].alarm, *y = items[*(const size_t *)b].alarm;
    if (x->onset_ms != y->onset_ms)
        return x->onset_ms < y->onset_ms ? -1 : 1;
    return strcmp(x->id, y->id);
}

static void gather(struct work *w, struct groups *out)
{
    for (size_t i = 0; i < w->n; i++) {
        w->order[i] = w->parent[i] = i;
        w->cause[i] = GROUP_ALONE;
    }
    qsort_r(w->order, w->n, sizeof *w->order, by_onset, (void *)(uintptr_t)w->items);
    for (size_t i = 0; i < FLOODS_N; i++)
        find_floods(w, &floods[i]);
    find_episodes(w);
    size_t used = 0;
    for (size_t i = 0; i < w->n; i++)
        if (top(w->parent, i) == i) {
            fill(w, i, out->member + used, &out->group[out->n]);
            used += out->group[out->n++].n;
        }
    qsort(out->group, out->n, sizeof *out->group, by_weight);
}

bool group_alarms(const struct group_item *items, size_t n, struct groups *out)
{
    struct work w = {.items = items, .n = n};
    *out = (struct groups){0};
    if (n == 0)
        return true;
    w.order = malloc(n * sizeof *w.order);
    w.parent = malloc(n * sizeof *w.parent);
    w.trial = malloc(n * sizeof *w.trial);
    w.cause = malloc(n);
    out->group = malloc(n * sizeof *out->group);
    out->member = malloc(n * sizeof *out->member);
    bool done = w.order && w.parent && w.trial && w.cause && out->group && out->member;
    if (done)
        gather(&w, out);
    else
        groups_clear(out);
    free(w.order);
    free(w.parent);
    free(w.trial);
    free(w.cause);
    return done;
}

void groups_clear(struct groups *groups)
{
    free(groups->group);
    free(groups->member);
    *groups = (struct groups){0};
}
