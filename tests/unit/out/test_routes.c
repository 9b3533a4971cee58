/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/out/routes.h"

static const struct out_route *find(const char *method, const char *path, char id[64], char methods[48])
{
    id[0] = '\0';
    return out_route_find(method, path, id, 64, methods);
}

static void finds(void **state)
{
    char id[64], methods[48];
    (void)state;
    const struct out_route *route = find("GET", "/api/v1/seals/jt701%3A1/command-list", id, methods);
    assert_ptr_equal(route->handler, out_command_kinds);
    assert_string_equal(id, "jt701%3A1");
    assert_ptr_equal(find("HEAD", "/api/v1/journeys", id, methods)->handler, out_journey_list);
    assert_null(find("PATCH", "/api/v1/journeys/J1", id, methods));
    assert_string_equal(methods, "GET, PUT");
    assert_null(find("GET", "/api/v1/journeys/", id, methods));
    assert_string_equal(methods, "");
    assert_null(find("GET", "/api/v1/journeys/J1/", id, methods));
    assert_null(find("GET", "/api/v1/journeys/J1/track/x", id, methods));
    assert_null(find("GET", "/api/v1/journeys//track", id, methods));
    assert_null(find("GET", "/API/v1/journeys", id, methods));
    char longest[200];
    snprintf(longest, sizeof longest, "/api/v1/seals/%0100d", 1);
    assert_null(find("GET", longest, id, methods));
}

/* Every line can be reached, and by nothing but itself. */
static void every_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < out_routes_n; i++) {
        char id[64], methods[48], path[128];
        const char *hole = strstr(out_routes[i].pattern, "{id}");
        snprintf(path, sizeof path, "%.*s%s%s", hole ? (int)(hole - out_routes[i].pattern) : 127, out_routes[i].pattern, hole ? "X1" : "",
                 hole ? hole + 4 : "");
        assert_ptr_equal(find(out_routes[i].method, path, id, methods), &out_routes[i]);
        assert_string_equal(id, hole ? "X1" : "");
    }
}

/* What nobody needs to sign in for is this and no more; a change needs a write scope or a person; a carrier changes
 * nothing but its own session, keys, applications and what it asks for in an emergency. */
static bool begins_with_one_of(const char *path, const char *const *list)
{
    for (; *list; list++)
        if (strncmp(path, *list, strlen(*list)) == 0)
            return true;
    return false;
}

static void rights_are_narrow(void **state)
{
    static const char *const of_carriers[] = {"/api/v1/session", "/api/v1/keys", "/api/v1/applications", "/api/v1/emergencies",
                                             "/api/v1/journeys/{id}/visits", "/api/v1/journeys/{id}/steps", "/api/v1/journeys/{id}/statements",
                                             "/api/v1/journeys/{id}/uploads", "/api/v1/uploads", NULL};
    static const char *const open_to_all[] = {"/api/v1/session", "/healthz", "/readyz", "/metrics", "/api/openapi.yaml"};
    size_t n_open = 0;
    (void)state;
    for (size_t i = 0; i < out_routes_n; i++) {
        const struct out_route *r = &out_routes[i];
        bool changes = strcmp(r->method, "GET") != 0;
        if (r->roles & OUT_ANYBODY) {
            assert_string_equal(r->pattern, open_to_all[n_open++]);
            continue;
        }
        assert_int_not_equal(r->scope, OUT_SCOPE_NONE);
        if (changes)
            assert_int_not_equal(r->scope, OUT_SCOPE_READ);
        if (changes && (r->roles & (OUT_CARRIER | OUT_TRADER)))
            assert_true(begins_with_one_of(r->pattern, of_carriers));
        assert_true(r->roles & OUT_ADMINISTRATOR);
        assert_int_not_equal(r->lane, OUT_LANE_HERE); /* it touches the store */
    }
    assert_int_equal(n_open, sizeof open_to_all / sizeof *open_to_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds), cmocka_unit_test(every_line), cmocka_unit_test(rights_are_narrow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
