/* SPDX-License-Identifier: Apache-2.0
 *
 * Plan: a journey made ready for the rules: its route as a searchable line, its limits with the defaults filled in, the
 * span in which it is supervised. Read only once made.
 */
#ifndef RULES_PLAN_H
#define RULES_PLAN_H

#include "platform/model/journey.h"
#include "platform/rules/notes.h"
#include "platform/rules/ruling.h"
#include "platform/rules/shelf.h"

#define PLAN_MINUTE_MS  INT64_C(60000)
#define PLAN_CARRIED_MS (30 * PLAN_MINUTE_MS) /* so long after a seal's own fix that of the vessel counts */
#define PLAN_RULES_MAX  64

struct plan {
    struct journey *journey;          /* own copy */
    struct geometry_line *line;       /* NULL: no route */
    struct shelf *shelf;              /* whose the line is */
    const struct ruling *ruling;      /* what the rules go by beside it */
    struct notes *notes;              /* what others said, for the entries; the only member that grows */
    bool has_origin, has_destination; /* the ends of the route stand in where the journey names no place */
    struct place origin, destination;
    double corridor_m;
    size_t n_means;                  /* devices of vessels and trains whose position stands in for silent seals: sources behind the seals */
    uint8_t means[JOURNEY_LEGS_MAX]; /* the first leg of each */
    double length_m;                 /* of the route; 0: there is none */
    double *point_along;             /* heap: how far along the route each point of the journey is; negative: it is not on it */
    double speed_max_ms;             /* metres a second that the vehicle can reach */
    int64_t start_ms, end_ms;        /* supervised from, until; INT64_MAX: open */
    int64_t silence_ms, stay_ms;     /* negative: the rule is off */
    int battery_percent;             /* negative: off */
    uint16_t rule_size[PLAN_RULES_MAX]; /* bytes of each rule's state; 0: the journey has no use for it (rule.c) */
    uint32_t vehicle_size, seal_size;   /* of the rules of each scope together */
};

/* NULL when out of memory. Copies the journey, but for the points of its route, which become a line of the shelf. Holds the ruling. */
struct plan *plan_new(const struct journey *journey, struct shelf *shelf, const struct ruling *ruling);
void plan_free(struct plan *plan);

/* The leg of that time, NULL: none is planned. Off the road: it is one by vessel or rail, with ways and stops of its own. */
const struct journey_leg *plan_leg(const struct plan *plan, int64_t at_ms);
bool plan_off_road(const struct plan *plan, int64_t at_ms);

/* Whose observations the journey takes in: its seals, then the means of its legs that are devices ("ais:244660000"). */
size_t plan_sources(const struct plan *plan);
const char *plan_source_name(const struct plan *plan, size_t source);
int plan_source(const struct plan *plan, const char *name); /* -1: none of its */
/* Whether a source of the means is that of a leg at this time. */
bool plan_carries(const struct plan *plan, size_t source, int64_t at_ms);

/* The index of a seal in the journey, -1: not one of its. */
int plan_seal(const struct plan *plan, const char *seal);

/* A changed plan takes over what entries of the old one point at. */
void plan_inherit(struct plan *plan, struct plan *old);

/* A seal that others read and that says nothing by itself: mechanical, passive, semi-active, by its protocol. */
bool plan_seal_is_mute(const struct plan *plan, size_t seal);

#endif
