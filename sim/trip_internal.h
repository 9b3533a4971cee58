/* SPDX-License-Identifier: Apache-2.0
 * What trip.c (time), trip_plan.c (the journey), trip_sky.c (receiver), trip_link.c (coverage, arrival, clock), trip_scenes.c
 * (what happens) and trip_truth.c (labels) share. */
#ifndef SIM_TRIP_INTERNAL_H
#define SIM_TRIP_INTERNAL_H

#include "sim/trip.h"
#include "sim/vehicle.h"

#define TRIP_DEVICES_MAX 2
#define TRIP_STEPS_MAX   40
#define TRIP_HALTS_MAX   48
#define TRIP_MINUTE      60
#define TRIP_HOUR        3600
#define TRIP_MINUTE_MS   INT64_C(60000)
#define TRIP_SLACK_MS    INT64_C(15000) /* a report is made a little later than due */
#define TRIP_LOW_PERCENT 15.0

/* --- the sky over it --- */

enum trip_sky { TRIP_OPEN, TRIP_TOWN, TRIP_CANYON, TRIP_ROOF, TRIP_DARK, TRIP_SKIES_N };

struct trip_receiver {
    struct sim_random random;
    /* how this device was made */
    bool says_accuracy, holds_still, says_cells, says_satellites, says_course;
    int32_t stale_s; /* without sky it repeats the last fix as valid for so long */
    double quality;  /* of its antenna: 1 good, 2 bad */
    /* its error: a walk in units of the sky's sigma, and now and then a reflection */
    double east, north, leap_east_m, leap_north_m;
    int64_t at_ms, leap_until_ms;
    /* what it last had */
    bool had, cold;
    int64_t had_ms;
    double lat, lon, true_lat, true_lon;
    double still_lat, still_lon, speed_kmh; /* what holds still */
    bool still;
    /* the cell it hangs on */
    double cell_lat, cell_lon, cell_error_east_m, cell_error_north_m;
    bool has_cell;
};

struct trip_place { /* where the device is, as its receiver is made to believe */
    double lat, lon, speed_kmh, course_deg;
    enum trip_sky sky;
    bool cells; /* a mobile network can be heard */
};

void trip_receiver_init(struct trip_receiver *r, const struct sim_random *from, uint64_t label);
/* Fills position, speed, course, satellites and accuracy of o. */
void trip_receiver_read(struct trip_receiver *r, const struct trip_place *place, int64_t now_ms, struct bulla_observation *o);

/* --- devices --- */

struct trip_device {
    struct trip_receiver receiver;
    struct sim_random random;
    /* how it was made */
    bool says_state, says_parts, says_events, memory, flags_stored, newest_first, wakes, says_percent;
    int32_t parked_s;      /* between reports when parked */
    double percent, drain; /* true level, a second's loss */
    double percent_noise;
    int64_t maybe_low_ms, surely_low_ms; /* when the true level came so near to the limit, and so far below it */
    bool charging;
    double latency_s;
    /* its clock */
    int64_t clock_ms;       /* its clock minus true time */
    double clock_rate;      /* what it gains in a second, ms */
    int64_t clock_fixed_ms; /* BULLA_TIME_NONE, or what it shows (plus running time) since clock_from_ms */
    int64_t clock_from_ms;
    /* now */
    int64_t next_ms, counter;
    size_t waiting;   /* kept, to be sent */
    uint64_t events;  /* that go with the next report only */
    uint64_t lasting; /* that go with every report */
    struct bulla_state state;
    int64_t silent_until_ms; /* out of reach: what it says is kept */
    int64_t bagged_until_ms; /* neither sky nor network */
    int64_t jammed_until_ms;
    bool dead, parked;
    int64_t dead_ms, parked_ms; /* parked_ms: since when it stands, or goes */
    int64_t said_ms;            /* last report */
    int64_t unsealed_ms;        /* BULLA_TIME_NONE, or when it was opened as it should be */
};

enum trip_fake { TRIP_TRUE, TRIP_LEAP_TO, TRIP_FREEZE, TRIP_DRAG_OFF };

struct trip_fraud { /* what a spoofer makes the receiver believe */
    enum trip_fake kind;
    int64_t from_ms, until_ms;
    double lat, lon;          /* of leap and freeze */
    double east_ms, north_ms; /* of the drag, metres a second */
    double off_m;             /* how far it has dragged off */
};

/* --- what happens --- */

struct trip_run;

struct trip_step { /* done so many seconds after the lorry has come to s_m and the step before it was done */
    double s_m;
    int64_t after_s;
    void (*play)(struct trip_run *run, const struct trip_step *step);
    int device;
    int64_t number; /* of whatever play makes of it */
    const char *text;
};

struct trip_script {
    struct trip_step step[TRIP_STEPS_MAX];
    size_t n, next;
    bool there;       /* at the next step, since: */
    int64_t since_ms;
};

struct trip_crawl { /* stop and go */
    double from_m, upto_m, next_m;
    double kmh; /* of the queue as a whole */
};

struct trip_shade { /* a stretch of the way under another sky */
    double from_m, upto_m;
    enum trip_sky sky;
    bool no_network;
};

#define TRIP_SHADES_MAX 40
#define TRIP_CRAWLS_MAX 6
struct trip_sample { /* of the truth, every half minute */
    int64_t at_ms;
    double s_m, lat, lon, off_m; /* off its way */
    bool fraud;
    bool in_place;               /* where a lorry may be beside its way: origin, destination, a stop */
    double swap_off_m;           /* the second seal */
};

struct trip_swap { /* the second seal goes on another lorry from here */
    bool done;
    double lat, lon, east_ms, north_ms, driven_m, off_m;
    int64_t from_ms;
};

struct trip_run {
    struct trip *trip;
    struct sim_random random;
    const struct sim_path *path;
    struct sim_vehicle vehicle;
    int64_t start_ms, now_ms;
    struct trip_device device[TRIP_DEVICES_MAX];
    int n_devices;
    struct trip_script script[2]; /* the scene; what is of every day */
    struct trip_shade shade[TRIP_SHADES_MAX];
    size_t n_shades;
    struct trip_crawl crawl[TRIP_CRAWLS_MAX];
    size_t n_crawls;
    struct trip_fraud fraud;
    struct trip_swap swap;
    struct { /* the lorry on a ship */
        double from_m, upto_m, kmh;
    } ferry;
    struct trip_sample *sample;
    size_t n_samples, samples_capacity;
    int64_t clock_slack_ms;      /* by how much event times may be off */
    int64_t arrived_ms, left_ms; /* true; BULLA_TIME_NONE: not */
    int64_t departed_ms;         /* surely out of the origin */
    double halts_m[TRIP_HALTS_MAX];
    size_t n_halts;
    struct trip_label spare;          /* in place of one for which there is no room; the trip then fails */
    struct bulla_observation nowhere; /* said by a device that is dead: heard by nobody */
    enum { TRIP_IN_TIME, TRIP_LATE_ARRIVAL, TRIP_LATE_DEPARTURE } late;
    int unsealed_by; /* of twenty: card of the journey, command, the lock's own word */
    bool failed;
};

/* trip_plan.c: way, journey, halts, shades. False: out of memory. */
bool trip_plan(struct trip_run *run, struct sim_roads *roads);
void trip_add_device(struct trip_run *run); /* a second seal on the same lorry */
void trip_add_stop(struct trip_run *run, const char *name, double s_m, double radius_m, double aside_m, int32_t minutes);
void trip_shade(struct trip_run *run, double from_m, double upto_m, enum trip_sky sky, bool no_network);
/* A place on the open road that the plan does nothing near, in that share of the way. */
double trip_open_road(struct trip_run *run, double from_share, double upto_share);
bool trip_halt(struct trip_run *run, double s_m, double minutes);

/* trip_scenes.c */
enum trip_scene trip_choose(struct sim_random *random, int incidents_permille);
void trip_play(struct trip_run *run, enum trip_scene scene);
/* What happens on any trip. */
void trip_everyday(struct trip_run *run);
void trip_unseal(struct trip_run *run); /* at the destination */
struct trip_step *trip_then(struct trip_script *script, double s_m, double after_s,
                            void (*play)(struct trip_run *, const struct trip_step *));

/* trip.c: one device says something now. The message may still be changed until the next. */
struct bulla_observation *trip_say(struct trip_run *run, int device, uint64_t events);

/* trip_link.c: when what was said arrives; then everything in order of arrival. */
void trip_stamp(struct trip_run *run, struct trip_device *d, struct bulla_observation *o, int64_t made_ms);
bool trip_deliver(struct trip_run *run);
void trip_coverage(struct trip_run *run, struct trip_device *d);

/* trip_truth.c */
struct trip_label *trip_label(struct trip_run *run, enum alarm_kind kind, bool must, int device);
void trip_sample(struct trip_run *run);
void trip_judge(struct trip_run *run); /* labels that follow from where the lorry was; after delivery */
void trip_date(struct trip_run *run);  /* when each label could be known */

#endif
