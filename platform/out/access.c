/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/access.h"

#include <string.h>

#include "platform/out/secret.h"
#include "platform/out/server.h"

bool out_access_is_carrier(const struct out_request *r)
{
    return r->user.role == USER_ROLE_CARRIER || r->user.role == USER_ROLE_TRADER;
}

bool out_access_sees_carrier(const struct out_request *r, const char *carrier)
{
    return !out_access_is_carrier(r) || (r->user.party[0] && strcmp(r->user.party, carrier) == 0);
}

bool out_access_same_site(const struct out_request *r)
{
    const char *site = out_request_header(r, "Sec-Fetch-Site");
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return false;
    const char *origin = out_request_header(r, "Origin"), *host = out_request_header(r, "Host");
    if (!origin)
        return true;
    const char *authority = strstr(origin, "://");
    return authority && host && strcasecmp(authority + 3, host) == 0;
}

/* The secret of the session or key, NULL when there is none. */
static const char *secret_of(const struct out_request *r, bool *key)
{
    const char *bearer = out_request_header(r, "Authorization");
    *key = bearer != NULL;
    if (!bearer)
        return MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, OUT_COOKIE);
    if (strncasecmp(bearer, "Bearer ", 7) != 0 || strncmp(bearer + 7, OUT_KEY_PREFIX, strlen(OUT_KEY_PREFIX)) != 0)
        return NULL;
    return bearer + 7;
}

static bool session_stands(const struct session *s, const struct user *u, int64_t now_ms)
{
    return s->expires_ms > now_ms && s->created_ms <= now_ms + 60000 && !u->disabled;
}

int64_t out_access_span(const struct out *out, int64_t span_ms)
{
    double speed = platform_clock_speed(out->platform);
    return speed > 1 ? (int64_t)((double)span_ms * speed) : span_ms;
}

/* Writes the last use down, and moves the end of an idle person's session, at most once a minute. */
static void touch(struct out_request *r)
{
    struct session *s = &r->session;
    if (r->now_ms - s->used_ms < OUT_SESSION_TOUCH_MS)
        return;
    s->used_ms = r->now_ms;
    if (!s->key) {
        int64_t idle = r->now_ms + out_access_span(r->out, OUT_SESSION_IDLE_MS);
        int64_t longest = s->created_ms + out_access_span(r->out, OUT_SESSION_MAX_MS);
        s->expires_ms = idle < longest ? idle : longest;
    }
    (void)store_session_put(out_store(r), s, NULL); /* a failure costs only this note */
}

static bool identify(struct out_request *r)
{
    bool key = false;
    const char *secret = secret_of(r, &key);
    char id[OUT_DIGEST_SIZE];
    if (!secret || strlen(secret) > 128)
        return false;
    out_secret_digest(secret, id);
    int found = store_session_get(out_store(r), id, &r->session);
    if (found < 0)
        return out_store_ok(r, found, "session");
    if (found != STORE_OK || r->session.key != key)
        return false;
    found = store_user_get(out_store(r), r->session.user, &r->user);
    if (found < 0)
        return out_store_ok(r, found, "user");
    if (found != STORE_OK || !session_stands(&r->session, &r->user, r->now_ms))
        return false;
    r->signed_in = true;
    touch(r);
    return true;
}

static bool is_unsafe(const struct out_request *r)
{
    return strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0;
}

static bool check_csrf(struct out_request *r)
{
    if (r->session.key || !is_unsafe(r))
        return true;
    const char *token = out_request_header(r, "X-CSRF-Token");
    if (!out_access_same_site(r)) {
        out_problem(r, 403, "csrf", "The request comes from a page of another site", NULL);
        return false;
    }
    if (token && out_secret_same(r->session.csrf, token))
        return true;
    out_problem(r, 403, "csrf", "The session's token is missing or wrong", "X-CSRF-Token: expected the token of the session");
    return false;
}

static bool has_scope(const struct session *s, enum out_scope scope)
{
    char padded[sizeof s->scopes + 2], wanted[24];
    snprintf(padded, sizeof padded, " %s ", s->scopes);
    snprintf(wanted, sizeof wanted, " %s ", out_scope_text(scope));
    return strstr(padded, wanted) != NULL;
}

static bool check_scope(struct out_request *r)
{
    enum out_scope scope = r->route->scope;
    if (!r->session.key || (scope != OUT_SCOPE_PERSON && has_scope(&r->session, scope)))
        return true;
    char detail[80];
    snprintf(detail, sizeof detail, scope == OUT_SCOPE_PERSON ? "only a signed-in person may do this" : "the key needs the scope %s",
             out_scope_text(scope));
    out_problem(r, 403, "forbidden", "The key does not allow this", detail);
    return false;
}

static bool check_role(struct out_request *r)
{
    bool password_only = r->user.must_change && !r->session.key && strncmp(r->route->pattern, "/api/v1/session", 15) != 0;
    if (password_only || (r->user.must_change && r->session.key)) {
        out_problem(r, 403, "password-change-needed", "Change the one-time password first", NULL);
        return false;
    }
    if (r->route->roles & 1u << r->user.role)
        return true;
    out_problem(r, 403, "forbidden", "Your role does not allow this", user_role_text(r->user.role));
    return false;
}

bool out_access_check(struct out_request *r)
{
    if (r->route->roles & OUT_ANYBODY)
        return true;
    if (!identify(r)) {
        out_problem(r, 401, "not-signed-in", "Sign in, or give a valid key", NULL);
        return false;
    }
    int64_t wait = out_throttle_take(r->out->throttle, r->session.id, OUT_RATE_PER_S, OUT_RATE_BURST, r->now_ms);
    if (wait > 0) {
        out_problem_wait(r, "Too many requests", wait);
        return false;
    }
    return check_csrf(r) && check_role(r) && check_scope(r);
}

bool out_access_still(struct out *out, const struct session *session, int64_t now_ms)
{
    struct session s;
    struct user u;
    struct store *store = platform_store(out->platform);
    return store_session_get(store, session->id, &s) == STORE_OK && store_user_get(store, s.user, &u) == STORE_OK &&
           session_stands(&s, &u, now_ms);
}

bool out_access_journey(struct out_request *r, const char *id, struct journey **journey)
{
    struct journey *found = NULL;
    if (strlen(id) >= MODEL_ID_SIZE) {
        out_problem_missing(r, "journey");
        return false;
    }
    int outcome = store_journey_get(out_store(r), id, &found);
    if (outcome == STORE_OK && !out_access_sees_carrier(r, found->carrier)) {
        journey_free(found);
        outcome = STORE_NOT_FOUND;
    }
    if (!out_store_ok(r, outcome, "journey"))
        return false;
    *journey = found;
    return true;
}

static bool sees_journey(struct out_request *r, const char *id)
{
    struct journey *journey = NULL;
    bool sees = id[0] && store_journey_get(out_store(r), id, &journey) == STORE_OK && out_access_sees_carrier(r, journey->carrier);
    journey_free(journey);
    return sees;
}

/* Of the open journeys that name a seal, at most one is more than a draft. */
static void take_if_under_way(void *context, const void *record)
{
    const struct journey *j = record;
    if (j->state != JOURNEY_DRAFT && j->state != JOURNEY_RELEASED && j->state != JOURNEY_CANCELLED)
        memcpy(context, j->id, MODEL_ID_SIZE);
}

void out_access_journey_of(struct out_request *r, const char *seal, char journey[MODEL_ID_SIZE])
{
    struct store_query q = {.limit = OUT_PAGE_MAX, .state = "open"};
    char next[120] = "";
    snprintf(q.seal, sizeof q.seal, "%s", seal);
    journey[0] = '\0';
    (void)store_journeys(out_store(r), &q, take_if_under_way, journey, next);
}

bool out_access_seal(struct out_request *r, const char *id, struct seal *seal)
{
    int outcome = strlen(id) < MODEL_SEAL_SIZE ? store_seal_get(out_store(r), id, seal) : STORE_NOT_FOUND;
    if (outcome == STORE_OK)
        out_access_journey_of(r, id, seal->journey);
    if (outcome == STORE_OK && out_access_is_carrier(r) && !sees_journey(r, seal->journey))
        outcome = STORE_NOT_FOUND;
    return out_store_ok(r, outcome, "seal");
}

bool out_access_alarm(struct out_request *r, const char *id, struct alarm *alarm)
{
    int outcome = strlen(id) < ALARM_ID_SIZE ? store_alarm_get(out_store(r), id, alarm) : STORE_NOT_FOUND;
    if (outcome == STORE_OK && out_access_is_carrier(r) && !sees_journey(r, alarm->journey))
        outcome = STORE_NOT_FOUND;
    return out_store_ok(r, outcome, "alarm");
}
