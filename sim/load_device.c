/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/load_device.h"

#include <stdlib.h>
#include <string.h>

#define RING_FIRST 16

void load_device_init(struct load_device *d, const struct load_protocol *protocol, uint32_t number)
{
    *d = (struct load_device){.protocol = protocol, .number = number};
}

void load_device_clear(struct load_device *d)
{
    free(d->ring);
    *d = (struct load_device){0};
}

static struct load_kept *at(const struct load_device *d, uint32_t n)
{
    return &d->ring[n & (d->size - 1)];
}

static bool grow(struct load_device *d)
{
    uint32_t size = d->size ? d->size * 2 : RING_FIRST;
    struct load_kept *ring = size <= LOAD_KEPT_MOST ? malloc(size * sizeof *ring) : NULL;
    if (!ring)
        return false;
    for (uint32_t n = d->head; n != d->tail; n++)
        ring[n & (size - 1)] = *at(d, n);
    free(d->ring);
    d->ring = ring;
    d->size = size;
    return true;
}

static bool append(struct load_device *d, const struct load_kept *k)
{
    if (d->tail - d->head == d->size && !grow(d))
        return false;
    *at(d, d->tail++) = *k;
    return true;
}

void load_device_night(struct load_device *d, uint32_t n, int64_t time_s, int64_t intended_ns)
{
    d->stored_left = d->stored_n = n;
    d->dawn_s = (uint32_t)time_s;
    d->dawn_ns = intended_ns;
}

bool load_device_report(struct load_device *d, int64_t time_s, int64_t intended_ns)
{
    uint32_t at_s = (uint32_t)(time_s + d->clock_s), least_s = d->said_s + (d->cut != d->said_cut);
    at_s = d->cut && at_s < least_s ? least_s : at_s;
    d->said_s = at_s;
    d->said_cut = d->cut;
    return append(d, &(struct load_kept){.intended_ns = intended_ns, .time_s = at_s, .cut = d->cut});
}

static void put_stored(struct load_device *d)
{
    if (append(d, &(struct load_kept){.intended_ns = d->dawn_ns,
                                      .time_s = (uint32_t)((int64_t)d->dawn_s - d->stored_left * INT64_C(60) + d->clock_s),
                                      .stored = true}))
        d->stored_left--;
}

size_t load_device_send(struct load_device *d, uint8_t *to, bool *again)
{
    if (load_device_under_way(d) >= d->protocol->window)
        return 0;
    if (d->next == d->tail && d->stored_left)
        put_stored(d);
    while (d->next != d->tail && at(d, d->next)->done)
        d->next++;
    if (d->next == d->tail)
        return 0;
    struct load_kept *k = at(d, d->next);
    struct load_report r = {.n = d->next++, .time_ms = k->time_s * INT64_C(1000), .cut = k->cut, .stored = k->stored || k->sent};
    *again = k->sent;
    k->sent = true;
    return d->protocol->message(to, d->number, &r);
}

/* --- answers --- */
struct answer {
    struct load_device *d;
    load_acked_fn acked;
    void *context;
};

static void on_acked(void *context, unsigned serial)
{
    struct answer *a = context;
    struct load_device *d = a->d;
    uint32_t n = d->head + ((serial - d->head) & (d->protocol->serials - 1));
    if (n - d->head >= d->next - d->head || at(d, n)->done)
        return; /* of something that was acknowledged before, or never sent */
    at(d, n)->done = true;
    a->acked(a->context, d, n, at(d, n));
    while (d->head != d->next && at(d, d->head)->done)
        d->head++;
}

void load_device_receive(struct load_device *d, const uint8_t *bytes, size_t n, load_acked_fn acked, void *context)
{
    struct answer a = {d, acked, context};
    while (d->n_in && n) { /* first what completes the answer that was cut off */
        d->in[d->n_in++] = *bytes++;
        n--;
        size_t used = d->protocol->answers(d->in, d->n_in, on_acked, &a);
        if (!used && d->n_in == sizeof d->in)
            used = d->n_in; /* no answer is that long */
        memmove(d->in, d->in + used, d->n_in - used);
        d->n_in = (uint8_t)(d->n_in - used);
    }
    size_t used = n ? d->protocol->answers(bytes, n, on_acked, &a) : 0;
    size_t rest = n - used < sizeof d->in ? n - used : 0;
    if (n) {
        memcpy(d->in, bytes + n - rest, rest);
        d->n_in = (uint8_t)rest;
    }
}

void load_device_send_again(struct load_device *d)
{
    d->next = d->head;
}

void load_device_disconnected(struct load_device *d)
{
    load_device_send_again(d);
    d->n_in = 0;
}

uint32_t load_device_under_way(const struct load_device *d)
{
    return d->next - d->head;
}

uint32_t load_device_waiting(const struct load_device *d)
{
    uint32_t waiting = d->tail - d->head + d->stored_left;
    for (uint32_t n = d->head; n != d->tail; n++)
        waiting -= at(d, n)->done;
    return waiting;
}
