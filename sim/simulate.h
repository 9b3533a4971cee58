/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole platform in one process, deterministically: nodes (gateway, pipeline, rules, store or outbox) on simulated disks, under
 * clocks of their own, with a simulated network, bus and database, and devices that speak real protocols; and faults of all of
 * them, from one seed. docs/simulation.md tells what is simulated and what is checked.
 *
 * Time goes in rounds of some days: while a round lasts, everything fails in its turn; then all faults end, everything is
 * delivered, and what is in the store is compared with what was acknowledged and with the rules run afresh.
 */
#ifndef SIM_SIMULATE_H
#define SIM_SIMULATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum simulate_fault {
    SIMULATE_CRASH = 1,      /* programs are killed, machines lose power, between any two calls of the disk */
    SIMULATE_DISK = 2,       /* writes and syncs fail, disks fill up */
    SIMULATE_NETWORK = 4,    /* connections break, come to other nodes, nodes are cut off */
    SIMULATE_CLOCK = 8,      /* clocks are wrong and are set */
    SIMULATE_BUS = 16,       /* of the brokers */
    SIMULATE_DATABASE = 32,  /* of the shared store and the way to it */
    SIMULATE_STALL = 64,     /* a program does not run for a while */
    SIMULATE_MESSAGES = 128, /* damaged and repeated ones */
    SIMULATE_ALL = 255,
};

struct simulate_options {
    uint64_t seed;
    double days;     /* simulated; whole rounds are run */
    unsigned nodes;  /* 1: one process with SQLite; more: a cluster */
    unsigned faults; /* a set of enum simulate_fault */
    FILE *trace;     /* NULL: none */
};

struct simulate_result {
    bool failed;
    uint64_t step;   /* event in which an invariant was found broken */
    int64_t time_ms; /* simulated */
    char invariant[48], why[400];
    uint64_t digest; /* of everything that happened */
    uint64_t steps, rounds;
    int64_t simulated_ms;
    uint64_t messages, acknowledged, stored, alarms, crashes, power_cuts, restarts, connections, broken, takeovers, elections, refused,
        write_errors, sync_errors, copies_checked, early, stands;
};

/* False: it could not be run (out of memory). */
bool simulate_run(const struct simulate_options *options, struct simulate_result *result);

/* The names of faults, in order of their bits; NULL ends them. */
extern const char *const simulate_fault_names[];

#endif
