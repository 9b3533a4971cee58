// SPDX-License-Identifier: Apache-2.0
// Work, what is handed over in it, and what was changed outside of it.

#include "platform/store/sqlite_work.h"

#include "platform/store/sqlite_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGE_KEPT_MS (INT64_C(3600) * 1000)

struct brought { /* an appended row */
    char id[BULLA_ID_SIZE];
    bool fresh;
};

struct taken { /* handed over, up to this number */
    unsigned partition;
    int64_t number;
};

/* The work of this thread. */
static _Thread_local struct work {
    struct store_sqlite *store; /* NULL: none */
    struct store_lease leases[STORE_PARTITIONS_MOST];
    size_t n_leases;
    bool lost, spoiled;
    struct brought *brought;
    size_t n_brought, brought_size, brought_used;
    struct taken taken[STORE_PARTITIONS_MOST];
    size_t n_taken;
} work;

bool sqlite_in_work(const struct store_sqlite *store)
{
    return work.store == store;
}

int sqlite_work_note(struct store_sqlite *store, int outcome)
{
    if (sqlite_in_work(store) && outcome < 0) {
        work.spoiled = true;
    }
    return outcome;
}

static int check_lease(struct store_db *db, const struct store_lease *lease)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT epoch FROM partition WHERE number = ?");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, lease->partition);
    int code = sqlite3_step(s);
    int64_t epoch = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : -1;
    int outcome = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_db_fail(db, "reading a partition");
    sqlite3_reset(s);
    if (outcome || epoch == lease->epoch) {
        return outcome;
    }
    work.lost = true;
    return store_fail(STORE_CONFLICT, "partition %u: expected epoch %lld, it is %lld: another node holds it now", lease->partition,
                      (long long)lease->epoch, (long long)epoch);
}

int sqlite_work_check(struct store_sqlite *store, struct store_db *db)
{
    int outcome = 0;
    for (size_t i = 0; sqlite_in_work(store) && i < work.n_leases && !outcome; i++) {
        outcome = check_lease(db, &work.leases[i]);
    }
    return outcome;
}

/* By a connection of its own. */
static int check_now(struct store_sqlite *store)
{
    struct store_db *db = NULL;
    if (!work.n_leases) {
        return 0;
    }
    int outcome = store_pool_take(&store->readers, &db);
    if (!outcome) {
        outcome = sqlite_work_check(store, db);
        store_pool_put(&store->readers, db);
    }
    return sqlite_work_note(store, outcome);
}

static void forget(void)
{
    work.store = NULL;
    work.n_leases = work.n_brought = work.brought_used = work.n_taken = 0;
    work.lost = work.spoiled = false;
    free(work.brought); /* threads end */
    work.brought = NULL;
    work.brought_size = 0;
}

int sqlite_work_begin(struct store *base, const struct store_lease *leases, size_t n)
{
    struct store_sqlite *store = store_sqlite_of(base);
    if (work.store || n > STORE_PARTITIONS_MOST) {
        return store_fail(STORE_FAILED, work.store ? "work: this thread has one already" : "work: too many leases");
    }
    work.store = store;
    work.n_leases = n;
    if (n > 0) {
        memcpy(work.leases, leases, n * sizeof *leases);
    }
    int outcome = check_now(store);
    if (outcome) {
        forget();
    }
    return outcome;
}

static int drop_taken(struct store_sqlite *store)
{
    struct store_db *db = work.n_taken > 0 ? sqlite_write_begin(store) : NULL;
    if (!db) {
        return work.n_taken > 0 ? store_outcome() : 0;
    }
    int outcome = 0;
    for (size_t i = 0; i < work.n_taken && !outcome; i++) {
        sqlite3_stmt *s = store_db_prepare(db, "DELETE FROM handover WHERE partition = ? AND number <= ?");
        outcome = s ? 0 : store_outcome();
        if (!outcome) {
            sqlite3_bind_int64(s, 1, work.taken[i].partition);
            sqlite3_bind_int64(s, 2, work.taken[i].number);
            outcome = store_db_step(db, s, "taking what was handed over");
        }
    }
    return sqlite_write_end(store, outcome, NULL);
}

int sqlite_work_end(struct store *base, bool keep)
{
    struct store_sqlite *store = store_sqlite_of(base);
    if (!sqlite_in_work(store)) {
        return store_fail(STORE_FAILED, "work: it was not begun");
    }
    int outcome = 0;
    if (keep && work.spoiled) {
        outcome = store_fail(STORE_FAILED, "work: something in it could not be written");
    } else if (keep) {
        outcome = work.lost ? store_fail(STORE_CONFLICT, "work: another node holds the partition now") : check_now(store);
        outcome = outcome ? outcome : drop_taken(store);
    }
    forget();
    return outcome;
}

static int reserve_brought(size_t more)
{
    if (work.n_brought + more <= work.brought_size) {
        return 0;
    }
    size_t size = (work.n_brought + more) * 2;
    struct brought *grown = realloc(work.brought, size * sizeof *grown);
    if (!grown) {
        return store_fail(STORE_FAILED, "appending: out of memory");
    }
    work.brought = grown;
    work.brought_size = size;
    return 0;
}

int sqlite_work_append(struct store_sqlite *store, struct store_row *rows, size_t n)
{
    if (!sqlite_in_work(store)) {
        return store_history_append(store->history, rows, n);
    }
    int outcome = check_now(store);
    bool traced = work.n_leases > 0;
    outcome = outcome || !traced ? outcome : reserve_brought(n);
    outcome = outcome ? outcome : store_history_append(store->history, rows, n);
    for (size_t i = 0; traced && i < n && !outcome; i++) {
        struct brought *to = &work.brought[work.n_brought++];
        to->fresh = !rows[i].duplicate;
        snprintf(to->id, sizeof to->id, "%s", rows[i].o->id);
    }
    return sqlite_work_note(store, outcome);
}

void sqlite_work_brought(struct store_sqlite *store, uint32_t rows, void (*each)(void *context, const char *id), void *context)
{
    for (; sqlite_in_work(store) && rows > 0 && work.brought_used < work.n_brought; rows--) {
        const struct brought *one = &work.brought[work.brought_used++];
        if (one->fresh) {
            each(context, one->id);
        }
    }
}

/* --- handing over --- */

int sqlite_handover_put(struct store *base, unsigned to, const char *seal, const char *observation)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    sqlite3_stmt *s = store_db_prepare(db, "INSERT OR IGNORE INTO handover (partition, seal, observation) VALUES (?, ?, ?)");
    int outcome = s ? 0 : store_outcome();
    if (!outcome) {
        sqlite3_bind_int64(s, 1, to);
        store_db_bind_text(s, 2, seal);
        store_db_bind_text(s, 3, observation);
        outcome = store_db_step(db, s, "handing over");
        sqlite3_clear_bindings(s);
    }
    return sqlite_write_end(store, outcome, NULL);
}

static struct taken *taken_of(unsigned partition)
{
    for (size_t i = 0; i < work.n_taken; i++) {
        if (work.taken[i].partition == partition) {
            return &work.taken[i];
        }
    }
    if (work.n_taken == STORE_PARTITIONS_MOST) {
        return NULL;
    }
    work.taken[work.n_taken] = (struct taken){partition, 0};
    return &work.taken[work.n_taken++];
}

struct copied {
    struct bulla_observation o;
    uint8_t *raw;
    size_t len;
};

static void keep_one(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct copied *copied = context;
    copied->o = *o;
    copied->raw = raw.len ? malloc(raw.len) : NULL;
    copied->len = copied->raw ? raw.len : 0;
    if (copied->raw) {
        memcpy(copied->raw, raw.at, raw.len);
    }
}

/* Whoever is given it reads the history himself: not while a segment of it is held. */
static int give(struct store_sqlite *store, const char *id, store_observation_fn each, void *context)
{
    struct copied *copied = calloc(1, sizeof *copied);
    if (!copied) {
        return store_fail(STORE_FAILED, "taking what was handed over: out of memory");
    }
    int found = store_history_get(store->history, id, keep_one, copied);
    if (!found) {
        each(context, &copied->o, (struct bulla_bytes){copied->raw, copied->len});
    }
    free(copied->raw);
    free(copied);
    return found < 0 ? found : 0; /* one that was forgotten with the old history is passed over */
}

static int take(struct store_sqlite *store, struct store_db *db, struct taken *taken, unsigned limit, store_observation_fn each,
                void *context)
{
    sqlite3_stmt *s =
        store_db_prepare(db, "SELECT number, observation FROM handover WHERE partition = ? AND number > ? ORDER BY number LIMIT ?");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, taken->partition);
    sqlite3_bind_int64(s, 2, taken->number);
    sqlite3_bind_int64(s, 3, limit);
    int code, outcome = 0;
    while (!outcome && (code = sqlite3_step(s)) == SQLITE_ROW) {
        char id[BULLA_ID_SIZE];
        store_db_column_text(s, 1, id, sizeof id);
        outcome = give(store, id, each, context);
        taken->number = outcome ? taken->number : sqlite3_column_int64(s, 0);
    }
    if (!outcome && code != SQLITE_DONE) {
        outcome = store_db_fail(db, "taking what was handed over");
    }
    sqlite3_reset(s);
    return outcome;
}

int sqlite_handover_take(struct store *base, unsigned partition, unsigned limit, store_observation_fn each, void *context)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct taken *taken = sqlite_in_work(store) ? taken_of(partition) : NULL;
    if (!taken) {
        return store_fail(STORE_FAILED, "taking what was handed over: outside of work");
    }
    struct store_db *db = NULL;
    int outcome = store_pool_take(&store->readers, &db);
    if (!outcome) {
        outcome = take(store, db, taken, limit, each, context);
        store_pool_put(&store->readers, db);
    }
    return sqlite_work_note(store, outcome);
}

/* --- changes --- */

static int forget_changes(struct store_db *db, int64_t now_ms)
{
    sqlite3_stmt *s = store_db_prepare(db, "DELETE FROM change WHERE time_ms < ?");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, now_ms - CHANGE_KEPT_MS);
    return store_db_step(db, s, "writing a change");
}

int sqlite_change(struct store_sqlite *store, struct store_db *db, enum store_changed kind, const char *id)
{
    if (!store->partitions || sqlite_in_work(store)) {
        return 0;
    }
    int64_t now_ms = clock_now(&store->disk->clock);
    sqlite3_stmt *s = store_db_prepare(db, "INSERT INTO change (kind, id, time_ms) VALUES (?, ?, ?)");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int(s, 1, (int)kind);
    store_db_bind_text(s, 2, id);
    sqlite3_bind_int64(s, 3, now_ms);
    int outcome = store_db_step(db, s, "writing a change");
    sqlite3_clear_bindings(s);
    return outcome ? outcome : forget_changes(db, now_ms);
}

static int read_changes(struct store_db *db, int64_t after, int64_t *last,
                        void (*each)(void *context, enum store_changed kind, const char *id), void *context)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT number, kind, id FROM change WHERE number > ? ORDER BY number");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, after);
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        char id[MODEL_SEAL_SIZE + ALARM_ID_SIZE];
        store_db_column_text(s, 2, id, sizeof id);
        *last = sqlite3_column_int64(s, 0);
        each(context, (enum store_changed)sqlite3_column_int(s, 1), id);
    }
    int outcome = code == SQLITE_DONE ? 0 : store_db_fail(db, "reading changes");
    sqlite3_reset(s);
    return outcome;
}

int sqlite_changes(struct store *base, char cursor[64], void (*each)(void *context, enum store_changed kind, const char *id), void *context)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = NULL;
    char *end = cursor;
    int64_t last = *cursor ? strtoll(cursor, &end, 10) : 0;
    if (*end) {
        return store_fail(STORE_FAILED, "changes: expected a cursor that was given, got %s", cursor);
    }
    int outcome = store_pool_take(&store->readers, &db);
    if (outcome) {
        return outcome;
    }
    if (*cursor) {
        outcome = read_changes(db, last, &last, each, context);
    } else { /* the greatest that was ever given */
        outcome = store_db_number(db, "SELECT seq FROM sqlite_sequence WHERE name = 'change'", 0, &last);
    }
    store_pool_put(&store->readers, db);
    if (!outcome) {
        snprintf(cursor, 64, "%lld", (long long)last);
    }
    return outcome;
}
