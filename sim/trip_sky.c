// SPDX-License-Identifier: Apache-2.0
//
// What a satellite receiver makes of a place. Its error is a walk (Ornstein-Uhlenbeck) whose size and memory depend on the
// sky, with reflections on top that last minutes; both keep their sense over a gap. Figures: docs/alarm-quality.md.
#include "sim/trip_internal.h"

#define WILD_OPEN   (1.0 / 8000)
#define WILD_NARROW (1.0 / 400)
#define COLD_S      120 /* after so long without sky the next fix is often bad */
#define COLD_BAD    0.15
#define WARM_S      180
#define STILL_KMH   1.0
#define STILL_M     15.0

static const struct sky {
    double sigma_m, memory_s;               /* on the move */
    double parked_sigma_m, parked_memory_s; /* the same reflections stay while nothing moves */
    int satellites_low, satellites_high;
    double fix;           /* share of reports that have one */
    double leaps_an_hour; /* reflections: hundreds of metres for minutes */
    double leap_low_m, leap_high_m;
} skies[TRIP_SKIES_N] = {
    [TRIP_OPEN] = {4, 120, 9, 1500, 8, 13, 0.996, 0.02, 40, 120},
    [TRIP_TOWN] = {9, 60, 20, 900, 6, 10, 0.98, 0.4, 60, 200},
    [TRIP_CANYON] = {28, 45, 45, 1200, 4, 7, 0.90, 2, 100, 400},
    [TRIP_ROOF] = {20, 60, 35, 900, 3, 6, 0.60, 1, 60, 250},
    [TRIP_DARK] = {0, 60, 0, 900, 0, 2, 0, 0, 0, 0},
};

void trip_receiver_init(struct trip_receiver *r, const struct sim_random *from, uint64_t label)
{
    *r = (struct trip_receiver){.random = sim_random_split(from, label), .at_ms = BULLA_TIME_NONE, .had_ms = BULLA_TIME_NONE};
    r->says_satellites = sim_random_chance(&r->random, 0.85);
    r->says_accuracy = sim_random_chance(&r->random, 0.3);
    r->holds_still = sim_random_chance(&r->random, 0.4);
    r->says_cells = sim_random_chance(&r->random, 0.3);
    r->says_course = sim_random_chance(&r->random, 0.8);
    r->stale_s = sim_random_chance(&r->random, 0.35) ? (int32_t)sim_random_between(&r->random, 30, 420) : 0;
    r->quality = sim_random_between(&r->random, 0.8, 2.0);
    r->east = sim_random_normal(&r->random);
    r->north = sim_random_normal(&r->random);
}

static void wander(struct trip_receiver *r, const struct sky *sky, bool parked, int64_t now_ms)
{
    double seconds = r->at_ms == BULLA_TIME_NONE ? 1 : (double)(now_ms - r->at_ms) / 1000;
    double keep = exp(-seconds / (parked ? sky->parked_memory_s : sky->memory_s)), push = sqrt(1 - keep * keep);
    r->at_ms = now_ms;
    r->east = r->east * keep + push * sim_random_normal(&r->random);
    r->north = r->north * keep + push * sim_random_normal(&r->random);
    double angle = sim_random_between(&r->random, 0, 6.283185307179586), far = sim_random_unit(&r->random);
    double lasts_s = sim_random_between(&r->random, 60, 900), luck = sim_random_unit(&r->random);
    if (!parked)
        r->leap_until_ms = r->leap_until_ms < now_ms + 10000 ? r->leap_until_ms : now_ms + 10000; /* the next wall is another */
    if (now_ms >= r->leap_until_ms)
        r->leap_east_m = r->leap_north_m = 0;
    if (now_ms >= r->leap_until_ms && luck < sky->leaps_an_hour * r->quality * seconds / 3600) {
        far = sky->leap_low_m + (sky->leap_high_m - sky->leap_low_m) * far;
        r->leap_east_m = far * cos(angle);
        r->leap_north_m = far * sin(angle);
        r->leap_until_ms = now_ms + (int64_t)(1000 * lasts_s);
    }
}

/* The tower's place, or what a data base takes for it: the same for as long as the device hangs on the cell. */
static void read_cell(struct trip_receiver *r, const struct trip_place *place, struct bulla_observation *o)
{
    bool country = place->sky == TRIP_OPEN || place->sky == TRIP_DARK;
    double reach_m = country ? 6000 : 900;
    if (!r->has_cell || sim_distance(r->cell_lat, r->cell_lon, place->lat, place->lon) > reach_m) {
        double size_m = country ? 1800 : 350;
        if (sim_random_chance(&r->random, 0.1))
            size_m *= 3;
        r->cell_lat = place->lat;
        r->cell_lon = place->lon;
        r->cell_error_east_m = size_m * sim_random_normal(&r->random);
        r->cell_error_north_m = size_m * sim_random_normal(&r->random);
        r->has_cell = true;
    }
    double lat = r->cell_lat, lon = r->cell_lon;
    sim_shift(&lat, &lon, r->cell_error_east_m, r->cell_error_north_m);
    o->has |= BULLA_HAS_FIX;
    o->fix_valid = true;
    o->lat_e7 = (int32_t)lround(lat * 1e7);
    o->lon_e7 = (int32_t)lround(lon * 1e7);
    bulla_observation_add_event(o, BULLA_EVENT_POSITION_CELL);
}

static void put(const struct trip_receiver *r, bool valid, struct bulla_observation *o)
{
    o->has |= BULLA_HAS_FIX | BULLA_HAS_SPEED;
    o->fix_valid = valid;
    o->lat_e7 = (int32_t)lround(r->lat * 1e7);
    o->lon_e7 = (int32_t)lround(r->lon * 1e7);
    o->speed_cmh = valid ? (int32_t)lround(r->speed_kmh * 100) : 0;
}

static void read_nothing(struct trip_receiver *r, const struct trip_place *place, const struct sky *sky, int64_t now_ms,
                         struct bulla_observation *o)
{
    r->cold |= r->had_ms == BULLA_TIME_NONE || now_ms - r->had_ms > COLD_S * 1000;
    r->still = false;
    bool stale = r->had && now_ms - r->had_ms <= r->stale_s * INT64_C(1000);
    if (!stale && r->says_cells && place->cells) {
        read_cell(r, place, o);
    } else if (r->had) {
        put(r, stale, o);
        if (stale && r->says_satellites) { /* the last sentence again, all of it */
            o->has |= BULLA_HAS_SATELLITES;
            o->satellites = 6;
        }
    }
    if (!stale && r->says_satellites) {
        o->has |= BULLA_HAS_SATELLITES;
        o->satellites = (uint8_t)sim_random_below(&r->random, (uint32_t)sky->satellites_high + 1) % 3;
    }
}

/* A fix that is far off once: a reflection of the code, or the first after a loss. */
static void spoil(struct trip_receiver *r, const struct sky *sky, double *east_m, double *north_m)
{
    double luck = sim_random_unit(&r->random), angle = sim_random_between(&r->random, 0, 6.283185307179586);
    double far_m = 0, share = sim_random_unit(&r->random);
    if (luck < (sky->satellites_low < 6 ? WILD_NARROW : WILD_OPEN))
        far_m = 2000 + 13000 * share;
    else if (r->cold && luck > 1 - COLD_BAD)
        far_m = 100 + 1400 * share * share;
    *east_m += far_m * cos(angle);
    *north_m += far_m * sin(angle);
}

static void say_quality(struct trip_receiver *r, const struct sky *sky, bool leapt, struct bulla_observation *o)
{
    int low = sky->satellites_low, high = sky->satellites_high;
    uint32_t more = sim_random_below(&r->random, (uint32_t)(high - low + 1));
    int satellites = leapt ? 3 + (int)more % 3 : low + (int)more; /* behind a wall: three to five */
    if (r->says_satellites) {
        o->has |= BULLA_HAS_SATELLITES;
        o->satellites = (uint8_t)satellites;
    }
    if (!r->says_accuracy)
        return;
    o->has |= BULLA_HAS_ACCURACY; /* from the geometry of the satellites: it does not know of reflections */
    o->accuracy_m = (int32_t)lround(fmax(5, 2 * 4.5 * (satellites >= 8 ? 0.9 : satellites >= 6 ? 1.4 : satellites >= 5 ? 2.5 : 5)));
}

void trip_receiver_read(struct trip_receiver *r, const struct trip_place *place, int64_t now_ms, struct bulla_observation *o)
{
    const struct sky *sky = &skies[place->sky];
    bool parked = place->speed_kmh < STILL_KMH;
    r->still &= sim_distance(r->true_lat, r->true_lon, place->lat, place->lon) < STILL_M; /* it has looked between reports too */
    r->true_lat = place->lat;
    r->true_lon = place->lon;
    if (place->sky == TRIP_OPEN && r->at_ms != BULLA_TIME_NONE && now_ms - r->at_ms > WARM_S * 1000)
        r->cold = false; /* under the open sky it has settled since */
    wander(r, sky, parked, now_ms);
    if (!sim_random_chance(&r->random, sky->fix)) {
        read_nothing(r, place, sky, now_ms, o);
        return;
    }
    double sigma_m = (parked ? sky->parked_sigma_m : sky->sigma_m) * r->quality;
    double east_m = r->leap_east_m, north_m = r->leap_north_m;
    double hint = fabs(0.4 * r->quality * sim_random_normal(&r->random));
    if (!(parked && r->holds_still && r->still)) { /* what holds still does not follow its walk, but a reflection it does */
        r->still_lat = place->lat;
        r->still_lon = place->lon;
        sim_shift(&r->still_lat, &r->still_lon, r->east * sigma_m, r->north * sigma_m);
    }
    r->still = parked;
    r->lat = r->still_lat;
    r->lon = r->still_lon;
    spoil(r, sky, &east_m, &north_m);
    sim_shift(&r->lat, &r->lon, east_m, north_m);
    r->speed_kmh = parked ? (r->holds_still ? 0 : hint * (r->leap_until_ms > now_ms ? 6 : 1)) : fmax(0, place->speed_kmh + hint);
    r->had = true;
    r->had_ms = now_ms;
    r->cold = false;
    put(r, true, o);
    if (r->says_course) {
        o->has |= BULLA_HAS_COURSE;
        o->course_cdeg = (int32_t)(place->course_deg * 100) % 36000;
    }
    say_quality(r, sky, r->leap_until_ms > now_ms && (r->leap_east_m != 0 || r->leap_north_m != 0), o);
}
