// SPDX-License-Identifier: Apache-2.0
// Appending a batch: plan (what is new, which seal), write in one transaction, enter into the index when durable.

#include "platform/store/history.h"
#include "platform/store/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The hot file's write-ahead log: the keeper moves it into the file at the first length; at the second the writer moves
 * the rest itself, so that the log starts again from its beginning. Pages of 4096 bytes. */
enum { LOG_LONG = 4096, LOG_TOO_LONG = 16384 };

struct history_plan {
    struct store_key key;
    int64_t at_ms, lag_ms;
    uint32_t seal;
    char name[MODEL_SEAL_SIZE];
};

static int reserve_batch(struct store_history_batch *batch, size_t n)
{
    if (n <= batch->size) {
        return 0;
    }
    size_t slots_size = 64;
    while (slots_size < 2 * n) {
        slots_size *= 2;
    }
    struct history_plan *plans = realloc(batch->plans, n * sizeof *plans);
    if (plans) {
        batch->plans = plans;
    }
    uint32_t *slots = plans ? realloc(batch->slots, slots_size * sizeof *slots) : NULL;
    if (!slots) {
        return store_fail(STORE_FAILED, "appending %zu observations: out of memory", n);
    }
    batch->slots = slots;
    batch->slots_size = slots_size;
    batch->size = n;
    return 0;
}

/* Whether an earlier row of this batch has the same id; if not, enters this one. */
static bool repeats_in_batch(struct store_history_batch *batch, size_t i)
{
    size_t mask = batch->slots_size - 1;
    size_t slot = (size_t)batch->plans[i].key.a & mask;
    while (batch->slots[slot]) {
        if (store_key_is(batch->plans[batch->slots[slot] - 1].key, batch->plans[i].key)) {
            return true;
        }
        slot = (slot + 1) & mask;
    }
    batch->slots[slot] = (uint32_t)i + 1;
    return false;
}

static int plan_row(const struct store_row *row, struct history_plan *plan)
{
    const struct bulla_observation *o = row->o;
    if (!o->id[0] || !o->protocol[0] || o->received_ms == BULLA_TIME_NONE) {
        return store_fail(STORE_FAILED, "observation: expected id, protocol and time of arrival, got id \"%s\", protocol \"%s\"", o->id,
                          o->protocol);
    }
    plan->key = store_key_of_id(o->id);
    plan->at_ms = bulla_observation_knows(o, BULLA_HAS_TIME) ? o->time_ms : o->received_ms;
    plan->lag_ms = (int64_t)((uint64_t)o->received_ms - (uint64_t)plan->at_ms);
    plan->seal = 0;
    snprintf(plan->name, sizeof plan->name, "%s:%s", o->protocol, o->device);
    return 0;
}

/* Whether a closed segment has the id. Only those with rows of the same hour can: an id is a digest over the event time,
 * or over the hour of arrival (model/identity.h). A file that cannot be read cannot tell; its rows count as not there. */
static bool is_in_closed(struct store_history *history, const struct history_plan *plan, const char *id)
{
    uint32_t hour = store_segment_hour(plan->at_ms);
    for (size_t i = history->n_segments; i-- > 0;) {
        struct segment *segment = history->segments[i];
        if (segment->state == SEGMENT_CLOSED && segment->hours[hour / 8] & 1u << hour % 8) {
            if (store_history_may_have(history, segment, plan->key) && store_segment_find(segment, id) > 0) {
                return true;
            }
        }
    }
    return false;
}

static bool is_in_open(const struct store_history *history, struct store_key key)
{
    for (size_t i = history->n_segments; i-- > 0;) {
        const struct segment *segment = history->segments[i];
        if (segment->index && store_index_find(segment->index, key)) {
            return true;
        }
    }
    return false;
}

/* Fills the plans and each row's `duplicate`; *fresh is how many rows are to be written. */
static int plan_batch(struct store_history *history, struct store_row *rows, size_t n, size_t *fresh)
{
    struct store_history_batch *batch = &history->batch;
    int outcome = reserve_batch(batch, n);
    if (outcome) {
        return outcome;
    }
    memset(batch->slots, 0, batch->slots_size * sizeof *batch->slots);
    *fresh = 0;
    pthread_rwlock_rdlock(&history->lock);
    for (size_t i = 0; i < n && !outcome; i++) {
        outcome = plan_row(&rows[i], &batch->plans[i]);
        if (!outcome) {
            rows[i].duplicate = repeats_in_batch(batch, i) || is_in_open(history, batch->plans[i].key) ||
                                is_in_closed(history, &batch->plans[i], rows[i].o->id);
            *fresh += !rows[i].duplicate;
        }
    }
    pthread_rwlock_unlock(&history->lock);
    return outcome;
}

/* Gives each row its seal's number in the hot segment and makes room; afterwards entering them cannot fail. */
static int number_seals(struct store_history *history, const struct store_row *rows, size_t n, size_t fresh)
{
    struct store_index *index = history->hot->index;
    struct history_plan *plans = history->batch.plans;
    pthread_rwlock_wrlock(&history->lock);
    bool done = store_index_reserve(index, (uint32_t)fresh);
    for (size_t i = 0; i < n && done; i++) {
        if (!rows[i].duplicate) {
            plans[i].seal = store_index_seal(index, plans[i].name);
            plans[i].seal = plans[i].seal ? plans[i].seal : store_index_add_seal(index, plans[i].name);
            done = plans[i].seal != 0;
        }
    }
    pthread_rwlock_unlock(&history->lock);
    return done ? 0 : store_fail(STORE_FAILED, "appending %zu observations: out of memory", n);
}

static int switch_segment(struct store_history *history)
{
    struct segment *next = store_keeper_spare(history);
    if (!next) {
        return store_outcome();
    }
    pthread_rwlock_wrlock(&history->lock);
    bool added = store_history_add(history, next);
    if (added) {
        history->hot = next;
    }
    pthread_rwlock_unlock(&history->lock);
    if (!added) {
        store_segment_free(next);
        return store_fail(STORE_FAILED, "a new segment: out of memory");
    }
    store_keeper_wake(history, true, false);
    return 0;
}

static bool is_full(const struct store_history *history, const struct store_row *rows, size_t fresh)
{
    const struct segment *hot = history->hot;
    return hot->index->n_rows > 0 &&
           (hot->index->n_rows + fresh > history->options.rows || rows[0].o->received_ms - hot->base_ms > history->options.span_ms);
}

static int write_seal(struct store_db *db, sqlite3_stmt *insert, uint32_t number, const char *name)
{
    sqlite3_bind_int64(insert, 1, number);
    store_db_bind_text(insert, 2, name);
    return store_db_step(db, insert, "appending");
}

static int write_row(struct store_db *db, sqlite3_stmt *insert, int64_t number, int64_t base_ms, const struct store_row *row,
                     const struct history_plan *plan)
{
    uint8_t body[STORE_PACK_MAX], id[16];
    size_t len = store_pack_put(body, row->o);
    sqlite3_bind_int64(insert, 1, number);
    if (store_key_bytes(row->o->id, id)) {
        store_db_bind_bytes(insert, 2, (struct bulla_bytes){id, sizeof id});
    } else {
        store_db_bind_text(insert, 2, row->o->id);
    }
    sqlite3_bind_int64(insert, 3, plan->seal);
    sqlite3_bind_int64(insert, 4, (int64_t)((uint64_t)plan->at_ms - (uint64_t)base_ms));
    sqlite3_bind_int64(insert, 5, plan->lag_ms);
    store_db_bind_bytes(insert, 6, (struct bulla_bytes){body, len});
    store_db_bind_bytes(insert, 7, row->raw);
    return store_db_step(db, insert, "appending");
}

static int write_base(struct store_db *db, int64_t base_ms)
{
    sqlite3_stmt *s = store_db_prepare(db, "INSERT INTO meta (name, value) VALUES ('base', ?)");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, base_ms);
    return store_db_step(db, s, "appending");
}

static int write_rows(struct store_history *history, const struct store_row *rows, size_t n, int64_t base_ms)
{
    struct segment *hot = history->hot;
    const struct history_plan *plans = history->batch.plans;
    sqlite3_stmt *seal = store_db_prepare(hot->writer, "INSERT OR IGNORE INTO seal (n, name) VALUES (?, ?)");
    sqlite3_stmt *row =
        store_db_prepare(hot->writer, "INSERT INTO observation (n, id, seal, at, lag, body, raw) VALUES (?, ?, ?, ?, ?, ?, ?)");
    if (!seal || !row) {
        return store_outcome();
    }
    int outcome = hot->has_base ? 0 : write_base(hot->writer, base_ms);
    int64_t number = hot->index->n_rows;
    for (size_t i = 0; i < n && !outcome; i++) {
        if (rows[i].duplicate) {
            continue;
        }
        if (!hot->index->seals[plans[i].seal].on_disk) {
            outcome = write_seal(hot->writer, seal, plans[i].seal, plans[i].name);
        }
        outcome = outcome ? outcome : write_row(hot->writer, row, ++number, base_ms, &rows[i], &plans[i]);
    }
    return outcome;
}

/* They are durable: from here readers find them. */
static void enter_rows(struct store_history *history, const struct store_row *rows, size_t n, int64_t base_ms)
{
    struct segment *hot = history->hot;
    const struct history_plan *plans = history->batch.plans;
    pthread_rwlock_wrlock(&history->lock);
    if (!hot->has_base) {
        hot->has_base = true;
        hot->base_ms = base_ms;
    }
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].duplicate) {
            hot->index->seals[plans[i].seal].on_disk = true;
            store_index_add(hot->index, hot->index->n_rows + 1, plans[i].key, plans[i].seal, plans[i].at_ms, plans[i].lag_ms);
        }
    }
    pthread_rwlock_unlock(&history->lock);
}

static void watch_log(struct store_history *history)
{
    struct store_db *db = history->hot->writer;
    if (db->wal_pages < history->log_asked) { /* it began again */
        history->log_asked = 0;
    }
    if (db->wal_pages > LOG_TOO_LONG) {
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    } else if (db->wal_pages > history->log_asked + LOG_LONG) {
        history->log_asked = db->wal_pages;
        store_keeper_wake(history, false, true);
    }
}

int store_history_append(struct store_history *history, struct store_row *rows, size_t n)
{
    size_t fresh = 0;
    int outcome = plan_batch(history, rows, n, &fresh);
    if (outcome || fresh == 0) {
        return outcome;
    }
    if (is_full(history, rows, fresh)) {
        outcome = switch_segment(history);
    }
    outcome = outcome ? outcome : number_seals(history, rows, n, fresh);
    if (outcome) {
        return outcome;
    }
    struct segment *hot = history->hot;
    int64_t base_ms = hot->has_base ? hot->base_ms : rows[0].o->received_ms;
    outcome = store_db_begin(hot->writer);
    if (!outcome) {
        outcome = store_db_end(hot->writer, write_rows(history, rows, n, base_ms));
    }
    if (!outcome) {
        enter_rows(history, rows, n, base_ms);
        watch_log(history);
    }
    return outcome;
}
