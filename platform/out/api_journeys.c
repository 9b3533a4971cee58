/* SPDX-License-Identifier: Apache-2.0
 *
 * Journeys: lists, entering, changing, their states.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/out/page.h"
#include "platform/out/routes.h"

/* --- as JSON --- */

/* Adds what the live state knows: worst grade, newest fix, last contact. */
static void add_facts(struct out_request *r, json_t *json, const char *id)
{
    int grade = 0;
    int64_t fix_ms = BULLA_TIME_NONE, heard_ms = BULLA_TIME_NONE;
    json_t *position = json_null(), *seals = json_object_get(json, "seals");
    for (size_t i = 0; i < json_array_size(seals); i++) {
        struct live_seal live;
        if (!platform_live_get(r->out->platform, json_string_value(json_array_get(seals, i)), &live) || strcmp(live.journey, id) != 0)
            continue;
        grade = live.grade > grade ? live.grade : grade;
        heard_ms = live.heard_ms > heard_ms ? live.heard_ms : heard_ms;
        if (live.has_fix && live.fix_ms > fix_ms) {
            fix_ms = live.fix_ms;
            json_decref(position);
            position = json_pack("{s:f, s:f, s:o}", "lat", live.lat, "lon", live.lon, "time", json_time(live.fix_ms));
        }
    }
    json_object_set_new(json, "grade", json_integer(grade));
    json_object_set_new(json, "position", position);
    json_object_set_new(json, "heard", json_time(heard_ms));
    json_object_set_new(json, "carrier_name", out_page_party_name(r, json_string_value(json_object_get(json, "carrier"))));
}

static json_t *next_states(const struct journey *j)
{
    json_t *list = json_array();
    for (unsigned to = JOURNEY_DRAFT; to <= JOURNEY_CANCELLED; to++)
        if (journey_may(j->state, (enum journey_state)to))
            json_array_append_new(list, json_string(journey_state_text(to)));
    return list;
}

static void take_any(void *context, const void *record)
{
    (void)record;
    *(bool *)context = true;
}

/* Whether its dossier is open, so that nobody has to ask for one that is not there. */
static bool has_dossier(struct out_request *r, const struct journey *j)
{
    struct store_query q = {.limit = 1};
    char next[120] = "";
    bool found = false;
    memcpy(q.journey, j->id, sizeof j->id);
    return store_entries(out_store(r), &q, take_any, &found, next) == STORE_OK && found;
}

static json_t *whole_json(struct out_request *r, const struct journey *j)
{
    json_t *json = journey_to_json(j);
    add_facts(r, json, j->id);
    if (out_access_is_carrier(r)) {
        json_object_del(json, "credentials");
        json_object_del(json, "permissions");
    } else {
        json_object_set_new(json, "next_states", next_states(j));
    }
    json_object_set_new(json, "dossier", json_boolean(has_dossier(r, j)));
    return json;
}

/* Without what makes a journey long. Called inside the store: no other call to it may be made here. */
static void take_summary(void *context, const void *record)
{
    static const char *const left_out[] = {"route",       "corridor_m", "stops", "dead_zones", "limits", "credentials",
                                           "permissions", "profile",    "zones", "points",     "legs"};
    struct journey *slim = malloc(sizeof *slim);
    if (!slim)
        return;
    memcpy(slim, record, sizeof *slim); /* borrows the heap parts, which are not looked at */
    slim->route.n = slim->n_permissions = slim->n_stops = slim->n_dead_zones = slim->n_limits = slim->n_zones = slim->n_points =
        slim->n_legs = 0;
    json_t *json = journey_to_json(slim);
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        json_object_del(json, left_out[i]);
    json_array_append_new(context, json);
    free(slim);
}

static int state_or_open(const char *text)
{
    return strcmp(text, "open") == 0 ? 0 : journey_state_from(text);
}

#define ETAS_MOST 100 /* journeys of one page whose tracks are read */

static int yes_or_no(const char *text)
{
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ? 0 : -1;
}

/* Whether the list is to say when each will be there, for which its track has to be read. False: answered. */
static bool wants_eta(struct out_request *r, const struct store_query *q, bool *eta)
{
    char word[8] = "", got[16];
    if (!out_param_word(r, "eta", yes_or_no, word, sizeof word))
        return false;
    *eta = strcmp(word, "true") == 0;
    snprintf(got, sizeof got, "%u", (unsigned)q->limit);
    return out_body_wants(r, !*eta || q->limit <= ETAS_MOST, "limit", "at most 100 with eta=true", got);
}

static void add_eta(struct out_request *r, json_t *item)
{
    struct journey *j = NULL;
    json_t *progress = NULL, *eta = NULL;
    bool goes = store_journey_get(out_store(r), json_string_value(json_object_get(item, "id")), &j) == STORE_OK &&
                (j->state == JOURNEY_SEALED || j->state == JOURNEY_UNDER_WAY);
    if (goes) {
        progress = platform_journey_progress(r->out->platform, j);
        eta = json_object_get(progress, "eta");
    }
    json_object_set_new(item, "eta", eta ? json_incref(eta) : json_null());
    json_decref(progress);
    journey_free(j);
}

void out_journey_list(struct out_request *r)
{
    struct store_query q = {0};
    char next[120] = "";
    int64_t grade = 0;
    bool eta = false;
    if (!out_page_query(r, &q) || !out_param_word(r, "state", state_or_open, q.state, sizeof q.state) ||
        !out_param_text(r, "seal", q.seal, sizeof q.seal) || !out_param_number(r, "grade", 1, 3, 0, &grade) ||
        (!q.carrier[0] && !out_param_text(r, "carrier", q.carrier, sizeof q.carrier)) || !wants_eta(r, &q, &eta))
        return;
    q.grade = (int)grade;
    json_t *items = json_array();
    if (!out_store_ok(r, store_journeys(out_store(r), &q, take_summary, items, next), "journey")) {
        json_decref(items);
        return;
    }
    for (size_t i = json_array_size(items); i-- > 0;) {
        json_t *item = json_array_get(items, i);
        if (!out_access_sees_carrier(r, json_string_value(json_object_get(item, "carrier")))) {
            json_array_remove(items, i);
            continue;
        }
        add_facts(r, item, json_string_value(json_object_get(item, "id")));
        if (eta)
            add_eta(r, item);
    }
    out_page_answer(r, items, next);
}

void out_journey_get(struct out_request *r)
{
    struct journey *j = NULL;
    if (!out_access_journey(r, r->id, &j))
        return;
    if (!out_page_unchanged(r, j->version)) {
        json_t *json = whole_json(r, j);
        json_object_set_new(json, "progress", platform_journey_progress(r->out->platform, j));
        out_answer_record(r, 200, json, j->version);
    }
    journey_free(j);
}

/* --- entering and changing --- */

static bool party_exists(struct out_request *r, const char *field, const char *id)
{
    struct party party;
    return out_body_wants(r, !id[0] || store_party_get(out_store(r), id, &party) == STORE_OK, field, "the id of a party", id);
}

static bool is_over(enum journey_state state)
{
    return state == JOURNEY_RELEASED || state == JOURNEY_CANCELLED;
}

/* A seal must be registered and free of other open journeys, unless this one is only a draft. */
static bool seal_is_free(struct out_request *r, const struct journey *j, const char *id)
{
    struct seal seal;
    char other[MODEL_ID_SIZE] = "", got[MODEL_SEAL_SIZE + MODEL_ID_SIZE + 32];
    if (!out_body_wants(r, store_seal_get(out_store(r), id, &seal) == STORE_OK, "seals", "registered seals", id))
        return false;
    if (j->state != JOURNEY_DRAFT)
        out_access_journey_of(r, id, other);
    snprintf(got, sizeof got, "%s, which is in journey %s", id, other);
    return out_body_wants(r, !other[0] || strcmp(other, j->id) == 0, "seals", "seals that are in no other open journey", got);
}

bool out_journey_can_be_supervised(struct out_request *r, const struct journey *j)
{
    char why[MODEL_WHY_SIZE] = "";
    if (!journey_check(j, why, sizeof why)) {
        out_problem_why(r, 422, why);
        return false;
    }
    for (size_t i = 0; i < j->n_seals; i++) {
        for (size_t k = 0; k < i; k++)
            if (!out_body_wants(r, strcmp(j->seals[i], j->seals[k]) != 0, "seals", "each seal once", j->seals[i]))
                return false;
        if (!seal_is_free(r, j, j->seals[i]))
            return false;
    }
    return party_exists(r, "carrier", j->carrier) && party_exists(r, "administration", j->administration);
}

/* The body as a journey, without the members that the platform alone sets. */
static struct journey *read_body(struct out_request *r)
{
    static const char *const ours[] = {"grade",   "carrier_name", "position",   "heard",       "next_states", "permissions", "dossier",
                                       "version", "created",      "arrived_at", "unsealed_at", "progress",    "eta"};
    char why[MODEL_WHY_SIZE];
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        json_object_del(r->json, ours[i]);
    struct journey *j = journey_from_json(r->json, why);
    if (!j)
        out_problem_why(r, 422, why);
    return j;
}

/* Writes it with an audit entry of what changed, tells the engine, answers. */
static void put(struct out_request *r, struct journey *j, int status, const char *action, json_t *detail)
{
    struct audit audit = out_page_audit(r, action, j->id, detail);
    if (!out_store_ok(r, store_journey_put(out_store(r), j, &audit), "journey"))
        return;
    platform_journey_changed(r->out->platform, j->id);
    out_answer_record(r, status, whole_json(r, j), j->version);
}

void out_journey_create(struct out_request *r)
{
    struct journey *j = read_body(r);
    char where[80];
    if (!j)
        return;
    if (!json_object_get(r->json, "state"))
        j->state = JOURNEY_DRAFT;
    j->created_ms = r->now_ms;
    j->version = 0;
    if (j->state != JOURNEY_DRAFT && j->sealed_at_ms == BULLA_TIME_NONE)
        j->sealed_at_ms = r->now_ms;
    if (out_body_wants(r, j->state <= JOURNEY_UNDER_WAY, "state", "draft, sealed or under-way", journey_state_text(j->state)) &&
        out_page_new_id(r, j->id) && out_journey_can_be_supervised(r, j)) {
        put(r, j, 201, "journey.create",
            json_pack("{s:s, s:s, s:s}", "state", journey_state_text(j->state), "reference", j->reference, "vehicle", j->vehicle));
        snprintf(where, sizeof where, "/api/v1/journeys/%s", j->id);
        if (r->status == 201)
            out_answer_header(r, "Location", where);
    }
    journey_free(j);
}

/* What a change of the record must not touch comes from the journey as it is. */
static bool keep_ours(struct journey *to, const struct journey *from)
{
    memcpy(to->id, from->id, sizeof to->id);
    to->state = from->state;
    to->created_ms = from->created_ms;
    to->arrived_at_ms = from->arrived_at_ms;
    to->unsealed_at_ms = from->unsealed_at_ms;
    to->version = from->version;
    if (to->sealed_at_ms == BULLA_TIME_NONE)
        to->sealed_at_ms = from->sealed_at_ms;
    for (size_t i = 0; i < from->n_permissions; i++)
        if (!journey_add_permission(to, &from->permissions[i]))
            return false;
    return true;
}

void out_journey_put(struct out_request *r)
{
    struct journey *now = NULL, *wanted = NULL;
    if (!out_access_journey(r, r->id, &now))
        return;
    if (is_over(now->state)) {
        out_problem(r, 409, "conflict", "The journey is over", journey_state_text(now->state));
    } else if (out_page_match(r, now->version) && (wanted = read_body(r))) {
        const char *state = json_string_value(json_object_get(r->json, "state"));
        bool same = !state || journey_state_from(state) == (int)now->state;
        if (out_body_wants(r, same, "state", "no change here; use /state", state ? state : "") && keep_ours(wanted, now) &&
            out_journey_can_be_supervised(r, wanted)) {
            json_t *before = journey_to_json(now), *after = journey_to_json(wanted);
            put(r, wanted, 200, "journey.change", out_page_changes(before, after));
            json_decref(before);
            json_decref(after);
        }
    }
    journey_free(wanted);
    journey_free(now);
}

void out_journey_enter(struct journey *j, enum journey_state to, int64_t now_ms)
{
    j->state = to;
    if ((to == JOURNEY_SEALED || to == JOURNEY_UNDER_WAY) && j->sealed_at_ms == BULLA_TIME_NONE)
        j->sealed_at_ms = now_ms;
    if (to == JOURNEY_ARRIVED)
        j->arrived_at_ms = now_ms;
    if (is_over(to) && j->sealed_at_ms != BULLA_TIME_NONE)
        j->unsealed_at_ms = now_ms;
    if (to == JOURNEY_UNDER_WAY)
        j->arrived_at_ms = BULLA_TIME_NONE; /* under way again */
}

static bool may_follow(struct out_request *r, const struct journey *j, int to)
{
    char detail[96];
    if (to >= 0 && journey_may(j->state, (enum journey_state)to))
        return true;
    snprintf(detail, sizeof detail, "state: expected one that may follow %s, got %s", journey_state_text(j->state),
             to >= 0 ? journey_state_text((unsigned)to) : "another word");
    out_problem(r, to >= 0 ? 409 : 422, to >= 0 ? "conflict" : "invalid", "The journey cannot go there from its state", detail);
    return false;
}

void out_journey_state(struct out_request *r)
{
    const char *state = out_body_text(r, "state", 1, 31), *reason = state ? out_body_optional(r, "reason", 199) : NULL;
    struct journey *j = NULL;
    if (!reason || !out_access_journey(r, r->id, &j))
        return;
    int to = journey_state_from(state);
    if (out_page_match(r, j->version) && may_follow(r, j, to) &&
        out_body_wants(r, to != JOURNEY_CANCELLED || reason[0], "reason", "why it is cancelled", "nothing")) {
        json_t *detail = json_pack("{s:[s, s], s:s}", "state", journey_state_text(j->state), state, "reason", reason);
        out_journey_enter(j, (enum journey_state)to, r->now_ms);
        if (is_over(j->state) || out_journey_can_be_supervised(r, j))
            put(r, j, 200, "journey.state", detail);
        else
            json_decref(detail);
    }
    journey_free(j);
}
