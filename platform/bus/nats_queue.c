// SPDX-License-Identifier: Apache-2.0
// What has come from NATS and waits to be taken: two queues. Parcels of the stream and their early copies stand in the second,
// everything else overtakes them.

#include "platform/bus/nats_bus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void nats_signal(struct nats_bus *bus)
{
    pthread_cond_broadcast(&bus->taken);
    if (!bus->woken && bus->options.wake) {
        bus->woken = true;
        bus->options.wake(bus->options.wake_context);
    }
}

static size_t size_of(const struct nats_event *event)
{
    return event->message ? (size_t)natsMsg_GetDataLength(event->message) : 0;
}

void nats_push(struct nats_bus *bus, struct nats_event *event)
{
    struct nats_queue *queue = event->kind == BUS_PARCEL && !event->hurried ? &bus->parcels : &bus->first;
    event->next = NULL;
    *(queue->first ? &queue->end->next : &queue->first) = event;
    queue->end = event;
    queue->n++;
    queue->bytes += size_of(event);
    bus->counts.bytes_in += size_of(event);
    nats_signal(bus);
}

static bool is_empty(const struct nats_bus *bus)
{
    return !bus->first.first && !bus->parcels.first && !bus->link_changed;
}

static struct nats_event *pop(struct nats_bus *bus)
{
    bool waits = bus->parcels.first != NULL, own_turn = waits && bus->overtaken >= BUS_OVERTAKE_MOST;
    struct nats_queue *queue = bus->first.first && !own_turn ? &bus->first : &bus->parcels;
    struct nats_event *event = queue->first;
    bus->overtaken = waits && queue == &bus->first ? bus->overtaken + 1 : 0;
    if (event) {
        queue->first = event->next;
        queue->n--;
        queue->bytes -= size_of(event);
    }
    return event;
}

static void put_back(struct nats_bus *bus, struct nats_event *event)
{
    struct nats_queue *queue = &bus->parcels;
    event->again = true;
    event->next = queue->first;
    queue->end = queue->first ? queue->end : event;
    queue->first = event;
    queue->n++;
    queue->bytes += size_of(event);
}

static void free_event(struct nats_event *event)
{
    natsMsg_Destroy(event->message);
    free(event);
}

bool nats_is_full(const struct nats_bus *bus)
{
    return bus->parcels.bytes >= LIMIT_BUS_EVENT_BYTES / 2 || bus->parcels.n >= LIMIT_BUS_EVENTS / 2;
}

void nats_queue_free(struct nats_bus *bus)
{
    for (struct nats_event *event; (event = pop(bus));) {
        free_event(event);
    }
}

/* The next event, with the lock; false when nothing waits. *held is freed by the caller. */
static bool next_event(struct nats_bus *bus, struct bus_event *out, struct nats_event **held)
{
    *out = (struct bus_event){.kind = BUS_LINK};
    *held = NULL;
    if (bus->link_changed) {
        bus->link_changed = false;
        out->up = bus->counts.up;
        snprintf(out->why, sizeof out->why, "%s", bus->why);
        return true;
    }
    struct nats_event *event;
    while ((event = pop(bus)) && event->kind == BUS_PARCEL && event->generation != bus->followers[event->partition].generation) {
        free_event(event); /* not followed any more, or from another place */
    }
    if (!event) {
        return false;
    }
    *held = event;
    out->kind = event->kind;
    out->partition = event->partition;
    out->place = event->place;
    out->hurried = event->hurried;
    out->again = event->again;
    out->token = event->token;
    if (event->message) {
        out->bytes = (struct bulla_bytes){(const uint8_t *)natsMsg_GetData(event->message), (size_t)natsMsg_GetDataLength(event->message)};
    }
    if (event->kind == BUS_NOTICE) {
        snprintf(out->topic, sizeof out->topic, "%s", natsMsg_GetSubject(event->message) + strlen(bus->prefix) + strlen("n."));
    }
    return true;
}

size_t nats_take(struct bus *base, unsigned wait_ms, size_t most, bus_event_fn each, void *context)
{
    struct nats_bus *bus = (struct nats_bus *)base;
    struct timespec until = nats_in_ms(wait_ms);
    struct bus_event out;
    struct nats_event *held = NULL;
    size_t n = 0;
    pthread_mutex_lock(&bus->lock);
    while (wait_ms && is_empty(bus) && pthread_cond_timedwait(&bus->taken, &bus->lock, &until) != ETIMEDOUT) {
    }
    bool full = nats_is_full(bus);
    while (n < most && next_event(bus, &out, &held)) {
        pthread_mutex_unlock(&bus->lock);
        bus->bus.again = false;
        each(context, &out);
        n++;
        pthread_mutex_lock(&bus->lock);
        if (bus->bus.again && held) {
            put_back(bus, held);
            break;
        }
        if (held) {
            free_event(held);
        }
    }
    bus->woken = false;
    if (!is_empty(bus)) {
        nats_signal(bus);
    }
    if (full) {
        pthread_cond_broadcast(&bus->keep); /* there may be room for more now */
    }
    pthread_mutex_unlock(&bus->lock);
    return n;
}
