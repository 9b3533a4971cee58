/* SPDX-License-Identifier: Apache-2.0
 *
 * Alarms: the queue, one with its evidence, and what officers do with it.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/flow/escalate.h"
#include "platform/out/observed.h"
#include "platform/out/papers.h"
#include "platform/out/routes.h"

#define BEFORE_MS (24 * 3600 * INT64_C(1000))

json_t *out_alarm_json(struct out_request *r, const struct alarm *a)
{
    json_t *json = alarm_to_json(a);
    if (!out_access_is_carrier(r)) {
        json_object_set_new(json, "handler_name", out_page_user_name(r, a->handler));
        return json;
    }
    json_t *reduced = json_object();
    static const char *const shown[] = {"id", "kind", "grade", "journey", "seal", "onset", "raised", "ended", "state"};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        json_object_set(reduced, shown[i], json_object_get(json, shown[i]));
    json_decref(json);
    return reduced;
}

/* Since when it waits longer than the policy of escalation gives; null: it is in time, or somebody has it. */
static void add_waits(struct out_request *r, json_t *json, const struct alarm *a, const json_t *policy)
{
    int64_t due_ms = policy ? escalate_alarm_due(a, policy) : BULLA_TIME_NONE;
    bool late = due_ms != BULLA_TIME_NONE && due_ms <= r->now_ms;
    if (!out_access_is_carrier(r))
        json_object_set_new(json, "waits", json_time(late ? due_ms : BULLA_TIME_NONE));
}

/* --- lists --- */

static void take_alarm(void *context, const void *record)
{
    struct out_alarms *all = context;
    if (all->n == all->room) {
        size_t room = all->room ? all->room * 2 : 64;
        struct alarm *list = realloc(all->list, room * sizeof *list);
        all->failed |= !list;
        if (!list)
            return;
        all->list = list;
        all->room = room;
    }
    memcpy(&all->list[all->n++], record, sizeof *all->list);
}

/* Journeys that the user may see, by id; asked once each. */
static bool sees(struct out_request *r, json_t *seen, const char *journey)
{
    json_t *known = json_object_get(seen, journey);
    if (known || !out_access_is_carrier(r))
        return !known || json_is_true(known);
    struct journey *j = NULL;
    bool may = store_journey_get(out_store(r), journey, &j) == STORE_OK && out_access_sees_carrier(r, j->carrier);
    journey_free(j);
    json_object_set_new(seen, journey, json_boolean(may));
    return may;
}

int out_alarms_read(struct out_request *r, const struct store_query *q, struct out_alarms *to, char next[120])
{
    size_t kept = to->n;
    if (!to->seen)
        to->seen = json_object();
    int outcome = store_alarms(out_store(r), q, take_alarm, to, next);
    for (size_t i = kept; i < to->n; i++)
        if (sees(r, to->seen, to->list[i].journey))
            to->list[kept++] = to->list[i];
    to->n = kept;
    return outcome;
}

json_t *out_alarms_json(struct out_request *r, struct out_alarms *alarms, size_t at)
{
    int64_t number;
    json_t *json = out_alarm_json(r, &alarms->list[at]);
    if (!alarms->policy && !out_access_is_carrier(r))
        alarms->policy = out_policy(r, "escalation", &number);
    add_waits(r, json, &alarms->list[at], alarms->policy);
    return json;
}

void out_alarms_clear(struct out_alarms *alarms)
{
    json_decref(alarms->seen);
    json_decref(alarms->policy);
    free(alarms->list);
    *alarms = (struct out_alarms){0};
}

int out_alarm_find(struct out_request *r, const struct store_query *q, json_t *items, char next[120])
{
    struct out_alarms all = {0};
    int outcome = out_alarms_read(r, q, &all, next);
    for (size_t i = 0; i < all.n; i++)
        json_array_append_new(items, out_alarms_json(r, &all, i));
    out_alarms_clear(&all);
    return outcome;
}

static void answer_list(struct out_request *r, const struct store_query *q)
{
    char next[120] = "";
    json_t *items = json_array();
    if (out_store_ok(r, out_alarm_find(r, q, items, next), "alarm"))
        out_page_answer(r, items, next);
    else
        json_decref(items);
}

static int state_or_open(const char *text)
{
    return strcmp(text, "open") == 0 ? 0 : alarm_state_from(text);
}

void out_alarm_list(struct out_request *r)
{
    struct store_query q = {0};
    int64_t grade = 0;
    if (out_page_query(r, &q) && out_param_word(r, "state", state_or_open, q.state, sizeof q.state) &&
        out_param_word(r, "kind", alarm_kind_from, q.kind, sizeof q.kind) && out_param_text(r, "journey", q.journey, sizeof q.journey) &&
        out_param_text(r, "seal", q.seal, sizeof q.seal) && out_param_number(r, "grade", 1, 3, 0, &grade)) {
        q.grade = (int)grade;
        answer_list(r, &q);
    }
}

void out_journey_alarms(struct out_request *r)
{
    struct store_query q = {0};
    struct journey *j = NULL;
    if (!out_page_query(r, &q) || !out_access_journey(r, r->id, &j))
        return;
    memcpy(q.journey, j->id, sizeof q.journey);
    journey_free(j);
    answer_list(r, &q);
}

/* --- one --- */

static void take_evidence(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    json_array_append_new(context, out_observed_detail(o, raw));
}

static void take_last(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    (void)raw;
    *(struct bulla_observation *)context = *o;
}

static json_t *before_json(struct out_request *r, const struct alarm *a)
{
    struct bulla_observation last = {.received_ms = BULLA_TIME_NONE};
    if (!a->seal[0] ||
        store_observations(out_store(r), a->seal, a->onset_ms - BEFORE_MS, a->onset_ms - 1, 0, take_last, &last) != STORE_OK ||
        last.received_ms == BULLA_TIME_NONE)
        return json_null();
    return observation_to_json(&last);
}

static json_t *next_states(const struct alarm *a)
{
    json_t *list = json_array();
    for (unsigned to = ALARM_STATE_ACKNOWLEDGED; to <= ALARM_STATE_RESOLVED; to++)
        if (alarm_may(a->state, (enum alarm_state)to))
            json_array_append_new(list, json_string(alarm_state_text(to)));
    return list;
}

static void take_file(void *context, const void *record)
{
    json_array_append_new(context, out_file_json(record));
}

void out_alarm_get(struct out_request *r)
{
    struct alarm a;
    if (!out_access_alarm(r, r->id, &a))
        return;
    int64_t number;
    json_t *json = out_alarm_json(r, &a);
    if (!out_access_is_carrier(r)) {
        json_t *evidence = json_array(), *files = json_array();
        for (size_t i = 0; i < a.n_evidence; i++)
            (void)store_observation_get(out_store(r), a.evidence[i], take_evidence, evidence); /* one that is gone is left out */
        (void)store_files(out_store(r), STORE_OF_ALARM, a.id, take_file, files);
        json_object_set_new(json, "observations", evidence);
        json_object_set_new(json, "before", before_json(r, &a));
        json_object_set_new(json, "files", files);
        json_object_set_new(json, "next_states", next_states(&a));
        json_t *policy = out_policy(r, "escalation", &number);
        add_waits(r, json, &a, policy);
        json_decref(policy);
    }
    out_answer_record(r, 200, json, a.version);
}

/* --- what officers do --- */

static bool get_for(struct out_request *r, enum alarm_state to, struct alarm *a)
{
    char detail[120];
    if (!out_access_alarm(r, r->id, a) || !out_page_match(r, a->version))
        return false;
    if (alarm_may(a->state, to))
        return true;
    snprintf(detail, sizeof detail, "state: expected one that %s may follow, got %s", alarm_state_text(to), alarm_state_text(a->state));
    out_problem(r, 409, "conflict", "The alarm cannot go there from its state", detail);
    return false;
}

static void put(struct out_request *r, struct alarm *a, enum alarm_state to, const char *action, json_t *detail)
{
    json_object_set_new(detail, "state", json_pack("[s, s]", alarm_state_text(a->state), alarm_state_text(to)));
    json_object_set_new(detail, "journey", json_string(a->journey));
    struct audit audit = out_page_audit(r, action, a->id, detail);
    a->state = to;
    a->changed_ms = r->now_ms;
    snprintf(a->handler, sizeof a->handler, "%s", r->user.id);
    if (!out_store_ok(r, store_alarm_put(out_store(r), a, &audit), "alarm"))
        return;
    platform_alarm_changed(r->out->platform, a->id);
    json_t *json = out_alarm_json(r, a);
    add_waits(r, json, a, NULL); /* somebody has it now */
    out_answer_record(r, 200, json, a->version);
}

static void set_note(struct alarm *a, const char *note)
{
    if (note[0])
        snprintf(a->note, sizeof a->note, "%s", note);
}

void out_alarm_acknowledge(struct out_request *r)
{
    struct alarm a;
    const char *note = out_body_optional(r, "note", sizeof a.note - 1);
    if (!note || !get_for(r, ALARM_STATE_ACKNOWLEDGED, &a))
        return;
    set_note(&a, note);
    put(r, &a, ALARM_STATE_ACKNOWLEDGED, "alarm.acknowledge", json_pack("{s:s}", "note", note));
}

void out_alarm_dispatch(struct out_request *r)
{
    struct alarm a;
    const char *patrol = out_body_text(r, "patrol", 1, sizeof a.patrol - 1);
    const char *note = patrol ? out_body_optional(r, "note", sizeof a.note - 1) : NULL;
    if (!note || !get_for(r, ALARM_STATE_DISPATCHED, &a))
        return;
    snprintf(a.patrol, sizeof a.patrol, "%s", patrol);
    set_note(&a, note);
    put(r, &a, ALARM_STATE_DISPATCHED, "alarm.dispatch", json_pack("{s:s, s:s}", "patrol", patrol, "note", note));
}

void out_alarm_resolve(struct out_request *r)
{
    struct alarm a;
    const char *finding = out_body_text(r, "finding", 1, 15);
    const char *note = finding ? out_body_text(r, "note", 1, sizeof a.note - 1) : NULL;
    int found = note ? alarm_finding_from(finding) : -1;
    if (!note || !out_body_wants(r, found > ALARM_FINDING_NONE, "finding", "true, false or explained", finding) ||
        !get_for(r, ALARM_STATE_RESOLVED, &a))
        return;
    a.finding = (enum alarm_finding)found;
    set_note(&a, note);
    put(r, &a, ALARM_STATE_RESOLVED, "alarm.resolve", json_pack("{s:s, s:s}", "finding", finding, "note", note));
}
