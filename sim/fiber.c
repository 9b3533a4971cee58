/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/fiber.h"

#include <pthread.h>
#include <stdlib.h>

struct sim_fiber {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool runs, ended;
    void (*run)(void *context);
    void *context;
};

/* With the mutex. */
static void wait_until(struct sim_fiber *f, bool runs)
{
    while (f->runs != runs)
        pthread_cond_wait(&f->changed, &f->mutex);
}

static void hand_over(struct sim_fiber *f, bool runs)
{
    f->runs = runs;
    pthread_cond_broadcast(&f->changed);
}

static void *run(void *context)
{
    struct sim_fiber *f = context;
    pthread_mutex_lock(&f->mutex);
    wait_until(f, true);
    pthread_mutex_unlock(&f->mutex);
    f->run(f->context);
    pthread_mutex_lock(&f->mutex);
    f->ended = true;
    hand_over(f, false);
    pthread_mutex_unlock(&f->mutex);
    return NULL;
}

struct sim_fiber *sim_fiber_new(void (*work)(void *context), void *context)
{
    struct sim_fiber *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    f->run = work;
    f->context = context;
    pthread_mutex_init(&f->mutex, NULL);
    pthread_cond_init(&f->changed, NULL);
    if (pthread_create(&f->thread, NULL, run, f))
        abort();
    return f;
}

bool sim_fiber_resume(struct sim_fiber *f)
{
    pthread_mutex_lock(&f->mutex);
    hand_over(f, true);
    wait_until(f, false);
    bool ended = f->ended;
    pthread_mutex_unlock(&f->mutex);
    if (!ended)
        return false;
    pthread_join(f->thread, NULL);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->mutex);
    free(f);
    return true;
}

void sim_fiber_stand(struct sim_fiber *f)
{
    pthread_mutex_lock(&f->mutex);
    hand_over(f, false);
    wait_until(f, true);
    pthread_mutex_unlock(&f->mutex);
}
