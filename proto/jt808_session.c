/* SPDX-License-Identifier: Apache-2.0
 *
 * JT/T 808: who speaks, registration, heartbeats, clock, and the general reply.
 */
#include "proto/jt808.h"

#define CODE_BYTES 16 /* 128 random bits: the authentication code is the only secret of this protocol */

void jt808_begin(struct jt808_call *c, struct bulla_observation *o)
{
    bulla_observation_init(o, "jt808");
    bulla_copy(o->device, c->device, sizeof o->device);
    o->has |= BULLA_HAS_COUNTER; /* until a clock names the observation better */
    o->counter = c->head.serial;
}

void jt808_emit(struct jt808_call *c, const struct bulla_observation *o)
{
    c->link->emit(c->link->host, o);
}

void jt808_reply_general(struct jt808_call *c, enum jt808_result result)
{
    uint8_t body[5];
    struct bulla_writer w = bulla_writer_over(body, sizeof body);
    bulla_writer_put_u16(&w, c->head.serial);
    bulla_writer_put_u16(&w, c->head.id);
    bulla_writer_put_u8(&w, (uint8_t)result);
    jt808_reply(c, JT808_REPLY, (struct bulla_bytes){body, w.len});
    c->answered = true;
}

enum bulla_status jt808_bare(struct jt808_call *c, bool answer)
{
    struct bulla_observation o;
    jt808_begin(c, &o);
    bulla_observation_add_event(&o, BULLA_EVENT_STATE_REPORT);
    jt808_emit(c, &o);
    if (answer) {
        jt808_reply_general(c, JT808_DONE);
    }
    return BULLA_OK;
}

/* 0x0002. Empty by the standard; HHD locks append battery %, signal, status. */
enum bulla_status jt808_heartbeat(struct jt808_call *c)
{
    struct bulla_observation o;
    jt808_begin(c, &o);
    bulla_observation_add_event(&o, BULLA_EVENT_HEARTBEAT);
    if (c->body.len >= 3 && c->body.at[0] <= 100) {
        o.has |= BULLA_HAS_PERCENT;
        o.percent = c->body.at[0];
        bulla_observation_add_sensor(&o, "", BULLA_SENSOR_CSQ, c->body.at[1] * 1000);
    }
    jt808_emit(c, &o);
    jt808_reply_general(c, JT808_DONE);
    return BULLA_OK;
}

/* Every registration is given a new code that cannot be guessed. Without randomness none can be made, and the
 * terminal is told that it is unknown rather than given one that could be. */
enum bulla_status jt808_register(struct jt808_call *c)
{
    struct bulla_observation o;
    jt808_begin(c, &o);
    bulla_observation_add_event(&o, BULLA_EVENT_REGISTRATION);
    jt808_emit(c, &o);
    enum { accepted, terminal_unknown = 4 };
    uint8_t body[3 + 2 * CODE_BYTES + 1];
    struct bulla_writer w = bulla_writer_over(body, sizeof body);
    bulla_writer_put_u16(&w, c->head.serial);
    bulla_writer_put_u8(&w, c->link->random ? accepted : terminal_unknown);
    if (c->link->random) {
        uint8_t random[CODE_BYTES];
        char code[2 * CODE_BYTES + 1];
        c->link->random(c->link->host, random, sizeof random);
        bulla_hex_put(code, random, sizeof random);
        bulla_writer_put(&w, code, 2 * CODE_BYTES);
    }
    jt808_reply(c, JT808_REGISTERED, (struct bulla_bytes){body, w.len});
    return BULLA_OK;
}

/* 0x0102. The code is the platform's business where it keeps codes; most terminals in the field send their phone
 * number or nothing that was ever given to them, so here it proves nothing and refuses nobody. */
enum bulla_status jt808_authenticate(struct jt808_call *c)
{
    struct bulla_observation o;
    jt808_begin(c, &o);
    bulla_observation_add_event(&o, BULLA_EVENT_REGISTRATION);
    jt808_emit(c, &o);
    jt808_reply_general(c, JT808_DONE);
    return BULLA_OK;
}

static void emit_time_request(struct jt808_call *c)
{
    struct bulla_observation o;
    jt808_begin(c, &o);
    bulla_observation_add_event(&o, BULLA_EVENT_TIME_REQUEST);
    jt808_emit(c, &o);
}

enum bulla_status jt808_time(struct jt808_call *c)
{
    emit_time_request(c);
    struct bulla_calendar now = bulla_time_to_calendar(c->link->now_ms);
    unsigned fields[] = {(unsigned)(now.year % 100), now.month, now.day, now.hour, now.minute, now.second};
    uint8_t body[6];
    struct bulla_writer w = bulla_writer_over(body, sizeof body);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        bulla_writer_put_bcd(&w, fields[i], 1);
    }
    jt808_reply(c, 0x8004, (struct bulla_bytes){body, w.len});
    return BULLA_OK;
}

enum bulla_status jt808_time_vendor(struct jt808_call *c)
{
    emit_time_request(c);
    struct bulla_calendar now = bulla_time_to_calendar(c->link->now_ms);
    uint8_t body[] = {(uint8_t)(now.year >> 8), (uint8_t)now.year,   (uint8_t)now.month,  (uint8_t)now.day,
                      (uint8_t)now.hour,        (uint8_t)now.minute, (uint8_t)now.second, 0};
    jt808_reply(c, 0x8109, (struct bulla_bytes){body, sizeof body});
    return BULLA_OK;
}
