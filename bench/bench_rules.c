/* SPDX-License-Identifier: Apache-2.0
 *
 * How many observations a second one core takes through engine_observe: 1,000 journeys with a corridor of 1,000 points,
 * lorries on the road with their stops, messages of all journeys interleaved. Prints one JSON object.
 *
 * usage: bench_rules [JOURNEYS [MESSAGES-EACH]]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "platform/rules/engine.h"

#define START  INT64_C(1767250800000)
#define ROADS  50
#define POINTS 1000

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double rss_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

/* The road of journey k, which many share: 300 km with bends, a point every 300 m. */
static void road(size_t k, double share, double *lat, double *lon)
{
    k %= ROADS;
    *lat = 10 + (double)(k % 40) + 2.5 * share + 0.03 * sin(40 * share);
    *lon = 20 + (double)(k / 40) + 1.5 * share + 0.03 * cos(30 * share);
}

static struct place place_at(size_t k, double share, double radius_m)
{
    struct place p = {.radius_m = radius_m, .max_minutes = 60};
    road(k, share, &p.lat, &p.lon);
    return p;
}

static bool put(struct engine *engine, size_t k)
{
    struct journey *j = journey_new();
    double lat[POINTS], lon[POINTS];
    for (size_t i = 0; i < POINTS; i++)
        road(k, (double)i / (POINTS - 1), &lat[i], &lon[i]);
    snprintf(j->id, sizeof j->id, "J%zu", k);
    snprintf(j->seals[0], sizeof j->seals[0], "jt701:%010zu", k);
    j->n_seals = 1;
    j->state = JOURNEY_UNDER_WAY;
    j->sealed_at_ms = START;
    j->arrive_by_ms = START + INT64_C(86400000);
    j->has_origin = j->has_destination = true;
    j->origin = place_at(k, 0, 800);
    j->destination = place_at(k, 1, 800);
    j->stops[0] = place_at(k, 0.3, 300);
    j->stops[1] = place_at(k, 0.7, 300);
    j->n_stops = 2;
    bool done = journey_set_route(j, lat, lon, POINTS, 500) && engine_journey_put(engine, j, START);
    journey_free(j);
    return done;
}

static void message(size_t k, size_t i, size_t n, struct bulla_observation *o)
{
    double lat, lon;
    double noise = (double)((k * 7919 + i * 104729) % 1000) / 1000 - 0.5;
    bulla_observation_init(o, "jt701");
    snprintf(o->device, sizeof o->device, "%010zu", k);
    snprintf(o->id, sizeof o->id, "%016zx%016zx", k, i);
    road(k, (double)i / (double)n, &lat, &lon);
    o->has = BULLA_HAS_TIME | BULLA_HAS_COUNTER | BULLA_HAS_FIX | BULLA_HAS_SPEED | BULLA_HAS_SATELLITES | BULLA_HAS_PERCENT;
    o->time_ms = START + (int64_t)i * 30000;
    o->received_ms = o->time_ms + 1000;
    o->counter = (int64_t)i;
    o->fix_valid = true;
    o->lat_e7 = (int32_t)lround((lat + noise * 2e-4) * 1e7);
    o->lon_e7 = (int32_t)lround((lon + noise * 2e-4) * 1e7);
    o->satellites = 9;
    o->percent = 80;
    o->state = (struct bulla_state){BULLA_SEAL_SEALED, BULLA_SHACKLE_IN, BULLA_MOTOR_LOCKED, BULLA_COVER_CLOSED, BULLA_COVER_NONE};
}

int main(int argc, char **argv)
{
    size_t journeys = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000, each = argc > 2 ? strtoul(argv[2], NULL, 10) : 1500;
    struct engine *engine = engine_new(&(struct engine_host){0});
    double empty_mb = rss_mb(), begun = now_s();
    for (size_t k = 0; k < journeys; k++)
        if (!put(engine, k))
            return 3;
    double put_s = now_s() - begun, put_mb = rss_mb() - empty_mb, spent = 0;
    struct bulla_observation *batch = malloc(journeys * sizeof *batch);
    for (size_t i = 0; i < each && batch; i++) {
        for (size_t k = 0; k < journeys; k++)
            message(k, i, each, &batch[k]);
        double from = now_s();
        for (size_t k = 0; k < journeys; k++)
            engine_observe(engine, &batch[k]);
        engine_tick(engine, batch[0].received_ms);
        spent += now_s() - from;
    }
    struct engine_counts counts = engine_counts(engine);
    printf("{\"bench\":\"rules\",\"journeys\":%zu,\"roads\":%d,\"route_points\":%d,\"observations\":%zu,\"observations_per_cpu_s\":%.0f,"
           "\"us_each\":%.3f,\"journey_put_us\":%.1f,\"kb_per_journey_empty\":%.1f,\"kb_per_journey_full\":%.1f,\"kept\":%zu,\"alarms\":%"
           "llu}\n",
           journeys, ROADS, POINTS, journeys * each, (double)(journeys * each) / spent, spent * 1e6 / (double)(journeys * each),
           put_s * 1e6 / (double)journeys, put_mb * 1024 / (double)journeys, (rss_mb() - empty_mb) * 1024 / (double)journeys,
           counts.observations_kept, (unsigned long long)counts.raised);
    free(batch);
    engine_free(engine);
    return 0;
}
