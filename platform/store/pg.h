/* SPDX-License-Identifier: Apache-2.0
 *
 * The PostgreSQL back end, inside: connections, statements, transactions. Records (pg_records.c and its like) and the
 * history of observations (pg_history.c and its like) both stand on these.
 *
 * A thread that reads or writes takes a connection from the pool for the time of one call; inside store_work_begin() ..
 * store_work_end() every call of that thread uses the work's connection and its open transaction.
 *
 * Lost connections: a call that finds its connection broken before anything was sent is tried once on a fresh one; after
 * that, and always inside work, it fails with a sentence. The pool forgets broken connections.
 */
#ifndef STORE_PG_H
#define STORE_PG_H

#include <libpq-fe.h>
#include <pthread.h>

#include "platform/store/record.h"
#include "platform/store/store_backend.h"

#define PG_POOL_MOST 32        /* connections of one process, waiting beyond that */
#define PG_STATEMENT_MS 60000  /* statement_timeout of calls outside work */
#define PG_CONNECT_S 5
#define PG_SCHEMA_LATEST 8     /* number of the newest migration */

struct pg_conn {
    PGconn *handle;
    struct pg_conn *next;
    struct pg_statement *statements; /* prepared on this connection, by text */
    bool in_transaction, in_work;
    char state[6]; /* SQLSTATE of the newest failure that pg_fail() saw, "" when it had none */
};

struct pg_history; /* pg_history.c */

struct store_pg {
    struct store base;
    char conninfo[1024]; /* "postgres:" and the rest of the URL: a URI that libpq understands */
    char found[400];     /* for store_recovery() */
    pthread_mutex_t lock;
    pthread_cond_t returned;
    struct pg_conn *idle;
    unsigned n_open;
    struct pg_history *history;
    _Atomic int64_t looked_ms; /* pg_track_due.c: when this process last looked for tracks that are due; any clock that only grows */
};

static inline struct store_pg *store_pg_of(struct store *store)
{
    return (struct store_pg *)store;
}

/* --- connections (pg.c) --- */
/* For reading: the thread's work connection when it has one (then pg_read_end() keeps it), else one of the pool. */
int pg_read_begin(struct store_pg *store, struct pg_conn **out);
void pg_read_end(struct store_pg *store, struct pg_conn *conn);
/* For writing: a transaction of its own, or a savepoint inside the thread's work. end: with outcome 0 the audit entry (NULL: none) is
 * added and all is committed (in work: the savepoint is released, and the audit waits for the work's end, because its number
 * is taken last, so that nobody waits for long); otherwise undone. Returns what came of it. */
int pg_write_begin(struct store_pg *store, struct pg_conn **out);
int pg_write_end(struct store_pg *store, struct pg_conn *conn, int outcome, const struct audit *audit);
/* Writes an audit entry with the next number; inside a transaction, as its last statement. */
int pg_audit_write(struct pg_conn *conn, const struct audit *audit);
/* Inside a transaction: marks the claim that this thread carries (store_answer_carry()). */
int pg_answer_mark(struct pg_conn *conn, const struct store_carried *carried);

/* The thread's work, begun lazily: NULL when this thread has none. pg_work.c owns begin and end; `pg_work_conn` starts the
 * transaction at its first use. */
struct pg_conn *pg_work_conn(struct store_pg *store, int *outcome);
bool pg_in_work(const struct store_pg *store);
/* Keeps an audit entry for the work's end. */
int pg_work_audit(struct store_pg *store, const struct audit *audit);
/* Something in this work failed for good: its end must fail. */
void pg_work_spoil(struct store_pg *store);

/* Puts the sentence of a failed result (may be NULL: of the connection) into store_error(): STORE_NO_SPACE for 53100,
 * STORE_CONFLICT for 23505 and 40001, else STORE_FAILED. Clears the result. */
int pg_fail(struct pg_conn *conn, PGresult *result, const char *doing);

/* --- statements (pg_statement.c): binary parameters and results; prepared once a connection by their text --- */
#define PG_PARAMS_MOST 48
struct pg_params {
    int n;
    Oid types[PG_PARAMS_MOST];
    const char *values[PG_PARAMS_MOST]; /* NULL: SQL NULL */
    int lengths[PG_PARAMS_MOST], formats[PG_PARAMS_MOST];
    uint8_t numbers[PG_PARAMS_MOST][8]; /* room for those that are not pointers */
};
void pg_param_text(struct pg_params *p, const char *text); /* not copied; repaired when it is run */
void pg_param_long(struct pg_params *p, int64_t value);
void pg_param_int(struct pg_params *p, int32_t value);
void pg_param_bool(struct pg_params *p, bool value);
void pg_param_real(struct pg_params *p, double value); /* NAN: NULL */
void pg_param_bytes(struct pg_params *p, struct bulla_bytes bytes);
void pg_param_null(struct pg_params *p, Oid type);

/* PostgreSQL refuses text that is not UTF-8, and a text cut to its field's size may end in half a character: one such byte must
 * not keep a whole batch from being stored. It becomes a question mark, in a copy on the heap. NULL: the text is fine. */
char *pg_text_repair(const char *text);

/* Runs a prepared statement with $1, $2 ...; NULL after pg_fail(). p NULL: no parameters. The result is binary; PQclear it. */
PGresult *pg_run(struct pg_conn *conn, const char *sql, const struct pg_params *p, const char *doing);
/* The same for one without rows to read; *changed (may be NULL): rows it touched. Returns an outcome. */
int pg_do(struct pg_conn *conn, const char *sql, const struct pg_params *p, const char *doing, long *changed);
/* The same, planned for these parameters each time and not kept: for SQL that comes in very many forms. */
PGresult *pg_run_once(struct pg_conn *conn, const char *sql, const struct pg_params *p, const char *doing);
/* Several statements of a text without parameters, for migrations. */
int pg_script(struct pg_conn *conn, const char *sql, const char *doing);

const char *pg_text(const PGresult *r, int row, int column); /* "" for NULL */
int64_t pg_long(const PGresult *r, int row, int column);
int32_t pg_int(const PGresult *r, int row, int column);
bool pg_bool(const PGresult *r, int row, int column);
double pg_real(const PGresult *r, int row, int column); /* NAN for NULL */
struct bulla_bytes pg_bytes(const PGresult *r, int row, int column);

/* --- schema (pg_schema.c): brings an empty or older database to PG_SCHEMA_LATEST under an advisory lock; refuses a newer one,
 * one without pg_trgm that cannot be made, and one in another encoding than UTF8, with what to do --- */
int pg_schema_bring(struct store_pg *store);
int pg_schema_bring_to(struct store_pg *store, int version); /* for tests of older databases */

/* --- history (pg_history.c, pg_history_append.c, pg_history_read.c) --- */
struct pg_history *pg_history_new(struct store_pg *store);
void pg_history_free(struct pg_history *history); /* NULL is fine */
int pg_append(struct store *base, struct store_row *rows, size_t n);
int pg_observations(struct store *base, const char *seal, int64_t from_ms, int64_t until_ms, size_t limit, store_observation_fn each,
                    void *context);
int pg_observation_get(struct store *base, const char *id, store_observation_fn each, void *context);
int pg_latest(struct store *base, store_observation_fn each, void *context);
int pg_history_drop(struct store *base, int64_t before_ms, uint64_t *rows);

#endif
