/* SPDX-License-Identifier: Apache-2.0
 *
 * The entrance from inside: what comes over no socket of the gateway's.
 */
#include <stdio.h>
#include <string.h>

#include "platform/base/limits.h"
#include "platform/in/gateway_internal.h"

/* Not gateway_unlock(): only the loop thread may tell the network to wait. */
static void unlock(struct gateway *g)
{
    pthread_mutex_unlock(&g->mutex);
    pthread_cond_signal(&g->filled);
}

/* Nobody here remembers what the seal last said: whatever is not plainly as it should be is news. */
static bool is_news(const struct bulla_observation *o)
{
    static const uint64_t plain = BULLA_EVENT_BIT(BULLA_EVENT_STATE_REPORT) | BULLA_EVENT_BIT(BULLA_EVENT_HEARTBEAT) |
                                  BULLA_EVENT_BIT(BULLA_EVENT_WAKE) | BULLA_EVENT_BIT(BULLA_EVENT_POSITION_CELL);
    return (o->events & ~plain) || (o->has & (BULLA_HAS_NOTE | BULLA_HAS_UNLOCK | BULLA_HAS_RESULT)) || o->state.seal == BULLA_SEAL_OPEN ||
           o->state.cover == BULLA_COVER_OPEN || o->state.door == BULLA_COVER_OPEN;
}

/* All of them or none. */
static bool put_rows(struct gateway *g, const struct gateway_row *rows, size_t n)
{
    struct batch *b = g->filling;
    struct batch_mark mark = batch_mark(b);
    int64_t now_ms = clock_now(&g->clock);
    for (size_t i = 0; i < n; i++) {
        size_t at = batch_put_bytes(b, rows[i].raw.at, rows[i].raw.len);
        struct batch_row *row = at == SIZE_MAX ? NULL : batch_put_row(b, rows[i].o);
        if (!row) {
            batch_rewind(b, mark);
            return false;
        }
        row->o.received_ms = now_ms;
        row->raw_at = at;
        row->raw_len = rows[i].raw.len;
        row->news = is_news(&row->o);
    }
    return true;
}

/* What fits no batch at all gets one of its own. */
static bool fits(const struct batch *b, const struct gateway_row *rows, size_t n)
{
    size_t bytes = b->n_bytes;
    for (size_t i = 0; i < n; i++)
        bytes += rows[i].raw.len;
    return b->n_rows + n <= LIMIT_BATCH_ROWS && (bytes <= LIMIT_BATCH_BYTES || b->n_rows == 0);
}

enum gateway_told gateway_tell(struct gateway *g, const struct gateway_row *rows, size_t n, void (*done)(void *context, bool stored),
                               void *context)
{
    gateway_lock(g);
    enum gateway_told told = g->stopping ? GATEWAY_CLOSED : g->paused || !fits(g->filling, rows, n) ? GATEWAY_FULL : GATEWAY_TOLD;
    struct batch_mark mark = batch_mark(g->filling);
    if (told == GATEWAY_TOLD && (!put_rows(g, rows, n) || (done && !batch_put_told(g->filling, done, context)))) {
        batch_rewind(g->filling, mark);
        told = GATEWAY_FULL;
    }
    if (told == GATEWAY_TOLD)
        g->counts.observations += n;
    unlock(g);
    return told;
}

void gateway_tell_damage(struct gateway *g, const char *protocol, const char *peer, const char *why, struct bulla_bytes raw)
{
    if (raw.len > LIMIT_DAMAGE_BYTES)
        raw.len = LIMIT_DAMAGE_BYTES;
    gateway_lock(g);
    bool kept = g->filling->n_damages < LIMIT_DAMAGES_PER_BATCH; /* the rest is only counted */
    size_t at = kept ? batch_put_bytes(g->filling, raw.at, raw.len) : SIZE_MAX;
    struct batch_damage *d = at == SIZE_MAX ? NULL : batch_put_damage(g->filling);
    if (d) {
        snprintf(d->protocol, sizeof d->protocol, "%s", protocol);
        snprintf(d->peer, sizeof d->peer, "%s", peer);
        snprintf(d->why, sizeof d->why, "%s", why);
        d->outcome = BULLA_INSANE;
        d->received_ms = clock_now(&g->clock);
        d->raw_at = at;
        d->raw_len = raw.len;
    }
    g->counts.outcomes[-BULLA_INSANE]++;
    unlock(g);
}
