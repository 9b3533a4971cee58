/* SPDX-License-Identifier: Apache-2.0
 *
 * AIS: where a sentence is in the stream, whether its sums fit, and its fields.
 *
 * A sentence ends behind its sum, whether a line break follows or not; line breaks are passed over. One before the sum, or a new
 * beginning, breaks a sentence off.
 */
#include "proto/ais.h"
#include "proto/text.h"

#define TYPE_LEN    5 /* "AIVDM" */
#define FIELDS      7
#define SUM_LEN     3                      /* "*hh" */
#define TAG_MS_FROM UINT64_C(100000000000) /* seconds do not come so far */

const uint8_t ais_six_bits[256] = {
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0x80, 0x80, 0x80, 0x80, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11,
    0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35,
    0x36, 0x37, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
};

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_break(uint8_t c)
{
    return c == '\r' || c == '\n';
}

static bool is_mark(uint8_t c)
{
    return c == '!' || c == '\\' || c == '$';
}

/* What the characters of a sentence are passed over to: line breaks, marks, and the star before the sum. */
static const bool stops[256] = {['\r'] = true, ['\n'] = true, ['!'] = true, ['\\'] = true, ['$'] = true, ['*'] = true};

/* "!xxVDM," or "!xxVDO,"; or a tag block, "\x:". */
enum bulla_status ais_probe(const uint8_t *at, size_t n)
{
    static const char form[] = "!..VD";
    if (n > 0 && at[0] == '\\') {
        bool letter = n < 2 || (at[1] >= 'a' && at[1] <= 'z');
        return !letter || (n > 2 && at[2] != ':') ? BULLA_NOT_MINE : n > 2 ? BULLA_OK : BULLA_MORE;
    }
    for (size_t i = 0; i < n && i < sizeof form - 1; i++) {
        if (form[i] == '.' ? !is_upper(at[i]) : at[i] != (uint8_t)form[i]) {
            return BULLA_NOT_MINE;
        }
    }
    if ((n > 5 && at[5] != 'M' && at[5] != 'O') || (n > 6 && at[6] != ',')) {
        return BULLA_NOT_MINE;
    }
    return n > 6 ? BULLA_OK : BULLA_MORE;
}

/* Where the sentence that begins at at[from], a '!' or '$', ends; 0: more bytes are needed to tell. */
static size_t sentence_end(const uint8_t *at, size_t from, size_t n)
{
    size_t limit = n < AIS_LINE_MAX ? n : AIS_LINE_MAX;
    size_t i = from + 1;
    while (i < limit && !stops[at[i]]) {
        i++;
    }
    if (i >= limit) {
        return n >= AIS_LINE_MAX ? AIS_LINE_MAX : 0;
    }
    if (at[i] != '*') {
        return i;
    }
    for (size_t k = i + 1; k < i + SUM_LEN; k++) {
        if (k >= n || k >= AIS_LINE_MAX) {
            return k >= AIS_LINE_MAX ? AIS_LINE_MAX : 0;
        }
        if (is_break(at[k]) || is_mark(at[k])) {
            return k;
        }
    }
    return i + SUM_LEN;
}

/* The same for what begins with a mark of any kind: a tag block goes with the sentence behind it. */
static size_t line_end(const uint8_t *at, size_t n)
{
    if (at[0] != '\\') {
        return sentence_end(at, 0, n);
    }
    size_t limit = n < AIS_LINE_MAX ? n : AIS_LINE_MAX;
    for (size_t i = 1; i < limit; i++) {
        if (at[i] == '\\') {
            if (i + 1 >= limit) {
                return i + 1 >= AIS_LINE_MAX ? AIS_LINE_MAX : 0;
            }
            return at[i + 1] == '!' || at[i + 1] == '$' ? sentence_end(at, i + 1, n) : i + 1;
        }
        if (is_break(at[i]) || is_mark(at[i])) {
            return i;
        }
    }
    return n >= AIS_LINE_MAX ? AIS_LINE_MAX : 0;
}

enum bulla_status ais_frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    (void)link;
    size_t mark = 0;
    while (mark < n && !is_mark(at[mark])) {
        mark++;
    }
    *frame = (struct proto_frame){mark, 0};
    frame->len = mark < n ? line_end(at + mark, n - mark) : 0;
    return frame->len ? BULLA_OK : BULLA_MORE;
}

/* ---- one sentence ---- */

static uint8_t sum(const uint8_t *at, size_t n)
{
    uint8_t value = 0;
    for (size_t i = 0; i < n; i++) {
        value ^= at[i];
    }
    return value;
}

/* "text*hh": takes the sum off and checks it. */
static enum bulla_status check_sum(struct proto_link *link, const char *what, struct bulla_bytes *text)
{
    uint8_t said = 0;
    bool there = text->len > SUM_LEN && text->at[text->len - SUM_LEN] == '*' &&
                 bulla_hex_get(&said, (const char *)text->at + text->len - SUM_LEN + 1, 1);
    if (!there) {
        size_t tail = text->len < 20 ? text->len : 20;
        return proto_fail(link, BULLA_DAMAGED, what, "*hh at its end", (struct bulla_bytes){text->at + text->len - tail, tail});
    }
    text->len -= SUM_LEN;
    uint8_t is = sum(text->at, text->len);
    return is == said ? BULLA_OK : proto_fail_number(link, BULLA_DAMAGED, what, "the exclusive or of its characters as sum", said);
}

/* "s:station,c:1618033988,g:1-2-7": c is unix time, in seconds or milliseconds. */
static void read_tag(struct bulla_bytes text, struct ais_sentence *s)
{
    struct bulla_cursor c = bulla_cursor_over(text.at, text.len);
    while (c.left) {
        struct bulla_bytes part = bulla_cursor_take_until(&c, ',');
        uint64_t value;
        if (part.len > 2 && part.at[0] == 'c' && part.at[1] == ':' &&
            proto_text_number((struct bulla_bytes){part.at + 2, part.len - 2}, &value) && value < 100 * TAG_MS_FROM) {
            s->tag_ms = (int64_t)(value < TAG_MS_FROM ? value * 1000 : value);
        }
    }
}

static bool digit(struct bulla_bytes field, unsigned min, unsigned max, unsigned *to)
{
    unsigned value = field.len == 1 ? (unsigned)field.at[0] - '0' : max + 1;
    *to = value;
    return value >= min && value <= max;
}

/* type, total, number, id, channel, payload, fill */
static enum bulla_status read_fields(struct proto_link *link, struct bulla_bytes text, struct ais_sentence *s)
{
    struct bulla_bytes field[FIELDS];
    struct bulla_cursor c = bulla_cursor_over(text.at, text.len);
    size_t n = 0;
    for (; n < FIELDS; n++) {
        field[n] = bulla_cursor_take_until(&c, ',');
    }
    bool numbers = digit(field[1], 1, 9, &s->total) && digit(field[2], 1, s->total, &s->number);
    if (c.left || !numbers) {
        return proto_fail(link, BULLA_DAMAGED, "fields", "7, of which the second and third count parts", text);
    }
    s->id = field[3].len ? (char)field[3].at[0] : '\0';
    s->channel = field[4].len ? (char)field[4].at[0] : '\0';
    s->payload = field[5];
    s->empty = field[5].len == 0;
    if (!s->empty && !digit(field[6], 0, 5, &s->fill)) {
        return proto_fail(link, BULLA_DAMAGED, "fill bits", "0 to 5", field[6]);
    }
    uint8_t bad = 0;
    for (size_t i = 0; i < s->payload.len; i++) {
        bad |= ais_six_bits[s->payload.at[i]];
    }
    return bad & 0x80 ? proto_fail(link, BULLA_DAMAGED, "payload", "characters 0 to W and ` to w", s->payload) : BULLA_OK;
}

enum bulla_status ais_open(struct proto_link *link, const uint8_t *at, size_t n, struct ais_sentence *s)
{
    struct bulla_cursor c = bulla_cursor_over(at, n);
    while (c.left && is_break(c.at[0])) {
        bulla_cursor_skip(&c, 1);
    }
    while (c.left && is_break(c.at[c.left - 1])) {
        c.left--;
    }
    size_t end = c.left && is_mark(c.at[0]) ? line_end(c.at, c.left) : 0;
    c.left = link->whole && end ? end : c.left; /* a line of a file may have the receiver's remarks behind the sum */
    *s = (struct ais_sentence){.tag_ms = BULLA_TIME_NONE};
    if (c.left && c.at[0] == '\\') {
        bulla_cursor_skip(&c, 1);
        struct bulla_bytes tag = bulla_cursor_take_until(&c, '\\');
        enum bulla_status status = check_sum(link, "tag block", &tag);
        if (status != BULLA_OK) {
            return status;
        }
        read_tag(tag, s);
    }
    if (!c.left || (c.at[0] != '!' && c.at[0] != '$')) {
        return proto_fail(link, c.left == n ? BULLA_NOT_MINE : BULLA_DAMAGED, "sentence", "! or $", (struct bulla_bytes){c.at, c.left});
    }
    bool other = c.at[0] == '$';
    struct bulla_bytes text = {c.at + 1, c.left - 1};
    enum bulla_status status = check_sum(link, "sentence", &text);
    if (status != BULLA_OK) {
        return status;
    }
    bool vessels = !other && text.len > TYPE_LEN && ais_probe(text.at - 1, text.len + 1) == BULLA_OK;
    s->empty = true;
    return vessels ? read_fields(link, text, s) : BULLA_OK;
}
