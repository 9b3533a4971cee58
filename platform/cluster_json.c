/* SPDX-License-Identifier: Apache-2.0
 *
 * The cluster as people and other programs may see it.
 */
#include "platform/platform_internal.h"

static void add_node(void *context, const struct store_node *n)
{
    json_array_append_new(context, json_pack("{s:s, s:s, s:s, s:o, s:f, s:i, s:b, s:b}", "name", n->name, "http", n->http, "version", n->version,
                                             "started", json_time(n->started_ms), "remaining_s", (double)n->remaining_ms / 1000, "partitions",
                                             (int)n->partitions, "draining", n->draining, "alive", n->remaining_ms > 0));
}

static void add_partition(void *context, const struct store_partition *part)
{
    json_array_append_new(context, json_pack("{s:i, s:s, s:I, s:I}", "number", (int)part->number, "node", part->remaining_ms > 0 ? part->node : "",
                                             "epoch", (json_int_t)part->epoch, "place", (json_int_t)part->place));
}

static json_t *outbox_json(struct platform *p)
{
    if (!p->ingest)
        return json_null();
    struct ingest_view in = ingest_view(p);
    return json_pack("{s:I, s:I, s:I, s:I}", "parcels", (json_int_t)in.outbox.parcels, "rows", (json_int_t)in.outbox.rows, "bytes",
                     (json_int_t)in.outbox.bytes, "oldest_s", (json_int_t)in.oldest_s);
}

static json_t *bus_json(struct platform *p)
{
    char text[400] = "";
    if (!p->bus)
        return json_null();
    bool well = bus_health(p->bus, text, sizeof text);
    return json_pack("{s:b, s:s}", "up", well, "text", text);
}

/* One process with a store of its own: itself. */
static json_t *alone_json(struct platform *p)
{
    return json_pack("{s:s, s:i, s:[{s:s, s:s, s:s, s:n, s:n, s:i, s:b, s:b, s:n}], s:[{s:i, s:s, s:i, s:i}], s:n, s:n}", "node", "bulla",
                     "partitions", 1, "nodes", "name", "bulla", "http", p->cluster.self.http, "version", BULLA_VERSION, "started",
                     "remaining_s", "partitions", 1, "draining", 0, "alive", 1, "clock_offset_ms", "held", "number", 0, "node", "bulla",
                     "epoch", 0, "place", 0, "outbox", "bus");
}

json_t *platform_cluster(struct platform *p)
{
    if (!p->cluster.shared)
        return alone_json(p);
    json_t *nodes = json_array(), *held = json_array();
    if (store_nodes(p->store, add_node, nodes) != STORE_OK || store_partitions(p->store, add_partition, held) != STORE_OK)
        log_say(LOG_WARN, "cluster", "the nodes could not be read: %s", store_error(p->store));
    size_t i;
    json_t *node;
    json_array_foreach(nodes, i, node)
    {
        json_object_set_new(node, "clock_offset_ms", cluster_clock_of(p, json_string_value(json_object_get(node, "name"))));
    }
    return json_pack("{s:s, s:i, s:o, s:o, s:o, s:o}", "node", p->cluster.self.name, "partitions", (int)p->cluster.partitions,
                     "nodes", nodes, "held", held, "outbox", outbox_json(p), "bus", bus_json(p));
}
