/* SPDX-License-Identifier: Apache-2.0
 *
 * Volatile organic compounds are beyond their limit, or rise too fast (cargo.h). A negative share is a sensor that failed.
 */
#include "platform/rules/cargo.h"

static const struct cargo_kind kind = {.rule = &rule_voc,
                                       .sensor = BULLA_SENSOR_VOC,
                                       .alarm = ALARM_VOC,
                                       .noun = "Volatile organic compounds",
                                       .unit = "ppm",
                                       .product = "ppm-minutes",
                                       .least = 0,
                                       .most = 2000000000,
                                       .sentinel = {0}};

static const struct rule_parameter parameters[] = {{"min", "ppm", 0, "limits[].min", true},
                                                   {"max", "ppm", 0, "limits[].max", true},
                                                   {"longer_than", "min", 10, "limits[].for_minutes", true},
                                                   {"over_when_inside_by", "ppm", 0.5, NULL},
                                                   {"change", "ppm", 0, "limits[].change", true},
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

const struct rule rule_voc = {.kind = ALARM_VOC, .scope = RULE_OF_SEAL, .parameters = parameters, .size = size, .step = step};
