/* SPDX-License-Identifier: Apache-2.0
 *
 * Users, for the administrator; and the first one of all.
 */
#include <string.h>

#include "platform/out/page.h"
#include "platform/out/routes.h"
#include "platform/out/secret.h"

static void take_user(void *context, const void *record)
{
    json_array_append_new(context, user_to_json(record));
}

void out_user_list(struct out_request *r)
{
    struct store_query q = {0};
    char next[120] = "";
    json_t *items = json_array();
    if (out_page_query(r, &q) && out_store_ok(r, store_users(out_store(r), &q, take_user, items, next), "user"))
        out_page_answer(r, items, next);
    else
        json_decref(items);
}

static bool get(struct out_request *r, struct user *u)
{
    return out_store_ok(r, strlen(r->id) < MODEL_ID_SIZE ? store_user_get(out_store(r), r->id, u) : STORE_NOT_FOUND, "user");
}

void out_user_get(struct out_request *r)
{
    struct user u;
    if (get(r, &u))
        out_answer_record(r, 200, user_to_json(&u), u.version);
}

/* Reads the body over *u; the party of a carrier and the station must exist. */
static bool read_user(struct out_request *r, struct user *u)
{
    struct user wanted;
    struct party party;
    struct station station;
    char why[MODEL_WHY_SIZE];
    if (!user_from_json(r->json, &wanted, why)) {
        out_problem_why(r, 422, why);
        return false;
    }
    if (!out_body_wants(r, !wanted.party[0] || store_party_get(out_store(r), wanted.party, &party) == STORE_OK, "party",
                        "the id of a party", wanted.party) ||
        !out_body_wants(r, !wanted.station[0] || store_station_get(out_store(r), wanted.station, &station) == STORE_OK, "station",
                        "the id of a station", wanted.station))
        return false;
    memcpy(u->name, wanted.name, sizeof u->name);
    memcpy(u->full_name, wanted.full_name, sizeof u->full_name);
    memcpy(u->party, wanted.party, sizeof u->party);
    memcpy(u->station, wanted.station, sizeof u->station);
    u->role = wanted.role;
    u->disabled = wanted.disabled;
    return true;
}

static bool give_one_time(struct out_request *r, struct user *u, char password[OUT_PASSWORD_SIZE])
{
    u->must_change = true;
    if (out_password_new(password, OUT_PASSWORD_SIZE) && out_user_password(u, password))
        return true;
    out_problem(r, 503, "storage", "There is no memory or randomness for a password", NULL);
    return false;
}

static void answer_with_password(struct out_request *r, int status, const struct user *u, const char *password)
{
    out_answer_record(r, status, json_pack("{s:o, s:s}", "user", user_to_json(u), "password", password), u->version);
}

void out_user_create(struct out_request *r)
{
    struct user u = {.created_ms = r->now_ms};
    char password[OUT_PASSWORD_SIZE], where[80];
    if (!read_user(r, &u) || !give_one_time(r, &u, password))
        return;
    platform_new_id(r->out->platform, u.id);
    json_t *detail = json_pack("{s:s, s:s, s:s}", "name", u.name, "role", user_role_text(u.role), "party", u.party);
    struct audit audit = out_page_audit(r, "user.create", u.id, detail);
    int stored = store_user_put(out_store(r), &u, &audit);
    if (!out_body_wants(r, stored != STORE_CONFLICT, "name", "a name that nobody has", u.name) || !out_store_ok(r, stored, "user"))
        return;
    answer_with_password(r, 201, &u, password);
    snprintf(where, sizeof where, "/api/v1/users/%s", u.id);
    out_answer_header(r, "Location", where);
    explicit_bzero(password, sizeof password);
}

/* The last administrator must not lock everybody out. */
static bool keeps_itself(struct out_request *r, const struct user *u)
{
    return strcmp(u->id, r->user.id) != 0 ||
           out_body_wants(r, u->role == USER_ROLE_ADMINISTRATOR && !u->disabled, "role", "another administrator to do this", "yourself");
}

void out_user_put(struct out_request *r)
{
    struct user u;
    if (!get(r, &u) || !out_page_match(r, u.version))
        return;
    json_t *before = user_to_json(&u);
    bool ok = read_user(r, &u) && keeps_itself(r, &u);
    json_t *after = user_to_json(&u);
    struct audit audit = out_page_audit(r, "user.change", u.id, out_page_changes(before, after));
    bool sign_out = !json_equal(json_object_get(before, "role"), json_object_get(after, "role")) || u.disabled ||
                    !json_equal(json_object_get(before, "party"), json_object_get(after, "party"));
    json_decref(before);
    json_decref(after);
    if (!ok || !out_store_ok(r, store_user_put(out_store(r), &u, &audit), "user"))
        return;
    if (!sign_out || out_store_ok(r, out_session_end_all(r, u.id), "session"))
        out_answer_record(r, 200, user_to_json(&u), u.version);
}

void out_user_reset(struct out_request *r)
{
    struct user u;
    char password[OUT_PASSWORD_SIZE];
    if (!get(r, &u) || !give_one_time(r, &u, password))
        return;
    struct audit audit = out_page_audit(r, "user.password-reset", u.id, NULL);
    if (out_store_ok(r, store_user_put(out_store(r), &u, &audit), "user") && out_store_ok(r, out_session_end_all(r, u.id), "session"))
        answer_with_password(r, 200, &u, password);
    explicit_bzero(password, sizeof password);
}

/* --- the first user --- */

static void count_user(void *context, const void *record)
{
    (void)record;
    ++*(unsigned *)context;
}

int out_first_user(struct store *store, int64_t now_ms, char password[OUT_PASSWORD_SIZE])
{
    struct store_query q = {.limit = 1};
    unsigned n = 0;
    char next[120] = "", made[OUT_PASSWORD_SIZE];
    int outcome = store_users(store, &q, count_user, &n, next);
    if (outcome != STORE_OK || n > 0)
        return outcome != STORE_OK ? outcome : STORE_CONFLICT;
    struct user u = {.role = USER_ROLE_ADMINISTRATOR, .must_change = true, .created_ms = now_ms};
    struct audit audit = {
        .time_ms = now_ms, .user_name = "bulla", .action = "user.create", .object = "admin", .detail = "{\"first\":true}"};
    snprintf(u.id, sizeof u.id, "admin");
    snprintf(u.name, sizeof u.name, "admin");
    snprintf(u.full_name, sizeof u.full_name, "Administrator");
    if (!out_password_new(made, sizeof made) || !out_user_password(&u, made))
        return STORE_FAILED;
    outcome = store_user_put(store, &u, &audit);
    if (outcome == STORE_OK)
        memcpy(password, made, sizeof made);
    return outcome;
}
