/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/events.h"

#include <stdlib.h>

void sim_events_clear(struct sim_events *events)
{
    free(events->heap);
    *events = (struct sim_events){0};
}

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->number < b->number;
}

void sim_events_in(struct sim_events *events, int64_t delay_us, sim_event_fn run, void *context, uint64_t argument)
{
    if (events->n == events->size) {
        events->size = events->size * 2 + 256;
        events->heap = realloc(events->heap, events->size * sizeof *events->heap);
        if (!events->heap)
            abort();
    }
    struct sim_event event = {events->now_us + (delay_us > 0 ? delay_us : 0), ++events->numbers, run, context, argument};
    size_t i = events->n++;
    for (; i > 0 && before(&event, &events->heap[(i - 1) / 2]); i = (i - 1) / 2)
        events->heap[i] = events->heap[(i - 1) / 2];
    events->heap[i] = event;
}

static struct sim_event take(struct sim_events *events)
{
    struct sim_event first = events->heap[0], last = events->heap[--events->n];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= events->n)
            break;
        child += child + 1 < events->n && before(&events->heap[child + 1], &events->heap[child]);
        if (!before(&events->heap[child], &last))
            break;
        events->heap[i] = events->heap[child];
        i = child;
    }
    events->heap[i] = last;
    return first;
}

bool sim_events_step(struct sim_events *events, int64_t until_us)
{
    if (!events->n || events->heap[0].at_us > until_us) {
        events->now_us = until_us > events->now_us ? until_us : events->now_us;
        return false;
    }
    struct sim_event event = take(events);
    events->now_us = event.at_us;
    events->steps++;
    event.run(event.context, event.argument);
    return true;
}

void sim_events_note(struct sim_events *events, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    uint64_t h = events->digest ^ (uint64_t)events->now_us * UINT64_C(0x9E3779B97F4A7C15);
    for (size_t i = 0; i < n; i++)
        h = (h ^ at[i]) * UINT64_C(1099511628211);
    events->digest = h ^ h >> 29;
}
