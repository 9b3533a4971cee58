// SPDX-License-Identifier: Apache-2.0
// Reading the history in PostgreSQL: a seal's rows in order of time, one by its id, the newest of every seal.
//
// A span of time is read a few days' tables at a time, and page by page, each page by where the last one ended: so no
// reading holds locks on hundreds of tables, and none keeps more than a page in memory. Times stand in the SQL as numbers,
// so that the planner leaves out the tables of other days.

#include "platform/store/pg_history.h"

#include "platform/store/pack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS = 4096 };

static void put_seal(struct bulla_observation *o, struct bulla_bytes seal)
{
    const uint8_t *colon = memchr(seal.at, ':', seal.len);
    size_t protocol = colon ? (size_t)(colon - seal.at) : seal.len;
    pg_copy_text(o->protocol, sizeof o->protocol, (struct bulla_bytes){seal.at, protocol});
    pg_copy_text(o->device, sizeof o->device,
                 colon ? (struct bulla_bytes){colon + 1, seal.len - protocol - 1} : (struct bulla_bytes){seal.at, 0});
}

int pg_row_give(const PGresult *r, int row, struct bulla_bytes seal, store_observation_fn each, void *context)
{
    struct bulla_observation o;
    if (!store_pack_get(pg_bytes(r, row, 4), pg_long(r, row, 2), &o)) {
        return store_fail(STORE_FAILED, "PostgreSQL: an observation of %.*s cannot be unpacked: its row is damaged", (int)seal.len,
                          (const char *)seal.at);
    }
    o.received_ms = pg_long(r, row, 3);
    if (PQgetisnull(r, row, 1)) {
        bulla_hex_put(o.id, pg_bytes(r, row, 0).at, 16);
        o.id[32] = '\0';
    } else {
        pg_copy_text(o.id, sizeof o.id, pg_bytes(r, row, 1));
    }
    put_seal(&o, seal);
    each(context, &o, pg_bytes(r, row, 5));
    return 0;
}

/* --- tables of days --- */

struct spans {        /* of time, that cover all of it from .. until, each with at most PG_DAYS_AT_ONCE tables */
    int64_t *from_ms; /* heap; the end of one is before the next */
    size_t n;
    int32_t seal; /* its number, 0: unknown */
};

/* seal may be NULL. */
static int find_spans(struct pg_conn *conn, const char *seal, int64_t from_ms, int64_t until_ms, struct spans *out)
{
    struct pg_params p = {0};
    pg_param_bytes(&p, (struct bulla_bytes){(const uint8_t *)(seal ? seal : ""), seal ? strlen(seal) : 0});
    pg_param_int(&p, from_ms < 0 ? 0 : from_ms / PG_DAY_MS > INT32_MAX ? INT32_MAX : pg_day_of(from_ms));
    pg_param_int(&p, until_ms < 0 ? 0 : until_ms / PG_DAY_MS > INT32_MAX ? INT32_MAX : pg_day_of(until_ms));
    PGresult *r = pg_run(conn,
                         "SELECT n, NULL::integer AS day FROM seal_name WHERE name = $1 UNION ALL SELECT 0, day FROM observation_day WHERE "
                         "day BETWEEN $2 AND $3 ORDER BY day NULLS FIRST",
                         &p, "reading observations");
    if (!r) {
        return store_outcome();
    }
    int rows = PQntuples(r);
    *out = (struct spans){calloc((size_t)rows + 2, sizeof *out->from_ms), 0, 0};
    if (!out->from_ms) {
        PQclear(r);
        return store_fail(STORE_FAILED, "reading observations: out of memory");
    }
    out->from_ms[out->n++] = from_ms;
    for (int i = 0, tables = 0; i < rows; i++) {
        if (PQgetisnull(r, i, 1)) {
            out->seal = pg_int(r, i, 0);
        } else if (++tables % PG_DAYS_AT_ONCE == 0 && pg_int(r, i, 1) < until_ms / PG_DAY_MS) {
            out->from_ms[out->n++] = (pg_int(r, i, 1) + 1) * PG_DAY_MS;
        }
    }
    PQclear(r);
    return 0;
}

static int64_t span_end(const struct spans *spans, size_t i, int64_t until_ms)
{
    return i + 1 < spans->n ? spans->from_ms[i + 1] - 1 : until_ms;
}

/* --- a seal's rows --- */

struct range {
    const char *seal;
    int32_t number;
    int64_t at_ms, n; /* of the row given last */
    size_t left;      /* 0: no limit */
    bool done;
    store_observation_fn each;
    void *context;
};

/* *rows: how many there were. */
static int read_page(struct pg_conn *conn, struct range *range, int64_t until_ms, int *rows)
{
    char sql[1000];
    int limit = range->left > 0 && range->left < PAGE_ROWS ? (int)range->left : PAGE_ROWS;
    snprintf(sql, sizeof sql,
             "SELECT " PG_ROW ", n FROM (SELECT * FROM observation WHERE seal = %" PRId32 " AND at >= %" PRId64
             "::bigint AND at <= %" PRId64 "::bigint UNION ALL SELECT * FROM observation_stray WHERE seal = %" PRId32 " AND at >= %" PRId64
             "::bigint AND at <= %" PRId64 "::bigint) o WHERE at > %" PRId64 "::bigint OR n > %" PRId64 " ORDER BY at, n LIMIT %d",
             range->number, range->at_ms, until_ms, range->number, range->at_ms, until_ms, range->at_ms, range->n, limit);
    PGresult *r = pg_run_once(conn, sql, NULL, "reading observations");
    if (!r) {
        return store_outcome();
    }
    int outcome = 0;
    *rows = PQntuples(r);
    for (int i = 0; i < *rows && !outcome; i++) {
        range->at_ms = pg_long(r, i, 2);
        range->n = pg_long(r, i, 6);
        outcome = pg_row_give(r, i, (struct bulla_bytes){(const uint8_t *)range->seal, strlen(range->seal)}, range->each, range->context);
    }
    PQclear(r);
    if (range->left > 0) {
        range->left -= (size_t)*rows;
        range->done = range->left == 0;
    }
    return outcome;
}

static int read_span(struct pg_conn *conn, struct range *range, int64_t from_ms, int64_t until_ms)
{
    int rows = PAGE_ROWS, outcome = 0;
    range->at_ms = from_ms;
    range->n = -1;
    while (rows == PAGE_ROWS && !outcome && !range->done) {
        outcome = read_page(conn, range, until_ms, &rows);
    }
    return outcome;
}

/* PostgreSQL has no number below this that its own sign can be put before. */
static int64_t lowest(int64_t ms)
{
    return ms < -INT64_MAX ? -INT64_MAX : ms;
}

int pg_observations(struct store *base, const char *seal, int64_t from_ms, int64_t until_ms, size_t limit, store_observation_fn each,
                    void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    struct spans spans = {0};
    from_ms = lowest(from_ms);
    until_ms = lowest(until_ms);
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = find_spans(conn, seal, from_ms, until_ms, &spans);
    struct range range = {.seal = seal, .number = spans.seal, .left = limit, .each = each, .context = context};
    for (size_t i = 0; i < spans.n && spans.seal && !outcome && !range.done; i++) {
        outcome = read_span(conn, &range, spans.from_ms[i], span_end(&spans, i, until_ms));
    }
    free(spans.from_ms);
    pg_read_end(store, conn);
    return outcome;
}

/* --- one by its id --- */

#define ONE_SQL                                                                                                                            \
    "SELECT " PG_ROW ", n, (SELECT name FROM seal_name s WHERE s.n = o.seal) FROM %s o WHERE id = $1 AND at >= %" PRId64                   \
    "::bigint AND at <= %" PRId64 "::bigint LIMIT 1"

/* *out: the row, NULL: it is not there. */
static int find_in(struct pg_conn *conn, const char *table, struct store_key key, int64_t from_ms, int64_t until_ms, PGresult **out)
{
    char sql[400];
    struct pg_params p = {0};
    snprintf(sql, sizeof sql, ONE_SQL, table, from_ms, until_ms);
    pg_param_bytes(&p, (struct bulla_bytes){(const uint8_t *)&key, sizeof key});
    p.types[0] = PG_TYPE_UUID;
    *out = pg_run_once(conn, sql, &p, "reading an observation");
    if (!*out) {
        return store_outcome();
    }
    if (PQntuples(*out) == 0) {
        PQclear(*out);
        *out = NULL;
    }
    return 0;
}

/* The newest days first. */
static int find_anywhere(struct pg_conn *conn, struct store_key key, PGresult **out)
{
    struct spans spans = {0};
    int outcome = find_spans(conn, NULL, -INT64_MAX, INT64_MAX, &spans);
    for (size_t i = spans.n; i-- > 0 && !outcome && !*out;) {
        outcome = find_in(conn, "observation", key, spans.from_ms[i], span_end(&spans, i, INT64_MAX), out);
    }
    free(spans.from_ms);
    return outcome || *out ? outcome : find_in(conn, "observation_stray", key, -INT64_MAX, INT64_MAX, out);
}

/* at_ms: where it is, if it is known. */
static int find(struct pg_history *history, struct pg_conn *conn, const char *id, int64_t at_ms, PGresult **out)
{
    struct store_key key = store_key_of_id(id);
    int outcome = 0;
    *out = NULL;
    if (at_ms != INT64_MIN || pg_history_recall(history, key, &at_ms)) {
        outcome = find_in(conn, "observation", key, at_ms, at_ms, out);
    }
    outcome = outcome || *out ? outcome : find_anywhere(conn, key, out);
    return outcome || *out ? outcome : store_fail(STORE_NOT_FOUND, "observation %s does not exist", id);
}

int pg_history_give(struct pg_history *history, struct pg_conn *conn, const char *id, int64_t at_ms, store_observation_fn each,
                    void *context)
{
    PGresult *r = NULL;
    int outcome = find(history, conn, id, at_ms, &r);
    if (!outcome) {
        outcome = pg_row_give(r, 0, pg_bytes(r, 0, 7), each, context);
        PQclear(r);
    }
    return outcome;
}

int pg_history_find(struct pg_history *history, struct pg_conn *conn, const char *id, int64_t *n, int64_t *at_ms, char *seal)
{
    PGresult *r = NULL;
    int outcome = find(history, conn, id, INT64_MIN, &r);
    if (!outcome) {
        *at_ms = pg_long(r, 0, 2);
        *n = pg_long(r, 0, 6);
        pg_copy_text(seal, MODEL_SEAL_SIZE, pg_bytes(r, 0, 7));
        PQclear(r);
    }
    return outcome;
}

int pg_observation_get(struct store *base, const char *id, store_observation_fn each, void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (!outcome) {
        outcome = pg_history_give(store->history, conn, id, INT64_MIN, each, context);
        pg_read_end(store, conn);
    }
    return outcome;
}

/* --- the newest of every seal --- */

/* A clock that is ahead of the arrival is not believed (index.h): the time that counts is the earlier of the two. The day's
 * newest by its own time whose arrival is not before it sets the mark; only rows at or after the mark can be newer. */
#define LATEST_SQL                                                                                                                         \
    "SELECT b.*, s.name, s.n, s.day FROM (SELECT * FROM seal_name WHERE %s ORDER BY day, n LIMIT %d) s CROSS JOIN LATERAL (SELECT * "      \
    "FROM ((SELECT " PG_ROW ", n AS o FROM observation WHERE seal = s.n AND at BETWEEN %" PRId64 "::bigint AND %" PRId64                   \
    "::bigint AND at >= coalesce((SELECT k.at FROM observation k WHERE k.seal = s.n AND k.at BETWEEN %" PRId64 "::bigint AND %" PRId64     \
    "::bigint AND k.at >= s.day * 86400000::bigint AND k.received >= k.at ORDER BY k.at DESC LIMIT 1), s.day * 86400000::bigint) ORDER "   \
    "BY least(at, received) DESC, n DESC LIMIT 1) UNION ALL (SELECT " PG_ROW ", n FROM observation_stray WHERE seal = s.n ORDER BY "       \
    "least(at, received) DESC, n DESC LIMIT 1)) c ORDER BY least(at, received) DESC, o DESC LIMIT 1) b"

struct latest {
    int32_t day, number; /* of the seal read last */
    store_observation_fn each;
    void *context;
};

enum { SEAL_COLUMN = 7 };

static int count_seals(struct pg_conn *conn, const char *where, int *n, struct latest *latest)
{
    char sql[400];
    snprintf(sql, sizeof sql,
             "SELECT count(*)::integer, (array_agg(n))[count(*)::integer], (array_agg(day))[count(*)::integer] FROM (SELECT n, day FROM "
             "seal_name WHERE %s ORDER BY day, n LIMIT %d) s",
             where, PAGE_ROWS);
    PGresult *r = pg_run_once(conn, sql, NULL, "reading the latest observations");
    if (!r) {
        return store_outcome();
    }
    *n = pg_int(r, 0, 0);
    latest->number = *n ? pg_int(r, 0, 1) : latest->number;
    latest->day = *n && !PQgetisnull(r, 0, 2) ? pg_int(r, 0, 2) : latest->day;
    PQclear(r);
    return 0;
}

/* A page of seals that `where` names, with rows in from .. until. */
static int latest_page(struct pg_conn *conn, const char *where, int64_t from_ms, int64_t until_ms, struct latest *latest, int *seals)
{
    char sql[1600];
    snprintf(sql, sizeof sql, LATEST_SQL, where, PAGE_ROWS, from_ms, until_ms, from_ms, until_ms);
    PGresult *r = pg_run_once(conn, sql, NULL, "reading the latest observations");
    if (!r) {
        return store_outcome();
    }
    int outcome = count_seals(conn, where, seals, latest);
    for (int i = 0; i < PQntuples(r) && !outcome; i++) {
        outcome = pg_row_give(r, i, pg_bytes(r, i, SEAL_COLUMN), latest->each, latest->context);
    }
    PQclear(r);
    return outcome;
}

/* Seals whose newest row is of a day in [first, last]; a time ahead of its arrival may be of a day later. */
static int latest_of_span(struct pg_conn *conn, int32_t first, int32_t last, struct latest *latest)
{
    char where[160];
    int seals = PAGE_ROWS, outcome = 0;
    latest->day = first;
    latest->number = 0;
    while (seals == PAGE_ROWS && !outcome) {
        snprintf(where, sizeof where, "(day, n) > (%d, %d) AND day <= %d", latest->day, latest->number, last);
        outcome = latest_page(conn, where, first * PG_DAY_MS, (last + 4) * PG_DAY_MS, latest, &seals);
    }
    return outcome;
}

/* Seals that have nothing but strays. */
static int latest_of_strays(struct pg_conn *conn, struct latest *latest)
{
    char where[160];
    int seals = PAGE_ROWS, outcome = 0;
    latest->number = 0;
    while (seals == PAGE_ROWS && !outcome) {
        snprintf(where, sizeof where, "day IS NULL AND n > %d", latest->number);
        outcome = latest_page(conn, where, 0, -1, latest, &seals);
    }
    return outcome;
}

static int latest_of_all(struct pg_conn *conn, struct latest *latest)
{
    struct spans spans = {0};
    int outcome = find_spans(conn, NULL, 0, INT64_MAX, &spans);
    for (size_t i = 0; i < spans.n && !outcome; i++) {
        int32_t last = i + 1 < spans.n ? pg_day_of(spans.from_ms[i + 1] - 1) : INT32_MAX - 8;
        outcome = latest_of_span(conn, pg_day_of(spans.from_ms[i]), last, latest);
    }
    outcome = outcome ? outcome : latest_of_strays(conn, latest);
    free(spans.from_ms);
    return outcome;
}

/* All pages see one state of the store: else a seal that reports meanwhile could fall between two. */
int pg_latest(struct store *base, store_observation_fn each, void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct latest latest = {.each = each, .context = context};
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    bool in_work = conn->in_work;
    outcome = in_work ? 0 : pg_script(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "reading the latest observations");
    outcome = outcome ? outcome : latest_of_all(conn, &latest);
    if (!in_work) {
        pg_undo(conn, "ROLLBACK"); /* it has only read */
    }
    pg_read_end(store, conn);
    return outcome;
}
