/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/json_member.h"

#define NAME_MAX 40 /* no table has a longer one */

enum bulla_status json_member_fail(const struct json_reading *r, const struct json_member *m, struct bulla_bytes got)
{
    return proto_fail(r->link, BULLA_INSANE, m->field, m->expected, got);
}

bool json_value_is_null(const struct proto_json_value *value)
{
    return value->kind == PROTO_JSON_WORD && value->text.at[0] == 'n';
}

bool json_value_text(const struct proto_json_value *value, char *to, size_t size)
{
    if (value->kind != PROTO_JSON_STRING) {
        return false;
    }
    struct bulla_bytes text = proto_json_plain(value, (uint8_t *)to, size - 1);
    if (text.len >= size || (!text.at && value->text.len)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < 0x20) { /* an escaped control character: no text of ours holds one */
            return false;
        }
    }
    if (text.len && text.at != (uint8_t *)to) {
        bulla_copy(to, text.at, text.len);
    }
    to[text.len] = '\0';
    return true;
}

/* ---- values ---- */

enum bulla_status json_member_number(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    int64_t number;
    uint8_t *to = (uint8_t *)r->base + m->at;
    if (!proto_json_fixed(value, m->decimals, &number) || number < m->min || number > m->max) {
        return json_member_fail(r, m, value->text);
    }
    const uint8_t small = (uint8_t)number;
    const uint16_t half = (uint16_t)number;
    const uint32_t word = (uint32_t)number;
    const void *from = m->size == 1   ? (const void *)&small
                       : m->size == 2 ? (const void *)&half
                       : m->size == 4 ? (const void *)&word
                                      : &number;
    bulla_copy(to, from, m->size);
    return BULLA_OK;
}

enum bulla_status json_member_flag(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    bool *to = (bool *)((uint8_t *)r->base + m->at);
    if (value->kind != PROTO_JSON_WORD) {
        return json_member_fail(r, m, value->text);
    }
    *to = value->text.at[0] == 't';
    return BULLA_OK;
}

enum bulla_status json_member_word(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    char text[NAME_MAX];
    int number = json_value_text(value, text, sizeof text) && text[0] ? m->word(text) : -1;
    if (number < 0) {
        return json_member_fail(r, m, value->text);
    }
    *((uint8_t *)r->base + m->at) = (uint8_t)number;
    return BULLA_OK;
}

enum bulla_status json_member_text(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    return json_value_text(value, (char *)r->base + m->at, m->size) ? BULLA_OK : json_member_fail(r, m, value->text);
}

enum bulla_status json_member_object(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    void *base = r->base;
    if (value->kind != PROTO_JSON_OBJECT) {
        return json_member_fail(r, m, value->text);
    }
    r->base = (uint8_t *)base + m->at;
    enum bulla_status status = json_members_read(r, m->inside, value->text);
    r->base = base;
    return status;
}

enum bulla_status json_items_read(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value, unsigned most,
                                  enum bulla_status (*item)(struct json_reading *r, const struct json_member *m, struct bulla_bytes object))
{
    if (value->kind != PROTO_JSON_ARRAY) {
        return json_member_fail(r, m, value->text);
    }
    struct proto_json_walk walk = proto_json_open(value->text);
    struct proto_json_value key, one;
    enum bulla_status status = BULLA_OK;
    void *base = r->base;
    for (unsigned n = 0; status == BULLA_OK && proto_json_next(&walk, &key, &one); n++) {
        status = n < most && one.kind == PROTO_JSON_OBJECT ? item(r, m, one.text) : json_member_fail(r, m, one.text);
    }
    r->base = base;
    return status;
}

/* ---- objects ---- */

/* null: said to be unknown, where the observation knows the difference; else as if it were not there. */
static void read_null(struct json_reading *r, const struct json_member *m)
{
    r->o->unknown |= m->has & ~r->o->has;
    r->o->has |= m->has;
    if (m->word) {
        *((uint8_t *)r->base + m->at) = m->null;
    }
}

static enum bulla_status read_member(struct json_reading *r, const struct json_member *m, const struct proto_json_value *value)
{
    if (json_value_is_null(value)) {
        read_null(r, m);
        return BULLA_OK;
    }
    r->o->has |= m->has;
    r->o->unknown &= ~m->has;
    return m->read(r, m, value);
}

static const struct json_member *find(const struct json_table *table, struct bulla_bytes name, size_t *index)
{
    for (size_t i = 0; i < table->n; i++) {
        if (bulla_bytes_is(name, table->members[i].name)) {
            *index = i;
            return &table->members[i];
        }
    }
    return NULL;
}

enum bulla_status json_members_read(struct json_reading *r, const struct json_table *table, struct bulla_bytes object)
{
    struct proto_json_walk walk = proto_json_open(object);
    struct proto_json_value key, value;
    uint8_t spelt[NAME_MAX];
    uint64_t seen = 0;
    size_t index = 0;
    enum bulla_status status = BULLA_OK;
    while (status == BULLA_OK && proto_json_next(&walk, &key, &value)) {
        const struct json_member *m = find(table, proto_json_plain(&key, spelt, sizeof spelt), &index);
        if (!m) {
            continue;
        }
        status = seen >> index & 1 ? proto_fail(r->link, BULLA_INSANE, m->field, "once", value.text) : read_member(r, m, &value);
        seen |= UINT64_C(1) << index;
    }
    return status == BULLA_OK && walk.failed ? proto_fail(r->link, BULLA_DAMAGED, "message", "well-formed JSON", object) : status;
}
