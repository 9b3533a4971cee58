/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/sensor.h"

static const struct bulla_sense_row senses[BULLA_SENSES] = {
#define X(name, number, text, unit, least, greatest, clips, kind) [(number)-1] = {text, unit, least, greatest, clips, kind},
    BULLA_SENSE_TABLE(X)
#undef X
};

const struct bulla_sense_row *bulla_sense_row(unsigned sense)
{
    return sense >= 1 && sense <= BULLA_SENSES ? &senses[sense - 1] : NULL;
}

static bool within(const struct bulla_sense_row *row, int32_t milli)
{
    return milli >= row->least && milli <= row->greatest;
}

enum bulla_status bulla_sensor_check(const struct bulla_sensor_limit *limit, struct bulla_fault *fault)
{
    const struct bulla_sense_row *row = bulla_sense_row(limit->sense);
    if (!row)
        return bulla_fault_set(fault, BULLA_INSANE, "sense", "one of the table of senses", limit->sense);
    bool low = limit->low != BULLA_NO_LOW, high = limit->high != BULLA_NO_HIGH;
    if (!low && !high)
        return bulla_fault_set(fault, BULLA_INSANE, "low", "a low or a high limit", 0);
    if (low && !within(row, limit->low))
        return bulla_fault_set(fault, BULLA_INSANE, "low", "a value in the range of its sense", 0);
    if (high && !within(row, limit->high))
        return bulla_fault_set(fault, BULLA_INSANE, "high", "a value in the range of its sense", 0);
    if (limit->hysteresis < 0 || (low && high && (int64_t)limit->high - limit->low < (int64_t)2 * limit->hysteresis))
        return bulla_fault_set(fault, BULLA_INSANE, "hysteresis", "0 to half of the distance between the limits", 0);
    if ((low && (int64_t)limit->low + limit->hysteresis > row->greatest) || (high && (int64_t)limit->high - limit->hysteresis < row->least))
        return bulla_fault_set(fault, BULLA_INSANE, "hysteresis", "a value that can come back within the range of its sense", 0);
    if (limit->alert_ms == 0 || limit->alert_ms > limit->calm_ms)
        return bulla_fault_set(fault, BULLA_INSANE, "alert_ms", "1 to calm_ms", 0);
    if (limit->hole_ms != 0 && limit->hole_ms < limit->alert_ms)
        return bulla_fault_set(fault, BULLA_INSANE, "hole_ms", "0, or at least alert_ms", 0);
    return BULLA_OK;
}

void bulla_sensor_init(struct bulla_sensor_watch *watch)
{
    *watch = (struct bulla_sensor_watch){.last_ms = BULLA_TIME_NONE};
}

/* Where a value is, seen from where it was. */
static int8_t side_of(const struct bulla_sensor_limit *limit, int8_t was, int32_t milli)
{
    bool high = limit->high != BULLA_NO_HIGH, low = limit->low != BULLA_NO_LOW;
    if (high && (was == BULLA_SIDE_HIGH ? milli > (int64_t)limit->high - limit->hysteresis : milli > limit->high))
        return BULLA_SIDE_HIGH;
    if (low && (was == BULLA_SIDE_LOW ? milli < (int64_t)limit->low + limit->hysteresis : milli < limit->low))
        return BULLA_SIDE_LOW;
    return BULLA_SIDE_INSIDE;
}

struct sample {
    int64_t time_ms;
    int32_t milli;
    bool saturated;
};

static void emit(const struct bulla_sensor_limit *limit, struct bulla_sensor_watch *watch, struct sample s, int64_t onset_ms, int8_t to,
                 struct bulla_sensor_step *step)
{
    step->crossing[step->n++] = (struct bulla_crossing){onset_ms, s.time_ms,    s.milli,      watch->extreme,  watch->reported,
                                                        to,       limit->sense, limit->probe, watch->saturated};
    watch->reported = to;
}

static void arrive(struct bulla_sensor_watch *watch, int8_t side, struct sample s)
{
    watch->at = side;
    watch->since_ms = s.time_ms;
    watch->extreme = s.milli;
    watch->saturated = s.saturated;
}

static void stay(const struct bulla_sensor_limit *limit, struct bulla_sensor_watch *watch, struct sample s)
{
    bool hole = limit->hole_ms != 0 && s.time_ms - watch->last_ms > (int64_t)limit->hole_ms;
    if (hole && watch->at != watch->reported) {
        arrive(watch, watch->at, s);
        return;
    }
    if (watch->at == BULLA_SIDE_LOW ? s.milli < watch->extreme : s.milli > watch->extreme)
        watch->extreme = s.milli;
    watch->saturated = watch->saturated || s.saturated;
}

static void follow(const struct bulla_sensor_limit *limit, struct bulla_sensor_watch *watch, struct sample s,
                   struct bulla_sensor_step *step)
{
    int8_t side = side_of(limit, watch->at, s.milli);
    if (side != watch->at) {
        if (watch->reported != BULLA_SIDE_INSIDE)
            emit(limit, watch, s, s.time_ms, BULLA_SIDE_INSIDE, step);
        arrive(watch, side, s);
    } else {
        stay(limit, watch, s);
    }
    if (watch->at != watch->reported && s.time_ms - watch->since_ms >= (int64_t)limit->for_ms)
        emit(limit, watch, s, watch->since_ms, watch->at, step);
}

enum bulla_status bulla_sensor_step(const struct bulla_sensor_limit *limit, struct bulla_sensor_watch *watch, int64_t time_ms,
                                    int32_t milli, struct bulla_sensor_step *step)
{
    const struct bulla_sense_row *row = bulla_sense_row(limit->sense);
    if (time_ms <= watch->last_ms || (!row->clips && !within(row, milli)))
        return BULLA_INSANE;
    struct sample s = {time_ms, milli, false};
    if (row->clips) {
        s.milli = milli < row->least ? row->least : milli > row->greatest ? row->greatest : milli;
        s.saturated = s.milli == row->greatest || (s.milli == row->least && row->least != 0);
    }
    *step = (struct bulla_sensor_step){.saturated = s.saturated};
    if (watch->last_ms == BULLA_TIME_NONE) {
        arrive(watch, BULLA_SIDE_INSIDE, s);
        watch->last_ms = time_ms;
    }
    follow(limit, watch, s, step);
    watch->last_ms = time_ms;
    return BULLA_OK;
}

int64_t bulla_sensor_next_ms(const struct bulla_sensor_limit *limit, const struct bulla_sensor_watch *watch)
{
    if (watch->last_ms == BULLA_TIME_NONE)
        return BULLA_TIME_NONE;
    bool calm = watch->at == BULLA_SIDE_INSIDE;
    return watch->last_ms + (calm ? limit->calm_ms : limit->alert_ms);
}
