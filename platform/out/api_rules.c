/* SPDX-License-Identifier: Apache-2.0
 *
 * Alarms that officers define, their versions, and back-tests of what other rules would have found.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/model/definition.h"
#include "platform/out/page.h"
#include "platform/out/routes.h"

#define DAY_MS           INT64_C(86400000)
#define BACKTEST_DAYS    92
#define BACKTEST_WAIT_MS 10000

/* --- reading --- */

static void take_rule(void *context, const void *record)
{
    json_array_append_new(context, definition_to_json(record));
}

void out_rule_list(struct out_request *r)
{
    struct store_query q = {.limit = OUT_PAGE_MAX};
    char next[120] = "";
    json_t *items = json_array();
    if (out_store_ok(r, store_rules(out_store(r), &q, take_rule, items, next), "rule"))
        out_page_all(r, items);
    else
        json_decref(items);
}

static bool get_rule(struct out_request *r, const char *id, struct definition *d)
{
    return out_store_ok(r, strlen(id) < MODEL_ID_SIZE ? store_rule_get(out_store(r), id, d) : STORE_NOT_FOUND, "rule");
}

void out_rule_get(struct out_request *r)
{
    struct definition d;
    if (get_rule(r, r->id, &d))
        out_answer_record(r, 200, definition_to_json(&d), d.version);
}

void out_rule_versions(struct out_request *r)
{
    struct store_query q = {.limit = OUT_PAGE_MAX};
    struct definition d;
    char next[120] = "";
    if (!get_rule(r, r->id, &d))
        return;
    snprintf(q.object, sizeof q.object, "%s", d.id);
    json_t *items = json_array();
    if (out_store_ok(r, store_rule_versions(out_store(r), &q, take_rule, items, next), "rule"))
        out_page_all(r, items);
    else
        json_decref(items);
}

/* --- writing --- */

/* A place that is named by a station's id gets what the station has. */
static bool find_places(struct out_request *r, struct definition *d)
{
    for (size_t i = 0; i < d->n_nodes; i++) {
        struct place *p = &d->nodes[i].place;
        struct station station;
        if (d->nodes[i].join != JOIN_NONE || d->nodes[i].field != FIELD_PLACE || p->radius_m > 0)
            continue;
        int found = p->station[0] ? store_station_get(out_store(r), p->station, &station) : STORE_NOT_FOUND;
        if (!out_body_wants(r, found == STORE_OK, "when", "a place with a radius, or the id of a station", p->station))
            return false;
        memcpy(p->name, station.name, sizeof p->name);
        p->lat = station.lat;
        p->lon = station.lon;
        p->radius_m = station.radius_m;
    }
    return true;
}

static bool read_rule(struct out_request *r, const json_t *json, struct definition *d)
{
    char why[MODEL_WHY_SIZE];
    if (definition_from_json(json, d, why))
        return find_places(r, d);
    out_problem_why(r, 422, why);
    return false;
}

static void put_rule(struct out_request *r, struct definition *d, const char *action, json_t *detail, int status)
{
    char where[96];
    struct audit audit = out_page_audit(r, action, d->id, detail);
    d->changed_ms = r->now_ms;
    memcpy(d->author, r->user.id, sizeof d->author);
    if (!out_store_ok(r, store_rule_put(out_store(r), d, &audit), "rule"))
        return;
    platform_rule_changed(r->out->platform, d->id);
    out_answer_record(r, status, definition_to_json(d), d->version);
    snprintf(where, sizeof where, "/api/v1/rules/%s", d->id);
    if (status == 201)
        out_answer_header(r, "Location", where);
}

/* New ones are off: they are tried before they are switched on. */
void out_rule_create(struct out_request *r)
{
    struct definition d;
    if (!read_rule(r, r->json, &d) || !out_page_new_id(r, d.id))
        return;
    d.created_ms = r->now_ms;
    put_rule(r, &d, "rule.create", definition_to_json(&d), 201);
}

/* A version that takes the place of one that is on is on from now on. */
void out_rule_put(struct out_request *r)
{
    struct definition now, wanted;
    if (!get_rule(r, r->id, &now) || !out_page_match(r, now.version) || !read_rule(r, r->json, &wanted))
        return;
    memcpy(wanted.id, now.id, sizeof wanted.id);
    wanted.created_ms = now.created_ms;
    wanted.version = now.version;
    wanted.on = now.on;
    wanted.since_ms = now.on ? r->now_ms : BULLA_TIME_NONE;
    json_t *before = definition_to_json(&now), *after = definition_to_json(&wanted);
    json_t *changes = out_page_changes(before, after);
    json_decref(before);
    json_decref(after);
    put_rule(r, &wanted, "rule.change", changes, 200);
}

static void count_one(void *context, const void *record)
{
    (void)record;
    ++*(size_t *)context;
}

static bool has_room(struct out_request *r)
{
    struct store_query q = {.limit = OUT_PAGE_MAX, .state = "on"};
    char next[120] = "", detail[80];
    size_t n = 0;
    if (!out_store_ok(r, store_rules(out_store(r), &q, count_one, &n, next), "rule"))
        return false;
    snprintf(detail, sizeof detail, "state: expected at most %d rules that are on, got one more", DEFINITIONS_ON_MAX);
    if (n >= DEFINITIONS_ON_MAX)
        out_problem(r, 409, "too-many", "Too many rules are on", detail);
    return n < DEFINITIONS_ON_MAX;
}

void out_rule_state(struct out_request *r)
{
    struct definition d;
    const char *state = out_body_text(r, "state", 2, 3);
    bool on = state && strcmp(state, "on") == 0;
    if (!state || !out_body_wants(r, on || strcmp(state, "off") == 0, "state", "on or off", state) || !get_rule(r, r->id, &d) ||
        !out_page_match(r, d.version))
        return;
    if (on == d.on) {
        out_answer_record(r, 200, definition_to_json(&d), d.version);
        return;
    }
    if (on && !has_room(r))
        return;
    d.on = on;
    d.since_ms = on ? r->now_ms : BULLA_TIME_NONE;
    put_rule(r, &d, on ? "rule.on" : "rule.off", NULL, 200);
}

/* --- back-tests --- */

/* What is to be tried: a definition, or a rule's present one, or other values of parameters, or both; or, where every kind is compared,
 * the rules as they are. */
static bool read_tried(struct out_request *r, struct backtest_wanted *w)
{
    json_t *definition = json_object_get(r->json, "definition");
    const char *rule = out_body_optional(r, "rule", MODEL_ID_SIZE - 1), *compare = rule ? out_body_optional(r, "compare", 10) : NULL;
    w->all = compare && strcmp(compare, "all") == 0;
    if (!compare || !out_body_wants(r, w->all || !compare[0] || strcmp(compare, "changed") == 0, "compare", "changed or all", compare))
        return false;
    w->parameters = json_object_get(r->json, "parameters");
    if (!out_body_wants(r, !w->parameters || json_is_object(w->parameters), "parameters", "an object", "another type"))
        return false;
    struct definition known = {0};
    if (rule[0] && !get_rule(r, rule, &known))
        return false;
    w->definition = known;
    w->has_definition = rule[0] || json_is_object(definition);
    if (json_is_object(definition) && !read_rule(r, definition, &w->definition))
        return false;
    memcpy(w->definition.id, known.id, sizeof w->definition.id);
    return out_body_wants(r, w->all || w->has_definition || json_object_size(w->parameters) > 0, "definition",
                          "a definition, a rule or parameters", "none");
}

static bool read_time(struct out_request *r, const char *name, int64_t fallback, int64_t *out)
{
    const char *text = out_body_optional(r, name, 40);
    if (!text)
        return false;
    *out = text[0] ? bulla_time_get(text) : fallback;
    return out_body_wants(r, *out != BULLA_TIME_NONE, name, "a time as 2026-01-01T00:00:00Z", text);
}

/* Offset of a place's clock, ms: "+03:00". */
static bool read_zone(struct out_request *r, int64_t *offset_ms)
{
    const char *text = out_body_optional(r, "zone", 6);
    unsigned hours = 0, minutes = 0;
    char sign = '+', end = 0;
    if (!text)
        return false;
    bool good =
        !text[0] || (sscanf(text, "%c%2u:%2u%c", &sign, &hours, &minutes, &end) == 3 && strchr("+-", sign) && hours <= 14 && minutes < 60);
    *offset_ms = (sign == '-' ? -1 : 1) * INT64_C(60000) * (hours * 60 + minutes);
    return out_body_wants(r, good, "zone", "an offset such as +03:00", text);
}

/* One day from midnight to midnight, or so far as it has gone. */
static bool read_day(struct out_request *r, const char *day, struct backtest_wanted *w)
{
    char text[40];
    int64_t offset_ms;
    snprintf(text, sizeof text, "%sT00:00:00Z", day);
    int64_t midnight_ms = strlen(day) == 10 ? bulla_time_get(text) : BULLA_TIME_NONE;
    if (!out_body_wants(r, midnight_ms != BULLA_TIME_NONE, "day", "a day such as 2026-01-01", day) || !read_zone(r, &offset_ms))
        return false;
    w->from_ms = midnight_ms - offset_ms;
    w->until_ms = w->from_ms + DAY_MS - 1 < r->now_ms ? w->from_ms + DAY_MS - 1 : r->now_ms;
    return out_body_wants(r, w->from_ms < r->now_ms, "day", "one that has begun", day) &&
           out_body_wants(r, !json_is_string(json_object_get(r->json, "from")) && !json_is_string(json_object_get(r->json, "until")), "day", "a day, or from and until",
                          "both");
}

static bool read_span(struct out_request *r, struct backtest_wanted *w)
{
    const char *day = out_body_optional(r, "day", 10);
    if (!day || day[0])
        return day && read_day(r, day, w);
    return read_time(r, "until", r->now_ms, &w->until_ms) && read_time(r, "from", w->until_ms - 7 * DAY_MS, &w->from_ms) &&
           out_body_wants(r, w->until_ms <= r->now_ms, "until", "a time that is over", "one to come") &&
           out_body_wants(r, w->from_ms < w->until_ms && w->until_ms - w->from_ms <= BACKTEST_DAYS * DAY_MS, "from",
                          "a time before until, by at most 92 days", "another");
}

static bool read_chosen(struct out_request *r, struct backtest_wanted *w)
{
    json_t *chosen = json_object_get(r->json, "journeys");
    const char *id = json_string_value(json_object_get(chosen, "id")), *carrier = json_string_value(json_object_get(chosen, "carrier"));
    const char *mode = json_string_value(json_object_get(chosen, "mode"));
    snprintf(w->journey, sizeof w->journey, "%s", id ? id : "");
    snprintf(w->carrier, sizeof w->carrier, "%s", carrier ? carrier : "");
    snprintf(w->mode, sizeof w->mode, "%s", mode ? mode : "");
    return out_body_wants(r, !mode || journey_mode_from(mode) >= 0, "journeys.mode", "a mode of journeys", mode) && read_span(r, w);
}

static void answer_backtest(struct out_request *r, int status, const char *id)
{
    json_t *json = platform_backtest_get(r->out->platform, id);
    if (json)
        out_answer_json(r, status, json);
    else
        out_problem_missing(r, "back-test");
}

void out_backtest_create(struct out_request *r)
{
    struct backtest_wanted w = {0};
    char id[MODEL_ID_SIZE], why[MODEL_WHY_SIZE] = "", where[96];
    if (!read_tried(r, &w) || !read_chosen(r, &w))
        return;
    int outcome = platform_backtest(r->out->platform, &w, id, why);
    if (outcome == STORE_CONFLICT)
        out_problem_wait(r, why, BACKTEST_WAIT_MS);
    else if (outcome)
        out_problem_why(r, 422, why);
    if (outcome)
        return;
    answer_backtest(r, 202, id);
    snprintf(where, sizeof where, "/api/v1/backtests/%s", id);
    out_answer_header(r, "Location", where);
}

void out_backtest_get(struct out_request *r)
{
    answer_backtest(r, 200, r->id);
}

void out_backtest_cancel(struct out_request *r)
{
    if (platform_backtest_cancel(r->out->platform, r->id))
        answer_backtest(r, 200, r->id);
    else
        out_problem_missing(r, "back-test");
}
