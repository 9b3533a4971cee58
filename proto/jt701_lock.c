/* SPDX-License-Identifier: Apache-2.0
 *
 * jt701: the lock report, word P45. Fields count from the word.
 *
 *   1   date DDMMYY                     10  what happened, 1 .. 7
 *   2   time hhmmss, UTC                11  verdict: 0 refused, 1 .. 10 open and inside that fence,
 *   3   latitude, decimal degrees           98 open and no fence bound, 99 refused outside the fence
 *   4   N or S                          12  card, ten digits, all 0: none
 *   5   longitude, decimal degrees      13  password: 1 right, 0 wrong
 *   6   E or W                          14  wrong passwords in a row
 *   7   A fix, V none                   15  serial, which the answer repeats
 *   8   speed, km/h                     16  mileage, km; old firmware has none
 *   9   course, degrees                 17  later firmware may go on
 *
 * A refused attempt says nothing about the state of the lock.
 */
#include "proto/jt701.h"

enum field { DATE = 1, TIME, LATITUDE, FIX = 7, SPEED, COURSE, EVENT, VERDICT, CARD, PASSWORD, WRONG, SERIAL, MILEAGE };

#define FENCE_MAX       10
#define VERDICT_UNBOUND 98
#define VERDICT_OUTSIDE 99

enum happening { CARD_KNOWN = 1, CARD_UNKNOWN, CARD_VEHICLE, STATIC_PASSWORD, AUTO_LOCK, DYNAMIC_PASSWORD, BLUETOOTH };

struct report { /* the numbers of a report */
    uint64_t speed_cmh, course_cdeg, event, verdict, password, wrong, serial;
};

struct judgement {
    uint8_t verdict, reason, fence;
};

static struct judgement accepted(uint64_t fence)
{
    return (struct judgement){BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK, (uint8_t)fence};
}

static struct judgement refused(enum bulla_reason reason)
{
    return (struct judgement){BULLA_VERDICT_REFUSED, (uint8_t)reason, 0};
}

static struct judgement not_told(void)
{
    return (struct judgement){BULLA_VERDICT_UNKNOWN, BULLA_REASON_UNKNOWN, 0};
}

/* Card and dynamic password are judged with the fence; `zero` is why 0 stands for no. */
static struct judgement judge_fenced(uint64_t verdict, enum bulla_reason zero)
{
    if (verdict == 0) {
        return refused(zero);
    }
    if (verdict <= FENCE_MAX) {
        return accepted(verdict);
    }
    if (verdict == VERDICT_OUTSIDE) {
        return refused(BULLA_REASON_OUTSIDE_FENCE);
    }
    return verdict == VERDICT_UNBOUND ? accepted(0) : not_told();
}

static struct judgement judge(const struct report *r)
{
    switch (r->event) {
    case CARD_KNOWN:
        return judge_fenced(r->verdict, BULLA_REASON_UNKNOWN);
    case CARD_UNKNOWN:
        return refused(BULLA_REASON_UNKNOWN_CARD);
    case STATIC_PASSWORD:
        if (r->verdict > 1) {
            return not_told();
        }
        return r->verdict && r->password ? accepted(0) : refused(BULLA_REASON_WRONG_PASSWORD);
    case DYNAMIC_PASSWORD:
        return judge_fenced(r->verdict, BULLA_REASON_WRONG_PASSWORD);
    case BLUETOOTH: /* its verdict field is not documented */
        return r->password ? accepted(0) : refused(BULLA_REASON_WRONG_PASSWORD);
    default:
        return not_told();
    }
}

static void attempt_decode(const struct report *r, struct bulla_bytes card, struct bulla_observation *o)
{
    static const uint8_t channels[] = {
        [CARD_KNOWN] = BULLA_CHANNEL_CARD,
        [CARD_UNKNOWN] = BULLA_CHANNEL_CARD,
        [STATIC_PASSWORD] = BULLA_CHANNEL_PLATFORM_STATIC,
        [DYNAMIC_PASSWORD] = BULLA_CHANNEL_PLATFORM_DYNAMIC,
        [BLUETOOTH] = BULLA_CHANNEL_BLE,
    };
    struct judgement j = judge(r);
    o->has |= BULLA_HAS_UNLOCK;
    o->unlock.channel = r->event < sizeof channels ? channels[r->event] : BULLA_CHANNEL_UNKNOWN;
    o->unlock.verdict = j.verdict;
    o->unlock.reason = j.reason;
    o->unlock.fence = j.fence;
    o->unlock.tries = (uint8_t)r->wrong;
    bool none = card.len == JT701_ID_DIGITS && bulla_compare(card.at, "0000000000", JT701_ID_DIGITS) == 0;
    if ((r->event == CARD_KNOWN || r->event == CARD_UNKNOWN) && !none) {
        bulla_text_put(o->unlock.credential, sizeof o->unlock.credential, card);
    }
    if (j.verdict == BULLA_VERDICT_ACCEPTED) {
        bulla_observation_add_event(o, BULLA_EVENT_UNLOCKED);
        o->state.motor = BULLA_MOTOR_UNLOCKED;
        o->state.seal = (uint8_t)bulla_seal_from(BULLA_SHACKLE_NONE, BULLA_MOTOR_UNLOCKED);
    } else if (j.verdict == BULLA_VERDICT_REFUSED) {
        bulla_observation_add_event(o, BULLA_EVENT_UNLOCK_REFUSED);
    }
    if (r->event == CARD_UNKNOWN) {
        bulla_observation_add_event(o, BULLA_EVENT_UNKNOWN_CARD);
    }
}

static void auto_lock_decode(struct bulla_observation *o)
{
    bulla_observation_add_event(o, BULLA_EVENT_AUTO_LOCKED);
    o->state.shackle = BULLA_SHACKLE_IN;
    o->state.motor = BULLA_MOTOR_LOCKED;
    o->state.seal = BULLA_SEAL_SEALED;
}

static void happening_decode(const struct report *r, struct bulla_bytes card, struct bulla_observation *o)
{
    if (r->event == AUTO_LOCK) {
        auto_lock_decode(o);
    } else if (r->event == CARD_VEHICLE) { /* binds lock and vehicle, moves nothing */
        bulla_observation_add_event(o, BULLA_EVENT_ENROLMENT);
        jt701_result(o, (struct bulla_bytes){(const uint8_t *)"P45", 3}, BULLA_VERDICT_ACCEPTED, card);
    } else {
        attempt_decode(r, card, o);
    }
}

static enum bulla_status numbers_decode(struct proto_link *link, const struct bulla_bytes *field, struct report *r)
{
    const struct {
        uint8_t field, decimals;
        uint32_t max;
        const char *name, *expected;
        uint64_t *to;
    } map[] = {
        {SPEED, 2, 99999, "speed", "km/h up to 999", &r->speed_cmh},
        {COURSE, 2, 36000, "course", "degrees up to 360", &r->course_cdeg},
        {EVENT, 0, 255, "event", "a number up to 255", &r->event},
        {VERDICT, 0, 255, "verdict", "a number up to 255", &r->verdict},
        {PASSWORD, 0, 1, "password", "0 or 1", &r->password},
        {WRONG, 0, 255, "wrong passwords", "a number up to 255", &r->wrong},
        {SERIAL, 0, 65535, "serial", "a number up to 65535", &r->serial},
    };
    for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
        struct bulla_bytes text = field[map[i].field];
        if (!jt701_decimal(text, map[i].decimals, map[i].max, map[i].to)) {
            uint64_t any;
            bool insane = jt701_decimal(text, map[i].decimals, UINT64_MAX / 10, &any);
            return proto_fail(link, insane ? BULLA_INSANE : BULLA_DAMAGED, map[i].name, map[i].expected, text);
        }
    }
    return BULLA_OK;
}

static enum bulla_status observe(struct proto_link *link, const struct bulla_bytes *field, struct report *r, struct bulla_observation *o)
{
    bool valid;
    uint64_t card;
    if (!jt701_letter(field[FIX], 'A', 'V', &valid)) {
        return proto_fail(link, BULLA_DAMAGED, "fix", "A or V", field[FIX]);
    }
    enum bulla_status status = jt701_text_time(link, field[DATE], field[TIME], &o->time_ms);
    if (status == BULLA_OK) {
        status = jt701_text_place(link, field + LATITUDE, valid, o);
    }
    if (status == BULLA_OK) {
        status = numbers_decode(link, field, r);
    }
    if (status == BULLA_OK && !jt701_number(field[CARD], UINT64_MAX, &card)) {
        status = proto_fail(link, BULLA_DAMAGED, "card", "digits", field[CARD]);
    }
    return status;
}

/* A lock without a clock counts from 2000-01-01T00:00:00: that is no time. */
static bool clock_runs(const struct bulla_bytes *field, int64_t time_ms)
{
    return time_ms != BULLA_TIME_NONE && !(bulla_bytes_is(field[DATE], "010100") && bulla_compare(field[TIME].at, "00", 2) == 0);
}

static void acknowledge(struct proto_link *link, const struct jt701_text *text, uint64_t serial)
{
    unsigned version = jt701_version(link->state, jt701_id_of_text(text->field[0].at));
    if (version != 0 && version < JT701_VERSION_D) {
        jt701_reply(link, "(P46)");
    } else {
        jt701_acknowledge(link, "(P69,0,", serial);
    }
}

enum bulla_status jt701_lock_decode(struct proto_link *link, const struct jt701_text *text)
{
    const struct bulla_bytes *field = text->field + text->word;
    struct bulla_observation o;
    struct report r;
    uint64_t km;
    if (text->n - text->word <= SERIAL) {
        return proto_fail_number(link, BULLA_DAMAGED, "P45", "at least 15 fields behind the word", (int64_t)(text->n - text->word) - 1);
    }
    jt701_text_begin(text, &o);
    enum bulla_status status = observe(link, field, &r, &o);
    if (status != BULLA_OK) {
        return status;
    }
    if (clock_runs(field, o.time_ms)) {
        o.has |= BULLA_HAS_TIME;
    } else {
        o.time_ms = BULLA_TIME_NONE;
    }
    o.has |= BULLA_HAS_SPEED | BULLA_HAS_COURSE | BULLA_HAS_COUNTER;
    o.speed_cmh = (int32_t)r.speed_cmh;
    o.course_cdeg = (int32_t)(r.course_cdeg % 36000);
    o.counter = (int64_t)r.serial;
    happening_decode(&r, field[CARD], &o);
    if (text->n - text->word > MILEAGE && jt701_number(field[MILEAGE], UINT32_MAX, &km)) {
        jt701_add_mileage(&o, km);
    }
    link->emit(link->host, &o);
    acknowledge(link, text, r.serial);
    return BULLA_OK;
}
