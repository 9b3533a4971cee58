/* SPDX-License-Identifier: Apache-2.0
 *
 * The packer's policy, and its thread.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/base/limits.h"
#include "platform/base/log.h"
#include "platform/tracks.h"

struct tracks_policy tracks_policy_default(void)
{
    return (struct tracks_policy){.grace_h = 6, .observations_days = 400, .thin_days = 90, .thin_step_s = 60, .tracks_days = 1100};
}

static const struct {
    const char *name;
    size_t offset;
    uint32_t least, most; /* 0 is taken besides, where never makes sense */
    bool never;
} FIELDS[] = {
    {"grace_h", offsetof(struct tracks_policy, grace_h), 0, 240, false},
    {"observations_days", offsetof(struct tracks_policy, observations_days), 12, 36500, true}, /* grace at its most, and a day */
    {"thin_days", offsetof(struct tracks_policy, thin_days), 1, 36500, true},
    {"thin_step_s", offsetof(struct tracks_policy, thin_step_s), 1, 86400, false},
    {"tracks_days", offsetof(struct tracks_policy, tracks_days), 12, 36500, true},
};
enum { FIELDS_N = sizeof FIELDS / sizeof *FIELDS };

static bool read_field(struct tracks_policy *policy, const char *name, const json_t *value, char why[120])
{
    size_t i = 0;
    while (i < FIELDS_N && strcmp(FIELDS[i].name, name) != 0)
        i++;
    if (i == FIELDS_N) {
        snprintf(why, 120, "%.40s: expected grace_h, observations_days, thin_days, thin_step_s or tracks_days", name);
        return false;
    }
    json_int_t n = json_is_integer(value) ? json_integer_value(value) : -1;
    if (!(n == 0 && FIELDS[i].never) && (n < FIELDS[i].least || n > FIELDS[i].most)) {
        snprintf(why, 120, "%s: expected a whole number from %u to %u%s", name, FIELDS[i].least, FIELDS[i].most,
                 FIELDS[i].never ? ", or 0 for never" : "");
        return false;
    }
    uint32_t number = (uint32_t)n;
    memcpy((char *)policy + FIELDS[i].offset, &number, sizeof number);
    return true;
}

bool tracks_policy_read(const json_t *object, struct tracks_policy *policy, char why[120])
{
    struct tracks_policy read = *policy;
    const char *name;
    json_t *value;
    if (!json_is_object(object)) {
        snprintf(why, 120, "expected an object");
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (!read_field(&read, name, value, why))
            return false;
    }
    *policy = read;
    return true;
}

int tracks_policy_load(struct store *store, struct tracks_policy *policy)
{
    char text[512] = "", why[120];
    *policy = tracks_policy_default();
    int outcome = store_setting_get(store, "retention", text, sizeof text);
    if (outcome < 0 || outcome == STORE_NOT_FOUND || !*text)
        return outcome < 0 ? outcome : 0;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!object || !tracks_policy_read(object, policy, why))
        log_say(LOG_WARN, "tracks", "the setting \"retention\" is not used: %s", object ? why : "expected a JSON object");
    json_decref(object);
    return 0;
}

struct tracks {
    struct clock clock;
    bool (*mine)(void *host);
    void *host;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    bool stop;
    struct tracks_done done;
    struct tracks_packer packer; /* the thread's */
    struct log_gate gate;
};

/* Waits; false: it is told to stop. */
static bool rest(struct tracks *t, unsigned ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    int code = 0;
    pthread_mutex_lock(&t->lock);
    while (!t->stop && code == 0)
        code = pthread_cond_timedwait(&t->wake, &t->lock, &until);
    bool go_on = !t->stop;
    pthread_mutex_unlock(&t->lock);
    return go_on;
}

static void *pack(void *context)
{
    struct tracks *t = context;
    struct tracks_done done = {0};
    unsigned pause_ms = LIMIT_TRACKS_PAUSE_MS;
    pthread_setname_np(pthread_self(), "tracks");
    while (rest(t, pause_ms)) {
        if (t->mine && !t->mine(t->host)) {
            t->packer.ready = false; /* another node goes on meanwhile: what it reached is read again */
            pause_ms = LIMIT_TRACKS_REST_MS;
            continue;
        }
        int outcome = tracks_turn(&t->packer, clock_now(&t->clock), LIMIT_TRACKS_TURN, &done);
        if (outcome)
            log_gated(&t->gate, LOG_WARN, "tracks", "packing waits: %s", store_error(t->packer.store));
        pause_ms = done.more ? LIMIT_TRACKS_PAUSE_MS : LIMIT_TRACKS_REST_MS;
        pthread_mutex_lock(&t->lock);
        t->done = done;
        pthread_mutex_unlock(&t->lock);
    }
    return NULL;
}

struct tracks *tracks_start(struct store *store, struct clock clock, const struct tracks_policy *policy, bool (*mine)(void *host), void *host)
{
    struct tracks *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    *t = (struct tracks){.clock = clock, .mine = mine, .host = host, .packer = {.store = store, .policy = *policy}};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&t->lock, NULL);
    if (pthread_create(&t->thread, NULL, pack, t)) {
        free(t);
        return NULL;
    }
    return t;
}

void tracks_stop(struct tracks *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    t->stop = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->wake);
    free(t);
}

struct tracks_done tracks_counts(struct tracks *t)
{
    pthread_mutex_lock(&t->lock);
    struct tracks_done done = t->done;
    pthread_mutex_unlock(&t->lock);
    return done;
}
