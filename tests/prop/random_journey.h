/* SPDX-License-Identifier: Apache-2.0
 *
 * Random journeys and what their seals say, for the property tests of the rules: a lorry along a road with stops,
 * noise, gaps, stored data and, when asked, one incident. Everything comes from a seed.
 */
#ifndef TESTS_PROP_RANDOM_JOURNEY_H
#define TESTS_PROP_RANDOM_JOURNEY_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/rules/engine.h"

#define MINUTE       INT64_C(60000)
#define START        INT64_C(1767250800000) /* 2026-01-01T07:00:00Z */
#define MESSAGES_MAX 4000
#define DEGREE_M     111195.0

/* --- randomness of our own: the same on every machine --- */

struct dice {
    uint64_t state;
};

static uint64_t roll(struct dice *d)
{
    uint64_t z = (d->state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static double uniform(struct dice *d)
{
    return (double)(roll(d) >> 11) / 9007199254740992.0;
}

static bool chance(struct dice *d, double p)
{
    return uniform(d) < p;
}

static int64_t between(struct dice *d, int64_t low, int64_t high)
{
    return low + (int64_t)(roll(d) % (uint64_t)(high - low + 1));
}

static double normal(struct dice *d)
{
    return sqrt(-2 * log(1 - uniform(d))) * cos(6.283185307179586 * uniform(d));
}

/* --- a journey and what its seal says --- */

struct world {
    struct dice dice;
    struct journey *journey;
    struct bulla_observation *messages; /* in the order in which they were made */
    size_t n;
    double length_m, bearing, lat, lon; /* the road: a bent line */
    int64_t now;
    int percent;
    bool open, cut;
    bool two_seals;
    int64_t next_wild;    /* not before: three in half an hour would be an alarm */
    int64_t stored_until; /* out of reach: what it says is kept and sent later */
    int64_t openings[8];
    size_t n_openings;
    int64_t until;
    struct dice cargo; /* apart: what sensors say changes nothing else */
    double celsius, oil_l, power;
};

static void road(const struct world *w, double at_m, double aside_m, double *lat, double *lon)
{
    double bend = 3000 * sin(at_m / 17000), across = bend + aside_m;
    double north = at_m * cos(w->bearing) - across * sin(w->bearing), east = at_m * sin(w->bearing) + across * cos(w->bearing);
    *lat = w->lat + north / DEGREE_M;
    *lon = w->lon + east / (DEGREE_M * cos(w->lat * 0.017453292519943295));
}

static struct bulla_observation *say(struct world *w)
{
    struct bulla_observation *o = &w->messages[w->n];
    bulla_observation_init(o, "test");
    strcpy(o->device, w->two_seals && chance(&w->dice, 0.5) ? "2" : "1");
    snprintf(o->id, sizeof o->id, "o%zu", w->n);
    o->has = BULLA_HAS_TIME | BULLA_HAS_COUNTER;
    o->time_ms = w->now;
    o->counter = (int64_t)w->n++;
    o->stored = w->now < w->stored_until;
    o->received_ms = o->stored ? w->stored_until + between(&w->dice, 0, 60) * 1000 : w->now + between(&w->dice, 0, 20) * 1000;
    o->state.seal = w->open ? BULLA_SEAL_OPEN : BULLA_SEAL_SEALED;
    o->state.shackle = w->cut ? BULLA_SHACKLE_CUT : w->open ? BULLA_SHACKLE_OUT : BULLA_SHACKLE_IN;
    o->state.motor = w->open && !w->cut ? BULLA_MOTOR_UNLOCKED : BULLA_MOTOR_LOCKED;
    o->state.cover = BULLA_COVER_CLOSED;
    return o;
}

/* What is measured: a temperature and the air's humidity within their limits, a tank with its waves; a probe that fails now and then. */
static void measure(struct world *w, struct bulla_observation *o, double kmh)
{
    struct dice *d = &w->cargo;
    double wave = kmh > 5 ? 0.02 : 0.001;
    if (chance(d, 0.5))
        bulla_observation_add_sensor(o, "front", BULLA_SENSOR_TEMPERATURE,
                                     chance(d, 0.02) ? -127000 : (int32_t)((w->celsius + normal(d) * 0.2) * 1000));
    if (chance(d, 0.2))
        bulla_observation_add_sensor(o, "rear", BULLA_SENSOR_TEMPERATURE, (int32_t)((w->celsius + normal(d) * 0.2) * 1000));
    if (chance(d, 0.3))
        bulla_observation_add_sensor(o, "", BULLA_SENSOR_HUMIDITY, (int32_t)((60 + normal(d) * 2) * 1000));
    if (chance(d, 0.8))
        bulla_observation_add_sensor(o, "", BULLA_SENSOR_OIL, (int32_t)(w->oil_l * (1 + wave * sin(6.28 * uniform(d))) * 1000));
    if (chance(d, 0.2))
        bulla_observation_add_sensor(o, "", BULLA_SENSOR_POWER, (int32_t)(w->power * 1000));
    if (chance(d, 0.1))
        bulla_observation_add_sensor(o, "x", BULLA_SENSOR_SHOCK, (int32_t)(2000 * uniform(d)));
}

static struct bulla_observation *say_at(struct world *w, double at_m, double aside_m, double kmh)
{
    struct bulla_observation *o = say(w);
    double lat, lon, sigma = 8;
    road(w, at_m, aside_m, &lat, &lon);
    o->has |= BULLA_HAS_FIX | BULLA_HAS_SPEED;
    o->fix_valid = !chance(&w->dice, 0.03);
    if (chance(&w->dice, 0.03)) {
        bulla_observation_add_event(o, BULLA_EVENT_POSITION_CELL);
        sigma = 500;
    } else if (chance(&w->dice, 0.9)) {
        o->has |= BULLA_HAS_SATELLITES;
        o->satellites = (uint8_t)between(&w->dice, 5, 12);
    }
    if (w->now > w->next_wild && chance(&w->dice, 0.004)) { /* a wild fix */
        lat += 0.3 + uniform(&w->dice);
        w->next_wild = w->now + 40 * MINUTE;
    }
    o->lat_e7 = (int32_t)lround((lat + normal(&w->dice) * sigma / DEGREE_M) * 1e7);
    o->lon_e7 = (int32_t)lround((lon + normal(&w->dice) * sigma / DEGREE_M) * 1e7);
    o->speed_cmh = (int32_t)(kmh * 100);
    if (chance(&w->dice, 0.3)) {
        o->has |= BULLA_HAS_PERCENT;
        o->percent = (uint8_t)(w->percent + (chance(&w->dice, 0.1) ? 1 : 0));
    }
    if (kmh > 5 && chance(&w->dice, 0.05))
        bulla_observation_add_event(o, BULLA_EVENT_VIBRATION);
    measure(w, o, kmh);
    return o;
}

static void add_place(struct place *p, const struct world *w, const char *name, double at_m, double radius_m, int32_t minutes)
{
    *p = (struct place){.radius_m = radius_m, .max_minutes = minutes};
    snprintf(p->name, sizeof p->name, "%s", name);
    road(w, at_m, 0, &p->lat, &p->lon);
}

static void plan_journey(struct world *w)
{
    struct journey *j = w->journey = journey_new();
    double lat[400], lon[400];
    size_t n = 0;
    w->lat = 10 + uniform(&w->dice) * 45;
    w->lon = uniform(&w->dice) * 100;
    w->bearing = uniform(&w->dice) * 6.283185307179586;
    w->length_m = (double)between(&w->dice, 40000, 150000);
    for (double at = 0; at < w->length_m + 500; at += 500, n++)
        road(w, fmin(at, w->length_m), 0, &lat[n], &lon[n]);
    strcpy(j->id, "J1");
    strcpy(j->seals[0], "test:1");
    j->n_seals = 1;
    j->state = JOURNEY_SEALED;
    j->sealed_at_ms = START;
    j->has_origin = j->has_destination = true;
    add_place(&j->origin, w, "A", 0, 800, 0);
    add_place(&j->destination, w, "B", w->length_m, 800, 0);
    add_place(&j->stops[0], w, "C", w->length_m / 2, 400, 45);
    j->n_stops = 1;
    j->limits[0] =
        (struct journey_limit){.kind = BULLA_SENSOR_TEMPERATURE, .min = 2, .max = 8, .for_minutes = 10, .change = 4, .change_minutes = 30};
    j->limits[1] = (struct journey_limit){.kind = BULLA_SENSOR_TEMPERATURE, .min = 3, .max = 7, .for_minutes = 0, .sensor = "rear"};
    j->limits[2] = (struct journey_limit){.kind = BULLA_SENSOR_HUMIDITY, .min = NAN, .max = 80, .for_minutes = 5};
    j->n_limits = 3;
    assert_true(journey_set_route(j, lat, lon, n, 500));
}

static void stand(struct world *w, double at_m, int64_t minutes)
{
    for (int64_t until = w->now + minutes * MINUTE; w->now < until; w->now += between(&w->dice, 60, 300) * 1000)
        say_at(w, at_m, 0, 0);
}

/* An attempt by a card that the lock refused, and the right one within the minute at the place where it holds. */
static void attempt(struct world *w, double at_m, const char *card, bool accepted)
{
    struct bulla_observation *o = say_at(w, at_m, 0, 0);
    o->has |= BULLA_HAS_UNLOCK;
    strcpy(o->unlock.credential, card);
    o->unlock.channel = BULLA_CHANNEL_CARD;
    o->unlock.verdict = accepted ? BULLA_VERDICT_ACCEPTED : BULLA_VERDICT_REFUSED;
    o->unlock.reason = accepted ? BULLA_REASON_OK : BULLA_REASON_OUTSIDE_FENCE;
    bulla_observation_add_event(o, accepted ? BULLA_EVENT_UNLOCKED : BULLA_EVENT_UNLOCK_REFUSED);
}

static void arrive(struct world *w)
{
    stand(w, w->length_m, between(&w->dice, 5, 40));
    if (chance(&w->dice, 0.3)) {
        attempt(w, w->length_m, "77", false);
        w->now += 20000;
    }
    attempt(w, w->length_m, "77", true);
    w->open = true;
    for (int i = 0; i < 5; i++) {
        w->now += between(&w->dice, 5, 90) * 1000;
        say_at(w, w->length_m, 0, 0);
    }
}

/* Somebody else speaks of the seal, at the place where the vehicle is. */
static void say_of(struct world *w, double at_m, uint64_t events, const char *about)
{
    struct bulla_observation *o = say(w);
    double lat, lon;
    road(w, at_m, 0, &lat, &lon);
    o->state = (struct bulla_state){0};
    o->stored = false;
    o->has = BULLA_HAS_TIME | BULLA_HAS_NOTE | BULLA_HAS_FIX;
    o->fix_valid = true;
    o->lat_e7 = (int32_t)lround(lat * 1e7);
    o->lon_e7 = (int32_t)lround(lon * 1e7);
    o->events = events;
    strcpy(o->note.by, "gate");
    strcpy(o->note.about, about);
    w->now += between(&w->dice, 0, 90) * 1000;
}

static void talk(struct world *w, double at_m)
{
    static const enum bulla_event words[] = {BULLA_EVENT_READ,         BULLA_EVENT_READ_FAILED,  BULLA_EVENT_VEHICLE_SEEN,
                                             BULLA_EVENT_SEAL_MISSING, BULLA_EVENT_DATA_DIFFERS, BULLA_EVENT_PAIRING_DIFFERS,
                                             BULLA_EVENT_HANDED_OVER,  BULLA_EVENT_TAKEN_OVER,   BULLA_EVENT_READER_DOWN,
                                             BULLA_EVENT_DAMAGE_SEEN};
    static const char *const abouts[] = {"", "plate", "container", "body"};
    say_of(w, at_m, BULLA_EVENT_BIT(BULLA_EVENT_DATA_DIFFERS), "plate");
    for (int64_t n = between(&w->dice, 3, 9); n > 0; n--)
        say_of(w, at_m, BULLA_EVENT_BIT(words[roll(&w->dice) % (sizeof words / sizeof *words)]), abouts[roll(&w->dice) % 4]);
}

/* The receiver hears nothing, or what it is made to hear; the device speaks on. */
static void deceive(struct world *w, double at_m, bool jam)
{
    double kmh = 60;
    for (int i = 0; i < 16; i++) {
        struct bulla_observation *o = say_at(w, jam ? at_m : at_m + (i > 2 && i < 9 ? 60000 : 0), 0, kmh);
        o->fix_valid = o->fix_valid && !(jam && i > 1);
        o->satellites = !jam && i > 3 ? 2 : o->satellites;
        if (jam && i == 9)
            bulla_observation_add_event(o, BULLA_EVENT_JAMMING);
        w->now += 60000;
    }
}

/* Another device has taken this one's identity, somewhere else. */
static void double_device(struct world *w, double at_m)
{
    for (int i = 0; i < 12; i++) {
        struct bulla_observation *o = say_at(w, at_m, 0, 0);
        if (i % 2) {
            o->counter += 5000;
            o->lat_e7 += 9000000 + i * 200;
        }
        w->now += 90000;
    }
}

/* A point ahead that it will not pass in time, and one that it passes too early. */
static void hold_up(struct world *w, double at_m)
{
    struct journey *j = w->journey;
    for (size_t i = 0; i < 3; i++) {
        j->points[i].planned_ms = w->now + (int64_t[]){10, 15, 600}[i] * MINUTE;
        j->points[i].tolerance_minutes = 10;
        add_place(&j->points[i].place, w, "P", at_m + (w->length_m - at_m) * (0.3 + 0.25 * (double)i), 300, 0);
    }
    j->n_points = 3;
    stand(w, at_m, 40);
}

/* On board: the seal is silent, the vessel tells where it is. */
static void sail(struct world *w, double at_m)
{
    struct journey *j = w->journey;
    j->mode = JOURNEY_MODE_MULTIMODAL;
    j->legs[0] = (struct journey_leg){.mode = JOURNEY_MODE_VESSEL, .means = "ais:9", .from_ms = w->now, .until_ms = w->now + 320 * MINUTE};
    j->n_legs = 1;
    for (int i = 0; i < 30; i++, w->now += 11 * MINUTE) {
        struct bulla_observation *o = say_at(w, at_m + (i % 7) * 300, 100 * i, 0);
        strcpy(o->protocol, "ais");
        strcpy(o->device, "9");
        o->state = (struct bulla_state){0};
        o->n_sensors = 0;
    }
}

/* It is struck, leans, and there is light in it; and somewhere it is put down. */
static void mishandle(struct world *w, double at_m)
{
    static const enum bulla_sensor_kind kinds[] = {BULLA_SENSOR_SHOCK, BULLA_SENSOR_TILT, BULLA_SENSOR_LIGHT};
    for (size_t i = 0; i < 9; i++, w->now += 30000)
        bulla_observation_add_sensor(say_at(w, at_m, 0, 40), "y", kinds[i % 3], (int32_t)(40000 + 10000 * i));
    say_of(w, at_m, BULLA_EVENT_BIT(BULLA_EVENT_DISCHARGED), "XXABC");
}

static void trespass(struct world *w, double at_m)
{
    static const enum zone_duty duties[] = {ZONE_FORBIDDEN, ZONE_BORDER_STRIP, ZONE_MONITORED};
    for (size_t i = 0; i < 3; i++) {
        struct zone *z = &w->journey->zones[w->journey->n_zones++];
        z->duty = duties[i];
        add_place(&z->place, w, "Z", at_m + 1500 * (double)i, 1500, 0);
    }
    stand(w, at_m + 1500, 12);
}

enum incident {
    HONEST,
    OPENED,
    CUT,
    COVER,
    STRAYED,
    SILENT,
    STOOD,
    REFUSED,
    TOLD,
    JAMMED,
    FAKED,
    CLONED,
    REPLAYED,
    SPOILED,
    DRAINED,
    MISHANDLED,
    HELD_UP,
    SAILED,
    TRESPASSED,
    INCIDENTS
};

static void happen(struct world *w, enum incident incident, double at_m)
{
    switch (incident) {
    case OPENED:
        w->open = true;
        w->openings[w->n_openings++] = w->now;
        say_at(w, at_m, 0, 0);
        w->now += 3 * MINUTE;
        say_at(w, at_m, 0, 0);
        w->open = chance(&w->dice, 0.5);
        break;
    case CUT:
        w->open = w->cut = true;
        bulla_observation_add_event(say_at(w, at_m, 0, 0), BULLA_EVENT_ROPE_CUT);
        break;
    case COVER:
        bulla_observation_add_event(say_at(w, at_m, 0, 0), BULLA_EVENT_COVER_OPENED);
        break;
    case SILENT:
        w->now += 5 * 60 * MINUTE;
        break;
    case STOOD:
        stand(w, at_m, 70);
        break;
    case REFUSED:
        for (int i = 0; i < 3; i++, w->now += MINUTE)
            attempt(w, at_m, "13", false);
        break;
    case TOLD:
        talk(w, at_m);
        break;
    case JAMMED:
    case FAKED:
        deceive(w, at_m, incident == JAMMED);
        break;
    case CLONED:
        double_device(w, at_m);
        break;
    case REPLAYED:
        attempt(w, at_m, "13", false);
        w->messages[w->n - 1].unlock.reason = BULLA_REASON_REPLAYED;
        break;
    case SPOILED:
        w->celsius += 6;
        w->power = 0;
        break;
    case DRAINED:
        stand(w, at_m, 12);
        w->oil_l *= 0.9;
        stand(w, at_m, 7);
        break;
    case MISHANDLED:
        mishandle(w, at_m);
        break;
    case HELD_UP:
        hold_up(w, at_m);
        break;
    case SAILED:
        sail(w, at_m);
        break;
    case TRESPASSED:
        trespass(w, at_m);
        break;
    default:
        break;
    }
}

static void drive(struct world *w, enum incident incident)
{
    double at_m = 0, from_m = w->length_m * 0.6, kmh = (double)between(&w->dice, 35, 90);
    bool rested = false, happened = false;
    while (at_m < w->length_m) {
        int64_t step = between(&w->dice, 30, 120) * 1000;
        w->now += step;
        at_m = fmin(at_m + kmh / 3.6 * (double)step / 1000, w->length_m);
        bool strays = incident == STRAYED && at_m > from_m && at_m < from_m + 12000;
        say_at(w, at_m, strays ? 3000 * sin((at_m - from_m) / 12000 * 3.14159) : 0, kmh);
        if (!rested && at_m > w->length_m / 2) {
            rested = true;
            stand(w, w->length_m / 2, between(&w->dice, 5, 40));
        }
        if (!happened && at_m > from_m) {
            happened = true;
            happen(w, incident, at_m);
        }
        if (chance(&w->dice, 0.01)) /* a jam */
            stand(w, at_m, between(&w->dice, 2, 13));
        if (chance(&w->dice, 0.01)) /* out of reach */
            w->stored_until = w->now + between(&w->dice, 5, 90) * MINUTE;
        if (chance(&w->dice, 0.005)) /* and without memory */
            w->now += between(&w->dice, 1, 20) * MINUTE, at_m = fmin(at_m + 2000, w->length_m);
    }
}

static void make(struct world *w, uint64_t seed, enum incident incident, bool two_seals)
{
    struct bulla_observation *messages = w->messages;
    *w = (struct world){.dice = {seed}, .messages = messages, .now = START, .percent = 0};
    w->cargo = (struct dice){seed * 31 + 7};
    w->celsius = 5;
    w->oil_l = 20000;
    w->power = 1;
    w->percent = (int)between(&w->dice, incident ? 3 : 17, 99);
    w->two_seals = two_seals;
    plan_journey(w);
    if (two_seals)
        strcpy(w->journey->seals[w->journey->n_seals++], "test:2");
    stand(w, 0, between(&w->dice, 1, 40));
    drive(w, incident);
    arrive(w);
    w->until = w->now + 30 * MINUTE;
    w->journey->arrive_by_ms = w->until + (chance(&w->dice, 0.1) && incident ? -w->until / 2 + START / 2 : 60 * MINUTE);
    w->journey->depart_by_ms = START + 120 * MINUTE;
    for (size_t i = 0; i < w->n; i++)
        w->until = w->messages[i].received_ms > w->until ? w->messages[i].received_ms : w->until;
}

#endif
