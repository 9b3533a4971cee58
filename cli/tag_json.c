/* SPDX-License-Identifier: Apache-2.0
 *
 * The tag of passive and semi-active seals as JSON, both ways.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/tag.h"
#include "cli/seal_json.h"

static const char *const known[] = {"document", "plate", "outcome", "error"};

json_t *cli_tag_json(struct bulla_bytes bytes, bool *good)
{
    struct bulla_tag tag;
    struct bulla_fault fault;
    enum bulla_status status = BULLA_DAMAGED;
    if (bytes.len != BULLA_TAG_SIZE) {
        status = bulla_fault_set(&fault, bytes.len < BULLA_TAG_SIZE ? BULLA_MORE : BULLA_DAMAGED, "tag", "32 bytes", 8 * bytes.len);
    } else {
        status = bulla_tag_decode(bytes.at, &tag, &fault);
    }
    if (status != BULLA_OK) {
        *good = false;
        return cli_fault_json(status, &fault, "bit");
    }
    return json_pack("{s:s, s:s, s:s, s:n}", "document", tag.document, "plate", tag.plate, "outcome", bulla_status_text(status), "error");
}

static bool get_text(const json_t *object, const char *member, char *to, size_t room, char *why, size_t size)
{
    const json_t *value = json_object_get(object, member);
    if (!json_is_string(value) || json_string_length(value) >= room) {
        char expected[60];
        snprintf(expected, sizeof expected, "a text of at most %zu characters", room - 1);
        return cli_json_refuse(why, size, "", member, expected, value);
    }
    memcpy(to, json_string_value(value), json_string_length(value) + 1);
    return true;
}

bool cli_tag_from_json(const json_t *object, uint8_t **bytes, size_t *n, char *why, size_t size)
{
    struct bulla_tag tag;
    struct bulla_fault fault;
    uint8_t made[BULLA_TAG_SIZE];
    if (!cli_json_knows(object, "", known, sizeof known / sizeof *known, why, size) ||
        !get_text(object, "document", tag.document, sizeof tag.document, why, size) ||
        !get_text(object, "plate", tag.plate, sizeof tag.plate, why, size)) {
        return false;
    }
    if (bulla_tag_encode(&tag, made, &fault) != BULLA_OK) {
        return cli_json_refuse(why, size, "", fault.field, fault.expected, json_object_get(object, fault.field));
    }
    *bytes = malloc(sizeof made);
    if (!*bytes) {
        return cli_json_refuse(why, size, "tag", "", "memory for it", NULL);
    }
    memcpy(*bytes, made, sizeof made);
    *n = sizeof made;
    return true;
}
