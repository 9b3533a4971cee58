/* SPDX-License-Identifier: Apache-2.0
 *
 * A broker of messages from devices: a port. A back end keeps one connection to it, takes messages of protocol `json` in by
 * gateway_tell(), and carries commands out (gateway_carry()). Only main.c names one.
 *
 * What a back end promises: a message is acknowledged to the broker after all that it says is durable, never before; what was not
 * acknowledged the broker gives again, and it counts once.
 */
#ifndef IN_BROKER_H
#define IN_BROKER_H

#include "platform/in/gateway.h"

struct broker_options {     /* texts; NULL: the default */
    const char *url;        /* mqtt://HOST[:PORT], mqtts://HOST[:PORT] */
    const char *filter;     /* topics; the last + stands for the device (default bulla/+/up) */
    const char *client;     /* the name under which the broker keeps what waits for this node */
    const char *login;      /* a file: user, password, a line each */
    const char *ca;         /* a file of certificates that are believed (default: the system's) */
    const char *cert, *key; /* files of our own certificate */
};

struct broker;

struct broker_backend {
    const char *scheme;
    struct broker *(*open)(struct gateway *gateway, const struct broker_options *options, char *why, size_t size);
    bool (*start)(struct broker *broker);
    void (*close)(struct broker *broker);
};

struct broker { /* a back end's own struct begins with this */
    const struct broker_backend *backend;
};

/* Checks the options; does not connect yet. NULL with a sentence in why[size]. */
struct broker *broker_open(const struct broker_backend *const *backends, struct gateway *gateway, const struct broker_options *options,
                           char *why, size_t size);
/* The thread begins. It goes on trying while the broker cannot be reached. */
bool broker_start(struct broker *broker);
/* Waits for what was taken to be durable, acknowledges it, ends. Before the gateway is stopped. NULL is fine. */
void broker_close(struct broker *broker);

#endif
