/* SPDX-License-Identifier: Apache-2.0
 *
 * The air is too damp or too dry for the cargo, or becomes so too fast (cargo.h). Relative humidity below 0 or above 100 % is none.
 */
#include "platform/rules/cargo.h"

static const struct cargo_kind kind = {.rule = &rule_humidity,
                                       .sensor = BULLA_SENSOR_HUMIDITY,
                                       .alarm = ALARM_HUMIDITY,
                                       .noun = "Humidity",
                                       .unit = "%",
                                       .product = "percent-minutes",
                                       .least = 0,
                                       .most = 100000,
                                       .sentinel = {0}};

static const struct rule_parameter parameters[] = {{"min", "%", 0, "limits[].min", true},
                                                   {"max", "%", 0, "limits[].max", true},
                                                   {"longer_than", "min", 10, "limits[].for_minutes", true},
                                                   {"over_when_inside_by", "%", 2, NULL},
                                                   {"change", "%", 0, "limits[].change", true},
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

const struct rule rule_humidity = {.kind = ALARM_HUMIDITY, .scope = RULE_OF_SEAL, .parameters = parameters, .size = size, .step = step};
