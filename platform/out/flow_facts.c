/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known outside of a dossier: from what seals say, from alarms, tasks, commands, files and decisions.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/out/dossiers.h"
#include "platform/out/facts.h"

/* --- alarms and tasks --- */

static void count_alarm(void *context, const void *record)
{
    struct flow_facts *f = context;
    const struct alarm *a = record;
    bool is_false = a->state == ALARM_STATE_RESOLVED && a->finding == ALARM_FINDING_FALSE;
    if (a->grade < 2 || a->state == ALARM_STATE_WITHDRAWN || is_false)
        return;
    f->raised++;
    f->open += a->state < ALARM_STATE_RESOLVED;
    f->dispatched += a->state >= ALARM_STATE_DISPATCHED;
}

static void count_task(void *context, const void *record)
{
    struct flow_facts *f = context;
    const struct paper *p = record;
    f->dispatched += p->state != PAPER_WITHDRAWN;
    f->reported += p->state == PAPER_REPORTED || p->state == PAPER_CLOSED;
}

static bool look_at_alarms(struct out_request *r, const struct journey *j, struct flow_facts *f)
{
    struct store_query alarms = {.limit = 1000}, tasks = {.limit = 1000, .kind = "task"};
    char next[120];
    snprintf(alarms.journey, sizeof alarms.journey, "%s", j->id);
    snprintf(tasks.journey, sizeof tasks.journey, "%s", j->id);
    return out_store_ok(r, store_alarms(out_store(r), &alarms, count_alarm, f, next), "alarm") &&
           out_store_ok(r, store_papers(out_store(r), &tasks, count_task, f, next), "task");
}

/* --- the lock --- */

static void take_command(void *context, const void *record)
{
    struct command *newest = context;
    const struct command *c = record;
    if (!newest->id[0] && strcmp(c->name, "lock") == 0)
        *newest = *c;
}

/* Why the lock has not confirmed: what became of the order. */
static void look_at_order(struct out_request *r, const struct journey *j, struct flow_facts *f)
{
    struct store_query q = {.limit = 50};
    struct command c = {0};
    char next[120];
    snprintf(q.journey, sizeof q.journey, "%s", j->id);
    if (store_commands(out_store(r), &q, take_command, &c, next) != STORE_OK || !c.id[0])
        return;
    snprintf(f->lock_why, sizeof f->lock_why, "%.36s has not confirmed that it is locked: order %.12s%s%.20s", c.seal,
             command_state_text(c.state), c.answer[0] ? ", " : "", c.answer);
}

static void look_at_lock(struct out_request *r, const struct out_dossier *x, struct flow_facts *f)
{
    unsigned sealed = 0;
    f->sealed_ms = BULLA_TIME_NONE;
    for (size_t i = 0; i < x->j->n_seals; i++) {
        struct live_seal live;
        if (!platform_live_get(r->out->platform, x->j->seals[i], &live))
            continue;
        f->heard |= live.heard_ms >= x->d->opened_ms; /* it was, also when what it said is too old to go by */
        if (live.knowledge == 0)
            continue;
        bool says = live.seal_state != BULLA_SEAL_NONE && live.seal_state != BULLA_SEAL_UNKNOWN;
        f->lock_known |= says;
        sealed += live.seal_state == BULLA_SEAL_SEALED;
        if (live.seal_state == BULLA_SEAL_SEALED && live.time_ms > f->sealed_ms)
            f->sealed_ms = live.time_ms;
        if (says && live.seal_state != BULLA_SEAL_SEALED)
            snprintf(f->lock_why, sizeof f->lock_why, "%.60s says that it is %s", x->j->seals[i], bulla_seal_state_text(live.seal_state));
    }
    f->lock_sealed = x->j->n_seals && sealed == x->j->n_seals;
    if (!f->lock_sealed && !f->lock_why[0])
        look_at_order(r, x->j, f);
}

/* --- readings of seals that say nothing by themselves --- */

/* The last word of a reader or officer on the seal: whole, broken, open or missing; NULL: nobody has looked. */
static const char *last_reading(const struct flow_dossier *d)
{
    for (size_t i = d->n_acts; i-- > 0;) {
        const char *state = json_string_value(json_object_get(d->acts[i].values, "seal_state"));
        if (state && d->acts[i].outcome == FLOW_DONE)
            return state;
    }
    return NULL;
}

static void add_goods(const struct flow_dossier *d, struct risk_input *risk)
{
    const struct flow_statement *hs = flow_declared(d, FLOW_HS_CODE), *un = flow_declared(d, FLOW_UN_NUMBER);
    size_t i;
    json_t *goods;
    json_array_foreach(d->goods, i, goods)
    {
        const char *code = json_string_value(json_object_get(goods, "hs"));
        if (code && risk->n_hs < RISK_GOODS_MAX)
            snprintf(risk->hs[risk->n_hs++], sizeof risk->hs[0], "%.15s", code);
    }
    if (hs && risk->n_hs < RISK_GOODS_MAX)
        snprintf(risk->hs[risk->n_hs++], sizeof risk->hs[0], "%.15s", hs->value);
    risk->dangerous |= un != NULL;
}

bool out_flow_add_risk(struct out_request *r, const struct journey *j, struct risk_input *risk)
{
    struct flow_dossier *d = NULL;
    if (!out_dossier_read(r, j, &d))
        return false;
    if (d) {
        risk->differences = flow_differences(d);
        risk->skipped = flow_skipped(d);
        risk->cross_border |= d->scope == FLOW_CROSS_BORDER;
        add_goods(d, risk);
    }
    flow_dossier_free(d);
    return true;
}

static void add_reading(const struct flow_dossier *d, struct decide_input *in)
{
    const char *state = last_reading(d);
    bool whole = state && strcmp(state, "whole") == 0;
    if (!state)
        return;
    if (!whole || in->integrity == DECIDE_INTEGRITY_UNKNOWN)
        in->integrity = whole ? DECIDE_INTEGRITY_WHOLE : DECIDE_INTEGRITY_VIOLATED;
    if (in->lock == DECIDE_LOCK_UNKNOWN)
        in->lock = whole ? DECIDE_LOCK_SEALED : strcmp(state, "open") == 0 ? DECIDE_LOCK_OPEN : DECIDE_LOCK_UNKNOWN;
}

bool out_flow_add_decide(struct out_request *r, const struct journey *j, struct decide_input *in)
{
    struct flow_dossier *d = NULL;
    if (!out_dossier_read(r, j, &d))
        return false;
    if (d) {
        in->differences = flow_differences(d);
        in->skipped = flow_skipped(d);
        add_reading(d, in);
    }
    flow_dossier_free(d);
    return true;
}

/* --- all of it --- */

bool out_flow_risk(struct out_request *r, struct out_dossier *x)
{
    struct risk_input input;
    if (out_access_is_carrier(r))
        return true;
    json_t *weights = out_policy(r, "risk", &x->risk_policy);
    bool ok = out_facts_risk(r, x->j, &input);
    if (ok)
        risk_assess(&input, weights, &x->risk);
    json_decref(weights);
    return ok && out_facts_decide(r, x->j, &x->risk, &x->facts.decide);
}

/* The decision that stands, if it was taken in this dossier's time. */
static bool look_at_decision(struct out_request *r, struct out_dossier *x)
{
    struct paper *p = out_paper_new(r);
    if (!p)
        return false;
    json_decref(x->decision);
    x->decision = out_decision_standing(r, x->j->id, p);
    const char *word = json_string_value(json_object_get(x->decision, "decision"));
    if (word)
        flow_dossier_add_decision(x->d, strcmp(word, "inspect") == 0, p->created_ms, p->author);
    free(p);
    return true;
}

bool out_flow_facts(struct out_request *r, struct out_dossier *x)
{
    size_t i;
    json_t *document;
    x->facts = (struct flow_facts){.state = x->j->state};
    if (!look_at_alarms(r, x->j, &x->facts) || !look_at_decision(r, x))
        return false;
    json_decref(x->documents);
    if (!out_documents(r, x->j->id, x->d, &x->documents))
        return false;
    json_array_foreach(x->documents, i, document)
    {
        x->facts.files++;
        x->facts.files_in_seal += json_is_true(json_object_get(document, "in_seal"));
    }
    look_at_lock(r, x, &x->facts);
    return true;
}
