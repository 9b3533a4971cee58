/* SPDX-License-Identifier: Apache-2.0
 *
 * Pre-advice without a shared platform: the journey and its dossier as a file that the next administration takes in, and that comes back
 * with what was done since. An entry is known by the platform that made it and its number there: a file taken in twice changes nothing.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "platform/out/dossiers.h"
#include "platform/out/routes.h"
#include "platform/out/secret.h"

#define FORMAT "bulla-pre-advice-1"

struct list { /* entries of a journey in order */
    struct dossier_entry **at;
    size_t n, room;
};

static void take_entry(void *context, const void *record)
{
    struct list *l = context;
    if (l->n == l->room) {
        size_t room = l->room ? l->room * 2 : 64;
        struct dossier_entry **at = realloc(l->at, room * sizeof(struct dossier_entry *));
        if (!at)
            return;
        l->at = at;
        l->room = room;
    }
    struct dossier_entry *copy = malloc(sizeof *copy);
    if (copy)
        l->at[l->n++] = memcpy(copy, record, sizeof *copy);
}

static int by_number(const void *a, const void *b)
{
    const struct dossier_entry *const *left = a, *const *right = b;
    return ((*left)->number > (*right)->number) - ((*left)->number < (*right)->number);
}

static bool read_list(struct out_request *r, const char *journey, struct list *l)
{
    struct store_query q = {.limit = 1000};
    char next[120] = "";
    int outcome;
    snprintf(q.journey, sizeof q.journey, "%s", journey);
    do {
        memcpy(q.after, next, sizeof q.after);
        outcome = store_entries(out_store(r), &q, take_entry, l, next);
    } while (outcome == STORE_OK && next[0]);
    if (l->n)
        qsort(l->at, l->n, sizeof *l->at, by_number);
    return out_store_ok(r, outcome, "dossier");
}

static void free_list(struct list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->at[i]);
    free(l->at);
}

/* Which platform this is: the name of its store. */
static bool own_name(struct out_request *r, char name[STORE_ID_SIZE + 5])
{
    char fresh[MODEL_ID_SIZE];
    platform_new_id(r->out->platform, fresh);
    return out_store_ok(r, store_setting_fix(out_store(r), "store", fresh, name, STORE_ID_SIZE + 5), "platform");
}

/* PLATFORM/NUMBER of an entry, wherever it was made. */
static void origin_of(const struct dossier_entry *e, const char *own, char to[64])
{
    if (e->origin[0])
        snprintf(to, 64, "%s", e->origin);
    else
        snprintf(to, 64, "%s/%u", own, (unsigned)e->number);
}

static void digest(const json_t *journey, const json_t *seals, const json_t *entries, char hex[72])
{
    json_t *all = json_pack("[O, O, O]", journey, seals, entries);
    char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(12));
    out_sha256_hex(text ? text : "", text ? strlen(text) : 0, hex);
    free(text);
    json_decref(all);
}

/* --- making --- */

static json_t *seals_json(struct out_request *r, const struct journey *j)
{
    json_t *list = json_array();
    for (size_t i = 0; i < j->n_seals; i++) {
        struct seal s;
        if (store_seal_get(out_store(r), j->seals[i], &s) == STORE_OK)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "id", s.id, "class", seal_class_text(s.class_), "label", s.label));
    }
    return list;
}

/* Parties have other ids elsewhere; their codes are the same. */
static json_t *carrier_code(struct out_request *r, const char *id)
{
    struct party p;
    return id[0] && store_party_get(out_store(r), id, &p) == STORE_OK && p.code[0] ? json_string(p.code) : json_null();
}

static json_t *entries_json(const struct list *l, const char *own)
{
    json_t *list = json_array();
    for (size_t i = 0; i < l->n; i++) {
        char origin[64];
        json_t *body = json_loads(l->at[i]->body, 0, NULL);
        origin_of(l->at[i], own, origin);
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:s, s:o}", "origin", origin, "kind", entry_kind_text(l->at[i]->kind),
                                              "time", json_time(l->at[i]->time_ms), "user_name", l->at[i]->user_name, "body",
                                              body ? body : json_object()));
    }
    return list;
}

/* A file's name that tells which journey: its reference as far as a file may be called so. */
static void name_file(struct out_request *r, const struct journey *j)
{
    char name[sizeof j->reference], header[sizeof name + 64];
    snprintf(name, sizeof name, "%s", j->reference[0] ? j->reference : j->id);
    for (char *at = name; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '.' && *at != '_')
            *at = '-';
    snprintf(header, sizeof header, "attachment; filename=\"pre-advice-%s.json\"", name);
    out_answer_header(r, "Content-Disposition", header);
}

void out_pre_advice_get(struct out_request *r)
{
    static const char *const private[] = {"permissions", "credentials", "version", "administration"};
    struct journey *j = NULL;
    struct list l = {0};
    char own[STORE_ID_SIZE + 5], hex[72];
    if (out_access_journey(r, r->id, &j) && read_list(r, j->id, &l) && own_name(r, own)) {
        if (!l.n) {
            out_problem_missing(r, "dossier");
        } else {
            json_t *journey = journey_to_json(j), *entries = entries_json(&l, own), *seals = seals_json(r, j);
            for (size_t i = 0; i < sizeof private / sizeof *private; i++)
                json_object_del(journey, private[i]);
            json_object_set_new(journey, "carrier", carrier_code(r, j->carrier));
            digest(journey, seals, entries, hex);
            out_answer_json(r, 200,
                            json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s}", "format", FORMAT, "platform", own, "made",
                                      json_time(r->now_ms), "journey", journey, "seals", seals, "entries", entries, "digest", hex));
            name_file(r, j);
        }
    }
    free_list(&l);
    journey_free(j);
}

/* --- taking in: the journey --- */

static bool is_whole(struct out_request *r)
{
    const json_t *journey = json_object_get(r->json, "journey"), *entries = json_object_get(r->json, "entries"),
                 *seals = json_object_get(r->json, "seals");
    const char *format = out_body_text(r, "format", 1, 40), *said = format ? out_body_text(r, "digest", 64, 64) : NULL;
    char hex[72];
    if (!said || !out_body_wants(r, strcmp(format, FORMAT) == 0, "format", FORMAT, format) ||
        !out_body_wants(r, json_is_object(journey) && json_is_array(seals) && json_is_array(entries) && json_array_size(entries), "entries",
                        "a journey, its seals and its entries", "others"))
        return false;
    digest(journey, seals, entries, hex);
    return out_body_wants(r, strcmp(hex, said) == 0, "digest", "that of journey, seals and entries: the file is damaged or was changed",
                          said);
}

/* Seals that this platform does not know yet. */
static bool take_seals(struct out_request *r)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(r->json, "seals"), i, one)
    {
        struct seal s, there;
        char why[MODEL_WHY_SIZE];
        if (!seal_from_json(one, &s, why)) {
            out_problem_why(r, 422, why);
            return false;
        }
        if (store_seal_get(out_store(r), s.id, &there) == STORE_OK)
            continue;
        s.life = SEAL_LIFE_SEALED;
        s.created_ms = r->now_ms;
        struct audit audit = out_page_audit(r, "seal.create", s.id, json_pack("{s:s}", "reason", "pre-advice"));
        if (!out_store_ok(r, store_seal_put(out_store(r), &s, &audit), "seal"))
            return false;
        platform_seal_changed(r->out->platform, s.id);
    }
    return true;
}

struct coded {
    const char *code;
    char id[MODEL_ID_SIZE];
};

static void take_coded(void *context, const void *record)
{
    struct coded *c = context;
    const struct party *p = record;
    if (strcmp(p->code, c->code) == 0)
        memcpy(c->id, p->id, sizeof c->id);
}

/* The party of that code here, "" when there is none. */
static bool find_carrier(struct out_request *r, struct journey *j)
{
    struct store_query q = {.limit = 1000};
    char code[MODEL_ID_SIZE], next[120] = "";
    struct coded c = {.code = code};
    int outcome = STORE_OK;
    memcpy(code, j->carrier, sizeof code);
    do {
        memcpy(q.after, next, sizeof q.after);
        outcome = code[0] ? store_parties(out_store(r), &q, take_coded, &c, next) : STORE_OK;
    } while (outcome == STORE_OK && next[0] && !c.id[0]);
    memcpy(j->carrier, c.id, sizeof j->carrier);
    return out_store_ok(r, outcome, "party");
}

static bool make_journey(struct out_request *r, struct journey **out)
{
    char why[MODEL_WHY_SIZE];
    struct journey *j = journey_from_json(json_object_get(r->json, "journey"), why);
    if (!j) {
        out_problem_why(r, 422, why);
        return false;
    }
    j->state = j->state > JOURNEY_UNDER_WAY ? JOURNEY_UNDER_WAY : j->state;
    j->version = 0;
    struct audit audit =
        out_page_audit(r, "journey.create", j->id, json_pack("{s:s, s:s}", "reason", "pre-advice", "reference", j->reference));
    bool ok = find_carrier(r, j) && take_seals(r) && out_page_new_id(r, j->id) &&
              (j->state == JOURNEY_DRAFT || out_journey_can_be_supervised(r, j)) &&
              out_store_ok(r, store_journey_put(out_store(r), j, &audit), "journey");
    if (ok) {
        platform_journey_changed(r->out->platform, j->id);
        *out = j;
    } else {
        journey_free(j);
    }
    return ok;
}

static bool find_journey(struct out_request *r, struct journey **out)
{
    const char *id = json_string_value(json_object_get(json_object_get(r->json, "journey"), "id"));
    if (!out_body_wants(r, id && id[0] && strlen(id) < MODEL_ID_SIZE, "journey.id", "the id of a journey", id ? id : "nothing"))
        return false;
    int found = store_journey_get(out_store(r), id, out);
    return found == STORE_NOT_FOUND ? make_journey(r, out) : out_store_ok(r, found, "journey");
}

/* --- taking in: the entries --- */

/* The local number of each visit of the file. */
struct visits {
    unsigned local[FLOW_VISITS_MAX + 1], n;
};

static bool is_visit(enum entry_kind kind)
{
    return kind == ENTRY_OPENED || kind == ENTRY_VISIT;
}

/* The local entry of that origin, and if it is a visit its number; NULL: not known yet. */
static const struct dossier_entry *known(const struct list *l, const char *origin, const char *own, unsigned *visit)
{
    *visit = 0;
    for (size_t i = 0; i < l->n; i++) {
        char here[64];
        origin_of(l->at[i], own, here);
        *visit += is_visit(l->at[i]->kind);
        if (strcmp(here, origin) == 0)
            return l->at[i];
    }
    return NULL;
}

/* One entry of the file as it is here; NULL: answered. */
static struct dossier_entry *read_entry(struct out_request *r, const struct out_dossier *x, const json_t *one, const struct visits *visits)
{
    const char *origin = json_string_value(json_object_get(one, "origin")), *kind = json_string_value(json_object_get(one, "kind"));
    const char *time = json_string_value(json_object_get(one, "time")), *name = json_string_value(json_object_get(one, "user_name"));
    json_t *body = json_object_get(one, "body");
    struct dossier_entry *e = calloc(1, sizeof *e);
    json_int_t visit = json_integer_value(json_object_get(body, "visit"));
    int number = kind ? entry_kind_from(kind) : -1;
    bool ok = e && origin && strlen(origin) < sizeof e->origin && number >= 0 && time && bulla_time_get(time) != BULLA_TIME_NONE &&
              json_is_object(body) && visit >= 0 && visit <= visits->n;
    if (ok && visit)
        json_object_set_new(body, "visit", json_integer(visits->local[visit]));
    size_t n = ok ? json_dumpb(body, e->body, sizeof e->body - 1, JSON_COMPACT) : 0;
    if (!out_body_wants(r, ok && n < sizeof e->body && x->d->version < FLOW_ENTRIES_MAX, "entries", "entries of a dossier", "another")) {
        free(e);
        return NULL;
    }
    e->body[n] = '\0';
    memcpy(e->journey, x->j->id, sizeof e->journey);
    e->kind = (enum entry_kind)number;
    e->number = x->d->version + 1;
    e->time_ms = bulla_time_get(time);
    snprintf(e->user_name, sizeof e->user_name, "%.*s", (int)sizeof e->user_name - 1, name ? name : "");
    snprintf(e->origin, sizeof e->origin, "%s", origin);
    entry_name(e);
    return e;
}

static bool add_entry(struct out_request *r, struct out_dossier *x, const json_t *one, const struct visits *visits)
{
    char why[MODEL_WHY_SIZE] = "";
    struct dossier_entry *e = read_entry(r, x, one, visits);
    bool ok = e != NULL;
    if (ok && e->kind == ENTRY_OPENED && x->d->opened_ms) {
        out_problem(r, 409, "conflict", "This journey has another dossier here", e->origin);
        ok = false;
    }
    if (ok && !flow_dossier_add(x->d, e, why)) {
        out_problem_why(r, 422, why);
        ok = false;
    }
    if (ok) {
        struct audit audit = out_page_audit(r, "dossier.take", x->j->id, json_pack("{s:s}", "origin", e->origin));
        ok = out_store_ok(r, store_entry_put(out_store(r), e, &audit), "entry");
    }
    free(e);
    return ok;
}

static bool add_entries(struct out_request *r, struct out_dossier *x, const struct list *l, const char *own)
{
    struct visits visits = {.n = 0};
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(r->json, "entries"), i, one)
    {
        const char *origin = json_string_value(json_object_get(one, "origin")), *kind = json_string_value(json_object_get(one, "kind"));
        unsigned visit;
        bool here = origin && known(l, origin, own, &visit);
        if (!here && !add_entry(r, x, one, &visits))
            return false;
        if (kind && entry_kind_from(kind) >= 0 && is_visit((enum entry_kind)entry_kind_from(kind)) && visits.n < FLOW_VISITS_MAX)
            visits.local[++visits.n] = here ? visit : (unsigned)x->d->n_visits;
    }
    return true;
}

void out_pre_advice_take(struct out_request *r)
{
    struct out_dossier x = {0};
    struct list l = {0};
    char own[STORE_ID_SIZE + 5], where[96];
    if (is_whole(r) && find_journey(r, &x.j) && own_name(r, own) && read_list(r, x.j->id, &l) && out_dossier_read(r, x.j, &x.d)) {
        if (!x.d && (x.d = flow_dossier_new()))
            (void)flow_dossier_add_record(x.d, x.j);
        if (x.d && add_entries(r, &x, &l, own) && out_flow_facts(r, &x)) {
            out_journey_follows(r, &x);
            out_dossier_answer(r, &x, 201);
            snprintf(where, sizeof where, "/api/v1/journeys/%s/dossier", x.j->id);
            out_answer_header(r, "Location", where);
        }
    }
    free_list(&l);
    out_dossier_free(&x);
}
