/* SPDX-License-Identifier: Apache-2.0
 *
 * How long a degree is, on WGS 84: what the planar approximations of geometry.c and line.c share.
 */
#ifndef RULES_ELLIPSOID_H
#define RULES_ELLIPSOID_H

#include <math.h>

#define ELLIPSOID_A_M    6378137.0
#define ELLIPSOID_F      (1 / 298.257223563)
#define ELLIPSOID_E2     (ELLIPSOID_F * (2 - ELLIPSOID_F))
#define ELLIPSOID_DEGREE (3.14159265358979323846 / 180)

struct geod_geodesic;
const struct geod_geodesic *geometry_ellipsoid(void); /* WGS 84 for PROJ; of the calling thread */

struct ellipsoid_scale {
    double lat_m, lon_m; /* metres of a degree along the meridian and along the parallel */
};

static inline struct ellipsoid_scale ellipsoid_scale_at(double lat)
{
    double s = sin(lat * ELLIPSOID_DEGREE), w = 1 - ELLIPSOID_E2 * s * s, n = ELLIPSOID_A_M / sqrt(w);
    return (struct ellipsoid_scale){n * (1 - ELLIPSOID_E2) / w * ELLIPSOID_DEGREE, n * sqrt(1 - s * s) * ELLIPSOID_DEGREE};
}

/* A difference of longitudes, the short way round. */
static inline double ellipsoid_turn(double degrees)
{
    return degrees > 180 ? degrees - 360 : degrees < -180 ? degrees + 360 : degrees;
}

#endif
