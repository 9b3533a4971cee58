// SPDX-License-Identifier: Apache-2.0
#include "tests/support/alarm_score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/rules/rule.h"

bool score_has_rule(enum alarm_kind kind)
{
    for (size_t i = 0; i < rules_count; i++)
        if (rules[i]->kind == kind)
            return true;
    return false;
}

#define BURST_MS INT64_C(600000) /* shakes of one burst are one alarm of tampering */

/* --- running --- */

struct host {
    const struct trip *trip;
    const size_t *order;
    size_t arrived;
    struct score_trip *out;
};

static void on_alarm(void *context, enum engine_change change, const struct alarm *alarm)
{
    struct score_trip *out = ((struct host *)context)->out;
    size_t i = 0;
    while (i < out->n_told && strcmp(out->told[i].alarm.id, alarm->id) != 0)
        i++;
    if (i == SCORE_TOLD_MAX)
        return;
    int64_t first_ms = i < out->n_told ? out->told[i].alarm.raised_ms : alarm->raised_ms;
    out->n_told += i == out->n_told;
    out->told[i] = (struct score_told){.alarm = *alarm, .withdrawn = change == ENGINE_WITHDRAWN};
    out->told[i].alarm.raised_ms = first_ms;
}

static bool history(void *context, const char *seal, int64_t from_ms, int64_t until_ms,
                    void (*each)(void *, const struct bulla_observation *), void *to)
{
    const struct host *host = context;
    (void)from_ms; /* the engine orders by event time, which a wrong clock is not: it gets them all */
    (void)until_ms;
    for (size_t i = 0; i < host->arrived; i++) {
        const struct bulla_observation *o = &host->trip->said[host->order ? host->order[i] : i];
        if (strcmp(o->device, strchr(seal, ':') + 1) == 0)
            each(to, o);
    }
    return true;
}

void score_run(const struct trip *trip, const size_t *order, size_t n, struct score_trip *out)
{
    struct host host = {.trip = trip, .order = order, .out = out};
    struct engine *engine = engine_new(&(struct engine_host){.host = &host, .on_alarm = on_alarm, .history = history, .together = true});
    int64_t clock_ms = trip->journey->sealed_at_ms;
    out->n_told = 0;
    if (!engine || !engine_journey_put(engine, trip->journey, clock_ms))
        abort(); /* out of memory */
    for (size_t i = 0; i < (order ? n : trip->n); i++) {
        struct bulla_observation o = trip->said[order ? order[i] : i];
        host.arrived = i + 1;
        if (!order && o.received_ms > clock_ms) {
            clock_ms = o.received_ms;
            engine_tick(engine, clock_ms - 1);
        }
        engine_observe(engine, &o);
    }
    engine_tick(engine, trip->until_ms);
    engine_free(engine);
}

/* --- another order --- */

static bool came_before(const struct trip *trip, size_t i)
{
    for (size_t k = i; k-- > 0 && i - k < 2000;)
        if (strcmp(trip->said[k].id, trip->said[i].id) == 0)
            return true;
    return false;
}

size_t score_shuffle(const struct trip *trip, struct sim_random *random, size_t reach, size_t *order)
{
    size_t n = 0;
    for (size_t i = 0; i < trip->n; i++)
        if (!came_before(trip, i))
            order[n++] = i;
    for (size_t i = n; i-- > 1;) {
        size_t low = i > reach ? i - reach : 0, k = low + sim_random_below(random, (uint32_t)(i - low + 1)), hold = order[i];
        order[i] = order[k];
        order[k] = hold;
    }
    return n;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct score_told *)a)->alarm.id, ((const struct score_told *)b)->alarm.id);
}

static void keep_standing(struct score_trip *run)
{
    size_t n = 0;
    for (size_t i = 0; i < run->n_told; i++)
        if (!run->told[i].withdrawn)
            run->told[n++] = run->told[i];
    run->n_told = n;
    qsort(run->told, n, sizeof *run->told, by_id);
}

static size_t only(const struct score_trip *a, const struct score_trip *b, const char *where)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_told; i++) {
        const struct alarm *x = &a->told[i].alarm;
        size_t k = 0;
        while (k < b->n_told && (strcmp(x->id, b->told[k].alarm.id) != 0 || strcmp(x->why, b->told[k].alarm.why) != 0))
            k++;
        if (k < b->n_told)
            continue;
        printf("  only %s: %s: %s\n", where, alarm_kind_text(x->kind), x->why);
        n++;
    }
    return n;
}

bool score_same(struct score_trip *a, struct score_trip *b)
{
    keep_standing(a);
    keep_standing(b);
    return only(a, b, "as it came") + only(b, a, "in another order") == 0;
}

/* --- matching --- */

static bool of_label(const struct trip *trip, const struct trip_label *label, const struct alarm *alarm)
{
    return label->kind == alarm->kind && (label->device < 0 || strcmp(alarm->seal, trip->journey->seals[label->device]) == 0);
}

static bool fits(const struct trip *trip, const struct trip_label *label, const struct alarm *alarm)
{
    return of_label(trip, label, alarm) && alarm->onset_ms >= label->from_ms && alarm->onset_ms <= label->upto_ms;
}

/* The told alarm that a label stands for: one that stands before one that was withdrawn, the earliest first. */
static struct score_told *find(const struct trip *trip, struct score_trip *run, const struct trip_label *label)
{
    struct score_told *found = NULL;
    for (size_t i = 0; i < run->n_told; i++) {
        struct score_told *t = &run->told[i];
        if (t->matched || t->withdrawn || !fits(trip, label, &t->alarm))
            continue;
        if (!found || t->alarm.onset_ms < found->alarm.onset_ms)
            found = t;
    }
    return found;
}

/* A condition that went on when it became one again for the truth: one alarm stands for both. Where only the truth made it one (it
 * was told after it), it is no false one either: an innocent shake that the attack followed is the first of the burst. */
static bool went_on(const struct trip *trip, struct score_trip *run, const struct trip_label *label)
{
    for (size_t i = 0; i < run->n_told; i++) {
        struct score_told *t = &run->told[i];
        if (!t->withdrawn && of_label(trip, label, &t->alarm) && t->alarm.onset_ms < label->truth_ms &&
            (t->alarm.ended_ms == BULLA_TIME_NONE || t->alarm.ended_ms >= label->truth_ms)) {
            bool burst = label->kind == ALARM_TAMPER && t->alarm.onset_ms >= label->from_ms - BURST_MS;
            t->matched |= burst && t->alarm.raised_ms >= label->truth_ms;
            return true;
        }
    }
    return false;
}

static void note_delay(struct score *score, const struct trip_label *label, const struct alarm *alarm)
{
    if (!score->delay_s)
        score->delay_s = malloc(SCORE_DELAYS * sizeof *score->delay_s);
    if (!score->event_s)
        score->event_s = malloc(SCORE_DELAYS * sizeof *score->event_s);
    if (!score->delay_s || !score->event_s || score->n_delays == SCORE_DELAYS)
        return;
    int64_t known_ms = label->known_ms > label->truth_ms ? label->known_ms : label->truth_ms;
    score->delay_s[score->n_delays] = fmax(0, (double)(alarm->raised_ms - known_ms) / 1000);
    score->event_s[score->n_delays++] = fmax(0, (double)(alarm->raised_ms - label->truth_ms) / 1000);
}

/* When it was first told: an alarm whose onset later data put right was told before, by another onset, and withdrawn for that. */
static int64_t first_told_ms(const struct trip *trip, const struct score_trip *run, const struct trip_label *label, int64_t raised_ms)
{
    for (size_t i = 0; i < run->n_told; i++) {
        const struct score_told *t = &run->told[i];
        if (t->withdrawn && fits(trip, label, &t->alarm) && t->alarm.raised_ms >= label->truth_ms && t->alarm.raised_ms < raised_ms)
            raised_ms = t->alarm.raised_ms;
    }
    return raised_ms;
}

typedef void (*each_fn)(void *context, const char *what, const struct trip_label *label, const struct score_told *told);

static void match_labels(const struct trip *trip, struct score_trip *run, struct score *score, each_fn each, void *context)
{
    for (size_t i = 0; i < trip->n_labels; i++) {
        const struct trip_label *label = &trip->labels[i];
        if (!label->must || !score_has_rule(label->kind))
            continue;
        struct score_kind *kind = &score->kind[label->kind];
        struct score_told *told = find(trip, run, label);
        kind->must++;
        if (told)
            told->alarm.raised_ms = first_told_ms(trip, run, label, told->alarm.raised_ms);
        if ((!told || told->alarm.raised_ms > label->deadline_ms) && went_on(trip, run, label)) {
            kind->found++;
            if (told)
                told->matched = true; /* it ended, and began again */
            continue;
        }
        if (!told) {
            run->n_missed++;
            each(context, "missed", label, NULL);
            continue;
        }
        told->matched = true;
        kind->found++;
        note_delay(score, label, &told->alarm);
        if (told->alarm.raised_ms > label->deadline_ms) {
            kind->late++;
            run->n_late++;
            each(context, "late", label, told);
        }
    }
}

/* What was withdrawn because older data showed an earlier onset of the same thing was no error of the rule. */
static bool allowed(const struct trip *trip, const struct score_told *told)
{
    for (size_t i = 0; i < trip->n_labels; i++) {
        const struct trip_label *label = &trip->labels[i];
        if (!label->must && fits(trip, label, &told->alarm))
            return true;
        if (label->must && told->withdrawn && of_label(trip, label, &told->alarm) && told->alarm.onset_ms >= label->from_ms)
            return true;
    }
    return false;
}

void score_match(const struct trip *trip, struct score_trip *run, struct score *score, each_fn each, void *context)
{
    run->n_false = run->n_missed = run->n_late = 0;
    match_labels(trip, run, score, each, context);
    for (size_t i = 0; i < run->n_told; i++) {
        const struct score_told *told = &run->told[i];
        score->told++;
        score->withdrawn += told->withdrawn;
        if (told->matched || allowed(trip, told))
            continue;
        struct score_kind *kind = &score->kind[told->alarm.kind];
        *(told->withdrawn ? &kind->false_withdrawn : &kind->false_stood) += 1;
        run->n_false++;
        each(context, told->withdrawn ? "false, withdrawn" : "false", NULL, told);
    }
    score->trips++;
    score->clean_trips += trip->scene == TRIP_CLEAN;
    score->with_false += run->n_false > 0;
    score->observations += trip->n;
    score->km += trip->km;
    score->hours += trip->hours;
}

void score_clear(struct score *score)
{
    free(score->delay_s);
    free(score->event_s);
    *score = (struct score){0};
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double score_quantile(double *values, size_t n, double share)
{
    if (n == 0)
        return NAN;
    qsort(values, n, sizeof *values, by_value);
    return values[(size_t)(share * (double)(n - 1))];
}
