/* SPDX-License-Identifier: Apache-2.0
 *
 * A loaded lorry on a path, and what its satellite receiver makes of it. Both go in steps of one second, in metres and
 * metres a second; randomness is their own stream, so that a copy run ahead tells exactly what will happen.
 */
#ifndef SIM_VEHICLE_H
#define SIM_VEHICLE_H

#include "sim/device.h"
#include "sim/roads.h"

#define SIM_HALTS_MAX     32
#define SIM_HALT_FOR_EVER INT32_MAX

struct sim_halt {
    double s_m;
    int32_t seconds;
};

struct sim_detour { /* leaves the road between from_m and to_m, at most aside_m to its right (left when negative) */
    double from_m, to_m, aside_m;
};

struct sim_vehicle {
    const struct sim_path *path;
    struct sim_random random;
    struct sim_halt halts[SIM_HALTS_MAX]; /* ascending */
    size_t n_halts, next_halt;
    int32_t wait_s; /* of the halt it is in */
    struct sim_detour detour;
    double driver;  /* part of the permitted speed that this driver drives */
    double traffic; /* 1: free road */
    double s_m, v_ms, driven_m;
    double lat, lon, altitude_m, course_deg, speed_ms; /* where it truly is; speed over ground */
    enum sim_terrain terrain;
};

void sim_vehicle_init(struct sim_vehicle *v, const struct sim_path *path, uint64_t seed);
/* Adds a halt, kept in order. One that lies behind the vehicle or closer than it can stop counts as at once. */
bool sim_vehicle_halt(struct sim_vehicle *v, double s_m, int32_t seconds);
void sim_vehicle_step(struct sim_vehicle *v);
static inline bool sim_vehicle_arrived(const struct sim_vehicle *v)
{
    return v->s_m >= sim_path_length(v->path) - 0.5;
}

/* Correlated noise of a few metres, gaps (more in mountains), and rarely one wild fix. */
struct sim_gnss {
    struct sim_random random;
    double east_m, north_m; /* the error at hand */
    double sigma_m;
    int32_t gap_s;   /* seconds of the gap left */
    double lat, lon; /* of the last fix */
    bool had_fix;
};

void sim_gnss_init(struct sim_gnss *g, uint64_t seed);
/* One second; fills position, speed, course, altitude, satellites and fix of the reading. */
void sim_gnss_step(struct sim_gnss *g, const struct sim_vehicle *v, struct sim_reading *reading);

#endif
