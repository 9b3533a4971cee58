/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/web.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "platform/out/secret.h"

#define ASSETS_MAX 256

/* Absent from a program that was built without the web part. */
extern const struct out_asset out_assets[] __attribute__((weak));

static char etags[ASSETS_MAX][24];

static const char policy[] = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
                             "connect-src 'self'; worker-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; "
                             "form-action 'self'; frame-ancestors 'none'";

static const char not_built[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Bulla</title>"
    "<body><h1>Bulla is running</h1><p>This program was built without the web workplace. Build it with Node.js and npm "
    "present and without <code>-DBULLA_WEB=OFF</code>. The interface for programs is at "
    "<a href=\"/api/openapi.yaml\">/api/openapi.yaml</a>.</p></body></html>\n";

static void digest_all(void)
{
    for (size_t i = 0; out_assets && out_assets[i].path && i < ASSETS_MAX; i++) {
        char hex[65];
        out_sha256_hex(out_assets[i].at, (size_t)(out_assets[i].end - out_assets[i].at), hex);
        snprintf(etags[i], sizeof etags[i], "\"%.16s", hex); /* the coding and the closing quote follow */
    }
}

void out_web_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, digest_all);
}

const char *out_web_type(const char *path)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".webmanifest", "application/manifest+json"},
        {".wasm", "application/wasm"},
        {".pbf", "application/x-protobuf"},
        {".txt", "text/plain; charset=utf-8"},
        {".mp3", "audio/mpeg"},
        {".wav", "audio/wav"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcmp(dot, types[i].end) == 0)
            return types[i].type;
    return "application/octet-stream";
}

bool out_web_accepts(const char *header, const char *coding)
{
    size_t n = strlen(coding);
    for (const char *at = header; at && *at; at += strcspn(at, ","), at += *at == ',') {
        at += strspn(at, " \t");
        if (strncasecmp(at, coding, n) != 0 || !strchr(" \t;,", at[n])) /* strchr also finds the NUL */
            continue;
        const char *quality = at + n + strspn(at + n, " \t;");
        return strncasecmp(quality, "q=", 2) != 0 || strtod(quality + 2, NULL) > 0;
    }
    return false;
}

static const struct out_asset *find(const char *path)
{
    for (const struct out_asset *a = out_assets; a && a->path; a++)
        if (strcmp(a->path, path) == 0)
            return a;
    return NULL;
}

static void answer_asset(struct out_request *r, const struct out_asset *a)
{
    const char *accepts = out_request_header(r, "Accept-Encoding"), *seen = out_request_header(r, "If-None-Match");
    bool br = a->br && out_web_accepts(accepts, "br"), gz = !br && a->gz && out_web_accepts(accepts, "gzip");
    const uint8_t *at = br ? a->br : gz ? a->gz : a->at, *end = br ? a->br_end : gz ? a->gz_end : a->end;
    char etag[32];
    snprintf(etag, sizeof etag, "%s%s\"", etags[a - out_assets], br ? "-b" : gz ? "-g" : "");
    if (seen && strstr(seen, etag))
        out_answer_bytes(r, 304, NULL, "", 0, MHD_RESPMEM_PERSISTENT);
    else
        out_answer_bytes(r, 200, out_web_type(a->path), at, (size_t)(end - at), MHD_RESPMEM_PERSISTENT);
    if ((br || gz) && r->status == 200)
        out_answer_header(r, "Content-Encoding", br ? "br" : "gzip");
    out_answer_header(r, "Vary", "Accept-Encoding");
    out_answer_header(r, "ETag", etag);
    /* The names of what lies in assets/ hold a digest of the content. */
    out_answer_header(r, "Cache-Control", strncmp(a->path, "/assets/", 8) == 0 ? "public, max-age=31536000, immutable" : "no-cache");
    out_answer_header(r, "Content-Security-Policy", policy);
}

/* A page address of the workplace, as against the name of a file that is not there. Ids in addresses may hold dots,
 * blanks and letters of any script; what looks like a way around directories is refused, although no directory is read. */
static bool is_page(const char *path)
{
    bool top = strrchr(path, '/') == path;
    return strncmp(path, "/assets/", 8) != 0 && !(top && strchr(path, '.')) && !strstr(path, "..") && !strcasestr(path, "%2e") &&
           !strchr(path, '\\');
}

void out_web_answer(struct out_request *r)
{
    if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0) {
        out_problem(r, 405, "method-not-allowed", "The method does not apply here", NULL);
        out_answer_header(r, "Allow", "GET, HEAD");
        return;
    }
    const struct out_asset *a = find(r->path);
    if (!a && is_page(r->path))
        a = find("/index.html");
    if (a) {
        answer_asset(r, a);
    } else if (!out_assets && is_page(r->path)) {
        out_answer_bytes(r, 200, "text/html; charset=utf-8", not_built, sizeof not_built - 1, MHD_RESPMEM_PERSISTENT);
        out_answer_header(r, "Cache-Control", "no-cache");
        out_answer_header(r, "Content-Security-Policy", policy);
    } else {
        out_problem_missing(r, "file");
    }
}
