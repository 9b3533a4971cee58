/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of the platform: who wires it (cli/serve.c, tests, simulations) opens it over a store and a
 * gateway, starts the engine thread, and closes it. THE FUNNEL is pipeline.c:
 *
 *   batch -> names -> append -> (replies may go) -> live state, commands, rules -> alarms -> publish
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include "platform/base/clock.h"
#include "platform/in/gateway.h"
#include "platform/platform.h"

/* Over an open store, which the caller closes afterwards. NULL with a sentence in why. */
struct platform *platform_open(struct store *store, struct clock clock, char why[MODEL_WHY_SIZE]);

/* The gateway, for adding listeners before platform_start(). */
struct gateway *platform_gateway(struct platform *platform);

/* Catches up with the stored observations of the open journeys, then starts both threads. */
bool platform_start(struct platform *platform, char why[MODEL_WHY_SIZE]);

/* Stops reading, stores what has come in, ends the threads, frees everything. NULL is fine. */
void platform_close(struct platform *platform);

#endif
