/* SPDX-License-Identifier: Apache-2.0
 *
 * The SQLite back end's part for several nodes over one store, and work. It serves several nodes of one process (the
 * simulation: one store stands for the department's database); several processes take PostgreSQL.
 *
 * A thread has at most one work, of one store. Each write in it stands by itself: the leases are checked in the same
 * transaction where it is one of bulla.db, and before it where it is one of the history.
 */
#ifndef STORE_SQLITE_WORK_H
#define STORE_SQLITE_WORK_H

#include "platform/store/sqlite.h"

/* --- for the other files of the back end (sqlite_work.c) --- */
bool sqlite_in_work(const struct store_sqlite *store);
/* In the work's leases none has a newer epoch: 0 also outside of work; else STORE_CONFLICT. Inside a transaction of db. */
int sqlite_work_check(struct store_sqlite *store, struct store_db *db);
/* A write failed in it: with a negative outcome its end fails. Returns outcome. */
int sqlite_work_note(struct store_sqlite *store, int outcome);
/* The work's rows appended so far, in order; progress takes them parcel by parcel. */
int sqlite_work_append(struct store_sqlite *store, struct store_row *rows, size_t n);
/* Takes the next `rows` of them; `each` gets those that were new. */
void sqlite_work_brought(struct store_sqlite *store, uint32_t rows, void (*each)(void *context, const char *id), void *context);
/* A record was written, in db's open transaction: other processes are to be told, unless this is work. */
int sqlite_change(struct store_sqlite *store, struct store_db *db, enum store_changed kind, const char *id);

int sqlite_work_begin(struct store *base, const struct store_lease *leases, size_t n);
int sqlite_work_end(struct store *base, bool keep);
int sqlite_handover_put(struct store *base, unsigned to, const char *seal, const char *observation);
int sqlite_handover_take(struct store *base, unsigned partition, unsigned limit, store_observation_fn each, void *context);
int sqlite_changes(struct store *base, char cursor[64], void (*each)(void *context, enum store_changed kind, const char *id),
                   void *context);

/* --- sqlite_shared.c --- */
int sqlite_node_beat(struct store *base, const struct store_node *node, int64_t lease_ms);
int sqlite_node_leave(struct store *base, const char *name);
int sqlite_node_drain(struct store *base, const char *name, bool draining);
int sqlite_nodes(struct store *base, store_node_fn each, void *context);
int sqlite_partitions_fix(struct store *base, unsigned wanted, unsigned *partitions);
int sqlite_partitions_hold(struct store *base, const char *node, int64_t lease_ms, unsigned most, struct store_lease *leases, unsigned *n);
int sqlite_partition_release(struct store *base, const struct store_lease *lease);
int sqlite_partitions(struct store *base, void (*each)(void *context, const struct store_partition *partition), void *context);
int sqlite_clock(struct store *base, int64_t *now_ms);

/* --- sqlite_progress.c --- */
int sqlite_progress_put(struct store *base, const struct store_progress *progress, size_t n);
int sqlite_progress(struct store *base, unsigned partition, uint64_t *place,
                    void (*each)(void *context, const char *source, uint64_t number), void *context);
int sqlite_progress_of(struct store *base, const char *source, void (*each)(void *context, unsigned partition, uint64_t number),
                       void *context);
int sqlite_trace(struct store *base, const char *observation, struct store_progress *out);

#endif
