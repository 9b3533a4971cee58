/* SPDX-License-Identifier: Apache-2.0
 *
 * JT/T 808-2011, -2013, -2019 and the lock profiles that ride on it. Numbers are big-endian.
 *
 * Frame          7E | header | body | XOR of header and body | 7E      7D is sent as 7D 01, 7E as 7D 02
 *                E7 | same, seven bytes of phone            | E7      E6 01, E6 02, 3E 01, 3E 02: E6, E7, 3E, 3D
 *                (id,1,serial,GROUP,number,...)                       text, between binary frames
 * Header       0 message id       WORD
 *              2 attributes       WORD   0-9 body length, 10-12 encryption, 13 in parts, 14 versioned, 15 answer wanted
 *              4 version          BYTE   only with bit 14: 1 is 2019
 *            4/5 phone            BCD 6, or 10 with bit 14; some makers: the IMEI as a 48-bit number
 *          10/15 serial           WORD   (0x5501, 0x5502: BYTE)
 *          12/17 parts, part      WORD, WORD   only with bit 13; parts count from 1
 * Location     0 alarm DWORD, 4 status DWORD, 8 latitude, 12 longitude DWORD 1e-6 degree, 16 altitude m, 18 speed
 *                0.1 km/h, 20 course, 22 time BCD 6 (GMT+8; JT709: UTC), 28 {id BYTE, length BYTE, value}...
 *
 *   0001 reply to a command        0200 location (8001)          0801 photo (8800)
 *   0002 heartbeat (8001)          0201 answer to 8201           0900 transparent (8001)
 *   0003 log out (8001)            0210 batch, HHD (8001)        1300, 6006, 0701 answers in words
 *   0004 ask the time (8004)       0500 answer to 8500           5501, 5502 JT705 (4401)
 *   0100 register (8100)           0702 driver card              0104, 0107, 0108, 0802, 0805 answers
 *   0102 authenticate (8001)       0704 batch (8001)             others: kept, said to be there
 *   0109 ask the time (8109)       0800 photo taken (8001)
 */
#include "proto/jt808.h"

static enum bulla_status bare_answered(struct jt808_call *c)
{
    return jt808_bare(c, true);
}

static const struct handler {
    uint16_t id;
    enum bulla_status (*decode)(struct jt808_call *c);
} handlers[] = {
    {0x0200, jt808_report},
    {0x0002, jt808_heartbeat},
    {0x0704, jt808_batch},
    {JT808_TERMINAL_REPLY, jt808_answer_general},
    {0x0003, bare_answered},
    {0x0004, jt808_time},
    {0x0100, jt808_register},
    {0x0102, jt808_authenticate},
    {0x0104, jt808_answer_parameters},
    {0x0107, jt808_answer_attributes},
    {0x0108, jt808_answer_upgrade},
    {0x0109, jt808_time_vendor},
    {0x0201, jt808_answer_location},
    {0x0210, jt808_batch_hhd},
    {0x0500, jt808_answer_location},
    {0x0506, bare_answered},
    {0x0701, jt808_answer_text},
    {0x0702, jt808_card},
    {0x0800, jt808_media},
    {JT808_MEDIA, jt808_media},
    {0x0802, jt808_answer_photo},
    {0x0805, jt808_answer_photo},
    {JT808_THROUGH, jt808_through},
    {0x1007, bare_answered},
    {0x1300, jt808_answer_text},
    {JT808_JT705_NOW, jt808_jt705},
    {JT808_JT705_STORED, jt808_jt705},
    {0x6006, jt808_answer_text},
    {0x8888, bare_answered},
};

static enum bulla_status dispatch(struct jt808_call *c)
{
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
        if (handlers[i].id == c->head.id) {
            return handlers[i].decode(c);
        }
    }
    return jt808_bare(c, false);
}

/* What the link learns from a good header: commands copy it, and a lock's profile belongs to one device. */
static void remember(struct jt808_call *c)
{
    struct jt808_state *state = c->state;
    const struct jt808_head *last = &state->last;
    if (last->id_len != c->head.id_len || bulla_compare(last->phone, c->head.phone, c->head.id_len) != 0) {
        state->model = JT808_STANDARD;
        state->cuts_known = false;
    }
    state->last = c->head;
    state->delimiter = c->head.delimiter;
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    size_t len;
    if (jt808_text_frame(at, n, &len) == BULLA_OK) {
        return jt808_text(link, at, n);
    }
    uint8_t store[JT808_FRAME_MAX];
    struct jt808_call c = {.link = link, .state = link->state};
    enum bulla_status status = jt808_open(&c, at, n, store);
    if (status != BULLA_OK) {
        return status;
    }
    remember(&c);
    jt808_device_put(c.device, &c.head);
    struct jt808_slot *slot = NULL;
    if (c.head.total || c.head.number) {
        status = jt808_parts_add(&c, &slot);
    }
    if (status == BULLA_OK) {
        status = dispatch(&c);
    }
    if (slot) {
        if (status == BULLA_OK && !c.answered && c.head.id != JT808_MEDIA) { /* every part is answered, the last one too */
            jt808_reply_general(&c, JT808_DONE);
        }
        jt808_parts_drop(link, slot);
    }
    if (status == BULLA_OK || status == BULLA_MORE) {
        jt808_parts_nudge(&c);
        return BULLA_OK;
    }
    return status;
}

/* A text as the first message: ids of 10 digits are those of the Jointech text protocol. */
static enum bulla_status probe(const uint8_t *at, size_t n)
{
    if (n == 0) {
        return BULLA_MORE;
    }
    return at[0] == '(' ? jt808_text_probe(at, n) : at[0] == JT808_DELIMITER || at[0] == JT808_DELIMITER_E7 ? BULLA_OK : BULLA_NOT_MINE;
}

const struct proto proto_jt808 = {
    .number = 2,
    .name = "jt808",
    .title = "JT/T 808 terminals and locks",
    .transports = "tcp udp",
    .port = 10808,
    .state_size = sizeof(struct jt808_state),
    .frame_max = JT808_FRAME_MAX,
    .probe = probe,
    .frame = jt808_frame,
    .decode = decode,
    .encode = jt808_encode,
    .commands = jt808_commands,
};

_Static_assert(sizeof(struct jt808_state) <= PROTO_STATE_MAX, "state fits what callers keep");
