/* SPDX-License-Identifier: Apache-2.0
 *
 * What the lock makers put into JT/T 808: their alarm and status words, lock events, lists of sub-locks, rope seals.
 * The profile comes from the operator's setting, or from items that no other maker sends.
 */
#include "proto/jt808.h"

static unsigned u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static struct {
    const char *name;
    enum jt808_model model;
} const names[] = {
    {"JT709", JT808_JT709},         {"JT709A", JT808_JT709},   {"JT705", JT808_JT705},    {"JT705A", JT808_JT705},
    {"JT702", JT808_JT705},         {"HHD", JT808_HHD},        {"HHDLink", JT808_HHD},    {"G-300", JT808_HHD},
    {"A1L808", JT808_HUB},          {"G-360P", JT808_PADLOCK}, {"G-508P", JT808_PADLOCK}, {"tracker", JT808_TRACKER},
    {"door-lock", JT808_DOOR_LOCK},
};

enum jt808_model jt808_model_named(const char *name)
{
    for (size_t i = 0; name[0] && i < sizeof names / sizeof *names; i++) {
        if (bulla_text_is(names[i].name, name)) {
            return names[i].model;
        }
    }
    return JT808_STANDARD;
}

/* ---- the alarm word ---- */

#define AT(event) (1 + (event)) /* 0: the bit says nothing that we have a word for */
#define FENCE_BIT 20

static const uint8_t alarms_standard[32] = {
    [0] = AT(BULLA_EVENT_SOS),
    [1] = AT(BULLA_EVENT_OVERSPEED),
    [4] = AT(BULLA_EVENT_GNSS_FAULT),
    [5] = AT(BULLA_EVENT_GNSS_FAULT),
    [6] = AT(BULLA_EVENT_GNSS_FAULT),
    [7] = AT(BULLA_EVENT_LOW_BATTERY),
    [8] = AT(BULLA_EVENT_POWER_CUT),
    [11] = AT(BULLA_EVENT_SENSOR_FAULT),
    [12] = AT(BULLA_EVENT_SENSOR_FAULT),
    [24] = AT(BULLA_EVENT_SENSOR_FAULT),
    [25] = AT(BULLA_EVENT_SENSOR_FAULT),
    [26] = AT(BULLA_EVENT_ILLEGAL_MOVEMENT),
    [27] = AT(BULLA_EVENT_ILLEGAL_MOVEMENT),
    [28] = AT(BULLA_EVENT_ILLEGAL_MOVEMENT),
    [29] = AT(BULLA_EVENT_IMPACT),
    [30] = AT(BULLA_EVENT_TILT),
    [31] = AT(BULLA_EVENT_DOOR_OPENED),
};
/* Reserved in 2013, used by trackers; 2019 gave these bits to driving and tyres. */
static const uint8_t alarms_2013[32] = {
    [15] = AT(BULLA_EVENT_VIBRATION), [16] = AT(BULLA_EVENT_DEVICE_REMOVED), [17] = AT(BULLA_EVENT_DEVICE_REMOVED)};
static const uint8_t alarms_jt709[32] = {
    [1] = AT(BULLA_EVENT_OVERSPEED),    [7] = AT(BULLA_EVENT_LOW_BATTERY), [16] = AT(BULLA_EVENT_COVER_OPENED),
    [17] = AT(BULLA_EVENT_FENCE_ENTER), [18] = AT(BULLA_EVENT_FENCE_EXIT),
};
static const uint8_t alarms_padlock[32] = {
    [0] = AT(BULLA_EVENT_SHELL_REMOVED), [1] = AT(BULLA_EVENT_VIBRATION),       [4] = AT(BULLA_EVENT_SHELL_REMOVED),
    [7] = AT(BULLA_EVENT_LOW_BATTERY),   [16] = AT(BULLA_EVENT_DEVICE_REMOVED), [17] = AT(BULLA_EVENT_DEVICE_REMOVED),
};

static void alarms(struct jt808_walk *w, const uint8_t events[32])
{
    for (uint32_t left = w->alarm; left; left &= left - 1) {
        unsigned event = events[__builtin_ctz(left)];
        if (event) {
            bulla_observation_add_event(w->o, (enum bulla_event)(event - 1));
        }
    }
}

void jt808_alarm_put(struct jt808_walk *w, bool versioned)
{
    if (!w->alarm || w->model == JT808_HHD) { /* HHD: bits of unknown meaning, events come as item 60 */
        return;
    }
    if (w->model == JT808_JT709 || w->model == JT808_PADLOCK) {
        alarms(w, w->model == JT808_JT709 ? alarms_jt709 : alarms_padlock);
        return;
    }
    alarms(w, alarms_standard);
    if (!versioned) {
        alarms(w, alarms_2013);
    }
    if ((w->alarm & 1u << FENCE_BIT) && !w->area_said) { /* which way is not said: both, so that none is missed */
        bulla_observation_add_event(w->o, BULLA_EVENT_FENCE_ENTER);
        bulla_observation_add_event(w->o, BULLA_EVENT_FENCE_EXIT);
    }
}

/* ---- the status word ---- */

enum {
    COVER_JT709 = 1u << 7,
    ROPE_JT709 = 1u << 20,
    MOTOR_JT709 = 1u << 21,
    WAKE_SHIFT_JT709 = 24,
    DOOR_LOCKED = 1u << 12,
    DOORS_OPEN = 0x1Fu << 13,
};

static void status_jt709(struct jt808_walk *w)
{
    struct bulla_state *s = &w->o->state;
    s->shackle = w->status & ROPE_JT709 ? BULLA_SHACKLE_OUT : BULLA_SHACKLE_IN;
    s->motor = w->status & MOTOR_JT709 ? BULLA_MOTOR_UNLOCKED : BULLA_MOTOR_LOCKED;
    s->cover = w->status & COVER_JT709 ? BULLA_COVER_OPEN : BULLA_COVER_CLOSED;
    s->seal = (uint8_t)bulla_seal_from(s->shackle, s->motor);
    w->o->has |= BULLA_HAS_WAKE;
    w->o->wake = w->status >> WAKE_SHIFT_JT709 & 15;
}

/* Bit 12 locks the vehicle's doors: it is the seal only where a profile says so. Doors without a switch report 0, so a
 * clear bit says nothing of them. */
static void status_standard(struct jt808_walk *w)
{
    struct bulla_state *s = &w->o->state;
    s->motor = w->status & DOOR_LOCKED ? BULLA_MOTOR_LOCKED : BULLA_MOTOR_UNLOCKED;
    if (w->status & DOORS_OPEN) {
        s->door = BULLA_COVER_OPEN;
    }
    if (w->model == JT808_DOOR_LOCK) {
        s->seal = s->motor == BULLA_MOTOR_LOCKED ? BULLA_SEAL_SEALED : BULLA_SEAL_OPEN;
    }
}

void jt808_status_put(struct jt808_walk *w)
{
    if (w->model == JT808_JT709) {
        status_jt709(w);
    } else if ((w->model == JT808_STANDARD && !w->o->state.shackle) || w->model == JT808_DOOR_LOCK) {
        status_standard(w);
    }
}

/* ---- Jointech 0B: an attempt to unlock ---- */

enum attempt { ATTEMPT_NONE, PASSWORD_JUDGED, PASSWORD_REFUSED, CARD_JUDGED, CARD_REFUSED };

static const uint8_t attempts[256] = {
    [0x01] = PASSWORD_JUDGED,  [0x02] = PASSWORD_JUDGED,  [0x03] = PASSWORD_JUDGED,  [0x05] = PASSWORD_JUDGED,  [0x1E] = PASSWORD_JUDGED,
    [0x1F] = PASSWORD_JUDGED,  [0x06] = PASSWORD_REFUSED, [0x07] = PASSWORD_REFUSED, [0x08] = PASSWORD_REFUSED, [0x10] = PASSWORD_REFUSED,
    [0x11] = PASSWORD_REFUSED, [0x18] = PASSWORD_REFUSED, [0x19] = PASSWORD_REFUSED, [0x20] = PASSWORD_REFUSED, [0x28] = PASSWORD_REFUSED,
    [0x29] = PASSWORD_REFUSED, [0x22] = CARD_JUDGED,      [0x23] = CARD_REFUSED,     [0x2A] = CARD_REFUSED,     [0x2B] = CARD_REFUSED,
};

#define RESULT_REFUSED 0xFF
#define FENCES         99 /* results 1 .. 99 name the fence in which it was accepted */

static enum bulla_verdict verdict_of(unsigned type, int result)
{
    enum attempt kind = (enum attempt)attempts[type & 0xFF];
    if (kind == PASSWORD_REFUSED || kind == CARD_REFUSED || result == RESULT_REFUSED) {
        return BULLA_VERDICT_REFUSED;
    }
    return result >= 0 || kind == CARD_JUDGED ? BULLA_VERDICT_ACCEPTED : BULLA_VERDICT_UNKNOWN;
}

void jt808_attempt_put(struct bulla_observation *o, unsigned type, struct bulla_bytes credential, bool card, int result)
{
    o->has |= BULLA_HAS_UNLOCK;
    o->unlock.channel = card ? BULLA_CHANNEL_CARD : BULLA_CHANNEL_UNKNOWN; /* which password came which way is not documented */
    o->unlock.verdict = (uint8_t)verdict_of(type, result);
    o->unlock.reason = o->unlock.verdict == BULLA_VERDICT_ACCEPTED ? BULLA_REASON_OK : BULLA_REASON_UNKNOWN;
    if (card && credential.len == 4) {
        struct bulla_cursor c = bulla_cursor_over(credential.at, credential.len);
        struct bulla_writer w = bulla_writer_over((uint8_t *)o->unlock.credential, sizeof o->unlock.credential - 1);
        bulla_writer_put_decimal(&w, bulla_cursor_get_u32(&c), 10);
        o->unlock.credential[w.len] = 0;
    }
    if (o->unlock.verdict == BULLA_VERDICT_ACCEPTED) {
        bulla_observation_add_event(o, BULLA_EVENT_UNLOCKED);
        o->unlock.fence = result >= 1 && result <= FENCES ? (uint8_t)result : 0;
    } else if (o->unlock.verdict == BULLA_VERDICT_REFUSED) {
        bulla_observation_add_event(o, BULLA_EVENT_UNLOCK_REFUSED);
    }
}

void jt808_item_lock_event(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    enum attempt kind = w->model == JT808_JT709 ? (enum attempt)attempts[at[0]] : ATTEMPT_NONE;
    bool card = kind == CARD_JUDGED || kind == CARD_REFUSED;
    size_t secret = card ? 4 : 6;
    if (kind == ATTEMPT_NONE || n < 1 + secret) {
        return;
    }
    bool judged = kind == CARD_JUDGED || kind == PASSWORD_JUDGED;
    int result = judged && n > 1 + secret ? at[1 + secret] : -1;
    jt808_attempt_put(w->o, at[0], (struct bulla_bytes){at + 1, secret}, card, result);
}

/* ---- HHD padlocks: event, sub-locks ---- */

#define SUB_EVENT_FIRST 0x61
#define SUB_EVENT_LAST  0x66
#define CARD            8

struct hhd_event {
    uint64_t events;
    uint8_t shackle, motor, seal;
    uint8_t channel, verdict, reason; /* verdict UNKNOWN: no attempt */
};

#define E(name)  BULLA_EVENT_BIT(BULLA_EVENT_##name)
#define OKAY     BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK
#define REFUSED  BULLA_VERDICT_REFUSED
#define SEALED   0, BULLA_MOTOR_LOCKED, BULLA_SEAL_SEALED
#define UNSEALED 0, BULLA_MOTOR_UNLOCKED, BULLA_SEAL_OPEN
/* clang-format off */
static const struct hhd_event hhd_events[] = {
    [0x00] = {0, BULLA_SHACKLE_IN, 0, 0},
    [0x01] = {0, BULLA_SHACKLE_OUT, 0, BULLA_SEAL_OPEN},
    [0x02] = {E(AUTO_LOCKED), BULLA_SHACKLE_IN, BULLA_MOTOR_LOCKED, BULLA_SEAL_SEALED},
    [0x03] = {E(LOCKED), SEALED, BULLA_CHANNEL_CARD, OKAY},
    [0x04] = {E(UNLOCKED), UNSEALED, BULLA_CHANNEL_CARD, OKAY},
    [0x05] = {E(LOCKED), SEALED, BULLA_CHANNEL_BLE, OKAY},
    [0x06] = {E(UNLOCKED), UNSEALED, BULLA_CHANNEL_BLE, OKAY},
    [0x07] = {E(LOCKED), SEALED, BULLA_CHANNEL_PLATFORM_STATIC, OKAY},
    [0x08] = {E(UNLOCKED), UNSEALED, BULLA_CHANNEL_PLATFORM_STATIC, OKAY},
    [0x09] = {E(LOCKED), SEALED, BULLA_CHANNEL_SMS, OKAY},
    [0x0A] = {E(UNLOCKED), UNSEALED, BULLA_CHANNEL_SMS, OKAY},
    [0x0B] = {E(LOCK_REFUSED) | E(UNKNOWN_CARD), 0, 0, 0, BULLA_CHANNEL_CARD, REFUSED, BULLA_REASON_UNKNOWN_CARD},
    [0x0C] = {E(UNLOCK_REFUSED) | E(UNKNOWN_CARD), 0, 0, 0, BULLA_CHANNEL_CARD, REFUSED, BULLA_REASON_UNKNOWN_CARD},
    [0x0D] = {E(LOCK_REFUSED), 0, 0, 0, BULLA_CHANNEL_CARD, REFUSED, BULLA_REASON_OUTSIDE_FENCE},
    [0x0E] = {E(UNLOCK_REFUSED), 0, 0, 0, BULLA_CHANNEL_CARD, REFUSED, BULLA_REASON_OUTSIDE_FENCE},
    [0x0F] = {E(SHACKLE_OPENED_WHILE_SEALED), BULLA_SHACKLE_OUT, 0, BULLA_SEAL_OPEN},
    [0x10] = {E(SHELL_REMOVED)},
    [0x11] = {E(ROPE_CUT), BULLA_SHACKLE_CUT, 0, BULLA_SEAL_OPEN},
    [0x12] = {E(LOW_BATTERY) | E(POWER_OFF)},
    [0x13] = {E(WRONG_PASSWORD_REPEATED)},
    [0x14] = {E(AUTO_LOCKED), SEALED},
    [0x15] = {E(WAKE)},
    [0x16] = {E(WAKE)},
    [0x17] = {E(LOW_BATTERY)},
    [0x18] = {E(MOTOR_STUCK), 0, BULLA_MOTOR_STUCK, 0},
};
/* clang-format on */

static void put_card(struct bulla_observation *o, const uint8_t *at, size_t n)
{
    if (n >= CARD) {
        bulla_text_put(o->unlock.credential, sizeof o->unlock.credential, (struct bulla_bytes){at, CARD});
    }
}

/* 61 .. 66: a sub-lock did something with a card; what, is not documented. */
static void sub_event(struct jt808_walk *w, const uint8_t *content, size_t n)
{
    bulla_observation_add_event(w->o, BULLA_EVENT_STATE_REPORT);
    if (n < 6) {
        return;
    }
    char id[13];
    bulla_hex_put(id, content, 6);
    struct bulla_sublock *sub = bulla_observation_add_sublock(w->o, id);
    if (sub) {
        sub->events |= E(STATE_REPORT);
    }
    if (n >= 6 + CARD) {
        w->o->has |= BULLA_HAS_UNLOCK;
        w->o->unlock.channel = BULLA_CHANNEL_CARD;
        w->o->unlock.reason = BULLA_REASON_UNKNOWN;
        put_card(w->o, content + 6, n - 6);
    }
}

/* WORD event, BYTE type (0 normal, 1 alarm), content. */
void jt808_item_hhd_event(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (w->model != JT808_HHD) {
        return;
    }
    unsigned code = u16(at);
    const uint8_t *content = at + (n > 2 ? 3 : 2);
    size_t left = n > 2 ? n - 3 : 0;
    if (code >= SUB_EVENT_FIRST && code <= SUB_EVENT_LAST) {
        sub_event(w, content, left);
        return;
    }
    if (code >= sizeof hhd_events / sizeof *hhd_events) {
        bulla_observation_add_event(w->o, BULLA_EVENT_STATE_REPORT);
        return;
    }
    const struct hhd_event *e = &hhd_events[code];
    struct bulla_observation *o = w->o;
    o->events |= e->events;
    o->state.shackle = e->shackle;
    o->state.motor = e->motor;
    o->state.seal = e->seal;
    if (e->verdict != BULLA_VERDICT_UNKNOWN) {
        o->has |= BULLA_HAS_UNLOCK;
        o->unlock.channel = e->channel;
        o->unlock.verdict = e->verdict;
        o->unlock.reason = e->reason;
        put_card(o, content, e->channel == BULLA_CHANNEL_CARD ? left : 0);
    }
}

static struct bulla_sublock *sublock_named(struct bulla_observation *o, const char *id)
{
    for (size_t i = 0; i < o->n_sublocks; i++) {
        if (bulla_text_is(o->sublocks[i].id, id)) {
            return &o->sublocks[i];
        }
    }
    return bulla_observation_add_sublock(o, id);
}

/* 63: {id 6, battery mV, '1' sealed or '0', physical state (not documented), signal} */
void jt808_item_hhd_locks(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (w->model != JT808_HHD || n % 11) {
        return;
    }
    for (size_t i = 0; i < n; i += 11) {
        char id[13];
        bulla_hex_put(id, at + i, 6);
        struct bulla_sublock *sub = sublock_named(w->o, id);
        bulla_observation_add_sensor(w->o, id, BULLA_SENSOR_BATTERY_VOLTS, (int32_t)u16(at + i + 6));
        uint8_t mark = at[i + 8];
        if (!sub) {
            continue;
        }
        sub->state.motor = mark == '1' ? BULLA_MOTOR_LOCKED : mark == '0' ? BULLA_MOTOR_UNLOCKED : BULLA_MOTOR_UNKNOWN;
        sub->state.seal = mark == '1' ? BULLA_SEAL_SEALED : mark == '0' ? BULLA_SEAL_OPEN : BULLA_SEAL_UNKNOWN;
    }
}

/* ---- A1L808: a hub and its locks ---- */

#define UNLOCKED_HUB (1u << 5)

/* BYTE count, {id BCD 5, card BCD 5, battery %, status WORD} */
void jt808_item_hub(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    if (n != 1u + 13u * at[0]) {
        return;
    }
    for (size_t i = 1; i < n; i += 13) {
        char id[11];
        bulla_hex_put(id, at + i, 5);
        struct bulla_sublock *sub = bulla_observation_add_sublock(w->o, id);
        if (!sub) {
            return;
        }
        bool unlocked = u16(at + i + 11) & UNLOCKED_HUB;
        sub->percent = at[i + 10] <= 100 ? at[i + 10] : 255;
        sub->state.motor = unlocked ? BULLA_MOTOR_UNLOCKED : BULLA_MOTOR_LOCKED;
        sub->state.seal = unlocked ? BULLA_SEAL_OPEN : BULLA_SEAL_SEALED;
    }
}

/* ---- rope seals ---- */

/* 33: "*M00,LEN,PAYLOAD#"; payload: 2 status digits, 3 of battery V x 100, 2 of status, card, and a key that stays here. */
void jt808_item_string(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    static const char start[] = "*M00,";
    size_t payload = sizeof start - 1;
    if (n < payload || bulla_compare(at, start, payload) != 0) {
        return;
    }
    size_t said = 0;
    for (; payload < n && at[payload] >= '0' && at[payload] <= '9' && said <= n; payload++) {
        said = said * 10 + (size_t)(at[payload] - '0');
    }
    if (payload == n || at[payload] != ',' || said < 5 || said != n - payload - 2 || at[n - 1] != '#') {
        return;
    }
    int32_t hundredths = 0;
    for (size_t i = payload + 3; i < payload + 6; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return;
        }
        hundredths = hundredths * 10 + at[i] - '0';
    }
    w->o->has |= BULLA_HAS_VOLTS;
    w->o->millivolts = hundredths * 10;
}

/* DA: WORD times cut, BYTE: bit 0 rope in place, bit 2 motion, bit 3 cover (which way is not documented). */
void jt808_item_rope(struct jt808_walk *w, const uint8_t *at, size_t n)
{
    (void)n;
    struct jt808_state *state = w->call->state;
    uint16_t cuts = (uint16_t)u16(at);
    bool in = at[2] & 1;
    bool cut = state->cuts_known && cuts != state->cuts && !w->o->stored;
    if (cut) {
        bulla_observation_add_event(w->o, BULLA_EVENT_ROPE_CUT);
    }
    if (!w->o->stored) {
        state->cuts = cuts;
        state->cuts_known = true;
    }
    w->o->state.shackle = in ? BULLA_SHACKLE_IN : cut ? BULLA_SHACKLE_CUT : BULLA_SHACKLE_OUT;
    w->o->state.cover = BULLA_COVER_UNKNOWN;
    w->o->state.seal = (uint8_t)bulla_seal_from(w->o->state.shackle, BULLA_MOTOR_NONE);
    bulla_observation_add_sensor(w->o, "cuts", BULLA_SENSOR_COUNT, cuts * 1000);
}
