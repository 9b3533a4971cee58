/* SPDX-License-Identifier: Apache-2.0
 *
 * GT06: messages that have a form of their own.
 *
 *   94  information: kind 1, then by kind. In a 7878 frame there is no kind: external volts / 100, 2
 *         00 external volts / 100, 2    04 text "ALM1=..;STA1=C0;.."    05 [date 6] door 1    0B volts / 100, 2
 *         1B card: "RFID:..." or bytes  1E temperature / 10, 4, humidity / 10, 4
 *   95  camera: date 6, event 1, data 1 up                              where the length is 0C
 *       FFFF 01, date, satellites, latitude, longitude, flags 2, speed 2, volts / 10 2, event 1, data 2, names of files
 *       date, latitude, longitude, flags 2, event 1, data 2, names      otherwise
 *   21  answer to a command: its flag 4, code 1 (2: UTF-16), text
 *   15  the same: length 1, flag 4, text, language 2
 *   17 and 69 without a check value: wifi stations and cells, the map is in gt06.c
 *   35  a photo is there: date, satellites, latitude, longitude, camera 1, source 1, format 1, size 4, number 4;
 *   36  a piece of it: number 4, offset 4, length 2, bytes. We ask with 36: number, offset, length
 */
#include "proto/gt06.h"
#include "proto/text.h"

#define PHOTO_PIECE 1024
#define CODE_UTF16  2

enum { CAMERA_CRASH = 0x93 };

/* ---- 94 ---- */

static void add_supply(struct gt06_call *call, int32_t unit_mv)
{
    int32_t volts = bulla_cursor_get_u16(&call->c);
    if (!call->c.failed) {
        bulla_observation_add_sensor(&call->o, "", BULLA_SENSOR_SUPPLY, volts * unit_mv);
    }
}

static void put_door(struct gt06_call *call)
{
    bool open = bulla_cursor_get_u8(&call->c) & 1;
    call->o.state.door = open ? BULLA_COVER_OPEN : BULLA_COVER_CLOSED;
    gt06_event(&call->o, open ? BULLA_EVENT_DOOR_OPENED : BULLA_EVENT_DOOR_CLOSED);
}

/* STA1: bit 0 is the alarm of the tamper switch. */
static void put_states(struct gt06_call *call)
{
    static const char name[] = "STA1=";
    struct bulla_cursor *c = &call->c;
    while (c->left) {
        struct bulla_bytes part = bulla_cursor_take_until(c, ';');
        uint8_t bits;
        if (part.len == sizeof name - 1 + 2 && bulla_compare(part.at, name, sizeof name - 1) == 0 &&
            bulla_hex_get(&bits, (const char *)part.at + sizeof name - 1, 1) && (bits & 1)) {
            gt06_event(&call->o, BULLA_EVENT_DEVICE_REMOVED);
        }
    }
}

/* A card was held to the device; what it did with it is not said. */
static void put_card(struct gt06_call *call)
{
    static const char name[] = "RFID:";
    struct bulla_cursor *c = &call->c;
    struct bulla_bytes card = {c->at, c->left};
    char digits[2 * 4 + 1];
    if (card.len > sizeof name - 1 && bulla_compare(card.at, name, sizeof name - 1) == 0) {
        bulla_cursor_skip(c, sizeof name - 1);
        card = bulla_cursor_take_until(c, '\r');
    } else {
        bulla_cursor_skip(c, 2);
        struct bulla_bytes number = bulla_cursor_take(c, 4);
        bulla_hex_put(digits, number.at, number.len);
        card = (struct bulla_bytes){(uint8_t *)digits, 2 * number.len};
    }
    if (!c->failed) {
        call->o.has |= BULLA_HAS_UNLOCK;
        call->o.unlock.channel = BULLA_CHANNEL_CARD;
        call->o.unlock.reason = BULLA_REASON_UNKNOWN;
        bulla_text_put(call->o.unlock.credential, sizeof call->o.unlock.credential, card);
    }
}

static void put_climate(struct gt06_call *call)
{
    int32_t temperature = (int32_t)bulla_cursor_get_u32(&call->c), humidity = (int32_t)bulla_cursor_get_u32(&call->c);
    if (!call->c.failed && temperature > -2000 && temperature < 5000) {
        bulla_observation_add_sensor(&call->o, "", BULLA_SENSOR_TEMPERATURE, temperature * 100);
    }
    if (!call->c.failed && humidity >= 0 && humidity <= 1000) {
        bulla_observation_add_sensor(&call->o, "", BULLA_SENSOR_HUMIDITY, humidity * 100);
    }
}

enum bulla_status gt06_read_info(struct gt06_call *call)
{
    enum bulla_status status = BULLA_OK;
    switch (call->m->header == GT06_SHORT ? 0 : bulla_cursor_get_u8(&call->c)) {
    case 0x00:
        add_supply(call, 10);
        break;
    case 0x04:
        put_states(call);
        break;
    case 0x05:
        status = call->c.left > 6 ? gt06_date(call) : BULLA_OK;
        put_door(call);
        break;
    case 0x0B:
        if (call->c.left > 1) {
            add_supply(call, 10);
        }
        break;
    case 0x1B:
        put_card(call);
        break;
    case 0x1E:
        put_climate(call);
        break;
    default: /* numbers of cards, fuel, what is not known */
        break;
    }
    return status == BULLA_OK && call->c.failed ? gt06_short(call) : status;
}

/* ---- 95 ---- */

static enum bulla_status camera_place(struct gt06_call *call, bool large)
{
    struct bulla_cursor *c = &call->c;
    if (large) {
        call->o.has |= BULLA_HAS_SATELLITES;
        call->o.satellites = bulla_cursor_get_u8(c) & 0x0F;
    }
    uint32_t lat = bulla_cursor_get_u32(c), lon = bulla_cursor_get_u32(c);
    unsigned flags = bulla_cursor_get_u16(c), speed = large ? bulla_cursor_get_u16(c) : 0;
    if (c->failed) {
        return gt06_short(call);
    }
    if (speed > 1000) {
        return proto_fail_number(call->link, BULLA_INSANE, "speed", "at most 1000 km/h", speed);
    }
    enum bulla_status status = gt06_place(call, lat, lon, speed, flags);
    if (large) {
        add_supply(call, 100);
    } else {
        call->o.has &= ~(uint32_t)BULLA_HAS_SPEED; /* it does not say one */
    }
    return status;
}

enum bulla_status gt06_read_camera(struct gt06_call *call)
{
    struct bulla_cursor *c = &call->c;
    bool bare = call->m->length == 0x0C, large = !bare && c->left > 2 && c->at[0] == 0xFF && c->at[1] == 0xFF;
    bulla_cursor_skip(c, large ? 3 : 0);
    enum bulla_status status = gt06_date(call);
    if (status == BULLA_OK && !bare) {
        status = camera_place(call, large);
    }
    uint8_t event = bulla_cursor_get_u8(c);
    if (status != BULLA_OK || c->failed) {
        return status != BULLA_OK ? status : gt06_short(call);
    }
    if (event == CAMERA_CRASH) {
        gt06_event(&call->o, BULLA_EVENT_IMPACT);
    }
    if (!bare) {
        gt06_event(&call->o, BULLA_EVENT_MEDIA);
    }
    return BULLA_OK;
}

/* ---- answers to commands ---- */

static bool holds(struct bulla_bytes text, const char *word)
{
    size_t n = bulla_length(word);
    for (size_t i = 0; i + n <= text.len; i++) {
        if (bulla_compare(text.at + i, word, n) == 0) {
            return true;
        }
    }
    return false;
}

/* Devices answer in words; only these are clear. */
static enum bulla_verdict verdict_of(struct bulla_bytes text)
{
    static const char *const refused[] = {"rror", "ERROR", "ail", "FAIL", "nvalid"};
    static const char *const accepted[] = {"uccess", "SUCCESS", "OK"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (holds(text, refused[i])) {
            return BULLA_VERDICT_REFUSED;
        }
    }
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        if (holds(text, accepted[i])) {
            return BULLA_VERDICT_ACCEPTED;
        }
    }
    return BULLA_VERDICT_UNKNOWN;
}

static void put_result(struct gt06_call *call, uint32_t flag, struct bulla_bytes text)
{
    struct bulla_observation *o = &call->o;
    o->has |= BULLA_HAS_RESULT;
    bulla_text_put(o->result.command, sizeof o->result.command, (struct bulla_bytes){(const uint8_t *)GT06_COMMAND, 2});
    o->result.serial = flag && flag <= INT32_MAX ? (int32_t)flag : -1;
    o->result.verdict = (uint8_t)verdict_of(text);
    bulla_text_put(o->result.text, sizeof o->result.text, text);
    gt06_event(o, BULLA_EVENT_COMMAND_RESULT);
}

/* The ASCII of UTF-16; other characters are '?'. */
static struct bulla_bytes narrow(struct bulla_bytes text, char *to, size_t size)
{
    size_t n = 0;
    for (; n < size && 2 * n + 1 < text.len; n++) {
        to[n] = text.at[2 * n] ? '?' : (char)text.at[2 * n + 1];
    }
    return (struct bulla_bytes){(const uint8_t *)to, n};
}

/* "54.739332" behind its letter -> e7. */
static bool angle(struct bulla_bytes text, char positive, char negative, int64_t limit_e7, int32_t *to)
{
    int64_t value;
    bool letter = text.len > 1 && (text.at[0] == positive || text.at[0] == negative);
    if (!letter || !proto_text_fixed((struct bulla_bytes){text.at + 1, text.len - 1}, 7, &value) || value < 0 || value > limit_e7) {
        return false;
    }
    *to = (int32_t)(text.at[0] == positive ? value : -value);
    return true;
}

/* "name:value" up to a comma; the value of that name. */
static struct bulla_bytes value_of(struct bulla_cursor *c, const char *name)
{
    size_t n = bulla_length(name);
    struct bulla_bytes part = bulla_cursor_take_until(c, ',');
    bool named = part.len > n && bulla_compare(part.at, name, n) == 0;
    return named ? (struct bulla_bytes){part.at + n, part.len - n} : (struct bulla_bytes){NULL, 0};
}

static bool moment(struct gt06_call *call, struct bulla_bytes text)
{
    struct bulla_calendar when = {0};
    uint64_t year, month, day;
    bool good = text.len >= 19 && proto_text_number((struct bulla_bytes){text.at, 4}, &year) &&
                proto_text_number((struct bulla_bytes){text.at + 5, 2}, &month) &&
                proto_text_number((struct bulla_bytes){text.at + 8, 2}, &day) &&
                proto_text_clock((struct bulla_bytes){text.at + text.len - 8, 8}, &when);
    if (good) {
        when.year = (int)year;
        when.month = (unsigned)month;
        when.day = (unsigned)day;
    }
    int64_t time_ms = good ? bulla_time_from_calendar(&when) : BULLA_TIME_NONE;
    if (time_ms != BULLA_TIME_NONE) {
        call->o.has |= BULLA_HAS_TIME;
        call->o.time_ms = time_ms;
    }
    return time_ms != BULLA_TIME_NONE;
}

/* The answer to WHERE#: "Current position!Lat:N54.7,Lon:E25.2,Course:126.53,Speed:0.0,DateTime:2017-05-26  10:27:47". */
static void put_where(struct gt06_call *call, struct bulla_bytes text)
{
    static const char head[] = "Current position!";
    struct bulla_observation *o = &call->o;
    size_t n = sizeof head - 1;
    if (text.len < n || bulla_compare(text.at, head, n) != 0) {
        return;
    }
    struct bulla_cursor c = bulla_cursor_over(text.at + n, text.len - n);
    struct bulla_bytes lat = value_of(&c, "Lat:"), lon = value_of(&c, "Lon:"), course = value_of(&c, "Course:");
    struct bulla_bytes speed = value_of(&c, "Speed:"), when = value_of(&c, "DateTime:");
    int64_t course_cdeg, speed_cmh;
    if (!angle(lat, 'N', 'S', 900000000, &o->lat_e7) || !angle(lon, 'E', 'W', 1800000000, &o->lon_e7) || !moment(call, when)) {
        return; /* words for people: what was said is in the result */
    }
    o->has |= BULLA_HAS_FIX;
    o->fix_valid = o->lat_e7 || o->lon_e7;
    if (proto_text_fixed(course, 2, &course_cdeg) && course_cdeg >= 0 && course_cdeg <= 36000) {
        o->has |= BULLA_HAS_COURSE;
        o->course_cdeg = (int32_t)(course_cdeg % 36000);
    }
    if (proto_text_fixed(speed, 2, &speed_cmh) && speed_cmh >= 0 && speed_cmh <= 100000) {
        o->has |= BULLA_HAS_SPEED;
        o->speed_cmh = (int32_t)speed_cmh;
    }
}

enum bulla_status gt06_read_answer(struct gt06_call *call)
{
    struct bulla_cursor *c = &call->c;
    uint32_t flag = bulla_cursor_get_u32(c);
    uint8_t code = bulla_cursor_get_u8(c);
    struct bulla_bytes text = bulla_cursor_take(c, c->left);
    char narrowed[80];
    if (c->failed) {
        return gt06_short(call);
    }
    put_result(call, flag, code == CODE_UTF16 ? narrow(text, narrowed, sizeof narrowed) : text);
    put_where(call, text);
    return BULLA_OK;
}

enum bulla_status gt06_read_string(struct gt06_call *call)
{
    struct bulla_cursor *c = &call->c;
    size_t length = bulla_cursor_get_u8(c);
    uint32_t flag = bulla_cursor_get_u32(c);
    struct bulla_bytes text = bulla_cursor_take(c, length > 4 ? length - 4 : 0);
    if (c->failed || length < 4) {
        return proto_fail_number(call->link, BULLA_DAMAGED, "text", "as long as it says", (int64_t)length);
    }
    put_result(call, flag, text);
    return BULLA_OK;
}

/* ---- wifi ---- */

static unsigned decimal(uint8_t bcd, bool *bad)
{
    *bad |= bcd >> 4 > 9 || (bcd & 15) > 9;
    return (unsigned)(bcd >> 4) * 10 + (bcd & 15u);
}

/* The frame has been measured by these counts: it holds them. */
enum bulla_status gt06_read_wifi(struct gt06_call *call)
{
    struct bulla_cursor *c = &call->c;
    struct bulla_bytes date = bulla_cursor_take(c, 6);
    uint8_t plain[6];
    bool bad = false;
    for (size_t i = 0; i < 6 && date.at; i++) {
        plain[i] = (uint8_t)decimal(date.at[i], &bad);
    }
    int64_t time_ms = BULLA_TIME_NONE;
    if (bad || !date.at) {
        return proto_fail(call->link, BULLA_INSANE, "date", "decimal digits", (struct bulla_bytes){NULL, 0});
    }
    enum bulla_status status = gt06_calendar(call, (struct bulla_bytes){plain, 6}, &time_ms);
    if (status != BULLA_OK) {
        return status;
    }
    call->o.has |= BULLA_HAS_TIME;
    call->o.unknown |= time_ms == BULLA_TIME_NONE ? BULLA_HAS_TIME : 0u;
    call->o.time_ms = time_ms;
    bulla_cursor_skip(c, 7 * call->m->length);
    uint8_t n = bulla_cursor_get_u8(c);
    uint16_t country = bulla_cursor_get_u16(c);
    uint8_t network = bulla_cursor_get_u8(c);
    for (; n && !c->failed; n--) {
        uint16_t area = bulla_cursor_get_u16(c), cell = bulla_cursor_get_u16(c);
        bulla_cursor_skip(c, 1);
        if (!c->failed && country && area) {
            bulla_observation_add_cell(&call->o, country, network, area, cell);
        }
    }
    return c->failed ? gt06_short(call) : BULLA_OK;
}

/* ---- photos ---- */

static void ask_piece(struct gt06_call *call, uint32_t photo, uint32_t size, uint32_t offset)
{
    uint8_t body[10];
    struct bulla_writer w = bulla_writer_over(body, sizeof body);
    bulla_writer_put_u32(&w, photo);
    bulla_writer_put_u32(&w, offset);
    bulla_writer_put_u16(&w, (uint16_t)(size - offset < PHOTO_PIECE ? size - offset : PHOTO_PIECE));
    gt06_say(call->link, GT06_SHORT, GT06_STATUS_LIST, 0, (struct bulla_bytes){body, w.len});
}

static enum bulla_status photo_there(struct gt06_call *call)
{
    struct bulla_cursor *c = &call->c;
    bool known = call->self->device[0] != '\0';
    struct bulla_bytes date = bulla_cursor_take(c, 6);
    bulla_cursor_skip(c, 12);
    uint32_t size = bulla_cursor_get_u32(c), photo = bulla_cursor_get_u32(c);
    if (c->failed) {
        return gt06_short(call);
    }
    if (known) {
        struct bulla_cursor rest = *c;
        *c = bulla_cursor_over(date.at, date.len);
        enum bulla_status status = gt06_date(call);
        *c = rest;
        if (status != BULLA_OK) {
            return status;
        }
        gt06_event(&call->o, BULLA_EVENT_MEDIA);
        call->self->photo = photo;
        call->self->photo_size = size;
    }
    if (size) {
        ask_piece(call, photo, size, 0);
    }
    return BULLA_OK;
}

/* The piece itself stays with the raw message. */
static enum bulla_status photo_piece(struct gt06_call *call)
{
    struct bulla_cursor *c = &call->c;
    struct gt06 *self = call->self;
    uint32_t photo = bulla_cursor_get_u32(c), offset = bulla_cursor_get_u32(c);
    uint16_t length = bulla_cursor_get_u16(c);
    bulla_cursor_skip(c, length);
    if (c->failed || offset > self->photo_size || length > self->photo_size - offset) {
        return proto_fail_number(call->link, BULLA_DAMAGED, "photo", "a piece inside of its size", offset);
    }
    gt06_event(&call->o, BULLA_EVENT_MEDIA);
    offset += length;
    if (length && offset < self->photo_size) {
        ask_piece(call, photo, self->photo_size, offset);
    } else {
        self->photo = 0;
    }
    return BULLA_OK;
}

enum bulla_status gt06_read_photo(struct gt06_call *call)
{
    return call->m->type == GT06_PHOTO ? photo_there(call) : photo_piece(call);
}
