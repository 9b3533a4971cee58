/* SPDX-License-Identifier: Apache-2.0
 *
 * THE FUNNEL. Everything that devices say passes here, in one order, on the engine thread:
 *
 *   1 take     a batch of observations from the gateway
 *   2 name     give each its identity
 *   3 append   make the batch durable; what was stored before is known as a duplicate
 *   4 release  now, and not before, the gateway may send the replies
 *   5 observe  live state, journey states, command verdicts, rules
 *   6 alarms   write what the rules found, then publish it
 *   7 timers   rules, commands and positions whose time has come
 */
#include "platform/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/base/ulid.h"
#include "platform/platform_internal.h"

#define WAIT_MOST_MS 200
#define COMMANDS_EVERY_MS 1000
#define REGISTER_PAUSE_MS 5  /* between turns while some are left */
#define REGISTER_PER_TURN 16 /* seal records written for unknown devices in one turn, so that alarms do not wait */

/* --- inbox --- */

void pipeline_inbox(struct platform *p, enum inbox_kind kind, const char *id)
{
    struct inbox_item *item = calloc(1, sizeof *item);
    if (!item)
        return;
    item->kind = kind;
    snprintf(item->id, sizeof item->id, "%s", id);
    pthread_mutex_lock(&p->inbox_mutex);
    *p->inbox_end = item;
    p->inbox_end = &item->next;
    pthread_mutex_unlock(&p->inbox_mutex);
    gateway_wake(p->gateway);
}

void platform_journey_changed(struct platform *p, const char *id)
{
    pipeline_inbox(p, INBOX_JOURNEY, id);
}

void platform_seal_changed(struct platform *p, const char *id)
{
    pipeline_inbox(p, INBOX_SEAL, id);
}

void platform_alarm_changed(struct platform *p, const char *id)
{
    pipeline_inbox(p, INBOX_ALARM, id);
}

/* What a carrier may know of an alarm: that it is, not how we know. */
static json_t *reduced(json_t *alarm)
{
    static const char *const kept[] = {"id", "kind", "grade", "journey", "seal", "onset", "raised", "ended", "state"};
    json_t *json = json_object();
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        json_object_set(json, kept[i], json_object_get(alarm, kept[i]));
    return json;
}

static void publish_alarm(struct platform *p, const struct alarm *a)
{
    struct binding *b = journeys_of(p, a->seal);
    json_t *json = alarm_to_json(a);
    if (b && strcmp(b->journey, a->journey) == 0 && b->carrier[0])
        stream_put(p, LIVE_ALARM, AUDIENCE_CARRIER, b->carrier, reduced(json));
    stream_put(p, LIVE_ALARM, AUDIENCE_OFFICERS, "", json);
}

static void alarm_changed(struct platform *p, const char *id)
{
    struct alarm a;
    if (store_alarm_get(p->store, id, &a) != STORE_OK)
        return;
    live_grade(p, a.journey);
    publish_alarm(p, &a);
}

static void run_inbox(struct platform *p)
{
    static void (*const handlers[])(struct platform *, const char *) = {
        [INBOX_JOURNEY] = journeys_changed,
        [INBOX_SEAL] = profiles_changed,
        [INBOX_ALARM] = alarm_changed,
        [INBOX_COMMAND] = commands_inbox,
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

void pipeline_on_alarm(void *host, enum engine_change change, const struct alarm *alarm)
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

/* Writes until it is written: an alarm that was found is not given up because a disk is full for a while. Only the start
 * does not wait for it, so that somebody can ask what is wrong; the first turn tries again. */
static bool store_found(struct platform *p)
{
    static struct log_gate gate;
    struct alarm *alarms = malloc(p->n_found * sizeof *alarms);
    if (!alarms)
        return false;
    for (size_t i = 0; i < p->n_found; i++)
        alarms[i] = p->found[i].alarm;
    int stored;
    while ((stored = store_alarm_found(p->store, alarms, p->n_found)) < 0 && !atomic_load(&p->stopping)) {
        log_gated(&gate, LOG_ERROR, "pipeline", "alarms cannot be stored, trying again: %s", store_error(p->store));
        atomic_store(&p->no_space, true);
        if (p->catching_up)
            break;
        nanosleep(&(struct timespec){0, LIMIT_RETRY_MS * 1000000L}, NULL);
    }
    free(alarms);
    if (stored == STORE_OK)
        storing_again(p);
    return stored == STORE_OK;
}

void pipeline_flush_alarms(struct platform *p)
{
    if (p->n_found == 0)
        return;
    bool stored = store_found(p);
    if (!stored && p->catching_up)
        return;
    for (size_t i = 0; stored && i < p->n_found; i++) {
        struct alarm a;
        count_alarm(p, p->found[i].change);
        if (store_alarm_get(p->store, p->found[i].alarm.id, &a) != STORE_OK) /* with what people did to it */
            continue;
        if (!p->catching_up) {
            live_grade(p, a.journey);
            publish_alarm(p, &a);
        }
    }
    p->n_found = 0;
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
        identity_name(p->identity, &row->o);
        p->rows[i] = (struct store_row){.o = &row->o, .raw = {b->bytes + row->raw_at, row->raw_len}};
    }
    return true;
}

static uint64_t elapsed_us(const struct timespec *since)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)((now.tv_sec - since->tv_sec) * 1000000 + (now.tv_nsec - since->tv_nsec) / 1000);
}

/* Stores the batch, however long it takes: until then nothing is acknowledged and, once the next batch is full, sockets
 * are not read. False only when the platform stops meanwhile. */
static bool append(struct platform *p, size_t n)
{
    static struct log_gate gate;
    struct timespec began;
    for (;;) {
        clock_gettime(CLOCK_MONOTONIC, &began);
        int stored = store_append(p->store, p->rows, n);
        if (stored == STORE_OK)
            break;
        atomic_fetch_add(&p->counts.append_failures, 1);
        atomic_store(&p->no_space, true);
        log_gated(&gate, LOG_ERROR, "pipeline", "%zu observations cannot be stored and are not acknowledged, trying again: %s", n,
                  store_error(p->store));
        if (atomic_load(&p->stopping))
            return false;
        nanosleep(&(struct timespec){0, LIMIT_RETRY_MS * 1000000L}, NULL);
    }
    uint64_t us = elapsed_us(&began);
    atomic_store(&p->counts.commit_us_last, us);
    if (us > atomic_load(&p->counts.commit_us_most))
        atomic_store(&p->counts.commit_us_most, us);
    storing_again(p);
    return true;
}

void pipeline_register(struct platform *p, const char *seal)
{
    char(*grown)[MODEL_SEAL_SIZE] = realloc(p->unregistered, (p->n_unregistered + 1) * sizeof *grown);
    if (!grown)
        return;
    p->unregistered = grown;
    snprintf(p->unregistered[p->n_unregistered++], MODEL_SEAL_SIZE, "%s", seal);
}

static void observe(struct platform *p, const struct bulla_observation *o)
{
    char seal[MODEL_SEAL_SIZE];
    snprintf(seal, sizeof seal, "%s:%s", o->protocol, o->device);
    struct binding *binding = journeys_of(p, seal);
    if (live_observe(p, o, binding))
        pipeline_register(p, seal);
    commands_heard(p, o);
    if (binding) {
        engine_observe(p->engine, o);
        journeys_follow(p, binding, o);
    }
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
            live_connected(p, note->seal, note->kind == NOTE_CONNECTED);
        else
            commands_note(p, note);
    }
}

static void run_batch(struct platform *p, struct batch *b)
{
    if (b->n_rows > 0 && (!prepare_rows(p, b) || !append(p, b->n_rows))) {
        b->n_replies = 0; /* not stored, so never acknowledged: the devices send it again */
        gateway_stored(p->gateway, b);
        gateway_done(p->gateway, b);
        return;
    }
    gateway_stored(p->gateway, b);
    atomic_fetch_add(&p->counts.batches, 1);
    take_notes(p, b);
    for (size_t i = 0; i < b->n_rows; i++) {
        if (p->rows[i].duplicate) {
            atomic_fetch_add(&p->counts.duplicates, 1);
            continue;
        }
        atomic_fetch_add(&p->counts.stored, 1);
        observe(p, &b->rows[i].o);
    }
    engine_tick(p->engine, clock_now(&p->clock)); /* what came together is judged together */
    pipeline_flush_alarms(p);
    if (b->n_damages)
        store_damages_of(p, b);
    gateway_done(p->gateway, b);
}

/* --- the rest of a turn --- */

/* A device that nobody entered becomes a seal record, so that officers see that it speaks. */
static void register_seals(struct platform *p, int64_t now_ms)
{
    static struct log_gate gate;
    if (now_ms < p->register_due_ms)
        return;
    for (size_t i = 0; i < REGISTER_PER_TURN && p->n_unregistered > 0; i++) {
        struct seal s = {.class_ = SEAL_CLASS_ACTIVE, .life = SEAL_LIFE_UNREGISTERED, .created_ms = now_ms};
        snprintf(s.id, sizeof s.id, "%s", p->unregistered[p->n_unregistered - 1]);
        if (store_seal_put(p->store, &s, NULL) < 0) {
            log_gated(&gate, LOG_ERROR, "pipeline", "%s cannot be entered, trying again: %s", s.id, store_error(p->store));
            p->register_due_ms = now_ms + LIMIT_RETRY_MS;
            break;
        }
        p->n_unregistered--;
        p->register_due_ms = 0;
        live_mark_registered(p, s.id);
    }
}

static void run_timers(struct platform *p)
{
    int64_t now_ms = clock_now(&p->clock);
    if (engine_next_due(p->engine) <= now_ms)
        engine_tick(p->engine, now_ms);
    pipeline_flush_alarms(p);
    if (now_ms >= p->commands_due_ms) {
        commands_tick(p, now_ms);
        p->commands_due_ms = now_ms + COMMANDS_EVERY_MS;
    }
    register_seals(p, now_ms);
    pthread_mutex_lock(&p->inbox_mutex);
    p->engine_seen = engine_counts(p->engine);
    pthread_mutex_unlock(&p->inbox_mutex);
}

static void *run(void *host)
{
    struct platform *p = host;
    for (;;) {
        struct batch *b = gateway_take(p->gateway, p->n_unregistered && !p->register_due_ms ? REGISTER_PAUSE_MS : WAIT_MOST_MS);
        run_inbox(p);
        if (b)
            run_batch(p, b);
        else if (atomic_load(&p->stopping))
            break;
        run_timers(p);
    }
    return NULL;
}

/* Positions are published beside the engine thread: making JSON of ten thousand seals takes longer than an alarm may wait.
 * Resting three times as long as it worked keeps this thread at a quarter of a core at most. */
static void *publish_positions(void *host)
{
    struct platform *p = host;
    while (!atomic_load(&p->stopping)) {
        struct timespec began;
        clock_gettime(CLOCK_MONOTONIC, &began);
        live_publish(p);
        uint64_t worked_us = elapsed_us(&began);
        uint64_t rest_us = worked_us * 3 > LIMIT_POSITIONS_MS * 1000 ? worked_us * 3 : LIMIT_POSITIONS_MS * 1000;
        nanosleep(&(struct timespec){(time_t)(rest_us / 1000000), (long)(rest_us % 1000000) * 1000}, NULL);
    }
    return NULL;
}

/* --- life --- */

void pipeline_audit(struct platform *p, struct audit *audit, const char *action, const char *object)
{
    memset(audit, 0, sizeof *audit);
    audit->time_ms = clock_now(&p->clock);
    snprintf(audit->user_name, sizeof audit->user_name, "bulla");
    snprintf(audit->action, sizeof audit->action, "%s", action);
    snprintf(audit->object, sizeof audit->object, "%s", object);
}

struct store *platform_store(struct platform *p)
{
    return p->store;
}

int64_t platform_now(struct platform *p)
{
    return clock_now(&p->clock);
}

void platform_new_id(struct platform *p, char id[MODEL_ID_SIZE])
{
    ulid_put(id, clock_now(&p->clock));
}

struct gateway *platform_gateway(struct platform *p)
{
    return p->gateway;
}

struct history_context {
    void (*each)(void *context, const struct bulla_observation *o);
    void *context;
};

static void history_one(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct history_context *h = context;
    (void)raw;
    h->each(h->context, o);
}

static bool history(void *host, const char *seal, int64_t from_ms, int64_t until_ms, void (*each)(void *, const struct bulla_observation *),
                    void *context)
{
    struct platform *p = host;
    struct history_context h = {each, context};
    return store_observations(p->store, seal, from_ms, until_ms, 0, history_one, &h) >= 0; /* an unreadable segment: the rest counts */
}

static void release(struct platform *p)
{
    commands_clear(p);
    journeys_clear(p);
    engine_free(p->engine);
    identity_free(p->identity);
    gateway_free(p->gateway);
    live_clear(&p->live);
    stream_clear(&p->stream);
    struct profile_entry *e, *next;
    HASH_ITER(hh, p->profiles, e, next)
    {
        HASH_DEL(p->profiles, e);
        free(e);
    }
    pthread_mutex_destroy(&p->inbox_mutex);
    pthread_rwlock_destroy(&p->profile_lock);
    free(p->found);
    free(p->rows);
    free(p->unregistered);
    free(p);
}

struct platform *platform_open(struct store *store, struct clock clock, char why[MODEL_WHY_SIZE])
{
    struct platform *p = calloc(1, sizeof *p);
    if (!p) {
        snprintf(why, MODEL_WHY_SIZE, "out of memory");
        return NULL;
    }
    p->store = store;
    p->clock = clock;
    p->inbox_end = &p->inbox;
    pthread_mutex_init(&p->inbox_mutex, NULL);
    pthread_rwlock_init(&p->profile_lock, NULL);
    snprintf(p->waiting_for, sizeof p->waiting_for, "the stored observations are being read");
    struct engine_host engine_host = {p, pipeline_on_alarm, history, true};
    struct gateway_host gateway_host = {p, profiles_find};
    bool ok = live_init(&p->live) && stream_init(&p->stream);
    p->engine = engine_new(&engine_host);
    p->identity = identity_new();
    p->gateway = gateway_new(&gateway_host, clock);
    if (ok && p->engine && p->identity && p->gateway)
        return p;
    snprintf(why, MODEL_WHY_SIZE, "out of memory");
    release(p);
    return NULL;
}

bool platform_start(struct platform *p, char why[MODEL_WHY_SIZE])
{
    profiles_load(p);
    p->catching_up = true;
    bool caught_up = journeys_catch_up(p, why);
    p->catching_up = false;
    if (!caught_up)
        return false;
    commands_load(p);
    if (!gateway_start(p->gateway)) {
        snprintf(why, MODEL_WHY_SIZE, "the loop thread could not be started");
        return false;
    }
    p->running = pthread_create(&p->thread, NULL, run, p) == 0;
    p->publishing = p->running && pthread_create(&p->publisher, NULL, publish_positions, p) == 0;
    if (!p->running)
        snprintf(why, MODEL_WHY_SIZE, "the engine thread could not be started");
    atomic_store(&p->ready, p->running);
    return p->running;
}

void platform_close(struct platform *p)
{
    if (!p)
        return;
    atomic_store(&p->ready, false);
    gateway_stop(p->gateway); /* what was read so far is still taken and stored */
    atomic_store(&p->stopping, true);
    gateway_wake(p->gateway);
    if (p->running)
        pthread_join(p->thread, NULL);
    if (p->publishing)
        pthread_join(p->publisher, NULL);
    struct batch *b;
    while ((b = gateway_take(p->gateway, 0))) {
        gateway_stored(p->gateway, b);
        gateway_done(p->gateway, b);
    }
    release(p);
}
