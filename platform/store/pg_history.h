/* SPDX-License-Identifier: Apache-2.0
 *
 * The history of observations in PostgreSQL: a table for each day of event time, and one for rows whose time is far from
 * their arrival (pg_002_history.sql).
 *
 * What a process remembers of it, so that a batch costs few questions: the numbers of seals, the days that have a table, and
 * where the newest rows went. Seals' numbers and tables are made by a connection of their own and committed at once: work
 * that is undone leaves them, and nobody else's work waits for this one to end.
 */
#ifndef STORE_PG_HISTORY_H
#define STORE_PG_HISTORY_H

#include "platform/store/key.h"
#include "platform/store/pg_array.h"
#include "platform/store/pg_inside.h"

#define PG_DAY_MS    INT64_C(86400000)
#define PG_NO_DAY    INT32_MIN
#define PG_SEAL_TEXT (BULLA_PROTOCOL_SIZE + BULLA_DEVICE_SIZE) /* "protocol:device" and its NUL */

struct pg_seal {
    char name[PG_SEAL_TEXT];
    int32_t n;
    /* seal_name.day: what is surely there, and what was written by a transaction that may be undone yet */
    int32_t day, tried_day;
    int64_t tried_work;
};

struct pg_recent { /* where a row is, by its id: most questions by id come soon after it was stored */
    struct store_key key;
    int64_t at_ms;
};
enum { PG_RECENT = 1 << 15, PG_SEALS_REMEMBERED = 1 << 21, PG_DAYS_AT_ONCE = 32 };

struct pg_history {
    struct store_pg *store;
    pthread_mutex_t lock; /* guards what is remembered; never held while the server is asked */
    struct pg_seal *seals;
    uint32_t n_seals, seals_size;
    uint32_t *slots, slots_mask; /* of seals by name; index + 1 */
    int32_t *days;               /* ascending */
    size_t n_days;
    struct pg_recent *recent;
    pthread_mutex_t making; /* guards the connection beside work */
    struct pg_conn *beside;
    unsigned calls; /* of appends, for what is done now and then */
};

int32_t pg_day_of(int64_t at_ms);
void pg_copy_text(char *to, size_t size, struct bulla_bytes from); /* as a C text, cut to fit */

/* The seals' numbers, given to those that have none. */
int pg_history_seals(struct pg_history *history, const char (*names)[PG_SEAL_TEXT], size_t count, int32_t *numbers);
/* The remembered seal, NULL: forgotten. Needs the lock. */
struct pg_seal *pg_history_seal(struct pg_history *history, const char *name);
/* Makes the tables of these days if they are not known to be there. */
int pg_history_days(struct pg_history *history, const int32_t *days, size_t n);
/* The days that have a table, as far as known: false: none. */
bool pg_history_span(struct pg_history *history, int32_t *first, int32_t *last);
void pg_history_forget_days(struct pg_history *history);
void pg_history_remember(struct pg_history *history, struct store_key key, int64_t at_ms);
bool pg_history_recall(struct pg_history *history, struct store_key key, int64_t *at_ms);
/* Runs one statement on the connection beside work, in its own transaction; NULL with store_error() set. */
PGresult *pg_history_beside(struct pg_history *history, const char *sql, const struct pg_params *p, const char *doing);

/* --- rows (pg_history_read.c) --- */
#define PG_ROW "id, name, at, received, body, raw" /* the columns that pg_row_give() reads, first in a result */
/* Calls `each` with a row of a result; seal: its name. */
int pg_row_give(const PGresult *r, int row, struct bulla_bytes seal, store_observation_fn each, void *context);
/* Where an observation is stored: its order of arrival, the time it is stored under, its seal's name (seal[MODEL_SEAL_SIZE]). */
int pg_history_find(struct pg_history *history, struct pg_conn *conn, const char *id, int64_t *n, int64_t *at_ms, char *seal);
/* The observation with this id; at_ms: the time it is stored under, INT64_MIN: not known. */
int pg_history_give(struct pg_history *history, struct pg_conn *conn, const char *id, int64_t at_ms, store_observation_fn each,
                    void *context);

#endif
