/* SPDX-License-Identifier: Apache-2.0
 *
 * Light inside: while the lock is known to be sealed somebody has come in by another way, and that is the gravest grade. Light at
 * an opening under supervision is daylight.
 */
#include "platform/rules/burst.h"

static int grade(const struct rule_input *in)
{
    if (in->held->state == LOCK_OPEN && in->held->authorised)
        return 0;
    return in->held->state == LOCK_SEALED ? 3 : 1;
}

static const struct burst_kind kind = {.rule = &rule_light,
                                       .sensor = BULLA_SENSOR_LIGHT,
                                       .alarm = ALARM_LIGHT,
                                       .events = BULLA_EVENT_BIT(BULLA_EVENT_LIGHT),
                                       .noun = "light",
                                       .unit = "lx",
                                       .grade = grade};

static const struct rule_parameter parameters[] = {{"limit", "lx", 20, "limits[].max"}, {"burst", "min", 10, NULL}, {NULL, NULL, 0, NULL}};

static void step(void *state, const struct rule_input *in)
{
    burst_step(&kind, state, in);
}

const struct rule rule_light = {
    .kind = ALARM_LIGHT, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct burst), .step = step};
