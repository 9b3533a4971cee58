/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements: what each source says; the comparison and the binding that follow from them.
 */
#include <string.h>

#include "platform/out/dossiers.h"
#include "platform/out/routes.h"

static json_t *statement_json(const struct flow_statement *s)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "number", (json_int_t)s->number, "field",
                     flow_fields[s->field].name, "value", s->value, "source", flow_source_text(s->source), "station", json_text(s->station),
                     "time", json_time(s->time_ms), "user", json_text(s->user), "user_name", json_text(s->user_name), "visit",
                     s->visit ? json_integer(s->visit) : json_null(), "files", s->files ? json_incref(s->files) : json_array());
}

/* A carrier sees what was declared and what it has said itself, not what customs read. */
static bool is_seen(const struct out_request *r, const struct flow_statement *s)
{
    return !out_access_is_carrier(r) || s->source <= FLOW_DECLARED_LAST || s->source == FLOW_SAID_CARRIER;
}

void out_statement_list(struct out_request *r)
{
    struct out_dossier x;
    if (!out_dossier_load(r, &x))
        return;
    json_t *items = json_array();
    for (size_t i = 0; i < x.d->n_statements; i++)
        if (is_seen(r, &x.d->statements[i]))
            json_array_append_new(items, statement_json(&x.d->statements[i]));
    out_page_all(r, items);
    out_dossier_free(&x);
}

void out_comparison_get(struct out_request *r)
{
    struct out_dossier x;
    int64_t visit = 0;
    if (!out_param_number(r, "visit", 1, FLOW_VISITS_MAX, 0, &visit) || !out_dossier_load(r, &x))
        return;
    out_page_all(r, out_comparison_json(r, x.d, (unsigned)visit));
    out_dossier_free(&x);
}

/* --- what belongs together --- */

static json_t *sources_json(unsigned sources)
{
    json_t *list = json_array();
    for (unsigned s = FLOW_SAID_DECLARATION; s <= FLOW_SAID_X_RAY; s++)
        if (sources >> s & 1)
            json_array_append_new(list, json_string(flow_source_text(s)));
    return list;
}

static void note_alarm(void *context, const void *record)
{
    const struct alarm *a = record;
    if (a->kind == ALARM_PAIRING_MISMATCH && a->state != ALARM_STATE_WITHDRAWN && a->finding != ALARM_FINDING_FALSE)
        snprintf(context, ALARM_WHY_SIZE, "%s", a->why);
}

/* The rules watch whether seals and vehicle move together (pairing_mismatch); here is what they found. */
static json_t *movement_json(struct out_request *r, const struct out_dossier *x)
{
    struct store_query q = {.limit = 1000, .kind = "pairing_mismatch"};
    char next[120], why[ALARM_WHY_SIZE] = "";
    snprintf(q.journey, sizeof q.journey, "%s", x->j->id);
    if (store_alarms(out_store(r), &q, note_alarm, why, next) != STORE_OK)
        return json_pack("{s:n, s:s}", "holds", "why", "alarms cannot be read now");
    if (why[0])
        return json_pack("{s:b, s:s}", "holds", 0, "why", why);
    bool watched = x->d->class_ == FLOW_ACTIVE && x->facts.heard;
    return json_pack("{s:o, s:s}", "holds", watched ? json_true() : json_null(), "why",
                     watched ? "nothing has been found to move apart" : "no track to compare");
}

void out_binding_get(struct out_request *r)
{
    struct out_dossier x;
    if (!out_dossier_load(r, &x))
        return;
    json_t *items = json_array();
    for (unsigned p = 0; p < FLOW_PAIRS; p++) {
        struct flow_bound b;
        flow_bind(x.d, (enum flow_pair)p, &b);
        if (!b.exists)
            continue;
        json_t *one = json_pack("{s:s, s:o, s:o, s:s}", "pair", flow_pair_text((enum flow_pair)p), "sources", sources_json(b.sources),
                                "agrees", b.agrees < 0 ? json_null() : json_boolean(b.agrees), "why", b.why);
        if (p == FLOW_PAIR_SEAL_CONTAINER || p == FLOW_PAIR_SEAL_VEHICLE)
            json_object_set_new(one, "co_movement", movement_json(r, &x));
        json_array_append_new(items, one);
    }
    out_page_all(r, items);
    out_dossier_free(&x);
}

/* --- saying --- */

static bool read_source(struct out_request *r, int *source)
{
    const char *text = out_body_text(r, "source", 1, 20);
    if (!text)
        return false;
    *source = flow_source_from(text);
    bool own =
        *source == FLOW_SAID_DECLARATION || *source == FLOW_SAID_CARRIER || *source == FLOW_SAID_WAYBILL || *source == FLOW_SAID_MANIFEST;
    return out_body_wants(r, *source >= 0, "source", "a source such as officer or weighbridge", text) &&
           out_body_wants(r, own || !out_access_is_carrier(r), "source", "declaration, manifest, waybill or carrier", text);
}

static bool read_value(struct out_request *r, const struct out_dossier *x, enum flow_field field, int source, char tidy[FLOW_VALUE_SIZE])
{
    const json_t *value = json_object_get(r->json, "value");
    char number[32], why[MODEL_WHY_SIZE];
    snprintf(number, sizeof number, "%.10g", json_number_value(value));
    const char *text = json_is_number(value) ? number : json_string_value(value);
    if (!out_body_wants(r, text != NULL, "value", "a text or number", "another type"))
        return false;
    if (flow_field_tidy(field, text, tidy, why) && flow_statement_fits(x->d, field, tidy, (enum flow_source)source, why))
        return true;
    out_problem_why(r, 422, why);
    return false;
}

static bool read_place(struct out_request *r, char time[BULLA_TIME_TEXT], const char **station)
{
    const char *text = out_body_optional(r, "time", 40);
    struct station s;
    *station = text ? out_body_optional(r, "station", MODEL_ID_SIZE - 1) : NULL;
    if (!*station)
        return false;
    int64_t time_ms = text[0] ? bulla_time_get(text) : r->now_ms;
    bulla_time_put(time, time_ms);
    return out_body_wants(r, time_ms != BULLA_TIME_NONE && time_ms <= r->now_ms + 300000, "time", "a time that is not ahead", text) &&
           out_body_wants(r, !(*station)[0] || store_station_get(out_store(r), *station, &s) == STORE_OK, "station", "the id of a station",
                          *station);
}

static void add(struct out_request *r, struct out_dossier *x, enum flow_field field)
{
    int source;
    char tidy[FLOW_VALUE_SIZE], time[BULLA_TIME_TEXT];
    const char *station;
    const struct flow_visit *v = &x->d->visits[x->d->n_visits - 1];
    json_t *files = json_object_get(r->json, "files");
    if (!read_source(r, &source) || !read_value(r, x, field, source, tidy) || !read_place(r, time, &station) ||
        !out_body_wants(r, !files || (json_is_array(files) && json_array_size(files) <= 20), "files", "a list of at most 20", "another"))
        return;
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:o}", "field", flow_fields[field].name, "value", tidy, "source",
                             flow_source_text((unsigned)source), "station", station[0] ? station : v->station, "time", time, "visit",
                             (int)v->number, "files", files ? json_incref(files) : json_array());
    if (!out_dossier_append(r, x, ENTRY_STATEMENT, body, "dossier.statement"))
        return;
    const struct flow_statement *s = &x->d->statements[x->d->n_statements - 1];
    json_t *json = statement_json(s);
    out_statement_told(r, x, field, tidy, (enum flow_source)source, station[0] ? station : v->station);
    out_answer_json(r, 201, json);
}

void out_statement_add(struct out_request *r)
{
    struct out_dossier x;
    const char *name = out_body_text(r, "field", 1, 39);
    enum flow_field field = name ? flow_field_from(name) : FLOW_FIELDS;
    if (!name ||
        !out_body_wants(r, field < FLOW_FIELDS && flow_field_is_compared(field), "field", "the name of a field that is compared", name) ||
        !out_dossier_load(r, &x))
        return;
    add(r, &x, field);
    out_dossier_free(&x);
}
