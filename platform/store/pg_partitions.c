// SPDX-License-Identifier: Apache-2.0
// Nodes and the leases of partitions in PostgreSQL, by its clock.
//
// The holder of a partition is one row of node_partition. Who takes it raises its epoch; who writes under a lease locks the
// row against that until its transaction ends, and finds out at its end whether the epoch is still its own.

#include "platform/store/pg_array.h"
#include "platform/store/pg_calls.h"

#include <stdio.h>
#include <string.h>

#define NODE_KEPT "86400000" /* ms */

int pg_clock(struct store *base, int64_t *now_ms)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    PGresult *r = pg_run(conn, "SELECT bulla_now()", NULL, "reading the clock");
    if (r) {
        *now_ms = pg_long(r, 0, 0);
    }
    PQclear(r);
    outcome = r ? 0 : store_outcome();
    pg_read_end(store, conn);
    return outcome;
}

/* One statement as a write of its own; *changed: rows it touched. */
static int write_once(struct store *base, const char *sql, const struct pg_params *p, const char *doing, long *changed)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    return outcome ? outcome : pg_write_end(store, conn, pg_do(conn, sql, p, doing, changed), NULL);
}

/* --- nodes --- */

#define BEAT_SQL                                                                                                                           \
    "INSERT INTO node AS n (name, source, http, version, started_ms, until_ms, draining) VALUES ($1, $2, $3, $4, $5, bulla_now() + $6, "   \
    "false) ON CONFLICT (name) DO UPDATE SET source = excluded.source, http = excluded.http, version = excluded.version, until_ms = "      \
    "excluded.until_ms, draining = n.draining AND n.started_ms = excluded.started_ms, started_ms = excluded.started_ms WHERE n.source = "  \
    "excluded.source OR n.until_ms <= bulla_now()"

int pg_node_beat(struct store *base, const struct store_node *node, int64_t lease_ms)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    struct pg_params p = {0};
    long changed = 0;
    pg_param_text(&p, node->name);
    pg_param_text(&p, node->source);
    pg_param_text(&p, node->http);
    pg_param_text(&p, node->version);
    pg_param_long(&p, node->started_ms);
    pg_param_long(&p, lease_ms);
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = pg_do(conn, BEAT_SQL, &p, "a node's sign of life", &changed);
    if (!outcome && changed == 0) {
        outcome = store_fail(STORE_CONFLICT,
                             "node %s: another process uses this name, and its lease has not run out; give this one another with --node",
                             node->name);
    }
    outcome = outcome ? outcome : pg_do(conn, "DELETE FROM node WHERE until_ms < bulla_now() - " NODE_KEPT, NULL, "forgetting nodes", NULL);
    return pg_write_end(store, conn, outcome, NULL);
}

int pg_node_leave(struct store *base, const char *name)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    struct pg_params p = {0};
    pg_param_text(&p, name);
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = pg_do(conn,
                    "UPDATE node_partition SET node = '', until_ms = 0 WHERE number IN (SELECT number FROM node_partition WHERE node = $1 "
                    "ORDER BY number FOR NO KEY UPDATE)",
                    &p, "leaving", NULL);
    outcome =
        outcome ? outcome : pg_do(conn, "UPDATE node SET until_ms = least(until_ms, bulla_now()) WHERE name = $1", &p, "leaving", NULL);
    return pg_write_end(store, conn, outcome, NULL);
}

int pg_node_drain(struct store *base, const char *name, bool draining)
{
    struct pg_params p = {0};
    long changed = 0;
    pg_param_text(&p, name);
    pg_param_bool(&p, draining);
    int outcome = write_once(base, "UPDATE node SET draining = $2 WHERE name = $1", &p, "draining a node", &changed);
    return outcome || changed ? outcome : store_fail(STORE_NOT_FOUND, "node %s does not exist", name);
}

int pg_nodes(struct store *base, store_node_fn each, void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    PGresult *r =
        pg_run(conn,
               "SELECT name, source, http, version, started_ms, until_ms, draining, (SELECT count(*)::integer FROM node_partition p "
               "WHERE p.node = n.name AND p.until_ms > bulla_now()), until_ms - bulla_now() FROM node n ORDER BY name",
               NULL, "reading nodes");
    for (int i = 0; r && i < PQntuples(r); i++) {
        struct store_node node = {.started_ms = pg_long(r, i, 4),
                                  .until_ms = pg_long(r, i, 5),
                                  .draining = pg_bool(r, i, 6),
                                  .partitions = (unsigned)pg_int(r, i, 7),
                                  .remaining_ms = pg_long(r, i, 8)};
        snprintf(node.name, sizeof node.name, "%s", pg_text(r, i, 0));
        snprintf(node.source, sizeof node.source, "%s", pg_text(r, i, 1));
        snprintf(node.http, sizeof node.http, "%s", pg_text(r, i, 2));
        snprintf(node.version, sizeof node.version, "%s", pg_text(r, i, 3));
        each(context, &node);
    }
    outcome = r ? 0 : store_outcome();
    PQclear(r);
    pg_read_end(store, conn);
    return outcome;
}

/* --- partitions --- */

/* The number of partitions when it is fixed, else 0; *lock makes others wait who would fix it too. */
static int read_fixed(struct pg_conn *conn, unsigned *fixed)
{
    int outcome = pg_do(conn, "LOCK TABLE node_partition IN SHARE ROW EXCLUSIVE MODE", NULL, "fixing the partitions", NULL);
    PGresult *r = outcome ? NULL : pg_run(conn, "SELECT count(*)::integer FROM node_partition", NULL, "fixing the partitions");
    if (!r) {
        return store_outcome();
    }
    *fixed = (unsigned)pg_int(r, 0, 0);
    PQclear(r);
    return 0;
}

int pg_partitions_fix(struct store *base, unsigned wanted, unsigned *partitions)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    struct pg_params p = {0};
    unsigned fixed = 0;
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = read_fixed(conn, &fixed);
    bool make = !outcome && fixed == 0;
    if (make && (wanted < 1 || wanted > STORE_PARTITIONS_MOST)) {
        outcome = store_fail(STORE_FAILED, "partitions: expected 1 to %d, got %u", STORE_PARTITIONS_MOST, wanted);
    }
    if (make && !outcome) {
        pg_param_int(&p, (int32_t)wanted - 1);
        outcome = pg_do(conn, "INSERT INTO node_partition (number) SELECT generate_series(0, $1)", &p, "fixing the partitions", NULL);
    }
    outcome = pg_write_end(store, conn, outcome, NULL);
    if (!outcome) {
        *partitions = make ? wanted : fixed;
    }
    return outcome;
}

static int put_leases(struct pg_params *p, struct pg_buffer b[2], const struct store_lease *leases, size_t n)
{
    pg_array_begin(&b[0], PG_TYPE_INT, n);
    pg_array_begin(&b[1], PG_TYPE_LONG, n);
    for (size_t i = 0; i < n; i++) {
        pg_put_int(&b[0], (int32_t)leases[i].partition);
        pg_put_long(&b[1], leases[i].epoch);
    }
    if (b[0].failed || b[1].failed) {
        return store_fail(STORE_FAILED, "leases: out of memory");
    }
    pg_param_array(p, PG_TYPE_INTS, &b[0]);
    pg_param_array(p, PG_TYPE_LONGS, &b[1]);
    return 0;
}

/* Everybody who needs several rows locks them in order of their number. */
#define PROLONG_SQL                                                                                                                        \
    "WITH mine AS (SELECT p.number FROM node_partition p JOIN unnest($1::integer[], $2::bigint[]) l(number, epoch) ON l.number = "         \
    "p.number "                                                                                                                            \
    "AND l.epoch = p.epoch WHERE p.node = $3 ORDER BY p.number FOR NO KEY UPDATE OF p) UPDATE node_partition p SET until_ms = "            \
    "bulla_now() + $4 FROM mine WHERE p.number = mine.number AND p.node = $3 RETURNING p.number, p.epoch"

/* Those that are locked are in use, or somebody else is taking them: another time. Each node goes through the free ones in an
 * order of its own, so that several that come at once seldom want the same. A node that is asked to leave takes none. */
#define TAKE_SQL                                                                                                                           \
    "WITH free AS (SELECT number FROM node_partition WHERE (node = '' OR until_ms <= bulla_now()) AND NOT EXISTS (SELECT FROM node WHERE " \
    "name = $1 AND draining) ORDER BY hashtext($1 || number) LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED) UPDATE node_partition p SET node = "  \
    "$1, epoch = epoch + 1, until_ms = bulla_now() + $2 FROM free WHERE p.number = free.number RETURNING p.number, p.epoch"

static void add_leases(PGresult *r, struct store_lease *leases, unsigned *n)
{
    for (int i = 0; i < PQntuples(r) && *n < STORE_PARTITIONS_MOST; i++) {
        leases[(*n)++] = (struct store_lease){(unsigned)pg_int(r, i, 0), pg_long(r, i, 1)};
    }
    PQclear(r);
}

static int prolong(struct pg_conn *conn, const char *node, int64_t lease_ms, const struct store_lease *leases, unsigned n,
                   struct store_lease *held, unsigned *count)
{
    struct pg_params p = {0};
    struct pg_buffer b[2] = {{0}, {0}};
    int outcome = put_leases(&p, b, leases, n);
    pg_param_text(&p, node);
    pg_param_long(&p, lease_ms);
    PGresult *r = outcome || n == 0 ? NULL : pg_run(conn, PROLONG_SQL, &p, "prolonging leases");
    pg_buffer_free(&b[0]);
    pg_buffer_free(&b[1]);
    if (!r) {
        return n == 0 ? 0 : store_outcome();
    }
    add_leases(r, held, count);
    return 0;
}

static int take(struct pg_conn *conn, const char *node, int64_t lease_ms, unsigned more, struct store_lease *held, unsigned *count)
{
    struct pg_params p = {0};
    pg_param_text(&p, node);
    pg_param_long(&p, lease_ms);
    pg_param_long(&p, more);
    PGresult *r = pg_run(conn, TAKE_SQL, &p, "taking partitions");
    if (!r) {
        return store_outcome();
    }
    add_leases(r, held, count);
    return 0;
}

int pg_partitions_hold(struct store *base, const char *node, int64_t lease_ms, unsigned most, struct store_lease *leases, unsigned *n)
{
    struct store_pg *store = store_pg_of(base);
    struct store_lease held[STORE_PARTITIONS_MOST];
    struct pg_conn *conn = NULL;
    unsigned count = 0;
    if (*n > STORE_PARTITIONS_MOST) {
        return store_fail(STORE_FAILED, "partitions: expected at most %d leases, got %u", STORE_PARTITIONS_MOST, *n);
    }
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = prolong(conn, node, lease_ms, leases, *n, held, &count);
    if (!outcome && count < most) {
        outcome = take(conn, node, lease_ms, most - count, held, &count);
    }
    outcome = pg_write_end(store, conn, outcome, NULL);
    if (!outcome) {
        memcpy(leases, held, count * sizeof *held);
        *n = count;
    }
    return outcome;
}

int pg_partition_release(struct store *base, const struct store_lease *lease)
{
    struct pg_params p = {0};
    long changed = 0;
    pg_param_int(&p, (int32_t)lease->partition);
    pg_param_long(&p, lease->epoch);
    int outcome = write_once(base, "UPDATE node_partition SET node = '', until_ms = 0 WHERE number = $1 AND epoch = $2", &p,
                             "giving up a partition", &changed);
    return outcome || changed ? outcome : store_fail(STORE_CONFLICT, "partition %u: another node holds it now", lease->partition);
}

int pg_partitions(struct store *base, void (*each)(void *context, const struct store_partition *partition), void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    PGresult *r = pg_run(conn,
                         "SELECT number, node, epoch, until_ms - bulla_now(), coalesce(place, 0) FROM node_partition LEFT JOIN "
                         "partition_place ON partition = number ORDER BY number",
                         NULL, "reading partitions");
    for (int i = 0; r && i < PQntuples(r); i++) {
        struct store_partition one = {.number = (unsigned)pg_int(r, i, 0),
                                      .epoch = pg_long(r, i, 2),
                                      .remaining_ms = pg_long(r, i, 3),
                                      .place = (uint64_t)pg_long(r, i, 4)};
        snprintf(one.node, sizeof one.node, "%s", pg_text(r, i, 1));
        each(context, &one);
    }
    outcome = r ? 0 : store_outcome();
    PQclear(r);
    pg_read_end(store, conn);
    return outcome;
}

int pg_leases_check(struct pg_conn *conn, const struct store_lease *leases, size_t n)
{
    struct pg_params p = {0};
    struct pg_buffer b[2] = {{0}, {0}};
    int outcome = put_leases(&p, b, leases, n);
    PGresult *r = outcome
                      ? NULL
                      : pg_run(conn,
                               "SELECT p.number, p.epoch, l.epoch FROM node_partition p JOIN unnest($1::integer[], $2::bigint[]) l(number, "
                               "epoch) ON l.number = p.number ORDER BY p.number FOR SHARE OF p",
                               &p, "checking leases");
    pg_buffer_free(&b[0]);
    pg_buffer_free(&b[1]);
    if (!r) {
        return store_outcome();
    }
    if ((size_t)PQntuples(r) != n) {
        outcome = store_fail(STORE_CONFLICT, "leases: %zu partitions, %d of them exist", n, PQntuples(r));
    }
    for (int i = 0; i < PQntuples(r) && !outcome; i++) {
        if (pg_long(r, i, 1) != pg_long(r, i, 2)) {
            outcome = store_fail(STORE_CONFLICT, "partition %d: expected epoch %lld, it is %lld: another node holds it now",
                                 pg_int(r, i, 0), (long long)pg_long(r, i, 2), (long long)pg_long(r, i, 1));
        }
    }
    PQclear(r);
    return outcome;
}
