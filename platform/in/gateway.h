/* SPDX-License-Identifier: Apache-2.0
 *
 * The gateway: WHERE BYTES ENTER. Listeners for device protocols on TCP and UDP, each for one protocol or
 * recognising it by itself; one loop thread reads, frames and decodes into batches and sends replies and
 * commands. It knows nothing of stores or rules: the pipeline takes batches from it.
 *
 *   loop thread:    socket -> peer_feed() -> proto -> filling batch
 *   engine thread:  gateway_take() ... store ... gateway_stored() ... rules ... gateway_done()
 *   loop thread:    replies of a stored batch -> socket
 *
 * Over a network without a thread (net.h) nothing here starts one or waits: the owner tells what came in, calls
 * gateway_step() with the time, and takes batches. The same calls, clock and randomness give the same bytes.
 */
#ifndef IN_GATEWAY_H
#define IN_GATEWAY_H

#include "platform/base/clock.h"
#include "platform/in/batch.h"
#include "platform/in/shed.h"
#include "proto/proto.h"

struct gateway;

#define GATEWAY_TENANT_SIZE 40

struct gateway_host {
    void *host;
    /* How a seal ("protocol:device") is set up; false: the protocol's defaults. Called on the loop thread. */
    bool (*profile)(void *host, const char *seal, struct proto_profile *out);
    /* n random bytes for authentication codes; NULL: the system's. */
    void (*random)(void *host, uint8_t *to, size_t n);
    /* Whose seal this is, for quotas; false: nobody's. NULL: no tenants. Called on the loop thread. */
    bool (*tenant)(void *host, const char *seal, char to[GATEWAY_TENANT_SIZE]);
};

struct gateway_counts { /* since the start; read from any thread */
    uint64_t accepted, closed, refused_connections, bytes_in, bytes_out, messages, observations, replies, garbage_bytes;
    uint64_t outcomes[8]; /* refused messages by -status */
    uint64_t closed_slow, closed_idle, closed_garbage, closed_write, stalled, dropped_replies, unrecognised;
    uint64_t udp_packets, udp_peers;
    uint64_t connections;     /* now open */
    uint64_t by_protocol[16]; /* messages by protocol number */
    /* Under pressure: observations that were neither stored nor acknowledged, and why others were kept (see shed.h). */
    uint64_t shed[SHED_WHY_COUNT], shed_by_protocol[16];
    uint64_t shed_unanswered; /* of those, without an acknowledgement to withhold: the device will not send them again */
    uint64_t kept[KEEP_COUNT];
    uint64_t slowed, restored;              /* devices told to report less often, and as before */
    uint64_t held;                          /* times that one connection was not read because it had had its share of a batch */
    uint64_t level, interval_ms, most_rows; /* now: shed_level() and the measures behind it */
};

struct gateway *gateway_new(const struct gateway_host *host, struct clock clock);
/* Over another network than the machine's (net.h); the table is copied. NULL: the machine's. */
struct gateway_net;
struct gateway *gateway_new_over(const struct gateway_host *host, struct clock clock, const struct gateway_net *net);
/* Before it starts: the clock goes `pace` times as fast as the machine's. */
void gateway_pace(struct gateway *g, double pace);

/* Adds a listener before gateway_start(). protocol: a registry name or "auto"; transport "tcp" or "udp"; port 0 lets the
 * system choose. Returns the port, or 0 with a sentence in why[size]. */
unsigned gateway_listen(struct gateway *gateway, const char *protocol, const char *transport, const char *address, unsigned port, char *why,
                        size_t size);

bool gateway_start(struct gateway *gateway); /* the loop thread begins */
void gateway_stop(struct gateway *gateway);  /* closes all sockets and ends the thread; what came in can still be taken */
void gateway_free(struct gateway *gateway);

/* What the loop thread does between sockets: sends the replies of stored batches, runs orders, closes what is overdue, lets
 * the network read on when there is room again. For owners of a network without a thread, who call it after gateway_stored(),
 * gateway_command() and gateway_take(), and at least every LIMIT_SWEEP_MS. */
void gateway_step(struct gateway *gateway, int64_t now_ms);

/* Waits up to wait_ms for something to have come in, then hands over all of it; NULL: nothing came. Gives sockets time
 * to gather LIMIT_COMMIT_MS of messages when they come fast. With 0 it never waits. */
struct batch *gateway_take(struct gateway *gateway, unsigned wait_ms);
/* The batch is durable: its replies are sent, and who told it from inside hears so. The batch must still be given back by
 * gateway_done(). Every batch that was taken must go through both, also one that could not be stored (batch_lose() first). */
void gateway_stored(struct gateway *gateway, struct batch *batch);
void gateway_done(struct gateway *gateway, struct batch *batch);
/* THE ENTRANCE FROM INSIDE: observations that come over no socket of the gateway's (a broker, an HTTP request, an officer, a gate) go
 * the same way as all others: into the filling batch, to the store, to the rules. received_ms is set here. They are never shed.
 * `done` is called once, when they are durable or when they cannot be, from another thread, and must not call the gateway.
 * GATEWAY_FULL: the store is behind, nothing was taken, try again; GATEWAY_CLOSED: the platform is stopping. Any thread. */
enum gateway_told { GATEWAY_TOLD, GATEWAY_FULL, GATEWAY_CLOSED };
struct gateway_row {
    const struct bulla_observation *o; /* protocol and device set */
    struct bulla_bytes raw;            /* what it was made from: the evidence */
};
enum gateway_told gateway_tell(struct gateway *gateway, const struct gateway_row *rows, size_t n, void (*done)(void *context, bool stored),
                               void *context);
/* Who carries commands for seals that no connection speaks for: a broker's link. */
struct gateway_carrier_counts {
    uint64_t connects, messages, acknowledged, given_up, commands;
    bool up;
};
struct gateway_carrier {
    void *context;
    /* Takes a command as the protocol writes it; false: it does not reach that seal. What becomes of it is told by gateway_carried(). On
     * the loop thread, must not wait and must not call the gateway. */
    bool (*send)(void *context, const char *seal, const char *command_id, struct bulla_bytes bytes);
    void (*counts)(void *context, struct gateway_carrier_counts *out);
};
/* From now on, until NULL; after that it is not called any more. Any thread. */
void gateway_carry(struct gateway *gateway, const struct gateway_carrier *carrier);
void gateway_carried(struct gateway *gateway, const char *seal, const char *command_id, bool sent);
/* False: there is none. */
bool gateway_carrier_counts(struct gateway *gateway, struct gateway_carrier_counts *out);

/* A message from inside that is refused is kept for study like those of the sockets. */
void gateway_tell_damage(struct gateway *gateway, const char *protocol, const char *peer, const char *why, struct bulla_bytes raw);

/* Wakes gateway_take() early: the caller has work of another kind. */
void gateway_wake(struct gateway *gateway);

/* Sends a command to the device of a seal when it is connected; the outcome comes back as a note (SENT, UNSENT) in a
 * batch. `args` are "name=value" lines. Any thread. */
void gateway_command(struct gateway *gateway, const char *seal, const char *command_id, const char *name, const char *args);

/* A seal's set-up changed: it is looked up anew with its next message. */
void gateway_profile_changed(struct gateway *gateway, const char *seal);

/* Whose some seals are has changed (gateway_host.tenant): it is asked anew with the next message of each. Any thread. */
void gateway_tenants_changed(struct gateway *gateway);

/* The rest of the platform is behind (0 not, 3 very much): plain reports are shed at least so hard. Any thread. */
void gateway_pressure(struct gateway *gateway, unsigned level);

/* Of several nodes: so many rows were taken from here and wait for the store, and so many may, or alarms would wait behind them
 * (0: no limit). Beyond it plain reports are shed. Any thread. */
void gateway_ahead(struct gateway *gateway, size_t rows, size_t most);

/* How long a batch may take before plain reports are shed (at first SHED_TARGET_MS): an alarm waits for two. Before
 * gateway_start(). */
void gateway_target(struct gateway *gateway, unsigned ms);

/* Off: nothing is shed, quotas included; sockets wait for the store, and alarms with them. For devices that do not send again
 * what was not acknowledged. On at first. */
void gateway_shedding(struct gateway *gateway, bool on);

/* Observations a second of a tenant (gateway_host.tenant), of a listener ("jt701/tcp"), or ("*") of each tenant without a
 * quota of its own; above it plain reports are shed. Before gateway_start(); listeners: after gateway_listen() too. False:
 * out of memory. */
bool gateway_quota(struct gateway *gateway, const char *name, unsigned per_second);
/* Calls each: what was kept and shed of those that have a quota. Any thread. */
void gateway_quotas(struct gateway *gateway,
                    void (*each)(void *context, const char *name, unsigned per_second, uint64_t kept, uint64_t shed), void *context);

struct gateway_counts gateway_counts(const struct gateway *gateway);

/* One line a listener: "tcp 0.0.0.0:10001 jt701". Calls each. */
void gateway_listeners(const struct gateway *gateway,
                       void (*each)(void *context, const char *protocol, const char *transport, unsigned port), void *context);

/* Splits "a=1\nb=2" in place into arguments; false when there are too many. */
bool gateway_args(char *text, struct proto_args *out);

#endif
