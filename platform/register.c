/* SPDX-License-Identifier: Apache-2.0
 *
 * A device that nobody entered becomes a seal record, so that officers see that it speaks. Device protocols have no authentication, and
 * whoever reaches a port can make up devices: so there are at most LIMIT_UNKNOWN_SEALS such records. Beyond, what a new one says is
 * stored like all else, but it gets no record until older ones are forgotten that nobody touched and no journey ever had.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/platform_internal.h"

#define PER_TURN    16    /* records written for unknown devices in one turn at most, so that alarms do not wait: */
#define MOST_MS     20    /* fewer while they take longer, */
#define RESTS       9     /* and not again for so many times as long as they took */
#define RECOUNT_MS  10000 /* other nodes make and forget some as well */
#define TELL_MS     60000
#define FORGET_MOST 32 /* at once: each is a transaction where the store does not join them, and alarms wait */

void work_register(struct platform *p, const char *seal)
{
    char(*grown)[MODEL_SEAL_SIZE] = realloc(p->unregistered, (p->n_unregistered + 1) * sizeof *grown);
    if (!grown)
        return;
    p->unregistered = grown;
    snprintf(p->unregistered[p->n_unregistered++], MODEL_SEAL_SIZE, "%s", seal);
}

/* --- room --- */

struct old {
    char (*ids)[MODEL_SEAL_SIZE];
    size_t n;
};

static void keep_old(void *context, const char *id)
{
    struct old *old = context;
    if (old->n < FORGET_MOST)
        snprintf(old->ids[old->n++], MODEL_SEAL_SIZE, "%s", id);
}

/* Counts them, and forgets old ones when there are too many. */
static void look(struct platform *p, int64_t now_ms)
{
    uint64_t n = 0;
    struct old old = {calloc(FORGET_MOST, MODEL_SEAL_SIZE), 0};
    if (!old.ids || store_seals_unknown(p->store, now_ms - LIMIT_UNKNOWN_KEPT_MS, FORGET_MOST, keep_old, &old, &n) != STORE_OK)
        old.n = 0;
    else
        atomic_store(&p->counts.unknown, n);
    for (size_t i = 0; i < old.n && n >= p->unknown_most; i++) {
        if (!cluster_mine(p, old.ids[i]) || store_seal_forget(p->store, old.ids[i]) != STORE_OK)
            continue; /* its node would not enter it again when it speaks */
        live_mark_unregistered(p, old.ids[i]);
        atomic_fetch_sub(&p->counts.unknown, 1);
        atomic_fetch_add(&p->counts.unknown_forgotten, 1);
    }
    free(old.ids);
}

static bool has_room(struct platform *p, int64_t now_ms)
{
    if (clock_due(p->unknown_due_ms, now_ms, RECOUNT_MS)) {
        p->unknown_due_ms = now_ms + RECOUNT_MS;
        look(p, now_ms);
    }
    return atomic_load(&p->counts.unknown) < p->unknown_most;
}

/* Those that wait are let go: each is tried again when it next speaks. */
static void refuse(struct platform *p, int64_t now_ms)
{
    atomic_fetch_add(&p->counts.unknown_refused, p->n_unregistered - p->n_entering);
    if (clock_due(p->unknown_told_ms, now_ms, TELL_MS)) {
        p->unknown_told_ms = now_ms + TELL_MS;
        log_say(
            LOG_WARN, "pipeline",
            "%s and other unknown devices get no seal record: there are %llu already that nobody entered (%llu reports so far); what they "
            "say is stored",
            p->unregistered[0], (unsigned long long)atomic_load(&p->counts.unknown),
            (unsigned long long)atomic_load(&p->counts.unknown_refused));
    }
    size_t n = p->n_unregistered - p->n_entering;
    for (size_t i = 0; i < n; i++)
        live_mark_unregistered(p, p->unregistered[i]);
    memmove(p->unregistered, p->unregistered + n, p->n_entering * sizeof *p->unregistered);
    p->n_unregistered = p->n_entering;
}

/* --- entering --- */

/* The last n of those that wait, in one transaction where the store would make one of each. */
static int enter(struct platform *p, size_t n, int64_t now_ms)
{
    int stored = store_group_begin(p->store);
    if (stored != STORE_OK)
        return stored;
    for (size_t i = 0; i < n && stored == STORE_OK; i++) {
        struct seal s = {.class_ = SEAL_CLASS_ACTIVE, .life = SEAL_LIFE_UNREGISTERED, .created_ms = now_ms};
        snprintf(s.id, sizeof s.id, "%s", p->unregistered[p->n_unregistered - 1 - i]);
        stored = store_seal_put(p->store, &s, NULL);
    }
    int ended = store_group_end(p->store);
    return stored == STORE_OK ? ended : stored;
}

/* How many at once: fewer while they take long, never more than there is room for. */
static size_t share(const struct platform *p)
{
    uint64_t n = atomic_load(&p->counts.unknown), room = n < p->unknown_most ? p->unknown_most - n : 0;
    size_t most = p->register_most < 1 ? 1 : p->register_most;
    most = most < p->n_unregistered ? most : p->n_unregistered;
    return most < room ? most : (size_t)room;
}

static void pace(struct platform *p, size_t n, int64_t began_ms, bool conflict)
{
    int64_t ended_ms = clock_now(&p->clock), took_ms = ended_ms - began_ms, rest_ms = took_ms * RESTS;
    p->register_most = took_ms > MOST_MS || conflict ? n / 2 : n * 2 > PER_TURN ? PER_TURN : n * 2;
    p->register_due_ms = rest_ms <= 0 ? 0 : ended_ms + (rest_ms < LIMIT_RETRY_MS ? rest_ms : LIMIT_RETRY_MS);
}

/* One that somebody entered meanwhile (a conflict) is known as well, but spoils the others of its group: then they are entered one
 * by one. */
void register_turn(struct platform *p, int64_t now_ms)
{
    static struct log_gate gate;
    if (p->n_unregistered == 0 || !clock_due(p->register_due_ms, now_ms, LIMIT_RETRY_MS))
        return;
    if (!has_room(p, now_ms)) {
        refuse(p, now_ms);
        return;
    }
    size_t n = share(p);
    int64_t began_ms = clock_now(&p->clock);
    int stored = enter(p, n, now_ms);
    if (stored > 0 && n > 1)
        stored = enter(p, n = 1, now_ms);
    if (stored < 0) {
        log_gated(&gate, LOG_ERROR, "pipeline", "%s cannot be entered, trying again: %s", p->unregistered[p->n_unregistered - 1],
                  store_error(p->store));
        p->register_due_ms = now_ms + LIMIT_RETRY_MS;
        return;
    }
    if (stored == STORE_OK) /* else it was there */
        atomic_fetch_add(&p->counts.unknown, n);
    p->n_entering = n;
    pace(p, n, began_ms, stored > 0);
}

void register_done(struct platform *p)
{
    for (; p->n_entering > 0; p->n_entering--)
        live_mark_registered(p, p->unregistered[--p->n_unregistered]);
}
