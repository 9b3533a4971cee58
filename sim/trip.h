/* SPDX-License-Identifier: Apache-2.0
 *
 * A trip: one journey with what its seals say and, beside it, the truth: which alarms must come, with which onset, and
 * which may. Everything else that a rule finds in it is false. Made from a seed: the same seed gives the same bytes.
 *
 * The lorry and the roads are the demo's (vehicle.h, roads.h). What its seals make of the world is harder than the demo's:
 * receivers that wander between walls and parked, hold still, repeat an old fix or fall back to cells; coverage that
 * breaks, devices that keep, repeat, reorder and lose what they said; clocks that are off. docs/alarm-quality.md says
 * how each was modelled and why.
 */
#ifndef SIM_TRIP_H
#define SIM_TRIP_H

#include "platform/model/alarm.h"
#include "sim/roads.h"

#define TRIP_LABELS_MAX 400

enum trip_scene {
#define SCENE(id, name, share, play) TRIP_##id,
#include "sim/trips.def"
#undef SCENE
    TRIP_SCENES_N
};

struct trip_label {
    enum alarm_kind kind;
    bool must;                /* else it may come: so near to a limit that either is right, or a consequence */
    int device;               /* index of the seal; -1: of the vehicle, any of them */
    int64_t truth_ms;         /* when it happened, true time */
    int64_t from_ms, upto_ms; /* where the onset may lie */
    int64_t over_ms;          /* when it could no longer be seen; INT64_MAX: it stays */
    int64_t known_ms;         /* arrival of the first message made at or after it; BULLA_TIME_NONE: none came */
    int64_t deadline_ms;      /* must: raised by then; arrival of what was said within two reporting intervals */
};

struct trip {
    uint64_t seed;
    enum trip_scene scene;
    struct journey *journey;
    struct bulla_observation *said; /* in order of arrival */
    int64_t *made_ms;               /* true time of each */
    size_t n, capacity;
    struct trip_label labels[TRIP_LABELS_MAX];
    size_t n_labels;
    int64_t interval_ms; /* between reports on the road */
    int64_t until_ms;    /* the clock at the end */
    double km, hours;
};

/* Of every thousand trips, how many have a scene in which something is wrong; each in its share of trips.def. */
#define TRIP_INCIDENTS_PERMILLE 300

/* Makes the trip of a seed into *out, which is zero or was cleared. False when out of memory. */
bool trip_make(struct sim_roads *roads, uint64_t seed, int incidents_permille, struct trip *out);
void trip_clear(struct trip *trip);

const char *trip_scene_text(enum trip_scene scene);

#endif
