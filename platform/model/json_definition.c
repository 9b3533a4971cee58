/* SPDX-License-Identifier: Apache-2.0
 *
 * Definitions of alarms <-> JSON: {"name", "grade", "when": {"all": [{"field", "op", "value"}, {"any": [...]}]}, "for_minutes",
 * "cooldown_minutes"}. An error names its place: "when.all[1].value: expected a number of km/h, got \"fast\"".
 */
#include <stdio.h>
#include <string.h>

#include "platform/model/json_parts.h"

#define PATH_SIZE 128

/* --- to JSON --- */

static json_t *hours_json(const struct definition_node *n)
{
    char text[16];
    int from = (int)n->number, until = (int)n->number_until;
    snprintf(text, sizeof text, "%02d:%02d-%02d:%02d", from / 60 % 24, from % 60, until / 60 % 24, until % 60);
    return json_string(text);
}

static json_t *value_json(const struct definition_node *n)
{
    unsigned number = (unsigned)n->number;
    switch (definition_value_of((unsigned)n->field)) {
    case VALUE_PLACE:
        return json_place(&n->place);
    case VALUE_ZONE:
        return json_string(zone_duty_text(number));
    case VALUE_HOURS:
        return hours_json(n);
    case VALUE_STATE:
        return json_string(bulla_seal_state_text(number));
    case VALUE_EVENT:
        return json_string(bulla_event_text(number));
    case VALUE_MODE:
        return json_string(journey_mode_text(number));
    case VALUE_REGIME:
        return json_string(journey_regime_text(number));
    case VALUE_TEXT:
        return json_string(n->text);
    default:
        return json_real(n->number);
    }
}

static json_t *node_json(const struct definition *d, size_t at)
{
    const struct definition_node *n = &d->nodes[at];
    json_t *json = json_object();
    if (n->join == JOIN_NONE) {
        json_object_set_new(json, "field", json_string(definition_field_text((unsigned)n->field)));
        json_object_set_new(json, "op", json_string(definition_op_text((unsigned)n->op)));
        json_object_set_new(json, "value", value_json(n));
        return json;
    }
    json_t *list = json_array();
    for (size_t i = at + 1; i < (size_t)n->until; i = (size_t)d->nodes[i].until)
        json_array_append_new(list, node_json(d, i));
    json_object_set_new(json, n->join == JOIN_ALL ? "all" : "any", list);
    return json;
}

json_t *definition_to_json(const struct definition *d)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:o, s:o, s:i, s:i, s:s, s:o, s:o, s:I}", "id", d->id, "name", d->name, "grade", d->grade,
                     "state", d->on ? "on" : "off", "since", json_time(d->on ? d->since_ms : BULLA_TIME_NONE), "when",
                     d->n_nodes ? node_json(d, 0) : json_object(), "for_minutes", (int)d->for_minutes, "cooldown_minutes",
                     (int)d->cooldown_minutes, "author", d->author, "created", json_time(d->created_ms), "changed",
                     json_time(d->changed_ms), "version", (json_int_t)d->version);
}

/* --- from JSON --- */

struct reading {
    struct definition *out;
    char *why;
};

/* name "" : the thing at the path itself. */
static void fail(struct reading *r, const char *path, const char *name, const char *expected, const json_t *got)
{
    struct json_reader at = {NULL, name[0] ? path : "", r->why};
    json_read_fail(&at, name[0] ? name : path, expected, got);
}

/* "22:00-06:00"; false: it is not. */
static bool read_hours(const char *text, struct definition_node *n)
{
    int h1, m1, h2, m2, used = 0;
    if (sscanf(text, "%2d:%2d-%2d:%2d%n", &h1, &m1, &h2, &m2, &used) != 4 || text[used])
        return false;
    if (h1 < 0 || h1 > 24 || h2 < 0 || h2 > 24 || m1 < 0 || m1 > 59 || m2 < 0 || m2 > 59)
        return false;
    n->number = h1 * 60 + m1;
    n->number_until = h2 * 60 + m2;
    return n->number <= 1440 && n->number_until <= 1440 && n->number < n->number_until + 1440 && (int)n->number != (int)n->number_until;
}

static void read_word(struct reading *r, const char *path, const json_t *value, int (*from)(const char *), const char *expected,
                      struct definition_node *n)
{
    int word = json_is_string(value) ? from(json_string_value(value)) : -1;
    if (word < 0)
        fail(r, path, "value", expected, value);
    n->number = word;
}

static void read_number(struct reading *r, const char *path, const json_t *value, struct definition_node *n)
{
    char expected[48];
    const char *unit = definition_unit((unsigned)n->field);
    snprintf(expected, sizeof expected, "a number%s%s", unit[0] ? " of " : "", unit);
    if (!json_is_number(value) || json_number_value(value) < -1e9 || json_number_value(value) > 1e9)
        fail(r, path, "value", expected, value);
    else
        n->number = json_number_value(value);
}

static void read_text(struct reading *r, const char *path, const json_t *value, struct definition_node *n)
{
    if (!json_is_string(value) || !json_string_value(value)[0] || json_string_length(value) >= sizeof n->text)
        fail(r, path, "value", "a text of 1 to 47 bytes", value);
    else
        snprintf(n->text, sizeof n->text, "%s", json_string_value(value));
}

/* A place, or the id of a station for the caller to look up. */
static void read_place(struct reading *r, const char *path, const json_t *value, struct definition_node *n)
{
    char inside[PATH_SIZE + 8];
    snprintf(inside, sizeof inside, "%s.value", path);
    if (json_is_string(value) && json_string_length(value) > 0 && json_string_length(value) < sizeof n->place.station)
        snprintf(n->place.station, sizeof n->place.station, "%s", json_string_value(value));
    else if (json_is_object(value))
        n->place = json_read_place(value, inside, r->why);
    else
        fail(r, path, "value", "a place, or the id of a station", value);
}

static void read_value(struct reading *r, const char *path, const json_t *value, struct definition_node *n)
{
    switch (definition_value_of((unsigned)n->field)) {
    case VALUE_PLACE:
        read_place(r, path, value, n);
        return;
    case VALUE_ZONE:
        read_word(r, path, value, zone_duty_from, "a duty of zones", n);
        return;
    case VALUE_HOURS:
        if (!json_is_string(value) || !read_hours(json_string_value(value), n))
            fail(r, path, "value", "hours of UTC as \"22:00-06:00\"", value);
        return;
    case VALUE_STATE:
        read_word(r, path, value, bulla_seal_state_from, "a state of seals", n);
        return;
    case VALUE_EVENT:
        read_word(r, path, value, bulla_event_from, "an event", n);
        return;
    case VALUE_MODE:
        read_word(r, path, value, journey_mode_from, "a mode of journeys", n);
        return;
    case VALUE_REGIME:
        read_word(r, path, value, journey_regime_from, "a regime of journeys", n);
        return;
    case VALUE_TEXT:
        read_text(r, path, value, n);
        return;
    default:
        read_number(r, path, value, n);
    }
}

static void read_condition(struct reading *r, const char *path, const json_t *json, struct definition_node *n)
{
    const json_t *field = json_object_get(json, "field"), *op = json_object_get(json, "op");
    int known = json_is_string(field) ? definition_field_from(json_string_value(field)) : -1;
    if (known < 0) {
        fail(r, path, "field", "a field that rules know", field);
        return;
    }
    n->field = known;
    n->op = json_is_string(op) ? definition_op_from(json_string_value(op)) : -1;
    if (n->op < 0 || !definition_op_fits((unsigned)n->field, (unsigned)n->op)) {
        fail(r, path, "op", "an operation of that field", op);
        return;
    }
    read_value(r, path, json_object_get(json, "value"), n);
}

static void read_node(struct reading *r, const char *path, const json_t *json, int depth)
{
    struct definition *d = r->out;
    const json_t *all = json_object_get(json, "all"), *any = json_object_get(json, "any"), *list = all ? all : any, *one;
    if (d->n_nodes == DEFINITION_NODES_MAX || depth > DEFINITION_DEPTH_MAX) {
        fail(r, path, "", depth > DEFINITION_DEPTH_MAX ? "at most 4 joins within each other" : "at most 32 conditions and joins", NULL);
        return;
    }
    size_t at = d->n_nodes++, i;
    d->nodes[at] = (struct definition_node){.join = all ? JOIN_ALL : any ? JOIN_ANY : JOIN_NONE};
    if (!json_is_object(json) || (all && any))
        fail(r, path, "", "one of: field, op and value; all; any", json);
    else if (!list)
        read_condition(r, path, json, &d->nodes[at]);
    else if (json_array_size(list) == 0)
        fail(r, path, all ? "all" : "any", "a list of conditions", list);
    else
        json_array_foreach(list, i, one)
        {
            char inside[PATH_SIZE];
            snprintf(inside, sizeof inside, "%.80s.%s[%zu]", path, all ? "all" : "any", i);
            read_node(r, inside, one, depth + 1);
            if (r->why[0])
                return;
        }
    d->nodes[at].until = (int32_t)d->n_nodes;
}

bool definition_from_json(const json_t *json, struct definition *out, char why[MODEL_WHY_SIZE])
{
    struct definition d = {.grade = 1, .since_ms = BULLA_TIME_NONE};
    struct json_reader r = {json, "", why};
    struct reading reading = {&d, why};
    why[0] = '\0';
    json_read_into(&r, "name", d.name, sizeof d.name);
    if (!why[0] && !d.name[0])
        json_read_fail(&r, "name", "a name", json_object_get(json, "name"));
    d.grade = (int)json_read_integer(&r, "grade", 1, 3, 1);
    d.for_minutes = (int32_t)json_read_integer(&r, "for_minutes", 0, 10080, 0);
    d.cooldown_minutes = (int32_t)json_read_integer(&r, "cooldown_minutes", 0, 10080, 0);
    const json_t *when = json_read_object(&r, "when");
    if (!why[0] && !when)
        json_read_fail(&r, "when", "conditions", json_object_get(json, "when"));
    if (!why[0])
        read_node(&reading, "when", when, 1);
    if (why[0])
        return false;
    *out = d;
    return true;
}
