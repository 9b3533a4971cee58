/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated world of `bulla demo`: sealed lorries under way between the ports and capitals of East Africa, whose
 * seals speak JT701 and JT/T 808 to the platform's real ports, and a script of incidents. docs/demo.md tells what
 * happens when; docs/decisions/005-simulated-world.md why it is made this way.
 *
 *   world_new(options) -> world_plan(): records for the store    the caller puts them in before
 *   world_start(host, ports) -> a thread that connects every device and lives on; world_stop() ends it
 *
 * Device clocks run with the real clock and lorries at true speed. The world begins in the middle of things: every
 * journey was sealed hours before `start_ms`, and its seal first delivers what it stored since. The same options give
 * the same plan and, answers of the platform apart, the same bytes from every device. Without world_start() the same
 * devices can be driven in process: world_until(), then sim_device_send() and sim_device_receive() on world_device().
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "platform/model/records.h"
#include "sim/device.h"

#define WORLD_JOURNEYS_MAX    5000
#define WORLD_CREDENTIAL_SIZE 12

struct world_options {
    uint64_t seed;
    int journeys;     /* 1 .. WORLD_JOURNEYS_MAX */
    double speed;     /* script and report rate go this many times faster, 1 .. 60 */
    int64_t start_ms; /* the present; whole seconds are used */
};

struct world_plan { /* owned by the world; put into a fresh store, parties and stations first */
    const struct station *stations;
    const struct party *parties;
    const struct seal *seals;
    const struct journey *const *journeys; /* one seal each, state under-way or released */
    size_t n_stations, n_parties, n_seals, n_journeys;
    const char *password; /* static password of every simulated seal, for unlocking from the seal page */
};

enum world_event_kind {
    WORLD_INCIDENT, /* the script did something; text says what, for the console */
    WORLD_UNSEALED, /* a journey ended as it should: opened by its own card at the destination. The caller releases it */
    WORLD_REFUSED,  /* a device could not connect; told once until it can */
};

struct world_event {
    enum world_event_kind kind;
    const char *journey, *seal; /* ids, "" : none */
    int64_t time_ms;            /* when it happened, the world's clock */
    const char *text;
};

typedef void (*world_event_fn)(void *host, const struct world_event *event); /* from the world's thread */

struct world;

/* NULL when out of memory or an option is out of range. */
struct world *world_new(const struct world_options *options);
void world_free(struct world *world); /* stopped before; NULL is fine */
const struct world_plan *world_plan(const struct world *world);
void world_on_event(struct world *world, world_event_fn on_event, void *host); /* before world_start */

/* Starts the thread. `host` is a numeric address. False with a sentence in why[size]. */
bool world_start(struct world *world, const char *host, unsigned port_jt701, unsigned port_jt808, char *why, size_t size);
/* The same with several nodes of one platform, 1 .. WORLD_PLACES_MAX: the devices are spread over them, and a device whose
 * connection breaks goes to another, as one with several addresses in its memory does. */
#define WORLD_PLACES_MAX 16
struct world_place {
    const char *host; /* numeric */
    unsigned port_jt701, port_jt808;
};
bool world_start_places(struct world *world, const struct world_place *places, size_t n, char *why, size_t size);
void world_stop(struct world *world);

/* Counters, from any thread: messages made, delivered and acknowledged, devices connected now. */
struct world_counts {
    uint64_t sent, acknowledged, waiting;
    unsigned connected, devices;
};
struct world_counts world_counts(struct world *world);

/* --- in process: one thread --- */
/* Time passes for every lorry and device, in steps of a second, up to now_ms. */
void world_until(struct world *world, int64_t now_ms);
size_t world_devices(const struct world *world);
struct sim_device *world_device(struct world *world, size_t i);
/* Whether the device can reach the mobile network now: else its carrier must disconnect it. */
bool world_online(const struct world *world, size_t i);
/* The lorry's true position, without the receiver's errors. */
void world_truth(const struct world *world, size_t i, double *lat, double *lon, double *speed_kmh);

#endif
