/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/custom.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SPEED_FRESH_MS  (5 * PLAN_MINUTE_MS)
#define SENSOR_FRESH_MS (60 * PLAN_MINUTE_MS)
#define STAY_FRESH_MS   (60 * PLAN_MINUTE_MS)
#define HOUR_MS         (60 * PLAN_MINUTE_MS)
#define DAY_MINUTES     1440

static void see_sensors(struct custom_seen *seen, const struct entry *e)
{
    for (size_t i = 0; i < e->n_sensors; i++) {
        const struct entry_sensor *s = &e->sensors[i];
        if (s->kind >= CUSTOM_SENSORS)
            continue;
        bool first = seen->sensor_ms[s->kind] != e->at_ms;
        if (first || s->milli < seen->least[s->kind])
            seen->least[s->kind] = s->milli;
        if (first || s->milli > seen->greatest[s->kind])
            seen->greatest[s->kind] = s->milli;
        seen->sensor_ms[s->kind] = e->at_ms;
    }
}

static void begin(struct custom_seen *seen, const struct plan *plan)
{
    if (seen->begun)
        return;
    seen->begun = true;
    seen->heard_ms = plan->start_ms;
    seen->fix_ms = seen->speed_ms = BULLA_TIME_NONE;
    for (size_t i = 0; i < CUSTOM_SENSORS; i++)
        seen->sensor_ms[i] = BULLA_TIME_NONE;
}

void custom_see(struct custom_seen *seen, const struct plan *plan, const struct entry *e, const struct position_news *news)
{
    begin(seen, plan);
    if (!e)
        return;
    if (entry_contact(e))
        seen->heard_ms = e->at_ms;
    if (news->n_fixes) {
        const struct fix *f = &news->fix[news->n_fixes - 1];
        seen->fix_ms = f->at_ms;
        seen->lat = f->lat;
        seen->lon = f->lon;
        seen->accuracy_m = f->accuracy_m;
        seen->off_route_m = f->off_route_m;
    }
    if (e->speed_cmh != ENTRY_NO_SPEED) {
        seen->speed_ms = e->at_ms;
        seen->speed_cmh = e->speed_cmh;
    }
    if (e->flags & ENTRY_PERCENT) {
        seen->has_percent = true;
        seen->percent = e->percent;
    }
    if (e->state != BULLA_SEAL_NONE && e->state != BULLA_SEAL_UNKNOWN)
        seen->state = e->state;
    see_sensors(seen, e);
}

/* --- one condition --- */

static enum truth truth(bool holds)
{
    return holds ? TRUTH_YES : TRUTH_NO;
}

static enum truth compare(unsigned op, double value, double limit)
{
    switch (op) {
    case OP_LESS:
        return truth(value < limit);
    case OP_AT_MOST:
        return truth(value <= limit);
    case OP_MORE:
        return truth(value > limit);
    default:
        return truth(value >= limit);
    }
}

static bool fresh(int64_t said_ms, int64_t at_ms, int64_t most_ms)
{
    return said_ms != BULLA_TIME_NONE && at_ms - said_ms <= most_ms;
}

/* The number that a field has now; false: it is not known. Of several probes the one that is nearer to holding. */
static bool number_of(const struct definition_node *n, const struct custom_moment *m, double *value)
{
    const struct custom_seen *s = m->seen;
    bool rising = n->op == OP_MORE || n->op == OP_AT_LEAST;
    int kind = n->field - FIELD_SENSORS;
    switch (n->field) {
    case FIELD_SPEED:
        *value = s->speed_cmh / 100.0;
        return fresh(s->speed_ms, m->at_ms, SPEED_FRESH_MS);
    case FIELD_BATTERY:
        *value = s->percent;
        return s->has_percent;
    case FIELD_SILENCE:
        *value = (double)(m->at_ms - s->heard_ms) / (double)PLAN_MINUTE_MS;
        return true;
    case FIELD_STAY:
        *value = m->stay->n > 1 ? (double)(stay_until(m->stay) - stay_since(m->stay)) / (double)PLAN_MINUTE_MS : 0;
        return m->stay->n && !m->stay->straying && fresh(stay_until(m->stay), m->at_ms, STAY_FRESH_MS);
    case FIELD_OFF_ROUTE: /* what it surely is: off by less, or by more, than the accuracy leaves open */
        *value = s->off_route_m + (rising ? -s->accuracy_m : s->accuracy_m);
        return s->fix_ms != BULLA_TIME_NONE && s->off_route_m >= 0;
    case FIELD_SEALED_FOR:
        *value = (double)(m->at_ms - m->plan->start_ms) / (double)HOUR_MS;
        return true;
    default:
        *value = (rising ? s->greatest[kind] : s->least[kind]) / 1000.0;
        return fresh(s->sensor_ms[kind], m->at_ms, SENSOR_FRESH_MS);
    }
}

/* Off the route by 400 m with an accuracy of 300 m is neither surely more nor surely less than 500 m. */
static enum truth number_holds(const struct definition_node *n, const struct custom_moment *m)
{
    double value;
    if (!number_of(n, m, &value))
        return TRUTH_UNKNOWN;
    enum truth holds = compare((unsigned)n->op, value, n->number);
    if (n->field != FIELD_OFF_ROUTE || holds == TRUTH_YES)
        return holds;
    double other = value + (n->op == OP_MORE || n->op == OP_AT_LEAST ? 2 : -2) * m->seen->accuracy_m;
    return compare((unsigned)n->op, other, n->number) == TRUTH_YES ? TRUTH_UNKNOWN : TRUTH_NO;
}

static enum truth place_holds(const struct definition_node *n, const struct custom_moment *m)
{
    if (m->seen->fix_ms == BULLA_TIME_NONE)
        return TRUTH_UNKNOWN;
    enum geometry_side side = geometry_place_side(&n->place, m->seen->lat, m->seen->lon, m->seen->accuracy_m);
    if (side == UNSURE)
        return TRUTH_UNKNOWN;
    return truth((side == SURELY_INSIDE) == (n->op == OP_INSIDE));
}

static enum truth zone_holds(const struct definition_node *n, const struct custom_moment *m)
{
    const struct journey *j = m->plan->journey;
    bool unsure = false;
    if (m->seen->fix_ms == BULLA_TIME_NONE)
        return TRUTH_UNKNOWN;
    for (size_t i = 0; i < j->n_zones; i++) {
        if ((int)j->zones[i].duty != (int)n->number)
            continue;
        enum geometry_side side = geometry_place_side(&j->zones[i].place, m->seen->lat, m->seen->lon, m->seen->accuracy_m);
        if (side == SURELY_INSIDE)
            return truth(n->op == OP_INSIDE);
        unsure |= side == UNSURE;
    }
    return unsure ? TRUTH_UNKNOWN : truth(n->op == OP_OUTSIDE);
}

static int minute_of(int64_t at_ms)
{
    int64_t minute = at_ms / PLAN_MINUTE_MS % DAY_MINUTES;
    return (int)(minute < 0 ? minute + DAY_MINUTES : minute);
}

static bool within(const struct definition_node *n, int minute)
{
    return n->number < n->number_until ? minute >= n->number && minute < n->number_until : minute >= n->number || minute < n->number_until;
}

/* One of the words of the cargo's text is a code that begins so. */
static bool has_code(const char *cargo, const char *code)
{
    size_t n = strlen(code);
    for (const char *at = cargo; *at; at++)
        if ((at == cargo || !isalnum((unsigned char)at[-1])) && strncmp(at, code, n) == 0)
            return true;
    return false;
}

static enum truth text_holds(const struct definition_node *n, const char *text)
{
    size_t length = strlen(n->text);
    if (n->field == FIELD_HS)
        return truth(has_code(text, n->text) != (n->op == OP_IS_NOT));
    switch (n->op) {
    case OP_IS:
        return truth(strcasecmp(text, n->text) == 0);
    case OP_IS_NOT:
        return truth(strcasecmp(text, n->text) != 0);
    case OP_BEGINS:
        return truth(strncasecmp(text, n->text, length) == 0);
    default:
        return truth(strcasestr(text, n->text) != NULL);
    }
}

static enum truth word_holds(const struct definition_node *n, unsigned word)
{
    return truth((word == (unsigned)n->number) == (n->op == OP_IS));
}

static enum truth condition_holds(const struct definition_node *n, const struct custom_moment *m)
{
    const struct journey *j = m->plan->journey;
    switch (definition_value_of((unsigned)n->field)) {
    case VALUE_PLACE:
        return place_holds(n, m);
    case VALUE_ZONE:
        return zone_holds(n, m);
    case VALUE_HOURS:
        return truth(within(n, minute_of(m->at_ms)));
    case VALUE_STATE:
        return m->seen->state == BULLA_SEAL_NONE ? TRUTH_UNKNOWN : word_holds(n, m->seen->state);
    case VALUE_EVENT:
        return m->entry ? truth(entry_is(m->entry, (enum bulla_event)n->number)) : TRUTH_UNKNOWN;
    case VALUE_MODE:
        return word_holds(n, j->mode);
    case VALUE_REGIME:
        return word_holds(n, j->regime);
    case VALUE_TEXT:
        return text_holds(n, n->field == FIELD_CARRIER ? j->carrier : j->cargo);
    default:
        return number_holds(n, m);
    }
}

/* --- all of them --- */

static enum truth node_holds(const struct definition *d, size_t at, const struct custom_moment *m)
{
    const struct definition_node *n = &d->nodes[at];
    if (n->join == JOIN_NONE)
        return condition_holds(n, m);
    enum truth settles = n->join == JOIN_ALL ? TRUTH_NO : TRUTH_YES;
    enum truth so_far = n->join == JOIN_ALL ? TRUTH_YES : TRUTH_NO;
    for (size_t i = at + 1; i < (size_t)n->until; i = (size_t)d->nodes[i].until) {
        enum truth one = node_holds(d, i, m);
        if (one == settles)
            return settles;
        so_far = one == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : so_far;
    }
    return so_far;
}

enum truth custom_holds(const struct definition *d, const struct custom_moment *m)
{
    return d->n_nodes ? node_holds(d, 0, m) : TRUTH_UNKNOWN;
}

/* When a number that grows with time passes its limit: at it, or just behind it. */
static int64_t passes(const struct definition_node *n, int64_t since_ms, double unit_ms)
{
    int64_t at_ms = since_ms + (int64_t)ceil(n->number * unit_ms);
    return at_ms + (n->op == OP_MORE || n->op == OP_AT_MOST);
}

static int64_t turns(const struct definition_node *n, int64_t at_ms)
{
    int64_t day_ms = at_ms - (int64_t)minute_of(at_ms) * PLAN_MINUTE_MS - at_ms % PLAN_MINUTE_MS, next_ms = INT64_MAX;
    const double minutes[] = {n->number, n->number_until, n->number + DAY_MINUTES, n->number_until + DAY_MINUTES};
    for (size_t i = 0; i < sizeof minutes / sizeof *minutes; i++) {
        int64_t edge_ms = day_ms + (int64_t)minutes[i] * PLAN_MINUTE_MS;
        if (edge_ms > at_ms && edge_ms < next_ms)
            next_ms = edge_ms;
    }
    return next_ms;
}

int64_t custom_next(const struct definition *d, const struct custom_moment *m)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < d->n_nodes; i++) {
        const struct definition_node *n = &d->nodes[i];
        int64_t one_ms = INT64_MAX;
        if (n->join == JOIN_NONE && n->field == FIELD_SILENCE)
            one_ms = passes(n, m->seen->heard_ms, (double)PLAN_MINUTE_MS);
        else if (n->join == JOIN_NONE && n->field == FIELD_SEALED_FOR)
            one_ms = passes(n, m->plan->start_ms, (double)HOUR_MS);
        else if (n->join == JOIN_NONE && n->field == FIELD_TIME_OF_DAY)
            one_ms = turns(n, m->at_ms);
        if (one_ms > m->at_ms && one_ms < next_ms)
            next_ms = one_ms;
    }
    return next_ms;
}

/* --- in words --- */

static void tell_condition(const struct definition_node *n, const struct custom_moment *m, char *to, size_t size)
{
    const char *field = definition_field_text((unsigned)n->field);
    double value = 0;
    switch (definition_value_of((unsigned)n->field)) {
    case VALUE_PLACE:
        snprintf(to, size, "%s %s", definition_op_text((unsigned)n->op), n->place.name[0] ? n->place.name : "the place");
        return;
    case VALUE_ZONE:
        snprintf(to, size, "%s %s", definition_op_text((unsigned)n->op), zone_duty_text((unsigned)n->number));
        return;
    case VALUE_HOURS:
        snprintf(to, size, "%02d:%02d UTC", minute_of(m->at_ms) / 60, minute_of(m->at_ms) % 60);
        return;
    case VALUE_STATE:
        snprintf(to, size, "%s", bulla_seal_state_text(m->seen->state));
        return;
    case VALUE_EVENT:
        snprintf(to, size, "%s", bulla_event_text((unsigned)n->number));
        return;
    case VALUE_NUMBER:
        number_of(n, m, &value);
        value = n->field == FIELD_OFF_ROUTE ? m->seen->off_route_m : value;
        snprintf(to, size, "%s %.4g %s", field, value, definition_unit((unsigned)n->field));
        return;
    default: /* of the journey, which the reader has before him */
        snprintf(to, size, "%s", field);
    }
}

void custom_tell(const struct definition *d, const struct custom_moment *m, char *to, size_t size)
{
    size_t used = 0;
    to[0] = '\0';
    for (size_t i = 0; i < d->n_nodes && used < size; i++) {
        char one[100];
        if (d->nodes[i].join != JOIN_NONE || condition_holds(&d->nodes[i], m) != TRUTH_YES)
            continue;
        tell_condition(&d->nodes[i], m, one, sizeof one);
        used += (size_t)snprintf(to + used, size - used, "%s%s", used ? ", " : "", one);
    }
}
