/* SPDX-License-Identifier: Apache-2.0
 *
 * Positions on the live stream: gathered, so that a thousand reports are one event. Publisher thread.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/live_list.h"
#include "platform/platform_internal.h"

json_t *platform_live_json(const struct live_seal *s)
{
    size_t n;
    char *text = live_seal_text(s, &n);
    json_t *json = text ? json_loadb(text, n, 0, NULL) : NULL;
    free(text);
    return json;
}

struct audience_list { /* of officers (carrier ""), or of one carrier */
    char carrier[MODEL_ID_SIZE];
    struct live_list *list;
    UT_hash_handle hh;
};

static void publish(struct platform *p, struct audience_list *a)
{
    size_t n = 0;
    if (!a->list)
        return;
    live_list_close(a->list);
    char *text = live_list_end(a->list, &n);
    a->list = NULL;
    if (text)
        stream_put_text(p, LIVE_POSITION, a->carrier[0] ? AUDIENCE_CARRIER : AUDIENCE_OFFICERS, a->carrier, text, n);
    else
        stream_lost(p); /* out of memory: whoever reads looks anew */
}

static struct audience_list *list_of(struct audience_list **all, const char *carrier)
{
    struct audience_list *a;
    HASH_FIND_STR(*all, carrier, a);
    if (!a && (a = calloc(1, sizeof *a))) {
        snprintf(a->carrier, sizeof a->carrier, "%s", carrier);
        HASH_ADD_STR(*all, carrier, a);
    }
    if (a && !a->list)
        a->list = live_list_new();
    return a && a->list ? a : NULL;
}

static void gather(struct platform *p, struct audience_list **all, const char *carrier, const struct live_seal *seal)
{
    struct audience_list *a = list_of(all, carrier);
    if (!a) {
        stream_lost(p);
        return;
    }
    live_list_add(a->list, seal);
    if (live_list_count(a->list) >= LIMIT_POSITIONS_PER_EVENT)
        publish(p, a);
}

void live_publish(struct platform *p)
{
    size_t n;
    struct live_changed *list = live_changed_since(p, p->live.published, false, &n, &p->live.published);
    struct audience_list *all = NULL, *a, *next;
    for (size_t i = 0; i < n; i++) {
        gather(p, &all, "", &list[i].seal);
        if (list[i].carrier[0])
            gather(p, &all, list[i].carrier, &list[i].seal);
    }
    free(list);
    HASH_ITER(hh, all, a, next)
    {
        publish(p, a);
        HASH_DEL(all, a);
        free(a);
    }
}
