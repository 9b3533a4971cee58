/* SPDX-License-Identifier: Apache-2.0
 *
 * Which goods must be sealed, asked before a journey is entered; and what another version of a policy would have asked of the journeys
 * that were opened last, before it is written.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/flow/compare.h"
#include "platform/flow/field.h"
#include "platform/out/duties.h"
#include "platform/out/routes.h"

#define TRIAL_SHOWN 100   /* journeys that are named in an answer */
#define TRIAL_MOST  20000 /* dossiers that are looked at, the newest first */

const char *const out_duty_policies[3] = {"goods-excepted", "goods-compulsory", "phasing"};

void out_duties_load(struct out_request *r, struct out_duties *d)
{
    for (size_t i = 0; i < 3; i++)
        d->bodies[i] = out_policy(r, out_duty_policies[i], &d->numbers[i]);
}

void out_duties_free(struct out_duties *d)
{
    for (size_t i = 0; i < 3; i++)
        json_decref(d->bodies[i]);
}

static struct duty_policies policies_of(json_t *const bodies[3])
{
    return (struct duty_policies){bodies[0], bodies[1], bodies[2]};
}

json_t *out_duty_json(const struct out_duties *d, const struct duty *duty)
{
    json_t *json = json_pack("{s:s, s:s, s:s}", "duty", duty_text(duty->kind), "class", duty->active ? "active" : "any", "why", duty->why);
    json_t *numbers = json_object();
    for (size_t i = 0; i < 3; i++)
        json_object_set_new(numbers, out_duty_policies[i], json_integer(d->numbers[i]));
    json_object_set_new(json, "policies", numbers);
    return json;
}

json_t *out_duty_of_goods(struct out_request *r, const json_t *goods, enum journey_mode mode, int64_t at_ms, struct duty *duty)
{
    struct out_duties d;
    out_duties_load(r, &d);
    const struct duty_policies policies = policies_of(d.bodies);
    duty_of_all(&policies, goods, mode, at_ms, duty);
    json_t *json = out_duty_json(&d, duty);
    out_duties_free(&d);
    return json;
}

json_t *out_duty_of_dossier(struct out_request *r, const struct out_dossier *x, struct duty *duty)
{
    const struct flow_statement *hs = flow_declared(x->d, FLOW_HS_CODE), *un = flow_declared(x->d, FLOW_UN_NUMBER);
    json_t *goods = x->d->goods ? json_copy(x->d->goods) : json_array();
    if (hs || un)
        json_array_append_new(goods, json_pack("{s:s, s:s}", "hs", hs ? hs->value : "", "un", un ? un->value : ""));
    json_t *json = out_duty_of_goods(r, goods, x->j->mode, x->d->opened_ms, duty);
    json_decref(goods);
    return json;
}

/* --- asked beforehand --- */

static bool read_code(struct out_request *r, const char *name, enum flow_field field, char to[FLOW_VALUE_SIZE])
{
    char text[40] = "", why[MODEL_WHY_SIZE];
    to[0] = '\0';
    if (!out_param_text(r, name, text, sizeof text))
        return false;
    if (!text[0] || flow_field_tidy(field, text, to, why))
        return true;
    out_problem_field(r, 422, name, field == FLOW_HS_CODE ? "an HS code of 4, 6, 8 or 10 digits" : "a UN number of four digits", text);
    return false;
}

void out_sealing_duty(struct out_request *r)
{
    char hs[FLOW_VALUE_SIZE], un[FLOW_VALUE_SIZE], mode[32] = "";
    int64_t at_ms;
    struct duty duty;
    if (!read_code(r, "hs", FLOW_HS_CODE, hs) || !read_code(r, "un", FLOW_UN_NUMBER, un) ||
        !out_param_word(r, "mode", journey_mode_from, mode, sizeof mode) || !out_param_time(r, "at", r->now_ms, &at_ms))
        return;
    enum journey_mode by = mode[0] ? (enum journey_mode)journey_mode_from(mode) : JOURNEY_MODE_ROAD;
    json_t *goods = json_pack("[{s:s, s:s}]", "hs", hs, "un", un);
    json_t *json = out_duty_of_goods(r, goods, by, at_ms, &duty);
    json_decref(goods);
    json_object_set_new(json, "hs", hs[0] ? json_string(hs) : json_null());
    json_object_set_new(json, "un", un[0] ? json_string(un) : json_null());
    json_object_set_new(json, "mode", json_string(journey_mode_text(by)));
    json_object_set_new(json, "at", json_time(at_ms));
    out_answer_json(r, 200, json);
}

/* --- tried before it is written --- */

struct counted {
    unsigned kinds[3], active;
};

struct trial {
    struct duty_policies before, after;
    struct counted was, would;
    unsigned journeys, changed, refused;
    json_t *shown;
};

static void count(struct counted *c, const struct duty *d)
{
    c->kinds[d->kind]++;
    c->active += d->active;
}

static json_t *counted_json(const struct counted *c)
{
    return json_pack("{s:i, s:i, s:i, s:i}", "compulsory", (int)c->kinds[DUTY_COMPULSORY], "active", (int)c->active, "excepted",
                     (int)c->kinds[DUTY_EXCEPTED], "none", (int)c->kinds[DUTY_NONE]);
}

static void try_one(void *context, const void *record)
{
    struct trial *t = context;
    const struct dossier_entry *e = record;
    json_t *body = json_loads(e->body, 0, NULL);
    const char *class_ = json_string_value(json_object_get(body, "class")), *text = json_string_value(json_object_get(body, "mode"));
    const json_t *goods = json_object_get(body, "goods");
    int mode = text ? journey_mode_from(text) : -1;
    struct duty was, would;
    duty_of_all(&t->before, goods, mode < 0 ? JOURNEY_MODE_ROAD : (enum journey_mode)mode, e->time_ms, &was);
    duty_of_all(&t->after, goods, mode < 0 ? JOURNEY_MODE_ROAD : (enum journey_mode)mode, e->time_ms, &would);
    count(&t->was, &was);
    count(&t->would, &would);
    t->journeys++;
    bool refused = would.active && class_ && strcmp(class_, "active") != 0;
    t->refused += refused;
    if (was.kind != would.kind || was.active != would.active) {
        if (t->changed++ < TRIAL_SHOWN)
            json_array_append_new(t->shown, json_pack("{s:s, s:o, s:s, s:s, s:s, s:b}", "journey", e->journey, "opened",
                                                      json_time(e->time_ms), "before", duty_text(was.kind), "after", duty_text(would.kind),
                                                      "why", would.why, "refused", refused));
    }
    json_decref(body);
}

static int try_all(struct out_request *r, struct trial *t, bool *complete)
{
    struct store_query q = {.limit = OUT_PAGE_MAX, .kind = "opened"};
    char next[120] = "";
    int outcome;
    do {
        outcome = store_entries(out_store(r), &q, try_one, t, next);
        memcpy(q.after, next, sizeof q.after);
    } while (outcome == STORE_OK && next[0] && t->journeys < TRIAL_MOST);
    *complete = !next[0];
    return outcome;
}

static int of_three(const char *name)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(out_duty_policies[i], name) == 0)
            return i;
    return -1;
}

void out_policy_trial(struct out_request *r)
{
    char why[MODEL_WHY_SIZE];
    int which = of_three(r->id);
    json_t *body = json_object_get(r->json, "body");
    if (!policy_exists(r->id)) {
        out_problem_missing(r, "policy");
        return;
    }
    if (!out_body_wants(r, which >= 0, "id", "goods-excepted, goods-compulsory or phasing", r->id))
        return;
    if (!policy_check(r->id, body, why)) {
        out_problem_why(r, 422, why);
        return;
    }
    struct out_duties now;
    out_duties_load(r, &now);
    json_t *bodies[3] = {now.bodies[0], now.bodies[1], now.bodies[2]};
    bodies[which] = body;
    struct trial t = {.before = policies_of(now.bodies), .after = policies_of(bodies), .shown = json_array()};
    bool complete;
    if (out_store_ok(r, try_all(r, &t, &complete), "dossier"))
        out_answer_json(r, 200,
                        json_pack("{s:i, s:b, s:o, s:o, s:i, s:i, s:O}", "journeys", (int)t.journeys, "complete", complete, "before",
                                  counted_json(&t.was), "after", counted_json(&t.would), "changed", (int)t.changed, "refused",
                                  (int)t.refused, "items", t.shown));
    json_decref(t.shown);
    out_duties_free(&now);
}
