/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/frame.h"

#include "bulla/crc.h"
#include "bulla/cursor.h"

#include "libbulla/src/word.h"

#define PROTOCOL    0x40
#define TO_ALL      0x04
#define TO_ONE      0x06
#define CRC_SIZE    2
#define ADDRESS     6
#define TO_ALL_SIZE ((size_t)8) /* of a frame to all without arguments */
#define REPLY_SIZE  15          /* of an answer without data */

static uint16_t crc_of(unsigned start, const uint8_t *bytes, size_t n)
{
    return bulla_crc16(start == BULLA_START_FFFF ? BULLA_CRC_FFFF : BULLA_CRC_0000, (struct bulla_bytes){bytes, n});
}

/* Which of the accepted starts makes the CRC at the end right; 0: none. */
static unsigned crc_start(struct bulla_bytes frame, unsigned accepted)
{
    size_t n = frame.len - CRC_SIZE;
    uint16_t said = (uint16_t)((unsigned)frame.at[n] << 8 | frame.at[n + 1]);
    for (unsigned start = BULLA_START_FFFF; start <= BULLA_START_0000; start <<= 1)
        if (accepted & start && crc_of(start, frame.at, n) == said)
            return start;
    return 0;
}

size_t bulla_frame_length(struct bulla_bytes bytes, bool from_seal)
{
    size_t at = from_seal ? 3 : 2;
    return bytes.len > at ? bytes.at[at] : 0;
}

/* What both directions have in common: protocol, length and CRC. `least`: a frame of this kind without data. */
static enum bulla_status check_whole(struct bulla_bytes bytes, bool from_seal, size_t least, enum bulla_start accepted, unsigned *start,
                                     struct bulla_fault *fault)
{
    size_t length = bulla_frame_length(bytes, from_seal), length_at = from_seal ? 3 : 2;
    if (bytes.len > 0 && bytes.at[0] != PROTOCOL)
        return bulla_fault_set(fault, BULLA_NOT_MINE, "protocol", "0x40", 0);
    if (bytes.len <= length_at)
        return bulla_fault_set(fault, BULLA_MORE, "length", "the rest of the frame", bytes.len);
    if (length < least)
        return bulla_fault_set(fault, BULLA_DAMAGED, "length", "at least what a frame without data has", length_at);
    if (bytes.len < length)
        return bulla_fault_set(fault, BULLA_MORE, "data", "the rest of the frame", bytes.len);
    if (bytes.len > length)
        return bulla_fault_set(fault, BULLA_DAMAGED, "data", "the end of the frame", length);
    *start = crc_start(bytes, accepted);
    if (!*start)
        return bulla_fault_set(fault, BULLA_DAMAGED, "crc", "the CRC of the bytes before it", length - CRC_SIZE);
    return BULLA_OK;
}

enum bulla_status bulla_frame_decode_to_seal(struct bulla_bytes bytes, enum bulla_start accepted, struct bulla_frame *frame,
                                             struct bulla_fault *fault)
{
    bool to_all = bytes.len < 2 || bytes.at[1] != TO_ONE;
    unsigned start = 0;
    enum bulla_status status = check_whole(bytes, false, to_all ? TO_ALL_SIZE : TO_ALL_SIZE + ADDRESS, accepted, &start, fault);
    if (status != BULLA_OK)
        return status;
    if (to_all && bytes.at[1] != TO_ALL)
        return bulla_fault_set(fault, BULLA_INSANE, "options", "0x04 (to all) or 0x06 (to one)", 1);
    struct bulla_frame f = {.to_all = to_all, .start = (uint8_t)start};
    struct bulla_cursor c = bulla_cursor_over(bytes.at + 3, bytes.len - 3 - CRC_SIZE);
    if (!to_all) {
        f.address.maker = bulla_cursor_get_u16(&c);
        f.address.serial = bulla_cursor_get_u32(&c);
    }
    f.session = bulla_cursor_get_u16(&c);
    f.code = bulla_cursor_get_u8(&c);
    f.data = bulla_cursor_take(&c, c.left);
    *frame = f;
    return BULLA_OK;
}

enum bulla_status bulla_frame_decode_from_seal(struct bulla_bytes bytes, enum bulla_start accepted, struct bulla_frame *frame,
                                               struct bulla_fault *fault)
{
    unsigned start = 0;
    enum bulla_status status = check_whole(bytes, true, REPLY_SIZE, accepted, &start, fault);
    if (status != BULLA_OK)
        return status;
    struct bulla_frame f = {.start = (uint8_t)start};
    struct bulla_cursor c = bulla_cursor_over(bytes.at + 1, bytes.len - 1 - CRC_SIZE);
    f.status = bulla_cursor_get_u16(&c);
    bulla_cursor_skip(&c, 1); /* the length */
    f.session = bulla_cursor_get_u16(&c);
    f.address.maker = bulla_cursor_get_u16(&c);
    f.address.serial = bulla_cursor_get_u32(&c);
    f.code = bulla_cursor_get_u8(&c);
    f.data = bulla_cursor_take(&c, c.left);
    *frame = f;
    return BULLA_OK;
}

/* Whether a frame of this length can be written at all; *w begins at `bytes`. */
static enum bulla_status begin(const struct bulla_frame *f, size_t length, uint8_t *bytes, size_t size, struct bulla_writer *w,
                               struct bulla_fault *fault)
{
    if (f->data.len > BULLA_FRAME_MAX || length > BULLA_FRAME_MAX)
        return bulla_fault_set(fault, BULLA_REFUSED, "data", "what fits into a frame of 255 bytes", 0);
    if (f->start != BULLA_START_FFFF && f->start != BULLA_START_0000)
        return bulla_fault_set(fault, BULLA_REFUSED, "start", "one of the two start values of the CRC", 0);
    if (length > size)
        return bulla_fault_set(fault, BULLA_FULL, "frame", "room for all of it", size);
    *w = bulla_writer_over(bytes, size);
    bulla_writer_put_u8(w, PROTOCOL);
    return BULLA_OK;
}

static enum bulla_status finish(const struct bulla_frame *f, struct bulla_writer *w, size_t *n)
{
    bulla_writer_put_u8(w, f->code);
    bulla_writer_put(w, f->data.at, f->data.len);
    bulla_writer_put_u16(w, crc_of(f->start, w->at, w->len));
    *n = w->len;
    return BULLA_OK;
}

static void put_address(struct bulla_writer *w, const struct bulla_address *address)
{
    bulla_writer_put_u16(w, address->maker);
    bulla_writer_put_u32(w, address->serial);
}

enum bulla_status bulla_frame_encode_to_seal(const struct bulla_frame *frame, uint8_t *bytes, size_t size, size_t *n,
                                             struct bulla_fault *fault)
{
    struct bulla_writer w;
    size_t length = (frame->to_all ? TO_ALL_SIZE : TO_ALL_SIZE + ADDRESS) + frame->data.len;
    enum bulla_status status = begin(frame, length, bytes, size, &w, fault);
    if (status != BULLA_OK)
        return status;
    bulla_writer_put_u8(&w, frame->to_all ? TO_ALL : TO_ONE);
    bulla_writer_put_u8(&w, (uint8_t)length);
    if (!frame->to_all)
        put_address(&w, &frame->address);
    bulla_writer_put_u16(&w, frame->session);
    return finish(frame, &w, n);
}

enum bulla_status bulla_frame_encode_from_seal(const struct bulla_frame *frame, uint8_t *bytes, size_t size, size_t *n,
                                               struct bulla_fault *fault)
{
    struct bulla_writer w;
    size_t length = REPLY_SIZE + frame->data.len;
    enum bulla_status status = begin(frame, length, bytes, size, &w, fault);
    if (status != BULLA_OK)
        return status;
    bulla_writer_put_u16(&w, frame->status);
    bulla_writer_put_u8(&w, (uint8_t)length);
    bulla_writer_put_u16(&w, frame->session);
    put_address(&w, &frame->address);
    return finish(frame, &w, n);
}

static const struct word orders[] = {
#define X(name, code, text) {code, text},
    BULLA_ORDER_TABLE(X)
#undef X
};

static const struct word nacks[] = {
#define X(name, code, text) {code, text},
    BULLA_NACK_TABLE(X)
#undef X
};

const char *bulla_order_text(unsigned code)
{
    return WORD_FIND(orders, code);
}

const char *bulla_nack_text(unsigned reason)
{
    return WORD_FIND(nacks, reason);
}
