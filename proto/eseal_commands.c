/* SPDX-License-Identifier: Apache-2.0
 *
 * eSeal CT-C: commands. The head repeats what the device has said of itself; before it has spoken, values
 * that such devices are known to accept.
 */
#include "proto/eseal.h"
#include "proto/text.h"

#define DEFAULT_TYPE     "eSeal"
#define DEFAULT_CUSTOMER "256"
#define DEFAULT_FIRMWARE "3.0.8"

const struct proto_command eseal_commands[] = {
    {"unlock", "", "unlock the seal; it confirms with Event-RC-Unlock", false, "RC-Unlock"},
    {"power-off", "", "switch the seal off", false, "RC-Power Co"}, /* cut as result.command is */
    {"raw", "text", "any other command of the device, such as text=\"RC-NFC DEL,1\"", false, NULL},
    {NULL},
};

static enum bulla_status command_text(struct proto_link *link, const char *command, const struct proto_args *args, const char **out)
{
    if (bulla_text_is(command, "unlock")) {
        *out = "RC-Unlock";
        return BULLA_OK;
    }
    if (bulla_text_is(command, "power-off")) {
        *out = "RC-Power Control,Power OFF";
        return BULLA_OK;
    }
    const char *text = proto_args_get(args, "text");
    struct bulla_bytes bytes = {(const uint8_t *)text, bulla_length(text)};
    bool good = bytes.len > 3 && bytes.len < ESEAL_LINE_MAX / 2 && bulla_compare(text, "RC-", 3) == 0;
    for (size_t i = 0; i < bytes.len; i++) {
        good = good && bytes.at[i] >= 0x20 && bytes.at[i] < 0x7F && bytes.at[i] != '#';
    }
    if (!good) {
        return proto_fail(link, BULLA_REFUSED, "text", "RC- and printable characters without #", bytes);
    }
    *out = text;
    return BULLA_OK;
}

static void put_field(struct bulla_writer *out, const char *learnt, const char *otherwise)
{
    bulla_writer_put_text(out, *learnt ? learnt : otherwise);
    bulla_writer_put_text(out, ",");
}

enum bulla_status eseal_encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                               struct bulla_writer *out)
{
    static const struct eseal nothing_learnt;
    const struct eseal *self = link->state;
    const struct proto_command *known = proto_command_find(&proto_eseal, command);
    struct bulla_bytes id = {(const uint8_t *)device, bulla_length(device)};
    if (!known) {
        return proto_fail(link, BULLA_REFUSED, "command", "unlock, power-off or raw",
                          (struct bulla_bytes){(const uint8_t *)command, bulla_length(command)});
    }
    if (!proto_text_is_digits(id) || id.len >= BULLA_DEVICE_SIZE) {
        return proto_fail(link, BULLA_REFUSED, "device", "1 to 31 digits", id);
    }
    const char *text = NULL;
    enum bulla_status status = proto_args_check(link, known, args);
    status = status == BULLA_OK ? command_text(link, command, args, &text) : status;
    if (status != BULLA_OK) {
        return status;
    }
    if (!bulla_text_is(self->device, device)) {
        self = &nothing_learnt;
    }
    bulla_writer_put_text(out, ESEAL_MARK);
    put_field(out, self->type, DEFAULT_TYPE);
    put_field(out, device, "");
    put_field(out, self->customer, DEFAULT_CUSTOMER);
    put_field(out, self->firmware, DEFAULT_FIRMWARE);
    bulla_writer_put_text(out, text);
    bulla_writer_put_text(out, ESEAL_END "\r\n");
    return out->failed ? BULLA_FULL : BULLA_OK;
}
