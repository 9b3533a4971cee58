/* SPDX-License-Identifier: Apache-2.0
 *
 * What describes an attached file as JSON, both ways.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/seal_json.h"

static const char *const known[] = {"name", "size", "decides", "digest", "md5", "outcome", "error"};

static const struct {
    uint8_t kind;
    const char *name;
    bool decides;
} digests[] = {
#define X(name, number, text, bytes, decides) {number, text, decides},
    BULLA_DIGEST_TABLE(X)
#undef X
};
#define DIGESTS (sizeof digests / sizeof *digests)

json_t *cli_attachment_members(const struct bulla_attachment *a)
{
    size_t i = 0;
    while (i + 1 < DIGESTS && digests[i].kind != a->decides) {
        i++;
    }
    return json_pack("{s:s, s:I, s:s, s:o, s:o}", "name", a->name, "size", (json_int_t)a->size, "decides", digests[i].name, "digest",
                     cli_hex_json((struct bulla_bytes){a->digest, sizeof a->digest}), "md5",
                     a->has_md5 ? cli_hex_json((struct bulla_bytes){a->md5, sizeof a->md5}) : json_null());
}

json_t *cli_attachment_json(struct bulla_bytes bytes, bool *good)
{
    struct bulla_attachment attachment;
    struct bulla_fault fault;
    enum bulla_status status = bulla_attachment_decode(bytes, &attachment, &fault);
    if (status != BULLA_OK) {
        *good = false;
        return cli_fault_json(status, &fault, "byte");
    }
    json_t *object = cli_attachment_members(&attachment);
    json_object_set_new(object, "outcome", json_string(bulla_status_text(status)));
    json_object_set_new(object, "error", json_null());
    return object;
}

static bool get_hex(const json_t *value, uint8_t *to, size_t n)
{
    return json_string_length(value) == 2 * n && bulla_hex_get(to, json_string_value(value), n);
}

static uint8_t decides(const json_t *value)
{
    const char *text = json_string_value(value);
    for (size_t i = 0; text && i < DIGESTS; i++) {
        if (digests[i].decides && strcmp(digests[i].name, text) == 0) {
            return digests[i].kind;
        }
    }
    return 0;
}

bool cli_attachment_get(const json_t *object, struct bulla_attachment *attachment, char *why, size_t size)
{
    const json_t *name = json_object_get(object, "name"), *bytes = json_object_get(object, "size");
    const json_t *digest = json_object_get(object, "digest"), *md5 = json_object_get(object, "md5");
    struct bulla_attachment a = {.decides = decides(json_object_get(object, "decides"))};
    if (!cli_json_knows(object, "", known, sizeof known / sizeof *known, why, size)) {
        return false;
    }
    if (json_string_length(name) == 0 || json_string_length(name) >= sizeof a.name) {
        return cli_json_refuse(why, size, "", "name", "1 to 63 printable ASCII characters", name);
    }
    memcpy(a.name, json_string_value(name), json_string_length(name));
    if (!json_is_integer(bytes) || json_integer_value(bytes) < 0 || json_integer_value(bytes) > UINT32_MAX) {
        return cli_json_refuse(why, size, "", "size", "0 to 4294967295", bytes);
    }
    a.size = (uint32_t)json_integer_value(bytes);
    if (!a.decides) {
        return cli_json_refuse(why, size, "", "decides", "sha256 or sm3", json_object_get(object, "decides"));
    }
    if (!get_hex(digest, a.digest, sizeof a.digest)) {
        return cli_json_refuse(why, size, "", "digest", "64 hexadecimal digits", digest);
    }
    a.has_md5 = md5 && !json_is_null(md5);
    if (a.has_md5 && !get_hex(md5, a.md5, sizeof a.md5)) {
        return cli_json_refuse(why, size, "", "md5", "32 hexadecimal digits, or null", md5);
    }
    *attachment = a;
    return true;
}

bool cli_attachment_from_json(const json_t *object, uint8_t **bytes, size_t *n, char *why, size_t size)
{
    struct bulla_attachment attachment;
    struct bulla_fault fault;
    uint8_t made[BULLA_ATTACHMENT_SIZE];
    if (!cli_attachment_get(object, &attachment, why, size)) {
        return false;
    }
    if (bulla_attachment_encode(&attachment, made, n, &fault) != BULLA_OK) {
        return cli_json_refuse(why, size, "", fault.field, fault.expected, json_object_get(object, fault.field));
    }
    *bytes = malloc(*n);
    if (!*bytes) {
        return cli_json_refuse(why, size, "attachment", "", "memory for it", NULL);
    }
    memcpy(*bytes, made, *n);
    return true;
}
