/* SPDX-License-Identifier: Apache-2.0
 *
 * What fails when. Each kind of fault has an event of its own that comes back after a while, drawn anew.
 */
#include "sim/simulate_internal.h"

const char *const simulate_fault_names[] = {"crash", "disk", "network", "clock", "bus", "database", "stall", "messages", NULL};

typedef void (*fault_fn)(struct simulation *sim);

static void run_fault(void *context, uint64_t argument);

static struct node *any_node(struct simulation *sim)
{
    return &sim->nodes[sim_random_below(&sim->random, sim->n_nodes)];
}

static int64_t minutes(struct simulation *sim, unsigned most)
{
    return (int64_t)(sim_random_below(&sim->random, most * 60) + 1) * SIM_SECOND;
}

/* --- crashes --- */

static void crash(struct simulation *sim)
{
    struct node *node = any_node(sim);
    bool power = sim_random_chance(&sim->random, 0.5);
    if (!node->platform)
        return;
    node->crash_is_power = power;
    if (sim_random_chance(&sim->random, 0.25)) {
        sim_node_crash(node, power, minutes(sim, 30));
        return;
    }
    if (sim->n_nodes > 1 && sim_random_chance(&sim->random, 0.5)) { /* between two calls of the database */
        node->crash_is_power = true;
        node->link.cut_after = 1 + sim_random_below(&sim->random, 60);
    } else { /* in the middle of a call of its disk */
        sim_disk_crash_after(node->disk, 1 + sim_random_below(&sim->random, 120));
    }
}

static void crash_database(struct simulation *sim)
{
    if (sim_random_chance(&sim->random, 0.3))
        sim_database_crash(sim, sim_random_chance(&sim->random, 0.5), minutes(sim, 20));
    else if (sim->database.store)
        sim_disk_crash_after(sim->database_disk, 1 + sim_random_below(&sim->random, 200));
}

/* --- disks --- */

static const struct sim_disk_faults well = {.write_us = 50, .sync_us = 8000};

/* Each try of a cluster to store on a full disk reads all journeys anew: half an hour of it says as much as a day. */
static void make_room(void *context, uint64_t argument)
{
    struct sim_disk *disk = context;
    (void)argument;
    sim_disk_set_faults(disk, &well);
}

static void set_disks(struct simulation *sim)
{
    struct sim_disk_faults faults = {.write_us = 50, .sync_us = 8000};
    if (sim_has(sim, SIMULATE_DISK) && sim_random_chance(&sim->random, 0.4)) {
        faults.write_error = sim_random_chance(&sim->random, 0.5) ? 0.003 : 0;
        faults.sync_error = sim_random_chance(&sim->random, 0.5) ? 0.02 : 0;
        faults.sync_us = sim_random_chance(&sim->random, 0.3) ? 3000000 : 8000;
    }
    struct sim_disk *disk = sim->n_nodes > 1 && sim_random_chance(&sim->random, 0.3) ? sim->database_disk : any_node(sim)->disk;
    if (sim_has(sim, SIMULATE_DISK) && sim_random_chance(&sim->random, 0.15))
        faults.bytes_most = sim_disk_counts(disk).bytes + sim_random_below(&sim->random, 300000);
    sim_disk_set_faults(disk, &faults);
    if (faults.bytes_most && sim->n_nodes > 1)
        sim_events_in(&sim->events, minutes(sim, 60), make_room, disk, 0);
}

static void heal_disks(struct simulation *sim)
{
    for (unsigned i = 0; i < sim->n_nodes; i++) {
        sim_disk_set_faults(sim->nodes[i].disk, &well);
        sim_disk_crash_after(sim->nodes[i].disk, 0);
    }
    if (sim->database_disk) {
        sim_disk_set_faults(sim->database_disk, &well);
        sim_disk_crash_after(sim->database_disk, 0);
    }
}

/* --- network --- */

static void set_network(struct simulation *sim)
{
    bool bad = sim_has(sim, SIMULATE_NETWORK) && sim_random_chance(&sim->random, 0.5);
    bool messages = sim_has(sim, SIMULATE_MESSAGES) && sim_random_chance(&sim->random, 0.5);
    struct sim_net_faults faults = {.latency_us = bad ? 20000000 : 200000,
                                    .lose = bad ? 0.05 : 0.002,
                                    .repeat = messages ? 0.05 : 0,
                                    .garble = messages ? 0.03 : 0,
                                    .garble_port = SIM_PORT_808};
    if (sim->healed)
        faults = (struct sim_net_faults){.latency_us = 200000};
    sim_net_set_faults(sim->net, &faults);
}

static void join(void *context, uint64_t argument)
{
    struct node *node = context;
    (void)argument;
    if (!node->parted)
        return;
    node->parted = false;
    node->link.cut = false;
    sim_net_part(node->sim->net, node->number, false);
    if (node->sim->brokers)
        sim_brokers_part(node->sim->brokers, node->name, false);
    sim_trace(node->sim, "%s is joined again", node->name);
    sim_node_wake(node, 1000);
}

/* The power that failed at the switch fails at the machine: what it has accepted meanwhile is in its outbox alone. */
static void end_part(void *context, uint64_t argument)
{
    struct node *node = context;
    struct simulation *sim = node->sim;
    if (node->parted && sim_has(sim, SIMULATE_CRASH) && sim_random_chance(&sim->random, 0.4)) {
        node->crash_is_power = true;
        sim_node_crash(node, true, minutes(sim, 30));
    }
    join(node, argument);
}

/* From devices, from the brokers, from the database: each alone or together. */
static void part(struct simulation *sim)
{
    struct node *node = any_node(sim);
    if (node->parted || !node->platform)
        return;
    node->parted = true;
    bool devices = sim_random_chance(&sim->random, 0.4), brokers = sim_random_chance(&sim->random, 0.5);
    if (devices)
        sim_net_part(sim->net, node->number, true);
    if (brokers && sim->brokers)
        sim_brokers_part(sim->brokers, node->name, true);
    if (sim->n_nodes > 1 && sim_random_chance(&sim->random, 0.5) && !node->link.cut_after)
        node->link.cut = true;
    sim_trace(sim, "%s is cut off%s%s%s", node->name, devices ? " from devices" : "", brokers ? " from brokers" : "",
              node->link.cut ? " from the database" : "");
    node->crash_is_power = false;
    sim_events_in(&sim->events, minutes(sim, 40), end_part, node, 0);
}

/* --- the rest --- */

static void set_clock(struct simulation *sim)
{
    static const int64_t most_ms[] = {500, 5000, 60000, 400000, 3600000}; /* 400 s: about a lease */
    int64_t most = most_ms[sim_random_below(&sim->random, 5)];
    struct node *node = any_node(sim);
    node->skew_ms = (int64_t)(sim_random_between(&sim->random, -1, 1) * (double)most);
    sim_trace(sim, "the clock of %s is set to be %lld ms off", node->name, (long long)node->skew_ms);
}

static void stall(struct simulation *sim)
{
    struct node *node = any_node(sim);
    node->stalled_until_us = sim->events.now_us + minutes(sim, 10);
    sim_trace(sim, "%s stands still", node->name);
}

/* Longer than its lease, most often, between having taken what is to be stored and having stored it: another takes its partitions
 * meanwhile and stores the same. A machine that was suspended does not even know that time has passed. Or it is the database that does
 * not answer, and devices are acknowledged all the while. */
static void stand_in_turn(struct simulation *sim)
{
    static const enum sim_stage stages[] = {SIM_STAGE_BEGIN,    SIM_STAGE_APPEND, SIM_STAGE_APPEND, SIM_STAGE_PROGRESS,
                                            SIM_STAGE_PROGRESS, SIM_STAGE_END,    SIM_STAGE_ANY,    SIM_STAGE_ANY};
    struct node *node = any_node(sim);
    if (!node->platform || node->fiber)
        return;
    node->link.stand_before = stages[sim_random_below(&sim->random, sizeof stages / sizeof *stages)];
    node->link.stand_after = 1 + sim_random_below(&sim->random, node->link.stand_before == SIM_STAGE_ANY ? 60 : 3);
    node->stand_us = (int64_t)(sim_random_between(&sim->random, 0.5, 4) * (double)sim->lease_ms) * 1000;
    node->engine_alone = sim_random_chance(&sim->random, 0.4);
    node->suspended = !node->engine_alone && sim_has(sim, SIMULATE_CLOCK) && sim_random_chance(&sim->random, 0.3);
}

static void set_bus(struct simulation *sim)
{
    bool bad = sim_has(sim, SIMULATE_BUS) && sim_random_chance(&sim->random, 0.5);
    struct sim_bus_faults faults = {.latency_us = bad ? 3000000 : 5000,
                                    .lose_ack = bad ? 0.1 : 0,
                                    .lose_message = bad ? 0.1 : 0,
                                    .lose_notice = bad ? 0.3 : 0.01,
                                    .repeat_notice = bad ? 0.1 : 0,
                                    .give_again = bad ? 0.02 : 0,
                                    .early_us = bad ? 20000000 : 5000,
                                    .lose_early = bad ? 0.3 : 0.01,
                                    .repeat_early = bad ? 0.2 : 0,
                                    .late_early = bad ? 0.1 : 0};
    sim_brokers_set_faults(sim->brokers, &faults);
    if (sim->healed)
        return;
    if (sim_random_chance(&sim->random, 0.3))
        sim_brokers_elect(sim->brokers, (int64_t)(2 + sim_random_below(&sim->random, 8)) * SIM_SECOND);
    if (sim_random_chance(&sim->random, 0.03)) {
        sim_trace(sim, "all brokers lose power");
        sim_brokers_power_cut(sim->brokers, 6);
        sim->busy_until_us = sim->events.now_us + 5 * SIM_MINUTE;
    }
}

static void set_database(struct simulation *sim)
{
    struct node *node = any_node(sim);
    node->link.lose_answer = sim_has(sim, SIMULATE_DATABASE) && sim_random_chance(&sim->random, 0.4) ? 0.005 : 0;
}

static const struct {
    enum simulate_fault fault;
    bool cluster; /* only with several nodes */
    unsigned every_min;
    fault_fn run;
} faults[] = {
    {SIMULATE_CRASH, false, 500, crash},          {SIMULATE_CRASH | SIMULATE_DATABASE, true, 1500, crash_database},
    {SIMULATE_DISK, false, 240, set_disks},       {SIMULATE_NETWORK, false, 120, set_network},
    {SIMULATE_MESSAGES, false, 200, set_network}, {SIMULATE_NETWORK, false, 600, part},
    {SIMULATE_CLOCK, false, 700, set_clock},      {SIMULATE_STALL, false, 300, stall},
    {SIMULATE_BUS, true, 120, set_bus},           {SIMULATE_DATABASE, true, 240, set_database},
    {SIMULATE_STALL, true, 150, stand_in_turn},
};

_Static_assert(sizeof faults / sizeof *faults <= SIM_FAULTS_MOST, "each kind has a pace");

static void plan(struct simulation *sim, uint64_t argument)
{
    size_t i = argument & 0xFF;
    sim_events_in(&sim->events, (int64_t)((double)minutes(sim, faults[i].every_min * 2) * sim->pace[i]), run_fault, sim, argument);
}

static void run_fault(void *context, uint64_t argument)
{
    struct simulation *sim = context;
    size_t i = argument & 0xFF;
    if (sim->healed || argument >> 8 != sim->round)
        return;
    faults[i].run(sim);
    plan(sim, argument);
}

void sim_faults_begin(struct simulation *sim)
{
    set_network(sim);
    heal_disks(sim);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if ((sim->options.faults & faults[i].fault) == faults[i].fault && (sim->n_nodes > 1 || !faults[i].cluster))
            plan(sim, (uint64_t)sim->round << 8 | i);
}

void sim_faults_end(struct simulation *sim)
{
    sim->healed = true;
    heal_disks(sim);
    set_network(sim);
    if (sim->brokers)
        set_bus(sim);
    for (unsigned i = 0; i < sim->n_nodes; i++) {
        struct node *node = &sim->nodes[i];
        join(node, 0);
        node->link.cut_after = 0;
        node->link.lose_answer = 0;
        node->link.stand_after = 0;
        sim_node_go_on(node);
        node->skew_ms = 0;
        node->stalled_until_us = 0;
        sim_node_wake(node, 1000);
    }
}
