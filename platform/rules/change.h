/* SPDX-License-Identifier: Apache-2.0
 *
 * Change: by how much a series of values has changed within a span of time. One value that strays is no change: each is
 * taken as the median of itself and the two before it. Extremes are kept by eighths of the span.
 */
#ifndef RULES_CHANGE_H
#define RULES_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "bulla/observation.h"

#define CHANGE_PARTS 8

struct change_part {
    int64_t from_ms; /* of its first value; 0: empty */
    int32_t least, most;
};

struct change {
    uint32_t n;       /* values seen, up to three */
    int32_t value[2]; /* the last two, newest last */
    int64_t last_ms;  /* of the newest */
    char last[BULLA_ID_SIZE];
    struct change_part part[CHANGE_PARTS]; /* oldest first */
    uint32_t n_parts;
};

struct change_found {
    int64_t onset_ms; /* of the value that went too far */
    int64_t span_ms;  /* since the start of the part that it is compared with */
    int32_t by;
    char id[BULLA_ID_SIZE];
};

/* Takes a value in. True while it is further than `most` from one of the span before it. */
bool change_step(struct change *change, int64_t at_ms, int32_t value, const char *id, int64_t span_ms, int32_t most,
                 struct change_found *found);

#endif
