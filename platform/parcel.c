/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/parcel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "platform/store/pack.h"

#define VERSION        1
#define HEAD_SIZE      4
#define LEVEL          1
#define COMPRESS_LEAST 256
#define UNPACKED_MOST  (64u * 1024 * 1024)
#define SPLIT_BYTES    (512u * 1024) /* of items: then another parcel is begun, so that none is too long for the bus */

enum item_kind { ITEM_ROW = 1, ITEM_NOTE = 2, ITEM_DAMAGE = 3 };
enum row_flag { ROW_HAS_HEX_ID = 1, ROW_SAME_RAW = 2 };

struct buffer {
    uint8_t *at;
    size_t len, size;
    bool failed;
};

struct share { /* of one partition, while a batch is divided: what is news, and the rest */
    struct buffer items;
    uint32_t rows;
    size_t last_raw; /* where in the batch the message of its last row lies, SIZE_MAX: none yet */
};

struct parcel_maker {
    unsigned partitions;
    struct share *shares;
    struct buffer packed, unpacked;
    ZSTD_CCtx *compressor;
    ZSTD_DCtx *decompressor;
};

struct parcel_maker *parcel_maker_new(unsigned partitions)
{
    struct parcel_maker *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->partitions = partitions;
    m->shares = calloc((size_t)partitions * 2, sizeof *m->shares);
    m->compressor = ZSTD_createCCtx();
    m->decompressor = ZSTD_createDCtx();
    if (m->shares && m->compressor && m->decompressor)
        return m;
    parcel_maker_free(m);
    return NULL;
}

void parcel_maker_free(struct parcel_maker *m)
{
    if (!m)
        return;
    for (unsigned i = 0; m->shares && i < m->partitions * 2; i++)
        free(m->shares[i].items.at);
    free(m->shares);
    free(m->packed.at);
    free(m->unpacked.at);
    ZSTD_freeCCtx(m->compressor);
    ZSTD_freeDCtx(m->decompressor);
    free(m);
}

/* --- writing --- */

static uint8_t *room(struct buffer *b, size_t n)
{
    if (b->len + n > b->size) {
        size_t size = (b->len + n) * 2 + 4096;
        uint8_t *grown = realloc(b->at, size);
        if (!grown) {
            b->failed = true;
            return NULL;
        }
        b->at = grown;
        b->size = size;
    }
    return b->at + b->len;
}

static void put_bytes(struct buffer *b, const void *bytes, size_t n)
{
    uint8_t *to = room(b, n);
    if (!to)
        return;
    if (n > 0)
        memcpy(to, bytes, n);
    b->len += n;
}

static void put_number(struct buffer *b, uint64_t value)
{
    uint8_t *to = room(b, 10);
    size_t n = 0;
    if (!to)
        return;
    for (; value >= 0x80; value >>= 7)
        to[n++] = (uint8_t)(value | 0x80);
    to[n++] = (uint8_t)value;
    b->len += n;
}

static void put_signed(struct buffer *b, int64_t value)
{
    put_number(b, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static void put_text(struct buffer *b, const char *text)
{
    size_t n = strlen(text);
    put_number(b, n);
    put_bytes(b, text, n);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The sixteen bytes of an id of 32 hexadecimal characters. */
static bool id_bytes(const char *id, uint8_t to[16])
{
    for (unsigned i = 0; i < 16; i++) {
        int high = hex_digit(id[2 * i]), low = high < 0 ? -1 : hex_digit(id[2 * i + 1]);
        if (low < 0)
            return false;
        to[i] = (uint8_t)(high << 4 | low);
    }
    return id[32] == '\0';
}

static void put_row(struct share *s, const struct batch *b, const struct batch_row *row)
{
    const struct bulla_observation *o = &row->o;
    uint8_t id[16], body[STORE_PACK_MAX];
    bool hex = id_bytes(o->id, id), same = s->last_raw == row->raw_at && row->raw_len > 0;
    struct buffer *to = &s->items;
    size_t n = store_pack_put(body, o);
    put_number(to, ITEM_ROW);
    put_number(to, (hex ? ROW_HAS_HEX_ID : 0u) | (same ? ROW_SAME_RAW : 0u));
    put_text(to, o->protocol);
    put_text(to, o->device);
    if (hex)
        put_bytes(to, id, sizeof id);
    else
        put_text(to, o->id);
    put_signed(to, o->received_ms);
    put_signed(to, bulla_observation_knows(o, BULLA_HAS_TIME) ? (int64_t)((uint64_t)o->time_ms - (uint64_t)o->received_ms) : 0);
    put_number(to, n);
    put_bytes(to, body, n);
    if (!same) {
        put_number(to, row->raw_len);
        put_bytes(to, b->bytes + row->raw_at, row->raw_len);
    }
    s->last_raw = row->raw_at;
    s->rows++;
}

static void put_note(struct share *s, const struct batch_note *note)
{
    struct buffer *to = &s->items;
    put_number(to, ITEM_NOTE);
    put_number(to, note->kind);
    put_text(to, note->seal);
    put_text(to, note->command);
    put_signed(to, note->serial);
    put_signed(to, note->at_ms);
}

static void put_damage(struct buffer *to, const struct batch *b, const struct batch_damage *d)
{
    put_number(to, ITEM_DAMAGE);
    put_text(to, d->protocol);
    put_text(to, d->peer);
    put_signed(to, d->outcome);
    put_text(to, d->why);
    put_signed(to, d->received_ms);
    put_number(to, d->raw_len);
    put_bytes(to, b->bytes + d->raw_at, d->raw_len);
}

/* Compressed only where that makes it smaller: a parcel of one report is not. */
static bool finish(struct parcel_maker *m, const struct buffer *items)
{
    struct buffer *to = &m->packed;
    size_t most = ZSTD_compressBound(items->len);
    to->len = 0;
    to->failed = false;
    put_bytes(to, "BO\x01\x00", HEAD_SIZE);
    uint8_t *room_at = room(to, most);
    if (!room_at)
        return false;
    size_t n = items->len >= COMPRESS_LEAST ? ZSTD_compressCCtx(m->compressor, room_at, most, items->at, items->len, LEVEL) : items->len;
    if (ZSTD_isError(n) || n >= items->len) {
        put_bytes(to, items->at, items->len);
    } else {
        to->at[3] = 1;
        to->len += n;
    }
    return !to->failed;
}

struct dividing {
    struct parcel_maker *maker;
    parcel_fn each;
    void *context;
    bool failed;
};

static void share_clear(struct share *s)
{
    s->items.len = s->rows = 0;
    s->items.failed = false;
    s->last_raw = SIZE_MAX;
}

static void hand_out(struct dividing *d, unsigned partition, bool news)
{
    struct share *s = &d->maker->shares[partition * 2 + news];
    if (s->items.len == 0)
        return;
    d->failed |= s->items.failed || !finish(d->maker, &s->items);
    if (!d->failed)
        d->each(d->context, partition, s->rows, news, (struct bulla_bytes){d->maker->packed.at, d->maker->packed.len});
    share_clear(s);
}

/* The share that takes the seal's next item. News are apart from the rest: they overtake it. */
static struct share *share_of(struct dividing *d, const char *seal, bool news)
{
    unsigned partition = seal ? store_partition_of(seal, d->maker->partitions) : 0;
    struct share *s = &d->maker->shares[partition * 2 + news];
    if (s->items.len >= SPLIT_BYTES)
        hand_out(d, partition, news);
    return s;
}

bool parcel_divide(struct parcel_maker *m, const struct batch *b, parcel_fn each, void *context)
{
    struct dividing d = {m, each, context, false};
    char seal[MODEL_SEAL_SIZE];
    for (unsigned i = 0; i < m->partitions * 2; i++)
        share_clear(&m->shares[i]);
    for (size_t i = 0; i < b->n_rows; i++) {
        snprintf(seal, sizeof seal, "%s:%s", b->rows[i].o.protocol, b->rows[i].o.device);
        put_row(share_of(&d, seal, b->rows[i].news), b, &b->rows[i]);
    }
    for (size_t i = 0; i < b->n_notes; i++)
        if (b->notes[i].kind != NOTE_UNSENT) /* another node may have sent it */
            put_note(share_of(&d, b->notes[i].seal, b->notes[i].kind == NOTE_SENT), &b->notes[i]);
    for (size_t i = 0; i < b->n_damages; i++)
        put_damage(&share_of(&d, NULL, false)->items, b, &b->damages[i]);
    for (unsigned i = 0; i < m->partitions * 2; i++)
        hand_out(&d, i / 2, i % 2);
    return !d.failed;
}

/* --- reading --- */

static uint64_t get_number(struct bulla_cursor *c)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = bulla_cursor_get_u8(c);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    c->failed = true;
    return 0;
}

static int64_t get_signed(struct bulla_cursor *c)
{
    uint64_t value = get_number(c);
    return (int64_t)(value >> 1 ^ (~(value & 1) + 1));
}

static struct bulla_bytes get_bytes(struct bulla_cursor *c)
{
    uint64_t n = get_number(c);
    if (n > c->left)
        c->failed = true;
    return bulla_cursor_take(c, c->failed ? 0 : (size_t)n);
}

static void get_text(struct bulla_cursor *c, char *to, size_t size)
{
    struct bulla_bytes text = get_bytes(c);
    if (text.len >= size)
        c->failed = true;
    size_t n = c->failed ? 0 : text.len;
    if (n > 0)
        memcpy(to, text.at, n);
    to[n] = '\0';
}

static void get_id(struct bulla_cursor *c, bool hex, char to[BULLA_ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    if (!hex) {
        get_text(c, to, BULLA_ID_SIZE);
        return;
    }
    struct bulla_bytes id = bulla_cursor_take(c, 16);
    for (unsigned i = 0; id.at && i < 16; i++) {
        to[2 * i] = digits[id.at[i] >> 4];
        to[2 * i + 1] = digits[id.at[i] & 15];
    }
    to[32] = '\0';
}

struct raw_place {
    size_t at, len;
};

static bool get_row(struct bulla_cursor *c, struct batch *b, struct raw_place *last)
{
    struct bulla_observation o;
    char protocol[BULLA_PROTOCOL_SIZE], device[BULLA_DEVICE_SIZE], id[BULLA_ID_SIZE] = "";
    uint64_t flags = get_number(c);
    get_text(c, protocol, sizeof protocol);
    get_text(c, device, sizeof device);
    get_id(c, flags & ROW_HAS_HEX_ID, id);
    int64_t received_ms = get_signed(c);
    int64_t at_ms = (int64_t)((uint64_t)received_ms + (uint64_t)get_signed(c));
    struct bulla_bytes body = get_bytes(c), raw = flags & ROW_SAME_RAW ? (struct bulla_bytes){NULL, 0} : get_bytes(c);
    if (c->failed || !id[0] || !protocol[0] || !store_pack_get(body, at_ms, &o))
        return false;
    memcpy(o.protocol, protocol, sizeof o.protocol);
    memcpy(o.device, device, sizeof o.device);
    memcpy(o.id, id, sizeof o.id);
    o.received_ms = received_ms;
    if (!(flags & ROW_SAME_RAW))
        *last = (struct raw_place){batch_put_bytes(b, raw.at, raw.len), raw.len};
    struct batch_row *row = last->at == SIZE_MAX ? NULL : batch_put_row(b, &o);
    if (!row)
        return false;
    row->raw_at = last->at;
    row->raw_len = last->len;
    return true;
}

static bool get_note(struct bulla_cursor *c, struct batch *b)
{
    struct batch_note *note = batch_put_note(b);
    if (!note)
        return false;
    uint64_t kind = get_number(c);
    note->kind = (enum batch_note_kind)kind;
    get_text(c, note->seal, sizeof note->seal);
    get_text(c, note->command, sizeof note->command);
    note->serial = (int32_t)get_signed(c);
    note->at_ms = get_signed(c);
    return !c->failed && kind <= NOTE_UNSENT;
}

static bool get_damage(struct bulla_cursor *c, struct batch *b)
{
    struct batch_damage *d = batch_put_damage(b);
    if (!d)
        return false;
    get_text(c, d->protocol, sizeof d->protocol);
    get_text(c, d->peer, sizeof d->peer);
    d->outcome = (enum bulla_status)get_signed(c);
    get_text(c, d->why, sizeof d->why);
    d->received_ms = get_signed(c);
    struct bulla_bytes raw = get_bytes(c);
    d->raw_at = c->failed ? SIZE_MAX : batch_put_bytes(b, raw.at, raw.len);
    d->raw_len = raw.len;
    return d->raw_at != SIZE_MAX;
}

static bool get_items(struct bulla_cursor *c, struct batch *b)
{
    struct raw_place last = {SIZE_MAX, 0};
    while (c->left > 0 && !c->failed) {
        uint64_t kind = get_number(c);
        bool got = kind == ITEM_ROW ? get_row(c, b, &last) : kind == ITEM_NOTE ? get_note(c, b) : kind == ITEM_DAMAGE && get_damage(c, b);
        if (!got)
            return false;
    }
    return !c->failed;
}

static bool decompress(struct parcel_maker *m, struct bulla_bytes in)
{
    unsigned long long n = ZSTD_getFrameContentSize(in.at, in.len);
    struct buffer *to = &m->unpacked;
    to->len = 0;
    to->failed = false;
    if (n == ZSTD_CONTENTSIZE_ERROR || n == ZSTD_CONTENTSIZE_UNKNOWN || n > UNPACKED_MOST || !room(to, (size_t)n))
        return false;
    to->len = ZSTD_decompressDCtx(m->decompressor, to->at, (size_t)n, in.at, in.len);
    return !ZSTD_isError(to->len) && to->len == n;
}

bool parcel_unpack(struct parcel_maker *m, struct bulla_bytes bytes, struct batch *to)
{
    struct batch_mark mark = batch_mark(to);
    size_t notes = to->n_notes, damages = to->n_damages;
    if (bytes.len < HEAD_SIZE || memcmp(bytes.at, "BO", 2) != 0 || bytes.at[2] != VERSION || bytes.at[3] > 1)
        return false;
    struct bulla_bytes rest = {bytes.at + HEAD_SIZE, bytes.len - HEAD_SIZE};
    if (bytes.at[3] == 1) {
        if (!decompress(m, rest))
            return false;
        rest = (struct bulla_bytes){m->unpacked.at, m->unpacked.len};
    }
    struct bulla_cursor c = bulla_cursor_over(rest.at, rest.len);
    if (get_items(&c, to) && !to->failed)
        return true;
    batch_rewind(to, mark);
    to->n_notes = notes;
    to->n_damages = damages;
    to->failed = false;
    return false;
}
