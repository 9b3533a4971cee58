/* SPDX-License-Identifier: Apache-2.0
 * What world.c (time), world_plan.c (records), world_script.c (incidents) and client.c (sockets) share. */
#ifndef SIM_WORLD_INTERNAL_H
#define SIM_WORLD_INTERNAL_H

#include <stdatomic.h>

#include "sim/vehicle.h"
#include "sim/world.h"

#define ACTS_MAX      8
#define WORLD_STEP_MS 1000

enum role { ROLE_CLEAN, ROLE_CUT, ROLE_CARD, ROLE_ARRIVING, ROLE_STAY, ROLE_DEVIATE, ROLE_BATTERY, ROLE_SILENT, ROLE_RELEASED, ROLES_N };

struct act { /* one line of the script for one lorry */
    int64_t at_ms;
    int halt_s; /* > 0: it stops by the road for so long */
    bool lock;  /* something is done to the seal: */
    enum sim_action action;
    char text[WORLD_CREDENTIAL_SIZE];
    const char *tell; /* for the console, NULL: nothing */
};

struct truck {
    enum role role;
    struct sim_vehicle vehicle;
    struct sim_gnss gnss;
    struct sim_device device;
    struct sim_random random;
    enum sim_place_id from, to;
    uint32_t card;                              /* opens at the destination */
    int64_t sealed_ms, stepped_ms, expected_ms; /* expected: arrival as planned */
    int64_t silent_from_ms, outage_from_ms, outage_until_ms;
    int64_t unlocked_ms, pulled_ms, arrived_ms, unsealed_ms; /* SIM_TIME_NONE: not */
    double battery_percent, drain_per_hour;
    bool off; /* delivered: the seal was switched off */
    struct act acts[ACTS_MAX];
    size_t n_acts, next_act;
};

struct client;

struct world {
    struct world_options options;
    struct sim_random random;
    struct sim_roads *roads;
    struct truck *trucks;
    size_t n;
    char password[8];
    struct world_plan plan;
    world_event_fn on_event;
    void *host;
    struct client *client; /* NULL: not started */
    atomic_uint connected;
    atomic_ullong sent, acknowledged, waiting;
};

/* world_script.c: chooses roles, ways, times and incidents of every lorry. */
bool world_script(struct world *world);
/* world_plan.c: makes the records. */
bool world_plan_make(struct world *world);
void world_plan_clear(struct world *world);

void world_tell(struct world *world, enum world_event_kind kind, size_t truck, int64_t time_ms, const char *text);

/* client.c */
struct client *client_start(struct world *world, const struct world_place *places, size_t n, char *why, size_t size);
void client_stop(struct client *client);

#endif
