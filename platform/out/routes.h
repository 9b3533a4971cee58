/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of routes.def and the look-up in it. Its lines, and the matrix in docs/api.md, are compared by a test.
 */
#ifndef OUT_ROUTES_H
#define OUT_ROUTES_H

#include "platform/out/request.h"

extern const struct out_route out_routes[];
extern const size_t out_routes_n;

/* The route of a method and path, writing what stands at {id} to id[size]. NULL when there is none; then *methods is
 * a list such as "GET, PUT" of what the path does have, "" when it is unknown. HEAD is GET. */
const struct out_route *out_route_find(const char *method, const char *path, char *id, size_t size, char methods[48]);

#define ROUTE(method, pattern, roles, scope, lane, body, handler) void out_##handler(struct out_request *r);
#include "platform/out/routes.def"
#undef ROUTE

#endif
