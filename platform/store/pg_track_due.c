// SPDX-License-Identifier: Apache-2.0
// Which tracks are to be packed, in PostgreSQL: found in what was committed since the last look (pg_003_tracks.sql).

#include "platform/store/pg_calls.h"
#include "platform/store/pg_history.h"
#include "platform/store/track.h"

#include <string.h>
#include <time.h>

enum { LOOK_EVERY_MS = 250 };

static const char DUE_SQL[] =
    "SELECT d.seal, d.day_ms, d.mark FROM track_due d LEFT JOIN track t ON t.seal = d.seal AND t.day_ms = d.day_ms "
    "WHERE d.day_ms >= $1 AND d.day_ms < $2 AND (t.seal IS NULL OR t.packed_ms <= $3) ORDER BY d.day_ms, d.seal LIMIT $4";
static const char COARSE_SQL[] = "SELECT t.seal, t.day_ms, 0::bigint FROM track t WHERE t.day_ms >= $1 AND t.day_ms < $2 AND t.step_s < $3 "
                                 "ORDER BY t.day_ms, t.seal LIMIT $4";

/* In a transaction of its own, committed before what is listed is read: so what a mark stands for is there for all. */
static int look(struct store_pg *store)
{
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    return outcome ? outcome : pg_write_end(store, conn, pg_do(conn, "SELECT track_look()", NULL, "finding what tracks are due", NULL), NULL);
}

static int64_t steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + LOOK_EVERY_MS;
}

bool pg_track_looked(struct store_pg *store)
{
    int64_t now_ms = steady_ms();
    if (pg_in_work(store) || now_ms - store->looked_ms < LOOK_EVERY_MS) {
        return true;
    }
    bool done = look(store) == 0;
    store->looked_ms = done ? now_ms : 0;
    return done;
}

int pg_track_due(struct store *base, const struct store_due_query *q, store_due_fn each, void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    struct pg_params p = {0};
    int outcome = q->coarse ? 0 : look(store);
    outcome = outcome ? outcome : pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    pg_param_long(&p, track_day(q->from_ms));
    pg_param_long(&p, track_day(q->until_ms));
    pg_param_long(&p, q->coarse ? q->step_s : q->packed_before_ms);
    pg_param_long(&p, q->limit);
    PGresult *r = pg_run(conn, q->coarse ? COARSE_SQL : DUE_SQL, &p, "reading what tracks are due");
    for (int i = 0; r && i < PQntuples(r); i++) {
        struct store_due due = {.day_ms = pg_long(r, i, 1), .mark = pg_long(r, i, 2)};
        pg_copy_text(due.seal, sizeof due.seal, pg_bytes(r, i, 0));
        each(context, &due);
    }
    outcome = r ? 0 : store_outcome();
    PQclear(r);
    pg_read_end(store, conn);
    return outcome;
}

int pg_track_size(struct store *base, struct store_track_size *out)
{
    static const char SQL[] = "SELECT count(*), coalesce(sum(fixes), 0)::bigint, coalesce(sum(length(bytes)), 0)::bigint, "
                              "pg_total_relation_size('track'), (SELECT count(*) FROM track_due), count(DISTINCT seal), "
                              "coalesce(min(day_ms), 0)::bigint, coalesce(max(day_ms), 0)::bigint FROM track";
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = look(store);
    outcome = outcome ? outcome : pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    PGresult *r = pg_run(conn, SQL, NULL, "reading the size of tracks");
    outcome = r ? 0 : store_outcome();
    if (r) {
        *out = (struct store_track_size){(uint64_t)pg_long(r, 0, 0), (uint64_t)pg_long(r, 0, 1), (uint64_t)pg_long(r, 0, 2),
                                         (uint64_t)pg_long(r, 0, 3), (uint64_t)pg_long(r, 0, 4), (uint64_t)pg_long(r, 0, 5),
                                         pg_long(r, 0, 6),           pg_long(r, 0, 7)};
    }
    PQclear(r);
    pg_read_end(store, conn);
    return outcome;
}
