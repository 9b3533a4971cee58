/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/entry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "platform/rules/geometry.h"

#define AHEAD_MAX_MS      INT64_C(300000)   /* general rule 4: not more than 5 min ahead of arrival */
#define BEHIND_MAX_MS     INT64_C(300000)   /* what is heard when it happens does not take longer to come */
#define MOVING_CMH        300               /* a parked receiver reports up to 3 km/h */
#define BEFORE_SEALING_MS INT64_C(86400000) /* nor before sealing minus a day */

#define BIT(name) BULLA_EVENT_BIT(BULLA_EVENT_##name)
/* What a sub-lock says of these counts as said by the device that speaks for it; what it says of being open does not. */
#define SUBLOCK_EVENTS  (BIT(ROPE_CUT) | BIT(COVER_OPENED) | BIT(SHELL_REMOVED) | BIT(DEVICE_REMOVED) | BIT(MOTOR_STUCK) | BIT(DESTROYED))
#define SUBLOCK_OPENING (BIT(UNLOCKED) | BIT(OPENED_WHILE_SEALED) | BIT(SHACKLE_OPENED_WHILE_SEALED))

void entry_set_time(const struct plan *plan, struct entry *e)
{
    bool plausible = e->device_ms != BULLA_TIME_NONE && e->device_ms <= e->received_ms + AHEAD_MAX_MS &&
                     e->device_ms >= plan->start_ms - BEFORE_SEALING_MS;
    e->at_ms = plausible ? e->device_ms : e->received_ms;
    e->flags &= (uint16_t) ~(ENTRY_CLOCK_WRONG | ENTRY_DOUBT);
    if (e->device_ms == BULLA_TIME_NONE)
        return;
    bool behind = !(e->flags & ENTRY_STORED) && !e->note && e->received_ms - e->device_ms > BEHIND_MAX_MS;
    e->flags |= plausible ? 0 : ENTRY_CLOCK_WRONG;
    e->flags |= plausible && !behind ? 0 : ENTRY_DOUBT;
}

/* What others say has their place: where the vehicle is only when they read its seal or saw it there. */
static void take_fix(const struct bulla_observation *o, struct entry *e)
{
    double accuracy_m = geometry_accuracy(o);
    if (accuracy_m < 0) {
        e->flags |= bulla_observation_knows(o, BULLA_HAS_FIX) && !e->note ? ENTRY_NO_FIX : 0;
        return;
    }
    e->flags |= e->note ? ENTRY_SITE : ENTRY_FIX;
    e->flags |= entry_seen(e) ? ENTRY_FIX : 0;
    if (bulla_observation_is(o, BULLA_EVENT_POSITION_CELL))
        e->flags |= bulla_observation_knows(o, BULLA_HAS_ACCURACY) ? ENTRY_CELL | ENTRY_CELL_SIZED : ENTRY_CELL;
    e->lat_e7 = o->lat_e7;
    e->lon_e7 = o->lon_e7;
    e->accuracy_m = (int32_t)accuracy_m;
}

static void take_state(const struct bulla_observation *o, struct entry *e)
{
    e->state = o->state.seal;
    e->shackle = o->state.shackle;
    e->motor = o->state.motor;
    e->cover = o->state.cover;
    if (e->state == BULLA_SEAL_NONE || e->state == BULLA_SEAL_UNKNOWN) {
        uint8_t derived = (uint8_t)bulla_seal_from((enum bulla_shackle)e->shackle, (enum bulla_motor)e->motor);
        e->state = derived == BULLA_SEAL_NONE ? e->state : derived;
    }
}

static uint16_t key_of(const char *id)
{
    uint32_t h = 2166136261u;
    for (; *id; id++)
        h = (h ^ (uint8_t)*id) * 16777619u;
    return (uint16_t)(h ^ h >> 16);
}

static void take_sublock(const struct bulla_sublock *s, struct entry *e)
{
    if (s->lost)
        return; /* what is said of it is old */
    bool cut = s->state.shackle == BULLA_SHACKLE_CUT || (s->events & BIT(ROPE_CUT));
    uint8_t state = s->state.seal;
    if (state == BULLA_SEAL_NONE || state == BULLA_SEAL_UNKNOWN)
        state = (uint8_t)bulla_seal_from((enum bulla_shackle)s->state.shackle, (enum bulla_motor)s->state.motor);
    bool open = state == BULLA_SEAL_OPEN || state == BULLA_SEAL_UNLOCKED_CLOSED || (s->events & SUBLOCK_OPENING);
    bool by_itself = (s->events & SUBLOCK_OPENING) || s->state.motor == BULLA_MOTOR_UNLOCKED;
    e->events |= s->events & SUBLOCK_EVENTS;
    e->events |= cut ? BIT(ROPE_CUT) : 0;
    e->events |= s->state.cover == BULLA_COVER_OPEN ? BIT(COVER_OPENED) : 0;
    e->sublocks[e->n_sublocks++] =
        (struct entry_sublock){.key = key_of(s->id), .open = open && (!cut || by_itself), .sealed = state == BULLA_SEAL_SEALED && !open};
}

static void take_rest(const struct bulla_observation *o, struct entry *e)
{
    if (bulla_observation_knows(o, BULLA_HAS_PERCENT)) {
        e->flags |= ENTRY_PERCENT;
        e->percent = o->percent;
    }
    if (bulla_observation_knows(o, BULLA_HAS_CHARGING) && o->charging)
        e->flags |= ENTRY_CHARGING;
    if (o->has & BULLA_HAS_UNLOCK) {
        e->flags |= ENTRY_UNLOCK;
        e->verdict = o->unlock.verdict;
        e->reason = o->unlock.reason;
        e->channel = o->unlock.channel;
        e->tries = o->unlock.tries;
        memcpy(e->credential, o->unlock.credential, sizeof e->credential);
    }
    if (bulla_observation_knows(o, BULLA_HAS_COUNTER)) {
        e->flags |= ENTRY_COUNTER;
        e->counter = o->counter;
    }
    e->speed_cmh = bulla_observation_knows(o, BULLA_HAS_SPEED) ? o->speed_cmh : ENTRY_NO_SPEED;
    if (e->speed_cmh > MOVING_CMH)
        e->flags |= ENTRY_MOVING;
    if (bulla_observation_knows(o, BULLA_HAS_SATELLITES))
        e->satellites = o->satellites;
    if ((o->has & BULLA_HAS_FIX) || o->n_sensors > 0)
        e->flags |= ENTRY_FULL;
}

#define KIND(name) (1u << BULLA_SENSOR_##name)
#define JUDGED                                                                                                                             \
    (KIND(TEMPERATURE) | KIND(HUMIDITY) | KIND(LIGHT) | KIND(TILT) | KIND(SHOCK) | KIND(PRESSURE) | KIND(VOC) | KIND(OIL) |                \
     KIND(ACCELERATION) | KIND(POWER))

static bool judged(const struct bulla_sensor *s)
{
    return s->kind < 32 && (JUDGED >> s->kind & 1);
}

static void take_sensors(const struct bulla_observation *o, struct entry *e)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n_sensors; i++)
        n += judged(&o->sensors[i]);
    if (n == 0 || !(e->sensors = malloc(n * sizeof *e->sensors)))
        return;
    for (size_t i = 0; i < o->n_sensors; i++) {
        const struct bulla_sensor *s = &o->sensors[i];
        if (!judged(s))
            continue;
        struct entry_sensor *to = &e->sensors[e->n_sensors++];
        *to = (struct entry_sensor){.milli = s->milli, .kind = s->kind};
        memcpy(to->id, s->id, sizeof to->id);
    }
}

void entry_clear(struct entry *e)
{
    free(e->sensors);
    e->sensors = NULL;
    e->n_sensors = 0;
}

void entry_from(const struct plan *plan, size_t seal, const struct bulla_observation *o, struct entry *out)
{
    memset(out, 0, sizeof *out);
    out->seal = (uint8_t)seal;
    out->events = o->events;
    out->received_ms = o->received_ms;
    out->said_ms = BULLA_TIME_NONE;
    out->device_ms = bulla_observation_knows(o, BULLA_HAS_TIME) ? o->time_ms : BULLA_TIME_NONE;
    out->flags = o->stored ? ENTRY_STORED : 0;
    if (out->received_ms == BULLA_TIME_NONE)
        out->received_ms = out->device_ms == BULLA_TIME_NONE ? plan->start_ms : out->device_ms;
    memcpy(out->id, o->id, sizeof out->id);
    out->note = o->has & BULLA_HAS_NOTE ? notes_keep(plan->notes, &o->note) : NULL;
    take_fix(o, out);
    take_state(o, out);
    for (size_t i = 0; i < o->n_sublocks; i++)
        take_sublock(&o->sublocks[i], out);
    take_rest(o, out);
    take_sensors(o, out);
    entry_set_time(plan, out);
}

static int order(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

int entry_compare(const struct entry *a, const struct entry *b)
{
    int by = order(a->at_ms, b->at_ms);
    by = by ? by : order(a->seal, b->seal);
    by = by ? by : order(a->counter, b->counter);
    return by ? by : strcmp(a->id, b->id);
}

#define SEEN (BIT(READ) | BIT(READ_FAILED) | BIT(VEHICLE_SEEN))

bool entry_seen(const struct entry *e)
{
    return e->note && (e->events & SEEN);
}

enum entry_damage entry_damage(const struct entry *e)
{
    static const char *const whole[] = {"body", "shell", "housing", "device", "broken", "destroyed"};
    if (!e->note || !entry_is(e, BULLA_EVENT_DAMAGE_SEEN))
        return DAMAGE_NONE;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcmp(e->note->about, whole[i]) == 0)
            return DAMAGE_DESTROYED;
    return DAMAGE_SEEN;
}

bool entry_contact(const struct entry *e)
{
    return !e->note || entry_is(e, BULLA_EVENT_READ);
}

#define CLOSING (BULLA_EVENT_BIT(BULLA_EVENT_LOCKED) | BULLA_EVENT_BIT(BULLA_EVENT_AUTO_LOCKED) | BULLA_EVENT_BIT(BULLA_EVENT_LOCK_REFUSED))

bool entry_accepted(const struct entry *e)
{
    return (e->flags & ENTRY_UNLOCK) && e->verdict == BULLA_VERDICT_ACCEPTED && e->reason != BULLA_REASON_OUTSIDE_FENCE &&
           !(e->events & CLOSING) && !entry_is(e, BULLA_EVENT_ENROLMENT);
}

bool entry_refused(const struct entry *e)
{
    if (entry_is(e, BULLA_EVENT_LOCK_REFUSED))
        return false;
    return entry_is(e, BULLA_EVENT_UNLOCK_REFUSED) || ((e->flags & ENTRY_UNLOCK) && e->verdict == BULLA_VERDICT_REFUSED);
}
