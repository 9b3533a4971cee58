/* SPDX-License-Identifier: Apache-2.0
 *
 * Work that can stand still in the middle while others go on. It has a thread of its own, so that what libraries keep for each
 * thread stays with it; but only one runs at a time: who resumes it waits until it stands still or has ended. So a simulation is
 * the same each time.
 */
#ifndef SIM_FIBER_H
#define SIM_FIBER_H

#include <stdbool.h>

struct sim_fiber;

/* Nothing runs before it is resumed. Aborts when no thread can be made. */
struct sim_fiber *sim_fiber_new(void (*run)(void *context), void *context);
/* Goes on with it. True: it has ended, and is freed. */
bool sim_fiber_resume(struct sim_fiber *fiber);
/* From within: stands still until it is resumed. */
void sim_fiber_stand(struct sim_fiber *fiber);

#endif
