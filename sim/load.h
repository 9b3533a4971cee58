/* SPDX-License-Identifier: Apache-2.0
 *
 * Load on a platform from outside: thousands of simulated devices on real sockets, by a scenario. Open loop: every report
 * has its intended moment, and latency counts from there to the acknowledgement, also when the sender came late or the
 * connection was gone meanwhile, so that a platform that stalls cannot hide by slowing its own load.
 *
 * Devices are shared out over processes, as many as descriptors demand; the parent watches the live stream, prints a line a
 * second on stderr and sums up.
 */
#ifndef SIM_LOAD_H
#define SIM_LOAD_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/load_histogram.h"
#include "sim/load_wire.h"

#define LOAD_TO_MOST        16
#define LOAD_PROTOCOLS_MOST 4
#define LOAD_PROCESSES_MOST 64
#define LOAD_ALARMS_MOST    10000

struct load_scenario {
    const char *name, *summary;
    bool offline_first; /* the devices connect when the run begins, all at once; else before it */
    bool silent;        /* one report each, then nothing */
    double rate;        /* times the rate asked for */
    double storm_every; /* share of the run after which every connection breaks; 0: never */
    bool night;         /* each brings the records of a night */
    double busy_share;  /* this share of the devices ... */
    double busy_rate;   /* ... sends this share of the reports; 0: all alike */
    double wrong_clock; /* share of the devices whose clock is wrong, by up to half a day */
};

extern const struct load_scenario load_scenarios[]; /* name NULL ends them */
const struct load_scenario *load_scenario_find(const char *name); /* NULL: none */

struct load_options {
    const struct load_scenario *scenario;
    const struct load_protocol *protocols[LOAD_PROTOCOLS_MOST]; /* device i speaks number i modulo n_protocols */
    unsigned n_protocols;
    struct sockaddr_storage to[LOAD_TO_MOST]; /* device i begins with i modulo n_to, and goes on to the next when one fails */
    unsigned n_to;
    unsigned devices, first; /* how many; number of the first */
    double seconds, warm_s, drain_s;
    double rate;       /* reports a second, all devices together */
    double jitter_s;   /* all reconnect within this */
    double retry_s;    /* what is not acknowledged for so long is sent again */
    double patience_s; /* without an answer for so long, a device tries the next address */
    unsigned stored;   /* records of a night */
    unsigned alarms;   /* this many devices open, one after the other */
    unsigned processes; /* 0: as many as descriptors demand */
    unsigned pid;      /* of a server on this machine, 0: none is looked at */
    uint64_t seed;
    const char *acked; /* file for what was acknowledged, NULL: none */
    const char *http, *user, *password, *key; /* the live stream; http NULL: none */
    bool quiet;        /* no line a second */
};

struct load_counts {
    uint64_t made;         /* reports */
    uint64_t sent, again;  /* messages; of them those sent before */
    uint64_t acknowledged; /* reports */
    uint64_t in_time;      /* of them within the measured time */
    uint64_t given_up;     /* a device's memory was full */
    uint64_t behind;       /* reports whose time came but that this program had no time to make */
    uint64_t late_max_ns;  /* how far this program itself fell behind */
    uint64_t waiting;      /* not acknowledged at the end */
    uint64_t connects, broken, refused, impatient;
    int64_t connected;
};

struct load_result {
    struct load_counts counts;
    struct histogram ack, alarm;
    double connect_s;        /* until all were connected */
    unsigned storms;         /* how many there were */
    double storm_s;          /* the longest until all were connected again */
    unsigned alarms_due, alarms_seen, alarms_twice;
    bool stream_lost;
    double measured_s, run_s;
    /* of the server on this machine, when it is looked at */
    uint64_t server_kib[2], slab_kib[2]; /* before the connections, at the end of the run */
    double server_cpu_s;
    unsigned processes;
    bool stopped; /* by a signal */
};

/* Runs it. False with a sentence in why[size]: it could not begin. */
bool load_run(const struct load_options *options, struct load_result *result, char *why, size_t size);

#endif
