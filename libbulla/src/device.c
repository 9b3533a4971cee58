/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/device.h"

#include "libbulla/src/word.h"

bool bulla_device_init(struct bulla_device *device, unsigned profile)
{
    if (!bulla_profile_row(profile))
        return false;
    *device = (struct bulla_device){.profile = (uint8_t)profile, .state = BULLA_DEVICE_STORED};
    return true;
}

bool bulla_device_valid(const struct bulla_device *device)
{
    return bulla_profile_row(device->profile) && device->state >= 1 && device->state <= BULLA_DEVICE_STATES &&
           bulla_passage_text(device->passage)[0] && !(device->modes & ~BULLA_MODES);
}

/* What a profile must have for an action; what is not here, every seal does. */
static const struct {
    uint32_t action, needs;
} limits[] = {
    {BULLA_ACT(REPORT) | BULLA_ACT(HOLD), BULLA_FUNCTION_BIT(BULLA_FUNCTION_CELLULAR)},
    {BULLA_ACT(FIX), BULLA_FUNCTION_BIT(BULLA_FUNCTION_POSITION)},
    {BULLA_ACT(REMIND) | BULLA_ACT(CALM), BULLA_FUNCTION_BIT(BULLA_FUNCTION_ALARM)},
    {BULLA_ACT(LOG) | BULLA_ACT(SAVE), BULLA_TRAIT_BIT(BULLA_TRAIT_POWERED)},
    {BULLA_ACT(RING_CLOSED) | BULLA_ACT(RING_OPENED), BULLA_TRAIT_BIT(BULLA_TRAIT_CLOCKED)},
    {BULLA_ACT(CLEAR_RANDOM), BULLA_TRAIT_BIT(BULLA_TRAIT_RANDOM)},
    {BULLA_ACT(LOCK) | BULLA_ACT(UNLOCK) | BULLA_ACT(WIPE_KEYS) | BULLA_ACT(NEW_KEYS) | BULLA_ACT(CLEAR_DATA),
     BULLA_TRAIT_BIT(BULLA_TRAIT_REUSABLE)},
};

static uint32_t can(uint32_t has)
{
    uint32_t actions = UINT32_MAX;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (!(has & limits[i].needs))
            actions &= ~limits[i].action;
    return actions;
}

uint32_t bulla_device_can(unsigned profile)
{
    const struct bulla_profile_row *row = bulla_profile_row(profile);
    return row ? can(row->has) : 0;
}

static uint16_t find_row(const struct bulla_device *device, enum bulla_on event, uint32_t conditions)
{
    size_t n;
    const struct bulla_device_row *row = bulla_device_rows(&n);
    size_t i = 0;
    while (!(row[i].from >> device->state & 1 && row[i].events >> event & 1 && (conditions & row[i].needs) == row[i].needs &&
             !(conditions & row[i].lacks)))
        i++;
    return (uint16_t)i;
}

struct bulla_device_step bulla_device_step(const struct bulla_device *device, enum bulla_on event, uint32_t facts)
{
    const struct bulla_profile_row *profile = bulla_profile_row(device->profile);
    size_t n;
    uint16_t at = find_row(device, event, profile->has | (facts & BULLA_FACTS) | device->modes);
    const struct bulla_device_row *row = &bulla_device_rows(&n)[at];
    struct bulla_device_step step = {*device, row->actions & can(profile->has), row->passage, row->refusal, at};
    struct bulla_device *after = &step.after;
    if (row->refusal) {
        if (row->refusal == BULLA_REFUSAL_CLASS && profile->seal_class == BULLA_CLASS_ACTIVE)
            step.refusal = BULLA_REFUSAL_PROFILE;
        after->refused += after->refused < UINT32_MAX;
        return step;
    }
    if (row->next)
        after->state = row->next;
    after->modes = (after->modes | row->set) & ~row->clear;
    if (row->passage)
        after->passage = row->passage;
    if (step.actions & BULLA_ACT(REPORT) && after->modes & BULLA_MODE(QUIET)) {
        step.actions ^= BULLA_ACT(REPORT) | BULLA_ACT(HOLD);
        after->modes |= BULLA_MODE(HELD);
    }
    if (step.actions & BULLA_ACT(REMIND))
        after->modes |= BULLA_MODE(ALARM);
    if (after->modes & ~device->modes & BULLA_MODE(JOURNEY))
        after->journeys++;
    return step;
}

enum bulla_shows bulla_device_shows(const struct bulla_device *device)
{
    if (device->state == BULLA_DEVICE_BROKEN)
        return BULLA_SHOWS_VOID;
    if (device->modes & BULLA_MODE(OFF))
        return BULLA_SHOWS_UNKNOWN;
    if (device->state >= BULLA_DEVICE_TAMPERED_OPEN && device->state <= BULLA_DEVICE_TAMPERED_RELEASED)
        return BULLA_SHOWS_TAMPERED;
    if (device->state != BULLA_DEVICE_SEALED)
        return BULLA_SHOWS_NOT_SEALED;
    return device->modes & BULLA_MODE(GAP) ? BULLA_SHOWS_UNKNOWN : BULLA_SHOWS_SECURE;
}

/* clang-format off */
#define WORDS(noun, ...)                                                     \
    static const struct word noun##_words[] = {__VA_ARGS__};                 \
    const char *bulla_##noun(unsigned number) { return WORD_FIND(noun##_words, number); }

#define X(name, number, text, meaning) {number, text},
WORDS(device_state_text, BULLA_DEVICE_STATE_TABLE(X))
WORDS(on_text, BULLA_ON_TABLE(X))
WORDS(act_text, BULLA_ACT_TABLE(X))
#undef X
#define X(name, number, text, meaning) {number, meaning},
WORDS(device_state_meaning, BULLA_DEVICE_STATE_TABLE(X))
WORDS(on_meaning, BULLA_ON_TABLE(X))
WORDS(mode_meaning, BULLA_MODE_TABLE(X))
WORDS(act_meaning, BULLA_ACT_TABLE(X))
#undef X
#define X(name, number, text) {number, text},
WORDS(passage_text, BULLA_PASSAGE_TABLE(X))
WORDS(shows_text, BULLA_SHOWS_TABLE(X))
#undef X
#define F(name, row, text, passive, semi_active, active) {(row)-1, text},
#define X(name, number, text) {number, text},
#define Y(name, number, text, meaning) {number, text},
WORDS(condition_text, BULLA_FUNCTION_TABLE(F) BULLA_TRAIT_TABLE(Y) BULLA_FACT_TABLE(X) BULLA_MODE_TABLE(Y))
#undef F
#undef X
#undef Y
/* clang-format on */
