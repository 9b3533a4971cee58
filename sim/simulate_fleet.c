/* SPDX-License-Identifier: Apache-2.0
 *
 * The seals of a simulation: on journeys with a few incidents, over connections to whichever node answers. Every record that
 * a device makes is written down, and whether it was acknowledged.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/simulate_internal.h"

enum { POINTS = 8, SEND_SIZE = 16384 };

#define DAY_MS INT64_C(86400000)

/* --- what it made, and what was acknowledged --- */

static void write_down(struct carrier *c, const struct sim_record *r)
{
    if (c->n_told == c->told_size) {
        c->told_size = c->told_size * 2 + 256;
        c->told = realloc(c->told, c->told_size * sizeof *c->told);
        if (!c->told)
            abort();
    }
    c->told[c->n_told++] = (struct told){.time_ms = r->at.time_ms, .kind = r->kind, .event = r->event, .wake = r->wake};
    c->sim->result->messages++;
}

static size_t records_of(const struct sim_device *d)
{
    return (d->live.n - d->live.head) + (d->history.n - d->history.head);
}

/* Those that were made since there were `before`: they are at the end of one queue. */
static void write_down_new(struct carrier *c, size_t before)
{
    const struct sim_device *d = &c->device;
    const struct sim_queue *q = d->connected ? &d->live : &d->history;
    size_t n = records_of(d) - before;
    for (size_t i = 0; i < n; i++)
        write_down(c, &q->at[q->n - n + i]);
}

struct under_way {
    struct told told;
    bool still;
};

static bool is_same(const struct told *a, const struct sim_record *r)
{
    return a->time_ms == r->at.time_ms && a->kind == r->kind && a->event == r->event && a->wake == r->wake;
}

static size_t list_under_way(const struct sim_device *d, struct told *out, size_t most)
{
    const struct sim_queue *queues[] = {&d->live, &d->history};
    size_t n = 0;
    for (size_t k = 0; k < 2; k++)
        for (size_t i = queues[k]->head; i < queues[k]->next && n < most; i++) {
            const struct sim_record *r = &queues[k]->at[i];
            if (r->sent && !r->done)
                out[n++] = (struct told){.time_ms = r->at.time_ms, .kind = r->kind, .event = r->event, .wake = r->wake};
        }
    return n;
}

static bool is_waiting(const struct sim_device *d, const struct told *told)
{
    const struct sim_queue *queues[] = {&d->live, &d->history};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = queues[k]->head; i < queues[k]->n; i++)
            if (!queues[k]->at[i].done && is_same(told, &queues[k]->at[i]))
                return true;
    return false;
}

static void acknowledge(struct carrier *c, const struct told *told)
{
    for (size_t i = c->n_told; i-- > 0;) {
        struct told *t = &c->told[i];
        if (t->acknowledged || t->time_ms != told->time_ms || t->kind != told->kind || t->event != told->event || t->wake != told->wake)
            continue;
        t->acknowledged = true;
        c->sim->result->acknowledged++;
        sim_events_note(&c->sim->events, told, sizeof told->time_ms);
        sim_check_acknowledged(c, told);
        return;
    }
}

/* --- its connection --- */

static void flush(struct carrier *c)
{
    uint8_t out[SEND_SIZE];
    for (int i = 0; c->wire && i < 8; i++) {
        size_t n = sim_device_send(&c->device, sim_events_now_ms(&c->sim->events), out, sizeof out);
        if (!n)
            return;
        sim_wire_send(c->wire, out, n);
    }
}

static void on_bytes(void *context, const uint8_t *at, size_t n)
{
    struct carrier *c = context;
    struct told under_way[512];
    size_t n_under_way = list_under_way(&c->device, under_way, 512), before = records_of(&c->device);
    uint64_t acknowledged = c->device.acknowledged;
    sim_device_receive(&c->device, sim_events_now_ms(&c->sim->events), at, n);
    if (c->device.acknowledged == acknowledged && records_of(&c->device) > before)
        write_down_new(c, before);
    for (size_t i = 0; c->device.acknowledged != acknowledged && i < n_under_way; i++)
        if (!is_waiting(&c->device, &under_way[i]))
            acknowledge(c, &under_way[i]);
    flush(c);
}

static void on_closed(void *context)
{
    struct carrier *c = context;
    c->wire = NULL;
    sim_device_disconnected(&c->device);
    c->try_us = c->sim->events.now_us + (int64_t)sim_random_below(&c->random, 60) * SIM_SECOND;
    if (sim_random_chance(&c->random, 0.7))
        c->node = (c->node + 1) % c->sim->n_nodes;
}

static void hang_up(struct carrier *c)
{
    struct sim_wire *wire = c->wire;
    if (!wire)
        return;
    c->wire = NULL;
    sim_wire_close(wire);
    sim_device_disconnected(&c->device);
}

static void connect_to(struct carrier *c)
{
    struct simulation *sim = c->sim;
    struct sim_wire_host host = {on_bytes, on_closed, c};
    unsigned port = strcmp(c->device.kind->protocol, "jt808") == 0 ? SIM_PORT_808 : SIM_PORT_701;
    if (sim->events.now_us < c->try_us)
        return;
    c->wire = sim_net_connect(sim->net, c->node, port, &host);
    if (c->wire) {
        sim_device_connected(&c->device, sim_events_now_ms(&sim->events));
        return;
    }
    c->node = (c->node + 1) % sim->n_nodes;
    c->try_us = sim->events.now_us + (int64_t)(10 + sim_random_below(&c->random, 110)) * SIM_SECOND;
}

/* --- its way --- */

static void place_at(const struct carrier *c, int64_t now_ms, double *lat, double *lon)
{
    double way = (double)(now_ms - c->start_ms) / (double)(c->end_ms - c->start_ms);
    way = way < 0 ? 0 : way > 1 ? 1 : way;
    double leg = way * (POINTS - 1);
    int i = leg >= POINTS - 1 ? POINTS - 2 : (int)leg;
    *lat = c->lat[i] + (c->lat[i + 1] - c->lat[i]) * (leg - i);
    *lon = c->lon[i] + (c->lon[i + 1] - c->lon[i]) * (leg - i);
    if (now_ms > c->detour_ms && now_ms < c->detour_end_ms)
        *lat += 0.05; /* some 5 km aside */
}

static struct sim_reading read_sensors(struct carrier *c, int64_t now_ms)
{
    struct sim_reading r = {.time_ms = now_ms / 1000 * 1000, .fix = true, .network = true, .satellites = 9, .csq = 20};
    bool moves = now_ms > c->start_ms && now_ms < c->end_ms;
    place_at(c, now_ms, &r.lat, &r.lon);
    r.lat += sim_random_normal(&c->random) * 2e-5;
    r.lon += sim_random_normal(&c->random) * 2e-5;
    r.speed_kmh = moves ? 50 : 0;
    r.network = !(now_ms > c->silent_ms && now_ms < c->silent_end_ms);
    r.battery_percent = 100 - (double)((now_ms + c->number * DAY_MS) % (40 * DAY_MS)) / (double)(40 * DAY_MS) * 85;
    if (c->device.kind == &sim_device_jt709 && r.battery_percent < 60)
        r.battery_percent = 60; /* it says in each message whether its battery is low now, also in one that it sends again */
    r.mileage_km = (double)(now_ms - SIM_T0) / 3600000.0;
    return r;
}

/* Of a journey, its own or that of the next one, which has two seals. */
static bool is_under_way(const struct carrier *c)
{
    const struct simulation *sim = c->sim;
    return c->journey || (c->number % 4 == 2 && c->number + 1 < sim->n_fleet && sim->fleet[c->number + 1].journey);
}

static void act(struct carrier *c, int64_t now_ms)
{
    if (c->acted || !is_under_way(c) || now_ms < c->act_ms)
        return;
    c->acted = true;
    size_t before = records_of(&c->device);
    sim_device_act(&c->device, c->act, "1234567");
    write_down_new(c, before);
}

static void tick(void *context, uint64_t argument)
{
    struct carrier *c = context;
    struct simulation *sim = c->sim;
    int64_t now_ms = sim_events_now_ms(&sim->events);
    (void)argument;
    if (sim->result->failed)
        return;
    struct sim_reading reading = read_sensors(c, now_ms);
    size_t before = records_of(&c->device);
    if (!sim->resting && (is_under_way(c) || sim_random_chance(&c->random, 0.02))) {
        sim_device_tick(&c->device, &reading);
        write_down_new(c, before);
        act(c, now_ms);
    }
    if (!reading.network || c->device.wants_close)
        hang_up(c);
    else if (!c->wire)
        connect_to(c);
    flush(c);
    sim_events_in(&sim->events, (int64_t)sim->tick_s * SIM_SECOND, tick, c, 0);
}

/* --- journeys --- */

static void draw_route(struct carrier *c)
{
    double lat = sim_random_between(&c->random, -4, 4), lon = sim_random_between(&c->random, 30, 40);
    double hours = (double)(c->end_ms - c->start_ms) / 3600000.0, step = hours * 50 / 111.0 / (POINTS - 1);
    for (int i = 0; i < POINTS; i++) {
        c->lat[i] = lat;
        c->lon[i] = lon;
        lon += step * 0.9;
        lat += sim_random_between(&c->random, -0.3, 0.3) * step;
    }
}

static void draw_incidents(struct carrier *c)
{
    static const enum sim_action acts[] = {SIM_ACT_CUT, SIM_ACT_COVER, SIM_ACT_PULL, SIM_ACT_CARD, SIM_ACT_JAM};
    int64_t span = c->end_ms - c->start_ms;
    c->detour_ms = c->detour_end_ms = c->silent_ms = c->silent_end_ms = 0;
    c->acted = sim_random_chance(&c->random, 0.5);
    c->act = acts[sim_random_below(&c->random, 5)];
    c->act_ms = c->start_ms + (int64_t)(sim_random_unit(&c->random) * (double)span);
    if (sim_random_chance(&c->random, 0.3)) {
        c->detour_ms = c->start_ms + (int64_t)(sim_random_unit(&c->random) * (double)span);
        c->detour_end_ms = c->detour_ms + 3 * 3600000;
    }
    if (sim_random_chance(&c->random, 0.4)) {
        c->silent_ms = c->start_ms + (int64_t)(sim_random_unit(&c->random) * (double)span);
        c->silent_end_ms = c->silent_ms + (int64_t)sim_random_between(&c->random, 1, 10) * 3600000;
    }
}

static void set_place(struct place *place, const char *name, double lat, double lon)
{
    *place = (struct place){.lat = lat, .lon = lon, .radius_m = 500};
    snprintf(place->name, sizeof place->name, "%s", name);
}

static struct journey *make_journey(struct carrier *c)
{
    struct simulation *sim = c->sim;
    struct journey *j = journey_new();
    if (!j || !journey_set_route(j, c->lat, c->lon, POINTS, 500))
        abort();
    snprintf(j->id, sizeof j->id, "J%u-%u", sim->round, c->number);
    snprintf(j->seals[j->n_seals++], MODEL_SEAL_SIZE, "%s", c->seal);
    if (c->number % 4 == 3) /* two seals: in a cluster perhaps of two partitions */
        snprintf(j->seals[j->n_seals++], MODEL_SEAL_SIZE, "%s", sim->fleet[c->number - 1].seal);
    j->state = JOURNEY_SEALED;
    j->created_ms = j->sealed_at_ms = sim_events_now_ms(&sim->events);
    j->depart_by_ms = c->start_ms + 3600000;
    j->arrive_by_ms = c->end_ms + (sim_random_chance(&c->random, 0.3) ? -1800000 : 4 * 3600000);
    j->has_origin = j->has_destination = true;
    set_place(&j->origin, "origin", c->lat[0], c->lon[0]);
    set_place(&j->destination, "destination", c->lat[POINTS - 1], c->lon[POINTS - 1]);
    j->silence_minutes = (int32_t)(120 + sim_random_below(&c->random, 240));
    return j;
}

/* With a new rope. */
static void seal_anew(struct sim_lock *lock)
{
    lock->rope = SIM_ROPE_IN;
    lock->motor = SIM_MOTOR_LOCKED;
    lock->cover_open = false;
    lock->open_since_ms = INT64_MIN;
}

static bool put_journey(struct carrier *c, struct journey *j)
{
    struct simulation *sim = c->sim;
    struct store *store = sim_store(sim);
    struct audit audit = {.time_ms = sim_events_now_ms(&sim->events), .user = "simulation", .action = "journey.put"};
    snprintf(audit.object, sizeof audit.object, "%s", j->id);
    if (!store || store_journey_put(store, j, &audit) != STORE_OK)
        return false;
    for (unsigned i = 0; i < sim->n_nodes; i++) /* whoever was asked; the others hear of it from the store */
        if (sim->nodes[i].platform) {
            platform_journey_changed(sim->nodes[i].platform, j->id);
            sim_node_wake(&sim->nodes[i], 1000);
            break;
        }
    return true;
}

/* A journey may only be begun while the store is there; people try again. */
static void depart(void *context, uint64_t argument)
{
    struct carrier *c = context;
    struct simulation *sim = c->sim;
    int64_t left_ms = (sim->round_end_us - sim->events.now_us) / 1000;
    if (argument != sim->round || sim->healed || left_ms < 6 * 3600000 || sim->result->failed)
        return;
    c->start_ms = sim_events_now_ms(&sim->events) + 1800000;
    c->end_ms = c->start_ms + (int64_t)(sim_random_between(&c->random, 0.3, 0.9) * (double)(left_ms - 3600000));
    draw_route(c);
    draw_incidents(c);
    struct journey *j = make_journey(c);
    if (!put_journey(c, j)) {
        journey_free(j);
        sim_events_in(&sim->events, 600 * SIM_SECOND, depart, c, argument);
        return;
    }
    c->journey = j;
    seal_anew(&c->device.lock);
    if (j->n_seals > 1) {
        struct carrier *other = c - 1;
        seal_anew(&other->device.lock);
        other->start_ms = c->start_ms;
        other->end_ms = c->end_ms;
        memcpy(other->lat, c->lat, sizeof c->lat);
        memcpy(other->lon, c->lon, sizeof c->lon);
        draw_incidents(other);
    }
}

void sim_fleet_depart(struct simulation *sim)
{
    for (unsigned i = 0; i < sim->n_fleet; i++) {
        struct carrier *c = &sim->fleet[i];
        if (i % 4 == 2 && i + 1 < sim->n_fleet)
            continue; /* the second seal of the next one's journey */
        sim_events_in(&sim->events, (int64_t)sim_random_below(&c->random, 24 * 3600) * SIM_SECOND, depart, c, sim->round);
    }
}

void sim_fleet_release(struct simulation *sim)
{
    for (unsigned i = 0; i < sim->n_fleet; i++) {
        struct carrier *c = &sim->fleet[i];
        struct journey *j = NULL;
        if (!c->journey)
            continue;
        if (store_journey_get(sim_store(sim), c->journey->id, &j) == STORE_OK) {
            j->state = JOURNEY_RELEASED;
            j->unsealed_at_ms = sim_events_now_ms(&sim->events);
            put_journey(c, j);
        }
        journey_free(j);
        journey_free(c->journey);
        c->journey = NULL;
        c->first_told = c->n_told;
    }
}

/* What the platform is told of its seals. */
void sim_fleet_enter(struct simulation *sim)
{
    for (unsigned i = 0; i < sim->n_fleet; i++) {
        const struct carrier *c = &sim->fleet[i];
        struct seal seal = {.class_ = SEAL_CLASS_ACTIVE, .life = SEAL_LIFE_IN_STOCK, .created_ms = sim_events_now_ms(&sim->events)};
        snprintf(seal.id, sizeof seal.id, "%s", c->seal);
        snprintf(seal.model, sizeof seal.model, "%s", c->device.kind->profile);
        if (store_seal_put(sim_store(sim), &seal, NULL) != STORE_OK)
            sim_broken(sim, "records can be put", "%s", store_error(NULL));
        for (unsigned n = 0; n < sim->n_nodes; n++)
            platform_seal_changed(sim->nodes[n].platform, c->seal);
    }
}

bool sim_fleet_delivered(const struct simulation *sim)
{
    for (unsigned i = 0; i < sim->n_fleet; i++)
        if (sim_device_waiting(&sim->fleet[i].device) > 0)
            return false;
    return true;
}

/* --- life --- */

bool sim_fleet_open(struct simulation *sim)
{
    for (unsigned i = 0; i < sim->n_fleet; i++) {
        struct carrier *c = &sim->fleet[i];
        char id[16];
        bool jt808 = i % 3 == 1;
        *c = (struct carrier){.sim = sim, .number = i, .random = sim_random_split(&sim->random, 1000 + i), .node = i % sim->n_nodes};
        snprintf(id, sizeof id, jt808 ? "0138%08u" : "75701%05u", 100 + i);
        snprintf(c->seal, sizeof c->seal, "%s:%s", jt808 ? "jt808" : "jt701", jt808 ? id + 1 : id);
        struct sim_device_setup setup = {
            .kind = jt808 ? &sim_device_jt709 : &sim_device_jt701d, .id = id, .password = "888888", .seed = sim_random_u64(&c->random)};
        sim_device_init(&c->device, &setup);
        c->device.interval_s = c->device.store_moving_s = c->device.store_parked_s = sim->report_s;
        c->device.heartbeat_s = 1500;
        c->start_ms = sim_events_now_ms(&sim->events);
        c->end_ms = c->start_ms + 1;
        sim_events_in(&sim->events, (int64_t)(i + 1) * SIM_SECOND, tick, c, 0);
    }
    return true;
}

void sim_fleet_close(struct simulation *sim)
{
    for (unsigned i = 0; i < sim->n_fleet; i++) {
        sim_device_clear(&sim->fleet[i].device);
        journey_free(sim->fleet[i].journey);
        free(sim->fleet[i].told);
    }
}
