// SPDX-License-Identifier: Apache-2.0
//
// Labels that follow from where the lorry truly was (or was made to believe it was), and from what was heard of its seals
// at all. `must` keeps clear of every limit by what a receiver may err; between that and the limit either is right.
#include <stdlib.h>

#include "sim/trip_internal.h"

#define ANY        (-1)
#define LIMIT_MS   (20 * TRIP_MINUTE_MS)
#define SILENCE_MS (240 * TRIP_MINUTE_MS)
#define STAND_M    400.0 /* the engine takes 150 m and the accuracy to each side of the middle for one place */
#define PLACE_M    200.0 /* so near, a fix may lie in a place */
#define NEAR       300   /* points of the way to each side that are looked at for its distance */

struct trip_label *trip_label(struct trip_run *run, enum alarm_kind kind, bool must, int device)
{
    struct trip *t = run->trip;
    const struct trip_device *d = &run->device[device < 0 ? 0 : device];
    int64_t each_ms = d->parked_s * INT64_C(1000) > t->interval_ms ? d->parked_s * INT64_C(1000) : t->interval_ms;
    struct trip_label *label = t->n_labels < TRIP_LABELS_MAX ? &t->labels[t->n_labels++] : &run->spare;
    *label = (struct trip_label){.kind = kind, .must = must, .device = device, .truth_ms = run->now_ms};
    label->over_ms = INT64_MAX;
    label->from_ms = run->now_ms - 10000; /* clocks are some seconds off */
    label->upto_ms = run->now_ms + 3 * (each_ms + TRIP_SLACK_MS);
    return label;
}

static struct trip_label *label_at(struct trip_run *run, enum alarm_kind kind, bool must, int64_t from_ms, int64_t upto_ms)
{
    struct trip_label *label = trip_label(run, kind, must, ANY);
    label->truth_ms = label->from_ms = from_ms;
    label->upto_ms = upto_ms;
    return label;
}

/* --- the way, sampled --- */

static double off_way(const struct trip_run *run, double lat, double lon, bool anywhere)
{
    const struct sim_path *p = run->path;
    size_t low = 0, high = p->n - 1;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        *(p->at[middle].s_m <= run->vehicle.s_m ? &low : &high) = middle;
    }
    size_t from = anywhere || low < NEAR ? 0 : low - NEAR, upto = anywhere || low + NEAR > p->n ? p->n : low + NEAR;
    double best = 1e9;
    for (size_t i = from; i < upto; i++)
        if (fabs(p->at[i].lat - lat) * 111000 < best)
            best = fmin(best, sim_distance(lat, lon, p->at[i].lat, p->at[i].lon));
    return best;
}

static bool grow(struct trip_run *run)
{
    if (run->n_samples < run->samples_capacity)
        return true;
    size_t capacity = run->samples_capacity ? 2 * run->samples_capacity : 2048;
    struct trip_sample *sample = realloc(run->sample, capacity * sizeof *sample);
    if (!sample)
        return false;
    run->sample = sample;
    run->samples_capacity = capacity;
    return true;
}

static double from_place(const struct place *p, double lat, double lon)
{
    return sim_distance(p->lat, p->lon, lat, lon) - p->radius_m;
}

/* > 0: metres outside of every place in which one may stand; < 0: inside. */
static double outside_places(const struct journey *j, double lat, double lon)
{
    double least = fmin(from_place(&j->origin, lat, lon), from_place(&j->destination, lat, lon));
    for (size_t i = 0; i < j->n_stops; i++)
        least = fmin(least, from_place(&j->stops[i], lat, lon));
    return least;
}

void trip_sample(struct trip_run *run)
{
    const struct sim_vehicle *v = &run->vehicle;
    const struct trip_fraud *f = &run->fraud;
    bool fraud = f->kind != TRIP_TRUE && run->now_ms >= f->from_ms && run->now_ms < f->until_ms;
    bool aside = v->s_m > v->detour.from_m && v->s_m < v->detour.to_m;
    if (!grow(run)) {
        run->failed = true;
        return;
    }
    struct trip_sample s = {.at_ms = run->now_ms, .s_m = v->s_m, .lat = v->lat, .lon = v->lon};
    if (fraud && f->kind == TRIP_DRAG_OFF) {
        double seconds = (double)(run->now_ms - f->from_ms) / 1000;
        sim_shift(&s.lat, &s.lon, f->east_ms * seconds, f->north_ms * seconds);
    } else if (fraud) {
        s.lat = f->lat;
        s.lon = f->lon;
    }
    s.fraud = fraud;
    s.off_m = fraud || aside ? off_way(run, s.lat, s.lon, fraud) : 0;
    s.in_place = s.off_m > 0 && outside_places(run->trip->journey, s.lat, s.lon) < PLACE_M;
    if (run->swap.done && run->swap.driven_m > 0)
        s.swap_off_m = off_way(run, run->swap.lat, run->swap.lon, true);
    if (run->departed_ms == BULLA_TIME_NONE && from_place(&run->trip->journey->origin, v->lat, v->lon) > 150)
        run->departed_ms = run->now_ms;
    run->sample[run->n_samples++] = s;
}

/* --- what was heard --- */

static bool is_fix(const struct bulla_observation *o)
{
    return (o->has & BULLA_HAS_FIX) && o->fix_valid && !bulla_observation_is(o, BULLA_EVENT_POSITION_CELL);
}

/* Messages of a device made in a span and heard by then, with a satellite fix when asked; the first and the last of them. */
static size_t heard(const struct trip_run *run, int device, int64_t from_ms, int64_t upto_ms, int64_t by_ms, bool fix, int64_t *first_ms,
                    int64_t *last_ms)
{
    const struct trip *t = run->trip;
    size_t n = 0;
    *first_ms = *last_ms = BULLA_TIME_NONE;
    for (size_t i = 0; i < t->n; i++) {
        const struct bulla_observation *o = &t->said[i];
        if (t->made_ms[i] < from_ms || t->made_ms[i] > upto_ms || o->received_ms > by_ms || (device >= 0 && o->device[0] != '1' + device))
            continue;
        if (fix && !is_fix(o))
            continue;
        *first_ms = n == 0 || t->made_ms[i] < *first_ms ? t->made_ms[i] : *first_ms;
        *last_ms = n == 0 || t->made_ms[i] > *last_ms ? t->made_ms[i] : *last_ms;
        n++;
    }
    return n;
}

/* Whether the platform heard what a device said at that moment. */
static bool was_heard(const struct trip_run *run, int device, int64_t made_ms)
{
    int64_t first_ms, last_ms;
    return made_ms != BULLA_TIME_NONE && heard(run, device, made_ms, made_ms, INT64_MAX, false, &first_ms, &last_ms) > 0;
}

/* It ends for the platform when it hears of the last opening. */
static int64_t supervised_until(const struct trip_run *run)
{
    int64_t until_ms = run->start_ms;
    for (int i = 0; i < run->n_devices; i++) {
        if (!was_heard(run, i, run->device[i].unsealed_ms))
            return run->trip->until_ms;
        until_ms = run->device[i].unsealed_ms > until_ms ? run->device[i].unsealed_ms : until_ms;
    }
    return until_ms;
}

/* A seal that is found open, and of whose being unlocked nothing was heard. */
static void judge_unsealing(struct trip_run *run)
{
    for (int i = 0; i < run->n_devices; i++)
        if (run->device[i].unsealed_ms != BULLA_TIME_NONE && !was_heard(run, i, run->device[i].unsealed_ms)) {
            struct trip_label *label = trip_label(run, ALARM_ILLEGAL_OPENING, false, i);
            label->from_ms = run->device[i].unsealed_ms;
            label->upto_ms = run->trip->until_ms;
        }
}

/* A permission that was given for something else covers what is done in its time, wherever it names no place, and 2 min after. */
static void judge_leave(struct trip_run *run)
{
    const struct journey *j = run->trip->journey;
    for (size_t i = 0; i < run->trip->n_labels; i++) {
        struct trip_label *label = &run->trip->labels[i];
        for (size_t k = 0; k < j->n_permissions && label->kind == ALARM_ILLEGAL_OPENING; k++)
            if (!j->permissions[k].has_place && label->truth_ms >= j->permissions[k].from_ms &&
                label->truth_ms <= j->permissions[k].until_ms + 2 * TRIP_MINUTE_MS)
                label->must = false;
    }
}

/* --- stays --- */

static int64_t parked_ms(const struct trip_run *run)
{
    int64_t each_ms = run->device[0].parked_s * INT64_C(1000);
    return (each_ms > run->trip->interval_ms ? each_ms : run->trip->interval_ms) + TRIP_SLACK_MS;
}

/* The platform can know of it when two fixes of it, so far apart, were heard. */
static bool seen_standing(const struct trip_run *run, int64_t from_ms, int64_t upto_ms, int64_t least_ms)
{
    int64_t first_ms, last_ms;
    return heard(run, ANY, from_ms, upto_ms, INT64_MAX, true, &first_ms, &last_ms) >= 2 && last_ms - first_ms > least_ms + TRIP_MINUTE_MS;
}

static void judge_stays(struct trip_run *run)
{
    const struct trip_sample *s = run->sample;
    int64_t supervised_ms = supervised_until(run), each_ms = parked_ms(run);
    for (size_t i = 0; i < run->n_samples; i++) {
        size_t same = i, near = i;
        while (same + 1 < run->n_samples && fabs(s[same + 1].s_m - s[i].s_m) < 2 && s[same + 1].at_ms <= supervised_ms)
            same++;
        while (near + 1 < run->n_samples && sim_distance(s[near + 1].lat, s[near + 1].lon, s[i].lat, s[i].lon) < STAND_M)
            near++;
        double out_m = outside_places(run->trip->journey, s[i].lat, s[i].lon);
        bool must = s[same].at_ms - s[i].at_ms > LIMIT_MS + 2 * each_ms && out_m > 200 && !s[i].fraud && !s[same].fraud &&
                    seen_standing(run, s[i].at_ms, s[same].at_ms, LIMIT_MS);
        if (must)
            label_at(run, ALARM_ILLEGAL_STAY, true, s[i].at_ms - 6 * TRIP_MINUTE_MS, s[same].at_ms - LIMIT_MS + 2 * TRIP_MINUTE_MS)
                ->truth_ms = s[i].at_ms + LIMIT_MS;
        if (must || (s[near].at_ms - s[i].at_ms >= LIMIT_MS - 2 * TRIP_MINUTE_MS && out_m > -300))
            label_at(run, ALARM_ILLEGAL_STAY, false, s[i].at_ms - each_ms - 6 * TRIP_MINUTE_MS, s[near].at_ms + each_ms);
        i = must ? near : same;
    }
}

static const struct place *stop_at(const struct journey *j, double lat, double lon, double by_m)
{
    const struct place *found = NULL;
    for (size_t i = 0; i < j->n_stops; i++)
        if (from_place(&j->stops[i], lat, lon) < by_m && j->stops[i].max_minutes == 0)
            return NULL;
        else if (from_place(&j->stops[i], lat, lon) < by_m && (!found || j->stops[i].max_minutes > found->max_minutes))
            found = &j->stops[i];
    return found;
}

static void judge_overtime(struct trip_run *run)
{
    const struct trip_sample *s = run->sample;
    int64_t each_ms = parked_ms(run);
    for (size_t i = 0; i < run->n_samples; i++) {
        size_t same = i;
        while (same + 1 < run->n_samples && fabs(s[same + 1].s_m - s[i].s_m) < STAND_M)
            same++;
        size_t still = i;
        while (still + 1 < run->n_samples && fabs(s[still + 1].s_m - s[i].s_m) < 2)
            still++;
        const struct place *surely = stop_at(run->trip->journey, s[i].lat, s[i].lon, -120);
        const struct place *perhaps = stop_at(run->trip->journey, s[same].lat, s[same].lon, 200);
        int64_t limit_ms = surely ? surely->max_minutes * TRIP_MINUTE_MS : 0;
        bool must =
            surely && s[still].at_ms - s[i].at_ms > limit_ms + 2 * each_ms && seen_standing(run, s[i].at_ms, s[still].at_ms, limit_ms);
        if (must)
            label_at(run, ALARM_OVERTIME_STAY, true, s[i].at_ms + limit_ms - 6 * TRIP_MINUTE_MS, s[still].at_ms + TRIP_MINUTE_MS)
                ->truth_ms = s[i].at_ms + limit_ms;
        if (perhaps && s[same].at_ms - s[i].at_ms >= (perhaps->max_minutes - 3) * TRIP_MINUTE_MS)
            label_at(run, ALARM_OVERTIME_STAY, false, s[i].at_ms, s[same].at_ms + each_ms);
        i = must ? same : still;
    }
}

/* --- leaving the corridor --- */

/* Of one seal alone when it is on another lorry: what the other says cannot tell of it. */
static struct trip_label *label_off(struct trip_run *run, int device, int64_t from_ms, int64_t upto_ms)
{
    struct trip_label *label = label_at(run, ALARM_ROUTE_DEVIATION, true, from_ms, upto_ms);
    label->device = run->swap.done && device == 1 ? device : ANY;
    return label;
}

static void judge_off(struct trip_run *run, int device, double (*off)(const struct trip_sample *))
{
    const struct trip_sample *s = run->sample;
    double corridor_m = run->trip->journey->route.corridor_m;
    int64_t need_ms = 2 * (run->trip->interval_ms + TRIP_SLACK_MS) + 2 * TRIP_MINUTE_MS, first_ms, last_ms;
    for (size_t i = 0; i < run->n_samples; i++) {
        size_t surely = i, perhaps = i;
        while (surely < run->n_samples && off(&s[surely]) > corridor_m + 220 && !(device == 0 && s[surely].in_place))
            surely++;
        while (perhaps < run->n_samples && off(&s[perhaps]) > corridor_m - 120)
            perhaps++;
        if (perhaps == i)
            continue;
        if (surely > i && s[surely - 1].at_ms - s[i].at_ms > need_ms &&
            heard(run, device, s[i].at_ms, s[surely - 1].at_ms, INT64_MAX, true, &first_ms, &last_ms) >= 2 &&
            last_ms - first_ms > 2 * TRIP_MINUTE_MS)
            label_off(run, device, s[i].at_ms - 4 * need_ms, s[surely - 1].at_ms)->truth_ms = s[i].at_ms;
        if (surely == i && i + 1 < perhaps && off(&s[i + 1]) > corridor_m + 220 && !(device == 0 && s[i + 1].in_place))
            continue; /* the sure part begins with the next */
        label_at(run, ALARM_ROUTE_DEVIATION, false, s[i].at_ms - 4 * need_ms, s[perhaps - 1].at_ms);
        i = surely > i ? surely - 1 : i;
    }
}

static double off_of(const struct trip_sample *s)
{
    return s->off_m;
}

static double swap_off_of(const struct trip_sample *s)
{
    return s->swap_off_m;
}

/* --- plan and clock --- */

static void judge_times(struct trip_run *run)
{
    struct journey *j = run->trip->journey;
    struct sim_random r = sim_random_split(&run->random, 4);
    int64_t first_ms, last_ms, over_ms = supervised_until(run);
    double late = sim_random_between(&r, 20, 200), margin = sim_random_between(&r, 40, 360);
    double late_out = sim_random_between(&r, 5, 60), margin_out = sim_random_between(&r, 30, 180);
    if (run->arrived_ms != BULLA_TIME_NONE)
        j->arrive_by_ms = run->arrived_ms + (int64_t)((run->late == TRIP_LATE_ARRIVAL ? -late : margin) * 60000);
    if (run->departed_ms != BULLA_TIME_NONE) {
        bool is_late = run->late == TRIP_LATE_DEPARTURE;
        j->depart_by_ms = run->departed_ms + (int64_t)((is_late ? -late_out : margin_out) * 60000);
        if (j->depart_by_ms <= run->start_ms)
            j->depart_by_ms = run->start_ms + TRIP_MINUTE_MS;
        if (is_late || heard(run, ANY, run->departed_ms, j->depart_by_ms, j->depart_by_ms, true, &first_ms, &last_ms) < 3 ||
            run->fraud.kind != TRIP_TRUE)
            label_at(run, ALARM_LATE_DEPARTURE, is_late && run->departed_ms - j->depart_by_ms > TRIP_MINUTE_MS, j->depart_by_ms,
                     j->depart_by_ms);
    }
    if (run->arrived_ms == BULLA_TIME_NONE)
        return;
    bool is_late = run->late == TRIP_LATE_ARRIVAL;
    size_t in_time = heard(run, ANY, run->arrived_ms, j->arrive_by_ms, j->arrive_by_ms, true, &first_ms, &last_ms);
    size_t in_all = heard(run, ANY, run->arrived_ms, j->arrive_by_ms, INT64_MAX, true, &first_ms, &last_ms);
    if (j->arrive_by_ms > over_ms) { /* unsealed by then, but who had heard of it, or of the arrival? */
        if (in_time < 3 && in_time < in_all)
            label_at(run, ALARM_JOURNEY_TIMEOUT, false, j->arrive_by_ms, j->arrive_by_ms);
        return;
    }
    if (is_late || run->device[0].dead || in_time < 3 || in_time < in_all) /* the rest came after the limit: raised, then withdrawn */
        label_at(run, ALARM_JOURNEY_TIMEOUT, is_late, j->arrive_by_ms, j->arrive_by_ms);
}

static void judge_battery(struct trip_run *run)
{
    int64_t first_ms, last_ms, until_ms = supervised_until(run);
    for (int i = 0; i < run->n_devices; i++) {
        const struct trip_device *d = &run->device[i];
        if (d->charging || !d->says_percent || d->maybe_low_ms == BULLA_TIME_NONE)
            continue;
        bool must =
            d->surely_low_ms != BULLA_TIME_NONE && heard(run, i, d->surely_low_ms, until_ms, until_ms, false, &first_ms, &last_ms) >= 3;
        for (int k = 0; k <= must; k++) {
            struct trip_label *label = trip_label(run, ALARM_LOW_BATTERY, k, i);
            label->from_ms = d->maybe_low_ms - TRIP_MINUTE_MS;
            label->upto_ms = k ? d->surely_low_ms + 3 * parked_ms(run) : until_ms;
            label->truth_ms = k ? d->surely_low_ms : d->maybe_low_ms;
        }
    }
}

/* The report with a level that a device made before that one; t->n: none. */
static size_t level_before(const struct trip *t, size_t i)
{
    size_t found = t->n;
    for (size_t k = 0; k < t->n; k++)
        if (t->said[k].device[0] == t->said[i].device[0] && (t->said[k].has & BULLA_HAS_PERCENT) && t->made_ms[k] < t->made_ms[i] &&
            (found == t->n || t->made_ms[k] > t->made_ms[found]))
            found = k;
    return found;
}

static bool says_low(const struct bulla_observation *o)
{
    return (o->has & BULLA_HAS_PERCENT) && !o->charging && o->percent <= TRIP_LOW_PERCENT;
}

/* ALARMS has it from what is reported: two low reports in a row are one, also when it was the gauge that sagged twice. */
static void judge_gauge(struct trip_run *run)
{
    const struct trip *t = run->trip;
    for (size_t i = 0; i < t->n; i++) {
        size_t before = says_low(&t->said[i]) ? level_before(t, i) : t->n;
        if (before == t->n || !says_low(&t->said[before]))
            continue;
        size_t first = level_before(t, before);
        if (first < t->n && says_low(&t->said[first]))
            continue; /* of a row that has its label */
        struct trip_label *label = trip_label(run, ALARM_LOW_BATTERY, false, t->said[i].device[0] - '1');
        label->truth_ms = t->made_ms[before];
        label->from_ms = t->made_ms[before] - 10000;
        label->upto_ms = t->made_ms[i];
    }
}

/* A silence that begins well inside an announced dead zone. */
static bool announced(const struct trip_run *run, int64_t since_ms)
{
    const struct journey *j = run->trip->journey;
    for (size_t i = 0; i < run->n_samples && j->n_dead_zones; i++)
        if (run->sample[i].at_ms >= since_ms)
            return from_place(&j->dead_zones[0], run->sample[i].lat, run->sample[i].lon) < -5000;
    return false;
}

/* Nothing heard for so long, as the platform hears it: since the newest that was said of what has arrived. */
static void judge_silence(struct trip_run *run, int device)
{
    const struct trip *t = run->trip;
    const struct trip_device *d = &run->device[device];
    int64_t newest_ms = run->start_ms, live_ms = run->start_ms;
    int64_t until_ms = was_heard(run, device, d->unsealed_ms) ? d->unsealed_ms : t->until_ms;
    for (size_t i = 0; i <= t->n; i++) {
        bool end = i == t->n;
        if (!end && t->said[i].device[0] != '1' + device)
            continue;
        int64_t at_ms = end ? until_ms : t->said[i].received_ms, gap_ms = at_ms - (newest_ms < live_ms ? newest_ms : live_ms);
        if (gap_ms > SILENCE_MS - 10 * TRIP_MINUTE_MS && !announced(run, at_ms - gap_ms)) {
            struct trip_label *label =
                trip_label(run, ALARM_SIGNAL_LOST, end && d->dead && gap_ms > SILENCE_MS + 10 * TRIP_MINUTE_MS, device);
            label->from_ms = at_ms - gap_ms + SILENCE_MS - 30 * TRIP_MINUTE_MS;
            label->upto_ms = at_ms + TRIP_MINUTE_MS;
            label->truth_ms = newest_ms + SILENCE_MS;
        }
        if (!end && t->made_ms[i] > newest_ms)
            newest_ms = t->made_ms[i];
        if (!end && !t->said[i].stored && t->made_ms[i] > live_ms)
            live_ms = t->made_ms[i];
    }
}

void trip_judge(struct trip_run *run)
{
    judge_unsealing(run);
    judge_leave(run);
    judge_stays(run);
    judge_overtime(run);
    judge_off(run, 0, off_of);
    if (run->swap.done)
        judge_off(run, 1, swap_off_of);
    judge_times(run);
    judge_battery(run);
    judge_gauge(run);
    for (int i = 0; i < run->n_devices; i++)
        judge_silence(run, i);
}

/* --- when it could be known --- */

static bool by_timer(enum alarm_kind kind)
{
    return kind == ALARM_JOURNEY_TIMEOUT || kind == ALARM_LATE_DEPARTURE || kind == ALARM_SIGNAL_LOST;
}

/* A deviation is proved by two fixes that span 2 min (ALARMS): when the second of them arrived. */
static int64_t proved_ms(const struct trip_run *run, const struct trip_label *label)
{
    const struct trip *t = run->trip;
    int64_t least_ms = INT64_MAX, most_ms = INT64_MIN;
    for (size_t i = 0; i < t->n; i++) {
        const struct bulla_observation *o = &t->said[i];
        if (t->made_ms[i] < label->truth_ms || (label->device >= 0 && o->device[0] != '1' + label->device) || !is_fix(o))
            continue;
        least_ms = t->made_ms[i] < least_ms ? t->made_ms[i] : least_ms;
        most_ms = t->made_ms[i] > most_ms ? t->made_ms[i] : most_ms;
        if (most_ms - least_ms >= 2 * TRIP_MINUTE_MS)
            return o->received_ms;
    }
    return BULLA_TIME_NONE;
}

/* A second opening is one as soon as it was heard that the seal had been closed since the first; before, it is the same again. */
static void date_again(const struct trip_run *run, struct trip_label *label)
{
    const struct trip *t = run->trip;
    int64_t closed_ms = BULLA_TIME_NONE, arrived_ms = INT64_MAX;
    for (const struct trip_label *l = t->labels; l < label; l++)
        if (l->kind == label->kind && l->device == label->device && l->over_ms < label->truth_ms)
            closed_ms = l->over_ms;
    for (size_t i = 0; i < t->n && closed_ms != BULLA_TIME_NONE; i++)
        if (t->made_ms[i] > closed_ms && t->made_ms[i] < label->truth_ms && t->said[i].device[0] == '1' + label->device &&
            t->said[i].received_ms < arrived_ms)
            arrived_ms = t->said[i].received_ms;
    if (closed_ms == BULLA_TIME_NONE)
        return;
    label->must = arrived_ms != INT64_MAX;
    if (label->must && label->deadline_ms < arrived_ms)
        label->deadline_ms = arrived_ms;
}

static void date(struct trip_run *run, struct trip_label *label)
{
    const struct trip *t = run->trip;
    /* Three messages prove a wrong clock, and three fixes a place that could not be reached (general rule 5). */
    int64_t n = label->kind == ALARM_CLOCK_ERROR || t->scene == TRIP_LEAP ? 4 : 2;
    int64_t span_ms = n * parked_ms(run) + 2 * TRIP_MINUTE_MS, after_ms = BULLA_TIME_NONE;
    label->known_ms = label->deadline_ms = BULLA_TIME_NONE;
    run->failed |= t->n_labels == TRIP_LABELS_MAX;
    for (size_t i = 0; i < t->n; i++) {
        const struct bulla_observation *o = &t->said[i];
        if (t->made_ms[i] < label->truth_ms || (label->device >= 0 && o->device[0] != '1' + label->device))
            continue;
        if (label->known_ms == BULLA_TIME_NONE)
            label->known_ms = o->received_ms;
        if (after_ms == BULLA_TIME_NONE || t->made_ms[i] < after_ms)
            after_ms = t->made_ms[i];
    }
    /* Two intervals, from the first that was heard at all if nothing was for longer. */
    int64_t from_ms = after_ms > label->truth_ms + span_ms ? after_ms : label->truth_ms;
    for (size_t i = 0; i < t->n; i++) {
        const struct bulla_observation *o = &t->said[i];
        if (t->made_ms[i] >= label->truth_ms && t->made_ms[i] <= from_ms + span_ms &&
            !(label->device >= 0 && o->device[0] != '1' + label->device) && o->received_ms > label->deadline_ms)
            label->deadline_ms = o->received_ms;
    }
    if (by_timer(label->kind)) {
        label->known_ms = label->truth_ms;
        label->deadline_ms = label->truth_ms + TRIP_MINUTE_MS;
    }
    if ((label->kind == ALARM_CLOCK_ERROR || label->kind == ALARM_SPOOFING_SUSPECTED) && !label->must &&
        label->upto_ms < label->deadline_ms)
        label->upto_ms = label->deadline_ms; /* what has no time of its own is dated by its arrival */
    if (label->kind == ALARM_ILLEGAL_OPENING && label->must)
        date_again(run, label);
    if (label->kind == ALARM_ROUTE_DEVIATION && label->must && proved_ms(run, label) > label->deadline_ms)
        label->deadline_ms = proved_ms(run, label);
    int64_t first_ms, last_ms;
    if (label->kind == ALARM_ILLEGAL_OPENING && label->must &&
        heard(run, label->device, label->truth_ms, label->over_ms, INT64_MAX, false, &first_ms, &last_ms) == 0)
        label->must = false; /* opened and closed between two reports of a seal that tells of neither */
    if (after_ms != BULLA_TIME_NONE && !by_timer(label->kind) && label->must && label->upto_ms < after_ms + TRIP_SLACK_MS)
        label->upto_ms = after_ms + TRIP_SLACK_MS; /* nothing was heard for longer: the first that is tells of it */
    if (label->kind == ALARM_CLOCK_ERROR && label->must && label->known_ms != BULLA_TIME_NONE && label->upto_ms < label->known_ms + span_ms)
        label->upto_ms = label->known_ms + span_ms; /* it is dated by its arrival */
    label->from_ms -= run->clock_slack_ms;
}

void trip_date(struct trip_run *run)
{
    for (size_t i = 0; i < run->trip->n_labels; i++)
        date(run, &run->trip->labels[i]);
}
