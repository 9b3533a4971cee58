/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/seal_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/container.h"

#define SHOWN_MAX 64 /* of what came, which need not be text that JSON can hold */

json_t *cli_hex_json(struct bulla_bytes bytes)
{
    char *hex = malloc(2 * bytes.len + 1);
    if (!hex) {
        return NULL;
    }
    bulla_hex_put(hex, bytes.at, bytes.len);
    json_t *text = json_string(hex);
    free(hex);
    return text;
}

json_t *cli_fault_json(enum bulla_status status, const struct bulla_fault *fault, const char *unit)
{
    return json_pack("{s:s, s:o}", "outcome", bulla_status_text(status), "error",
                     json_sprintf("%s, %s %u: expected %s", fault->field, unit, fault->at, fault->expected));
}

bool cli_json_refuse(char *why, size_t size, const char *group, const char *member, const char *expected, const json_t *got)
{
    char *shown = got ? json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    snprintf(why, size, "%s%s%s: expected %s, got %.60s", group, *group && *member ? "." : "", member, expected, shown ? shown : "nothing");
    free(shown);
    return false;
}

bool cli_json_knows(const json_t *object, const char *group, const char *const *known, size_t n, char *why, size_t size)
{
    const char *member;
    json_t *value;
    json_object_foreach((json_t *)object, member, value)
    {
        size_t i = 0;
        while (i < n && strcmp(known[i], member) != 0) {
            i++;
        }
        if (i == n) {
            return cli_json_refuse(why, size, group, member, "one of the members that decode prints", value);
        }
    }
    return true;
}

static json_t *remarks_of(const struct bulla_container *container)
{
    json_t *remarks = json_array();
    if (container->remarks & BULLA_CONTAINER_REMAINDER_TEN) {
        json_array_append_new(remarks, json_string("remainder 10 written as 0: ISO 6346 advises not to use this serial number"));
    }
    if (container->remarks & BULLA_CONTAINER_CATEGORY_OTHER) {
        json_array_append_new(remarks, json_string("category R is in use, but not one of ISO 6346"));
    }
    return remarks;
}

static json_t *candidates_of(struct bulla_bytes number)
{
    struct bulla_candidate found[BULLA_CANDIDATES_MAX];
    size_t n = bulla_container_candidates(number, found, BULLA_CANDIDATES_MAX);
    json_t *candidates = json_array();
    for (size_t i = 0; i < n && i < BULLA_CANDIDATES_MAX; i++) {
        json_array_append_new(candidates, json_pack("{s:s, s:s, s:i}", "number", found[i].number, "slip", bulla_slip_text(found[i].slip),
                                                    "position", found[i].at + 1));
    }
    return candidates;
}

static json_t *reason_of(const struct bulla_fault *fault, const char *got, size_t n)
{
    return fault->at < n && fault->at < SHOWN_MAX - 1
               ? json_sprintf("position %u: expected %s, got \"%.1s\"", fault->at + 1, fault->expected, got + fault->at)
               : json_sprintf("expected %s, got %zu", fault->expected, n);
}

json_t *cli_container_json(struct bulla_bytes number, bool *good)
{
    struct bulla_container container;
    struct bulla_fault fault;
    char got[SHOWN_MAX];
    enum bulla_status status = bulla_container_decode(number, &container, &fault);
    bulla_text_put(got, sizeof got, number);
    if (status != BULLA_OK) {
        *good = false;
        return json_pack("{s:s, s:b, s:n, s:n, s:n, s:n, s:o, s:o}", "number", got, "valid", 0, "owner", "category", "serial", "check",
                         "reason", reason_of(&fault, got, number.len), "candidates", candidates_of(number));
    }
    return json_pack("{s:s, s:b, s:s#, s:s#, s:s#, s:i, s:n, s:s, s:o}", "number", got, "valid", 1, "owner", got, 3, "category", got + 3, 1,
                     "serial", got + 4, 6, "check", got[10] - '0', "reason", "kind", container.category, "remarks", remarks_of(&container));
}

static json_t *range_of(uint16_t from_mm, uint16_t to_mm)
{
    return json_pack("[i,o]", from_mm, to_mm == BULLA_MM_OPEN ? json_null() : json_integer(to_mm));
}

json_t *cli_size_type_json(struct bulla_bytes code, bool *good)
{
    struct bulla_size_type t;
    struct bulla_fault fault;
    char got[SHOWN_MAX];
    bulla_text_put(got, sizeof got, code);
    if (bulla_size_type_decode(code, &t, &fault) != BULLA_OK) {
        *good = false;
        return json_pack("{s:s, s:b, s:o}", "type", got, "valid", 0, "reason", reason_of(&fault, got, code.len));
    }
    return json_pack("{s:s, s:b, s:n, s:i, s:o, s:o, s:o, s:s, s:s}", "type", got, "valid", 1, "reason", "length_mm", t.length_mm,
                     "length_ft", t.length_ft ? json_integer(t.length_ft) : json_null(), "height_mm",
                     range_of(t.height_from_mm, t.height_to_mm), "width_mm", range_of(t.width_from_mm, t.width_to_mm), "kind", t.kind,
                     "detail", t.detail);
}
