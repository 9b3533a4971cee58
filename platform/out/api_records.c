/* SPDX-License-Identifier: Apache-2.0
 *
 * Stations and parties; the audit.
 */
#include <string.h>

#include "platform/out/page.h"
#include "platform/out/routes.h"

/* --- stations --- */

static void take_station(void *context, const void *record)
{
    json_array_append_new(context, station_to_json(record));
}

void out_station_list(struct out_request *r)
{
    struct store_query q = {0};
    char next[120] = "";
    json_t *items = json_array();
    if (out_page_query(r, &q) &&
        (q.carrier[0] = '\0', out_store_ok(r, store_stations(out_store(r), &q, take_station, items, next), "station")))
        out_page_answer(r, items, next);
    else
        json_decref(items);
}

static bool get_station(struct out_request *r, struct station *s)
{
    return out_store_ok(r, strlen(r->id) < MODEL_ID_SIZE ? store_station_get(out_store(r), r->id, s) : STORE_NOT_FOUND, "station");
}

void out_station_get(struct out_request *r)
{
    struct station s;
    if (get_station(r, &s))
        out_answer_record(r, 200, station_to_json(&s), s.version);
}

static bool read_station(struct out_request *r, struct station *s)
{
    char why[MODEL_WHY_SIZE];
    if (station_from_json(r->json, s, why))
        return true;
    out_problem_why(r, 422, why);
    return false;
}

/* 201 with where it is, or 200. */
static void answer_put(struct out_request *r, int status, const char *folder, const char *id, json_t *json, int64_t version)
{
    char where[96];
    out_answer_record(r, status, json, version);
    snprintf(where, sizeof where, "/api/v1/%s/%s", folder, id);
    if (status == 201)
        out_answer_header(r, "Location", where);
}

void out_station_create(struct out_request *r)
{
    struct station s;
    if (!read_station(r, &s) || !out_page_new_id(r, s.id))
        return;
    s.version = 0;
    struct audit audit = out_page_audit(r, "station.create", s.id, station_to_json(&s));
    if (out_store_ok(r, store_station_put(out_store(r), &s, &audit), "station"))
        answer_put(r, 201, "stations", s.id, station_to_json(&s), s.version);
}

void out_station_put(struct out_request *r)
{
    struct station now, wanted;
    if (!get_station(r, &now) || !out_page_match(r, now.version) || !read_station(r, &wanted))
        return;
    memcpy(wanted.id, now.id, sizeof wanted.id);
    wanted.version = now.version;
    json_t *before = station_to_json(&now), *after = station_to_json(&wanted);
    struct audit audit = out_page_audit(r, "station.change", now.id, out_page_changes(before, after));
    json_decref(before);
    json_decref(after);
    if (out_store_ok(r, store_station_put(out_store(r), &wanted, &audit), "station"))
        answer_put(r, 200, "stations", wanted.id, station_to_json(&wanted), wanted.version);
}

/* --- parties --- */

static void take_party(void *context, const void *record)
{
    json_array_append_new(context, party_to_json(record));
}

void out_party_list(struct out_request *r)
{
    struct store_query q = {0};
    char next[120] = "";
    json_t *items = json_array();
    if (out_page_query(r, &q) && out_param_word(r, "kind", party_kind_from, q.kind, sizeof q.kind) &&
        out_store_ok(r, store_parties(out_store(r), &q, take_party, items, next), "party"))
        out_page_answer(r, items, next);
    else
        json_decref(items);
}

/* A carrier's user knows of its own party alone. */
static bool get_party(struct out_request *r, struct party *p)
{
    bool own = !out_access_is_carrier(r) || strcmp(r->id, r->user.party) == 0;
    return out_store_ok(r, own && strlen(r->id) < MODEL_ID_SIZE ? store_party_get(out_store(r), r->id, p) : STORE_NOT_FOUND, "party");
}

void out_party_get(struct out_request *r)
{
    struct party p;
    if (get_party(r, &p))
        out_answer_record(r, 200, party_to_json(&p), p.version);
}

static bool read_party(struct out_request *r, struct party *p)
{
    char why[MODEL_WHY_SIZE];
    if (party_from_json(r->json, p, why))
        return true;
    out_problem_why(r, 422, why);
    return false;
}

void out_party_create(struct out_request *r)
{
    struct party p;
    if (!read_party(r, &p) || !out_page_new_id(r, p.id))
        return;
    p.version = 0;
    struct audit audit = out_page_audit(r, "party.create", p.id, party_to_json(&p));
    if (out_store_ok(r, store_party_put(out_store(r), &p, &audit), "party"))
        answer_put(r, 201, "parties", p.id, party_to_json(&p), p.version);
}

void out_party_put(struct out_request *r)
{
    struct party now, wanted;
    if (!get_party(r, &now) || !out_page_match(r, now.version) || !read_party(r, &wanted))
        return;
    memcpy(wanted.id, now.id, sizeof wanted.id);
    wanted.version = now.version;
    json_t *before = party_to_json(&now), *after = party_to_json(&wanted);
    struct audit audit = out_page_audit(r, "party.change", now.id, out_page_changes(before, after));
    json_decref(before);
    json_decref(after);
    if (out_store_ok(r, store_party_put(out_store(r), &wanted, &audit), "party"))
        answer_put(r, 200, "parties", wanted.id, party_to_json(&wanted), wanted.version);
}

/* --- audit --- */

static void take_audit(void *context, const void *record)
{
    json_array_append_new(context, audit_to_json(record));
}

void out_audit_list(struct out_request *r)
{
    struct store_query q = {0};
    char next[120] = "";
    if (!out_page_query(r, &q) || !out_param_text(r, "user", q.user, sizeof q.user) ||
        !out_param_text(r, "object", q.object, sizeof q.object) || !out_param_text(r, "action", q.kind, sizeof q.kind))
        return;
    if (r->user.role != USER_ROLE_ADMINISTRATOR)
        memcpy(q.user, r->user.id, sizeof q.user);
    json_t *items = json_array();
    if (out_store_ok(r, store_audits(out_store(r), &q, take_audit, items, next), "audit entry"))
        out_page_answer(r, items, next);
    else
        json_decref(items);
}
