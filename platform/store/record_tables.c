// SPDX-License-Identifier: Apache-2.0
// The tables of the records. Their columns are in migrations/; tests compare both.

#include "platform/store/record.h"

#include <string.h>

/* clang-format off */
#define MEMBER(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define TEXT(type, member)  {#member, RECORD_TEXT, MEMBER(type, member)}
#define INT(type, member)   {#member, RECORD_INT, MEMBER(type, member)}
#define LONG(type, member)  {#member, RECORD_LONG, MEMBER(type, member)}
#define BOOL(type, member)  {#member, RECORD_BOOL, MEMBER(type, member)}
#define REAL(type, member)  {#member, RECORD_REAL, MEMBER(type, member)}
#define ARRAY(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member[0]), \
                            offsetof(struct type, n_##member), sizeof(((struct type *)0)->member) / sizeof(((struct type *)0)->member[0])
#define TEXTS(type, member) {#member, RECORD_TEXTS, ARRAY(type, member)}
#define ONE(type, member, of)  {#member, RECORD_ONE, MEMBER(type, member), 0, 0, of}
#define MANY(type, member, of) {#member, RECORD_MANY, ARRAY(type, member), of}
#define END {NULL}

static const struct record_field PLACE[] = {
    TEXT(place, name), TEXT(place, station), REAL(place, lat), REAL(place, lon), REAL(place, radius_m), INT(place, max_minutes), END};

static const struct record_field LIMIT[] = {
    INT(journey_limit, kind), REAL(journey_limit, min), REAL(journey_limit, max), INT(journey_limit, for_minutes),
    TEXT(journey_limit, sensor), REAL(journey_limit, change), INT(journey_limit, change_minutes), END};

#define WITHIN(type, member) {#member, RECORD_TEXT, offsetof(struct type, place.member), sizeof(((struct type *)0)->place.member)}
#define PLACE_WITHIN(type) \
    WITHIN(type, name), WITHIN(type, station), {"lat", RECORD_REAL, offsetof(struct type, place.lat), sizeof(double)}, \
    {"lon", RECORD_REAL, offsetof(struct type, place.lon), sizeof(double)}, \
    {"radius_m", RECORD_REAL, offsetof(struct type, place.radius_m), sizeof(double)}, \
    {"max_minutes", RECORD_INT, offsetof(struct type, place.max_minutes), sizeof(int32_t)}

static const struct record_field ZONE[] = {INT(zone, duty), PLACE_WITHIN(zone), END};
static const struct record_field POINT[] = {
    INT(journey_point, kind), PLACE_WITHIN(journey_point), LONG(journey_point, planned_ms), INT(journey_point, tolerance_minutes), END};
static const struct record_field LEG[] = {
    INT(journey_leg, mode), TEXT(journey_leg, means), LONG(journey_leg, from_ms), LONG(journey_leg, until_ms), END};

static const struct record_field JOURNEY[] = {
    TEXT(journey, id), INT(journey, state), INT(journey, mode), INT(journey, regime), TEXT(journey, carrier),
    TEXT(journey, administration), TEXT(journey, reference), TEXT(journey, vehicle), TEXT(journey, driver), TEXT(journey, cargo),
    TEXTS(journey, containers), TEXTS(journey, seals), LONG(journey, created_ms), LONG(journey, sealed_at_ms),
    LONG(journey, depart_by_ms), LONG(journey, arrive_by_ms), LONG(journey, arrived_at_ms), LONG(journey, unsealed_at_ms),
    BOOL(journey, has_origin), ONE(journey, origin, PLACE), BOOL(journey, has_destination), ONE(journey, destination, PLACE),
    MANY(journey, stops, PLACE), MANY(journey, dead_zones, PLACE), TEXT(journey, profile), MANY(journey, zones, ZONE),
    MANY(journey, points, POINT), MANY(journey, legs, LEG), MANY(journey, limits, LIMIT), TEXTS(journey, credentials),
    INT(journey, silence_minutes), INT(journey, stay_minutes), INT(journey, battery_percent),
    {"corridor_m", RECORD_REAL, offsetof(struct journey, route.corridor_m), sizeof(double)},
    {"route", RECORD_ROUTE, MEMBER(journey, route)}, END};

const struct record_field record_permission_fields[] = {
    TEXT(permission, id), TEXT(permission, seal), TEXT(permission, credential), LONG(permission, from_ms), LONG(permission, until_ms),
    BOOL(permission, unseals), BOOL(permission, has_place), ONE(permission, place, PLACE), END};

static const struct record_field ALARM[] = {
    TEXT(alarm, id), TEXT(alarm, journey), TEXT(alarm, seal), INT(alarm, kind), INT(alarm, grade), LONG(alarm, onset_ms),
    LONG(alarm, raised_ms), LONG(alarm, ended_ms), TEXTS(alarm, evidence), INT(alarm, count), TEXT(alarm, why), BOOL(alarm, has_position),
    REAL(alarm, lat), REAL(alarm, lon), INT(alarm, state), INT(alarm, finding), TEXT(alarm, handler), TEXT(alarm, patrol),
    TEXT(alarm, note), LONG(alarm, changed_ms), TEXT(alarm, rule), END};

const struct record_field record_found_fields[] = {
    TEXT(alarm, id), INT(alarm, grade), LONG(alarm, raised_ms), LONG(alarm, ended_ms), TEXTS(alarm, evidence), INT(alarm, count),
    TEXT(alarm, why), BOOL(alarm, has_position), REAL(alarm, lat), REAL(alarm, lon), INT(alarm, state), LONG(alarm, changed_ms), END};

static const struct record_field SEAL[] = {
    TEXT(seal, id), {"class", RECORD_INT, MEMBER(seal, class_)}, INT(seal, life), TEXT(seal, label), TEXT(seal, model), TEXT(seal, owner),
    TEXT(seal, station), TEXT(seal, journey), BOOL(seal, has_zone), INT(seal, zone_minutes), LONG(seal, created_ms), END};

static const struct record_field STATION[] = {
    TEXT(station, id), INT(station, kind), TEXT(station, name), TEXT(station, code), REAL(station, lat), REAL(station, lon),
    REAL(station, radius_m), END};

static const struct record_field PARTY[] = {TEXT(party, id), INT(party, kind), TEXT(party, name), TEXT(party, code), END};

static const struct record_field USER[] = {
    TEXT(user, id), TEXT(user, name), TEXT(user, full_name), INT(user, role), TEXT(user, party), TEXT(user, station), TEXT(user, password),
    BOOL(user, must_change), BOOL(user, disabled), LONG(user, created_ms), END};

static const struct record_field NODE[] = {
    INT(definition_node, join), INT(definition_node, until), INT(definition_node, field), INT(definition_node, op),
    REAL(definition_node, number), REAL(definition_node, number_until), TEXT(definition_node, text), PLACE_WITHIN(definition_node), END};

static const struct record_field DEFINITION[] = {
    TEXT(definition, id), TEXT(definition, name), INT(definition, grade), {"enabled", RECORD_BOOL, MEMBER(definition, on)},
    LONG(definition, since_ms), MANY(definition, nodes, NODE), INT(definition, for_minutes), INT(definition, cooldown_minutes),
    TEXT(definition, author), LONG(definition, created_ms), LONG(definition, changed_ms), END};

static const struct record_field COMMAND[] = {
    TEXT(command, id), TEXT(command, seal), TEXT(command, journey), TEXT(command, user), TEXT(command, name), TEXT(command, args),
    TEXT(command, reason), INT(command, state), TEXT(command, answer), TEXT(command, answers), INT(command, serial),
    LONG(command, created_ms), LONG(command, sent_ms), LONG(command, done_ms), LONG(command, expires_ms), END};

static const struct record_field PAPER[] = {
    TEXT(paper, id), INT(paper, kind), INT(paper, state), TEXT(paper, subject), TEXT(paper, journey), TEXT(paper, station),
    TEXT(paper, holder), TEXT(paper, carrier), TEXT(paper, author), LONG(paper, created_ms), LONG(paper, due_ms), LONG(paper, changed_ms),
    TEXT(paper, body), END};

static const struct record_field ENTRY[] = {
    TEXT(dossier_entry, id), TEXT(dossier_entry, journey), INT(dossier_entry, kind), LONG(dossier_entry, number), LONG(dossier_entry, time_ms), TEXT(dossier_entry, user),
    TEXT(dossier_entry, user_name), TEXT(dossier_entry, origin), TEXT(dossier_entry, body), END};

static const struct record_field UPLOAD[] = {
    TEXT(store_upload, id), TEXT(store_upload, journey), TEXT(store_upload, task), TEXT(store_upload, user), TEXT(store_upload, name),
    TEXT(store_upload, type), TEXT(store_upload, kind), TEXT(store_upload, about), TEXT(store_upload, sha256), LONG(store_upload, size),
    LONG(store_upload, arrived), BOOL(store_upload, in_seal), BOOL(store_upload, complete), LONG(store_upload, created_ms), END};

static const struct record_field AUDIT[] = {
    LONG(audit, seq), LONG(audit, time_ms), TEXT(audit, user), TEXT(audit, user_name), TEXT(audit, action), TEXT(audit, object),
    TEXT(audit, address), TEXT(audit, detail), END};

const struct record_field record_session_fields[] = {
    TEXT(session, id), TEXT(session, user), TEXT(session, csrf), BOOL(session, key), TEXT(session, label), TEXT(session, scopes),
    LONG(session, created_ms), LONG(session, expires_ms), LONG(session, used_ms), END};

const struct record_field record_file_fields[] = {
    TEXT(store_file, id), TEXT(store_file, alarm), TEXT(store_file, journey), TEXT(store_file, task), TEXT(store_file, name),
    TEXT(store_file, type), TEXT(store_file, user), LONG(store_file, added_ms), {"size", RECORD_LONG, MEMBER(store_file, size)},
    TEXT(store_file, kind), TEXT(store_file, about), BOOL(store_file, in_seal), END};

#define QUERY(member) offsetof(struct store_query, member)
#define OF_CARRIER "journey IN (SELECT id FROM journey WHERE carrier = ?)"

static const struct record_filter JOURNEY_FILTERS[] = {
    {QUERY(state), "state = ?", journey_state_from, "open"}, {QUERY(journey), "id = ?"}, {QUERY(carrier), "carrier = ?"},
    {QUERY(kind), "mode = ?", journey_mode_from},
    {QUERY(seal), "position IN (SELECT position FROM journey_seal WHERE seal = ?)"}, {0}};

static const struct record_filter ALARM_FILTERS[] = {
    {QUERY(state), "state = ?", alarm_state_from, "open"}, {QUERY(journey), "journey = ?"}, {QUERY(seal), "seal = ?"},
    {QUERY(carrier), "carrier = ?"}, {QUERY(kind), "kind = ?", alarm_kind_from}, {QUERY(grade), "grade = ?"}, {QUERY(user), "handler = ?"},
    {0}};

static const struct record_filter SEAL_FILTERS[] = {
    {QUERY(state), "life = ?", seal_life_from}, {QUERY(kind), "class = ?", seal_class_from}, {QUERY(seal), "id = ?"},
    {QUERY(journey), "journey = ?"}, {QUERY(object), "station = ?"},
    {QUERY(carrier), "(owner = ? OR " OF_CARRIER ")"}, {0}};

static int on_from(const char *text) { return strcmp(text, "on") == 0 ? 1 : strcmp(text, "off") == 0 ? 0 : -1; }
static const struct record_filter RULE_FILTERS[] = {{QUERY(state), "enabled = (1 = ?)", on_from}, {0}};
static const struct record_filter VERSION_FILTERS[] = {{QUERY(object), "id = ?"}, {0}};

static const struct record_filter STATION_FILTERS[] = {{QUERY(kind), "kind = ?", station_kind_from}, {0}};
static const struct record_filter PARTY_FILTERS[] = {{QUERY(kind), "kind = ?", party_kind_from}, {QUERY(carrier), "id = ?"}, {0}};

static const struct record_filter USER_FILTERS[] = {
    {QUERY(kind), "role = ?", user_role_from}, {QUERY(user), "id = ?"}, {QUERY(carrier), "party = ?"}, {QUERY(object), "station = ?"}, {0}};

static const struct record_filter COMMAND_FILTERS[] = {
    {QUERY(state), "state = ?", command_state_from, "open"}, {QUERY(seal), "seal = ?"}, {QUERY(journey), "journey = ?"},
    {QUERY(user), "\"user\" = ?"}, {QUERY(kind), "name = ?"}, {QUERY(carrier), OF_CARRIER}, {0}};

static const struct record_filter PAPER_FILTERS[] = {
    {QUERY(state), "state = ?", paper_state_from, "open"}, {QUERY(kind), "kind = ?", paper_kind_from}, {QUERY(journey), "journey = ?"},
    {QUERY(user), "holder = ?"}, {QUERY(carrier), "carrier = ?"}, {QUERY(seal), "subject = ?"}, {QUERY(object), "station = ?"}, {0}};

static const struct record_filter ENTRY_FILTERS[] = {
    {QUERY(journey), "journey = ?"}, {QUERY(kind), "kind = ?", entry_kind_from}, {0}};

static const struct record_filter UPLOAD_FILTERS[] = {{QUERY(user), "\"user\" = ?"}, {QUERY(journey), "journey = ?"}, {0}};

static const struct record_filter AUDIT_FILTERS[] = {
    {QUERY(user), "\"user\" = ?"}, {QUERY(kind), "action = ?"}, {QUERY(object), "object = ?"}, {0}};

const struct record_table record_journey = {"journey", "journey", JOURNEY, sizeof(struct journey), offsetof(struct journey, version),
                                            offsetof(struct journey, created_ms), "", "", RECORD_NONE, JOURNEY_FILTERS};
const struct record_table record_alarm = {
    "alarm", "alarm", ALARM, sizeof(struct alarm), offsetof(struct alarm, version), offsetof(struct alarm, raised_ms),
    ", carrier, about",
    ", coalesce((SELECT carrier FROM journey WHERE id = ?), '')"
    ", coalesce((SELECT reference || '\n' || vehicle || '\n' || containers FROM journey WHERE id = ?), '')",
    offsetof(struct alarm, journey), ALARM_FILTERS};
const struct record_table record_seal = {"seal", "seal", SEAL, sizeof(struct seal), offsetof(struct seal, version),
                                         offsetof(struct seal, created_ms), "", "", RECORD_NONE, SEAL_FILTERS};
const struct record_table record_station = {"station", "station", STATION, sizeof(struct station), offsetof(struct station, version),
                                            RECORD_NONE, "", "", RECORD_NONE, STATION_FILTERS};
const struct record_table record_rule = {"rule_definition", "rule", DEFINITION, sizeof(struct definition),
                                         offsetof(struct definition, version), offsetof(struct definition, created_ms), "", "", RECORD_NONE,
                                         RULE_FILTERS};
const struct record_table record_rule_version = {"rule_version", "version of a rule", DEFINITION, sizeof(struct definition),
                                                 offsetof(struct definition, version), RECORD_NONE, "", "", RECORD_NONE, VERSION_FILTERS};
const struct record_table record_party = {"party", "party", PARTY, sizeof(struct party), offsetof(struct party, version), RECORD_NONE, "", "",
                                          RECORD_NONE, PARTY_FILTERS};
const struct record_table record_user = {"user", "user", USER, sizeof(struct user), offsetof(struct user, version),
                                         offsetof(struct user, created_ms), "", "", RECORD_NONE, USER_FILTERS};
const struct record_table record_command = {"command", "command", COMMAND, sizeof(struct command), offsetof(struct command, version),
                                            offsetof(struct command, created_ms), "", "", RECORD_NONE, COMMAND_FILTERS};
const struct record_table record_paper = {"paper", "paper", PAPER, sizeof(struct paper), offsetof(struct paper, version),
                                          offsetof(struct paper, created_ms), "", "", RECORD_NONE, PAPER_FILTERS};
const struct record_table record_entry = {"entry", "entry of the dossier", ENTRY, sizeof(struct dossier_entry), offsetof(struct dossier_entry, version),
                                          RECORD_NONE, "", "", RECORD_NONE, ENTRY_FILTERS};
const struct record_table record_upload = {"upload", "upload", UPLOAD, sizeof(struct store_upload), offsetof(struct store_upload, version),
                                           offsetof(struct store_upload, created_ms), "", "", RECORD_NONE, UPLOAD_FILTERS};
const struct record_table record_audit = {"audit", "audit entry", AUDIT, sizeof(struct audit), RECORD_NONE, offsetof(struct audit, time_ms),
                                          "", "", RECORD_NONE, AUDIT_FILTERS};

static const struct { size_t offset; const char *name; } QUERY_MEMBERS[] = {
    {QUERY(state), "state"}, {QUERY(seal), "seal"}, {QUERY(journey), "journey"}, {QUERY(carrier), "carrier"}, {QUERY(kind), "kind"},
    {QUERY(user), "user"}, {QUERY(object), "object"}, {QUERY(grade), "grade"}};
/* clang-format on */

static bool is_set(const struct store_query *q, size_t offset)
{
    const char *member = (const char *)q + offset;
    return offset == QUERY(grade) ? q->grade != 0 : *member != '\0';
}

static bool has_filter(const struct record_table *table, size_t offset)
{
    for (const struct record_filter *f = table->filters; f->where; f++) {
        if (f->offset == offset) {
            return true;
        }
    }
    return false;
}

const char *record_query_unknown(const struct record_table *table, const struct store_query *q)
{
    for (size_t i = 0; i < sizeof QUERY_MEMBERS / sizeof *QUERY_MEMBERS; i++) {
        if (is_set(q, QUERY_MEMBERS[i].offset) && !has_filter(table, QUERY_MEMBERS[i].offset)) {
            return QUERY_MEMBERS[i].name;
        }
    }
    return NULL;
}
