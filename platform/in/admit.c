/* SPDX-License-Identifier: Apache-2.0
 *
 * Who gets in when more comes than can be stored: the gateway's side of shed.h. Loop thread, under the lock, unless said.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/limits.h"
#include "platform/in/gateway_internal.h"

/* While the store stands still nothing is shed for being too much: sockets are not read, and nothing is lost by it. */
static bool store_moves(const struct gateway *g, int64_t now_ms)
{
    return g->taken_ms && now_ms - gateway_real(g, g->taken_ms) < LIMIT_STANDSTILL_MS;
}

static bool too_far_ahead(const struct gateway *g)
{
    return g->ahead_most && g->filling->n_rows + g->ahead > g->ahead_most;
}

enum shed_keep gateway_judge(struct gateway *g, struct peer *p, const struct bulla_observation *o)
{
    int64_t now_ms = gateway_real(g, p->link.now_ms);
    if (p->tenants != atomic_load(&g->tenants) && p->seal[0])
        gateway_tenant_of(g, p, p->seal);
    bool full = ((g->shed.told && g->filling->n_rows > g->shed.most_rows) || too_far_ahead(g)) && store_moves(g, now_ms);
    struct quota *quotas[] = {p->tenant, p->listener->quota};
    bool over = false;
    g->shed.was_full |= full;
    for (size_t i = 0; i < 2; i++)
        over |= quotas[i] && !shed_quota_take(&quotas[i]->bucket, false, now_ms);
    struct shed_case c = {now_ms, p->messages == 0, full || over};
    enum shed_keep keep = p->memory ? shed_judge(&g->shed, p->memory, o, &c) : KEEP_FIRST;
    p->why = over ? SHED_QUOTA : full ? SHED_FULL : SHED_THINNED;
    for (size_t i = 0; i < 2; i++) {
        if (!quotas[i])
            continue;
        if (over && keep != SHED_NO)
            shed_quota_take(&quotas[i]->bucket, true, now_ms);
        quotas[i]->kept += keep != SHED_NO;
        quotas[i]->shed += keep == SHED_NO;
    }
    if (keep != SHED_NO && keep != KEEP_CALM)
        g->counts.kept[keep]++;
    return keep;
}

void gateway_shed(struct gateway *g, struct peer *p, size_t rows, bool answered)
{
    g->counts.shed[p->why] += rows;
    g->counts.shed_by_protocol[p->proto->number & 15] += rows;
    if (!answered)
        g->counts.shed_unanswered += rows;
}

bool gateway_greedy(const struct gateway *g, const struct peer *p)
{
    size_t rows = g->filling->n_rows, most = g->shed.most_rows;
    return rows * 2 >= most && p->batch == g->filling->number && p->batch_rows * LIMIT_BATCH_SHARE > most;
}

/* --- quotas --- */

static struct quota *quota_new(struct gateway *g, const char *name, unsigned per_second)
{
    struct quota *q;
    if (HASH_COUNT(g->quotas) >= LIMIT_TENANTS || !(q = calloc(1, sizeof *q)))
        return NULL;
    snprintf(q->name, sizeof q->name, "%s", name);
    q->bucket.per_second = per_second;
    HASH_ADD_STR(g->quotas, name, q);
    return q;
}

void gateway_tenant_of(struct gateway *g, struct peer *p, const char *seal)
{
    char name[GATEWAY_TENANT_SIZE] = "";
    p->tenant = NULL;
    p->tenants = atomic_load(&g->tenants); /* before it is asked: a change meanwhile is asked for again */
    if (!g->host.tenant || !g->host.tenant(g->host.host, seal, name))
        return;
    HASH_FIND_STR(g->quotas, name, p->tenant);
    if (!p->tenant && g->every_tenant)
        p->tenant = quota_new(g, name, g->every_tenant);
}

void gateway_tenants_changed(struct gateway *g)
{
    atomic_fetch_add(&g->tenants, 1);
}

bool gateway_quota(struct gateway *g, const char *name, unsigned per_second)
{
    struct quota *q;
    bool ok = true;
    pthread_mutex_lock(&g->mutex);
    if (strcmp(name, "*") == 0) {
        g->every_tenant = per_second;
    } else {
        HASH_FIND_STR(g->quotas, name, q);
        if (q)
            q->bucket.per_second = per_second;
        else
            ok = (q = quota_new(g, name, per_second)) != NULL;
        for (struct listener *l = g->listeners; ok && l; l = l->next) {
            char own[GATEWAY_TENANT_SIZE];
            snprintf(own, sizeof own, "%s/%s", l->proto ? l->proto->name : "auto", l->udp ? "udp" : "tcp");
            if (strcmp(own, name) == 0)
                l->quota = q;
        }
    }
    pthread_mutex_unlock(&g->mutex);
    return ok;
}

void gateway_quotas(struct gateway *g, void (*each)(void *context, const char *name, unsigned per_second, uint64_t kept, uint64_t shed),
                    void *context)
{
    pthread_mutex_lock(&g->mutex);
    for (const struct quota *q = g->quotas; q; q = q->hh.next)
        each(context, q->name, q->bucket.per_second, q->kept, q->shed);
    pthread_mutex_unlock(&g->mutex);
}

void gateway_quotas_free(struct gateway *g)
{
    struct quota *q, *next;
    HASH_ITER(hh, g->quotas, q, next)
    {
        HASH_DEL(g->quotas, q);
        free(q);
    }
}

/* --- the pipeline's word --- */

void gateway_pressure(struct gateway *g, unsigned level)
{
    pthread_mutex_lock(&g->mutex);
    shed_ask(&g->shed, level);
    pthread_mutex_unlock(&g->mutex);
}

void gateway_ahead(struct gateway *g, size_t rows, size_t most)
{
    pthread_mutex_lock(&g->mutex);
    g->ahead = rows;
    g->ahead_most = most;
    pthread_mutex_unlock(&g->mutex);
}

void gateway_target(struct gateway *g, unsigned ms)
{
    pthread_mutex_lock(&g->mutex);
    shed_target(&g->shed, ms, LIMIT_BATCH_ROWS);
    pthread_mutex_unlock(&g->mutex);
}

void gateway_shedding(struct gateway *g, bool on)
{
    pthread_mutex_lock(&g->mutex);
    g->shed.off = !on;
    pthread_mutex_unlock(&g->mutex);
}
