/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies: each change is a new version, with who and when; old versions stay to be read, and what was decided by one names its number.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/flow/policy.h"
#include "platform/out/memo.h"
#include "platform/out/papers.h"
#include "platform/out/routes.h"

#define POLICY_NAME_MOST 20

/* As the interface shows it; `p` NULL: the default, which nobody has written. */
static json_t *policy_json(struct out_request *r, const char *name, const struct paper *p)
{
    json_t *whole = p ? json_loads(p->body, 0, NULL) : NULL;
    json_t *json = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "name", name, "number",
                             p ? json_incref(json_object_get(whole, "number")) : json_integer(0), "body",
                             p ? json_incref(json_object_get(whole, "body")) : policy_default(name), "reason",
                             p ? json_incref(json_object_get(whole, "reason")) : json_null(), "time",
                             json_time(p ? p->created_ms : BULLA_TIME_NONE), "user_name", out_page_user_name(r, p ? p->author : ""));
    json_decref(whole);
    return json;
}

static void take_newest(void *context, const void *record)
{
    struct paper *p = context;
    if (!p->id[0])
        memcpy(p, record, sizeof *p);
}

/* The version that holds; p->id is "" where it is the default. False: the store failed, answered. */
static bool holding(struct out_request *r, const char *name, struct paper *p)
{
    struct store_query q = {.limit = 1, .kind = "policy", .state = "active"};
    char next[120];
    memset(p, 0, sizeof *p);
    snprintf(q.seal, sizeof q.seal, "%s", name);
    return out_store_ok(r, store_papers(out_store(r), &q, take_newest, p, next), "policy");
}

void out_policy_list(struct out_request *r)
{
    struct paper *p = out_paper_new(r);
    json_t *items = json_array();
    for (size_t i = 0; p && policy_names[i]; i++) {
        if (!holding(r, policy_names[i], p)) {
            json_decref(items);
            free(p);
            return;
        }
        json_array_append_new(items, policy_json(r, policy_names[i], p->id[0] ? p : NULL));
    }
    if (p)
        out_page_all(r, items);
    else
        json_decref(items);
    free(p);
}

static bool is_policy(struct out_request *r)
{
    if (policy_exists(r->id))
        return true;
    out_problem_missing(r, "policy");
    return false;
}

void out_policy_get(struct out_request *r)
{
    struct paper *p = is_policy(r) ? out_paper_new(r) : NULL;
    if (p && holding(r, r->id, p)) {
        json_t *json = policy_json(r, r->id, p->id[0] ? p : NULL);
        out_answer_record(r, 200, json, json_integer_value(json_object_get(json, "number")));
    }
    free(p);
}

struct versions {
    struct out_request *r;
    struct paper **list;
    size_t n;
};

#define VERSIONS_MOST 200

static void take_version(void *context, const void *record)
{
    struct versions *v = context;
    struct paper *copy = v->n < VERSIONS_MOST ? malloc(sizeof *copy) : NULL;
    if (copy)
        v->list[v->n++] = memcpy(copy, record, sizeof *copy);
}

void out_policy_versions(struct out_request *r)
{
    struct store_query q = {.limit = VERSIONS_MOST, .kind = "policy"};
    char next[120];
    struct versions v = {r, calloc(VERSIONS_MOST, sizeof(struct paper *)), 0};
    if (!is_policy(r) || !v.list) {
        free(v.list);
        return;
    }
    snprintf(q.seal, sizeof q.seal, "%.*s", POLICY_NAME_MOST, r->id);
    json_t *items = json_array();
    bool ok = out_store_ok(r, store_papers(out_store(r), &q, take_version, &v, next), "policy");
    for (size_t i = 0; i < v.n; i++) {
        json_array_append_new(items, policy_json(r, r->id, v.list[i]));
        free(v.list[i]);
    }
    free(v.list);
    if (ok)
        out_page_all(r, items);
    else
        json_decref(items);
}

/* The new version, and the old one as superseded: first the old, so that two who write at once cannot both win. */
static void put_version(struct out_request *r, struct paper *old, struct paper *fresh, int64_t number, json_t *body, const char *reason)
{
    json_t *whole = json_pack("{s:I, s:O, s:s}", "number", (json_int_t)number, "body", body, "reason", reason);
    size_t n = json_dumpb(whole, fresh->body, sizeof fresh->body - 1, JSON_COMPACT);
    json_decref(whole);
    if (!out_body_wants(r, n < sizeof fresh->body, "body", "a smaller document", "one of more than 16000 bytes"))
        return;
    fresh->body[n] = '\0';
    snprintf(fresh->id, sizeof fresh->id, "%.*s@%lld", POLICY_NAME_MOST, r->id,
             (long long)number % 1000000000); /* two of one number: a conflict */
    snprintf(fresh->subject, sizeof fresh->subject, "%.*s", POLICY_NAME_MOST, r->id);
    memcpy(fresh->author, r->user.id, sizeof fresh->author);
    fresh->kind = PAPER_POLICY;
    fresh->state = PAPER_ACTIVE;
    fresh->created_ms = r->now_ms;
    fresh->due_ms = BULLA_TIME_NONE;
    if (!out_paper_put(r, fresh, "policy.put", json_pack("{s:I, s:s}", "number", (json_int_t)number, "reason", reason)))
        return;
    if (old->id[0]) {
        old->state = PAPER_SUPERSEDED;
        old->changed_ms = r->now_ms;
        (void)store_paper_put(out_store(r), old, NULL); /* both stand until this works; the newer one holds */
    }
    memo_policy_forget(r->out->memo);
    json_t *json = policy_json(r, r->id, fresh);
    out_answer_record(r, 200, json, number);
}

void out_policy_put(struct out_request *r)
{
    char why[MODEL_WHY_SIZE];
    const char *reason = is_policy(r) ? out_body_text(r, "reason", 1, 200) : NULL;
    json_t *body = json_object_get(r->json, "body");
    struct paper *old = reason ? out_paper_new(r) : NULL, *fresh = old ? out_paper_new(r) : NULL;
    if (fresh && holding(r, r->id, old)) {
        json_t *whole = old->id[0] ? json_loads(old->body, 0, NULL) : NULL;
        int64_t number = json_integer_value(json_object_get(whole, "number"));
        json_decref(whole);
        if (!policy_check(r->id, body, why))
            out_problem_why(r, 422, why);
        else if (out_page_match(r, number))
            put_version(r, old, fresh, number + 1, body, reason);
    }
    free(old);
    free(fresh);
}
