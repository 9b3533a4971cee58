/* SPDX-License-Identifier: Apache-2.0
 *
 * Protocol `json`: what its files share, and what those who carry its messages (MQTT, HTTP) need of it.
 */
#ifndef PROTO_JSON_DEVICE_H
#define PROTO_JSON_DEVICE_H

#include "proto/json_member.h"

#define PROTO_JSON_NAME_EXPECTED "1 to 31 letters, digits, - . _"

extern const struct proto proto_json;

/* The link's state. */
struct proto_json_link {
    char device[BULLA_DEVICE_SIZE]; /* as the topic or the address names it; "" : each message must */
    bool through_server;            /* the last message came through a network server: commands do not go that way */
};

/* A device's own id in this protocol. */
bool proto_json_is_device(struct bulla_bytes name);

/* What a message may have: one object. json_table.c */
extern const struct json_table json_message_table;

#endif
