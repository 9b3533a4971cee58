/* SPDX-License-Identifier: Apache-2.0
 *
 * What a device says in JSON, for callers that wait (HTTP): read item by item, made durable together.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/in/items.h"
#include "platform/platform_internal.h"

struct taking {
    struct platform *platform;
    const char *peer;
    struct platform_items *items;
    struct bulla_observation *list;
    struct platform_said *said;
    size_t size;
    bool short_of_memory;
};

static bool make_room(struct taking *t)
{
    if (t->items->accepted < t->size)
        return true;
    size_t bigger = t->size ? t->size * 2 : 4;
    struct bulla_observation *list = realloc(t->list, bigger * sizeof *list);
    t->list = list ? list : t->list;
    struct platform_said *said = list ? realloc(t->said, bigger * sizeof *said) : NULL;
    t->said = said ? said : t->said;
    t->size = said ? bigger : t->size;
    return said != NULL;
}

static void good(void *host, size_t item, const struct bulla_observation *o, bool through_server, struct bulla_bytes raw)
{
    struct taking *t = host;
    char seal[MODEL_SEAL_SIZE];
    (void)through_server;
    if (!make_room(t)) {
        t->short_of_memory = true;
        return;
    }
    t->list[t->items->accepted] = *o;
    t->said[t->items->accepted++].raw = raw;
    snprintf(seal, sizeof seal, "%s:%s", o->protocol, o->device);
    json_array_append_new(t->items->verdicts, json_pack("{s:I, s:b, s:s}", "item", (json_int_t)item, "accepted", 1, "seal", seal));
}

static void bad(void *host, size_t item, const char *why, struct bulla_bytes raw)
{
    struct taking *t = host;
    json_t *text = json_string(why); /* none: what came is no UTF-8 where it was cut */
    platform_refused(t->platform, "json", t->peer, why, raw);
    json_array_append_new(t->items->verdicts, json_pack("{s:I, s:b, s:o}", "item", (json_int_t)item, "accepted", 0, "why",
                                                        text ? text : json_string("it cannot be read")));
    if (t->items->refused++ == 0)
        snprintf(t->items->why, sizeof t->items->why, "%s", why);
}

int platform_items(struct platform *p, const char *device, const char *peer, struct bulla_bytes message, struct platform_items *items)
{
    struct taking t = {.platform = p, .peer = peer, .items = items};
    const struct items_host host = {&t, good, bad};
    int told = STORE_OK;
    *items = (struct platform_items){.verdicts = json_array()};
    if (items_read(message, device, &host, items->why) == 0)
        platform_refused(p, "json", peer, items->why, message);
    for (size_t i = 0; i < items->accepted; i++)
        t.said[i].o = &t.list[i];
    if (t.short_of_memory || !items->verdicts) {
        told = STORE_CONFLICT;
        snprintf(items->why, sizeof items->why, "the platform is short of memory; try again in a moment");
    } else if (items->accepted) {
        char why[MODEL_WHY_SIZE] = "";
        told = platform_observe(p, t.said, items->accepted, why);
        if (told != STORE_OK)
            snprintf(items->why, sizeof items->why, "%s", why);
    }
    free(t.list);
    free(t.said);
    return told;
}
