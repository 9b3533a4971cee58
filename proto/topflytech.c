/* SPDX-License-Identifier: Apache-2.0
 *
 * Topflytech: locks, solar and vehicle trackers (T8xx, TLW, SolarGuard). Binary, over TCP or UDP; numbers are big-endian,
 * digits packed decimal, floats IEEE of 32 bits with the low byte first.
 *
 *   offset  size  field
 *   0       2     mark: 23 23 old vehicle, 25 25 vehicle, 26 26 OBD, 27 27 asset and lock, 28 28 PTT
 *   2       1     type
 *   3       2     length of the whole message, 15 to 2048
 *   5       2     serial
 *   7       8     IMEI, a 0 and 15 digits
 *   15      n     body: topflytech_place.c, topflytech_lock.c, topflytech_ble.c, topflytech_command.c
 *
 * There is neither a check value nor an end. Answer: the same head with length 15 (mark 23 23: serial 1); an alarm's has its
 * code behind it. The device sends again what is not answered.
 */
#include "proto/topflytech.h"

#define IMEI_AT   7
#define LENGTH_AT 3
#define SERIAL_AT 5
#define TYPE_MAX  0x81

static bool is_mark(uint8_t byte)
{
    return byte >= TOPFLYTECH_OLD && byte <= TOPFLYTECH_PTT && byte != 0x24;
}

/* ---- frames ---- */

static enum bulla_status probe(const uint8_t *at, size_t n)
{
    if ((n > 0 && !is_mark(at[0])) || (n > 1 && at[1] != at[0]) || (n > 2 && (at[2] == 0 || at[2] > TYPE_MAX))) {
        return BULLA_NOT_MINE;
    }
    if (n > 3 && at[3] > TOPFLYTECH_LENGTH_MAX >> 8) { /* text of other protocols has letters here */
        return BULLA_NOT_MINE;
    }
    if (n < 5) {
        return BULLA_MORE;
    }
    unsigned length = (unsigned)at[LENGTH_AT] << 8 | at[LENGTH_AT + 1];
    return length >= TOPFLYTECH_HEAD && length <= TOPFLYTECH_LENGTH_MAX ? BULLA_OK : BULLA_NOT_MINE;
}

static enum bulla_status frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    (void)link;
    size_t skip = 0;
    while (skip < n && probe(at + skip, n - skip) == BULLA_NOT_MINE) {
        skip++;
    }
    *frame = (struct proto_frame){skip, 0};
    if (n - skip < 5) {
        return BULLA_MORE;
    }
    size_t length = (size_t)at[skip + LENGTH_AT] << 8 | at[skip + LENGTH_AT + 1];
    if (length > n - skip) {
        return BULLA_MORE;
    }
    frame->len = length;
    return BULLA_OK;
}

/* ---- what all messages share ---- */

struct bulla_cursor topflytech_from(const struct topflytech_call *call, size_t offset)
{
    struct bulla_cursor c = bulla_cursor_over(call->at, call->n);
    bulla_cursor_skip(&c, offset);
    return c;
}

enum bulla_status topflytech_short(struct topflytech_call *call)
{
    return proto_fail_number(call->link, BULLA_DAMAGED, "length", "that of the type's fields, which are longer", (int64_t)call->n);
}

static enum bulla_status read_login(struct topflytech_call *call)
{
    bulla_observation_add_event(&call->o, BULLA_EVENT_REGISTRATION);
    return BULLA_OK;
}

static enum bulla_status read_heartbeat(struct topflytech_call *call)
{
    bulla_observation_add_event(&call->o, BULLA_EVENT_HEARTBEAT);
    return BULLA_OK;
}

static enum bulla_status read_dated(struct topflytech_call *call)
{
    return topflytech_date(call, TOPFLYTECH_HEAD);
}

static enum bulla_status read_crash(struct topflytech_call *call)
{
    bulla_observation_add_event(&call->o, BULLA_EVENT_IMPACT);
    return BULLA_OK;
}

/* What is not here is a report of which nothing is known but that it came. */
static const topflytech_reader of_assets[256] = {
    [0x01] = read_login,           [0x02] = topflytech_read_asset,
    [0x03] = read_heartbeat,       [0x04] = topflytech_read_asset,
    [0x05] = read_dated,           [0x10] = topflytech_read_ble,
    [0x12] = topflytech_read_ble,  [0x15] = read_dated,
    [0x17] = topflytech_read_lock, [0x24] = topflytech_read_wifi,
    [0x25] = topflytech_read_wifi, [0x27] = topflytech_read_sublock,
    [0x31] = read_login,           [TOPFLYTECH_TYPE_COMMAND] = topflytech_read_answer,
};

static const topflytech_reader of_vehicles[256] = {
    [0x01] = read_login,
    [0x02] = topflytech_read_vehicle,
    [0x03] = read_heartbeat,
    [0x04] = topflytech_read_vehicle,
    [0x05] = topflytech_read_driving,
    [0x07] = read_crash,
    [0x10] = topflytech_read_ble,
    [0x11] = read_dated,
    [0x12] = topflytech_read_ble,
    [0x13] = topflytech_read_vehicle,
    [0x14] = topflytech_read_vehicle,
    [0x15] = read_dated,
    [0x31] = read_login,
    [TOPFLYTECH_TYPE_COMMAND] = topflytech_read_answer,
};

static bool is_alarm(uint8_t type)
{
    return type == 0x04 || type == 0x14 || type == 0x24 || type == 0x25;
}

static void answer(struct topflytech_call *call)
{
    uint8_t bytes[TOPFLYTECH_HEAD + 1];
    bool code = (call->type == 0x04 || call->type == 0x14) || (is_alarm(call->type) && call->alarm);
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put(&w, call->at, LENGTH_AT);
    bulla_writer_put_u16(&w, (uint16_t)(TOPFLYTECH_HEAD + code));
    if (call->mark == TOPFLYTECH_OLD) {
        bulla_writer_put_u16(&w, 1);
    } else {
        bulla_writer_put(&w, call->at + SERIAL_AT, 2);
    }
    bulla_writer_put(&w, call->at + IMEI_AT, 8);
    if (code) {
        bulla_writer_put_u8(&w, call->alarm);
    }
    if (call->link->reply) {
        call->link->reply(call->link->host, bytes, w.len);
    }
}

/* The IMEI as text: 15 digits, or 16 where the first is none of its 0. */
static enum bulla_status open_message(struct topflytech_call *call, char device[BULLA_DEVICE_SIZE])
{
    struct proto_link *link = call->link;
    const uint8_t *at = call->at;
    char digits[17];
    if (call->n && probe(at, call->n) == BULLA_NOT_MINE) {
        return proto_fail(link, BULLA_NOT_MINE, "head", "2323 to 2828, type, length 15 to 2048",
                          (struct bulla_bytes){at, call->n < 5 ? call->n : 5});
    }
    if (call->n < TOPFLYTECH_HEAD || ((size_t)at[LENGTH_AT] << 8 | at[LENGTH_AT + 1]) != call->n) {
        bool beginning = call->n < TOPFLYTECH_HEAD || ((size_t)at[LENGTH_AT] << 8 | at[LENGTH_AT + 1]) > call->n;
        return proto_fail_number(link, link->whole && beginning ? BULLA_MORE : BULLA_DAMAGED, "length", "as the message says",
                                 (int64_t)call->n);
    }
    bulla_hex_put(digits, at + IMEI_AT, 8);
    bool bad = false, zero = true;
    for (size_t i = 0; digits[i]; i++) {
        bad = bad || digits[i] > '9';
        zero = zero && digits[i] == '0';
    }
    if (bad || zero) {
        return proto_fail(link, BULLA_DAMAGED, "IMEI", "digits that are not all 0", (struct bulla_bytes){(uint8_t *)digits, 16});
    }
    const char *first = digits[0] == '0' ? digits + 1 : digits;
    bulla_text_put(device, BULLA_DEVICE_SIZE, (struct bulla_bytes){(const uint8_t *)first, bulla_length(first)});
    return BULLA_OK;
}

static void learn(struct topflytech_call *call, const char *device)
{
    struct topflytech *self = call->self;
    if (!bulla_text_is(self->device, device)) {
        bulla_fill(self, 0, sizeof *self);
        bulla_copy(self->device, device, sizeof self->device);
    }
    self->mark = call->mark;
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct topflytech_call call; /* not cleared as a whole: the observation is large */
    char device[BULLA_DEVICE_SIZE] = "";
    call.link = link;
    call.self = link->state;
    call.at = at;
    call.n = n;
    call.alarm = 0;
    enum bulla_status status = open_message(&call, device);
    if (status != BULLA_OK) {
        return status;
    }
    call.mark = at[0];
    call.type = at[2];
    learn(&call, device);
    bulla_observation_init(&call.o, "topflytech");
    bulla_copy(call.o.device, device, sizeof call.o.device);
    topflytech_reader read = call.mark == TOPFLYTECH_ASSET ? of_assets[call.type] : of_vehicles[call.type];
    status = read ? read(&call) : BULLA_OK;
    if (status != BULLA_OK) {
        return status;
    }
    if (!call.o.events) {
        bulla_observation_add_event(&call.o, BULLA_EVENT_STATE_REPORT);
    }
    if (!(call.o.has & BULLA_HAS_TIME)) {
        call.o.has |= BULLA_HAS_COUNTER;
        call.o.counter = (int64_t)at[SERIAL_AT] << 8 | at[SERIAL_AT + 1];
    }
    link->emit(link->host, &call.o);
    answer(&call);
    return BULLA_OK;
}

const struct proto proto_topflytech = {
    .number = 6,
    .name = "topflytech",
    .title = "Topflytech locks and trackers",
    .transports = "tcp udp",
    .port = 0,
    .state_size = sizeof(struct topflytech),
    .frame_max = TOPFLYTECH_LENGTH_MAX,
    .probe = probe,
    .frame = frame,
    .decode = decode,
    .encode = topflytech_encode,
    .commands = topflytech_commands,
};
