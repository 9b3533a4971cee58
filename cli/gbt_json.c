/* SPDX-License-Identifier: Apache-2.0
 *
 * The GB/T 23678 record as JSON, both ways, from the table of its fields: a member a field, an object a segment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/seal_id.h"
#include "cli/seal_json.h"

#define FIELD_TEXT_MAX 1501 /* the longest field, with its NUL */

static bool is_number(unsigned kind)
{
    return kind == BULLA_GBT_KIND_NUMBER || kind == BULLA_GBT_KIND_TEMPERATURE;
}

/* ---- writing ---- */

/* null for a value that is not given, or wrong. */
static json_t *value_json(const struct bulla_gbt *record, enum bulla_gbt_field field, unsigned index)
{
    struct bulla_fault fault;
    struct bulla_bytes value;
    unsigned kind = bulla_gbt_about[field].kind;
    if (bulla_gbt_get(record, field, index, &value, &fault) != BULLA_OK || value.len == 0) {
        return json_null();
    }
    if (kind == BULLA_GBT_KIND_ID) {
        return cli_hex_json(value);
    }
    return is_number(kind) ? json_integer(bulla_gbt_number(value)) : json_stringn((const char *)value.at, value.len);
}

static json_t *ring_json(const struct bulla_gbt *record, enum bulla_gbt_field field)
{
    json_t *values = json_array();
    for (unsigned i = 0; i < bulla_gbt_count(record, field); i++) {
        json_array_append_new(values, value_json(record, field, i));
    }
    for (size_t n = json_array_size(values); n > 0 && json_is_null(json_array_get(values, n - 1)); n--) {
        json_array_remove(values, n - 1);
    }
    return values;
}

/* The fields of a segment, or of one node of it; null when the segment is not there, or the node is blank. */
static json_t *segment_json(const struct bulla_gbt *record, unsigned segment, unsigned node)
{
    json_t *object = json_object();
    bool any = segment != BULLA_GBT_SEGMENT_NODE;
    for (unsigned i = 0; i < BULLA_GBT_FIELDS; i++) {
        const struct bulla_gbt_about *about = &bulla_gbt_about[i];
        enum bulla_gbt_field field = (enum bulla_gbt_field)i;
        if (about->segment == segment && bulla_gbt_count(record, field) > 0) {
            json_t *value = about->entries > 1 ? ring_json(record, field) : value_json(record, field, node);
            any |= !json_is_null(value);
            json_object_set_new(object, about->name, value);
        }
    }
    if (any && json_object_size(object) > 0) {
        return object;
    }
    json_decref(object);
    return json_null();
}

static json_t *nodes_json(const struct bulla_gbt *record)
{
    json_t *nodes = json_array();
    for (unsigned i = 0; i < record->n_nodes; i++) {
        json_array_append_new(nodes, segment_json(record, BULLA_GBT_SEGMENT_NODE, i));
    }
    return nodes;
}

static json_t *identity_json(const struct bulla_gbt *record)
{
    struct bulla_seal_id id;
    struct bulla_bytes value;
    struct bulla_fault fault;
    if (bulla_gbt_get(record, BULLA_GBT_SEAL_ID, 0, &value, &fault) != BULLA_OK || value.len == 0 ||
        bulla_seal_id_decode(value.at, &id, &fault) != BULLA_OK) {
        return json_null();
    }
    return json_pack("{s:i, s:i, s:I}", "designer", id.designer, "model", id.model, "serial", (json_int_t)id.serial);
}

static json_t *foreign_json(const struct bulla_gbt *record)
{
    struct bulla_bytes cargo;
    struct bulla_fault fault;
    return bulla_gbt_foreign_get(record, &cargo, &fault) == BULLA_OK ? cli_hex_json(cargo) : json_null();
}

json_t *cli_gbt_json(const struct bulla_gbt *record, bool *good)
{
    struct bulla_gbt r = *record;
    struct bulla_fault fault;
    r.rights = BULLA_GBT_RIGHT_CARGO; /* whoever has the bytes can read them */
    struct bulla_bytes extension = bulla_gbt_extension(&r);
    enum bulla_status status = bulla_gbt_check(&r, &fault);
    *good &= status == BULLA_OK;
    json_t *object = json_pack("{s:{s:s, s:s, s:s, s:i}, s:o}", "layout", "format", bulla_gbt_format_text(bulla_gbt_format(&r)), "reading",
                               bulla_gbt_reading_text(r.reading), "cargo", bulla_gbt_cargo_text(r.cargo), "nodes", r.n_nodes, "identity",
                               identity_json(&r));
    for (unsigned segment = 0; segment < BULLA_GBT_SEGMENT_NODE; segment++) {
        bool foreign = r.foreign && segment == BULLA_GBT_SEGMENT_CARGO;
        json_object_set_new(object, bulla_gbt_segment_text(segment), foreign ? foreign_json(&r) : segment_json(&r, segment, 0));
    }
    json_object_set_new(object, "nodes", nodes_json(&r));
    json_object_set_new(object, "extension", extension.len > 0 ? cli_hex_json(extension) : json_null());
    json_object_set_new(object, "outcome", json_string(bulla_status_text(status)));
    json_object_set_new(object, "error",
                        status == BULLA_OK ? json_null() : json_sprintf("%s, byte %u: expected %s", fault.field, fault.at, fault.expected));
    return object;
}

/* ---- reading ---- */

struct target {
    struct bulla_gbt record;
    char *why;
    size_t size;
};

static bool fail(struct target *t, const char *segment, const char *member, const char *expected, const json_t *got)
{
    return cli_json_refuse(t->why, t->size, segment, member, expected, got);
}

/* A value as the characters of its field; false when it is of another type. */
static bool value_chars(const struct bulla_gbt_about *about, const json_t *value, char chars[FIELD_TEXT_MAX], size_t *n)
{
    json_int_t number = json_integer_value(value);
    if (is_number(about->kind)) {
        if (!json_is_integer(value) || number < -999 || number > 999999) {
            return false;
        }
        *n = (size_t)snprintf(chars, FIELD_TEXT_MAX, "%0*d", about->bytes, (int)number);
        return true;
    }
    *n = json_string_length(value);
    if (!json_is_string(value) || *n >= FIELD_TEXT_MAX) {
        return false;
    }
    memcpy(chars, json_string_value(value), *n);
    if (about->kind != BULLA_GBT_KIND_ID) {
        return true;
    }
    bool hex = *n == 2 * BULLA_SEAL_ID_SIZE && bulla_hex_get((uint8_t *)chars, json_string_value(value), BULLA_SEAL_ID_SIZE);
    *n = BULLA_SEAL_ID_SIZE;
    return hex;
}

static bool put_value(struct target *t, const char *segment, enum bulla_gbt_field field, unsigned index, const json_t *value)
{
    const struct bulla_gbt_about *about = &bulla_gbt_about[field];
    struct bulla_fault fault;
    char chars[FIELD_TEXT_MAX];
    size_t n;
    if (!value || json_is_null(value)) {
        return true;
    }
    if (!value_chars(about, value, chars, &n)) {
        return fail(t, segment, about->name,
                    about->kind == BULLA_GBT_KIND_ID ? "20 hexadecimal digits"
                    : is_number(about->kind)         ? "a whole number"
                                                     : "a text",
                    value);
    }
    if (bulla_gbt_put(&t->record, field, index, (struct bulla_bytes){(const uint8_t *)chars, n}, &fault) != BULLA_OK) {
        return fail(t, segment, about->name, fault.expected, value);
    }
    return true;
}

static bool put_ring(struct target *t, const char *segment, enum bulla_gbt_field field, const json_t *values)
{
    size_t n = json_array_size(values);
    if (values && (!json_is_array(values) || n > bulla_gbt_count(&t->record, field))) {
        return fail(t, segment, bulla_gbt_about[field].name, "an array with at most as many values as the ring holds", values);
    }
    for (unsigned i = 0; i < n; i++) {
        if (!put_value(t, segment, field, i, json_array_get(values, i))) {
            return false;
        }
    }
    return true;
}

static int find_field(unsigned segment, const char *name)
{
    for (int i = 0; i < BULLA_GBT_FIELDS; i++) {
        if (bulla_gbt_about[i].segment == segment && strcmp(bulla_gbt_about[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* Over the blanks of the new record: it is as long as its cargo wants. */
static bool put_foreign(struct target *t, const json_t *hex)
{
    struct bulla_bytes room;
    struct bulla_fault fault;
    return (bulla_gbt_foreign_get(&t->record, &room, &fault) == BULLA_OK &&
            bulla_hex_get(t->record.at + BULLA_GBT_MANDATORY, json_string_value(hex), room.len)) ||
           fail(t, "cargo", "", "an object, or hexadecimal digits, two or more, an even count", hex);
}

static bool put_segment(struct target *t, unsigned segment, unsigned node, const json_t *object)
{
    const char *name = bulla_gbt_segment_text(segment), *member;
    json_t *value;
    if (!object || json_is_null(object)) {
        return true;
    }
    if (segment == BULLA_GBT_SEGMENT_CARGO && t->record.foreign) {
        return put_foreign(t, object);
    }
    if (!json_is_object(object)) {
        return fail(t, name, "", "an object", object);
    }
    json_object_foreach((json_t *)object, member, value)
    {
        int field = find_field(segment, member);
        if (field < 0) {
            return fail(t, name, member, "a field of the record", value);
        }
        bool ring = bulla_gbt_about[field].entries > 1;
        if (!(ring ? put_ring(t, name, (enum bulla_gbt_field)field, value)
                   : put_value(t, name, (enum bulla_gbt_field)field, node, value))) {
            return false;
        }
    }
    return true;
}

static bool put_extension(struct target *t, const char *hex)
{
    size_t at = bulla_gbt_size(t->record.cargo, t->record.n_nodes);
    return bulla_hex_get(t->record.at + at, hex, t->record.len - at) || fail(t, "extension", "", "hexadecimal digits", NULL);
}

static bool put_all(struct target *t, const json_t *object)
{
    const json_t *nodes = json_object_get(object, "nodes");
    const char *extension = json_string_value(json_object_get(object, "extension"));
    for (unsigned segment = 0; segment < BULLA_GBT_SEGMENT_NODE; segment++) {
        if (!put_segment(t, segment, 0, json_object_get(object, bulla_gbt_segment_text(segment)))) {
            return false;
        }
    }
    for (unsigned i = 0; i < json_array_size(nodes); i++) {
        if (!put_segment(t, BULLA_GBT_SEGMENT_NODE, i, json_array_get(nodes, i))) {
            return false;
        }
    }
    struct bulla_fault fault;
    if (extension && !put_extension(t, extension)) {
        return false;
    }
    if (bulla_gbt_check(&t->record, &fault) != BULLA_OK) {
        snprintf(t->why, t->size, "%s, byte %u: expected %s", fault.field, fault.at, fault.expected);
        return false;
    }
    return true;
}

/* Cargo that is given and not sized is full. */
static bool get_layout(struct target *t, const json_t *object, int reading, int *cargo, size_t *n_nodes)
{
    const json_t *layout = json_object_get(object, "layout"), *given_cargo = json_object_get(object, "cargo");
    const json_t *nodes = json_object_get(object, "nodes"), *room = json_object_get(layout, "nodes");
    const char *reading_text = json_string_value(json_object_get(layout, "reading"));
    const char *cargo_text = json_string_value(json_object_get(layout, "cargo"));
    *cargo = cargo_text ? bulla_gbt_cargo_from(cargo_text) : json_is_object(given_cargo) ? BULLA_GBT_CARGO_FULL : BULLA_GBT_CARGO_NONE;
    if (*cargo < 0) {
        return fail(t, "layout", "cargo", "none, short or full", json_object_get(layout, "cargo"));
    }
    if (reading < 0) {
        reading = bulla_gbt_reading_from(reading_text ? reading_text : "ring");
    }
    if (reading < 0) {
        return fail(t, "layout", "reading", "ring or single", json_object_get(layout, "reading"));
    }
    if ((nodes && !json_is_array(nodes)) || json_array_size(nodes) > UINT16_MAX) {
        return fail(t, "nodes", "", "an array", nodes);
    }
    *n_nodes = room ? (size_t)json_integer_value(room) : json_array_size(nodes);
    if ((room && !json_is_integer(room)) || *n_nodes > UINT16_MAX || *n_nodes < json_array_size(nodes)) {
        return fail(t, "layout", "nodes", "at least as many as there are in nodes, at most 65535", room);
    }
    t->record.reading = (uint8_t)reading;
    return true;
}

static bool refuse_unknown(struct target *t, const json_t *object)
{
    static const char *const known[] = {"layout", "identity", "nodes", "extension", "outcome", "error"};
    const char *member;
    json_t *value;
    json_object_foreach((json_t *)object, member, value)
    {
        bool found = false;
        for (unsigned i = 0; i < BULLA_GBT_SEGMENT_NODE; i++) {
            found |= strcmp(bulla_gbt_segment_text(i), member) == 0;
        }
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            found |= strcmp(known[i], member) == 0;
        }
        if (!found) {
            return fail(t, "", member, "one of the members that bulla gbt decode prints", value);
        }
    }
    return true;
}

bool cli_gbt_from_json(const json_t *object, int reading, struct bulla_gbt *record, char *why, size_t size)
{
    struct target t = {.why = why, .size = size};
    struct bulla_fault fault;
    const json_t *extension = json_object_get(object, "extension");
    size_t digits = json_string_length(extension), n_nodes = 0;
    int cargo = BULLA_GBT_CARGO_NONE;
    if (!refuse_unknown(&t, object) || !get_layout(&t, object, reading, &cargo, &n_nodes)) {
        return false;
    }
    if ((extension && !json_is_null(extension) && !json_is_string(extension)) || digits % 2 != 0) {
        return fail(&t, "extension", "", "an even count of hexadecimal digits", extension);
    }
    const json_t *foreign = json_object_get(object, "cargo");
    size_t foreign_digits = json_string_length(foreign);
    if (json_is_string(foreign) && (foreign_digits < 2 || foreign_digits % 2 != 0 || n_nodes > 0 || digits > 0 || cargo)) {
        return fail(&t, "cargo", "", "an object, or hexadecimal digits, two or more, an even count, without nodes and extension", foreign);
    }
    size_t len = bulla_gbt_size((enum bulla_gbt_cargo)cargo, (unsigned)n_nodes) + digits / 2 + foreign_digits / 2;
    uint8_t *at = malloc(len);
    enum bulla_gbt_reading as = t.record.reading;
    if (!at ||
        (foreign_digits ? bulla_gbt_select(at, len, as, BULLA_GBT_FORMAT_FOREIGN, &t.record, &fault)
                        : bulla_gbt_with(at, len, as, (enum bulla_gbt_cargo)cargo, (unsigned)n_nodes, &t.record, &fault)) != BULLA_OK) {
        free(at);
        return fail(&t, "record", "", "memory for it", NULL);
    }
    t.record.rights = BULLA_GBT_RIGHT_FACTORY | BULLA_GBT_RIGHT_CARGO;
    bulla_gbt_init(&t.record);
    if (!put_all(&t, object)) {
        free(at);
        return false;
    }
    *record = t.record;
    return true;
}
