/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/change.h"

#include <string.h>

static int32_t middle(int32_t a, int32_t b, int32_t c)
{
    int32_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

static void drop_before(struct change *c, int64_t from_ms)
{
    uint32_t gone = 0;
    while (gone < c->n_parts && c->part[gone].from_ms < from_ms)
        gone++;
    c->n_parts -= gone;
    memmove(c->part, c->part + gone, c->n_parts * sizeof *c->part);
}

static void keep(struct change *c, int64_t at_ms, int32_t value, int64_t part_ms)
{
    struct change_part *newest = c->n_parts ? &c->part[c->n_parts - 1] : NULL;
    if (newest && at_ms - newest->from_ms < part_ms) {
        newest->least = value < newest->least ? value : newest->least;
        newest->most = value > newest->most ? value : newest->most;
        return;
    }
    if (c->n_parts == CHANGE_PARTS)
        memmove(c->part, c->part + 1, --c->n_parts * sizeof *c->part);
    c->part[c->n_parts++] = (struct change_part){at_ms, value, value};
}

static bool compare(const struct change *c, int64_t at_ms, int32_t value, int32_t most, struct change_found *found)
{
    int64_t by = 0;
    for (uint32_t i = 0; i < c->n_parts; i++) {
        int64_t rise = (int64_t)value - c->part[i].least, fall = (int64_t)c->part[i].most - value;
        int64_t here = rise >= fall ? rise : -fall;
        if ((here < 0 ? -here : here) <= (by < 0 ? -by : by))
            continue;
        by = here;
        found->span_ms = at_ms - c->part[i].from_ms;
    }
    found->by = (int32_t)by;
    return by > most || by < -(int64_t)most;
}

bool change_step(struct change *c, int64_t at_ms, int32_t value, const char *id, int64_t span_ms, int32_t most, struct change_found *found)
{
    bool too_far = false;
    if (c->n == 2) { /* what is judged is the value before this one, made good by its neighbours */
        int32_t judged = middle(c->value[0], c->value[1], value);
        drop_before(c, c->last_ms - span_ms);
        too_far = compare(c, c->last_ms, judged, most, found);
        keep(c, c->last_ms, judged, span_ms / CHANGE_PARTS);
        found->onset_ms = c->last_ms;
        memcpy(found->id, c->last, sizeof found->id);
    }
    c->value[0] = c->n ? c->value[1] : value;
    c->value[1] = value;
    c->n = c->n < 2 ? c->n + 1 : 2;
    c->last_ms = at_ms;
    memcpy(c->last, id, sizeof c->last);
    return too_far;
}
