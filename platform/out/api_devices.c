/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices that speak JSON by HTTP, and network servers that speak for them.
 */
#include <stdio.h>

#include "platform/out/routes.h"
#include "platform/out/server.h"

static void refuse(struct out_request *r, int told, const char *why)
{
    out_problem(r, 503, told == STORE_CONFLICT ? "not-ready" : "storage",
                told == STORE_CONFLICT ? "Too much to do at this moment; try again" : "It is not known to be stored; say it again", why);
    out_answer_header(r, "Retry-After", "2");
}

/* Of several items the good ones are taken; each hears its own verdict. */
static void take(struct out_request *r, const char *device)
{
    char peer[80];
    struct platform_items items;
    snprintf(peer, sizeof peer, "http %s", r->address);
    int told = platform_items(r->out->platform, device, peer, (struct bulla_bytes){r->body, r->body_len}, &items);
    if (told == STORE_OK && items.accepted) {
        out_answer_json(r, 202,
                        json_pack("{s:I, s:I, s:O}", "accepted", (json_int_t)items.accepted, "refused", (json_int_t)items.refused, "items",
                                  items.verdicts));
    } else if (told != STORE_OK) {
        refuse(r, told, items.why);
    } else {
        out_problem_why(r, items.refused ? 422 : 400, items.why);
    }
    json_decref(items.verdicts);
}

void out_device_observe(struct out_request *r)
{
    take(r, r->id);
}

void out_devices_observe(struct out_request *r)
{
    take(r, "");
}
