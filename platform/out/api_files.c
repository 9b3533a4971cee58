/* SPDX-License-Identifier: Apache-2.0
 *
 * Photos and papers of alarms. What a file is, its first bytes say; the declared type must agree.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/out/observed.h"
#include "platform/out/routes.h"
#include "platform/out/secret.h"

static const struct file_type {
    const char *type;
    const char *begin;
    size_t n;
    const char *then; /* four characters at offset 8, "" : anything */
} types[] = {
    {"image/jpeg", "\xFF\xD8\xFF", 3, ""},
    {"image/png", "\x89PNG\r\n\x1A\n", 8, ""},
    {"image/webp", "RIFF", 4, "WEBP"},
    {"application/pdf", "%PDF-", 5, ""},
};

const char *out_file_type(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct file_type *t = &types[i];
        if (n >= 12 && memcmp(at, t->begin, t->n) == 0 && (!t->then[0] || memcmp(at + 8, t->then, 4) == 0))
            return t->type;
    }
    return NULL;
}

json_t *out_file_json(const struct store_file *f)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:o}", "id", f->id, "alarm", f->alarm, "name", f->name, "type", f->type, "size",
                     (json_int_t)f->size, "user", f->user, "added", json_time(f->added_ms));
}

static void take_file(void *context, const void *record)
{
    json_array_append_new(context, out_file_json(record));
}

void out_file_list(struct out_request *r)
{
    struct alarm a;
    if (!out_access_alarm(r, r->id, &a))
        return;
    json_t *items = json_array();
    if (out_store_ok(r, store_files(out_store(r), STORE_OF_ALARM, a.id, take_file, items), "file"))
        out_page_all(r, items);
    else
        json_decref(items);
}

static bool check_type(struct out_request *r, struct store_file *f)
{
    const char *declared = out_request_header(r, "Content-Type"), *type = out_file_type(r->body, r->body_len);
    if (!type || !declared || strncasecmp(declared, type, strlen(type)) != 0) {
        char detail[200];
        snprintf(detail, sizeof detail,
                 "Content-Type: expected a JPEG, PNG, WebP or PDF file declared as what it is, got %.40s declared as %.40s",
                 type ? type : "another kind of file", declared ? declared : "nothing");
        out_problem(r, 415, "unsupported-type", "The file is not of a kind that is kept", detail);
        return false;
    }
    snprintf(f->type, sizeof f->type, "%s", type);
    return true;
}

/* The last part of the name that was given, without what a header or a file system could misread. */
static void set_name(struct out_request *r, struct store_file *f)
{
    const char *given = out_request_param(r, "name"), *last = given ? strrchr(given, '/') : NULL;
    snprintf(f->name, sizeof f->name, "%s", last ? last + 1 : given && given[0] ? given : "file");
    for (char *c = f->name; *c; c++)
        if (strchr("\"\\:;|<>*?", *c))
            *c = '_';
    while (!out_text_is_utf8(f->name, strlen(f->name)))
        f->name[strlen(f->name) - 1] = '\0';
}

static void count_file(void *context, const void *record)
{
    (void)record;
    ++*(size_t *)context;
}

void out_file_add(struct out_request *r)
{
    struct alarm a;
    struct store_file f = {.added_ms = r->now_ms, .size = r->body_len, .kind = "photo"};
    char where[96];
    size_t n = 0;
    if (!out_access_alarm(r, r->id, &a) || !check_type(r, &f) ||
        !out_store_ok(r, store_files(out_store(r), STORE_OF_ALARM, a.id, count_file, &n), "file") ||
        !out_body_wants(r, n < OUT_ALARM_FILES_MAX, "body", "at most 50 files of one alarm", "one more"))
        return;
    set_name(r, &f);
    out_sha256_hex(r->body, r->body_len, f.id);
    memcpy(f.alarm, a.id, sizeof f.alarm);
    snprintf(f.user, sizeof f.user, "%s", r->user.id);
    struct audit audit =
        out_page_audit(r, "alarm.file", a.id, json_pack("{s:s, s:s, s:I}", "file", f.id, "name", f.name, "size", (json_int_t)f.size));
    int stored = store_file_put(out_store(r), &f, (struct bulla_bytes){r->body, r->body_len}, &audit);
    if (stored == STORE_CONFLICT)
        out_problem(r, 409, "conflict", "This very file is kept already", f.id);
    if (!out_store_ok(r, stored, "file"))
        return;
    out_answer_json(r, 201, out_file_json(&f));
    snprintf(where, sizeof where, "/api/v1/files/%s", f.id);
    out_answer_header(r, "Location", where);
}

void out_file_get(struct out_request *r)
{
    struct store_file f;
    uint8_t *content = NULL;
    int found = strlen(r->id) == sizeof f.id - 1 ? store_file_get(out_store(r), r->id, &f, &content) : STORE_NOT_FOUND;
    if (!out_store_ok(r, found, "file"))
        return;
    bool paper = strcmp(f.type, "application/pdf") == 0;
    out_answer_bytes(r, 200, f.type, content, f.size, MHD_RESPMEM_MUST_FREE);
    out_answer_header(r, "Content-Disposition", paper ? "attachment; filename=\"paper.pdf\"" : "inline");
    out_answer_header(r, "Cache-Control", "private, max-age=86400, immutable");
    out_answer_header(r, "Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'");
}
