/* SPDX-License-Identifier: Apache-2.0
 *
 * Topflytech: the lock.
 *
 *   17, main lock    15 date  21 status  22 place or cells  38 lock type  39 length  40 credential
 *   27, sub-lock     the same to 37, 38 rssi + 128  39 versions 4  43 alarm  44 lock type  45 state 2  47 battery mV 2
 *                    49 solar mV 2  51 temperature 1  52 credential 6  58 its own number 4
 *
 *   state of a sub-lock: bit 0 charging, 2 battery low, 5 lock cover open, 6 back cover open, 8 jamming
 *
 *   lock type  00 locked   01 rope cut   03 not locked for a fault   04 09 0A woken by card, Bluetooth, key   05 not unlocked for a
 *              fault   06 07 08 fault gone: unlocked, locked, unlocked   E0-E8 F0-F8 condition of a sub-lock gone, there
 *              cx by channel c (1 card, 2 platform, 3 Bluetooth, 4 SMS, 5 USB): x 1 unlocked, 2 locked again because the rope was not
 *              pulled, 3 refused outside of the fence, 4 not unlocked for a fault, 5 unlocked and waiting, 6 rope cut and fault, 7 locked
 *              FF refused: wrong password
 */
#include "proto/topflytech.h"

#define LOCK_LEN    40
#define SUBLOCK_LEN 62

enum { SUB_CHARGING = 1 << 0, SUB_LOW = 1 << 2, SUB_LOCK_COVER = 1 << 5, SUB_BACK_COVER = 1 << 6, SUB_JAMMING = 1 << 8 };

struct lock_type {
    uint64_t events; /* only where the message is about it */
    uint8_t seal, shackle, motor;
    uint8_t verdict, reason; /* of an attempt */
};

#define BIT(event)     BULLA_EVENT_BIT(BULLA_EVENT_##event)
#define STATE(s, h, m) .seal = BULLA_SEAL_##s, .shackle = BULLA_SHACKLE_##h, .motor = BULLA_MOTOR_##m
#define ACCEPTED       .verdict = BULLA_VERDICT_ACCEPTED, .reason = BULLA_REASON_OK
#define REFUSED(why)   .verdict = BULLA_VERDICT_REFUSED, .reason = BULLA_REASON_##why

/* A bolt that does not move is where it was: the seal is as the other words say. */
static const struct lock_type plain[] = {
    [0x00] = {BIT(LOCKED), STATE(SEALED, IN, LOCKED)},
    [0x01] = {BIT(ROPE_CUT), STATE(OPEN, CUT, NONE)},
    [0x03] = {BIT(MOTOR_STUCK) | BIT(LOCK_REFUSED), STATE(OPEN, NONE, STUCK)},
    [0x04] = {BIT(WAKE), STATE(NONE, NONE, NONE)},
    [0x05] = {BIT(MOTOR_STUCK) | BIT(UNLOCK_REFUSED), STATE(SEALED, NONE, STUCK)},
    [0x06] = {BIT(UNLOCKED), STATE(OPEN, NONE, UNLOCKED)},
    [0x07] = {BIT(LOCKED), STATE(SEALED, IN, LOCKED)},
    [0x08] = {BIT(UNLOCKED), STATE(OPEN, NONE, UNLOCKED)},
    [0x09] = {BIT(WAKE), STATE(NONE, NONE, NONE)},
    [0x0A] = {BIT(WAKE), STATE(NONE, NONE, NONE)},
};

static const struct lock_type by_channel[] = {
    [1] = {BIT(UNLOCKED), STATE(OPEN, NONE, UNLOCKED), ACCEPTED},
    [2] = {BIT(RELOCKED_NOT_PULLED), STATE(SEALED, IN, LOCKED), ACCEPTED},
    [3] = {BIT(UNLOCK_REFUSED), STATE(NONE, NONE, NONE), REFUSED(OUTSIDE_FENCE)},
    [4] = {BIT(UNLOCK_REFUSED) | BIT(MOTOR_STUCK), STATE(SEALED, NONE, STUCK), REFUSED(HARDWARE)},
    [5] = {BIT(UNLOCKED), STATE(UNLOCKED_CLOSED, IN, UNLOCKED), ACCEPTED},
    [6] = {BIT(ROPE_CUT) | BIT(MOTOR_STUCK), STATE(OPEN, CUT, STUCK), REFUSED(HARDWARE)},
    [7] = {BIT(LOCKED), STATE(SEALED, IN, LOCKED), ACCEPTED},
};

static const struct lock_type wrong_password = {BIT(UNLOCK_REFUSED), STATE(NONE, NONE, NONE), REFUSED(WRONG_PASSWORD)};

static const uint8_t channels[] = {
    [1] = BULLA_CHANNEL_CARD, [2] = BULLA_CHANNEL_PLATFORM_STATIC, [3] = BULLA_CHANNEL_BLE, [4] = BULLA_CHANNEL_SMS,
    [5] = BULLA_CHANNEL_USB,
};

static const struct lock_type *find(uint8_t code, uint8_t *channel)
{
    size_t high = code >> 4, low = code & 15u;
    *channel = BULLA_CHANNEL_UNKNOWN;
    if (code == 0xFF) {
        return &wrong_password;
    }
    if (high == 0) {
        return low < sizeof plain / sizeof *plain && plain[low].events ? &plain[low] : NULL;
    }
    if (high < sizeof channels && low < sizeof by_channel / sizeof *by_channel && by_channel[low].events) {
        *channel = channels[high];
        return &by_channel[low];
    }
    return NULL;
}

/* E and F: only what a seal is concerned by; the end of a condition is no event. */
static void put_condition(uint8_t code, uint64_t *events, struct bulla_state *state)
{
    bool there = code >> 4 == 0x0F;
    switch (code & 15) {
    case 2:
        *events |= there ? BIT(LOW_BATTERY) : 0;
        break;
    case 5:
    case 6:
        *events |= there ? BIT(COVER_OPENED) : 0;
        state->cover = there ? BULLA_COVER_OPEN : BULLA_COVER_CLOSED;
        break;
    case 8:
        *events |= there ? BIT(JAMMING) : 0;
        break;
    default:
        break;
    }
}

void topflytech_lock_type(struct topflytech_call *call, uint8_t code, bool moment, uint64_t *events, struct bulla_state *state)
{
    uint8_t channel;
    bool condition = code >= 0xE0 && code != 0xFF;
    const struct lock_type *type = condition ? NULL : find(code, &channel);
    if (condition && moment) {
        put_condition(code, events, state);
    }
    if (!type) {
        return;
    }
    if (type->seal || type->shackle || type->motor) {
        state->seal = type->seal;
        state->shackle = type->shackle;
        state->motor = type->motor;
    }
    if (!moment) {
        *events |= type->events & BIT(ROPE_CUT); /* as long as it is said, it is cut */
        return;
    }
    *events |= type->events;
    if (type->verdict) {
        call->o.has |= BULLA_HAS_UNLOCK;
        call->o.unlock.channel = channel;
        call->o.unlock.verdict = type->verdict;
        call->o.unlock.reason = type->reason;
    }
}

static void put_credential(struct topflytech_call *call, struct bulla_bytes bytes)
{
    char *to = call->o.unlock.credential;
    size_t most = (sizeof call->o.unlock.credential - 1) / 2;
    size_t n = bytes.len < most ? bytes.len : most;
    bulla_hex_put(to, bytes.at, n);
    for (size_t i = 0; to[i]; i++) {
        to[i] = (char)(to[i] >= 'a' ? to[i] - 'a' + 'A' : to[i]);
    }
}

enum bulla_status topflytech_read_lock(struct topflytech_call *call)
{
    struct bulla_cursor c = topflytech_from(call, 38);
    uint8_t code = bulla_cursor_get_u8(&c), length = bulla_cursor_get_u8(&c);
    struct bulla_bytes credential = bulla_cursor_take(&c, length);
    if (c.failed) {
        return topflytech_short(call);
    }
    enum bulla_status status = topflytech_date(call, 15);
    status = status == BULLA_OK ? topflytech_place(call, 21, 22) : status;
    if (status != BULLA_OK) {
        return status;
    }
    call->self->has_lock = true;
    topflytech_lock_type(call, code, true, &call->o.events, &call->o.state);
    if ((call->o.has & BULLA_HAS_UNLOCK) && call->o.unlock.channel == BULLA_CHANNEL_CARD && credential.len) {
        put_credential(call, credential);
    }
    return BULLA_OK;
}

/* ---- a lock that speaks through this one ---- */

static void put_substate(struct bulla_sublock *sub, uint16_t state)
{
    sub->state.cover = state & (SUB_LOCK_COVER | SUB_BACK_COVER) ? BULLA_COVER_OPEN : BULLA_COVER_CLOSED;
    sub->events |= state & SUB_LOW ? BIT(LOW_BATTERY) : 0;
    sub->events |= state & SUB_JAMMING ? BIT(JAMMING) : 0;
}

enum bulla_status topflytech_read_sublock(struct topflytech_call *call)
{
    if (call->n < SUBLOCK_LEN) {
        return topflytech_short(call);
    }
    struct bulla_cursor c = topflytech_from(call, 38);
    uint8_t rssi = bulla_cursor_get_u8(&c);
    bulla_cursor_skip(&c, 4);
    uint8_t alarm = bulla_cursor_get_u8(&c), code = bulla_cursor_get_u8(&c);
    uint16_t state = bulla_cursor_get_u16(&c), battery = bulla_cursor_get_u16(&c);
    bulla_cursor_skip(&c, 2);
    int8_t temperature = (int8_t)bulla_cursor_get_u8(&c);
    struct bulla_bytes credential = bulla_cursor_take(&c, 6), number = bulla_cursor_take(&c, 4);
    enum bulla_status status = topflytech_date(call, 15);
    status = status == BULLA_OK ? topflytech_place(call, 21, 22) : status;
    if (status != BULLA_OK || c.failed) {
        return status;
    }
    char id[9];
    bulla_hex_put(id, number.at, number.len);
    struct bulla_sublock *sub = bulla_observation_add_sublock(&call->o, id);
    put_substate(sub, state);
    topflytech_alarm(call, alarm, &sub->events, &sub->state);
    topflytech_lock_type(call, code, true, &sub->events, &sub->state);
    if ((call->o.has & BULLA_HAS_UNLOCK) && call->o.unlock.channel == BULLA_CHANNEL_CARD) {
        put_credential(call, credential);
    }
    if (rssi != 0xFF) {
        bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_RSSI, (rssi - 128) * 1000);
    }
    bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_BATTERY_VOLTS, battery);
    bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_TEMPERATURE, temperature * 1000);
    return BULLA_OK;
}
