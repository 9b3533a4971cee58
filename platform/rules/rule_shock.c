/* SPDX-License-Identifier: Apache-2.0
 *
 * The cargo was struck or fell: a peak above the limit, or the device's own word on the road (burst.h).
 */
#include "platform/rules/burst.h"

static const struct burst_kind kind = {.rule = &rule_shock,
                                       .sensor = BULLA_SENSOR_SHOCK,
                                       .alarm = ALARM_SHOCK,
                                       .events = BULLA_EVENT_BIT(BULLA_EVENT_IMPACT) | BULLA_EVENT_BIT(BULLA_EVENT_FALL),
                                       .noun = "a shock",
                                       .unit = "g",
                                       .work = true,
                                       .road = true};

static const struct rule_parameter parameters[] = {{"limit", "g", 8, "limits[].max"}, {"burst", "min", 10, NULL}, {NULL, NULL, 0, NULL}};

static void step(void *state, const struct rule_input *in)
{
    burst_step(&kind, state, in);
}

const struct rule rule_shock = {
    .kind = ALARM_SHOCK, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct burst), .step = step};
