// SPDX-License-Identifier: Apache-2.0
// The port: finds the back end by the URL's scheme and passes every call on to its table.

#include "platform/bus/bus.h"

#include <stdio.h>
#include <string.h>

struct bus *bus_open(const struct bus_backend *const *backends, const char *url, const struct bus_options *options, char *why, size_t size)
{
    size_t scheme = strcspn(url, ":");
    for (; *backends; backends++) {
        if (strlen((*backends)->scheme) == scheme && strncmp((*backends)->scheme, url, scheme) == 0) {
            struct bus *bus = (*backends)->open(url, options, why, size);
            if (bus) {
                bus->backend = *backends;
            }
            return bus;
        }
    }
    snprintf(why, size, "bus: expected local or a URL like nats://127.0.0.1:4222, got %s", url);
    return NULL;
}

void bus_close(struct bus *bus)
{
    if (bus) {
        bus->backend->close(bus);
    }
}

bool bus_send(struct bus *bus, unsigned partition, const char *name, struct bulla_bytes bytes, uint64_t token)
{
    return bus->backend->send(bus, partition, name, bytes, token);
}

bool bus_follow(struct bus *bus, unsigned partition, uint64_t after)
{
    return bus->backend->follow(bus, partition, after);
}

void bus_unfollow(struct bus *bus, unsigned partition)
{
    bus->backend->unfollow(bus, partition);
}

void bus_pause(struct bus *bus, bool paused)
{
    bus->backend->pause(bus, paused);
}

bool bus_hurry(struct bus *bus, unsigned partition, struct bulla_bytes bytes)
{
    return bus->backend->hurry(bus, partition, bytes);
}

bool bus_notice(struct bus *bus, const char *topic, struct bulla_bytes bytes)
{
    return bus->backend->notice(bus, topic, bytes);
}

size_t bus_take(struct bus *bus, unsigned wait_ms, size_t most, bus_event_fn each, void *context)
{
    return bus->backend->take(bus, wait_ms, most, each, context);
}

struct bus_counts bus_counts(struct bus *bus)
{
    return bus->backend->counts(bus);
}

bool bus_health(struct bus *bus, char *text, size_t size)
{
    return bus->backend->health(bus, text, size);
}
