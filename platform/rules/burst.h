/* SPDX-License-Identifier: Apache-2.0
 *
 * Burst: what the rules on shock, tilt and light share: values above a limit, and the device's own word for the same.
 * Those less than 10 min apart are one alarm with a count. Goods are handled at origin, destination, handling zones and
 * points of loading: there a shock is work.
 */
#ifndef RULES_BURST_H
#define RULES_BURST_H

#include "platform/rules/rule.h"

/* Where the rules of this family have them in their tables. */
enum burst_parameter { BURST_LIMIT, BURST_PAUSE };

struct burst_kind {
    const struct rule *rule;
    enum bulla_sensor_kind sensor;
    enum alarm_kind alarm;
    uint64_t events; /* the device says so itself */
    const char *noun, *unit;
    /* The grade here and now, 0: silent. NULL: that of the kind. */
    int (*grade)(const struct rule_input *in);
    bool work; /* not where goods are handled */
    bool road; /* events count on the road alone: while the vehicle stands they are tampering, and that rule's */
};

struct burst {
    sheet_slot slot;
    int32_t peak; /* thousandths */
    int64_t last_ms;
};

void burst_step(const struct burst_kind *kind, struct burst *state, const struct rule_input *in);

#endif
