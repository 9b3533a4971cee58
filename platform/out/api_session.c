/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in and out, passwords, API keys. Names that do not exist take as long as wrong passwords.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "platform/out/page.h"
#include "platform/out/routes.h"
#include "platform/out/secret.h"

/* The platform's clock as a browser can follow it. */
static json_t *clock_json(const struct out_request *r)
{
    double speed = platform_clock_speed(r->out->platform);
    return json_pack("{s:o, s:f, s:b}", "now", json_time(r->now_ms), "speed", speed > 0 ? speed : 1.0, "training", speed > 0);
}

static json_t *session_json(const struct out_request *r)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "clock", clock_json(r), "user", user_to_json(&r->user), "csrf",
                     r->session.key ? json_null() : json_string(r->session.csrf), "expires", json_time(r->session.expires_ms));
}

static void set_cookie(struct out_request *r, const char *secret, int64_t age_s)
{
    char cookie[192];
    snprintf(cookie, sizeof cookie, OUT_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%" PRId64 "%s", secret, age_s,
             r->out->behind_tls ? "; Secure" : "");
    out_answer_header(r, "Set-Cookie", cookie);
}

struct ids {
    char id[OUT_SESSIONS_USER_MAX * 4][MODEL_ID_SIZE];
    int64_t created_ms[OUT_SESSIONS_USER_MAX * 4];
    size_t n;
};

static void take_id(void *context, const void *record)
{
    struct ids *ids = context;
    const struct session *s = record;
    if (ids->n == sizeof ids->id / sizeof *ids->id)
        return;
    memcpy(ids->id[ids->n], s->id, MODEL_ID_SIZE);
    ids->created_ms[ids->n++] = s->created_ms;
}

/* Ends the user's sessions but for the newest `keep`. */
static int end_sessions(struct out_request *r, const char *user, size_t keep)
{
    struct ids *ids = calloc(1, sizeof *ids);
    if (!ids)
        return STORE_FAILED;
    int outcome = store_sessions(out_store(r), user, false, take_id, ids);
    while (outcome == STORE_OK && ids->n > keep) {
        size_t oldest = 0;
        for (size_t i = 1; i < ids->n; i++)
            if (ids->created_ms[i] < ids->created_ms[oldest])
                oldest = i;
        outcome = store_session_drop(out_store(r), ids->id[oldest], NULL);
        if (outcome == STORE_NOT_FOUND)
            outcome = STORE_OK;
        ids->n--;
        memcpy(ids->id[oldest], ids->id[ids->n], MODEL_ID_SIZE);
        ids->created_ms[oldest] = ids->created_ms[ids->n];
    }
    free(ids);
    return outcome;
}

/* A new session for r->user, with its audit entry; answers with it and the cookie. */
static void begin_session(struct out_request *r, const char *action)
{
    char secret[OUT_SECRET_SIZE];
    struct session s = {
        .created_ms = r->now_ms, .used_ms = r->now_ms, .expires_ms = r->now_ms + out_access_span(r->out, OUT_SESSION_IDLE_MS)};
    snprintf(s.user, sizeof s.user, "%s", r->user.id);
    if (!out_secret_new(secret) || !out_secret_new(s.csrf))
        return;
    out_secret_digest(secret, s.id);
    struct audit audit = out_page_audit(r, action, r->user.id, NULL);
    if (!out_store_ok(r, end_sessions(r, s.user, OUT_SESSIONS_USER_MAX - 1), "session") ||
        !out_store_ok(r, store_session_put(out_store(r), &s, &audit), "session"))
        return;
    r->session = s;
    out_answer_json(r, 200, session_json(r));
    set_cookie(r, secret, OUT_SESSION_MAX_MS / 1000);
    explicit_bzero(secret, sizeof secret);
}

static void refuse_sign_in(struct out_request *r, const char *by_name, const char *by_address, const char *name)
{
    out_throttle_failed(r->out->throttle, by_name, OUT_TRIES_NAME_FREE, OUT_TRIES_NAME_MS, r->now_ms);
    out_throttle_failed(r->out->throttle, by_address, OUT_TRIES_ADDRESS_FREE, OUT_TRIES_ADDRESS_MS, r->now_ms);
    struct audit audit = out_page_audit(r, "sign-in.refused", name, NULL);
    (void)store_audit_add(out_store(r), &audit);
    out_problem(r, 401, "wrong-name-or-password", "The name or the password is wrong", NULL);
}

void out_session_open(struct out_request *r)
{
    char by_name[96], by_address[96];
    const char *name = out_body_text(r, "name", 1, sizeof r->user.name - 1);
    const char *password = name ? out_body_text(r, "password", 1, OUT_PASSWORD_LONGEST) : NULL;
    if (!password)
        return;
    if (!out_access_same_site(r)) {
        out_problem(r, 403, "csrf", "The request comes from a page of another site", NULL);
        return;
    }
    snprintf(by_name, sizeof by_name, "name %s", name);
    snprintf(by_address, sizeof by_address, "address %s", r->address);
    int64_t wait = out_throttle_wait(r->out->throttle, by_name, r->now_ms),
            other = out_throttle_wait(r->out->throttle, by_address, r->now_ms);
    if (wait > 0 || other > 0) {
        out_problem_wait(r, "Too many wrong passwords; wait before the next try", wait > other ? wait : other);
        return;
    }
    struct user u = {0};
    int found = store_user_by_name(out_store(r), name, &u);
    if (found < 0) {
        (void)out_store_ok(r, found, "user");
        return;
    }
    bool known = found == STORE_OK && u.password[0] && !u.disabled;
    bool right = out_password_verify(known ? u.password : r->out->dummy, password) && known;
    if (!right) {
        refuse_sign_in(r, by_name, by_address, name);
        return;
    }
    out_throttle_passed(r->out->throttle, by_name);
    r->user = u;
    begin_session(r, "sign-in");
}

void out_session_get(struct out_request *r)
{
    out_answer_json(r, 200, session_json(r));
}

void out_session_close(struct out_request *r)
{
    struct audit audit = out_page_audit(r, "sign-out", r->user.id, NULL);
    if (!out_store_ok(r, store_session_drop(out_store(r), r->session.id, &audit), "session"))
        return;
    out_answer_nothing(r);
    set_cookie(r, "", 0);
}

void out_session_password(struct out_request *r)
{
    const char *old = out_body_text(r, "old", 1, OUT_PASSWORD_LONGEST);
    const char *wanted = old ? out_body_text(r, "new", OUT_PASSWORD_MIN, OUT_PASSWORD_LONGEST) : NULL;
    char by_name[96];
    if (!wanted || !out_body_wants(r, strcmp(old, wanted) != 0, "new", "another password than the old one", "the same"))
        return;
    snprintf(by_name, sizeof by_name, "name %s", r->user.name);
    int64_t wait = out_throttle_wait(r->out->throttle, by_name, r->now_ms);
    if (wait > 0) {
        out_problem_wait(r, "Too many wrong passwords; wait before the next try", wait);
        return;
    }
    if (!out_password_verify(r->user.password, old)) {
        out_throttle_failed(r->out->throttle, by_name, OUT_TRIES_NAME_FREE, OUT_TRIES_NAME_MS, r->now_ms);
        out_problem_field(r, 422, "old", "the password in use", "another");
        return;
    }
    if (!out_user_password(&r->user, wanted))
        return;
    r->user.must_change = false;
    struct audit audit = out_page_audit(r, "user.password", r->user.id, NULL);
    if (out_store_ok(r, store_user_put(out_store(r), &r->user, &audit), "user") &&
        out_store_ok(r, end_sessions(r, r->user.id, 0), "session"))
        begin_session(r, "sign-in");
}

/* --- keys --- */

static json_t *key_json(const struct session *s)
{
    json_t *scopes = json_array();
    char text[sizeof s->scopes], *save = NULL;
    memcpy(text, s->scopes, sizeof text);
    for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
        json_array_append_new(scopes, json_string(word));
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "id", s->id, "label", s->label, "scopes", scopes, "created",
                     json_time(s->created_ms), "expires", json_time(s->expires_ms), "used",
                     json_time(s->used_ms ? s->used_ms : BULLA_TIME_NONE));
}

static void take_key(void *context, const void *record)
{
    json_array_append_new(context, key_json(record));
}

void out_key_list(struct out_request *r)
{
    json_t *items = json_array();
    if (out_store_ok(r, store_sessions(out_store(r), r->user.id, true, take_key, items), "key"))
        out_page_all(r, items);
    else
        json_decref(items);
}

/* The scopes of the body as "read commands". */
static bool read_scopes(struct out_request *r, char *to, size_t size)
{
    const json_t *list = json_object_get(r->json, "scopes");
    size_t at = 0;
    unsigned seen = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *word = json_string_value(json_array_get(list, i));
        int scope = word ? out_scope_from(word) : -1;
        if (scope < OUT_SCOPE_READ || scope > OUT_SCOPE_DEVICES || seen >> scope & 1u) {
            out_problem_field(r, 422, "scopes", "each of read, journeys, alarms, commands, seals, admin, devices at most once",
                              word ? word : "another type");
            return false;
        }
        seen |= 1u << scope;
        at += (size_t)snprintf(to + at, size - at, "%s%s", at ? " " : "", word);
    }
    return out_body_wants(r, seen != 0, "scopes", "at least one scope", "none");
}

static bool room_for_key(struct out_request *r)
{
    json_t *items = json_array();
    bool listed = out_store_ok(r, store_sessions(out_store(r), r->user.id, true, take_key, items), "key");
    size_t n = json_array_size(items);
    json_decref(items);
    return listed && out_body_wants(r, n < OUT_KEYS_USER_MAX, "label", "fewer keys; withdraw one first", "one more");
}

void out_key_create(struct out_request *r)
{
    struct session s = {.key = true, .created_ms = r->now_ms};
    char secret[OUT_SECRET_SIZE], key[OUT_SECRET_SIZE + 8];
    const char *label = out_body_text(r, "label", 1, sizeof s.label - 1);
    const json_t *days = json_object_get(r->json, "days");
    json_int_t n = days ? json_integer_value(days) : OUT_KEY_DAYS_DEFAULT;
    if (!label || !read_scopes(r, s.scopes, sizeof s.scopes) ||
        !out_body_wants(r, n >= 1 && n <= OUT_KEY_DAYS_MAX, "days", "a whole number from 1 to 730", "another") || !room_for_key(r) ||
        !out_secret_new(secret))
        return;
    snprintf(key, sizeof key, OUT_KEY_PREFIX "%s", secret);
    out_secret_digest(key, s.id);
    snprintf(s.user, sizeof s.user, "%s", r->user.id);
    snprintf(s.label, sizeof s.label, "%s", label);
    s.expires_ms = r->now_ms + n * 86400000;
    struct audit audit = out_page_audit(r, "key.create", s.id, json_pack("{s:s, s:s}", "label", s.label, "scopes", s.scopes));
    if (!out_store_ok(r, store_session_put(out_store(r), &s, &audit), "key"))
        return;
    json_t *body = key_json(&s);
    json_object_set_new(body, "key", json_string(key));
    out_answer_json(r, 201, body);
}

void out_key_drop(struct out_request *r)
{
    struct session s;
    int found = strlen(r->id) < MODEL_ID_SIZE ? store_session_get(out_store(r), r->id, &s) : STORE_NOT_FOUND;
    if (found == STORE_OK && (!s.key || strcmp(s.user, r->user.id) != 0))
        found = STORE_NOT_FOUND;
    if (!out_store_ok(r, found, "key"))
        return;
    struct audit audit = out_page_audit(r, "key.drop", s.id, json_pack("{s:s}", "label", s.label));
    if (out_store_ok(r, store_session_drop(out_store(r), s.id, &audit), "key"))
        out_answer_nothing(r);
}

/* --- shared with api_users.c --- */

int out_session_end_all(struct out_request *r, const char *user)
{
    return end_sessions(r, user, 0);
}
