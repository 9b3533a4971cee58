/* SPDX-License-Identifier: Apache-2.0
 *
 * One request from its first line to its answer. http.c makes and frees it, access.c says who asks, one
 * handler of routes.def answers it with exactly one of the out_answer_... or out_problem_... functions (the first
 * one counts). A request belongs to one thread at a time.
 */
#ifndef OUT_REQUEST_H
#define OUT_REQUEST_H

#include <microhttpd.h>

#include "platform/out/out.h"
#include "platform/out/out_limits.h"

enum out_role { /* bits of "who may" */
                OUT_ADMINISTRATOR = 1u << USER_ROLE_ADMINISTRATOR,
                OUT_WATCH = 1u << USER_ROLE_WATCH_OFFICER,
                OUT_CHECKPOINT = 1u << USER_ROLE_CHECKPOINT_OFFICER,
                OUT_CARRIER = 1u << USER_ROLE_CARRIER,
                OUT_PATROL = 1u << USER_ROLE_PATROL_OFFICER,
                OUT_OPERATOR = 1u << USER_ROLE_SEAL_OPERATOR,
                OUT_TRADER = 1u << USER_ROLE_TRADER,
                OUT_ANYBODY = 1u << 7, /* without signing in */
};

/* clang-format off */
#define OUT_SCOPE_TABLE(X) X(NONE, 0, "none") X(READ, 1, "read") X(JOURNEYS, 2, "journeys") X(ALARMS, 3, "alarms") \
                           X(COMMANDS, 4, "commands") X(SEALS, 5, "seals") X(ADMIN, 6, "admin") \
                           X(DEVICES, 7, "devices") X(PERSON, 8, "person")
/* clang-format on */
#define X(name, number, text) OUT_SCOPE_##name = number,
enum out_scope { OUT_SCOPE_TABLE(X) };
#undef X
const char *out_scope_text(unsigned value);
int out_scope_from(const char *text);

enum out_lane { OUT_LANE_HERE, OUT_LANE_WORK, OUT_LANE_PASSWORD, OUT_LANE_DEVICE }; /* on which thread the handler runs */
enum out_body { OUT_BODY_NONE, OUT_BODY_JSON, OUT_BODY_FILE, OUT_BODY_CHUNK, OUT_BODY_ITEMS /* JSON that the handler reads itself */ };

struct out_request;
typedef void (*out_handler)(struct out_request *r);

struct out_route {
    const char *method, *pattern;
    unsigned roles;
    enum out_scope scope;
    enum out_lane lane;
    enum out_body body;
    out_handler handler;
};

struct out_param {
    const char *name, *value;
};

enum out_phase { OUT_HEAD, OUT_BODY, OUT_WAITING, OUT_ANSWERED };

struct out_request {
    struct out *out;
    struct MHD_Connection *connection;
    enum out_phase phase;
    const struct out_route *route;
    char method[8];
    char address[64];
    bool bad_target;  /* NUL, wrong escapes or not UTF-8 */
    char *target;     /* heap: path and query, decoded in place */
    const char *path; /* "/api/v1/..." */
    struct out_param params[OUT_PARAMS_MAX];
    size_t n_params;
    char id[MODEL_SEAL_SIZE + 24];/* what stood at {id} */
    uint8_t *body;
    size_t body_len, body_room, body_max;
    json_t *json; /* OUT_BODY_JSON: an object, perhaps empty */
    int64_t now_ms;
    bool signed_in;
    struct user user;
    struct session session;
    json_t *names;        /* cache of user and party names */
    char idempotency[72]; /* digest of user, route and key; "" : none asked for */
    char fingerprint[72]; /* digest of the body */
    int status;
    struct MHD_Response *answer;
    const char *answer_text; /* of a JSON answer; owned by it */
};

struct out_request *out_request_new(struct out *out, const char *target, bool whole);
void out_request_free(struct out_request *r);
const char *out_request_header(const struct out_request *r, const char *name); /* NULL: not there */
const char *out_request_param(const struct out_request *r, const char *name);  /* NULL: not there */
bool out_request_append(struct out_request *r, const char *bytes, size_t n);   /* false: too large or no memory */

/* Decodes %XX in place; false when an escape is wrong, or the result holds a control character or is not UTF-8. */
bool out_text_unescape(char *text);
bool out_text_is_utf8(const char *text, size_t n);

/* Members of the JSON body. A missing or wrong one is answered 422 and gives NULL. */
const char *out_body_text(struct out_request *r, const char *name, size_t min, size_t max);
/* The same, but absent or null gives "". */
const char *out_body_optional(struct out_request *r, const char *name, size_t max);
bool out_body_wants(struct out_request *r, bool condition, const char *field, const char *expected, const char *got);

/* Query parameters; false when one was wrong (answered). */
bool out_param_number(struct out_request *r, const char *name, int64_t min, int64_t max, int64_t fallback, int64_t *out);
bool out_param_time(struct out_request *r, const char *name, int64_t fallback, int64_t *out);
bool out_param_text(struct out_request *r, const char *name, char *to, size_t size);
bool out_param_word(struct out_request *r, const char *name, int (*from)(const char *), char *to, size_t size);

/* --- answers --- */
void out_answer_json(struct out_request *r, int status, json_t *body /* taken; NULL: out of memory */);
void out_answer_text(struct out_request *r, int status, char *json /* heap, taken; NULL: out of memory */);
void out_answer_record(struct out_request *r, int status, json_t *body /* taken */, int64_t version); /* with its ETag */
void out_answer_bytes(struct out_request *r, int status, const char *type, const void *bytes, size_t n, enum MHD_ResponseMemoryMode mode);
void out_answer_nothing(struct out_request *r);                                     /* 204 */
void out_answer_header(struct out_request *r, const char *name, const char *value); /* after one of the above */

/* application/problem+json; word is the last part of its type, detail may be NULL. */
void out_problem(struct out_request *r, int status, const char *word, const char *title, const char *detail);
void out_problem_field(struct out_request *r, int status, const char *field, const char *expected, const char *got);
void out_problem_why(struct out_request *r, int status, const char *why);         /* "field: expected E, got G" */
void out_problem_json(struct out_request *r, int status, json_t *problem /* taken */); /* with members of its own */
void out_problem_wait(struct out_request *r, const char *title, int64_t wait_ms); /* 429 with Retry-After */
void out_problem_missing(struct out_request *r, const char *what);                /* 404 */
/* False, with the problem answered, when a store call was not STORE_OK. */
bool out_store_ok(struct out_request *r, int outcome, const char *what);

#endif
