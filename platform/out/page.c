/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "platform/out/secret.h"

/* --- lists --- */

static bool read_cursor(struct out_request *r, struct store_query *q)
{
    const char *cursor = out_request_param(r, "cursor");
    unsigned char after[sizeof q->after];
    long n = cursor ? out_base64_get(after, sizeof after - 1, cursor) : 0;
    if (n < 0 || memchr(after, 0, (size_t)n)) {
        out_problem_field(r, 400, "cursor", "the next of the page before", cursor);
        return false;
    }
    memcpy(q->after, after, (size_t)n);
    return true;
}

bool out_page_query(struct out_request *r, struct store_query *q)
{
    int64_t limit = 0;
    if (!read_cursor(r, q) || !out_param_number(r, "limit", 1, OUT_PAGE_MAX, OUT_PAGE_DEFAULT, &limit) ||
        !out_param_text(r, "search", q->search, sizeof q->search) || !out_param_time(r, "from", 0, &q->from_ms) ||
        !out_param_time(r, "until", 0, &q->until_ms))
        return false;
    if (q->from_ms && !q->until_ms)
        q->until_ms = INT64_MAX;
    q->limit = (unsigned)limit;
    if (out_access_is_carrier(r))
        snprintf(q->carrier, sizeof q->carrier, "%s", r->user.party[0] ? r->user.party : "?");
    return true;
}

/* Writes name=value of the request's own parameters, escaped, but for the cursor. */
static void write_params(const struct out_request *r, FILE *to)
{
    for (size_t i = 0; i < r->n_params; i++) {
        if (strcmp(r->params[i].name, "cursor") == 0)
            continue;
        for (const char *c = r->params[i].name; *c; c++)
            fprintf(to, strchr("&=%<>\"\\ ;#+", *c) || (unsigned char)*c > 126 ? "%%%02X" : "%c", (unsigned char)*c);
        fputc('=', to);
        for (const char *c = r->params[i].value; *c; c++)
            fprintf(to, strchr("&=%<>\"\\ ;#+", *c) || (unsigned char)*c > 126 ? "%%%02X" : "%c", (unsigned char)*c);
        fputc('&', to);
    }
}

static void add_link(struct out_request *r, const char *cursor)
{
    char *link = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&link, &n);
    if (!to)
        return;
    fprintf(to, "<%s?", r->path);
    write_params(r, to);
    fprintf(to, "cursor=%s>; rel=\"next\"", cursor);
    fclose(to);
    out_answer_header(r, "Link", link);
    free(link);
}

void out_page_answer_in(struct out_request *r, json_t *body, json_t *items, const char *next)
{
    char cursor[200];
    size_t n = strlen(next);
    out_base64_put(cursor, (const unsigned char *)next, n < 120 ? n : 119);
    json_object_set_new(body, "items", items);
    json_object_set_new(body, "next", n ? json_string(cursor) : json_null());
    out_answer_json(r, 200, body);
    if (n)
        add_link(r, cursor);
}

void out_page_answer(struct out_request *r, json_t *items, const char *next)
{
    out_page_answer_in(r, json_object(), items, next);
}

void out_page_all(struct out_request *r, json_t *items)
{
    out_page_answer(r, items, "");
}

/* --- conditions --- */

bool out_page_match(struct out_request *r, int64_t version)
{
    const char *wanted = out_request_header(r, "If-Match");
    char etag[32];
    snprintf(etag, sizeof etag, "\"%" PRId64 "\"", version);
    if (!wanted || strcmp(wanted, "*") == 0 || strstr(wanted, etag))
        return true;
    char detail[128];
    snprintf(detail, sizeof detail, "If-Match: expected %s, got %.40s", etag, wanted);
    out_problem(r, 412, "changed-since", "It was changed by somebody else since it was read", detail);
    return false;
}

bool out_page_unchanged(struct out_request *r, int64_t version)
{
    const char *seen = out_request_header(r, "If-None-Match");
    char etag[32];
    snprintf(etag, sizeof etag, "\"%" PRId64 "\"", version);
    if (!seen || !strstr(seen, etag))
        return false;
    out_answer_bytes(r, 304, NULL, "", 0, MHD_RESPMEM_PERSISTENT);
    out_answer_header(r, "ETag", etag);
    return true;
}

/* --- audit --- */

static void dump_detail(struct audit *audit, const json_t *detail)
{
    char *text = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
    if (text && strlen(text) < sizeof audit->detail)
        memcpy(audit->detail, text, strlen(text) + 1);
    free(text);
}

/* Too long for an entry: the longest members give way to a word, until it fits. */
static void shorten(struct audit *audit, json_t *detail)
{
    while (!audit->detail[0] && json_object_size(detail)) {
        const char *name, *longest = NULL;
        json_t *value;
        size_t most = 0;
        json_object_foreach(detail, name, value)
        {
            size_t n = json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
            if (n > most) {
                most = n;
                longest = name;
            }
        }
        if (!longest || most < 12)
            break;
        json_object_set_new(detail, longest, json_string("changed"));
        dump_detail(audit, detail);
    }
    if (!audit->detail[0])
        snprintf(audit->detail, sizeof audit->detail, "{\"members\":%zu}", json_object_size(detail));
}

struct audit out_page_audit(const struct out_request *r, const char *action, const char *object, json_t *detail)
{
    struct audit audit = {.time_ms = r->now_ms};
    snprintf(audit.user, sizeof audit.user, "%s", r->user.id);
    snprintf(audit.user_name, sizeof audit.user_name, "%s", r->user.name);
    snprintf(audit.action, sizeof audit.action, "%s", action);
    snprintf(audit.object, sizeof audit.object, "%s", object);
    snprintf(audit.address, sizeof audit.address, "%s", r->address);
    if (r->session.key && detail)
        json_object_set_new(detail, "key", json_string(r->session.label));
    dump_detail(&audit, detail);
    if (detail && !audit.detail[0])
        shorten(&audit, detail);
    json_decref(detail);
    return audit;
}

json_t *out_page_changes(const json_t *before, const json_t *after)
{
    json_t *changes = json_object();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)after, name, value)
    {
        json_t *old = json_object_get(before, name);
        if (strcmp(name, "version") == 0 || (old && json_equal(old, value)))
            continue;
        json_object_set_new(changes, name, json_pack("[O, O]", old ? old : json_null(), value));
    }
    return changes;
}

/* --- names --- */

static json_t *find_user(struct out_request *r, const char *id)
{
    struct user u;
    return store_user_get(out_store(r), id, &u) == STORE_OK ? json_string(u.full_name[0] ? u.full_name : u.name) : json_null();
}

static json_t *find_party(struct out_request *r, const char *id)
{
    struct party p;
    return store_party_get(out_store(r), id, &p) == STORE_OK ? json_string(p.name) : json_null();
}

static json_t *name_of(struct out_request *r, const char *id, json_t *(*look_up)(struct out_request *, const char *))
{
    if (!id || !id[0])
        return json_null();
    if (!r->names)
        r->names = json_object();
    json_t *name = json_object_get(r->names, id);
    if (name)
        return json_incref(name);
    name = look_up(r, id);
    json_object_set(r->names, id, name);
    return name;
}

json_t *out_page_user_name(struct out_request *r, const char *id)
{
    return name_of(r, id, find_user);
}

json_t *out_page_party_name(struct out_request *r, const char *id)
{
    return name_of(r, id, find_party);
}

bool out_page_new_id(struct out_request *r, char id[MODEL_ID_SIZE])
{
    if (!id[0])
        platform_new_id(r->out->platform, id);
    for (const char *c = id; *c; c++)
        if (!strchr("-_.", *c) && !(*c >= '0' && *c <= '9') && !((*c | 32) >= 'a' && (*c | 32) <= 'z')) {
            out_problem_field(r, 422, "id", "letters, digits and - _ .", id);
            return false;
        }
    return true;
}
