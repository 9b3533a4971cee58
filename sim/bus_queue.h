/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client of the simulated brokers has been given and not taken yet: two queues. Parcels that nobody hurries wait in the
 * second, everything else overtakes them (platform/bus/bus.h).
 */
#ifndef SIM_BUS_QUEUE_H
#define SIM_BUS_QUEUE_H

#include "platform/bus/bus.h"

struct sim_waiting {
    struct sim_waiting *next;
    struct bus_event event;
    uint64_t follow; /* of a parcel: number of the following it belongs to */
    size_t n;
    uint8_t bytes[];
};

struct sim_queue {
    struct sim_waiting *first, **end;
    size_t n;
};

struct sim_waits {
    struct sim_queue first, parcels;
    unsigned overtaken; /* so many were taken one after the other while parcels waited */
};

void sim_waits_begin(struct sim_waits *waits);
struct sim_queue *sim_waits_queue(struct sim_waits *waits, const struct bus_event *event); /* where such an event waits */
void sim_waits_put(struct sim_waits *waits, const struct bus_event *event, uint64_t follow, const void *bytes, size_t n);
struct sim_waiting *sim_waits_pop(struct sim_waits *waits);                   /* the caller's to free; NULL: none waits */
void sim_waits_put_back(struct sim_waits *waits, struct sim_waiting *parcel); /* to be given again */

#endif
