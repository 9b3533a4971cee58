/* SPDX-License-Identifier: Apache-2.0
 *
 * The invariants (DESIGN section 5), checked as it goes and when everything was delivered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/rules/engine.h"
#include "platform/store/sqlite.h"
#include "sim/simulate_internal.h"

/* --- what was acknowledged is durable at that moment --- */

struct looking {
    int64_t time_ms;
    bool found;
};

static void look(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct looking *l = context;
    (void)raw;
    l->found |= o->time_ms == l->time_ms;
}

/* On a copy of the disk that has lost everything that was not synced. */
static void look_in_copy(struct carrier *c, const struct told *told)
{
    struct simulation *sim = c->sim;
    char why[400] = "", url[80];
    struct looking l = {.time_ms = told->time_ms};
    struct sim_disk *copy = sim_disk_copy(sim->nodes[0].disk, 1);
    snprintf(url, sizeof url, "/data?segment_rows=%u", sim->segment_rows);
    struct store *store = copy ? store_sqlite_open_on(sim_disk_port(copy), url, why, sizeof why) : NULL;
    if (!store)
        sim_broken(sim, "acknowledged means durable", "the store cannot be opened on what is durable: %s", why);
    else if (store_observations(store, c->seal, told->time_ms, told->time_ms, 0, look, &l) < 0 || !l.found)
        sim_broken(sim, "acknowledged means durable", "%s: what it said at %lld was acknowledged and is not on the disk", c->seal,
                   (long long)told->time_ms);
    store_close(store);
    sim_disk_free(copy);
    sim->result->copies_checked++;
}

void sim_check_acknowledged(struct carrier *c, const struct told *told)
{
    if (c->sim->n_nodes == 1 && sim_random_chance(&c->random, c->sim->check_copy))
        look_in_copy(c, told);
}

/* --- one writer --- */

void sim_check_write(void *host, unsigned node, const struct store_lease *lease)
{
    struct simulation *sim = host;
    int64_t *newest = &sim->wrote_epochs[lease->partition];
    if (lease->epoch < *newest)
        sim_broken(sim, "one writer a partition", "%s wrote in partition %u under epoch %lld after another had under %lld",
                   sim->nodes[node].name, lease->partition, (long long)lease->epoch, (long long)*newest);
    *newest = lease->epoch > *newest ? lease->epoch : *newest;
}

enum { APPENDED_MOST = 4096 };

/* --- stored once --- */

struct stored_one {
    int64_t time_ms;
    char id[BULLA_ID_SIZE];
};

struct stored_list {
    struct stored_one *items;
    size_t n, size;
};

static void keep_stored(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct stored_list *list = context;
    (void)raw;
    if (list->n == list->size) {
        list->size = list->size * 2 + 1024;
        list->items = realloc(list->items, list->size * sizeof *list->items);
        if (!list->items)
            abort();
    }
    struct stored_one *one = &list->items[list->n++];
    one->time_ms = bulla_observation_knows(o, BULLA_HAS_TIME) ? o->time_ms : 0;
    memcpy(one->id, o->id, sizeof one->id);
}

static int by_id(const void *left, const void *right)
{
    return strcmp(((const struct stored_one *)left)->id, ((const struct stored_one *)right)->id);
}

static int by_time(const void *left, const void *right)
{
    int64_t a = ((const struct stored_one *)left)->time_ms, b = ((const struct stored_one *)right)->time_ms;
    return a < b ? -1 : a > b;
}

static void check_once(struct carrier *c, struct stored_list *list)
{
    qsort(list->items, list->n, sizeof *list->items, by_id);
    for (size_t i = 1; i < list->n; i++)
        if (strcmp(list->items[i].id, list->items[i - 1].id) == 0)
            sim_broken(c->sim, "stored exactly once", "%s: observation %s is stored twice", c->seal, list->items[i].id);
}

static void trace_one(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct simulation *sim = context;
    char hex[400] = "";
    size_t n = raw.len < sizeof hex / 2 - 1 ? raw.len : sizeof hex / 2 - 1;
    bulla_hex_put(hex, raw.at, n);
    sim_trace(sim, "  stored: %s, received %lld: %s", o->id, (long long)o->received_ms, hex);
}

/* Every acknowledged record of this round has its observation, and no more are there than records were made. Two records of one
 * moment may say the same, and are one observation. */
static void check_told(struct carrier *c, struct stored_list *list)
{
    qsort(list->items, list->n, sizeof *list->items, by_time);
    size_t at = 0;
    for (size_t i = c->first_told; i < c->n_told;) {
        int64_t time_ms = c->told[i].time_ms;
        size_t acknowledged = 0, made = 0, stored = 0;
        for (; i < c->n_told && c->told[i].time_ms == time_ms; i++) {
            acknowledged += c->told[i].acknowledged;
            made++;
        }
        while (at < list->n && list->items[at].time_ms < time_ms)
            at++;
        for (size_t k = at; k < list->n && list->items[k].time_ms == time_ms; k++)
            stored++;
        bool lost = acknowledged && !stored;
        if (lost || stored > made)
            store_observations(sim_store(c->sim), c->seal, time_ms, time_ms, 0, trace_one, c->sim);
        if (lost)
            sim_broken(c->sim, "acknowledged means stored", "%s: of %zu records made at %lld %zu were acknowledged and %zu are stored",
                       c->seal, made, (long long)time_ms, acknowledged, stored);
        if (stored > made)
            sim_broken(c->sim, "stored exactly once", "%s: %zu records were made at %lld and %zu are stored", c->seal, made,
                       (long long)time_ms, stored);
    }
    c->sim->result->stored += list->n;
}

static void check_seal(struct carrier *c)
{
    struct simulation *sim = c->sim;
    struct stored_list list = {NULL, 0, 0};
    int64_t from_ms = c->first_told < c->n_told ? c->told[c->first_told].time_ms : INT64_MAX;
    if (from_ms == INT64_MAX)
        return;
    if (store_observations(sim_store(sim), c->seal, from_ms, INT64_MAX, 0, keep_stored, &list) != STORE_OK)
        sim_broken(sim, "the store can be read", "%s: %s", c->seal, store_error(NULL));
    else {
        check_once(c, &list);
        check_told(c, &list);
    }
    free(list.items);
}

/* --- alarms are those of the rules run afresh --- */

struct alarms {
    struct alarm *items;
    size_t n;
};

static void keep_alarm(void *context, const struct alarm *alarm)
{
    struct alarms *list = context;
    list->items = realloc(list->items, (list->n + 1) * sizeof *list->items);
    if (!list->items)
        abort();
    list->items[list->n++] = *alarm;
}

static void keep_record(void *context, const void *record)
{
    const struct alarm *alarm = record;
    if (alarm->state != ALARM_STATE_WITHDRAWN)
        keep_alarm(context, alarm);
}

static int by_alarm(const void *left, const void *right)
{
    return strcmp(((const struct alarm *)left)->id, ((const struct alarm *)right)->id);
}

static void ignore(void *host, enum engine_change change, const struct alarm *alarm)
{
    (void)host;
    (void)change;
    (void)alarm;
}

struct telling {
    void (*each)(void *context, const struct bulla_observation *o);
    void *context;
};

static void tell_one(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct telling *t = context;
    (void)raw;
    t->each(t->context, o);
}

static bool history(void *host, const char *seal, int64_t from_ms, int64_t until_ms,
                    void (*each)(void *context, const struct bulla_observation *o), void *context)
{
    struct telling t = {each, context};
    return store_observations(sim_store(host), seal, from_ms, until_ms, 0, tell_one, &t) >= 0;
}

static void run_afresh(struct simulation *sim, const char *journey, struct alarms *out)
{
    struct engine_host host = {sim, ignore, history, true};
    struct engine *engine = engine_new(&host);
    struct journey *j = NULL;
    if (store_journey_get(sim_store(sim), journey, &j) == STORE_OK) {
        int64_t now_ms = sim_events_now_ms(&sim->events);
        engine_journey_put(engine, j, now_ms);
        engine_tick(engine, now_ms);
        engine_standing(engine, journey, keep_alarm, out);
    } else {
        sim_broken(sim, "records stay", "journey %s is gone: %s", journey, store_error(NULL));
    }
    journey_free(j);
    engine_free(engine);
}

static const char *difference(const struct alarm *stored, const struct alarm *fresh)
{
    return stored->onset_ms != fresh->onset_ms   ? "the onset"
           : stored->grade != fresh->grade       ? "the grade"
           : stored->ended_ms != fresh->ended_ms ? "the end"
           : stored->count != fresh->count       ? "the count"
                                                 : NULL;
}

static void tell_alarm(struct simulation *sim, const char *what, const struct alarm *a)
{
    sim_broken(sim, "alarms are those of the rules run afresh", "%s: %s %s of %s, onset %lld, raised %lld, ended %lld, count %u: %s", what,
               alarm_kind_text(a->kind), a->journey, a->seal, (long long)a->onset_ms, (long long)a->raised_ms, (long long)a->ended_ms,
               a->count, a->why);
}

static void compare(struct simulation *sim, struct alarms *stored, struct alarms *fresh)
{
    if (stored->n)
        qsort(stored->items, stored->n, sizeof *stored->items, by_alarm);
    if (fresh->n)
        qsort(fresh->items, fresh->n, sizeof *fresh->items, by_alarm);
    size_t i = 0, k = 0;
    while (i < stored->n || k < fresh->n) {
        int order = i == stored->n ? 1 : k == fresh->n ? -1 : by_alarm(&stored->items[i], &fresh->items[k]);
        if (order < 0) {
            tell_alarm(sim, "stored and not found afresh", &stored->items[i++]);
            continue;
        }
        if (order > 0) {
            tell_alarm(sim, "missing", &fresh->items[k++]);
            continue;
        }
        const char *other = difference(&stored->items[i], &fresh->items[k]);
        if (other) {
            char what[80];
            snprintf(what, sizeof what, "%s differs: stored", other);
            tell_alarm(sim, what, &stored->items[i]);
            tell_alarm(sim, "afresh", &fresh->items[k]);
        }
        i++;
        k++;
    }
}

static void check_journey(struct simulation *sim, const char *journey)
{
    struct alarms stored = {NULL, 0}, fresh = {NULL, 0};
    struct store_query q = {.limit = 1000};
    char next[120];
    snprintf(q.journey, sizeof q.journey, "%s", journey);
    if (store_alarms(sim_store(sim), &q, keep_record, &stored, next) != STORE_OK)
        sim_broken(sim, "the store can be read", "%s", store_error(NULL));
    run_afresh(sim, journey, &fresh);
    compare(sim, &stored, &fresh);
    sim->result->alarms += stored.n;
    for (size_t i = 0; i < stored.n; i++)
        sim_events_note(&sim->events, stored.items[i].id, sizeof stored.items[i].id);
    free(stored.items);
    free(fresh.items);
}

/* --- the audit has no gap --- */

struct numbers {
    int64_t *items;
    size_t n;
};

static void take_number(void *context, const void *record)
{
    struct numbers *numbers = context;
    numbers->items = realloc(numbers->items, (numbers->n + 1) * sizeof *numbers->items);
    if (!numbers->items)
        abort();
    numbers->items[numbers->n++] = ((const struct audit *)record)->seq;
}

static int by_number(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

/* The list is in order of time, by clocks that are not always right. */
static void check_audit(struct simulation *sim)
{
    struct store_query q = {.limit = 1000};
    struct numbers numbers = {NULL, 0};
    do {
        if (store_audits(sim_store(sim), &q, take_number, &numbers, q.after) != STORE_OK) {
            sim_broken(sim, "the store can be read", "%s", store_error(NULL));
            break;
        }
    } while (q.after[0]);
    if (numbers.n)
        qsort(numbers.items, numbers.n, sizeof *numbers.items, by_number);
    for (size_t i = 0; i < numbers.n; i++)
        if (numbers.items[i] != (int64_t)i + 1) {
            sim_broken(sim, "the audit has no gap", "number %zu is %lld", i + 1, (long long)numbers.items[i]);
            break;
        }
    free(numbers.items);
}

void sim_check_appended(void *host, const struct store_row *rows, size_t n)
{
    struct simulation *sim = host;
    if (!sim->appended)
        sim->appended = calloc(APPENDED_MOST, sizeof *sim->appended);
    for (size_t i = 0; sim->appended && i < n; i++)
        memcpy(sim->appended[sim->n_appended++ % APPENDED_MOST], rows[i].o->id, BULLA_ID_SIZE);
}

static void ignore_one(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    (void)context;
    (void)o;
    (void)raw;
}

void sim_check_records(struct simulation *sim)
{
    struct store *store = sim_store(sim);
    for (size_t i = 0; i < APPENDED_MOST && i < sim->n_appended && store; i++)
        if (store_observation_get(store, sim->appended[i], ignore_one, NULL) == STORE_NOT_FOUND) {
            sim_broken(sim, "what is stored stays", "observation %s is gone after a crash", sim->appended[i]);
            break;
        }
    for (unsigned i = 0; i < sim->n_fleet && store; i++) {
        struct journey *j = NULL;
        if (sim->fleet[i].journey && store_journey_get(store, sim->fleet[i].journey->id, &j) == STORE_NOT_FOUND)
            sim_broken(sim, "records stay", "journey %s is gone after a crash", sim->fleet[i].journey->id);
        journey_free(j);
    }
}

void sim_check_round(struct simulation *sim)
{
    for (unsigned i = 0; i < sim->n_fleet && !sim->result->failed; i++) {
        check_seal(&sim->fleet[i]);
        if (sim->fleet[i].journey)
            check_journey(sim, sim->fleet[i].journey->id);
    }
    check_audit(sim);
}
