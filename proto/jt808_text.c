/* SPDX-License-Identifier: Apache-2.0
 *
 * Text frames that Jointech locks send between binary ones: "(id,1,SSS,GROUP,n,...)". Each carries its own id.
 */
#include "proto/jt808.h"

#define ID_MIN    4  /* digits */
#define ID_PHONE  12 /* ours, whatever the text says */
#define ID_JT701  10 /* of the Jointech text protocol, whatever the text says */
#define PROBE_MAX 64 /* bytes in which the group stands */

enum bulla_status jt808_text_frame(const uint8_t *at, size_t n, size_t *len)
{
    if (n == 0 || at[0] != '(') {
        return BULLA_NOT_MINE;
    }
    size_t i = 1;
    while (i < n && i < BULLA_DEVICE_SIZE && at[i] >= '0' && at[i] <= '9') {
        i++;
    }
    if (i < n && (i < 5 || at[i] != ',')) {
        return BULLA_NOT_MINE;
    }
    for (; i < n && i < JT808_TEXT_MAX; i++) {
        if (at[i] == ')') {
            *len = i + 1;
            return BULLA_OK;
        }
        if (at[i] < 0x20 || at[i] > 0x7E || at[i] == '(') {
            return BULLA_NOT_MINE;
        }
    }
    return i < JT808_TEXT_MAX ? BULLA_MORE : BULLA_NOT_MINE;
}

/* Behind the third comma: "BASE," or "ELOCK,". */
static enum bulla_status group_probe(const uint8_t *at, size_t n)
{
    static const char *const groups[] = {"BASE,", "ELOCK,"};
    enum bulla_status status = BULLA_NOT_MINE;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        size_t size = bulla_length(groups[i]), known = n < size ? n : size;
        if (bulla_compare(at, groups[i], known) == 0) {
            status = known == size ? BULLA_OK : BULLA_MORE;
        }
    }
    return status;
}

enum bulla_status jt808_text_probe(const uint8_t *at, size_t n)
{
    size_t digits = 0, commas = 0;
    while (1 + digits < n && at[1 + digits] >= '0' && at[1 + digits] <= '9') {
        digits++;
    }
    if (1 + digits >= n) {
        return digits < BULLA_DEVICE_SIZE ? BULLA_MORE : BULLA_NOT_MINE;
    }
    if (at[1 + digits] != ',' || digits < ID_MIN || digits == ID_JT701 || digits >= BULLA_DEVICE_SIZE) {
        return BULLA_NOT_MINE;
    }
    for (size_t i = 1 + digits; i < n && i < PROBE_MAX && digits != ID_PHONE; i++) {
        if (at[i] <= 0x20 || at[i] > 0x7E || at[i] == '(' || at[i] == ')') {
            return BULLA_NOT_MINE;
        }
        commas += at[i] == ',';
        if (commas == 3) {
            return group_probe(at + i + 1, n - i - 1);
        }
    }
    return digits == ID_PHONE ? BULLA_OK : n < PROBE_MAX ? BULLA_MORE : BULLA_NOT_MINE;
}

struct fields {
    struct bulla_bytes id, serial, group, number, rest;
};

static bool split(struct bulla_bytes text, struct fields *f)
{
    struct bulla_cursor c = bulla_cursor_over(text.at + 1, text.len - 2);
    f->id = bulla_cursor_take_until(&c, ',');
    (void)bulla_cursor_take_until(&c, ','); /* 1 */
    f->serial = bulla_cursor_take_until(&c, ',');
    f->group = bulla_cursor_take_until(&c, ',');
    f->number = bulla_cursor_take_until(&c, ',');
    f->rest = (struct bulla_bytes){c.at, c.left};
    return f->group.len && f->number.len;
}

/* The same frame with the word TIME replaced by UTC. */
static void answer_time(struct proto_link *link, struct bulla_bytes text)
{
    uint8_t reply[JT808_TEXT_MAX + 16];
    struct bulla_writer w = bulla_writer_over(reply, sizeof reply);
    struct bulla_calendar now = bulla_time_to_calendar(link->now_ms);
    bulla_writer_put(&w, text.at, text.len - 5);
    bulla_writer_put_decimal(&w, (uint64_t)now.year, 4);
    const unsigned rest[] = {now.month, now.day, now.hour, now.minute, now.second};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        bulla_writer_put_decimal(&w, rest[i], 2);
    }
    bulla_writer_put_text(&w, ")");
    if (!w.failed) {
        link->reply(link->host, reply, w.len);
    }
}

static void put_device(char to[BULLA_DEVICE_SIZE], struct bulla_bytes digits)
{
    while (digits.len > 1 && digits.at[0] == '0') {
        digits = (struct bulla_bytes){digits.at + 1, digits.len - 1};
    }
    bulla_text_put(to, BULLA_DEVICE_SIZE, digits);
}

static int32_t number_of(struct bulla_bytes digits)
{
    int32_t value = digits.len && digits.len < 9 ? 0 : -1;
    for (size_t i = 0; value >= 0 && i < digits.len; i++) {
        value = digits.at[i] >= '0' && digits.at[i] <= '9' ? value * 10 + digits.at[i] - '0' : -1;
    }
    return value;
}

/* Group and number as the command's name ("BASE2"); the rest as its answer, but for locks, where it is a password. */
static void put_answer(struct bulla_observation *o, const struct fields *f, bool secret)
{
    bulla_observation_add_event(o, BULLA_EVENT_COMMAND_RESULT);
    static const char hidden[] = "(hidden)";
    struct bulla_bytes shown = secret ? (struct bulla_bytes){(const uint8_t *)hidden, sizeof hidden - 1} : f->rest;
    jt808_result_put(o, 0, number_of(f->serial), BULLA_VERDICT_UNKNOWN, shown);
    size_t n = f->group.len < sizeof o->result.command - 1 ? f->group.len : sizeof o->result.command - 1;
    bulla_text_put(o->result.command, sizeof o->result.command, f->group);
    bulla_text_put(o->result.command + n, sizeof o->result.command - n, f->number);
}

enum bulla_status jt808_text(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct fields f;
    size_t len;
    struct bulla_bytes text = {at, n};
    if (jt808_text_frame(at, n, &len) != BULLA_OK || len != n || !split(text, &f)) {
        return proto_fail(link, BULLA_DAMAGED, "text frame", "(id,1,serial,group,number,...)", text);
    }
    struct bulla_observation o;
    bulla_observation_init(&o, "jt808");
    put_device(o.device, f.id);
    bool lock = bulla_bytes_is(f.group, "ELOCK");
    bool time = bulla_bytes_is(f.group, "BASE") && bulla_bytes_is(f.number, "2") && bulla_bytes_is(f.rest, "TIME");
    if (time) {
        bulla_observation_add_event(&o, BULLA_EVENT_TIME_REQUEST);
    } else if (lock && bulla_bytes_is(f.number, "3")) {
        bulla_observation_add_event(&o, BULLA_EVENT_DYNAMIC_PASSWORD);
    } else {
        put_answer(&o, &f, lock);
    }
    link->emit(link->host, &o);
    if (time) {
        answer_time(link, text);
    }
    return BULLA_OK;
}
