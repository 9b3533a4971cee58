/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulation: rounds of faults and healing.
 */
#include "sim/simulate.h"

#include <openssl/rand.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/log.h"
#include "sim/simulate_internal.h"

enum { SETTLE_MOST_MIN = 24 * 60, ROUND_LEAST_H = 6 };

bool sim_has(const struct simulation *sim, enum simulate_fault fault)
{
    return !sim->healed && sim->options.faults & fault;
}

void sim_trace(struct simulation *sim, const char *format, ...)
{
    char text[500];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sim_events_note(&sim->events, text, strlen(text));
    if (sim->options.trace)
        fprintf(sim->options.trace, "%10llu  day %8.4f  %s\n", (unsigned long long)sim->events.steps,
                (double)(sim_events_now_ms(&sim->events) - SIM_T0) / 86400000.0, text);
}

void sim_broken(struct simulation *sim, const char *invariant, const char *format, ...)
{
    char why[400];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    sim_trace(sim, "BROKEN: %s: %s", invariant, why);
    if (sim->result->failed)
        return;
    sim->result->failed = true;
    sim->result->step = sim->events.steps;
    sim->result->time_ms = sim_events_now_ms(&sim->events);
    snprintf(sim->result->invariant, sizeof sim->result->invariant, "%s", invariant);
    memcpy(sim->result->why, why, sizeof why);
}

/* --- randomness of libraries --- */

static struct sim_random library_random;

static int library_bytes(unsigned char *to, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (unsigned char)sim_random_below(&library_random, 256);
    return 1;
}

static int library_status(void)
{
    return 1;
}

/* Ids that the platform makes, and salts of SQLite: the same numbers each time. */
static void seed_libraries(uint64_t seed)
{
    static const RAND_METHOD method = {.bytes = library_bytes, .pseudorand = library_bytes, .status = library_status};
    library_random = sim_random_new(seed ^ 0xB11A);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    RAND_set_rand_method(&method);
#pragma GCC diagnostic pop
    sim_disk_seed_sqlite((uint32_t)seed | 1);
}

static void unseed_libraries(void)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    RAND_set_rand_method(NULL);
#pragma GCC diagnostic pop
}

/* --- rounds --- */

static void run_until(struct simulation *sim, int64_t until_us)
{
    while (!sim->result->failed && sim_events_step(&sim->events, until_us))
        ;
}

static bool is_settled(const struct simulation *sim)
{
    return sim_nodes_up(sim) && sim_fleet_delivered(sim) && sim_nodes_empty(sim);
}

/* Everything is up, delivered and applied; and then a while more, for what is judged later. */
static void settle(struct simulation *sim)
{
    int64_t until_us = sim->events.now_us + SETTLE_MOST_MIN * SIM_MINUTE;
    while (!sim->result->failed && !is_settled(sim)) {
        if (sim->events.now_us >= until_us) {
            sim_broken(sim, "everything is delivered in the end", "a day after the last fault: nodes %s, devices %s, outboxes %s",
                       sim_nodes_up(sim) ? "up" : "not up", sim_fleet_delivered(sim) ? "done" : "still waiting",
                       !sim_nodes_up(sim) || sim_nodes_empty(sim) ? "empty" : "not empty");
            return;
        }
        run_until(sim, sim->events.now_us + SIM_MINUTE);
    }
}

static void run_round(struct simulation *sim)
{
    sim->round++;
    sim->healed = false;
    double hours = 36 + sim_random_below(&sim->random, 96), asked = sim->options.days * 24;
    if (sim->n_nodes > 1 && asked < hours)
        hours = asked < ROUND_LEAST_H ? ROUND_LEAST_H : asked;
    sim->round_end_us = sim->events.now_us + (int64_t)(hours * (double)SIM_HOUR);
    sim_trace(sim, "round %u", sim->round);
    sim_fleet_depart(sim);
    sim_faults_begin(sim);
    run_until(sim, sim->round_end_us);
    if (sim->result->failed)
        return;
    sim_trace(sim, "healed");
    sim_faults_end(sim);
    settle(sim);
    sim->resting = true;
    run_until(sim, sim->events.now_us + 2 * SIM_HOUR);
    settle(sim);
    if (sim->result->failed)
        return;
    for (unsigned i = 0; i < sim->n_nodes; i++) /* timers that are due by now have fired */
        sim_node_wake(&sim->nodes[i], 0);
    run_until(sim, sim->events.now_us + 10000);
    sim_check_round(sim);
    if (sim->result->failed)
        return;
    sim_fleet_release(sim);
    sim->resting = false;
    run_until(sim, sim->events.now_us + SIM_MINUTE);
    sim->result->rounds++;
}

static void draw(struct simulation *sim)
{
    static const uint32_t reports_s[] = {300, 600, 1200, 1800, 3600};
    static const double paces[] = {0.2, 0.5, 1, 1, 3};
    struct sim_random *r = &sim->random;
    sim->n_fleet = 4 + sim_random_below(r, SIM_SEALS - 3);
    sim->report_s = reports_s[sim_random_below(r, 5)];
    sim->tick_s = 60;
    sim->segment_rows = 150 + sim_random_below(r, 3000);
    sim->partitions = sim->n_nodes == 1 ? 1 : 1 + sim_random_below(r, 12);
    sim->lease_ms = 120000 + sim_random_below(r, 240000);
    sim->idle_us = (int64_t)(10 + sim_random_below(r, 40)) * SIM_SECOND;
    for (size_t i = 0; i < SIM_FAULTS_MOST; i++)
        sim->pace[i] = sim->n_nodes > 1 ? paces[sim_random_below(r, sizeof paces / sizeof *paces)] : 1;
    sim->wake_early = sim_random_below(r, 3) * 0.5;
    sim->check_copy = 0.002;
}

static bool open_all(struct simulation *sim)
{
    sim->net = sim_net_new(&sim->events, sim_random_u64(&sim->random));
    sim->healed = true;
    if (!sim->net || !sim_nodes_open(sim))
        return false;
    run_until(sim, sim->events.now_us + SIM_SECOND);
    if (!sim_nodes_up(sim)) {
        sim_broken(sim, "nodes start", "on empty disks they do not");
        return true;
    }
    bool opened = sim_fleet_open(sim);
    if (opened)
        sim_fleet_enter(sim);
    return opened;
}

bool simulate_run(const struct simulate_options *options, struct simulate_result *result)
{
    struct simulation *sim = calloc(1, sizeof *sim);
    *result = (struct simulate_result){.failed = false};
    if (!sim)
        return false;
    sim->options = *options;
    sim->result = result;
    sim->random = sim_random_new(options->seed);
    sim->n_nodes = options->nodes < 1 ? 1 : options->nodes > SIM_NODES_MOST ? SIM_NODES_MOST : options->nodes;
    sim->events.now_us = SIM_T0 * 1000;
    seed_libraries(options->seed);
    log_set_level(options->trace ? LOG_INFO : (enum log_level) - 1);
    draw(sim);
    bool opened = open_all(sim);
    int64_t until_us = SIM_T0 * 1000 + (int64_t)(options->days * 24) * SIM_HOUR;
    while (opened && !result->failed && sim->events.now_us < until_us)
        run_round(sim);
    struct sim_net_counts net = sim_net_counts(sim->net);
    result->connections = net.opened;
    result->broken = net.broken;
    result->elections = sim->brokers ? sim_brokers_counts(sim->brokers).elections : 0;
    result->early = sim->brokers ? sim_brokers_counts(sim->brokers).early : 0;
    result->steps = sim->events.steps;
    result->simulated_ms = sim_events_now_ms(&sim->events) - SIM_T0;
    result->digest = sim->events.digest;
    sim_nodes_close(sim);
    sim_net_free(sim->net);
    sim_fleet_close(sim);
    sim_events_clear(&sim->events);
    free(sim->appended);
    free(sim);
    unseed_libraries();
    return opened;
}
