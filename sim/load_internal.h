/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the parent of a load and its worker processes: memory that all of them see.
 */
#ifndef SIM_LOAD_INTERNAL_H
#define SIM_LOAD_INTERNAL_H

#include "sim/load.h"

enum load_phase {
    LOAD_CONNECT, /* connections are made */
    LOAD_RUN,
    LOAD_STOP, /* at once */
};

struct load_opening { /* one device opens */
    uint32_t device;
    _Atomic int64_t due_ns; /* 0: not yet */
    int64_t seen_ns;        /* the parent's; 0: not yet */
    uint64_t alarm;         /* the parent's: digest of the alarm's id */
};

struct load_worker { /* written by one process; the parent reads single words */
    struct load_counts counts;
    struct histogram ack;
    unsigned first, devices; /* its share */
    _Atomic bool ready;      /* all its devices are connected */
    _Atomic bool failed;
    _Atomic int64_t connected_ns; /* when all were */
    _Atomic int64_t storm_ns;     /* the longest until all were again */
    _Atomic unsigned storms;
};

struct load_shared {
    struct load_options o;
    _Atomic int phase;
    _Atomic int64_t start_ns;      /* of the run; CLOCK_MONOTONIC */
    int64_t begun_ns, start_wall_ms; /* when connecting began; wall clock at start_ns */
    unsigned n_workers;
    struct load_worker worker[LOAD_PROCESSES_MOST];
    struct load_opening opening[LOAD_ALARMS_MOST];
};

int64_t load_now_ns(void);
int64_t load_wall_ms(void);

/* A worker process; returns its exit code. */
int load_work(struct load_shared *shared, struct load_worker *worker);

#endif
