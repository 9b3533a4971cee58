/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/guard.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "platform/out/out_limits.h"

#define LOOK_MS 500

struct entry {
    struct entry *next, *before;
    int fd;
    int64_t until_ms;
};

struct out_guard {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    pthread_t thread;
    bool ending;
    struct entry *first;
    atomic_ullong cut;
};

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void look(struct out_guard *g, int64_t now_ms)
{
    for (struct entry *e = g->first; e; e = e->next) {
        if (e->until_ms > now_ms)
            continue;
        shutdown(e->fd, SHUT_RDWR); /* the library sees the end and closes it; the entry goes with that */
        e->until_ms = INT64_MAX;
        atomic_fetch_add(&g->cut, 1);
    }
}

static void *watch(void *arg)
{
    struct out_guard *g = arg;
    pthread_mutex_lock(&g->lock);
    while (!g->ending) {
        look(g, clock_ms());
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&g->ended, &g->lock, &until);
    }
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

struct out_guard *out_guard_new(void)
{
    struct out_guard *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->ended, NULL);
    if (pthread_create(&g->thread, NULL, watch, g) == 0)
        return g;
    free(g);
    return NULL;
}

void out_guard_free(struct out_guard *g)
{
    if (!g)
        return;
    pthread_mutex_lock(&g->lock);
    g->ending = true;
    pthread_cond_signal(&g->ended);
    pthread_mutex_unlock(&g->lock);
    pthread_join(g->thread, NULL);
    while (g->first) {
        struct entry *e = g->first;
        g->first = e->next;
        free(e);
    }
    pthread_cond_destroy(&g->ended);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

static void enter(struct out_guard *g, struct MHD_Connection *connection, void **socket_context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct entry *e = info ? calloc(1, sizeof *e) : NULL;
    *socket_context = e;
    if (!e)
        return;
    e->fd = info->connect_fd;
    e->until_ms = clock_ms() + OUT_HEAD_MS;
    pthread_mutex_lock(&g->lock);
    e->next = g->first;
    if (e->next)
        e->next->before = e;
    g->first = e;
    pthread_mutex_unlock(&g->lock);
}

/* The library calls this before it closes the descriptor, so no other connection can have the number yet. */
static void leave(struct out_guard *g, struct entry *e)
{
    pthread_mutex_lock(&g->lock);
    if (e->before)
        e->before->next = e->next;
    else
        g->first = e->next;
    if (e->next)
        e->next->before = e->before;
    pthread_mutex_unlock(&g->lock);
    free(e);
}

void out_guard_notify(void *guard, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        enter(guard, connection, socket_context);
    else if (*socket_context)
        leave(guard, *socket_context);
}

void out_guard_allow(struct out_guard *g, struct MHD_Connection *connection, int64_t ms)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct entry *e = info ? info->socket_context : NULL;
    if (!e)
        return;
    int64_t now_ms = clock_ms();
    pthread_mutex_lock(&g->lock);
    e->until_ms = ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + ms;
    pthread_mutex_unlock(&g->lock);
}

uint64_t out_guard_cut(const struct out_guard *g)
{
    return atomic_load(&g->cut);
}
