// SPDX-License-Identifier: Apache-2.0
//
// A trip second by second: the lorry drives, the script plays, the devices report.
#include "sim/trip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trip_internal.h"

#define SAMPLE_MS    30000
#define RUN_MAX_S    (90 * TRIP_HOUR)
#define WAKE_MS      (4 * TRIP_MINUTE_MS)
#define AFTERWARDS_S (30 * TRIP_MINUTE)
#define DEAD_ENDS_S  (6 * TRIP_HOUR) /* a device that died is waited for so long */

static const char *const scene_names[] = {
#define SCENE(id, name, share, play) name,
#include "sim/trips.def"
#undef SCENE
};

const char *trip_scene_text(enum trip_scene scene)
{
    return (unsigned)scene < TRIP_SCENES_N ? scene_names[scene] : "unknown";
}

void trip_clear(struct trip *trip)
{
    journey_free(trip->journey);
    free(trip->said);
    free(trip->made_ms);
    *trip = (struct trip){0};
}

/* --- where a device is, as it is made to believe --- */

static const struct trip_shade *shade_at(const struct trip_run *run, double s_m)
{
    for (size_t i = run->n_shades; i-- > 0;)
        if (s_m >= run->shade[i].from_m && s_m < run->shade[i].upto_m)
            return &run->shade[i];
    return NULL;
}

static void deceive(struct trip_run *run, struct trip_place *place)
{
    struct trip_fraud *f = &run->fraud;
    if (f->kind == TRIP_TRUE || run->now_ms < f->from_ms || run->now_ms >= f->until_ms)
        return;
    double seconds = (double)(run->now_ms - f->from_ms) / 1000;
    place->sky = TRIP_OPEN; /* a strong signal, many satellites */
    if (f->kind == TRIP_DRAG_OFF) {
        sim_shift(&place->lat, &place->lon, f->east_ms * seconds, f->north_ms * seconds);
        return;
    }
    place->lat = f->lat;
    place->lon = f->lon;
    if (f->kind == TRIP_FREEZE)
        place->speed_kmh = 0;
}

static struct trip_place place_of(struct trip_run *run, int device)
{
    const struct sim_vehicle *v = &run->vehicle;
    const struct trip_shade *shade = shade_at(run, v->s_m);
    struct trip_place p = {v->lat, v->lon, v->speed_ms * 3.6, v->course_deg, shade ? shade->sky : TRIP_OPEN, !(shade && shade->no_network)};
    if (device == 1 && run->swap.done)
        p = (struct trip_place){run->swap.lat, run->swap.lon, 3.6 * hypot(run->swap.east_ms, run->swap.north_ms), 0, TRIP_OPEN, true};
    deceive(run, &p);
    if (run->now_ms < run->device[device].jammed_until_ms || run->now_ms < run->device[device].bagged_until_ms) {
        p.sky = TRIP_DARK;
        p.cells = false;
    }
    return p;
}

/* --- saying --- */

static void say_seal(struct trip_device *d, struct bulla_observation *o)
{
    o->state = d->state;
    if (!d->says_parts)
        o->state.shackle = BULLA_SHACKLE_NONE, o->state.motor = BULLA_MOTOR_NONE;
    if (!d->says_state)
        o->state.seal = BULLA_SEAL_NONE;
    if (d->says_parts && d->state.shackle == BULLA_SHACKLE_CUT && d->says_state)
        o->state.seal = BULLA_SEAL_OPEN;
    if (!d->says_percent)
        return;
    double noise = d->percent_noise * sim_random_normal(&d->random);
    double dip = sim_random_chance(&d->random, 0.002) ? 12 : 0; /* the radio draws, the voltage sags, the gauge believes it */
    o->has |= BULLA_HAS_PERCENT | BULLA_HAS_CHARGING;
    o->percent = (uint8_t)lround(fmax(1, fmin(100, d->percent + noise - fmin(dip, d->percent * 0.6))));
    o->charging = d->charging;
}

static bool grow(struct trip *t)
{
    if (t->n < t->capacity)
        return true;
    size_t capacity = t->capacity ? 2 * t->capacity : 1024;
    struct bulla_observation *said = realloc(t->said, capacity * sizeof *said);
    if (said)
        t->said = said;
    int64_t *made_ms = said ? realloc(t->made_ms, capacity * sizeof *made_ms) : NULL;
    if (!made_ms)
        return false;
    t->made_ms = made_ms;
    t->capacity = capacity;
    return true;
}

struct bulla_observation *trip_say(struct trip_run *run, int device, uint64_t events)
{
    struct trip *t = run->trip;
    struct trip_device *d = &run->device[device];
    if (d->dead || !grow(t)) {
        run->failed |= !d->dead;
        return &run->nowhere;
    }
    trip_coverage(run, d);
    struct bulla_observation *o = &t->said[t->n];
    bulla_observation_init(o, "test");
    o->n_sensors = o->n_cells = o->n_sublocks = 0;
    snprintf(o->device, sizeof o->device, "%d", device + 1);
    snprintf(o->id, sizeof o->id, "%c%zu", 'a' + device, t->n);
    o->has = BULLA_HAS_TIME | BULLA_HAS_COUNTER;
    o->counter = d->counter++;
    o->events = events | d->events | d->lasting;
    d->events = 0;
    struct trip_place place = place_of(run, device);
    trip_receiver_read(&d->receiver, &place, run->now_ms, o);
    say_seal(d, o);
    trip_stamp(run, d, o, run->now_ms);
    t->made_ms[t->n++] = run->now_ms;
    d->said_ms = run->now_ms;
    return o;
}

static void report(struct trip_run *run, int device)
{
    struct trip_device *d = &run->device[device];
    bool parked = run->vehicle.speed_ms < 0.5;
    double jitter = sim_random_unit(&d->random), vibrates = sim_random_unit(&d->random);
    (void)trip_say(run, device, !parked && vibrates < 0.02 ? BULLA_EVENT_BIT(BULLA_EVENT_VIBRATION) : 0);
    d->next_ms = run->now_ms + (parked ? d->parked_s * INT64_C(1000) : run->trip->interval_ms) + (int64_t)(4000 * jitter);
}

/* A device with a motion sensor wakes when the lorry moves off or stands; the first jolt may count as vibration. */
static void wake(struct trip_run *run, int device)
{
    struct trip_device *d = &run->device[device];
    bool parked = run->vehicle.speed_ms < 0.5;
    if (parked == d->parked)
        return;
    bool long_enough = run->now_ms - d->parked_ms > WAKE_MS;
    d->parked = parked;
    d->parked_ms = run->now_ms;
    if (!long_enough || !d->wakes)
        return;
    bool jolt = sim_random_chance(&d->random, 0.15) && d->says_events;
    (void)trip_say(run, device, BULLA_EVENT_BIT(BULLA_EVENT_WAKE) | (jolt ? BULLA_EVENT_BIT(BULLA_EVENT_VIBRATION) : 0));
}

/* --- moving --- */

static void crawl(struct trip_run *run)
{
    struct sim_vehicle *v = &run->vehicle;
    for (size_t i = 0; i < run->n_crawls; i++) {
        struct trip_crawl *c = &run->crawl[i];
        if (v->wait_s > 0 || v->s_m < c->from_m || v->s_m >= c->upto_m || v->s_m < c->next_m)
            continue;
        double go_m = sim_random_between(&run->random, 10, 60), spread = sim_random_between(&run->random, 0.5, 1.5);
        c->next_m = v->s_m + go_m;
        v->wait_s = (int32_t)fmax(0, spread * (go_m / (c->kmh / 3.6) - go_m / 2));
        v->v_ms = v->speed_ms = 0;
    }
}

static bool sail(struct trip_run *run)
{
    struct sim_vehicle *v = &run->vehicle;
    if (v->s_m < run->ferry.from_m || v->s_m >= run->ferry.upto_m || v->wait_s > 0)
        return false;
    v->s_m += run->ferry.kmh / 3.6;
    struct sim_path_point p = sim_path_at(v->path, v->s_m, &v->course_deg);
    v->lat = p.lat;
    v->lon = p.lon;
    v->speed_ms = run->ferry.kmh / 3.6;
    return true;
}

static void swap(struct trip_run *run)
{
    struct trip_swap *s = &run->swap;
    if (!s->done)
        return;
    sim_shift(&s->lat, &s->lon, s->east_ms, s->north_ms);
    s->driven_m += hypot(s->east_ms, s->north_ms);
}

static void play(struct trip_run *run, struct trip_script *script)
{
    while (script->next < script->n) {
        const struct trip_step *step = &script->step[script->next];
        if (run->vehicle.s_m < step->s_m)
            return;
        if (!script->there)
            script->since_ms = run->now_ms;
        script->there = true;
        if (run->now_ms < script->since_ms + step->after_s * 1000)
            return;
        script->there = false;
        script->next++;
        step->play(run, step);
    }
}

static void drain(struct trip_device *d, int64_t now_ms)
{
    double spread = 3 * d->percent_noise + 1;
    d->percent = fmax(1, d->percent - (d->charging ? -d->drain * 2 : d->drain));
    if (d->maybe_low_ms == BULLA_TIME_NONE && d->percent <= TRIP_LOW_PERCENT + spread)
        d->maybe_low_ms = now_ms;
    if (d->surely_low_ms == BULLA_TIME_NONE && d->percent <= TRIP_LOW_PERCENT - spread)
        d->surely_low_ms = now_ms;
}

static void second(struct trip_run *run)
{
    run->now_ms += 1000;
    if (!sail(run)) {
        crawl(run);
        sim_vehicle_step(&run->vehicle);
    }
    swap(run);
    play(run, &run->script[0]);
    play(run, &run->script[1]);
    if (run->now_ms % SAMPLE_MS == 0)
        trip_sample(run);
    for (int i = 0; i < run->n_devices; i++) {
        struct trip_device *d = &run->device[i];
        drain(d, run->now_ms);
        if (d->dead)
            continue;
        wake(run, i);
        if (run->now_ms >= d->next_ms)
            report(run, i);
    }
}

static bool over(const struct trip_run *run)
{
    bool dead = run->device[0].dead;
    if (run->now_ms - run->start_ms > RUN_MAX_S * INT64_C(1000))
        return true;
    if (run->left_ms != BULLA_TIME_NONE)
        return run->now_ms - run->left_ms > AFTERWARDS_S * INT64_C(1000);
    return dead && run->arrived_ms != BULLA_TIME_NONE && run->now_ms - run->arrived_ms > 2 * TRIP_HOUR * INT64_C(1000) &&
           run->now_ms - run->device[0].dead_ms > DEAD_ENDS_S * INT64_C(1000);
}

static void drive(struct trip_run *run)
{
    while (!over(run) && !run->failed) {
        second(run);
        if (run->arrived_ms == BULLA_TIME_NONE && sim_vehicle_arrived(&run->vehicle)) {
            run->arrived_ms = run->now_ms;
            trip_unseal(run);
        }
    }
}

static void finish(struct trip_run *run)
{
    struct trip *t = run->trip;
    t->until_ms = run->now_ms;
    for (size_t i = 0; i < t->n; i++)
        t->until_ms = t->said[i].received_ms > t->until_ms ? t->said[i].received_ms : t->until_ms;
    t->until_ms += TRIP_MINUTE_MS;
    t->km = run->vehicle.driven_m / 1000;
    t->hours = (double)(run->now_ms - run->start_ms) / 3.6e6;
}

bool trip_make(struct sim_roads *roads, uint64_t seed, int incidents_permille, struct trip *out)
{
    struct trip_run *run = calloc(1, sizeof *run);
    *out = (struct trip){.seed = seed};
    if (!run)
        return false;
    run->trip = out;
    run->random = sim_random_new(seed);
    run->arrived_ms = run->left_ms = run->departed_ms = BULLA_TIME_NONE;
    bool done = trip_plan(run, roads);
    if (done) {
        out->scene = trip_choose(&run->random, incidents_permille);
        trip_play(run, out->scene);
        trip_everyday(run);
        drive(run);
        done = !run->failed && trip_deliver(run);
    }
    if (done) {
        finish(run);
        trip_judge(run);
        trip_date(run);
        done = !run->failed;
    }
    free(run->sample);
    free(run);
    if (!done)
        trip_clear(out);
    return done;
}
