/* SPDX-License-Identifier: Apache-2.0
 *
 * JT/T 808 frames: where one is, what its header says, and how ours are written. Clauses 4.4.2 and 4.4.3 of the 2013
 * edition; the E7 variant has other escapes and seven bytes of phone.
 */
#include "proto/jt808.h"
#include "proto/word.h"

#define HEAD_MAX     21 /* 2019, sub-packaged */
#define CONTENT_MIN  12 /* header of 0x550x and the sum */
#define PHONE_BINARY 6

/* The first `byte` in [i, n), or n. */
static size_t find(const uint8_t *at, size_t i, size_t n, uint8_t byte)
{
    while (i < n && n - i >= 8 && !proto_word_holds(proto_word_load(at + i), byte)) {
        i += 8;
    }
    while (i < n && at[i] != byte) {
        i++;
    }
    return i;
}

static uint8_t xor_of(const uint8_t *at, size_t n)
{
    uint64_t word = 0;
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        word ^= proto_word_load(at + i);
    }
    word ^= word >> 32;
    word ^= word >> 16;
    uint8_t sum = (uint8_t)(word ^ word >> 8);
    for (; i < n; i++) {
        sum ^= at[i];
    }
    return sum;
}

/* ---- escapes ---- */

struct escape {
    uint8_t mark, code, byte;
};

static const struct escape escapes_7e[] = {{0x7D, 0x01, 0x7D}, {0x7D, 0x02, 0x7E}};
static const struct escape escapes_e7[] = {{0xE6, 0x01, 0xE6}, {0xE6, 0x02, 0xE7}, {0x3E, 0x01, 0x3E}, {0x3E, 0x02, 0x3D}};

static const struct escape *escapes_of(uint8_t delimiter, size_t *n)
{
    *n = delimiter == JT808_DELIMITER_E7 ? sizeof escapes_e7 / sizeof *escapes_e7 : sizeof escapes_7e / sizeof *escapes_7e;
    return delimiter == JT808_DELIMITER_E7 ? escapes_e7 : escapes_7e;
}

static bool marked(uint8_t delimiter, uint8_t byte)
{
    return delimiter == JT808_DELIMITER_E7 ? byte == 0xE6 || byte == 0x3E : byte == 0x7D;
}

/* The byte that mark and code stand for, or -1. */
static int escaped(uint8_t delimiter, uint8_t mark, uint8_t code)
{
    size_t n;
    const struct escape *e = escapes_of(delimiter, &n);
    for (size_t i = 0; i < n; i++) {
        if (e[i].mark == mark && e[i].code == code) {
            return e[i].byte;
        }
    }
    return -1;
}

/* Where the first mark or delimiter stands, or the length. */
static size_t first_special(uint8_t delimiter, struct bulla_bytes from)
{
    if (delimiter == JT808_DELIMITER) {
        size_t i = 0;
        while (from.len - i >= 8 && !proto_word_holds(proto_word_load(from.at + i), 0x7D) &&
               !proto_word_holds(proto_word_load(from.at + i), 0x7E)) {
            i += 8;
        }
        while (i < from.len && from.at[i] != 0x7D && from.at[i] != 0x7E) {
            i++;
        }
        return i;
    }
    size_t i = 0;
    while (i < from.len && !marked(delimiter, from.at[i]) && from.at[i] != delimiter) {
        i++;
    }
    return i;
}

/* Content of a frame without its escapes: `from` itself when it has none, else in `store`. False on a wrong escape or
 * a delimiter inside. */
static bool unescape(uint8_t delimiter, struct bulla_bytes from, uint8_t store[JT808_FRAME_MAX], struct bulla_bytes *to)
{
    size_t i = first_special(delimiter, from);
    if (i == from.len) {
        *to = from;
        return true;
    }
    if (from.len > JT808_FRAME_MAX) {
        return false;
    }
    bulla_copy(store, from.at, i);
    size_t n = i;
    for (; i < from.len; i++) {
        int byte = from.at[i];
        if (byte == delimiter) {
            return false;
        }
        if (marked(delimiter, from.at[i])) {
            byte = i + 1 < from.len ? escaped(delimiter, from.at[i], from.at[i + 1]) : -1;
            i++;
        }
        if (byte < 0) {
            return false;
        }
        store[n++] = (uint8_t)byte;
    }
    *to = (struct bulla_bytes){store, n};
    return true;
}

static bool plain(uint8_t delimiter, uint8_t byte)
{
    return delimiter == JT808_DELIMITER_E7 ? byte != 0xE6 && byte != 0xE7 && byte != 0x3E && byte != 0x3D : byte != 0x7D && byte != 0x7E;
}

static void escape_put(struct bulla_writer *out, uint8_t delimiter, const uint8_t *at, size_t n)
{
    size_t rules;
    const struct escape *e = escapes_of(delimiter, &rules);
    for (size_t i = 0; i < n; i++) {
        size_t run = i;
        while (i < n && plain(delimiter, at[i])) {
            i++;
        }
        bulla_writer_put(out, at + run, i - run);
        for (size_t k = 0; i < n && k < rules; k++) {
            if (e[k].byte == at[i]) {
                bulla_writer_put(out, (uint8_t[]){e[k].mark, e[k].code}, 2);
            }
        }
    }
}

/* ---- where the next frame is ----
 *
 * Read from left to right. Each decision stands on bytes that are all at hand, so that it is the same however the
 * stream is cut; while one is missing, nothing from there on is dropped. No decision looks further than a frame may
 * be long.
 *
 *   at the next byte                       is
 *   '('  with the rest of a text           a text
 *   7E                                     up to the next 7E, a frame; whether it is good, decode() says
 *   any, behind the 7E that ended one      the same, unless too short: delimiters may be shared, or lines end behind them
 *   E7   and no good message so far        garbage up to what ends first: a frame between two E7 or two 7E whose sum
 *                                          is right, or a text
 *   else                                   garbage
 *
 * After a good message between E7, E7 takes the place of 7E. */

struct scan {
    struct jt808_state *state;
    const uint8_t *at;
    size_t n, p;
    uint8_t delimiter;
};

/* Where what begins at p ends at the latest, as far as bytes are at hand. */
static size_t limit_of(const struct scan *s, size_t p)
{
    return s->n - p < JT808_FRAME_MAX ? s->n : p + JT808_FRAME_MAX;
}

static enum bulla_status found(struct scan *s, size_t from, size_t end, uint8_t shared, struct proto_frame *frame)
{
    s->state->shared = shared;
    *frame = (struct proto_frame){from, end - from};
    return BULLA_OK;
}

static enum bulla_status more(struct proto_frame *frame, size_t skip)
{
    *frame = (struct proto_frame){skip, 0};
    return BULLA_MORE;
}

static enum bulla_status text_at(struct scan *s, size_t p, struct proto_frame *frame)
{
    size_t len;
    enum bulla_status status = jt808_text_frame(s->at + p, s->n - p, &len);
    if (status == BULLA_OK) {
        return found(s, p, p + len, 0, frame);
    }
    return status == BULLA_MORE ? more(frame, p) : status;
}

/* From the next byte to the first delimiter in [inside, ...). */
static enum bulla_status closed(struct scan *s, size_t inside, struct proto_frame *frame)
{
    size_t limit = limit_of(s, s->p), close = find(s->at, inside, limit, s->delimiter);
    if (close < limit && (inside > s->p || close - inside >= CONTENT_MIN)) {
        return found(s, s->p, close + 1, s->delimiter, frame);
    }
    if (close == limit && limit - s->p < JT808_FRAME_MAX) {
        return more(frame, s->p);
    }
    s->state->shared = 0;
    return BULLA_NOT_MINE;
}

/* The next byte is a delimiter. */
static enum bulla_status opened(struct scan *s, struct proto_frame *frame)
{
    while (s->p + 1 < s->n && s->at[s->p + 1] == s->delimiter) { /* an empty frame */
        s->p++;
    }
    if (s->p + 1 < s->n && s->at[s->p + 1] == '(') {
        enum bulla_status status = text_at(s, s->p + 1, frame);
        if (status != BULLA_NOT_MINE) {
            frame->skip -= status == BULLA_MORE; /* the delimiter stays until a text is sure to follow it */
            return status;
        }
    }
    return closed(s, s->p + 1, frame);
}

/* Whether what stands between two delimiters, at p and at close, has a right sum. */
static bool sound(const uint8_t *at, size_t p, size_t close)
{
    uint8_t store[JT808_FRAME_MAX];
    struct bulla_bytes content, wire = {at + p + 1, close - p - 1};
    return wire.len >= CONTENT_MIN && unescape(at[p], wire, store, &content) && xor_of(content.at, content.len) == 0;
}

/* Where to go on behind a hopeless E7: what is not closed yet, and may be a frame or a text. */
static size_t resume(size_t first, const size_t open[2], size_t text)
{
    size_t next = open[1] < text && open[1] != first ? open[1] : text;
    return open[0] < next ? open[0] : next;
}

/* The next byte is an E7, and there was no good message so far. */
static enum bulla_status choose(struct scan *s, struct proto_frame *frame)
{
    size_t limit = limit_of(s, s->p), len, open[2] = {limit, limit}, unfinished = limit; /* 7E, E7; a text */
    struct proto_frame text = {limit, 0};
    for (size_t i = s->p; i < text.skip + text.len; i++) {
        uint8_t byte = s->at[i];
        if (byte == JT808_DELIMITER || byte == JT808_DELIMITER_E7) {
            size_t *last = &open[byte == JT808_DELIMITER_E7];
            if (*last < i && sound(s->at, *last, i)) {
                return found(s, *last, i + 1, byte, frame);
            }
            *last = i;
        }
        enum bulla_status status = byte == '(' ? jt808_text_frame(s->at + i, limit - i, &len) : BULLA_NOT_MINE;
        if (status == BULLA_OK) {
            text = (struct proto_frame){i, len};
        } else if (status == BULLA_MORE) {
            unfinished = i;
        }
    }
    if (text.len) {
        return found(s, text.skip, text.skip + text.len, 0, frame);
    }
    if (limit - s->p < JT808_FRAME_MAX) {
        return more(frame, s->p);
    }
    s->p = resume(s->p, open, unfinished) - 1;
    return BULLA_NOT_MINE;
}

/* What begins at the next byte. NOT_MINE: it is garbage. */
static enum bulla_status begin(struct scan *s, struct proto_frame *frame)
{
    uint8_t byte = s->at[s->p];
    if (byte == s->delimiter) {
        return opened(s, frame);
    }
    enum bulla_status status = byte == '(' ? text_at(s, s->p, frame) : BULLA_NOT_MINE;
    if (status == BULLA_NOT_MINE && s->p == 0 && s->state->shared == s->delimiter) {
        status = closed(s, 0, frame);
    }
    if (status == BULLA_NOT_MINE && byte == JT808_DELIMITER_E7 && !s->state->delimiter) {
        status = choose(s, frame);
    }
    return status;
}

enum bulla_status jt808_frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    struct jt808_state *state = link->state;
    struct scan s = {state, at, n, 0, state->delimiter ? state->delimiter : JT808_DELIMITER};
    for (; s.p < n; s.p++) {
        enum bulla_status status = begin(&s, frame);
        if (status != BULLA_NOT_MINE) {
            return status;
        }
    }
    return more(frame, n);
}

/* ---- what a frame says ---- */

static bool parse_head(struct jt808_head *head, struct bulla_cursor *c)
{
    head->id = bulla_cursor_get_u16(c);
    head->attributes = bulla_cursor_get_u16(c);
    head->short_serial = head->id == JT808_JT705_NOW || head->id == JT808_JT705_STORED;
    bool versioned = (head->attributes & JT808_VERSIONED) && !head->short_serial;
    head->version = 0;
    if (versioned) {
        uint8_t version = bulla_cursor_get_u8(c);
        head->version = version ? version : 1;
    }
    head->id_len = versioned ? 10 : head->delimiter == JT808_DELIMITER_E7 ? 7 : 6;
    struct bulla_bytes phone = bulla_cursor_take(c, head->id_len);
    if (phone.at) {
        bulla_copy(head->phone, phone.at, phone.len);
    }
    head->serial = head->short_serial ? bulla_cursor_get_u8(c) : bulla_cursor_get_u16(c);
    bool parted = (head->attributes & JT808_PARTED) && !head->short_serial;
    head->total = parted ? bulla_cursor_get_u16(c) : 0;
    head->number = parted ? bulla_cursor_get_u16(c) : 0;
    return !c->failed;
}

/* True when a profile says that this device's lengths are not to be trusted. */
static bool length_loose(const struct jt808_call *c)
{
    const struct proto_profile *profile = c->link->profile;
    return c->head.id == JT808_THROUGH || (profile && bulla_text_is(profile->settings, "loose-length"));
}

/* Content between the delimiters, un-escaped, its XOR already known to be right. */
static enum bulla_status check(struct jt808_call *c, struct bulla_bytes content)
{
    struct bulla_cursor cursor = bulla_cursor_over(content.at, content.len - 1);
    if (!parse_head(&c->head, &cursor)) {
        return proto_fail_number(c->link, BULLA_DAMAGED, "length", "a whole header", (int64_t)content.len);
    }
    size_t said = c->head.attributes & JT808_LENGTH;
    if (said != cursor.left && !length_loose(c)) {
        return proto_fail_number(c->link, BULLA_DAMAGED, "body length", "the length that the header says", (int64_t)cursor.left);
    }
    if ((c->head.attributes & JT808_ENCRYPTION) && !c->head.short_serial) {
        return proto_fail_number(c->link, BULLA_DAMAGED, "attributes", "a body without encryption", c->head.attributes);
    }
    c->body = (struct bulla_bytes){cursor.at, said < cursor.left ? said : cursor.left};
    return BULLA_OK;
}

static enum bulla_status checksum_wrong(struct proto_link *link, struct bulla_bytes content)
{
    if (content.len < 2) {
        return proto_fail_number(link, BULLA_DAMAGED, "length", "a whole header", (int64_t)content.len);
    }
    return proto_fail_number(link, BULLA_DAMAGED, "checksum", "XOR of header and body", content.at[content.len - 1]);
}

/* Whether bytes from a file may stand without escapes: with both 7D and 7E in them they are rather a frame that was
 * escaped wrongly. */
static bool without_escapes(struct bulla_bytes bytes)
{
    return find(bytes.at, 0, bytes.len, 0x7D) == bytes.len || find(bytes.at, 0, bytes.len, JT808_DELIMITER) == bytes.len;
}

enum bulla_status jt808_open(struct jt808_call *c, const uint8_t *at, size_t n, uint8_t store[JT808_FRAME_MAX])
{
    bool e7 = n > 1 && at[0] == JT808_DELIMITER_E7 && at[n - 1] == JT808_DELIMITER_E7;
    bool known = c->state->delimiter && !c->link->whole;
    c->head.delimiter = known ? c->state->delimiter : e7 ? JT808_DELIMITER_E7 : JT808_DELIMITER;
    struct bulla_bytes wire = {at, n}, content;
    if (wire.len && wire.at[0] == c->head.delimiter) {
        wire = (struct bulla_bytes){at + 1, n - 1};
    }
    if (wire.len && wire.at[wire.len - 1] == c->head.delimiter) {
        wire.len--;
    }
    bool legal = unescape(c->head.delimiter, wire, store, &content);
    bool raw = c->link->whole && wire.len > 1 && xor_of(wire.at, wire.len) == 0 && without_escapes(wire);
    if (legal && content.len > 1 && xor_of(content.at, content.len) == 0) {
        enum bulla_status status = check(c, content);
        if (status == BULLA_OK || !raw) {
            return status;
        }
    }
    if (raw) { /* from a file, already without escapes */
        return check(c, wire);
    }
    return legal ? checksum_wrong(c->link, content)
                 : proto_fail_number(c->link, BULLA_DAMAGED, "escape", "7D 01 or 7D 02, and no delimiter inside", (int64_t)n);
}

/* ---- who ---- */

/* Check digit of an IMEI's first fourteen digits (Luhn). */
static unsigned luhn(uint64_t fourteen)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < 14; i++, fourteen /= 10) {
        unsigned digit = (unsigned)(fourteen % 10);
        unsigned doubled = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += i % 2 ? digit : doubled;
    }
    return (10 - sum % 10) % 10;
}

static bool decimal_phone(const struct jt808_head *head)
{
    for (size_t i = 0; i < head->id_len; i++) {
        if (head->phone[i] >> 4 > 9 || (head->phone[i] & 15) > 9) {
            return false;
        }
    }
    return true;
}

/* Some makers put the IMEI into the six bytes as a binary number, without its check digit. */
static void binary_put(char *to, const struct jt808_head *head)
{
    struct bulla_cursor c = bulla_cursor_over(head->phone, PHONE_BINARY);
    uint64_t value = (uint64_t)bulla_cursor_get_u16(&c) << 32;
    value |= bulla_cursor_get_u32(&c);
    struct bulla_writer w = bulla_writer_over((uint8_t *)to, BULLA_DEVICE_SIZE - 1);
    bulla_writer_put_decimal(&w, value, 14);
    bulla_writer_put_decimal(&w, luhn(value), 1);
    to[w.len] = 0;
}

void jt808_device_put(char to[BULLA_DEVICE_SIZE], const struct jt808_head *head)
{
    if (head->id_len == PHONE_BINARY && !decimal_phone(head)) {
        binary_put(to, head);
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < 2u * head->id_len; i++) {
        unsigned nibble = i % 2 ? head->phone[i / 2] & 15u : head->phone[i / 2] >> 4;
        if (n || nibble || i + 1 == 2u * head->id_len) {
            to[n++] = "0123456789abcdef"[nibble];
        }
    }
    to[n] = 0;
}

/* 14 digits of an IMEI whose check digit is right, as the binary form wants them; 0: it is none. */
static uint64_t imei_of(const char *device, size_t digits)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 14 && i < digits; i++) {
        value = value * 10 + (uint64_t)(device[i] - '0');
    }
    return digits == 15 && luhn(value) == (unsigned)(device[14] - '0') ? value : 0;
}

bool jt808_head_for(struct jt808_head *head, const char *device, bool versioned)
{
    size_t digits = bulla_length(device);
    for (size_t i = 0; i < digits; i++) {
        if (device[i] < '0' || device[i] > '9') {
            return false;
        }
    }
    *head = (struct jt808_head){.delimiter = JT808_DELIMITER, .id_len = versioned ? 10 : 6, .version = versioned};
    uint64_t imei = imei_of(device, digits);
    if (!versioned && imei) {
        for (size_t i = 0; i < PHONE_BINARY; i++) {
            head->phone[i] = (uint8_t)(imei >> 8 * (PHONE_BINARY - 1 - i));
        }
        return true;
    }
    if (!digits || digits > 2u * head->id_len) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        size_t place = 2u * head->id_len - digits + i;
        unsigned digit = (unsigned)(device[i] - '0');
        head->phone[place / 2] = (uint8_t)(head->phone[place / 2] | (place % 2 ? digit : digit << 4));
    }
    return true;
}

/* ---- ours ---- */

void jt808_message_put(struct bulla_writer *out, const struct jt808_head *head, uint16_t id, uint16_t serial, struct bulla_bytes body)
{
    uint8_t raw[HEAD_MAX + JT808_BODY_MAX + 1];
    struct bulla_writer w = bulla_writer_over(raw, sizeof raw);
    bulla_writer_put_u16(&w, id);
    bulla_writer_put_u16(&w, (uint16_t)(body.len | (head->version ? JT808_VERSIONED : 0)));
    if (head->version) {
        bulla_writer_put_u8(&w, head->version);
    }
    bulla_writer_put(&w, head->phone, head->id_len);
    if (head->short_serial) {
        bulla_writer_put_u8(&w, (uint8_t)serial);
    } else {
        bulla_writer_put_u16(&w, serial);
    }
    bulla_writer_put(&w, body.at, body.len);
    bulla_writer_put_u8(&w, xor_of(raw, w.len));
    if (w.failed || body.len > JT808_BODY_MAX) {
        out->failed = true;
        return;
    }
    bulla_writer_put_u8(out, head->delimiter);
    escape_put(out, head->delimiter, raw, w.len);
    bulla_writer_put_u8(out, head->delimiter);
}

void jt808_reply(struct jt808_call *c, uint16_t id, struct bulla_bytes body)
{
    uint8_t frame[2 * (HEAD_MAX + JT808_BODY_MAX + 1) + 2];
    struct bulla_writer w = bulla_writer_over(frame, sizeof frame);
    uint16_t serial = c->head.short_serial ? 1 : c->state->serial++;
    jt808_message_put(&w, &c->head, id, serial, body);
    if (!w.failed) {
        c->link->reply(c->link->host, frame, w.len);
    }
}
