/* SPDX-License-Identifier: Apache-2.0
 *
 * A container was discharged where its plan has no discharge: neither at the destination nor at a point of discharge or
 * transhipment. The place is what the message names, or where it was said, or where the vehicle is; one that is not sure
 * accuses nobody. Over when it is discharged where it should be; a changed plan withdraws it.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "platform/rules/rule.h"

#define PLANNED (1u << POINT_DISCHARGE | 1u << POINT_TRANSHIPMENT)

struct overlanded {
    sheet_slot slot;
};

static const struct rule_parameter parameters[] = {{NULL, NULL, 0, NULL}};

/* The i-th place where it may be discharged; NULL: there are no more. */
static const struct place *planned(const struct plan *plan, size_t i)
{
    const struct journey *j = plan->journey;
    for (size_t k = 0; k < j->n_points; k++)
        if ((PLANNED >> j->points[k].kind & 1) && i-- == 0)
            return &j->points[k].place;
    return i == 0 && plan->has_destination ? &plan->destination : NULL;
}

/* A note has room for the beginning of a name. */
static bool is_called(const struct place *p, const char *about)
{
    size_t n = strlen(about);
    bool cut = n == BULLA_NOTE_ABOUT_SIZE - 1;
    if (n == 0)
        return false;
    return strcmp(p->station, about) == 0 || (cut ? strncasecmp(p->name, about, n) == 0 : strcasecmp(p->name, about) == 0);
}

static bool where_said(const struct rule_input *in, double *lat, double *lon, double *accuracy_m)
{
    const struct entry *e = in->entry;
    if (e->flags & (ENTRY_FIX | ENTRY_SITE)) {
        *lat = entry_lat(e);
        *lon = entry_lon(e);
        *accuracy_m = e->accuracy_m;
        return true;
    }
    *lat = in->where->lat;
    *lon = in->where->lon;
    *accuracy_m = in->where->accuracy_m;
    return in->where->known;
}

enum verdict { UNKNOWN, PLANNED_HERE, ELSEWHERE };

static enum verdict judge(const struct rule_input *in, const char *about)
{
    double lat, lon, accuracy_m;
    bool known = where_said(in, &lat, &lon, &accuracy_m), unsure = false;
    const struct place *p;
    for (size_t i = 0; (p = planned(in->plan, i)); i++) {
        enum geometry_side side = known ? geometry_place_side(p, lat, lon, accuracy_m) : UNSURE;
        if (is_called(p, about) || side == SURELY_INSIDE)
            return PLANNED_HERE;
        unsure |= side == UNSURE;
    }
    return unsure && !about[0] ? UNKNOWN : ELSEWHERE;
}

static void tell(struct overlanded *s, const struct rule_input *in, const char *about)
{
    double lat, lon, accuracy_m;
    const struct place *expected = planned(in->plan, 0);
    char place[64];
    if (about[0])
        snprintf(place, sizeof place, "%s", about);
    else if (where_said(in, &lat, &lon, &accuracy_m))
        snprintf(place, sizeof place, "%.5f, %.5f", lat, lon);
    sheet_why(in->sheet, s->slot, "Discharged at %s, which is not in its plan; expected: %s", place,
              expected->name[0] ? expected->name : "a place without a name");
}

static void step(void *state, const struct rule_input *in)
{
    struct overlanded *s = state;
    const struct entry *e = in->entry;
    if (!e || !entry_is(e, BULLA_EVENT_DISCHARGED) || !planned(in->plan, 0))
        return;
    const char *about = e->note ? e->note->about : "";
    enum verdict verdict = judge(in, about);
    if (verdict == PLANNED_HERE) {
        sheet_end(in->sheet, &s->slot, in->at_ms);
    } else if (verdict == ELSEWHERE && !s->slot) {
        s->slot = rule_raise(in, ALARM_OVERLANDED, in->at_ms);
        tell(s, in, about);
    }
}

const struct rule rule_overlanded = {
    .kind = ALARM_OVERLANDED, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct overlanded), .step = step};
