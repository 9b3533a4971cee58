/* SPDX-License-Identifier: Apache-2.0
 *
 * What seals said: single messages, pages, tracks; and what could not be accepted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/out/observed.h"
#include "platform/out/routes.h"
#include "platform/tracks.h"

#define TRACK_OBSERVATIONS_MAX 500000

/* --- one --- */

static void take_detail(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    *(json_t **)context = out_observed_detail(o, raw);
}

struct at_moment { /* the first observation of a moment */
    json_t *detail;
};

static void take_first(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct at_moment *found = context;
    if (!found->detail)
        found->detail = out_observed_detail(o, raw);
}

/* SEAL@MS, as rows of packed tracks are named. False: it is not such a name. */
static bool answer_moment(struct out_request *r)
{
    char seal[MODEL_SEAL_SIZE], *end = NULL;
    const char *at = strrchr(r->id, '@');
    size_t n = at ? (size_t)(at - r->id) : 0;
    int64_t at_ms = at ? strtoll(at + 1, &end, 10) : 0;
    if (!at || n == 0 || n >= sizeof seal || end == at + 1 || *end)
        return false;
    memcpy(seal, r->id, n);
    seal[n] = '\0';
    struct at_moment found = {NULL};
    int outcome = store_observations(out_store(r), seal, at_ms, at_ms, 1, take_first, &found);
    if (!out_store_ok(r, outcome == STORE_OK && !found.detail ? STORE_NOT_FOUND : outcome, "observation"))
        json_decref(found.detail);
    else
        out_answer_json(r, 200, found.detail);
    return true;
}

void out_observation_get(struct out_request *r)
{
    json_t *detail = NULL;
    if (answer_moment(r))
        return;
    int found = strlen(r->id) < BULLA_ID_SIZE ? store_observation_get(out_store(r), r->id, take_detail, &detail) : STORE_NOT_FOUND;
    if (!out_store_ok(r, found == STORE_OK && !detail ? STORE_NOT_FOUND : found, "observation"))
        return;
    out_answer_json(r, 200, detail);
}

static void take_damage(void *context, const struct store_damage *d)
{
    json_array_append_new(context,
                          json_pack("{s:o, s:s, s:s, s:s, s:s, s:o}", "received", json_time(d->received_ms), "protocol", d->protocol,
                                    "peer", d->peer, "outcome", d->outcome, "why", d->why, "raw", out_observed_raw(d->raw)));
}

void out_damage_list(struct out_request *r)
{
    int64_t limit = 0;
    if (!out_param_number(r, "limit", 1, OUT_PAGE_MAX, OUT_PAGE_DEFAULT, &limit))
        return;
    json_t *items = json_array();
    if (out_store_ok(r, store_damages(out_store(r), (unsigned)limit, take_damage, items), "damage"))
        out_page_all(r, items);
    else
        json_decref(items);
}

/* --- pages --- */

struct timed {
    int64_t time_ms;
    json_t *json;
};

struct observations {
    struct timed *list;
    size_t n, room;
};

static void take_observation(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct observations *all = context;
    (void)raw;
    if (all->n == all->room) {
        size_t room = all->room ? all->room * 2 : 128;
        struct timed *list = realloc(all->list, room * sizeof *list);
        if (!list)
            return;
        all->list = list;
        all->room = room;
    }
    all->list[all->n++] = (struct timed){out_observed_time(o), observation_to_json(o)};
}

static int by_time(const void *a, const void *b)
{
    int64_t x = ((const struct timed *)a)->time_ms, y = ((const struct timed *)b)->time_ms;
    return (x > y) - (x < y);
}

/* Answers the first `limit` of what was taken, oldest first; `next` is the time of the one behind. */
static void answer_observations(struct out_request *r, struct observations *all, size_t limit)
{
    json_t *items = json_array();
    if (all->n)
        qsort(all->list, all->n, sizeof *all->list, by_time);
    json_t *next = all->n > limit ? json_time(all->list[limit].time_ms) : json_null();
    for (size_t i = 0; i < all->n; i++) {
        if (i < limit)
            json_array_append_new(items, all->list[i].json);
        else
            json_decref(all->list[i].json);
    }
    free(all->list);
    out_answer_json(r, 200, json_pack("{s:o, s:o}", "items", items, "next", next));
}

static void answer_span(struct out_request *r, const char (*seals)[MODEL_SEAL_SIZE], size_t n, int64_t from_ms, int64_t until_ms)
{
    struct observations all = {0};
    int64_t limit = 0;
    int outcome = STORE_OK;
    if (!out_param_number(r, "limit", 1, OUT_PAGE_MAX, OUT_PAGE_DEFAULT, &limit))
        return;
    for (size_t i = 0; i < n && outcome == STORE_OK; i++) {
        outcome = store_observations(out_store(r), seals[i], from_ms, until_ms, (size_t)limit + 1, take_observation, &all);
        outcome = outcome == STORE_NOT_FOUND ? STORE_OK : outcome;
    }
    bool ok = out_store_ok(r, outcome, "observation");
    answer_observations(r, &all, ok ? (size_t)limit : 0);
}

/* The span of a seal that the user may see: all of it, or for a carrier the seal's journey. */
static bool seal_span(struct out_request *r, const struct seal *seal, int64_t *from_ms, int64_t *until_ms)
{
    struct journey *j = NULL;
    *until_ms = r->now_ms + 300000;
    *from_ms = r->now_ms - 86400000;
    if (out_access_is_carrier(r)) {
        if (!out_access_journey(r, seal->journey, &j))
            return false;
        out_observed_span(j, r->now_ms, from_ms, until_ms);
        journey_free(j);
    }
    return out_observed_read_span(r, from_ms, until_ms);
}

/* What is answered for one or more seals in a span of time: their observations, or their tracks. */
typedef void (*answer_fn)(struct out_request *r, const char (*seals)[MODEL_SEAL_SIZE], size_t n, int64_t from_ms, int64_t until_ms);

static void answer_seal(struct out_request *r, answer_fn answer)
{
    struct seal seal;
    int64_t from_ms, until_ms;
    if (out_access_seal(r, r->id, &seal) && seal_span(r, &seal, &from_ms, &until_ms))
        answer(r, (const char(*)[MODEL_SEAL_SIZE])seal.id, 1, from_ms, until_ms);
}

static void answer_journey(struct out_request *r, answer_fn answer)
{
    struct journey *j = NULL;
    int64_t from_ms, until_ms;
    if (!out_access_journey(r, r->id, &j))
        return;
    out_observed_span(j, r->now_ms, &from_ms, &until_ms);
    if (out_observed_read_span(r, &from_ms, &until_ms))
        answer(r, (const char(*)[MODEL_SEAL_SIZE])j->seals, j->n_seals, from_ms, until_ms);
    journey_free(j);
}

void out_seal_observations(struct out_request *r)
{
    answer_seal(r, answer_span);
}

void out_journey_observations(struct out_request *r)
{
    answer_journey(r, answer_span);
}

/* --- tracks --- */

struct track_row {
    struct track_fix fix;
    char id[BULLA_ID_SIZE]; /* "" : from a packed track */
};

struct track {
    struct track_row *rows;
    size_t n, room;
};

static void take_row(void *context, const struct track_fix *fix, const char *id)
{
    struct track *track = context;
    if (track->n == track->room) {
        size_t room = track->room ? track->room * 2 : 1024;
        struct track_row *rows = realloc(track->rows, room * sizeof *rows);
        if (!rows)
            return;
        track->rows = rows;
        track->room = room;
    }
    struct track_row *row = &track->rows[track->n++];
    row->fix = *fix;
    snprintf(row->id, sizeof row->id, "%s", id);
}

static json_t *part_or_null(int32_t value, double parts)
{
    return value == TRACK_UNKNOWN ? json_null() : json_real(value / parts);
}

static json_t *count_or_null(int32_t value)
{
    return value == TRACK_UNKNOWN ? json_null() : json_integer(value);
}

/* A row of a packed track is named by its seal and time: GET /observations/{id} finds the message by them while it is kept. */
static json_t *row_json(const char *seal, const struct track_row *row)
{
    const struct track_fix *f = &row->fix;
    bool fix = f->flags & TRACK_FIX;
    char id[MODEL_SEAL_SIZE + 24];
    if (row->id[0])
        snprintf(id, sizeof id, "%s", row->id);
    else
        snprintf(id, sizeof id, "%s@%lld", seal, (long long)f->at_ms);
    return json_pack("[I, o, o, o, o, o, o, i, o, o, o, s]", (json_int_t)f->at_ms, fix ? json_real(f->lat_e7 / 1e7) : json_null(),
                     fix ? json_real(f->lon_e7 / 1e7) : json_null(), part_or_null(f->speed_cmh, 100), part_or_null(f->course_cdeg, 100),
                     count_or_null(f->accuracy_m), fix ? json_integer(f->flags & TRACK_VALID ? 1 : 0) : json_null(),
                     f->flags & TRACK_STORED ? 1 : 0, count_or_null(f->percent), part_or_null(f->temperature_milli, 1000),
                     f->state ? json_string(bulla_seal_state_text(f->state)) : json_null(), id);
}

/* Every k-th row, the last one, and those with events, so that about `most` remain. */
static json_t *rows_json(const char *seal, const struct track *track, size_t most)
{
    json_t *rows = json_array();
    size_t step = (track->n + most - 1) / most;
    for (size_t i = 0; i < track->n; i++) {
        const struct track_fix *f = &track->rows[i].fix;
        bool tells = (f->flags & (TRACK_EVENTFUL | TRACK_CELL)) != 0 || (i && f->state != track->rows[i - 1].fix.state);
        if (i % step == 0 || i + 1 == track->n || tells)
            json_array_append_new(rows, row_json(seal, &track->rows[i]));
    }
    return rows;
}

static void answer_track(struct out_request *r, const char (*seals)[MODEL_SEAL_SIZE], size_t n, int64_t from_ms, int64_t until_ms)
{
    json_t *tracks = json_array();
    int64_t points = 0;
    int outcome = STORE_OK;
    bool ok = out_param_number(r, "points", 2, OUT_TRACK_POINTS_MAX, OUT_TRACK_POINTS, &points);
    for (size_t i = 0; i < n && ok && outcome == STORE_OK; i++) {
        struct track track = {0};
        outcome = tracks_read(out_store(r), seals[i], from_ms, until_ms, TRACK_OBSERVATIONS_MAX, take_row, &track);
        outcome = outcome == STORE_NOT_FOUND ? STORE_OK : outcome;
        json_array_append_new(tracks, json_pack("{s:s, s:I, s:o}", "seal", seals[i], "total", (json_int_t)track.n, "rows",
                                                track.n ? rows_json(seals[i], &track, (size_t)points) : json_array()));
        free(track.rows);
    }
    if (!ok || !out_store_ok(r, outcome, "observation")) {
        json_decref(tracks);
        return;
    }
    json_t *columns = json_pack("[s, s, s, s, s, s, s, s, s, s, s, s]", "t", "lat", "lon", "speed_kmh", "course_deg", "accuracy_m", "valid",
                                "stored", "percent", "temperature", "state", "id");
    out_answer_json(r, 200, json_pack("{s:o, s:o}", "columns", columns, "tracks", tracks));
}

void out_seal_track(struct out_request *r)
{
    answer_seal(r, answer_track);
}

void out_journey_track(struct out_request *r)
{
    answer_journey(r, answer_track);
}
