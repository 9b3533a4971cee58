// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong on a trip, scene by scene, with the alarm that each deed must bring. Where the lorry was, and for how
// long, brings its own labels (trip_truth.c).
#include <stdio.h>
#include <string.h>

#include "sim/trip_acts.h"

#define ANY    (-1)
#define DAY_MS INT64_C(86400000)

static void play_nothing(struct trip_run *run)
{
    (void)run;
}

/* A halt by the open road, at which the scene's steps begin. */
static double lonely(struct trip_run *run, double from_share, double upto_share, double minutes)
{
    double s_m = trip_open_road(run, from_share, upto_share);
    (void)trip_halt(run, s_m, minutes);
    return s_m - 3;
}

/* What a seal says once and does not keep would be known to nobody: this one keeps it and speaks of it. */
static void told_in_the_end(struct trip_run *run)
{
    run->device[0].memory = run->device[0].says_events = true;
}

/* --- openings --- */

static void play_forced(struct trip_run *run)
{
    double stay = sim_random_between(&run->random, 6, 18), s_m = lonely(run, 0.1, 0.85, stay);
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 60, 240), trip_act_open)->number = TRIP_BY_FORCE;
    if (sim_random_chance(&run->random, 0.5))
        trip_then(&run->script[0], s_m, sim_random_between(&run->random, 700, 2500), trip_act_close);
}

static void play_insider(struct trip_run *run)
{
    double s_m = lonely(run, 0.1, 0.85, sim_random_between(&run->random, 8, 17));
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 60, 300), trip_act_open)->number = TRIP_BY_CARD;
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 300, 1500), trip_act_close);
}

static void play_slow(struct trip_run *run)
{
    double s_m = lonely(run, 0.1, 0.8, sim_random_between(&run->random, 10, 18));
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 60, 300), trip_act_open)->number = TRIP_SLOWLY;
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 240, 2400), trip_act_pull);
    if (sim_random_chance(&run->random, 0.5))
        trip_then(&run->script[0], s_m, sim_random_between(&run->random, 1200, 4000), trip_act_close);
}

static void play_quiet(struct trip_run *run)
{
    double s_m = lonely(run, 0.1, 0.8, sim_random_between(&run->random, 5, 18));
    run->device[0].says_events = false;
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 60, 240), trip_act_open)->number = TRIP_BY_FORCE;
    trip_then(&run->script[0], s_m, 2.2 * (double)(run->device[0].parked_s + run->trip->interval_ms / 1000), trip_act_close);
}

static void play_twice(struct trip_run *run)
{
    play_quiet(run);
    run->device[0].says_events = true;
    trip_then(&run->script[0], 0, sim_random_between(&run->random, 2000, 6000), trip_act_open)->number = TRIP_BY_CARD;
    trip_then(&run->script[0], 0, sim_random_between(&run->random, 2000, 6000), trip_act_close);
}

static void play_in_silence(struct trip_run *run)
{
    run->device[0].memory = true;
    double s_m = lonely(run, 0.1, 0.7, sim_random_between(&run->random, 8, 18));
    trip_then(&run->script[0], s_m - 2000, 0, trip_act_silence)->number = (int64_t)sim_random_between(&run->random, 40, 230);
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 60, 240), trip_act_open)->number = TRIP_BY_FORCE;
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 600, 1500), trip_act_close);
}

static void play_bag_opened(struct trip_run *run)
{
    run->device[0].memory = true;
    double s_m = lonely(run, 0.02, 0.4, sim_random_between(&run->random, 10, 18));
    trip_then(&run->script[0], s_m, 60, trip_act_bag)->number = (int64_t)sim_random_between(&run->random, 250, 400);
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 120, 400), trip_act_open)->number = TRIP_BY_FORCE;
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 600, 1500), trip_act_close);
}

/* --- what is done to the seal and the door --- */

static void play_cut(struct trip_run *run)
{
    double s_m = lonely(run, 0.1, 0.85, sim_random_between(&run->random, 6, 18));
    run->device[0].says_parts |= !run->device[0].says_events;
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 60, 240), trip_act_cut);
}

static void play_cover(struct trip_run *run)
{
    told_in_the_end(run);
    double s_m = lonely(run, 0.1, 0.85, sim_random_between(&run->random, 6, 18));
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 60, 240), trip_act_cover);
}

static void play_body(struct trip_run *run)
{
    told_in_the_end(run);
    double s_m = lonely(run, 0.1, 0.85, sim_random_between(&run->random, 6, 18));
    run->device[0].says_events = true;
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 60, 240), trip_act_body)->number =
        sim_random_chance(&run->random, 0.5) ? BULLA_EVENT_SHELL_REMOVED : BULLA_EVENT_DEVICE_REMOVED;
}

/* The doors come off with their hinges: the lock notices nothing, the light sensor does. */
static void play_door(struct trip_run *run)
{
    told_in_the_end(run);
    double wait_s = 600 + 2.5 * run->device[0].parked_s;
    double s_m = lonely(run, 0.1, 0.85, wait_s / 60 + sim_random_between(&run->random, 15, 60));
    trip_then(&run->script[0], s_m, wait_s, trip_act_sense)->number = (int64_t)BULLA_EVENT_BIT(BULLA_EVENT_TILT);
    trip_then(&run->script[0], s_m, 90, trip_act_light);
    trip_then(&run->script[0], s_m, 120, trip_act_sense)->number = (int64_t)BULLA_EVENT_BIT(BULLA_EVENT_DOOR_OPENED);
}

static void play_attack(struct trip_run *run)
{
    told_in_the_end(run);
    double wait_s = 600 + 2.5 * run->device[0].parked_s;
    double s_m = lonely(run, 0.1, 0.85, wait_s / 60 + sim_random_between(&run->random, 20, 60));
    trip_then(&run->script[0], s_m, wait_s, trip_act_sense)->number = (int64_t)BULLA_EVENT_BIT(BULLA_EVENT_VIBRATION);
    for (uint32_t n = 2 + sim_random_below(&run->random, 4); n > 0; n--)
        trip_then(&run->script[0], s_m, sim_random_between(&run->random, 20, 150), trip_act_sense)->number =
            (int64_t)BULLA_EVENT_BIT(sim_random_chance(&run->random, 0.6) ? BULLA_EVENT_VIBRATION : BULLA_EVENT_IMPACT);
}

static void play_wrong_card(struct trip_run *run)
{
    told_in_the_end(run);
    double s_m = lonely(run, 0.1, 0.85, sim_random_between(&run->random, 8, 18));
    for (int i = 0; i < 3; i++) {
        struct trip_step *step = trip_then(&run->script[0], s_m, sim_random_between(&run->random, 30, 120), trip_act_refused);
        step->number = i;
        step->text = "31415926";
    }
}

static void play_strange_card(struct trip_run *run)
{
    told_in_the_end(run);
    double s_m = lonely(run, 0.1, 0.85, sim_random_between(&run->random, 8, 18));
    trip_then(&run->script[0], s_m, sim_random_between(&run->random, 60, 300), trip_act_stranger);
}

/* --- the way --- */

static void play_detour(struct trip_run *run)
{
    const struct journey *j = run->trip->journey;
    double most = sim_random_between(&run->random, 700, 5000) + j->route.corridor_m, long_m = sim_random_between(&run->random, 9000, 28000);
    double s_m = trip_open_road(run, 0.1, 0.75);
    run->vehicle.detour = (struct sim_detour){s_m, s_m + long_m, sim_random_chance(&run->random, 0.5) ? most : -most};
}

static void play_stay(struct trip_run *run)
{
    double longest = sim_random_between(&run->random, 24, 150);
    (void)lonely(run, 0.05, 0.95, longest + 2.5 * run->device[0].parked_s / 60);
}

static void play_overtime(struct trip_run *run)
{
    double s_m = trip_open_road(run, 0.1, 0.9), extra = sim_random_between(&run->random, 5, 120);
    trip_add_stop(run, "fuel station", s_m, 400, 60, 30);
    (void)trip_halt(run, s_m, 30 + extra + 2.5 * run->device[0].parked_s / 60);
}

static void play_late(struct trip_run *run)
{
    run->late = sim_random_chance(&run->random, 0.5) ? TRIP_LATE_ARRIVAL : TRIP_LATE_DEPARTURE;
}

static void play_ferry(struct trip_run *run)
{
    struct journey *j = run->trip->journey;
    double s_m = trip_open_road(run, 0.15, 0.75), long_m = sim_random_between(&run->random, 7000, 26000);
    run->ferry.from_m = s_m;
    run->ferry.upto_m = s_m + long_m;
    run->ferry.kmh = sim_random_between(&run->random, 13, 26);
    j->mode = JOURNEY_MODE_MULTIMODAL;
    trip_add_stop(run, "ferry, this side", s_m, 800, 100, 0);
    trip_add_stop(run, "ferry, other side", s_m + long_m, 800, -100, 0);
    (void)trip_halt(run, s_m, sim_random_between(&run->random, 15, 90));
    (void)trip_halt(run, s_m + long_m, sim_random_between(&run->random, 5, 40));
    struct sim_path_point middle = sim_path_at(run->path, s_m + long_m / 2, NULL);
    j->zones[j->n_zones++] = (struct zone){
        ZONE_SEA_LEG, {.name = "crossing", .lat = middle.lat, .lon = middle.lon, .radius_m = long_m / 2 + 1000, .max_minutes = 240}};
    trip_shade(run, s_m - 50, s_m + long_m + 50, sim_random_chance(&run->random, 0.5) ? TRIP_DARK : TRIP_OPEN, false);
    trip_shade(run, s_m + long_m * 0.2, s_m + long_m * 0.8, sim_random_chance(&run->random, 0.5) ? TRIP_DARK : TRIP_OPEN,
               sim_random_chance(&run->random, 0.7));
}

static void play_dead_zone(struct trip_run *run)
{
    struct journey *j = run->trip->journey;
    double s_m = trip_open_road(run, 0.3, 0.7);
    trip_add_stop(run, "siding", s_m, 800, 0, 0);
    (void)trip_halt(run, s_m, sim_random_between(&run->random, 250, 400));
    trip_shade(run, s_m - 7000, s_m + 7000, TRIP_OPEN, true);
    j->dead_zones[j->n_dead_zones++] = (struct place){.name = "no network",
                                                      .lat = j->stops[j->n_stops - 1].lat,
                                                      .lon = j->stops[j->n_stops - 1].lon,
                                                      .radius_m = 26000,
                                                      .max_minutes = 540};
}

/* --- the device --- */

static void play_dies(struct trip_run *run)
{
    trip_then(&run->script[0], trip_open_road(run, 0.1, 0.8), 0, trip_act_die);
}

static void play_bag(struct trip_run *run)
{
    trip_then(&run->script[0], trip_open_road(run, 0.1, 0.7), 0, trip_act_bag)->number = (int64_t)sim_random_between(&run->random, 15, 220);
}

static void play_battery(struct trip_run *run)
{
    struct trip_device *d = &run->device[0];
    d->says_percent = true;
    d->charging = false;
    d->percent = sim_random_between(&run->random, 19, 28);
    d->drain = sim_random_between(&run->random, 3, 6) / TRIP_HOUR;
}

static void play_motor(struct trip_run *run)
{
    told_in_the_end(run);
    trip_then(&run->script[0], trip_open_road(run, 0.1, 0.9), 0, trip_act_motor);
}

static void play_fault(struct trip_run *run)
{
    told_in_the_end(run);
    trip_then(&run->script[0], trip_open_road(run, 0.1, 0.6), 0, trip_act_fault);
    trip_then(&run->script[0], 0, 60 * sim_random_between(&run->random, 50, 120), trip_act_mended);
}

static void play_jammer(struct trip_run *run)
{
    trip_then(&run->script[0], trip_open_road(run, 0.1, 0.8), 0, trip_act_jam)->number = (int64_t)sim_random_between(&run->random, 15, 75);
}

static void play_leap(struct trip_run *run)
{
    double minutes = sim_random_between(&run->random, 40, 120) + 6 * (double)run->trip->interval_ms / 60000;
    trip_then(&run->script[0], trip_open_road(run, 0.1, 0.7), 0, trip_act_leap)->number = (int64_t)minutes;
}

static void play_frozen(struct trip_run *run)
{
    trip_then(&run->script[0], trip_open_road(run, 0.1, 0.7), 0, trip_act_freeze)->number =
        (int64_t)sim_random_between(&run->random, 30, 90);
}

static void play_drag(struct trip_run *run)
{
    trip_then(&run->script[0], trip_open_road(run, 0.1, 0.7), 0, trip_act_drag)->number =
        (int64_t)sim_random_between(&run->random, 45, 110);
}

/* --- clocks --- */

static void play_clock_ahead(struct trip_run *run)
{
    trip_then(&run->script[0], trip_open_road(run, 0, 0.6), 0, trip_act_clock)->number =
        (int64_t)(1000 * sim_random_between(&run->random, 6.5 * TRIP_MINUTE, 12 * TRIP_HOUR));
}

/* Most often local time told as UTC, or a clock that lost some minutes. */
static void play_clock_behind(struct trip_run *run)
{
    double hours =
        sim_random_chance(&run->random, 0.6) ? 1 + sim_random_below(&run->random, 11) : sim_random_between(&run->random, 0.12, 3);
    int64_t ms = -(int64_t)(1000 * hours * TRIP_HOUR);
    if (sim_random_chance(&run->random, 0.5)) /* from the first message on */
        trip_act_clock(run, &(struct trip_step){.number = ms});
    else
        trip_then(&run->script[0], trip_open_road(run, 0.1, 0.6), 0, trip_act_clock)->number = ms;
}

static void play_clock_1970(struct trip_run *run)
{
    trip_then(&run->script[0], trip_open_road(run, 0.05, 0.7), 0, trip_act_clock_fixed)->number = 0;
}

static void play_clock_2036(struct trip_run *run)
{
    trip_then(&run->script[0], trip_open_road(run, 0.05, 0.7), 0, trip_act_clock_fixed)->number = INT64_C(2085978496000); /* NTP wraps */
}

static void play_clock_drift(struct trip_run *run)
{
    trip_then(&run->script[0], 0, 60, trip_act_clock_drift);
}

static void play_swap(struct trip_run *run)
{
    if (run->n_devices == 1)
        trip_add_device(run);
    double s_m = lonely(run, 0.1, 0.7, sim_random_between(&run->random, 12, 18));
    trip_then(&run->script[0], s_m, 500, trip_act_swap);
}

/* --- the table --- */

static const struct scene {
    int share;
    void (*play)(struct trip_run *run);
} scenes[TRIP_SCENES_N] = {
#define SCENE(id, name, share, play) {share, play_##play},
#include "sim/trips.def"
#undef SCENE
};

enum trip_scene trip_choose(struct sim_random *random, int incidents_permille)
{
    struct sim_random r = sim_random_split(random, 2);
    int total = 0, at = 0;
    if (sim_random_below(&r, 1000) >= (uint32_t)incidents_permille)
        return TRIP_CLEAN;
    for (int i = 1; i < TRIP_SCENES_N; i++)
        total += scenes[i].share;
    int drawn = (int)sim_random_below(&r, (uint32_t)total);
    for (at = 1; at < TRIP_SCENES_N - 1 && drawn >= scenes[at].share; at++)
        drawn -= scenes[at].share;
    return (enum trip_scene)at;
}

void trip_play(struct trip_run *run, enum trip_scene scene)
{
    scenes[scene].play(run);
}
