/* SPDX-License-Identifier: Apache-2.0
 *
 * The platform at size: its nodes and what each holds, one asked to leave, and the way of one observation across them.
 */
#include <string.h>

#include "platform/out/page.h"
#include "platform/out/routes.h"

void out_cluster_get(struct out_request *r)
{
    out_answer_json(r, 200, platform_cluster(r->out->platform));
}

void out_node_drain(struct out_request *r)
{
    const json_t *wanted = json_object_get(r->json, "draining");
    bool draining = !wanted || json_is_true(wanted);
    if (!out_body_wants(r, !wanted || json_is_boolean(wanted), "draining", "true or false", "something else"))
        return;
    if (!out_body_wants(r, r->id[0] && strlen(r->id) < STORE_NODE_SIZE, "id", "the name of a node", r->id))
        return;
    if (!store_is_shared(out_store(r))) {
        out_problem(r, 409, "conflict", "There is no other node",
                    "One process alone has nobody to take over its work: stop it, and devices keep what they have to say");
        return;
    }
    if (!out_store_ok(r, store_node_drain(out_store(r), r->id, draining), "node"))
        return;
    struct audit audit = out_page_audit(r, draining ? "node.drain" : "node.undrain", r->id, NULL);
    if (out_store_ok(r, store_audit_add(out_store(r), &audit), "audit entry"))
        out_answer_json(r, 200, json_pack("{s:s, s:b}", "name", r->id, "draining", draining));
}

/* --- the way of one observation --- */

struct seen {
    bool found;
    char seal[MODEL_SEAL_SIZE];
    int64_t time_ms, received_ms;
};

static void take_seen(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct seen *seen = context;
    (void)raw;
    seen->found = true;
    seen->time_ms = bulla_observation_knows(o, BULLA_HAS_TIME) ? o->time_ms : BULLA_TIME_NONE;
    seen->received_ms = o->received_ms;
    snprintf(seen->seal, sizeof seen->seal, "%s:%s", o->protocol, o->device);
}

struct named {
    const char *source;
    char node[STORE_NODE_SIZE];
};

static void take_node(void *context, const struct store_node *node)
{
    struct named *named = context;
    if (strcmp(node->source, named->source) == 0)
        snprintf(named->node, sizeof named->node, "%s", node->name);
}

static json_t *parcel_json(struct out_request *r, const struct store_progress *p)
{
    struct named named = {.source = p->source};
    (void)store_nodes(out_store(r), take_node, &named); /* without it, the node that took it has no name here */
    return json_pack("{s:s, s:o, s:I, s:i, s:I, s:i, s:o, s:o, s:s, s:o}", "source", p->source, "taken_by",
                     named.node[0] ? json_string(named.node) : json_null(), "number", (json_int_t)p->number, "partition", (int)p->partition,
                     "place", (json_int_t)p->place, "observations", (int)p->rows, "taken", json_time(p->taken_ms), "published",
                     json_time(p->published_ms), "applied_by", p->node, "applied", json_time(p->applied_ms));
}

void out_observation_trace(struct out_request *r)
{
    struct seen seen = {.found = false};
    struct store_progress parcel;
    int found = strlen(r->id) < BULLA_ID_SIZE ? store_observation_get(out_store(r), r->id, take_seen, &seen) : STORE_NOT_FOUND;
    if (!out_store_ok(r, found == STORE_OK && !seen.found ? STORE_NOT_FOUND : found, "observation"))
        return;
    int traced = store_is_shared(out_store(r)) ? store_trace(out_store(r), r->id, &parcel) : STORE_NOT_FOUND;
    if (traced != STORE_NOT_FOUND && !out_store_ok(r, traced, "observation"))
        return;
    out_answer_json(r, 200,
                    json_pack("{s:s, s:s, s:o, s:o, s:o}", "observation", r->id, "seal", seen.seal, "time",
                              json_time(seen.time_ms), "received",
                              json_time(seen.received_ms), "parcel", traced == STORE_OK ? parcel_json(r, &parcel) : json_null()));
}
