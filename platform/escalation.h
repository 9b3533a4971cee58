/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes up because nobody acted in time. One thread of one node looks; each thing goes up once, also across restarts: the
 * record's id is made from what it is about.
 */
#ifndef PLATFORM_ESCALATION_H
#define PLATFORM_ESCALATION_H

#include "platform/base/clock.h"
#include "platform/platform.h"

struct escalation;
struct escalation *escalation_start(struct platform *platform, struct clock clock); /* NULL: no thread could be made */
void escalation_stop(struct escalation *escalation);                                /* NULL is fine */

/* One look, for who has no thread: everything due by now_ms goes up. Returns how many did, or a negative store outcome. */
int escalation_turn(struct platform *platform, int64_t now_ms);

#endif
