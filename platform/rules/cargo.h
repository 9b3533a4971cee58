/* SPDX-License-Identifier: Apache-2.0
 *
 * Cargo: what the rules on the limits of a sensor kind share (temperature, humidity, pressure, VOC). A value beyond its
 * limit for longer than for_minutes is an alarm, and so is one that changes faster than the limit allows. A probe is judged
 * by the limit that names it, else by those that name none.
 *
 * A probe needs state only while it is outside; a journey only when it has limits of the kind.
 */
#ifndef RULES_CARGO_H
#define RULES_CARGO_H

#include "platform/rules/rule.h"

/* Where the rules of this family have it in their tables. */
enum cargo_parameter { CARGO_INSIDE_BY = 3 };

struct cargo_kind {
    const struct rule *rule;
    enum bulla_sensor_kind sensor;
    enum alarm_kind alarm;
    const char *noun, *unit; /* "temperature", "C" */
    const char *product;     /* of unit and minutes: "degree-minutes" */
    int32_t least, most;     /* thousandths: beyond, a sensor does not measure but fail */
    int32_t sentinel[4];     /* what a failed sensor says; 0 ends them */
};

size_t cargo_size(const struct cargo_kind *kind, const struct plan *plan);
void cargo_step(const struct cargo_kind *kind, void *state, const struct rule_input *in);

#endif
