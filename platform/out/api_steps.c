/* SPDX-License-Identifier: Apache-2.0
 *
 * Doing a step of a procedure, and skipping one.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/out/dossiers.h"
#include "platform/out/facts.h"
#include "platform/out/routes.h"

#define FILES_MAX 20

/* --- what was sent --- */

static const struct flow_visit *read_visit(struct out_request *r, const struct out_dossier *x, int *step)
{
    const json_t *number = json_object_get(r->json, "visit");
    const char *id = out_body_text(r, "step", 1, 39);
    if (!id)
        return NULL;
    const struct flow_visit *v = json_is_integer(number) ? flow_visit_get(x->d, (unsigned)json_integer_value(number)) : NULL;
    if (!out_body_wants(r, v != NULL, "visit", "the number of a visit", "another"))
        return NULL;
    *step = flow_step_find(v->procedure, id);
    if (!out_body_wants(r, *step >= 0, "step", "a step of the visit's procedure", id))
        return NULL;
    if (v->imported) {
        out_problem(r, 409, "conflict", "This was done at another platform, whose file was taken in", id);
        return NULL;
    }
    return v;
}

/* The words that this step leaves to `way` and `fate`. */
static bool word_fits(struct out_request *r, const struct flow_step *step, enum flow_field field, const char *value)
{
    char words[80], word[FLOW_VALUE_SIZE + 2];
    if (!step->ways || (field != FLOW_WAY && field != FLOW_FATE))
        return true;
    snprintf(words, sizeof words, "|%s|", step->ways);
    snprintf(word, sizeof word, "|%s|", value);
    char expected[96];
    snprintf(expected, sizeof expected, "one of %s", step->ways);
    return out_body_wants(r, strstr(words, word) != NULL, flow_fields[field].name, expected, value);
}

static bool take_value(struct out_request *r, const struct out_dossier *x, const struct flow_step *step, enum flow_source source,
                       const char *name, const json_t *value, json_t *to)
{
    enum flow_field field = flow_field_from(name);
    char number[32], tidy[FLOW_VALUE_SIZE], why[MODEL_WHY_SIZE];
    if (!out_body_wants(r, field < FLOW_FIELDS, name, "the name of a field", "another"))
        return false;
    snprintf(number, sizeof number, "%.10g", json_number_value(value));
    const char *text = json_is_number(value) ? number : json_string_value(value);
    if (!out_body_wants(r, text != NULL, name, "a text or number", "another type"))
        return false;
    if (!text[0])
        return true; /* as if it were not said */
    if (!flow_field_tidy(field, text, tidy, why) || !flow_statement_fits(x->d, field, tidy, source, why)) {
        out_problem_why(r, 422, why);
        return false;
    }
    json_object_set_new(to, name, json_string(tidy));
    return word_fits(r, step, field, tidy);
}

/* The values in their one form; NULL: answered. Needed ones may be missing when the step is refused. */
static json_t *read_values(struct out_request *r, const struct out_dossier *x, const struct flow_step *step, enum flow_source source,
                           bool needed)
{
    json_t *sent = json_object_get(r->json, "values"), *to = json_object(), *value;
    const char *name;
    bool ok = out_body_wants(r, !sent || json_is_object(sent), "values", "an object", "another type");
    if (ok)
        json_object_foreach(sent, name, value) ok = ok && take_value(r, x, step, source, name, value, to);
    for (size_t i = 0; ok && needed && i < FLOW_INPUTS_MAX && step->fields[i].named; i++) {
        const char *field = flow_fields[step->fields[i].field].name;
        ok = !step->fields[i].required ||
             out_body_wants(r, json_object_get(to, field) != NULL, field, "a value: this step needs it", "nothing");
    }
    if (ok)
        return to;
    json_decref(to);
    return NULL;
}

/* Digests of files of this journey. */
static bool files_are_here(struct out_request *r, const struct out_dossier *x)
{
    const json_t *files = json_object_get(r->json, "files");
    size_t i, k;
    json_t *file, *document;
    if (!out_body_wants(r, !files || (json_is_array(files) && json_array_size(files) <= FILES_MAX), "files", "a list of at most 20",
                        "another"))
        return false;
    json_array_foreach((json_t *)(uintptr_t)files, i, file)
    {
        const char *id = json_string_value(file);
        bool found = false;
        json_array_foreach(x->documents, k, document)
        {
            found |= id && strcmp(json_string_value(json_object_get(document, "id")), id) == 0;
        }
        if (!out_body_wants(r, found, "files", "the SHA-256 of a file of this journey", id ? id : "another type"))
            return false;
    }
    return true;
}

/* Who declares speaks as the declaration, whatever the form says; everybody else as what they used, an officer unless they say so. */
static int read_source(struct out_request *r, const struct flow_step *step)
{
    const char *text = out_body_optional(r, "source", 20);
    if (!text)
        return -1;
    int source = text[0] ? flow_source_from(text) : FLOW_SAID_OFFICER;
    if (!out_body_wants(r, source >= 0, "source", "a source such as officer or reader", text))
        return -1;
    return step->by == FLOW_BY_DECLARANT || out_access_is_carrier(r) ? FLOW_SAID_DECLARATION : source;
}

static int read_outcome(struct out_request *r, const struct flow_step *step)
{
    const char *text = out_body_optional(r, "outcome", 20);
    if (!text)
        return -1;
    int outcome = text[0] ? flow_outcome_from(text) : FLOW_DONE;
    bool fits =
        step->judges ? outcome == FLOW_FOUND_CLEAN || outcome == FLOW_FOUND_SUSPECT : outcome == FLOW_DONE || outcome == FLOW_REFUSED;
    return out_body_wants(r, fits, "outcome", step->judges ? "clean or suspect" : "done or refused", text[0] ? text : "done") ? outcome
                                                                                                                              : -1;
}

/* --- whether now --- */

static void say_lacking(struct out_request *r, const struct out_dossier *x, const struct flow_visit *v, uint64_t lacks, uint32_t before)
{
    json_t *missing = json_array();
    char detail[MODEL_WHY_SIZE] = "", why[MODEL_WHY_SIZE];
    for (int i = 0; i < FLOW_STEPS_MAX; i++)
        if (before >> i & 1)
            json_array_append_new(missing,
                                  json_pack("{s:s, s:s}", "step", v->procedure->steps[i]->id, "why", "it comes before and is not done"));
    for (unsigned f = 0; f < FLOW_FACTS; f++)
        if (lacks >> f & 1) {
            if (out_access_is_carrier(r)) /* not what was read, and where */
                snprintf(why, sizeof why, "%s", flow_fact_why_not((enum flow_fact)f));
            else
                flow_why_not(x->d, &x->facts, v, (enum flow_fact)f, why);
            json_array_append_new(missing, json_pack("{s:s, s:s}", "fact", flow_fact_text((enum flow_fact)f), "why", why));
        }
    size_t i;
    json_t *one;
    json_array_foreach(missing, i, one)
    {
        size_t n = strlen(detail);
        const char *step = json_string_value(json_object_get(one, "step"));
        snprintf(detail + n, sizeof detail - n, "%s%s: %s", n ? "; " : "", step ? step : json_string_value(json_object_get(one, "fact")),
                 json_string_value(json_object_get(one, "why")));
    }
    out_problem_json(r, 409,
                     json_pack("{s:s, s:s, s:i, s:s, s:o}", "type", "urn:bulla:problem:not-yet", "title", "This step cannot be done yet",
                               "status", 409, "detail", detail, "missing", missing));
}

static void say_done(struct out_request *r, const struct out_dossier *x, const struct flow_visit *v, int step)
{
    const struct flow_act *act = flow_act_of(x->d, v->number, step);
    char detail[300], time[BULLA_TIME_TEXT];
    bulla_time_put(time, act ? act->time_ms : v->opened_ms);
    json_t *name = act && !out_access_is_carrier(r) ? out_page_user_name(r, act->user) : NULL;
    snprintf(detail, sizeof detail, "%s: %s by %s at %s", v->procedure->steps[step]->id, act ? flow_outcome_text(act->outcome) : "done",
             json_is_string(name) ? json_string_value(name)
             : act                ? "somebody"
                                  : "what came in",
             time);
    json_decref(name);
    out_problem(r, 409, "conflict", "It was done already", detail);
}

static bool may_now(struct out_request *r, const struct out_dossier *x, const struct flow_visit *v, int step)
{
    uint64_t lacks;
    uint32_t before;
    switch (flow_may_act(x->d, &x->facts, v, step, &lacks, &before)) {
    case FLOW_MAY:
        return true;
    case FLOW_MAY_NOT_DONE:
        say_done(r, x, v, step);
        return false;
    case FLOW_MAY_NOT_NEEDED:
        out_problem(r, 409, "not-yet", "This step is not needed here", "it belongs to the other branch, or to the other way");
        return false;
    default:
        say_lacking(r, x, v, lacks, before);
        return false;
    }
}

static bool may_this_person(struct out_request *r, const struct flow_step *step)
{
    if (flow_by_may(step->by, r->user.role))
        return true;
    out_problem(r, 403, "forbidden", "This step is another's", flow_by_text(step->by));
    return false;
}

/* --- doing --- */

/* A judgement of suspicion, and a refusal, say why; a decision is one of inspect or release, whose own rules hold. */
static bool judges_with_reason(struct out_request *r, const struct out_dossier *x, const struct flow_step *step, int outcome,
                               const char *reason)
{
    bool decides = strcmp(step->id, "decide") == 0;
    if (decides)
        return out_decision_fits(r, x->j, outcome == FLOW_FOUND_SUSPECT ? "inspect" : "release", reason);
    return out_body_wants(r, (outcome != FLOW_FOUND_SUSPECT && outcome != FLOW_REFUSED) || reason[0], "reason", "why", "nothing");
}

static void act(struct out_request *r, struct out_dossier *x, const struct flow_visit *v, int at)
{
    const struct flow_step *step = v->procedure->steps[at];
    const char *reason = out_body_optional(r, "reason", 199);
    int outcome = reason ? read_outcome(r, step) : -1, source = outcome < 0 ? -1 : read_source(r, step);
    json_t *values = source < 0 ? NULL : read_values(r, x, step, (enum flow_source)source, outcome != FLOW_REFUSED);
    json_t *files = json_object_get(r->json, "files");
    if (values && files_are_here(r, x) && may_now(r, x, v, at) && judges_with_reason(r, x, step, outcome, reason) &&
        (outcome == FLOW_REFUSED || out_act_can(r, x, v, at, values)) &&
        out_dossier_append(r, x, ENTRY_ACT,
                           json_pack("{s:i, s:s, s:s, s:O, s:s, s:s, s:o}", "visit", (int)v->number, "step", step->id, "outcome",
                                     flow_outcome_text((unsigned)outcome), "values", values, "source", flow_source_text((unsigned)source),
                                     "reason", reason, "files", files ? json_incref(files) : json_array()),
                           "dossier.step")) {
        out_act_done(r, x, &x->d->acts[x->d->n_acts - 1]);
        out_dossier_answer(r, x, 200);
    }
    json_decref(values);
}

void out_step_do(struct out_request *r)
{
    struct out_dossier x;
    int step;
    if (!out_dossier_load(r, &x))
        return;
    const struct flow_visit *v = read_visit(r, &x, &step);
    if (v && may_this_person(r, v->procedure->steps[step]) && out_dossier_match(r, &x)) {
        out_journey_follows(r, &x); /* the lock may have confirmed since */
        act(r, &x, v, step);
    }
    out_dossier_free(&x);
}

/* The step that discharges in the newest visit at the destination: of the branch that it is in. */
static const struct flow_visit *find_discharge(const struct out_dossier *x, int *step)
{
    const struct flow_visit *v = &x->d->visits[x->d->n_visits - 1];
    struct flow_visit_view view;
    bool found = false;
    flow_look(x->d, &x->facts, v, &view);
    for (int i = 0; i < view.n; i++)
        if ((v->procedure->steps[i]->writes & FLOW_BIT(DISCHARGED)) && (!found || view.steps[i].state != FLOW_STEP_IS_NOT_NEEDED)) {
            *step = i;
            found = true;
        }
    return found && !v->imported ? v : NULL;
}

void out_journey_discharge(struct out_request *r)
{
    struct out_dossier x;
    int step = 0;
    if (!out_dossier_load(r, &x))
        return;
    const struct flow_visit *v = find_discharge(&x, &step);
    if (!v)
        out_problem(r, 409, "not-yet", "There is no transit document to discharge here",
                    "only the destination discharges, and not every procedure has one");
    else if (may_this_person(r, v->procedure->steps[step]) && out_dossier_match(r, &x))
        act(r, &x, v, step);
    out_dossier_free(&x);
}

/* --- skipping --- */

static bool may_skip(struct out_request *r, const struct out_dossier *x, const struct flow_visit *v, int step)
{
    struct flow_visit_view view;
    flow_look(x->d, &x->facts, v, &view);
    enum flow_state state = view.steps[step].state;
    if (state == FLOW_STEP_IS_DONE || state == FLOW_STEP_IS_SKIPPED) {
        say_done(r, x, v, step);
        return false;
    }
    if (state == FLOW_STEP_IS_NOT_NEEDED || flow_step_is_automatic(v->procedure->steps[step])) {
        out_problem(r, 409, "not-yet", "This step is not needed here", NULL);
        return false;
    }
    uint64_t lacks;
    uint32_t before;
    (void)flow_may_act(x->d, &x->facts, v, step, &lacks, &before);
    if (before)
        say_lacking(r, x, v, 0, before);
    return !before;
}

void out_step_skip(struct out_request *r)
{
    struct out_dossier x;
    int step;
    const char *reason = out_body_text(r, "reason", 1, 199);
    if (!reason || !out_dossier_load(r, &x))
        return;
    const struct flow_visit *v = read_visit(r, &x, &step);
    if (v && out_dossier_match(r, &x) && may_skip(r, &x, v, step) &&
        out_dossier_append(r, &x, ENTRY_ACT,
                           json_pack("{s:i, s:s, s:s, s:{}, s:s, s:s, s:[]}", "visit", (int)v->number, "step",
                                     v->procedure->steps[step]->id, "outcome", "skipped", "values", "source", "officer", "reason", reason,
                                     "files"),
                           "dossier.skip")) {
        out_journey_follows(r, &x);
        out_dossier_answer(r, &x, 200);
    }
    out_dossier_free(&x);
}
