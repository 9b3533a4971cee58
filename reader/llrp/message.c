/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/llrp/message.h"

#define VERSION    1 /* 1.0.1, which readers of 1.1 speak too */
#define TYPE_BITS  0x03FF
#define TV         0x80
#define TLV_HEADER 4
#define LENGTH_AT  2 /* in a message, and in a parameter */

size_t llrp_framed(const uint8_t *at, size_t n)
{
    struct bulla_cursor c = bulla_cursor_over(at, n);
    unsigned version = bulla_cursor_get_u16(&c) >> 10 & 7;
    size_t length = bulla_cursor_get_u32(&c);
    if (c.failed)
        return 0;
    if (version < 1 || version > 2 || length < LLRP_HEADER || length > LLRP_MESSAGE_MAX)
        return SIZE_MAX;
    return length <= n ? length : 0;
}

struct llrp_message llrp_message_of(struct bulla_bytes whole)
{
    struct bulla_cursor c = bulla_cursor_over(whole.at, whole.len);
    uint16_t first = bulla_cursor_get_u16(&c);
    bulla_cursor_skip(&c, 4);
    uint32_t id = bulla_cursor_get_u32(&c);
    return (struct llrp_message){(uint8_t)(first >> 10 & 7), first & TYPE_BITS, id, {c.at, c.left}};
}

/* Of the parameters that have no length: by type, bytes behind the type. */
static const uint8_t tv_sizes[] = {
    [1] = 2,  [2] = 8,  [3] = 8,   [4] = 8,  [5] = 8,  [6] = 1,  [7] = 2,  [8] = 2,  [9] = 4,  [10] = 2,
    [11] = 2, [12] = 2, [13] = 12, [14] = 2, [15] = 2, [16] = 4, [17] = 2, [18] = 4, [19] = 2, [20] = 2,
};

bool llrp_next(struct bulla_cursor *body, struct llrp_parameter *p)
{
    if (body->failed || body->left == 0)
        return false;
    if (body->at[0] & TV) {
        p->type = bulla_cursor_get_u8(body) & 0x7F;
        body->failed = p->type >= sizeof tv_sizes || tv_sizes[p->type] == 0; /* of another one nobody knows the length */
        p->fields = bulla_cursor_take(body, body->failed ? 0 : tv_sizes[p->type]);
        return !body->failed;
    }
    p->type = bulla_cursor_get_u16(body) & TYPE_BITS;
    size_t length = bulla_cursor_get_u16(body);
    body->failed = body->failed || length < TLV_HEADER;
    p->fields = bulla_cursor_take(body, body->failed ? 0 : length - TLV_HEADER);
    return !body->failed;
}

bool llrp_find(struct bulla_cursor body, uint16_t type, struct llrp_parameter *parameter)
{
    while (llrp_next(&body, parameter))
        if (parameter->type == type)
            return true;
    return false;
}

size_t llrp_begin(struct bulla_writer *to, enum llrp_type type, uint32_t id)
{
    size_t begun = to->len;
    bulla_writer_put_u16(to, (uint16_t)(VERSION << 10 | type));
    bulla_writer_put_u32(to, 0);
    bulla_writer_put_u32(to, id);
    return begun;
}

static void put_length(struct bulla_writer *to, size_t at, size_t bytes, size_t length)
{
    for (size_t i = 0; i < bytes && !to->failed; i++)
        to->at[at + i] = (uint8_t)(length >> 8 * (bytes - 1 - i));
}

void llrp_end(struct bulla_writer *to, size_t begun)
{
    put_length(to, begun + LENGTH_AT, 4, to->len - begun);
}

size_t llrp_parameter_begin(struct bulla_writer *to, uint16_t type)
{
    size_t begun = to->len;
    bulla_writer_put_u16(to, type);
    bulla_writer_put_u16(to, 0);
    return begun;
}

void llrp_parameter_end(struct bulla_writer *to, size_t begun)
{
    put_length(to, begun + LENGTH_AT, 2, to->len - begun);
}
