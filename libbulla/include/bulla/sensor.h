/* SPDX-License-Identifier: Apache-2.0
 *
 * Sensors: from samples to crossings of limits.
 *
 * A watch follows one probe against one pair of limits. A value goes beyond a limit when it is above `high` or
 * below `low`, and is back when it is inside by the hysteresis: a value that trembles about a limit crosses it
 * once. It is reported when it has been beyond for `for_ms`, with the time of the first such sample, and again at
 * the first sample that is back. No crossing is lost: a value that jumps from beyond one limit to beyond the other
 * gives both. What falls between two samples is not seen; a hole longer than `hole_ms` is no evidence that the
 * value stayed beyond, and the time starts anew.
 *
 * Values are thousandths of the unit of their kind. A kind that clips has a sensor that cannot tell more than its
 * end: a value there or beyond is taken as the end and flagged as saturated. For the other kinds a value beyond
 * the range cannot be (a tilt of 200 degrees): it is refused and changes nothing.
 *
 * The watch says when it wants the next sample: seldom in calm, often while something is going on.
 */
#ifndef BULLA_SENSOR_H
#define BULLA_SENSOR_H

#include "bulla/api.h"
#include "bulla/fault.h"
#include "bulla/observation.h"
#include "bulla/time.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_SENSE_TABLE(X) /* sense, number, name, unit, least, greatest, does it clip, kind in an observation (0: an event there) */ \
    X(DOOR,        1, "door",        "",    0,      1000,      false, 0) /* 0 closed, 1 open */                                         \
    X(LIGHT,       2, "light",       "lx",  0,      100000000, true,  BULLA_SENSOR_LIGHT)                                               \
    X(TEMPERATURE, 3, "temperature", "C",   -40000, 85000,     true,  BULLA_SENSOR_TEMPERATURE)                                         \
    X(HUMIDITY,    4, "humidity",    "%",   0,      100000,    false, BULLA_SENSOR_HUMIDITY)                                            \
    X(SHOCK,       5, "shock",       "g",   0,      16000,     true,  BULLA_SENSOR_SHOCK) /* the peak since the sample before */        \
    X(TILT,        6, "tilt",        "deg", 0,      180000,    false, BULLA_SENSOR_TILT)                                                \
    X(PRESSURE,    7, "pressure",    "kPa", 30000,  110000,    true,  BULLA_SENSOR_PRESSURE)                                            \
    X(VOC,         8, "voc",         "ppm", 0,      1000000,   true,  BULLA_SENSOR_VOC)                                                 \
    X(POSITION,    9, "position",    "km",  0,      20038000,  false, 0) /* distance from where it should be */
/* clang-format on */

enum bulla_sense {
#define X(name, number, text, unit, least, greatest, clips, kind) BULLA_SENSE_##name = number,
    BULLA_SENSE_TABLE(X)
#undef X
};
#define BULLA_SENSES 9

struct bulla_sense_row {
    const char *name, *unit;
    int32_t least, greatest;
    bool clips;
    uint8_t kind; /* enum bulla_sensor_kind */
};

/* NULL for what is no sense. */
const struct bulla_sense_row *bulla_sense_row(unsigned sense);

#define BULLA_NO_LOW  INT32_MIN
#define BULLA_NO_HIGH INT32_MAX

struct bulla_sensor_limit {
    uint8_t sense, probe; /* probe: which of several of the same sense */
    int32_t low, high, hysteresis;
    uint32_t for_ms;            /* how long beyond before it is reported; 0: at once */
    uint32_t hole_ms;           /* 0: no hole is too long */
    uint32_t calm_ms, alert_ms; /* between samples */
};

/* INSANE: a limit out of range, limits that leave nothing inside by the hysteresis, or intervals that make no sense. */
enum bulla_status bulla_sensor_check(const struct bulla_sensor_limit *limit, struct bulla_fault *fault) BULLA_MUST_CHECK;

enum bulla_sensor_side { BULLA_SIDE_LOW = -1, BULLA_SIDE_INSIDE = 0, BULLA_SIDE_HIGH = 1 };

struct bulla_sensor_watch {
    int64_t last_ms;  /* of the last sample; BULLA_TIME_NONE before the first */
    int64_t since_ms; /* since when it is at `at` */
    int32_t extreme;  /* furthest value since then */
    int8_t reported;  /* enum bulla_sensor_side that was reported last */
    int8_t at;        /* where it is, perhaps not for long enough */
    bool saturated;   /* some value since then was */
};

struct bulla_crossing {
    int64_t onset_ms; /* first sample on the new side */
    int64_t time_ms;  /* sample that made it certain */
    int32_t milli;    /* its value */
    int32_t extreme;  /* furthest on the side that it is about: that it went to, or came back from */
    int8_t from, to;  /* enum bulla_sensor_side; one of them is INSIDE */
    uint8_t sense, probe;
    bool saturated; /* the extreme may have been more */
};

#define BULLA_CROSSINGS_MAX 2

struct bulla_sensor_step {
    struct bulla_crossing crossing[BULLA_CROSSINGS_MAX];
    uint8_t n;
    bool saturated; /* this sample */
};

void bulla_sensor_init(struct bulla_sensor_watch *watch);

/* `limit` has been checked. INSANE: a value that cannot be, or a time that is not after the last. */
enum bulla_status bulla_sensor_step(const struct bulla_sensor_limit *limit, struct bulla_sensor_watch *watch, int64_t time_ms,
                                    int32_t milli, struct bulla_sensor_step *step) BULLA_MUST_CHECK;

/* When the next sample is wanted; BULLA_TIME_NONE: now. */
int64_t bulla_sensor_next_ms(const struct bulla_sensor_limit *limit, const struct bulla_sensor_watch *watch);

BULLA_END

#endif
