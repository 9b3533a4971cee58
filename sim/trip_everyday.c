// SPDX-License-Identifier: Apache-2.0
//
// What happens on any trip and must raise nothing: the seal is opened where and by whom it may be, devices restart, a card
// is held badly once, somebody climbs into the cab, a sensor stammers.
#include <stdio.h>
#include <string.h>

#include "sim/trip_acts.h"

#define BIT      BULLA_EVENT_BIT
#define CARD     "0001122334"
#define GPS_ZERO INT64_C(315964800000) /* 1980-01-06: a receiver that has not seen a satellite yet */

struct trip_step *trip_then(struct trip_script *script, double s_m, double after_s,
                            void (*play)(struct trip_run *, const struct trip_step *))
{
    struct trip_step *step = &script->step[script->n < TRIP_STEPS_MAX ? script->n++ : TRIP_STEPS_MAX - 1];
    *step = (struct trip_step){.s_m = s_m, .after_s = (int64_t)after_s, .play = play, .text = ""};
    return step;
}

/* --- a permission --- */

static bool permit(struct trip_run *run, const struct place *place, bool unseals)
{
    struct permission p = {.from_ms = run->now_ms - 5 * TRIP_MINUTE_MS, .until_ms = run->now_ms + 30 * TRIP_MINUTE_MS, .unseals = unseals};
    snprintf(p.id, sizeof p.id, "P%zu", run->trip->journey->n_permissions + 1);
    p.has_place = place != NULL;
    if (place)
        p.place = *place;
    return journey_add_permission(run->trip->journey, &p);
}

/* --- an inspection on the way: opened by leave, looked into, closed --- */

static void inspect(struct trip_run *run, const struct trip_step *step)
{
    run->failed |= !permit(run, NULL, false);
    trip_set_seal(&run->device[step->device], BULLA_SEAL_OPEN);
    (void)trip_say(run, step->device, BIT(BULLA_EVENT_UNLOCKED));
}

static void look_into(struct trip_run *run, const struct trip_step *step)
{
    bulla_observation_add_sensor(trip_say(run, step->device, BIT(BULLA_EVENT_LIGHT)), "", BULLA_SENSOR_LIGHT, 300000);
    trip_label(run, ALARM_LIGHT, false, step->device);
}

static void plan_inspection(struct trip_run *run, struct sim_random *r)
{
    const struct sim_path *path = run->path;
    for (size_t i = 1; i + 1 < path->n_passes; i++) {
        enum sim_place_kind kind = sim_places[path->passes[i].place].kind;
        if (kind != SIM_BORDER && kind != SIM_CHECKPOINT)
            continue;
        double s_m = path->passes[i].s_m - 2;
        trip_then(&run->script[1], s_m, 60, inspect);
        trip_then(&run->script[1], s_m, sim_random_between(r, 20, 90), look_into);
        trip_then(&run->script[1], s_m, sim_random_between(r, 200, 900), trip_act_close);
        return;
    }
}

/* --- small things --- */

static void restart_done(struct trip_run *run, const struct trip_step *step)
{
    run->device[step->device].clock_fixed_ms = BULLA_TIME_NONE;
}

/* The watchdog: the counter begins anew, the state is not known yet, the clock waits for a satellite. */
static void restart(struct trip_run *run, const struct trip_step *step)
{
    struct trip_device *d = &run->device[step->device];
    struct bulla_state was = d->state;
    d->counter = 0;
    d->receiver.had = false;
    d->state = (struct bulla_state){BULLA_SEAL_UNKNOWN, BULLA_SHACKLE_UNKNOWN, BULLA_MOTOR_UNKNOWN, BULLA_COVER_UNKNOWN, BULLA_COVER_NONE};
    if (step->number) {
        d->clock_fixed_ms = GPS_ZERO;
        d->clock_from_ms = run->now_ms;
        trip_label(run, ALARM_CLOCK_ERROR, false, step->device);
        trip_label(run, ALARM_SPOOFING_SUSPECTED, false, step->device);
    }
    struct bulla_observation *o = trip_say(run, step->device, BIT(BULLA_EVENT_STARTUP));
    o->has &= ~(uint32_t)(BULLA_HAS_FIX | BULLA_HAS_SPEED | BULLA_HAS_COURSE);
    o->events &= ~BIT(BULLA_EVENT_POSITION_CELL);
    d->state = was;
}

static void climb(struct trip_run *run, const struct trip_step *step)
{
    if (run->vehicle.speed_ms < 0.5)
        (void)trip_tell(run, step->device, BIT(BULLA_EVENT_VIBRATION));
}

static void plan_small(struct trip_run *run, struct sim_random *r)
{
    struct trip_script *script = &run->script[1];
    double luck = sim_random_unit(r), share = sim_random_unit(r), length = sim_path_length(run->path);
    if (luck < 0.05) {
        trip_then(script, share * length, 0, restart)->number = sim_random_chance(r, 0.5);
        trip_then(script, 0, sim_random_between(r, 20, 100), restart_done);
    } else if (luck < 0.08) {
        run->device[0].says_events = true;
        trip_then(script, share * length, 0, trip_act_stammer);
        trip_then(script, 0, sim_random_between(r, 60, 500), trip_act_mended);
    } else if (luck < 0.35 && run->n_halts > 1) {
        size_t at = 1 + sim_random_below(r, (uint32_t)(run->n_halts - 1));
        trip_then(script, run->halts_m[at] - 2, sim_random_between(r, 30, 900), climb);
    } else if (luck < 0.43) {
        plan_inspection(run, r);
    } else if (luck < 0.49) { /* an old battery, not yet low */
        run->device[0].percent = sim_random_between(r, 21, 26);
        run->device[0].drain = 0.05 / TRIP_HOUR;
        run->device[0].percent_noise = 0.5;
    }
}

void trip_everyday(struct trip_run *run)
{
    struct sim_random stream = sim_random_split(&run->random, 3);
    (void)trip_say(run, 0, BIT(BULLA_EVENT_LOCKED));
    plan_small(run, &stream);
    run->unsealed_by = (int)sim_random_below(&stream, 20);
    if (run->unsealed_by < 9)
        snprintf(run->trip->journey->credentials[run->trip->journey->n_credentials++], BULLA_CREDENTIAL_SIZE, "%s", CARD);
}

/* --- the end: opened as it should be --- */

static void slip(struct trip_run *run, const struct trip_step *step)
{
    trip_attempt(trip_say(run, step->device, BIT(BULLA_EVENT_UNLOCK_REFUSED)), CARD, BULLA_VERDICT_REFUSED, BULLA_REASON_OUTSIDE_FENCE);
}

static void unlock(struct trip_run *run, const struct trip_step *step)
{
    struct trip_device *d = &run->device[step->device];
    bool by_command = run->unsealed_by >= 9 && run->unsealed_by < 16;
    if (by_command)
        run->failed |= !permit(run, run->unsealed_by & 1 ? &run->trip->journey->destination : NULL, true);
    trip_set_seal(d, step->number ? BULLA_SEAL_UNLOCKED_CLOSED : BULLA_SEAL_OPEN);
    struct bulla_observation *o = trip_say(run, step->device, BIT(BULLA_EVENT_UNLOCKED));
    if (!by_command)
        trip_attempt(o, CARD, BULLA_VERDICT_ACCEPTED, BULLA_REASON_OK);
    d->unsealed_ms = run->now_ms;
}

static void leave(struct trip_run *run, const struct trip_step *step)
{
    (void)step;
    run->left_ms = run->now_ms;
}

void trip_unseal(struct trip_run *run)
{
    struct trip_script *script = &run->script[1];
    double s_m = run->vehicle.s_m - 10, patience_s = run->fraud.kind == TRIP_TRUE ? 0 : run->device[0].parked_s;
    script->n = script->next = 0;
    script->there = false;
    trip_then(script, s_m, 0, trip_act_unwrap);
    trip_then(script, s_m, sim_random_between(&run->random, 5 * TRIP_MINUTE, 80 * TRIP_MINUTE) + 3 * patience_s, trip_act_unwrap);
    for (int i = 0; i < run->n_devices; i++) {
        if (run->device[i].dead || (i == 1 && run->swap.done))
            continue;
        bool slow = sim_random_chance(&run->random, 0.5);
        if (sim_random_chance(&run->random, 0.2) && run->unsealed_by < 9)
            trip_then(script, s_m, sim_random_between(&run->random, 20, 60), slip)->device = i;
        struct trip_step *step = trip_then(script, s_m, sim_random_between(&run->random, 15, 45), unlock);
        step->device = i;
        step->number = slow;
        if (slow)
            trip_then(script, s_m, sim_random_between(&run->random, 30, 900), trip_act_pull)->device = i;
    }
    if (!run->device[0].dead)
        trip_then(script, s_m, 60, leave);
}

/* Nobody keeps a bag or a jammer on a seal that is to be opened before witnesses. */
void trip_act_unwrap(struct trip_run *run, const struct trip_step *step)
{
    (void)step;
    for (int i = 0; i < run->n_devices; i++) {
        run->device[i].bagged_until_ms = run->device[i].jammed_until_ms = 0;
        if (run->trip->scene != TRIP_FAULT)
            run->device[i].lasting &= ~BIT(BULLA_EVENT_SENSOR_FAULT); /* a stammer that would have ended on the road */
    }
    run->fraud.kind = TRIP_TRUE;
}

void trip_act_stammer(struct trip_run *run, const struct trip_step *step)
{
    run->device[step->device].lasting |= BIT(BULLA_EVENT_SENSOR_FAULT);
}
