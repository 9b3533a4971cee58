/* SPDX-License-Identifier: Apache-2.0
 *
 * Geometry that knows how good a fix is. WGS 84 degrees, metres.
 *
 * Distances that decide are geodesic (PROJ), or planar where plane and ellipsoid agree to centimetres; a planar
 * figure otherwise only tells which decisions are clear. A route is a line that is straight in longitude and
 * latitude between its points (RFC 7946, 3.1.1), which is also how it was drawn; long legs are therefore cut
 * into short pieces.
 */
#ifndef RULES_GEOMETRY_H
#define RULES_GEOMETRY_H

#include "bulla/observation.h"
#include "platform/model/place.h"

enum geometry_side { SURELY_INSIDE, UNSURE, SURELY_OUTSIDE };

struct geometry_line;

/* Geodesic distance. */
double geometry_distance(double lat1, double lon1, double lat2, double lon2);

/* Planar distance at the middle latitude: off by less than 0.1 m under 10 km, by less than 0.5 % under 200 km. */
double geometry_rough(double lat1, double lon1, double lat2, double lon2);

/* Where a fix of that accuracy lies: surely inside is distance + accuracy < radius, surely outside distance - accuracy > radius. */
enum geometry_side geometry_place_side(const struct place *place, double lat, double lon, double accuracy_m);

/* General rule 5: the fix's own accuracy, else 30 m with four satellites or more, 100 m with fewer or unknown, 1,500 m from
 * cells. Negative: the observation has no usable fix. */
double geometry_accuracy(const struct bulla_observation *o);

/* NULL when out of memory or with fewer than two points. */
struct geometry_line *geometry_line_new(const struct route *route);
void geometry_line_free(struct geometry_line *line);

/* Distance to the line: right to 1 m within 100 km. The line remembers where it looked last, for speed alone. */
double geometry_line_distance(struct geometry_line *line, double lat, double lon);

double geometry_line_length(const struct geometry_line *line); /* metres */

/* How far along the line, in metres, the point is that is nearest to the place; of those between from_m and until_m, the
 * first where two are as near. *off_m: how far the place is from it. */
double geometry_line_along(const struct geometry_line *line, double lat, double lon, double from_m, double until_m, double *off_m);

#endif
