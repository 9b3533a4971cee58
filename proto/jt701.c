/* SPDX-License-Identifier: Apache-2.0
 *
 * Jointech JT701, JT701D, GL600 rope locks, their sub-locks, and the JT600 line of vehicle units.
 *
 * A TCP stream mixes two kinds of frames. The device opens the connection, there is no login, every frame
 * holds the device's id (ten digits), and nothing holds a check value: length and digits are all there is.
 *
 *   first  ends                                  what
 *   '$'    by the length in its header           binary, jt701_binary.c
 *   '('    at the first ')'                      text, jt701_text.c; binary inside is escaped, jt701_wlnet.c
 *
 * Any other byte belongs to nothing and is skipped. A frame that was cut short swallows the next one: so
 * where a plausible frame starts inside another, the outer one ends there, and is damaged.
 *
 * Acknowledgements
 *   from                                  answer
 *   $ of version >= 19                    (P69,0,serial), damaged: (P69,1,serial)
 *   $ below, status bit 5                 (P35)
 *   P45, device's version known below 19  (P46)
 *   P45 else, WLNET                       (P69,0,serial)
 */
#include "proto/jt701.h"
#include "proto/word.h"

#define TEXT_HEAD   (1 + JT701_ID_DIGITS + 1) /* "(" id "," */
#define BINARY_HEAD 10                        /* of both binary formats, so much tells their length */

/* ---- what is known of the devices of a connection ---- */

unsigned jt701_version(const struct jt701_state *state, uint64_t id)
{
    for (size_t i = 0; i < JT701_DEVICES_MAX; i++) {
        if (state->devices[i] >> 8 == id) {
            return state->devices[i] & 0xFF;
        }
    }
    return 0;
}

void jt701_version_learn(struct jt701_state *state, uint64_t id, unsigned version)
{
    uint64_t entry = id << 8 | version;
    for (size_t i = 0; i < JT701_DEVICES_MAX; i++) {
        if (state->devices[i] >> 8 == id || state->devices[i] == 0) {
            state->devices[i] = entry;
            return;
        }
    }
    state->devices[state->oldest] = entry;
    state->oldest = (uint8_t)((state->oldest + 1) % JT701_DEVICES_MAX);
}

uint64_t jt701_id_of_text(const uint8_t digits[JT701_ID_DIGITS])
{
    uint64_t id = 0;
    for (size_t i = 0; i < JT701_ID_DIGITS; i++) {
        id = id << 4 | (digits[i] & 15u);
    }
    return id;
}

/* ---- replies ---- */

void jt701_reply(struct proto_link *link, const char *text)
{
    link->reply(link->host, (const uint8_t *)text, bulla_length(text));
}

void jt701_acknowledge(struct proto_link *link, const char *head, uint64_t serial)
{
    uint8_t bytes[32];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put_text(&w, head);
    bulla_writer_put_decimal(&w, serial, 1);
    bulla_writer_put_u8(&w, ')');
    link->reply(link->host, bytes, w.len);
}

/* ---- frames ---- */

static enum bulla_status text_start(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n && i < TEXT_HEAD; i++) {
        bool right = i == 0 ? at[i] == '(' : i + 1 == TEXT_HEAD ? at[i] == ',' : at[i] >= '0' && at[i] <= '9';
        if (!right) {
            return BULLA_NOT_MINE;
        }
    }
    return n < TEXT_HEAD ? BULLA_MORE : BULLA_OK;
}

/* Whether a frame starts here, as far as n bytes tell. */
static enum bulla_status start(const uint8_t *at, size_t n)
{
    size_t len;
    if (at[0] == '(') {
        return text_start(at, n);
    }
    enum bulla_status status = jt701_binary_length(at, n, &len);
    return status == BULLA_OK && !jt701_binary_plausible(at, n) ? BULLA_NOT_MINE : status;
}

/* The first byte in [i, n) that a frame may start with, or n. */
static size_t next_mark(const uint8_t *at, size_t i, size_t n)
{
    while (i < n && n - i >= 8 && !proto_word_holds(proto_word_load(at + i), '$') && !proto_word_holds(proto_word_load(at + i), '(')) {
        i += 8;
    }
    while (i < n && at[i] != '$' && at[i] != '(') {
        i++;
    }
    return i;
}

/* The first frame that starts in [from, n), seeing n bytes and no more so that it is the same however the
 * stream is split; n when there is none. `partial`: one that n cuts off counts too. */
static size_t inner_start(const uint8_t *at, size_t from, size_t n, bool partial)
{
    for (size_t i = next_mark(at, from, n); i < n; i = next_mark(at, i + 1, n)) {
        enum bulla_status status = start(at + i, n - i);
        if (status == BULLA_OK || (partial && status == BULLA_MORE)) {
            return i;
        }
    }
    return n;
}

static enum bulla_status measure_binary(const uint8_t *at, size_t n, size_t *len)
{
    size_t whole;
    enum bulla_status status = jt701_binary_length(at, n, &whole);
    if (status != BULLA_OK || n < whole) {
        return status != BULLA_OK ? status : BULLA_MORE;
    }
    *len = inner_start(at, 1, whole, false);
    return BULLA_OK;
}

/* at[close] is the first bracket. Text outside printable ASCII has swallowed something. */
static enum bulla_status end_text(const uint8_t *at, size_t n, size_t close, bool printable, size_t *len)
{
    size_t body = jt701_wlnet_body(at, n);
    if (body && close >= body) {
        size_t end = 0;
        enum bulla_status status = jt701_wlnet_end(at + body, n - body, close - body, &end);
        if (status == BULLA_MORE) {
            return BULLA_MORE;
        }
        close = body + end;
        printable = status == BULLA_OK;
    }
    size_t inner = printable ? close : inner_start(at, TEXT_HEAD, close, true);
    *len = inner < close ? inner : close + 1;
    return BULLA_OK;
}

/* Whether at[i] is the last byte of a binary frame's header: text never looks like one. */
static bool header_ends(const uint8_t *at, size_t i)
{
    return i >= TEXT_HEAD + BINARY_HEAD - 1 && start(at + i - (BINARY_HEAD - 1), BINARY_HEAD) == BULLA_OK;
}

static enum bulla_status measure_text(const uint8_t *at, size_t n, size_t *len)
{
    enum bulla_status status = text_start(at, n);
    if (status != BULLA_OK) {
        return status;
    }
    bool printable = true;
    size_t limit = n < JT701_TEXT_MAX ? n : JT701_TEXT_MAX; /* what stands beyond has no say */
    for (size_t i = TEXT_HEAD; i < limit; i++) {
        if (at[i - (BINARY_HEAD - 1)] == '$' && header_ends(at, i)) {
            *len = i - (BINARY_HEAD - 1);
            return BULLA_OK;
        }
        if (at[i] >= 0x2A && at[i] < 0x7F) {
            continue;
        }
        if (at[i] == ')') {
            return end_text(at, n, i, printable, len);
        }
        if (at[i] == '(') {
            status = text_start(at + i, limit - i);
            if (status == BULLA_OK || (status == BULLA_MORE && limit < JT701_TEXT_MAX)) {
                *len = inner_start(at, TEXT_HEAD, i, !printable);
                return status;
            }
        }
        printable = printable && at[i] >= 0x20 && at[i] < 0x7F;
    }
    return limit < JT701_TEXT_MAX ? BULLA_MORE : BULLA_NOT_MINE;
}

static enum bulla_status frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *out)
{
    (void)link;
    size_t skip = 0;
    for (; skip < n; skip++) {
        size_t len = 0;
        enum bulla_status status = BULLA_NOT_MINE;
        if (at[skip] == '$') {
            status = measure_binary(at + skip, n - skip, &len);
        } else if (at[skip] == '(') {
            status = measure_text(at + skip, n - skip, &len);
        }
        if (status != BULLA_NOT_MINE) {
            *out = (struct proto_frame){skip, status == BULLA_OK ? len : 0};
            return status;
        }
    }
    *out = (struct proto_frame){skip, 0};
    return BULLA_MORE;
}

static enum bulla_status probe(const uint8_t *at, size_t n)
{
    size_t len;
    if (n == 0) {
        return BULLA_MORE;
    }
    return at[0] == '(' ? text_start(at, n) : jt701_binary_length(at, n, &len);
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    if (n == 0) {
        return proto_fail_number(link, BULLA_MORE, "message", "at least one byte", 0);
    }
    if (at[0] == '$') {
        return jt701_binary_decode(link, at, n);
    }
    if (at[0] == '(') {
        return jt701_text_decode(link, at, n);
    }
    return proto_fail(link, BULLA_NOT_MINE, "first byte", "$ or (", (struct bulla_bytes){at, 1});
}

const struct proto proto_jt701 = {
    .number = 1,
    .name = "jt701",
    .title = "Jointech JT701, JT701D, GL600 locks and JT600 vehicle units",
    .transports = "tcp udp",
    .port = 10001,
    .state_size = sizeof(struct jt701_state),
    .frame_max = JT701_TEXT_MAX,
    .probe = probe,
    .frame = frame,
    .decode = decode,
    .encode = jt701_encode,
    .commands = jt701_commands,
};
