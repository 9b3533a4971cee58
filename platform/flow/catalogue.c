/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/flow/catalogue.h"

#include <string.h>

#include "platform/model/words.h"

MODEL_WORDS(flow_scope, FLOW_SCOPE_TABLE)
MODEL_WORDS(flow_class, FLOW_CLASS_TABLE)
MODEL_WORDS(flow_stage, FLOW_STAGE_TABLE)
/* clang-format off */
#define TEXT_OF(noun, TABLE) \
    const char *noun##_text(unsigned value) { static const struct model_word words[] = {TABLE(MODEL_WORD)}; \
                                              return model_word_text(words, sizeof words / sizeof *words, value); }
TEXT_OF(flow_mode, FLOW_MODE_TABLE)
TEXT_OF(flow_branch, FLOW_BRANCH_TABLE)
TEXT_OF(flow_when, FLOW_WHEN_TABLE)

#define F(name)    FLOW_BIT(name)
#define NEED(name) {FLOW_##name, true, true}
#define MAY(name)  {FLOW_##name, false, true}
#define STEP(name, text, words, who, ...) [FLOW_STEP_##name] = {.id = text, .title = words, .by = FLOW_BY_##who, __VA_ARGS__},
const struct flow_step flow_steps[FLOW_STEPS] = {
#include "platform/flow/steps.def"
};
#undef STEP

#define S(name) &flow_steps[FLOW_STEP_##name],
#define PROCEDURE(text, scope, class_, mode, stage, words, list) {text, FLOW_##scope, FLOW_##class_, FLOW_##mode, FLOW_##stage, words, {list}},
const struct flow_procedure flow_procedures[] = {
#include "platform/flow/procedures.def"
};
#undef PROCEDURE
#undef S
/* clang-format on */
const size_t flow_procedures_n = sizeof flow_procedures / sizeof *flow_procedures;

/* --- facts and who --- */

static const struct {
    const char *text, *why;
    enum flow_where where;
} facts[FLOW_FACTS] = {
#define X(name, text, where, why) {text, why, FLOW_##where},
    FLOW_FACT_TABLE(X)
#undef X
};

const char *flow_fact_text(enum flow_fact fact)
{
    return facts[fact].text;
}

enum flow_where flow_fact_where(enum flow_fact fact)
{
    return facts[fact].where;
}

const char *flow_fact_why_not(enum flow_fact fact)
{
    return facts[fact].why;
}

static const struct {
    const char *text;
    unsigned roles;
} people[] = {
#define X(name, text, roles) {text, roles},
    FLOW_BY_TABLE(X)
#undef X
};

const char *flow_by_text(enum flow_by by)
{
    return people[by].text;
}

bool flow_by_may(enum flow_by by, enum user_role role)
{
    return people[by].roles & 1u << role;
}

/* --- finding --- */

const struct flow_procedure *flow_procedure_find(enum flow_scope scope, enum flow_class class_, enum flow_mode mode, enum flow_stage stage)
{
    for (size_t i = 0; i < flow_procedures_n; i++) {
        const struct flow_procedure *p = &flow_procedures[i];
        if (p->scope == scope && p->class_ == class_ && p->mode == mode && p->stage == stage)
            return p;
    }
    return NULL;
}

const struct flow_procedure *flow_procedure_by_id(const char *id)
{
    for (size_t i = 0; i < flow_procedures_n; i++)
        if (strcmp(flow_procedures[i].id, id) == 0)
            return &flow_procedures[i];
    return NULL;
}

int flow_step_find(const struct flow_procedure *procedure, const char *id)
{
    for (int i = 0; i < FLOW_STEPS_MAX && procedure->steps[i]; i++)
        if (strcmp(procedure->steps[i]->id, id) == 0)
            return i;
    return -1;
}

int flow_step_judge(const struct flow_procedure *procedure, int at)
{
    while (--at >= 0)
        if (procedure->steps[at]->judges)
            return at;
    return -1;
}

bool flow_mode_of(enum flow_scope scope, enum journey_mode journey, enum flow_mode *mode)
{
    static const enum flow_mode modes[] = {[JOURNEY_MODE_ROAD] = FLOW_ROAD,
                                           [JOURNEY_MODE_RAIL] = FLOW_RAIL,
                                           [JOURNEY_MODE_VESSEL] = FLOW_MULTIMODAL,
                                           [JOURNEY_MODE_MULTIMODAL] = FLOW_MULTIMODAL};
    if ((size_t)journey >= sizeof modes / sizeof *modes || (modes[journey] == FLOW_MULTIMODAL && scope == FLOW_DOMESTIC))
        return false;
    *mode = modes[journey];
    return true;
}

enum flow_class flow_class_of(enum seal_class class_)
{
    return class_ == SEAL_CLASS_ACTIVE || class_ == SEAL_CLASS_SMART_CONTAINER ? FLOW_ACTIVE : FLOW_PASSIVE;
}

/* --- as JSON --- */

static json_t *facts_json(uint64_t bits)
{
    json_t *list = json_array();
    for (unsigned f = 0; f < FLOW_FACTS; f++)
        if (bits >> f & 1)
            json_array_append_new(list, json_string(facts[f].text));
    return list;
}

static json_t *word_or_null(const char *text)
{
    return text[0] ? json_string(text) : json_null();
}

json_t *flow_inputs_json(const struct flow_step *step)
{
    json_t *list = json_array();
    for (size_t i = 0; i < FLOW_INPUTS_MAX && step->fields[i].named; i++) {
        const struct flow_field_row *row = &flow_fields[step->fields[i].field];
        const char *words = row->kind == FLOW_WORD && step->ways && strcmp(row->name, "seal_state") != 0 ? step->ways : row->check;
        json_t *one = json_pack("{s:s, s:b, s:s, s:o}", "name", row->name, "required", step->fields[i].required, "kind",
                                flow_kind_text(row->kind), "unit", row->unit ? json_string(row->unit) : json_null());
        if (row->kind == FLOW_WORD)
            json_object_set_new(one, "words", json_string(words));
        json_array_append_new(list, one);
    }
    return list;
}

/* The steps that must be settled before: all before it that are neither optional nor of the other branch. */
static json_t *after_json(const struct flow_procedure *p, int at)
{
    json_t *list = json_array();
    for (int i = 0; i < at; i++) {
        const struct flow_step *before = p->steps[i];
        bool other = before->branch && p->steps[at]->branch && before->branch != p->steps[at]->branch;
        if (!before->optional && !other && !flow_step_is_automatic(before))
            json_array_append_new(list, json_string(before->id));
    }
    return list;
}

json_t *flow_procedure_json(const struct flow_procedure *p)
{
    json_t *steps = json_array();
    for (int i = 0; i < FLOW_STEPS_MAX && p->steps[i]; i++) {
        const struct flow_step *s = p->steps[i];
        json_array_append_new(steps, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:o}", "id", s->id, "title",
                                               s->title, "by", flow_by_text(s->by), "needs", facts_json(s->needs), "writes",
                                               facts_json(s->writes | s->done_by), "after", after_json(p, i), "branch",
                                               word_or_null(flow_branch_text(s->branch)), "fields", flow_inputs_json(s), "automatic",
                                               flow_step_is_automatic(s), "judges", s->judges, "optional", s->optional, "when",
                                               word_or_null(flow_when_text(s->when))));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "id", p->id, "scope", flow_scope_text(p->scope), "class",
                     flow_class_text(p->class_), "mode", flow_mode_text(p->mode), "stage", flow_stage_text(p->stage), "title", p->title,
                     "steps", steps);
}
