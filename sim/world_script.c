// SPDX-License-Identifier: Apache-2.0
//
// Who drives where since when, and what goes wrong. A lorry's future is known by running a copy of it ahead.
#include <stdio.h>
#include <string.h>

#include "sim/world_internal.h"

#define MINUTE        60
#define HOUR          3600
#define AGE_MAX_S     (13 * HOUR)
#define RUN_MAX_S     (80 * HOUR)
#define OPEN_ROAD_M   6000.0       /* further than this from every place */
#define LATER_EVERY_S (7 * MINUTE) /* after the opening scenes, one incident more */
#define LATER_N       12

/* Ways that are driven, the more frequent ones several times. */
static const enum sim_place_id ways[][2] = {
    {SIM_MOMBASA, SIM_KAMPALA}, {SIM_DAR, SIM_KIGALI},        {SIM_MOMBASA, SIM_NAIROBI}, {SIM_KAMPALA, SIM_ELEGU},
    {SIM_NAIROBI, SIM_KAMPALA}, {SIM_DODOMA, SIM_RUSUMO},     {SIM_MOMBASA, SIM_ARUSHA},  {SIM_KAMPALA, SIM_KIGALI},
    {SIM_MOMBASA, SIM_MALABA},  {SIM_DAR, SIM_DODOMA},        {SIM_NAIVASHA, SIM_JUBA},   {SIM_KISUMU, SIM_KAMPALA},
    {SIM_MOMBASA, SIM_KIGALI},  {SIM_DAR, SIM_BUJUMBURA},     {SIM_KAMPALA, SIM_MOMBASA}, {SIM_ARUSHA, SIM_NAIROBI},
    {SIM_KIGALI, SIM_DAR},      {SIM_ELDORET, SIM_ELEGU},     {SIM_DAR, SIM_ARUSHA},      {SIM_KIGALI, SIM_BUJUMBURA},
    {SIM_NAIROBI, SIM_BUSIA},   {SIM_MBARARA, SIM_BUJUMBURA}, {SIM_MALABA, SIM_ELEGU},    {SIM_DODOMA, SIM_BUJUMBURA},
};
#define WAYS_N (sizeof ways / sizeof ways[0])

static const struct sim_device_kind *const kinds[] = {&sim_device_jt701d, &sim_device_jt709, &sim_device_jt701d, &sim_device_jt808,
                                                      &sim_device_jt701d, &sim_device_jt709, &sim_device_jt701d, &sim_device_jt701};
#define KINDS_N (sizeof kinds / sizeof kinds[0])

/* The lorries with a part to play come first; what they drive and which seal they carry is fixed. */
static const struct part {
    enum role role;
    enum sim_place_id from, to;
    const struct sim_device_kind *kind;
} parts[] = {
    {ROLE_CUT, SIM_MOMBASA, SIM_KAMPALA, &sim_device_jt701d},     {ROLE_CARD, SIM_DAR, SIM_KIGALI, &sim_device_jt701d},
    {ROLE_ARRIVING, SIM_KAMPALA, SIM_KIGALI, &sim_device_jt701d}, {ROLE_DEVIATE, SIM_NAIROBI, SIM_KAMPALA, &sim_device_jt808},
    {ROLE_STAY, SIM_DAR, SIM_RUSUMO, &sim_device_jt709},          {ROLE_BATTERY, SIM_MOMBASA, SIM_ARUSHA, &sim_device_jt701},
    {ROLE_SILENT, SIM_NAIVASHA, SIM_JUBA, &sim_device_jt709},     {ROLE_RELEASED, SIM_MOMBASA, SIM_NAIROBI, &sim_device_jt709},
};
#define PARTS_N (sizeof parts / sizeof parts[0])

/* --- running ahead --- */
static bool open_road(const struct sim_vehicle *v)
{
    for (size_t i = 0; i < v->path->n_passes; i++)
        if (fabs(v->path->passes[i].s_m - v->s_m) < OPEN_ROAD_M)
            return false;
    return v->wait_s == 0 && v->v_ms > 5;
}

static bool parked_long(const struct sim_vehicle *v)
{
    return v->wait_s > 12 * MINUTE && v->wait_s < 60 * MINUTE && v->s_m > 10000;
}

static bool anything(const struct sim_vehicle *v)
{
    (void)v;
    return true;
}

/* The first second, not before from_s, at which `fits` holds; -1: never. *at is the lorry then. */
static int64_t first_when(const struct truck *t, int64_t from_s, bool (*fits)(const struct sim_vehicle *), struct sim_vehicle *at)
{
    struct sim_vehicle v = t->vehicle;
    for (int64_t s = 0; s < RUN_MAX_S && !sim_vehicle_arrived(&v); s++) {
        if (s >= from_s && fits(&v)) {
            *at = v;
            return s;
        }
        sim_vehicle_step(&v);
    }
    return -1;
}

static int64_t whole_way(const struct truck *t)
{
    struct sim_vehicle v = t->vehicle;
    int64_t s = 0;
    while (s < RUN_MAX_S && !sim_vehicle_arrived(&v)) {
        sim_vehicle_step(&v);
        s++;
    }
    return s;
}

/* --- the way --- */
static void plan_halts(struct truck *t)
{
    struct sim_random *r = &t->random;
    const struct sim_path *path = t->vehicle.path;
    (void)sim_vehicle_halt(&t->vehicle, 0, (int32_t)sim_random_between(r, 8 * MINUTE, 25 * MINUTE)); /* papers, gate */
    for (size_t i = 1; i + 1 < path->n_passes; i++) {
        double s_m = path->passes[i].s_m;
        double rest = sim_random_between(r, 20 * MINUTE, 50 * MINUTE), weigh = sim_random_between(r, 5 * MINUTE, 14 * MINUTE);
        double border = sim_random_between(r, 35 * MINUTE, 130 * MINUTE), luck = sim_random_unit(r);
        switch (sim_places[path->passes[i].place].kind) {
        case SIM_STOP:
            if (luck < 0.6)
                (void)sim_vehicle_halt(&t->vehicle, s_m, (int32_t)rest);
            break;
        case SIM_CHECKPOINT:
            (void)sim_vehicle_halt(&t->vehicle, s_m, (int32_t)weigh);
            break;
        case SIM_BORDER:
            (void)sim_vehicle_halt(&t->vehicle, s_m, (int32_t)border);
            break;
        default:
            break;
        }
    }
}

static void add_act(struct truck *t, int64_t at_ms, int halt_s, enum sim_action action, const char *text, const char *tell)
{
    if (t->n_acts == ACTS_MAX)
        return;
    struct act *a = &t->acts[t->n_acts++];
    *a = (struct act){.at_ms = at_ms, .halt_s = halt_s, .lock = halt_s == 0, .action = action, .tell = tell};
    snprintf(a->text, sizeof a->text, "%s", text);
}

static int64_t after(const struct world *world, double seconds)
{
    return world->options.start_ms + 1000 * (int64_t)(seconds / world->options.speed);
}

/* --- parts: each sets the age (seconds since sealing) and what is special. --- */
static int64_t play_cut(struct world *world, struct truck *t, int64_t way_s)
{
    struct sim_vehicle at;
    int64_t age = first_when(t, 5 * HOUR, open_road, &at);
    (void)way_s;
    add_act(t, after(world, 8), 9 * MINUTE, SIM_ACT_CUT, "", "stops by the open road");
    add_act(t, after(world, 40), 0, SIM_ACT_CUT, "", "the cable is cut");
    return age;
}

static int64_t play_card(struct world *world, struct truck *t, int64_t way_s)
{
    struct sim_vehicle at;
    const struct sim_path *path = t->vehicle.path;
    (void)way_s;
    for (size_t i = 1; i + 1 < path->n_passes; i++)
        if (sim_places[path->passes[i].place].kind == SIM_STOP) {
            (void)sim_vehicle_halt(&t->vehicle, path->passes[i].s_m, 40 * MINUTE);
            break;
        }
    add_act(t, after(world, 18), 0, SIM_ACT_CARD, "0004711815", "an unknown card is tried and refused");
    return first_when(t, HOUR, parked_long, &at);
}

static int64_t play_arriving(struct world *world, struct truck *t, int64_t way_s)
{
    (void)t;
    return way_s - (int64_t)(45 / world->options.speed);
}

static int64_t play_deviate(struct world *world, struct truck *t, int64_t way_s)
{
    struct sim_vehicle at;
    int64_t age = first_when(t, 2 * HOUR, open_road, &at);
    (void)way_s;
    (void)world;
    if (age >= 0)
        t->vehicle.detour = (struct sim_detour){at.s_m - 1500, at.s_m + 13500, 2400};
    return age;
}

static int64_t play_stay(struct world *world, struct truck *t, int64_t way_s)
{
    struct sim_vehicle at;
    int64_t age = first_when(t, 5 * HOUR / 2, open_road, &at);
    (void)way_s;
    (void)world;
    if (age >= 0)
        (void)sim_vehicle_halt(&t->vehicle, at.s_m + 200, 75 * MINUTE);
    return age < 0 ? age : age + 34 * MINUTE;
}

static int64_t play_battery(struct world *world, struct truck *t, int64_t way_s)
{
    struct sim_vehicle at;
    int64_t age = first_when(t, 7 * HOUR / 4, open_road, &at);
    (void)world;
    (void)way_s;
    t->drain_per_hour = 2.2;
    t->battery_percent = 12.6 + 2.2 * (double)age / HOUR;
    return age;
}

static int64_t play_silent(struct world *world, struct truck *t, int64_t way_s)
{
    struct sim_vehicle at;
    (void)way_s;
    t->silent_from_ms = world->options.start_ms - 150 * MINUTE * 1000;
    t->device.newest_first = true;
    return first_when(t, 255 * MINUTE, anything, &at);
}

static int64_t play_released(struct world *world, struct truck *t, int64_t way_s)
{
    (void)world;
    (void)t;
    return way_s + 50 * MINUTE;
}

static int64_t play_clean(struct world *world, struct truck *t, int64_t way_s)
{
    int64_t latest = way_s - 40 * MINUTE < AGE_MAX_S ? way_s - 40 * MINUTE : AGE_MAX_S;
    (void)world;
    return (int64_t)sim_random_between(&t->random, 15 * MINUTE, (double)latest);
}

static int64_t (*const plays[ROLES_N])(struct world *, struct truck *, int64_t way_s) = {
    [ROLE_CLEAN] = play_clean,       [ROLE_CUT] = play_cut,       [ROLE_CARD] = play_card,
    [ROLE_ARRIVING] = play_arriving, [ROLE_STAY] = play_stay,     [ROLE_DEVIATE] = play_deviate,
    [ROLE_BATTERY] = play_battery,   [ROLE_SILENT] = play_silent, [ROLE_RELEASED] = play_released,
};

/* --- a lorry --- */
static void make_device(struct world *world, struct truck *t, size_t i, const struct sim_device_kind *kind)
{
    char id[SIM_DEVICE_ID_SIZE];
    if (kind == &sim_device_jt709)
        snprintf(id, sizeof id, "7943%08zu", 20017 + i * 7);
    else if (kind == &sim_device_jt808)
        snprintf(id, sizeof id, "8688%016zu", 510000403 + i * 7);
    else
        snprintf(id, sizeof id, "75%08zu", 70100043 + i * 7);
    struct sim_device_setup setup = {.kind = kind, .id = id, .password = world->password, .seed = sim_random_u64(&t->random)};
    sim_device_init(&t->device, &setup);
    t->card = 10000000 + sim_random_below(&t->random, 80000000);
    (void)sim_lock_add_card(&t->device.lock, t->card);
    double every = (i == 0 ? 5 : 10) / world->options.speed;
    t->device.interval_s = every < 1 ? 1 : (uint32_t)every;
}

static bool set_out(struct world *world, size_t i)
{
    struct truck *t = &world->trucks[i];
    const struct part *part = i < PARTS_N ? &parts[i] : NULL;
    size_t k = i + (size_t)(world->options.seed % WAYS_N);
    t->random = sim_random_split(&world->random, 1000 + i);
    t->role = part ? part->role : ROLE_CLEAN;
    t->from = part ? part->from : ways[k % WAYS_N][0];
    t->to = part ? part->to : ways[k % WAYS_N][1];
    const struct sim_path *path = sim_roads_path(world->roads, t->from, t->to);
    if (!path)
        return false;
    sim_vehicle_init(&t->vehicle, path, sim_random_u64(&t->random));
    sim_gnss_init(&t->gnss, sim_random_u64(&t->random));
    make_device(world, t, i, part ? part->kind : kinds[(i * 5 + i / KINDS_N) % KINDS_N]);
    t->battery_percent = sim_random_between(&t->random, 62, 99);
    t->drain_per_hour = sim_random_between(&t->random, 0.3, 0.8);
    t->silent_from_ms = INT64_MAX;
    plan_halts(t);
    return true;
}

static void set_clock(struct world *world, struct truck *t, int64_t age_s, int64_t way_s)
{
    t->sealed_ms = world->options.start_ms - 1000 * age_s;
    t->expected_ms = t->sealed_ms + 1000 * way_s;
    t->stepped_ms = t->sealed_ms - 2 * WORLD_STEP_MS;
    t->outage_from_ms = t->stepped_ms;
    t->unlocked_ms = t->pulled_ms = t->arrived_ms = t->unsealed_ms = SIM_TIME_NONE;
}

/* One incident more every few minutes, so that a demo that is left running goes on living. */
static void plan_later(struct world *world)
{
    static const struct {
        enum sim_action action;
        const char *text, *tell;
    } later[] = {{SIM_ACT_COVER, "", "the back cover is taken off"},
                 {SIM_ACT_CARD, "0008150042", "an unknown card is tried and refused"},
                 {SIM_ACT_CUT, "", "the cable is cut"},
                 {SIM_ACT_JAM, "", "the motor sticks"}};
    size_t clean = world->n > PARTS_N ? world->n - PARTS_N : 0, n = clean / 4 < LATER_N ? clean / 4 : LATER_N;
    for (size_t k = 0; k < n; k++) {
        size_t which = (k + world->options.seed) % 4;
        struct truck *t = &world->trucks[PARTS_N + (k * 11 + 3) % clean];
        if (t->device.kind->protocol[2] != '7') /* these scenes are told by a JT701 alone */
            t = &world->trucks[PARTS_N + (k * 11 + 4) % clean];
        if (t->device.kind->protocol[2] == '7' && t->n_acts == 0)
            add_act(t, after(world, (double)(LATER_EVERY_S * (k + 1) + 60)), 0, later[which].action, later[which].text, later[which].tell);
    }
}

bool world_script(struct world *world)
{
    for (size_t i = 0; i < world->n; i++) {
        struct truck *t = &world->trucks[i];
        if (!set_out(world, i))
            return false;
        int64_t way_s = whole_way(t), age_s = plays[t->role](world, t, way_s);
        if (age_s < 0) { /* the scene does not fit this way: the lorry drives like others */
            t->role = ROLE_CLEAN;
            t->n_acts = 0;
            age_s = play_clean(world, t, way_s);
        }
        set_clock(world, t, age_s, way_s);
    }
    plan_later(world);
    return true;
}
