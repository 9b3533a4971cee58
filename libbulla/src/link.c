/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/link.h"

#include "bulla/cursor.h"
#include "bulla/device.h"

#include "libbulla/src/word.h"

#define BULLA_RIGHT_NONE 0
static const struct bulla_link_order orders[] = {
#define X(order, may, all, on, right) {BULLA_ORDER_##order, BULLA_ACCESS_##may, BULLA_ON_##on, all, BULLA_RIGHT_##right},
    BULLA_LINK_TABLE(X)
#undef X
};

static const struct bulla_link_field fields[] = {
#define X(order, part, place, field, bytes, least, greatest, name, meaning)                                                                \
    {BULLA_ORDER_##order, BULLA_PART_##part, place, bytes, least, greatest, name},
    BULLA_LINK_FIELD_TABLE(X)
#undef X
};
#define N_FIELDS (sizeof fields / sizeof *fields)

const struct bulla_link_order *bulla_link_order(unsigned code)
{
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (orders[i].code == code)
            return &orders[i];
    return NULL;
}

const struct bulla_link_field *bulla_link_fields(size_t *n)
{
    *n = N_FIELDS;
    return fields;
}

static uint64_t get_number(struct bulla_cursor *c, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | bulla_cursor_get_u8(c);
    return value;
}

static void put_number(struct bulla_writer *w, uint64_t value, size_t bytes)
{
    for (size_t i = bytes; i > 0; i--)
        bulla_writer_put_u8(w, (uint8_t)(value >> 8 * (i - 1)));
}

static bool in_range(const struct bulla_link_field *f, uint64_t value)
{
    return value >= f->least && (value <= f->greatest || f->greatest == UINT32_MAX);
}

/* One field from the cursor: a number, or the rest, of which the length has a range. */
static enum bulla_status get_field(const struct bulla_link_field *f, struct bulla_cursor *c, struct bulla_link_message *m)
{
    if (f->bytes > c->left)
        return BULLA_MORE;
    uint64_t value = f->bytes ? get_number(c, f->bytes) : c->left;
    if (!in_range(f, value))
        return f->bytes ? BULLA_INSANE : value < f->least ? BULLA_MORE : BULLA_DAMAGED;
    if (f->bytes)
        m->value[f->place] = value;
    else
        m->rest = bulla_cursor_take(c, c->left);
    return BULLA_OK;
}

enum bulla_status bulla_link_decode(unsigned code, enum bulla_part part, struct bulla_bytes bytes, struct bulla_link_message *message,
                                    struct bulla_fault *fault)
{
    struct bulla_link_message m = {.code = (uint8_t)code, .part = (uint8_t)part};
    struct bulla_cursor c = bulla_cursor_over(bytes.at, bytes.len);
    if (!bulla_link_order(code))
        return bulla_fault_set(fault, BULLA_REFUSED, "order", "one that there is", 0);
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (fields[i].code != code || fields[i].part != part)
            continue;
        size_t at = bytes.len - c.left;
        enum bulla_status status = get_field(&fields[i], &c, &m);
        if (status != BULLA_OK)
            return bulla_fault_set(fault, status, fields[i].name, status == BULLA_MORE ? "the rest of the message" : "a value in its range",
                                   at);
    }
    if (c.left)
        return bulla_fault_set(fault, BULLA_DAMAGED, "data", "the end of the message", bytes.len - c.left);
    *message = m;
    return BULLA_OK;
}

enum bulla_status bulla_link_encode(const struct bulla_link_message *message, uint8_t *bytes, size_t size, size_t *n,
                                    struct bulla_fault *fault)
{
    struct bulla_writer w = bulla_writer_over(bytes, size);
    if (!bulla_link_order(message->code))
        return bulla_fault_set(fault, BULLA_REFUSED, "order", "one that there is", 0);
    for (size_t i = 0; i < N_FIELDS; i++) {
        const struct bulla_link_field *f = &fields[i];
        if (f->code != message->code || f->part != message->part)
            continue;
        uint64_t value = f->bytes ? message->value[f->place] : message->rest.len;
        if (!in_range(f, value))
            return bulla_fault_set(fault, BULLA_REFUSED, f->name, "a value in its range", w.len);
        if (f->bytes)
            put_number(&w, value, f->bytes);
        else
            bulla_writer_put(&w, message->rest.at, message->rest.len);
    }
    if (w.failed)
        return bulla_fault_set(fault, BULLA_FULL, "data", "room for all of it", size);
    *n = w.len;
    return BULLA_OK;
}

void bulla_link_header(const struct bulla_frame *frame, uint8_t header[BULLA_LINK_HEADER])
{
    struct bulla_writer w = bulla_writer_over(header, BULLA_LINK_HEADER);
    bulla_writer_put_u16(&w, frame->address.maker);
    bulla_writer_put_u32(&w, frame->address.serial);
    bulla_writer_put_u16(&w, frame->session);
    bulla_writer_put_u8(&w, frame->code);
}

static const struct word accesses[] = {
#define X(name, number, text) {number, text},
    BULLA_ACCESS_TABLE(X)
#undef X
};

const char *bulla_access_text(unsigned access)
{
    return WORD_FIND(accesses, access);
}
