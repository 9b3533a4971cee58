/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/serve.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "platform/out/access.h"
#include "platform/out/idempotency.h"
#include "platform/out/routes.h"
#include "platform/out/server.h"
#include "platform/out/web.h"

/* --- the header --- */

struct header_count {
    unsigned lengths, encodings, hosts;
    bool odd;
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct header_count *c = context;
    (void)kind;
    if (strcasecmp(name, "Content-Length") == 0) {
        c->lengths++;
        c->odd |= !value || !*value || strspn(value, "0123456789") != strlen(value);
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        c->encodings++;
        c->odd |= !value || strcasecmp(value, "chunked") != 0;
    } else if (strcasecmp(name, "Host") == 0) {
        c->hosts++;
    }
    c->odd |= value && !out_text_is_utf8(value, strlen(value));
    return MHD_YES;
}

/* What another server in front could understand differently is refused (RFC 9112, 6.3 and 3.2). */
static bool header_is_plain(struct out_request *r)
{
    struct header_count c = {0};
    MHD_get_connection_values(r->connection, MHD_HEADER_KIND, count_header, &c);
    bool ambiguous = c.lengths > 1 || c.encodings > 1 || c.hosts > 1 || (c.lengths && c.encodings);
    if (!ambiguous && !c.odd && !r->bad_target)
        return true;
    out_problem(r, 400, "invalid", r->bad_target ? "The address of the request is damaged" : "The header of the request is ambiguous",
                r->bad_target ? "path: expected UTF-8 with correct %XX escapes and no control characters"
                              : "header: expected one Host, and one Content-Length or Transfer-Encoding: chunked");
    out_answer_header(r, "Connection", "close");
    return false;
}

static bool announced_fits(struct out_request *r)
{
    const char *length = out_request_header(r, "Content-Length");
    if (!length || (strlen(length) < 12 && strtoull(length, NULL, 10) <= r->body_max))
        return true;
    char detail[96];
    snprintf(detail, sizeof detail, "body: expected at most %zu bytes, got %.20s", r->body_max, length);
    out_problem(r, 413, "too-large", "The body is too large", detail);
    out_answer_header(r, "Connection", "close");
    return false;
}

static void refuse_route(struct out_request *r, const char *methods)
{
    if (methods[0]) {
        out_problem(r, 405, "method-not-allowed", "The method does not apply here", NULL);
        out_answer_header(r, "Allow", methods);
    } else if (strncmp(r->path, "/api/", 5) == 0) {
        out_problem_missing(r, "resource");
    } else {
        out_web_answer(r);
    }
}

void out_serve_begin(struct out_request *r)
{
    static const size_t body_max[] = {[OUT_BODY_NONE] = 0, [OUT_BODY_JSON] = OUT_JSON_MAX, [OUT_BODY_FILE] = OUT_FILE_MAX,
                                     [OUT_BODY_ITEMS] = OUT_ITEMS_MAX,
                                     [OUT_BODY_CHUNK] = OUT_CHUNK_MAX};
    char methods[48];
    r->now_ms = platform_now(r->out->platform);
    if (!header_is_plain(r))
        return;
    r->route = out_route_find(r->method, r->path, r->id, sizeof r->id, methods);
    if (!r->route) {
        refuse_route(r, methods);
        return;
    }
    if (!out_text_unescape(r->id)) {
        out_problem_field(r, 400, "id", "UTF-8 without control characters", "other bytes");
        return;
    }
    r->body_max = body_max[r->route->body];
    (void)announced_fits(r);
}

/* --- the body --- */

static bool is_json(const char *type)
{
    static const char json[] = "application/json";
    return type && strncasecmp(type, json, sizeof json - 1) == 0 && strchr("; ", type[sizeof json - 1]);
}

static bool read_json(struct out_request *r)
{
    bool items = r->route->body == OUT_BODY_ITEMS;
    if (r->route->body != OUT_BODY_JSON && !items)
        return true;
    if (r->body_len == 0 && !items) {
        r->json = json_object();
        return r->json != NULL;
    }
    if (!is_json(out_request_header(r, "Content-Type"))) {
        out_problem(r, 415, "unsupported-type", "The body must be JSON", "Content-Type: expected application/json");
        return false;
    }
    if (items)
        return true;
    json_error_t error;
    r->json = json_loadb((const char *)r->body, r->body_len, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(r->json))
        return true;
    char got[JSON_ERROR_TEXT_LENGTH + 48];
    snprintf(got, sizeof got, "%s at line %d, column %d", r->json ? "another type" : error.text, r->json ? 1 : error.line,
             r->json ? 1 : error.column);
    out_problem_field(r, 400, "body", "a JSON object", got);
    return false;
}

void out_serve(struct out_request *r)
{
    if (!r->answer && out_access_check(r) && read_json(r) && out_idempotency_read(r))
        out_idempotency_handle(r);
    if (!r->answer)
        out_problem(r, 500, "internal", "The request could not be answered", NULL);
}

void out_serve_protect(struct out_request *r)
{
    static const struct {
        const char *name, *value;
    } headers[] = {
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Permissions-Policy", "camera=(self), geolocation=(self), microphone=()"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        out_answer_header(r, headers[i].name, headers[i].value);
    if (!MHD_get_response_header(r->answer, "Content-Security-Policy"))
        out_answer_header(r, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    double speed = platform_clock_speed(r->out->platform);
    char training[32];
    snprintf(training, sizeof training, "%g", speed);
    if (speed > 0) /* whoever takes an answer of a training for the real thing was told */
        out_answer_header(r, "Bulla-Training", training);
    if (r->out->behind_tls)
        out_answer_header(r, "Strict-Transport-Security", "max-age=31536000");
}
