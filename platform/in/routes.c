/* SPDX-License-Identifier: Apache-2.0
 *
 * Routes: which peer speaks for a seal, so that commands find their way. Loop thread, under the lock.
 */
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "platform/base/limits.h"
#include "platform/in/gateway_internal.h"

void gateway_note(struct gateway *g, enum batch_note_kind kind, const char *seal, const char *command)
{
    struct batch_note *n = batch_put_note(g->filling);
    if (!n)
        return;
    n->kind = kind;
    n->serial = -1;
    n->at_ms = clock_now(&g->clock);
    snprintf(n->seal, sizeof n->seal, "%s", seal);
    snprintf(n->command, sizeof n->command, "%s", command);
}

static void leave_peer(struct gateway *g, struct route_entry *r)
{
    struct peer *p = gateway_peer(g, r->peer);
    if (!p)
        return;
    DL_DELETE(p->routes, r);
    p->n_routes--;
    if (p->memory == &r->memory)
        p->memory = NULL;
}

static void forget_route(struct gateway *g, struct route_entry *r)
{
    gateway_note(g, NOTE_DISCONNECTED, r->seal, "");
    gateway_slow_leave(g, r);
    leave_peer(g, r);
    HASH_DEL(g->routes, r);
    free(r);
}

/* A connection may speak for several seals: a lock and those that are heard through it. */
void gateway_route(struct gateway *g, struct peer *p, const char *seal)
{
    struct route_entry *r;
    HASH_FIND_STR(g->routes, seal, r);
    p->memory = r ? &r->memory : NULL;
    gateway_tenant_of(g, p, seal);
    if (r && r->peer == p->number)
        return;
    if (r) {
        leave_peer(g, r);
    } else {
        r = calloc(1, sizeof *r);
        if (!r)
            return;
        snprintf(r->seal, sizeof r->seal, "%s", seal);
        HASH_ADD_STR(g->routes, seal, r);
        gateway_slow_return(g, r);
    }
    p->memory = &r->memory;
    r->peer = p->number;
    DL_PREPEND(p->routes, r);
    gateway_note(g, NOTE_CONNECTED, seal, "");
    if (++p->n_routes > LIMIT_SEALS_PER_CONNECTION)
        forget_route(g, p->routes->prev);
}

void gateway_unroute(struct gateway *g, const struct peer *p)
{
    while (p->routes)
        forget_route(g, p->routes);
}

struct peer *gateway_speaker(struct gateway *g, const char *seal)
{
    struct route_entry *r;
    HASH_FIND_STR(g->routes, seal, r);
    return r ? gateway_peer(g, r->peer) : NULL;
}

void gateway_routes_free(struct gateway *g)
{
    struct route_entry *r, *next;
    HASH_ITER(hh, g->routes, r, next)
    {
        HASH_DEL(g->routes, r);
        free(r);
    }
}
