/* SPDX-License-Identifier: Apache-2.0
 *
 * Meitrack: trackers and the K211G lock, over TCP or UDP. Every message has one envelope, from the device with $$,
 * to it with @@:
 *
 *   $$ <flag> <length> , <IMEI, 15 digits> , <type> , <body> * <check> CR LF
 *
 *   flag    a character from A to z, which an answer repeats
 *   length  decimal, from the first comma to the line break, both included
 *   check   sum of all bytes from $$ to the asterisk, two hexadecimal digits
 *
 *   type    body                                     answer
 *   AAA     report in text, meitrack_text.c          -
 *   CCC     records of one layout, meitrack_binary.c CCC,<number of records>
 *   CCE     records of tagged values, the same file  -
 *   AAC     heartbeat                                AAC,1
 *   D03     OK: a picture was taken                  D00,<file>,0: bring its first eight packets
 *   D00     <file>,<packets>,<packet>,<bytes>        D00,<file>,<packet> after each eighth
 *   others  what became of a command                 -
 *
 * Bodies of CCx and D00 are binary and end by the length. The others are text and end with the asterisk: some firmware
 * counts its own length wrongly there, and the check value, which covers it, is what tells damage.
 */
#include "proto/meitrack.h"

#include "proto/text.h"

#define MARK_LEN      2
#define FLAG_FIRST    'A'
#define FLAG_LAST     'z'
#define DIGITS_AT     3
#define DIGITS_MIN    2
#define DIGITS_MAX    4
#define CHECK_LEN     3 /* asterisk and digits */
#define BREAK_LEN     2
#define TEXT_MAX      1024
#define PICTURE_FLAG  'O'
#define PICTURE_NAME  "camera_picture.jpg"
#define PACKETS_AHEAD 8

/* ---- frames ---- */

struct head {
    size_t comma;  /* where the first one is */
    size_t body;   /* behind the type */
    size_t length; /* as the device says, from that comma on */
};

static bool is_type(uint8_t c)
{
    return proto_text_is_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool fits(const uint8_t *at, size_t i, const struct head *head)
{
    if (i < DIGITS_AT) {
        return i < MARK_LEN ? at[i] == '$' : at[i] >= FLAG_FIRST && at[i] <= FLAG_LAST;
    }
    if (!head->comma || i == head->comma) {
        size_t digits = i - DIGITS_AT;
        return proto_text_is_digit(at[i]) ? digits < DIGITS_MAX : at[i] == ',' && digits >= DIGITS_MIN;
    }
    size_t behind = i - head->comma - 1;
    if (behind == MEITRACK_ID_DIGITS) {
        return at[i] == ',';
    }
    return behind < MEITRACK_ID_DIGITS ? proto_text_is_digit(at[i]) : is_type(at[i]);
}

/* Whether a message starts here, as far as n bytes tell. */
static enum bulla_status head_read(const uint8_t *at, size_t n, struct head *head)
{
    *head = (struct head){0};
    for (size_t i = 0; i < n; i++) {
        if (i >= DIGITS_AT && !head->comma && at[i] == ',') {
            head->comma = i;
            head->body = i + 1 + MEITRACK_ID_DIGITS + 1 + MEITRACK_TYPE_LEN;
        }
        if (!fits(at, i, head)) {
            return BULLA_NOT_MINE;
        }
        if (i >= DIGITS_AT && !head->comma) {
            head->length = head->length * 10 + (at[i] - (size_t)'0');
        }
        if (head->comma && i + 1 == head->body) {
            return BULLA_OK;
        }
    }
    return BULLA_MORE;
}

static enum bulla_status probe(const uint8_t *at, size_t n)
{
    struct head head;
    return head_read(at, n, &head);
}

static bool is_binary(const uint8_t *at, const struct head *head)
{
    const uint8_t *type = at + head->body - MEITRACK_TYPE_LEN;
    return (type[0] == 'C' && type[1] == 'C') || bulla_compare(type, "D00", MEITRACK_TYPE_LEN) == 0;
}

static uint8_t sum_of(const uint8_t *at, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += at[i];
    }
    return (uint8_t)sum;
}

/* n bytes without the line break: whether they end with their check value. */
static bool is_checked(const uint8_t *at, size_t n)
{
    uint64_t check;
    return n > CHECK_LEN && at[n - CHECK_LEN] == '*' && proto_text_hex((struct bulla_bytes){at + n - 2, 2}, &check) &&
           check == sum_of(at, n - 2);
}

/* A message that is not whole may have swallowed another, or its beginning, which is where this returns; n: it has not. */
static size_t inner_start(const uint8_t *at, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (at[i] == '$' && probe(at + i, n - i) != BULLA_NOT_MINE) {
            return i;
        }
    }
    return n;
}

static enum bulla_status measure_binary(const uint8_t *at, size_t n, const struct head *head, size_t *len)
{
    size_t whole = head->comma + head->length;
    if (whole < head->body + CHECK_LEN + BREAK_LEN || whole > MEITRACK_FRAME_MAX) {
        return BULLA_NOT_MINE;
    }
    if (n < whole) {
        return BULLA_MORE;
    }
    bool good = at[whole - 2] == '\r' && at[whole - 1] == '\n' && is_checked(at, whole - BREAK_LEN);
    *len = good ? whole : inner_start(at, whole);
    return BULLA_OK;
}

/* Ends with the check value; what cannot be text, or the start of another message, breaks it off. */
static enum bulla_status measure_text(const uint8_t *at, size_t n, const struct head *head, size_t *len)
{
    uint64_t check;
    size_t limit = n < TEXT_MAX ? n : TEXT_MAX;
    for (size_t i = head->body; i < limit; i++) {
        bool broken = at[i] < 0x20 || at[i] > 0x7E || (at[i] == '$' && probe(at + i, limit - i) == BULLA_OK);
        if (broken) {
            *len = i;
            return BULLA_OK;
        }
        if (at[i] == '*' && limit - i < CHECK_LEN) {
            break;
        }
        if (at[i] == '*' && proto_text_hex((struct bulla_bytes){at + i + 1, 2}, &check)) {
            *len = i + CHECK_LEN;
            return BULLA_OK;
        }
    }
    return n < TEXT_MAX ? BULLA_MORE : BULLA_NOT_MINE;
}

static enum bulla_status measure(const uint8_t *at, size_t n, size_t *len)
{
    struct head head;
    enum bulla_status status = head_read(at, n, &head);
    if (status != BULLA_OK) {
        return status;
    }
    return is_binary(at, &head) ? measure_binary(at, n, &head, len) : measure_text(at, n, &head, len);
}

static enum bulla_status frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    (void)link;
    for (size_t skip = 0; skip < n; skip++) {
        size_t len = 0;
        enum bulla_status status = at[skip] == '$' ? measure(at + skip, n - skip, &len) : BULLA_NOT_MINE;
        if (status != BULLA_NOT_MINE) {
            *frame = (struct proto_frame){skip, len};
            return status;
        }
    }
    *frame = (struct proto_frame){n, 0};
    return BULLA_MORE;
}

/* ---- what the files share ---- */

void meitrack_begin(const struct meitrack_message *m, struct bulla_observation *o)
{
    bulla_observation_init(o, "meitrack");
    bulla_text_put(o->device, sizeof o->device, m->id);
}

void meitrack_put_event(struct bulla_observation *o, unsigned number)
{
    static const struct {
        uint8_t number, event;
    } events[] = {
        {1, BULLA_EVENT_SOS},          {17, BULLA_EVENT_LOW_BATTERY},      {18, BULLA_EVENT_LOW_BATTERY}, {19, BULLA_EVENT_OVERSPEED},
        {20, BULLA_EVENT_FENCE_ENTER}, {21, BULLA_EVENT_FENCE_EXIT},       {23, BULLA_EVENT_POWER_CUT},   {27, BULLA_EVENT_WAKE},
        {31, BULLA_EVENT_HEARTBEAT},   {36, BULLA_EVENT_ILLEGAL_MOVEMENT}, {44, BULLA_EVENT_JAMMING},     {78, BULLA_EVENT_IMPACT},
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (events[i].number == number) {
            bulla_observation_add_event(o, (enum bulla_event)events[i].event);
            return;
        }
    }
    bulla_observation_add_event(o, BULLA_EVENT_STATE_REPORT);
}

void meitrack_put_card(struct bulla_observation *o, struct bulla_bytes number)
{
    o->has |= BULLA_HAS_UNLOCK;
    o->unlock.channel = BULLA_CHANNEL_CARD;
    bulla_text_put(o->unlock.credential, sizeof o->unlock.credential, number);
}

void meitrack_write(struct bulla_writer *w, char flag, struct bulla_bytes id, struct bulla_bytes content)
{
    char check[3];
    size_t from = w->len;
    bulla_writer_put_text(w, "@@");
    bulla_writer_put_u8(w, (uint8_t)flag);
    bulla_writer_put_decimal(w, 1 + id.len + 1 + content.len + CHECK_LEN + BREAK_LEN, DIGITS_MIN);
    bulla_writer_put_u8(w, ',');
    bulla_writer_put(w, id.at, id.len);
    bulla_writer_put_u8(w, ',');
    bulla_writer_put(w, content.at, content.len);
    bulla_writer_put_u8(w, '*');
    uint8_t sum = w->failed ? 0 : sum_of(w->at + from, w->len - from);
    bulla_hex_put(check, &sum, 1);
    for (size_t i = 0; i < 2; i++) {
        bulla_writer_put_u8(w, (uint8_t)(check[i] >= 'a' ? check[i] - 'a' + 'A' : check[i]));
    }
    bulla_writer_put_text(w, "\r\n");
}

/* ---- messages ---- */

static enum bulla_status message_read(struct proto_link *link, const uint8_t *at, size_t n, struct meitrack_message *m)
{
    struct head head;
    while (n && (at[n - 1] == '\n' || at[n - 1] == '\r')) {
        n--;
    }
    enum bulla_status status = head_read(at, n, &head);
    if (status == BULLA_NOT_MINE || n < MARK_LEN) {
        return proto_fail(link, BULLA_NOT_MINE, "start", "$$, a flag, a length and an IMEI", (struct bulla_bytes){at, n});
    }
    if (status == BULLA_MORE || n < head.body + CHECK_LEN) {
        return proto_fail_number(link, link->whole ? BULLA_MORE : BULLA_DAMAGED, "length", "a whole message", (int64_t)n);
    }
    if (is_binary(at, &head) && head.comma + head.length != n + BREAK_LEN) {
        return proto_fail_number(link, BULLA_DAMAGED, "length", "that of the message", (int64_t)head.length);
    }
    if (!is_checked(at, n)) {
        return proto_fail(link, BULLA_DAMAGED, "check value", "an asterisk and the sum in hexadecimal",
                          (struct bulla_bytes){at + n - CHECK_LEN, CHECK_LEN});
    }
    m->flag = (char)at[MARK_LEN];
    m->id = (struct bulla_bytes){at + head.comma + 1, MEITRACK_ID_DIGITS};
    m->type = (struct bulla_bytes){at + head.body - MEITRACK_TYPE_LEN, MEITRACK_TYPE_LEN};
    bool comma = at[head.body] == ',';
    m->body = (struct bulla_bytes){at + head.body + comma, n - CHECK_LEN - head.body - comma};
    return BULLA_OK;
}

static void answer(struct proto_link *link, char flag, struct bulla_bytes id, struct bulla_bytes content)
{
    uint8_t bytes[160];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    meitrack_write(&w, flag, id, content);
    if (!w.failed) {
        link->reply(link->host, bytes, w.len);
    }
}

static enum bulla_status heartbeat_decode(struct proto_link *link, const struct meitrack_message *m)
{
    struct bulla_observation o;
    meitrack_begin(m, &o);
    bulla_observation_add_event(&o, BULLA_EVENT_HEARTBEAT);
    link->emit(link->host, &o);
    answer(link, m->flag, m->id, proto_text_view("AAC,1"));
    return BULLA_OK;
}

static enum bulla_status fixed_decode(struct proto_link *link, const struct meitrack_message *m)
{
    uint8_t text[16];
    uint16_t n = 0;
    enum bulla_status status = meitrack_fixed_decode(link, m, &n);
    if (status == BULLA_OK) {
        struct bulla_writer w = bulla_writer_over(text, sizeof text);
        bulla_writer_put_text(&w, "CCC,");
        bulla_writer_put_decimal(&w, n, 1);
        answer(link, m->flag, m->id, (struct bulla_bytes){text, w.len});
    }
    return status;
}

/* ---- pictures ---- */

/* Asks for a packet of a picture and the seven behind it. */
static void ask_picture(struct proto_link *link, const struct meitrack_message *m, struct bulla_bytes file, uint64_t packet)
{
    uint8_t text[120];
    struct bulla_writer w = bulla_writer_over(text, sizeof text);
    bulla_writer_put_text(&w, "D00,");
    bulla_writer_put(&w, file.at, file.len);
    bulla_writer_put_u8(&w, ',');
    bulla_writer_put_decimal(&w, packet, 1);
    if (!w.failed) {
        answer(link, PICTURE_FLAG, m->id, (struct bulla_bytes){text, w.len});
    }
}

static enum bulla_status picture_decode(struct proto_link *link, const struct meitrack_message *m)
{
    struct bulla_cursor c = bulla_cursor_over(m->body.at, m->body.len);
    struct bulla_bytes file = bulla_cursor_take_until(&c, ',');
    struct bulla_bytes total_text = bulla_cursor_take_until(&c, ',');
    struct bulla_bytes packet_text = bulla_cursor_take_until(&c, ',');
    struct bulla_observation o;
    uint64_t total, packet;
    if (!proto_text_is_printable(file) || file.len > 80) {
        return proto_fail(link, BULLA_DAMAGED, "file", "up to 80 printable characters", file);
    }
    if (!proto_text_number(total_text, &total) || !proto_text_number(packet_text, &packet)) {
        return proto_fail(link, BULLA_DAMAGED, "packet", "two numbers behind the file's name", total_text);
    }
    if (packet >= total) {
        return proto_fail_number(link, BULLA_INSANE, "packet", "less than all packets", (int64_t)packet);
    }
    meitrack_begin(m, &o);
    bulla_observation_add_event(&o, BULLA_EVENT_MEDIA);
    link->emit(link->host, &o);
    if ((packet + 1) % PACKETS_AHEAD == 0 && packet + 1 < total) {
        ask_picture(link, m, file, packet + 1);
    }
    return BULLA_OK;
}

/* ---- what became of commands ---- */

static bool begins(struct bulla_bytes text, const char *with)
{
    size_t n = bulla_length(with);
    return text.len >= n && bulla_compare(text.at, with, n) == 0;
}

static enum bulla_status result_decode(struct proto_link *link, const struct meitrack_message *m)
{
    struct bulla_observation o;
    meitrack_begin(m, &o);
    o.has |= BULLA_HAS_RESULT;
    o.result.serial = -1;
    o.result.verdict = begins(m->body, "OK")                                ? BULLA_VERDICT_ACCEPTED
                       : begins(m->body, "ERR") || begins(m->body, "Error") ? BULLA_VERDICT_REFUSED
                                                                            : BULLA_VERDICT_UNKNOWN;
    bulla_text_put(o.result.command, sizeof o.result.command, m->type);
    bulla_text_put(o.result.text, sizeof o.result.text, m->body);
    bulla_observation_add_event(&o, BULLA_EVENT_COMMAND_RESULT);
    link->emit(link->host, &o);
    if (bulla_bytes_is(m->type, "D03") && o.result.verdict == BULLA_VERDICT_ACCEPTED) {
        ask_picture(link, m, proto_text_view(PICTURE_NAME), 0);
    }
    return BULLA_OK;
}

/* Records of a layout that is not known: the device was heard. */
static enum bulla_status unknown_decode(struct proto_link *link, const struct meitrack_message *m)
{
    struct bulla_observation o;
    meitrack_begin(m, &o);
    link->emit(link->host, &o);
    return BULLA_OK;
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    static const struct {
        const char *type;
        enum bulla_status (*decode)(struct proto_link *link, const struct meitrack_message *m);
    } types[] = {
        {"AAA", meitrack_report_decode}, {"CCC", fixed_decode},   {"CCE", meitrack_tagged_decode},
        {"AAC", heartbeat_decode},       {"D00", picture_decode},
    };
    struct meitrack_message m = {0};
    enum bulla_status status = message_read(link, at, n, &m);
    if (status != BULLA_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (bulla_bytes_is(m.type, types[i].type)) {
            return types[i].decode(link, &m);
        }
    }
    if (m.type.at[0] == 'C' && m.type.at[1] == 'C') {
        return unknown_decode(link, &m);
    }
    return meitrack_is_report(&m) ? meitrack_report_decode(link, &m) : result_decode(link, &m);
}

const struct proto proto_meitrack = {
    .number = 7,
    .name = "meitrack",
    .title = "Meitrack trackers and locks",
    .transports = "tcp udp",
    .port = 0,
    .state_size = 0,
    .frame_max = MEITRACK_FRAME_MAX,
    .probe = probe,
    .frame = frame,
    .decode = decode,
    .encode = meitrack_encode,
    .commands = meitrack_commands,
};
