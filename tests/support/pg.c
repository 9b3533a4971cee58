// SPDX-License-Identifier: Apache-2.0
// Databases of their own for tests.

#include "tests/support/pg.h"

#include <libpq-fe.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool pg_test_wanted(void)
{
    const char *store = getenv("BULLA_TEST_STORE");
    return store && !strcmp(store, "postgres");
}

/* The program's grandparent: tests lie in BUILD/tests. */
static void build_directory(char path[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[n > 0 ? n : 0] = '\0';
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(path, '/');
        if (slash) {
            *slash = '\0';
        }
    }
}

static const char *server(void)
{
    static char url[200];
    char folder[PATH_MAX], command[2 * PATH_MAX];
    if (url[0]) {
        return url;
    }
    build_directory(folder);
    snprintf(command, sizeof command, "exec /usr/bin/python3 '%s/tests/support/pg_server.py' '%s'", BULLA_SOURCE_DIR, folder);
    FILE *pipe = popen(command, "r");
    bool got = pipe && fgets(url, sizeof url, pipe);
    int status = pipe ? pclose(pipe) : -1;
    if (!got || status) {
        bool absent = WIFEXITED(status) && WEXITSTATUS(status) == 77;
        fprintf(stderr, "%s\n", absent ? "skipped: PostgreSQL is not installed" : "PostgreSQL could not be started for the tests");
        exit(absent ? 77 : 1);
    }
    url[strcspn(url, "\r\n")] = '\0';
    return url;
}

bool pg_test_sql(const char *url, const char *sql, char *out, size_t size)
{
    PGconn *conn = PQconnectdb(url);
    PGresult *r = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(r);
    bool done = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    if (out) {
        snprintf(out, size, "%s", !done ? PQerrorMessage(conn) : PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    }
    PQclear(r);
    PQfinish(conn);
    return done;
}

bool pg_test_create_with(const char *words, char *url, size_t size)
{
    static unsigned count;
    char sql[300], name[60], home[240], why[500];
    snprintf(name, sizeof name, "test_%ld_%u", (long)getpid(), ++count);
    snprintf(home, sizeof home, "%s/postgres", server());
    snprintf(sql, sizeof sql, "CREATE DATABASE %s %s", name, words);
    snprintf(url, size, "%s/%s", server(), name);
    if (pg_test_sql(home, sql, why, sizeof why)) {
        return true;
    }
    fprintf(stderr, "%s: %s", sql, why);
    return false;
}

void pg_test_create(char *url, size_t size)
{
    if (!pg_test_create_with("TEMPLATE template0", url, size)) {
        exit(1);
    }
}

void pg_test_drop(const char *url)
{
    char sql[200], home[240];
    const char *name = strrchr(url, '/');
    snprintf(home, sizeof home, "%s/postgres", server());
    snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", name ? name + 1 : "");
    pg_test_sql(home, sql, NULL, 0);
}
