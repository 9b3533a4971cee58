// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world_internal.h"

#define OPEN_AFTER_MS   60000  /* after arrival, the officer's card */
#define PULL_AFTER_MS   30000  /* after unlocking, the hand on the rope */
#define INSERT_AFTER_MS 120000 /* an opening on the road: looked inside, closed again */
#define OFF_AFTER_MS    600000 /* after unsealing, the seal is switched off */
#define OUTAGE_EVERY_MS (3600 * 1000)

static bool in_range(const struct world_options *o)
{
    return o->journeys >= 1 && o->journeys <= WORLD_JOURNEYS_MAX && o->speed >= 1 && o->speed <= 60 && o->start_ms > 0;
}

struct world *world_new(const struct world_options *options)
{
    struct world *world = in_range(options) ? calloc(1, sizeof *world) : NULL;
    if (!world)
        return NULL;
    world->options = *options;
    world->options.start_ms -= world->options.start_ms % WORLD_STEP_MS;
    world->random = sim_random_new(options->seed);
    struct sim_random secret = sim_random_split(&world->random, 1);
    snprintf(world->password, sizeof world->password, "%06u", (unsigned)sim_random_below(&secret, 1000000));
    world->n = (size_t)options->journeys;
    world->trucks = calloc(world->n, sizeof *world->trucks);
    world->roads = sim_roads_new();
    if (!world->trucks || !world->roads || !world_script(world) || !world_plan_make(world)) {
        world_free(world);
        return NULL;
    }
    return world;
}

void world_free(struct world *world)
{
    if (!world)
        return;
    world_plan_clear(world);
    for (size_t i = 0; world->trucks && i < world->n; i++)
        sim_device_clear(&world->trucks[i].device);
    free(world->trucks);
    sim_roads_free(world->roads);
    free(world);
}

const struct world_plan *world_plan(const struct world *world)
{
    return &world->plan;
}

void world_on_event(struct world *world, world_event_fn on_event, void *host)
{
    world->on_event = on_event;
    world->host = host;
}

void world_tell(struct world *world, enum world_event_kind kind, size_t truck, int64_t time_ms, const char *text)
{
    if (!world->on_event)
        return;
    char line[200];
    const char *journey = world->plan.journeys[truck]->id, *seal = world->plan.seals[truck].id;
    snprintf(line, sizeof line, "%s, %s: %s", journey, seal, text);
    struct world_event event = {kind, journey, seal, time_ms, line};
    world->on_event(world->host, &event);
}

/* --- one lorry, one second --- */
static void sense(struct truck *t, int64_t now_ms)
{
    struct sim_reading r = {.time_ms = now_ms};
    sim_gnss_step(&t->gnss, &t->vehicle, &r);
    t->battery_percent = fmax(1, t->battery_percent - t->drain_per_hour / 3600);
    r.battery_percent = t->battery_percent;
    r.mileage_km = t->vehicle.driven_m / 1000;
    r.network = !(now_ms >= t->outage_from_ms && now_ms < t->outage_until_ms);
    r.csq = (uint8_t)(r.network ? 12 + sim_random_below(&t->random, 16) : 99);
    /* One cell every 8 km or so, of a network that does not exist (MCC 001 is for tests). */
    r.cell = (struct sim_cell){.mcc = 1,
                               .mnc = 1,
                               .lac = (uint16_t)(1000 + (uint32_t)((r.lat + 10) * 2)),
                               .cid = (uint32_t)((r.lat + 10) * 14) * 1000 + (uint32_t)((r.lon - 28) * 14)};
    sim_device_tick(&t->device, &r);
}

static void play(struct world *world, struct truck *t, int64_t now_ms)
{
    while (t->next_act < t->n_acts && t->acts[t->next_act].at_ms <= now_ms) {
        const struct act *a = &t->acts[t->next_act++];
        if (a->halt_s)
            (void)sim_vehicle_halt(&t->vehicle, 0, a->halt_s);
        if (a->lock)
            (void)sim_device_act(&t->device, a->action, a->text);
        if (a->tell)
            world_tell(world, WORLD_INCIDENT, (size_t)(t - world->trucks), now_ms, a->tell);
    }
}

/* At the destination the officer's card opens the seal; wherever else it was unlocked, somebody pulls the rope, looks,
 * and puts it in again. */
static void handle_lock(struct world *world, struct truck *t, int64_t now_ms)
{
    const struct sim_lock *lock = &t->device.lock;
    if (t->arrived_ms == SIM_TIME_NONE && sim_vehicle_arrived(&t->vehicle))
        t->arrived_ms = now_ms;
    if (lock->rope == SIM_ROPE_IN && lock->motor == SIM_MOTOR_LOCKED) {
        t->unlocked_ms = t->pulled_ms = SIM_TIME_NONE;
        if (t->arrived_ms != SIM_TIME_NONE && now_ms - t->arrived_ms == OPEN_AFTER_MS) {
            char card[WORLD_CREDENTIAL_SIZE];
            snprintf(card, sizeof card, "%010lu", (unsigned long)t->card);
            (void)sim_device_act(&t->device, SIM_ACT_CARD, card);
        }
    } else if (lock->rope == SIM_ROPE_IN) {
        t->unlocked_ms = t->unlocked_ms == SIM_TIME_NONE ? now_ms : t->unlocked_ms;
        if (now_ms - t->unlocked_ms == PULL_AFTER_MS)
            (void)sim_device_act(&t->device, SIM_ACT_PULL, "");
    } else if (lock->rope == SIM_ROPE_OUT) {
        t->pulled_ms = t->pulled_ms == SIM_TIME_NONE ? now_ms : t->pulled_ms;
        if (t->arrived_ms == SIM_TIME_NONE && now_ms - t->pulled_ms == INSERT_AFTER_MS)
            (void)sim_device_act(&t->device, SIM_ACT_INSERT, "");
    }
    if (t->arrived_ms != SIM_TIME_NONE && t->unsealed_ms == SIM_TIME_NONE && lock->rope == SIM_ROPE_OUT) {
        t->unsealed_ms = now_ms;
        if (now_ms > world->options.start_ms)
            world_tell(world, WORLD_UNSEALED, (size_t)(t - world->trucks), now_ms, "opened by its own card at the destination");
    }
    if (t->unsealed_ms != SIM_TIME_NONE && now_ms - t->unsealed_ms >= OFF_AFTER_MS)
        t->off = true;
}

static void next_outage(struct truck *t)
{
    int64_t length_ms = 1000 * (int64_t)sim_random_between(&t->random, 60, 240);
    t->outage_from_ms += OUTAGE_EVERY_MS / 2 + 1000 * (int64_t)sim_random_between(&t->random, 0, 5400);
    t->outage_until_ms = t->outage_from_ms + length_ms;
}

static void step(struct world *world, struct truck *t, int64_t now_ms)
{
    if (t->off || now_ms >= t->silent_from_ms)
        return;
    if (now_ms >= t->outage_until_ms)
        next_outage(t);
    sim_vehicle_step(&t->vehicle);
    sense(t, now_ms);
    if (now_ms == t->sealed_ms)
        (void)sim_device_act(&t->device, SIM_ACT_INSERT, "");
    play(world, t, now_ms);
    handle_lock(world, t, now_ms);
}

void world_until(struct world *world, int64_t now_ms)
{
    for (size_t i = 0; i < world->n; i++) {
        struct truck *t = &world->trucks[i];
        while (t->stepped_ms + WORLD_STEP_MS <= now_ms) {
            t->stepped_ms += WORLD_STEP_MS;
            step(world, t, t->stepped_ms);
        }
    }
}

size_t world_devices(const struct world *world)
{
    return world->n;
}

struct sim_device *world_device(struct world *world, size_t i)
{
    return &world->trucks[i].device;
}

/* A seal that fell silent still delivered what it had: it goes quiet when its memory is empty. */
bool world_online(const struct world *world, size_t i)
{
    const struct truck *t = &world->trucks[i];
    bool silent = t->stepped_ms >= t->silent_from_ms && sim_device_waiting(&t->device) == 0;
    return !silent && !(t->off && sim_device_waiting(&t->device) == 0) && t->device.now.network;
}

void world_truth(const struct world *world, size_t i, double *lat, double *lon, double *speed_kmh)
{
    const struct sim_vehicle *v = &world->trucks[i].vehicle;
    *lat = v->lat;
    *lon = v->lon;
    *speed_kmh = v->speed_ms * 3.6;
}

bool world_start(struct world *world, const char *host, unsigned port_jt701, unsigned port_jt808, char *why, size_t size)
{
    return world_start_places(world, &(struct world_place){host, port_jt701, port_jt808}, 1, why, size);
}

bool world_start_places(struct world *world, const struct world_place *places, size_t n, char *why, size_t size)
{
    world->client = client_start(world, places, n, why, size);
    return world->client != NULL;
}

void world_stop(struct world *world)
{
    client_stop(world->client);
    world->client = NULL;
}

struct world_counts world_counts(struct world *world)
{
    return (struct world_counts){.sent = atomic_load(&world->sent),
                                 .acknowledged = atomic_load(&world->acknowledged),
                                 .waiting = atomic_load(&world->waiting),
                                 .connected = atomic_load(&world->connected),
                                 .devices = (unsigned)world->n};
}
