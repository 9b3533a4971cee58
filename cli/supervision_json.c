/* SPDX-License-Identifier: Apache-2.0
 *
 * The supervision record as JSON, both ways, from the table of its fields: an object a group, a member a field, an array of
 * objects for the consignments of cargo, an array of values for a field that is repeated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/supervision.h"
#include "cli/seal_json.h"

#define ITEMS_MAX   4096
#define RECORD_MAX  (1u << 20)
#define TEXT_MASKED "***"

struct range { /* of items: those of a group, or of one consignment */
    const struct bulla_supervision_item *from, *to;
    bool masked;
};

static bool is_repeated(unsigned field)
{
    return bulla_supervision_about[field].repeated;
}

/* ---- writing ---- */

/* What a file's description says; its bytes when it is none. */
static json_t *document_json(struct bulla_bytes bytes)
{
    struct bulla_attachment attachment;
    struct bulla_fault fault;
    return bulla_attachment_decode(bytes, &attachment, &fault) == BULLA_OK ? cli_attachment_members(&attachment) : cli_hex_json(bytes);
}

static json_t *item_json(const struct bulla_supervision_item *item, bool masked)
{
    const struct bulla_supervision_about *about = &bulla_supervision_about[item->field];
    if (masked && about->personal) {
        return json_string(TEXT_MASKED);
    }
    switch (about->kind) {
    case BULLA_SUPERVISION_KIND_NUMBER:
        return json_integer(item->number);
    case BULLA_SUPERVISION_KIND_BYTES:
        return document_json(item->value);
    }
    return json_stringn((const char *)item->value.at, item->value.len);
}

static json_t *field_json(const struct range *range, unsigned field)
{
    json_t *values = is_repeated(field) ? json_array() : NULL;
    for (const struct bulla_supervision_item *item = range->from; item < range->to; item++) {
        if (item->field == field && !values) {
            return item_json(item, range->masked);
        }
        if (item->field == field) {
            json_array_append_new(values, item_json(item, range->masked));
        }
    }
    return values ? values : json_null();
}

static json_t *group_json(const struct range *range, unsigned group)
{
    json_t *object = json_object();
    for (unsigned field = 0; field < BULLA_SUPERVISION_FIELDS; field++) {
        if (bulla_supervision_about[field].group == group) {
            json_object_set_new(object, bulla_supervision_about[field].name, field_json(range, field));
        }
    }
    return object;
}

static json_t *cargo_json(const struct range *range)
{
    json_t *consignments = json_array();
    const struct bulla_supervision_item *end;
    for (const struct bulla_supervision_item *item = range->from; item < range->to; item = end) {
        end = item + 1;
        if (item->field != BULLA_SUPERVISION_CARGO) {
            continue;
        }
        while (end < range->to && end->field != BULLA_SUPERVISION_CARGO) {
            end++;
        }
        struct range one = {item, end, range->masked};
        json_array_append_new(consignments, group_json(&one, BULLA_SUPERVISION_GROUP_CARGO));
    }
    return consignments;
}

static json_t *record_json(struct bulla_bytes bytes, bool masked, bool *good)
{
    static struct bulla_supervision_item items[ITEMS_MAX];
    struct bulla_fault fault;
    size_t n;
    enum bulla_status status = bulla_supervision_decode(bytes, items, ITEMS_MAX, &n, &fault);
    if (status != BULLA_OK) {
        *good = false;
        return cli_fault_json(status, &fault, "byte");
    }
    struct range all = {items, items + n, masked};
    json_t *object = json_object();
    for (unsigned group = 0; group < BULLA_SUPERVISION_GROUPS; group++) {
        json_object_set_new(object, bulla_supervision_group_text(group),
                            group == BULLA_SUPERVISION_GROUP_CARGO ? cargo_json(&all) : group_json(&all, group));
    }
    json_object_set_new(object, "outcome", json_string(bulla_status_text(status)));
    json_object_set_new(object, "error", json_null());
    return object;
}

json_t *cli_supervision_json(struct bulla_bytes bytes, bool *good)
{
    return record_json(bytes, false, good);
}

json_t *cli_supervision_masked_json(struct bulla_bytes bytes, bool *good)
{
    return record_json(bytes, true, good);
}

/* ---- reading ---- */

struct source {
    struct bulla_supervision_item items[ITEMS_MAX];
    size_t n;
    uint8_t bytes[RECORD_MAX]; /* of values that are not the characters of a text */
    size_t used;
    uint8_t made[RECORD_MAX];
    char *why;
    size_t size;
};

static bool fail(struct source *s, unsigned field, const char *expected, const json_t *got)
{
    const struct bulla_supervision_about *about = &bulla_supervision_about[field];
    return cli_json_refuse(s->why, s->size, bulla_supervision_group_text(about->group), about->name, expected, got);
}

/* Hexadecimal, or an object as bulla attachment prints it. */
static bool get_document(struct source *s, unsigned field, const json_t *value, struct bulla_bytes *bytes)
{
    struct bulla_attachment attachment;
    struct bulla_fault fault;
    uint8_t *to = s->bytes + s->used;
    size_t digits = json_string_length(value), n = digits / 2;
    if (RECORD_MAX - s->used < BULLA_ATTACHMENT_SIZE || n > BULLA_ATTACHMENT_SIZE) {
        return fail(s, field, "at most 128 bytes", value);
    }
    if (json_is_object(value)) {
        if (!cli_attachment_get(value, &attachment, s->why, s->size)) {
            return false;
        }
        if (bulla_attachment_encode(&attachment, to, &n, &fault) != BULLA_OK) {
            return fail(s, field, fault.expected, value);
        }
    } else if (digits % 2 != 0 || digits == 0 || !bulla_hex_get(to, json_string_value(value), n)) {
        return fail(s, field, "an even count of hexadecimal digits, or an object as bulla attachment prints it", value);
    }
    *bytes = (struct bulla_bytes){to, n};
    s->used += n;
    return true;
}

static bool put_value(struct source *s, unsigned field, const json_t *value)
{
    struct bulla_supervision_item item = {.field = (uint8_t)field};
    if (s->n == ITEMS_MAX) {
        return fail(s, field, "at most 4096 values in a record", NULL);
    }
    switch (bulla_supervision_about[field].kind) {
    case BULLA_SUPERVISION_KIND_NUMBER:
        if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > UINT32_MAX) {
            return fail(s, field, "a whole number from 0 to 4294967295", value);
        }
        item.number = (uint32_t)json_integer_value(value);
        break;
    case BULLA_SUPERVISION_KIND_BYTES:
        if (!get_document(s, field, value, &item.value)) {
            return false;
        }
        break;
    default:
        if (!json_is_string(value)) {
            return fail(s, field, "a text", value);
        }
        item.value = (struct bulla_bytes){(const uint8_t *)json_string_value(value), json_string_length(value)};
    }
    s->items[s->n++] = item;
    return true;
}

static bool put_field(struct source *s, unsigned field, const json_t *value)
{
    if (!value || json_is_null(value)) {
        return true;
    }
    if (!is_repeated(field)) {
        return put_value(s, field, value);
    }
    if (!json_is_array(value)) {
        return fail(s, field, "an array", value);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (!put_value(s, field, json_array_get(value, i))) {
            return false;
        }
    }
    return true;
}

static bool put_group(struct source *s, unsigned group, const json_t *object)
{
    const char *known[BULLA_SUPERVISION_FIELDS], *name = bulla_supervision_group_text(group);
    size_t n = 0;
    if (object && !json_is_object(object)) {
        return cli_json_refuse(s->why, s->size, name, "", "an object", object);
    }
    for (unsigned field = 0; field < BULLA_SUPERVISION_FIELDS; field++) {
        if (bulla_supervision_about[field].group == group) {
            known[n++] = bulla_supervision_about[field].name;
            if (!put_field(s, field, json_object_get(object, bulla_supervision_about[field].name))) {
                return false;
            }
        }
    }
    return cli_json_knows(object, name, known, n, s->why, s->size);
}

static bool put_record(struct source *s, const json_t *object)
{
    const char *known[BULLA_SUPERVISION_GROUPS + 2] = {"outcome", "error"};
    for (unsigned group = 0; group < BULLA_SUPERVISION_GROUPS; group++) {
        const char *name = known[2 + group] = bulla_supervision_group_text(group);
        const json_t *value = json_object_get(object, name);
        if (group != BULLA_SUPERVISION_GROUP_CARGO) {
            if (!put_group(s, group, value)) {
                return false;
            }
            continue;
        }
        if (!json_is_array(value)) {
            return cli_json_refuse(s->why, s->size, name, "", "an array of consignments", value);
        }
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (!put_group(s, group, json_array_get(value, i))) {
                return false;
            }
        }
    }
    return cli_json_knows(object, "", known, sizeof known / sizeof *known, s->why, s->size);
}

/* The place of a fault is an item, or behind the last. */
static bool refuse(struct source *s, const struct bulla_fault *fault)
{
    if (fault->at < s->n) {
        json_t *got = item_json(&s->items[fault->at], false);
        fail(s, s->items[fault->at].field, fault->expected, got);
        json_decref(got);
        return false;
    }
    return cli_json_refuse(s->why, s->size, fault->field, "", fault->expected, NULL);
}

bool cli_supervision_from_json(const json_t *object, uint8_t **bytes, size_t *n, char *why, size_t size)
{
    struct bulla_fault fault;
    struct source *s = calloc(1, sizeof *s);
    if (!s) {
        return cli_json_refuse(why, size, "record", "", "memory for it", NULL);
    }
    s->why = why;
    s->size = size;
    bool good = put_record(s, object);
    if (good && bulla_supervision_encode(s->items, s->n, s->made, sizeof s->made, n, &fault) != BULLA_OK) {
        good = refuse(s, &fault);
    }
    *bytes = good ? malloc(*n) : NULL;
    if (*bytes) {
        memcpy(*bytes, s->made, *n);
    } else if (good) {
        good = cli_json_refuse(why, size, "record", "", "memory for it", NULL);
    }
    free(s);
    return good;
}
