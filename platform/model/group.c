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
    size_t *order;   /* items by onset, ties by id */
    size_t *journey; /* by place in the order: which journey, numbered from 0 in order of their ids */
    size_t *parent;  /* the sets, by place in the order; the least is the set's name */
    size_t *trial;   /* those of one kind of flood, before it is known whether they are enough */
    size_t *next;    /* the members of each set threaded, from its name on: thread() */
    size_t *last;
    size_t *stamp; /* by journey: where it was counted last */
    size_t stamps;
    uint8_t *cause; /* enum group_cause, of the set's name */
};

#define END SIZE_MAX

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

/* So that who asks for a set's members does not walk through all others: a bad day has thousands. */
static void thread(struct work *w, size_t *parent)
{
    for (size_t i = 0; i < w->n; i++) {
        size_t name = top(parent, i);
        w->next[i] = END;
        if (name != i)
            w->next[w->last[name]] = i;
        w->last[name] = i;
    }
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

static double distance_m(double lat1, double lon1, double lat2, double lon2)
{
    double dlon = fabs(lon1 - lon2);
    double x = (dlon > 180 ? 360 - dlon : dlon) * cos((lat1 + lat2) / 2 * RADIANS), y = lat1 - lat2;
    return sqrt(x * x + y * y) * DEGREE_M;
}

static bool near(const struct alarm *a, const struct alarm *b, double within_m)
{
    return a->has_position && b->has_position && fabs(a->lat - b->lat) * DEGREE_M <= within_m &&
           distance_m(a->lat, a->lon, b->lat, b->lon) <= within_m;
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
        return near(x->alarm, y->alarm, f->within_m);
    }
}

/* How many different journeys a threaded set has. */
static size_t journeys_of(struct work *w, size_t name)
{
    size_t n = 0;
    w->stamps++;
    for (size_t i = name; i != END; i = w->next[i]) {
        n += w->stamp[w->journey[i]] != w->stamps;
        w->stamp[w->journey[i]] = w->stamps;
    }
    return n;
}

/* --- the two ways --- */

static bool is_of(const struct work *w, const struct flood *f, size_t i)
{
    return (f->kinds & bit_of(alarm_at(w, i))) && w->cause[i] == GROUP_ALONE;
}

static void find_floods(struct work *w, const struct flood *f)
{
    for (size_t i = 0; i < w->n; i++)
        w->trial[i] = i;
    for (size_t i = 0; i < w->n; i++)
        for (size_t k = i + 1; is_of(w, f, i) && k < w->n && alarm_at(w, k)->onset_ms - alarm_at(w, i)->onset_ms <= f->within_ms; k++)
            if (is_of(w, f, k) && top(w->trial, i) != top(w->trial, k) && in_common(w, f, i, k))
                join(w->trial, i, k);
    thread(w, w->trial);
    for (size_t i = 0; i < w->n; i++) {
        if (w->trial[i] != i || !is_of(w, f, i) || journeys_of(w, i) < f->least)
            continue;
        for (size_t k = i; k != END; k = w->next[k]) {
            join(w->parent, i, k);
            w->cause[k] = (uint8_t)f->cause;
        }
    }
}

static int by_journey(const void *a, const void *b, void *context)
{
    const struct work *w = context;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    int by = strcmp(alarm_at(w, x)->journey, alarm_at(w, y)->journey);
    return by ? by : (x > y) - (x < y);
}

/* Numbers the journeys; leaves their alarms in trial, journey after journey, each in order. */
static void number_journeys(struct work *w)
{
    size_t *sorted = w->trial;
    for (size_t i = 0; i < w->n; i++) {
        sorted[i] = i;
        w->stamp[i] = 0;
    }
    qsort_r(sorted, w->n, sizeof *sorted, by_journey, w);
    for (size_t i = 0, number = 0; i < w->n; i++) {
        number += i > 0 && strcmp(alarm_at(w, sorted[i - 1])->journey, alarm_at(w, sorted[i])->journey) != 0;
        w->journey[sorted[i]] = number;
    }
}

/* An episode joins a flood when its cause, or something of the flood, is what it follows from. */
static void find_episodes(struct work *w)
{
    number_journeys(w);
    for (size_t from = 0, upto = 0; from < w->n; from = upto) {
        while (upto < w->n && w->journey[w->trial[upto]] == w->journey[w->trial[from]])
            upto++;
        for (size_t i = from; i < upto; i++)
            for (size_t k = from; k < upto; k++)
                if (i != k && follows(alarm_at(w, w->trial[i]), alarm_at(w, w->trial[k])))
                    join(w->parent, w->trial[i], w->trial[k]);
    }
}

/* --- the result --- */

static bool caused(const struct work *w, size_t name, size_t i)
{
    for (size_t k = name; k != END; k = w->next[k])
        if (k != i && w->journey[k] == w->journey[i] && follows(alarm_at(w, k), alarm_at(w, i)) && !follows(alarm_at(w, i), alarm_at(w, k)))
            return true;
    return false;
}

/* Of a flood the first that belongs to its cause; of an episode the first that follows from nothing. */
static size_t root_of(const struct work *w, size_t name, enum group_cause cause)
{
    for (size_t i = name; i != END; i = w->next[i])
        if (cause > GROUP_EPISODE ? w->cause[i] == cause : !caused(w, name, i))
            return i;
    return name;
}

static enum group_cause cause_of(const struct work *w, size_t name)
{
    for (size_t i = name; i != END; i = w->next[i])
        if (w->cause[i] != GROUP_ALONE)
            return (enum group_cause)w->cause[i];
    return w->next[name] != END ? GROUP_EPISODE : GROUP_ALONE;
}

static void fill(struct work *w, size_t name, size_t *member, struct group *g)
{
    *g = (struct group){.member = member, .n = 1, .from_ms = INT64_MAX, .until_ms = INT64_MIN};
    g->cause = cause_of(w, name);
    size_t root = root_of(w, name, g->cause);
    member[0] = w->order[root];
    for (size_t i = name; i != END; i = w->next[i]) {
        const struct alarm *a = alarm_at(w, i);
        if (i != root)
            member[g->n++] = w->order[i];
        g->grade = a->grade > g->grade ? a->grade : g->grade;
        g->from_ms = a->onset_ms < g->from_ms ? a->onset_ms : g->from_ms;
        g->until_ms = a->onset_ms > g->until_ms ? a->onset_ms : g->until_ms;
    }
    g->journeys = journeys_of(w, name);
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
    number_journeys(w);
    for (size_t i = 0; i < FLOODS_N; i++)
        find_floods(w, &floods[i]);
    find_episodes(w);
    thread(w, w->parent);
    size_t used = 0;
    for (size_t i = 0; i < w->n; i++)
        if (w->parent[i] == i) {
            fill(w, i, out->member + used, &out->group[out->n]);
            used += out->group[out->n++].n;
        }
    qsort(out->group, out->n, sizeof *out->group, by_weight);
}

bool group_alarms(const struct group_item *items, size_t n, struct groups *out)
{
    *out = (struct groups){0};
    if (n == 0)
        return true;
    enum { ORDER, JOURNEY, PARENT, TRIAL, NEXT, LAST, STAMP, COLUMNS };
    size_t *columns = malloc(COLUMNS * n * sizeof *columns);
    struct work w = {.items = items, .n = n, .cause = malloc(n)};
    out->group = malloc(n * sizeof *out->group);
    out->member = malloc(n * sizeof *out->member);
    bool done = columns && w.cause && out->group && out->member;
    if (done) {
        w.order = columns + ORDER * n;
        w.journey = columns + JOURNEY * n;
        w.parent = columns + PARENT * n;
        w.trial = columns + TRIAL * n;
        w.next = columns + NEXT * n;
        w.last = columns + LAST * n;
        w.stamp = columns + STAMP * n;
        gather(&w, out);
    } else {
        groups_clear(out);
    }
    free(columns);
    free(w.cause);
    return done;
}

void groups_clear(struct groups *groups)
{
    free(groups->group);
    free(groups->member);
    *groups = (struct groups){0};
}

/* --- where --- */

#define STATION_LEAST_M 500.0 /* who drew a smaller circle meant the gate, not the yard before it */

const char *group_station(const struct station *stations, size_t n, const struct alarm *alarm)
{
    const char *nearest = NULL;
    double least_m = INFINITY;
    for (size_t i = 0; i < n && alarm->has_position; i++) {
        double far_m = distance_m(alarm->lat, alarm->lon, stations[i].lat, stations[i].lon);
        if (far_m <= fmax(stations[i].radius_m, STATION_LEAST_M) && far_m < least_m) {
            nearest = stations[i].id;
            least_m = far_m;
        }
    }
    return nearest;
}

bool group_needs_station(const struct alarm *alarm)
{
    for (size_t i = 0; i < FLOODS_N; i++)
        if (floods[i].common == COMMON_STATION && (floods[i].kinds & bit_of(alarm)))
            return true;
    return false;
}
