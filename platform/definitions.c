/* SPDX-License-Identifier: Apache-2.0
 *
 * The alarms that officers defined, as the store has them, on the engine thread. What is judged by them begins at the moment that the
 * record names, so that every node, and every life of one, comes to the same alarms.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/platform_internal.h"

struct gathering {
    struct definition *list;
    size_t n;
};

static void take(void *context, const void *record)
{
    struct gathering *g = context;
    if (g->n < DEFINITIONS_ON_MAX)
        memcpy(&g->list[g->n++], record, sizeof *g->list);
}

bool definitions_load(struct platform *p)
{
    char next[120];
    struct store_query q = {.limit = DEFINITIONS_ON_MAX, .state = "on"};
    struct gathering g = {.list = malloc(DEFINITIONS_ON_MAX * sizeof *g.list)};
    bool read = g.list && store_rules(p->store, &q, take, &g, next) == STORE_OK;
    struct ruling *ruling = read ? ruling_new(g.list, g.n) : NULL;
    free(g.list);
    p->definitions_due = !ruling || !engine_ruling_put(p->engine, ruling, clock_now(&p->clock));
    ruling_free(ruling);
    return !p->definitions_due;
}

void definitions_changed(struct platform *p, const char *id)
{
    (void)id;
    definitions_load(p);
}
