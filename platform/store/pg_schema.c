// SPDX-License-Identifier: Apache-2.0
// Bringing a database from version to version.

#include "platform/store/pg_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char store_sql_pg_001[], store_sql_pg_002[], store_sql_pg_003[], store_sql_pg_004[],
    store_sql_pg_005[], store_sql_pg_006[], store_sql_pg_007[], store_sql_pg_008[]; /* migrations.S */

static const char *const STEPS[] = {store_sql_pg_001, store_sql_pg_002, store_sql_pg_003, store_sql_pg_004,
                                    store_sql_pg_005, store_sql_pg_006, store_sql_pg_007, store_sql_pg_008};
_Static_assert(sizeof STEPS / sizeof *STEPS == PG_SCHEMA_LATEST, "PG_SCHEMA_LATEST is the number of the newest step");

#define LOCK_KEY "4776843590234"

/* The first column of the first row as text, in to[]; *found: whether there is one that is not NULL. */
static int ask(struct pg_conn *conn, const char *sql, char *to, size_t size, bool *found)
{
    PGresult *r = pg_run_once(conn, sql, NULL, "looking at the database");
    if (!r) {
        return store_outcome();
    }
    *found = PQntuples(r) > 0 && !PQgetisnull(r, 0, 0);
    snprintf(to, size, "%s", *found ? pg_text(r, 0, 0) : "");
    PQclear(r);
    return 0;
}

static int check_database(struct pg_conn *conn)
{
    char text[200];
    bool found = false;
    int outcome = ask(conn, "SHOW server_encoding", text, sizeof text, &found);
    if (!outcome && strcmp(text, "UTF8") != 0) {
        return store_fail(STORE_FAILED,
                          "PostgreSQL: database %s: expected encoding UTF8, got %s; make another: createdb --encoding=UTF8 "
                          "--template=template0 NAME",
                          PQdb(conn->handle), text);
    }
    if (!outcome && PQserverVersion(conn->handle) < 130000) {
        return store_fail(STORE_FAILED, "PostgreSQL: expected version 13 or newer, got %s",
                          PQparameterStatus(conn->handle, "server_version"));
    }
    outcome = outcome ? outcome : ask(conn, "SELECT current_schema()::text", text, sizeof text, &found);
    if (!outcome && !found) {
        return store_fail(STORE_FAILED,
                          "PostgreSQL: database %s: no schema of the search_path exists or may be used by user %s; make it "
                          "(CREATE SCHEMA), or GRANT CREATE, USAGE ON SCHEMA public",
                          PQdb(conn->handle), PQuser(conn->handle));
    }
    return outcome;
}

#define TRGM_SCHEMA "SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm'"

/* The extension may be another schema's: the step that needs it sees that schema too. */
static int bring_trgm(struct pg_conn *conn)
{
    char text[200], why[300];
    bool found = false;
    int outcome = ask(conn, TRGM_SCHEMA, text, sizeof text, &found);
    if (outcome || found) {
        return outcome;
    }
    if (pg_script(conn, "CREATE EXTENSION pg_trgm", "making the extension pg_trgm")) {
        snprintf(why, sizeof why, "%s", store_error(NULL));
        return store_fail(STORE_FAILED,
                          "%s. The search needs it: install PostgreSQL's contrib package on the server, then run CREATE EXTENSION "
                          "pg_trgm in database %s as its owner",
                          why, PQdb(conn->handle));
    }
    return 0;
}

static int read_version(struct pg_conn *conn, int *version)
{
    char text[40];
    bool found = false;
    *version = 0;
    int outcome = ask(conn, "SELECT 1::text FROM pg_class WHERE relname = 'bulla_schema' AND relnamespace = current_schema()::regnamespace",
                      text, sizeof text, &found);
    if (!outcome && found) {
        outcome = ask(conn, "SELECT max(version)::text FROM bulla_schema", text, sizeof text, &found);
        *version = found ? (int)strtol(text, NULL, 10) : 0;
    }
    return outcome;
}

static int step(struct pg_conn *conn, int version)
{
    char sql[200];
    int outcome = version == 1 ? pg_script(conn, "CREATE TABLE bulla_schema (version integer PRIMARY KEY, since timestamptz NOT NULL)",
                                           "making the schema")
                               : 0;
    outcome = outcome ? outcome : pg_script(conn, STEPS[version - 1], "making the schema");
    snprintf(sql, sizeof sql, "INSERT INTO bulla_schema (version, since) VALUES (%d, now())", version);
    return outcome ? outcome : pg_script(conn, sql, "making the schema");
}

/* In one transaction that others who open the database wait for. */
static int bring(struct pg_conn *conn, int until)
{
    int version = 0;
    int outcome =
        pg_script(conn, "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(" LOCK_KEY ")", "waiting for another node");
    outcome = outcome ? outcome : read_version(conn, &version);
    if (!outcome && version > PG_SCHEMA_LATEST) {
        return store_fail(STORE_FAILED,
                          "PostgreSQL: database %s was written by a newer bulla (version %d, this one knows up to %d); use that one, or "
                          "restore a backup",
                          PQdb(conn->handle), version, PG_SCHEMA_LATEST);
    }
    if (outcome || version >= until) {
        return outcome;
    }
    outcome = bring_trgm(conn);
    outcome = outcome ? outcome
                      : pg_script(conn,
                                  "SELECT set_config('search_path', quote_ident(current_schema()) || ', ' || quote_ident(n.nspname), true) "
                                  "FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm'",
                                  "making the schema");
    while (!outcome && version < until) {
        outcome = step(conn, ++version);
    }
    return outcome;
}

/* What is no reason to refuse it, but to know of, for the log. */
static const struct {
    const char *sql; /* gives a text where it is so */
    const char *words;
} REMARKS[] = {
    {"SELECT 'off' WHERE current_setting('fsync') = 'off'",
     "fsync is off on the PostgreSQL server: when its machine fails, what was acknowledged is lost; set fsync = on"},
    {"SELECT datctype FROM pg_database WHERE datname = current_database() AND datctype IN ('C', 'POSIX')",
     "the database has the locale C: searches for other than Latin letters read all records; make it with --locale=C.UTF-8"},
};

static int remark(struct store_pg *store, struct pg_conn *conn)
{
    char text[40];
    bool found = false;
    int outcome = 0;
    for (size_t i = 0; i < sizeof REMARKS / sizeof *REMARKS && !outcome; i++) {
        outcome = ask(conn, REMARKS[i].sql, text, sizeof text, &found);
        size_t used = strlen(store->found);
        if (!outcome && found) {
            snprintf(store->found + used, sizeof store->found - used, "%s%s", used ? "; " : "", REMARKS[i].words);
        }
    }
    return outcome;
}

int pg_schema_bring_to(struct store_pg *store, int version)
{
    struct pg_conn *conn = NULL;
    int outcome = pg_take(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = check_database(conn);
    outcome = outcome ? outcome : remark(store, conn);
    outcome = outcome ? outcome : pg_script(conn, "BEGIN", "making the schema");
    if (!outcome) {
        outcome = bring(conn, version);
        outcome = outcome ? outcome : pg_commit(conn);
        if (outcome) {
            pg_undo(conn, "ROLLBACK");
        }
    }
    pg_put_back(store, conn);
    return outcome;
}

int pg_schema_bring(struct store_pg *store)
{
    return pg_schema_bring_to(store, PG_SCHEMA_LATEST);
}
