/* SPDX-License-Identifier: Apache-2.0
 *
 * One identity, two devices: the numbers of its messages go to and fro between two series, or its fixes between two places.
 *
 * Numbers: live messages in the order of the device's own time. Two series are surely two when they are more than 64 apart; a series
 * that ends and another that begins is a restart, whether it was announced or not: only coming back counts, four times in an hour.
 * An announced start forgets the series. For an hour around messages whose time is in doubt nothing is counted: a clock that was set
 * lays two times over each other. Places: fixes that the vehicle cannot have reached, but that agree among themselves and are
 * not one and the same number (a receiver's default), four in an hour; or jumps back to where the last jump came from, twice.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/rules/rule.h"

#define SERIES_APART 64

struct clone {
    sheet_slot slot;
    uint8_t current, returns, back_jumps, n_wild;
    bool known[2];
    int64_t head[2];
    int64_t returns_ms, jumps_ms, wild_ms; /* first of those that are counted */
    int64_t doubted_ms;                    /* last message whose time is in doubt, 0: none */
    struct position_point wild, from;      /* the last of each; from.id "" : none */
};

enum { RETURNS, WILD, JUMPS, WINDOW };
static const struct rule_parameter parameters[] = {
    {"returns", "", 4, NULL}, {"wild_fixes", "", 4, NULL}, {"jumps", "", 2, NULL}, {"window", "min", 60, NULL}, {NULL, NULL, 0, NULL}};

static double value(const struct rule_input *in, size_t parameter)
{
    return rule_value(in->plan, &rule_clone_suspected, parameter);
}

/* Counts one more since *since_ms, or begins anew when that is too long ago. */
static bool enough(const struct rule_input *in, uint8_t *n, int64_t *since_ms, int64_t at_ms, size_t parameter)
{
    if (*n == 0 || at_ms - *since_ms > rule_ms(in->plan, &rule_clone_suspected, WINDOW)) {
        *n = 0;
        *since_ms = at_ms;
    }
    *n = (uint8_t)(*n + (*n < UINT8_MAX));
    return *n >= value(in, parameter);
}

static void raise(struct clone *s, const struct rule_input *in, int64_t at_ms, const char *id, const char *how, double a, double b)
{
    struct draft *d = sheet_open(in->sheet, s->slot);
    if (d) {
        d->count++;
        sheet_evidence(in->sheet, s->slot, id);
        sheet_touch(in->sheet);
        return;
    }
    s->slot = rule_raise(in, ALARM_CLONE_SUSPECTED, at_ms);
    sheet_evidence(in->sheet, s->slot, id);
    if (strcmp(how, "numbers") == 0)
        sheet_why(in->sheet, s->slot, "Two devices seem to use this identity: message numbers go to and fro between about %.0f and %.0f", a,
                  b);
    else
        sheet_why(in->sheet, s->slot, "Two devices seem to use this identity: fixes go to and fro between two places (%s); limit %.0f km/h",
                  how, in->plan->speed_max_ms * 3.6);
}

static bool near(const struct clone *s, unsigned series, int64_t number)
{
    return s->known[series] && llabs(number - s->head[series]) <= SERIES_APART;
}

static void count_number(struct clone *s, const struct rule_input *in, int64_t number)
{
    unsigned other = 1u - s->current;
    if (s->known[s->current] && !near(s, s->current, number)) {
        bool back = near(s, other, number);
        s->current = (uint8_t)other;
        if (!back) {
            s->head[other] = number;
            s->returns = 0;
        } else if (enough(in, &s->returns, &s->returns_ms, in->at_ms, RETURNS)) {
            raise(s, in, in->at_ms, in->entry->id, "numbers", (double)s->head[1 - other], (double)s->head[other]);
        }
    }
    if (!s->known[s->current] || number > s->head[s->current])
        s->head[s->current] = number;
    s->known[s->current] = true;
}

static void count_wild(struct clone *s, const struct rule_input *in, const struct position_point *p)
{
    bool same = p->lat_e7 == s->wild.lat_e7 && p->lon_e7 == s->wild.lon_e7;
    if (s->n_wild && same)
        return;
    if (s->n_wild && !position_reachable(in->plan, &s->wild, p))
        s->n_wild = 0;
    s->wild = *p;
    char far[RULE_SPAN_TEXT];
    if (enough(in, &s->n_wild, &s->wild_ms, p->at_ms, WILD))
        raise(s, in, p->at_ms, p->id, rule_distance(far, geometry_rough(p->lat_e7 / 1e7, p->lon_e7 / 1e7, in->where->lat, in->where->lon)),
              0, 0);
}

static struct position_point point_of(const struct fix *f)
{
    struct position_point p = {.at_ms = f->at_ms,
                               .first_ms = f->at_ms,
                               .device_ms = BULLA_TIME_NONE,
                               .lat_e7 = (int32_t)(f->lat * 1e7),
                               .lon_e7 = (int32_t)(f->lon * 1e7),
                               .accuracy_m = (int32_t)f->accuracy_m,
                               .cell = f->cell};
    memcpy(p.id, f->id, sizeof p.id);
    return p;
}

static void count_jump(struct clone *s, const struct rule_input *in)
{
    struct position_point to = point_of(&in->position->fix[0]);
    char far[RULE_SPAN_TEXT];
    double metres = geometry_rough(in->position->from.lat_e7 / 1e7, in->position->from.lon_e7 / 1e7, to.lat_e7 / 1e7, to.lon_e7 / 1e7);
    bool back = s->from.id[0] && position_reachable(in->plan, &s->from, &to);
    s->from = in->position->from;
    if (back && enough(in, &s->back_jumps, &s->jumps_ms, to.at_ms, JUMPS))
        raise(s, in, to.at_ms, to.id, rule_distance(far, metres), 0, 0);
}

static void step(void *state, const struct rule_input *in)
{
    struct clone *s = state;
    const struct entry *e = in->entry;
    if (!e || e->note)
        return;
    if (entry_is(e, BULLA_EVENT_STARTUP))
        s->known[0] = s->known[1] = false;
    if (e->flags & ENTRY_DOUBT)
        s->doubted_ms = in->at_ms;
    if (s->doubted_ms && in->at_ms - s->doubted_ms <= rule_ms(in->plan, &rule_clone_suspected, WINDOW))
        return;
    bool orderly = (e->flags & ENTRY_COUNTER) && !(e->flags & ENTRY_STORED) && e->device_ms != BULLA_TIME_NONE;
    if (orderly)
        count_number(s, in, e->counter);
    for (size_t i = 0; i < in->position->n_wild; i++)
        count_wild(s, in, &in->position->wild[i]);
    if (in->position->jumped)
        count_jump(s, in);
}

const struct rule rule_clone_suspected = {
    .kind = ALARM_CLONE_SUSPECTED, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct clone), .step = step};
