// SPDX-License-Identifier: Apache-2.0
//
// The journey as it was planned, and the way as it is: halts, queues, skies, and how each device was made.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trip_internal.h"

#define EPOCH_MS INT64_C(1767571200000) /* 2026-01-05T00:00:00Z */
#define CLEAR_M  6000.0
#define SPREAD_S (7 * 24 * TRIP_HOUR)
#define QUEUE_M  1500.0

static const enum sim_place_id ways[][2] = {
    {SIM_MOMBASA, SIM_NAIROBI},  {SIM_KAMPALA, SIM_ELEGU},   {SIM_MOMBASA, SIM_ARUSHA},   {SIM_KAMPALA, SIM_KIGALI},
    {SIM_DAR, SIM_DODOMA},       {SIM_KISUMU, SIM_KAMPALA},  {SIM_ARUSHA, SIM_NAIROBI},   {SIM_ELDORET, SIM_ELEGU},
    {SIM_KIGALI, SIM_BUJUMBURA}, {SIM_NAIROBI, SIM_BUSIA},   {SIM_NAIVASHA, SIM_MALABA},  {SIM_MALABA, SIM_KAMPALA},
    {SIM_NAKURU, SIM_KISUMU},    {SIM_DODOMA, SIM_RUSUMO},   {SIM_NAIROBI, SIM_NAIVASHA}, {SIM_MBARARA, SIM_KIGALI},
    {SIM_DAR, SIM_ARUSHA},       {SIM_NAIROBI, SIM_KAMPALA}, {SIM_RUSUMO, SIM_KIGALI},    {SIM_GULU, SIM_JUBA},
    {SIM_MOMBASA, SIM_KAMPALA},  {SIM_DAR, SIM_KIGALI},
};
#define WAYS_N (sizeof ways / sizeof ways[0])
static const int intervals_s[] = {60, 60, 60, 60, 60, 120, 120, 120, 300, 300, 300, 300, 300, 300, 600, 600, 600, 600, 900, 900};
#define INTERVALS_N (sizeof intervals_s / sizeof intervals_s[0])

/* --- devices --- */

static void plan_device(struct trip_run *run, int i, int interval_s)
{
    struct trip_device *d = &run->device[i];
    d->random = sim_random_split(&run->random, 100 + (uint64_t)i);
    struct sim_random *r = &d->random;
    trip_receiver_init(&d->receiver, r, 7);
    d->says_state = sim_random_chance(r, 0.7);
    d->says_parts = !d->says_state || sim_random_chance(r, 0.5);
    d->says_events = sim_random_chance(r, 0.85);
    d->memory = sim_random_chance(r, 0.85);
    d->flags_stored = sim_random_chance(r, 0.75);
    d->newest_first = sim_random_chance(r, 0.2);
    d->wakes = sim_random_chance(r, 0.5);
    d->says_percent = sim_random_chance(r, 0.9);
    static const int factors[] = {1, 1, 2, 3};
    int parked_s = interval_s * factors[sim_random_below(r, 4)];
    d->parked_s = parked_s > 1800 ? 1800 : parked_s;
    d->percent = sim_random_between(r, 45, 100);
    d->drain = sim_random_between(r, 0.05, 0.4) / TRIP_HOUR;
    d->percent_noise = sim_random_between(r, 0.2, 1.5);
    d->charging = sim_random_chance(r, 0.2);
    d->latency_s = sim_random_between(r, 1.5, 8);
    d->clock_ms = (int64_t)(1500 * sim_random_normal(r));
    d->clock_fixed_ms = BULLA_TIME_NONE;
    d->clock_from_ms = run->start_ms;
    d->said_ms = d->unsealed_ms = d->maybe_low_ms = d->surely_low_ms = BULLA_TIME_NONE;
    d->next_ms = run->start_ms + (int64_t)sim_random_between(r, 2000, 1000.0 * interval_s);
    d->state = (struct bulla_state){BULLA_SEAL_SEALED, BULLA_SHACKLE_IN, BULLA_MOTOR_LOCKED, BULLA_COVER_CLOSED, BULLA_COVER_NONE};
}

void trip_add_device(struct trip_run *run)
{
    struct journey *j = run->trip->journey;
    plan_device(run, run->n_devices++, (int)(run->trip->interval_ms / 1000));
    snprintf(j->seals[j->n_seals++], sizeof j->seals[0], "test:%d", run->n_devices);
}

/* --- the way --- */

bool trip_halt(struct trip_run *run, double s_m, double minutes)
{
    if (run->n_halts == TRIP_HALTS_MAX || !sim_vehicle_halt(&run->vehicle, s_m, (int32_t)(minutes * TRIP_MINUTE)))
        return false;
    run->halts_m[run->n_halts++] = s_m;
    return true;
}

void trip_shade(struct trip_run *run, double from_m, double upto_m, enum trip_sky sky, bool no_network)
{
    if (run->n_shades < TRIP_SHADES_MAX)
        run->shade[run->n_shades++] = (struct trip_shade){from_m, upto_m, sky, no_network};
}

static bool clear_of(const struct trip_run *run, double s_m)
{
    for (size_t i = 0; i < run->path->n_passes; i++)
        if (fabs(run->path->passes[i].s_m - s_m) < CLEAR_M)
            return false;
    for (size_t i = 0; i < run->n_halts; i++)
        if (fabs(run->halts_m[i] - s_m) < CLEAR_M / 2)
            return false;
    for (size_t i = 0; i < run->n_crawls; i++)
        if (s_m > run->crawl[i].from_m - CLEAR_M && s_m < run->crawl[i].upto_m + CLEAR_M)
            return false;
    for (size_t i = 0; i < run->n_shades; i++)
        if (s_m > run->shade[i].from_m - CLEAR_M / 2 && s_m < run->shade[i].upto_m + CLEAR_M / 2)
            return false;
    return true;
}

double trip_open_road(struct trip_run *run, double from_share, double upto_share)
{
    double s_m = 0, length = sim_path_length(run->path);
    for (int i = 0; i < 60; i++) {
        s_m = length * sim_random_between(&run->random, from_share, upto_share);
        if (clear_of(run, s_m))
            break;
    }
    return s_m;
}

/* Under which sky the places of the way lie: yards of containers and streets are canyons, stops may have a roof. */
static void plan_sky(struct trip_run *run, struct sim_random *r)
{
    for (size_t i = 0; i < run->path->n_passes; i++) {
        const struct sim_place *p = &sim_places[run->path->passes[i].place];
        double s_m = run->path->passes[i].s_m, luck = sim_random_unit(r);
        bool yard = p->kind == SIM_PORT || p->kind == SIM_DEPOT;
        trip_shade(run, s_m - 1.5 * p->radius_m, s_m + 1.5 * p->radius_m, TRIP_TOWN, false);
        if (luck < (yard ? 0.5 : p->kind == SIM_TOWN ? 0.3 : 0.1))
            trip_shade(run, s_m - 0.8 * p->radius_m, s_m + 0.8 * p->radius_m, TRIP_CANYON, false);
        else if (luck > 0.85)
            trip_shade(run, s_m - 60, s_m + 60, TRIP_ROOF, false);
    }
    for (uint32_t n = sim_random_below(r, 3); n > 0; n--) {
        double long_m = sim_random_between(r, 300, 3500), s_m = trip_open_road(run, 0.1, 0.9);
        trip_shade(run, s_m, s_m + long_m, TRIP_DARK, sim_random_chance(r, 0.7));
    }
}

void trip_add_stop(struct trip_run *run, const char *name, double s_m, double radius_m, double aside_m, int32_t minutes)
{
    struct journey *j = run->trip->journey;
    if (j->n_stops == PLACE_STOPS_MAX)
        return;
    struct place *p = &j->stops[j->n_stops++];
    struct sim_path_point at = sim_path_at(run->path, s_m, NULL);
    *p = (struct place){.lat = at.lat, .lon = at.lon, .radius_m = radius_m, .max_minutes = minutes};
    snprintf(p->name, sizeof p->name, "%s", name);
    sim_shift(&p->lat, &p->lon, aside_m, -aside_m / 2);
}

/* Lorries that wait for the border stand on the road before it; the queue is declared as such. */
static void plan_queue(struct trip_run *run, struct sim_random *r, const struct sim_place *border, double s_m)
{
    double long_m = sim_random_between(r, 400, 6000), kmh = sim_random_between(r, 1.2, 5);
    struct journey *j = run->trip->journey;
    if (run->n_crawls == TRIP_CRAWLS_MAX || s_m < long_m + 5000)
        return;
    run->crawl[run->n_crawls++] = (struct trip_crawl){s_m - long_m, s_m - 100, 0, kmh};
    char name[PLACE_NAME_SIZE];
    snprintf(name, sizeof name, "queue before %s", border->name);
    trip_add_stop(run, name, s_m - long_m / 2, long_m / 2 + QUEUE_M / 3, 0, 0);
    if (j->n_zones < JOURNEY_ZONES_MAX && j->n_stops > 0)
        j->zones[j->n_zones++] = (struct zone){ZONE_QUEUE, j->stops[j->n_stops - 1]};
}

static void plan_passes(struct trip_run *run, struct sim_random *r)
{
    for (size_t i = 1; i + 1 < run->path->n_passes; i++) {
        const struct sim_place *p = &sim_places[run->path->passes[i].place];
        double s_m = run->path->passes[i].s_m, luck = sim_random_unit(r), queue = sim_random_unit(r);
        double rest = sim_random_between(r, 15, 55), weigh = sim_random_between(r, 4, 30), border = sim_random_between(r, 20, 190);
        double off = sim_random_between(r, -0.35, 0.35) * p->radius_m, late = sim_random_unit(r);
        if (p->kind == SIM_STOP)
            trip_add_stop(run, p->name, s_m, p->radius_m, off, 90);
        else if (p->kind != SIM_TOWN)
            trip_add_stop(run, p->name, s_m, p->radius_m, off, p->kind == SIM_BORDER ? 0 : 60);
        if (p->kind == SIM_STOP && luck < 0.6)
            (void)trip_halt(run, s_m + 0.3 * off, late < 0.1 ? rest + 25 : rest); /* up to 80 of 90 min */
        else if (p->kind == SIM_CHECKPOINT)
            (void)trip_halt(run, s_m, weigh);
        else if (p->kind == SIM_BORDER && queue < 0.5)
            plan_queue(run, r, p, s_m);
        if (p->kind == SIM_BORDER)
            (void)trip_halt(run, s_m, border);
    }
}

/* Halts and jams that nobody plans. */
static void plan_road(struct trip_run *run, struct sim_random *r)
{
    for (uint32_t n = sim_random_below(r, 5); n > 0; n--) {
        double minutes = sim_random_between(r, 1, 8), more = sim_random_unit(r);
        (void)trip_halt(run, trip_open_road(run, 0.03, 0.97), more < 0.25 ? minutes + 8 : minutes);
    }
    for (uint32_t n = sim_random_below(r, 4); n > 1 && run->n_crawls < TRIP_CRAWLS_MAX; n--) {
        double long_m = sim_random_between(r, 200, 3000), kmh = sim_random_between(r, 1.5, 9), s_m = trip_open_road(run, 0.05, 0.9);
        run->crawl[run->n_crawls++] = (struct trip_crawl){s_m, s_m + long_m, 0, kmh};
    }
    if (sim_random_chance(r, 0.2)) { /* a way round a village, within the corridor */
        double s_m = trip_open_road(run, 0.1, 0.8), most = run->trip->journey->route.corridor_m - 180;
        double aside = sim_random_between(r, 0.3, 1) * most;
        run->vehicle.detour = (struct sim_detour){s_m, s_m + sim_random_between(r, 3000, 9000), sim_random_chance(r, 0.5) ? aside : -aside};
    }
}

static struct place end_place(struct trip_run *run, struct sim_random *r, size_t pass)
{
    const struct sim_place *p = &sim_places[run->path->passes[pass].place];
    struct place out = {.lat = p->lat, .lon = p->lon, .radius_m = p->radius_m};
    struct sim_path_point at = sim_path_at(run->path, run->path->passes[pass].s_m, NULL);
    out.lat = at.lat;
    out.lon = at.lon;
    double far = sim_random_between(r, 0, 0.45) * p->radius_m, angle = sim_random_between(r, 0, 6.283185307179586);
    sim_shift(&out.lat, &out.lon, far * cos(angle), far * sin(angle)); /* the lorry stands at some ramp of it */
    snprintf(out.name, sizeof out.name, "%s", p->name);
    return out;
}

static bool plan_journey(struct trip_run *run, struct sim_random *r)
{
    struct journey *j = run->trip->journey = journey_new();
    double *points = malloc(2 * run->path->n * sizeof *points);
    static const double corridors_m[] = {500, 500, 500, 500, 500, 500, 300, 300, 1000, 1000}, drawn_m[] = {20, 50, 100};
    double corridor_m = corridors_m[sim_random_below(r, 10)], tolerance_m = drawn_m[sim_random_below(r, 3)];
    size_t n = points && j ? sim_path_simplify(run->path, tolerance_m, points, points + run->path->n) : 0;
    bool done = n >= 2 && n <= PLACE_ROUTE_POINTS_MAX && journey_set_route(j, points, points + run->path->n, n, corridor_m);
    free(points);
    if (!done)
        return false;
    snprintf(j->id, sizeof j->id, "T%llu", (unsigned long long)run->trip->seed);
    strcpy(j->seals[j->n_seals++], "test:1");
    j->state = JOURNEY_UNDER_WAY;
    j->created_ms = run->start_ms - 60 * TRIP_MINUTE_MS;
    j->sealed_at_ms = run->start_ms;
    j->has_origin = j->has_destination = true;
    j->origin = end_place(run, r, 0);
    j->destination = end_place(run, r, run->path->n_passes - 1);
    return true;
}

bool trip_plan(struct trip_run *run, struct sim_roads *roads)
{
    struct sim_random stream = sim_random_split(&run->random, 1), *r = &stream;
    const enum sim_place_id *way = ways[sim_random_below(r, WAYS_N)];
    bool back = sim_random_chance(r, 0.3);
    run->path = sim_roads_path(roads, way[back], way[!back]);
    if (!run->path)
        return false;
    int interval_s = intervals_s[sim_random_below(r, INTERVALS_N)];
    run->trip->interval_ms = interval_s * INT64_C(1000);
    run->start_ms = run->now_ms = EPOCH_MS + INT64_C(1000) * (int64_t)sim_random_below(r, SPREAD_S);
    run->n_devices = 1;
    plan_device(run, 0, interval_s);
    sim_vehicle_init(&run->vehicle, run->path, sim_random_u64(r));
    if (!plan_journey(run, r))
        return false;
    if (sim_random_chance(r, 0.12))
        trip_add_device(run);
    (void)trip_halt(run, 0, sim_random_between(r, 8, 75)); /* papers, gate */
    plan_sky(run, r);
    plan_passes(run, r);
    plan_road(run, r);
    return true;
}
