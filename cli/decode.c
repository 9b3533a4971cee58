/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla decode: messages of devices, one a line, as JSON, one object a line.
 *
 * All lines of a protocol share one link, because devices say things once that later messages need.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/session.h"

#define PROTOCOLS_MAX 64
#define JSON_STYLE    (JSON_COMPACT | JSON_REAL_PRECISION(12)) /* degrees to 1e-7 need ten digits */

extern const struct cli_command cli_decode;

static const char help[] = "Usage: bulla decode --protocol NAME|auto [OPTIONS] [FILE|-]\n"
                           "\n"
                           "Reads one message a line, in hexadecimal or in the protocol's own characters, and prints one JSON\n"
                           "object a line: n (line number), protocol, outcome (ok, not_mine, need_more, damaged, insane),\n"
                           "observations, replies (hexadecimal: what the platform would answer) and error.\n"
                           "Blank lines are passed over. A bad line does not stop the rest.\n"
                           "\n"
                           "Options:\n"
                           "  --protocol NAME   which protocol; auto finds it for each line (required)\n"
                           "  --stream          the input is one stream of bytes (or of hexadecimal); n counts messages\n"
                           "  --model NAME      lock model, where the protocol's layout depends on it\n"
                           "  --zone MINUTES    the device's clock minus UTC\n"
                           "  --settings TEXT   configuration that the platform sends to a starting device (eseal)\n"
                           "  --now TIME        arrival time, RFC 3339, for replies that can be repeated\n"
                           "  --help            this text\n"
                           "\n"
                           "Examples:\n"
                           "  bulla decode --protocol auto messages.txt\n"
                           "  echo '##S,eSeal,1000821,256,3.0.6,Startup OK,1,180,30,30,16,1,E##' | bulla decode --protocol eseal\n"
                           "  bulla decode --protocol jt808 --now 2026-01-31T08:00:00Z --stream capture.bin\n"
                           "\n"
                           "Exit codes: 0 every message was ok, 1 some was not, 2 wrong usage, 3 input or output.\n";

struct decoder {
    const struct proto *only; /* NULL: recognise each line */
    struct proto_profile profile;
    int64_t now_ms;
    bool fixed_now;
    bool all_ok;
    struct cli_session *sessions[PROTOCOLS_MAX]; /* opened when first needed, by place in the registry */
};

struct verdict { /* of one line or one message of a stream */
    enum bulla_status status;
    char error[sizeof((struct proto_link *)0)->error];
};

/* ---- sessions ---- */

static struct cli_session *session_of(struct decoder *decoder, const struct proto *proto)
{
    size_t i = 0;
    while (i < proto_registry_n && proto_registry[i] != proto) {
        i++;
    }
    if (i >= PROTOCOLS_MAX) {
        return NULL;
    }
    if (!decoder->sessions[i]) {
        decoder->sessions[i] = malloc(sizeof *decoder->sessions[i]);
        if (decoder->sessions[i]) {
            cli_session_init(decoder->sessions[i], proto, &decoder->profile, decoder->now_ms, decoder->fixed_now);
        }
    }
    return decoder->sessions[i];
}

static void sessions_clear(struct decoder *decoder)
{
    for (size_t i = 0; i < PROTOCOLS_MAX; i++) {
        if (decoder->sessions[i]) {
            cli_session_clear(decoder->sessions[i]);
        }
        free(decoder->sessions[i]);
    }
}

/* ---- one message ---- */

static void worsen(struct verdict *verdict, enum bulla_status status, const char *error)
{
    if (status != BULLA_OK && verdict->status == BULLA_OK) {
        verdict->status = status;
        snprintf(verdict->error, sizeof verdict->error, "%s", error[0] ? error : bulla_status_text(status));
    }
}

static void decode_message(struct cli_session *session, const uint8_t *at, size_t n, struct verdict *verdict)
{
    session->link.error[0] = '\0';
    enum bulla_status status = session->proto->decode(&session->link, at, n);
    worsen(verdict, status, session->link.error);
}

static bool all_blank(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (at[i] != ' ' && at[i] != '\t' && at[i] != '\r' && at[i] != '\n') {
            return false;
        }
    }
    return true;
}

static enum bulla_status next_frame(struct cli_session *session, const uint8_t *at, size_t n, struct proto_frame *frame)
{
    *frame = (struct proto_frame){0};
    return session->proto->frame(&session->link, at, n, frame);
}

/* How many messages the line is made of without a rest; 0 when it is not. */
static size_t count_frames(struct cli_session *session, const uint8_t *at, size_t n)
{
    size_t count = 0;
    struct proto_frame frame;
    while (!all_blank(at, n)) {
        if (next_frame(session, at, n, &frame) != BULLA_OK || !all_blank(at, frame.skip) || frame.len == 0) {
            return 0;
        }
        at += frame.skip + frame.len;
        n -= frame.skip + frame.len;
        count++;
    }
    return count;
}

static void decode_frames(struct cli_session *session, const uint8_t *at, size_t n, struct verdict *verdict)
{
    struct proto_frame frame;
    while (!all_blank(at, n)) {
        if (next_frame(session, at, n, &frame) != BULLA_OK || frame.len == 0) {
            proto_fail_number(&session->link, BULLA_MORE, "line", "the rest of a message", (int64_t)n);
            worsen(verdict, BULLA_MORE, session->link.error);
            return;
        }
        if (!all_blank(at, frame.skip)) {
            proto_fail(&session->link, BULLA_DAMAGED, "line", "a message", (struct bulla_bytes){at, frame.skip});
            worsen(verdict, BULLA_DAMAGED, session->link.error);
        }
        decode_message(session, at + frame.skip, frame.len, verdict);
        at += frame.skip + frame.len;
        n -= frame.skip + frame.len;
    }
}

static bool said_nothing(const struct cli_session *session)
{
    return json_array_size(session->observations) == 0 && json_array_size(session->replies) == 0;
}

/* The line as several messages; false when it is no such line, or nothing came of it. */
static bool decode_glued(struct cli_session *session, const uint8_t *at, size_t n, struct verdict *verdict)
{
    struct verdict glued = {BULLA_OK, ""};
    session->link.whole = false;
    decode_frames(session, at, n, &glued);
    if (glued.status != BULLA_OK && said_nothing(session)) {
        return false;
    }
    *verdict = glued;
    return true;
}

/* A line is one message, perhaps as its maker writes it down (un-escaped), or several glued together. An
 * un-escaped one can look like several: when none of those is good, it is taken as one. */
static void decode_line(struct cli_session *session, const uint8_t *at, size_t n, struct verdict *verdict)
{
    if (count_frames(session, at, n) > 1 && decode_glued(session, at, n, verdict)) {
        return;
    }
    session->link.whole = true;
    decode_message(session, at, n, verdict);
    struct proto_frame frame;
    if (verdict->status != BULLA_OK && next_frame(session, at, n, &frame) == BULLA_OK && frame.skip == 0 && frame.len < n) {
        decode_glued(session, at, n, verdict);
    }
}

/* ---- printing ---- */

static void collect(struct cli_session *session)
{
    session->observations = json_array();
    session->replies = json_array();
}

static void print_verdict(struct decoder *decoder, size_t n, struct cli_session *session, const struct verdict *verdict)
{
    json_t *line = json_object();
    json_object_set_new(line, "n", json_integer((json_int_t)n));
    json_object_set_new(line, "protocol", session ? json_string(session->proto->name) : json_null());
    json_object_set_new(line, "outcome", json_string(bulla_status_text(verdict->status)));
    json_object_set_new(line, "observations", session ? session->observations : json_array());
    json_object_set_new(line, "replies", session ? session->replies : json_array());
    json_object_set_new(line, "error", verdict->status == BULLA_OK ? json_null() : json_string(verdict->error));
    json_dumpf(line, stdout, JSON_STYLE);
    putchar('\n');
    json_decref(line);
    if (session) {
        session->observations = session->replies = NULL;
    }
    decoder->all_ok = decoder->all_ok && verdict->status == BULLA_OK;
}

/* ---- input ---- */

static bool is_hex_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_hex(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_hex_digit(text[i])) {
            return false;
        }
    }
    return n % 2 == 0;
}

/* Hexadecimal becomes bytes in place; returns how many bytes the text stands for. */
static size_t text_to_bytes(char *text, size_t n)
{
    if (!is_hex(text, n) || !bulla_hex_get((uint8_t *)text, text, n / 2)) {
        return n;
    }
    return n / 2;
}

static struct cli_session *session_for(struct decoder *decoder, const uint8_t *at, size_t n, struct verdict *verdict)
{
    bool more = false;
    const struct proto *proto = decoder->only ? decoder->only : proto_recognise(at, n, &more);
    struct cli_session *session = proto ? session_of(decoder, proto) : NULL;
    if (!session) {
        worsen(verdict, more ? BULLA_MORE : BULLA_NOT_MINE,
               more ? "message: expected enough bytes to tell the protocol" : "message: expected the start of a known protocol");
    }
    return session;
}

static void take_line(struct decoder *decoder, size_t number, char *text, size_t n)
{
    while (n && all_blank((const uint8_t *)text + n - 1, 1)) {
        n--;
    }
    while (n && all_blank((const uint8_t *)text, 1)) {
        text++;
        n--;
    }
    if (n == 0) {
        return;
    }
    n = text_to_bytes(text, n);
    struct verdict verdict = {BULLA_OK, ""};
    struct cli_session *session = session_for(decoder, (const uint8_t *)text, n, &verdict);
    if (session) {
        collect(session);
        decode_line(session, (const uint8_t *)text, n, &verdict);
    }
    print_verdict(decoder, number, session, &verdict);
}

static void take_lines(struct decoder *decoder, FILE *from)
{
    char *text = NULL;
    size_t size = 0, number = 0;
    for (ssize_t n; (n = getline(&text, &size, from)) >= 0;) {
        take_line(decoder, ++number, text, (size_t)n);
    }
    free(text);
}

/* The whole of a file, heap; NULL when it cannot be had. */
static char *read_all(FILE *from, size_t *n)
{
    char *all = NULL;
    size_t size = 0;
    *n = 0;
    do {
        if (*n == size) {
            size = size ? 2 * size : 65536;
            char *grown = realloc(all, size);
            if (!grown) {
                free(all);
                return NULL;
            }
            all = grown;
        }
        *n += fread(all + *n, 1, size - *n, from);
    } while (!feof(from) && !ferror(from));
    return all;
}

/* Hexadecimal with line breaks anywhere is a stream too: it becomes bytes in place. */
static size_t stream_to_bytes(char *all, size_t n)
{
    size_t digits = 0;
    for (size_t i = 0; i < n; i++) {
        bool blank = all_blank((const uint8_t *)all + i, 1);
        if (!blank && !is_hex_digit(all[i])) {
            return n;
        }
        digits += !blank;
    }
    size_t kept = 0;
    for (size_t i = 0; i < n && digits % 2 == 0; i++) {
        if (!all_blank((const uint8_t *)all + i, 1)) {
            all[kept++] = all[i];
        }
    }
    return digits % 2 == 0 ? text_to_bytes(all, digits) : n;
}

static void take_garbage(struct decoder *decoder, struct cli_session *session, size_t number, const uint8_t *at, size_t n)
{
    struct verdict verdict = {BULLA_OK, ""};
    proto_fail(&session->link, BULLA_DAMAGED, "stream", "the start of a message", (struct bulla_bytes){at, n});
    worsen(&verdict, BULLA_DAMAGED, session->link.error);
    collect(session);
    print_verdict(decoder, number, session, &verdict);
}

static void take_rest(struct decoder *decoder, struct cli_session *session, size_t number, size_t n)
{
    struct verdict verdict = {BULLA_OK, ""};
    proto_fail_number(&session->link, BULLA_MORE, "stream", "the rest of a message", (int64_t)n);
    worsen(&verdict, BULLA_MORE, session->link.error);
    collect(session);
    print_verdict(decoder, number, session, &verdict);
}

static void take_messages(struct decoder *decoder, struct cli_session *session, const uint8_t *at, size_t n)
{
    size_t number = 0;
    struct proto_frame frame;
    while (n) {
        enum bulla_status status = next_frame(session, at, n, &frame);
        if (!all_blank(at, frame.skip)) {
            take_garbage(decoder, session, ++number, at, frame.skip);
        }
        at += frame.skip;
        n -= frame.skip;
        if (status != BULLA_OK || frame.len == 0) {
            break;
        }
        struct verdict verdict = {BULLA_OK, ""};
        collect(session);
        decode_message(session, at, frame.len, &verdict);
        print_verdict(decoder, ++number, session, &verdict);
        at += frame.len;
        n -= frame.len;
    }
    if (!all_blank(at, n)) {
        take_rest(decoder, session, ++number, n);
    }
}

static bool take_stream(struct decoder *decoder, FILE *from)
{
    size_t n;
    char *all = read_all(from, &n);
    if (!all) {
        cli_say("out of memory");
        return false;
    }
    n = stream_to_bytes(all, n);
    struct verdict verdict = {BULLA_OK, ""};
    struct cli_session *session = n ? session_for(decoder, (const uint8_t *)all, n, &verdict) : NULL;
    if (session) {
        take_messages(decoder, session, (const uint8_t *)all, n);
    } else if (n) {
        print_verdict(decoder, 1, NULL, &verdict);
    }
    free(all);
    return true;
}

static int take_file(struct decoder *decoder, const char *name, bool stream)
{
    bool standard = !name || strcmp(name, "-") == 0;
    FILE *from = standard ? stdin : fopen(name, "rb");
    if (!from) {
        cli_say("%s: %s", name, strerror(errno));
        return CLI_IO;
    }
    bool done = true;
    errno = 0;
    if (stream) {
        done = take_stream(decoder, from);
    } else {
        take_lines(decoder, from);
    }
    if (ferror(from)) {
        cli_say("%s: %s", standard ? "standard input" : name, strerror(errno));
        done = false;
    }
    if (!standard) {
        fclose(from);
    }
    return !done ? CLI_IO : decoder->all_ok ? CLI_OK : CLI_NO;
}

static int decode(const char *protocol, const struct cli_device *device, const char *file, bool stream)
{
    struct decoder decoder = {.fixed_now = device->now != NULL, .all_ok = true};
    if (!cli_device_read(device, &decoder.profile, &decoder.now_ms)) {
        return CLI_USAGE;
    }
    if (strcmp(protocol, "auto") != 0) {
        decoder.only = cli_proto_find(protocol);
        if (!decoder.only) {
            return CLI_USAGE;
        }
    }
    int code = take_file(&decoder, file, stream);
    sessions_clear(&decoder);
    return code;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    (void)context;
    const char *protocol = NULL;
    struct cli_device device = {0};
    bool stream = false;
    const struct cli_option options[] = {
        {"protocol", &protocol, NULL}, {"model", &device.model, NULL},       {"zone", &device.zone, NULL},
        {"now", &device.now, NULL},    {"settings", &device.settings, NULL}, {"stream", NULL, &stream},
    };
    argc = cli_options(&cli_decode, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0) {
        return argc == -2 ? CLI_OK : CLI_USAGE;
    }
    if (!protocol) {
        cli_say("--protocol: expected a name or auto, got nothing");
        return CLI_USAGE;
    }
    if (argc > 2) {
        cli_say("expected one file, got also \"%s\"", argv[2]);
        return CLI_USAGE;
    }
    return decode(protocol, &device, argv[1], stream);
}

const struct cli_command cli_decode = {
    .name = "decode",
    .summary = "Read messages of devices, print JSON",
    .help = help,
    .run = run,
};
