/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/flow/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum shape { TEXT, WORD, TIME, NUMBER, TEXTS, OBJECT };

struct member {
    const char *name;
    enum shape shape;
    bool needed;
    double low, high;    /* NUMBER */
    const char *words;   /* WORD: "|"-separated */
    size_t column, size; /* a member of struct paper, or size 0: of the body */
};

struct form {
    enum paper_kind kind;
    const char *noun;
    unsigned writers;
    enum paper_state first;
    const struct member *members; /* a NULL name ends them */
};

struct right { /* who may bring a paper of that kind into that state, and what it then needs */
    enum paper_kind kind;
    enum paper_state to;
    unsigned who;
    const struct member *needs;
};

#define COLUMN(member) .column = offsetof(struct paper, member), .size = sizeof(((struct paper *)0)->member)
#define ADMIN          FORM_ROLE(ADMINISTRATOR)
#define WATCH          FORM_ROLE(WATCH_OFFICER)
#define GATE           FORM_ROLE(CHECKPOINT_OFFICER)
#define PATROL         FORM_ROLE(PATROL_OFFICER)
#define CARRIER        FORM_ROLE(CARRIER)
#define TRADER         FORM_ROLE(TRADER)
#define SEALS          FORM_ROLE(SEAL_OPERATOR)
#define OFFICER        (ADMIN | WATCH | GATE)

/* clang-format off */
static const struct member task[] = {
    {"kind", WORD, true, .words = "patrol|inspection|deployment"}, {.name = "alarm", .shape = TEXT, COLUMN(subject)}, {.name = "journey", .shape = TEXT, COLUMN(journey)},
    {.name = "station", .shape = TEXT, COLUMN(station)}, {.name = "assignee", .shape = TEXT, COLUMN(holder)}, {"patrol", TEXT}, {"note", TEXT}, {"due", TIME}, {NULL}};
static const struct member application[] = {
    {"kind", WORD, true, .words = "placing|removal"}, {.name = "journey", .shape = TEXT, COLUMN(journey)}, {.name = "station", .shape = TEXT, .needed = true, COLUMN(station)},
    {"seals", NUMBER, false, 1, 16}, {"wanted_at", TIME}, {"reason", TEXT, true}, {"goods", TEXT}, {"vehicle", TEXT}, {"container", TEXT}, {NULL}};
static const struct member registration[] = {
    {"kind", WORD, true, .words = "carrier|vehicle|driver"}, {.name = "name", .shape = TEXT, .needed = true, COLUMN(subject)}, {.name = "party", .shape = TEXT, .needed = true, COLUMN(carrier)},
    {"until", TIME}, {"document", TEXT}, {"model", TEXT}, {"length_m", NUMBER, false, 0.5, 60}, {"width_m", NUMBER, false, 0.5, 10},
    {"height_m", NUMBER, false, 0.5, 10}, {"weight_kg", NUMBER, false, 50, 500000}, {NULL}};
static const struct member give_back[] = {
    {.name = "seal", .shape = TEXT, .needed = true, COLUMN(subject)}, {.name = "journey", .shape = TEXT, COLUMN(journey)}, {.name = "station", .shape = TEXT, .needed = true, COLUMN(station)},
    {"origin", TEXT}, {"destroyed", WORD, false, .words = "no|yes"}, {"note", TEXT}, {NULL}};
static const struct member emergency[] = {
    {.name = "seal", .shape = TEXT, .needed = true, COLUMN(subject)}, {.name = "journey", .shape = TEXT, .needed = true, COLUMN(journey)}, {"reason", TEXT, true},
    {"minutes", NUMBER, false, 5, 240}, {NULL}};

/* Written by the platform alone. */
static const struct member escalation[] = {
    {.name = "about", .shape = TEXT, COLUMN(subject)}, {.name = "journey", .shape = TEXT, COLUMN(journey)}, {.name = "chief", .shape = TEXT, COLUMN(holder)},
    {"what", TEXT}, {"why", TEXT}, {NULL}};

static const struct form forms[] = {
    {PAPER_ESCALATION, "escalation", 0, PAPER_ACTIVE, escalation},
    {PAPER_TASK, "task", OFFICER, PAPER_OPEN, task},
    {PAPER_APPLICATION, "application", OFFICER | CARRIER | TRADER, PAPER_SUBMITTED, application},
    {PAPER_REGISTRATION, "registration", ADMIN | WATCH, PAPER_ACTIVE, registration},
    {PAPER_RETURN, "return", OFFICER | SEALS, PAPER_RECOVERED, give_back},
    {PAPER_EMERGENCY, "emergency opening", OFFICER | CARRIER, PAPER_REQUESTED, emergency},
};

static const struct member on_the_way[] = {{"note", TEXT}, {"lat", NUMBER, false, -90, 90}, {"lon", NUMBER, false, -180, 180}, {NULL}};
static const struct member report[] = {
    {"note", TEXT, true}, {"findings", OBJECT, true}, {"files", TEXTS}, {"lat", NUMBER, false, -90, 90}, {"lon", NUMBER, false, -180, 180}, {NULL}};
static const struct member with_note[] = {{"note", TEXT}, {"reason", TEXT}, {NULL}};
static const struct member with_reason[] = {{"reason", TEXT, true}, {NULL}};
static const struct member with_station[] = {{.name = "station", .shape = TEXT, COLUMN(station)}, {"note", TEXT}, {NULL}};

static const struct right rights[] = {
    {PAPER_TASK, PAPER_ACCEPTED, FORM_HOLDER | PATROL | OFFICER, on_the_way}, {PAPER_TASK, PAPER_UNDER_WAY, FORM_HOLDER | PATROL | OFFICER, on_the_way},
    {PAPER_TASK, PAPER_ARRIVED, FORM_HOLDER | PATROL | OFFICER, on_the_way},  {PAPER_TASK, PAPER_REPORTED, FORM_HOLDER | PATROL | OFFICER, report},
    {PAPER_TASK, PAPER_CLOSED, ADMIN | WATCH, with_note},                     {PAPER_TASK, PAPER_OPEN, OFFICER | FORM_HOLDER, with_reason},
    {PAPER_TASK, PAPER_WITHDRAWN, ADMIN | WATCH, with_reason},
    {PAPER_APPLICATION, PAPER_ACCEPTED, OFFICER, with_note},                  {PAPER_APPLICATION, PAPER_REFUSED, OFFICER, with_reason},
    {PAPER_APPLICATION, PAPER_DONE, OFFICER, with_note},                      {PAPER_APPLICATION, PAPER_WITHDRAWN, FORM_AUTHOR | ADMIN, with_note},
    {PAPER_REGISTRATION, PAPER_SUSPENDED, ADMIN | WATCH, with_reason},        {PAPER_REGISTRATION, PAPER_ACTIVE, ADMIN | WATCH, with_note},
    {PAPER_REGISTRATION, PAPER_WITHDRAWN, ADMIN, with_reason},
    {PAPER_RETURN, PAPER_CHARGING, OFFICER | SEALS, with_station},            {PAPER_RETURN, PAPER_IN_RETURN, OFFICER | SEALS, with_station},
    {PAPER_RETURN, PAPER_RETURNED, OFFICER | SEALS, with_station},            {PAPER_RETURN, PAPER_DESTROYED, OFFICER | SEALS, with_reason},
    {PAPER_RETURN, PAPER_LOST, OFFICER | SEALS, with_reason},
    {PAPER_ESCALATION, PAPER_CLOSED, ADMIN | WATCH | FORM_HOLDER, with_note},
    {PAPER_EMERGENCY, PAPER_APPROVED, ADMIN | WATCH, with_note},              {PAPER_EMERGENCY, PAPER_REFUSED, ADMIN | WATCH, with_reason},
    {PAPER_EMERGENCY, PAPER_WITHDRAWN, FORM_AUTHOR | ADMIN, with_note},
};
/* clang-format on */

const struct form *form_of(enum paper_kind kind)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].kind == kind)
            return &forms[i];
    return NULL;
}

unsigned form_writers(const struct form *form)
{
    return form->writers;
}

const char *form_noun(const struct form *form)
{
    return form->noun;
}

/* --- reading --- */

static bool refuse(char *why, const char *member, const char *expected, const json_t *got)
{
    char *text = got ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    snprintf(why, MODEL_WHY_SIZE, "%s: expected %s, got %.60s", member, expected, text ? text : "nothing");
    free(text);
    return false;
}

static bool is_one_of(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (n == strcspn(at, "|") && strncmp(at, word, n) == 0)
            return true;
    return false;
}

#define TEXT_MOST 1000

static bool is_text(const struct member *m, const json_t *value)
{
    size_t most = m->size ? m->size - 1 : TEXT_MOST, n = json_string_length(value);
    return json_is_string(value) && n <= most && strlen(json_string_value(value)) == n && (n > 0 || !m->needed);
}

static bool fits(const struct member *m, const json_t *value, char *why)
{
    char expected[120];
    size_t i;
    json_t *item;
    switch (m->shape) {
    case TEXT:
        snprintf(expected, sizeof expected, "a text of %d to %zu bytes", m->needed ? 1 : 0, m->size ? m->size - 1 : (size_t)TEXT_MOST);
        return is_text(m, value) || refuse(why, m->name, expected, value);
    case WORD:
        snprintf(expected, sizeof expected, "one of %s", m->words);
        return (json_is_string(value) && is_one_of(m->words, json_string_value(value))) || refuse(why, m->name, expected, value);
    case TIME:
        return (json_is_string(value) && bulla_time_get(json_string_value(value)) != BULLA_TIME_NONE) ||
               refuse(why, m->name, "a time", value);
    case NUMBER:
        snprintf(expected, sizeof expected, "a number from %g to %g", m->low, m->high);
        return (json_is_number(value) && json_number_value(value) >= m->low && json_number_value(value) <= m->high) ||
               refuse(why, m->name, expected, value);
    case TEXTS:
        json_array_foreach((json_t *)(uintptr_t)value, i, item) if (!json_is_string(item) || json_string_length(item) > 80) return refuse(
            why, m->name, "a list of short texts", value);
        return json_is_array(value) || refuse(why, m->name, "a list of short texts", value);
    default:
        return json_is_object(value) || refuse(why, m->name, "an object", value);
    }
}

static const struct member *find(const struct member *members, const char *name)
{
    for (; members->name; members++)
        if (strcmp(members->name, name) == 0)
            return members;
    return NULL;
}

/* Whether all that was sent is known and fits, and all that is needed was sent. `also`: a name that is read elsewhere. */
static bool check(const struct member *members, const json_t *sent, const char *also, char *why)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)sent, key, value)
    {
        const struct member *m = find(members, key);
        if (!m && strcmp(key, also) != 0)
            return refuse(why, key, "no such member", value);
        if (m && !json_is_null(value) && !fits(m, value, why))
            return false;
    }
    for (const struct member *m = members; m->name; m++) {
        const json_t *got = json_object_get(sent, m->name);
        if (m->needed && (!got || json_is_null(got)))
            return refuse(why, m->name, "a value", got);
    }
    return true;
}

static bool write_body(struct paper *p, const json_t *body, char *why)
{
    size_t n = json_dumpb(body, p->body, sizeof p->body - 1, JSON_COMPACT);
    if (n >= sizeof p->body)
        return refuse(why, "body", "less of it", NULL);
    p->body[n] = '\0';
    return true;
}

static void take(const struct member *members, const json_t *sent, struct paper *p, json_t *body)
{
    for (const struct member *m = members; m->name; m++) {
        json_t *value = json_object_get(sent, m->name);
        if (!value || json_is_null(value))
            continue;
        if (m->size)
            snprintf((char *)p + m->column, m->size, "%s", json_string_value(value));
        else
            json_object_set(body, m->name, value);
    }
}

bool form_read(const struct form *form, const json_t *sent, struct paper *out, char why[MODEL_WHY_SIZE])
{
    if (!check(form->members, sent, "", why))
        return false;
    json_t *body = json_object();
    const char *due = json_string_value(json_object_get(sent, "due"));
    *out = (struct paper){.kind = form->kind, .state = form->first, .due_ms = due ? bulla_time_get(due) : BULLA_TIME_NONE};
    take(form->members, sent, out, body);
    bool fits_in = write_body(out, body, why);
    json_decref(body);
    return fits_in;
}

/* --- steps --- */

static const struct right *right_of(enum paper_kind kind, enum paper_state to)
{
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
        if (rights[i].kind == kind && rights[i].to == to)
            return &rights[i];
    return NULL;
}

unsigned form_may(const struct paper *p, enum paper_state to)
{
    const struct right *right = right_of(p->kind, to);
    return right && paper_may(p->kind, (int)p->state, to) ? right->who : 0;
}

static bool check_findings(const json_t *findings, char *why)
{
    static const struct member members[] = {{"seal_state", WORD, true, .words = "sealed|open|cut|missing|damaged|unknown"},
                                            {"finding", WORD, false, .words = "true|false|explained"},
                                            {"container", TEXT},
                                            {"plate", TEXT},
                                            {"cargo", TEXT},
                                            {NULL}};
    return !findings || check(members, findings, "", why);
}

bool form_step(struct paper *p, enum paper_state to, const json_t *sent, const char *user, int64_t now_ms, char why[MODEL_WHY_SIZE])
{
    static const struct member nothing[] = {{NULL}};
    const struct right *right = right_of(p->kind, to);
    const struct member *needs = right && right->needs ? right->needs : nothing;
    if (!right || !check(needs, sent, "state", why) || !check_findings(json_object_get(sent, "findings"), why))
        return false;
    struct paper changed = *p;
    json_t *body = json_loads(p->body, 0, NULL), *said = json_object();
    if (!body)
        body = json_object();
    take(needs, sent, &changed, said);
    json_object_set_new(said, "state", json_string(paper_state_text(to)));
    json_object_set_new(said, "user", json_string(user));
    json_object_set_new(said, "time", json_time(now_ms));
    json_t *log = json_object_get(body, "log");
    if (!log) {
        log = json_array();
        json_object_set_new(body, "log", log);
    }
    json_array_append_new(log, said);
    changed.state = to;
    changed.changed_ms = now_ms;
    bool fits_in = write_body(&changed, body, why);
    json_decref(body);
    if (fits_in)
        *p = changed;
    return fits_in;
}

bool form_note(struct paper *p, const char *member, json_t *value)
{
    char why[MODEL_WHY_SIZE];
    struct paper changed = *p;
    json_t *body = json_loads(p->body, 0, NULL);
    if (!body)
        body = json_object();
    json_object_set_new(body, member, value);
    bool fits_in = write_body(&changed, body, why);
    json_decref(body);
    if (fits_in)
        *p = changed;
    return fits_in;
}

/* --- showing --- */

/* When each state was reached: {"accepted": time, ...}. */
static json_t *times_of(const json_t *log)
{
    json_t *times = json_object(), *entry;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)log, i, entry)
        json_object_set(times, json_string_value(json_object_get(entry, "state")), json_object_get(entry, "time"));
    return times;
}

json_t *form_json(const struct paper *p)
{
    json_t *json = json_loads(p->body, 0, NULL);
    const struct form *form = form_of(p->kind);
    if (!json)
        json = json_object();
    for (const struct member *m = form ? form->members : NULL; m && m->name; m++)
        if (m->size)
            json_object_set_new(json, m->name, json_text((const char *)p + m->column));
        else if (!json_object_get(json, m->name))
            json_object_set_new(json, m->name, json_null());
    json_object_set_new(json, "times", times_of(json_object_get(json, "log")));
    if (!json_object_get(json, "log"))
        json_object_set_new(json, "log", json_array());
    json_object_set_new(json, "id", json_string(p->id));
    json_object_set_new(json, "state", json_string(paper_state_text(p->state)));
    json_object_set_new(json, "created", json_time(p->created_ms));
    json_object_set_new(json, "changed", json_time(p->changed_ms));
    json_object_set_new(json, "due", json_time(p->due_ms));
    json_object_set_new(json, "author", json_text(p->author));
    json_object_set_new(json, "version", json_integer(p->version));
    return json;
}
