/* SPDX-License-Identifier: Apache-2.0
 *
 * Stay: how long the vehicle has been standing (general rule 6): the span in which all fixes lie within 150 m, plus their
 * accuracy, of their median. A fix worse than 150 m never proves standing, but one that is surely elsewhere disproves it.
 * One fix that strays by less than 500 m between two that do not is noise. A gap counts when both its ends agree.
 */
#ifndef RULES_STAY_H
#define RULES_STAY_H

#include "platform/rules/position.h"

#define STAY_SAMPLES 16

struct stay_sample {
    int64_t at_ms;
    float x, y; /* metres east and north of the frame */
    float accuracy_m;
    char id[BULLA_ID_SIZE];
};

struct stay {
    double lat, lon; /* of the frame */
    double lat_m, lon_m;
    uint32_t n;       /* samples; when full, every other is dropped, never the first */
    uint32_t n_fixes; /* of the span */
    float x, y;       /* median */
    bool straying;    /* the newest fix lies a little outside */
    struct stay_sample stray;
    struct stay_sample sample[STAY_SAMPLES];
};

void stay_step(struct stay *stay, const struct fix *fix);

/* The span's ends; equal (or none, BULLA_TIME_NONE) when the vehicle is not standing. */
int64_t stay_since(const struct stay *stay);
int64_t stay_until(const struct stay *stay);

/* Whether it has been standing for at least that long, up to `at_ms` with the newest fix not older than `fresh_ms`. */
bool stay_holds(const struct stay *stay, int64_t at_ms, int64_t least_ms, int64_t fresh_ms);

/* Where: the median. */
void stay_place(const struct stay *stay, double *lat, double *lon, double *accuracy_m);

#endif
