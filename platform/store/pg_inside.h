/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of connections, statements and work of the PostgreSQL back end share among themselves.
 */
#ifndef STORE_PG_INSIDE_H
#define STORE_PG_INSIDE_H

#include "platform/store/pg.h"

#define PG_WAIT_S 30 /* for a connection of the pool */

int pg_connect(const char *conninfo, struct pg_conn **out);
void pg_disconnect(struct pg_conn *conn); /* NULL is fine */
int pg_take(struct store_pg *store, struct pg_conn **out);
void pg_put_back(struct store_pg *store, struct pg_conn *conn); /* a broken one, or one in a transaction, is closed */
int pg_commit(struct pg_conn *conn);
void pg_undo(struct pg_conn *conn, const char *sql); /* store_error() stays what it was */
void pg_statements_free(struct pg_conn *conn);

/* The work's connection when its transaction has begun, else NULL. outcome: the work was spoiled. */
struct pg_conn *pg_work_begun(const struct store_pg *store, int *outcome);

#endif
