/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/bus_queue.h"

#include <stdlib.h>
#include <string.h>

void sim_waits_begin(struct sim_waits *s)
{
    s->first.end = &s->first.first;
    s->parcels.end = &s->parcels.first;
}

struct sim_queue *sim_waits_queue(struct sim_waits *s, const struct bus_event *event)
{
    return event->kind == BUS_PARCEL && !event->hurried ? &s->parcels : &s->first;
}

void sim_waits_put(struct sim_waits *s, const struct bus_event *event, uint64_t follow, const void *bytes, size_t n)
{
    struct sim_waiting *w = malloc(sizeof *w + n);
    if (!w)
        abort();
    struct sim_queue *q = sim_waits_queue(s, event);
    *w = (struct sim_waiting){.event = *event, .follow = follow, .n = n};
    if (n)
        memcpy(w->bytes, bytes, n);
    *q->end = w;
    q->end = &w->next;
    q->n++;
}

struct sim_waiting *sim_waits_pop(struct sim_waits *s)
{
    bool waits = s->parcels.first != NULL, own_turn = waits && s->overtaken >= BUS_OVERTAKE_MOST;
    struct sim_queue *q = s->first.first && !own_turn ? &s->first : &s->parcels;
    struct sim_waiting *w = q->first;
    s->overtaken = waits && q == &s->first ? s->overtaken + 1 : 0;
    if (!w)
        return NULL;
    q->first = w->next;
    if (!q->first)
        q->end = &q->first;
    q->n--;
    return w;
}

void sim_waits_put_back(struct sim_waits *s, struct sim_waiting *w)
{
    struct sim_queue *q = &s->parcels;
    w->event.again = true;
    w->next = q->first;
    if (!q->first)
        q->end = &w->next;
    q->first = w;
    q->n++;
}
