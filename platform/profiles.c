/* SPDX-License-Identifier: Apache-2.0
 *
 * Profiles: how seals are set up, where that differs from their protocol's defaults; the gateway asks for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/platform_internal.h"

static bool special(const struct seal *s)
{
    return s->model[0] || s->has_zone;
}

static void put_profile(struct platform *p, const struct seal *s)
{
    struct profile_entry *e;
    pthread_rwlock_wrlock(&p->profile_lock);
    HASH_FIND_STR(p->profiles, s->id, e);
    if (!special(s) && e) {
        HASH_DEL(p->profiles, e);
        free(e);
    } else if (special(s)) {
        if (!e && (e = calloc(1, sizeof *e))) {
            snprintf(e->seal, sizeof e->seal, "%s", s->id);
            HASH_ADD_STR(p->profiles, seal, e);
        }
        if (e) {
            memset(&e->profile, 0, sizeof e->profile);
            e->profile.has_zone = s->has_zone;
            e->profile.zone_minutes = (int16_t)s->zone_minutes;
            snprintf(e->profile.model, sizeof e->profile.model, "%s", s->model);
        }
    }
    pthread_rwlock_unlock(&p->profile_lock);
}

static void load_one(void *context, const void *record)
{
    struct platform *p = context;
    const struct seal *s = record;
    live_mark_registered(p, s->id);
    if (special(s))
        put_profile(p, s);
}

void profiles_load(struct platform *p)
{
    struct store_query q = {.limit = 1000};
    while (store_seals(p->store, &q, load_one, p, q.after) == STORE_OK && q.after[0])
        ;
}

void profiles_changed(struct platform *p, const char *seal)
{
    struct seal s;
    if (store_seal_get(p->store, seal, &s) != STORE_OK)
        return;
    live_mark_registered(p, seal);
    put_profile(p, &s);
    gateway_profile_changed(p->gateway, seal);
    stream_put_here(p, LIVE_SEAL, AUDIENCE_OFFICERS, "", seal_to_json(&s));
}

bool profiles_find(void *host, const char *seal, struct proto_profile *out)
{
    struct platform *p = host;
    struct profile_entry *e;
    pthread_rwlock_rdlock(&p->profile_lock);
    HASH_FIND_STR(p->profiles, seal, e);
    if (e)
        *out = e->profile;
    pthread_rwlock_unlock(&p->profile_lock);
    return e != NULL;
}
