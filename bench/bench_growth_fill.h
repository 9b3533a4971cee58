/* SPDX-License-Identifier: Apache-2.0
 *
 * Fills an empty store with records, for measuring how the cost of asking grows with them: by SQL through the back end's own
 * library, for the port writes one record at a time (which is measured apart). Triggers are off and indices are made
 * afterwards, so that ten million are there in minutes; the rows are those that the port would have written.
 *
 * Of J journeys two in a hundred are open, the newest; one of fifty of these a draft. One in five has an alarm, one of two
 * hundred alarms is open. S seals take turns. Commands and permissions: J / 20; audit entries: J / 5; users: J / 1000;
 * 500 carriers at any size.
 */
#ifndef BENCH_GROWTH_FILL_H
#define BENCH_GROWTH_FILL_H

#include "bench/bench_postgres.h"

#include "platform/store/db.h"

#include <stdint.h>
#include <sys/wait.h>

/* clang-format off */
/* `@`: what the two back ends write differently, and the sizes. */
static const struct growth_word { const char *at, *sqlite, *postgres; } GROWTH_WORDS[] = {
    {"@with", "WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < @last)", ""},
    {"@k", "k", "generate_series(@part::bigint, @last::bigint, @parts::bigint) AS k(n)"},
    {"@8[", "printf('%08d', ", "lpad(("}, {"]8", ")", ")::text, 8, '0')"},
    {"@h[", "printf('%08x', ", "lpad(to_hex("}, {"]h", ")", "), 8, '0')"},
    {"@a[", "char(65 + ", "chr(65 + ("}, {"]a", ")", ")::integer)"},
    {"@no", "0", "false"}, {"@yes", "1", "true"}, {"@bytes", "x''", "''"}, {"@part_of", "", "AND created_ms / 1000 % @parts = @part - 1"},
};

#define AT "(1790000000000 + n * 1000)"
#define HEX "@h[n * 2654435761 % 4294967296]h || @h[n * 40503 * 7919 % 4294967296]h"
#define NTH "((created_ms - 1790000000000) / 1000)" /* of a journey */

struct growth_fill {
    const char *table;
    const char *sql;
    int share; /* rows: J divided by this; 0: S; below 0: so many whatever the size */
};

static const struct growth_fill GROWTH_FILLS[] = {
    {"party", "INSERT INTO party (position, id, version, kind, name, code) @with SELECT n, 'carrier' || (n - 1), 1, 1, 'Carrier ' || n, '' FROM @k", -500},
    {"user", "INSERT INTO \"user\" (position, id, version, name, full_name, role, party, station, password, must_change, disabled, created_ms) @with "
     "SELECT " AT " << 20, 'user' || n, 1, 'officer' || n, 'Officer ' || n, 1, '', '', '', @no, @no, " AT " FROM @k", 1000},
    {"seal", "INSERT INTO seal (position, id, version, class, life, label, model, owner, station, journey, has_zone, zone_minutes, created_ms) @with "
     "SELECT " AT " << 20, 'jt701:75' || @8[n - 1]8, 1, 3, n % 12, 'BL' || @8[n - 1]8, 'JT701D', 'carrier' || (n % 500), '', "
     "CASE WHEN (@J - n + 1) % @S < @J / 50 THEN 'J' || @8[@J - (@J - n + 1) % @S]8 ELSE '' END, @no, 0, " AT " FROM @k", 0},
    {"journey", "INSERT INTO journey (position, id, version, state, mode, regime, carrier, administration, reference, vehicle, driver, cargo, "
     "containers, seals, created_ms, sealed_at_ms, depart_by_ms, arrive_by_ms, arrived_at_ms, unsealed_at_ms, has_origin, origin, "
     "has_destination, destination, stops, dead_zones, limits, credentials, silence_minutes, stay_minutes, battery_percent, "
     "corridor_m, route) @with SELECT " AT " << 20, 'J' || @8[n]8, 1, CASE WHEN n <= @J - @J / 50 THEN 4 WHEN n % 50 = 7 THEN 0 ELSE 2 END, "
     "n % 4, 0, 'carrier' || (n % 500), '', 'T1-2026-' || @8[n * 7 % 100000007]8, 'K' || @a[n % 26]a || @a[n / 26 % 26]a || ' ' || (100 + n % 900) || 'A', "
     "'driver ' || (n % 3000), '', '[\"CSQ' || @8[n * 13 % 100000000]8 || '\"]', '[\"jt701:75' || @8[n % @S]8 || '\"]', " AT ", " AT ", 0, 0, 0, "
     "0, @no, '{}', @no, '{}', '[]', '[]', '[]', '[]', 0, 0, 0, 500, @bytes FROM @k", 1},
    {"journey_seal", "INSERT INTO journey_seal (seal, position) SELECT 'jt701:75' || @8[" NTH " % @S]8, position FROM journey WHERE @yes @part_of", 1},
    {"permission", "INSERT INTO permission (journey, id, seal, credential, from_ms, until_ms, unseals, has_place, place) @with "
     "SELECT 'J' || @8[n * 20]8, 'P' || n, '', '', " AT ", " AT " + 3600000, @no, @no, '{}' FROM @k", 20},
    {"alarm", "INSERT INTO alarm (position, id, version, journey, seal, kind, grade, onset_ms, raised_ms, ended_ms, evidence, count, why, has_position, "
     "lat, lon, state, finding, handler, patrol, note, changed_ms, carrier, about) "
     "SELECT position, (SELECT " HEX " || " HEX " FROM (SELECT " NTH " AS n) AS one), 1, id, 'jt701:75' || @8[" NTH " % @S]8, 1 + " NTH " / 5 % 37, "
     "1 + " NTH " / 5 % 3, created_ms, created_ms, 0, '[]', 1, 'opened where no permission allows it', @no, NULL, NULL, "
     "CASE WHEN " NTH " > @J - @J / 200 THEN 0 ELSE 3 END, 0, '', '', '', created_ms, carrier, reference || '\n' || vehicle || '\n' || containers "
     "FROM journey WHERE created_ms % 5000 = 0 @part_of", 1},
    {"command", "INSERT INTO command (position, id, version, seal, journey, \"user\", name, args, reason, state, answer, answers, serial, created_ms, "
     "sent_ms, done_ms, expires_ms) @with SELECT (" AT " + 500) << 20, 'C' || @8[n]8, 1, 'jt701:75' || @8[n * 20 % @S]8, 'J' || @8[n * 20]8, "
     "'user' || (n % (@J / 1000)), 'unlock', '', 'inspection', CASE WHEN n > @last - @last / 1000 THEN 0 ELSE 2 END, '', '', -1, " AT ", 0, 0, " AT
     " + 60000 FROM @k", 20},
    {"audit", "INSERT INTO audit (position, seq, time_ms, \"user\", user_name, action, object, address, detail) @with "
     "SELECT " AT " << 20, n, " AT ", 'user' || (n % (@J / 1000)), 'officer' || (n % (@J / 1000)), 'journey.create', 'J' || @8[n * 5]8, '10.0.0.1', '{}' FROM @k", 5},
};
/* clang-format on */
enum { GROWTH_FILLS_N = sizeof GROWTH_FILLS / sizeof *GROWTH_FILLS, GROWTH_SQL = 8000, GROWTH_PARTS = 2 };

static inline void growth_put(char *sql, const char *at, const char *value)
{
    char rest[GROWTH_SQL];
    for (char *found = strstr(sql, at); found; found = strstr(found + strlen(value), at)) {
        snprintf(rest, sizeof rest, "%s", found + strlen(at));
        if (strlen(sql) - strlen(at) + strlen(value) >= GROWTH_SQL) {
            fprintf(stderr, "bench_growth: the statement is too long\n");
            exit(3);
        }
        sprintf(found, "%s%s", value, rest);
    }
}

static inline void growth_number(char *sql, const char *at, long value)
{
    char text[24];
    snprintf(text, sizeof text, "%ld", value);
    growth_put(sql, at, text);
}

static inline void growth_sql(char sql[GROWTH_SQL], const struct growth_fill *fill, bool postgres, long journeys, long seals, int part, int parts)
{
    snprintf(sql, GROWTH_SQL, "%s", fill->sql);
    for (size_t i = sizeof GROWTH_WORDS / sizeof *GROWTH_WORDS; i-- > 0;) { /* the long words before those that begin them */
        growth_put(sql, GROWTH_WORDS[i].at, postgres ? GROWTH_WORDS[i].postgres : GROWTH_WORDS[i].sqlite);
    }
    growth_number(sql, "@last", fill->share < 0 ? -fill->share : fill->share == 0 ? seals : journeys / fill->share);
    growth_number(sql, "@parts", parts);
    growth_number(sql, "@part", part + 1);
    growth_number(sql, "@J", journeys);
    growth_number(sql, "@S", seals);
}

/* --- SQLite --- */

static inline void growth_lite(struct store_db *db, const char *sql)
{
    if (store_db_run(db, sql)) {
        fprintf(stderr, "bench_growth: %s\n%s\n", store_error(NULL), sql);
        exit(3);
    }
}

/* The texts of one column, each a statement; heap. */
static inline size_t growth_lite_list(struct store_db *db, const char *sql, char *out[], size_t most)
{
    size_t n = 0;
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL) != SQLITE_OK) {
        fprintf(stderr, "bench_growth: %s\n", sqlite3_errmsg(db->handle));
        exit(3);
    }
    while (sqlite3_step(s) == SQLITE_ROW && n < most) {
        out[n++] = strdup((const char *)sqlite3_column_text(s, 0));
    }
    sqlite3_finalize(s);
    return n;
}

static inline void growth_lite_all(struct store_db *db, char *statements[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        growth_lite(db, statements[i]);
        free(statements[i]);
    }
}

static inline void growth_fill_sqlite(const char *folder, long journeys, long seals)
{
    char path[600], sql[GROWTH_SQL], *drops[200], *makes[200];
    struct store_db *db = NULL;
    snprintf(path, sizeof path, "%s/bulla.db", folder);
    if (store_db_open(path, STORE_DB_RECORD, &db)) {
        fprintf(stderr, "bench_growth: %s\n", store_error(NULL));
        exit(3);
    }
    growth_lite(db, "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY");
#define OURS "FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('index', 'trigger') AND tbl_name NOT LIKE '%\\_search\\_%' ESCAPE '\\'"
    size_t n = growth_lite_list(db, "SELECT sql " OURS, makes, 200);
    growth_lite_all(db, drops, growth_lite_list(db, "SELECT 'DROP ' || type || ' ' || name " OURS, drops, 200));
#undef OURS
    for (size_t i = 0; i < GROWTH_FILLS_N; i++) {
        growth_sql(sql, &GROWTH_FILLS[i], false, journeys, seals, 0, 1);
        growth_lite(db, sql);
    }
    growth_lite_all(db, makes, n);
    n = growth_lite_list(db,
                         "SELECT 'INSERT INTO ' || name || '(' || name || ') VALUES (''rebuild'')' FROM sqlite_master WHERE sql LIKE "
                         "'CREATE VIRTUAL TABLE%'",
                         makes, 200);
    growth_lite_all(db, makes, n);
    growth_lite(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    store_db_close(db);
}

/* --- PostgreSQL --- */

static inline void growth_postgres(PGconn *conn, const char *sql)
{
    PGresult *r = PQexec(conn, sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK) {
        fprintf(stderr, "bench_growth: %s%s\n", PQerrorMessage(conn), sql);
        exit(3);
    }
    PQclear(r);
}

/* Each statement on a connection of its own, GROWTH_PARTS at once. */
static inline void growth_postgres_all(const char *url, char *const statements[], size_t n)
{
    for (int part = 0; part < GROWTH_PARTS; part++) {
        if (fork() == 0) {
            PGconn *conn = PQconnectdb(url);
            growth_postgres(conn, "SET session_replication_role = replica; SET maintenance_work_mem = '1GB'; SET synchronous_commit = off");
            for (size_t i = (size_t)part; i < n; i += GROWTH_PARTS) {
                growth_postgres(conn, statements[i]);
            }
            PQfinish(conn);
            _exit(0);
        }
    }
    for (int part = 0, status = 0; part < GROWTH_PARTS; part++) {
        if (wait(&status) < 0 || status != 0) {
            exit(3);
        }
    }
}

static inline size_t growth_postgres_list(PGconn *conn, const char *sql, char *out[], size_t most)
{
    PGresult *r = PQexec(conn, sql);
    size_t n = 0;
    while (n < (size_t)PQntuples(r) && n < most) {
        out[n] = strdup(PQgetvalue(r, (int)n, 0));
        n++;
    }
    PQclear(r);
    return n;
}

static inline void growth_fill_postgres(const char *url, long journeys, long seals)
{
    static char sql[GROWTH_PARTS][GROWTH_SQL];
    char *drops[200], *makes[200], *parts[GROWTH_PARTS];
    PGconn *conn = PQconnectdb(url);
#define OURS                                                                                                                             \
    "FROM pg_indexes WHERE schemaname = current_schema() AND tablename IN ('journey', 'journey_seal', 'permission', 'alarm', 'seal', "   \
    "'command', 'audit', 'user', 'party') AND indexname NOT LIKE '%\\_key' AND indexname NOT LIKE '%\\_pkey' ORDER BY indexdef ~ 'gin' " \
    "DESC, tablename = 'journey' DESC"
    size_t n = growth_postgres_list(conn, "SELECT indexdef " OURS, makes, 200);
    size_t n_drops = growth_postgres_list(conn, "SELECT 'DROP INDEX ' || indexname " OURS, drops, 200);
#undef OURS
    for (size_t i = 0; i < n_drops; i++) {
        growth_postgres(conn, drops[i]);
        free(drops[i]);
    }
    for (size_t i = 0; i < GROWTH_FILLS_N; i++) {
        for (int part = 0; part < GROWTH_PARTS; part++) {
            growth_sql(sql[part], &GROWTH_FILLS[i], true, journeys, seals, part, GROWTH_PARTS);
            parts[part] = sql[part];
        }
        growth_postgres_all(url, parts, GROWTH_PARTS);
    }
    growth_postgres_all(url, makes, n);
    for (size_t i = 0; i < n; i++) {
        free(makes[i]);
    }
    growth_postgres(conn, "SELECT setval('audit_position', 1)");
    growth_postgres(conn, "VACUUM (ANALYZE)");
    growth_postgres(conn, "CHECKPOINT");
    PQfinish(conn);
}

static inline void growth_fill(const char *where, long journeys, long seals)
{
    if (is_postgres(where)) {
        growth_fill_postgres(where, journeys, seals);
    } else {
        growth_fill_sqlite(where, journeys, seals);
    }
}

#endif
