/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/supervision.h"

#include "bulla/crc.h"
#include "bulla/cursor.h"

#define VERSION     1
#define HEAD_SIZE   3
#define ITEM_HEAD   3
#define CRC_SIZE    2
#define NUMBER_SIZE 4

const struct bulla_supervision_about bulla_supervision_about[BULLA_SUPERVISION_FIELDS] = {
#define X(field, tag, name, group, kind, most, mandatory, repeated, personal, meaning)                                                     \
    {name, meaning, tag, BULLA_SUPERVISION_GROUP_##group, BULLA_SUPERVISION_KIND_##kind, mandatory, repeated, personal, most},
    BULLA_SUPERVISION_TABLE(X)
#undef X
};

static const char *const expected_values[] = {
#define X(kind, expected) expected,
    BULLA_SUPERVISION_KIND_TABLE(X)
#undef X
};

const char *bulla_supervision_group_text(unsigned group)
{
    static const char *const names[] = {
#define X(group, name) name,
        BULLA_SUPERVISION_GROUP_TABLE(X)
#undef X
    };
    return group < BULLA_SUPERVISION_GROUPS ? names[group] : "unknown";
}

/* ---- values ---- */

/* How many bytes the UTF-8 character at the start has; 0 when it is none, or a control character. */
static size_t character(const uint8_t *at, size_t left)
{
    if (at[0] < 0x80)
        return at[0] >= 0x20 && at[0] != 0x7F;
    size_t n = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0xC2 || at[0] > 0xF4 || n > left)
        return 0;
    uint32_t code = at[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3Fu);
    }
    bool shortest = n == 2 || (n == 3 && code >= 0x800) || (n == 4 && code >= 0x10000);
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return shortest && !surrogate && code >= 0xA0 && code <= 0x10FFFF ? n : 0;
}

static bool is_text(struct bulla_bytes value)
{
    for (size_t i = 0; i < value.len;) {
        size_t n = character(value.at + i, value.len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

static bool is_code(struct bulla_bytes value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!((value.at[i] >= 'A' && value.at[i] <= 'Z') || (value.at[i] >= '0' && value.at[i] <= '9')))
            return false;
    return value.len >= 2;
}

static bool is_container(struct bulla_bytes value)
{
    struct bulla_container container;
    struct bulla_fault fault;
    return bulla_container_decode(value, &container, &fault) == BULLA_OK;
}

static bool is_value(const struct bulla_supervision_item *item)
{
    const struct bulla_supervision_about *about = &bulla_supervision_about[item->field];
    if (about->kind == BULLA_SUPERVISION_KIND_NUMBER)
        return item->number <= about->most;
    if (item->value.len == 0 || item->value.len > about->most)
        return false;
    switch (about->kind) {
    case BULLA_SUPERVISION_KIND_TEXT:
        return is_text(item->value);
    case BULLA_SUPERVISION_KIND_CODE:
        return is_code(item->value);
    case BULLA_SUPERVISION_KIND_CONTAINER:
        return is_container(item->value);
    }
    return true;
}

/* ---- order ---- */

struct order {
    int last;      /* field of the item before, -1 at the start */
    uint32_t seen; /* a bit a field, of the consignment for cargo */
};

/* The first mandatory field between two neighbours of a record that neither brought; BULLA_SUPERVISION_FIELDS when none. */
static unsigned missing(const struct order *order, unsigned until)
{
    for (unsigned field = 0; field < until; field++)
        if (bulla_supervision_about[field].mandatory && !(order->seen >> field & 1))
            return field;
    return BULLA_SUPERVISION_FIELDS;
}

static const char *expected_missing(unsigned field)
{
    static const char *const texts[] = {
#define X(field, tag, name, group, kind, most, mandatory, repeated, personal, meaning) name ", which is mandatory, before it",
        BULLA_SUPERVISION_TABLE(X)
#undef X
    };
    return texts[field];
}

/* Takes the field as the next one, or says what had to come. NULL: it may stand here. */
static const char *follow(struct order *order, unsigned field)
{
    bool same = (int)field == order->last;
    bool next_consignment = field == BULLA_SUPERVISION_CARGO && order->last >= BULLA_SUPERVISION_CARGO &&
                            bulla_supervision_about[order->last].group == BULLA_SUPERVISION_GROUP_CARGO;
    if (!next_consignment && ((int)field < order->last || (same && !bulla_supervision_about[field].repeated)))
        return "items in the order of the table, each once";
    unsigned absent = missing(order, next_consignment ? BULLA_SUPERVISION_DECLARATION : field);
    if (absent < BULLA_SUPERVISION_FIELDS)
        return expected_missing(absent);
    if (next_consignment)
        order->seen &= (UINT32_C(1) << BULLA_SUPERVISION_CARGO) - 1;
    order->seen |= UINT32_C(1) << field;
    order->last = (int)field;
    return NULL;
}

static const char *finish(const struct order *order)
{
    unsigned absent = missing(order, BULLA_SUPERVISION_FIELDS);
    return absent < BULLA_SUPERVISION_FIELDS ? expected_missing(absent) : NULL;
}

/* ---- encoding ---- */

static enum bulla_status check_items(const struct bulla_supervision_item *items, size_t n, struct bulla_fault *fault)
{
    struct order order = {-1, 0};
    for (size_t i = 0; i < n; i++) {
        if (items[i].field >= BULLA_SUPERVISION_FIELDS)
            return bulla_fault_set(fault, BULLA_REFUSED, "item", "a field of the table", i);
        const struct bulla_supervision_about *about = &bulla_supervision_about[items[i].field];
        const char *expected = follow(&order, items[i].field);
        if (!expected && !is_value(&items[i]))
            expected = expected_values[about->kind];
        if (expected)
            return bulla_fault_set(fault, BULLA_REFUSED, about->name, expected, i);
    }
    const char *expected = finish(&order);
    return expected ? bulla_fault_set(fault, BULLA_REFUSED, "record", expected, n) : BULLA_OK;
}

static size_t value_size(const struct bulla_supervision_item *item)
{
    return bulla_supervision_about[item->field].kind == BULLA_SUPERVISION_KIND_NUMBER ? NUMBER_SIZE : item->value.len;
}

enum bulla_status bulla_supervision_encode(const struct bulla_supervision_item *items, size_t n, uint8_t *bytes, size_t size, size_t *len,
                                           struct bulla_fault *fault)
{
    size_t all = HEAD_SIZE + CRC_SIZE;
    enum bulla_status status = check_items(items, n, fault);
    if (status != BULLA_OK)
        return status;
    for (size_t i = 0; i < n; i++)
        all += ITEM_HEAD + value_size(&items[i]);
    if (all > size)
        return bulla_fault_set(fault, BULLA_FULL, "record", "more room", n);
    struct bulla_writer w = bulla_writer_over(bytes, size);
    bulla_writer_put_text(&w, "BS");
    bulla_writer_put_u8(&w, VERSION);
    for (size_t i = 0; i < n; i++) {
        bulla_writer_put_u8(&w, bulla_supervision_about[items[i].field].tag);
        bulla_writer_put_u16(&w, (uint16_t)value_size(&items[i]));
        if (bulla_supervision_about[items[i].field].kind == BULLA_SUPERVISION_KIND_NUMBER)
            bulla_writer_put_u32(&w, items[i].number);
        else
            bulla_writer_put(&w, items[i].value.at, items[i].value.len);
    }
    bulla_writer_put_u16(&w, bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){bytes, w.len}));
    *len = w.len;
    return BULLA_OK;
}

/* ---- decoding ---- */

static unsigned field_of(uint8_t tag)
{
    unsigned field = 0;
    while (field < BULLA_SUPERVISION_FIELDS && bulla_supervision_about[field].tag != tag)
        field++;
    return field;
}

static enum bulla_status check_frame(struct bulla_bytes bytes, struct bulla_fault *fault)
{
    static const uint8_t head[HEAD_SIZE] = {'B', 'S', VERSION};
    for (size_t i = 0; i < HEAD_SIZE && i < bytes.len; i++)
        if (bytes.at[i] != head[i])
            return bulla_fault_set(fault, BULLA_NOT_MINE, "record", "BS and version 1", i);
    if (bytes.len < HEAD_SIZE + CRC_SIZE)
        return bulla_fault_set(fault, BULLA_MORE, "record", "the rest of the record", bytes.len);
    uint16_t said = (uint16_t)((unsigned)bytes.at[bytes.len - 2] << 8 | bytes.at[bytes.len - 1]);
    if (bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){bytes.at, bytes.len - CRC_SIZE}) != said)
        return bulla_fault_set(fault, BULLA_DAMAGED, "crc", "the CRC of the bytes before it", bytes.len - CRC_SIZE);
    return BULLA_OK;
}

/* The next item, its value in range and in its place. */
static enum bulla_status item_get(struct bulla_cursor *c, size_t at, struct order *order, struct bulla_supervision_item *item,
                                  struct bulla_fault *fault)
{
    uint8_t tag = bulla_cursor_get_u8(c);
    struct bulla_bytes value = bulla_cursor_take(c, bulla_cursor_get_u16(c));
    if (c->failed)
        return bulla_fault_set(fault, BULLA_DAMAGED, "item", "tag, length and as many bytes", at);
    unsigned field = field_of(tag);
    if (field == BULLA_SUPERVISION_FIELDS)
        return bulla_fault_set(fault, BULLA_INSANE, "item", "a tag of the table", at);
    const struct bulla_supervision_about *about = &bulla_supervision_about[field];
    const char *expected = follow(order, field);
    if (expected)
        return bulla_fault_set(fault, BULLA_INSANE, about->name, expected, at);
    bool number = about->kind == BULLA_SUPERVISION_KIND_NUMBER;
    struct bulla_cursor digits = bulla_cursor_over(value.at, number ? value.len : 0);
    *item = (struct bulla_supervision_item){.field = (uint8_t)field, .number = bulla_cursor_get_u32(&digits)};
    if (!number)
        item->value = value;
    if ((number && value.len != NUMBER_SIZE) || !is_value(item))
        return bulla_fault_set(fault, BULLA_INSANE, about->name, expected_values[about->kind], at + ITEM_HEAD);
    return BULLA_OK;
}

/* All items, into `items` when there is an array for them. */
static enum bulla_status walk(struct bulla_bytes bytes, struct bulla_supervision_item *items, size_t max, size_t *n,
                              struct bulla_fault *fault)
{
    struct order order = {-1, 0};
    struct bulla_cursor c = bulla_cursor_over(bytes.at + HEAD_SIZE, bytes.len - HEAD_SIZE - CRC_SIZE);
    size_t got = 0;
    while (c.left > 0) {
        struct bulla_supervision_item item;
        size_t at = (size_t)(c.at - bytes.at);
        enum bulla_status status = item_get(&c, at, &order, &item, fault);
        if (status != BULLA_OK)
            return status;
        if (got == max)
            return bulla_fault_set(fault, BULLA_FULL, "record", "room for another item", at);
        if (items)
            items[got] = item;
        got++;
    }
    const char *expected = finish(&order);
    if (expected)
        return bulla_fault_set(fault, BULLA_INSANE, "record", expected, bytes.len - CRC_SIZE);
    *n = got;
    return BULLA_OK;
}

enum bulla_status bulla_supervision_decode(struct bulla_bytes bytes, struct bulla_supervision_item *items, size_t max, size_t *n,
                                           struct bulla_fault *fault)
{
    size_t got = 0;
    enum bulla_status status = check_frame(bytes, fault);
    if (status == BULLA_OK)
        status = walk(bytes, NULL, max, &got, fault);
    return status == BULLA_OK ? walk(bytes, items, max, n, fault) : status;
}
