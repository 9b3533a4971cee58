/* SPDX-License-Identifier: Apache-2.0
 *
 * Alarms and the smaller records <-> JSON.
 */
#include <string.h>

#include "platform/model/json_parts.h"

static json_t *evidence_json(const struct alarm *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < a->n_evidence; i++)
        json_array_append_new(list, json_string(a->evidence[i]));
    return list;
}

json_t *alarm_to_replay_json(const struct alarm *a)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:o, s:i, s:o, s:s}", "kind", alarm_kind_text(a->kind), "journey", a->journey, "seal",
                             a->seal, "onset", json_time(a->onset_ms), "raised", json_time(a->raised_ms), "grade", a->grade, "evidence",
                             evidence_json(a), "why", a->why);
    json_put_text(json, "rule", a->rule);
    return json;
}

json_t *alarm_to_json(const struct alarm *a)
{
    json_t *json = alarm_to_replay_json(a);
    json_object_set_new(json, "id", json_string(a->id));
    json_object_set_new(json, "ended", json_time(a->ended_ms));
    json_object_set_new(json, "count", json_integer(a->count));
    json_object_set_new(json, "position", a->has_position ? json_pack("{s:f, s:f}", "lat", a->lat, "lon", a->lon) : json_null());
    json_object_set_new(json, "state", json_string(alarm_state_text(a->state)));
    json_object_set_new(json, "finding", a->finding ? json_string(alarm_finding_text(a->finding)) : json_null());
    json_object_set_new(json, "handler", a->handler[0] ? json_string(a->handler) : json_null());
    json_object_set_new(json, "patrol", a->patrol[0] ? json_string(a->patrol) : json_null());
    json_object_set_new(json, "note", json_string(a->note));
    json_object_set_new(json, "changed", json_time(a->changed_ms));
    json_object_set_new(json, "version", json_integer(a->version));
    return json;
}

json_t *seal_to_json(const struct seal *s)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I}", "id", s->id, "class", seal_class_text(s->class_), "life",
                     seal_life_text(s->life), "label", s->label, "model", s->model, "owner", json_text(s->owner), "station",
                     json_text(s->station), "journey", json_text(s->journey), "zone_minutes",
                     s->has_zone ? json_integer(s->zone_minutes) : json_null(), "created", json_time(s->created_ms), "version",
                     (json_int_t)s->version);
}

json_t *station_to_json(const struct station *s)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:I}", "id", s->id, "kind", station_kind_text(s->kind), "name", s->name, "code",
                     s->code, "lat", s->lat, "lon", s->lon, "radius_m", s->radius_m, "version", (json_int_t)s->version);
}

json_t *party_to_json(const struct party *p)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I}", "id", p->id, "kind", party_kind_text(p->kind), "name", p->name, "code", p->code,
                     "version", (json_int_t)p->version);
}

json_t *user_to_json(const struct user *u)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:b, s:b, s:o, s:I}", "id", u->id, "name", u->name, "full_name", u->full_name, "role",
                     user_role_text(u->role), "party", json_text(u->party), "station", json_text(u->station), "must_change", u->must_change,
                     "disabled", u->disabled, "created", json_time(u->created_ms), "version", (json_int_t)u->version);
}

json_t *command_to_json(const struct command *c)
{
    return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:I}", "id", c->id, "seal", c->seal, "journey",
                     json_text(c->journey), "user", c->user, "name", c->name, "reason", c->reason, "state", command_state_text(c->state),
                     "answer", c->answer, "created", json_time(c->created_ms), "sent", json_time(c->sent_ms), "done", json_time(c->done_ms),
                     "expires", json_time(c->expires_ms), "version", (json_int_t)c->version);
}

json_t *audit_to_json(const struct audit *a)
{
    json_t *detail = json_loads(a->detail, JSON_DECODE_ANY, NULL);
    return json_pack("{s:I, s:o, s:o, s:s, s:s, s:s, s:s, s:o}", "seq", (json_int_t)a->seq, "time", json_time(a->time_ms), "user",
                     json_text(a->user), "user_name", a->user_name, "action", a->action, "object", a->object, "address", a->address,
                     "detail", detail ? detail : json_string(a->detail));
}

/* --- reading --- */

static int word_or(struct json_reader *r, const char *name, int (*from)(const char *), int fallback)
{
    int number = json_read_word(r, name, from);
    return number < 0 ? fallback : number;
}

static bool is_object(struct json_reader *r)
{
    if (json_is_object(r->object))
        return true;
    json_read_fail(r, "body", "an object", r->object);
    return false;
}

bool seal_from_json(const json_t *json, struct seal *out, char why[MODEL_WHY_SIZE])
{
    why[0] = '\0';
    struct json_reader r = {json, "", why};
    struct seal s = {0};
    if (!is_object(&r))
        return false;
    json_read_into(&r, "id", s.id, sizeof s.id);
    if (!strchr(s.id, ':') || s.id[strlen(s.id) - 1] == ':' || s.id[0] == ':')
        json_read_fail(&r, "id", "protocol:device", json_object_get(json, "id"));
    s.class_ = (enum seal_class)word_or(&r, "class", seal_class_from, SEAL_CLASS_ACTIVE);
    s.life = (enum seal_life)word_or(&r, "life", seal_life_from, SEAL_LIFE_COMMISSIONED);
    json_read_into(&r, "label", s.label, sizeof s.label);
    json_read_into(&r, "model", s.model, sizeof s.model);
    json_read_into(&r, "owner", s.owner, sizeof s.owner);
    json_read_into(&r, "station", s.station, sizeof s.station);
    json_read_into(&r, "journey", s.journey, sizeof s.journey);
    s.has_zone = json_read_has(&r, "zone_minutes");
    s.zone_minutes = (int32_t)json_read_integer(&r, "zone_minutes", -840, 840, 0);
    s.created_ms = json_read_time(&r, "created");
    s.version = json_read_integer(&r, "version", 0, INT64_MAX, 0);
    if (why[0])
        return false;
    *out = s;
    return true;
}

bool station_from_json(const json_t *json, struct station *out, char why[MODEL_WHY_SIZE])
{
    why[0] = '\0';
    struct json_reader r = {json, "", why};
    struct station s = {0};
    if (!is_object(&r))
        return false;
    json_read_into(&r, "id", s.id, sizeof s.id);
    s.kind = (enum station_kind)word_or(&r, "kind", station_kind_from, STATION_KIND_CHECKPOINT);
    json_read_into(&r, "name", s.name, sizeof s.name);
    if (!s.name[0])
        json_read_fail(&r, "name", "a name", json_object_get(json, "name"));
    json_read_into(&r, "code", s.code, sizeof s.code);
    if (!json_read_has(&r, "lat") || !json_read_has(&r, "lon"))
        json_read_fail(&r, "lat", "latitude and longitude in degrees", json_object_get(json, "lat"));
    s.lat = json_read_number(&r, "lat", -90, 90, 0);
    s.lon = json_read_number(&r, "lon", -180, 180, 0);
    s.radius_m = json_read_number(&r, "radius_m", 1, 200000, 500);
    s.version = json_read_integer(&r, "version", 0, INT64_MAX, 0);
    if (why[0])
        return false;
    *out = s;
    return true;
}

bool party_from_json(const json_t *json, struct party *out, char why[MODEL_WHY_SIZE])
{
    why[0] = '\0';
    struct json_reader r = {json, "", why};
    struct party p = {0};
    if (!is_object(&r))
        return false;
    json_read_into(&r, "id", p.id, sizeof p.id);
    p.kind = (enum party_kind)word_or(&r, "kind", party_kind_from, PARTY_KIND_CARRIER);
    json_read_into(&r, "name", p.name, sizeof p.name);
    if (!p.name[0])
        json_read_fail(&r, "name", "a name", json_object_get(json, "name"));
    json_read_into(&r, "code", p.code, sizeof p.code);
    p.version = json_read_integer(&r, "version", 0, INT64_MAX, 0);
    if (why[0])
        return false;
    *out = p;
    return true;
}

bool user_from_json(const json_t *json, struct user *out, char why[MODEL_WHY_SIZE])
{
    why[0] = '\0';
    struct json_reader r = {json, "", why};
    struct user u = {0};
    if (!is_object(&r))
        return false;
    json_read_into(&r, "id", u.id, sizeof u.id);
    json_read_into(&r, "name", u.name, sizeof u.name);
    if (!u.name[0])
        json_read_fail(&r, "name", "a sign-in name", json_object_get(json, "name"));
    json_read_into(&r, "full_name", u.full_name, sizeof u.full_name);
    u.role = (enum user_role)word_or(&r, "role", user_role_from, USER_ROLE_WATCH_OFFICER);
    json_read_into(&r, "party", u.party, sizeof u.party);
    if ((u.role == USER_ROLE_CARRIER || u.role == USER_ROLE_TRADER) && !u.party[0])
        json_read_fail(&r, "party", "the party of the carrier or trader", NULL);
    json_read_into(&r, "station", u.station, sizeof u.station);
    u.must_change = json_read_bool(&r, "must_change", false);
    u.disabled = json_read_bool(&r, "disabled", false);
    u.created_ms = json_read_time(&r, "created");
    u.version = json_read_integer(&r, "version", 0, INT64_MAX, 0);
    if (why[0])
        return false;
    *out = u;
    return true;
}
