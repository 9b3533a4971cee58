/* SPDX-License-Identifier: Apache-2.0
 *
 * Carriers: vessels and trains whose own device ("ais:244660000") stands in for the silent seals on board. One carries many journeys,
 * each for a leg; which of them it is speaks for is the engine's to say. Its position also brings the states that movement brings.
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "platform/platform_internal.h"

#define SPOKEN_MS INT64_C(1800000) /* so long after a seal's own fix the carrier's changes no state */

static struct carrier *carrier_of(const struct platform *p, const char *means)
{
    struct carrier *c;
    HASH_FIND_STR(p->carriers, means, c);
    return c;
}

static void leave(struct platform *p, const struct supervised *s)
{
    struct carrier *c, *next;
    HASH_ITER(hh, p->carriers, c, next)
    {
        struct carried *link, *after;
        LL_FOREACH_SAFE(c->list, link, after)
        {
            if (link->of != s)
                continue;
            LL_DELETE(c->list, link);
            free(link);
        }
        if (c->list)
            continue;
        HASH_DEL(p->carriers, c);
        free(c);
    }
}

static void board(struct platform *p, struct supervised *s, const struct journey_leg *leg)
{
    struct carrier *c = carrier_of(p, leg->means);
    if (!c) {
        if (!(c = calloc(1, sizeof *c)))
            return;
        snprintf(c->means, sizeof c->means, "%s", leg->means);
        HASH_ADD_STR(p->carriers, means, c);
    }
    struct carried *link = malloc(sizeof *link);
    if (!link)
        return;
    *link = (struct carried){.of = s, .from_ms = leg->from_ms, .until_ms = leg->until_ms};
    LL_PREPEND(c->list, link);
}

void carriers_bind(struct platform *p, struct supervised *s, const struct journey *j)
{
    if (s->carried)
        leave(p, s);
    s->carried = false;
    for (size_t i = 0; j && i < j->n_legs; i++) {
        if (!strchr(j->legs[i].means, ':'))
            continue;
        board(p, s, &j->legs[i]);
        s->carried = true;
    }
}

bool carriers_mine(const struct platform *p, const struct supervised *s)
{
    struct carrier *c, *next;
    struct carried *link;
    if (!s->carried)
        return false;
    HASH_ITER(hh, p->carriers, c, next)
    {
        LL_SEARCH_SCALAR(c->list, link, of, s);
        if (link && cluster_mine(p, c->means))
            return true;
    }
    return false;
}

static bool is_on_board(const struct carried *link, const struct bulla_observation *o)
{
    int64_t at_ms = bulla_observation_knows(o, BULLA_HAS_TIME) ? o->time_ms : o->received_ms;
    return (link->from_ms == BULLA_TIME_NONE || link->from_ms <= at_ms) && (link->until_ms == BULLA_TIME_NONE || link->until_ms >= at_ms);
}

/* Whether one of its seals has told where it is, not long before. */
static bool speaks(struct platform *p, const struct supervised *s, const struct bulla_observation *o)
{
    const struct binding *b;
    struct live_seal live;
    LL_FOREACH(s->bindings, b)
    {
        if (platform_live_get(p, b->seal, &live) && live.has_fix && o->received_ms - live.fix_ms < SPOKEN_MS)
            return true;
    }
    return false;
}

bool carriers_heard(struct platform *p, const char *device, const struct bulla_observation *o, bool told, bool hand_over)
{
    const struct carrier *c = p->carriers ? carrier_of(p, device) : NULL;
    bool handed[STORE_PARTITIONS_MOST] = {false}, done = true;
    struct carried *link;
    if (!c)
        return true;
    LL_FOREACH(c->list, link)
    {
        struct supervised *s = link->of;
        if (!is_on_board(link, o))
            continue;
        if (!cluster_holds(p, s->home)) {
            if (!hand_over || handed[s->home])
                continue;
            handed[s->home] = true;
            relay_handover(p, s->home);
            done = done && store_handover_put(p->store, s->home, device, o->id) == STORE_OK;
            continue;
        }
        if (!s->judged)
            journeys_stir(p, s, false);
        else if (!told)
            engine_observe(p->engine, o); /* all that it carries at once */
        told |= s->judged;
        if (!speaks(p, s, o))
            journeys_follow(p, s, o);
    }
    return done;
}

void carriers_clear(struct platform *p)
{
    struct carrier *c, *next;
    HASH_ITER(hh, p->carriers, c, next)
    {
        struct carried *link, *after;
        LL_FOREACH_SAFE(c->list, link, after)
        {
            free(link);
        }
        HASH_DEL(p->carriers, c);
        free(c);
    }
}
