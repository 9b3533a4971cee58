/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the simulation: simulate.c (rounds), simulate_node.c (nodes and the database: life and turns), simulate_fleet.c
 * (devices and journeys), simulate_fault.c (what fails when), simulate_check.c (invariants).
 */
#ifndef SIM_SIMULATE_INTERNAL_H
#define SIM_SIMULATE_INTERNAL_H

#include "platform/pipeline.h"
#include "sim/bus.h"
#include "sim/device.h"
#include "sim/disk.h"
#include "sim/fiber.h"
#include "sim/link.h"
#include "sim/net.h"
#include "sim/simulate.h"

#define SIM_T0          INT64_C(1767225600000) /* 2026-01-01 */
#define SIM_SEALS       12
#define SIM_FAULTS_MOST 16               /* kinds of them */
#define SIM_SECOND      INT64_C(1000000) /* us */
#define SIM_MINUTE      (60 * SIM_SECOND)
#define SIM_HOUR        (60 * SIM_MINUTE)
#define SIM_PORT_701    701
#define SIM_PORT_808    808

struct simulation;

struct told { /* a record that a device made */
    int64_t time_ms;
    uint8_t kind, event, wake;
    bool acknowledged;
};

struct carrier { /* a seal on its way, and what brings its bytes to a node */
    struct simulation *sim;
    unsigned number;
    struct sim_random random;
    struct sim_device device;
    char seal[MODEL_SEAL_SIZE];
    struct sim_wire *wire;
    unsigned node; /* tried next */
    int64_t try_us;
    struct told *told;
    size_t n_told, told_size;
    size_t first_told; /* of this round */
    /* the journey */
    struct journey *journey; /* NULL: none */
    double lat[8], lon[8];
    int64_t start_ms, end_ms, detour_ms, detour_end_ms, silent_ms, silent_end_ms, act_ms;
    enum sim_action act;
    bool acted;
};

struct node {
    struct simulation *sim;
    unsigned number;
    char name[16];
    struct sim_disk *disk;
    struct sim_link link;
    struct store *store;       /* one process alone: its own */
    struct platform *platform; /* NULL: down */
    int64_t skew_ms;
    int64_t turn_us; /* when it runs next */
    uint64_t turn;   /* number of the turn that is asked for; others are passed over */
    int64_t stalled_until_us, busy_until_us;
    unsigned turns_since_publish, next_ms; /* next_ms: what the last turn asked for */
    struct sim_fiber *fiber;               /* NULL: not in the middle of a turn */
    uint64_t stands;                       /* how often it has stood still in the middle of one */
    int64_t stand_us;                      /* how long it will, the next time */
    bool breaking;                         /* its work in the database ends, and it stands still again */
    bool engine_alone;                     /* the database does not answer: its other threads go on */
    bool suspended;                        /* a machine that is suspended: its clock stands still too */
    bool parted, restarting, crash_is_power;
};

struct simulation {
    struct simulate_options options;
    struct simulate_result *result;
    struct sim_events events;
    struct sim_random random;
    struct sim_net *net;
    struct sim_brokers *brokers;
    struct node nodes[SIM_NODES_MOST];
    unsigned n_nodes;
    struct sim_disk *database_disk; /* cluster */
    struct sim_database database;
    int64_t database_skew_ms;
    bool database_restarting;
    int64_t wrote_epochs[STORE_PARTITIONS_MOST];
    char (*appended)[BULLA_ID_SIZE]; /* the last that the store said it has: a ring */
    uint64_t n_appended;
    struct carrier fleet[SIM_SEALS];
    unsigned n_fleet;
    int64_t busy_until_us;
    bool resting; /* devices make nothing new */
    bool healed;  /* nothing fails any more in this round */
    unsigned round;
    int64_t round_end_us;
    /* drawn anew for each seed */
    uint32_t report_s, tick_s;
    unsigned segment_rows, partitions;
    int64_t lease_ms, idle_us;
    double pace[SIM_FAULTS_MOST]; /* how much rarer than usual each kind of fault is */
    double wake_early;            /* chance that a node takes an early copy at once */
    double check_copy;            /* chance that an acknowledgement is looked for on a copy of the disk */
};

bool sim_has(const struct simulation *sim, enum simulate_fault fault); /* asked for, and not healed */
void sim_trace(struct simulation *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The first that is broken ends the run. */
void sim_broken(struct simulation *sim, const char *invariant, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* simulate_node.c */
bool sim_nodes_open(struct simulation *sim);
void sim_nodes_close(struct simulation *sim);
void sim_node_wake(struct node *node, int64_t delay_us);
void sim_node_crash(struct node *node, bool power, int64_t down_us);
void sim_database_crash(struct simulation *sim, bool power, int64_t down_us);
/* A program that stands still in the middle of a turn goes on. */
void sim_node_go_on(struct node *node);
bool sim_nodes_up(const struct simulation *sim);    /* all, and the database */
bool sim_nodes_empty(const struct simulation *sim); /* no outbox holds anything */
/* Where records are put and read: the shared store or that of the one node; NULL while it is down. */
struct store *sim_store(struct simulation *sim);

/* simulate_fleet.c */
bool sim_fleet_open(struct simulation *sim);
void sim_fleet_close(struct simulation *sim);
void sim_fleet_enter(struct simulation *sim);   /* seal records; everything is up */
void sim_fleet_depart(struct simulation *sim);  /* a journey for every seal, over the round */
void sim_fleet_release(struct simulation *sim); /* ends the journeys */
bool sim_fleet_delivered(const struct simulation *sim);

/* simulate_fault.c */
void sim_faults_begin(struct simulation *sim);
void sim_faults_end(struct simulation *sim);

/* simulate_check.c */
void sim_check_round(struct simulation *sim);
void sim_check_records(struct simulation *sim); /* what people were told was put is there */
void sim_check_acknowledged(struct carrier *carrier, const struct told *told);
void sim_check_appended(void *host, const struct store_row *rows, size_t n);
void sim_check_write(void *host, unsigned node, const struct store_lease *lease);

#endif
