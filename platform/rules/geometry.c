/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/geometry.h"

#include <geodesic.h>
#include <math.h>

#include "platform/rules/ellipsoid.h"

#define ACCURACY_GOOD_M 30.0
#define ACCURACY_POOR_M 100.0
#define ACCURACY_CELL_M 1500.0
#define SATELLITES_GOOD 4

/* Its series take longer to set up than to use. */
const struct geod_geodesic *geometry_ellipsoid(void)
{
    static _Thread_local struct geod_geodesic wgs84;
    static _Thread_local bool made;
    if (!made)
        geod_init(&wgs84, ELLIPSOID_A_M, ELLIPSOID_F);
    made = true;
    return &wgs84;
}

double geometry_distance(double lat1, double lon1, double lat2, double lon2)
{
    double distance;
    geod_inverse(geometry_ellipsoid(), lat1, lon1, lat2, lon2, &distance, NULL, NULL);
    return distance;
}

double geometry_rough(double lat1, double lon1, double lat2, double lon2)
{
    struct ellipsoid_scale scale = ellipsoid_scale_at((lat1 + lat2) / 2);
    double x = ellipsoid_turn(lon2 - lon1) * scale.lon_m, y = (lat2 - lat1) * scale.lat_m;
    return sqrt(x * x + y * y);
}

enum geometry_side geometry_place_side(const struct place *place, double lat, double lon, double accuracy_m)
{
    /* A degree of latitude is never shorter than 110,500 m: most places are left out without a sine. */
    double reach = place->radius_m + accuracy_m;
    if (fabs(place->lat - lat) * 110500.0 > reach)
        return SURELY_OUTSIDE;
    double distance = geometry_rough(place->lat, place->lon, lat, lon);
    double slack = 0.1 + (distance > 10000 ? distance * 0.005 : 0);
    if (fabs(distance - reach) < slack || fabs(distance + accuracy_m - place->radius_m) < slack || fabs(lat) > 80)
        distance = geometry_distance(place->lat, place->lon, lat, lon);
    if (distance + accuracy_m < place->radius_m)
        return SURELY_INSIDE;
    return distance > reach ? SURELY_OUTSIDE : UNSURE;
}

double geometry_accuracy(const struct bulla_observation *o)
{
    if (!bulla_observation_knows(o, BULLA_HAS_FIX) || !o->fix_valid)
        return -1;
    if (bulla_observation_knows(o, BULLA_HAS_ACCURACY) && o->accuracy_m > 0)
        return o->accuracy_m;
    if (bulla_observation_is(o, BULLA_EVENT_POSITION_CELL))
        return ACCURACY_CELL_M;
    if (bulla_observation_knows(o, BULLA_HAS_SATELLITES) && o->satellites >= SATELLITES_GOOD)
        return ACCURACY_GOOD_M;
    return ACCURACY_POOR_M;
}
