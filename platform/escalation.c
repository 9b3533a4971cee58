/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/escalation.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/base/limits.h"
#include "platform/base/log.h"
#include "platform/flow/escalate.h"
#include "platform/pipeline.h"

struct escalation {
    struct platform *platform;
    struct clock clock;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
};

struct due {
    char about[MODEL_ID_SIZE], journey[MODEL_ID_SIZE];
    const char *what;
    int64_t due_ms;
};

struct found { /* gathered inside the store, written afterwards */
    const json_t *policy;
    int64_t now_ms;
    struct due *list;
    size_t n;
};

static void note(struct found *f, const char *about, const char *journey, const char *what, int64_t due_ms)
{
    if (due_ms == BULLA_TIME_NONE || due_ms > f->now_ms || f->n == LIMIT_ESCALATIONS)
        return;
    struct due *d = &f->list[f->n++];
    *d = (struct due){.what = what, .due_ms = due_ms};
    snprintf(d->about, sizeof d->about, "%s", about);
    snprintf(d->journey, sizeof d->journey, "%s", journey);
}

static void note_alarm(void *context, const void *record)
{
    struct found *f = context;
    const struct alarm *a = record;
    note(f, a->id, a->journey, "alarm", escalate_alarm_due(a, f->policy));
}

static void note_task(void *context, const void *record)
{
    struct found *f = context;
    const struct paper *t = record;
    note(f, t->id, t->journey, "task", escalate_task_due(t, f->policy));
}

static void take_newest(void *context, const void *record)
{
    struct paper *p = context;
    if (!p->id[0])
        memcpy(p, record, sizeof *p);
}

/* The document of the policy that holds; NULL: the default. Who has the shift goes to chief[]. */
static json_t *read_rules(struct store *store, struct paper *p, char chief[MODEL_ID_SIZE])
{
    struct store_query policy = {.limit = 1, .kind = "policy", .state = "active", .seal = "escalation"};
    struct store_query shift = {.limit = 1, .kind = "shift", .state = "active"};
    char next[120];
    json_t *body = NULL;
    memset(p, 0, sizeof *p);
    if (store_papers(store, &shift, take_newest, p, next) == STORE_OK)
        memcpy(chief, p->holder, MODEL_ID_SIZE);
    memset(p, 0, sizeof *p);
    if (store_papers(store, &policy, take_newest, p, next) == STORE_OK && p->id[0]) {
        json_t *whole = json_loads(p->body, 0, NULL);
        body = json_incref(json_object_get(whole, "body"));
        json_decref(whole);
    }
    return body;
}

/* STORE_CONFLICT: it went up before. */
static int go_up(struct platform *p, const struct due *d, const char *chief, int64_t now_ms, struct paper *paper)
{
    char why[MODEL_WHY_SIZE];
    escalate_why(d->what, d->due_ms, why);
    *paper = (struct paper){
        .kind = PAPER_ESCALATION, .state = PAPER_ACTIVE, .created_ms = now_ms, .changed_ms = now_ms, .due_ms = BULLA_TIME_NONE};
    snprintf(paper->id, sizeof paper->id, "up-%.36s", d->about);
    memcpy(paper->subject, d->about, sizeof d->about);
    memcpy(paper->journey, d->journey, sizeof paper->journey);
    memcpy(paper->holder, chief, sizeof paper->holder);
    json_t *body = json_pack("{s:s, s:s}", "what", d->what, "why", why);
    size_t n = json_dumpb(body, paper->body, sizeof paper->body - 1, JSON_COMPACT);
    paper->body[n < sizeof paper->body ? n : 0] = '\0';
    json_decref(body);
    struct audit audit = {.time_ms = now_ms, .user_name = "platform", .action = "escalate"};
    memcpy(audit.object, d->about, sizeof d->about);
    int outcome = store_paper_put(platform_store(p), paper, &audit);
    if (outcome == STORE_OK)
        platform_publish(p, LIVE_NOTICE, "", json_pack("{s:s, s:s, s:s}", "text", why, "about", "escalation", "id", paper->id));
    return outcome;
}

static int look(struct platform *p, struct found *f, const char *chief, struct paper *paper)
{
    struct store_query alarms = {.limit = 1000, .state = "raised"}, tasks = {.limit = 1000, .kind = "task", .state = "open"};
    char next[120];
    int raised = 0, outcome = store_alarms(platform_store(p), &alarms, note_alarm, f, next);
    outcome = outcome ? outcome : store_papers(platform_store(p), &tasks, note_task, f, next);
    for (size_t i = 0; i < f->n && outcome >= 0; i++) {
        outcome = go_up(p, &f->list[i], chief, f->now_ms, paper);
        raised += outcome == STORE_OK;
        outcome = outcome == STORE_CONFLICT ? STORE_OK : outcome;
    }
    return outcome < 0 ? outcome : raised;
}

int escalation_turn(struct platform *p, int64_t now_ms)
{
    char chief[MODEL_ID_SIZE] = "";
    struct paper *paper = calloc(1, sizeof *paper);
    struct found f = {.now_ms = now_ms, .list = calloc(LIMIT_ESCALATIONS, sizeof *f.list)};
    int outcome = STORE_FAILED;
    if (paper && f.list) {
        json_t *policy = read_rules(platform_store(p), paper, chief);
        f.policy = policy;
        outcome = look(p, &f, chief, paper);
        json_decref(policy);
    }
    free(paper);
    free(f.list);
    return outcome;
}

static bool rest(struct escalation *e)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LIMIT_ESCALATION_REST_S;
    int code = 0;
    pthread_mutex_lock(&e->lock);
    while (!e->stop && code == 0)
        code = pthread_cond_timedwait(&e->wake, &e->lock, &until);
    bool go_on = !e->stop;
    pthread_mutex_unlock(&e->lock);
    return go_on;
}

static void *watch(void *context)
{
    static struct log_gate gate;
    struct escalation *e = context;
    pthread_setname_np(pthread_self(), "escalation");
    while (rest(e))
        if (platform_is_first(e->platform) && escalation_turn(e->platform, clock_now(&e->clock)) < 0)
            log_gated(&gate, LOG_WARN, "escalation", "it waits: %s", store_error(platform_store(e->platform)));
    return NULL;
}

struct escalation *escalation_start(struct platform *platform, struct clock clock)
{
    struct escalation *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->platform = platform;
    e->clock = clock;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&e->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&e->lock, NULL);
    if (pthread_create(&e->thread, NULL, watch, e)) {
        free(e);
        return NULL;
    }
    return e;
}

void escalation_stop(struct escalation *e)
{
    if (!e)
        return;
    pthread_mutex_lock(&e->lock);
    e->stop = true;
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
    pthread_mutex_destroy(&e->lock);
    pthread_cond_destroy(&e->wake);
    free(e);
}
