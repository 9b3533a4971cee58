/* SPDX-License-Identifier: Apache-2.0
 *
 * The pressure is beyond its limits, or changes too fast (cargo.h). A negative absolute pressure is a sensor that failed.
 */
#include "platform/rules/cargo.h"

static const struct cargo_kind kind = {.rule = &rule_pressure,
                                       .sensor = BULLA_SENSOR_PRESSURE,
                                       .alarm = ALARM_PRESSURE,
                                       .noun = "Pressure",
                                       .unit = "kPa",
                                       .product = "kPa-minutes",
                                       .least = 0,
                                       .most = 2000000000,
                                       .sentinel = {0}};

static const struct rule_parameter parameters[] = {{"min", "kPa", 0, "limits[].min", true},
                                                   {"max", "kPa", 0, "limits[].max", true},
                                                   {"longer_than", "min", 10, "limits[].for_minutes", true},
                                                   {"over_when_inside_by", "kPa", 1, NULL},
                                                   {"change", "kPa", 0, "limits[].change", true},
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

const struct rule rule_pressure = {.kind = ALARM_PRESSURE, .scope = RULE_OF_SEAL, .parameters = parameters, .size = size, .step = step};
