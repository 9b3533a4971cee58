// SPDX-License-Identifier: Apache-2.0
#include "sim/trip_acts.h"

#include <stdio.h>

#define ANY (-1)
#define BIT BULLA_EVENT_BIT

struct bulla_observation *trip_tell(struct trip_run *run, int device, uint64_t events)
{
    if (!run->device[device].says_events)
        return &run->nowhere;
    return trip_say(run, device, events);
}

void trip_attempt(struct bulla_observation *o, const char *card, enum bulla_verdict verdict, enum bulla_reason reason)
{
    o->has |= BULLA_HAS_UNLOCK;
    o->unlock = (struct bulla_unlock){.channel = BULLA_CHANNEL_CARD, .verdict = (uint8_t)verdict, .reason = (uint8_t)reason};
    snprintf(o->unlock.credential, sizeof o->unlock.credential, "%s", card);
}

void trip_set_seal(struct trip_device *d, enum bulla_seal_state seal)
{
    d->state.seal = (uint8_t)seal;
    d->state.motor = seal == BULLA_SEAL_SEALED ? BULLA_MOTOR_LOCKED : BULLA_MOTOR_UNLOCKED;
    d->state.shackle = seal == BULLA_SEAL_OPEN ? BULLA_SHACKLE_OUT : BULLA_SHACKLE_IN;
}

/* --- the lock --- */

#define NEAR_M 100.0 /* as far as a receiver may be off by the edge of a place */

/* Where it is now, it may be opened. */
static bool at_the_end(const struct trip_run *run)
{
    const struct place *end = &run->trip->journey->destination;
    return run->arrived_ms != BULLA_TIME_NONE ||
           sim_distance(run->vehicle.lat, run->vehicle.lon, end->lat, end->lon) <= end->radius_m + NEAR_M;
}

void trip_act_open(struct trip_run *run, const struct trip_step *step)
{
    struct trip_device *d = &run->device[step->device];
    if (at_the_end(run))
        return; /* too late */
    trip_label(run, ALARM_ILLEGAL_OPENING, true, step->device);
    trip_set_seal(d, step->number == TRIP_SLOWLY ? BULLA_SEAL_UNLOCKED_CLOSED : BULLA_SEAL_OPEN);
    if (step->number == TRIP_BY_FORCE) {
        (void)trip_tell(run, step->device, BIT(BULLA_EVENT_OPENED_WHILE_SEALED));
        return;
    }
    trip_attempt(trip_tell(run, step->device, BIT(BULLA_EVENT_UNLOCKED)), "0007654321", BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK);
}

void trip_act_pull(struct trip_run *run, const struct trip_step *step)
{
    trip_set_seal(&run->device[step->device], BULLA_SEAL_OPEN);
    (void)trip_tell(run, step->device, BIT(BULLA_EVENT_STATE_REPORT));
}

void trip_act_close(struct trip_run *run, const struct trip_step *step)
{
    for (size_t i = 0; i < run->trip->n_labels; i++)
        if (run->trip->labels[i].kind == ALARM_ILLEGAL_OPENING && run->trip->labels[i].over_ms == INT64_MAX)
            run->trip->labels[i].over_ms = run->now_ms - 1;
    trip_set_seal(&run->device[step->device], BULLA_SEAL_SEALED);
    (void)trip_tell(run, step->device, BIT(BULLA_EVENT_LOCKED));
}

void trip_act_cut(struct trip_run *run, const struct trip_step *step)
{
    struct trip_device *d = &run->device[step->device];
    trip_label(run, ALARM_CABLE_CUT, true, step->device);
    d->state.seal = BULLA_SEAL_OPEN;
    d->state.shackle = BULLA_SHACKLE_CUT;
    d->says_state &= d->says_parts; /* a seal that says "open" alone does not know of a rope */
    (void)trip_tell(run, step->device, BIT(BULLA_EVENT_ROPE_CUT));
}

void trip_act_cover(struct trip_run *run, const struct trip_step *step)
{
    trip_label(run, ALARM_COVER_OPENED, true, step->device);
    run->device[step->device].state.cover = BULLA_COVER_OPEN;
    (void)trip_tell(run, step->device, BIT(BULLA_EVENT_COVER_OPENED));
}

void trip_act_body(struct trip_run *run, const struct trip_step *step)
{
    trip_label(run, ALARM_BODY_DESTROYED, true, step->device);
    trip_label(run, ALARM_TAMPER, false, step->device);
    (void)trip_tell(run, step->device, BIT((unsigned)step->number));
}

void trip_act_sense(struct trip_run *run, const struct trip_step *step)
{
    bool first = true;
    const struct trip *t = run->trip;
    for (size_t i = 0; i < t->n_labels; i++)
        first &= t->labels[i].kind != ALARM_TAMPER;
    if (first) {
        trip_label(run, ALARM_TAMPER, true, step->device);
        trip_label(run, ALARM_TILT, false, step->device);
        trip_label(run, ALARM_SHOCK, false, step->device);
    }
    (void)trip_tell(run, step->device, (uint64_t)step->number);
}

void trip_act_light(struct trip_run *run, const struct trip_step *step)
{
    trip_label(run, ALARM_LIGHT, true, step->device);
    struct bulla_observation *o = trip_tell(run, step->device, BIT(BULLA_EVENT_LIGHT));
    bulla_observation_add_sensor(o, "", BULLA_SENSOR_LIGHT, 180000);
    run->device[step->device].state.door = BULLA_COVER_OPEN;
}

void trip_act_refused(struct trip_run *run, const struct trip_step *step)
{
    if (step->number == 0) {
        trip_label(run, ALARM_WRONG_CREDENTIAL, true, step->device);
        trip_label(run, ALARM_UNLOCK_REFUSED, true, step->device);
    }
    struct bulla_observation *o = trip_say(run, step->device, BIT(BULLA_EVENT_UNLOCK_REFUSED));
    trip_attempt(o, step->text, BULLA_VERDICT_REFUSED, BULLA_REASON_WRONG_PASSWORD);
    o->unlock.channel = BULLA_CHANNEL_BLE;
}

void trip_act_stranger(struct trip_run *run, const struct trip_step *step)
{
    trip_label(run, ALARM_WRONG_CREDENTIAL, true, step->device);
    trip_label(run, ALARM_UNLOCK_REFUSED, true, step->device);
    struct bulla_observation *o = trip_say(run, step->device, BIT(BULLA_EVENT_UNLOCK_REFUSED) | BIT(BULLA_EVENT_UNKNOWN_CARD));
    trip_attempt(o, "0009999111", BULLA_VERDICT_REFUSED, BULLA_REASON_UNKNOWN_CARD);
}

/* --- the device --- */

void trip_act_silence(struct trip_run *run, const struct trip_step *step)
{
    run->device[step->device].silent_until_ms = run->now_ms + step->number * TRIP_MINUTE_MS;
}

void trip_act_bag(struct trip_run *run, const struct trip_step *step)
{
    run->device[step->device].bagged_until_ms = run->now_ms + step->number * TRIP_MINUTE_MS;
    trip_label(run, ALARM_JAMMING_SUSPECTED, false, step->device);
}

void trip_act_die(struct trip_run *run, const struct trip_step *step)
{
    run->device[step->device].dead = true;
    run->device[step->device].dead_ms = run->now_ms;
}

void trip_act_motor(struct trip_run *run, const struct trip_step *step)
{
    trip_label(run, ALARM_MALFUNCTION, true, step->device);
    (void)trip_tell(run, step->device, BIT(BULLA_EVENT_MOTOR_STUCK));
}

void trip_act_fault(struct trip_run *run, const struct trip_step *step)
{
    struct trip_label *label = trip_label(run, ALARM_MALFUNCTION, true, step->device);
    label->truth_ms += 15 * TRIP_MINUTE_MS; /* from when on it is one */
    run->device[step->device].lasting |= BIT(BULLA_EVENT_SENSOR_FAULT);
}

void trip_act_mended(struct trip_run *run, const struct trip_step *step)
{
    run->device[step->device].lasting &= ~BIT(BULLA_EVENT_SENSOR_FAULT);
}

void trip_act_jam(struct trip_run *run, const struct trip_step *step)
{
    bool network = sim_random_chance(&run->random, 0.3), says = sim_random_chance(&run->random, 0.4);
    for (int i = 0; i < run->n_devices; i++) {
        struct trip_device *d = &run->device[i];
        d->jammed_until_ms = run->now_ms + step->number * TRIP_MINUTE_MS;
        if (network)
            d->silent_until_ms = d->jammed_until_ms;
        if (says)
            (void)trip_tell(run, i, BIT(BULLA_EVENT_JAMMING));
    }
    trip_label(run, ALARM_JAMMING_SUSPECTED, !network, ANY)->upto_ms += 12 * TRIP_MINUTE_MS;
    if (run->n_devices > 1) /* each seal of the lorry is jammed, and may say so */
        trip_label(run, ALARM_JAMMING_SUSPECTED, false, ANY)->upto_ms += 12 * TRIP_MINUTE_MS;
}

static void defraud(struct trip_run *run, enum trip_fake kind, int64_t minutes)
{
    run->fraud.kind = kind;
    run->fraud.from_ms = run->now_ms;
    run->fraud.until_ms = run->now_ms + minutes * TRIP_MINUTE_MS;
    run->fraud.lat = run->vehicle.lat;
    run->fraud.lon = run->vehicle.lon;
    trip_label(run, ALARM_SPOOFING_SUSPECTED, true, ANY)->upto_ms = run->fraud.until_ms + 15 * TRIP_MINUTE_MS;
    if (run->n_devices > 1) /* the receiver of each seal is deceived, and either may be found out */
        trip_label(run, ALARM_SPOOFING_SUSPECTED, false, ANY)->upto_ms = run->fraud.until_ms + 15 * TRIP_MINUTE_MS;
}

/* What may follow from a place that is not true, until it is over. */
static void allow(struct trip_run *run, enum alarm_kind kind)
{
    struct trip_label *label = trip_label(run, kind, false, ANY);
    label->upto_ms = run->fraud.until_ms + 90 * TRIP_MINUTE_MS;
}

void trip_act_leap(struct trip_run *run, const struct trip_step *step)
{
    double far_m = sim_random_between(&run->random, 60000, 300000), angle = sim_random_between(&run->random, 0, 6.283185307179586);
    defraud(run, TRIP_LEAP_TO, step->number);
    sim_shift(&run->fraud.lat, &run->fraud.lon, far_m * cos(angle), far_m * sin(angle));
    trip_label(run, ALARM_IMPLAUSIBLE_MOTION, true, 0)->upto_ms += 3 * run->trip->interval_ms;
    allow(run, ALARM_IMPLAUSIBLE_MOTION);
    allow(run, ALARM_ILLEGAL_STAY);
    allow(run, ALARM_TAMPER);
    allow(run, ALARM_SCHEDULE_DEVIATION);
}

/* The place is that of the last true report before it, as far as a receiver can tell: it may be taken for the first. */
void trip_act_freeze(struct trip_run *run, const struct trip_step *step)
{
    size_t first = run->trip->n_labels;
    defraud(run, TRIP_FREEZE, step->number);
    for (size_t i = first; i < run->trip->n_labels; i++)
        run->trip->labels[i].from_ms -= run->trip->interval_ms;
    allow(run, ALARM_IMPLAUSIBLE_MOTION);
    allow(run, ALARM_ILLEGAL_STAY);
    allow(run, ALARM_TAMPER);
    allow(run, ALARM_SCHEDULE_DEVIATION);
}

void trip_act_drag(struct trip_run *run, const struct trip_step *step)
{
    double angle = sim_random_between(&run->random, 0, 6.283185307179586), ms = sim_random_between(&run->random, 1.5, 4);
    defraud(run, TRIP_DRAG_OFF, step->number);
    run->fraud.east_ms = ms * cos(angle);
    run->fraud.north_ms = ms * sin(angle);
    allow(run, ALARM_IMPLAUSIBLE_MOTION);
    allow(run, ALARM_SCHEDULE_DEVIATION);
}

/* --- the clock --- */

static void label_clock(struct trip_run *run, int device, bool must)
{
    struct trip_label *label = trip_label(run, ALARM_CLOCK_ERROR, must, device);
    label->upto_ms = must ? label->upto_ms + 3 * run->device[device].parked_s * INT64_C(1000) + run->trip->interval_ms : INT64_MAX;
    trip_label(run, ALARM_SPOOFING_SUSPECTED, false, device);
}

void trip_act_clock(struct trip_run *run, const struct trip_step *step)
{
    run->device[step->device].clock_ms = step->number;
    run->clock_slack_ms = step->number < 0 ? -step->number : 0;
    label_clock(run, step->device, true);
}

void trip_act_clock_fixed(struct trip_run *run, const struct trip_step *step)
{
    run->device[step->device].clock_fixed_ms = step->number;
    run->device[step->device].clock_from_ms = run->now_ms;
    label_clock(run, step->device, true);
}

void trip_act_clock_drift(struct trip_run *run, const struct trip_step *step)
{
    run->device[step->device].clock_rate = sim_random_between(&run->random, -5, 5); /* a bad quartz: up to 18 s an hour */
    run->clock_slack_ms = 12 * TRIP_MINUTE_MS;
    label_clock(run, step->device, false);
}

void trip_act_swap(struct trip_run *run, const struct trip_step *step)
{
    struct trip_swap *s = &run->swap;
    double angle = sim_random_between(&run->random, 0, 6.283185307179586), ms = sim_random_between(&run->random, 9, 20);
    (void)step;
    *s = (struct trip_swap){true, run->vehicle.lat, run->vehicle.lon, ms * cos(angle), ms * sin(angle), 0, 0, run->now_ms};
    trip_label(run, ALARM_PAIRING_MISMATCH, true, ANY)->upto_ms += 60 * TRIP_MINUTE_MS;
    trip_label(run, ALARM_JOURNEY_TIMEOUT, false, ANY)->upto_ms = INT64_MAX;
    trip_label(run, ALARM_SPOOFING_SUSPECTED, false, ANY)->upto_ms = INT64_MAX;
}
