// SPDX-License-Identifier: Apache-2.0
#include "sim/roads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/random.h"

#define DEGREE_M      111195.0
#define RADIANS       0.017453292519943295
#define MIDDLE_LAT    (-2.0) /* of the theatre: the plane in which roads are drawn */
#define SPACING_M     100.0
#define BEND_SMALLEST 140.0 /* metres of radius */
#define EASE_ROUNDS   400
#define SIDE_MS2      1.4  /* what a loaded lorry takes sideways */
#define SLOW_MS2      0.35 /* how it slows down before a bend */
#define TOWN_M        1500.0
#define NETWORK_SEED  UINT64_C(0x62756c6c61) /* the roads are geography: the same for every world */

const struct sim_place sim_places[SIM_PLACES_N] = {
#define PLACE(id, name, code, kind, lat, lon, altitude, radius) {name, code, SIM_##kind, lat, lon, altitude, radius},
#include "sim/roads.def"
#undef PLACE
};

struct via {
    double lat, lon;
};

static const struct road {
    enum sim_place_id from, to;
    enum sim_terrain terrain;
    struct via via[8]; /* 0, 0 ends them: no road here passes that point */
} roads_table[] = {
#define V(lat, lon)                  {lat, lon},
#define ROAD(from, to, terrain, via) {SIM_##from, SIM_##to, SIM_##terrain, {via}},
#include "sim/roads.def"
#undef ROAD
#undef V
};
#define ROADS_N (sizeof roads_table / sizeof roads_table[0])

static const struct {
    double roughness; /* sideways displacement as a part of the length, at the coarsest scale */
    double piece_m;   /* displacement stops at pieces this short */
    double limit_ms;
} terrains[] = {[SIM_FLAT] = {0.045, 2600, 22.2}, [SIM_ROLLING] = {0.075, 1400, 20.8}, [SIM_MOUNTAIN] = {0.13, 750, 16.7}};

struct xy {
    double x, y;
};

struct line {
    struct xy *at;
    size_t n, size;
};

struct sim_roads {
    struct line lines[ROADS_N];
    double length_m[ROADS_N];
    struct sim_path *paths[SIM_PLACES_N][SIM_PLACES_N];
};

/* --- plane --- */
static struct xy to_plane(double lat, double lon)
{
    return (struct xy){lon * DEGREE_M * cos(MIDDLE_LAT * RADIANS), lat * DEGREE_M};
}

static void from_plane(struct xy p, double *lat, double *lon)
{
    *lat = p.y / DEGREE_M;
    *lon = p.x / (DEGREE_M * cos(MIDDLE_LAT * RADIANS));
}

static double apart(struct xy a, struct xy b)
{
    return hypot(a.x - b.x, a.y - b.y);
}

double sim_distance(double lat1, double lon1, double lat2, double lon2)
{
    double dx = (lon2 - lon1) * cos((lat1 + lat2) / 2 * RADIANS), dy = lat2 - lat1;
    return hypot(dx, dy) * DEGREE_M;
}

void sim_shift(double *lat, double *lon, double dx_m, double dy_m)
{
    *lon += dx_m / (DEGREE_M * cos(*lat * RADIANS));
    *lat += dy_m / DEGREE_M;
}

static bool line_add(struct line *line, struct xy p)
{
    if (line->n == line->size) {
        size_t size = line->size ? line->size * 2 : 64;
        struct xy *at = realloc(line->at, size * sizeof *at);
        if (!at)
            return false;
        line->at = at;
        line->size = size;
    }
    line->at[line->n++] = p;
    return true;
}

/* --- drawing a road --- */
static bool displace(struct line *line, struct xy a, struct xy b, enum sim_terrain terrain, struct sim_random *random)
{
    double length = apart(a, b), sideways = sim_random_normal(random);
    if (length < terrains[terrain].piece_m)
        return line_add(line, b);
    sideways = fmax(-1.6, fmin(1.6, sideways)) * terrains[terrain].roughness * length;
    sideways = fmax(-2500, fmin(2500, sideways));
    struct xy middle = {(a.x + b.x) / 2 - (b.y - a.y) / length * sideways, (a.y + b.y) / 2 + (b.x - a.x) / length * sideways};
    return displace(line, a, middle, terrain, random) && displace(line, middle, b, terrain, random);
}

/* Catmull-Rom between b and c, with a before and d behind. */
static struct xy curve(struct xy a, struct xy b, struct xy c, struct xy d, double t)
{
    double t2 = t * t, t3 = t2 * t;
    double wa = -t3 + 2 * t2 - t, wb = 3 * t3 - 5 * t2 + 2, wc = -3 * t3 + 4 * t2 + t, wd = t3 - t2;
    return (struct xy){(wa * a.x + wb * b.x + wc * c.x + wd * d.x) / 2, (wa * a.y + wb * b.y + wc * c.y + wd * d.y) / 2};
}

static bool curve_through(const struct line *knots, struct line *fine)
{
    bool ok = line_add(fine, knots->at[0]);
    for (size_t i = 0; ok && i + 1 < knots->n; i++) {
        struct xy b = knots->at[i], c = knots->at[i + 1];
        struct xy a = i ? knots->at[i - 1] : b, d = i + 2 < knots->n ? knots->at[i + 2] : c;
        unsigned parts = (unsigned)(apart(b, c) / 20) + 1;
        for (unsigned k = 1; ok && k <= parts; k++)
            ok = line_add(fine, curve(a, b, c, d, (double)k / parts));
    }
    return ok;
}

static double line_length(const struct line *line)
{
    double length = 0;
    for (size_t i = 1; i < line->n; i++)
        length += apart(line->at[i - 1], line->at[i]);
    return length;
}

/* The same line with points at equal distances of about SPACING_M. */
static bool respace(const struct line *fine, struct line *out)
{
    double length = line_length(fine), step = length / fmax(1, round(length / SPACING_M)), due = step, walked = 0;
    bool ok = line_add(out, fine->at[0]);
    for (size_t i = 1; ok && i < fine->n; i++) {
        struct xy a = fine->at[i - 1], b = fine->at[i];
        double d = apart(a, b);
        for (; ok && due <= walked + d && due < length - step / 2; due += step) {
            double t = (due - walked) / d;
            ok = line_add(out, (struct xy){a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t});
        }
        walked += d;
    }
    return ok && line_add(out, fine->at[fine->n - 1]);
}

static double bend_radius(struct xy a, struct xy b, struct xy c)
{
    double cross = fabs((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
    return cross < 1e-9 ? 1e9 : apart(a, b) * apart(b, c) * apart(a, c) / (2 * cross);
}

/* Sharp bends give way to their neighbourhood until a lorry can take them. The ends stay. */
static void ease(struct line *line)
{
    for (int round = 0; round < EASE_ROUNDS; round++) {
        size_t sharp = 0;
        for (size_t i = 1; i + 1 < line->n; i++) {
            struct xy *p = &line->at[i];
            if (bend_radius(p[-1], p[0], p[1]) >= BEND_SMALLEST)
                continue;
            size_t first = i > 3 ? i - 3 : 1, last = i + 4 < line->n - 1 ? i + 4 : line->n - 1;
            for (size_t k = first; k < last; k++) {
                struct xy *q = &line->at[k];
                q->x = q->x / 2 + (q[-1].x + q[1].x) / 4;
                q->y = q->y / 2 + (q[-1].y + q[1].y) / 4;
            }
            sharp++;
        }
        if (!sharp)
            return;
    }
}

static bool draw_road(const struct road *road, struct line *out, struct sim_random random)
{
    struct line knots = {0}, fine = {0}, even = {0};
    const struct sim_place *from = &sim_places[road->from], *to = &sim_places[road->to];
    struct xy last = to_plane(from->lat, from->lon);
    bool ok = line_add(&knots, last);
    for (size_t i = 0; ok && i < 8 && (road->via[i].lat != 0 || road->via[i].lon != 0); i++) {
        struct xy next = to_plane(road->via[i].lat, road->via[i].lon);
        ok = displace(&knots, last, next, road->terrain, &random);
        last = next;
    }
    ok = ok && displace(&knots, last, to_plane(to->lat, to->lon), road->terrain, &random);
    ok = ok && curve_through(&knots, &fine) && respace(&fine, &even);
    if (ok)
        ease(&even);
    ok = ok && respace(&even, out);
    free(knots.at);
    free(fine.at);
    free(even.at);
    return ok;
}

struct sim_roads *sim_roads_new(void)
{
    struct sim_roads *roads = calloc(1, sizeof *roads);
    struct sim_random random = sim_random_new(NETWORK_SEED);
    for (size_t i = 0; roads && i < ROADS_N; i++) {
        if (!draw_road(&roads_table[i], &roads->lines[i], sim_random_split(&random, i))) {
            sim_roads_free(roads);
            return NULL;
        }
        roads->length_m[i] = line_length(&roads->lines[i]);
    }
    return roads;
}

void sim_roads_free(struct sim_roads *roads)
{
    if (!roads)
        return;
    for (size_t i = 0; i < ROADS_N; i++)
        free(roads->lines[i].at);
    for (size_t i = 0; i < SIM_PLACES_N * SIM_PLACES_N; i++) {
        struct sim_path *path = (&roads->paths[0][0])[i];
        if (path) {
            free(path->at);
            free(path->passes);
            free(path);
        }
    }
    free(roads);
}

/* --- finding a way --- */
struct way { /* Dijkstra: from where, by which road */
    double far_m[SIM_PLACES_N];
    int road[SIM_PLACES_N];
    bool done[SIM_PLACES_N];
};

static int other_end(size_t road, int place)
{
    return (int)roads_table[road].from == place ? (int)roads_table[road].to
           : (int)roads_table[road].to == place ? (int)roads_table[road].from
                                                : -1;
}

static bool find_way(const struct sim_roads *roads, int from, int to, struct way *w)
{
    for (int i = 0; i < SIM_PLACES_N; i++)
        w->far_m[i] = i == from ? 0 : INFINITY;
    for (;;) {
        int best = -1;
        for (int i = 0; i < SIM_PLACES_N; i++)
            if (!w->done[i] && isfinite(w->far_m[i]) && (best < 0 || w->far_m[i] < w->far_m[best]))
                best = i;
        if (best < 0 || best == to)
            return best == to;
        w->done[best] = true;
        for (size_t r = 0; r < ROADS_N; r++) {
            int next = other_end(r, best);
            if (next >= 0 && w->far_m[best] + roads->length_m[r] < w->far_m[next]) {
                w->far_m[next] = w->far_m[best] + roads->length_m[r];
                w->road[next] = (int)r;
            }
        }
    }
}

/* --- a path --- */
struct sketch { /* the path in the plane, before lengths and limits */
    struct line line;
    enum sim_terrain *terrain;
    double *altitude;
    size_t size;
    struct sim_pass passes[SIM_PLACES_N];
    size_t pass_at[SIM_PLACES_N]; /* index of the point */
    size_t n_passes;
};

static bool sketch_add(struct sketch *k, struct xy p, enum sim_terrain terrain, double altitude)
{
    if (!line_add(&k->line, p))
        return false;
    if (k->size < k->line.size) {
        enum sim_terrain *t = realloc(k->terrain, k->line.size * sizeof *t);
        k->terrain = t ? t : k->terrain;
        double *a = t ? realloc(k->altitude, k->line.size * sizeof *a) : NULL;
        if (!a)
            return false;
        k->altitude = a;
        k->size = k->line.size;
    }
    k->terrain[k->line.n - 1] = terrain;
    k->altitude[k->line.n - 1] = altitude;
    return true;
}

static bool sketch_road(struct sketch *k, const struct sim_roads *roads, size_t r, int from)
{
    const struct line *line = &roads->lines[r];
    bool forward = (int)roads_table[r].from == from;
    double high_from = sim_places[from].altitude_m, high_to = sim_places[other_end(r, from)].altitude_m;
    bool ok = true;
    for (size_t i = k->line.n ? 1 : 0; ok && i < line->n; i++) {
        double t = (double)i / (double)(line->n - 1);
        ok = sketch_add(k, line->at[forward ? i : line->n - 1 - i], roads_table[r].terrain, high_from + (high_to - high_from) * t);
    }
    return ok;
}

static bool sketch_way(struct sketch *k, const struct sim_roads *roads, const struct way *w, int from, int to)
{
    int order[SIM_PLACES_N], n = 0;
    for (int place = to; place != from; place = other_end((size_t)w->road[place], place))
        order[n++] = place;
    k->passes[0].place = (enum sim_place_id)from;
    k->n_passes = 1;
    for (int place = from; n-- > 0; place = order[n]) {
        if (!sketch_road(k, roads, (size_t)w->road[order[n]], place))
            return false;
        k->passes[k->n_passes].place = (enum sim_place_id)order[n];
        k->pass_at[k->n_passes++] = k->line.n - 1;
    }
    return true;
}

static double limit_at(const struct sketch *k, const struct sim_path *path, size_t i)
{
    double limit = terrains[k->terrain[i]].limit_ms;
    if (i && i + 1 < path->n)
        limit = fmin(limit, sqrt(SIDE_MS2 * bend_radius(k->line.at[i - 1], k->line.at[i], k->line.at[i + 1])));
    for (size_t p = 0; p < path->n_passes; p++)
        if (fabs(path->passes[p].s_m - path->at[i].s_m) < TOWN_M)
            limit = fmin(limit, 12.5);
    return fmax(limit, 4.0);
}

static void measure(struct sketch *k, struct sim_path *path)
{
    for (size_t i = 0; i < path->n; i++) {
        struct sim_path_point *p = &path->at[i];
        from_plane(k->line.at[i], &p->lat, &p->lon);
        p->terrain = k->terrain[i];
        p->altitude_m = k->altitude[i];
        p->s_m = i ? p[-1].s_m + sim_distance(p[-1].lat, p[-1].lon, p->lat, p->lon) : 0;
    }
    for (size_t i = 0; i < path->n_passes; i++) {
        path->passes[i] = k->passes[i];
        path->passes[i].s_m = path->at[k->pass_at[i]].s_m;
    }
    for (size_t i = 0; i < path->n; i++)
        path->at[i].limit_ms = limit_at(k, path, i);
    for (size_t i = path->n - 1; i-- > 0;) { /* so that the lorry can slow down in time */
        double next = path->at[i + 1].limit_ms, ds = path->at[i + 1].s_m - path->at[i].s_m;
        path->at[i].limit_ms = fmin(path->at[i].limit_ms, sqrt(next * next + 2 * SLOW_MS2 * ds));
    }
}

static struct sim_path *make_path(const struct sim_roads *roads, int from, int to)
{
    struct way w = {0};
    struct sketch k = {0};
    struct sim_path *path = NULL;
    if (from != to && find_way(roads, from, to, &w) && sketch_way(&k, roads, &w, from, to) && (path = calloc(1, sizeof *path))) {
        ease(&k.line); /* where roads meet */
        path->n = k.line.n;
        path->n_passes = k.n_passes;
        path->at = calloc(path->n, sizeof *path->at);
        path->passes = calloc(path->n_passes, sizeof *path->passes);
        if (path->at && path->passes) {
            measure(&k, path);
        } else {
            free(path->at);
            free(path->passes);
            free(path);
            path = NULL;
        }
    }
    free(k.line.at);
    free(k.terrain);
    free(k.altitude);
    return path;
}

const struct sim_path *sim_roads_path(struct sim_roads *roads, enum sim_place_id from, enum sim_place_id to)
{
    struct sim_path **slot = &roads->paths[from][to];
    if (!*slot)
        *slot = make_path(roads, (int)from, (int)to);
    return *slot;
}

struct sim_path_point sim_path_at(const struct sim_path *path, double s_m, double *course_deg)
{
    size_t low = 0, high = path->n - 1;
    s_m = fmax(0, fmin(s_m, sim_path_length(path)));
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (path->at[middle].s_m <= s_m)
            low = middle;
        else
            high = middle;
    }
    const struct sim_path_point *a = &path->at[low], *b = &path->at[high];
    double t = (s_m - a->s_m) / (b->s_m - a->s_m);
    struct sim_path_point p = *a;
    p.lat += (b->lat - a->lat) * t;
    p.lon += (b->lon - a->lon) * t;
    p.altitude_m += (b->altitude_m - a->altitude_m) * t;
    p.limit_ms += (b->limit_ms - a->limit_ms) * t;
    p.s_m = s_m;
    if (course_deg) {
        double course = atan2((b->lon - a->lon) * cos(a->lat * RADIANS), b->lat - a->lat) / RADIANS;
        *course_deg = course < 0 ? course + 360 : course;
    }
    return p;
}

/* --- simplification --- */
static double off_chord(struct xy p, struct xy a, struct xy b)
{
    double dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
    double t = square > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / square : 0;
    t = fmax(0, fmin(1, t));
    return hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

static struct xy path_xy(const struct sim_path *path, size_t i)
{
    return to_plane(path->at[i].lat, path->at[i].lon);
}

static void keep_far(const struct sim_path *path, size_t first, size_t last, double tolerance_m, bool *keep)
{
    while (last - first > 1) {
        struct xy a = path_xy(path, first), b = path_xy(path, last);
        double worst = tolerance_m;
        size_t at = 0;
        for (size_t i = first + 1; i < last; i++) {
            double off = off_chord(path_xy(path, i), a, b);
            if (off > worst) {
                worst = off;
                at = i;
            }
        }
        if (!at)
            return;
        keep[at] = true;
        keep_far(path, first, at, tolerance_m, keep);
        first = at;
    }
}

size_t sim_path_simplify(const struct sim_path *path, double tolerance_m, double *lat, double *lon)
{
    bool *keep = calloc(path->n, sizeof *keep);
    size_t n = 0;
    if (!keep)
        return 0;
    keep[0] = keep[path->n - 1] = true;
    keep_far(path, 0, path->n - 1, tolerance_m, keep);
    for (size_t i = 0; i < path->n; i++)
        if (keep[i]) {
            lat[n] = path->at[i].lat;
            lon[n++] = path->at[i].lon;
        }
    free(keep);
    return n;
}
