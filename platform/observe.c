/* SPDX-License-Identifier: Apache-2.0
 *
 * Observations from inside the program, for callers that wait: each waits on a thread of its own (HTTP), the engine thread tells.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/base/limits.h"
#include "platform/platform_internal.h"

/* Two hold it: who waits, and who tells. */
struct waiting {
    pthread_mutex_t mutex;
    pthread_cond_t told;
    unsigned holders;
    bool known, stored;
};

static void let_go(struct waiting *w)
{
    bool last = --w->holders == 0;
    pthread_mutex_unlock(&w->mutex);
    if (!last)
        return;
    pthread_mutex_destroy(&w->mutex);
    pthread_cond_destroy(&w->told);
    free(w);
}

static void tell(void *context, bool stored)
{
    struct waiting *w = context;
    pthread_mutex_lock(&w->mutex);
    w->known = true;
    w->stored = stored;
    pthread_cond_signal(&w->told);
    let_go(w);
}

static struct waiting *waiting_new(void)
{
    struct waiting *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->told, &steady);
    pthread_condattr_destroy(&steady);
    w->holders = 2;
    return w;
}

static int wait_for(struct waiting *w, char why[MODEL_WHY_SIZE])
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LIMIT_OBSERVE_S;
    pthread_mutex_lock(&w->mutex);
    while (!w->known && pthread_cond_timedwait(&w->told, &w->mutex, &until) == 0) {
    }
    bool stored = w->known && w->stored;
    let_go(w);
    if (!stored)
        snprintf(why, MODEL_WHY_SIZE, "it is not known whether this was stored; say it again, it counts once");
    return stored ? STORE_OK : STORE_FAILED;
}

int platform_observe(struct platform *p, const struct platform_said *said, size_t n, char why[MODEL_WHY_SIZE])
{
    struct gateway_row *rows = malloc((n ? n : 1) * sizeof *rows);
    struct waiting *w = rows ? waiting_new() : NULL;
    enum gateway_told told = GATEWAY_FULL;
    for (size_t i = 0; w && i < n; i++)
        rows[i] = (struct gateway_row){said[i].o, said[i].raw};
    if (w)
        told = gateway_tell(p->gateway, rows, n, tell, w);
    free(rows);
    if (told == GATEWAY_TOLD)
        return wait_for(w, why);
    if (w) {
        w->holders = 1;
        pthread_mutex_lock(&w->mutex);
        let_go(w);
    }
    snprintf(why, MODEL_WHY_SIZE, told == GATEWAY_CLOSED ? "the platform is stopping" : "the platform is behind; try again in a moment");
    return STORE_CONFLICT;
}

void platform_refused(struct platform *p, const char *protocol, const char *peer, const char *why, struct bulla_bytes raw)
{
    gateway_tell_damage(p->gateway, protocol, peer, why, raw);
}
