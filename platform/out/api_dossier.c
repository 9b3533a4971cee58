/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening dossiers and visits, and looking at them.
 */
#include <string.h>

#include "platform/out/dossiers.h"
#include "platform/out/duties.h"
#include "platform/out/routes.h"

#define GOODS_MAX 32

void out_dossier_get(struct out_request *r)
{
    struct out_dossier x;
    if (!out_dossier_load(r, &x))
        return;
    if (out_flow_risk(r, &x))
        out_answer_record(r, 200, out_dossier_json(r, &x), x.d->version);
    out_dossier_free(&x);
}

/* --- opening --- */

static bool check_goods(struct out_request *r, const json_t *goods)
{
    size_t i;
    json_t *one;
    if (!out_body_wants(r, !goods || (json_is_array(goods) && json_array_size(goods) <= GOODS_MAX), "goods", "a list of at most 32",
                        "another"))
        return false;
    json_array_foreach((json_t *)(uintptr_t)goods, i, one)
    {
        const char *hs = json_string_value(json_object_get(one, "hs"));
        const json_t *weight = json_object_get(one, "weight_kg"), *packages = json_object_get(one, "packages");
        char tidy[FLOW_VALUE_SIZE], why[MODEL_WHY_SIZE];
        if (hs && hs[0] && !flow_field_tidy(FLOW_HS_CODE, hs, tidy, why)) {
            out_problem_field(r, 422, "goods.hs", "an HS code of 4, 6, 8 or 10 digits", hs);
            return false;
        }
        const char *un = json_string_value(json_object_get(one, "un"));
        if (un && un[0] && !flow_field_tidy(FLOW_UN_NUMBER, un, tidy, why)) {
            out_problem_field(r, 422, "goods.un", "a UN number of four digits", un);
            return false;
        }
        bool weighs = !weight || json_is_null(weight) || (json_is_number(weight) && json_number_value(weight) >= 0);
        bool counts = !packages || json_is_null(packages) || (json_is_integer(packages) && json_integer_value(packages) >= 0);
        if (!out_body_wants(r, json_is_object(one), "goods", "objects", "another type") ||
            !out_body_wants(r, weighs, "goods.weight_kg", "a number of 0 or more", "another") ||
            !out_body_wants(r, counts, "goods.packages", "a whole number of 0 or more", "another"))
            return false;
    }
    return true;
}

static enum flow_class class_of(struct out_request *r, const struct journey *j)
{
    struct seal s;
    return j->n_seals && store_seal_get(out_store(r), j->seals[0], &s) == STORE_OK ? flow_class_of(s.class_) : FLOW_ACTIVE;
}

/* Goods that must go under an active seal do not go under another. [WCO 10] */
static bool class_fits(struct out_request *r, const struct journey *j, int class_, const json_t *goods)
{
    struct duty duty;
    char expected[MODEL_WHY_SIZE + 16];
    json_decref(out_duty_of_goods(r, goods, j->mode, r->now_ms, &duty));
    snprintf(expected, sizeof expected, "active: %s", duty.why);
    return out_body_wants(r, !duty.active || class_ == FLOW_ACTIVE, "class", expected, flow_class_text((unsigned)class_));
}

/* The body of the first entry; NULL: answered. */
static json_t *read_opening(struct out_request *r, const struct journey *j)
{
    const char *scope_text = out_body_text(r, "scope", 1, 20), *class_text = scope_text ? out_body_optional(r, "class", 20) : NULL;
    const json_t *shared = json_object_get(r->json, "shared_platform"), *goods = json_object_get(r->json, "goods");
    enum flow_mode mode;
    if (!class_text)
        return NULL;
    int scope = flow_scope_from(scope_text), class_ = class_text[0] ? flow_class_from(class_text) : (int)class_of(r, j);
    if (!out_body_wants(r, scope >= 0, "scope", "domestic or cross-border", scope_text) ||
        !out_body_wants(r, class_ >= 0, "class", "passive or active", class_text) ||
        !out_body_wants(r, !shared || json_is_boolean(shared), "shared_platform", "true or false", "another type") ||
        !out_body_wants(r, flow_mode_of((enum flow_scope)scope, j->mode, &mode), "scope",
                        "cross-border: no procedure is domestic by several means", scope_text) ||
        !check_goods(r, goods) || !class_fits(r, j, class_, goods))
        return NULL;
    return json_pack("{s:s, s:s, s:s, s:b, s:s, s:o}", "scope", scope_text, "class", flow_class_text((unsigned)class_), "mode",
                     flow_mode_text(mode), "shared_platform", !shared || json_is_true(shared), "station",
                     j->has_origin ? j->origin.station : "", "goods",
                     goods && !json_is_null(goods) ? json_incref((json_t *)(uintptr_t)goods) : json_array());
}

void out_dossier_open(struct out_request *r)
{
    struct out_dossier x = {0};
    struct flow_dossier *there = NULL;
    char where[96];
    if (!out_access_journey(r, r->id, &x.j))
        return;
    json_t *body = read_opening(r, x.j);
    if (body && out_dossier_read(r, x.j, &there)) {
        if (there) {
            out_problem(r, 409, "conflict", "The dossier is open already", NULL);
        } else {
            x.d = flow_dossier_new();
            if (x.d && flow_dossier_add_record(x.d, x.j) && out_dossier_append(r, &x, ENTRY_OPENED, json_incref(body), "dossier.open"))
                out_dossier_answer(r, &x, 201);
            snprintf(where, sizeof where, "/api/v1/journeys/%s/dossier", x.j->id);
            if (r->status == 201)
                out_answer_header(r, "Location", where);
        }
    }
    json_decref(body);
    flow_dossier_free(there);
    out_dossier_free(&x);
}

/* --- visits --- */

static bool station_exists(struct out_request *r, const char *id)
{
    struct station s;
    return out_body_wants(r, !id[0] || store_station_get(out_store(r), id, &s) == STORE_OK, "station", "the id of a station", id);
}

static void say_not_yet(struct out_request *r, const struct out_dossier *x, unsigned visit, int step, const char *why)
{
    const char *id = visit ? x->d->visits[visit - 1].procedure->steps[step]->id : NULL;
    json_t *problem = json_pack(
        "{s:s, s:s, s:i, s:s, s:o}", "type", "urn:bulla:problem:not-yet", "title", "What comes before is not done", "status", 409, "detail",
        why, "missing", id ? json_pack("[{s:s, s:s}]", "step", id, "why", why) : json_pack("[{s:s, s:s}]", "fact", "departed", "why", why));
    out_problem_json(r, 409, problem);
}

/* Before another visit: everything of those before is settled, and it has departed. Nobody else than customs says that it has arrived. */
static bool may_open(struct out_request *r, const struct out_dossier *x, enum flow_stage stage)
{
    const struct flow_procedure *p = flow_procedure_find(x->d->scope, x->d->class_, x->d->mode, stage);
    char why[MODEL_WHY_SIZE] = "";
    unsigned visit = 0;
    int step = 0;
    if (!p || (flow_step_is_automatic(p->steps[0]) && stage == FLOW_EN_ROUTE))
        return out_body_wants(r, false, "stage", "destination: on the way this journey is followed without visits", flow_stage_text(stage));
    if (out_access_is_carrier(r) && p->steps[0]->by != FLOW_BY_DECLARANT) {
        out_problem(r, 403, "forbidden", "Your role does not allow this", "only what is cleared before arrival can be announced");
        return false;
    }
    if (flow_may_open(x->d, &x->facts, stage, &visit, &step, why)) {
        const struct flow_visit *first = &x->d->visits[0];
        bool gone = first->imported || (flow_hold(x->d, &x->facts, first) & FLOW_BIT(DEPARTED));
        if (!gone)
            say_not_yet(r, x, 0, 0, flow_fact_why_not(FLOW_FACT_DEPARTED));
        return gone;
    }
    if (visit)
        say_not_yet(r, x, visit, step, why);
    else
        out_problem_why(r, 422, why);
    return false;
}

/* Where arriving is the first step, opening the visit is the arrival. */
static bool arrive(struct out_request *r, struct out_dossier *x, const struct flow_visit *v)
{
    const struct flow_step *first = v->procedure->steps[0];
    if (!first->opens)
        return true;
    return out_dossier_append(r, x, ENTRY_ACT,
                              json_pack("{s:i, s:s, s:s, s:s, s:{}}", "visit", (int)v->number, "step", first->id, "outcome", "done",
                                        "source", "officer", "values"),
                              "dossier.step");
}

void out_visit_open(struct out_request *r)
{
    struct out_dossier x;
    const char *stage_text = out_body_text(r, "stage", 1, 20),
               *station = stage_text ? out_body_optional(r, "station", MODEL_ID_SIZE - 1) : NULL;
    if (!station || !out_dossier_load(r, &x))
        return;
    int stage = flow_stage_from(stage_text);
    if (!station[0] && stage == FLOW_DESTINATION && x.j->has_destination)
        station = x.j->destination.station;
    if (out_body_wants(r, stage == FLOW_EN_ROUTE || stage == FLOW_DESTINATION, "stage", "en-route or destination", stage_text) &&
        station_exists(r, station) && out_dossier_match(r, &x) && may_open(r, &x, (enum flow_stage)stage) &&
        out_dossier_append(r, &x, ENTRY_VISIT, json_pack("{s:s, s:s}", "stage", stage_text, "station", station), "dossier.visit")) {
        const struct flow_visit *v = &x.d->visits[x.d->n_visits - 1];
        if (arrive(r, &x, v)) {
            if (v->procedure->steps[0]->opens)
                out_visit_opened(r, &x, v);
            out_dossier_answer(r, &x, 201);
        }
    }
    out_dossier_free(&x);
}
