/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/schedule.h"

static const struct bulla_setting_row rows[BULLA_SETTINGS] = {
#define X(name, number, text, unit, least, greatest, usual)                                                                                \
    [number] = {text, unit, #least " to " #greatest " " unit, least, greatest, usual},
    BULLA_SETTING_TABLE(X)
#undef X
};

const struct bulla_setting_row *bulla_setting_row(enum bulla_setting setting)
{
    return &rows[setting];
}

void bulla_settings_init(struct bulla_settings *settings)
{
    for (unsigned i = 0; i < BULLA_SETTINGS; i++)
        settings->value[i] = rows[i].usual;
}

enum bulla_status bulla_settings_set(struct bulla_settings *settings, enum bulla_setting setting, uint32_t value, struct bulla_fault *fault)
{
    const struct bulla_setting_row *row = &rows[setting];
    if (value < row->least || value > row->greatest)
        return bulla_fault_set(fault, BULLA_INSANE, row->name, row->range, setting);
    settings->value[setting] = value;
    return BULLA_OK;
}

void bulla_schedule_init(struct bulla_schedule *schedule, uint64_t now_ms)
{
    *schedule = (struct bulla_schedule){.slot_ms = now_ms};
}

void bulla_schedule_ask(struct bulla_schedule *schedule, uint64_t now_ms)
{
    if (!schedule->asked)
        schedule->asked_ms = now_ms;
    schedule->asked = true;
}

uint64_t bulla_schedule_interval_ms(const struct bulla_settings *settings, struct bulla_pace pace)
{
    uint64_t ms = UINT64_C(1000) * settings->value[pace.slow ? BULLA_SETTING_SLOW_INTERVAL : BULLA_SETTING_INTERVAL];
    return pace.low ? ms * settings->value[BULLA_SETTING_STRETCH] / 100 : ms;
}

struct bulla_due bulla_schedule_step(struct bulla_schedule *schedule, const struct bulla_settings *settings, struct bulla_pace pace,
                                     uint64_t now_ms)
{
    struct bulla_due due = {0};
    uint64_t interval = bulla_schedule_interval_ms(settings, pace);
    uint64_t slots = (now_ms - schedule->slot_ms) / interval;
    schedule->slot_ms += slots * interval;
    due.next_ms = schedule->slot_ms + interval;
    if (slots > 0 || schedule->held)
        due.report = true;
    if (slots > 1)
        due.slept = slots - 1 < UINT32_MAX ? (uint32_t)(slots - 1) : UINT32_MAX;
    if (pace.quiet) { /* a question stays asked */
        schedule->held = due.report;
        due.report = false;
        return due;
    }
    schedule->held = false;
    if (schedule->asked) {
        due.report = due.asked = true;
        due.by_ms = schedule->asked_ms + UINT64_C(1000) * settings->value[BULLA_SETTING_ANSWER];
        schedule->asked = false;
    }
    return due;
}
