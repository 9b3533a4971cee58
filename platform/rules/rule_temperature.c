/* SPDX-License-Identifier: Apache-2.0
 *
 * The cargo is too warm or too cold, or warms or cools too fast (cargo.h). -127 and 85 C are what a one-wire probe says that
 * does not answer or has just started (data sheet of the DS18B20); -200 and 200 C are beyond every probe in use.
 */
#include "platform/rules/cargo.h"

static const struct cargo_kind kind = {.rule = &rule_temperature,
                                       .sensor = BULLA_SENSOR_TEMPERATURE,
                                       .alarm = ALARM_TEMPERATURE,
                                       .noun = "Temperature",
                                       .unit = "C",
                                       .product = "degree-minutes",
                                       .least = -200000,
                                       .most = 200000,
                                       .sentinel = {-127000, 85000}};

static const struct rule_parameter parameters[] = {{"min", "C", 0, "limits[].min", true},
                                                   {"max", "C", 0, "limits[].max", true},
                                                   {"longer_than", "min", 10, "limits[].for_minutes", true},
                                                   {"over_when_inside_by", "C", 0.5, NULL},
                                                   {"change", "C", 0, "limits[].change", true},
                                                   {"change_within", "min", 30, "limits[].change_minutes", true},
                                                   {NULL, NULL, 0, NULL}};

static size_t size(const struct plan *plan)
{
    return cargo_size(&kind, plan);
}

static void step(void *state, const struct rule_input *in)
{
    cargo_step(&kind, state, in);
}

const struct rule rule_temperature = {
    .kind = ALARM_TEMPERATURE, .scope = RULE_OF_SEAL, .parameters = parameters, .size = size, .step = step};
