/* SPDX-License-Identifier: Apache-2.0
 *
 * Distance from a point to a route of up to 20,000 points: boxes over runs of pieces in a binary tree. Neighbours on a
 * road are neighbours on the earth, so the order of the points is the order of the tree.
 */
#include <float.h>
#include <geodesic.h>
#include <math.h>
#include <stdlib.h>

#include "platform/rules/ellipsoid.h"
#include "platform/rules/geometry.h"

#define PIECE_M    2000.0 /* a parallel and a geodesic of that length part by less than 0.5 m below 80 degrees */
#define PIECES_MAX 200000
#define LEAF       8      /* pieces in a box of the lowest level */
#define PLANAR_M   2000.0 /* up to here the plane is right to centimetres */

struct box {
    double lat0, lat1, lon0, lon1;
    double narrowest; /* cosine of the latitude nearest to a pole */
};

struct geometry_line {
    size_t n;          /* points; n - 1 pieces */
    size_t leaves;     /* a power of two */
    double *lat, *lon; /* longitudes go on past 180 instead of turning back */
    double *along;     /* metres from the start */
    struct box *box;   /* heap order: children of k are 2k and 2k + 1, leaves from `leaves` */
    size_t near_leaf;  /* where the last answer was found: the next is likely close. Speed alone, never the answer. */
};

struct query {
    const struct geometry_line *line;
    double lat, lon;
    double lat_m, lon_m; /* metres of a degree at the point */
    double narrowing;    /* by how much of it lon_m falls for each degree of latitude, at half way */
    double cosine;
    double best;
    size_t leaf; /* where the best was found */
};

static size_t pieces_of(const struct route *route, size_t i, double piece_m)
{
    double leg = geometry_rough(route->lat[i], route->lon[i], route->lat[i + 1], route->lon[i + 1]);
    return 1 + (size_t)(leg / piece_m);
}

/* The piece length that keeps their number in bounds, and that number. */
static double choose_piece(const struct route *route, size_t *total)
{
    for (double piece_m = PIECE_M;; piece_m *= 2) {
        *total = 0;
        for (size_t i = 0; i + 1 < route->n; i++)
            *total += pieces_of(route, i, piece_m);
        if (*total <= PIECES_MAX)
            return piece_m;
    }
}

static void cut(struct geometry_line *line, const struct route *route, double piece_m)
{
    double lon = route->lon[0];
    line->n = 0;
    for (size_t i = 0; i + 1 < route->n; i++) {
        size_t parts = pieces_of(route, i, piece_m);
        double turn = ellipsoid_turn(route->lon[i + 1] - route->lon[i]);
        for (size_t k = 0; k < parts; k++) {
            double share = (double)k / (double)parts;
            line->lat[line->n] = route->lat[i] + (route->lat[i + 1] - route->lat[i]) * share;
            line->lon[line->n++] = lon + turn * share;
        }
        lon += turn;
    }
    line->lat[line->n] = route->lat[route->n - 1];
    line->lon[line->n++] = lon;
}

static void measure_along(struct geometry_line *line)
{
    line->along[0] = 0;
    for (size_t i = 1; i < line->n; i++)
        line->along[i] = line->along[i - 1] + geometry_rough(line->lat[i - 1], line->lon[i - 1], line->lat[i], line->lon[i]);
}

static struct box box_of_points(const struct geometry_line *line, size_t first, size_t last)
{
    struct box b = {line->lat[first], line->lat[first], line->lon[first], line->lon[first], 0};
    for (size_t i = first + 1; i <= last; i++) {
        b.lat0 = fmin(b.lat0, line->lat[i]);
        b.lat1 = fmax(b.lat1, line->lat[i]);
        b.lon0 = fmin(b.lon0, line->lon[i]);
        b.lon1 = fmax(b.lon1, line->lon[i]);
    }
    b.narrowest = cos(fmax(fabs(b.lat0), fabs(b.lat1)) * ELLIPSOID_DEGREE);
    return b;
}

static struct box box_union(const struct box *a, const struct box *b)
{
    return (struct box){fmin(a->lat0, b->lat0), fmax(a->lat1, b->lat1), fmin(a->lon0, b->lon0), fmax(a->lon1, b->lon1),
                        fmin(a->narrowest, b->narrowest)};
}

static void build(struct geometry_line *line)
{
    size_t pieces = line->n - 1;
    for (size_t k = 0; k < line->leaves; k++) {
        size_t first = k * LEAF, last = first + LEAF > pieces ? pieces : first + LEAF;
        line->box[line->leaves + k] =
            first < pieces ? box_of_points(line, first, last) : (struct box){DBL_MAX, -DBL_MAX, DBL_MAX, -DBL_MAX, 1};
    }
    for (size_t k = line->leaves - 1; k >= 1; k--)
        line->box[k] = box_union(&line->box[2 * k], &line->box[2 * k + 1]);
}

struct geometry_line *geometry_line_new(const struct route *route)
{
    size_t total;
    struct geometry_line *line = route->n >= 2 ? calloc(1, sizeof *line) : NULL;
    if (!line)
        return NULL;
    double piece_m = choose_piece(route, &total);
    for (line->leaves = 1; line->leaves * LEAF < total;)
        line->leaves *= 2;
    line->lat = malloc((total + 1) * sizeof *line->lat);
    line->lon = malloc((total + 1) * sizeof *line->lon);
    line->along = malloc((total + 1) * sizeof *line->along);
    line->box = malloc(2 * line->leaves * sizeof *line->box);
    if (!line->lat || !line->lon || !line->along || !line->box) {
        geometry_line_free(line);
        return NULL;
    }
    cut(line, route, piece_m);
    measure_along(line);
    build(line);
    return line;
}

void geometry_line_free(struct geometry_line *line)
{
    if (!line)
        return;
    free(line->lat);
    free(line->lon);
    free(line->along);
    free(line->box);
    free(line);
}

/* Square of a distance that is never more than that to anything in the box: two percent are for what a plane gets wrong. */
static double box_bound(const struct query *q, const struct box *b)
{
    double y = q->lat < b->lat0 ? b->lat0 - q->lat : q->lat > b->lat1 ? q->lat - b->lat1 : 0;
    double x = q->lon < b->lon0 ? b->lon0 - q->lon : q->lon > b->lon1 ? q->lon - b->lon1 : 0;
    x *= 111000.0 * (q->cosine < b->narrowest ? q->cosine : b->narrowest);
    y *= 110500.0;
    return 0.98 * (x * x + y * y);
}

/* Distance of the origin from the straight line between two points of the plane. */
static double segment_distance(double ax, double ay, double bx, double by)
{
    double dx = bx - ax, dy = by - ay, square = dx * dx + dy * dy;
    double along = square > 0 ? -(ax * dx + ay * dy) / square : 0;
    along = along < 0 ? 0 : along > 1 ? 1 : along;
    double x = ax + along * dx, y = ay + along * dy;
    return sqrt(x * x + y * y);
}

static double planar(const struct query *q, size_t i)
{
    double y[2], x[2];
    for (size_t k = 0; k < 2; k++) {
        double dlat = q->line->lat[i + k] - q->lat;
        y[k] = dlat * q->lat_m;
        x[k] = (q->line->lon[i + k] - q->lon) * q->lon_m * (1 - q->narrowing * dlat);
    }
    return segment_distance(x[0], y[0], x[1], y[1]);
}

/* In the plane of true distances and azimuths around the point. */
static double exact(const struct query *q, size_t i)
{
    double y[2], x[2];
    for (size_t k = 0; k < 2; k++) {
        double distance, azimuth;
        geod_inverse(geometry_ellipsoid(), q->lat, q->lon, q->line->lat[i + k], q->line->lon[i + k], &distance, &azimuth, NULL);
        x[k] = distance * sin(azimuth * ELLIPSOID_DEGREE);
        y[k] = distance * cos(azimuth * ELLIPSOID_DEGREE);
    }
    return segment_distance(x[0], y[0], x[1], y[1]);
}

static void measure_leaf(struct query *q, size_t leaf, double (*measure)(const struct query *, size_t), double limit)
{
    size_t first = leaf * LEAF;
    for (size_t i = first; i < first + LEAF && i + 1 < q->line->n; i++) {
        double distance = measure == planar || planar(q, i) <= limit ? measure(q, i) : DBL_MAX;
        if (distance < q->best) {
            q->best = distance;
            q->leaf = leaf;
        }
    }
}

/* Visits every piece that may be nearer than `limit`; with `measure` planar it draws the limit in as it finds nearer ones. */
static void search(struct query *q, double (*measure)(const struct query *, size_t), double limit)
{
    size_t stack[64], depth = 0;
    stack[depth++] = 1;
    while (depth > 0) {
        size_t k = stack[--depth];
        double reach = measure == planar ? q->best : limit;
        if (reach < DBL_MAX && box_bound(q, &q->line->box[k]) > reach * reach)
            continue;
        if (k >= q->line->leaves) {
            measure_leaf(q, k - q->line->leaves, measure, limit);
            continue;
        }
        bool left = box_bound(q, &q->line->box[2 * k]) <= box_bound(q, &q->line->box[2 * k + 1]);
        stack[depth++] = left ? 2 * k + 1 : 2 * k;
        stack[depth++] = left ? 2 * k : 2 * k + 1;
    }
}

double geometry_line_distance(struct geometry_line *line, double lat, double lon)
{
    struct ellipsoid_scale scale = ellipsoid_scale_at(lat);
    double centre = (line->box[1].lon0 + line->box[1].lon1) / 2;
    struct query q = {.line = line, .lat = lat, .lat_m = scale.lat_m, .lon_m = scale.lon_m, .best = DBL_MAX};
    q.lon = lon - 360 * round((lon - centre) / 360);
    q.cosine = cos(lat * ELLIPSOID_DEGREE);
    q.narrowing = tan(lat * ELLIPSOID_DEGREE) * ELLIPSOID_DEGREE / 2;
    measure_leaf(&q, line->near_leaf, planar, DBL_MAX);
    search(&q, planar, DBL_MAX);
    line->near_leaf = q.leaf;
    if (q.best <= PLANAR_M)
        return q.best;
    double limit = q.best * 1.002 + 1;
    q.best = DBL_MAX;
    search(&q, exact, limit);
    return q.best < DBL_MAX ? q.best : limit;
}

/* --- along the line --- */

double geometry_line_length(const struct geometry_line *line)
{
    return line->along[line->n - 1];
}

/* The last point that is not further along than that. */
static size_t point_before(const struct geometry_line *line, double along_m)
{
    size_t low = 0, high = line->n - 1;
    while (low + 1 < high) {
        size_t middle = (low + high) / 2;
        if (line->along[middle] <= along_m)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static double within(double value, double least, double most)
{
    return value < least ? least : value > most ? most : value;
}

/* Where on a piece between those metres the place is nearest, as a share of the piece; *off_m: how far from it. */
static double nearest_share(const struct query *q, size_t i, double from_m, double until_m, double *off_m)
{
    double start_m = q->line->along[i], length_m = q->line->along[i + 1] - start_m;
    double x[2], y[2];
    for (size_t k = 0; k < 2; k++) {
        y[k] = (q->line->lat[i + k] - q->lat) * q->lat_m;
        x[k] = (q->line->lon[i + k] - q->lon) * q->lon_m;
    }
    double dx = x[1] - x[0], dy = y[1] - y[0], square = dx * dx + dy * dy;
    double share = square > 0 ? -(x[0] * dx + y[0] * dy) / square : 0;
    if (length_m > 0)
        share = within(share, within((from_m - start_m) / length_m, 0, 1), within((until_m - start_m) / length_m, 0, 1));
    *off_m = hypot(x[0] + share * dx, y[0] + share * dy);
    return share;
}

double geometry_line_along(const struct geometry_line *line, double lat, double lon, double from_m, double until_m, double *off_m)
{
    struct ellipsoid_scale scale = ellipsoid_scale_at(lat);
    double centre = (line->box[1].lon0 + line->box[1].lon1) / 2, best = DBL_MAX, found = from_m;
    struct query q = {.line = line, .lat = lat, .lon = lon - 360 * round((lon - centre) / 360), .lat_m = scale.lat_m, .lon_m = scale.lon_m};
    for (size_t i = point_before(line, from_m); i + 1 < line->n && line->along[i] <= until_m; i++) {
        double off, share = nearest_share(&q, i, from_m, until_m, &off);
        if (off >= best)
            continue;
        best = off;
        found = line->along[i] + share * (line->along[i + 1] - line->along[i]);
    }
    *off_m = best;
    return found;
}
