/* SPDX-License-Identifier: Apache-2.0
 *
 * Alarms do not depend on the order of arrival (DESIGN 5.2). Random journeys, honest and with incidents; every shuffle of
 * their messages, their repetition, and a window that is too small for them give the alarms of the ideal order. Honest
 * journeys raise nothing; scripted openings are found.
 *
 * BULLA_SEED and BULLA_ROUNDS in the environment repeat or lengthen a run.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

enum incident { HONEST, OPENED, CUT, COVER, STRAYED, SILENT, STOOD, REFUSED, INCIDENTS };

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

/* --- what stands --- */

#define LINES_MAX 64
#define LINE_SIZE 600

struct lines {
    size_t n;
    char line[LINES_MAX][LINE_SIZE];
};

static void describe(char to[LINE_SIZE], const struct alarm *a)
{
    char onset[BULLA_TIME_TEXT];
    bulla_time_put(onset, a->onset_ms);
    int n = snprintf(to, LINE_SIZE, "%s %s %s %d %u %s", alarm_kind_text(a->kind), a->seal, onset, a->grade, a->count, a->why);
    for (size_t i = 0; i < a->n_evidence && n < LINE_SIZE; i++)
        n += snprintf(to + n, LINE_SIZE - (size_t)n, " %s", a->evidence[i]);
}

static void collect(void *context, const struct alarm *a)
{
    struct lines *lines = context;
    if (lines->n < LINES_MAX)
        describe(lines->line[lines->n++], a);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* A host that keeps count of what it was told, and whose store has all that came so far. */
struct host {
    const struct bulla_observation *messages;
    const size_t *order;
    size_t arrived;
    struct lines told;
    bool wrong; /* told of a change to something it did not know */
};

static size_t line_of(const struct lines *lines, const struct alarm *a)
{
    char start[LINE_SIZE], onset[BULLA_TIME_TEXT];
    bulla_time_put(onset, a->onset_ms);
    int n = snprintf(start, sizeof start, "%s %s %s ", alarm_kind_text(a->kind), a->seal, onset);
    size_t i = 0;
    while (i < lines->n && strncmp(lines->line[i], start, (size_t)n) != 0)
        i++;
    return i;
}

static void on_alarm(void *context, enum engine_change change, const struct alarm *a)
{
    struct host *host = context;
    size_t at = line_of(&host->told, a);
    bool known = at < host->told.n;
    host->wrong |= known == (change == ENGINE_RAISED);
    if (change == ENGINE_WITHDRAWN && known)
        memmove(host->told.line[at], host->told.line[at + 1], (--host->told.n - at) * LINE_SIZE);
    else if (known || host->told.n < LINES_MAX)
        describe(host->told.line[known ? at : host->told.n++], a);
}

static bool history(void *context, const char *seal, int64_t from_ms, int64_t until_ms,
                    void (*each)(void *, const struct bulla_observation *), void *to)
{
    const struct host *host = context;
    for (size_t i = 0; i < host->arrived; i++) {
        const struct bulla_observation *o = &host->messages[host->order[i]];
        if (strcmp(o->device, strchr(seal, ':') + 1) == 0 && o->time_ms >= from_ms && o->time_ms <= until_ms)
            each(to, o);
    }
    return true;
}

struct trial {
    const struct journey *journey;
    const struct bulla_observation *messages;
    size_t *order;
    size_t n, split; /* split: after so many a new engine takes over, 0: never */
    int64_t until;
    bool reassign; /* they all come after the end, in this order */
    bool together; /* judged by the moment of arrival, not by the message */
};

static void run(const struct trial *trial, struct lines *out)
{
    struct host host = {.messages = trial->messages, .order = trial->order};
    struct engine_host port = {.host = &host, .on_alarm = on_alarm, .history = history, .together = trial->together};
    struct engine *engine = engine_new(&port);
    assert_true(engine_journey_put(engine, trial->journey, START));
    for (size_t i = 0; i < trial->n; i++) {
        struct bulla_observation o = trial->messages[trial->order[i]];
        if (trial->reassign)
            o.received_ms = trial->until - 1000 + (int64_t)(i * 900 / trial->n);
        host.arrived = i + 1;
        engine_observe(engine, &o);
        if (trial->split && i == trial->split) {
            engine_free(engine);
            host.told.n = 0;
            engine = engine_new(&port);
            assert_true(engine_journey_put(engine, trial->journey, o.received_ms));
        }
    }
    engine_tick(engine, trial->until);
    out->n = 0;
    engine_standing(engine, "J1", collect, out);
    qsort(out->line, out->n, LINE_SIZE, compare_lines);
    qsort(host.told.line, host.told.n, LINE_SIZE, compare_lines);
    assert_false(host.wrong);
    assert_int_equal(host.told.n, out->n);
    for (size_t i = 0; i < out->n; i++)
        assert_string_equal(host.told.line[i], out->line[i]);
    engine_free(engine);
}

static bool same(const struct lines *a, const struct lines *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->line[i], b->line[i]) != 0)
            return false;
    return true;
}

static const struct bulla_observation *sorting;

static int by_time(const void *a, const void *b)
{
    const struct bulla_observation *x = &sorting[*(const size_t *)a], *y = &sorting[*(const size_t *)b];
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    return x->counter < y->counter ? -1 : x->counter > y->counter;
}

/* The alarms of the ideal order of the messages that `order` names. */
static void ideal(const struct trial *trial, struct lines *out)
{
    size_t *order = malloc((trial->n + 1) * sizeof *order);
    memcpy(order, trial->order, trial->n * sizeof *order);
    sorting = trial->messages;
    qsort(order, trial->n, sizeof *order, by_time);
    struct trial t = *trial;
    t.order = order;
    t.split = 0;
    run(&t, out);
    free(order);
}

static bool holds(const struct trial *trial, struct lines *want, struct lines *got)
{
    ideal(trial, want);
    run(trial, got);
    return same(want, got);
}

/* Halves what is left out of a failing trial for as long as it fails. */
static void shrink(struct trial *trial, struct lines *want, struct lines *got)
{
    size_t *less = malloc(trial->n * sizeof *less);
    for (size_t chunk = trial->n / 2; chunk >= 1; chunk /= 2) {
        for (size_t at = 0; at + chunk <= trial->n;) {
            memcpy(less, trial->order, at * sizeof *less);
            memcpy(less + at, trial->order + at + chunk, (trial->n - at - chunk) * sizeof *less);
            struct trial t = *trial;
            t.order = less;
            t.n -= chunk;
            if (t.n > 0 && !holds(&t, want, got)) {
                memcpy(trial->order, less, t.n * sizeof *less);
                trial->n = t.n;
            } else {
                at += chunk;
            }
        }
    }
    free(less);
    holds(trial, want, got);
}

static void check(struct trial *trial, const char *what, uint64_t seed)
{
    static struct lines want, got;
    if (holds(trial, &want, &got))
        return;
    shrink(trial, &want, &got);
    print_error("seed %llu, %s, %zu messages:", (unsigned long long)seed, what, trial->n);
    for (size_t i = 0; i < trial->n && i < 40; i++) {
        const struct bulla_observation *o = &trial->messages[trial->order[i]];
        print_error(" %s@%lld", o->id, (long long)(o->time_ms - START) / 1000);
    }
    for (size_t i = 0; i < want.n; i++)
        print_error("\n  want %s", want.line[i]);
    for (size_t i = 0; i < got.n; i++)
        print_error("\n  got  %s", got.line[i]);
    print_error("\n");
    fail();
}

/* --- the properties --- */

static uint64_t number_from(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : fallback;
}

static void shuffle(struct dice *d, size_t *order, size_t n, size_t reach)
{
    for (size_t i = n; i-- > 1;) {
        size_t low = i > reach ? i - reach : 0, k = low + roll(d) % (i - low + 1), hold = order[i];
        order[i] = order[k];
        order[k] = hold;
    }
}

static struct bulla_observation messages[MESSAGES_MAX];

static void any_order_gives_the_same_alarms(void **state)
{
    (void)state;
    uint64_t seed = number_from("BULLA_SEED", 20260101), rounds = number_from("BULLA_ROUNDS", 40);
    static size_t order[2 * MESSAGES_MAX];
    struct world w = {.messages = messages};
    static struct lines want;
    size_t alarms = 0;
    print_message("seed %llu, %llu journeys\n", (unsigned long long)seed, (unsigned long long)rounds);
    for (uint64_t round = 0; round < rounds; round++) {
        make(&w, seed + round, (enum incident)(round % INCIDENTS), round / INCIDENTS % 2);
        struct dice d = {~(seed + round)};
        for (int way = 0; way < 5; way++) {
            struct trial t = {w.journey, messages, order, w.n, 0, w.until, way == 2, roll(&d) & 1};
            for (size_t i = 0; i < w.n; i++)
                order[i] = i;
            if (way == 3) /* everything twice */
                for (t.n = 2 * w.n; t.n > w.n; t.n--)
                    order[t.n - 1] = t.n - 1 - w.n;
            t.n = way == 3 ? 2 * w.n : w.n;
            if (way > 0)
                shuffle(&d, order, t.n, way == 1 ? 20 : t.n);
            if (way == 4)
                t.split = t.n / 2;
            if (way == 0) {
                ideal(&t, &want);
                alarms += want.n;
                for (size_t i = 0; i < want.n && getenv("BULLA_SHOW"); i++)
                    print_message("%s\n", want.line[i]);
            }
            check(&t, (const char *[]){"as sent", "near", "any", "twice", "split"}[way], seed + round);
        }
        journey_free(w.journey);
    }
    print_message("%zu alarms in the ideal order\n", alarms);
    assert_true(alarms >= rounds); /* the property would be empty without them */
}

static void history_stands_in_for_what_the_window_let_go(void **state)
{
    (void)state;
    static size_t order[MESSAGES_MAX];
    struct world w = {.messages = messages};
    uint64_t seed = number_from("BULLA_SEED", 515);
    for (uint64_t round = 0; round < 4; round++) {
        make(&w, seed + round, OPENED, false);
        while (w.n < 1500) { /* long enough for a window to be cut several times */
            w.now += 30000;
            say(&w)->state = (struct bulla_state){0};
        }
        w.until = w.now + 90 * MINUTE + MINUTE;
        struct trial t = {w.journey, messages, order, w.n, 0, w.until, false, round % 2};
        for (size_t i = 0; i < w.n; i++)
            order[i] = i;
        for (size_t i = 0; i < 12; i++) { /* a few that come very late */
            size_t from = 3 + i * 40, hold = order[from];
            memmove(order + from, order + from + 1, (w.n - from - 1) * sizeof *order);
            order[w.n - 1] = hold;
        }
        check(&t, "older than the window", seed + round);
        journey_free(w.journey);
    }
}

static void honest_journeys_raise_nothing(void **state)
{
    (void)state;
    static size_t order[MESSAGES_MAX];
    static struct lines got;
    uint64_t seed = number_from("BULLA_SEED", 77000), rounds = number_from("BULLA_ROUNDS", 1000);
    size_t alarms = 0;
    struct world w = {.messages = messages};
    for (uint64_t round = 0; round < rounds; round++) {
        make(&w, seed + round, HONEST, false);
        for (size_t i = 0; i < w.n; i++)
            order[i] = i;
        run(&(struct trial){w.journey, messages, order, w.n, 0, w.until, false, false}, &got);
        for (size_t i = 0; i < got.n; i++)
            print_message("seed %llu: %s\n", (unsigned long long)(seed + round), got.line[i]);
        alarms += got.n;
        journey_free(w.journey);
    }
    print_message("%zu false alarms in %llu honest journeys\n", alarms, (unsigned long long)rounds);
    assert_true(alarms * 1000 <= rounds);
}

static void every_scripted_opening_is_found(void **state)
{
    (void)state;
    static size_t order[MESSAGES_MAX];
    static struct lines got;
    uint64_t seed = number_from("BULLA_SEED", 99000), rounds = number_from("BULLA_ROUNDS", 1000);
    size_t scripted = 0, found = 0;
    struct world w = {.messages = messages};
    for (uint64_t round = 0; round < rounds; round++) {
        make(&w, seed + round, OPENED, false);
        for (size_t i = 0; i < w.n; i++)
            order[i] = i;
        run(&(struct trial){w.journey, messages, order, w.n, 0, w.until, false, false}, &got);
        for (size_t i = 0; i < w.n_openings; i++) {
            char onset[BULLA_TIME_TEXT], want[80];
            bulla_time_put(onset, w.openings[i]);
            snprintf(want, sizeof want, "illegal_opening test:1 %s", onset);
            size_t k = 0;
            while (k < got.n && strncmp(got.line[k], want, strlen(want)) != 0)
                k++;
            found += k < got.n;
            scripted++;
        }
        journey_free(w.journey);
    }
    print_message("%zu of %zu scripted openings found\n", found, scripted);
    assert_int_equal(found, scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_gives_the_same_alarms),
        cmocka_unit_test(history_stands_in_for_what_the_window_let_go),
        cmocka_unit_test(honest_journeys_raise_nothing),
        cmocka_unit_test(every_scripted_opening_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
