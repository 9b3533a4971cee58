/* SPDX-License-Identifier: Apache-2.0
 *
 * Papers over HTTP: what the handlers of tasks, applications, registrations, returns, emergencies, policies and decisions share.
 */
#ifndef OUT_PAPERS_H
#define OUT_PAPERS_H

#include "platform/flow/form.h"
#include "platform/flow/policy.h"
#include "platform/out/page.h"

/* A paper is large: on the heap, freed by the caller. NULL: out of memory, answered. */
struct paper *out_paper_new(struct out_request *r);

/* The paper of the request's {id} when it is of that kind and may be seen; false: answered. */
bool out_paper_get(struct out_request *r, enum paper_kind kind, struct paper *out);

/* As the interface shows it, with the names of people. */
json_t *out_paper_json(struct out_request *r, const struct paper *p);

/* Papers that fit, newest first; the carrier's own where a carrier asks. Returns the store's outcome. */
int out_paper_find(struct out_request *r, const struct store_query *q, json_t *items, char next[120]);

/* Writes it with an audit entry; a version that is not the stored one is somebody else's: 409 with who was first. */
bool out_paper_put(struct out_request *r, struct paper *p, const char *action, json_t *detail /* taken */);

/* The policy of that name that holds: its document (new reference) and number (0: the default). */
json_t *out_policy(struct out_request *r, const char *name, int64_t *number);

#endif
