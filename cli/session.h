/* SPDX-License-Identifier: Apache-2.0
 *
 * A protocol on the command line: the link that `bulla decode` and `bulla encode` give it, without a socket.
 * What it emits and replies is collected as JSON.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <jansson.h>
#include <stdalign.h>

#include "proto/proto.h"

struct cli_block; /* memory that a protocol holds */

struct cli_session {
    const struct proto *proto;
    struct proto_link link;
    json_t *observations, *replies; /* arrays of the message at hand; NULL: not collected */
    struct cli_block *blocks;
    uint64_t random;                /* state of reproducible randomness; 0: the system's */
    alignas(max_align_t) uint8_t state[PROTO_STATE_MAX];
};

/* What both subcommands let the user say about the device; NULL where not given. */
struct cli_device {
    const char *now, *zone, *model, *settings;
};

/* Reads the options into a profile and an arrival time; false after telling stderr what is wrong. */
bool cli_device_read(const struct cli_device *device, struct proto_profile *profile, int64_t *now_ms);

/* Opens a session in the caller's storage. `fixed_now`: the time was given, so randomness follows from it. */
void cli_session_init(struct cli_session *session, const struct proto *proto, const struct proto_profile *profile, int64_t now_ms,
                      bool fixed_now);

/* Frees what the protocol still holds. */
void cli_session_clear(struct cli_session *session);

/* The protocol of that name; NULL after telling stderr which there are. */
const struct proto *cli_proto_find(const char *name);

#endif
