/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated network between devices and the gateways of several nodes (platform/in/net.h). Connections keep the order of
 * what is sent and lose nothing while they live; what is under way is cut into pieces, late, and lost from some byte on when a
 * connection breaks. One side may notice much later than the other, or only by its own time-outs.
 */
#ifndef SIM_NET_H
#define SIM_NET_H

#include "platform/in/net.h"
#include "sim/events.h"
#include "sim/random.h"

#define SIM_NODES_MOST 8

struct sim_net;
struct sim_wire; /* the device's end of a connection */

struct sim_wire_host { /* the device's side */
    void (*bytes)(void *context, const uint8_t *at, size_t n);
    void (*closed)(void *context); /* the wire is gone */
    void *context;
};

struct sim_net_faults {
    uint32_t latency_us;  /* up to, each way */
    double lose;          /* chance that a connection breaks with a piece that is sent */
    double repeat;        /* chance that a piece comes to a node twice, as through a broken middlebox: only whole messages */
    double garble;        /* chance that a damaged copy of a piece comes before it, */
    unsigned garble_port; /* on the port of a protocol that has check sums */
};

struct sim_net_counts {
    uint64_t opened, broken, bytes_up, bytes_down, garbled, repeated, held;
};

struct sim_net *sim_net_new(struct sim_events *events, uint64_t seed);
void sim_net_free(struct sim_net *net);
void sim_net_set_faults(struct sim_net *net, const struct sim_net_faults *faults);
struct sim_net_counts sim_net_counts(const struct sim_net *net);

/* The network as the gateway of a node sees it; `wake` is called when something came in. */
void sim_net_gateway(struct sim_net *net, unsigned node, void (*wake)(void *context), void *context, struct gateway_net *out);
/* The node's program ended: its connections are gone, and devices notice sooner or later. */
void sim_net_node_down(struct sim_net *net, unsigned node);
/* Nothing passes between the node and all devices until it is joined again; connections stay as they are. */
void sim_net_part(struct sim_net *net, unsigned node, bool parted);

/* NULL: the node does not answer. */
struct sim_wire *sim_net_connect(struct sim_net *net, unsigned node, unsigned port, const struct sim_wire_host *host);
void sim_wire_send(struct sim_wire *wire, const uint8_t *at, size_t n);
void sim_wire_close(struct sim_wire *wire); /* by the device; the wire is gone */

#endif
