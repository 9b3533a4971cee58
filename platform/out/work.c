/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/work.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS_MAX 8

struct out_work {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_t threads[THREADS_MAX];
    unsigned n_threads;
    bool ending;
    void (*run)(void *job);
    size_t first, n, max;
    void *jobs[];
};

static void *work(void *arg)
{
    struct out_work *w = arg;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->n == 0 && !w->ending)
            pthread_cond_wait(&w->filled, &w->lock);
        if (w->n == 0)
            break;
        void *job = w->jobs[w->first];
        w->first = (w->first + 1) % w->max;
        w->n--;
        pthread_mutex_unlock(&w->lock);
        w->run(job);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct out_work *out_work_new(unsigned threads, size_t max, void (*run)(void *job))
{
    struct out_work *w = calloc(1, sizeof *w + max * sizeof *w->jobs);
    if (!w)
        return NULL;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->filled, NULL);
    w->run = run;
    w->max = max;
    while (w->n_threads < threads && w->n_threads < THREADS_MAX && pthread_create(&w->threads[w->n_threads], NULL, work, w) == 0)
        w->n_threads++;
    if (w->n_threads == 0) {
        out_work_free(w);
        return NULL;
    }
    return w;
}

bool out_work_put(struct out_work *w, void *job)
{
    pthread_mutex_lock(&w->lock);
    bool room = w->n < w->max && !w->ending;
    if (room) {
        w->jobs[(w->first + w->n++) % w->max] = job;
        pthread_cond_signal(&w->filled);
    }
    pthread_mutex_unlock(&w->lock);
    return room;
}

void out_work_end(struct out_work *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_cond_broadcast(&w->filled);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->n_threads; i++)
        pthread_join(w->threads[i], NULL);
    w->n_threads = 0;
}

void out_work_free(struct out_work *w)
{
    if (!w)
        return;
    out_work_end(w);
    pthread_cond_destroy(&w->filled);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
