/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of the platform: what it is made of, its threads, and what other threads ask of them. The funnel is work.c.
 */
#include "platform/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/base/ulid.h"
#include "platform/platform_internal.h"

/* A transaction of a database server, with all that comes of a batch, may take so long. An alarm waits for two of them, and a
 * weak server is known to a fifth at best: with that it stays under a second. */
#define JOINED_TARGET_MS 300

/* --- what other threads ask of the engine thread --- */

void pipeline_wake(void *host)
{
    struct platform *p = host;
    if (!p->bus) {
        gateway_wake(p->gateway);
        return;
    }
    pthread_mutex_lock(&p->wake_mutex);
    p->woken = true;
    pthread_mutex_unlock(&p->wake_mutex);
    pthread_cond_signal(&p->wake);
}

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
    pipeline_wake(p);
}

/* In a cluster every node, this one too, learns of it from the store. */
static void changed(struct platform *p, enum inbox_kind kind, const char *id)
{
    if (p->bus) {
        atomic_store(&p->look_for_changes, true);
        pipeline_wake(p);
    } else {
        pipeline_inbox(p, kind, id);
    }
}

void platform_journey_changed(struct platform *p, const char *id)
{
    changed(p, INBOX_JOURNEY, id);
}

void platform_seal_changed(struct platform *p, const char *id)
{
    changed(p, INBOX_SEAL, id);
}

void platform_alarm_changed(struct platform *p, const char *id)
{
    changed(p, INBOX_ALARM, id);
}

void platform_rule_changed(struct platform *p, const char *id)
{
    changed(p, INBOX_RULE, id);
}

void platform_command_changed(struct platform *p, const char *id)
{
    changed(p, INBOX_COMMAND, id);
}

/* --- small things --- */

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

double platform_clock_speed(const struct platform *p)
{
    return p->clock_speed;
}

void platform_new_id(struct platform *p, char id[MODEL_ID_SIZE])
{
    ulid_put(id, clock_now(&p->clock));
}

int platform_backtest(struct platform *p, const struct backtest_wanted *wanted, char id[MODEL_ID_SIZE], char why[MODEL_WHY_SIZE])
{
    platform_new_id(p, id);
    return backtests_start(p->backtests, wanted, id, why);
}

json_t *platform_backtest_get(struct platform *p, const char *id)
{
    return backtests_get(p->backtests, id);
}

bool platform_backtest_cancel(struct platform *p, const char *id)
{
    return backtests_cancel(p->backtests, id);
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

bool pipeline_history(void *host, const char *seal, int64_t from_ms, int64_t until_ms,
                      void (*each)(void *, const struct bulla_observation *), void *context)
{
    struct platform *p = host;
    struct history_context h = {each, context};
    return store_observations(p->store, seal, from_ms, until_ms, 0, history_one, &h) >= 0; /* an unreadable segment: the rest counts */
}

/* --- opening and freeing --- */

static void release(struct platform *p)
{
    commands_clear(p);
    journeys_clear(p);
    cluster_close(p);
    backtests_free(p->backtests);
    engine_free(p->engine);
    identity_free(p->identity);
    gateway_free(p->gateway);
    ingest_free(p->ingest);
    bus_close(p->bus);
    live_clear(&p->live);
    stream_clear(&p->stream);
    struct profile_entry *e, *next;
    HASH_ITER(hh, p->profiles, e, next)
    {
        HASH_DEL(p->profiles, e);
        free(e);
    }
    while (p->inbox) {
        struct inbox_item *item = p->inbox;
        p->inbox = item->next;
        free(item);
    }
    pthread_mutex_destroy(&p->inbox_mutex);
    pthread_mutex_destroy(&p->wake_mutex);
    pthread_cond_destroy(&p->wake);
    pthread_rwlock_destroy(&p->profile_lock);
    free(p->found);
    free(p->rows);
    free(p->unregistered);
    free(p->orders);
    free(p->moved);
    free(p);
}

static struct platform *new_platform(struct store *store, const struct platform_options *options)
{
    struct platform *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->store = store;
    p->machine = options->clock;
    p->clock_speed = options->clock_speed;
    p->clock = (struct clock){cluster_clock_now, p};
    p->stepped = options->stepped;
    p->unknown_most = options->unknown_most ? options->unknown_most : LIMIT_UNKNOWN_SEALS;
    p->inbox_end = &p->inbox;
    pthread_mutex_init(&p->inbox_mutex, NULL);
    pthread_mutex_init(&p->wake_mutex, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_rwlock_init(&p->profile_lock, NULL);
    snprintf(p->waiting_for, sizeof p->waiting_for, "the stored observations are being read");
    return p;
}

static bool open_bus(struct platform *p, const struct platform_options *options, char why[MODEL_WHY_SIZE])
{
    struct bus_options bus = {.node = p->cluster.self.name,
                              .store = p->cluster.store,
                              .partitions = p->cluster.partitions,
                              .wake = pipeline_wake,
                              .wake_context = p};
    if (!options->bus)
        return true;
    if (!options->folder) {
        snprintf(why, MODEL_WHY_SIZE, "a node needs a directory for its outbox");
        return false;
    }
    p->ingest = ingest_new(p, options, why);
    p->bus = p->ingest ? bus_open(options->buses, options->bus, &bus, why, MODEL_WHY_SIZE) : NULL;
    return p->bus && ingest_connect(p, why);
}

/* Events of a node grow from one life to the next, and nodes that start together count far apart: a number of one that is given to
 * another is not among its own. A browser counts to 2^53. */
static uint64_t first_event(const struct platform_options *options)
{
    return ((uint64_t)clock_now(&options->clock) << 10) + (cluster_via(options->node ? options->node : "") & 0x3FFFFFFF);
}

static int64_t now_of(void *platform)
{
    return platform_now(platform);
}

struct platform *platform_open(struct store *store, const struct platform_options *options, char why[MODEL_WHY_SIZE])
{
    struct gateway_host gateway_host = {.profile = profiles_find, .tenant = live_carrier};
    struct platform *p = new_platform(store, options);
    uint64_t base = options->stream_base ? options->stream_base : first_event(options);
    snprintf(why, MODEL_WHY_SIZE, "out of memory");
    if (!p)
        return NULL;
    gateway_host.host = p;
    gateway_host.random = options->random;
    p->backtests = backtests_new(store, now_of, p);
    bool ok = p->backtests && live_init(&p->live) && stream_init(&p->stream, options->bus ? base : 0) && work_engine_new(p);
    p->identity = identity_new();
    p->gateway = gateway_new_over(&gateway_host, p->clock, options->net);
    if (p->gateway)
        gateway_pace(p->gateway, options->clock_speed);
    if (p->gateway && !options->bus && store_work_joins(store))
        gateway_target(p->gateway, JOINED_TARGET_MS);
    if (ok && p->identity && p->gateway && cluster_open(p, options, why) && open_bus(p, options, why))
        return p;
    release(p);
    return NULL;
}

/* --- threads --- */

static void *run_work(void *host)
{
    struct platform *p = host;
    pthread_setname_np(pthread_self(), "engine");
    while (!atomic_load(&p->stopping) || (p->batch && !p->bus && !atomic_load(&p->no_space)))
        work_turn(p, WORK_WAIT_MOST_MS);
    if (!p->bus) { /* what the gateway read before it was stopped */
        do
            work_turn(p, 0);
        while (p->batch && !atomic_load(&p->no_space));
    }
    return NULL;
}

static void *run_ingest(void *host)
{
    struct platform *p = host;
    pthread_setname_np(pthread_self(), "ingest");
    while (!atomic_load(&p->stopping))
        ingest_turn(p, WORK_WAIT_MOST_MS);
    return NULL;
}

unsigned platform_publish_turn(struct platform *p)
{
    live_publish(p);
    relay_positions(p);
    return LIMIT_POSITIONS_MS;
}

/* Positions are published beside the engine thread: making JSON of ten thousand seals takes longer than an alarm may wait.
 * Resting three times as long as it worked keeps this thread at a quarter of a core at most. */
static void *run_publish(void *host)
{
    struct platform *p = host;
    pthread_setname_np(pthread_self(), "publisher");
    while (!atomic_load(&p->stopping)) {
        struct timespec began;
        clock_gettime(CLOCK_MONOTONIC, &began);
        platform_publish_turn(p);
        uint64_t worked_us = elapsed_us(&began);
        uint64_t rest_us = worked_us * 3 > LIMIT_POSITIONS_MS * 1000 ? worked_us * 3 : LIMIT_POSITIONS_MS * 1000;
        nanosleep(&(struct timespec){(time_t)(rest_us / 1000000), (long)(rest_us % 1000000) * 1000}, NULL);
    }
    return NULL;
}

static bool catch_up(struct platform *p, char why[MODEL_WHY_SIZE])
{
    if (p->cluster.shared)
        cluster_clock_measure(p); /* before a device is heard */
    profiles_load(p);
    if (p->bus) /* what it supervises it learns with each partition; what all seals last said, from the others or the store */
        return cluster_enter(p, why) && cluster_hear_latest(p, why);
    if (!cluster_enter(p, why))
        return false;
    p->catching_up = true;
    bool caught_up = journeys_catch_up(p, why);
    p->catching_up = false;
    if (caught_up)
        commands_load(p, NULL);
    return caught_up;
}

static bool start_threads(struct platform *p, char why[MODEL_WHY_SIZE])
{
    p->running = pthread_create(&p->thread, NULL, run_work, p) == 0;
    p->publishing = p->running && pthread_create(&p->publisher, NULL, run_publish, p) == 0;
    p->ingesting = p->running && p->bus && pthread_create(&p->ingester, NULL, run_ingest, p) == 0;
    bool started = p->running && p->publishing && (p->ingesting || !p->bus);
    if (!started)
        snprintf(why, MODEL_WHY_SIZE, "the threads could not be started");
    return started;
}

bool platform_start(struct platform *p, char why[MODEL_WHY_SIZE])
{
    if (!catch_up(p, why))
        return false;
    if (!gateway_start(p->gateway)) {
        snprintf(why, MODEL_WHY_SIZE, "the loop thread could not be started");
        return false;
    }
    bool started = p->stepped || start_threads(p, why);
    atomic_store(&p->ready, started);
    return started;
}

unsigned platform_work_turn(struct platform *p)
{
    return work_turn(p, 0);
}

unsigned platform_ingest_turn(struct platform *p)
{
    return p->bus ? ingest_turn(p, 0) : LIMIT_RETRY_MS;
}

/* --- the end --- */

static void stop_threads(struct platform *p)
{
    atomic_store(&p->stopping, true);
    pipeline_wake(p);
    gateway_wake(p->gateway);
    if (p->ingesting)
        pthread_join(p->ingester, NULL);
    if (p->running)
        pthread_join(p->thread, NULL);
    if (p->publishing)
        pthread_join(p->publisher, NULL);
    p->running = p->publishing = p->ingesting = false;
}

/* What could not be stored was never acknowledged: the devices send it again. */
static void drop_batches(struct platform *p)
{
    struct batch *b = p->bus ? NULL : p->batch;
    if (b && !p->batch_stored)
        batch_lose(b);
    if (b && !p->batch_stored)
        gateway_stored(p->gateway, b);
    if (b)
        gateway_done(p->gateway, b);
    p->batch = NULL;
    while ((b = gateway_take(p->gateway, 0))) {
        batch_lose(b);
        gateway_stored(p->gateway, b);
        gateway_done(p->gateway, b);
    }
}

void platform_close(struct platform *p)
{
    if (!p)
        return;
    atomic_store(&p->ready, false);
    gateway_stop(p->gateway); /* what was read so far is still taken and stored */
    if (p->bus && !p->stepped)
        cluster_leave(p);
    stop_threads(p);
    if (p->bus)
        ingest_last(p);
    cluster_left(p);
    drop_batches(p);
    release(p);
}

void platform_abandon(struct platform *p)
{
    if (!p)
        return;
    gateway_stop(p->gateway);
    drop_batches(p);
    release(p);
}
