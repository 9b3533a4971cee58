/* SPDX-License-Identifier: Apache-2.0
 *
 * How long a battery lasts: from what a seal does in a day to days of life.
 *
 *   used in a day = sleeping current * 24 h + sum of current * duration * times a day
 *   life          = capacity at this temperature / (used in a day + self-discharge in a day), at most the shelf life
 *
 * A load happens so many times a day, or so many times a report; the interval of reports is a condition, so that
 * one duty answers "how long at which interval". Cold takes capacity away (the table of the chemistry, straight lines
 * between its points); above 20 degrees self-discharge doubles each 10 degrees.
 *
 * The model is linear: it knows no pulses that a cold or passivated cell cannot deliver, and no ageing by cycles.
 * Its inputs say where they come from; what is assumed is to be replaced by a measurement of the real board.
 *
 * Whole numbers: currents in nanoampere or microampere, charge in nanoampere hours, times a day in thousandths.
 */
#ifndef BULLA_ENERGY_H
#define BULLA_ENERGY_H

#include "bulla/api.h"
#include "bulla/fault.h"

BULLA_BEGIN

#define BULLA_ENERGY_POINTS 5

struct bulla_chemistry {
    const char *name;
    int8_t celsius[BULLA_ENERGY_POINTS];    /* rising */
    uint16_t permille[BULLA_ENERGY_POINTS]; /* of the capacity that is there at that temperature */
    uint16_t self_discharge_permille;       /* a year, at 20 degrees */
    uint16_t shelf_days;
    const char *source;
};

extern const struct bulla_chemistry bulla_thionyl, bulla_manganese, bulla_lithium_ion;

struct bulla_load {
    const char *name;
    uint32_t current_ua, duration_ms;
    uint32_t times_milli; /* thousandths of times: a day, or a report */
    bool a_report;
    const char *source;
};

#define BULLA_LOADS_MAX 8

struct bulla_duty {
    const char *name;
    const struct bulla_chemistry *chemistry;
    uint32_t capacity_mah, sleep_na;
    const char *capacity_source, *sleep_source;
    struct bulla_load load[BULLA_LOADS_MAX]; /* up to the first without a name */
};

/* A seal that answers readers (GB/T 23678), one that wakes on triggers, and one with satellite and cellular radio. */
extern const struct bulla_duty bulla_duty_gbt, bulla_duty_semi_active, bulla_duty_active;

struct bulla_energy_conditions {
    int32_t celsius;
    uint32_t interval_s; /* between reports; 0: none */
};

struct bulla_energy {
    uint64_t sleep_nah, load_nah[BULLA_LOADS_MAX], self_discharge_nah; /* a day */
    uint64_t day_nah;                                                  /* all of it */
    uint64_t usable_nah;                                               /* of a full battery, at this temperature */
    uint32_t days;
    bool by_shelf; /* the battery ages before it is empty */
};

/* INSANE: a load that takes more than all day, a duty that uses nothing, or a temperature outside the chemistry's table. */
enum bulla_status bulla_energy_predict(const struct bulla_duty *duty, struct bulla_energy_conditions conditions,
                                       struct bulla_energy *energy, struct bulla_fault *fault) BULLA_MUST_CHECK;

struct bulla_margin {
    int64_t hours_left, hours_planned;
    int32_t margin_permille; /* what is left over, of the plan; -1000 at least */
    bool enough;             /* by the reserve */
};

/* Will what is in the battery (`percent` of full) do for `hours` more, with `reserve_percent` of them over? */
struct bulla_margin bulla_energy_margin(const struct bulla_energy *energy, unsigned percent, uint32_t hours, unsigned reserve_percent);

BULLA_END

#endif
