/* SPDX-License-Identifier: Apache-2.0
 *
 * The dossier as the interface shows it.
 */
#include <string.h>

#include "platform/out/dossiers.h"
#include "platform/out/duties.h"
#include "platform/out/facts.h"

/* --- steps --- */

static json_t *fact_json(const struct out_dossier *x, const struct flow_visit *v, enum flow_fact fact, bool holds)
{
    char why[MODEL_WHY_SIZE] = "";
    if (!holds)
        flow_why_not(x->d, &x->facts, v, fact, why);
    return json_pack("{s:s, s:b, s:o}", "fact", flow_fact_text(fact), "holds", holds, "why", json_text(why));
}

static json_t *needs_json(const struct out_dossier *x, const struct flow_visit *v, const struct flow_step *step, uint64_t lacks)
{
    json_t *list = json_array();
    for (unsigned f = 0; f < FLOW_FACTS; f++)
        if (step->needs >> f & 1)
            json_array_append_new(list, fact_json(x, v, (enum flow_fact)f, !(lacks >> f & 1)));
    return list;
}

static void add_act(struct out_request *r, json_t *json, const struct flow_act *act)
{
    json_object_set_new(json, "user", json_text(act ? act->user : NULL));
    json_object_set_new(json, "user_name",
                        act && act->user_name[0] ? json_string(act->user_name)
                        : act                    ? out_page_user_name(r, act->user)
                                                 : json_null());
    json_object_set_new(json, "time", json_time(act ? act->time_ms : BULLA_TIME_NONE));
    json_object_set_new(json, "reason", json_text(act ? act->reason : NULL));
    json_object_set_new(json, "files", act && act->files ? json_incref(act->files) : json_array());
    json_object_set_new(json, "values", act && act->values ? json_incref(act->values) : json_object());
    json_object_set_new(json, "source", act ? json_string(flow_source_text(act->source)) : json_null());
    json_object_set_new(json, "imported", json_boolean(act && act->imported));
}

static json_t *step_json(struct out_request *r, const struct out_dossier *x, const struct flow_visit *v, int at,
                         const struct flow_step_view *view)
{
    const struct flow_step *s = v->procedure->steps[at];
    const char *branch = flow_branch_text(s->branch);
    bool refused = view->act && view->act->outcome == FLOW_REFUSED && view->state != FLOW_STEP_IS_DONE;
    const char *outcome = view->outcome ? flow_outcome_text(view->outcome) : refused ? "refused" : NULL;
    json_t *json = json_pack("{s:s, s:s, s:s, s:b, s:s, s:o, s:o, s:o, s:o, s:b, s:b, s:b}", "id", s->id, "title", s->title, "by",
                             flow_by_text(s->by), "mine", flow_by_may(s->by, r->user.role), "state", flow_state_text(view->state), "branch",
                             json_text(branch), "needs", needs_json(x, v, s, view->lacks), "fields", flow_inputs_json(s), "outcome",
                             json_text(outcome), "automatic", flow_step_is_automatic(s), "judges", s->judges, "optional", s->optional);
    add_act(r, json, view->act);
    return json;
}

static json_t *station_name(struct out_request *r, const char *id)
{
    struct station s;
    return id[0] && store_station_get(out_store(r), id, &s) == STORE_OK ? json_string(s.name) : json_null();
}

json_t *out_visit_json(struct out_request *r, const struct out_dossier *x, const struct flow_visit *v)
{
    struct flow_visit_view view;
    json_t *steps = json_array();
    flow_look(x->d, &x->facts, v, &view);
    for (int i = 0; i < view.n; i++)
        json_array_append_new(steps, step_json(r, x, v, i, &view.steps[i]));
    return json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:o}", "number", (int)v->number, "stage", flow_stage_text(v->stage),
                     "procedure", v->procedure->id, "station", json_text(v->station), "station_name", station_name(r, v->station),
                     "arrived", json_time(view.arrived_ms), "left", json_time(view.left_ms), "imported", v->imported, "steps", steps);
}

/* --- what was declared and read --- */

static json_t *said_json(const struct flow_statement *s, int equal)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "value", s->value, "source", flow_source_text(s->source), "time",
                     json_time(s->time_ms), "user", json_text(s->user_name[0] ? s->user_name : s->user), "station", json_text(s->station),
                     "equal", equal < 0 ? json_null() : json_boolean(equal));
}

static json_t *compared_json(const struct flow_compared *c)
{
    char tolerance[32];
    const char *unit = flow_fields[c->field].unit;
    json_t *others = json_array();
    for (size_t i = 0; i < c->n_others; i++)
        json_array_append_new(others, said_json(c->others[i].said, c->others[i].equal));
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "field", flow_fields[c->field].name, "unit", json_text(unit), "equal",
                     c->equal < 0 ? json_null() : json_boolean(c->equal), "declared",
                     c->declared ? said_json(c->declared, -1) : json_null(), "others", others, "tolerance",
                     json_text(flow_field_tolerance(c->field, tolerance)));
}

json_t *out_comparison_json(struct out_request *r, const struct flow_dossier *d, unsigned visit)
{
    json_t *list = json_array();
    (void)r;
    for (unsigned f = 0; f < FLOW_FIELDS; f++) {
        struct flow_compared c;
        if (flow_field_is_compared((enum flow_field)f) && flow_compare(d, (enum flow_field)f, visit, &c))
            json_array_append_new(list, compared_json(&c));
    }
    return list;
}

/* --- documents --- */

struct listing {
    const struct flow_dossier *d;
    json_t *list;
};

/* A reader has written it: it said so when it brought the file, or a step lists it. */
static bool is_in_seal(const struct flow_dossier *d, const struct store_file *f)
{
    for (size_t i = 0; d && i < d->n_acts; i++) {
        size_t k;
        json_t *file;
        if (d->acts[i].outcome != FLOW_DONE || !(flow_act_step(d, &d->acts[i])->writes & FLOW_BIT(KEPT)))
            continue;
        json_array_foreach(d->acts[i].files, k, file)
        {
            if (strcmp(json_string_value(file), f->id) == 0)
                return true;
        }
    }
    return f->in_seal;
}

static void take_document(void *context, const void *record)
{
    struct listing *l = context;
    const struct store_file *f = record;
    json_array_append_new(l->list, json_pack("{s:s, s:s, s:s, s:I, s:s, s:o, s:b, s:o, s:o}", "id", f->id, "name", f->name, "type", f->type,
                                             "size", (json_int_t)f->size, "kind", f->kind, "about", json_text(f->about), "in_seal",
                                             is_in_seal(l->d, f), "user", json_text(f->user), "added", json_time(f->added_ms)));
}

bool out_documents(struct out_request *r, const char *journey, const struct flow_dossier *d, json_t **out)
{
    struct listing l = {d, json_array()};
    *out = l.list;
    if (out_store_ok(r, store_files(out_store(r), STORE_OF_JOURNEY, journey, take_document, &l), "file"))
        return true;
    json_decref(l.list);
    *out = NULL;
    return false;
}

/* --- the whole --- */

static json_t *next_json(const struct out_dossier *x)
{
    unsigned visit;
    int step;
    if (!flow_next(x->d, &x->facts, &visit, &step))
        return json_null();
    return json_pack("{s:i, s:s}", "visit", (int)visit, "step", x->d->visits[visit - 1].procedure->steps[step]->id);
}

/* What holds up the newest visit that is not complete. */
static json_t *blocked_json(const struct out_dossier *x)
{
    json_t *list = json_array();
    for (size_t i = x->d->n_visits; i-- > 0 && json_array_size(list) == 0;) {
        const struct flow_visit *v = &x->d->visits[i];
        struct flow_visit_view view;
        flow_look(x->d, &x->facts, v, &view);
        for (unsigned f = 0; f < FLOW_FACTS && !v->imported; f++)
            if (view.blocked >> f & 1)
                json_array_append_new(list, fact_json(x, v, (enum flow_fact)f, false));
    }
    return list;
}

struct newest {
    json_t *json;
};

static void take_return(void *context, const void *record)
{
    const struct paper *p = record;
    struct newest *n = context;
    if (!n->json)
        n->json = json_pack("{s:s, s:o}", "state", paper_state_text(p->state), "time", json_time(p->changed_ms));
}

static json_t *return_json(struct out_request *r, const char *journey)
{
    struct store_query q = {.limit = 1, .kind = "return"};
    struct newest n = {NULL};
    char next[120];
    snprintf(q.journey, sizeof q.journey, "%s", journey);
    (void)store_papers(out_store(r), &q, take_return, &n, next);
    return n.json ? n.json : json_null();
}

static json_t *visits_json(struct out_request *r, const struct out_dossier *x)
{
    json_t *list = json_array();
    for (size_t i = 0; i < x->d->n_visits; i++)
        json_array_append_new(list, out_visit_json(r, x, &x->d->visits[i]));
    return list;
}

static void reduce_step(json_t *step)
{
    static const char *const hidden[] = {"user", "user_name", "reason", "outcome"};
    bool done = strcmp(json_string_value(json_object_get(step, "state")), flow_state_text(FLOW_STEP_IS_DONE)) == 0;
    for (size_t h = 0; h < sizeof hidden / sizeof *hidden; h++)
        json_object_set_new(step, hidden[h], json_null());
    if (done)
        json_object_set_new(step, "outcome", json_string(flow_outcome_text(FLOW_DONE)));
    json_object_set_new(step, "values", json_object());
    json_object_set_new(step, "needs", json_array());
    json_object_set_new(step, "files", json_array());
}

/* What a carrier or trader sees of it: its steps, not what customs thinks. The steps of a branch, and whose turn it is at customs, would
 * tell what was suspected. */
static void reduce(json_t *json)
{
    size_t i;
    json_t *visit, *next = json_object_get(json, "next");
    bool is_mine = false;
    json_array_foreach(json_object_get(json, "visits"), i, visit)
    {
        json_t *steps = json_object_get(visit, "steps");
        for (size_t k = json_array_size(steps); k-- > 0;) {
            json_t *step = json_array_get(steps, k);
            bool mine = json_is_true(json_object_get(step, "mine"));
            is_mine |= mine && json_equal(json_object_get(next, "visit"), json_object_get(visit, "number")) &&
                       json_equal(json_object_get(next, "step"), json_object_get(step, "id"));
            if (mine || json_is_null(json_object_get(step, "branch")))
                reduce_step(step);
            else
                json_array_remove(steps, k);
        }
    }
    json_object_set_new(json, "blocked", json_array());
    if (!is_mine)
        json_object_set_new(json, "next", json_null());
}

json_t *out_dossier_json(struct out_request *r, const struct out_dossier *x)
{
    const struct flow_dossier *d = x->d;
    struct duty duty;
    bool all = !out_access_is_carrier(r);
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:o, s:o, s:o}", "journey", x->j->id, "scope", flow_scope_text(d->scope), "class",
                  flow_class_text(d->class_), "mode", flow_mode_text(d->mode), "stage", flow_stage_text(d->visits[d->n_visits - 1].stage),
                  "shared_platform", d->shared, "version", (json_int_t)d->version, "opened", json_time(d->opened_ms), "closed",
                  json_time(flow_closed_ms(d, &x->facts)), "goods", d->goods ? json_incref(d->goods) : json_array());
    json_object_set_new(json, "sealing", out_duty_of_dossier(r, x, &duty));
    json_object_set_new(json, "visits", visits_json(r, x));
    json_object_set_new(json, "next", next_json(x));
    json_object_set_new(json, "blocked", blocked_json(x));
    json_object_set_new(json, "comparison", all ? out_comparison_json(r, d, 0) : json_array());
    json_object_set_new(json, "decision", all && x->decision ? json_incref(x->decision) : json_null());
    json_object_set_new(json, "proposal", all && !x->decision ? out_decision_proposal(r, &x->facts.decide, x->risk_policy) : json_null());
    json_object_set_new(json, "risk", all ? out_risk_json(&x->risk, x->risk_policy) : json_null());
    json_object_set_new(json, "documents", all && x->documents ? json_incref(x->documents) : json_array());
    json_object_set_new(json, "discharged", json_time(flow_discharged_ms(d)));
    json_object_set_new(json, "seal_return", return_json(r, x->j->id));
    if (!all)
        reduce(json);
    return json;
}
