// SPDX-License-Identifier: Apache-2.0
// Connections to PostgreSQL and their pool; transactions of one write.

#include "platform/store/pg.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/store/pg_inside.h"

/* What a person does about it, by a piece of the server's sentence. */
static const struct {
    const char *piece, *advice;
} ADVICE[] = {
    {"password", "check the user and the password: in the URL, PGPASSWORD or ~/.pgpass"},
    {"authentication failed", "check the user, and pg_hba.conf on the server"},
    {"no pg_hba.conf entry", "let this machine in by a line in the server's pg_hba.conf"},
    {"database", "make the database (createdb --encoding=UTF8 NAME), or correct its name in the URL"},
    {"role", "make the user (createuser NAME), or correct its name in the URL"},
    {"too many clients", "raise max_connections of the server: a node takes up to 32"},
    {"starting up", "wait until it is ready"},
    {"read-only", "give the address of the primary, or of all: postgres://HOST1,HOST2/DATABASE"},
    {"could not translate", "correct the host in the URL"},
    {"", "check the address in the URL, and that PostgreSQL is running there"},
};

static const char *advice_for(const char *sentence)
{
    size_t i = 0;
    while (!strstr(sentence, ADVICE[i].piece)) {
        i++;
    }
    return ADVICE[i].advice;
}

/* libpq ends its sentences in line ends and breaks them into several. */
static void flatten(char *to, size_t size, const char *from)
{
    size_t n = 0;
    for (; *from && n + 1 < size; from++) {
        bool space = strchr(" \t\r\n", *from) != NULL;
        if (!space || (n > 0 && to[n - 1] != ' ')) {
            to[n++] = space ? ' ' : *from;
        }
    }
    while (n > 0 && to[n - 1] == ' ') {
        n--;
    }
    to[n] = '\0';
}

int pg_fail(struct pg_conn *conn, PGresult *result, const char *doing)
{
    static const struct {
        const char *state;
        int outcome;
        const char *advice;
    } STATES[] = {
        {"53100", STORE_NO_SPACE, "; make room on the server's disk"},
        {"23505", STORE_CONFLICT, ""},
        {"40001", STORE_CONFLICT, "; try again"},
        {"40P01", STORE_CONFLICT, "; try again"},
        {"57014", STORE_FAILED, "; it took too long: is the server overloaded?"},
        {"25006", STORE_FAILED, "; the server is a standby: give the address of the primary"},
        {"42501", STORE_FAILED, "; give the user of the URL its own database: ALTER DATABASE name OWNER TO user"},
    };
    char text[300];
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    int outcome = STORE_FAILED;
    snprintf(conn->state, sizeof conn->state, "%s", state ? state : "");
    const char *advice = PQstatus(conn->handle) == CONNECTION_BAD ? "; the connection is lost" : "";
    flatten(text, sizeof text, primary ? primary : PQerrorMessage(conn->handle));
    for (size_t i = 0; state && i < sizeof STATES / sizeof *STATES; i++) {
        if (!strcmp(state, STATES[i].state)) {
            outcome = STATES[i].outcome;
            advice = STATES[i].advice;
        }
    }
    if (conn->in_work && state && !strncmp(state, "40", 2)) {
        outcome = STORE_FAILED; /* a deadlock would else be passed over as one record's conflict */
    }
    PQclear(result);
    return store_fail(outcome, "PostgreSQL: %s: %s%s", doing, text[0] ? text : "no answer", advice);
}

static void say_nothing(void *context, const char *message)
{
    (void)context;
    (void)message;
}

void pg_disconnect(struct pg_conn *conn)
{
    if (conn) {
        pg_statements_free(conn);
        PQfinish(conn->handle);
        free(conn);
    }
}

/* A server set up for speed alone would break the promise that what is acknowledged is stored. */
static const char SET_UP[] =
    "SET TimeZone = 'UTC'; SET default_transaction_isolation = 'read committed'; SET idle_in_transaction_session_timeout = 10000; "
    /* a client that was cut off must not keep its locks for longer than its leases would have lasted, or not by much */
    "SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 8000; "
    "SET client_connection_check_interval = 2000; "
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'; ";

static int set_up(struct pg_conn *conn)
{
    char sql[900];
    snprintf(sql, sizeof sql, "%sSET statement_timeout = %d", SET_UP, PG_STATEMENT_MS);
    return pg_script(conn, sql, "setting up a connection");
}

int pg_connect(const char *conninfo, struct pg_conn **out)
{
    char seconds[12], text[300];
    snprintf(seconds, sizeof seconds, "%d", PG_CONNECT_S);
    /* those before dbname are defaults that the URL may change, those after it are not to be changed */
    const char *const names[] = {"connect_timeout",           "keepalives_idle",
                                 "keepalives_interval",       "keepalives_count",
                                 "tcp_user_timeout",          "target_session_attrs",
                                 "fallback_application_name", "dbname",
                                 "client_encoding",           NULL};
    const char *const values[] = {seconds, "3", "2", "3", "8000", "read-write", "bulla", conninfo, "UTF8", NULL};
    struct pg_conn *conn = calloc(1, sizeof *conn);
    if (!conn) {
        return store_fail(STORE_FAILED, "store: out of memory");
    }
    conn->handle = PQconnectdbParams(names, values, 1);
    int outcome = 0;
    if (PQstatus(conn->handle) != CONNECTION_OK) {
        flatten(text, sizeof text, PQerrorMessage(conn->handle));
        outcome = store_fail(STORE_FAILED, "PostgreSQL: %s; %s", text, advice_for(text));
    }
    if (!outcome) {
        PQsetNoticeProcessor(conn->handle, say_nothing, NULL);
        outcome = set_up(conn);
    }
    if (outcome) {
        pg_disconnect(conn);
        return outcome;
    }
    *out = conn;
    return 0;
}

/* Whether an idle connection is still there. A server that goes away says so, or closes it; what else it may say unasked is
 * rare, and a new connection is as good. */
static bool is_alive(struct pg_conn *conn)
{
    struct pollfd fd = {.fd = PQsocket(conn->handle), .events = POLLIN};
    return fd.fd >= 0 && poll(&fd, 1, 0) == 0;
}

static void forget(struct store_pg *store, struct pg_conn *conn)
{
    pg_disconnect(conn);
    pthread_mutex_lock(&store->lock);
    store->n_open--;
    pthread_cond_signal(&store->returned);
    pthread_mutex_unlock(&store->lock);
}

/* An idle connection, or NULL with leave to open a new one. */
static int wait_for_place(struct store_pg *store, struct pg_conn **idle)
{
    struct timespec until;
    int late = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PG_WAIT_S;
    pthread_mutex_lock(&store->lock);
    while (!store->idle && store->n_open >= PG_POOL_MOST && !late) {
        late = pthread_cond_timedwait(&store->returned, &store->lock, &until);
    }
    *idle = store->idle;
    if (*idle) {
        store->idle = (*idle)->next;
    } else if (store->n_open < PG_POOL_MOST) {
        late = 0;
        store->n_open++;
    }
    pthread_mutex_unlock(&store->lock);
    return !*idle && late
               ? store_fail(STORE_FAILED, "PostgreSQL: all %d connections of this node have been busy for %d s", PG_POOL_MOST, PG_WAIT_S)
               : 0;
}

int pg_take(struct store_pg *store, struct pg_conn **out)
{
    struct pg_conn *conn = NULL;
    int outcome = wait_for_place(store, &conn);
    while (!outcome && conn && !is_alive(conn)) {
        forget(store, conn);
        outcome = wait_for_place(store, &conn);
    }
    if (!outcome && !conn) {
        outcome = pg_connect(store->conninfo, &conn);
        if (outcome) {
            forget(store, NULL);
        }
    }
    if (!outcome) {
        *out = conn;
    }
    return outcome;
}

void pg_put_back(struct store_pg *store, struct pg_conn *conn)
{
    conn->in_transaction = conn->in_work = false;
    if (PQstatus(conn->handle) != CONNECTION_OK || PQtransactionStatus(conn->handle) != PQTRANS_IDLE) {
        forget(store, conn);
        return;
    }
    pthread_mutex_lock(&store->lock);
    conn->next = store->idle;
    store->idle = conn;
    pthread_cond_signal(&store->returned);
    pthread_mutex_unlock(&store->lock);
}

int pg_read_begin(struct store_pg *store, struct pg_conn **out)
{
    int outcome = 0;
    struct pg_conn *conn = pg_work_begun(store, &outcome);
    if (outcome || conn) {
        *out = conn ? conn : *out;
        return outcome;
    }
    return pg_take(store, out);
}

void pg_read_end(struct store_pg *store, struct pg_conn *conn)
{
    if (!conn->in_work) {
        pg_put_back(store, conn);
    } else if (PQtransactionStatus(conn->handle) != PQTRANS_INTRANS) {
        pg_work_spoil(store); /* a failed reading takes the whole transaction with it */
    }
}

int pg_write_begin(struct store_pg *store, struct pg_conn **out)
{
    int outcome = 0;
    struct pg_conn *conn = pg_work_conn(store, &outcome);
    if (outcome) {
        return outcome;
    }
    if (conn) {
        conn->state[0] = '\0';
        outcome = pg_script(conn, "SAVEPOINT bulla_write", "beginning a write");
    } else {
        outcome = pg_take(store, &conn);
        if (outcome) {
            return outcome;
        }
        conn->state[0] = '\0';
        outcome = pg_script(conn, "BEGIN", "beginning a write");
        conn->in_transaction = outcome == 0;
    }
    if (outcome) {
        pg_read_end(store, conn);
        return outcome;
    }
    *out = conn;
    return 0;
}

int pg_commit(struct pg_conn *conn)
{
    PGresult *r = PQexec(conn->handle, "COMMIT");
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
        return pg_fail(conn, r, "committing");
    }
    bool kept = !strcmp(PQcmdStatus(r), "COMMIT"); /* a transaction that failed before is answered with ROLLBACK */
    PQclear(r);
    return kept ? 0 : store_fail(STORE_FAILED, "PostgreSQL: committing: the transaction had failed before; nothing was kept");
}

/* Undoing does not hide why. */
void pg_undo(struct pg_conn *conn, const char *sql)
{
    PQclear(PQexec(conn->handle, sql));
}

static int end_in_work(struct store_pg *store, struct pg_conn *conn, int outcome, const struct audit *audit)
{
    if (!outcome) {
        outcome = pg_script(conn, "RELEASE SAVEPOINT bulla_write", "ending a write");
        outcome = !outcome && audit ? pg_work_audit(store, audit) : outcome;
    } else {
        pg_undo(conn, "ROLLBACK TO SAVEPOINT bulla_write; RELEASE SAVEPOINT bulla_write");
    }
    if (outcome < 0 || PQtransactionStatus(conn->handle) != PQTRANS_INTRANS) {
        pg_work_spoil(store);
    }
    return outcome;
}

int pg_write_end(struct store_pg *store, struct pg_conn *conn, int outcome, const struct audit *audit)
{
    if (conn->in_work) {
        return end_in_work(store, conn, outcome, audit);
    }
    if (!outcome && store_carried()->key) {
        outcome = pg_answer_mark(conn, store_carried());
    }
    if (!outcome && audit) {
        outcome = pg_audit_write(conn, audit);
    }
    if (!outcome) {
        outcome = pg_commit(conn);
    } else {
        pg_undo(conn, "ROLLBACK");
    }
    pg_put_back(store, conn);
    return outcome;
}
