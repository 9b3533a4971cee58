/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "platform/out/out_limits.h"

#define WAYS 8 /* slots that one name may be in */

struct slot {
    uint64_t who; /* hash, 0: empty */
    int64_t seen_ms, until_ms;
    unsigned tries;
    double tokens;
};

struct out_throttle {
    pthread_mutex_t lock;
    uint64_t seed;
    size_t n;
    struct slot slots[];
};

struct out_throttle *out_throttle_new(size_t slots)
{
    struct out_throttle *t = calloc(1, sizeof *t + slots * sizeof *t->slots);
    if (!t)
        return NULL;
    pthread_mutex_init(&t->lock, NULL);
    t->n = slots - slots % WAYS;
    t->seed = (uint64_t)(uintptr_t)t * UINT64_C(0x9E3779B97F4A7C15);
    return t;
}

void out_throttle_free(struct out_throttle *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static uint64_t hash(const struct out_throttle *t, const char *who) /* FNV-1a, mixed */
{
    uint64_t h = t->seed ^ UINT64_C(0xCBF29CE484222325);
    for (; *who; who++)
        h = (h ^ (unsigned char)*who) * UINT64_C(0x100000001B3);
    h ^= h >> 29;
    return h ? h : 1;
}

/* The slot of `who`, or (make) the emptiest or longest quiet of its set, cleared; locked by the caller. */
static struct slot *find(struct out_throttle *t, const char *who, bool make)
{
    uint64_t h = hash(t, who);
    struct slot *set = &t->slots[h % (t->n / WAYS) * WAYS], *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].who == h)
            return &set[i];
        if (set[i].seen_ms < oldest->seen_ms || (!set[i].who && oldest->who))
            oldest = &set[i];
    }
    if (!make)
        return NULL;
    *oldest = (struct slot){.who = h, .tokens = -1};
    return oldest;
}

int64_t out_throttle_wait(struct out_throttle *t, const char *who, int64_t now_ms)
{
    pthread_mutex_lock(&t->lock);
    struct slot *s = find(t, who, false);
    int64_t wait = s && s->until_ms > now_ms ? s->until_ms - now_ms : 0;
    pthread_mutex_unlock(&t->lock);
    return wait;
}

void out_throttle_failed(struct out_throttle *t, const char *who, unsigned free_tries, int64_t longest_ms, int64_t now_ms)
{
    pthread_mutex_lock(&t->lock);
    struct slot *s = find(t, who, true);
    if (now_ms - s->seen_ms > OUT_TRIES_FORGET_MS)
        s->tries = 0;
    s->seen_ms = now_ms;
    s->tries++;
    if (s->tries > free_tries) {
        unsigned doubled = s->tries - free_tries - 1;
        int64_t delay = doubled > 20 ? longest_ms : INT64_C(1000) << doubled;
        s->until_ms = now_ms + (delay < longest_ms ? delay : longest_ms);
    }
    pthread_mutex_unlock(&t->lock);
}

void out_throttle_passed(struct out_throttle *t, const char *who)
{
    pthread_mutex_lock(&t->lock);
    struct slot *s = find(t, who, false);
    if (s)
        *s = (struct slot){0};
    pthread_mutex_unlock(&t->lock);
}

int64_t out_throttle_take(struct out_throttle *t, const char *who, double per_s, double burst, int64_t now_ms)
{
    pthread_mutex_lock(&t->lock);
    struct slot *s = find(t, who, true);
    double tokens = s->tokens < 0 ? burst : s->tokens + (double)(now_ms - s->seen_ms) * per_s / 1000;
    s->tokens = tokens > burst ? burst : tokens;
    s->seen_ms = now_ms;
    int64_t wait = s->tokens >= 1 ? 0 : (int64_t)((1 - s->tokens) * 1000 / per_s) + 1;
    if (wait == 0)
        s->tokens -= 1;
    pthread_mutex_unlock(&t->lock);
    return wait;
}
