/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/dossiers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/log.h"
#include "platform/out/facts.h"

/* --- reading --- */

struct entries {
    struct dossier_entry **list;
    size_t n, room;
};

static void take_entry(void *context, const void *record)
{
    struct entries *all = context;
    if (all->n == all->room) {
        size_t room = all->room ? all->room * 2 : 64;
        struct dossier_entry **list = realloc(all->list, room * sizeof(struct dossier_entry *));
        if (!list)
            return;
        all->list = list;
        all->room = room;
    }
    struct dossier_entry *copy = malloc(sizeof *copy);
    if (copy)
        all->list[all->n++] = memcpy(copy, record, sizeof *copy);
}

static int by_number(const void *a, const void *b)
{
    const struct dossier_entry *const *left = a, *const *right = b;
    return ((*left)->number > (*right)->number) - ((*left)->number < (*right)->number);
}

static void free_entries(struct entries *all)
{
    for (size_t i = 0; i < all->n; i++)
        free(all->list[i]);
    free(all->list);
}

static bool fold(struct out_request *r, const struct journey *j, const struct entries *all, struct flow_dossier *d)
{
    char why[MODEL_WHY_SIZE] = "";
    for (size_t i = 0; i < all->n; i++)
        if (!flow_dossier_add(d, all->list[i], why)) {
            log_say(LOG_ERROR, "out", "dossier of %s: entry %s cannot be read: %s", j->id, all->list[i]->id, why);
            out_problem(r, 503, "storage", "An entry of the dossier cannot be read", why);
            return false;
        }
    return true;
}

bool out_dossier_read(struct out_request *r, const struct journey *j, struct flow_dossier **out)
{
    struct store_query q = {.limit = 1000};
    struct entries all = {0};
    char next[120] = "";
    int outcome;
    snprintf(q.journey, sizeof q.journey, "%s", j->id);
    *out = NULL;
    do {
        memcpy(q.after, next, sizeof q.after);
        outcome = store_entries(out_store(r), &q, take_entry, &all, next);
    } while (outcome == STORE_OK && next[0]);
    bool ok = out_store_ok(r, outcome, "dossier");
    if (ok && all.n) {
        struct flow_dossier *d = flow_dossier_new();
        qsort(all.list, all.n, sizeof *all.list, by_number);
        ok = d && flow_dossier_add_record(d, j) && fold(r, j, &all, d);
        if (!d)
            out_problem(r, 503, "memory", "There is no memory for this now", NULL);
        *out = ok ? d : NULL;
        if (!ok)
            flow_dossier_free(d);
    }
    free_entries(&all);
    return ok;
}

bool out_dossier_load(struct out_request *r, struct out_dossier *x)
{
    *x = (struct out_dossier){0};
    if (!out_access_journey(r, r->id, &x->j))
        return false;
    if (out_dossier_read(r, x->j, &x->d)) {
        if (!x->d)
            out_problem_missing(r, "dossier");
        else if (out_flow_facts(r, x))
            return true;
    }
    out_dossier_free(x);
    return false;
}

void out_dossier_free(struct out_dossier *x)
{
    journey_free(x->j);
    flow_dossier_free(x->d);
    json_decref(x->documents);
    json_decref(x->decision);
    *x = (struct out_dossier){0};
}

/* --- one more entry --- */

/* What an entry did, in a few words. */
static void describe(const struct dossier_entry *e, char to[200])
{
    json_t *body = json_loads(e->body, 0, NULL);
    const char *step = json_string_value(json_object_get(body, "step")), *field = json_string_value(json_object_get(body, "field"));
    const char *outcome = json_string_value(json_object_get(body, "outcome")), *stage = json_string_value(json_object_get(body, "stage"));
    char time[BULLA_TIME_TEXT];
    bulla_time_put(time, e->time_ms);
    snprintf(to, 200, "%s%s%s%s%s by %s at %s", entry_kind_text(e->kind), step || field || stage ? " " : "",
             step    ? step
             : field ? field
             : stage ? stage
                     : "",
             outcome ? ": " : "", outcome ? outcome : "", e->user_name[0] ? e->user_name : "the platform", time);
    json_decref(body);
}

static void say_conflict(struct out_request *r, const char *journey, int64_t number)
{
    struct dossier_entry *e = calloc(1, sizeof *e);
    char id[ENTRY_ID_SIZE], detail[200] = "";
    snprintf(id, sizeof id, "%s.%" PRId64, journey, number);
    if (e && store_entry_get(out_store(r), id, e) == STORE_OK)
        describe(e, detail);
    out_problem(r, 409, "conflict", "Somebody else was first", detail[0] ? detail : NULL);
    free(e);
}

bool out_dossier_match(struct out_request *r, const struct out_dossier *x)
{
    const char *wanted = out_request_header(r, "If-Match");
    char etag[32];
    snprintf(etag, sizeof etag, "\"%" PRId64 "\"", x->d->version);
    if (!wanted || strcmp(wanted, "*") == 0 || strstr(wanted, etag))
        return true;
    say_conflict(r, x->d->journey, x->d->version);
    return false;
}

static struct dossier_entry *make_entry(struct out_request *r, const struct out_dossier *x, enum entry_kind kind, const json_t *body)
{
    struct dossier_entry *e = calloc(1, sizeof *e);
    size_t n = e ? json_dumpb(body, e->body, sizeof e->body - 1, JSON_COMPACT) : 0;
    if (!e || n >= sizeof e->body || x->d->version >= FLOW_ENTRIES_MAX) {
        (void)out_body_wants(r, !e, "values", "less text, in a dossier of at most 4000 entries", "more");
        free(e);
        return NULL;
    }
    e->body[n] = '\0';
    memcpy(e->journey, x->j->id, sizeof e->journey);
    e->kind = kind;
    e->number = x->d->version + 1;
    e->time_ms = r->now_ms;
    snprintf(e->user, sizeof e->user, "%s", r->user.id);
    snprintf(e->user_name, sizeof e->user_name, "%s", r->user.full_name[0] ? r->user.full_name : r->user.name);
    entry_name(e);
    return e;
}

static void publish(struct out_request *r, const struct out_dossier *x)
{
    platform_publish(
        r->out->platform, LIVE_JOURNEY, x->j->carrier,
        json_pack("{s:s, s:s, s:I}", "id", x->j->id, "state", journey_state_text(x->j->state), "version", (json_int_t)x->j->version));
}

bool out_dossier_append(struct out_request *r, struct out_dossier *x, enum entry_kind kind, json_t *body, const char *action)
{
    char why[MODEL_WHY_SIZE] = "";
    struct dossier_entry *e = make_entry(r, x, kind, body);
    bool ok = e != NULL;
    if (ok) {
        struct audit audit = out_page_audit(r, action, x->j->id, json_incref(body));
        int outcome = store_entry_put(out_store(r), e, &audit);
        if (outcome == STORE_CONFLICT)
            say_conflict(r, x->j->id, e->number);
        ok = out_store_ok(r, outcome, "entry");
    }
    if (ok && !flow_dossier_add(x->d, e, why)) {
        log_say(LOG_ERROR, "out", "dossier of %s: entry %s was written and cannot be read: %s", x->j->id, e->id, why);
        out_problem(r, 503, "storage", "An entry of the dossier cannot be read", why);
        ok = false;
    }
    if (ok)
        publish(r, x);
    json_decref(body);
    free(e);
    return ok;
}

void out_dossier_answer(struct out_request *r, struct out_dossier *x, int status)
{
    if (out_flow_facts(r, x) && out_flow_risk(r, x))
        out_answer_record(r, status, out_dossier_json(r, x), x->d->version);
}
