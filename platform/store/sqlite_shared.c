// SPDX-License-Identifier: Apache-2.0
// Nodes and the leases of partitions, by the store's clock.

#include "platform/store/sqlite_work.h"

#include "platform/store/sqlite_records.h"

#include <stdio.h>
#include <string.h>

#define NODE_KEPT_MS (INT64_C(24) * 3600 * 1000)

int sqlite_clock(struct store *base, int64_t *now_ms)
{
    *now_ms = clock_now(&store_sqlite_of(base)->disk->clock);
    return 0;
}

/* Runs a statement with its numbers bound to ?1 ?2 ?3 and a text to ?4; *changed (may be NULL) is how many rows it touched. */
static int run(struct store_db *db, const char *sql, const char *doing, const int64_t numbers[3], const char *text, int *changed)
{
    sqlite3_stmt *s = store_db_prepare(db, sql);
    if (!s) {
        return store_outcome();
    }
    int n = sqlite3_bind_parameter_count(s);
    for (int i = 0; i < 3 && i < n; i++) {
        sqlite3_bind_int64(s, i + 1, numbers[i]);
    }
    if (n >= 4) {
        store_db_bind_text(s, 4, text);
    }
    int outcome = store_db_step(db, s, doing);
    sqlite3_clear_bindings(s);
    if (changed) {
        *changed = sqlite3_changes(db->handle);
    }
    return outcome;
}

/* --- nodes --- */

static int refuse_namesake(struct store_db *db, const struct store_node *node, int64_t now_ms)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT until_ms FROM node WHERE name = ? AND source <> ? AND until_ms > ?");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, node->name);
    store_db_bind_text(s, 2, node->source);
    sqlite3_bind_int64(s, 3, now_ms);
    int code = sqlite3_step(s);
    int64_t until_ms = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    int outcome = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_db_fail(db, "reading nodes");
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    if (outcome || code == SQLITE_DONE) {
        return outcome;
    }
    return store_fail(STORE_CONFLICT,
                      "node %s: another process uses this name, and will for %lld ms more; give this one another with --node", node->name,
                      (long long)(until_ms - now_ms));
}

static int write_node(struct store_db *db, const struct store_node *node, int64_t until_ms)
{
    sqlite3_stmt *s = store_db_prepare(db, "INSERT INTO node (name, source, http, version, started_ms, until_ms, draining) "
                                           "VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT (name) DO UPDATE SET source = excluded.source, "
                                           "http = excluded.http, version = excluded.version, until_ms = excluded.until_ms, "
                                           "draining = draining AND started_ms = excluded.started_ms, started_ms = excluded.started_ms");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, node->name);
    store_db_bind_text(s, 2, node->source);
    store_db_bind_text(s, 3, node->http);
    store_db_bind_text(s, 4, node->version);
    sqlite3_bind_int64(s, 5, node->started_ms);
    sqlite3_bind_int64(s, 6, until_ms);
    int outcome = store_db_step(db, s, "writing a node");
    sqlite3_clear_bindings(s);
    return outcome;
}

int sqlite_node_beat(struct store *base, const struct store_node *node, int64_t lease_ms)
{
    struct store_sqlite *store = store_sqlite_of(base);
    int64_t now_ms = clock_now(&store->disk->clock);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = refuse_namesake(db, node, now_ms);
    outcome = outcome ? outcome : write_node(db, node, now_ms + lease_ms);
    const int64_t old[3] = {now_ms - NODE_KEPT_MS};
    outcome = outcome ? outcome : run(db, "DELETE FROM node WHERE until_ms < ?", "forgetting nodes", old, NULL, NULL);
    return sqlite_write_end(store, outcome, NULL);
}

int sqlite_node_leave(struct store *base, const char *name)
{
    struct store_sqlite *store = store_sqlite_of(base);
    const int64_t now[3] = {clock_now(&store->disk->clock)};
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = run(db, "UPDATE partition SET node = '', until_ms = 0 WHERE node = ?4 AND ?1 IS NOT NULL", "leaving", now, name, NULL);
    outcome = outcome ? outcome : run(db, "UPDATE node SET until_ms = min(until_ms, ?1) WHERE name = ?4", "leaving", now, name, NULL);
    return sqlite_write_end(store, outcome, NULL);
}

int sqlite_node_drain(struct store *base, const char *name, bool draining)
{
    struct store_sqlite *store = store_sqlite_of(base);
    const int64_t numbers[3] = {draining};
    int changed = 0;
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = run(db, "UPDATE node SET draining = ?1 WHERE name = ?4", "draining a node", numbers, name, &changed);
    if (!outcome && !changed) {
        outcome = store_fail(STORE_NOT_FOUND, "node %s does not exist", name);
    }
    return sqlite_write_end(store, outcome, NULL);
}

static void give_node(sqlite3_stmt *s, int64_t now_ms, store_node_fn each, void *context)
{
    struct store_node node = {.started_ms = sqlite3_column_int64(s, 4),
                              .until_ms = sqlite3_column_int64(s, 5),
                              .draining = sqlite3_column_int(s, 6),
                              .partitions = (unsigned)sqlite3_column_int(s, 7)};
    store_db_column_text(s, 0, node.name, sizeof node.name);
    store_db_column_text(s, 1, node.source, sizeof node.source);
    store_db_column_text(s, 2, node.http, sizeof node.http);
    store_db_column_text(s, 3, node.version, sizeof node.version);
    node.remaining_ms = node.until_ms - now_ms;
    each(context, &node);
}

int sqlite_nodes(struct store *base, store_node_fn each, void *context)
{
    struct store_sqlite *store = store_sqlite_of(base);
    int64_t now_ms = clock_now(&store->disk->clock);
    struct store_db *db = NULL;
    int outcome = store_pool_take(&store->readers, &db);
    if (outcome) {
        return outcome;
    }
    sqlite3_stmt *s = store_db_prepare(db, "SELECT name, source, http, version, started_ms, until_ms, draining, (SELECT count(*) FROM "
                                           "partition WHERE node = name AND partition.until_ms > ?) FROM node ORDER BY name");
    int code = SQLITE_ERROR;
    if (s) {
        sqlite3_bind_int64(s, 1, now_ms);
        while ((code = sqlite3_step(s)) == SQLITE_ROW) {
            give_node(s, now_ms, each, context);
        }
    }
    outcome = code == SQLITE_DONE ? 0 : s ? store_db_fail(db, "reading nodes") : store_outcome();
    sqlite3_reset(s);
    store_pool_put(&store->readers, db);
    return outcome;
}

/* --- partitions --- */

int sqlite_partitions_fix(struct store *base, unsigned wanted, unsigned *partitions)
{
    struct store_sqlite *store = store_sqlite_of(base);
    int64_t fixed = 0;
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = store_db_number(db, "SELECT count(*) FROM partition", 0, &fixed);
    if (!outcome && fixed == 0 && (wanted < 1 || wanted > STORE_PARTITIONS_MOST)) {
        outcome = store_fail(STORE_FAILED, "partitions: expected 1 to %d, got %u", STORE_PARTITIONS_MOST, wanted);
    }
    bool make = !outcome && fixed == 0;
    for (int64_t i = 0; make && i < wanted && !outcome; i++) {
        const int64_t number[3] = {i};
        outcome = run(db, "INSERT INTO partition (number) VALUES (?)", "making partitions", number, NULL, NULL);
    }
    outcome = sqlite_write_end(store, outcome, NULL);
    if (!outcome) {
        *partitions = store->partitions = make ? wanted : (unsigned)fixed;
    }
    return outcome;
}

static int prolong(struct store_db *db, const char *node, int64_t until_ms, struct store_lease *leases, unsigned *n)
{
    unsigned kept = 0;
    int outcome = 0;
    for (unsigned i = 0; i < *n && !outcome; i++) {
        const int64_t numbers[3] = {until_ms, leases[i].partition, leases[i].epoch};
        int changed = 0;
        outcome = run(db, "UPDATE partition SET until_ms = ?1 WHERE number = ?2 AND epoch = ?3 AND node = ?4", "prolonging leases", numbers,
                      node, &changed);
        if (changed) {
            leases[kept++] = leases[i];
        }
    }
    *n = kept;
    return outcome;
}

/* One that is free; STORE_NOT_FOUND: none is. */
static int take_one(struct store_db *db, const char *node, int64_t now_ms, int64_t until_ms, struct store_lease *lease)
{
    sqlite3_stmt *s = store_db_prepare(db, "UPDATE partition SET node = ?1, epoch = epoch + 1, until_ms = ?2 WHERE number = (SELECT number "
                                           "FROM partition WHERE node = '' OR until_ms <= ?3 ORDER BY number LIMIT 1) "
                                           "RETURNING number, epoch");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, node);
    sqlite3_bind_int64(s, 2, until_ms);
    sqlite3_bind_int64(s, 3, now_ms);
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        *lease = (struct store_lease){(unsigned)sqlite3_column_int(s, 0), sqlite3_column_int64(s, 1)};
        code = sqlite3_step(s) == SQLITE_DONE ? SQLITE_ROW : SQLITE_ERROR;
    }
    int outcome = code == SQLITE_ROW ? 0 : code == SQLITE_DONE ? STORE_NOT_FOUND : store_db_fail(db, "taking a partition");
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return outcome;
}

static int is_draining(struct store_db *db, const char *node, bool *draining)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT draining FROM node WHERE name = ?");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, node);
    int code = sqlite3_step(s);
    *draining = code == SQLITE_ROW && sqlite3_column_int(s, 0);
    int outcome = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_db_fail(db, "reading a node");
    sqlite3_reset(s);
    return outcome;
}

int sqlite_partitions_hold(struct store *base, const char *node, int64_t lease_ms, unsigned most, struct store_lease *leases, unsigned *n)
{
    struct store_sqlite *store = store_sqlite_of(base);
    int64_t now_ms = clock_now(&store->disk->clock);
    struct store_lease held[STORE_PARTITIONS_MOST];
    unsigned count = *n;
    bool draining = false;
    struct store_db *db = count <= STORE_PARTITIONS_MOST ? sqlite_write_begin(store) : NULL;
    if (!db) {
        return count <= STORE_PARTITIONS_MOST ? store_outcome() : store_fail(STORE_FAILED, "partitions: too many leases");
    }
    memcpy(held, leases, count * sizeof *held);
    int outcome = prolong(db, node, now_ms + lease_ms, held, &count);
    outcome = outcome ? outcome : is_draining(db, node, &draining);
    while (!outcome && !draining && count < most && count < STORE_PARTITIONS_MOST) {
        outcome = take_one(db, node, now_ms, now_ms + lease_ms, &held[count]);
        count += outcome == 0;
    }
    outcome = sqlite_write_end(store, outcome == STORE_NOT_FOUND ? 0 : outcome, NULL);
    if (!outcome) {
        memcpy(leases, held, count * sizeof *held);
        *n = count;
    }
    return outcome;
}

int sqlite_partition_release(struct store *base, const struct store_lease *lease)
{
    struct store_sqlite *store = store_sqlite_of(base);
    const int64_t numbers[3] = {lease->partition, lease->epoch};
    int changed = 0;
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = run(db, "UPDATE partition SET node = '', until_ms = 0 WHERE number = ?1 AND epoch = ?2", "giving up a partition", numbers,
                      NULL, &changed);
    if (!outcome && !changed) {
        outcome = store_fail(STORE_CONFLICT, "partition %u: another node holds it now", lease->partition);
    }
    return sqlite_write_end(store, outcome, NULL);
}

int sqlite_partitions(struct store *base, void (*each)(void *context, const struct store_partition *partition), void *context)
{
    struct store_sqlite *store = store_sqlite_of(base);
    int64_t now_ms = clock_now(&store->disk->clock);
    struct store_db *db = NULL;
    int outcome = store_pool_take(&store->readers, &db);
    if (outcome) {
        return outcome;
    }
    sqlite3_stmt *s = store_db_prepare(db, "SELECT number, node, epoch, until_ms, place FROM partition ORDER BY number");
    int code = SQLITE_ERROR;
    while (s && (code = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_partition one = {.number = (unsigned)sqlite3_column_int(s, 0),
                                      .epoch = sqlite3_column_int64(s, 2),
                                      .remaining_ms = sqlite3_column_int64(s, 3) - now_ms,
                                      .place = (uint64_t)sqlite3_column_int64(s, 4)};
        store_db_column_text(s, 1, one.node, sizeof one.node);
        each(context, &one);
    }
    outcome = code == SQLITE_DONE ? 0 : s ? store_db_fail(db, "reading partitions") : store_outcome();
    sqlite3_reset(s);
    store_pool_put(&store->readers, db);
    return outcome;
}
