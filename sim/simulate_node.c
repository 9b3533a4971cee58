/* SPDX-License-Identifier: Apache-2.0
 *
 * The nodes of a simulation, and the database that several of them share: they start, take turns, crash and start again.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/store/sqlite.h"
#include "sim/simulate_internal.h"

enum { RESTART_AGAIN_S = 20, PUBLISH_TURNS = 50 };

#define URL_SIZE 80

static int64_t node_now(void *host)
{
    const struct node *node = host;
    return sim_events_now_ms(&node->sim->events) + node->skew_ms;
}

static int64_t database_now(void *host)
{
    const struct simulation *sim = host;
    return sim_events_now_ms(&sim->events) + sim->database_skew_ms;
}

static void node_random(void *host, uint8_t *to, size_t n)
{
    static struct sim_random random; /* codes that devices are given: any will do, but the same each time */
    (void)host;
    if (!random.seed)
        random = sim_random_new(1);
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)sim_random_below(&random, 256);
}

static void on_bytes(void *context)
{
    struct node *node = context;
    sim_node_wake(node, 200 + sim_random_below(&node->sim->random, 3000));
}

static void on_early(void *host, const char *name)
{
    struct simulation *sim = host;
    for (unsigned i = 0; i < sim->n_nodes; i++)
        if (strcmp(sim->nodes[i].name, name) == 0 && sim_random_chance(&sim->random, sim->wake_early))
            sim_node_wake(&sim->nodes[i], 200 + sim_random_below(&sim->random, 3000));
}

struct store *sim_store(struct simulation *sim)
{
    if (sim->n_nodes > 1)
        return sim->database.store;
    return sim->nodes[0].platform ? sim->nodes[0].store : NULL;
}

/* --- standing still in the middle of a turn --- */

static void end_turn(struct node *node);

static void run_fiber(struct node *node)
{
    if (sim_fiber_resume(node->fiber))
        node->fiber = NULL;
    if (!node->fiber || node->engine_alone)
        end_turn(node);
}

void sim_node_go_on(struct node *node)
{
    if (node->fiber)
        run_fiber(node);
}

static void go_on(void *context, uint64_t argument)
{
    struct node *node = context;
    if (argument == node->stands)
        sim_node_go_on(node);
}

/* Called between two calls of the database, in the thread of the turn. */
static void stand(void *host)
{
    struct node *node = host;
    struct simulation *sim = node->sim;
    if (!node->fiber)
        return;
    sim_trace(sim, "%s %s in the middle of its turn", node->name, node->engine_alone ? "waits for the database" : "stands still");
    sim_events_in(&sim->events, node->stand_us, go_on, node, ++node->stands);
    int64_t since_ms = sim_events_now_ms(&sim->events);
    sim->result->stands++;
    bool breaking;
    do {
        sim_fiber_stand(node->fiber);
        breaking = node->breaking;
        if (breaking)
            sim_link_break(&node->link);
    } while (breaking);
    if (node->suspended && !sim->healed)
        node->skew_ms -= sim_events_now_ms(&sim->events) - since_ms;
}

static void break_works(struct simulation *sim)
{
    for (unsigned i = 0; i < sim->n_nodes; i++) {
        struct node *node = &sim->nodes[i];
        node->breaking = node->fiber != NULL;
        if (node->fiber)
            sim_fiber_resume(node->fiber);
        node->breaking = false;
    }
}

/* The turn of a program that is killed in its middle ends with it: nothing that it still does comes to anything. */
static void end_fiber(struct node *node)
{
    if (!node->fiber)
        return;
    sim_net_node_down(node->sim->net, node->number);
    sim_brokers_part(node->sim->brokers, node->name, true);
    sim_fiber_resume(node->fiber);
    node->fiber = NULL;
}

/* --- starting --- */

static struct store *open_store(struct simulation *sim, struct sim_disk *disk, char *why, size_t size)
{
    char url[URL_SIZE];
    snprintf(url, sizeof url, "/data?segment_rows=%u", sim->segment_rows);
    struct store *store = store_sqlite_open_on(sim_disk_port(disk), url, why, size);
    if (store && strstr(store_recovery(store), "cannot be read"))
        sim_broken(sim, "the store is whole after a crash", "%s", store_recovery(store));
    return store;
}

static bool listen(struct node *node, char why[MODEL_WHY_SIZE])
{
    struct gateway *gateway = platform_gateway(node->platform);
    return gateway_listen(gateway, "jt701", "tcp", "simulated", SIM_PORT_701, why, MODEL_WHY_SIZE) &&
           gateway_listen(gateway, "jt808", "tcp", "simulated", SIM_PORT_808, why, MODEL_WHY_SIZE);
}

static bool start(struct node *node, char why[MODEL_WHY_SIZE])
{
    static const struct bus_backend *const buses[] = {&sim_bus_backend, NULL};
    struct simulation *sim = node->sim;
    struct gateway_net net;
    bool alone = sim->n_nodes == 1;
    struct platform_options options = {.clock = {node_now, node},
                                       .node = node->name,
                                       .http = "",
                                       .buses = buses,
                                       .bus = alone ? NULL : "sim:",
                                       .folder = "/node",
                                       .vfs = sim_disk_vfs(node->disk),
                                       .partitions = sim->partitions,
                                       .lease_ms = sim->lease_ms,
                                       .stepped = true,
                                       .net = &net,
                                       .random = node_random};
    sim_net_gateway(sim->net, node->number, on_bytes, node, &net);
    if (alone)
        node->store = open_store(sim, node->disk, why, MODEL_WHY_SIZE);
    if (alone && !node->store)
        return false;
    const struct store_disk *port = sim_disk_port(node->disk);
    port->make_folder(port->host, "/node");
    sim_link_init(&node->link, &sim->database, node->number, sim_random_u64(&sim->random));
    node->link.stand = stand;
    node->link.host = node;
    node->platform = platform_open(alone ? node->store : &node->link.base, &options, why);
    if (node->platform && listen(node, why) && platform_start(node->platform, why)) {
        if (!alone)
            sim_brokers_part(sim->brokers, node->name, node->parted && sim_has(sim, SIMULATE_NETWORK));
        return true;
    }
    return false;
}

static void drop(struct node *node)
{
    sim_net_node_down(node->sim->net, node->number);
    platform_abandon(node->platform);
    node->platform = NULL;
    store_close(node->store);
    node->store = NULL;
}

static void start_again(void *context, uint64_t argument)
{
    struct node *node = context;
    struct simulation *sim = node->sim;
    char why[MODEL_WHY_SIZE] = "";
    (void)argument;
    node->restarting = false;
    if (node->platform || sim->result->failed)
        return;
    sim->result->restarts++;
    if (start(node, why) && !sim_disk_is_down(node->disk)) {
        node->turn_us = INT64_MAX;
        node->busy_until_us = node->stalled_until_us = 0;
        sim_trace(sim, "%s is up", node->name);
        sim_check_records(sim);
        sim_node_wake(node, 1000);
        return;
    }
    sim_trace(sim, "%s does not start: %s", node->name, why);
    sim->result->refused++;
    sim_disk_crash(node->disk, node->crash_is_power);
    drop(node);
    node->restarting = true;
    sim_events_in(&sim->events, RESTART_AGAIN_S * SIM_SECOND, start_again, node, 0);
}

void sim_node_crash(struct node *node, bool power, int64_t down_us)
{
    struct simulation *sim = node->sim;
    if (!node->platform)
        return;
    sim_trace(sim, "%s %s", node->name, power ? "loses power" : "is killed");
    sim->result->crashes++;
    sim->result->power_cuts += power;
    sim_disk_crash(node->disk, power); /* from here on nothing of it is written */
    node->link.cut = true;
    end_fiber(node);
    drop(node);
    node->restarting = true;
    sim_events_in(&sim->events, down_us, start_again, node, 0);
}

/* --- the database --- */

static void database_start(void *context, uint64_t argument)
{
    struct simulation *sim = context;
    char why[400] = "";
    (void)argument;
    sim->database_restarting = false;
    if (sim->database.store || sim->result->failed)
        return;
    sim->database.store = open_store(sim, sim->database_disk, why, sizeof why);
    if (sim->database.store && !sim_disk_is_down(sim->database_disk)) {
        sim_check_records(sim);
        return;
    }
    sim_trace(sim, "the database does not start: %s", why);
    sim_disk_crash(sim->database_disk, true);
    store_close(sim->database.store);
    sim->database.store = NULL;
    sim->database_restarting = true;
    sim_events_in(&sim->events, RESTART_AGAIN_S * SIM_SECOND, database_start, sim, 0);
}

void sim_database_crash(struct simulation *sim, bool power, int64_t down_us)
{
    if (!sim->database.store)
        return;
    sim_trace(sim, "the database %s", power ? "loses power" : "is killed");
    sim->result->crashes++;
    sim->result->power_cuts += power;
    sim_disk_crash(sim->database_disk, power);
    break_works(sim);
    store_close(sim->database.store);
    sim->database.store = NULL;
    sim->database_restarting = true;
    sim_events_in(&sim->events, down_us, database_start, sim, 0);
}

/* --- turns --- */

static uint64_t outbox_parcels(const struct node *node)
{
    json_t *cluster = platform_cluster(node->platform);
    uint64_t parcels = (uint64_t)json_integer_value(json_object_get(json_object_get(cluster, "outbox"), "parcels"));
    json_decref(cluster);
    return parcels;
}

bool sim_nodes_empty(const struct simulation *sim)
{
    for (unsigned i = 0; i < sim->n_nodes && sim->n_nodes > 1; i++)
        if (!sim->nodes[i].platform || outbox_parcels(&sim->nodes[i]) > 0)
            return false;
    return true;
}

static void step_store(struct simulation *sim, struct store *store)
{
    if (store && sim_random_chance(&sim->random, 0.2))
        store_sqlite_step(store);
}

static void take_turn(void *context)
{
    struct node *node = context;
    struct simulation *sim = node->sim;
    struct gateway *gateway = platform_gateway(node->platform);
    unsigned ingest_ms = 1000, work_ms = 1000;
    bool work_first = sim_random_chance(&sim->random, 0.5);
    gateway_step(gateway, node_now(node));
    if (work_first)
        work_ms = platform_work_turn(node->platform);
    if (sim->n_nodes > 1)
        ingest_ms = platform_ingest_turn(node->platform);
    if (!work_first)
        work_ms = platform_work_turn(node->platform);
    if (++node->turns_since_publish >= PUBLISH_TURNS) {
        node->turns_since_publish = 0;
        platform_publish_turn(node->platform);
    }
    step_store(sim, sim->n_nodes > 1 ? sim->database.store : node->store);
    gateway_step(gateway, node_now(node));
    node->next_ms = work_ms < ingest_ms ? work_ms : ingest_ms;
}

/* Programs that died inside the turn. */
static bool bury(struct node *node)
{
    struct simulation *sim = node->sim;
    if (sim->database.store && sim->database_disk && sim_disk_is_down(sim->database_disk))
        sim_database_crash(sim, true, (int64_t)(5 + sim_random_below(&sim->random, 60)) * SIM_SECOND);
    if (!sim_disk_is_down(node->disk) && !(node->link.cut && node->link.cut_after == 0 && node->crash_is_power))
        return false;
    sim_node_crash(node, node->crash_is_power, (int64_t)(2 + sim_random_below(&sim->random, 120)) * SIM_SECOND);
    return true;
}

static void go_on_without_engine(struct node *node)
{
    gateway_step(platform_gateway(node->platform), node_now(node));
    node->next_ms = platform_ingest_turn(node->platform);
    gateway_step(platform_gateway(node->platform), node_now(node));
    end_turn(node);
}

static void end_turn(struct node *node)
{
    struct simulation *sim = node->sim;
    int64_t now_us = sim->events.now_us;
    node->busy_until_us = now_us + (int64_t)sim_disk_took_us(node->disk);
    if (bury(node))
        return;
    int64_t delay_us = (int64_t)node->next_ms * 1000;
    if (node->next_ms >= 200) /* nothing to do: time goes on in great steps, unless what is lost must be found out by it */
        delay_us = now_us < sim->busy_until_us ? 2 * SIM_SECOND : sim->healed && !sim->resting ? 4 * SIM_SECOND : sim->idle_us;
    sim_node_wake(node, delay_us > 1000 ? delay_us : 1000);
}

static void run_turn(void *context, uint64_t argument)
{
    struct node *node = context;
    struct simulation *sim = node->sim;
    int64_t now_us = sim->events.now_us;
    if (!node->platform || argument != node->turn || sim->result->failed)
        return;
    node->turn_us = INT64_MAX;
    if (node->fiber && !node->engine_alone) /* what ends this turn asks for the next */
        return;
    int64_t until_us = node->stalled_until_us > node->busy_until_us ? node->stalled_until_us : node->busy_until_us;
    if (until_us > now_us) {
        sim_node_wake(node, until_us - now_us);
        return;
    }
    if (node->fiber) {
        go_on_without_engine(node);
    } else if (node->link.stand_after > 0) {
        node->fiber = sim_fiber_new(take_turn, node);
        run_fiber(node);
    } else {
        take_turn(node);
        end_turn(node);
    }
}

void sim_node_wake(struct node *node, int64_t delay_us)
{
    struct simulation *sim = node->sim;
    int64_t at_us = sim->events.now_us + delay_us;
    if (at_us >= node->turn_us)
        return;
    node->turn_us = at_us;
    sim_events_in(&sim->events, delay_us, run_turn, node, ++node->turn);
}

bool sim_nodes_up(const struct simulation *sim)
{
    for (unsigned i = 0; i < sim->n_nodes; i++)
        if (!sim->nodes[i].platform)
            return false;
    return sim->n_nodes == 1 || sim->database.store;
}

/* --- life --- */

static bool open_node(struct simulation *sim, unsigned i)
{
    struct node *node = &sim->nodes[i];
    *node = (struct node){.sim = sim, .number = i, .turn_us = INT64_MAX};
    snprintf(node->name, sizeof node->name, "n%u", i + 1);
    node->disk = sim_disk_new(sim_random_u64(&sim->random), (struct clock){node_now, node});
    if (!node->disk)
        return false;
    node->restarting = true;
    sim_events_in(&sim->events, 1000 * (1 + i), start_again, node, 0);
    return true;
}

bool sim_nodes_open(struct simulation *sim)
{
    if (sim->n_nodes > 1) {
        sim->database_disk = sim_disk_new(sim_random_u64(&sim->random), (struct clock){database_now, sim});
        sim->brokers = sim_brokers_new(&sim->events, sim_random_u64(&sim->random), sim->partitions);
        if (!sim->database_disk || !sim->brokers)
            return false;
        sim_brokers_tell(sim->brokers, on_early, sim);
        sim->database = (struct sim_database){.host = sim, .wrote = sim_check_write, .appended = sim_check_appended};
        database_start(sim, 0);
    }
    for (unsigned i = 0; i < sim->n_nodes; i++)
        if (!open_node(sim, i))
            return false;
    return true;
}

/* What is under way ends: nobody is there any more to do anything about it. */
static void drain(struct simulation *sim)
{
    bool failed = sim->result->failed;
    sim->result->failed = sim->healed = true;
    while (sim_events_step(&sim->events, INT64_MAX))
        ;
    sim->result->failed = failed;
}

static void end_node(struct node *node)
{
    sim_disk_crash(node->disk, false);
    node->link.cut = true;
    end_fiber(node);
    drop(node);
    struct sim_disk_counts counts = sim_disk_counts(node->disk);
    node->sim->result->write_errors += counts.write_errors;
    node->sim->result->sync_errors += counts.sync_errors;
}

void sim_nodes_close(struct simulation *sim)
{
    for (unsigned i = 0; i < sim->n_nodes; i++)
        if (sim->nodes[i].disk)
            end_node(&sim->nodes[i]);
    if (sim->database_disk) {
        sim_disk_crash(sim->database_disk, false);
        store_close(sim->database.store);
        sim->database.store = NULL;
    }
    drain(sim);
    for (unsigned i = 0; i < sim->n_nodes; i++)
        sim_disk_free(sim->nodes[i].disk);
    sim_disk_free(sim->database_disk);
    sim_brokers_free(sim->brokers);
}
