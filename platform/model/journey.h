/* SPDX-License-Identifier: Apache-2.0
 *
 * Journey: the supervised movement of one or more seals. Plain data; its life is the const table in
 * journey.c (draft -> sealed -> under way -> arrived -> released | cancelled).
 *
 * Times are ms since the epoch, BULLA_TIME_NONE for "not set". Limits of 0 mean "the rule's default"
 * (see rules.def); -1 switches the rule off.
 */
#ifndef MODEL_JOURNEY_H
#define MODEL_JOURNEY_H

#include "bulla/observation.h"
#include "platform/model/place.h"

#define MODEL_ID_SIZE 40    /* ids of records: 26 characters of time and randomness, or given by a user */
#define MODEL_SEAL_SIZE 64  /* "protocol:device" */
#define JOURNEY_SEALS_MAX 16
#define JOURNEY_LIMITS_MAX 16
#define JOURNEY_CREDENTIALS_MAX 16
#define JOURNEY_CONTAINERS_MAX 8
#define JOURNEY_ZONES_MAX 32
#define JOURNEY_POINTS_MAX 32
#define JOURNEY_LEGS_MAX 8
#define JOURNEY_SENSOR_SIZE 16

/* clang-format off */
#define JOURNEY_STATE_TABLE(X) X(DRAFT, 0, "draft") X(SEALED, 1, "sealed") X(UNDER_WAY, 2, "under-way") X(ARRIVED, 3, "arrived") \
                               X(RELEASED, 4, "released") X(CANCELLED, 5, "cancelled")
#define JOURNEY_MODE_TABLE(X)   X(ROAD, 0, "road") X(RAIL, 1, "rail") X(VESSEL, 2, "vessel") X(MULTIMODAL, 3, "multimodal")
#define JOURNEY_REGIME_TABLE(X) X(INTERNAL, 0, "internal") X(IMPORT, 1, "import") X(EXPORT, 2, "export") X(CROSS_BORDER, 3, "cross-border") \
                               X(TRANSIT, 4, "transit")
/* What is done in a zone, and what is therefore no alarm there (or, of a border strip and a forbidden one, is). */
#define ZONE_DUTY_TABLE(X) X(STOP, 1, "authorised-stop") X(QUEUE, 2, "queue") X(BORDER_STRIP, 3, "border-strip") X(SEA_LEG, 4, "sea-leg") \
                           X(DEAD, 5, "dead-zone") X(SHADOW, 6, "shadow") X(HANDLING, 7, "handling") X(REFUELLING, 8, "refuelling") \
                           X(FORBIDDEN, 9, "forbidden") X(MONITORED, 10, "monitored") X(APPROACH, 11, "approach")
#define POINT_KIND_TABLE(X) X(PASS, 0, "pass") X(CHECKPOINT, 1, "checkpoint") X(LOAD, 2, "load") X(DISCHARGE, 3, "discharge") \
                            X(TRANSHIPMENT, 4, "transhipment")
/* clang-format on */
#define X(name, number, text) ZONE_##name = number,
enum zone_duty { ZONE_DUTY_TABLE(X) };
#undef X
#define X(name, number, text) POINT_##name = number,
enum point_kind { POINT_KIND_TABLE(X) };
#undef X
#define X(name, number, text) JOURNEY_##name = number,
enum journey_state { JOURNEY_STATE_TABLE(X) };
#undef X
#define X(name, number, text) JOURNEY_MODE_##name = number,
enum journey_mode { JOURNEY_MODE_TABLE(X) };
#undef X
#define X(name, number, text) JOURNEY_REGIME_##name = number,
enum journey_regime { JOURNEY_REGIME_TABLE(X) };
#undef X

struct journey_limit {
    enum bulla_sensor_kind kind;
    double min, max; /* unit of the sensor kind; NAN: no limit on that side */
    int32_t for_minutes;
    char sensor[JOURNEY_SENSOR_SIZE]; /* id of the probe that it is for; "" : every one that has no limit of its own */
    double change;                    /* at most so much within change_minutes, either way; 0: any change */
    int32_t change_minutes;
};

struct zone { /* shadow: no satellites (tunnel, covered terminal); monitored: seals lock on entering it and may open on leaving */
    enum zone_duty duty;
    struct place place; /* max_minutes: of a stop the longest stay, of a dead zone or sea leg its due time; 0: without one */
};

struct journey_point { /* a point that the journey is planned to pass */
    enum point_kind kind;
    struct place place;
    int64_t planned_ms;        /* BULLA_TIME_NONE: at any time */
    int32_t tolerance_minutes; /* either way */
};

struct journey_leg { /* a part of the way by other means than the journey's vehicle */
    enum journey_mode mode;
    char means[MODEL_SEAL_SIZE]; /* plate, train number; "ais:MMSI": a vessel whose position stands in for a silent seal */
    int64_t from_ms, until_ms;   /* BULLA_TIME_NONE: open */
};

/* A permission to open: by a command, a ticket or a credential, in a span of time and perhaps at a place. */
struct permission {
    char id[MODEL_ID_SIZE];          /* the command's or ticket's id */
    char seal[MODEL_SEAL_SIZE];      /* "" : every seal of the journey */
    char credential[BULLA_CREDENTIAL_SIZE]; /* "" : whatever opened it */
    int64_t from_ms, until_ms;       /* event time of the opening, inclusive */
    bool unseals;                    /* ends the supervision of that seal in this journey */
    bool has_place;
    struct place place;              /* with has_place: the opening must not be surely outside */
};

struct journey {
    char id[MODEL_ID_SIZE];
    enum journey_state state;
    enum journey_mode mode;
    enum journey_regime regime;
    char carrier[MODEL_ID_SIZE];       /* party ids; "" : none */
    char administration[MODEL_ID_SIZE];
    char reference[64];                /* declaration or transit document number */
    char vehicle[32];                  /* plate */
    char driver[64];
    char cargo[120];
    char containers[JOURNEY_CONTAINERS_MAX][12]; /* ISO 6346, eleven characters */
    size_t n_containers;
    char seals[JOURNEY_SEALS_MAX][MODEL_SEAL_SIZE];
    size_t n_seals;
    int64_t created_ms, sealed_at_ms, depart_by_ms, arrive_by_ms;
    int64_t arrived_at_ms;             /* recorded by a checkpoint */
    int64_t unsealed_at_ms;            /* end of supervision */
    struct route route;
    bool has_origin, has_destination;
    struct place origin, destination;
    struct place stops[PLACE_STOPS_MAX];
    size_t n_stops;
    struct place dead_zones[8];        /* announced: no contact expected inside */
    size_t n_dead_zones;
    int32_t silence_minutes, stay_minutes, battery_percent;
    struct journey_limit limits[JOURNEY_LIMITS_MAX];
    size_t n_limits;
    char profile[16];                  /* of the rules' parameters: "" the default, "eaeu" */
    struct zone zones[JOURNEY_ZONES_MAX];
    size_t n_zones;
    struct journey_point points[JOURNEY_POINTS_MAX]; /* in the order of the way */
    size_t n_points;
    struct journey_leg legs[JOURNEY_LEGS_MAX];
    size_t n_legs;
    char credentials[JOURNEY_CREDENTIALS_MAX][BULLA_CREDENTIAL_SIZE]; /* cards allowed to open at origin, destination and stops */
    size_t n_credentials;
    struct permission *permissions;    /* heap, owned by the journey, in order of from_ms */
    size_t n_permissions;
    int64_t version;                   /* grows with every change: for optimistic updates (ETag) */
};

/* What an administration's practice sets where a journey leaves it open. */
struct journey_profile {
    const char *name;
    int64_t silence_ms; /* nothing heard for so long is an alarm */
    int32_t stay_minutes, battery_percent;
    double corridor_m; /* half width */
};

/* NULL: there is none of that name. */
const struct journey_profile *journey_profile(const char *name);

struct journey *journey_new(void);
struct journey *journey_copy(const struct journey *from);
void journey_free(struct journey *journey); /* NULL is fine */

/* Sets the route from n points, taking copies. False when out of memory. */
bool journey_set_route(struct journey *journey, const double *lat, const double *lon, size_t n, double corridor_m);
bool journey_add_permission(struct journey *journey, const struct permission *permission);

/* What of a journey cannot be supervised: false, with "field: expected E, got G" in why[size]. A draft may
 * lack anything; a sealed one needs seals, a route or a destination, and an order of times. */
bool journey_check(const struct journey *journey, char *why, size_t size);

/* The state machine: whether `to` may follow `from`, from the const table. */
bool journey_may(enum journey_state from, enum journey_state to);

const char *zone_duty_text(unsigned value);
int zone_duty_from(const char *text);
const char *point_kind_text(unsigned value);
int point_kind_from(const char *text);
const char *journey_state_text(unsigned value);
const char *journey_mode_text(unsigned value);
const char *journey_regime_text(unsigned value);
int journey_state_from(const char *text);
int journey_mode_from(const char *text);
int journey_regime_from(const char *text);

#endif
