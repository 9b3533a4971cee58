/* SPDX-License-Identifier: Apache-2.0
 *
 * Places and roads. The network is roads.def; the line of a road between its known points is made here, the same on
 * every run and for every seed: midpoint displacement whose size depends on the terrain, a Catmull-Rom curve through
 * it, then bends eased to a radius that a lorry can take. Points every 100 m or so.
 */
#ifndef SIM_ROADS_H
#define SIM_ROADS_H

#include <stdbool.h>
#include <stddef.h>

enum sim_place_id {
#define PLACE(id, name, code, kind, lat, lon, altitude, radius) SIM_##id,
#include "sim/roads.def"
#undef PLACE
    SIM_PLACES_N
};

enum sim_place_kind { SIM_TOWN, SIM_CHECKPOINT, SIM_DEPOT, SIM_PORT, SIM_BORDER, SIM_STOP };
enum sim_terrain { SIM_FLAT, SIM_ROLLING, SIM_MOUNTAIN };

struct sim_place {
    const char *name, *code;
    enum sim_place_kind kind;
    double lat, lon, altitude_m, radius_m;
};

extern const struct sim_place sim_places[SIM_PLACES_N];

struct sim_path_point {
    double lat, lon, altitude_m;
    double s_m;      /* way from the start */
    double limit_ms; /* speed that bends, towns and terrain allow, metres a second */
    enum sim_terrain terrain;
};

struct sim_pass { /* a place that the path passes */
    enum sim_place_id place;
    double s_m;
};

struct sim_path {
    size_t n, n_passes;
    struct sim_path_point *at;
    struct sim_pass *passes; /* origin first, destination last */
};

struct sim_roads;

struct sim_roads *sim_roads_new(void); /* NULL: out of memory */
void sim_roads_free(struct sim_roads *roads);

/* The shortest way. The path belongs to `roads`. NULL: out of memory, or no way. */
const struct sim_path *sim_roads_path(struct sim_roads *roads, enum sim_place_id from, enum sim_place_id to);

static inline double sim_path_length(const struct sim_path *path)
{
    return path->at[path->n - 1].s_m;
}

/* The point at s (held within the path), with the course there in degrees. */
struct sim_path_point sim_path_at(const struct sim_path *path, double s_m, double *course_deg);

/* The path with fewer points (Douglas-Peucker): no point of it is further than tolerance_m from the new line. Writes at
 * most the path's own number of points to lat and lon; returns how many. 0: out of memory. */
size_t sim_path_simplify(const struct sim_path *path, double tolerance_m, double *lat, double *lon);

/* Metres between two points; flat earth, good to a thousandth up to some hundred kilometres here. */
double sim_distance(double lat1, double lon1, double lat2, double lon2);
/* The point dx metres east and dy metres north. */
void sim_shift(double *lat, double *lon, double dx_m, double dy_m);

#endif
