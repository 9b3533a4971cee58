/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of journeys and tasks, brought in pieces: a lost line costs a piece, not the picture. With the last piece size, digest and content
 * are checked, and the file is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/out/dossiers.h"
#include "platform/out/routes.h"
#include "platform/out/secret.h"

static const char *const kinds[] = {"photo", "declaration", "waybill", "nii-image", "other"};
static const char *const types[] = {"image/jpeg", "image/png", "image/webp", "application/pdf"};

static bool is_one_of(const char *const *list, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    return false;
}

static json_t *upload_json(const struct store_upload *u)
{
    return json_pack("{s:s, s:I, s:I, s:b, s:o}", "id", u->id, "offset", (json_int_t)u->arrived, "size", (json_int_t)u->size, "complete",
                     u->complete, "file", u->complete ? json_string(u->sha256) : json_null());
}

/* --- beginning --- */

static bool read_upload(struct out_request *r, struct store_upload *u)
{
    const char *name = out_body_text(r, "name", 1, sizeof u->name - 1),
               *type = name ? out_body_text(r, "type", 1, sizeof u->type - 1) : NULL;
    const char *sha256 = type ? out_body_text(r, "sha256", 64, 64) : NULL, *kind = sha256 ? out_body_text(r, "kind", 1, 15) : NULL;
    const char *about = kind ? out_body_optional(r, "about", sizeof u->about - 1) : NULL;
    const json_t *size = json_object_get(r->json, "size"), *in_seal = json_object_get(r->json, "in_seal");
    bool fits = json_is_integer(size) && json_integer_value(size) >= 1 && json_integer_value(size) <= OUT_UPLOAD_MAX;
    if (!about || !out_body_wants(r, fits, "size", "1 to 67108864 bytes", "another size") ||
        !out_body_wants(r, is_one_of(types, 4, type), "type", "image/jpeg, image/png, image/webp or application/pdf", type) ||
        !out_body_wants(r, is_one_of(kinds, 5, kind), "kind", "photo, declaration, waybill, nii-image or other", kind) ||
        !out_body_wants(r, strspn(sha256, "0123456789abcdef") == 64, "sha256", "64 hexadecimal digits, small", sha256))
        return false;
    const char *last = strrchr(name, '/');
    snprintf(u->name, sizeof u->name, "%s", last && last[1] ? last + 1 : name);
    for (char *c = u->name; *c; c++)
        if (strchr("\"\\:;|<>*?", *c) || (unsigned char)*c < 0x20)
            *c = '_';
    snprintf(u->type, sizeof u->type, "%s", type);
    snprintf(u->sha256, sizeof u->sha256, "%s", sha256);
    snprintf(u->kind, sizeof u->kind, "%s", kind);
    snprintf(u->about, sizeof u->about, "%s", about);
    snprintf(u->user, sizeof u->user, "%s", r->user.id);
    u->size = json_integer_value(size);
    u->in_seal = json_is_true(in_seal) && !out_access_is_carrier(r); /* what the seal holds, customs says */
    u->created_ms = r->now_ms;
    platform_new_id(r->out->platform, u->id);
    return true;
}

struct open_uploads {
    char old[64][MODEL_ID_SIZE];
    size_t n, open;
    int64_t before_ms;
};

/* Newest first: those beyond the limit, and those of yesterday. */
static void take_old(void *context, const void *record)
{
    struct open_uploads *all = context;
    const struct store_upload *u = record;
    if (u->complete)
        return;
    if ((++all->open >= OUT_UPLOADS_USER_MAX || u->created_ms < all->before_ms) && all->n < 64)
        memcpy(all->old[all->n++], u->id, MODEL_ID_SIZE);
}

static void forget_old(struct out_request *r)
{
    struct store_query q = {.limit = 200};
    struct open_uploads all = {.before_ms = r->now_ms - OUT_UPLOAD_KEPT_MS};
    char next[120];
    snprintf(q.user, sizeof q.user, "%s", r->user.id);
    if (store_uploads(out_store(r), &q, take_old, &all, next) != STORE_OK)
        return;
    for (size_t i = 0; i < all.n; i++)
        (void)store_upload_forget(out_store(r), all.old[i], true);
}

static void count_file(void *context, const void *record)
{
    (void)record;
    ++*(size_t *)context;
}

static void begin(struct out_request *r, struct store_upload *u, enum store_owner of, const char *id)
{
    size_t n = 0;
    char where[96];
    if (!out_store_ok(r, store_files(out_store(r), of, id, count_file, &n), "file") ||
        !out_body_wants(r, n < OUT_JOURNEY_FILES_MAX, "size", "at most 200 files", "one more"))
        return;
    forget_old(r);
    struct audit audit =
        out_page_audit(r, "file.begin", id, json_pack("{s:s, s:s, s:I}", "upload", u->id, "name", u->name, "size", (json_int_t)u->size));
    if (!out_store_ok(r, store_upload_put(out_store(r), u, &audit), "upload"))
        return;
    out_answer_json(r, 201, upload_json(u));
    snprintf(where, sizeof where, "/api/v1/uploads/%s", u->id);
    out_answer_header(r, "Location", where);
}

void out_upload_begin(struct out_request *r)
{
    struct store_upload u = {.version = 0};
    struct journey *j = NULL;
    if (read_upload(r, &u) && out_access_journey(r, r->id, &j)) {
        memcpy(u.journey, j->id, sizeof u.journey);
        begin(r, &u, STORE_OF_JOURNEY, j->id);
    }
    journey_free(j);
}

void out_task_upload(struct out_request *r)
{
    struct store_upload u = {.version = 0};
    struct paper *p = out_paper_new(r);
    if (p && read_upload(r, &u) && out_paper_get(r, PAPER_TASK, p)) {
        memcpy(u.task, p->id, sizeof u.task);
        begin(r, &u, STORE_OF_TASK, p->id);
    }
    free(p);
}

/* --- pieces --- */

static bool get_upload(struct out_request *r, struct store_upload *u)
{
    int outcome = strlen(r->id) < MODEL_ID_SIZE ? store_upload_get(out_store(r), r->id, u) : STORE_NOT_FOUND;
    if (outcome == STORE_OK && strcmp(u->user, r->user.id) != 0)
        outcome = STORE_NOT_FOUND;
    return out_store_ok(r, outcome, "upload");
}

void out_upload_get(struct out_request *r)
{
    struct store_upload u;
    if (get_upload(r, &u))
        out_answer_json(r, 200, upload_json(&u));
}

/* What is wrong with the whole file; NULL: nothing. */
static const char *find_fault(const struct store_upload *u, const uint8_t *content, char got[80])
{
    char digest[72];
    size_t n = (size_t)u->size;
    out_sha256_hex(content, n, digest);
    const char *type = out_file_type(content, n);
    if (strcmp(digest, u->sha256) != 0) {
        snprintf(got, 80, "%s", digest);
        return "sha256";
    }
    if (!type || strcmp(type, u->type) != 0) {
        snprintf(got, 80, "%s", type ? type : "another kind of file");
        return "type";
    }
    snprintf(got, 80, "a part of one, or something else behind its first bytes");
    return out_file_whole(type, content, n) ? NULL : "type";
}

static bool keep(struct out_request *r, struct store_upload *u, const uint8_t *content)
{
    struct store_file f = {.added_ms = r->now_ms, .size = (size_t)u->size, .in_seal = u->in_seal};
    memcpy(f.id, u->sha256, sizeof f.id);
    memcpy(f.journey, u->journey, sizeof f.journey);
    memcpy(f.task, u->task, sizeof f.task);
    memcpy(f.name, u->name, sizeof f.name);
    memcpy(f.type, u->type, sizeof f.type);
    memcpy(f.user, u->user, sizeof f.user);
    memcpy(f.kind, u->kind, sizeof f.kind);
    memcpy(f.about, u->about, sizeof f.about);
    struct audit audit =
        out_page_audit(r, "file.keep", u->journey[0] ? u->journey : u->task,
                       json_pack("{s:s, s:s, s:I, s:s}", "file", f.id, "name", f.name, "size", (json_int_t)f.size, "kind", f.kind));
    int stored = store_file_put(out_store(r), &f, (struct bulla_bytes){content, (size_t)u->size}, &audit);
    return stored == STORE_CONFLICT || out_store_ok(r, stored, "file"); /* it may be there already: then it is kept */
}

/* All has arrived: a file that is not what was announced is forgotten, and may be brought anew. */
static void finish(struct out_request *r, struct store_upload *u)
{
    uint8_t *content = NULL;
    char got[80];
    if (!out_store_ok(r, store_upload_read(out_store(r), u, &content), "upload"))
        return;
    const char *fault = find_fault(u, content, got);
    if (fault) {
        (void)store_upload_forget(out_store(r), u->id, true);
        out_problem_field(r, 422, fault, strcmp(fault, "type") == 0 ? u->type : u->sha256, got);
    } else if (keep(r, u, content)) {
        u->complete = true;
        if (out_store_ok(r, store_upload_put(out_store(r), u, NULL), "upload")) {
            (void)store_upload_forget(out_store(r), u->id, false);
            out_answer_json(r, 200, upload_json(u));
        }
    }
    free(content);
}

/* The part of the body that is not known yet. False: answered. */
static bool cut_piece(struct out_request *r, const struct store_upload *u, struct bulla_bytes *piece)
{
    int64_t offset = 0;
    char expected[48], got[32];
    if (!out_param_number(r, "offset", 0, OUT_UPLOAD_MAX, -1, &offset))
        return false;
    snprintf(expected, sizeof expected, "at most %lld, where the upload stands", (long long)u->arrived);
    snprintf(got, sizeof got, "%lld", (long long)offset);
    if (offset < 0 || offset > u->arrived) {
        out_problem_field(r, offset < 0 ? 400 : 409, "offset", expected, offset < 0 ? "nothing" : got);
        return false;
    }
    size_t known = (size_t)(u->arrived - offset);
    *piece = known >= r->body_len ? (struct bulla_bytes){NULL, 0} : (struct bulla_bytes){r->body + known, r->body_len - known};
    return out_body_wants(r, (int64_t)piece->len <= u->size - u->arrived, "size", "no more bytes than were announced", "more");
}

void out_upload_put(struct out_request *r)
{
    struct store_upload u;
    struct bulla_bytes piece;
    if (!get_upload(r, &u))
        return;
    if (u.complete) {
        out_answer_json(r, 200, upload_json(&u));
        return;
    }
    if (!cut_piece(r, &u, &piece) || (piece.len && !out_store_ok(r, store_upload_part(out_store(r), &u, piece), "upload")))
        return;
    if (u.arrived == u.size)
        finish(r, &u);
    else
        out_answer_json(r, 200, upload_json(&u));
}

/* --- what is kept --- */

static void take_own(json_t *items, const char *user)
{
    for (size_t i = json_array_size(items); i-- > 0;) {
        const char *by = json_string_value(json_object_get(json_array_get(items, i), "user"));
        if (!by || strcmp(by, user) != 0)
            json_array_remove(items, i);
    }
}

void out_document_list(struct out_request *r)
{
    struct journey *j = NULL;
    struct flow_dossier *d = NULL;
    json_t *items = NULL;
    if (out_access_journey(r, r->id, &j) && out_dossier_read(r, j, &d) && out_documents(r, j->id, d, &items)) {
        if (out_access_is_carrier(r)) /* what it brought itself */
            take_own(items, r->user.id);
        out_page_all(r, items);
    }
    flow_dossier_free(d);
    journey_free(j);
}
