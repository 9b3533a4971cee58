/* SPDX-License-Identifier: Apache-2.0
 *
 * Every step that a seal of one profile can take: from a new one, every state and set of modes that is reached,
 * every event in it, with every combination of facts.
 */
#ifndef TESTS_DEVICE_WALK_H
#define TESTS_DEVICE_WALK_H

#include <string.h>

#include "bulla/device.h"

struct walk_step {
    const struct bulla_device *before;
    enum bulla_on event;
    uint32_t facts;
    struct bulla_device_step step;
};

#define WALK_MODE_SETS 256
#define WALK_PLACES    ((BULLA_DEVICE_STATES + 1) * WALK_MODE_SETS)

static inline size_t walk_place(const struct bulla_device *device)
{
    return device->state * (size_t)WALK_MODE_SETS + (device->modes >> 24);
}

/* Calls `visit` for each; returns how many there were. */
static inline size_t walk_device(unsigned profile, void (*visit)(const struct walk_step *w, void *context), void *context)
{
    static bool seen[WALK_PLACES];
    static struct bulla_device queue[WALK_PLACES];
    memset(seen, 0, sizeof seen);
    size_t head = 0, tail = 1, steps = 0;
    bulla_device_init(&queue[0], profile);
    seen[walk_place(&queue[0])] = true;
    for (; head < tail; head++)
        for (unsigned event = 0; event < BULLA_EVENTS_OF_DEVICE; event++)
            for (uint32_t facts = 0; facts < 16; facts++) {
                struct walk_step w = {&queue[head], (enum bulla_on)event, facts << 20, {{0}}};
                w.step = bulla_device_step(w.before, w.event, w.facts);
                visit(&w, context);
                steps++;
                if (!seen[walk_place(&w.step.after)]) {
                    seen[walk_place(&w.step.after)] = true;
                    queue[tail++] = w.step.after;
                }
            }
    return steps;
}

#endif
