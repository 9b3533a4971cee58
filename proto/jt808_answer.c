/* SPDX-License-Identifier: Apache-2.0
 *
 * JT/T 808: what devices say about commands, photos, driver cards, and through the transparent channel.
 */
#include "proto/jt808.h"

void jt808_result_put(struct bulla_observation *o, uint16_t command, int32_t serial, enum bulla_verdict verdict, struct bulla_bytes text)
{
    const uint8_t id[2] = {(uint8_t)(command >> 8), (uint8_t)command};
    o->has |= BULLA_HAS_RESULT;
    bulla_hex_put(o->result.command, id, sizeof id);
    for (char *p = o->result.command; *p; p++) {
        *p = (char)(*p >= 'a' ? *p - 'a' + 'A' : *p);
    }
    o->result.serial = serial;
    o->result.verdict = (uint8_t)verdict;
    bulla_text_put(o->result.text, sizeof o->result.text, text);
}

static struct bulla_bytes bytes_of(const char *text)
{
    return (struct bulla_bytes){(const uint8_t *)text, bulla_length(text)};
}

static struct bulla_bytes written(const struct bulla_writer *w)
{
    return (struct bulla_bytes){w->at, w->len};
}

static void begin_result(struct jt808_call *c, struct bulla_observation *o)
{
    jt808_begin(c, o);
    bulla_observation_add_event(o, BULLA_EVENT_COMMAND_RESULT);
}

static enum bulla_status too_short(struct jt808_call *c, const char *expected)
{
    return proto_fail_number(c->link, BULLA_DAMAGED, "body", expected, (int64_t)c->body.len);
}

static enum bulla_status say(struct jt808_call *c, uint16_t command, int32_t serial, enum bulla_verdict verdict, struct bulla_bytes text)
{
    struct bulla_observation o;
    begin_result(c, &o);
    jt808_result_put(&o, command, serial, verdict, text);
    jt808_emit(c, &o);
    return BULLA_OK;
}

/* 0x0001: WORD serial, WORD id, BYTE result. */
enum bulla_status jt808_answer_general(struct jt808_call *c)
{
    static const char *const words[] = {"ok", "failed", "bad message", "not supported"};
    struct bulla_cursor body = bulla_cursor_over(c->body.at, c->body.len);
    uint16_t serial = bulla_cursor_get_u16(&body);
    uint16_t id = bulla_cursor_get_u16(&body);
    uint8_t result = bulla_cursor_get_u8(&body);
    if (body.failed) {
        return too_short(c, "5 bytes");
    }
    const char *text = result < sizeof words / sizeof *words ? words[result] : "unknown result";
    return say(c, id, serial, result ? BULLA_VERDICT_REFUSED : BULLA_VERDICT_ACCEPTED, bytes_of(text));
}

/* 0x0201 and 0x0500: WORD serial, location. */
enum bulla_status jt808_answer_location(struct jt808_call *c)
{
    struct bulla_observation o;
    struct bulla_cursor body = bulla_cursor_over(c->body.at, c->body.len);
    uint16_t serial = bulla_cursor_get_u16(&body);
    if (body.failed || !jt808_location(c, (struct bulla_bytes){body.at, body.left}, false, &o)) {
        return too_short(c, "30 bytes or more");
    }
    bool door = c->head.id == 0x0500;
    bool locked = body.at[6] & 0x10; /* status bit 12 */
    bulla_observation_add_event(&o, BULLA_EVENT_COMMAND_RESULT);
    jt808_result_put(&o, door ? JT808_DOOR : 0x8201, serial, BULLA_VERDICT_ACCEPTED,
                     bytes_of(!door    ? "located"
                              : locked ? "doors locked"
                                       : "doors unlocked"));
    jt808_emit(c, &o);
    return BULLA_OK;
}

/* ---- 0x0104: parameters ---- */

static bool printable(struct bulla_bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] < 0x20 || value.at[i] > 0x7E) {
            return false;
        }
    }
    return value.len > 0;
}

/* Texts that the standard has and that are no secret; every other text (APN user, password, vendor AT lines) is hidden. */
static bool text_parameter(uint32_t id)
{
    return id == 0x10 || id == 0x13 || id == 0x14 || id == 0x17 || (id >= 0x40 && id <= 0x49) || id == 0x83;
}

static void put_parameter(struct bulla_writer *w, uint32_t id, struct bulla_bytes value)
{
    char hex[9];
    const uint8_t number[4] = {(uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
    bulla_hex_put(hex, number, sizeof number);
    bulla_writer_put_text(w, w->len ? " " : "");
    bulla_writer_put_text(w, hex + 4);
    bulla_writer_put_text(w, "=");
    if (text_parameter(id)) {
        if (printable(value)) {
            bulla_writer_put(w, value.at, value.len);
        }
    } else if (value.len == 1 || value.len == 2 || value.len == 4) {
        uint32_t v = 0;
        for (size_t i = 0; i < value.len; i++) {
            v = v << 8 | value.at[i];
        }
        bool hidden = id == 0x11 || id == 0x12 || id == 0x15 || id == 0x16 || id > 0xFFFF;
        if (hidden) {
            bulla_writer_put_text(w, "(hidden)");
        } else {
            bulla_writer_put_decimal(w, v, 1);
        }
    } else {
        bulla_writer_put_text(w, "(hidden)");
    }
}

/* WORD serial, BYTE count, {DWORD id, BYTE length, value} */
enum bulla_status jt808_answer_parameters(struct jt808_call *c)
{
    struct bulla_cursor body = bulla_cursor_over(c->body.at, c->body.len);
    uint16_t serial = bulla_cursor_get_u16(&body);
    bulla_cursor_skip(&body, 1);
    if (body.failed) {
        return too_short(c, "3 bytes or more");
    }
    uint8_t text[80];
    struct bulla_writer w = bulla_writer_over(text, sizeof text);
    while (body.left && !w.failed) {
        struct bulla_writer before = w;
        uint32_t id = bulla_cursor_get_u32(&body);
        struct bulla_bytes value = bulla_cursor_take(&body, bulla_cursor_get_u8(&body));
        if (body.failed) {
            break;
        }
        put_parameter(&w, id, value);
        if (w.failed) {
            w = before;
            break;
        }
    }
    return say(c, 0x8104, serial, BULLA_VERDICT_ACCEPTED, written(&w));
}

/* ---- 0x0107: attributes ---- */

static void put_padded(struct bulla_writer *w, struct bulla_bytes field)
{
    while (field.len && (field.at[field.len - 1] == 0 || field.at[field.len - 1] == ' ')) {
        field.len--;
    }
    size_t lead = 0;
    while (lead < field.len && field.at[lead] == 0) {
        lead++;
    }
    if (lead < field.len) {
        bulla_writer_put_text(w, w->len ? " " : "");
        bulla_writer_put(w, field.at + lead, field.len - lead);
    }
}

/* WORD kind, maker, model, id, ICCID BCD 10, hardware and firmware version. */
enum bulla_status jt808_answer_attributes(struct jt808_call *c)
{
    struct bulla_cursor body = bulla_cursor_over(c->body.at, c->body.len);
    uint8_t text[160];
    struct bulla_writer w = bulla_writer_over(text, sizeof text);
    bulla_cursor_skip(&body, 2 + 5);
    put_padded(&w, bulla_cursor_take(&body, c->head.version ? 30 : 20));
    put_padded(&w, bulla_cursor_take(&body, c->head.version ? 30 : 7));
    bulla_cursor_skip(&body, 10);
    put_padded(&w, bulla_cursor_take(&body, bulla_cursor_get_u8(&body)));
    put_padded(&w, bulla_cursor_take(&body, bulla_cursor_get_u8(&body)));
    enum bulla_status status = say(c, 0x8107, -1, BULLA_VERDICT_ACCEPTED, written(&w));
    jt808_reply_general(c, JT808_DONE);
    return status;
}

/* ---- texts ---- */

/* Words behind which makers put a password: what follows is covered up to the next separator. */
static void cover(uint8_t *at, size_t n)
{
    static const char *const words[] = {"PASSWORD", "PASSWD", "PWD", "PSW", "PASS", "KEY"};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
            size_t len = bulla_length(words[k]), m = 0;
            while (m < len && i + m < n && (at[i + m] & 0xDF) == words[k][m]) {
                m++;
            }
            if (m < len) {
                continue;
            }
            for (i += len; i < n && (at[i] == ' ' || at[i] == ':' || at[i] == '=' || at[i] == ','); i++) {
            }
            for (; i < n && at[i] != ',' && at[i] != ';' && at[i] != ' ' && at[i] != '&'; i++) {
                at[i] = '*';
            }
            break;
        }
    }
}

static enum bulla_status say_text(struct jt808_call *c, uint16_t command, int32_t serial, struct bulla_bytes from, size_t step)
{
    uint8_t text[80];
    size_t n = 0;
    for (size_t i = step - 1; i < from.len && n < sizeof text; i += step) {
        bool plain = step == 1 || from.at[i - 1] == 0; /* UTF-16BE beyond Latin: not shown */
        text[n++] = plain ? from.at[i] : '?';
    }
    while (n && (text[n - 1] < ' ' || text[n - 1] == ' ')) {
        n--;
    }
    cover(text, n);
    return say(c, command, serial, BULLA_VERDICT_UNKNOWN, (struct bulla_bytes){text, n});
}

/* 0x1300: WORD serial, UTF-16BE. 0x6006: BYTE encoding, GBK. 0x0701: DWORD length, text. */
enum bulla_status jt808_answer_text(struct jt808_call *c)
{
    struct bulla_cursor body = bulla_cursor_over(c->body.at, c->body.len);
    int32_t serial = -1;
    size_t step = 1;
    if (c->head.id == 0x1300) {
        serial = bulla_cursor_get_u16(&body);
        step = 2;
    } else if (c->head.id == 0x6006) {
        bulla_cursor_skip(&body, 1);
    } else {
        uint32_t len = bulla_cursor_get_u32(&body);
        body.left = len < body.left ? len : body.left;
    }
    if (body.failed) {
        return too_short(c, "a text behind its head");
    }
    enum bulla_status status = say_text(c, JT808_TEXT, serial, (struct bulla_bytes){body.at, body.left}, step);
    if (c->head.id == 0x6006) {
        jt808_reply_general(c, JT808_DONE);
    }
    return status;
}

/* 0x0108: BYTE what, BYTE result. */
enum bulla_status jt808_answer_upgrade(struct jt808_call *c)
{
    static const char *const words[] = {"upgraded", "upgrade failed", "upgrade cancelled"};
    if (c->body.len < 2) {
        return too_short(c, "2 bytes");
    }
    uint8_t result = c->body.at[1];
    return say(c, 0x8108, -1, result ? BULLA_VERDICT_REFUSED : BULLA_VERDICT_ACCEPTED,
               bytes_of(result < sizeof words / sizeof *words ? words[result] : "unknown result"));
}

/* 0x0805: WORD serial, BYTE result, WORD n, ids. 0x0802: WORD serial, WORD n, list. */
enum bulla_status jt808_answer_photo(struct jt808_call *c)
{
    struct bulla_cursor body = bulla_cursor_over(c->body.at, c->body.len);
    bool shot = c->head.id == 0x0805;
    uint16_t serial = bulla_cursor_get_u16(&body);
    uint8_t result = shot ? bulla_cursor_get_u8(&body) : 0;
    if (body.failed) {
        return too_short(c, "3 bytes or more");
    }
    uint8_t text[40];
    struct bulla_writer w = bulla_writer_over(text, sizeof text);
    bulla_writer_put_decimal(&w, result ? 0 : bulla_cursor_get_u16(&body), 1);
    bulla_writer_put_text(&w, result == 2 ? " taken: channel not supported" : result ? " taken: failed" : shot ? " taken" : " found");
    return say(c, shot ? 0x8801 : 0x8802, serial, result ? BULLA_VERDICT_REFUSED : BULLA_VERDICT_ACCEPTED, written(&w));
}

/* ---- 0x0702: driver card ---- */

enum bulla_status jt808_card(struct jt808_call *c)
{
    static const char *const reads[] = {"read", "authentication failed", "locked", "removed", "check failed"};
    if (c->body.len < 7) {
        return too_short(c, "7 bytes or more");
    }
    const uint8_t *at = c->body.at;
    bool inserted = at[0] == 1;
    unsigned read = inserted && c->body.len > 7 ? at[7] : 0;
    uint8_t text[60];
    struct bulla_writer w = bulla_writer_over(text, sizeof text);
    bulla_writer_put_text(&w, inserted ? "driver card inserted, " : "driver card removed");
    bulla_writer_put_text(&w, !inserted ? "" : read < sizeof reads / sizeof *reads ? reads[read] : "unknown result");
    struct bulla_observation o;
    jt808_begin(c, &o);
    jt808_put_clock(&o, at + 1, jt808_zone_minutes(c));
    bulla_observation_add_event(&o, BULLA_EVENT_STATE_REPORT);
    jt808_result_put(&o, 0x8702, -1, read ? BULLA_VERDICT_REFUSED : BULLA_VERDICT_ACCEPTED, written(&w));
    jt808_emit(c, &o);
    return BULLA_OK;
}

/* ---- 0x0800, 0x0801: photos ---- */

#define MEDIA_HEAD 8

static const uint8_t media_events[] = {
    0, 0, 1 + BULLA_EVENT_SOS, 1 + BULLA_EVENT_IMPACT, 1 + BULLA_EVENT_DOOR_OPENED, 1 + BULLA_EVENT_DOOR_CLOSED};

/* 2011 terminals put no location between head and data: then a picture starts at once. */
static bool has_location(struct bulla_bytes body)
{
    return body.len >= MEDIA_HEAD + JT808_BASE && !(body.at[MEDIA_HEAD] == 0xFF && body.at[MEDIA_HEAD + 1] == 0xD8);
}

static void put_media(struct bulla_observation *o, uint16_t id, const uint8_t *head, size_t data)
{
    static const char *const types[] = {" image", " audio", " video"};
    static const char *const formats[] = {" jpeg", " tif", " mp3", " wav", " wmv"};
    struct bulla_cursor c = bulla_cursor_over(head, MEDIA_HEAD);
    uint8_t text[80];
    struct bulla_writer w = bulla_writer_over(text, sizeof text);
    bulla_writer_put_text(&w, "media ");
    bulla_writer_put_decimal(&w, bulla_cursor_get_u32(&c), 1);
    uint8_t type = bulla_cursor_get_u8(&c), format = bulla_cursor_get_u8(&c), event = bulla_cursor_get_u8(&c);
    bulla_writer_put_text(&w, type < 3 ? types[type] : " other");
    bulla_writer_put_text(&w, format < 5 ? formats[format] : "");
    bulla_writer_put_text(&w, ", event ");
    bulla_writer_put_decimal(&w, event, 1);
    bulla_writer_put_text(&w, ", channel ");
    bulla_writer_put_decimal(&w, bulla_cursor_get_u8(&c), 1);
    if (data) {
        bulla_writer_put_text(&w, ", bytes ");
        bulla_writer_put_decimal(&w, data, 1);
    }
    bulla_observation_add_event(o, BULLA_EVENT_MEDIA);
    if (event < sizeof media_events && media_events[event]) {
        bulla_observation_add_event(o, (enum bulla_event)(media_events[event] - 1));
    }
    jt808_result_put(o, id, -1, BULLA_VERDICT_UNKNOWN, written(&w));
}

enum bulla_status jt808_media(struct jt808_call *c)
{
    if (c->body.len < MEDIA_HEAD) {
        return too_short(c, "8 bytes or more");
    }
    struct bulla_observation o;
    bool data = c->head.id == JT808_MEDIA;
    bool located = data && has_location(c->body);
    struct bulla_bytes place = {c->body.at + MEDIA_HEAD, JT808_BASE};
    if (!located || !jt808_location(c, place, false, &o)) {
        jt808_begin(c, &o);
    }
    size_t before = MEDIA_HEAD + (located ? JT808_BASE : 0);
    put_media(&o, c->head.id, c->body.at, data ? c->body.len - before : 0);
    jt808_emit(c, &o);
    if (data) {
        jt808_reply(c, JT808_MEDIA_REPLY, (struct bulla_bytes){c->body.at, 4});
    } else {
        jt808_reply_general(c, JT808_DONE);
    }
    return BULLA_OK;
}

/* ---- 0x0900: transparent ---- */

#define BLE_NEW   0x53
#define BLE_OLD   0x54
#define USER      0xF0
#define BLE_PLACE 24 /* status, latitude .. course, time: a location without its alarm word */

static bool put_ble(struct jt808_call *c, struct bulla_observation *o)
{
    if (c->body.len < 1 + BLE_PLACE || (c->body.at[0] != BLE_NEW && c->body.at[0] != BLE_OLD)) {
        return false;
    }
    const uint8_t *at = c->body.at + 1;
    if (jt808_clock(at + 18, 0) == BULLA_TIME_NONE) {
        return false;
    }
    uint32_t status = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    jt808_place(o, at + 4, status);
    jt808_put_clock(o, at + 18, jt808_zone_minutes(c));
    return true;
}

enum bulla_status jt808_through(struct jt808_call *c)
{
    struct bulla_bytes data = c->body.len ? (struct bulla_bytes){c->body.at + 1, c->body.len - 1} : c->body;
    struct bulla_bytes line = data;
    while (line.len && line.at[line.len - 1] < ' ') {
        line.len--;
    }
    enum bulla_status status = BULLA_OK;
    struct bulla_observation o;
    jt808_begin(c, &o);
    if (put_ble(c, &o)) {
        jt808_emit(c, &o);
    } else if (printable(line)) {
        status = say_text(c, JT808_THROUGH_DOWN, -1, line, 1);
    } else {
        if (c->body.len >= 7 && c->body.at[0] == USER && jt808_clock(data.at, 0) != BULLA_TIME_NONE) {
            jt808_put_clock(&o, data.at, jt808_zone_minutes(c)); /* Jimi: a clock leads the block */
        }
        bulla_observation_add_event(&o, BULLA_EVENT_STATE_REPORT);
        jt808_emit(c, &o);
    }
    jt808_reply_general(c, JT808_DONE);
    return status;
}
