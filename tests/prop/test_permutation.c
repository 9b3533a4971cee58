/* SPDX-License-Identifier: Apache-2.0
 *
 * Alarms do not depend on the order of arrival (DESIGN 5.2). Random journeys, honest and with incidents; every shuffle of
 * their messages, their repetition, and a window that is too small for them give the alarms of the ideal order. Honest
 * journeys raise nothing; scripted openings are found.
 *
 * BULLA_SEED and BULLA_ROUNDS in the environment repeat or lengthen a run. What asks the store runs on each back end.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/model/json.h"
#include "platform/rules/engine.h"
#include "tests/prop/random_journey.h"
#include "tests/prop/stored_history.h"

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
    int n = snprintf(to, LINE_SIZE, "%s %s %s %s%s%d %u %s", alarm_kind_text(a->kind), a->seal, onset, a->rule, a->rule[0] ? " " : "",
                     a->grade, a->count, a->why);
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

struct trial;

/* A host that keeps count of what it was told, and whose store has all that came so far. */
struct host {
    const struct bulla_observation *messages;
    const size_t *order;
    size_t arrived;
    int64_t (*received)(const struct trial *trial, size_t i); /* of the i-th in the order */
    const struct trial *trial;
    struct stored_history *stored; /* NULL: in memory */
    struct lines told;
    bool wrong; /* told of a change to something it did not know */
};

static size_t line_of(const struct lines *lines, const struct alarm *a)
{
    char start[LINE_SIZE], onset[BULLA_TIME_TEXT];
    bulla_time_put(onset, a->onset_ms);
    int n = snprintf(start, sizeof start, "%s %s %s %s%s", alarm_kind_text(a->kind), a->seal, onset, a->rule, a->rule[0] ? " " : "");
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
    if (host->stored) {
        stored_history_append(host->stored, host->messages, host->order, host->arrived);
        return stored_history_read(host->stored, seal, from_ms, until_ms, each, to);
    }
    for (size_t i = 0; i < host->arrived; i++) {
        struct bulla_observation o = host->messages[host->order[i]];
        o.received_ms = host->received(host->trial, i);
        if (strcmp(o.device, strchr(seal, ':') + 1) == 0 && o.time_ms >= from_ms && o.time_ms <= until_ms)
            each(to, &o);
    }
    return true;
}

struct trial {
    const struct journey *journey;
    const struct bulla_observation *messages;
    size_t *order;
    size_t n, split; /* split: after so many a new engine takes over, 0: never */
    int64_t until;
    bool reassign;                 /* they all come after the end, in this order */
    bool together;                 /* judged by the moment of arrival, not by the message */
    struct stored_history *stored; /* NULL: in memory */
    const struct ruling *ruling;   /* NULL: no alarms are defined */
};

static int64_t received(const struct trial *trial, size_t i)
{
    if (!trial->reassign)
        return trial->messages[trial->order[i]].received_ms;
    return trial->until - 1000 + (int64_t)(i * 900 / trial->n);
}

static void run(const struct trial *trial, struct lines *out)
{
    struct host host = {.messages = trial->messages, .order = trial->order, .stored = trial->stored, .received = received, .trial = trial};
    if (trial->stored)
        stored_history_begin(trial->stored);
    struct engine_host port = {.host = &host, .on_alarm = on_alarm, .history = history, .together = trial->together};
    struct engine *engine = engine_new(&port);
    if (trial->ruling)
        assert_true(engine_ruling_put(engine, trial->ruling, START));
    assert_true(engine_journey_put(engine, trial->journey, START));
    for (size_t i = 0; i < trial->n; i++) {
        struct bulla_observation o = trial->messages[trial->order[i]];
        o.received_ms = received(trial, i);
        host.arrived = i + 1;
        engine_observe(engine, &o);
        if (trial->split && i == trial->split) {
            engine_free(engine);
            host.told.n = 0;
            engine = engine_new(&port);
            if (trial->ruling)
                assert_true(engine_ruling_put(engine, trial->ruling, o.received_ms));
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

/* What officers might define: by time alone, by what was measured, for some minutes, with a rest. */
static struct ruling *some_definitions(void)
{
    static const char *const texts[] = {
        "{\"name\":\"quiet\",\"when\":{\"field\":\"silence\",\"op\":\">\",\"value\":12},\"cooldown_minutes\":90}",
        "{\"name\":\"fast\",\"grade\":2,\"for_minutes\":8,\"when\":{\"all\":[{\"field\":\"speed\",\"op\":\">\",\"value\":55},"
        "{\"field\":\"sealed_for\",\"op\":\">\",\"value\":0.7}]}}",
        "{\"name\":\"stays\",\"when\":{\"any\":[{\"field\":\"stay\",\"op\":\">\",\"value\":11},{\"field\":\"battery\",\"op\":\"<\","
        "\"value\":15},"
        "{\"all\":[{\"field\":\"time_of_day\",\"op\":\"between\",\"value\":\"08:00-08:05\"},{\"field\":\"off_route\",\"op\":\"<\","
        "\"value\":400}]}]}}"};
    struct definition definitions[3];
    for (size_t i = 0; i < 3; i++) {
        char why[MODEL_WHY_SIZE];
        json_t *json = json_loads(texts[i], 0, NULL);
        assert_true(definition_from_json(json, &definitions[i], why));
        snprintf(definitions[i].id, sizeof definitions[i].id, "D%zu", i);
        definitions[i].on = true;
        definitions[i].since_ms = START + (int64_t)i * 20 * MINUTE;
        json_decref(json);
    }
    return ruling_new(definitions, 3);
}

static void any_order_gives_the_same_alarms(void **state)
{
    (void)state;
    uint64_t seed = number_from("BULLA_SEED", 20260101), rounds = number_from("BULLA_ROUNDS", 95);
    static size_t order[2 * MESSAGES_MAX];
    struct world w = {.messages = messages};
    static struct lines want;
    size_t alarms = 0;
    struct ruling *ruling = some_definitions();
    print_message("seed %llu, %llu journeys\n", (unsigned long long)seed, (unsigned long long)rounds);
    for (uint64_t round = 0; round < rounds; round++) {
        make(&w, seed + round, (enum incident)(round % INCIDENTS), round / INCIDENTS % 2);
        struct dice d = {~(seed + round)};
        for (int way = 0; way < 5; way++) {
            struct trial t = {w.journey, messages, order, w.n, 0, w.until, way == 2, roll(&d) & 1, NULL, ruling};
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
    ruling_free(ruling);
    assert_true(alarms >= rounds); /* the property would be empty without them */
}

static void older_than_the_window(struct stored_history *stored)
{
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
        struct trial t = {w.journey, messages, order, w.n, 0, w.until, false, round % 2, stored};
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

static void history_stands_in_for_what_the_window_let_go(void **state)
{
    (void)state;
    older_than_the_window(NULL);
}

static void so_does_a_store(void **state)
{
    (void)state;
    struct stored_history stored;
    stored_history_open(&stored);
    older_than_the_window(&stored);
    print_message("%zu observations read back\n", stored.given);
    assert_true(stored.given > 1000); /* else no window was cut */
    stored_history_close(&stored);
}

/* [WCO-10-16] */
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

/* [WCO-7.1-A4] */
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
        cmocka_unit_test(so_does_a_store),
    };
    const size_t n = sizeof tests / sizeof *tests, without_store = pg_test_wanted() ? n - 1 : 0; /* those need not run twice */
    return _cmocka_run_group_tests("alarms in any order", tests + without_store, n - without_store, NULL, NULL);
}
