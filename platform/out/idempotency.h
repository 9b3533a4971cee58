/* SPDX-License-Identifier: Apache-2.0
 *
 * Idempotency-Key: a repeated POST acts once. The key is claimed in the store before the handler runs; each change that the handler
 * makes marks the claim in its own transaction; the answer takes the claim's place (store.h). What a repetition finds:
 *
 *   an answer               it is given again
 *   a claim that acted      409: it was carried out, and the process ended before its answer was kept
 *   a claim, young          503 with Retry-After: the first is under way, here or at another node
 *   a claim, old            nothing was changed: the repetition takes it and acts; whoever had it can change nothing any more
 */
#ifndef OUT_IDEMPOTENCY_H
#define OUT_IDEMPOTENCY_H

#include "platform/out/request.h"

/* Reads the header, if it counts here. False: it is wrong, and that was answered. */
bool out_idempotency_read(struct out_request *r);
/* Answers the request by its handler, or as it was answered before. */
void out_idempotency_handle(struct out_request *r);

#endif
