/* SPDX-License-Identifier: Apache-2.0
 *
 * One back-test: journey after journey, an engine that knows nothing of the others reads what the store has of its seals and judges it
 * by the other rules, as of some hours after the span. What it finds is held against the alarms that are stored, by what they are (journey,
 * seal, kind, onset, rule).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/backtest.h"
#include "platform/rules/engine.h"
#include "platform/store/store.h"

#define LONGEST_MS (INT64_C(60) * 86400000) /* a journey that began longer before the span is not looked for */
#define SAME_ID    "B-new"                  /* of a definition that is no record yet */
#define PAGE       1000

struct ruling *backtest_ruling(const struct backtest_wanted *wanted, char why[MODEL_WHY_SIZE])
{
    struct definition d = wanted->definition;
    const char *name;
    json_t *value;
    d.on = true;
    d.since_ms = INT64_MIN;
    if (!d.id[0])
        snprintf(d.id, sizeof d.id, SAME_ID);
    struct ruling *ruling = ruling_new(&d, wanted->has_definition ? 1 : 0);
    json_object_foreach(wanted->parameters, name, value)
    {
        char sentence[MODEL_WHY_SIZE - 12];
        bool number = json_is_number(value);
        if (ruling && number && ruling_set(ruling, name, json_number_value(value), sentence, sizeof sentence))
            continue;
        snprintf(why, MODEL_WHY_SIZE, "parameters.%s", number ? sentence : "");
        if (!number)
            snprintf(why, MODEL_WHY_SIZE, "parameters.%.60s: expected a number, got another type", name);
        ruling_free(ruling);
        return NULL;
    }
    return ruling;
}

/* --- what is chosen --- */

struct choice {
    const struct backtest_job *job;
    char (*ids)[MODEL_ID_SIZE];
    size_t n;
    bool more;
};

static bool overlaps(const struct journey *j, const struct backtest_wanted *w)
{
    return j->sealed_at_ms != BULLA_TIME_NONE && j->n_seals > 0 && j->sealed_at_ms <= w->until_ms &&
           (j->unsealed_at_ms == BULLA_TIME_NONE || j->unsealed_at_ms >= w->from_ms);
}

static void choose_one(void *context, const void *record)
{
    struct choice *c = context;
    const struct journey *j = record;
    if (!overlaps(j, c->job->wanted))
        return;
    if (c->n == BACKTEST_JOURNEYS) {
        c->more = true;
        return;
    }
    snprintf(c->ids[c->n++], MODEL_ID_SIZE, "%s", j->id);
}

static int choose(struct choice *c)
{
    const struct backtest_wanted *w = c->job->wanted;
    struct store_query q = {.limit = PAGE, .from_ms = w->from_ms - LONGEST_MS, .until_ms = w->until_ms};
    int outcome = STORE_OK;
    snprintf(q.journey, sizeof q.journey, "%s", w->journey);
    snprintf(q.carrier, sizeof q.carrier, "%s", w->carrier);
    snprintf(q.kind, sizeof q.kind, "%s", w->mode);
    do
        outcome = store_journeys(c->job->store, &q, choose_one, c, q.after);
    while (outcome == STORE_OK && q.after[0] && !c->more && c->job->go_on(c->job->context));
    return outcome;
}

/* --- one journey --- */

#define ALARMS_MOST 512 /* of one journey and one side */

struct alarms {
    struct alarm *list;
    size_t n;
    bool more;
};

struct judging {
    const struct backtest_job *job;
    const struct journey *journey;
    struct alarms now, then;
    bool unreadable;
};

/* The kinds that the run has other rules for; or all but what officers defined, of which it has at most one. */
static bool in_question(const struct judging *t, const struct alarm *a)
{
    const struct backtest_wanted *w = t->job->wanted;
    if (a->onset_ms < w->from_ms || a->onset_ms > w->until_ms)
        return false;
    if (a->kind == ALARM_CUSTOM)
        return w->has_definition && strcmp(a->rule, w->definition.id[0] ? w->definition.id : SAME_ID) == 0;
    if (w->all)
        return true;
    for (size_t p = 0; p < RULING_PARAMETERS; p++)
        if (t->job->ruling->set[a->kind][p])
            return true;
    return false;
}

static void add(const struct judging *t, struct alarms *to, const struct alarm *a)
{
    if (!in_question(t, a))
        return;
    if (to->n == ALARMS_MOST)
        to->more = true;
    else
        to->list[to->n++] = *a;
}

static void add_now(void *context, const struct alarm *a)
{
    struct judging *t = context;
    add(t, &t->now, a);
}

static void add_then(void *context, const void *record)
{
    struct judging *t = context;
    const struct alarm *a = record;
    if (a->state != ALARM_STATE_WITHDRAWN)
        add(t, &t->then, a);
}

struct reading {
    void (*each)(void *context, const struct bulla_observation *o);
    void *context;
};

static void read_one(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct reading *r = context;
    (void)raw;
    r->each(r->context, o);
}

static bool history(void *host, const char *seal, int64_t from_ms, int64_t until_ms, void (*each)(void *, const struct bulla_observation *),
                    void *context)
{
    struct judging *t = host;
    struct reading r = {each, context};
    if (!t->job->go_on(t->job->context))
        return false;
    if (until_ms > t->job->judged_ms)
        until_ms = t->job->judged_ms;
    int outcome = store_observations(t->job->store, seal, from_ms, until_ms, 0, read_one, &r);
    t->unreadable |= outcome != STORE_OK;
    return outcome >= 0;
}

/* Judged as it was when it was under way, whatever has become of it. */
static bool judge(struct judging *t, struct journey *j)
{
    struct engine_host host = {.host = t, .history = history};
    struct engine *engine = engine_new(&host);
    int64_t until_ms = t->job->judged_ms;
    if (j->state != JOURNEY_SEALED && j->state != JOURNEY_UNDER_WAY && j->state != JOURNEY_ARRIVED)
        j->state = JOURNEY_UNDER_WAY;
    bool done = engine && engine_ruling_put(engine, t->job->ruling, until_ms) && engine_journey_put(engine, j, until_ms);
    if (done) {
        engine_tick(engine, until_ms);
        engine_standing(engine, j->id, add_now, t);
    }
    engine_free(engine);
    return done;
}

static int read_stored(struct judging *t, const char *journey)
{
    struct store_query q = {.limit = PAGE};
    int outcome = STORE_OK;
    snprintf(q.journey, sizeof q.journey, "%s", journey);
    do
        outcome = store_alarms(t->job->store, &q, add_then, t, q.after);
    while (outcome == STORE_OK && q.after[0]);
    return outcome;
}

/* --- side by side --- */

static bool same(const struct alarm *a, const struct alarm *b)
{
    return a->kind == b->kind && a->onset_ms == b->onset_ms && strcmp(a->seal, b->seal) == 0 && strcmp(a->rule, b->rule) == 0;
}

static void write_item(struct backtest_result *r, const struct alarm *a, const char *which)
{
    if (json_array_size(r->items) >= BACKTEST_ITEMS) {
        r->complete = false;
        return;
    }
    json_t *item = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:i, s:s}", "which", which, "journey", a->journey, "seal", a->seal, "kind",
                             alarm_kind_text(a->kind), "onset", json_time(a->onset_ms), "ended", json_time(a->ended_ms), "grade", a->grade,
                             "why", a->why);
    json_array_append_new(r->items, item);
}

/* The journey's own line, with what came of it since `before`. */
static void write_side(struct backtest_result *r, const struct judging *t, const struct backtest_result *before)
{
    const struct journey *j = t->journey;
    unsigned both = r->both - before->both, then = r->only_then - before->only_then, now = r->only_now - before->only_now;
    if (both + then + now == 0 || json_array_size(r->sides) >= BACKTEST_ITEMS)
        return;
    json_array_append_new(r->sides,
                          json_pack("{s:s, s:o, s:o, s:i, s:i, s:i}", "journey", j->id, "reference", json_text(j->reference), "vehicle",
                                    json_text(j->vehicle), "both", (int)both, "only_then", (int)then, "only_now", (int)now));
}

static void write_journey(struct backtest_result *r, void *what)
{
    const struct judging *t = what;
    bool found[ALARMS_MOST] = {false};
    const struct backtest_result before = *r;
    r->journeys++;
    r->unreadable += t->unreadable;
    r->complete = r->complete && !t->now.more && !t->then.more && !t->unreadable;
    for (size_t i = 0; i < t->now.n; i++) {
        size_t k = 0;
        while (k < t->then.n && (found[k] || !same(&t->now.list[i], &t->then.list[k])))
            k++;
        bool both = k < t->then.n;
        if (both)
            found[k] = true;
        r->both += both;
        r->only_now += !both;
        write_item(r, &t->now.list[i], both ? "both" : "only-now");
    }
    for (size_t k = 0; k < t->then.n; k++) {
        if (found[k])
            continue;
        r->only_then++;
        write_item(r, &t->then.list[k], "only-then");
    }
    write_side(r, t, &before);
}

static void write_chosen(struct backtest_result *r, void *what)
{
    const struct choice *c = what;
    r->of = c->n;
    r->complete = !c->more;
}

static bool run_journey(const struct backtest_job *job, struct judging *t, const char *id)
{
    struct journey *j = NULL;
    t->now.n = t->then.n = 0;
    t->now.more = t->then.more = t->unreadable = false;
    int outcome = store_journey_get(job->store, id, &j);
    if (outcome == STORE_NOT_FOUND)
        return true;
    bool done = outcome == STORE_OK && judge(t, j) && read_stored(t, id) == STORE_OK;
    t->journey = j;
    if (done && job->go_on(job->context))
        job->update(job->context, write_journey, t);
    journey_free(j);
    return done;
}

bool backtest_run(const struct backtest_job *job, char why[MODEL_WHY_SIZE])
{
    struct choice c = {.job = job, .ids = malloc(BACKTEST_JOURNEYS * sizeof *c.ids)};
    struct judging t = {.job = job};
    t.now.list = malloc(ALARMS_MOST * sizeof *t.now.list);
    t.then.list = malloc(ALARMS_MOST * sizeof *t.then.list);
    bool done = c.ids && t.now.list && t.then.list && choose(&c) == STORE_OK;
    if (done)
        job->update(job->context, write_chosen, &c);
    for (size_t i = 0; i < c.n && done && job->go_on(job->context); i++)
        done = run_journey(job, &t, c.ids[i]);
    if (!done)
        snprintf(why, MODEL_WHY_SIZE, "the journeys could not be read: %.150s", store_error(job->store));
    free(c.ids);
    free(t.now.list);
    free(t.then.list);
    return done;
}
