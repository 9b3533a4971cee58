/* SPDX-License-Identifier: Apache-2.0
 *
 * From a whole request to its answer: access, body, Idempotency-Key, handler.
 */
#ifndef OUT_SERVE_H
#define OUT_SERVE_H

#include "platform/out/request.h"

/* At the end of the header: finds the route and refuses what need not be read. r->answer is set when refused. */
void out_serve_begin(struct out_request *r);

/* The whole request is there: always leaves an answer. */
void out_serve(struct out_request *r);

/* Headers that every answer carries. */
void out_serve_protect(struct out_request *r);

#endif
