/* SPDX-License-Identifier: Apache-2.0
 *
 * Colleagues: who can be given a task or the shift. Names and roles alone; what else there is of a user is the administrator's.
 */
#include <string.h>

#include "platform/out/page.h"
#include "platform/out/routes.h"

struct colleagues {
    json_t *items;
    int role; /* USER_ROLE_*; 0: every officer */
};

static void take_colleague(void *context, const void *record)
{
    struct colleagues *c = context;
    const struct user *u = record;
    bool outsider = u->role == USER_ROLE_CARRIER || u->role == USER_ROLE_TRADER;
    if (u->disabled || outsider || (c->role && (int)u->role != c->role))
        return;
    json_array_append_new(c->items, json_pack("{s:s, s:s, s:o, s:s, s:o}", "id", u->id, "name", u->name, "full_name",
                                              u->full_name[0] ? json_string(u->full_name) : json_null(), "role", user_role_text(u->role),
                                              "station", u->station[0] ? json_string(u->station) : json_null()));
}

void out_people_list(struct out_request *r)
{
    struct store_query q = {0};
    char next[120] = "", role[24] = "";
    struct colleagues c = {json_array(), 0};
    bool ok = out_page_query(r, &q) && out_param_word(r, "role", user_role_from, role, sizeof role);
    c.role = ok && role[0] ? user_role_from(role) : 0;
    if (ok && out_store_ok(r, store_users(out_store(r), &q, take_colleague, &c, next), "user"))
        out_page_answer(r, c.items, next);
    else
        json_decref(c.items);
}
