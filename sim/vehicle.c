// SPDX-License-Identifier: Apache-2.0
#include "sim/vehicle.h"

#define GAIN_MS2  0.35 /* a loaded lorry gaining speed */
#define BRAKE_MS2 0.8
#define DETOUR_MS 12.0 /* on the side roads of a detour */
#define TRAFFIC_S 240.0
#define RADIANS   0.017453292519943295
#define COURSE_MS 0.5 /* slower than this the course is kept */

#define NOISE_S      90.0
#define GAP_FLAT     (1.0 / 30000)
#define GAP_MOUNTAIN (1.0 / 3000)
#define WILD_FIX     (1.0 / 40000)

void sim_vehicle_init(struct sim_vehicle *v, const struct sim_path *path, uint64_t seed)
{
    *v = (struct sim_vehicle){.path = path, .random = sim_random_new(seed), .traffic = 0.95};
    v->driver = sim_random_between(&v->random, 0.86, 1.0);
    struct sim_path_point p = sim_path_at(path, 0, &v->course_deg);
    v->lat = p.lat;
    v->lon = p.lon;
    v->altitude_m = p.altitude_m;
    v->terrain = p.terrain;
}

bool sim_vehicle_halt(struct sim_vehicle *v, double s_m, int32_t seconds)
{
    double soonest = v->s_m + v->v_ms * v->v_ms / (2 * BRAKE_MS2) + 1;
    s_m = s_m < soonest ? soonest : s_m;
    if (v->n_halts == SIM_HALTS_MAX)
        return false;
    size_t i = v->n_halts++;
    for (; i > v->next_halt && v->halts[i - 1].s_m > s_m; i--)
        v->halts[i] = v->halts[i - 1];
    v->halts[i] = (struct sim_halt){s_m, seconds};
    return true;
}

static double aside(const struct sim_detour *d, double s_m)
{
    if (s_m <= d->from_m || s_m >= d->to_m)
        return 0;
    double wave = sin(3.141592653589793 * (s_m - d->from_m) / (d->to_m - d->from_m));
    return d->aside_m * wave * wave;
}

/* Off the road by a shift in one direction, square to the line from the detour's start to its end. */
static void apply_detour(const struct sim_vehicle *v, double *lat, double *lon)
{
    double off = aside(&v->detour, v->s_m);
    if (off == 0)
        return;
    struct sim_path_point a = sim_path_at(v->path, v->detour.from_m, NULL), b = sim_path_at(v->path, v->detour.to_m, NULL);
    double dx = (b.lon - a.lon) * cos(a.lat * RADIANS), dy = b.lat - a.lat, length = hypot(dx, dy);
    sim_shift(lat, lon, off * dy / length, -off * dx / length);
}

static double stop_in_m(const struct sim_vehicle *v)
{
    double end = sim_path_length(v->path) - v->s_m;
    if (v->next_halt < v->n_halts && v->halts[v->next_halt].s_m - v->s_m < end)
        end = v->halts[v->next_halt].s_m - v->s_m;
    return fmax(0, end);
}

static void drive(struct sim_vehicle *v)
{
    double target = sim_path_at(v->path, v->s_m, NULL).limit_ms * v->driver * v->traffic;
    double stop_m = stop_in_m(v);
    if (v->detour.to_m > v->s_m && v->detour.from_m < v->s_m + 60)
        target = fmin(target, DETOUR_MS);
    target = fmin(target, sqrt(2 * BRAKE_MS2 * 0.8 * stop_m));
    v->v_ms = target > v->v_ms ? fmin(target, v->v_ms + GAIN_MS2) : fmax(target, v->v_ms - BRAKE_MS2);
    v->v_ms = fmin(v->v_ms, stop_m);
    v->s_m += v->v_ms;
}

static void move_to(struct sim_vehicle *v)
{
    double course, lat, lon;
    struct sim_path_point p = sim_path_at(v->path, v->s_m, &course);
    lat = p.lat;
    lon = p.lon;
    apply_detour(v, &lat, &lon);
    v->speed_ms = sim_distance(v->lat, v->lon, lat, lon);
    if (v->speed_ms > COURSE_MS) {
        course = atan2((lon - v->lon) * cos(lat * RADIANS), lat - v->lat) / RADIANS;
        v->course_deg = course < 0 ? course + 360 : course;
    }
    v->driven_m += v->speed_ms;
    v->lat = lat;
    v->lon = lon;
    v->altitude_m = p.altitude_m;
    v->terrain = p.terrain;
}

void sim_vehicle_step(struct sim_vehicle *v)
{
    double jolt = sim_random_normal(&v->random);
    v->traffic += (0.9 - v->traffic) / TRAFFIC_S + 0.11 * sqrt(2 / TRAFFIC_S) * jolt;
    v->traffic = fmax(0.55, fmin(1.0, v->traffic));
    if (v->wait_s > 0) {
        v->wait_s -= v->wait_s != SIM_HALT_FOR_EVER;
        v->v_ms = v->speed_ms = 0;
        return;
    }
    if (v->next_halt < v->n_halts && v->halts[v->next_halt].s_m - v->s_m < 0.5) {
        v->wait_s = v->halts[v->next_halt++].seconds;
        v->v_ms = v->speed_ms = 0;
        return;
    }
    if (sim_vehicle_arrived(v)) {
        v->v_ms = v->speed_ms = 0;
        return;
    }
    drive(v);
    move_to(v);
}

void sim_gnss_init(struct sim_gnss *g, uint64_t seed)
{
    *g = (struct sim_gnss){.random = sim_random_new(seed)};
    g->sigma_m = sim_random_between(&g->random, 2.5, 5.0);
}

static void drift(struct sim_gnss *g)
{
    double keep = 1 - 1 / NOISE_S, push = g->sigma_m * sqrt(2 / NOISE_S);
    g->east_m = g->east_m * keep + push * sim_random_normal(&g->random);
    g->north_m = g->north_m * keep + push * sim_random_normal(&g->random);
}

void sim_gnss_step(struct sim_gnss *g, const struct sim_vehicle *v, struct sim_reading *reading)
{
    double gap = sim_random_unit(&g->random), wild = sim_random_unit(&g->random), length = sim_random_between(&g->random, 20, 150);
    double speed = v->speed_ms * 3.6 + 0.3 * sim_random_normal(&g->random);
    uint32_t sky = sim_random_below(&g->random, 5);
    drift(g);
    if (g->gap_s > 0)
        g->gap_s--;
    else if (gap < (v->terrain == SIM_MOUNTAIN ? GAP_MOUNTAIN : GAP_FLAT) && v->speed_ms > 1)
        g->gap_s = (int32_t)length;
    reading->fix = g->gap_s == 0;
    reading->satellites = (uint8_t)(reading->fix ? 7 + sky : sky / 2);
    reading->altitude_m = v->altitude_m;
    reading->speed_kmh = v->speed_ms < 0.3 || speed < 0 ? 0 : speed;
    reading->course_deg = v->course_deg;
    if (reading->fix || !g->had_fix) {
        g->lat = v->lat;
        g->lon = v->lon;
        sim_shift(&g->lat, &g->lon, g->east_m, g->north_m);
        g->had_fix = true;
    }
    reading->lat = g->lat;
    reading->lon = g->lon;
    if (!reading->fix)
        reading->speed_kmh = 0;
    else if (wild < WILD_FIX) /* a reflection: one fix, kilometres off */
        sim_shift(&reading->lat, &reading->lon, 3000 + 9000 * gap, 2000 - 7000 * gap);
}
