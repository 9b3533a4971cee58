/* SPDX-License-Identifier: Apache-2.0
 *
 * The running server: what all of its requests share. Made in http.c.
 */
#ifndef OUT_SERVER_H
#define OUT_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "platform/out/request.h"
#include "platform/out/throttle.h"
#include "platform/out/work.h"

struct out_live;
struct out_guard;

struct out {
    struct platform *platform;
    struct MHD_Daemon *daemon;
    bool behind_tls;
    struct out_work *work, *passwords, *devices;
    struct out_throttle *throttle;
    struct out_live *live;
    struct out_guard *guard;
    struct memo *memo;
    pthread_mutex_t idempotent; /* requests with an Idempotency-Key, one at a time */
    char dummy[160];            /* a hash of nobody's password: unknown names take as long as known ones */
    int64_t started_ms;
    atomic_ullong requests, refused;
};

/* The time of the request in the machine's time, also where a clock for training goes faster: for what is kept a while. */
static inline int64_t out_machine_ms(const struct out_request *r)
{
    double speed = platform_clock_speed(r->out->platform);
    return speed > 1 ? (int64_t)((double)r->now_ms / speed) : r->now_ms;
}

static inline struct store *out_store(const struct out_request *r)
{
    return platform_store(r->out->platform);
}

#endif
