/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading tracks: blocks where they hold, observations where they do not.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/tracks_internal.h"

struct track_fix tracks_fix(const struct bulla_observation *o)
{
    const uint64_t reports = BULLA_EVENT_BIT(BULLA_EVENT_STATE_REPORT) | BULLA_EVENT_BIT(BULLA_EVENT_HEARTBEAT) |
                             BULLA_EVENT_BIT(BULLA_EVENT_WAKE) | BULLA_EVENT_BIT(BULLA_EVENT_POSITION_CELL);
    bool fix = bulla_observation_knows(o, BULLA_HAS_FIX);
    struct track_fix f = {
        .at_ms = bulla_observation_knows(o, BULLA_HAS_TIME) ? o->time_ms : o->received_ms,
        .lat_e7 = fix ? o->lat_e7 : 0,
        .lon_e7 = fix ? o->lon_e7 : 0,
        .speed_cmh = bulla_observation_knows(o, BULLA_HAS_SPEED) ? o->speed_cmh : TRACK_UNKNOWN,
        .course_cdeg = bulla_observation_knows(o, BULLA_HAS_COURSE) ? o->course_cdeg : TRACK_UNKNOWN,
        .accuracy_m = bulla_observation_knows(o, BULLA_HAS_ACCURACY) ? o->accuracy_m : TRACK_UNKNOWN,
        .percent = bulla_observation_knows(o, BULLA_HAS_PERCENT) ? o->percent : TRACK_UNKNOWN,
        .temperature_milli = TRACK_UNKNOWN,
        .state = o->state.seal,
    };
    for (size_t i = o->n_sensors; i-- > 0;)
        if (o->sensors[i].kind == BULLA_SENSOR_TEMPERATURE)
            f.temperature_milli = o->sensors[i].milli;
    unsigned flags = (fix ? TRACK_FIX : 0u) | (fix && o->fix_valid ? TRACK_VALID : 0u) | (o->stored ? TRACK_STORED : 0u);
    flags |= bulla_observation_is(o, BULLA_EVENT_POSITION_CELL) ? TRACK_CELL : 0u;
    flags |= (o->events & ~reports) != 0 ? TRACK_EVENTFUL : 0u;
    f.flags = (uint8_t)flags;
    return f;
}

bool tracks_add(struct track_list *list, const struct track_fix *fix)
{
    if (list->n == list->size) {
        size_t size = list->size ? list->size * 2 : 1024;
        struct track_fix *fixes = realloc(list->fixes, size * sizeof *fixes);
        if (!fixes) {
            list->failed = true;
            return false;
        }
        list->fixes = fixes;
        list->size = size;
    }
    list->fixes[list->n++] = *fix;
    return true;
}

static int by_everything(const void *a, const void *b)
{
    return track_compare(a, b);
}

/* How many from i on have the same time. */
static size_t group(const struct track_list *list, size_t i)
{
    size_t n = 0;
    while (i + n < list->n && list->fixes[i + n].at_ms == list->fixes[i].at_ms)
        n++;
    return n;
}

/* Adds those of b[nb] that have no twin in a[na]; all have one time. Sorts both. */
static void add_others(struct track_list *out, struct track_fix *a, size_t na, struct track_fix *b, size_t nb)
{
    qsort(a, na, sizeof *a, by_everything);
    qsort(b, nb, sizeof *b, by_everything);
    for (size_t i = 0, k = 0; k < nb; k++) {
        while (i < na && track_compare(&a[i], &b[k]) < 0)
            i++;
        if (i < na && track_compare(&a[i], &b[k]) == 0)
            i++;
        else
            tracks_add(out, &b[k]);
    }
}

void tracks_unite(struct track_list *observed, struct track_list *packed, struct track_list *out)
{
    size_t i = 0, k = 0;
    while (i < observed->n || k < packed->n) {
        bool first = k == packed->n || (i < observed->n && observed->fixes[i].at_ms <= packed->fixes[k].at_ms);
        bool both = first && k < packed->n && observed->fixes[i].at_ms == packed->fixes[k].at_ms;
        size_t na = first ? group(observed, i) : 0, nb = first && !both ? 0 : group(packed, k);
        for (size_t j = 0; j < na; j++)
            tracks_add(out, &observed->fixes[i + j]);
        if (nb > 0)
            add_others(out, observed->fixes + i, na, packed->fixes + k, nb);
        i += na;
        k += nb;
    }
}

/* --- which blocks there are --- */

struct block {
    int64_t day_ms, packed_ms;
    bool stale;
    uint8_t *bytes;
    size_t len;
};

struct blocks {
    struct block *items;
    size_t n, size;
    uint64_t fixes; /* in all but the first */
    size_t limit;   /* fixes that are wanted, 0: all */
    bool failed;
};

static void take_block(void *context, const struct store_track *track)
{
    struct blocks *all = context;
    if (all->failed || (all->limit && all->fixes > all->limit))
        return; /* more than is wanted is there already, be the first cut as it may */
    if (all->n == all->size) {
        size_t size = all->size * 2 + 16;
        struct block *items = realloc(all->items, size * sizeof *items);
        all->failed = !items;
        if (!items)
            return;
        all->items = items;
        all->size = size;
    }
    struct block *b = &all->items[all->n];
    *b = (struct block){track->day_ms, track->packed_ms, track->stale, malloc(track->bytes.len + 1), track->bytes.len};
    all->failed = !b->bytes;
    if (!b->bytes)
        return;
    memcpy(b->bytes, track->bytes.at, track->bytes.len);
    all->fixes += all->n++ ? track->fixes : 0;
}

static void free_blocks(struct blocks *all)
{
    for (size_t i = 0; i < all->n; i++)
        free(all->items[i].bytes);
    free(all->items);
}

/* --- reading --- */

struct reading {
    struct store *store;
    const char *seal;
    int64_t from_ms, until_ms, dropped_ms;
    size_t limit, given; /* limit 0: all */
    tracks_fn each;
    void *context;
    bool partial;
};

static bool is_full(const struct reading *r)
{
    return r->limit && r->given >= r->limit;
}

static void give(struct reading *r, const struct track_fix *fix, const char *id)
{
    if (!is_full(r)) {
        r->given++;
        r->each(r->context, fix, id);
    }
}

static void give_observation(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct track_fix fix = tracks_fix(o);
    (void)raw;
    give(context, &fix, o->id);
}

static void give_packed(void *context, const struct track_fix *fix)
{
    give(context, fix, "");
}

static void collect_packed(void *context, const struct track_fix *fix)
{
    tracks_add(context, fix);
}

void tracks_collect(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct track_fix fix = tracks_fix(o);
    (void)raw;
    tracks_add(context, &fix);
}

static int read_observations(struct reading *r, int64_t from_ms, int64_t until_ms, store_observation_fn each, void *context)
{
    size_t limit = r->limit ? r->limit - r->given : 0;
    int outcome = from_ms > until_ms || is_full(r) ? 0 : store_observations(r->store, r->seal, from_ms, until_ms, limit, each, context);
    r->partial = r->partial || outcome == STORE_PARTIAL;
    return outcome < 0 ? outcome : 0;
}

bool tracks_is_united(int64_t day_ms, int64_t packed_ms, int64_t dropped_ms)
{
    return day_ms < dropped_ms || packed_ms < day_ms;
}

/* Both, because neither is whole: some observations of that day are no longer there, and some came since. */
static int read_both(struct reading *r, const struct block *block, int64_t from_ms, int64_t until_ms)
{
    struct track_list observed = {0}, packed = {0}, out = {0};
    char why[96];
    bool fine = track_read((struct bulla_bytes){block->bytes, block->len}, from_ms, until_ms, collect_packed, &packed, why);
    int outcome = read_observations(r, from_ms, until_ms, tracks_collect, &observed);
    r->partial = r->partial || !fine;
    if (!outcome)
        tracks_unite(&observed, &packed, &out);
    if (!outcome && (observed.failed || packed.failed || out.failed))
        outcome = STORE_FAILED;
    for (size_t i = 0; i < out.n && !outcome; i++)
        give(r, &out.fixes[i], "");
    free(observed.fixes);
    free(packed.fixes);
    free(out.fixes);
    return outcome;
}

/* A damaged block is as good as none; only where the observations are gone is something lost, and said so. */
static int read_block(struct reading *r, const struct block *block, int64_t from_ms, int64_t until_ms)
{
    struct bulla_bytes bytes = {block->bytes, block->len};
    char why[96];
    bool united = tracks_is_united(block->day_ms, block->packed_ms, r->dropped_ms);
    if (block->stale)
        return united ? read_both(r, block, from_ms, until_ms) : read_observations(r, from_ms, until_ms, give_observation, r);
    struct track_list packed = {0};
    bool whole = track_read(bytes, from_ms, until_ms, collect_packed, &packed, why);
    int outcome = packed.failed ? STORE_FAILED : 0;
    r->partial = r->partial || (!whole && united);
    if (!whole && !united)
        outcome = read_observations(r, from_ms, until_ms, give_observation, r);
    else
        for (size_t i = 0; i < packed.n && !outcome; i++)
            give_packed(r, &packed.fixes[i]);
    free(packed.fixes);
    return outcome;
}

static int read_all(struct reading *r, const struct blocks *blocks)
{
    int64_t next_ms = r->from_ms; /* from here on nothing was given yet */
    int outcome = 0;
    for (size_t i = 0; i < blocks->n && !outcome && !is_full(r); i++) {
        const struct block *b = &blocks->items[i];
        int64_t end_ms = b->day_ms + TRACK_DAY_MS - 1;
        if (b->day_ms > next_ms)
            outcome = read_observations(r, next_ms, b->day_ms - 1, give_observation, r);
        if (!outcome)
            outcome = read_block(r, b, b->day_ms > next_ms ? b->day_ms : next_ms, end_ms < r->until_ms ? end_ms : r->until_ms);
        next_ms = end_ms + 1;
    }
    return outcome ? outcome : read_observations(r, next_ms, r->until_ms, give_observation, r);
}

int tracks_read(struct store *store, const char *seal, int64_t from_ms, int64_t until_ms, size_t limit, tracks_fn each, void *context)
{
    struct reading r = {store, seal, from_ms, until_ms, INT64_MIN, limit, 0, each, context, false};
    struct blocks blocks = {.limit = limit};
    int outcome = tracks_setting(store, TRACKS_DROPPED, &r.dropped_ms);
    /* Whole days, so that a day with a block is known for one even when none of its fixes lies in the span. */
    int64_t last_ms = until_ms > INT64_MAX - TRACK_DAY_MS ? INT64_MAX : track_day(until_ms) + TRACK_DAY_MS - 1;
    int64_t first_ms = from_ms < INT64_MIN + TRACK_DAY_MS ? INT64_MIN : track_day(from_ms);
    outcome = outcome ? outcome : store_tracks(store, seal, first_ms, last_ms, take_block, &blocks);
    outcome = !outcome && blocks.failed ? STORE_FAILED : outcome;
    if (!outcome)
        outcome = read_all(&r, &blocks);
    free_blocks(&blocks);
    return !outcome && r.partial ? STORE_PARTIAL : outcome;
}
