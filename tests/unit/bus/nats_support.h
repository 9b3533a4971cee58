/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the bus over nats-server share: opening, sending numbered values, and what a bus has given.
 */
#ifndef NATS_SUPPORT_H
#define NATS_SUPPORT_H

#include "bus_support.h"

#include <nats/nats.h>

#include "platform/bus/sender.h"
#include "tests/support/nats.h"

extern const struct bus_backend bus_nats;
static const struct bus_backend *const BACKENDS[] = {&bus_nats, NULL};

#define STORE  "01TEST"
#define STREAM "BULLA-" STORE

enum { PARTITIONS = 6, KEPT = 4096 };

struct heard { /* what a bus has given */
    struct bus *bus;
    size_t sent, unsent, parcels, early, hurried, notices, links;
    bool up;
    char why[160], topic[16], notice[64];
    uint64_t last[PARTITIONS], values[PARTITIONS][KEPT];
    size_t n[PARTITIONS];
    unsigned char tokens[KEPT];
};

static inline void hear(void *context, const struct bus_event *event)
{
    struct heard *heard = context;
    switch (event->kind) {
    case BUS_PARCEL:
        if (event->hurried) {
            heard->hurried++;
            break;
        }
        if (event->place == 0) { /* an early copy: the stream brings it as well */
            heard->early++;
            break;
        }
        assert_true(event->place > heard->last[event->partition]);
        heard->last[event->partition] = event->place;
        assert_true(event->bytes.len >= 8 && heard->n[event->partition] < KEPT);
        memcpy(&heard->values[event->partition][heard->n[event->partition]++], event->bytes.at, 8);
        heard->parcels++;
        break;
    case BUS_SENT:
    case BUS_UNSENT:
        assert_true(event->token < KEPT);
        assert_int_equal(heard->tokens[event->token]++, 0); /* once each */
        *(event->kind == BUS_SENT ? &heard->sent : &heard->unsent) += 1;
        break;
    case BUS_NOTICE:
        heard->notices++;
        memcpy(heard->topic, event->topic, sizeof heard->topic);
        snprintf(heard->notice, sizeof heard->notice, "%.*s", (int)event->bytes.len, (const char *)event->bytes.at);
        break;
    case BUS_LINK:
        heard->links++;
        heard->up = event->up;
        memcpy(heard->why, event->why, sizeof heard->why);
        break;
    }
}

static inline bool until(struct heard *heard, const size_t *what, size_t wanted, unsigned ms)
{
    for (int64_t end = machine_ms() + ms; *what < wanted && machine_ms() < end;) {
        bus_take(heard->bus, 20, 1000, hear, heard);
    }
    return *what >= wanted;
}

static inline bool until_up(struct heard *heard, bool up, unsigned ms)
{
    for (int64_t end = machine_ms() + ms; heard->up != up && machine_ms() < end;) {
        bus_take(heard->bus, 20, 1000, hear, heard);
    }
    return heard->up == up;
}

static inline struct bus *try_open_of(const char *url, const char *store, const char *node, char *why, size_t size)
{
    struct bus_options options = {.node = node, .store = store, .partitions = PARTITIONS};
    return bus_open(BACKENDS, url, &options, why, size);
}

static inline struct bus *try_open(const char *url, const char *node, char *why, size_t size)
{
    return try_open_of(url, STORE, node, why, size);
}

static inline void open_bus_of(struct heard *heard, const struct nats_servers *servers, const char *store, const char *node)
{
    char url[300], why[300] = "";
    memset(heard, 0, sizeof *heard);
    nats_servers_url(servers, url, sizeof url);
    heard->bus = try_open_of(url, store, node, why, sizeof why);
    if (!heard->bus) {
        fail_msg("bus_open: %s", why);
    }
}

static inline void open_bus(struct heard *heard, const struct nats_servers *servers, const char *node)
{
    open_bus_of(heard, servers, STORE, node);
}

static inline bool send_value(struct heard *heard, unsigned partition, uint64_t value, uint64_t token)
{
    char name[40];
    uint8_t bytes[100] = {0};
    memcpy(bytes, &value, 8);
    snprintf(name, sizeof name, "p%u-%llu", partition, (unsigned long long)value);
    return bus_send(heard->bus, partition, name, (struct bulla_bytes){bytes, sizeof bytes}, token);
}

static inline void check_values(const struct heard *heard, unsigned partition, uint64_t first, uint64_t last)
{
    assert_int_equal(heard->n[partition], last - first + 1);
    for (size_t i = 0; i < heard->n[partition]; i++) {
        assert_int_equal(heard->values[partition][i], first + i);
    }
}

/* One broker for a group of tests. */
static inline int start_one(void **state)
{
    static struct nats_servers servers;
    nats_servers_start(&servers, 1, NULL, NULL);
    *state = &servers;
    return 0;
}

static inline int stop_one(void **state)
{
    nats_servers_stop(*state);
    return 0;
}

#endif
