/* SPDX-License-Identifier: Apache-2.0
 *
 * Topflytech: commands and their answers are type 81: mode 1 (1 configuration, 3 forwarded SMS, 5 USSD), then text, ASCII on the
 * way down and UTF-16 with the low byte first on the way up. A command bears the mark of the device's last message. The serial
 * does not come back reliably: one command at a time.
 */
#include "proto/text.h"
#include "proto/topflytech.h"

#define MODE_CONFIGURATION 1
#define IMEI_DIGITS        15

const struct proto_command topflytech_commands[] = {
    {"unlock", "text", "open the lock, in the words of its model, which the maker does not publish", true, TOPFLYTECH_COMMAND},
    {"lock", "text", "close the lock, in the words of its model", true, TOPFLYTECH_COMMAND},
    {"relay", "state [password]", "state=1: cut the relay, state=0: restore it; password=0000 where none is set", true, TOPFLYTECH_COMMAND},
    {"version", "", "firmware", false, TOPFLYTECH_COMMAND},
    {"raw", "text", "any other command of the device, such as text=\"TIMER,60#\"", true, TOPFLYTECH_COMMAND},
    {NULL},
};

/* ---- answers ---- */

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

static enum bulla_verdict verdict_of(struct bulla_bytes text)
{
    bool refused = holds(text, "ERROR") || holds(text, "Error") || holds(text, "error") || holds(text, "FAIL") || holds(text, "Fail");
    return refused ? BULLA_VERDICT_REFUSED : holds(text, "OK") ? BULLA_VERDICT_ACCEPTED : BULLA_VERDICT_UNKNOWN;
}

enum bulla_status topflytech_read_answer(struct topflytech_call *call)
{
    char text[sizeof call->o.result.text];
    size_t n = 0;
    struct bulla_cursor c = topflytech_from(call, TOPFLYTECH_HEAD);
    bulla_cursor_skip(&c, 1);
    if (c.failed) {
        return topflytech_short(call);
    }
    while (c.left >= 2 && n < sizeof text) {
        uint16_t letter = bulla_cursor_get_u16(&c); /* low byte first */
        text[n++] = letter & 0xFF ? '?' : (char)(letter >> 8);
    }
    struct bulla_bytes said = {(const uint8_t *)text, n};
    struct bulla_result *result = &call->o.result;
    call->o.has |= BULLA_HAS_RESULT;
    bulla_text_put(result->command, sizeof result->command, (struct bulla_bytes){(const uint8_t *)TOPFLYTECH_COMMAND, 2});
    result->serial = -1;
    result->verdict = (uint8_t)verdict_of(said);
    bulla_text_put(result->text, sizeof result->text, said);
    bulla_observation_add_event(&call->o, BULLA_EVENT_COMMAND_RESULT);
    return BULLA_OK;
}

/* ---- commands ---- */

static struct bulla_bytes bytes_of(const char *text)
{
    return (struct bulla_bytes){(const uint8_t *)text, bulla_length(text)};
}

static enum bulla_status put_text(struct proto_link *link, const char *name, const char *text, struct bulla_writer *w)
{
    struct bulla_bytes bytes = bytes_of(text);
    bool good = bytes.len > 0 && bytes.len <= TOPFLYTECH_TEXT_MAX;
    for (size_t i = 0; i < bytes.len; i++) {
        good = good && bytes.at[i] >= 0x20 && bytes.at[i] < 0x7F;
    }
    if (!good) {
        return proto_fail(link, BULLA_REFUSED, name, "1 to 200 printable characters", bytes);
    }
    bulla_writer_put(w, bytes.at, bytes.len);
    return BULLA_OK;
}

static enum bulla_status put_relay(struct proto_link *link, const struct proto_args *args, struct bulla_writer *w)
{
    const char *password = proto_args_get(args, "password");
    struct bulla_bytes digits = bytes_of(password ? password : "0000");
    uint64_t state = 0;
    if (!proto_text_is_digits(digits) || digits.len > 8) {
        return proto_fail(link, BULLA_REFUSED, "password", "1 to 8 digits", (struct bulla_bytes){NULL, 0}); /* it is not shown */
    }
    enum bulla_status status = proto_args_number(link, args, "state", 0, 1, &state);
    bulla_writer_put_text(w, "RELAY,");
    bulla_writer_put(w, digits.at, digits.len);
    bulla_writer_put_text(w, state ? ",On#" : ",Off#");
    return status;
}

static enum bulla_status command_text(struct proto_link *link, const char *command, const struct proto_args *args, struct bulla_writer *w)
{
    if (bulla_text_is(command, "relay")) {
        return put_relay(link, args, w);
    }
    if (bulla_text_is(command, "version")) {
        return put_text(link, "text", "VERSION#", w);
    }
    return put_text(link, "text", proto_args_get(args, "text"), w);
}

enum bulla_status topflytech_encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                                    struct bulla_writer *out)
{
    struct topflytech *self = link->state;
    const struct proto_command *known = proto_command_find(&proto_topflytech, command);
    struct bulla_bytes imei = bytes_of(device);
    uint8_t text[TOPFLYTECH_TEXT_MAX];
    uint64_t number = 0;
    if (!known) {
        return proto_fail(link, BULLA_REFUSED, "command", "one of the list", bytes_of(command));
    }
    if (imei.len > IMEI_DIGITS + 1 || !proto_text_number(imei, &number)) {
        return proto_fail(link, BULLA_REFUSED, "device", "an IMEI of 15 digits", imei);
    }
    struct bulla_writer w = bulla_writer_over(text, sizeof text);
    enum bulla_status status = proto_args_check(link, known, args);
    status = status == BULLA_OK ? command_text(link, command, args, &w) : status;
    if (status != BULLA_OK) {
        return status;
    }
    uint8_t mark = self->mark ? self->mark : TOPFLYTECH_ASSET;
    bulla_writer_put_u8(out, mark);
    bulla_writer_put_u8(out, mark);
    bulla_writer_put_u8(out, TOPFLYTECH_TYPE_COMMAND);
    bulla_writer_put_u16(out, (uint16_t)(TOPFLYTECH_HEAD + 1 + w.len));
    bulla_writer_put_u16(out, ++self->serial);
    bulla_writer_put_bcd(out, number, 8);
    bulla_writer_put_u8(out, MODE_CONFIGURATION);
    bulla_writer_put(out, text, w.len);
    return out->failed ? BULLA_FULL : BULLA_OK;
}
