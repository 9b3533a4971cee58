/* SPDX-License-Identifier: Apache-2.0
 *
 * Tasks, applications, registrations, returns of seals and emergency openings: one way for all, by the tables of platform/flow/form.c.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/out/paper_effects.h"
#include "platform/out/papers.h"
#include "platform/out/routes.h"

static void list(struct out_request *r, enum paper_kind kind)
{
    struct store_query q = {0};
    char next[120] = "";
    json_t *items = json_array();
    bool ok = out_page_query(r, &q) && out_param_text(r, "state", q.state, sizeof q.state) &&
              out_param_text(r, "journey", q.journey, sizeof q.journey) && out_param_text(r, "user", q.user, sizeof q.user) &&
              out_param_text(r, "about", q.seal, sizeof q.seal) && out_param_text(r, "station", q.object, sizeof q.object) &&
              out_body_wants(r, !q.state[0] || strcmp(q.state, "open") == 0 || paper_state_from(q.state) > 0, "state", "open or a state",
                             q.state);
    if (ok && strcmp(q.user, "me") == 0)
        memcpy(q.user, r->user.id, sizeof q.user);
    snprintf(q.kind, sizeof q.kind, "%s", paper_kind_text(kind));
    if (ok && out_store_ok(r, out_paper_find(r, &q, items, next), paper_kind_text(kind)))
        out_page_answer(r, items, next);
    else
        json_decref(items);
}

static void get(struct out_request *r, enum paper_kind kind)
{
    struct paper *p = out_paper_new(r);
    if (p && out_paper_get(r, kind, p))
        out_answer_record(r, 200, out_paper_json(r, p), p->version);
    free(p);
}

static void create(struct out_request *r, enum paper_kind kind)
{
    char why[MODEL_WHY_SIZE], action[48];
    const struct form *form = form_of(kind);
    struct paper *p = out_paper_new(r);
    if (!p)
        return;
    if (!form_read(form, r->json, p, why)) {
        out_problem_why(r, 422, why);
    } else {
        platform_new_id(r->out->platform, p->id);
        memcpy(p->author, r->user.id, sizeof p->author);
        if (out_access_is_carrier(r))
            memcpy(p->carrier, r->user.party, sizeof p->carrier);
        p->created_ms = p->changed_ms = r->now_ms;
        snprintf(action, sizeof action, "%s.create", paper_kind_text(kind));
        if (paper_begins(r, p) && out_paper_put(r, p, action, form_json(p))) {
            paper_began(r, p);
            out_answer_record(r, 201, out_paper_json(r, p), p->version);
        }
    }
    free(p);
}

/* Whether the user of the request is among those who may. */
static bool is_among(const struct out_request *r, const struct paper *p, unsigned who)
{
    bool author =
        strcmp(p->author, r->user.id) == 0 || (out_access_is_carrier(r) && p->carrier[0] && strcmp(p->carrier, r->user.party) == 0);
    return (who & 1u << r->user.role) || ((who & FORM_HOLDER) && strcmp(p->holder, r->user.id) == 0) || ((who & FORM_AUTHOR) && author);
}

/* False: answered, with what it is and what it could become. */
static bool may_step(struct out_request *r, const struct paper *p, enum paper_state to)
{
    char detail[160];
    unsigned who = form_may(p, to);
    if (!who) {
        snprintf(detail, sizeof detail, "state: expected one that may follow %s, got %s", paper_state_text(p->state), paper_state_text(to));
        out_problem(r, 409, "conflict", "It cannot go there from its state", detail);
        return false;
    }
    if (is_among(r, p, who))
        return true;
    out_problem(r, 403, "forbidden", "This step is not yours to take", NULL);
    return false;
}

static void step(struct out_request *r, enum paper_kind kind)
{
    char why[MODEL_WHY_SIZE], action[48];
    const char *word = out_body_text(r, "state", 1, 20);
    int to = word ? paper_state_from(word) : -1;
    struct paper *p = word && out_body_wants(r, to > 0, "state", "a state", word) ? out_paper_new(r) : NULL;
    if (!p)
        return;
    if (out_paper_get(r, kind, p) && out_page_match(r, p->version) && may_step(r, p, (enum paper_state)to)) {
        enum paper_state from = p->state;
        snprintf(action, sizeof action, "%s.%s", paper_kind_text(kind), word);
        if (!form_step(p, (enum paper_state)to, r->json, r->user.id, r->now_ms, why))
            out_problem_why(r, 422, why);
        else if (paper_steps(r, p, from) && out_paper_put(r, p, action, json_incref(r->json))) {
            paper_stepped(r, p, from);
            out_answer_record(r, 200, out_paper_json(r, p), p->version);
        }
    }
    free(p);
}

#define PAPERS(name, kind)                                                                                                                 \
    void out_##name##_list(struct out_request *r)                                                                                          \
    {                                                                                                                                      \
        list(r, kind);                                                                                                                     \
    }                                                                                                                                      \
    void out_##name##_create(struct out_request *r)                                                                                        \
    {                                                                                                                                      \
        create(r, kind);                                                                                                                   \
    }                                                                                                                                      \
    void out_##name##_get(struct out_request *r)                                                                                           \
    {                                                                                                                                      \
        get(r, kind);                                                                                                                      \
    }                                                                                                                                      \
    void out_##name##_state(struct out_request *r)                                                                                         \
    {                                                                                                                                      \
        step(r, kind);                                                                                                                     \
    }

/* clang-format off */
PAPERS(task, PAPER_TASK)
PAPERS(application, PAPER_APPLICATION)
PAPERS(registration, PAPER_REGISTRATION)
PAPERS(return, PAPER_RETURN)
PAPERS(emergency, PAPER_EMERGENCY)
/* clang-format on */

/* Nobody writes an escalation: the platform does. */
void out_escalation_list(struct out_request *r)
{
    list(r, PAPER_ESCALATION);
}

void out_escalation_state(struct out_request *r)
{
    step(r, PAPER_ESCALATION);
}
