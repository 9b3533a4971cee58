/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/routes.h"

#include <string.h>

/* clang-format off */
#define A OUT_ADMINISTRATOR
#define W OUT_WATCH
#define C OUT_CHECKPOINT
#define R OUT_CARRIER
#define P OUT_PATROL
#define S OUT_OPERATOR
#define T OUT_TRADER
#define ALL (A | W | C | R | P | T)
#define EVERY (ALL | S)
#define ANYBODY OUT_ANYBODY
#define ROUTE(method, pattern, roles, scope, lane, body, handler) \
    {#method, pattern, roles, OUT_SCOPE_##scope, OUT_LANE_##lane, OUT_BODY_##body, out_##handler},
const struct out_route out_routes[] = {
#include "platform/out/routes.def"
};
#undef ROUTE
/* clang-format on */
const size_t out_routes_n = sizeof out_routes / sizeof *out_routes;

/* Matches segment by segment; the path is still escaped, so that %2F does not split a segment. */
static bool matches(const char *pattern, const char *path, char *id, size_t size)
{
    const char *hole = strstr(pattern, "{id}");
    if (!hole)
        return strcmp(pattern, path) == 0;
    size_t head = (size_t)(hole - pattern);
    if (strncmp(pattern, path, head) != 0)
        return false;
    const char *tail = path + head, *end = strchr(tail, '/');
    size_t n = end ? (size_t)(end - tail) : strlen(tail);
    if (n == 0 || n >= size || strcmp(end ? end : "", hole + strlen("{id}")) != 0)
        return false;
    memcpy(id, tail, n);
    id[n] = '\0';
    return true;
}

static void name_method(char methods[48], const char *method)
{
    size_t n = strlen(methods);
    snprintf(methods + n, 48 - n, "%s%s", n ? ", " : "", method);
}

const struct out_route *out_route_find(const char *method, const char *path, char *id, size_t size, char methods[48])
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    methods[0] = '\0';
    for (size_t i = 0; i < out_routes_n; i++) {
        if (!matches(out_routes[i].pattern, path, id, size))
            continue;
        if (strcmp(out_routes[i].method, wanted) == 0)
            return &out_routes[i];
        name_method(methods, out_routes[i].method);
    }
    return NULL;
}
