// SPDX-License-Identifier: Apache-2.0
// Messages of parcels: written by the sender, read by the worker.
//
//   2  "BP"
//   1  1, the version
//   1  length of the source, 1 to 26, and the source
//   v  published_ms
//   then, to the end, at least one parcel: v number, v taken_ms, v rows, v length, the bytes
//
// v: seven bits a byte, the lowest first, the high bit says that more follow; the shortest form only.

#include "platform/bus/sender_message.h"

#include <string.h>

enum { VERSION = 1 };

static void put_varint(struct bulla_writer *writer, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        bulla_writer_put_u8(writer, (uint8_t)(value | 0x80));
    }
    bulla_writer_put_u8(writer, (uint8_t)value);
}

static uint64_t get_varint(struct bulla_cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = bulla_cursor_get_u8(cursor);
        if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0)) {
            break;
        }
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            return value;
        }
    }
    cursor->failed = true;
    return 0;
}

void sender_message_begin(struct bulla_writer *writer, const char *source, int64_t published_ms)
{
    bulla_writer_put(writer, "BP", 2);
    bulla_writer_put_u8(writer, VERSION);
    bulla_writer_put_u8(writer, (uint8_t)strlen(source));
    bulla_writer_put_text(writer, source);
    put_varint(writer, (uint64_t)published_ms);
}

bool sender_message_add(struct bulla_writer *writer, const struct outbox_parcel *parcel)
{
    struct bulla_writer before = *writer;
    put_varint(writer, parcel->number);
    put_varint(writer, (uint64_t)parcel->taken_ms);
    put_varint(writer, parcel->rows);
    put_varint(writer, parcel->bytes.len);
    bulla_writer_put(writer, parcel->bytes.at, parcel->bytes.len);
    if (writer->failed) {
        *writer = before;
        return false;
    }
    return true;
}

static bool read_head(struct bulla_cursor *cursor, struct sender_message *out)
{
    struct bulla_bytes mark = bulla_cursor_take(cursor, 2);
    uint8_t version = bulla_cursor_get_u8(cursor);
    uint8_t length = bulla_cursor_get_u8(cursor);
    struct bulla_bytes source = bulla_cursor_take(cursor, length);
    out->published_ms = (int64_t)get_varint(cursor);
    if (cursor->failed || memcmp(mark.at, "BP", 2) != 0 || version != VERSION || length < 1 || length >= OUTBOX_ID_SIZE ||
        memchr(source.at, '\0', length)) {
        return false;
    }
    memcpy(out->source, source.at, length);
    out->source[length] = '\0';
    return true;
}

/* The next parcel; false when there is none that is right. */
static bool read_parcel(struct bulla_cursor *cursor, struct sender_parcel *parcel)
{
    parcel->number = get_varint(cursor);
    parcel->taken_ms = (int64_t)get_varint(cursor);
    uint64_t rows = get_varint(cursor), length = get_varint(cursor);
    parcel->rows = (uint32_t)rows;
    parcel->bytes = bulla_cursor_take(cursor, length > cursor->left ? SIZE_MAX : (size_t)length);
    return !cursor->failed && parcel->number > 0 && rows <= UINT32_MAX && length > 0;
}

bool sender_read(struct bulla_bytes message, struct sender_message *out, void (*each)(void *context, const struct sender_parcel *parcel),
                 void *context)
{
    struct bulla_cursor cursor = bulla_cursor_over(message.at, message.len);
    struct sender_message read = {.n = 0};
    struct sender_parcel parcel;
    if (!read_head(&cursor, &read)) {
        return false;
    }
    struct bulla_cursor parcels = cursor;
    for (uint64_t last = 0; cursor.left > 0; last = parcel.number, read.n++) {
        if (!read_parcel(&cursor, &parcel) || parcel.number <= last) {
            return false;
        }
    }
    if (read.n == 0) {
        return false;
    }
    *out = read;
    for (size_t i = 0; i < read.n; i++) {
        read_parcel(&parcels, &parcel);
        each(context, &parcel);
    }
    return true;
}
