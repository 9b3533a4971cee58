// SPDX-License-Identifier: Apache-2.0
// The port's part for several nodes over one store: tracks, nodes, partitions, work, progress.

#include "platform/store/store_backend.h"

/* FNV-1a, whose low bits alone would leave neighbouring numbers in neighbouring partitions: so both halves are folded. */
unsigned store_partition_of(const char *seal, unsigned partitions)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *seal; seal++) {
        h = (h ^ (uint8_t)*seal) * UINT64_C(1099511628211);
    }
    h ^= h >> 32;
    return (unsigned)(h % (partitions ? partitions : 1));
}

int store_track_put(struct store *store, const struct store_track *tracks, size_t n)
{
    return store->backend->track_put(store, tracks, n);
}

int store_tracks(struct store *store, const char *seal, int64_t from_ms, int64_t until_ms, store_track_fn each, void *context)
{
    return store->backend->tracks(store, seal, from_ms, until_ms, each, context);
}

int store_track_drop(struct store *store, int64_t before_ms, uint64_t *tracks)
{
    return store->backend->track_drop(store, before_ms, tracks);
}

int store_track_due(struct store *store, const struct store_due_query *q, store_due_fn each, void *context)
{
    return store->backend->track_due ? store->backend->track_due(store, q, each, context)
                                     : store_fail(STORE_FAILED, "this store cannot tell which tracks are to be packed");
}

int store_track_size(struct store *store, struct store_track_size *out)
{
    return store->backend->track_size ? store->backend->track_size(store, out)
                                      : store_fail(STORE_FAILED, "this store cannot tell the size of its tracks");
}

int store_node_beat(struct store *store, const struct store_node *node, int64_t lease_ms)
{
    return store->backend->node_beat(store, node, lease_ms);
}

int store_node_leave(struct store *store, const char *name)
{
    return store->backend->node_leave(store, name);
}

int store_node_drain(struct store *store, const char *name, bool draining)
{
    return store->backend->node_drain(store, name, draining);
}

int store_nodes(struct store *store, store_node_fn each, void *context)
{
    return store->backend->nodes(store, each, context);
}

int store_partitions_fix(struct store *store, unsigned wanted, unsigned *partitions)
{
    return store->backend->partitions_fix(store, wanted, partitions);
}

int store_partitions_hold(struct store *store, const char *node, int64_t lease_ms, unsigned most, struct store_lease *leases, unsigned *n)
{
    return store->backend->partitions_hold(store, node, lease_ms, most, leases, n);
}

int store_partition_release(struct store *store, const struct store_lease *lease)
{
    return store->backend->partition_release(store, lease);
}

int store_partitions(struct store *store, void (*each)(void *context, const struct store_partition *partition), void *context)
{
    return store->backend->partitions(store, each, context);
}

bool store_work_joins(const struct store *store)
{
    return store->backend->joins;
}

int store_group_begin(struct store *store)
{
    return store->backend->group_begin ? store->backend->group_begin(store) : STORE_OK;
}

int store_group_end(struct store *store)
{
    return store->backend->group_end ? store->backend->group_end(store) : STORE_OK;
}

int store_work_begin(struct store *store, const struct store_lease *leases, size_t n)
{
    return store->backend->work_begin(store, leases, n);
}

int store_work_end(struct store *store, bool keep)
{
    return store->backend->work_end(store, keep);
}

int store_progress_put(struct store *store, const struct store_progress *progress, size_t n)
{
    return store->backend->progress_put(store, progress, n);
}

int store_progress(struct store *store, unsigned partition, uint64_t *place,
                   void (*each)(void *context, const char *source, uint64_t number), void *context)
{
    return store->backend->progress(store, partition, place, each, context);
}

int store_progress_of(struct store *store, const char *source, void (*each)(void *context, unsigned partition, uint64_t number),
                      void *context)
{
    return store->backend->progress_of(store, source, each, context);
}

int store_trace(struct store *store, const char *observation, struct store_progress *out)
{
    return store->backend->trace(store, observation, out);
}

int store_handover_put(struct store *store, unsigned to, const char *seal, const char *observation)
{
    return store->backend->handover_put(store, to, seal, observation);
}

int store_handover_take(struct store *store, unsigned partition, unsigned limit, store_observation_fn each, void *context)
{
    return store->backend->handover_take(store, partition, limit, each, context);
}

int store_changes(struct store *store, char cursor[64], void (*each)(void *context, enum store_changed kind, const char *id), void *context)
{
    return store->backend->changes(store, cursor, each, context);
}

int store_clock(struct store *store, int64_t *now_ms)
{
    return store->backend->clock(store, now_ms);
}

bool store_is_shared(const struct store *store)
{
    return store->backend->shared;
}
