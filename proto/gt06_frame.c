/* SPDX-License-Identifier: Apache-2.0
 *
 * GT06: where a message is in the stream, whether it is whole, and a frame around what we say.
 *
 * A message that does not end where its length says is damaged up to where the next one begins: a wrong length must not take
 * the good message behind it.
 */
#include "proto/gt06.h"

#define WIFI_HEAD    10 /* mark, count of stations, type, date */
#define WIFI_STATION 7
#define WIFI_CELLS   4 /* count of cells, country, network */
#define WIFI_CELL    5
#define WIFI_MAX     22 /* stations: what is longer than that is a message of type 17 with a length */
#define ENDING_LEN   2

enum bulla_status gt06_probe(const uint8_t *at, size_t n)
{
    if (n == 0) {
        return BULLA_MORE;
    }
    if (at[0] != GT06_SHORT && at[0] != GT06_LONG) {
        return BULLA_NOT_MINE;
    }
    return n == 1 ? BULLA_MORE : at[1] == at[0] ? BULLA_OK : BULLA_NOT_MINE;
}

bool gt06_is_wifi(const uint8_t *at, size_t n)
{
    return n > 3 && at[0] == GT06_SHORT && at[1] == GT06_SHORT && (at[3] == GT06_WIFI || at[3] == GT06_WIFI_2) && at[2] <= WIFI_MAX;
}

size_t gt06_wifi_length(const uint8_t *at, size_t n)
{
    size_t cells = WIFI_HEAD + (size_t)WIFI_STATION * at[2];
    return cells < n ? cells + WIFI_CELLS + (size_t)WIFI_CELL * at[cells] + ENDING_LEN : 0;
}

/* What the message that begins at at[0] says of its length; 0: more bytes are needed to tell; SIZE_MAX: it cannot be one. */
static size_t whole_length(const uint8_t *at, size_t n)
{
    if (n < 4) {
        return 0;
    }
    if (gt06_is_wifi(at, n)) {
        return gt06_wifi_length(at, n);
    }
    bool large = at[0] == GT06_LONG;
    size_t length = large ? (size_t)at[2] << 8 | at[3] : at[2];
    return length < GT06_LENGTH_MIN || length > GT06_LENGTH_MAX ? SIZE_MAX : length + (large ? 6 : 5);
}

static size_t find_mark(const uint8_t *at, size_t from, size_t n)
{
    while (from < n && gt06_probe(at + from, n - from) == BULLA_NOT_MINE) {
        from++;
    }
    return from;
}

static bool ends(const uint8_t *at, size_t n)
{
    return at[n - 2] == '\r' && at[n - 1] == '\n';
}

/* Where the message behind a broken one of n bytes may begin: behind an ending if there is one, else at a mark. */
static size_t broken_length(const uint8_t *at, size_t n)
{
    for (size_t i = 4; i < n; i++) {
        if (ends(at, i) && gt06_probe(at + i, n - i) != BULLA_NOT_MINE) {
            return i;
        }
    }
    return find_mark(at, 2, n);
}

enum bulla_status gt06_frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    (void)link;
    size_t skip = find_mark(at, 0, n), length;
    while ((length = whole_length(at + skip, n - skip)) == SIZE_MAX) {
        skip = find_mark(at, skip + 2, n);
    }
    if (length == 0 || length > n - skip) {
        *frame = (struct proto_frame){skip, 0};
        return BULLA_MORE;
    }
    *frame = (struct proto_frame){skip, ends(at + skip, length) ? length : broken_length(at + skip, length)};
    return BULLA_OK;
}

static enum bulla_status beginning(struct proto_link *link, size_t n)
{
    return proto_fail_number(link, BULLA_MORE, "length", "a whole message", (int64_t)n);
}

static enum bulla_status open_wifi(struct proto_link *link, const uint8_t *at, size_t n, struct gt06_message *m)
{
    size_t length = gt06_wifi_length(at, n);
    if (link->whole && !ends(at, n) && (length == 0 || length > n)) {
        return beginning(link, n);
    }
    if (length != n || !ends(at, n)) {
        return proto_fail_number(link, BULLA_DAMAGED, "length", "that of its stations and cells, 0D0A behind them", (int64_t)n);
    }
    *m = (struct gt06_message){GT06_SHORT, at[3], 0, at[2], {at + 4, n - 4 - ENDING_LEN}};
    return BULLA_OK;
}

enum bulla_status gt06_open(struct proto_link *link, const uint8_t *at, size_t n, struct gt06_message *m)
{
    if (n < 2 || gt06_probe(at, n) != BULLA_OK) {
        return proto_fail(link, BULLA_NOT_MINE, "mark", "7878 or 7979", (struct bulla_bytes){at, n < 2 ? n : 2});
    }
    if (gt06_is_wifi(at, n)) {
        return open_wifi(link, at, n, m);
    }
    size_t length = whole_length(at, n), head = at[0] == GT06_LONG ? 4 : 3;
    if (link->whole && !ends(at, n) && (length == 0 || (length > n && length != SIZE_MAX))) {
        return beginning(link, n);
    }
    if (length != n || !ends(at, n)) {
        return proto_fail_number(link, BULLA_DAMAGED, "length", "that of the length field, 0D0A at its end", (int64_t)n);
    }
    uint16_t crc = gt06_crc(at + 2, n - 6), got = (uint16_t)((unsigned)at[n - 4] << 8 | at[n - 3]);
    if (crc != got) {
        return proto_fail_number(link, BULLA_DAMAGED, "CRC", "that of length to serial", got);
    }
    uint16_t serial = (uint16_t)((unsigned)at[n - 6] << 8 | at[n - 5]);
    *m = (struct gt06_message){at[0], at[head], serial, n - head - 2, {at + head + 1, n - head - 1 - 6}};
    return BULLA_OK;
}

void gt06_put(struct bulla_writer *w, uint8_t header, uint8_t type, uint16_t serial, struct bulla_bytes body)
{
    size_t start = w->len, length = body.len + GT06_LENGTH_MIN;
    bulla_writer_put_u8(w, header);
    bulla_writer_put_u8(w, header);
    if (header == GT06_LONG) {
        bulla_writer_put_u16(w, (uint16_t)length);
    } else {
        bulla_writer_put_u8(w, (uint8_t)length);
    }
    bulla_writer_put_u8(w, type);
    bulla_writer_put(w, body.at, body.len);
    bulla_writer_put_u16(w, serial);
    if (!w->failed) {
        bulla_writer_put_u16(w, gt06_crc(w->at + start + 2, w->len - start - 2));
    }
    bulla_writer_put(w, "\r\n", 2);
}

void gt06_say(struct proto_link *link, uint8_t header, uint8_t type, uint16_t serial, struct bulla_bytes body)
{
    uint8_t bytes[64];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    gt06_put(&w, header, type, serial, body);
    if (!w.failed && link->reply) {
        link->reply(link->host, bytes, w.len);
    }
}
