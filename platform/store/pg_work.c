// SPDX-License-Identifier: Apache-2.0
// Work: everything that one thread writes between begin and end, as one transaction, fenced by the leases of its partitions.

#include "platform/store/pg_calls.h"
#include "platform/store/pg_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PG_WORK_MS      300000 /* statement_timeout inside work: a batch may be large */
#define PG_WORK_LOCK_MS 4000   /* lock_timeout: whoever holds a lock of work for so long has been cut off; it is tried again */

static _Thread_local struct {
    struct store_pg *store; /* NULL: no work */
    struct pg_conn *conn;   /* NULL: its transaction has not begun */
    struct store_lease leases[STORE_PARTITIONS_MOST];
    size_t n_leases;
    struct audit *audits;
    size_t n_audits, room;
    bool is_spoiled;
    char why[400]; /* what spoiled it */
} work;

bool pg_in_work(const struct store_pg *store)
{
    return work.store == store;
}

static int fail_spoiled(void)
{
    return store_fail(STORE_FAILED, "this work has failed: %s", work.why);
}

struct pg_conn *pg_work_begun(const struct store_pg *store, int *outcome)
{
    *outcome = pg_in_work(store) && work.is_spoiled ? fail_spoiled() : 0;
    return pg_in_work(store) && !*outcome ? work.conn : NULL;
}

static int begin(struct store_pg *store)
{
    char sql[160];
    struct pg_conn *conn = NULL;
    int outcome = pg_take(store, &conn);
    if (outcome) {
        return outcome;
    }
    snprintf(sql, sizeof sql, "BEGIN; SET LOCAL bulla.work = 'on'; SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = %d", PG_WORK_MS,
             PG_WORK_LOCK_MS);
    outcome = pg_script(conn, sql, "beginning work");
    if (outcome) {
        pg_put_back(store, conn);
        return outcome;
    }
    conn->in_transaction = conn->in_work = true;
    work.conn = conn;
    return 0;
}

struct pg_conn *pg_work_conn(struct store_pg *store, int *outcome)
{
    struct pg_conn *conn = pg_work_begun(store, outcome);
    if (!*outcome && !conn && pg_in_work(store)) {
        *outcome = begin(store);
        conn = work.conn;
        if (*outcome) {
            pg_work_spoil(store);
        }
    }
    return conn;
}

void pg_work_spoil(struct store_pg *store)
{
    if (pg_in_work(store) && !work.is_spoiled) {
        work.is_spoiled = true;
        snprintf(work.why, sizeof work.why, "%s", store_error(&store->base));
    }
}

int pg_work_audit(struct store_pg *store, const struct audit *audit)
{
    (void)store;
    if (work.n_audits == work.room) {
        size_t room = work.room ? 2 * work.room : 8;
        struct audit *more = realloc(work.audits, room * sizeof *more);
        if (!more) {
            return store_fail(STORE_FAILED, "store: out of memory");
        }
        work.audits = more;
        work.room = room;
    }
    work.audits[work.n_audits++] = *audit;
    return 0;
}

int pg_work_begin(struct store *base, const struct store_lease *leases, size_t n)
{
    if (work.store) {
        return store_fail(STORE_FAILED, "store: work was begun on this thread before, and has not ended");
    }
    if (n > STORE_PARTITIONS_MOST) {
        return store_fail(STORE_FAILED, "store: expected at most %d leases, got %zu", STORE_PARTITIONS_MOST, n);
    }
    work.store = store_pg_of(base);
    work.conn = NULL;
    work.is_spoiled = false;
    work.n_audits = 0;
    work.n_leases = n;
    if (n > 0) {
        memcpy(work.leases, leases, n * sizeof *leases);
    }
    return 0;
}

static int keep_all(struct pg_conn *conn)
{
    int outcome = work.n_leases > 0 ? pg_leases_check(conn, work.leases, work.n_leases) : 0;
    for (size_t i = 0; i < work.n_audits && !outcome; i++) {
        outcome = pg_audit_write(conn, &work.audits[i]);
    }
    return outcome ? outcome : pg_commit(conn);
}

int pg_work_end(struct store *base, bool keep)
{
    struct store_pg *store = store_pg_of(base);
    if (!pg_in_work(store)) {
        return store_fail(STORE_FAILED, "store: no work was begun on this thread");
    }
    int outcome = keep && work.is_spoiled ? fail_spoiled() : 0;
    if (work.conn) {
        outcome = !outcome && keep ? keep_all(work.conn) : outcome;
        if (outcome || !keep) {
            pg_undo(work.conn, "ROLLBACK");
        }
        pg_put_back(store, work.conn);
    }
    free(work.audits);
    work.audits = NULL;
    work.n_audits = work.room = 0;
    work.conn = NULL;
    work.store = NULL;
    return outcome;
}
