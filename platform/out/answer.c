/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers and problems (RFC 9457) of a request. The first one counts; later ones are dropped.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "platform/out/server.h"

void out_answer_bytes(struct out_request *r, int status, const char *type, const void *bytes, size_t n, enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *answer = r->answer ? NULL : MHD_create_response_from_buffer(n, (void *)(uintptr_t)bytes, mode);
    if (!answer) {
        if (mode == MHD_RESPMEM_MUST_FREE && r->answer)
            free((void *)(uintptr_t)bytes);
        return;
    }
    r->answer = answer;
    r->status = status;
    if (type)
        MHD_add_response_header(answer, "Content-Type", type);
}

void out_answer_header(struct out_request *r, const char *name, const char *value)
{
    if (r->answer)
        MHD_add_response_header(r->answer, name, value);
}

static void answer_text(struct out_request *r, int status, const char *type, char *text)
{
    if (!text) {
        static const char sorry[] = "{\"type\":\"urn:bulla:problem:memory\",\"title\":\"Out of memory\",\"status\":503}";
        out_answer_bytes(r, 503, "application/problem+json", sorry, sizeof sorry - 1, MHD_RESPMEM_PERSISTENT);
        return;
    }
    if (!r->answer)
        r->answer_text = text;
    out_answer_bytes(r, status, type, text, strlen(text), MHD_RESPMEM_MUST_FREE);
    out_answer_header(r, "Cache-Control", "no-store");
}

static void answer_dump(struct out_request *r, int status, const char *type, json_t *body)
{
    answer_text(r, status, type, body ? json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL);
    json_decref(body);
}

void out_answer_text(struct out_request *r, int status, char *json)
{
    answer_text(r, status, "application/json", json);
}

void out_answer_json(struct out_request *r, int status, json_t *body)
{
    answer_dump(r, status, "application/json", body);
}

void out_answer_record(struct out_request *r, int status, json_t *body, int64_t version)
{
    char etag[32];
    snprintf(etag, sizeof etag, "\"%" PRId64 "\"", version);
    out_answer_json(r, status, body);
    out_answer_header(r, "ETag", etag);
}

void out_answer_nothing(struct out_request *r)
{
    out_answer_bytes(r, 204, NULL, "", 0, MHD_RESPMEM_PERSISTENT);
}

static json_t *problem_json(int status, const char *word, const char *title, const char *detail)
{
    char type[80];
    snprintf(type, sizeof type, "urn:bulla:problem:%s", word);
    json_t *problem = json_pack("{s:s, s:s, s:i}", "type", type, "title", title, "status", status);
    json_t *text = detail && out_text_is_utf8(detail, strlen(detail)) ? json_string(detail) : NULL;
    if (text)
        json_object_set_new(problem, "detail", text);
    return problem;
}

void out_problem(struct out_request *r, int status, const char *word, const char *title, const char *detail)
{
    answer_dump(r, status, "application/problem+json", problem_json(status, word, title, detail));
}

/* A text that came from outside, made safe and short enough to be said back. */
static json_t *said_back(const char *text)
{
    char cut[64];
    snprintf(cut, sizeof cut, "%s", text);
    size_t n = strlen(cut);
    while (n && !out_text_is_utf8(cut, n))
        n--;
    return json_stringn(cut, n);
}

void out_problem_field(struct out_request *r, int status, const char *field, const char *expected, const char *got)
{
    char detail[240];
    snprintf(detail, sizeof detail, "%s: expected %s, got %.60s", field, expected, got);
    json_t *problem = problem_json(status, "invalid", "The request cannot be accepted", detail);
    json_object_set_new(problem, "errors", json_pack("[{s:s, s:s, s:o}]", "field", field, "expected", expected, "got", said_back(got)));
    answer_dump(r, status, "application/problem+json", problem);
}

void out_problem_why(struct out_request *r, int status, const char *why)
{
    char text[MODEL_WHY_SIZE];
    snprintf(text, sizeof text, "%s", why);
    char *expected = strstr(text, ": expected "), *got = expected ? strstr(expected, ", got ") : NULL;
    if (!got) {
        out_problem(r, status, "invalid", "The request cannot be accepted", why);
        return;
    }
    *expected = *got = '\0';
    out_problem_field(r, status, text, expected + strlen(": expected "), got + strlen(", got "));
}

void out_problem_json(struct out_request *r, int status, json_t *problem)
{
    answer_dump(r, status, "application/problem+json", problem);
}

void out_problem_wait(struct out_request *r, const char *title, int64_t wait_ms)
{
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%" PRId64, (wait_ms + 999) / 1000);
    out_problem(r, 429, "too-many-requests", title, NULL);
    out_answer_header(r, "Retry-After", seconds);
}

void out_problem_missing(struct out_request *r, const char *what)
{
    char title[80];
    snprintf(title, sizeof title, "There is no such %s", what);
    out_problem(r, 404, "not-found", title, NULL);
}

bool out_store_ok(struct out_request *r, int outcome, const char *what)
{
    switch (outcome) {
    case STORE_OK:
        return true;
    case STORE_NOT_FOUND:
        out_problem_missing(r, what);
        return false;
    case STORE_CONFLICT:
        out_problem(r, 409, "conflict", "It was changed by somebody else, or exists already", what);
        return false;
    case STORE_NO_SPACE:
        out_problem(r, 507, "storage", "The disk is full; nothing was changed", store_error(out_store(r)));
        return false;
    default:
        out_problem(r, 503, "storage", "The store failed; nothing was changed", store_error(out_store(r)));
        return false;
    }
}
