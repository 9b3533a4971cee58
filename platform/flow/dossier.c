/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/flow/dossier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/model/words.h"

MODEL_WORDS(flow_outcome, FLOW_OUTCOME_TABLE)
MODEL_WORDS(flow_source, FLOW_SOURCE_TABLE)

struct flow_dossier *flow_dossier_new(void)
{
    return calloc(1, sizeof(struct flow_dossier));
}

void flow_dossier_free(struct flow_dossier *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->n_acts; i++) {
        json_decref(d->acts[i].values);
        json_decref(d->acts[i].files);
    }
    for (size_t i = 0; i < d->n_statements; i++)
        json_decref(d->statements[i].files);
    json_decref(d->goods);
    free(d->acts);
    free(d->statements);
    free(d);
}

static bool refuse(char *why, const char *field, const char *expected, const char *got)
{
    snprintf(why, MODEL_WHY_SIZE, "%s: expected %s, got %.60s", field, expected, got && got[0] ? got : "nothing");
    return false;
}

static const char *text_of(const json_t *body, const char *member)
{
    const char *text = json_string_value(json_object_get(body, member));
    return text ? text : "";
}

/* Room for one more; false: out of memory. */
static bool grow(void **list, size_t n, size_t *room, size_t size)
{
    if (n < *room)
        return true;
    size_t wanted = *room ? *room * 2 : 16;
    void *larger = realloc(*list, wanted * size);
    if (!larger)
        return false;
    *list = larger;
    *room = wanted;
    return true;
}

static bool add_statement(struct flow_dossier *d, const struct flow_statement *s)
{
    void *list = d->statements;
    if (!grow(&list, d->n_statements, &d->room_statements, sizeof *s))
        return false;
    d->statements = list;
    d->statements[d->n_statements++] = *s;
    return true;
}

/* --- entries --- */

static bool add_visit_of(struct flow_dossier *d, enum flow_stage stage, const char *station, const struct dossier_entry *e, char *why)
{
    const struct flow_procedure *procedure = flow_procedure_find(d->scope, d->class_, d->mode, stage);
    if (!procedure || d->n_visits == FLOW_VISITS_MAX)
        return refuse(why, "visit", procedure ? "at most 64 visits" : "a procedure of the report", flow_stage_text(stage));
    struct flow_visit *v = &d->visits[d->n_visits++];
    *v = (struct flow_visit){
        .number = (unsigned)d->n_visits, .stage = stage, .procedure = procedure, .opened_ms = e->time_ms, .imported = e->origin[0] != '\0'};
    snprintf(v->station, sizeof v->station, "%s", station);
    return true;
}

static int mode_from(const char *text)
{
    for (int m = FLOW_ROAD; m <= FLOW_MULTIMODAL; m++)
        if (strcmp(flow_mode_text((unsigned)m), text) == 0)
            return m;
    return -1;
}

static bool add_opened(struct flow_dossier *d, const struct dossier_entry *e, const json_t *body, char *why)
{
    int scope = flow_scope_from(text_of(body, "scope")), class_ = flow_class_from(text_of(body, "class")),
        mode = mode_from(text_of(body, "mode"));
    if (scope < 0 || class_ < 0 || mode < 0)
        return refuse(why, "opened", "scope, class and mode", "others");
    if (d->opened_ms)
        return refuse(why, "opened", "to be the first entry", "a second one");
    d->scope = (enum flow_scope)scope;
    d->class_ = (enum flow_class)class_;
    d->mode = (enum flow_mode)mode;
    if (!add_visit_of(d, FLOW_DEPARTURE, text_of(body, "station"), e, why))
        return false;
    d->shared = json_is_true(json_object_get(body, "shared_platform"));
    d->goods = json_incref(json_object_get(body, "goods"));
    d->opened_ms = e->time_ms;
    memcpy(d->journey, e->journey, sizeof d->journey);
    return true;
}

static bool add_visit(struct flow_dossier *d, const struct dossier_entry *e, const json_t *body, char *why)
{
    int stage = flow_stage_from(text_of(body, "stage"));
    if (stage != FLOW_EN_ROUTE && stage != FLOW_DESTINATION)
        return refuse(why, "stage", "en-route or destination", text_of(body, "stage"));
    return add_visit_of(d, (enum flow_stage)stage, text_of(body, "station"), e, why);
}

/* What an act says in its values is a statement of its source. */
static bool add_values(struct flow_dossier *d, const struct flow_act *act, const struct dossier_entry *e)
{
    const char *name;
    json_t *value;
    json_object_foreach(act->values, name, value)
    {
        enum flow_field field = flow_field_from(name);
        const char *text = json_string_value(value);
        if (field == FLOW_FIELDS || !text || !flow_field_is_compared(field))
            continue;
        struct flow_statement s = {.field = field, .source = act->source, .visit = act->visit, .number = e->number, .time_ms = e->time_ms};
        snprintf(s.value, sizeof s.value, "%s", text);
        snprintf(s.station, sizeof s.station, "%s", d->visits[act->visit - 1].station);
        snprintf(s.user, sizeof s.user, "%s", e->user);
        snprintf(s.user_name, sizeof s.user_name, "%s", e->user_name);
        if (!add_statement(d, &s))
            return false;
    }
    return true;
}

/* Another platform's file may hold anything: of its values and files only texts are taken. New reference. */
static json_t *only_texts(const json_t *list)
{
    json_t *texts = json_is_object(list) ? json_object() : json_array(), *value;
    const char *name;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)list, name, value) if (json_is_string(value)) json_object_set(texts, name, value);
    json_array_foreach((json_t *)(uintptr_t)list, i, value) if (json_is_string(value)) json_array_append(texts, value);
    return texts;
}

static bool add_act(struct flow_dossier *d, const struct dossier_entry *e, const json_t *body, char *why)
{
    const struct flow_visit *v = flow_visit_get(d, (unsigned)json_integer_value(json_object_get(body, "visit")));
    int step = v ? flow_step_find(v->procedure, text_of(body, "step")) : -1;
    int outcome = flow_outcome_from(text_of(body, "outcome")), source = flow_source_from(text_of(body, "source"));
    if (step < 0 || outcome < 0)
        return refuse(why, "act", "a step of a visit, and an outcome", text_of(body, "step"));
    struct flow_act act = {.visit = v->number,
                           .step = step,
                           .outcome = (enum flow_outcome)outcome,
                           .source = source < 0 ? FLOW_SAID_OFFICER : (enum flow_source)source,
                           .number = e->number,
                           .time_ms = e->time_ms,
                           .imported = e->origin[0] != '\0'};
    snprintf(act.user, sizeof act.user, "%s", e->user);
    snprintf(act.user_name, sizeof act.user_name, "%s", e->user_name);
    snprintf(act.reason, sizeof act.reason, "%s", text_of(body, "reason"));
    void *list = d->acts;
    if (!grow(&list, d->n_acts, &d->room_acts, sizeof act))
        return refuse(why, "act", "memory for it", "none");
    d->acts = list;
    act.values = only_texts(json_object_get(body, "values"));
    act.files = only_texts(json_object_get(body, "files"));
    d->acts[d->n_acts++] = act;
    return act.outcome == FLOW_REFUSED || act.outcome == FLOW_SKIPPED || add_values(d, &act, e) || refuse(why, "act", "memory", "none");
}

static bool add_said(struct flow_dossier *d, const struct dossier_entry *e, const json_t *body, char *why)
{
    enum flow_field field = flow_field_from(text_of(body, "field"));
    int source = flow_source_from(text_of(body, "source"));
    if (field == FLOW_FIELDS || source < 0)
        return refuse(why, "statement", "a field and a source", text_of(body, "field"));
    int64_t time_ms = bulla_time_get(text_of(body, "time"));
    struct flow_statement s = {.field = field,
                               .source = (enum flow_source)source,
                               .number = e->number,
                               .time_ms = time_ms == BULLA_TIME_NONE ? e->time_ms : time_ms,
                               .visit = (unsigned)json_integer_value(json_object_get(body, "visit"))};
    snprintf(s.value, sizeof s.value, "%s", text_of(body, "value"));
    snprintf(s.station, sizeof s.station, "%s", text_of(body, "station"));
    snprintf(s.user, sizeof s.user, "%s", e->user);
    snprintf(s.user_name, sizeof s.user_name, "%s", e->user_name);
    if (!add_statement(d, &s))
        return refuse(why, "statement", "memory", "none");
    d->statements[d->n_statements - 1].files = only_texts(json_object_get(body, "files"));
    return true;
}

bool flow_dossier_add(struct flow_dossier *d, const struct dossier_entry *e, char why[MODEL_WHY_SIZE])
{
    static bool (*const add[])(struct flow_dossier *, const struct dossier_entry *, const json_t *, char *) = {
        [ENTRY_OPENED] = add_opened, [ENTRY_VISIT] = add_visit, [ENTRY_ACT] = add_act, [ENTRY_STATEMENT] = add_said};
    json_t *body = json_loads(e->body, 0, NULL);
    bool known = json_is_object(body) && e->kind >= ENTRY_OPENED && e->kind <= ENTRY_STATEMENT;
    bool ok = known ? (d->opened_ms || e->kind == ENTRY_OPENED || refuse(why, "entry", "a dossier that is open", "none")) &&
                          add[e->kind](d, e, body, why)
                    : refuse(why, "entry", "a JSON object of a known kind", "another");
    json_decref(body);
    if (ok)
        d->version = e->number;
    return ok;
}

/* --- what is known without an entry --- */

static bool declare(struct flow_dossier *d, const struct journey *j, enum flow_field field, const char *value)
{
    struct flow_statement s = {.field = field, .source = FLOW_SAID_DECLARATION, .time_ms = j->created_ms};
    char why[MODEL_WHY_SIZE];
    if (!value[0] || !flow_field_tidy(field, value, s.value, why))
        return true;
    return add_statement(d, &s);
}

/* "A,B,C" of texts; those that do not fit are left out. */
static void join(char to[FLOW_VALUE_SIZE], const char *text)
{
    size_t n = strlen(to);
    if (n + strlen(text) + 2 < FLOW_VALUE_SIZE)
        snprintf(to + n, FLOW_VALUE_SIZE - n, "%s%s", n ? "," : "", text);
}

bool flow_dossier_add_record(struct flow_dossier *d, const struct journey *j)
{
    char containers[FLOW_VALUE_SIZE] = "", seals[FLOW_VALUE_SIZE] = "";
    for (size_t i = 0; i < j->n_containers; i++)
        join(containers, j->containers[i]);
    for (size_t i = 0; i < j->n_seals; i++)
        join(seals, strchr(j->seals[i], ':') ? strchr(j->seals[i], ':') + 1 : j->seals[i]);
    enum flow_field vehicle = j->mode == JOURNEY_MODE_RAIL ? FLOW_TRAIN : j->mode == JOURNEY_MODE_VESSEL ? FLOW_VESSEL : FLOW_PLATE;
    return declare(d, j, FLOW_DECLARATION_NUMBER, j->reference) && declare(d, j, FLOW_TRANSIT_DOCUMENT, j->reference) &&
           declare(d, j, vehicle, j->vehicle) && declare(d, j, FLOW_CONTAINER, containers) && declare(d, j, FLOW_SEAL_NUMBER, seals) &&
           declare(d, j, FLOW_DRIVER, j->driver) && declare(d, j, FLOW_GOODS, j->cargo);
}

void flow_dossier_add_decision(struct flow_dossier *d, bool inspect, int64_t time_ms, const char *user)
{
    for (size_t i = d->n_visits; i-- > 0;) {
        const struct flow_visit *v = &d->visits[i];
        int step = v->stage == FLOW_DESTINATION ? flow_step_find(v->procedure, "decide") : -1;
        if (step < 0 || v->imported || time_ms < v->opened_ms || flow_act_of(d, v->number, step))
            continue;
        void *list = d->acts;
        if (!grow(&list, d->n_acts, &d->room_acts, sizeof *d->acts))
            return;
        d->acts = list;
        struct flow_act *act = &d->acts[d->n_acts++];
        *act = (struct flow_act){.visit = v->number,
                                 .step = step,
                                 .outcome = inspect ? FLOW_FOUND_SUSPECT : FLOW_FOUND_CLEAN,
                                 .source = FLOW_SAID_OFFICER,
                                 .time_ms = time_ms};
        snprintf(act->user, sizeof act->user, "%s", user);
        return;
    }
}

/* --- looking --- */

const struct flow_visit *flow_visit_get(const struct flow_dossier *d, unsigned number)
{
    return number >= 1 && number <= d->n_visits ? &d->visits[number - 1] : NULL;
}

static const struct flow_act *last_act(const struct flow_dossier *d, unsigned visit, int step, bool refused_too)
{
    for (size_t i = d->n_acts; i-- > 0;) {
        const struct flow_act *act = &d->acts[i];
        if (act->visit == visit && act->step == step && (refused_too || act->outcome != FLOW_REFUSED))
            return act;
    }
    return NULL;
}

const struct flow_act *flow_act_of(const struct flow_dossier *d, unsigned visit, int step)
{
    return last_act(d, visit, step, false);
}

const struct flow_act *flow_act_last(const struct flow_dossier *d, unsigned visit, int step)
{
    return last_act(d, visit, step, true);
}
