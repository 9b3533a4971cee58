/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/backtest.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utlist.h>

#include "platform/rules/ruling.h"
#include "platform/store/store.h"

#define GENTLE   10 /* what is live goes first */
#define AFTER_MS (INT64_C(6) * 3600000)

struct test {
    char id[MODEL_ID_SIZE];
    struct backtest_wanted wanted;
    struct ruling *ruling; /* the thread's, once it runs */
    enum backtest_state state;
    bool cancelled;
    struct backtest_result result;
    char why[MODEL_WHY_SIZE];
    int64_t asked_ms, done_ms;
    struct test *prev, *next;
};

struct backtests {
    struct store *store;
    int64_t (*now)(void *context);
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t asked;
    pthread_t thread;
    bool threaded, ending;
    struct test *tests; /* oldest first */
    struct test *running;
};

static void test_free(struct test *t)
{
    json_decref(t->wanted.parameters);
    json_decref(t->result.items);
    json_decref(t->result.sides);
    ruling_free(t->ruling);
    free(t);
}

struct backtests *backtests_new(struct store *store, int64_t (*now)(void *context), void *context)
{
    struct backtests *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->store = store;
    b->now = now;
    b->context = context;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->asked, NULL);
    return b;
}

void backtests_free(struct backtests *b)
{
    if (!b)
        return;
    pthread_mutex_lock(&b->lock);
    b->ending = true;
    if (b->running)
        b->running->cancelled = true;
    pthread_cond_signal(&b->asked);
    pthread_mutex_unlock(&b->lock);
    if (b->threaded)
        pthread_join(b->thread, NULL);
    struct test *t, *next;
    DL_FOREACH_SAFE(b->tests, t, next)
    {
        DL_DELETE(b->tests, t);
        test_free(t);
    }
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->asked);
    free(b);
}

/* --- the thread --- */

static bool go_on(void *context)
{
    struct backtests *b = context;
    pthread_mutex_lock(&b->lock);
    bool on = !b->running->cancelled;
    pthread_mutex_unlock(&b->lock);
    return on;
}

static void update(void *context, void (*write)(struct backtest_result *, void *), void *what)
{
    struct backtests *b = context;
    pthread_mutex_lock(&b->lock);
    write(&b->running->result, what);
    pthread_mutex_unlock(&b->lock);
}

static struct test *next_of(struct backtests *b)
{
    struct test *t;
    DL_FOREACH(b->tests, t)
    if (t->state == BACKTEST_WAITING)
        return t;
    return NULL;
}

static void run_one(struct backtests *b, struct test *t)
{
    char why[MODEL_WHY_SIZE] = "";
    int64_t judged_ms = t->wanted.until_ms + AFTER_MS < t->asked_ms ? t->wanted.until_ms + AFTER_MS : t->asked_ms;
    struct backtest_job job = {b->store, &t->wanted, t->ruling, judged_ms, go_on, update, b};
    bool done = backtest_run(&job, why);
    pthread_mutex_lock(&b->lock);
    t->state = t->cancelled ? BACKTEST_CANCELLED : done ? BACKTEST_DONE : BACKTEST_FAILED;
    t->done_ms = b->now(b->context);
    memcpy(t->why, why, sizeof t->why);
    b->running = NULL;
}

static void *work(void *context)
{
    struct backtests *b = context;
    pthread_setname_np(pthread_self(), "backtest");
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), GENTLE);
    pthread_mutex_lock(&b->lock);
    while (!b->ending) {
        struct test *t = next_of(b);
        if (!t) {
            pthread_cond_wait(&b->asked, &b->lock);
            continue;
        }
        t->state = BACKTEST_RUNNING;
        b->running = t;
        pthread_mutex_unlock(&b->lock);
        run_one(b, t); /* comes back with the lock */
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

/* --- what others ask --- */

static bool is_over(const struct test *t)
{
    return t->state != BACKTEST_WAITING && t->state != BACKTEST_RUNNING;
}

static void forget_old(struct backtests *b)
{
    size_t over = 0;
    struct test *t, *next;
    DL_FOREACH(b->tests, t)
    over += is_over(t);
    DL_FOREACH_SAFE(b->tests, t, next)
    {
        if (over < BACKTEST_KEPT || !is_over(t))
            continue;
        over--;
        DL_DELETE(b->tests, t);
        test_free(t);
    }
}

/* Under the lock. */
static int put(struct backtests *b, struct test *t, char why[MODEL_WHY_SIZE])
{
    size_t waiting = 0;
    struct test *each;
    DL_FOREACH(b->tests, each)
    waiting += each->state == BACKTEST_WAITING;
    if (waiting >= BACKTEST_WAITING_MOST || b->ending) {
        snprintf(why, MODEL_WHY_SIZE, "%d back-tests wait already; try again when one is over", BACKTEST_WAITING_MOST);
        return STORE_CONFLICT;
    }
    if (!b->threaded && !(b->threaded = pthread_create(&b->thread, NULL, work, b) == 0)) {
        snprintf(why, MODEL_WHY_SIZE, "a thread could not be started");
        return STORE_CONFLICT;
    }
    forget_old(b);
    DL_APPEND(b->tests, t);
    pthread_cond_signal(&b->asked);
    return 0;
}

int backtests_start(struct backtests *b, const struct backtest_wanted *wanted, const char *id, char why[MODEL_WHY_SIZE])
{
    struct test *t = calloc(1, sizeof *t);
    snprintf(why, MODEL_WHY_SIZE, "out of memory");
    if (!t)
        return STORE_CONFLICT;
    t->wanted = *wanted;
    t->wanted.parameters = json_deep_copy(wanted->parameters);
    t->result.items = json_array();
    t->result.sides = json_array();
    t->asked_ms = b->now(b->context);
    snprintf(t->id, sizeof t->id, "%s", id);
    t->ruling = backtest_ruling(wanted, why);
    if (!t->ruling) {
        test_free(t);
        return STORE_FAILED;
    }
    pthread_mutex_lock(&b->lock);
    int outcome = put(b, t, why);
    pthread_mutex_unlock(&b->lock);
    if (outcome)
        test_free(t);
    return outcome;
}

static struct test *find(struct backtests *b, const char *id)
{
    struct test *t;
    DL_FOREACH(b->tests, t)
    if (strcmp(t->id, id) == 0)
        return t;
    return NULL;
}

static json_t *to_json(const struct test *t)
{
    static const char *const states[] = {"waiting", "running", "done", "cancelled", "failed"};
    const struct backtest_result *r = &t->result;
    json_t *json =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:{s:I, s:I}}", "id", t->id, "state", states[t->state], "asked", json_time(t->asked_ms),
                  "done", json_time(is_over(t) ? t->done_ms : BULLA_TIME_NONE), "from", json_time(t->wanted.from_ms), "until",
                  json_time(t->wanted.until_ms), "progress", "journeys", (json_int_t)r->journeys, "of", (json_int_t)r->of);
    json_t *counts = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "now", r->both + r->only_now, "then", r->both + r->only_then, "both",
                               r->both, "only_then", r->only_then, "only_now", r->only_now, "unreadable", r->unreadable);
    json_object_set_new(json, "counts", counts);
    json_object_set_new(json, "complete", json_boolean(r->complete && t->state == BACKTEST_DONE));
    json_object_set_new(json, "why", json_text(t->why));
    json_object_set_new(json, "compare", json_string(t->wanted.all ? "all" : "changed"));
    json_object_set_new(json, "items", json_deep_copy(r->items));
    json_object_set_new(json, "sides", json_deep_copy(r->sides));
    return json;
}

json_t *backtests_get(struct backtests *b, const char *id)
{
    pthread_mutex_lock(&b->lock);
    const struct test *t = find(b, id);
    json_t *json = t ? to_json(t) : NULL;
    pthread_mutex_unlock(&b->lock);
    return json;
}

bool backtests_cancel(struct backtests *b, const char *id)
{
    pthread_mutex_lock(&b->lock);
    struct test *t = find(b, id);
    if (t && t->state == BACKTEST_WAITING) {
        t->state = BACKTEST_CANCELLED;
        t->done_ms = b->now(b->context);
    }
    if (t)
        t->cancelled = true;
    pthread_mutex_unlock(&b->lock);
    return t != NULL;
}
