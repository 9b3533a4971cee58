/* SPDX-License-Identifier: Apache-2.0
 *
 * Custom: whether the conditions of a definition hold at a moment, from what is known of a seal by then. Three answers: what is not
 * known is neither. Looks only at what it is given; needs no memory of its own.
 */
#ifndef RULES_CUSTOM_H
#define RULES_CUSTOM_H

#include "platform/rules/stay.h"

#define CUSTOM_SENSORS 16 /* kinds of sensors: those below this number */

enum truth { TRUTH_NO, TRUTH_UNKNOWN, TRUTH_YES };

/* What is known of a seal; times are BULLA_TIME_NONE where nothing was said yet. */
struct custom_seen {
    int64_t heard_ms; /* contact of any kind */
    int64_t fix_ms, speed_ms, sensor_ms[CUSTOM_SENSORS];
    double lat, lon, accuracy_m;
    double off_route_m; /* negative: no route */
    int32_t speed_cmh;
    int32_t least[CUSTOM_SENSORS], greatest[CUSTOM_SENSORS]; /* of all probes in the message that said it last, in thousandths */
    uint8_t percent, state;
    bool begun, has_percent;
};

struct custom_moment {
    const struct plan *plan;
    const struct custom_seen *seen;
    const struct stay *stay;
    const struct entry *entry; /* NULL: a timer */
    int64_t at_ms;
};

void custom_see(struct custom_seen *seen, const struct plan *plan, const struct entry *e, const struct position_news *news);
enum truth custom_holds(const struct definition *d, const struct custom_moment *m);

/* The next moment after this one at which time alone may change the answer; INT64_MAX: none. */
int64_t custom_next(const struct definition *d, const struct custom_moment *m);

/* The conditions that hold, with what they found: "speed 95 km/h, inside Port". */
void custom_tell(const struct definition *d, const struct custom_moment *m, char *to, size_t size);

#endif
