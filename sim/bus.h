/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated cluster of brokers (platform/bus/bus.h) with the habits of JetStream: it acknowledges what is replicated, which is
 * not what is on disks; a stream's leader may be lost for seconds; acknowledgements get lost; what was stored may be given again,
 * from an older place; and when all brokers lose power together, the end of a stream is gone and its places are given again.
 *
 * Each time that a parcel is sent, who follows its partition gets an early copy, past the stream: whether or not the stream has a
 * leader, knows the parcel already or loses it later. Copies come before what the stream gives or long after it, out of order,
 * again, or never; the sender's own comes at once. Hurried parcels are such copies that overtake what waits to be taken.
 */
#ifndef SIM_BUS_H
#define SIM_BUS_H

#include "platform/bus/bus.h"
#include "sim/events.h"
#include "sim/random.h"

struct sim_brokers;

struct sim_bus_faults {
    uint32_t latency_us; /* up to, each way */
    double lose_ack;     /* stored, and the sender is told that it is not */
    double lose_message; /* not stored, and the sender is told so */
    double lose_notice, repeat_notice;
    double give_again; /* with each message given: all from some older place are given again */
    uint32_t early_us; /* up to so late an early copy comes */
    double lose_early, repeat_early;
    double late_early; /* it hangs in a connection for minutes */
};

struct sim_bus_counts {
    uint64_t sent, stored, known, lost_acks, given, given_again, elections, power_cuts, lost_messages, notices;
    uint64_t early, early_lost; /* copies that came to who follows, and that did not */
};

struct sim_brokers *sim_brokers_new(struct sim_events *events, uint64_t seed, unsigned partitions);
void sim_brokers_free(struct sim_brokers *brokers);
void sim_brokers_set_faults(struct sim_brokers *brokers, const struct sim_bus_faults *faults);
struct sim_bus_counts sim_brokers_counts(const struct sim_brokers *brokers);

/* `came` is told of each early copy that waits to be taken now, with the name that its node opened with. */
void sim_brokers_tell(struct sim_brokers *brokers, void (*came)(void *host, const char *node), void *host);

/* Nothing is acknowledged or given until the new leader is chosen. */
void sim_brokers_elect(struct sim_brokers *brokers, int64_t for_us);
/* All brokers lose power: up to `most` messages at the end of each partition's stream are gone. */
void sim_brokers_power_cut(struct sim_brokers *brokers, unsigned most);
/* Cuts a node off, by the name it opened with. */
void sim_brokers_part(struct sim_brokers *brokers, const char *node, bool parted);

/* For platform_options.buses: opens "sim:" on the brokers that were made last. */
extern const struct bus_backend sim_bus_backend;

#endif
