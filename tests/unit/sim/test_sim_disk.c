// SPDX-License-Identifier: Apache-2.0
// The simulated disk under SQLite itself and under the store: power fails in the middle of thousands of calls; what was
// committed stays, what was not is gone as a whole, and the file is whole.

#include "tests/unit/store/store_support.h"

#include <sqlite3.h>

#include "platform/store/sqlite.h"
#include "sim/disk.h"

enum { SEALS = 7 };

static int64_t now(void *host)
{
    (void)host;
    return T0;
}

static const struct clock still = {now, NULL};

static unsigned rounds(unsigned otherwise)
{
    const char *text = getenv("BULLA_DISK_ROUNDS");
    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* --- SQLite alone --- */

static sqlite3 *open_db(struct sim_disk *disk, const char *mode)
{
    sqlite3 *db = NULL;
    char sql[120];
    assert_int_equal(sqlite3_open_v2("/a.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, sim_disk_vfs(disk)), SQLITE_OK);
    snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s; PRAGMA synchronous=%s", mode, strcmp(mode, "WAL") == 0 ? "FULL" : "EXTRA");
    sqlite3_exec(db, sql, NULL, NULL, NULL);
    return db;
}

static int64_t number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        number = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return number;
}

/* Transaction n: row n, n % 5 more of it, and every third time a bigger row and something deleted. */
static bool run_one(sqlite3 *db, int64_t n)
{
    char sql[400];
    snprintf(sql, sizeof sql,
             "BEGIN; INSERT INTO t (n, x) VALUES (%lld, randomblob(%lld)); INSERT INTO u SELECT %lld FROM (SELECT 1 UNION SELECT 2 UNION "
             "SELECT 3); DELETE FROM t WHERE n < %lld; UPDATE c SET n = %lld; COMMIT",
             (long long)n, (long long)(n % 3 ? 100 : 6000), (long long)n, (long long)(n - 20), (long long)n);
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static void check_db(sqlite3 *db, int64_t done, int64_t *next, unsigned round)
{
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &s, NULL), SQLITE_OK);
    if (sqlite3_step(s) != SQLITE_ROW || strcmp((const char *)sqlite3_column_text(s, 0), "ok") != 0)
        fail_msg("round %u: %s", round, sqlite3_errmsg(db));
    sqlite3_finalize(s);
    int64_t n = number_of(db, "SELECT n FROM c");
    if (n != done && n != done + 1)
        fail_msg("round %u: %lld were committed, there are %lld", round, (long long)done, (long long)n);
    assert_int_equal(number_of(db, "SELECT max(n) FROM t"), n ? n : 0);
    assert_int_equal(number_of(db, "SELECT count(*) FROM u"), 3 * n);
    *next = n;
}

static void cut_sqlite(const char *mode, unsigned n_rounds)
{
    struct sim_random random = sim_random_new(7);
    struct sim_disk *disk = sim_disk_new(20260921, still);
    sim_disk_seed_sqlite(1);
    sqlite3 *db = open_db(disk, mode);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (n INTEGER PRIMARY KEY, x); CREATE TABLE u (n); CREATE TABLE c (n); INSERT INTO c "
                                      "VALUES (0); INSERT INTO t VALUES (0, 0)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    int64_t done = 0;
    for (unsigned round = 0; round < n_rounds; round++) {
        sim_disk_crash_after(disk, 1 + sim_random_below(&random, 60));
        while (run_one(db, done + 1))
            done++;
        assert_true(sim_disk_is_down(disk));
        sim_disk_crash(disk, true);
        sqlite3_close_v2(db);
        db = open_db(disk, mode);
        check_db(db, done, &done, round);
    }
    sqlite3_close(db);
    struct sim_disk_counts counts = sim_disk_counts(disk);
    print_message("%s: %u power cuts, %lld transactions, %llu sectors lost, %llu torn, %llu names lost\n", mode, n_rounds, (long long)done,
                  (unsigned long long)counts.sectors_lost, (unsigned long long)counts.sectors_torn, (unsigned long long)counts.names_lost);
    assert_true(counts.sectors_lost > n_rounds && counts.sectors_torn > 0);
    sim_disk_free(disk);
}

static void sqlite_with_a_write_ahead_log(void **state)
{
    (void)state;
    cut_sqlite("WAL", rounds(1000));
}

static void sqlite_with_a_journal(void **state)
{
    (void)state;
    cut_sqlite("DELETE", rounds(1000));
}

/* A disk that does not do what it says is found out: without syncs, commits are lost. */
static void without_syncs_commits_are_lost(void **state)
{
    (void)state;
    struct sim_disk *disk = sim_disk_new(3, still);
    sqlite3 *db = open_db(disk, "WAL");
    sqlite3_exec(db, "PRAGMA synchronous=OFF; CREATE TABLE c (n); INSERT INTO c VALUES (0); PRAGMA wal_checkpoint", NULL, NULL, NULL);
    unsigned lost = 0;
    for (int64_t n = 1; n <= 20; n++) {
        char sql[80];
        snprintf(sql, sizeof sql, "UPDATE c SET n = %lld", (long long)n);
        sqlite3_exec(db, sql, NULL, NULL, NULL);
        sim_disk_crash(disk, true);
        sqlite3_close_v2(db);
        db = open_db(disk, "WAL");
        sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
        lost += number_of(db, "SELECT n FROM c") != n;
    }
    sqlite3_close(db);
    sim_disk_free(disk);
    assert_true(lost > 0);
}

/* --- the store --- */

struct numbers { /* which samples a reading gave */
    uint8_t *seen;
    uint64_t most, n, wrong;
};

static void mark(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct numbers *numbers = context;
    struct seen seen = {0};
    see_sample(&seen, o, raw);
    numbers->wrong += seen.wrong + (seen.sum >= numbers->most || numbers->seen[seen.sum]);
    if (seen.sum < numbers->most)
        numbers->seen[seen.sum] = 1;
    numbers->n++;
}

static struct store *reopen(struct sim_disk *disk)
{
    char why[400] = "";
    struct store *store = store_sqlite_open_on(sim_disk_port(disk), "/data?segment_rows=40", why, sizeof why);
    if (!store)
        fail_msg("%s", why);
    if (strstr(store_recovery(store), "cannot"))
        fail_msg("recovery: %s", store_recovery(store));
    return store;
}

/* Everything up to `stored` is there once, and of the batch that was under way all or nothing. */
static uint64_t check_store(struct store *store, uint64_t stored, size_t under_way, unsigned round)
{
    struct numbers numbers = {.most = stored + under_way};
    numbers.seen = calloc(numbers.most + 1, 1);
    for (unsigned seal = 0; seal < SEALS; seal++) {
        char name[64];
        snprintf(name, sizeof name, "jt701:75%08u", seal);
        if (store_observations(store, name, 0, INT64_MAX, 0, mark, &numbers))
            fail_msg("round %u: %s", round, store_error(store));
    }
    for (uint64_t n = 0; n < stored; n++)
        if (!numbers.seen[n])
            fail_msg("round %u: sample %llu was acknowledged and is gone", round, (unsigned long long)n);
    free(numbers.seen);
    if (numbers.wrong || (numbers.n != stored && numbers.n != stored + under_way))
        fail_msg("round %u: %llu stored, %llu there, %llu wrong", round, (unsigned long long)stored, (unsigned long long)numbers.n,
                 (unsigned long long)numbers.wrong);
    return numbers.n;
}

static uint64_t cut_store(unsigned n_rounds, const struct sim_disk_faults *faults, bool print)
{
    struct sim_random random = sim_random_new(11);
    struct sim_disk *disk = sim_disk_new(5, still);
    sim_disk_seed_sqlite(2);
    struct store *store = reopen(disk);
    uint64_t stored = 0, batch = 0;
    unsigned parties = 0;
    for (unsigned round = 0; round < n_rounds; round++) {
        bool power = sim_random_chance(&random, 0.8);
        size_t n = 1;
        sim_disk_crash_after(disk, power ? 1 + sim_random_below(&random, 150) : 0);
        sim_disk_set_faults(disk, faults);
        for (unsigned steps = power ? 10000 : sim_random_below(&random, 20); steps > 0 && !sim_disk_is_down(disk); steps--) {
            n = 1 + ++batch * 7919 % 9;
            if (append_samples(store, stored, n, SEALS, NULL) == 0)
                stored += n;
            if (sim_random_chance(&random, 0.3))
                store_sqlite_step(store);
            struct party party = {.kind = PARTY_KIND_CARRIER};
            snprintf(party.id, sizeof party.id, "party %u", parties);
            parties += sim_random_chance(&random, 0.2) && store_party_put(store, &party, NULL) == 0;
        }
        sim_disk_set_faults(disk, &(struct sim_disk_faults){0});
        sim_disk_crash(disk, power);
        store_close(store);
        store = reopen(disk);
        stored = check_store(store, stored, n, round);
        struct party party;
        char id[40];
        snprintf(id, sizeof id, "party %u", parties - 1);
        assert_int_equal(parties ? store_party_get(store, id, &party) : 0, 0);
        snprintf(id, sizeof id, "party %u", parties);
        parties += store_party_get(store, id, &party) == 0; /* it was under way */
    }
    store_close(store);
    struct sim_disk_counts counts = sim_disk_counts(disk);
    if (print)
        print_message("%u crashes, %llu observations, %u parties; %llu writes, %llu syncs, %llu + %llu failed\n", n_rounds,
                      (unsigned long long)stored, parties, (unsigned long long)counts.writes, (unsigned long long)counts.syncs,
                      (unsigned long long)counts.write_errors, (unsigned long long)counts.sync_errors);
    uint64_t digest = sim_disk_digest(disk);
    sim_disk_free(disk);
    return digest;
}

static void the_store_with_power_cuts(void **state)
{
    (void)state;
    cut_store(rounds(120), &(struct sim_disk_faults){0}, true);
}

static void the_store_with_failing_writes_and_syncs(void **state)
{
    (void)state;
    cut_store(rounds(100), &(struct sim_disk_faults){.write_error = 0.002, .sync_error = 0.01}, true);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    struct sim_disk_faults faults = {.write_error = 0.002, .sync_error = 0.01};
    assert_int_equal(cut_store(20, &faults, false), cut_store(20, &faults, false));
}

static void a_full_disk(void **state)
{
    (void)state;
    struct sim_disk *disk = sim_disk_new(9, still);
    struct store *store = reopen(disk);
    uint64_t stored = 0;
    int outcome;
    sim_disk_set_faults(disk, &(struct sim_disk_faults){.bytes_most = 3 * 1024 * 1024});
    while ((outcome = append_samples(store, stored, 5, SEALS, NULL)) == 0 && stored < 100000) {
        stored += 5;
        store_sqlite_step(store);
    }
    assert_int_equal(outcome, STORE_NO_SPACE);
    for (int i = 0; i < 10; i++) {
        store_sqlite_step(store);
        assert_int_equal(append_samples(store, stored, 5, SEALS, NULL), STORE_NO_SPACE);
    }
    check_store(store, stored, 0, 0);
    sim_disk_set_faults(disk, &(struct sim_disk_faults){0});
    assert_int_equal(append_samples(store, stored, 5, SEALS, NULL), 0);
    check_store(store, stored + 5, 0, 1);
    sim_disk_crash(disk, true);
    store_close(store);
    store = reopen(disk);
    check_store(store, stored + 5, 0, 2);
    store_close(store);
    sim_disk_free(disk);
}

static void one_program_at_a_time(void **state)
{
    (void)state;
    char why[400] = "";
    struct sim_disk *disk = sim_disk_new(9, still);
    struct store *store = reopen(disk);
    assert_null(store_sqlite_open_on(sim_disk_port(disk), "/data", why, sizeof why));
    assert_non_null(strstr(why, "in use by another bulla"));
    sim_disk_crash(disk, false);
    struct store *other = reopen(disk); /* the first is dead */
    store_close(store);
    assert_null(store_sqlite_open_on(sim_disk_port(disk), "/data", why, sizeof why)); /* and does not take the other's lock away */
    store_close(other);
    sim_disk_free(disk);
}

static void what_would_be_there(void **state)
{
    (void)state;
    struct sim_disk *disk = sim_disk_new(13, still);
    struct store *store = reopen(disk);
    for (uint64_t n = 0; n < 200; n += 4) {
        assert_int_equal(append_samples(store, n, 4, SEALS, NULL), 0);
        store_sqlite_step(store);
        struct sim_disk *copy = sim_disk_copy(disk, 1); /* all that was not synced is lost */
        struct store *left = reopen(copy);
        check_store(left, n + 4, 0, (unsigned)n);
        store_close(left);
        sim_disk_free(copy);
    }
    store_close(store);
    sim_disk_free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sqlite_with_a_write_ahead_log),
        cmocka_unit_test(sqlite_with_a_journal),
        cmocka_unit_test(without_syncs_commits_are_lost),
        cmocka_unit_test(the_store_with_power_cuts),
        cmocka_unit_test(the_store_with_failing_writes_and_syncs),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(one_program_at_a_time),
        cmocka_unit_test(what_would_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
