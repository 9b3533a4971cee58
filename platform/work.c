/* SPDX-License-Identifier: Apache-2.0
 *
 * THE FUNNEL. Everything that devices say passes here, in one order, on the engine thread:
 *
 *   1 take     a batch of observations: from the gateway, or from the bus what belongs to the partitions held
 *   2 append   store it; what was stored before is known as a duplicate
 *   3 observe  live state, journey states, command verdicts, rules
 *   4 alarms   write what the rules found
 *   5 timers   rules, commands and seal records whose time has come
 *   6 end      all of this is one transaction where the store can: durable as a whole, or undone
 *   7 release  now, and not before: replies go to the devices, events to the streams
 *
 * A turn never waits for the store: what could not be done is kept and tried again later. When a transaction was undone, what is
 * in memory is ahead of the store; it is thrown away and built again from there (`stale`).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/platform_internal.h"

#define COMMANDS_EVERY_MS 1000
#define REGISTER_PAUSE_MS 5 /* between turns while some are left */
#define LOOK_EVERY_MS     500

uint64_t elapsed_us(const struct timespec *since)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)((now.tv_sec - since->tv_sec) * 1000000 + (now.tv_nsec - since->tv_nsec) / 1000);
}

/* --- inbox: what other threads and other nodes changed --- */

/* What a carrier may know of an alarm: that it is, not how we know. */
static json_t *reduced(json_t *alarm)
{
    static const char *const kept[] = {"id", "kind", "grade", "journey", "seal", "onset", "raised", "ended", "state"};
    json_t *json = json_object();
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        json_object_set(json, kept[i], json_object_get(alarm, kept[i]));
    return json;
}

/* Who carries the alarm's journey. A node that does not supervise it asks the store: officers change alarms of any journey, and the
 * carrier may read the stream of any node. */
static void carrier_of(struct platform *p, const struct alarm *a, char carrier[MODEL_ID_SIZE])
{
    const struct supervised *s = journeys_of(p, a->seal);
    struct journey *j = NULL;
    carrier[0] = '\0';
    if (s && strcmp(s->id, a->journey) == 0)
        snprintf(carrier, MODEL_ID_SIZE, "%s", s->carrier);
    else if (store_journey_get(p->store, a->journey, &j) == STORE_OK)
        snprintf(carrier, MODEL_ID_SIZE, "%s", j->carrier);
    journey_free(j);
}

static void publish_alarm(struct platform *p, const struct alarm *a,
                          void (*put)(struct platform *, enum live_kind, enum audience, const char *, json_t *))
{
    char carrier[MODEL_ID_SIZE];
    json_t *json = alarm_to_json(a);
    carrier_of(p, a, carrier);
    if (carrier[0])
        put(p, LIVE_ALARM, AUDIENCE_CARRIER, carrier, reduced(json));
    put(p, LIVE_ALARM, AUDIENCE_OFFICERS, "", json);
}

static void alarm_changed(struct platform *p, const char *id)
{
    struct alarm a;
    if (store_alarm_get(p->store, id, &a) != STORE_OK)
        return;
    live_grade(p, a.journey);
    publish_alarm(p, &a, stream_put_here);
}

static void run_inbox(struct platform *p)
{
    static void (*const handlers[])(struct platform *, const char *) = {
        [INBOX_JOURNEY] = journeys_changed,
        [INBOX_SEAL] = profiles_changed,
        [INBOX_ALARM] = alarm_changed,
        [INBOX_COMMAND] = commands_inbox,
        [INBOX_RULE] = definitions_changed,
    };
    pthread_mutex_lock(&p->inbox_mutex);
    struct inbox_item *items = p->inbox;
    p->inbox = NULL;
    p->inbox_end = &p->inbox;
    pthread_mutex_unlock(&p->inbox_mutex);
    while (items) {
        struct inbox_item *next = items->next;
        handlers[items->kind](p, items->id);
        free(items);
        items = next;
    }
}

/* --- alarms --- */

void work_on_alarm(void *host, enum engine_change change, const struct alarm *alarm)
{
    struct platform *p = host;
    if (p->n_found == p->found_size) {
        size_t bigger = p->found_size ? p->found_size * 2 : 64;
        struct alarm_change *grown = realloc(p->found, bigger * sizeof *grown);
        if (!grown)
            abort(); /* an alarm must not be lost: the start after this finds it again */
        p->found = grown;
        p->found_size = bigger;
    }
    p->found[p->n_found++] = (struct alarm_change){change, *alarm};
}

static void count_alarm(struct platform *p, enum engine_change change)
{
    atomic_ullong *const counters[] = {
        [ENGINE_RAISED] = &p->counts.alarms_raised,
        [ENGINE_CHANGED] = &p->counts.alarms_changed,
        [ENGINE_WITHDRAWN] = &p->counts.alarms_withdrawn,
    };
    atomic_fetch_add(counters[change], 1);
}

static void storing_again(struct platform *p)
{
    if (atomic_exchange(&p->no_space, false))
        log_say(LOG_INFO, "pipeline", "storing again");
}

static void not_storing(struct platform *p, const char *what)
{
    static struct log_gate gate;
    atomic_store(&p->no_space, true);
    p->retry_ms = clock_now(&p->clock) + LIMIT_RETRY_MS;
    log_gated(&gate, LOG_ERROR, "pipeline", "%s cannot be stored, trying again: %s", what, store_error(p->store));
}

/* An alarm that is found anew while a journey is taken up is news only when the store does not have it so. */
static bool is_known(struct platform *p, const struct alarm_change *c)
{
    struct alarm a;
    const struct alarm *f = &c->alarm;
    if (store_alarm_get(p->store, f->id, &a) != STORE_OK)
        return c->change == ENGINE_WITHDRAWN; /* it never was one to others */
    if ((c->change == ENGINE_WITHDRAWN) != (a.state == ALARM_STATE_WITHDRAWN))
        return c->change == ENGINE_WITHDRAWN && a.state == ALARM_STATE_RESOLVED;
    return a.grade == f->grade && a.ended_ms == f->ended_ms && a.count == f->count && strcmp(a.why, f->why) == 0 &&
           a.n_evidence == f->n_evidence && memcmp(a.evidence, f->evidence, f->n_evidence * sizeof *f->evidence) == 0;
}

static void drop_known(struct platform *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n_found; i++)
        if (!is_known(p, &p->found[i]))
            p->found[kept++] = p->found[i];
    p->n_found = kept;
}

static int put_found(struct platform *p)
{
    struct alarm *alarms = p->n_found ? malloc(p->n_found * sizeof *alarms) : NULL;
    if (!alarms)
        return p->n_found ? STORE_FAILED : STORE_OK;
    for (size_t i = 0; i < p->n_found; i++)
        alarms[i] = p->found[i].alarm;
    int stored = store_alarm_found(p->store, alarms, p->n_found);
    free(alarms);
    return stored;
}

/* Alarms and the states of commands: one transaction, where each would be its own. */
static int put_results(struct platform *p)
{
    int stored = store_work_joins(p->store) ? STORE_CONFLICT : store_group_begin(p->store);
    if (stored == STORE_OK) {
        stored = commands_put(p);
        stored = stored == STORE_OK ? put_found(p) : stored;
        int ended = store_group_end(p->store);
        stored = stored == STORE_OK ? ended : stored;
    }
    if (stored > 0) { /* they are one as it is, or one of them spoils the others */
        commands_put_each(p);
        stored = put_found(p);
    }
    return stored;
}

bool work_flush(struct platform *p)
{
    if (p->catching_up)
        drop_known(p);
    if (p->n_found == 0 && p->n_moved == 0)
        return true;
    if (put_results(p) < 0) { /* kept: what was found is not given up because a disk is full for a while */
        not_storing(p, "alarms and the states of commands");
        return false;
    }
    p->n_moved = 0;
    storing_again(p);
    for (size_t i = 0; i < p->n_found; i++) {
        struct alarm a;
        count_alarm(p, p->found[i].change);
        if (store_alarm_get(p->store, p->found[i].alarm.id, &a) != STORE_OK) /* with what people did to it */
            continue;
        live_grade(p, a.journey);
        publish_alarm(p, &a, stream_put);
    }
    p->n_found = 0;
    return true;
}

/* --- a batch --- */

static bool prepare_rows(struct platform *p, struct batch *b)
{
    if (b->n_rows > p->rows_size) {
        struct store_row *grown = realloc(p->rows, b->n_rows * sizeof *grown);
        if (!grown)
            return false;
        p->rows = grown;
        p->rows_size = b->n_rows;
    }
    for (size_t i = 0; i < b->n_rows; i++) {
        struct batch_row *row = &b->rows[i];
        if (!row->o.id[0])
            identity_name(p->identity, &row->o);
        p->rows[i] = (struct store_row){.o = &row->o, .raw = {b->bytes + row->raw_at, row->raw_len}};
    }
    return true;
}

static void count_commit(struct platform *p, const struct timespec *began)
{
    uint64_t us = elapsed_us(began);
    atomic_store(&p->counts.commit_us_last, us);
    if (us > atomic_load(&p->counts.commit_us_most))
        atomic_store(&p->counts.commit_us_most, us);
}

/* Until this succeeds nothing of the batch is acknowledged and, once the next batch is full, sockets are not read. */
static bool append(struct platform *p, struct batch *b)
{
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    if (b->n_rows > 0 && (!prepare_rows(p, b) || store_append(p->store, p->rows, b->n_rows) != STORE_OK)) {
        char what[64];
        snprintf(what, sizeof what, "%zu observations (not acknowledged)", b->n_rows);
        atomic_fetch_add(&p->counts.append_failures, 1);
        not_storing(p, what);
        return false;
    }
    if (b->n_rows > 0)
        count_commit(p, &began);
    return true;
}

/* It is durable: its replies may go. */
static void stored(struct platform *p, struct batch *b)
{
    if (p->batch_stored)
        return;
    p->batch_stored = true;
    storing_again(p);
    atomic_fetch_add(&p->counts.batches, 1);
    if (!p->bus)
        gateway_stored(p->gateway, b);
}

/* A journey that sleeps is woken for news, while there is time; else it comes to it soon, and what is said meanwhile is read with the
 * rest. To wake is to read its history: thousands that begin to speak together would hold up everything else. */
static bool judge(struct platform *p, struct supervised *s, const char *seal, const struct bulla_observation *o, bool news)
{
    if (!cluster_holds(p, s->home)) {
        relay_handover(p, s->home);
        return store_handover_put(p->store, s->home, seal, o->id) == STORE_OK;
    }
    if (s->judged)
        engine_observe(p->engine, o);
    else if (news && journeys_may_wake(p))
        return journeys_wake(p, s); /* with this observation: it is in the store */
    else
        journeys_stir(p, s, news);
    journeys_follow(p, s, o);
    return true;
}

static bool observe(struct platform *p, const struct bulla_observation *o, bool news)
{
    char seal[MODEL_SEAL_SIZE];
    snprintf(seal, sizeof seal, "%s:%s", o->protocol, o->device);
    struct supervised *s = journeys_of(p, seal);
    if (live_observe(p, o, s))
        work_register(p, seal);
    commands_heard(p, o);
    bool told = s && s->judged && cluster_holds(p, s->home);
    return (!s || judge(p, s, seal, o, news)) && carriers_heard(p, seal, o, told, true);
}

static void store_damages_of(struct platform *p, const struct batch *b)
{
    struct store_damage kept[LIMIT_DAMAGES_PER_BATCH];
    size_t n = b->n_damages < LIMIT_DAMAGES_PER_BATCH ? b->n_damages : LIMIT_DAMAGES_PER_BATCH;
    for (size_t i = 0; i < n; i++) {
        const struct batch_damage *d = &b->damages[i];
        kept[i] = (struct store_damage){.received_ms = d->received_ms, .raw = {b->bytes + d->raw_at, d->raw_len}};
        snprintf(kept[i].protocol, sizeof kept[i].protocol, "%s", d->protocol);
        snprintf(kept[i].peer, sizeof kept[i].peer, "%s", d->peer);
        snprintf(kept[i].outcome, sizeof kept[i].outcome, "%s", bulla_status_text(d->outcome));
        snprintf(kept[i].why, sizeof kept[i].why, "%s", d->why);
    }
    if (n && store_damage_put(p->store, kept, n) == STORE_OK)
        atomic_fetch_add(&p->counts.damages, n);
}

static void take_notes(struct platform *p, const struct batch *b)
{
    for (size_t i = 0; i < b->n_notes; i++) {
        const struct batch_note *note = &b->notes[i];
        if (note->kind == NOTE_CONNECTED || note->kind == NOTE_DISCONNECTED)
            live_connected(p, note->seal, note->kind == NOTE_CONNECTED, note->via);
        else
            commands_note(p, note);
    }
}

static bool run_batch(struct platform *p, struct batch *b)
{
    int64_t began_ms = clock_now(&p->clock);
    bool done = true;
    if (!append(p, b))
        return false;
    if (!store_work_joins(p->store))
        stored(p, b);
    take_notes(p, b);
    for (size_t i = 0; i < b->n_rows && done; i++) {
        if (p->rows[i].duplicate) {
            atomic_fetch_add(&p->counts.duplicates, 1);
            continue;
        }
        atomic_fetch_add(&p->counts.stored, 1);
        done = observe(p, &b->rows[i].o, b->rows[i].news);
    }
    engine_tick(p->engine, clock_now(&p->clock)); /* what came together is judged together */
    if (b->n_damages)
        store_damages_of(p, b);
    b->rows_ms = clock_now(&p->clock) - began_ms;
    return done;
}

/* --- timers --- */

static void run_timers(struct platform *p, int64_t now_ms)
{
    if (engine_next_due(p->engine) <= now_ms)
        engine_tick(p->engine, now_ms);
    if (clock_due(p->commands_due_ms, now_ms, COMMANDS_EVERY_MS)) {
        commands_tick(p, now_ms);
        p->commands_due_ms = now_ms + COMMANDS_EVERY_MS;
        if (p->definitions_due)
            definitions_load(p);
    }
    register_turn(p, now_ms);
}

/* --- a turn --- */

bool work_engine_new(struct platform *p)
{
    struct engine_host host = {p, work_on_alarm, pipeline_history, true};
    engine_free(p->engine);
    p->engine = engine_new(&host);
    p->definitions_due = p->engine != NULL;
    if (p->engine)
        definitions_load(p);
    return p->engine != NULL;
}

/* Throws away what memory made of work that was undone, and builds it again from the store. */
static bool refresh(struct platform *p)
{
    journeys_clear(p);
    commands_clear(p);
    p->n_found = 0;
    if (!work_engine_new(p))
        return false;
    if (p->bus) {
        cluster_reset(p);
        return !p->stale;
    }
    p->stale = !journeys_learn(p);
    if (!p->stale)
        commands_load(p, NULL);
    return !p->stale;
}

static void finish_batch(struct platform *p)
{
    if (p->bus)
        cluster_applied(p);
    else
        gateway_done(p->gateway, p->batch);
    p->batch = NULL;
    p->batch_stored = false;
}

static void undone(struct platform *p)
{
    atomic_fetch_add(&p->counts.undone, 1);
    p->n_orders = 0;
    p->stale = true;
    p->retry_ms = clock_now(&p->clock) + LIMIT_RETRY_MS;
    not_storing(p, "what has come in");
    if (p->bus) { /* the stream gives it again */
        p->batch = NULL;
        p->batch_stored = false;
    }
}

/* What a turn does inside one transaction. */
static bool inside(struct platform *p, int64_t now_ms)
{
    bool fresh = p->batch && !p->batch_stored;
    if (!work_flush(p)) /* found earlier */
        return false;
    run_inbox(p);
    if (p->batch && (fresh || store_work_joins(p->store)) && !run_batch(p, p->batch))
        return false;
    if (p->bus)
        cluster_take_handovers(p, now_ms);
    journeys_wake_some(p);
    run_timers(p, now_ms);
    if (!work_flush(p))
        return false;
    return !p->cluster.n_progress || store_progress_put(p->store, p->cluster.progress, p->cluster.n_progress) == STORE_OK;
}

/* What others asked for, before a batch that may take its time: an order does not wait behind reports. Orders go out when this
 * is durable. False: it was undone. */
static bool asked_first(struct platform *p)
{
    pthread_mutex_lock(&p->inbox_mutex);
    bool asked = p->inbox != NULL;
    pthread_mutex_unlock(&p->inbox_mutex);
    if (!asked || !p->batch)
        return true;
    stream_hold(p);
    bool done = store_work_begin(p->store, p->cluster.leases, p->cluster.shared ? p->cluster.n_leases : 0) == STORE_OK;
    if (done)
        run_inbox(p);
    bool joins = store_work_joins(p->store), kept = store_work_end(p->store, done) == STORE_OK && done;
    stream_release(p, kept || !joins);
    if (!kept && (joins || p->bus)) {
        undone(p);
        return false;
    }
    commands_send(p);
    return true;
}

static void one_transaction(struct platform *p, int64_t now_ms)
{
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    stream_hold(p);
    p->n_entering = 0;
    p->woken_us = p->n_woken = 0;
    bool done = store_work_begin(p->store, p->cluster.leases, p->cluster.shared ? p->cluster.n_leases : 0) == STORE_OK;
    done = done && inside(p, now_ms);
    int64_t ending_ms = clock_now(&p->clock);
    bool joins = store_work_joins(p->store), kept = store_work_end(p->store, done) == STORE_OK && done;
    stream_release(p, kept || !joins);
    if (!kept && (joins || p->bus)) {
        undone(p);
        return;
    }
    if (p->batch) {
        p->batch->rows_ms += clock_now(&p->clock) - ending_ms;
        if (p->bus && p->batch->n_rows)
            cluster_took(p, p->batch->n_rows, p->batch->rows_ms - (int64_t)p->woken_us / 1000);
    }
    register_done(p);
    commands_send(p);
    if (p->batch && kept)
        stored(p, p->batch);
    if (p->batch && p->batch_stored) {
        if (joins)
            count_commit(p, &began);
        finish_batch(p);
    }
}

static struct batch *take(struct platform *p, unsigned wait_ms)
{
    int64_t left_ms = p->n_unregistered ? p->register_due_ms - clock_now(&p->clock) : wait_ms;
    unsigned least_ms = left_ms < REGISTER_PAUSE_MS ? REGISTER_PAUSE_MS : (unsigned)left_ms;
    wait_ms = p->stepped ? 0 : wait_ms < least_ms ? wait_ms : least_ms;
    return p->bus ? cluster_gather(p, wait_ms) : gateway_take(p->gateway, wait_ms);
}

static unsigned rest(struct platform *p, int64_t until_ms, int64_t now_ms)
{
    int64_t left = until_ms - now_ms;
    unsigned ms = left < 1 ? 1 : left > LIMIT_RETRY_MS ? LIMIT_RETRY_MS : (unsigned)left;
    if (!p->stepped)
        nanosleep(&(struct timespec){0, (long)(ms > 50 ? 50 : ms) * 1000000}, NULL);
    return ms;
}

static unsigned next_due(struct platform *p, int64_t now_ms)
{
    int64_t due_ms = engine_next_due(p->engine);
    due_ms = p->commands_due_ms < due_ms ? p->commands_due_ms : due_ms;
    due_ms = p->n_unregistered && p->register_due_ms < due_ms ? p->register_due_ms : due_ms;
    if (journeys_asleep(p))
        return 0;
    return due_ms <= now_ms ? 0 : due_ms - now_ms > WORK_WAIT_MOST_MS ? WORK_WAIT_MOST_MS : (unsigned)(due_ms - now_ms);
}

/* Counting goes through every journey: not at every turn. */
static void look(struct platform *p, int64_t now_ms)
{
    if (!clock_due(p->look_due_ms, now_ms, LOOK_EVERY_MS))
        return;
    p->look_due_ms = now_ms + LOOK_EVERY_MS;
    struct engine_counts counts = engine_counts(p->engine);
    pthread_mutex_lock(&p->inbox_mutex);
    p->engine_seen = counts;
    pthread_mutex_unlock(&p->inbox_mutex);
}

unsigned work_turn(struct platform *p, unsigned wait_ms)
{
    int64_t now_ms = clock_now(&p->clock);
    cluster_turn(p, now_ms);
    bool rests = !clock_due(p->retry_ms, now_ms, LIMIT_RETRY_MS);
    if (p->bus && (p->stale || rests))
        cluster_serve(p);
    if (rests)
        return rest(p, p->retry_ms, now_ms);
    if (p->stale && !refresh(p)) {
        p->retry_ms = now_ms + LIMIT_RETRY_MS;
        return rest(p, p->retry_ms, now_ms);
    }
    if (!p->batch && p->n_found == 0 && p->n_moved == 0)
        p->batch = take(p, journeys_asleep(p) ? 0 : wait_ms);
    if (asked_first(p))
        one_transaction(p, clock_now(&p->clock));
    look(p, now_ms);
    return p->batch ? LIMIT_RETRY_MS : next_due(p, clock_now(&p->clock));
}
