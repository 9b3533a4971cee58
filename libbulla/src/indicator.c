/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/indicator.h"

#define AT(name)    (UINT32_C(1) << BULLA_DEVICE_##name)
#define MODE(name)  BULLA_MODE(name)
#define LIGHT(name) BULLA_LIGHT(name)
#define ANYWHERE    UINT32_MAX

struct row {
    enum bulla_indicator indicator;
    uint32_t states, needs, lacks;
    enum bulla_look look;
};

/* The first that fits counts; what has no row is dark. */
/* clang-format off */
static const struct row rows[] = {
    {BULLA_INDICATOR_SEALING,     AT(SEALED), 0, MODE(GAP), BULLA_LOOK_LIT},
    {BULLA_INDICATOR_SEALING,     AT(SEALED), 0, 0, BULLA_LOOK_SLOW}, /* sealed, but it has not always watched */
    {BULLA_INDICATOR_SEALING,     AT(ARMED), 0, 0, BULLA_LOOK_FAST},
    {BULLA_INDICATOR_UNSEALING,   AT(RELEASED) | AT(TAMPERED_RELEASED), 0, 0, BULLA_LOOK_FAST},
    {BULLA_INDICATOR_UNSEALING,   AT(OPENED), 0, 0, BULLA_LOOK_LIT},
    {BULLA_INDICATOR_POSITIONING, ANYWHERE, LIGHT(FIXED), 0, BULLA_LOOK_LIT},
    {BULLA_INDICATOR_POSITIONING, ANYWHERE, LIGHT(FIXING), 0, BULLA_LOOK_SLOW},
    {BULLA_INDICATOR_NETWORKING,  ANYWHERE, LIGHT(JOINED), MODE(QUIET), BULLA_LOOK_LIT},
    {BULLA_INDICATOR_NETWORKING,  ANYWHERE, LIGHT(JOINING), MODE(QUIET), BULLA_LOOK_SLOW},
    {BULLA_INDICATOR_ALARM,       ANYWHERE, MODE(ALARM), 0, BULLA_LOOK_FAST},
    {BULLA_INDICATOR_ALARM,       AT(TAMPERED_OPEN) | AT(TAMPERED_CLOSED) | AT(TAMPERED_RELEASED), 0, 0, BULLA_LOOK_LIT},
    {BULLA_INDICATOR_BATTERY,     ANYWHERE, LIGHT(CHARGING), 0, BULLA_LOOK_SLOW},
    {BULLA_INDICATOR_BATTERY,     ANYWHERE, MODE(LOW), 0, BULLA_LOOK_FAST},
    {BULLA_INDICATOR_BATTERY,     ANYWHERE, 0, 0, BULLA_LOOK_LIT},
};
/* clang-format on */

enum bulla_look bulla_indicator_look(const struct bulla_device *device, uint32_t facts, enum bulla_indicator indicator)
{
    uint32_t has = bulla_profile_row(device->profile)->has;
    if (!(has & BULLA_TRAIT_BIT(BULLA_TRAIT_PANEL)) || device->modes & BULLA_MODE(OFF))
        return BULLA_LOOK_DARK;
    uint32_t conditions = (facts & BULLA_LIGHTS) | device->modes;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].indicator == indicator && rows[i].states >> device->state & 1 && (conditions & rows[i].needs) == rows[i].needs &&
            !(conditions & rows[i].lacks))
            return rows[i].look;
    return BULLA_LOOK_DARK;
}

static const struct {
    const char *name;
    uint16_t period_ms, lit_ms;
} looks[] = {
#define X(name, number, text, period, lit) [number] = {text, period, lit},
    BULLA_LOOK_TABLE(X)
#undef X
};

bool bulla_look_is_lit(enum bulla_look look, uint64_t time_ms)
{
    return time_ms % looks[look].period_ms < looks[look].lit_ms;
}

const char *bulla_look_text(enum bulla_look look)
{
    return looks[look].name;
}

const char *bulla_indicator_text(enum bulla_indicator indicator)
{
    static const char *const names[BULLA_INDICATORS] = {
#define X(name, number, text) [number] = text,
        BULLA_INDICATOR_TABLE(X)
#undef X
    };
    return names[indicator];
}
