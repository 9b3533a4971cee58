// SPDX-License-Identifier: Apache-2.0
//
// When what a device said arrives: coverage that breaks, memory that sends it later, repetition, another order; and what
// its clock made of the time.
#include <stdlib.h>

#include "sim/trip_internal.h"

#define GAP_EVERY_S    (5 * TRIP_HOUR) /* on the open road; twice as often in mountains */
#define GAP_MEAN_S     (12 * TRIP_MINUTE)
#define GAP_LONG       0.05 /* of all gaps: a valley, a national park */
#define GAP_LONG_MAX_S (180 * TRIP_MINUTE)
#define GAP_ROAMING    0.999 /* from here on: behind a border no foreign network takes the device in for hours */
#define ROAMING_MAX_S  (480 * TRIP_MINUTE)
#define LATE           0.01 /* of all messages wait in some queue for minutes */
#define TWICE          0.01
#define LAZY           0.1 /* of all gaps: the backlog follows hours later, when the device next asks for it */

static int64_t clock_of(const struct trip_device *d, int64_t true_ms)
{
    double run_ms = (double)(true_ms - d->clock_from_ms);
    int64_t shows = d->clock_fixed_ms == BULLA_TIME_NONE ? true_ms + d->clock_ms + (int64_t)(run_ms / 1000 * d->clock_rate)
                                                         : d->clock_fixed_ms + (int64_t)run_ms;
    return shows - shows % 1000;
}

static int64_t latency(struct trip_device *d)
{
    double s = d->latency_s * exp(0.8 * sim_random_normal(&d->random));
    double luck = sim_random_unit(&d->random), minutes = sim_random_between(&d->random, 1, 8);
    return (int64_t)(1000 * (luck < LATE ? 60 * minutes : fmin(s, 55)));
}

static bool reached(const struct trip_run *run, const struct trip_device *d)
{
    if (run->now_ms < d->silent_until_ms || run->now_ms < d->bagged_until_ms)
        return false;
    for (size_t i = 0; i < run->n_shades; i++) {
        const struct trip_shade *s = &run->shade[i];
        if (s->no_network && run->vehicle.s_m >= s->from_m && run->vehicle.s_m < s->upto_m)
            return false;
    }
    return true;
}

/* Before each report, the time since the last: whether the device has come out of reach. */
void trip_coverage(struct trip_run *run, struct trip_device *d)
{
    double seconds = d->said_ms == BULLA_TIME_NONE ? 0 : (double)(run->now_ms - d->said_ms) / 1000;
    double chance = seconds / GAP_EVERY_S * (run->vehicle.terrain == SIM_MOUNTAIN ? 2 : 1) * (run->vehicle.speed_ms > 1 ? 1 : 0.2);
    double luck = sim_random_unit(&d->random), kind = sim_random_unit(&d->random), share = sim_random_unit(&d->random);
    if (luck >= chance || run->now_ms < d->silent_until_ms)
        return;
    double lasts_s = -GAP_MEAN_S * log(1 - 0.999 * share);
    if (kind < GAP_LONG)
        lasts_s = 60 * TRIP_MINUTE + (GAP_LONG_MAX_S - 60 * TRIP_MINUTE) * share * share;
    else if (kind >= GAP_ROAMING)
        lasts_s = GAP_LONG_MAX_S + (ROAMING_MAX_S - GAP_LONG_MAX_S) * share;
    d->silent_until_ms = run->now_ms + (int64_t)(1000 * lasts_s);
}

/* The backlog goes out, in the order that this device keeps to. */
static void flush(struct trip_run *run, int device)
{
    struct trip *t = run->trip;
    struct trip_device *d = &run->device[device];
    size_t waiting = d->waiting, k = 0;
    if (waiting == 0)
        return;
    d->waiting = 0;
    double luck = sim_random_unit(&d->random), hours = sim_random_between(&d->random, 0.3, 4),
           each_ms = sim_random_between(&d->random, 100, 1500);
    int64_t from_ms = run->now_ms + 2000 + (luck < LAZY ? (int64_t)(hours * TRIP_HOUR * 1000) : 0);
    for (size_t i = 0; i < t->n; i++) {
        struct bulla_observation *o = &t->said[i];
        if (o->received_ms != BULLA_TIME_NONE || o->device[0] != '1' + device)
            continue;
        size_t place = d->newest_first ? waiting - 1 - k : k;
        o->received_ms = from_ms + (int64_t)(each_ms * (double)place);
        k++;
    }
}

void trip_stamp(struct trip_run *run, struct trip_device *d, struct bulla_observation *o, int64_t made_ms)
{
    int device = o->device[0] - '1';
    o->time_ms = clock_of(d, made_ms);
    if (!reached(run, d)) {
        o->stored = d->flags_stored;
        o->received_ms = BULLA_TIME_NONE;
        d->waiting += d->memory;
        return;
    }
    o->received_ms = 0; /* not of the backlog */
    flush(run, device);
    o->received_ms = made_ms + latency(d);
}

struct arrival {
    struct bulla_observation o;
    int64_t made_ms;
    size_t at;
};

static int by_arrival(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;
    if (x->o.received_ms != y->o.received_ms)
        return x->o.received_ms < y->o.received_ms ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static size_t collect(struct trip_run *run, struct arrival *out)
{
    struct trip *t = run->trip;
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        struct trip_device *d = &run->device[t->said[i].device[0] - '1'];
        double luck = sim_random_unit(&d->random), later_s = sim_random_between(&d->random, 1, 600);
        if (t->said[i].received_ms == BULLA_TIME_NONE)
            continue;
        out[n] = (struct arrival){t->said[i], t->made_ms[i], n};
        n++;
        if (luck >= TWICE)
            continue;
        out[n] = out[n - 1];
        out[n].o.received_ms += (int64_t)(1000 * later_s);
        out[n].at = n;
        n++;
    }
    return n;
}

bool trip_deliver(struct trip_run *run)
{
    struct trip *t = run->trip;
    for (int i = 0; i < run->n_devices; i++)
        if (reached(run, &run->device[i]) && !run->device[i].dead)
            flush(run, i);
    struct arrival *all = malloc((2 * t->n + 1) * sizeof *all);
    struct bulla_observation *said = malloc((2 * t->n + 1) * sizeof *said);
    int64_t *made_ms = malloc((2 * t->n + 1) * sizeof *made_ms);
    if (!all || !said || !made_ms) {
        free(all);
        free(said);
        free(made_ms);
        return false;
    }
    t->n = collect(run, all);
    qsort(all, t->n, sizeof *all, by_arrival);
    for (size_t i = 0; i < t->n; i++) {
        said[i] = all[i].o;
        made_ms[i] = all[i].made_ms;
    }
    free(all);
    free(t->said);
    free(t->made_ms);
    t->said = said;
    t->made_ms = made_ms;
    return true;
}
