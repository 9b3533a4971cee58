/* SPDX-License-Identifier: Apache-2.0
 *
 * TEMPLATE: copy this file to <name>.c, add PROTO(next number, <name>) to registry.def, put messages with
 * their meaning into tests/vectors/<name>/, and describe the protocol in docs/protocols/<name>.md. Nothing
 * else has to change. This file is not built into the program; tests/unit/proto/test_template.c compiles it.
 *
 * The protocol: one binary frame a message, over TCP.
 *
 *   offset  size  field
 *   0       1     mark, 'T'
 *   1       1     length of the fields below, 13
 *   2       4     device number
 *   6       2     counter
 *   8       4     time, seconds since 1970-01-01T00:00:00Z
 *   12      1     bits: 0 shackle in, 1 motor locked, 2 shackle cut, 7 answer wanted
 *   13      1     battery, %; 255 not known
 *   14      1     exclusive or of bytes 0 to 13
 *
 * Answer: 'A', the counter (2 bytes). Command: 'C', 4 bytes device number, 1 byte: 1 unlock, 2 lock.
 */
#include "proto/proto.h"

extern const struct proto proto_template;

#define MARK       'T'
#define FIELDS_LEN 13
#define FRAME_LEN  (2 + FIELDS_LEN)

enum { BIT_SHACKLE_IN = 1, BIT_LOCKED = 2, BIT_CUT = 4, BIT_ANSWER = 128 };

/* What a connection must remember from one message to the next. Here: nothing but the last counter. */
struct template_state {
    uint16_t counter;
};

/* Say NOT_MINE as soon as you are sure, OK only when no other protocol begins so. */
static enum bulla_status probe(const uint8_t *at, size_t n)
{
    if (n > 0 && at[0] != MARK) {
        return BULLA_NOT_MINE;
    }
    if (n > 1 && at[1] != FIELDS_LEN) {
        return BULLA_NOT_MINE;
    }
    return n > 1 ? BULLA_OK : BULLA_MORE;
}

/* The same bytes must give the same frames however they are cut: decide on what the stream says, never on how
 * much of it is there. What cannot begin a message is skipped. */
static enum bulla_status frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    (void)link;
    size_t skip = 0;
    while (skip < n && probe(at + skip, n - skip) == BULLA_NOT_MINE) {
        skip++;
    }
    if (n - skip < FRAME_LEN) {
        *frame = (struct proto_frame){skip, 0};
        return BULLA_MORE;
    }
    *frame = (struct proto_frame){skip, FRAME_LEN};
    return BULLA_OK;
}

static uint8_t check_value(const uint8_t *at, size_t n)
{
    uint8_t value = 0;
    for (size_t i = 0; i < n; i++) {
        value ^= at[i];
    }
    return value;
}

static void put_state(struct bulla_observation *o, uint8_t bits)
{
    o->state.shackle = bits & BIT_CUT ? BULLA_SHACKLE_CUT : bits & BIT_SHACKLE_IN ? BULLA_SHACKLE_IN : BULLA_SHACKLE_OUT;
    o->state.motor = bits & BIT_LOCKED ? BULLA_MOTOR_LOCKED : BULLA_MOTOR_UNLOCKED;
    o->state.seal = (uint8_t)bulla_seal_from((enum bulla_shackle)o->state.shackle, (enum bulla_motor)o->state.motor);
    bulla_observation_add_event(o, bits & BIT_CUT ? BULLA_EVENT_ROPE_CUT : BULLA_EVENT_STATE_REPORT);
}

/* "Not said", "said to be unknown" and "said" are three different things: see observation.h. */
static void put_battery(struct bulla_observation *o, uint8_t percent)
{
    o->has |= BULLA_HAS_PERCENT;
    o->percent = percent;
    if (percent > 100) {
        o->unknown |= BULLA_HAS_PERCENT;
    }
}

static void answer(struct proto_link *link, uint16_t counter)
{
    uint8_t bytes[3];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put_u8(&w, 'A');
    bulla_writer_put_u16(&w, counter);
    link->reply(link->host, bytes, w.len);
}

/* Check first, then read field after field, then test once. Emit before you answer. */
static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct template_state *self = link->state;
    struct bulla_observation o;
    if (probe(at, n) == BULLA_NOT_MINE) {
        return proto_fail(link, BULLA_NOT_MINE, "mark", "T", (struct bulla_bytes){at, n});
    }
    if (n != FRAME_LEN || check_value(at, n) != 0) {
        return proto_fail_number(link, BULLA_DAMAGED, "check value", "0 over 15 bytes", n == FRAME_LEN ? check_value(at, n) : (int64_t)n);
    }
    struct bulla_cursor c = bulla_cursor_over(at + 2, FIELDS_LEN - 1);
    bulla_observation_init(&o, "template");
    uint32_t device = bulla_cursor_get_u32(&c);
    o.counter = bulla_cursor_get_u16(&c);
    o.time_ms = (int64_t)bulla_cursor_get_u32(&c) * 1000;
    uint8_t bits = bulla_cursor_get_u8(&c);
    uint8_t percent = bulla_cursor_get_u8(&c);
    if (c.failed || device == 0) {
        return proto_fail_number(link, BULLA_INSANE, "device number", "not 0", device);
    }
    struct bulla_writer w = bulla_writer_over((uint8_t *)o.device, sizeof o.device - 1);
    bulla_writer_put_decimal(&w, device, 10);
    o.device[w.len] = '\0';
    o.has = BULLA_HAS_COUNTER | BULLA_HAS_TIME;
    put_state(&o, bits);
    put_battery(&o, percent);
    self->counter = (uint16_t)o.counter;
    link->emit(link->host, &o);
    if (bits & BIT_ANSWER) {
        answer(link, self->counter);
    }
    return BULLA_OK;
}

static const struct proto_command commands[] = {
    {"unlock", "", "open the lock", false, NULL},
    {"lock", "", "close the lock", false, NULL},
    {NULL},
};

static enum bulla_status encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                                struct bulla_writer *out)
{
    const struct proto_command *known = proto_command_find(&proto_template, command);
    const struct proto_args number = {1, {{"device", device}}};
    uint64_t id = 0;
    if (!known) {
        return proto_fail(link, BULLA_REFUSED, "command", "unlock or lock",
                          (struct bulla_bytes){(const uint8_t *)command, bulla_length(command)});
    }
    enum bulla_status status = proto_args_check(link, known, args);
    status = status == BULLA_OK ? proto_args_number(link, &number, "device", 1, UINT32_MAX, &id) : status;
    if (status != BULLA_OK) {
        return status;
    }
    bulla_writer_put_u8(out, 'C');
    bulla_writer_put_u32(out, (uint32_t)id);
    bulla_writer_put_u8(out, known == &commands[0] ? 1 : 2);
    return out->failed ? BULLA_FULL : BULLA_OK;
}

const struct proto proto_template = {
    .number = 65535, /* the next free number of registry.def; it is stored, so it never changes */
    .name = "template",
    .title = "Template to copy",
    .transports = "tcp",
    .port = 0,
    .state_size = sizeof(struct template_state),
    .frame_max = FRAME_LEN,
    .probe = probe,
    .frame = frame,
    .decode = decode,
    .encode = encode,
    .commands = commands,
};
