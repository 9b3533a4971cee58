/* SPDX-License-Identifier: Apache-2.0
 *
 * For measuring on PostgreSQL: an empty database, and what the server's processes cost, when they run on this machine.
 */
#ifndef BENCH_POSTGRES_H
#define BENCH_POSTGRES_H

#include <dirent.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline bool is_postgres(const char *where)
{
    return !strncmp(where, "postgres:", 9) || !strncmp(where, "postgresql:", 11);
}

/* The first column of the first row as text; ends the program when it cannot. */
static inline void ask_postgres(const char *url, const char *sql, char *to, size_t size)
{
    PGconn *conn = PQconnectdb(url);
    PGresult *r = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        fprintf(stderr, "bench_store: %s", PQerrorMessage(conn));
        exit(3);
    }
    snprintf(to, size, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    PQfinish(conn);
}

/* Only in a database that is made for it: everything in it goes. */
static inline void empty_postgres(const char *url)
{
    char name[100];
    ask_postgres(url, "SELECT current_database()", name, sizeof name);
    if (!strstr(name, "bench")) {
        fprintf(stderr, "bench_store: database %s: expected one with \"bench\" in its name, for all that is in it goes\n", name);
        exit(2);
    }
    ask_postgres(url, "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public; CHECKPOINT", name, sizeof name);
}

struct stat_line {
    char name[32];
    long parent;
    double seconds;
};

static inline bool read_stat(long pid, bool with_children, struct stat_line *out)
{
    char path[64], text[1024];
    unsigned long own[2], children[2];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file) {
        fclose(file);
    }
    text[n] = '\0';
    const char *end = strrchr(text, ')');
    if (!end || sscanf(text, "%*d (%31[^)]", out->name) != 1 ||
        sscanf(end + 2, "%*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu", &out->parent, &own[0], &own[1], &children[0],
               &children[1]) != 5) {
        return false;
    }
    unsigned long ticks = own[0] + own[1] + (with_children ? children[0] + children[1] : 0);
    out->seconds = (double)ticks / (double)sysconf(_SC_CLK_TCK);
    return true;
}

/* CPU seconds of all processes of the server so far: those that live and those that have ended. 0: it is elsewhere. */
static inline double postgres_seconds(const char *url)
{
    char pid[20];
    struct stat_line line;
    if (!is_postgres(url)) {
        return 0;
    }
    PGconn *conn = PQconnectdb(url);
    snprintf(pid, sizeof pid, "%d", PQbackendPID(conn));
    bool here = read_stat(atol(pid), false, &line) && !strcmp(line.name, "postgres");
    long master = line.parent;
    double sum = here && read_stat(master, true, &line) ? line.seconds : 0;
    DIR *dir = here ? opendir("/proc") : NULL;
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        long one = atol(entry->d_name);
        if (one > 0 && read_stat(one, false, &line) && line.parent == master) {
            sum += line.seconds;
        }
    }
    if (dir) {
        closedir(dir);
    }
    PQfinish(conn);
    return sum;
}

#endif
