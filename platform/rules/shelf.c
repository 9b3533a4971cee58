/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/shelf.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct shelved {
    struct geometry_line *line;
    uint64_t key;   /* digest of the points */
    size_t n;       /* of the route, which tells apart what the digest does not */
    double *points; /* all latitudes, then all longitudes */
    unsigned users;
    struct shelved *same; /* other routes with this digest */
    UT_hash_handle by_key, by_line;
};

struct shelf {
    struct shelved *by_key, *by_line;
};

struct shelf *shelf_new(void)
{
    return calloc(1, sizeof(struct shelf));
}

static void drop(struct shelved *s)
{
    geometry_line_free(s->line);
    free(s->points);
    free(s);
}

void shelf_free(struct shelf *shelf)
{
    struct shelved *s, *next;
    if (!shelf)
        return;
    HASH_CLEAR(by_key, shelf->by_key);
    HASH_ITER(by_line, shelf->by_line, s, next)
    {
        HASH_DELETE(by_line, shelf->by_line, s);
        drop(s);
    }
    free(shelf);
}

static uint64_t digest(uint64_t h, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        h = (h ^ bits) * UINT64_C(0x9E3779B97F4A7C15);
        h ^= h >> 32;
    }
    return h;
}

static bool is(const struct shelved *s, const struct route *route)
{
    return s->n == route->n && memcmp(s->points, route->lat, s->n * sizeof(double)) == 0 &&
           memcmp(s->points + s->n, route->lon, s->n * sizeof(double)) == 0;
}

static struct shelved *make(const struct route *route, uint64_t key)
{
    struct shelved *s = calloc(1, sizeof *s);
    double *points = s ? malloc(2 * route->n * sizeof *points) : NULL;
    if (!points || !(s->line = geometry_line_new(route))) {
        free(points);
        free(s);
        return NULL;
    }
    memcpy(points, route->lat, route->n * sizeof *points);
    memcpy(points + route->n, route->lon, route->n * sizeof *points);
    s->points = points;
    s->n = route->n;
    s->key = key;
    return s;
}

struct geometry_line *shelf_lend(struct shelf *shelf, const struct route *route)
{
    if (route->n < 2)
        return NULL;
    uint64_t key = digest(digest(route->n, route->lat, route->n), route->lon, route->n);
    struct shelved *first, *s;
    HASH_FIND(by_key, shelf->by_key, &key, sizeof key, first);
    for (s = first; s && !is(s, route); s = s->same)
        ;
    if (!s) {
        if (!(s = make(route, key)))
            return NULL;
        if (first) {
            s->same = first->same;
            first->same = s;
        } else {
            HASH_ADD(by_key, shelf->by_key, key, sizeof s->key, s);
        }
        HASH_ADD(by_line, shelf->by_line, line, sizeof s->line, s);
    }
    s->users++;
    return s->line;
}

/* The first of its digest leaves its place in the table to the next. */
static void take_out(struct shelf *shelf, struct shelved *s)
{
    struct shelved *first;
    HASH_FIND(by_key, shelf->by_key, &s->key, sizeof s->key, first);
    if (first != s) {
        while (first->same != s)
            first = first->same;
        first->same = s->same;
    } else {
        struct shelved *next = s->same;
        HASH_DELETE(by_key, shelf->by_key, s);
        if (next)
            HASH_ADD(by_key, shelf->by_key, key, sizeof next->key, next);
    }
    HASH_DELETE(by_line, shelf->by_line, s);
}

void shelf_back(struct shelf *shelf, struct geometry_line *line)
{
    struct shelved *s = NULL;
    if (line)
        HASH_FIND(by_line, shelf->by_line, &line, sizeof(struct geometry_line *), s);
    if (!s || --s->users > 0)
        return;
    take_out(shelf, s);
    drop(s);
}

size_t shelf_lines(const struct shelf *shelf)
{
    return HASH_CNT(by_line, shelf->by_line);
}
