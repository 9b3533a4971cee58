/* SPDX-License-Identifier: Apache-2.0
 *
 * Places on the earth, WGS 84 degrees, distances in metres.
 *
 * A place is a circle (origin, destination, permitted stop, checkpoint, dead zone); a route is a line with
 * a corridor around it. Both belong to a journey or to the stations that journeys are made from.
 */
#ifndef MODEL_PLACE_H
#define MODEL_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLACE_NAME_SIZE 80
#define PLACE_STOPS_MAX 64
#define PLACE_ROUTE_POINTS_MAX 20000

struct place {
    char name[PLACE_NAME_SIZE];
    char station[40]; /* id of the station it was made from, "" : none */
    double lat, lon;
    double radius_m;
    int32_t max_minutes; /* permitted stop: longest stay, 0: no limit */
};

struct route {
    size_t n;      /* points, 0: no route */
    double *lat, *lon; /* heap, owned by the journey */
    double corridor_m;
};

#endif
