/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/memo.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define POLICIES 16

struct policy_slot {
    char name[24];
    int64_t kept_ms, number;
    json_t *body;
};

struct past_slot {
    char key[MEMO_KEY_SIZE]; /* "" : empty */
    int64_t kept_ms;
    struct memo_past past;
};

struct memo {
    pthread_mutex_t mutex;
    struct policy_slot policies[POLICIES];
    size_t n_policies;
    uint64_t age; /* how often they were forgotten */
    struct past_slot pasts[MEMO_PASTS];
};

struct memo *memo_new(void)
{
    struct memo *memo = calloc(1, sizeof *memo);
    if (memo)
        pthread_mutex_init(&memo->mutex, NULL);
    return memo;
}

static void forget_policies(struct memo *memo)
{
    for (size_t i = 0; i < memo->n_policies; i++)
        json_decref(memo->policies[i].body);
    memo->n_policies = 0;
}

void memo_free(struct memo *memo)
{
    if (!memo)
        return;
    forget_policies(memo);
    pthread_mutex_destroy(&memo->mutex);
    free(memo);
}

static bool is_fresh(int64_t kept_ms, int64_t now_ms, int64_t most_ms)
{
    return now_ms >= kept_ms && now_ms - kept_ms < most_ms; /* not when the clock was set back */
}

static struct policy_slot *policy_of(struct memo *memo, const char *name)
{
    for (size_t i = 0; i < memo->n_policies; i++)
        if (strcmp(memo->policies[i].name, name) == 0)
            return &memo->policies[i];
    return NULL;
}

json_t *memo_policy(struct memo *memo, const char *name, int64_t now_ms, int64_t *number, uint64_t *age)
{
    json_t *body = NULL;
    pthread_mutex_lock(&memo->mutex);
    const struct policy_slot *slot = policy_of(memo, name);
    *age = memo->age;
    if (slot && is_fresh(slot->kept_ms, now_ms, MEMO_POLICY_MS)) {
        body = json_deep_copy(slot->body); /* its own: who asks may be another thread */
        *number = slot->number;
    }
    pthread_mutex_unlock(&memo->mutex);
    return body;
}

void memo_policy_keep(struct memo *memo, const char *name, int64_t now_ms, const json_t *body, int64_t number, uint64_t age)
{
    json_t *copy = json_deep_copy(body);
    pthread_mutex_lock(&memo->mutex);
    struct policy_slot *slot = policy_of(memo, name);
    bool current = age == memo->age;
    if (current && !slot && memo->n_policies < POLICIES && strlen(name) < sizeof slot->name) {
        slot = &memo->policies[memo->n_policies++];
        *slot = (struct policy_slot){0};
        strcpy(slot->name, name);
    }
    if (current && slot) {
        json_decref(slot->body);
        slot->body = json_incref(copy);
        slot->number = number;
        slot->kept_ms = now_ms;
    }
    pthread_mutex_unlock(&memo->mutex);
    json_decref(copy);
}

void memo_policy_forget(struct memo *memo)
{
    pthread_mutex_lock(&memo->mutex);
    forget_policies(memo);
    memo->age++;
    pthread_mutex_unlock(&memo->mutex);
}

static struct past_slot *past_of(struct memo *memo, const char *key)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (const char *at = key; *at; at++)
        h = (h ^ (uint8_t)*at) * UINT64_C(1099511628211);
    return &memo->pasts[(h ^ h >> 29) % MEMO_PASTS];
}

bool memo_past(struct memo *memo, const char *key, int64_t now_ms, struct memo_past *out)
{
    pthread_mutex_lock(&memo->mutex);
    const struct past_slot *slot = past_of(memo, key);
    bool known = key[0] && strcmp(slot->key, key) == 0 && is_fresh(slot->kept_ms, now_ms, MEMO_PAST_MS);
    if (known)
        *out = slot->past;
    pthread_mutex_unlock(&memo->mutex);
    return known;
}

void memo_past_keep(struct memo *memo, const char *key, int64_t now_ms, const struct memo_past *past)
{
    if (strlen(key) >= MEMO_KEY_SIZE)
        return;
    pthread_mutex_lock(&memo->mutex);
    struct past_slot *slot = past_of(memo, key);
    strcpy(slot->key, key);
    slot->kept_ms = now_ms;
    slot->past = *past;
    pthread_mutex_unlock(&memo->mutex);
}
