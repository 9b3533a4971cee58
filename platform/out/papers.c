/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/papers.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "platform/out/memo.h"

struct paper *out_paper_new(struct out_request *r)
{
    struct paper *p = calloc(1, sizeof *p);
    if (!p)
        out_problem(r, 503, "memory", "There is no memory for this now", NULL);
    return p;
}

static bool is_seen(const struct out_request *r, const struct paper *p)
{
    return !out_access_is_carrier(r) || (p->carrier[0] && strcmp(p->carrier, r->user.party) == 0);
}

bool out_paper_get(struct out_request *r, enum paper_kind kind, struct paper *out)
{
    int outcome = strlen(r->id) < MODEL_ID_SIZE ? store_paper_get(out_store(r), r->id, out) : STORE_NOT_FOUND;
    if (outcome == STORE_OK && (out->kind != kind || !is_seen(r, out)))
        outcome = STORE_NOT_FOUND;
    return out_store_ok(r, outcome, paper_kind_text(kind));
}

/* Who took each step, by name too. */
static void name_log(struct out_request *r, json_t *log)
{
    size_t i;
    json_t *entry;
    json_array_foreach(log, i, entry)
        json_object_set_new(entry, "user_name", out_page_user_name(r, json_string_value(json_object_get(entry, "user"))));
}

/* What was said with the last step: why it was refused, for who asked and does not see the log. */
static json_t *answer_of(const json_t *log)
{
    size_t n = json_array_size(log);
    const json_t *last = n ? json_array_get(log, n - 1) : NULL;
    json_t *said = json_object_get(last, "reason") ? json_object_get(last, "reason") : json_object_get(last, "note");
    return said ? json_incref(said) : json_null();
}

json_t *out_paper_json(struct out_request *r, const struct paper *p)
{
    json_t *json = form_json(p);
    json_object_set_new(json, "answer", answer_of(json_object_get(json, "log")));
    json_object_set_new(json, "author_name", out_page_user_name(r, p->author));
    if (p->holder[0])
        json_object_set_new(json, "assignee_name", out_page_user_name(r, p->holder));
    if (out_access_is_carrier(r))
        json_object_del(json, "log");
    else
        name_log(r, json_object_get(json, "log"));
    return json;
}

struct papers {
    struct paper **list;
    size_t n, room;
};

static void take_paper(void *context, const void *record)
{
    struct papers *all = context;
    if (all->n == all->room) {
        size_t room = all->room ? all->room * 2 : 64;
        struct paper **list = realloc(all->list, room * sizeof(struct paper *));
        if (!list)
            return;
        all->list = list;
        all->room = room;
    }
    struct paper *copy = malloc(sizeof *copy);
    if (copy)
        all->list[all->n++] = memcpy(copy, record, sizeof *copy);
}

int out_paper_find(struct out_request *r, const struct store_query *q, json_t *items, char next[120])
{
    struct papers all = {0};
    int outcome = store_papers(out_store(r), q, take_paper, &all, next);
    for (size_t i = 0; i < all.n; i++) {
        if (is_seen(r, all.list[i]))
            json_array_append_new(items, out_paper_json(r, all.list[i]));
        free(all.list[i]);
    }
    free(all.list);
    return outcome;
}

/* Who was first, and with what, in one sentence. */
static void say_conflict(struct out_request *r, const char *id)
{
    struct paper *now = calloc(1, sizeof *now);
    char detail[240] = "";
    if (now && store_paper_get(out_store(r), id, now) == STORE_OK) {
        json_t *json = form_json(now), *log = json_object_get(json, "log");
        json_t *last = json_array_get(log, json_array_size(log) ? json_array_size(log) - 1 : 0);
        json_t *name = out_page_user_name(r, json_string_value(json_object_get(last, "user")));
        snprintf(detail, sizeof detail, "%s was first: it is %s since %s", json_is_string(name) ? json_string_value(name) : "somebody else",
                 paper_state_text(now->state), last ? json_string_value(json_object_get(last, "time")) : "a moment ago");
        json_decref(name);
        json_decref(json);
    }
    free(now);
    out_problem(r, 409, "conflict", "Somebody else was first", detail[0] ? detail : NULL);
}

bool out_paper_put(struct out_request *r, struct paper *p, const char *action, json_t *detail)
{
    struct audit audit = out_page_audit(r, action, p->id, detail);
    p->changed_ms = r->now_ms;
    int outcome = store_paper_put(out_store(r), p, &audit);
    if (outcome == STORE_CONFLICT && p->version > 0) {
        say_conflict(r, p->id);
        return false;
    }
    return out_store_ok(r, outcome, paper_kind_text(p->kind));
}

static void take_one(void *context, const void *record)
{
    struct paper *p = context;
    if (!p->id[0])
        memcpy(p, record, sizeof *p);
}

json_t *out_policy(struct out_request *r, const char *name, int64_t *number)
{
    struct store_query q = {.limit = 1, .kind = "policy", .state = "active"};
    char next[120];
    uint64_t age;
    json_t *body = memo_policy(r->out->memo, name, out_machine_ms(r), number, &age);
    if (body)
        return body;
    struct paper *p = calloc(1, sizeof *p);
    *number = 0;
    snprintf(q.seal, sizeof q.seal, "%s", name);
    if (p && store_papers(out_store(r), &q, take_one, p, next) == STORE_OK && p->id[0]) {
        json_t *whole = json_loads(p->body, 0, NULL);
        body = json_incref(json_object_get(whole, "body"));
        *number = json_integer_value(json_object_get(whole, "number"));
        json_decref(whole);
    }
    free(p);
    body = body ? body : policy_default(name);
    memo_policy_keep(r->out->memo, name, out_machine_ms(r), body, *number, age);
    return body;
}
