/* SPDX-License-Identifier: Apache-2.0
 *
 * Position: which fixes of one seal can be believed (general rule 5), and where they lie. A fix that the vehicle cannot
 * have reached is set aside until two further ones agree with it; then all three count, in their order. A fix that is the
 * one before it again, to the last digit, may be a receiver that has lost the sky and repeats itself: for 10 min it is no
 * second opinion, and the vehicle may have gone on since it was first said.
 */
#ifndef RULES_POSITION_H
#define RULES_POSITION_H

#include "platform/rules/entry.h"
#include "platform/rules/geometry.h"

#define POSITION_CELL_M 10000.0 /* cells of unknown size reach from hundreds of metres to this and more */
#define POSITION_CHAIN  3       /* the one set aside, and the two that agree with it */

/* A fix with what the geometry says of it. */
struct fix {
    int64_t at_ms;
    double lat, lon, accuracy_m;
    char id[BULLA_ID_SIZE];
    uint8_t seal;
    uint8_t origin, destination;   /* enum geometry_side; SURELY_OUTSIDE of a place that does not exist */
    int16_t stop;                  /* the stop it is surely inside, -1: none */
    bool near_place;               /* not surely outside of origin, destination, every stop and every zone that one may drive to */
    bool in_place;                 /* surely inside one of them */
    bool moving;                   /* by the receiver's own speed, or that was not said */
    bool cell;                     /* from cells of unknown size: near, at best */
    bool repeated;                 /* the last one again, within 10 min of the first */
    int32_t dead_minutes;          /* announced dead zone: its due time, 0: without one; -1: surely outside of all */
    uint16_t near_zones, in_zones; /* duties, a bit each: of zones it is not surely outside of, and surely inside */
    double off_route_m;            /* distance to the route's line; negative: there is no route */
};

struct position_point {
    int64_t at_ms;
    int64_t first_ms;  /* when this very place was first said, at most 10 min before */
    int64_t device_ms; /* of a clock that is wrong: its own time, which still tells how much has passed; else BULLA_TIME_NONE */
    int32_t lat_e7, lon_e7, accuracy_m;
    bool cell, repeated, moving;
    bool prompt;  /* it was heard when it was made: its time is right to a minute */
    bool undated; /* its clock is wrong, or may be: late, and not marked as kept */
    char id[BULLA_ID_SIZE];
};

struct position {
    struct position_point last;   /* newest believed fix; at_ms is BULLA_TIME_NONE before the first */
    struct position_point before; /* the one believed before it */
    uint32_t n_aside;
    struct position_point aside[POSITION_CHAIN];
};

/* What one entry brought. */
struct position_news {
    size_t n_fixes;
    struct fix fix[POSITION_CHAIN]; /* believed now, in order of time; the last is the newest */
    size_t n_wild;
    struct position_point wild[POSITION_CHAIN]; /* set aside and never confirmed */
    bool jumped;                                /* three fixes agree on a place that could not be reached */
    struct position_point from;                 /* with jumped: the place before */
};

void position_init(struct position *position);
/* Whether the vehicle can have gone from a to b, both accuracies granted. */
bool position_reachable(const struct plan *plan, const struct position_point *a, const struct position_point *b);
void position_step(struct position *position, const struct plan *plan, const struct entry *e, struct position_news *news);

#endif
