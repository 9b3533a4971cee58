/* SPDX-License-Identifier: Apache-2.0
 *
 * The history of a trial in a real store of either back end: what has arrived is appended before it is asked for. Trials share
 * the store; each has seals of its own.
 */
#ifndef STORED_HISTORY_H
#define STORED_HISTORY_H

#include "tests/unit/store/store_both.h"

struct stored_history {
    struct test_place place;
    struct store *store;
    unsigned trial;
    size_t n;     /* of this trial, that have been appended */
    size_t given; /* read back, of all trials */
    void (*each)(void *, const struct bulla_observation *);
    void *to;
};

static inline void stored_history_open(struct stored_history *s)
{
    *s = (struct stored_history){0};
    place_make(&s->place);
    s->store = place_open(&s->place);
}

static inline void stored_history_close(struct stored_history *s)
{
    store_close(s->store);
    place_remove(&s->place);
}

static inline void stored_history_begin(struct stored_history *s)
{
    s->trial++;
    s->n = 0;
}

/* Appends messages[order[n]] up to order[arrived - 1] as one batch. */
static inline void stored_history_append(struct stored_history *s, const struct bulla_observation *messages, const size_t *order,
                                         size_t arrived)
{
    size_t n = arrived - s->n;
    struct bulla_observation *own = calloc(n + 1, sizeof *own);
    struct store_row *rows = calloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        const struct bulla_observation *o = &messages[order[s->n + i]];
        own[i] = *o;
        snprintf(own[i].device, sizeof own[i].device, "%u-%.8s", s->trial, o->device);
        snprintf(own[i].id, sizeof own[i].id, "%u-%.20s", s->trial, o->id);
        rows[i] = (struct store_row){&own[i], {(const uint8_t *)o->id, strlen(o->id)}, false};
    }
    assert_int_equal(n == 0 ? 0 : store_append(s->store, rows, n), STORE_OK);
    s->n = arrived;
    free(rows);
    free(own);
}

static inline void stored_history_give(void *context, const struct bulla_observation *stored, struct bulla_bytes raw)
{
    struct stored_history *s = context;
    struct bulla_observation o = *stored;
    snprintf(o.device, sizeof o.device, "%s", strchr(stored->device, '-') + 1);
    snprintf(o.id, sizeof o.id, "%s", strchr(stored->id, '-') + 1);
    assert_int_equal(raw.len, strlen(o.id));
    assert_memory_equal(raw.at, o.id, raw.len);
    s->given++;
    s->each(s->to, &o);
}

static inline bool stored_history_read(struct stored_history *s, const char *seal, int64_t from_ms, int64_t until_ms,
                                       void (*each)(void *, const struct bulla_observation *), void *to)
{
    char name[MODEL_SEAL_SIZE];
    const char *device = strchr(seal, ':') + 1;
    snprintf(name, sizeof name, "%.*s%u-%s", (int)(device - seal), seal, s->trial, device);
    s->each = each;
    s->to = to;
    return store_observations(s->store, name, from_ms, until_ms, 0, stored_history_give, s) == STORE_OK;
}

#endif
