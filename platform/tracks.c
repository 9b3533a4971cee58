/* SPDX-License-Identifier: Apache-2.0
 *
 * Packing tracks: from observations to blocks, from blocks to thinner blocks, and forgetting.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/limits.h"
#include "platform/base/log.h"
#include "platform/tracks_internal.h"

int tracks_setting(struct store *store, const char *name, int64_t *value)
{
    char text[32] = "";
    int outcome = store_setting_get(store, name, text, sizeof text);
    if (outcome < 0)
        return outcome;
    *value = outcome == STORE_OK && *text ? strtoll(text, NULL, 10) : INT64_MIN;
    return 0;
}

static int put_setting(struct store *store, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return store_setting_put(store, name, text);
}

static int get_ready(struct tracks_packer *p)
{
    int outcome = p->ready ? 0 : tracks_setting(p->store, TRACKS_DROPPED, &p->dropped_ms);
    outcome = outcome || p->ready ? outcome : tracks_setting(p->store, TRACKS_THINNED, &p->thinned_ms);
    p->ready = !outcome;
    return outcome;
}

/* 00:00 UTC so many days ago; INT64_MIN for 0, which is never. */
static int64_t days_ago(int64_t now_ms, uint32_t days)
{
    return days ? track_day(now_ms) - (int64_t)days * TRACK_DAY_MS : INT64_MIN;
}

/* --- one day of one seal --- */

struct day {
    struct track_list list;
    bool crowded;
};

static void thin_hard(struct track_list *list)
{
    size_t kept = list->n > 0;
    for (size_t i = 1; i < list->n; i++)
        if (list->fixes[i].at_ms - list->fixes[kept - 1].at_ms >= 1000)
            list->fixes[kept++] = list->fixes[i];
    list->n = kept;
}

/* A day has 86,400 seconds, so that there is room again in any case. */
static void make_room(struct day *day)
{
    if (day->list.n < LIMIT_TRACK_FIXES)
        return;
    day->crowded = true;
    day->list.n = track_thin(day->list.fixes, day->list.n, 1);
    if (day->list.n > LIMIT_TRACK_FIXES / 4 * 3)
        thin_hard(&day->list);
}

static void collect(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct day *day = context;
    make_room(day);
    tracks_collect(&day->list, o, raw);
}

struct old_block {
    struct track_list list;
    int64_t packed_ms;
    uint32_t step_s;
    char damage[96];
};

static void take_fix(void *context, const struct track_fix *fix)
{
    tracks_add(context, fix);
}

static void take_old(void *context, const struct store_track *track)
{
    struct old_block *old = context;
    char why[96] = "";
    old->packed_ms = track->packed_ms;
    old->step_s = track->step_s;
    if (!track_read(track->bytes, INT64_MIN, INT64_MAX, take_fix, &old->list, why))
        memcpy(old->damage, why, sizeof why);
}

static int read_old(struct store *store, const struct store_due *due, struct old_block *old, struct tracks_done *done)
{
    int outcome = store_tracks(store, due->seal, due->day_ms, due->day_ms + TRACK_DAY_MS - 1, take_old, old);
    if (!outcome && old->damage[0]) {
        done->damaged++;
        log_say(LOG_WARN, "tracks", "%s, day %lld: the packed track is damaged (%s); it is made again from the observations", due->seal,
                (long long)(due->day_ms / TRACK_DAY_MS), old->damage);
    }
    return !outcome && old->list.failed ? STORE_FAILED : outcome;
}

/* What the day consists of: observations, or both where they alone are not whole. */
static int gather(struct tracks_packer *p, const struct store_due *due, struct day *day, uint32_t *step_s, struct tracks_done *done)
{
    struct old_block old = {.packed_ms = INT64_MAX};
    int outcome = read_old(p->store, due, &old, done);
    outcome = outcome ? outcome : store_observations(p->store, due->seal, due->day_ms, due->day_ms + TRACK_DAY_MS - 1, 0, collect, day);
    outcome = outcome == STORE_NOT_FOUND ? 0 : outcome; /* partial: a damaged segment stays so, and what is left is packed */
    outcome = outcome == STORE_PARTIAL ? 0 : outcome;
    bool united = tracks_is_united(due->day_ms, old.packed_ms, p->dropped_ms);
    if (!outcome && old.list.n > 0 && (united || day->list.n < old.list.n)) {
        struct track_list both = {0};
        tracks_unite(&day->list, &old.list, &both);
        free(day->list.fixes);
        day->list = both;
        *step_s = old.step_s;
    }
    if (!outcome && day->list.failed)
        outcome = STORE_FAILED;
    free(old.list.fixes);
    return outcome;
}

struct batch { /* blocks that are written together */
    struct store_track *tracks;
    size_t n, size, bytes;
};

static void clear_batch(struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++)
        free((void *)(uintptr_t)batch->tracks[i].bytes.at);
    batch->n = batch->bytes = 0;
}

static int write_batch(struct tracks_packer *p, struct batch *batch)
{
    int outcome = batch->n ? store_track_put(p->store, batch->tracks, batch->n) : 0;
    clear_batch(batch);
    return outcome;
}

static int add_to_batch(struct batch *batch, const struct store_track *track)
{
    if (batch->n == batch->size) {
        size_t size = batch->size * 2 + 16;
        struct store_track *tracks = realloc(batch->tracks, size * sizeof *tracks);
        if (!tracks) {
            free((void *)(uintptr_t)track->bytes.at);
            return STORE_FAILED;
        }
        batch->tracks = tracks;
        batch->size = size;
    }
    batch->tracks[batch->n++] = *track;
    batch->bytes += track->bytes.len;
    return 0;
}

/* Encodes; an empty day is a track without bytes, which takes the old block away. */
static int make_track(const struct store_due *due, const struct track_list *list, uint32_t step_s, int64_t now_ms, struct store_track *out)
{
    struct track_buffer buffer = {0};
    char why[96];
    *out = (struct store_track){.day_ms = due->day_ms, .packed_ms = now_ms, .mark = due->mark, .step_s = step_s};
    memcpy(out->seal, due->seal, sizeof out->seal);
    if (list->n == 0)
        return 0;
    if (!track_encode(due->day_ms, list->fixes, list->n, &buffer, why)) {
        free(buffer.at);
        log_say(LOG_ERROR, "tracks", "%s, day %lld: %s", due->seal, (long long)(due->day_ms / TRACK_DAY_MS), why);
        return STORE_FAILED;
    }
    out->first_ms = list->fixes[0].at_ms;
    out->last_ms = list->fixes[list->n - 1].at_ms;
    out->fixes = (uint32_t)list->n;
    out->bytes = (struct bulla_bytes){buffer.at, buffer.len};
    return 0;
}

static int pack_day(struct tracks_packer *p, const struct store_due *due, int64_t now_ms, struct batch *batch, struct tracks_done *done)
{
    struct day day = {0};
    uint32_t step_s = 0;
    struct store_track track;
    int outcome = gather(p, due, &day, &step_s, done);
    bool old_enough = p->policy.thin_days && due->day_ms < days_ago(now_ms, p->policy.thin_days);
    uint32_t wanted = old_enough ? p->policy.thin_step_s : 0;
    step_s = day.crowded && step_s == 0 ? 1 : step_s;
    step_s = wanted > step_s ? wanted : step_s;
    if (!outcome) {
        day.list.n = track_thin(day.list.fixes, day.list.n, step_s);
        outcome = make_track(due, &day.list, step_s, now_ms, &track);
    }
    if (!outcome) {
        done->packed++;
        done->emptied += track.bytes.len == 0;
        done->crowded += day.crowded;
        done->fixes += track.fixes;
        done->bytes += track.bytes.len;
        outcome = add_to_batch(batch, &track);
    }
    free(day.list.fixes);
    return outcome;
}

static int thin_day(struct tracks_packer *p, const struct store_due *due, int64_t now_ms, struct batch *batch, struct tracks_done *done)
{
    struct old_block old = {0};
    struct store_track track;
    int outcome = read_old(p->store, due, &old, done);
    if (!outcome && old.damage[0]) {
        free(old.list.fixes);
        return pack_day(p, due, now_ms, batch, done);
    }
    if (!outcome) {
        old.list.n = track_thin(old.list.fixes, old.list.n, p->policy.thin_step_s);
        outcome = make_track(due, &old.list, p->policy.thin_step_s, old.packed_ms, &track); /* when it was read from observations stays */
    }
    if (!outcome) {
        done->thinned++;
        outcome = add_to_batch(batch, &track);
    }
    free(old.list.fixes);
    return outcome;
}

/* --- turns --- */

struct dues {
    struct store_due *items;
    size_t n, most;
};

static void take_due(void *context, const struct store_due *due)
{
    struct dues *dues = context;
    if (dues->n < dues->most)
        dues->items[dues->n++] = *due;
}

typedef int (*day_fn)(struct tracks_packer *p, const struct store_due *due, int64_t now_ms, struct batch *batch, struct tracks_done *done);

/* Does what a query lists; *n is how much that was. */
static int do_dues(struct tracks_packer *p, const struct store_due_query *q, int64_t now_ms, day_fn each, size_t *n, struct tracks_done *done)
{
    struct dues dues = {calloc(q->limit, sizeof *dues.items), 0, q->limit};
    struct batch batch = {0};
    int outcome = dues.items ? store_track_due(p->store, q, take_due, &dues) : STORE_FAILED;
    for (size_t i = 0; i < dues.n && !outcome; i++) {
        outcome = each(p, &dues.items[i], now_ms, &batch, done);
        if (!outcome && batch.bytes >= LIMIT_TRACKS_TURN_BYTES)
            outcome = write_batch(p, &batch);
    }
    if (!outcome)
        outcome = write_batch(p, &batch);
    clear_batch(&batch);
    free(batch.tracks);
    free(dues.items);
    *n = dues.n;
    return outcome;
}

static int thin_turn(struct tracks_packer *p, int64_t now_ms, unsigned most, size_t *n, struct tracks_done *done)
{
    int64_t until_ms = days_ago(now_ms, p->policy.thin_days);
    *n = 0;
    if (!p->policy.thin_days || !p->policy.thin_step_s || p->thinned_ms >= until_ms)
        return 0;
    struct store_due_query q = {.coarse = true, .step_s = p->policy.thin_step_s, .from_ms = p->thinned_ms, .until_ms = until_ms, .limit = most};
    int outcome = do_dues(p, &q, now_ms, thin_day, n, done);
    if (!outcome && *n < most) {
        outcome = put_setting(p->store, TRACKS_THINNED, until_ms);
        p->thinned_ms = outcome ? p->thinned_ms : until_ms;
    }
    return outcome;
}

/* Observations go when everything that goes is packed: also what came late and would wait for its grace, and days in the future
 * (a wrong clock), which would never be. What comes from here on is in a segment that stays. */
static int pack_before_drop(struct tracks_packer *p, int64_t now_ms, int64_t before_ms, unsigned most, size_t *n, struct tracks_done *done)
{
    struct store_due_query q = {.from_ms = INT64_MIN, .until_ms = before_ms, .packed_before_ms = INT64_MAX, .limit = most};
    int outcome = do_dues(p, &q, now_ms, pack_day, n, done);
    if (!outcome && *n < most) {
        q.from_ms = track_day(now_ms) + 2 * TRACK_DAY_MS;
        q.until_ms = INT64_MAX;
        q.packed_before_ms = now_ms - TRACK_DAY_MS;
        outcome = do_dues(p, &q, now_ms, pack_day, n, done);
    }
    return outcome;
}

static int drop_observations(struct tracks_packer *p, int64_t now_ms, unsigned most, size_t *n, struct tracks_done *done)
{
    int64_t before_ms = days_ago(now_ms, p->policy.observations_days);
    int outcome = pack_before_drop(p, now_ms, before_ms, most, n, done);
    if (outcome || *n == most)
        return outcome;
    outcome = put_setting(p->store, TRACKS_DROPPED, before_ms); /* before: from here on both are read */
    uint64_t rows = 0;
    if (!outcome) {
        p->dropped_ms = before_ms;
        outcome = store_history_drop(p->store, before_ms, &rows);
    }
    done->observations_dropped += rows;
    return outcome;
}

static int drop_turn(struct tracks_packer *p, int64_t now_ms, unsigned most, size_t *n, struct tracks_done *done)
{
    *n = 0;
    if (p->cleared_day_ms == track_day(now_ms))
        return 0;
    uint64_t tracks = 0;
    int outcome = p->policy.tracks_days ? store_track_drop(p->store, days_ago(now_ms, p->policy.tracks_days), &tracks) : 0;
    done->tracks_dropped += tracks;
    if (!outcome && p->policy.observations_days)
        outcome = drop_observations(p, now_ms, most, n, done);
    if (!outcome && *n < most)
        p->cleared_day_ms = track_day(now_ms);
    return outcome;
}

int tracks_turn(struct tracks_packer *p, int64_t now_ms, unsigned most, struct tracks_done *done)
{
    int64_t grace_ms = (int64_t)p->policy.grace_h * 3600000;
    struct store_due_query q = {.from_ms = INT64_MIN, .until_ms = track_day(now_ms - grace_ms), .packed_before_ms = now_ms - grace_ms};
    q.limit = most < 1 ? 1 : most > 1000 ? 1000 : most;
    size_t n = 0;
    int outcome = get_ready(p);
    outcome = outcome ? outcome : do_dues(p, &q, now_ms, pack_day, &n, done);
    if (!outcome && n == 0)
        outcome = thin_turn(p, now_ms, q.limit, &n, done);
    if (!outcome && n == 0)
        outcome = drop_turn(p, now_ms, q.limit, &n, done);
    done->more = !outcome && n > 0;
    return outcome;
}

/* --- rebuilding --- */

struct days {
    int64_t *items;
    size_t n, size;
    bool failed;
};

static void take_day(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct days *days = context;
    struct track_fix fix = tracks_fix(o);
    int64_t day_ms = track_day(fix.at_ms);
    (void)raw;
    if (days->failed || !track_day_fits(day_ms) || (days->n && days->items[days->n - 1] == day_ms))
        return;
    if (days->n == days->size) {
        size_t size = days->size * 2 + 64;
        int64_t *items = realloc(days->items, size * sizeof *items);
        days->failed = !items;
        if (!items)
            return;
        days->items = items;
        days->size = size;
    }
    days->items[days->n++] = day_ms;
}

static int rebuild_seal(struct tracks_packer *p, int64_t now_ms, const char *seal, int64_t from_ms, int64_t until_ms, struct tracks_done *done)
{
    struct days days = {0};
    struct batch batch = {0};
    int outcome = store_observations(p->store, seal, from_ms, until_ms, 0, take_day, &days);
    outcome = outcome > 0 ? 0 : days.failed && !outcome ? STORE_FAILED : outcome;
    for (size_t i = 0; i < days.n && !outcome; i++) {
        struct store_due due = {.day_ms = days.items[i]};
        snprintf(due.seal, sizeof due.seal, "%s", seal);
        outcome = pack_day(p, &due, now_ms, &batch, done);
        if (!outcome && batch.bytes >= LIMIT_TRACKS_TURN_BYTES)
            outcome = write_batch(p, &batch);
    }
    if (!outcome)
        outcome = write_batch(p, &batch);
    clear_batch(&batch);
    free(batch.tracks);
    free(days.items);
    return outcome;
}

struct names {
    char (*items)[MODEL_SEAL_SIZE];
    size_t n, size;
    bool failed;
};

static void take_name(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct names *names = context;
    (void)raw;
    if (names->n == names->size && !names->failed) {
        size_t size = names->size * 2 + 1024;
        char(*items)[MODEL_SEAL_SIZE] = realloc(names->items, size * sizeof *items);
        names->failed = !items;
        names->items = items ? items : names->items;
        names->size = items ? size : names->size;
    }
    if (!names->failed)
        snprintf(names->items[names->n++], MODEL_SEAL_SIZE, "%s:%s", o->protocol, o->device);
}

int tracks_rebuild(struct tracks_packer *p, int64_t now_ms, const char *seal, int64_t from_ms, int64_t until_ms, struct tracks_done *done)
{
    struct names names = {0};
    int64_t last_ms = track_day(now_ms - (int64_t)p->policy.grace_h * 3600000) - 1; /* of the last day that is finished */
    int64_t end_ms = until_ms > last_ms ? last_ms : track_day(until_ms) + TRACK_DAY_MS - 1;
    int64_t start_ms = from_ms <= INT64_MIN + TRACK_DAY_MS ? INT64_MIN : track_day(from_ms + TRACK_DAY_MS - 1);
    int outcome = get_ready(p);
    if (outcome || start_ms > end_ms)
        return outcome;
    if (*seal)
        return rebuild_seal(p, now_ms, seal, start_ms, end_ms, done);
    outcome = store_latest(p->store, take_name, &names);
    outcome = outcome > 0 ? 0 : names.failed && !outcome ? STORE_FAILED : outcome;
    for (size_t i = 0; i < names.n && !outcome; i++)
        outcome = rebuild_seal(p, now_ms, names.items[i], start_ms, end_ms, done);
    free(names.items);
    return outcome;
}
