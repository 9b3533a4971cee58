/* SPDX-License-Identifier: Apache-2.0
 *
 * The PostgreSQL back end's functions for tracks, nodes, partitions, progress, handover and changes, each as its namesake in
 * store.h.
 */
#ifndef STORE_PG_CALLS_H
#define STORE_PG_CALLS_H

#include "platform/store/pg.h"

/* pg_tracks.c */
int pg_track_put(struct store *base, const struct store_track *tracks, size_t n);
int pg_tracks(struct store *base, const char *seal, int64_t from_ms, int64_t until_ms, store_track_fn each, void *context);
int pg_track_drop(struct store *base, int64_t before_ms, uint64_t *tracks);

/* pg_track_due.c */
int pg_track_due(struct store *base, const struct store_due_query *q, store_due_fn each, void *context);
/* Looks unless that was done a moment ago (a quarter of a second). False: it could not, and no track is known to be fresh. */
bool pg_track_looked(struct store_pg *store);
int pg_track_size(struct store *base, struct store_track_size *out);

/* pg_partitions.c */
int pg_node_beat(struct store *base, const struct store_node *node, int64_t lease_ms);
int pg_node_leave(struct store *base, const char *name);
int pg_node_drain(struct store *base, const char *name, bool draining);
int pg_nodes(struct store *base, store_node_fn each, void *context);
int pg_partitions_fix(struct store *base, unsigned wanted, unsigned *partitions);
int pg_partitions_hold(struct store *base, const char *node, int64_t lease_ms, unsigned most, struct store_lease *leases, unsigned *n);
int pg_partition_release(struct store *base, const struct store_lease *lease);
int pg_partitions(struct store *base, void (*each)(void *context, const struct store_partition *partition), void *context);
int pg_clock(struct store *base, int64_t *now_ms);

/* Inside the work's transaction: whether each lease is the newest of its partition, and locks it against a new holder until the
 * transaction ends. STORE_CONFLICT: one is not. For pg_work.c. */
int pg_leases_check(struct pg_conn *conn, const struct store_lease *leases, size_t n);

/* pg_progress.c */
int pg_progress_put(struct store *base, const struct store_progress *progress, size_t n);
int pg_progress(struct store *base, unsigned partition, uint64_t *place, void (*each)(void *context, const char *source, uint64_t number),
                void *context);
int pg_progress_of(struct store *base, const char *source, void (*each)(void *context, unsigned partition, uint64_t number), void *context);
int pg_trace(struct store *base, const char *observation, struct store_progress *out);
int pg_handover_put(struct store *base, unsigned to, const char *seal, const char *observation);
int pg_handover_take(struct store *base, unsigned partition, unsigned limit, store_observation_fn each, void *context);
int pg_changes(struct store *base, char cursor[64], void (*each)(void *context, enum store_changed kind, const char *id), void *context);

#endif
