/* SPDX-License-Identifier: Apache-2.0
 *
 * GT06: commands are text in a frame of type 80: length 1 (flag and text), flag 4, text. Some devices document two bytes of language
 * behind it, which none needs. The device's answer (21 or 15) repeats the flag. The words are those of most devices; what a lock wants may
 * be another word, which is what `raw` is for.
 */
#include "proto/gt06.h"

const struct proto_command gt06_commands[] = {
    {"unlock", "text", "open the lock, in the words of its model, which the maker does not publish", true, GT06_COMMAND},
    {"lock", "text", "close the lock, in the words of its model", true, GT06_COMMAND},
    {"relay", "state", "state=1: cut the relay, state=0: restore it", false, GT06_COMMAND},
    {"locate", "", "where are you", false, GT06_COMMAND},
    {"status", "", "battery, network, GNSS, lock", false, GT06_COMMAND},
    {"version", "", "firmware", false, GT06_COMMAND},
    {"params", "", "all settings", false, GT06_COMMAND},
    {"restart", "", "restart the device", false, GT06_COMMAND},
    {"interval", "seconds", "seconds between two reports while it moves, 5 to 18000", false, GT06_COMMAND},
    {"heartbeat", "minutes", "minutes between two heartbeats, 1 to 300", false, GT06_COMMAND},
    {"server", "host port", "the platform that the device calls", false, GT06_COMMAND},
    {"raw", "text", "any other command of the device, such as text=\"PARAM#\"", true, GT06_COMMAND},
    {NULL},
};

/* A word that the device takes as it stands. */
static const struct {
    const char *command, *text;
} words[] = {
    {"locate", "WHERE#"}, {"status", "STATUS#"}, {"version", "VERSION#"}, {"params", "PARAM#"}, {"restart", "RESET#"},
};

static enum bulla_status refuse_text(struct proto_link *link, const char *name, const char *text)
{
    return proto_fail(link, BULLA_REFUSED, name, "1 to 200 printable characters",
                      (struct bulla_bytes){(const uint8_t *)text, bulla_length(text)});
}

static enum bulla_status put_text(struct proto_link *link, const char *name, const char *text, struct bulla_writer *w)
{
    size_t n = bulla_length(text);
    bool good = n > 0 && n <= GT06_TEXT_MAX;
    for (size_t i = 0; i < n; i++) {
        good = good && text[i] >= 0x20 && text[i] < 0x7F;
    }
    if (!good) {
        return refuse_text(link, name, text);
    }
    bulla_writer_put(w, text, n);
    return w->failed ? refuse_text(link, name, text) : BULLA_OK;
}

static enum bulla_status put_number(struct proto_link *link, const struct proto_args *args, const char *name, uint64_t min, uint64_t max,
                                    const char *before, struct bulla_writer *w)
{
    uint64_t value = 0;
    enum bulla_status status = proto_args_number(link, args, name, min, max, &value);
    bulla_writer_put_text(w, before);
    bulla_writer_put_decimal(w, value, 1);
    return status;
}

static enum bulla_status put_server(struct proto_link *link, const struct proto_args *args, struct bulla_writer *w)
{
    const char *host = proto_args_get(args, "host");
    bool name = true;
    for (const char *c = host; *c; c++) {
        bool letter = (*c | 32) >= 'a' && (*c | 32) <= 'z';
        name = name && (letter || (*c >= '0' && *c <= '9') || *c == '.' || *c == '-');
    }
    if (!name) {
        return proto_fail(link, BULLA_REFUSED, "host", "a name or an address",
                          (struct bulla_bytes){(const uint8_t *)host, bulla_length(host)});
    }
    bulla_writer_put_text(w, "SERVER,1,");
    enum bulla_status status = put_text(link, "host", host, w);
    status = status == BULLA_OK ? put_number(link, args, "port", 1, 65535, ",", w) : status;
    bulla_writer_put_text(w, ",0#");
    return status;
}

static enum bulla_status command_text(struct proto_link *link, const char *command, const struct proto_args *args, struct bulla_writer *w)
{
    const char *text = proto_args_get(args, "text");
    enum bulla_status status = BULLA_OK;
    if (text) {
        return put_text(link, "text", text, w);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (bulla_text_is(words[i].command, command)) {
            return put_text(link, "text", words[i].text, w);
        }
    }
    if (bulla_text_is(command, "server")) {
        return put_server(link, args, w);
    }
    if (bulla_text_is(command, "relay")) {
        status = put_number(link, args, "state", 0, 1, "Relay,", w);
    } else if (bulla_text_is(command, "interval")) {
        status = put_number(link, args, "seconds", 5, 18000, "TIMER,", w);
    } else {
        status = put_number(link, args, "minutes", 1, 300, "HBT,", w);
    }
    bulla_writer_put_text(w, "#");
    return status;
}

/* Never 0: a device that answers 0 answers nobody. */
static uint32_t new_flag(struct proto_link *link, uint16_t serial)
{
    uint8_t random[4] = {0, 0, (uint8_t)(serial >> 8), (uint8_t)serial};
    if (link->random) {
        link->random(link->host, random, sizeof random);
    }
    uint32_t flag = (uint32_t)(random[0] & 0x7F) << 24 | (uint32_t)random[1] << 16 | (uint32_t)random[2] << 8 | random[3];
    return flag ? flag : 1;
}

enum bulla_status gt06_encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                              struct bulla_writer *out)
{
    struct gt06 *self = link->state;
    const struct proto_command *known = proto_command_find(&proto_gt06, command);
    uint8_t body[1 + 4 + GT06_TEXT_MAX + 40];
    (void)device; /* it is not on the wire: the connection is the device */
    if (!known) {
        return proto_fail(link, BULLA_REFUSED, "command", "one of the list",
                          (struct bulla_bytes){(const uint8_t *)command, bulla_length(command)});
    }
    struct bulla_writer w = bulla_writer_over(body, sizeof body);
    enum bulla_status status = proto_args_check(link, known, args);
    uint16_t serial = (uint16_t)(self->serial + 1);
    bulla_writer_put_u8(&w, 0);
    bulla_writer_put_u32(&w, new_flag(link, serial));
    status = status == BULLA_OK ? command_text(link, command, args, &w) : status;
    if (status != BULLA_OK) {
        return status;
    }
    body[0] = (uint8_t)(w.len - 1);
    gt06_put(out, GT06_SHORT, GT06_SEND, serial, (struct bulla_bytes){body, w.len});
    self->serial = serial;
    return out->failed ? BULLA_FULL : BULLA_OK;
}
