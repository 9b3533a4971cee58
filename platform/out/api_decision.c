/* SPDX-License-Identifier: Apache-2.0
 *
 * Risk and decision of a journey: what is proposed and why, what a person decided, how well the score told what was found.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "platform/out/facts.h"
#include "platform/out/papers.h"
#include "platform/out/routes.h"

struct judged {
    struct risk risk;
    struct decided decided;
    struct decide_input in;
    int64_t risk_policy, grade_policy;
};

/* What follows from the risk and the other inputs. */
static void conclude(struct out_request *r, struct judged *x)
{
    int64_t number;
    json_t *grades = out_policy(r, "grade-table", &x->grade_policy), *automatic = out_policy(r, "automatic-release", &number);
    decide(&x->in, grades, automatic, &x->decided);
    json_decref(grades);
    json_decref(automatic);
}

static bool judge(struct out_request *r, const struct journey *j, struct judged *out)
{
    struct risk_input facts;
    json_t *weights = out_policy(r, "risk", &out->risk_policy);
    bool ok = out_facts_risk(r, j, &facts);
    if (ok)
        risk_assess(&facts, weights, &out->risk);
    json_decref(weights);
    ok = ok && out_facts_decide(r, j, &out->risk, &out->in);
    if (ok)
        conclude(r, out);
    return ok;
}

void out_journey_risk(struct out_request *r)
{
    struct journey *j = NULL;
    struct risk_input facts;
    struct risk risk;
    int64_t number;
    if (!out_access_journey(r, r->id, &j))
        return;
    json_t *weights = out_policy(r, "risk", &number);
    if (out_facts_risk(r, j, &facts)) {
        risk_assess(&facts, weights, &risk);
        out_answer_json(r, 200, out_risk_json(&risk, number));
    }
    json_decref(weights);
    journey_free(j);
}

/* --- the decision --- */

static json_t *inputs_json(const struct judged *x)
{
    return json_pack("{s:i, s:s, s:s, s:i, s:s}", "risk", x->risk.score, "lock", decide_lock_text(x->in.lock), "supervision",
                     decide_supervision_text(x->in.supervision), "alarms", (int)(x->in.open[1] + x->in.open[2] + x->in.open[3]),
                     "integrity", decide_integrity_text(x->in.integrity));
}

static json_t *texts(const char *const *list, size_t n)
{
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(out, json_string(list[i]));
    return out;
}

static json_t *decision_json(const struct judged *x, const char *decision)
{
    json_t *reasons = json_array();
    for (size_t i = 0; i < x->decided.n_reasons; i++)
        json_array_append_new(reasons, json_string(x->decided.reasons[i]));
    return json_pack("{s:s, s:b, s:n, s:n, s:o, s:o, s:o, s:o, s:I}", "decision", decision, "automatic", x->decided.may_release_itself,
                     "by", "time", "reasons", reasons, "inputs", inputs_json(x), "risk", out_risk_json(&x->risk, x->risk_policy), "missing",
                     texts(x->decided.missing, x->decided.n_missing), "policy_version", (json_int_t)x->grade_policy);
}

/* The decision that stands, as it was written; NULL: none yet. */
json_t *out_decision_standing(struct out_request *r, const char *journey, struct paper *p)
{
    struct store_query q = {.limit = 1, .kind = "decision", .state = "done"};
    json_t *items = json_array();
    char next[120];
    snprintf(q.journey, sizeof q.journey, "%s", journey);
    int outcome = out_paper_find(r, &q, items, next);
    json_t *first = json_array_get(items, 0), *json = NULL;
    if (outcome == STORE_OK && first && store_paper_get(out_store(r), json_string_value(json_object_get(first, "id")), p) == STORE_OK) {
        json = json_loads(p->body, 0, NULL);
        json_object_set_new(json, "by", out_page_user_name(r, p->author));
        json_object_set_new(json, "time", json_time(p->created_ms));
    }
    json_decref(items);
    return json;
}

static const char *proposed(const struct judged *x)
{
    return x->decided.inspect ? "inspect" : "release";
}

json_t *out_decision_proposal(struct out_request *r, const struct decide_input *in, int64_t risk_policy)
{
    struct judged x = {.risk = in->risk, .in = *in, .risk_policy = risk_policy};
    conclude(r, &x);
    return decision_json(&x, proposed(&x));
}

void out_journey_decision(struct out_request *r)
{
    struct journey *j = NULL;
    struct judged x;
    struct paper *p = out_paper_new(r);
    if (p && out_access_journey(r, r->id, &j)) {
        json_t *json = out_decision_standing(r, j->id, p);
        if (json)
            out_answer_json(r, 200, json);
        else if (judge(r, j, &x))
            out_answer_json(r, 200, decision_json(&x, proposed(&x)));
    }
    journey_free(j);
    free(p);
}

static bool write_decision(struct out_request *r, const struct journey *j, json_t *json, struct paper *p)
{
    size_t n = json_dumpb(json, p->body, sizeof p->body - 1, JSON_COMPACT);
    if (!out_body_wants(r, n < sizeof p->body, "reason", "a shorter one", "more than fits"))
        return false;
    p->body[n] = '\0';
    platform_new_id(r->out->platform, p->id);
    memcpy(p->journey, j->id, sizeof p->journey);
    memcpy(p->author, r->user.id, sizeof p->author);
    p->kind = PAPER_DECISION;
    p->state = PAPER_DONE;
    p->created_ms = r->now_ms;
    p->due_ms = BULLA_TIME_NONE;
    p->version = 0;
    json_t *detail = json_copy(json); /* an audit entry is short, and may be shortened: the whole stands in the paper */
    json_object_del(detail, "risk");
    return out_paper_put(r, p, "journey.decide", detail);
}

/* A second examination needs its reason, and so does what goes against the proposal (WCO 13.4). */
static bool may_decide(struct out_request *r, const char *decision, const char *reason, const char *proposal, const json_t *before)
{
    const char *why = before                            ? "a reason: this journey was decided before"
                      : strcmp(decision, proposal) != 0 ? "a reason: it is against the proposal"
                                                        : NULL;
    return out_body_wants(r, !why || reason[0], "reason", why ? why : "", "nothing");
}

bool out_decision_fits(struct out_request *r, const struct journey *j, const char *decision, const char *reason)
{
    struct judged x;
    struct paper *old = out_paper_new(r);
    bool ok = old && judge(r, j, &x);
    json_t *before = ok ? out_decision_standing(r, j->id, old) : NULL;
    ok = ok && may_decide(r, decision, reason, proposed(&x), before);
    json_decref(before);
    free(old);
    return ok;
}

json_t *out_decision_take(struct out_request *r, const struct journey *j, const char *decision, const char *reason)
{
    struct judged x;
    json_t *json = NULL;
    struct paper *p = out_paper_new(r), *old = p ? out_paper_new(r) : NULL;
    if (old && judge(r, j, &x)) {
        json_t *before = out_decision_standing(r, j->id, old);
        json = decision_json(&x, decision);
        json_object_set_new(json, "automatic", json_false());
        json_object_set_new(json, "proposal", json_string(proposed(&x)));
        json_object_set_new(json, "reason", json_string(reason));
        if (before) {
            old->state = PAPER_SUPERSEDED;
            old->changed_ms = r->now_ms;
        }
        if ((!before || out_paper_put(r, old, "journey.decide", NULL)) && write_decision(r, j, json, p)) {
            json_object_set_new(json, "by", out_page_user_name(r, p->author));
            json_object_set_new(json, "time", json_time(p->created_ms));
        } else {
            json_decref(json);
            json = NULL;
        }
        json_decref(before);
    }
    free(p);
    free(old);
    return json;
}

void out_journey_decide(struct out_request *r)
{
    struct journey *j = NULL;
    const char *decision = out_body_text(r, "decision", 1, 10), *reason = decision ? out_body_optional(r, "reason", 400) : NULL;
    bool known = reason && (strcmp(decision, "release") == 0 || strcmp(decision, "inspect") == 0);
    if (!reason || !out_body_wants(r, known, "decision", "release or inspect", decision))
        return;
    if (out_access_journey(r, r->id, &j) && out_decision_fits(r, j, decision, reason)) {
        json_t *json = out_decision_take(r, j, decision, reason);
        if (json)
            out_answer_json(r, 201, json);
    }
    journey_free(j);
}

/* --- how well the score told --- */

#define BACKTEST_MOST 500

struct scored {
    char (*ids)[MODEL_ID_SIZE];
    size_t n;
};

static void take_id(void *context, const void *record)
{
    struct scored *s = context;
    if (s->n < BACKTEST_MOST)
        memcpy(s->ids[s->n++], ((const struct journey *)record)->id, MODEL_ID_SIZE);
}

/* The score without what this journey's own alarms add: what could be known when it began. */
static bool score_of(struct out_request *r, const char *id, const json_t *weights, struct risk_past *out)
{
    struct journey *j = NULL;
    struct risk_input facts;
    struct risk risk;
    if (store_journey_get(out_store(r), id, &j) != STORE_OK || !out_facts_risk(r, j, &facts)) {
        journey_free(j);
        return false;
    }
    out->found = facts.alarms[2] + facts.alarms[3] > 0;
    memset(facts.alarms, 0, sizeof facts.alarms);
    risk_assess(&facts, weights, &risk);
    out->score = risk.score;
    journey_free(j);
    return true;
}

void out_risk_backtest(struct out_request *r)
{
    struct store_query q = {0};
    char next[120];
    if (!out_page_query(r, &q))
        return;
    q.limit = BACKTEST_MOST;
    struct scored s = {calloc(BACKTEST_MOST, MODEL_ID_SIZE), 0};
    struct risk_past *past = calloc(BACKTEST_MOST, sizeof *past);
    struct risk_backtest b;
    int64_t number;
    json_t *weights = out_policy(r, "risk", &number), *tenths = json_array();
    size_t n = 0;
    if (s.ids && past && out_store_ok(r, store_journeys(out_store(r), &q, take_id, &s, next), "journey")) {
        for (size_t i = 0; i < s.n; i++)
            n += score_of(r, s.ids[i], weights, &past[n]);
        risk_backtest(past, n, &b);
        for (unsigned i = 0; i < 10; i++)
            json_array_append_new(tenths, json_pack("{s:i, s:i, s:i, s:i}", "from", (int)i * 10, "until", (int)i * 10 + 10, "journeys",
                                                    (int)b.count[i], "with_violation", (int)b.hits[i]));
        out_answer_json(r, 200,
                        json_pack("{s:i, s:i, s:o, s:O, s:I}", "journeys", (int)b.n, "with_violation", (int)b.found, "auc",
                                  isnan(b.auc) ? json_null() : json_real(b.auc), "tenths", tenths, "policy_version", (json_int_t)number));
    }
    json_decref(tenths);
    json_decref(weights);
    free(s.ids);
    free(past);
}
