// SPDX-License-Identifier: Apache-2.0
// How far each partition has come in PostgreSQL, what brought an observation, what is handed over, what others changed.

#include "platform/store/pg_array.h"
#include "platform/store/pg_calls.h"
#include "platform/store/pg_history.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PRUNE_EACH = 64, PRUNE_ROWS = 512 }; /* every so many calls, at most so many rows: more than those calls can add */

/* Whether this is the call, of many, that also clears away what is old. */
static bool is_time_to_prune(struct store_pg *store)
{
    return __atomic_add_fetch(&store->history->calls, 1, __ATOMIC_RELAXED) % PRUNE_EACH == 0;
}

/* --- progress --- */

/* All entries in one statement, each compared with the one before it of its partition and source, here or in the store. */
static const char MOVE[] =
    "WITH e AS (SELECT i, p, place, convert_from(s, 'UTF8') AS source, n FROM unnest($1::integer[], $2::bigint[], $3::bytea[], "
    "$4::bigint[]) "
    "WITH ORDINALITY AS e(p, place, s, n, i) WHERE place >= 0), " /* of a hurried one nothing moves */
    "o AS (SELECT e.*, coalesce(lag(e.place) OVER (PARTITION BY e.p ORDER BY i), w.place) AS was_place, "
    "coalesce(lag(e.n) OVER (PARTITION BY e.p, e.source ORDER BY i), g.number) AS was_number FROM e "
    "LEFT JOIN partition_place w ON w.partition = e.p LEFT JOIN progress g ON g.partition = e.p AND g.source = e.source), "
    "a AS (INSERT INTO partition_place SELECT p, max(place) FROM e GROUP BY p ON CONFLICT (partition) DO UPDATE SET place = "
    "excluded.place), "
    "b AS (INSERT INTO progress SELECT p, source, max(n) FROM e WHERE source <> '' GROUP BY p, source " /* without one only the place moves
                                                                                                         */
    "ON CONFLICT (partition, source) DO UPDATE SET number = excluded.number) "
    "SELECT p, place, source, n FROM o WHERE place < was_place OR n < was_number OR (place = was_place AND coalesce(n = was_number, source "
    "= '')) "
    "ORDER BY i LIMIT 1";

/* Remembers what brought the rows of this transaction, if it brought any. first: rows of the parcels before. */
static const char PARCELS[] =
    "INSERT INTO parcel (work, partition, first, source, number, place, node, rows, taken_ms, published_ms, applied_ms, kept_ms) SELECT "
    "(next::bigint - 1) >> 22, p, f, convert_from(s, 'UTF8'), n, greatest(place, 0), convert_from(node, 'UTF8'), rows, taken, published, "
    "applied, "
    "bulla_now() "
    "FROM (SELECT nullif(current_setting('bulla.next', true), '') AS next) w, unnest($1::integer[], $2::bigint[], $3::bytea[], "
    "$4::bigint[], "
    "$5::bigint[], $6::bytea[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[]) AS e(p, place, s, n, f, node, rows, taken, "
    "published, "
    "applied) WHERE next IS NOT NULL AND rows > 0 ON CONFLICT DO NOTHING";

enum { COLUMNS = 10, MOVE_COLUMNS = 4 };

/* The entries as arrays, one a column; *first grows by their rows. */
static bool make_columns(struct pg_buffer columns[COLUMNS], const struct store_progress *progress, size_t n, int64_t *first)
{
    static const enum pg_type types[COLUMNS] = {PG_TYPE_INT,   PG_TYPE_LONG, PG_TYPE_BYTEA, PG_TYPE_LONG, PG_TYPE_LONG,
                                                PG_TYPE_BYTEA, PG_TYPE_LONG, PG_TYPE_LONG,  PG_TYPE_LONG, PG_TYPE_LONG};
    bool failed = false;
    for (size_t k = 0; k < COLUMNS; k++) {
        pg_array_begin(&columns[k], types[k], n);
    }
    for (size_t i = 0; i < n; i++) {
        const struct store_progress *e = &progress[i];
        pg_put_int(&columns[0], (int32_t)e->partition);
        pg_put_long(&columns[1], e->hurried ? -1 : (int64_t)e->place);
        pg_put_field(&columns[2], e->source, strlen(e->source));
        pg_put_long(&columns[3], (int64_t)e->number);
        pg_put_long(&columns[4], *first);
        pg_put_field(&columns[5], e->node, strlen(e->node));
        pg_put_long(&columns[6], e->rows);
        pg_put_long(&columns[7], e->taken_ms);
        pg_put_long(&columns[8], e->published_ms);
        pg_put_long(&columns[9], e->applied_ms);
        *first += e->rows;
    }
    for (size_t k = 0; k < COLUMNS; k++) {
        failed |= columns[k].failed;
    }
    return !failed;
}

static void add_columns(struct pg_params *p, const struct pg_buffer *columns, size_t n)
{
    static const enum pg_type types[COLUMNS] = {PG_TYPE_INTS,   PG_TYPE_LONGS, PG_TYPE_BYTEAS, PG_TYPE_LONGS, PG_TYPE_LONGS,
                                                PG_TYPE_BYTEAS, PG_TYPE_LONGS, PG_TYPE_LONGS,  PG_TYPE_LONGS, PG_TYPE_LONGS};
    for (size_t k = 0; k < n; k++) {
        pg_param_array(p, types[k], &columns[k]);
    }
}

static int move(struct pg_conn *conn, const struct pg_buffer *columns)
{
    struct pg_params p = {0};
    add_columns(&p, columns, MOVE_COLUMNS);
    PGresult *r = pg_run(conn, MOVE, &p, "writing progress");
    if (!r) {
        return store_outcome();
    }
    int outcome = 0;
    if (PQntuples(r) > 0) {
        outcome = store_fail(STORE_CONFLICT,
                             "progress of partition %d: place %" PRId64 " and number %" PRId64 " of %s are not after those applied before",
                             pg_int(r, 0, 0), pg_long(r, 0, 1), pg_long(r, 0, 3), pg_text(r, 0, 2));
    }
    PQclear(r);
    return outcome;
}

static int put_parcels(struct pg_conn *conn, const struct pg_buffer *columns)
{
    struct pg_params p = {0};
    add_columns(&p, columns, COLUMNS);
    return pg_do(conn, PARCELS, &p, "writing progress", NULL);
}

static int check_range(const struct store_progress *progress, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (progress[i].place > INT64_MAX || progress[i].number > INT64_MAX) {
            return store_fail(STORE_FAILED, "progress: place %" PRIu64 " or number %" PRIu64 " is too large", progress[i].place,
                              progress[i].number);
        }
    }
    return 0;
}

static int forget_parcels(struct pg_conn *conn)
{
    struct pg_params p = {0};
    pg_param_int(&p, PRUNE_ROWS);
    return pg_do(conn,
                 "DELETE FROM parcel WHERE (work, partition, first, source, number) IN (SELECT work, partition, first, source, number "
                 "FROM (SELECT * FROM parcel ORDER BY work LIMIT $1 FOR UPDATE SKIP LOCKED) o WHERE kept_ms < bulla_now() - 259200000)",
                 &p, "forgetting parcels", NULL);
}

/* Where the next parcel's rows begin in this transaction: after those of earlier calls. */
static int next_first(struct pg_conn *conn, int64_t *first)
{
    PGresult *r = pg_run(conn, "SELECT coalesce(nullif(current_setting('bulla.first', true), '')::bigint, 0)", NULL, "writing progress");
    if (!r) {
        return store_outcome();
    }
    *first = pg_long(r, 0, 0);
    PQclear(r);
    return 0;
}

static int keep_first(struct pg_conn *conn, int64_t first)
{
    struct pg_params p = {0};
    pg_param_long(&p, first);
    return pg_do(conn, "SELECT set_config('bulla.first', $1::bigint::text, true)", &p, "writing progress", NULL);
}

static int put_progress(struct pg_conn *conn, const struct store_progress *progress, size_t n)
{
    struct pg_buffer columns[COLUMNS] = {{0}};
    int64_t first = 0;
    int outcome = check_range(progress, n);
    outcome = outcome ? outcome : next_first(conn, &first);
    if (!outcome && !make_columns(columns, progress, n, &first)) {
        outcome = store_fail(STORE_FAILED, "writing progress: out of memory");
    }
    outcome = outcome ? outcome : move(conn, columns);
    outcome = outcome ? outcome : put_parcels(conn, columns);
    outcome = outcome ? outcome : keep_first(conn, first);
    for (size_t k = 0; k < COLUMNS; k++) {
        pg_buffer_free(&columns[k]);
    }
    return outcome;
}

int pg_progress_put(struct store *base, const struct store_progress *progress, size_t n)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = n ? pg_write_begin(store, &conn) : 0;
    if (outcome || n == 0) {
        return outcome;
    }
    outcome = put_progress(conn, progress, n);
    if (!outcome && is_time_to_prune(store)) {
        outcome = forget_parcels(conn);
    }
    return pg_write_end(store, conn, outcome, NULL);
}

int pg_progress(struct store *base, unsigned partition, uint64_t *place, void (*each)(void *context, const char *source, uint64_t number),
                void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    struct pg_params p = {0};
    pg_param_int(&p, (int32_t)partition);
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    PGresult *r = pg_run(conn,
                         "SELECT NULL AS source, place FROM partition_place WHERE partition = $1 UNION ALL SELECT source, number FROM "
                         "progress WHERE partition = $1 ORDER BY source NULLS FIRST",
                         &p, "reading progress");
    if (r && place) {
        *place = 0;
    }
    for (int i = 0; r && i < PQntuples(r); i++) {
        if (!PQgetisnull(r, i, 0) && each) {
            each(context, pg_text(r, i, 0), (uint64_t)pg_long(r, i, 1));
        } else if (PQgetisnull(r, i, 0) && place) {
            *place = (uint64_t)pg_long(r, i, 1);
        }
    }
    outcome = r ? 0 : store_outcome();
    PQclear(r);
    pg_read_end(store, conn);
    return outcome;
}

int pg_progress_of(struct store *base, const char *source, void (*each)(void *context, unsigned partition, uint64_t number), void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    struct pg_params p = {0};
    pg_param_text(&p, source);
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    PGresult *r = pg_run(conn, "SELECT partition, number FROM progress WHERE source = $1 ORDER BY partition", &p, "reading progress");
    for (int i = 0; r && i < PQntuples(r); i++) {
        each(context, (unsigned)pg_int(r, i, 0), (uint64_t)pg_long(r, i, 1));
    }
    outcome = r ? 0 : store_outcome();
    PQclear(r);
    pg_read_end(store, conn);
    return outcome;
}

/* --- what brought an observation --- */

/* A transaction's rows are numbered as they were appended, and its parcels in the same order: those of the seal's partition
 * that begin last before the row. */
#define TRACE_SQL                                                                                                                          \
    "SELECT partition, place, source, number, node, rows, taken_ms, published_ms, applied_ms FROM parcel WHERE work = $1 >> 22 ORDER BY "  \
    "partition = $2 DESC, first <= ($1 & 4194303) DESC, CASE WHEN first <= ($1 & 4194303) THEN -first ELSE first END LIMIT 1"

static int read_trace(struct pg_conn *conn, int64_t n, const char *seal, struct store_progress *out)
{
    struct pg_params p = {0};
    PGresult *r = pg_run(conn, "SELECT count(*)::integer FROM node_partition", NULL, "tracing an observation");
    if (!r) {
        return store_outcome();
    }
    pg_param_long(&p, n);
    pg_param_int(&p, (int32_t)store_partition_of(seal, (unsigned)pg_int(r, 0, 0)));
    PQclear(r);
    r = pg_run(conn, TRACE_SQL, &p, "tracing an observation");
    if (!r) {
        return store_outcome();
    }
    int outcome = PQntuples(r) > 0 ? 0 : store_fail(STORE_NOT_FOUND, "what brought it is not known (any more)");
    if (!outcome) {
        *out = (struct store_progress){.partition = (unsigned)pg_int(r, 0, 0),
                                       .place = (uint64_t)pg_long(r, 0, 1),
                                       .number = (uint64_t)pg_long(r, 0, 3),
                                       .rows = (uint32_t)pg_long(r, 0, 5),
                                       .taken_ms = pg_long(r, 0, 6),
                                       .published_ms = pg_long(r, 0, 7),
                                       .applied_ms = pg_long(r, 0, 8)};
        snprintf(out->source, sizeof out->source, "%s", pg_text(r, 0, 2));
        snprintf(out->node, sizeof out->node, "%s", pg_text(r, 0, 4));
    }
    PQclear(r);
    return outcome;
}

int pg_trace(struct store *base, const char *observation, struct store_progress *out)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    char seal[MODEL_SEAL_SIZE];
    int64_t n = 0, at_ms = 0;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = pg_history_find(store->history, conn, observation, &n, &at_ms, seal);
    outcome = outcome ? outcome : read_trace(conn, n, seal, out);
    pg_read_end(store, conn);
    return outcome;
}

/* --- handing over --- */

int pg_handover_put(struct store *base, unsigned to, const char *seal, const char *observation)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    struct pg_params p = {0};
    int64_t at_ms = 0;
    (void)seal; /* the observation has it */
    pg_param_int(&p, (int32_t)to);
    pg_param_bytes(&p, (struct bulla_bytes){(const uint8_t *)observation, strlen(observation)});
    if (pg_history_recall(store->history, store_key_of_id(observation), &at_ms)) {
        pg_param_long(&p, at_ms);
    } else {
        pg_param_null(&p, PG_TYPE_LONG);
    }
    int outcome = pg_write_begin(store, &conn);
    return outcome ? outcome
                   : pg_write_end(
                         store, conn,
                         pg_do(conn, "INSERT INTO handover (partition, id, at) VALUES ($1, $2, $3) ON CONFLICT (partition, id) DO NOTHING",
                               &p, "handing over", NULL),
                         NULL);
}

static int give_taken(struct store_pg *store, struct pg_conn *conn, const PGresult *r, store_observation_fn each, void *context)
{
    int outcome = 0;
    for (int i = 0; i < PQntuples(r) && outcome >= 0; i++) {
        char id[BULLA_ID_SIZE];
        pg_copy_text(id, sizeof id, pg_bytes(r, i, 0));
        outcome = pg_history_give(store->history, conn, id, PQgetisnull(r, i, 1) ? INT64_MIN : pg_long(r, i, 1), each, context);
    }
    return outcome < 0 ? outcome : 0; /* one that was forgotten with the old history is passed over */
}

int pg_handover_take(struct store *base, unsigned partition, unsigned limit, store_observation_fn each, void *context)
{
    static const char SQL[] =
        "WITH taken AS (DELETE FROM handover WHERE partition = $1 AND n IN (SELECT n FROM handover WHERE partition = $1 ORDER BY n LIMIT "
        "$2) RETURNING n, id, at) SELECT id, at FROM taken ORDER BY n";
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    struct pg_params p = {0};
    if (!pg_in_work(store)) {
        return store_fail(STORE_FAILED, "taking what was handed over: expected work, none was begun on this thread");
    }
    pg_param_int(&p, (int32_t)partition);
    pg_param_long(&p, limit);
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    PGresult *r = pg_run(conn, SQL, &p, "taking what was handed over");
    outcome = r ? give_taken(store, conn, r, each, context) : store_outcome();
    PQclear(r);
    return pg_write_end(store, conn, outcome, NULL);
}

/* --- changes --- */

static int begin_cursor(struct pg_conn *conn, char cursor[64])
{
    PGresult *r = pg_run(conn, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text", NULL, "reading changes");
    if (!r) {
        return store_outcome();
    }
    snprintf(cursor, 64, "%.40s:0", pg_text(r, 0, 0));
    PQclear(r);
    return 0;
}

/* Those of transactions older than all that are under way, in the order of transactions: so what commits late is not passed
 * over by a reader who has seen younger ones. */
static int read_changes(struct pg_conn *conn, char cursor[64], const char *tx, int64_t n,
                        void (*each)(void *context, enum store_changed kind, const char *id), void *context)
{
    static const char SQL[] = "SELECT tx::text, n, kind, id FROM change WHERE (tx, n) > ($1::text::xid8, $2) AND tx < "
                              "pg_snapshot_xmin(pg_current_snapshot()) ORDER BY tx, n LIMIT 1000";
    int rows;
    char last[24];
    snprintf(last, sizeof last, "%s", tx);
    do {
        struct pg_params p = {0};
        pg_param_text(&p, last);
        pg_param_long(&p, n);
        PGresult *r = pg_run(conn, SQL, &p, "reading changes");
        if (!r) {
            return store_outcome();
        }
        rows = PQntuples(r);
        for (int i = 0; i < rows; i++) {
            each(context, (enum store_changed)pg_int(r, i, 2), pg_text(r, i, 3));
        }
        if (rows > 0) {
            n = pg_long(r, rows - 1, 1);
            snprintf(last, sizeof last, "%s", pg_text(r, rows - 1, 0));
            snprintf(cursor, 64, "%s:%" PRId64, last, n);
        }
        PQclear(r);
    } while (rows == 1000);
    return 0;
}

static int forget_changes(struct pg_conn *conn)
{
    return pg_do(
        conn,
        "DELETE FROM change WHERE (tx, n) IN (SELECT tx, n FROM (SELECT tx, n, at_ms FROM change WHERE tx < "
        "pg_snapshot_xmin(pg_current_snapshot()) ORDER BY tx, n LIMIT 5000 FOR UPDATE SKIP LOCKED) o WHERE at_ms < bulla_now() - 3600000)",
        NULL, "forgetting changes", NULL);
}

int pg_changes(struct store *base, char cursor[64], void (*each)(void *context, enum store_changed kind, const char *id), void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    char tx[24] = "";
    int64_t n = 0;
    int end = 0;
    if (cursor[0] && (sscanf(cursor, "%20[0-9]:%" SCNd64 "%n", tx, &n, &end) != 2 || cursor[end] || n < 0)) {
        return store_fail(STORE_FAILED, "changes: expected a cursor that was given before, got \"%.40s\"", cursor);
    }
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    if (!cursor[0]) {
        outcome = begin_cursor(conn, cursor);
    } else {
        outcome = read_changes(conn, cursor, tx, n, each, context);
    }
    if (!outcome && is_time_to_prune(store)) {
        outcome = forget_changes(conn);
    }
    pg_read_end(store, conn);
    return outcome;
}
