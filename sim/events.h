/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens next in a simulation: events in order of time, those of one time in the order in which they were asked for. Time is
 * simulated and passes only from event to event.
 */
#ifndef SIM_EVENTS_H
#define SIM_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*sim_event_fn)(void *context, uint64_t argument);

struct sim_event {
    int64_t at_us;
    uint64_t number;
    sim_event_fn run;
    void *context;
    uint64_t argument;
};

struct sim_events {
    struct sim_event *heap;
    size_t n, size;
    uint64_t numbers, steps;
    int64_t now_us;  /* since 1970 */
    uint64_t digest; /* of what happened: see sim_events_note() */
};

void sim_events_clear(struct sim_events *events);
/* In delay_us, 0 or more; aborts when out of memory. */
void sim_events_in(struct sim_events *events, int64_t delay_us, sim_event_fn run, void *context, uint64_t argument);
/* Runs the next event; false: there is none until `until_us`, and it is that time now. */
bool sim_events_step(struct sim_events *events, int64_t until_us);
/* Mixes what happened into the digest: two runs that are the same have the same. */
void sim_events_note(struct sim_events *events, const void *bytes, size_t n);

static inline int64_t sim_events_now_ms(const struct sim_events *events)
{
    return events->now_us / 1000;
}

#endif
