/* SPDX-License-Identifier: Apache-2.0
 *
 * The cargo leans further than the limit, or the device says so on the road (burst.h).
 */
#include "platform/rules/burst.h"

static const struct burst_kind kind = {.rule = &rule_tilt,
                                       .sensor = BULLA_SENSOR_TILT,
                                       .alarm = ALARM_TILT,
                                       .events = BULLA_EVENT_BIT(BULLA_EVENT_TILT),
                                       .noun = "a tilt",
                                       .unit = "degrees",
                                       .work = true,
                                       .road = true};

static const struct rule_parameter parameters[] = {
    {"limit", "degrees", 30, "limits[].max"}, {"burst", "min", 10, NULL}, {NULL, NULL, 0, NULL}};

static void step(void *state, const struct rule_input *in)
{
    burst_step(&kind, state, in);
}

const struct rule rule_tilt = {
    .kind = ALARM_TILT, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct burst), .step = step};
