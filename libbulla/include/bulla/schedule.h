/* SPDX-License-Identifier: Apache-2.0
 *
 * When an active seal reports: at intervals, and when it is asked.
 *
 * Times are the device's running time in milliseconds, which only grows (the calendar may be set, this is not). The
 * intervals form a grid: a device that wakes late reports late, but the next report is where it would have been, so
 * lateness does not add up. Slots that were slept through give one report and a count.
 *
 * A command can slow it down, a low battery stretches the interval, flight keeps it quiet: what was due then is due
 * at once when the flight ends. A change of interval counts from the last slot. What is asked for is due at once and
 * leaves the grid alone.
 */
#ifndef BULLA_SCHEDULE_H
#define BULLA_SCHEDULE_H

#include "bulla/api.h"
#include "bulla/fault.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_SETTING_TABLE(X) /* setting, number, name, unit, least, greatest, default */                        \
    X(INTERVAL,      0, "interval",         "s", 30,  86400,  600)  /* between reports */                         \
    X(SLOW_INTERVAL, 1, "slow-interval",    "s", 600, 604800, 3600) /* the same, slowed down by command */        \
    X(STRETCH,       2, "low-battery",      "%", 100, 1000,   300)  /* of the interval when the battery is low */ \
    X(ANSWER,        3, "answer-within",    "s", 1,   60,     10)   /* what is asked for is sent within this */
/* clang-format on */

enum bulla_setting {
#define X(name, number, text, unit, least, greatest, usual) BULLA_SETTING_##name = number,
    BULLA_SETTING_TABLE(X)
#undef X
};
#define BULLA_SETTINGS 4

struct bulla_settings {
    uint32_t value[BULLA_SETTINGS];
};

struct bulla_setting_row {
    const char *name, *unit, *range; /* range in words: "30 to 86400 s" */
    uint32_t least, greatest, usual;
};

const struct bulla_setting_row *bulla_setting_row(enum bulla_setting setting);

void bulla_settings_init(struct bulla_settings *settings);

/* INSANE: out of its range. */
enum bulla_status bulla_settings_set(struct bulla_settings *settings, enum bulla_setting setting, uint32_t value,
                                     struct bulla_fault *fault) BULLA_MUST_CHECK;

struct bulla_pace { /* what changes how often it reports */
    bool slow, low, quiet;
};

struct bulla_schedule {
    uint64_t slot_ms;  /* the last slot of the grid */
    uint64_t asked_ms; /* when it was asked; meaningful while `asked` */
    bool asked, held;  /* held: a report was due in flight */
};

struct bulla_due {
    bool report;
    bool asked;       /* it answers a question */
    uint32_t slept;   /* slots before this one that were slept through */
    uint64_t by_ms;   /* to be sent by then; meaningful when `asked` */
    uint64_t next_ms; /* when to step again */
};

/* The first slot is one interval after `now_ms`. */
void bulla_schedule_init(struct bulla_schedule *schedule, uint64_t now_ms);

void bulla_schedule_ask(struct bulla_schedule *schedule, uint64_t now_ms);

uint64_t bulla_schedule_interval_ms(const struct bulla_settings *settings, struct bulla_pace pace);

/* At `now_ms`, which is never before the last: is a report due? */
struct bulla_due bulla_schedule_step(struct bulla_schedule *schedule, const struct bulla_settings *settings, struct bulla_pace pace,
                                     uint64_t now_ms);

BULLA_END

#endif
