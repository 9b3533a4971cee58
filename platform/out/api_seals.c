/* SPDX-License-Identifier: Apache-2.0
 *
 * Seals: the record and what it last said.
 */
#include <stdio.h>
#include <string.h>

#include "platform/live_list.h"
#include "platform/out/page.h"
#include "platform/out/routes.h"
#include "proto/proto.h"

static void add_live(struct out_request *r, json_t *json)
{
    struct live_seal live;
    bool known = platform_live_get(r->out->platform, json_string_value(json_object_get(json, "id")), &live);
    json_object_set_new(json, "live", known ? platform_live_json(&live) : json_null());
    if (known)
        json_object_set_new(json, "journey", live.journey[0] ? json_string(live.journey) : json_null());
}

static json_t *seal_json(struct out_request *r, const struct seal *s)
{
    json_t *json = seal_to_json(s);
    add_live(r, json);
    json_object_set_new(json, "journey", s->journey[0] ? json_string(s->journey) : json_null());
    return json;
}

static void take_seal(void *context, const void *record)
{
    json_array_append_new(context, seal_to_json(record));
}

/* The seals of the journeys that a carrier has under way: few enough for one page. */
static void take_journey_seals(void *context, const void *record)
{
    const struct journey *j = record;
    for (size_t i = 0; i < j->n_seals && j->state != JOURNEY_DRAFT; i++)
        json_object_set_new(context, j->seals[i], json_string(j->id));
}

static void list_for_carrier(struct out_request *r, const struct store_query *asked)
{
    struct store_query q = {.limit = OUT_PAGE_MAX, .state = "open"};
    char next[120] = "";
    json_t *ids = json_object(), *items = json_array(), *journey;
    const char *id;
    memcpy(q.carrier, asked->carrier, sizeof q.carrier);
    if (out_store_ok(r, store_journeys(out_store(r), &q, take_journey_seals, ids, next), "journey")) {
        json_object_foreach(ids, id, journey)
        {
            struct seal s;
            if (store_seal_get(out_store(r), id, &s) != STORE_OK)
                continue;
            out_access_journey_of(r, id, s.journey);
            if (strcmp(s.journey, json_string_value(journey)) != 0)
                continue;
            if ((!asked->search[0] || strcasestr(s.id, asked->search) || strcasestr(s.label, asked->search)) &&
                (!asked->journey[0] || strcmp(asked->journey, s.journey) == 0) &&
                (!asked->state[0] || strcmp(asked->state, seal_life_text(s.life)) == 0))
                json_array_append_new(items, seal_json(r, &s));
        }
        out_page_all(r, json_incref(items));
    }
    json_decref(items);
    json_decref(ids);
}

void out_seal_list(struct out_request *r)
{
    struct store_query q = {0};
    char next[120] = "";
    if (!out_page_query(r, &q) || !out_param_word(r, "life", seal_life_from, q.state, sizeof q.state) ||
        !out_param_text(r, "journey", q.journey, sizeof q.journey))
        return;
    if (out_access_is_carrier(r)) {
        list_for_carrier(r, &q);
        return;
    }
    json_t *items = json_array(), *item;
    size_t i;
    if (!out_store_ok(r, store_seals(out_store(r), &q, take_seal, items, next), "seal")) {
        json_decref(items);
        return;
    }
    json_array_foreach(items, i, item)
    {
        add_live(r, item);
    }
    out_page_answer(r, items, next);
}

void out_seal_get(struct out_request *r)
{
    struct seal s;
    if (out_access_seal(r, r->id, &s))
        out_answer_record(r, 200, seal_json(r, &s), s.version);
}

static bool references_exist(struct out_request *r, const struct seal *s)
{
    struct party party;
    struct station station;
    return out_body_wants(r, !s->owner[0] || store_party_get(out_store(r), s->owner, &party) == STORE_OK, "owner", "the id of a party",
                          s->owner) &&
           out_body_wants(r, !s->station[0] || store_station_get(out_store(r), s->station, &station) == STORE_OK, "station",
                          "the id of a station", s->station);
}

static bool read_seal(struct out_request *r, struct seal *s)
{
    static const char *const ours[] = {"journey", "created", "version", "live"};
    char why[MODEL_WHY_SIZE];
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        json_object_del(r->json, ours[i]);
    if (seal_from_json(r->json, s, why))
        return references_exist(r, s);
    out_problem_why(r, 422, why);
    return false;
}

static bool protocol_is_known(struct out_request *r, const char *seal)
{
    char name[BULLA_PROTOCOL_SIZE] = "";
    const char *colon = strchr(seal, ':');
    if (colon && (size_t)(colon - seal) < sizeof name)
        memcpy(name, seal, (size_t)(colon - seal));
    bool known = seal_is_mute(seal) || proto_find(name);
    return out_body_wants(r, known && !strpbrk(seal, " \t/\\?#%\""), "id", "protocol:device with a protocol of this platform", seal);
}

static void put(struct out_request *r, struct seal *s, int status, const char *action, json_t *detail)
{
    struct audit audit = out_page_audit(r, action, s->id, detail);
    int stored = store_seal_put(out_store(r), s, &audit);
    if (!out_body_wants(r, stored != STORE_CONFLICT || status != 201, "id", "a seal that is not registered yet", s->id) ||
        !out_store_ok(r, stored, "seal"))
        return;
    platform_seal_changed(r->out->platform, s->id);
    out_answer_record(r, status, seal_json(r, s), s->version);
}

void out_seal_create(struct out_request *r)
{
    struct seal s;
    char where[sizeof s.id + 32];
    if (!read_seal(r, &s) || !protocol_is_known(r, s.id))
        return;
    s.created_ms = r->now_ms;
    s.version = 0;
    put(r, &s, 201, "seal.create", json_pack("{s:s, s:s}", "life", seal_life_text(s.life), "label", s.label));
    snprintf(where, sizeof where, "/api/v1/seals/%s", s.id);
    if (r->status == 201)
        out_answer_header(r, "Location", where);
}

void out_seal_put(struct out_request *r)
{
    struct seal now, wanted;
    if (!out_access_seal(r, r->id, &now) || !out_page_match(r, now.version))
        return;
    if (!json_object_get(r->json, "id"))
        json_object_set_new(r->json, "id", json_string(now.id));
    if (!read_seal(r, &wanted) || !out_body_wants(r, strcmp(wanted.id, now.id) == 0, "id", "the seal of the address", wanted.id))
        return;
    memcpy(wanted.journey, now.journey, sizeof wanted.journey);
    wanted.created_ms = now.created_ms;
    wanted.version = now.version;
    json_t *before = seal_to_json(&now), *after = seal_to_json(&wanted);
    put(r, &wanted, 200, "seal.change", out_page_changes(before, after));
    json_decref(before);
    json_decref(after);
}

/* --- live --- */

struct box {
    bool given;
    double west, south, east, north; /* west beyond east: across the date line */
};

struct snapshot {
    struct live_list *seals;
    json_t *mine; /* of a carrier: its journeys; NULL: all */
    struct box box;
    size_t limit;  /* 0: all */
    uint64_t last; /* change of the last one */
    bool more;     /* than fit */
};

static bool lies_in(const struct box *box, const struct live_seal *live)
{
    if (!box->given)
        return true;
    bool between =
        box->west <= box->east ? live->lon >= box->west && live->lon <= box->east : live->lon >= box->west || live->lon <= box->east;
    return live->has_fix && between && live->lat >= box->south && live->lat <= box->north;
}

static bool read_box(struct out_request *r, struct box *box)
{
    const char *text = out_request_param(r, "bbox");
    int end = 0;
    if (!text)
        return true;
    bool read = sscanf(text, "%lf,%lf,%lf,%lf%n", &box->west, &box->south, &box->east, &box->north, &end) == 4 && !text[end];
    box->given = read && box->west >= -180 && box->west <= 180 && box->east >= -180 && box->east <= 180 && box->south >= -90 &&
                 box->south <= box->north && box->north <= 90;
    if (!box->given)
        out_problem_field(r, 400, "bbox", "west,south,east,north in degrees, south not beyond north", text);
    return box->given;
}

/* They come in the order in which they changed: a page ends with a change, from which the next goes on. */
static void take_live(void *context, const struct live_seal *live)
{
    struct snapshot *shot = context;
    bool mine = !shot->mine || (live->journey[0] && json_object_get(shot->mine, live->journey));
    if (shot->more || !mine || !lies_in(&shot->box, live))
        return;
    shot->more = shot->limit && live_list_count(shot->seals) == shot->limit;
    if (shot->more)
        return;
    shot->last = live->change;
    live_list_add(shot->seals, live);
}

static void take_journey_id(void *context, const void *record)
{
    json_object_set_new(context, ((const struct journey *)record)->id, json_true());
}

void out_live_seals(struct out_request *r)
{
    struct snapshot shot = {0};
    struct store_query q = {.limit = OUT_PAGE_MAX, .state = "open"};
    char next[120] = "";
    size_t n;
    int64_t since = 0, limit = 0;
    if (!out_param_number(r, "since", 0, INT64_MAX, 0, &since) || !out_param_number(r, "limit", 1, OUT_LIVE_MAX, 0, &limit) ||
        !read_box(r, &shot.box))
        return;
    shot.limit = (size_t)limit;
    if (out_access_is_carrier(r)) {
        shot.mine = json_object();
        snprintf(q.carrier, sizeof q.carrier, "%s", r->user.party[0] ? r->user.party : "?");
        if (!out_store_ok(r, store_journeys(out_store(r), &q, take_journey_id, shot.mine, next), "journey")) {
            json_decref(shot.mine);
            return;
        }
    }
    uint64_t event = platform_live_newest(r->out->platform); /* first: what comes between is told twice, never lost */
    shot.seals = live_list_new();
    if (shot.seals) {
        uint64_t change = platform_live(r->out->platform, (uint64_t)since, take_live, &shot);
        live_list_close(shot.seals);
        live_list_put(shot.seals, "change", (int64_t)(shot.more ? shot.last : change));
        live_list_put_flag(shot.seals, "more", shot.more);
        live_list_put(shot.seals, "event", (int64_t)event);
    }
    out_answer_text(r, 200, live_list_end(shot.seals, &n));
    json_decref(shot.mine);
}
